//! The heap of a process: objects, stacks and all other roots, and the collector.
//!
//! **Borrowing.** A collection moves objects, and any allocation may collect. So a reference must not be used after the
//! next allocation, and the types of this crate let the compiler refuse it:
//!
//! - A [`Ref`] borrows the heap and comes only from a `&Heap`, or is a value without an object. Everything that may
//!   allocate takes `&mut Heap`, which cannot be borrowed while a `Ref`, or a slice or text that was read through one,
//!   is still used. A function that reads ties its result to both the heap and the `Ref`, so a `Ref` to an object of
//!   another heap keeps that heap borrowed as well.
//! - A [`RefMut`] is a value together with the exclusive borrow of its heap. Functions that make a value return it. It
//!   can be written, kept or stored, and offers nothing that allocates.
//! - Across allocations a value is held by a *handle* ([`Register`], [`Kept`], [`Root`], [`Field`], [`Immediate`]): a
//!   place that the collector updates, or a value that is never moved. Reading through a handle checks the place: a
//!   handle that is used with another heap, or after its place was given up, reads null or another live value. A value
//!   to be stored or kept is named by a handle ([`Value`], a sealed trait), never by a `Ref`, which might belong to
//!   another heap.
//! - A [`Word`] is only a number: no safe function reads the object that it refers to. The interpreter, which works on
//!   words, uses the `unsafe` functions of the module `raw`: [`Heap::at`], [`Heap::at_mut`], [`Heap::store`] and a few
//!   for roots, globals and stacks.
//!
//! **The header decides how an object is read.** An object's header says its format, its length and whether it is
//! UTF-8; its program's classes do not. So reading through a `Ref` to an object of another program may give the wrong
//! answer, but never reads memory outside of the object, nor text that is not UTF-8.
//!
//! **One rule is left to natives.** A native is safe code that gets a `&mut Heap` and returns a `Ref`. If it had a
//! second heap, it could exchange the two, or leak the second heap and return a `Ref` to an object of it. So natives
//! must not make heaps; a lint in their crate refuses it (`crates/natives/clippy.toml`).
//!
//! **Generations.** Small objects are allocated in the young chunk. A minor collection moves the live ones to the old
//! chunks; old objects that refer to young ones are in the remembered set, which `Heap::record_write` keeps. A full
//! collection moves the objects of the old chunks as well. Larger objects are allocated in the old chunks at once.
//! Objects of more than `LARGE_WORDS` words have a chunk of their own and are never moved.
//!
//! **Registers.** Words of a stack below its top are roots. A call clears the callee's registers, so that words of an
//! earlier call keep no object alive. When a call returns, its words may lie among the registers of the caller; so a
//! collection overwrites all words above the top with null. Thus each register's word was written after the last
//! collection, or updated by it.
//!
//! **Broken heaps.** If the system has no memory left in the middle of a collection, the heap forgets all references: each
//! handle reads null, and each allocation fails.

#![allow(unsafe_code, reason = "objects are laid out by hand; the rules are above")]

mod account;
mod chunk;
mod collect;
mod compact;
mod external;
mod handle;
mod histogram;
pub mod layout;
mod make;
mod mapped;
mod object;
mod owner;
mod program;
mod raw;
mod reference;
mod stack;
#[cfg(test)]
mod tests;
mod text;
mod word;

use std::sync::Arc;

use lucarne_compiler::program::{Builtins, ClassIndex, Program};
use thiserror::Error;

use account::Charge;
pub use account::MemoryAccount;
use chunk::Chunk;
use external::Externals;
pub use handle::{Field, Handle, Immediate, Kept, Register, Root, Scope, Value};
use object::{CLASS_LIMIT, Format, Header, LARGE, PERMANENT, REMEMBERED, size_words};
pub use owner::Lent;
pub use program::ProgramObjects;
pub use reference::{Ref, RefMut};
use stack::Stacks;
pub use stack::{FRAME_WORDS, Stack, StackId, StackOverflow};
pub use text::NewString;
pub use word::Word;

/// A process has reached its memory limit, or the system has no memory left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("OUT_OF_MEMORY")]
pub struct OutOfMemory;

