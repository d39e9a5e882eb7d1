//! Chooses which process runs next, and on which worker.
//!
//! Each worker has a [`RunQueue`]; one more queue takes the processes that threads outside of the kernel make ready. A
//! process that a running process wakes takes the *next slot* of the worker, which only the worker's own thread
//! accesses. To wake another worker takes longer than most calls, so this is delayed: until a turn has ended and more
//! than one process is left to run, or until a process has waited in the next slot for [`HAND_OVER_US`].

use std::cell::Cell;
use std::sync::Arc;

use crate::clock::Clock;
use crate::entry::Entry;
use crate::idle::Idle;
use crate::process::priority;
use crate::run_queue::{EMPTY, RunQueue};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU64, Ordering};

/// The number of units of work (calls and loop edges) that a process, and the processes to which it hands over, may do
/// together before other processes get a turn: about 200 µs of interpreted code.
pub(crate) const BUDGET: u32 = 20_000;

/// The minimum cost of a turn, so that processes that only pass messages use up their budget as
/// well.
pub(crate) const TURN_COST: u32 = 50;

/// How long a process in the next slot waits for the running one before it is offered to other
/// workers.
const HAND_OVER_US: i64 = 20;

/// How far behind, in virtual time, another queue must be before a worker with work of its own takes from it: one
/// budget at normal priority.
const STEAL_LAG: u64 = BUDGET as u64 * priority::NORMAL_COST;

/// How far below the floor a group or process that has slept may start: half a budget at normal priority. Busy groups are
/// within a budget of the floor. Those that come back from long work on a thread that has left its worker start from here,
/// too. Without this credit, a group that works only a little would wait for a turn of each busy group whenever it wakes.
pub(crate) const CREDIT: u64 = STEAL_LAG / 2;

/// The units that a process does before its group is charged: ten short turns. Writing to memory
/// that all workers share is expensive.
const UNCHARGED_MAX: u32 = 10 * TURN_COST;

pub(crate) struct Scheduler {
    /// One queue for each worker, and a last one for all other threads.
    queues: Box<[RunQueue]>,
    pub(crate) idle: Idle,
    /// The highest virtual time of a group when a process of it was taken from a queue. It never decreases. A group
    /// that has slept starts from here, less [`CREDIT`]. Each group has such a floor for its processes.
    floor: AtomicU64,
    /// The ready processes of a simulation, instead of the queues.
    simulated: Option<Mutex<Vec<Arc<Entry>>>>,
    /// Rung instead of waking a worker, where there are no workers: see `driven`.
    doorbell: Option<Doorbell>,
}

/// Called to announce work to the thread that runs the turns. Must be quick.
pub type Doorbell = Box<dyn Fn() + Send + Sync>;

thread_local! {
    /// The scheduler whose worker this thread is, and the index of the worker. The pointer is null if this thread is
    /// not a worker.
    static WORKER: Cell<(*const Scheduler, usize)> = const { Cell::new((std::ptr::null(), 0)) };
    /// The next slot of this worker.
    static NEXT: Cell<Option<Arc<Entry>>> = const { Cell::new(None) };
    /// Set if a process was put into the next slot in this turn: the time when [`Scheduler::share_overdue`] first
    /// noticed it, or 0 before that.
    static HANDED_OVER_US: Cell<Option<i64>> = const { Cell::new(None) };
}

/// While a value of this type exists, its thread is a worker. Dropping it restores the thread's former state.
pub(crate) struct Entered {
    worker: (*const Scheduler, usize),
    next: Option<Arc<Entry>>,
    handed_over_us: Option<i64>,
}

impl Drop for Entered {
    /// The slot is empty by now, so no process is lost.
    fn drop(&mut self) {
        WORKER.set(self.worker);
        NEXT.set(self.next.take());
        HANDED_OVER_US.set(self.handed_over_us);
    }
}

impl Scheduler {
    pub(crate) fn with_workers(workers: usize) -> Scheduler {
        Scheduler {
            queues: (0..=workers).map(|_| RunQueue::new()).collect(),
            idle: Idle::new(workers),
            floor: AtomicU64::new(0),
            simulated: None,
            doorbell: None,
        }
    }

    pub(crate) fn driven(doorbell: Doorbell) -> Scheduler {
        Scheduler { doorbell: Some(doorbell), ..Scheduler::with_workers(1) }
    }

    pub(crate) fn simulated() -> Scheduler {
        Scheduler { simulated: Some(Mutex::default()), ..Scheduler::with_workers(0) }
    }

