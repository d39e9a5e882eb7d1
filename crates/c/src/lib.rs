//! Components in C: the functions that they call, and the code that calls them.
//!
//! A component is written against `toit/toit.h` (in `include/`). It registers its handlers, usually
//! in a constructor, before `main` or while its library is loaded: `registry` stores them. [`Components`]
//! starts them in a system. Each handler then has two parts: a process of the kernel (`process`), so that it has a
//! pid, a mailbox and limits like any other, and a thread (`handler`) that runs its callbacks one
//! at a time, since C code may block. Between them is a short queue. `abi` has the functions that
//! components call; `memory` transfers the ownership of data.
//!
//! `service` has the functions of `toit/service.h`: services that are provided and used in C.
//!
//! C code holds numbers instead of addresses, so the use of a stale number is detected and reported as an error.
#![allow(unsafe_code)] // This crate calls C and is called by C. Each use has its reason.

mod abi;
mod build;
mod component;
mod crash;
mod handler;
mod loading;
mod memory;
#[cfg(all(test, loom))]
mod models;
mod process;
mod registry;
mod service;
mod slots;
mod trace;

pub use build::{BuildError, build};
pub use component::{Components, LoadError, StartError, include_dir};
pub use registry::RefusedId;
pub use service::containers::ContainerNumber;
pub use slots::Slots;
