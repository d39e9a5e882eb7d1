//! A kernel without threads of its own: the owner's thread that waits for a result runs the turns of all processes.
//!
//! It is for OS processes that have their own threads and one container. The owner decides which thread runs turns;
//! only one does so at a time. Processes that other threads make ready are queued until the owner's thread runs them,
//! and the kernel calls the owner's *doorbell* to announce them.

use std::sync::Arc;

use crate::clock::Clock;
use crate::kernel::{Hooks, KernelHandle, Shared};
use crate::random::Random;
use crate::scheduler::{Doorbell, Scheduler};
use crate::timers::NEVER;
use crate::worker;

/// A kernel that runs turns in calls of [`run`](Driven::run). Dropping it ends all processes.
pub struct Driven {
    handle: KernelHandle,
}

impl Driven {
    /// Returns a kernel without processes. The kernel calls the doorbell when a thread that is not running turns makes
    /// a process ready, or sets a timer for it. It may also call the doorbell without cause.
    pub fn new(hooks: Hooks, doorbell: Doorbell) -> Driven {
        let (clock, random) = (Clock::real(), Random::from_os());
        let shared = Arc::new(Shared::new(Scheduler::driven(doorbell), clock, random, hooks));
        Driven { handle: KernelHandle { shared } }
    }

    /// Returns the kernel, for use from any thread.
    pub fn handle(&self) -> &KernelHandle {
        &self.handle
    }

    /// Wakes the processes whose deadline has passed. Then runs turns of one ready process and of the processes to
    /// which it hands over. Returns false if no process was ready. Must not be called by two threads at the same time.
    pub fn run(&self) -> bool {
        let shared = &self.handle.shared;
        let has_timers = shared.timers.next_us() != NEVER;
        // Between two calls the next slot is empty, so this check is complete.
        if !has_timers && !self.has_work() {
            return false;
        }
        let _entered = shared.scheduler.enter(WORKER);
        if has_timers {
            shared.timers.fire(shared.clock.now_us());
        }
        let next = shared.scheduler.pick(WORKER);
        next.map(|entry| worker::run_chain(shared, WORKER, entry)).is_some()
    }

    /// Returns whether a call of [`run`](Driven::run) would find a ready process.
    pub fn has_work(&self) -> bool {
        self.handle.shared.scheduler.has_work()
    }

    /// Returns the latest time for the next call of [`run`](Driven::run), in microseconds of the
    /// kernel's clock.
    pub fn next_timer_us(&self) -> Option<i64> {
        Some(self.handle.shared.timers.next_us()).filter(|&next_us| next_us != NEVER)
    }
}

/// The index of the only worker: the thread that runs turns.
const WORKER: usize = 0;

impl Drop for Driven {
    fn drop(&mut self) {
        self.handle.shared.end_all();
    }
}
