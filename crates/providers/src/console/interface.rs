//! The interfaces of the services `log`, `print` and `trace`.

use lucarne_macros::service;
use lucarne_ports::Level;
use lucarne_services::{Bytes, Call, Thrown};

/// Takes log messages.
#[service(crate = lucarne_services, uuid = "89e6340c-67f5-4055-b1d1-b4f4c2755f67", version = "0.1")]
pub trait Log {
    /// Logs a message. `names` tell the part of the program that logs, `tags` are keys and values.
    ///
    /// # Errors
    /// If the container has no output.
    #[index(0)]
    #[client(fn log(&self, level: Level, message: &str, names: &[&str], tags: &[(&str, &str)]) {
        let (keys, values): (Vec<_>, Vec<_>) = tags.iter().copied().unzip();
        (level as u8, message, names, keys, values)
    })]
    async fn log(
        &self,
        call: &Call,
        level: i64,
        message: String,
        names: Option<Vec<String>>,
        keys: Option<Vec<String>>,
        values: Option<Vec<String>>,
    ) -> Result<(), Thrown>;
}

/// Prints lines.
#[service(crate = lucarne_services, uuid = "0b7e3aa1-9fc9-4632-bb09-4605cd11897e", version = "0.1")]
pub trait Print {
    /// Prints a line.
    ///
    /// # Errors
    /// If the container has no output.
    #[index(0)]
    #[client(fn print(&self, line: &str))]
    async fn print(&self, call: &Call, line: String) -> Result<(), Thrown>;
}

/// Takes traces of exceptions.
#[service(crate = lucarne_services, uuid = "41c6019e-ca48-4847-9673-0869355da76a", version = "0.2")]
pub trait Trace {
    /// Passes on a trace, as text. Returns the text that the caller must print.
    ///
    /// # Errors
    /// If the container has no output.
    #[index(0)]
    #[client(fn handle_trace(&self, trace: &str) { Bytes::from(trace.as_bytes().to_vec()) })]
    async fn handle_trace(&self, call: &Call, trace: Bytes) -> Result<Option<Bytes>, Thrown>;
}
