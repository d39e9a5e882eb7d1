//! Errors, with the texts that programs match on.

use std::io;

use rustix::io::Errno;

/// Why an operation failed. Programs see the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An error with a text that programs match on.
    #[error("{0}")]
    Known(&'static str),
    /// Any other error, with the text of the system.
    #[error("{0}")]
    System(String),
}

impl Error {
    /// A value of the wrong type.
    pub const WRONG_TYPE: Error = Error::Known("WRONG_OBJECT_TYPE");
    /// Data that is neither a string nor a byte array. Only Toit code can read it.
    pub const WRONG_BYTES_TYPE: Error = Error::Known("WRONG_BYTES_TYPE");
    /// An invalid argument.
    pub const INVALID_ARGUMENT: Error = Error::Known("INVALID_ARGUMENT");
    /// A number that is too large, or negative.
    pub const OUT_OF_RANGE: Error = Error::Known("OUT_OF_RANGE");
    /// An index outside of the data.
    pub const OUT_OF_BOUNDS: Error = Error::Known("OUT_OF_BOUNDS");
    /// The handle is not open.
    pub const ALREADY_CLOSED: Error = Error::Known("ALREADY_CLOSED");
    /// A name, path or value of the machine is not valid UTF-8.
    pub const ILLEGAL_UTF_8: Error = Error::Known("ILLEGAL_UTF_8");

    /// Converts an error of the system.
    pub(crate) fn of_system(errno: Errno) -> Error {
        let text = io::Error::from(errno).to_string();
        let words = text.split(" (os error").next().unwrap_or_default();
        Error::System(words.to_string())
    }

    /// Converts an error of the standard library, with the text of the system.
    pub(crate) fn of_standard(error: &io::Error) -> Error {
        match (Errno::from_io_error(error), error.kind()) {
            (Some(errno), _) => Error::of_system(errno),
            (None, io::ErrorKind::InvalidInput) => Error::INVALID_ARGUMENT,
            (None, _) => Error::System(error.to_string()),
        }
    }
}

/// Converts an error about a path.
impl From<Errno> for Error {
    fn from(errno: Errno) -> Error {
        match errno {
            Errno::NOENT | Errno::NOTDIR => Error::Known("FILE_NOT_FOUND"),
            Errno::EXIST => Error::Known("ALREADY_EXISTS"),
            Errno::ACCESS | Errno::PERM | Errno::ROFS => Error::Known("PERMISSION_DENIED"),
            Errno::INVAL => Error::INVALID_ARGUMENT,
            other => Error::of_system(other),
        }
    }
}
