//! The network of Zenoh: announcements are liveliness tokens, descriptions are answers to queries, and the packets of a
//! flow are samples, reliable and in order.
//!
//! ```text
//! lucarne/1/service/MACHINE/INCARNATION/UUID/DIGEST    a token
//! lucarne/1/describe/MACHINE?INCARNATION/DIGEST        a query for a description
//! lucarne/1/flow/TO                                    a packet; its attachment is the name of the sender
//! ```
//!
//! The key of a query is the same for all services of a machine, and that of a packet for all senders: Zenoh knows the way of
//! a declared key, and searches all keys for any other one.
//!
//! Packets are handed to Zenoh by a thread of their own, since Zenoh can make its callers wait. The window of each flow
//! bounds the bytes in Zenoh, so that this is rare. Packets to each machine wait in a queue of their own. A packet that
//! finds no room is lost: then the flow to that machine ends.
//!
//! Waking that thread takes a good part of the time of a small call. So the caller itself hands over a *light* packet
//! if the thread has nothing to do: few bytes are on the way, so Zenoh has room for it. If Zenoh has no room within
//! [`HURRY`], the packet is lost, and the thread hands over all packets for a while ([`CAUTION`]). That can happen if
//! another machine reports bytes as received that it has not received: it must not stop the process that runs all
//! flows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::Waker;
use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::{Condvar, Mutex, thread, wait, wait_timeout};
use thiserror::Error;
use uuid::Uuid;
use zenoh::Wait;
use zenoh::liveliness::LivelinessToken;
use zenoh::qos::{CongestionControl, Priority};
use zenoh::query::ConsolidationMode;
use zenoh::sample::SampleKind;
use zenoh::session::Session;

use crate::inbox::Inbox;
use crate::name::MachineName;
use crate::network::{DESCRIPTION_MAX, Digest, Event, Network, PACKET_MAX, Token};
use crate::queues::{BYTES_OF_ONE_MAX, Pushed, Queues};

/// The time limit of a query.
const ASK: Duration = Duration::from_secs(1);

/// The time for which the caller waits for room for a light packet.
const HURRY: Duration = Duration::from_millis(1);

/// The time for which the thread hands over all packets when a light packet has found no room.
const CAUTION: Duration = Duration::from_secs(10);

/// The number of batches that Zenoh keeps for each connection before it makes the caller wait: the maximum. They take memory
/// only while they are kept.
///
/// A batch has 64 KiB and holds many packets, as long as none is marked as *express*: such a packet takes a batch of its own.
/// So there is room for the windows of four flows, even if nothing can be sent.
const BATCHES: &str = "16";

/// The time for which the thread waits for room before Zenoh gives up the connection, in microseconds.
///
/// While a caller waits, it holds locks that Zenoh needs to close a connection. Zenoh must not close a connection late, when
/// the other machine has connected again: its version 1.10 then forgets the new connection, but does not close it. Neither
/// machine ever notices that nothing arrives.
const PATIENCE_US: &str = "1000000";

/// The times of connections. They decide how soon machines find each other again when a network works again, which should
/// take less than 3 s.
///
/// While packets are lost, TCP doubles the time before each attempt to send. So a connection that was silent for some
/// seconds could stay silent for as many seconds more. Therefore a connection is given up when nothing has come for
/// 2 s. The flow through it is over by then, too. An attempt to connect is given up after 2 s, for the same reason.
///
/// Zenoh lets the operating system wait for the last bytes of a connection that it closes, by the option `SO_LINGER`, and
/// meanwhile the thread that closes it does nothing else. `.cargo/config.toml` sets this time to 0.
///
/// When it starts, a client of a router tries for 10 s to reach the router.
const TIMES: [(&str, &str); 5] = [
    ("transport/link/tx/lease", "2000"),
    ("transport/unicast/open_timeout", "2000"),
    ("transport/unicast/accept_timeout", "2000"),
    ("connect/timeout_ms", "{ router: -1, peer: -1, client: 10000 }"),
    ("connect/retry", "{ period_init_ms: 200, period_max_ms: 500, period_increase_factor: 2 }"),
];

/// The time that the last packets have when the system ends.
const DRAIN: Duration = Duration::from_millis(500);

/// The number of machines that are noted as having lost a packet.
const LOST_MAX: usize = 4_096;

