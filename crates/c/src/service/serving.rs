//! A provider in C: the handler for its container, and the thread that runs its callbacks.
//!
//! The handler puts each call into a queue and waits for the answer, which may come from any thread. The number of calls
//! is bounded by the kernel, since a client can have only so many requests outstanding, and their size by the queue. The
//! end of a resource is put into the same queue, so that it comes after the calls before it.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::{c_int, c_void};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use lucarne_kernel::SendError;
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::{Condvar, LazyLock, Mutex, wait};
use lucarne_services::{
    Arguments, Bytes, Call, Ender, Notifier, NotifyError, Payload, Resource, Serve, Thrown, Value,
};
use rustc_hash::FxHashMap;

use super::Table;
use super::message::Message;
use super::values::{CValue, Invalid};
use crate::abi::{Error, REGISTRY};
use crate::crash::Named;
use crate::handler::{Patience, seconds};
use crate::registry::UserData;
use crate::trace::FIRST_US;

/// The calls that have not been answered.
pub(super) static CALLS: Table<Asked> = Table::new();

/// What C can do with its open resources.
pub(super) static RESOURCES: Table<Control> = Table::new();

/// The maximum size of the arguments that wait for the thread of a provider, in bytes: as much as a mailbox has room for.
/// One call always has room.
const QUEUED_BYTES_MAX: usize = 16 << 20;

/// Measures the ages of calls.
static CLOCK: LazyLock<Clock> = LazyLock::new(Clock::real);

/// `toit_method_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(super) index: i32,
    pub(super) kind: i32,
    pub(super) arguments: i32,
}

type OnCreated = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_void);
type OnCall = unsafe extern "C" fn(
    *mut c_void,
    *mut c_void,
    *mut c_void,
    i32,
    *mut c_void,
    *mut Message,
    *const CValue,
) -> c_int;
type OnClosed = unsafe extern "C" fn(*mut c_void, *mut c_void, i32, *mut c_void);
type OnRemoved = unsafe extern "C" fn(*mut c_void, *mut c_void);

/// The callbacks of `toit_service_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Callbacks {
    on_created: Option<OnCreated>,
    on_call: Option<OnCall>,
    on_closed: Option<OnClosed>,
    on_removed: Option<OnRemoved>,
}

/// A provider, for its handler, its resources and its thread.
pub(crate) struct Serving {
    name: String,
    /// Names the provider for display, if it crashes.
    line: String,
    callbacks: Callbacks,
    handlers: UserData,
    user_data: UserData,
    methods: FxHashMap<u32, Method>,
    /// The definition that it carries.
    definition: Option<Bytes>,
    state: Mutex<State>,
    bell: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Event>,
    /// The sizes of the arguments in the queue, together.
    queued_bytes: usize,
    is_asleep: bool,
    is_ending: bool,
    /// The resources whose `on_closed` has not been called, with their kinds.
    open: BTreeMap<u64, (i32, UserData)>,
    last_object: u64,
}

/// The reason for a callback.
enum Event {
    /// A call, by its number, with its arguments.
    Call { number: usize, index: u32, arguments: Vec<Value>, size: usize },
    /// The end of a resource.
    Closed(u64),
}

/// A call that C has not answered.
pub(super) struct Asked {
    answering: Arc<Answering>,
    serving: Arc<Serving>,
    /// Keeps the resource open that the method belongs to.
    object: Option<Arc<Object>>,
    /// From a box.
    message: *mut Message,
    /// The index of the method, and the caller.
    index: u32,
    sender: i64,
    since_us: i64,
    /// The age at which it is listed as unanswered, in µs.
    listed_at_us: i64,
    /// Why the last value was refused with which C has tried to answer.
    refused: Option<Invalid>,
}

// SAFETY: the message belongs to this call. C gets it, on one thread at a time.
unsafe impl Send for Asked {}

impl Drop for Asked {
    fn drop(&mut self) {
        // SAFETY: it comes from a box, and C does not use the message once the call is answered.
        drop(unsafe { Box::from_raw(self.message) });
    }
}

/// The provider's control of a resource.
#[derive(Clone)]
pub(super) enum Control {
    /// It can be notified and ended.
    Notifying(Notifier<Value>),
    /// It can be ended.
    Plain(Ender),
}

