//! A network in memory, in virtual time: names, TCP and UDP for the containers of a simulated system.
//!
//! All addresses of the network belong to one machine: those of the loopback interface, and [`MACHINE`]. So programs
//! reach what other containers of the system listen at, and nothing else. The seed decides the delay of each packet and
//! all that the [`Weather`] spoils.
//!
//! Nothing runs between calls: a packet lies in its receiver's queue with the time of its arrival, and the call that waits
//! for it sets a timer. Locks are taken in this order: of a link or a mailbox first, of the [`World`] last.

mod connection;
mod link;
mod mailbox;
mod options;
mod ports;
mod socket;

use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::random::Random;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_services::{Call, Closing, Container, InstallError, Pending, Provider, Resource, Thrown};

use super::reach::{Borders, Guard, LookingUp};
use super::unread::Kept;
use super::weather::Weather;
use super::{interface, proxied};
use connection::Connection;
use link::{Link, Listener};
use mailbox::Mailbox;
use ports::Ports;
use socket::Socket;

/// The address of the simulated machine, besides those of the loopback interface.
pub const MACHINE: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 1);

/// The names of the machine. The second is the host name that programs read in a simulation.
const NAMES: [(&str, IpAddr); 2] =
    [("localhost", IpAddr::V4(Ipv4Addr::LOCALHOST)), ("simulated", IpAddr::V4(MACHINE))];

/// The time after which an attempt to connect fails if no answer comes, as on Linux.
const CONNECT_US: u64 = 127_000_000;

/// A simulated network. Clones are the same network.
#[derive(Clone)]
pub struct SimulatedNetwork {
    shared: Arc<Shared>,
}

struct Shared {
    weather: Weather,
    random: Random,
    clock: Clock,
    sockets: AtomicUsize,
    world: Mutex<World>,
}

/// What listens and receives, and the partitions.
#[derive(Default)]
struct World {
    listeners: Ports<Listener>,
    mailboxes: Ports<Mailbox>,
    links: Vec<Weak<Link>>,
    last_number: u64,
    last_port: u16,
    /// The current or last partition ends then.
    parted_until_us: u64,
    /// The next partition begins then, if the weather has partitions and the first packet has been sent.
    next_partition_us: Option<u64>,
}

/// The outcome of an attempt to do an operation.
enum Attempt<T> {
    Done(T),
    /// It is worth another attempt at this time, in microseconds, or when the waker is woken.
    At(u64),
    /// It is worth another attempt when the waker is woken.
    Woken,
}

impl SimulatedNetwork {
    /// Makes a network with the given weather, whose choices follow from the seed and whose time is that of the clock.
    pub fn new(seed: u64, weather: Weather, clock: Clock) -> SimulatedNetwork {
        let (random, sockets, world) = (Random::seeded(seed), AtomicUsize::new(0), Mutex::default());
        SimulatedNetwork { shared: Arc::new(Shared { weather, random, clock, sockets, world }) }
    }

    /// Installs a provider of the network in a container. `borders` tells what its clients may reach.
    ///
    /// # Errors
    /// If the system is about to end.
    pub fn install(
        &self,
        container: &Container,
        borders: Arc<dyn Borders>,
    ) -> Pending<Provider, InstallError> {
        let host =
            Arc::new(Host { network: self.clone(), container: container.clone(), kept: Arc::default() });
        let handler = interface::NetworkHandler::new(Service { host, borders });
        container.provider("system/network", "0.4").handle(handler).install()
    }

    /// Returns the number of open sockets, with the connections that wait to be accepted.
    pub fn open_sockets(&self) -> usize {
        self.shared.sockets.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes that wait to be read.
    pub fn waiting_bytes(&self) -> usize {
        let (links, mailboxes) = {
            let world = self.shared.world.lock();
            let mailboxes: Vec<Arc<Mailbox>> = world.mailboxes.all().cloned().collect();
            (world.links.clone(), mailboxes)
        };
        let in_links: usize = links.iter().filter_map(Weak::upgrade).map(|link| link.waiting_bytes()).sum();
        in_links + mailboxes.iter().map(|mailbox| mailbox.waiting_bytes()).sum::<usize>()
    }

    /// Breaks all TCP connections: both ends get "Connection reset by peer".
    pub fn reset_connections(&self) {
        let links = std::mem::take(&mut self.shared.world.lock().links);
        links.iter().filter_map(Weak::upgrade).for_each(|link| link.reset());
    }

    /// Lets nothing arrive for the given time, beginning now.
    pub fn part(&self, duration: Duration) {
        let until_us = self.now_us() + micros(duration);
        let mut world = self.shared.world.lock();
        world.parted_until_us = world.parted_until_us.max(until_us);
    }

    fn now_us(&self) -> u64 {
        self.shared.clock.now_us().unsigned_abs()
    }

    /// Returns a number between the two, which are included.
    fn between(&self, (least, most): (u64, u64)) -> u64 {
        least + self.shared.random.below(most - least + 1)
    }

    /// Returns true in `of_thousand` cases of a thousand.
    fn happens(&self, of_thousand: u64) -> bool {
        of_thousand > 0 && self.shared.random.below(1_000) < of_thousand
    }

    /// Returns the end of the current partition, or none if there is no partition now.
    fn parted_until_us(&self) -> Option<u64> {
        let now_us = self.now_us();
        let mut world = self.shared.world.lock();
        if let Some(partitions) = self.shared.weather.partitions {
            let mut next_us =
                world.next_partition_us.unwrap_or_else(|| now_us + self.between(partitions.apart_us));
            while next_us <= now_us {
                let until_us = next_us + self.between(partitions.long_us);
                world.parted_until_us = world.parted_until_us.max(until_us);
                next_us = until_us + self.between(partitions.apart_us);
            }
            world.next_partition_us = Some(next_us);
        }
        Some(world.parted_until_us).filter(|until_us| *until_us > now_us)
    }

    /// Returns the time at which a packet that is sent now arrives. Packets wait for the end of a partition.
    fn arrival_us(&self) -> u64 {
        let from_us = self.parted_until_us().unwrap_or_else(|| self.now_us());
        from_us + self.between(self.shared.weather.delay_us)
    }
}

impl std::fmt::Debug for SimulatedNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedNetwork").field("weather", &self.shared.weather).finish()
    }
}

