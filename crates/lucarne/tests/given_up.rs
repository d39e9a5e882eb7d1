//! Calls that are given up at about the time of their answer leave nothing open at the provider, and lose nothing.
#![cfg(feature = "link")]

use std::future::poll_fn;
use std::io::Write;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use lucarne::network::interface::{ConnectionProxy, NetworkClient, SocketProxy};
use lucarne::network::{Weather, addresses};
use lucarne::prelude::*;
use lucarne::{CallError, CapturedOutput, Pending};
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
        give_up_late(socket.read(), &socket).await?;
        patience_us = (patience_us * 31 + 17) % 211;
        match socket.read().within(Duration::from_micros(patience_us)).await {
            Ok(Some(data)) => arrived.add(&data),
            Ok(None) => return Ok(arrived.count),
            Err(CallError::Deadline) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Gives a call up after the answer to a later call, so that its own answer, if there was one, has come.
async fn give_up_late<T>(call: Pending<T, CallError>, socket: &SocketProxy) -> Result<(), CallError> {
    let mut call = Box::pin(call);
    let is_sent = poll_fn(|polled| Poll::Ready(call.as_mut().poll(polled).is_pending())).await;
    assert!(is_sent);
    socket.local_address().await?;
    drop(call);
    Ok(())
}

/// The number of connections or datagrams in a test.
const COUNT: usize = 100;

/// Calls until there are so many answers, and gives most calls up: before the answer, at about its time, or after it.
fn answers_with_patience<T>(call: impl Fn() -> Pending<T, CallError>) -> Vec<T> {
    let (mut answers, until) = (Vec::new(), Instant::now() + Duration::from_secs(60));
    for round in 0_u64.. {
        assert!(Instant::now() < until, "only {} of {COUNT} arrive", answers.len());
        match call().within(Duration::from_micros(round % 60)).wait() {
            Ok(answer) => answers.push(answer),
            Err(CallError::Deadline) => {}
            Err(error) => panic!("{error}"),
        }
        if answers.len() == COUNT {
            break;
        }
        let mut pending = Box::pin(call());
        let mut context = Context::from_waker(Waker::noop());
        assert!(Future::poll(pending.as_mut(), &mut context).is_pending());
        for _ in 0..round % 30 {
            thread::yield_now();
        }
    }
    answers
}

#[test]
fn given_up_accepts_and_receives_lose_nothing() {
    let system = System::new();
    let folder = std::env::temp_dir().join(format!("given-up-accepts-{}", std::process::id()));
    let _listener = system.listen(folder.join("socket")).expect("the folder can be made");
    let far = Container::connect(folder.join("socket")).wait().expect("it listens");
    let home = || addresses::bytes([127, 0, 0, 1].into());
    for guest in [system.container("guest"), far] {
        let network = NetworkClient::open(&guest).wait().expect("the system has a network");
        let (connection, ..) = network.connect().wait().expect("it is there");
        let listener = connection.tcp_listen_at(home(), 0).wait().expect("a port is free");
        let port = listener.local_address().wait().expect("it is bound").1;
        let peers: Vec<TcpStream> = (0..COUNT)
            .map(|number| {
                let mut peer = TcpStream::connect(("127.0.0.1", port)).expect("there is room");
                peer.write_all(&[number as u8]).expect("there is room");
                peer
            })
            .collect();
        let sockets = answers_with_patience(|| listener.tcp_accept());
        let mut numbers: Vec<u8> = sockets
            .iter()
            .map(|socket| socket.read().wait().expect("it is connected").expect("a byte")[0])
            .collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..COUNT as u8), "each connection is accepted once");
        drop(peers);

        let receiver = connection.udp_open_at(home(), 0).wait().expect("a port is free");
        let port = receiver.local_address().wait().expect("it is bound").1;
        let sender = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
        let from = sender.local_addr().expect("it is bound").port();
        for number in 0..COUNT {
            sender.send_to(&[number as u8], ("127.0.0.1", port)).expect("there is room");
        }
        let received = answers_with_patience(|| receiver.udp_receive());
        for (number, datagram) in (0..).zip(received) {
            assert_eq!(datagram, (vec![number].into(), home(), from));
        }
    }
    let _ = std::fs::remove_dir_all(folder);
}

