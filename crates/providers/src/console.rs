//! The services `log`, `print` and `trace`: output of containers for people.
//!
//! Toit programs print and log by natives, as long as no container offers these services. The system's own provider
//! serves all other containers, and programs that open the services explicitly. It has the lowest priority of all
//! providers, does not divert the natives of Toit programs, and passes text to the [`Output`] of the calling
//! container.
//!
//! ```
//! use std::sync::Arc;
//! use lucarne_host::System;
//! use lucarne_ports::{CapturedOutput, Level, Stream};
//! use lucarne_providers::console::Log;
//!
//! let output = Arc::new(CapturedOutput::default());
//! let system = System::with_output(output.clone());
//! let pump = system.container("pump");
//! let log = Log::open(&pump).wait()?;
//! log.log(Level::Warn, "pressure is low", &["pump"], &[("bar", "0.7")]).wait()?;
//! assert_eq!(output.text(Stream::Out), "[pump] WARN: pressure is low {bar: 0.7}\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod provider;

use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_ports::Output;
use lucarne_services::protocol::priority;
use lucarne_services::{Container, InstallError, Pending, Provider, Selector, uuid};

pub use client::{Log, Print, Trace};
pub use lucarne_ports::{Level, Record};

/// Returns the output of a container, or none if the container has no output.
pub type Outputs = Arc<dyn Fn(Gid) -> Option<Arc<dyn Output>> + Send + Sync>;

/// The selector of the service that takes log messages.
pub const LOG: Selector = Selector::new(uuid!("89e6340c-67f5-4055-b1d1-b4f4c2755f67"), 0, 1);

/// The selector of the service that prints lines.
pub const PRINT: Selector = Selector::new(uuid!("0b7e3aa1-9fc9-4632-bb09-4605cd11897e"), 0, 1);

/// The selector of the service that takes traces of exceptions.
pub const TRACE: Selector = Selector::new(uuid!("41c6019e-ca48-4847-9673-0869355da76a"), 0, 2);

/// Each of the services has a single method.
const METHOD: u32 = 0;

/// Gives all containers the same output, for systems that run one program.
pub fn one_output(output: Arc<dyn Output>) -> Outputs {
    Arc::new(move |_| Some(output.clone()))
}

/// Installs the provider in a container of the system.
///
/// # Errors
/// If the system is about to end.
pub fn install(container: &Container, outputs: Outputs) -> Pending<Provider, InstallError> {
    let provider = container.provider("system/console", "0.2");
    provider
        .priority(priority::UNPREFERRED_STRONGLY)
        .provides(LOG, provider::LogService(outputs.clone()))
        .provides(PRINT, provider::PrintService(outputs.clone()))
        .provides(TRACE, provider::TraceService(outputs))
        .install()
}
