//! The place of log files: a folder of a file system, or memory in a simulation.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Keeps the files of logs, in one folder for each log.
pub(crate) trait Medium: Send + Sync {
    /// Returns the names of the folders.
    fn folders(&self) -> io::Result<Vec<String>>;
    /// Returns the files in a folder. A missing folder has none.
    fn files(&self, folder: &str) -> io::Result<Vec<FileEntry>>;
    /// Reads a file.
    fn read(&self, folder: &str, file: &str) -> io::Result<Vec<u8>>;
    /// Writes to the end of a file. The file, and its folder, are made if they are missing.
    fn append(&self, folder: &str, file: &str, bytes: &[u8]) -> io::Result<()>;
    /// Shortens a file to this number of bytes.
    fn truncate(&self, folder: &str, file: &str, bytes: u64) -> io::Result<()>;
    /// Removes a file, if it is there.
    fn remove(&self, folder: &str, file: &str) -> io::Result<()>;
    /// Removes an empty folder, if it is there.
    fn remove_folder(&self, folder: &str) -> io::Result<()>;
}

/// A file in a folder.
pub(crate) struct FileEntry {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    /// The time of the last write, in microseconds since 1970.
    pub(crate) written_us: i64,
}

/// A folder of the file system.
pub(crate) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Returns a medium in a folder, which is created when the first entry is written.
    pub(crate) fn new(root: &Path) -> Folder {
        Folder { root: root.to_owned() }
    }
}

impl Medium for Folder {
    /// Anything in the root is taken for a folder.
    fn folders(&self) -> io::Result<Vec<String>> {
        Ok(entries(&self.root)?.into_iter().map(|(name, _)| name).collect())
    }

    fn files(&self, folder: &str) -> io::Result<Vec<FileEntry>> {
        let entry = |(name, entry): (String, fs::DirEntry)| {
            let metadata = entry.metadata()?;
            let written = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            let written_us = i64::try_from(written.as_micros()).unwrap_or(i64::MAX);
            Ok(FileEntry { name, bytes: metadata.len(), written_us })
        };
        entries(&self.root.join(folder))?.into_iter().map(entry).collect()
    }

    fn read(&self, folder: &str, file: &str) -> io::Result<Vec<u8>> {
        fs::read(self.root.join(folder).join(file))
    }

    /// Opens the file each time: a device may have more logs than a process may have open files.
    fn append(&self, folder: &str, file: &str, bytes: &[u8]) -> io::Result<()> {
        let folder = self.root.join(folder);
        let path = folder.join(file);
        let mut file = open_to_append(&path).or_else(|_| {
            fs::create_dir_all(&folder)?;
            open_to_append(&path)
        })?;
        file.write_all(bytes)
    }

    fn truncate(&self, folder: &str, file: &str, bytes: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(self.root.join(folder).join(file))?.set_len(bytes)
    }

    fn remove(&self, folder: &str, file: &str) -> io::Result<()> {
        unless_missing(fs::remove_file(self.root.join(folder).join(file)))
    }

    fn remove_folder(&self, folder: &str) -> io::Result<()> {
        unless_missing(fs::remove_dir(self.root.join(folder)))
    }
}

/// Returns the entries of a folder whose names are UTF-8. A missing folder has none.
fn entries(folder: &Path) -> io::Result<Vec<(String, fs::DirEntry)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str() {
            found.push((name.to_owned(), entry));
        }
    }
    Ok(found)
}

fn open_to_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).open(path)
}

fn unless_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
