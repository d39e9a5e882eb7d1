//! Clients of the three services in Rust.

use lucarne_services::{Bytes, CallError, Client, Container, Open, Pending};

use lucarne_ports::Level;

use super::{LOG, METHOD, PRINT, TRACE};

/// Takes log messages.
#[derive(Debug, Clone)]
pub struct Log(Client);

/// Prints lines.
#[derive(Debug, Clone)]
pub struct Print(Client);

/// Takes traces of exceptions.
#[derive(Debug, Clone)]
pub struct Trace(Client);

impl From<Client> for Log {
    fn from(client: Client) -> Log {
        Log(client)
    }
}

impl From<Client> for Print {
    fn from(client: Client) -> Print {
        Print(client)
    }
}

impl From<Client> for Trace {
    fn from(client: Client) -> Trace {
        Trace(client)
    }
}

impl Log {
    /// Opens the service for a container.
    pub fn open(container: &Container) -> Open<Log> {
        Open::new(container, LOG)
    }

    /// Logs a message. `names` tell the part of the program that logs, `tags` are keys and values.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn log(
        &self,
        level: Level,
        message: &str,
        names: &[&str],
        tags: &[(&str, &str)],
    ) -> Pending<(), CallError> {
        let (keys, values): (Vec<_>, Vec<_>) = tags.iter().copied().unzip();
        self.0.call(METHOD, &(level as u8, message, names, keys, values))
    }
}

impl Print {
    /// Opens the service for a container.
    pub fn open(container: &Container) -> Open<Print> {
        Open::new(container, PRINT)
    }

    /// Prints a line.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn print(&self, line: &str) -> Pending<(), CallError> {
        self.0.call(METHOD, &line)
    }
}

impl Trace {
    /// Opens the service for a container.
    pub fn open(container: &Container) -> Open<Trace> {
        Open::new(container, TRACE)
    }

    /// Passes on a trace, as text. Returns the text that the caller must print.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn handle_trace(&self, trace: &str) -> Pending<Option<Bytes>, CallError> {
        self.0.call(METHOD, &Bytes::from(trace.as_bytes().to_vec()))
    }
}
