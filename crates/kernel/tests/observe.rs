//! An observer sees the messages that are sent during the observation, and no others.

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use common::{WAIT, deaf, echo, int, named};
use lucarne_kernel::{
    Answered, Context, Delivered, Exit, Hooks, Kernel, KernelOptions, Observer, Outcome, Simulation,
};

const STEPS: u64 = 10_000;

/// Records all reports.
#[derive(Default)]
struct Notes {
    answered: Mutex<Vec<Answered>>,
    delivered: Mutex<Vec<Delivered>>,
}

impl Observer for Notes {
    fn answered(&self, answered: &Answered) {
        self.answered.lock().unwrap().push(answered.clone());
    }

    fn delivered(&self, delivered: &Delivered) {
        self.delivered.lock().unwrap().push(delivered.clone());
    }
}

fn world() -> (Simulation, Arc<Notes>) {
    let notes = Arc::new(Notes::default());
    let hooks = Hooks { observer: Some(notes.clone()), ..Hooks::default() };
    (Simulation::with_hooks(1, hooks), notes)
}

#[test]
fn requests_are_observed_with_their_answers() {
    let (mut simulation, notes) = world();
    let handle = simulation.handle().clone();
    let echo = handle.start_system(Box::new(echo), named("echo"));
    let deaf = handle.start_system(Box::new(deaf), named("deaf"));
    simulation.run_until_quiet(STEPS);
    let asker = handle.start_system(Box::new(deaf_guest()), named("asker"));
    let port = handle.port(asker).unwrap();

    port.request(echo, 7, int(1)).unwrap();
    let looks = handle.observe();
    port.request(echo, 8, int(42)).unwrap();
    port.request(deaf, 9, int(43)).unwrap();
    port.send(deaf, 64, int(44)).unwrap();
    simulation.run_until_quiet(STEPS);
    handle.kill(deaf);
    simulation.run_until_quiet(STEPS);
    drop(looks);
    port.request(echo, 10, int(5)).unwrap();
    simulation.run_until_quiet(STEPS);

    let answered = notes.answered.lock().unwrap();
    let shown: Vec<_> =
        answered.iter().map(|seen| (seen.procedure, seen.arguments[0], seen.result, seen.failed)).collect();
    assert_eq!(shown, [(8, Some(42), Some(42), false), (9, Some(43), None, true)]);
    assert_eq!((answered[0].asker.pid, answered[0].asked.pid), (asker, echo));
    let delivered = notes.delivered.lock().unwrap();
    assert_eq!(delivered.len(), 1);
    assert_eq!((delivered[0].sender.pid, delivered[0].receiver.pid), (asker, deaf));
    assert_eq!(delivered[0].bytes, int(44).size());
}

#[test]
fn a_refused_request_is_not_observed() {
    let (mut simulation, notes) = world();
    let handle = simulation.handle().clone();
    let deaf = handle.start_system(Box::new(deaf), named("deaf"));
    let asker = handle.start_system(Box::new(deaf_guest()), named("asker"));
    let port = handle.port(asker).unwrap();
    let _looks = handle.observe();
    let accepted = (0..2_000).filter(|_| port.request(deaf, 1, int(0)).is_ok()).count();
    handle.kill(deaf);
    simulation.run_until_quiet(STEPS);
    assert_eq!(notes.answered.lock().unwrap().len(), accepted);
}

fn deaf_guest() -> impl FnMut(&mut Context<'_>) -> Outcome + Send {
    |context: &mut Context<'_>| {
        while context.receive().is_some() {}
        WAIT
    }
}

/// Counts the reports.
#[derive(Default)]
struct Count(AtomicU64);

impl Observer for Count {
    fn answered(&self, _: &Answered) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn delivered(&self, _: &Delivered) {}
}

#[test]
fn observing_under_load_loses_no_messages() {
    const CALLS: u64 = 20_000;
    let count = Arc::new(Count::default());
    let hooks = Hooks { observer: Some(count.clone()), ..Hooks::default() };
    let kernel = Kernel::new(KernelOptions { workers: 2, hooks });
    let echo = kernel.start_system(Box::new(echo), named("echo"));
    let mut answers = 0;
    let caller = move |context: &mut Context<'_>| {
        while context.receive().is_some() {
            answers += 1;
        }
        if answers == CALLS {
            return Outcome::Exit(Exit::Code(7));
        }
        context.request(echo, 1, int(1)).expect("one at a time");
        WAIT
    };
    let program = kernel.start(Box::new(caller), named("caller"));
    let is_over = Arc::new(AtomicBool::new(false));
    let (handle, over) = (kernel.handle().clone(), is_over.clone());
    let looking = std::thread::spawn(move || {
        while !over.load(Ordering::Relaxed) {
            drop(handle.observe());
        }
    });
    assert_eq!(program.wait(), 7);
    is_over.store(true, Ordering::Relaxed);
    looking.join().unwrap();
    assert!(count.0.load(Ordering::Relaxed) <= CALLS);
}
