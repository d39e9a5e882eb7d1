//! The control service: how the commands of `lucarne device` and `lucarne container` reach a device.
//!
//! It is a service like any other, in a system of its own: the device has one [`System`] for the containers, and
//! another one that only listens on the control socket. So no container can find it.

use std::time::Duration;

use lucarne::prelude::*;
use lucarne::{ConnectError, Fault};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::folders::StateFolder;
use crate::logs::Entry;
use crate::machines::FabricStatus;
use crate::{ContainerName, Digest, Image, Kind, Settings};

/// The commands of a device.
#[lucarne::service(uuid = "2c1e8c6a-6c8d-4f0c-a1f3-7a0b1f6f5e3d", version = "1.0")]
pub trait Device {
    /// Receives a program.
    type Upload: Upload;
    /// Passes on the lines of a log as they come.
    type Follower: Follower;
    /// Passes on samples of the device at work.
    type Watch: Watch;
    /// Describes the device itself.
    #[index(0)]
    async fn status(&self) -> Result<Status, Refusal>;
    /// Ends all containers, and then the device.
    #[index(1)]
    async fn shut_down(&self);
    /// Begins to receive a program.
    #[index(2)]
    async fn upload(&self) -> Result<Resource<Self::Upload>, Refusal>;
    /// Lists all containers, in the order of installation.
    #[index(3)]
    async fn list(&self) -> Result<Vec<Listed>, Refusal>;
    /// Returns everything about a container.
    #[index(4)]
    async fn inspect(&self, name: ContainerName) -> Result<Inspected, Refusal>;
    /// Ends a container, and removes it with its log and its storage.
    #[index(5)]
    async fn uninstall(&self, name: ContainerName) -> Result<(), Refusal>;
    /// Starts a container, unless it runs.
    #[index(6)]
    async fn start(&self, name: ContainerName) -> Result<(), Refusal>;
    /// Ends a container until it is started again.
    #[index(7)]
    async fn stop(&self, name: ContainerName) -> Result<(), Refusal>;
    /// Ends a container and starts it again.
    #[index(8)]
    async fn restart(&self, name: ContainerName) -> Result<(), Refusal>;
    /// Returns the last lines of a log, or all.
    #[index(9)]
    async fn logs(&self, name: ContainerName, last: Option<u32>) -> Result<Vec<Entry>, Refusal>;
    /// Returns the last lines of a log, and then passes on each new one.
    #[index(10)]
    async fn follow(
        &self,
        name: ContainerName,
        last: Option<u32>,
    ) -> Result<Resource<Self::Follower>, Refusal>;
    /// Passes on a sample of the device at work in each interval, in µs, for as long as the resource is open.
    #[index(11)]
    async fn watch(&self, interval_us: i64) -> Result<Resource<Self::Watch>, Refusal>;
    /// Returns the counters of the device and of all containers.
    #[index(12)]
    async fn counters(&self) -> Result<Counters, Refusal>;
    /// Waits until the present run of a container has connected as a container, or has failed to. Returns the problem of
    /// its start, if there is one. A program in Toit has started when it is installed.
    #[index(13)]
    async fn started(&self, name: ContainerName) -> Result<Option<String>, Refusal>;
}

/// A program that is being sent, in parts.
#[lucarne::resource]
pub trait Upload {
    /// Receives the next part.
    #[index(20)]
    async fn write(&self, part: Bytes) -> Result<(), Refusal>;
    /// Ends the current file, and attaches it to the container under this name. Without a name, it is a file of assets.
    #[index(21)]
    async fn asset(&self, name: Option<String>) -> Result<(), Refusal>;
    /// Ends the image, installs it in place of an earlier container of this name, and starts it.
    #[index(22)]
    async fn install(&self, name: ContainerName, settings: Settings) -> Result<Installed, Refusal>;
    /// Ends the image and runs it once, in place of the last program that was run in this way.
    #[index(23)]
    async fn run(&self, settings: Settings) -> Result<(), Refusal>;
}

