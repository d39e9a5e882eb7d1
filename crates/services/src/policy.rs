//! Policies: the services that groups may open and provide. The host sets them; the service manager checks them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use uuid::Uuid;

/// The services and components that the processes of a group may open, look up, provide and publish.
///
/// ```
/// use lucarne_services::Policy;
///
/// let mut policy = Policy::default();
/// policy.open.allow("0b7e3aa1-9fc9-4632-bb09-4605cd11897e").allow("kitchen").deny("example/noisy");
/// policy.provide.deny("system/log");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// For services that it opens, and components that it looks up.
    pub open: Rules,
    /// For services that it provides, and ids that it is known by.
    pub provide: Rules,
    is_host: bool,
}

impl Policy {
    /// The policy of the host's own containers: they may do everything, also with guarded services.
    pub fn host() -> Policy {
        Policy { is_host: true, ..Policy::default() }
    }
}

/// Entries that are allowed and denied. An entry is a UUID, the name of a provider, one of its tags, or the id of
/// a component.
///
/// A deny entry always wins. If there is an allow entry, everything that no such entry matches is denied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    allowed: BTreeSet<String>,
    denied: BTreeSet<String>,
}

impl Rules {
    /// Allows services that match this entry.
    pub fn allow(&mut self, entry: &str) -> &mut Rules {
        self.allowed.insert(normal(entry));
        self
    }

    /// Denies services that match this entry.
    pub fn deny(&mut self, entry: &str) -> &mut Rules {
        self.denied.insert(normal(entry));
        self
    }

    fn permit<'n>(&self, names: impl Iterator<Item = &'n str> + Clone, is_guarded: bool) -> bool {
        if names.clone().any(|name| self.denied.contains(name)) {
            return false;
        }
        let is_free = self.allowed.is_empty() && !is_guarded;
        is_free || names.into_iter().any(|name| self.allowed.contains(name))
    }
}

/// A UUID is the same however it is written.
fn normal(entry: &str) -> String {
    Uuid::try_parse(entry).map_or_else(|_| entry.to_owned(), |uuid| uuid.to_string())
}

/// The policies of all groups, shared by the host and the service manager. A group without a policy may do
/// everything except use guarded services.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    by_group: BTreeMap<Gid, Arc<Policy>>,
    guarded: BTreeSet<String>,
}

/// An action on a service or a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    Open,
    Provide,
}

impl Policies {
    /// Sets the policy of a group, from now on. For a program that is about to start, see `KernelHandle::prepare`.
    pub fn set(&self, gid: Gid, policy: Policy) {
        self.state.lock().by_group.insert(gid, Arc::new(policy));
    }

    /// The group has ended.
    pub fn forget(&self, gid: Gid) {
        self.state.lock().by_group.remove(&gid);
    }

    /// From now on, only groups whose policy has an allow entry for the service may open and provide it.
    pub fn guard(&self, uuid: Uuid) {
        self.state.lock().guarded.insert(uuid.to_string());
    }

    /// Returns whether a group belongs to one of the host's own containers.
    pub(crate) fn is_host(&self, gid: Gid) -> bool {
        self.state.lock().by_group.get(&gid).is_some_and(|policy| policy.is_host)
    }

    pub(crate) fn judge(&self, gid: Gid, deed: Deed, uuid: &str) -> Judge {
        let state = self.state.lock();
        if state.by_group.is_empty() && state.guarded.is_empty() {
            return Judge { policy: None, deed, uuid: String::new(), is_guarded: false };
        }
        let uuid = normal(uuid);
        let policy = state.by_group.get(&gid).filter(|policy| !policy.is_host).cloned();
        let is_own = gid == Gid::SYSTEM || policy.is_none() && state.by_group.contains_key(&gid);
        let is_guarded = !is_own && state.guarded.contains(&uuid);
        Judge { policy, deed, uuid, is_guarded }
    }
}

/// Decides for one group and one interface.
pub(crate) struct Judge {
    policy: Option<Arc<Policy>>,
    deed: Deed,
    uuid: String,
    is_guarded: bool,
}

impl Judge {
    /// Returns whether a provider with these names may be opened or provided.
    pub(crate) fn permits<'n>(&'n self, names: impl Iterator<Item = &'n str> + Clone) -> bool {
        let Some(policy) = &self.policy else { return !self.is_guarded };
        let rules = match self.deed {
            Deed::Open => &policy.open,
            Deed::Provide => &policy.provide,
        };
        rules.permit(std::iter::once(self.uuid.as_str()).chain(names), self.is_guarded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "0b7e3aa1-9fc9-4632-bb09-4605cd11897e";

    fn opens(policies: &Policies, gid: i64, names: &[&str]) -> bool {
        policies.judge(Gid::from_i64(gid), Deed::Open, UUID).permits(names.iter().copied())
    }

    /// Returns whether group 7 may open with these entries.
    fn with(allowed: &[&str], denied: &[&str]) -> Policies {
        let (policies, mut policy) = (Policies::default(), Policy::default());
        for entry in allowed {
            policy.open.allow(entry);
        }
        for entry in denied {
            policy.open.deny(entry);
        }
        policies.set(Gid::from_i64(7), policy);
        policies
    }

    #[test]
    fn without_a_policy_everything_is_allowed() {
        let policies = Policies::default();
        assert!(opens(&policies, 7, &["house"]));
    }

    #[test]
    fn a_deny_entry_matches_any_name() {
        for entry in [&UUID.to_ascii_uppercase(), "house", "kitchen"] {
            let policies = with(&["house"], &[entry]);
            assert!(!opens(&policies, 7, &["house", "kitchen", "hall"]), "{entry}");
            assert!(opens(&policies, 8, &["house", "kitchen", "hall"]), "{entry}");
            let provides = policies.judge(Gid::from_i64(7), Deed::Provide, UUID);
            assert!(provides.permits(["house"].into_iter()), "{entry}");
        }
    }

    #[test]
    fn an_allow_entry_denies_the_rest() {
        for entry in [UUID, "house", "kitchen"] {
            let policies = with(&[entry], &[]);
            assert!(opens(&policies, 7, &["house", "kitchen"]), "{entry}");
        }
        let policies = with(&["kitchen"], &[]);
        assert!(!opens(&policies, 7, &["house", "hall"]));
    }

    #[test]
    fn a_guarded_service_needs_an_entry() {
        let policies = with(&[], &["hall"]);
        policies.guard(Uuid::try_parse(UUID).expect("it is one"));
        policies.set(Gid::from_i64(9), Policy::host());
        assert!(!opens(&policies, 7, &["house"]));
        assert!(!opens(&policies, 8, &["house"]));
        assert!(opens(&policies, 9, &["house"]));
        assert!(opens(&policies, Gid::SYSTEM.as_i64(), &["house"]));
        let mut policy = Policy::default();
        policy.open.allow(UUID);
        policies.set(Gid::from_i64(7), policy);
        assert!(opens(&policies, 7, &["house"]));
        policies.forget(Gid::from_i64(7));
        assert!(!opens(&policies, 7, &["house"]));
    }
}
