//! The interface of the storage service.

use lucarne_macros::{resource, service};
use lucarne_services::{Bytes, Call, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Scheme, StorageFault, Tison};

/// An open region: the resource, its offset in the flash memory and its size, both in bytes, the base-2 logarithm of
/// its page size in bytes, and its mode. The offset, the page size and the mode are for programs that access the memory
/// directly.
pub type OpenRegion<R> = (Resource<R>, i64, u64, u32, i64);

/// The storage of a container.
///
/// In the existing system a [`Region`] has no methods: its programs access the flash memory through natives.
#[service(crate = lucarne_services, uuid = "ee91ed5e-85dd-47dd-a57a-7b6933fa58ea", version = "0.3")]
pub trait Storage {
    /// An open bucket.
    type Bucket: Bucket;
    /// An open region.
    type Region: Region;

    /// Opens a bucket. A bucket that does not exist yet is opened as an empty bucket.
    ///
    /// # Errors
    /// See [`StorageFault`].
    #[index(0)]
    #[client(fn bucket(&self, scheme: Scheme, path: &str))]
    async fn bucket(
        &self,
        call: &Call,
        scheme: String,
        path: String,
    ) -> Result<Resource<Self::Bucket>, StorageFault>;

    /// Opens a region in flash memory. If the region does not exist, creates it with the given capacity in bytes,
    /// rounded up to whole pages of 4 KiB; without a capacity, only a region that exists can be opened.
    ///
    /// # Errors
    /// See [`StorageFault`].
    #[index(4)]
    #[client(fn region(&self, path: &str, capacity: Option<u64>) -> super::Region {
        (Scheme::Flash, path, capacity, true)
    })]
    async fn region(
        &self,
        call: &Call,
        scheme: String,
        path: String,
        capacity: Option<i64>,
        is_writable: bool,
    ) -> Result<OpenRegion<Self::Region>, StorageFault>;

    /// Deletes a region, if it exists.
    ///
    /// # Errors
    /// [`StorageFault::InUse`] if the region is open.
    #[index(5)]
    #[client(fn delete_region(&self, path: &str) { (Scheme::Flash, path) })]
    async fn delete_region(&self, call: &Call, scheme: String, path: String) -> Result<(), StorageFault>;

    /// Returns the URIs of all regions of the calling container's owner.
    ///
    /// # Errors
    /// See [`StorageFault`].
    #[index(6)]
    #[client(fn regions(&self) { Scheme::Flash })]
    async fn regions(&self, call: &Call, scheme: String) -> Result<Vec<String>, StorageFault>;
}

/// Keys with values that outlive the container.
#[resource(crate = lucarne_services)]
pub trait Bucket {
    /// Returns the value of a key, if it has one.
    ///
    /// # Errors
    /// [`CallError::Decode`](lucarne_services::CallError::Decode) if the value has another type.
    #[index(1)]
    #[client(fn get<T: DeserializeOwned>(&self, key: &str) -> Option<Tison<T>>)]
    async fn get(&self, key: String) -> Result<Option<Bytes>, StorageFault>;

    /// Sets the value of a key. The value is durable when the call returns.
    ///
    /// # Errors
    /// [`StorageFault::OutOfSpace`] if there is no room for the value.
    #[index(2)]
    #[client(fn set<T: Serialize>(&self, key: &str, value: &T) { (key, Tison(value)) })]
    async fn set(&self, key: String, value: Bytes) -> Result<(), StorageFault>;

    /// Removes a key, if it exists.
    ///
    /// # Errors
    /// See [`StorageFault`].
    #[index(3)]
    #[client(fn remove(&self, key: &str))]
    async fn remove(&self, key: String) -> Result<(), StorageFault>;
}

/// A row of bytes that outlives the container and behaves like flash memory: a write clears bits, an erase sets them.
/// Only one client can open a region at a time.
#[resource(crate = lucarne_services)]
pub trait Region {
    /// Reads bytes, at most 64 KiB at a time.
    ///
    /// # Errors
    /// [`StorageFault::OutOfBounds`] if the range is not inside of the region, [`StorageFault::BadArgument`] if it has
    /// more than 64 KiB.
    #[index(7)]
    #[client(fn read(&self, from: u64, size: u64))]
    async fn read(&self, from: i64, size: i64) -> Result<Bytes, StorageFault>;

    /// Writes bytes, at most 64 KiB at a time: clears each bit of the region that is not set in `bytes`.
    ///
    /// # Errors
    /// [`StorageFault::OutOfBounds`] if the bytes do not fit into the region, [`StorageFault::BadArgument`] if there
    /// are more than 64 KiB, and [`StorageFault::PermissionDenied`] if the region was opened for reading.
    #[index(8)]
    #[client(fn write(&self, at: u64, bytes: Bytes))]
    async fn write(&self, at: i64, bytes: Bytes) -> Result<(), StorageFault>;

    /// Returns whether all bits of a range are set.
    ///
    /// # Errors
    /// [`StorageFault::OutOfBounds`] if the range is empty or not inside of the region.
    #[index(9)]
    #[client(fn is_erased(&self, from: u64, size: u64))]
    async fn is_erased(&self, from: i64, size: i64) -> Result<bool, StorageFault>;

    /// Sets all bits of whole pages of 4 KiB.
    ///
    /// # Errors
    /// [`StorageFault::BadArgument`] if the range does not consist of whole pages, [`StorageFault::OutOfBounds`] if it
    /// is empty or not inside of the region, and [`StorageFault::PermissionDenied`] if the region was opened for
    /// reading.
    #[index(10)]
    #[client(fn erase(&self, from: u64, size: u64))]
    async fn erase(&self, from: i64, size: i64) -> Result<(), StorageFault>;
}
