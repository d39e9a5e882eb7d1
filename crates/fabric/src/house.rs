//! What the switchboard lends to a peer for a turn.

use std::collections::{BTreeMap, BTreeSet};

use lucarne_kernel::{Context, KernelHandle, Pid, Waker};
use lucarne_services::{Abroad, Offered};

use crate::complaints::{Complaint, Complaints};
use crate::exports::GroupExports;
use crate::identity::Identity;
use crate::name::MachineName;
use crate::network::Network;
use crate::questions::Questions;
use crate::rules::Rules;
use crate::status::Status;

/// What a peer needs of its surroundings.
pub(crate) struct House<'h, 'c, 'k> {
    pub(crate) context: &'c mut Context<'k>,
    pub(crate) kernel: &'h KernelHandle,
    pub(crate) abroad: &'h Abroad,
    pub(crate) network: &'h dyn Network,
    pub(crate) imports: &'h Rules,
    pub(crate) exports: &'h Rules,
    pub(crate) group_exports: &'h GroupExports,
    /// All services of this machine, by process and id.
    pub(crate) provided: &'h BTreeSet<(Pid, i64)>,
    /// The services that some machine may use.
    pub(crate) offered: &'h BTreeMap<(Pid, i64), Offered>,
    pub(crate) me: &'h MachineName,
    pub(crate) identity: Option<&'h Identity>,
    pub(crate) switchboard: &'h Waker,
    pub(crate) window: usize,
    /// The bytes that are on the way to all machines.
    pub(crate) on_the_way: usize,
    pub(crate) log: &'h (dyn Fn(&str) + Send + Sync),
    pub(crate) complaints: &'c mut Complaints,
    pub(crate) questions: &'c mut Questions,
    pub(crate) status: &'h Status,
}

impl House<'_, '_, '_> {
    /// Returns whether a service of this machine may go to another one. `service` is its process and its id.
    pub(crate) fn exports_to(&self, machine: &MachineName, service: (Pid, i64)) -> bool {
        self.offered.get(&service).is_some_and(|offered| {
            let gid = self.kernel.gid_of(service.0);
            self.exports.permit(machine, offered) || self.group_exports.permit(gid, machine, offered)
        })
    }

    /// Logs that a machine was not given a service, and why.
    pub(crate) fn complain_of_opening(&mut self, machine: &MachineName, service: (Pid, i64)) {
        match self.provided.contains(&service) {
            true => {
                let text = "asks for a service that is not exported to it";
                self.complain(machine, Complaint::NotExported, text);
            }
            false => {
                let text = "asks for a service that has ended, or was never there";
                self.complain(machine, Complaint::NoService, text);
            }
        }
    }

    /// Logs what a machine does wrong, once for each kind. `text` follows its name.
    pub(crate) fn complain(&mut self, machine: &MachineName, complaint: Complaint, text: &str) {
        if self.complaints.is_first(machine, complaint) {
            (self.log)(&format!("{machine} {text}"));
        }
    }
}
