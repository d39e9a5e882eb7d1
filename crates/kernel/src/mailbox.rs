//! A mailbox: one queue of messages with limits for each sender.
//!
//! | lane | messages | bound |
//! |---|---|---|
//! | reserved | replies, cancels, closes, messages of the kernel | none: a request or a watch reserved most places |
//! | request | requests | [`REQUESTS_MAX`] unanswered per sender; bytes |
//! | notification | notifications, messages of programs | [`NOTIFICATIONS_MAX`] per sender and topic; bytes |
//!
//! Bytes are bounded per mailbox ([`MAILBOX_BYTES_MAX`]), and each sender may use up to a quarter of that. A message
//! above that quarter is accepted if no other message of its sender waits and the mailbox is not full. Without this
//! exception, a large byte array could never be handed over. The memory of the message has been charged to the sender's
//! process before.
//!
//! All lanes share one first-in-first-out queue, so messages from one sender to one receiver stay in order across
//! lanes. A lock guards the queue. It is held only while a message is moved, and is uncontended in the common case,
//! where sender and receiver take turns on one worker.

use std::collections::VecDeque;
use std::sync::Arc;

use lucarne_message::Payload;
use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::pending::{Pending, Settled};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::{About, Message, MessageKind, Pid, RequestId, SendError};

/// The maximum number of unanswered requests of one process.
pub const REQUESTS_MAX: usize = 1_024;

/// The maximum number of notifications of one resource that wait at its receiver. All external messages of one sender
/// count as one resource, and so do all messages of one sender and one kind for programs.
pub const NOTIFICATIONS_MAX: usize = if cfg!(loom) { 1 } else { 1_024 };

/// The maximum number of bytes that wait in a mailbox.
pub const MAILBOX_BYTES_MAX: usize = 16 << 20;

/// The maximum number of these bytes from one sender.
const SENDER_BYTES_MAX: usize = MAILBOX_BYTES_MAX / 4;

/// The time after which a resource that waits for room is cut off if its receiver has processed no notification of it,
/// in microseconds.
pub const SLOW_CONSUMER_US: i64 = 1_000_000;

/// The number of bytes that a message is charged besides its payload. Otherwise any number of empty messages would fit.
const MESSAGE_OVERHEAD: usize = size_of::<Message>();

/// The largest capacity that an empty queue keeps. Larger ones are freed, so that idle processes
/// are small.
const QUEUE_KEPT: usize = 16;

/// The contents of the mailboxes of a kernel, in numbers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The number of messages that have not been taken out.
    pub messages: usize,
    /// The bytes of requests and notifications that have not been processed.
    pub bytes: usize,
    /// The number of requests whose answers have not arrived or have not been read.
    pub requests: usize,
    /// The number of senders that wait for room.
    pub senders_waiting: usize,
}

/// See the table at the top of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    Reserved,
    Request,
    Notification,
}

#[derive(Default)]
pub(crate) struct Mailbox {
    state: Mutex<State>,
    /// The length of the queue, which the owner reads without the lock. `run_state` explains why the owner misses no
    /// message.
    length: AtomicUsize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Message>,
    closed: bool,
    pending: Pending,
    bytes: usize,
    accounts: Accounts,
    /// The number of waiting notifications of each resource.
    notifications: FxHashMap<(Pid, Topic), usize>,
    waiting: Vec<Waiting>,
}

/// The key by which the messages of one sender are counted. Notifications about the same subject share a key, and so do
/// messages of programs if they have the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    About(About),
    Kind(u8),
}

/// The waiting messages of one sender.
#[derive(Debug, Default, Clone, Copy)]
struct Account {
    bytes: usize,
    messages: usize,
}

/// The waiting messages of all senders. Usually there is one sender at a time, which is stored
/// outside of the map.
#[derive(Debug, Default)]
struct Accounts {
    latest: Option<(Pid, Account)>,
    /// The other senders with waiting messages.
    others: FxHashMap<Pid, Account>,
}

impl Accounts {
    fn of(&mut self, sender: Pid) -> &mut Account {
        let is_latest = self.latest.as_ref().is_some_and(|(latest, _)| *latest == sender);
        if !is_latest {
            let account = self.others.remove(&sender).unwrap_or_default();
            if let Some((earlier, account)) = self.latest.replace((sender, account))
                && account.messages > 0
            {
                self.others.insert(earlier, account);
            }
        }
        &mut self.latest.as_mut().expect("just put there").1
    }
}

