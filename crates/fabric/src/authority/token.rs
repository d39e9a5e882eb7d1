//! The token of an invitation: one word, which a user copies from the inviting machine to the new one.
//!
//! ```text
//! u8 1 | 32 fingerprint of the authority | 16 secret | u8 length, name | u8 length, address | 4 checksum
//! ```
//!
//! The bytes are written in the alphabet of URLs (RFC 4648, section 5). The checksum is the beginning of the SHA-256
//! sum of all bytes before it.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::identity::Fingerprint;
use crate::name::MachineName;

const VERSION: u8 = 1;

/// The number of bytes of a secret.
pub(super) const SECRET: usize = 16;

/// The number of bytes of a checksum.
const CHECKSUM: usize = 4;

/// The maximum number of characters of a token.
const LENGTH_MAX: usize = 512;

/// What a machine needs to join a fabric. It is short-lived, and can be used once.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The authority of the fabric.
    pub authority: Fingerprint,
    /// The secret by which the new machine shows that it is invited.
    pub(super) secret: [u8; SECRET],
    /// The name that the new machine gets.
    pub machine: MachineName,
    /// Where the inviting machine listens: a host and a port.
    pub address: String,
}

/// The text is not a token.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadToken {
    /// A character is missing or wrong.
    #[error("this is not a token of 'lucarne fabric invite', or not all of it")]
    Damaged,
    /// A later version of lucarne has made it.
    #[error("this token is from another version of lucarne")]
    Version,
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Token { authority, machine, address, secret: _ } = self;
        write!(f, "Token({machine}, {address}, {authority})")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![VERSION];
        bytes.extend(self.authority.0);
        bytes.extend(self.secret);
        for text in [self.machine.as_str(), &self.address] {
            let text = text.as_bytes();
            let length = text.len().min(u8::MAX.into());
            bytes.push(length as u8);
            bytes.extend(&text[..length]);
        }
        bytes.extend(checksum(&bytes));
        f.write_str(&BASE64URL_NOPAD.encode(&bytes))
    }
}

impl FromStr for Token {
    type Err = BadToken;

    fn from_str(text: &str) -> Result<Token, BadToken> {
        if text.len() > LENGTH_MAX {
            return Err(BadToken::Damaged);
        }
        let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes()).map_err(|_| BadToken::Damaged)?;
        let (content, sum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(BadToken::Damaged)?;
        if checksum(content) != *sum {
            return Err(BadToken::Damaged);
        }
        match content.split_first() {
            Some((&VERSION, content)) => read(content).ok_or(BadToken::Damaged),
            Some(_) => Err(BadToken::Version),
            None => Err(BadToken::Damaged),
        }
    }
}

fn read(bytes: &[u8]) -> Option<Token> {
    let (authority, bytes) = bytes.split_first_chunk::<32>()?;
    let (secret, bytes) = bytes.split_first_chunk::<SECRET>()?;
    let (machine, bytes) = read_text(bytes)?;
    let (address, bytes) = read_text(bytes)?;
    let address = address.to_owned();
    let token = Token {
        authority: Fingerprint(*authority),
        secret: *secret,
        machine: machine.parse().ok()?,
        address,
    };
    (bytes.is_empty() && is_address(&token.address)).then_some(token)
}

fn read_text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, bytes) = bytes.split_first()?;
    let (text, bytes) = bytes.split_at_checked((*length).into())?;
    Some((std::str::from_utf8(text).ok()?, bytes))
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = [0; CHECKSUM];
    sum.copy_from_slice(&Sha256::digest(bytes)[..CHECKSUM]);
    sum
}

/// Returns whether a text is a host and a port, such as `cellar.local:7448` or `[::1]:7448`.
pub(super) fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_%[]:".contains(&byte);
    let is_v6 = host.starts_with('[') && host.ends_with(']');
    text.len() <= u8::MAX.into()
        && !host.is_empty()
        && host.bytes().all(is_plain)
        && (is_v6 || !host.contains(':'))
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> Token {
        Token {
            authority: Fingerprint([7; 32]),
            secret: [9; SECRET],
            machine: "hall".parse().unwrap(),
            address: "192.168.1.20:7448".to_owned(),
        }
    }

    #[test]
    fn a_token_is_one_short_word() {
        let text = token().to_string();
        assert!(text.len() < 110, "{text}");
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{text}");
        assert_eq!(text.parse(), Ok(token()));
        assert!(!format!("{:?}", token()).contains(&"9, ".repeat(3)), "the secret is not in logs");
    }

    #[test]
    fn other_texts_are_not_tokens() {
        let text = token().to_string();
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(changed.parse::<Token>(), Err(BadToken::Damaged), "{changed}");
            assert_eq!(text[..at].parse::<Token>(), Err(BadToken::Damaged), "{}", &text[..at]);
        }
        let mut bytes = vec![VERSION + 1];
        bytes.extend(checksum(&bytes));
        assert_eq!(BASE64URL_NOPAD.encode(&bytes).parse::<Token>(), Err(BadToken::Version));
        assert_eq!("A".repeat(1000).parse::<Token>(), Err(BadToken::Damaged));
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for address in ["10.0.0.5:7448", "[::1]:1", "cellar.local:65535"] {
            assert!(is_address(address), "{address}");
        }
        for address in ["", "cellar", ":1", "cellar:", "cellar:0", "cellar:65536", "::1:7", "a b:1", "a\n:1"]
        {
            assert!(!is_address(address), "{address}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "[A-Za-z0-9_-]{0,600}", bytes in any::<Vec<u8>>()) {
            let _ = text.parse::<Token>();
            let mut bytes = bytes;
            bytes.extend(checksum(&bytes));
            let _ = BASE64URL_NOPAD.encode(&bytes).parse::<Token>();
        }
    }
}
