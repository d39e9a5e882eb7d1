//! Containers that are OS processes: executables that use the crate `lucarne`, and components in C.
//!
//! The thread of the supervisor starts the process. Another thread, one for each process, waits until the process has
//! connected, and then until it has ended. The process sets its bounds (`confine`) before it becomes the program. It
//! leads a process group of its own, which is killed when the process ends.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use lucarne_kernel::sync::atomic::{AtomicU64, Ordering};
use lucarne_kernel::sync::thread;
use lucarne_kernel::{KernelHandle, RunningProgram};
use lucarne_link::{Connections, Listener, SOCKET_VARIABLE};
use lucarne_ports::{Output, Stream};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::cgroup::{Cgroup, Cgroups};
use crate::children::{Children, OnRecord};
use crate::confine::{Bounds, in_force};
use crate::folders::StateFolder;
use crate::launcher::{ExecutableStart, Executables, RunningExecutable};
use crate::residents::Residents;
use crate::settings::FileAccess;
use crate::start::{Start, Usage};
use crate::strays::Strays;
use crate::{ContainerName, Log, Settings};

/// The time within which a process that was told to end must end; then it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// The descriptor by which a program inherits its socket.
const INHERITED: i32 = 3;

/// The code of a program that was ended by a signal is this plus the signal, as in shells.
const SIGNALED: i32 = 128;

/// If this environment variable is `no`, a device makes no control groups.
const CGROUPS_VARIABLE: &str = "LUCARNE_CGROUPS";

/// Starts OS processes as containers.
pub(crate) struct OsProcesses {
    kernel: KernelHandle,
    residents: Residents,
    connections: Connections,
    children: Children,
    folder: StateFolder,
    /// The path of `lucarne` itself, which loads components.
    binary: PathBuf,
    cgroups: Option<Cgroups>,
    strays: Arc<Strays>,
    next_socket: AtomicU64,
}

/// An OS process that runs as a container.
struct OsProcess {
    /// An event that asks the thread of the process to end it.
    stop: Arc<OwnedFd>,
    pid: Pid,
    files: Option<Vec<FileAccess>>,
    cgroup: Option<Arc<Cgroup>>,
}

/// A child process that has not been waited for.
struct ChildProcess {
    child: Child,
    pid: Pid,
    process: OwnedFd,
    stop: Arc<OwnedFd>,
    output: Arc<Log>,
    cgroup: Option<Arc<Cgroup>>,
    strays: Arc<Strays>,
    _on_record: OnRecord,
}

impl OsProcesses {
    pub(crate) fn new(
        kernel: KernelHandle,
        residents: Residents,
        folder: StateFolder,
    ) -> io::Result<OsProcesses> {
        let connections = Connections::new(&kernel)?;
        let children = Children::new(folder.children());
        children.end_leftovers()?;
        let binary = std::env::current_exe()?;
        let is_wanted = std::env::var_os(CGROUPS_VARIABLE).is_none_or(|value| value != "no");
        let cgroups = if is_wanted { Cgroups::find() } else { None };
        let strays = Arc::new(if cgroups.is_some() { Strays::default() } else { Strays::adopt()? });
        let next_socket = AtomicU64::new(0);
        Ok(OsProcesses {
            kernel,
            residents,
            connections,
            children,
            folder,
            binary,
            cgroups,
            strays,
            next_socket,
        })
    }

    /// Makes the command that starts an executable, and the listener for the handlers of a component.
    fn command(
        &self,
        executable: &ExecutableStart,
        name: &ContainerName,
        bounds: &Bounds,
        settings: &Settings,
    ) -> io::Result<(Command, Option<Listener>)> {
        let mut command = Command::new(&self.binary);
        let bounds = serde_json::to_string(bounds).map_err(io::Error::other)?;
        // Process lists show the container's name: the name of the file is a digest, which means nothing to users.
        command.args(["confine", "--name", name.as_str(), &bounds]);
        if !executable.is_component {
            command.arg(&executable.file).args(&settings.arguments);
            return Ok((command, None));
        }
        let socket = self.folder.component_socket(self.next_socket.fetch_add(1, Ordering::Relaxed));
        let (residents, kernel) = (self.residents.clone(), self.kernel.clone());
        let (resident, permissions) = (name.clone(), settings.permissions.clone());
        let prepare = move || residents.admit(&kernel, &resident, &permissions);
        let listener =
            self.connections.listen_for(&socket, name.as_str(), prepare).map_err(io::Error::other)?;
        command.arg(&self.binary).arg("component-host").arg(&executable.file).arg(socket);
        Ok((command, Some(listener)))
    }
}

