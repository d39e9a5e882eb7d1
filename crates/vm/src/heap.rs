//! The heap of a process: objects, stacks and all other roots, and the collector.
//!
//! **Borrowing.** A reference outside this module is a [`Ref`] that borrows the heap; whatever may
//! allocate takes `&mut Heap`. So the borrow checker refuses a reference that a collection could
//! have made stale. What must survive goes into a register of a frame, a scoped root
//! ([`Heap::keep`]) or a permanent one ([`Heap::root`]). The interpreter alone works on raw words,
//! all of which are in registers.
//!
//! **Generations.** Objects are born in one young chunk. A minor collection moves what is alive to
//! the old chunks; old objects that refer to young ones are in the remembered set, which
//! `Heap::record_write` keeps. A full collection moves everything. Objects beyond
//! `LARGE_WORDS` have a chunk of their own and are never moved.
//!
//! **Registers.** Words of a stack below its top are roots. A call clears the callee's registers, so
//! that nothing seems alive that an earlier call has left there. But when it returns, what it has
//! left may lie among the registers of the caller; so a collection overwrites all words above the
//! top with null. Whatever a register holds was thus written after the last collection, or updated
//! by it.

mod account;
mod chunk;
mod collect;
mod external;
mod histogram;
mod image;
mod object;
mod reference;
mod stack;
#[cfg(test)]
mod tests;
mod text;
mod word;

use std::sync::Arc;

use lucarne_compiler::program::{Builtins, ClassIndex};
use thiserror::Error;

use account::Charge;
pub use account::MemoryAccount;
use chunk::Chunk;
use external::Externals;
pub use image::{Callee, Image};
pub use object::{CLASS_LIMIT, Format};
use object::{Header, LARGE, PERMANENT, REMEMBERED, size_words};
pub use reference::{Kept, Ref, Root};
pub use stack::{FRAME_WORDS, Stack, StackId, Stacks};
pub use text::NewString;
pub use word::Word;

/// A process has used up what it may have, or the system has no memory left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("OUT_OF_MEMORY")]
pub struct OutOfMemory;

/// Objects above this size (16 KiB) get a chunk of their own: copying them would cost more than
/// what is lost at a chunk's end.
const LARGE_WORDS: usize = 2048;
/// The young chunk of a new process: 1 KiB, so that an idle process costs little.
const YOUNG_WORDS_MIN: usize = 128;
/// The young chunk of a busy process: 512 KiB, which stays in the second-level cache.
const YOUNG_WORDS_MAX: usize = 64 * 1024;
/// The first old chunk of a process: 1 KiB; each further one is twice as large.
const OLD_WORDS_MIN: usize = 128;
/// The largest regular old chunk: 256 KiB.
const OLD_WORDS_MAX: usize = 32 * 1024;
/// A full collection is not worth its while below this many old words (64 KiB).
const FULL_THRESHOLD_MIN: usize = 8 * 1024;
/// How far the old objects may grow from one full collection to the next, in percent: at least
/// this, since a collection takes time in proportion to what is alive.
const GROWTH_PERCENT_MIN: usize = 20;
/// The same, if nobody has chosen.
const GROWTH_PERCENT_DEFAULT: usize = 100;
/// What a process may use unless its creator says otherwise, in bytes.
pub const DEFAULT_LIMIT_BYTES: usize = 512 << 20;

/// What a heap is made with.
#[derive(Clone, Copy, Debug)]
pub struct HeapOptions {
    /// The most that objects, buffers and stacks may take together, in bytes.
    pub limit_bytes: usize,
    /// Whether to collect at each allocation and to poison what is freed.
    pub stress: bool,
    /// What the hash codes of keys vary with.
    pub hash_seed: u64,
}

impl Default for HeapOptions {
    fn default() -> Self {
        HeapOptions { limit_bytes: DEFAULT_LIMIT_BYTES, stress: false, hash_seed: 0 }
    }
}

/// Figures of a heap's life.
#[derive(Clone, Copy, Default, Debug)]
pub struct HeapStatistics {
    /// How many minor collections there were.
    pub minor_collections: u64,
    /// How many full collections there were.
    pub full_collections: u64,
    /// The bytes allocated so far, collected ones included.
    pub allocated_bytes: u64,
}

