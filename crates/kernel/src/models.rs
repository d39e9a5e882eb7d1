//! Models of the shipped code: loom checks all interleavings of small cases with up to three preemptions.
//!
//! ```sh
//! RUSTFLAGS="--cfg loom" cargo test -p lucarne-kernel --lib --release --target-dir target/loom models
//! ```
//!
//! Each model builds real processes in a real kernel without worker threads. The threads of the model do the work of a
//! sender or a worker, or end a process. When all threads have ended, the expected events must have happened, in any
//! order.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loom::thread;
use lucarne_message::Payload;

use crate::clock::Clock;
use crate::entry::Entry;
use crate::kernel::{Hooks, KernelHandle, Shared};
use crate::random::Random;
use crate::scheduler::{BUDGET, Scheduler};
use crate::sync::{Condvar, Mutex, wait};
use crate::{Context, Driver, Exit, MessageKind, Outcome, Pid, SpawnOptions, death, worker};

/// Runs all interleavings with up to three preemptions. That is enough for every known bug of two
/// threads in such code, and takes seconds.
fn model(check: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(check);
}

fn kernel() -> Arc<Shared> {
    let (clock, random) = (Clock::simulated(), Random::seeded(1));
    Arc::new(Shared::new(Scheduler::simulated(), clock, random, Hooks::default()))
}

/// Starts a process of the system that counts its messages.
fn counter(shared: &Arc<Shared>, count: &Arc<AtomicUsize>) -> Arc<Entry> {
    let count = count.clone();
    let process = move |context: &mut Context<'_>| {
        while context.receive().is_some() {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Outcome::Wait { until_us: None }
    };
    start(shared, process)
}

fn start(
    shared: &Arc<Shared>,
    process: impl FnMut(&mut Context<'_>) -> Outcome + Send + 'static,
) -> Arc<Entry> {
    let handle = KernelHandle { shared: shared.clone() };
    let pid = handle.start_system(Box::new(process), SpawnOptions::default());
    shared.find(pid).expect("just started")
}

/// Runs turns until no process is ready.
fn run_all(shared: &Arc<Shared>) {
    loop {
        let next = shared.scheduler.simulated_ready().lock().pop();
        let Some(entry) = next else { return };
        worker::run_turn(shared, 0, &entry, BUDGET);
    }
}

/// Takes all messages out of the mailbox of a process. Returns the number of replies among them, failures included.
fn count_replies(entry: &Arc<Entry>) -> usize {
    let messages = std::iter::from_fn(|| entry.mailbox.pop());
    messages.filter(|message| matches!(message.kind, MessageKind::Reply { .. })).count()
}

#[test]
fn no_wake_up_is_lost_while_a_process_parks() {
    model(|| {
        let shared = kernel();
        let count = Arc::new(AtomicUsize::new(0));
        let receiver = counter(&shared, &count);
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let receiver = receiver.clone();
                thread::spawn(move || {
                    receiver.deliver(&receiver, MessageKind::ProcessTerminated { is_lost: false })
                })
            })
            .collect();
        run_all(&shared);
        for sender in senders {
            sender.join().unwrap();
        }
        run_all(&shared);
        assert_eq!(count.load(Ordering::Relaxed), 2);
        shared.end_all();
    });
}

#[test]
fn a_process_never_has_two_turns_at_once() {
    model(|| {
        let shared = kernel();
        let inside = Arc::new(AtomicUsize::new(0));
        let alone = inside.clone();
        let entry = start(&shared, move |context: &mut Context<'_>| {
            assert_eq!(alone.fetch_add(1, Ordering::Relaxed), 0);
            while context.receive().is_some() {}
            alone.fetch_sub(1, Ordering::Relaxed);
            Outcome::Wait { until_us: None }
        });
        let (other, pid) = (shared.clone(), entry.pid);
        let worker = thread::spawn(move || {
            let handle = KernelHandle { shared: other.clone() };
            handle.wake(pid);
            run_all(&other);
        });
        run_all(&shared);
        worker.join().unwrap();
        run_all(&shared);
        shared.end_all();
    });
}

