//! Maps the groups of processes to the containers that they belong to.
//!
//! Messages are stamped with groups, while permissions, storage and logs belong to containers. A container's group is
//! entered here before its first process runs.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, KernelHandle, Prepared};
use lucarne_services::{Policies, Policy, Reserved};
use uuid::Uuid;

use crate::{ContainerName, Permissions};

/// The groups of the running containers. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Residents {
    by_group: Arc<Mutex<HashMap<Gid, Resident>>>,
    policies: Policies,
}

/// The container of a group.
struct Resident {
    name: ContainerName,
    /// Whether it is an instance, which programs start and end.
    is_instance: bool,
    /// The interfaces that it was reported to provide.
    provides: HashSet<Uuid>,
}

/// The number of interfaces of one run that are reported: those for which clients wait when the container starts again.
/// A container can register many more.
const REPORTED_MAX: usize = 64;

impl Resident {
    fn new(name: &ContainerName, is_instance: bool) -> Resident {
        Resident { name: name.clone(), is_instance, provides: HashSet::new() }
    }
}

impl Residents {
    pub(crate) fn new(policies: Policies) -> Residents {
        Residents { by_group: Arc::default(), policies }
    }

    /// Prepares a group for the processes of a container, with its permissions.
    pub(crate) fn admit(
        &self,
        kernel: &KernelHandle,
        name: &ContainerName,
        permissions: &Permissions,
    ) -> Prepared {
        self.admit_as(Resident::new(name, false), kernel, permissions)
    }

    /// Prepares a group for an instance of the container.
    pub(crate) fn admit_instance(
        &self,
        kernel: &KernelHandle,
        name: &ContainerName,
        permissions: &Permissions,
    ) -> Prepared {
        self.admit_as(Resident::new(name, true), kernel, permissions)
    }

    fn admit_as(&self, resident: Resident, kernel: &KernelHandle, permissions: &Permissions) -> Prepared {
        let group = kernel.prepare();
        self.by_group.lock().insert(group.gid(), resident);
        self.policies.set(group.gid(), policy(permissions));
        group
    }

    /// Reserves what the container provides, instead of what it has reserved before.
    ///
    /// # Errors
    /// If another container has reserved some of it. Then nothing has changed.
    pub(crate) fn reserve(&self, name: &ContainerName, permissions: &Permissions) -> Result<(), Reserved> {
        self.policies.reserve(name.as_str(), &permissions.provides)
    }

    /// Gives up what the container has reserved.
    pub(crate) fn release(&self, name: &ContainerName) {
        self.policies.release(name.as_str());
    }

    /// Returns the container of a group.
    pub(crate) fn name_of(&self, gid: Gid) -> Option<ContainerName> {
        self.by_group.lock().get(&gid).map(|resident| resident.name.clone())
    }

    /// Notes that a group provides an interface. Returns its container if that is to be reported: not for an instance, not
    /// twice, and not without limit, since containers register as fast as they can.
    pub(crate) fn note_provided(&self, gid: Gid, interface: Uuid) -> Option<ContainerName> {
        let mut by_group = self.by_group.lock();
        let resident = by_group.get_mut(&gid).filter(|resident| !resident.is_instance)?;
        let is_new = resident.provides.len() < REPORTED_MAX && resident.provides.insert(interface);
        is_new.then(|| resident.name.clone())
    }

    /// Returns the number of groups that a container has, without its instances.
    #[cfg(test)]
    pub(crate) fn groups_of(&self, name: &ContainerName) -> usize {
        let by_group = self.by_group.lock();
        by_group.values().filter(|resident| !resident.is_instance && resident.name == *name).count()
    }

    /// Forgets an instance that has ended.
    pub(crate) fn forget_instance(&self, gid: Gid) {
        self.by_group.lock().remove(&gid);
        self.policies.forget(gid);
    }

    /// Forgets a container that has ended. Its instances stay.
    pub(crate) fn forget(&self, name: &ContainerName) {
        self.by_group.lock().retain(|gid, resident| {
            let stays = resident.is_instance || resident.name != *name;
            if !stays {
                self.policies.forget(*gid);
            }
            stays
        });
    }
}

fn policy(permissions: &Permissions) -> Policy {
    let Permissions { allow_open, deny_open, allow_provide, deny_provide, provides } = permissions;
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
        let instance = residents.admit_instance(simulation.handle(), &name, &permissions);
        let mut reports = 0;
        for number in 0..4_000_u128 {
            let interface = Uuid::from_u128(number);
            assert_eq!(residents.note_provided(instance.gid(), interface), None);
            reports += usize::from(residents.note_provided(group.gid(), interface).is_some());
            assert_eq!(residents.note_provided(group.gid(), interface), None, "once");
        }
        assert_eq!(reports, REPORTED_MAX);
    }
}
