//! What a program logs.

use std::fmt;

use lucarne_message::{DecodeError, Payload, from_payload};
use thiserror::Error;

/// A log message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// How much it matters.
    pub level: Level,
    /// What has happened.
    pub message: String,
    /// The names of the logger that it comes from.
    pub names: Vec<String>,
    /// Keys and values that belong to it.
    pub tags: Vec<(String, String)>,
}

/// How much a log message matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// For following a program step by step.
    Trace,
    /// For finding faults.
    Debug,
    /// For what is worth knowing.
    Info,
    /// For what may become a problem.
    Warn,
    /// For what has gone wrong.
    Error,
    /// For what the program cannot go on after.
    Fatal,
}

/// Something is no log message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BadRecord {
    /// It has another form.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// There is no such level, or a key has no value.
    #[error("OUT_OF_BOUNDS")]
    OutOfBounds,
}

/// A record as it travels: level, text, names, keys, values.
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

    /// Makes a record of its parts as they travel.
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

/// A line such as `[main.net] WARN: lost connection {peer: 10.0.0.1}`.
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
