//! The functions of `toit/service.h` that clients call.

use std::ffi::{c_char, c_int, c_void};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use lucarne_kernel::sync::Mutex;
use lucarne_services::{
    Broken, CallError, Client, Container, Notifications, OpenError, Pending, Proxy, Selector, Uuid, Value,
};

use super::message::Message;
use super::serving::unpacked;
use super::values::{CValue, packed, packed_after};
use super::{Table, containers, give, text_of};

static CLIENTS: Table<(Container, Client)> = Table::new();
static PROXIES: Table<Arc<End>> = Table::new();

/// `TOIT_TEXT_SIZE`.
const TEXT_SIZE: usize = 256;

/// The client's end of a resource.
struct End {
    proxy: Proxy,
    container: Container,
    /// None if C wants no notifications.
    notifications: Mutex<Option<Notifications<Value>>>,
}

/// `toit_status_t`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Ok = 0,
    Thrown,
    Gone,
    Refused,
    Unimplemented,
    Canceled,
    Deadline,
    Unresponsive,
    Closed,
    Decode,
    Slow,
    Absent,
    Denied,
    Ambiguous,
}

/// `toit_answer_t`.
#[repr(C)]
pub(crate) struct Answer {
    timeout_ms: i64,
    status: c_int,
    values: *const CValue,
    count: usize,
    message: *mut Message,
    text: [u8; TEXT_SIZE],
}

impl Answer {
    /// Frees what the last operation has left.
    pub(super) fn begin(&mut self) {
        if !self.message.is_null() {
            // SAFETY: the message of an answer comes from a box, and belongs to the answer.
            drop(unsafe { Box::from_raw(self.message) });
        }
        (self.values, self.count, self.message) = (std::ptr::null(), 0, std::ptr::null_mut());
        self.status = Status::Ok as c_int;
        self.text[0] = 0;
    }

    pub(super) fn succeed(&mut self) -> c_int {
        self.status = Status::Ok as c_int;
        self.status
    }

    pub(super) fn fail(&mut self, status: Status, text: &str) -> c_int {
        let mut length = text.len().min(TEXT_SIZE - 1);
        while !text.is_char_boundary(length) {
            length -= 1;
        }
        self.text[..length].copy_from_slice(&text.as_bytes()[..length]);
        self.text[length] = 0;
        self.status = status as c_int;
        self.status
    }

    /// Returns the time limit. `usual_ms` is for answers without one; 0 means none.
    pub(super) fn limit(&self, usual_ms: i64) -> Option<Duration> {
        let timeout_ms = if self.timeout_ms == 0 { usual_ms } else { self.timeout_ms };
        u64::try_from(timeout_ms).ok().filter(|limit| *limit > 0).map(Duration::from_millis)
    }

    /// Keeps values for C.
    fn keep(&mut self, values: Vec<Value>, client: Option<(Container, Client)>) -> c_int {
        let mut message = Box::<Message>::default();
        message.client = client;
        let Some(kept) = message.hold(values) else {
            return self.fail(Status::Decode, "OUT_OF_MEMORY");
        };
        (self.values, self.count) = (kept.data, kept.count);
        self.message = Box::into_raw(message);
        self.succeed()
    }

    fn fail_call(&mut self, error: &CallError) -> c_int {
        self.fail(status_of(error), &error.to_string())
    }
}

fn status_of(error: &CallError) -> Status {
    match error {
        CallError::Thrown(_) => Status::Thrown,
        CallError::Gone | CallError::ContactLost => Status::Gone,
        CallError::Unimplemented => Status::Unimplemented,
        CallError::Canceled => Status::Canceled,
        CallError::Deadline => Status::Deadline,
        CallError::Unresponsive => Status::Unresponsive,
        CallError::Closed => Status::Closed,
        CallError::Decode(_) => Status::Decode,
        _ => Status::Refused,
    }
}

/// See `toit/service.h`.
///
/// # Safety
/// `answer` is null or an answer.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_answer_clear(answer: *mut Answer) {
    // SAFETY: as the caller promises.
    if let Some(answer) = unsafe { answer.as_mut() } {
        answer.begin();
    }
}

/// See `toit/service.h`.
///
/// # Safety
/// `answer` is null or an answer.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_answer_refuse(answer: *mut Answer) -> c_int {
    // SAFETY: as the caller promises; the message of an answer is one.
    unsafe {
        let Some(answer) = answer.as_mut() else { return Status::Refused as c_int };
        let reason = answer.message.as_ref().map(|message| message.reason().to_string_lossy().into_owned());
        answer.fail(Status::Decode, &reason.unwrap_or_else(|| "OUT_OF_MEMORY".to_owned()))
    }
}

