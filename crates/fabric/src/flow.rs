//! The flow to one machine: how an epoch begins, what it carries, and how it ends. It is a state machine without a
//! network, a clock or a kernel.
//!
//! Of two machines the one whose name comes first *calls*; the other one *knocks* to be called. So two calls never
//! cross. An epoch has a name of which each side has chosen a half. The called side switches to a new epoch only when a
//! packet of that epoch arrives. Then the caller has received the answer, so the call was not a late copy of an old
//! one.
//!
//! With the call and the answer each side tells the other its window and its timeout, which can differ.
//!
//! Probes, which the other side sends back, measure the time there and back, for display.
//!
//! In an epoch, packets have numbers. A packet whose number has come before is ignored. A missing packet ends the
//! epoch. Each side sends something at least every quarter of the smaller timeout, and ends the epoch when it has
//! heard nothing for the whole of its own timeout. It looks at the clock before it looks at packets: after a long
//! sleep, packets that have waited meanwhile are not a sign of life. Packets of an epoch that is over are answered by
//! *bye*.

use lucarne_kernel::Pid;
use lucarne_link::carry::LIMITS;

use crate::network::PLAIN_MAX;
use crate::outbox::{LARGE_MAX, SLOTS};
use crate::packet::{DATA_HEAD, Epoch, Item, PROBE_SIZE, Packet, Parcel, Terms, head_data};
use crate::status::Contact;
use crate::trunk::{Arrived, Trunk};

/// The number of bytes that may be on the way from a machine before they are taken here, unless set otherwise.
pub(crate) const WINDOW: usize = 256 << 10;

/// The least window: several pieces of large parcels.
pub(crate) const WINDOW_MIN: usize = 128 << 10;

/// The largest window, also if another machine permits more: bytes that are on the way are in the queues of the
/// network.
pub(crate) const WINDOW_MAX: usize = 16 << 20;

/// The least timeout, also if another machine wants a shorter one: it makes this side send four packets in this time.
pub(crate) const TIMEOUT_MIN_US: i64 = 10_000;

/// A probe is sent once in this number of heartbeats, since each probe costs the other side a packet.
const HEARTBEATS_PER_PROBE: i64 = 4;

/// The times of a flow, in microseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// The time after which a silent machine is lost.
    pub(crate) timeout_us: i64,
}

impl Timing {
    /// The time between two calls that have no answer.
    fn retry_us(self) -> i64 {
        self.timeout_us / 8
    }
}

pub(crate) struct Flow {
    incarnation: u64,
    /// Whether this side calls.
    calls: bool,
    timing: Timing,
    window: usize,
    phase: Phase,
    /// The epoch that was offered to the caller, until a packet of it arrives.
    offered: Option<Offer>,
}

#[derive(Clone, Copy)]
struct Offer {
    epoch: Epoch,
    /// The incarnation of the caller.
    peer: u64,
    /// The terms of the caller.
    terms: Terms,
    at_us: i64,
}

enum Phase {
    Idle,
    /// Calls, or knocks, until there is an answer.
    Calling {
        call: u64,
        since_us: i64,
        next_us: i64,
    },
    Open(Box<Open>),
}

struct Open {
    epoch: Epoch,
    next_out: u64,
    next_in: u64,
    heard_us: i64,
    said_us: i64,
    /// The longest time without a packet to the other side.
    heartbeat_us: i64,
    /// The number of bytes that this side may send.
    credit: usize,
    /// The number of bytes that the other side may send.
    allowance: usize,
    /// The number of bytes that were sent, and that the other side has not reported as taken.
    on_the_way: usize,
    partials: [Option<Partial>; SLOTS],
    since_us: i64,
    /// When the last probe was sent. This time is also its mark.
    probed_us: Option<i64>,
    /// Whether the last probe has not come back yet.
    is_probing: bool,
    /// A probe of the other side, which is to be sent back.
    echo: Option<u64>,
    /// When the last probe was sent back. Echoes need no credit, so there is at most one in a heartbeat.
    echoed_us: Option<i64>,
    round_trip_us: Option<i64>,
}

/// A large parcel that has not arrived completely, or was not taken yet.
struct Partial {
    from: Pid,
    to: Pid,
    size: usize,
    bytes: Vec<u8>,
    is_complete: bool,
}

