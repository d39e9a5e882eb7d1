//! Access of a program to the machine around it: files, folders, environment, pipes and child
//! processes.
//!
//! This crate does not depend on the heap. [`Operation`] is the table of all operations,
//! [`Outside`] is the state of one Toit process, and [`Outside::perform`] performs an operation.
//! The processes of one program share [`Surroundings`]. Only a program that has them can reach the machine.
//!
//! # Waiting
//!
//! An operation on a pipe, a standard stream or a running child does not block: if the operation has
//! to wait, its answer is [`Answer::Wait`]. The runner of the process then requests a
//! [`Watch`](Outside::watch) and repeats the operation when [`Outside::take_rung`] names that watch.
//! A spurious report is harmless. No report is lost, since a watch checks the current state and not
//! changes.
//!
//! Other operations block until the system has performed them. Regular files are read and written at
//! once, since the system does not report when they are ready; the amount moved at a time bounds the
//! duration. Operations on paths block, and the start of a child takes some hundred microseconds.

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
