//! Peers, names and clients that fail, on the network of the operating system. After each scene the test counts what is
//! left: descriptors, processes, messages, calls that wait, clients and sockets.

mod common;

use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::pin::Pin;
use std::process::Command;
use std::sync::mpsc::channel;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use common::{HANGS, connect, descriptors, localhost, text_of, wait_until};
use lucarne_host::System;
use lucarne_kernel::{Held, Pid};
use lucarne_providers::network::{Connection, Names, Socket, addresses};
use lucarne_services::{CallError, Container, Oversight, Pending, Surveyed};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use socket2::{Domain, SockRef, Type};

/// A deadline that passes in a scene.
const SOON: Duration = Duration::from_millis(20);

/// The number of names that a container looks up at once.
const LOOK_UPS: usize = 8;

/// The actions of a scene.
type Play = fn(&Scene<'_>);

/// All scenes. Each gets a container of its own, which is killed at its end.
const SCENES: &[(&str, Play)] = &[
    ("refused peers", refused_peers),
    ("reset peers", reset_peers),
    ("silent peers", silent_peers),
    ("peers that do not accept", peers_that_do_not_accept),
    ("names that do not resolve", names_that_do_not_resolve),
    ("names that resolve slowly", names_that_resolve_slowly),
    ("a client that is killed while its names resolve", killed_while_names_resolve),
    ("a client that is killed in the middle of transfers", killed_in_transfers),
];

/// A scene.
struct Scene<'s> {
    system: &'s System,
    names: &'s SlowNames,
    guest: Container,
    connection: Connection,
}

/// Names that are resolved when the test lets them go.
#[derive(Default)]
struct SlowNames {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    is_held: bool,
    /// The number of look-ups that wait.
    count: usize,
}

impl SlowNames {
    fn set_held(&self, is_held: bool) {
        self.state.lock().expect("no test panics here").is_held = is_held;
        self.changed.notify_all();
    }

    fn waiting(&self) -> usize {
        self.state.lock().expect("no test panics here").count
    }
}

impl Names for SlowNames {
    /// Knows the names that begin with `slow` and `quick`. Those that begin with `slow` wait while they are held.
    fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        if host.starts_with("slow") {
            let mut state = self.state.lock().expect("no test panics here");
            state.count += 1;
            state = self.changed.wait_while(state, |state| state.is_held).expect("no test panics here");
            state.count -= 1;
        } else if !host.starts_with("quick") {
            return Err(io::Error::from_raw_os_error(rustix::io::Errno::HOSTUNREACH.raw_os_error()));
        }
        Ok(vec![[127, 0, 0, 1].into()])
    }
}

/// The counts of what exists.
#[derive(Debug, PartialEq)]
struct Counts {
    descriptors: usize,
    processes: usize,
    held: Held,
    /// The clients of the network, and their resources.
    clients: Vec<(Pid, u64)>,
}

impl Counts {
    fn now(system: &System, oversight: &Oversight) -> Counts {
        let network = network_of(oversight).expect("the network is provided");
        let clients = network.clients.unwrap_or_default();
        Counts {
            descriptors: descriptors(),
            processes: system.kernel().process_count(),
            held: system.kernel().held(),
            clients: clients.iter().map(|client| (client.pid, client.resources)).collect(),
        }
    }
}

/// Returns the provider of the network, unless it has ended.
fn network_of(oversight: &Oversight) -> Option<Surveyed> {
    let (tell, told) = channel();
    oversight.surveys.ask(move |survey| drop(tell.send(survey)));
    let survey = told.recv_timeout(HANGS).expect("the service manager answers");
    survey.services.into_iter().find(|service| service.name == "system/network")
}