    /// Returns the number of workers.
    pub(crate) fn workers(&self) -> usize {
        self.queues.len() - 1
    }

    /// Makes this thread a worker until the result is dropped.
    pub(crate) fn enter(&self, worker: usize) -> Entered {
        Entered {
            worker: WORKER.replace((self, worker)),
            next: NEXT.take(),
            handed_over_us: HANDED_OVER_US.take(),
        }
    }

    /// Ends this thread's time as the worker: another thread takes over its queue.
    pub(crate) fn leave(&self, worker: usize) {
        WORKER.set((std::ptr::null(), 0));
        HANDED_OVER_US.set(None);
        if let Some(next) = NEXT.take() {
            self.queues[worker].push(next);
            // The new worker may have found no work and fallen asleep.
            self.idle.wake_one();
        }
    }

    /// Queues a process that has just become ready.
    pub(crate) fn make_ready(&self, entry: Arc<Entry>) {
        if let Some(ready) = &self.simulated {
            ready.lock().push(entry);
            return;
        }
        self.raise_to_floor(&entry);
        let (scheduler, worker) = WORKER.get();
        if !std::ptr::eq(scheduler, self) {
            self.shared().push(entry);
            self.wake_worker();
            return;
        }
        HANDED_OVER_US.set(HANDED_OVER_US.get().or(Some(0)));
        if let Some(earlier) = NEXT.replace(Some(entry)) {
            self.queues[worker].push(earlier);
        }
    }

    /// Raises the virtual times of a process that is in no queue, and of its group, to the floors, less [`CREDIT`]. A
    /// process that has slept, or whose thread has left its worker, must not take all turns until it has caught up.
    pub(crate) fn raise_to_floor(&self, entry: &Entry) {
        // Until the process is in a queue, only this thread has access to it.
        let group = &entry.group;
        let floor = group.floor.load(Ordering::Relaxed).saturating_sub(CREDIT);
        if entry.virtual_time.load(Ordering::Relaxed) < floor {
            entry.virtual_time.store(floor, Ordering::Relaxed);
        }
        let floor = self.floor.load(Ordering::Relaxed).saturating_sub(CREDIT);
        if group.virtual_time.load(Ordering::Relaxed) < floor {
            group.virtual_time.fetch_max(floor, Ordering::Relaxed);
        }
    }

    /// Wakes a sleeping worker, or rings the doorbell if there is one. Call this after adding work that is in no next
    /// slot, such as a timer or a process in a queue.
    pub(crate) fn wake_worker(&self) {
        match &self.doorbell {
            Some(doorbell) => doorbell(),
            None => self.idle.wake_one_unless_lingering(),
        }
    }

    /// Queues a process whose turn has ended although it has more work.
    pub(crate) fn put_back(&self, worker: usize, entry: Arc<Entry>) {
        match &self.simulated {
            Some(ready) => ready.lock().push(entry),
            None => self.queues[worker].push(entry),
        }
    }

    /// Charges a turn to the process, and from time to time to its group.
    #[inline]
    pub(crate) fn charge(&self, entry: &Entry, units: u32) {
        let cost = priority::cost(entry.priority.load(Ordering::Relaxed));
        let virtual_time = entry.virtual_time.load(Ordering::Relaxed) + u64::from(units) * cost;
        // No other thread changes these during a turn.
        entry.virtual_time.store(virtual_time, Ordering::Relaxed);
        let uncharged = entry.uncharged.load(Ordering::Relaxed).saturating_add(units);
        entry.uncharged.store(uncharged, Ordering::Relaxed);
        if uncharged >= UNCHARGED_MAX {
            self.charge_group(entry);
            // Long work does not keep the worker beyond the budget.
            entry.group.note_turn(u64::from(units.min(BUDGET)) * cost);
        }
    }

    /// Charges the group with the work of this process that has not been charged to it yet. Called at the latest when
    /// the process ends. A unit costs as much as the priority of the process or that of the group says, whichever is
    /// more. So work at a lower priority than the group's reduces the share of the group, and work at a higher priority
    /// does not increase it.
    #[cold]
    pub(crate) fn charge_group(&self, entry: &Entry) {
        let units = u64::from(entry.uncharged.swap(0, Ordering::Relaxed));
        let group = &entry.group;
        let cost = priority::cost(entry.priority.load(Ordering::Relaxed));
        let cost = cost.max(group.cost.load(Ordering::Relaxed));
        group.virtual_time.fetch_add(units * cost, Ordering::Relaxed);
        group.work.fetch_add(units, Ordering::Relaxed);
    }

