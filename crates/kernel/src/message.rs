//! The messages that arrive in a mailbox.

use std::fmt;
use std::sync::Arc;

use crate::sync::mpsc::SyncSender;
use lucarne_message::Payload;

use crate::entry::Entry;
use crate::kernel::Shared;
use crate::mailbox::{Lane, Topic};
use crate::observe::Seen;
use crate::timers::NEVER;
use crate::{Gid, Pid, RequestId};

/// The first kind that is reserved for programs (see [`MessageKind::User`]).
pub const USER_KIND_MIN: u8 = 64;

/// A message, with the stamps of the kernel.
#[derive(Debug)]
pub struct Message {
    /// The sender. For messages of the kernel itself: the process that the message is about.
    pub pid: Pid,
    /// The group of that process.
    pub gid: Gid,
    /// The kind of message and its content.
    pub kind: MessageKind,
}

/// The kinds of messages and their contents. `docs/protocol.md` has the numbers.
#[derive(Debug)]
pub enum MessageKind {
    /// A request.
    Request {
        /// The right to answer, once.
        token: RequestToken,
        /// The number of the procedure.
        procedure: i64,
        /// The arguments.
        payload: Payload,
    },
    /// The answer to a request of this process.
    Reply {
        /// The request.
        id: RequestId,
        /// The result, or the reason why there is none.
        result: Result<Payload, Box<Failure>>,
    },
    /// The sender no longer needs the answer to its request with this id. If the receiver has answered already, it
    /// closes everything that the answer has given to the sender, such as a client.
    Cancel {
        /// The request's id at the sender ([`RequestToken::id`]).
        id: RequestId,
    },
    /// A value from a resource to its proxy.
    Notification {
        /// The id of the client, as the provider assigned it.
        client: i64,
        /// The handle of the resource.
        handle: i64,
        /// The value.
        payload: Payload,
        /// The place of the message in the mailbox, which is freed when this is dropped.
        credit: Credit,
    },
    /// A process that the receiver watches has ended, or does not exist. The process that [`Pid::SYSTEM`] stands for
    /// gets this for every process that ends. `Message::pid` is the process that has ended.
    ProcessTerminated {
        /// Whether the process stood for one on another machine, and contact with that machine was lost: see
        /// [`Exit::Lost`](crate::Exit::Lost).
        is_lost: bool,
    },
    /// A receiver that had no room for a notification has room again, or has ended. `Message::pid` is the receiver.
    RoomAvailable {
        /// The subject of the refused notification.
        about: About,
    },
    /// A resource is cut off, because its client has processed no notification for a second while the resource waited
    /// for room, or by [`Port::cut_off`](crate::Port::cut_off). `Message::pid` is the other side of the resource.
    SlowConsumer {
        /// The id of the client, as the provider assigned it.
        client: i64,
        /// The handle of the resource.
        handle: i64,
    },
    /// A value to or from a component, or from the host
    /// ([`KernelHandle::send_external`](crate::KernelHandle::send_external)).
    External {
        /// The value.
        payload: Payload,
        /// The place of the message in the mailbox, which is freed when this is dropped.
        credit: Credit,
    },
    /// Memory is short: the process should free memory that it does not need, and then drop `done`.
    MemoryPressure {
        /// Ends the wait for this process when dropped.
        done: Relieved,
    },
    /// A message between programs.
    User {
        /// The kind, at least [`USER_KIND_MIN`].
        kind: u8,
        /// The value.
        payload: Payload,
        /// The place of the message in the mailbox, which is freed when this is dropped.
        credit: Credit,
    },
}

impl MessageKind {
    /// Returns the value of a notification or message of a program that was not accepted, and so took no place.
    pub(crate) fn take_notification(self) -> Payload {
        let (MessageKind::Notification { payload, mut credit, .. }
        | MessageKind::External { payload, mut credit }
        | MessageKind::User { payload, mut credit, .. }) = self
        else {
            unreachable!("the refused message is the sent one")
        };
        credit.disarm();
        payload
    }
}

/// The subject of a notification. Notifications of one sender with the same subject share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A resource: [`MessageKind::Notification`].
    Resource {
        /// The id of the client, as the provider assigned it.
        client: i64,
        /// The handle of the resource.
        handle: i64,
    },
    /// All messages between a component and one of its users: [`MessageKind::External`].
    External,
}

/// The end of a process's work for [`MessageKind::MemoryPressure`]: the process drops this when it has freed all memory
/// that it does not need.
#[derive(Debug)]
pub struct Relieved(#[expect(dead_code, reason = "only its drop has an effect")] pub(crate) SyncSender<()>);

/// Why a request has no result.
#[derive(Debug, Default)]
pub struct Failure {
    /// The text that the caller throws.
    pub text: String,
    /// The stack trace, in the encoding of the provider's language; the kernel does not read it.
    pub trace: Option<Payload>,
}

impl Failure {
    /// Returns a failure without a trace.
    pub fn new(text: impl Into<String>) -> Failure {
        Failure { text: text.into(), trace: None }
    }

    /// Returns the failure that a caller gets from a process that has ended.
    pub fn no_such_process() -> Failure {
        Failure::new("NO_SUCH_PROCESS")
    }
}

/// Why a message was not accepted. Programs see the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no such process, or the sender has no permission to send this message to it.
    #[error("NO_SUCH_PROCESS")]
    NoSuchProcess,
    /// Too many requests of the sender are unanswered, or too many bytes wait at the receiver.
    #[error("Cannot enqueue more requests")]
    TooManyRequests,
    /// The receiver has no room for more notifications, or messages of programs, from this sender.
    #[error("MAILBOX_FULL")]
    Full,
    /// The kind of the message is reserved for the system.
    #[error("RESERVED_MESSAGE_KIND")]
    ReservedKind,
}

