//! One other machine, as the switchboard keeps it: its announcements, the flow to it, and the stand-ins of its processes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lucarne_kernel::{Pid, SpawnOptions};
use lucarne_link::carry::{self, Kind};
use lucarne_services::Offered;
use lucarne_services::protocol::error;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::complaints::Complaint;
use crate::description;
use crate::flow::{Flow, Happened};
use crate::house::House;
use crate::identity::Fingerprint;
use crate::lane::Lane;
use crate::name::MachineName;
use crate::network::{Network, Token};
use crate::opening::{Service, opened_service};
use crate::packet::Packet;
use crate::questions::{PATIENCE_US, Questions};
use crate::status::{MachineStatus, StandInGroup};
use crate::trunk::{Arrived, LANES_MAX, Trunk};
use crate::tunnel::{News, Tunnel};

/// The maximum number of announcements of one machine that are looked at.
pub(crate) const TOKENS_MAX: usize = 1_024;

/// The maximum number of services of one interface and one machine that are registered here: each client that asks for
/// the interface gets all of them.
pub(crate) const PER_INTERFACE_MAX: usize = 256;

/// The number of bytes on the way to all machines up to which packets are light ([`Network::send_light`]). The queue of
/// a connection of the network and the buffers of its socket have room for them, even if they are many small packets.
const LIGHT_MAX: usize = 8 << 10;

/// The beginning of the tag that names the machine of a service.
const MACHINE_TAG: &str = "machine:";

pub(crate) struct Peer {
    name: MachineName,
    /// Present if machines prove their names.
    tunnel: Option<Tunnel>,
    flow: Flow,
    trunk: Option<Placed>,
    tokens: BTreeMap<Token, Import>,
    registered: Registered,
    /// What the last look at all tokens has shown; none if something has changed since.
    looked: Option<Looked>,
    /// Whether contact was lost. Then nothing is imported until the machine answers again.
    is_lost: bool,
    /// Whether the network had no room for a packet to the machine.
    is_overfull: bool,
    /// Whether the network was told that the machine has proven its name.
    was_proven: bool,
    contacts: u64,
    losses: u64,
    /// How many requests, handshakes and packets were refused.
    refused: u64,
    bytes: (u64, u64),
    /// Whether something has happened since the last turn of this machine.
    is_touched: bool,
    /// Whether it has had a turn since its status was looked at.
    had_turn: bool,
    /// When it needs the next turn, even if nothing happens.
    due_us: Option<i64>,
    /// The status that was shown last.
    shown: Option<MachineStatus>,
}

/// The number of tokens that are registered with the service manager.
#[derive(Default)]
struct Registered {
    all: usize,
    by_interface: BTreeMap<Uuid, usize>,
}

/// What a look at all tokens has shown.
#[derive(Clone, Copy)]
struct Looked {
    /// When the next question is asked again.
    next_us: Option<i64>,
    /// Whether a token cannot be used before the machine has answered.
    needs_contact: bool,
    /// Whether a token cannot be used before a stand-in has ended.
    needs_lane: bool,
    /// Whether a question about a token could not be asked, since too many questions have no answer.
    needs_question: bool,
}

/// The trunk to one incarnation of the machine.
struct Placed {
    trunk: Arc<Trunk>,
    incarnation: u64,
    /// The stand-ins here, by their processes on the other machine.
    stand_ins: BTreeMap<Pid, StandIn>,
}

struct StandIn {
    here: Pid,
    /// The group of the stand-in, for tools; none if the stand-in has ended at once.
    _group: Option<StandInGroup>,
    /// The services of the process that are registered here.
    services: BTreeSet<i64>,
}

/// An announcement that was seen.
#[derive(Default)]
struct Import {
    asked_us: Option<i64>,
    described: Option<Offered>,
    /// The certificate with which the description is signed, if machines have identities.
    signer: Option<Fingerprint>,
    /// Whether it is registered with the service manager.
    is_registered: bool,
    /// Whether it must not be used: its description is not valid, or its process has ended.
    is_void: bool,
}

impl Peer {
    pub(crate) fn new(name: MachineName, tunnel: Option<Tunnel>, flow: Flow) -> Peer {
        Peer {
            name,
            tunnel,
            flow,
            trunk: None,
            tokens: BTreeMap::new(),
            registered: Registered::default(),
            looked: None,
            is_lost: false,
            is_overfull: false,
            was_proven: false,
            contacts: 0,
            losses: 0,
            refused: 0,
            bytes: (0, 0),
            is_touched: true,
            had_turn: false,
            due_us: None,
            shown: None,
        }
    }

