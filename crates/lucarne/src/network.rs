//! The network: names, TCP and UDP.
//!
//! A container uses the network that its system offers: that of the operating system, a simulated one, or one that
//! another container provides, in Rust or Toit, also in another OS process. [`Network`] is the client. Its
//! streams have the traits of the crate `futures-io`, so they need no certain runtime.
//!
//! ```
//! use futures_util::io::{AsyncReadExt, AsyncWriteExt};
//! use lucarne::network::Network;
//! use lucarne::prelude::*;
//!
//! let system = System::new();
//! let guest = system.container("guest");
//! let network = Network::open(&guest).wait()?;
//! let listener = network.listen("127.0.0.1:0").wait()?;
//! let port = listener.local_address().wait()?.port();
//!
//! let mut client = network.connect(&format!("localhost:{port}")).wait()?;
//! let mut server = listener.accept().wait()?;
//! guest.run(async {
//!     client.write_all(b"hello").await?;
//!     client.close().await?;
//!     let mut text = String::new();
//!     server.read_to_string(&mut text).await?;
//!     assert_eq!(text, "hello");
//!     std::io::Result::Ok(())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Errors
//!
//! All operations fail with [`io::Error`], whose kinds are those of sockets. Its source is a
//! [`CallError`](crate::CallError). If the provider ends, the kind is [`io::ErrorKind::ConnectionAborted`].
//!
//! # To provide a network
//!
//! Implement the traits of [`interface`], and install an [`interface::NetworkHandler`]. Methods that you leave out fail
//! with "UNSUPPORTED". The guide `docs/rust.md` has an example.

mod datagrams;
mod steps;
mod stream;

use std::io;
use std::net::{IpAddr, SocketAddr};

pub use datagrams::UdpSocket;
pub use lucarne_providers::network::{
    BadRemote, Borders, MACHINE, NOTIFY_CLOSED, Names, NoBorders, Partitions, Reach, Remote,
    SimulatedNetwork, SystemNames, UnknownWeather, Weather, addresses, interface, option, proxied,
};
use lucarne_services::{Bytes, Container, Pending};
pub use stream::{TcpListener, TcpStream};

use interface::{ConnectionProxy, NetworkClient};
use steps::steps;

/// A network that was opened. Clones are the same network.
///
/// Sockets stay open when the network is dropped. They close when they are dropped themselves, or when the container
/// ends.
#[derive(Clone, Debug)]
pub struct Network {
    container: Container,
    connection: ConnectionProxy,
    name: String,
}

impl Network {
    /// Opens the network with the highest priority for a container.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] if there is no network, [`io::ErrorKind::PermissionDenied`] if the container must not
    /// open it.
    pub fn open(container: &Container) -> Pending<Network, io::Error> {
        let of = container.clone();
        steps(container, async move {
            let client = NetworkClient::open(&of).await?;
            Network::connected(of, client).await
        })
    }

    /// Opens the network of a client. Use it to choose a network by its tags:
    /// `NetworkClient::open(&container).only(|network| network.tags.contains(&tag))`.
    ///
    /// # Errors
    /// If the network cannot be reached.
    pub fn through(container: &Container, client: NetworkClient) -> Pending<Network, io::Error> {
        steps(container, Network::connected(container.clone(), client))
    }

    async fn connected(container: Container, client: NetworkClient) -> io::Result<Network> {
        let (connection, _, name) = client.connect().await?;
        Ok(Network { container, connection, name })
    }

    /// Returns the name of the network.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address of this machine in the network.
    ///
    /// # Errors
    /// If the machine has no address.
    pub fn address(&self) -> Pending<IpAddr, io::Error> {
        let connection = self.connection.clone();
        steps(&self.container, async move { ip(&connection.address().await?) })
    }

    /// Returns the addresses of a host, which is a name or an address in text form.
    ///
    /// # Errors
    /// If there is no such host, or its name cannot be resolved now.
    pub fn resolve(&self, host: &str) -> Pending<Vec<IpAddr>, io::Error> {
        steps(&self.container, resolve(self.connection.clone(), host.to_owned()))
    }

