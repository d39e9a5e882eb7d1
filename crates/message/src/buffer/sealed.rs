//! Immutable bytes in a file that can be shared with other OS processes.
//!
//! A [`Sealed`] owns a file in memory (memfd) and a mapping of it. The file has the seals WRITE,
//! SHRINK, GROW and SEAL: no owner of a descriptor can write into it, change its size or remove a
//! seal. The code relies on these properties, and checks them for each file that comes from
//! elsewhere:
//!
//! - The bytes are constant, because of the seals, so `&[u8]` may refer to them.
//! - Reading them never ends in SIGBUS: the file cannot shrink, its size is that of the mapping, and
//!   all its pages exist already.
#![allow(unsafe_code)] // This file maps files.

use std::any::Any;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::ptr::NonNull;
use std::sync::{Arc, Weak};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

const SEALS: SealFlags =
    SealFlags::WRITE.union(SealFlags::SHRINK).union(SealFlags::GROW).union(SealFlags::SEAL);

/// Immutable bytes that other OS processes can read without a copy. Clones share them.
#[derive(Clone)]
pub struct Sealed(Arc<Inner>);

/// A weak reference to a [`Sealed`].
#[derive(Clone, Debug)]
pub struct WeakSealed(Weak<Inner>);

struct Inner {
    file: OwnedFd,
    map: Map,
    /// The guard of [`Sealed::from_file`], dropped together with the bytes.
    _guard: Option<Box<dyn Any + Send + Sync>>,
}

impl Sealed {
    /// Seals a copy of `bytes`. This costs some ten times as much as copying the bytes to another OS process, so it
    /// pays only for bytes that are sent repeatedly.
    ///
    /// # Errors
    /// Errors of the operating system: no memory or no descriptor is left, or it does not support sealed files.
    pub fn copy_of(bytes: &[u8]) -> io::Result<Sealed> {
        let file = memory_file("lucarne-sealed")?;
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = rustix::io::write(&file, rest)?;
            rest = &rest[written..];
        }
        fcntl_add_seals(&file, SEALS)?;
        let map = Map::of(&file, bytes.len())?;
        Ok(Sealed(Arc::new(Inner { file, map, _guard: None })))
    }

    /// Takes a sealed file of exactly `len` bytes from elsewhere. `guard` is dropped together with the
    /// last clone.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if the file is not sealed, has another size or has holes. Other
    /// errors are those of the operating system.
    pub fn from_file(file: OwnedFd, len: usize, guard: impl Any + Send + Sync) -> io::Result<Sealed> {
        check(&file, len)?;
        let map = Map::of(&file, len)?;
        Ok(Sealed(Arc::new(Inner { file, map, _guard: Some(Box::new(guard)) })))
    }

    /// Returns the bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.0.map.as_slice()
    }

    /// Returns the file with the bytes.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.0.file.as_fd()
    }

    /// Returns a reference that does not keep the bytes alive.
    pub fn downgrade(&self) -> WeakSealed {
        WeakSealed(Arc::downgrade(&self.0))
    }
}

impl WeakSealed {
    /// Returns whether this refers to `sealed` itself or a clone, and not to another file with the same bytes.
    pub fn is(&self, sealed: &Sealed) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&sealed.0))
    }

    /// Returns whether the bytes have been dropped.
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }
}

impl AsRef<[u8]> for Sealed {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.as_slice().len())
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.map.len)
    }
}

/// Makes a file in memory that can be sealed. If the kernel supports it, the file can never be executed.
///
/// # Errors
/// Errors of the operating system, for example if it does not support such files.
pub fn memory_file(name: &str) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC;
    match memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        // Kernels before 6.3 do not support the flag.
        Err(rustix::io::Errno::INVAL) => Ok(memfd_create(name, flags)?),
        result => Ok(result?),
    }
}

/// Checks the properties that the top of this file lists.
fn check(file: &OwnedFd, len: usize) -> io::Result<()> {
    let refuse = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    // Files of other kinds have no seals, and fail with EINVAL.
    if !fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS)) {
        return refuse("the file is not sealed");
    }
    let status = fstat(file)?;
    if u64::try_from(status.st_size).ok() != Some(len as u64) {
        return refuse("the sealed file has another size");
    }
    // A block is 512 bytes here, whatever the block size of the file system.
    if (status.st_blocks as u64).saturating_mul(512) < len as u64 {
        return refuse("the sealed file has holes");
    }
    Ok(())
}

