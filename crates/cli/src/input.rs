//! Reads the files of a command line, which may be pipes.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::Stop;
use crate::output::reason;

/// The maximum number of bytes of a file: the limit of a source file. A device such as `/dev/zero` has no end.
const BYTES_MAX: u64 = lucarne_compiler::source::BYTES_MAX;

/// Reads a file, a device, or a pipe that another program writes to.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Stop> {
    let shown = file.display();
    let refuse = |why: &str| Stop::usage(format!("cannot read {shown}: {why}"));
    let failed = |error: std::io::Error| refuse(&reason(&error));
    // Without this flag, opening a pipe would wait for a writer, perhaps forever.
    let flags = OFlags::NONBLOCK.bits() as i32;
    let mut opened = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(file).map_err(failed)?;
    let metadata = opened.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(Stop::usage(format!("{shown} is a folder, not a file")));
    }
    let mut bytes = Vec::new();
    if !metadata.is_file() {
        let is_pipe = metadata.file_type().is_fifo();
        bytes = first_bytes(&mut opened, is_pipe).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => refuse("no program writes to this pipe"),
            _ => failed(error),
        })?;
    }
    let rest = BYTES_MAX + 1 - bytes.len() as u64;
    opened.take(rest).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(refuse(&format!("it has more than {} MiB", BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

/// Reads standard input to its end.
pub(crate) fn read_stdin() -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Stop::failure(format!("cannot read standard input: {}", reason(&error))))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(Stop::usage(format!("standard input has more than {} MiB", BYTES_MAX >> 20)));
    }
    Ok(bytes)
}

/// Reads the bytes that are there, and makes later reads wait. A pipe without a writer is at its end.
fn first_bytes(opened: &mut File, is_pipe: bool) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 4096];
    let read = match opened.read(&mut bytes) {
        Ok(0) if is_pipe => return Err(ErrorKind::UnexpectedEof.into()),
        Ok(read) => read,
        Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
        Err(error) => return Err(error),
    };
    bytes.truncate(read);
    let flags = rustix::fs::fcntl_getfl(&*opened)?;
    rustix::fs::fcntl_setfl(&*opened, flags - OFlags::NONBLOCK)?;
    Ok(bytes)
}
