//! Bytes that never change, in a file that can be shown to other OS processes.
//!
//! A [`Sealed`] owns a file in memory (memfd) and a mapping of it. The file has the seals WRITE, SHRINK, GROW and
//! SEAL: nobody can write into it, change its size or take a seal off, whoever has a descriptor of it. What is
//! relied on, and checked of each file that comes from elsewhere:
//!
//! - The bytes are constant, so that `&[u8]` may refer to them: by the seals.
//! - Reading them never ends in SIGBUS: the size cannot shrink, it is that of the mapping, and all of the file
//!   is there already, so that no page has to be made when it is first read.
#![allow(unsafe_code)] // Mapping files is what this file is for.

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

/// Bytes that never change, and that other OS processes get to see without a copy. Clones share them.
#[derive(Clone)]
pub struct Sealed(Arc<Inner>);

/// A [`Sealed`] that is not kept.
#[derive(Clone, Debug)]
pub struct WeakSealed(Weak<Inner>);

struct Inner {
    file: OwnedFd,
    map: Map,
    /// What goes when the bytes go.
    _guard: Option<Box<dyn Any + Send + Sync>>,
}

impl Sealed {
    /// Seals a copy of `bytes`. That costs some 100 times as much as copying them: it is for what is sent
    /// more than once.
    ///
    /// # Errors
    /// Those of the operating system: no memory, no more descriptors, no sealed files.
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

    /// Takes a sealed file of exactly `len` bytes that somebody else made, and drops `guard` with it.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it is no such file; others are those of the operating system.
    pub fn from_file(file: OwnedFd, len: usize, guard: impl Any + Send + Sync) -> io::Result<Sealed> {
        check(&file, len)?;
        let map = Map::of(&file, len)?;
        Ok(Sealed(Arc::new(Inner { file, map, _guard: Some(Box::new(guard)) })))
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        self.0.map.as_slice()
    }

    /// The file that has them.
    pub fn file(&self) -> BorrowedFd<'_> {
        self.0.file.as_fd()
    }

    /// A reference that does not keep the bytes.
    pub fn downgrade(&self) -> WeakSealed {
        WeakSealed(Arc::downgrade(&self.0))
    }
}

impl WeakSealed {
    /// Whether this is a reference to `sealed` itself, not to another with the same bytes.
    pub fn is(&self, sealed: &Sealed) -> bool {
        std::ptr::eq(self.0.as_ptr(), Arc::as_ptr(&sealed.0))
    }

    /// Whether nobody keeps the bytes any more.
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

/// A file in memory that can be sealed and, where the kernel knows how to say so, never be executed.
///
/// # Errors
/// Those of the operating system, which may have no such files.
pub fn memory_file(name: &str) -> io::Result<OwnedFd> {
    let flags = MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC;
    match memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        // Kernels before 6.3 do not know the flag.
        Err(rustix::io::Errno::INVAL) => Ok(memfd_create(name, flags)?),
        result => Ok(result?),
    }
}

/// See the top of the file.
fn check(file: &OwnedFd, len: usize) -> io::Result<()> {
    let refuse = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
    // Files of other kinds have no seals at all, and say so with EINVAL.
    if !fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS)) {
        return refuse("the file is not sealed");
    }
    let status = fstat(file)?;
    if u64::try_from(status.st_size).ok() != Some(len as u64) {
        return refuse("the sealed file has another size");
    }
    // A block is 512 bytes here, whatever the file system's is.
    if (status.st_blocks as u64).saturating_mul(512) < len as u64 {
        return refuse("the sealed file has holes");
    }
    Ok(())
}

/// A private mapping of a whole file, for reading. Nothing is mapped if the file is empty.
struct Map {
    data: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping has one owner, and `munmap` may be called by any thread.
unsafe impl Send for Map {}
// SAFETY: nobody writes into the mapping.
unsafe impl Sync for Map {}

impl Map {
    /// The file must be sealed, and `len` its size.
    fn of(file: &OwnedFd, len: usize) -> io::Result<Map> {
        if len == 0 {
            return Ok(Map { data: NonNull::dangling(), len });
        }
        // SAFETY: a new mapping, at an address of the kernel's choice, takes nothing away from anybody.
        let data = unsafe { mmap(std::ptr::null_mut(), len, ProtFlags::READ, MapFlags::PRIVATE, file, 0)? };
        let data = NonNull::new(data.cast()).expect("nothing is mapped at address 0 unless asked for");
        Ok(Map { data, len })
    }

    fn as_slice(&self) -> &[u8] {
        // SAFETY: `data` is the beginning of a mapping of `len` bytes, which the seals keep as they are, or
        // dangling and `len` is 0.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.len) }
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if self.len > 0 {
            // SAFETY: this is the mapping that `of` made, and nobody refers to it any more.
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
    fn what_could_change_is_refused() {
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
    fn nobody_can_change_sealed_bytes() {
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
    fn the_guard_goes_with_the_last_clone() {
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