impl Control {
    /// Ends the resource.
    pub(super) fn end(&self) -> Result<(), Error> {
        let is_closed = match self {
            Control::Notifying(notifier) => notifier.is_closed(),
            Control::Plain(ender) => ender.is_closed(),
        };
        match self {
            _ if is_closed => return Err(Error::NotFound),
            Control::Notifying(notifier) => notifier.end(),
            Control::Plain(ender) => ender.end(),
        }
        Ok(())
    }

    /// Notifies the client.
    pub(super) fn notify(&self, value: Value) -> Result<(), Error> {
        let Control::Notifying(notifier) = self else { return Err(Error::Other) };
        notifier.try_send(value).map_err(|error| match error {
            NotifyError::Closed(_) => Error::NotFound,
            _ => Error::Other,
        })
    }
}

/// A resource, represented by an object of C.
pub(super) struct Object {
    kind: i32,
    id: u64,
    /// The number of its control, if C has asked for it.
    number: Option<usize>,
    serving: Arc<Serving>,
}

impl Drop for Object {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            drop(RESOURCES.remove(std::ptr::without_provenance_mut(number)));
        }
        self.serving.closed(self.id);
    }
}

/// The answer to a call.
pub(super) enum Answer {
    Value(Value),
    Resource(Resource<Object>),
    Failed(String),
}

/// The answer that the handler waits for.
#[derive(Default)]
struct Answering(Mutex<AnsweringState>);

#[derive(Default)]
struct AnsweringState {
    answer: Option<Answer>,
    waker: Option<Waker>,
    is_unwanted: bool,
}

/// The future in the handler. Once it is dropped, the answer is not needed.
struct Waiting(Arc<Answering>);

impl Future for Waiting {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<Answer> {
        let mut state = self.0.0.lock();
        if let Some(answer) = state.answer.take() {
            return Poll::Ready(answer);
        }
        state.waker = Some(polled.waker().clone());
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let answer = {
            let mut state = self.0.0.lock();
            state.is_unwanted = true;
            state.answer.take()
        };
        // Without the lock: a resource in it is closed.
        drop(answer);
    }
}

impl Answering {
    /// Delivers the answer, or returns it if it is not needed.
    fn deliver(&self, answer: Answer) -> Result<(), Answer> {
        let mut state = self.0.lock();
        if state.is_unwanted || state.answer.is_some() {
            return Err(answer);
        }
        state.answer = Some(answer);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
}

impl Asked {
    fn describe(&self, number: usize) -> String {
        format!("call {number} (method {}) of process {}", self.index, self.sender)
    }

    /// Keeps the reason why a value was refused: for the caller, if the call is not answered in another way.
    pub(super) fn refuse(&mut self, invalid: Invalid) {
        self.refused = Some(invalid);
    }

    /// Answers the call.
    pub(super) fn answer(self, answer: Answer) -> Result<(), Error> {
        self.answering.deliver(answer).map_err(|_| Error::NoSuchReceiver)
    }