    /// Notes that something has happened, so that the machine has a turn.
    pub(crate) fn touch(&mut self) {
        self.is_touched = true;
    }

    /// Returns whether the machine needs a turn at this time.
    pub(crate) fn is_due(&self, now_us: i64) -> bool {
        self.due_us.is_some_and(|due_us| now_us >= due_us)
    }

    /// Returns when the machine needs a turn, even if nothing happens.
    pub(crate) fn due_us(&self) -> Option<i64> {
        self.due_us
    }

    /// Returns whether the machine needs a turn now. There can be thousands of machines, and most turns concern one.
    pub(crate) fn take_touch(&mut self, questions: &Questions) -> bool {
        let has_called = self.trunk.as_ref().is_some_and(|placed| placed.trunk.take_call());
        let can_ask =
            self.looked.is_some_and(|looked| looked.needs_question) && questions.has_room(&self.name);
        std::mem::take(&mut self.is_touched) || has_called || can_ask
    }

    /// Returns whether nothing is known of the machine any more.
    pub(crate) fn is_forgotten(&self, now_us: i64) -> bool {
        let is_quiet = self.tunnel.as_ref().is_none_or(|tunnel| tunnel.is_quiet(now_us));
        is_quiet && self.tokens.is_empty() && self.trunk.is_none() && self.flow.is_forgotten(now_us)
    }

    /// Returns when a handshake with the machine last began or completed, in microseconds. Returns none if the machine has
    /// proven its name, or if it is known only by announcements.
    pub(crate) fn unproven_us(&self) -> Option<i64> {
        let tunnel = self.tunnel.as_ref().filter(|tunnel| !tunnel.is_proven())?;
        (tunnel.is_handshaking() || self.tokens.is_empty()).then(|| tunnel.touched_us())
    }

    /// Returns whether the machine has proven its name, if the network was told otherwise.
    pub(crate) fn proof_news(&mut self) -> Option<bool> {
        let is_proven = self.tunnel.as_ref().is_some_and(Tunnel::is_proven);
        let is_news = std::mem::replace(&mut self.was_proven, is_proven) != is_proven;
        is_news.then_some(is_proven)
    }

    /// Returns the number of bytes that are on the way to the machine.
    pub(crate) fn on_the_way(&self) -> usize {
        self.flow.on_the_way()
    }

    /// Returns the status of the machine, if it has changed since the last time.
    pub(crate) fn status_news(&mut self) -> Option<MachineStatus> {
        if !std::mem::take(&mut self.had_turn) {
            return None;
        }
        let status = MachineStatus {
            name: self.name.clone(),
            is_proven: self.tunnel.as_ref().is_some_and(Tunnel::is_proven),
            contact: self.flow.contact(),
            services: self.registered.all,
            processes: self.trunk.as_ref().map_or(0, |placed| placed.trunk.lanes()),
            contacts: self.contacts,
            losses: self.losses,
            refused: self.refused,
            bytes: self.bytes,
        };
        let is_new = self.shown.as_ref() != Some(&status);
        is_new.then(|| self.shown.insert(status).clone())
    }

    // -- Announcements ----------------------------------------------------------------------------

    /// Notes an announcement, unless there are too many.
    pub(crate) fn appeared(&mut self, house: &mut House<'_, '_, '_>, token: Token) {
        if self.tokens.len() >= TOKENS_MAX && !self.tokens.contains_key(&token) {
            // Any machine can announce in the name of another one.
            let is_idle = |import: &Import| import.is_void || import.described.is_none();
            let idle = self.tokens.iter().find(|(_, import)| is_idle(import)).map(|(token, _)| token.clone());
            if let Some(idle) = idle {
                self.tokens.remove(&idle);
                house.complain(&self.name, Complaint::Announcements, "announces too many services");
            }
        }
        if self.tokens.len() < TOKENS_MAX || self.tokens.contains_key(&token) {
            self.tokens.entry(token).or_default();
            self.looked = None;
        } else {
            house.complain(&self.name, Complaint::Announcements, "announces too many services");
        }
    }

