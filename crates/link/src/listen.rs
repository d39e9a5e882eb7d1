//! The listener's end: who may connect, and what becomes of those who do.
//!
//! By path only OS processes of the same user come in: the folder of the socket is theirs alone, and the operating
//! system says whose the other end is. What such a one calls itself is a claim, and is shown with a question
//! mark. A connected socket that the host hands to a program which it starts itself proves its name.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;

use command_fds::{CommandFdExt, FdMapping};
use lucarne_kernel::sync::atomic::{AtomicUsize, Ordering};
use lucarne_kernel::sync::thread::{self, JoinHandle};
use lucarne_kernel::{KernelHandle, Prepared, Program, SpawnOptions};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use thiserror::Error;

use crate::connect::SOCKET_VARIABLE;
use crate::driver::LinkDriver;
use crate::handshake::{self, Names, Peer};
use crate::link::Link;
use crate::stand_in::StandIn;
use crate::wire::WireError;

/// So many may be introducing themselves at a time; the others wait in the operating system's queue.
const GREETINGS_MAX: usize = 16;

/// Pids and gids of those who connect are positive numbers of 31 bits.
const NAME_LIMIT: i64 = 1 << 31;

/// The descriptor by which a program inherits its socket: the first one that is nobody's by custom.
const INHERITED: i32 = 3;

/// Connects containers in other OS processes with a system.
#[derive(Clone)]
pub struct Connections {
    kernel: KernelHandle,
    driver: Arc<LinkDriver>,
    shares_memory: bool,
}

/// A path on which a system listens. Dropping it ends the listening, but not the connections.
#[must_use = "it listens until it is dropped"]
pub struct Listener {
    path: PathBuf,
    stop: OwnedFd,
    thread: Option<JoinHandle<()>>,
}

/// Who somebody becomes that claims to be called so: its group, and the name that others see.
type Entrance = dyn Fn(&str) -> (Prepared, String) + Send + Sync;

