//! The certificates that this machine does not accept any more, while it runs.
//!
//! A thread looks at the file of the list once a second, since it can be on any file system, and behind a link. The
//! switchboard is woken when there are new ones. Certificates are only added: what was refused once is refused until the
//! system ends, so a list that is just being written, or that has been lost, does no harm.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lucarne_kernel::Waker;
use lucarne_kernel::sync::{Condvar, Mutex, thread, wait_timeout};

use crate::identity::{Fingerprint, IdentityError, read_revoked};

/// The time between two looks at the file.
const LOOK: Duration = Duration::from_secs(1);

/// The list of an identity.
#[derive(Default)]
pub(crate) struct Revocations {
    /// The file, if there is one.
    path: Option<PathBuf>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    revoked: BTreeSet<Fingerprint>,
    /// The number of certificates that were added and not reported yet.
    added: usize,
    /// Why the file could not be read the last time, if that was not reported yet.
    problem: Option<String>,
    /// The reason that was reported last.
    told: Option<String>,
}

/// What the switchboard has to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// This number of certificates was added to the list.
    Added(usize),
    /// The list cannot be read, for this reason.
    Unreadable(String),
}

/// Follows the file until it is dropped.
pub(crate) struct Watch {
    watched: Arc<Watched>,
}

struct Watched {
    is_over: Mutex<bool>,
    changed: Condvar,
}

/// What tells one version of a file from another. None if it is missing.
type Version = Option<(u64, u64, u64, i64, i64, i64, i64)>;

impl Revocations {
    pub(crate) fn new(revoked: BTreeSet<Fingerprint>, path: Option<PathBuf>) -> Revocations {
        Revocations { path, state: Mutex::new(State { revoked, ..State::default() }) }
    }

    pub(crate) fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.state.lock().revoked.contains(fingerprint)
    }

    /// Adds certificates.
    pub(crate) fn add(&self, revoked: impl IntoIterator<Item = Fingerprint>) {
        let state = &mut *self.state.lock();
        state.added += revoked.into_iter().filter(|&one| state.revoked.insert(one)).count();
    }

    /// Returns the news since the last call.
    pub(crate) fn take_news(&self) -> Vec<News> {
        let mut state = self.state.lock();
        let added = std::mem::take(&mut state.added);
        let added = (added > 0).then_some(News::Added(added));
        added.into_iter().chain(state.problem.take().map(News::Unreadable)).collect()
    }

    /// Follows the file, and wakes a process when there is news. Returns none if there is no file to follow.
    ///
    /// # Errors
    /// If the thread cannot be started.
    pub(crate) fn watch(self: &Arc<Revocations>, waker: Waker) -> io::Result<Option<Watch>> {
        let Some(path) = self.path.clone() else { return Ok(None) };
        let watched = Arc::new(Watched { is_over: Mutex::new(false), changed: Condvar::new() });
        let (follower, revocations) = (watched.clone(), self.clone());
        // The thread is not joined at the end: the file system may be slow.
        let follow = move || follower.follow(&path, &revocations, &waker);
        thread::Builder::new().name("lucarne-revoked".to_owned()).spawn(follow)?;
        Ok(Some(Watch { watched }))
    }

    /// Reads the file if it has another version than the last time. Returns whether there is news.
    fn look(&self, path: &Path, last: &mut Version) -> bool {
        let version = std::fs::metadata(path).ok().map(|metadata| version(&metadata));
        if version == *last || version.is_none() {
            return false;
        }
        let read = read_revoked(path);
        // Another error may be over soon: then the file is read again, although it has not changed.
        if matches!(read, Ok(_) | Err(IdentityError::Content { .. })) {
            *last = version;
        }
        let problem = match read {
            Ok(revoked) => {
                self.add(revoked);
                None
            }
            Err(error) => Some(error.to_string()),
        };
        let state = &mut *self.state.lock();
        if state.told != problem {
            (state.told, state.problem) = (problem.clone(), problem);
        }
        state.added > 0 || state.problem.is_some()
    }
}

fn version(metadata: &Metadata) -> (u64, u64, u64, i64, i64, i64, i64) {
    let modified = (metadata.mtime(), metadata.mtime_nsec());
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    (metadata.dev(), metadata.ino(), metadata.size(), modified.0, modified.1, changed.0, changed.1)
}

impl Watched {
    fn follow(&self, path: &Path, revocations: &Revocations, waker: &Waker) {
        let mut last = None;
        let mut is_over = self.is_over.lock();
        while !*is_over {
            drop(is_over);
            if revocations.look(path, &mut last) {
                waker.wake();
            }
            is_over = self.is_over.lock();
            if !*is_over {
                is_over = wait_timeout(&self.changed, is_over, LOOK);
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *self.watched.is_over.lock() = true;
        self.watched.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_again_when_it_has_changed_and_nothing_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("revoked");
        let revocations = Revocations::new(BTreeSet::new(), Some(path.clone()));
        let mut last = None;
        assert!(!revocations.look(&path, &mut last), "it is missing");
        let [one, other] = [Fingerprint([1; 32]), Fingerprint([2; 32])];
        std::fs::write(&path, format!("{one}\n")).unwrap();
        assert!(revocations.look(&path, &mut last));
        assert!(revocations.contains(&one) && !revocations.contains(&other));
        assert_eq!(revocations.take_news(), [News::Added(1)]);
        assert!(!revocations.look(&path, &mut last), "it has not changed");
        std::fs::write(&path, "not a sum at all\n").unwrap();
        assert!(revocations.look(&path, &mut last));
        let [News::Unreadable(reason)] = &revocations.take_news()[..] else { panic!("it is not a list") };
        assert!(reason.ends_with("line 1 is not a SHA-256 sum"), "{reason}");
        std::fs::write(&path, format!("{other}  # hall\n")).unwrap();
        assert!(revocations.look(&path, &mut last));
        assert!(revocations.contains(&one) && revocations.contains(&other));
        std::fs::remove_file(&path).unwrap();
        assert!(!revocations.look(&path, &mut last));
        assert!(revocations.contains(&other) && revocations.take_news() == [News::Added(1)]);
    }
}
