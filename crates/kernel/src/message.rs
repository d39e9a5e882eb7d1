//! What arrives in a mailbox.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use lucarne_message::Payload;

use crate::entry::Entry;
use crate::kernel::Shared;
use crate::mailbox::Lane;
use crate::observe::Seen;
use crate::timers::NEVER;
use crate::{Gid, Pid, RequestId};

/// The first kind that is free for programs (see [`MessageKind::User`]).
pub const USER_KIND_MIN: u8 = 64;

/// A message, with the stamps of the kernel.
#[derive(Debug)]
pub struct Message {
    /// Who sent it. For what the kernel says itself: the process it speaks about.
    pub pid: Pid,
    /// The group of that process.
    pub gid: Gid,
    /// What it is.
    pub kind: MessageKind,
}

/// The kinds of messages and what each carries. `docs/protocol.md` has the numbers.
#[derive(Debug)]
pub enum MessageKind {
    /// A request that wants an answer.
    Request {
        /// The right to answer, once.
        token: RequestToken,
        /// What is asked for.
        procedure: i64,
        /// The arguments.
        payload: Payload,
    },
    /// The answer to an own request.
    Reply {
        /// The request.
        id: RequestId,
        /// The result, or why there is none.
        result: Result<Payload, Box<Failure>>,
    },
    /// The sender no longer wants the answer to its request of this id.
    Cancel {
        /// The request, as named by the sender ([`RequestToken::id`]).
        id: RequestId,
    },
    /// A value from a resource to its proxy.
    Notification {
        /// The client, as the provider knows it.
        client: i64,
        /// The handle of the resource.
        handle: i64,
        /// The value.
        payload: Payload,
        /// Its place in the mailbox, which is free again when this is dropped.
        credit: Credit,
    },
    /// A watched process, or one that had opened a client here, has ended. It is `Message::pid`.
    ProcessTerminated,
    /// A receiver that refused such a notification as full has room for it again, or has ended. It is
    /// `Message::pid`.
    RoomAvailable {
        /// What was refused.
        about: About,
    },
    /// A resource is cut off since its client took no notifications for a second. Both sides
    /// are told; `Message::pid` is the other side.
    SlowConsumer {
        /// The client, as the provider knows it.
        client: i64,
        /// The handle of the resource.
        handle: i64,
    },
    /// A value to or from a component, or from outside of the system's processes.
    External {
        /// The value.
        payload: Payload,
        /// Its place in the mailbox, which is free again when this is dropped.
        credit: Credit,
    },
    /// Memory is short: whoever can do without some gives it back, and drops this when that is done.
    MemoryPressure {
        /// What the one who asked for it waits for.
        done: Relieved,
    },
    /// A message between programs.
    User {
        /// At least [`USER_KIND_MIN`].
        kind: u8,
        /// The value.
        payload: Payload,
    },
}

impl MessageKind {
    /// The value of a notification that was not accepted, and so took no place.
    pub(crate) fn take_notification(self) -> Payload {
        let (MessageKind::Notification { payload, mut credit, .. }
        | MessageKind::External { payload, mut credit }) = self
        else {
            unreachable!("what is refused is what was sent")
        };
        credit.defuse();
        payload
    }
}

/// What a notification is about: those about the same share an order and a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum About {
    /// A resource: [`MessageKind::Notification`].
    Resource {
        /// The client, as the provider knows it.
        client: i64,
        /// The handle of the resource.
        handle: i64,
    },
    /// All that sender and receiver have to do with each other as a component and its user: [`MessageKind::External`].
    External,
}

/// Dropped by a process that has given back what memory it can do without.
#[derive(Debug)]
pub struct Relieved(#[expect(dead_code, reason = "to drop it is what it is for")] pub(crate) SyncSender<()>);

/// Why a request has no result.
#[derive(Debug, Default)]
pub struct Failure {
    /// The text that the caller throws.
    pub text: String,
    /// Where it was thrown, in the encoding of the provider's language; the kernel does not look.
    pub trace: Option<Payload>,
}

impl Failure {
    /// A failure without a trace.
    pub fn new(text: impl Into<String>) -> Failure {
        Failure { text: text.into(), trace: None }
    }

    /// What a caller gets from a process that is not there any more.
    pub fn no_such_process() -> Failure {
        Failure::new("NO_SUCH_PROCESS")
    }
}

/// Why a message was not accepted. The text is what programs see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is none, or none that the sender may send this to.
    #[error("NO_SUCH_PROCESS")]
    NoSuchProcess,
    /// Too many requests of the sender are unanswered, or too much waits at the receiver.
    #[error("Cannot enqueue more requests")]
    TooManyRequests,
    /// The receiver has no room for more from this sender.
    #[error("MAILBOX_FULL")]
    Full,
    /// The kind belongs to the system.
    #[error("RESERVED_MESSAGE_KIND")]
    ReservedKind,
}

