//! The flash memory of a device, in a file: storage that outlives containers and restarts.

use std::path::Path;

use lucarne_providers::storage::{Entries, Flash, FlashError, Work};
use redb::{Database, ReadOnlyTable, ReadableTable, StorageBackend, StorageError, Table, TableDefinition};

use crate::StoreError;
use crate::database::{self, Books, Place};
use crate::folders::parts;

const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");

/// The flash memory of a device.
pub struct FlashFile {
    /// An error if nothing can be stored until the device starts again.
    books: Result<Books, FlashError>,
}

impl FlashFile {
    /// Opens the flash memory in the folder of a store that is open. It is made if it is missing, unless the store has
    /// containers.
    ///
    /// # Errors
    /// As [`Store::open`](crate::Store::open).
    pub fn open(folder: &Path, has_containers: bool) -> Result<FlashFile, StoreError> {
        let place = Place {
            file: folder.join(parts::FLASH),
            contents: "the storage of the containers",
            beside: has_containers.then(|| parts::STORE.to_owned()),
        };
        Ok(FlashFile { books: Ok(Books::in_file(place, prepare)?) })
    }

    /// Returns a flash memory whose operations all fail, since its file is damaged or missing.
    pub(crate) fn unusable(error: StoreError) -> FlashFile {
        FlashFile { books: Err(error.into()) }
    }

    fn books(&self) -> Result<&Books, FlashError> {
        self.books.as_ref().map_err(FlashError::clone)
    }

    /// Opens the flash memory on a disk, whose clones are the same disk.
    ///
    /// # Errors
    /// As [`Store::open`](crate::Store::open).
    pub fn on_disk(disk: impl StorageBackend + Clone) -> Result<FlashFile, StoreError> {
        Ok(FlashFile { books: Ok(Books::on_disk(disk, prepare)?) })
    }
}

fn prepare(database: &Database) -> Result<(), StoreError> {
    database::write(database, |transaction| Ok(transaction.open_table(ENTRIES).map(drop)?))
}

impl Flash for FlashFile {
    fn waits(&self) -> bool {
        true
    }

    fn look(&self, work: &mut Work<'_>) -> Result<(), FlashError> {
        let mut refused = None;
        let looked = self.books()?.read(|transaction| {
            let mut entries = Looked(transaction.open_table(ENTRIES)?);
            work(&mut entries).map_err(|error| noted(error, &mut refused))
        });
        looked.map_err(|error| refused.unwrap_or_else(|| error.into()))
    }

    fn change(&self, work: &mut Work<'_>) -> Result<(), FlashError> {
        let mut refused = None;
        let changed = self.books()?.write(|transaction| {
            let mut entries = Changed(transaction.open_table(ENTRIES)?);
            work(&mut entries).map_err(|error| noted(error, &mut refused))
        });
        changed.map_err(|error| refused.unwrap_or_else(|| error.into()))
    }
}

type Key = &'static [u8];

struct Looked(ReadOnlyTable<Key, Key>);

struct Changed<'t>(Table<'t, Key, Key>);

impl Entries for Looked {
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, FlashError> {
        get(&self.0, key).map_err(failed)
    }

    fn put(&mut self, _: &[u8], _: &[u8]) -> Result<(), FlashError> {
        Err(only_looked_at())
    }

    fn remove(&mut self, _: &[u8]) -> Result<(), FlashError> {
        Err(only_looked_at())
    }

