//! The processes that one worker is going to run.
//!
//! A queue orders by *virtual time*: the work done, times the cost of a unit at the priority of the process or group.
//! The virtual time of a group counts the work of all its processes. The queue first chooses the group whose next turn is
//! likely to end at the least virtual time, and then the process of that group with the least virtual time. So a group
//! does not get more for having many processes, shares follow the priorities, and no process starves. Of the groups that
//! have worked equally little, those with short turns come first: they need not wait for a whole turn of each of the others.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::Gid;
use crate::entry::Entry;
use crate::group::Group;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// The result of [`RunQueue::first`] for an empty queue.
pub(crate) const EMPTY: u64 = u64::MAX;

pub(crate) struct RunQueue {
    inner: Mutex<Inner>,
    /// The virtual time at which the next turn of the first group ends, readable without the lock. It may be out of
    /// date, which does no harm when a worker chooses between queues. A worker that falls asleep misses no process: the
    /// fences of `idle` make sure that either the worker sees the new value, or the thread that wrote it finds the
    /// worker.
    first: AtomicU64,
    /// The number of processes, also readable without the lock.
    length: AtomicUsize,
}

#[derive(Default)]
struct Inner {
    /// The groups with processes in this queue.
    groups: BinaryHeap<Reverse<Queued<Arc<Group>>>>,
    processes: FxHashMap<Gid, BinaryHeap<Reverse<Queued<Arc<Entry>>>>>,
    /// An empty heap, for the next group.
    spare: BinaryHeap<Reverse<Queued<Arc<Entry>>>>,
    /// The number of the last entry: orders entries of equal virtual time by arrival.
    counter: u64,
    length: usize,
}

struct Queued<T> {
    virtual_time: u64,
    number: u64,
    what: T,
}

impl RunQueue {
    pub(crate) fn new() -> RunQueue {
        RunQueue { inner: Mutex::default(), first: AtomicU64::new(EMPTY), length: AtomicUsize::new(0) }
    }

    /// Puts a process into its place.
    pub(crate) fn push(&self, entry: Arc<Entry>) {
        let mut inner = self.inner.lock();
        inner.push(entry);
        self.publish(&inner);
    }

    /// Takes the first process of the queue.
    pub(crate) fn pop(&self) -> Option<Arc<Entry>> {
        let mut inner = self.inner.lock();
        let entry = inner.pop();
        self.publish(&inner);
        entry
    }

    /// Returns the virtual time at which the next turn of the first group ends, or [`EMPTY`].
    pub(crate) fn first(&self) -> u64 {
        self.first.load(Relaxed)
    }

    /// Returns the number of processes in the queue.
    pub(crate) fn length(&self) -> usize {
        self.length.load(Relaxed)
    }

    fn publish(&self, inner: &Inner) {
        let first = inner.groups.peek().map_or(EMPTY, |Reverse(queued)| queued.virtual_time);
        self.first.store(first, Relaxed);
        self.length.store(inner.length, Relaxed);
    }
}

impl Inner {
    fn push(&mut self, entry: Arc<Entry>) {
        self.counter += 1;
        let (number, gid) = (self.counter, entry.gid());
        let Inner { groups, processes, spare, .. } = self;
        let heap = processes.entry(gid).or_insert_with(|| {
            let virtual_time = entry.group.next_end();
            groups.push(Reverse(Queued { virtual_time, number, what: entry.group.clone() }));
            std::mem::take(spare)
        });
        let virtual_time = entry.virtual_time.load(Relaxed);
        heap.push(Reverse(Queued { virtual_time, number, what: entry }));
        self.length += 1;
    }

    fn pop(&mut self) -> Option<Arc<Entry>> {
        self.find_first();
        let Reverse(first) = self.groups.peek()?;
        let gid = first.what.gid;
        let heap = self.processes.get_mut(&gid)?;
        let entry = heap.pop().map(|Reverse(queued)| queued.what);
        if heap.is_empty() {
            self.groups.pop();
            self.spare = self.processes.remove(&gid).unwrap_or_default();
        }
        self.length -= usize::from(entry.is_some());
        entry
    }

    /// Finds the first group. The virtual time of a group grows while it waits here, since its
    /// other processes run. Groups at the front are moved to their current place until the first
    /// one is right.
    fn find_first(&mut self) {
        while let Some(mut first) = self.groups.peek_mut() {
            let virtual_time = first.0.what.next_end();
            if first.0.virtual_time >= virtual_time {
                return;
            }
            self.counter += 1;
            (first.0.virtual_time, first.0.number) = (virtual_time, self.counter);
        }
    }
}

impl<T> Queued<T> {
    fn key(&self) -> (u64, u64) {
        (self.virtual_time, self.number)
    }
}

impl<T> PartialEq for Queued<T> {
    fn eq(&self, other: &Queued<T>) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Queued<T> {}

impl<T> PartialOrd for Queued<T> {
    fn partial_cmp(&self, other: &Queued<T>) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Queued<T> {
    fn cmp(&self, other: &Queued<T>) -> Ordering {
        self.key().cmp(&other.key())
    }
}
