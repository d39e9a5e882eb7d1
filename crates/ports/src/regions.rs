//! Open regions of the storage, which programs use in native steps: without a call, and without a switch of tasks.

use std::sync::Arc;

use lucarne_kernel::{Gid, Pid};
use thiserror::Error;

/// Finds regions that were opened by a call to the storage service.
pub trait Regions: Send + Sync + 'static {
    /// Returns the region with a path, if the asking group has it open at this provider. Returns none if the provider
    /// is a container that stands in for the system's storage.
    fn find(&self, asker: Gid, provider: Pid, path: &str) -> Option<Arc<dyn Region>>;
}

/// An open region. All numbers are those of a program, and are checked here.
pub trait Region: Send + Sync + 'static {
    /// Returns the size in bytes.
    fn size(&self) -> u64;

    /// Returns whether changes wait for a disk.
    fn waits(&self) -> bool;

    /// Fills a buffer with the bytes from an offset on.
    ///
    /// # Errors
    /// If they are not inside of the region, the region is closed, or the medium fails: as for all of these.
    fn read(&self, from: i64, buffer: &mut [u8]) -> Result<(), RegionFault>;

    /// Clears each bit that is not set in the bytes, from an offset on.
    ///
    /// # Errors
    /// Also if the region was opened for reading.
    fn write(&self, at: i64, bytes: &[u8]) -> Result<(), RegionFault>;

    /// Returns whether all bits of a range are set.
    ///
    /// # Errors
    /// Also if the range is empty.
    fn is_erased(&self, from: i64, size: i64) -> Result<bool, RegionFault>;

    /// Sets all bits of whole pages.
    ///
    /// # Errors
    /// Also if the range does not consist of whole pages, or the region was opened for reading.
    fn erase(&self, from: i64, size: i64) -> Result<(), RegionFault>;
}

/// Why an operation on a region failed: the text that programs know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct RegionFault(pub String);
