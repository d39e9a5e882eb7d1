//! Bounds of executables: rights that an OS process gives up before it becomes the container's program.
//!
//! The device starts `lucarne confine BOUNDS PROGRAM...`, which sets bounds that can only be set from within, and
//! then executes the program. If a bound cannot be enforced, the process ends with the reason in the container's log:
//! no program runs with fewer bounds than were requested.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr,
    RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus,
};
use lucarne_kernel::sync::thread;
use rustix::process::{
    Pid, Resource, Rlimit, Signal, getgid, getpid, getppid, getuid, nice, set_child_subreaper,
    set_parent_process_death_signal, setrlimit,
};
use rustix::thread::UnshareFlags;
#[expect(deprecated, reason = "as for `close_network`")]
use rustix::thread::unshare;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::settings::FileAccess;

/// The niceness of a container in the background.
const BACKGROUND_NICENESS: i32 = 10;

/// The version of Landlock that is needed. Every kernel since 5.19 has it.
const LANDLOCK_NEEDED: ABI = ABI::V2;

/// The version whose rights are used if the kernel has them. It came with 6.10.
const LANDLOCK: ABI = ABI::V5;

/// The number of attempts to start a program that another process still has open for writing, and the time
/// between the attempts.
const BUSY_TRIES: u32 = 50;
const BUSY_WAIT: Duration = Duration::from_millis(10);

/// The files that every program needs to start, if they exist: libraries and harmless devices.
const ALWAYS_READ: &[&str] = &["/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/proc/self"];
const ALWAYS_WRITTEN: &[&str] = &["/dev/null", "/dev/zero", "/dev/urandom"];

/// The bounds of an OS process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// The pid of the device: the process ends with it.
    pub device: i32,
    /// The largest size of its data, in bytes.
    pub memory_bytes: Option<u64>,
    /// Whether it gets less processor time than other containers.
    pub background: bool,
    /// The only files that it reaches, if this is bounded.
    pub files: Option<Vec<FileAccess>>,
    /// Whether it has no network: it gets an empty network namespace.
    pub no_network: bool,
    /// The control group that it joins. Without one, it becomes a subreaper.
    pub cgroup: Option<PathBuf>,
}

/// The reason why a program is not run.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfineError {
    /// The device has ended.
    #[error("the device has ended")]
    Orphan,
    /// The kernel has no Landlock, or an old one.
    #[error(
        "this kernel cannot bound which files a program reaches (Landlock is missing or off): leave out --files"
    )]
    NoLandlock,
    /// The operating system refuses an empty network.
    #[error(
        "this machine cannot run a program without its network ({error}): leave out --no-network, or permit user \
         namespaces, for example with 'sysctl kernel.unprivileged_userns_clone=1' or \
         'sysctl kernel.apparmor_restrict_unprivileged_userns=0'"
    )]
    NoNamespace {
        /// The error of the operating system.
        error: io::Error,
    },
    /// A file that it may reach is missing.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        error: String,
    },
    /// A bound cannot be set.
    #[error("cannot set {bound}: {error}")]
    Bound {
        /// The name of the bound.
        bound: &'static str,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The program cannot be executed.
    #[error("cannot run {}: {error}", .program.display())]
    Program {
        /// The program.
        program: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
}

impl Bounds {
    /// Sets the bounds and becomes a program, under the given name. Returns only if that fails.
    pub fn execute(&self, name: &OsString, program: &Path, arguments: &[OsString]) -> ConfineError {
        if let Err(error) = self.take_on(program) {
            return error;
        }
        let mut error = Command::new(program).arg0(name).args(arguments).exec();
        // The device has just written the file, and processes that it starts at that moment have it open too.
        for _ in 0..BUSY_TRIES {
            if error.kind() != io::ErrorKind::ExecutableFileBusy {
                break;
            }
            thread::sleep(BUSY_WAIT);
            error = Command::new(program).arg0(name).args(arguments).exec();
        }
        ConfineError::Program { program: program.to_owned(), error }
    }

    fn take_on(&self, program: &Path) -> Result<(), ConfineError> {
        let bound =
            |bound| move |error: rustix::io::Errno| ConfineError::Bound { bound, error: error.into() };
        set_parent_process_death_signal(Some(Signal::KILL))
            .map_err(bound("the signal for the device's end"))?;
        // The device may have ended before this process requested a signal for its end.
        if getppid().map(Pid::as_raw_pid) != Some(self.device) {
            return Err(ConfineError::Orphan);
        }
        match &self.cgroup {
            Some(group) => fs::write(group.join("cgroup.procs"), "0")
                .map_err(|error| ConfineError::Bound { bound: "the control group", error })?,
            // Its descendants stay below it until it ends, and then become children of the device, which ends them.
            None => set_child_subreaper(Some(getpid())).map_err(bound("the adoption of its descendants"))?,
        }
        limit(Resource::Core, 0).map_err(bound("the size of core files"))?;
        if let Some(bytes) = self.memory_bytes {
            limit(Resource::Data, bytes).map_err(bound("the limit of memory"))?;
        }
        if self.background {
            nice(BACKGROUND_NICENESS).map_err(bound("the priority"))?;
        }
        if self.no_network {
            close_network().map_err(|error| ConfineError::NoNamespace { error })?;
        }
        rustix::thread::set_no_new_privs(true).map_err(bound("no_new_privs"))?;
        match &self.files {
            Some(files) => bound_files(files, program),
            None => Ok(()),
        }
    }
}

/// Moves this process into a network namespace without interfaces. It is inside of a user namespace, in which the user
/// has the same id as outside: so the process has no rights over the namespaces of the device, even if its user is root,
/// and cannot return.
#[expect(deprecated, reason = "the replacement is unsafe for the sake of a flag that is not used here")]
fn close_network() -> io::Result<()> {
    let (user, group) = (getuid().as_raw(), getgid().as_raw());
    unshare(UnshareFlags::NEWUSER | UnshareFlags::NEWNET)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

fn limit(resource: Resource, most: u64) -> rustix::io::Result<()> {
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })
}

