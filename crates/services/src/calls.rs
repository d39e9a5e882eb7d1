//! Requests of a container, and their answers.
//!
//! A request is sent from whatever thread polls it first; the answer arrives in a turn of the process
//! and is put into the slot of the request. The lock of the table is held while a request is sent,
//! so that its answer finds it there; nothing but the kernel runs meanwhile.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Polled, Poll, Waker};
use std::time::Duration;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Context, Failure, Pid, RequestId};
use lucarne_message::Payload;
use rustc_hash::FxHashMap;

use crate::agenda::{Timer, TimerKey};
use crate::container::Shared;
use crate::failure::Failed;
use crate::protocol::procedure;

/// What was answered, and by which process.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) pid: Pid,
    pub(crate) payload: Payload,
}

/// Where one result is put, and waited for by one task.
pub(crate) struct Slot {
    state: Mutex<SlotState>,
}

enum SlotState {
    Waiting(Option<Waker>),
    Done(Result<Answer, Failed>),
    Taken,
}

impl Slot {
    pub(crate) fn new() -> Arc<Slot> {
        Arc::new(Slot { state: Mutex::new(SlotState::Waiting(None)) })
    }

    /// Puts the result in; a second one is dropped.
    pub(crate) fn complete(&self, result: Result<Answer, Failed>) {
        let mut state = self.state.lock();
        let SlotState::Waiting(waker) = &mut *state else { return };
        let waker = waker.take();
        *state = SlotState::Done(result);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn poll(&self, polled: &mut Polled<'_>) -> Poll<Result<Answer, Failed>> {
        let mut state = self.state.lock();
        match std::mem::replace(&mut *state, SlotState::Taken) {
            SlotState::Done(result) => Poll::Ready(result),
            SlotState::Waiting(earlier) => {
                let same = earlier.filter(|waker| waker.will_wake(polled.waker()));
                *state = SlotState::Waiting(Some(same.unwrap_or_else(|| polled.waker().clone())));
                Poll::Pending
            }
            SlotState::Taken => panic!("polled after it was done"),
        }
    }

    /// The result, if there is one that nobody has taken.
    fn take_done(&self) -> Option<Answer> {
        match std::mem::replace(&mut *self.state.lock(), SlotState::Taken) {
            SlotState::Done(result) => result.ok(),
            SlotState::Waiting(_) | SlotState::Taken => None,
        }
    }
}

/// The requests that wait for an answer.
#[derive(Default)]
pub(crate) struct Asked {
    state: Mutex<AskedState>,
}

#[derive(Default)]
struct AskedState {
    open: FxHashMap<RequestId, Open>,
    is_over: bool,
}

struct Open {
    slot: Arc<Slot>,
    timer: Option<TimerKey>,
}

impl Asked {
    /// An answer has arrived.
    pub(crate) fn answered(
        &self,
        shared: &Shared,
        id: RequestId,
        pid: Pid,
        result: Result<Payload, Box<Failure>>,
    ) {
        if let Some(slot) = self.remove(shared, id) {
            slot.complete(result.map(|payload| Answer { pid, payload }).map_err(|failure| (*failure).into()));
        }
    }

    /// The time of a request is over.
    pub(crate) fn expire(&self, shared: &Shared, id: RequestId, context: &mut Context<'_>) {
        if let Some(slot) = self.remove(shared, id) {
            context.cancel(id);
            slot.complete(Err(Failed::Deadline));
        }
    }

    /// The process has ended: no answer will come.
    pub(crate) fn end(&self) {
        let open = {
            let mut state = self.state.lock();
            state.is_over = true;
            std::mem::take(&mut state.open)
        };
        open.into_values().for_each(|open| open.slot.complete(Err(Failed::Closed)));
    }

    fn remove(&self, shared: &Shared, id: RequestId) -> Option<Arc<Slot>> {
        let Open { slot, timer } = self.state.lock().open.remove(&id)?;
        if let Some(timer) = timer {
            shared.agenda.clear_timer(timer);
        }
        Some(slot)
    }

    fn send(&self, shared: &Shared, to: Pid, request: Request) -> Result<Sent, Failed> {
        let Request { procedure, payload, within } = request;
        let mut state = self.state.lock();
        let port = shared.port().filter(|_| !state.is_over).ok_or(Failed::Closed)?;
        let sent = if procedure::is_close(procedure) {
            port.request_close(to, procedure, payload)
        } else {
            port.request(to, procedure, payload)
        };
        let id = sent.map_err(|refused| Failed::from(refused.error))?;
        let timer = within.and_then(|within| {
            let at_us = port.now_us().saturating_add(micros(within));
            shared.agenda.set_timer(Some(port), at_us, Timer::Request(id))
        });
        let slot = Slot::new();
        state.open.insert(id, Open { slot: slot.clone(), timer });
        Ok(Sent { id, slot })
    }
}

/// A duration as the kernel counts.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

struct Request {
    procedure: i64,
    payload: Payload,
    within: Option<Duration>,
}

struct Sent {
    id: RequestId,
    slot: Arc<Slot>,
}

/// A request: sent when it is first polled, canceled when it is dropped before its answer is there.
pub(crate) struct Asking {
    shared: Arc<Shared>,
    to: Pid,
    state: State,
}

enum State {
    Unsent(Request),
    Sent(Sent),
    Done,
}

impl Asking {
    pub(crate) fn new(shared: Arc<Shared>, to: Pid, procedure: i64, payload: Payload) -> Asking {
        Asking { shared, to, state: State::Unsent(Request { procedure, payload, within: None }) }
    }

    /// Bounds the time from the first poll on.
    pub(crate) fn set_within(&mut self, within: Duration) {
        if let State::Unsent(request) = &mut self.state {
            request.within = Some(within);
        }
    }

    /// Sends a close whose answer nobody waits for; in an order with whatever is sent after it.
    pub(crate) fn send_and_forget(mut self) {
        let State::Unsent(request) = std::mem::replace(&mut self.state, State::Done) else { return };
        if let Some(port) = self.shared.port() {
            // Who is not there any more has closed everything.
            let _ = port.request_close(self.to, request.procedure, request.payload);
        }
    }

    /// An answer that has arrived and was not looked at.
    pub(crate) fn take_unread(&mut self) -> Option<Answer> {
        if let State::Sent(sent) = &self.state { sent.slot.take_done() } else { None }
    }
}

impl Future for Asking {
    type Output = Result<Answer, Failed>;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Polled<'_>) -> Poll<Result<Answer, Failed>> {
        loop {
            match std::mem::replace(&mut self.state, State::Done) {
                State::Unsent(request) => match self.shared.asked.send(&self.shared, self.to, request) {
                    Ok(sent) => self.state = State::Sent(sent),
                    Err(failed) => return Poll::Ready(Err(failed)),
                },
                State::Sent(sent) => {
                    let poll = sent.slot.poll(polled);
                    if poll.is_pending() {
                        self.state = State::Sent(sent);
                    }
                    return poll;
                }
                State::Done => panic!("polled after it was done"),
            }
        }
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let State::Sent(sent) = &self.state else { return };
        if self.shared.asked.remove(&self.shared, sent.id).is_some()
            && let Some(port) = self.shared.port()
        {
            port.cancel(sent.id);
        }
    }
}
