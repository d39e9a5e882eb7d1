//! Measures service calls within one OS process and between two, to providers in Rust and in Toit.

use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lucarne::{Bytes, Connect, Container, Notifier, Resource, System};
use tokio::runtime::{Builder, Runtime};

use crate::measure::{self, batch_of, batches, row};
use crate::peer::{self, Peer};
use crate::{IN_FLIGHT, SIZES};

#[lucarne::service(uuid = "6a7d9e4e-3f1f-4d0b-9a55-0d8c8f6f6f01", version = "1.0")]
trait Bench {
    type Source: Source;
    #[index(0)]
    async fn echo(&self, number: i64) -> i64;
    #[index(1)]
    async fn length(&self, bytes: Bytes) -> i64;
    #[index(2)]
    async fn source(&self) -> Resource<Self::Source>;
}

#[lucarne::resource(notifies = i64)]
trait Source {
    #[index(3)]
    async fn flood(&self, count: i64);
}

/// Declares the methods of the Toit provider.
#[allow(dead_code)] // Its provider is not in Rust.
#[lucarne::service(uuid = "6a7d9e4e-3f1f-4d0b-9a55-0d8c8f6f6f02", version = "1.0")]
trait ToitBench {
    #[index(0)]
    async fn echo(&self, number: i64) -> i64;
    #[index(1)]
    async fn length(&self, bytes: Bytes) -> i64;
}

struct Answering;
struct Flooding(Notifier<i64>);

impl Bench for Answering {
    type Source = Flooding;

    async fn echo(&self, number: i64) -> i64 {
        number
    }

    async fn length(&self, bytes: Bytes) -> i64 {
        bytes.len() as i64
    }

    async fn source(&self) -> Resource<Flooding> {
        Flooding::resource(Flooding)
    }
}

impl Source for Flooding {
    async fn flood(&self, count: i64) {
        for number in 0..count {
            if self.0.send(number).await.is_err() {
                return;
            }
        }
    }
}

pub fn in_one_process() {
    let system = System::new();
    let provider = system.container("provider");
    let _provider = provide(&provider);
    start_toit(&system);
    let container = system.container("client");
    rows(&container);
    let client = BenchClient::open(&container).wait().expect("a provider");
    let count = batch_of(8);
    batches("int, a task of the container", count, || {
        let (client, (done, is_done)) = (client.clone(), mpsc::channel());
        container.spawn(async move {
            for number in 0..count as i64 {
                assert_eq!(client.echo(number).await, Ok(number));
            }
            let _ = done.send(());
        });
        is_done.recv().expect("a task");
    });
}

pub fn in_two_processes() {
    let peer = Peer::start("system");
    let socket = peer.socket.try_clone().expect("a socket");
    let container = Container::connect_to("client", socket).wait().expect("a system");
    rows(&container);
    let client = BenchClient::open(&container).wait().expect("a provider");
    let count = batch_of(8);
    batches("int, run", count, || {
        container.run(async {
            for number in 0..count as i64 {
                assert_eq!(client.echo(number).await, Ok(number));
            }
        });
    });
    batches("int, run, 64 in flight", 10 * IN_FLIGHT, || {
        container.run(async {
            for _ in 0..10 {
                join_all((0..IN_FLIGHT as i64).map(|number| client.echo(number))).await;
            }
        });
    });
    drop(client);
    until_noticed();
}

