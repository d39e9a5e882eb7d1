//! UDP sockets.

use std::io;
use std::net::SocketAddr;

use lucarne_providers::network::addresses;
use lucarne_providers::network::interface::SocketProxy;
use lucarne_services::{Bytes, Container, Pending};

use super::socket_address;
use super::steps::steps;
use super::stream::local_address;

/// A UDP socket. It closes when it is dropped.
///
/// Datagrams that arrive while the container does not receive wait in the network, which drops those for which it has no
/// room.
#[derive(Debug)]
pub struct UdpSocket {
    container: Container,
    socket: SocketProxy,
}

impl UdpSocket {
    pub(super) fn new(container: Container, socket: SocketProxy) -> UdpSocket {
        UdpSocket { container, socket }
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    /// If it is too large, or the address cannot be reached.
    pub fn send_to(&self, data: impl Into<Bytes>, receiver: SocketAddr) -> Pending<(), io::Error> {
        let (socket, data) = (self.socket.clone(), data.into());
        steps(&self.container, async move {
            Ok(socket.udp_send(data, addresses::bytes(receiver.ip()), receiver.port()).await?)
        })
    }

    /// Waits for a datagram. Returns it with the address of its sender. One that is on its way while this is dropped is
    /// lost.
    ///
    /// # Errors
    /// If the provider has ended, or the peer of [`connect`](UdpSocket::connect) has refused an earlier datagram.
    pub fn receive(&self) -> Pending<(Bytes, SocketAddr), io::Error> {
        let socket = self.socket.clone();
        steps(&self.container, async move {
            let (data, ip, port) = socket.udp_receive().await?;
            Ok((data, socket_address((ip, port))?))
        })
    }

    /// Determines the peer: from now on, only its datagrams are received.
    ///
    /// # Errors
    /// If the address cannot be reached.
    pub fn connect(&self, peer: SocketAddr) -> Pending<(), io::Error> {
        let socket = self.socket.clone();
        steps(&self.container, async move {
            Ok(socket.udp_connect(addresses::bytes(peer.ip()), peer.port()).await?)
        })
    }

    /// Sends a datagram to the peer of [`connect`](UdpSocket::connect).
    ///
    /// # Errors
    /// If there is no peer, or the datagram is too large.
    pub fn send(&self, data: impl Into<Bytes>) -> Pending<(), io::Error> {
        let (socket, data) = (self.socket.clone(), data.into());
        steps(&self.container, async move {
            socket.write(data).await?;
            Ok(())
        })
    }

    /// Returns the own address. It has the port that was chosen for port 0.
    ///
    /// # Errors
    /// If the provider has ended.
    pub fn local_address(&self) -> Pending<SocketAddr, io::Error> {
        local_address(&self.container, &self.socket)
    }
}