    pub(crate) fn disappeared(&mut self, house: &mut House<'_, '_, '_>, token: &Token) {
        house.questions.close(token);
        let Some(import) = self.tokens.remove(token) else { return };
        self.looked = None;
        if import.is_registered {
            self.registered.remove(token);
        }
        if let Some(offered) = import.described.filter(|_| import.is_registered) {
            self.unregister(house, &offered);
        }
    }

    pub(crate) fn described(&mut self, house: &mut House<'_, '_, '_>, token: &Token, bytes: &[u8]) {
        house.questions.close(token);
        let Some(import) = self.tokens.get_mut(token) else { return };
        if import.described.is_some() || import.is_void {
            return;
        }
        self.looked = None;
        if description::digest(bytes) != token.digest {
            // Any machine can answer the question. It is asked again.
            let text = "announces a service, but a description of it is not the announced one";
            return house.complain(&self.name, Complaint::Description, text);
        }
        match description::decode(token, bytes, house.identity) {
            Some((offered, signer)) => (import.described, import.signer) = (Some(offered), signer),
            None => {
                import.is_void = true;
                let text = "announces a service whose description is not valid";
                house.complain(&self.name, Complaint::Description, text);
            }
        }
    }

    /// Requests the descriptions that are missing, and registers the services to import. Returns the time of the next call in
    /// microseconds, if one is needed.
    fn import(&mut self, house: &mut House<'_, '_, '_>, now_us: i64, timeout_us: i64) -> Option<i64> {
        let has_lane = self.trunk.as_ref().is_none_or(|placed| placed.trunk.lanes() < LANES_MAX);
        let is_valid = |looked: &Looked| {
            looked.next_us.is_none_or(|next_us| now_us < next_us)
                && !(looked.needs_lane && has_lane)
                && !(looked.needs_question && house.questions.has_room(&self.name))
        };
        let looked = match self.looked.filter(is_valid) {
            Some(looked) => looked,
            None => self.look(house, now_us),
        };
        let needs_contact = looked.needs_contact;
        if needs_contact && self.flow.is_idle() {
            self.flow.call(now_us, house.context.random_u64());
        }
        if !needs_contact && self.is_lost && !self.flow.is_open() {
            // The machine announces nothing any more that is imported here.
            self.flow.hang_up();
            self.is_lost = false;
        }
        if !needs_contact
            && self.trunk.is_none()
            && self.silent_us(now_us).is_some_and(|silent_us| silent_us >= timeout_us)
        {
            // The machine has knocked, and does not answer.
            self.flow.hang_up();
        }
        looked.next_us
    }

    /// Looks at all tokens for [`Peer::import`].
    fn look(&mut self, house: &mut House<'_, '_, '_>, now_us: i64) -> Looked {
        let mut next_us = None;
        let mut wanted = Vec::new();
        let mut unasked = Vec::new();
        let mut needs_contact = false;
        for (token, import) in &mut self.tokens {
            if import.is_void || import.is_registered {
                continue;
            }
            if import.described.is_none() {
                let again_us = import.asked_us.map(|asked_us| asked_us + PATIENCE_US);
                if again_us.is_none_or(|again_us| now_us >= again_us) {
                    unasked.push((again_us, token.clone()));
                } else {
                    next_us = next_us.into_iter().chain(again_us).min();
                }
                continue;
            }
            let Some(offered) = &import.described else { continue };
            if !house.imports.permit(&self.name, offered) {
                continue;
            }
            match (&self.trunk, self.is_lost) {
                (Some(placed), _) if placed.incarnation == token.incarnation => wanted.push(token.clone()),
                // Without contact, only the name in the announcement counts: it is enough unless names must be proven.
                (None, false) if self.tunnel.is_none() => wanted.push(token.clone()),
                // Another incarnation, or one that was lost: the machine must say which one it is.
                _ => needs_contact = true,
            }
        }
        let had_trunk = self.trunk.is_some();
        let mut needs_lane = false;
        for token in wanted {
            needs_lane |= !self.register(house, &token);
        }
        let (asked_us, needs_question) = self.ask(house, unasked, now_us);
        let next_us = next_us.into_iter().chain(asked_us).min();
        let looked = Looked { next_us, needs_contact, needs_lane, needs_question };
        // With a new trunk, tokens of other incarnations look different.
        self.looked = (had_trunk == self.trunk.is_some()).then_some(looked);
        looked
    }

