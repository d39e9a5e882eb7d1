//! Tells tasks that the call or the resource that they work for is over, and whether the call was canceled.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use lucarne_kernel::sync::Mutex;

/// The end of a call, for the tasks that work for it: a future that is done when the call is over, canceled or not.
///
/// Clones refer to the same call.
#[derive(Clone, Debug, Default)]
pub struct Cancellation {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// Whether the call was canceled, once it is over.
    end: Option<bool>,
    wakers: Vec<Waker>,
}

impl Cancellation {
    pub(crate) fn new() -> Cancellation {
        Cancellation::default()
    }

    /// Returns whether the call has been canceled: its caller gave up or has ended. An answered call is not canceled.
    pub fn is_canceled(&self) -> bool {
        self.state.lock().end == Some(true)
    }

    /// Ends the call: `is_canceled` says how. Only the first end counts.
    pub(crate) fn end(&self, is_canceled: bool) {
        let mut state = self.state.lock();
        state.end.get_or_insert(is_canceled);
        let wakers = std::mem::take(&mut state.wakers);
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Future for Cancellation {
    type Output = ();

    fn poll(self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<()> {
        // Cloning a waker runs code of its executor, which must not run under the lock.
        let waker = polled.waker().clone();
        let mut state = self.state.lock();
        if state.end.is_some() {
            return Poll::Ready(());
        }
        if !state.wakers.iter().any(|other| other.will_wake(&waker)) {
            state.wakers.push(waker);
        }
        Poll::Pending
    }
}

/// The end of a resource: a future that is done when the resource is closed. See
/// [`Resource::watched`](crate::Resource::watched).
///
/// Clones refer to the same resource.
#[derive(Clone, Debug, Default)]
pub struct Closing(Cancellation);

impl Closing {
    /// Returns whether the resource has been closed.
    pub fn is_closed(&self) -> bool {
        self.0.state.lock().end.is_some()
    }

    pub(crate) fn close(&self) {
        self.0.end(false);
    }
}

impl Future for Closing {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(polled)
    }
}