/// Objects above this size (16 KiB) get a chunk of their own: copying them would cost more than
/// the room that is lost at a chunk's end.
const LARGE_WORDS: usize = 2048;
/// The size of the young chunk of a new process: 1 KiB, so that an idle process costs little.
const YOUNG_WORDS_MIN: usize = 128;
/// The maximum size of the young chunk: 512 KiB, which stays in the second-level cache.
const YOUNG_WORDS_MAX: usize = 64 * 1024;
/// The size of the first old chunk of a process: 1 KiB. Each further one is twice as large.
const OLD_WORDS_MIN: usize = 128;
/// The largest size of an old chunk, unless an object needs more: 256 KiB.
const OLD_WORDS_MAX: usize = 32 * 1024;
/// The number of old words (64 KiB) below which no full collection is due.
const FULL_THRESHOLD_MIN: usize = 8 * 1024;
/// The minimum growth of the old objects from one full collection to the next, in percent. A lower value would cost
/// much time, since a collection takes time in proportion to the live objects.
const GROWTH_PERCENT_MIN: usize = 20;
/// The growth of the old objects from one full collection to the next by default, in percent.
const GROWTH_PERCENT_DEFAULT: usize = 100;
/// The memory limit of a process by default, in bytes.
pub const DEFAULT_LIMIT_BYTES: usize = 512 << 20;

/// The options of a new heap.
#[derive(Clone, Copy, Debug)]
pub struct HeapOptions {
    /// The maximum number of bytes that objects, buffers and stacks may take together.
    pub limit_bytes: usize,
    /// Whether to collect at each allocation and to poison freed memory.
    pub stress: bool,
    /// The seed of the hash codes of keys.
    pub hash_seed: u64,
    /// The function to call before work on at least [`LONG_WORK_BYTES`] bytes, so that other processes do not wait for
    /// its end.
    pub before_long_work: fn(),
    /// The function to call before this process waits for a disk, so that other processes do not wait with it.
    pub before_waiting: fn(),
}

impl Default for HeapOptions {
    fn default() -> Self {
        HeapOptions {
            limit_bytes: DEFAULT_LIMIT_BYTES,
            stress: false,
            hash_seed: 0,
            before_long_work: || {},
            before_waiting: || {},
        }
    }
}

/// Work on at least this many bytes is announced as long. It takes a millisecond or more, while starting the
/// thread that then runs the other processes takes some tens of microseconds.
pub const LONG_WORK_BYTES: usize = 1 << 20;

/// The work of examining one finalizer, as the number of bytes that a collection handles in the same time.
const SEARCHED_BYTES: usize = 2;

/// A full collection is futile if it frees less than one byte in this many bytes of the heap.
const FUTILE_PART: usize = 50;

/// The numbers of collections and allocated bytes of a heap.
#[derive(Clone, Copy, Default, Debug)]
pub struct HeapStatistics {
    /// The number of minor collections so far.
    pub minor_collections: u64,
    /// The number of full collections so far.
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
    /// The lambdas of finalizers whose object has been collected, to be run. They are roots.
    due: Vec<Word>,
    globals: Vec<Word>,
    /// An exception that was made in advance, for a process that has no memory to make it.
    out_of_memory: Word,
    roots: Vec<Word>,
    free_roots: Vec<u32>,
    kept: Vec<Word>,
    stacks: Stacks,
    /// The `Task_` of the running task.
    task: Word,
    /// Whether a global whose initializer was running has been set since the last call of
    /// [`Heap::take_settled_global`]. Other tasks may wait for this.
    has_settled_global: bool,
    /// The stack of the running task, and the number of its words in use.
    current: Option<(StackId, usize)>,
    program: Arc<ProgramObjects>,
    options: HeapOptions,
    charge: Charge,
    statistics: HeapStatistics,
    stress_count: u32,
    /// The bytes that collections have worked on since the last call of [`Heap::take_work`].
    work_bytes: usize,
    /// See [`Heap::futile_collections`].
    futile_collections: u32,
    /// Whether a collection has failed before its end, because the system had no memory left. See the crate's
    /// documentation.
    is_broken: bool,
}

/// A lambda to run once an object has been collected. If the lambda refers to the object, the object stays in memory
/// until the lambda has run.
struct Finalizer {
    object: Word,
    lambda: Word,
}

