//! What a program may do to the machine around it: files, folders, environment, pipes and child
//! processes.
//!
//! This room knows nothing of heaps. [`Operation`] is the table of all that can be done, [`Outside`]
//! is what one Toit process has of the outside, and [`Outside::perform`] does it. What the processes
//! of one program share is [`Surroundings`]: having them is the permission.
//!
//! # Waiting
//!
//! Nothing here waits for others: where something is not ready the answer is [`Answer::Wait`].
//! Whoever runs the process then asks for a [`Watch`](Outside::watch) and has the operation done
//! again when [`Outside::take_rung`] names it. That one may come for nothing does no harm; none is
//! lost, since a watch looks at how things are and not at what has changed.
//!
//! Regular files are the exception: they are read and written at once, since the system does not say
//! when they are ready. How much is moved at a time bounds how long that takes.

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
