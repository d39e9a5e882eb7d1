//! One queue of messages, and who may put how much into it.
//!
//! | lane | what | bound |
//! |---|---|---|
//! | reserved | replies, cancels, closes, death, room | none: a request or a watch reserved the place |
//! | request | requests | [`REQUESTS_MAX`] unanswered per sender; bytes |
//! | notification | notifications, external ones, messages of programs | [`NOTIFICATIONS_MAX`] per sender; bytes |
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

use rustc_hash::FxHashMap;

use crate::entry::Entry;
use crate::pending::{Pending, Settled};
use crate::sync::Mutex;
use crate::{Message, MessageKind, Pid, RequestId, SendError};

/// How many requests of one process may be unanswered.
pub const REQUESTS_MAX: usize = 1_024;

/// How many notifications from one sender may wait at one receiver.
pub const NOTIFICATIONS_MAX: usize = if cfg!(loom) { 1 } else { 1_024 };

/// How many bytes may wait in a mailbox.
pub const MAILBOX_BYTES_MAX: usize = 16 << 20;

/// How many of them from one sender.
const SENDER_BYTES_MAX: usize = MAILBOX_BYTES_MAX / 4;

/// How long a receiver may take no notifications while someone waits to send one.
pub const SLOW_CONSUMER_US: i64 = 1_000_000;

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
}

#[derive(Default)]
struct State {
    queue: VecDeque<Message>,
    closed: bool,
    pending: Pending,
    bytes: usize,
    senders: FxHashMap<Pid, Account>,
    waiting: Vec<RoomWaiter>,
    /// When a notification was last taken, as far as anybody waited for that.
    progress_us: i64,
}

/// What waits in the mailbox from one sender.
#[derive(Debug, Default, Clone, Copy)]
struct Account {
    bytes: usize,
    messages: usize,
    notifications: usize,
}

/// A sender whose notification was refused, and who wants to try again.
pub(crate) struct RoomWaiter {
    pub(crate) sender: Arc<Entry>,
    pub(crate) client: i64,
    pub(crate) handle: i64,
}

/// What is left when a mailbox closes. It is for the caller to drop, outside of any lock:
/// tokens inside answer when they are dropped.
pub(crate) struct Remains {
    pub(crate) messages: VecDeque<Message>,
    pub(crate) waiting: Vec<RoomWaiter>,
}

/// Answer to the question whether a receiver is slow.
pub(crate) enum Slowness {
    /// Nobody waits.
    Calm,
    /// Ask again at that time.
    AskAgain(i64),
    /// It is; these are cut off.
    Slow(Vec<RoomWaiter>),
}

impl Mailbox {
    /// Puts a message in, or gives it back.
    // The message is large, but so is the answer when all goes well by: it is moved either way.
    #[allow(clippy::result_large_err)]
    pub(crate) fn push(&self, lane: Lane, message: Message) -> Result<(), (SendError, Message)> {
        self.push_or_wait(lane, message, || None).map_err(|(error, message, _)| (error, message))
    }

    /// Puts a message in, or gives it back and remembers `waiter`, if any, who is to be told of room.
    /// The flag says whether it is the first to wait, so that a timer is due.
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
        true
    }

    /// Takes the next message out.
    pub(crate) fn pop(&self) -> Option<Message> {
        let mut state = self.state.lock();
        loop {
            let message = state.queue.pop_front()?;
            if state.queue.is_empty() && state.queue.capacity() > QUEUE_KEPT {
                state.queue = VecDeque::new();
            }
            if state.account_for_taken(&message) {
                return Some(message);
            }
        }
    }

    /// Whether there is nothing to take.
    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().queue.is_empty()
    }

    /// Reserves the place of an answer from `asked`, as the owner of the mailbox.
    pub(crate) fn open_request(&self, asked: Pid, lane: Lane) -> Result<RequestId, SendError> {
        let pending = &mut self.state.lock().pending;
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

    /// A notification of `size` bytes from `sender` has been dealt with. Gives those who
    /// waited for room and may try again now.
    pub(crate) fn release(&self, sender: Pid, size: usize, now_us: impl Fn() -> i64) -> Vec<RoomWaiter> {
        let mut state = self.state.lock();
        state.credit(sender, size, true);
        if state.waiting.is_empty() {
            return Vec::new();
        }
        state.progress_us = now_us();
        state.take_waiters_with_room()
    }

    /// `sender` does not wait for room for this resource any more.
    pub(crate) fn stop_waiting(&self, sender: Pid, client: i64, handle: i64) {
        let mut state = self.state.lock();
        state
            .waiting
            .retain(|waiter| (waiter.sender.pid, waiter.client, waiter.handle) != (sender, client, handle));
    }

    /// Whether the receiver keeps others waiting for too long.
    pub(crate) fn slowness(&self, now_us: i64) -> Slowness {
        let mut state = self.state.lock();
        if state.waiting.is_empty() {
            return Slowness::Calm;
        }
        let patience_ends = state.progress_us + SLOW_CONSUMER_US;
        if now_us < patience_ends {
            return Slowness::AskAgain(patience_ends);
        }
        Slowness::Slow(std::mem::take(&mut state.waiting))
    }

    /// Lets nothing in any more.
    pub(crate) fn close(&self) -> Remains {
        let mut state = self.state.lock();
        state.closed = true;
        state.senders = FxHashMap::default();
        state.pending = Pending::default();
        Remains { messages: std::mem::take(&mut state.queue), waiting: std::mem::take(&mut state.waiting) }
    }
}

