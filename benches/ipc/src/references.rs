//! Measures other means of communication, for comparison: channels, futexes, sockets, eventfds, zbus and ipc-channel.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use futures_util::future::join_all;
use ipc_channel::ipc::{self, IpcOneShotServer, IpcReceiver, IpcSender};
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::measure::{batch_of, batches, row};
use crate::memory::{Memory, pass, take, wait, wake};
use crate::peer::Peer;
use crate::{IN_FLIGHT, SIZES};

/// Measures the means within one process.
pub fn in_one_process() {
    tokio_channels();
}

/// Measures the means between this process and a peer process.
pub fn in_two_processes() {
    futexes();
    sockets();
    eventfds();
    zbus();
    ipc_channels();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn tokio_channels() {
    let runtime = runtime();
    let (requests, mut inbox) = mpsc::channel::<(u64, oneshot::Sender<u64>)>(IN_FLIGHT);
    runtime.spawn(async move {
        while let Some((number, reply)) = inbox.recv().await {
            let _ = reply.send(number);
        }
    });
    batches("tokio mpsc and oneshot, int", 1000, || {
        runtime.block_on(async {
            for number in 0..1000 {
                let (reply, answer) = oneshot::channel();
                requests.send((number, reply)).await.expect("a task");
                assert_eq!(answer.await, Ok(number));
            }
        });
    });
}

fn futexes() {
    let peer = Peer::start("futex");
    let memory = Memory::offer(&peer.socket);
    let mut turn = 0;
    for (name, size) in SIZES {
        // The peer gets the size first, and confirms it with a byte. So the transfer of the size is not measured.
        (&peer.socket).write_all(&(size as u64).to_le_bytes()).expect("the peer is running");
        (&peer.socket).read_exact(&mut [0]).expect("the peer is running");
        let bytes = vec![1; size];
        row(&format!("shared memory and futex, {name}"), batch_of(size), || {
            memory.copy_in(&bytes);
            turn += 1;
            wake(memory.word(0), turn);
            assert_eq!(wait(memory.word(1), turn - 1), turn);
        });
        turn += 1;
        wake(memory.word(0), turn | END);
        assert_eq!(wait(memory.word(1), turn - 1), turn);
    }
}

/// The bit that, set in a futex's value, tells the peer that the transfers of the current size have ended.
const END: u32 = 1 << 31;

/// Runs in the peer process: copies the bytes out of the shared memory whenever the first word changes, and sets the second word
/// to the same value.
pub fn answer_by_futex(mut socket: UnixStream) {
    let memory = Memory::accept(&socket);
    let mut seen = 0;
    let mut size = [0; 8];
    while socket.read_exact(&mut size).is_ok() && socket.write_all(&[0]).is_ok() {
        let mut bytes = vec![0; u64::from_le_bytes(size) as usize];
        loop {
            let new = wait(memory.word(0), seen);
            memory.copy_out(&mut bytes);
            seen = new;
            wake(memory.word(1), new & !END);
            if new & END != 0 {
                break;
            }
        }
    }
}

fn sockets() {
    let peer = Peer::start("socket");
    let mut socket = &peer.socket;
    for (name, size) in SIZES {
        let bytes = vec![1; size];
        row(&format!("Unix socket, {name}"), batch_of(size), || {
            socket.write_all(&(size as u64).to_le_bytes()).expect("the peer is running");
            socket.write_all(&bytes).expect("the peer is running");
            socket.read_exact(&mut [0; 8]).expect("the peer is running");
        });
    }
}

/// Runs in the peer process: reads a size and this number of bytes, and sends the size back.
pub fn answer_over_socket(mut socket: UnixStream) {
    let mut size = [0; 8];
    let mut bytes = Vec::new();
    while socket.read_exact(&mut size).is_ok() {
        bytes.resize(u64::from_le_bytes(size) as usize, 0);
        if socket.read_exact(&mut bytes).is_err() || socket.write_all(&size).is_err() {
            return;
        }
    }
}

/// Signals the eventfd for which the other process waits.
fn ring(other: &OwnedFd) {
    rustix::io::write(other, &1_u64.to_le_bytes()).expect("an eventfd");
}

/// Waits until the other process has signaled this eventfd, and resets it.
async fn hear(own: &AsyncFd<OwnedFd>) {
    loop {
        let mut ready = own.readable().await.expect("an eventfd");
        let read = ready.try_io(|file| Ok(rustix::io::read(file, &mut [0; 8])?));
        if read.is_ok() {
            return;
        }
    }
}

fn eventfd() -> OwnedFd {
    use rustix::event::EventfdFlags;
    rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).expect("an eventfd")
}

fn watch(file: OwnedFd) -> AsyncFd<OwnedFd> {
    // SAFETY: the `AsyncFd` owns the descriptor, and keeps it open until it is dropped.
    unsafe { AsyncFd::register(file) }.expect("a watch")
}

