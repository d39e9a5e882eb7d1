//! Stacks of tasks: growable, relocatable memory for frames.
//!
//! A frame is identified by its offset, never by its address, so that a stack can move. The two words below a frame's
//! register 0 lead back to the caller: the return address, and a word with the offset of the caller's frame.

use std::ops::Range;

use super::Word;

/// The number of words below each frame's register 0.
pub const FRAME_WORDS: usize = 2;
/// The minimum size of a stack that is in use: 512 bytes.
const WORDS_MIN: usize = 64;
/// The largest size of a stack: 4 MiB, enough for some hundred thousand calls.
const WORDS_MAX: usize = 512 * 1024;

/// The place of a stack among those of a process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StackId(u32);

/// The stack of one task.
#[derive(Default)]
pub struct Stack {
    words: Vec<Word>,
    /// The number of words in use: those below this index are roots.
    top: usize,
}

impl Stack {
    /// Returns the address of the first word, which is valid until the stack grows.
    #[inline(always)]
    pub fn base(&mut self) -> *mut Word {
        self.words.as_mut_ptr()
    }

    /// Returns the number of words.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty, reason = "a stack in use is never empty")]
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Makes room for at least `words` words.
    ///
    /// # Errors
    /// If the stack has reached its limit, or no memory is left.
    pub fn grow(&mut self, words: usize) -> Result<(), StackOverflow> {
        if words <= self.words.len() {
            return Ok(());
        }
        if words > WORDS_MAX {
            return Err(StackOverflow);
        }
        let size = words.max(self.words.len() * 2).clamp(WORDS_MIN, WORDS_MAX);
        self.words.try_reserve_exact(size - self.words.len()).map_err(|_| StackOverflow)?;
        self.words.resize(size, Word::NULL);
        Ok(())
    }

    /// Empties the stack of a task that has ended, and frees its memory if that is more than a usual task needs.
    fn shrink(&mut self) {
        if self.words.len() > 16 * WORDS_MIN {
            self.words = Vec::new();
        }
        self.top = 0;
    }

    /// Sets how many words are in use. The number must be right whenever the heap may collect.
    #[inline(always)]
    pub fn set_top(&mut self, top: usize) {
        debug_assert!(top <= self.words.len());
        self.top = top;
    }

    /// Returns the word at an index; none beyond the end of the stack.
    #[inline(always)]
    pub(super) fn peek(&self, index: usize) -> Option<Word> {
        self.words.get(index).copied()
    }

    /// Returns the word at an index of the stack.
    #[inline(always)]
    pub fn get(&self, index: usize) -> Word {
        self.words[index]
    }

    /// Sets the word at an index of the stack.
    #[inline(always)]
    pub fn set(&mut self, index: usize, word: Word) {
        self.words[index] = word;
    }

    /// Makes a range of words null. Does nothing if the range is empty.
    pub fn clear(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.words[range].fill(Word::NULL);
        }
    }

    /// Returns the live words and, after them, the dead ones.
    pub(super) fn split(&mut self) -> (&mut [Word], &mut [Word]) {
        self.words.split_at_mut(self.top)
    }
}

/// The error of a stack that cannot grow: it has reached its limit, or no memory is left.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StackOverflow;

/// All stacks of a process.
#[derive(Default)]
pub(super) struct Stacks {
    slots: Vec<Option<Stack>>,
    free: Vec<u32>,
    /// Stacks of tasks that have ended, to be used for new tasks.
    spare: Vec<Stack>,
}

/// The maximum number of spare stacks that a process keeps.
const SPARE_MAX: usize = 16;

impl Stacks {
    /// Adds an empty stack.
    pub(super) fn add(&mut self) -> StackId {
        let stack = self.spare.pop().unwrap_or_default();
        match self.free.pop() {
            Some(index) => {
                self.slots[index as usize] = Some(stack);
                StackId(index)
            }
            None => {
                // Most processes have one task.
                if self.slots.is_empty() {
                    self.slots.reserve_exact(1);
                }
                self.slots.push(Some(stack));
                StackId(self.slots.len() as u32 - 1)
            }
        }
    }

    /// Removes the stack of a task that has ended.
    pub(super) fn remove(&mut self, id: StackId) {
        if let Some(mut stack) = self.slots[id.0 as usize].take() {
            self.free.push(id.0);
            if self.spare.len() < SPARE_MAX {
                stack.shrink();
                self.spare.push(stack);
            }
        }
    }

    /// Returns a stack, if it exists.
    #[inline(always)]
    pub(super) fn find(&self, id: StackId) -> Option<&Stack> {
        self.slots.get(id.0 as usize)?.as_ref()
    }

    /// Returns the stack of a task.
    #[inline(always)]
    pub(super) fn get(&self, id: StackId) -> &Stack {
        match &self.slots[id.0 as usize] {
            Some(stack) => stack,
            None => unreachable!("a task keeps its stack until it has ended"),
        }
    }

    /// Returns the stack of a task.
    #[inline(always)]
    pub(super) fn get_mut(&mut self, id: StackId) -> &mut Stack {
        match &mut self.slots[id.0 as usize] {
            Some(stack) => stack,
            None => unreachable!("a task keeps its stack until it has ended"),
        }
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Stack> {
        self.slots.iter_mut().flatten()
    }

    /// Frees the spare stacks.
    pub(super) fn free_spare(&mut self) {
        self.spare = Vec::new();
    }

    /// Returns the bytes that all stacks take.
    pub(super) fn bytes(&self) -> usize {
        self.slots.iter().flatten().chain(&self.spare).map(|stack| stack.words.len() * 8).sum()
    }
}
