//! A kernel on one thread, in virtual time, whose choices all follow from a seed.
//!
//! The seed decides which ready process runs next and for how long, and which process a fault kills. Time stands still
//! while any process is ready. When none is, it jumps to the next timer. The same seed, programs and faults give the
//! same run, so a failure can be replayed from its seed.
//!
//! A simulation of [one worker](Simulation::with_worker) instead schedules as a worker thread does, and work takes time
//! there. It shows how late processes get their turns.

use std::sync::Arc;

use crate::clock::Clock;
use crate::entry::Entry;
use crate::kernel::{Hooks, KernelHandle, Shared};
use crate::random::{Generator, Random};
use crate::scheduler::{BUDGET, Scheduler};
use crate::timers::NEVER;
use crate::{Pid, Trust, long_work, worker};

/// The duration of a unit of work where work takes time, in nanoseconds.
const UNIT_NS: u64 = 10;

/// A kernel under simulation. See the top of this file.
pub struct Simulation {
    handle: KernelHandle,
    choices: Generator,
    faults: Faults,
    steps: u64,
    killed: Vec<Pid>,
    worker: Option<Worker>,
}

/// The only worker of a simulation in which work takes time.
#[derive(Default)]
struct Worker {
    /// The process that runs next, on the rest of the budget, because the previous process has woken it.
    next: Option<Arc<Entry>>,
    budget: u32,
    now_ns: u64,
    turn_us_max: i64,
}

/// The faults to inject.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// The numbers of the steps before which a guest is killed. The seed chooses the guest.
    pub kill_at_steps: Vec<u64>,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// This process had a turn.
    Turn(Pid),
    /// No process was ready, and time advanced to the given time, in microseconds.
    Time(i64),
    /// No process is ready and no timer is set: nothing will happen by itself.
    Quiet,
}

impl Simulation {
    /// The duration of a turn that uses its whole budget, where work takes time, in microseconds.
    pub const TURN_US: i64 = (BUDGET as u64 * UNIT_NS / 1_000).cast_signed();

    /// Returns a kernel without processes.
    pub fn new(seed: u64) -> Simulation {
        Simulation::with_hooks(seed, Hooks::default())
    }

    /// Returns a kernel without processes, with hooks for the host.
    pub fn with_hooks(seed: u64, hooks: Hooks) -> Simulation {
        Simulation::on(Scheduler::simulated(), seed, hooks)
    }

    /// Returns a kernel without processes, with one worker that schedules as a worker thread does. Time advances with
    /// the work that turns charge. In a turn that announces long work, the work beyond the budget takes no time, since
    /// with threads it does not delay other processes. The seed decides only random numbers and the guests that faults
    /// kill.
    pub fn with_worker(seed: u64, hooks: Hooks) -> Simulation {
        // No thread waits for work, so the doorbell does nothing.
        let scheduler = Scheduler::driven(Box::new(|| {}));
        let mut simulation = Simulation::on(scheduler, seed, hooks);
        simulation.worker = Some(Worker::default());
        simulation
    }

    fn on(scheduler: Scheduler, seed: u64, hooks: Hooks) -> Simulation {
        let mut choices = Generator::new(seed);
        let random = Random::seeded(choices.next_u64());
        let shared = Arc::new(Shared::new(scheduler, Clock::simulated(), random, hooks));
        let handle = KernelHandle { shared };
        Simulation { handle, choices, faults: Faults::default(), steps: 0, killed: Vec::new(), worker: None }
    }

