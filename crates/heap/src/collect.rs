//! The collector: minor and full collections by copying.
//!
//! Both work in the same way. They differ in their *from-space*, the chunks that they free: the young chunk alone, or
//! the young and all old chunks. Reached objects are copied to new room in the old chunks, or marked if they are large;
//! copies and marked objects are scanned in turn (Cheney's algorithm, 1970) until none is left. Then, in this order:
//!
//! 1. the finalizers of objects that have not been reached become due; their lambdas are copied after all;
//! 2. weak arrays, in a full collection: elements that have not been reached become null;
//! 3. the contents of external objects that have not been reached are taken out of their table;
//! 4. from-space is freed, and those contents are dropped when the heap is complete again.

use super::chunk::Chunk;
use super::external::Content;
use super::object::{Format, Header, LARGE, MARKED, PERMANENT, REMEMBERED};
use super::{Finalizer, Heap, OLD_WORDS_MAX, OLD_WORDS_MIN, OutOfMemory, Word};

/// In stress mode one collection in this many is a full one.
const STRESS_FULL_INTERVAL: u32 = 4;

impl Heap {
    /// Collects the garbage among the young objects, or all garbage if `full` is set or a full collection is due.
    ///
    /// # Errors
    /// If the system has no memory left for the live objects. The heap is then broken: it forgets all references.
    pub fn collect(&mut self, full: bool) -> Result<(), OutOfMemory> {
        self.collect_into(full, Vec::new())
    }

    /// Collects garbage. A full collection moves the live objects to `room` first.
    pub(super) fn collect_into(&mut self, full: bool, room: Vec<Chunk>) -> Result<(), OutOfMemory> {
        if self.is_broken {
            return Err(OutOfMemory);
        }
        let full = full || self.old_words >= self.full_threshold;
        if full {
            self.before_work(self.old_words * 8);
        }
        let before_words = self.old_chunk_words();
        if let Some((stack, top)) = self.current {
            self.stacks.get_mut(stack).set_top(top);
        }
        self.statistics.allocated_bytes += self.young.used as u64 * 8;
        let young = std::mem::replace(&mut self.young, Chunk::EMPTY);
        let from = if full { std::mem::replace(&mut self.old, room) } else { Vec::new() };
        for chunk in &mut self.old {
            chunk.scanned = chunk.used;
        }
        // Until the collection is complete, references may lead to from-space or to copies.
        self.is_broken = true;
        let mut collection = Collection { heap: self, young, from, full, gray: Vec::new(), weak: Vec::new() };
        if let Err(OutOfMemory) = collection.trace() {
            // From-space is freed when this returns.
            collection.heap.forget_references();
            return Err(OutOfMemory);
        }
        let garbage = collection.finish();
        self.is_broken = false;
        let copied_words =
            if full { self.old_words } else { self.old_chunk_words().saturating_sub(before_words) };
        // Each collection goes through all of these tables.
        self.work_bytes += copied_words * 8 + self.externals.table_bytes() + self.stacks.bytes();
        self.settle_charge();
        drop(garbage);
        Ok(())
    }

    pub(super) fn old_chunk_words(&self) -> usize {
        self.old.iter().map(|chunk| chunk.used).sum()
    }

    /// Sets to null all references that code outside of the collector can reach, and makes allocations fail. Other
    /// words stay: stacks hold return addresses.
    fn forget_references(&mut self) {
        let forget = |word: &mut Word| {
            if word.is_pointer() {
                *word = Word::NULL;
            }
        };
        for list in [&mut self.globals, &mut self.roots, &mut self.kept] {
            list.iter_mut().for_each(forget);
        }
        for stack in self.stacks.iter_mut() {
            let (live, dead) = stack.split();
            live.iter_mut().chain(dead).for_each(forget);
        }
        self.task = Word::NULL;
        self.out_of_memory = Word::NULL;
        self.due.clear();
        self.finalizers.clear();
        self.remembered.clear();
        self.young.used = self.young.words();
    }

    /// Leaves the heap in the state in which a failed collection leaves it.
    #[cfg(test)]
    pub(super) fn break_for_test(&mut self) {
        self.is_broken = true;
        self.forget_references();
    }

    pub(super) fn collect_for_stress(&mut self) -> Result<(), OutOfMemory> {
        self.stress_count = self.stress_count.wrapping_add(1);
        self.collect(self.stress_count.is_multiple_of(STRESS_FULL_INTERVAL))
    }
}

/// Takes room for an object in the old chunks, with a new chunk if the last one is full.
pub(super) fn take_old(old: &mut Vec<Chunk>, size: usize) -> Option<*mut u64> {
    if let Some(address) = old.last_mut().and_then(|chunk| chunk.take(size)) {
        return Some(address);
    }
    let words = old.last().map_or(OLD_WORDS_MIN, |chunk| (chunk.words() * 2).min(OLD_WORDS_MAX)).max(size);
    let mut chunk = Chunk::new(words)?;
    let address = chunk.take(size);
    old.push(chunk);
    address
}