/// Lets this process reach only these files, its program, and the files that every program needs.
fn bound_files(files: &[FileAccess], program: &Path) -> Result<(), ConfineError> {
    let (read, all) = (AccessFs::from_read(LANDLOCK), AccessFs::from_all(LANDLOCK));
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(LANDLOCK_NEEDED))
        .and_then(|rules| rules.set_compatibility(CompatLevel::BestEffort).handle_access(all))
        .and_then(Ruleset::create)
        .map_err(|_| ConfineError::NoLandlock)?;
    let always = ALWAYS_READ.iter().map(|path| (Path::new(path), read));
    let always = always.chain(ALWAYS_WRITTEN.iter().map(|path| (Path::new(path), all)));
    for (path, access) in always.filter(|(path, _)| path.exists()).chain([(program, read)]) {
        rules = allow(rules, path, access)?;
    }
    for FileAccess { path, writable } in files {
        rules = allow(rules, path, if *writable { all } else { read })?;
    }
    match rules.restrict_self() {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => Ok(()),
        _ => Err(ConfineError::NoLandlock),
    }
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> Result<RulesetCreated, ConfineError> {
    let failed = |error: &dyn std::fmt::Display| ConfineError::File {
        path: path.to_owned(),
        error: error.to_string(),
    };
    let file = PathFd::new(path).map_err(|error| failed(&error))?;
    // Some of the rights exist for folders only.
    let access = if path.is_dir() { access } else { access & AccessFs::from_file(LANDLOCK) };
    rules.add_rule(PathBeneath::new(file, access)).map_err(|error: RulesetError| failed(&error))
}

/// Describes the bounds of a process that the kernel enforces, for display.
pub(crate) fn in_force(pid: Pid, files: Option<&[FileAccess]>) -> Vec<String> {
    let mut bounds = vec!["it ends with the device".to_owned()];
    let read =
        |file: &str| fs::read_to_string(format!("/proc/{}/{file}", pid.as_raw_nonzero())).unwrap_or_default();
    if read("status").lines().any(|line| line.split_whitespace().eq(["NoNewPrivs:", "1"])) {
        bounds.push("no new privileges".to_owned());
    }
    let limits = read("limits");
    let limit_of = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next().filter(|limit| *limit != "unlimited").map(str::to_owned)
    };
    bounds.extend(limit_of("Max data size").map(|bytes| format!("memory: {bytes} bytes of data (rlimit)")));
    bounds.extend(limit_of("Max core file size").map(|bytes| format!("core files: {bytes} bytes")));
    let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
    if let Some(own) = network(&pid.as_raw_nonzero().to_string())
        && network("self").is_some_and(|device| device != own)
    {
        bounds.push("network: none, not even the loopback interface (namespace)".to_owned());
    }
    if let Some(files) = files {
        bounds
            .push("files: those of the operating system, read only, and what follows (Landlock)".to_owned());
        bounds.extend(files.iter().map(|access| format!("  {access}")));
    } else {
        bounds.push("files: those of the user who has started the device".to_owned());
    }
    bounds
}