/// The heap of one process.
pub struct Heap {
    young: Chunk,
    old: Vec<Chunk>,
    large: Vec<Chunk>,
    /// Words in old chunks and large objects.
    old_words: usize,
    /// A full collection is due when `old_words` reaches this.
    full_threshold: usize,
    growth_percent: usize,
    /// Old objects that may refer to young ones.
    remembered: Vec<Word>,
    externals: Externals,
    finalizers: Vec<Finalizer>,
    /// Lambdas of finalizers whose object is gone, to be run. Roots.
    due: Vec<Word>,
    globals: Vec<Word>,
    /// An exception made in good time, for when there is no memory to make one.
    out_of_memory: Word,
    roots: Vec<Word>,
    free_roots: Vec<u32>,
    kept: Vec<Word>,
    stacks: Stacks,
    /// The `Task_` of the running task.
    task: Word,
    /// Whether a global that others may wait for has got its value.
    has_settled_global: bool,
    /// The stack that the interpreter is on, and how far it is used.
    current: Option<(StackId, usize)>,
    image: Arc<Image>,
    options: HeapOptions,
    charge: Charge,
    statistics: HeapStatistics,
    stress_count: u32,
    /// A collection has failed half-way: the system had no memory left.
    is_broken: bool,
}

/// A lambda to run once an object is gone. The lambda may refer to the object: it keeps it alive
/// only until it has run.
struct Finalizer {
    object: Word,
    lambda: Word,
}

impl Heap {
    /// Makes an empty heap for a program.
    ///
    /// # Errors
    /// If the system has no memory left.
    pub fn new(image: Arc<Image>, options: HeapOptions) -> Result<Heap, OutOfMemory> {
        let globals = image.initial_globals();
        let mut heap = Heap {
            young: Chunk::new(YOUNG_WORDS_MIN).ok_or(OutOfMemory)?,
            old: Vec::new(),
            large: Vec::new(),
            old_words: 0,
            full_threshold: FULL_THRESHOLD_MIN,
            growth_percent: GROWTH_PERCENT_DEFAULT,
            remembered: Vec::new(),
            externals: Externals::default(),
            finalizers: Vec::new(),
            due: Vec::new(),
            globals,
            out_of_memory: Word::NULL,
            roots: Vec::new(),
            free_roots: Vec::new(),
            kept: Vec::new(),
            stacks: Stacks::default(),
            task: Word::NULL,
            has_settled_global: false,
            current: None,
            image,
            options,
            charge: Charge::default(),
            statistics: HeapStatistics::default(),
            stress_count: 0,
            is_broken: false,
        };
        let value = heap.new_string("OUT_OF_MEMORY")?.word();
        let value = heap.keep(value);
        let exception = heap.new_instance(heap.builtins().exception)?.word();
        let value = heap.kept(value).word();
        heap.end_scope(0);
        heap.set_field(exception, 0, value);
        heap.out_of_memory = exception;
        Ok(heap)
    }

    /// The exception that says that memory is short; null if the heap is broken.
    pub(crate) fn out_of_memory_exception(&self) -> Word {
        if self.is_broken { Word::NULL } else { self.out_of_memory }
    }

    /// The program's permanent objects.
    pub fn image(&self) -> &Arc<Image> {
        &self.image
    }

    /// The classes that the machine knows.
    #[inline(always)]
    pub fn builtins(&self) -> &Builtins {
        &self.image.program().builtins
    }

    /// The bytes that objects, buffers and stacks take now, free room in chunks included.
    pub fn used_bytes(&self) -> usize {
        let chunks = self.old.iter().chain(&self.large).map(Chunk::words).sum::<usize>() + self.young.words();
        chunks * 8 + self.externals.bytes() + self.stacks.bytes() + self.globals.len() * 8
    }

    /// The most that this heap may use, in bytes.
    pub fn limit_bytes(&self) -> usize {
        self.options.limit_bytes
    }

    /// What the hash codes of keys vary with.
    #[inline(always)]
    pub(crate) fn hash_seed(&self) -> u64 {
        self.options.hash_seed
    }

