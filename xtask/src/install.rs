//! Installs the files into a folder.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::layout::{Content, Item};

/// Installs everything below `prefix`, which is itself below `destdir` if there is one. Existing
/// files are replaced.
pub(crate) fn install(prefix: &Path, destdir: Option<&Path>, items: &[Item]) -> Result<(), Error> {
    let root = match destdir {
        Some(destdir) => destdir.join(prefix.strip_prefix("/").unwrap_or(prefix)),
        None => prefix.to_owned(),
    };
    for item in items {
        let path = root.join(&item.path);
        install_one(&path, &item.content).map_err(|reason| Error::File { path, reason })?;
    }
    Ok(())
}

fn install_one(path: &Path, content: &Content) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(folder)?;
    // A running program cannot be written to, but it can be replaced.
    let fresh = fresh_name(path);
    let _ = fs::remove_file(&fresh);
    match content {
        Content::File(from) | Content::Library(from, _) => copy(from, &fresh, 0o644)?,
        Content::Program(from) => copy(from, &fresh, 0o755)?,
        Content::Text(text) => {
            fs::write(&fresh, text)?;
            set_mode(&fresh, 0o644)?;
        }
        Content::Script(text) => {
            fs::write(&fresh, text)?;
            set_mode(&fresh, 0o755)?;
        }
        Content::Link(to) => symlink(to, &fresh)?,
    }
    fs::rename(&fresh, path)
}

fn fresh_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    path.with_file_name(name)
}

fn copy(from: &Path, to: &Path, mode: u32) -> io::Result<()> {
    fs::copy(from, to)?;
    set_mode(to, mode)
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}