/// How this machine connects to others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ZenohOptions {
    /// The endpoints of routers or other machines, in Zenoh's form: `tcp/127.0.0.1:7447`.
    pub connect: Vec<String>,
    /// The endpoints at which this machine can be reached.
    pub listen: Vec<String>,
    /// A configuration file of Zenoh. The endpoints above, if there are any, replace those of the file.
    pub config: Option<PathBuf>,
    /// Permits networks outside of this machine, and Zenoh's gossip: this machine has an
    /// [identity](crate::Options::identity), so that others must prove their names, or the network is trusted.
    pub is_trusted: bool,
}

/// The reason why the network cannot be joined.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ZenohError {
    /// An endpoint leads out of this machine.
    #[error(
        "'{0}' leads out of this machine, where machines must prove their names: use --identity, or --insecure in a network that you trust"
    )]
    Insecure(String),
    /// A configuration file can name any network.
    #[error(
        "a configuration file can lead out of this machine, where machines must prove their names: use --identity, or --insecure in a network that you trust"
    )]
    InsecureFile,
    /// Zenoh does not accept the configuration, or cannot use the network.
    #[error("{0}")]
    Zenoh(String),
    /// The operating system does not start a thread.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl From<zenoh::Error> for ZenohError {
    fn from(error: zenoh::Error) -> ZenohError {
        ZenohError::Zenoh(error.to_string())
    }
}

