//! Notifications that were handled here but not yet acknowledged to the other side.
//!
//! Acknowledgments travel in batches: a frame for each would double the traffic. A slow receiver's notifications are
//! acknowledged at once, because a sender that waits for room measures the receiver's progress.

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use rustc_hash::FxHashMap;

use crate::exchange::Subject;

/// The number of notifications that make a batch due. A mailbox announces room when half of its 1,024 places for a
/// resource are free, so a delay of 64 notifications does not matter.
const COUNT_MAX: u32 = 64;

/// The number of bytes that make a batch due.
const BYTES_MAX: usize = 64 << 10;

/// The time since the last batch, in microseconds, after which a single notification makes a batch due.
const BATCH_INTERVAL_US: i64 = 50_000;

#[derive(Default)]
pub(crate) struct Credits {
    state: Mutex<State>,
    /// Whether acknowledgments are pending, readable without the lock.
    is_due: AtomicBool,
}

#[derive(Default)]
struct State {
    counts: FxHashMap<Subject, u32>,
    count: u32,
    bytes: usize,
    told_us: i64,
}

impl Credits {
    /// Adds one notification. Returns true if a batch is due.
    pub(crate) fn add(&self, key: Subject, bytes: usize, now_us: i64) -> bool {
        let mut state = self.state.lock();
        *state.counts.entry(key).or_default() += 1;
        state.count += 1;
        state.bytes += bytes;
        self.is_due.store(true, Ordering::Relaxed);
        state.count >= COUNT_MAX || state.bytes >= BYTES_MAX || now_us - state.told_us >= BATCH_INTERVAL_US
    }

    /// Takes the pending acknowledgments.
    pub(crate) fn take(&self, now_us: i64) -> Vec<(Subject, u32)> {
        if !self.is_due.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut state = self.state.lock();
        self.is_due.store(false, Ordering::Relaxed);
        (state.count, state.bytes, state.told_us) = (0, 0, now_us);
        let mut taken: Vec<_> = state.counts.drain().collect();
        // Hides the order of the hash map.
        taken.sort_unstable();
        taken
    }
}
