//! The network service: names, TCP and UDP, through the operating system's sockets.
//!
//! The provider is a container like any other, so a container that provides the same interface takes its place: clients
//! choose a network by tag or priority. Sockets are resources: they close with their client.
//!
//! ```no_run
//! use lucarne_host::System;
//! use lucarne_providers::network::{Network, addresses};
//!
//! let system = System::new();
//! let (connection, ..) = Network::open(&system.container("visitor")).wait()?.connect().wait()?;
//! let host = connection.resolve("localhost".to_owned()).wait()?;
//! let socket = connection.tcp_connect(host[0].clone(), 7).wait()?;
//! socket.write("hello".into()).wait()?;
//! println!("{:?} says {:?}", addresses::ip(&host[0]), socket.read().wait()?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod addresses;
mod connection;
pub mod interface;
mod look_ups;
mod name_servers;
mod options;
mod reactor;
mod simulated;
mod socket;
mod weather;

use std::sync::Arc;

use lucarne_services::{Call, Container, InstallError, Pending, Provider, Resource, Thrown};

#[doc(inline)]
pub use interface::{ConnectionProxy as Connection, NetworkClient as Network, SocketProxy as Socket};
pub use options::option;
pub use simulated::{MACHINE, SimulatedNetwork};
pub use weather::{Partitions, UnknownWeather, Weather};

use look_ups::LookUps;
use reactor::Reactor;

/// The name of the network of the operating system.
const NAME: &str = "host";

/// The notification that a network is closed.
pub const NOTIFY_CLOSED: i64 = 200;

/// The operations that clients call on a connection, as bits. A client does the others by itself: on microcontrollers
/// each process has the sockets of the operating system at hand.
pub mod proxied {
    /// [`address`](super::Connection::address).
    pub const ADDRESS: i64 = 1 << 0;
    /// [`resolve`](super::Connection::resolve).
    pub const RESOLVE: i64 = 1 << 1;
    /// UDP sockets.
    pub const UDP: i64 = 1 << 2;
    /// TCP sockets.
    pub const TCP: i64 = 1 << 3;
    /// [`quarantine`](super::Network::quarantine).
    pub const QUARANTINE: i64 = 1 << 4;
}

/// The handler of the network service.
struct Service {
    reactor: Arc<Reactor>,
    look_ups: Arc<LookUps>,
}

impl interface::Network for Service {
    type Connection = connection::Connection;
    type Socket = socket::Socket;

    async fn connect(&self, _call: &Call) -> Result<(Resource<Self::Connection>, i64, String), Thrown> {
        use interface::Connection as _;
        let (reactor, look_ups) = (self.reactor.clone(), self.look_ups.clone());
        let connection = connection::Connection::resource(|_| connection::Connection { reactor, look_ups });
        let proxied = proxied::ADDRESS | proxied::RESOLVE | proxied::UDP | proxied::TCP;
        Ok((connection, proxied, NAME.to_owned()))
    }

    /// Does nothing: the operating system chooses the interfaces.
    async fn quarantine(&self, _name: String) -> Result<(), Thrown> {
        Ok(())
    }
}

/// Installs the provider in a container of its own.
///
/// # Errors
/// If the system is about to end.
pub fn install(container: &Container) -> Pending<Provider, InstallError> {
    let service = Service { reactor: Arc::default(), look_ups: Arc::default() };
    container.provider("system/network", "0.4").handle(interface::NetworkHandler::new(service)).install()
}
