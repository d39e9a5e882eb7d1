//! Turns: shares by priority, hand-over, several workers, timers.

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use common::{Log, WAIT, echo, int, named, spawn};
use lucarne_kernel::{
    Context, Exit, Hooks, Kernel, KernelOptions, MessageKind, Outcome, Pid, Simulation, SpawnOptions,
    priority,
};

/// The time limit of a wait for another thread.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

const DONE: Outcome = Outcome::Exit(Exit::Done);

fn kernel(workers: usize) -> Kernel {
    Kernel::new(KernelOptions { workers, hooks: Hooks::default() })
}

/// Runs busy processes with these priorities on one worker, and counts their turns.
fn turns(priorities: &[u8]) -> Vec<u64> {
    let counts: Arc<Vec<AtomicU64>> = Arc::new(priorities.iter().map(|_| AtomicU64::new(0)).collect());
    let (inner, priorities) = (counts.clone(), priorities.to_vec());
    let first = move |context: &mut Context<'_>| {
        for (index, &priority) in priorities.iter().enumerate() {
            let counts = inner.clone();
            let busy = move |context: &mut Context<'_>| {
                counts[index].fetch_add(1, SeqCst);
                if counts.iter().map(|count| count.load(SeqCst)).sum::<u64>() == 3_000 {
                    context.exit_group(0);
                }
                Outcome::Ready
            };
            let options = SpawnOptions { priority, ..named("busy") };
            context.spawn(Box::new(busy), options).unwrap();
        }
        DONE
    };
    let kernel = kernel(1);
    assert_eq!(kernel.start(Box::new(first), named("first")).wait(), 0);
    counts.iter().map(|count| count.load(SeqCst)).collect()
}

#[test]
fn priority_decides_the_share() {
    let counts = turns(&[priority::LOW, priority::HIGH]);
    let ratio = counts[1] as f64 / counts[0] as f64;
    assert!((2.5..4.5).contains(&ratio), "{counts:?}");

    let counts = turns(&[priority::NORMAL, priority::NORMAL, priority::NORMAL]);
    assert!(counts.iter().all(|&count| (950..1_050).contains(&count)), "{counts:?}");
}

#[test]
fn no_process_starves() {
    let counts = turns(&[priority::CRITICAL, priority::IDLE, priority::CRITICAL, priority::HIGH]);
    assert!(counts[1] > 50, "{counts:?}");
    assert!(counts[0] > counts[3] && counts[3] > counts[1], "{counts:?}");
}

#[test]
fn a_priority_changes_while_a_process_runs() {
    let turns = Arc::new(AtomicU64::new(0));
    let (inner, mut raised) = (turns.clone(), false);
    let first = move |context: &mut Context<'_>| {
        if !raised {
            raised = true;
            assert_eq!(context.priority(context.pid()), Some(priority::NORMAL));
            context.set_priority(context.pid(), priority::HIGH).unwrap();
            assert_eq!(context.priority(context.pid()), Some(priority::HIGH));
        }
        inner.fetch_add(1, SeqCst);
        DONE
    };
    assert_eq!(kernel(1).start(Box::new(first), named("first")).wait(), 0);
    assert_eq!(turns.load(SeqCst), 1);
}

/// Calls the echo repeatedly, forever.
fn caller(to: Pid) -> impl FnMut(&mut Context<'_>) -> Outcome + Send {
    move |context| {
        while context.receive().is_some() {}
        context.request(to, 1, int(1)).unwrap();
        WAIT
    }
}

#[test]
fn ping_and_pong_do_not_starve_a_third() {
    let first = |context: &mut Context<'_>| {
        let echo = spawn(context, echo);
        spawn(context, caller(echo));
        let mut turns = 0;
        spawn(context, move |context: &mut Context<'_>| {
            turns += 1;
            if turns == 100 {
                context.exit_group(7);
            }
            Outcome::Ready
        });
        DONE
    };
    assert_eq!(kernel(1).start(Box::new(first), named("first")).wait(), 7);
}

#[test]
fn two_workers_run_two_processes_at_once() {
    let present = Arc::new(AtomicU64::new(0));
    let first = move |context: &mut Context<'_>| {
        for _ in 0..2 {
            let (present, mut here) = (present.clone(), false);
            spawn(context, move |context: &mut Context<'_>| {
                if !here {
                    here = true;
                    present.fetch_add(1, SeqCst);
                }
                // Keeps its worker until the other process has begun.
                while present.load(SeqCst) < 2 && !context.should_yield() {
                    std::thread::yield_now();
                }
                DONE
            });
        }
        DONE
    };
    assert_eq!(kernel(2).start(Box::new(first), named("first")).wait(), 0);
}

