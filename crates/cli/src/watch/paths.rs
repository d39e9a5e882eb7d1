//! Watches paths: reports when a path leads to another file, or its file changes.
//!
//! The kernel watches inodes, but a folder can be replaced by another folder (`git checkout`, `mv`), and a symbolic
//! link by a link to another target. So all folders and links on the way to a file are watched, each only for the
//! changes that concern the path:
//!
//! - the folder of the file, for all changes: editors replace files, and a missing import may appear;
//! - each folder and link on the way, for its removal and its renaming;
//! - if a part of the path is missing, the last folder before it, for new names.
//!
//! After each change, the ways are followed again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};

/// The number of symbolic links on one way, as for `open(2)`.
const LINKS_MAX: usize = 40;

/// The room for events that are read at once, in bytes.
const EVENTS_BYTES: usize = 4_096;

/// The largest number of times in a row that ways are followed because one has changed meanwhile. Changes after the
/// last time are reported like any other.
const ROUNDS_MAX: usize = 8;

/// The watched paths.
pub(crate) struct Paths {
    watches: Arc<OwnedFd>,
    /// The watched folders and links, by the number of the watch.
    watched: HashMap<i32, PathBuf>,
    ways: Ways,
}

/// A change of a watched folder or link.
pub(crate) struct Change {
    watch: i32,
    flags: ReadFlags,
    name: Option<OsString>,
}

/// Everything on the way to some files.
#[derive(Default, PartialEq)]
struct Ways {
    /// The folders and links to watch.
    parts: BTreeMap<PathBuf, WatchFlags>,
    /// The folders of the files.
    folders: BTreeSet<PathBuf>,
    /// Folders in which a new source or folder counts.
    open: BTreeSet<PathBuf>,
    /// The paths of all parts on the way, also of missing ones.
    names: BTreeSet<PathBuf>,
}

impl Paths {
    /// Starts a thread that passes changes on.
    pub(crate) fn watched(pass: impl Fn(io::Result<Change>) + Send + 'static) -> io::Result<Paths> {
        let watches = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
        let read = watches.clone();
        thread::spawn(move || {
            let mut room = [MaybeUninit::uninit(); EVENTS_BYTES];
            let mut events = Reader::new(&*read, &mut room);
            loop {
                let change = events.next().map(|event| Change::of(&event)).map_err(io::Error::from);
                let has_failed = change.is_err();
                pass(change);
                if has_failed {
                    return;
                }
            }
        });
        Ok(Paths { watches, watched: HashMap::new(), ways: Ways::default() })
    }

    /// Watches these files, and no others. Returns whether there are parts that were not watched before: their earlier
    /// changes were not reported.
    pub(crate) fn set(&mut self, files: &BTreeSet<PathBuf>) -> io::Result<bool> {
        self.set_with(files, &[])
    }

    /// As [`Paths::set`]. Also watches folders, for new sources and folders. Those that the operating system has no room for
    /// are left out.
    pub(crate) fn set_with(&mut self, files: &BTreeSet<PathBuf>, open: &[PathBuf]) -> io::Result<bool> {
        let mut is_late = false;
        for _ in 0..ROUNDS_MAX {
            let ways = Ways::to(files, open);
            let mut watched = HashMap::new();
            for (part, flags) in &ways.parts {
                match inotify::add_watch(&*self.watches, part, *flags | WatchFlags::DONT_FOLLOW) {
                    Ok(watch) => drop(watched.insert(watch, part.clone())),
                    // The part was replaced just now, or this user may pass through it, but not read it.
                    Err(_) if !ways.folders.contains(part) || !part.exists() => {}
                    Err(error) => return Err(error.into()),
                }
            }
            for watch in self.watched.keys().filter(|watch| !watched.contains_key(watch)) {
                // This fails if the kernel has removed the watch together with its inode.
                let _ = inotify::remove_watch(&*self.watches, *watch);
            }
            is_late |= watched.keys().any(|watch| !self.watched.contains_key(watch));
            self.watched = watched;
            self.ways = ways;
            if self.ways == Ways::to(files, open) {
                break;
            }
        }
        Ok(is_late)
    }

