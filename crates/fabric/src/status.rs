//! The state of this machine and of the others, as the host shows it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};

use crate::name::MachineName;

/// The interface of the service that shows this state to tools. No rule exports or imports it.
pub const INTERFACE: &str = "a8d1f4a2-6b0e-4a39-8d1c-2f4d9f6f7c31";

/// The state of the fabric, as the switchboard updates it. Clones share the state.
#[derive(Clone)]
pub struct Status {
    shared: Arc<Shared>,
}

struct Shared {
    name: MachineName,
    has_identity: bool,
    exported: AtomicUsize,
    machines: Mutex<BTreeMap<MachineName, MachineStatus>>,
    /// The machines of the stand-ins here, by the group of the stand-in.
    groups: Mutex<HashMap<Gid, MachineName>>,
}

/// Another machine, as this one sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MachineStatus {
    /// The name that it uses.
    pub name: MachineName,
    /// Whether it has proven its name. False if machines of this fabric do not.
    pub is_proven: bool,
    /// The contact that there is now.
    pub contact: Option<Contact>,
    /// The number of its services that can be opened here.
    pub services: usize,
    /// The number of its processes that have a stand-in here.
    pub processes: usize,
    /// How many times contact has begun.
    pub contacts: u64,
    /// How many times contact was lost.
    pub losses: u64,
    /// How many of its requests, and of the handshakes and packets in its name, were refused here.
    pub refused: u64,
    /// Bytes of packets to it and from it.
    pub bytes: (u64, u64),
}

/// A contact with another machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Contact {
    /// The name of the epoch: the half that each machine has chosen, first that of the machine that has called.
    pub epoch: (u64, u64),
    /// When it has begun, in microseconds of the kernel's clock.
    pub since_us: i64,
    /// The time of a packet there and back, in microseconds, smoothed; none before the first was measured.
    pub round_trip_us: Option<i64>,
}

impl MachineStatus {
    /// Returns whether there is contact now.
    pub fn is_in_contact(&self) -> bool {
        self.contact.is_some()
    }
}

impl Status {
    pub(crate) fn new(name: MachineName, has_identity: bool) -> Status {
        let (exported, machines, groups) = Default::default();
        Status { shared: Arc::new(Shared { name, has_identity, exported, machines, groups }) }
    }

    /// Returns the name of this machine.
    pub fn name(&self) -> &MachineName {
        &self.shared.name
    }

    /// Returns whether this machine has an identity: then it proves its name, and others must prove theirs.
    pub fn has_identity(&self) -> bool {
        self.shared.has_identity
    }

    /// Returns the number of services of this machine that are announced to others.
    pub fn exported(&self) -> usize {
        self.shared.exported.load(Ordering::Relaxed)
    }

    /// Returns the other machines that this one knows, by name.
    pub fn machines(&self) -> Vec<MachineStatus> {
        self.shared.machines.lock().values().cloned().collect()
    }

    /// Returns the machine of a process that is a stand-in here, by the group of the stand-in.
    pub fn machine_of(&self, gid: Gid) -> Option<MachineName> {
        self.shared.groups.lock().get(&gid).cloned()
    }

    pub(crate) fn set_exported(&self, exported: usize) {
        self.shared.exported.store(exported, Ordering::Relaxed);
    }

    /// Sets the status of one machine.
    pub(crate) fn set(&self, machine: MachineStatus) {
        self.shared.machines.lock().insert(machine.name.clone(), machine);
    }

    pub(crate) fn forget(&self, name: &MachineName) {
        self.shared.machines.lock().remove(name);
    }

    /// Notes that a group is a stand-in for a process of a machine, until the returned value is dropped.
    pub(crate) fn stands_for(&self, gid: Gid, machine: &MachineName) -> StandInGroup {
        self.shared.groups.lock().insert(gid, machine.clone());
        StandInGroup { status: self.clone(), gid }
    }
}

/// The group of a stand-in, as the status knows it.
pub(crate) struct StandInGroup {
    status: Status,
    gid: Gid,
}

impl Drop for StandInGroup {
    fn drop(&mut self) {
        self.status.shared.groups.lock().remove(&self.gid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_stand_ins_are_forgotten_with_them() {
        let name: MachineName = "hall".parse().unwrap();
        let status = Status::new("cellar".parse().unwrap(), false);
        let simulation = lucarne_kernel::Simulation::new(1);
        let gid = simulation.handle().prepare().gid();
        let group = status.stands_for(gid, &name);
        assert_eq!(status.machine_of(gid), Some(name));
        drop(group);
        assert_eq!(status.machine_of(gid), None);
    }
}
