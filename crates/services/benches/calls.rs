//! Measures the duration of a call between containers in Rust: `cargo bench -p lucarne-services`.
//!
//! Each line shows the time per call in the fastest of several runs. The provider and the client are written without
//! the macros, but do the same as generated code. Each call sends one `i64`, or one `Bytes`, in each direction. For
//! comparison, the first line measures calls between two `tokio` tasks that share a thread. Run the benchmark under
//! `taskset -c 0` to measure on one core. Words after `--` select the lines that contain one of them.
#![allow(clippy::print_stdout)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lucarne_kernel::{Kernel, KernelOptions};
use lucarne_services::{
    Arguments, Bytes, Call, CallError, Client, Container, Payload, Presence, Selector, Serve, ServiceManager,
    Thrown, uuid,
};
use tokio::sync::{mpsc, oneshot};

const RUNS: usize = 7;

const NEXT: Selector = Selector::new(uuid!("8f4b3e0c-5c0e-4e0b-9d38-5f0c2b1a7e61"), 1, 0);

/// Answers method 0 with its argument plus 1, and method 1 with the bytes of its argument.
struct Next;

impl Serve for Next {
    async fn serve(&self, call: &Call, index: u32, arguments: Arguments) -> Result<Payload, Thrown> {
        match index {
            0 => call.answer(&(arguments.single::<i64>()? + 1)),
            1 => call.answer(&arguments.single::<Bytes>()?),
            index => Err(call.no_such_method(index)),
        }
    }
}

fn main() {
    // `cargo test` also runs the benchmarks, without `--bench`: then a few calls are enough.
    let short = !std::env::args().any(|argument| argument == "--bench");
    let scale = if short { 1 } else { 100 };
    report("tokio, mpsc and oneshot", 2_000 * scale, tokio_calls);
    for workers in [1, 2] {
        println!("{workers} worker(s)");
        report("1 task calls", 2_000 * scale, |count| tasks(workers, 1, count, next));
        report("a task calls with 1 MiB", 200 * scale, |count| tasks(workers, 1, count, large));
        report("64 tasks call", 64 * 40 * scale, |count| tasks(workers, 64, count, next));
        report("a thread calls and waits", 200 * scale, |count| threads(workers, 1, count));
        report("2 threads call and wait", 200 * scale, |count| threads(workers, 2, count));
    }
}

/// Measures a line and prints its time per call, unless the words on the command line select other lines.
fn report(what: &str, count: u64, run: impl Fn(u64) -> Duration) {
    let mut words = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    if words.peek().is_some() && !words.any(|word| what.contains(&word)) {
        return;
    }
    let best = (0..RUNS).map(|_| run(count)).min().expect("there are runs");
    println!("  {what:<32} {:>8.3} µs", best.as_secs_f64() * 1e6 / count as f64);
}

fn tokio_calls(count: u64) -> Duration {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let (requests, mut inbox) = mpsc::channel::<(i64, oneshot::Sender<i64>)>(64);
        tokio::spawn(async move {
            while let Some((number, answer)) = inbox.recv().await {
                answer.send(number + 1).expect("the receiver waits");
            }
        });
        let client = tokio::spawn(async move {
            let start = Instant::now();
            for number in 0..count as i64 {
                let (answer, answered) = oneshot::channel();
                requests.send((number, answer)).await.expect("the receiver listens");
                assert_eq!(answered.await, Ok(number + 1));
            }
            start.elapsed()
        });
        client.await.expect("no panic")
    })
}

/// A kernel with a provider and a client, each in a container of its own.
struct House {
    client: Client,
    guest: Container,
    /// Kept until the end of the measurement: dropping the kernel ends the containers.
    _kernel: Kernel,
}

fn house(workers: usize) -> House {
    let kernel = Kernel::new(KernelOptions { workers, hooks: Default::default() });
    let manager = kernel.start_system(Box::new(ServiceManager::new(Presence::default())), Default::default());
    kernel.set_system_process(manager);
    let house = Container::start(&kernel, "house");
    house.provider("bench/next", "1.0").provides(NEXT, Next).install().wait().expect("installed");
    let guest = Container::start(&kernel, "guest");
    let client = Client::open(&guest, NEXT).wait().expect("the house provides it");
    House { client, guest, _kernel: kernel }
}

/// Makes `count` calls, one after the other.
async fn next(client: Client, count: u64) {
    for number in 0..count as i64 {
        assert_eq!(client.call::<i64, CallError>(0, &number).await, Ok(number + 1));
    }
}

/// Makes `count` calls with 1 MiB in each direction. The bytes are not copied.
async fn large(client: Client, count: u64) {
    let mut bytes = Bytes::from(vec![7; 1 << 20]);
    for _ in 0..count {
        bytes = client.call::<Bytes, CallError>(1, &bytes).await.expect("the provider returns the bytes");
    }
    assert_eq!(bytes.len(), 1 << 20);
}

/// Measures calls from several tasks of one container to a provider in another container. Each task makes its part of
/// the `count` calls.
fn tasks<W>(workers: usize, tasks: u64, count: u64, work: fn(Client, u64) -> W) -> Duration
where
    W: Future<Output = ()> + Send + 'static,
{
    let House { client, guest, _kernel } = house(workers);
    let (done, all_done) = std::sync::mpsc::channel();
    let left = Arc::new(AtomicU64::new(tasks));
    let start = Instant::now();
    for _ in 0..tasks {
        let (client, done, left) = (client.clone(), done.clone(), left.clone());
        guest.spawn(async move {
            work(client, count / tasks).await;
            if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                done.send(Instant::now()).expect("the receiver waits");
            }
        });
    }
    all_done.recv().expect("the tasks end") - start
}

/// Measures calls from threads that do not belong to the kernel. Each thread waits for each answer.
fn threads(workers: usize, threads: u64, count: u64) -> Duration {
    let House { client, guest: _guest, _kernel } = house(workers);
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for number in 0..(count / threads) as i64 {
                    assert_eq!(client.call::<i64, CallError>(0, &number).wait(), Ok(number + 1));
                }
            });
        }
    });
    start.elapsed()
}