    /// Asks for descriptions, as far as there is room for questions: at first for those that were not asked for yet, then for
    /// those that were asked for the longest time ago. Returns when to ask again, and whether room was missing.
    fn ask(
        &mut self,
        house: &mut House<'_, '_, '_>,
        mut unasked: Vec<(Option<i64>, Token)>,
        now_us: i64,
    ) -> (Option<i64>, bool) {
        unasked.sort();
        let mut next_us = None;
        for (_, token) in unasked {
            if !house.questions.ask(&token, now_us) {
                return (next_us, true);
            }
            house.network.ask(&token);
            next_us = Some(now_us + PATIENCE_US);
            if let Some(import) = self.tokens.get_mut(&token) {
                import.asked_us = Some(now_us);
            }
        }
        (next_us, false)
    }

    /// Registers a service. Returns false if there are too many stand-ins.
    fn register(&mut self, house: &mut House<'_, '_, '_>, token: &Token) -> bool {
        let Some(offered) = self.tokens.get(token).and_then(|import| import.described.clone()) else {
            return true;
        };
        let placed = self.trunk.get_or_insert_with(|| Placed::new(house, token.incarnation));
        if placed.incarnation != token.incarnation {
            return true;
        }
        if self.registered.of_interface(token) >= PER_INTERFACE_MAX {
            let text = format!("announces more than {PER_INTERFACE_MAX} services of one interface");
            house.complain(&self.name, Complaint::Interface, &text);
            return true;
        }
        let (there, id) = (offered.pid, offered.id);
        let Some(stand_in) = placed.stand_in(house, &self.name, there) else { return false };
        stand_in.services.insert(id);
        let stand_in = stand_in.here;
        // The other machine chooses its tags, but permissions rely on this one.
        let mut tags = offered.tags.clone();
        tags.retain(|tag| !tag.starts_with(MACHINE_TAG));
        tags.push(format!("{MACHINE_TAG}{}", self.name));
        let seed = seed(house.me, token, &offered);
        if let Some(gid) = house.kernel.gid_of(stand_in) {
            house.abroad.add(Offered { pid: stand_in, tags, ..offered }, gid, seed);
        }
        if let Some(import) = self.tokens.get_mut(token) {
            import.is_registered = true;
            self.registered.add(token);
        }
        true
    }

    fn unregister(&mut self, house: &House<'_, '_, '_>, offered: &Offered) {
        let Some(placed) = &mut self.trunk else { return };
        let Some(stand_in) = placed.stand_ins.get_mut(&offered.pid) else { return };
        house.abroad.remove(stand_in.here, offered.id);
        stand_in.services.remove(&offered.id);
        if stand_in.services.is_empty() && placed.trunk.remove_unused(offered.pid) {
            house.kernel.kill(stand_in.here);
            placed.stand_ins.remove(&offered.pid);
        }
    }

