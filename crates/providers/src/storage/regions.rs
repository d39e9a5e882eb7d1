//! The open regions of a system: for the provider, which opens them and takes calls, and for programs, which access them
//! in native steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use lucarne_kernel::sync::{Mutex, OnceLock};
use lucarne_kernel::{Gid, Pid};
use lucarne_ports::regions::{self, RegionFault};

use super::Owners;
use super::provider::Medium;
use super::shelf::{PAGE_BYTES, STEP_BYTES_MAX, Shelf, StorageFault, parts};

/// The number of pages that an open region keeps in memory, for programs that read a few bytes at a time.
const PAGES_KEPT: usize = 4;

/// An owner and a path.
type Name = (String, String);

/// The open regions of a system. Clones share them.
#[derive(Clone)]
pub struct OpenRegions(Arc<Table>);

struct Table {
    owners: Owners,
    /// The process of the provider, once it is installed.
    provider: OnceLock<Pid>,
    /// The regions, without contents for those that are being opened or deleted.
    open: Mutex<BTreeMap<Name, Option<Entry>>>,
}

struct Entry {
    gid: Gid,
    region: Arc<Opened>,
}

/// The exclusive right to a region, for one client.
pub(super) struct Claim {
    name: Name,
    regions: OpenRegions,
}

/// An open region.
pub(super) struct Opened {
    medium: Arc<Medium>,
    owner: String,
    path: String,
    size: u64,
    is_writable: bool,
    is_closed: AtomicBool,
    kept: Mutex<Kept>,
}

/// The pages that were read last, the latest first.
#[derive(Default)]
struct Kept {
    pages: Vec<(u64, Vec<u8>)>,
    /// Whether calls also change the region. Then no page can be kept.
    has_callers: bool,
}

impl OpenRegions {
    /// Makes a table for a system whose containers have these owners.
    pub fn new(owners: Owners) -> OpenRegions {
        OpenRegions(Arc::new(Table { owners, provider: OnceLock::new(), open: Mutex::default() }))
    }

    /// Records the process that provides the storage.
    pub(super) fn set_provider(&self, pid: Pid) {
        // A table belongs to one system, which installs one provider.
        let _ = self.0.provider.set(pid);
    }

    /// Returns the owner of a container's storage.
    pub(super) fn owner(&self, gid: Gid) -> Result<String, StorageFault> {
        (self.0.owners)(gid).ok_or(StorageFault::PermissionDenied)
    }

    /// Takes the exclusive right to a region. Fails if the region is in use.
    pub(super) fn claim(&self, owner: String, path: String) -> Result<Claim, StorageFault> {
        let name = (owner, path);
        let mut open = self.0.open.lock();
        if open.contains_key(&name) {
            return Err(StorageFault::InUse);
        }
        open.insert(name.clone(), None);
        Ok(Claim { name, regions: self.clone() })
    }
}

impl regions::Regions for OpenRegions {
    fn find(&self, asker: Gid, provider: Pid, path: &str) -> Option<Arc<dyn regions::Region>> {
        if self.0.provider.get() != Some(&provider) {
            return None;
        }
        let name = ((self.0.owners)(asker)?, path.to_owned());
        let open = self.0.open.lock();
        let entry = open.get(&name)?.as_ref().filter(|entry| entry.gid == asker)?;
        Some(entry.region.clone())
    }
}

impl Claim {
    pub(super) fn owner(&self) -> &str {
        &self.name.0
    }

    /// Makes the region known to programs of the group that has opened it, and returns it. `size` is in bytes.
    pub(super) fn open(&self, gid: Gid, medium: Arc<Medium>, size: u64, is_writable: bool) -> Arc<Opened> {
        let (owner, path) = self.name.clone();
        let (is_closed, kept) = (AtomicBool::new(false), Mutex::default());
        let region = Arc::new(Opened { medium, owner, path, size, is_writable, is_closed, kept });
        let entry = Entry { gid, region: region.clone() };
        self.regions.0.open.lock().insert(self.name.clone(), Some(entry));
        region
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let entry = self.regions.0.open.lock().remove(&self.name);
        if let Some(Entry { region, .. }) = entry.flatten() {
            region.is_closed.store(true, Ordering::Relaxed);
        }
    }
}

/// Operations by calls, on the thread of the medium.
impl Opened {
    pub(super) async fn call_read(&self, from: i64, size: i64) -> Result<Vec<u8>, StorageFault> {
        let (from, size) = self.bounded_range(from, size)?;
        self.call(false, move |shelf, path| shelf.region_read(path, from, size)).await
    }

    pub(super) async fn call_write(
        &self,
        at: i64,
        bytes: impl AsRef<[u8]> + Send + 'static,
    ) -> Result<(), StorageFault> {
        let (at, _) = self.bounded_range(at, bytes.as_ref().len() as i64)?;
        self.require_writable()?;
        self.call(true, move |shelf, path| shelf.region_write(path, at, bytes.as_ref())).await
    }

    pub(super) async fn call_is_erased(&self, from: i64, size: i64) -> Result<bool, StorageFault> {
        let (from, size) = self.whole_range(from, size)?;
        self.call(false, move |shelf, path| shelf.region_is_erased(path, from, size)).await
    }

    pub(super) async fn call_erase(&self, from: i64, size: i64) -> Result<(), StorageFault> {
        let (from, size) = self.pages(from, size)?;
        self.call(true, move |shelf, path| shelf.region_erase(path, from, size)).await
    }