    /// Changes what this heap may use. It takes effect at the next growth.
    pub fn set_limit_bytes(&mut self, bytes: usize) {
        self.options.limit_bytes = bytes;
    }

    /// From now on what this heap uses is charged to an account, besides its own limit.
    pub(crate) fn charge_to(&mut self, account: Arc<MemoryAccount>) {
        self.charge = Charge::on(account);
        self.charge.settle(self.used_bytes());
    }

    /// Tells the account what is used now.
    pub(crate) fn settle_charge(&mut self) {
        if self.charge.is_on_account() {
            self.charge.settle(self.used_bytes());
        }
    }

    /// Chooses between little memory (0) and little time (100), from the next full collection on.
    pub(crate) fn set_growth_percent(&mut self, percent: usize) {
        self.growth_percent = percent.max(GROWTH_PERCENT_MIN);
    }

    fn next_full_threshold(&self) -> usize {
        (self.old_words + self.old_words * self.growth_percent / 100).max(FULL_THRESHOLD_MIN)
    }

    /// Figures of this heap's life.
    pub fn statistics(&self) -> HeapStatistics {
        HeapStatistics {
            allocated_bytes: self.statistics.allocated_bytes + self.young.used as u64 * 8,
            ..self.statistics
        }
    }

    // ------------------------------------------------------------------ allocation

    /// Allocates an object whose words are null or whose bytes are zero.
    #[inline(always)]
    pub(crate) fn allocate(
        &mut self,
        class: ClassIndex,
        format: Format,
        length: usize,
    ) -> Result<Word, OutOfMemory> {
        let size = size_words(format, length);
        let address = if self.options.stress {
            None
        } else if size <= YOUNG_WORDS_MIN {
            self.young.take(size)
        } else {
            None
        };
        match address {
            Some(address) => Ok(initialize(address, class, format, length, 0)),
            None => self.allocate_slowly(class, format, length),
        }
    }

    #[cold]
    #[inline(never)]
    fn allocate_slowly(
        &mut self,
        class: ClassIndex,
        format: Format,
        length: usize,
    ) -> Result<Word, OutOfMemory> {
        if length > u32::MAX as usize {
            return Err(OutOfMemory);
        }
        let size = size_words(format, length);
        if self.options.stress {
            self.collect_for_stress()?;
        }
        if size > YOUNG_WORDS_MIN && size > self.young.words() / 4 {
            return self.allocate_old(class, format, length, size);
        }
        if let Some(address) = self.young.take(size) {
            return Ok(initialize(address, class, format, length, 0));
        }
        self.collect(false)?;
        self.reserve(0)?;
        self.grow_young(size)?;
        let address = self.young.take(size).ok_or(OutOfMemory)?;
        Ok(initialize(address, class, format, length, 0))
    }

    /// Allocates an object that is too large for the young chunk.
    fn allocate_old(
        &mut self,
        class: ClassIndex,
        format: Format,
        length: usize,
        size: usize,
    ) -> Result<Word, OutOfMemory> {
        if self.old_words + size > self.full_threshold {
            self.collect(true)?;
        }
        self.reserve(size * 8)?;
        self.statistics.allocated_bytes += size as u64 * 8;
        self.old_words += size;
        if size > LARGE_WORDS {
            let mut chunk = Chunk::new(size).ok_or(OutOfMemory)?;
            let address = chunk.take(size).ok_or(OutOfMemory)?;
            self.large.push(chunk);
            return Ok(initialize(address, class, format, length, LARGE));
        }
        let address = collect::take_old(&mut self.old, size).ok_or(OutOfMemory)?;
        Ok(initialize(address, class, format, length, 0))
    }

    /// Makes sure that `bytes` more are within the limit, after a full collection if need be.
    pub(crate) fn reserve(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        if self.has_room_for(bytes) {
            return Ok(());
        }
        self.collect(true)?;
        if self.has_room_for(bytes) { Ok(()) } else { Err(OutOfMemory) }
    }

    fn has_room_for(&mut self, bytes: usize) -> bool {
        let total = self.used_bytes().saturating_add(bytes);
        total <= self.options.limit_bytes && self.charge.try_set(total)
    }

