//! Buckets and regions as entries of a [`Flash`](super::Flash): limits, and the behavior of flash memory.
//!
//! Each owner has a count of the bytes that it uses. A region counts with its whole size from the start, though only
//! written pages have entries: all others are erased.

use lucarne_services::Fault;
use thiserror::Error;

use super::flash::{Entries, FlashError};

/// The size of a page in bytes. A page is the unit of erasing, and lies in one entry.
pub(super) const PAGE_BYTES: u64 = 1 << PAGE_BYTES_LOG2;
pub(super) const PAGE_BYTES_LOG2: u32 = 12;

/// The largest size of a region in bytes.
pub const REGION_BYTES_MAX: u64 = 64 << 20;

/// The largest number of bytes that one call reads or writes.
pub(super) const STEP_BYTES_MAX: u64 = 64 << 10;

/// The largest size of a value in a bucket, in bytes. A value stays in memory until it is on the disk, like the data of
/// a call.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// The largest length of a path or key, in bytes.
const NAME_BYTES_MAX: usize = 1024;

/// The value of an erased byte.
const ERASED: u8 = 0xff;

/// The reason that a storage call fails. Toit programs see the texts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StorageFault {
    /// The region does not exist.
    #[error("FILE_NOT_FOUND")]
    NotFound,
    /// The region is already open, so that it can neither be opened nor deleted.
    #[error("ALREADY_IN_USE")]
    InUse,
    /// The region is smaller than the requested capacity.
    #[error("Existing region is too small")]
    TooSmall,
    /// The container or the medium has no space left, or the value or region is larger than the limit.
    #[error("OUT_OF_SPACE")]
    OutOfSpace,
    /// The range is not inside of the region.
    #[error("OUT_OF_BOUNDS")]
    OutOfBounds,
    /// The region was opened only for reading, or the container has no storage.
    #[error("PERMISSION_DENIED")]
    PermissionDenied,
    /// An argument is invalid, such as a path that is too long.
    #[error("Bad Argument")]
    BadArgument,
    /// There is no storage of this scheme.
    #[error("Unsupported scheme: {0}")]
    Scheme(String),
    /// The medium failed.
    #[error(transparent)]
    Medium(#[from] FlashError),
}

impl Fault for StorageFault {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<StorageFault> {
        use StorageFault::*;
        let plain = [NotFound, InUse, TooSmall, OutOfSpace, OutOfBounds, PermissionDenied, BadArgument];
        let named = |prefix: &str| text.strip_prefix(prefix).map(str::to_owned);
        plain
            .into_iter()
            .find(|fault| fault.to_string() == text)
            .or_else(|| named("Unsupported scheme: ").map(Scheme))
            .or_else(|| named("the storage cannot be used: ").map(|text| Medium(FlashError::Failed(text))))
    }
}

/// The buckets and regions of one owner.
pub(super) struct Shelf<'e> {
    pub(super) entries: &'e mut dyn Entries,
    pub(super) owner: &'e str,
    /// The number of bytes that the shelf may hold.
    pub(super) bytes_max: u64,
}

/// The kind of an entry: the second part of its key.
#[derive(Clone, Copy)]
enum Of {
    /// The number of bytes in use.
    Usage = 0,
    /// A value of a bucket: path, key.
    Bucket = 1,
    /// The size of a region: path.
    Region = 2,
    /// A page of a region: path, number.
    Page = 3,
}

type Result<T> = std::result::Result<T, StorageFault>;