#[test]
fn a_sender_that_runs_on_does_not_delay_the_receiver() {
    let (heard, inner) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let first = move |context: &mut Context<'_>| {
        let said = heard.clone();
        let other = spawn(context, move |context: &mut Context<'_>| {
            while context.receive().is_some() {
                said.store(true, SeqCst);
            }
            WAIT
        });
        inner.store(true, SeqCst);
        context.send(other, 64, int(1)).unwrap();
        while !heard.load(SeqCst) {
            assert!(!context.should_yield());
            std::hint::spin_loop();
        }
        context.exit_group(0);
        DONE
    };
    assert_eq!(kernel(2).start(Box::new(first), named("first")).wait(), 0);
}

#[test]
fn many_pairs_on_several_workers_lose_nothing() {
    const PAIRS: u64 = 20;
    const CALLS: u64 = 2_000;
    let answered = Arc::new(AtomicU64::new(0));
    let inner = answered.clone();
    let first = move |context: &mut Context<'_>| {
        for _ in 0..PAIRS {
            let echo = spawn(context, echo);
            let (answered, mut left) = (inner.clone(), CALLS);
            spawn(context, move |context: &mut Context<'_>| {
                while let Some(message) = context.receive() {
                    if let MessageKind::Reply { result, .. } = message.kind {
                        assert!(result.is_ok());
                        if answered.fetch_add(1, SeqCst) + 1 == PAIRS * CALLS {
                            context.exit_group(0);
                        }
                    }
                }
                if left > 0 {
                    left -= 1;
                    context.request(echo, 1, int(1)).unwrap();
                }
                WAIT
            });
        }
        DONE
    };
    for workers in [1, 2, 4] {
        answered.store(0, SeqCst);
        let program = kernel(workers);
        assert_eq!(program.start(Box::new(first.clone()), named("first")).wait(), 0);
        assert_eq!(answered.load(SeqCst), PAIRS * CALLS);
    }
}

#[test]
fn threads_wake_processes() {
    let (hand_out, wakers) = mpsc::channel();
    let rung = Arc::new(AtomicU64::new(0));
    let inner = rung.clone();
    let sleeper = move |context: &mut Context<'_>| {
        hand_out.send(context.waker()).unwrap();
        if inner.load(SeqCst) == 3 { DONE } else { WAIT }
    };
    let kernel = kernel(2);
    let program = kernel.start(Box::new(sleeper), named("sleeper"));
    let waker = wakers.recv().unwrap();
    for _ in 0..3 {
        rung.fetch_add(1, SeqCst);
        waker.wake();
    }
    assert_eq!(program.wait(), 0);
    waker.wake();
}

#[test]
fn a_deadline_wakes_a_process() {
    let sleeper = |context: &mut Context<'_>| {
        if context.now_us() >= 20_000 { DONE } else { Outcome::Wait { until_us: Some(20_000) } }
    };
    let kernel = kernel(2);
    assert_eq!(kernel.start(Box::new(sleeper), named("sleeper")).wait(), 0);
    assert!(kernel.clock().now_us() >= 20_000);
}

#[test]
fn deadlines_fire_in_order_and_can_move() {
    let log = Log::default();
    let mut simulation = Simulation::new(1);
    for (name, at_us) in [("c", 300), ("a", 100), ("b", 200)] {
        let inner = log.clone();
        let sleeper = move |context: &mut Context<'_>| {
            if context.now_us() < at_us {
                return Outcome::Wait { until_us: Some(at_us) };
            }
            inner.add(format!("{name} at {}", context.now_us()));
            DONE
        };
        simulation.handle().start(Box::new(sleeper), named(name));
    }
    // First sets a late deadline, then, when a message comes, an even later one: the first timer is
    // void.
    let inner = log.clone();
    let mut deadline_us = 150;
    let moved = move |context: &mut Context<'_>| {
        while context.receive().is_some() {
            deadline_us = 250;
        }
        if context.now_us() < deadline_us {
            return Outcome::Wait { until_us: Some(deadline_us) };
        }
        inner.add(format!("moved at {}", context.now_us()));
        DONE
    };
    let moved = simulation.handle().start(Box::new(moved), named("moved")).first();
    assert!(simulation.run_until(100, || log.lines().len() == 1));
    simulation.handle().send_external(moved, int(1)).unwrap();
    assert!(simulation.run_until_quiet(1_000));
    assert_eq!(log.lines(), ["a at 100", "b at 200", "moved at 250", "c at 300"]);
}

