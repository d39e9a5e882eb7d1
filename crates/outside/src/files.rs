//! Files: reading and writing, and operations on their names.

use std::time::Duration;

use rustix::event::PollFlags;
use rustix::fs::{AtFlags, FileType, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

use crate::Error;
use crate::outside::{Answer, Arguments, Open, Outside, Wait};
use crate::source::Source;

// The flags with which programs open files.
const READ: i64 = 1;
const WRITE: i64 = 2;
const APPEND: i64 = 4;
const CREATE: i64 = 8;
const TRUNCATE: i64 = 16;

/// The kind of a hard link; other kinds are symbolic links.
const HARD: i64 = 0;

/// `path flags permissions` -> a handle.
pub(crate) fn open(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let path = arguments.text(0)?;
    let flags = open_flags(arguments.int(1)?)?;
    let source = Source::new(rustix::fs::openat(outside.base(), path, flags, arguments.mode(2)?)?);
    if source.file_type()? == FileType::Directory {
        return Err(Error::of_system(Errno::ISDIR));
    }
    outside.add(Open::Source(source.into())).map(Answer::Int)
}

fn open_flags(flags: i64) -> Result<OFlags, Error> {
    let mut system = match flags & (READ | WRITE) {
        READ => OFlags::RDONLY,
        WRITE => OFlags::WRONLY,
        0 => return Err(Error::INVALID_ARGUMENT),
        _ => OFlags::RDWR,
    };
    for (flag, equivalent) in [(APPEND, OFlags::APPEND), (CREATE, OFlags::CREATE), (TRUNCATE, OFlags::TRUNC)]
    {
        system.set(equivalent, flags & flag != 0);
    }
    // Opening a named pipe or a terminal must not block either.
    Ok(system | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY)
}

/// `handle` -> bytes; null at the end.
pub(crate) fn read(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let handle = arguments.handle(0)?;
    let source = outside.source(handle)?;
    Ok(match source.read()? {
        None => Answer::Wait(Wait::new(handle, source.clone(), PollFlags::IN)),
        Some(bytes) if bytes.is_empty() => Answer::Null,
        Some(bytes) => Answer::Bytes(bytes),
    })
}

/// `handle data from to` -> the number of bytes written.
pub(crate) fn write(outside: &mut Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let (handle, data) = (arguments.handle(0)?, arguments.data(1)?);
    let source = outside.source(handle)?;
    Ok(match source.write(data, &outside.surroundings)? {
        None => Answer::Wait(Wait::new(handle, source.clone(), PollFlags::OUT)),
        Some(count) => Answer::Int(count as i64),
    })
}

/// `path follow-links` -> the file's properties; null if it does not exist.
pub(crate) fn stat(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let flags = if arguments.bool(1)? { AtFlags::empty() } else { AtFlags::SYMLINK_NOFOLLOW };
    match rustix::fs::statat(outside.base(), arguments.text(0)?, flags) {
        Ok(stat) => Ok(Answer::Ints(figures(&stat))),
        Err(Errno::NOENT | Errno::NOTDIR) => Ok(Answer::Null),
        Err(errno) => Err(errno.into()),
    }
}

/// Returns the properties of a file. Programs index them by numbers from 0 on.
fn figures(stat: &Stat) -> Vec<i64> {
    let time = |seconds: i64, nanoseconds: u64| {
        seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds as i64)
    };
    vec![
        stat.st_dev as i64,
        stat.st_ino as i64,
        i64::from(stat.st_mode & 0o7777),
        type_number(FileType::from_raw_mode(stat.st_mode)),
        stat.st_nlink as i64,
        i64::from(stat.st_uid),
        i64::from(stat.st_gid),
        stat.st_size,
        time(stat.st_atime, stat.st_atime_nsec),
        time(stat.st_mtime, stat.st_mtime_nsec),
        time(stat.st_ctime, stat.st_ctime_nsec),
    ]
}

fn type_number(kind: FileType) -> i64 {
    match kind {
        FileType::Fifo => 0,
        FileType::CharacterDevice => 1,
        FileType::Directory => 2,
        FileType::BlockDevice => 3,
        FileType::RegularFile | FileType::Unknown => 4,
        FileType::Symlink => 5,
        FileType::Socket => 6,
    }
}

/// `path`.
pub(crate) fn unlink(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    rustix::fs::unlinkat(outside.base(), arguments.text(0)?, AtFlags::empty())?;
    Ok(Answer::Null)
}

/// `from to`.
pub(crate) fn rename(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let base = outside.base();
    rustix::fs::renameat(base, arguments.text(0)?, base, arguments.text(1)?)?;
    Ok(Answer::Null)
}

/// `path target kind`.
pub(crate) fn link(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let (path, target, base) = (arguments.text(0)?, arguments.text(1)?, outside.base());
    if arguments.int(2)? == HARD {
        rustix::fs::linkat(base, target, base, path, AtFlags::empty())?;
    } else {
        rustix::fs::symlinkat(target, base, path)?;
    }
    Ok(Answer::Null)
}

/// `path` -> the target of a symbolic link.
pub(crate) fn readlink(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let target = rustix::fs::readlinkat(outside.base(), arguments.text(0)?, Vec::new())?;
    target.into_string().map(Answer::Text).map_err(|_| Error::ILLEGAL_UTF_8)
}

/// `path permissions`.
pub(crate) fn chmod(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    rustix::fs::chmodat(outside.base(), arguments.text(0)?, arguments.mode(1)?, AtFlags::empty())?;
    Ok(Answer::Null)
}

/// `path access-s access-ns modification-s modification-ns`.
pub(crate) fn update_times(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let times = Timestamps { last_access: time(arguments, 1)?, last_modification: time(arguments, 3)? };
    rustix::fs::utimensat(outside.base(), arguments.text(0)?, &times, AtFlags::empty())?;
    Ok(Answer::Null)
}

/// Returns a time, or the mark of a time that must not change.
fn time(arguments: &Arguments<'_>, index: usize) -> Result<Timespec, Error> {
    let (seconds, nanoseconds) = (arguments.int(index)?, arguments.int(index + 1)?);
    let is_fraction = (0..Duration::from_secs(1).as_nanos() as i64).contains(&nanoseconds);
    if is_fraction || nanoseconds == rustix::fs::UTIME_OMIT {
        Ok(Timespec { tv_sec: seconds, tv_nsec: nanoseconds })
    } else {
        Err(Error::INVALID_ARGUMENT)
    }
}
