//! What has come from the network, and waits for the switchboard.
//!
//! Each name in which something comes has a *queue* of its own, and the queues take turns. So a machine that sends a flood
//! in its own name fills its own queue, and delays the packets of others by no more than one of its own. If all queues are
//! full together, the longest queue loses its newest packet, or the new packet is lost if none is longer. A lost packet ends
//! the flow of its sender. Names are not proven here: a member of the network that invents tens of thousands of names fills
//! all queues.
//!
//! Announcements are kept apart from packets, since the network does not repeat them. They and the queues take turns too.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lucarne_kernel::Waker;
use lucarne_kernel::sync::{Mutex, OnceLock};

use crate::name::MachineName;
use crate::network::{Event, Token};

/// The number of bytes of all queues.
const BYTES_MAX: usize = 32 << 20;

/// The number of bytes of one queue. It is more than the largest window. With a window of several MiB, a machine can still
/// reach it by many small packets, since each counts for at least [`EVENT_SIZE_MIN`].
const BYTES_OF_ONE_MAX: usize = 24 << 20;

/// The number of packets and descriptions in all queues, and that of announcements.
const EVENTS_MAX: usize = 65_536;

/// The number of bytes that a packet or description counts for at least. So the limits of bytes bound the number too.
const EVENT_SIZE_MIN: usize = BYTES_MAX / EVENTS_MAX;

/// What has come, for the switchboard.
#[derive(Default)]
pub(crate) struct Inbox {
    state: Mutex<State>,
    waker: OnceLock<Waker>,
}

#[derive(Default)]
struct State {
    /// Whether each of these announcements is there now.
    announcements: BTreeMap<Token, bool>,
    queues: BTreeMap<Source, Queue>,
    /// The queues that are not empty, by their size: the longest one comes last.
    lengths: BTreeSet<(usize, Source)>,
    /// The queues that are not empty, by their turns.
    turns: BTreeMap<u64, Source>,
    next_turn: u64,
    bytes: usize,
    /// The last event was an announcement: a packet has its turn.
    is_packets_turn: bool,
}

/// Where a packet or a description comes from. Answers to questions about a machine do not come from that machine alone, so
/// they do not share the queue of its packets.
type Source = (MachineName, Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Packet,
    Description,
}

#[derive(Default)]
struct Queue {
    events: VecDeque<Event>,
    bytes: usize,
    turn: u64,
}

impl Inbox {
    /// Adds an event, and wakes the switchboard; or loses an event, as the limits want it.
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

    /// Returns whether nothing has come that was not taken.
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.state.lock();
        state.announcements.is_empty() && state.turns.is_empty()
    }

    /// Sets the process to wake.
    pub(crate) fn set_waker(&self, waker: Waker) {
        let waker = self.waker.get_or_init(|| waker);
        // For what has come before.
        waker.wake();
    }
}

/// Returns the size of an event in the account.
fn size(event: &Event) -> usize {
    match event {
        Event::Packet(_, bytes) | Event::Described(_, bytes) => bytes.len().max(EVENT_SIZE_MIN),
        Event::Appeared(_) | Event::Disappeared(_) => 0,
    }
}

impl State {
    /// Adds an event. Returns false if it is lost.
    fn push(&mut self, event: Event) -> bool {
        let source = match &event {
            Event::Appeared(token) => return self.announce(token.clone(), true),
            Event::Disappeared(token) => return self.announce(token.clone(), false),
            Event::Packet(machine, _) => (machine.clone(), Kind::Packet),
            Event::Described(token, _) => (token.machine.clone(), Kind::Description),
        };
        let size = size(&event);
        let bytes = self.queues.get(&source).map_or(0, |queue| queue.bytes);
        if bytes + size > BYTES_OF_ONE_MAX || !self.make_room(bytes, size) {
            return false;
        }
        self.change(&source, |queue| {
            queue.bytes += size;
            queue.events.push_back(event);
        });
        if bytes == 0 {
            self.queue_up(source);
        }
        true
    }

    /// Makes room for an event at the expense of queues that are longer than the one of `bytes` to which it is added. Returns
    /// false if that one is the longest.
    fn make_room(&mut self, bytes: usize, size: usize) -> bool {
        while self.bytes + size > BYTES_MAX {
            let longest = self.lengths.last().filter(|(longest, _)| *longest > bytes + size);
            let Some((_, longest)) = longest.cloned() else { return false };
            let turn = self.queues.get(&longest).map_or(0, |queue| queue.turn);
            self.take(&longest, VecDeque::pop_back);
            if !self.queues.contains_key(&longest) {
                self.turns.remove(&turn);
            }
        }
        true
    }

    /// Gives a queue the last turn.
    fn queue_up(&mut self, source: Source) {
        self.next_turn += 1;
        if let Some(queue) = self.queues.get_mut(&source) {
            queue.turn = self.next_turn;
            self.turns.insert(self.next_turn, source);
        }
    }

    fn announce(&mut self, token: Token, is_there: bool) -> bool {
        let has_room = self.announcements.len() < EVENTS_MAX || self.announcements.contains_key(&token);
        if has_room {
            self.announcements.insert(token, is_there);
        }
        has_room
    }

    /// Takes the next event. Announcements and queues take turns.
    fn pop(&mut self) -> Option<Event> {
        if (!self.is_packets_turn || self.turns.is_empty())
            && let Some((token, is_there)) = self.announcements.pop_first()
        {
            self.is_packets_turn = true;
            return Some(if is_there { Event::Appeared(token) } else { Event::Disappeared(token) });
        }
        self.is_packets_turn = false;
        let (_, source) = self.turns.pop_first()?;
        let event = self.take(&source, VecDeque::pop_front);
        self.queue_up(source);
        event
    }

    /// Takes an event from a queue, at one of its ends.
    fn take(
        &mut self,
        source: &Source,
        end: impl FnOnce(&mut VecDeque<Event>) -> Option<Event>,
    ) -> Option<Event> {
        self.change(source, |queue| {
            let event = end(&mut queue.events)?;
            queue.bytes -= size(&event);
            Some(event)
        })
    }

    /// Changes a queue, and all that depends on its length but the turns.
    fn change<T>(&mut self, source: &Source, change: impl FnOnce(&mut Queue) -> T) -> T {
        let queue = self.queues.entry(source.clone()).or_default();
        let before = queue.bytes;
        let result = change(queue);
        let after = queue.bytes;
        self.bytes = self.bytes - before + after;
        if before > 0 {
            self.lengths.remove(&(before, source.clone()));
        }
        if after > 0 {
            self.lengths.insert((after, source.clone()));
        } else {
            self.queues.remove(source);
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Digest, PACKET_MAX};
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
        assert!(state.bytes == 0 && state.queues.is_empty() && state.lengths.is_empty());
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
        assert!(state.bytes <= BYTES_MAX);
        assert_eq!(drain(&mut state)["hall"], 11);
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
        assert_eq!(flood(&mut state, "attic", 0), BYTES_OF_ONE_MAX / EVENT_SIZE_MIN);
        let all: usize = (0..10).map(|number| flood(&mut state, &format!("m{number}"), 0)).sum();
        assert!(all > 0);
        let kept: usize = drain(&mut state).values().sum();
        assert!(kept <= EVENTS_MAX, "{kept}");
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
        assert_eq!((state.bytes, state.announcements.len()), (0, 0));
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
        assert!((0..EVENTS_MAX).all(|number| state.push(Event::Appeared(token(number)))));
        assert!(!state.push(Event::Appeared(token(EVENTS_MAX))));
        assert!(state.push(Event::Disappeared(token(0))), "the newest state of one that waits");
    }
}
