//! Policies: the services that groups may open and provide. The host sets them; the service manager checks them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use uuid::Uuid;

use crate::protocol::{Interface, error, interface};

/// The services and components that the processes of a group may open, look up, provide and publish.
///
/// ```
/// use lucarne_services::Policy;
///
/// let mut policy = Policy::default();
/// policy.open.allow("system/print").allow("kitchen").deny("example/noisy");
/// policy.provide.deny("example/noisy");
/// policy.reserve("7f8a7c5e-6f0b-4a1f-8a4c-0f2a44a3a1f9");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// The rules for services that the group opens, and for components that it looks up.
    pub open: Rules,
    /// The rules for services that the group provides, and for ids under which it publishes components.
    pub provide: Rules,
    reserved: BTreeSet<String>,
    is_host: bool,
}

impl Policy {
    /// Creates the policy of the host's own containers: they may open and provide everything, including guarded
    /// services.
    pub fn host() -> Policy {
        Policy { is_host: true, ..Policy::default() }
    }

    /// Lets the group provide what [`Policies::reserve`] keeps from others: a UUID, the alias of an interface of the
    /// system, or the id of a component.
    pub fn reserve(&mut self, entry: &str) -> &mut Policy {
        self.reserved.insert(normal(entry));
        self
    }
}

/// Entries that are allowed and denied. An entry is a UUID, the alias of an interface of the system (`system/print`), the
/// name of a provider, one of its tags, or the id of a component.
///
/// A deny entry always wins. If there are allow entries, everything that none of them matches is denied. In the rules
/// for providing, allow entries for interfaces of the system do not have this effect. A guarded interface needs an
/// allow entry for the interface itself: entries for names and tags are not enough, since providers choose these.
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

    fn denies<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> bool {
        names.any(|name| self.denied.contains(name))
    }

    fn allows<'n>(&self, mut names: impl Iterator<Item = &'n str>) -> bool {
        names.any(|name| self.allowed.contains(name))
    }

    fn allows_all_but_denied(&self, action: Action) -> bool {
        match action {
            Action::Open => self.allowed.is_empty(),
            Action::Provide => self.allowed.iter().all(|entry| system_interface(entry).is_some()),
        }
    }
}

/// Normalizes an entry: a UUID is the same however it is written, and an alias stands for a UUID.
fn normal(entry: &str) -> String {
    if let Some(interface) = interface::ALL.iter().find(|interface| interface.alias == entry) {
        return interface.uuid.to_owned();
    }
    Uuid::try_parse(entry).map_or_else(|_| entry.to_owned(), |uuid| uuid.to_string())
}

fn system_interface(uuid: &str) -> Option<&'static Interface> {
    interface::ALL.iter().find(|interface| interface.uuid == uuid)
}

/// The policies of all groups, shared by the host and the service manager. A group without a policy may do
/// everything except open or provide guarded services, and provide what a container has reserved.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    by_group: BTreeMap<Gid, Arc<Policy>>,
    /// The interfaces that need an entry to be opened or provided.
    guarded: BTreeSet<String>,
    /// Whether interfaces of the system need an entry to be provided.
    guards_system: bool,
    /// The reserved interfaces and ids, and the container that has reserved each of them.
    reserved: BTreeMap<String, String>,
}

/// Another container has reserved an interface or an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry} is reserved for the container '{container}'")]
pub struct Reserved {
    /// The interface or id.
    pub entry: String,
    /// The container.
    pub container: String,
}

/// An action on a service or a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Open,
    Provide,
}

impl Policies {
    /// Sets the policy of a group, from now on. For a program that is about to start, see `KernelHandle::prepare`.
    pub fn set(&self, gid: Gid, policy: Policy) {
        self.state.lock().by_group.insert(gid, Arc::new(policy));
    }

    /// Removes the policy of a group, which has ended.
    pub fn forget(&self, gid: Gid) {
        self.state.lock().by_group.remove(&gid);
    }

    /// Guards a service: from now on, only groups whose policy has an allow entry for the service may open and
    /// provide it.
    pub fn guard(&self, uuid: Uuid) {
        self.state.lock().guarded.insert(uuid.to_string());
    }

