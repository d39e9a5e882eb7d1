//! The files of a program: `package.yaml` and `package.lock`, read as a whole and replaced together.
//!
//! Two files cannot be replaced in one step. So an operation that changes both does this:
//!
//! 1. It writes the new texts of both into a journal, beside them, and gives the journal its name when it is on the disk.
//!    A kill before that leaves the old state; from here on the new state counts.
//! 2. It replaces one file after the other.
//! 3. It removes the journal.
//!
//! An operation that finds a journal does steps 2 and 3 first.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use lucarne_package::lock::{self, Lock, Package};
use lucarne_package::spec::{self, Spec};
use lucarne_package::{LOCK_FILE, Problem, SOURCE_FOLDER, SPEC_FILE, text};

use crate::error::Error;
use crate::git::{NEW, write_whole};
use crate::resolve::wanted;

/// The name of the journal.
const JOURNAL_FILE: &str = ".package.journal";

/// The text of a lock file without packages.
const EMPTY_LOCK: &str = "# This program uses no packages.\n";

/// The folder of a program, locked against other commands that change its packages.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Locked for as long as it is open.
    _lock: File,
}

impl Folder {
    /// Locks the folder of a program; waits for other commands. Completes what a killed command had begun.
    pub(crate) fn open(root: &Path) -> Result<Folder, Error> {
        let lock = File::open(root).map_err(Error::file(root))?;
        lock.lock().map_err(Error::file(root))?;
        let folder = Folder { root: root.to_owned(), _lock: lock };
        folder.remove_unfinished();
        folder.complete()?;
        Ok(folder)
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Returns whether there is a file, or something else, of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        fs::symlink_metadata(self.root.join(name)).is_ok()
    }

    /// Returns the text of `package.yaml`, with its content.
    pub(crate) fn spec(&self) -> Result<(String, Spec), Error> {
        let path = self.root.join(SPEC_FILE);
        let text = read_if_there(&path)?;
        let spec = parsed(&path, &text)?;
        Ok((text, spec))
    }

    /// Returns the lock file; empty if it does not exist.
    ///
    /// # Errors
    /// If it is damaged: to make it again without being asked could change versions.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        read_lock(&self.root)
    }

    /// Returns the valid parts of the lock file, for an operation that makes it again.
    pub(crate) fn lock_or_parts(&self) -> Result<Lock, Error> {
        let mut lock = match read_if_there(&self.root.join(LOCK_FILE)) {
            Err(Error::Content { .. }) => Lock::default(),
            text => lock::read(&text?).0,
        };
        lock.packages.retain(|_, package| wanted(package).is_none_or(|wanted| wanted.is_ok()));
        Ok(lock)
    }

    /// Replaces both files. A file whose text does not change is left alone.
    pub(crate) fn replace(&self, spec: &str, lock: &Lock) -> Result<(), Error> {
        let lock =
            Some(lock.write()).filter(|text| !text.is_empty()).unwrap_or_else(|| EMPTY_LOCK.to_owned());
        let files = [(SPEC_FILE, spec), (LOCK_FILE, lock.as_str())];
        let has_changed = |(name, text): &(&str, &str)| {
            fs::read(self.root.join(name)).ok().as_deref() != Some(text.as_bytes())
        };
        let changed: Vec<(&str, &str)> = files.into_iter().filter(has_changed).collect();
        match changed.as_slice() {
            [] => Ok(()),
            [(name, text)] => write_whole(&self.root.join(name), text.as_bytes()),
            _ => {
                write_whole(
                    &self.root.join(JOURNAL_FILE),
                    serde_json::json!([spec, lock]).to_string().as_bytes(),
                )?;
                self.complete()
            }
        }
    }

    /// Removes what killed commands have left of files that they were writing.
    fn remove_unfinished(&self) {
        for entry in fs::read_dir(&self.root).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let of = name.to_str().and_then(|name| name.rsplit_once(NEW)).map(|(of, _)| of);
            if of.is_some_and(|of| [SPEC_FILE, LOCK_FILE, JOURNAL_FILE].contains(&of)) {
                // What stays does no harm.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Does what the journal says, if there is one.
    fn complete(&self) -> Result<(), Error> {
        let path = self.root.join(JOURNAL_FILE);
        let Some(journal) = bytes_if_there(&path).map_err(Error::file(&path))? else { return Ok(()) };
        // The journal was written as a whole; anything else in its place is no journal, and has no effect.
        if let Ok([spec, lock]) = serde_json::from_slice::<[String; 2]>(&journal) {
            write_whole(&self.root.join(SPEC_FILE), spec.as_bytes())?;
            write_whole(&self.root.join(LOCK_FILE), lock.as_bytes())?;
        }
        fs::remove_file(&path).map_err(Error::file(&path))
    }
}

/// Reads the lock file of the program in `root`. Returns an empty `Lock` if the file does not exist.
///
/// # Errors
/// If it cannot be read, or is invalid.
pub fn read_lock(root: &Path) -> Result<Lock, Error> {
    let path = root.join(LOCK_FILE);
    let broken = |error| match error {
        Error::Content { path, line, title } => Error::BrokenLock { path, line, title },
        error => error,
    };
    let text = read_if_there(&path).map_err(broken)?;
    let (lock, problems) = lock::read(&text);
    let bad_name = |package: &Package| {
        let error = wanted(package)?.err()?;
        Some(Problem::error(package.span.clone(), error.to_string()))
    };
    let mut errors = problems.into_iter().filter(|problem| !problem.is_warning);
    match errors.next().or_else(|| lock.packages.values().find_map(bad_name)) {
        Some(problem) => Err(broken(Error::content(&path, &text, &problem))),
        None => Ok(lock),
    }
}

/// Returns the folder of the program that a file or folder belongs to: `inside` itself or the nearest parent with a
/// lock file or a `package.yaml`.
pub fn program_folder(inside: &Path) -> Option<PathBuf> {
    let has_file = |folder: &&Path| [LOCK_FILE, SPEC_FILE].iter().any(|name| folder.join(name).is_file());
    inside.ancestors().find(has_file).map(Path::to_owned)
}

pub(crate) fn require_package(folder: &Path) -> Result<(), Error> {
    let why = match (folder.is_dir(), folder.join(SOURCE_FOLDER).is_dir()) {
        (true, true) => return Ok(()),
        (true, false) => "it has no folder `src`",
        (false, _) => "the folder does not exist",
    };
    Err(Error::NotAPackage { folder: folder.to_owned(), why })
}

/// Returns the package's own name, or else the name of its folder.
pub(crate) fn package_name(spec: &Spec, folder: &Path) -> String {
    let of_folder = || {
        let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        full.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    };
    spec.name.clone().unwrap_or_else(of_folder)
}

pub(crate) fn read_spec(folder: &Path) -> Result<Spec, Error> {
    let path = folder.join(SPEC_FILE);
    parsed(&path, &read_if_there(&path)?)
}

fn parsed(path: &Path, text: &str) -> Result<Spec, Error> {
    spec::read(text).map_err(|problem| Error::content(path, text, &problem))
}

/// Returns the text of a file; empty if it does not exist.
pub(crate) fn read_if_there(path: &Path) -> Result<String, Error> {
    let bytes = bytes_if_there(path).map_err(Error::file(path))?.unwrap_or_default();
    text::decode(bytes).map_err(|bad| Error::content(path, &bad.text, &bad.problem))
}

/// Reads a file. Returns none if it does not exist.
pub(crate) fn bytes_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Ok(found) if found.is_file() => fs::read(path).map(Some),
        // To open a pipe would wait for a writer.
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file")),
        Err(error) => Err(error),
    }
}

