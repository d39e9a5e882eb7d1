//! A running handler: the thread that runs its callbacks, and the state that it shares with its
//! process.
//!
//! The process puts arriving messages into a queue; the thread takes them out. If the queue is full, the process
//! leaves further messages in its mailbox, where the kernel's limits apply. The thread wakes the process when the
//! queue is at most half full.

use std::collections::VecDeque;
use std::sync::Arc;

use lucarne_kernel::clock::{Clock, PATIENCE_US};
use lucarne_kernel::sync::{Condvar, Mutex, OnceLock, thread, wait};
use lucarne_kernel::{About, Credit, Failure, KernelHandle, Pid, Port, RequestToken, SendError};
use lucarne_message::Payload;
use rustc_hash::FxHashMap;

use crate::abi::{Error, RequestHandle};
use crate::crash::Named;
use crate::memory::{self, Given};
use crate::registry::{Recorded, Registry};
use crate::trace::FIRST_US;

/// The maximum number of events in the thread's queue. Loom models use 1.
const QUEUE_MAX: usize = if cfg!(loom) { 1 } else { 64 };

/// The maximum length of a failure's text, in bytes.
const FAILURE_MAX: usize = 128;

pub(crate) struct Handler {
    recorded: Recorded,
    kernel: KernelHandle,
    /// The port for sending, set before the first message arrives.
    port: OnceLock<Port>,
    state: Mutex<State>,
    /// Notified when an event is queued or the handler must end.
    bell: Condvar,
}

struct State {
    queue: VecDeque<Event>,
    /// Whether the thread sleeps, so that it must be woken.
    is_asleep: bool,
    /// Whether the process must be woken once the queue is at most half full.
    is_crowded: bool,
    /// Unanswered requests by number. A `RequestHandle` has the number.
    requests: FxHashMap<i32, Asked>,
    last_request: i32,
    phase: Phase,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Alive,
    /// No new events are accepted; the last callback has not run yet.
    Ending,
    /// The last callback has run.
    Over,
}

/// The reason for a callback.
pub(crate) enum Event {
    Message { sender: Pid, payload: Payload, credit: Credit },
    Request { sender: Pid, procedure: i64, token: RequestToken, payload: Payload },
}

struct Asked {
    sender: i32,
    function: i32,
    token: RequestToken,
    since_us: i64,
    /// The age from which `overdue` lists it next, in µs.
    listed_at_us: i64,
}

impl Handler {
    pub(crate) fn new(recorded: Recorded, kernel: KernelHandle) -> Handler {
        let state = State {
            queue: VecDeque::new(),
            is_asleep: false,
            is_crowded: false,
            requests: FxHashMap::default(),
            last_request: 0,
            phase: Phase::Alive,
        };
        Handler { recorded, kernel, port: OnceLock::new(), state: Mutex::new(state), bell: Condvar::new() }
    }

    pub(crate) fn id(&self) -> &str {
        &self.recorded.id
    }

    pub(crate) fn kernel(&self) -> &KernelHandle {
        &self.kernel
    }

    // Methods for the process.

    pub(crate) fn set_port(&self, port: Port) {
        let _ = self.port.set(port);
    }

    /// Returns whether the queue has room for another event. If not, the process is woken when the queue is at most
    /// half full.
    pub(crate) fn has_room(&self) -> bool {
        let mut state = self.state.lock();
        state.is_crowded = state.queue.len() >= QUEUE_MAX;
        !state.is_crowded
    }

    /// Puts an event into the thread's queue. If the handler is ending, drops the event. Dropping a request answers
    /// it with a failure.
    pub(crate) fn put(&self, event: Event) {
        let mut state = self.state.lock();
        if state.phase != Phase::Alive {
            drop(state);
            return drop(event);
        }
        state.queue.push_back(event);
        self.ring(state.is_asleep);
    }

    /// Returns whether the last callback has run.
    pub(crate) fn is_over(&self) -> bool {
        self.state.lock().phase == Phase::Over
    }

    /// Ends the thread after the current callback and `on_removed`. Drops queued events. Returns false if the end was
    /// requested before.
    pub(crate) fn end(&self) -> bool {
        let mut state = self.state.lock();
        if state.phase != Phase::Alive {
            return false;
        }
        state.phase = Phase::Ending;
        let unheard = std::mem::take(&mut state.queue);
        self.ring(state.is_asleep);
        drop(state);
        // Dropped without the lock, since dropping requests answers them.
        drop(unheard);
        true
    }

