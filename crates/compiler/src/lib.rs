//! Toit source to linked program: scanner, parser, resolver, linker and diagnostics.
//!
//! The front half works module by module and ends in the symbolic [`ir`]. The back half
//! (`link`) takes what `main` reaches of it and makes one closed program: class ids, a
//! dispatch table and bytecode.

pub mod ast;
pub mod diagnostic;
pub mod emit;
pub mod ir;
pub mod link;
pub mod names;
pub mod parser;
pub mod program;
pub mod resolve;
pub mod scanner;
pub mod source;
pub mod types;
