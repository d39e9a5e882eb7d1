//! The provider of the storage service.

use std::sync::Arc;

use lucarne_services::{Bytes, Call, Resource};

use super::Media;
use super::flash::Entries;
use super::flash::FlashError;
use super::interface::{self, OpenRegion};
use super::regions::{Claim, OpenRegions, Opened};
use super::shelf::{PAGE_BYTES_LOG2, Shelf, StorageFault};
use super::worker::Worker;

/// The maximum number of bytes that an owner can keep in memory: about as many as a microcontroller can keep while it
/// sleeps. So a program that keeps too much for a microcontroller also fails here.
const RAM_BYTES_MAX: u64 = 8 << 10;

/// The maximum number of bytes that an owner can keep in flash memory.
const FLASH_BYTES_MAX: u64 = 128 << 20;

/// The offset of all regions in the flash memory, in bytes. It has no meaning here, since programs cannot access the
/// memory directly.
const OFFSET: i64 = 0;

/// The mode of all regions: a write can only clear bits.
const CAN_CLEAR_BITS: i64 = 2;

/// The handler of the storage service.
pub(super) struct Service {
    ram: Arc<Medium>,
    flash: Arc<Medium>,
    regions: OpenRegions,
}

/// A medium, and the number of bytes that each owner can keep in it.
pub(super) struct Medium {
    worker: Worker,
    bytes_max: u64,
}

pub(super) struct Bucket {
    medium: Arc<Medium>,
    owner: String,
    path: String,
}

pub(super) struct Region {
    opened: Arc<Opened>,
    /// Closes the region when the resource closes.
    _claim: Claim,
}

impl Service {
    pub(super) fn new(media: Media, regions: OpenRegions) -> Service {
        let medium = |flash, bytes_max| Arc::new(Medium { worker: Worker::new(flash), bytes_max });
        Service {
            ram: medium(media.ram, RAM_BYTES_MAX),
            flash: medium(media.flash, FLASH_BYTES_MAX),
            regions,
        }
    }

    fn owner(&self, call: &Call) -> Result<String, StorageFault> {
        self.regions.owner(call.gid())
    }

    fn claim(&self, call: &Call, scheme: &str, path: &str) -> Result<Claim, StorageFault> {
        require_flash(scheme)?;
        self.regions.claim(self.owner(call)?, path.to_owned())
    }
}

/// Fails for all schemes except `flash`: regions exist only in flash memory. Partitions exist only on microcontrollers,
/// so a partition is never found.
fn require_flash(scheme: &str) -> Result<(), StorageFault> {
    match scheme {
        "flash" => Ok(()),
        "partition" => Err(StorageFault::NotFound),
        _ => Err(StorageFault::Scheme(scheme.to_owned())),
    }
}

impl interface::Storage for Service {
    type Bucket = Bucket;
    type Region = Region;

    async fn bucket(
        &self,
        call: &Call,
        scheme: String,
        path: String,
    ) -> Result<Resource<Bucket>, StorageFault> {
        let medium = match &*scheme {
            "ram" => &self.ram,
            "flash" => &self.flash,
            _ => return Err(StorageFault::Scheme(scheme)),
        };
        Ok(Resource::new(Bucket { medium: medium.clone(), owner: self.owner(call)?, path }))
    }

    async fn region(
        &self,
        call: &Call,
        scheme: String,
        path: String,
        capacity: Option<i64>,
        is_writable: bool,
    ) -> Result<OpenRegion<Region>, StorageFault> {
        let capacity = capacity.map(|capacity| match u64::try_from(capacity) {
            Ok(capacity) if capacity > 0 => Ok(capacity),
            _ => Err(StorageFault::BadArgument),
        });
        let capacity = capacity.transpose()?;
        let claim = self.claim(call, &scheme, &path)?;
        let medium = self.flash.clone();
        let size = medium.run(true, claim.owner(), move |shelf| shelf.region_open(&path, capacity)).await?;
        let opened = claim.open(call.gid(), medium, size, is_writable);
        let region = Resource::new(Region { opened, _claim: claim });
        Ok((region, OFFSET, size, PAGE_BYTES_LOG2, CAN_CLEAR_BITS))
    }

