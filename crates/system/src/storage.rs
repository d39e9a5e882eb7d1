//! The storage service: buckets and regions that outlive the containers that use them.
//!
//! A *bucket* maps keys to bytes. A *region* is a row of bytes that works as flash memory does: writing
//! clears bits, and erasing sets all of them in pages. Those of the scheme `flash` lie in a [`Flash`], which
//! a device keeps on a disk and a simulation in memory; those of the scheme `ram` lie in memory, always.
//! Containers see their own: whose one is, an [`Owners`] says.
//!
//! ```
//! use std::sync::Arc;
//! use lucarne_services::Container;
//! use lucarne_system::storage::{self, Scheme, Storage, Tison};
//! # use lucarne_system::{CapturedOutput, System};
//! # let system = System::new(1, Arc::new(CapturedOutput::default()));
//!
//! storage::start(system.kernel(), storage::Media::in_memory(), storage::one_owner()).wait()?;
//!
//! let container = Container::start(system.kernel(), "counter");
//! let bucket = Storage::open(&container).wait()?.bucket(Scheme::Flash, "example.com/counter").wait()?;
//! bucket.set("starts", &1).wait()?;
//! assert_eq!(bucket.get("starts").wait()?, Some(Tison(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod flash;
mod provider;
mod shelf;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;

use lucarne_kernel::{Gid, KernelHandle};
use lucarne_services::{Container, InstallError, Pending, Provider, Selector, uuid};

pub use client::{Bucket, Region, Scheme, Storage, Tison};
pub use flash::{Entries, Flash, FlashError, Memory, Work};
pub use shelf::{REGION_BYTES_MAX, StorageFault};

/// Where everything lies.
#[derive(Clone)]
pub struct Media {
    /// What the scheme `ram` names: it survives containers.
    pub ram: Arc<dyn Flash>,
    /// What the scheme `flash` names: it survives the device.
    pub flash: Arc<dyn Flash>,
}

impl Media {
    /// All of it in memory, and gone with it.
    pub fn in_memory() -> Media {
        Media { ram: Arc::new(Memory::default()), flash: Arc::new(Memory::default()) }
    }

    /// Removes everything of an owner, whose containers have ended.
    ///
    /// # Errors
    /// If a medium fails.
    pub fn forget(&self, owner: &str) -> Result<(), FlashError> {
        self.ram.change(&mut |entries| shelf::clear(entries, owner))?;
        self.flash.change(&mut |entries| shelf::clear(entries, owner))
    }
}

/// Says whose storage a container uses; none for a container that has none.
pub type Owners = Arc<dyn Fn(Gid) -> Option<String> + Send + Sync>;

/// The selector of the service.
pub const SELECTOR: Selector = Selector::new(uuid!("ee91ed5e-85dd-47dd-a57a-7b6933fa58ea"), 0, 3);

/// The numbers of the methods. Those of regions have no counterpart in the existing system, where programs
/// reach the flash memory by natives.
mod method {
    pub(super) const BUCKET_OPEN: u32 = 0;
    pub(super) const BUCKET_GET: u32 = 1;
    pub(super) const BUCKET_SET: u32 = 2;
    pub(super) const BUCKET_REMOVE: u32 = 3;
    pub(super) const REGION_OPEN: u32 = 4;
    pub(super) const REGION_DELETE: u32 = 5;
    pub(super) const REGION_LIST: u32 = 6;
    pub(super) const REGION_READ: u32 = 7;
    pub(super) const REGION_WRITE: u32 = 8;
    pub(super) const REGION_IS_ERASED: u32 = 9;
    pub(super) const REGION_ERASE: u32 = 10;
}

/// Everything belongs to everybody: for systems that run one program.
pub fn one_owner() -> Owners {
    Arc::new(|_| Some(String::new()))
}

/// Starts the provider, in a container of its own. It stays until the system ends, or until it is uninstalled.
///
/// # Errors
/// If the system is about to end.
pub fn start(kernel: &KernelHandle, media: Media, owners: Owners) -> Pending<Provider, InstallError> {
    let container = Container::start(kernel, "storage");
    let service = provider::Service::new(media, owners);
    container.provider("system/storage", "0.3").provides(SELECTOR, service).install()
}
