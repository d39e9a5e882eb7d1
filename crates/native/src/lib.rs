//! The native tier: machine code for the hot functions of Toit programs, made by Cranelift.
//!
//! **The same frames.** Machine code works on the frames of the interpreter: it keeps registers in the task's
//! stack, and the return address of each call as the interpreter does. At every point where something else may look at
//! the stack (a call, an allocation, an error, the end of the budget), the frame has all that is needed later, and
//! collection, growth, unwinding and stack traces are written once, in the interpreter. Between such points the code
//! keeps values in processor registers, and floats as numbers.
//!
//! **Versions.** The translator knows what kind of value each register has. The code at a place exists once for each
//! set of kinds with which control arrives there, within limits, and once for all others (`facts`, `translate`).
//!
//! **Calls** are calls of the processor. A compiled function returns 1 if the Toit function has returned. It returns 0
//! if the next step is one that it cannot do, and describes this step in the [`Context`] first. Its callers return 0 as
//! well, up to the interpreter, which does the step. The frames on the Toit stack stay complete. When such a frame goes
//! on later, its code is entered in the middle: at the instruction after a call, at a loop, or where a `finally` part
//! begins. Calls that would take too much of the thread's own stack end in the same way, so the frame goes on with that
//! stack nearly empty.
//!
//! **The interpreter's instructions.** Machine code exists for the common cases of common instructions. Everything else is
//! done by the interpreter itself, one instruction at a time ([`Helpers::step`]), so that its meaning is written once.
//! Both count the budget at the same points: a program that runs from a seed takes the same course, whatever is compiled.
//!
//! **What is hot** is found by sampling: the function in which a slice of the budget ends becomes warmer. A thread
//! compiles functions that are hot, while the interpreter goes on.
//!
//! Memory is writable while code is copied to it, and executable after that, never both. All code of a program is freed
//! with it.

mod code;
mod context;
mod facts;
mod flow;
mod guess;
mod memory;
mod translate;
mod worker;

pub use code::{Entry, Mode, NativeCode};
pub use context::{Context, Helpers, Reason};
