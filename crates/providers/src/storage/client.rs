//! Client of the storage service in Rust.

use lucarne_message::tison;
use lucarne_services::{Bytes, CallError, Client, Container, Open, Pending, Proxy};
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::shelf::StorageFault;
use super::{SELECTOR, method};

/// The result of a storage call.
type Stored<T> = Pending<T, CallError<StorageFault>>;

/// The storage of a container.
#[derive(Debug, Clone)]
pub struct Storage(Client);

/// Keys with values that outlive the container.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Bucket(Proxy);

/// A row of bytes that outlives the container and behaves like flash memory: a write clears bits, an erase sets them.
/// Only one client can open a region at a time.
#[derive(Debug, Clone)]
pub struct Region {
    proxy: Proxy,
    size: u64,
}

/// The medium of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Entries outlive the container and the device.
    Flash,
    /// Entries outlive the container, but not the device.
    Ram,
}

/// A value in the encoding of buckets, which Toit programs read and write, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tison<T>(pub T);

impl From<Client> for Storage {
    fn from(client: Client) -> Storage {
        Storage(client)
    }
}

impl Storage {
    /// Opens the service for a container.
    pub fn open(container: &Container) -> Open<Storage> {
        Open::new(container, SELECTOR)
    }

    /// Opens a bucket, which need not exist.
    ///
    /// # Errors
    /// See [`StorageFault`].
    pub fn bucket(&self, scheme: Scheme, path: &str) -> Stored<Bucket> {
        self.0.call(method::BUCKET_OPEN, &(scheme, path))
    }

    /// Opens a region in flash memory. If the region does not exist, creates it with the given capacity in bytes,
    /// rounded up to whole pages of 4 KiB. Without a capacity, the call fails.
    ///
    /// # Errors
    /// See [`StorageFault`].
    pub fn region(&self, path: &str, capacity: Option<u64>) -> Stored<Region> {
        self.0.call(method::REGION_OPEN, &(Scheme::Flash, path, capacity, true))
    }

    /// Deletes a region, if it exists.
    ///
    /// # Errors
    /// [`StorageFault::InUse`] if the region is open.
    pub fn delete_region(&self, path: &str) -> Stored<()> {
        self.0.call(method::REGION_DELETE, &(Scheme::Flash, path))
    }

    /// Returns all regions, as URIs.
    ///
    /// # Errors
    /// See [`StorageFault`].
    pub fn regions(&self) -> Stored<Vec<String>> {
        self.0.call(method::REGION_LIST, &Scheme::Flash)
    }
}

impl Bucket {
    /// Returns the value of a key, if it has one.
    ///
    /// # Errors
    /// [`CallError::Decode`] if the value has another type.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Stored<Option<Tison<T>>> {
        self.0.call(method::BUCKET_GET, &(self.0.handle(), key))
    }

    /// Sets the value of a key. The value is durable when the call returns.
    ///
    /// # Errors
    /// [`StorageFault::OutOfSpace`] if there is no room for the value.
    pub fn set<T: Serialize>(&self, key: &str, value: &T) -> Stored<()> {
        self.0.call(method::BUCKET_SET, &(self.0.handle(), key, Tison(value)))
    }

    /// Removes a key, if it exists.
    ///
    /// # Errors
    /// See [`StorageFault`].
    pub fn remove(&self, key: &str) -> Stored<()> {
        self.0.call(method::BUCKET_REMOVE, &(self.0.handle(), key))
    }
}

impl Region {
    /// Returns the size of the region in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Reads bytes, at most 64 KiB at a time.
    ///
    /// # Errors
    /// [`StorageFault::OutOfBounds`] if they are not inside of the region.
    pub fn read(&self, from: u64, size: u64) -> Stored<Bytes> {
        self.proxy.call(method::REGION_READ, &(self.proxy.handle(), from, size))
    }

    /// Writes bytes, at most 64 KiB at a time: clears each bit of the region that is not set in them.
    ///
    /// # Errors
    /// [`StorageFault::OutOfBounds`] if they do not fit into the region.
    pub fn write(&self, at: u64, bytes: Bytes) -> Stored<()> {
        self.proxy.call(method::REGION_WRITE, &(self.proxy.handle(), at, bytes))
    }

    /// Returns whether all bits of a range are set.
    ///
    /// # Errors
    /// [`StorageFault::OutOfBounds`] if the range is empty or not inside of the region.
    pub fn is_erased(&self, from: u64, size: u64) -> Stored<bool> {
        self.proxy.call(method::REGION_IS_ERASED, &(self.proxy.handle(), from, size))
    }

    /// Sets all bits of whole pages of 4 KiB.
    ///
    /// # Errors
    /// [`StorageFault::BadArgument`] if the range does not consist of whole pages.
    pub fn erase(&self, from: u64, size: u64) -> Stored<()> {
        self.proxy.call(method::REGION_ERASE, &(self.proxy.handle(), from, size))
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        // Offset, page size and mode are for programs that access the memory directly.
        let (proxy, _offset, size, _page, _mode) = <(Proxy, u64, u64, u32, u32)>::deserialize(deserializer)?;
        Ok(Region { proxy, size })
    }
}

impl<T: Serialize> Serialize for Tison<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes = tison::to_bytes(&self.0).map_err(S::Error::custom)?;
        Bytes::from(bytes).serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Tison<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tison<T>, D::Error> {
        let bytes = Bytes::deserialize(deserializer)?;
        tison::from_bytes(&bytes).map(Tison).map_err(D::Error::custom)
    }
}
