//! The encoding of a payload: one tag byte for each value, lengths and large numbers as varints.
//!
//! ```text
//!   00..=7f  int 0..=127                c0 null        c5 string  varint length, UTF-8
//!   80..=9f  string of 0..=31 bytes     c1 false       c6 bytes   varint length, bytes
//!   a0..=af  list of 0..=15 items       c2 true        c7 buffer  (the next buffer of the payload)
//!   b0..=bf  map of 0..=15 entries      c3 int  varint of the zigzag form
//!                                       c4 float  8 bytes, the lowest byte first
//!                                       c8 list  varint length
//!                                       c9 map   varint length, then key, value, key, value
//! ```
//!
//! A varint has seven bits in each byte, the lowest first; all but the last byte have the top
//! bit set. It may be longer than it needs to be (an encoder that learns the length of a list
//! only at the end of the list reserves [`LENGTH_RESERVED`] bytes), but never longer than ten bytes.

pub(crate) const SMALL_INT_MAX: u8 = 0x7f;
pub(crate) const SMALL_STRING: u8 = 0x80;
pub(crate) const SMALL_STRING_MAX: usize = 31;
pub(crate) const SMALL_LIST: u8 = 0xa0;
pub(crate) const SMALL_MAP: u8 = 0xb0;
pub(crate) const SMALL_ITEMS_MAX: usize = 15;
pub(crate) const NULL: u8 = 0xc0;
pub(crate) const FALSE: u8 = 0xc1;
pub(crate) const TRUE: u8 = 0xc2;
pub(crate) const INT: u8 = 0xc3;
pub(crate) const FLOAT: u8 = 0xc4;
pub(crate) const STRING: u8 = 0xc5;
pub(crate) const BYTES: u8 = 0xc6;
pub(crate) const BUFFER: u8 = 0xc7;
pub(crate) const LIST: u8 = 0xc8;
pub(crate) const MAP: u8 = 0xc9;

/// The number of bytes, for 35 bits, that an encoder reserves for a length that is not known yet.
pub(crate) const LENGTH_RESERVED: usize = 5;

/// The maximum number of bytes of a 64-bit varint.
pub(crate) const VARINT_MAX: usize = 10;

/// Folds the sign into the lowest bit, so that small negative numbers are short.
pub(crate) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Inverts [`zigzag`].
pub(crate) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Writes `value` into `target`, which has room for [`VARINT_MAX`] bytes. Returns the number of
/// bytes written.
pub(crate) fn write_varint(target: &mut [u8], mut value: u64) -> usize {
    let mut index = 0;
    while value > 0x7f {
        target[index] = (value & 0x7f) as u8 | 0x80;
        value >>= 7;
        index += 1;
    }
    target[index] = value as u8;
    index + 1
}

/// Returns `value` in exactly [`LENGTH_RESERVED`] bytes, or `None` if it needs more.
pub(crate) fn padded_varint(value: usize) -> Option<[u8; LENGTH_RESERVED]> {
    let mut bytes = [0x80; LENGTH_RESERVED];
    let mut rest = value;
    for byte in &mut bytes {
        *byte |= (rest & 0x7f) as u8;
        rest >>= 7;
    }
    bytes[LENGTH_RESERVED - 1] &= 0x7f;
    (rest == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zigzag_keeps_small_numbers_small() {
        assert_eq!([0, -1, 1, -2, i64::MAX, i64::MIN].map(zigzag), [0, 1, 2, 3, u64::MAX - 1, u64::MAX]);
        for value in [0, 1, -1, 63, -64, i64::MAX, i64::MIN] {
            assert_eq!(unzigzag(zigzag(value)), value);
        }
    }

    #[test]
    fn a_varint_takes_seven_bits_a_byte() {
        let mut bytes = [0; VARINT_MAX];
        assert_eq!(write_varint(&mut bytes, 0x7f), 1);
        assert_eq!(write_varint(&mut bytes, 0x80), 2);
        assert_eq!(bytes[..2], [0x80, 0x01]);
        assert_eq!(write_varint(&mut bytes, u64::MAX), VARINT_MAX);
    }

    #[test]
    fn a_padded_varint_has_a_fixed_length() {
        assert_eq!(padded_varint(1), Some([0x81, 0x80, 0x80, 0x80, 0x00]));
        assert_eq!(padded_varint(1 << 35), None);
    }
}
