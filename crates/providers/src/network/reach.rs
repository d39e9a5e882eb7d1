//! The hosts and ports that containers may reach. The provider checks them, so they hold in any language.
//!
//! Rules apply to addresses: a rule with a name applies to all addresses that the name has at the time of the check, or
//! had at most a second ago. So a program gains nothing by an address that it got earlier or elsewhere.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::Mutex;
use lucarne_services::Thrown;
use thiserror::Error;

/// The time for which the addresses of a rule's name are kept, in microseconds. Each datagram is checked, and a look-up
/// can take a thread and several packets. The operating system does not say for how long an answer is valid.
const NAME_KEPT_US: i64 = 1_000_000;

/// The hosts and ports that a container may reach. By default, all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// If there are any, the container may connect to these only.
    pub allowed: Vec<Remote>,
    /// The container must not connect to these, even if they are allowed.
    pub denied: Vec<Remote>,
    /// If there are any, the container may listen at these ports only.
    pub listens: Vec<u16>,
    /// Whether the container has no network at all.
    pub is_closed: bool,
}

/// Hosts, and a port or all ports: `HOST`, `HOST:PORT`, `ADDRESS/BITS` or `[ADDRESS]:PORT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    host: Host,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Host {
    Name(String),
    /// The addresses that begin with the same bits.
    Range {
        first: IpAddr,
        bits: u8,
    },
}

/// A text does not name a host.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadRemote {
    /// It is empty, or begins with a port.
    #[error("'{0}' has no host: write HOST, HOST:PORT, ADDRESS/BITS or [ADDRESS]:PORT")]
    Host(String),
    /// The host is neither a name nor an address.
    #[error("'{0}' is neither a name nor an address: a name consists of letters, digits, '-', '_' and '.'")]
    Name(String),
    /// The port is not possible.
    #[error("'{0}' is not a port: ports are numbers from 1 to 65535")]
    Port(String),
    /// The number of bits is not possible.
    #[error("'{text}' is not a range of addresses: '/' is followed by a number of bits from 0 to {max}")]
    Bits {
        /// The range.
        text: String,
        /// The number of bits of an address.
        max: u8,
    },
    /// The address has bits beyond the range.
    #[error("'{0}' begins inside of a range of addresses: the first address is {1}")]
    Inside(String, IpAddr),
}

/// Knows the permissions of groups, and gets a report of each refusal.
pub trait Borders: Send + Sync {
    /// Returns the addresses that the processes of a group may reach.
    fn reach(&self, gid: Gid) -> Arc<Reach>;

    /// Notes that an attempt of the group was refused, such as `connect to 10.0.0.1:80`.
    fn refused(&self, gid: Gid, attempt: &str);
}

/// The borders of a system in which all containers reach everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoBorders;

impl Borders for NoBorders {
    fn reach(&self, _gid: Gid) -> Arc<Reach> {
        Arc::default()
    }

    fn refused(&self, _gid: Gid, _attempt: &str) {}
}

impl Remote {
    /// Returns whether the rule is for the port.
    fn has_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

impl FromStr for Remote {
    type Err = BadRemote;

    fn from_str(text: &str) -> Result<Remote, BadRemote> {
        let (host, port) = divide(text)?;
        let port = match port {
            None => None,
            Some(port) => match port.parse() {
                Ok(0) | Err(_) => return Err(BadRemote::Port(port.to_owned())),
                Ok(port) => Some(port),
            },
        };
        Ok(Remote { host: parse_host(host, text)?, port })
    }
}

/// Divides a text into a host and a port.
fn divide(text: &str) -> Result<(&str, Option<&str>), BadRemote> {
    // An address of IPv6 has colons, so a port needs brackets there.
    let is_v6 = text.split('/').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    let (host, port) = if is_v6 {
        (text, None)
    } else if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or_else(|| BadRemote::Host(text.to_owned()))?;
        match rest.strip_prefix(':') {
            Some(port) => (host, Some(port)),
            None if rest.is_empty() => (host, None),
            None => return Err(BadRemote::Host(text.to_owned())),
        }
    } else {
        text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
    };
    if host.is_empty() { Err(BadRemote::Host(text.to_owned())) } else { Ok((host, port)) }
}

