//! The unanswered requests of a container, and their answers.
//!
//! A request is sent from the thread that polls it first. The answer arrives in a turn of the process, which puts it
//! into the place of the request. The lock of the table is held while a request is sent, so that the answer finds its
//! place; nothing but the kernel runs meanwhile.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as Polled, Poll};
use std::time::Duration;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Context, Failure, Pid, Port, RequestId};
use lucarne_message::Payload;
use rustc_hash::FxHashMap;

use crate::agenda::{Agenda, Timer, TimerKey, Waiter};
use crate::container::Shared;
use crate::failure::Failed;
use crate::protocol::procedure;

/// An answer, and the process that sent it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) pid: Pid,
    pub(crate) payload: Payload,
}

/// The means to send requests: the agenda of the container, and its port once it has one.
#[derive(Clone, Copy)]
pub(crate) struct Sending<'a> {
    pub(crate) agenda: &'a Agenda,
    pub(crate) port: Option<&'a Port>,
}

/// The requests that were sent, until their askers have the answers.
#[derive(Default)]
pub(crate) struct Asked {
    state: Mutex<AskedState>,
}

/// The table of requests. The place of a request whose answer has been read is used again.
#[derive(Default)]
struct AskedState {
    places: Vec<Place>,
    unused: Vec<usize>,
    /// The requests without an answer.
    open: FxHashMap<RequestId, Open>,
    is_over: bool,
}

/// A request that was sent.
enum Place {
    Waiting(Waiter),
    Done(Result<Answer, Failed>),
    Free,
}

struct Open {
    place: usize,
    timer: Option<TimerKey>,
    /// The error of the request if the timer fires.
    too_late: Failed,
}

impl Asked {
    /// Completes a request with its answer. If no request waits for the answer, tells the provider to take back what it
    /// has given.
    pub(crate) fn answered(
        &self,
        by: Sending<'_>,
        id: RequestId,
        pid: Pid,
        result: Result<Payload, Box<Failure>>,
    ) {
        let has_result = result.is_ok();
        let result = result.map(|payload| Answer { pid, payload }).map_err(|failure| (*failure).into());
        if !self.complete(by, id, result)
            && has_result
            && let Some(port) = by.port
        {
            port.discard_answer(pid, id);
        }
    }

    /// Fails a request whose time is over, and cancels it: what a late answer gives is taken back. If the request is a
    /// close, it takes effect all the same.
    pub(crate) fn expire(&self, by: Sending<'_>, id: RequestId, context: &mut Context<'_>) {
        let too_late = self.state.lock().open.get(&id).map(|open| open.too_late.clone());
        if let Some(too_late) = too_late {
            // First the cancel: once the request is complete, the asker can send its next one.
            context.cancel(id);
            self.complete(by, id, Err(too_late));
        }
    }

    /// Fails all requests, because the process has ended and no answer will come.
    pub(crate) fn end(&self, by: Sending<'_>) {
        let open = {
            let mut state = self.state.lock();
            state.is_over = true;
            std::mem::take(&mut state.open)
        };
        for Open { place, .. } in open.into_values() {
            let waiter = self.state.lock().put(place, Err(Failed::Closed));
            waiter.into_iter().for_each(|waiter| waiter.wake(by.agenda, by.port));
        }
    }

    /// Puts a result into the place of a request, and wakes its asker. Returns false if the request is not open any
    /// more.
    fn complete(&self, by: Sending<'_>, id: RequestId, result: Result<Answer, Failed>) -> bool {
        let mut state = self.state.lock();
        let Some(Open { place, timer, .. }) = state.open.remove(&id) else { return false };
        let waiter = state.put(place, result);
        drop(state);
        if let Some(timer) = timer {
            by.agenda.clear_timer(timer);
        }
        waiter.into_iter().for_each(|waiter| waiter.wake(by.agenda, by.port));
        true
    }

