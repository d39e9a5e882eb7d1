//! Sockets: TCP connections, listeners, and UDP sockets.
//!
//! A call that waits is a future that the container of the provider polls. It ends when the socket is closed, also by
//! another task of the same client, or when the call is canceled.

use std::future::poll_fn;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use lucarne_services::{Bytes, Call, Closing, IfUnused, Resource, Thrown, Value};
use socket2::SockRef;
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

use super::addresses::{self, parts, thrown};
use super::given_back::GivenBack;
use super::interface;
use super::options;
use super::reach::Guard;
use super::reactor::Reactor;
use super::unread::{Arrived, Unread};

/// The maximum number of bytes that a call reads.
const READ_BYTES_MAX: usize = 64 << 10;

/// The maximum number of bytes of a datagram.
const DATAGRAM_BYTES_MAX: usize = 64 << 10;

/// The number of bytes of an IP packet that every usual network transports in one piece.
const PACKET_BYTES: i64 = 1_450;

const IP_HEADER_BYTES: i64 = 20;
const TCP_HEADER_BYTES: i64 = 20;
const UDP_HEADER_BYTES: i64 = 8;

/// The number of bytes of a datagram that is not divided.
pub(super) const DATAGRAM_MTU: i64 = PACKET_BYTES - IP_HEADER_BYTES - UDP_HEADER_BYTES;

/// The number of bytes of a TCP packet that is not divided.
pub(super) const STREAM_MTU: i64 = PACKET_BYTES - IP_HEADER_BYTES - TCP_HEADER_BYTES;

pub(crate) struct Socket {
    reactor: Arc<Reactor>,
    guard: Arc<Guard>,
    /// The bytes of a stream, or the datagrams, that the client has not used.
    unread: Unread,
    kind: Kind,
    closing: Closing,
}

pub(crate) enum Kind {
    Stream(Stream),
    Listener(Listening),
    Datagrams(UdpSocket),
}

/// A connection.
pub(crate) struct Stream {
    pub(super) tcp: Arc<TcpStream>,
    /// Gives an accepted connection back to its listener.
    #[expect(dead_code, reason = "only its drop matters")]
    if_unused: Option<IfUnused>,
}

/// A listener, and the connections that it has accepted and that are given out again.
pub(crate) struct Listening {
    pub(super) tcp: TcpListener,
    given_back: GivenBack<TcpStream>,
}

impl Kind {
    pub(super) fn connected(tcp: TcpStream) -> Kind {
        Kind::Stream(Stream { tcp: Arc::new(tcp), if_unused: None })
    }

    pub(super) fn listener(tcp: TcpListener) -> Kind {
        Kind::Listener(Listening { tcp, given_back: GivenBack::default() })
    }
}

impl Socket {
    pub(super) fn resource(
        reactor: Arc<Reactor>,
        guard: Arc<Guard>,
        unread: Unread,
        kind: Kind,
    ) -> Resource<Socket> {
        Resource::watched(|closing| Socket { reactor, guard, unread, kind, closing })
    }

    fn stream(&self) -> Result<&TcpStream, Thrown> {
        if let Kind::Stream(stream) = &self.kind { Ok(&stream.tcp) } else { Err(unsupported()) }
    }

    fn datagrams(&self) -> Result<&UdpSocket, Thrown> {
        if let Kind::Datagrams(socket) = &self.kind { Ok(socket) } else { Err(unsupported()) }
    }

    /// Waits for a datagram, and keeps it until the next one is asked for.
    async fn receive(&self, call: &Call, socket: &UdpSocket) -> Result<(Bytes, SocketAddr), Thrown> {
        let arriving = async {
            let (data, sender) = self.wait(receive(socket)).await?;
            Ok(Some(Arrived { data, sender: Some(sender) }))
        };
        let arrived = self.unread.read(call, arriving).await?;
        let Some(Arrived { data, sender: Some(sender) }) = arrived else {
            unreachable!("datagrams have senders, and never end")
        };
        Ok((data, sender))
    }

    /// Waits for an operation, or until the socket is closed.
    async fn wait<T>(&self, operation: impl Future<Output = io::Result<T>>) -> Result<T, Thrown> {
        let (mut operation, mut closing) = (pin!(operation), self.closing.clone());
        poll_fn(|polled| {
            if Pin::new(&mut closing).poll(polled).is_ready() {
                return Poll::Ready(Err(Thrown::new("NOT_CONNECTED")));
            }
            operation.as_mut().poll(polled).map_err(thrown)
        })
        .await
    }
}

/// Returns the error for a method that the kind of socket does not have.
pub(super) fn unsupported() -> Thrown {
    Thrown::new("UNSUPPORTED")
}

impl interface::Socket for Socket {
    type Accepted = Socket;

    async fn udp_connect(&self, ip: Bytes, port: u16) -> Result<(), Thrown> {
        let peer = addresses::socket_address(&ip, port)?;
        let socket = self.datagrams()?;
        self.guard.require_connect(peer).await?;
        self.wait(socket.connect(peer)).await
    }

    async fn udp_receive(&self, call: &Call) -> Result<(Bytes, Bytes, u16), Thrown> {
        let (data, sender) = self.receive(call, self.datagrams()?).await?;
        let (ip, port) = parts(sender);
        Ok((data, ip, port))
    }

