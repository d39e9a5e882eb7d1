//! Starts child processes, signals them, and waits for their end.
//!
//! A child is identified by a descriptor of the system, which never refers to another child. The
//! watcher observes it from the start, so that an ended child is reaped even if the program does
//! not wait for it.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use command_fds::{CommandFdExt, FdMapping};
use lucarne_kernel::sync::Mutex;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, pidfd_open, pidfd_send_signal, waitid,
};

use crate::outside::{Answer, Arguments, Open, Outside};
use crate::{Error, environment, folders};

/// Stands for a stream that the child inherits from the host.
const INHERITED: i64 = -1;

// How the end of a child is encoded in the number that programs get.
const EXITED: i64 = 1;
const SIGNALED: i64 = 2;
const EXIT_CODE_SHIFT: u32 = 2;
const SIGNAL_SHIFT: u32 = 10;

// The arguments of `start`, by their places.
const USE_PATH: usize = 1;
const STANDARD_STREAMS: usize = 2;
const FURTHER_STREAMS: usize = 5;
const COMMAND: usize = 7;
const ARGUMENTS: usize = 8;
const ENVIRONMENT: usize = 9;

/// A child process.
pub(crate) struct Child {
    pub(crate) progress: Mutex<Progress>,
}

/// The progress of a child.
#[derive(Clone)]
pub(crate) enum Progress {
    /// The child runs. The descriptor is readable once it has ended.
    Running(Arc<OwnedFd>),
    /// The child has ended, in the way that the number encodes.
    Ended(i64),
}

impl Child {
    /// Returns the progress of the child. If the child has ended and is not reaped yet, reaps it.
    /// Both the watcher and the Toit process that started it call this.
    pub(crate) fn progress(&self) -> Result<Progress, Error> {
        let mut progress = self.progress.lock();
        let Progress::Running(descriptor) = progress.clone() else { return Ok(progress.clone()) };
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG;
        let end = match waitid(WaitId::PidFd(descriptor.as_fd()), options) {
            Ok(None) => return Ok(Progress::Running(descriptor)),
            Ok(Some(status)) => end_of(&status),
            // The host was started in a mode in which the system itself reaps children.
            Err(Errno::CHILD) => EXITED,
            Err(errno) => return Err(Error::of_system(errno)),
        };
        *progress = Progress::Ended(end);
        Ok(progress.clone())
    }

    fn has_ended(&self) -> bool {
        matches!(self.progress(), Ok(Progress::Ended(_)))
    }
}

fn end_of(status: &WaitIdStatus) -> i64 {
    match (status.exit_status(), status.terminating_signal()) {
        (None, Some(signal)) => SIGNALED | i64::from(signal) << SIGNAL_SHIFT,
        (code, _) => EXITED | i64::from(code.unwrap_or(0)) << EXIT_CODE_SHIFT,
    }
}

/// Starts a child; see the table of operations. After the start, closes this process's handles for
/// the pipe ends that were created for a child, since the child has its own copies.
///
/// This waits until the child has found its program, which takes some hundred microseconds.
pub(crate) fn start(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    forget_ignored(outside);
    outside.require_room()?;
    let mut command = command(outside, arguments)?;
    outside.surroundings.flush();
    let mut started = command.spawn().map_err(|error| Error::of_standard(&error))?;
    // The command still holds the descriptors that were passed on.
    drop(command);
    let pid = i32::try_from(started.id()).ok().and_then(Pid::from_raw);
    let opened = pid.ok_or(Errno::SRCH).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()));
    let descriptor = match opened {
        Ok(descriptor) => Arc::new(descriptor),
        Err(errno) => {
            // Without a handle the program could never wait for it.
            let _ = started.kill();
            let _ = started.wait();
            return Err(Error::of_system(errno));
        }
    };
    let child = Arc::new(Child { progress: Mutex::new(Progress::Running(descriptor.clone())) });
    reap(outside, &child, descriptor)?;
    for index in STANDARD_STREAMS..COMMAND {
        let handle = arguments.int(index)?;
        if let Ok(Open::ChildEnd(_)) = outside.get(handle) {
            outside.take(handle);
        }
    }
    outside.add(Open::Child(child)).map(Answer::Int)
}

