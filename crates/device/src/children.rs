//! Records the OS processes of a device on disk: after a device was killed, the next one kills its leftovers.
//!
//! Pids are reused, so a pid alone is ambiguous. A record adds the start time of the process, and the boot of the
//! machine that this time counts from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process_group};

/// The folder with a file for each child.
#[derive(Debug, Clone)]
pub(crate) struct Children {
    folder: PathBuf,
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

    /// Records a child, which leads a process group of its own.
    pub(crate) fn note(&self, pid: Pid) -> io::Result<OnRecord> {
        let started = started(pid)
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "a child cannot be found in /proc"))?;
        let file = self.folder.join(pid.as_raw_nonzero().to_string());
        fs::write(&file, started)?;
        Ok(OnRecord { file })
    }

    /// Kills the processes that an earlier device has left behind, and returns their number.
    pub(crate) fn end_leftovers(&self) -> io::Result<usize> {
        fs::create_dir_all(&self.folder)?;
        let mut ended = 0;
        for entry in fs::read_dir(&self.folder)? {
            let file = entry?.path();
            if let Some(pid) = leftover(&file) {
                // The process leads its group, which is killed as a whole.
                ended += usize::from(kill_process_group(pid, Signal::KILL).is_ok());
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

/// Returns the process of a record, if it still runs.
fn leftover(file: &Path) -> Option<Pid> {
    let pid = Pid::from_raw(file.file_name()?.to_str()?.parse().ok()?)?;
    let noted = fs::read_to_string(file).ok()?;
    (started(pid)? == noted).then_some(pid)
}

/// Returns the start time and the boot of a process.
fn started(pid: Pid) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    // The name of the program, in parentheses, may contain anything; proc_pid_stat(5) has the fields.
    let (_, fields) = status.rsplit_once(')')?;
    let ticks = fields.split_ascii_whitespace().nth(19)?;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(format!("{} {ticks}", boot.trim()))
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
        std::mem::forget(children.note(left_pid).unwrap());
        // A process with the pid of a recorded one.
        let (mut other, other_pid) = sleeper();
        fs::write(children.folder.join(other_pid.as_raw_nonzero().to_string()), "another boot 17").unwrap();
        // A process that has ended normally.
        let (mut ended, ended_pid) = sleeper();
        drop(children.note(ended_pid).unwrap());

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