    /// Connects to `HOST:PORT`, such as `example.com:80` or `[::1]:80`: to each address of the host until one answers.
    ///
    /// # Errors
    /// If the host has no address, or the error of the last address.
    pub fn connect(&self, address: &str) -> Pending<TcpStream, io::Error> {
        let (network, target) = (self.clone(), split(address));
        steps(&self.container, async move {
            let (host, port) = target?;
            let mut last = io::Error::new(io::ErrorKind::NotFound, format!("'{host}' has no address"));
            for ip in resolve(network.connection.clone(), host).await? {
                match network.connection.tcp_connect(addresses::bytes(ip), port).await {
                    Ok(socket) => return Ok(TcpStream::new(network.container, socket)),
                    Err(error) => last = error.into(),
                }
            }
            Err(last)
        })
    }

    /// Listens for connections at `HOST:PORT`. Without a host, such as `:80`, it listens at all interfaces. Port 0 stands
    /// for a free port. Some networks have no method for one interface: they fail with [`io::ErrorKind::Unsupported`].
    ///
    /// # Errors
    /// If the port is in use, or the host is not this machine.
    pub fn listen(&self, address: &str) -> Pending<TcpListener, io::Error> {
        let (network, target) = (self.clone(), split(address));
        steps(&self.container, async move {
            let (host, port) = target?;
            let socket = match own_address(network.connection.clone(), host).await? {
                None => network.connection.tcp_listen(port).await?,
                Some(ip) => network.connection.tcp_listen_at(ip, port).await?,
            };
            Ok(TcpListener::new(network.container, socket))
        })
    }

    /// Opens a UDP socket at `HOST:PORT`, with the same meaning as for [`listen`](Network::listen).
    ///
    /// # Errors
    /// If the port is in use, or the host is not this machine.
    pub fn udp(&self, address: &str) -> Pending<UdpSocket, io::Error> {
        let (network, target) = (self.clone(), split(address));
        steps(&self.container, async move {
            let (host, port) = target?;
            let socket = match own_address(network.connection.clone(), host).await? {
                None => network.connection.udp_open(Some(port).filter(|port| *port > 0)).await?,
                Some(ip) => network.connection.udp_open_at(ip, port).await?,
            };
            Ok(UdpSocket::new(network.container, socket))
        })
    }
}

async fn resolve(connection: ConnectionProxy, host: String) -> io::Result<Vec<IpAddr>> {
    match host.parse() {
        Ok(ip) => Ok(vec![ip]),
        Err(_) => connection.resolve(host).await?.iter().map(ip).collect(),
    }
}

/// Returns the address of an interface, or none for all interfaces.
async fn own_address(connection: ConnectionProxy, host: String) -> io::Result<Option<Bytes>> {
    if host.is_empty() || host == "0.0.0.0" {
        return Ok(None);
    }
    let found = resolve(connection, host).await?;
    let first = found.first().ok_or_else(|| io::Error::from(io::ErrorKind::AddrNotAvailable))?;
    Ok(Some(addresses::bytes(*first)))
}

/// Returns the parts of `HOST:PORT`. An address of IPv6 stands in brackets.
fn split(address: &str) -> io::Result<(String, u16)> {
    let parts = address.rsplit_once(':').and_then(|(host, port)| {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let is_plain = bare.is_some() || !host.contains([':', '[', ']']);
        Some((bare.unwrap_or(host).to_owned(), port.parse().ok().filter(|_| is_plain)?))
    });
    let bad = || {
        io::Error::new(io::ErrorKind::InvalidInput, format!("'{address}' does not have the form HOST:PORT"))
    };
    parts.ok_or_else(bad)
}

fn ip(bytes: &Bytes) -> io::Result<IpAddr> {
    addresses::ip(bytes).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn socket_address((bytes, port): (Bytes, u16)) -> io::Result<SocketAddr> {
    Ok(SocketAddr::new(ip(&bytes)?, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_into_host_and_port() {
        for (text, host, port) in
            [("example.com:80", "example.com", 80), ("[::1]:7", "::1", 7), (":0", "", 0)]
        {
            assert_eq!(split(text).expect("it is correct"), (host.to_owned(), port));
        }
        for text in ["", "host", "host:", "host:65536", "::1:80", "[::1:80", "a]:1"] {
            assert_eq!(split(text).expect_err(text).kind(), io::ErrorKind::InvalidInput);
        }
    }
}
