//! Forwards the output of programs to a host.

use std::ffi::{c_char, c_int, c_void};

use lucarne::{Output, Stream};
use lucarne_kernel::sync::Mutex;

use crate::thread::inside;

/// `lucarne_on_output_cb_t`.
pub(crate) type OnOutput = unsafe extern "C" fn(*mut c_void, c_int, *const c_char, usize);

pub(crate) struct OutputForC {
    on_output: OnOutput,
    user_data: Mutex<UserData>,
}

/// The pointer that the host gave with its function. It is passed back, but never read here.
struct UserData(*mut c_void);

// SAFETY: the pointer is passed to the host, and the header documents that this happens on any
// thread.
unsafe impl Send for UserData {}

impl OutputForC {
    pub(crate) fn new(on_output: OnOutput, user_data: *mut c_void) -> OutputForC {
        OutputForC { on_output, user_data: Mutex::new(UserData(user_data)) }
    }
}

impl Output for OutputForC {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let stream = match stream {
            Stream::Out => 1,
            Stream::Error => 2,
        };
        let user_data = self.user_data.lock();
        // SAFETY: the function is of this type, and called by one thread at a time.
        inside(|| unsafe { (self.on_output)(user_data.0, stream, bytes.as_ptr().cast(), bytes.len()) });
    }

    fn flush(&self) {}
}
