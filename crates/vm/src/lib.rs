//! Heaps, bytecode interpreter, tasks and primitives for Toit processes.
