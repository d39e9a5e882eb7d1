//! A whole system: the kernel with its service manager and native providers.
//!
//! [`System`] puts the rooms below together; guests are started on top of it. What a system
//! writes for people goes through an [`Output`].

pub mod console;
pub mod containers;
mod output;
pub mod storage;
mod system;

pub use output::{CapturedOutput, Output, StandardOutput, Stream};
pub use system::{Services, SimulatedSystem, System};
