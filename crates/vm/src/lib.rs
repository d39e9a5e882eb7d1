//! Heaps, bytecode interpreter, tasks and primitives for Toit processes.

#[allow(unsafe_code, reason = "objects are laid out by hand; heap.rs states the rules")]
pub mod heap;
pub mod native;