/// Follows a log.
#[lucarne::resource(notifies = LogPart)]
pub trait Follower {}

/// Watches the device.
#[lucarne::resource(notifies = Sample)]
pub trait Watch {}

/// The device at work, over an interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The length of the interval, in µs.
    pub over_us: i64,
    /// The services that are provided.
    pub services: Vec<ServiceSample>,
    /// All containers, in the order of installation.
    pub containers: Vec<ContainerSample>,
    /// The name of this machine, if the device has joined a fabric.
    #[serde(default)]
    pub machine: Option<String>,
    /// The number of counts of messages and calls that were left out, since a table was full. A request adds up to
    /// three counts.
    pub missed: u64,
}

/// A service at work.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSample {
    /// The container that provides it, or none for the device itself and for other machines.
    pub container: Option<ContainerName>,
    /// The machine that provides it, if the device has joined a fabric.
    #[serde(default)]
    pub machine: Option<String>,
    /// The name of the provider, or the id of the component.
    pub name: String,
    /// MAJOR.MINOR, or none for a component.
    pub version: Option<String>,
    /// The interface, or none for a component.
    pub uuid: Option<lucarne::Uuid>,
    /// The alias of the interface, if it is one of the system, and a container provides it in the place of the device.
    pub stands_in_for: Option<String>,
    /// The provider's tags.
    pub tags: Vec<String>,
    /// The provider's priority.
    pub priority: i64,
    /// The clients that have opened it. None if they are not known: the provider has not answered, is a component, or is on
    /// another machine.
    pub clients: Option<Vec<ClientSample>>,
    /// The number of calls that were answered.
    pub calls: u64,
    /// The number of these that were answered with an error.
    pub errors: u64,
    /// The median of the times to an answer, in ns, rounded up by at most a sixteenth.
    pub p50_ns: Option<u64>,
    /// The 99th percentile of these times, in ns, rounded in the same way.
    pub p99_ns: Option<u64>,
    /// The longest of these times, in ns.
    pub max_ns: Option<u64>,
    /// The methods that were called, by their indexes: at most 256, those that were called most.
    pub methods: Vec<MethodSample>,
}

/// A method of a service at work.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MethodSample {
    /// The index of the method.
    pub index: i64,
    /// The number of calls that were answered.
    pub calls: u64,
    /// The number of these that were answered with an error.
    pub errors: u64,
    /// See [`ServiceSample::p50_ns`].
    pub p50_ns: Option<u64>,
    /// See [`ServiceSample::p99_ns`].
    pub p99_ns: Option<u64>,
    /// See [`ServiceSample::max_ns`].
    pub max_ns: Option<u64>,
}

/// The clients of a service that belong to one container, or to one other machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSample {
    /// The container, or none for the device itself and for other machines.
    pub container: Option<ContainerName>,
    /// The other machine, for a client that is not of this one.
    #[serde(default)]
    pub machine: Option<String>,
    /// The number of clients.
    pub clients: u64,
    /// The number of resources that the provider keeps for them.
    pub resources: u64,
}

/// A container at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerSample {
    /// The entry in the list.
    #[serde(flatten)]
    pub listed: Listed,
    /// The memory that the container uses now, in bytes: the heaps and byte arrays of a Toit program, the resident
    /// memory of an OS process.
    pub memory_bytes: Option<u64>,
    /// The processor time of the container, in µs. For a Toit program it is estimated from its work.
    pub cpu_us: Option<u64>,
    /// The number of messages that were sent to it: requests, answers, notifications.
    pub received: u64,
    /// The number of bytes in these messages.
    pub received_bytes: u64,
    /// The number of messages that it has sent.
    pub sent: u64,
    /// The number of bytes in these messages.
    pub sent_bytes: u64,
}

