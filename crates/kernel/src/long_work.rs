//! Long work in a turn: another thread takes over the worker, so that other processes need not wait for the work to
//! end.
//!
//! A turn cannot be interrupted in the middle of a garbage collection, of a native that handles many megabytes, or of a
//! wait for a disk. The thread announces such work with [`before_long_work`] or [`before_waiting`]. It then gives up
//! the *seat* that made it a worker:
//!
//! 1. A spare thread runs the turns of this worker from now on (see `spares`), or a new thread if there is none.
//! 2. The process that the turn has woken goes to the worker's queue, where any worker finds it.
//! 3. The old thread takes a *place* if it is going to use the processor. There are as many places as workers. Threads
//!    wait for a place in the order of the virtual times of their groups.
//! 4. The old thread finishes the turn, on Linux at a low priority of the operating system. It puts the process back
//!    into the queue or parks it, gives its place back, wakes a worker, and ends. The process goes on as if it had
//!    slept: otherwise it would take all turns of a worker until it has caught up with the others.
//!
//! So for each worker at most one thread at low priority competes for the processors. Without places, the threads of
//! many processes together would get a larger share than the workers, however low the priority of each is. Up to
//! [`LEFT_MAX`] threads have left their worker at a time. From half of that on, the turns of processes are *postponed*
//! while a thread of their group waits for a place: one container cannot take the places of all others. On threads that
//! are not workers, an announcement is only recorded, for simulations.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use crate::Gid;
use crate::entry::Entry;
use crate::kernel::Shared;
use crate::sync::Mutex;
use crate::sync::atomic::Ordering;
use crate::sync::mpsc::{SyncSender, sync_channel};
use crate::worker;

/// The maximum number of threads that have left their worker. Further threads with long work keep their worker.
const LEFT_MAX: usize = 64;

/// The niceness of a thread that has left its worker: about a tenth of the share of a worker.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// The relation of a thread to the workers of a kernel: see the steps at the top of this file.
enum Seat {
    /// The thread runs no turns, or those of a driven kernel or a simulation.
    None,
    /// The thread is the worker with this index.
    Worker(Arc<Shared>, usize),
    /// The thread has left its worker.
    Left(Arc<Shared>),
    /// The thread has left its worker, and has a place.
    Placed(Arc<Shared>),
}

/// The maximum number of postponed processes that are queued again each time that a place is given back.
const GIVEN_BACK_MAX: usize = 64;

thread_local! {
    static SEAT: RefCell<Seat> = const { RefCell::new(Seat::None) };
    /// The group of the current turn, and its virtual time when the turn began.
    static TURN: Cell<(Gid, u64)> = const { Cell::new((Gid::SYSTEM, 0)) };
    /// Whether a turn on this thread has announced long work since the last call of [`take_announced`].
    static ANNOUNCED: Cell<bool> = const { Cell::new(false) };
}

/// The places for threads with long work.
pub(crate) struct Places {
    state: Mutex<State>,
}

struct State {
    free: usize,
    /// The waiting threads.
    waiting: Vec<Waiting>,
    /// The processes whose turns are postponed.
    postponed: VecDeque<Arc<Entry>>,
}

struct Waiting {
    gid: Gid,
    virtual_time: u64,
    place: SyncSender<()>,
}

impl Places {
    pub(crate) fn new(count: usize) -> Places {
        Places { state: Mutex::new(State { free: count, waiting: Vec::new(), postponed: VecDeque::new() }) }
    }

    /// Waits until there is a place, and takes it.
    fn take(&self) {
        let taken = {
            let mut state = self.state.lock();
            if state.free > 0 {
                state.free -= 1;
                return;
            }
            let (place, taken) = sync_channel(1);
            let (gid, virtual_time) = TURN.get();
            state.waiting.push(Waiting { gid, virtual_time, place });
            taken
        };
        // The sender is in the list until it sends.
        let _ = taken.recv();
    }

    /// Postpones the turn of a process while a thread of its group waits for a place. Returns false if none does.
    fn postpone(&self, entry: &Arc<Entry>) -> bool {
        let mut state = self.state.lock();
        let is_postponed = state.waiting.iter().any(|waiting| waiting.gid == entry.gid());
        if is_postponed {
            state.postponed.push_back(entry.clone());
        }
        is_postponed
    }

