//! The store of installed containers: records, images, and assets.
//!
//! All of it is in one file, so that each operation is one transaction: even after a power cut, it has happened
//! entirely or not at all. Contents that no container refers to any more are removed. Executables and components are
//! also written out to files of their own, which the operating system can load.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::thread;
use redb::{Database, ReadableTable, StorageBackend, TableDefinition};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::Uuid;

use crate::database::{self, Books, Place};
use crate::executable_files::ExecutableFiles;
use crate::folders::parts;
use crate::{Bytecode, ContainerName, Digest, Image, Kind, Settings};

/// The time after which a store that another device uses is refused, in µs.
const BUSY_WAIT_US: i64 = 2_000_000;

/// The interval at which the lock of such a store is tried.
const BUSY_LOOK: Duration = Duration::from_millis(10);

/// The store's own numbers, by name.
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// The records of the containers, as JSON, by name.
const CONTAINERS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("containers");
/// Contents by digest: images and assets.
const CONTENTS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("contents");

/// The bytecode of images, by the digest of the image: a cache of the results of the compiler.
const BYTECODE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("bytecode");

/// The name of the number that is the version of these tables, and the version that this build knows.
const FORMAT: &str = "format";
const FORMAT_KNOWN: u64 = 1;
/// The name of the number that is the next place in the order of installation.
const NEXT_PLACE: &str = "next-place";

/// The containers that are installed on a device. Can be used from any thread.
pub struct Store {
    books: Books,
    executables: ExecutableFiles,
    /// The folder, locked: only one store at a time may use it.
    _lock: Option<File>,
}

/// The record of an installed container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The name of the container.
    pub name: ContainerName,
    /// The digest of the image.
    pub image: Digest,
    /// The kind of the image.
    pub kind: Kind,
    /// The settings with which it runs.
    pub settings: Settings,
    /// The place in the order of installation. A container that replaces another takes over its place, so
    /// that a new version still starts before those that rely on it.
    pub place: u64,
    /// The state that the user has requested.
    pub state: State,
    /// The service interfaces that it provided last.
    pub provides: Vec<Uuid>,
}

/// The state that the user has requested for a container.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It runs, and starts with the device.
    #[default]
    Enabled,
    /// It was stopped, and does not start until it is started by a command.
    Stopped,
}

/// The reason why an operation on the store failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another OS process, or another part of this one, has it open.
    #[error("the store is in use by another device")]
    Busy,
    /// It was written by a newer version.
    #[error("the store has format {found}, and this version of lucarne knows formats up to {FORMAT_KNOWN}")]
    NewerFormat {
        /// The format that it has.
        found: u64,
    },
    /// The contents of the file have changed since they were written. The file is left as it is.
    #[error("the store is damaged: {0}")]
    Damaged(String),
    /// The contents of a file of the device have changed since they were written. The file is left as it is.
    #[error(
        "{0} with {contents} is damaged: {reason}. Put a copy of it there, or rename it to {0}.old: then the device \
         starts without {contents}",
        .file.display()
    )]
    DamagedFile {
        /// The file.
        file: PathBuf,
        /// The name of its contents.
        contents: &'static str,
        /// The kind of damage.
        reason: String,
    },
    /// A file of the device is missing, but others are there. Nothing is made in its place.
    #[error(
        "{0} with {contents} is missing, but {beside} of the same device is there. Put it back, or make a file \
         {0}.old: then the device starts without {contents}",
        .file.display()
    )]
    MissingFile {
        /// The file.
        file: PathBuf,
        /// The name of its contents.
        contents: &'static str,
        /// The name of another part of the device, which is there.
        beside: String,
    },
    /// A file of the device was removed or replaced while the device had it open. Nothing is written any more.
    #[error(
        "{} with {contents} was removed while the device runs: put it back, or stop the device and start it again \
         without {contents}",
        .file.display()
    )]
    RemovedFile {
        /// The file.
        file: PathBuf,
        /// The part of the device that was in the file.
        contents: &'static str,
    },
    /// No such container is installed.
    #[error("no container '{0}' is installed")]
    Unknown(ContainerName),
    /// The disk has no room left.
    #[error("the disk is full")]
    Full,
    /// The disk failed.
    #[error("the store cannot be used: {0}")]
    Disk(String),
}

