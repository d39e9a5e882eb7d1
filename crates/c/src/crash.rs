//! Reports a crash of a component in this OS process: writes a line to standard error before the process ends.
//!
//! A signal handler writes the line. It reads only memory that was prepared for it and calls only functions that POSIX
//! allows there. Then it restores the earlier action of the signal. The signal is raised again, and ends the process as
//! it would without this module.

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use lucarne_kernel::sync::OnceLock;

/// The signals of a crash, and their names.
const SIGNALS: [(c_int, &[u8]); 5] = [
    (libc::SIGSEGV, b"SIGSEGV\n"),
    (libc::SIGBUS, b"SIGBUS\n"),
    (libc::SIGILL, b"SIGILL\n"),
    (libc::SIGFPE, b"SIGFPE\n"),
    (libc::SIGABRT, b"SIGABRT\n"),
];

/// The beginning of the line for a thread that runs no component.
const ELSEWHERE: &[u8] = b"lucarne: this program has crashed outside of the callbacks of its components: ";

/// The actions before the first call of [`report_crashes`].
static EARLIER: OnceLock<[libc::sigaction; SIGNALS.len()]> = OnceLock::new();

thread_local! {
    /// The beginning of the line for this thread: an address and a length. It has no destructor, so that the signal handler
    /// finds plain memory.
    static LINE: Cell<(*const u8, usize)> = const { Cell::new((std::ptr::null(), 0)) };
}

/// Marks the current thread as running a component, until it is dropped.
pub(crate) struct Named {
    before: (*const u8, usize),
    _line: Box<[u8]>,
}

impl Named {
    /// Marks the current thread. `component` is a noun phrase for the component; the line begins with it.
    pub(crate) fn new(component: &str) -> Named {
        let line = format!("lucarne: {component} has crashed: ").into_bytes().into_boxed_slice();
        Named { before: LINE.replace((line.as_ptr(), line.len())), _line: line }
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        LINE.set(self.before);
    }
}

/// Reports crashes from now on. After the report, the signal has the effect that it had before.
pub(crate) fn report_crashes() {
    EARLIER.get_or_init(|| {
        SIGNALS.map(|(signal, _)| {
            // SAFETY: zeros are a valid `sigaction`: an empty mask, no flags.
            let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
            let mut earlier = action;
            action.sa_sigaction = on_crash as *const () as usize;
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            // SAFETY: the action is complete, and `on_crash` does only what is allowed in a signal handler.
            unsafe { libc::sigaction(signal, &action, &mut earlier) };
            earlier
        })
    });
}

extern "C" fn on_crash(signal: c_int, info: *mut libc::siginfo_t, _: *mut c_void) {
    let line = match LINE.get() {
        (start, length) if !start.is_null() => (start, length),
        _ => (ELSEWHERE.as_ptr(), ELSEWHERE.len()),
    };
    let place = SIGNALS.iter().position(|(known, _)| *known == signal);
    if let Some(place) = place {
        let name = SIGNALS[place].1;
        let parts = [line, (name.as_ptr(), name.len())]
            .map(|(start, length)| libc::iovec { iov_base: start as *mut c_void, iov_len: length });
        // SAFETY: the parts point to valid memory: constants, and the line of this thread, which `Named` owns.
        unsafe { libc::writev(libc::STDERR_FILENO, parts.as_ptr(), parts.len() as c_int) };
    }
    // SAFETY: all of these may be called in a signal handler. The kernel passes a valid `info`.
    unsafe {
        match EARLIER.get().zip(place) {
            Some((earlier, place)) => libc::sigaction(signal, &earlier[place], std::ptr::null_mut()),
            // The handler can run before the actions are stored.
            None => libc::signal(signal, libc::SIG_DFL) as c_int,
        };
        // A faulting instruction runs again and raises the signal again. A signal that a process has sent is raised
        // again here.
        if (*info).si_code <= 0 {
            libc::raise(signal);
        }
    }
}
