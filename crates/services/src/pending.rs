//! Pending operations: the return type of all operations that wait for another process.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use lucarne_message::{DecodeError, Payload};

use crate::calls::Ask;
use crate::client::Client;
use crate::component::Component;
use crate::container::Shared;
use crate::failure::Failed;
use crate::promise::{Alarm, Kept, Promise};
use crate::wait::wait_within;

/// A result that is not available yet.
///
/// A call is sent when it is first polled. Other operations of a container, such as installing a provider, begin at
/// once. Await the result in any runtime, or wait for it on a separate thread with [`wait`](Pending::wait);
/// [`within`](Pending::within) limits the time of both. Dropping the result never blocks: it cancels a call, while
/// other operations continue.
#[must_use = "a call is sent only when it is awaited, or waited for"]
pub struct Pending<T, X> {
    work: Work<T, X>,
    within: Option<Duration>,
}

enum Work<T, X> {
    Call(Call<T>),
    Promised(Promised<T, X>),
    Deferred(Box<dyn Deferred<T, X>>),
    Failed(Option<Failed>),
}

/// An operation that is implemented in a crate above this one. It begins when it is first polled.
pub trait Deferred<T, X>: Future<Output = Result<T, X>> + Send + Unpin {
    /// Bounds the time, from the first poll on.
    fn set_within(&mut self, duration: Duration);
}

/// The function that reads the result of a call. The proxies in the result need the client.
pub(crate) type Read<T> = fn(Payload, Client) -> Result<T, DecodeError>;

struct Call<T> {
    ask: Ask,
    /// `None` once the answer has arrived.
    reader: Option<Reader<T>>,
}

/// The function that reads the answer, and the client or component that the request went to.
enum Reader<T> {
    Client(Client, Read<T>),
    Component(Component, fn(Payload) -> Result<T, DecodeError>),
}

impl<T> Reader<T> {
    fn shared(&self) -> &Arc<Shared> {
        match self {
            Reader::Client(client, _) => client.container().shared(),
            Reader::Component(component, _) => component.container().shared(),
        }
    }

    fn read(self, payload: Payload) -> Result<T, DecodeError> {
        match self {
            Reader::Client(client, read) => read(payload, client),
            Reader::Component(_, read) => read(payload),
        }
    }
}

/// The receiving end of a [`Promise`].
struct Promised<T, X> {
    kept: Arc<Kept<T, X>>,
    /// The container whose clock measures the time limit.
    shared: Arc<Shared>,
    within: Option<Duration>,
    alarm: Option<Alarm>,
}

impl<T, X: From<Failed>> Pending<T, X> {
    fn new(work: Work<T, X>) -> Pending<T, X> {
        Pending { work, within: None }
    }

    pub(crate) fn call(ask: Ask, client: Client, read: Read<T>) -> Pending<T, X> {
        Pending::new(Work::Call(Call { ask, reader: Some(Reader::Client(client, read)) }))
    }

    pub(crate) fn request(
        ask: Ask,
        component: Component,
        read: fn(Payload) -> Result<T, DecodeError>,
    ) -> Pending<T, X> {
        Pending::new(Work::Call(Call { ask, reader: Some(Reader::Component(component, read)) }))
    }

    pub(crate) fn failed(failed: Failed) -> Pending<T, X> {
        Pending::new(Work::Failed(Some(failed)))
    }

    /// Creates the pending result of work that does not run in a container.
    pub fn deferred(work: Box<dyn Deferred<T, X>>) -> Pending<T, X> {
        Pending::new(Work::Deferred(work))
    }

    /// Returns a pending result, and the promise by which another thread sets it.
    pub(crate) fn promised(shared: &Arc<Shared>) -> (Promise<T, X>, Pending<T, X>) {
        let (promise, kept) = Promise::new();
        let promised = Promised { kept, shared: shared.clone(), within: None, alarm: None };
        (promise, Pending::new(Work::Promised(promised)))
    }

