//! The word: the content of a register, a field or an array element.
//!
//! ```text
//!   vvvv vvvv … vvvv vvv0   integer of 63 bits
//!   aaaa aaaa … aaaa a001   reference: the address of an object (a multiple of 8) plus 1
//!   kkkk kkkk … kkkk k101   special: null, false, true and the marks
//!   ffff ffff … ffff ff11   float in place, whose exponent is within about ±255
//! ```
//!
//! A float in place keeps all 52 bits of its fraction: of the eleven bits of the exponent the
//! topmost three are either 011 or 100, so one of them tells the other two. Rotating the number
//! left by three brings the sign and the two redundant bits to the bottom, where the tag replaces
//! the latter. Plus zero, whose exponent does not fit, takes the place of one such number (about
//! 1.7e-77), which is boxed instead.
//!
//! Only this module and `layout` depend on these bits.

use std::fmt;

/// A tagged word. It is only a number: no safe function reads the object that it may refer to. Code outside the heap
/// and the interpreter uses [`Ref`](super::Ref).
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Word(pub(super) u64);

const POINTER_TAG: u64 = 0b001;
const SPECIAL_TAG: u64 = 0b101;
const FLOAT_TAG: u64 = 0b11;
/// The bits of the one float whose word stands for plus zero instead.
pub(super) const STOLEN_BITS: u64 = 0x3000_0000_0000_0000;
/// The word of plus zero.
pub(super) const ZERO_WORD: u64 = 0x8000_0000_0000_0003;

impl Word {
    /// null.
    pub const NULL: Word = Word(SPECIAL_TAG);
    /// false.
    pub const FALSE: Word = Word(1 << 3 | SPECIAL_TAG);
    /// true.
    pub const TRUE: Word = Word(2 << 3 | SPECIAL_TAG);
    /// The mark of an optional argument that was not given.
    pub const ABSENT: Word = Word(3 << 3 | SPECIAL_TAG);
    /// The mark of a global whose initializer has not run.
    pub const UNSET: Word = Word(4 << 3 | SPECIAL_TAG);
    /// The mark of a global whose initializer is running.
    pub const IN_PROGRESS: Word = Word(5 << 3 | SPECIAL_TAG);

    /// The smallest immediate integer.
    pub const INT_MIN: i64 = -(1 << 62);
    /// The largest immediate integer.
    pub const INT_MAX: i64 = (1 << 62) - 1;

    /// Returns a boolean.
    #[inline(always)]
    pub const fn bool(value: bool) -> Word {
        if value { Word::TRUE } else { Word::FALSE }
    }

    /// Returns an integer that is known to fit into 63 bits: an index, a count, an address of code.
    #[inline(always)]
    pub const fn small(value: i64) -> Word {
        debug_assert!(value >= Word::INT_MIN && value <= Word::INT_MAX);
        Word((value as u64) << 1)
    }

    /// Returns an integer, if it fits.
    #[inline(always)]
    pub const fn int(value: i64) -> Option<Word> {
        // Shifting out the top bit loses nothing if it equals the next one.
        if (value << 1) >> 1 == value { Some(Word((value as u64) << 1)) } else { None }
    }

    /// Returns a float, if its exponent is in the range of floats in place: see the top of this file.
    #[inline(always)]
    pub fn float(value: f64) -> Option<Word> {
        let bits = value.to_bits();
        let exponent = bits >> 60 & 7;
        if (exponent == 3 || exponent == 4) && bits != STOLEN_BITS {
            Some(Word(bits.rotate_left(3) & !3 | FLOAT_TAG))
        } else if bits == 0 {
            Some(Word(ZERO_WORD))
        } else {
            None
        }
    }

    /// Returns a reference to the object at an address.
    #[inline(always)]
    pub(super) fn pointer(address: *mut u64) -> Word {
        debug_assert!(address as u64 & 7 == 0);
        Word(address as u64 | POINTER_TAG)
    }

    /// Returns whether this is an immediate integer.
    #[inline(always)]
    pub const fn is_int(self) -> bool {
        self.0 & 1 == 0
    }

