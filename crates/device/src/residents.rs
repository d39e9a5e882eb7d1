//! Who is who: which groups of processes are which container.
//!
//! Everything that is kept by container, and everything that is decided by it, is looked up here by the group that the
//! kernel stamps on messages. A container is known before its first process runs.

use std::collections::HashMap;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_kernel::{Gid, KernelHandle, Prepared};
use lucarne_services::{Policies, Policy};

use crate::{ContainerName, Permissions};

/// The containers that run, by their groups. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Residents {
    by_group: Arc<Mutex<HashMap<Gid, Resident>>>,
    policies: Policies,
}

/// What a group is.
struct Resident {
    name: ContainerName,
    /// Whether it is a further container of an installed one's image: it comes and goes by itself.
    is_instance: bool,
}

impl Residents {
    pub(crate) fn new(policies: Policies) -> Residents {
        Residents { by_group: Arc::default(), policies }
    }

    /// A group for the processes of a container, which may do what its permissions say.
    pub(crate) fn admit(
        &self,
        kernel: &KernelHandle,
        name: &ContainerName,
        permissions: &Permissions,
    ) -> Prepared {
        self.admit_as(Resident { name: name.clone(), is_instance: false }, kernel, permissions)
    }

    /// The same for an instance of the container.
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

    /// Which container a group is.
    pub(crate) fn name_of(&self, gid: Gid) -> Option<ContainerName> {
        self.by_group.lock().get(&gid).map(|resident| resident.name.clone())
    }

    /// Which container a group is, if it is no instance of it.
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

    /// An instance has ended.
    pub(crate) fn forget_instance(&self, gid: Gid) {
        self.by_group.lock().remove(&gid);
        self.policies.forget(gid);
    }

    /// The container has ended. Its instances have not.
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
