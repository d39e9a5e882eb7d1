//! The files of a site, and how they replace an earlier site in a folder.
//!
//! A site in a folder has a list of its files, by which a later build recognizes the folder as that of a site: a folder
//! with any other file is never replaced. The files are written to a new folder beside the old one, which then takes
//! the place of the old one in one step. If a build is killed, its new folder stays; a build of the same site that
//! begins at least a minute later removes it. Where the file system cannot exchange two names, the earlier site is in
//! another folder for a moment. If the build is killed then, the next one moves it back first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use tempfile::TempDir;
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

/// The number of random characters in the name of a new folder.
const RANDOM_BYTES: usize = 6;

/// The name of an earlier site in the folder that it is moved to.
const ASIDE: &str = "site";

/// The age from which a new folder without a lock counts as left behind by a build that was killed. A build locks its
/// folder as soon as it has made it.
const UNFINISHED_AGE: Duration = Duration::from_secs(60);

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
    /// The folder has files that belong to no site.
    #[error("{folder} is not replaced: {file} was not made by lucarne doc")]
    Foreign {
        /// The folder.
        folder: String,
        /// A file in it.
        file: String,
    },
    /// The site could not be put in the place of an earlier one, which could not be put back either.
    #[error("cannot write {path}: {reason}; the earlier site is now in {kept}")]
    Kept {
        /// The folder of the site.
        path: String,
        /// The folder in which the earlier site is.
        kept: String,
        /// The reason.
        reason: io::Error,
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
    /// If the folder has files that are not of a site, or cannot be written. Then it stays as it is, or the error tells where
    /// the earlier site is now.
    pub fn write(&self, folder: &Path) -> Result<(), SiteError> {
        // A link stays a link.
        let folder = &fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let parent =
            folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        move_back_earlier(folder, parent);
        let exists = require_ours(folder)?;
        fs::create_dir_all(parent).map_err(|error| cannot_write(parent, error))?;
        let prefix = prefix_of(folder);
        remove_unfinished(parent, &prefix);
        let new = tempfile::Builder::new()
            .prefix(&prefix)
            .rand_bytes(RANDOM_BYTES)
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777))
            .tempdir_in(parent)
            .map_err(|error| cannot_write(parent, io::Error::from(error.kind())))?;
        // If the lock fails, as in some network file systems, `remove_unfinished` never takes the folder for one that
        // was left behind.
        let _lock = locked(new.path());
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

/// Returns the beginning of the names of the new folders of a site.
fn prefix_of(folder: &Path) -> String {
    named(".lucarne-doc", folder)
}

/// Returns the beginning of the names of folders that have an earlier site for a moment.
fn prefix_of_earlier(folder: &Path) -> String {
    named(".lucarne-earlier", folder)
}

fn named(kind: &str, folder: &Path) -> String {
    /// The maximum number of characters of the name of the site: file systems bound the length of names.
    const CHARACTERS_MAX: usize = 50;
    let name = folder.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    format!("{kind}-{}-", name.chars().take(CHARACTERS_MAX).collect::<String>())
}

