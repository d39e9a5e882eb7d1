//! The process that joins this system to a fabric: it reads from the network, announces what is exported, and keeps the
//! other machines.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::{
    Context, KernelHandle, MessageKind, Outcome, Pid, Process, SpawnOptions, Waker, priority,
};
use lucarne_services::{Abroad, Offered};

use crate::complaints::Complaints;
use crate::description::{self, Unfit};
use crate::exports::GroupExports;
use crate::flow::{Flow, TIMEOUT_MIN_US, Timing, WINDOW, WINDOW_MAX, WINDOW_MIN};
use crate::house::House;
use crate::identity::Identity;
use crate::name::MachineName;
use crate::network::{Event, Network, Token};
use crate::peer::Peer;
use crate::questions::Questions;
use crate::revocations::{News, Watch};
use crate::rules::Rules;
use crate::status::Status;
use crate::tunnel::Tunnel;

/// The maximum number of other machines that are kept.
const PEERS_MAX: usize = 4_096;

/// The maximum number of other machines that have not proven their names, but have begun to, or of which only packets
/// are known. They cost handshakes. A further machine takes the place of the one that has been quiet for the longest
/// time.
const UNPROVEN_MAX: usize = 256;

/// The number of events that are handled in one turn.
const EVENTS_PER_TURN: usize = 256;

/// The cost of an event, in units of the scheduler.
const EVENT_COST: u32 = 200;

/// How a system joins a fabric.
pub struct Options {
    /// The name of this machine.
    pub name: MachineName,
    /// The network that the machines share.
    pub network: Arc<dyn Network>,
    /// The identity with which this machine proves its name to others. Then they must prove theirs, too. The name in it takes
    /// the place of `name`, so the network must be opened under that name. Without an identity, names are only claimed: that
    /// is for networks in which all machines are trusted.
    pub identity: Option<Arc<Identity>>,
    /// Which services go to which machines: none by default.
    pub exports: Rules,
    /// What single groups of processes export in addition.
    pub group_exports: GroupExports,
    /// Which services come from which machines: none by default.
    pub imports: Rules,
    /// The time after which a machine that does not answer is lost, for both sides: 2 s by default, and at least 10 ms.
    /// If it differs between two machines, both send signs of life as often as the shorter one needs.
    pub timeout: Duration,
    /// How many bytes may be on the way from a machine or wait here: 256 KiB by default, at least 128 KiB and at most
    /// 16 MiB. It can be different on each machine.
    pub window: usize,
    /// Receives a line for each event that an operator wants to know of.
    pub log: Box<dyn Fn(&str) + Send + Sync>,
}

impl Options {
    /// Returns the options of a machine that neither exports nor imports.
    pub fn new(name: MachineName, network: Arc<dyn Network>) -> Options {
        Options {
            name,
            network,
            identity: None,
            exports: Rules::default(),
            group_exports: GroupExports::default(),
            imports: Rules::default(),
            timeout: Duration::from_secs(2),
            window: WINDOW,
            log: Box::new(|_| {}),
        }
    }
}

/// Joins a system to a fabric, until the system ends. `abroad` is the one of its service manager.
///
/// Returns the status of the other machines, which is updated until the system ends.
pub fn join(kernel: &KernelHandle, abroad: &Abroad, options: Options) -> Status {
    let mut options = options;
    if let Some(identity) = &options.identity {
        options.name = identity.name().clone();
    }
    let status = Status::new(options.name.clone(), options.identity.is_some());
    let timeout = i64::try_from(options.timeout.as_micros()).unwrap_or(i64::MAX / 4);
    let switchboard = Switchboard {
        kernel: kernel.clone(),
        abroad: abroad.clone(),
        timing: Timing { timeout_us: timeout.clamp(TIMEOUT_MIN_US, i64::MAX / 4) },
        window: options.window.clamp(WINDOW_MIN, WINDOW_MAX),
        options,
        incarnation: None,
        waker: None,
        peers: BTreeMap::new(),
        version: 0,
        provided: BTreeSet::new(),
        offered: BTreeMap::new(),
        announced: BTreeMap::new(),
        unfit: BTreeMap::new(),
        complaints: Complaints::default(),
        questions: Questions::default(),
        status: status.clone(),
        on_the_way: 0,
        unproven: 0,
        has_complained: false,
        has_complained_of_names: false,
        watch: None,
    };
    let name = SpawnOptions { priority: priority::HIGH, ..SpawnOptions::named("fabric") };
    kernel.start_system(Box::new(switchboard), name);
    status
}