/// Why a system cannot listen on a path.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another OS process listens there already.
    #[error("{} is in use", .0.display())]
    InUse(PathBuf),
    /// There is something else than a socket of that name.
    #[error("{} is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// Others than the owner may enter the folder, or the owner is somebody else.
    #[error("the folder {} is not for its owner alone: chmod 700 makes it so", .0.display())]
    OpenFolder(PathBuf),
    /// The operating system would not have it.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// Why a connected socket cannot be adopted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// The system has no service manager, or no names left.
    #[error("the system takes no containers")]
    NoNames,
    /// The other side did not say what it should.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The operating system would not have it.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Connections {
    /// Those of a system: one value, and its clones, for each kernel.
    ///
    /// # Errors
    /// Those of the operating system, and one of the kind `AlreadyExists`.
    pub fn new(kernel: &KernelHandle) -> io::Result<Connections> {
        let driver = Arc::new(LinkDriver::new()?);
        if !kernel.set_driver(driver.clone()) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(Connections { kernel: kernel.clone(), driver, shares_memory: true })
    }

    /// The same connections, but those that are made through it share no memory: frames travel over the socket, as they
    /// do anyway where there is no memory to be shared.
    #[must_use]
    pub fn over_sockets(&self) -> Connections {
        Connections { shares_memory: false, ..self.clone() }
    }

    /// Lets containers in other OS processes of the same user connect by a path. A socket that nobody listens on any
    /// more is replaced. The folder is made, for its owner alone, if it does not exist.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(&self, path: impl AsRef<Path>) -> Result<Listener, ListenError> {
        let kernel = self.kernel.clone();
        self.listen_by(path.as_ref(), Arc::new(move |claim: &str| (kernel.prepare(), format!("{claim}?"))))
    }

    /// The same for containers whose name is known to whoever listens, and in groups that `prepare` makes.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen_for(
        &self,
        path: impl AsRef<Path>,
        name: &str,
        prepare: impl Fn() -> Prepared + Send + Sync + 'static,
    ) -> Result<Listener, ListenError> {
        let name = name.to_owned();
        self.listen_by(path.as_ref(), Arc::new(move |_: &str| (prepare(), name.clone())))
    }

    fn listen_by(&self, path: &Path, entrance: Arc<Entrance>) -> Result<Listener, ListenError> {
        let path = path.to_owned();
        let socket = bind(&path)?;
        socket.set_nonblocking(true)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC).map_err(io::Error::from)?;
        let (connections, stopped) = (self.clone(), stop.try_clone()?);
        let run = move || connections.accept_all(&socket, &stopped, &entrance);
        let thread = thread::Builder::new().name("lucarne-listen".to_owned()).spawn(run)?;
        Ok(Listener { path, stop, thread: Some(thread) })
    }

    /// Takes in whoever has the other end of a connected socket, as `name`: for programs that the host starts
    /// itself, with `LUCARNE_SOCKET=fd:N`. Waits until the other side has introduced itself.
    ///
    /// # Errors
    /// See [`AdoptError`].
    pub fn adopt(
        &self,
        name: &str,
        socket: UnixStream,
        child: Option<&Child>,
    ) -> Result<Program, AdoptError> {
        self.adopt_in(self.kernel.prepare(), name, socket, child)
    }

    /// The same, in a group that has been prepared.
    ///
    /// # Errors
    /// See [`AdoptError`].
    pub fn adopt_in(
        &self,
        group: Prepared,
        name: &str,
        socket: UnixStream,
        child: Option<&Child>,
    ) -> Result<Program, AdoptError> {
        let process = match child {
            Some(child) => handshake::process_of(child),
            None => handshake::peer(&socket)?.process,
        };
        // What it calls itself does not count.
        handshake::hear_hello(&socket)?;
        self.take_in(group, name, socket, process)
    }

    /// Starts a program, which inherits a socket and connects with it, as `name`. Waits until it has done so.
    ///
    /// # Errors
    /// See [`AdoptError`]: the program is killed then.
    pub fn spawn(&self, name: &str, command: Command) -> Result<(Child, Program), AdoptError> {
        self.spawn_in(self.kernel.prepare(), name, command)
    }

    /// The same, in a group that has been prepared.
    ///
    /// # Errors
    /// See [`AdoptError`]: the program is killed then.
    pub fn spawn_in(
        &self,
        group: Prepared,
        name: &str,
        mut command: Command,
    ) -> Result<(Child, Program), AdoptError> {
        let (near, far) = UnixStream::pair()?;
        command.env(SOCKET_VARIABLE, format!("fd:{INHERITED}"));
        let mapping = FdMapping { parent_fd: far.into(), child_fd: INHERITED };
        command.fd_mappings(vec![mapping]).expect("one descriptor is not mapped twice");
        let mut child = command.spawn()?;
        // The command still has the far end, and must not: else the end of the program would not be its end.
        drop(command);
        match self.adopt_in(group, name, near, Some(&child)) {
            Ok(program) => Ok((child, program)),
            Err(error) => {
                // It has ended, or will: an error says so too.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    fn take_in(
        &self,
        group: Prepared,
        name: &str,
        socket: UnixStream,
        process: Option<OwnedFd>,
    ) -> Result<Program, AdoptError> {
        let manager = self.kernel.system_process().ok_or(AdoptError::NoNames)?;
        socket.set_nonblocking(true)?;
        let greeting = socket.try_clone()?;
        let (wire, descriptors) = handshake::make_wire(socket, process, self.shares_memory)?;
        let link = Arc::new(Link::new(wire));
        let stand_in = Box::new(StandIn::new(link.clone()));
        let program = group.start(stand_in, SpawnOptions::named(name));
        let (pid, gid) = (program.first(), program.gid());
        // Nothing was read yet: the stand-in's first turn comes with the welcome.
        let is_named = pid.as_i64() < NAME_LIMIT && gid.as_i64() < NAME_LIMIT;
        let welcomed = if is_named {
            handshake::say_welcome(&greeting, Names { pid, gid, manager }, &descriptors)
                .map_err(AdoptError::from)
        } else {
            Err(AdoptError::NoNames)
        };
        let waker = self.kernel.waker(pid).filter(|_| welcomed.is_ok());
        let added = waker.map(|waker| self.driver.add(link, waker));
        if !matches!(added, Some(Ok(()))) {
            program.stop(1);
        }
        welcomed.map(|()| program)
    }

    fn accept_all(&self, socket: &UnixListener, stopped: &OwnedFd, entrance: &Arc<Entrance>) {
        let greetings = Arc::new(AtomicUsize::new(0));
        loop {
            let is_full = greetings.load(Ordering::Acquire) >= GREETINGS_MAX;
            let mut files = [PollFd::new(stopped, PollFlags::IN), PollFd::new(socket, PollFlags::IN)];
            // Those who are too many wait for the next look.
            let timeout = is_full.then_some(rustix::event::Timespec { tv_sec: 0, tv_nsec: 10_000_000 });
            let watched = if is_full { &mut files[..1] } else { &mut files[..] };
            let _ = poll(watched, timeout.as_ref());
            if files[0].revents().contains(PollFlags::IN) {
                return;
            }
            if is_full {
                continue;
            }
            // Errors are those of whoever has gone again, or of a lack of descriptors, which passes.
            match socket.accept() {
                Ok((stream, _)) => self.greet(stream, &greetings, entrance),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => thread::sleep(std::time::Duration::from_millis(10)),
            }
        }
    }

    /// Hears who it is, on a thread of its own: it may take its time.
    fn greet(&self, stream: UnixStream, greetings: &Arc<AtomicUsize>, entrance: &Arc<Entrance>) {
        greetings.fetch_add(1, Ordering::AcqRel);
        let (connections, counted, entrance) = (self.clone(), greetings.clone(), entrance.clone());
        let greet = move || {
            // Whoever does not say what it should is hung up on, which tells it enough.
            let _ = connections.welcome(stream, &*entrance);
            counted.fetch_sub(1, Ordering::AcqRel);
        };
        if thread::Builder::new().name("lucarne-greet".to_owned()).spawn(greet).is_err() {
            greetings.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn welcome(&self, stream: UnixStream, entrance: &Entrance) -> Result<(), AdoptError> {
        let Peer { uid, process } = handshake::peer(&stream)?;
        if uid != rustix::process::getuid().as_raw() {
            return Err(WireError::Violation("only the owner enters").into());
        }
        let (group, name) = entrance(&handshake::hear_hello(&stream)?);
        self.take_in(group, &name, stream, process).map(drop)
    }
}

impl Listener {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The thread listens to it, so it is there.
        let _ = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // Whoever comes after this listener finds nothing rather than nobody.
        let _ = fs::remove_file(&self.path);
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("path", &self.path).finish()
    }
}

fn bind(path: &Path) -> Result<UnixListener, ListenError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.exists() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    expect_private(folder)?;
    match fs::symlink_metadata(path) {
        Ok(found) if std::os::unix::fs::FileTypeExt::is_socket(&found.file_type()) => {
            if UnixStream::connect(path).is_ok() {
                return Err(ListenError::InUse(path.to_owned()));
            }
            fs::remove_file(path)?;
        }
        Ok(_) => return Err(ListenError::NotASocket(path.to_owned())),
        Err(_) => {}
    }
    Ok(UnixListener::bind(path)?)
}

fn expect_private(folder: &Path) -> Result<(), ListenError> {
    let found = fs::metadata(folder)?;
    let is_private = found.mode() & 0o077 == 0 && found.uid() == rustix::process::getuid().as_raw();
    if is_private { Ok(()) } else { Err(ListenError::OpenFolder(folder.to_owned())) }
}