impl World {
    /// Returns a number that was not returned before.
    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }
}

/// The provider's container, and the network that it provides.
struct Host {
    network: SimulatedNetwork,
    container: Container,
    kept: Arc<Kept>,
}

impl Host {
    /// Waits until the time, in microseconds.
    async fn sleep_until(&self, at_us: u64) {
        let left_us = at_us.saturating_sub(self.network.now_us());
        // Fails only when the container ends, which drops this future too.
        let _ = self.container.sleep(Duration::from_micros(left_us)).await;
    }

    /// Waits for one way of a packet.
    async fn travel(&self) {
        self.sleep_until(self.network.arrival_us()).await;
    }

    /// Attempts an operation until it is done, or the socket is closed.
    async fn wait<T>(
        &self,
        closing: &Closing,
        mut attempt: impl FnMut(&Waker) -> Attempt<Result<T, Thrown>>,
    ) -> Result<T, Thrown> {
        let (mut closing, mut alarm) = (closing.clone(), None);
        poll_fn(|polled| {
            loop {
                if Pin::new(&mut closing).poll(polled).is_ready() {
                    return Poll::Ready(Err(Thrown::new("NOT_CONNECTED")));
                }
                match attempt(polled.waker()) {
                    Attempt::Done(result) => return Poll::Ready(result),
                    Attempt::Woken => return Poll::Pending,
                    Attempt::At(at_us) => {
                        let left_us = at_us.saturating_sub(self.network.now_us());
                        let sleep = self.container.sleep(Duration::from_micros(left_us));
                        if Pin::new(alarm.insert(sleep)).poll(polled).is_pending() {
                            return Poll::Pending;
                        }
                    }
                }
            }
        })
        .await
    }
}

/// The handler of the service.
struct Service {
    host: Arc<Host>,
    borders: Arc<dyn Borders>,
}

impl interface::Network for Service {
    type Connection = Connection;
    type Socket = Socket;

    async fn connect(&self, call: &Call) -> Result<(Resource<Connection>, i64, String), Thrown> {
        use interface::Connection as _;
        let host = self.host.clone();
        let clock = host.network.shared.clock.clone();
        let guard = Arc::new(Guard::admit(&self.borders, call.gid(), clock, look_up)?);
        let connection = Connection::resource(|_| Connection { host, guard });
        let proxied = proxied::ADDRESS | proxied::RESOLVE | proxied::UDP | proxied::TCP;
        Ok((connection, proxied, "simulated".to_owned()))
    }

    /// Does nothing: there is one network.
    async fn quarantine(&self, _name: String) -> Result<(), Thrown> {
        Ok(())
    }
}

/// Looks a name up for a check, which takes no time.
fn look_up(name: String) -> LookingUp {
    let found = address_of(&name).map(|address| vec![address]);
    Box::pin(std::future::ready(found.ok_or_else(|| io::ErrorKind::NotFound.into())))
}

/// Returns the address of the machine that has the name.
fn address_of(host: &str) -> Option<IpAddr> {
    NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)).map(|(_, address)| *address)
}

/// The wakers of the calls that wait for the same thing.
#[derive(Default)]
struct Waiting(Vec<Waker>);

impl Waiting {
    fn add(&mut self, waker: &Waker) {
        if !self.0.iter().any(|other| other.will_wake(waker)) {
            self.0.push(waker.clone());
        }
    }

    /// Takes the wakers, which are to be woken where no lock is held.
    fn take(&mut self) -> Waiting {
        std::mem::take(self)
    }

    fn wake(self) {
        self.0.into_iter().for_each(Waker::wake);
    }
}

/// Returns whether an address belongs to the machine.
fn is_own(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip == MACHINE,
        IpAddr::V6(ip) => ip == Ipv6Addr::LOCALHOST,
    }
}

/// Fails unless a socket can be bound to the address.
fn require_own(ip: IpAddr) -> Result<(), Thrown> {
    let is_possible = ip.is_unspecified() || is_own(ip);
    if is_possible { Ok(()) } else { Err(Thrown::new("Cannot assign requested address")) }
}

/// Returns whether two sockets at these addresses of the same port are in each other's way.
fn overlap(one: IpAddr, other: IpAddr) -> bool {
    one == other || one.is_ipv4() == other.is_ipv4() && (one.is_unspecified() || other.is_unspecified())
}

fn in_use() -> Thrown {
    Thrown::new("Address already in use")
}

fn unreachable() -> Thrown {
    Thrown::new("Network is unreachable")
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
