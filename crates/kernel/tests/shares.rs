//! Shares of the processor: between groups first, then between their processes.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};

use common::named;
use lucarne_kernel::{
    Context, Exit, Hooks, Kernel, KernelOptions, Outcome, RunningProgram, SpawnOptions, priority,
};

/// Counts the turns of programs, which all run until there were enough.
struct Race {
    counts: Vec<AtomicU64>,
    /// Counting starts when all programs run.
    is_on: AtomicBool,
    turns_max: u64,
}

impl Race {
    fn new(programs: usize, turns_max: u64) -> Arc<Race> {
        let counts = (0..programs).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Race { counts, is_on: AtomicBool::new(false), turns_max })
    }

    fn counts(&self) -> Vec<u64> {
        self.counts.iter().map(|count| count.load(SeqCst)).collect()
    }

    fn is_over(&self) -> bool {
        self.counts().iter().sum::<u64>() >= self.turns_max
    }

    /// Returns a process that takes as many turns as it gets.
    fn runner(self: &Arc<Race>, program: usize) -> impl FnMut(&mut Context<'_>) -> Outcome + Send + 'static {
        let race = self.clone();
        move |_| {
            if race.is_on.load(SeqCst) {
                race.counts[program].fetch_add(1, SeqCst);
            }
            if race.is_over() { Outcome::Exit(Exit::Done) } else { Outcome::Ready }
        }
    }

    /// Starts a program of priority `own`, which spawns `runners` runners of priority `theirs`.
    fn start(
        self: &Arc<Race>,
        kernel: &Kernel,
        program: usize,
        own: u8,
        runners: usize,
        theirs: u8,
    ) -> RunningProgram {
        let race = self.clone();
        let first = move |context: &mut Context<'_>| {
            for _ in 0..runners {
                let options = SpawnOptions { priority: theirs, ..named("runner") };
                context.spawn(Box::new(race.runner(program)), options).expect("there is room");
            }
            Outcome::Exit(Exit::Done)
        };
        kernel.start(Box::new(first), SpawnOptions { priority: own, ..named("first") })
    }

    fn run(self: &Arc<Race>, programs: &[RunningProgram]) -> Vec<u64> {
        self.is_on.store(true, SeqCst);
        programs.iter().for_each(|program| assert_eq!(program.wait(), 0));
        self.counts()
    }
}

fn kernel(workers: usize) -> Kernel {
    Kernel::new(KernelOptions { workers, hooks: Hooks::default() })
}

#[test]
fn many_processes_get_no_more_than_one() {
    // While the operating system runs another program instead of the thread of a worker, the process that has its turn
    // there stands still. The race of two workers is so long that this does not matter.
    for (workers, others, turns) in [(1, 1, 8_000), (1, 3, 8_000), (2, 3, 400_000)] {
        let (kernel, race) = (kernel(workers), Race::new(1 + others, turns));
        let mut programs = vec![race.start(&kernel, 0, priority::NORMAL, 100, priority::NORMAL)];
        programs.extend(
            (1..=others).map(|program| race.start(&kernel, program, priority::NORMAL, 1, priority::NORMAL)),
        );
        let counts = race.run(&programs);
        let fair = turns / (1 + others as u64);
        let is_fair = |&count: &u64| (fair * 7 / 10..=fair * 13 / 10).contains(&count);
        assert!(counts.iter().all(is_fair), "{workers} workers: {counts:?}");
    }
}

#[test]
fn a_program_has_the_weight_that_it_was_started_with() {
    // Its processes may have higher priorities; they share the weight of the program.
    let (kernel, race) = (kernel(1), Race::new(2, 6_000));
    let low = race.start(&kernel, 0, priority::LOW, 10, priority::CRITICAL);
    let normal = race.start(&kernel, 1, priority::NORMAL, 1, priority::NORMAL);
    let counts = race.run(&[low, normal]);
    let ratio = counts[1] as f64 / counts[0] as f64;
    assert!((1.6..2.4).contains(&ratio), "{counts:?}");
}

#[test]
fn an_idle_share_goes_to_the_others() {
    let (kernel, race) = (kernel(1), Race::new(2, 6_000));
    let polite = race.start(&kernel, 0, priority::NORMAL, 10, priority::IDLE);
    let normal = race.start(&kernel, 1, priority::NORMAL, 1, priority::NORMAL);
    let counts = race.run(&[polite, normal]);
    let ratio = counts[1] as f64 / counts[0] as f64;
    assert!((3.0..5.0).contains(&ratio), "{counts:?}");
}

