//! Properties that hold for any bytes. The tests here and the fuzz target share them.

#![allow(unreachable_pub)] // The fuzz target includes this file as well.

use lucarne_message::{Buffer, DecodeError, MAX_DEPTH, Payload, Token, Value, from_payload};
use serde::de::IgnoredAny;

/// Reads the bytes as a payload in all possible ways.
///
/// # Panics
/// If any promise of the decoder is broken.
pub fn check(input: &[u8]) {
    let tokens = count_tokens(input);
    let skipped = skip(input);
    assert_eq!(tokens.is_ok(), skipped.is_ok(), "skipping and reading disagree");
    // `serde` may refuse values that it does not support, but must not accept invalid payloads.
    if from_payload::<IgnoredAny>(payload(input)).is_ok() {
        assert!(tokens.is_ok());
    }
    match payload(input).into_value() {
        Ok(value) => {
            let tokens = tokens.expect("a value is made of tokens");
            assert!(tokens <= input.len(), "each token takes a byte");
            round_trip(&value);
        }
        Err(error) => assert_eq!(tokens, Err(error), "reading tokens and values disagree"),
    }
}

/// Makes a payload from the input. The first byte, modulo 4, is the number of buffers, the rest is the encoded
/// part.
fn payload(input: &[u8]) -> Payload {
    let (&first, rest) = input.split_first().unwrap_or((&0, &[]));
    let buffers = (0..first % 4).map(|len| Buffer::zeroed(len.into()).expect("a few bytes"));
    Payload::from_parts(rest, buffers.collect())
}

fn count_tokens(input: &[u8]) -> Result<usize, DecodeError> {
    let mut payload = payload(input);
    let mut decoder = payload.decoder();
    let mut count = 0;
    while let Some(token) = decoder.next()? {
        count += 1;
        if let Token::List(len) | Token::Map(len) = token {
            assert!(len <= input.len(), "a length that the input has no room for");
        }
    }
    decoder.finish()?;
    Ok(count)
}

fn skip(input: &[u8]) -> Result<(), DecodeError> {
    let mut payload = payload(input);
    let mut decoder = payload.decoder();
    decoder.skip()?;
    decoder.finish()
}

/// Encodes and decodes a value. Compares the encodings, since some floats are not equal to
/// themselves.
pub fn round_trip(value: &Value) {
    let encode = |value: &Value| Payload::from_value(value).expect("the value is not nested too deeply");
    let first = encode(value);
    let bytes = first.bytes().to_vec();
    let sizes: Vec<_> = first.buffers().iter().map(Buffer::len).collect();
    let again = first.into_value().expect("an encoded value can be decoded");
    let second = encode(&again);
    assert_eq!(bytes, second.bytes());
    assert_eq!(sizes, second.buffers().iter().map(Buffer::len).collect::<Vec<_>>());
}

const _: () = assert!(MAX_DEPTH >= 64, "programs nest their data");
