//! Control groups: one for each executable and all processes that it starts.
//!
//! If the device was given a part of the tree of groups (`Delegate=` of systemd), its groups have limits. If it was
//! not, but can make groups of version 2, its groups have no limits: they only serve to end all processes of a
//! container when the container ends.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::thread;
use rustix::process::{Pid, Signal, getpid, kill_process};

use crate::children;

/// The controllers of the limits.
const CONTROLLERS: &[&str] = &["cpu", "memory", "pids"];

/// The processor weight of a container in the background. The weight of other containers is 100.
const BACKGROUND_WEIGHT: u32 = 25;

/// The largest number of OS processes and threads of a container.
const PIDS_MAX: u32 = 4_096;

/// The longest time that killed processes may take to end.
const PATIENCE: Duration = Duration::from_secs(3);

/// The time between looks at processes that were killed.
const LOOK: Duration = Duration::from_millis(1);

/// The part of the tree that the device may change.
#[derive(Debug, Clone)]
pub(crate) struct Cgroups {
    folder: PathBuf,
    /// The beginning of the names of the groups.
    prefix: String,
    /// Whether the groups have limits.
    has_limits: bool,
}

/// The group of a container. It is removed when this is dropped, which must be after the container has ended.
#[derive(Debug)]
pub(crate) struct Cgroup {
    folder: PathBuf,
    has_limits: bool,
    /// Set when [`Cgroup::end`] is called: from then on, the next run of the container may have a group of this name.
    has_ended: AtomicBool,
}

impl Cgroups {
    /// Returns the part of the tree in which this OS process can make groups, if there is one.
    pub(crate) fn find() -> Option<Cgroups> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
        let folder = mounted(&fs::read_to_string("/proc/self/mountinfo").ok()?)?.join(path);
        Cgroups::at(folder.clone(), std::process::id()).or_else(|| Cgroups::without_limits(folder))
    }

    /// Returns the groups below a folder, without limits, if groups can be made there and killed as a whole.
    fn without_limits(folder: PathBuf) -> Option<Cgroups> {
        // No earlier device had these names, so a group with such a name contains no processes of another device.
        let started = children::started(getpid())?;
        let ticks = started.split_whitespace().nth(1)?;
        let prefix = format!("lucarne-{}-{ticks}-", std::process::id());
        let probe = folder.join(format!("{prefix}probe"));
        fs::create_dir(&probe).ok()?;
        let can_kill = probe.join("cgroup.kill").exists();
        let is_domain =
            fs::read_to_string(probe.join("cgroup.type")).is_ok_and(|kind| kind.trim() == "domain");
        fs::remove_dir(&probe).ok()?;
        (can_kill && is_domain).then_some(Cgroups { folder, prefix, has_limits: false })
    }

    /// Returns the part in a folder, if the process is alone in it and may change it. The process moves into a group
    /// beside those of the containers, since a group with processes cannot contain groups.
    fn at(folder: PathBuf, process: u32) -> Option<Cgroups> {
        let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
        let (present, inside) = (read("cgroup.controllers")?, read("cgroup.procs")?);
        let has_all = CONTROLLERS.iter().all(|name| present.split_whitespace().any(|found| found == *name));
        let is_alone = inside.split_whitespace().eq([process.to_string()]);
        if !has_all || !is_alone {
            return None;
        }
        let device = folder.join("device");
        make(&device).ok()?;
        fs::write(device.join("cgroup.procs"), process.to_string()).ok()?;
        let enabled: Vec<_> = CONTROLLERS.iter().map(|name| format!("+{name}")).collect();
        fs::write(folder.join("cgroup.subtree_control"), enabled.join(" ")).ok()?;
        Some(Cgroups { folder, prefix: "container-".to_owned(), has_limits: true })
    }

    /// Makes a group for a container.
    pub(crate) fn make(&self, name: &str, memory_bytes: Option<u64>, background: bool) -> io::Result<Cgroup> {
        let folder = self.folder.join(format!("{}{name}", self.prefix));
        make(&folder)?;
        let group = Cgroup { folder, has_limits: self.has_limits, has_ended: AtomicBool::new(false) };
        if !self.has_limits {
            return Ok(group);
        }
        group.set("pids.max", &PIDS_MAX.to_string())?;
        if let Some(bytes) = memory_bytes {
            group.set("memory.max", &bytes.to_string())?;
        }
        if background {
            group.set("cpu.weight", &BACKGROUND_WEIGHT.to_string())?;
        }
        Ok(group)
    }
}

impl Cgroup {
    /// Returns the folder. Writing to its `cgroup.procs` adds processes.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends all processes of the group, and removes it. Returns false if some do not end in time.
    pub(crate) fn end(&self) -> bool {
        self.has_ended.swap(true, Ordering::AcqRel) || end(&self.folder)
    }