    /// Sends a request, and returns the place of its answer.
    fn send(&self, by: Sending<'_>, to: Pid, request: Request, waiter: Waiter) -> Result<Sent, Failed> {
        let Request { procedure, is_close, payload, within, answer_us } = request;
        let mut state = self.state.lock();
        let port = by.port.filter(|_| !state.is_over).ok_or(Failed::Closed)?;
        let within_us = within.map(micros);
        let is_asked_for = within_us.is_some_and(|within_us| answer_us.is_none_or(|us| within_us < us));
        let too_late = if is_asked_for { Failed::Deadline } else { Failed::Unresponsive };
        let least_us = within_us.into_iter().chain(answer_us).min();
        let deadline_us = least_us.map(|us| port.now_us().saturating_add(us));
        let sent = if is_close {
            port.request_close(to, procedure, payload)
        } else {
            port.request_by(to, procedure, payload, deadline_us)
        };
        let id = sent.map_err(|refused| Failed::from(refused.error))?;
        let timer = deadline_us
            .and_then(|deadline_us| by.agenda.set_timer(Some(port), deadline_us, Timer::Request(id)));
        let place = state.open(id, timer, too_late, waiter);
        Ok(Sent { to, id, place })
    }

    fn poll(&self, by: Sending<'_>, place: usize, polled: &mut Polled<'_>) -> Poll<Result<Answer, Failed>> {
        let mut state = self.state.lock();
        match &state.places[place] {
            Place::Waiting(waiter) if by.agenda.is_waiter(waiter, polled.waker()) => {
                return Poll::Pending;
            }
            Place::Waiting(_) => {}
            Place::Done(_) | Place::Free => return Poll::Ready(state.take(place)),
        }
        drop(state);
        // Cloning and dropping a waker runs code of users, so no lock is held.
        let mut waiter = by.agenda.waiter(polled.waker());
        let mut state = self.state.lock();
        let Place::Waiting(earlier) = &mut state.places[place] else {
            return Poll::Ready(state.take(place));
        };
        std::mem::swap(earlier, &mut waiter);
        drop(state);
        Poll::Pending
    }

    /// Cancels the request, or discards the answer if it has arrived already. In both cases the provider takes back
    /// what its answer has given.
    fn give_up(&self, by: Sending<'_>, sent: &Sent) {
        let mut state = self.state.lock();
        let taken = state.free(sent.place);
        let timer = state.open.remove(&sent.id).and_then(|open| open.timer);
        drop(state);
        if let Some(timer) = timer {
            by.agenda.clear_timer(timer);
        }
        let Some(port) = by.port else { return };
        match taken {
            // If a turn on another thread is about to put the answer into its place, it will discard it. That can be after
            // the caller's next call, so the provider is told now as well.
            Place::Waiting(_) if !port.cancel(sent.id) => port.discard_answer(sent.to, sent.id),
            Place::Waiting(_) => {}
            Place::Done(Ok(answer)) => port.discard_answer(answer.pid, sent.id),
            Place::Done(Err(_)) | Place::Free => {}
        }
    }
}

impl AskedState {
    fn open(&mut self, id: RequestId, timer: Option<TimerKey>, too_late: Failed, waiter: Waiter) -> usize {
        let place = self.unused.pop().unwrap_or_else(|| {
            self.places.push(Place::Free);
            self.places.len() - 1
        });
        self.places[place] = Place::Waiting(waiter);
        self.open.insert(id, Open { place, timer, too_late });
        place
    }

    /// Puts a result into the place of its request. Returns the task or thread that waits for it, if there is one.
    fn put(&mut self, place: usize, result: Result<Answer, Failed>) -> Option<Waiter> {
        match std::mem::replace(&mut self.places[place], Place::Done(result)) {
            Place::Waiting(waiter) => Some(waiter),
            Place::Done(_) | Place::Free => None,
        }
    }

    fn take(&mut self, place: usize) -> Result<Answer, Failed> {
        let Place::Done(result) = self.free(place) else {
            unreachable!("the place of an answer is taken until the answer is read")
        };
        result
    }

    fn free(&mut self, place: usize) -> Place {
        self.unused.push(place);
        std::mem::replace(&mut self.places[place], Place::Free)
    }
}

/// Returns a duration in µs, the unit of the kernel.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

struct Request {
    procedure: i64,
    /// Whether the procedure closes a client or resource that an earlier one has opened.
    is_close: bool,
    payload: Payload,
    /// The time limit that the asker sets.
    within: Option<Duration>,
    /// The time limit that all requests for this procedure have, in µs.
    answer_us: Option<i64>,
}