/// Measures the rows that are printed both for a provider in this OS process and for one in another.
fn rows(container: &Container) {
    let client = BenchClient::open(container).wait().expect("a provider");
    row("int, wait", batch_of(8), || assert_eq!(client.echo(7).wait(), Ok(7)));
    for (name, size) in &SIZES[1..] {
        let bytes = Bytes::from(vec![1; *size]);
        row(&format!("{name}, wait"), batch_of(*size), || {
            assert_eq!(client.length(bytes.clone()).wait(), Ok(*size as i64));
        });
    }
    let sealed = Bytes::sealed(&vec![1; 1 << 20]).expect("a sealed file");
    row("1 MiB sealed once, wait", batch_of(8), || {
        assert_eq!(client.length(sealed.clone()).wait(), Ok(1 << 20));
    });
    let runtime = runtime();
    let count = batch_of(8);
    batches("int, tokio", count, || {
        runtime.block_on(async {
            for number in 0..count as i64 {
                assert_eq!(client.echo(number).await, Ok(number));
            }
        });
    });
    batches("int, tokio, 64 in flight", 10 * IN_FLIGHT, || {
        runtime.block_on(async {
            for _ in 0..10 {
                join_all((0..IN_FLIGHT as i64).map(|number| client.echo(number))).await;
            }
        });
    });
    notifications(&client, 1);
    notifications(&client, 3);
    let toit = ToitBenchClient::open(container).wait().expect("a provider");
    row("int, wait, provider in Toit", batch_of(8), || assert_eq!(toit.echo(7).wait(), Ok(7)));
    let bytes = Bytes::from(vec![1; 1 << 20]);
    row("1 MiB, wait, provider in Toit", batch_of(1 << 20), || {
        assert_eq!(toit.length(bytes.clone()).wait(), Ok(1 << 20));
    });
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

fn notifications(client: &BenchClient, receivers: usize) {
    const COUNT: usize = 1000;
    let sources: Vec<_> = (0..receivers).map(|_| client.source().wait().expect("a source")).collect();
    let mut streams: Vec<_> = sources.iter().map(SourceProxy::notifications).collect();
    batches(&format!("notification, {receivers} receivers, wait"), COUNT, || {
        let floods: Vec<_> = sources.iter().map(|source| source.flood(COUNT as i64)).collect();
        let flooding = std::thread::scope(|scope| {
            let threads: Vec<_> = floods.into_iter().map(|flood| scope.spawn(|| flood.wait())).collect();
            for number in 0..COUNT as i64 {
                for stream in &mut streams {
                    assert_eq!(stream.next().wait(), Some(Ok(number)));
                }
            }
            threads.into_iter().map(|thread| thread.join()).filter(Result::is_ok).count()
        });
        assert_eq!(flooding, receivers);
    });
}

fn provide(container: &Container) -> lucarne::Provider {
    let provider = container.provider("bench/rust", "1.0").handle(BenchHandler::new(Answering));
    provider.install().wait().expect("installed")
}

fn start_toit(system: &System) {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/src/provider.toit");
    system.run(program, &[]).expect("a program");
}

/// Runs a system with the providers, for the one container in the process at the other end of `socket`.
pub fn listen(socket: UnixStream) {
    let system = System::new();
    let container = system.container("provider");
    let _provider = provide(&container);
    start_toit(&system);
    let program = system.adopt("bench", socket).expect("a container");
    program.wait();
}

/// Measures the time from SIGKILL until a waiting caller learns of it.
fn until_noticed() {
    let mut times: Vec<_> = (0..50)
        .map(|_| {
            let system = System::new();
            let (mut child, _program) = system.spawn("silent", peer::command("silent")).expect("a container");
            let client = NeverClient::open(&system.container("client"));
            let client = client.within(Duration::from_secs(10)).wait().expect("a provider");
            let call = std::thread::spawn(move || {
                let result = client.answer().wait();
                assert!(result.is_err());
                Instant::now()
            });
            std::thread::sleep(Duration::from_millis(20));
            let begin = Instant::now();
            child.kill().expect("a process");
            let noticed = call.join().expect("an answer").duration_since(begin);
            child.wait().expect("a process");
            noticed.as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    measure::print("from SIGKILL of a provider to the caller's error", times[0], times[times.len() / 2]);
}

#[lucarne::service(uuid = "6a7d9e4e-3f1f-4d0b-9a55-0d8c8f6f6f03", version = "1.0")]
trait Never {
    #[index(0)]
    async fn answer(&self) -> i64;
}

struct Silent;

impl Never for Silent {
    async fn answer(&self) -> i64 {
        std::future::pending().await
    }
}

/// Runs a provider that never answers.
pub fn be_silent(_: UnixStream) {
    let container = Container::connect_by_environment().wait().expect("a system");
    let provider = container.provider("bench/silent", "1.0").handle(NeverHandler::new(Silent));
    let _provider = provider.install().wait().expect("installed");
    std::thread::park();
}