    /// Returns the next process for a worker that has come to the end of a chain. A process in the next slot, which a
    /// timer or an event from outside has woken since then, is queued with the others.
    pub(crate) fn pick(&self, worker: usize) -> Option<Arc<Entry>> {
        if let Some(woken) = self.take_slot(worker) {
            self.queues[worker].push(woken);
        }
        loop {
            let own = self.queues[worker].first();
            let (index, other) = self.most_behind(worker);
            if own == EMPTY && other == EMPTY {
                return None;
            }
            // The shared queue has no worker of its own, so it need not be far behind.
            let lag = if index == self.queues.len() - 1 { 0 } else { STEAL_LAG };
            let chosen = if other.saturating_add(lag) < own || own == EMPTY { index } else { worker };
            // Another worker may have been faster: then look again.
            if let Some(entry) = self.queues[chosen].pop() {
                if entry.is_back.load(Ordering::Relaxed) {
                    // Only now, since the thread that has put it into the queue may have been slow.
                    entry.is_back.store(false, Ordering::Relaxed);
                    self.raise_to_floor(&entry);
                    self.queues[worker].push(entry);
                    continue;
                }
                let group = &entry.group;
                group.floor.fetch_max(entry.virtual_time.load(Ordering::Relaxed), Ordering::Relaxed);
                self.floor.fetch_max(group.virtual_time.load(Ordering::Relaxed), Ordering::Relaxed);
                return Some(entry);
            }
        }
    }

    /// Returns whether threads outside of the kernel have made a process ready that no worker has
    /// taken yet.
    pub(crate) fn has_work_from_outside(&self) -> bool {
        self.shared().first() != EMPTY
    }

    /// Wakes another worker if there is work for more than one.
    pub(crate) fn share(&self) {
        if self.queues.iter().map(RunQueue::length).sum::<usize>() > 1 {
            self.idle.wake_one();
        }
    }

    /// Takes the process out of the next slot of a worker, after a turn. Wakes another worker if more than one process
    /// is left to run.
    pub(crate) fn take_slot(&self, worker: usize) -> Option<Arc<Entry>> {
        HANDED_OVER_US.set(None);
        let next = NEXT.take();
        if self.queues[worker].length() + usize::from(next.is_some()) > 1 && self.idle.is_any_asleep() {
            self.idle.wake_one();
        }
        next
    }

    /// Returns whether a process is in any queue or in the slot of this worker.
    pub(crate) fn has_work(&self) -> bool {
        self.queues.iter().any(|queue| queue.first() != EMPTY) || has_next()
    }

    /// Offers the process in the next slot to other workers if it has waited for too long. Called from time to time
    /// in a long turn.
    pub(crate) fn share_overdue(&self, clock: &Clock) {
        let Some(since_us) = HANDED_OVER_US.get() else { return };
        if !self.idle.is_any_asleep() {
            return;
        }
        let now_us = clock.now_us();
        if since_us == 0 {
            HANDED_OVER_US.set(Some(now_us));
        } else if now_us - since_us >= HAND_OVER_US
            && let Some(next) = NEXT.take()
        {
            HANDED_OVER_US.set(None);
            self.queues[WORKER.get().1].push(next);
            self.idle.wake_one();
        }
    }

    /// Returns the ready processes of a simulation.
    pub(crate) fn simulated_ready(&self) -> &Mutex<Vec<Arc<Entry>>> {
        self.simulated.as_ref().expect("only a simulation asks")
    }

    /// Clears all queues.
    pub(crate) fn clear(&self) {
        for queue in &self.queues {
            while queue.pop().is_some() {}
        }
        if let Some(ready) = &self.simulated {
            let entries = std::mem::take(&mut *ready.lock());
            drop(entries);
        }
    }

    fn shared(&self) -> &RunQueue {
        self.queues.last().expect("there is always a shared queue")
    }

    /// Returns the queue, other than the worker's own, whose first group has the least virtual
    /// time.
    fn most_behind(&self, worker: usize) -> (usize, u64) {
        let others = self.queues.iter().enumerate().filter(|&(index, _)| index != worker);
        let firsts = others.map(|(index, queue)| (index, queue.first()));
        firsts.min_by_key(|&(_, first)| first).expect("there is always a shared queue")
    }
}

/// Returns whether the next slot of this worker is taken.
fn has_next() -> bool {
    let next = NEXT.take();
    let is_there = next.is_some();
    NEXT.set(next);
    is_there
}