/// A message that was not accepted, returned to the sender.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Refused {
    /// The reason.
    pub error: SendError,
    /// The payload that was not sent, buffers included.
    pub payload: Payload,
}

/// The right to answer a request.
///
/// Dropping a token without an answer answers with [`Failure::no_such_process`]. So when a process ends, all callers
/// that wait for its answers get one.
pub struct RequestToken {
    asker: Option<Arc<Entry>>,
    id: RequestId,
    lane: Lane,
    /// [`NEVER`] if the caller waits without a limit.
    deadline_us: i64,
    asked_pid: Pid,
    asked_gid: Gid,
    /// Set if the request is observed.
    seen: Option<Box<Seen>>,
}

impl RequestToken {
    pub(crate) fn new(
        asker: Arc<Entry>,
        id: RequestId,
        lane: Lane,
        deadline_us: i64,
        asked: &Entry,
    ) -> RequestToken {
        let (asked_pid, asked_gid) = (asked.pid, asked.gid());
        RequestToken { asker: Some(asker), id, lane, deadline_us, asked_pid, asked_gid, seen: None }
    }

    pub(crate) fn seen(mut self, seen: Option<Box<Seen>>) -> RequestToken {
        self.seen = seen;
        self
    }

    /// Returns the time until which the caller waits for the answer, in the time of
    /// [`Context::now_us`](crate::Context::now_us), or `None` if the caller has no limit. The kernel does not enforce
    /// this limit: the caller itself cancels the request.
    pub fn deadline_us(&self) -> Option<i64> {
        Some(self.deadline_us).filter(|&deadline_us| deadline_us != NEVER)
    }

    /// Returns the id that the caller gave to the request. A later [`MessageKind::Cancel`] from the
    /// same process repeats it.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// Returns whether the request was sent with [`Context::request_close`](crate::Context::request_close): it releases
    /// a resource or a client that an earlier request acquired.
    pub fn is_close(&self) -> bool {
        self.lane == Lane::Reserved
    }

    /// Answers, as [`Context::reply`](crate::Context::reply). Returns whether the caller exists and
    /// still waits for the answer.
    pub fn reply(mut self, result: Result<Payload, Failure>) -> bool {
        let Some(asker) = self.settle(result.map_err(Box::new)) else { return false };
        asker.wake();
        true
    }

    /// Returns the lane of the request.
    pub(crate) fn lane(&self) -> Lane {
        self.lane
    }

    /// Drops the token without an answer, for a request that was not accepted.
    pub(crate) fn disarm(mut self) {
        self.asker = None;
    }

    pub(crate) fn answer(mut self, kernel: &Arc<Shared>, result: Result<Payload, Box<Failure>>) -> bool {
        let Some(asker) = self.settle(result) else { return false };
        asker.wake_in(kernel);
        true
    }

    /// Puts the answer into the caller's mailbox, and returns the caller, which must then be woken. Returns none if the
    /// caller does not need the answer any more.
    fn settle(&mut self, result: Result<Payload, Box<Failure>>) -> Option<Arc<Entry>> {
        let asker = self.asker.take()?;
        if let Some(seen) = self.seen.take() {
            seen.answered(&result);
        }
        let kind = MessageKind::Reply { id: self.id, result };
        let reply = Message { pid: self.asked_pid, gid: self.asked_gid, kind };
        asker.mailbox.push_reply(self.id, self.asked_pid, reply).then_some(asker)
    }
}

impl Drop for RequestToken {
    fn drop(&mut self) {
        if self.asker.is_some()
            && let Some(asker) = self.settle(Err(Box::new(Failure::no_such_process())))
        {
            asker.wake();
        }
    }
}

impl fmt::Debug for RequestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestToken").field(&self.id).finish()
    }
}

/// The place of a notification, or of a message of a program, in its receiver's mailbox, freed when dropped.
///
/// A receiver that puts notifications aside keeps the credit with them, so that they still count
/// against the bound.
pub struct Credit {
    receiver: Option<Arc<Entry>>,
    sender: Pid,
    topic: Topic,
    charge: usize,
    watch: Option<Arc<dyn CreditWatch>>,
}

/// Gets a call when a notification that was sent with [`Port::notify_watched`](crate::Port::notify_watched) has been
/// processed. The call is made when the credit is dropped, on the thread that drops it.
pub trait CreditWatch: Send + Sync {
    /// Called once for each notification that has been processed. Must be quick.
    fn processed(&self, done: Processed);
}

/// A notification that has been processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processed {
    /// The receiver.
    pub receiver: Pid,
    /// The sender.
    pub sender: Pid,
    /// The subject.
    pub about: About,
    /// The bytes that it took in the mailbox.
    pub charge: usize,
    /// The time, in microseconds since the kernel started.
    pub at_us: i64,
}

impl Credit {
    pub(crate) fn new(receiver: Arc<Entry>, sender: Pid, topic: Topic, charge: usize) -> Credit {
        Credit { receiver: Some(receiver), sender, topic, charge, watch: None }
    }

    pub(crate) fn watched_by(mut self, watch: Option<Arc<dyn CreditWatch>>) -> Credit {
        self.watch = watch;
        self
    }

    /// Clears the credit of a notification that was not accepted and took no place, so that dropping it frees no place.
    fn disarm(&mut self) {
        self.receiver = None;
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            receiver.release(self.sender, self.topic, self.charge);
            if let Some(watch) = self.watch.take()
                && let Topic::About(about) = self.topic
            {
                let (sender, charge, at_us) = (self.sender, self.charge, receiver.now_us());
                watch.processed(Processed { receiver: receiver.pid, sender, about, charge, at_us });
            }
        }
    }
}

impl fmt::Debug for Credit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credit").field("charge", &self.charge).finish()
    }
}
