//! Containers that are OS processes: executables that use the crate `lucarne`, and components in C.
//!
//! Each has a thread here, which starts the process, waits until it has connected, and then for its end. It leads a
//! process group of its own, so that what it has started goes with it, and takes on its bounds (`confine`) before it becomes
//! the program.

use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use lucarne_kernel::{KernelHandle, Program};
use lucarne_link::{Connections, Listener, SOCKET_VARIABLE};
use lucarne_ports::{Output, Stream};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::cgroup::{Cgroup, Cgroups};
use crate::children::{Children, OnRecord};
use crate::confine::{Bounds, in_force};
use crate::folders::StateFolder;
use crate::residents::Residents;
use crate::settings::FileAccess;
use crate::start::{Start, Usage};
use crate::{ContainerName, Settings};

/// How long one that was asked to end may take before it is killed.
const GRACE: Duration = Duration::from_secs(3);

/// The descriptor by which a program inherits its socket.
const INHERITED: i32 = 3;

/// The code of a program that was ended by a signal: this and the signal, as shells have it.
const SIGNALLED: i32 = 128;

/// What native containers are started with.
pub(crate) struct Natives {
    kernel: KernelHandle,
    residents: Residents,
    connections: Connections,
    children: Children,
    folder: StateFolder,
    /// `lucarne` itself, which is what loads components.
    binary: PathBuf,
    cgroups: Option<Cgroups>,
    next_socket: AtomicU64,
}

/// What is to be started.
pub(crate) struct NativeStart {
    pub(crate) file: PathBuf,
    pub(crate) is_component: bool,
}

/// A native container that runs.
pub(crate) struct Native {
    /// Written to when it is to end.
    stop: Arc<OwnedFd>,
    pid: Pid,
    files: Option<Vec<FileAccess>>,
    cgroup: Option<Cgroup>,
}

/// A child that was started, until it has been waited for.
struct Running {
    child: Child,
    pid: Pid,
    process: OwnedFd,
    stop: Arc<OwnedFd>,
    output: Arc<dyn Output>,
    _on_record: OnRecord,
}

impl Natives {
    pub(crate) fn new(
        kernel: KernelHandle,
        residents: Residents,
        folder: StateFolder,
    ) -> io::Result<Natives> {
        let connections = Connections::new(&kernel)?;
        let children = Children::new(folder.children());
        children.end_leftovers()?;
        let binary = std::env::current_exe()?;
        let (cgroups, next_socket) = (Cgroups::delegated(), AtomicU64::new(0));
        Ok(Natives { kernel, residents, connections, children, folder, binary, cgroups, next_socket })
    }

    /// Starts an OS process. Whether it becomes a container, as it should, shows later. To be called on a thread that lives as
    /// long as the device, as the supervisor's does: the process is killed when the thread ends that has started it.
    pub(crate) fn start(&self, native: NativeStart, start: Start<'_>) -> io::Result<Native> {
        let Start { name: container, settings, output, expected, on_end, .. } = start;
        let name = container.to_string();
        let cgroup = match &self.cgroups {
            Some(cgroups) => Some(cgroups.make(&name, settings.memory_bytes, settings.background)?),
            None => None,
        };
        let bounds = Bounds {
            device: std::process::id().cast_signed(),
            memory_bytes: settings.memory_bytes,
            background: settings.background,
            files: settings.files.clone(),
            cgroup: cgroup.as_ref().map(|cgroup| cgroup.folder().to_owned()),
        };
        let (mut command, listener) = self.command(&native, container, &bounds, settings)?;
        let (near, far) = UnixStream::pair()?;
        command.env(SOCKET_VARIABLE, format!("fd:{INHERITED}")).process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mapping = FdMapping { parent_fd: far.into(), child_fd: INHERITED };
        command.fd_mappings(vec![mapping]).map_err(io::Error::other)?;
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let running = Running::start(&mut command, &self.children, stop.clone(), output)?;
        let (connections, pid) = (self.connections.clone(), running.pid);
        let group = self.residents.admit(&self.kernel, container, &settings.permissions);
        expected.iter().for_each(|expected| expected.of(group.gid()));
        let (residents, container) = (self.residents.clone(), container.clone());
        thread::Builder::new().name(format!("native {name}")).spawn(move || {
            // It is no longer the far end's keeper: else the end of the program would not be that of the connection.
            drop(command);
            let program = connections.adopt_in(group, &name, near, Some(&running.child));
            let code = match program {
                Ok(program) => running.wait(Some(&program)),
                Err(error) => {
                    running.say(&format!("it did not connect as a container does: {error}"));
                    running.end_group(Signal::KILL);
                    running.wait(None)
                }
            };
            drop(listener);
            residents.forget(&container);
            on_end(code);
        })?;
        Ok(Native { stop, pid, cgroup, files: settings.files.clone() })
    }

