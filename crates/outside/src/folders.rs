//! Folders. Each process has its own current folder, and keeps it open so that the folder can be renamed meanwhile.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::Error;
use crate::outside::{Answer, Arguments, Open, Outside};

/// The letters at the end of names of temporary folders.
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The maximum number of names to try. Even two collisions are very unlikely.
const ATTEMPTS: usize = 100;

/// `path permissions`.
pub(crate) fn make(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    rustix::fs::mkdirat(outside.base(), arguments.text(0)?, arguments.mode(1)?)?;
    Ok(Answer::Null)
}

/// `prefix` -> the path of a new folder that begins with the prefix, as bytes.
pub(crate) fn make_temporary(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let prefix = arguments.text(0)?;
    for _ in 0..ATTEMPTS {
        let path = format!("{prefix}{}", random_ending()?);
        match rustix::fs::mkdirat(outside.base(), &path, Mode::RWXU) {
            Ok(()) => return Ok(Answer::Bytes(path.into_bytes())),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(Errno::EXIST.into())
}

fn random_ending() -> Result<String, Error> {
    let mut bytes = [0; 6];
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect())
}

/// `path`.
pub(crate) fn remove(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    rustix::fs::unlinkat(outside.base(), arguments.text(0)?, AtFlags::REMOVEDIR)?;
    Ok(Answer::Null)
}

/// `group path` -> a handle.
pub(crate) fn open(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let folder = open_folder(outside, arguments.text(1)?, OFlags::RDONLY)?;
    outside.add(Open::Folder(Box::new(Dir::new(folder)?))).map(Answer::Int)
}

fn open_folder(outside: &Outside, path: &str, flags: OFlags) -> Result<OwnedFd, Error> {
    let flags = flags | OFlags::DIRECTORY | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(outside.base(), path, flags, Mode::empty())?)
}

/// `handle` -> the next name in the folder, as bytes; null at the end.
pub(crate) fn next(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let Open::Folder(folder) = outside.get_mut(arguments.handle(0)?)? else {
        return Err(Error::INVALID_ARGUMENT);
    };
    match folder.read() {
        Some(entry) => Ok(Answer::Bytes(entry?.file_name().to_bytes().to_vec())),
        None => Ok(Answer::Null),
    }
}

/// `path`.
pub(crate) fn change(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    outside.folder = Some(open_folder(outside, arguments.text(0)?, OFlags::PATH)?);
    Ok(Answer::Null)
}

/// -> the path of the current folder.
pub(crate) fn current(outside: &Outside) -> Result<Answer, Error> {
    to_text(current_path(outside)?)
}

fn current_path(outside: &Outside) -> Result<PathBuf, Error> {
    let Some(folder) = &outside.folder else { return std::env::current_dir().map_err(of_path) };
    let path = std::fs::read_link(own_path(folder)).map_err(of_path)?;
    // For a removed folder, the system returns a path that does not lead there.
    let (there, here) = (rustix::fs::stat(&path)?, rustix::fs::fstat(folder)?);
    let is_same = (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino);
    if is_same { Ok(path) } else { Err(Errno::NOENT.into()) }
}

/// Returns a path that leads to an open folder, in this OS process and in a child that does not run its program yet.
pub(crate) fn own_path(folder: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", folder.as_raw_fd())
}

/// `path` -> the path without links and dots; null if it does not exist.
pub(crate) fn realpath(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let path = Path::new(arguments.text(0)?);
    let absolute = if path.is_absolute() { path.to_path_buf() } else { current_path(outside)?.join(path) };
    match std::fs::canonicalize(absolute) {
        Ok(path) => to_text(path),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::NOENT | Errno::NOTDIR) => Ok(Answer::Null),
            _ => Err(of_path(error)),
        },
    }
}

fn of_path(error: io::Error) -> Error {
    Errno::from_io_error(&error).map_or_else(|| Error::of_standard(&error), Error::from)
}

fn to_text(path: PathBuf) -> Result<Answer, Error> {
    path.into_os_string().into_string().map(Answer::Text).map_err(|_| Error::ILLEGAL_UTF_8)
}
