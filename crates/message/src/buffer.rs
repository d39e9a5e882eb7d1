//! Byte arrays that a message transfers instead of copying them.
//!
//! A [`Buffer`] has exactly one owner, which may write into it. Its kind decides where its bytes
//! live:
//!
//! - *malloc*: memory of the C library's allocator, `len + 1` bytes of which the last is zero. C
//!   code may keep it, write into it, read it as a string and `free` it.
//! - *shared*: [`bytes::Bytes`], which other owners may share. It is copied into a malloc buffer on
//!   the first write and when its bytes are given to C code.
//! - *mapped*: the mapping of a [`Sealed`] file, which other OS processes may map as well. It
//!   cannot be written, so it is copied like a shared one.
#![allow(unsafe_code)] // This file owns memory of the C allocator.

use std::fmt;
use std::ptr::NonNull;

use crate::Bytes;

mod filling;
mod sealed;

pub use filling::Filling;
pub use sealed::{Sealed, WeakSealed, memory_file};

/// A byte array with one owner, which may write into it.
pub struct Buffer {
    storage: Storage,
}

enum Storage {
    Malloc(MallocBytes),
    Shared(bytes::Bytes),
    Mapped(Sealed),
}

/// The allocator had no memory for the requested bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("OUT_OF_MEMORY")]
pub struct OutOfMemory;

impl Buffer {
    /// Returns a malloc buffer of `len` zeros.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the allocator has no memory.
    pub fn zeroed(len: usize) -> Result<Buffer, OutOfMemory> {
        Ok(Buffer { storage: Storage::Malloc(MallocBytes::zeroed(len)?) })
    }

    /// Returns a malloc buffer with a copy of `bytes`.
    ///
    /// # Errors
    /// [`OutOfMemory`] if the allocator has no memory.
    pub fn copy_of(bytes: &[u8]) -> Result<Buffer, OutOfMemory> {
        Ok(Buffer { storage: Storage::Malloc(MallocBytes::copy_of(bytes)?) })
    }

    /// Returns a shared buffer. The bytes are copied on the first write.
    pub fn shared(bytes: bytes::Bytes) -> Buffer {
        Buffer { storage: Storage::Shared(bytes) }
    }

    /// Returns a mapped buffer. It is sent to other OS processes without a copy; the bytes are copied
    /// on the first write.
    pub fn sealed(sealed: Sealed) -> Buffer {
        Buffer { storage: Storage::Mapped(sealed) }
    }

    /// Returns the sealed file of a mapped buffer.
    pub fn as_sealed(&self) -> Option<&Sealed> {
        match &self.storage {
            Storage::Mapped(sealed) => Some(sealed),
            Storage::Malloc(_) | Storage::Shared(_) => None,
        }
    }

    /// Takes over memory of the C allocator.
    ///
    /// # Safety
    /// `data` must come from `malloc`, `calloc` or `realloc` of the C library, hold at least `len +
    /// 1` initialized bytes, and have no other owner. The byte after the end is set to zero.
    pub unsafe fn from_raw_parts(data: NonNull<u8>, len: usize) -> Buffer {
        // SAFETY: the caller promises `len + 1` bytes without another owner.
        unsafe { data.add(len).write(0) };
        Buffer { storage: Storage::Malloc(MallocBytes { data, len }) }
    }

    /// Converts the buffer to memory of the C allocator, with a zero after the end. The code
    /// that gets the pointer must `free` it.
    ///
    /// # Errors
    /// [`OutOfMemory`] if a shared or mapped buffer cannot be copied; it is then dropped.
    pub fn into_raw_parts(self) -> Result<(NonNull<u8>, usize), OutOfMemory> {
        let owned = match self.storage {
            Storage::Malloc(owned) => owned,
            Storage::Shared(bytes) => MallocBytes::copy_of(&bytes)?,
            Storage::Mapped(sealed) => MallocBytes::copy_of(sealed.as_slice())?,
        };
        let owned = std::mem::ManuallyDrop::new(owned);
        Ok((owned.data, owned.len))
    }

    /// Converts the buffer to shared bytes, without copying.
    pub fn into_bytes(self) -> Bytes {
        match self.storage {
            Storage::Malloc(owned) => bytes::Bytes::from_owner(owned).into(),
            Storage::Shared(bytes) => bytes.into(),
            Storage::Mapped(sealed) => sealed.into(),
        }
    }

    /// Returns the number of bytes.
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Returns whether the buffer is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.storage {
            Storage::Malloc(owned) => owned.as_ref(),
            Storage::Shared(bytes) => bytes,
            Storage::Mapped(sealed) => sealed.as_slice(),
        }
    }

    /// Returns the bytes for writing. A shared or mapped buffer becomes a malloc buffer first.
    ///
    /// # Errors
    /// [`OutOfMemory`] if there is no memory for that copy.
    pub fn as_mut_slice(&mut self) -> Result<&mut [u8], OutOfMemory> {
        if !matches!(self.storage, Storage::Malloc(_)) {
            self.storage = Storage::Malloc(MallocBytes::copy_of(self.as_slice())?);
        }
        match &mut self.storage {
            Storage::Malloc(owned) => Ok(owned.as_mut()),
            Storage::Shared(_) | Storage::Mapped(_) => unreachable!("anything else was just replaced"),
        }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Debug for Buffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Buffer({} bytes)", self.len())
    }
}

