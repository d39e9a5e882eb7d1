//! The rules for what single containers of this machine export, in addition to the rules for all containers.

use std::collections::HashMap;
use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_kernel::sync::Mutex;
use lucarne_services::Offered;

use crate::name::MachineName;
use crate::rules::Rules;

/// Rules for the services of single groups of processes. A rule of a group holds only for the services of that group.
/// Clones share the rules.
///
/// Set the rules before the first process of the group runs: services that are registered already are not looked at
/// again.
#[derive(Debug, Clone, Default)]
pub struct GroupExports {
    groups: Arc<Mutex<HashMap<Gid, Rules>>>,
}

impl GroupExports {
    /// Sets the rules of a group.
    pub fn set(&self, gid: Gid, rules: Rules) {
        if rules.is_empty() {
            self.forget(gid);
        } else {
            self.groups.lock().insert(gid, rules);
        }
    }

    /// Forgets a group that has ended.
    pub fn forget(&self, gid: Gid) {
        self.groups.lock().remove(&gid);
    }

    /// Returns whether a service of a group may go to a machine.
    pub(crate) fn permit(&self, gid: Option<Gid>, machine: &MachineName, offered: &Offered) -> bool {
        self.look(gid, |rules| rules.permit(machine, offered))
    }

    /// Returns whether a service of a group may go to any machine.
    pub(crate) fn permit_any(&self, gid: Option<Gid>, offered: &Offered) -> bool {
        self.look(gid, |rules| rules.permit_any(offered))
    }

    fn look(&self, gid: Option<Gid>, look: impl FnOnce(&Rules) -> bool) -> bool {
        let Some(gid) = gid else { return false };
        self.groups.lock().get(&gid).is_some_and(look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lucarne_kernel::Pid;

    #[test]
    fn rules_of_a_group_hold_for_its_services_alone() {
        let simulation = lucarne_kernel::Simulation::new(1);
        let [one, other] = [(), ()].map(|()| simulation.handle().prepare());
        let offered = Offered {
            pid: Pid::from_i64(1),
            id: 0,
            uuid: "0b2a5a3b-93b7-4e3c-9f43-c9e4a6c2c1d7".to_owned(),
            name: "house/sensor".to_owned(),
            version: (1, 0),
            priority: 128,
            tags: Vec::new(),
        };
        let exports = GroupExports::default();
        exports.set(one.gid(), ["hall:all".parse().unwrap()].into_iter().collect());
        let [hall, attic] = ["hall", "attic"].map(|name| name.parse::<MachineName>().unwrap());
        let permits = |gid, machine: &MachineName| exports.permit(gid, machine, &offered);
        assert!(permits(Some(one.gid()), &hall) && exports.permit_any(Some(one.gid()), &offered));
        assert!(!permits(Some(one.gid()), &attic));
        assert!(!permits(Some(other.gid()), &hall) && !exports.permit_any(Some(other.gid()), &offered));
        assert!(!permits(None, &hall), "a process that has ended");
        exports.forget(one.gid());
        assert!(!permits(Some(one.gid()), &hall));
    }
}