/// One test, since it counts the descriptors of the whole OS process.
#[test]
fn bad_weather_leaves_nothing() {
    if std::env::var_os(FEW).is_some() {
        return few_descriptors();
    }
    let at_start = descriptors();
    let (oversight, names) = (Oversight::default(), Arc::new(SlowNames::default()));
    let builder = System::builder().workers(2).oversight(oversight.clone()).names(names.clone());
    let system = builder.start();
    let play = |play: &dyn Fn(&Scene<'_>)| {
        let guest = system.container("guest");
        let connection = connect(&guest);
        let scene = Scene { system: &system, names: &names, guest, connection };
        play(&scene);
        scene.guest.kill();
    };
    // Starts the thread of the network.
    play(&|scene| drop(scene.connection.udp_open(None).wait().expect("a free port")));
    wait_until("the first client ends", || Counts::now(&system, &oversight).clients.is_empty());
    let before = Counts::now(&system, &oversight);
    for (name, scene) in SCENES {
        play(scene);
        wait_until(name, || Counts::now(&system, &oversight) == before);
    }
    drop(system);
    wait_until("the system closes its descriptors", || descriptors() == at_start);
    a_provider_is_killed_in_the_middle_of_transfers();
    wait_until("the system without a network closes its descriptors", || descriptors() == at_start);
    without_descriptors_calls_fail_one_by_one();
}

/// Sends a call, which is otherwise sent when it is waited for.
fn sent<T>(mut call: Pending<T, CallError>) -> Pending<T, CallError> {
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut call).poll(&mut context).is_pending());
    call
}

/// Returns a port of this machine at which nothing listens.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn refused_peers(scene: &Scene<'_>) {
    let (port, opened) = (free_port(), scene.connection.udp_open(None).wait());
    for _ in 0..100 {
        assert_eq!(text_of(scene.connection.tcp_connect(localhost(), port).wait()), "Connection refused");
    }
    let socket = opened.expect("a free port");
    let closed = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let port = closed.local_addr().expect("an address").port();
    socket.udp_connect(localhost(), port).wait().expect("it is an address");
    drop(closed);
    for _ in 0..100 {
        let receiving = sent(socket.udp_receive());
        socket.udp_send("hello?".into(), localhost(), port).wait().expect("it is sent");
        assert_eq!(text_of(receiving.wait()), "Connection refused");
    }
}

/// Returns a connection of the scene, and its peer.
fn pair(scene: &Scene<'_>, server: &TcpListener) -> (Socket, TcpStream) {
    let port = server.local_addr().expect("an address").port();
    let socket = scene.connection.tcp_connect(localhost(), port).wait().expect("the server listens");
    (socket, server.accept().expect("the client has connected").0)
}

/// Ends a connection with a reset.
fn reset(peer: &TcpStream) {
    SockRef::from(peer).set_linger(Some(Duration::ZERO)).expect("the option exists");
}

fn reset_peers(scene: &Scene<'_>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    for round in 0..50 {
        let (socket, peer) = pair(scene, &server);
        if round % 2 == 0 {
            fill(&socket);
        }
        let (reading, writing) = (sent(socket.read()), sent(socket.write("x".into())));
        reset(&peer);
        drop(peer);
        if round % 2 == 0 {
            let text = text_of(writing.wait());
            assert!(["Connection reset by peer", "Broken pipe", FITS].contains(&text.as_str()), "{text}");
        }
        // The operating system tells of a reset once, to the read or the write. Afterwards the connection has an end.
        let text = text_of(reading.wait());
        assert!(["Connection reset by peer", "Ok(None)"].contains(&text.as_str()), "{text}");
        assert_eq!(text_of(socket.write("x".into()).wait()), "Broken pipe");
    }
}

/// The result of a write that fits although the connection seemed to be full, which happens on a busy machine.
const FITS: &str = "Ok(1)";

/// Writes until there seems to be no more room.
fn fill(socket: &Socket) {
    while socket.write(vec![1; 1 << 20].into()).within(SOON).wait().is_ok() {}
}

fn assert_late<T: std::fmt::Debug>(call: Pending<T, CallError>) {
    assert!(matches!(call.within(SOON).wait(), Err(CallError::Deadline)));
}

fn silent_peers(scene: &Scene<'_>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (socket, mut peer) = pair(scene, &server);
    let listener = scene.connection.tcp_listen(0).wait().expect("a free port");
    let datagrams = scene.connection.udp_open(None).wait().expect("a free port");
    for _ in 0..5 {
        assert_late(socket.read());
        assert_late(listener.tcp_accept());
        assert_late(datagrams.udp_receive());
    }
    fill(&socket);
    // A peer that speaks again is heard.
    peer.write_all(b"back").expect("the client reads");
    assert_eq!(socket.read().wait(), Ok(Some("back".into())));
}

