//! Memory of large chunks, from the operating system instead of the allocator.
//!
//! Threads with long work have a low priority. While such a thread waits for a processor, it must hold no lock that
//! workers need. The allocator frees large blocks under such locks, and all changes of the memory map of an OS process
//! share one lock of the operating system. So chunks from 64 to 512 KiB are *blocks* of regions of 16 MiB, which stay
//! mapped, and only their pages are given back:
//!
//! - Sizes are rounded up to powers of two. Pages that an object never uses take no memory.
//! - The pages of freed blocks are kept, up to [`KEPT_BYTES_MAX`]: to get and clear pages takes longer than to fill
//!   them. Further blocks give their pages back when they are freed.
//!
//! Larger chunks hold one object each, and are mapped one by one.

use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous, munmap};

/// The size of the smallest blocks: 64 KiB. Smaller chunks come from the allocator.
pub(super) const MAPPED_WORDS_MIN: usize = 8 * 1024;

/// The size of the largest blocks: 512 KiB, as the young chunk of a busy process.
const BLOCK_WORDS_MAX: usize = 64 * 1024;

/// The number of sizes of blocks.
const SIZES: usize = (BLOCK_WORDS_MAX / MAPPED_WORDS_MIN).ilog2() as usize + 1;

/// The size of a region.
const REGION_WORDS: usize = 2 << 20;

/// The maximum size of all free blocks of an OS process that keep their pages, in bytes.
const KEPT_BYTES_MAX: usize = 16 << 20;

/// The advice by which the operating system takes pages back.
#[cfg(target_os = "linux")]
const GIVE_BACK: Advice = Advice::LinuxDontNeed;
#[cfg(not(target_os = "linux"))]
const GIVE_BACK: Advice = Advice::DontNeed;

/// The free blocks of an OS process.
struct Blocks {
    /// The free blocks that keep their pages, by size.
    kept: [Vec<Start>; SIZES],
    kept_bytes: usize,
    /// The free blocks without pages, by size.
    empty: [Vec<Start>; SIZES],
    /// The unused rest of the last region.
    rest: Option<Start>,
    rest_words: usize,
}

struct Start(NonNull<u64>);

// SAFETY: a free block has one owner and no ties to a thread.
unsafe impl Send for Start {}

static BLOCKS: Mutex<Blocks> = Mutex::new(Blocks {
    kept: [const { Vec::new() }; SIZES],
    kept_bytes: 0,
    empty: [const { Vec::new() }; SIZES],
    rest: None,
    rest_words: 0,
});

/// Returns memory for this number of words, its contents undefined. Returns none if the operating system has no memory
/// left.
pub(super) fn take(words: usize) -> Option<NonNull<u64>> {
    match size_of_block(words) {
        Some(size) => blocks().take(size).map(|Start(start)| start),
        None => map(words),
    }
}

/// Frees memory.
///
/// # Safety
/// The memory comes from [`take`] with the same number of words, and nothing uses it any more.
pub(super) unsafe fn give_back(start: NonNull<u64>, words: usize) {
    let Some(size) = size_of_block(words) else {
        // SAFETY: the caller gives up this mapping. If unmapping fails, the address space is lost and nothing else.
        let _ = unsafe { munmap(start.as_ptr().cast(), words * 8) };
        return;
    };
    if blocks().keep(size, Start(start)) {
        return;
    }
    // SAFETY: the caller gives up the block, whose contents are undefined from now on.
    let _ = unsafe { madvise(start.as_ptr().cast(), block_words(size) * 8, GIVE_BACK) };
    blocks().empty[size].push(Start(start));
}

/// Returns the number of the smallest size of blocks that has room for this number of words. Returns none if no block has.
fn size_of_block(words: usize) -> Option<usize> {
    (0..SIZES).find(|size| words <= block_words(*size))
}

fn block_words(size: usize) -> usize {
    MAPPED_WORDS_MIN << size
}

fn map(words: usize) -> Option<NonNull<u64>> {
    let bytes = words.checked_mul(8)?;
    let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE);
    // SAFETY: a new mapping at an address that the operating system chooses overlaps with no other memory.
    let start = unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, access, flags) };
    NonNull::new(start.ok()?.cast())
}

fn blocks() -> MutexGuard<'static, Blocks> {
    // A panic under this lock leaves the lists as they were.
    BLOCKS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Blocks {
    fn take(&mut self, size: usize) -> Option<Start> {
        // The last one is most likely to be in the cache.
        if let Some(block) = self.kept[size].pop() {
            self.kept_bytes -= block_words(size) * 8;
            return Some(block);
        }
        self.empty[size].pop().or_else(|| self.take_new(block_words(size)))
    }

    /// Takes a block that was never used.
    fn take_new(&mut self, words: usize) -> Option<Start> {
        if self.rest_words < words {
            self.rest = Some(Start(map(REGION_WORDS)?));
            self.rest_words = REGION_WORDS;
        }
        let Start(start) = self.rest.take()?;
        // SAFETY: the rest has at least this number of words.
        self.rest = Some(Start(unsafe { start.add(words) }));
        self.rest_words -= words;
        Some(Start(start))
    }

    /// Adds a free block with its pages, if there is room for them.
    fn keep(&mut self, size: usize, block: Start) -> bool {
        let bytes = block_words(size) * 8;
        let has_room = self.kept_bytes + bytes <= KEPT_BYTES_MAX;
        if has_room {
            self.kept_bytes += bytes;
            self.kept[size].push(block);
        }
        has_room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes regions of this number of words, writes to their ends, and frees them.
    fn use_regions(count: usize, words: usize) {
        let regions: Vec<_> = (0..count).map(|_| take(words).expect("there is memory")).collect();
        for (number, start) in regions.iter().enumerate() {
            // SAFETY: the region has this number of words.
            unsafe {
                start.as_ptr().write(number as u64);
                start.as_ptr().add(words - 1).write(number as u64);
            }
        }
        for (number, start) in regions.into_iter().enumerate() {
            // SAFETY: written above.
            assert_eq!(unsafe { start.as_ptr().read() }, number as u64);
            // SAFETY: taken above, and not used below.
            unsafe { give_back(start, words) };
        }
    }

    #[test]
    fn kept_pages_are_bounded_and_blocks_are_used_again() {
        for words in [MAPPED_WORDS_MIN, 20_000, BLOCK_WORDS_MAX, BLOCK_WORDS_MAX + 1] {
            use_regions(100, words);
            assert!(blocks().kept_bytes <= KEPT_BYTES_MAX);
        }
        let size = size_of_block(20_000).expect("a block has room");
        assert_eq!(block_words(size), 32 * 1024);
        let mut blocks = Blocks {
            kept: Default::default(),
            kept_bytes: 0,
            empty: Default::default(),
            rest: None,
            rest_words: 0,
        };
        let first = blocks.take(size).expect("there is memory");
        let address = first.0;
        assert!(blocks.keep(size, first));
        assert_eq!(blocks.kept_bytes, 256 << 10);
        assert_eq!(blocks.take(size).expect("it is there").0, address);
        assert_eq!(blocks.kept_bytes, 0);
        assert_ne!(blocks.take(size).expect("there is memory").0, address);
        assert!(take(usize::MAX / 4).is_none());
    }
}
