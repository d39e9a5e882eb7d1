//! The trait of drivers. A driver is where an idle worker waits when work can also come from outside, such as from
//! connections to other OS processes.
//!
//! One idle worker at a time waits in the driver; the others sleep as usual. Busy workers check the driver now and
//! then. In a kernel without a driver, the only cost is to check that none is set: before each chain of turns, and
//! before a worker sleeps.

use std::time::Duration;

/// Waits for events from outside of the OS process, and wakes the processes that they are for.
pub trait Driver: Send + Sync {
    /// Checks for events, without waiting. Several workers may call this at the same time.
    fn look(&self);

    /// Waits for an event, for [`unpark`](Driver::unpark), or until `patience` is over (`None`: without a limit). May
    /// return at any time; the caller then looks for work. `has_work` returns whether there is any, for a driver that
    /// polls for a while before it sleeps. One worker at a time calls this.
    fn wait(&self, has_work: &dyn Fn() -> bool, patience: Option<Duration>);

    /// Ends the current wait, or else the next one.
    fn unpark(&self);
}