#[test]
fn a_worker_does_not_sleep_through_work() {
    model(|| {
        let scheduler = Arc::new(Scheduler::with_workers(1));
        let entry = {
            // The process is only queued, and never runs.
            let shared = kernel();
            start(&shared, |_: &mut Context<'_>| Outcome::Ready)
        };
        let (inner, queued) = (scheduler.clone(), entry.clone());
        let sender = thread::spawn(move || inner.make_ready(queued));
        // Hangs if the wake-up can get lost, and loom reports it.
        while scheduler.pick(0).is_none() {
            scheduler.idle.sleep(0, || scheduler.has_work(), || None);
        }
        sender.join().unwrap();
        assert!(!scheduler.has_work());
    });
}

/// A driver that only reacts to `unpark`.
#[derive(Default)]
struct Deaf {
    is_unparked: Mutex<bool>,
    signal: Condvar,
}

impl Driver for Deaf {
    fn look(&self) {}

    fn wait(&self, _has_work: &dyn Fn() -> bool, _patience: Option<Duration>) {
        let mut is_unparked = self.is_unparked.lock();
        while !std::mem::take(&mut *is_unparked) {
            is_unparked = wait(&self.signal, is_unparked);
        }
    }

    fn unpark(&self) {
        *self.is_unparked.lock() = true;
        self.signal.notify_one();
    }
}

#[test]
fn a_worker_in_the_driver_does_not_sleep_through_work() {
    model(|| {
        let scheduler = Arc::new(Scheduler::with_workers(1));
        scheduler.idle.set_driver(Arc::new(Deaf::default()));
        let entry = {
            let shared = kernel();
            start(&shared, |_: &mut Context<'_>| Outcome::Ready)
        };
        let (inner, queued) = (scheduler.clone(), entry.clone());
        let sender = thread::spawn(move || inner.make_ready(queued));
        while scheduler.pick(0).is_none() {
            scheduler.idle.sleep(0, || scheduler.has_work(), || None);
        }
        sender.join().unwrap();
        assert!(!scheduler.has_work());
    });
}

#[test]
fn a_mirror_that_two_threads_wake_passes_everything_on() {
    model(|| {
        let shared = kernel();
        let count = Arc::new(AtomicUsize::new(0));
        let handle = KernelHandle { shared: shared.clone() };
        let inner = count.clone();
        handle.set_mirrors(Box::new(move |_| {
            let count = inner.clone();
            Some(Box::new(move |context: &mut Context<'_>| {
                while context.receive().is_some() {
                    count.fetch_add(1, Ordering::Relaxed);
                }
                Outcome::Wait { until_us: None }
            }))
        }));
        let mirror = shared.find_or_mirror(Pid::from_i64(7)).expect("made");
        let other = mirror.clone();
        let sender =
            thread::spawn(move || other.deliver(&other, MessageKind::ProcessTerminated { is_lost: false }));
        mirror.deliver(&mirror, MessageKind::ProcessTerminated { is_lost: false });
        sender.join().unwrap();
        assert_eq!(count.load(Ordering::Relaxed), 2);
        shared.end_all();
    });
}

#[test]
fn a_worker_that_lingers_does_not_sleep_through_work() {
    model(|| {
        let scheduler = Arc::new(Scheduler::with_workers(1));
        let entry = {
            let shared = kernel();
            start(&shared, |_: &mut Context<'_>| Outcome::Ready)
        };
        let (inner, queued) = (scheduler.clone(), entry.clone());
        let sender = thread::spawn(move || inner.make_ready(queued));
        while scheduler.pick(0).is_none() {
            scheduler.idle.linger(|| scheduler.has_work(), || true);
            if scheduler.pick(0).is_some() {
                break;
            }
            scheduler.idle.sleep(0, || scheduler.has_work(), || None);
        }
        sender.join().unwrap();
        assert!(!scheduler.has_work());
    });
}

#[test]
fn a_request_to_a_dying_process_is_refused_or_answered() {
    model(|| {
        let shared = kernel();
        let asked = start(&shared, |_: &mut Context<'_>| Outcome::Wait { until_us: None });
        let asker = start(&shared, |_: &mut Context<'_>| Outcome::Wait { until_us: None });
        let (inner, dying) = (shared.clone(), asked.clone());
        let end = thread::spawn(move || death::end(&inner, &dying, &Exit::Done));
        let accepted = Context::new(&shared, &asker, BUDGET).request(asked.pid, 1, Payload::null()).is_ok();
        end.join().unwrap();
        assert_eq!(count_replies(&asker), usize::from(accepted));
        shared.end_all();
    });
}

#[test]
fn a_sender_refused_for_lack_of_room_is_told_of_room() {
    model(|| {
        let shared = kernel();
        let receiver = start(&shared, |_: &mut Context<'_>| Outcome::Wait { until_us: None });
        let sender = start(&shared, |_: &mut Context<'_>| Outcome::Wait { until_us: None });
        let notify = |context: &mut Context<'_>| context.notify(receiver.pid, 1, 1, Payload::null());
        notify(&mut Context::new(&shared, &sender, BUDGET)).expect("room for one");
        let taking = receiver.clone();
        let taker = thread::spawn(move || drop(taking.mailbox.pop()));
        let refused = notify(&mut Context::new(&shared, &sender, BUDGET)).is_err();
        taker.join().unwrap();
        let told = matches!(sender.mailbox.pop(), Some(message) if matches!(message.kind, MessageKind::RoomAvailable { .. }));
        assert_eq!(told, refused);
        shared.end_all();
    });
}

#[test]
fn a_watcher_is_told_of_a_death_exactly_once() {
    model(|| {
        let shared = kernel();
        let watched = start(&shared, |_: &mut Context<'_>| Outcome::Wait { until_us: None });
        let watcher = start(&shared, |_: &mut Context<'_>| Outcome::Wait { until_us: None });
        let (inner, dying) = (shared.clone(), watched.clone());
        let end = thread::spawn(move || death::end(&inner, &dying, &Exit::Done));
        shared.watch(&watcher, watched.pid);
        end.join().unwrap();
        let told = std::iter::from_fn(|| watcher.mailbox.pop()).count();
        assert_eq!(told, 1);
        shared.end_all();
    });
}
