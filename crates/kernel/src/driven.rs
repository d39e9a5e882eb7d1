//! A kernel without threads: whoever waits for something gives the turns.
//!
//! It is for OS processes that have their own threads and one container. Who may give turns is for
//! the owner to decide; there is one at a time. What other threads make ready waits for it, and the owner's
//! *doorbell* says so.

use std::sync::Arc;

use crate::clock::Clock;
use crate::kernel::{Hooks, KernelHandle, Shared};
use crate::random::Random;
use crate::scheduler::{Doorbell, Scheduler};
use crate::timers::NEVER;
use crate::worker;

/// A kernel whose turns are given by calls of [`run`](Driven::run). Dropping it ends all processes.
pub struct Driven {
    handle: KernelHandle,
}

impl Driven {
    /// A kernel without processes. The doorbell is rung when something is made ready by a thread that is not giving
    /// turns at that moment; it may be rung for nothing.
    pub fn new(hooks: Hooks, doorbell: Doorbell) -> Driven {
        let (clock, random) = (Clock::real(), Random::from_os());
        let shared = Arc::new(Shared::new(Scheduler::driven(doorbell), clock, random, hooks));
        Driven { handle: KernelHandle { shared } }
    }

    /// The kernel, for use from any thread.
    pub fn handle(&self) -> &KernelHandle {
        &self.handle
    }

    /// Wakes those whose time has come, and gives turns to one ready process and those to whom it hands over.
    /// False if none was ready. Only one thread at a time may be in here.
    pub fn run(&self) -> bool {
        let shared = &self.handle.shared;
        let has_timers = shared.timers.next_us() != NEVER;
        // Between two calls nobody is in the next slot, so this sees all that there is.
        if !has_timers && !self.has_work() {
            return false;
        }
        let _entered = shared.scheduler.enter(WORKER);
        if has_timers {
            shared.timers.fire(shared.clock.now_us());
        }
        let next = shared.scheduler.pick(WORKER).or_else(|| shared.scheduler.take_slot(WORKER));
        next.map(|entry| worker::run_chain(shared, WORKER, entry)).is_some()
    }

    /// Whether a call of [`run`](Driven::run) would find a process that is ready.
    pub fn has_work(&self) -> bool {
        self.handle.shared.scheduler.has_work()
    }

    /// When to call [`run`](Driven::run) at the latest, in microseconds of the kernel's clock.
    pub fn next_timer_us(&self) -> Option<i64> {
        Some(self.handle.shared.timers.next_us()).filter(|&next_us| next_us != NEVER)
    }
}

/// Whoever gives turns is the one worker.
const WORKER: usize = 0;

impl Drop for Driven {
    fn drop(&mut self) {
        self.handle.shared.end_all();
    }
}
