//! Sends the messages of a process, in its turns or between them.
//!
//! In a turn a process sends through its [`Context`](crate::Context). Threads and tasks that act
//! for a process at any other time have a [`Port`]: messages through it have the same stamps,
//! follow the same permissions and count against the same limits. Answers arrive in the mailbox, in
//! a turn.

use std::sync::Arc;

use lucarne_message::Payload;

use crate::contacts::{Purpose, resolve};
use crate::entry::Entry;
use crate::kernel::Shared;
use crate::mailbox::{Lane, RoomWaiter, SLOW_CONSUMER_US, Topic, charge_for};
use crate::observe::{observer, see};
use crate::timers::NEVER;
use crate::{
    About, Credit, CreditWatch, Delivered, Gid, Message, MessageKind, Party, Pid, Refused, RequestId,
    RequestToken, SendError, USER_KIND_MIN,
};

/// Sends in the name of one process, from any thread.
#[derive(Clone)]
pub struct Port {
    shared: Arc<Shared>,
    me: Arc<Entry>,
    gid: Gid,
}

/// A process that is about to send.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'k> {
    pub(crate) shared: &'k Arc<Shared>,
    pub(crate) me: &'k Arc<Entry>,
    /// The group with which messages are stamped.
    pub(crate) gid: Gid,
}

/// How to treat a sender whose notification found no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfFull {
    /// The sender gets [`MessageKind::RoomAvailable`] once there is room.
    Wait,
    /// The sender gets no message.
    Forget,
}

impl Port {
    pub(crate) fn new(shared: Arc<Shared>, me: Arc<Entry>) -> Port {
        let gid = me.gid();
        Port { shared, me, gid }
    }

    /// Returns a port that stamps messages with this group. For mirrors: the group of the process for which
    /// a mirror stands is known only when that process sends.
    pub(crate) fn stamped(self, gid: Gid) -> Port {
        Port { gid, ..self }
    }

    /// Returns the id of the process.
    pub fn pid(&self) -> Pid {
        self.me.pid
    }

    /// Returns the group with which messages are stamped: that of the process, or for a mirror the given one.
    pub fn gid(&self) -> Gid {
        self.gid
    }

    /// Returns the process that [`Pid::SYSTEM`] stands for.
    pub fn system(&self) -> Option<Pid> {
        self.shared.system_process().map(|entry| entry.pid)
    }

    /// Returns the microseconds since the kernel started. They never go back.
    pub fn now_us(&self) -> i64 {
        self.shared.clock.now_us()
    }

    /// Returns random bits. In a simulation they follow from the seed.
    pub fn random_u64(&self) -> u64 {
        self.shared.random.next_u64()
    }

    /// Gives the process another turn, unless it has ended.
    pub fn wake(&self) {
        self.me.wake();
    }

    /// As [`Context::request`](crate::Context::request).
    ///
    /// # Errors
    /// As there, and [`SendError::NoSuchProcess`] once the process itself has ended.
    pub fn request(&self, to: Pid, procedure: i64, payload: Payload) -> Result<RequestId, Refused> {
        self.sender().request(Lane::Request, to, procedure, payload, None)
    }

    /// As [`Context::request_by`](crate::Context::request_by).
    ///
    /// # Errors
    /// As there, and [`SendError::NoSuchProcess`] once the process itself has ended.
    pub fn request_by(
        &self,
        to: Pid,
        procedure: i64,
        payload: Payload,
        deadline_us: Option<i64>,
    ) -> Result<RequestId, Refused> {
        self.sender().request(Lane::Request, to, procedure, payload, deadline_us)
    }

    /// As [`Context::request_close`](crate::Context::request_close).
    ///
    /// # Errors
    /// As there, and [`SendError::NoSuchProcess`] once the process itself has ended.
    pub fn request_close(&self, to: Pid, procedure: i64, payload: Payload) -> Result<RequestId, Refused> {
        self.sender().request(Lane::Reserved, to, procedure, payload, None)
    }

