//! The clients that wait for providers at the service manager, and which of them have yet to get a new list.
//!
//! When a provider comes, each client that waits for its interface gets a new list. Processes can register and wait
//! thousands of times, so the lists are sent in rounds, a few in each turn of the manager, and a wait gets one list for
//! all providers that came since the last one.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use lucarne_kernel::{Pid, RequestId};
use rustc_hash::FxHashMap;

use super::{Asker, PER_PROCESS_MAX, Problem};

/// The key of a wait: the client that waits, and the handle of the wait.
pub(super) type WaitKey = (i64, i64);

/// A client that waits for a provider.
pub(super) struct Wait {
    pub(super) asker: Asker,
    /// The request that has begun the wait.
    pub(super) request: RequestId,
    pub(super) uuid: String,
}

/// All waits.
#[derive(Default)]
pub(super) struct Waits {
    by_key: BTreeMap<WaitKey, Wait>,
    by_uuid: FxHashMap<String, BTreeSet<WaitKey>>,
    /// How many waits each process has. Processes without waits are left out.
    counts: FxHashMap<Pid, usize>,
    next_handle: i64,
    rounds: VecDeque<Round>,
}

/// Sends the newest list to all clients that wait for an interface, in the order of their keys.
struct Round {
    uuid: String,
    /// The last wait that got the list.
    after: Option<WaitKey>,
    /// Whether a provider has registered in the middle of the round: another round follows.
    again: bool,
}

impl Waits {
    /// Adds a wait of a client, and returns its handle.
    ///
    /// # Errors
    /// If the process has [`PER_PROCESS_MAX`] waits.
    pub(super) fn add(&mut self, client: i64, wait: Wait) -> Result<i64, Problem> {
        let count = self.counts.entry(wait.asker.pid).or_default();
        if *count >= PER_PROCESS_MAX {
            return Err(Problem::TooMany);
        }
        *count += 1;
        // Odd, since the resource sends notifications.
        let handle = self.next_handle << 1 | 1;
        self.next_handle += 1;
        self.by_uuid.entry(wait.uuid.clone()).or_default().insert((client, handle));
        self.by_key.insert((client, handle), wait);
        Ok(handle)
    }

    pub(super) fn get(&self, key: WaitKey) -> Option<&Wait> {
        self.by_key.get(&key)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Wait> {
        self.by_key.values()
    }

    /// Returns the waits of a client.
    pub(super) fn of_client(&self, client: i64) -> impl Iterator<Item = (WaitKey, &Wait)> {
        self.by_key.range((client, i64::MIN)..=(client, i64::MAX)).map(|(&key, wait)| (key, wait))
    }

    /// Ends a wait, if there is one.
    pub(super) fn end(&mut self, key: WaitKey) {
        let Some(Wait { asker, uuid, .. }) = self.by_key.remove(&key) else { return };
        if let Some(keys) = self.by_uuid.get_mut(&uuid) {
            keys.remove(&key);
            if keys.is_empty() {
                self.by_uuid.remove(&uuid);
            }
        }
        if let Some(count) = self.counts.get_mut(&asker.pid) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&asker.pid);
            }
        }
    }

    /// Records that a provider of the interface was registered.
    pub(super) fn provided(&mut self, uuid: String) {
        if let Some(round) = self.rounds.iter_mut().find(|round| round.uuid == uuid) {
            round.again |= round.after.is_some();
        } else if self.by_uuid.contains_key(&uuid) {
            self.rounds.push_back(Round { uuid, after: None, again: false });
        }
    }

    /// Returns the next wait that is to get a list. The interfaces take turns.
    pub(super) fn next_to_tell(&mut self) -> Option<WaitKey> {
        while let Some(mut round) = self.rounds.pop_front() {
            let after = round.after.map_or(Bound::Unbounded, Bound::Excluded);
            let keys = self.by_uuid.get(&round.uuid);
            if let Some(&key) = keys.and_then(|keys| keys.range((after, Bound::Unbounded)).next()) {
                round.after = Some(key);
                self.rounds.push_back(round);
                return Some(key);
            }
            if round.again {
                self.rounds.push_back(Round { after: None, again: false, ..round });
            }
        }
        None
    }

    /// Returns whether a wait is to get a list.
    pub(super) fn is_any_to_tell(&self) -> bool {
        !self.rounds.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lucarne_kernel::Gid;

    fn waits(count: i64, uuid: &str) -> Waits {
        let mut waits = Waits::default();
        add(&mut waits, count, uuid);
        waits
    }

    fn add(waits: &mut Waits, count: i64, uuid: &str) {
        let asker = Asker { pid: Pid::from_i64(7), gid: Gid::from_i64(3) };
        for client in 0..count {
            let wait = Wait { asker, request: RequestId::from_i64(0), uuid: uuid.to_owned() };
            waits.add(client, wait).expect("there is room");
        }
    }

    fn told(waits: &mut Waits) -> Vec<i64> {
        std::iter::from_fn(|| waits.next_to_tell()).map(|(client, _)| client).collect()
    }

    #[test]
    fn one_list_tells_of_all_providers_since_the_last() {
        let mut waits = waits(3, "a");
        (0..1_000).for_each(|_| waits.provided("a".to_owned()));
        assert_eq!(told(&mut waits), [0, 1, 2]);
        assert!(!waits.is_any_to_tell());
    }

    #[test]
    fn a_provider_in_the_middle_of_a_round_is_told_to_all() {
        let mut waits = waits(3, "a");
        waits.provided("a".to_owned());
        assert_eq!(waits.next_to_tell().map(|(client, _)| client), Some(0));
        waits.provided("a".to_owned());
        waits.provided("a".to_owned());
        assert_eq!(told(&mut waits), [1, 2, 0, 1, 2]);
    }

    #[test]
    fn interfaces_take_turns() {
        let mut waits = waits(2, "a");
        add(&mut waits, 2, "b");
        waits.provided("a".to_owned());
        waits.provided("b".to_owned());
        waits.provided("c".to_owned());
        let told: Vec<String> =
            std::iter::from_fn(|| waits.next_to_tell().map(|key| waits.by_key[&key].uuid.clone())).collect();
        assert_eq!(told, ["a", "b", "a", "b"]);
    }

    #[test]
    fn nothing_is_kept_of_waits_that_have_ended() {
        let mut waits = waits(3, "a");
        waits.provided("a".to_owned());
        for client in 0..3 {
            let keys: Vec<_> = waits.of_client(client).map(|(key, _)| key).collect();
            keys.into_iter().for_each(|key| waits.end(key));
        }
        assert_eq!(told(&mut waits), []);
        assert!(waits.by_key.is_empty() && waits.by_uuid.is_empty() && waits.counts.is_empty());
    }
}
