//! What a call costs between two OS processes: the provider in the listening one, the caller in the other.
//!
//! ```sh
//! cargo bench -p lucarne-link --bench remote
//! taskset -c 0 cargo bench -p lucarne-link --bench remote
//! ```
//!
//! Best of several runs each. The references are two OS processes that ring each other's eventfd, blocking, and
//! the same from stock tokio.
#![allow(clippy::print_stdout, reason = "it prints its results")]

use std::future::poll_fn;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::task::Poll;
use std::time::{Duration, Instant};

use lucarne_kernel::{Kernel, KernelOptions, SpawnOptions};
use lucarne_link::{Connect, Connections};
use lucarne_services::{
    Call, CallError, Client, Container, Handler, Pending, Presence, Selector, ServiceManager, Thrown, Value,
    uuid,
};

const ECHO: Selector = Selector::new(uuid!("7a3f6a80-6f8f-4f3e-9c0c-0a51a7e3b0de"), 1, 0);

struct Echo;

impl Handler for Echo {
    async fn handle(&self, _call: &Call, _index: u32, arguments: Value) -> Result<Value, Thrown> {
        Ok(arguments)
    }
}

/// How often each measurement is taken.
const ROUNDS: usize = 7;

fn main() {
    if std::env::var_os(lucarne_link::SOCKET_VARIABLE).is_some() {
        return call();
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = Kernel::new(KernelOptions { workers: processors, hooks: Default::default() });
    let manager =
        kernel.start_system(Box::new(ServiceManager::new(Presence::default())), SpawnOptions::default());
    kernel.set_system_process(manager);
    let house = Container::start(&kernel, "house");
    let provider = house.provider("bench/echo", "1.0").provides(ECHO, Echo).install();
    provider.wait().expect("installed");
    let connections = Connections::new(&kernel).expect("descriptors");
    println!("{processors} processors");
    let mut caller = Command::new(std::env::current_exe().expect("this program"));
    caller.stdin(Stdio::null()).args(std::env::args().skip(1));
    let (mut child, _) = connections.spawn("caller", caller).expect("it connects");
    child.wait().expect("it ends");
}

/// The other OS process.
fn call() {
    let container = Container::connect_by_environment().wait().expect("let in");
    let client = Client::open(&container, ECHO).wait().expect("opened");
    let echo = |number: i64| client.invoke(0, Value::from(number));

    report("an int, by wait", 20_000, |count| {
        for number in 0..count {
            assert_eq!(echo(number).wait(), Ok(Value::from(number)));
        }
    });
    report("an int, by run", 20_000, |count| {
        container.run(async {
            for number in 0..count {
                assert_eq!(echo(number).await, Ok(Value::from(number)));
            }
        });
    });
    let text = Value::from("x".repeat(1024));
    report("1 KiB, by wait", 10_000, |count| {
        for _ in 0..count {
            assert!(client.invoke(0, text.clone()).wait().is_ok());
        }
    });
    report("one of 64 in flight, by run", 50_000, |count| container.run(in_flight(&client, count)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    report("an int, from stock tokio", 10_000, |count| {
        runtime.block_on(async {
            for number in 0..count {
                assert_eq!(echo(number).await, Ok(Value::from(number)));
            }
        });
    });
    report("one of 64 in flight, from stock tokio", 50_000, |count| {
        runtime.block_on(in_flight(&client, count));
    });
    let two = Pair::start();
    report("reference: eventfd, blocking", 10_000, |count| two.ping_pong(count));
    report("reference: eventfd, from stock tokio", 10_000, |count| {
        runtime.block_on(two.ping_pong_async(count));
    });
}

/// Makes so many calls, 64 at a time.
async fn in_flight(client: &Client, count: i64) {
    let echo = |number: i64| client.invoke(0, Value::from(number));
    let mut made = 64.min(count);
    let mut calls: Vec<Pending<Value, CallError>> = (0..made).map(echo).collect();
    let mut done = 0;
    poll_fn(|polled| {
        for call in &mut calls {
            while done < count && Pin::new(&mut *call).poll(polled).is_ready() {
                done += 1;
                made += 1;
                *call = echo(made);
            }
        }
        if done < count { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

/// The shortest time that each of `count` took, in microseconds.
fn best(count: i64, run: impl Fn(i64)) -> f64 {
    run(count / 10);
    let times = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        run(count);
        start.elapsed()
    });
    times.min().map_or(Duration::ZERO, |time| time).as_secs_f64() * 1e6 / count as f64
}

/// Measures, if the arguments name it or nothing, and prints.
fn report(what: &str, count: i64, run: impl Fn(i64)) {
    let mut wanted = std::env::args().skip(1).filter(|wanted| !wanted.starts_with('-')).peekable();
    if wanted.peek().is_some() && !wanted.any(|wanted| what.contains(&wanted)) {
        return;
    }
    let micros = best(count, run);
    println!("{what:40} {micros:8.2} µs {:10.0} / s", 1e6 / micros);
}

/// Two threads with an eventfd each: waking one costs what waking a process does.
struct Pair {
    there: OwnedFd,
    back: OwnedFd,
}

impl Pair {
    fn start() -> Pair {
        let bell = || rustix::event::eventfd(0, rustix::event::EventfdFlags::CLOEXEC).expect("a descriptor");
        let pair = Pair { there: bell(), back: bell() };
        let (heard, answer) = (pair.there.try_clone().unwrap(), pair.back.try_clone().unwrap());
        std::thread::spawn(move || {
            loop {
                wait(&heard);
                ring(&answer);
            }
        });
        pair
    }

    fn ping_pong(&self, count: i64) {
        for _ in 0..count {
            ring(&self.there);
            wait(&self.back);
        }
    }

    async fn ping_pong_async(&self, count: i64) {
        let back = tokio::io::unix::AsyncFd::register(self.back.as_fd()).expect("a descriptor");
        for _ in 0..count {
            ring(&self.there);
            let mut ready = back.readable().await.expect("it is there");
            wait(&self.back);
            ready.clear_ready();
        }
    }
}

fn ring(bell: &OwnedFd) {
    rustix::io::write(bell, &1_u64.to_ne_bytes()).expect("there is room");
}

fn wait(bell: &OwnedFd) {
    rustix::io::read(bell, &mut [0; 8]).expect("it rings");
}
