//! The functions that `toit/toit.h` declares; the header documents each of them.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::time::Duration;

use lucarne_kernel::sync::LazyLock;

use crate::loading::count_handler;
use crate::memory::{Data, Given};
use crate::registry::{Recorded, Registry, UserData};

/// The longest time that `toit_gc` waits for the processes of a kernel to collect their garbage. A process that is busy
/// for longer collects its garbage later.
const COLLECTION_MAX: Duration = Duration::from_secs(1);

/// The handlers of this OS process.
pub(crate) static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// The functions that components call. `Components::load` refers to this list, so that a linker keeps the functions in
/// the program when this crate is part of a static library.
pub(crate) const FUNCTIONS: &[*const ()] = &[
    toit_msg_add_handler as *const (),
    toit_msg_remove_handler as *const (),
    toit_msg_notify as *const (),
    toit_msg_request_reply as *const (),
    toit_msg_request_fail as *const (),
    toit_gc as *const (),
    toit_malloc as *const (),
    toit_calloc as *const (),
    toit_realloc as *const (),
];

/// `toit_err_t` without `TOIT_OK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Error {
    OutOfMemory = 1,
    NoSuchReceiver,
    NotFound,
    Other,
}

impl Error {
    /// Returns the text that the sender of a request throws if the request fails with this error.
    pub(crate) fn text(self) -> &'static str {
        match self {
            Error::OutOfMemory => "OUT_OF_MEMORY",
            Error::NoSuchReceiver => "NO_SUCH_RECEIVER",
            Error::NotFound => "NOT_FOUND",
            Error::Other => "ERROR",
        }
    }

    pub(crate) fn of_code(code: c_int) -> Result<(), Error> {
        Err(match code {
            0 => return Ok(()),
            1 => Error::OutOfMemory,
            2 => Error::NoSuchReceiver,
            3 => Error::NotFound,
            _ => Error::Other,
        })
    }
}

pub(crate) fn code(result: Result<(), Error>) -> c_int {
    result.map_or_else(|error| error as c_int, |()| 0)
}

/// `toit_msg_request_handle_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct RequestHandle {
    pub(crate) sender: c_int,
    pub(crate) number: c_int,
    context: *mut c_void,
}

impl RequestHandle {
    pub(crate) fn new(sender: i32, number: i32, context: usize) -> RequestHandle {
        RequestHandle { sender, number, context: std::ptr::without_provenance_mut(context) }
    }
}

type OnCreated = unsafe extern "C" fn(*mut c_void, *mut c_void) -> c_int;
type OnMessage = unsafe extern "C" fn(*mut c_void, c_int, *mut u8, c_int) -> c_int;
type OnRequest = unsafe extern "C" fn(*mut c_void, c_int, c_int, RequestHandle, *mut u8, c_int) -> c_int;
type OnRemoved = unsafe extern "C" fn(*mut c_void) -> c_int;

/// `toit_msg_cbs_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Callbacks {
    pub(crate) on_created: Option<OnCreated>,
    pub(crate) on_message: Option<OnMessage>,
    pub(crate) on_request: Option<OnRequest>,
    pub(crate) on_removed: Option<OnRemoved>,
}

// `toit/toit.h` documents the data, the context and the user data that a callback gets. The component is responsible
// for their use.
impl Callbacks {
    /// Calls `on_created`. Ignores its result, as the header documents; so do `message` and `removed`.
    pub(crate) fn created(&self, user_data: UserData, context: usize) {
        let Some(on_created) = self.on_created else { return };
        // SAFETY: a callback of the component, on the thread of its handler.
        unsafe { on_created(user_data.0, std::ptr::without_provenance_mut(context)) };
    }

    pub(crate) fn message(&self, user_data: UserData, sender: i32, data: Data) {
        let Some(on_message) = self.on_message else { return };
        let Some((data, length)) = data.into_raw() else { return };
        // SAFETY: as above; the data belongs to the callback.
        unsafe { on_message(user_data.0, sender, data, length) };
    }

    pub(crate) fn request(
        &self,
        user_data: UserData,
        sender: i32,
        function: i32,
        request: RequestHandle,
        data: Data,
    ) -> Result<(), Error> {
        let on_request = self.on_request.ok_or(Error::NotFound)?;
        let (data, length) = data.into_raw().ok_or(Error::OutOfMemory)?;
        // SAFETY: as above.
        Error::of_code(unsafe { on_request(user_data.0, sender, function, request, data, length) })
    }