struct Switchboard {
    kernel: KernelHandle,
    abroad: Abroad,
    options: Options,
    timing: Timing,
    window: usize,
    /// The number of this start of the system.
    incarnation: Option<u64>,
    waker: Option<Waker>,
    peers: BTreeMap<MachineName, Peer>,
    /// The version of the services of this machine that is known here.
    version: u64,
    /// All services of this machine.
    provided: BTreeSet<(Pid, i64)>,
    /// The services that some machine may use.
    offered: BTreeMap<(Pid, i64), Offered>,
    announced: BTreeMap<(Pid, i64), Token>,
    /// The services that are not announced, although a rule names them.
    unfit: BTreeMap<(Pid, i64), Unfit>,
    complaints: Complaints,
    questions: Questions,
    status: Status,
    /// The bytes that were on the way to all machines at the end of the last turn.
    on_the_way: usize,
    /// The number of machines that count for [`UNPROVEN_MAX`]: those of the last turn, and those that were added since.
    unproven: usize,
    /// Whether the log says that there are too many machines.
    has_complained: bool,
    /// Whether the log says that there are too many machines without proven names.
    has_complained_of_names: bool,
    /// Follows the list of revoked certificates.
    watch: Option<Watch>,
}

impl Switchboard {
    fn begin(&mut self, context: &mut Context<'_>) -> u64 {
        if let Some(incarnation) = self.incarnation {
            return incarnation;
        }
        let incarnation = context.random_u64();
        self.incarnation = Some(incarnation);
        let waker = context.waker();
        if self.options.identity.is_some() {
            self.options.network.demand_proof();
        }
        self.options.network.set_waker(waker.clone());
        self.abroad.follow(waker.clone());
        self.watch = self.follow_revocations(&waker);
        self.waker = Some(waker);
        incarnation
    }

    /// Follows the list of revoked certificates, if this machine has one.
    fn follow_revocations(&self, waker: &Waker) -> Option<Watch> {
        let identity = self.options.identity.as_ref()?;
        identity.revoked.watch(waker.clone()).unwrap_or_else(|error| {
            (self.options.log)(&format!(
                "changes of the list of revoked certificates are not noticed: {error}"
            ));
            None
        })
    }

    /// Acts on new entries of the list of revoked certificates.
    fn heed_revocations(&mut self, context: &mut Context<'_>, now_us: i64) {
        let Some(identity) = self.options.identity.clone() else { return };
        for news in identity.revoked.take_news() {
            match news {
                News::Added(count) => {
                    (self.options.log)(&format!(
                        "revoked certificates, in addition to those before: {count}"
                    ));
                    self.for_each(context, |peer, house| {
                        peer.touch();
                        peer.heed_revocations(house, now_us);
                    });
                }
                News::Unreadable(reason) => {
                    (self.options.log)(&format!("what was revoked before stays so, but {reason}"));
                }
            }
        }
    }

    /// Announces new services, and withdraws announcements of services that are not there any more.
    fn export(&mut self, incarnation: u64) {
        let Some((version, all)) = self.abroad.offered(self.version) else { return };
        self.version = version;
        self.provided = all.iter().map(|offered| (offered.pid, offered.id)).collect();
        let exports = &self.options.exports;
        let wanted: BTreeMap<_, _> = all
            .into_iter()
            .filter(|offered| {
                let gid = self.kernel.gid_of(offered.pid);
                exports.permit_any(offered) || self.options.group_exports.permit_any(gid, offered)
            })
            .map(|offered| ((offered.pid, offered.id), offered))
            .collect();
        let mut tokens = BTreeMap::new();
        let mut unfit = BTreeMap::new();
        for (&key, offered) in &wanted {
            if self.offered.get(&key) == Some(offered) {
                tokens.extend(self.announced.get(&key).map(|token| (key, token.clone())));
                unfit.extend(self.unfit.get(&key).map(|reason| (key, *reason)));
                continue;
            }
            let encoded = description::encode(offered).and_then(|(uuid, bytes)| {
                let sign = |identity: &Arc<Identity>| description::sign(identity, incarnation, uuid, &bytes);
                let signed = self.options.identity.as_ref().map(sign).transpose()?;
                Ok((uuid, signed.unwrap_or(bytes)))
            });
            match encoded {
                Ok((uuid, bytes)) => {
                    let digest = description::digest(&bytes);
                    let token = Token { machine: self.options.name.clone(), incarnation, uuid, digest };
                    if self.announced.get(&key) != Some(&token) {
                        self.options.network.announce(&token, bytes);
                    }
                    tokens.insert(key, token);
                }
                Err(reason) => {
                    if self.unfit.get(&key) != Some(&reason) {
                        let name = offered.name.escape_debug().take(200).collect::<String>();
                        (self.options.log)(&format!("the service '{name}' is not exported: {reason}"));
                    }
                    unfit.insert(key, reason);
                }
            }
        }
        self.unfit = unfit;
        let old = std::mem::replace(&mut self.announced, tokens);
        let kept: BTreeSet<&Token> = self.announced.values().collect();
        for token in old.values().filter(|token| !kept.contains(token)) {
            self.options.network.withdraw(token);
        }
        self.offered = wanted;
        self.status.set_exported(self.announced.len());
    }

