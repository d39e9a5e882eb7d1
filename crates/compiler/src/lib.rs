//! Toit source to linked program: scanner, parser, resolver, linker and diagnostics.
//!
//! The front half works module by module and ends in the symbolic [`ir`]. The back half
//! (`link`) takes what `main` reaches of it and makes one closed program: class ids, a
//! dispatch table and bytecode.

pub mod ir;
pub mod link;
pub mod program;
