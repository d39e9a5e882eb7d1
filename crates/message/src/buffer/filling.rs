//! A buffer that is filled piece by piece.
#![allow(unsafe_code)] // This file handles uninitialized memory.

use std::mem::MaybeUninit;

use super::{Buffer, MallocBytes, OutOfMemory, Storage};

/// A malloc buffer of known size that is filled piece by piece.
///
/// The memory is not touched before it is filled, so a sender that announces many bytes and sends few costs little
/// memory.
pub struct Filling {
    /// The first `filled` bytes and the zero after the end are initialized.
    bytes: MallocBytes,
    filled: usize,
}

impl Filling {
    /// Begins a buffer of `len` bytes.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the allocator has no memory.
    pub fn new(len: usize) -> Result<Filling, OutOfMemory> {
        Ok(Filling { bytes: MallocBytes::uninitialized(len)?, filled: 0 })
    }

    /// Returns the number of missing bytes.
    pub fn missing(&self) -> usize {
        self.bytes.len - self.filled
    }

    /// Calls `write` to fill the next `len` bytes. `write` must return the slice that it got, all of it initialized.
    ///
    /// # Panics
    /// If `len` is larger than the number of missing bytes, or if `write` returns anything else.
    pub fn fill(&mut self, len: usize, write: impl FnOnce(&mut [MaybeUninit<u8>]) -> &mut [u8]) {
        assert!(len <= self.missing());
        // SAFETY: `filled + len` bytes are within the allocation, which has no other references.
        let place =
            unsafe { std::slice::from_raw_parts_mut(self.bytes.data.add(self.filled).as_ptr().cast(), len) };
        let begin = place.as_ptr();
        let written = write(place);
        // The place is borrowed to `write` alone, so an initialized slice at this place proves that
        // `write` has filled it.
        assert!(written.len() == len && std::ptr::eq(written.as_ptr(), begin.cast()));
        self.filled += len;
    }

    /// Copies the next bytes.
    ///
    /// # Panics
    /// If `bytes` is longer than the number of missing bytes.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.fill(bytes.len(), |place| {
            // SAFETY: `place` has room for exactly these bytes, and is initialized once they are there.
            unsafe {
                place.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                std::slice::from_raw_parts_mut(place.as_mut_ptr().cast(), bytes.len())
            }
        });
    }

    /// Returns the buffer, if it is complete.
    pub fn finish(self) -> Option<Buffer> {
        (self.missing() == 0).then_some(Buffer { storage: Storage::Malloc(self.bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_in_pieces() {
        let mut filling = Filling::new(5).unwrap();
        filling.extend_from_slice(b"abc");
        assert_eq!(filling.missing(), 2);
        filling.extend_from_slice(b"de");
        let (data, len) = filling.finish().unwrap().into_raw_parts().unwrap();
        // SAFETY: malloc buffers have one spare byte.
        assert_eq!(unsafe { *data.add(len).as_ptr() }, 0);
        // SAFETY: the parts come from `into_raw_parts`.
        assert_eq!(unsafe { Buffer::from_raw_parts(data, len) }.as_slice(), b"abcde");
    }

    #[test]
    fn an_incomplete_buffer_is_refused() {
        assert!(Filling::new(1).unwrap().finish().is_none());
        assert!(Filling::new(0).unwrap().finish().is_some());
    }

    #[test]
    #[should_panic = "written.len() == len"]
    fn other_slices_are_refused() {
        Filling::new(3).unwrap().fill(3, |_| Box::leak(Box::new([1, 2, 3])));
    }
}