    fn handle(&mut self, context: &mut Context<'_>, event: Event, now_us: i64) {
        let (machine, wanted) = match &event {
            Event::Appeared(token) => (&token.machine, self.options.imports.concern(&token.machine)),
            Event::Disappeared(token) | Event::Described(token, _) => (&token.machine, false),
            Event::Packet(machine, _) => (machine, true),
        };
        if *machine == self.options.name {
            return;
        }
        let machine = machine.clone();
        if matches!(event, Event::Appeared(_)) && !wanted {
            return;
        }
        let is_packet = matches!(event, Event::Packet(..));
        if !self.peers.contains_key(&machine) && (!wanted || !self.add_peer(&machine, is_packet)) {
            return;
        }
        self.for_one(context, &machine, |peer, house| match event {
            Event::Appeared(token) => peer.appeared(house, token),
            Event::Disappeared(token) => peer.disappeared(house, &token),
            Event::Described(token, bytes) => peer.described(house, &token, &bytes),
            Event::Packet(_, bytes) => peer.receive(house, &bytes, now_us),
        });
    }

    /// Adds a machine that was announced, or in whose name a packet has come. Returns false if there are too many.
    fn add_peer(&mut self, machine: &MachineName, is_packet: bool) -> bool {
        let is_unproven = is_packet && self.options.identity.is_some();
        if is_unproven && self.unproven >= UNPROVEN_MAX {
            self.forget_unproven();
        }
        if self.peers.len() >= PEERS_MAX {
            if !self.has_complained {
                (self.options.log)(&format!("more than {PEERS_MAX} machines: others are ignored"));
            }
            self.has_complained = true;
            return false;
        }
        let calls = self.options.name < *machine;
        let flow = Flow::new(self.incarnation.unwrap_or_default(), calls, self.timing, self.window);
        let identity = self.options.identity.as_ref();
        let tunnel =
            identity.map(|identity| Tunnel::new(identity.clone(), machine.clone(), self.timing.timeout_us));
        self.unproven += usize::from(is_unproven);
        self.peers.insert(machine.clone(), Peer::new(machine.clone(), tunnel, flow));
        true
    }

    /// Forgets the machine without a proven name that has been quiet for the longest time.
    fn forget_unproven(&mut self) {
        let unproven = self.peers.iter().filter_map(|(name, peer)| Some((peer.unproven_us()?, name)));
        let Some(name) = unproven.min().map(|(_, name)| name.clone()) else { return };
        self.peers.remove(&name);
        self.status.forget(&name);
        self.unproven = self.unproven.saturating_sub(1);
        if !self.has_complained_of_names {
            (self.options.log)(&format!(
                "more than {UNPROVEN_MAX} machines do not prove their names: the quietest are forgotten"
            ));
        }
        self.has_complained_of_names = true;
    }

    /// Ends the turn for each machine. Returns when the next turn is due.
    fn settle(&mut self, context: &mut Context<'_>, now_us: i64) -> Option<i64> {
        let timeout_us = self.timing.timeout_us;
        let mut next_us: Option<i64> = None;
        let last = self.questions.last().cloned();
        let (peers, mut house) = self.open(context)?;
        let mut settle = |peer: &mut Peer| {
            if peer.take_touch(house.questions) {
                peer.settle(&mut house, now_us, timeout_us);
            }
            next_us = next_us.into_iter().chain(peer.due_us()).min();
        };
        // Machines take turns to be asked about.
        match last {
            Some(last) => {
                peers
                    .range_mut((Bound::Excluded(&last), Bound::Unbounded))
                    .for_each(|(_, peer)| settle(peer));
                peers.range_mut(..=&last).for_each(|(_, peer)| settle(peer));
            }
            None => peers.values_mut().for_each(settle),
        }
        next_us.into_iter().chain(self.questions.next_us()).min()
    }

