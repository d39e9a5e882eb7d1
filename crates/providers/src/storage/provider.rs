//! The provider of the storage service.

use std::collections::BTreeSet;
use std::sync::Arc;

use lucarne_kernel::sync::Mutex;
use lucarne_services::{Bytes, Call, Resource};

use super::flash::Entries;
use super::interface::{self, OpenRegion};
use super::shelf::{PAGE_BYTES, PAGE_BYTES_LOG2, STEP_BYTES_MAX, Shelf, StorageFault};
use super::worker::Worker;
use super::{Media, Owners};

/// The number of bytes that a container may keep in memory. A microcontroller keeps about as much while it sleeps.
/// With this limit, a program for a microcontroller cannot exceed that unnoticed.
const RAM_BYTES_MAX: u64 = 8 << 10;

/// The number of bytes that a container may keep in flash memory.
const FLASH_BYTES_MAX: u64 = 128 << 20;

/// The mode of all regions: a write can only clear bits.
const CAN_CLEAR_BITS: i64 = 2;

/// Answers the calls.
pub(super) struct Service {
    ram: Arc<Medium>,
    flash: Arc<Medium>,
    owners: Owners,
    /// The open regions, by owner and path.
    open: Arc<Mutex<BTreeSet<(String, String)>>>,
}

struct Medium {
    worker: Worker,
    bytes_max: u64,
}

pub(super) struct Bucket {
    medium: Arc<Medium>,
    owner: String,
    path: String,
}

pub(super) struct Region {
    medium: Arc<Medium>,
    size: u64,
    is_writable: bool,
    claim: Claim,
}

/// The exclusive right to a region, for one client.
struct Claim {
    name: (String, String),
    open: Arc<Mutex<BTreeSet<(String, String)>>>,
}

impl Service {
    pub(super) fn new(media: Media, owners: Owners) -> Service {
        let medium = |flash, bytes_max| Arc::new(Medium { worker: Worker::new(flash), bytes_max });
        Service {
            ram: medium(media.ram, RAM_BYTES_MAX),
            flash: medium(media.flash, FLASH_BYTES_MAX),
            owners,
            open: Arc::default(),
        }
    }

    fn owner(&self, call: &Call) -> Result<String, StorageFault> {
        (self.owners)(call.gid()).ok_or(StorageFault::PermissionDenied)
    }

    fn claim(&self, call: &Call, scheme: &str, path: &str) -> Result<Claim, StorageFault> {
        require_flash(scheme)?;
        let name = (self.owner(call)?, path.to_owned());
        if !self.open.lock().insert(name.clone()) {
            return Err(StorageFault::InUse);
        }
        Ok(Claim { name, open: self.open.clone() })
    }
}

/// Fails for all schemes but `flash`: regions lie only in flash memory, and a machine has no partitions.
fn require_flash(scheme: &str) -> Result<(), StorageFault> {
    match scheme {
        "flash" => Ok(()),
        "partition" => Err(StorageFault::NotFound),
        _ => Err(StorageFault::Scheme(scheme.to_owned())),
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.open.lock().remove(&self.name);
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
        let size = medium.with(true, &claim.name.0, move |shelf| shelf.region_open(&path, capacity)).await?;
        let region = Resource::new(Region { medium, size, is_writable, claim });
        Ok((region, 0, size, PAGE_BYTES_LOG2, CAN_CLEAR_BITS))
    }

    async fn delete_region(&self, call: &Call, scheme: String, path: String) -> Result<(), StorageFault> {
        let claim = self.claim(call, &scheme, &path)?;
        self.flash.with(true, &claim.name.0, move |shelf| shelf.region_delete(&path)).await
    }

    async fn regions(&self, call: &Call, scheme: String) -> Result<Vec<String>, StorageFault> {
        require_flash(&scheme)?;
        let paths = self.flash.with(false, &self.owner(call)?, |shelf| shelf.regions()).await?;
        Ok(paths.iter().map(|path| format!("{scheme}:{path}")).collect())
    }
}