    /// Guards the interfaces of the system: from now on, only groups whose policy has an allow entry for such an
    /// interface may provide it.
    pub fn guard_system(&self) {
        self.state.lock().guards_system = true;
    }

    /// Reserves interfaces (UUIDs or aliases) and ids of components for the container, instead of what it has reserved
    /// before: from now on, only groups whose policy reserves them may provide them.
    ///
    /// # Errors
    /// If another container has reserved one of them. Then nothing has changed.
    pub fn reserve(&self, container: &str, entries: &[String]) -> Result<(), Reserved> {
        let mut state = self.state.lock();
        for entry in entries {
            if let Some(holder) = state.reserved.get(&normal(entry)).filter(|holder| *holder != container) {
                return Err(Reserved { entry: entry.clone(), container: holder.clone() });
            }
        }
        state.reserved.retain(|_, holder| holder != container);
        state.reserved.extend(entries.iter().map(|entry| (normal(entry), container.to_owned())));
        Ok(())
    }

    /// Gives up all reservations of the container.
    pub fn release(&self, container: &str) {
        self.state.lock().reserved.retain(|_, holder| holder != container);
    }

    /// Returns whether a group belongs to one of the host's own containers.
    pub(crate) fn is_host(&self, gid: Gid) -> bool {
        self.state.lock().by_group.get(&gid).is_some_and(|policy| policy.is_host)
    }

    /// Returns whether a container has reserved an interface or id.
    pub(crate) fn is_reserved(&self, entry: &str) -> bool {
        let state = self.state.lock();
        !state.reserved.is_empty() && state.reserved.contains_key(&normal(entry))
    }

    /// Returns the permission of a group for an action on an interface or id.
    pub(crate) fn permission(&self, gid: Gid, action: Action, entry: &str) -> Permission {
        let state = self.state.lock();
        let policy = state.by_group.get(&gid).cloned();
        let mut permission =
            Permission { policy, action, entry: normal(entry), is_guarded: false, reserved_for: None };
        if gid == Gid::SYSTEM || permission.policy.as_ref().is_some_and(|policy| policy.is_host) {
            permission.policy = None;
            return permission;
        }
        let stands_in =
            action == Action::Provide && state.guards_system && system_interface(&permission.entry).is_some();
        permission.is_guarded = stands_in || state.guarded.contains(&permission.entry);
        let is_holder =
            permission.policy.as_ref().is_some_and(|policy| policy.reserved.contains(&permission.entry));
        if action == Action::Provide && !is_holder {
            permission.reserved_for = state.reserved.get(&permission.entry).cloned();
        }
        permission
    }
}

/// The permission of one group to open or provide one interface or id.
pub(crate) struct Permission {
    policy: Option<Arc<Policy>>,
    action: Action,
    entry: String,
    is_guarded: bool,
    /// The other container for which the interface or id is reserved. None for [`Action::Open`].
    reserved_for: Option<String>,
}

