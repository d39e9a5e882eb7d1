//! Connections to a simulated network: they resolve names and open sockets.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use lucarne_services::{Bytes, Call, Closing, Resource, Thrown};

use super::super::addresses::{bytes, socket_address};
use super::super::connection::{everywhere, of_4};
use super::super::interface;
use super::super::reach::Guard;
use super::link::{Link, Listener, refused};
use super::mailbox::Mailbox;
use super::socket::{Kind, Socket, multicast_options};
use super::{CONNECT_US, Host, MACHINE, address_of, in_use, is_own, overlap, require_own, unreachable};

pub(super) struct Connection {
    pub(super) host: Arc<Host>,
    pub(super) guard: Arc<Guard>,
}

impl Connection {
    /// Opens a UDP socket without options for multicast.
    fn udp_open_on(&self, address: SocketAddr) -> Result<Resource<Socket>, Thrown> {
        let mailbox = self.udp_bind(address, false)?;
        Ok(Socket::resource(&self.host, &self.guard, Kind::Datagrams(mailbox)))
    }

    fn udp_bind(&self, address: SocketAddr, is_shared: bool) -> Result<Arc<Mailbox>, Thrown> {
        self.guard.require_receive(address.port())?;
        require_own(address.ip())?;
        let mut world = self.host.network.shared.world.lock();
        let port = if address.port() == 0 { world.mailboxes.free(world.last_port)? } else { address.port() };
        let collides = |other: &Arc<Mailbox>| {
            overlap(other.address.ip(), address.ip()) && !(is_shared && other.is_shared)
        };
        if world.mailboxes.at(port).iter().any(collides) {
            return Err(in_use());
        }
        if address.port() == 0 {
            world.last_port = port;
        }
        let mailbox = Arc::new(Mailbox::new(SocketAddr::new(address.ip(), port), is_shared));
        world.mailboxes.add(port, mailbox.clone());
        Ok(mailbox)
    }

    fn tcp_bind(&self, address: SocketAddr) -> Result<Resource<Socket>, Thrown> {
        self.guard.require_listen(address.port())?;
        require_own(address.ip())?;
        let mut world = self.host.network.shared.world.lock();
        let port = if address.port() == 0 { world.listeners.free(world.last_port)? } else { address.port() };
        if world.listeners.at(port).iter().any(|other| overlap(other.address.ip(), address.ip())) {
            return Err(in_use());
        }
        if address.port() == 0 {
            world.last_port = port;
        }
        let listener = Arc::new(Listener::new(SocketAddr::new(address.ip(), port)));
        world.listeners.add(port, listener.clone());
        drop(world);
        Ok(Socket::resource(&self.host, &self.guard, Kind::listener(listener)))
    }

    /// Returns the listener that accepts connections for the address.
    fn listener(&self, address: SocketAddr) -> Option<Arc<Listener>> {
        let world = self.host.network.shared.world.lock();
        let is_here = |listener: &&Arc<Listener>| {
            let own = listener.address.ip();
            own == address.ip() || own.is_unspecified() && own.is_ipv4() == address.is_ipv4()
        };
        world.listeners.at(address.port()).iter().find(is_here).cloned()
    }
}

impl interface::Connection for Connection {
    type Socket = Socket;

    async fn address(&self) -> Result<Bytes, Thrown> {
        Ok(bytes(MACHINE.into()))
    }

    async fn resolve(&self, _call: &Call, host: String) -> Result<Vec<Bytes>, Thrown> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![bytes(address)]);
        }
        let network = &self.host.network;
        self.host.travel().await;
        let failed = |why| {
            Err(Thrown::new(format!(
                "Host name lookup failure: '{host}': failed to lookup address information: {why}"
            )))
        };
        if network.happens(network.shared.weather.unanswered) {
            return failed("Temporary failure in name resolution");
        }
        match address_of(&host) {
            Some(address) => Ok(vec![bytes(address)]),
            None => failed("Name or service not known"),
        }
    }

    async fn udp_open(&self, port: Option<u16>) -> Result<Resource<Socket>, Thrown> {
        self.udp_open_on(everywhere(port.unwrap_or(0)))
    }

    async fn udp_open_at(&self, ip: Bytes, port: u16) -> Result<Resource<Socket>, Thrown> {
        self.udp_open_on(socket_address(&ip, port)?)
    }

    async fn udp_open_multicast(
        &self,
        group: Option<Bytes>,
        port: u16,
        interface: Option<Bytes>,
        reuse_address: bool,
        reuse_port: bool,
        loopback: bool,
        ttl: u32,
    ) -> Result<Resource<Socket>, Thrown> {
        let group = group.map(|group| of_4(&group)).transpose()?;
        let options = multicast_options(interface, (reuse_address, reuse_port, loopback), ttl)?;
        let mailbox = self.udp_bind(everywhere(port), reuse_address || reuse_port)?;
        // Made before the group is joined, so that an error closes it.
        let kind = Kind::Datagrams(mailbox.clone());
        let socket = Socket::with_options(&self.host, &self.guard, kind, options);
        group.map_or(Ok(()), |group| mailbox.join(group))?;
        Ok(socket)
    }

    async fn tcp_connect(&self, ip: Bytes, port: u16) -> Result<Resource<Socket>, Thrown> {
        let peer = socket_address(&ip, port)?;
        self.guard.require_connect(peer).await?;
        let network = &self.host.network;
        if !is_own(peer.ip()) {
            return Err(unreachable());
        }
        if network.happens(network.shared.weather.unanswered) {
            self.host.sleep_until(network.now_us() + CONNECT_US).await;
            return Err(Thrown::new("Connection timed out"));
        }
        self.host.travel().await;
        let Some(listener) = self.listener(peer) else {
            self.host.travel().await;
            return Err(refused());
        };
        let own = {
            // Ports of connections are only shown, so they need not differ from those of other sockets.
            let mut world = network.shared.world.lock();
            world.last_port = super::ports::next(world.last_port);
            SocketAddr::new(peer.ip(), world.last_port)
        };
        let connect = || Link::connect(network, [own, peer]);
        let end = self.host.wait(&Closing::default(), |waker| listener.add(connect, waker)).await?;
        self.host.travel().await;
        Ok(Socket::resource(&self.host, &self.guard, Kind::connected(end)))
    }

    async fn tcp_listen(&self, port: u16) -> Result<Resource<Socket>, Thrown> {
        self.tcp_bind(everywhere(port))
    }

    async fn tcp_listen_at(&self, ip: Bytes, port: u16) -> Result<Resource<Socket>, Thrown> {
        self.tcp_bind(socket_address(&ip, port)?)
    }
}
