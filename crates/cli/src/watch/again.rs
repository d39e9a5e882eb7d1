//! Does work again whenever one of its files changes: `--watch` of commands that end by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use lucarne_compiler::resolve::Analysis;

use super::paths::{Change, Paths};
use super::{BURST, cannot_watch, from_here, full, texts};
use crate::output::print_error;
use crate::{Stop, files};

/// The maximum number of folders that are watched for new sources.
const FOLDERS_MAX: usize = 4_096;

/// The maximum number of times in a row that folders are looked for because some have come meanwhile. Those that come after the
/// last time are found when others come.
const ROUNDS_MAX: usize = 8;

/// The files that work has read, by the paths that led to them.
#[derive(Default, Clone)]
pub(crate) struct ReadFiles {
    files: BTreeMap<PathBuf, ReadFile>,
    /// The folders in which it has looked for sources, each with those that were there.
    folders: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

#[derive(Clone)]
struct ReadFile {
    /// The path without symbolic links.
    real: PathBuf,
    /// A hash of the text. None if the file was missing.
    hash: Option<u64>,
}

impl ReadFiles {
    /// Adds a file, as it is now.
    pub(crate) fn add_file(&mut self, file: &Path) {
        self.insert(file, hash_of(file));
    }

    /// Adds those of some paths that are folders, with the sources below them as they are now.
    pub(crate) fn add_folders(&mut self, paths: &[PathBuf]) {
        for folder in paths.iter().filter(|path| path.is_dir()) {
            self.folders.insert(full(folder), sources_below(folder));
        }
    }

    /// Adds the files of a program, as the analysis has read them.
    pub(crate) fn add(&mut self, analysis: &Analysis) {
        for source in texts(analysis) {
            self.insert(Path::new(&source.path), Some(hash(source.text.as_bytes())));
        }
    }

    /// Adds all files of others.
    pub(crate) fn add_all(&mut self, other: &ReadFiles) {
        self.files.extend(other.files.iter().map(|(path, file)| (path.clone(), file.clone())));
    }

    /// Takes all files as they are now.
    pub(crate) fn read_again(&mut self) {
        self.files.iter_mut().for_each(|(path, file)| file.hash = hash_of(path));
    }

    /// Returns whether one of some files, whose paths have no symbolic links, is one of these.
    pub(crate) fn contain_any(&self, files: &BTreeSet<PathBuf>) -> bool {
        self.files.values().any(|read| files.contains(&read.real))
    }

    /// Returns whether all of some files, whose paths have no symbolic links, are among these.
    pub(crate) fn contain_all(&self, files: &BTreeSet<PathBuf>) -> bool {
        let known: BTreeSet<&PathBuf> = self.files.values().map(|read| &read.real).collect();
        files.iter().all(|file| known.contains(file))
    }

    /// Returns the files that are not as they were read.
    fn outdated(&self) -> BTreeSet<PathBuf> {
        let changed = self.files.iter().filter(|(path, file)| hash_of(path) != file.hash);
        changed.map(|(_, file)| file.real.clone()).collect()
    }

    /// Returns the folders with all those below them.
    fn folders_below(&self) -> Vec<PathBuf> {
        let folders = self.folders.keys().flat_map(|folder| files::folders_below(folder));
        folders.take(FOLDERS_MAX).collect()
    }

    /// Returns the sources that are new in the folders.
    fn new_sources(&self) -> BTreeSet<PathBuf> {
        let folders = self.folders.iter();
        folders.flat_map(|(folder, known)| &sources_below(folder) - known).collect()
    }

