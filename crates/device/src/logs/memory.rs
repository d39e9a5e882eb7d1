//! Log files in memory, which a power cut can damage.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use lucarne_kernel::clock::Clock;
use lucarne_kernel::sync::Mutex;

use super::medium::{FileEntry, Medium};

/// Log files in memory. Clones share the files.
#[derive(Clone)]
pub(crate) struct MemoryFiles {
    folders: Arc<Mutex<BTreeMap<String, BTreeMap<String, Contents>>>>,
    clock: Clock,
    /// The number of bytes that can still be written, if that is bounded.
    room: Arc<Mutex<Option<usize>>>,
}

#[derive(Default)]
struct Contents {
    bytes: Vec<u8>,
    written_us: i64,
}

impl MemoryFiles {
    pub(crate) fn new(clock: Clock) -> MemoryFiles {
        MemoryFiles { folders: Arc::default(), clock, room: Arc::default() }
    }

    /// Returns the files that a power cut leaves: the ends of some are lost, or are garbage.
    pub(crate) fn cut(&self, clock: Clock, random: &mut fastrand::Rng) -> MemoryFiles {
        let mut folders = std::mem::take(&mut *self.folders.lock());
        for contents in folders.values_mut().flat_map(BTreeMap::values_mut) {
            if random.u8(..3) == 0 {
                let kept = random.usize(..=contents.bytes.len());
                contents.bytes.truncate(kept);
            }
            if random.u8(..8) == 0 {
                contents.bytes.extend((0..random.u8(..40)).map(|_| random.u8(..)));
            }
        }
        MemoryFiles { folders: Arc::new(Mutex::new(folders)), clock, room: Arc::default() }
    }

    /// Bounds the number of bytes that can still be written.
    pub(crate) fn limit_room(&self, bytes: Option<usize>) {
        *self.room.lock() = bytes;
    }

    /// Returns the bytes of the log in a folder.
    pub(crate) fn bytes_of(&self, folder: &str) -> u64 {
        let folders = self.folders.lock();
        let files = folders.get(folder).into_iter().flat_map(BTreeMap::values);
        files.map(|contents| contents.bytes.len() as u64).sum()
    }
}

impl Medium for MemoryFiles {
    fn folders(&self) -> io::Result<Vec<String>> {
        Ok(self.folders.lock().keys().cloned().collect())
    }

    fn files(&self, folder: &str) -> io::Result<Vec<FileEntry>> {
        let folders = self.folders.lock();
        let files = folders.get(folder).into_iter().flatten();
        let entry = |(name, contents): (&String, &Contents)| FileEntry {
            name: name.clone(),
            bytes: contents.bytes.len() as u64,
            written_us: contents.written_us,
        };
        Ok(files.map(entry).collect())
    }

    fn read(&self, folder: &str, file: &str) -> io::Result<Vec<u8>> {
        let folders = self.folders.lock();
        let contents = folders.get(folder).and_then(|files| files.get(file));
        Ok(contents.ok_or(io::ErrorKind::NotFound)?.bytes.clone())
    }

    fn append(&self, folder: &str, file: &str, bytes: &[u8]) -> io::Result<()> {
        let mut folders = self.folders.lock();
        let contents = folders.entry(folder.to_owned()).or_default().entry(file.to_owned()).or_default();
        let mut room = self.room.lock();
        let fits = room.map_or(bytes.len(), |room| room.min(bytes.len()));
        // On a full disk, only the beginning is written.
        contents.bytes.extend_from_slice(&bytes[..fits]);
        contents.written_us = self.clock.wall_us();
        *room = room.map(|room| room - fits);
        if fits < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn truncate(&self, folder: &str, file: &str, bytes: u64) -> io::Result<()> {
        let mut folders = self.folders.lock();
        let contents = folders.get_mut(folder).and_then(|files| files.get_mut(file));
        contents.ok_or(io::ErrorKind::NotFound)?.bytes.truncate(bytes as usize);
        Ok(())
    }

    fn remove(&self, folder: &str, file: &str) -> io::Result<()> {
        if let Some(files) = self.folders.lock().get_mut(folder) {
            files.remove(file);
        }
        Ok(())
    }

    fn remove_folder(&self, folder: &str) -> io::Result<()> {
        let mut folders = self.folders.lock();
        match folders.get(folder) {
            Some(files) if !files.is_empty() => Err(io::ErrorKind::DirectoryNotEmpty.into()),
            _ => {
                folders.remove(folder);
                Ok(())
            }
        }
    }
}
