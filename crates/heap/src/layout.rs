//! The bits of words and objects as constants, for machine code, which reads and writes words and objects directly.
//!
//! The modules `word` and `object` explain them. A test compares the numbers with what those modules do.

use std::mem::offset_of;

use super::chunk::Chunk;
use super::object::{CLASS_LIMIT, Format, Header, size_words};
use super::{Word, YOUNG_WORDS_MIN};

/// The tag of an integer, in its lowest bit. The integer is in the bits above.
pub const INT_TAG: i64 = 0;
/// The bit that tells integers from all other words.
pub const INT_MASK: i64 = 1;
/// The number of bits below an integer's value.
pub const INT_SHIFT: u32 = 1;

/// The bits that tell floats in place from all other words.
pub const FLOAT_MASK: i64 = 0b11;
/// The tag of a float in place.
pub const FLOAT_TAG: i64 = 0b11;
/// The word of plus zero.
pub const FLOAT_ZERO_WORD: i64 = super::word::ZERO_WORD as i64;
/// The bits of the one float that is boxed although its exponent fits.
pub const FLOAT_STOLEN_BITS: i64 = super::word::STOLEN_BITS as i64;
/// How far the bits of a float are rotated to the left to make a word.
pub const FLOAT_ROTATION: u32 = 3;
/// The position of the topmost three bits of the exponent. They are 3 or 4 in a float in place.
pub const FLOAT_EXPONENT_SHIFT: u32 = 60;

/// The bits that tell references from all other words.
pub const POINTER_MASK: i64 = 0b111;
/// The tag of a reference. The address of the object's header is the word minus this.
pub const POINTER_TAG: i64 = 0b001;

/// The offset of an object's header from a reference to the object, in bytes.
pub const HEADER_OFFSET: i32 = -(POINTER_TAG as i32);
/// The offset of an object's first word after the header from a reference to the object, in bytes.
pub const CONTENTS_OFFSET: i32 = 8 - POINTER_TAG as i32;

/// The bits of a header that say the format.
pub const FORMAT_MASK: i64 = 0b1110;
/// The format of instances, arrays, lambdas and cells.
pub const WORDS_FORMAT: i64 = (Format::Words as i64) << 1;
/// The position of the class id in a header.
pub const CLASS_SHIFT: u32 = 8;
/// The bits of the class id, once it is shifted down.
pub const CLASS_MASK: i64 = CLASS_LIMIT as i64;
/// The position of the length in a header.
pub const LENGTH_SHIFT: u32 = 32;

/// The offset of the address of the young chunk's words in what [`Heap::young_address`](super::Heap::young_address) returns, in
/// bytes.
pub const YOUNG_START_OFFSET: i32 = offset_of!(Chunk, start) as i32;
/// The offset of the number of its words.
pub const YOUNG_WORDS_OFFSET: i32 = offset_of!(Chunk, words) as i32;
/// The offset of the number of its words that objects take.
pub const YOUNG_USED_OFFSET: i32 = offset_of!(Chunk, used) as i32;

/// Returns the header of a new object with `length` words, and the number of words that the object takes with its
/// header. Returns none if such an object is not made in the young chunk.
pub const fn young_object(class: u32, length: u16) -> Option<(i64, i64)> {
    let size = size_words(Format::Words, length as usize);
    if size > YOUNG_WORDS_MIN {
        return None;
    }
    Some((Header::new(class, Format::Words, length as u32, 0).0 as i64, size as i64))
}

/// Returns the bits of a word.
pub const fn bits(word: Word) -> i64 {
    word.raw()
}

/// Returns the float that a word with these bits holds in place. Returns none for the bits of other words.
pub fn float(bits: i64) -> Option<f64> {
    Word(bits as u64).to_float()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let five = bits(Word::small(5));
        assert_eq!((five & INT_MASK, five >> INT_SHIFT), (INT_TAG, 5));
        assert_ne!(bits(Word::NULL) & INT_MASK, INT_TAG);
        assert_eq!(Word::float(0.0).map(bits), Some(FLOAT_ZERO_WORD));
        assert!(Word::float(f64::from_bits(FLOAT_STOLEN_BITS as u64)).is_none());
        for value in [1.0, -2.5, 1e70, -1e-70] {
            let word = Word::float(value).map(bits).unwrap_or(0);
            assert_eq!(word & FLOAT_MASK, FLOAT_TAG);
            let top = (word as u64) >> 63;
            let turned = ((2 - top) | (word & !FLOAT_MASK) as u64).rotate_right(FLOAT_ROTATION);
            assert_eq!(f64::from_bits(turned), value);
            assert!([3, 4].contains(&(value.to_bits() >> FLOAT_EXPONENT_SHIFT & 7)));
        }
        let mut object = [0u64; 2];
        let reference = Word::pointer(object.as_mut_ptr());
        assert_eq!(bits(reference) & POINTER_MASK, POINTER_TAG);
        let address = object.as_mut_ptr() as i64;
        assert_eq!(bits(reference) + i64::from(HEADER_OFFSET), address);
        assert_eq!(bits(reference) + i64::from(CONTENTS_OFFSET), address + 8);
    }

    #[test]
    fn headers() {
        let header = Header::new(1234, Format::Words, 77, crate::REMEMBERED).0 as i64;
        assert_eq!(header & FORMAT_MASK, WORDS_FORMAT);
        assert_eq!(header >> CLASS_SHIFT & CLASS_MASK, 1234);
        assert_eq!(header >> LENGTH_SHIFT, 77);
        assert_ne!(Header::new(1, Format::Weak, 1, 0).0 as i64 & FORMAT_MASK, WORDS_FORMAT);
        let header = Header::new(5, Format::Words, 3, 0).0 as i64;
        assert_eq!(young_object(5, 3), Some((header, 4)));
        assert_eq!(young_object(5, YOUNG_WORDS_MIN as u16), None);
    }
}
