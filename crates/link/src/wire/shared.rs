//! Memory that two OS processes share, and the only `unsafe` code of this crate.
//!
//! The other process can write anything there at any time. So no code outside of this file has a reference to plain
//! data in it, only to atomic words: a read gives some value, and each reader reads once and then checks the value.
//! The code relies on this:
//!
//! - The mapping has the requested size, and the file cannot shrink: it has the seals SHRINK, GROW and
//!   SEAL, and the side that maps it checks them, and its size, first. So a read never raises SIGBUS. Pages
//!   are made when they are first used, and as with any memory the machine may have none left.
//! - Words are aligned, since mappings begin at pages.
#![allow(unsafe_code)] // Mapping memory, and filling memory that is not initialized yet.

use std::mem::MaybeUninit;

use lucarne_kernel::sync::atomic::{AtomicU64, Ordering};

/// Copies `into.len()` bytes out of the words that hold them.
///
/// # Panics
/// Panics if there are fewer words.
pub(super) fn copy_out<'i>(words: &[AtomicU64], into: &'i mut [MaybeUninit<u8>]) -> &'i mut [u8] {
    let (lines, rest) = into.as_chunks_mut::<LINE>();
    let (whole, last) = words.split_at(lines.len() * LINE_WORDS);
    // By lines, for which the compiler needs no checks.
    for (line, words) in lines.iter_mut().zip(whole.as_chunks::<LINE_WORDS>().0) {
        for (bytes, word) in line.as_chunks_mut::<WORD>().0.iter_mut().zip(words) {
            *bytes = word.load(Ordering::Relaxed).to_le_bytes().map(MaybeUninit::new);
        }
    }
    assert!(rest.len() <= last.len() * WORD);
    for (bytes, word) in rest.chunks_mut(WORD).zip(last) {
        for (place, byte) in bytes.iter_mut().zip(word.load(Ordering::Relaxed).to_le_bytes()) {
            place.write(byte);
        }
    }
    // SAFETY: each byte was written: those of the lines, and, as was just checked, those of the rest.
    unsafe { std::slice::from_raw_parts_mut(into.as_mut_ptr().cast(), into.len()) }
}

/// Appends `len` bytes out of the words that hold them.
///
/// # Panics
/// Panics if there are fewer words.
pub(super) fn append_out(words: &[AtomicU64], len: usize, into: &mut Vec<u8>) {
    into.reserve(len);
    let before = into.len();
    let written = copy_out(words, &mut into.spare_capacity_mut()[..len]).len();
    // SAFETY: the `written` bytes after the old end were just written.
    unsafe { into.set_len(before + written) };
}

