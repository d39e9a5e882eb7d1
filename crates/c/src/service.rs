//! Services in C: providers and clients over the containers of `lucarne-services`, and the functions that
//! `toit/service.h` declares.
//!
//! | module | content |
//! |---|---|
//! | `values` | `toit_value_t`, and its conversion from and to [`Value`](lucarne_services::Value) |
//! | `message` | the memory of values, and the functions that read them |
//! | `containers` | containers whose code is C |
//! | `serving` | a provider: a handler for its container, and a thread that runs its callbacks |
//! | `provider`, `client` | the functions that providers and clients call |
//!
//! A call is handled in a turn of the container, which must not run code of C. So it is put into a queue, and the
//! thread of the provider takes it out. C has numbers for all that it does not free with `toit_message_delete`.

pub(crate) mod client;
pub(crate) mod containers;
mod message;
pub(crate) mod provider;
pub(crate) mod serving;
mod values;

use std::ffi::{CStr, c_char, c_void};

use lucarne_kernel::sync::{LazyLock, Mutex};

use crate::slots::Slots;

/// The values of one kind that C has numbers for.
struct Table<T>(LazyLock<Mutex<Slots<T>>>);

impl<T> Table<T> {
    const fn new() -> Table<T> {
        Table(LazyLock::new(|| Mutex::new(Slots::new())))
    }

    /// Adds a value, and returns its number as C has it. Returns none if the table is full.
    fn add(&self, value: T) -> Option<*mut c_void> {
        self.0.lock().add(value).map(std::ptr::without_provenance_mut)
    }

    /// Accesses the value with this number, if it is there.
    fn with(&self, number: *mut c_void, access: impl FnOnce(&mut T)) {
        if let Some(value) = self.0.lock().get_mut(number.addr()) {
            access(value);
        }
    }

    /// Removes the value with this number.
    fn remove(&self, number: *mut c_void) -> Option<T> {
        self.0.lock().remove(number.addr())
    }
}

impl<T: Clone> Table<T> {
    fn get(&self, number: *mut c_void) -> Option<T> {
        self.0.lock().get(number.addr()).cloned()
    }
}

/// The functions that components call: see `abi::FUNCTIONS`.
pub(crate) const FUNCTIONS: &[*const ()] = &[
    message::toit_message_new as *const (),
    message::toit_message_delete as *const (),
    message::toit_message_allocate as *const (),
    message::toit_message_reason as *const (),
    message::toit_read_bool as *const (),
    message::toit_read_int as *const (),
    message::toit_read_float as *const (),
    message::toit_read_bool_or_null as *const (),
    message::toit_read_int_or_null as *const (),
    message::toit_read_float_or_null as *const (),
    message::toit_read_string as *const (),
    message::toit_read_bytes as *const (),
    message::toit_read_list as *const (),
    message::toit_read_map as *const (),
    message::toit_map_find as *const (),
    containers::toit_container_add as *const (),
    containers::toit_container_connect as *const (),
    containers::toit_container_close as *const (),
    provider::toit_provider_add as *const (),
    provider::toit_provider_install as *const (),
    provider::toit_provider_uninstall as *const (),
    provider::toit_call_reply as *const (),
    provider::toit_call_reply_resource as *const (),
    provider::toit_call_fail as *const (),
    provider::toit_resource_notify as *const (),
    provider::toit_resource_end as *const (),
    client::toit_answer_clear as *const (),
    client::toit_answer_refuse as *const (),
    client::toit_answer_take_proxy as *const (),
    client::toit_client_open as *const (),
    client::toit_client_close as *const (),
    client::toit_client_call as *const (),
    client::toit_proxy_call as *const (),
    client::toit_proxy_receive as *const (),
    client::toit_proxy_close as *const (),
];

/// Returns a C string as text. Returns none if it is null or not UTF-8.
///
/// # Safety
/// `text` is null or a C string.
unsafe fn text_of(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_str().ok().map(str::to_owned)
}

/// Writes a result, unless the place is null.
///
/// # Safety
/// `place` is null or a place for such a value.
unsafe fn give<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: as the caller promises.
        unsafe { place.write(value) };
    }
}
