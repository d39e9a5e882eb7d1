//! Why a call, or a line of a session, has failed.

use std::time::Duration;

use lucarne_interface::model::Method;
use lucarne_services::{CallError, protocol};
use serde_json::json;

use super::check::Mistyped;
use super::json::Shown;
use crate::{Stop, USAGE};

/// The time limit of a call is over.
pub(crate) const DEADLINE_EXCEEDED: &str = "DEADLINE_EXCEEDED";
/// The system or the provider does not answer at all.
pub(crate) const NO_ANSWER: &str = "NO_ANSWER";
/// The provider or the system has ended.
pub(crate) const NO_SUCH_PROCESS: &str = "NO_SUCH_PROCESS";
/// Contact to the machine of the provider was lost: the call may have been executed.
pub(crate) const CONTACT_LOST: &str = "CONTACT_LOST";
/// The system cannot be reached.
pub(crate) const UNREACHABLE: &str = "UNREACHABLE";
/// The resource has ended or is closed.
pub(crate) const RESOURCE_CLOSED: &str = "RESOURCE_CLOSED";
/// The provider has closed a resource whose notifications were not taken.
pub(crate) const NOTIFICATIONS_NOT_TAKEN: &str = "NOTIFICATIONS_NOT_TAKEN";
/// No provider, method or resource has the name.
pub(crate) const UNKNOWN_NAME: &str = "UNKNOWN_NAME";
/// Several services have the name.
pub(crate) const AMBIGUOUS_NAME: &str = "AMBIGUOUS_NAME";
/// The arguments are not those of the method.
pub(crate) const WRONG_ARGUMENT: &str = "WRONG_ARGUMENT";
/// The command, or the line of a session, has another form.
pub(crate) const WRONG_FORM: &str = "WRONG_FORM";
/// A message cannot be decoded.
pub(crate) const UNREADABLE: &str = "UNREADABLE";
/// A result or a notification does not have the type of the definition.
pub(crate) const WRONG_TYPE: &str = "WRONG_TYPE";
/// The user has canceled the call.
pub(crate) const CANCELED: &str = "CANCELED";

/// Why a resource ends that the provider closes.
pub(crate) const CLOSED_BY_PROVIDER: &str = "the provider has closed it";

/// Why a resource ends with its provider.
pub(crate) const PROVIDER_ENDED: &str = "the provider has ended";

/// Why a resource ends when contact to the machine of its provider is lost.
pub(crate) const MACHINE_SILENT: &str = "the machine of the provider does not answer any more";

/// A call that has failed, or a line that is wrong.
pub(crate) struct Failure {
    /// The name of the error in the definition, or one of those above.
    pub(crate) name: Option<String>,
    pub(crate) text: String,
    /// The part of a result that does not have its type.
    mistyped: Option<Box<Mistyped>>,
}

impl Failure {
    pub(crate) fn named(name: &str, text: impl Into<String>) -> Failure {
        Failure { name: Some(name.to_owned()), text: text.into(), mistyped: None }
    }

    /// Returns the failure of a result or a notification, `shown`, in which a part does not have its type.
    pub(crate) fn mistyped(mistyped: Mistyped, of: &str, shown: &Shown<'_>) -> Failure {
        let text = mistyped.text(of, shown);
        Failure { mistyped: Some(Box::new(mistyped)), ..Failure::named(WRONG_TYPE, text) }
    }

    /// Returns the failure of a call.
    pub(crate) fn of(error: &CallError, method: &Method, timeout: Option<Duration>) -> Failure {
        let time = timeout.or(method.timeout.map(Duration::from_millis));
        let failure = Failure::of_close(error, time.unwrap_or_default());
        let declared = method.errors.iter().find(|declared| declared.text == failure.text);
        match declared {
            Some(declared) => Failure::named(&declared.name, failure.text),
            None => failure,
        }
    }

    /// Returns the failure of a request that calls no method, such as closing a resource. The request has this time limit.
    pub(crate) fn of_close(error: &CallError, time: Duration) -> Failure {
        match error {
            CallError::Gone => Failure::named(NO_SUCH_PROCESS, PROVIDER_ENDED),
            CallError::Deadline => Failure::named(
                DEADLINE_EXCEEDED,
                format!("the provider has not answered within {}", humantime::format_duration(time)),
            ),
            CallError::ContactLost => Failure::named(CONTACT_LOST, error.to_string()),
            CallError::Unresponsive => Failure::named(NO_ANSWER, error.to_string()),
            CallError::Canceled => Failure::named(CANCELED, error.to_string()),
            CallError::Decode(_) => Failure::named(UNREADABLE, error.to_string()),
            CallError::Closed => Failure::named(RESOURCE_CLOSED, error.to_string()),
            CallError::Thrown(thrown) if thrown.text() == protocol::error::NO_SUCH_RESOURCE => {
                Failure::named(RESOURCE_CLOSED, error.to_string())
            }
            error => Failure { name: None, text: error.to_string(), mistyped: None },
        }
    }

    /// Returns the failure of the use of a resource that has ended for a reason.
    pub(crate) fn of_ended(variable: &str, reason: &str) -> Failure {
        Failure::named(name_of_end(reason), format!("{variable} has ended: {reason}"))
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let mut json = json!({ "error": self.text, "name": self.name });
        if let Some(mistyped) = &self.mistyped {
            json["mistyped"] = mistyped.json();
        }
        json
    }
}

/// Returns the name of a reason for which a resource ends.
pub(crate) fn name_of_end(reason: &str) -> &'static str {
    match reason {
        PROVIDER_ENDED => NO_SUCH_PROCESS,
        MACHINE_SILENT => CONTACT_LOST,
        CLOSED_BY_PROVIDER => RESOURCE_CLOSED,
        _ => NOTIFICATIONS_NOT_TAKEN,
    }
}

impl From<String> for Failure {
    fn from(text: String) -> Failure {
        Failure::named(WRONG_FORM, text)
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Failure {
        let name = stop.name.or((stop.status == USAGE).then_some(WRONG_FORM));
        Failure { name: name.map(str::to_owned), text: stop.message, mistyped: None }
    }
}
