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
mod given_back;
pub mod interface;
mod look_ups;
mod name_servers;
mod options;
mod reach;
mod reactor;
mod simulated;
mod socket;
mod unread;
mod weather;

use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::clock::Clock;
use lucarne_services::{Call, Container, InstallError, Pending, Provider, Resource, Thrown};

#[doc(inline)]
pub use interface::{ConnectionProxy as Connection, NetworkClient as Network, SocketProxy as Socket};
pub use look_ups::{Names, SystemNames};
pub use options::option;
pub use reach::{BadRemote, Borders, NoBorders, Reach, Remote};
pub use simulated::{MACHINE, SimulatedNetwork};
pub use weather::{Partitions, UnknownWeather, Weather};

use look_ups::LookUps;
use reach::{Guard, LookingUp};
use reactor::Reactor;
use unread::Kept;

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
    kept: Arc<Kept>,
    borders: Arc<dyn Borders>,
}

impl interface::Network for Service {
    type Connection = connection::Connection;
    type Socket = socket::Socket;

    async fn connect(&self, call: &Call) -> Result<(Resource<Self::Connection>, i64, String), Thrown> {
        use interface::Connection as _;
        let (reactor, look_ups, kept) = (self.reactor.clone(), self.look_ups.clone(), self.kept.clone());
        let guard = self.guard(call.gid())?;
        let connection =
            connection::Connection::resource(|_| connection::Connection { reactor, look_ups, kept, guard });
        let proxied = proxied::ADDRESS | proxied::RESOLVE | proxied::UDP | proxied::TCP;
        Ok((connection, proxied, NAME.to_owned()))
    }

    /// Does nothing: the operating system chooses the interfaces.
    async fn quarantine(&self, _name: String) -> Result<(), Thrown> {
        Ok(())
    }
}

impl Service {
    /// Returns the guard of a connection, which looks names up itself.
    fn guard(&self, gid: Gid) -> Result<Arc<Guard>, Thrown> {
        let (reactor, look_ups) = (self.reactor.clone(), self.look_ups.clone());
        let look_up = move |name: String| -> LookingUp {
            let (reactor, look_ups) = (reactor.clone(), look_ups.clone());
            Box::pin(async move { look_ups.resolve_all(&reactor.runtime()?, gid, name).await })
        };
        Guard::admit(&self.borders, gid, Clock::real(), look_up).map(Arc::new)
    }
}

/// Installs the provider in a container of its own. `borders` tells what its clients may reach, `names` the addresses of
/// hosts.
///
/// # Errors
/// If the system is about to end.
pub fn install(
    container: &Container,
    borders: Arc<dyn Borders>,
    names: Arc<dyn Names>,
) -> Pending<Provider, InstallError> {
    let look_ups = Arc::new(LookUps::new(names));
    let service = Service { reactor: Arc::default(), look_ups, kept: Arc::default(), borders };
    container.provider("system/network", "0.4").handle(interface::NetworkHandler::new(service)).install()
}