    /// Passes a place on to the waiting thread whose group has the least virtual time, or frees the place. Returns
    /// processes whose turns were postponed: all, if no thread waits any more.
    fn give_back(&self) -> Vec<Arc<Entry>> {
        let mut state = self.state.lock();
        let waiting = state.waiting.iter().enumerate();
        match waiting.min_by_key(|(_, waiting)| waiting.virtual_time).map(|(index, _)| index) {
            // The order of threads with equal virtual times stays that of their arrival.
            Some(index) => drop(state.waiting.remove(index).place.send(())),
            None => state.free += 1,
        }
        let count = if state.waiting.is_empty() { usize::MAX } else { GIVEN_BACK_MAX };
        let count = count.min(state.postponed.len());
        state.postponed.drain(..count).collect()
    }
}

/// Returns whether a turn on this thread has announced long work since the last call.
pub(crate) fn take_announced() -> bool {
    ANNOUNCED.take()
}

/// Records the group of the process whose turn begins on this thread. Returns false if the turn is postponed instead.
#[inline]
pub(crate) fn begin_turn(shared: &Shared, entry: &Arc<Entry>) -> bool {
    let is_crowded = shared.threads_left.load(Ordering::Relaxed) >= LEFT_MAX / 2;
    if is_crowded && shared.places.postpone(entry) {
        return false;
    }
    TURN.set((entry.gid(), entry.group.virtual_time.load(Ordering::Relaxed)));
    true
}

/// Makes this thread a worker, until [`leave_worker`] starts its successor or [`leave`] is called.
pub(crate) fn take_seat(shared: &Arc<Shared>, index: usize) {
    SEAT.set(Seat::Worker(shared.clone(), index));
}

/// Returns whether this thread still is a worker.
pub(crate) fn has_seat() -> bool {
    SEAT.with_borrow(|seat| matches!(seat, Seat::Worker(..)))
}

/// Returns whether this thread has left its worker.
pub(crate) fn has_left() -> bool {
    SEAT.with_borrow(|seat| matches!(seat, Seat::Left(_) | Seat::Placed(_)))
}

/// Ends this thread's time as a worker. Called last on each thread that [`take_seat`] has made a worker.
pub(crate) fn leave(shared: &Shared) {
    let seat = SEAT.replace(Seat::None);
    if let Seat::Placed(shared) = &seat {
        shared.places.give_back().into_iter().for_each(|entry| shared.scheduler.make_ready(entry));
    }
    if !matches!(seat, Seat::Worker(..)) {
        shared.threads_left.fetch_sub(1, Ordering::Relaxed);
        // No worker has been woken for the process that this thread has put back, or for its timer.
        shared.scheduler.wake_worker();
    }
}

/// Announces that the current turn will work for a millisecond or more without a pause. Another thread then runs the
/// turns of other processes, and this thread waits for a place. The caller must hold no lock. On threads that are not
/// workers, the announcement is only recorded, for simulations.
pub fn before_long_work() {
    leave_worker();
    match SEAT.replace(Seat::None) {
        Seat::Left(shared) => {
            shared.places.take();
            SEAT.set(Seat::Placed(shared));
        }
        seat => SEAT.set(seat),
    }
}

/// Announces that the current turn will wait for a disk. As [`before_long_work`], but no place is needed.
pub fn before_waiting() {
    leave_worker();
}

fn leave_worker() {
    ANNOUNCED.set(true);
    let (shared, index) = match SEAT.replace(Seat::None) {
        Seat::Worker(shared, index) => (shared, index),
        seat => return SEAT.set(seat),
    };
    if !start_successor(&shared, index) {
        return SEAT.set(Seat::Worker(shared, index));
    }
    shared.scheduler.leave(index);
    #[cfg(target_os = "linux")]
    {
        // If this fails, this thread competes with the workers for processors.
        let _ = rustix::process::nice(NICENESS);
    }
    SEAT.set(Seat::Left(shared));
}

fn start_successor(shared: &Arc<Shared>, index: usize) -> bool {
    if shared.stopping.load(Ordering::Acquire) {
        return false;
    }
    let has_room = shared.threads_left.fetch_add(1, Ordering::Relaxed) < LEFT_MAX;
    let is_started =
        has_room && (shared.spares.take_over(shared, index) || worker::start(shared, index).is_ok());
    if !is_started {
        shared.threads_left.fetch_sub(1, Ordering::Relaxed);
    }
    is_started
}
