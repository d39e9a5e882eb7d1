//! The open clients and components of a container, and the notifications on their way to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Credit, Pid};
use lucarne_message::Payload;

use crate::client::{Client, Opened};
use crate::failure::Broken;
use crate::resource::Channel;

/// The time for which all notifications of a proxy are kept before its stream is requested. Less than the time limit of
/// the kernel: a client that does not read them must not lose the resource.
pub(crate) const UNREAD_US: i64 = 500_000;

/// The number of notifications that are kept after that; older ones are dropped.
const UNREAD_MAX: usize = 64;

/// A resource of another process: its provider, the number of the client there, and the handle.
pub(crate) type ResourceKey = (Pid, i64, i64);

#[derive(Default)]
pub(crate) struct OpenClients {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    opened: BTreeMap<(Pid, i64), Weak<Opened>>,
    inboxes: BTreeMap<ResourceKey, Arc<Inbox>>,
    components: BTreeMap<Pid, Arc<Ends>>,
    is_over: bool,
}

impl OpenClients {
    /// A service has been opened.
    pub(crate) fn add(&self, key: (Pid, i64), client: &Arc<Opened>) {
        self.state.lock().opened.insert(key, Arc::downgrade(client));
    }

    /// A service has been opened that is never closed: that of discovery.
    pub(crate) fn add_lasting(&self, key: (Pid, i64)) {
        self.state.lock().opened.insert(key, Weak::new());
    }

    /// A client is closed, and with it all its resources.
    pub(crate) fn remove(&self, (pid, client): (Pid, i64)) {
        let mut state = self.state.lock();
        state.opened.remove(&(pid, client));
        let inboxes = take_range(&mut state.inboxes, (pid, client, i64::MIN), (pid, client, i64::MAX));
        drop(state);
        inboxes.iter().for_each(|inbox| inbox.end(End::Closed));
    }

    /// All clients that are open.
    pub(crate) fn clients(&self) -> Vec<Client> {
        let state = self.state.lock();
        state.opened.values().filter_map(Weak::upgrade).map(Client::of).collect()
    }

    /// The inbox of a proxy; none if its client is not open.
    pub(crate) fn inbox(&self, key: ResourceKey) -> Option<Arc<Inbox>> {
        let mut state = self.state.lock();
        if state.is_over || !state.opened.contains_key(&(key.0, key.1)) {
            return None;
        }
        Some(state.inboxes.entry(key).or_default().clone())
    }

    pub(crate) fn remove_inbox(&self, key: ResourceKey) {
        let inbox = self.state.lock().inboxes.remove(&key);
        if let Some(inbox) = inbox {
            inbox.end(End::Closed);
        }
    }

    /// A resource is cut off.
    pub(crate) fn cut_off(&self, key: ResourceKey) {
        if let Some(inbox) = self.inbox(key) {
            inbox.end(End::Broken(Broken::Slow));
        }
    }

    /// A provider has ended.
    pub(crate) fn provider_ended(&self, pid: Pid) {
        let (first, last) = ((pid, i64::MIN, i64::MIN), (pid, i64::MAX, i64::MAX));
        let inboxes = take_range(&mut self.state.lock().inboxes, first, last);
        inboxes.iter().for_each(|inbox| inbox.end(End::Broken(Broken::Gone)));
        let component = self.state.lock().components.remove(&pid);
        if let Some(ends) = component {
            ends.end(End::Broken(Broken::Gone));
        }
    }

    // -- Components -----------------------------------------------------------------------------

    /// A component has been opened. False if it was before.
    pub(crate) fn add_component(&self, pid: Pid, ends: &Arc<Ends>) -> bool {
        let mut state = self.state.lock();
        let is_free = !state.is_over && !state.components.contains_key(&pid);
        if is_free {
            state.components.insert(pid, ends.clone());
        }
        is_free
    }

    pub(crate) fn remove_component(&self, pid: Pid) {
        let ends = self.state.lock().components.remove(&pid);
        if let Some(ends) = ends {
            ends.end(End::Closed);
        }
    }

    pub(crate) fn remove_components(&self) {
        let components = std::mem::take(&mut self.state.lock().components);
        components.values().for_each(|ends| ends.end(End::Closed));
    }

    /// The inbox for a component; none if it is not open.
    pub(crate) fn component_inbox(&self, pid: Pid) -> Option<Arc<Inbox>> {
        self.state.lock().components.get(&pid).map(|ends| ends.inbox.clone())
    }

    /// A component has room for notifications again.
    pub(crate) fn component_room(&self, pid: Pid) {
        let ends = self.state.lock().components.get(&pid).cloned();
        if let Some(ends) = ends {
            ends.channel.room();
        }
    }

