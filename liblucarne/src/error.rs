//! The errors reported to C.

use lucarne::ToitError;
use lucarne_c::{LoadError, StartError};
use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum Error {
    #[error("{0}")]
    Argument(&'static str),
    #[error("there is no such {0}")]
    NotFound(&'static str),
    #[error("cannot read {file}: {reason}")]
    File { file: String, reason: std::io::Error },
    #[error("{0}")]
    Program(#[from] ToitError),
    #[error("{0}")]
    Load(#[from] LoadError),
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("the time is over")]
    Timeout,
    #[error("this thread would wait for itself")]
    NotHere,
    #[error("a fault in Lucarne: {0}")]
    Fault(String),
}

impl Error {
    /// Returns the value of `lucarne_err_t`.
    pub(crate) fn code(&self) -> i32 {
        match self {
            Error::Argument(_) | Error::Program(ToitError::Path(_)) => 1,
            Error::NotFound(_) => 2,
            Error::File { .. } => 3,
            Error::Program(_) => 4,
            Error::Load(_) | Error::Start(_) => 5,
            Error::Timeout => 6,
            Error::NotHere => 7,
            Error::Fault(_) => 8,
        }
    }
}
