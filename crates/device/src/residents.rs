//! Maps the groups of processes to the containers that they belong to.
//!
//! Messages are stamped with groups, while permissions, storage and logs belong to containers. A container's group is
//! entered here before its first process runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

#[cfg(feature = "fabric")]
use lucarne_host::fabric::GroupExports;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, KernelHandle, Prepared};
use lucarne_providers::network::Reach;
use lucarne_services::{Policies, Policy, Reserved};
use uuid::Uuid;

use crate::control::Refusal;
use crate::{ContainerName, Permissions};

/// The groups of the running containers. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Residents {
    by_group: Arc<Mutex<HashMap<Gid, Resident>>>,
    policies: Policies,
    reaches: Arc<Mutex<HashMap<Gid, Arc<Reach>>>>,
    /// The number of attempts to use the network that were refused, by container.
    refused: Arc<Mutex<HashMap<ContainerName, u64>>>,
    /// What containers export to other machines.
    #[cfg(feature = "fabric")]
    exports: GroupExports,
}

/// The container of a group.
struct Resident {
    name: ContainerName,
    /// The container that started this instance, directly or by another instance. None if this is not an instance.
    starter: Option<ContainerName>,
    /// The interfaces that it was reported to provide.
    provides: HashSet<Uuid>,
}

/// The number of interfaces of one run that are reported: those for which clients wait when the container starts again.
/// A container can register many more.
const REPORTED_MAX: usize = 64;

/// The number of instances that one container may have loaded or running at the same time. Instances that its instances
/// start count too.
pub(crate) const INSTANCES_PER_CONTAINER_MAX: usize = 256;

impl Resident {
    fn new(name: &ContainerName, starter: Option<ContainerName>) -> Resident {
        Resident { name: name.clone(), starter, provides: HashSet::new() }
    }

    fn is_instance(&self) -> bool {
        self.starter.is_some()
    }
}

impl Residents {
    pub(crate) fn new(policies: Policies) -> Residents {
        Residents { policies, ..Residents::default() }
    }

    /// Returns what containers export to other machines.
    #[cfg(feature = "fabric")]
    pub(crate) fn exports(&self) -> &GroupExports {
        &self.exports
    }

    /// Prepares a group for the processes of a container, with its permissions.
    pub(crate) fn admit(
        &self,
        kernel: &KernelHandle,
        name: &ContainerName,
        permissions: &Permissions,
    ) -> Prepared {
        self.admit_as(Resident::new(name, None), kernel, permissions)
    }

    /// Prepares a group for an instance of the container, which `starter` starts.
    ///
    /// # Errors
    /// If the starter has [`INSTANCES_PER_CONTAINER_MAX`] instances.
    pub(crate) fn admit_instance(
        &self,
        kernel: &KernelHandle,
        name: &ContainerName,
        permissions: &Permissions,
        starter: ContainerName,
    ) -> Result<Prepared, Refusal> {
        let by_group = self.by_group.lock();
        let count = by_group.values().filter(|resident| resident.starter.as_ref() == Some(&starter)).count();
        drop(by_group);
        if count >= INSTANCES_PER_CONTAINER_MAX {
            return Err(Refusal::new(format_args!("QUOTA_EXCEEDED: '{starter}' has {count} instances")));
        }
        Ok(self.admit_as(Resident::new(name, Some(starter)), kernel, permissions))
    }

    fn admit_as(&self, resident: Resident, kernel: &KernelHandle, permissions: &Permissions) -> Prepared {
        let group = kernel.prepare();
        self.by_group.lock().insert(group.gid(), resident);
        self.policies.set(group.gid(), policy(permissions));
        self.reaches.lock().insert(group.gid(), Arc::new(reach(permissions)));
        #[cfg(feature = "fabric")]
        self.exports.set(group.gid(), exports(permissions));
        group
    }

    /// Reserves the interfaces and ids in `provides` for the container, and releases those that it reserved before.
    ///
    /// # Errors
    /// If another container has reserved some of them. Then nothing has changed.
    pub(crate) fn reserve(&self, name: &ContainerName, permissions: &Permissions) -> Result<(), Reserved> {
        self.policies.reserve(name.as_str(), &permissions.provides)
    }

    /// Releases the interfaces and ids that the container has reserved, and forgets its counters.
    pub(crate) fn release(&self, name: &ContainerName) {
        self.policies.release(name.as_str());
        self.refused.lock().remove(name);
    }

    /// Returns the container of a group.
    pub(crate) fn name_of(&self, gid: Gid) -> Option<ContainerName> {
        self.by_group.lock().get(&gid).map(|resident| resident.name.clone())
    }

    /// Returns the container for which the instances that this group starts are counted.
    pub(crate) fn starter_of(&self, gid: Gid) -> Option<ContainerName> {
        let by_group = self.by_group.lock();
        by_group.get(&gid).map(|resident| resident.starter.as_ref().unwrap_or(&resident.name).clone())
    }

    /// Notes that a group provides an interface. Returns its container if this is to be reported. Interfaces of
    /// instances are not reported. Each interface is reported once, and at most [`REPORTED_MAX`] of them, since a
    /// container may register very many.
    pub(crate) fn note_provided(&self, gid: Gid, interface: Uuid) -> Option<ContainerName> {
        let mut by_group = self.by_group.lock();
        let resident = by_group.get_mut(&gid).filter(|resident| !resident.is_instance())?;
        let is_new = resident.provides.len() < REPORTED_MAX && resident.provides.insert(interface);
        is_new.then(|| resident.name.clone())
    }

