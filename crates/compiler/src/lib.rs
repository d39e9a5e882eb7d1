//! Toit source to linked program: scanner, parser, resolver, linker and diagnostics.
//!
//! The front half works module by module and ends in the symbolic [`ir`]. The back half (`link`)
//! takes the part of it that `main` reaches and makes one closed program: class ids, a dispatch table and
//! bytecode.
//!
//! | stage | module | result |
//! |---|---|---|
//! | texts | [`source`] | lines, positions, spans; files through a [`source::Loader`] |
//! | tokens | [`scanner`] | a flat list, with each line's indentation |
//! | trees | [`parser`], [`ast`] | the source text as a tree |
//! | modules | [`resolve`], [`types`] | [`ir`]: names resolved and types checked |
//! | program | [`link`], [`program`] | the program that runs |
//!
//! Documentation comments are read by [`toitdoc`]. Mistakes in a program are data ([`diagnostic`]), and no stage stops
//! at them. The result of each stage can be printed ([`emit`], and [`program::Program::disassemble`] for the program).

pub mod ast;
#[cfg(test)]
mod costs;
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
mod steps;
pub mod toitdoc;
pub mod types;