    /// Describes the limits as the kernel has them, for display.
    pub(crate) fn limits(&self) -> Vec<String> {
        if !self.has_limits {
            return Vec::new();
        }
        let limit = |file: &str| {
            let value = fs::read_to_string(self.folder.join(file)).ok()?;
            Some(format!("{file}: {} (control group)", value.trim()))
        };
        ["memory.max", "cpu.weight", "pids.max"].into_iter().filter_map(limit).collect()
    }

    fn set(&self, file: &str, value: &str) -> io::Result<()> {
        fs::write(self.folder.join(file), value)
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // This does nothing if the group was ended with the container. Otherwise the container has not started.
        self.end();
    }
}

/// Kills all processes of a group and removes it. Returns false if some do not end in time.
pub(crate) fn end(folder: &Path) -> bool {
    let clock = Clock::real();
    let until_us = clock.now_us() + i64::try_from(PATIENCE.as_micros()).unwrap_or(i64::MAX);
    loop {
        kill_all(folder);
        if !is_populated(folder) {
            break;
        }
        if clock.now_us() > until_us {
            return false;
        }
        thread::sleep(LOOK);
    }
    // The next run of the container reuses a group that cannot be removed yet.
    let _ = fs::remove_dir(folder);
    true
}

fn kill_all(folder: &Path) {
    // Kernels before 5.14 have no such file.
    let kill = OpenOptions::new().write(true).open(folder.join("cgroup.kill"));
    if kill.and_then(|mut kill| kill.write_all(b"1")).is_err() {
        let inside = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
        for pid in inside.lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Returns whether a group has processes that have not ended.
fn is_populated(folder: &Path) -> bool {
    let events = fs::read_to_string(folder.join("cgroup.events")).unwrap_or_default();
    events.lines().any(|line| line == "populated 1")
}

/// Returns where groups of version 2 are mounted, according to `/proc/self/mountinfo`.
fn mounted(mounts: &str) -> Option<PathBuf> {
    let is_version_2 = |line: &&str| {
        line.split_once(" - ").is_some_and(|(_, kind)| kind.split_whitespace().next() == Some("cgroup2"))
    };
    let mount = mounts.lines().find(is_version_2)?;
    mount.split_whitespace().nth(4).map(PathBuf::from)
}

fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes a folder like a delegated one. The kernel's own files are plain files here.
    fn delegated(controllers: &str, inside: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("cgroup.controllers"), controllers).unwrap();
        fs::write(folder.path().join("cgroup.procs"), inside).unwrap();
        folder
    }

    #[test]
    fn a_part_that_was_not_delegated_is_left_alone() {
        for (controllers, inside) in [("cpu memory", "7\n"), ("cpu io memory pids", "7\n8\n"), ("", "")] {
            let folder = delegated(controllers, inside);
            assert!(Cgroups::at(folder.path().to_owned(), 7).is_none());
            assert!(!folder.path().join("device").exists());
        }
        assert!(Cgroups::at("/nowhere".into(), 7).is_none());
    }

    #[test]
    fn limits_are_written_where_the_kernel_reads_them() {
        let folder = delegated("cpuset cpu io memory pids", "7\n");
        let groups = Cgroups::at(folder.path().to_owned(), 7).unwrap();
        let read = |file: &str| fs::read_to_string(folder.path().join(file)).unwrap();
        assert_eq!(read("device/cgroup.procs"), "7");
        assert_eq!(read("cgroup.subtree_control"), "+cpu +memory +pids");
        let group = groups.make("app", Some(1 << 20), true).unwrap();
        assert_eq!(group.folder(), folder.path().join("container-app"));
        assert_eq!(read("container-app/memory.max"), "1048576");
        assert_eq!(read("container-app/cpu.weight"), "25");
        assert!(group.limits().contains(&"memory.max: 1048576 (control group)".to_owned()));
        fs::write(folder.path().join("container-app/cgroup.kill"), "").unwrap();
        drop(group);
        assert_eq!(read("container-app/cgroup.kill"), "1");
    }

    #[test]
    fn the_mount_of_version_2_is_found() {
        let mounts = "40 31 0:37 / /sys/fs/cgroup/pids rw shared:9 - cgroup cgroup rw,pids\n\
                      41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:10 - cgroup2 cgroup2 rw\n";
        assert_eq!(mounted(mounts), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(mounted("36 35 98:0 / /mnt rw - ext3 /dev/root rw\n"), None);
    }

    #[test]
    fn a_folder_that_is_no_control_group_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Cgroups::without_limits(folder.path().to_owned()).is_none());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