/// Converts a path relative to the current folder into one relative to another folder.
pub(crate) fn relative(from: &Path, path: &Path) -> Result<PathBuf, Error> {
    let full = |path: &Path| std::path::absolute(path).map(|full| folded(&full)).map_err(Error::file(path));
    let (from, to) = (full(from)?, full(path)?);
    let common = from.components().zip(to.components()).take_while(|(one, other)| one == other).count();
    let up = from.components().skip(common).map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(to.components().skip(common)).collect();
    Ok(if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative })
}

/// Removes `.` and `x/..` from a path. Returns `.` if nothing remains.
pub(crate) fn folded(path: &Path) -> PathBuf {
    let mut folded = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(folded.components().next_back(), Some(Component::Normal(_))) => {
                folded.pop();
            }
            other => folded.push(other),
        }
    }
    if folded.as_os_str().is_empty() { PathBuf::from(".") } else { folded }
}

pub(crate) fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command that was killed after it had written its journal.
    #[test]
    fn a_journal_is_completed() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = |name: &str| folder.path().join(name);
        fs::write(path(SPEC_FILE), "old").expect("a file can be written");
        fs::write(path(JOURNAL_FILE), "[\"name: new\\n\", \"sdk: ^1.0.0\\n\"]")
            .expect("a file can be written");
        fs::write(path("package.yaml.new-77"), "half").expect("a file can be written");
        fs::write(path("package.yaml.old"), "").expect("a file can be written");
        let opened = Folder::open(folder.path()).expect("the folder can be locked");
        assert_eq!(opened.spec().expect("valid").1.name.as_deref(), Some("new"));
        assert_eq!(opened.lock().expect("valid").sdk.as_deref(), Some("^1.0.0"));
        assert!(!path(JOURNAL_FILE).exists());
        assert!(!path("package.yaml.new-77").exists() && path("package.yaml.old").exists());
    }

    #[test]
    fn paths_are_relative_to_the_program() {
        let shown =
            |from: &str, to: &str| slashed(&relative(Path::new(from), Path::new(to)).expect("a path"));
        assert_eq!(shown("/a/b", "/a/c/../d"), "../d");
        assert_eq!(shown("/a", "/a"), ".");
        assert_eq!(shown("/a", "/a/b"), "b");
        assert_eq!(folded(Path::new("../x/./../y")), Path::new("../y"));
    }
}
