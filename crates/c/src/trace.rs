//! Lists the requests that components leave unanswered, so that forgotten answers are found.

use std::time::Duration;

use lucarne_kernel::sync::thread;

use crate::registry::Registry;
use crate::service::serving::overdue;

/// Receives a line about a request.
pub(crate) type Report = Box<dyn Fn(&str) + Send + Sync>;

/// The age at which a request is listed first, in µs. It is listed again each time its age has doubled.
pub(crate) const FIRST_US: i64 = 1_000_000;

/// The interval at which the requests are checked.
const LOOK: Duration = Duration::from_millis(250);

/// Lists the unanswered requests of all handlers, from now to the end of this OS process.
///
/// # Errors
/// If requests are traced already, or no thread can be started.
pub(crate) fn trace_requests(registry: &'static Registry, report: Report) -> std::io::Result<()> {
    if !registry.set_report(report) {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    let look = move || {
        loop {
            thread::sleep(LOOK);
            for handler in registry.handlers() {
                registry.report(&handler.overdue());
            }
            registry.report(&overdue());
        }
    };
    thread::Builder::new().name("lucarne-trace".to_owned()).spawn(look).map(drop)
}
