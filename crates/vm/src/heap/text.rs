//! Making strings out of pieces that may themselves lie in the heap.

use super::{Format, Heap, OutOfMemory, Ref, Word};

/// A new string that is being filled. It starts out as zeros, so that it is valid at any time.
pub struct NewString {
    word: Word,
    filled: usize,
    length: usize,
}

impl Heap {
    /// Starts a string of `length` bytes.
    ///
    /// # Errors
    /// If the process may not use more memory.
    pub(crate) fn start_string(&mut self, length: usize) -> Result<NewString, OutOfMemory> {
        let word = self.allocate(self.builtins().string, Format::Bytes, length)?;
        Ok(NewString { word, filled: 0, length })
    }

    /// Appends a piece, as far as it fits. The string and the piece must be of this heap, and
    /// nothing may have been allocated since the string was started.
    pub(crate) fn push(&self, string: &mut NewString, piece: &str) {
        let room = string.length - string.filled;
        if piece.len() > room {
            debug_assert!(false, "a string was made too short");
            return;
        }
        // SAFETY: the object was allocated with `length` bytes, and has not moved since, as only
        // an allocation moves objects. No reference to its bytes exists yet, and no piece is part
        // of it.
        unsafe {
            let target = string.word.address().add(1).cast::<u8>().add(string.filled);
            std::ptr::copy_nonoverlapping(piece.as_ptr(), target, piece.len());
        }
        string.filled += piece.len();
    }

    /// The finished string.
    pub(crate) fn finish_string(&self, string: NewString) -> Ref<'_> {
        Ref::of(string.word)
    }
}