/// A sender whose notification was refused, and that waits for room to try again.
pub(crate) struct RoomWaiter {
    pub(crate) sender: Arc<Entry>,
    pub(crate) about: About,
}

impl RoomWaiter {
    fn key(&self) -> (Pid, Topic) {
        (self.sender.pid, Topic::About(self.about))
    }
}

struct Waiting {
    waiter: RoomWaiter,
    /// The time of the last progress of the receiver.
    progress_us: i64,
}

impl Waiting {
    /// Returns the resource that is cut off if the wait takes too long. Waits for components have no time limit, since
    /// the code of a component has none.
    fn resource(&self) -> Option<(i64, i64)> {
        match self.waiter.about {
            About::Resource { client, handle } => Some((client, handle)),
            About::External => None,
        }
    }
}

/// The content of a closed mailbox. The caller must drop it outside of any lock: tokens inside
/// answer when they are dropped.
pub(crate) struct Remains {
    pub(crate) messages: VecDeque<Message>,
    pub(crate) waiting: Vec<RoomWaiter>,
}

/// The result of a check for resources whose receiver is slow.
pub(crate) struct Slowness {
    /// Resources that have waited for too long and are cut off: the sender, the client and the
    /// handle.
    pub(crate) slow: Vec<(Arc<Entry>, i64, i64)>,
    /// When to check again, if a sender waits.
    pub(crate) next_us: Option<i64>,
}

impl Mailbox {
    /// Puts a message in. If it is refused, returns the reason and the message.
    // The message is large, but an error only moves it back to the caller, which had moved it here.
    #[allow(clippy::result_large_err)]
    pub(crate) fn push(&self, lane: Lane, message: Message) -> Result<(), (SendError, Message)> {
        self.push_or_wait(lane, message, || None).map_err(|(error, message, _)| (error, message))
    }

    /// Puts a message in. If it is refused, returns it, and records the result of `waiter`, if any, as a sender that
    /// waits for room. The flag tells whether this is the only wait with a time limit: the caller must then set a
    /// timer.
    #[allow(clippy::result_large_err)]
    pub(crate) fn push_or_wait(
        &self,
        lane: Lane,
        message: Message,
        waiter: impl FnOnce() -> Option<(RoomWaiter, i64)>,
    ) -> Result<(), (SendError, Message, bool)> {
        let mut state = self.state.lock();
        if state.closed {
            return Err((SendError::NoSuchProcess, message, false));
        }
        if let Err(error) = state.admit(lane, &message) {
            let first = waiter().is_some_and(|(waiter, now_us)| state.wait_for_room(waiter, now_us));
            return Err((error, message, first));
        }
        state.queue.push_back(message);
        self.length.store(state.queue.len(), Ordering::Release);
        Ok(())
    }

    /// Puts the answer to request `id` in, if the request went to `by` and is still open. Returns whether it was put
    /// in.
    pub(crate) fn push_reply(&self, id: RequestId, by: Pid, reply: Message) -> bool {
        let mut state = self.state.lock();
        // Parameters are dropped last, so a refused reply is dropped after the lock has been released.
        if state.closed || state.pending.settle(id, by) != Settled::Wanted {
            return false;
        }
        state.queue.push_back(reply);
        self.length.store(state.queue.len(), Ordering::Release);
        true
    }

    /// Takes the next message out. Only for the owner of the mailbox.
    pub(crate) fn pop(&self) -> Option<Message> {
        if self.is_empty() {
            return None;
        }
        let mut state = self.state.lock();
        loop {
            // Taken and passed on as a whole: a message is large, so copies cost time.
            let message = state.queue.pop_front();
            self.length.store(state.queue.len(), Ordering::Release);
            if state.queue.is_empty() && state.queue.capacity() > QUEUE_KEPT {
                state.queue = VecDeque::new();
            }
            if message.as_ref().is_none_or(|message| state.account_for_taken(message)) {
                return message;
            }
        }
    }

    /// Adds the contents of the mailbox to a sum.
    pub(crate) fn add_to(&self, held: &mut Held) {
        let state = self.state.lock();
        held.messages += state.queue.len();
        held.bytes += state.bytes;
        held.requests += state.pending.unanswered();
        held.senders_waiting += state.waiting.len();
    }

