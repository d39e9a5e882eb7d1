//! Does work again whenever one of its files changes: `--watch` of commands that end by themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use lucarne_compiler::resolve::Analysis;

use super::paths::{Change, Paths};
use super::{BURST, cannot_watch, from_here, full, texts};
use crate::Stop;
use crate::output::print_error;

/// The files that work has read, by the paths that led to them.
#[derive(Default, Clone)]
pub(crate) struct ReadFiles(BTreeMap<PathBuf, ReadFile>);

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

    /// Adds the files of a program, as the analysis has read them.
    pub(crate) fn add(&mut self, analysis: &Analysis) {
        for source in texts(analysis) {
            self.insert(Path::new(&source.path), Some(hash(source.text.as_bytes())));
        }
    }

    /// Adds all files of others.
    pub(crate) fn add_all(&mut self, other: &ReadFiles) {
        self.0.extend(other.0.iter().map(|(path, file)| (path.clone(), file.clone())));
    }

    /// Takes all files as they are now.
    pub(crate) fn read_again(&mut self) {
        self.0.iter_mut().for_each(|(path, file)| file.hash = hash_of(path));
    }

    /// Returns whether one of some files, whose paths have no symbolic links, is one of these.
    pub(crate) fn contain_any(&self, files: &BTreeSet<PathBuf>) -> bool {
        self.0.values().any(|read| files.contains(&read.real))
    }

    /// Returns whether all of some files, whose paths have no symbolic links, are among these.
    pub(crate) fn contain_all(&self, files: &BTreeSet<PathBuf>) -> bool {
        let known: BTreeSet<&PathBuf> = self.0.values().map(|read| &read.real).collect();
        files.iter().all(|file| known.contains(file))
    }

    /// Returns the files that are not as they were read.
    fn outdated(&self) -> BTreeSet<PathBuf> {
        let changed = self.0.iter().filter(|(path, file)| hash_of(path) != file.hash);
        changed.map(|(_, file)| file.real.clone()).collect()
    }

    fn insert(&mut self, path: &Path, hash: Option<u64>) {
        let path = full(path);
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        self.0.insert(path, ReadFile { real, hash });
    }
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
        let files: BTreeSet<PathBuf> = read.0.keys().cloned().collect();
        let is_late = self.paths.set(&files).map_err(|error| cannot_watch(&error))?;
        let outdated = if is_late { read.outdated() } else { BTreeSet::new() };
        let is_outdated = !outdated.is_empty();
        self.seen.extend(outdated);
        Ok(is_outdated)
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
