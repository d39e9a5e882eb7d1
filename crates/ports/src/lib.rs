//! The traits by which programs, and the virtual machines that run them, reach their surroundings.
//!
//! A virtual machine depends only on these traits. The host that puts a system together chooses the implementations
//! (terminals, logs, a device); tests and simulations choose others.
//!
//! - [`Output`] takes the text and log records of programs.
//! - [`Environment`] tells natives the machine's time zone, zone files, name and trusted
//!   certificates.
//! - [`containers`] lists images and starts containers from them.
//! - [`regions`] finds open regions of the storage.

mod certificates;
pub mod containers;
mod environment;
mod output;
mod record;
pub mod regions;
mod shared;

pub use environment::{Environment, FixedEnvironment, MachineEnvironment};
pub use output::{CapturedOutput, Output, StandardOutput, Stream};
pub use record::{BadRecord, Level, Record, RecordParts};
pub use shared::Shared;
