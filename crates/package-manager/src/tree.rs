//! The files of a package: taken out of a repository, and copied into a program.
//!
//! A package is untrusted. Paths must stay in its folder, and numbers and sizes are bounded. Symbolic links and
//! submodules are left out: they could lead anywhere. Nothing of a package is ever run.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::error::Error;
use crate::git::{Entry, Repository};

/// The maximum number of files of a package.
const FILES_MAX: usize = 20_000;

/// The maximum size of all files of a package, in bytes.
const SIZE_MAX: u64 = 256 << 20;

/// The maximum depth of folders.
const DEPTH_MAX: usize = 32;

/// The maximum length of a path, in bytes.
const PATH_MAX: usize = 1024;

/// The maximum length of the name of a file, in bytes, as most file systems have it.
const NAME_MAX: usize = 255;

/// Writes the files of a commit into an empty folder. `package` names the package in errors.
pub(crate) fn extract(
    repository: &Repository,
    commit: &str,
    folder: &Path,
    package: &str,
) -> Result<(), Error> {
    let mut entries = repository.files(commit)?;
    entries.retain(|entry| entry.is_file);
    check(&entries, package)?;
    repository.read(&entries, |entry, content| {
        let path = folder.join(&entry.path);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(Error::file(parent))?;
        // A file that exists already would be a second path to it, where the file system ignores case.
        let mut file = File::create_new(&path).map_err(Error::file(&path))?;
        file.write_all(&content).map_err(Error::file(&path))?;
        read_only(&file).map_err(Error::file(&path))
    })
}

/// Checks the paths and sizes of the files of a package.
fn check(entries: &[Entry], package: &str) -> Result<(), Error> {
    let too_large = |limit: String| Error::TooLarge { what: package.to_owned(), limit };
    if entries.len() > FILES_MAX {
        return Err(too_large(format!("{FILES_MAX} files")));
    }
    let size = entries.iter().fold(0_u64, |size, entry| size.saturating_add(entry.size));
    if size > SIZE_MAX {
        return Err(too_large(format!("{} MiB", SIZE_MAX >> 20)));
    }
    let mut seen = BTreeSet::new();
    for entry in entries {
        let why = match () {
            () if !is_safe(&entry.path) => {
                "it would be outside of the package, or have a name that is not allowed"
            }
            () if !seen.insert(&entry.path) => "it is listed twice",
            () => continue,
        };
        let shown: String = entry.path.escape_default().take(PATH_MAX).collect();
        return Err(Error::Hostile {
            package: package.to_owned(),
            why: format!("the file '{shown}' is refused: {why}"),
        });
    }
    Ok(())
}

fn is_safe(path: &str) -> bool {
    let is_name = |name: &str| {
        !matches!(name, "" | "." | "..")
            && name.len() <= NAME_MAX
            && !name.eq_ignore_ascii_case(".git")
            && !name.chars().any(|letter| letter.is_control() || letter == '\\')
    };
    path.len() <= PATH_MAX && path.split('/').count() <= DEPTH_MAX && path.split('/').all(is_name)
}

/// Copies the files of a package. `to` must not exist.
pub(crate) fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    fs::create_dir(to).map_err(Error::file(to))?;
    for entry in fs::read_dir(from).map_err(Error::file(from))? {
        let entry = entry.map_err(Error::file(from))?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().map_err(Error::file(&source))?.is_dir() {
            copy(&source, &target)?;
            continue;
        }
        let copied = || {
            let mut file = File::create_new(&target)?;
            io::copy(&mut File::open(&source)?.take(SIZE_MAX), &mut file)?;
            read_only(&file)
        };
        copied().map_err(Error::file(&target))?;
    }
    Ok(())
}

/// Takes away the permission to write: files that a program relies on should not be edited by mistake.
fn read_only(file: &File) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_mode(0o444);
    file.set_permissions(permissions)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn file(path: &str, size: u64) -> Entry {
        Entry { path: path.to_owned(), object: String::new(), size, is_file: true }
    }

    #[test]
    fn dangerous_paths_are_refused() {
        let refused = |path: &str| check(&[file(path, 1)], "p").is_err();
        for path in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            ".git/hooks/x",
            "a/.GIT/config",
            "a\\b",
            "a\nb",
            "",
            ".",
        ] {
            assert!(refused(path), "{path:?}");
        }
        assert!(refused(&"a/".repeat(40)) && refused(&"a".repeat(300)));
        assert!(!refused("src/.hidden/a b.toit") && !refused("src/...toit"));
    }

    #[test]
    fn numbers_and_sizes_are_bounded() {
        assert!(check(&[file("a", SIZE_MAX), file("b", 1)], "p").is_err());
        assert!(check(&[file("a", u64::MAX), file("b", u64::MAX)], "p").is_err());
        let many: Vec<Entry> = (0..=FILES_MAX).map(|number| file(&number.to_string(), 0)).collect();
        assert!(check(&many, "p").is_err() && check(&many[1..], "p").is_ok());
        assert!(check(&[file("a", 1), file("a", 1)], "p").is_err());
    }

    proptest! {
        #[test]
        fn safe_paths_stay_inside(path in "[a./\\\\]{0,12}") {
            if is_safe(&path) {
                let joined = Path::new("/root").join(&path);
                prop_assert!(joined.starts_with("/root"));
                prop_assert!(joined.components().all(|part| part != std::path::Component::ParentDir));
            }
        }
    }
}
