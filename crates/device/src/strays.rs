//! Ends the processes that containers leave behind, where there are no control groups.
//!
//! A process can leave the process group of its container (`setsid`), and lose its parent. The device is a *subreaper*, so
//! such a process becomes a child of the device when its container ends: the container's own process is a subreaper as well
//! ([`confine`](crate::confine)), and has all its descendants below it until then. So a child that the device has not started
//! itself is a stray of a container that has ended. A device starts children only here.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::{Mutex, thread};
use rustix::process::{Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid};

use crate::children::pids;

/// The longest time that strays may take to end after they were killed.
const PATIENCE: Duration = Duration::from_secs(3);

/// The time between looks at strays that were killed.
const LOOK: Duration = Duration::from_millis(1);

/// The children of the device.
#[derive(Default)]
pub(crate) struct Strays {
    /// The children that the device has started and not waited for.
    started: Mutex<HashSet<Pid>>,
    /// Held while strays are killed and waited for.
    sweep: Mutex<()>,
}

impl Strays {
    /// Makes this OS process a subreaper. Otherwise strays would become children of another process, and not be found.
    pub(crate) fn adopt() -> io::Result<Strays> {
        set_child_subreaper(Some(getpid()))?;
        Ok(Strays::default())
    }

    /// Starts a child.
    pub(crate) fn spawn(&self, command: &mut Command) -> io::Result<Child> {
        // Held until the child is known, so that no sweep takes it for a stray.
        let mut started = self.started.lock();
        let child = command.spawn()?;
        started.insert(Pid::from_child(&child));
        Ok(child)
    }

    /// Waits for a child that has ended, or is about to.
    pub(crate) fn wait(&self, child: &mut Child) -> io::Result<ExitStatus> {
        child_has_ended(child);
        // Once the status is taken, another child may get the pid: so this one is removed before the next child starts.
        let mut started = self.started.lock();
        let status = child.wait();
        started.remove(&Pid::from_child(child));
        status
    }

    /// Kills all strays. Returns false if some do not end in time.
    pub(crate) fn end(&self) -> bool {
        let _sweep = self.sweep.lock();
        let clock = Clock::real();
        let until_us = clock.now_us() + i64::try_from(PATIENCE.as_micros()).unwrap_or(i64::MAX);
        // The children of a stray become children of the device when it ends.
        loop {
            let strays = self.find();
            if strays.is_empty() {
                return true;
            }
            for stray in strays {
                let _ = kill_process(stray, Signal::KILL);
                // The pid is not reused before this succeeds.
                while matches!(waitpid(Some(stray), WaitOptions::NOHANG), Ok(None)) {
                    if clock.now_us() > until_us {
                        return false;
                    }
                    thread::sleep(LOOK);
                }
            }
            if clock.now_us() > until_us {
                return false;
            }
        }
    }

    fn find(&self) -> Vec<Pid> {
        let started = self.started.lock();
        children_of(getpid()).into_iter().filter(|child| !started.contains(child)).collect()
    }
}

/// Waits until a child has ended, without taking its status.
fn child_has_ended(child: &Child) {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    // An error also means that it has ended.
    let _ = waitid(WaitId::Pid(Pid::from_child(child)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
}

/// Returns the children of a process, those that have ended included.
fn children_of(parent: Pid) -> Vec<Pid> {
    pids().filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

/// Reads the parent of a process: the second field after the name, in parentheses, of `proc_pid_stat(5)`.
fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    Pid::from_raw(fields.split_ascii_whitespace().nth(1)?.parse().ok()?)
}