#[test]
fn spawning_without_end_does_not_increase_the_share() {
    let (kernel, race) = (kernel(1), Race::new(2, 20_000));
    let spawner = race.clone();
    let spawns = move |context: &mut Context<'_>| {
        let inner = spawner.clone();
        let short = move |_: &mut Context<'_>| {
            if inner.is_on.load(SeqCst) {
                inner.counts[0].fetch_add(1, SeqCst);
            }
            Outcome::Exit(Exit::Done)
        };
        for _ in 0..10 {
            let _ = context.spawn(Box::new(short.clone()), named("short"));
        }
        context.charge(50);
        if spawner.is_over() { Outcome::Exit(Exit::Done) } else { Outcome::Ready }
    };
    let spawns = kernel.start(Box::new(spawns), named("spawns"));
    let worker = race.clone();
    let works = move |context: &mut Context<'_>| {
        // As long as the shortest turn.
        context.charge(50);
        if worker.is_on.load(SeqCst) {
            worker.counts[1].fetch_add(1, SeqCst);
        }
        if worker.is_over() { Outcome::Exit(Exit::Done) } else { Outcome::Ready }
    };
    let works = kernel.start(Box::new(works), named("works"));
    let counts = race.run(&[spawns, works]);
    let ratio = counts[1] as f64 / counts[0] as f64;
    assert!((0.7..1.5).contains(&ratio), "{counts:?}");
}

#[test]
fn sleeping_earns_no_credit() {
    let (kernel, race) = (kernel(1), Race::new(2, 8_000));
    let busy = race.start(&kernel, 0, priority::NORMAL, 1, priority::NORMAL);
    let late = race.clone();
    let runner = race.runner(1);
    let (mut runner, mut is_awake) = (runner, false);
    let sleeper = move |context: &mut Context<'_>| {
        if !is_awake && late.counts()[0] < 2_000 {
            return Outcome::Wait { until_us: Some(context.now_us() + 1_000) };
        }
        is_awake = true;
        runner(context)
    };
    let sleeper = kernel.start(Box::new(sleeper), named("sleeper"));
    let counts = race.run(&[busy, sleeper]);
    assert!(counts[1] < 3_500, "{counts:?}");
}

#[test]
fn long_work_earns_no_credit() {
    let (kernel, race) = (kernel(1), Race::new(2, 3_000));
    let turns = Arc::new(AtomicU64::new(0));
    let (late, others) = (race.clone(), turns.clone());
    let (mut runner, mut has_worked) = (race.runner(1), false);
    let long_worker = move |context: &mut Context<'_>| {
        if !has_worked {
            has_worked = true;
            lucarne_kernel::before_long_work();
            while others.load(SeqCst) < 2_000 {
                std::thread::yield_now();
            }
            return Outcome::Ready;
        }
        // Counting starts when the program is back.
        late.is_on.store(true, SeqCst);
        runner(context)
    };
    let mut runner = race.runner(0);
    let busy = move |context: &mut Context<'_>| {
        turns.fetch_add(1, SeqCst);
        runner(context)
    };
    let programs = [
        kernel.start(Box::new(long_worker), named("long worker")),
        kernel.start(Box::new(busy), named("busy")),
    ];
    programs.iter().for_each(|program| assert_eq!(program.wait(), 0));
    let counts = race.counts();
    assert!(counts[1] < 2_000, "{counts:?}");
}

#[test]
fn the_work_of_a_program_is_counted() {
    let kernel = kernel(1);
    let mut left = 10;
    let works = move |context: &mut Context<'_>| {
        context.charge(1_000);
        left -= 1;
        if left == 0 { Outcome::Exit(Exit::Done) } else { Outcome::Ready }
    };
    let first = move |context: &mut Context<'_>| {
        context.spawn(Box::new(works), named("works")).expect("there is room");
        context.charge(500);
        Outcome::Exit(Exit::Done)
    };
    let program = kernel.start(Box::new(first), named("first"));
    assert_eq!(program.wait(), 0);
    assert_eq!(program.work(), 10_500);
    assert_eq!(program.process_count(), 0);
}
