//! Resources: objects that a provider keeps for a client, and their notifications.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{About, Pid, Port, SendError};
use lucarne_message::{Payload, to_payload};
use serde::ser::Error;
use serde::{Serialize, Serializer};

use crate::cancellation::Closing;
use crate::container::Shared;
use crate::ender::{Ender, Tie};
use crate::failure::{NotifyError, Thrown};
use crate::handler::Caller;
use crate::protocol;
use crate::wait::wait;

/// The maximum number of notifications that wait until a resource is given to its client.
const EARLY_MAX: usize = 64;

thread_local! {
    /// The caller whose answer is being encoded, and the handles of the resources that were found in it so far.
    static WRITING: RefCell<Option<(Caller, Vec<i64>)>> = const { RefCell::new(None) };
}

/// An object that a provider keeps for a client. The answer to a call gives it to the client.
///
/// The client receives it as a proxy. The resource closes, and its value is dropped, when the client or the proxy is
/// closed, when the client's process ends, or when the provider is uninstalled. It closes only once.
pub struct Resource<T> {
    value: Arc<T>,
    channel: Option<Arc<Channel>>,
    closing: Option<Closing>,
    tie: Option<Arc<Tie>>,
}

/// The parts of a resource, besides its value, that the books of a container keep.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) channel: Option<Arc<Channel>>,
    pub(crate) closing: Option<Closing>,
    pub(crate) tie: Option<Arc<Tie>>,
}

impl<T: Send + Sync + 'static> Resource<T> {
    /// Creates a resource that only answers calls.
    pub fn new(value: T) -> Resource<T> {
        Resource { value: Arc::new(value), channel: None, closing: None, tie: None }
    }

    /// Returns a resource that the provider can end, although it sends no notifications. `make` gets the [`Ender`].
    ///
    /// ```
    /// use lucarne_services::{Ender, Resource};
    ///
    /// /// A place in a queue. The provider takes it back when the queue is closed.
    /// struct Place {
    ///     ender: Ender,
    /// }
    ///
    /// let place = Resource::endable(|ender| Place { ender });
    /// # drop(place);
    /// ```
    pub fn endable(make: impl FnOnce(Ender) -> T) -> Resource<T> {
        let tie = Arc::<Tie>::default();
        let value = make(Ender { tie: tie.clone() });
        Resource { value: Arc::new(value), channel: None, closing: None, tie: Some(tie) }
    }

    /// Returns a resource that also notifies its client. `make` gets the notifier.
    pub fn notifying<N: Serialize>(make: impl FnOnce(Notifier<N>) -> T) -> Resource<T> {
        let channel = Arc::new(Channel { state: Mutex::new(ChannelState::Early(Early::default())) });
        let value = make(Notifier { channel: channel.clone(), of: PhantomData });
        Resource { value: Arc::new(value), channel: Some(channel), closing: None, tie: None }
    }

    /// Returns a resource whose calls may wait for long. `make` gets a future that is done when the resource is closed,
    /// so that such calls can then end. Otherwise the value is kept until they end.
    pub fn watched(make: impl FnOnce(Closing) -> T) -> Resource<T> {
        let closing = Closing::default();
        Resource { value: Arc::new(make(closing.clone())), channel: None, closing: Some(closing), tie: None }
    }

    pub(crate) fn into_parts(self) -> (Arc<T>, Parts) {
        let Resource { value, channel, closing, tie } = self;
        (value, Parts { channel, closing, tie })
    }
}

impl<T> std::fmt::Debug for Resource<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resource")
    }
}

/// In the answer to a call, a resource is sent as its handle.
impl<T: Send + Sync + 'static> Serialize for Resource<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let given = WRITING.with_borrow_mut(|writing| {
            let (caller, given) =
                writing.as_mut().ok_or_else(|| Thrown::new("a resource outside of an answer"))?;
            let Resource { value, channel, closing, tie } = self;
            let handle = caller.give(Resource {
                value: value.clone(),
                channel: channel.clone(),
                closing: closing.clone(),
                tie: tie.clone(),
            })?;
            given.push(handle);
            Ok::<_, Thrown>(handle)
        });
        serializer.serialize_i64(given.map_err(S::Error::custom)?)
    }
}

