//! Seeing messages at work.
//!
//! A kernel may have an [`Observer`]. It is told of requests and of other messages as long as somebody holds an
//! [`Observing`]; at all other times each message costs one look at a counter. A request is seen if somebody looked when
//! it was sent, and reported once, when it has its answer. The kernel says what it knows: who, how much, how long, and
//! the integers that a payload begins with.

use std::sync::Arc;

use lucarne_message::Payload;

use crate::entry::Entry;
use crate::kernel::Shared;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::{Failure, Gid, Pid};

/// Is told of messages. It is called in the middle of sending, on whatever thread that is, by several at a time: not to
/// take long, nor to send anything.
pub trait Observer: Send + Sync {
    /// A request has its answer.
    fn answered(&self, answered: &Answered);
    /// A notification, or a message of a program, has been accepted by its receiver's mailbox.
    fn delivered(&self, delivered: &Delivered);
}

/// One of the two ends of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// The process.
    pub pid: Pid,
    /// Its group.
    pub gid: Gid,
}

/// A request, and how it was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Who has sent it.
    pub asker: Party,
    /// Who was to answer it.
    pub asked: Party,
    /// What was asked for.
    pub procedure: i64,
    /// The integers that the arguments begin with, inside of a list if they are one.
    pub arguments: [Option<i64>; 2],
    /// The same of the result.
    pub result: Option<i64>,
    /// The bytes of the arguments.
    pub arguments_bytes: usize,
    /// The bytes of the result.
    pub result_bytes: usize,
    /// From being accepted to being answered, in ns.
    pub took_ns: i64,
    /// Whether the answer is an error.
    pub failed: bool,
}

/// A message that wants no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Who has sent it.
    pub sender: Party,
    /// Who gets it.
    pub receiver: Party,
    /// The bytes of the value.
    pub bytes: usize,
}

/// That somebody looks. Dropping it is to look away.
#[must_use = "nothing is seen once this is dropped"]
pub struct Observing {
    shared: Arc<Shared>,
}

/// How many look at a kernel.
#[derive(Debug)]
pub(crate) struct Observers(AtomicUsize);

/// A request that is seen, until it is answered.
pub(crate) struct Seen {
    shared: Arc<Shared>,
    sent_ns: i64,
    answered: Answered,
}

impl Observing {
    pub(crate) fn new(shared: Arc<Shared>) -> Observing {
        shared.observers.0.fetch_add(1, Ordering::Relaxed);
        Observing { shared }
    }
}

impl Drop for Observing {
    fn drop(&mut self) {
        self.shared.observers.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Observers {
    pub(crate) fn nobody() -> Observers {
        Observers(AtomicUsize::new(0))
    }

    /// Relaxed: nothing is handed over by it, and who begins to look may miss what is being sent.
    #[inline]
    fn are_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Whoever is to be told of a message, if anybody looks.
#[inline]
pub(crate) fn observer(shared: &Shared) -> Option<&dyn Observer> {
    if shared.observers.are_there() { shared.hooks.observer.as_deref() } else { None }
}

/// Begins to see a request.
#[cold]
pub(crate) fn see(
    shared: &Arc<Shared>,
    asker: Party,
    asked: &Entry,
    procedure: i64,
    payload: &Payload,
) -> Box<Seen> {
    let answered = Answered {
        asker,
        asked: Party { pid: asked.pid, gid: asked.gid() },
        procedure,
        arguments: payload.leading_ints(),
        result: None,
        arguments_bytes: payload.size(),
        result_bytes: 0,
        took_ns: 0,
        failed: false,
    };
    Box::new(Seen { shared: shared.clone(), sent_ns: shared.clock.now_ns(), answered })
}

impl Seen {
    /// The request has its answer.
    #[cold]
    pub(crate) fn answered(self, result: &Result<Payload, Box<Failure>>) {
        let Seen { shared, sent_ns, mut answered } = self;
        let Some(observer) = &shared.hooks.observer else { return };
        match result {
            Ok(payload) => {
                [answered.result] = payload.leading_ints();
                answered.result_bytes = payload.size();
            }
            Err(_) => answered.failed = true,
        }
        answered.took_ns = shared.clock.now_ns() - sent_ns;
        observer.answered(&answered);
    }
}
