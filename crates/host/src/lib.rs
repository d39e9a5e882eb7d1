//! Puts a system together: kernel, service manager, native services, links, components and programs.
//!
//! No other crate puts a system together. A [`Builder`] starts a [`System`] on threads, or a [`SimulatedSystem`] on one
//! thread in virtual time. Both offer programs the same services in the same versions. Systems differ only in the
//! output, storage, keeper of images and policies that their builders were given.
//!
//! ```
//! use std::sync::Arc;
//! use lucarne_host::System;
//! use lucarne_ports::{CapturedOutput, Stream};
//! use lucarne_providers::console::Print;
//!
//! let output = Arc::new(CapturedOutput::default());
//! let system = System::builder().workers(1).output(output.clone()).start();
//! let container = system.container("greeter");
//! Print::open(&container).wait()?.print("hello").wait()?;
//! assert_eq!(output.text(Stream::Out), "hello\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod builder;
#[cfg(feature = "c")]
pub mod components;
#[cfg(feature = "link")]
mod connections;
#[cfg(feature = "link")]
mod listener;
#[cfg(feature = "toit")]
mod programs;
mod system;

pub use builder::{Builder, processors};
#[cfg(feature = "link")]
pub use listener::Listener;
#[cfg(feature = "fabric")]
pub use lucarne_fabric as fabric;
#[cfg(feature = "link")]
pub use lucarne_link::{Connect, ConnectError};
pub use lucarne_providers::network::{SimulatedNetwork, Weather};
#[cfg(feature = "toit")]
pub use programs::ProgramOptions;
#[cfg(all(feature = "toit", feature = "link"))]
pub use programs::run_connected;
pub use system::{SimulatedSystem, System, SystemHandle};
