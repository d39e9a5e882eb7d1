//! The frames that wait to be sent to one machine, and the order in which they are sent.
//!
//! Frames from one process to another are sent in the order in which they came. Otherwise the pairs of processes take
//! turns. A small frame is sent whole. A large one is cut into pieces and occupies a *slot* until the other machine has
//! taken it; between two pieces every other pair has its turn. So a large byte array holds up only what follows it from
//! the same process to the same process.

use std::collections::{BTreeMap, VecDeque};

use lucarne_kernel::{Pid, RequestId};

use crate::packet::{FIRST_HEAD, Item, MORE_HEAD, Parcel, WHOLE_HEAD};

/// The size up to which a parcel is sent whole, and the size of the pieces of a larger one.
pub(crate) const PIECE_MAX: usize = 16 << 10;

/// The maximum number of large parcels that are on the way at a time.
pub(crate) const SLOTS: usize = 8;

/// The maximum number of bytes of the large parcels that are on the way at a time: the other machine keeps them until
/// they are complete. This is more than the largest parcel has.
pub(crate) const LARGE_MAX: usize = 128 << 20;

/// The maximum number of bytes of small parcels that wait. While there are more, the mailboxes of the stand-ins are not
/// read.
const WAITING_MAX: usize = 1 << 20;

/// The maximum number of these bytes for one pair of processes.
const WAITING_PER_PAIR_MAX: usize = 128 << 10;

/// The sender and the receiver of frames.
type Pair = (Pid, Pid);

#[derive(Default)]
pub(crate) struct Outbox {
    queues: BTreeMap<Pair, Queue>,
    /// The pairs whose first parcel may be sent next, in their order.
    ready: VecDeque<Pair>,
    slots: [Slot; SLOTS],
    next_slot: usize,
    /// The bytes of small parcels.
    small_bytes: usize,
    /// The bytes of large parcels, in queues and in slots.
    large_bytes: usize,
}

#[derive(Default)]
struct Queue {
    parcels: VecDeque<Parcel>,
    small_bytes: usize,
}

#[derive(Default)]
enum Slot {
    #[default]
    Free,
    /// The first `sent` bytes of the parcel were sent.
    Sending { pair: Pair, parcel: Parcel, sent: usize },
    /// All `size` bytes were sent, but not yet taken.
    Sent { size: usize },
}

fn is_small(parcel: &Parcel) -> bool {
    parcel.size() <= PIECE_MAX
}

impl Outbox {
    /// Returns whether there is room for one more parcel of this size.
    pub(crate) fn has_room(&self, pair: Pair, size: usize) -> bool {
        if size <= PIECE_MAX {
            let of_pair = self.queues.get(&pair).map_or(0, |queue| queue.small_bytes);
            self.small_bytes < WAITING_MAX && of_pair < WAITING_PER_PAIR_MAX
        } else {
            self.large_bytes == 0 || self.large_bytes + size <= LARGE_MAX
        }
    }

    /// Returns whether small parcels have more than four times [`WAITING_MAX`] bytes: the other machine makes this one
    /// answer, but takes nothing.
    pub(crate) fn is_flooded(&self) -> bool {
        self.small_bytes > 4 * WAITING_MAX
    }

    /// Adds a parcel.
    pub(crate) fn push(&mut self, pair: Pair, parcel: Parcel) {
        if is_small(&parcel) {
            self.small_bytes += parcel.size();
        } else {
            self.large_bytes += parcel.size();
        }
        let queue = self.queues.entry(pair).or_default();
        queue.small_bytes += if is_small(&parcel) { parcel.size() } else { 0 };
        queue.parcels.push_back(parcel);
        if queue.parcels.len() == 1 && !self.slots.iter().any(|slot| slot.is_of(pair)) {
            self.ready.push_back(pair);
        }
    }

