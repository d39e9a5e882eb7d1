//! `lucarne test --changed`: the files that differ from the last commit of git.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Stop;

/// Returns the files that differ from the last commit, and those that git does not know, in the repository of the first
/// path. They are absolute.
pub(super) fn since_last_commit(paths: &[PathBuf]) -> Result<BTreeSet<PathBuf>, Stop> {
    let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
    let folder = if first.is_dir() { first } else { first.parent().unwrap_or(Path::new(".")) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let top = git(folder, &["rev-parse", "--show-toplevel"])?;
    let top = Path::new(OsStr::from_bytes(top.strip_suffix(b"\n").unwrap_or(&top))).to_owned();
    // Before the first commit, everything is new.
    let changed = git(&top, &["diff", "--name-only", "-z", "HEAD"])
        .or_else(|_| git(&top, &["ls-files", "--cached", "-z"]))?;
    let others = git(&top, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let names = changed.split(|byte| *byte == 0).chain(others.split(|byte| *byte == 0));
    Ok(names.filter(|name| !name.is_empty()).map(|name| top.join(OsStr::from_bytes(name))).collect())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, Stop> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|error| Stop::failure(format!("cannot run git, for --changed: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(Stop::failure(format!("--changed asks git, which failed: {}", error.trim())))
}