    /// A process that fills its young chunk gets a larger one, up to what the cache holds.
    fn grow_young(&mut self, size: usize) -> Result<(), OutOfMemory> {
        let words = (self.young.words() * 2).max(size).min(YOUNG_WORDS_MAX);
        if words <= self.young.words() {
            return Ok(());
        }
        debug_assert!(self.young.used == 0);
        if self.reserve(words * 8).is_err() {
            return Ok(()); // The old chunk still serves.
        }
        self.young = Chunk::new(words).ok_or(OutOfMemory)?;
        Ok(())
    }

    /// Notes that `object` now refers to `value`. Must follow each store of a reference into an
    /// object that was not allocated just before.
    #[inline(always)]
    pub(crate) fn record_write(&mut self, object: Word, value: Word) {
        if value.is_pointer()
            && self.young.contains(value.address())
            && !self.young.contains(object.address())
        {
            self.remember(object);
        }
    }

    #[cold]
    fn remember(&mut self, object: Word) {
        // SAFETY: references in registers and objects are to live objects of this heap.
        unsafe {
            let header = Header(*object.address());
            if !header.has(REMEMBERED | PERMANENT) {
                *object.address() = header.0 | REMEMBERED;
                self.remembered.push(object);
            }
        }
    }

    // ------------------------------------------------------------------ objects

    /// The class of a value.
    #[inline(always)]
    pub(crate) fn class_of(&self, word: Word) -> ClassIndex {
        if word.is_pointer() { ClassIndex(header(word).class()) } else { self.class_of_immediate(word) }
    }

    #[inline(always)]
    fn class_of_immediate(&self, word: Word) -> ClassIndex {
        let builtins = self.builtins();
        if word.is_int() {
            builtins.int
        } else if word.is_float() {
            builtins.float
        } else if word == Word::TRUE {
            builtins.true_
        } else if word == Word::FALSE {
            builtins.false_
        } else {
            builtins.null
        }
    }

    /// The words of an object; none for immediates and objects of another format.
    #[inline(always)]
    pub(crate) fn words(&self, object: Word) -> &[Word] {
        if !object.is_pointer() || header(object).format() != Format::Words {
            return &[];
        }
        // SAFETY: the header says how many words follow it, and Word is a transparent u64. The
        // slice borrows the heap, so nothing moves or changes the object meanwhile.
        unsafe { std::slice::from_raw_parts(object.address().add(1).cast(), header(object).length()) }
    }

    /// The words of an object, to be written. References stored through it need
    /// [`Heap::record_write`].
    #[inline(always)]
    pub(crate) fn words_mut(&mut self, object: Word) -> &mut [Word] {
        if !object.is_pointer()
            || !matches!(header(object).format(), Format::Words | Format::Weak)
            || header(object).has(PERMANENT)
        {
            return &mut [];
        }
        // SAFETY: as in `words`; the slice borrows the heap mutably.
        unsafe { std::slice::from_raw_parts_mut(object.address().add(1).cast(), header(object).length()) }
    }

    /// The words of a weak array.
    pub(crate) fn weak_words(&self, object: Word) -> &[Word] {
        if !object.is_pointer() || header(object).format() != Format::Weak {
            return &[];
        }
        // SAFETY: as in `words`.
        unsafe { std::slice::from_raw_parts(object.address().add(1).cast(), header(object).length()) }
    }

    /// The raw bytes of a string, byte array or boxed number.
    pub(crate) fn raw_bytes(&self, object: Word) -> Option<&[u8]> {
        if !object.is_pointer() {
            return None;
        }
        match header(object).format() {
            // SAFETY: the header says how many bytes follow it.
            Format::Bytes => Some(unsafe {
                std::slice::from_raw_parts(object.address().add(1).cast(), header(object).length())
            }),
            // SAFETY: an external object has one word, which names what it owns.
            Format::External => Some(self.externals.bytes_of(unsafe { *object.address().add(1) })),
            _ => None,
        }
    }