impl Heap {
    /// Makes an empty heap for a program.
    ///
    /// # Errors
    /// If the system has no memory left.
    pub fn new(program: Arc<ProgramObjects>, options: HeapOptions) -> Result<Heap, OutOfMemory> {
        let globals = program.initial_globals();
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
            program,
            options,
            charge: Charge::default(),
            statistics: HeapStatistics::default(),
            stress_count: 0,
            work_bytes: 0,
            futile_collections: 0,
            is_broken: false,
        };
        let value = heap.new_string("OUT_OF_MEMORY")?.keep();
        let mut exception = heap.new_instance(heap.builtins().exception)?;
        exception.set(0, value);
        heap.out_of_memory = exception.word();
        heap.release_kept();
        Ok(heap)
    }

    /// Returns the program's permanent objects.
    #[inline(always)]
    pub fn objects(&self) -> &Arc<ProgramObjects> {
        &self.program
    }

    /// Returns the program that the process runs.
    #[inline(always)]
    pub fn program(&self) -> &Program {
        self.program.program()
    }

    /// Replaces the program by one that extends it: see [`ProgramObjects::extended`]. No interpreter may be in a task.
    ///
    /// # Panics
    /// If the new program does not begin with the classes and globals of the current one.
    pub fn extend(&mut self, program: Arc<ProgramObjects>) {
        assert!(self.program.is_extended_by(program.program()), "the classes and globals stay the same");
        let globals = program.initial_globals();
        self.globals.extend_from_slice(&globals[self.globals.len()..]);
        self.program = program;
    }

    /// Returns the ids of the built-in classes.
    #[inline(always)]
    pub fn builtins(&self) -> &Builtins {
        &self.program.program().builtins
    }

    /// Returns the bytes that objects, buffers and stacks take now, free room in chunks included.
    pub fn used_bytes(&self) -> usize {
        let chunks = self.old.iter().chain(&self.large).map(Chunk::words).sum::<usize>() + self.young.words();
        chunks * 8 + self.externals.bytes() + self.stacks.bytes() + self.globals.len() * 8
    }

    /// Returns the maximum number of bytes that this heap may use.
    pub fn limit_bytes(&self) -> usize {
        self.options.limit_bytes
    }

    /// Returns the seed of the hash codes of keys.
    #[inline(always)]
    pub fn hash_seed(&self) -> u64 {
        self.options.hash_seed
    }

    /// Changes the limit of this heap, in bytes. It takes effect when the heap grows the next time.
    pub fn set_limit_bytes(&mut self, bytes: usize) {
        self.options.limit_bytes = bytes;
    }

    /// Charges this heap's memory to an account from now on, besides its own limit.
    pub fn charge_to(&mut self, account: Arc<MemoryAccount>) {
        self.charge = Charge::on(account);
        self.charge.settle(self.used_bytes());
    }

    /// Reports to the account how many bytes are used now.
    pub fn settle_charge(&mut self) {
        if self.charge.is_on_account() {
            self.charge.settle(self.used_bytes());
        }
    }

    /// Sets the growth of the old objects from one full collection to the next, in percent: a small growth saves
    /// memory, a large one saves time. Less than 20 counts as 20. It takes effect at the next full collection.
    pub fn set_growth_percent(&mut self, percent: usize) {
        self.growth_percent = percent.max(GROWTH_PERCENT_MIN);
    }

    fn next_full_threshold(&self) -> usize {
        (self.old_words + self.old_words * self.growth_percent / 100).max(FULL_THRESHOLD_MIN)
    }

    /// Returns the numbers of collections and allocated bytes so far.
    pub fn statistics(&self) -> HeapStatistics {
        HeapStatistics {
            allocated_bytes: self.statistics.allocated_bytes + self.young.used as u64 * 8,
            ..self.statistics
        }
    }

    /// Returns the bytes that collections and searches for finalizers have worked on since the last call.
    #[inline]
    pub fn take_work(&mut self) -> usize {
        std::mem::take(&mut self.work_bytes)
    }

    /// Returns the number of full collections in a row that ran because memory was short, while the heap used at least
    /// 1 MiB, and freed less than 2 %.
    #[inline]
    pub fn futile_collections(&self) -> u32 {
        self.futile_collections
    }

    /// Announces work on `bytes` bytes, if that is long work.
    pub fn before_work(&self, bytes: usize) {
        if bytes >= LONG_WORK_BYTES {
            (self.options.before_long_work)();
        }
    }

    /// Announces a wait for a disk.
    pub fn before_waiting(&self) {
        (self.options.before_waiting)();
    }

    // ------------------------------------------------------------------ allocation

    /// Allocates an object whose words are null or whose bytes are zero.
    #[inline(always)]
    fn allocate(&mut self, class: ClassIndex, format: Format, length: usize) -> Result<Word, OutOfMemory> {
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
        if self.is_broken || length > u32::MAX as usize {
            return Err(OutOfMemory);
        }
        let size = size_words(format, length);
        if self.options.stress {
            self.collect_for_stress()?;
        }
        if size > YOUNG_WORDS_MIN && size > self.young.words() / 4 {
            return self.allocate_old(class, format, length, size);
        }
        if self.young.words() == 0 {
            self.restore_young()?;
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

    /// Allocates an object in the old chunks, or in a chunk of its own, since it would take too large a part of the
    /// young chunk.
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

    /// Makes sure that the heap can use `bytes` more bytes within its limits, after a full collection if necessary.
    ///
    /// # Errors
    /// If the heap cannot.
    pub fn reserve(&mut self, bytes: usize) -> Result<(), OutOfMemory> {
        if self.has_room_for(bytes) {
            return Ok(());
        }
        self.collect_for_room()?;
        if self.has_room_for(bytes) { Ok(()) } else { Err(OutOfMemory) }
    }

    /// Runs a full collection because memory is short, and records whether it was futile.
    fn collect_for_room(&mut self) -> Result<(), OutOfMemory> {
        let before_bytes = self.used_bytes();
        self.collect(true)?;
        let freed_bytes = before_bytes.saturating_sub(self.used_bytes());
        let is_futile = before_bytes >= LONG_WORK_BYTES && freed_bytes < before_bytes / FUTILE_PART;
        self.futile_collections = if is_futile { self.futile_collections.saturating_add(1) } else { 0 };
        Ok(())
    }

    fn has_room_for(&mut self, bytes: usize) -> bool {
        let total = self.used_bytes().saturating_add(bytes);
        total <= self.options.limit_bytes && self.charge.try_set(total)
    }

    /// Replaces the young chunk, which was full, by one that is twice as large, up to [`YOUNG_WORDS_MAX`] words. Keeps
    /// the chunk if the limits allow no larger one.
    fn grow_young(&mut self, size: usize) -> Result<(), OutOfMemory> {
        let words = (self.young.words() * 2).max(size).min(YOUNG_WORDS_MAX);
        if words <= self.young.words() {
            return Ok(());
        }
        debug_assert!(self.young.used == 0);
        if self.reserve(words * 8).is_err() {
            return Ok(()); // The present young chunk stays in use.
        }
        self.young = Chunk::new(words).ok_or(OutOfMemory)?;
        Ok(())
    }

    /// Notes that `object` now refers to `value`. Must be called after each store of a reference into an object, unless
    /// nothing was allocated after that object.
    #[inline(always)]
    fn record_write(&mut self, object: Word, value: Word) {
        if value.is_pointer()
            && self.young.contains(value.address())
            && !self.young.contains(object.address())
        {
            self.remember(object);
        }
    }

    #[cold]
    fn remember(&mut self, object: Word) {
        // SAFETY: references in registers and objects are to live objects of this heap or of its program.
        unsafe {
            let header = Header(*object.address());
            if !header.has(REMEMBERED | PERMANENT) {
                *object.address() = header.0 | REMEMBERED;
                self.remembered.push(object);
            }
        }
    }

    // ------------------------------------------------------------------ roots

    /// Returns whether, since the last call, a global whose initializer was running has got its value.
    pub fn take_settled_global(&mut self) -> bool {
        std::mem::take(&mut self.has_settled_global)
    }

    /// Returns the `Task_` of the running task.
    #[inline(always)]
    pub fn current_task(&self) -> Ref<'_> {
        // SAFETY: the task is a root.
        unsafe { self.at(self.task) }
    }

    /// Sets the `Task_` of the running task.
    pub fn set_current_task(&mut self, task: impl Value) {
        self.task = task.load(self);
    }

    /// Registers a lambda to be run once the object has been collected.
    pub fn add_finalizer(&mut self, object: impl Value, lambda: impl Value) {
        let (object, lambda) = (object.load(self), lambda.load(self));
        self.finalizers.push(Finalizer { object, lambda });
    }

    /// Returns whether the object has a finalizer.
    pub fn has_finalizer(&mut self, object: impl Value) -> bool {
        let object = object.load(self);
        self.note_search();
        self.finalizers.iter().any(|finalizer| finalizer.object == object)
    }

    /// Counts the work of looking through all finalizers.
    fn note_search(&mut self) {
        self.work_bytes += self.finalizers.len() * SEARCHED_BYTES;
    }

    /// Removes an object's finalizer. Returns whether there was one.
    pub fn remove_finalizer(&mut self, object: impl Value) -> bool {
        let object = object.load(self);
        self.note_search();
        // The newest finalizers are most likely to be removed: those of clients and proxies that are soon closed.
        match self.finalizers.iter().rposition(|finalizer| finalizer.object == object) {
            Some(index) => {
                self.finalizers.swap_remove(index);
                true
            }
            None => false,
        }
    }

    /// Returns whether the lambda of a finalizer is due.
    pub fn has_due_finalizers(&self) -> bool {
        !self.due.is_empty()
    }

    /// Takes the lambda of a finalizer that is due, and keeps it.
    pub fn take_due_finalizer(&mut self) -> Option<Kept> {
        let lambda = self.due.pop()?;
        Some(self.keep_current(lambda))
    }
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
