//! Installed images, and containers that are started from them: the demands of the service `system.containers` on a
//! host.

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

    /// Removes the containers that have this image, once they have ended.
    fn uninstall(&self, id: Uuid) -> Doing<()>;

    /// Installs a container with this image, which holds the container's name. Returns the id of the image.
    fn install(&self, image: Vec<u8>, how: InstallOptions) -> Doing<Uuid>;
}

/// A container that is ready to be started. Dropping it before the start gives it up.
pub trait Startable: Send + Sync {
    /// Returns the container's group.
    fn gid(&self) -> Gid;

    /// Starts the container, once. `argument` is passed to its `main`.
    fn start(&self, argument: Value, on_end: OnEnd) -> Doing<()>;

    /// Stops the container if it runs. It has ended when its `on_end` is called.
    fn stop(&self);
}

/// An image that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledImage {
    /// The id of the image.
    pub id: Uuid,
    /// The name of the container that is installed with this image.
    pub name: Option<String>,
    /// The time at which that container runs.
    pub options: InstallOptions,
}

/// The time at which a container runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InstallOptions {
    /// Runs when it is installed, and whenever the device starts.
    pub run_boot: bool,
    /// Runs always: it is started again when it ends.
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
