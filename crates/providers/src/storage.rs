//! The storage service: buckets and regions that outlive the containers that use them.
//!
//! A *bucket* maps keys to bytes. A *region* is a row of bytes that behaves like flash memory: a write clears bits,
//! and an erase sets all bits of whole pages. Buckets and regions of the scheme `flash` lie in a [`Flash`], which a
//! device keeps on a disk and a simulation in memory. Buckets of the scheme `ram` always lie in memory. A container
//! sees only the storage of its owner, which an [`Owners`] determines.
//!
//! ```
//! use lucarne_host::System;
//! use lucarne_providers::storage::{Scheme, Storage, Tison};
//!
//! let system = System::new();
//! let counter = system.container("counter");
//! let bucket = Storage::open(&counter).wait()?.bucket(Scheme::Flash, "example.com/counter").wait()?;
//! bucket.set("starts", &1).wait()?;
//! assert_eq!(bucket.get("starts").wait()?, Some(Tison(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod flash;
pub mod interface;
mod provider;
mod regions;
mod shelf;
mod worker;

use std::sync::Arc;

use lucarne_kernel::Gid;
use lucarne_services::{Container, InstallError, Pending, Provider};

pub use client::{Region, Scheme, Tison};
pub use flash::{Entries, Flash, FlashError, Memory, Work};
#[doc(inline)]
pub use interface::{BucketProxy as Bucket, StorageClient as Storage};
pub use regions::OpenRegions;
pub use shelf::{REGION_BYTES_MAX, StorageFault};

/// The media of the storage service.
#[derive(Clone)]
pub struct Media {
    /// The medium of the scheme `ram`, which outlives containers.
    pub ram: Arc<dyn Flash>,
    /// The medium of the scheme `flash`, which outlives the device.
    pub flash: Arc<dyn Flash>,
}

impl Media {
    /// Returns media in memory, which are lost when they are dropped.
    pub fn in_memory() -> Media {
        Media { ram: Arc::new(Memory::default()), flash: Arc::new(Memory::default()) }
    }

    /// Removes all entries of an owner. Its containers must have ended.
    ///
    /// # Errors
    /// If a medium fails.
    pub fn forget(&self, owner: &str) -> Result<(), FlashError> {
        self.ram.change(&mut |entries| shelf::clear(entries, owner))?;
        self.flash.change(&mut |entries| shelf::clear(entries, owner))
    }
}

/// Returns the owner of the storage that a container uses, or none if the container has no storage.
pub type Owners = Arc<dyn Fn(Gid) -> Option<String> + Send + Sync>;

/// Lets all containers share one storage, for systems that run programs of one user.
pub fn one_owner() -> Owners {
    Arc::new(|_| Some(String::new()))
}

/// Installs the provider in a container of the system. Programs that get the table of open regions access them in native
/// steps.
///
/// # Errors
/// If the system is about to end.
pub fn install(container: &Container, media: Media, regions: OpenRegions) -> Pending<Provider, InstallError> {
    regions.set_provider(container.pid());
    let service = provider::Service::new(media, regions);
    container.provider("system/storage", "0.3").handle(interface::StorageHandler::new(service)).install()
}