    /// Forgets machines of which nothing is known any more, and publishes the news of the rest.
    fn take_stock(&mut self, now_us: i64) {
        let (status, network) = (&self.status, &*self.options.network);
        self.peers.retain(|name, peer| {
            let is_forgotten = peer.is_forgotten(now_us);
            let is_proven = if is_forgotten { Some(false) } else { peer.proof_news() };
            if let Some(is_proven) = is_proven {
                network.set_proven(name, is_proven);
            }
            if is_forgotten {
                status.forget(name);
            } else if let Some(news) = peer.status_news() {
                status.set(news);
            }
            !is_forgotten
        });
    }

    /// Calls `act` for one machine.
    fn for_one(
        &mut self,
        context: &mut Context<'_>,
        machine: &MachineName,
        act: impl FnOnce(&mut Peer, &mut House<'_, '_, '_>),
    ) {
        if let Some((peers, mut house)) = self.open(context)
            && let Some(peer) = peers.get_mut(machine)
        {
            peer.touch();
            act(peer, &mut house);
        }
    }

    /// Calls `act` for each machine.
    fn for_each(
        &mut self,
        context: &mut Context<'_>,
        mut act: impl FnMut(&mut Peer, &mut House<'_, '_, '_>),
    ) {
        if let Some((peers, mut house)) = self.open(context) {
            peers.values_mut().for_each(|peer| act(peer, &mut house));
        }
    }

    /// Returns the other machines, and the parts of this one that they need; none before the first turn.
    fn open<'s, 'k>(
        &'s mut self,
        context: &'s mut Context<'k>,
    ) -> Option<(&'s mut BTreeMap<MachineName, Peer>, House<'s, 's, 'k>)> {
        let options = &self.options;
        let house = House {
            context,
            kernel: &self.kernel,
            abroad: &self.abroad,
            network: &*options.network,
            imports: &options.imports,
            exports: &options.exports,
            group_exports: &options.group_exports,
            provided: &self.provided,
            offered: &self.offered,
            me: &options.name,
            identity: options.identity.as_deref(),
            switchboard: self.waker.as_ref()?,
            window: self.window,
            on_the_way: self.on_the_way,
            log: &*options.log,
            complaints: &mut self.complaints,
            questions: &mut self.questions,
            status: &self.status,
        };
        Some((&mut self.peers, house))
    }
}

impl Process for Switchboard {
    fn run(&mut self, context: &mut Context<'_>) -> Outcome {
        let incarnation = self.begin(context);
        while let Some(message) = context.receive() {
            if let MessageKind::ProcessTerminated { .. } = message.kind {
                for peer in self.peers.values_mut() {
                    peer.process_ended(message.pid);
                    peer.touch();
                }
            }
        }
        let now_us = context.now_us();
        self.questions.look_at_clock(now_us);
        self.heed_revocations(context, now_us);
        self.for_each(context, |peer, house| {
            if peer.is_due(now_us) {
                peer.touch();
                peer.look_at_clock(house, now_us);
            }
        });
        self.export(incarnation);
        let mut count = 0;
        while count < EVENTS_PER_TURN
            && let Some(event) = self.options.network.next_event()
        {
            count += 1;
            self.handle(context, event, now_us);
        }
        let next_us = self.settle(context, now_us);
        self.take_stock(now_us);
        self.on_the_way = self.peers.values().map(Peer::on_the_way).sum();
        self.unproven = self.peers.values().filter(|peer| peer.unproven_us().is_some()).count();
        context.charge(EVENT_COST * (1 + count as u32));
        if count == EVENTS_PER_TURN { Outcome::Ready } else { Outcome::Wait { until_us: next_us } }
    }
}

impl Drop for Switchboard {
    /// The system ends: the other machines need not wait until they notice.
    fn drop(&mut self) {
        for peer in self.peers.values_mut() {
            peer.leave(&*self.options.network);
        }
        for token in self.announced.values() {
            self.options.network.withdraw(token);
        }
    }
}
