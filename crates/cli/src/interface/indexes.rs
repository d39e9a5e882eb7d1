//! Notices that the index file of a definition is missing, or cannot be read.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use lucarne_interface::generate::{Language, made_from};
use lucarne_interface::{Definition, lock};

use super::renamed::beginning;
use crate::output::print_error;
use crate::{Stop, front};

/// Refuses a definition whose index file is not a file, before anything is read: a pipe could block, and what a broken link
/// has led to is lost.
///
/// # Errors
/// If it is a folder, a pipe, a device, or a link to a file that does not exist.
pub(super) fn require_file(definition: &str) -> Result<(), Stop> {
    let lock = lock::path(definition);
    let kind = match (fs::metadata(&lock), fs::symlink_metadata(&lock)) {
        (Ok(metadata), _) if metadata.is_file() => return Ok(()),
        (Ok(metadata), _) if metadata.is_dir() => "a folder",
        (Ok(_), _) => "a pipe or a device",
        (Err(error), Ok(_)) if error.kind() == ErrorKind::NotFound => "a link to a file that does not exist",
        // Reading it says why it cannot be read.
        (Err(_), _) => return Ok(()),
    };
    Err(Stop::failure(format!(
        "{lock} is {kind}, but the file of this name keeps the indexes of the methods: move it away"
    )))
}

/// Refuses a definition whose index file is there, but cannot be read: its methods would be numbered again.
///
/// # Errors
/// If the index file is too large, or may not be read.
pub(super) fn require_readable(definition: &Definition) -> Result<(), Stop> {
    let lock = definition.lock_path();
    let path = Path::new(&lock);
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        _ if definition.lock_text.is_none() => front::require_readable(path),
        _ => Ok(()),
    }
}

/// Says that the indexes of a definition may be others than those of its providers and clients, if it has no index file.
/// `revision` is the revision of git that the definition is from, if it is from one.
pub(super) fn note_missing(definition: &Definition, revision: Option<&str>) {
    if definition.is_numbered_by_order() {
        let lock = definition.lock_path();
        let place = revision.map_or(String::new(), |revision| format!("in revision {revision}, "));
        print_error(&format!(
            "note: {place}{lock} is missing or empty: the methods are numbered in their order, which may have been another before\n"
        ));
    }
}

/// As [`note_missing`], if code of the definition, in any language, is beside it or in `folder`: a definition without code
/// is new.
pub(super) fn note_if_generated(definition: &Definition, folder: Option<&Path>) {
    let path = Path::new(&definition.path);
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
    let beside = path.parent().unwrap_or(Path::new(""));
    let names: Vec<String> = Language::ALL.iter().flat_map(|language| language.file_names(name)).collect();
    let is_made = |path: &Path| {
        let text = beginning(path).unwrap_or_default();
        made_from(&text).is_some_and(|made| made.definition == name)
    };
    let folders = std::iter::once(beside).chain(folder);
    if folders.into_iter().any(|folder| names.iter().any(|name| is_made(&folder.join(name)))) {
        note_missing(definition, None);
    }
}