/// A listener with a full queue does not answer those that connect.
fn peers_that_do_not_accept(scene: &Scene<'_>) {
    let full = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).expect("a descriptor");
    full.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).expect("a free port");
    full.listen(1).expect("it is bound");
    let port = full.local_addr().expect("an address").as_socket().expect("an address of IP").port();
    let (mut connected, mut late) = (Vec::new(), 0);
    while late < 5 {
        match scene.connection.tcp_connect(localhost(), port).within(SOON).wait() {
            Ok(socket) => connected.push(socket),
            Err(error) => {
                assert_eq!(error, CallError::Deadline);
                late += 1;
            }
        }
        assert!(connected.len() < 100, "the queue is never full");
    }
}

fn names_that_do_not_resolve(scene: &Scene<'_>) {
    let calls: Vec<_> = (0..100).map(|_| sent(scene.connection.resolve("nothing".to_owned()))).collect();
    for call in calls {
        assert_eq!(text_of(call.wait()), "Host name lookup failure: 'nothing': No route to host");
    }
}

/// Names that wait hold up their own container alone, and only when there are many of them.
fn names_that_resolve_slowly(scene: &Scene<'_>) {
    let resolve = |connection: &Connection, name: String| connection.resolve(name);
    scene.names.set_held(true);
    let calls: Vec<_> =
        (0..LOOK_UPS).map(|number| sent(resolve(&scene.connection, format!("slow{number}")))).collect();
    wait_until("the names wait", || scene.names.waiting() == LOOK_UPS);
    for _ in 0..5 {
        assert_late(resolve(&scene.connection, "quick".to_owned()));
    }
    assert_eq!(scene.names.waiting(), LOOK_UPS);
    let other = scene.system.container("other");
    let home = Ok(vec![localhost()]);
    assert_eq!(resolve(&connect(&other), "quick".to_owned()).wait(), home);
    other.kill();
    // Sockets need no names.
    drop(scene.connection.udp_open(None).wait().expect("a free port"));
    scene.names.set_held(false);
    for call in calls {
        assert_eq!(call.wait(), home);
    }
    assert_eq!(resolve(&scene.connection, "quick".to_owned()).wait(), home);
}

fn killed_while_names_resolve(scene: &Scene<'_>) {
    scene.names.set_held(true);
    let calls: Vec<_> =
        (0..2 * LOOK_UPS).map(|number| sent(scene.connection.resolve(format!("slow{number}")))).collect();
    wait_until("the names wait", || scene.names.waiting() == LOOK_UPS);
    scene.guest.kill();
    for call in calls {
        assert!(call.wait().is_err());
    }
    scene.names.set_held(false);
    // The calls that have not begun do not begin.
    wait_until("the names are resolved", || scene.names.waiting() == 0);
}

fn killed_in_transfers(scene: &Scene<'_>) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let peers: Vec<TcpStream> = (0..50)
        .map(|number| {
            let (socket, mut peer) = pair(scene, &server);
            peer.write_all(&[7; 10_000]).expect("there is room");
            scene.guest.spawn(async move {
                while number % 2 == 0 && socket.write(vec![1; 64 << 10].into()).await.is_ok() {}
                while socket.read().await.is_ok() {}
            });
            peer
        })
        .collect();
    scene.guest.kill();
    for mut peer in peers {
        // The peers of a client that has ended read to the end.
        let ended = io::copy(&mut peer, &mut io::sink());
        assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionReset));
    }
}

