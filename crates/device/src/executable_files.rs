//! Executables and components as files that the operating system can load.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use lucarne_kernel::sync::Mutex;

use crate::{Digest, Image};

/// A folder with a file for each image, named by its digest.
pub(crate) struct ExecutableFiles {
    folder: PathBuf,
    /// Held while the folder is changed.
    changes: Mutex<()>,
}

impl ExecutableFiles {
    /// Returns the files of a folder, which is created when it is needed.
    pub(crate) fn new(folder: PathBuf) -> ExecutableFiles {
        ExecutableFiles { folder, changes: Mutex::new(()) }
    }

    /// Writes out the file of an image. An existing file is used only if its contents are right: a power cut may have
    /// left half of it.
    pub(crate) fn write_out(&self, image: &Image) -> io::Result<PathBuf> {
        let _changes = self.changes.lock();
        let path = self.folder.join(image.digest().to_string());
        if fs::read(&path).is_ok_and(|found| found == image.contents()) {
            return Ok(path);
        }
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let partial = path.with_extension("partial");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o700).open(&partial)?;
        file.write_all(image.contents())?;
        // A file that is open for writing cannot be executed.
        drop(file);
        fs::rename(partial, &path)?;
        Ok(path)
    }

    /// Removes the files that are not to be kept. Processes that run from them go on.
    pub(crate) fn sweep(&self, kept: &HashSet<Digest>) -> io::Result<()> {
        let _changes = self.changes.lock();
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let digest = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if digest.is_none_or(|digest| !kept.contains(&digest)) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }
}
