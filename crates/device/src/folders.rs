//! The folders and files of a device.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The longest path of a socket, in bytes: 108 with the zero behind it, according to `unix(7)`.
const SOCKET_PATH_MAX: usize = 107;

/// The state folder of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateFolder {
    root: PathBuf,
}

/// The reason why a folder cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// The environment names no folder.
    #[error("neither XDG_STATE_HOME nor HOME says where the state of the device is: use --state")]
    Nowhere,
    /// The path of its sockets is too long.
    #[error("the path {} is too long for a socket: use --state with a shorter one", .0.display())]
    TooLong(PathBuf),
    /// It is a file.
    #[error("{} is not a folder: the state of a device is a folder, which is made if it is missing", .0.display())]
    NotAFolder(PathBuf),
    /// It belongs to another user.
    #[error("the folder {} belongs to another user: use --state with a folder of your own", .0.display())]
    OfAnother(PathBuf),
    /// It has other files in it.
    #[error(
        "the folder {} is not the state of a device, since it has other files in it, such as '{found}': use --state \
         with a folder that is empty or missing",
        .path.display()
    )]
    NotADevice {
        /// The folder.
        path: PathBuf,
        /// The name of one of the files.
        found: String,
    },
    /// It is empty or the state of a device, but other users can enter it.
    #[error("other users can enter the folder {path}: 'chmod 700 {path}' keeps them out", path = .0.display())]
    Open(PathBuf),
    /// A system call failed.
    #[error("{}: {error}", .path.display())]
    System {
        /// The folder.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
}

impl StateFolder {
    /// Returns the folder at a path, which is made absolute.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn at(path: impl AsRef<Path>) -> Result<StateFolder, FolderError> {
        let path = path.as_ref();
        let root = std::path::absolute(path)
            .map_err(|error| FolderError::System { path: path.to_owned(), error })?;
        if fs::metadata(&root).is_ok_and(|found| !found.is_dir()) {
            return Err(FolderError::NotAFolder(root));
        }
        let folder = StateFolder { root };
        let longest = folder.control_socket();
        if longest.as_os_str().len() > SOCKET_PATH_MAX {
            return Err(FolderError::TooLong(longest));
        }
        Ok(folder)
    }

    /// Returns the user's own folder: `lucarne` in `XDG_STATE_HOME`, or in `.local/state` at home.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn of_user() -> Result<StateFolder, FolderError> {
        let named = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let state = named.or_else(|| std::env::home_dir().map(|home| home.join(".local").join("state")));
        StateFolder::at(state.ok_or(FolderError::Nowhere)?.join("lucarne"))
    }

    /// Returns the folder at the path that a user has named, or else the user's own folder.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn named_or_of_user(path: Option<&Path>) -> Result<StateFolder, FolderError> {
        path.map_or_else(StateFolder::of_user, StateFolder::at)
    }

    /// Returns the path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Makes the folder, for its owner alone, if it is missing.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn prepare(&self) -> Result<(), FolderError> {
        let failed = |path: &Path, error| FolderError::System { path: path.to_owned(), error };
        for folder in [self.root.clone(), self.sockets()] {
            if !folder.exists() {
                let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
                made.map_err(|error| failed(&folder, error))?;
            }
            let found = fs::metadata(&folder).map_err(|error| failed(&folder, error))?;
            if !found.is_dir() {
                return Err(FolderError::NotAFolder(folder));
            }
            if found.uid() != rustix::process::getuid().as_raw() {
                return Err(FolderError::OfAnother(folder));
            }
            self.require_device().map_err(|error| failed(&self.root, error))??;
            if found.mode() & 0o077 != 0 {
                return Err(FolderError::Open(folder));
            }
        }
        Ok(())
    }

    /// Fails if the folder has no store, but files that are not those of a device.
    fn require_device(&self) -> io::Result<Result<(), FolderError>> {
        if self.root.join(parts::STORE).exists() {
            return Ok(Ok(()));
        }
        for entry in fs::read_dir(&self.root)? {
            let found = entry?.file_name().to_string_lossy().into_owned();
            if !parts::ALL.iter().any(|part| found.strip_prefix(part).is_some_and(is_suffix)) {
                return Ok(Err(FolderError::NotADevice { path: self.root.clone(), found }));
            }
        }
        Ok(Ok(()))
    }

    /// Returns the folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join(parts::LOGS)
    }

    /// Returns the file of the device's own output, for a device in the background.
    pub fn device_log(&self) -> PathBuf {
        self.root.join(parts::DEVICE_LOG)
    }

    /// Returns the socket that receives commands.
    pub fn control_socket(&self) -> PathBuf {
        self.sockets().join("control")
    }

    /// Returns the socket by which commands use the services of containers, as a container does.
    pub fn client_socket(&self) -> PathBuf {
        self.sockets().join("clients")
    }

    /// Returns the socket that the handlers of a component connect to.
    pub(crate) fn component_socket(&self, number: u64) -> PathBuf {
        self.sockets().join(format!("c{number}"))
    }

    /// Returns the folder that records the OS processes of the device.
    pub(crate) fn children(&self) -> PathBuf {
        self.root.join(parts::CHILDREN)
    }

    fn sockets(&self) -> PathBuf {
        self.root.join(parts::SOCKETS)
    }
}