    /// Acts on a longer list of revoked certificates: ends a contact with a machine that has proven its name by one of
    /// them, and forgets what was signed with one.
    pub(crate) fn heed_revocations(&mut self, house: &mut House<'_, '_, '_>, now_us: i64) {
        let Some(identity) = house.identity else { return };
        if self.tunnel.as_ref().is_some_and(Tunnel::is_revoked) {
            let reason = "its certificate is revoked";
            match self.flow.is_open() {
                true => self.break_off(house, reason, now_us),
                false => (house.log)(&format!("{} is not accepted any more: {reason}", self.name)),
            }
        }
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.drop_revoked();
        }
        let is_revoked =
            |import: &Import| import.signer.is_some_and(|signer| identity.revoked.contains(&signer));
        let revoked = self.tokens.iter().filter(|(_, import)| is_revoked(import) && !import.is_void);
        for token in revoked.map(|(token, _)| token.clone()).collect::<Vec<_>>() {
            self.disappeared(house, &token);
            self.tokens.insert(token, Import { is_void: true, ..Import::default() });
        }
    }

    // -- The flow -----------------------------------------------------------------------------------

    pub(crate) fn receive(&mut self, house: &mut House<'_, '_, '_>, bytes: &[u8], now_us: i64) {
        self.bytes.1 += bytes.len() as u64;
        let Some(tunnel) = &mut self.tunnel else { return self.receive_packet(house, bytes, now_us) };
        let mut out = Vec::new();
        let news = tunnel.receive(bytes, now_us, house.context.random_u64(), &mut out);
        self.put(house, out, false);
        self.refused += u64::from(matches!(news, Some(News::Unprotected | News::Unproven(_))));
        match news {
            Some(News::Packet(packet)) => self.receive_packet(house, &packet, now_us),
            Some(News::Unprotected) => {
                let text = "does not prove its name: a packet in its name has no protection";
                house.complain(&self.name, Complaint::Unprotected, text);
            }
            Some(News::Unproven(reason)) => {
                let text = format!("cannot prove its name: {reason}");
                house.complain(&self.name, Complaint::Unproven, &text);
            }
            Some(News::NotAccepted) => {
                let text = "does not accept the certificate of this machine";
                house.complain(&self.name, Complaint::NotAccepted, text);
            }
            None => {}
        }
    }

    /// Handles a packet of the flow.
    fn receive_packet(&mut self, house: &mut House<'_, '_, '_>, bytes: &[u8], now_us: i64) {
        let Some(packet) = Packet::read(bytes) else { return };
        let (mut out, mut happened) = (Vec::new(), Vec::new());
        let random = house.context.random_u64();
        self.flow.receive(&packet, now_us, random, &mut out, &mut happened);
        self.send(house, out, now_us);
        for event in happened {
            if !self.happen(house, event, now_us) {
                // The remaining events belong to the contact that has been broken off.
                return;
            }
        }
    }

    /// Handles an event of the flow. Returns false if the contact was broken off.
    fn happen(&mut self, house: &mut House<'_, '_, '_>, event: Happened, now_us: i64) -> bool {
        match event {
            Happened::Opened(incarnation) => self.opened(house, incarnation),
            Happened::Over(reason) => self.over(house, reason),
            Happened::Frame { from, to, arrived } => {
                if let Err(rule) = self.admit(house, from, to, arrived) {
                    self.break_off(house, rule, now_us);
                    return false;
                }
            }
            Happened::Ended(process) => self.ended(process),
            Happened::Taken(slot) => {
                let is_right = self.trunk.as_ref().is_none_or(|placed| placed.trunk.taken(slot));
                if !is_right {
                    self.break_off(house, "it takes what was not sent", now_us);
                    return false;
                }
            }
            Happened::Granted(bytes) => {
                if let Some(placed) = &self.trunk {
                    placed.trunk.grant(bytes);
                }
            }
        }
        true
    }

    /// A process of the other machine has ended: its services must not be registered again.
    fn ended(&mut self, process: Pid) {
        let Some(placed) = &mut self.trunk else { return };
        placed.trunk.end_lane(process);
        if placed.stand_ins.remove(&process).is_none() {
            return;
        }
        let incarnation = placed.incarnation;
        let is_it = |token: &Token, import: &Import| {
            let described = import.described.as_ref();
            token.incarnation == incarnation && described.is_some_and(|offered| offered.pid == process)
        };
        for (token, import) in &mut self.tokens {
            if is_it(token, import) {
                import.is_void = true;
                if std::mem::take(&mut import.is_registered) {
                    self.registered.remove(token);
                }
            }
        }
        self.looked = None;
    }

    fn opened(&mut self, house: &House<'_, '_, '_>, incarnation: u64) {
        if self.trunk.as_ref().is_some_and(|placed| placed.incarnation != incarnation) {
            self.end_trunk();
        }
        self.trunk.get_or_insert_with(|| Placed::new(house, incarnation));
        (self.is_lost, self.looked) = (false, None);
        self.contacts += 1;
        (house.log)(&format!("contact with {}", self.name));
    }

    fn over(&mut self, house: &House<'_, '_, '_>, reason: &str) {
        self.losses += 1;
        (self.is_lost, self.looked) = (true, None);
        self.end_trunk();
        (house.log)(&format!("contact with {} is lost: {reason}", self.name));
    }

    fn break_off(&mut self, house: &mut House<'_, '_, '_>, rule: &str, now_us: i64) {
        let mut out = Vec::new();
        self.flow.end(&mut out);
        self.send(house, out, now_us);
        self.over(house, rule);
    }

    /// Ends all stand-ins of the machine.
    fn end_trunk(&mut self) {
        let Some(placed) = self.trunk.take() else { return };
        placed.trunk.end();
        for import in self.tokens.values_mut() {
            import.is_registered = false;
        }
        self.registered = Registered::default();
        self.looked = None;
    }

    /// Tells the machine that this one leaves the fabric.
    pub(crate) fn leave(&mut self, network: &dyn Network) {
        let mut out = Vec::new();
        self.flow.end(&mut out);
        for packet in out {
            let packet = match &mut self.tunnel {
                Some(tunnel) => tunnel.send_last(packet),
                None => Some(packet),
            };
            // There may be no room for it. The machine will notice by itself.
            if let Some(packet) = packet {
                network.send(&self.name, packet);
            }
        }
        self.end_trunk();
    }

    /// Returns for how long this side has called without an answer.
    fn silent_us(&self, now_us: i64) -> Option<i64> {
        self.flow.calling_since_us().map(|since_us| now_us - since_us)
    }

    /// Sends packets of the flow.
    fn send(&mut self, house: &mut House<'_, '_, '_>, packets: Vec<Vec<u8>>, now_us: i64) {
        let is_light = self.flow.is_open() && house.on_the_way <= LIGHT_MAX;
        let out = match &mut self.tunnel {
            Some(tunnel) => {
                let mut out = Vec::new();
                for packet in packets {
                    tunnel.send(packet, now_us, house.context.random_u64(), &mut out);
                }
                out
            }
            None => packets,
        };
        self.put(house, out, is_light);
    }

    /// Puts packets on the network.
    fn put(&mut self, house: &House<'_, '_, '_>, out: Vec<Vec<u8>>, is_light: bool) {
        for packet in out {
            self.bytes.0 += packet.len() as u64;
            let is_kept = match is_light {
                true => house.network.send_light(&self.name, packet),
                false => house.network.send(&self.name, packet),
            };
            self.is_overfull |= !is_kept;
        }
    }

    /// Does what is due at this time. This comes before packets that have arrived meanwhile are handled.
    pub(crate) fn look_at_clock(&mut self, house: &mut House<'_, '_, '_>, now_us: i64) {
        if let Some(tunnel) = &mut self.tunnel {
            tunnel.drop_expired(now_us);
        }
        let mut out = Vec::new();
        let trunk = self.trunk.as_ref().map(|placed| &*placed.trunk);
        if self.flow.act(trunk, now_us, &mut out) {
            self.over(house, "it does not answer");
        }
        self.send(house, out, now_us);
    }

    /// Ends a turn.
    pub(crate) fn settle(&mut self, house: &mut House<'_, '_, '_>, now_us: i64, timeout_us: i64) {
        self.had_turn = true;
        if self.trunk.as_ref().is_some_and(|placed| placed.trunk.is_damaged()) {
            self.break_off(house, "it broke a rule of messages", now_us);
        }
        if std::mem::take(&mut self.is_overfull) && self.flow.is_open() {
            self.break_off(house, "more waits to be sent to it than there is room for", now_us);
        }
        let import_us = self.import(house, now_us, timeout_us);
        if let Some(placed) = &self.trunk {
            if placed.trunk.has_frames() && self.flow.is_idle() {
                self.flow.call(now_us, house.context.random_u64());
            }
            let is_late = self.silent_us(now_us).is_some_and(|silent_us| silent_us >= timeout_us);
            if placed.trunk.has_frames() && is_late {
                self.over(house, "it does not answer calls");
            }
        }
        let mut out = Vec::new();
        let trunk = self.trunk.as_ref().map(|placed| &*placed.trunk);
        if self.flow.act(trunk, now_us, &mut out) {
            self.over(house, "it does not answer");
        }
        if let Some(placed) = &self.trunk {
            placed.trunk.take_unwatched().into_iter().for_each(|process| house.context.watch(process));
            let before = self.flow.on_the_way();
            self.flow.pump(&placed.trunk, now_us, &mut out);
            house.on_the_way += self.flow.on_the_way() - before;
            if placed.trunk.lanes() == 0 && !self.flow.is_open() {
                self.end_trunk();
            }
        }
        self.send(house, out, now_us);
        let tunnel_us = self.tunnel.as_ref().and_then(Tunnel::next_us);
        self.due_us = import_us.into_iter().chain(self.flow.next_us()).chain(tunnel_us).min();
        if self.is_overfull {
            self.due_us = Some(now_us);
        }
    }

    /// A process of this machine has ended.
    pub(crate) fn process_ended(&self, process: Pid) {
        if let Some(placed) = &self.trunk {
            placed.trunk.process_ended(process);
        }
    }

    // -- Incoming frames --------------------------------------------------------------------------------

    /// Passes a frame on to the stand-in of its sender, if the rules allow it.
    ///
    /// # Errors
    /// The rule that the other machine has broken.
    fn admit(
        &mut self,
        house: &mut House<'_, '_, '_>,
        from: Pid,
        to: Pid,
        arrived: Arrived,
    ) -> Result<(), &'static str> {
        let Some(placed) = &mut self.trunk else { return Ok(()) };
        let frame = &arrived.frame;
        let label =
            carry::label(&frame.bytes, frame.buffers.len()).map_err(|_| "a frame has no valid form")?;
        if label.pid != to {
            return Err("a frame names another receiver");
        }
        if let Kind::Request { id, procedure, payload } = label.kind {
            let service = opened_service(procedure, payload);
            let permitted = match service {
                Service::Opens(service) => house.exports_to(&self.name, (to, service)),
                Service::Uses => placed.trunk.has_lane(from),
                Service::Other => false,
            };
            self.refused += u64::from(!permitted);
            let stand_in = if permitted { placed.stand_in(house, &self.name, from) } else { None };
            let Some(stand_in) = stand_in.map(|stand_in| stand_in.here) else {
                placed.trunk.drop_arrived(&arrived);
                if let (Service::Opens(service), false) = (&service, permitted) {
                    house.complain_of_opening(&self.name, (to, *service));
                }
                let text = if permitted { TOO_MANY } else { error::NO_SUCH_PROCESS };
                let mut refusal = carry::refusal(to, id, text);
                carry::readdress(&mut refusal, from);
                let has_room = placed.trunk.answer(to, from, &refusal);
                return if has_room { Ok(()) } else { Err("it takes no answers") };
            };
            if let Service::Opens(_) = service {
                // Cannot fail: the switchboard belongs to the system.
                let _ = house.context.introduce(stand_in, to);
            }
        } else if matches!(label.kind, Kind::Terminated | Kind::Message) {
            return Err("a frame does not belong between machines");
        }
        placed.trunk.deliver(from, arrived);
        Ok(())
    }
}

