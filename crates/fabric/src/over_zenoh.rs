//! The network of Zenoh: announcements are liveliness tokens, descriptions are answers to queries, and the packets of a
//! flow are samples, reliable and in order.
//!
//! ```text
//! lucarne/1/service/MACHINE/INCARNATION/UUID/DIGEST    a token
//! lucarne/1/describe/MACHINE/INCARNATION/DIGEST        a query for a description
//! lucarne/1/flow/TO/FROM                               a packet
//! ```
//!
//! Packets are handed to Zenoh by a thread of their own, since Zenoh can make its callers wait. The window of each flow
//! bounds what is in Zenoh, so that this is rare. A packet that this network cannot keep is lost: then the flow ends.
//! Announcements that wait for the switchboard are kept apart from packets, since Zenoh does not repeat them.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::Waker;
use lucarne_kernel::sync::{Condvar, Mutex, OnceLock, thread, wait, wait_timeout};
use thiserror::Error;
use uuid::Uuid;
use zenoh::Wait;
use zenoh::liveliness::LivelinessToken;
use zenoh::qos::{CongestionControl, Priority};
use zenoh::sample::SampleKind;
use zenoh::session::Session;

use crate::name::MachineName;
use crate::network::{DESCRIPTION_MAX, Digest, Event, Network, PACKET_MAX, Token};

/// The number of bytes of packets that wait for the switchboard, and of those that wait for Zenoh.
const BYTES_MAX: usize = 32 << 20;

/// The number of packets and descriptions that wait for the switchboard, and that of announcements.
const EVENTS_MAX: usize = 65_536;

/// The time limit of a query.
const ASK: Duration = Duration::from_secs(1);

/// The time that the last packets have when the system ends.
const DRAIN: Duration = Duration::from_millis(500);

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
    session: Session,
    inbox: Arc<Inbox>,
    outbox: Arc<Outbox>,
    tokens: Mutex<BTreeMap<Token, LivelinessToken>>,
    described: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
}

/// What has come, for the switchboard.
#[derive(Default)]
struct Inbox {
    state: Mutex<InboxState>,
    waker: OnceLock<Waker>,
}

#[derive(Default)]
struct InboxState {
    /// Whether each of these announcements is there now.
    announcements: BTreeMap<Token, bool>,
    /// Packets and descriptions.
    events: VecDeque<Event>,
    /// The bytes of the events.
    bytes: usize,
    /// The last event was an announcement: a packet has its turn.
    is_packets_turn: bool,
}

/// What waits for Zenoh.
#[derive(Default)]
struct Outbox {
    state: Mutex<OutboxState>,
    changed: Condvar,
}