    /// Returns whether the mailbox is empty. Only for the owner of the mailbox.
    pub(crate) fn is_empty(&self) -> bool {
        self.length.load(Ordering::Acquire) == 0
    }

    /// Reserves the place of an answer from `asked`, and returns the request's id. Fails if too many requests are
    /// unanswered, or the mailbox is closed. Only for the owner of the mailbox.
    pub(crate) fn open_request(&self, asked: Pid, lane: Lane) -> Result<RequestId, SendError> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(SendError::NoSuchProcess);
        }
        let pending = &mut state.pending;
        if lane == Lane::Request {
            if pending.outstanding >= REQUESTS_MAX {
                return Err(SendError::TooManyRequests);
            }
            pending.closes_left += 1;
            return Ok(pending.open(asked, true));
        }
        if pending.closes_left == 0 {
            return Err(SendError::TooManyRequests);
        }
        pending.closes_left -= 1;
        Ok(pending.open(asked, false))
    }

    /// Frees the place of a request that was not accepted.
    pub(crate) fn withdraw_request(&self, id: RequestId) {
        self.state.lock().pending.withdraw(id);
    }

    /// Records that an answer is no longer needed. Returns the process that was to send it.
    pub(crate) fn cancel_request(&self, id: RequestId) -> Option<Pid> {
        self.state.lock().pending.cancel(id)
    }

    /// Handles a notification that has been processed. Returns the senders that waited for room
    /// and may try again now.
    pub(crate) fn release(
        &self,
        sender: Pid,
        topic: Topic,
        charge: usize,
        now_us: impl Fn() -> i64,
    ) -> Vec<RoomWaiter> {
        let mut state = self.state.lock();
        state.credit(sender, charge);
        state.credit_topic(sender, topic);
        if state.waiting.is_empty() {
            return Vec::new();
        }
        state.note_progress(sender, topic, now_us());
        state.take_waiters_with_room()
    }

    /// Stops waiting for room for this resource in the name of `sender`.
    pub(crate) fn stop_waiting(&self, sender: Pid, client: i64, handle: i64) {
        let key = (sender, Topic::About(About::Resource { client, handle }));
        self.state.lock().waiting.retain(|waiting| waiting.waiter.key() != key);
    }

    /// Checks whether the receiver keeps senders waiting for too long.
    pub(crate) fn slowness(&self, now_us: i64) -> Slowness {
        let mut state = self.state.lock();
        let mut slow = Vec::new();
        state.waiting.retain(|waiting| {
            let Some((client, handle)) = waiting.resource() else { return true };
            let is_slow = waiting.progress_us + SLOW_CONSUMER_US <= now_us;
            if is_slow {
                slow.push((waiting.waiter.sender.clone(), client, handle));
            }
            !is_slow
        });
        let resources = state.waiting.iter().filter(|waiting| waiting.resource().is_some());
        let next_us = resources.map(|waiting| waiting.progress_us + SLOW_CONSUMER_US).min();
        Slowness { slow, next_us }
    }

    /// Closes the mailbox: no message enters any more. Returns its content.
    pub(crate) fn close(&self) -> Remains {
        let mut state = self.state.lock();
        state.closed = true;
        state.accounts = Accounts::default();
        state.notifications = FxHashMap::default();
        state.pending = Pending::default();
        let waiting = std::mem::take(&mut state.waiting).into_iter().map(|waiting| waiting.waiter).collect();
        self.length.store(0, Ordering::Release);
        Remains { messages: std::mem::take(&mut state.queue), waiting }
    }
}

impl State {
    fn admit(&mut self, lane: Lane, message: &Message) -> Result<(), SendError> {
        let topic = match lane {
            Lane::Reserved => return Ok(()),
            Lane::Request => None,
            Lane::Notification => message.topic(),
        };
        let (sender, charge) = (message.pid, message.charge());
        if !self.has_bytes(sender, charge) {
            return Err(if topic.is_some() { SendError::Full } else { SendError::TooManyRequests });
        }
        if let Some(topic) = topic {
            let count = self.notifications.entry((sender, topic)).or_default();
            if *count >= NOTIFICATIONS_MAX {
                return Err(SendError::Full);
            }
            *count += 1;
        }
        let account = self.accounts.of(sender);
        account.bytes += charge;
        account.messages += 1;
        self.bytes += charge;
        Ok(())
    }

