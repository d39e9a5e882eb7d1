//! Notifications that have been dealt with here, and of which the other side has not been told.
//!
//! They go back many at a time: a frame for each would double the traffic. But a receiver that takes
//! its time is told of at once, since whoever waits for room measures its progress.

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use rustc_hash::FxHashMap;

use crate::exchange::Subject;

/// So many are told of together. Room is announced when half of a thousand is free, so a few do not matter.
const COUNT_MAX: u32 = 64;

/// Or so many bytes.
const BYTES_MAX: usize = 64 << 10;

/// And if this much time has passed since the last time.
const PATIENCE_US: i64 = 50_000;

#[derive(Default)]
pub(crate) struct Credits {
    state: Mutex<State>,
    /// Whether there are any, for a look without the lock.
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
    /// One more. True if it is time to tell.
    pub(crate) fn add(&self, key: Subject, bytes: usize, now_us: i64) -> bool {
        let mut state = self.state.lock();
        *state.counts.entry(key).or_default() += 1;
        state.count += 1;
        state.bytes += bytes;
        self.is_due.store(true, Ordering::Relaxed);
        state.count >= COUNT_MAX || state.bytes >= BYTES_MAX || now_us - state.told_us >= PATIENCE_US
    }

    /// Takes what there is to tell.
    pub(crate) fn take(&self, now_us: i64) -> Vec<(Subject, u32)> {
        if !self.is_due.load(Ordering::Relaxed) {
            return Vec::new();
        }
        let mut state = self.state.lock();
        self.is_due.store(false, Ordering::Relaxed);
        (state.count, state.bytes, state.told_us) = (0, 0, now_us);
        let mut taken: Vec<_> = state.counts.drain().collect();
        // The order of a hash map is not to show.
        taken.sort_unstable();
        taken
    }
}
