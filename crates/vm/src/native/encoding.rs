//! Binary data as text: base64 and hexadecimal digits; and values as bytes: TISON.

use data_encoding::{BASE64, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE};
use lucarne_message::Payload;

use super::{Call, Failure, Row};
use crate::heap::Ref;
use crate::transfer;

pub(super) const TABLE: &[Row] = &[
    ("base64-encode", |call| encode(call, &base64(call)?)),
    ("base64-decode", |call| decode(call, &base64(call)?, Failure::OUT_OF_RANGE)),
    ("hex-encode", |call| encode(call, &HEXLOWER)),
    ("hex-decode", |call| decode(call, &HEXLOWER_PERMISSIVE, Failure::INVALID_ARGUMENT)),
    ("tison-encode", tison_encode),
    ("tison-decode", tison_decode),
];

/// `data url-mode`
fn base64(call: &Call<'_>) -> Result<Encoding, Failure> {
    Ok(if call.bool(1)? { BASE64URL_NOPAD } else { BASE64 })
}

fn encode<'c>(call: &'c mut Call<'_>, encoding: &Encoding) -> Result<Ref<'c>, Failure> {
    let size = encoding.encode_len(call.data(0)?.len());
    call.charge_bytes(size);
    let mut text = call.scratch(size)?;
    text.resize(size, 0);
    encoding.encode_mut(call.data(0)?, &mut text);
    let text = std::str::from_utf8(&text).map_err(|_| Failure::WRONG_TYPE)?;
    Ok(call.heap.new_string(text)?)
}

fn decode<'c>(call: &'c mut Call<'_>, encoding: &Encoding, error: Failure) -> Result<Ref<'c>, Failure> {
    let Ok(size_max) = encoding.decode_len(call.data(0)?.len()) else { return Err(error) };
    call.charge_bytes(size_max);
    let mut bytes = call.scratch(size_max)?;
    bytes.resize(size_max, 0);
    match encoding.decode_mut(call.data(0)?, &mut bytes) {
        Ok(size) => Ok(call.heap.new_bytes_from(&bytes[..size])?),
        Err(_) => Err(error),
    }
}

// TISON is the encoding of messages behind a head that says so:
//
// ```text
//   marker   version   size of what follows, 4 bytes, little end first   message
// ```
const TISON_MARKER: u8 = b'T';
const TISON_VERSION: u8 = 1;
const TISON_HEAD: usize = 6;

/// `value` -> bytes
fn tison_encode<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = call.word(0);
    let payload = transfer::encode_copy(call.heap, value)?;
    call.charge_bytes(payload.bytes().len());
    let mut bytes = call.scratch(TISON_HEAD + payload.bytes().len())?;
    write_tison(&payload, &mut bytes).ok_or(Failure::OUT_OF_RANGE)?;
    Ok(call.heap.new_bytes_from(&bytes)?)
}

/// The TISON of a value without byte arrays that are handed over; none if it is too large.
pub fn tison(payload: &Payload) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    write_tison(payload, &mut bytes)?;
    Some(bytes)
}

fn write_tison(payload: &Payload, bytes: &mut Vec<u8>) -> Option<()> {
    let size = u32::try_from(payload.bytes().len()).ok()?;
    bytes.extend([TISON_MARKER, TISON_VERSION]);
    bytes.extend(size.to_le_bytes());
    bytes.extend(payload.bytes());
    Some(())
}

/// `bytes` -> value
fn tison_decode<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.data(0)?;
    let message = tison_message(data).ok_or(Failure::WRONG_TYPE)?;
    let size = message.len();
    let mut payload = Payload::from_parts(message, Vec::new());
    call.charge_bytes(size);
    let mut decoder = payload.decoder();
    let value = transfer::decode(call.heap, &mut decoder).map_err(|failure| match failure {
        Failure::OutOfMemory => failure,
        _ => Failure::WRONG_TYPE,
    })?;
    decoder.finish().map_err(|_| Failure::WRONG_TYPE)?;
    Ok(value)
}

fn tison_message(data: &[u8]) -> Option<&[u8]> {
    let message = data.strip_prefix(&[TISON_MARKER, TISON_VERSION])?;
    let (size, message) = message.split_first_chunk::<4>()?;
    (u32::from_le_bytes(*size) as usize == message.len()).then_some(message)
}
