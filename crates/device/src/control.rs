//! The control service: how the commands of `lucarne device` and `lucarne container` reach a device.
//!
//! It is a service like any other, in a system of its own: the device has one [`System`] for the
//! containers and another one that only listens on the control socket. So no container can ever find it.

use std::time::Duration;

use lucarne::prelude::*;
use lucarne::{ConnectError, Fault};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::folders::StateFolder;
use crate::logs::Entry;
use crate::{ContainerName, Digest, Image, Kind, Settings};

/// What a device does on command.
#[lucarne::service(uuid = "2c1e8c6a-6c8d-4f0c-a1f3-7a0b1f6f5e3d", version = "1.0")]
pub trait Device {
    /// Where a program is sent to.
    type Upload: Upload;
    /// The lines of a log as they come.
    type Follower: Follower;
    /// The device at work.
    type Watch: Watch;
    /// What there is to say about the device itself.
    #[index(0)]
    async fn status(&self) -> Result<Status, Refusal>;
    /// Ends all containers, and then the device.
    #[index(1)]
    async fn shut_down(&self);
    /// Begins to send a program.
    #[index(2)]
    async fn upload(&self) -> Result<Resource<Self::Upload>, Refusal>;
    /// All containers, in the order of their installation.
    #[index(3)]
    async fn list(&self) -> Result<Vec<Listed>, Refusal>;
    /// Everything about one container.
    #[index(4)]
    async fn inspect(&self, name: ContainerName) -> Result<Inspected, Refusal>;
    /// Ends a container and forgets it, with its log and what it has stored.
    #[index(5)]
    async fn uninstall(&self, name: ContainerName) -> Result<(), Refusal>;
    /// Starts a container, unless it runs.
    #[index(6)]
    async fn start(&self, name: ContainerName) -> Result<(), Refusal>;
    /// Ends a container, until it is started again.
    #[index(7)]
    async fn stop(&self, name: ContainerName) -> Result<(), Refusal>;
    /// Ends a container and starts it again.
    #[index(8)]
    async fn restart(&self, name: ContainerName) -> Result<(), Refusal>;
    /// The last lines of a log, or all.
    #[index(9)]
    async fn logs(&self, name: ContainerName, last: Option<u32>) -> Result<Vec<Entry>, Refusal>;
    /// The last lines of a log, and then all that come.
    #[index(10)]
    async fn follow(
        &self,
        name: ContainerName,
        last: Option<u32>,
    ) -> Result<Resource<Self::Follower>, Refusal>;
    /// The device at work: a sample once in so many µs, for as long as the resource is open.
    #[index(11)]
    async fn watch(&self, interval_us: i64) -> Result<Resource<Self::Watch>, Refusal>;
    /// What is counted all the time.
    #[index(12)]
    async fn counters(&self) -> Result<Counters, Refusal>;
}

/// A program on its way: its image, in parts.
#[lucarne::resource]
pub trait Upload {
    /// The next part.
    #[index(20)]
    async fn write(&self, part: Bytes) -> Result<(), Refusal>;
    /// That was a file that comes with the container: one of assets if it has no name. What follows is another file.
    #[index(21)]
    async fn asset(&self, name: Option<String>) -> Result<(), Refusal>;
    /// That was the image: installs it, in place of what had the name, and starts it.
    #[index(22)]
    async fn install(&self, name: ContainerName, settings: Settings) -> Result<Installed, Refusal>;
    /// That was the image: runs it once, in place of what was run like that before.
    #[index(23)]
    async fn run(&self, settings: Settings) -> Result<(), Refusal>;
}

/// A log that is followed.
#[lucarne::resource(notifies = LogPart)]
pub trait Follower {}

/// Somebody looks at the device.
#[lucarne::resource(notifies = Sample)]
pub trait Watch {}

/// The device at work, over some time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How long the time was, in µs.
    pub over_us: i64,
    /// What is provided.
    pub services: Vec<ServiceSample>,
    /// All containers, in the order of their installation.
    pub containers: Vec<ContainerSample>,
    /// How many messages there were that could not be told apart from others, and are not counted.
    pub missed: u64,
}

/// A service at work.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServiceSample {
    /// The container that provides it. None for the device itself.
    pub container: Option<ContainerName>,
    /// What the provider is called, or the id of a component.
    pub name: String,
    /// MAJOR.MINOR; a component has none.
    pub version: Option<String>,
    /// The interface; a component has none.
    pub uuid: Option<lucarne::Uuid>,
    /// The provider's tags.
    pub tags: Vec<String>,
    /// The provider's priority.
    pub priority: i64,
    /// Who has opened it. None if that is not known: the provider has not answered, or is a component.
    pub clients: Option<Vec<ClientSample>>,
    /// How many calls were answered.
    pub calls: u64,
    /// How many of these with an error.
    pub errors: u64,
    /// The time in ns in which half of them were answered; it is up to a sixteenth too long.
    pub p50_ns: Option<u64>,
    /// The same of 99 in a hundred.
    pub p99_ns: Option<u64>,
    /// The longest time, in ns.
    pub max_ns: Option<u64>,
}

