//! Services of other machines, as the service manager lists them, and the services of this machine, as it shows them.
//!
//! The host knows other machines, the manager knows services. [`Abroad`] is between them: the host adds services of
//! other machines, whose providers are processes here that pass messages on, and it follows which services this machine
//! has. Neither waits for the other.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::{Mutex, MutexGuard};
use lucarne_kernel::{Gid, Pid, Waker};

/// The services of other machines and of this one, shared by the host and the service manager. Clones share the same
/// state.
#[derive(Clone, Default)]
pub struct Abroad {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Whether the host follows the services of this machine.
    is_followed: AtomicBool,
    /// Whether the manager has changes to take, readable without the lock.
    has_news: AtomicBool,
}

#[derive(Default)]
struct State {
    manager: Option<Waker>,
    follower: Option<Waker>,
    changes: Vec<Change>,
    /// Whether the follower is new: the manager has yet to show all services of this machine.
    is_new: bool,
    offered: BTreeMap<(Pid, i64), Offered>,
    /// Counts the changes of `offered`.
    version: u64,
}

/// A service as its provider has registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The process of the provider.
    pub pid: Pid,
    /// The id of the service in that process.
    pub id: i64,
    /// The interface.
    pub uuid: String,
    /// The name of the provider.
    pub name: String,
    /// The version of the provider: major and minor.
    pub version: (i64, i64),
    /// The priority of the provider.
    pub priority: i64,
    /// The tags of the provider.
    pub tags: Vec<String>,
}

/// A change of the services of other machines.
pub(crate) enum Change {
    /// A service was added. The group is that of the process here that stands for the provider, the number is the seed
    /// for [`spread`].
    Come(Offered, Gid, u64),
    /// A service of a process was removed.
    Gone(Pid, i64),
}

impl Abroad {
    /// Adds a service of another machine. `offered.pid` is the process here that stands for its provider, and `gid` the
    /// group of that process.
    ///
    /// If a client could use several services that are equal, their seeds and the client decide which one it gets, so
    /// that clients are spread over the services. The seed must be different for each service, and different on each
    /// machine.
    pub fn add(&self, offered: Offered, gid: Gid, seed: u64) {
        self.change(Change::Come(offered, gid, seed));
    }

    /// Removes a service of another machine. Does nothing if the service was removed before, for example by the end of
    /// its process.
    pub fn remove(&self, pid: Pid, id: i64) {
        self.change(Change::Gone(pid, id));
    }

    /// From now on, wakes `follower` when the services of this machine have changed.
    pub fn follow(&self, follower: Waker) {
        let mut state = self.shared.state.lock();
        state.follower = Some(follower);
        state.is_new = true;
        self.shared.is_followed.store(true, Ordering::Release);
        self.tell_manager(state);
    }

    /// Returns the version of the list of services of this machine, and the services. Returns none if the version is
    /// still the given one. A caller that has no list yet passes 0, the version of the empty list.
    pub fn offered(&self, version: u64) -> Option<(u64, Vec<Offered>)> {
        let state = self.shared.state.lock();
        (state.version != version).then(|| (state.version, state.offered.values().cloned().collect()))
    }

    fn change(&self, change: Change) {
        let mut state = self.shared.state.lock();
        state.changes.push(change);
        self.tell_manager(state);
    }

    fn tell_manager(&self, state: MutexGuard<'_, State>) {
        self.shared.has_news.store(true, Ordering::Release);
        let manager = state.manager.clone();
        drop(state);
        if let Some(manager) = manager {
            manager.wake();
        }
    }

    // -- The manager's side -------------------------------------------------------------------

    /// Sets the process that is woken by changes.
    pub(crate) fn set_manager(&self, manager: Waker) {
        self.shared.state.lock().manager = Some(manager);
    }

