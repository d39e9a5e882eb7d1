//! Components in C: what they call, and what calls them.
//!
//! A component is written against `toit/toit.h` (in `include/`). It says which handlers it has, most often in
//! a constructor, before any system runs: `registry` remembers them. [`Components`] starts them in a system. Each handler is
//! then two things: a process of the kernel (`process`), so that it has a pid, a mailbox and limits like any other, and
//! a thread (`handler`), on which its callbacks run one at a time, since code in C may block for as long as it likes. Between
//! them is a short queue. `abi` has the functions that components call; `memory` knows how data changes hands.
//!
//! What C holds on to are numbers, never addresses: a stale one is an error.
#![allow(unsafe_code)] // Talking to C is what this crate is for. Each use has its reason.

mod abi;
mod build;
mod component;
mod handler;
mod memory;
#[cfg(all(test, loom))]
mod models;
mod process;
mod registry;
mod slots;

pub use build::{BuildError, build};
pub use component::{Components, LoadError, StartError, include_dir};
pub use slots::Slots;