    async fn delete_region(&self, call: &Call, scheme: String, path: String) -> Result<(), StorageFault> {
        let claim = self.claim(call, &scheme, &path)?;
        self.flash.run(true, claim.owner(), move |shelf| shelf.region_delete(&path)).await
    }

    async fn regions(&self, call: &Call, scheme: String) -> Result<Vec<String>, StorageFault> {
        require_flash(&scheme)?;
        let paths = self.flash.run(false, &self.owner(call)?, |shelf| shelf.regions()).await?;
        Ok(paths.iter().map(|path| format!("{scheme}:{path}")).collect())
    }
}

impl Medium {
    /// Runs an operation on the shelf of an owner, on the medium's thread if the medium may block. `changes` says whether
    /// the operation may write.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        changes: bool,
        owner: &str,
        work: impl FnOnce(&mut Shelf<'_>) -> Result<T, StorageFault> + Send + 'static,
    ) -> Result<T, StorageFault> {
        let (owner, bytes_max) = (owner.to_owned(), self.bytes_max);
        let work = move |entries: &mut dyn Entries| work(&mut Shelf { entries, owner: &owner, bytes_max });
        self.worker.run(changes, work).await
    }

    /// Runs an operation on the shelf of an owner on this thread. May block. `changes` says whether the operation may
    /// write.
    pub(super) fn run_blocking<T>(
        &self,
        changes: bool,
        owner: &str,
        work: impl FnOnce(&mut Shelf<'_>) -> Result<T, StorageFault>,
    ) -> Result<T, StorageFault> {
        let bytes_max = self.bytes_max;
        let (mut work, mut result) = (Some(work), None);
        let mut transaction = |entries: &mut dyn Entries| match work
            .take()
            .map(|work| work(&mut Shelf { entries, owner, bytes_max }))
        {
            Some(Err(StorageFault::Medium(error))) => Err(error),
            done => {
                result = done;
                Ok(())
            }
        };
        let flash = self.worker.flash();
        if changes {
            flash.change(&mut transaction)?
        } else {
            flash.look(&mut transaction)?
        }
        result.unwrap_or_else(|| Err(FlashError::Failed("the operation did not run".to_owned()).into()))
    }

    /// Returns whether operations on the medium may block.
    pub(super) fn waits(&self) -> bool {
        self.worker.flash().waits()
    }
}

impl interface::Bucket for Bucket {
    async fn get(&self, key: String) -> Result<Option<Bytes>, StorageFault> {
        let path = self.path.clone();
        let value = self.medium.run(false, &self.owner, move |shelf| shelf.bucket_get(&path, &key)).await?;
        Ok(value.map(Bytes::from))
    }

    async fn set(&self, key: String, value: Bytes) -> Result<(), StorageFault> {
        let path = self.path.clone();
        self.medium.run(true, &self.owner, move |shelf| shelf.bucket_set(&path, &key, &value)).await
    }

    async fn remove(&self, key: String) -> Result<(), StorageFault> {
        let path = self.path.clone();
        self.medium.run(true, &self.owner, move |shelf| shelf.bucket_remove(&path, &key)).await
    }
}

impl interface::Region for Region {
    async fn read(&self, from: i64, size: i64) -> Result<Bytes, StorageFault> {
        Ok(self.opened.call_read(from, size).await?.into())
    }

    async fn write(&self, at: i64, bytes: Bytes) -> Result<(), StorageFault> {
        self.opened.call_write(at, bytes).await
    }

    async fn is_erased(&self, from: i64, size: i64) -> Result<bool, StorageFault> {
        self.opened.call_is_erased(from, size).await
    }

    async fn erase(&self, from: i64, size: i64) -> Result<(), StorageFault> {
        self.opened.call_erase(from, size).await
    }
}