/// Writes the answer to a call. If that fails, the resources in it are taken back.
pub(crate) fn write_for<T: Serialize + ?Sized>(caller: &Caller, value: &T) -> Result<Payload, Thrown> {
    WRITING.set(Some((caller.clone(), Vec::new())));
    let result = to_payload(value);
    let given = WRITING.take().map_or_else(Vec::new, |(_, given)| given);
    if result.is_err() {
        let books = &caller.offered.shared.books;
        given.into_iter().for_each(|handle| drop(books.remove_resource(caller.client, handle)));
    }
    Ok(result?)
}

/// Notifies the client of a resource: the proxy gets values of type `T` in order.
///
/// Clones notify the same client. A notifier can be used on any thread.
pub struct Notifier<T> {
    channel: Arc<Channel>,
    of: PhantomData<fn(T)>,
}

impl<T> Clone for Notifier<T> {
    fn clone(&self) -> Notifier<T> {
        Notifier { channel: self.channel.clone(), of: PhantomData }
    }
}

impl<T: Serialize> Notifier<T> {
    pub(crate) fn on(channel: Arc<Channel>) -> Notifier<T> {
        Notifier { channel, of: PhantomData }
    }

    /// Sends a value, if there is room for it now.
    ///
    /// # Errors
    /// [`NotifyError::Full`] if the client has not taken the earlier notifications, of which 1,024 may wait;
    /// [`NotifyError::Closed`] or [`NotifyError::Refused`].
    pub fn try_send(&self, value: T) -> Result<(), NotifyError<T>> {
        let payload = match to_payload(&value) {
            Ok(payload) => payload,
            Err(error) => return Err(NotifyError::Refused(error)),
        };
        match self.channel.send(payload, None) {
            Ok(()) => Ok(()),
            Err(Unsent::Full(_)) => Err(NotifyError::Full(value)),
            Err(Unsent::Closed) => Err(NotifyError::Closed(value)),
        }
    }

    /// Sends a value as soon as there is room for it. A client that takes none for a second while
    /// a sender waits here loses the resource.
    ///
    /// # Errors
    /// [`NotifyError::Closed`] or [`NotifyError::Refused`].
    pub fn send(&self, value: T) -> Sending<T> {
        let payload = to_payload(&value);
        Sending { channel: self.channel.clone(), value: Some(value), payload: Some(payload) }
    }

    /// Ends the resource: closes it, and tells the client, after the notifications that were sent before. The client's
    /// stream then ends. Notifications that still wait for room in [`Notifier::send`] are not sent any more. Does
    /// nothing if the resource has closed.
    ///
    /// If nothing else uses the value of the resource, it is dropped in this call.
    ///
    /// ```
    /// use lucarne_services::{Notifier, Resource};
    ///
    /// /// Counts to three, and ends.
    /// fn countdown() -> Resource<Notifier<u32>> {
    ///     Resource::notifying(|notifier| {
    ///         for number in 1..=3 {
    ///             let _ = notifier.try_send(number);
    ///         }
    ///         notifier.end();
    ///         notifier
    ///     })
    /// }
    /// # drop(countdown());
    /// ```
    pub fn end(&self) {
        let Some((owner, client, handle)) = self.channel.end_early_or_owner() else { return };
        drop(owner.books.end_resource(client, handle));
    }

    /// Returns whether the resource has closed.
    pub fn is_closed(&self) -> bool {
        match &*self.channel.state.lock() {
            ChannelState::Early(early) => early.ends,
            ChannelState::Open(_) => false,
            ChannelState::Ending(_) | ChannelState::Closed => true,
        }
    }
}

impl<T> std::fmt::Debug for Notifier<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notifier")
    }
}