/// The counters of a device since it was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// The status.
    pub status: Status,
    /// The size of all logs, in bytes.
    pub log_bytes: u64,
    /// The device's view of its fabric, if it has joined one.
    #[serde(default)]
    pub fabric: Option<FabricStatus>,
    /// All containers, in the order of installation.
    pub containers: Vec<ContainerCounters>,
}

/// The counters of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerCounters {
    /// The entry in the list.
    pub listed: Listed,
    /// The number of its starts.
    pub starts: u64,
    /// The number of its ends.
    pub ends: u64,
    /// The number of ends with a code other than 0.
    pub failures: u64,
    /// The number of entries that its log has taken, including those from before the device was started.
    pub log_lines: u64,
    /// The number of lines that its log has dropped for lack of room.
    pub log_dropped: u64,
    /// The number of its attempts to use the network that its rules refused.
    pub network_refused: u64,
    /// See [`ContainerSample::memory_bytes`].
    pub memory_bytes: Option<u64>,
    /// The processor time of its present run, in µs.
    pub cpu_us: Option<u64>,
    /// The number of its open clients, at all providers that answered a survey in time. `None` if there was no survey.
    pub open_clients: Option<u64>,
    /// The number of resources of these clients.
    pub open_resources: Option<u64>,
}

/// Some lines of a log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LogPart {
    /// The lines.
    pub entries: Vec<Entry>,
    /// The number of lines that came too fast to be passed on.
    pub missed: u64,
}

/// The reason why a command failed, for display.
#[derive(Debug, Clone, PartialEq, Eq, Fault, Error)]
pub enum Refusal {
    /// The reason.
    #[fault(other)]
    #[error("{0}")]
    Because(String),
}

impl Refusal {
    pub(crate) fn new(reason: impl std::fmt::Display) -> Refusal {
        Refusal::Because(reason.to_string())
    }

    pub(crate) fn unknown(name: &ContainerName) -> Refusal {
        Refusal::new(format_args!("there is no container '{name}'"))
    }
}

/// The state of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The name of the device.
    pub name: String,
    /// The version of lucarne that runs the device.
    pub version: String,
    /// The pid of its OS process.
    pub pid: u32,
    /// The time since it was started, in µs.
    pub up_us: i64,
    /// The number of installed containers.
    pub installed: u32,
    /// The number of running containers.
    pub running: u32,
}

/// A container in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// The name of the container.
    pub name: ContainerName,
    /// The id of its image, as programs know it.
    pub image: lucarne::Uuid,
    /// The kind of the image.
    pub kind: Kind,
    /// The state of the container.
    pub state: State,
    /// The interfaces of the system that it provides: other containers use it in the place of the device.
    pub stands_in_for: Vec<String>,
    /// Its services that other machines may use, as `SERVICE` or `MACHINE:SERVICE`.
    #[serde(default)]
    pub exports: Vec<String>,
}

/// The state of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It runs.
    Running {
        /// The time since it was started, in µs.
        since_us: i64,
    },
    /// It has been told to end.
    Stopping,
    /// It was stopped by a command.
    Stopped,
    /// It has ended, and starts again.
    Waiting {
        /// The time until it starts, in µs.
        starts_in_us: i64,
        /// The code with which it ended. 0 is success.
        code: i32,
    },
    /// It has ended.
    Ended {
        /// The code with which it ended. 0 is success.
        code: i32,
    },
}

/// Everything about a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspected {
    /// The entry in the list.
    pub listed: Listed,
    /// The digest of its image.
    pub digest: Digest,
    /// The name of the file that was installed.
    pub entry: String,
    /// The settings of the container.
    pub settings: Settings,
    /// The number of its starts since the device was started.
    pub starts: u32,
    /// The reason why its last start failed, if it did.
    pub problem: Option<String>,
    /// The bounds that are in force for it, for display.
    pub bounds: Vec<String>,
}

/// The result of an installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Installed {
    /// The digest of the image.
    pub digest: Digest,
    /// Whether it has replaced another container.
    pub replaced: bool,
}