    async fn call<T: Send + 'static>(
        &self,
        changes: bool,
        work: impl FnOnce(&mut Shelf<'_>, &str) -> Result<T, StorageFault> + Send + 'static,
    ) -> Result<T, StorageFault> {
        if changes {
            // The time at which the change takes effect is not known here, so no page is kept from now on.
            *self.kept.lock() = Kept { pages: Vec::new(), has_callers: true };
        }
        let path = self.path.clone();
        self.medium.run(changes, &self.owner, move |shelf| work(shelf, &path)).await
    }

    /// Checks a range that one call reads or writes: its size is limited.
    fn bounded_range(&self, from: i64, size: i64) -> Result<(u64, u64), StorageFault> {
        if u64::try_from(from).is_ok() && u64::try_from(size).is_ok_and(|size| size > STEP_BYTES_MAX) {
            return Err(StorageFault::BadArgument);
        }
        self.range(from, size)
    }
}

/// Checks of both calls and native steps.
impl Opened {
    fn require_writable(&self) -> Result<(), StorageFault> {
        if self.is_writable { Ok(()) } else { Err(StorageFault::PermissionDenied) }
    }

    /// Checks a range, which may be empty.
    fn range(&self, from: i64, size: i64) -> Result<(u64, u64), StorageFault> {
        match (u64::try_from(from), u64::try_from(size)) {
            (Ok(from), Ok(size)) if from.checked_add(size).is_some_and(|end| end <= self.size) => {
                Ok((from, size))
            }
            _ => Err(StorageFault::OutOfBounds),
        }
    }

    /// Checks a range that must not be empty.
    fn whole_range(&self, from: i64, size: i64) -> Result<(u64, u64), StorageFault> {
        if size == 0 { Err(StorageFault::OutOfBounds) } else { self.range(from, size) }
    }

    /// Checks a range of whole pages to erase.
    fn pages(&self, from: i64, size: i64) -> Result<(u64, u64), StorageFault> {
        if [from, size].iter().any(|number| number.rem_euclid(PAGE_BYTES as i64) != 0) {
            return Err(StorageFault::BadArgument);
        }
        let range = self.whole_range(from, size)?;
        self.require_writable()?;
        Ok(range)
    }
}

/// Parts of native steps, which work in place.
impl Opened {
    fn require_open(&self) -> Result<(), RegionFault> {
        let is_closed = self.is_closed.load(Ordering::Relaxed);
        if is_closed { Err(RegionFault("ALREADY_CLOSED".to_owned())) } else { Ok(()) }
    }

    /// Copies the bytes at `from` to the buffer. Keeps the last [`PAGES_KEPT`] pages that were read.
    fn copy(&self, from: u64, mut buffer: &mut [u8]) -> Result<(), StorageFault> {
        let mut kept = self.kept.lock();
        if kept.has_callers {
            kept.pages.clear();
        }
        for part in parts(from, buffer.len() as u64) {
            let page = self.page(&mut kept, part.page)?;
            let (now, later) = buffer.split_at_mut(part.end - part.start);
            now.copy_from_slice(&page[part.start..part.end]);
            buffer = later;
        }
        Ok(())
    }

    /// Returns the page with this number, and keeps it as the first page.
    fn page<'k>(&self, kept: &'k mut Kept, number: u64) -> Result<&'k [u8], StorageFault> {
        let place = match kept.pages.iter().position(|(kept, _)| *kept == number) {
            Some(place) => place,
            None => {
                let page =
                    self.medium.run_blocking(false, &self.owner, |shelf| shelf.page(&self.path, number))?;
                kept.pages.truncate(PAGES_KEPT - 1);
                kept.pages.push((number, page));
                kept.pages.len() - 1
            }
        };
        kept.pages[..=place].rotate_right(1);
        Ok(&kept.pages[0].1)
    }

    /// Changes the region and forgets the kept pages, which no other thread reads meanwhile.
    fn change(
        &self,
        work: impl FnOnce(&mut Shelf<'_>, &str) -> Result<(), StorageFault>,
    ) -> Result<(), StorageFault> {
        let mut kept = self.kept.lock();
        kept.pages.clear();
        self.medium.run_blocking(true, &self.owner, |shelf| work(shelf, &self.path))
    }
}

impl regions::Region for Opened {
    fn size(&self) -> u64 {
        self.size
    }

    fn waits(&self) -> bool {
        self.medium.waits()
    }

    fn read(&self, from: i64, buffer: &mut [u8]) -> Result<(), RegionFault> {
        self.require_open()?;
        let (from, _) = self.range(from, buffer.len() as i64)?;
        Ok(self.copy(from, buffer)?)
    }

    fn write(&self, at: i64, bytes: &[u8]) -> Result<(), RegionFault> {
        self.require_open()?;
        let (at, size) = self.range(at, bytes.len() as i64)?;
        self.require_writable()?;
        if size == 0 {
            return Ok(());
        }
        Ok(self.change(|shelf, path| shelf.region_write(path, at, bytes))?)
    }

    fn is_erased(&self, from: i64, size: i64) -> Result<bool, RegionFault> {
        self.require_open()?;
        let (from, size) = self.whole_range(from, size)?;
        Ok(self
            .medium
            .run_blocking(false, &self.owner, |shelf| shelf.region_is_erased(&self.path, from, size))?)
    }

    fn erase(&self, from: i64, size: i64) -> Result<(), RegionFault> {
        self.require_open()?;
        let (from, size) = self.pages(from, size)?;
        Ok(self.change(|shelf, path| shelf.region_erase(path, from, size))?)
    }
}

impl From<StorageFault> for RegionFault {
    fn from(fault: StorageFault) -> RegionFault {
        RegionFault(fault.to_string())
    }
}
