//! Access of a program to the machine around it: files, folders, environment, pipes and child
//! processes.
//!
//! This crate does not depend on the heap. [`Operation`] is the table of all operations,
//! [`Outside`] is the state of one Toit process, and [`Outside::perform`] performs an operation.
//! The processes of one program share [`Surroundings`]. Only a program that has them can reach the machine.
//!
//! # Waiting
//!
//! No operation blocks: if something is not ready the answer is [`Answer::Wait`]. The runner of the
//! process then requests a [`Watch`](Outside::watch) and repeats the operation when
//! [`Outside::take_rung`] names that watch. A spurious report is harmless. No report is lost, since
//! a watch checks the current state and not changes.
//!
//! Regular files are the exception: they are read and written at once, since the system does not
//! report when they are ready. The amount moved at a time bounds the duration.

mod children;
mod environment;
mod error;
mod files;
mod folders;
mod operation;
mod outside;
mod pipes;
mod signals;
mod source;
mod surroundings;
mod watcher;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use operation::Operation;
pub use outside::{Answer, Argument, Outside, Wait};
pub use surroundings::Surroundings;
pub use watcher::WatchId;
