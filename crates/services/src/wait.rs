//! Blocks a thread until a future is done.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use lucarne_kernel::clock::{Clock, PATIENCE_US};
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::thread::{self, Thread};

use crate::agenda::Turn;
use crate::calls::micros;

/// Runs the turns of a container in a kernel without workers, on the threads that wait for a result of the container.
pub trait Turns: Send + Sync {
    /// Blocks the thread until the future is done, and does the container's work meanwhile.
    fn run_until(&self, future: Pin<&mut dyn Future<Output = ()>>);
}

/// The time for which a thread waits after its time limit is over. Usually the container ends the wait at the limit;
/// only if the container is blocked, the thread ends the wait itself, after this time.
const GRACE: Duration = Duration::from_millis(20);

/// Blocks the thread until the future is done.
///
/// # Panics
/// If it is called in a handler or another task of a container: it would block the container, which has to do the work
/// that the future waits for. The panic fails only this call or task.
pub(crate) fn wait<F: Future>(turns: Option<&dyn Turns>, future: F) -> F::Output {
    wait_within(turns, None, future).expect("without a time limit, the wait ends when the future is done")
}

/// Like [`wait`], but returns none if the future is not done when `within` is over. Measures the time on this thread,
/// since the container may be blocked. With `turns`, `within` is ignored: the future itself must end at its time limit.
pub(crate) fn wait_within<F: Future>(
    turns: Option<&dyn Turns>,
    within: Option<Duration>,
    future: F,
) -> Option<F::Output> {
    assert!(
        !Turn::is_under_way(),
        "`wait` was called in a handler or a task of a container, which it would block: use `.await` there"
    );
    let Some(turns) = turns else { return wait_idly(within.map(|within| within + GRACE), future) };
    let mut output = None;
    turns.run_until(pin!(async { output = Some(future.await) }));
    output
}

fn wait_idly<F: Future>(within: Option<Duration>, future: F) -> Option<F::Output> {
    let this = Arc::new(ThisThread { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(this.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    let clock = Clock::real();
    let limit_us = within.map(micros);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return Some(output);
        }
        if !this.sleep(&clock, limit_us) {
            return None;
        }
    }
}

struct ThisThread {
    thread: Thread,
    is_woken: AtomicBool,
}

impl ThisThread {
    /// Sleeps until the thread is woken, or until the clock is at the limit. Returns whether the thread was woken.
    /// Returns at once if it was woken since the last call.
    fn sleep(&self, clock: &Clock, limit_us: Option<i64>) -> bool {
        let since_us = clock.now_us();
        // Acquire: the poll that follows sees all writes before the wake.
        while !self.is_woken.swap(false, Ordering::Acquire) {
            let now_us = clock.now_us();
            let left_us = limit_us.map(|limit_us| limit_us - now_us);
            if left_us.is_some_and(|left_us| left_us <= 0) {
                return false;
            }
            if now_us - since_us < PATIENCE_US {
                // Yield instead of spinning: the thread that makes the result may need this processor.
                thread::yield_now();
            } else if let Some(left_us) = left_us {
                thread::park_timeout(Duration::from_micros(left_us.unsigned_abs()));
            } else {
                thread::park();
            }
        }
        true
    }
}

impl Wake for ThisThread {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
