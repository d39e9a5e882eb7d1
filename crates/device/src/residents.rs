//! Knows which groups of processes are which container.
//!
//! Messages are stamped with groups, while permissions, storage and logs belong to containers. A container's group is
//! entered here before its first process runs.

use std::collections::HashMap;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, KernelHandle, Prepared};
use lucarne_services::{Policies, Policy};

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
        self.admit_as(Resident { name: name.clone(), is_instance: false }, kernel, permissions)
    }

    /// Prepares a group for an instance of the container.
    pub(crate) fn admit_instance(
        &self,
        kernel: &KernelHandle,
        name: &ContainerName,
        permissions: &Permissions,
    ) -> Prepared {
        self.admit_as(Resident { name: name.clone(), is_instance: true }, kernel, permissions)
    }

    fn admit_as(&self, resident: Resident, kernel: &KernelHandle, permissions: &Permissions) -> Prepared {
        let group = kernel.prepare();
        self.by_group.lock().insert(group.gid(), resident);
        self.policies.set(group.gid(), policy(permissions));
        group
    }

    /// Returns the container of a group.
    pub(crate) fn name_of(&self, gid: Gid) -> Option<ContainerName> {
        self.by_group.lock().get(&gid).map(|resident| resident.name.clone())
    }

    /// Returns the container of a group, unless the group is an instance.
    pub(crate) fn installed_name_of(&self, gid: Gid) -> Option<ContainerName> {
        let by_group = self.by_group.lock();
        by_group.get(&gid).filter(|resident| !resident.is_instance).map(|resident| resident.name.clone())
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
    let Permissions { allow_open, deny_open, allow_provide, deny_provide } = permissions;
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
    policy
}
