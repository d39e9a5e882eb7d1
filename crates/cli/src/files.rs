//! Finds the source files for the paths of a command line, and writes files so that they are never half written.

use std::cell::RefCell;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use walkdir::{DirEntry, WalkDir};

use crate::Stop;
use crate::output::reason;

/// Returns the given files, and, from the given folders, all `.toit` files with names that `is_meant` accepts, each
/// once. Skips hidden folders: downloaded packages are in the folder `.packages`.
pub(crate) fn find(paths: &[PathBuf], is_meant: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Stop> {
    let mut found = Vec::new();
    for path in paths {
        let metadata = fs::metadata(path)
            .map_err(|error| Stop::usage(format!("cannot read {}: {}", path.display(), reason(&error))))?;
        if metadata.is_dir() {
            found.extend(below(path, &is_meant)?);
        } else {
            found.push(path.clone());
        }
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    Ok(found)
}

fn below(folder: &Path, is_meant: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Stop> {
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter().filter_entry(|entry| {
        // The given folder may be `.`, which is not hidden.
        entry.depth() == 0 || !name(entry).starts_with('.')
    });
    let mut found = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| {
            let path = error.path().unwrap_or(folder).display().to_string();
            let why = error.io_error().map_or_else(|| "its links form a circle".to_owned(), reason);
            Stop::usage(format!("cannot read {path}: {why}"))
        })?;
        let is_source = entry.file_type().is_file() && name(&entry).ends_with(".toit");
        if is_source && is_meant(name(&entry)) {
            // `a.toit` is easier to read than `./a.toit`.
            found.push(entry.path().strip_prefix(".").unwrap_or(entry.path()).to_owned());
        }
    }
    Ok(found)
}

/// Returns a folder, and all readable folders below it that are not hidden.
pub(crate) fn folders_below(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    let walk =
        walk.filter_entry(|entry| entry.depth() == 0 || entry.file_type().is_dir() && !is_hidden(entry));
    walk.flatten().map(DirEntry::into_path)
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// Returns the name of a file or folder. It is empty if the name is not UTF-8: such a file is not a source.
fn name(entry: &DirEntry) -> &str {
    entry.file_name().to_str().unwrap_or_default()
}

/// Returns the user's folder for files that can be made again.
pub(crate) fn cache_folder() -> Option<PathBuf> {
    user_folder("XDG_CACHE_HOME", ".cache")
}

/// Returns the user's folder for configuration.
#[cfg(feature = "fabric")]
pub(crate) fn config_folder() -> Option<PathBuf> {
    user_folder("XDG_CONFIG_HOME", ".config")
}

/// Returns the folder that a variable names, or the one in the user's home.
fn user_folder(variable: &str, in_home: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
    named.or_else(|| std::env::home_dir().map(|home| home.join(in_home)))
}

/// Writes a file, or replaces the one that is there, whose permissions and owner it keeps. A link stays a link.
///
/// # Errors
/// Also if the file that is there must not be written, or is not a regular file.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with(path, 0, |file| file.write_all(content))
}

/// As [`replace`], for a file that can be executed. `write` writes its content.
pub(crate) fn replace_executable(
    path: &Path,
    write: impl FnOnce(&mut NamedTempFile) -> io::Result<()>,
) -> io::Result<()> {
    replace_with(path, EXECUTABLE, write)
}

/// Replaces a file, and adds these bits to its mode.
fn replace_with(
    path: &Path,
    bits: u32,
    write: impl FnOnce(&mut NamedTempFile) -> io::Result<()>,
) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = match fs::metadata(&path) {
        Ok(metadata) if !metadata.is_file() => return Err(io::Error::other("it is not a regular file")),
        Ok(metadata) => {
            // Fails if the file must not be written. A running executable cannot be opened, but replaced.
            match File::options().append(true).open(&path) {
                Err(error) if error.kind() != io::ErrorKind::ExecutableFileBusy => return Err(error),
                _ => Some(metadata),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut file = beside(&path, MODE | bits)?;
    write(&mut file)?;
    if let Some(old) = old {
        file.as_file().set_permissions(Permissions::from_mode(old.mode() | bits))?;
        let own = file.as_file().metadata()?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            std::os::unix::fs::fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
        }
    }
    file.as_file().sync_all()?;
    file.persist(&path).map(|_| ()).map_err(|error| error.error)
}

/// Writes a file that does not exist.
///
/// # Errors
/// Also if it exists: then it is not changed.
pub(crate) fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = beside(path, MODE)?;
    file.write_all(content)?;
    file.persist_noclobber(path).map(|_| ()).map_err(|error| error.error)
}

/// The mode of a new file, which the umask of the user reduces.
const MODE: u32 = 0o666;

/// The bits of the mode that make a file executable.
const EXECUTABLE: u32 = 0o111;

/// The beginning of the names of files that are being written.
const UNFINISHED: &str = ".lucarne-new-";

/// The number of entries of a folder among which files of ended processes are looked for.
const ENTRIES_MAX: usize = 10_000;

thread_local! {
    /// The last folder in which a file was written.
    static CLEANED: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// Returns an empty file in the folder of a path, without a lasting name. It is locked until it is closed.
///
/// A process that is killed leaves its file. The next one that writes in the same folder can lock the file, and removes it.
fn beside(path: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if CLEANED.with_borrow(|cleaned| cleaned.as_deref() != Some(folder)) {
        remove_unfinished(folder);
        CLEANED.set(Some(folder.to_owned()));
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED).permissions(Permissions::from_mode(mode));
    loop {
        // Drops the path from the error: it would name the temporary file, which the user does not know.
        let made = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
        // Another process may have removed it before it was locked. Some file systems have no locks: there, nothing is
        // removed.
        if made.as_file().lock().is_err() || made.as_file().metadata()?.nlink() > 0 {
            return Ok(made);
        }
    }
}

/// Removes the files that processes of this user have left in a folder.
fn remove_unfinished(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.take(ENTRIES_MAX).flatten() {
        let is_meant = entry.file_name().to_str().is_some_and(|name| name.starts_with(UNFINISHED));
        let is_file = is_meant && entry.file_type().is_ok_and(|kind| kind.is_file());
        // The lock is held until the file is removed: a process that waits for the lock then sees that its file was removed.
        if is_file && let Ok(Some(_locked)) = abandoned(&entry.path()) {
            // What stays does no harm.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Locks a file of this user. Returns none if another process has locked it, or if it belongs to another user.
fn abandoned(path: &Path) -> io::Result<Option<File>> {
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let file = File::options().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let is_own = file.metadata()?.uid() == rustix::process::geteuid().as_raw();
    Ok((is_own && file.try_lock().is_ok()).then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_killed_processes_are_removed() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = |name: &str| folder.path().join(name);
        let left = format!("{UNFINISHED}left");
        fs::write(path(&left), "half").expect("room on the disk");
        fs::write(path(".lucarne-own"), "of the user").expect("room on the disk");
        fs::create_dir(path(&format!("{UNFINISHED}folder"))).expect("room on the disk");
        std::os::unix::fs::symlink(path("absent"), path(&format!("{UNFINISHED}link")))
            .expect("links are possible");
        // Another process that is writing.
        let writing = beside(&path("other"), MODE).expect("room on the disk");
        fs::write(path(&left), "half").expect("room on the disk");
        CLEANED.set(None);
        replace(&path("new"), b"whole").expect("room on the disk");
        let names = || {
            let entries = fs::read_dir(folder.path()).expect("the folder is there");
            let mut names: Vec<String> = entries
                .map(|entry| entry.expect("it stays").file_name().into_string().expect("UTF-8"))
                .collect();
            names.sort_unstable();
            names
        };
        let being_written =
            writing.path().file_name().and_then(|name| name.to_str()).expect("UTF-8").to_owned();
        let [folder_name, link] = ["folder", "link"].map(|name| format!("{UNFINISHED}{name}"));
        let mut expected =
            vec![being_written, folder_name, link, ".lucarne-own".to_owned(), "new".to_owned()];
        expected.sort_unstable();
        assert_eq!(names(), expected);
        writing.persist(path("other")).expect("it is there");
        assert_eq!(fs::read(path("new")).expect("it was written"), b"whole");
    }

    #[test]
    fn removing_unfinished_files_takes_none_of_a_writer() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let is_over = std::sync::atomic::AtomicBool::new(false);
        let write = |path: &Path| {
            (0..5_000)
                .try_for_each(|_| beside(path, MODE)?.persist(path).map(drop).map_err(|error| error.error))
        };
        let written = std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                        remove_unfinished(folder.path());
                    }
                });
            }
            let writers: Vec<_> = (0..6)
                .map(|number| {
                    let path = folder.path().join(number.to_string());
                    scope.spawn(move || write(&path))
                })
                .collect();
            let written: Vec<_> =
                writers.into_iter().map(|writer| writer.join().expect("no panic")).collect();
            is_over.store(true, std::sync::atomic::Ordering::Relaxed);
            written
        });
        assert!(written.iter().all(Result::is_ok), "{written:?}");
    }
}