impl Permission {
    /// Returns whether a provider with these names may be opened or provided.
    pub(crate) fn permits<'n>(&'n self, names: impl Iterator<Item = &'n str> + Clone) -> bool {
        if self.reserved_for.is_some() {
            return false;
        }
        let Some(policy) = &self.policy else { return !self.is_guarded };
        let rules = match self.action {
            Action::Open => &policy.open,
            Action::Provide => &policy.provide,
        };
        let entry = || std::iter::once(self.entry.as_str());
        if rules.denies(entry().chain(names.clone())) {
            false
        } else if self.is_guarded {
            rules.allows(entry())
        } else {
            rules.allows_all_but_denied(self.action) || rules.allows(entry().chain(names))
        }
    }

    /// Checks that the group may provide a service, or publish a component. `names` are the name and the tags of the
    /// provider; `shown` is its name in the error.
    ///
    /// # Errors
    /// The text that the provider throws.
    pub(crate) fn require_provider<'n>(
        &'n self,
        shown: &str,
        names: impl Iterator<Item = &'n str> + Clone,
    ) -> Result<(), String> {
        if self.permits(names) {
            return Ok(());
        }
        Err(match (&self.reserved_for, system_interface(&self.entry)) {
            (Some(container), _) => error::reserved(&self.entry, container),
            (None, Some(interface)) if self.is_guarded => error::may_not_stand_in(interface.alias),
            _ => error::may_not_provide(shown),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = interface::PRINT.uuid;
    const HALL: &str = "7f8a7c5e-6f0b-4a1f-8a4c-0f2a44a3a1f9";

    fn opens(policies: &Policies, gid: i64, names: &[&str]) -> bool {
        policies.permission(Gid::from_i64(gid), Action::Open, UUID).permits(names.iter().copied())
    }

    /// Returns policies with these entries for what group 7 may open.
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
            let provides = policies.permission(Gid::from_i64(7), Action::Provide, UUID);
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
        policies.guard(Uuid::try_parse(UUID).expect("the text is a UUID"));
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

    fn provides(policies: &Policies, gid: i64, uuid: &str, names: &[&str]) -> Result<(), String> {
        policies
            .permission(Gid::from_i64(gid), Action::Provide, uuid)
            .require_provider("x", names.iter().copied())
    }

    #[test]
    fn only_a_grant_of_the_interface_lets_a_container_stand_in_for_the_system() {
        let policies = Policies::default();
        assert_eq!(provides(&policies, 7, UUID, &["system/print"]), Ok(()), "without a guard");
        policies.guard_system();
        for group in [7, 8] {
            for interface in interface::ALL {
                let refused = provides(&policies, group, interface.uuid, &[interface.alias]).unwrap_err();
                assert!(refused.contains(&format!("--allow-provide {}", interface.alias)), "{refused}");
                let upper = interface.uuid.to_ascii_uppercase();
                assert!(provides(&policies, group, &upper, &[]).is_err());
            }
            let mut policy = Policy::default();
            policy.provide.allow("my/app").allow("hall");
            policies.set(Gid::from_i64(8), policy);
        }
        assert!(provides(&policies, 8, UUID, &["my/app", "hall"]).is_err(), "the provider chooses its names");
        assert_eq!(provides(&policies, 8, HALL, &["my/app"]), Ok(()));
        policies.set(Gid::from_i64(9), Policy::host());
        assert_eq!(provides(&policies, 9, UUID, &[]), Ok(()));
    }

    #[test]
    fn a_grant_of_an_interface_of_the_system_closes_nothing_else() {
        for entry in [UUID, "system/print"] {
            let (policies, mut policy) = (Policies::default(), Policy::default());
            policies.guard_system();
            policy.provide.allow(entry);
            policies.set(Gid::from_i64(7), policy.clone());
            assert_eq!(provides(&policies, 7, UUID, &[]), Ok(()));
            assert_eq!(provides(&policies, 7, HALL, &["hall"]), Ok(()));
            assert!(provides(&policies, 7, interface::LOG.uuid, &[]).is_err());
            policy.provide.allow("kitchen");
            policies.set(Gid::from_i64(7), policy);
            assert!(provides(&policies, 7, HALL, &["hall"]).is_err());
            assert_eq!(provides(&policies, 7, HALL, &["kitchen"]), Ok(()));
        }
    }

    #[test]
    fn a_reserved_interface_has_one_container() {
        let policies = Policies::default();
        let hall = [HALL.to_ascii_uppercase()];
        assert_eq!(policies.reserve("keeper", &hall), Ok(()));
        assert_eq!(policies.reserve("keeper", &hall), Ok(()));
        let refused = policies.reserve("other", &["test/free".to_owned(), HALL.to_owned()]).unwrap_err();
        assert_eq!(refused, Reserved { entry: HALL.to_owned(), container: "keeper".to_owned() });
        assert_eq!(provides(&policies, 8, "test/free", &[]), Ok(()), "a refusal reserves nothing");
        let mut policy = Policy::default();
        policy.reserve(HALL);
        policies.set(Gid::from_i64(7), policy);
        assert_eq!(provides(&policies, 7, HALL, &[]), Ok(()));
        let refused = provides(&policies, 8, HALL, &["hall"]).unwrap_err();
        assert!(refused.contains("reserved for the container 'keeper'"), "{refused}");
        policies.release("keeper");
        assert_eq!(provides(&policies, 8, HALL, &["hall"]), Ok(()));
    }
}
