//! Connections to the network of the operating system: they resolve names and open sockets.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use lucarne_services::{Bytes, Call, Resource, Thrown};
use socket2::{Domain, Protocol, Type};
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use super::addresses::{self, thrown};
use super::interface;
use super::look_ups::LookUps;
use super::name_servers;
use super::reach::Guard;
use super::reactor::Reactor;
use super::socket::{Kind, Socket};
use super::unread::{Kept, Unread};

/// The number of connections that wait to be accepted.
const BACKLOG: u32 = 1_024;

/// An address outside of every local network. Nothing is sent to it.
const ELSEWHERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8)), 80);

pub(crate) struct Connection {
    pub(super) reactor: Arc<Reactor>,
    pub(super) look_ups: Arc<LookUps>,
    pub(super) kept: Arc<Kept>,
    pub(super) guard: Arc<Guard>,
}

impl Connection {
    async fn open(
        &self,
        opening: impl Future<Output = io::Result<Kind>>,
    ) -> Result<Resource<Socket>, Thrown> {
        let kind = self.reactor.run(opening).await.map_err(thrown)?;
        Ok(Socket::resource(self.reactor.clone(), self.guard.clone(), Unread::new(&self.kept), kind))
    }

    async fn udp_open_on(&self, address: SocketAddr) -> Result<Resource<Socket>, Thrown> {
        self.guard.require_receive(address.port())?;
        self.open(async move { Ok(Kind::Datagrams(UdpSocket::bind(address).await?)) }).await
    }

    async fn tcp_listen_on(&self, address: SocketAddr) -> Result<Resource<Socket>, Thrown> {
        self.guard.require_listen(address.port())?;
        self.open(async move {
            let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
            socket.set_reuseaddr(true)?;
            socket.bind(address)?;
            Ok(Kind::listener(socket.listen(BACKLOG)?))
        })
        .await
    }
}

impl interface::Connection for Connection {
    type Socket = Socket;

    /// Returns the address of the interface for packets to other networks.
    async fn address(&self) -> Result<Bytes, Thrown> {
        let chosen = async {
            let socket = UdpSocket::bind(everywhere(0)).await?;
            socket.connect(ELSEWHERE).await?;
            socket.local_addr()
        };
        Ok(addresses::bytes(self.reactor.run(chosen).await.map_err(thrown)?.ip()))
    }

    async fn resolve(&self, call: &Call, host: String) -> Result<Vec<Bytes>, Thrown> {
        let runtime = self.reactor.runtime().map_err(thrown)?;
        let failed = |error: io::Error| {
            Thrown::new(format!("Host name lookup failure: '{host}': {}", thrown(error).text()))
        };
        let found = self.look_ups.resolve(&runtime, call.gid(), host.clone()).await.map_err(failed)?;
        Ok(found.into_iter().map(addresses::bytes).collect())
    }

    async fn name_servers(&self) -> Result<Vec<Bytes>, Thrown> {
        let runtime = self.reactor.runtime().map_err(thrown)?;
        let servers = name_servers::configured(&runtime).await.map_err(thrown)?;
        Ok(servers.into_iter().map(addresses::bytes).collect())
    }

    async fn udp_open(&self, port: Option<u16>) -> Result<Resource<Socket>, Thrown> {
        self.udp_open_on(everywhere(port.unwrap_or(0))).await
    }

    async fn udp_open_at(&self, ip: Bytes, port: u16) -> Result<Resource<Socket>, Thrown> {
        self.udp_open_on(addresses::socket_address(&ip, port)?).await
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
        let interface = interface.map(|interface| of_4(&interface)).transpose()?;
        self.guard.require_receive(port)?;
        self.open(async move {
            let socket = socket2::Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
            socket.set_nonblocking(true)?;
            socket.set_reuse_address(reuse_address)?;
            socket.set_reuse_port(reuse_port)?;
            socket.set_multicast_loop_v4(loopback)?;
            socket.set_multicast_ttl_v4(ttl)?;
            if let Some(interface) = &interface {
                socket.set_multicast_if_v4(interface)?;
            }
            socket.bind(&everywhere(port).into())?;
            if let Some(group) = &group {
                socket.join_multicast_v4(group, &interface.unwrap_or(Ipv4Addr::UNSPECIFIED))?;
            }
            Ok(Kind::Datagrams(UdpSocket::from_std(socket.into())?))
        })
        .await
    }

    async fn tcp_connect(&self, ip: Bytes, port: u16) -> Result<Resource<Socket>, Thrown> {
        let peer = addresses::socket_address(&ip, port)?;
        self.guard.require_connect(peer).await?;
        self.open(async move { Ok(Kind::connected(TcpStream::connect(peer).await?)) }).await
    }

    async fn tcp_listen(&self, port: u16) -> Result<Resource<Socket>, Thrown> {
        self.tcp_listen_on(everywhere(port)).await
    }

    async fn tcp_listen_at(&self, ip: Bytes, port: u16) -> Result<Resource<Socket>, Thrown> {
        self.tcp_listen_on(addresses::socket_address(&ip, port)?).await
    }
}

/// Returns the address that stands for all interfaces.
pub(super) fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)
}

/// Returns an address of IPv4, which multicast groups and their interfaces have.
pub(super) fn of_4(bytes: &[u8]) -> Result<Ipv4Addr, Thrown> {
    <[u8; 4]>::try_from(bytes).map(Ipv4Addr::from).map_err(|_| Thrown::new("BAD_FORMAT"))
}