    /// Answers the call with a new resource. `give` gets the number of its control before the client can use it.
    pub(super) fn answer_resource<Give: FnOnce(*mut c_void)>(
        self,
        kind: i32,
        object: *mut c_void,
        notifies: bool,
        give: Option<Give>,
    ) -> Result<(), Error> {
        let serving = self.serving.clone();
        let id = serving.opened(kind, UserData(object));
        let made = |number| Object { kind, id, number, serving: serving.clone() };
        let mut is_full = false;
        let mut controlled = |control, give: Option<Give>| {
            let number = RESOURCES.add(control);
            is_full = number.is_none();
            if let Some(give) = give {
                give(number.unwrap_or_default());
            }
            made(number.map(|number| number.addr()))
        };
        let resource = match (notifies, give) {
            (true, give) => Resource::notifying(|notifier| controlled(Control::Notifying(notifier), give)),
            (false, Some(give)) => Resource::endable(|ender| controlled(Control::Plain(ender), Some(give))),
            (false, None) => Resource::new(made(None)),
        };
        let refused = if is_full {
            let _ = self.answering.deliver(Answer::Failed(TOO_MANY.to_owned()));
            Error::Other
        } else {
            match self.answering.deliver(Answer::Resource(resource)) {
                Ok(()) => return Ok(()),
                // The object still belongs to the component, so `on_closed` must not be called.
                Err(answer) => {
                    serving.forget(id);
                    drop(answer);
                    return Err(Error::NoSuchReceiver);
                }
            }
        };
        serving.forget(id);
        Err(refused)
    }
}

/// The error if C has too many unanswered calls or open resources.
const TOO_MANY: &str = "QUOTA_EXCEEDED: the provider has too many calls or resources";

impl Serving {
    pub(super) fn new(
        (name, line): (String, String),
        callbacks: Callbacks,
        (handlers, user_data): (UserData, UserData),
        methods: FxHashMap<u32, Method>,
        definition: Option<Bytes>,
    ) -> Arc<Serving> {
        let (state, bell) = (Mutex::default(), Condvar::new());
        Arc::new(Serving { name, line, callbacks, handlers, user_data, methods, definition, state, bell })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn put(&self, event: Event) {
        let mut state = self.state.lock();
        state.queue.push_back(event);
        if state.is_asleep {
            self.bell.notify_one();
        }
    }

    /// Ends the thread after the events that are in the queue.
    pub(super) fn end(&self) {
        let mut state = self.state.lock();
        state.is_ending = true;
        if state.is_asleep {
            self.bell.notify_one();
        }
    }

    fn opened(&self, kind: i32, object: UserData) -> u64 {
        let mut state = self.state.lock();
        state.last_object += 1;
        let id = state.last_object;
        state.open.insert(id, (kind, object));
        id
    }

    /// Forgets a resource without a callback.
    fn forget(&self, id: u64) {
        self.state.lock().open.remove(&id);
    }

    fn closed(&self, id: u64) {
        if self.state.lock().open.contains_key(&id) {
            self.put(Event::Closed(id));
        }
    }

    fn object(&self, id: u64) -> *mut c_void {
        self.state.lock().open.get(&id).map_or(std::ptr::null_mut(), |(_, object)| object.0)
    }

    /// Runs the callbacks, until the provider ends.
    pub(super) fn live(&self, container: *mut c_void) {
        let _named = Named::new(&self.line);
        let (handlers, user_data) = (self.handlers.0, self.user_data.0);
        if let Some(on_created) = self.callbacks.on_created {
            // SAFETY: a callback of the component, on the thread of its provider; so are the others.
            unsafe { on_created(handlers, user_data, container) };
        }
        let mut patience = Patience::new();
        while let Some(event) = self.next(&mut patience) {
            match event {
                Event::Call { number, index, arguments, .. } => self.call(number, index, arguments),
                Event::Closed(id) => self.close(id),
            }
        }
        let open: Vec<u64> = self.state.lock().open.keys().copied().collect();
        open.into_iter().for_each(|id| self.close(id));
        if let Some(on_removed) = self.callbacks.on_removed {
            // SAFETY: as above.
            unsafe { on_removed(handlers, user_data) };
        }
        REGISTRY.report(&self.forgotten());
    }

    /// Returns a line for each call that the provider has left unanswered at its end.
    fn forgotten(&self) -> Vec<String> {
        let now_us = CLOCK.now_us();
        let calls = CALLS.0.lock();
        let own = calls.entries().filter(|(_, asked)| std::ptr::eq(&*asked.serving, self));
        let line = |(number, asked): (usize, &Asked)| {
            let age = seconds(now_us - asked.since_us);
            format!("{} has ended without an answer to {} after {age}", self.line, asked.describe(number))
        };
        own.map(line).collect()
    }

    fn call(&self, number: usize, index: u32, arguments: Vec<Value>) {
        let call = std::ptr::without_provenance_mut(number);
        let found = CALLS.0.lock().get(number).map(|asked| {
            let object = asked.object.as_ref().map_or(std::ptr::null_mut(), |object| self.object(object.id));
            (object, asked.message)
        });
        let Some((object, message)) = found else { return };
        // SAFETY: C does not have the number yet, so the call is in the table, and no other thread uses its message.
        let Some(arguments) = unsafe { &mut *message }.hold(arguments) else {
            if let Some(asked) = CALLS.remove(call) {
                let _ = asked.answer(Answer::Failed("OUT_OF_MEMORY".to_owned()));
            }
            return;
        };
        let result = match self.callbacks.on_call {
            // SAFETY: as above. The message and the arguments stay until the call is answered.
            Some(on_call) => Error::of_code(unsafe {
                on_call(
                    self.handlers.0,
                    self.user_data.0,
                    call,
                    index.cast_signed(),
                    object,
                    message,
                    arguments.data,
                )
            }),
            None => Err(Error::NotFound),
        };
        if let Err(error) = result
            && let Some(asked) = CALLS.remove(call)
        {
            let text = match asked.refused {
                Some(invalid) => format!("the provider's result cannot be sent: {invalid}"),
                None => error.text().to_owned(),
            };
            let _ = asked.answer(Answer::Failed(text));
        }
    }

    fn close(&self, id: u64) {
        let Some((kind, object)) = self.state.lock().open.remove(&id) else { return };
        if let Some(on_closed) = self.callbacks.on_closed {
            // SAFETY: as above.
            unsafe { on_closed(self.handlers.0, self.user_data.0, kind, object.0) };
        }
    }

    /// Waits for the next event. Returns `None` when the provider has ended and the queue is empty.
    fn next(&self, patience: &mut Patience) -> Option<Event> {
        let mut state = self.state.lock();
        loop {
            if let Some(event) = state.queue.pop_front() {
                if let Event::Call { size, .. } = &event {
                    state.queued_bytes -= size;
                }
                patience.renew();
                return Some(event);
            }
            if state.is_ending {
                return None;
            }
            if patience.is_left() {
                drop(state);
                // Yields instead of spinning, since the sender may need this processor.
                lucarne_kernel::sync::thread::yield_now();
                state = self.state.lock();
            } else {
                state.is_asleep = true;
                state = wait(&self.bell, state);
                state.is_asleep = false;
            }
        }
    }
}

/// Returns a line for each call that has become overdue, or whose age has doubled since its last line.
pub(crate) fn overdue() -> Vec<String> {
    let now_us = CLOCK.now_us();
    let mut calls = CALLS.0.lock();
    let ages: Vec<(usize, i64)> =
        calls.entries().map(|(number, asked)| (number, now_us - asked.since_us)).collect();
    let mut lines = Vec::new();
    for (number, age_us) in ages {
        let Some(asked) = calls.get_mut(number).filter(|asked| age_us >= asked.listed_at_us) else {
            continue;
        };
        asked.listed_at_us = age_us.max(asked.listed_at_us) * 2;
        let (line, age) = (&asked.serving.line, seconds(age_us));
        lines.push(format!("{line} has not answered {} for {age}", asked.describe(number)));
    }
    lines
}

/// The handler of a provider. The provider ends when the container drops it.
pub(super) struct Service(pub(super) Arc<Serving>);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Serve for Service {
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        let method = self.0.methods.get(&index).ok_or_else(|| call.no_such_method(index))?;
        let waiting = self.0.ask(call, index, *method, arguments.value()?)?;
        match waiting.await {
            Answer::Value(value) => Ok(Payload::of(&value)?),
            Answer::Resource(resource) => {
                let handle = call.give(resource)?;
                Ok(Payload::of(&Value::Int(handle))?)
            }
            Answer::Failed(text) => Err(Thrown::new(text)),
        }
    }