    pub(crate) fn removed(&self, user_data: UserData) {
        let Some(on_removed) = self.on_removed else { return };
        // SAFETY: as above.
        unsafe { on_removed(user_data.0) };
    }
}

/// See `toit/toit.h`.
///
/// # Safety
/// `id` is null or a C string; each callback is null or a function of its type.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_msg_add_handler(
    id: *const c_char,
    user_data: *mut c_void,
    cbs: Callbacks,
) -> c_int {
    let id = if id.is_null() {
        String::new()
    } else {
        // SAFETY: the caller promises that it is a C string.
        String::from_utf8_lossy(unsafe { CStr::from_ptr(id) }.to_bytes()).into_owned()
    };
    let (file, user_data) = (count_handler(), UserData(user_data));
    let recorded = Recorded { id, file, user_data, callbacks: cbs };
    code(if REGISTRY.record(recorded) { Ok(()) } else { Err(Error::Other) })
}

/// See `toit/toit.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_msg_remove_handler(context: *mut c_void) -> c_int {
    let handler = REGISTRY.get(context.addr());
    let is_asked = handler.is_some_and(|handler| handler.end());
    code(if is_asked { Ok(()) } else { Err(Error::NotFound) })
}

/// See `toit/toit.h`.
///
/// # Safety
/// `data` is null or memory from `malloc` with at least `length` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_msg_notify(
    context: *mut c_void,
    target_pid: c_int,
    data: *mut u8,
    length: c_int,
    free_on_failure: bool,
) -> c_int {
    // SAFETY: as the caller promises.
    let given = unsafe { Given::new(data, length, free_on_failure) };
    code(
        given
            .and_then(|given| REGISTRY.get(context.addr()).ok_or(Error::NotFound)?.notify(target_pid, given)),
    )
}

/// See `toit/toit.h`.
///
/// # Safety
/// `data` is null or memory from `malloc` with at least `length` bytes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_msg_request_reply(
    handle: RequestHandle,
    data: *mut u8,
    length: c_int,
    free_on_failure: bool,
) -> c_int {
    // SAFETY: as the caller promises.
    let given = unsafe { Given::new(data, length, free_on_failure) };
    code(
        given.and_then(|given| {
            REGISTRY.get(handle.context.addr()).ok_or(Error::NotFound)?.reply(handle, given)
        }),
    )
}

/// See `toit/toit.h`.
///
/// # Safety
/// `error` is null or a C string.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_msg_request_fail(handle: RequestHandle, error: *const c_char) -> c_int {
    if error.is_null() {
        return code(Err(Error::Other));
    }
    // SAFETY: the caller promises that it is a C string.
    let error = unsafe { CStr::from_ptr(error) }.to_bytes();
    let handler = REGISTRY.get(handle.context.addr()).ok_or(Error::NotFound);
    code(handler.and_then(|handler| handler.fail(handle, error)))
}

/// See `toit/toit.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_gc() -> c_int {
    let mut kernels = REGISTRY.kernels();
    for kernel in crate::service::containers::kernels() {
        if !kernels.iter().any(|known| known.is_same(&kernel)) {
            kernels.push(kernel);
        }
    }
    for kernel in kernels {
        kernel.relieve(COLLECTION_MAX);
    }
    code(Ok(()))
}

/// See `toit/toit.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_malloc(size: usize) -> *mut c_void {
    // SAFETY: `malloc` has no requirements.
    with_garbage_collection(|| unsafe { libc::malloc(size) })
}

/// See `toit/toit.h`.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn toit_calloc(nmemb: usize, size: usize) -> *mut c_void {
    // SAFETY: `calloc` has no requirements.
    with_garbage_collection(|| unsafe { libc::calloc(nmemb, size) })
}

/// See `toit/toit.h`.
///
/// # Safety
/// `ptr` is null or memory from `malloc`.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn toit_realloc(ptr: *mut c_void, size: usize) -> *mut c_void {
    if size == 0 {
        // A size of 0 frees the memory and returns null on success, so a retry would free it twice.
        // SAFETY: as the caller promises.
        return unsafe { libc::realloc(ptr, 0) };
    }
    // SAFETY: as the caller promises; a call that fails leaves the memory as it is.
    with_garbage_collection(|| unsafe { libc::realloc(ptr, size) })
}

fn with_garbage_collection(allocate: impl Fn() -> *mut c_void) -> *mut c_void {
    let memory = allocate();
    if !memory.is_null() {
        return memory;
    }
    toit_gc();
    allocate()
}
