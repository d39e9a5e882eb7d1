//! The timers of processes: they wake waiting processes at their deadlines, and check for slow receivers.
//!
//! A process has at most one valid timer for its deadline. If the deadline has moved to a later time when the timer
//! fires, the timer is set again. So a process that waits a million times with a time limit, and never reaches it, does
//! not leave a million timers behind.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::entry::Entry;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicI64, Ordering};

/// The deadline of a process without one.
pub(crate) const NEVER: i64 = i64::MAX;

pub(crate) struct Timers {
    heap: Mutex<BinaryHeap<Reverse<Timer>>>,
    /// The time of the earliest timer, readable without the lock, or [`NEVER`].
    next_us: AtomicI64,
}

struct Timer {
    at_us: i64,
    purpose: Purpose,
    entry: Arc<Entry>,
}

/// The purpose of a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Purpose {
    Wake,
    CheckSlowness,
}

impl Timers {
    pub(crate) fn new() -> Timers {
        Timers { heap: Mutex::default(), next_us: AtomicI64::new(NEVER) }
    }

    /// Sets the timer of a process to its deadline, which the caller has stored in `deadline_us`.
    pub(crate) fn arm(&self, entry: &Arc<Entry>) {
        let deadline_us = entry.deadline_us.load(Ordering::Relaxed);
        // `armed_us` is changed only here and when the timer fires, in both cases under this lock.
        let mut heap = self.heap.lock();
        if deadline_us < entry.armed_us.load(Ordering::Relaxed) {
            entry.armed_us.store(deadline_us, Ordering::Relaxed);
            heap.push(Reverse(Timer { at_us: deadline_us, purpose: Purpose::Wake, entry: entry.clone() }));
            self.publish(&heap);
        }
    }

    /// Sets a timer that checks at `at_us` whether the process keeps senders waiting.
    pub(crate) fn check_slowness_at(&self, at_us: i64, entry: Arc<Entry>) {
        let mut heap = self.heap.lock();
        heap.push(Reverse(Timer { at_us, purpose: Purpose::CheckSlowness, entry }));
        self.publish(&heap);
    }

    /// Returns the time of the earliest timer, or [`NEVER`].
    pub(crate) fn next_us(&self) -> i64 {
        self.next_us.load(Ordering::Relaxed)
    }

    /// Fires all due timers.
    pub(crate) fn fire(&self, now_us: i64) {
        while self.next_us() <= now_us {
            let Some(timer) = self.pop_due(now_us) else { return };
            match timer.purpose {
                Purpose::CheckSlowness => timer.entry.check_slowness(now_us),
                Purpose::Wake => self.wake_or_arm_again(timer, now_us),
            }
        }
    }

    /// Removes all timers.
    pub(crate) fn clear(&self) {
        let timers = std::mem::take(&mut *self.heap.lock());
        drop(timers);
    }

    fn pop_due(&self, now_us: i64) -> Option<Timer> {
        let mut heap = self.heap.lock();
        if heap.peek().is_none_or(|Reverse(timer)| timer.at_us > now_us) {
            return None;
        }
        let Reverse(timer) = heap.pop()?;
        if timer.purpose == Purpose::Wake {
            // Another timer may have been armed since: only the timer that was pushed last clears `armed_us`.
            let _ = timer.entry.armed_us.compare_exchange(
                timer.at_us,
                NEVER,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
        }
        self.publish(&heap);
        Some(timer)
    }

    fn wake_or_arm_again(&self, timer: Timer, now_us: i64) {
        let deadline_us = timer.entry.deadline_us.load(Ordering::Relaxed);
        if deadline_us <= now_us {
            timer.entry.wake();
        } else if deadline_us != NEVER && !timer.entry.run_state.has_ended() {
            self.arm(&timer.entry);
        }
    }

    fn publish(&self, heap: &BinaryHeap<Reverse<Timer>>) {
        let next_us = heap.peek().map_or(NEVER, |Reverse(timer)| timer.at_us);
        self.next_us.store(next_us, Ordering::Relaxed);
    }
}

impl Timer {
    fn key(&self) -> (i64, i64, Purpose) {
        (self.at_us, self.entry.pid.as_i64(), self.purpose)
    }
}

impl PartialEq for Timer {
    fn eq(&self, other: &Timer) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Timer) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Timer) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}
