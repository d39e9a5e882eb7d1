//! Reading along with a log.

use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};

use super::entry::Entry;

/// How many entries wait for a follower. One that is further behind misses some.
const WAITING_MAX: usize = 1024;

/// What a follower gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The next entry.
    Entry(Arc<Entry>),
    /// So many entries came while the follower was too slow, and are not repeated.
    Missed(u64),
}

/// Reads along with a log. Dropping it ends that.
pub struct Follower {
    entries: Receiver<Arc<Entry>>,
    /// The number of the entry that comes next.
    next: u64,
    /// One that came after some that were missed.
    after_gap: Option<Arc<Entry>>,
}

/// The end of a follower that the log holds.
pub(super) struct Listener(SyncSender<Arc<Entry>>);

/// A follower that has everything before entry `next` already.
pub(super) fn pair(next: u64) -> (Listener, Follower) {
    let (sender, entries) = sync_channel(WAITING_MAX);
    (Listener(sender), Follower { entries, next, after_gap: None })
}

impl Listener {
    /// Passes an entry on. False if nobody follows any more.
    pub(super) fn pass(&self, entry: &Arc<Entry>) -> bool {
        // Of one that does not fit, its number tells the follower.
        !matches!(self.0.try_send(entry.clone()), Err(TrySendError::Disconnected(_)))
    }
}

impl Follower {
    /// Waits for what comes next, but not for ever.
    ///
    /// # Errors
    /// If the time is over, or the log was removed.
    pub fn next_within(&mut self, time: Duration) -> Result<Followed, RecvTimeoutError> {
        match self.after_gap.take() {
            Some(entry) => Ok(self.take(entry)),
            None => self.entries.recv_timeout(time).map(|entry| self.take(entry)),
        }
    }

    fn take(&mut self, entry: Arc<Entry>) -> Followed {
        let missed = entry.number.saturating_sub(self.next);
        self.next = entry.number + u64::from(missed == 0);
        if missed == 0 {
            return Followed::Entry(entry);
        }
        self.after_gap = Some(entry);
        Followed::Missed(missed)
    }
}

impl Iterator for Follower {
    type Item = Followed;

    /// Waits for what comes next. None if nothing ever comes: the log was removed.
    fn next(&mut self) -> Option<Followed> {
        match self.after_gap.take() {
            Some(entry) => Some(self.take(entry)),
            None => self.entries.recv().ok().map(|entry| self.take(entry)),
        }
    }
}
