//! Control groups: limits for an executable and all processes that it starts. Used if the device was given a part of
//! the tree (`Delegate=` of systemd).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The usual place of cgroups version 2.
const ROOT: &str = "/sys/fs/cgroup";

/// The controllers of the limits.
const CONTROLLERS: &[&str] = &["cpu", "memory", "pids"];

/// The processor weight of a container in the background. That of others is 100.
const BACKGROUND_WEIGHT: u32 = 25;

/// The largest number of OS processes and threads of a container.
const PIDS_MAX: u32 = 4_096;

/// The part of the tree that the device may change.
#[derive(Debug, Clone)]
pub(crate) struct Cgroups {
    folder: PathBuf,
}

/// The group of a container. It is removed when this is dropped, which must be after the container has ended.
#[derive(Debug)]
pub(crate) struct Cgroup {
    folder: PathBuf,
}

impl Cgroups {
    /// Returns the part that was delegated to this OS process, if any.
    pub(crate) fn delegated() -> Option<Cgroups> {
        let own = fs::read_to_string("/proc/self/cgroup").ok()?;
        let path = own.lines().find_map(|line| line.strip_prefix("0::/"))?;
        Cgroups::at(Path::new(ROOT).join(path), std::process::id())
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
        Some(Cgroups { folder })
    }

    /// Makes a group for a container.
    pub(crate) fn make(&self, name: &str, memory_bytes: Option<u64>, background: bool) -> io::Result<Cgroup> {
        let folder = self.folder.join(format!("container-{name}"));
        make(&folder)?;
        let group = Cgroup { folder };
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

    /// Describes the limits as the kernel has them, for people.
    pub(crate) fn limits(&self) -> Vec<String> {
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
        // Kills processes that have left the process group of the container. Older kernels have no such file.
        let _ = self.set("cgroup.kill", "1");
        // The next run of the container reuses a group that cannot be removed yet.
        let _ = fs::remove_dir(&self.folder);
    }
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
        drop(group);
        assert_eq!(read("container-app/cgroup.kill"), "1");
    }
}