/// The calls of its clients end, and so do the connections of their peers.
fn a_provider_is_killed_in_the_middle_of_transfers() {
    let oversight = Oversight::default();
    let system = System::builder().workers(2).oversight(oversight.clone()).start();
    let guest = system.container("guest");
    let scene = Scene { system: &system, names: &SlowNames::default(), connection: connect(&guest), guest };
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let (socket, mut peer) = pair(&scene, &server);
    fill(&socket);
    let (reading, writing) = (sent(socket.read()), sent(socket.write("x".into())));
    let listener = scene.connection.tcp_listen(0).wait().expect("a free port");
    let accepting = sent(listener.tcp_accept());
    let network = network_of(&oversight).expect("the network is provided");
    system.kernel().kill(network.pid);
    assert_eq!(reading.wait(), Err(CallError::Gone));
    assert!(matches!(writing.wait(), Err(CallError::Gone) | Ok(1)));
    assert_eq!(accepting.wait().map(drop), Err(CallError::Gone));
    io::copy(&mut peer, &mut io::sink()).expect("the connection ends");
    assert_eq!(scene.connection.udp_open(None).wait().map(drop), Err(CallError::Gone));
    assert!(network_of(&oversight).is_none());
    assert_eq!(system.kernel().held(), Held::default());
}

/// If this environment variable is set, the test is the OS process that has few descriptors.
const FEW: &str = "LUCARNE_TEST_FEW_DESCRIPTORS";

/// The number of descriptors that it may have.
const FEW_COUNT: u64 = 100;

/// The limit applies to a whole OS process, so this starts one.
fn without_descriptors_calls_fail_one_by_one() {
    let mut command = Command::new(std::env::current_exe().expect("a test has a file"));
    command.args(["--exact", "bad_weather_leaves_nothing", "--nocapture"]).env(FEW, "1");
    let output = command.output().expect("it starts");
    let (text, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && text.contains("1 passed"), "{text}{error}");
}

fn few_descriptors() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(FEW_COUNT), maximum }).expect("it is lower");
    let system = System::builder().workers(2).start();
    let other = system.container("other");
    let connection = connect(&other);
    the_thread_of_the_network_starts_when_there_are_descriptors(&connection);

    let listener = connection.tcp_listen(0).wait().expect("a free port");
    let port = listener.local_address().wait().expect("an address").1;
    let mut peer = TcpStream::connect(("127.0.0.1", port)).expect("the listener has room");
    let accepted = listener.tcp_accept().wait().expect("a connection");
    let waiting = TcpStream::connect(("127.0.0.1", port)).expect("the listener has room");

    let hog = system.container("hog");
    let theirs = connect(&hog);
    let mut sockets = Vec::new();
    let refused = loop {
        match theirs.udp_open(None).wait() {
            Ok(socket) => sockets.push(socket),
            Err(error) => break error,
        }
    };
    assert!(sockets.len() > 10, "{} sockets", sockets.len());
    assert_eq!(text_of::<()>(Err(refused)), "Too many open files");
    for _ in 0..10 {
        assert_eq!(text_of(connection.tcp_connect(localhost(), port).wait()), "Too many open files");
        assert_eq!(text_of(connection.tcp_listen(0).wait()), "Too many open files");
        assert_eq!(text_of(listener.tcp_accept().wait()), "Too many open files");
        // What is open works.
        peer.write_all(b"still").expect("the container reads");
        assert_eq!(accepted.read().wait(), Ok(Some("still".into())));
        assert_eq!(connection.resolve("127.0.0.1".to_owned()).wait(), Ok(vec![localhost()]));
    }
    hog.kill();
    drop((sockets, theirs));
    wait_until("the sockets of the container are closed", || descriptors() < FEW_COUNT as usize / 2);
    let peer_of_waiting = listener.tcp_accept().wait().expect("the connection has waited");
    let address = peer_of_waiting.peer_address().wait().expect("it is connected");
    assert_eq!(address.1, waiting.local_addr().expect("an address").port());
    connection.tcp_connect(localhost(), port).wait().expect("there are descriptors");
}

fn the_thread_of_the_network_starts_when_there_are_descriptors(connection: &Connection) {
    let mut files = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        files.push(file);
    }
    for _ in 0..3 {
        assert_eq!(text_of(connection.udp_open(None).wait()), "Too many open files");
    }
    drop(files);
    let socket = connection.udp_open(None).wait().expect("there are descriptors");
    let (ip, _) = socket.local_address().wait().expect("an address");
    assert!(addresses::ip(&ip).is_some_and(|ip| ip.is_unspecified()));
}