    /// Returns the path of a change that concerns a watched file, or a file that may be a missing import.
    pub(crate) fn concerned(&self, change: &Change) -> Option<PathBuf> {
        if change.flags.contains(ReadFlags::QUEUE_OVERFLOW) {
            return self.ways.names.last().cloned();
        }
        let part = self.watched.get(&change.watch)?;
        let Some(name) = &change.name else {
            let ends = ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF;
            return change.flags.intersects(ends).then(|| part.clone());
        };
        let path = part.join(name);
        let is_new = change.flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_FROM | ReadFlags::MOVED_TO);
        let is_import = is_new && is_module(&path) && self.ways.has_folder(part);
        (is_import || self.ways.names.contains(&path)).then_some(path)
    }
}

impl Paths {
    /// Returns whether a path that [`Paths::concerned`] has returned is only that of a file beside the watched ones.
    pub(crate) fn is_new(&self, path: &Path) -> bool {
        is_module(path) && !self.ways.names.contains(path)
    }

    /// Returns the path of a folder that is new in a watched folder, or in that of a watched file.
    pub(crate) fn new_folder(&self, change: &Change) -> Option<PathBuf> {
        let part = self.watched.get(&change.watch)?;
        let is_new = change.flags.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO);
        let path = part.join(change.name.as_ref()?);
        (is_new && self.ways.has_folder(part) && path.is_dir()).then_some(path)
    }
}

fn is_module(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toit")
}

impl Change {
    fn of(event: &inotify::Event<'_>) -> Change {
        let name = event.file_name().map(|name| OsString::from_vec(name.to_bytes().to_vec()));
        Change { watch: event.wd(), flags: event.events(), name }
    }
}

impl Ways {
    fn to(files: &BTreeSet<PathBuf>, open: &[PathBuf]) -> Ways {
        let mut ways = Ways::default();
        files.iter().for_each(|file| ways.follow(file));
        for folder in open.iter().filter_map(|folder| folder.canonicalize().ok()) {
            ways.watch(&folder, WatchFlags::CREATE | WatchFlags::MOVED_TO);
            ways.open.insert(folder);
        }
        ways
    }

    fn has_folder(&self, part: &Path) -> bool {
        self.folders.contains(part) || self.open.contains(part)
    }

    /// Follows a path as the kernel does.
    fn follow(&mut self, path: &Path) {
        let (mut real, mut links) = (PathBuf::from("/"), 0);
        let mut rest = reversed(path);
        while let Some(name) = rest.pop() {
            if name == ".." {
                real.pop();
                continue;
            }
            let at = real.join(&name);
            self.names.insert(at.clone());
            if rest.is_empty() {
                self.watch_folder(&real);
            }
            let Ok(found) = at.symlink_metadata() else {
                return self.watch(&real, WatchFlags::CREATE | WatchFlags::MOVED_TO);
            };
            if found.is_symlink() {
                let Ok(target) = at.read_link() else { return };
                self.watch(&at, WatchFlags::empty());
                links += 1;
                if links > LINKS_MAX {
                    return;
                }
                if target.is_absolute() {
                    real = PathBuf::from("/");
                }
                rest.extend(reversed(&target));
            } else if found.is_dir() {
                self.watch(&at, WatchFlags::empty());
                real = at;
            }
        }
    }

    fn watch_folder(&mut self, folder: &Path) {
        let changes = WatchFlags::MODIFY | WatchFlags::ATTRIB | WatchFlags::MOVE;
        self.watch(folder, changes | WatchFlags::CREATE | WatchFlags::DELETE);
        self.folders.insert(folder.to_owned());
    }

    fn watch(&mut self, part: &Path, flags: WatchFlags) {
        let of_all = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        *self.parts.entry(part.to_owned()).or_insert(of_all) |= flags;
    }
}

/// Returns the parts of a path, the last one first.
fn reversed(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::CurDir | Component::RootDir | Component::Prefix(_) => None,
    });
    parts.collect()
}
