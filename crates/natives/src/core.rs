//! Natives that public packages and tests call directly, by their names in the existing system.

use super::{Call, Failure, Row, string};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("int-vector-equals", 2, int_vector_equals),
    ("put-uint-little-endian", 5, |call| put_uint(call, false)),
    ("put-uint-big-endian", 5, |call| put_uint(call, true)),
    ("string-hash-code", 1, string::hash),
];

/// `a b` -> a number with a bit for each of the eight bytes that is equal in both.
fn int_vector_equals<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let difference = (call.int(0)? ^ call.int(1)?).to_le_bytes();
    let bits = difference.iter().rev().fold(0, |bits, byte| bits << 1 | i64::from(*byte == 0));
    Ok(Ref::small(bits))
}

/// `receiver bytes size offset value`: writes the lowest bytes of the value.
fn put_uint<'c>(call: &'c mut Call<'_>, is_big_endian: bool) -> Result<Ref<'c>, Failure> {
    let (size, offset, value) = (call.int(2)?, call.index(3)?, call.int(4)?);
    let size = usize::try_from(size).ok().filter(|size| *size <= 8).ok_or(Failure::OUT_OF_BOUNDS)?;
    let end = offset.checked_add(size).ok_or(Failure::OUT_OF_BOUNDS)?;
    let target = call.bytes_mut(1)?.get_mut(offset..end).ok_or(Failure::OUT_OF_BOUNDS)?;
    target.copy_from_slice(&value.to_le_bytes()[..size]);
    if is_big_endian {
        target.reverse();
    }
    Ok(Ref::NULL)
}
