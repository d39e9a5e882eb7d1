//! The interface of the network service: the traits that a provider implements, and the clients for them.
//!
//! Methods of connections and sockets that a provider leaves out fail with "UNSUPPORTED".

#![allow(clippy::too_many_arguments, reason = "the existing interface has methods with many arguments")]

use lucarne_macros::{resource, service};
use lucarne_services::{Bytes, Call, Resource, Thrown, Value};

/// A network: names are resolved and sockets are opened through a [`Connection`] to it.
///
/// Addresses are 4 bytes (IPv4) or 16 bytes (IPv6), most significant first. A socket address is a pair of such bytes and
/// a port. Errors of the network are texts, such as "Connection refused".
#[service(crate = lucarne_services, uuid = "063e228a-3a7a-44a8-b024-d55127255ccb", version = "0.4")]
pub trait Network {
    /// A connection to the network.
    type Connection: Connection<Socket = Self::Socket>;
    /// A socket of any kind.
    type Socket: Socket<Accepted = Self::Socket>;

    /// Connects to the network. Returns the connection, the operations that clients must call on it instead of doing
    /// them by themselves (see [`proxied`](super::proxied)), and the name of the network.
    ///
    /// # Errors
    /// If the network cannot be reached.
    #[index(0)]
    async fn connect(&self, call: &Call) -> Result<(Resource<Self::Connection>, i64, String), Thrown>;

    /// Asks the provider to avoid the network with this name for a while.
    ///
    /// # Errors
    /// If the provider does not know the network.
    #[index(3)]
    async fn quarantine(&self, name: String) -> Result<(), Thrown>;
}

/// A connection to a network. It notifies its client with 200 when the network is closed.
#[resource(crate = lucarne_services, notifies = i64)]
pub trait Connection {
    /// The sockets of the connection.
    type Socket: Socket;

    /// Returns the address of this machine in the network.
    ///
    /// # Errors
    /// If the machine has no address.
    #[index(1)]
    async fn address(&self) -> Result<Bytes, Thrown> {
        unsupported()
    }

    /// Returns the addresses of a host, which is a name or an address in text form.
    ///
    /// # Errors
    /// If there is no such host, or its name cannot be resolved now.
    #[index(2)]
    async fn resolve(&self, call: &Call, host: String) -> Result<Vec<Bytes>, Thrown> {
        let _ = (call, host);
        unsupported()
    }

    /// Returns the addresses of the name servers of the machine. Only the network of the operating system has this
    /// method.
    ///
    /// # Errors
    /// If the network does not know them.
    #[index(2002)]
    async fn name_servers(&self) -> Result<Vec<Bytes>, Thrown> {
        unsupported()
    }

    /// Opens a UDP socket at a port of all interfaces, or at a free one.
    ///
    /// # Errors
    /// If the port is in use.
    #[index(100)]
    async fn udp_open(&self, port: Option<u16>) -> Result<Resource<Self::Socket>, Thrown> {
        let _ = port;
        unsupported()
    }

    /// Opens a UDP socket at a port of one interface, given by its address. Only the network of the operating system has
    /// this method. Port 0 stands for a free port.
    ///
    /// # Errors
    /// If the port is in use, or the address is not one of this machine.
    #[index(1100)]
    async fn udp_open_at(&self, ip: Bytes, port: u16) -> Result<Resource<Self::Socket>, Thrown> {
        let _ = (ip, port);
        unsupported()
    }

    /// Opens a UDP socket for multicast and joins a group, if an address is given. `interface` is the address of the
    /// interface for outgoing packets.
    ///
    /// # Errors
    /// If the port is in use, or the operating system refuses an option.
    #[index(104)]
    async fn udp_open_multicast(
        &self,
        group: Option<Bytes>,
        port: u16,
        interface: Option<Bytes>,
        reuse_address: bool,
        reuse_port: bool,
        loopback: bool,
        ttl: u32,
    ) -> Result<Resource<Self::Socket>, Thrown> {
        let _ = (group, port, interface, reuse_address, reuse_port, loopback, ttl);
        unsupported()
    }

    /// Connects a TCP socket.
    ///
    /// # Errors
    /// If the peer refuses or does not answer.
    #[index(200)]
    async fn tcp_connect(&self, ip: Bytes, port: u16) -> Result<Resource<Self::Socket>, Thrown> {
        let _ = (ip, port);
        unsupported()
    }