fn command(outside: &Outside, arguments: &Arguments<'_>) -> Result<Command, Error> {
    let (use_path, name) = (arguments.bool(USE_PATH)?, arguments.text(COMMAND)?);
    // With `use_path`, a name without a slash is looked up in the folders of `PATH`; without it, in the current folder.
    let mut command =
        if use_path || name.contains('/') { Command::new(name) } else { Command::new(format!("./{name}")) };
    let words = arguments.list(ARGUMENTS)?;
    for index in 0..words.len() {
        let word = words.text(index)?;
        if index == 0 {
            command.arg0(word)
        } else {
            command.arg(word)
        };
    }
    environment::pass_on(outside, &mut command, &arguments.list(ENVIRONMENT)?)?;
    if let Some(folder) = &outside.folder {
        command.current_dir(folders::own_path(folder));
    }
    let mut stream = STANDARD_STREAMS..;
    let mut next = || passed_on(outside, arguments, stream.next().unwrap_or_default());
    let to_stdio = |fd: Option<OwnedFd>| fd.map_or_else(Stdio::inherit, Stdio::from);
    command.stdin(to_stdio(next()?)).stdout(to_stdio(next()?)).stderr(to_stdio(next()?));
    pass_further_streams(outside, &mut command, arguments)?;
    Ok(command)
}

fn pass_further_streams(
    outside: &Outside,
    command: &mut Command,
    arguments: &Arguments<'_>,
) -> Result<(), Error> {
    let mut mappings = Vec::new();
    for (child_fd, index) in (3..).zip(FURTHER_STREAMS..COMMAND) {
        if let Some(parent_fd) = passed_on(outside, arguments, index)? {
            mappings.push(FdMapping { parent_fd, child_fd });
        }
    }
    if !mappings.is_empty() {
        command.fd_mappings(mappings).map_err(|_| Error::INVALID_ARGUMENT)?;
    }
    Ok(())
}

/// Returns a stream for a child; none if the child inherits it from the host.
fn passed_on(outside: &Outside, arguments: &Arguments<'_>, index: usize) -> Result<Option<OwnedFd>, Error> {
    let handle = arguments.int(index)?;
    if handle == INHERITED {
        return Ok(None);
    }
    let fd = match outside.get(handle)? {
        Open::Source(source) => source.as_fd(),
        Open::ChildEnd(end) => end.as_fd(),
        Open::Folder(_) | Open::Child(_) => return Err(Error::INVALID_ARGUMENT),
    };
    rustix::io::fcntl_dupfd_cloexec(fd, 3).map(Some).map_err(Error::of_system)
}

/// Makes the watcher reap the child, even after the end of the process.
fn reap(outside: &Outside, child: &Arc<Child>, descriptor: Arc<OwnedFd>) -> Result<(), Error> {
    let child = child.clone();
    // An error ends the watch. It cannot be reported from the watcher's thread; a program that waits for the child gets the
    // same error from `progress`.
    let reap = Box::new(move |_| !matches!(child.progress(), Ok(Progress::Running(_))));
    outside.surroundings.watcher.watch(descriptor, PollFlags::IN, reap).map(|_| ())
}

/// `handle`: the program will not wait for it.
pub(crate) fn ignore(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let handle = arguments.handle(0)?;
    outside.child(handle)?;
    if !outside.ignored.contains(&handle) {
        outside.ignored.push(handle);
    }
    Ok(Answer::Null)
}

/// Makes room: forgets the ignored children that have ended. Keeps those that still run, since the program can kill
/// them.
fn forget_ignored(outside: &mut Outside) {
    for handle in std::mem::take(&mut outside.ignored) {
        match outside.child(handle) {
            Ok(child) if !child.has_ended() => outside.ignored.push(handle),
            _ => drop(outside.take(handle)),
        }
    }
}

/// `handle signal`.
pub(crate) fn kill(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let (handle, signal) = (arguments.handle(0)?, arguments.int(1)?);
    let signal = i32::try_from(signal).ok().and_then(Signal::from_named_raw);
    let signal = signal.ok_or(Error::INVALID_ARGUMENT)?;
    let Progress::Running(descriptor) = outside.child(handle)?.progress()? else { return Ok(Answer::Null) };
    match pidfd_send_signal(descriptor, signal) {
        // `SRCH`: the child has just ended.
        Ok(()) | Err(Errno::SRCH) => Ok(Answer::Null),
        Err(errno) => Err(Error::of_system(errno)),
    }
}

/// `handle`: forgets a child that has ended.
pub(crate) fn release(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let handle = arguments.handle(0)?;
    if outside.child(handle).is_ok_and(|child| child.has_ended()) {
        outside.take(handle);
    }
    Ok(Answer::Null)
}