/// A notification that waits for room. If it is dropped before it is sent, it is not sent.
#[must_use = "futures do nothing unless they are awaited"]
pub struct Sending<T> {
    channel: Arc<Channel>,
    value: Option<T>,
    payload: Option<Result<Payload, lucarne_message::EncodeError>>,
}

impl<T> Sending<T> {
    /// Blocks this thread until the notification is sent. Works without an async runtime.
    ///
    /// # Errors
    /// The error that the future returns.
    pub fn wait(self) -> Result<(), NotifyError<T>> {
        wait(None, self)
    }
}

impl<T> Unpin for Sending<T> {}

impl<T> Future for Sending<T> {
    type Output = Result<(), NotifyError<T>>;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<Result<(), NotifyError<T>>> {
        let payload = match self.payload.take().expect("polled after it was done") {
            Ok(payload) => payload,
            Err(error) => return Poll::Ready(Err(NotifyError::Refused(error))),
        };
        match self.channel.send(payload, Some(polled.waker())) {
            Ok(()) => Poll::Ready(Ok(())),
            Err(Unsent::Full(payload)) => {
                self.payload = Some(Ok(payload));
                Poll::Pending
            }
            Err(Unsent::Closed) => {
                let value = self.value.take().expect("there until it is done");
                Poll::Ready(Err(NotifyError::Closed(value)))
            }
        }
    }
}

impl<T> std::fmt::Debug for Sending<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sending")
    }
}

/// The channel of notifications from a resource to its proxy, or to a component.
pub(crate) struct Channel {
    state: Mutex<ChannelState>,
}

enum ChannelState {
    /// The client does not have the handle yet.
    Early(Early),
    Open(OpenChannel),
    /// The provider has closed the resource. Only the backlog is sent, which ends with [`end_of_notifications`].
    Ending(OpenChannel),
    Closed,
}

#[derive(Default)]
struct Early {
    payloads: VecDeque<Payload>,
    waiting: Vec<Waker>,
    /// Whether the provider has ended the resource.
    ends: bool,
}

struct OpenChannel {
    /// The container whose books have the resource.
    owner: Weak<Shared>,
    port: Port,
    pid: Pid,
    about: About,
    /// Notifications from the time before the client had the handle, for which there was no room yet. In
    /// [`ChannelState::Ending`], the last entry is the end.
    backlog: VecDeque<Payload>,
    waiting: Vec<Waker>,
}

enum Unsent {
    Full(Payload),
    Closed,
}

impl Channel {
    /// Returns a channel that is open from the start.
    pub(crate) fn to(port: Port, pid: Pid, about: About) -> Channel {
        let (owner, backlog, waiting) = (Weak::new(), VecDeque::new(), Vec::new());
        Channel {
            state: Mutex::new(ChannelState::Open(OpenChannel { owner, port, pid, about, backlog, waiting })),
        }
    }

    /// Connects the resource to its handle: early notifications go first. Returns whether the provider has ended the
    /// resource meanwhile.
    pub(crate) fn open(&self, owner: Weak<Shared>, port: Port, pid: Pid, about: About) -> bool {
        let mut state = self.state.lock();
        let ChannelState::Early(early) = &mut *state else { return false };
        let Early { payloads: backlog, waiting, ends } = std::mem::take(early);
        let mut channel = OpenChannel { owner, port, pid, about, backlog, waiting: Vec::new() };
        channel.send_backlog();
        *state = ChannelState::Open(channel);
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        ends
    }

    /// Returns the owner of an open resource, its client and its handle. If the client does not have the handle yet,
    /// marks the resource as ended, and returns none.
    fn end_early_or_owner(&self) -> Option<(Arc<Shared>, i64, i64)> {
        let mut state = self.state.lock();
        let waiting = match &mut *state {
            ChannelState::Early(early) => {
                early.ends = true;
                std::mem::take(&mut early.waiting)
            }
            ChannelState::Open(channel) => {
                let About::Resource { client, handle } = channel.about else { return None };
                return Some((channel.owner.upgrade()?, client, handle));
            }
            ChannelState::Ending(_) | ChannelState::Closed => return None,
        };
        drop(state);
        waiting.into_iter().for_each(Waker::wake);
        None
    }

