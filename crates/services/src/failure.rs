//! Error types: one for each operation that can fail.

use std::convert::Infallible;
use std::fmt;

use lucarne_kernel::{Failure, SendError};
use lucarne_message::{DecodeError, EncodeError, Payload, Value};
use thiserror::Error;

use crate::protocol::error::{self, MAY_NOT_OPEN, NO_ANSWER};

/// The error that a handler throws and its caller gets: a text that programs match on, and, if it comes from another
/// process, a trace of the place where it was thrown.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text}")]
pub struct Thrown {
    text: String,
    trace: Option<String>,
}

impl Thrown {
    /// Creates an exception with this text.
    pub fn new(text: impl Into<String>) -> Thrown {
        Thrown { text: text.into(), trace: None }
    }

    /// Returns the text that programs match on.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the place where the exception was thrown, if the provider sends it: for display.
    pub fn trace(&self) -> Option<&str> {
        self.trace.as_deref()
    }

    pub(crate) fn from_failure(failure: Failure) -> Thrown {
        let trace = match failure.trace.map(Payload::into_value) {
            Some(Ok(Value::String(trace))) => Some(trace),
            _ => None,
        };
        Thrown { text: failure.text, trace }
    }

    pub(crate) fn into_failure(self) -> Failure {
        Failure { text: self.text, trace: self.trace.map(|trace| Payload::string(&trace)) }
    }
}

impl From<EncodeError> for Thrown {
    fn from(error: EncodeError) -> Thrown {
        Thrown::new(error.to_string())
    }
}

impl From<DecodeError> for Thrown {
    fn from(error: DecodeError) -> Thrown {
        Thrown::new(error.to_string())
    }
}

/// An error type whose values are sent to other processes, as texts that name them.
///
/// `#[derive(Fault)]` implements this trait for an enum.
///
/// ```
/// use lucarne_services::Fault;
///
/// #[derive(Debug, PartialEq)]
/// struct BadLimit;
///
/// impl Fault for BadLimit {
///     fn to_text(&self) -> String {
///         "BAD_LIMIT".to_owned()
///     }
///
///     fn from_text(text: &str) -> Option<BadLimit> {
///         (text == "BAD_LIMIT").then_some(BadLimit)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be sent as an error",
    note = "derive `lucarne::Fault` for it, or give it a `Fault` by hand"
)]
pub trait Fault: Sized {
    /// Returns the text that callers throw.
    fn to_text(&self) -> String;

    /// Returns the error with the given text. Returns none if no value of this type has that text.
    fn from_text(text: &str) -> Option<Self>;
}

impl Fault for Infallible {
    fn to_text(&self) -> String {
        match *self {}
    }

    fn from_text(_text: &str) -> Option<Infallible> {
        None
    }
}

impl Fault for Thrown {
    fn to_text(&self) -> String {
        self.text.clone()
    }

    fn from_text(text: &str) -> Option<Thrown> {
        Some(Thrown::new(text))
    }
}

/// The reason why a call has no result. The kind tells the caller how to react.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallError<E = Infallible> {
    /// The method failed with an error that its service declares.
    Provider(E),
    /// The method failed in any other way.
    Thrown(Thrown),
    /// The provider has ended, or does not offer the service any more: open it again.
    Gone,
    /// The call was not sent: an argument cannot be encoded, or too many requests are unanswered.
    Refused(String),
    /// The provider has no such method.
    Unimplemented,
    /// The call was canceled.
    Canceled,
    /// The answer did not arrive in time.
    Deadline,
    /// The provider, or the service manager, has not answered within 20 seconds: it is frozen, blocked or overloaded.
    /// Calls of methods have no such limit.
    Unresponsive,
    /// The contact to the machine of the provider was lost before the answer came: the call may have been executed. A
    /// call that cannot have been executed is [`Gone`](CallError::Gone).
    ContactLost,
    /// The client, the resource, or the container that it belongs to is closed.
    Closed,
    /// The answer does not have the expected form.
    Decode(String),
}

impl<E: Fault> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Provider(fault) => f.write_str(&fault.to_text()),
            CallError::Thrown(thrown) => thrown.fmt(f),
            CallError::Gone => f.write_str(error::NO_SUCH_PROCESS),
            CallError::Refused(reason) => write!(f, "the call was not sent: {reason}"),
            CallError::Unimplemented => f.write_str("the provider has no such method"),
            CallError::Canceled => f.write_str(error::CANCELED),
            CallError::Deadline => f.write_str(error::DEADLINE_EXCEEDED),
            CallError::Unresponsive => f.write_str(error::NO_ANSWER),
            CallError::ContactLost => f.write_str(error::CONTACT_LOST),
            CallError::Closed => f.write_str("Client closed"),
            CallError::Decode(reason) => write!(f, "the answer cannot be read: {reason}"),
        }
    }
}

impl<E: Fault + fmt::Debug> std::error::Error for CallError<E> {}