/// The reason why a device cannot be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReachError {
    /// No device listens on the control socket.
    #[error("no device runs here: start one with 'lucarne device start'")]
    NotRunning,
    /// The connection failed.
    #[error("cannot connect to the device: {0}")]
    Connect(#[from] ConnectError),
    /// The device does not answer in time.
    #[error("{0}")]
    Unresponsive(Unresponsive),
    /// The answer is not that of a device of this version.
    #[error("the device does not answer as it should: {0}")]
    Open(#[from] OpenError),
}

/// A device that has not answered in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unresponsive {
    /// The pid of its OS process, if it is known.
    pub pid: Option<u32>,
    /// Whether that process is stopped by a signal.
    pub is_stopped: bool,
}

impl Unresponsive {
    /// Returns the state of the device of a folder that has not answered.
    fn of(folder: &StateFolder) -> Unresponsive {
        let pid = lucarne_link::listening_process(&folder.control_socket());
        // The state follows the name, which is in parentheses.
        let stat = pid.and_then(|pid| std::fs::read_to_string(format!("/proc/{pid}/stat")).ok());
        let is_stopped = stat.is_some_and(|stat| {
            stat.rsplit_once(") ").is_some_and(|(_, state)| state.starts_with(['T', 't']))
        });
        Unresponsive { pid, is_stopped }
    }
}

impl std::fmt::Display for Unresponsive {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = GREETING.as_secs();
        match (self.pid, self.is_stopped) {
            (Some(pid), true) => {
                write!(f, "the device is stopped, as process {pid}: 'kill -CONT {pid}' lets it go on")
            }
            (Some(pid), false) => write!(
                f,
                "the device, process {pid}, has not answered within {seconds} s: try again if this machine is busy, or \
                 end it with 'kill {pid}' and start it again"
            ),
            (None, _) => write!(f, "the device has not answered within {seconds} s: try again"),
        }
    }
}

/// A command has failed.
pub type Refused = CallError<Refusal>;

/// A device, seen from another OS process.
#[derive(Debug)]
pub struct Reached {
    /// The client of the control service of the device.
    pub device: DeviceClient,
    /// This OS process, as a container in the device's control system.
    pub container: Container,
}

/// The longest time for the first answer of a device.
const GREETING: Duration = Duration::from_secs(5);

impl Reached {
    /// Connects to the device of a state folder.
    ///
    /// # Errors
    /// See [`ReachError`].
    pub fn connect(folder: &StateFolder) -> Result<Reached, ReachError> {
        let connecting = Container::connect_as("lucarne", folder.control_socket());
        let container = match connecting.within(GREETING).wait() {
            Err(ConnectError::Unreachable { error, .. }) if is_unused(&error) => {
                return Err(ReachError::NotRunning);
            }
            Err(ConnectError::Deadline) => return Err(ReachError::Unresponsive(Unresponsive::of(folder))),
            other => other?,
        };
        match DeviceClient::open(&container).within(GREETING).wait() {
            Ok(device) => Ok(Reached { device, container }),
            Err(OpenError::Absent | OpenError::Unresponsive) => {
                Err(ReachError::Unresponsive(Unresponsive::of(folder)))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a program and the files that come with it. A file without a name is a file of assets.
    ///
    /// # Errors
    /// If the device refuses one of them.
    pub fn send(&self, image: &Image, assets: &[(Option<String>, Vec<u8>)]) -> Result<UploadProxy, Refused> {
        let upload = self.device.upload().wait()?;
        for (name, contents) in assets {
            send_parts(&upload, contents)?;
            upload.asset(name.clone()).wait()?;
        }
        send_parts(&upload, image.bytes())?;
        Ok(upload)
    }
}

/// The size of a part, in bytes.
const PART: usize = 1 << 20;

fn send_parts(upload: &UploadProxy, contents: &[u8]) -> Result<(), Refused> {
    contents.chunks(PART).try_for_each(|part| upload.write(Bytes::from(part.to_vec())).wait())
}

fn is_unused(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | ConnectionRefused)
}