/// The network of Zenoh, as one machine has it.
pub struct ZenohNetwork {
    name: MachineName,
    clock: Clock,
    session: Session,
    inbox: Arc<Inbox>,
    outbox: Arc<Outbox>,
    tokens: Mutex<BTreeMap<Token, LivelinessToken>>,
    described: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

/// The packets that wait for Zenoh.
#[derive(Default)]
struct Outbox {
    state: Mutex<OutboxState>,
    changed: Condvar,
}

#[derive(Default)]
struct OutboxState {
    packets: Queues<MachineName, Vec<u8>>,
    /// The machines to which a packet was lost. The next call that sends to such a machine reports it.
    lost: BTreeSet<MachineName>,
    /// Whether a packet is being handed to Zenoh: other packets must not overtake it.
    is_putting: bool,
    /// Until this time, the thread hands over all packets.
    cautious_until_us: i64,
    is_closing: bool,
    is_closed: bool,
}

impl ZenohNetwork {
    /// Connects a machine.
    ///
    /// # Errors
    /// See [`ZenohError`].
    pub fn open(name: &MachineName, options: &ZenohOptions) -> Result<Arc<ZenohNetwork>, ZenohError> {
        let session = zenoh::open(config(options)?).wait()?;
        let inbox = Arc::new(Inbox::default());
        let described: Arc<Mutex<BTreeMap<String, Vec<u8>>>> = Arc::default();

        let seen = inbox.clone();
        let tokens = session.liveliness().declare_subscriber("lucarne/1/service/**").history(true);
        tokens
            .callback(move |sample| {
                let Some(token) = read_token(sample.key_expr().as_str()) else { return };
                seen.push(match sample.kind() {
                    SampleKind::Put => Event::Appeared(token),
                    SampleKind::Delete => Event::Disappeared(token),
                });
            })
            .background()
            .wait()?;

        let arrived = inbox.clone();
        session
            .declare_subscriber(format!("lucarne/1/flow/{name}"))
            .callback(move |sample| {
                let from = sample.attachment().and_then(|from| from.try_to_string().ok()?.parse().ok());
                let bytes = sample.payload().to_bytes();
                if let Some(from) = from
                    && bytes.len() <= PACKET_MAX
                {
                    arrived.push(Event::Packet(from, bytes.into_owned()));
                }
            })
            .background()
            .wait()?;

        let known = described.clone();
        session
            .declare_queryable(format!("lucarne/1/describe/{name}"))
            .callback(move |query| {
                let key = query.key_expr().clone();
                let description = known.lock().get(query.parameters().as_str()).cloned();
                if let Some(description) = description {
                    // The machine that has asked may have left.
                    let _ = query.reply(key, description).wait();
                }
            })
            .background()
            .wait()?;

        let outbox = Arc::new(Outbox::default());
        let (sending, from, by) = (outbox.clone(), name.clone(), session.clone());
        thread::Builder::new()
            .name("lucarne-fabric".to_owned())
            .spawn(move || sending.send_all(&from, &by))?;
        let (name, clock) = (name.clone(), Clock::real());
        Ok(Arc::new(ZenohNetwork {
            name,
            clock,
            session,
            inbox,
            outbox,
            tokens: Mutex::default(),
            described,
        }))
    }
}

fn config(options: &ZenohOptions) -> Result<zenoh::Config, ZenohError> {
    let mut config = match &options.config {
        Some(_) if !options.is_trusted => return Err(ZenohError::InsecureFile),
        Some(path) => zenoh::Config::from_file(path)?,
        None => zenoh::Config::default(),
    };
    if !options.is_trusted {
        let far = options.connect.iter().chain(&options.listen).find(|endpoint| !is_local(endpoint));
        if let Some(endpoint) = far {
            return Err(ZenohError::Insecure(endpoint.escape_debug().to_string()));
        }
    }
    if options.config.is_none() {
        // Only what was asked for: no scouting by multicast, and no port that is open to others.
        config.insert_json5("scouting/multicast/enabled", "false")?;
        if !options.is_trusted {
            // With gossip, this machine would connect to all that its peers know, and those can be in any network.
            config.insert_json5("scouting/gossip/enabled", "false")?;
        }
        let local = vec!["tcp/127.0.0.1:0".to_owned()];
        let listen = if options.listen.is_empty() { &local } else { &options.listen };
        config.insert_json5("listen/endpoints", &json(listen))?;
        config.insert_json5("connect/timeout_ms", "-1")?;
        config.insert_json5("connect/exit_on_failure", "false")?;
    } else if !options.listen.is_empty() {
        config.insert_json5("listen/endpoints", &json(&options.listen))?;
    }
    set_times(&mut config)?;
    config.insert_json5("transport/link/tx/queue/size/interactive_high", BATCHES)?;
    config.insert_json5("transport/link/tx/queue/congestion_control/block/wait_before_close", PATIENCE_US)?;
    let hurry_us = HURRY.as_micros().to_string();
    config.insert_json5("transport/link/tx/queue/congestion_control/drop/wait_before_drop", &hurry_us)?;
    if !options.connect.is_empty() {
        config.insert_json5("connect/endpoints", &json(&options.connect))?;
    }
    Ok(config)
}

/// Sets the times after which connections are given up and made again, as far as a configuration file has left those of
/// Zenoh.
fn set_times(config: &mut zenoh::Config) -> Result<(), ZenohError> {
    let zenoh = zenoh::Config::default();
    for (key, value) in TIMES {
        if config.get_json(key).ok() == zenoh.get_json(key).ok() {
            config.insert_json5(key, value)?;
        }
    }
    Ok(())
}

/// Returns texts as a list in JSON.
fn json(texts: &[String]) -> String {
    serde_json::Value::from(texts).to_string()
}

/// Returns whether an endpoint is one of this machine.
fn is_local(endpoint: &str) -> bool {
    let Some((protocol, address)) = endpoint.split_once('/') else { return false };
    let address = address.split(['?', '#']).next().unwrap_or_default();
    match protocol {
        "unixsock-stream" => true,
        "tcp" | "tls" | "quic" | "udp" => {
            address.parse::<std::net::SocketAddr>().is_ok_and(|address| address.ip().is_loopback())
        }
        _ => false,
    }
}

fn token_key(token: &Token) -> String {
    let Token { machine, incarnation, uuid, digest } = token;
    format!("lucarne/1/service/{machine}/{incarnation:016x}/{uuid}/{digest}")
}

/// Returns the parameter of a query that says which description of a machine is meant.
fn description_name(token: &Token) -> String {
    format!("{:016x}/{}", token.incarnation, token.digest)
}

/// Reads the key of a token; none if no machine of this version has made it.
fn read_token(key: &str) -> Option<Token> {
    let mut parts = key.strip_prefix("lucarne/1/service/")?.split('/');
    let mut next = || parts.next();
    let machine = next()?.parse().ok()?;
    let incarnation = u64::from_str_radix(next()?, 16).ok()?;
    let uuid = Uuid::parse_str(next()?).ok()?;
    let digest: Digest = next()?.parse().ok()?;
    let token = Token { machine, incarnation, uuid, digest };
    // There is one key for each token.
    (parts.next().is_none() && token_key(&token) == key).then_some(token)
}

impl OutboxState {
    /// Adds a packet. Returns false if this packet, or one before it to the same machine, was lost: there was no room.
    fn push(&mut self, to: &MachineName, packet: Vec<u8>) -> bool {
        let length = packet.len();
        match self.packets.push(to, packet, length, BYTES_OF_ONE_MAX) {
            Pushed::Kept => {}
            Pushed::Displaced(others) => self.lost.extend(others),
            Pushed::Lost => drop(self.lost.insert(to.clone())),
        }
        if self.lost.len() > LOST_MAX {
            // Nothing was sent to these machines since. Their flows are not told, and end when packets are missing.
            self.lost.clear();
        }
        !self.lost.remove(to)
    }
}

impl Outbox {
    /// Hands packets to Zenoh until the network is closed.
    fn send_all(&self, from: &MachineName, session: &Session) {
        let mut state = self.state.lock();
        loop {
            if state.is_putting {
                state = wait(&self.changed, state);
            } else if let Some((to, packet)) = state.packets.pop() {
                state.is_putting = true;
                drop(state);
                put(session, from, &to, packet, CongestionControl::Block);
                state = self.state.lock();
                state.is_putting = false;
            } else if state.is_closing {
                break;
            } else {
                state = wait(&self.changed, state);
            }
        }
        state.is_closed = true;
        self.changed.notify_all();
    }
}

/// Hands a packet to Zenoh.
fn put(
    session: &Session,
    from: &MachineName,
    to: &MachineName,
    packet: Vec<u8>,
    when_full: CongestionControl,
) {
    let put = session.put(format!("lucarne/1/flow/{to}"), packet).attachment(from.as_str());
    // If the session is closed, nothing arrives any more, and the flows end.
    let _ = put.congestion_control(when_full).priority(Priority::InteractiveHigh).wait();
}

impl Network for ZenohNetwork {
    fn announce(&self, token: &Token, description: Vec<u8>) {
        self.described.lock().insert(description_name(token), description);
        // Fails if the session is closed: then nothing can be announced.
        if let Ok(declared) = self.session.liveliness().declare_token(token_key(token)).wait() {
            self.tokens.lock().insert(token.clone(), declared);
        }
    }

