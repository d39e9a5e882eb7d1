//! Long work in a turn: another thread takes the worker over, so that no other process waits for it.
//!
//! A turn cannot be interrupted in the middle of a collection, or of a native that handles many megabytes. The thread
//! announces such work with [`before_long_work`]. It then leaves its *seat*, the index of a worker:
//!
//! 1. A new thread starts, which runs the turns of this worker from now on.
//! 2. The process that the turn has woken goes to the worker's queue, where any worker finds it.
//! 3. The old thread finishes the turn at a low priority of the operating system. It puts the process back into the
//!    queue or parks it, wakes a worker, and ends.
//!
//! So there are as many threads at normal priority as workers, and one more at low priority for each process with long
//! work, up to [`LEFT_MAX`]. Threads that are not workers ignore announcements. Simulations only record them.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::kernel::Shared;
use crate::sync::atomic::Ordering;
use crate::worker;

/// The number of threads that may do long work at a time. Further ones keep their worker.
const LEFT_MAX: usize = 64;

/// The niceness of a thread that has left its worker: about a tenth of the share of a worker.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

thread_local! {
    /// The kernel and the index of the worker that this thread is.
    static SEAT: RefCell<Option<(Arc<Shared>, usize)>> = const { RefCell::new(None) };
    /// Whether a turn on this thread has announced long work since [`take_announced`].
    static ANNOUNCED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether a turn on this thread has announced long work since the last call.
pub(crate) fn take_announced() -> bool {
    ANNOUNCED.take()
}

/// Makes this thread a worker, until [`leave`].
pub(crate) fn take_seat(shared: &Arc<Shared>, index: usize) {
    SEAT.set(Some((shared.clone(), index)));
}

/// Returns whether this thread still is a worker.
pub(crate) fn has_seat() -> bool {
    SEAT.with_borrow(Option::is_some)
}

/// Ends the work of a thread as a worker.
pub(crate) fn leave(shared: &Shared) {
    if SEAT.take().is_none() {
        shared.threads_left.fetch_sub(1, Ordering::Relaxed);
        // No worker knows of the process that this thread has put back, or of its timer.
        shared.scheduler.wake_worker();
    }
}

/// Announces that the present turn works for a millisecond or more without a pause: other processes then get their turns
/// from a new thread. Does nothing on threads that are not workers.
pub fn before_long_work() {
    ANNOUNCED.set(true);
    let Some((shared, index)) = SEAT.take() else { return };
    if !start_successor(&shared, index) {
        SEAT.set(Some((shared, index)));
        return;
    }
    shared.scheduler.leave(index);
    #[cfg(target_os = "linux")]
    {
        // Without it, this thread competes with the workers.
        let _ = rustix::process::nice(NICENESS);
    }
}

fn start_successor(shared: &Arc<Shared>, index: usize) -> bool {
    if shared.stopping.load(Ordering::Acquire) {
        return false;
    }
    let has_room = shared.threads_left.fetch_add(1, Ordering::Relaxed) < LEFT_MAX;
    let is_started = has_room && worker::start(shared, index).is_ok();
    if !is_started {
        shared.threads_left.fetch_sub(1, Ordering::Relaxed);
    }
    is_started
}
