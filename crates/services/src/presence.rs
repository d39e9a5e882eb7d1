//! Tells without a message whether a service has a provider at this moment.
//!
//! Programs print, log and report traces by native steps, unless a container provides the service for one of these:
//! that container then *stands in* for the system. Programs check before each such step whether there is a provider, so
//! the check has to be cheap: without a provider, it is one atomic load. Providers in the host's own containers are not
//! counted, since they offer no more than the native steps.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

/// The number of providers of each service, without those of the host. The service manager updates the numbers, and
/// programs read them. Clones share the numbers.
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
    /// The number of the last registration whose failure was reported; 0 if there is none.
    reported: AtomicU64,
}

/// The rules by which programs use providers that stand in for the system.
#[derive(Clone)]
pub struct StandInRules {
    /// The time in which such a provider has to answer, in microseconds.
    pub limit_us: i64,
    /// Called when a program no longer uses a provider because it has failed: once for each registration.
    pub on_failure: Arc<dyn Fn(&StandInFailure<'_>) + Send + Sync>,
}

/// A provider that stands in for the system has failed, refused, or not answered in time.
#[derive(Debug, Clone, Copy)]
pub struct StandInFailure<'f> {
    /// The alias of the service interface.
    pub interface: &'f str,
    /// The group of the provider that registered last.
    pub gid: Gid,
    /// The reason why the provider was not used, as the program reports it.
    pub reason: &'f str,
}

impl fmt::Debug for StandInRules {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StandInRules").field("limit_us", &self.limit_us).finish_non_exhaustive()
    }
}

impl Presence {
    /// Creates a presence with rules: after a provider has failed, programs use no provider of that service until one
    /// registers again. Without rules, programs call the provider each time, and wait for its answer until it ends.
    pub fn with_rules(rules: StandInRules) -> Presence {
        Presence { rules: Some(Arc::new(rules)), ..Presence::default() }
    }

    /// Returns the rules for providers that stand in for the system, if there are any.
    pub fn rules(&self) -> Option<&StandInRules> {
        self.rules.as_deref()
    }

    /// Reports that a program no longer uses the provider with the given registration number. Further reports about the
    /// same registration do nothing.
    pub fn report_failure(&self, flag: &ProviderFlag, registration: u64, interface: &str, reason: &str) {
        // The number comes from a program. Without this limit, a large number would suppress all later reports.
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
        // Programs can register any UUIDs, so flags without providers and readers are removed.
        if was_last && Arc::strong_count(&flag.0) == 1 {
            flags.remove(uuid);
        }
    }
}

impl ProviderFlag {
    /// Returns whether the service has a provider now. A process that is itself the provider gets true from the moment
    /// when its `listen` is answered until its `unlisten` is answered.
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
    fn a_flag_is_set_while_a_provider_is_registered() {
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
    fn flags_without_providers_and_readers_are_removed() {
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