fn eventfds() {
    let peer = Peer::start("eventfd");
    let (own, other) = (eventfd(), eventfd());
    pass(&peer.socket, &own);
    pass(&peer.socket, &other);
    let runtime = runtime();
    let own = runtime.block_on(async { watch(own) });
    batches("tokio and eventfd, nothing", 1000, || {
        runtime.block_on(async {
            for _ in 0..1000 {
                ring(&other);
                hear(&own).await;
            }
        });
    });
}

/// Runs in the peer process: answers each signal with a signal.
pub fn answer_by_eventfd(socket: UnixStream) {
    let (other, own) = (take(&socket), take(&socket));
    runtime().block_on(async {
        let own = watch(own);
        loop {
            hear(&own).await;
            ring(&other);
        }
    });
}

#[zbus::proxy(interface = "lucarne.Bench", default_path = "/bench", default_service = "lucarne.Bench")]
trait Bench {
    fn echo(&self, number: u64) -> zbus::Result<u64>;
    fn length(&self, bytes: &serde_bytes::Bytes) -> zbus::Result<u64>;
}

struct Answering;

#[zbus::interface(name = "lucarne.Bench")]
impl Answering {
    fn echo(&self, number: u64) -> u64 {
        number
    }

    fn length(&self, bytes: serde_bytes::ByteBuf) -> u64 {
        bytes.len() as u64
    }
}

fn zbus() {
    let peer = Peer::start("zbus");
    let socket = peer.socket.try_clone().expect("a socket");
    let runtime = runtime();
    let proxy = runtime.block_on(async {
        let builder = zbus::connection::Builder::unix_stream(socket).p2p();
        let connection = builder.build().await.expect("a connection");
        BenchProxy::builder(&connection)
            .cache_properties(zbus::proxy::CacheProperties::No)
            .build()
            .await
            .expect("a proxy")
    });
    batches("zbus peer to peer, int", 100, || {
        runtime.block_on(async {
            for number in 0..100 {
                assert_eq!(proxy.echo(number).await, Ok(number));
            }
        });
    });
    for (name, size) in &SIZES[1..] {
        let (bytes, count) = (vec![1; *size], batch_of(*size).min(100));
        batches(&format!("zbus peer to peer, {name}"), count, || {
            runtime.block_on(async {
                for _ in 0..count {
                    assert_eq!(proxy.length(serde_bytes::Bytes::new(&bytes)).await, Ok(*size as u64));
                }
            });
        });
    }
    batches("zbus peer to peer, int, 64 in flight", 10 * IN_FLIGHT, || {
        runtime.block_on(async {
            for _ in 0..10 {
                join_all((0..IN_FLIGHT as u64).map(|number| proxy.echo(number))).await;
            }
        });
    });
}

/// Runs in the peer process: serves [`Answering`] until the process is killed.
pub fn answer_over_zbus(socket: UnixStream) {
    runtime().block_on(async {
        let guid = zbus::Guid::generate();
        let _connection = zbus::connection::Builder::unix_stream(socket)
            .server(guid)
            .p2p()
            .serve_at("/bench", Answering)
            .build()
            .await
            .expect("a connection");
        std::future::pending::<()>().await;
    });
}

/// What the peer sends first: the ends of its channels for requests and replies.
type Channels = (IpcSender<Vec<u8>>, IpcReceiver<u64>);

fn ipc_channels() {
    let (server, name) = IpcOneShotServer::<Channels>::new().expect("a server");
    let mut peer = Peer::start("ipc-channel");
    peer.socket.write_all(name.as_bytes()).expect("the peer is running");
    peer.socket.shutdown(std::net::Shutdown::Write).expect("the peer is running");
    let (_, (requests, replies)) = server.accept().expect("the peer is running");
    for (name, size) in SIZES {
        let bytes = vec![1; size];
        row(&format!("ipc-channel, {name}"), batch_of(size), || {
            requests.send(bytes.clone()).expect("the peer is running");
            assert_eq!(replies.recv().expect("the peer is running"), size as u64);
        });
    }
    batches("ipc-channel, int, 64 in flight", 10 * IN_FLIGHT, || {
        for _ in 0..10 {
            (0..IN_FLIGHT).for_each(|_| requests.send(vec![1; 8]).expect("the peer is running"));
            (0..IN_FLIGHT).for_each(|_| assert_eq!(replies.recv().expect("the peer is running"), 8));
        }
    });
}

/// Runs in the peer process: connects to the server whose name comes over the socket, and replies to each request with its size.
pub fn answer_over_ipc_channel(mut socket: UnixStream) {
    let mut name = String::new();
    socket.read_to_string(&mut name).expect("a name");
    let (requests, inbox) = ipc::channel::<Vec<u8>>().expect("a channel");
    let (replies, answers) = ipc::channel().expect("a channel");
    IpcSender::connect(name).expect("a server").send((requests, answers)).expect("a server");
    while let Ok(bytes) = inbox.recv() {
        if replies.send(bytes.len() as u64).is_err() {
            return;
        }
    }
}