impl State {
    fn admit(&mut self, lane: Lane, message: &Message) -> Result<(), SendError> {
        let (full, is_notification) = match lane {
            Lane::Reserved => return Ok(()),
            Lane::Request => (SendError::TooManyRequests, false),
            Lane::Notification => (SendError::Full, true),
        };
        let size = message.size();
        let account = self.senders.entry(message.pid).or_default();
        let fits = self.bytes < MAILBOX_BYTES_MAX
            && (account.messages == 0
                || account.bytes + size <= SENDER_BYTES_MAX && self.bytes + size <= MAILBOX_BYTES_MAX)
            && !(is_notification && account.notifications >= NOTIFICATIONS_MAX);
        if !fits {
            if account.messages == 0 {
                self.senders.remove(&message.pid);
            }
            return Err(full);
        }
        account.bytes += size;
        account.messages += 1;
        account.notifications += usize::from(is_notification);
        self.bytes += size;
        Ok(())
    }

    /// False for an answer that is not wanted any more.
    fn account_for_taken(&mut self, message: &Message) -> bool {
        match &message.kind {
            MessageKind::Request { token, .. } if token.lane() == Lane::Request => {
                self.credit(message.pid, message.size(), false);
            }
            MessageKind::User { .. } | MessageKind::External { .. } => {
                self.credit(message.pid, message.size(), true);
            }
            MessageKind::Reply { id, .. } => return self.pending.take_answer(*id),
            // A notification is released by its credit; what is left was never charged.
            _ => {}
        }
        true
    }

    fn credit(&mut self, sender: Pid, size: usize, is_notification: bool) {
        let Some(account) = self.senders.get_mut(&sender) else { return };
        account.bytes -= size;
        account.messages -= 1;
        account.notifications -= usize::from(is_notification);
        self.bytes -= size;
        if account.messages == 0 {
            self.senders.remove(&sender);
        }
    }

    /// True if nobody waited so far.
    fn wait_for_room(&mut self, waiter: RoomWaiter, now_us: i64) -> bool {
        let first = self.waiting.is_empty();
        if first {
            self.progress_us = now_us;
        }
        let key = |w: &RoomWaiter| (w.sender.pid, w.client, w.handle);
        if !self.waiting.iter().any(|other| key(other) == key(&waiter)) {
            self.waiting.push(waiter);
        }
        first
    }

    /// Room is announced when half of it is free again, so that a sender that is faster than
    /// the receiver is not woken for each single message.
    fn take_waiters_with_room(&mut self) -> Vec<RoomWaiter> {
        let State { senders, waiting, bytes, .. } = self;
        let has_room = |sender: Pid| {
            let account = senders.get(&sender).copied().unwrap_or_default();
            *bytes < MAILBOX_BYTES_MAX
                && account.notifications <= NOTIFICATIONS_MAX / 2
                && (account.messages == 0 || account.bytes <= SENDER_BYTES_MAX / 2)
        };
        waiting.extract_if(.., |waiter| has_room(waiter.sender.pid)).collect()
    }
}

impl Message {
    fn size(&self) -> usize {
        match &self.kind {
            MessageKind::Request { payload, .. }
            | MessageKind::Notification { payload, .. }
            | MessageKind::External { payload }
            | MessageKind::User { payload, .. } => payload.size(),
            _ => 0,
        }
    }
}
