//! Whether a process waits, is queued or runs: the one atomic that keeps wake-ups from getting lost.
//!
//! ```text
//!            wake: enqueue            start
//!   PARKED ----------------> READY ---------> RUNNING <-.
//!     ^                        ^               |  |  wake
//!     |          requeue       |               |  v     |
//!     |                        '--------- RUNNING|WOKEN-'
//!     '---------- park ------------------------'           any state --end--> ENDED
//! ```
//!
//! A sender first puts the message into the mailbox and then wakes. A receiver first finds the
//! mailbox empty and then parks. All changes of the atomic are in one order: either the wake
//! comes first, and parking fails, or parking comes first, and the wake enqueues. So that this holds
//! for a mailbox that is looked at without its lock, a wake always writes, also where it changes nothing:
//! then the turn that it comes before reads what it wrote, and with it the message.

use crate::sync::atomic::{AtomicU8, Ordering};

const PARKED: u8 = 0;
const WOKEN: u8 = 1;
const READY: u8 = WOKEN;
const RUNNING: u8 = 2;
const ENDED: u8 = 4;

/// See the top of this file.
#[derive(Debug)]
pub(crate) struct RunState(AtomicU8);

impl RunState {
    /// A process that is about to be put into a queue for the first time.
    pub(crate) fn ready() -> RunState {
        RunState(AtomicU8::new(READY))
    }

    /// There is something to do. True if the caller has to put the process into a queue.
    pub(crate) fn wake(&self) -> bool {
        // AcqRel, here, in `start` and in `park`: whoever comes later sees what the other did before.
        self.0.fetch_or(WOKEN, Ordering::AcqRel) == PARKED
    }

    /// A worker took the process out of a queue. False if it has ended.
    pub(crate) fn start(&self) -> bool {
        self.0.compare_exchange(READY, RUNNING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// The turn is over with nothing to do. False if there is something after all; the caller then has
    /// to put the process into a queue.
    pub(crate) fn park(&self) -> bool {
        if self.0.compare_exchange(RUNNING, PARKED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return true;
        }
        self.requeue();
        false
    }

    /// The turn is over with more to do; the caller has to put the process into a queue.
    pub(crate) fn requeue(&self) {
        // Not a mere store: the next turn has to see what was done before the wakes that this takes in.
        self.0.swap(READY, Ordering::AcqRel);
    }

    /// The process is over. False if it was before. To be called in its turn, or when it can get none.
    pub(crate) fn end(&self) -> bool {
        self.0.swap(ENDED, Ordering::AcqRel) & ENDED == 0
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire) & ENDED != 0
    }
}
