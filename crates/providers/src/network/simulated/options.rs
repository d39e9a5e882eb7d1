//! The options of sockets of a simulated network. They are kept, and some of them have an effect.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use lucarne_kernel::sync::Mutex;
use lucarne_services::{Bytes, Thrown, Value};

use super::super::options::{address, flag, option, size, ttl};
use super::super::socket::unsupported;

/// The options that a socket has, with their values.
pub(super) struct Options(Mutex<BTreeMap<i64, Value>>);

impl Options {
    /// Returns the options of a TCP connection.
    pub(super) fn of_stream() -> Options {
        Options::new(&[
            (option::TCP_NO_DELAY, Value::Bool(false)),
            (option::TCP_KEEP_ALIVE, Value::Bool(false)),
            (option::TCP_WINDOW_SIZE, Value::Int(64 << 10)),
        ])
    }

    /// Returns the options of a UDP socket.
    pub(super) fn of_datagrams() -> Options {
        Options::new(&[
            (option::UDP_BROADCAST, Value::Bool(false)),
            (option::UDP_MULTICAST_LOOPBACK, Value::Bool(true)),
            (option::UDP_MULTICAST_TTL, Value::Int(1)),
            (option::UDP_REUSE_ADDRESS, Value::Bool(false)),
            (option::UDP_REUSE_PORT, Value::Bool(false)),
            (option::UDP_MULTICAST_IF, Value::Bytes(Bytes::copy_from_slice(&Ipv4Addr::UNSPECIFIED.octets()))),
        ])
    }

    /// Returns the options of a listener, which has none.
    pub(super) fn of_listener() -> Options {
        Options::new(&[])
    }

    fn new(options: &[(i64, Value)]) -> Options {
        Options(Mutex::new(options.iter().cloned().collect()))
    }

    pub(super) fn get(&self, number: i64) -> Result<Value, Thrown> {
        self.0.lock().get(&number).cloned().ok_or_else(unsupported)
    }

    /// Returns whether a flag is set. Options that the socket does not have are not set.
    pub(super) fn is_set(&self, number: i64) -> bool {
        self.0.lock().get(&number) == Some(&Value::Bool(true))
    }

    pub(super) fn set(&self, number: i64, value: Value) -> Result<(), Thrown> {
        let mut options = self.0.lock();
        let kept = options.get_mut(&number).ok_or_else(unsupported)?;
        match number {
            option::UDP_MULTICAST_TTL => drop(ttl(&value)?),
            option::UDP_MULTICAST_IF => drop(address(&value)?),
            option::TCP_WINDOW_SIZE => drop(size(&value)?),
            _ => drop(flag(&value)?),
        }
        *kept = value;
        Ok(())
    }
}
