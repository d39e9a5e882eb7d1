//! Followers of logs: each gets all new entries, from memory, or from the files if it is slow.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};

use super::Log;
use super::entry::Entry;

/// The largest number of entries that wait in memory for a follower. It reads further entries from the files.
const WAITING_MAX: usize = 1024;

/// The number of entries that a follower reads from the files at once.
const READ_MAX: usize = 64;

/// An item that a follower gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// The next entry.
    Entry(Arc<Entry>),
    /// The number of entries that were missed: their file was removed before the follower read them.
    Missed(u64),
}

/// Follows a log until it is dropped.
pub struct Follower {
    log: Weak<Log>,
    entries: Receiver<Arc<Entry>>,
    /// Set when an entry does not fit into `entries`.
    overflowed: Arc<AtomicBool>,
    /// The number of the next entry.
    next: u64,
    /// Whether the next entries are in the files.
    is_behind: bool,
    /// Entries from the files.
    read: VecDeque<Entry>,
}

/// The end of a follower that its log writes to.
pub(super) struct Listener {
    entries: SyncSender<Arc<Entry>>,
    overflowed: Arc<AtomicBool>,
}

/// Makes a follower that gets the entries of a log from number `next` on, and the listener for it.
pub(super) fn pair(log: Weak<Log>, next: u64) -> (Listener, Follower) {
    let (sender, entries) = sync_channel(WAITING_MAX);
    let overflowed = Arc::<AtomicBool>::default();
    let listener = Listener { entries: sender, overflowed: overflowed.clone() };
    (listener, Follower { log, entries, overflowed, next, is_behind: false, read: VecDeque::new() })
}

impl Listener {
    /// Passes an entry on. Returns false if the follower has been dropped.
    pub(super) fn pass(&self, entry: &Arc<Entry>) -> bool {
        match self.entries.try_send(entry.clone()) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                self.overflowed.store(true, Ordering::Release);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    }
}

impl Follower {
    /// Waits for the next entry, at most for a time.
    ///
    /// # Errors
    /// If the time is over, or the log was removed.
    pub fn next_within(&mut self, time: Duration) -> Result<Followed, RecvTimeoutError> {
        loop {
            if let Some(entry) = self.read.pop_front() {
                return Ok(self.take(entry));
            }
            if self.is_behind {
                self.read_files();
                continue;
            }
            let entry = match self.entries.try_recv() {
                Ok(entry) => entry,
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if self.overflowed.swap(false, Ordering::Acquire) => {
                    self.is_behind = true;
                    continue;
                }
                Err(TryRecvError::Empty) => self.entries.recv_timeout(time)?,
            };
            if entry.number > self.next {
                self.read_files();
                if self.read.is_empty() {
                    // The files cannot be read.
                    self.read.push_back(entry.as_ref().clone());
                }
            } else if entry.number == self.next {
                self.next += 1;
                return Ok(Followed::Entry(entry));
            }
        }
    }

    /// Reads the next entries from the files. If they are fewer than `READ_MAX`, the follower has caught up.
    fn read_files(&mut self) {
        let read = self.log.upgrade().and_then(|log| log.since(self.next, READ_MAX).ok());
        self.read = read.unwrap_or_default().into();
        self.is_behind = self.read.len() == READ_MAX;
    }

    /// Returns an entry from the files, or the number of entries that are missing before it.
    fn take(&mut self, entry: Entry) -> Followed {
        let missed = entry.number - self.next;
        if missed > 0 {
            self.next = entry.number;
            self.read.push_front(entry);
            return Followed::Missed(missed);
        }
        self.next += 1;
        Followed::Entry(Arc::new(entry))
    }
}

impl Iterator for Follower {
    type Item = Followed;

    /// Waits for the next entry. Returns none if the log was removed.
    fn next(&mut self) -> Option<Followed> {
        self.next_within(Duration::MAX).ok()
    }
}
