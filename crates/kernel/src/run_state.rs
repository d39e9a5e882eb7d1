//! The state of a process: it waits, is queued, runs or has ended. The state is one atomic, so that no wake-up is lost.
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
//! A sender first puts the message into the mailbox and then wakes the receiver. A receiver first finds the mailbox
//! empty and then parks. All changes of the atomic are in one order: either the wake comes first, and parking fails, or
//! parking comes first, and the wake puts the receiver into a queue. The receiver checks its mailbox without the lock.
//! So a wake always writes the atomic, even if the value stays the same: the next turn then reads the written value,
//! and so sees the message.

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
    /// Returns the state of a process that is about to be queued for the first time.
    pub(crate) fn ready() -> RunState {
        RunState(AtomicU8::new(READY))
    }

    /// Records that there is work. Returns true if the caller must put the process into a queue.
    pub(crate) fn wake(&self) -> bool {
        // AcqRel, here, in `start` and in `park`: the later operation sees all writes before the
        // earlier one.
        self.0.fetch_or(WOKEN, Ordering::AcqRel) == PARKED
    }

    /// Records that a worker took the process out of a queue. Returns false if it has ended.
    pub(crate) fn start(&self) -> bool {
        self.0.compare_exchange(READY, RUNNING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Ends a turn that left no work. Returns false if there is new work; the caller must then put
    /// the process into a queue.
    pub(crate) fn park(&self) -> bool {
        if self.0.compare_exchange(RUNNING, PARKED, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            return true;
        }
        self.requeue();
        false
    }

    /// Ends a turn that left work; the caller must put the process into a queue.
    pub(crate) fn requeue(&self) {
        // A plain store is not enough: the next turn must see all writes before the wakes that this
        // absorbs.
        self.0.swap(READY, Ordering::AcqRel);
    }

    /// Ends the process. Returns false if it had ended before. Call this in its turn, or when it
    /// can get no more turns.
    pub(crate) fn end(&self) -> bool {
        self.0.swap(ENDED, Ordering::AcqRel) & ENDED == 0
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.load(Ordering::Acquire) & ENDED != 0
    }
}