/// Runs the tasks of a server and a client in fair weather. Both must end, and leave nothing.
fn simulate<S, C>(
    seed: u64,
    server: impl FnOnce(Container) -> S + Send + 'static,
    client: impl FnOnce(Container) -> C + Send + 'static,
) where
    S: Future<Output = Result<(), CallError>> + Send + 'static,
    C: Future<Output = Result<(), CallError>> + Send + 'static,
{
    let builder = System::builder().output(Arc::new(CapturedOutput::default())).weather(Weather::FAIR);
    let mut system = builder.simulate(seed, Faults::default());
    let containers = [system.container("server"), system.container("client")];
    let ended = Arc::new(AtomicUsize::new(0));
    let (serving, visiting) = (server(containers[0].clone()), client(containers[1].clone()));
    let done = ended.clone();
    containers[0].spawn(async move {
        serving.await.expect("the server's calls succeed");
        done.fetch_add(1, SeqCst);
    });
    let done = ended.clone();
    containers[1].spawn(async move {
        visiting.await.expect("the client's calls succeed");
        done.fetch_add(1, SeqCst);
    });
    while system.simulation.step() != Step::Quiet {}
    assert_eq!(ended.load(SeqCst), 2, "with seed {seed}");
    containers.iter().for_each(Container::kill);
    while system.simulation.step() != Step::Quiet {}
    assert_eq!((system.network().open_sockets(), system.network().waiting_bytes()), (0, 0));
}

#[test]
fn given_up_accepts_and_receives_lose_nothing_in_simulations() {
    for seed in 0..50 {
        simulate(seed, accept_and_receive, connect_and_send);
    }
}

async fn accept_and_receive(server: Container) -> Result<(), CallError> {
    let connection = connect(&server).await?;
    let (listener, receiver) = (connection.tcp_listen(80).await?, connection.udp_open(Some(80)).await?);
    let mut numbers = Vec::new();
    while numbers.len() < COUNT {
        // By now there is something to be given up.
        let _ = server.sleep(Duration::from_millis(3)).await;
        give_up_late(listener.tcp_accept(), &listener).await?;
        let socket = listener.tcp_accept().await?;
        numbers.push(socket.read().await?.expect("a byte")[0]);
        give_up_late(receiver.udp_receive(), &receiver).await?;
        give_up_late(receiver.read(), &receiver).await?;
        assert_eq!(receiver.udp_receive().await?.0[..], numbers[numbers.len() - 1..]);
    }
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(0..COUNT as u8));
    Ok(())
}

async fn connect_and_send(client: Container) -> Result<(), CallError> {
    let connection = connect(&client).await?;
    let _ = client.sleep(Duration::from_millis(5)).await;
    let (home, sender) = (addresses::bytes([127, 0, 0, 1].into()), connection.udp_open(None).await?);
    for number in 0..COUNT {
        let data = Bytes::from(vec![number as u8]);
        let socket = connection.tcp_connect(home.clone(), 80).await?;
        socket.write(data.clone()).await?;
        sender.udp_send(data, home.clone(), 80).await?;
        // Neither of them overtakes the next one.
        let _ = client.sleep(Duration::from_millis(2)).await;
        drop(socket);
    }
    Ok(())
}

/// The bytes of an answer: as many as a read returns at most.
const ANSWER: usize = 64 << 10;

/// The number of such answers that are kept for a container: 16 MiB.
const ROOM: usize = 256;

/// The number of answers for which there is no room.
const BEYOND: usize = 20;

#[test]
fn the_oldest_answers_beyond_16_mib_are_not_returned() {
    simulate(0, give_all_up, send_answers);
}

async fn send_answers(client: Container) -> Result<(), CallError> {
    let connection = connect(&client).await?;
    let _ = client.sleep(Duration::from_millis(5)).await;
    let mut sockets = Vec::new();
    for _ in 0..ROOM + BEYOND {
        let socket = connection.tcp_connect(addresses::bytes([127, 0, 0, 1].into()), 80).await?;
        assert_eq!(socket.write(vec![7; ANSWER].into()).await?, ANSWER);
        sockets.push(socket);
    }
    // The server reads to the ends.
    for socket in sockets {
        socket.close().await?;
    }
    Ok(())
}

async fn give_all_up(server: Container) -> Result<(), CallError> {
    let listener = connect(&server).await?.tcp_listen(80).await?;
    let mut sockets = Vec::new();
    for _ in 0..ROOM + BEYOND {
        sockets.push(listener.tcp_accept().await?);
    }
    let _ = server.sleep(Duration::from_millis(5)).await;
    let mut reads: Vec<_> = sockets.iter().map(|socket| Box::pin(socket.read())).collect();
    for read in &mut reads {
        poll_fn(|polled| Poll::Ready(read.as_mut().poll(polled).is_pending())).await;
    }
    listener.local_address().await?;
    drop(reads);
    let mut sizes = Vec::new();
    for socket in sockets {
        sizes.push(socket.read().await?.map_or(0, |data| data.len()));
    }
    let (first, others) = sizes.split_at(BEYOND);
    assert!(first.iter().all(|size| *size == 0) && others.iter().all(|size| *size == ANSWER), "{sizes:?}");
    Ok(())
}
