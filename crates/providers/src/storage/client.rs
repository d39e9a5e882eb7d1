//! The types of the client in Rust that the macros do not make.

use std::ops::Deref;

use lucarne_message::tison;
use lucarne_services::Bytes;
use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::interface::RegionProxy;

/// A row of bytes that outlives the container and behaves like flash memory: a write clears bits, an erase sets them.
/// Only one client can open a region at a time.
///
/// This is the proxy, which has the methods, with the size that the provider sends beside the handle.
#[derive(Debug, Clone)]
pub struct Region {
    proxy: RegionProxy,
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

impl Region {
    /// Returns the size of the region in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl Deref for Region {
    type Target = RegionProxy;

    fn deref(&self) -> &RegionProxy {
        &self.proxy
    }
}

impl<'de> Deserialize<'de> for Region {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Region, D::Error> {
        let (proxy, _offset, size, _page, _mode) =
            <(RegionProxy, i64, u64, u32, i64)>::deserialize(deserializer)?;
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
