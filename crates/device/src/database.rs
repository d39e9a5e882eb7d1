//! The files that a device keeps its books in: `redb` databases, each used by one at a time.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use lucarne_kernel::sync::RwLock;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, StorageBackend, WriteTransaction};

use crate::StoreError;

/// How much of a file is kept in memory. What is large in there is read once, when a container starts.
const CACHE_BYTES: usize = 2 << 20;

/// A database that survives a full disk: `redb` refuses everything once a write has failed, until it is opened anew.
pub(crate) struct Books {
    open: Box<dyn Fn() -> Result<Database, StoreError> + Send + Sync>,
    /// None while it cannot be opened.
    database: RwLock<Option<Database>>,
    has_failed: AtomicBool,
}

impl Books {
    /// Opens a file, which is made if it is not there.
    pub(crate) fn in_file(file: &Path, prepare: Prepare) -> Result<Books, StoreError> {
        let path = file.to_owned();
        Books::opened(move || open(&path, prepare).map_err(|error| error.in_file(&path)))
    }

    /// Opens what is on some disk, whose clones are the same disk.
    pub(crate) fn on_disk<D>(disk: D, prepare: Prepare) -> Result<Books, StoreError>
    where
        D: StorageBackend + Clone,
    {
        Books::opened(move || {
            let database = on(disk.clone())?;
            prepare(&database).map(|()| database)
        })
    }

    fn opened(
        open: impl Fn() -> Result<Database, StoreError> + Send + Sync + 'static,
    ) -> Result<Books, StoreError> {
        let database = RwLock::new(Some(open()?));
        Ok(Books { open: Box::new(open), database, has_failed: AtomicBool::new(false) })
    }

    /// Looks at what is there.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|database| work(&database.begin_read()?))
    }

    /// Does something entirely or, with an error, not at all.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|database| write(database, work))
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.has_failed.load(Ordering::Acquire) {
            self.open_again()?;
        }
        let database = self.database.read();
        let result = match &*database {
            Some(database) => work(database),
            // Between the failure of somebody else to open it and our look at it.
            None => Err(StoreError::Disk("it cannot be opened".to_owned())),
        };
        if matches!(result, Err(StoreError::Disk(_))) {
            self.has_failed.store(true, Ordering::Release);
        }
        result
    }

    fn open_again(&self) -> Result<(), StoreError> {
        let mut database = self.database.write();
        if self.has_failed.load(Ordering::Acquire) {
            // Whoever has it open keeps others from it.
            *database = None;
            *database = Some((self.open)()?);
            self.has_failed.store(false, Ordering::Release);
        }
        Ok(())
    }
}

/// Makes the tables of a database, or checks that we know them.
pub(crate) type Prepare = fn(&Database) -> Result<(), StoreError>;

/// Opens a file. One that is not there is made beside its place and prepared first: what a power cut leaves
/// half made is no database.
fn open(file: &Path, prepare: Prepare) -> Result<Database, StoreError> {
    if !file.try_exists()? {
        let beside = file.with_extension("redb.new");
        let made = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&beside)?;
        let database = on(FileBackend::new(made)?)?;
        prepare(&database)?;
        drop(database);
        fs::rename(beside, file)?;
        File::open(file.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    }
    let database = on(FileBackend::new(OpenOptions::new().read(true).write(true).open(file)?)?)?;
    prepare(&database)?;
    Ok(database)
}

/// Opens what is on some disk.
fn on(backend: impl StorageBackend) -> Result<Database, StoreError> {
    let mut builder = Builder::new();
    // What is altered behind our back is found here, and not by whoever reads it.
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    Ok(builder.create_with_backend(backend)?)
}

/// As [`Books::write`], for those who prepare a database.
pub(crate) fn write<T>(
    database: &Database,
    work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut transaction = database.begin_write()?;
    // With one phase, which version of the file is the right one would be decided by checksums of
    // contents that guests choose.
    transaction.set_two_phase_commit(true);
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}
