//! Makes strings from pieces that may lie in the same heap.

use std::marker::PhantomData;

use super::{Format, Heap, OutOfMemory, RefMut, Register};

/// A new string that is being filled. It begins as zeros, so that it is valid UTF-8 at any time.
///
/// The lifetime is that of one call of [`Heap::build_string`] and is invariant, so that the builders of two calls
/// cannot be exchanged.
pub struct NewString<'h> {
    start: *mut u8,
    filled: usize,
    length: usize,
    heap: PhantomData<fn(&'h Heap) -> &'h Heap>,
}

impl NewString<'_> {
    /// Appends a piece. A piece that does not fit is left out.
    #[inline]
    pub fn push(&mut self, piece: &str) {
        let room = self.length - self.filled;
        if piece.len() > room {
            debug_assert!(false, "a string was made too short");
            return;
        }
        // SAFETY: the object was allocated with `length` bytes and has not moved: while a builder exists,
        // `build_string` lends the heap only as a shared reference, and only an allocation moves objects. No reference
        // to the bytes of the new object exists yet, so no piece is part of it.
        unsafe { std::ptr::copy_nonoverlapping(piece.as_ptr(), self.start.add(self.filled), piece.len()) };
        self.filled += piece.len();
    }
}

impl Heap {
    /// Makes a string of `length` bytes, which `fill` puts together from pieces. Bytes that it does not write are zero.
    ///
    /// # Errors
    /// If the process has reached its memory limit.
    pub fn build_string(
        &mut self,
        length: usize,
        fill: impl for<'h> FnOnce(&'h Heap, &mut NewString<'h>),
    ) -> Result<RefMut<'_>, OutOfMemory> {
        let word = self.allocate(self.builtins().string, Format::Text, length)?;
        // SAFETY: the contents follow the header of a new object.
        let start = unsafe { word.address().add(1).cast::<u8>() };
        fill(self, &mut NewString { start, filled: 0, length, heap: PhantomData });
        // SAFETY: the object is new, and nothing was allocated after it.
        Ok(unsafe { self.at_mut(word) })
    }

    /// Joins the strings in `count` registers from `first` on. Returns none if one of them is not a string.
    ///
    /// # Errors
    /// If the process has reached its memory limit.
    pub fn concat(&mut self, first: Register, count: usize) -> Result<Option<RefMut<'_>>, OutOfMemory> {
        let mut length = 0;
        for index in 0..count {
            match self.string(self.get(first.above(index))) {
                Some(text) => length += text.len(),
                None => return Ok(None),
            }
        }
        let joined = self.build_string(length, |heap, new| {
            for index in 0..count {
                new.push(heap.string(heap.get(first.above(index))).unwrap_or_default());
            }
        })?;
        Ok(Some(joined))
    }
}
