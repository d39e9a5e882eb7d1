//! The layout of objects.
//!
//! An object is a header of 64 bits and its contents, in multiples of eight bytes:
//!
//! ```text
//!   bit  0        1 (a forwarded object has its new address here, whose lowest bits are 0)
//!   bits 1..4     the format
//!   bits 4..8     flags of the collector
//!   bits 8..32    the class id
//!   bits 32..64   the length: the number of words, or in the formats `Bytes` and `Text` of bytes; 0 for `External`
//! ```
//!
//! The header has all that the collector must know about an object, so the collector needs no class table.

use super::Word;

/// The format of an object's contents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Format {
    /// Words, all of them traced: instances, arrays, lambdas.
    Words = 0,
    /// Raw bytes: small byte arrays, boxed numbers.
    Bytes = 1,
    /// One word: the place, in the heap's table of externals, of the content that the object owns outside of the heap.
    External = 2,
    /// Words whose references do not keep objects alive in a full collection. If it collects an object, it replaces the
    /// references to that object by null. A minor collection treats them like `Words`.
    Weak = 3,
    /// Raw bytes that are UTF-8: strings. This is a property of the object, not of its class: a reference to an object
    /// of another program, whose classes have other ids, is read as a string only if the object is a string.
    Text = 4,
}

/// A decoded header.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub(super) struct Header(pub(super) u64);

/// The flag of an object that is in the remembered set.
pub(super) const REMEMBERED: u64 = 1 << 4;
/// The flag of an object that belongs to the program and is never moved, traced or freed.
pub(super) const PERMANENT: u64 = 1 << 5;
/// The flag of an object that has a chunk of its own and is never moved.
pub(super) const LARGE: u64 = 1 << 6;
/// The flag of a large object that the current collection has reached.
pub(super) const MARKED: u64 = 1 << 7;

/// The largest class id that fits into a header.
pub(super) const CLASS_LIMIT: u32 = (1 << 24) - 1;

impl Header {
    pub(super) const fn new(class: u32, format: Format, length: u32, flags: u64) -> Header {
        Header(1 | (format as u64) << 1 | flags | (class as u64) << 8 | (length as u64) << 32)
    }

    #[inline(always)]
    pub(super) const fn class(self) -> u32 {
        (self.0 >> 8) as u32 & CLASS_LIMIT
    }

    #[inline(always)]
    pub(super) const fn length(self) -> usize {
        (self.0 >> 32) as usize
    }

    #[inline(always)]
    pub(super) const fn format(self) -> Format {
        match self.0 >> 1 & 7 {
            0 => Format::Words,
            1 => Format::Bytes,
            2 => Format::External,
            3 => Format::Weak,
            _ => Format::Text,
        }
    }

    #[inline(always)]
    pub(super) const fn has(self, flag: u64) -> bool {
        self.0 & flag != 0
    }

    /// Returns the new address, if the current collection has moved the object.
    #[inline(always)]
    pub(super) const fn forwarded(self) -> Option<Word> {
        if self.0 & 1 == 0 { Some(Word(self.0 | 1)) } else { None }
    }

    /// Returns the number of words that the object takes, its header included.
    #[inline(always)]
    pub(super) const fn size_words(self) -> usize {
        size_words(self.format(), self.length())
    }
}

/// Returns the number of words that an object takes, its header included.
#[inline(always)]
pub(super) const fn size_words(format: Format, length: usize) -> usize {
    match format {
        Format::Words | Format::Weak => 1 + length,
        Format::Bytes | Format::Text => 1 + length.div_ceil(8),
        Format::External => 2,
    }
}