fn parse_host(host: &str, text: &str) -> Result<Host, BadRemote> {
    if let Ok(address) = host.parse::<IpAddr>() {
        let first = address.to_canonical();
        return Ok(Host::Range { first, bits: bits_max(first) });
    }
    if let Some((address, bits)) = host.split_once('/') {
        let first: IpAddr = address.parse().map_err(|_| BadRemote::Name(host.to_owned()))?;
        let max = bits_max(first);
        let bits = bits.parse().ok().filter(|bits| *bits <= max);
        let bits = bits.ok_or_else(|| BadRemote::Bits { text: text.to_owned(), max })?;
        let expected = masked(first, bits);
        return if expected == first {
            Ok(Host::Range { first, bits })
        } else {
            Err(BadRemote::Inside(text.to_owned(), expected))
        };
    }
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    // What looks like an address, but is not one, is a typing error.
    let is_number = host.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    if !host.chars().all(is_name) || is_number {
        return Err(BadRemote::Name(host.to_owned()));
    }
    Ok(Host::Name(host.to_owned()))
}

fn bits_max(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Returns the first address that begins with the same bits.
fn masked(address: IpAddr, bits: u8) -> IpAddr {
    let bits = u32::from(bits);
    match address {
        IpAddr::V4(ip) => {
            Ipv4Addr::from_bits(ip.to_bits() & u32::MAX.checked_shl(32 - bits).unwrap_or(0)).into()
        }
        IpAddr::V6(ip) => {
            Ipv6Addr::from_bits(ip.to_bits() & u128::MAX.checked_shl(128 - bits).unwrap_or(0)).into()
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match &self.host {
            Host::Name(name) => name.clone(),
            Host::Range { first, bits } if *bits == bits_max(*first) => first.to_string(),
            Host::Range { first, bits } => format!("{first}/{bits}"),
        };
        match self.port {
            None => f.write_str(&host),
            Some(port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Some(port) => write!(f, "{host}:{port}"),
        }
    }
}

/// A look-up of all addresses of a host.
pub(super) type LookingUp = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Checks whether the client of a connection may reach the addresses and ports that it names.
pub(super) struct Guard {
    reach: Arc<Reach>,
    gid: Gid,
    borders: Arc<dyn Borders>,
    clock: Clock,
    look_up: Box<dyn Fn(String) -> LookingUp + Send + Sync>,
    /// The last answers for the names of the rules.
    answers: Mutex<BTreeMap<String, Answer>>,
}

/// The addresses of a name, or the reason why it could not be resolved.
#[derive(Clone)]
struct Answer {
    found: Result<Vec<IpAddr>, String>,
    until_us: i64,
}

impl Guard {
    /// Returns the guard of a new connection.
    ///
    /// # Errors
    /// If the group has no network.
    pub(super) fn admit(
        borders: &Arc<dyn Borders>,
        gid: Gid,
        clock: Clock,
        look_up: impl Fn(String) -> LookingUp + Send + Sync + 'static,
    ) -> Result<Guard, Thrown> {
        let reach = borders.reach(gid);
        let is_closed = reach.is_closed;
        let (borders, look_up, answers) = (borders.clone(), Box::new(look_up), Mutex::default());
        let guard = Guard { reach, gid, borders, clock, look_up, answers };
        if is_closed {
            return Err(guard.refuse("use the network", "it was installed with --no-network"));
        }
        Ok(guard)
    }

    /// Fails unless the client may send to the address.
    pub(super) async fn require_connect(&self, peer: SocketAddr) -> Result<(), Thrown> {
        let Reach { allowed, denied, .. } = &*self.reach;
        if allowed.is_empty() && denied.is_empty() {
            return Ok(());
        }
        let (ip, port) = (reached(peer.ip()), peer.port());
        let attempt = format!("connect to {}", SocketAddr::new(ip, port));
        for remote in denied.iter().filter(|remote| remote.has_port(port)) {
            match self.covers(remote, ip).await {
                Ok(false) => {}
                Ok(true) => return Err(self.refuse(&attempt, &format!("--deny-connect {remote}"))),
                Err(error) => {
                    let why = format!("--deny-connect {remote}, which cannot be resolved now: {error}");
                    return Err(self.refuse(&attempt, &why));
                }
            }
        }
        for remote in allowed.iter().filter(|remote| remote.has_port(port)) {
            // A name that cannot be resolved allows nothing.
            if let Ok(true) = self.covers(remote, ip).await {
                return Ok(());
            }
        }
        if allowed.is_empty() {
            return Ok(());
        }
        Err(self.refuse(&attempt, "no --allow-connect permits it"))
    }

    /// Fails unless the client may listen at the port. Port 0 stands for any port.
    pub(super) fn require_listen(&self, port: u16) -> Result<(), Thrown> {
        let listens = &self.reach.listens;
        if listens.is_empty() || listens.contains(&port) {
            return Ok(());
        }
        Err(self.refuse(&format!("listen at port {port}"), "no --allow-listen permits it"))
    }

    /// Fails unless the client may receive at the port. Sockets at a free port only send and get answers.
    pub(super) fn require_receive(&self, port: u16) -> Result<(), Thrown> {
        if port == 0 { Ok(()) } else { self.require_listen(port) }
    }

    async fn covers(&self, remote: &Remote, ip: IpAddr) -> Result<bool, String> {
        match &remote.host {
            Host::Range { first, bits } => Ok(first.is_ipv4() == ip.is_ipv4() && masked(ip, *bits) == *first),
            Host::Name(name) => Ok(self.addresses(name).await?.contains(&ip)),
        }
    }

    /// Returns the addresses of a rule's name: those of the last answer, unless it is too old.
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let kept = self.answers.lock().get(name).cloned();
        if let Some(answer) = kept.filter(|answer| self.clock.now_us() < answer.until_us) {
            return answer.found;
        }
        let found = (self.look_up)(name.to_owned()).await;
        let found =
            found.map(|all| all.into_iter().map(reached).collect()).map_err(|error| error.to_string());
        let answer = Answer { found, until_us: self.clock.now_us() + NAME_KEPT_US };
        self.answers.lock().insert(name.to_owned(), answer.clone());
        answer.found
    }

    fn refuse(&self, attempt: &str, why: &str) -> Thrown {
        self.borders.refused(self.gid, attempt);
        Thrown::new(format!("PERMISSION_DENIED: this container may not {attempt}: {why}"))
    }
}

/// Returns the address that packets for the given address reach: an address of IPv4 can be written as one of IPv6, and
/// the unspecified address leads to this machine.
fn reached(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Poll, Waker};

    use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn remotes(texts: &[&str]) -> Vec<Remote> {
        texts.iter().map(|text| text.parse().expect("a host")).collect()
    }

    struct Fixed(Arc<Reach>);

    impl Borders for Fixed {
        fn reach(&self, _: Gid) -> Arc<Reach> {
            self.0.clone()
        }

        fn refused(&self, _: Gid, _: &str) {}
    }

    /// Returns whether a container with these rules may connect. The only name is `home`.
    fn may(allowed: &[&str], denied: &[&str], peer: &str) -> bool {
        let reach = Reach { allowed: remotes(allowed), denied: remotes(denied), ..Reach::default() };
        let borders: Arc<dyn Borders> = Arc::new(Fixed(Arc::new(reach)));
        let look_up = |name: String| -> LookingUp {
            let found: Vec<IpAddr> = vec![[10, 0, 0, 7].into(), "fd00::7".parse().expect("an address")];
            let known = name == "home";
            Box::pin(async move { known.then_some(found).ok_or_else(|| io::Error::other("unknown")) })
        };
        let guard =
            Guard::admit(&borders, Gid::SYSTEM, Clock::simulated(), look_up).expect("it has a network");
        passes(&guard, peer)
    }

    /// Returns whether a guard whose look-ups do not wait lets its client connect.
    fn passes(guard: &Guard, peer: &str) -> bool {
        let mut checking = Box::pin(guard.require_connect(peer.parse().expect("an address")));
        match checking.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => result.is_ok(),
            Poll::Pending => panic!("the look-up does not wait"),
        }
    }

    #[test]
    fn deny_wins_and_any_allow_denies_the_rest() {
        assert!(may(&[], &[], "1.2.3.4:80"));
        assert!(may(&["1.2.3.4"], &[], "1.2.3.4:80") && !may(&["1.2.3.4"], &[], "1.2.3.5:80"));
        assert!(may(&["10.0.0.0/8:80"], &[], "10.9.9.9:80") && !may(&["10.0.0.0/8:80"], &[], "10.9.9.9:81"));
        assert!(!may(&["10.0.0.0/8"], &["10.0.0.7"], "10.0.0.7:1") && may(&[], &["10.0.0.7"], "10.0.0.8:1"));
        assert!(may(&["[::1]:5"], &[], "[::1]:5") && !may(&["::/0"], &[], "1.2.3.4:5"));
    }

    #[test]
    fn names_stand_for_their_present_addresses() {
        assert!(may(&["home"], &[], "10.0.0.7:80") && may(&["home"], &[], "[fd00::7]:80"));
        assert!(!may(&["home"], &[], "10.0.0.8:80") && !may(&["elsewhere"], &[], "10.0.0.7:80"));
        assert!(!may(&[], &["home"], "[fd00::7]:80") && may(&[], &["home"], "10.0.0.8:80"));
        // A denied name that cannot be resolved could have any address.
        assert!(!may(&[], &["elsewhere"], "10.0.0.8:80"));
    }

    #[test]
    fn answers_for_names_are_kept_for_a_second() {
        let reach = Reach { allowed: remotes(&["home"]), denied: remotes(&["gone"]), ..Reach::default() };
        let borders: Arc<dyn Borders> = Arc::new(Fixed(Arc::new(reach)));
        let (clock, asked) = (Clock::simulated(), Arc::new(AtomicUsize::new(0)));
        let count = asked.clone();
        // The name `home` moves to another address with each look-up; `gone` cannot be resolved at first.
        let look_up = move |name: String| -> LookingUp {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let is_missing = name == "gone" && number < 1;
            let found = vec![IpAddr::from([10, 0, if name == "home" { 0 } else { 9 }, number as u8])];
            Box::pin(async move { if is_missing { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) } })
        };
        let guard = Guard::admit(&borders, Gid::SYSTEM, clock.clone(), look_up).expect("it has a network");
        // An answer that there is no such host is kept too.
        assert!((0..1_000).all(|_| !passes(&guard, "10.0.0.2:1")));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        clock.advance_to(NAME_KEPT_US);
        assert!((0..1_000).all(|_| passes(&guard, "10.0.0.2:1") && !passes(&guard, "10.0.0.4:1")));
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        clock.advance_to(2 * NAME_KEPT_US);
        assert!(passes(&guard, "10.0.0.4:1") && !passes(&guard, "10.0.0.2:1"));
        assert_eq!(asked.load(Ordering::Relaxed), 5);
    }

    #[test]
    fn rules_apply_however_an_address_is_written() {
        assert!(!may(&[], &["10.0.0.7"], "[::ffff:10.0.0.7]:80"));
        assert!(!may(&[], &["127.0.0.0/8"], "0.0.0.0:80") && !may(&[], &["::1"], "[::]:80"));
        assert!(!may(&[], &["::ffff:10.0.0.7"], "10.0.0.7:80"));
    }

    #[test]
    fn typing_errors_are_found() {
        for good in [
            "example.org",
            "example.org:80",
            "10.0.0.0/8",
            "10.0.0.0/8:80",
            "::1",
            "[::1]:80",
            "fd00::/8",
            "1.2.3.4",
        ] {
            assert_eq!(good.parse::<Remote>().map(|remote| remote.to_string()).as_deref(), Ok(good));
        }
        for (bad, part) in [
            ("", "no host"),
            (":80", "no host"),
            ("a:0", "not a port"),
            ("a:99999", "not a port"),
            ("a:http", "not a port"),
            ("10.0.0.0/33", "from 0 to 32"),
            ("10.0.0.1/8", "first address is 10.0.0.0"),
            ("10.0.0.300", "neither a name nor an address"),
            ("https://a", "not a port"),
            ("a b", "neither a name nor an address"),
            ("[::1", "no host"),
        ] {
            let error = bad.parse::<Remote>().expect_err(bad).to_string();
            assert!(error.contains(part), "{bad}: {error}");
        }
    }
}
