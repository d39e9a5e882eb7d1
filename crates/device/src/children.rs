//! Records the OS processes of a device on disk: after a device was killed, the next one kills its leftovers.
//!
//! Pids are reused, so a pid alone is ambiguous. A record adds the start time of the process, and the boot of the
//! machine that this time counts from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::cgroup;

/// The folder with a file for each child.
#[derive(Debug, Clone)]
pub(crate) struct Children {
    folder: PathBuf,
}

/// What a record says about a child.
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
        let mut ended = 0;
        for entry in fs::read_dir(&self.folder)? {
            let file = entry?.path();
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
        Ok(ended)
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

fn boot() -> Option<String> {
    Some(fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned())
}

/// Returns the boot and the start time of a process.
pub(crate) fn started(pid: Pid) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name of the program, in parentheses, may contain anything; proc_pid_stat(5) has the fields.
    let (_, fields) = status.rsplit_once(')')?;
    let ticks = fields.split_ascii_whitespace().nth(19)?;
    Some(format!("{} {ticks}", boot()?))
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
        // A process with the pid of a recorded one.
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
}
