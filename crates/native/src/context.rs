//! What machine code and the interpreter pass to each other.

use std::ffi::c_void;

use lucarne_heap::Word;

/// The state that machine code shares with the interpreter. The interpreter sets the first fields before it enters the
/// code, and reads the others when the code has returned 0.
#[derive(Debug)]
#[repr(C)]
pub struct Context {
    /// The rest of the budget.
    pub budget: i64,
    /// The address of the task's stack.
    pub base: *mut Word,
    /// The end of the part of the stack that frames may use.
    pub limit: *mut Word,
    /// The globals of the process.
    pub globals: *mut Word,
    /// Where young objects are made: what the heap returns as `young_address`.
    pub young: *mut c_void,
    /// The lowest address of the thread's own stack at which a compiled function may begin.
    pub thread_limit: usize,
    /// The interpreter, for the helpers.
    pub owner: *mut c_void,
    /// Why the code has returned 0: a [`Reason`].
    pub reason: u64,
    /// Register 0 of the frame that goes on. For [`Reason::Enter`], of the new frame.
    pub registers: *mut Word,
    /// The address of the instruction that is next, in the program's code.
    pub pc: u64,
    /// For [`Reason::Enter`]: the function to enter.
    pub function: u64,
    /// For [`Reason::Enter`]: the offset of the caller's frame, in words, shifted to its place in a frame's header.
    pub caller: u64,
}

impl Default for Context {
    fn default() -> Self {
        Context {
            budget: 0,
            base: std::ptr::null_mut(),
            limit: std::ptr::null_mut(),
            globals: std::ptr::null_mut(),
            young: std::ptr::null_mut(),
            thread_limit: 0,
            owner: std::ptr::null_mut(),
            reason: 0,
            registers: std::ptr::null_mut(),
            pc: 0,
            function: 0,
            caller: 0,
        }
    }
}

/// Why machine code has returned before its function has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u64)]
pub enum Reason {
    /// The interpreter must execute the instruction at `pc`.
    Interpret,
    /// The budget is spent. The function goes on at `pc`.
    Budget,
    /// The interpreter must enter `function`, which has no code, or whose frame or depth is too large. Its arguments and
    /// the return address are on the task's stack, the rest of the frame is not.
    Enter,
    /// A helper has done the step, or has failed, and the interpreter knows how to go on.
    Stepped,
}

impl Reason {
    /// Returns the reason with this number.
    pub fn from_number(number: u64) -> Reason {
        match number {
            1 => Reason::Budget,
            2 => Reason::Enter,
            3 => Reason::Stepped,
            _ => Reason::Interpret,
        }
    }
}

/// The type of a step: it takes register 0 of the frame and the address of the instruction. It returns 1 if the code can
/// go on, or 0 if it must return; the reason is then [`Reason::Stepped`].
type Step = unsafe extern "C" fn(*mut Context, *mut Word, u64) -> u64;

/// Functions of the interpreter that machine code calls. None of them unwinds: steps keep a panic for the interpreter, and
/// the others do not panic.
#[derive(Clone, Copy, Debug)]
pub struct Helpers {
    /// Executes one instruction. Returns 1 if the frame is still the current one and the next instruction is next.
    pub step: Step,
    /// Executes the native of a function. Returns 1 if the function has returned.
    pub native: Step,
    /// Compares two words by the opcode of a comparison. Returns 0 or 1, or 2 if a method must compare them.
    pub compare: unsafe extern "C" fn(*mut Context, Word, Word, u64) -> u64,
    /// Returns the element of a list, array or byte array at an index; [`Word::ABSENT`] if a method must find it.
    pub element: unsafe extern "C" fn(*mut Context, Word, Word) -> Word,
    /// Stores an element. Returns 0, and stores nothing, if a method must store it.
    pub set_element: unsafe extern "C" fn(*mut Context, Word, Word, Word) -> u64,
    /// Stores a word into a field, which is named by its index.
    pub set_field: unsafe extern "C" fn(*mut Context, Word, u64, Word),
    /// Returns whether two words are identical: 0 or 1.
    pub identical: unsafe extern "C" fn(*mut Context, Word, Word) -> u64,
}
