//! Queues that share a limit and take turns, on both sides of the network.
//!
//! Each key has a queue. A full queue costs the others nothing: if all are full together, the longest queue loses its
//! newest item, or the new item is lost if no queue is longer. Turns go round, so a long queue delays an item of a short one
//! by one item of its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The maximum number of bytes in all queues.
pub(crate) const BYTES_MAX: usize = 32 << 20;

/// The maximum number of bytes in one queue. It is more than the largest window. With a window of several MiB, a
/// machine can still reach this limit by many small packets, since each counts for at least [`SIZE_MIN`].
pub(crate) const BYTES_OF_ONE_MAX: usize = 24 << 20;

/// The maximum number of items in all queues.
pub(crate) const ITEMS_MAX: usize = 65_536;

/// The least number of bytes for which an item counts. So the limits of bytes bound the number of items, too.
pub(crate) const SIZE_MIN: usize = BYTES_MAX / ITEMS_MAX;

/// Queues by key, of items with a size.
pub(crate) struct Queues<K, T> {
    queues: BTreeMap<K, Queue<T>>,
    /// All queues by their size: the longest one comes last. None is empty.
    lengths: BTreeSet<(usize, K)>,
    /// All queues by their turns.
    turns: BTreeMap<u64, K>,
    next_turn: u64,
    bytes: usize,
}

struct Queue<T> {
    items: VecDeque<(T, usize)>,
    bytes: usize,
    turn: u64,
}

/// The result of adding an item.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed<K> {
    Kept,
    /// It is kept, and these queues have lost their newest items.
    Displaced(Vec<K>),
    Lost,
}

impl<K> Pushed<K> {
    /// Returns whether the item was kept.
    pub(crate) fn is_kept(&self) -> bool {
        !matches!(self, Pushed::Lost)
    }
}

impl<K, T> Default for Queues<K, T> {
    fn default() -> Queues<K, T> {
        Queues {
            queues: BTreeMap::new(),
            lengths: BTreeSet::new(),
            turns: BTreeMap::new(),
            next_turn: 0,
            bytes: 0,
        }
    }
}

impl<K: Ord + Clone, T> Queues<K, T> {
    /// Returns whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// Adds an item of `length` bytes to a queue that may have `bytes_max` bytes.
    pub(crate) fn push(&mut self, key: &K, item: T, length: usize, bytes_max: usize) -> Pushed<K> {
        let size = length.max(SIZE_MIN);
        let bytes = self.queues.get(key).map_or(0, |queue| queue.bytes);
        if bytes + size > bytes_max {
            return Pushed::Lost;
        }
        let mut displaced = Vec::new();
        while self.bytes + size > BYTES_MAX {
            let longest = self.lengths.last().filter(|(longest, _)| *longest > bytes + size);
            let Some((_, longest)) = longest.cloned() else { break };
            self.change(&longest, |queue| drop(queue.take(VecDeque::pop_back)));
            displaced.push(longest);
        }
        if self.bytes + size > BYTES_MAX {
            return Pushed::Lost;
        }
        self.change(key, |queue| queue.add(item, size));
        if displaced.is_empty() { Pushed::Kept } else { Pushed::Displaced(displaced) }
    }

    /// Takes the next item, with the key of its queue.
    pub(crate) fn pop(&mut self) -> Option<(K, T)> {
        let (_, key) = self.turns.pop_first()?;
        let item = self.change(&key, |queue| queue.take(VecDeque::pop_front))?;
        if let Some(queue) = self.queues.get_mut(&key) {
            self.next_turn += 1;
            queue.turn = self.next_turn;
            self.turns.insert(self.next_turn, key.clone());
        }
        Some((key, item))
    }

