//! The events that have come from the network, and wait for the switchboard.
//!
//! Each machine name has a *queue* of its own for what comes in this name, and the queues take turns. So a machine that
//! sends a flood in its own name fills its own queue, and delays the packets of others by no more than one of its own.
//!
//! Where machines must prove their names, that holds only for machines that have done so. All other names share one
//! queue, which has a limit of its own: a member of the network can invent any number of names, but they are one queue
//! together. Packets in such names can keep a machine from proving its name, but do not disturb machines that have
//! proven theirs.
//!
//! Announcements are kept apart from packets, since the network does not repeat them. They and the queues take turns too.

use std::collections::{BTreeMap, BTreeSet};

use lucarne_kernel::Waker;
use lucarne_kernel::sync::{Mutex, OnceLock};

use crate::name::MachineName;
use crate::network::{Event, Token};
use crate::queues::{BYTES_OF_ONE_MAX, ITEMS_MAX, Queues};

/// The maximum number of bytes that wait in names that are not proven, if names must be proven.
const BYTES_UNPROVEN_MAX: usize = 4 << 20;

/// The events that have arrived for the switchboard.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    waker: OnceLock<Waker>,
}

#[derive(Default)]
struct State {
    /// Whether each of these announcements is there now.
    announcements: BTreeMap<Token, bool>,
    queues: Queues<Source, Event>,
    /// The machines that have proven their names; none if names need no proof.
    proven: Option<BTreeSet<MachineName>>,
    /// Whether the last event was an announcement, so that a packet is next.
    is_packets_turn: bool,
}

/// Where a packet or a description comes from: a machine, or all names that are not proven. Answers to questions about a
/// machine do not come from that machine alone, so they do not share the queue of its packets.
type Source = (Option<MachineName>, Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Packet,
    Description,
}

impl Inbox {
    /// Adds an event, and wakes the switchboard. If a limit is reached, this or another event is lost.
    pub(crate) fn push(&self, event: Event) {
        if !self.state.lock().push(event) {
            return;
        }
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }

    /// Takes the next event.
    pub(crate) fn pop(&self) -> Option<Event> {
        self.state.lock().pop()
    }

    /// Returns whether no event waits.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.state.lock();
        state.announcements.is_empty() && state.queues.is_empty()
    }

    /// Sets the process to wake.
    pub(crate) fn set_waker(&self, waker: Waker) {
        let waker = self.waker.get_or_init(|| waker);
        // For events that have come before.
        waker.wake();
    }

    /// From now on, names that are not proven share one queue.
    pub(crate) fn demand_proof(&self) {
        self.state.lock().proven.get_or_insert_default();
    }

    /// Notes whether a machine has proven its name.
    pub(crate) fn set_proven(&self, machine: &MachineName, is_proven: bool) {
        self.state.lock().set_proven(machine, is_proven);
    }
}

impl State {
    /// Adds an event. Returns false if it is lost.
    fn push(&mut self, event: Event) -> bool {
        let (machine, kind, length) = match &event {
            Event::Appeared(token) => return self.announce(token.clone(), true),
            Event::Disappeared(token) => return self.announce(token.clone(), false),
            Event::Packet(machine, bytes) => (machine, Kind::Packet, bytes.len()),
            Event::Described(token, bytes) => (&token.machine, Kind::Description, bytes.len()),
        };
        let has_own = self.proven.as_ref().is_none_or(|proven| proven.contains(machine));
        let (source, bytes_max) = match has_own {
            true => ((Some(machine.clone()), kind), BYTES_OF_ONE_MAX),
            false => ((None, kind), BYTES_UNPROVEN_MAX),
        };
        self.queues.push(&source, event, length, bytes_max).is_kept()
    }

    fn announce(&mut self, token: Token, is_there: bool) -> bool {
        let has_room = self.announcements.len() < ITEMS_MAX || self.announcements.contains_key(&token);
        if has_room {
            self.announcements.insert(token, is_there);
        }
        has_room
    }

    /// Takes the next event. Announcements and queues take turns.
    fn pop(&mut self) -> Option<Event> {
        if (!self.is_packets_turn || self.queues.is_empty())
            && let Some((token, is_there)) = self.announcements.pop_first()
        {
            self.is_packets_turn = true;
            return Some(if is_there { Event::Appeared(token) } else { Event::Disappeared(token) });
        }
        self.is_packets_turn = false;
        self.queues.pop().map(|(_, event)| event)
    }

