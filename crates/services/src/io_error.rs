//! Converts the errors of calls to errors of `std::io`, for traits whose functions return these.

use std::fmt;
use std::io::{Error, ErrorKind};

use crate::failure::{CallError, Failed, Fault, OpenError};

/// The texts of errors that have a kind, or the beginnings of these texts.
const KINDS: [(&str, ErrorKind); 14] = [
    ("Connection refused", ErrorKind::ConnectionRefused),
    ("Connection reset by peer", ErrorKind::ConnectionReset),
    ("Connection timed out", ErrorKind::TimedOut),
    ("Software caused connection abort", ErrorKind::ConnectionAborted),
    ("Broken pipe", ErrorKind::BrokenPipe),
    ("NOT_CONNECTED", ErrorKind::NotConnected),
    ("Transport endpoint is not connected", ErrorKind::NotConnected),
    ("Address already in use", ErrorKind::AddrInUse),
    ("Cannot assign requested address", ErrorKind::AddrNotAvailable),
    ("Network is unreachable", ErrorKind::NetworkUnreachable),
    ("No route to host", ErrorKind::HostUnreachable),
    ("PERMISSION_DENIED", ErrorKind::PermissionDenied),
    ("QUOTA_EXCEEDED", ErrorKind::QuotaExceeded),
    ("UNSUPPORTED", ErrorKind::Unsupported),
];

/// The kind follows from the variant, and for [`CallError::Thrown`] from the text, if it is a known one of the
/// operating system or of Lucarne. The inner error is the [`CallError`].
impl<E: Fault + fmt::Debug + Send + Sync + 'static> From<CallError<E>> for Error {
    fn from(error: CallError<E>) -> Error {
        let kind = match &error {
            CallError::Thrown(thrown) => kind_of(thrown.text()),
            CallError::Deadline | CallError::Unresponsive => ErrorKind::TimedOut,
            CallError::Gone => ErrorKind::ConnectionAborted,
            CallError::ContactLost => ErrorKind::ConnectionReset,
            CallError::Closed => ErrorKind::NotConnected,
            CallError::Unimplemented => ErrorKind::Unsupported,
            CallError::Decode(_) => ErrorKind::InvalidData,
            CallError::Provider(_) | CallError::Refused(_) | CallError::Canceled => ErrorKind::Other,
        };
        Error::new(kind, error)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Error {
        CallError::<std::convert::Infallible>::from(failed).into()
    }
}

impl From<OpenError> for Error {
    fn from(error: OpenError) -> Error {
        let kind = match &error {
            OpenError::Absent => ErrorKind::NotFound,
            OpenError::Denied => ErrorKind::PermissionDenied,
            OpenError::Unresponsive => ErrorKind::TimedOut,
            OpenError::Ambiguous | OpenError::Failed(_) => ErrorKind::Other,
        };
        Error::new(kind, error)
    }
}

fn kind_of(text: &str) -> ErrorKind {
    KINDS.iter().find(|(start, _)| text.starts_with(start)).map_or(ErrorKind::Other, |(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Thrown;

    #[test]
    fn errors_keep_their_texts_and_get_kinds() {
        let error = Error::from(CallError::<Thrown>::Thrown(Thrown::new("Connection refused")));
        assert_eq!(
            (error.kind(), error.to_string()),
            (ErrorKind::ConnectionRefused, "Connection refused".into())
        );
        let error = Error::from(Failed::Deadline);
        assert_eq!((error.kind(), error.to_string()), (ErrorKind::TimedOut, "DEADLINE_EXCEEDED".into()));
        assert_eq!(Error::from(OpenError::Denied).kind(), ErrorKind::PermissionDenied);
    }
}
