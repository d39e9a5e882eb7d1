//! The listener's end: access checks, and the life of each connection.
//!
//! By path, only OS processes of the same user can connect: only this user can enter the folder of the socket, and the
//! operating system reports the user at the other end. The name that a container sends is a claim, and is shown with a
//! question mark. If the host starts a program itself and gives it a connected socket, the host knows the name.

use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Weak};

use command_fds::{CommandFdExt, FdMapping};
use lucarne_kernel::sync::thread::{self, JoinHandle};
use lucarne_kernel::{KernelHandle, Prepared, RunningProgram, SpawnOptions};
use rustix::event::{EventfdFlags, eventfd};
use thiserror::Error;

use crate::acceptor::Acceptor;
use crate::admitted::Welcomed;
use crate::connect::SOCKET_VARIABLE;
use crate::driver::LinkDriver;
use crate::handshake::{self, Names};
use crate::link::Link;
use crate::stand_in::StandIn;
use crate::wire::{WireError, socket};

/// The limit of the pids and gids of remote containers, which must be positive numbers of 31 bits.
const NAME_LIMIT: i64 = 1 << 31;

/// The descriptor through which a program inherits its socket: the first one without a conventional use.
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

/// Gets the name that a container claims. Returns the prepared group of the container, and the name under which it is
/// shown.
pub(crate) type AssignGroup = dyn Fn(&str) -> (Prepared, String) + Send + Sync;

/// The reason why a system cannot listen on a path.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Another OS process listens there already.
    #[error("{} is in use", .0.display())]
    InUse(PathBuf),
    /// A file other than a socket has that name.
    #[error("{} is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// Users other than the owner can enter the folder, or another user owns it.
    #[error("other users can enter the folder {}: choose a socket in a folder of your own with mode 700", .0.display())]
    OpenFolder(PathBuf),
    /// The folder of the socket is a file.
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    /// A folder above that of the socket does not exist.
    #[error("there is no folder {}: make it, or listen elsewhere; only the last folder of a path is made", .0.display())]
    MissingFolder(PathBuf),
    /// A system call failed.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// The reason why a connected socket cannot be adopted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// The system has no service manager, or no pids or group ids left.
    #[error("the system accepts no containers")]
    NoNames,
    /// The other side broke the handshake protocol.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A system call failed.
    #[error(transparent)]
    System(#[from] io::Error),
}

impl Connections {
    /// Creates the connections of a system. Can be called once for each kernel; the value can be cloned.
    ///
    /// # Errors
    /// Returns errors of the operating system, and one of the kind `AlreadyExists` if the kernel has a driver already.
    pub fn new(kernel: &KernelHandle) -> io::Result<Connections> {
        let driver = Arc::new(LinkDriver::new()?);
        if !kernel.set_driver(driver.clone()) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(Connections { kernel: kernel.clone(), driver, shares_memory: true })
    }

    /// Returns the same connections without shared memory: frames travel over the socket, as they always do where
    /// there is no shared memory.
    #[must_use]
    pub fn over_sockets(&self) -> Connections {
        Connections { shares_memory: false, ..self.clone() }
    }

    /// Lets containers in other OS processes of the same user connect by a path. Replaces a socket on which no
    /// process listens any more. Creates the folder, for its owner alone, if it does not exist; the folders above it must
    /// exist.
    ///
    /// # Errors
    /// See [`ListenError`].
    pub fn listen(&self, path: impl AsRef<Path>) -> Result<Listener, ListenError> {
        let kernel = self.kernel.clone();
        self.listen_by(path.as_ref(), Arc::new(move |claim: &str| (kernel.prepare(), format!("{claim}?"))))
    }

    /// As [`listen`](Connections::listen), for containers whose name the host knows, in groups that `prepare` makes.
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

