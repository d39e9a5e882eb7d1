//! The state of a fabric, as tools show it: this machine, and the others.
//!
//! The service [`Fabric`] shows it to `lucarne fabric status`. A device provides it in the system of its control service,
//! where no container finds it; `lucarne run --listen` in the system of its program. No rule exports or imports it.

use lucarne::InstallError;
use lucarne::prelude::*;
#[cfg(feature = "fabric")]
use lucarne_host::fabric::{MachineStatus, Status};
use lucarne_kernel::Gid;
#[cfg(feature = "fabric")]
use lucarne_kernel::clock::Clock;
use serde::{Deserialize, Serialize};

/// Shows a machine's view of its fabric.
#[lucarne::service(uuid = "a8d1f4a2-6b0e-4a39-8d1c-2f4d9f6f7c31", version = "1.0")]
pub trait Fabric {
    /// Describes this machine and the others.
    #[index(0)]
    async fn status(&self) -> FabricStatus;
}

/// A machine's view of its fabric.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FabricStatus {
    /// The name of this machine.
    pub machine: String,
    /// Whether this machine has an identity: then it proves its name, and others must prove theirs.
    pub has_identity: bool,
    /// The number of its services that are announced to others.
    pub exported: u64,
    /// The other machines, by name.
    pub machines: Vec<OtherMachine>,
}

/// Another machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OtherMachine {
    /// The name that it uses.
    pub machine: String,
    /// Whether it has proven its name.
    pub is_proven: bool,
    /// Whether there is contact now.
    pub is_in_contact: bool,
    /// The name of the present contact: 32 hexadecimal digits, which are the same on both machines.
    pub epoch: Option<String>,
    /// The time since the present contact has begun, in µs.
    pub contact_us: Option<i64>,
    /// The time of a packet there and back, in µs, smoothed.
    pub round_trip_us: Option<i64>,
    /// The bytes of packets to it.
    pub sent_bytes: u64,
    /// The bytes of packets from it.
    pub received_bytes: u64,
    /// How many times contact has begun.
    pub contacts: u64,
    /// How many times contact was lost.
    pub lost_contacts: u64,
    /// How many of its requests, and of the handshakes and packets in its name, were refused.
    pub refused: u64,
    /// The number of its services that can be opened here.
    pub services: u64,
    /// The number of its processes that are in contact with this machine.
    pub processes: u64,
}

/// Looks at the fabric of a system. Sees nothing if the system has joined none.
#[derive(Clone, Default)]
pub struct View {
    #[cfg(feature = "fabric")]
    joined: Option<(Status, Clock)>,
}

#[cfg(feature = "fabric")]
impl View {
    /// Returns a view of a system.
    pub fn of(system: &System) -> View {
        View { joined: system.fabric().map(|status| (status.clone(), system.kernel().clock().clone())) }
    }

    /// Returns the machine's view, if it has joined a fabric.
    pub fn status(&self) -> Option<FabricStatus> {
        let (status, clock) = self.joined.as_ref()?;
        let now_us = clock.now_us();
        Some(FabricStatus {
            machine: status.name().to_string(),
            has_identity: status.has_identity(),
            exported: status.exported() as u64,
            machines: status.machines().iter().map(|machine| OtherMachine::of(machine, now_us)).collect(),
        })
    }

    /// Returns the name of this machine, if it has joined a fabric.
    pub(crate) fn own_name(&self) -> Option<String> {
        self.joined.as_ref().map(|(status, _)| status.name().to_string())
    }

    /// Returns the other machine whose process a group stands for.
    pub(crate) fn machine_of(&self, gid: Gid) -> Option<String> {
        self.joined.as_ref()?.0.machine_of(gid).map(|name| name.to_string())
    }
}

#[cfg(not(feature = "fabric"))]
impl View {
    /// Returns a view that shows nothing, since this build cannot join a fabric.
    pub fn of(_system: &System) -> View {
        View::default()
    }

    /// Returns none: this build cannot join a fabric.
    pub fn status(&self) -> Option<FabricStatus> {
        None
    }

    pub(crate) fn own_name(&self) -> Option<String> {
        None
    }

    pub(crate) fn machine_of(&self, _gid: Gid) -> Option<String> {
        None
    }
}

#[cfg(feature = "fabric")]
impl OtherMachine {
    fn of(machine: &MachineStatus, now_us: i64) -> OtherMachine {
        let contact = machine.contact.as_ref();
        OtherMachine {
            machine: machine.name.to_string(),
            is_proven: machine.is_proven,
            is_in_contact: machine.is_in_contact(),
            epoch: contact.map(|contact| format!("{:016x}{:016x}", contact.epoch.0, contact.epoch.1)),
            contact_us: contact.map(|contact| (now_us - contact.since_us).max(0)),
            round_trip_us: contact.and_then(|contact| contact.round_trip_us),
            sent_bytes: machine.bytes.0,
            received_bytes: machine.bytes.1,
            contacts: machine.contacts,
            lost_contacts: machine.losses,
            refused: machine.refused,
            services: machine.services as u64,
            processes: machine.processes as u64,
        }
    }
}

/// The provider of [`Fabric`].
struct Shown(View);

impl Fabric for Shown {
    async fn status(&self) -> FabricStatus {
        self.0.status().unwrap_or_default()
    }
}

/// Provides [`Fabric`] in a container, until the provider is uninstalled or the system ends.
///
/// # Errors
/// If the container has ended.
pub fn show(view: View, container: &Container) -> Result<Provider, InstallError> {
    container.provider("lucarne/fabric", "1.0").handle(FabricHandler::new(Shown(view))).install().wait()
}

#[cfg(all(test, feature = "fabric"))]
mod tests {
    use super::*;

    #[test]
    fn rules_know_the_service() {
        assert_eq!(FabricClient::SELECTOR.uuid().to_string(), lucarne_host::fabric::status::INTERFACE);
    }
}