/// An event that a packet causes.
pub(crate) enum Happened {
    /// An epoch has begun, with this incarnation of the other machine.
    Opened(u64),
    /// The epoch is over, for this reason.
    Over(&'static str),
    /// A frame has arrived.
    Frame { from: Pid, to: Pid, arrived: Arrived },
    /// A process of the other machine has ended.
    Ended(Pid),
    /// The other machine has taken a large parcel.
    Taken(u8),
    /// This number of received bytes can be granted again now: they are at most in an unfinished parcel, which has a
    /// limit of its own.
    Granted(usize),
}

impl Flow {
    pub(crate) fn new(incarnation: u64, calls: bool, timing: Timing, window: usize) -> Flow {
        Flow { incarnation, calls, timing, window, phase: Phase::Idle, offered: None }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }

    /// Returns the contact that there is now, for display.
    pub(crate) fn contact(&self) -> Option<Contact> {
        let Phase::Open(open) = &self.phase else { return None };
        let epoch = (open.epoch.call, open.epoch.answer);
        Some(Contact { epoch, since_us: open.since_us, round_trip_us: open.round_trip_us })
    }

    /// Returns whether the other machine can be forgotten: it has not called lately, and this side does not call.
    pub(crate) fn is_forgotten(&self, now_us: i64) -> bool {
        let is_late = |offer: &Offer| now_us - offer.at_us >= self.timing.timeout_us;
        self.is_idle() && self.offered.as_ref().is_none_or(is_late)
    }

    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.phase, Phase::Idle)
    }

    /// Returns since when this side has been calling.
    pub(crate) fn calling_since_us(&self) -> Option<i64> {
        if let Phase::Calling { since_us, .. } = self.phase { Some(since_us) } else { None }
    }

    /// Returns the number of bytes that were sent, and that the other machine has not reported as taken.
    pub(crate) fn on_the_way(&self) -> usize {
        if let Phase::Open(open) = &self.phase { open.on_the_way } else { 0 }
    }

    /// Begins to call the other machine. `call` is a random number.
    pub(crate) fn call(&mut self, now_us: i64, call: u64) {
        if self.is_idle() {
            self.phase = Phase::Calling { call, since_us: now_us, next_us: now_us };
        }
    }

    /// Stops calling.
    pub(crate) fn hang_up(&mut self) {
        if matches!(self.phase, Phase::Calling { .. }) {
            self.phase = Phase::Idle;
        }
    }

    /// Ends the epoch, if there is one, and tells the other machine.
    pub(crate) fn end(&mut self, out: &mut Vec<Vec<u8>>) {
        if let Phase::Open(open) = &self.phase {
            out.push(Packet::Bye { epoch: open.epoch }.write());
        }
        self.phase = Phase::Idle;
    }

    /// Returns the time of the next action.
    pub(crate) fn next_us(&self) -> Option<i64> {
        match &self.phase {
            Phase::Idle => None,
            Phase::Calling { next_us, .. } => Some(*next_us),
            Phase::Open(open) => {
                let dead_us = open.heard_us + self.timing.timeout_us;
                Some(dead_us.min(open.said_us + open.heartbeat_us))
            }
        }
    }

    /// Does what is due. Returns true if the other machine is lost. A sign of life also reports the bytes that were
    /// taken from `trunk`, so that they do not count as on the way any more.
    pub(crate) fn act(&mut self, trunk: Option<&Trunk>, now_us: i64, out: &mut Vec<Vec<u8>>) -> bool {
        let (incarnation, calls, terms) = (self.incarnation, self.calls, self.terms());
        match &mut self.phase {
            Phase::Idle => false,
            Phase::Calling { call, next_us, .. } => {
                if now_us >= *next_us {
                    *next_us = now_us + self.timing.retry_us();
                    let packet = if calls {
                        Packet::Call { call: *call, incarnation, terms }
                    } else {
                        Packet::Knock { incarnation }
                    };
                    out.push(packet.write());
                }
                false
            }
            Phase::Open(open) => {
                if now_us - open.heard_us >= self.timing.timeout_us {
                    self.end(out);
                    return true;
                }
                if now_us - open.said_us >= open.heartbeat_us {
                    out.push(open.sign(trunk.map_or(0, Trunk::take_granted), now_us));
                }
                false
            }
        }
    }

    /// Returns the terms that the other machine is told.
    fn terms(&self) -> Terms {
        let timeout_us = self.timing.timeout_us.cast_unsigned();
        Terms { window: self.window as u64, timeout_us }
    }

    /// Sends the frames that wait in the trunk, as far as there is credit.
    pub(crate) fn pump(&mut self, trunk: &Trunk, now_us: i64, out: &mut Vec<Vec<u8>>) {
        let Phase::Open(open) = &mut self.phase else { return };
        loop {
            let mut packet = vec![0; DATA_HEAD];
            let credit = open.credit;
            let filled = trunk.fill(&mut packet, PLAIN_MAX - PROBE_SIZE, &mut open.credit);
            open.on_the_way += credit - open.credit;
            open.allowance += filled.granted;
            for slot in filled.taken {
                open.partials[usize::from(slot)] = None;
            }
            if packet.len() == DATA_HEAD {
                return;
            }
            open.number(now_us, &mut packet);
            out.push(packet);
        }
    }

    /// Handles a packet. If an epoch begins, `random` becomes this side's half of its name.
    pub(crate) fn receive(
        &mut self,
        packet: &Packet<'_>,
        now_us: i64,
        random: u64,
        out: &mut Vec<Vec<u8>>,
        happened: &mut Vec<Happened>,
    ) {
        match *packet {
            Packet::Knock { .. } if self.calls => self.call(now_us, random),
            Packet::Call { call, incarnation, terms } if !self.calls => {
                let epoch = match (&self.phase, self.offered) {
                    (Phase::Open(open), _) if open.epoch.call == call => open.epoch,
                    (_, Some(Offer { epoch, .. })) if epoch.call == call => epoch,
                    _ => Epoch { call, answer: random },
                };
                if !matches!(&self.phase, Phase::Open(open) if open.epoch == epoch) {
                    self.offered = Some(Offer { epoch, peer: incarnation, terms, at_us: now_us });
                }
                let (incarnation, terms) = (self.incarnation, self.terms());
                out.push(Packet::Answer { epoch, incarnation, terms }.write());
            }
            Packet::Answer { epoch, incarnation, terms } if self.calls => {
                let is_mine = matches!(self.phase, Phase::Calling { call, .. } if call == epoch.call);
                if is_mine {
                    self.open(epoch, incarnation, terms, now_us, happened);
                    if let Phase::Open(open) = &mut self.phase {
                        out.push(open.sign(0, now_us));
                    }
                }
            }
            Packet::Data { epoch, number, items } => {
                self.receive_data(epoch, number, items, now_us, out, happened);
            }
            Packet::Bye { epoch } => {
                if matches!(&self.phase, Phase::Open(open) if open.epoch == epoch) {
                    self.phase = Phase::Idle;
                    happened.push(Happened::Over("the other machine has ended the contact"));
                }
            }
            // Packets that only the other side handles.
            Packet::Knock { .. } | Packet::Call { .. } | Packet::Answer { .. } => {}
        }
    }

    fn open(&mut self, epoch: Epoch, peer: u64, terms: Terms, now_us: i64, happened: &mut Vec<Happened>) {
        if self.is_open() {
            happened.push(Happened::Over("the other machine has begun again"));
        }
        self.offered = None;
        let timeout_us = i64::try_from(terms.timeout_us).unwrap_or(i64::MAX).max(TIMEOUT_MIN_US);
        self.phase = Phase::Open(Box::new(Open {
            epoch,
            next_out: 0,
            next_in: 0,
            heard_us: now_us,
            said_us: now_us,
            heartbeat_us: timeout_us.min(self.timing.timeout_us) / 4,
            credit: usize::try_from(terms.window).unwrap_or(WINDOW_MAX).min(WINDOW_MAX),
            allowance: self.window,
            on_the_way: 0,
            partials: Default::default(),
            since_us: now_us,
            probed_us: None,
            is_probing: false,
            echo: None,
            echoed_us: None,
            round_trip_us: None,
        }));
        happened.push(Happened::Opened(peer));
    }

    fn receive_data(
        &mut self,
        epoch: Epoch,
        number: u64,
        items: &[u8],
        now_us: i64,
        out: &mut Vec<Vec<u8>>,
        happened: &mut Vec<Happened>,
    ) {
        match self.offered {
            Some(offer) if offer.epoch == epoch && number == 0 => {
                self.open(epoch, offer.peer, offer.terms, now_us, happened);
            }
            _ => {}
        }
        let Phase::Open(open) = &mut self.phase else {
            return out.push(Packet::Bye { epoch }.write());
        };
        if open.epoch != epoch {
            return out.push(Packet::Bye { epoch }.write());
        }
        if number < open.next_in {
            return;
        }
        let result = if number > open.next_in {
            Err("a packet was lost")
        } else {
            open.next_in += 1;
            open.heard_us = now_us;
            open.read_items(items, now_us, happened)
        };
        if let Some(mark) = open.echo.take()
            && open.echoed_us.is_none_or(|echoed_us| now_us - echoed_us >= open.heartbeat_us)
        {
            open.echoed_us = Some(now_us);
            let mut packet = vec![0; DATA_HEAD];
            Item::Echo { mark }.write(&mut packet);
            open.number(now_us, &mut packet);
            out.push(packet);
        }
        if let Err(reason) = result {
            self.end(out);
            happened.push(Happened::Over(reason));
        }
    }
}

