//! The container's end: how a program becomes a container of a system in another OS process.

use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use lucarne_kernel::sync::{Mutex, thread};
use lucarne_kernel::{Driven, EndReport, Hooks, KernelHandle, Process, RunningProgram, SpawnOptions};
use lucarne_services::{Container, Deferred, Failed, Pending};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
use thiserror::Error;

use crate::exchange::{Exchange, Side};
use crate::frame::Outgoing;
use crate::handshake::{self, NAME_MAX, Names};
use crate::link::Link;
use crate::mirrors::{Mirrors, exit_code};
use crate::seat::{Remote, WakeTarget};
use crate::wire::{WireError, socket};

/// The environment variable that says where a program connects: a path, or `fd:N` for a connected socket that the
/// program has inherited as descriptor `N`.
pub const SOCKET_VARIABLE: &str = "LUCARNE_SOCKET";

/// Connects a program as a container of a system in another OS process.
///
/// Services, resources, limits and the end of a container then work as they do within one OS process. The threads that
/// wait on the container (in [`Container::run`] or a `wait`) do its work; otherwise a dedicated thread does. When the
/// connection breaks, this container is told that all others have ended, and they are told that this one has ended.
pub trait Connect: Sized {
    /// Connects through the path on which a system listens, under the name of the program.
    ///
    /// # Errors
    /// See [`ConnectError`].
    fn connect(path: impl AsRef<Path>) -> Pending<Self, ConnectError>;

    /// Connects under another name. The name is for display: other containers see it with a question mark, since the
    /// listener cannot verify it.
    ///
    /// # Errors
    /// See [`ConnectError`].
    fn connect_as(name: &str, path: impl AsRef<Path>) -> Pending<Self, ConnectError>;

    /// Connects through an already connected socket.
    ///
    /// # Errors
    /// See [`ConnectError`].
    fn connect_to(name: &str, socket: UnixStream) -> Pending<Self, ConnectError>;

    /// Connects as the environment variable [`SOCKET_VARIABLE`] says.
    ///
    /// # Errors
    /// See [`ConnectError`].
    fn connect_by_environment() -> Pending<Self, ConnectError>;
}

/// Returns the pid of the OS process that listens on a path, even if that process is frozen. Returns none if there is
/// no such process, or if it has too many connections that wait.
pub fn listening_process(path: &Path) -> Option<u32> {
    let socket = socket::connect(path, None).ok()?;
    let (_, pid) = handshake::peer_of(&socket).ok()?;
    u32::try_from(pid).ok()
}

/// The reason why a container is not connected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No process listens on the path.
    #[error("cannot connect to {}: {error}", .path.display())]
    Unreachable {
        /// The path.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The environment variable is not set, or says neither a path nor a descriptor.
    #[error("{SOCKET_VARIABLE} must be a path or fd:N")]
    Environment,
    /// The listener rejected the container, or is not a system of this version.
    #[error("the listener rejected the connection: {0}")]
    Refused(WireError),
    /// The connection timed out.
    #[error("DEADLINE_EXCEEDED")]
    Deadline,
    /// A system call failed.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The container ended before it was connected.
    #[error("the container was closed")]
    Closed,
}

impl From<Failed> for ConnectError {
    fn from(failed: Failed) -> ConnectError {
        match failed {
            Failed::Deadline => ConnectError::Deadline,
            _ => ConnectError::Closed,
        }
    }
}

impl From<WireError> for ConnectError {
    fn from(error: WireError) -> ConnectError {
        match error {
            WireError::System(error) if error.kind() == io::ErrorKind::TimedOut => ConnectError::Deadline,
            WireError::System(error) => ConnectError::System(error),
            error => ConnectError::Refused(error),
        }
    }
}

impl Connect for Container {
    fn connect(path: impl AsRef<Path>) -> Pending<Container, ConnectError> {
        Container::connect_as(&program_name(), path)
    }

    fn connect_as(name: &str, path: impl AsRef<Path>) -> Pending<Container, ConnectError> {
        Connecting::pending(name, Some(Target::Path(path.as_ref().to_owned())))
    }

    fn connect_to(name: &str, socket: UnixStream) -> Pending<Container, ConnectError> {
        Connecting::pending(name, Some(Target::Socket(socket)))
    }

    fn connect_by_environment() -> Pending<Container, ConnectError> {
        Connecting::pending(&program_name(), env::var_os(SOCKET_VARIABLE).and_then(Target::parse))
    }
}

/// The address to connect to.
enum Target {
    Path(PathBuf),
    Socket(UnixStream),
    Descriptor(i32),
}

impl Target {
    fn parse(text: OsString) -> Option<Target> {
        let is_empty = text.is_empty();
        match text.to_str().and_then(|text| text.strip_prefix("fd:")) {
            Some(number) => number.parse().ok().filter(|&number| number >= 0).map(Target::Descriptor),
            None => Some(Target::Path(text.into())).filter(|_| !is_empty),
        }
    }

    fn socket(self, patience: Duration) -> Result<UnixStream, ConnectError> {
        match self {
            Target::Path(path) => {
                socket::connect(&path, Some(patience)).map_err(|error| match error.kind() {
                    io::ErrorKind::WouldBlock => ConnectError::Deadline,
                    _ => ConnectError::Unreachable { path, error },
                })
            }
            Target::Socket(socket) => Ok(socket),
            Target::Descriptor(number) => {
                // A private copy: the descriptor itself may have another owner in this OS process.
                let this = pidfd_open(getpid(), PidfdFlags::empty()).map_err(io::Error::from)?;
                let copy = pidfd_getfd(&this, number, PidfdGetfdFlags::empty()).map_err(io::Error::from)?;
                Ok(copy.into())
            }
        }
    }
}