impl OsProcesses {
    /// Returns the connections of the containers' system, of which there is one for each system.
    pub(crate) fn connections(&self) -> &Connections {
        &self.connections
    }
}

impl Executables for OsProcesses {
    /// Starts an OS process, which then connects as a container, or is killed if it does not. To be called on a thread
    /// that lives as long as the device, as the supervisor's does: the operating system kills the process when the
    /// thread that started it ends.
    fn start(&self, executable: ExecutableStart, start: Start<'_>) -> io::Result<Box<dyn RunningExecutable>> {
        let Start { name: container, settings, output, announced, on_end, .. } = start;
        let name = container.to_string();
        let cgroup = match &self.cgroups {
            Some(cgroups) => {
                Some(Arc::new(cgroups.make(&name, settings.memory_bytes, settings.background)?))
            }
            None => None,
        };
        let bounds = Bounds {
            device: std::process::id().cast_signed(),
            memory_bytes: settings.memory_bytes,
            background: settings.background,
            files: settings.files.clone(),
            no_network: settings.permissions.no_network,
            cgroup: cgroup.as_ref().map(|cgroup| cgroup.folder().to_owned()),
        };
        let (mut command, listener) = self.command(&executable, container, &bounds, settings)?;
        let (near, far) = UnixStream::pair()?;
        command.env(SOCKET_VARIABLE, format!("fd:{INHERITED}")).process_group(0);
        let (name_on_record, value) = self.children.variable();
        command.env(name_on_record, value).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mapping = FdMapping { parent_fd: far.into(), child_fd: INHERITED };
        command.fd_mappings(vec![mapping]).map_err(io::Error::other)?;
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let process = self.start_child(&mut command, stop.clone(), output, cgroup.clone())?;
        let on_connected = executable.on_connected;
        let (connections, pid) = (self.connections.clone(), process.pid);
        let group = self.residents.admit(&self.kernel, container, &settings.permissions);
        announced.iter().for_each(|announced| announced.set_group(group.gid()));
        let (residents, container) = (self.residents.clone(), container.clone());
        thread::Builder::new().name(format!("executable {name}")).spawn(move || {
            // Closes the copy of the far end here: with it, the connection would outlive the program.
            drop(command);
            let program = connections.adopt_in(group, &name, near, Some(&process.child));
            let code = match program {
                Ok(program) => {
                    on_connected();
                    process.wait(Some(&program))
                }
                Err(error) => {
                    process.output.system(&format!("did not connect as a container: {error}"));
                    process.end_group(Signal::KILL);
                    process.wait(None)
                }
            };
            drop(listener);
            residents.forget(&container);
            on_end(code);
        })?;
        Ok(Box::new(OsProcess { stop, pid, cgroup, files: settings.files.clone() }))
    }
}

impl RunningExecutable for OsProcess {
    fn end(&self) {
        // The thread watches the event until the process has ended.
        let _ = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
    }

    /// Reads the memory and the processor time of the process from `/proc`: `None` for both when it has ended.
    fn usage(&self) -> Usage {
        let folder = PathBuf::from(format!("/proc/{}", self.pid.as_raw_nonzero()));
        let read = |file| std::fs::read_to_string(folder.join(file)).ok();
        Usage {
            memory_bytes: read("statm").and_then(|text| resident_bytes(&text)),
            cpu_us: read("stat").and_then(|text| processor_us(&text)),
        }
    }

    fn bounds(&self) -> Vec<String> {
        let mut bounds = in_force(self.pid, self.files.as_deref());
        bounds.push(match &self.cgroup {
            Some(_) => "all processes that it starts end with it (control group)".to_owned(),
            None => "all processes that it starts end with it (subreaper)".to_owned(),
        });
        bounds.extend(self.cgroup.iter().flat_map(|cgroup| cgroup.limits()));
        bounds
    }
}

