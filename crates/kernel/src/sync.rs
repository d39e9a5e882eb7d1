//! Locks, atomics, channels and threads, from the standard library and `parking_lot`, or from loom.
//!
//! Under `--cfg loom` all but the channels are loom's, and the models run the shipped code in many interleavings (see
//! `models.rs`).
//! Locks do not poison: a panic is caught at the border of the process that caused it, and no code that has locked the
//! state of another process panics.
//!
//! `Arc` and `Weak` stay the standard library's: no model depends on their order of operations.

/// Channels, and values that are set once. They are the standard library's also under loom: no thread of a model waits
/// for one of these.
pub use std::sync::{LazyLock, OnceLock, mpsc};

#[cfg(not(loom))]
mod real {
    pub use std::sync::atomic;
    pub use std::thread;

    /// Locks that do not poison. `RwLock` is for the device's database, which no model uses.
    pub use parking_lot::{Condvar, Mutex, MutexGuard, RwLock};

    /// Returns whether a thread has ended.
    pub fn is_finished(thread: &thread::JoinHandle<()>) -> bool {
        thread.is_finished()
    }

    /// Waits until notified.
    pub fn wait<'m, T>(condvar: &Condvar, mut guard: MutexGuard<'m, T>) -> MutexGuard<'m, T> {
        condvar.wait(&mut guard);
        guard
    }

    /// Waits until notified or until `timeout` is over; it may also return early.
    pub fn wait_timeout<'m, T>(
        condvar: &Condvar,
        mut guard: MutexGuard<'m, T>,
        timeout: std::time::Duration,
    ) -> MutexGuard<'m, T> {
        condvar.wait_for(&mut guard, timeout);
        guard
    }
}

#[cfg(loom)]
mod real {
    pub use loom::sync::MutexGuard;
    pub use loom::sync::atomic;

    /// loom's threads, with the functions of `std` that do not synchronize.
    pub mod thread {
        pub use loom::thread::*;
        pub use std::thread::{available_parallelism, park_timeout, sleep};
    }

    /// loom's mutex with the interface of `parking_lot`'s.
    #[derive(Debug, Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        #[allow(missing_docs)]
        pub fn new(value: T) -> Mutex<T> {
            Mutex(loom::sync::Mutex::new(value))
        }

        #[allow(missing_docs)]
        pub fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("a model does not panic under a lock")
        }

        #[allow(missing_docs)]
        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok()
        }
    }

    /// loom's condition variable.
    pub use loom::sync::Condvar;

    /// Returns false: loom does not report whether a thread has ended.
    pub fn is_finished(_thread: &thread::JoinHandle<()>) -> bool {
        false
    }

    /// Waits until notified.
    pub fn wait<'m, T>(condvar: &Condvar, guard: MutexGuard<'m, T>) -> MutexGuard<'m, T> {
        condvar.wait(guard).expect("a model does not panic under a lock")
    }

    /// Waits until notified: time does not pass in a model.
    pub fn wait_timeout<'m, T>(
        condvar: &Condvar,
        guard: MutexGuard<'m, T>,
        _timeout: std::time::Duration,
    ) -> MutexGuard<'m, T> {
        wait(condvar, guard)
    }
}

pub use real::*;
