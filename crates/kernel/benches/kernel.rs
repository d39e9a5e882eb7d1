//! Measures the cost of the kernel alone: `cargo bench -p lucarne-kernel`.
//!
//! Each line is the best of several runs, per operation. The round trips are between native
//! processes that do nothing else; additional time in a call between two guests is the guests' own
//! work. Run it under `taskset -c 0` to measure one core.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use lucarne_kernel::{Context, Exit, Kernel, KernelOptions, MessageKind, Outcome, Pid, SpawnOptions};
use lucarne_message::{Buffer, Encoder, Payload, Sink};

const RUNS: usize = 5;

fn main() {
    // `cargo test` runs benches too, to check that they work.
    let short = !std::env::args().any(|argument| argument == "--bench");
    let scale = if short { 1 } else { 100 };
    for workers in [1, 2] {
        println!("{workers} worker(s)");
        report("round trip, an int", workers, 2_000 * scale, |n| calls(n, 0));
        report("round trip, 1 KiB", workers, 2_000 * scale, |n| calls(n, 1 << 10));
        report("round trip, 1 MiB handed over", workers, 100 * scale, |n| calls(n, 1 << 20));
        report("round trip, 20 pairs at once", workers, 20 * 100 * scale, pairs);
        report("notification", workers, 2_000 * scale, notifications);
        report("spawn to end", workers, 500 * scale, spawns);
    }
    if let Some(bytes) = idle_process_bytes() {
        println!("an idle process, with one answered call behind it: {bytes} bytes");
    }
}

/// Returns the bytes that the kernel keeps for a waiting process, measured as the resident memory
/// of many. Linux only.
fn idle_process_bytes() -> Option<u64> {
    const COUNT: u64 = 10_000;
    let kernel = Kernel::new(KernelOptions { workers: 1, hooks: Default::default() });
    let resident = || {
        let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
        Some(pages.split(' ').nth(1)?.parse::<u64>().ok()? * 4_096)
    };
    let before = resident()?;
    let echo = kernel.start_system(Box::new(run_echo), SpawnOptions::named("echo"));
    let (done, all_done) = std::sync::mpsc::channel();
    for _ in 0..COUNT {
        let (mut asked, done) = (false, done.clone());
        let waiting = move |context: &mut Context<'_>| {
            if !std::mem::replace(&mut asked, true) {
                context.request(echo, 1, argument(0)).expect("the echo is there");
            }
            while context.receive().is_some() {
                done.send(()).expect("the receiver counts");
            }
            Outcome::Wait { until_us: None }
        };
        kernel.start(Box::new(waiting), SpawnOptions::default());
    }
    all_done.iter().take(COUNT as usize).for_each(drop);
    Some((resident()? - before) / COUNT)
}

/// Prints the best time of one operation.
fn report(what: &str, workers: usize, count: u64, workload: impl Fn(u64) -> Workload) {
    let mut best = f64::INFINITY;
    let mut check = 0;
    for _ in 0..RUNS {
        let kernel = Kernel::new(KernelOptions { workers, hooks: Default::default() });
        let Workload { first, done } = workload(count);
        let start = Instant::now();
        assert_eq!(kernel.start(first, SpawnOptions::named(what)).wait(), 0);
        best = best.min(start.elapsed().as_secs_f64());
        check = done.load(Ordering::Relaxed);
    }
    assert_eq!(check, count, "{what}: some of the work was not done");
    println!("  {what:<32} {:>8.3} µs", best * 1e6 / count as f64);
}

struct Workload {
    first: Box<dyn lucarne_kernel::Process>,
    done: Arc<AtomicU64>,
}

fn spawn(context: &mut Context<'_>, name: &str, process: impl lucarne_kernel::Process + 'static) -> Pid {
    context.spawn(Box::new(process), SpawnOptions::named(name)).expect("the own group")
}

fn argument(size: usize) -> Payload {
    let mut encoder = Encoder::new();
    match size {
        0 => encoder.int(42),
        1..=32_656 => encoder.bytes(&vec![7; size]),
        _ => encoder.buffer(Buffer::zeroed(size).expect("memory")),
    }
    .expect("one value");
    encoder.finish().expect("one value")
}

