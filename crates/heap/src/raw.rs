//! The raw interface, for the interpreter, which holds words itself.
//!
//! A word is *current* for a heap if it is an immediate, or refers to an object of that heap or of its program and
//! was read or made after the last allocation of that heap. All functions here rely on words being current. No public
//! function outside of this interface reads the object that a word refers to.

use std::ffi::c_void;

use super::chunk::Chunk;
use super::{Heap, Kept, Ref, RefMut, Root, Stack, StackId, Word};

impl Heap {
    /// Returns the value of a word.
    ///
    /// # Safety
    /// The word must be current for this heap.
    #[inline(always)]
    pub unsafe fn at(&self, word: Word) -> Ref<'_> {
        // SAFETY: promised by the caller; the result borrows the heap, so nothing is allocated while it is held.
        unsafe { Ref::of(word) }
    }

    /// Returns the value of a word, together with the exclusive borrow of the heap.
    ///
    /// # Safety
    /// The word must be current for this heap.
    #[inline(always)]
    pub unsafe fn at_mut(&mut self, word: Word) -> RefMut<'_> {
        // SAFETY: promised by the caller.
        unsafe { RefMut::of(self, word) }
    }

    /// Stores a word into a field or element. Does nothing if there is no such field or element.
    ///
    /// # Safety
    /// Both words must be current for this heap.
    #[inline(always)]
    pub unsafe fn store(&mut self, object: Word, index: usize, value: Word) {
        // SAFETY: promised by the caller.
        unsafe { self.at_mut(object).set_word(index, value) }
    }

    /// Keeps a word until the end of the current scope.
    ///
    /// # Safety
    /// The word must be current for this heap.
    #[inline]
    pub unsafe fn keep_word(&mut self, word: Word) -> Kept {
        self.keep_current(word)
    }

    /// Makes a root of a word, which it holds until [`Heap::unroot`].
    ///
    /// # Safety
    /// The word must be current for this heap.
    pub unsafe fn root_word(&mut self, word: Word) -> Root {
        self.root_current(word)
    }

    /// Returns the address of the record of the young chunk, from which machine code takes room for new objects: see
    /// [`layout`](super::layout). A heap under stress, or a broken one, shows no room there, so that machine code asks
    /// the heap for each object.
    pub fn young_address(&mut self) -> *mut c_void {
        // Nothing is written to it, since there is never room.
        static NO_ROOM: [usize; size_of::<Chunk>() / size_of::<usize>()] =
            [0; size_of::<Chunk>() / size_of::<usize>()];
        if self.options.stress || self.is_broken {
            return (&raw const NO_ROOM).cast_mut().cast();
        }
        (&raw mut self.young).cast()
    }

    /// Returns the value of the global with this number. Returns [`Word::UNSET`] or [`Word::IN_PROGRESS`] if the global
    /// has no value yet.
    #[inline(always)]
    pub fn global(&self, index: usize) -> Word {
        self.globals[index]
    }

    /// Sets a global.
    ///
    /// # Safety
    /// The word must be current for this heap.
    #[inline(always)]
    pub unsafe fn set_global(&mut self, index: usize, value: Word) {
        self.has_settled_global |= self.globals[index] == Word::IN_PROGRESS;
        self.globals[index] = value;
    }

    /// Returns the address of the globals, which stay where they are.
    ///
    /// # Safety
    /// Only words that are current for this heap may be written, and no global may be written that is
    /// [`Word::IN_PROGRESS`].
    pub unsafe fn globals_address(&mut self) -> *mut Word {
        self.globals.as_mut_ptr()
    }

    /// Returns the exception for a process whose memory is short; null if the heap is broken.
    pub fn out_of_memory_exception(&self) -> Word {
        self.out_of_memory
    }

    /// Returns a stack.
    #[inline(always)]
    pub fn stack(&self, id: StackId) -> &Stack {
        self.stacks.get(id)
    }

    /// Returns a stack, to be written or grown.
    ///
    /// # Safety
    /// Only words that are current for this heap may be written to it. Its top must be above all words that are still
    /// needed whenever something is allocated. Code that holds the stack's address must get it again after the stack
    /// has grown.
    #[inline(always)]
    pub unsafe fn stack_mut(&mut self, id: StackId) -> &mut Stack {
        self.stacks.get_mut(id)
    }

    /// Adds an empty stack.
    pub fn add_stack(&mut self) -> StackId {
        self.stacks.add()
    }

    /// Removes the stack of a task that has ended.
    ///
    /// # Safety
    /// No code may hold the stack's address, and no code may use the stack any more.
    pub unsafe fn remove_stack(&mut self, id: StackId) {
        self.stacks.remove(id);
    }

    /// Makes a stack that of the running task, and sets the number of its words that are in use.
    ///
    /// # Safety
    /// The top must be above all words of the stack that are still needed whenever something is allocated.
    #[inline(always)]
    pub unsafe fn set_current(&mut self, stack: StackId, top: usize) {
        self.current = Some((stack, top));
    }

    /// Stores the top of the running task's stack in the stack. After that no stack is the current one, until the next
    /// [`Heap::set_current`].
    #[inline]
    pub fn leave_current(&mut self) {
        if let Some((stack, top)) = self.current.take() {
            self.stacks.get_mut(stack).set_top(top);
        }
    }
}
