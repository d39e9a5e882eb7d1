//! Chunks: the memory of objects. Small chunks come from the allocator, large ones from the operating system (see
//! `mapped`).

use std::alloc::{self, Layout};
use std::ptr::NonNull;

use super::mapped::{self, MAPPED_WORDS_MIN};

/// A run of words, freed when dropped. Objects fill it from the bottom. Machine code reads the first three fields of the young
/// chunk, and takes words from it: see `layout`.
#[repr(C)]
pub(super) struct Chunk {
    pub(super) start: NonNull<u64>,
    pub(super) words: usize,
    /// The number of words that hold objects.
    pub(super) used: usize,
    /// The number of these words that the current collection has scanned.
    pub(super) scanned: usize,
}

// SAFETY: a chunk owns its memory and has no ties to a thread.
unsafe impl Send for Chunk {}

impl Chunk {
    /// A chunk without memory.
    pub(super) const EMPTY: Chunk = Chunk { start: NonNull::dangling(), words: 0, used: 0, scanned: 0 };

    /// Allocates a chunk, its contents undefined. Returns none if the system has no memory left.
    pub(super) fn new(words: usize) -> Option<Chunk> {
        if words == 0 {
            return Some(Chunk::EMPTY);
        }
        let layout = Layout::array::<u64>(words).ok()?;
        let start = if words >= MAPPED_WORDS_MIN {
            mapped::take(words)?
        } else {
            // SAFETY: the layout has at least one word.
            NonNull::new(unsafe { alloc::alloc(layout) }.cast::<u64>())?
        };
        Some(Chunk { start, words, used: 0, scanned: 0 })
    }

    pub(super) fn start(&self) -> *mut u64 {
        self.start.as_ptr()
    }

    pub(super) fn words(&self) -> usize {
        self.words
    }

    /// Takes the next words, if there is room.
    #[inline(always)]
    pub(super) fn take(&mut self, words: usize) -> Option<*mut u64> {
        if words > self.words - self.used {
            return None;
        }
        // SAFETY: used + words is within the chunk.
        let address = unsafe { self.start.as_ptr().add(self.used) };
        self.used += words;
        Some(address)
    }

    /// Returns whether an address lies in this chunk.
    #[inline(always)]
    pub(super) fn contains(&self, address: *mut u64) -> bool {
        (address as usize).wrapping_sub(self.start.as_ptr() as usize) < self.words * 8
    }

    /// Fills the chunk with a pattern that makes uses of freed objects fail.
    pub(super) fn poison(&mut self) {
        // SAFETY: the chunk owns all its words. The pattern is a reference to an address that no
        // process has, so that a stale use crashes or fails a check instead of passing.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.words) }
            .fill(0xdead_dead_dead_dea9);
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if self.words == 0 {
            return;
        }
        if self.words >= MAPPED_WORDS_MIN {
            // SAFETY: taken with this number of words in `new`.
            unsafe { mapped::give_back(self.start, self.words) };
        } else if let Ok(layout) = Layout::array::<u64>(self.words) {
            // SAFETY: allocated with this layout in `new`.
            unsafe { alloc::dealloc(self.start.as_ptr().cast(), layout) };
        }
    }
}
