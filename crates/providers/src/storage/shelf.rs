//! Buckets and regions as entries of a [`Flash`](super::Flash): what may be stored, and how flash memory
//! behaves.
//!
//! Every owner has a count of the bytes that it uses. A region is counted with its whole size from the
//! start, though only pages that were written lie anywhere: the others are erased.

use lucarne_services::Fault;
use thiserror::Error;

use super::flash::{Entries, FlashError};

/// What is erased, and lies in one entry, at a time.
pub(super) const PAGE_BYTES: u64 = 1 << PAGE_BYTES_LOG2;
pub(super) const PAGE_BYTES_LOG2: u32 = 12;

/// How large a region is at most.
pub const REGION_BYTES_MAX: u64 = 64 << 20;

/// How much of a region is read or written by one call.
pub(super) const STEP_BYTES_MAX: u64 = 64 << 10;

/// How large a value in a bucket is at most. Like a step, it lies in memory until the disk has it.
const VALUE_BYTES_MAX: usize = 64 << 10;

/// How long paths and keys are at most, in bytes.
const NAME_BYTES_MAX: usize = 1024;

/// What an erased byte is.
const ERASED: u8 = 0xff;

/// Why something cannot be stored, or is not there. The texts are what programs in Toit see.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StorageFault {
    /// There is no such region.
    #[error("FILE_NOT_FOUND")]
    NotFound,
    /// The region is open already, or is to be deleted while it is.
    #[error("ALREADY_IN_USE")]
    InUse,
    /// The region was made smaller than what is asked for.
    #[error("Existing region is too small")]
    TooSmall,
    /// The container uses as much as it may.
    #[error("OUT_OF_SPACE")]
    OutOfSpace,
    /// Not all of it lies inside of the region.
    #[error("OUT_OF_BOUNDS")]
    OutOfBounds,
    /// The region was opened for reading.
    #[error("PERMISSION_DENIED")]
    PermissionDenied,
    /// An argument makes no sense, such as a path that is too long.
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
            .or_else(|| named("the storage cannot be used: ").map(|text| Medium(FlashError(text))))
    }
}

/// The shelf of one owner.
pub(super) struct Shelf<'e> {
    pub(super) entries: &'e mut dyn Entries,
    pub(super) owner: &'e str,
    /// How many bytes it may hold.
    pub(super) bytes_max: u64,
}

/// What an entry is for: the second part of its key.
#[derive(Clone, Copy)]
enum Of {
    /// How many bytes are in use.
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

    /// The size of a region. One that is not there is made if a capacity is given.
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

    /// The paths of all regions.
    pub(super) fn regions(&mut self) -> Result<Vec<String>> {
        let prefix = self.key(Of::Region, &[]);
        let keys = self.entries.keys(&prefix)?;
        // Behind the prefix is the length of the path, in two bytes.
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

    /// Clears the bits that are not set in the bytes.
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

    fn page(&mut self, path: &str, number: u64) -> Result<Vec<u8>> {
        let page = self.entries.get(&self.page_key(path, number))?;
        let mut page = page.unwrap_or_else(|| vec![ERASED; PAGE_BYTES as usize]);
        // Whatever lies there: what is missing is erased.
        page.resize(PAGE_BYTES as usize, ERASED);
        Ok(page)
    }

    fn page_key(&self, path: &str, number: u64) -> Vec<u8> {
        self.key(Of::Page, &[path.as_bytes(), &number.to_be_bytes()])
    }

    /// Notes that something takes another number of bytes, if there is room for that.
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

/// Removes everything of an owner.
pub(super) fn clear(entries: &mut dyn Entries, owner: &str) -> std::result::Result<(), FlashError> {
    let prefix = with_part(Vec::new(), owner.as_bytes());
    entries.keys(&prefix)?.iter().try_for_each(|key| entries.remove(key))
}

/// A key with one more part: each has its length before it, so that none is mistaken for the beginning of
/// another.
fn with_part(mut key: Vec<u8>, part: &[u8]) -> Vec<u8> {
    key.extend((part.len() as u16).to_be_bytes());
    key.extend(part);
    key
}

fn name(text: &str) -> Result<&[u8]> {
    if text.len() <= NAME_BYTES_MAX { Ok(text.as_bytes()) } else { Err(StorageFault::BadArgument) }
}

/// A part of a page.
struct Part {
    page: u64,
    start: usize,
    end: usize,
}

/// The parts of the pages that some bytes of a region lie in.
fn parts(from: u64, size: u64) -> impl Iterator<Item = Part> {
    let end = from + size;
    let pages = from / PAGE_BYTES..end.div_ceil(PAGE_BYTES);
    pages.filter(move |_| size > 0).map(move |page| {
        let base = page * PAGE_BYTES;
        let start = from.max(base) - base;
        let end = end.min(base + PAGE_BYTES) - base;
        Part { page, start: start as usize, end: end as usize }
    })
}
