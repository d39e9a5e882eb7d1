//! Systems on other machines: their services are found and used as if they were local.
//!
//! A system *joins* a fabric ([`join`]) under the name of its machine. The services that it *exports* are announced to the
//! others, and the services of others that it *imports* are candidates for its clients. Clients, providers and programs
//! need nothing for this. `docs/fabric.md` says what users can rely on.
//!
//! # How it works
//!
//! - For each process of another machine that this one is in contact with there is a stand-in here: the same process that
//!   stands for a container in another OS process ([`lucarne_link::carry`]). So limits, permissions and ends need no
//!   second implementation.
//! - All stand-ins of one machine share a *flow* (`flow`): packets with numbers, each way. What waits for it is in the
//!   `outbox`, which cuts large frames into pieces. A `lane` is the wire of one stand-in into the flow, and a `trunk`
//!   holds the lanes and the outbox of one flow.
//! - The `switchboard` is the one process that reads from the network, runs the flows, announces what is exported, and
//!   registers what is imported with the service manager.
//! - If machines have identities ([`identity`]), the flow goes through a `tunnel`, in which both have proven their names.
//! - The [`Network`] below carries single packets and announcements. Zenoh is one; the [`simulation`] is another.

#[cfg(test)]
extern crate self as lucarne_fabric;

#[cfg(feature = "authority")]
pub mod authority;
pub mod network;
#[cfg(feature = "zenoh")]
pub mod over_zenoh;
pub mod simulation;

#[cfg(test)]
mod attacks;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
mod complaints;
mod description;
mod exports;
mod flow;
mod house;
pub mod identity;
#[cfg(test)]
mod impostors;
mod inbox;
mod lane;
mod name;
mod opening;
mod outbox;
mod packet;
mod peer;
mod questions;
mod queues;
mod revocations;
mod rules;
pub mod status;
mod switchboard;
mod trunk;
mod tunnel;

pub use exports::GroupExports;
pub use name::{BadName, MachineName};
pub use network::Network;
pub use rules::{BadRule, Rule, Rules};
pub use status::{Contact, MachineStatus, Status};
pub use switchboard::{Options, join};
