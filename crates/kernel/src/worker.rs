//! Workers: the threads that run the turns of processes.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::PATIENCE_US;
use crate::entry::Entry;
use crate::kernel::Shared;
use crate::scheduler::{BUDGET, TURN_COST};
use crate::sync::atomic::Ordering;
use crate::sync::{is_finished, thread};
use crate::timers::NEVER;
use crate::{Context, Exit, Outcome, death, long_work};

/// The interval at which a busy worker checks for events from outside, in microseconds.
const LOOK_US: i64 = 100;

/// Starts a worker thread.
///
/// # Errors
/// If the operating system cannot start a thread.
pub(crate) fn start(shared: &Arc<Shared>, index: usize) -> io::Result<()> {
    spawn(shared, format!("lucarne-{index}"), move |shared| serve(shared, index))
}

/// Starts a thread for whose end the kernel waits before it ends itself.
///
/// # Errors
/// If the operating system cannot start a thread.
pub(crate) fn spawn(
    shared: &Arc<Shared>,
    name: String,
    run: impl FnOnce(&Arc<Shared>) + Send + 'static,
) -> io::Result<()> {
    let kernel = shared.clone();
    let thread = thread::Builder::new().name(name).spawn(move || run(&kernel))?;
    let mut threads = shared.threads.lock();
    threads.retain(|thread| !is_finished(thread));
    threads.push(thread);
    Ok(())
}

/// Makes this thread the worker until the kernel ends, or until the end of a turn with long work.
pub(crate) fn serve(shared: &Arc<Shared>, index: usize) {
    long_work::take_seat(shared, index);
    work(shared, index);
    long_work::leave(shared);
}

fn work(shared: &Arc<Shared>, index: usize) {
    let _entered = shared.scheduler.enter(index);
    let (mut looked_us, mut linger_until_us) = (0, 0);
    while !shared.stopping.load(Ordering::Acquire) && long_work::has_seat() {
        if let Some(driver) = shared.scheduler.idle.driver() {
            let now_us = shared.clock.now_us();
            if now_us - looked_us >= LOOK_US {
                looked_us = now_us;
                driver.look();
            }
        }
        if shared.timers.next_us() != NEVER {
            shared.timers.fire(shared.clock.now_us());
        }
        let is_from_outside = shared.scheduler.has_work_from_outside();
        match shared.scheduler.pick(index) {
            Some(entry) => {
                run_chain(shared, index, entry);
                // A caller outside of the kernel is likely to send another request. A driver polls by itself before it
                // sleeps.
                if is_from_outside && shared.scheduler.idle.driver().is_none() {
                    linger_until_us = shared.clock.now_us() + PATIENCE_US;
                }
            }
            None if linger_until_us > 0 => {
                linger(shared, linger_until_us);
                linger_until_us = 0;
            }
            None => sleep(shared, index),
        }
    }
}

/// Runs a process, then the process to which it has handed over, and so on, on one budget.
pub(crate) fn run_chain(shared: &Arc<Shared>, index: usize, first: Arc<Entry>) {
    let mut budget = BUDGET;
    let mut next = Some(first);
    while let Some(entry) = next {
        let used = run_turn(shared, index, &entry, budget);
        budget = budget.saturating_sub(used);
        next = shared.scheduler.take_slot(index);
        if budget == 0
            && let Some(entry) = next.take()
        {
            shared.scheduler.put_back(index, entry);
        }
    }
}

/// Gives a process one turn. Returns the used part of the budget.
pub(crate) fn run_turn(shared: &Arc<Shared>, index: usize, entry: &Arc<Entry>, budget: u32) -> u32 {
    if !long_work::begin_turn(shared, entry) || !entry.run_state.start() {
        return 0;
    }
    if entry.killed.load(Ordering::Acquire) {
        death::end(shared, entry, &entry.killed_by());
        return TURN_COST;
    }
    let (outcome, used) = run_process(shared, entry, budget);
    shared.scheduler.charge(entry, used);
    match outcome {
        Outcome::Ready => {
            entry.run_state.requeue();
            put_back(shared, index, entry);
        }
        Outcome::Wait { until_us } => {
            if let Some(until_us) = until_us {
                entry.deadline_us.store(until_us, Ordering::Relaxed);
                shared.timers.arm(entry);
            }
            if !entry.run_state.park() {
                put_back(shared, index, entry);
            }
        }
        Outcome::Exit(exit) => death::end(shared, entry, &exit),
    }
    used
}

/// Queues a process that has more work after its turn.
fn put_back(shared: &Shared, index: usize, entry: &Arc<Entry>) {
    if long_work::has_left() {
        // Other groups may have worked meanwhile, while this one waited for a place or a processor.
        entry.is_back.store(true, Ordering::Relaxed);
    }
    shared.scheduler.put_back(index, entry.clone());
}

/// Gives a mirror turns on this thread until it has nothing to do. Deadlines of mirrors are ignored.
pub(crate) fn run_here(shared: &Arc<Shared>, entry: &Arc<Entry>) {
    while entry.run_state.start() {
        if entry.killed.load(Ordering::Acquire) {
            return death::end(shared, entry, &entry.killed_by());
        }
        match run_process(shared, entry, BUDGET).0 {
            Outcome::Ready => entry.run_state.requeue(),
            Outcome::Wait { .. } if entry.run_state.park() => return,
            Outcome::Wait { .. } => {}
            Outcome::Exit(exit) => return death::end(shared, entry, &exit),
        }
    }
}

/// Runs the code of the process for one turn. Returns how the turn ended, and the used part of the budget.
#[inline]
fn run_process(shared: &Arc<Shared>, entry: &Arc<Entry>, budget: u32) -> (Outcome, u32) {
    entry.deadline_us.store(NEVER, Ordering::Relaxed);
    let mut context = Context::new(shared, entry, budget);
    let outcome = {
        let mut process = entry.process.lock();
        let process = process.as_mut().expect("a process that has not ended is there");
        // The process is dropped after a panic, so its half-finished state is never seen.
        catch_unwind(AssertUnwindSafe(|| process.run(&mut context)))
    };
    let outcome = outcome
        .unwrap_or_else(|panic| Outcome::Exit(Exit::Panicked { message: panic_message(panic.as_ref()) }));
    let assumed = if matches!(outcome, Outcome::Ready) { budget } else { 0 };
    let used = context.charged().unwrap_or(assumed).max(TURN_COST);
    (outcome, used)
}

/// Looks for more work for a short time.
fn linger(shared: &Arc<Shared>, until_us: i64) {
    let scheduler = &shared.scheduler;
    let has_work = || scheduler.has_work() || shared.stopping.load(Ordering::Acquire);
    let over = || shared.clock.now_us() >= until_us.min(shared.timers.next_us());
    scheduler.idle.linger(has_work, over);
    scheduler.share();
}

/// Sleeps until there is work, or a timer is due.
fn sleep(shared: &Arc<Shared>, index: usize) {
    let has_told = Cell::new(false);
    let has_work = || {
        if shared.scheduler.idle.are_all_asleep()
            && let Some(on_idle) = &shared.hooks.on_idle
            && !has_told.replace(true)
        {
            on_idle();
        }
        shared.scheduler.has_work() || shared.stopping.load(Ordering::Acquire)
    };
    let patience = || match shared.timers.next_us() {
        NEVER => None,
        next_us => {
            let left_us = next_us.saturating_sub(shared.clock.now_us());
            Some(Duration::from_micros(u64::try_from(left_us).unwrap_or(0)))
        }
    };
    shared.scheduler.idle.sleep(index, has_work, patience);
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without a message".to_owned()
    }
}
