//! Ctrl-C in a session: it ends the call or the wait, not the session.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use lucarne_services::Container;

use crate::signals::on_interrupt;

/// Whether Ctrl-C was pressed since the last line.
#[derive(Default)]
pub(crate) struct Interrupts {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_raised: bool,
    waker: Option<Waker>,
}

impl Interrupts {
    /// Begins to watch for Ctrl-C. From then on it does not end this OS process.
    ///
    /// # Errors
    /// If the signal cannot be handled.
    pub(crate) fn watch() -> io::Result<Arc<Interrupts>> {
        let interrupts = Arc::<Interrupts>::default();
        let raised = interrupts.clone();
        on_interrupt(move || raised.raise())?;
        Ok(interrupts)
    }

    /// Forgets a Ctrl-C from before a line.
    pub(crate) fn clear(&self) {
        self.with(|state| state.is_raised = false);
    }

    /// Waits for the end of a future. Returns none if it was interrupted; the future is dropped then.
    pub(crate) fn run<F: Future>(&self, container: &Container, future: F) -> Option<F::Output> {
        container.run(async {
            let mut future = pin!(future);
            poll_fn(|context| match future.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending => self.poll_raised(context).map(|()| None),
            })
            .await
        })
    }

    pub(crate) fn is_raised(&self) -> bool {
        self.with(|state| state.is_raised)
    }

    fn poll_raised(&self, context: &Context<'_>) -> Poll<()> {
        self.with(|state| {
            state.waker = Some(context.waker().clone());
            if state.is_raised { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    fn raise(&self) {
        let waker = self.with(|state| {
            state.is_raised = true;
            state.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn with<T>(&self, access: impl FnOnce(&mut State) -> T) -> T {
        access(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
