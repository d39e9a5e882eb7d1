//! Log records of programs.

use std::fmt;

use lucarne_message::{DecodeError, Payload, from_payload};
use thiserror::Error;

/// A log message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The severity.
    pub level: Level,
    /// The text of the message.
    pub message: String,
    /// The names of the logger.
    pub names: Vec<String>,
    /// Keys and values of the message.
    pub tags: Vec<(String, String)>,
}

/// The severity of a log message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Single steps of a program.
    Trace,
    /// Details for finding faults.
    Debug,
    /// Information.
    Info,
    /// A condition that may become a problem.
    Warn,
    /// A failure.
    Error,
    /// A failure that ends the program.
    Fatal,
}

/// The reason that a value is not a log message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BadRecord {
    /// The value has another form.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// The level is out of range, or a key has no value.
    #[error("OUT_OF_BOUNDS")]
    OutOfBounds,
}

/// A record in the form in which programs send it: level, text, names, keys, values.
pub type RecordParts = (i64, String, Option<Vec<String>>, Option<Vec<String>>, Option<Vec<String>>);

impl Level {
    const ALL: [Level; 6] =
        [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error, Level::Fatal];

    fn of(number: i64) -> Option<Level> {
        usize::try_from(number).ok().and_then(|number| Level::ALL.get(number).copied())
    }

    fn name(self) -> &'static str {
        match self {
            Level::Trace => "TRACE",
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Fatal => "FATAL",
        }
    }
}

impl Record {
    /// Reads `[level, text, names, keys, values]`, the last three of which may be null.
    ///
    /// # Errors
    /// See [`BadRecord`].
    pub fn read(payload: Payload) -> Result<Record, BadRecord> {
        Record::from_parts(from_payload(payload)?)
    }

    /// Creates a record from its parts.
    ///
    /// # Errors
    /// See [`BadRecord`].
    pub fn from_parts((level, message, names, keys, values): RecordParts) -> Result<Record, BadRecord> {
        let level = Level::of(level).ok_or(BadRecord::OutOfBounds)?;
        let (keys, values) = (keys.unwrap_or_default(), values.unwrap_or_default());
        if values.len() < keys.len() {
            return Err(BadRecord::OutOfBounds);
        }
        let tags = keys.into_iter().zip(values).collect();
        Ok(Record { level, message, names: names.unwrap_or_default(), tags })
    }
}

/// Formats a line such as `[main.net] WARN: lost connection {peer: 10.0.0.1}`.
impl fmt::Display for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.names.is_empty() {
            write!(formatter, "[{}] ", self.names.join("."))?;
        }
        write!(formatter, "{}: {}", self.level.name(), self.message)?;
        if self.tags.is_empty() {
            return Ok(());
        }
        let tags: Vec<_> = self.tags.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        write!(formatter, " {{{}}}", tags.join(", "))
    }
}
