//! Limits on the numbers of clients and resources that other processes may have open at a container, so that none of
//! them uses up the container's memory.

use lucarne_kernel::{Gid, Pid};
use rustc_hash::FxHashMap;

/// The number of clients that one process may have open at the providers of a container.
pub const CLIENTS_PER_PROCESS_MAX: usize = 4_096;

/// The number of clients that the processes of one group may have open together at the providers of a container.
pub const CLIENTS_PER_GROUP_MAX: usize = 4 * CLIENTS_PER_PROCESS_MAX;

/// The number of resources that the clients of one process may have at a container.
pub const RESOURCES_PER_PROCESS_MAX: usize = 16_384;

/// The number of resources that the clients of one group may have together at a container.
pub const RESOURCES_PER_GROUP_MAX: usize = 4 * RESOURCES_PER_PROCESS_MAX;

/// The kind of thing that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    Client,
    Resource,
}

/// A limit was reached. Programs see the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("QUOTA_EXCEEDED: {holder} has {count} {what} open here")]
pub(crate) struct QuotaExceeded {
    holder: &'static str,
    count: usize,
    what: &'static str,
}

/// The numbers of clients and resources that processes and groups have.
#[derive(Debug, Default)]
pub(crate) struct Quotas {
    processes: FxHashMap<Pid, Used>,
    groups: FxHashMap<Gid, Used>,
}

#[derive(Debug, Default)]
struct Used {
    clients: usize,
    resources: usize,
}

impl Counted {
    fn limits(self) -> (usize, usize, &'static str) {
        match self {
            Counted::Client => (CLIENTS_PER_PROCESS_MAX, CLIENTS_PER_GROUP_MAX, "clients"),
            Counted::Resource => (RESOURCES_PER_PROCESS_MAX, RESOURCES_PER_GROUP_MAX, "resources"),
        }
    }
}

impl Used {
    fn of(&mut self, counted: Counted) -> &mut usize {
        match counted {
            Counted::Client => &mut self.clients,
            Counted::Resource => &mut self.resources,
        }
    }

    fn is_nothing(&self) -> bool {
        self.clients == 0 && self.resources == 0
    }
}

impl Quotas {
    /// Counts one more client or resource.
    ///
    /// # Errors
    /// If the process or the group has reached its limit. The counts are then unchanged.
    pub(crate) fn add(&mut self, counted: Counted, pid: Pid, gid: Gid) -> Result<(), QuotaExceeded> {
        let (process_max, group_max, what) = counted.limits();
        let process = *self.processes.entry(pid).or_default().of(counted);
        if process >= process_max {
            return Err(QuotaExceeded { holder: "this process", count: process, what });
        }
        let group = self.groups.entry(gid).or_default().of(counted);
        if *group >= group_max {
            return Err(QuotaExceeded { holder: "this container", count: *group, what });
        }
        *group += 1;
        *self.processes.entry(pid).or_default().of(counted) += 1;
        Ok(())
    }

    /// Counts `count` fewer clients or resources.
    pub(crate) fn remove(&mut self, counted: Counted, pid: Pid, gid: Gid, count: usize) {
        if let Some(used) = self.processes.get_mut(&pid) {
            *used.of(counted) -= count;
            if used.is_nothing() {
                self.processes.remove(&pid);
            }
        }
        if let Some(used) = self.groups.get_mut(&gid) {
            *used.of(counted) -= count;
            if used.is_nothing() {
                self.groups.remove(&gid);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_and_its_group_have_a_limit_each() {
        let mut quotas = Quotas::default();
        let (gid, other) = (Gid::from_i64(1), Gid::from_i64(2));
        for process in 0..4 {
            let pid = Pid::from_i64(process);
            for _ in 0..CLIENTS_PER_PROCESS_MAX {
                quotas.add(Counted::Client, pid, gid).expect("it has room");
            }
            let refused = quotas.add(Counted::Client, pid, gid).unwrap_err().to_string();
            assert_eq!(refused, "QUOTA_EXCEEDED: this process has 4096 clients open here");
        }
        let fifth = Pid::from_i64(5);
        let refused = quotas.add(Counted::Client, fifth, gid).unwrap_err().to_string();
        assert_eq!(refused, "QUOTA_EXCEEDED: this container has 16384 clients open here");
        quotas.add(Counted::Client, fifth, other).expect("others have room");
        quotas.add(Counted::Resource, fifth, gid).expect("resources are counted apart");
        quotas.remove(Counted::Client, Pid::from_i64(0), gid, CLIENTS_PER_PROCESS_MAX);
        quotas.add(Counted::Client, fifth, gid).expect("there is room again");
        for process in 1..4 {
            quotas.remove(Counted::Client, Pid::from_i64(process), gid, CLIENTS_PER_PROCESS_MAX);
        }
        quotas.remove(Counted::Client, fifth, gid, 1);
        quotas.remove(Counted::Resource, fifth, gid, 1);
        quotas.remove(Counted::Client, fifth, other, 1);
        assert!(quotas.groups.is_empty() && quotas.processes.values().all(Used::is_nothing));
    }
}