    fn has_bytes(&mut self, sender: Pid, charge: usize) -> bool {
        let account = *self.accounts.of(sender);
        self.bytes < MAILBOX_BYTES_MAX
            && (account.messages == 0
                || account.bytes + charge <= SENDER_BYTES_MAX && self.bytes + charge <= MAILBOX_BYTES_MAX)
    }

    /// Updates the counts for a message that has been taken out. Returns false for an answer that is no longer needed.
    fn account_for_taken(&mut self, message: &Message) -> bool {
        match &message.kind {
            MessageKind::Request { token, .. } if token.lane() == Lane::Request => {
                self.credit(message.pid, message.charge());
            }
            MessageKind::Reply { id, .. } => return self.pending.take_answer(*id),
            // Notifications and messages of programs are released by their credits; the other kinds were never charged.
            _ => {}
        }
        true
    }

    fn credit(&mut self, sender: Pid, charge: usize) {
        let account = self.accounts.of(sender);
        // A closed mailbox has no accounts.
        if account.messages > 0 {
            account.bytes -= charge;
            account.messages -= 1;
            self.bytes -= charge;
        }
    }

    fn credit_topic(&mut self, sender: Pid, topic: Topic) {
        let Some(count) = self.notifications.get_mut(&(sender, topic)) else { return };
        *count -= 1;
        if *count == 0 {
            self.notifications.remove(&(sender, topic));
        }
    }

    /// Records a sender that waits for room. Returns true if this is the only wait with a time limit.
    fn wait_for_room(&mut self, waiter: RoomWaiter, progress_us: i64) -> bool {
        let is_watched = self.waiting.iter().any(|waiting| waiting.resource().is_some());
        let key = waiter.key();
        let waiting = Waiting { waiter, progress_us };
        let is_first = !is_watched && waiting.resource().is_some();
        if !self.waiting.iter().any(|other| other.waiter.key() == key) {
            self.waiting.push(waiting);
        }
        is_first
    }

    /// Records progress in the waits of a sender. A wait for room in a full resource makes progress with each
    /// notification of that resource; a wait for bytes makes progress with each message of the sender.
    fn note_progress(&mut self, sender: Pid, topic: Topic, now_us: i64) {
        for waiting in &mut self.waiting {
            let key = waiting.waiter.key();
            let waits_for_bytes =
                || self.notifications.get(&key).is_none_or(|&count| count < NOTIFICATIONS_MAX);
            if key == (sender, topic) || key.0 == sender && waits_for_bytes() {
                waiting.progress_us = now_us;
            }
        }
    }

    /// Takes the waiters that can be told of room. Room is announced when half of it is free again,
    /// so that a sender that is faster than the receiver is not woken for each message.
    fn take_waiters_with_room(&mut self) -> Vec<RoomWaiter> {
        let State { accounts, notifications, waiting, bytes, .. } = self;
        let has_room = |waiting: &mut Waiting| {
            let key = waiting.waiter.key();
            let account = *accounts.of(key.0);
            *bytes < MAILBOX_BYTES_MAX
                && notifications.get(&key).is_none_or(|&count| count <= NOTIFICATIONS_MAX / 2)
                && (account.messages == 0 || account.bytes <= SENDER_BYTES_MAX / 2)
        };
        waiting.extract_if(.., has_room).map(|waiting| waiting.waiter).collect()
    }
}

/// Returns the bytes that a mailbox charges for a payload.
pub(crate) fn charge_for(payload: &Payload) -> usize {
    payload.size() + MESSAGE_OVERHEAD
}

impl Message {
    fn charge(&self) -> usize {
        match &self.kind {
            MessageKind::Request { payload, .. }
            | MessageKind::Notification { payload, .. }
            | MessageKind::External { payload, .. }
            | MessageKind::User { payload, .. } => charge_for(payload),
            _ => 0,
        }
    }

    fn topic(&self) -> Option<Topic> {
        match self.kind {
            MessageKind::Notification { client, handle, .. } => {
                Some(Topic::About(About::Resource { client, handle }))
            }
            MessageKind::User { kind, .. } => Some(Topic::Kind(kind)),
            MessageKind::External { .. } => Some(Topic::About(About::External)),
            _ => None,
        }
    }
}
