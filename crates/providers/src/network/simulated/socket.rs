//! Sockets of a simulated network.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use lucarne_kernel::sync::atomic::Ordering;
use lucarne_services::{Bytes, Call, Closing, IfUnused, Resource, Thrown, Value};

use super::super::addresses::{parts, socket_address};
use super::super::connection::of_4;
use super::super::given_back::GivenBack;
use super::super::interface;
use super::super::options::{address, option};
use super::super::reach::Guard;
use super::super::socket::{DATAGRAM_MTU, STREAM_MTU, unsupported};
use super::super::unread::{Arrived, Unread};
use super::Host;
use super::link::{End, Listener};
use super::mailbox::{self, Mailbox};
use super::options::Options;

pub(super) struct Socket {
    host: Arc<Host>,
    guard: Arc<Guard>,
    kind: Kind,
    options: Options,
    /// The bytes of a stream, or the datagrams, that the client has not used.
    unread: Unread,
    closing: Closing,
}

pub(super) enum Kind {
    /// An end counts as a socket by itself, since it can wait to be accepted.
    Stream(Stream),
    Listener(Listening),
    Datagrams(Arc<Mailbox>),
}

/// A connection.
pub(super) struct Stream {
    end: Arc<End>,
    /// Gives an accepted connection back to its listener.
    #[expect(dead_code, reason = "only its drop matters")]
    if_unused: Option<IfUnused>,
}

/// A listener, and the connections that it has accepted and that are given out again.
pub(super) struct Listening {
    listener: Arc<Listener>,
    given_back: GivenBack<End>,
}

impl Kind {
    pub(super) fn connected(end: End) -> Kind {
        Kind::Stream(Stream { end: Arc::new(end), if_unused: None })
    }

    pub(super) fn listener(listener: Arc<Listener>) -> Kind {
        Kind::Listener(Listening { listener, given_back: GivenBack::default() })
    }
}

impl Socket {
    pub(super) fn resource(host: &Arc<Host>, guard: &Arc<Guard>, kind: Kind) -> Resource<Socket> {
        let options = match &kind {
            Kind::Stream(_) => Options::of_stream(),
            Kind::Listener(_) => Options::of_listener(),
            Kind::Datagrams(_) => Options::of_datagrams(),
        };
        Socket::with_options(host, guard, kind, options)
    }

    pub(super) fn with_options(
        host: &Arc<Host>,
        guard: &Arc<Guard>,
        kind: Kind,
        options: Options,
    ) -> Resource<Socket> {
        if !matches!(kind, Kind::Stream(_)) {
            host.network.shared.sockets.fetch_add(1, Ordering::Relaxed);
        }
        Resource::watched(|closing| Socket {
            host: host.clone(),
            guard: guard.clone(),
            kind,
            options,
            unread: Unread::new(&host.kept),
            closing,
        })
    }

    fn end(&self) -> Result<&End, Thrown> {
        if let Kind::Stream(stream) = &self.kind { Ok(&stream.end) } else { Err(unsupported()) }
    }

    fn mailbox(&self) -> Result<&Mailbox, Thrown> {
        if let Kind::Datagrams(mailbox) = &self.kind { Ok(mailbox) } else { Err(unsupported()) }
    }

    async fn receive(&self, call: &Call, mailbox: &Mailbox) -> Result<(Bytes, SocketAddr), Thrown> {
        let network = &self.host.network;
        let arriving = async {
            let receive = |waker: &_| mailbox.receive(network.now_us(), waker);
            let mailbox::Datagram { data, sender } = self.host.wait(&self.closing, receive).await?;
            Ok(Some(Arrived { data, sender: Some(sender) }))
        };
        let arrived = self.unread.read(call, arriving).await?;
        let Some(Arrived { data, sender: Some(sender) }) = arrived else {
            unreachable!("datagrams have senders, and never end")
        };
        Ok((data, sender))
    }

    fn send(&self, mailbox: &Mailbox, data: &Bytes, receiver: SocketAddr) -> Result<(), Thrown> {
        let is_broadcast = matches!(receiver.ip(), IpAddr::V4(ip) if ip.is_broadcast());
        if is_broadcast && !self.options.is_set(option::UDP_BROADCAST) {
            return Err(Thrown::new("Permission denied"));
        }
        let hears_itself = is_broadcast || self.options.is_set(option::UDP_MULTICAST_LOOPBACK);
        mailbox::send(&self.host.network, mailbox, data, receiver, hears_itself)
    }
}

impl interface::Socket for Socket {
    type Accepted = Socket;

    async fn udp_connect(&self, ip: Bytes, port: u16) -> Result<(), Thrown> {
        let (mailbox, peer) = (self.mailbox()?, socket_address(&ip, port)?);
        self.guard.require_connect(peer).await?;
        mailbox.connect(peer)
    }

    async fn udp_receive(&self, call: &Call) -> Result<(Bytes, Bytes, u16), Thrown> {
        let (data, sender) = self.receive(call, self.mailbox()?).await?;
        let (ip, port) = parts(sender);
        Ok((data, ip, port))
    }

