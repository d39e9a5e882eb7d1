//! The names of signals.

use crate::Error;
use crate::outside::{Answer, Arguments};

/// The names, in the order of the signals' numbers, which begin at 1.
const TEXTS: [&str; 31] = [
    "Hangup",
    "Interrupt",
    "Quit",
    "Illegal instruction",
    "Trace/breakpoint trap",
    "Aborted",
    "Bus error",
    "Floating point exception",
    "Killed",
    "User defined signal 1",
    "Segmentation fault",
    "User defined signal 2",
    "Broken pipe",
    "Alarm clock",
    "Terminated",
    "Stack fault",
    "Child exited",
    "Continued",
    "Stopped (signal)",
    "Stopped",
    "Stopped (tty input)",
    "Stopped (tty output)",
    "Urgent I/O condition",
    "CPU time limit exceeded",
    "File size limit exceeded",
    "Virtual timer expired",
    "Profiling timer expired",
    "Window changed",
    "I/O possible",
    "Power failure",
    "Bad system call",
];

/// `signal` -> its name.
pub(crate) fn text(arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let signal = arguments.int(0)?;
    let place = usize::try_from(signal).ok().and_then(|signal| signal.checked_sub(1));
    let known = place.and_then(|place| TEXTS.get(place)).map(|text| (*text).to_string());
    Ok(Answer::Text(known.unwrap_or_else(|| format!("Unknown signal {signal}"))))
}