/// Returns the folders beside a site whose names are a prefix and random characters.
fn temporary(parent: &Path, prefix: &str) -> impl Iterator<Item = fs::DirEntry> {
    fs::read_dir(parent).into_iter().flatten().flatten().filter(move |entry| {
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let is_meant = random.is_some_and(|random| {
            random.len() == RANDOM_BYTES && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        is_meant && entry.file_type().is_ok_and(|kind| kind.is_dir())
    })
}

/// Moves a site back that a build was about to replace when it was killed.
fn move_back_earlier(folder: &Path, parent: &Path) {
    for entry in temporary(parent, &prefix_of_earlier(folder)) {
        let aside = entry.path().join(ASIDE);
        // A build that is still running has locked it.
        let Ok(_lock) = locked(&entry.path()) else { continue };
        if fs::symlink_metadata(folder).is_err()
            && require_ours(&aside).unwrap_or(false)
            && fs::rename(&aside, folder).is_ok()
        {
            // It is empty now.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Removes the folders that killed builds of the same site have left.
fn remove_unfinished(parent: &Path, prefix: &str) {
    for entry in temporary(parent, prefix) {
        let known = entry.metadata().ok();
        let age = known.and_then(|known| known.modified().ok()?.elapsed().ok());
        if age.is_some_and(|age| age >= UNFINISHED_AGE)
            && let Ok(_lock) = locked(&entry.path())
        {
            // A folder that cannot be removed does not hinder the new site.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Locks a folder, or fails if another build has locked it. The lock ends when the returned file is closed, at the
/// latest with the OS process.
fn locked(folder: &Path) -> io::Result<fs::File> {
    let file = fs::File::open(folder)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    Ok(file)
}

/// Replaces a folder where the file system cannot exchange two names.
fn replace(new: &Path, folder: &Path, parent: &Path) -> Result<(), SiteError> {
    let prefix = prefix_of_earlier(folder);
    let old = tempfile::Builder::new().prefix(&prefix).rand_bytes(RANDOM_BYTES).tempdir_in(parent);
    let old = old.map_err(|error| cannot_write(parent, error))?;
    let _lock = locked(old.path());
    let aside = old.path().join(ASIDE);
    fs::rename(folder, &aside).map_err(|error| cannot_write(folder, error))?;
    fs::rename(new, folder).map_err(|error| put_back(old, &aside, folder, error))
}

/// Puts an earlier site back into its place, since a new one cannot take it. If that fails too, the earlier site stays where
/// it is. Returns the error.
fn put_back(old: TempDir, aside: &Path, folder: &Path, reason: io::Error) -> SiteError {
    if fs::rename(aside, folder).is_ok() {
        return cannot_write(folder, reason);
    }
    // The folder would be removed with the site in it.
    let _ = old.keep();
    let (path, kept) = (folder.display().to_string(), aside.display().to_string());
    SiteError::Kept { path, kept, reason }
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

/// Returns the files that the list of a folder names; none if the list is missing.
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
    fn folders_that_killed_builds_have_left_are_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = std::time::SystemTime::now();
        let left = |name: &str, age: Duration| {
            let path = folder.path().join(name);
            fs::create_dir(&path).and_then(|()| fs::write(path.join("a"), "")).expect("it is new");
            let opened = fs::File::open(&path).expect("it exists");
            opened.set_modified(now - age).expect("it is ours");
            path
        };
        let removed = left(".lucarne-doc-out-abcDE1", UNFINISHED_AGE * 2);
        let young = left(".lucarne-doc-out-abcDE2", UNFINISHED_AGE / 2);
        let used = left(".lucarne-doc-out-abcDE3", UNFINISHED_AGE * 2);
        let of_another = left(".lucarne-doc-out-2-abcDE4", UNFINISHED_AGE * 2);
        let _lock = locked(&used).expect("no build has it");
        site(&["a"]).write(&folder.path().join("out")).expect("it is new");
        assert!(!removed.exists());
        for kept in [young, used, of_another] {
            assert!(kept.join("a").exists(), "{}", kept.display());
        }
    }

    #[test]
    fn an_earlier_site_is_kept_if_the_new_one_cannot_take_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        site(&["a"]).write(&out).expect("it is new");
        // The new site is missing.
        let error = replace(&folder.path().join("nothing"), &out, folder.path()).expect_err("it is missing");
        assert!(matches!(error, SiteError::Write { .. }), "{error}");
        assert_eq!(files_in(folder.path()), ["out/.lucarne-doc", "out/a"]);

        // The place of the earlier site is taken.
        let old = TempDir::new_in(folder.path()).expect("a folder");
        let aside = old.path().join("site");
        fs::rename(&out, &aside).expect("it exists");
        fs::create_dir(&out).and_then(|()| fs::write(out.join("other"), "")).expect("a folder with a file");
        let error = put_back(old, &aside, &out, io::ErrorKind::NotFound.into());
        assert!(error.to_string().ends_with(&format!("is now in {}", aside.display())), "{error}");
        assert!(aside.join("a").exists());
    }

    #[test]
    fn an_earlier_site_of_a_killed_build_is_moved_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let left = folder.path().join(".lucarne-earlier-out-abcDE1");
        site(&["a"]).write(&left.join(ASIDE)).expect("it is new");
        let running = locked(&left).expect("no build has it");
        move_back_earlier(&out, folder.path());
        assert!(!out.exists(), "a build that is running has not finished");
        drop(running);
        move_back_earlier(&folder.path().join("other"), folder.path());
        move_back_earlier(&out, folder.path());
        assert_eq!(files_in(folder.path()), ["out/.lucarne-doc", "out/a"]);
        assert!(!left.exists());

        // A site that is there stays.
        site(&["b"]).write(&left.join(ASIDE)).expect("it is new");
        site(&["c"]).write(&out).expect("it is ours");
        assert!(out.join("c").exists() && left.join(ASIDE).join("b").exists());
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