    /// Adds faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Faults) -> Simulation {
        self.faults = faults;
        self
    }

    /// Returns the kernel.
    pub fn handle(&self) -> &KernelHandle {
        &self.handle
    }

    /// Returns the number of steps so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Returns the processes that faults have killed.
    pub fn killed(&self) -> &[Pid] {
        &self.killed
    }

    /// Returns the duration of the longest turn so far in microseconds: 0 unless work takes time. In a turn that
    /// announces long work, the work beyond the budget does not count.
    pub fn turn_us_max(&self) -> i64 {
        self.worker.as_ref().map_or(0, |worker| worker.turn_us_max)
    }

    /// Returns whether the next step runs a turn.
    pub fn is_ready(&self) -> bool {
        if let Some(worker) = &self.worker {
            return worker.next.is_some() || self.handle.shared.scheduler.has_work();
        }
        !self.handle.shared.scheduler.simulated_ready().lock().is_empty()
    }

    /// Returns the time to which the next step advances, if it gives no turn.
    pub fn next_timer_us(&self) -> Option<i64> {
        Some(self.handle.shared.timers.next_us()).filter(|&next_us| next_us != NEVER)
    }

    /// Gives one process one turn, or advances time.
    pub fn step(&mut self) -> Step {
        self.steps += 1;
        if self.faults.kill_at_steps.contains(&self.steps) {
            self.kill_process();
        }
        if let Some(worker) = &mut self.worker {
            return match worker.run_turn(&self.handle.shared) {
                Some(pid) => Step::Turn(pid),
                None => self.move_time(),
            };
        }
        if let Some(entry) = self.pick() {
            let budget = 1 + self.choices.below(u64::from(BUDGET)) as u32;
            worker::run_turn(&self.handle.shared, 0, &entry, budget);
            return Step::Turn(entry.pid);
        }
        self.move_time()
    }

    /// Runs until the kernel is quiet or has done `steps_max` steps. Returns true if it became
    /// quiet.
    pub fn run_until_quiet(&mut self, steps_max: u64) -> bool {
        (0..steps_max).any(|_| self.step() == Step::Quiet)
    }

    /// Runs until `done` returns true, the kernel is quiet, or it has done `steps_max` steps. Returns the last result
    /// of `done`.
    pub fn run_until(&mut self, steps_max: u64, mut done: impl FnMut() -> bool) -> bool {
        for _ in 0..steps_max {
            if done() {
                return true;
            }
            if self.step() == Step::Quiet {
                break;
            }
        }
        done()
    }

    fn pick(&mut self) -> Option<Arc<Entry>> {
        let mut ready = self.handle.shared.scheduler.simulated_ready().lock();
        if ready.is_empty() {
            return None;
        }
        let index = self.choices.below(ready.len() as u64) as usize;
        Some(ready.swap_remove(index))
    }

    fn move_time(&mut self) -> Step {
        let shared = &self.handle.shared;
        let next_us = shared.timers.next_us();
        if next_us == NEVER {
            if let Some(on_idle) = &shared.hooks.on_idle {
                on_idle();
            }
            return Step::Quiet;
        }
        shared.clock.advance_to(next_us);
        shared.timers.fire(shared.clock.now_us());
        Step::Time(next_us)
    }

    fn kill_process(&mut self) {
        let mut guests = self.handle.shared.all();
        guests.retain(|entry| entry.trust == Trust::Guest);
        if guests.is_empty() {
            return;
        }
        let victim = &guests[self.choices.below(guests.len() as u64) as usize];
        self.killed.push(victim.pid);
        victim.kill();
    }
}

impl Worker {
    /// Gives the next process a turn, as the loop of a worker thread does. Returns the pid of the process, or `None` if
    /// none is ready.
    fn run_turn(&mut self, shared: &Arc<Shared>) -> Option<Pid> {
        let _entered = shared.scheduler.enter(0);
        let entry = self.next.take().or_else(|| self.begin_chain(shared))?;
        long_work::take_announced();
        let used = worker::run_turn(shared, 0, &entry, self.budget);
        let taken = if long_work::take_announced() { used.min(self.budget) } else { used };
        self.advance(shared, taken);
        self.budget = self.budget.saturating_sub(used);
        self.next = shared.scheduler.take_slot(0);
        if self.budget == 0
            && let Some(next) = self.next.take()
        {
            shared.scheduler.put_back(0, next);
        }
        Some(entry.pid)
    }

    fn begin_chain(&mut self, shared: &Shared) -> Option<Arc<Entry>> {
        self.budget = BUDGET;
        shared.timers.fire(shared.clock.now_us());
        shared.scheduler.pick(0)
    }

    fn advance(&mut self, shared: &Shared, units: u32) {
        let took_ns = u64::from(units) * UNIT_NS;
        self.now_ns = self.now_ns.max(shared.clock.now_us().unsigned_abs() * 1_000) + took_ns;
        self.turn_us_max = self.turn_us_max.max((took_ns / 1_000).cast_signed());
        shared.clock.advance_to((self.now_ns / 1_000).cast_signed());
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        self.handle.shared.end_all();
    }
}