    /// As [`Context::cancel`](crate::Context::cancel). Returns false if the request is not open: a turn of this process
    /// has taken its answer out of the mailbox, and nothing is sent.
    pub fn cancel(&self, request: RequestId) -> bool {
        self.sender().cancel(request)
    }

    /// As [`Context::discard_answer`](crate::Context::discard_answer).
    pub fn discard_answer(&self, by: Pid, request: RequestId) {
        self.sender().discard_answer(by, request);
    }

    /// As [`Context::notify`](crate::Context::notify), also for notifications of components. The
    /// wait for these has no time limit: code of a component may be busy.
    ///
    /// # Errors
    /// As there.
    pub fn notify(&self, to: Pid, about: About, payload: Payload) -> Result<(), Refused> {
        self.sender().notify(to, about, payload, IfFull::Wait, None)
    }

    /// As [`Port::notify`]; `watch` is called when the notification has been processed.
    ///
    /// # Errors
    /// As there.
    pub fn notify_watched(
        &self,
        to: Pid,
        about: About,
        payload: Payload,
        watch: Arc<dyn CreditWatch>,
    ) -> Result<(), Refused> {
        self.sender().notify(to, about, payload, IfFull::Wait, Some(watch))
    }

    /// As [`Context::try_notify`](crate::Context::try_notify).
    ///
    /// # Errors
    /// As there.
    pub fn try_notify(&self, to: Pid, about: About, payload: Payload) -> Result<(), Refused> {
        self.sender().notify(to, about, payload, IfFull::Forget, None)
    }

    /// As [`Context::stop_waiting`](crate::Context::stop_waiting).
    pub fn stop_waiting(&self, to: Pid, client: i64, handle: i64) {
        self.sender().stop_waiting(to, client, handle);
    }

    /// As [`Context::watch`](crate::Context::watch).
    pub fn watch(&self, pid: Pid) {
        self.shared.watch(&self.me, pid);
    }

    /// Cuts a resource off, as the kernel does with a resource whose notifications are not processed: `to`, the other
    /// side of the resource, gets [`MessageKind::SlowConsumer`]. Does nothing if this process has no permission to send
    /// to `to`.
    pub fn cut_off(&self, to: Pid, client: i64, handle: i64) {
        self.sender().cut_off(to, client, handle);
    }

    /// As [`Context::send`](crate::Context::send).
    ///
    /// # Errors
    /// As there.
    pub fn send(&self, to: Pid, kind: u8, payload: Payload) -> Result<(), Refused> {
        self.sender().send(to, kind, payload)
    }

    fn sender(&self) -> Sender<'_> {
        Sender { shared: &self.shared, me: &self.me, gid: self.gid }
    }
}

