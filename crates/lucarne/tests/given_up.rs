//! Calls that are given up at about the time of their answer leave nothing open at the provider, and lose nothing.
#![cfg(feature = "link")]

use std::future::poll_fn;
use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use lucarne::network::interface::{ConnectionProxy, NetworkClient, SocketProxy};
use lucarne::network::{Weather, addresses};
use lucarne::prelude::*;
use lucarne::{CallError, CapturedOutput};
use lucarne_kernel::{Faults, Step};

#[lucarne::service(uuid = "7a1e5b3c-52c8-4a55-9d0c-0d3f2b6c8e11", version = "1.0")]
trait Counter {
    type Number: Number;
    #[index(0)]
    async fn draw(&self) -> Resource<Self::Number>;
    /// Gives a number to the caller and then fails, so that the caller does not get its handle.
    #[index(2)]
    async fn lose(&self, call: &Call) -> Result<(), Thrown>;
}

#[lucarne::resource]
trait Number {
    #[index(1)]
    async fn value(&self) -> i64;
}

struct Office(Arc<AtomicUsize>);

/// A number that counts while it is open.
struct Drawn(Arc<AtomicUsize>);

impl Counter for Office {
    type Number = Drawn;

    async fn draw(&self) -> Resource<Drawn> {
        self.0.fetch_add(1, SeqCst);
        Drawn(self.0.clone()).resource()
    }

    async fn lose(&self, call: &Call) -> Result<(), Thrown> {
        call.give(self.draw().await)?;
        Err(Thrown::new("lost"))
    }
}

impl Number for Drawn {
    async fn value(&self) -> i64 {
        1
    }
}

