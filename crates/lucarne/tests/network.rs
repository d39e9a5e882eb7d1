//! The client of the network for containers in Rust: over the network of the operating system, a simulated one, one that
//! a program in Toit provides, and across a socket.
#![cfg(all(feature = "link", feature = "toit"))]

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use lucarne::CapturedOutput;
use lucarne::network::interface::NetworkClient;
use lucarne::network::{Network, TcpStream, Weather};
use lucarne::prelude::*;
use lucarne_kernel::{Faults, Step};

/// More bytes than all buffers between two ends have room for.
const MANY: usize = 20_000_000;

/// A folder with a socket, which is removed at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        Folder(std::env::temp_dir().join(format!("lucarne-network-{name}-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Returns both ends of a connection.
async fn pair(network: &Network) -> io::Result<(TcpStream, TcpStream)> {
    let listener = network.listen("127.0.0.1:0").await?;
    let port = listener.local_address().await?.port();
    let client = network.connect(&format!("localhost:{port}")).await?;
    Ok((client, listener.accept().await?))
}

/// Reads to the end of a stream. (`read_to_end` fills its room with zeros each time, which takes long in a debug build.)
async fn read_all(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let (mut all, mut part) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        match stream.read(&mut part).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&part[..count]),
        }
    }
}

/// Sends many bytes in both directions at once, and checks them.
async fn exchange(network: &Network, count: usize) -> io::Result<()> {
    let (client, server) = pair(network).await?;
    let (mut from_server, mut to_server) = client.split();
    let (mut from_client, mut to_client) = server.split();
    let data: Vec<u8> = (0..count).map(|position| (position % 251) as u8).collect();
    let send_there = async {
        to_server.write_all(&data).await?;
        to_server.close().await
    };
    let send_back = async {
        to_client.write_all(&data).await?;
        to_client.close().await
    };
    let sends = futures_util::future::try_join(send_there, send_back);
    let reads = futures_util::future::try_join(read_all(&mut from_client), read_all(&mut from_server));
    let (_, (there, back)) = futures_util::future::try_join(sends, reads).await?;
    assert!(there == data && back == data, "{} and {} of {count} bytes arrive", there.len(), back.len());
    Ok(())
}

#[test]
fn streams_transport_bytes_in_both_directions_also_across_a_socket() {
    let (system, folder) = (System::new(), Folder::new("both"));
    let _listener = system.listen(folder.0.join("socket")).expect("the folder can be made");
    let far = Container::connect(folder.0.join("socket")).wait().expect("it listens");
    for guest in [system.container("guest"), far] {
        let network = Network::open(&guest).wait().expect("the system has a network");
        assert_eq!(network.name(), "host");
        guest.run(exchange(&network, MANY)).expect("the connection holds");
    }
}

#[test]
fn errors_have_the_kinds_of_sockets() {
    let system = System::new();
    let network = Network::open(&system.container("guest")).wait().expect("the system has a network");
    let kind = |error: io::Error| error.kind();
    let port = {
        let listener = network.listen("127.0.0.1:0").wait().expect("a port is free");
        let address = listener.local_address().wait().expect("it is bound").to_string();
        assert_eq!(network.listen(&address).wait().map_err(kind).err(), Some(io::ErrorKind::AddrInUse));
        let accepted = listener.accept().within(Duration::from_millis(1)).wait();
        assert_eq!(accepted.map_err(kind).err(), Some(io::ErrorKind::TimedOut));
        address
    };
    let refused = loop {
        // The listener closes a moment after it is dropped.
        if let Err(error) = network.connect(&port).wait() {
            break error;
        }
    };
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(network.connect("nothing").wait().map_err(kind).err(), Some(io::ErrorKind::InvalidInput));
}