impl PartialEq for Buffer {
    fn eq(&self, other: &Buffer) -> bool {
        self.as_slice() == other.as_slice()
    }
}

/// `len + 1` bytes from `malloc`; the last is zero.
struct MallocBytes {
    data: NonNull<u8>,
    len: usize,
}

// SAFETY: the memory has one owner and no thread affinity; `free` may be called from any thread.
unsafe impl Send for MallocBytes {}
// SAFETY: a shared reference gives only read access.
unsafe impl Sync for MallocBytes {}

impl MallocBytes {
    fn zeroed(len: usize) -> Result<MallocBytes, OutOfMemory> {
        let size = len.checked_add(1).ok_or(OutOfMemory)?;
        // SAFETY: `calloc` has no requirements; a null result is handled.
        let data = unsafe { libc::calloc(size, 1) };
        let data = NonNull::new(data.cast::<u8>()).ok_or(OutOfMemory)?;
        Ok(MallocBytes { data, len })
    }

    fn copy_of(bytes: &[u8]) -> Result<MallocBytes, OutOfMemory> {
        let copy = MallocBytes::uninitialized(bytes.len())?;
        // SAFETY: `data` is fresh, so it does not overlap `bytes`, and has room for them.
        unsafe { copy.data.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        Ok(copy)
    }

    /// Allocates `len` bytes and sets only the zero after the end. The caller must write the bytes
    /// before they are read.
    fn uninitialized(len: usize) -> Result<MallocBytes, OutOfMemory> {
        let size = len.checked_add(1).ok_or(OutOfMemory)?;
        // SAFETY: `malloc` has no requirements; a null result is handled.
        let data = unsafe { libc::malloc(size) };
        let data = NonNull::new(data.cast::<u8>()).ok_or(OutOfMemory)?;
        // SAFETY: there is room for `len + 1` bytes.
        unsafe { data.add(len).write(0) };
        Ok(MallocBytes { data, len })
    }
}

impl AsRef<[u8]> for MallocBytes {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `data` points to at least `len` initialized bytes that live as long as `self`.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl AsMut<[u8]> for MallocBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `as_ref`, and `&mut self` makes the access exclusive.
        unsafe { std::slice::from_raw_parts_mut(self.data.as_ptr(), self.len) }
    }
}

impl Drop for MallocBytes {
    fn drop(&mut self) {
        // SAFETY: `data` came from the C allocator and is freed once, by its only owner.
        unsafe { libc::free(self.data.as_ptr().cast()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_follows_the_bytes() {
        let buffer = Buffer::copy_of(b"text").unwrap();
        let (data, len) = buffer.into_raw_parts().unwrap();
        // SAFETY: malloc buffers have one spare byte.
        assert_eq!(unsafe { *data.add(len).as_ptr() }, 0);
        // SAFETY: the parts come from `into_raw_parts`.
        let again = unsafe { Buffer::from_raw_parts(data, len) };
        assert_eq!(again.as_slice(), b"text");
    }

    #[test]
    fn writing_into_a_shared_buffer_does_not_change_its_clones() {
        let bytes = Bytes::from_static(b"abc");
        let mut buffer = Buffer::from(bytes.clone());
        buffer.as_mut_slice().unwrap()[0] = b'x';
        assert_eq!(buffer.as_slice(), b"xbc");
        assert_eq!(&bytes[..], b"abc");
    }

    #[test]
    fn reading_and_handing_over_do_not_copy() {
        let buffer = Buffer::copy_of(&[7; 100]).unwrap();
        let address = buffer.as_slice().as_ptr();
        let bytes = buffer.into_bytes();
        assert_eq!(bytes.as_ptr(), address);
        assert_eq!(Buffer::from(bytes).as_slice().as_ptr(), address);
    }

    #[test]
    fn an_impossible_size_is_refused() {
        assert_eq!(Buffer::zeroed(usize::MAX).unwrap_err(), OutOfMemory);
        assert_eq!(Buffer::zeroed(usize::MAX - 1).unwrap_err(), OutOfMemory);
    }

    #[test]
    fn an_empty_buffer_has_a_pointer_for_c() {
        let (data, len) = Buffer::zeroed(0).unwrap().into_raw_parts().unwrap();
        assert_eq!(len, 0);
        // SAFETY: the parts come from `into_raw_parts`.
        drop(unsafe { Buffer::from_raw_parts(data, len) });
    }
}