    /// Sends the backlog and wakes the senders, since the client has room again.
    pub(crate) fn room(&self) {
        let waiting = match &mut *self.state.lock() {
            ChannelState::Open(channel) => {
                channel.send_backlog();
                std::mem::take(&mut channel.waiting)
            }
            ChannelState::Ending(channel) => {
                channel.send_backlog();
                Vec::new()
            }
            ChannelState::Early(_) | ChannelState::Closed => Vec::new(),
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Tells the client that the provider has closed the resource, after the notifications that were sent before. Returns
    /// the wakers of the senders that wait, whose notifications are not sent any more.
    pub(crate) fn end(&self) -> Vec<Waker> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut *state, ChannelState::Closed) {
            // The client does not have the handle.
            ChannelState::Early(early) => early.waiting,
            ChannelState::Open(mut channel) => {
                let waiting = std::mem::take(&mut channel.waiting);
                channel.backlog.push_back(protocol::end_of_notifications());
                channel.send_backlog();
                *state = ChannelState::Ending(channel);
                waiting
            }
            other @ (ChannelState::Ending(_) | ChannelState::Closed) => {
                *state = other;
                Vec::new()
            }
        }
    }

    /// Returns whether the client has not been told yet that the provider has closed the resource.
    pub(crate) fn is_ending(&self) -> bool {
        matches!(&*self.state.lock(), ChannelState::Ending(channel) if !channel.backlog.is_empty())
    }

    pub(crate) fn close(&self) {
        let closed = std::mem::replace(&mut *self.state.lock(), ChannelState::Closed);
        let waiting = match closed {
            ChannelState::Early(early) => early.waiting,
            ChannelState::Open(channel) | ChannelState::Ending(channel) => {
                if let About::Resource { client, handle } = channel.about {
                    channel.port.stop_waiting(channel.pid, client, handle);
                }
                channel.waiting
            }
            ChannelState::Closed => Vec::new(),
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Sends a payload. If there is no room, returns it, and wakes the waker, if there is one, once there is room.
    fn send(&self, payload: Payload, waker: Option<&Waker>) -> Result<(), Unsent> {
        match &mut *self.state.lock() {
            ChannelState::Early(early) if early.ends => Err(Unsent::Closed),
            ChannelState::Early(early) if early.payloads.len() < EARLY_MAX => {
                early.payloads.push_back(payload);
                Ok(())
            }
            ChannelState::Early(early) => {
                early.waiting.extend(waker.cloned());
                Err(Unsent::Full(payload))
            }
            ChannelState::Open(channel) => channel.send(payload, waker),
            ChannelState::Ending(_) | ChannelState::Closed => Err(Unsent::Closed),
        }
    }
}

impl OpenChannel {
    fn send(&mut self, payload: Payload, waker: Option<&Waker>) -> Result<(), Unsent> {
        let sent = if !self.backlog.is_empty() {
            Err(Unsent::Full(payload))
        } else if waker.is_some() {
            self.notify(payload)
        } else {
            let sent = self.port.try_notify(self.pid, self.about, payload);
            sent.map_err(Unsent::from)
        };
        if let Err(Unsent::Full(_)) = sent {
            self.waiting.extend(waker.cloned());
        }
        sent
    }

    fn send_backlog(&mut self) {
        while let Some(payload) = self.backlog.pop_front() {
            if let Err(Unsent::Full(payload)) = self.notify(payload) {
                return self.backlog.push_front(payload);
            }
        }
    }

    fn notify(&self, payload: Payload) -> Result<(), Unsent> {
        Ok(self.port.notify(self.pid, self.about, payload)?)
    }
}

impl From<lucarne_kernel::Refused> for Unsent {
    fn from(refused: lucarne_kernel::Refused) -> Unsent {
        match refused.error {
            SendError::Full => Unsent::Full(refused.payload),
            _ => Unsent::Closed,
        }
    }
}