    fn definition(&self) -> Option<Bytes> {
        self.0.definition.clone()
    }
}

impl Serving {
    /// Puts a call into the queue. Returns the future of its answer.
    fn ask(
        self: &Arc<Serving>,
        call: &Call,
        index: u32,
        method: Method,
        value: Value,
    ) -> Result<Waiting, Thrown> {
        let wanted = usize::try_from(method.arguments).unwrap_or(0);
        let is_of_resource = method.kind > 0;
        let mut values = unpacked(value, wanted + usize::from(is_of_resource))?;
        let mut object = None;
        if is_of_resource {
            let handle = values.remove(0).as_int().unwrap_or(-1);
            let found = call.resource::<Object>(handle)?;
            if found.kind != method.kind {
                return Err(Thrown::new(lucarne_services::protocol::error::NO_SUCH_RESOURCE));
            }
            object = Some(found);
        }
        let size = values.iter().map(size_of_value).sum();
        let answering = Arc::<Answering>::default();
        let waiting = Waiting(answering.clone());
        let message = Box::into_raw(Box::default());
        let (serving, sender, since_us) = (self.clone(), call.pid().as_i64(), CLOCK.now_us());
        let listed_at_us = FIRST_US;
        let asked = Asked {
            answering,
            serving,
            object,
            message,
            index,
            sender,
            since_us,
            listed_at_us,
            refused: None,
        };
        let number = CALLS.add(asked).ok_or_else(|| Thrown::new(TOO_MANY))?;
        let event = Event::Call { number: number.addr(), index, arguments: values, size };
        if !self.put_call(event, size) {
            drop(CALLS.remove(number));
            return Err(Thrown::new(SendError::TooManyRequests.to_string()));
        }
        Ok(waiting)
    }

