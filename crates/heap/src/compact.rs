//! Compaction of the heap of a process that waits.
//!
//! After its start, and after work, a process holds garbage, and room for more objects and tasks than it has. A process
//! that then waits for a long time does not need this memory. Its live objects are moved into one chunk of their size,
//! and the rest is freed, the young chunk too: the next allocation makes a new one. Stacks of tasks stay as they are.

use super::chunk::Chunk;
use super::{FULL_THRESHOLD_MIN, Heap, OutOfMemory, YOUNG_WORDS_MIN};

impl Heap {
    /// Collects garbage and frees the room that live objects and tasks do not need, unless the heap holds more than 64 KiB: then
    /// it would take long. No code may run in a task.
    ///
    /// # Errors
    /// If the system has no memory left: see [`Heap::collect`].
    pub fn compact(&mut self) -> Result<(), OutOfMemory> {
        if self.old_words + self.young.used > FULL_THRESHOLD_MIN {
            return Ok(());
        }
        self.collect(true)?;
        let live = self.old_chunk_words();
        let has_free_room = self.old.iter().map(Chunk::words).sum::<usize>() > live;
        if has_free_room && let Some(room) = Chunk::new(live) {
            self.collect_into(true, vec![room])?;
        }
        self.young = Chunk::EMPTY;
        self.stacks.free_spare();
        self.roots.shrink_to_fit();
        self.free_roots.shrink_to_fit();
        self.kept.shrink_to_fit();
        self.remembered.shrink_to_fit();
        self.settle_charge();
        Ok(())
    }

    /// Makes the young chunk of a heap that was compacted.
    pub(super) fn restore_young(&mut self) -> Result<(), OutOfMemory> {
        self.young = Chunk::new(YOUNG_WORDS_MIN).ok_or(OutOfMemory)?;
        self.settle_charge();
        Ok(())
    }
}