    /// The raw bytes of a byte array, to be written. None for anything else, strings included.
    pub(crate) fn raw_bytes_mut(&mut self, object: Word) -> Option<&mut [u8]> {
        if self.class_of(object) != self.builtins().bytes {
            return None;
        }
        match header(object).format() {
            // SAFETY: as in `raw_bytes`; the slice borrows the heap mutably.
            Format::Bytes => Some(unsafe {
                std::slice::from_raw_parts_mut(object.address().add(1).cast(), header(object).length())
            }),
            // SAFETY: as in `raw_bytes`.
            Format::External => Some(self.externals.bytes_of_mut(unsafe { *object.address().add(1) })),
            _ => None,
        }
    }

    // ------------------------------------------------------------------ roots

    /// The value of a global, by its number; a mark if it has none yet.
    #[inline(always)]
    pub(crate) fn global(&self, index: usize) -> Word {
        self.globals[index]
    }

    /// Sets a global.
    #[inline(always)]
    pub(crate) fn set_global(&mut self, index: usize, value: Word) {
        self.has_settled_global |= self.globals[index] == Word::IN_PROGRESS;
        self.globals[index] = value;
    }

    /// Whether a global has got its value since this was last asked.
    pub(crate) fn take_settled_global(&mut self) -> bool {
        std::mem::take(&mut self.has_settled_global)
    }

    /// The `Task_` of the running task.
    #[inline(always)]
    pub fn current_task(&self) -> Ref<'_> {
        Ref::of(self.task)
    }

    /// Says which task runs.
    pub(crate) fn set_current_task(&mut self, task: Word) {
        self.task = task;
    }

    /// The stacks of the process's tasks.
    pub(crate) fn stacks(&self) -> &Stacks {
        &self.stacks
    }

    /// The stacks of the process's tasks.
    #[inline(always)]
    pub(crate) fn stacks_mut(&mut self) -> &mut Stacks {
        &mut self.stacks
    }

    /// Says how much of the running task's stack is in use. Must be right at each allocation.
    #[inline(always)]
    pub(crate) fn set_current(&mut self, stack: StackId, top: usize) {
        self.current = Some((stack, top));
    }

    /// No task runs now: all stacks know their tops themselves.
    pub(crate) fn leave_current(&mut self) {
        if let Some((stack, top)) = self.current.take() {
            self.stacks.get_mut(stack).set_top(top);
        }
    }

    /// Registers a lambda to be run once the object is gone.
    pub(crate) fn add_finalizer(&mut self, object: Word, lambda: Word) {
        self.finalizers.push(Finalizer { object, lambda });
    }

    /// Whether the object has a finalizer.
    pub(crate) fn has_finalizer(&self, object: Word) -> bool {
        self.finalizers.iter().any(|finalizer| finalizer.object == object)
    }

    /// Removes an object's finalizer; tells whether there was one.
    pub(crate) fn remove_finalizer(&mut self, object: Word) -> bool {
        // The newest are the likeliest to go: clients and proxies that close soon.
        match self.finalizers.iter().rposition(|finalizer| finalizer.object == object) {
            Some(index) => {
                self.finalizers.swap_remove(index);
                true
            }
            None => false,
        }
    }

    /// Takes the lambda of a finalizer that is to be run.
    pub(crate) fn take_due_finalizer(&mut self) -> Option<Word> {
        self.due.pop()
    }
}

/// The header of an object.
#[inline(always)]
fn header(object: Word) -> Header {
    debug_assert!(object.is_pointer());
    // SAFETY: a reference that code can hold is to a live object: see the module's first paragraph.
    Header(unsafe { *object.address() })
}

/// Writes the header and clears the contents of a new object.
#[inline(always)]
fn initialize(address: *mut u64, class: ClassIndex, format: Format, length: usize, flags: u64) -> Word {
    let size = size_words(format, length);
    let fill = if matches!(format, Format::Words | Format::Weak) { Word::NULL.0 } else { 0 };
    // SAFETY: the caller has taken `size` words at the address for this object.
    unsafe {
        *address = Header::new(class.0, format, length as u32, flags).0;
        for index in 1..size {
            *address.add(index) = fill;
        }
    }
    Word::pointer(address)
}