#[derive(Default)]
struct OutboxState {
    packets: VecDeque<(MachineName, Vec<u8>)>,
    bytes: usize,
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
            .declare_subscriber(format!("lucarne/1/flow/{name}/*"))
            .callback(move |sample| {
                let from = sample.key_expr().as_str().rsplit('/').next().and_then(|from| from.parse().ok());
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
            .declare_queryable(format!("lucarne/1/describe/{name}/**"))
            .callback(move |query| {
                let key = query.key_expr().as_str().to_owned();
                let description = known.lock().get(&key).cloned();
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
        Ok(Arc::new(ZenohNetwork { session, inbox, outbox, tokens: Mutex::default(), described }))
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
        // A machine that was lost is noticed by its flow, and connected to again before the flow gives up.
        config.insert_json5("transport/link/tx/lease", "4000")?;
        config.insert_json5("connect/timeout_ms", "-1")?;
        config.insert_json5("connect/exit_on_failure", "false")?;
        config.insert_json5(
            "connect/retry",
            "{ period_init_ms: 200, period_max_ms: 1000, period_increase_factor: 2 }",
        )?;
    } else if !options.listen.is_empty() {
        config.insert_json5("listen/endpoints", &json(&options.listen))?;
    }
    if !options.connect.is_empty() {
        config.insert_json5("connect/endpoints", &json(&options.connect))?;
    }
    Ok(config)
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

fn description_key(token: &Token) -> String {
    let Token { machine, incarnation, digest, .. } = token;
    format!("lucarne/1/describe/{machine}/{incarnation:016x}/{digest}")
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

impl Inbox {
    fn push(&self, event: Event) {
        if !self.state.lock().push(event) {
            return;
        }
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }
}

impl InboxState {
    /// Adds an event. Returns false if room for it is missing.
    fn push(&mut self, event: Event) -> bool {
        let size = match event {
            Event::Appeared(token) => return self.announce(token, true),
            Event::Disappeared(token) => return self.announce(token, false),
            Event::Packet(_, ref bytes) | Event::Described(_, ref bytes) => bytes.len(),
        };
        let has_room = self.bytes + size <= BYTES_MAX && self.events.len() < EVENTS_MAX;
        if has_room {
            self.bytes += size;
            self.events.push_back(event);
        }
        has_room
    }

    fn announce(&mut self, token: Token, is_there: bool) -> bool {
        let has_room = self.announcements.len() < EVENTS_MAX || self.announcements.contains_key(&token);
        if has_room {
            self.announcements.insert(token, is_there);
        }
        has_room
    }

    /// Takes the next event. Announcements and packets take turns.
    fn pop(&mut self) -> Option<Event> {
        if (!self.is_packets_turn || self.events.is_empty())
            && let Some((token, is_there)) = self.announcements.pop_first()
        {
            self.is_packets_turn = true;
            return Some(if is_there { Event::Appeared(token) } else { Event::Disappeared(token) });
        }
        self.is_packets_turn = false;
        let event = self.events.pop_front()?;
        if let Event::Packet(_, bytes) | Event::Described(_, bytes) = &event {
            self.bytes -= bytes.len();
        }
        Some(event)
    }
}

impl Outbox {
    /// Hands packets to Zenoh until the network is closed.
    fn send_all(&self, from: &MachineName, session: &Session) {
        let mut state = self.state.lock();
        loop {
            if let Some((to, packet)) = state.packets.pop_front() {
                state.bytes -= packet.len();
                drop(state);
                let put = session.put(format!("lucarne/1/flow/{to}/{from}"), packet);
                // If the session is closed, nothing arrives any more, and the flows end.
                let _ = put
                    .congestion_control(CongestionControl::Block)
                    .priority(Priority::InteractiveHigh)
                    .express(true)
                    .wait();
                state = self.state.lock();
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

impl Network for ZenohNetwork {
    fn announce(&self, token: &Token, description: Vec<u8>) {
        self.described.lock().insert(description_key(token), description);
        // Fails if the session is closed: then nothing can be announced.
        if let Ok(declared) = self.session.liveliness().declare_token(token_key(token)).wait() {
            self.tokens.lock().insert(token.clone(), declared);
        }
    }

    fn withdraw(&self, token: &Token) {
        self.described.lock().remove(&description_key(token));
        let declared = self.tokens.lock().remove(token);
        if let Some(declared) = declared {
            // Fails if the session is closed: then the announcement has ended with it.
            let _ = declared.undeclare().wait();
        }
    }

    fn ask(&self, token: &Token) {
        let (asked, inbox) = (token.clone(), self.inbox.clone());
        let get = self.session.get(description_key(token)).timeout(ASK);
        let _ = get
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

    fn send(&self, to: &MachineName, packet: Vec<u8>) {
        let mut state = self.outbox.state.lock();
        if state.bytes + packet.len() <= BYTES_MAX {
            state.bytes += packet.len();
            state.packets.push_back((to.clone(), packet));
            self.outbox.changed.notify_all();
        }
    }

    fn next_event(&self) -> Option<Event> {
        self.inbox.state.lock().pop()
    }

    fn set_waker(&self, waker: Waker) {
        let waker = self.inbox.waker.get_or_init(|| waker);
        // For what has come before.
        waker.wake();
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
    fn an_inbox_that_is_full_of_packets_keeps_announcements() {
        let token = |digest| Token {
            machine: "cellar".parse().unwrap(),
            incarnation: 1,
            uuid: Uuid::from_u128(7),
            digest: Digest([digest; 16]),
        };
        let packet = || Event::Packet("hall".parse().unwrap(), vec![0; PACKET_MAX]);
        let mut inbox = InboxState::default();
        let packets = std::iter::from_fn(|| inbox.push(packet()).then_some(())).count();
        assert_eq!(packets, BYTES_MAX / PACKET_MAX);
        assert!(inbox.push(Event::Appeared(token(1))));
        assert!(inbox.push(Event::Appeared(token(2))));
        assert!(inbox.push(Event::Disappeared(token(1))));
        assert!(matches!(inbox.pop(), Some(Event::Disappeared(gone)) if gone == token(1)), "the newest");
        assert!(matches!(inbox.pop(), Some(Event::Packet(..))), "packets have their turns");
        assert!(matches!(inbox.pop(), Some(Event::Appeared(come)) if come == token(2)));
        assert_eq!(std::iter::from_fn(|| inbox.pop()).count(), packets - 1);
        assert_eq!((inbox.bytes, inbox.announcements.len()), (0, 0));
    }

    #[test]
    fn announcements_that_wait_are_bounded() {
        let mut inbox = InboxState::default();
        let token = |incarnation: usize| Token {
            machine: "cellar".parse().unwrap(),
            incarnation: incarnation as u64,
            uuid: Uuid::from_u128(7),
            digest: Digest([0; 16]),
        };
        assert!((0..EVENTS_MAX).all(|number| inbox.push(Event::Appeared(token(number)))));
        assert!(!inbox.push(Event::Appeared(token(EVENTS_MAX))));
        assert!(inbox.push(Event::Disappeared(token(0))), "the newest state of one that waits");
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
    fn a_network_of_others_needs_an_explicit_word() {
        let name = "hall".parse().unwrap();
        let far = ZenohOptions { connect: vec!["tcp/10.0.0.5:7447".to_owned()], ..ZenohOptions::default() };
        assert!(matches!(ZenohNetwork::open(&name, &far), Err(ZenohError::Insecure(_))));
        let file = ZenohOptions { config: Some("zenoh.json5".into()), ..ZenohOptions::default() };
        assert!(matches!(ZenohNetwork::open(&name, &file), Err(ZenohError::InsecureFile)));
    }
}
