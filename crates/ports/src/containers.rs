//! Installed images, and containers that are started from them: the traits that a host implements for the service
//! `system.containers`.

use std::pin::Pin;

use lucarne_kernel::Gid;
use lucarne_services::{Thrown, Uuid, Value};
use thiserror::Error;

/// The size of the largest image that can be installed, in bytes.
pub const IMAGE_BYTES_MAX: usize = 256 << 20;

/// The result of an operation that may take a while.
pub type Doing<T> = Pin<Box<dyn Future<Output = Result<T, ContainerFault>> + Send>>;

/// Called once with the exit code when an instance ends.
pub type OnEnd = Box<dyn FnOnce(i32) + Send>;

/// Keeps images and starts containers from them.
pub trait Keeper: Send + Sync + 'static {
    /// Returns the installed images.
    fn images(&self) -> Doing<Vec<InstalledImage>>;

    /// Prepares a container of an image for the group that asks. Returns none if there is no such image.
    fn load(&self, asker: Gid, id: Uuid) -> Doing<Option<Box<dyn Startable>>>;

    /// Ends and uninstalls the containers that have this image. The operation is complete once they have ended.
    fn uninstall(&self, id: Uuid) -> Doing<()>;

    /// Installs a container with this image and the name that the image contains. Returns the id of the image.
    fn install(&self, image: Vec<u8>, how: InstallOptions) -> Doing<Uuid>;
}

/// A container that is ready to be started. Dropping it before the start releases its group.
pub trait Startable: Send + Sync {
    /// Returns the container's group.
    fn gid(&self) -> Gid;

    /// Starts the container, once. `argument` is passed to its `main`.
    fn start(&self, argument: Value, on_end: OnEnd) -> Doing<()>;

    /// Stops the container if it runs. Its `on_end` is called once it has ended.
    fn stop(&self);
}

/// An image that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledImage {
    /// The id of the image.
    pub id: Uuid,
    /// The name of the container that is installed with this image.
    pub name: Option<String>,
    /// The events at which that container is started.
    pub options: InstallOptions,
}

/// The events at which a container is started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InstallOptions {
    /// Whether it is started when it is installed, and whenever the device starts.
    pub run_boot: bool,
    /// Whether it is also started again whenever it ends.
    pub run_critical: bool,
}

/// Why an operation on containers failed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContainerFault {
    /// No image has this id.
    #[error("No such container: {0}")]
    Unknown(Uuid),
    /// The instance was started before.
    #[error("ALREADY_IN_USE")]
    Started,
    /// The image's size differs from the announced size, or exceeds [`IMAGE_BYTES_MAX`].
    #[error("OUT_OF_BOUNDS")]
    Size,
    /// Images can be neither installed nor uninstalled in this system.
    #[error("PERMISSION_DENIED")]
    Denied,
    /// The keeper refused, for the given reason.
    #[error("{0}")]
    Refused(String),
}

impl From<ContainerFault> for Thrown {
    fn from(fault: ContainerFault) -> Thrown {
        Thrown::new(fault.to_string())
    }
}
