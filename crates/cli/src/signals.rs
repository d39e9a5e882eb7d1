//! The signals that ask this OS process to end: Ctrl-C, SIGTERM and the end of the terminal.

use std::io;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Calls `handle` on a thread of its own with each signal that asks this OS process to end. A signal that was
/// ignored from the start stays ignored: so `nohup` protects it from the end of the terminal.
pub(crate) fn on_end_signal(mut handle: impl FnMut(i32) + Send + 'static) -> io::Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| !is_ignored(*signal)))?;
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || signals.forever().for_each(&mut handle))?;
    Ok(())
}

/// Calls `handle` on a thread of its own each time Ctrl-C is pressed, which does not end this OS process any more.
pub(crate) fn on_interrupt(handle: impl Fn() + Send + 'static) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT])?;
    thread::Builder::new()
        .name("interrupts".to_owned())
        .spawn(move || signals.forever().for_each(|_| handle()))?;
    Ok(())
}

/// Returns whether this OS process ignores a signal. Returns false where the operating system does not tell.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is that of signal 1.
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

/// Returns the exit status of an OS process that a signal ends, as a shell reports it.
pub(crate) fn exit_status(signal: i32) -> i32 {
    128 + signal
}