    /// Returns whether nothing waits to be sent.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty() && !self.slots.iter().any(|slot| matches!(slot, Slot::Sending { .. }))
    }

    /// Returns whether something from this process waits, or is being sent.
    pub(crate) fn has_from(&self, from: Pid) -> bool {
        self.queues.range((from, MIN)..=(from, MAX)).next().is_some()
            || self.slots.iter().any(|slot| matches!(slot, Slot::Sending { pair, .. } if pair.0 == from))
    }

    /// Drops the requests of a process that has ended. No process waits for their answers.
    pub(crate) fn drop_requests_from(&mut self, from: Pid) {
        let pairs: Vec<Pair> = self.queues.range((from, MIN)..=(from, MAX)).map(|(&pair, _)| pair).collect();
        for pair in pairs {
            let Some(queue) = self.queues.get_mut(&pair) else { continue };
            let all = std::mem::take(&mut queue.parcels);
            let (dropped, kept): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|parcel| parcel.request.is_some());
            queue.parcels = kept.into();
            let is_empty = queue.parcels.is_empty();
            for parcel in dropped {
                self.forget(pair, &parcel);
            }
            if is_empty {
                self.queues.remove(&pair);
                self.ready.retain(|other| *other != pair);
            }
        }
    }

    fn forget(&mut self, pair: Pair, parcel: &Parcel) {
        if is_small(parcel) {
            self.small_bytes -= parcel.size();
            if let Some(queue) = self.queues.get_mut(&pair) {
                queue.small_bytes -= parcel.size();
            }
        } else {
            self.large_bytes -= parcel.size();
        }
    }

    /// Appends items to a packet, up to `end` bytes of it, as far as `credit` allows, which is reduced.
    pub(crate) fn fill(&mut self, packet: &mut Vec<u8>, end: usize, credit: &mut usize) {
        if self.is_empty() {
            return;
        }
        let room = end.saturating_sub(packet.len()).min(*credit);
        packet.reserve(room.min(self.small_bytes + self.large_bytes + WHOLE_HEAD * self.ready.len()));
        loop {
            let before = packet.len();
            self.fill_small(packet, end, credit);
            self.fill_piece(packet, end, credit);
            if packet.len() == before {
                return;
            }
        }
    }

    /// Gives each ready pair one turn.
    fn fill_small(&mut self, packet: &mut Vec<u8>, end: usize, credit: &mut usize) {
        for _ in 0..self.ready.len() {
            let Some(pair) = self.ready.pop_front() else { return };
            let Some(first) = self.queues.get(&pair).and_then(|queue| queue.parcels.front()) else {
                continue;
            };
            if !is_small(first) {
                if !self.begin_large(pair) {
                    self.ready.push_back(pair);
                }
                continue;
            }
            let cost = WHOLE_HEAD + first.size();
            if packet.len() + cost > end || cost > *credit {
                self.ready.push_front(pair);
                return;
            }
            let Some(parcel) = self.pop(pair) else { continue };
            let (from, to) = pair;
            let item = Item::Whole { from, to, parcel: &[] };
            item.write_parts(&parcel.parts(0, usize::MAX), packet);
            *credit -= cost;
            self.forget(pair, &parcel);
            self.make_ready(pair);
        }
    }

    /// Moves the first parcel of a pair into a slot. Returns false if room is missing.
    fn begin_large(&mut self, pair: Pair) -> bool {
        let Some(free) = self.slots.iter().position(|slot| matches!(slot, Slot::Free)) else { return false };
        let size = self.queues.get(&pair).and_then(|queue| queue.parcels.front()).map_or(0, Parcel::size);
        if self.slots.iter().map(Slot::size).sum::<usize>() + size > LARGE_MAX {
            return false;
        }
        if let Some(parcel) = self.pop(pair) {
            self.slots[free] = Slot::Sending { pair, parcel, sent: 0 };
        }
        true
    }

    /// Sends one piece of one large parcel.
    fn fill_piece(&mut self, packet: &mut Vec<u8>, end: usize, credit: &mut usize) {
        for step in 0..SLOTS {
            let number = (self.next_slot + step) % SLOTS;
            let Slot::Sending { pair, parcel, sent } = &mut self.slots[number] else { continue };
            let head = if *sent == 0 { FIRST_HEAD } else { MORE_HEAD };
            let room = end.saturating_sub(packet.len()).min(*credit).saturating_sub(head);
            let length = (parcel.size() - *sent).min(PIECE_MAX).min(room);
            // A packet that is almost full gets no piece.
            if length == 0 || length < (parcel.size() - *sent).min(PIECE_MAX / 4) {
                return;
            }
            let slot = number as u8;
            let (from, to) = *pair;
            let item = match *sent {
                0 => Item::First { slot, from, to, size: parcel.size() as u64, bytes: &[] },
                _ => Item::More { slot, bytes: &[] },
            };
            item.write_parts(&parcel.parts(*sent, length), packet);
            *credit -= head + length;
            *sent += length;
            self.next_slot = number + 1;
            if *sent == parcel.size() {
                let (pair, size) = (*pair, parcel.size());
                self.slots[number] = Slot::Sent { size };
                self.make_ready(pair);
            }
            return;
        }
    }

    fn pop(&mut self, pair: Pair) -> Option<Parcel> {
        self.queues.get_mut(&pair)?.parcels.pop_front()
    }

    fn make_ready(&mut self, pair: Pair) {
        match self.queues.get(&pair) {
            Some(queue) if !queue.parcels.is_empty() => self.ready.push_back(pair),
            Some(_) => drop(self.queues.remove(&pair)),
            None => {}
        }
    }

    /// Frees a slot, whose parcel the other machine has taken. Returns false if the slot has no parcel that was sent.
    pub(crate) fn taken(&mut self, slot: u8) -> bool {
        let Some(slot) = self.slots.get_mut(usize::from(slot)) else { return false };
        let Slot::Sent { size } = *slot else { return false };
        *slot = Slot::Free;
        self.large_bytes -= size;
        true
    }

    /// Empties the outbox. Returns the receivers, senders and ids of the requests that the other machine cannot have
    /// received.
    pub(crate) fn take_unsent(&mut self) -> Vec<(Pid, Pid, RequestId)> {
        let all = std::mem::take(self);
        let waiting = all
            .queues
            .into_iter()
            .flat_map(|(pair, queue)| queue.parcels.into_iter().map(move |parcel| (pair, parcel.request)));
        // A parcel of which a piece is missing was not delivered.
        let begun = all.slots.into_iter().filter_map(|slot| match slot {
            Slot::Sending { pair, parcel, .. } => Some((pair, parcel.request)),
            _ => None,
        });
        waiting.chain(begun).filter_map(|((from, to), request)| Some((to, from, request?))).collect()
    }
}