    /// Returns whether this is an immediate float.
    #[inline(always)]
    pub const fn is_float(self) -> bool {
        self.0 & 3 == FLOAT_TAG
    }

    /// Returns whether this is a reference.
    #[inline(always)]
    pub const fn is_pointer(self) -> bool {
        self.0 & 7 == POINTER_TAG
    }

    /// Returns whether both are immediate integers.
    #[inline(always)]
    pub const fn are_ints(left: Word, right: Word) -> bool {
        (left.0 | right.0) & 1 == 0
    }

    /// Returns the integer in place; meaningless for other words.
    #[inline(always)]
    pub const fn as_small(self) -> i64 {
        self.0 as i64 >> 1
    }

    /// Returns the integer, if this is an immediate one.
    #[inline(always)]
    pub const fn to_int(self) -> Option<i64> {
        if self.is_int() { Some(self.as_small()) } else { None }
    }

    /// Returns the float, if this is an immediate one.
    #[inline(always)]
    pub fn to_float(self) -> Option<f64> {
        if !self.is_float() {
            return None;
        }
        if self.0 == ZERO_WORD {
            return Some(0.0);
        }
        let top = self.0 >> 63;
        Some(f64::from_bits(((2 - top) | (self.0 & !3)).rotate_right(3)))
    }

    /// Returns the address of the object; meaningless for other words.
    #[inline(always)]
    pub(super) const fn address(self) -> *mut u64 {
        (self.0 & !7) as *mut u64
    }

    /// Returns whether a condition treats this as false: null and false.
    #[inline(always)]
    pub const fn is_falsy(self) -> bool {
        self.0 == Word::NULL.0 || self.0 == Word::FALSE.0
    }

    /// Returns the raw integer bits, for arithmetic that keeps the tag (an integer is its value times 2).
    #[inline(always)]
    pub const fn raw(self) -> i64 {
        self.0 as i64
    }

    /// Reverses [`Word::raw`], for the result of such arithmetic.
    #[inline(always)]
    pub const fn from_raw_int(raw: i64) -> Word {
        debug_assert!(raw & 1 == 0);
        Word(raw as u64)
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Word::NULL => f.write_str("null"),
            Word::TRUE => f.write_str("true"),
            Word::FALSE => f.write_str("false"),
            Word::ABSENT => f.write_str("absent"),
            Word::UNSET => f.write_str("unset"),
            Word::IN_PROGRESS => f.write_str("in progress"),
            word if word.is_int() => write!(f, "{}", word.as_small()),
            word if word.is_float() => write!(f, "{:?}", word.to_float().unwrap_or(f64::NAN)),
            word => write!(f, "@{:x}", word.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_at_the_edges() {
        for value in [0, 1, -1, Word::INT_MAX, Word::INT_MIN] {
            assert_eq!(Word::int(value).and_then(Word::to_int), Some(value));
        }
        assert_eq!(Word::int(Word::INT_MAX + 1), None);
        assert_eq!(Word::int(Word::INT_MIN - 1), None);
        assert_eq!(Word::int(i64::MIN), None);
    }

    #[test]
    fn floats_keep_every_bit_or_do_not_fit() {
        let mut fits = 0;
        for bits in
            (0..4096u64).flat_map(|top| [top << 52, top << 52 | 0xf_ffff_ffff_ffff, top << 52 | 12345])
        {
            let value = f64::from_bits(bits);
            if let Some(word) = Word::float(value) {
                assert!(word.is_float() && !word.is_int() && !word.is_pointer());
                assert_eq!(word.to_float().map(f64::to_bits), Some(bits));
                fits += 1;
            }
        }
        assert!(fits > 4096 * 3 / 5 / 2, "{fits}");
        for value in [0.0, 1.0, -1.5, 1e70, 1e-70, std::f64::consts::PI] {
            assert_eq!(Word::float(value).and_then(Word::to_float), Some(value));
        }
        assert!(Word::float(-0.0).is_none());
        assert!(Word::float(f64::NAN).is_none());
        assert!(Word::float(f64::from_bits(STOLEN_BITS)).is_none());
    }
}