    fn withdraw(&self, token: &Token) {
        self.described.lock().remove(&description_name(token));
        let declared = self.tokens.lock().remove(token);
        if let Some(declared) = declared {
            // Fails if the session is closed: then the announcement has ended with it.
            let _ = declared.undeclare().wait();
        }
    }

    fn ask(&self, token: &Token) {
        let (asked, inbox) = (token.clone(), self.inbox.clone());
        let selector = format!("lucarne/1/describe/{}?{}", token.machine, description_name(token));
        let get = self.session.get(selector).timeout(ASK).consolidation(ConsolidationMode::None);
        // A question that finds no room is dropped, and asked again later: the process that runs all flows must not
        // wait for it. The answer is also dropped if it finds no room. Otherwise a thread of Zenoh that reads from all
        // connections would wait until another machine reads.
        let _ = get
            .congestion_control(CongestionControl::Drop)
            .callback(move |reply| {
                if let Ok(sample) = reply.result() {
                    let bytes = sample.payload().to_bytes();
                    if bytes.len() <= DESCRIPTION_MAX {
                        inbox.push(Event::Described(asked.clone(), bytes.into_owned()));
                    }
                }
            })
            .wait();
    }

    fn send(&self, to: &MachineName, packet: Vec<u8>) -> bool {
        let is_kept = self.outbox.state.lock().push(to, packet);
        self.outbox.changed.notify_all();
        is_kept
    }

    fn send_light(&self, to: &MachineName, packet: Vec<u8>) -> bool {
        let mut state = self.outbox.state.lock();
        let begin_us = self.clock.now_us();
        let is_free = state.packets.is_empty() && !state.is_putting && !state.is_closing;
        if !is_free || begin_us < state.cautious_until_us {
            drop(state);
            return self.send(to, packet);
        }
        state.is_putting = true;
        drop(state);
        put(&self.session, &self.name, to, packet, CongestionControl::Drop);
        let end_us = self.clock.now_us();
        let mut state = self.outbox.state.lock();
        state.is_putting = false;
        if end_us - begin_us >= HURRY.as_micros() as i64 {
            state.cautious_until_us = end_us + CAUTION.as_micros() as i64;
        }
        if !state.packets.is_empty() || state.is_closing {
            self.outbox.changed.notify_all();
        }
        !state.lost.remove(to)
    }

    fn demand_proof(&self) {
        self.inbox.demand_proof();
    }

    fn set_proven(&self, machine: &MachineName, is_proven: bool) {
        self.inbox.set_proven(machine, is_proven);
    }

    fn next_event(&self) -> Option<Event> {
        self.inbox.pop()
    }