#[test]
fn other_processes_run_beside_long_work() {
    let kernel = kernel(1);
    for _ in 0..100 {
        let (ran, has_run) = mpsc::channel();
        let mut is_first = true;
        let long = move |context: &mut Context<'_>| {
            if !std::mem::take(&mut is_first) {
                return DONE;
            }
            // This process is in the slot of the worker when the long work begins, where no other worker can take it.
            let ran = ran.clone();
            let other = move |_: &mut Context<'_>| {
                ran.send(()).expect("the long work waits");
                DONE
            };
            context.spawn(Box::new(other), named("other")).unwrap();
            lucarne_kernel::before_long_work();
            lucarne_kernel::before_long_work();
            has_run.recv_timeout(PATIENCE).expect("another thread runs turns");
            // The next turn of this process runs on the thread that has taken over the worker.
            Outcome::Wait { until_us: Some(context.now_us() + 1) }
        };
        assert_eq!(kernel.start(Box::new(long), named("long")).wait(), 0);
    }
}

/// Starts eight processes whose only turn announces work, and then works until `is_enough` returns true. Its arguments
/// are the number of processes that have begun, and the largest number so far that were at work at the same time.
/// Returns that largest number.
fn most_at_work(announce: fn(), is_enough: fn(usize, usize) -> bool) -> usize {
    let kernel = kernel(2);
    let counts: Arc<[AtomicUsize; 3]> = Arc::default();
    let programs = (0..8).map(|_| {
        let counts = counts.clone();
        let work = move |_: &mut Context<'_>| {
            let [begun, at_work, most] = &*counts;
            begun.fetch_add(1, SeqCst);
            announce();
            most.fetch_max(at_work.fetch_add(1, SeqCst) + 1, SeqCst);
            while !is_enough(begun.load(SeqCst), most.load(SeqCst)) {
                std::thread::yield_now();
            }
            at_work.fetch_sub(1, SeqCst);
            DONE
        };
        kernel.start(Box::new(work), named("work"))
    });
    let programs: Vec<_> = programs.collect();
    programs.iter().for_each(|program| assert_eq!(program.wait(), 0));
    counts[2].load(SeqCst)
}

#[test]
fn long_work_is_done_on_as_many_threads_as_there_are_workers() {
    let most = most_at_work(lucarne_kernel::before_long_work, |begun, _| begun == 8);
    assert!((1..=2).contains(&most), "{most} at work at the same time");
}

#[test]
fn long_work_of_many_processes_leaves_the_workers_to_other_groups() {
    let kernel = kernel(1);
    let goes_on = Arc::new(AtomicBool::new(false));
    let (begun, announced) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (counts, releases) = ((begun.clone(), announced.clone()), goes_on.clone());
    let first = move |context: &mut Context<'_>| {
        for _ in 0..200 {
            let ((begun, announced), goes_on) = (counts.clone(), releases.clone());
            let long = move |_: &mut Context<'_>| {
                begun.fetch_add(1, SeqCst);
                lucarne_kernel::before_long_work();
                announced.fetch_add(1, SeqCst);
                while !goes_on.load(SeqCst) {
                    std::thread::yield_now();
                }
                DONE
            };
            context.spawn(Box::new(long), named("long")).unwrap();
        }
        DONE
    };
    let hogs = kernel.start(Box::new(first), named("first"));
    while announced.load(SeqCst) == 0 {
        std::thread::yield_now();
    }
    // The worker has nothing to do but to begin further turns of this group. It still runs other groups.
    for _ in 0..100 {
        let (ran, has_run) = mpsc::channel();
        let other = move |_: &mut Context<'_>| {
            ran.send(()).expect("the test waits");
            DONE
        };
        kernel.start(Box::new(other), named("other"));
        has_run.recv_timeout(PATIENCE).expect("the worker is not taken");
    }
    let begun_before = begun.load(SeqCst);
    assert!((2..200).contains(&begun_before) && announced.load(SeqCst) == 1, "{begun_before} have begun");
    goes_on.store(true, SeqCst);
    assert_eq!(hogs.wait(), 0);
    assert_eq!(announced.load(SeqCst), 200);
}

#[test]
fn waits_for_a_disk_do_not_wait_for_long_work() {
    assert_eq!(most_at_work(lucarne_kernel::before_waiting, |_, most| most == 8), 8);
}

#[test]
fn a_kernel_ends_while_a_turn_does_long_work() {
    let kernel = kernel(1);
    let (began, has_begun) = mpsc::channel();
    let long = move |context: &mut Context<'_>| {
        lucarne_kernel::before_long_work();
        began.send(()).expect("the test waits");
        while !context.should_yield() {
            std::thread::yield_now();
        }
        Outcome::Ready
    };
    kernel.start(Box::new(long), named("long"));
    has_begun.recv_timeout(PATIENCE).expect("the process has a turn");
    drop(kernel);
}
