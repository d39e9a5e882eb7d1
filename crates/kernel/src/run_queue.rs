//! The processes that one worker is going to run.
//!
//! A queue orders processes by *virtual time*: the work they have done, divided by the weight of
//! their priority. Whoever has had least of its share comes first, so shares follow the
//! priorities and nobody starves.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use crate::entry::Entry;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// What an empty queue says when asked who is first.
pub(crate) const NOBODY: u64 = u64::MAX;

pub(crate) struct RunQueue {
    inner: Mutex<Inner>,
    /// The virtual time of the first process, for a look without the lock. Only a hint for
    /// choosing between queues; the fences of `idle` make it good enough for falling asleep.
    first: AtomicU64,
    /// How many there are, likewise.
    length: AtomicUsize,
}

#[derive(Default)]
struct Inner {
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
        RunQueue { inner: Mutex::default(), first: AtomicU64::new(NOBODY), length: AtomicUsize::new(0) }
    }

    /// Puts a process behind those that have had less.
    pub(crate) fn push(&self, entry: Arc<Entry>) {
        let mut inner = self.inner.lock();
        inner.counter += 1;
        let queued = Queued { virtual_time: entry.virtual_time.load(Relaxed), number: inner.counter, entry };
        inner.heap.push(Reverse(queued));
        self.publish(&inner);
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

    /// How many processes are in the queue.
    pub(crate) fn length(&self) -> usize {
        self.length.load(Relaxed)
    }

    fn publish(&self, inner: &Inner) {
        let first = inner.heap.peek().map_or(NOBODY, |Reverse(queued)| queued.virtual_time);
        self.first.store(first, Relaxed);
        self.length.store(inner.heap.len(), Relaxed);
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