    fn keys(&mut self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, FlashError> {
        keys(&self.0, prefix).map_err(failed)
    }
}

impl Entries for Changed<'_> {
    fn get(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, FlashError> {
        get(&self.0, key).map_err(failed)
    }

    fn put(&mut self, key: &[u8], value: &[u8]) -> Result<(), FlashError> {
        self.0.insert(key, value).map(drop).map_err(failed)
    }

    fn remove(&mut self, key: &[u8]) -> Result<(), FlashError> {
        self.0.remove(key).map(drop).map_err(failed)
    }

    fn keys(&mut self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, FlashError> {
        keys(&self.0, prefix).map_err(failed)
    }
}

fn get(table: &impl ReadableTable<Key, Key>, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    Ok(table.get(key)?.map(|value| value.value().to_vec()))
}

fn keys(table: &impl ReadableTable<Key, Key>, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StorageError> {
    let mut found = Vec::new();
    for entry in table.range(prefix..)? {
        let key = entry?.0.value().to_vec();
        if !key.starts_with(prefix) {
            break;
        }
        found.push(key);
    }
    Ok(found)
}

/// Keeps the caller's own error while it passes through a transaction.
fn noted(error: FlashError, refused: &mut Option<FlashError>) -> StoreError {
    *refused = Some(error.clone());
    match error {
        FlashError::Full => StoreError::Full,
        other => StoreError::Disk(other.to_string()),
    }
}

fn failed(error: StorageError) -> FlashError {
    StoreError::from(error).into()
}

fn only_looked_at() -> FlashError {
    FlashError::Failed("the operation only reads".to_owned())
}

impl From<StoreError> for FlashError {
    fn from(error: StoreError) -> FlashError {
        match error {
            StoreError::Full => FlashError::Full,
            // Containers need not know the paths of the device.
            StoreError::DamagedFile { reason, .. } => FlashError::Failed(format!("it is damaged: {reason}")),
            StoreError::MissingFile { .. } => FlashError::Failed("it is missing".to_owned()),
            StoreError::RemovedFile { .. } => FlashError::Failed("its file was removed".to_owned()),
            StoreError::Disk(text) | StoreError::Damaged(text) => FlashError::Failed(text),
            other => FlashError::Failed(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lucarne_host::System;
    use lucarne_ports::CapturedOutput;
    use lucarne_providers::storage::{Media, Scheme, Storage, Tison, one_owner};
    use lucarne_services::Bytes;

    use super::*;
    use crate::disk::{Disk, Platter, Step};

    fn system(flash: FlashFile) -> System {
        let media = Media { flash: Arc::new(flash), ..Media::in_memory() };
        let output = Arc::new(CapturedOutput::default());
        System::builder().workers(1).output(output).storage(media, one_owner()).start()
    }

    #[test]
    fn what_is_stored_survives() {
        let folder = tempfile::tempdir().expect("temporary files can be made");
        for round in 0..3_i64 {
            let flash = FlashFile::open(folder.path(), round > 0).expect("no other process has it open");
            assert!(matches!(FlashFile::open(folder.path(), true), Err(StoreError::Busy)));
            let system = system(flash);
            let storage = Storage::open(&system.container("test")).wait().expect("the service is provided");
            let bucket = storage.bucket(Scheme::Flash, "b").wait().expect("the scheme is known");
            let region = storage.region("r", Some(8_000)).wait().expect("there is room");
            let before = (round > 0).then_some(Tison(round - 1));
            assert_eq!(bucket.get("round").wait(), Ok(before));
            let written = 4_090 + round as u64;
            assert_eq!(region.is_erased(written, 10).wait(), Ok(true));
            assert_eq!(region.is_erased(4_090, round as u64 + 1).wait(), Ok(round == 0));
            bucket.set("round", &round).wait().expect("there is room");
            region.write(written, Bytes::from(vec![0])).wait().expect("the data fits");
        }
    }

    #[test]
    fn programs_use_buckets_and_regions() {
        let folder = tempfile::tempdir().expect("temporary files can be made");
        let system = system(FlashFile::open(folder.path(), false).expect("no other process has it open"));
        let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/lib/storages.toit");
        assert_eq!(system.run(program, &[]).expect("it is a program").wait(), 0);
    }

    #[test]
    fn a_missing_or_empty_file_is_not_made_again() {
        let folder = tempfile::tempdir().expect("temporary files can be made");
        let file = folder.path().join("flash.redb");
        let opened = FlashFile::open(folder.path(), true).err();
        assert!(matches!(opened, Some(StoreError::MissingFile { .. })), "{opened:?}");
        std::fs::write(&file, "").expect("the file can be written");
        for has_containers in [false, true] {
            let error = FlashFile::open(folder.path(), has_containers).err().expect("it is damaged");
            assert!(matches!(error, StoreError::DamagedFile { .. }), "{error}");
            let flash = FlashFile::unusable(error);
            let failed = FlashError::Failed("it is damaged: it is empty".to_owned());
            assert_eq!(flash.look(&mut |_| Ok(())), Err(failed.clone()));
            assert_eq!(flash.change(&mut |_| Ok(())), Err(failed));
        }
        assert_eq!(std::fs::read(&file).expect("the file exists"), b"");
        std::fs::rename(&file, folder.path().join("flash.redb.old")).expect("the file exists");
        FlashFile::open(folder.path(), true).expect("the user has put the file aside");
    }

    #[test]
    fn a_power_cut_at_any_write() {
        let disk = Disk::default();
        let flash = FlashFile::on_disk(disk.clone()).expect("an empty disk becomes one");
        let start = disk.steps();
        let put = |flash: &FlashFile, number: u32| {
            flash.change(&mut |entries| {
                entries.put(b"number", &number.to_be_bytes())?;
                entries.put(&(number % 9).to_be_bytes(), &[number as u8; 500])
            })
        };
        let mut acknowledged = Vec::new();
        for number in 0..60 {
            put(&flash, number).expect("there is room");
            acknowledged.push(disk.steps());
        }
        let mut platter = Platter::default();
        for (at, step) in disk.history().iter().enumerate() {
            platter.advance(step);
            if matches!(step, Step::Sync) || at < start {
                continue;
            }
            let cut = platter.cut(&mut fastrand::Rng::with_seed(at as u64));
            let flash = FlashFile::on_disk(Disk::with(cut)).expect("the flash is intact");
            let mut found = None;
            let looked = flash.look(&mut |entries| {
                found = entries.get(b"number")?.map(|bytes| bytes.try_into().map_or(0, u32::from_be_bytes));
                if let Some(number) = found {
                    let value = entries.get(&(number % 9).to_be_bytes())?;
                    assert_eq!(value, Some(vec![number as u8; 500]));
                }
                Ok(())
            });
            looked.expect("the flash is intact");
            let done = acknowledged.iter().filter(|steps| **steps <= at + 1).count() as u32;
            let found = found.map_or(0, |number| number + 1);
            assert!(found == done || found == done + 1, "after step {at}: {found} for {done}");
        }
    }

    #[test]
    fn a_full_disk_is_out_of_space_and_can_be_read() {
        let disk = Disk::default();
        let flash = FlashFile::on_disk(disk.clone()).expect("an empty disk becomes one");
        let put = |number: u32| flash.change(&mut |entries| entries.put(&number.to_be_bytes(), &[7; 30_000]));
        let get = |number: u32| {
            let mut found = None;
            let looked = flash.look(&mut |entries| {
                found = entries.get(&number.to_be_bytes())?;
                Ok(())
            });
            looked.map(|()| found.map(|bytes| bytes.len()))
        };
        assert_eq!(put(0), Ok(()));
        disk.limit_room(Some(disk.bytes().len()));
        let mut refused = 0;
        for number in 1..60 {
            let stored = put(number);
            assert!(matches!(stored, Ok(()) | Err(FlashError::Full)), "{stored:?}");
            refused += u32::from(stored.is_err());
            assert_eq!((get(0), get(number)), (Ok(Some(30_000)), Ok(stored.is_ok().then_some(30_000))));
        }
        assert!(refused > 20, "only {refused} of 59 values were refused, but the disk is full");
        disk.limit_room(None);
        assert_eq!(put(60), Ok(()));
    }

    #[test]
    fn a_change_that_fails_is_none() {
        let flash = FlashFile::on_disk(Disk::default()).expect("an empty disk becomes one");
        let refused = FlashError::Failed("no".to_owned());
        let changed = flash.change(&mut |entries| {
            entries.put(b"k", b"v")?;
            Err(refused.clone())
        });
        assert_eq!(changed, Err(refused));
        let mut found = None;
        let looked = flash.look(&mut |entries| {
            found = entries.get(b"k")?;
            Ok(())
        });
        looked.expect("the flash is intact");
        assert_eq!(found, None);
    }
}
