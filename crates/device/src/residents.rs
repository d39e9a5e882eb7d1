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
    names: Arc<Mutex<HashMap<Gid, ContainerName>>>,
    policies: Policies,
}

impl Residents {
    pub(crate) fn new(policies: Policies) -> Residents {
        Residents { names: Arc::default(), policies }
    }

    /// A group for the processes of a container, which may do what its permissions say.
    pub(crate) fn admit(
        &self,
        kernel: &KernelHandle,
        name: &ContainerName,
        permissions: &Permissions,
    ) -> Prepared {
        let group = kernel.prepare();
        self.names.lock().insert(group.gid(), name.clone());
        self.policies.set(group.gid(), policy(permissions));
        group
    }

    /// Which container a group is.
    pub(crate) fn name_of(&self, gid: Gid) -> Option<ContainerName> {
        self.names.lock().get(&gid).cloned()
    }

    /// The container has ended.
    pub(crate) fn forget(&self, name: &ContainerName) {
        self.names.lock().retain(|gid, resident| {
            let stays = resident != name;
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
