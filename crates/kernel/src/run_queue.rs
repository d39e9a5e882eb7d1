//! The processes that one worker is going to run.
//!
//! A queue orders processes by *virtual time*: the work they have done, divided by the weight of
//! their priority. Whoever has had least of its share comes first, so shares follow the
//! priorities and nobody starves. In front of it is the *next slot*: the process that the
//! running one has just sent something to.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::entry::Entry;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What an empty queue says when asked who is first.
pub(crate) const NOBODY: u64 = u64::MAX;

pub(crate) struct RunQueue {
    inner: Mutex<Inner>,
    /// The virtual time of the first process, for a look without the lock. Only a hint for
    /// choosing between queues; the fences of `idle` make it good enough for falling asleep.
    first: AtomicU64,
}

#[derive(Default)]
struct Inner {
    slot: Option<Arc<Entry>>,
    heap: BinaryHeap<Reverse<Queued>>,
    /// Breaks ties first come, first served.
    counter: u64,
}

struct Queued {
    virtual_time: u64,
    number: u64,
    entry: Arc<Entry>,
}

impl RunQueue {
    pub(crate) fn new() -> RunQueue {
        RunQueue { inner: Mutex::default(), first: AtomicU64::new(NOBODY) }
    }

    /// Puts a process behind those that have had less.
    pub(crate) fn push(&self, entry: Arc<Entry>) {
        let mut inner = self.inner.lock();
        self.push_locked(&mut inner, entry);
    }

    /// Puts a process into the next slot; one that was there goes into the queue.
    pub(crate) fn hand_over(&self, entry: Arc<Entry>) {
        let mut inner = self.inner.lock();
        if let Some(earlier) = inner.slot.replace(entry) {
            self.push_locked(&mut inner, earlier);
        }
    }

    /// Takes the process in the next slot, and says how many more are in the queue.
    pub(crate) fn take_slot(&self) -> (Option<Arc<Entry>>, usize) {
        let mut inner = self.inner.lock();
        (inner.slot.take(), inner.heap.len())
    }

    /// Moves the process in the next slot into the queue, where other workers find it.
    pub(crate) fn share_slot(&self) {
        let mut inner = self.inner.lock();
        if let Some(entry) = inner.slot.take() {
            self.push_locked(&mut inner, entry);
        }
    }

    /// Takes the first process of the queue.
    pub(crate) fn pop(&self) -> Option<Arc<Entry>> {
        let mut inner = self.inner.lock();
        let entry = inner.heap.pop().map(|Reverse(queued)| queued.entry);
        self.publish(&inner);
        entry
    }

    /// The virtual time of the first process, or [`NOBODY`].
    pub(crate) fn first(&self) -> u64 {
        self.first.load(Relaxed)
    }

    fn push_locked(&self, inner: &mut Inner, entry: Arc<Entry>) {
        inner.counter += 1;
        let queued = Queued { virtual_time: entry.virtual_time.load(Relaxed), number: inner.counter, entry };
        inner.heap.push(Reverse(queued));
        self.publish(inner);
    }

    fn publish(&self, inner: &Inner) {
        let first = inner.heap.peek().map_or(NOBODY, |Reverse(queued)| queued.virtual_time);
        self.first.store(first, Relaxed);
    }
}

impl Queued {
    fn key(&self) -> (u64, u64) {
        (self.virtual_time, self.number)
    }
}

impl PartialEq for Queued {
    fn eq(&self, other: &Queued) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Queued {}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Queued) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Queued {
    fn cmp(&self, other: &Queued) -> Ordering {
        self.key().cmp(&other.key())
    }
}
