//! Passes the messages of a kernel to observers, for measurements.
//!
//! A kernel may have an [`Observer`]. It is told of requests and other messages as long as an
//! [`Observing`] exists; at all other times each message costs one read of a counter. A request is
//! observed if an [`Observing`] existed when it was sent, and is reported once, when it has its
//! answer. The report contains the facts that the kernel has: the two processes, sizes, times, and
//! the first integers of a payload.

use std::sync::Arc;

use lucarne_message::Payload;

use crate::entry::Entry;
use crate::kernel::Shared;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::{Failure, Gid, Pid};

/// Is told of messages. It is called in the middle of sending, on any thread, possibly on several
/// at a time. It must be quick, and must not send anything.
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
    /// The first integers of the arguments, or of the list if they are one.
    pub arguments: [Option<i64>; 2],
    /// The first integer of the result, likewise.
    pub result: Option<i64>,
    /// The bytes of the arguments.
    pub arguments_bytes: usize,
    /// The bytes of the result.
    pub result_bytes: usize,
    /// The time between acceptance and answer, in ns.
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

/// Keeps messages observed. Dropping it ends the observation.
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

    /// Returns whether there are observers. Relaxed: no data is handed over by it, and a new observer may miss
    /// messages that are being sent.
    #[inline]
    fn are_there(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Returns the observer to be told of a message, if there is an observation.
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