impl<E: Fault> From<Failed> for CallError<E> {
    fn from(failed: Failed) -> CallError<E> {
        match failed {
            Failed::Thrown(thrown) => match thrown.text() {
                error::NO_SUCH_PROCESS | error::HANDLER_NOT_FOUND => CallError::Gone,
                error::CANCELED => CallError::Canceled,
                error::CONTACT_LOST => CallError::ContactLost,
                text if error::is_no_such_method(text) => CallError::Unimplemented,
                text => E::from_text(text).map_or(CallError::Thrown(thrown), CallError::Provider),
            },
            Failed::Gone => CallError::Gone,
            Failed::Refused(reason) => CallError::Refused(reason),
            Failed::Deadline => CallError::Deadline,
            Failed::Unresponsive => CallError::Unresponsive,
            Failed::Closed => CallError::Closed,
            Failed::Decode(reason) => CallError::Decode(reason),
        }
    }
}

/// Why a service could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The service has no provider, or none that the filter of [`Open::only`](crate::Open::only) accepts.
    #[error("Cannot find service")]
    Absent,
    /// The service has providers, but this container is not allowed to open any of them.
    #[error("{MAY_NOT_OPEN}")]
    Denied,
    /// There is more than one best provider.
    #[error("Cannot disambiguate")]
    Ambiguous,
    /// The provider, or the service manager, has not answered for 20 seconds: it is frozen, blocked or overloaded.
    #[error("{NO_ANSWER}")]
    Unresponsive,
    /// A provider was found, but opening failed there: most often it has another version.
    #[error(transparent)]
    Failed(CallError),
}

impl From<Failed> for OpenError {
    fn from(failed: Failed) -> OpenError {
        match failed {
            // The time to wait for a provider is over.
            Failed::Deadline => OpenError::Absent,
            Failed::Unresponsive => OpenError::Unresponsive,
            other => OpenError::Failed(other.into()),
        }
    }
}

/// Why a component could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ComponentError {
    /// No component has that id.
    #[error("there is no component of that id")]
    NotFound,
    /// This container has the component open already. Several users in one container share clones of it.
    #[error("the component is open already")]
    InUse,
    /// The service manager did not answer, or does not permit it.
    #[error(transparent)]
    Failed(CallError),
}

impl From<Failed> for ComponentError {
    fn from(failed: Failed) -> ComponentError {
        ComponentError::Failed(failed.into())
    }
}

/// Why a provider could not be installed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InstallError {
    /// This version is not of the form `MAJOR.MINOR` or `MAJOR.MINOR.PATCH`, in decimal digits.
    #[error("'{0}' is not a version such as 1.0 or 1.0.2")]
    Version(String),
    /// The service manager did not register a service of the provider.
    #[error(transparent)]
    Failed(CallError),
}

impl From<Failed> for InstallError {
    fn from(failed: Failed) -> InstallError {
        InstallError::Failed(failed.into())
    }
}

/// Why a notification was not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotifyError<T> {
    /// The receiver has not taken the earlier notifications yet. The value is returned.
    #[error("the receiver has no room for more notifications")]
    Full(T),
    /// The resource or the component is closed, or the component has ended. The value is returned.
    #[error("ALREADY_CLOSED")]
    Closed(T),
    /// The value cannot be encoded.
    #[error(transparent)]
    Refused(EncodeError),
}

/// Why a stream of notifications ended, if not by a close.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Broken {
    /// The provider, or the container that reads the stream, has ended.
    #[error("NO_SUCH_PROCESS")]
    Gone,
    /// Contact with the machine of the provider was lost. The provider may still run.
    #[error("{}", error::NO_CONTACT)]
    ContactLost,
    /// The notifications were not read in time, so the resource was cut off.
    #[error("the notifications were not taken in time")]
    Slow,
    /// A notification does not have the expected form; the stream continues after it.
    #[error("the notification cannot be read: {0}")]
    Decode(String),
}

/// The reason why a request ended without a result, independent of the operation: the errors above are
/// converted from it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failed {
    /// The provider has answered with this error.
    Thrown(Thrown),
    /// The provider does not exist, or has ended.
    Gone,
    /// The request was not sent.
    Refused(String),
    /// The time limit that the caller has set is over.
    Deadline,
    /// The answer did not arrive within 20 seconds, the time limit of all requests that open, close or find something.
    Unresponsive,
    /// The requesting container is closed.
    Closed,
    /// The answer cannot be read.
    Decode(String),
}

impl From<Failure> for Failed {
    fn from(failure: Failure) -> Failed {
        Failed::Thrown(Thrown::from_failure(failure))
    }
}

impl From<SendError> for Failed {
    fn from(error: SendError) -> Failed {
        match error {
            SendError::NoSuchProcess => Failed::Gone,
            other => Failed::Refused(other.to_string()),
        }
    }
}

impl From<EncodeError> for Failed {
    fn from(error: EncodeError) -> Failed {
        Failed::Refused(error.to_string())
    }
}

impl From<DecodeError> for Failed {
    fn from(error: DecodeError) -> Failed {
        Failed::Decode(error.to_string())
    }
}
