//! Heaps, bytecode interpreter, tasks and primitives for Toit processes.
//!
//! [`Image`] makes a linked program ready to run, [`start`] starts a process that runs it. From the
//! bottom up: [`heap`] has objects, stacks and the collector; the interpreter runs the frames of
//! one task; [`native`] has the primitives that only concern a heap and [`effect`] those that reach
//! further; the machine has the tasks of a process and speaks with the kernel.

pub mod effect;
#[allow(unsafe_code, reason = "objects are laid out by hand; heap.rs states the rules")]
pub mod heap;
mod host;
#[allow(unsafe_code, reason = "registers are not checked on each access; interpreter.rs states why")]
mod interpreter;
mod machine;
pub mod native;
mod process;
pub mod trace;
mod transfer;

pub use heap::{Image, MemoryAccount};
pub use host::Host;
pub use process::{start, start_in};