impl Drop for Drawn {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

/// Waits until nothing is open any more.
fn wait_for_none(open: &AtomicUsize) {
    let until = Instant::now() + Duration::from_secs(60);
    while open.load(SeqCst) > 0 {
        assert!(Instant::now() < until, "{} stay open", open.load(SeqCst));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn given_up_calls_leave_no_resource_open() {
    let system = System::new();
    let open = Arc::new(AtomicUsize::new(0));
    let house = system.container("house");
    let provider = house.provider("test/counter", "1.0").handle(CounterHandler::new(Office(open.clone())));
    let _provider = provider.install().wait().expect("the id is unique");
    let folder = std::env::temp_dir().join(format!("given-up-{}", std::process::id()));
    let _listener = system.listen(folder.join("socket")).expect("the folder can be made");
    let far = Container::connect(folder.join("socket")).wait().expect("it listens");
    for guest in [system.container("guest"), far] {
        let counter = CounterClient::open(&guest).wait().expect("the container is installed");
        for round in 0..5_000 {
            let drawn = counter.draw().within(Duration::from_micros(round % 60)).wait();
            drop(drawn);
            // Dropped before or after the answer has come.
            let mut pending = Box::pin(counter.draw());
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = Future::poll(pending.as_mut(), &mut context);
            if round % 2 == 0 {
                std::thread::yield_now();
            }
            drop(pending);
        }
        assert!(counter.lose().wait().is_err());
        wait_for_none(&open);
        // It still answers.
        let drawn = counter.draw().wait().expect("it is open");
        assert_eq!(open.load(SeqCst), 1);
        drop(drawn);
        wait_for_none(&open);
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// The number of bytes that a connection transports.
const STREAM_BYTES: usize = 200_000;

/// Returns the byte at a position of the stream. The period is a prime, so that a lost or doubled part is noticed.
fn byte_at(position: usize) -> u8 {
    (position % 251) as u8
}

/// Sends the stream to a client: in pieces of all sizes, at times with pauses.
fn send_stream(listener: &TcpListener) {
    let (mut stream, _) = listener.accept().expect("the client connects");
    stream.set_nodelay(true).expect("the option exists");
    let all: Vec<u8> = (0..STREAM_BYTES).map(byte_at).collect();
    let (mut left, mut size) = (&all[..], 1);
    while !left.is_empty() {
        let piece = left.split_off(..size.min(left.len())).expect("it is in the slice");
        stream.write_all(piece).expect("the client reads");
        size = size * 7 % 401 + 1;
        if size.is_multiple_of(3) {
            thread::sleep(Duration::from_micros(20));
        }
    }
}

/// The bytes that arrive, which are checked against the stream.
#[derive(Default)]
struct Arrived {
    count: usize,
    answers: usize,
}

impl Arrived {
    fn add(&mut self, data: &[u8]) {
        for byte in data {
            assert_eq!(*byte, byte_at(self.count), "at {} after {} reads", self.count, self.answers);
            self.count += 1;
        }
        self.answers += 1;
    }
}

/// Reads the stream, and gives most reads up: before the answer, at about its time, or after it.
fn read_with_patience(socket: &SocketProxy) -> Arrived {
    let mut arrived = Arrived::default();
    for round in 0_u64.. {
        match socket.read().within(Duration::from_micros(round % 60)).wait() {
            Ok(Some(data)) => arrived.add(&data),
            Ok(None) => return arrived,
            Err(CallError::Deadline) => {}
            Err(error) => panic!("{error}"),
        }
        let mut pending = Box::pin(socket.read());
        let mut context = Context::from_waker(Waker::noop());
        assert!(Future::poll(pending.as_mut(), &mut context).is_pending());
        for _ in 0..round % 30 {
            thread::yield_now();
        }
    }
    unreachable!("the connection ends")
}

#[test]
fn given_up_reads_lose_no_bytes() {
    let system = System::new();
    let folder = std::env::temp_dir().join(format!("given-up-reads-{}", std::process::id()));
    let _listener = system.listen(folder.join("socket")).expect("the folder can be made");
    let far = Container::connect(folder.join("socket")).wait().expect("it listens");
    for guest in [system.container("guest"), far] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let sender = thread::spawn(move || send_stream(&listener));
        let network = NetworkClient::open(&guest).wait().expect("the system has a network");
        let (connection, ..) = network.connect().wait().expect("it is there");
        let home = addresses::bytes([127, 0, 0, 1].into());
        let socket = connection.tcp_connect(home, port).wait().expect("the server listens");
        let arrived = read_with_patience(&socket);
        assert_eq!(arrived.count, STREAM_BYTES, "after {} reads", arrived.answers);
        sender.join().expect("it sends all");
    }
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn given_up_reads_lose_no_bytes_in_simulations() {
    (0..200).for_each(simulate_reads);
}

fn simulate_reads(seed: u64) {
    let builder = System::builder().output(Arc::new(CapturedOutput::default())).weather(Weather::FAIR);
    let mut system = builder.simulate(seed, Faults::default());
    let (server, client) = (system.container("server"), system.container("client"));
    let count = Arc::new(AtomicUsize::new(0));
    server.spawn({
        let server = server.clone();
        async move { drop(serve_stream(&server).await) }
    });
    client.spawn({
        let (client, count) = (client.clone(), count.clone());
        async move { count.store(read_stream(&client, seed).await.expect("it connects"), SeqCst) }
    });
    while system.simulation.step() != Step::Quiet {}
    assert_eq!(count.load(SeqCst), STREAM_BYTES / 100, "with seed {seed}");
    for container in [server, client] {
        container.kill();
    }
    while system.simulation.step() != Step::Quiet {}
    assert_eq!((system.network().open_sockets(), system.network().waiting_bytes()), (0, 0));
}

async fn connect(container: &Container) -> Result<ConnectionProxy, CallError> {
    let network = NetworkClient::open(container).await.map_err(|_| CallError::Gone)?;
    Ok(network.connect().await?.0)
}

async fn serve_stream(container: &Container) -> Result<(), CallError> {
    let listener = connect(container).await?.tcp_listen(80).await?;
    let socket = listener.tcp_accept().await?;
    let all: Vec<u8> = (0..STREAM_BYTES / 100).map(byte_at).collect();
    for piece in all.chunks(40) {
        socket.write(Bytes::copy_from_slice(piece)).await?;
        let _ = container.sleep(Duration::from_micros(150)).await;
    }
    socket.close().await
}

/// Returns the number of bytes.
async fn read_stream(container: &Container, seed: u64) -> Result<usize, CallError> {
    let connection = connect(container).await?;
    let _ = container.sleep(Duration::from_millis(5)).await;
    let socket = connection.tcp_connect(addresses::bytes([127, 0, 0, 1].into()), 80).await?;
    let (mut arrived, mut patience_us) = (Arrived::default(), seed);
    loop {
        give_up_late(&socket).await?;
        patience_us = (patience_us * 31 + 17) % 211;
        match socket.read().within(Duration::from_micros(patience_us)).await {
            Ok(Some(data)) => arrived.add(&data),
            Ok(None) => return Ok(arrived.count),
            Err(CallError::Deadline) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Gives a read up after the answer to a later call, so that its own answer, if there was something to read, has come.
async fn give_up_late(socket: &SocketProxy) -> Result<(), CallError> {
    let mut read = Box::pin(socket.read());
    let is_sent = poll_fn(|polled| Poll::Ready(read.as_mut().poll(polled).is_pending())).await;
    assert!(is_sent);
    socket.local_address().await?;
    drop(read);
    Ok(())
}
