//! Open regions of the storage, which programs use in native steps: without a call, and without a switch of tasks.

use std::sync::Arc;

use lucarne_kernel::{Gid, Pid};
use thiserror::Error;

/// Finds regions that were opened by a call to the storage service.
pub trait Regions: Send + Sync + 'static {
    /// Returns the region with a path, if the group `asker` has it open at this provider. Returns none if it has not,
    /// or if the provider is a container that stands in for the system's storage.
    fn find(&self, asker: Gid, provider: Pid, path: &str) -> Option<Arc<dyn Region>>;
}

/// An open region. All numbers come from a program, so the implementation must check them.
pub trait Region: Send + Sync + 'static {
    /// Returns the size in bytes.
    fn size(&self) -> u64;

    /// Returns whether changes may block the thread, for example on a disk.
    fn waits(&self) -> bool;

    /// Fills a buffer with the bytes from an offset on.
    ///
    /// # Errors
    /// If the range is not inside of the region, the region is closed, or the medium fails.
    fn read(&self, from: i64, buffer: &mut [u8]) -> Result<(), RegionFault>;

    /// Clears each bit of the region, from an offset on, that is not set in `bytes`.
    ///
    /// # Errors
    /// As for [`Region::read`], and if the region was opened for reading.
    fn write(&self, at: i64, bytes: &[u8]) -> Result<(), RegionFault>;

    /// Returns whether all bits of a range are set.
    ///
    /// # Errors
    /// As for [`Region::read`], and if the range is empty.
    fn is_erased(&self, from: i64, size: i64) -> Result<bool, RegionFault>;

    /// Sets all bits of whole pages.
    ///
    /// # Errors
    /// As for [`Region::read`], and if the range does not consist of whole pages or the region was opened for reading.
    fn erase(&self, from: i64, size: i64) -> Result<(), RegionFault>;
}

/// The reason why an operation on a region failed: the text of the exception that the program gets.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct RegionFault(pub String);
