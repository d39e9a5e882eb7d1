//! The files that a device keeps its books in: `redb` databases, each used by one at a time.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use redb::backends::FileBackend;
use redb::{Builder, Database, StorageBackend, WriteTransaction};

use crate::StoreError;

/// How much of a file is kept in memory. What is large in there is read once, when a container starts.
const CACHE_BYTES: usize = 2 << 20;

/// Opens a file. One that is not there is made beside its place and prepared first: what a power cut leaves
/// half made is no database.
pub(crate) fn open(
    file: &Path,
    prepare: impl Fn(&Database) -> Result<(), StoreError>,
) -> Result<Database, StoreError> {
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
pub(crate) fn on(backend: impl StorageBackend) -> Result<Database, StoreError> {
    let mut builder = Builder::new();
    // What is altered behind our back is found here, and not by whoever reads it.
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    Ok(builder.create_with_backend(backend)?)
}

/// Does something entirely or, with an error, not at all.
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