struct Sent {
    to: Pid,
    id: RequestId,
    place: usize,
}

/// A request without a reference to its container, for objects that have this reference anyway.
pub(crate) struct Ask {
    to: Pid,
    state: State,
}

enum State {
    Unsent(Request),
    Sent(Sent),
    Done,
}

impl Ask {
    pub(crate) fn new(to: Pid, procedure: i64, payload: Payload) -> Ask {
        let (is_close, answer_us) = (procedure::is_close(procedure), procedure::answer_us(procedure));
        Ask { to, state: State::Unsent(Request { procedure, is_close, payload, within: None, answer_us }) }
    }

    /// Creates a request to a component. Its functions can have any number, so the number says nothing about time
    /// limits and closes.
    pub(crate) fn of_component(to: Pid, function: i32, payload: Payload) -> Ask {
        let (procedure, is_close) = (i64::from(function), false);
        let (within, answer_us) = (None, None);
        Ask { to, state: State::Unsent(Request { procedure, is_close, payload, within, answer_us }) }
    }

    /// Creates a call of a method of the service manager. Unlike other calls it has a time limit, that of an open.
    fn of_manager(to: Pid, payload: Payload) -> Ask {
        let (procedure, is_close, within) = (procedure::INVOKE, false, None);
        let answer_us = Some(procedure::ANSWER_US);
        Ask { to, state: State::Unsent(Request { procedure, is_close, payload, within, answer_us }) }
    }

    /// Bounds the time from the first poll on.
    pub(crate) fn set_within(&mut self, within: Duration) {
        if let State::Unsent(request) = &mut self.state {
            request.within = Some(within);
        }
    }

    /// Sends the request at the first call. Later calls return the answer once it has arrived.
    pub(crate) fn poll(&mut self, shared: &Shared, polled: &mut Polled<'_>) -> Poll<Result<Answer, Failed>> {
        if let State::Sent(Sent { place, .. }) = self.state {
            let answer = shared.asked.poll(shared.sending(), place, polled);
            if answer.is_ready() {
                self.state = State::Done;
            }
            return answer;
        }
        let State::Unsent(request) = std::mem::replace(&mut self.state, State::Done) else {
            panic!("polled after it was done")
        };
        self.state = State::Sent(shared.asked.send(
            shared.sending(),
            self.to,
            request,
            shared.agenda.waiter(polled.waker()),
        )?);
        Poll::Pending
    }

    /// Gives the request up, if it was sent: its answer is not used.
    pub(crate) fn give_up(&mut self, shared: &Shared) {
        if let State::Sent(sent) = std::mem::replace(&mut self.state, State::Done) {
            shared.asked.give_up(shared.sending(), &sent);
        }
    }
}

/// A request as a future: it is sent when it is first polled, and canceled if it is dropped before its answer is read.
pub(crate) struct Asking {
    shared: Arc<Shared>,
    ask: Ask,
}

impl Asking {
    pub(crate) fn new(shared: Arc<Shared>, to: Pid, procedure: i64, payload: Payload) -> Asking {
        Asking { shared, ask: Ask::new(to, procedure, payload) }
    }

    /// Creates a call of a method of the service manager.
    pub(crate) fn of_manager(shared: Arc<Shared>, to: Pid, payload: Payload) -> Asking {
        Asking { shared, ask: Ask::of_manager(to, payload) }
    }

    /// Sends a close without waiting for its answer. Messages that are sent later arrive after it.
    pub(crate) fn send_and_forget(mut self) {
        let State::Unsent(request) = std::mem::replace(&mut self.ask.state, State::Done) else { return };
        if let Some(port) = self.shared.port() {
            // If the receiver has ended, it has closed everything already.
            let _ = port.request_close(self.ask.to, request.procedure, request.payload);
        }
    }
}

impl Future for Asking {
    type Output = Result<Answer, Failed>;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Polled<'_>) -> Poll<Result<Answer, Failed>> {
        let Asking { shared, ask } = &mut *self;
        ask.poll(shared, polled)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        self.ask.give_up(&self.shared);
    }
}
