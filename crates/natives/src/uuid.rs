//! The natives that read, write and create UUIDs.

use sha1::{Digest, Sha1};
use uuid::{Builder, Uuid};

use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[("parse", 1, parse), ("to-string", 1, to_string), ("v5", 2, v5)];

/// `text` -> the bytes, or null. Dashes may stand between any two bytes, or nowhere.
fn parse<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    match read(call.string(0)?.as_bytes()) {
        Some(bytes) => Ok(call.heap.new_bytes_from(&bytes)?.get()),
        None => Ok(Ref::NULL),
    }
}

fn read(text: &[u8]) -> Option<[u8; 16]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let mut bytes = [0; 16];
    let mut rest = text;
    for (index, byte) in bytes.iter_mut().enumerate() {
        if index > 0 {
            rest = rest.strip_prefix(b"-").unwrap_or(rest);
        }
        let (pair, after) = rest.split_first_chunk::<2>()?;
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        rest = after;
    }
    rest.is_empty().then_some(bytes)
}

fn to_string<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let uuid = Uuid::from_slice(call.bytes(0)?).map_err(|_| Failure::INVALID_ARGUMENT)?;
    let mut buffer = Uuid::encode_buffer();
    Ok(call.heap.new_string(uuid.hyphenated().encode_lower(&mut buffer))?.get())
}

/// `namespace data`
fn v5<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (namespace, data) = (call.data(0)?, call.data(1)?);
    let size = namespace.len() + data.len();
    call.before_work(size * 4);
    let mut sha1 = Sha1::new();
    // Not `Uuid::new_v5`: here a namespace can be any bytes.
    sha1.update(namespace);
    sha1.update(data);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha1.finalize()[..16]);
    let uuid = Builder::from_sha1_bytes(bytes).into_uuid();
    call.charge_bytes(size * 4);
    Ok(call.heap.new_bytes_from(uuid.as_bytes())?.get())
}