/// `toit_open_options_t`.
#[repr(C)]
pub(crate) struct OpenOptions {
    size: usize,
    timeout_ms: i64,
    tag: *const c_char,
}

/// See `toit/service.h`.
///
/// # Safety
/// The pointers, and those in the options, are null or as the header documents.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_client_open(
    container: *mut c_void,
    uuid: *const c_char,
    major: u32,
    minor: u32,
    options: *const OpenOptions,
    client: *mut *mut c_void,
    answer: *mut Answer,
) -> c_int {
    // SAFETY: as the caller promises.
    let (answer, options) = unsafe { (answer.as_mut(), options.as_ref()) };
    let Some(answer) = answer else { return Status::Refused as c_int };
    answer.begin();
    // SAFETY: as the caller promises.
    let uuid = unsafe { text_of(uuid) }.and_then(|text| Uuid::try_parse(&text).ok());
    let are_whole = options.is_none_or(|options| options.size >= size_of::<OpenOptions>());
    let tag = options.filter(|_| are_whole).map_or(std::ptr::null(), |options| options.tag);
    // SAFETY: as the caller promises.
    let tag_text = unsafe { text_of(tag) };
    let are_good = are_whole && (tag.is_null() || tag_text.is_some());
    let Some(uuid) = uuid.filter(|_| are_good && !client.is_null()) else {
        return answer.fail(Status::Refused, "the UUID or an option is invalid, or `client` is NULL");
    };
    let Some(own) = containers::find(container) else {
        return answer.fail(Status::Closed, "the container is closed");
    };
    let container = own.container.clone();
    let mut open = Client::open(&container, Selector::new(uuid, major, minor));
    if let Some(timeout_ms) = options.map(|options| options.timeout_ms).filter(|limit| *limit != 0) {
        open = open.within(Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0)));
    }
    if let Some(tag) = tag_text {
        open = open.only(move |candidate| candidate.tags.contains(&tag));
    }
    let opened = match open.wait() {
        Ok(opened) => opened,
        Err(error) => {
            let status = match &error {
                OpenError::Absent => Status::Absent,
                OpenError::Denied => Status::Denied,
                OpenError::Ambiguous => Status::Ambiguous,
                OpenError::Unresponsive => Status::Unresponsive,
                OpenError::Failed(error) => status_of(error),
                _ => Status::Refused,
            };
            return answer.fail(status, &error.to_string());
        }
    };
    let Some(number) = CLIENTS.add((container, opened)) else {
        return answer.fail(Status::Refused, "there are too many clients");
    };
    // SAFETY: as the caller promises.
    unsafe { give(client, number) };
    answer.succeed()
}

/// See `toit/service.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_client_close(client: *mut c_void) -> c_int {
    match CLIENTS.remove(client) {
        Some((_, client)) => close(client.close()),
        None => Status::Closed as c_int,
    }
}

fn close(closing: Pending<(), CallError>) -> c_int {
    closing.wait().map_or_else(|error| status_of(&error), |()| Status::Ok) as c_int
}

/// See `toit/service.h`.
///
/// # Safety
/// There are `count` valid arguments, unless the pointer is null; `answer` is null or an answer.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_client_call(
    client: *mut c_void,
    index: i32,
    arguments: *const CValue,
    count: usize,
    timeout_ms: i64,
    answer: *mut Answer,
) -> c_int {
    let found = CLIENTS.get(client);
    // SAFETY: as the caller promises.
    unsafe {
        call(found, index, timeout_ms, answer, || packed(arguments, count).map_err(|error| error.to_string()))
    }
}

/// See `toit/service.h`.
///
/// # Safety
/// As for [`toit_client_call`].
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_proxy_call(
    proxy: *mut c_void,
    index: i32,
    arguments: *const CValue,
    count: usize,
    timeout_ms: i64,
    answer: *mut Answer,
) -> c_int {
    let end = PROXIES.get(proxy).filter(|end| !end.proxy.is_closed());
    let found = end.as_ref().map(|end| (end.container.clone(), end.proxy.client().clone()));
    let handle = end.map_or(0, |end| end.proxy.handle());
    // SAFETY: as the caller promises.
    unsafe {
        call(found, index, timeout_ms, answer, || {
            packed_after(handle, arguments, count).map_err(|error| error.to_string())
        })
    }
}

