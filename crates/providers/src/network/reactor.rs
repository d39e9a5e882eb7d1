//! The thread that waits for the sockets of the operating system: a tokio runtime, started when the first socket is
//! opened.
//!
//! The sockets are polled by the tasks of the provider's container, on the workers of the kernel. The thread only wakes
//! these tasks, so bytes are not passed from thread to thread.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use lucarne_kernel::sync::{Mutex, thread};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// The maximum number of host names that are resolved at the same time. Each takes a thread while it waits for the
/// operating system.
const LOOK_UPS_MAX: usize = 64;

/// A reactor that starts when it is needed.
#[derive(Default)]
pub(super) struct Reactor {
    started: Mutex<Option<Started>>,
}

struct Started {
    runtime: Handle,
    /// Ends the thread when it is dropped.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// A future that opens sockets: it is polled inside of the runtime.
pub(super) struct Inside<F> {
    runtime: Handle,
    future: Pin<Box<F>>,
}

impl Reactor {
    /// Returns the runtime. Starts it, if it is not running yet.
    ///
    /// # Errors
    /// If the operating system gives no thread or no descriptors.
    pub(super) fn runtime(&self) -> io::Result<Handle> {
        let mut started = self.started.lock();
        if let Some(started) = &*started {
            return Ok(started.runtime.clone());
        }
        let new = Started::new()?;
        let runtime = new.runtime.clone();
        *started = Some(new);
        Ok(runtime)
    }

    /// Runs a future that opens sockets.
    ///
    /// # Errors
    /// As [`Reactor::runtime`], or those of the future.
    pub(super) async fn run<T, F: Future<Output = io::Result<T>>>(&self, future: F) -> io::Result<T> {
        Inside { runtime: self.runtime()?, future: Box::pin(future) }.await
    }
}

impl Started {
    fn new() -> io::Result<Started> {
        let runtime = Builder::new_current_thread().enable_io().max_blocking_threads(LOOK_UPS_MAX).build()?;
        let (handle, (stop, stopped)) = (runtime.handle().clone(), oneshot::channel::<()>());
        let thread = thread::Builder::new().name("lucarne-network".to_owned()).spawn(move || {
            // Ends when the sender is dropped.
            let _ = runtime.block_on(stopped);
            // A name that is being resolved would hold the end up for as long as the operating system waits.
            runtime.shutdown_background();
        })?;
        Ok(Started { runtime: handle, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // Its panic has been reported by now.
            let _ = thread.join();
        }
    }
}

impl<F: Future> Future for Inside<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<F::Output> {
        let runtime = self.runtime.clone();
        let _inside = runtime.enter();
        self.future.as_mut().poll(polled)
    }
}
