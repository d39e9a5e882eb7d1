//! Operations of several calls, as one pending result.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use lucarne_services::{CallError, Container, Deferred, Pending};

struct Steps<T> {
    container: Container,
    work: Pin<Box<dyn Future<Output = io::Result<T>> + Send>>,
    within: Option<Duration>,
    /// Runs from the first poll on, if there is a time limit.
    alarm: Option<Pending<(), CallError>>,
}

/// Returns the result of work that begins when it is first polled. Dropping it cancels the current call.
pub(super) fn steps<T: 'static>(
    container: &Container,
    work: impl Future<Output = io::Result<T>> + Send + 'static,
) -> Pending<T, io::Error> {
    let (container, work) = (container.clone(), Box::pin(work));
    Pending::deferred(Box::new(Steps { container, work, within: None, alarm: None }))
}

impl<T> Deferred<T, io::Error> for Steps<T> {
    fn set_within(&mut self, duration: Duration) {
        self.within = Some(duration);
    }
}

impl<T> Future for Steps<T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<io::Result<T>> {
        if let Poll::Ready(result) = self.work.as_mut().poll(polled) {
            return Poll::Ready(result);
        }
        let Some(within) = self.within else { return Poll::Pending };
        let Steps { container, alarm, .. } = &mut *self;
        let alarm = alarm.get_or_insert_with(|| container.sleep(within));
        Pin::new(alarm).poll(polled).map(|slept| Err(slept.err().unwrap_or(CallError::Deadline).into()))
    }
}
