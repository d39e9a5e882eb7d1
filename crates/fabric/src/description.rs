//! The description of an announced service, as it travels.
//!
//! It is one value, a list: pid, id, UUID, name, major, minor, priority, tags. The receiver checks everything, since
//! the description comes from another machine.

use lucarne_kernel::Pid;
use lucarne_message::{Payload, Value};
use lucarne_services::Offered;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use uuid::Uuid;

use crate::identity::{Fingerprint, Identity};
use crate::name::MachineName;
use crate::network::{DESCRIPTION_MAX, Digest, Token};

/// The maximum number of bytes in the name and the tags together. The limit at the service manager is higher, but each
/// candidate of another machine is kept here.
const NAMES_BYTES_MAX: usize = 4 << 10;

/// The maximum number of tags.
const TAGS_MAX: usize = 64;

/// The reason why a service is not announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum Unfit {
    #[error("its interface is not a UUID")]
    Interface,
    #[error("it has more than {TAGS_MAX} tags")]
    Tags,
    #[error("its name and its tags together have more than {NAMES_BYTES_MAX} bytes")]
    Names,
    #[error("its name or one of its tags has a control character")]
    Control,
    #[error("its description has more than {DESCRIPTION_MAX} bytes")]
    Description,
    #[error("the key of this machine cannot sign its description")]
    Signature,
}

/// Returns the interface of a service, and its description.
///
/// # Errors
/// The reason why it must not be announced.
pub(crate) fn encode(offered: &Offered) -> Result<(Uuid, Vec<u8>), Unfit> {
    let uuid = Uuid::parse_str(&offered.uuid).map_err(|_| Unfit::Interface)?;
    check_texts(offered)?;
    let tags = offered.tags.iter().map(|tag| Value::from(tag.clone())).collect();
    let value = Value::List(vec![
        offered.pid.as_i64().into(),
        offered.id.into(),
        Value::from(offered.uuid.clone()),
        Value::from(offered.name.clone()),
        offered.version.0.into(),
        offered.version.1.into(),
        offered.priority.into(),
        Value::List(tags),
    ]);
    let bytes = Payload::of(&value).map_err(|_| Unfit::Description)?.bytes().to_vec();
    if bytes.len() > DESCRIPTION_MAX { Err(Unfit::Description) } else { Ok((uuid, bytes)) }
}

/// Signs a description, so that no other machine can announce it.
///
/// # Errors
/// The reason why it must not be announced.
pub(crate) fn sign(
    identity: &Identity,
    incarnation: u64,
    uuid: Uuid,
    description: &[u8],
) -> Result<Vec<u8>, Unfit> {
    let context = context(identity.name(), incarnation, uuid);
    let signed = identity.sign(&context, description).ok_or(Unfit::Signature)?;
    if signed.len() > DESCRIPTION_MAX { Err(Unfit::Description) } else { Ok(signed) }
}

/// Returns the context of a signature: what the signature is for.
fn context(machine: &MachineName, incarnation: u64, uuid: Uuid) -> Vec<u8> {
    format!("lucarne description 1 {machine} {incarnation:016x} {uuid}").into_bytes()
}

/// Returns the digest of a description.
pub(crate) fn digest(description: &[u8]) -> Digest {
    let sum = Sha256::digest(description);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sum[..16]);
    Digest(bytes)
}

/// Reads the description of an announced service. Its pid is the pid on the announcing machine. Returns none if the
/// description is not the announced one, or is not valid. If this machine has an identity, the announcing machine must
/// have signed the description: then the certificate of the signer is returned, too.
pub(crate) fn decode(
    token: &Token,
    description: &[u8],
    identity: Option<&Identity>,
) -> Option<(Offered, Option<Fingerprint>)> {
    if description.len() > DESCRIPTION_MAX || digest(description) != token.digest {
        return None;
    }
    let (description, signer) = match identity {
        Some(identity) => {
            let context = context(&token.machine, token.incarnation, token.uuid);
            let (description, signer) = identity.verify(&token.machine, &context, description)?;
            (description, Some(signer))
        }
        None => (description, None),
    };
    let value = Payload::from_parts(description, Vec::new()).into_value().ok()?;
    let [
        Value::Int(pid),
        Value::Int(id),
        Value::String(uuid),
        Value::String(name),
        Value::Int(major),
        Value::Int(minor),
        Value::Int(priority),
        Value::List(tags),
    ] = value.as_list()?
    else {
        return None;
    };
    if Uuid::parse_str(uuid).ok()? != token.uuid {
        return None;
    }
    let tags = tags.iter().map(|tag| tag.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>()?;
    let offered = Offered {
        pid: Pid::from_i64(*pid),
        id: *id,
        uuid: token.uuid.to_string(),
        name: name.to_string(),
        version: (*major, *minor),
        priority: *priority,
        tags,
    };
    check_texts(&offered).ok().map(|()| (offered, signer))
}

/// Checks that the texts are short, and have no control characters: tools print them.
fn check_texts(offered: &Offered) -> Result<(), Unfit> {
    let texts = || std::iter::once(&offered.name).chain(&offered.tags);
    if offered.tags.len() > TAGS_MAX {
        Err(Unfit::Tags)
    } else if texts().map(String::len).sum::<usize>() > NAMES_BYTES_MAX {
        Err(Unfit::Names)
    } else if texts().any(|text| text.chars().any(char::is_control)) {
        Err(Unfit::Control)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered() -> Offered {
        Offered {
            pid: Pid::from_i64(7),
            id: 3,
            uuid: "0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7".to_owned(),
            name: "house/sensor".to_owned(),
            version: (1, 2),
            priority: 128,
            tags: vec!["cellar".to_owned()],
        }
    }

    fn token(description: &[u8]) -> Token {
        Token {
            machine: "cellar".parse().unwrap(),
            incarnation: 1,
            uuid: Uuid::parse_str(&offered().uuid).unwrap(),
            digest: digest(description),
        }
    }

    #[test]
    fn a_description_is_read_as_it_was_written() {
        let (uuid, description) = encode(&offered()).unwrap();
        assert_eq!(uuid.to_string(), offered().uuid);
        assert_eq!(decode(&token(&description), &description, None), Some((offered(), None)));
    }

    #[test]
    fn a_description_that_was_not_announced_is_refused() {
        let (_, description) = encode(&offered()).unwrap();
        let token = token(&description);
        let (_, forged) = encode(&Offered { pid: Pid::from_i64(8), ..offered() }).unwrap();
        assert_eq!(decode(&token, &forged, None), None);
        let other = Token { uuid: Uuid::nil(), ..token };
        assert_eq!(decode(&other, &description, None), None, "of another interface");
    }

    #[test]
    fn texts_are_bounded_and_harmless() {
        for (name, reason) in
            [("a\u{1b}[2J".to_owned(), Unfit::Control), ("x".repeat(NAMES_BYTES_MAX + 1), Unfit::Names)]
        {
            assert_eq!(encode(&Offered { name, ..offered() }), Err(reason));
        }
        let tags = vec!["t".to_owned(); TAGS_MAX + 1];
        assert_eq!(encode(&Offered { tags, ..offered() }), Err(Unfit::Tags));
        assert_eq!(encode(&Offered { uuid: "x".to_owned(), ..offered() }), Err(Unfit::Interface));
        for description in [&b""[..], b"\xc0", b"\xa1\x01", &[0xff; 100]] {
            assert_eq!(decode(&token(description), description, None), None);
        }
    }
}
