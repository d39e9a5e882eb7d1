//! Finds the index file of a definition that was renamed without it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use lucarne_interface::{Definition, lock};

use crate::Stop;

/// The number of entries of a folder that are looked at, and the number of bytes of an index file that are read: the
/// service is named at the beginning.
const ENTRIES_MAX: usize = 10_000;
const BYTES_MAX: u64 = 4_096;

/// Refuses to number the methods of a definition again if an index file without a definition in the same folder is that of
/// its service.
///
/// # Errors
/// If there is such a file: the definition was renamed, and its methods have indexes.
pub(super) fn refuse(definition: &Definition) -> Result<(), Stop> {
    let is_missing = definition.lock_text.as_ref().is_none_or(|text| text.trim().is_empty());
    let Some(interface) = definition.interface.as_ref().filter(|_| is_missing) else { return Ok(()) };
    let (path, index) = (Path::new(&definition.path), definition.lock_path());
    let folder = path.parent().unwrap_or(Path::new(""));
    let Some(old) = index_of(&interface.uuid, folder) else { return Ok(()) };
    let gone = old.with_extension("toit");
    let [from, to] = [&*old.to_string_lossy(), &index].map(for_shell);
    let old = old.display();
    Err(Stop::failure(format!(
        "{old} has the indexes of the service {}, but {} is missing: if the definition was renamed, rename its index \
         file, too, with `mv {from} {to}`; if not, remove {old}",
        interface.uuid,
        gone.display()
    )))
}

/// Returns a path as a word for a shell.
fn for_shell(path: &str) -> String {
    let is_plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte));
    if is_plain { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Returns the first index file in a folder that is of a service and has no definition beside it.
fn index_of(uuid: &str, folder: &Path) -> Option<PathBuf> {
    let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let entries = fs::read_dir(listed).ok()?.take(ENTRIES_MAX).flatten();
    let is_alone = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "index")
            // A definition can also have a name without `.toit`.
            && !["toit", ""].iter().any(|extension| path.with_extension(extension).exists())
            && beginning(path).is_some_and(|text| lock::service(&text).as_deref() == Some(uuid))
    };
    entries.map(|entry| folder.join(entry.file_name())).filter(is_alone).min()
}

/// Returns the beginning of a regular file.
pub(super) fn beginning(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(BYTES_MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