const TOO_MANY: &str = "QUOTA_EXCEEDED: too many processes of one machine";

impl Registered {
    fn add(&mut self, token: &Token) {
        self.all += 1;
        *self.by_interface.entry(token.uuid).or_default() += 1;
    }

    fn remove(&mut self, token: &Token) {
        self.all -= 1;
        if let Entry::Occupied(mut entry) = self.by_interface.entry(token.uuid) {
            *entry.get_mut() -= 1;
            if *entry.get() == 0 {
                entry.remove();
            }
        }
    }

    fn of_interface(&self, token: &Token) -> usize {
        self.by_interface.get(&token.uuid).copied().unwrap_or_default()
    }
}

impl Placed {
    fn new(house: &House<'_, '_, '_>, incarnation: u64) -> Placed {
        let trunk = Trunk::new(house.kernel.clone(), house.switchboard.clone(), house.window / 4);
        Placed { trunk, incarnation, stand_ins: BTreeMap::new() }
    }

    /// Returns the stand-in of a process; makes one if it is missing. None if there are too many.
    fn stand_in(
        &mut self,
        house: &mut House<'_, '_, '_>,
        name: &MachineName,
        there: Pid,
    ) -> Option<&mut StandIn> {
        let entry = match self.stand_ins.entry(there) {
            Entry::Occupied(entry) => return Some(entry.into_mut()),
            Entry::Vacant(entry) => entry,
        };
        if !self.trunk.add_lane(there) {
            let text = format!("has more than {LANES_MAX} processes in contact with this machine");
            house.complain(name, Complaint::Processes, &text);
            return None;
        }
        let process = carry::stand_in(Arc::new(Lane::new(self.trunk.clone(), there)));
        let here = house.kernel.start(process, SpawnOptions::named(name.as_str())).first();
        self.trunk.set_stand_in(there, house.kernel.waker(here));
        let group = house.kernel.gid_of(here).map(|gid| house.status.stands_for(gid, name));
        Some(entry.insert(StandIn { here, _group: group, services: BTreeSet::new() }))
    }
}

/// Returns the number that decides which clients of this machine prefer a service among equals.
fn seed(me: &MachineName, token: &Token, offered: &Offered) -> u64 {
    let mut hash = Sha256::new();
    for text in [me.as_str(), token.machine.as_str()] {
        hash.update(text);
        hash.update([0]);
    }
    for number in [offered.pid.as_i64(), offered.id] {
        hash.update(number.to_le_bytes());
    }
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.finalize()[..8]);
    u64::from_le_bytes(bytes)
}