impl Open {
    /// Writes the head of a packet that is about to be sent, and adds a probe from time to time.
    fn number(&mut self, now_us: i64, packet: &mut Vec<u8>) {
        head_data(packet, self.epoch, self.next_out);
        self.next_out += 1;
        self.said_us = now_us;
        if self
            .probed_us
            .is_none_or(|probed_us| now_us - probed_us >= HEARTBEATS_PER_PROBE * self.heartbeat_us)
        {
            (self.probed_us, self.is_probing) = (Some(now_us), true);
            Item::Probe { mark: now_us.cast_unsigned() }.write(packet);
        }
    }

    /// Makes a sign of life, which grants `granted` bytes.
    fn sign(&mut self, granted: usize, now_us: i64) -> Vec<u8> {
        let mut packet = vec![0; DATA_HEAD];
        if granted > 0 {
            Item::Grant { bytes: granted as u32 }.write(&mut packet);
            self.allowance += granted;
        }
        self.number(now_us, &mut packet);
        packet
    }

    /// Notes that a probe has come back. An echo with another mark than that of the last probe is late, and is ignored.
    fn note_echo(&mut self, mark: u64, now_us: i64) {
        if !self.is_probing || self.probed_us.map(i64::cast_unsigned) != Some(mark) {
            return;
        }
        self.is_probing = false;
        let took_us = now_us - mark.cast_signed();
        // As TCP does it: an eighth of each new time.
        let smoothed_us =
            self.round_trip_us.map_or(took_us, |before_us| before_us + (took_us - before_us) / 8);
        self.round_trip_us = Some(smoothed_us);
    }

