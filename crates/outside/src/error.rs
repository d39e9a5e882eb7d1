//! What can go wrong, by the texts that programs know.

use std::io;

use rustix::io::Errno;

/// Why something could not be done. Its text is what programs see.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An error that programs know by its text.
    #[error("{0}")]
    Known(&'static str),
    /// Something that programs match no text on: that of the system.
    #[error("{0}")]
    System(String),
}

impl Error {
    /// A value of the wrong type.
    pub const WRONG_TYPE: Error = Error::Known("WRONG_OBJECT_TYPE");
    /// Data of a kind that only Toit code can read.
    pub const WRONG_BYTES_TYPE: Error = Error::Known("WRONG_BYTES_TYPE");
    /// An argument that makes no sense.
    pub const INVALID_ARGUMENT: Error = Error::Known("INVALID_ARGUMENT");
    /// A number that is too large, or negative.
    pub const OUT_OF_RANGE: Error = Error::Known("OUT_OF_RANGE");
    /// An index outside of the data.
    pub const OUT_OF_BOUNDS: Error = Error::Known("OUT_OF_BOUNDS");
    /// Nothing is open under this handle.
    pub const ALREADY_CLOSED: Error = Error::Known("ALREADY_CLOSED");
    /// The machine has a name that is no text.
    pub const ILLEGAL_UTF_8: Error = Error::Known("ILLEGAL_UTF_8");

    /// An error in the words of the system.
    pub(crate) fn of_system(errno: Errno) -> Error {
        let text = io::Error::from(errno).to_string();
        let words = text.split(" (os error").next().unwrap_or_default();
        Error::System(words.to_string())
    }

    /// What the standard library says, in the words of the system.
    pub(crate) fn of_standard(error: &io::Error) -> Error {
        match (Errno::from_io_error(error), error.kind()) {
            (Some(errno), _) => Error::of_system(errno),
            (None, io::ErrorKind::InvalidInput) => Error::INVALID_ARGUMENT,
            (None, _) => Error::System(error.to_string()),
        }
    }
}

/// An error about a path.
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