    /// The own process has ended.
    pub(crate) fn end(&self) {
        let (inboxes, components) = {
            let mut state = self.state.lock();
            state.is_over = true;
            state.opened.clear();
            (std::mem::take(&mut state.inboxes), std::mem::take(&mut state.components))
        };
        inboxes.values().for_each(|inbox| inbox.end(End::Broken(Broken::Gone)));
        components.values().for_each(|ends| ends.end(End::Broken(Broken::Gone)));
    }
}

fn take_range(
    inboxes: &mut BTreeMap<ResourceKey, Arc<Inbox>>,
    first: ResourceKey,
    last: ResourceKey,
) -> Vec<Arc<Inbox>> {
    let keys: Vec<_> = inboxes.range(first..=last).map(|(key, _)| *key).collect();
    keys.iter().filter_map(|key| inboxes.remove(key)).collect()
}

/// The near ends of the ways from and to a component.
pub(crate) struct Ends {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) channel: Arc<Channel>,
}

impl Ends {
    fn end(&self, end: End) {
        self.inbox.end(end);
        self.channel.close();
    }
}

/// The reason why an inbox gets no further notifications.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The holder of the proxy closed it.
    Closed,
    Broken(Broken),
}

/// The notifications for one proxy, or of one component.
///
/// A waiting notification keeps its place in the mailbox, so that it counts toward the limit of the kernel.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<InboxState>,
}

#[derive(Default)]
struct InboxState {
    waiting: VecDeque<(Payload, Credit)>,
    reading: Reading,
    /// The number of the stream that reads; earlier streams have ended.
    reader: u64,
    waker: Option<Waker>,
    end: Option<End>,
}

#[derive(Default, PartialEq, Eq)]
enum Reading {
    /// No stream reads yet, but one may follow.
    #[default]
    NotYet,
    /// No stream was requested within the time limit.
    Overdue,
    Now,
    /// The stream was dropped.
    NoMore,
}

impl Inbox {
    /// Stores a notification. Returns true if it is the first unread one, so that
    /// [`Inbox::keep_newest`] is due after [`UNREAD_US`].
    pub(crate) fn put(&self, payload: Payload, credit: Credit) -> bool {
        let mut state = self.state.lock();
        if state.end.is_some() || state.reading == Reading::NoMore {
            return false;
        }
        let is_first = state.waiting.is_empty() && state.reading == Reading::NotYet;
        state.waiting.push_back((payload, credit));
        let dropped = state.take_excess();
        let waker = state.waker.take();
        drop(state);
        drop(dropped);
        if let Some(waker) = waker {
            waker.wake();
        }
        is_first
    }

    /// If no stream reads yet, only the newest notifications are kept from now on.
    pub(crate) fn keep_newest(&self) {
        let mut state = self.state.lock();
        if state.reading == Reading::NotYet {
            state.reading = Reading::Overdue;
        }
        let dropped = state.take_excess();
        drop(state);
        drop(dropped);
    }

    /// Begins to read, in place of an earlier stream.
    pub(crate) fn start_reading(&self) -> u64 {
        let mut state = self.state.lock();
        state.reader += 1;
        state.reading = Reading::Now;
        let (reader, waker) = (state.reader, state.waker.take());
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        reader
    }

    pub(crate) fn stop_reading(&self, reader: u64) {
        let mut state = self.state.lock();
        if state.reader == reader {
            state.reading = Reading::NoMore;
            let dropped = std::mem::take(&mut state.waiting);
            drop(state);
            drop(dropped);
        }
    }

    /// The next notification. After an end other than a close comes the reason, once, and then
    /// nothing.
    pub(crate) fn poll_next(
        &self,
        reader: u64,
        polled: &mut Context<'_>,
    ) -> Poll<Option<Result<(Payload, Credit), Broken>>> {
        let mut state = self.state.lock();
        if state.reader != reader {
            return Poll::Ready(None);
        }
        if let Some(next) = state.waiting.pop_front() {
            return Poll::Ready(Some(Ok(next)));
        }
        match state.end.clone() {
            Some(End::Broken(broken)) => {
                state.end = Some(End::Closed);
                Poll::Ready(Some(Err(broken)))
            }
            Some(End::Closed) => Poll::Ready(None),
            None => {
                state.waker = Some(polled.waker().clone());
                Poll::Pending
            }
        }
    }

    fn end(&self, end: End) {
        let mut state = self.state.lock();
        if state.end.is_none() {
            state.end = Some(end);
        }
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl InboxState {
    fn take_excess(&mut self) -> Vec<(Payload, Credit)> {
        let excess = match self.reading {
            Reading::Overdue => self.waiting.len().saturating_sub(UNREAD_MAX),
            Reading::NotYet | Reading::Now | Reading::NoMore => 0,
        };
        self.waiting.drain(..excess).collect()
    }
}
