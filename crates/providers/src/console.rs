//! The services `log`, `print` and `trace`: the output of containers.
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

pub mod interface;
mod provider;

use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_ports::Output;
use lucarne_services::protocol::priority;
use lucarne_services::{Container, InstallError, Pending, Provider};

#[doc(inline)]
pub use interface::{LogClient as Log, PrintClient as Print, TraceClient as Trace};
pub use lucarne_ports::{Level, Record};

use interface::{LogHandler, PrintHandler, TraceHandler};

/// Returns the output of a container, or none if the container has no output.
pub type Outputs = Arc<dyn Fn(Gid) -> Option<Arc<dyn Output>> + Send + Sync>;

/// Gives all containers the same output, for systems that run one program.
pub fn one_output(output: Arc<dyn Output>) -> Outputs {
    Arc::new(move |_| Some(output.clone()))
}

/// Installs the provider in a container of the system.
///
/// # Errors
/// If the system is about to end.
pub fn install(container: &Container, outputs: Outputs) -> Pending<Provider, InstallError> {
    let console = provider::Console(outputs);
    container
        .provider("system/console", "0.2")
        .priority(priority::UNPREFERRED_STRONGLY)
        .handle(LogHandler::new(console.clone()))
        .handle(PrintHandler::new(console.clone()))
        .handle(TraceHandler::new(console))
        .install()
}
