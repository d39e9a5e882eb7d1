//! Programs in C that start a system of their own: the library `liblucarne`.
//!
//! `abi` has the functions that `lucarne/lucarne.h` (in `include/`) declares: they turn arguments of C into those of `systems`,
//! which has the systems and programs of this OS process, and what comes back into codes and texts. No panic
//! leaves them. `options` reads options that a host of another version may have written; `output` hands on what programs print.
//!
//! What C holds on to are numbers, as in `lucarne-c`: a stale one is an error.
#![allow(unsafe_code)] // Talking to C is what this crate is for. Each use has its reason.

mod abi;
mod error;
mod options;
mod output;
mod systems;
mod thread;
