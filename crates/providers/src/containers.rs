//! The service `system/containers`: lists, installs and uninstalls images, and starts containers from them.
//!
//! A [`Keeper`], which is a device or a system that runs programs, decides which images are installed and how
//! containers start and end. Each call of `load` prepares a new container, an *instance* of the image, with its own
//! group.
//! An instance keeps running when its starter closes it or ends; it ends with the system at the latest.
//!
//! ```no_run
//! use lucarne_services::Container;
//! use lucarne_providers::containers::{Containers, Event};
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
pub mod interface;
mod provider;

use std::sync::Arc;

pub use lucarne_ports::containers::{
    ContainerFault, Doing, IMAGE_BYTES_MAX, InstallOptions, InstalledImage, Keeper, OnEnd, Startable,
};
use lucarne_services::{Container, InstallError, Pending, Provider};

pub use client::{Event, ImageId, Images, Instance};
#[doc(inline)]
pub use interface::{ContainersClient as Containers, ImageWriterProxy as ImageWriter};

/// Marks a notification as a change of the background state: the first item of its list.
const BACKGROUND_STATE_CHANGE: i64 = 0;

/// Converts [`InstallOptions`] to and from the number that is sent.
mod flags {
    use super::InstallOptions;

    const RUN_BOOT: i64 = 1 << 0;
    const RUN_CRITICAL: i64 = 1 << 1;

    pub(super) fn read(flags: i64) -> InstallOptions {
        InstallOptions { run_boot: flags & RUN_BOOT != 0, run_critical: flags & RUN_CRITICAL != 0 }
    }

    pub(super) fn of(options: InstallOptions) -> i64 {
        let boot = if options.run_boot { RUN_BOOT } else { 0 };
        let critical = if options.run_critical { RUN_CRITICAL } else { 0 };
        boot | critical
    }
}

/// Installs the provider in a container of its own. Whether the service is
/// [guarded](lucarne_services::Policies::guard) is up to the caller.
///
/// # Errors
/// If the system is about to end.
pub fn install(container: &Container, keeper: Arc<dyn Keeper>) -> Pending<Provider, InstallError> {
    let handler = interface::ContainersHandler::new(provider::Service::new(keeper));
    container.provider("system/containers", "0.7").handle(handler).install()
}
