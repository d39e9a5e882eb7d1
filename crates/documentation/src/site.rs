//! The files of a site, and how they replace an earlier site in a folder.
//!
//! A site in a folder has a list of its files, by which a later one knows the folder for one of ours: a folder with any other
//! file is never replaced. The files are written to a new folder beside it, which then takes its place in one step.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use thiserror::Error;
use walkdir::WalkDir;

use crate::DocumentationError;

/// The maximum number of bytes of a site.
const BYTES_MAX: usize = 1 << 30;

/// The file that lists the files of a site.
const LIST: &str = ".lucarne-doc";

/// The first line of the list.
const LIST_TITLE: &str =
    "Files of a site made by lucarne doc. A new site replaces a folder only if it has no others.";

/// The maximum number of bytes of a list that is read.
const LIST_BYTES_MAX: u64 = 64 << 20;

/// The files of a site by their paths.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Site {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
}

/// The reason that a site cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The folder has files of others.
    #[error("{folder} is not replaced: {file} is not of a site made by lucarne doc")]
    Foreign {
        /// The folder.
        folder: String,
        /// A file in it.
        file: String,
    },
    /// A file or folder cannot be written.
    #[error("cannot write {path}: {reason}")]
    Write {
        /// The file or folder.
        path: String,
        /// The reason.
        reason: io::Error,
    },
}

impl Site {
    /// Adds a file.
    ///
    /// # Errors
    /// If the site becomes too large.
    pub(crate) fn add(&mut self, path: &str, content: Vec<u8>) -> Result<(), DocumentationError> {
        self.bytes += content.len();
        if self.bytes > BYTES_MAX {
            let reason = format!("the site would have more than {} MiB", BYTES_MAX >> 20);
            return Err(DocumentationError::TooLarge(reason));
        }
        self.files.insert(path.to_owned(), content);
        Ok(())
    }

    /// Returns the content of a file.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(Vec::as_slice)
    }

    /// Returns the files with their paths, in order.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }

    /// Returns the number of bytes of all files.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes the site into a folder, which is made if it does not exist. Replaces an earlier site.
    ///
    /// # Errors
    /// If the folder has files that are not of a site, or cannot be written. Then it stays as it is.
    pub fn write(&self, folder: &Path) -> Result<(), SiteError> {
        // A link stays a link.
        let folder = &fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let exists = require_ours(folder)?;
        let parent =
            folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(|error| cannot_write(parent, error))?;
        let new = tempfile::Builder::new()
            .prefix(".lucarne-doc-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .tempdir_in(parent)
            .map_err(|error| cannot_write(parent, io::Error::from(error.kind())))?;
        self.write_files(new.path())?;
        if !exists {
            fs::rename(new.path(), folder).map_err(|error| cannot_write(folder, error))?;
            // The folder has another name now.
            let _ = new.keep();
            return Ok(());
        }
        match renameat_with(CWD, new.path(), CWD, folder, RenameFlags::EXCHANGE) {
            // The old site has the name of the temporary folder, which is removed.
            Ok(()) => Ok(()),
            Err(_) => replace(new.path(), folder, parent),
        }
    }

    fn write_files(&self, folder: &Path) -> Result<(), SiteError> {
        let mut list = format!("{LIST_TITLE}\n");
        for (path, content) in self.files() {
            let file = folder.join(path);
            if let Some(above) = file.parent() {
                fs::create_dir_all(above).map_err(|error| cannot_write(above, error))?;
            }
            fs::write(&file, content).map_err(|error| cannot_write(&file, error))?;
            list += path;
            list += "\n";
        }
        let file = folder.join(LIST);
        fs::write(&file, list).map_err(|error| cannot_write(&file, error))
    }
}

/// Replaces a folder where the file system cannot exchange two names.
fn replace(new: &Path, folder: &Path, parent: &Path) -> Result<(), SiteError> {
    let old = tempfile::Builder::new().prefix(".lucarne-doc-old-").tempdir_in(parent);
    let old = old.map_err(|error| cannot_write(parent, error))?;
    let aside = old.path().join("site");
    fs::rename(folder, &aside).map_err(|error| cannot_write(folder, error))?;
    fs::rename(new, folder).map_err(|error| {
        // Without the new site, the old one comes back. If that fails too, it stays in the folder aside.
        let _ = fs::rename(&aside, folder);
        cannot_write(folder, error)
    })
}