    /// The command that starts it, and where the handlers of a component connect meanwhile.
    fn command(
        &self,
        native: &NativeStart,
        name: &ContainerName,
        bounds: &Bounds,
        settings: &Settings,
    ) -> io::Result<(Command, Option<Listener>)> {
        let mut command = Command::new(&self.binary);
        let bounds = serde_json::to_string(bounds).map_err(io::Error::other)?;
        // The file is called by its digest, which tells people nothing.
        command.args(["confine", "--name", name.as_str(), &bounds]);
        if !native.is_component {
            command.arg(&native.file).args(&settings.arguments);
            return Ok((command, None));
        }
        let socket = self.folder.component_socket(self.next_socket.fetch_add(1, Ordering::Relaxed));
        let (residents, kernel) = (self.residents.clone(), self.kernel.clone());
        let (resident, permissions) = (name.clone(), settings.permissions.clone());
        let prepare = move || residents.admit(&kernel, &resident, &permissions);
        let listener =
            self.connections.listen_for(&socket, name.as_str(), prepare).map_err(io::Error::other)?;
        command.arg(&self.binary).arg("component-host").arg(&native.file).arg(socket);
        Ok((command, Some(listener)))
    }
}

impl Native {
    /// Asks it to end, and kills it if it takes its time.
    pub(crate) fn end(&self) {
        // The thread looks at it until the process has ended.
        let _ = rustix::io::write(&self.stop, &1_u64.to_ne_bytes());
    }

    /// What its OS process uses. Nothing is known of one that has ended.
    pub(crate) fn usage(&self) -> Usage {
        let folder = PathBuf::from(format!("/proc/{}", self.pid.as_raw_nonzero()));
        let read = |file| std::fs::read_to_string(folder.join(file)).ok();
        Usage {
            memory_bytes: read("statm").and_then(|text| resident_bytes(&text)),
            cpu_us: read("stat").and_then(|text| processor_us(&text)),
        }
    }

    /// The bounds that are in force, for people.
    pub(crate) fn bounds(&self) -> Vec<String> {
        let mut bounds = in_force(self.pid, self.files.as_deref());
        bounds.extend(self.cgroup.iter().flat_map(Cgroup::limits));
        bounds
    }
}

impl Running {
    fn start(
        command: &mut Command,
        children: &Children,
        stop: Arc<OwnedFd>,
        output: Arc<dyn Output>,
    ) -> io::Result<Running> {
        let mut child = command.spawn()?;
        let noted = Running::note(&child, children);
        let (pid, process, on_record) = match noted {
            Ok(noted) => noted,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        pass_on(child.stdout.take(), Stream::Out, &output)?;
        pass_on(child.stderr.take(), Stream::Error, &output)?;
        Ok(Running { child, pid, process, stop, output, _on_record: on_record })
    }

    fn note(child: &Child, children: &Children) -> io::Result<(Pid, OwnedFd, OnRecord)> {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.ok_or_else(|| io::Error::other("a child without a pid"))?;
        Ok((pid, pidfd_open(pid, PidfdFlags::empty())?, children.note(pid)?))
    }

    /// Waits for the end, and helps it along if that is wanted. Gives the code.
    fn wait(mut self, program: Option<&Program>) -> i32 {
        if self.wait_for(None) == Waited::Stop {
            self.end_group(Signal::TERM);
            if self.wait_for(Some(GRACE)) == Waited::TooLong {
                self.say("it did not end when it was asked to, and was killed");
            }
        }
        // As long as it has not been waited for, nobody else has its pid: what it has left running goes now.
        self.end_group(Signal::KILL);
        let code = match self.child.wait() {
            Ok(status) => {
                use std::os::unix::process::ExitStatusExt;
                status.code().or_else(|| status.signal().map(|signal| SIGNALLED + signal)).unwrap_or(1)
            }
            Err(_) => 1,
        };
        if let Some(program) = program {
            program.stop(code);
        }
        code
    }

    /// Waits for the end of the process, or until it is to be ended: with a time, for the former alone.
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
        // Nobody is left in it if it fails.
        let _ = kill_process_group(self.pid, signal);
    }

    fn say(&self, text: &str) {
        self.output.write(Stream::Error, format!("{text}\n").as_bytes());
    }
}

/// What was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waited {
    Ended,
    Stop,
    TooLong,
}

/// From `/proc/PID/statm`.
fn resident_bytes(statm: &str) -> Option<u64> {
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}

/// From `/proc/PID/stat`: what it has spent itself, and the operating system for it.
fn processor_us(stat: &str) -> Option<u64> {
    // What comes before is its name, in which there may be anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut ticks = rest.split_whitespace().skip(11).map(str::parse::<u64>);
    let all = ticks.next()?.ok()? + ticks.next()?.ok()?;
    Some(all * 1_000_000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Has a thread pass on what a process prints, until it prints nothing any more.
fn pass_on(
    stream: Option<impl Read + Send + 'static>,
    kind: Stream,
    output: &Arc<dyn Output>,
) -> io::Result<()> {
    let Some(mut stream) = stream else { return Ok(()) };
    let output = output.clone();
    let pass = move || {
        let mut part = [0; 4096];
        while let Ok(size @ 1..) = stream.read(&mut part) {
            output.write(kind, &part[..size]);
        }
        output.flush();
    };
    thread::Builder::new().name("native output".to_owned()).spawn(pass).map(drop)
}