    async fn udp_send(&self, data: Bytes, ip: Bytes, port: u16) -> Result<(), Thrown> {
        let receiver = socket_address(&ip, port)?;
        let mailbox = self.mailbox()?;
        self.guard.require_connect(receiver).await?;
        self.send(mailbox, &data, receiver)
    }

    async fn tcp_accept(&self, call: &Call) -> Result<Resource<Socket>, Thrown> {
        let Kind::Listener(Listening { listener, given_back }) = &self.kind else {
            return Err(unsupported());
        };
        let arriving = self.host.wait(&self.closing, |waker| listener.accept(waker));
        let (end, if_unused) = given_back.accept(call, arriving).await?;
        let stream = Stream { end, if_unused: Some(if_unused) };
        Ok(Socket::resource(&self.host, &self.guard, Kind::Stream(stream)))
    }

    async fn tcp_close_write(&self) -> Result<(), Thrown> {
        self.end()?.close_write()
    }

    async fn get_option(&self, number: i64) -> Result<Value, Thrown> {
        self.options.get(number)
    }

    async fn set_option(&self, number: i64, value: Value) -> Result<(), Thrown> {
        match (number, &self.kind) {
            (option::UDP_MULTICAST_MEMBERSHIP, Kind::Datagrams(mailbox)) => mailbox.join(address(&value)?),
            (option::UDP_MULTICAST_LEAVE, Kind::Datagrams(mailbox)) => mailbox.leave(address(&value)?),
            _ => self.options.set(number, value),
        }
    }

    async fn local_address(&self) -> Result<(Bytes, u16), Thrown> {
        Ok(parts(match &self.kind {
            Kind::Stream(stream) => stream.end.local_address(),
            Kind::Listener(Listening { listener, .. }) => listener.address,
            Kind::Datagrams(mailbox) => mailbox.address,
        }))
    }

    async fn peer_address(&self) -> Result<(Bytes, u16), Thrown> {
        match &self.kind {
            Kind::Stream(stream) => Ok(parts(stream.end.peer_address())),
            Kind::Datagrams(mailbox) => mailbox.peer().map(parts).ok_or_else(not_connected),
            Kind::Listener(_) => Err(unsupported()),
        }
    }

    async fn read(&self, call: &Call) -> Result<Option<Bytes>, Thrown> {
        match &self.kind {
            Kind::Stream(stream) => {
                let arriving = async {
                    let data = self.host.wait(&self.closing, |waker| stream.end.read(waker)).await?;
                    Ok(data.map(|data| Arrived { data, sender: None }))
                };
                Ok(self.unread.read(call, arriving).await?.map(|arrived| arrived.data))
            }
            Kind::Datagrams(mailbox) => Ok(Some(self.receive(call, mailbox).await?.0)),
            Kind::Listener(_) => Err(unsupported()),
        }
    }

    async fn write(&self, data: Bytes) -> Result<usize, Thrown> {
        match &self.kind {
            Kind::Stream(Stream { end, .. }) => {
                self.host.wait(&self.closing, |waker| end.write(&data, waker)).await
            }
            Kind::Datagrams(mailbox) => {
                let peer = mailbox.peer().ok_or_else(|| Thrown::new("Destination address required"))?;
                self.send(mailbox, &data, peer).map(|()| data.len())
            }
            Kind::Listener(_) => Err(unsupported()),
        }
    }

    async fn mtu(&self) -> Result<i64, Thrown> {
        Ok(if let Kind::Datagrams(_) = self.kind { DATAGRAM_MTU } else { STREAM_MTU })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let shared = &self.host.network.shared;
        match &self.kind {
            Kind::Stream(_) => return,
            Kind::Listener(Listening { listener, .. }) => {
                shared.world.lock().listeners.remove(listener.address.port(), listener);
                listener.close();
            }
            Kind::Datagrams(mailbox) => {
                shared.world.lock().mailboxes.remove(mailbox.address.port(), mailbox);
            }
        }
        shared.sockets.fetch_sub(1, Ordering::Relaxed);
    }
}

fn not_connected() -> Thrown {
    Thrown::new("Transport endpoint is not connected")
}

/// Returns the options of a socket for multicast.
pub(super) fn multicast_options(
    interface: Option<Bytes>,
    (reuse_address, reuse_port, loopback): (bool, bool, bool),
    ttl: u32,
) -> Result<Options, Thrown> {
    let options = Options::of_datagrams();
    if let Some(interface) = interface {
        of_4(&interface)?;
        options.set(option::UDP_MULTICAST_IF, Value::Bytes(interface))?;
    }
    options.set(option::UDP_REUSE_ADDRESS, Value::Bool(reuse_address))?;
    options.set(option::UDP_REUSE_PORT, Value::Bool(reuse_port))?;
    options.set(option::UDP_MULTICAST_LOOPBACK, Value::Bool(loopback))?;
    options.set(option::UDP_MULTICAST_TTL, Value::Int(ttl.into()))?;
    Ok(options)
}