    fn ring(&self, is_asleep: bool) {
        if is_asleep {
            self.bell.notify_one();
        }
    }

    // Methods for the component, which may be called on any thread.

    pub(crate) fn notify(&self, to: i32, mut given: Given) -> Result<(), Error> {
        let payload = given.payload()?;
        let port = self.port.get().ok_or(Error::NotFound)?;
        match port.try_notify(Pid::from_i64(i64::from(to)), About::External, payload) {
            Ok(()) => {
                given.accepted();
                Ok(())
            }
            Err(refused) if refused.error == SendError::NoSuchProcess => Err(Error::NoSuchReceiver),
            Err(_) => Err(Error::Other),
        }
    }

    pub(crate) fn reply(&self, request: RequestHandle, mut given: Given) -> Result<(), Error> {
        let payload = given.payload()?;
        let token = self.take_request(request).ok_or(Error::NotFound)?;
        if !token.reply(Ok(payload)) {
            return Err(Error::NoSuchReceiver);
        }
        given.accepted();
        Ok(())
    }

    pub(crate) fn fail(&self, request: RequestHandle, error: &[u8]) -> Result<(), Error> {
        let token = self.take_request(request).ok_or(Error::NotFound)?;
        let error = &error[..error.len().min(FAILURE_MAX)];
        let is_wanted = token.reply(Err(Failure::new(String::from_utf8_lossy(error))));
        if is_wanted { Ok(()) } else { Err(Error::NoSuchReceiver) }
    }

    fn take_request(&self, request: RequestHandle) -> Option<RequestToken> {
        let mut state = self.state.lock();
        let is_named = |asked: &Asked| asked.sender == request.sender;
        state.requests.get(&request.number).is_some_and(is_named).then_some(())?;
        state.requests.remove(&request.number).map(|asked| asked.token)
    }

    // Methods that run on the handler's thread, and their helpers.

    /// Starts the thread. It calls `on_created` first, and `on_removed` last.
    pub(crate) fn start(
        self: Arc<Self>,
        registry: &'static Registry,
        context: usize,
    ) -> thread::JoinHandle<()> {
        thread::Builder::new()
            .name(format!("c {}", self.id()))
            .spawn(move || {
                self.live(context);
                registry.remove(context);
                registry.report(&self.finish());
            })
            .expect("the operating system can start a thread")
    }

    fn live(&self, context: usize) {
        let _named = Named::new(&self.recorded.describe());
        let Recorded { callbacks, user_data, .. } = &self.recorded;
        callbacks.created(*user_data, context);
        let mut patience = Patience::new();
        while let Some(event) = self.next(&mut patience) {
            match event {
                Event::Message { sender, payload, credit } => {
                    if let (Ok(sender), Ok(data)) = (number_of(sender), memory::for_c(payload)) {
                        callbacks.message(*user_data, sender, data);
                    }
                    drop(credit);
                }
                Event::Request { sender, procedure, token, payload } => {
                    self.request(context, sender, procedure, token, payload);
                }
            }
        }
        callbacks.removed(*user_data);
    }

    fn request(&self, context: usize, sender: Pid, procedure: i64, token: RequestToken, payload: Payload) {
        let Recorded { callbacks, user_data, .. } = &self.recorded;
        let (Ok(sender), Ok(function)) = (number_of(sender), i32::try_from(procedure)) else {
            token.reply(Err(Failure::new("OUT_OF_RANGE")));
            return;
        };
        let data = match memory::for_c(payload) {
            Ok(data) => data,
            Err(text) => {
                token.reply(Err(Failure::new(text)));
                return;
            }
        };
        let number = self.keep_request(sender, function, token);
        let request = RequestHandle::new(sender, number, context);
        let Err(error) = callbacks.request(*user_data, sender, function, request, data) else { return };
        // If the request was answered before the callback failed, this changes nothing.
        let _ = self.fail(request, error.text().as_bytes());
    }

    /// Returns the next event, for models.
    #[cfg(all(test, loom))]
    pub(crate) fn model_next(&self) -> Option<Event> {
        self.next(&mut Patience::new())
    }

    /// Adds a request as if it had been passed to the component, for models.
    #[cfg(all(test, loom))]
    pub(crate) fn model_request(&self, context: usize, sender: Pid, token: RequestToken) -> RequestHandle {
        let sender = number_of(sender).expect("the number is small");
        RequestHandle::new(sender, self.keep_request(sender, 0, token), context)
    }

