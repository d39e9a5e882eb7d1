//! Binary data as text: base64 and hexadecimal digits; and values as bytes: TISON.

use data_encoding::{BASE64, BASE64URL_NOPAD, Encoding, HEXLOWER, HEXLOWER_PERMISSIVE};
use lucarne_message::{Payload, tison};

use super::{Call, Failure, Row};
use crate::transfer;
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("base64-encode", 2, |call| encode(call, &base64(call)?)),
    ("base64-decode", 2, decode_base64),
    ("hex-encode", 1, |call| encode(call, &HEXLOWER)),
    ("hex-decode", 1, |call| decode(call, &HEXLOWER_PERMISSIVE, Failure::INVALID_ARGUMENT)),
    ("tison-encode", 1, tison_encode),
    ("tison-decode", 1, tison_decode),
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
    Ok(call.heap.new_string(text)?.get())
}

/// `data url-mode`. The decoder also accepts several padded texts in a row, so this looks for padding before the end of
/// the data, and refuses it.
fn decode_base64<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.data(0)?;
    if data.iter().rev().skip(BASE64_PADDING_MAX).any(|byte| *byte == b'=') {
        return Err(Failure::OUT_OF_RANGE);
    }
    decode(call, &base64(call)?, Failure::OUT_OF_RANGE)
}

/// The greatest number of `=` at the end of a text.
const BASE64_PADDING_MAX: usize = 2;

fn decode<'c>(call: &'c mut Call<'_>, encoding: &Encoding, error: Failure) -> Result<Ref<'c>, Failure> {
    let Ok(size_max) = encoding.decode_len(call.data(0)?.len()) else { return Err(error) };
    call.charge_bytes(size_max);
    let mut bytes = call.scratch(size_max)?;
    bytes.resize(size_max, 0);
    match encoding.decode_mut(call.data(0)?, &mut bytes) {
        Ok(size) => Ok(call.heap.new_bytes_from(&bytes[..size])?.get()),
        Err(_) => Err(error),
    }
}

/// `value` -> bytes
fn tison_encode<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let value = call.register(0);
    let payload = transfer::encode_copy(call.heap, value)?;
    let head = tison::head(payload.bytes().len()).ok_or(Failure::OUT_OF_RANGE)?;
    call.charge_bytes(payload.bytes().len());
    let mut bytes = call.scratch(head.len() + payload.bytes().len())?;
    bytes.extend(head);
    bytes.extend(payload.bytes());
    Ok(call.heap.new_bytes_from(&bytes)?.get())
}

/// `bytes` -> value
fn tison_decode<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let data = call.data(0)?;
    let message = tison::message(data).ok_or(Failure::WRONG_TYPE)?;
    let size = message.len();
    let mut payload = Payload::from_parts(message, Vec::new());
    call.charge_bytes(size);
    let mut decoder = payload.decoder();
    let value = transfer::decode(call.heap, &mut decoder).map_err(|failure| match failure {
        Failure::OutOfMemory => failure,
        _ => Failure::WRONG_TYPE,
    })?;
    decoder.finish().map_err(|_| Failure::WRONG_TYPE)?;
    Ok(value.get())
}