    fn insert(&mut self, path: &Path, hash: Option<u64>) {
        let path = full(path);
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        self.files.insert(path, ReadFile { real, hash });
    }
}

/// Returns the sources below a folder, by paths without symbolic links.
fn sources_below(folder: &Path) -> BTreeSet<PathBuf> {
    // A folder may go while it is read.
    let found = files::find(&[folder.to_owned()], |_| true).unwrap_or_default();
    found.iter().filter_map(|file| file.canonicalize().ok()).collect()
}

fn hash_of(file: &Path) -> Option<u64> {
    std::fs::read(file).ok().map(|bytes| hash(&bytes))
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Waits for changes.
pub(crate) struct Again {
    paths: Paths,
    changes: Receiver<std::io::Result<Change>>,
    /// The changes that were seen and not returned yet.
    seen: BTreeSet<PathBuf>,
}

impl Again {
    /// Begins to watch.
    ///
    /// # Errors
    /// If the operating system has no room for more watches.
    pub(crate) fn new() -> Result<Again, Stop> {
        let (sender, changes) = channel();
        let pass = move |change| {
            // The receiver may have ended.
            let _ = sender.send(change);
        };
        let paths = Paths::watched(pass).map_err(|error| cannot_watch(&error))?;
        Ok(Again { paths, changes, seen: BTreeSet::new() })
    }

    /// Begins to watch some files, before [`Again::changed`] asks about them. Returns whether one of them is not any more as it
    /// was read.
    pub(crate) fn begin(&mut self, read: &ReadFiles) -> Result<bool, Stop> {
        let files: BTreeSet<PathBuf> = read.files.keys().cloned().collect();
        let is_late = self.watch(&files, read).map_err(|error| cannot_watch(&error))?;
        let mut outdated = BTreeSet::new();
        if is_late {
            outdated = read.outdated();
            outdated.extend(read.new_sources());
        }
        let is_outdated = !outdated.is_empty();
        self.seen.extend(outdated);
        Ok(is_outdated)
    }

    /// Watches the files, and all folders. Returns whether there are parts that were not watched before.
    fn watch(&mut self, files: &BTreeSet<PathBuf>, read: &ReadFiles) -> std::io::Result<bool> {
        let mut open = read.folders_below();
        let mut is_late = self.paths.set_with(files, &open)?;
        // A folder may have been made before its parent folder was watched, so nothing has reported it.
        for _ in 0..ROUNDS_MAX {
            let now = read.folders_below();
            if now == open {
                break;
            }
            open = now;
            is_late |= self.paths.set_with(files, &open)?;
        }
        Ok(is_late)
    }

    /// Returns the files that are not any more as they were read, without waiting. They are looked at only if one has changed
    /// since the last call. Files that come beside them do not count here: the work itself may make them.
    pub(crate) fn changed(&mut self, read: &ReadFiles) -> Result<BTreeSet<PathBuf>, Stop> {
        let mut is_new = false;
        while let Ok(change) = self.changes.try_recv() {
            let change = change.map_err(|error| cannot_watch(&error))?;
            let concerned = self.paths.concerned(&change);
            is_new |= concerned.is_some();
            self.seen.extend(concerned);
        }
        Ok(if is_new { read.outdated() } else { BTreeSet::new() })
    }

    /// Waits until some of the files, or new sources beside them, have changed, and says which. Returns at once if a
    /// file is not any more as it was read.
    pub(crate) fn wait(&mut self, read: &ReadFiles) -> Result<BTreeSet<PathBuf>, Stop> {
        self.begin(read)?;
        let mut changed = std::mem::take(&mut self.seen);
        while changed.is_empty() {
            let change = self.changes.recv().map_err(|error| cannot_watch(&error))?;
            let change = change.map_err(|error| cannot_watch(&error))?;
            changed.extend(self.paths.concerned(&change));
            if self.paths.new_folder(&change).is_some() {
                // It is watched from now on, and may have sources already.
                self.begin(read)?;
                changed.append(&mut self.seen);
            }
        }
        self.add_rest_of_burst(&mut changed);
        for file in &changed {
            print_error(&format!("lucarne: {} has changed\n", from_here(file).display()));
        }
        Ok(changed)
    }

    fn add_rest_of_burst(&self, changed: &mut BTreeSet<PathBuf>) {
        let mut end = Instant::now() + BURST;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            if let Ok(Ok(change)) = self.changes.recv_timeout(left)
                && let Some(file) = self.paths.concerned(&change)
            {
                changed.insert(file);
                end = Instant::now() + BURST;
            }
        }
    }
}