    fn set_waker(&self, waker: Waker) {
        self.inbox.set_waker(waker);
    }
}

impl Drop for ZenohNetwork {
    fn drop(&mut self) {
        let mut state = self.outbox.state.lock();
        state.is_closing = true;
        self.outbox.changed.notify_all();
        // The other machines are told that this one leaves, but none is waited for.
        if !state.is_closed {
            drop(wait_timeout(&self.outbox.changed, state, DRAIN));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_endpoints_of_this_machine_are_local() {
        for endpoint in ["tcp/127.0.0.1:7447", "tcp/[::1]:0", "tls/127.0.0.9:1#x=y", "unixsock-stream//tmp/x"]
        {
            assert!(is_local(endpoint), "{endpoint}");
        }
        for endpoint in
            ["tcp/0.0.0.0:7447", "tcp/[::]:0", "tcp/10.0.0.5:1", "tcp/localhost:1", "tcp", "x/127.0.0.1:1"]
        {
            assert!(!is_local(endpoint), "{endpoint}");
        }
    }

    #[test]
    fn keys_of_tokens_are_read_as_they_were_written() {
        let token = Token {
            machine: "cellar".parse().unwrap(),
            incarnation: 0xab,
            uuid: Uuid::from_u128(7),
            digest: Digest([9; 16]),
        };
        let key = token_key(&token);
        assert_eq!(read_token(&key), Some(token));
        for key in [&key[1..], &format!("{key}/x"), &key.replace("00ab", "00AB"), "lucarne/1/service/a/b/c/d"]
        {
            assert_eq!(read_token(key), None, "{key}");
        }
    }

    #[test]
    fn gossip_needs_a_trusted_network() {
        for is_trusted in [false, true] {
            let config = config(&ZenohOptions { is_trusted, ..ZenohOptions::default() }).unwrap();
            let json = |key| config.get_json(key).unwrap();
            assert_eq!(json("scouting/gossip/enabled"), if is_trusted { "null" } else { "false" });
            assert_eq!(json("scouting/multicast/enabled"), "false");
        }
    }

    #[test]
    fn what_waits_for_one_machine_is_bounded_and_leaves_room_for_others() {
        let (cellar, hall) = ("cellar".parse().unwrap(), "hall".parse().unwrap());
        let mut state = OutboxState::default();
        let packet = || vec![0; PACKET_MAX];
        let kept = std::iter::from_fn(|| state.push(&cellar, packet()).then_some(())).count();
        assert_eq!(kept, BYTES_OF_ONE_MAX / PACKET_MAX);
        assert!(state.lost.is_empty(), "the flow to the cellar knows");
        // The hall has room, even at the expense of what waits for the cellar, whose flow is told.
        assert!((0..kept / 2).all(|_| state.push(&hall, packet())));
        assert!(state.lost.contains(&cellar) && !state.lost.contains(&hall));
        let count = std::iter::from_fn(|| state.packets.pop()).filter(|(to, _)| *to == hall).count();
        assert_eq!(count, kept / 2);
        assert!(!state.push(&cellar, packet()), "one before this one was lost");
        assert!(state.push(&cellar, packet()));
    }

    #[test]
    fn a_configuration_file_keeps_its_times_and_gets_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zenoh.json5");
        std::fs::write(&path, "{ transport: { link: { tx: { lease: 30000 } } } }").unwrap();
        let options = |config| ZenohOptions { config, is_trusted: true, ..ZenohOptions::default() };
        let times = |options| {
            let config = config(&options).unwrap();
            TIMES.map(|(key, _)| config.get_json(key).unwrap())
        };
        let own = times(options(None));
        let client = r#"{"router":-1,"peer":-1,"client":10000}"#;
        let retry = r#"{"period_init_ms":200,"period_max_ms":500,"period_increase_factor":2.0}"#;
        assert_eq!(own, ["2000", "2000", "2000", "-1", retry]);
        assert_eq!(times(options(Some(path))), ["30000", "2000", "2000", client, retry]);
    }

    /// If Zenoh was built without the setting of `.cargo/config.toml`, this crate was, too.
    #[test]
    fn closing_a_connection_makes_no_thread_wait() {
        assert_eq!(option_env!("TCP_LINGER_TIMEOUT"), Some("0"), "build in the folder of the project");
    }

    #[test]
    fn a_network_of_others_needs_an_explicit_word() {
        let name = "hall".parse().unwrap();
        let far = ZenohOptions { connect: vec!["tcp/10.0.0.5:7447".to_owned()], ..ZenohOptions::default() };
        assert!(matches!(ZenohNetwork::open(&name, &far), Err(ZenohError::Insecure(_))));
        let file = ZenohOptions { config: Some("zenoh.json5".into()), ..ZenohOptions::default() };
        assert!(matches!(ZenohNetwork::open(&name, &file), Err(ZenohError::InsecureFile)));
    }
}