    /// Runs a future in the container to its end, even if the caller stops waiting.
    pub(crate) fn in_container(
        shared: &Arc<Shared>,
        work: impl Future<Output = Result<T, X>> + Send + 'static,
    ) -> Pending<T, X>
    where
        T: Send + 'static,
        X: Send + 'static,
    {
        let (promise, pending) = Pending::promised(shared);
        // If the container has ended, the promise is dropped, which breaks it.
        let _ = shared.spawn(Box::pin(async move { promise.keep(work.await) }));
        pending
    }

    /// Limits the time to wait, from the first poll on. When the time is over, a call is canceled. Other operations
    /// continue, but their results are dropped.
    pub fn within(mut self, duration: Duration) -> Pending<T, X> {
        self.within = Some(duration);
        match &mut self.work {
            Work::Call(call) => call.ask.set_within(duration),
            Work::Promised(promised) => promised.within = Some(duration),
            Work::Deferred(work) => work.set_within(duration),
            Work::Failed(_) => {}
        }
        self
    }

    /// Blocks this thread until the result has arrived. Works without an async runtime.
    ///
    /// With [`within`](Pending::within), it returns soon after that time, even if the container itself is blocked.
    ///
    /// # Errors
    /// The error of the operation. If the time is over, the error of an exceeded deadline.
    ///
    /// # Panics
    /// If it is called in a handler or a task of a container, where it would block the work that it waits for: use
    /// `.await` there. The panic fails only this call or task.
    pub fn wait(self) -> Result<T, X> {
        let (shared, within) = (self.shared().cloned(), self.within);
        let turns = shared.as_ref().and_then(|shared| shared.turns()).map(|turns| &**turns);
        wait_within(turns, within, self).unwrap_or_else(|| Err(Failed::Deadline.into()))
    }

    fn shared(&self) -> Option<&Arc<Shared>> {
        match &self.work {
            Work::Call(call) => call.reader.as_ref().map(Reader::shared),
            Work::Promised(promised) => Some(&promised.shared),
            Work::Deferred(_) | Work::Failed(_) => None,
        }
    }
}

// No field is pinned in place: the futures inside are in boxes.
impl<T, X> Unpin for Pending<T, X> {}

impl<T, X: From<Failed>> Future for Pending<T, X> {
    type Output = Result<T, X>;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<Result<T, X>> {
        match &mut self.work {
            Work::Call(call) => call.poll(polled).map(|result| result.map_err(X::from)),
            Work::Promised(promised) => promised.poll(polled),
            Work::Deferred(work) => Pin::new(work).poll(polled),
            Work::Failed(failed) => Poll::Ready(Err(failed.take().expect("polled after it was done").into())),
        }
    }
}

impl<T, X> std::fmt::Debug for Pending<T, X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pending")
    }
}

impl<T> Call<T> {
    fn poll(&mut self, polled: &mut Context<'_>) -> Poll<Result<T, Failed>> {
        let reader = self.reader.as_ref().expect("polled after it was done");
        let Poll::Ready(answer) = self.ask.poll(reader.shared(), polled) else {
            return Poll::Pending;
        };
        let reader = self.reader.take().expect("just seen");
        Poll::Ready(answer.and_then(|answer| Ok(reader.read(answer.payload)?)))
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.take() {
            self.ask.give_up(reader.shared());
        }
    }
}

impl<T, X: From<Failed>> Promised<T, X> {
    fn poll(&mut self, polled: &mut Context<'_>) -> Poll<Result<T, X>> {
        if let Poll::Ready(result) = self.kept.poll(polled) {
            return Poll::Ready(result);
        }
        if self.alarm.is_none() {
            let Some(within) = self.within else { return Poll::Pending };
            match self.shared.alarm(within) {
                Ok(alarm) => self.alarm = Some(alarm),
                Err(failed) => return Poll::Ready(Err(failed.into())),
            }
        }
        match self.alarm.as_ref().map(|alarm| alarm.poll(polled)) {
            Some(Poll::Ready(result)) => Poll::Ready(Err(result.err().unwrap_or(Failed::Deadline).into())),
            _ => Poll::Pending,
        }
    }
}