    /// Returns the number of groups that a container has, without its instances.
    #[cfg(test)]
    pub(crate) fn groups_of(&self, name: &ContainerName) -> usize {
        let by_group = self.by_group.lock();
        by_group.values().filter(|resident| !resident.is_instance() && resident.name == *name).count()
    }

    /// Forgets an instance that has ended.
    pub(crate) fn forget_instance(&self, gid: Gid) {
        self.by_group.lock().remove(&gid);
        self.forget_rules(gid);
    }

    /// Forgets the permissions of a group.
    fn forget_rules(&self, gid: Gid) {
        self.policies.forget(gid);
        self.reaches.lock().remove(&gid);
        #[cfg(feature = "fabric")]
        self.exports.forget(gid);
    }

    /// Returns what the processes of a group may reach over the network: nothing, if it belongs to no container.
    pub(crate) fn reach(&self, gid: Gid) -> Arc<Reach> {
        let closed = || Arc::new(Reach { is_closed: true, ..Reach::default() });
        self.reaches.lock().get(&gid).cloned().unwrap_or_else(closed)
    }

    /// Counts an attempt to use the network that was refused. Returns the container of the group.
    pub(crate) fn note_refused(&self, gid: Gid) -> Option<ContainerName> {
        let name = self.name_of(gid)?;
        *self.refused.lock().entry(name.clone()).or_default() += 1;
        Some(name)
    }

    /// Returns the number of attempts of a container and its instances to use the network that were refused.
    pub(crate) fn refused(&self, name: &ContainerName) -> u64 {
        self.refused.lock().get(name).copied().unwrap_or_default()
    }

    /// Forgets a container that has ended. Its instances stay.
    pub(crate) fn forget(&self, name: &ContainerName) {
        self.by_group.lock().retain(|gid, resident| {
            let stays = resident.is_instance() || resident.name != *name;
            if !stays {
                self.forget_rules(*gid);
            }
            stays
        });
    }
}

fn policy(permissions: &Permissions) -> Policy {
    let Permissions { allow_open, deny_open, allow_provide, deny_provide, provides, .. } = permissions;
    let mut policy = Policy::default();
    for entry in allow_open {
        policy.open.allow(entry);
    }
    for entry in deny_open {
        policy.open.deny(entry);
    }
    for entry in allow_provide {
        policy.provide.allow(entry);
    }
    for entry in deny_provide {
        policy.provide.deny(entry);
    }
    for entry in provides {
        policy.reserve(entry);
    }
    policy
}

/// Returns what a container exports. Rules that cannot be read, although they were checked, export nothing.
#[cfg(feature = "fabric")]
fn exports(permissions: &Permissions) -> lucarne_host::fabric::Rules {
    permissions.exports.iter().filter_map(|rule| rule.parse().ok()).collect()
}

/// Returns what a container may reach. Its settings were checked when it was installed. If they cannot be read all the
/// same, it reaches nothing.
fn reach(permissions: &Permissions) -> Reach {
    let Permissions { allow_connect, deny_connect, allow_listen, no_network, .. } = permissions;
    let remotes = |texts: &[String]| texts.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>();
    match (remotes(allow_connect), remotes(deny_connect)) {
        (Ok(allowed), Ok(denied)) => {
            Reach { allowed, denied, listens: allow_listen.clone(), is_closed: *no_network }
        }
        _ => Reach { is_closed: true, ..Reach::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lucarne_kernel::Simulation;

    #[test]
    fn what_a_container_provides_is_reported_once_and_within_a_bound() {
        let simulation = Simulation::new(1);
        let residents = Residents::new(Policies::default());
        let name: ContainerName = "many".parse().expect("is valid");
        let permissions = Permissions::default();
        let group = residents.admit(simulation.handle(), &name, &permissions);
        let instance = residents
            .admit_instance(simulation.handle(), &name, &permissions, name.clone())
            .expect("it is the first");
        let mut reports = 0;
        for number in 0..4_000_u128 {
            let interface = Uuid::from_u128(number);
            assert_eq!(residents.note_provided(instance.gid(), interface), None);
            reports += usize::from(residents.note_provided(group.gid(), interface).is_some());
            assert_eq!(residents.note_provided(group.gid(), interface), None, "once");
        }
        assert_eq!(reports, REPORTED_MAX);
    }

    #[test]
    fn instances_count_for_the_container_that_started_the_first() {
        let simulation = Simulation::new(1);
        let residents = Residents::new(Policies::default());
        let (greedy, modest): (ContainerName, ContainerName) =
            ("greedy".parse().expect("is valid"), "modest".parse().expect("is valid"));
        let permissions = Permissions::default();
        let admit = |starter: &Prepared| {
            let starter = residents.starter_of(starter.gid()).expect("it is a resident");
            // The instance has the image of another container, but counts for the container that starts it.
            residents.admit_instance(simulation.handle(), &modest, &permissions, starter)
        };
        let mut starter = residents.admit(simulation.handle(), &greedy, &permissions);
        let first = admit(&starter).expect("there is room");
        let first_gid = first.gid();
        starter = first;
        for _ in 1..INSTANCES_PER_CONTAINER_MAX {
            starter = admit(&starter).expect("there is room");
        }
        let refused = admit(&starter).err().expect("the quota is used up");
        assert_eq!(refused.to_string(), "QUOTA_EXCEEDED: 'greedy' has 256 instances");
        let other = residents.admit(simulation.handle(), &modest, &permissions);
        admit(&other).expect("another container has its own quota");
        residents.forget_instance(first_gid);
        admit(&starter).expect("there is room again");
    }
}
