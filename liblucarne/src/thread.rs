//! Tracks whether the current thread is in a place where a call would wait for itself.

use std::cell::Cell;

use crate::error::Error;

thread_local! {
    /// Whether the thread is in code of the host that is called while a lock is held.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Calls a function of the host. Until it returns, [`check_outside`] fails on this thread.
pub(crate) fn inside<T>(call: impl FnOnce() -> T) -> T {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            IS_INSIDE.set(self.0);
        }
    }
    let _leave = Leave(IS_INSIDE.replace(true));
    call()
}

/// Checks that this thread is not in a function that [`inside`] calls.
///
/// # Errors
/// If it is: then the caller would wait for itself.
pub(crate) fn check_outside() -> Result<(), Error> {
    if IS_INSIDE.get() { Err(Error::NotHere) } else { Ok(()) }
}