/// A private, readable mapping of a whole file. An empty file is not mapped.
struct Map {
    data: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping has one owner, and `munmap` may be called by any thread.
unsafe impl Send for Map {}
// SAFETY: the mapping is never written.
unsafe impl Sync for Map {}

impl Map {
    /// Maps a sealed file of size `len`.
    fn of(file: &OwnedFd, len: usize) -> io::Result<Map> {
        if len == 0 {
            return Ok(Map { data: NonNull::dangling(), len });
        }
        // SAFETY: the kernel chooses the address of the new mapping, so no other memory is
        // affected.
        let data = unsafe { mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::PRIVATE, file, 0)? };
        let data = NonNull::new(data.cast()).expect("nothing is mapped at address 0 unless requested");
        Ok(Map { data, len })
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: `data` is the beginning of a mapping of `len` bytes, which the seals keep
        // constant, or it is dangling and `len` is 0.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: this is the mapping that `of` made, and no references to it are left.
            let result = unsafe { munmap(self.data.as_ptr().cast(), self.len) };
            debug_assert!(result.is_ok(), "the mapping was there");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Buffer;

    fn unsealed(bytes: &[u8]) -> OwnedFd {
        let file = memory_file("test").unwrap();
        rustix::io::write(&file, bytes).unwrap();
        file
    }

    #[test]
    fn bytes_come_back_from_the_file() {
        for len in [0, 1, 4095, 4096, 100_000] {
            let bytes: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let sealed = Sealed::copy_of(&bytes).unwrap();
            let file = sealed.file().try_clone_to_owned().unwrap();
            assert_eq!(sealed.as_slice(), bytes);
            drop(sealed);
            assert_eq!(Sealed::from_file(file, len, ()).unwrap().as_slice(), bytes);
        }
    }

    #[test]
    fn files_that_can_change_are_refused() {
        let refused = |file, len| Sealed::from_file(file, len, ()).unwrap_err().to_string();
        assert_eq!(refused(unsealed(b"abc"), 3), "the file is not sealed");
        let file = unsealed(b"abc");
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL).unwrap();
        assert_eq!(refused(file, 3), "the file is not sealed");
        assert_eq!(refused(std::fs::File::open("/dev/zero").unwrap().into(), 3), "the file is not sealed");
        let file = unsealed(b"abc");
        fcntl_add_seals(&file, SEALS).unwrap();
        assert_eq!(refused(file, 4), "the sealed file has another size");
        let file = unsealed(b"abc");
        rustix::fs::ftruncate(&file, 1 << 20).unwrap();
        fcntl_add_seals(&file, SEALS).unwrap();
        assert_eq!(refused(file, 1 << 20), "the sealed file has holes");
    }

    #[test]
    fn sealed_bytes_cannot_change() {
        let sealed = Sealed::copy_of(&[7; 5000]).unwrap();
        assert!(rustix::io::pwrite(sealed.file(), b"x", 0).is_err());
        assert!(rustix::fs::ftruncate(sealed.file(), 10).is_err());
        let punch = rustix::fs::FallocateFlags::PUNCH_HOLE | rustix::fs::FallocateFlags::KEEP_SIZE;
        assert!(rustix::fs::fallocate(sealed.file(), punch, 0, 4096).is_err());
    }

    #[test]
    fn a_buffer_of_sealed_bytes_is_copied_when_it_is_written() {
        let sealed = Sealed::copy_of(b"abc").unwrap();
        let mut buffer = Buffer::sealed(sealed.clone());
        assert!(buffer.as_sealed().is_some());
        buffer.as_mut_slice().unwrap()[0] = b'x';
        assert!(buffer.as_sealed().is_none());
        assert_eq!((buffer.as_slice(), sealed.as_slice()), (&b"xbc"[..], &b"abc"[..]));
    }

    #[test]
    fn the_last_clone_drops_the_guard() {
        let guard = Arc::new(());
        let file = Sealed::copy_of(b"abc").unwrap().file().try_clone_to_owned().unwrap();
        let sealed = Sealed::from_file(file, 3, guard.clone()).unwrap();
        let weak = sealed.downgrade();
        let bytes = Buffer::sealed(sealed.clone()).into_bytes();
        assert!(weak.is(&sealed));
        drop(sealed);
        assert_eq!((Arc::strong_count(&guard), weak.is_gone()), (2, false));
        drop(bytes);
        assert_eq!((Arc::strong_count(&guard), weak.is_gone()), (1, true));
    }
}