impl Store {
    /// Opens the store of a device in an existing folder, and makes it if there is none.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if it is open already, [`StoreError::MissingFile`] if only other parts of a device are
    /// there, and other errors if its file cannot be used.
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        let lock = locked(folder)?;
        let place = Place {
            file: folder.join(parts::STORE),
            contents: "the installed containers",
            beside: left_of_device(folder),
        };
        let books = Books::in_file(place, prepare)?;
        let executables = ExecutableFiles::new(folder.join(parts::EXECUTABLES));
        let store = Store { books, executables, _lock: Some(lock) };
        store.sweep_executables();
        Ok(store)
    }

    /// Opens a store on a disk, whose clones are the same disk. Executables are written out to a folder, which is made
    /// when it is needed. If the power was cut while a new store was made on the disk, it cannot be opened.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn on_disk(disk: impl StorageBackend + Clone, executables: PathBuf) -> Result<Store, StoreError> {
        let books = Books::on_disk(disk, prepare)?;
        let store = Store { books, executables: ExecutableFiles::new(executables), _lock: None };
        store.sweep_executables();
        Ok(store)
    }

    /// Installs a container, or replaces the container of that name. `assets` are the contents of files by name: the
    /// record's settings get their digests. `bytecode` is that of a Toit program, if it was just compiled. When this
    /// returns, everything is on the disk.
    ///
    /// # Errors
    /// If the disk fails: then nothing has changed.
    pub fn install(
        &self,
        name: &ContainerName,
        image: &Image,
        bytecode: Option<&Bytecode>,
        settings: &Settings,
        assets: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Record, StoreError> {
        let digests = assets.iter().map(|(name, bytes)| (name.clone(), Digest::of(bytes)));
        let settings = Settings { assets: digests.collect(), ..settings.clone() };
        let record = self.books.write(|transaction| {
            let mut numbers = transaction.open_table(NUMBERS)?;
            let mut containers = transaction.open_table(CONTAINERS)?;
            let mut contents = transaction.open_table(CONTENTS)?;
            let mut compiled = transaction.open_table(BYTECODE)?;
            let before = containers.get(name.as_str())?.map(|bytes| decode(bytes.value())).transpose()?;
            let left = before.iter().flat_map(Record::contents).collect();
            let place = match &before {
                Some(record) => record.place,
                None => {
                    let place = numbers.get(NEXT_PLACE)?.map_or(0, |place| place.value());
                    numbers.insert(NEXT_PLACE, place + 1)?;
                    place
                }
            };
            let record = Record {
                name: name.clone(),
                image: image.digest(),
                kind: image.manifest().kind,
                settings: settings.clone(),
                place,
                state: State::Enabled,
                provides: before.map(|record| record.provides).unwrap_or_default(),
            };
            containers.insert(name.as_str(), encode(&record)?.as_slice())?;
            contents.insert(record.image.to_string().as_str(), image.bytes())?;
            if let Some(bytecode) = bytecode {
                compiled.insert(record.image.to_string().as_str(), bytecode.bytes())?;
            }
            for (digest, bytes) in settings.assets.values().zip(assets.values()) {
                contents.insert(digest.to_string().as_str(), bytes.as_slice())?;
            }
            release(&containers, &mut contents, &mut compiled, left)?;
            Ok(record)
        })?;
        self.sweep_executables();
        Ok(record)
    }

    /// Removes a container, and the contents that only it refers to.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if it is not installed.
    pub fn uninstall(&self, name: &ContainerName) -> Result<Record, StoreError> {
        let record = self.books.write(|transaction| {
            let mut containers = transaction.open_table(CONTAINERS)?;
            let mut contents = transaction.open_table(CONTENTS)?;
            let mut compiled = transaction.open_table(BYTECODE)?;
            let removed = containers.remove(name.as_str())?.map(|bytes| decode(bytes.value()));
            let record = removed.ok_or_else(|| StoreError::Unknown(name.clone()))??;
            release(&containers, &mut contents, &mut compiled, record.contents().collect())?;
            Ok(record)
        })?;
        self.sweep_executables();
        Ok(record)
    }

    /// Returns all containers, in the order of their installation.
    ///
    /// # Errors
    /// If the store is damaged or the disk fails.
    pub fn list(&self) -> Result<Vec<Record>, StoreError> {
        self.books.read(|transaction| {
            let containers = transaction.open_table(CONTAINERS)?;
            let mut records = Vec::new();
            for entry in containers.iter()? {
                records.push(decode(entry?.1.value())?);
            }
            records.sort_by_key(|record: &Record| record.place);
            Ok(records)
        })
    }

    /// Returns the record of a container.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if it is not installed.
    pub fn get(&self, name: &ContainerName) -> Result<Record, StoreError> {
        self.books.read(|transaction| {
            let containers = transaction.open_table(CONTAINERS)?;
            let bytes = containers.get(name.as_str())?;
            decode(bytes.ok_or_else(|| StoreError::Unknown(name.clone()))?.value())
        })
    }

    /// Stores the state that the user requests for a container.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] if it is not installed.
    pub fn set_state(&self, name: &ContainerName, state: State) -> Result<(), StoreError> {
        self.change(name, |record| record.state = state)
    }

    /// Stores which interfaces containers provide, in one transaction. Ignores containers that are not installed, and
    /// writes nothing if nothing changes.
    ///
    /// # Errors
    /// If the disk fails: then nothing has changed.
    pub fn set_provided(&self, provided: &[(ContainerName, Vec<Uuid>)]) -> Result<(), StoreError> {
        let is_stored = |(name, provides): &(ContainerName, Vec<Uuid>)| {
            self.get(name).is_ok_and(|record| record.provides == *provides)
        };
        if provided.iter().all(is_stored) {
            return Ok(());
        }
        self.books.write(|transaction| {
            let mut containers = transaction.open_table(CONTAINERS)?;
            for (name, provides) in provided {
                let found = containers.get(name.as_str())?.map(|bytes| decode(bytes.value()));
                let Some(record) = found.transpose()? else { continue };
                let record = Record { provides: provides.clone(), ..record };
                containers.insert(name.as_str(), encode(&record)?.as_slice())?;
            }
            Ok(())
        })
    }

    /// Changes a record. Writes nothing if nothing changes.
    fn change(&self, name: &ContainerName, change: impl Fn(&mut Record)) -> Result<(), StoreError> {
        let before = self.get(name)?;
        let mut after = before.clone();
        change(&mut after);
        if after == before {
            return Ok(());
        }
        self.books.write(|transaction| {
            let mut containers = transaction.open_table(CONTAINERS)?;
            let found = containers.get(name.as_str())?.map(|bytes| decode(bytes.value()));
            let mut record = found.ok_or_else(|| StoreError::Unknown(name.clone()))??;
            change(&mut record);
            containers.insert(name.as_str(), encode(&record)?.as_slice())?;
            Ok(())
        })
    }

    /// Reads an image.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the contents are missing, or have changed since they were installed.
    pub fn image(&self, digest: Digest) -> Result<Image, StoreError> {
        let bytes = self.contents(digest)?;
        Image::read_as(digest, bytes).map_err(|error| StoreError::Damaged(error.to_string()))
    }

    /// Returns the bytecode of an image, if it was compiled.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn bytecode(&self, image: Digest) -> Result<Option<Bytecode>, StoreError> {
        self.books.read(|transaction| {
            let compiled = transaction.open_table(BYTECODE)?;
            let bytes = compiled.get(image.to_string().as_str())?;
            Ok(bytes.map(|bytes| Bytecode::from_bytes(bytes.value().to_vec())))
        })
    }

    /// Keeps the bytecode of an image, for as long as a container has the image.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn set_bytecode(&self, image: Digest, bytecode: &Bytecode) -> Result<(), StoreError> {
        self.books.write(|transaction| {
            let contents = transaction.open_table(CONTENTS)?;
            // It may have been uninstalled meanwhile.
            if contents.get(image.to_string().as_str())?.is_some() {
                let mut compiled = transaction.open_table(BYTECODE)?;
                compiled.insert(image.to_string().as_str(), bytecode.bytes())?;
            }
            Ok(())
        })
    }

    /// Returns the contents of an asset.
    ///
    /// # Errors
    /// As [`Store::image`].
    pub fn asset(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        self.contents(digest)
    }

    fn contents(&self, digest: Digest) -> Result<Vec<u8>, StoreError> {
        let bytes = self.books.read(|transaction| {
            let contents = transaction.open_table(CONTENTS)?;
            let bytes = contents.get(digest.to_string().as_str())?;
            Ok(bytes.map(|bytes| bytes.value().to_vec()))
        })?;
        match bytes {
            Some(bytes) if Digest::of(&bytes) == digest => Ok(bytes),
            Some(_) => Err(StoreError::Damaged(format!("the contents of {digest} have changed"))),
            None => Err(StoreError::Damaged(format!("the contents of {digest} are missing"))),
        }
    }

    /// Writes out the file of an executable or a component, so that it can be loaded, and returns its path. The file is
    /// private to this user. It stays as long as a container has the image.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn executable(&self, image: &Image) -> Result<PathBuf, StoreError> {
        Ok(self.executables.write_out(image)?)
    }

    /// Removes the files of executables that no container has. If this fails, the next change of the store or the next
    /// start of the device tries again.
    fn sweep_executables(&self) {
        if let Ok(records) = self.list() {
            let kept = records.iter().map(|record| record.image).collect();
            let _ = self.executables.sweep(&kept);
        }
    }
}