    fn listen_by(&self, path: &Path, assign: Arc<AssignGroup>) -> Result<Listener, ListenError> {
        let path = path.to_owned();
        require_parent(folder_of(&path))?;
        let socket = bind(&path)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC).map_err(io::Error::from)?;
        let acceptor = Acceptor::new(self.clone(), assign, path.clone(), socket, stop.try_clone()?)?;
        let thread = thread::Builder::new().name("lucarne-listen".to_owned()).spawn(|| acceptor.run())?;
        Ok(Listener { path, stop, thread: Some(thread) })
    }

    /// Accepts the process at the other end of a connected socket, as `name`: for programs that the host starts
    /// itself, with `LUCARNE_SOCKET=fd:N`. Waits until the other side has introduced itself.
    ///
    /// # Errors
    /// See [`AdoptError`].
    pub fn adopt(
        &self,
        name: &str,
        socket: UnixStream,
        child: Option<&Child>,
    ) -> Result<RunningProgram, AdoptError> {
        self.adopt_in(self.kernel.prepare(), name, socket, child)
    }

    /// As [`adopt`](Connections::adopt), in a prepared group.
    ///
    /// # Errors
    /// See [`AdoptError`].
    pub fn adopt_in(
        &self,
        group: Prepared,
        name: &str,
        socket: UnixStream,
        child: Option<&Child>,
    ) -> Result<RunningProgram, AdoptError> {
        let process = match child {
            Some(child) => handshake::process_of(child),
            None => handshake::peer_process(&socket)?,
        };
        // The name in the hello is ignored.
        handshake::receive_hello(&socket)?;
        self.admit(group, name, socket, process).map(|(program, _)| program)
    }

    /// Starts a program as `name`. The program inherits a socket and connects through it; waits until the program has
    /// connected.
    ///
    /// # Errors
    /// See [`AdoptError`]: on an error the program is killed.
    pub fn spawn(&self, name: &str, command: Command) -> Result<(Child, RunningProgram), AdoptError> {
        self.spawn_in(self.kernel.prepare(), name, command)
    }

    /// As [`spawn`](Connections::spawn), in a prepared group.
    ///
    /// # Errors
    /// See [`AdoptError`]: on an error the program is killed.
    pub fn spawn_in(
        &self,
        group: Prepared,
        name: &str,
        mut command: Command,
    ) -> Result<(Child, RunningProgram), AdoptError> {
        let (near, far) = UnixStream::pair()?;
        command.env(SOCKET_VARIABLE, format!("fd:{INHERITED}"));
        let mapping = FdMapping { parent_fd: far.into(), child_fd: INHERITED };
        command.fd_mappings(vec![mapping]).expect("one descriptor is not mapped twice");
        let mut child = command.spawn()?;
        // The command still holds the far end of the socket pair. It is dropped now, so that the socket closes when the
        // program ends.
        drop(command);
        match self.adopt_in(group, name, near, Some(&child)) {
            Ok(program) => Ok((child, program)),
            Err(error) => {
                // Fails if the program has ended already, which is fine.
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    fn admit(
        &self,
        group: Prepared,
        name: &str,
        socket: UnixStream,
        process: Option<OwnedFd>,
    ) -> Result<(RunningProgram, Weak<Link>), AdoptError> {
        let manager = self.kernel.system_process().ok_or(AdoptError::NoNames)?;
        socket.set_nonblocking(true)?;
        let for_welcome = socket.try_clone()?;
        let (wire, descriptors) = handshake::make_wire(socket, process, self.shares_memory)?;
        let link = Arc::new(Link::new(wire.clone()));
        let stand_in = Box::new(StandIn::new(link.clone()));
        let program = group.start(stand_in, SpawnOptions::named(name));
        let (pid, gid) = (program.first(), program.gid());
        // The stand-in may have its first turn already. A correct container sends no frame before it has the welcome.
        let is_named = pid.as_i64() < NAME_LIMIT && gid.as_i64() < NAME_LIMIT;
        let welcomed = if is_named {
            handshake::send_welcome(&for_welcome, Names { pid, gid, manager }, &descriptors)
                .map_err(AdoptError::from)
        } else {
            Err(AdoptError::NoNames)
        };
        let waker = self.kernel.waker(pid).filter(|_| welcomed.is_ok());
        let admitted = Arc::downgrade(&link);
        let added = waker.map(|waker| self.driver.add(link, wire, waker));
        if !matches!(added, Some(Ok(()))) {
            program.stop(1);
        }
        welcomed.map(|()| (program, admitted))
    }

    /// Admits a connection that has sent its hello, with the name that it claims.
    pub(crate) fn welcome(
        &self,
        stream: UnixStream,
        claim: &str,
        assign: &AssignGroup,
    ) -> Result<Welcomed, AdoptError> {
        let (_, process) = handshake::peer_of(&stream)?;
        let watched = handshake::peer_process(&stream)?;
        let (group, name) = assign(claim);
        let (stand_in, link) = self.admit(group, &name, stream, watched)?;
        Ok(Welcomed { link, stand_in, process })
    }
}

impl Listener {
    /// Returns the path of the socket.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Cannot fail: nothing was written to the eventfd before.
        let _ = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        // A later client finds no file, rather than a socket without a listener.
        let _ = fs::remove_file(&self.path);
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Listener").field("path", &self.path).finish()
    }
}

/// Returns the folder of a path.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Fails if the parent of the folder does not exist, since the path may be mistyped. Reports the highest missing
/// folder.
fn require_parent(folder: &Path) -> Result<(), ListenError> {
    let above = folder.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty());
    match above.take_while(|above| !above.exists()).last() {
        Some(missing) => Err(ListenError::MissingFolder(missing.to_owned())),
        None => Ok(()),
    }
}

/// Binds a socket to a path. Makes all folders of the path that are missing. When the listening begins, that is at most
/// the last one; later, folders above it may have been removed too.
pub(crate) fn bind(path: &Path) -> Result<UnixListener, ListenError> {
    let folder = folder_of(path);
    if !folder.exists() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    require_private(folder)?;
    match fs::symlink_metadata(path) {
        Ok(found) if std::os::unix::fs::FileTypeExt::is_socket(&found.file_type()) => {
            // A listener whose queue is full is alive.
            let found = socket::connect(path, None);
            if found.is_ok() || found.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock) {
                return Err(ListenError::InUse(path.to_owned()));
            }
            fs::remove_file(path)?;
        }
        Ok(_) => return Err(ListenError::NotASocket(path.to_owned())),
        Err(_) => {}
    }
    Ok(UnixListener::bind(path)?)
}

fn require_private(folder: &Path) -> Result<(), ListenError> {
    let found = fs::metadata(folder)?;
    if !found.is_dir() {
        return Err(ListenError::NotAFolder(folder.to_owned()));
    }
    let is_private = found.mode() & 0o077 == 0 && found.uid() == rustix::process::getuid().as_raw();
    if is_private { Ok(()) } else { Err(ListenError::OpenFolder(folder.to_owned())) }
}
