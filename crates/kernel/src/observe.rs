//! Reports the messages of a kernel to an observer, for measurements.
//!
//! A kernel may have an [`Observer`]. Requests and other messages are observed as long as an [`Observing`] exists; at
//! all other times each message costs one read of a counter. A request is observed if an [`Observing`] exists when the
//! request is sent. It is reported once, when it is answered, even if no [`Observing`] exists by then. The report of a
//! request contains the two processes, the procedure, sizes, the time, and the first integers of its arguments and of
//! its result.

use std::sync::Arc;

use lucarne_message::Payload;

use crate::entry::Entry;
use crate::kernel::Shared;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::{Failure, Gid, Pid};

/// Receives reports of messages. It is called in the middle of sending, on any thread, possibly on several threads at
/// the same time. It must be quick, and must not send a message.
pub trait Observer: Send + Sync {
    /// Observes a request that has been answered.
    fn answered(&self, answered: &Answered);
    /// Observes a notification, or a message of a program, that its receiver's mailbox has accepted.
    fn delivered(&self, delivered: &Delivered);
}

/// One of the two ends of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Party {
    /// The process.
    pub pid: Pid,
    /// The group of the process.
    pub gid: Gid,
}

/// A request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The sender.
    pub asker: Party,
    /// The receiver.
    pub asked: Party,
    /// The number of the procedure.
    pub procedure: i64,
    /// The first integers of the arguments. If the arguments are a list, the first integers in the list.
    pub arguments: [Option<i64>; 2],
    /// The first integer of the result. If the result is a list, the first integer in the list.
    pub result: Option<i64>,
    /// The bytes of the arguments.
    pub arguments_bytes: usize,
    /// The bytes of the result.
    pub result_bytes: usize,
    /// The time from just before the request was sent to its answer, in nanoseconds.
    pub took_ns: i64,
    /// Whether the answer is an error.
    pub failed: bool,
}

/// A message that needs no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The sender.
    pub sender: Party,
    /// The receiver.
    pub receiver: Party,
    /// The bytes of the value.
    pub bytes: usize,
}

/// An observation of messages. Dropping it ends the observation.
#[must_use = "nothing is seen once this is dropped"]
pub struct Observing {
    shared: Arc<Shared>,
}

/// The number of observations of a kernel.
#[derive(Debug)]
pub(crate) struct Observers(AtomicUsize);

/// An observed request, until it is answered.
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
    pub(crate) fn none() -> Observers {
        Observers(AtomicUsize::new(0))
    }

    /// Returns whether there are observations. A relaxed load is enough: no other data depends on the counter, and a
    /// new observation may miss messages that are being sent.
    #[inline]
    fn are_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Returns the observer, if messages are observed now.
#[inline]
pub(crate) fn observer(shared: &Shared) -> Option<&dyn Observer> {
    if shared.observers.are_there() { shared.hooks.observer.as_deref() } else { None }
}

/// Begins to observe a request.
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
    /// Reports the answer of the request.
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