impl Sender<'_> {
    pub(crate) fn request(
        self,
        lane: Lane,
        to: Pid,
        procedure: i64,
        payload: Payload,
        deadline_us: Option<i64>,
    ) -> Result<RequestId, Refused> {
        let Some(target) = resolve(self.shared, self.me, to, Purpose::Request) else {
            return Err(Refused { error: SendError::NoSuchProcess, payload });
        };
        let id = match self.me.mailbox.open_request(target.pid, lane) {
            Ok(id) => id,
            Err(error) => return Err(Refused { error, payload }),
        };
        let token = RequestToken::new(self.me.clone(), id, lane, deadline_us.unwrap_or(NEVER), &target);
        let seen =
            observer(self.shared).map(|_| see(self.shared, self.party(), &target, procedure, &payload));
        let token = token.seen(seen);
        let message = self.stamp(MessageKind::Request { token, procedure, payload });
        match target.mailbox.push(lane, message) {
            Ok(()) => {
                target.wake_in(self.shared);
                Ok(id)
            }
            Err((error, message)) => {
                self.me.mailbox.withdraw_request(id);
                let MessageKind::Request { token, payload, .. } = message.kind else {
                    unreachable!("the refused message is the sent one")
                };
                token.disarm();
                Err(Refused { error, payload })
            }
        }
    }

    pub(crate) fn cancel(self, request: RequestId) -> bool {
        let asked = self.me.mailbox.cancel_request(request);
        if let Some(asked) = asked {
            self.discard_answer(asked, request);
        }
        asked.is_some()
    }

    pub(crate) fn discard_answer(self, by: Pid, request: RequestId) {
        if let Some(target) = self.shared.find(by) {
            target.deliver(self.me, MessageKind::Cancel { id: request });
        }
    }

    pub(crate) fn notify(
        self,
        to: Pid,
        about: About,
        payload: Payload,
        if_full: IfFull,
        watch: Option<Arc<dyn CreditWatch>>,
    ) -> Result<(), Refused> {
        let Some(target) = resolve(self.shared, self.me, to, Purpose::Notification) else {
            return Err(Refused { error: SendError::NoSuchProcess, payload });
        };
        let credit = Credit::new(target.clone(), self.me.pid, Topic::About(about), charge_for(&payload))
            .watched_by(watch);
        let bytes = payload.size();
        let message = self.stamp(match about {
            About::Resource { client, handle } => {
                MessageKind::Notification { client, handle, payload, credit }
            }
            About::External => MessageKind::External { payload, credit },
        });
        let waiter = || {
            let now_us = self.shared.clock.now_us();
            let waiter = || (RoomWaiter { sender: self.me.clone(), about }, now_us);
            (if_full == IfFull::Wait).then(waiter)
        };
        match target.mailbox.push_or_wait(Lane::Notification, message, waiter) {
            Ok(()) => {
                self.delivered(&target, bytes);
                target.wake_in(self.shared);
                Ok(())
            }
            Err((error, message, is_timer_due)) => {
                if is_timer_due {
                    let slow_us = self.shared.clock.now_us() + SLOW_CONSUMER_US;
                    self.shared.timers.check_slowness_at(slow_us, target);
                    // A sleeping worker does not account for this timer yet.
                    self.shared.scheduler.wake_worker();
                }
                Err(Refused { error, payload: message.kind.take_notification() })
            }
        }
    }

    pub(crate) fn stop_waiting(self, to: Pid, client: i64, handle: i64) {
        if let Some(target) = self.shared.find(to) {
            target.mailbox.stop_waiting(self.me.pid, client, handle);
        }
    }

    pub(crate) fn cut_off(self, to: Pid, client: i64, handle: i64) {
        if let Some(target) = resolve(self.shared, self.me, to, Purpose::Notification) {
            target.deliver(self.me, MessageKind::SlowConsumer { client, handle });
        }
    }

    pub(crate) fn send(self, to: Pid, kind: u8, payload: Payload) -> Result<(), Refused> {
        if kind < USER_KIND_MIN {
            return Err(Refused { error: SendError::ReservedKind, payload });
        }
        let Some(target) = resolve(self.shared, self.me, to, Purpose::Notification) else {
            return Err(Refused { error: SendError::NoSuchProcess, payload });
        };
        let credit = Credit::new(target.clone(), self.me.pid, Topic::Kind(kind), charge_for(&payload));
        let bytes = payload.size();
        match target.mailbox.push(Lane::Notification, self.stamp(MessageKind::User { kind, payload, credit }))
        {
            Ok(()) => {
                self.delivered(&target, bytes);
                target.wake();
                Ok(())
            }
            Err((error, message)) => Err(Refused { error, payload: message.kind.take_notification() }),
        }
    }

    fn delivered(self, receiver: &Entry, bytes: usize) {
        if let Some(observer) = observer(self.shared) {
            let receiver = Party { pid: receiver.pid, gid: receiver.gid() };
            observer.delivered(&Delivered { sender: self.party(), receiver, bytes });
        }
    }

    fn party(self) -> Party {
        Party { pid: self.me.pid, gid: self.gid }
    }

    pub(crate) fn stamp(self, kind: MessageKind) -> Message {
        Message { pid: self.me.pid, gid: self.gid, kind }
    }
}
