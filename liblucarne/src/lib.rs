//! The library `liblucarne`, for programs in C that start a system of their own.
//!
//! - `abi` has the functions that `lucarne/lucarne.h` (in `include/`) declares. They convert arguments of C for `systems`,
//!   and convert the results into codes and texts. Panics are caught in `abi`.
//! - `systems` has the systems and programs of this OS process.
//! - `options` reads options that a host of another version may have written.
//! - `output` forwards the output of programs to the host.
//! - `error` has the errors, with their codes.
//! - `thread` refuses calls that would wait for themselves, such as calls from a host function that writes output.
//!
//! As in `lucarne-c`, C code holds numbers instead of addresses, so the use of a stale number is detected.
#![allow(unsafe_code)] // This crate is called by C. Each use has its reason.

mod abi;
mod error;
mod options;
mod output;
mod systems;
mod thread;
