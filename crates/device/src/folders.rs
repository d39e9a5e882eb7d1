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
    /// Other users may look into it.
    #[error("the folder {} is not for its owner alone: chmod 700 makes it so", .0.display())]
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
            if found.mode() & 0o077 != 0 || found.uid() != rustix::process::getuid().as_raw() {
                return Err(FolderError::Open(folder));
            }
        }
        Ok(())
    }

    /// Returns the folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// Returns the file of the device's own output, for a device in the background.
    pub fn device_log(&self) -> PathBuf {
        self.root.join("device.log")
    }

    /// Returns the socket that receives commands.
    pub fn control_socket(&self) -> PathBuf {
        self.sockets().join("control")
    }

    /// Returns the socket that the handlers of a component connect to.
    pub(crate) fn component_socket(&self, number: u64) -> PathBuf {
        self.sockets().join(format!("c{number}"))
    }

    /// Returns the folder that records the OS processes of the device.
    pub(crate) fn children(&self) -> PathBuf {
        self.root.join("children")
    }

    fn sockets(&self) -> PathBuf {
        self.root.join("sockets")
    }
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
}
