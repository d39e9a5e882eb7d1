//! The client's end of a resource, and the stream of the resource's notifications.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_message::{DecodeError, Payload, Value, from_payload};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::calls::Asking;
use crate::client::Client;
use crate::failure::{Broken, CallError, Failed};
use crate::inbox::Inbox;
use crate::macros::Received;
use crate::open_clients::ResourceKey;
use crate::pending::Pending;
use crate::protocol::procedure;
use crate::wait::{Turns, wait};

thread_local! {
    /// The client whose answer is being read.
    static READING: RefCell<Option<Client>> = const { RefCell::new(None) };
}

/// Stands for a resource of a provider. Keeps the client open that the resource belongs to.
///
/// Clones stand for the same resource. The resource closes when the last clone is dropped, or with
/// [`close`](Proxy::close).
#[derive(Clone)]
pub struct Proxy {
    held: Arc<Held>,
}

struct Held {
    client: Client,
    handle: i64,
    is_closed: AtomicBool,
}

impl Proxy {
    pub(crate) fn new(client: Client, handle: i64) -> Proxy {
        Proxy { held: Arc::new(Held { client, handle, is_closed: AtomicBool::new(false) }) }
    }

    /// Returns the client that the resource belongs to.
    pub fn client(&self) -> &Client {
        &self.held.client
    }

    /// Returns the number of the resource: the first argument of its methods.
    pub fn handle(&self) -> i64 {
        self.held.handle
    }

    /// Returns the stream of the resource's notifications. A stream that is requested within half a second of the first
    /// notification has all of them. After this time, only the newest 64 are kept until a stream is requested. A later
    /// stream takes over from an earlier one, which then ends.
    pub fn notifications<T: DeserializeOwned>(&self) -> Notifications<T> {
        let key = self.held.key();
        let shared = self.client().container().shared();
        let inbox = if self.is_closed() { None } else { shared.open_clients.inbox(key) };
        Notifications::of(inbox, shared.turns().cloned())
    }

    /// Calls the method `index`. The [handle](Proxy::handle) is the first of the arguments: by itself,
    /// or in a tuple with others.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call<T: Received, X: From<Failed>>(
        &self,
        index: u32,
        arguments: &impl Serialize,
    ) -> Pending<T, X> {
        if self.is_closed() { Pending::failed(Failed::Closed) } else { self.client().call(index, arguments) }
    }

    /// As [`Client::call_since`].
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call_since<T: Received, X: From<Failed>>(
        &self,
        since: u32,
        index: u32,
        arguments: &impl Serialize,
    ) -> Pending<T, X> {
        if self.is_closed() {
            return Pending::failed(Failed::Closed);
        }
        self.client().call_since(since, index, arguments)
    }

    /// Returns whether this container has closed the proxy or its client.
    pub fn is_closed(&self) -> bool {
        self.held.is_closed.load(Ordering::Acquire) || self.client().is_closed()
    }

    /// Closes the resource. Done when the provider has closed it.
    ///
    /// # Errors
    /// See [`CallError`]. The close succeeds if the proxy is closed already or the provider has ended.
    pub fn close(&self) -> Pending<(), CallError> {
        let asking = self.held.closing();
        self.client().close_by(asking)
    }
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Proxy").field("handle", &self.handle()).finish()
    }
}

impl Held {
    fn key(&self) -> ResourceKey {
        (self.client.pid(), self.client.id(), self.handle)
    }

    /// Returns the request that closes the resource, unless that has been sent already or its client is closed.
    fn closing(&self) -> Option<Asking> {
        if self.is_closed.swap(true, Ordering::AcqRel) || self.client.is_closed() {
            return None;
        }
        self.client.container().shared().open_clients.remove_inbox(self.key());
        let pair = Value::List(vec![self.client.id().into(), self.handle.into()]);
        let payload = Payload::of(&pair).ok()?;
        Some(self.client.asking(procedure::CLOSE_RESOURCE, payload))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(asking) = self.closing() {
            asking.send_and_forget();
        }
    }
}

/// As an argument of a call, a proxy is sent as its handle.
impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.handle())
    }
}

/// In the answer to a call, the handle becomes a proxy.
impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Proxy, D::Error> {
        let handle = i64::deserialize(deserializer)?;
        let client = READING.with_borrow(Clone::clone);
        client
            .map(|client| client.proxy(handle))
            .ok_or_else(|| D::Error::custom("a proxy outside of an answer"))
    }
}

/// Reads the answer to a call of `client`.
pub(crate) fn read_for<T: DeserializeOwned>(payload: Payload, client: Client) -> Result<T, DecodeError> {
    READING.set(Some(client));
    let result = from_payload(payload);
    READING.set(None);
    result
}

/// The notifications of a resource or a component, in order: a [`Stream`].
///
/// The stream ends when the proxy, its client, or the component is closed, and when the provider closes the resource.
/// If it ends for another reason, its last item is an error: see [`Broken`]. Dropping the stream drops the
/// notifications that follow.
pub struct Notifications<T> {
    inbox: Option<Arc<Inbox>>,
    reader: u64,
    turns: Option<Arc<dyn Turns>>,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Notifications<T> {
    /// Begins to read an inbox. Without an inbox, the stream is empty.
    pub(crate) fn of(inbox: Option<Arc<Inbox>>, turns: Option<Arc<dyn Turns>>) -> Notifications<T> {
        let reader = inbox.as_ref().map_or(0, |inbox| inbox.start_reading());
        Notifications { inbox, reader, turns, of: PhantomData }
    }

    /// Returns a future with the next notification, or none after the end of the stream.
    // It is a future, since it is awaited in every runtime and waited for without one.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Next<'_, T> {
        Next { stream: self }
    }

    fn poll(&mut self, polled: &mut Context<'_>) -> Poll<Option<Result<T, Broken>>> {
        let Some(inbox) = &self.inbox else { return Poll::Ready(None) };
        inbox.poll_next(self.reader, polled).map(|next| {
            next.map(|next| {
                let (payload, _credit) = next?;
                from_payload(payload).map_err(|error| Broken::Decode(error.to_string()))
            })
        })
    }
}

impl<T: DeserializeOwned> Stream for Notifications<T> {
    type Item = Result<T, Broken>;

    fn poll_next(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<Option<Result<T, Broken>>> {
        self.poll(polled)
    }
}

impl<T> Drop for Notifications<T> {
    fn drop(&mut self) {
        if let Some(inbox) = &self.inbox {
            inbox.stop_reading(self.reader);
        }
    }
}

impl<T> std::fmt::Debug for Notifications<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notifications")
    }
}

/// The next notification of a stream.
#[must_use = "futures do nothing unless they are awaited"]
#[derive(Debug)]
pub struct Next<'s, T> {
    stream: &'s mut Notifications<T>,
}

impl<T: DeserializeOwned> Next<'_, T> {
    /// Blocks this thread until the notification has arrived. It needs no runtime.
    pub fn wait(self) -> Option<Result<T, Broken>> {
        let turns = self.stream.turns.clone();
        wait(turns.as_deref(), self)
    }
}

impl<T: DeserializeOwned> Future for Next<'_, T> {
    type Output = Option<Result<T, Broken>>;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<Option<Result<T, Broken>>> {
        self.stream.poll(polled)
    }
}