impl Shelf<'_> {
    pub(super) fn bucket_get(&mut self, path: &str, key: &str) -> Result<Option<Vec<u8>>> {
        let place = self.key(Of::Bucket, &[name(path)?, name(key)?]);
        Ok(self.entries.get(&place)?)
    }

    pub(super) fn bucket_set(&mut self, path: &str, key: &str, value: &[u8]) -> Result<()> {
        let place = self.key(Of::Bucket, &[name(path)?, name(key)?]);
        if value.len() > VALUE_BYTES_MAX {
            return Err(StorageFault::OutOfSpace);
        }
        let before = self.entries.get(&place)?.map_or(0, |value| (key.len() + value.len()) as u64);
        self.use_bytes(before, (key.len() + value.len()) as u64)?;
        Ok(self.entries.put(&place, value)?)
    }

    pub(super) fn bucket_remove(&mut self, path: &str, key: &str) -> Result<()> {
        let place = self.key(Of::Bucket, &[name(path)?, name(key)?]);
        if let Some(value) = self.entries.get(&place)? {
            self.use_bytes((key.len() + value.len()) as u64, 0)?;
            self.entries.remove(&place)?;
        }
        Ok(())
    }

    /// Returns the size of a region. If the region does not exist and a capacity is given, creates it.
    pub(super) fn region_open(&mut self, path: &str, capacity: Option<u64>) -> Result<u64> {
        let place = self.key(Of::Region, &[name(path)?]);
        if let Some(size) = self.number(&place)? {
            return if capacity.is_none_or(|capacity| capacity <= size) {
                Ok(size)
            } else {
                Err(StorageFault::TooSmall)
            };
        }
        let capacity = capacity.ok_or(StorageFault::NotFound)?;
        if capacity > REGION_BYTES_MAX {
            return Err(StorageFault::OutOfSpace);
        }
        let size = capacity.next_multiple_of(PAGE_BYTES);
        self.use_bytes(0, size)?;
        self.entries.put(&place, &size.to_be_bytes())?;
        Ok(size)
    }

    pub(super) fn region_delete(&mut self, path: &str) -> Result<()> {
        let place = self.key(Of::Region, &[name(path)?]);
        let Some(size) = self.number(&place)? else { return Ok(()) };
        self.use_bytes(size, 0)?;
        for page in self.entries.keys(&self.key(Of::Page, &[path.as_bytes()]))? {
            self.entries.remove(&page)?;
        }
        Ok(self.entries.remove(&place)?)
    }

    /// Returns the paths of all regions.
    pub(super) fn regions(&mut self) -> Result<Vec<String>> {
        let prefix = self.key(Of::Region, &[]);
        let keys = self.entries.keys(&prefix)?;
        // The prefix is followed by the length of the path, in two bytes.
        let paths = keys.iter().filter_map(|key| std::str::from_utf8(key.get(prefix.len() + 2..)?).ok());
        Ok(paths.map(str::to_owned).collect())
    }

    pub(super) fn region_read(&mut self, path: &str, from: u64, size: u64) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(size as usize);
        for part in parts(from, size) {
            let page = self.page(path, part.page)?;
            bytes.extend_from_slice(&page[part.start..part.end]);
        }
        Ok(bytes)
    }

    /// Writes bytes to a region as flash memory does: clears each bit of the region that is 0 in the bytes.
    pub(super) fn region_write(&mut self, path: &str, at: u64, bytes: &[u8]) -> Result<()> {
        let mut rest = bytes;
        for part in parts(at, bytes.len() as u64) {
            let mut page = self.page(path, part.page)?;
            let (now, later) = rest.split_at(part.end - part.start);
            page[part.start..part.end].iter_mut().zip(now).for_each(|(byte, written)| *byte &= written);
            self.entries.put(&self.page_key(path, part.page), &page)?;
            rest = later;
        }
        Ok(())
    }

    pub(super) fn region_is_erased(&mut self, path: &str, from: u64, size: u64) -> Result<bool> {
        for part in parts(from, size) {
            if self.page(path, part.page)?[part.start..part.end].iter().any(|byte| *byte != ERASED) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Sets all bits of whole pages.
    pub(super) fn region_erase(&mut self, path: &str, from: u64, size: u64) -> Result<()> {
        for part in parts(from, size) {
            self.entries.remove(&self.page_key(path, part.page))?;
        }
        Ok(())
    }

    pub(super) fn page(&mut self, path: &str, number: u64) -> Result<Vec<u8>> {
        let page = self.entries.get(&self.page_key(path, number))?;
        let mut page = page.unwrap_or_else(|| vec![ERASED; PAGE_BYTES as usize]);
        // The missing end of a page is erased.
        page.resize(PAGE_BYTES as usize, ERASED);
        Ok(page)
    }

    fn page_key(&self, path: &str, number: u64) -> Vec<u8> {
        self.key(Of::Page, &[path.as_bytes(), &number.to_be_bytes()])
    }

    /// Replaces `before` bytes in use by `after` bytes. Fails if that needs more bytes and there is no room.
    fn use_bytes(&mut self, before: u64, after: u64) -> Result<()> {
        let place = self.key(Of::Usage, &[]);
        let used = self.number(&place)?.unwrap_or(0).saturating_sub(before) + after;
        if after > before && used > self.bytes_max {
            return Err(StorageFault::OutOfSpace);
        }
        Ok(self.entries.put(&place, &used.to_be_bytes())?)
    }

    fn number(&mut self, key: &[u8]) -> Result<Option<u64>> {
        let bytes = self.entries.get(key)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes))
    }

    fn key(&self, of: Of, parts: &[&[u8]]) -> Vec<u8> {
        [&[self.owner.as_bytes(), &[of as u8]], parts].concat().iter().copied().fold(Vec::new(), with_part)
    }
}

/// Removes all entries of an owner.
pub(super) fn clear(entries: &mut dyn Entries, owner: &str) -> std::result::Result<(), FlashError> {
    let prefix = with_part(Vec::new(), owner.as_bytes());
    entries.keys(&prefix)?.iter().try_for_each(|key| entries.remove(key))
}

/// Appends a part to a key. Each part follows its length, so that no part can be mistaken for the prefix of another.
fn with_part(mut key: Vec<u8>, part: &[u8]) -> Vec<u8> {
    key.extend((part.len() as u16).to_be_bytes());
    key.extend(part);
    key
}

fn name(text: &str) -> Result<&[u8]> {
    if text.len() <= NAME_BYTES_MAX { Ok(text.as_bytes()) } else { Err(StorageFault::BadArgument) }
}

/// A part of a page.
pub(super) struct Part {
    pub(super) page: u64,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Returns the parts of pages that a range of a region covers.
pub(super) fn parts(from: u64, size: u64) -> impl Iterator<Item = Part> {
    let end = from + size;
    let pages = from / PAGE_BYTES..end.div_ceil(PAGE_BYTES);
    pages.filter(move |_| size > 0).map(move |page| {
        let base = page * PAGE_BYTES;
        let start = from.max(base) - base;
        let end = end.min(base + PAGE_BYTES) - base;
        Part { page, start: start as usize, end: end as usize }
    })
}
