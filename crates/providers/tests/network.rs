//! Tests the network provider with clients in Rust: what is left of clients that die, and calls that wait.

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use common::{connect, descriptors, localhost, text_of, wait_until};
use lucarne_host::System;
use lucarne_providers::network::{Connection, option};
use lucarne_services::{CallError, Container, Value};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The number of connections, and of UDP sockets, of a client that is killed.
const SOCKETS: usize = 500;

/// One test, since it counts the descriptors of the whole OS process.
#[test]
fn sockets_are_exchanged_and_closed_with_their_clients() {
    // The usual limit is 1,024 descriptors.
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("the maximum is possible");
    let room = maximum.unwrap_or(u64::MAX);
    assert!(room > 4 * SOCKETS as u64, "`ulimit -Hn` is {room}: this test needs {}", 4 * SOCKETS);
    let system = System::builder().workers(2).start();
    let container = system.container("visitor");
    let connection = connect(&container);
    bytes_pass_both_ways(&connection);
    waiting_calls_end_when_the_socket_closes(&container, &connection);
    wrong_uses_fail(&connection);

    let before = descriptors();
    let listener = connection.tcp_listen(0).wait().expect("a free port");
    let port = listener.local_address().wait().expect("an address").1;
    let doomed = system.container("doomed");
    let theirs = connect(&doomed);
    let mut sockets = Vec::new();
    for _ in 0..SOCKETS {
        let opened = theirs.tcp_connect(localhost(), port).wait().expect("the listener has room");
        // A call that waits keeps no socket open either.
        let reading = opened.clone();
        doomed.spawn(async move { drop(reading.read().await) });
        sockets.push(opened);
        sockets.push(theirs.udp_open(None).wait().expect("a free port"));
    }
    assert!(descriptors() >= before + 2 * SOCKETS);
    doomed.kill();
    drop((theirs, sockets));
    listener.close().wait().expect("the listener is open");
    wait_until("the sockets of a killed client close", || descriptors() == before);
}

fn bytes_pass_both_ways(connection: &Connection) {
    let server = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = server.local_addr().expect("an address").port();
    let socket = connection.tcp_connect(localhost(), port).wait().expect("the server listens");
    let (mut peer, _) = server.accept().expect("the client has connected");
    assert_eq!(socket.write("ping".into()).wait(), Ok(4));
    let mut received = [0; 4];
    peer.read_exact(&mut received).expect("four bytes");
    assert_eq!(&received, b"ping");
    peer.write_all(&[7; 100_000]).expect("the client reads");
    drop(peer);
    let mut total = 0;
    while let Some(bytes) = socket.read().wait().expect("the connection is intact") {
        assert!(bytes.len() <= 64 << 10 && bytes.iter().all(|byte| *byte == 7));
        total += bytes.len();
    }
    assert_eq!(total, 100_000);
    socket.close().wait().expect("the socket is open");
}

/// A peer that does not read makes the writer wait, and the wait ends with the socket.
fn waiting_calls_end_when_the_socket_closes(container: &Container, connection: &Connection) {
    let listener = connection.tcp_listen(0).wait().expect("a free port");
    let port = listener.local_address().wait().expect("an address").1;
    let silent = TcpStream::connect(("127.0.0.1", port)).expect("the listener has room");
    let socket = listener.tcp_accept().wait().expect("a connection");
    let written = loop {
        let sent = socket.write(vec![1; 64 << 10].into()).within(Duration::from_millis(50)).wait();
        match sent {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(written, CallError::Deadline);
    let (tell, ended) = std::sync::mpsc::channel();
    let (writing, reading) = (socket.clone(), socket.clone());
    container.spawn({
        let tell = tell.clone();
        async move { drop(tell.send(writing.write(vec![1; 64 << 10].into()).await.map(|_| ()))) }
    });
    container.spawn(async move { drop(tell.send(reading.read().await.map(|_| ()))) });
    socket.close().wait().expect("the socket is open");
    for result in ended.iter().take(2) {
        let text = text_of(result);
        // The task may have made its call after the close.
        assert!(["NOT_CONNECTED", "Err(Closed)"].contains(&text.as_str()), "{text}");
    }
    drop(silent);
}

fn wrong_uses_fail(connection: &Connection) {
    let socket = connection.udp_open(None).wait().expect("a free port");
    assert_eq!(text_of(socket.tcp_accept().wait()), "UNSUPPORTED");
    assert_eq!(text_of(socket.get_option(option::TCP_NO_DELAY).wait()), "UNSUPPORTED");
    assert_eq!(text_of(socket.set_option(option::UDP_BROADCAST, Value::Int(1)).wait()), "WRONG_OBJECT_TYPE");
    assert_eq!(text_of(socket.udp_send("x".into(), "127.0.0.1".into(), 1).wait()), "BAD_FORMAT");
    assert_eq!(text_of(socket.peer_address().wait()), "Transport endpoint is not connected");
    let gone = connection.resolve("nothing.invalid".to_owned()).wait();
    assert!(text_of(gone).starts_with("Host name lookup failure: 'nothing.invalid'"));
    socket.close().wait().expect("the socket is open");
}
