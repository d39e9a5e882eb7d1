//! The service `system.containers`: which images are installed, and containers that are started from them.
//!
//! What is installed, and how a container starts and ends, is up to a [`Keeper`]: a device, or a system that runs
//! one program. Each start gives another container, an *instance* of the image, with a group of its own. An instance goes
//! on when whoever has started it closes it, or ends; it ends with the system at the latest.
//!
//! ```no_run
//! use lucarne_services::Container;
//! use lucarne_system::containers::{Containers, Event};
//!
//! # fn example(container: Container) -> Result<(), Box<dyn std::error::Error>> {
//! let containers = Containers::open(&container).wait()?;
//! let image = containers.images().wait()?.0.into_iter().next().ok_or("nothing is installed")?;
//! let instance = containers.load(image.id).wait()?.ok_or("it is not installed any more")?;
//! let mut events = instance.events();
//! instance.start(&["an argument"]).wait()?;
//! while let Some(event) = events.next().wait() {
//!     if let Event::Stopped(code) = event? {
//!         println!("ended with code {code}");
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod client;
mod provider;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;

use lucarne_kernel::{Gid, KernelHandle};
use lucarne_services::{InstallError, Pending, Provider, Selector, Thrown, Uuid, Value, uuid};
use thiserror::Error;

use crate::Services;

pub use client::{Containers, Event, ImageId, ImageWriter, Images, Instance};

/// The selector of the service.
pub const SELECTOR: Selector = Selector::new(uuid!("358ee529-45a4-409e-8fab-7a28f71e5c51"), 0, 7);

/// How large an image is at most that is installed, in bytes.
pub const IMAGE_BYTES_MAX: usize = 256 << 20;

/// The numbers of the methods.
mod method {
    pub(super) const LIST_IMAGES: u32 = 0;
    pub(super) const LOAD_IMAGE: u32 = 1;
    pub(super) const UNINSTALL_IMAGE: u32 = 2;
    pub(super) const WRITER_OPEN: u32 = 3;
    pub(super) const WRITER_WRITE: u32 = 4;
    pub(super) const WRITER_COMMIT: u32 = 5;
    pub(super) const STOP: u32 = 6;
    pub(super) const START: u32 = 7;
    pub(super) const NOTIFY_BACKGROUND_STATE: u32 = 8;
}

/// What notifications of something else than an end begin with: the background state has changed.
const BACKGROUND_STATE_CHANGE: i64 = 0;

/// Something that takes a while.
pub type Doing<T> = Pin<Box<dyn Future<Output = Result<T, ContainerFault>> + Send>>;

/// Told of the end of an instance, with its code.
pub type OnEnd = Box<dyn FnOnce(i32) + Send>;

/// Has images, and starts containers.
pub trait Keeper: Send + Sync + 'static {
    /// What is installed.
    fn images(&self) -> Doing<Vec<InstalledImage>>;

    /// Gets ready to start a container of an image, for a container that asks. None if there is no such image.
    fn load(&self, asker: Gid, id: Uuid) -> Doing<Option<Box<dyn Startable>>>;

    /// Removes the containers that have this image, when they have ended.
    fn uninstall(&self, id: Uuid) -> Doing<()>;

    /// Installs a container with this image, which says what the container is called. Gives the id of the image.
    fn install(&self, image: Vec<u8>, how: InstallOptions) -> Doing<Uuid>;
}

/// A container that is to be started. One that is dropped before is not started any more.
pub trait Startable: Send + Sync {
    /// Its group.
    fn gid(&self) -> Gid;

    /// Starts it, once: `argument` is what its `main` gets.
    fn start(&self, argument: Value, on_end: OnEnd) -> Doing<()>;

    /// Tells it to end, if it runs. It has ended when its `on_end` was told.
    fn stop(&self);
}

/// An image that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledImage {
    /// What names it.
    pub id: Uuid,
    /// The container that it is installed as.
    pub name: Option<String>,
    /// When it runs.
    pub options: InstallOptions,
}

/// When a container runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InstallOptions {
    /// When it is installed, and whenever the device starts.
    pub run_boot: bool,
    /// Always: it is started again when it has ended.
    pub run_critical: bool,
}

/// Why something cannot be done with containers.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ContainerFault {
    /// There is no such image.
    #[error("No such container: {0}")]
    Unknown(Uuid),
    /// It has been started before.
    #[error("ALREADY_IN_USE")]
    Started,
    /// An image has another size than was said, or is larger than [`IMAGE_BYTES_MAX`].
    #[error("OUT_OF_BOUNDS")]
    Size,
    /// Nothing is installed or uninstalled here.
    #[error("PERMISSION_DENIED")]
    Denied,
    /// The keeper says why.
    #[error("{0}")]
    Refused(String),
}

impl InstallOptions {
    const RUN_BOOT: i64 = 1 << 0;
    const RUN_CRITICAL: i64 = 1 << 1;

    fn of(flags: i64) -> InstallOptions {
        InstallOptions {
            run_boot: flags & InstallOptions::RUN_BOOT != 0,
            run_critical: flags & InstallOptions::RUN_CRITICAL != 0,
        }
    }

    fn flags(self) -> i64 {
        let boot = if self.run_boot { InstallOptions::RUN_BOOT } else { 0 };
        let critical = if self.run_critical { InstallOptions::RUN_CRITICAL } else { 0 };
        boot | critical
    }
}

impl From<ContainerFault> for Thrown {
    fn from(fault: ContainerFault) -> Thrown {
        Thrown::new(fault.to_string())
    }
}

/// Starts the provider, in a container of its own. It stays until the system ends, or until it is uninstalled. Whether
/// the service is [guarded](lucarne_services::Policies::guard) is up to the caller.
///
/// # Errors
/// If the system is about to end.
pub fn start(
    kernel: &KernelHandle,
    services: &Services,
    keeper: Arc<dyn Keeper>,
) -> Pending<Provider, InstallError> {
    let provider = services.container(kernel, "containers").provider("system/containers", "0.7");
    provider.provides(SELECTOR, provider::Service::new(keeper)).install()
}
