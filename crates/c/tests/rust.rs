//! Tests a C component that containers in Rust use: opening, requests, notifications and removal.
#![expect(unsafe_code, reason = "this test implements a component")]

use std::ffi::{c_char, c_int, c_void};
use std::sync::Mutex;
use std::time::Duration;

use lucarne_c::Components;
use lucarne_kernel::{Kernel, KernelOptions, NOTIFICATIONS_MAX, SpawnOptions};
use lucarne_link::{Connect, Connections};
use lucarne_services::{
    Broken, Bytes, CallError, Component, ComponentError, Container, Presence, ServiceManager,
};

type Context = *mut c_void;

#[repr(C)]
#[derive(Clone, Copy)]
struct RequestHandle {
    sender: c_int,
    number: c_int,
    context: Context,
}

#[repr(C)]
struct Callbacks {
    on_created: Option<extern "C" fn(*mut c_void, Context) -> c_int>,
    on_message: Option<extern "C" fn(*mut c_void, c_int, *mut u8, c_int) -> c_int>,
    on_request: Option<extern "C" fn(*mut c_void, c_int, c_int, RequestHandle, *mut u8, c_int) -> c_int>,
    on_removed: Option<extern "C" fn(*mut c_void) -> c_int>,
}

unsafe extern "C" {
    fn toit_msg_add_handler(id: *const c_char, user_data: *mut c_void, callbacks: Callbacks) -> c_int;
    fn toit_msg_remove_handler(context: Context) -> c_int;
    fn toit_msg_notify(context: Context, pid: c_int, data: *mut u8, length: c_int, free: bool) -> c_int;
    fn toit_msg_request_reply(handle: RequestHandle, data: *mut u8, length: c_int, free: bool) -> c_int;
    fn toit_msg_request_fail(handle: RequestHandle, error: *const c_char) -> c_int;
    fn free(data: *mut c_void);
}

const ECHO: i32 = 0;
const FAIL: i32 = 1;
const NEVER: i32 = 2;
const REFUSE: i32 = 3;
const REMOVE: i32 = 4;

const OUT_OF_MEMORY: c_int = 1;

/// The component's context, for the functions that it calls.
static CONTEXT: Mutex<usize> = Mutex::new(0);

extern "C" fn on_created(_: *mut c_void, context: Context) -> c_int {
    *CONTEXT.lock().unwrap() = context.addr();
    0
}

extern "C" fn on_message(_: *mut c_void, sender: c_int, data: *mut u8, length: c_int) -> c_int {
    let context = std::ptr::without_provenance_mut(*CONTEXT.lock().unwrap());
    // SAFETY: the data belongs to this callback, which gives it back.
    unsafe { toit_msg_notify(context, sender, data, length, true) }
}

extern "C" fn on_request(
    _: *mut c_void,
    _: c_int,
    function: c_int,
    handle: RequestHandle,
    data: *mut u8,
    length: c_int,
) -> c_int {
    // SAFETY: the data belongs to this callback, which gives it back or frees it.
    unsafe {
        if function == ECHO {
            return toit_msg_request_reply(handle, data, length, true);
        }
        free(data.cast());
        match function {
            FAIL => toit_msg_request_fail(handle, c"TOO_COLD".as_ptr()),
            REFUSE => OUT_OF_MEMORY,
            REMOVE => toit_msg_remove_handler(handle.context),
            _ => 0,
        }
    }
}

fn add_handler() {
    let callbacks = Callbacks {
        on_created: Some(on_created),
        on_message: Some(on_message),
        on_request: Some(on_request),
        on_removed: None,
    };
    // SAFETY: these are functions of the right types.
    let code = unsafe { toit_msg_add_handler(c"test/rust".as_ptr(), std::ptr::null_mut(), callbacks) };
    assert_eq!(code, 0);
}

fn check(user: &Container) {
    let component = Component::open(user, "test/rust").wait().expect("the component is published");
    assert_eq!(Component::open(user, "test/rust").wait().unwrap_err(), ComponentError::InUse);
    let large = Bytes::from(vec![7; 3 << 20]);
    for data in [Bytes::from("a string"), Bytes::new(), large] {
        assert_eq!(component.request(ECHO, data.clone()).wait(), Ok(data));
    }
    for (function, text) in [(FAIL, "TOO_COLD"), (REFUSE, "OUT_OF_MEMORY")] {
        let Err(CallError::Thrown(thrown)) = component.request(function, "").wait() else { panic!("{text}") };
        assert_eq!(thrown.text(), text);
    }
    let late = component.request(NEVER, "").within(Duration::from_millis(1)).wait();
    assert_eq!(late, Err(CallError::Deadline));

    let mut news = component.notifications();
    // The component sends each message back, and notifications that the container has not received yet are limited in
    // number: so this sends some, receives them, and repeats that.
    for round in 0..3 {
        let numbers = (0..NOTIFICATIONS_MAX / 4).map(|number| format!("{round} {number}"));
        numbers.clone().for_each(|number| component.notify(number).wait().expect("there is room"));
        numbers.for_each(|number| assert_eq!(news.next().wait(), Some(Ok(number.into()))));
    }

    assert_eq!(component.request(REMOVE, "").wait(), Err(CallError::Gone));
    assert_eq!(news.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(component.request(ECHO, "").wait(), Err(CallError::Gone));
}

#[test]
fn components_and_users_in_any_os_process() {
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks: Default::default() });
    let manager = ServiceManager::new(Presence::default());
    let manager = kernel.start_system(Box::new(manager), SpawnOptions::default());
    kernel.set_system_process(manager);
    let connections = Connections::new(&kernel).expect("descriptors");
    let folder = std::env::temp_dir().join(format!("lucarne-c-{}", std::process::id()));
    let socket = folder.join("socket");
    let listener = connections.listen(&socket).expect("a new folder");
    for component_is_remote in [false, true] {
        for user_is_remote in [false, true] {
            add_handler();
            let components = if component_is_remote {
                Components::connect(&socket)
            } else {
                Components::start(kernel.handle())
            };
            let components = components.expect("the id is unique");
            let user = if user_is_remote {
                Container::connect_as("user", &socket).wait().expect("the listener accepts the connection")
            } else {
                Container::start(&kernel, "user")
            };
            check(&user);
            components.finish();
        }
    }
    drop(listener);
    std::fs::remove_dir_all(folder).expect("the test made the folder");
}