    /// Moves items from one queue to the end of another one, in their order.
    pub(crate) fn transfer(&mut self, from: &K, to: &K, is_wanted: impl Fn(&T) -> bool) {
        if !self.queues.contains_key(from) {
            return;
        }
        let moved = self.change(from, |queue| {
            let all = std::mem::take(&mut queue.items);
            let (moved, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(|(item, _)| is_wanted(item));
            queue.bytes -= moved.iter().map(|(_, size)| size).sum::<usize>();
            queue.items = kept.into();
            moved
        });
        if !moved.is_empty() {
            self.change(to, |queue| moved.into_iter().for_each(|(item, size)| queue.add(item, size)));
        }
    }

    /// Changes a queue, and all that depends on its length. A queue that was empty gets the last turn.
    fn change<R>(&mut self, key: &K, change: impl FnOnce(&mut Queue<T>) -> R) -> R {
        let queue = self.queues.entry(key.clone()).or_insert_with(|| {
            self.next_turn += 1;
            self.turns.insert(self.next_turn, key.clone());
            Queue { items: VecDeque::new(), bytes: 0, turn: self.next_turn }
        });
        let before = queue.bytes;
        let result = change(queue);
        let (after, turn) = (queue.bytes, queue.turn);
        self.bytes = self.bytes - before + after;
        self.lengths.remove(&(before, key.clone()));
        if after > 0 {
            self.lengths.insert((after, key.clone()));
        } else {
            self.queues.remove(key);
            self.turns.remove(&turn);
        }
        result
    }
}

impl<T> Queue<T> {
    fn add(&mut self, item: T, size: usize) {
        self.bytes += size;
        self.items.push_back((item, size));
    }

    /// Takes an item from one end.
    fn take(&mut self, end: impl FnOnce(&mut VecDeque<(T, usize)>) -> Option<(T, usize)>) -> Option<T> {
        let (item, size) = end(&mut self.items)?;
        self.bytes -= size;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Small = Queues<&'static str, usize>;

    fn order(queues: &mut Small) -> Vec<(&'static str, usize)> {
        let all = std::iter::from_fn(|| queues.pop()).collect();
        assert!(
            queues.bytes == 0 && queues.lengths.is_empty() && queues.turns.is_empty() && queues.is_empty()
        );
        all
    }

    #[test]
    fn queues_take_turns_and_keep_their_order() {
        let mut queues = Small::default();
        for (key, item) in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5), ("c", 6)] {
            assert_eq!(queues.push(&key, item, 1, BYTES_MAX), Pushed::Kept);
        }
        assert_eq!(order(&mut queues), [("a", 1), ("b", 4), ("c", 6), ("a", 2), ("b", 5), ("a", 3)]);
    }

    #[test]
    fn transferred_items_keep_their_order() {
        let mut queues = Small::default();
        (1..=6).for_each(|item| assert!(queues.push(&"all", item, 1, BYTES_MAX).is_kept()));
        assert!(queues.push(&"even", 0, 1, BYTES_MAX).is_kept());
        queues.transfer(&"all", &"even", |item| item % 2 == 0);
        queues.transfer(&"none", &"even", |_| true);
        assert_eq!(queues.bytes, 7 * SIZE_MIN);
        let all = [("all", 1), ("even", 0), ("all", 3), ("even", 2), ("all", 5), ("even", 4), ("even", 6)];
        assert_eq!(order(&mut queues), all);
    }

    #[test]
    fn the_longest_queue_makes_room() {
        let mut queues = Small::default();
        let large = 1 << 20;
        (0..24).for_each(|item| assert!(queues.push(&"long", item, large, BYTES_OF_ONE_MAX).is_kept()));
        assert_eq!(queues.push(&"long", 24, large, BYTES_OF_ONE_MAX), Pushed::Lost, "of one queue");
        (0..8).for_each(|item| assert_eq!(queues.push(&"short", item, large, BYTES_MAX), Pushed::Kept));
        assert_eq!(queues.push(&"short", 8, large, BYTES_MAX), Pushed::Displaced(vec!["long"]));
        assert_eq!(queues.push(&"long", 24, large, BYTES_MAX), Pushed::Lost, "no queue is longer");
        let kept = order(&mut queues);
        let last = kept.iter().filter(|(key, _)| *key == "long").map(|(_, item)| *item).max();
        assert_eq!((kept.len(), last), (32, Some(22)), "the newest item is lost");
    }
}
