//! The folder that all programs of a user share: downloaded registries and packages.
//!
//! ```text
//! registries/NAME/COMMIT/ the bare repository of a state of a registry; the file `current` beside it names the commit
//! packages/NAME/          the files of one commit of a package
//! new/NAME/               what is being made; renamed to its place when it is complete
//! ```
//!
//! A process that makes something holds a lock on a file beside it in `new`. Folders without a lock are left over from
//! processes that were killed, and the next command removes them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use lucarne_kernel::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;

/// The variable that names the folder.
pub const CACHE_VARIABLE: &str = "LUCARNE_PKG_CACHE";

/// The shared folder.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// Returns the cache in a folder, which is made when something is written.
    pub fn new(folder: impl Into<PathBuf>) -> Cache {
        Cache { folder: folder.into() }
    }

    /// Returns the cache of the user: in the folder that `LUCARNE_PKG_CACHE` names, or else in `lucarne/pkg` in
    /// `XDG_CACHE_HOME` or `~/.cache`.
    ///
    /// # Errors
    /// If none of these variables is set.
    pub fn of_user() -> Result<Cache, Error> {
        if let Some(folder) = variable(CACHE_VARIABLE) {
            return Ok(Cache::new(folder));
        }
        Ok(Cache::new(user_folder("XDG_CACHE_HOME", ".cache", CACHE_VARIABLE)?.join("lucarne/pkg")))
    }

    pub(crate) fn registry(&self, name: &str) -> PathBuf {
        self.folder.join("registries").join(name)
    }

    pub(crate) fn package(&self, name: &str) -> PathBuf {
        self.folder.join("packages").join(name)
    }

    /// Makes an empty folder, which is removed when the value is dropped, or later if this process is killed.
    pub(crate) fn new_folder(&self) -> Result<NewFolder, Error> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let all = self.folder.join("new");
        fs::create_dir_all(&all).map_err(Error::file(&all))?;
        // Relaxed: the number only has to differ from others.
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = all.join(format!("{}-{number}", std::process::id()));
        let lock_path = path.with_extension("lock");
        let lock = File::create(&lock_path).map_err(Error::file(&lock_path))?;
        lock.lock().map_err(Error::file(&lock_path))?;
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).map_err(Error::file(&path))?;
        Ok(NewFolder { path, lock_path, _lock: lock })
    }

    /// Removes what killed processes have left behind.
    pub(crate) fn remove_leftovers(&self) {
        for entry in fs::read_dir(self.folder.join("new")).into_iter().flatten().flatten() {
            let lock_path = entry.path();
            if lock_path.extension().is_some_and(|extension| extension == "lock")
                && File::open(&lock_path).is_ok_and(|lock| lock.try_lock().is_ok())
            {
                let folder = lock_path.with_extension("");
                let _ = fs::remove_dir_all(&folder);
                // A `git` that outlives its command may still write into it: then a later command removes it.
                if !folder.exists() {
                    let _ = fs::remove_file(&lock_path);
                }
            }
        }
    }

    /// Waits for the right to change the registry with this name.
    pub(crate) fn lock_registry(&self, name: &str) -> Result<File, Error> {
        let path = self.registry(&format!("{name}.lock"));
        fs::create_dir_all(path.parent().unwrap_or(&self.folder)).map_err(Error::file(&path))?;
        let lock = File::create(&path).map_err(Error::file(&path))?;
        lock.lock().map_err(Error::file(&path))?;
        Ok(lock)
    }
}

/// A folder in which something is being made.
#[derive(Debug)]
pub(crate) struct NewFolder {
    path: PathBuf,
    lock_path: PathBuf,
    /// Locked for as long as it is open.
    _lock: File,
}

impl NewFolder {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves the folder to its place. If another process was faster, its folder stays.
    pub(crate) fn place(self, place: &Path) -> Result<(), Error> {
        fs::create_dir_all(place.parent().unwrap_or(place)).map_err(Error::file(place))?;
        match fs::rename(&self.path, place) {
            Err(_) if place.is_dir() => Ok(()),
            result => result.map_err(Error::file(place)),
        }
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// Returns the value of an environment variable, unless it is empty.
pub(crate) fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Returns a folder of the XDG base directory specification.
pub(crate) fn user_folder(name: &str, in_home: &str, instead: &'static str) -> Result<PathBuf, Error> {
    // The specification says that relative paths have no meaning.
    match (variable(name).filter(|folder| folder.is_absolute()), variable("HOME")) {
        (Some(folder), _) => Ok(folder),
        (None, Some(home)) => Ok(home.join(in_home)),
        (None, None) => Err(Error::NoHome(instead)),
    }
}