impl Record {
    /// Returns the digests of the contents that the record refers to.
    fn contents(&self) -> impl Iterator<Item = Digest> {
        std::iter::once(self.image).chain(self.settings.assets.values().copied())
    }
}

/// Makes the tables, or checks that this build knows their format.
fn prepare(database: &Database) -> Result<(), StoreError> {
    database::write(database, |transaction| {
        let mut numbers = transaction.open_table(NUMBERS)?;
        let format = numbers.get(FORMAT)?.map(|format| format.value());
        match format {
            Some(FORMAT_KNOWN) => {}
            Some(found) => return Err(StoreError::NewerFormat { found }),
            None => drop(numbers.insert(FORMAT, FORMAT_KNOWN)?),
        }
        transaction.open_table(CONTAINERS)?;
        transaction.open_table(CONTENTS)?;
        transaction.open_table(BYTECODE)?;
        Ok(())
    })
}

/// Removes those of the given contents that no container refers to, with their bytecode.
fn release(
    containers: &impl ReadableTable<&'static str, &'static [u8]>,
    contents: &mut redb::Table<'_, &'static str, &'static [u8]>,
    compiled: &mut redb::Table<'_, &'static str, &'static [u8]>,
    mut unused: HashSet<Digest>,
) -> Result<(), StoreError> {
    if unused.is_empty() {
        return Ok(());
    }
    for entry in containers.iter()? {
        for digest in decode(entry?.1.value())?.contents() {
            unused.remove(&digest);
        }
    }
    for digest in unused {
        contents.remove(digest.to_string().as_str())?;
        compiled.remove(digest.to_string().as_str())?;
    }
    Ok(())
}

