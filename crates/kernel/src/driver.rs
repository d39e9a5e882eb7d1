//! Idle workers wait in a driver when work can also come from outside: from connections to other OS
//! processes.
//!
//! One idle worker at a time waits in the driver; the others sleep as usual. Busy workers check it
//! now and then. A kernel without a driver pays nothing for it.

use std::time::Duration;

/// Waits for events from outside of the OS process, and wakes the processes that they are for.
pub trait Driver: Send + Sync {
    /// Checks for events, without waiting. Several workers may do so at a time.
    fn look(&self);

    /// Waits for an event, until `patience` is over, or until [`unpark`](Driver::unpark). May
    /// return at any time; the caller looks for work then. `has_work` returns whether there is any,
    /// for a driver that polls for a while before it sleeps. One worker at a time waits.
    fn wait(&self, has_work: &dyn Fn() -> bool, patience: Option<Duration>);

    /// Ends the current wait, or else the next one.
    fn unpark(&self);
}
