//! The options of sockets.

use lucarne_services::{Thrown, Value};
use socket2::SockRef;

use super::addresses::{bytes, thrown};
use super::connection::of_4;
use super::socket::{Kind, unsupported};

/// The numbers of the options of sockets.
pub mod option {
    /// Whether a UDP socket sends to broadcast addresses.
    pub const UDP_BROADCAST: i64 = 0;
    /// Joins a multicast group, whose address is the value. This option can be set, but not read.
    pub const UDP_MULTICAST_MEMBERSHIP: i64 = 1;
    /// Whether sockets of this machine receive the multicast packets too.
    pub const UDP_MULTICAST_LOOPBACK: i64 = 2;
    /// The number of networks that a multicast packet can cross.
    pub const UDP_MULTICAST_TTL: i64 = 3;
    /// Whether the address can be used by several sockets.
    pub const UDP_REUSE_ADDRESS: i64 = 4;
    /// Whether the port can be used by several sockets.
    pub const UDP_REUSE_PORT: i64 = 5;
    /// The address of the interface for multicast packets.
    pub const UDP_MULTICAST_IF: i64 = 6;
    /// Leaves a multicast group, whose address is the value. This option can be set, but not read.
    pub const UDP_MULTICAST_LEAVE: i64 = 7;
    /// Whether small packets are sent at once.
    pub const TCP_NO_DELAY: i64 = 100;
    /// Whether the operating system checks from time to time that the peer is still there. Only the network of the
    /// operating system has this option.
    pub const TCP_KEEP_ALIVE: i64 = 101;
    /// The number of bytes that the operating system keeps until they are read. Only the network of the operating system
    /// has this option.
    pub const TCP_WINDOW_SIZE: i64 = 102;
}

pub(super) fn get(kind: &Kind, number: i64) -> Result<Value, Thrown> {
    let value = match kind {
        Kind::Datagrams(socket) => {
            let socket = SockRef::from(socket);
            match number {
                option::UDP_BROADCAST => socket.broadcast().map(Value::Bool),
                option::UDP_MULTICAST_LOOPBACK => socket.multicast_loop_v4().map(Value::Bool),
                option::UDP_MULTICAST_TTL => socket.multicast_ttl_v4().map(|ttl| Value::Int(ttl.into())),
                option::UDP_REUSE_ADDRESS => socket.reuse_address().map(Value::Bool),
                option::UDP_REUSE_PORT => socket.reuse_port().map(Value::Bool),
                option::UDP_MULTICAST_IF => {
                    socket.multicast_if_v4().map(|address| Value::Bytes(bytes(address.into())))
                }
                _ => return Err(unsupported()),
            }
        }
        Kind::Stream(stream) => {
            let socket = SockRef::from(&*stream.tcp);
            match number {
                option::TCP_NO_DELAY => socket.tcp_nodelay().map(Value::Bool),
                option::TCP_KEEP_ALIVE => socket.keepalive().map(Value::Bool),
                option::TCP_WINDOW_SIZE => socket.recv_buffer_size().map(|size| Value::Int(size as i64)),
                _ => return Err(unsupported()),
            }
        }
        Kind::Listener(_) => return Err(unsupported()),
    };
    value.map_err(thrown)
}

pub(super) fn set(kind: &Kind, number: i64, value: &Value) -> Result<(), Thrown> {
    let done = match kind {
        Kind::Datagrams(socket) => {
            let socket = SockRef::from(socket);
            let anywhere = std::net::Ipv4Addr::UNSPECIFIED;
            match number {
                option::UDP_BROADCAST => socket.set_broadcast(flag(value)?),
                option::UDP_MULTICAST_MEMBERSHIP => socket.join_multicast_v4(&address(value)?, &anywhere),
                option::UDP_MULTICAST_LEAVE => socket.leave_multicast_v4(&address(value)?, &anywhere),
                option::UDP_MULTICAST_LOOPBACK => socket.set_multicast_loop_v4(flag(value)?),
                option::UDP_MULTICAST_TTL => socket.set_multicast_ttl_v4(ttl(value)?),
                option::UDP_REUSE_ADDRESS => socket.set_reuse_address(flag(value)?),
                option::UDP_REUSE_PORT => socket.set_reuse_port(flag(value)?),
                option::UDP_MULTICAST_IF => socket.set_multicast_if_v4(&address(value)?),
                _ => return Err(unsupported()),
            }
        }
        Kind::Stream(stream) => {
            let socket = SockRef::from(&*stream.tcp);
            match number {
                option::TCP_NO_DELAY => socket.set_tcp_nodelay(flag(value)?),
                option::TCP_KEEP_ALIVE => socket.set_keepalive(flag(value)?),
                option::TCP_WINDOW_SIZE => socket.set_recv_buffer_size(size(value)?),
                _ => return Err(unsupported()),
            }
        }
        Kind::Listener(_) => return Err(unsupported()),
    };
    done.map_err(thrown)
}

pub(super) fn flag(value: &Value) -> Result<bool, Thrown> {
    if let Value::Bool(flag) = value { Ok(*flag) } else { Err(wrong_type()) }
}

pub(super) fn size(value: &Value) -> Result<usize, Thrown> {
    let Value::Int(size) = value else { return Err(wrong_type()) };
    usize::try_from(*size).map_err(|_| Thrown::new("OUT_OF_RANGE"))
}

pub(super) fn ttl(value: &Value) -> Result<u32, Thrown> {
    let Value::Int(ttl) = value else { return Err(wrong_type()) };
    u8::try_from(*ttl).map(u32::from).map_err(|_| Thrown::new("OUT_OF_RANGE"))
}

pub(super) fn address(value: &Value) -> Result<std::net::Ipv4Addr, Thrown> {
    if let Value::Bytes(bytes) = value { of_4(bytes) } else { Err(wrong_type()) }
}

fn wrong_type() -> Thrown {
    Thrown::new("WRONG_OBJECT_TYPE")
}