/// The clients of a service that belong together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSample {
    /// Whose they are. None for the device itself.
    pub container: Option<ContainerName>,
    /// How many.
    pub clients: u64,
    /// How many resources the provider keeps for them.
    pub resources: u64,
}

/// A container at work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerSample {
    /// What the list says.
    #[serde(flatten)]
    pub listed: Listed,
    /// The memory that it has now: of a program in Toit what its heaps and byte arrays have, of others what is resident.
    pub memory_bytes: Option<u64>,
    /// The processor time that it has used, in µs: of a program in Toit an estimate, by the work that it has done.
    pub cpu_us: Option<u64>,
    /// How many messages it was sent: requests, answers, notifications.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// How many messages it has sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
}

/// What is counted all the time, since the device was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// What the status says.
    pub status: Status,
    /// The bytes of all logs.
    pub log_bytes: u64,
    /// All containers, in the order of their installation.
    pub containers: Vec<ContainerCounters>,
}

/// What is counted of a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContainerCounters {
    /// What the list says.
    pub listed: Listed,
    /// How often it was started.
    pub starts: u64,
    /// How often it has ended.
    pub ends: u64,
    /// How often of these with a code that is not 0.
    pub failures: u64,
    /// How many entries its log has been given.
    pub log_lines: u64,
    /// How many more it was not given room for.
    pub log_dropped: u64,
    /// See [`ContainerSample::memory_bytes`].
    pub memory_bytes: Option<u64>,
    /// The processor time of its present run, in µs.
    pub cpu_us: Option<u64>,
}

/// Some lines of a log.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LogPart {
    /// The lines.
    pub entries: Vec<Entry>,
    /// How many others came too fast to be passed on.
    pub missed: u64,
}

/// A command that could not be done: why, for people.
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

/// What there is to say about a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// What it is called.
    pub name: String,
    /// The version of lucarne that it is.
    pub version: String,
    /// Its OS process.
    pub pid: u32,
    /// How long it has been up, in µs.
    pub up_us: i64,
    /// How many containers are installed.
    pub installed: u32,
    /// How many containers run.
    pub running: u32,
}

/// A container in the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    /// Its name.
    pub name: ContainerName,
    /// The id of its image, as programs know it.
    pub image: lucarne::Uuid,
    /// What it is written in.
    pub kind: Kind,
    /// How it is.
    pub state: State,
}

/// How a container is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum State {
    /// It runs.
    Running {
        /// For how long, in µs.
        since_us: i64,
    },
    /// It has been told to end.
    Stopping,
    /// Somebody has stopped it.
    Stopped,
    /// It has ended, and will be started again.
    Waiting {
        /// In how many µs.
        starts_in_us: i64,
        /// How it ended: 0 is good.
        code: i32,
    },
    /// It has ended.
    Ended {
        /// How: 0 is good.
        code: i32,
    },
}

/// Everything about a container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspected {
    /// What the list says.
    pub listed: Listed,
    /// What names its image.
    pub digest: Digest,
    /// The file that was installed, as the manifest has it.
    pub entry: String,
    /// How it is run.
    pub settings: Settings,
    /// How often it was started since the device was.
    pub starts: u32,
    /// How its last start failed, if it did.
    pub problem: Option<String>,
    /// The bounds that are in force for it, for people.
    pub bounds: Vec<String>,
}

/// A container was installed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Installed {
    /// What names its image.
    pub digest: Digest,
    /// Whether it took the place of another one.
    pub replaced: bool,
}

/// Why a device cannot be reached.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReachError {
    /// Nobody listens on the control socket.
    #[error("no device runs here: start one with 'lucarne device start'")]
    NotRunning,
    /// It cannot be connected to.
    #[error("cannot connect to the device: {0}")]
    Connect(#[from] ConnectError),
    /// It does not answer as a device of this version does.
    #[error("the device does not answer as it should: {0}")]
    Open(#[from] OpenError),
}

/// A command was not done.
pub type Refused = CallError<Refusal>;

/// A device, seen from another OS process.
#[derive(Debug)]
pub struct Reached {
    /// Its control service.
    pub device: DeviceClient,
    /// This OS process, as a container of the device's.
    pub container: Container,
}

/// How long a device may take to answer at first.
const GREETING: Duration = Duration::from_secs(5);

impl Reached {
    /// Connects to the device that has its state in a folder.
    ///
    /// # Errors
    /// See [`ReachError`].
    pub fn connect(folder: &StateFolder) -> Result<Reached, ReachError> {
        let connecting = Container::connect_as("lucarne", folder.control_socket());
        let container = match connecting.within(GREETING).wait() {
            Err(ConnectError::Unreachable { error, .. }) if is_nobody(&error) => {
                return Err(ReachError::NotRunning);
            }
            other => other?,
        };
        let device = DeviceClient::open(&container).within(GREETING).wait()?;
        Ok(Reached { device, container })
    }

    /// Sends a program, and files that come with it: with a name, or without one for a file of assets.
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

/// How much is sent at a time, in bytes.
const PART: usize = 1 << 20;

fn send_parts(upload: &UploadProxy, contents: &[u8]) -> Result<(), Refused> {
    contents.chunks(PART).try_for_each(|part| upload.write(Bytes::from(part.to_vec())).wait())
}

fn is_nobody(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused)
}