    /// Puts a call into the queue, unless there is no room for its arguments.
    fn put_call(&self, event: Event, size: usize) -> bool {
        {
            let mut state = self.state.lock();
            let queued_bytes = state.queued_bytes.saturating_add(size);
            if state.queued_bytes > 0 && queued_bytes > QUEUED_BYTES_MAX {
                return false;
            }
            state.queued_bytes = queued_bytes;
        }
        self.put(event);
        true
    }
}

/// Returns about the memory that a value takes.
fn size_of_value(value: &Value) -> usize {
    let content = match value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::List(items) => items.iter().map(size_of_value).sum(),
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| size_of_value(key) + size_of_value(value)).sum()
        }
        _ => 0,
    };
    size_of::<Value>() + content
}

/// Returns `count` values of a message: null is sent for none, a value alone, and several as a list, in which those
/// that are missing at the end are null.
pub(super) fn unpacked(value: Value, count: usize) -> Result<Vec<Value>, Thrown> {
    let mut values = match (count, value) {
        (1, value) => return Ok(vec![value]),
        (_, Value::Null) => Vec::new(),
        (_, Value::List(values)) => values,
        (_, value) => vec![value],
    };
    if values.len() > count {
        return Err(Thrown::new(format!("{} arguments instead of {count}", values.len())));
    }
    values.resize(count, Value::Null);
    Ok(values)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_wait_are_bounded() {
        let none = || UserData(std::ptr::null_mut());
        let callbacks = Callbacks { on_created: None, on_call: None, on_closed: None, on_removed: None };
        let names = ("test".to_owned(), "the container 'test'".to_owned());
        let serving = Serving::new(names, callbacks, (none(), none()), FxHashMap::default(), None);
        let put =
            |size| serving.put_call(Event::Call { number: 1, index: 0, arguments: Vec::new(), size }, size);
        // The first has room in any case.
        assert!(put(2 * QUEUED_BYTES_MAX));
        assert!(!put(1));
        let mut patience = Patience::new();
        assert!(serving.next(&mut patience).is_some());
        assert!(put(QUEUED_BYTES_MAX - 1));
        assert!(put(1));
        assert!(!put(1));
        serving.end();
        assert!(serving.next(&mut patience).is_some() && serving.next(&mut patience).is_some());
        assert!(serving.next(&mut patience).is_none());
    }

    #[test]
    fn sizes_count_what_is_inside() {
        let node = size_of::<Value>();
        let list =
            Value::List(vec!["four".into(), Value::Map(vec![(Value::Null, vec![Value::Null].into())])]);
        assert_eq!(size_of_value(&list), 6 * node + 4);
    }

    #[test]
    fn messages_have_the_values_that_were_packed() {
        let list = || Value::List(vec![1.into(), 2.into()]);
        for (value, count, expected) in [
            (Value::Null, 0, Ok(vec![])),
            (list(), 1, Ok(vec![list()])),
            (Value::Null, 1, Ok(vec![Value::Null])),
            (list(), 2, Ok(vec![1.into(), 2.into()])),
            (list(), 3, Ok(vec![1.into(), 2.into(), Value::Null])),
            (5.into(), 2, Ok(vec![5.into(), Value::Null])),
            (list(), 0, Err("2 arguments instead of 0")),
            (Value::List(vec![Value::Null; 4]), 3, Err("4 arguments instead of 3")),
        ] {
            let unpacked = unpacked(value, count).map_err(|thrown| thrown.text().to_owned());
            assert_eq!(unpacked, expected.map_err(str::to_owned));
        }
    }
}