    /// Takes the changes of the services of other machines. The second value is true if the manager must now show all
    /// services of this machine, since there is a new follower.
    pub(crate) fn take(&self) -> (Vec<Change>, bool) {
        if !self.shared.has_news.swap(false, Ordering::AcqRel) {
            return (Vec::new(), false);
        }
        let mut state = self.shared.state.lock();
        (std::mem::take(&mut state.changes), std::mem::take(&mut state.is_new))
    }

    /// Shows a service of this machine. Calls `offered` only if the host follows the services.
    pub(crate) fn show(&self, offered: impl FnOnce() -> Offered) {
        if self.shared.is_followed.load(Ordering::Acquire) {
            let offered = offered();
            self.update(|all| {
                let old = all.insert((offered.pid, offered.id), offered.clone());
                old.as_ref() != Some(&offered)
            });
        }
    }

    /// Withdraws a service of this machine.
    pub(crate) fn hide(&self, pid: Pid, id: i64) {
        if self.shared.is_followed.load(Ordering::Acquire) {
            self.update(|all| all.remove(&(pid, id)).is_some());
        }
    }

    /// Withdraws all services of a process.
    pub(crate) fn hide_all(&self, pid: Pid) {
        if self.shared.is_followed.load(Ordering::Acquire) {
            self.update(|all| {
                let keys: Vec<_> =
                    all.range((pid, i64::MIN)..=(pid, i64::MAX)).map(|(&key, _)| key).collect();
                keys.iter().for_each(|key| drop(all.remove(key)));
                !keys.is_empty()
            });
        }
    }

    /// Changes the services of this machine. The follower is woken if `change` returns that something has changed.
    fn update(&self, change: impl FnOnce(&mut BTreeMap<(Pid, i64), Offered>) -> bool) {
        let mut state = self.shared.state.lock();
        if !change(&mut state.offered) {
            return;
        }
        state.version += 1;
        let follower = state.follower.clone();
        drop(state);
        if let Some(follower) = follower {
            follower.wake();
        }
    }
}

impl std::fmt::Debug for Abroad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Abroad").finish_non_exhaustive()
    }
}

/// Returns the rank of a service among equal ones, for one client: rendezvous hashing. So different clients prefer
/// different services, and a client keeps its preference when other services are added and removed.
pub(crate) fn spread(seed: u64, client: Pid) -> u64 {
    let mut hash = seed ^ client.as_i64().cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    // The finalizer of splitmix64: each bit of the input changes half of the bits of the result.
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(pid: i64, id: i64) -> Offered {
        Offered {
            pid: Pid::from_i64(pid),
            id,
            uuid: "x".to_owned(),
            name: "house/sensor".to_owned(),
            version: (1, 0),
            priority: 128,
            tags: Vec::new(),
        }
    }

    #[test]
    fn only_a_change_makes_a_new_version() {
        let abroad = Abroad::default();
        abroad.shared.is_followed.store(true, Ordering::Release);
        let version = || abroad.offered(0).map_or(0, |(version, _)| version);
        abroad.hide(Pid::from_i64(7), 1);
        abroad.hide_all(Pid::from_i64(7));
        assert_eq!(version(), 0, "nothing was removed");
        for id in 1..=3 {
            abroad.show(|| offered(7, id));
        }
        abroad.show(|| offered(8, 1));
        assert_eq!(version(), 4);
        abroad.show(|| offered(7, 1));
        assert_eq!(version(), 4, "it is shown already");
        abroad.hide(Pid::from_i64(7), 1);
        assert_eq!(version(), 5);
        abroad.hide_all(Pid::from_i64(7));
        abroad.hide_all(Pid::from_i64(7));
        assert_eq!(abroad.offered(0), Some((6, vec![offered(8, 1)])));
    }

    #[test]
    fn equal_services_share_the_clients() {
        let mut counts = [0; 10];
        for client in 1..=1_000 {
            let client = Pid::from_i64(client);
            let best = (0..10).max_by_key(|&worker| spread(worker * 1_000_003, client)).unwrap();
            counts[best as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (60..150).contains(&count)), "{counts:?}");
    }
}
