//! The library `liblucarne`, for programs in C that start a system of their own.
//!
//! `abi` has the functions that `lucarne/lucarne.h` (in `include/`) declares: they convert
//! arguments of C for `systems`, which has the systems and programs of this OS process, and convert
//! the results into codes and texts. No panic leaves them. `options` reads options that a host of
//! another version may have written; `output` passes on the output of programs.
//!
//! C code holds numbers, as in `lucarne-c`, so a stale one is an error.
#![allow(unsafe_code)] // This crate is called by C. Each use has its reason.

mod abi;
mod error;
mod options;
mod output;
mod systems;
mod thread;
