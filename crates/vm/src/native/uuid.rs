//! Universally unique identifiers.

use sha1_smol::Sha1;
use uuid::{Builder, Uuid};

use super::{Call, Failure, Row};
use crate::heap::Ref;

pub(super) const TABLE: &[Row] = &[("parse", parse), ("to-string", to_string), ("v5", v5)];

/// The length of the canonical form, the only one that is accepted.
const TEXT_SIZE: usize = 36;

/// `text` -> the bytes, or null.
fn parse<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    if text.len() != TEXT_SIZE {
        return Ok(Ref::NULL);
    }
    match Uuid::try_parse(text) {
        Ok(uuid) => Ok(call.heap.new_bytes_from(uuid.as_bytes())?),
        Err(_) => Ok(Ref::NULL),
    }
}

fn to_string<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let uuid = Uuid::from_slice(call.bytes(0)?).map_err(|_| Failure::INVALID_ARGUMENT)?;
    let mut buffer = Uuid::encode_buffer();
    Ok(call.heap.new_string(uuid.hyphenated().encode_lower(&mut buffer))?)
}

/// `namespace data`
fn v5<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (namespace, data) = (call.data(0)?, call.data(1)?);
    let size = namespace.len() + data.len();
    let mut sha1 = Sha1::new();
    // Not `Uuid::new_v5`: here a namespace can be any bytes.
    sha1.update(namespace);
    sha1.update(data);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&sha1.digest().bytes()[..16]);
    let uuid = Builder::from_sha1_bytes(bytes).into_uuid();
    call.charge_bytes(size * 4);
    Ok(call.heap.new_bytes_from(uuid.as_bytes())?)
}
