//! A run follows from its seed, and no seed breaks a promise.

mod common;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use common::{Log, WAIT, int, named, shown, spawn};
use lucarne_kernel::{Context, Faults, Hooks, MessageKind, Outcome, RequestToken, Simulation, Step};

const STEPS: u64 = 100_000;
const CALLS: usize = 20;

/// Starts a program with a slow provider and two clients; all events go into the log.
fn start(simulation: &Simulation, log: &Log) {
    let log = log.clone();
    let mut begun = false;
    let first = move |context: &mut Context<'_>| {
        while context.receive().is_some() {}
        if std::mem::replace(&mut begun, true) {
            return WAIT;
        }
        let provider = spawn(context, slow_echo());
        for name in ["a", "b"] {
            let log = log.clone();
            let mut begun = false;
            spawn(context, move |context: &mut Context<'_>| {
                if !std::mem::replace(&mut begun, true) {
                    for index in 0..CALLS {
                        match context.request(provider, 1, int(index as i64)) {
                            Ok(_) => log.add(format!("{name} asked")),
                            Err(refused) => log.add(format!("{name} refused {refused}")),
                        }
                    }
                }
                while let Some(message) = context.receive() {
                    log.add(format!("{name} {}", shown(message)));
                }
                WAIT
            });
        }
        WAIT
    };
    simulation.handle().start(Box::new(first), named("first"));
}

/// Answers one request per millisecond, the latest first.
fn slow_echo() -> impl FnMut(&mut Context<'_>) -> Outcome + Send {
    let mut open: Vec<(RequestToken, _)> = Vec::new();
    let mut next_us = 1_000;
    move |context| {
        while let Some(message) = context.receive() {
            if let MessageKind::Request { token, payload, .. } = message.kind {
                open.push((token, payload));
            }
        }
        if context.now_us() >= next_us
            && let Some((token, payload)) = open.pop()
        {
            next_us += 1_000;
            context.reply(token, Ok(payload));
        }
        if open.is_empty() { WAIT } else { Outcome::Wait { until_us: Some(next_us) } }
    }
}

fn run(seed: u64, faults: Faults) -> (Vec<String>, Vec<Step>, usize) {
    let log = Log::default();
    let mut simulation = Simulation::new(seed).with_faults(faults);
    start(&simulation, &log);
    let mut steps = Vec::new();
    while steps.last() != Some(&Step::Quiet) {
        assert!((steps.len() as u64) < STEPS, "it never becomes quiet");
        steps.push(simulation.step());
    }
    (log.lines(), steps, simulation.killed().len())
}

#[test]
fn a_seed_is_reproducible_and_others_differ() {
    let mut runs = HashSet::new();
    for seed in 0..20 {
        let (lines, steps, _) = run(seed, Faults { kill_at_steps: vec![seed] });
        let (again, steps_again, _) = run(seed, Faults { kill_at_steps: vec![seed] });
        assert_eq!(lines, again);
        assert_eq!(steps, steps_again);
        runs.insert(format!("{steps:?}"));
    }
    assert!(runs.len() > 10, "only {} different runs", runs.len());
}

#[test]
fn accepted_requests_are_answered_whatever_is_killed() {
    let mut met = HashSet::new();
    for seed in 0..200 {
        let kill_at_steps = vec![1 + seed % 50];
        let (lines, _, killed) = run(seed, Faults { kill_at_steps });
        assert_eq!(killed, 1, "seed {seed}");
        let count = |what: &str| lines.iter().filter(|line| line.contains(what)).count();
        // A killed client hears nothing. One process was killed, so at most one of the two clients misses answers.
        let silent = ["a", "b"].into_iter().filter(|name| {
            let asked = count(&format!("{name} asked"));
            let answered = count(&format!("{name} reply")) + count(&format!("{name} failure"));
            assert!(answered <= asked, "seed {seed}: {lines:?}");
            answered < asked
        });
        assert!(silent.count() <= 1, "seed {seed}: {lines:?}");
        met.extend(
            ["failure NO_SUCH_PROCESS", "refused NO_SUCH_PROCESS"].into_iter().filter(|what| count(what) > 0),
        );
    }
    assert_eq!(met.len(), 2, "the seeds should meet both ways to die");
}

#[test]
fn time_stands_still_while_anything_is_ready() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let mut simulation = Simulation::new(9);
    for _ in 0..3 {
        let (times, mut turns) = (times.clone(), 0);
        let busy = move |context: &mut Context<'_>| {
            turns += 1;
            times.lock().unwrap().push(context.now_us());
            if turns < 50 { Outcome::Ready } else { WAIT }
        };
        simulation.handle().start(Box::new(busy), named("busy"));
    }
    assert!(simulation.run_until_quiet(STEPS));
    assert_eq!(*times.lock().unwrap(), vec![0; 150]);
}

/// Starts a process that uses its whole budget in every turn.
fn start_busy(simulation: &Simulation) {
    let busy = |context: &mut Context<'_>| {
        context.charge(context.budget());
        Outcome::Ready
    };
    simulation.handle().start(Box::new(busy), named("busy"));
}

/// Starts a process that sleeps for 1 to 5 ms again and again. Returns how late it was woken each time, in microseconds.
fn start_sleeper(simulation: &Simulation) -> Arc<Mutex<Vec<i64>>> {
    let late_us = Arc::new(Mutex::new(Vec::new()));
    let (log, mut due_us) = (late_us.clone(), None);
    let sleeper = move |context: &mut Context<'_>| {
        // It has more to do at its start.
        context.charge(if due_us.is_none() { 1_000 } else { 100 });
        if let Some(due_us) = due_us {
            log.lock().unwrap().push(context.now_us() - due_us);
        }
        due_us = Some(context.now_us() + 1_000 + (context.random_u64() % 4_000).cast_signed());
        Outcome::Wait { until_us: due_us }
    };
    simulation.handle().start(Box::new(sleeper), named("sleeper"));
    late_us
}

#[test]
fn a_sleeper_beside_busy_programs_is_late_by_one_turn_at_most() {
    for hogs in [0, 1, 4, 16] {
        let mut simulation = Simulation::with_worker(1, Hooks::default());
        (0..hogs).for_each(|_| start_busy(&simulation));
        let late_us = start_sleeper(&simulation);
        simulation.run_until(STEPS, || late_us.lock().unwrap().len() >= 1_000);
        let late_us = late_us.lock().unwrap();
        assert_eq!(late_us.len(), 1_000);
        let worst_us = late_us.iter().max().copied().unwrap_or_default();
        assert!(worst_us <= simulation.turn_us_max(), "{worst_us} us beside {hogs}");
    }
}

#[test]
fn a_sleeper_does_not_wait_for_the_first_turns_of_programs_that_start() {
    let mut simulation = Simulation::with_worker(1, Hooks::default());
    let late_us = start_sleeper(&simulation);
    for naps in [10, 20, 30] {
        (0..16).for_each(|_| start_busy(&simulation));
        simulation.run_until(STEPS, || late_us.lock().unwrap().len() >= naps);
        let worst_us = late_us.lock().unwrap().iter().max().copied();
        assert!(worst_us.is_some_and(|us| us <= simulation.turn_us_max()), "{worst_us:?} us");
    }
}
