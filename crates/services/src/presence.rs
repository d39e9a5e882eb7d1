//! Tells without a message whether a service has a provider at this moment.
//!
//! Printing and logging are native steps unless a container provides them. They look
//! here each time, so it has to be cheap: one atomic load. The host's own containers, which offer no more than the
//! native steps do, are not counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};

/// The numbers of providers in programs, shared by the service manager and all that read them.
#[derive(Debug, Clone, Default)]
pub struct Presence {
    counts: Arc<Mutex<BTreeMap<String, ProviderFlag>>>,
}

/// A flag that tells whether one service has a provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderFlag(Arc<AtomicUsize>);

impl Presence {
    /// The flag of the service with this UUID.
    pub fn flag(&self, uuid: &str) -> ProviderFlag {
        let mut counts = self.counts.lock();
        if let Some(flag) = counts.get(uuid) {
            return flag.clone();
        }
        counts.entry(uuid.to_owned()).or_default().clone()
    }

    pub(crate) fn add(&self, uuid: &str) {
        // Pairs with the load in `is_provided`: a process that sees the flag can open the service.
        self.flag(uuid).0.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn remove(&self, uuid: &str) {
        let mut counts = self.counts.lock();
        let Some(flag) = counts.get(uuid) else { return };
        let was_last = flag.0.fetch_sub(1, Ordering::Release) == 1;
        // Programs make up UUIDs: flags without a reader are dropped.
        if was_last && Arc::strong_count(&flag.0) == 1 {
            counts.remove(uuid);
        }
    }
}

impl ProviderFlag {
    /// Returns whether the service has a provider now. For a provider of the asking process: from the
    /// moment when its `listen` was answered, to the moment when its `unlisten` was.
    pub fn is_provided(&self) -> bool {
        self.0.load(Ordering::Acquire) > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_follows_the_providers() {
        let presence = Presence::default();
        let flag = presence.flag("x");
        assert!(!flag.is_provided());
        presence.add("x");
        presence.add("x");
        presence.remove("x");
        assert!(flag.is_provided());
        presence.remove("x");
        assert!(!flag.is_provided());
        presence.add("x");
        assert!(flag.is_provided(), "a flag stays connected while it is held");
    }

    #[test]
    fn made_up_names_do_not_pile_up() {
        let presence = Presence::default();
        for index in 0..100 {
            presence.add(&index.to_string());
            presence.remove(&index.to_string());
        }
        assert!(presence.counts.lock().is_empty());
    }
}
