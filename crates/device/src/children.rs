//! Records the OS processes of a device on disk: after a device was killed, the next one kills its leftovers.
//!
//! Pids are reused, so a pid alone is ambiguous. A record adds the start time of the process, and the id of the boot of
//! the machine from which that time counts.
//!
//! The processes that a child starts are not on record. Without a control group, the record of the child does not lead
//! to them: they may have left its process group, and they lost their parent when the child ended. So each child has a
//! variable in its environment that names the folder of the records, and its descendants inherit the variable. While a
//! child is on record, all processes with the variable are leftovers as well. A descendant that clears or hides its
//! environment is not found. In the middle of execve(2) a process has no environment yet: it is looked at again.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::thread;
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process_group, pidfd_open, pidfd_send_signal};

use crate::cgroup;

/// The variable in the environment of each child.
const VARIABLE: &str = "LUCARNE_CHILD_ON_RECORD";

/// The longest time that descendants of children may take to end after they were killed.
const PATIENCE: Duration = Duration::from_secs(3);

/// The time between looks at descendants that were killed.
const LOOK: Duration = Duration::from_millis(1);

/// The folder with a file for each child.
#[derive(Debug, Clone)]
pub(crate) struct Children {
    folder: PathBuf,
}

/// The contents of a record.
struct Note {
    /// The start time and the boot.
    started: String,
    /// The control group, which may have processes after the child has ended.
    cgroup: Option<PathBuf>,
}

/// A child on record, until this is dropped, which must be after the child has ended.
#[derive(Debug)]
pub(crate) struct OnRecord {
    file: PathBuf,
}

impl Children {
    pub(crate) fn new(folder: PathBuf) -> Children {
        Children { folder }
    }

    /// Returns the variable that each child needs in its environment, and its value.
    pub(crate) fn variable(&self) -> (&str, &OsStr) {
        (VARIABLE, self.folder.as_os_str())
    }

    /// Records a child, which leads a process group of its own, and its control group.
    pub(crate) fn note(&self, pid: Pid, cgroup: Option<&Path>) -> io::Result<OnRecord> {
        let started = started(pid)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "a child cannot be found in /proc"))?;
        let file = self.folder.join(pid.as_raw_nonzero().to_string());
        let cgroup = cgroup.map(|cgroup| format!("\n{}", cgroup.display())).unwrap_or_default();
        fs::write(&file, started + &cgroup)?;
        Ok(OnRecord { file })
    }

    /// Kills the processes that an earlier device has left behind, and returns their number.
    pub(crate) fn end_leftovers(&self) -> io::Result<usize> {
        fs::create_dir_all(&self.folder)?;
        let (mut ended, mut has_records) = (0, false);
        for entry in fs::read_dir(&self.folder)? {
            let file = entry?.path();
            has_records = true;
            let note = Note::read(&file);
            if let Some(pid) = note.as_ref().and_then(|note| leftover(&file, note)) {
                // The process leads its group, which is killed as a whole.
                ended += usize::from(kill_process_group(pid, Signal::KILL).is_ok());
            }
            if let Some(cgroup) = note.and_then(|note| note.cgroup) {
                cgroup::end(&cgroup);
            }
            fs::remove_file(&file)?;
        }
        Ok(ended + if has_records { self.end_descendants() } else { 0 })
    }

    /// Kills the processes that have the variable, and waits for their ends. Returns their number.
    fn end_descendants(&self) -> usize {
        let clock = Clock::real();
        let until_us = clock.now_us() + i64::try_from(PATIENCE.as_micros()).unwrap_or(i64::MAX);
        let mut killed = HashSet::new();
        loop {
            let mut look_again = false;
            for pid in pids() {
                if self.end_descendant(pid) {
                    // The process may have started other processes before it ends.
                    look_again = true;
                    killed.insert(pid);
                } else {
                    look_again |= is_in_execve(pid);
                }
            }
            if !look_again || clock.now_us() > until_us {
                return killed.len();
            }
            thread::sleep(LOOK);
        }
    }

    /// Kills a process if it has the variable. Returns whether it was killed.
    fn end_descendant(&self, pid: Pid) -> bool {
        if pid == getpid() || !self.is_in_environment(pid) {
            return false;
        }
        // Until the descriptor is open, the pid may become that of another process: so the variable is checked again.
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else { return false };
        self.is_in_environment(pid) && pidfd_send_signal(&process, Signal::KILL).is_ok()
    }

    fn is_in_environment(&self, pid: Pid) -> bool {
        let (name, value) = self.variable();
        let set = [name.as_bytes(), b"=", value.as_bytes()].concat();
        let environment = fs::read(environment(pid)).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == set)
    }
}

