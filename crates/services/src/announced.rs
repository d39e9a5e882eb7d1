//! Announcements of providers that are about to start: clients wait longer for these than for others.
//!
//! When a device starts, or a container is started again, clients may run before the provider does. The starter of
//! containers announces which interfaces are about to be provided, and the service manager holds the requests of
//! clients that wait for one of these.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_kernel::{Gid, KernelHandle, Waker};
use uuid::Uuid;

/// The longest time for which an announcement holds, in microseconds.
pub const ANNOUNCED_US: i64 = 10_000_000;

/// The interfaces that are announced, shared by the starter of containers and the service manager. Clones share the
/// same state.
#[derive(Clone, Default)]
pub struct Announcements {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// The number of announcements, readable without the lock.
    count: AtomicUsize,
}

#[derive(Default)]
struct State {
    announced: BTreeMap<u64, Announced>,
    last: u64,
    /// Wakes the service manager.
    waker: Option<Waker>,
}

struct Announced {
    uuid: String,
    gid: Option<Gid>,
    until_us: i64,
}

/// Holds clients of an interface until it is dropped, until the group that was announced provides the interface, or
/// until [`ANNOUNCED_US`] are over.
#[must_use = "clients do not wait once this is dropped"]
pub struct Announcement {
    shared: Arc<Shared>,
    number: u64,
}

impl Announcements {
    /// Announces a provider of the interface, until the result is dropped.
    pub fn announce(&self, kernel: &KernelHandle, uuid: Uuid) -> Announcement {
        let until_us = kernel.clock().now_us().saturating_add(ANNOUNCED_US);
        let mut state = self.shared.state.lock();
        state.last += 1;
        let number = state.last;
        state.announced.insert(number, Announced { uuid: uuid.to_string(), gid: None, until_us });
        self.shared.publish(&state);
        Announcement { shared: self.shared.clone(), number }
    }

    /// Sets the waker of the service manager, which is woken when an announcement is withdrawn.
    pub(crate) fn set_waker(&self, waker: Waker) {
        self.shared.state.lock().waker = Some(waker);
    }

    /// Returns the time until which clients of the group `gid` wait for a provider of the interface. Returns none if no
    /// group other than `gid` itself is announced as its provider.
    pub(crate) fn until_us(&self, uuid: &str, gid: Gid, now_us: i64) -> Option<i64> {
        if self.shared.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let state = self.shared.state.lock();
        let holds = |announced: &&Announced| {
            announced.until_us > now_us
                && announced.gid != Some(gid)
                && announced.uuid.eq_ignore_ascii_case(uuid)
        };
        state.announced.values().filter(holds).map(|announced| announced.until_us).max()
    }

    /// Ends the announcements that `gid` has fulfilled by providing the interface.
    pub(crate) fn provided(&self, uuid: &str, gid: Gid) {
        if self.shared.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut state = self.shared.state.lock();
        state
            .announced
            .retain(|_, announced| announced.gid != Some(gid) || !announced.uuid.eq_ignore_ascii_case(uuid));
        self.shared.publish(&state);
    }
}

impl Announcement {
    /// Sets the group that will provide the interface. Its own clients do not wait for it.
    pub fn set_group(&self, gid: Gid) {
        if let Some(announced) = self.shared.state.lock().announced.get_mut(&self.number) {
            announced.gid = Some(gid);
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        let was_there = state.announced.remove(&self.number).is_some();
        self.shared.publish(&state);
        let waker = state.waker.clone().filter(|_| was_there);
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Shared {
    fn publish(&self, state: &State) {
        self.count.store(state.announced.len(), Ordering::Release);
    }
}

impl std::fmt::Debug for Announcements {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcements").field("count", &self.shared.count).finish()
    }
}

impl std::fmt::Debug for Announcement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcement").field("number", &self.number).finish()
    }
}
