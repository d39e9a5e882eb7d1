//! Follows a log.

use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};

use super::entry::Entry;

/// The largest number of entries that wait for a follower. It misses further ones.
const WAITING_MAX: usize = 1024;

/// The next thing that a follower gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The next entry.
    Entry(Arc<Entry>),
    /// The number of entries that were missed because the follower was too slow.
    Missed(u64),
}

/// Follows a log until it is dropped.
pub struct Follower {
    entries: Receiver<Arc<Entry>>,
    /// The number of the next entry.
    next: u64,
    /// The entry that came after missed ones.
    after_gap: Option<Arc<Entry>>,
}

/// The log's end of a follower.
pub(super) struct Listener(SyncSender<Arc<Entry>>);

/// Makes a follower that has everything before entry `next`.
pub(super) fn pair(next: u64) -> (Listener, Follower) {
    let (sender, entries) = sync_channel(WAITING_MAX);
    (Listener(sender), Follower { entries, next, after_gap: None })
}

impl Listener {
    /// Passes an entry on. False if the follower is gone.
    pub(super) fn pass(&self, entry: &Arc<Entry>) -> bool {
        // The number of a later entry tells the follower that this one did not fit.
        !matches!(self.0.try_send(entry.clone()), Err(TrySendError::Disconnected(_)))
    }
}

impl Follower {
    /// Waits for the next entry, at most for a time.
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

    /// Waits for the next entry. None if the log was removed.
    fn next(&mut self) -> Option<Followed> {
        match self.after_gap.take() {
            Some(entry) => Some(self.take(entry)),
            None => self.entries.recv().ok().map(|entry| self.take(entry)),
        }
    }
}