impl Medium {
    /// Runs an operation on the shelf of an owner.
    async fn with<T: Send + 'static>(
        &self,
        changes: bool,
        owner: &str,
        work: impl FnOnce(&mut Shelf<'_>) -> Result<T, StorageFault> + Send + 'static,
    ) -> Result<T, StorageFault> {
        let (owner, bytes_max) = (owner.to_owned(), self.bytes_max);
        let work = move |entries: &mut dyn Entries| work(&mut Shelf { entries, owner: &owner, bytes_max });
        self.worker.run(changes, work).await
    }
}

impl interface::Bucket for Bucket {
    async fn get(&self, key: String) -> Result<Option<Bytes>, StorageFault> {
        let path = self.path.clone();
        let value = self.medium.with(false, &self.owner, move |shelf| shelf.bucket_get(&path, &key)).await?;
        Ok(value.map(Bytes::from))
    }

    async fn set(&self, key: String, value: Bytes) -> Result<(), StorageFault> {
        let path = self.path.clone();
        self.medium.with(true, &self.owner, move |shelf| shelf.bucket_set(&path, &key, &value)).await
    }

    async fn remove(&self, key: String) -> Result<(), StorageFault> {
        let path = self.path.clone();
        self.medium.with(true, &self.owner, move |shelf| shelf.bucket_remove(&path, &key)).await
    }
}

impl interface::Region for Region {
    async fn read(&self, from: i64, size: i64) -> Result<Bytes, StorageFault> {
        let (from, size) = self.range(from, size)?;
        let path = self.claim.name.1.clone();
        Ok(self.with(false, move |shelf| shelf.region_read(&path, from, size)).await?.into())
    }

    async fn write(&self, at: i64, bytes: Bytes) -> Result<(), StorageFault> {
        let (at, _) = self.range(at, bytes.len() as i64)?;
        self.require_writable()?;
        let path = self.claim.name.1.clone();
        self.with(true, move |shelf| shelf.region_write(&path, at, &bytes)).await
    }

    async fn is_erased(&self, from: i64, size: i64) -> Result<bool, StorageFault> {
        let (from, size) = self.whole_range(from, size)?;
        let path = self.claim.name.1.clone();
        self.with(false, move |shelf| shelf.region_is_erased(&path, from, size)).await
    }

    async fn erase(&self, from: i64, size: i64) -> Result<(), StorageFault> {
        if [from, size].iter().any(|number| number.rem_euclid(PAGE_BYTES as i64) != 0) {
            return Err(StorageFault::BadArgument);
        }
        let (from, size) = self.whole_range(from, size)?;
        self.require_writable()?;
        let path = self.claim.name.1.clone();
        self.with(true, move |shelf| shelf.region_erase(&path, from, size)).await
    }
}

impl Region {
    async fn with<T: Send + 'static>(
        &self,
        changes: bool,
        work: impl FnOnce(&mut Shelf<'_>) -> Result<T, StorageFault> + Send + 'static,
    ) -> Result<T, StorageFault> {
        self.medium.with(changes, &self.claim.name.0, work).await
    }

    fn require_writable(&self) -> Result<(), StorageFault> {
        if self.is_writable { Ok(()) } else { Err(StorageFault::PermissionDenied) }
    }

    /// Checks a range to read or write, which has at most one step.
    fn range(&self, from: i64, size: i64) -> Result<(u64, u64), StorageFault> {
        match (u64::try_from(from), u64::try_from(size)) {
            (Ok(_), Ok(size)) if size > STEP_BYTES_MAX => Err(StorageFault::BadArgument),
            (Ok(from), Ok(size)) if from.checked_add(size).is_some_and(|end| end <= self.size) => {
                Ok((from, size))
            }
            _ => Err(StorageFault::OutOfBounds),
        }
    }

    /// Checks a range of any size, which must not be empty.
    fn whole_range(&self, from: i64, size: i64) -> Result<(u64, u64), StorageFault> {
        match (u64::try_from(from), u64::try_from(size)) {
            (Ok(from), Ok(size))
                if size > 0 && from.checked_add(size).is_some_and(|end| end <= self.size) =>
            {
                Ok((from, size))
            }
            _ => Err(StorageFault::OutOfBounds),
        }
    }
}