impl OsProcesses {
    fn start_child(
        &self,
        command: &mut Command,
        stop: Arc<OwnedFd>,
        output: Arc<Log>,
        cgroup: Option<Arc<Cgroup>>,
    ) -> io::Result<ChildProcess> {
        let strays = self.strays.clone();
        let mut child = strays.spawn(command)?;
        let noted = self.note(&child, cgroup.as_ref().map(|cgroup| cgroup.folder()));
        let (pid, process, on_record) = match noted {
            Ok(noted) => noted,
            Err(error) => {
                let _ = child.kill();
                let _ = strays.wait(&mut child);
                return Err(error);
            }
        };
        pass_on(child.stdout.take(), Stream::Out, &output)?;
        pass_on(child.stderr.take(), Stream::Error, &output)?;
        Ok(ChildProcess { child, pid, process, stop, output, cgroup, strays, _on_record: on_record })
    }

    fn note(&self, child: &Child, cgroup: Option<&Path>) -> io::Result<(Pid, OwnedFd, OnRecord)> {
        let pid = Pid::from_child(child);
        Ok((pid, pidfd_open(pid, PidfdFlags::empty())?, self.children.note(pid, cgroup)?))
    }
}

impl ChildProcess {
    /// Waits until the process has ended, and returns its code. Ends it if `stop` is signaled.
    fn wait(mut self, program: Option<&RunningProgram>) -> i32 {
        if self.wait_for(None) == Waited::Stop {
            self.end_group(Signal::TERM);
            if self.wait_for(Some(GRACE)) == Waited::TooLong {
                self.output.system("did not end when it was asked to, and was killed");
            }
        }
        // Kills the processes that the child has left running. Its pid is not reused until it has been waited for.
        self.end_group(Signal::KILL);
        let code = match self.strays.wait(&mut self.child) {
            Ok(status) => {
                use std::os::unix::process::ExitStatusExt;
                status.code().or_else(|| status.signal().map(|signal| SIGNALED + signal)).unwrap_or(1)
            }
            Err(_) => 1,
        };
        if !self.end_descendants() {
            self.output.system("some processes that it has started do not end, though they were killed");
        }
        if let Some(program) = program {
            program.stop(code);
        }
        code
    }

    /// Ends the processes that have left the process group. Returns false if some do not end in time.
    fn end_descendants(&self) -> bool {
        match &self.cgroup {
            Some(cgroup) => cgroup.end(),
            None => self.strays.end(),
        }
    }

    /// Waits until the process ends or `stop` is signaled. With a time, waits only for the end, at most for that time.
    fn wait_for(&self, time: Option<Duration>) -> Waited {
        let timeout = time.map(|time| Timespec {
            tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: time.subsec_nanos().into(),
        });
        loop {
            let mut files =
                [PollFd::new(&self.process, PollFlags::IN), PollFd::new(&self.stop, PollFlags::IN)];
            let watched = if time.is_some() { &mut files[..1] } else { &mut files[..] };
            match poll(watched, timeout.as_ref()) {
                Ok(0) => return Waited::TooLong,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return Waited::Stop,
                Ok(_) if files[0].revents().contains(PollFlags::IN) => return Waited::Ended,
                Ok(_) => return Waited::Stop,
            }
        }
    }

    fn end_group(&self, signal: Signal) {
        // It fails if no process is left in the group.
        let _ = kill_process_group(self.pid, signal);
    }
}

/// The outcome of a wait for a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    Ended,
    Stop,
    TooLong,
}

/// Reads the resident memory, in bytes, from `/proc/PID/statm`.
fn resident_bytes(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// Reads the processor time, in µs, from `/proc/PID/stat`: user time plus system time.
fn processor_us(stat: &str) -> Option<u64> {
    // The name before the parenthesis may contain anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    let all = ticks.next()?.ok()? + ticks.next()?.ok()?;
    Some(all * 1_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Starts a thread that passes on the output of a process, until the end of the stream.
fn pass_on(stream: Option<impl Read + Send + 'static>, kind: Stream, output: &Arc<Log>) -> io::Result<()> {
    let Some(mut stream) = stream else { return Ok(()) };
    let output = output.clone();
    let pass = move || {
        let mut part = [0; 4096];
        while let Ok(size @ 1..) = stream.read(&mut part) {
            output.write(kind, &part[..size]);
        }
        output.flush();
    };
    thread::Builder::new().name("executable output".to_owned()).spawn(pass).map(drop)
}