/// The names of the files and folders in a state folder.
pub(crate) mod parts {
    pub(crate) const STORE: &str = "store.redb";
    pub(crate) const FLASH: &str = "flash.redb";
    pub(crate) const EXECUTABLES: &str = "executables";
    pub(crate) const LOGS: &str = "logs";
    pub(crate) const CHILDREN: &str = "children";
    pub(crate) const SOCKETS: &str = "sockets";
    pub(crate) const DEVICE_LOG: &str = "device.log";
    pub(crate) const ALL: &[&str] = &[STORE, FLASH, EXECUTABLES, LOGS, CHILDREN, SOCKETS, DEVICE_LOG];
}

/// Returns whether a file is a part of the state, or a version of a part that is being made or was put aside. `rest` is
/// the end of the name of the file, after the name of the part.
fn is_suffix(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_no_socket_can_have_is_refused() {
        let long = format!("/{}", "x".repeat(100));
        assert!(matches!(StateFolder::at(long), Err(FolderError::TooLong(_))));
    }

    #[test]
    fn the_folder_is_the_owners_alone() {
        let outer = tempfile::tempdir().unwrap();
        let folder = StateFolder::at(outer.path().join("state")).unwrap();
        folder.prepare().unwrap();
        folder.prepare().unwrap();
        assert_eq!(fs::metadata(folder.root()).unwrap().mode() & 0o777, 0o700);
        fs::set_permissions(folder.root(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        assert!(matches!(folder.prepare(), Err(FolderError::Open(_))));
    }

    #[test]
    fn what_is_not_the_state_of_a_device_is_left_alone() {
        let outer = tempfile::tempdir().unwrap();
        let file = outer.path().join("file");
        fs::write(&file, "text").unwrap();
        assert!(matches!(StateFolder::at(&file), Err(FolderError::NotAFolder(_))));
        for mode in [0o700, 0o755] {
            fs::set_permissions(outer.path(), std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            let refused = StateFolder::at(outer.path()).unwrap().prepare();
            assert!(
                matches!(&refused, Err(FolderError::NotADevice { found, .. }) if found == "file"),
                "{refused:?}"
            );
        }
        assert_eq!(fs::read_dir(outer.path()).unwrap().count(), 1);
        // A folder with other parts of a device is accepted even without a store.
        fs::remove_file(file).unwrap();
        fs::write(outer.path().join("store.redb.old"), "damaged").unwrap();
        fs::write(outer.path().join("device.log"), "").unwrap();
        fs::set_permissions(outer.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        StateFolder::at(outer.path()).unwrap().prepare().unwrap();
        fs::remove_dir(outer.path().join("sockets")).unwrap();
        fs::write(outer.path().join("sockets"), "").unwrap();
        assert!(matches!(StateFolder::at(outer.path()).unwrap().prepare(), Err(FolderError::NotAFolder(_))));
    }
}