fn program_name() -> String {
    let path = env::current_exe().ok();
    let name = path.as_ref().and_then(|path| path.file_name()?.to_str());
    name.unwrap_or("program").to_owned()
}

// -- The executor thread connects, and then runs the container ------------------------------------

/// A container that is being connected.
struct Connecting {
    /// The work to begin at the first poll. None after that.
    plan: Option<Plan>,
    result: Arc<Mutex<Connected>>,
}

struct Plan {
    name: String,
    target: Option<Target>,
    patience: Duration,
}

#[derive(Default)]
struct Connected {
    result: Option<Result<Container, ConnectError>>,
    waker: Option<Waker>,
}

impl Connecting {
    fn pending(name: &str, target: Option<Target>) -> Pending<Container, ConnectError> {
        let plan = Plan { name: cut(name), target, patience: handshake::PATIENCE };
        Pending::deferred(Box::new(Connecting { plan: Some(plan), result: Arc::default() }))
    }
}

/// Returns the name, cut to the maximum length.
fn cut(name: &str) -> String {
    let fits = |&(at, character): &(usize, char)| at + character.len_utf8() <= NAME_MAX;
    name.char_indices().take_while(fits).map(|(_, character)| character).collect()
}

impl Deferred<Container, ConnectError> for Connecting {
    fn set_within(&mut self, duration: Duration) {
        if let Some(plan) = &mut self.plan {
            plan.patience = duration;
        }
    }
}

impl Future for Connecting {
    type Output = Result<Container, ConnectError>;

    fn poll(mut self: Pin<&mut Self>, polled: &mut Context<'_>) -> Poll<Self::Output> {
        self.result.lock().waker = Some(polled.waker().clone());
        if let Some(plan) = self.plan.take() {
            let result = self.result.clone();
            let run = move || plan.run(&result);
            if let Err(error) = thread::Builder::new().name("lucarne-remote".to_owned()).spawn(run) {
                return Poll::Ready(Err(error.into()));
            }
        }
        match self.result.lock().result.take() {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }
}

impl Plan {
    /// Runs the executor thread: connects, stores the result in `place`, and runs the container until it ends.
    fn run(self, place: &Mutex<Connected>) {
        let joined = join(&self.name, self.target, self.patience, |remote, Names { pid, gid, .. }| {
            Container::start_as(remote.kernel(), &self.name, pid, gid, Some(remote.clone()))
        });
        let (result, remote) = match joined {
            Ok((container, remote)) => (Ok(container), Some(remote)),
            Err(error) => (Err(error), None),
        };
        let waker = {
            let mut place = place.lock();
            place.result = Some(result);
            place.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        if let Some(remote) = remote {
            remote.execute();
        }
    }
}

/// Connects, and starts the local container with the ids that the listener assigns.
fn join<T>(
    name: &str,
    target: Option<Target>,
    patience: Duration,
    start: impl FnOnce(&Arc<Remote>, Names) -> Option<T>,
) -> Result<(T, Arc<Remote>), ConnectError> {
    let target = target.ok_or(ConnectError::Environment)?;
    let (names, wire) = handshake::introduce(target.socket(patience)?, name, patience)?;
    let Names { pid, manager, .. } = names;
    let link = Arc::new(Link::new(wire.clone()));
    let wake_target = WakeTarget::new(&*wire)?;
    let (nudged, doorbell, told) = (wake_target.clone(), wake_target.clone(), wake_target.clone());
    link.on_failure(Box::new(move || nudged.nudge()));
    let ending = link.clone();
    let on_end = move |report: &EndReport<'_>| {
        if report.pid == pid {
            ending.send(Outgoing::exit(exit_code(report.exit)));
            ending.flush();
            told.end();
        }
    };
    let hooks = Hooks { on_end: Some(Box::new(on_end)), ..Hooks::default() };
    let kernel = Driven::new(hooks, Box::new(move || doorbell.nudge()));
    let exchange = Exchange::new(link, Side::Container);
    let mirrors = Mirrors::new(kernel.handle().clone(), pid, exchange, manager);
    let remote = Arc::new(Remote::new(kernel, mirrors, wire, wake_target));
    let started = start(&remote, names);
    // The kernel knows only the manager so far, and a correct listener gives the container another pid.
    Ok((started.ok_or(WireError::Violation("the pid of the container is taken"))?, remote))
}

// -- Processes other than containers in Rust ---------------------------------------------------------

/// A process of a listening system, running in this OS process.
pub struct RemoteProcess {
    remote: Arc<Remote>,
    program: RunningProgram,
}

impl RemoteProcess {
    /// Connects through the path on which a system listens, under a name for display. `make` receives the kernel in
    /// which the process will run.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub fn connect(
        name: &str,
        path: impl AsRef<Path>,
        make: impl FnOnce(&KernelHandle) -> Box<dyn Process>,
    ) -> Result<RemoteProcess, ConnectError> {
        let name = cut(name);
        let target = Some(Target::Path(path.as_ref().to_owned()));
        let (program, remote) =
            join(&name, target, handshake::PATIENCE, |remote, Names { pid, gid, .. }| {
                let kernel = remote.kernel();
                kernel.start_as(pid, gid, make(kernel), SpawnOptions::named(&name))
            })?;
        Ok(RemoteProcess { remote, program })
    }

    /// Runs the process on this thread until the process ends. When the connection ends, the process is told that all
    /// other processes have ended.
    pub fn run(self) {
        self.remote.execute();
    }

    /// Runs the process on this thread until the process or the connection ends. Returns the exit code of the process,
    /// or none if the connection has ended first.
    pub fn run_while_connected(self) -> Option<i32> {
        self.remote.execute_while_connected();
        self.program.code()
    }
}
