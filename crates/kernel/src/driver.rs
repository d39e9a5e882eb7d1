//! What idle workers wait in, when more than other processes can bring work: connections to other OS processes.
//!
//! One idle worker at a time sits in the driver; the others sleep as ever. Workers that have work look into it now
//! and then. A kernel without a driver pays nothing for it.

use std::time::Duration;

/// Waits for what comes from outside of the OS process, and wakes the processes that it is for.
pub trait Driver: Send + Sync {
    /// Looks whether something has come, without waiting. Several workers may do so at a time.
    fn look(&self);

    /// Waits until something has come, until `patience` is over, or until [`unpark`](Driver::unpark). May return
    /// at any time: whoever waits looks for work then. `has_work` says whether that would find any, for a
    /// driver that looks around for a while before it sleeps. One worker at a time waits.
    fn wait(&self, has_work: &dyn Fn() -> bool, patience: Option<Duration>);

    /// Ends the wait that is under way, or else the next one.
    fn unpark(&self);
}
