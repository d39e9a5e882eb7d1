//! One queue of messages, and who may put how much into it.
//!
//! | lane | what | bound |
//! |---|---|---|
//! | reserved | replies, cancels, closes, death, room | none: a request or a watch reserved the place |
//! | request | requests | [`REQUESTS_MAX`] unanswered per sender; bytes |
//! | notification | notifications, external ones, messages of programs | [`NOTIFICATIONS_MAX`] per sender and resource; bytes |
//!
//! Bytes are bounded per mailbox ([`MAILBOX_BYTES_MAX`]), and a quarter of that for each sender.
//! One message is always let in when none of its sender's is waiting and the mailbox itself is
//! not full, however large it is: its memory was charged to the sender's process before, and a
//! large byte array could not be handed over otherwise.
//!
//! All lanes share one first-in-first-out queue, so the order between one sender and one
//! receiver is kept across them. A lock guards it: it is held for a handful of moves, and in
//! the common case, where sender and receiver take turns on one worker, nobody waits for it.

use std::collections::VecDeque;
use std::sync::Arc;

use lucarne_message::Payload;
use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::pending::{Pending, Settled};
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::{About, Message, MessageKind, Pid, RequestId, SendError};

/// How many requests of one process may be unanswered.
pub const REQUESTS_MAX: usize = 1_024;

/// How many notifications of one resource may wait at its receiver. Messages of programs and those
/// from outside count as one resource for each sender and kind.
pub const NOTIFICATIONS_MAX: usize = if cfg!(loom) { 1 } else { 1_024 };

/// How many bytes may wait in a mailbox.
pub const MAILBOX_BYTES_MAX: usize = 16 << 20;

/// How many of them from one sender.
const SENDER_BYTES_MAX: usize = MAILBOX_BYTES_MAX / 4;

/// How long a receiver may take no notifications of a resource that waits for room.
pub const SLOW_CONSUMER_US: i64 = 1_000_000;

/// What a message takes besides its payload. Without it, many small ones would be free.
const MESSAGE_OVERHEAD: usize = size_of::<Message>();

/// A queue that became larger than this is given back when it is empty again: idle processes are small.
const QUEUE_KEPT: usize = 16;

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
    /// How long the queue is, for a look without the lock by the owner; `run_state` says why it
    /// overlooks nothing.
    length: AtomicUsize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Message>,
    closed: bool,
    pending: Pending,
    bytes: usize,
    accounts: Accounts,
    /// How many notifications of each resource wait.
    notifications: FxHashMap<(Pid, Topic), usize>,
    waiting: Vec<Waiting>,
}

/// What is counted together: notifications about the same, or messages of programs of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Topic {
    About(About),
    Kind(u8),
}

/// What waits in the mailbox from one sender.
#[derive(Debug, Default, Clone, Copy)]
struct Account {
    bytes: usize,
    messages: usize,
}

/// What waits from all senders. One sender at a time is usual, so that one is not in the map.
#[derive(Debug, Default)]
struct Accounts {
    latest: Option<(Pid, Account)>,
    /// The others that have something waiting.
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

/// A sender whose notification was refused, and who wants to try again.
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
    /// When the receiver last did something that makes it worth waiting.
    progress_us: i64,
}

impl Waiting {
    /// The resource that is cut off if this takes too long. Code of a component may take as long as it likes.
    fn resource(&self) -> Option<(i64, i64)> {
        match self.waiter.about {
            About::Resource { client, handle } => Some((client, handle)),
            About::External => None,
        }
    }
}

/// What is left when a mailbox closes. It is for the caller to drop, outside of any lock:
/// tokens inside answer when they are dropped.
pub(crate) struct Remains {
    pub(crate) messages: VecDeque<Message>,
    pub(crate) waiting: Vec<RoomWaiter>,
}

/// Answer to the question whether a receiver is slow.
pub(crate) struct Slowness {
    /// These have waited for too long, and are cut off: the sender, the client and the handle.
    pub(crate) slow: Vec<(Arc<Entry>, i64, i64)>,
    /// When to ask again, if somebody waits.
    pub(crate) next_us: Option<i64>,
}

