//! Waiting for a future on a thread that has nothing else to do.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use lucarne_kernel::clock::{Clock, PATIENCE_US};
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::thread::{self, Thread};

/// Gives a container its turns where no worker does: threads that wait for something of it.
pub trait Turns: Send + Sync {
    /// Blocks the thread until the future is done, and does the container's work meanwhile.
    fn run_until(&self, future: Pin<&mut dyn Future<Output = ()>>);
}

/// Blocks the thread until the future is done.
///
/// Must not be used in a handler or another task of a container: it would keep the container from
/// doing the work that the future waits for.
pub(crate) fn wait<F: Future>(turns: Option<&dyn Turns>, future: F) -> F::Output {
    let Some(turns) = turns else { return wait_idly(future) };
    let mut output = None;
    turns.run_until(pin!(async { output = Some(future.await) }));
    output.expect("it is done")
}

fn wait_idly<F: Future>(future: F) -> F::Output {
    let this = Arc::new(ThisThread { thread: thread::current(), is_woken: AtomicBool::new(false) });
    let waker = Waker::from(this.clone());
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        this.sleep();
    }
}

struct ThisThread {
    thread: Thread,
    is_woken: AtomicBool,
}

impl ThisThread {
    /// Returns when it is woken, or was since the last time.
    fn sleep(&self) {
        let clock = Clock::real();
        // Acquire: the poll that follows sees all writes before the wake.
        while !self.is_woken.swap(false, Ordering::Acquire) {
            if clock.now_us() < PATIENCE_US {
                // Yield instead of spinning: the thread that makes the result may need this processor.
                thread::yield_now();
            } else {
                thread::park();
            }
        }
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