    /// Reads the items of a packet.
    ///
    /// # Errors
    /// The rule that the other machine has broken.
    fn read_items(
        &mut self,
        mut rest: &[u8],
        now_us: i64,
        happened: &mut Vec<Happened>,
    ) -> Result<(), &'static str> {
        while !rest.is_empty() {
            let item = Item::read(&mut rest).ok_or("an item has no valid form")?;
            let charge = item.charge();
            self.allowance =
                self.allowance.checked_sub(charge).ok_or("more was sent than there is room for")?;
            match item {
                Item::Whole { from, to, parcel } => {
                    let frame = Parcel::unpack(parcel).ok_or("a parcel has no valid form")?;
                    let arrived = Arrived { frame, charge, slot: None };
                    happened.push(Happened::Frame { from, to, arrived });
                }
                Item::First { slot, from, to, size, bytes } => {
                    self.begin(slot, from, to, size)?;
                    self.add(slot, bytes, charge, happened)?;
                }
                Item::More { slot, bytes } => self.add(slot, bytes, charge, happened)?,
                Item::Grant { bytes } => {
                    // An honest machine grants as much as it was sent.
                    self.credit = self.credit.saturating_add(bytes as usize).min(WINDOW_MAX);
                    self.on_the_way = self.on_the_way.saturating_sub(bytes as usize);
                }
                Item::Taken { slot } => happened.push(Happened::Taken(slot)),
                Item::Ended { process } => happened.push(Happened::Ended(process)),
                // Only the last one in a packet counts, so a packet causes one answer at most.
                Item::Probe { mark } => self.echo = Some(mark),
                Item::Echo { mark } => self.note_echo(mark, now_us),
            }
        }
        Ok(())
    }

    fn begin(&mut self, slot: u8, from: Pid, to: Pid, size: u64) -> Result<(), &'static str> {
        let size_max = LIMITS.frame_bytes + LIMITS.buffer_bytes + 8 + 4 * LIMITS.frame_buffers;
        let size = usize::try_from(size).ok().filter(|&size| size <= size_max);
        let size = size.ok_or("a parcel is too large")?;
        let kept: usize = self.partials.iter().flatten().map(|partial| partial.size).sum();
        if kept + size > LARGE_MAX {
            return Err("too many large parcels at a time");
        }
        let place = self.partials.get_mut(usize::from(slot)).filter(|place| place.is_none());
        let place = place.ok_or("the slot of a parcel is not free")?;
        *place = Some(Partial { from, to, size, bytes: Vec::new(), is_complete: false });
        Ok(())
    }

    fn add(
        &mut self,
        slot: u8,
        bytes: &[u8],
        charge: usize,
        happened: &mut Vec<Happened>,
    ) -> Result<(), &'static str> {
        let partial = self.partials.get_mut(usize::from(slot)).and_then(Option::as_mut);
        let partial = partial.filter(|partial| !partial.is_complete).ok_or("a piece belongs to no parcel")?;
        if bytes.is_empty() || partial.bytes.len() + bytes.len() > partial.size {
            return Err("a piece has the wrong size");
        }
        partial.bytes.extend_from_slice(bytes);
        happened.push(Happened::Granted(charge));
        if partial.bytes.len() == partial.size {
            partial.is_complete = true;
            let frame = Parcel::unpack(&std::mem::take(&mut partial.bytes));
            let frame = frame.ok_or("a parcel has no valid form")?;
            let arrived = Arrived { frame, charge: 0, slot: Some(slot) };
            happened.push(Happened::Frame { from: partial.from, to: partial.to, arrived });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lucarne_kernel::{Context, Outcome, Simulation, SpawnOptions};

    use super::*;

    const TIMING: Timing = Timing { timeout_us: 2_000_000 };

    /// One side, with the packets that it sends.
    struct Side {
        flow: Flow,
        trunk: Arc<Trunk>,
        out: Vec<Vec<u8>>,
    }

    impl Side {
        fn new(simulation: &Simulation, calls: bool) -> Side {
            let kernel = simulation.handle();
            let process = |_: &mut Context<'_>| Outcome::Wait { until_us: None };
            let pid = kernel.start_system(Box::new(process), SpawnOptions::named("switchboard"));
            let waker = kernel.waker(pid).expect("it runs");
            let trunk = Trunk::new(kernel.clone(), waker, WINDOW / 4);
            Side { flow: Flow::new(1, calls, TIMING, WINDOW), trunk, out: Vec::new() }
        }

        /// Takes what the other side has sent. Returns the bytes of whole frames.
        fn receive(&mut self, packets: Vec<Vec<u8>>, now_us: i64) -> usize {
            let mut happened = Vec::new();
            for packet in packets {
                let packet = Packet::read(&packet).expect("a packet");
                self.flow.receive(&packet, now_us, 7, &mut self.out, &mut happened);
            }
            let charge = |event| if let Happened::Frame { arrived, .. } = event { arrived.charge } else { 0 };
            happened.into_iter().map(charge).sum()
        }
    }

    #[test]
    fn what_an_idle_machine_has_taken_is_not_on_the_way_for_long() {
        let simulation = Simulation::new(1);
        let (mut one, mut other) = (Side::new(&simulation, true), Side::new(&simulation, false));
        one.flow.call(0, 5);
        assert!(!one.flow.act(None, 0, &mut one.out));
        for _ in 0..2 {
            other.receive(std::mem::take(&mut one.out), 0);
            one.receive(std::mem::take(&mut other.out), 0);
        }
        assert!(one.flow.is_open() && other.flow.is_open());
        let (from, to) = (Pid::from_i64(1), Pid::from_i64(2));
        assert!(one.trunk.answer(from, to, &[0; 10_000]));
        one.flow.pump(&one.trunk, 0, &mut one.out);
        let taken = other.receive(std::mem::take(&mut one.out), 0);
        assert!(taken > 10_000 && one.flow.on_the_way() == taken);
        // It is too little to be told of at once.
        other.trunk.grant(taken);
        other.flow.pump(&other.trunk, 0, &mut other.out);
        one.receive(std::mem::take(&mut other.out), 0);
        assert_eq!(one.flow.on_the_way(), taken);
        let later_us = TIMING.timeout_us / 4;
        assert!(!other.flow.act(Some(&other.trunk), later_us, &mut other.out));
        one.receive(std::mem::take(&mut other.out), later_us);
        assert_eq!(one.flow.on_the_way(), 0);
    }
}