    /// Gives a machine a queue of its own, or takes it away. Its packets stay in order.
    fn set_proven(&mut self, machine: &MachineName, is_proven: bool) {
        let Some(proven) = &mut self.proven else { return };
        let is_new = if is_proven { proven.insert(machine.clone()) } else { proven.remove(machine) };
        if !is_new {
            return;
        }
        let is_of = |event: &Event| match event {
            Event::Packet(name, _) => name == machine,
            Event::Described(token, _) => token.machine == *machine,
            Event::Appeared(_) | Event::Disappeared(_) => false,
        };
        for kind in [Kind::Packet, Kind::Description] {
            let (own, shared) = ((Some(machine.clone()), kind), (None, kind));
            let (from, to) = if is_proven { (shared, own) } else { (own, shared) };
            self.queues.transfer(&from, &to, is_of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Digest, PACKET_MAX};
    use crate::queues::{BYTES_MAX, SIZE_MIN};
    use uuid::Uuid;

    fn name(name: &str) -> MachineName {
        name.parse().unwrap()
    }

    fn token(incarnation: usize) -> Token {
        Token {
            machine: name("cellar"),
            incarnation: incarnation as u64,
            uuid: Uuid::from_u128(7),
            digest: Digest([0; 16]),
        }
    }

    fn packet(from: &str, size: usize) -> Event {
        Event::Packet(name(from), vec![0; size])
    }

    /// Adds packets until one is lost. Returns how many were kept.
    fn flood(state: &mut State, from: &str, size: usize) -> usize {
        std::iter::from_fn(|| state.push(packet(from, size)).then_some(())).count()
    }

    /// Adds packets, some of which may be lost.
    fn flood_some(state: &mut State, from: &str, count: usize) {
        (0..count).for_each(|_| {
            state.push(packet(from, PACKET_MAX));
        });
    }

    /// Takes everything. Returns the numbers of packets by sender.
    fn drain(state: &mut State) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        while let Some(event) = state.pop() {
            if let Event::Packet(from, _) = event {
                *counts.entry(from.to_string()).or_default() += 1;
            }
        }
        assert!(state.queues.is_empty());
        counts
    }

    #[test]
    fn a_flood_displaces_no_packet_of_another_machine() {
        let mut state = State::default();
        assert!(state.push(packet("hall", 100)));
        let flooded = flood(&mut state, "attic", PACKET_MAX);
        assert_eq!(flooded, BYTES_OF_ONE_MAX / PACKET_MAX, "one machine has a limit of its own");
        assert!((0..100).all(|_| state.push(packet("hall", PACKET_MAX))), "there is room for others");
        // The longest queue loses its newest packets to those that have less.
        let others = flood(&mut state, "cellar", PACKET_MAX) + 101;
        let counts = drain(&mut state);
        assert_eq!(counts["hall"], 101);
        assert_eq!(counts["cellar"], others - 101);
        assert!(counts["attic"] < flooded && counts["attic"] + 2 >= counts["cellar"], "{counts:?}");
    }

    #[test]
    fn many_floods_displace_no_packet_of_a_quiet_machine() {
        let mut state = State::default();
        assert!(state.push(packet("hall", 1_000)));
        for number in 0..1_000 {
            let from = format!("m{}", number % 20);
            flood_some(&mut state, &from, 40);
            assert!(number % 100 > 0 || state.push(packet("hall", 1_000)), "{number}");
        }
        let counts = drain(&mut state);
        assert!(counts.values().sum::<usize>() <= BYTES_MAX / PACKET_MAX + 11, "{counts:?}");
        assert_eq!(counts["hall"], 11);
    }

    #[test]
    fn a_flood_delays_others_by_one_packet() {
        let mut state = State::default();
        flood(&mut state, "attic", 1_000);
        (0..3).for_each(|_| assert!(state.push(packet("hall", 10))));
        let places: Vec<usize> = (0..10)
            .filter(|_| matches!(state.pop(), Some(Event::Packet(from, _)) if from == name("hall")))
            .collect();
        assert_eq!(places, [1, 3, 5]);
    }

    #[test]
    fn packets_of_one_machine_keep_their_order() {
        let mut state = State::default();
        for number in 0..100_u8 {
            assert!(state.push(Event::Packet(name("hall"), vec![number])));
            assert!(state.push(Event::Packet(name("attic"), vec![number])));
        }
        let mut next = BTreeMap::new();
        while let Some(Event::Packet(from, bytes)) = state.pop() {
            let next = next.entry(from).or_insert(0);
            assert_eq!(bytes, [*next]);
            *next += 1;
        }
        assert!(next.len() == 2 && next.values().all(|next| *next == 100));
    }

    #[test]
    fn small_packets_are_bounded_too() {
        let mut state = State::default();
        assert_eq!(flood(&mut state, "attic", 0), BYTES_OF_ONE_MAX / SIZE_MIN);
        let all: usize = (0..10).map(|number| flood(&mut state, &format!("m{number}"), 0)).sum();
        assert!(all > 0);
        let kept: usize = drain(&mut state).values().sum();
        assert!(kept <= ITEMS_MAX, "{kept}");
    }

    #[test]
    fn an_inbox_that_is_full_of_packets_keeps_announcements() {
        let mut state = State::default();
        let packets = flood(&mut state, "hall", PACKET_MAX);
        assert!(state.push(Event::Appeared(token(1))));
        assert!(state.push(Event::Appeared(token(2))));
        assert!(state.push(Event::Disappeared(token(1))));
        assert!(matches!(state.pop(), Some(Event::Disappeared(gone)) if gone == token(1)), "the newest");
        assert!(matches!(state.pop(), Some(Event::Packet(..))), "packets have their turns");
        assert!(matches!(state.pop(), Some(Event::Appeared(come)) if come == token(2)));
        assert_eq!(std::iter::from_fn(|| state.pop()).count(), packets - 1);
        assert!(state.queues.is_empty() && state.announcements.is_empty());
    }

    #[test]
    fn answers_about_a_machine_leave_room_for_its_packets() {
        let mut state = State::default();
        let answer = || Event::Described(token(1), vec![0; 8_000]);
        let answers = std::iter::from_fn(|| state.push(answer()).then_some(())).count();
        assert_eq!(answers, BYTES_OF_ONE_MAX / 8_000);
        assert!(state.push(packet("cellar", PACKET_MAX)));
        assert_eq!(drain(&mut state)["cellar"], 1);
    }

    #[test]
    fn announcements_that_wait_are_bounded() {
        let mut state = State::default();
        assert!((0..ITEMS_MAX).all(|number| state.push(Event::Appeared(token(number)))));
        assert!(!state.push(Event::Appeared(token(ITEMS_MAX))));
        assert!(state.push(Event::Disappeared(token(0))), "the newest state of one that waits");
    }

    /// A state in which these machines have proven their names.
    fn proven(machines: &[&str]) -> State {
        let mut state = State { proven: Some(BTreeSet::new()), ..State::default() };
        machines.iter().for_each(|machine| state.set_proven(&name(machine), true));
        state
    }

    #[test]
    fn names_that_are_not_proven_share_one_queue() {
        let mut state = proven(&["hall"]);
        let kept: usize = (0..1_000).map(|number| flood(&mut state, &format!("m{number}"), 1_000)).sum();
        assert_eq!(kept, BYTES_UNPROVEN_MAX / 1_000);
        let flooded = flood(&mut state, "hall", PACKET_MAX);
        assert_eq!(flooded, BYTES_OF_ONE_MAX / PACKET_MAX, "invented names take nothing from it");
        let described = Event::Described(token(1), vec![0; 1_000]);
        assert!(state.push(described), "descriptions are kept apart");
        // Of the first six events, all unproven names together have two.
        let hall =
            (0..6).filter(|_| matches!(state.pop(), Some(Event::Packet(from, _)) if from == name("hall")));
        assert!(hall.count() >= 2);
        let counts = drain(&mut state);
        assert!(counts["hall"] >= flooded - 3, "{counts:?}");
    }

    #[test]
    fn a_machine_that_proves_its_name_keeps_its_order() {
        let mut state = proven(&[]);
        let mut next = 0;
        let mut push = |state: &mut State| {
            for from in ["attic", "hall"] {
                assert!(state.push(Event::Packet(name(from), vec![next])));
            }
            next += 1;
        };
        (0..3).for_each(|_| push(&mut state));
        state.set_proven(&name("hall"), true);
        (0..3).for_each(|_| push(&mut state));
        state.set_proven(&name("hall"), false);
        (0..3).for_each(|_| push(&mut state));
        let mut of_hall = Vec::new();
        while let Some(Event::Packet(from, bytes)) = state.pop() {
            if from == name("hall") {
                of_hall.extend(bytes);
            }
        }
        assert_eq!(of_hall, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }
}
