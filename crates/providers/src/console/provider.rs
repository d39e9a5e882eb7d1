//! The provider of the services `log`, `print` and `trace`.

use std::sync::Arc;

use lucarne_ports::{Output, Record, Stream};
use lucarne_services::{Bytes, Call, Thrown};

use super::Outputs;
use super::interface::{Log, Print, Trace};

/// Passes text to the outputs of the callers.
#[derive(Clone)]
pub(super) struct Console(pub(super) Outputs);

impl Console {
    fn output(&self, call: &Call) -> Result<Arc<dyn Output>, Thrown> {
        (self.0)(call.gid()).ok_or_else(|| Thrown::new("PERMISSION_DENIED"))
    }
}

impl Log for Console {
    async fn log(
        &self,
        call: &Call,
        level: i64,
        message: String,
        names: Option<Vec<String>>,
        keys: Option<Vec<String>>,
        values: Option<Vec<String>>,
    ) -> Result<(), Thrown> {
        let record = Record::from_parts((level, message, names, keys, values));
        let record = record.map_err(|error| Thrown::new(error.to_string()))?;
        self.output(call)?.log(&record);
        Ok(())
    }
}

impl Print for Console {
    async fn print(&self, call: &Call, mut line: String) -> Result<(), Thrown> {
        line.push('\n');
        self.output(call)?.write(Stream::Out, line.as_bytes());
        Ok(())
    }
}

impl Trace for Console {
    /// Returns none: the caller need not print anything.
    async fn handle_trace(&self, call: &Call, trace: Bytes) -> Result<Option<Bytes>, Thrown> {
        let line = format!("{}\n", String::from_utf8_lossy(&trace));
        self.output(call)?.write(Stream::Error, line.as_bytes());
        Ok(None)
    }
}