const MIN: Pid = Pid::from_i64(i64::MIN);
const MAX: Pid = Pid::from_i64(i64::MAX);

impl Slot {
    fn is_of(&self, wanted: Pair) -> bool {
        matches!(self, Slot::Sending { pair, .. } if *pair == wanted)
    }

    fn size(&self) -> usize {
        match self {
            Slot::Free => 0,
            Slot::Sending { parcel, .. } => parcel.size(),
            Slot::Sent { size } => *size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: usize = 32 << 10;

    fn pid(number: i64) -> Pid {
        Pid::from_i64(number)
    }

    fn parcel(size: usize, request: i64) -> Parcel {
        Parcel::new(&vec![7; size - 8], Vec::new(), Some(RequestId::from_i64(request)))
    }

    /// Returns the sender and the size of each item that is sent with unlimited credit.
    fn sent(outbox: &mut Outbox, packets: usize) -> Vec<(i64, usize)> {
        let mut sent = Vec::new();
        for _ in 0..packets {
            let mut packet = Vec::new();
            outbox.fill(&mut packet, END, &mut { usize::MAX });
            let mut rest = packet.as_slice();
            while let Some(item) = Item::read(&mut rest) {
                sent.push(match item {
                    Item::Whole { from, parcel, .. } => (from.as_i64(), parcel.len()),
                    Item::First { from, bytes, .. } => (from.as_i64(), bytes.len()),
                    Item::More { bytes, .. } => (0, bytes.len()),
                    _ => (-1, 0),
                });
            }
        }
        sent
    }

    #[test]
    fn pairs_take_turns_and_keep_their_order() {
        let mut outbox = Outbox::default();
        for (from, size) in [(1, 100), (1, 101), (1, 102), (2, 200), (3, 300)] {
            outbox.push((pid(from), pid(9)), parcel(size, 0));
        }
        assert_eq!(sent(&mut outbox, 1), [(1, 100), (2, 200), (3, 300), (1, 101), (1, 102)]);
        assert!(outbox.is_empty() && outbox.small_bytes == 0 && outbox.queues.is_empty());
    }

    #[test]
    fn a_large_parcel_holds_up_only_its_own_pair() {
        let mut outbox = Outbox::default();
        outbox.push((pid(1), pid(9)), parcel(100_000, 0));
        outbox.push((pid(1), pid(9)), parcel(50, 0));
        outbox.push((pid(2), pid(9)), parcel(60, 0));
        let first = sent(&mut outbox, 1);
        assert_eq!(first[..2], [(2, 60), (1, PIECE_MAX)]);
        outbox.push((pid(3), pid(9)), parcel(70, 0));
        assert_eq!(sent(&mut outbox, 1)[0], (3, 70), "between two pieces");
        let rest = sent(&mut outbox, 10);
        assert_eq!(rest.last(), Some(&(1, 50)));
        assert!(outbox.is_empty());
        assert_eq!(outbox.large_bytes, 100_000, "it is kept on the other side");
        assert!(outbox.taken(0) && !outbox.taken(0) && !outbox.taken(200));
        assert_eq!(outbox.large_bytes, 0);
    }

    #[test]
    fn credit_bounds_what_is_sent() {
        let mut outbox = Outbox::default();
        outbox.push((pid(1), pid(9)), parcel(1_000, 0));
        outbox.push((pid(2), pid(9)), parcel(500_000, 0));
        let mut credit = 40_000;
        let mut total = 0;
        for _ in 0..100 {
            let mut packet = Vec::new();
            outbox.fill(&mut packet, END, &mut credit);
            total += packet.len();
        }
        assert!(total <= 40_000 && total + credit == 40_000, "{total} and {credit}");
        assert!(total > 30_000);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut outbox = Outbox::default();
        let mut count = 0_usize;
        while outbox.has_room((pid(1), pid(9)), 10_000) {
            outbox.push((pid(1), pid(9)), parcel(10_000, 0));
            count += 1;
        }
        assert_eq!(count, WAITING_PER_PAIR_MAX / 10_000 + 1);
        assert!(outbox.has_room((pid(2), pid(9)), 10_000), "there is room for others");
        let mut other = 2;
        while outbox.has_room((pid(other), pid(9)), 10_000) {
            outbox.push((pid(other), pid(9)), parcel(10_000, 0));
            other += 1;
        }
        assert!(outbox.small_bytes <= WAITING_MAX + 10_000);
        assert!(outbox.has_room((pid(1), pid(9)), 80 << 20), "a large one waits elsewhere");
        outbox.push((pid(1), pid(9)), parcel(80 << 20, 0));
        assert!(!outbox.has_room((pid(2), pid(9)), 80 << 20));
    }

    #[test]
    fn what_was_not_sent_whole_is_known() {
        let mut outbox = Outbox::default();
        outbox.push((pid(1), pid(9)), parcel(100, 1));
        outbox.push((pid(1), pid(9)), parcel(100_000, 2));
        sent(&mut outbox, 1);
        outbox.push((pid(2), pid(9)), parcel(100, 3));
        outbox.push((pid(4), pid(9)), parcel(100, 4));
        outbox.drop_requests_from(pid(4));
        assert!(!outbox.has_from(pid(4)) && outbox.has_from(pid(1)));
        let unsent = outbox.take_unsent();
        let ids: Vec<_> = unsent.iter().map(|(_, from, id)| (from.as_i64(), id.as_i64())).collect();
        assert_eq!(ids, [(2, 3), (1, 2)]);
        assert!(outbox.is_empty());
    }
}