#[test]
fn a_dropped_read_loses_no_bytes_and_a_repeated_write_sends_them_once() {
    let system = System::new();
    let guest = system.container("guest");
    let network = Network::open(&guest).wait().expect("the system has a network");
    let (mut client, mut server) = guest.run(pair(&network)).expect("they connect");
    let mut context = Context::from_waker(Waker::noop());
    let mut byte = [0];
    // Both futures are dropped before their ends.
    assert!(std::pin::pin!(server.read(&mut byte)).as_mut().poll(&mut context).is_pending());
    assert!(std::pin::pin!(client.write(b"once")).as_mut().poll(&mut context).is_pending());
    guest.run(client.write_all(b"once")).expect("it sends");
    guest.run(client.close()).expect("it is connected");
    let mut text = String::new();
    guest.run(server.read_to_string(&mut text)).expect("it arrives");
    assert_eq!(text, "once");
}

#[test]
fn datagrams_arrive_with_the_addresses_of_their_senders() {
    let system = System::new();
    let network = Network::open(&system.container("guest")).wait().expect("the system has a network");
    let one = network.udp("127.0.0.1:0").wait().expect("a port is free");
    let other = network.udp("127.0.0.1:0").wait().expect("a port is free");
    let (from, to) =
        (one.local_address().wait().expect("bound"), other.local_address().wait().expect("bound"));
    one.send_to("hello", to).wait().expect("it is sent");
    assert_eq!(other.receive().wait().expect("it arrives"), ("hello".into(), from));
    other.connect(from).wait().expect("it is an address");
    other.send("back").wait().expect("it is sent");
    assert_eq!(one.receive().wait().expect("it arrives"), ("back".into(), to));
}

#[test]
fn dropped_sockets_close_in_a_simulation() {
    for seed in 0..20 {
        let builder = System::builder().output(Arc::new(CapturedOutput::default())).weather(Weather::RAIN);
        let mut system = builder.simulate(seed, Faults::default());
        let guest = system.container("guest");
        let done = Arc::new(AtomicUsize::new(0));
        guest.spawn({
            let (guest, done) = (guest.clone(), done.clone());
            async move {
                let network = Network::open(&guest).await.expect("the system has a network");
                assert_eq!(network.name(), "simulated");
                exchange(&network, 100_000).await.expect("the connection holds");
                let _open = pair(&network).await.expect("they connect");
                done.fetch_add(1, SeqCst);
            }
        });
        while system.simulation.step() != Step::Quiet {}
        // The container has not ended: the sockets are closed because they were dropped.
        assert_eq!((done.load(SeqCst), system.network().open_sockets()), (1, 0), "with seed {seed}");
    }
}

#[test]
fn a_network_that_a_program_in_toit_provides_is_chosen_by_its_tag() {
    let (system, folder) = (System::new(), Folder::new("toit"));
    let _listener = system.listen(folder.0.join("socket")).expect("the folder can be made");
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/network_in_toit.toit");
    let _program = system.run(file, &[]).unwrap_or_else(|error| panic!("{error}"));
    let far = Container::connect(folder.0.join("socket")).wait().expect("it listens");
    for guest in [system.container("guest"), far] {
        let tagged = NetworkClient::open(&guest).only(|network| network.tags.contains(&"toit".to_owned()));
        let client = tagged.within(Duration::from_secs(60)).wait().expect("the program provides it");
        let network = Network::through(&guest, client).wait().expect("it has a network below");
        guest.run(exchange(&network, 300_000)).expect("the connection holds");
        // Without the tag it is that of the operating system.
        assert_eq!(Network::open(&guest).wait().expect("the system has a network").name(), "host");
    }
}

#[test]
fn a_read_fails_when_its_container_ends() {
    let system = System::new();
    let guest = system.container("guest");
    let network = Network::open(&guest).wait().expect("the system has a network");
    let (mut client, _server) = guest.run(pair(&network)).expect("they connect");
    let mut byte = [0];
    let mut reading = Box::pin(client.read(&mut byte));
    let mut context = Context::from_waker(Waker::noop());
    assert!(matches!(Future::poll(reading.as_mut(), &mut context), Poll::Pending));
    guest.kill();
    assert_eq!(guest.run(reading).map_err(|error| error.kind()), Err(io::ErrorKind::NotConnected));
}
