//! A buffer whose bytes come piece by piece.
#![allow(unsafe_code)] // Memory that is not initialised yet is what this file is for.

use std::mem::MaybeUninit;

use super::{Buffer, MallocBytes, OutOfMemory, Storage};

/// A malloc buffer on its way: its size is known, its bytes come one after the other.
///
/// The memory is not touched before it is filled, so that who announces much and delivers little costs little.
pub struct Filling {
    /// The first `filled` bytes are initialised, and the zero after the end.
    bytes: MallocBytes,
    filled: usize,
}

impl Filling {
    /// Begins a buffer of `len` bytes.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the allocator refuses.
    pub fn new(len: usize) -> Result<Filling, OutOfMemory> {
        Ok(Filling { bytes: MallocBytes::uninitialised(len)?, filled: 0 })
    }

    /// How many bytes are still to come.
    pub fn missing(&self) -> usize {
        self.bytes.len - self.filled
    }

    /// Lets `write` fill the next `len` bytes, all of which it has to return.
    ///
    /// # Panics
    /// If more bytes are asked for than are missing, or if `write` returns anything else.
    pub fn fill(&mut self, len: usize, write: impl FnOnce(&mut [MaybeUninit<u8>]) -> &mut [u8]) {
        assert!(len <= self.missing());
        // SAFETY: `filled + len` bytes are within the allocation, which nobody else refers to.
        let place =
            unsafe { std::slice::from_raw_parts_mut(self.bytes.data.add(self.filled).as_ptr().cast(), len) };
        let begin = place.as_ptr();
        let written = write(place);
        // Whoever has an initialised slice at this place, which is borrowed to `write` alone, has written it.
        assert!(written.len() == len && std::ptr::eq(written.as_ptr(), begin.cast()));
        self.filled += len;
    }

    /// Copies the next bytes.
    ///
    /// # Panics
    /// If there are more of them than are missing.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.fill(bytes.len(), |place| {
            // SAFETY: `place` has room for exactly these bytes, and is initialised once they are there.
            unsafe {
                place.as_mut_ptr().cast::<u8>().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
                std::slice::from_raw_parts_mut(place.as_mut_ptr().cast(), bytes.len())
            }
        });
    }

    /// The buffer, if all its bytes have come.
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
    fn a_part_is_no_buffer() {
        assert!(Filling::new(1).unwrap().finish().is_none());
        assert!(Filling::new(0).unwrap().finish().is_some());
    }

    #[test]
    #[should_panic = "written.len() == len"]
    fn other_bytes_do_not_count() {
        Filling::new(3).unwrap().fill(3, |_| Box::leak(Box::new([1, 2, 3])));
    }
}
