//! The queue that holds the notifications for a proxy, or from a component, until a stream reads them.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use lucarne_kernel::Credit;
use lucarne_kernel::sync::Mutex;
use lucarne_message::Payload;

use crate::failure::Broken;
use crate::protocol;

/// The time, in µs from the first unread notification on, in which all notifications are kept although no stream reads
/// them. It is shorter than the kernel's limit for slow consumers: a client that does not read them must not lose the
/// resource.
pub(crate) const UNREAD_US: i64 = 500_000;

/// The number of notifications that are kept after this time, until a stream reads them; older ones are dropped.
const UNREAD_MAX: usize = 64;

/// The reason why an inbox gets no further notifications.
#[derive(Debug, Clone)]
pub(crate) enum End {
    /// The resource or component was closed, or a stream has already returned the reason of another end.
    Closed,
    Broken(Broken),
}

/// The notifications for one proxy, or from one component.
///
/// A waiting notification keeps its credit, so that it counts toward the kernel's limit for the mailbox.
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

    /// If no stream reads yet, keeps only the newest [`UNREAD_MAX`] notifications, now and later.
    pub(crate) fn keep_newest(&self) {
        let mut state = self.state.lock();
        if state.reading == Reading::NotYet {
            state.reading = Reading::Overdue;
        }
        let dropped = state.take_excess();
        drop(state);
        drop(dropped);
    }

    /// Begins to read, in place of an earlier stream. Returns the number of the new reader.
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

    /// Polls for the next notification. After an end other than a close, returns the reason once, and then `None`.
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
            if !protocol::is_end_of_notifications(&next.0) {
                return Poll::Ready(Some(Ok(next)));
            }
            state.end = Some(End::Closed);
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

    pub(crate) fn end(&self, end: End) {
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