/// Calls a method, and keeps the result.
///
/// # Safety
/// `answer` is null or an answer.
unsafe fn call(
    client: Option<(Container, Client)>,
    index: i32,
    timeout_ms: i64,
    answer: *mut Answer,
    arguments: impl FnOnce() -> Result<Value, String>,
) -> c_int {
    // SAFETY: as the caller promises.
    let Some(answer) = (unsafe { answer.as_mut() }) else { return Status::Refused as c_int };
    // The arguments may refer to the last answer.
    let arguments = arguments();
    answer.begin();
    let Some((container, client)) = client else { return answer.fail_call(&CallError::Closed) };
    let (arguments, index) = match (arguments, u32::try_from(index)) {
        (Ok(arguments), Ok(index)) => (arguments, index),
        (Err(reason), _) => return answer.fail_call(&CallError::Refused(reason)),
        (_, Err(_)) => return answer.fail_call(&CallError::Refused("the index is negative".to_owned())),
    };
    let mut pending = client.invoke(index, arguments);
    if let Some(limit) = answer.limit(timeout_ms) {
        pending = pending.within(limit);
    }
    match pending.wait() {
        Ok(value) => answer.keep(vec![value], Some((container, client))),
        Err(error) => answer.fail_call(&error),
    }
}

/// See `toit/service.h`.
///
/// # Safety
/// `answer` is null or an answer, `proxy` is null or a place for a pointer.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_answer_take_proxy(
    answer: *mut Answer,
    or_null: bool,
    notifies: bool,
    proxy: *mut *mut c_void,
) -> c_int {
    use super::values::kind;

    // SAFETY: as the caller promises; the values of an answer are valid.
    let (answer, message, value) = unsafe {
        let Some(answer) = answer.as_mut() else { return Status::Refused as c_int };
        let (message, value) = (answer.message.as_mut(), answer.values.as_ref());
        (answer, message, value)
    };
    let Some(((container, client), value)) = message.and_then(|message| message.client.take()).zip(value)
    else {
        return answer.fail(Status::Decode, "the answer has no result");
    };
    let handle = match value.kind {
        // SAFETY: the content is that of the kind.
        kind::INT => unsafe { value.content.integer },
        kind::NULL if or_null => {
            // SAFETY: as the caller promises.
            unsafe { give(proxy, std::ptr::null_mut()) };
            return answer.succeed();
        }
        _ => return answer.fail(Status::Decode, "the result is not a resource"),
    };
    let taken = client.proxy(handle);
    let notifications = Mutex::new(notifies.then(|| taken.notifications()));
    let Some(number) = PROXIES.add(Arc::new(End { proxy: taken, container, notifications })) else {
        return answer.fail(Status::Refused, "there are too many proxies");
    };
    // SAFETY: as the caller promises.
    unsafe { give(proxy, number) };
    answer.succeed()
}

/// See `toit/service.h`.
///
/// # Safety
/// `answer` is null or an answer.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_proxy_receive(
    proxy: *mut c_void,
    count: usize,
    answer: *mut Answer,
) -> c_int {
    // SAFETY: as the caller promises.
    let Some(answer) = (unsafe { answer.as_mut() }) else { return Status::Refused as c_int };
    answer.begin();
    let Some(end) = PROXIES.get(proxy) else { return answer.fail_call(&CallError::Closed) };
    let mut notifications = end.notifications.lock();
    let Some(notifications) = notifications.as_mut() else {
        return answer.fail(Status::Refused, "the proxy was taken without notifications");
    };
    let received = match answer.limit(0) {
        None => Some(notifications.next().wait()),
        Some(limit) => within(&end.container, limit, notifications),
    };
    match received {
        None => answer.fail_call(&CallError::Deadline),
        Some(None) => answer.fail(Status::Closed, "the resource is closed"),
        Some(Some(Ok(value))) => match unpacked(value, count) {
            Ok(values) => answer.keep(values, None),
            Err(thrown) => answer.fail(Status::Decode, thrown.text()),
        },
        Some(Some(Err(broken))) => {
            let status = match broken {
                Broken::Slow => Status::Slow,
                Broken::Decode(_) => Status::Decode,
                _ => Status::Gone,
            };
            answer.fail(status, &broken.to_string())
        }
    }
}

/// Waits for a notification. Returns none if the time is over first.
fn within(
    container: &Container,
    limit: Duration,
    notifications: &mut Notifications<Value>,
) -> Option<Option<Result<Value, Broken>>> {
    let mut next = pin!(notifications.next());
    let mut time = pin!(container.sleep(limit));
    container.run(std::future::poll_fn(|polled| {
        if let Poll::Ready(received) = next.as_mut().poll(polled) {
            return Poll::Ready(Some(received));
        }
        time.as_mut().poll(polled).map(|_| None)
    }))
}

/// See `toit/service.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_proxy_close(proxy: *mut c_void) -> c_int {
    match PROXIES.remove(proxy) {
        Some(end) => close(end.proxy.close()),
        None => Status::Closed as c_int,
    }
}