    async fn udp_send(&self, data: Bytes, ip: Bytes, port: u16) -> Result<(), Thrown> {
        let receiver = addresses::socket_address(&ip, port)?;
        let socket = self.datagrams()?;
        self.guard.require_connect(receiver).await?;
        self.wait(socket.send_to(&data, receiver)).await?;
        Ok(())
    }

    async fn tcp_accept(&self, call: &Call) -> Result<Resource<Socket>, Thrown> {
        let Kind::Listener(Listening { tcp: listener, given_back }) = &self.kind else {
            return Err(unsupported());
        };
        let arriving = async { Ok(self.wait(self.reactor.run(listener.accept())).await?.0) };
        let (tcp, if_unused) = given_back.accept(call, arriving).await?;
        let (unread, kind) =
            (self.unread.of_other(), Kind::Stream(Stream { tcp, if_unused: Some(if_unused) }));
        Ok(Socket::resource(self.reactor.clone(), self.guard.clone(), unread, kind))
    }

    async fn tcp_close_write(&self) -> Result<(), Thrown> {
        SockRef::from(self.stream()?).shutdown(Shutdown::Write).map_err(thrown)
    }

    async fn get_option(&self, option: i64) -> Result<Value, Thrown> {
        options::get(&self.kind, option)
    }

    async fn set_option(&self, option: i64, value: Value) -> Result<(), Thrown> {
        options::set(&self.kind, option, &value)
    }

    async fn local_address(&self) -> Result<(Bytes, u16), Thrown> {
        let address = match &self.kind {
            Kind::Stream(stream) => stream.tcp.local_addr(),
            Kind::Listener(listener) => listener.tcp.local_addr(),
            Kind::Datagrams(socket) => socket.local_addr(),
        };
        address.map(parts).map_err(thrown)
    }

    async fn peer_address(&self) -> Result<(Bytes, u16), Thrown> {
        let address = match &self.kind {
            Kind::Stream(stream) => stream.tcp.peer_addr(),
            Kind::Datagrams(socket) => socket.peer_addr(),
            Kind::Listener(_) => return Err(unsupported()),
        };
        address.map(parts).map_err(thrown)
    }

    async fn read(&self, call: &Call) -> Result<Option<Bytes>, Thrown> {
        match &self.kind {
            Kind::Stream(stream) => {
                let arriving = async {
                    let data = self.wait(read(&stream.tcp)).await?;
                    Ok(data.map(|data| Arrived { data, sender: None }))
                };
                Ok(self.unread.read(call, arriving).await?.map(|arrived| arrived.data))
            }
            Kind::Datagrams(socket) => Ok(Some(self.receive(call, socket).await?.0)),
            Kind::Listener(_) => Err(unsupported()),
        }
    }

    async fn write(&self, data: Bytes) -> Result<usize, Thrown> {
        match &self.kind {
            // An empty write never needs room.
            Kind::Stream(_) if data.is_empty() => Ok(0),
            Kind::Stream(stream) => self.wait(write(&stream.tcp, &data)).await,
            Kind::Datagrams(socket) => self.wait(socket.send(&data)).await,
            Kind::Listener(_) => Err(unsupported()),
        }
    }

    async fn mtu(&self) -> Result<i64, Thrown> {
        match self.kind {
            Kind::Datagrams(_) => Ok(DATAGRAM_MTU),
            Kind::Stream(_) | Kind::Listener(_) => Ok(STREAM_MTU),
        }
    }
}

/// Waits for bytes. Returns none at the end of the connection. The buffer exists only while there is something to read,
/// so that sockets that wait cost no memory.
async fn read(stream: &TcpStream) -> io::Result<Option<Bytes>> {
    loop {
        stream.readable().await?;
        let mut data = Vec::with_capacity(READ_BYTES_MAX);
        match stream.try_read_buf(&mut data) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(0) => return Ok(None),
            result => {
                result?;
                return Ok(Some(kept(data, READ_BYTES_MAX)));
            }
        }
    }
}

/// Returns the bytes of an answer. It is kept until the next read, so a large rest of its buffer is freed.
fn kept(mut data: Vec<u8>, room: usize) -> Bytes {
    if data.len() < room / 2 {
        data.shrink_to_fit();
    }
    data.into()
}

/// Waits until there is room for bytes, and sends as many as fit.
async fn write(stream: &TcpStream, data: &[u8]) -> io::Result<usize> {
    loop {
        stream.writable().await?;
        match stream.try_write(data) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return result,
        }
    }
}

/// Waits for a datagram, or for the news that an earlier one could not be delivered to the peer.
async fn receive(socket: &UdpSocket) -> io::Result<(Bytes, SocketAddr)> {
    loop {
        let ready = socket.ready(Interest::READABLE | Interest::ERROR).await?;
        if ready.is_error()
            && let Some(error) = take_error(socket)?
        {
            return Err(error);
        }
        let mut data = Vec::with_capacity(DATAGRAM_BYTES_MAX);
        match socket.try_recv_buf_from(&mut data) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => {
                let (_, sender) = result?;
                return Ok((kept(data, DATAGRAM_BYTES_MAX), sender));
            }
        }
    }
}

/// Returns the error that the operating system has noted. Without one, the socket no longer counts as failed.
fn take_error(socket: &UdpSocket) -> io::Result<Option<io::Error>> {
    let noted = || socket.take_error()?.map_or_else(|| Err(io::ErrorKind::WouldBlock.into()), Ok);
    match socket.try_io(Interest::ERROR, noted) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        result => result.map(Some),
    }
}