/// Copies bytes into words, which the bytes must fill exactly.
///
/// # Panics
/// Panics if the number of bytes does not match the words.
pub(super) fn copy_in(bytes: &[u8], words: &[AtomicU64]) {
    assert_eq!(bytes.len(), words.len() * WORD);
    let (lines, rest) = bytes.as_chunks::<LINE>();
    let (whole, last) = words.as_chunks::<LINE_WORDS>();
    for (line, words) in lines.iter().zip(whole) {
        for (bytes, word) in line.as_chunks::<WORD>().0.iter().zip(words) {
            word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
    }
    for (bytes, word) in rest.as_chunks::<WORD>().0.iter().zip(last) {
        word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
    }
}

/// The bytes of a word.
pub(super) const WORD: usize = 8;
const LINE: usize = 64;
const LINE_WORDS: usize = LINE / WORD;

#[cfg(not(loom))]
pub(super) use mapped::SharedMemory;

#[cfg(not(loom))]
mod mapped {
    use std::io;
    use std::os::fd::OwnedFd;
    use std::ptr::NonNull;

    use rustix::fs::{SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate};
    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

    use super::{AtomicU64, WORD};
    use crate::wire::WireError;

    const SEALS: SealFlags = SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::SEAL);

    /// Words that another process may also have mapped.
    pub(in crate::wire) struct SharedMemory {
        words: NonNull<AtomicU64>,
        len: usize,
    }

    // SAFETY: the mapping has one owner, and `munmap` may be called by any thread.
    unsafe impl Send for SharedMemory {}
    // SAFETY: all access is to atomic words.
    unsafe impl Sync for SharedMemory {}

    impl SharedMemory {
        /// Makes `len` words, all zero, and the file that another process can map them from.
        pub(in crate::wire) fn make(len: usize) -> io::Result<(SharedMemory, OwnedFd)> {
            let file = lucarne_message::memory_file("lucarne-rings")?;
            ftruncate(&file, (len * WORD) as u64)?;
            fcntl_add_seals(&file, SEALS)?;
            Ok((SharedMemory::map(&file, len)?, file))
        }

        /// Maps `len` words that another process has made.
        pub(in crate::wire) fn open(file: &OwnedFd, len: usize) -> Result<SharedMemory, WireError> {
            // Files of other kinds have no seals, and fail with EINVAL.
            if !fcntl_get_seals(file).is_ok_and(|seals| seals.contains(SEALS)) {
                return Err(WireError::Violation("shared memory is not sealed"));
            }
            let size = fstat(file).map_err(io::Error::from)?.st_size;
            if u64::try_from(size).ok() != Some((len * WORD) as u64) {
                return Err(WireError::Violation("shared memory of wrong size"));
            }
            Ok(SharedMemory::map(file, len)?)
        }

        pub(in crate::wire) fn words(&self) -> &[AtomicU64] {
            // SAFETY: the mapping has `len` aligned words as long as `self` lives, and any bits are an integer.
            unsafe { std::slice::from_raw_parts(self.words.as_ptr(), self.len) }
        }

        /// Maps the file, which must be sealed and must have `len` words.
        fn map(file: &OwnedFd, len: usize) -> io::Result<SharedMemory> {
            let access = ProtFlags::READ | ProtFlags::WRITE;
            // SAFETY: a new mapping, at an address that the operating system chooses, replaces no other mapping.
            let data = unsafe { mmap(std::ptr::null_mut(), len * WORD, access, MapFlags::SHARED, file, 0)? };
            let words = NonNull::new(data.cast()).expect("nothing is mapped at address 0 unless requested");
            Ok(SharedMemory { words, len })
        }
    }

    impl Drop for SharedMemory {
        fn drop(&mut self) {
            // SAFETY: this is the mapping that `map` made, and no reference to it is left.
            let result = unsafe { munmap(self.words.as_ptr().cast(), self.len * WORD) };
            debug_assert!(result.is_ok(), "the mapping was there");
        }
    }

    #[cfg(test)]
    mod tests {
        use lucarne_kernel::sync::atomic::Ordering;

        use super::*;

        #[test]
        fn both_see_the_same_words() {
            let (made, file) = SharedMemory::make(1024).unwrap();
            let opened = SharedMemory::open(&file, 1024).unwrap();
            made.words()[1023].store(42, Ordering::Relaxed);
            assert_eq!(opened.words()[1023].load(Ordering::Relaxed), 42);
        }

        #[test]
        fn memory_that_could_shrink_is_refused() {
            let refused = |file, len| SharedMemory::open(&file, len).err().unwrap().to_string();
            let unsealed = || {
                let file = lucarne_message::memory_file("test").unwrap();
                ftruncate(&file, 8192).unwrap();
                file
            };
            assert!(refused(unsealed(), 1024).contains("not sealed"));
            let file = unsealed();
            fcntl_add_seals(&file, SealFlags::GROW | SealFlags::SEAL).unwrap();
            assert!(refused(file, 1024).contains("not sealed"));
            let (_, file) = SharedMemory::make(1024).unwrap();
            assert!(refused(file, 1025).contains("wrong size"));
            assert!(refused(std::fs::File::open("/dev/zero").unwrap().into(), 1024).contains("not sealed"));
        }
    }
}

/// Under loom there is one OS process, whose threads share loom's atomics. No memory is shared with other processes.
#[cfg(loom)]
#[derive(Clone)]
pub(super) struct SharedMemory(std::sync::Arc<[AtomicU64]>);

#[cfg(loom)]
impl SharedMemory {
    #[cfg(test)]
    pub(super) fn in_this_process(len: usize) -> SharedMemory {
        SharedMemory((0..len).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn make(_len: usize) -> std::io::Result<(SharedMemory, std::os::fd::OwnedFd)> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub(super) fn open(
        _file: &std::os::fd::OwnedFd,
        _len: usize,
    ) -> Result<SharedMemory, crate::wire::WireError> {
        Err(std::io::Error::from(std::io::ErrorKind::Unsupported).into())
    }

    pub(super) fn words(&self) -> &[AtomicU64] {
        &self.0
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn copies_of_any_length_are_exact() {
        let words: Vec<_> = (0..40).map(|_| AtomicU64::new(0)).collect();
        for len in 0..words.len() * WORD {
            let bytes: Vec<u8> = (1..=len).map(|at| at as u8).collect();
            let mut padded = bytes.clone();
            padded.resize(len.next_multiple_of(WORD), 0);
            let place = &words[..padded.len() / WORD];
            copy_in(&padded, place);
            let mut out = vec![9];
            append_out(place, len, &mut out);
            assert_eq!((out[0], &out[1..]), (9, &bytes[..]));
        }
    }

    #[test]
    #[should_panic = "rest.len() <= last.len()"]
    fn bytes_beyond_the_words_are_not_made_up() {
        append_out(&[AtomicU64::new(0)], 9, &mut Vec::new());
    }
}