fn encode(record: &Record) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(record).map_err(|error| StoreError::Damaged(error.to_string()))
}

fn decode(bytes: &[u8]) -> Result<Record, StoreError> {
    serde_json::from_slice(bytes).map_err(|error| StoreError::Damaged(format!("a record: {error}")))
}

/// Locks a folder. A device that was killed holds its lock until the last of its threads has ended, so this waits for
/// [`BUSY_WAIT_US`].
fn locked(folder: &Path) -> Result<File, StoreError> {
    let lock = File::open(folder)?;
    let clock = Clock::real();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if clock.now_us() < BUSY_WAIT_US => thread::sleep(BUSY_LOOK),
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

/// Returns a part of a device that has had containers or storage, if one is in the folder.
fn left_of_device(folder: &Path) -> Option<String> {
    let is_left = |part: &&&str| {
        let path = folder.join(part);
        path.is_file() || path.read_dir().is_ok_and(|mut entries| entries.next().is_some())
    };
    [parts::FLASH, parts::EXECUTABLES, parts::LOGS].iter().find(is_left).map(|part| (*part).to_owned())
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> StoreError {
        match error {
            redb::Error::DatabaseAlreadyOpen => StoreError::Busy,
            redb::Error::Corrupted(what) => StoreError::Damaged(what),
            // The file is not a store.
            redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                StoreError::Damaged(error.to_string())
            }
            redb::Error::Io(error) => error.into(),
            error => StoreError::Disk(error.to_string()),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> StoreError {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => StoreError::Full,
            _ => StoreError::Disk(error.to_string()),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident)*) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> StoreError {
                redb::Error::from(error).into()
            }
        }
    )*};
}

from_redb! { CommitError DatabaseError StorageError TableError TransactionError }
