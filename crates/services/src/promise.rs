//! Promises: results that a task of the container, or a timer, delivers.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use lucarne_kernel::sync::Mutex;

use crate::failure::Failed;

/// The receiving end of a promise that a timer keeps.
pub(crate) type Alarm = Arc<Kept<(), Failed>>;

/// The duty to deliver a result. Dropping it means that no result follows, since the container ended.
pub(crate) struct Promise<T, X: From<Failed>> {
    kept: Arc<Kept<T, X>>,
}

pub(crate) struct Kept<T, X> {
    state: Mutex<KeptState<T, X>>,
}

struct KeptState<T, X> {
    result: Option<Result<T, X>>,
    waker: Option<Waker>,
}

impl<T, X: From<Failed>> Promise<T, X> {
    pub(crate) fn new() -> (Promise<T, X>, Arc<Kept<T, X>>) {
        let kept = Arc::new(Kept { state: Mutex::new(KeptState { result: None, waker: None }) });
        (Promise { kept: kept.clone() }, kept)
    }

    /// Delivers the result.
    pub(crate) fn keep(self, result: Result<T, X>) {
        self.kept.deliver(result);
    }
}

impl<T, X: From<Failed>> Drop for Promise<T, X> {
    fn drop(&mut self) {
        self.kept.deliver(Err(Failed::Closed.into()));
    }
}

impl<T, X> Kept<T, X> {
    /// Delivers a result. Only the first one counts.
    fn deliver(&self, result: Result<T, X>) {
        let mut state = self.state.lock();
        if state.result.is_some() {
            return;
        }
        state.result = Some(result);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn poll(&self, polled: &mut Context<'_>) -> Poll<Result<T, X>> {
        let mut state = self.state.lock();
        if let Some(result) = state.result.take() {
            return Poll::Ready(result);
        }
        state.waker = Some(polled.waker().clone());
        Poll::Pending
    }
}
