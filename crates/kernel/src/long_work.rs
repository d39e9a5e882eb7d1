//! Long work in a turn: another thread takes over the worker, so that other processes need not wait for the work to
//! end.
//!
//! A turn cannot be interrupted in the middle of a garbage collection, or of a native that handles many megabytes. The
//! thread announces such work with [`before_long_work`]. It then gives up its *seat*, which makes it a worker:
//!
//! 1. A new thread starts, which runs the turns of this worker from now on.
//! 2. The process that the turn has woken goes to the worker's queue, where any worker finds it.
//! 3. The old thread finishes the turn, on Linux at a low priority of the operating system. It puts the process back
//!    into the queue or parks it, wakes a worker, and ends.
//!
//! So there are as many threads at normal priority as workers, and one more at low priority for each process with long
//! work, up to [`LEFT_MAX`]. On threads that are not workers, an announcement is only recorded, for simulations.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use crate::kernel::Shared;
use crate::sync::atomic::Ordering;
use crate::worker;

/// The maximum number of threads that have left their worker. Further threads with long work keep their worker.
const LEFT_MAX: usize = 64;

/// The niceness of a thread that has left its worker: about a tenth of the share of a worker.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

thread_local! {
    /// The worker that this thread is: its kernel and its index. `None` if the thread is not a worker.
    static SEAT: RefCell<Option<(Arc<Shared>, usize)>> = const { RefCell::new(None) };
    /// Whether a turn on this thread has announced long work since the last call of [`take_announced`].
    static ANNOUNCED: Cell<bool> = const { Cell::new(false) };
}

/// Returns whether a turn on this thread has announced long work since the last call.
pub(crate) fn take_announced() -> bool {
    ANNOUNCED.take()
}

/// Makes this thread a worker, until [`before_long_work`] starts its successor or [`leave`] is called.
pub(crate) fn take_seat(shared: &Arc<Shared>, index: usize) {
    SEAT.set(Some((shared.clone(), index)));
}

/// Returns whether this thread still is a worker.
pub(crate) fn has_seat() -> bool {
    SEAT.with_borrow(Option::is_some)
}

/// Ends this thread's time as a worker. Called last on each thread that [`take_seat`] has made a worker.
pub(crate) fn leave(shared: &Shared) {
    if SEAT.take().is_none() {
        shared.threads_left.fetch_sub(1, Ordering::Relaxed);
        // No worker has been woken for the process that this thread has put back, or for its timer.
        shared.scheduler.wake_worker();
    }
}

/// Announces that the current turn will work for a millisecond or more without a pause. A new thread then runs the
/// turns of other processes. On threads that are not workers, the announcement is only recorded, for simulations.
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
        // If this fails, this thread competes with the workers for processors.
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
