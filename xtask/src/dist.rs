//! Packs the installed files: an archive for any prefix, and a package for Debian and its
//! derivatives.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::Error;
use crate::archive::{Entry, Kind, tar_gz, with_folders};
use crate::build::{Built, SOURCE_DATE_EPOCH, output, sources};
use crate::deb;
use crate::layout::{Content, Item};

/// The content of packages.
pub(crate) struct Contents {
    /// Files and links, by their paths below the prefix.
    pub(crate) entries: Vec<Entry>,
    /// The modification time of all entries.
    pub(crate) time: u64,
}

/// Writes the packages into a folder, and returns their paths.
pub(crate) fn dist(built: &Built, items: &[Item], folder: &Path, work: &Path) -> Result<[PathBuf; 2], Error> {
    let contents = Contents { entries: read(items, work)?, time: time()? };
    let name = format!("lucarne-{}-{}-linux", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    let archive = folder.join(format!("{name}.tar.gz"));
    let package = folder.join(deb::file_name()?);
    std::fs::create_dir_all(folder).map_err(|reason| file_error(folder, reason))?;
    write(&package, &deb::pack(&contents, built)?)?;
    let entries = with_folders(contents.entries);
    let packed = tar_gz(&format!("{name}/"), &entries, contents.time);
    write(&archive, &packed.map_err(|reason| file_error(&archive, reason))?)?;
    Ok([archive, package])
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    std::fs::write(path, bytes).map_err(|reason| file_error(path, reason))
}

/// Reads the installed files, without debug information.
fn read(items: &[Item], work: &Path) -> Result<Vec<Entry>, Error> {
    items
        .iter()
        .map(|item| Ok(Entry { path: item.path.clone(), kind: read_one(&item.content, work)? }))
        .collect()
}

fn read_one(content: &Content, work: &Path) -> Result<Kind, Error> {
    let bytes = |path: &Path| std::fs::read(path).map_err(|reason| file_error(path, reason));
    Ok(match content {
        Content::File(path) => Kind::File { mode: 0o644, bytes: bytes(path)? },
        Content::Library(path, symbols) => {
            Kind::File { mode: 0o644, bytes: bytes(&stripped(path, symbols, work)?)? }
        }
        Content::Program(path) => {
            Kind::File { mode: 0o755, bytes: bytes(&stripped(path, "--strip-unneeded", work)?)? }
        }
        Content::Text(text) => Kind::File { mode: 0o644, bytes: text.clone().into_bytes() },
        Content::Script(text) => Kind::File { mode: 0o755, bytes: text.as_bytes().to_vec() },
        Content::Link(to) => Kind::Link { to: to.clone() },
    })
}

/// Returns a copy without symbols, except those that linking needs.
fn stripped(path: &Path, symbols: &str, work: &Path) -> Result<PathBuf, Error> {
    let copy = work.join(path.file_name().unwrap_or_default());
    let mut command = Command::new("strip");
    command.args(["--enable-deterministic-archives", symbols, "-o"]).arg(&copy).arg(path);
    output(&mut command)?;
    Ok(copy)
}

/// Returns the time of the sources: SOURCE_DATE_EPOCH, or the last commit, or else the current
/// time.
fn time() -> Result<u64, Error> {
    if let Some(time) = std::env::var_os(SOURCE_DATE_EPOCH) {
        let time = time.to_str().and_then(|time| time.parse().ok());
        return time.ok_or(Error::Unsuitable("SOURCE_DATE_EPOCH is not a number of seconds"));
    }
    let mut git = Command::new("git");
    let commit = git.args(["log", "-1", "--format=%ct"]).current_dir(sources()).output();
    let commit = commit.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Ok(commit.and_then(|time| time.trim().parse().ok()).unwrap_or_else(now))
}

pub(crate) fn file_error(path: &Path, reason: std::io::Error) -> Error {
    Error::File { path: path.to_owned(), reason }
}