impl Mailbox {
    /// Puts a message in, or gives it back.
    // The message is large, but so is the answer when all goes well by: it is moved either way.
    #[allow(clippy::result_large_err)]
    pub(crate) fn push(&self, lane: Lane, message: Message) -> Result<(), (SendError, Message)> {
        self.push_or_wait(lane, message, || None).map_err(|(error, message, _)| (error, message))
    }

    /// Puts a message in, or gives it back and remembers `waiter`, if any, who is to be told of room.
    /// The flag says whether it is the first that may be cut off, so that a timer is due.
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

    /// Puts the answer to request `id` in, if `by` was asked and the answer is still wanted.
    pub(crate) fn push_reply(&self, id: RequestId, by: Pid, reply: Message) -> bool {
        let mut state = self.state.lock();
        // A refused reply is a parameter, and so freed after the lock is.
        if state.closed || state.pending.settle(id, by) != Settled::Wanted {
            return false;
        }
        state.queue.push_back(reply);
        self.length.store(state.queue.len(), Ordering::Release);
        true
    }

    /// Takes the next message out, as the owner of the mailbox.
    pub(crate) fn pop(&self) -> Option<Message> {
        if self.is_empty() {
            return None;
        }
        let mut state = self.state.lock();
        loop {
            // Taken and given on as a whole: a message is large enough for its copies to show.
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

    /// Whether there is nothing to take for the owner of the mailbox.
    pub(crate) fn is_empty(&self) -> bool {
        self.length.load(Ordering::Acquire) == 0
    }

    /// Reserves the place of an answer from `asked`, as the owner of the mailbox.
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

    /// Gives the place back: the request was not accepted.
    pub(crate) fn withdraw_request(&self, id: RequestId) {
        self.state.lock().pending.withdraw(id);
    }

    /// Notes that an answer is not wanted any more, and says who was to give it.
    pub(crate) fn cancel_request(&self, id: RequestId) -> Option<Pid> {
        self.state.lock().pending.cancel(id)
    }

    /// A notification has been dealt with. Gives those who waited for room and may try again now.
    pub(crate) fn release(
        &self,
        sender: Pid,
        about: About,
        charge: usize,
        now_us: impl Fn() -> i64,
    ) -> Vec<RoomWaiter> {
        let topic = Topic::About(about);
        let mut state = self.state.lock();
        state.credit(sender, charge);
        state.credit_topic(sender, topic);
        if state.waiting.is_empty() {
            return Vec::new();
        }
        state.note_progress(sender, topic, now_us());
        state.take_waiters_with_room()
    }

    /// `sender` does not wait for room for this resource any more.
    pub(crate) fn stop_waiting(&self, sender: Pid, client: i64, handle: i64) {
        let key = (sender, Topic::About(About::Resource { client, handle }));
        self.state.lock().waiting.retain(|waiting| waiting.waiter.key() != key);
    }

    /// Whether the receiver keeps others waiting for too long.
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

    /// Lets nothing in any more.
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

    /// False for an answer that is not wanted any more.
    fn account_for_taken(&mut self, message: &Message) -> bool {
        match &message.kind {
            MessageKind::Request { token, .. } if token.lane() == Lane::Request => {
                self.credit(message.pid, message.charge());
            }
            MessageKind::User { .. } => {
                self.credit(message.pid, message.charge());
                if let Some(topic) = message.topic() {
                    self.credit_topic(message.pid, topic);
                }
            }
            MessageKind::Reply { id, .. } => return self.pending.take_answer(*id),
            // A notification is released by its credit; what is left was never charged.
            _ => {}
        }
        true
    }

    fn credit(&mut self, sender: Pid, charge: usize) {
        let account = self.accounts.of(sender);
        // Nothing is left of it in a mailbox that has closed.
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

    /// True if it is the first that may be cut off.
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

    /// Who waits for room in its own resource has only that to look at; who waits for bytes may
    /// hope whenever any of its sender's go.
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

    /// Room is announced when half of it is free again, so that a sender that is faster than
    /// the receiver is not woken for each single message.
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

/// What a mailbox charges for a payload.
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