/// A message that was not accepted, given back.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct Refused {
    /// Why.
    pub error: SendError,
    /// What would have been sent, buffers included.
    pub payload: Payload,
}

/// The right to answer a request.
///
/// It answers by itself if it is dropped: whoever asked is told that nobody is there to
/// answer. This is how the death of a process reaches all who wait for it.
pub struct RequestToken {
    asker: Option<Arc<Entry>>,
    id: RequestId,
    lane: Lane,
    /// [`NEVER`] if its asker waits for as long as it takes.
    deadline_us: i64,
    asked_pid: Pid,
    asked_gid: Gid,
    /// Set if somebody looks.
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

    /// Until when the asker waits for the answer, in the time of
    /// [`Context::now_us`](crate::Context::now_us), if it has said so. It gives up by itself.
    pub fn deadline_us(&self) -> Option<i64> {
        Some(self.deadline_us).filter(|&deadline_us| deadline_us != NEVER)
    }

    /// The name that the asker gave to the request: a later [`MessageKind::Cancel`] from the
    /// same process repeats it.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// Whether the request gives back what an earlier one got: it was sent with
    /// [`Context::request_close`](crate::Context::request_close).
    pub fn is_close(&self) -> bool {
        self.lane == Lane::Reserved
    }

    /// Answers, as [`Context::reply`](crate::Context::reply). Says whether the asker is there and wants it.
    pub fn reply(mut self, result: Result<Payload, Failure>) -> bool {
        let Some(asker) = self.settle(result.map_err(Box::new)) else { return false };
        asker.wake();
        true
    }

    /// How the request got into the mailbox.
    pub(crate) fn lane(&self) -> Lane {
        self.lane
    }

    /// Takes the right away without an answer, for a request that was not accepted.
    pub(crate) fn defuse(mut self) {
        self.asker = None;
    }

    pub(crate) fn answer(mut self, kernel: &Arc<Shared>, result: Result<Payload, Box<Failure>>) {
        if let Some(asker) = self.settle(result) {
            asker.wake_in(kernel);
        }
    }

    /// Puts the answer where it belongs, and gives who has to be woken.
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

/// The place that a notification takes in its receiver's mailbox, given back when dropped.
///
/// A receiver that puts notifications aside keeps the credit with them, so that the bound
/// holds for what is put aside as well.
pub struct Credit {
    receiver: Option<Arc<Entry>>,
    sender: Pid,
    about: About,
    charge: usize,
    watch: Option<Arc<dyn CreditWatch>>,
}

/// Is told when a notification that was sent with [`Port::notify_watched`](crate::Port::notify_watched) has
/// been dealt with: its credit was dropped, on whatever thread that was.
pub trait CreditWatch: Send + Sync {
    /// See [`DealtWith`]. Not to take long.
    fn dealt_with(&self, done: DealtWith);
}

/// A notification that has been dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DealtWith {
    /// Who got it.
    pub receiver: Pid,
    /// Who sent it.
    pub sender: Pid,
    /// What it was about.
    pub about: About,
    /// The bytes that it took in the mailbox.
    pub charge: usize,
    /// When, in microseconds since the kernel started.
    pub at_us: i64,
}

impl Credit {
    pub(crate) fn new(receiver: Arc<Entry>, sender: Pid, about: About, charge: usize) -> Credit {
        Credit { receiver: Some(receiver), sender, about, charge, watch: None }
    }

    pub(crate) fn watched_by(mut self, watch: Option<Arc<dyn CreditWatch>>) -> Credit {
        self.watch = watch;
        self
    }

    /// For a notification that was not accepted and took no place.
    fn defuse(&mut self) {
        self.receiver = None;
    }
}

impl Drop for Credit {
    fn drop(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            receiver.release(self.sender, self.about, self.charge);
            if let Some(watch) = self.watch.take() {
                let (sender, about, charge, at_us) =
                    (self.sender, self.about, self.charge, receiver.now_us());
                watch.dealt_with(DealtWith { receiver: receiver.pid, sender, about, charge, at_us });
            }
        }
    }
}

impl fmt::Debug for Credit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credit").field("charge", &self.charge).finish()
    }
}
