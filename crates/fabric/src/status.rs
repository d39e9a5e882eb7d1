//! What the host shows of the other machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;

use crate::name::MachineName;

/// The state of the fabric, as the switchboard updates it. Clones are the same.
#[derive(Clone, Default)]
pub struct Status {
    machines: Arc<Mutex<BTreeMap<MachineName, MachineStatus>>>,
}

/// Another machine, as this one sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineStatus {
    /// The name that it uses.
    pub name: MachineName,
    /// Whether it has proven its name. False if machines of this fabric do not.
    pub is_proven: bool,
    /// Whether there is contact now.
    pub is_in_contact: bool,
    /// The number of its services that can be opened here.
    pub services: usize,
    /// The number of its processes that have a stand-in here.
    pub processes: usize,
    /// How many times contact has begun.
    pub contacts: u64,
    /// How many times contact was lost.
    pub losses: u64,
    /// Bytes of packets to it and from it.
    pub bytes: (u64, u64),
}

impl Status {
    /// Returns the machines that this one knows, by name.
    pub fn machines(&self) -> Vec<MachineStatus> {
        self.machines.lock().values().cloned().collect()
    }

    /// Sets the status of one machine.
    pub(crate) fn set(&self, machine: MachineStatus) {
        self.machines.lock().insert(machine.name.clone(), machine);
    }

    pub(crate) fn forget(&self, name: &MachineName) {
        self.machines.lock().remove(name);
    }
}
