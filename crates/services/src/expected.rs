//! Providers that are about to come: whoever waits for them waits a little longer.
//!
//! When a device starts, or a container is started again, its users may be there before it. So whoever starts containers says
//! which interfaces are to be expected, and the service manager lets those who wait for a provider wait for that.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_kernel::{Gid, KernelHandle, Waker};
use uuid::Uuid;

/// How long a provider is expected at most.
pub const EXPECTED_US: i64 = 10_000_000;

/// Which interfaces are expected, shared by whoever starts containers and the service manager.
#[derive(Clone, Default)]
pub struct Expectations {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// How many there are, for a look without the lock.
    count: AtomicUsize,
}

#[derive(Default)]
struct State {
    expected: BTreeMap<u64, Expected>,
    last: u64,
    /// Wakes the service manager.
    waker: Option<Waker>,
}

struct Expected {
    uuid: String,
    gid: Option<Gid>,
    until_us: i64,
}

/// That an interface is expected. It is over when this is dropped, when the group that is expected to provide it does so, and
/// after [`EXPECTED_US`].
#[must_use = "nobody is held once this is dropped"]
pub struct Expectation {
    shared: Arc<Shared>,
    number: u64,
}

impl Expectations {
    /// A provider of the interface is expected from now on.
    pub fn expect(&self, kernel: &KernelHandle, uuid: Uuid) -> Expectation {
        let until_us = kernel.clock().now_us().saturating_add(EXPECTED_US);
        let mut state = self.shared.state.lock();
        state.last += 1;
        let number = state.last;
        state.expected.insert(number, Expected { uuid: uuid.to_string(), gid: None, until_us });
        self.shared.publish(&state);
        Expectation { shared: self.shared.clone(), number }
    }

    /// The service manager is there.
    pub(crate) fn set_waker(&self, waker: Waker) {
        self.shared.state.lock().waker = Some(waker);
    }

    /// Until when `gid` is to wait for a provider; not at all if none is expected, or only of `gid` itself.
    pub(crate) fn until_us(&self, uuid: &str, gid: Gid, now_us: i64) -> Option<i64> {
        if self.shared.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let state = self.shared.state.lock();
        let holds = |expected: &&Expected| {
            expected.until_us > now_us
                && expected.gid != Some(gid)
                && expected.uuid.eq_ignore_ascii_case(uuid)
        };
        state.expected.values().filter(holds).map(|expected| expected.until_us).max()
    }

    /// `gid` provides the interface now.
    pub(crate) fn provided(&self, uuid: &str, gid: Gid) {
        if self.shared.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let mut state = self.shared.state.lock();
        state
            .expected
            .retain(|_, expected| expected.gid != Some(gid) || !expected.uuid.eq_ignore_ascii_case(uuid));
        self.shared.publish(&state);
    }
}

impl Expectation {
    /// Says which group it is that is expected to provide the interface. What it opens itself does not wait.
    pub fn of(&self, gid: Gid) {
        if let Some(expected) = self.shared.state.lock().expected.get_mut(&self.number) {
            expected.gid = Some(gid);
        }
    }
}

impl Drop for Expectation {
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        let was_there = state.expected.remove(&self.number).is_some();
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
        self.count.store(state.expected.len(), Ordering::Release);
    }
}

impl std::fmt::Debug for Expectations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expectations").field("count", &self.shared.count).finish()
    }
}

impl std::fmt::Debug for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Expectation").field("number", &self.number).finish()
    }
}
