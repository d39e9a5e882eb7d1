//! The source files that a command line means.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use crate::Stop;
use crate::front::reason;

/// The files given, and in the folders given all `.toit` files that `is_meant` by their names, each
/// once. Hidden folders, where packages from elsewhere are, are left out.
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
        // The folder given may well be `.`.
        entry.depth() == 0 || !name(entry).starts_with('.')
    });
    let mut found = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| Stop::failure(error.to_string()))?;
        let is_source = entry.file_type().is_file() && name(&entry).ends_with(".toit");
        if is_source && is_meant(name(&entry)) {
            // `./a.toit` reads worse than `a.toit`.
            found.push(entry.path().strip_prefix(".").unwrap_or(entry.path()).to_owned());
        }
    }
    Ok(found)
}

/// A name that is not UTF-8 is no source's.
fn name(entry: &DirEntry) -> &str {
    entry.file_name().to_str().unwrap_or_default()
}
