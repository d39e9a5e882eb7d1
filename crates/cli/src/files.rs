//! Finds the source files for the paths of a command line.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::Stop;
use crate::output::reason;

/// Returns the given files, and, from the given folders, all `.toit` files with names that `is_meant` accepts, each
/// once. Skips hidden folders: downloaded packages are in the folder `.packages`.
pub(crate) fn find(paths: &[PathBuf], is_meant: impl Fn(&str) -> bool) -> Result<Vec<PathBuf>, Stop> {
    let mut found = Vec::new();
    for path in paths {
        let metadata = std::fs::metadata(path)
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
        let entry = entry.map_err(|error| Stop::failure(error.to_string()))?;
        let is_source = entry.file_type().is_file() && name(&entry).ends_with(".toit");
        if is_source && is_meant(name(&entry)) {
            // `a.toit` is easier to read than `./a.toit`.
            found.push(entry.path().strip_prefix(".").unwrap_or(entry.path()).to_owned());
        }
    }
    Ok(found)
}

/// Returns the name of a file or folder. It is empty if the name is not UTF-8: such a file is not a source.
fn name(entry: &DirEntry) -> &str {
    entry.file_name().to_str().unwrap_or_default()
}