impl Drop for OnRecord {
    fn drop(&mut self) {
        // A record that stays names a process that has ended, which is detected.
        let _ = fs::remove_file(&self.file);
    }
}

impl Note {
    /// Reads a record. Returns none if it is damaged or from an earlier boot.
    fn read(file: &Path) -> Option<Note> {
        let text = fs::read_to_string(file).ok()?;
        let (started, cgroup) = match text.split_once('\n') {
            Some((started, cgroup)) => (started, Some(PathBuf::from(cgroup))),
            None => (text.as_str(), None),
        };
        started.starts_with(&boot()?).then(|| Note { started: started.to_owned(), cgroup })
    }
}

/// Returns the process of a record, if it still runs.
fn leftover(file: &Path, note: &Note) -> Option<Pid> {
    let pid = Pid::from_raw(file.file_name()?.to_str()?.parse().ok()?)?;
    (started(pid)? == note.started).then_some(pid)
}

/// Returns the pids of all processes.
pub(crate) fn pids() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten();
    let names = entries.map_while(Result::ok).map(|entry| entry.file_name());
    names.filter_map(|name| Pid::from_raw(name.to_str()?.parse().ok()?))
}

fn boot() -> Option<String> {
    Some(fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned())
}

/// Returns the boot and the start time of a process.
pub(crate) fn started(pid: Pid) -> Option<String> {
    let ticks = status(pid, 22)?;
    Some(format!("{} {ticks}", boot()?))
}

/// Returns whether a process has the memory of a new program without its arguments and environment yet.
///
/// Processes that this one may not look at seem to have neither.
fn is_in_execve(pid: Pid) -> bool {
    let has_memory = status(pid, 23).is_some_and(|bytes| bytes != "0");
    let has_environment = status(pid, 51).is_none_or(|end| end != "0");
    has_memory
        && !has_environment
        && fs::read(environment(pid)).is_ok_and(|environment| environment.is_empty())
}

/// Returns a field of the status of a process, by its number in proc_pid_stat(5), from 3.
fn status(pid: Pid, field: usize) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name of the program, in parentheses, may contain anything.
    let (_, fields) = status.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(field.checked_sub(3)?).map(str::to_owned)
}

fn environment(pid: Pid) -> String {
    format!("/proc/{}/environ", pid.as_raw_nonzero())
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use super::*;

    fn sleeper() -> (Child, Pid) {
        let child = Command::new("sleep").arg("60").process_group(0).spawn().unwrap();
        let pid = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        (child, pid)
    }

    #[test]
    fn what_was_left_behind_is_ended_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let children = Children::new(folder.path().join("children"));
        assert_eq!(children.end_leftovers().unwrap(), 0);
        let (mut left, left_pid) = sleeper();
        std::mem::forget(children.note(left_pid, None).unwrap());
        // A process with the pid of a recorded process.
        let (mut other, other_pid) = sleeper();
        fs::write(children.folder.join(other_pid.as_raw_nonzero().to_string()), "another boot 17").unwrap();
        // A process that has ended normally.
        let (mut ended, ended_pid) = sleeper();
        drop(children.note(ended_pid, None).unwrap());

        assert_eq!(children.end_leftovers().unwrap(), 1);
        assert!(!left.wait().unwrap().success());
        for child in [&mut other, &mut ended] {
            assert_eq!(child.try_wait().unwrap(), None);
            child.kill().unwrap();
            child.wait().unwrap();
        }
        assert_eq!(fs::read_dir(&children.folder).unwrap().count(), 0);
    }

    #[test]
    fn descendants_of_what_was_left_behind_are_ended() {
        let folder = tempfile::tempdir().unwrap();
        let [own, other] = ["own", "other"].map(|name| Children::new(folder.path().join(name)));
        fs::create_dir_all(&own.folder).unwrap();
        let sleeper = |children: &Children| {
            let (name, value) = children.variable();
            Command::new("sleep").arg("60").env(name, value).process_group(0).spawn().unwrap()
        };
        let (mut left, mut apart) = (sleeper(&own), sleeper(&other));
        assert_eq!(own.end_leftovers().unwrap(), 0, "no child is on record");
        fs::write(own.folder.join("1"), "another boot 17").unwrap();
        assert_eq!(own.end_leftovers().unwrap(), 1);
        assert!(!left.wait().unwrap().success());
        assert_eq!(apart.try_wait().unwrap(), None);
        apart.kill().unwrap();
        apart.wait().unwrap();
    }
}
