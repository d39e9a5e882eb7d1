//! The traits by which programs, and the machines that run them, reach their surroundings.
//!
//! A virtual machine depends on these alone. What stands behind them (terminals, logs, a device) is chosen by the host
//! that puts a system together, and is exchanged in tests and simulations.
//!
//! - [`Output`] takes what programs print and log.
//! - [`Environment`] tells natives the machine's time zone, zone files, and name.
//! - [`containers`] has what it takes to list images and to start containers from them.

pub mod containers;
mod environment;
mod output;
mod record;

pub use environment::{Environment, FixedEnvironment, MachineEnvironment};
pub use output::{CapturedOutput, Output, StandardOutput, Stream};
pub use record::{BadRecord, Level, Record, RecordParts};
