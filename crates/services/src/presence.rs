//! Tells without a message whether a service has a provider at this moment.
//!
//! Printing, logging and passing traces on are native steps unless a container provides them: it *stands in* for the
//! system. Programs look here each time, so it has to be cheap: one atomic load. The host's own containers, which offer
//! no more than the native steps do, are not counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// The numbers of providers in programs, shared by the service manager and all that read them.
#[derive(Debug, Clone, Default)]
pub struct Presence {
    flags: Arc<Mutex<BTreeMap<String, ProviderFlag>>>,
    rules: Option<Arc<StandInRules>>,
}

/// A flag that tells whether one service has a provider.
#[derive(Debug, Clone, Default)]
pub struct ProviderFlag(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// The number of providers now.
    count: AtomicUsize,
    /// The number of providers that have ever registered.
    registrations: AtomicU64,
    /// The group of the provider that registered last.
    gid: AtomicI64,
    /// The registration whose failure was reported.
    reported: AtomicU64,
}

/// How programs use providers that stand in for the system.
#[derive(Clone)]
pub struct StandInRules {
    /// The time in which such a provider has to handle a line, in microseconds.
    pub limit_us: i64,
    /// Called when a program passes a provider over, once for each registration.
    pub on_failure: Arc<dyn Fn(&StandInFailure<'_>) + Send + Sync>,
}

/// A provider that stands in for the system has failed, refused, or not answered in time.
#[derive(Debug, Clone, Copy)]
pub struct StandInFailure<'f> {
    /// The alias of its interface.
    pub interface: &'f str,
    /// The group of the provider that registered last.
    pub gid: Gid,
    /// Why the provider was not used, in a text of the program.
    pub reason: &'f str,
}

impl fmt::Debug for StandInRules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StandInRules").field("limit_us", &self.limit_us).finish_non_exhaustive()
    }
}

impl Presence {
    /// Makes a presence under which programs pass over providers that fail. By default, they ask again each time, and
    /// wait for as long as the provider lives.
    pub fn with_rules(rules: StandInRules) -> Presence {
        Presence { rules: Some(Arc::new(rules)), ..Presence::default() }
    }

    /// Returns how programs use providers that stand in for the system.
    pub fn rules(&self) -> Option<&StandInRules> {
        self.rules.as_deref()
    }

    /// Reports that a program passes over the provider of a registration. Later reports about it do nothing.
    pub fn report_failure(&self, flag: &ProviderFlag, registration: u64, interface: &str, reason: &str) {
        // Programs say the number.
        let registration = registration.min(flag.0.registrations.load(Ordering::Relaxed));
        if let Some(rules) = &self.rules
            && flag.0.reported.fetch_max(registration, Ordering::Relaxed) < registration
        {
            let gid = Gid::from_i64(flag.0.gid.load(Ordering::Relaxed));
            (rules.on_failure)(&StandInFailure { interface, gid, reason });
        }
    }

    /// Returns the flag of the service with this UUID.
    pub fn flag(&self, uuid: &str) -> ProviderFlag {
        let mut flags = self.flags.lock();
        if let Some(flag) = flags.get(uuid) {
            return flag.clone();
        }
        flags.entry(uuid.to_owned()).or_default().clone()
    }

    pub(crate) fn add(&self, uuid: &str, gid: Gid) {
        let ProviderFlag(state) = self.flag(uuid);
        state.gid.store(gid.as_i64(), Ordering::Relaxed);
        state.registrations.fetch_add(1, Ordering::Relaxed);
        // Pairs with the load in `registration`: a process that sees the flag can open the service.
        state.count.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn remove(&self, uuid: &str) {
        let mut flags = self.flags.lock();
        let Some(flag) = flags.get(uuid) else { return };
        let was_last = flag.0.count.fetch_sub(1, Ordering::Release) == 1;
        // Programs make up UUIDs: flags without a reader are dropped.
        if was_last && Arc::strong_count(&flag.0) == 1 {
            flags.remove(uuid);
        }
    }
}

impl ProviderFlag {
    /// Returns whether the service has a provider now. For a provider of the asking process: from the
    /// moment when its `listen` was answered, to the moment when its `unlisten` was.
    pub fn is_provided(&self) -> bool {
        self.registration().is_some()
    }

    /// Returns the number of the last registration, from 1, if the service has a provider now.
    pub fn registration(&self) -> Option<u64> {
        let is_provided = self.0.count.load(Ordering::Acquire) > 0;
        is_provided.then(|| self.0.registrations.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: Gid = Gid::SYSTEM;

    #[test]
    fn a_flag_follows_the_providers() {
        let presence = Presence::default();
        let flag = presence.flag("x");
        assert!(!flag.is_provided());
        presence.add("x", GROUP);
        presence.add("x", GROUP);
        presence.remove("x");
        assert!(flag.is_provided());
        presence.remove("x");
        assert!(!flag.is_provided());
        presence.add("x", GROUP);
        assert!(flag.is_provided(), "a flag stays connected while it is held");
    }

    #[test]
    fn made_up_names_do_not_pile_up() {
        let presence = Presence::default();
        for index in 0..100 {
            presence.add(&index.to_string(), GROUP);
            presence.remove(&index.to_string());
        }
        assert!(presence.flags.lock().is_empty());
    }

    #[test]
    fn a_failure_is_reported_once_for_each_registration() {
        let reports = Arc::new(AtomicUsize::new(0));
        let counter = reports.clone();
        let on_failure = move |failure: &StandInFailure<'_>| {
            assert_eq!((failure.interface, failure.reason), ("system/x", "slow"));
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let presence = Presence::with_rules(StandInRules { limit_us: 1, on_failure: Arc::new(on_failure) });
        let flag = presence.flag("x");
        assert_eq!(flag.registration(), None);
        for registration in [1, 2] {
            presence.add("x", GROUP);
            assert_eq!(flag.registration(), Some(registration));
            for _ in 0..2 {
                presence.report_failure(&flag, registration, "system/x", "slow");
                assert_eq!(reports.load(Ordering::Relaxed), registration as usize);
            }
            presence.remove("x");
        }
    }
}