    fn keep_request(&self, sender: i32, function: i32, token: RequestToken) -> i32 {
        let since_us = self.kernel.clock().now_us();
        let mut state = self.state.lock();
        loop {
            // Positive, and different from the numbers of unanswered requests.
            state.last_request = state.last_request.checked_add(1).unwrap_or(1);
            let number = state.last_request;
            if let std::collections::hash_map::Entry::Vacant(place) = state.requests.entry(number) {
                place.insert(Asked { sender, function, token, since_us, listed_at_us: FIRST_US });
                return number;
            }
        }
    }

    /// Waits for the next event and returns it. Returns `None` when the handler must end.
    fn next(&self, patience: &mut Patience) -> Option<Event> {
        let mut state = self.state.lock();
        loop {
            if state.phase != Phase::Alive {
                return None;
            }
            if let Some(event) = state.queue.pop_front() {
                let has_room_again = state.is_crowded && state.queue.len() <= QUEUE_MAX / 2;
                state.is_crowded &= !has_room_again;
                drop(state);
                if has_room_again && let Some(port) = self.port.get() {
                    port.wake();
                }
                patience.renew();
                return Some(event);
            }
            if patience.is_left() {
                drop(state);
                // Yields instead of spinning, since the sender may need this processor.
                thread::yield_now();
                state = self.state.lock();
            } else {
                state.is_asleep = true;
                state = wait(&self.bell, state);
                state.is_asleep = false;
            }
        }
    }

    /// Returns a line for each request that has become overdue, or whose age has doubled since its last line.
    pub(crate) fn overdue(&self) -> Vec<String> {
        let now_us = self.kernel.clock().now_us();
        let mut state = self.state.lock();
        let mut lines = Vec::new();
        for (number, asked) in &mut state.requests {
            let age_us = now_us - asked.since_us;
            if age_us >= asked.listed_at_us {
                asked.listed_at_us = age_us.max(asked.listed_at_us) * 2;
                let asked =
                    format!("request {number} (function {}) of process {}", asked.function, asked.sender);
                lines.push(format!(
                    "{} has not answered {asked} for {}",
                    self.recorded.describe(),
                    seconds(age_us)
                ));
            }
        }
        drop(state);
        lines.sort_unstable();
        lines
    }

    /// Returns a line for a request that the handler has left unanswered at its end.
    fn forgotten(&self, (number, asked): (&i32, &Asked), now_us: i64) -> String {
        let age = seconds(now_us - asked.since_us);
        let Asked { function, sender, .. } = asked;
        let handler = self.recorded.describe();
        format!(
            "{handler} has ended without an answer to request {number} (function {function}) of process {sender} after {age}"
        )
    }

    /// Runs after the last callback: fails the unanswered requests, and wakes the process so that it ends. Returns a line
    /// for each of these requests.
    fn finish(&self) -> Vec<String> {
        let mut state = self.state.lock();
        state.phase = Phase::Over;
        let unanswered = std::mem::take(&mut state.requests);
        drop(state);
        let now_us = self.kernel.clock().now_us();
        let mut lines: Vec<String> = unanswered.iter().map(|entry| self.forgotten(entry, now_us)).collect();
        lines.sort_unstable();
        drop(unanswered);
        if let Some(port) = self.port.get() {
            port.wake();
        }
        lines
    }
}

/// Returns a time for display.
pub(crate) fn seconds(us: i64) -> String {
    format!("{}.{} s", us / 1_000_000, us / 100_000 % 10)
}

/// Converts a pid to the number that C code uses. Fails if it does not fit an `int`.
fn number_of(pid: Pid) -> Result<i32, std::num::TryFromIntError> {
    i32::try_from(pid.as_i64())
}

/// The time for which the thread polls for events before it sleeps: `PATIENCE_US` after the last event.
pub(crate) struct Patience {
    clock: Clock,
    since_us: i64,
}

impl Patience {
    pub(crate) fn new() -> Patience {
        let clock = Clock::real();
        Patience { since_us: clock.now_us(), clock }
    }

    pub(crate) fn renew(&mut self) {
        self.since_us = self.clock.now_us();
    }

    pub(crate) fn is_left(&self) -> bool {
        self.clock.now_us() - self.since_us < PATIENCE_US
    }
}