struct Collection<'h> {
    heap: &'h mut Heap,
    young: Chunk,
    /// The old chunks, if they are collected too.
    from: Vec<Chunk>,
    full: bool,
    /// Large objects that have been reached but not scanned.
    gray: Vec<Word>,
    /// Weak arrays that have been reached.
    weak: Vec<Word>,
}

impl Collection<'_> {
    fn trace(&mut self) -> Result<(), OutOfMemory> {
        self.trace_roots()?;
        self.trace_finalizers()?;
        self.clear_weak();
        Ok(())
    }

    fn trace_roots(&mut self) -> Result<(), OutOfMemory> {
        let mut globals = std::mem::take(&mut self.heap.globals);
        let mut roots = std::mem::take(&mut self.heap.roots);
        let mut kept = std::mem::take(&mut self.heap.kept);
        let mut due = std::mem::take(&mut self.heap.due);
        let mut stacks = std::mem::take(&mut self.heap.stacks);
        let mut single = [self.heap.task, self.heap.out_of_memory];
        let lists = [&mut globals[..], &mut roots, &mut kept, &mut due, &mut single];
        let traced = lists.into_iter().try_for_each(|words| self.visit_all(words)).and_then(|()| {
            stacks.iter_mut().try_for_each(|stack| {
                let (live, dead) = stack.split();
                dead.fill(Word::NULL);
                self.visit_all(live)
            })
        });
        self.heap.globals = globals;
        self.heap.roots = roots;
        self.heap.kept = kept;
        self.heap.due = due;
        self.heap.stacks = stacks;
        [self.heap.task, self.heap.out_of_memory] = single;
        traced?;
        self.trace_remembered()?;
        self.trace_copies()
    }

    /// Traces old objects that were written to since the last collection. A full collection reaches them by itself,
    /// if they are alive.
    fn trace_remembered(&mut self) -> Result<(), OutOfMemory> {
        for object in std::mem::take(&mut self.heap.remembered) {
            // SAFETY: the remembered set holds old objects; none has been freed since the last
            // collection, which emptied the set. If this collection has already moved the object,
            // the flag is cleared in the copy.
            unsafe {
                let header = Header(*object.address());
                if header.forwarded().is_some() {
                    continue;
                }
                *object.address() = header.0 & !REMEMBERED;
            }
            if !self.full {
                self.scan(object)?;
            }
        }
        Ok(())
    }

    fn visit_all(&mut self, words: &mut [Word]) -> Result<(), OutOfMemory> {
        for word in words {
            *word = self.visit(*word)?;
        }
        Ok(())
    }

    /// Returns the word that replaces `word` after this collection: a reference to the copy, if the object is copied.
    /// Copies or marks the object if that has not been done.
    #[inline]
    fn visit(&mut self, word: Word) -> Result<Word, OutOfMemory> {
        if !word.is_pointer() || (!self.full && !self.young.contains(word.address())) {
            return Ok(word);
        }
        // SAFETY: roots and reached objects hold references to objects that were alive at the last
        // collection or made since, so their memory is intact.
        let header = Header(unsafe { *word.address() });
        if let Some(moved) = header.forwarded() {
            return Ok(moved);
        }
        if header.has(PERMANENT) {
            return Ok(word);
        }
        if header.has(LARGE) {
            if !header.has(MARKED) {
                // SAFETY: as above.
                unsafe { *word.address() = header.0 | MARKED };
                self.gray.push(word);
            }
            return Ok(word);
        }
        self.copy(word, header)
    }

    fn copy(&mut self, word: Word, header: Header) -> Result<Word, OutOfMemory> {
        let size = header.size_words();
        let address = take_old(&mut self.heap.old, size).ok_or(OutOfMemory)?;
        // SAFETY: the object has `size` words, and as many have been taken at the new address. The
        // old header is replaced by the address of the copy, whose lowest bit is 0.
        unsafe {
            std::ptr::copy_nonoverlapping(word.address(), address, size);
            *address = header.0 & !REMEMBERED;
            *word.address() = address as u64;
        }
        Ok(Word::pointer(address))
    }

    /// Scans copies, and large objects that were reached, until none is left.
    fn trace_copies(&mut self) -> Result<(), OutOfMemory> {
        let mut chunk = 0;
        loop {
            while chunk < self.heap.old.len() {
                self.scan_chunk(chunk)?;
                chunk += 1;
            }
            // Scanning may have added to the last chunk, or found a large object.
            chunk -= usize::from(chunk > 0);
            let last_is_scanned = self.heap.old.get(chunk).is_none_or(|last| last.scanned == last.used);
            match self.gray.pop() {
                Some(object) => self.scan(object)?,
                None if last_is_scanned => return Ok(()),
                None => {}
            }
        }
    }

    fn scan_chunk(&mut self, index: usize) -> Result<(), OutOfMemory> {
        loop {
            let chunk = &mut self.heap.old[index];
            if chunk.scanned == chunk.used {
                return Ok(());
            }
            // SAFETY: chunks are filled with objects without gaps, and `scanned` is at the start
            // of one.
            let address = unsafe { chunk.start().add(chunk.scanned) };
            // SAFETY: as above.
            chunk.scanned += Header(unsafe { *address }).size_words();
            self.scan(Word::pointer(address))?;
        }
    }

    /// Updates the references that an object holds.
    fn scan(&mut self, object: Word) -> Result<(), OutOfMemory> {
        // SAFETY: the object is alive and not in from-space.
        let header = Header(unsafe { *object.address() });
        match header.format() {
            // Only full collections clear weak references; minor ones trace them.
            Format::Weak if self.full => self.weak.push(object),
            Format::Words | Format::Weak => {
                for index in 1..=header.length() {
                    // SAFETY: the header says how many words there are.
                    let slot = unsafe { object.address().add(index) };
                    // SAFETY: as above; `visit` may copy other objects but not write to this one.
                    unsafe { *slot = self.visit(Word(*slot))?.0 };
                }
            }
            Format::Bytes | Format::Text | Format::External => {}
        }
        Ok(())
    }

    /// Traces the lambdas of finalizers whose object is alive. The other finalizers are due.
    fn trace_finalizers(&mut self) -> Result<(), OutOfMemory> {
        let mut waiting = std::mem::take(&mut self.heap.finalizers);
        let mut alive: Vec<Finalizer> = Vec::with_capacity(waiting.len());
        loop {
            let before = waiting.len();
            for finalizer in std::mem::take(&mut waiting) {
                match self.reached(finalizer.object) {
                    Some(object) => {
                        let lambda = self.visit(finalizer.lambda)?;
                        alive.push(Finalizer { object, lambda });
                    }
                    None => waiting.push(finalizer),
                }
            }
            // A lambda may refer to an object that has a finalizer itself.
            self.trace_copies()?;
            if waiting.len() == before {
                break;
            }
        }
        for finalizer in waiting {
            let lambda = self.visit(finalizer.lambda)?;
            self.heap.due.push(lambda);
        }
        self.heap.finalizers = alive;
        self.trace_copies()
    }

    /// Returns the word that refers to an object now, if the object has been reached or this collection does not
    /// examine it; none otherwise.
    fn reached(&self, word: Word) -> Option<Word> {
        if !word.is_pointer() || (!self.full && !self.young.contains(word.address())) {
            return Some(word);
        }
        // SAFETY: from-space has not been freed yet.
        let header = Header(unsafe { *word.address() });
        if let Some(moved) = header.forwarded() {
            return Some(moved);
        }
        let stays = header.has(PERMANENT) || header.has(MARKED) || !self.in_from_space(word, header);
        stays.then_some(word)
    }

    /// Returns whether this collection frees the object, which has been neither moved nor marked.
    fn in_from_space(&self, word: Word, header: Header) -> bool {
        if header.has(LARGE) {
            return self.full;
        }
        self.young.contains(word.address()) || self.from.iter().any(|chunk| chunk.contains(word.address()))
    }

    fn clear_weak(&mut self) {
        for array in std::mem::take(&mut self.weak) {
            // SAFETY: the array has been reached, so it is not in from-space.
            let length = Header(unsafe { *array.address() }).length();
            for index in 1..=length {
                // SAFETY: the header says how many words there are.
                let slot = unsafe { &mut *array.address().add(index) };
                *slot = self.reached(Word(*slot)).unwrap_or(Word::NULL).0;
            }
        }
    }

    /// Frees from-space. Returns the contents of external objects that have been collected.
    fn finish(self) -> Vec<Content> {
        let Collection { heap, mut young, mut from, full, .. } = self;
        let stress = heap.options.stress;
        let garbage = heap.externals.sweep(|word| {
            // SAFETY: neither from-space nor large objects have been freed yet.
            let header = Header(unsafe { *word.address() });
            match header.forwarded() {
                Some(moved) => Some(moved),
                None if young.contains(word.address()) || full => None,
                None => Some(word),
            }
        });
        if full {
            heap.large.retain_mut(|chunk| {
                // SAFETY: the chunk starts with its one object.
                let header = unsafe { &mut *chunk.start() };
                let marked = Header(*header).has(MARKED);
                *header &= !MARKED;
                marked
            });
            heap.statistics.full_collections += 1;
        } else {
            heap.statistics.minor_collections += 1;
            for object in &heap.large {
                // A minor collection never marks: large objects are not in the young chunk.
                debug_assert!(
                    !Header(
                        // SAFETY: the chunk starts with its one object.
                        unsafe { *object.start() }
                    )
                    .has(MARKED)
                );
            }
        }
        heap.old_words = heap.old_chunk_words() + heap.large.iter().map(Chunk::words).sum::<usize>();
        if full {
            heap.full_threshold = heap.next_full_threshold();
        }
        if stress {
            young.poison();
            from.iter_mut().for_each(Chunk::poison);
            heap.young = Chunk::new(young.words()).unwrap_or(young);
        } else {
            // The same memory is used again, as it is still in the cache.
            young.used = 0;
            heap.young = young;
        }
        garbage
    }
}