/// Returns a client that calls an echo, one call at a time.
fn calls(count: u64, size: usize) -> Workload {
    let done = Arc::new(AtomicU64::new(0));
    let counter = done.clone();
    let mut echo = None;
    let mut next = Some(argument(size));
    let first = move |context: &mut Context<'_>| {
        let to = *echo.get_or_insert_with(|| spawn(context, "echo", run_echo));
        while let Some(message) = context.receive() {
            if let MessageKind::Reply { result, .. } = message.kind {
                next = Some(result.expect("the echo answers"));
                if counter.fetch_add(1, Ordering::Relaxed) + 1 == count {
                    context.exit_group(0);
                    return Outcome::Exit(Exit::Done);
                }
            }
        }
        if let Some(payload) = next.take() {
            context.request(to, 1, payload).expect("the echo is there");
        }
        Outcome::Wait { until_us: None }
    };
    Workload { first: Box::new(first), done }
}

/// Starts twenty clients with an echo each.
fn pairs(count: u64) -> Workload {
    let done = Arc::new(AtomicU64::new(0));
    let counter = done.clone();
    let first = move |context: &mut Context<'_>| {
        for _ in 0..20 {
            let echo = spawn(context, "echo", run_echo);
            let (counter, mut left) = (counter.clone(), count / 20);
            spawn(context, "client", move |context: &mut Context<'_>| {
                while context.receive().is_some() {
                    if counter.fetch_add(1, Ordering::Relaxed) + 1 == count {
                        context.exit_group(0);
                    }
                }
                if left > 0 {
                    left -= 1;
                    context.request(echo, 1, argument(0)).expect("the echo is there");
                }
                Outcome::Wait { until_us: None }
            });
        }
        Outcome::Exit(Exit::Done)
    };
    Workload { first: Box::new(first), done }
}

fn run_echo(context: &mut Context<'_>) -> Outcome {
    while let Some(message) = context.receive() {
        if let MessageKind::Request { token, payload, .. } = message.kind {
            context.reply(token, Ok(payload));
        }
    }
    Outcome::Wait { until_us: None }
}

/// Returns a process that notifies another one as fast as it accepts notifications.
fn notifications(count: u64) -> Workload {
    let done = Arc::new(AtomicU64::new(0));
    let counter = done.clone();
    let mut proxy = None;
    let mut sent = 0;
    let first = move |context: &mut Context<'_>| {
        let to = *proxy.get_or_insert_with(|| {
            let counter = counter.clone();
            spawn(context, "proxy", move |context: &mut Context<'_>| {
                while let Some(message) = context.receive() {
                    black_box(&message);
                    counter.fetch_add(1, Ordering::Relaxed);
                }
                if counter.load(Ordering::Relaxed) == count {
                    return Outcome::Exit(Exit::Done);
                }
                Outcome::Wait { until_us: None }
            })
        });
        while context.receive().is_some() {}
        while sent < count {
            if context.notify(to, 1, 1, argument(0)).is_err() {
                return Outcome::Wait { until_us: None };
            }
            sent += 1;
        }
        Outcome::Exit(Exit::Done)
    };
    Workload { first: Box::new(first), done }
}

/// Returns a process that starts others, each when the one before has ended.
fn spawns(count: u64) -> Workload {
    let done = Arc::new(AtomicU64::new(0));
    let counter = done.clone();
    let mut started = 0;
    let first = move |context: &mut Context<'_>| {
        while context.receive().is_some() {}
        if counter.load(Ordering::Relaxed) == count {
            return Outcome::Exit(Exit::Done);
        }
        if started == counter.load(Ordering::Relaxed) {
            started += 1;
            let counter = counter.clone();
            let pid = spawn(context, "short", move |_: &mut Context<'_>| {
                counter.fetch_add(1, Ordering::Relaxed);
                Outcome::Exit(Exit::Done)
            });
            context.watch(pid);
        }
        Outcome::Wait { until_us: None }
    };
    Workload { first: Box::new(first), done }
}
