//! The provider of the three services.

use std::sync::Arc;

use lucarne_services::{Arguments, Bytes, Call, Payload, Serve, Thrown};

use lucarne_ports::{Output, Record, Stream};

use super::{METHOD, Outputs};

/// Takes log messages.
pub(super) struct LogService(pub(super) Outputs);

/// Prints lines.
pub(super) struct PrintService(pub(super) Outputs);

/// Takes traces.
pub(super) struct TraceService(pub(super) Outputs);

fn output_of(outputs: &Outputs, call: &Call) -> Result<Arc<dyn Output>, Thrown> {
    outputs(call.gid()).ok_or_else(|| Thrown::new("PERMISSION_DENIED"))
}

impl Serve for LogService {
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        if index != METHOD {
            return Err(call.no_such_method(index));
        }
        let record = Record::from_parts(arguments.tuple(5)?);
        let record = record.map_err(|error| Thrown::new(error.to_string()))?;
        output_of(&self.0, call)?.log(&record);
        call.answer(&())
    }
}

impl Serve for PrintService {
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        if index != METHOD {
            return Err(call.no_such_method(index));
        }
        let mut line: String = arguments.single()?;
        line.push('\n');
        output_of(&self.0, call)?.write(Stream::Out, line.as_bytes());
        call.answer(&())
    }
}

impl Serve for TraceService {
    /// Answers null: the caller need not print anything.
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        if index != METHOD {
            return Err(call.no_such_method(index));
        }
        let trace: Bytes = arguments.single()?;
        let line = format!("{}\n", String::from_utf8_lossy(&trace));
        output_of(&self.0, call)?.write(Stream::Error, line.as_bytes());
        call.answer(&())
    }
}
