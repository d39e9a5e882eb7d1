//! The `redb` databases of a device, each used by one OS process at a time.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use lucarne_kernel::sync::RwLock;
use lucarne_kernel::sync::atomic::{AtomicBool, Ordering};
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, StorageBackend, WriteTransaction};

use crate::StoreError;

/// The size of the cache, in bytes. Large values are read once, when a container starts.
const CACHE_BYTES: usize = 2 << 20;

/// A database that survives a full disk: after a write that failed, `redb` refuses everything until the file is
/// opened again.
pub(crate) struct Books {
    open: Box<dyn Fn() -> Result<Opened, StoreError> + Send + Sync>,
    /// None while it cannot be opened.
    database: RwLock<Option<Opened>>,
    has_failed: AtomicBool,
}

/// A database that is open.
struct Opened {
    database: Database,
    file: Option<OpenedFile>,
}

/// The file of a database, which users may remove while it is open.
struct OpenedFile {
    path: PathBuf,
    contents: &'static str,
    identity: Identity,
}

/// The device and the inode of a file.
#[derive(PartialEq)]
struct Identity(u64, u64);

impl Identity {
    fn of(path: &Path) -> Option<Identity> {
        fs::metadata(path).ok().map(|metadata| Identity(metadata.dev(), metadata.ino()))
    }
}

impl Opened {
    /// Fails if the file is not at its place any more: the operating system would drop all writes to it.
    fn require_file(&self) -> Result<(), StoreError> {
        match &self.file {
            Some(OpenedFile { path, contents, identity })
                if Identity::of(path).as_ref() != Some(identity) =>
            {
                Err(StoreError::RemovedFile { file: path.clone(), contents })
            }
            _ => Ok(()),
        }
    }
}

impl Books {
    /// Opens the database in a file. Creates the file if it is missing, unless [`Place::beside`] forbids that.
    pub(crate) fn in_file(place: Place, prepare: Prepare) -> Result<Books, StoreError> {
        place.make_if_missing(prepare)?;
        Books::opened(move || {
            let database = place.open(prepare)?;
            let (path, contents) = (place.file.clone(), place.contents);
            let file = Identity::of(&path).map(|identity| OpenedFile { path, contents, identity });
            Ok(Opened { database, file })
        })
    }

    /// Opens a database on a disk, whose clones are the same disk.
    pub(crate) fn on_disk<D>(disk: D, prepare: Prepare) -> Result<Books, StoreError>
    where
        D: StorageBackend + Clone,
    {
        Books::opened(move || {
            let database = on(disk.clone())?;
            prepare(&database).map(|()| Opened { database, file: None })
        })
    }

    fn opened(
        open: impl Fn() -> Result<Opened, StoreError> + Send + Sync + 'static,
    ) -> Result<Books, StoreError> {
        let database = RwLock::new(Some(open()?));
        Ok(Books { open: Box::new(open), database, has_failed: AtomicBool::new(false) })
    }

    /// Reads in one transaction.
    pub(crate) fn read<T>(
        &self,
        work: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|opened| work(&opened.database.begin_read()?))
    }

    /// Writes in one transaction: entirely or, with an error, not at all.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with(|opened| {
            opened.require_file()?;
            write(&opened.database, work)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&Opened) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.has_failed.load(Ordering::Acquire) {
            self.open_again()?;
        }
        let database = self.database.read();
        let result = match &*database {
            Some(database) => work(database),
            // Another thread has failed to open it just now.
            None => Err(StoreError::Disk("it cannot be opened".to_owned())),
        };
        if matches!(result, Err(StoreError::Disk(_) | StoreError::Full)) {
            self.has_failed.store(true, Ordering::Release);
        }
        result
    }

    fn open_again(&self) -> Result<(), StoreError> {
        let mut database = self.database.write();
        if self.has_failed.load(Ordering::Acquire) {
            // An open database keeps the file locked.
            *database = None;
            *database = Some((self.open)()?);
            self.has_failed.store(false, Ordering::Release);
        }
        Ok(())
    }
}

/// Makes the tables of a database, or checks their version.
pub(crate) type Prepare = fn(&Database) -> Result<(), StoreError>;

/// The place of a file.
pub(crate) struct Place {
    pub(crate) file: PathBuf,
    /// The name of its contents, for messages.
    pub(crate) contents: &'static str,
    /// The name of another part of the device, which exists only if the file has existed as well. If it is set, a
    /// missing file is an error, and is not created.
    pub(crate) beside: Option<String>,
}

impl Place {
    /// Creates and prepares a missing file under another name, and then renames it: a database that a power cut leaves
    /// half made is unusable.
    fn make_if_missing(&self, prepare: Prepare) -> Result<(), StoreError> {
        if self.file.try_exists()? {
            return Ok(());
        }
        // The user has put the file aside, and so accepts that its contents are not used.
        let is_put_aside = self.file.with_extension("redb.old").try_exists()?;
        if let Some(beside) = self.beside.clone().filter(|_| !is_put_aside) {
            let (file, contents) = (self.file.clone(), self.contents);
            return Err(StoreError::MissingFile { file, contents, beside });
        }
        let beside = self.file.with_extension("redb.new");
        let made = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&beside)?;
        let database = on(FileBackend::new(made)?)?;
        prepare(&database)?;
        drop(database);
        fs::rename(beside, &self.file)?;
        Ok(File::open(self.file.parent().unwrap_or(Path::new(".")))?.sync_all()?)
    }

    fn open(&self, prepare: Prepare) -> Result<Database, StoreError> {
        let open = || {
            let file = OpenOptions::new().read(true).write(true).open(&self.file)?;
            // An empty file would become a new database.
            if file.metadata()?.len() == 0 {
                return Err(StoreError::Damaged("it is empty".to_owned()));
            }
            let database = on(FileBackend::new(file)?)?;
            prepare(&database).map(|()| database)
        };
        open().map_err(|error| match error {
            StoreError::Damaged(reason) => {
                StoreError::DamagedFile { file: self.file.clone(), contents: self.contents, reason }
            }
            other => other,
        })
    }
}

/// Opens a database on a disk.
fn on(backend: impl StorageBackend) -> Result<Database, StoreError> {
    let mut builder = Builder::new();
    // Damage is found here, and not by a later reader.
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    Ok(builder.create_with_backend(backend)?)
}

/// Writes as [`Books::write`] does, while a database is prepared.
pub(crate) fn write<T>(
    database: &Database,
    work: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut transaction = database.begin_write()?;
    // With one phase, checksums over contents that containers choose would decide which version of the file is valid.
    transaction.set_two_phase_commit(true);
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}