/// Checks that a folder may be replaced. Returns whether it exists.
fn require_ours(folder: &Path) -> Result<bool, SiteError> {
    let foreign = |file: String| SiteError::Foreign { folder: folder.display().to_string(), file };
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(cannot_write(folder, error)),
        Ok(known) if !known.is_dir() => {
            return Err(cannot_write(folder, io::Error::other("it is not a folder")));
        }
        Ok(_) => {}
    }
    let ours = listed(folder);
    for entry in WalkDir::new(folder).min_depth(1) {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).to_owned();
            cannot_write(
                &path,
                error.into_io_error().unwrap_or_else(|| io::Error::other("it is a circle of links")),
            )
        })?;
        let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let is_folder = entry.file_type().is_dir();
        let is_ours = inside.to_str().is_some_and(|inside| inside == LIST || ours.contains(inside));
        if !is_folder && !is_ours {
            return Err(foreign(inside.display().to_string()));
        }
    }
    Ok(true)
}

/// Returns the files that the list of a folder names; none if there is no list.
fn listed(folder: &Path) -> BTreeSet<String> {
    let file = folder.join(LIST);
    let is_readable =
        fs::symlink_metadata(&file).is_ok_and(|known| known.is_file() && known.len() <= LIST_BYTES_MAX);
    let text = if is_readable { fs::read_to_string(&file).unwrap_or_default() } else { String::new() };
    match text.strip_prefix(LIST_TITLE) {
        Some(paths) => paths.lines().map(str::to_owned).collect(),
        None => BTreeSet::new(),
    }
}

fn cannot_write(path: &Path, reason: io::Error) -> SiteError {
    SiteError::Write { path: PathBuf::from(path).display().to_string(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(files: &[&str]) -> Site {
        let mut site = Site::default();
        for file in files {
            site.add(file, file.as_bytes().to_vec()).expect("it is small");
        }
        site
    }

    fn files_in(folder: &Path) -> Vec<String> {
        let entries =
            WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.expect("it exists"));
        let files = entries.filter(|entry| entry.file_type().is_file());
        files.map(|entry| entry.path().strip_prefix(folder).expect("inside").display().to_string()).collect()
    }

    #[test]
    fn a_site_replaces_an_earlier_one_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("deep/out");
        site(&["index.html", "a/b.html"]).write(&out).expect("it is new");
        site(&["index.html", "c.html"]).write(&out).expect("it is ours");
        assert_eq!(
            files_in(folder.path()),
            ["deep/out/.lucarne-doc", "deep/out/c.html", "deep/out/index.html"]
        );
        fs::create_dir(folder.path().join("empty")).expect("a folder");
        site(&["x"]).write(&folder.path().join("empty")).expect("it is empty");
    }

    #[test]
    fn a_folder_of_the_user_is_never_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        site(&["index.html", "a/b.html"]).write(&out).expect("it is new");
        for foreign in ["a/notes.txt", "index.htm"] {
            fs::write(out.join(foreign), "mine").expect("it is written");
            let error = site(&["index.html"]).write(&out).expect_err("it has a file of the user");
            assert!(error.to_string().contains(foreign), "{error}");
            fs::remove_file(out.join(foreign)).expect("it is there");
        }
        fs::remove_file(out.join(LIST)).expect("it is there");
        assert!(matches!(site(&["x"]).write(&out), Err(SiteError::Foreign { .. })));
        fs::write(folder.path().join("file"), "mine").expect("it is written");
        assert!(site(&["x"]).write(&folder.path().join("file")).is_err());
        assert_eq!(fs::read(folder.path().join("file")).expect("it stays"), b"mine");
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 2);
    }

    #[test]
    fn a_link_to_a_site_stays_a_link() {
        let folder = tempfile::tempdir().expect("a folder");
        let (out, link) = (folder.path().join("out"), folder.path().join("link"));
        site(&["a"]).write(&out).expect("it is new");
        std::os::unix::fs::symlink("out", &link).expect("a link");
        site(&["b"]).write(&link).expect("it leads to a site");
        assert!(fs::symlink_metadata(&link).expect("it stays").is_symlink());
        assert!(out.join("b").exists() && !out.join("a").exists());
    }
}