    /// Listens for TCP connections at a port of all interfaces. Port 0 stands for a free port.
    ///
    /// # Errors
    /// If the port is in use.
    #[index(201)]
    async fn tcp_listen(&self, port: u16) -> Result<Resource<Self::Socket>, Thrown> {
        let _ = port;
        unsupported()
    }

    /// Listens for TCP connections at a port of one interface, given by its address. Only the network of the operating
    /// system has this method. Port 0 stands for a free port.
    ///
    /// # Errors
    /// If the port is in use, or the address is not one of this machine.
    #[index(1201)]
    async fn tcp_listen_at(&self, ip: Bytes, port: u16) -> Result<Resource<Self::Socket>, Thrown> {
        let _ = (ip, port);
        unsupported()
    }
}

/// A socket. Its kind determines which methods it has; the others fail.
#[resource(crate = lucarne_services)]
pub trait Socket {
    /// The connections that a listening socket accepts.
    type Accepted: Socket;

    /// Determines the peer of a UDP socket: from now on, only its datagrams are received.
    ///
    /// # Errors
    /// If the address cannot be reached.
    #[index(101)]
    async fn udp_connect(&self, ip: Bytes, port: u16) -> Result<(), Thrown> {
        let _ = (ip, port);
        unsupported()
    }

    /// Waits for a datagram. Returns its data, and the address and port of its sender.
    ///
    /// # Errors
    /// If the socket is closed.
    #[index(102)]
    async fn udp_receive(&self, call: &Call) -> Result<(Bytes, Bytes, u16), Thrown> {
        let _ = call;
        unsupported()
    }

    /// Sends a datagram.
    ///
    /// # Errors
    /// If it is too large, or the address cannot be reached.
    #[index(103)]
    async fn udp_send(&self, data: Bytes, ip: Bytes, port: u16) -> Result<(), Thrown> {
        let _ = (data, ip, port);
        unsupported()
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// If the socket is closed.
    #[index(202)]
    async fn tcp_accept(&self, call: &Call) -> Result<Resource<Self::Accepted>, Thrown> {
        let _ = call;
        unsupported()
    }

    /// Closes the sending direction of a TCP connection: the peer reads to the end.
    ///
    /// # Errors
    /// If the connection is broken.
    #[index(203)]
    async fn tcp_close_write(&self) -> Result<(), Thrown> {
        unsupported()
    }

    /// Returns an option: see [`option`](super::option).
    ///
    /// # Errors
    /// If the socket does not have the option.
    #[index(300)]
    async fn get_option(&self, option: i64) -> Result<Value, Thrown> {
        let _ = option;
        unsupported()
    }

    /// Sets an option: see [`option`](super::option).
    ///
    /// # Errors
    /// If the socket does not have the option, or the value has the wrong type.
    #[index(301)]
    async fn set_option(&self, option: i64, value: Value) -> Result<(), Thrown> {
        let _ = (option, value);
        unsupported()
    }

    /// Returns the address and port of this socket.
    ///
    /// # Errors
    /// If the socket has none.
    #[index(302)]
    async fn local_address(&self) -> Result<(Bytes, u16), Thrown> {
        unsupported()
    }

    /// Returns the address and port of the peer.
    ///
    /// # Errors
    /// If the socket is not connected.
    #[index(303)]
    async fn peer_address(&self) -> Result<(Bytes, u16), Thrown> {
        unsupported()
    }

    /// Waits for bytes of the peer. Returns none at the end of a TCP connection. A call that is given up loses no bytes
    /// of a TCP connection, also if its answer is on the way.
    ///
    /// # Errors
    /// If the connection is broken or the socket is closed.
    #[index(304)]
    async fn read(&self, call: &Call) -> Result<Option<Bytes>, Thrown> {
        let _ = call;
        unsupported()
    }

    /// Waits until bytes can be sent, and sends as many as there is room for. Returns their number.
    ///
    /// # Errors
    /// If the connection is broken or the socket is closed.
    #[index(305)]
    async fn write(&self, data: Bytes) -> Result<usize, Thrown> {
        let _ = data;
        unsupported()
    }

    /// Returns the number of bytes that a packet can have without being divided.
    ///
    /// # Errors
    /// If the socket is closed.
    #[index(306)]
    async fn mtu(&self) -> Result<i64, Thrown> {
        unsupported()
    }
}

/// Fails as a method that the network does not have.
fn unsupported<T>() -> Result<T, Thrown> {
    Err(Thrown::new("UNSUPPORTED"))
}
