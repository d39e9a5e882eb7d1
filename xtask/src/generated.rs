//! What the binary says about itself: manual, completions, a unit for systemd.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::build::output;
use crate::layout::{Content, Item};

/// A unit of systemd, which each user may enable.
pub(crate) const UNIT: &str = "lib/systemd/user/lucarne.service";

/// What the binary prints, and the file that it is for.
const PRINTED: [(&str, &[&str]); 4] = [
    // The binary without a folder is looked for where the system has its programs.
    (UNIT, &["device", "unit", "--binary", "lucarne"]),
    ("share/bash-completion/completions/lucarne", &["completions", "bash"]),
    ("share/zsh/site-functions/_lucarne", &["completions", "zsh"]),
    ("share/fish/vendor_completions.d/lucarne.fish", &["completions", "fish"]),
];

/// All of it. `work` is a folder for files in between.
pub(crate) fn items(binary: &Path, work: &Path) -> Result<Vec<Item>, Error> {
    let mut items = manual(binary, &work.join("manual"))?;
    for (path, arguments) in PRINTED {
        let text = output(Command::new(binary).args(arguments))?;
        items.push(Item { path: path.to_owned(), content: Content::Text(text) });
    }
    Ok(items)
}

fn manual(binary: &Path, folder: &Path) -> Result<Vec<Item>, Error> {
    output(Command::new(binary).arg("manual").arg(folder))?;
    let page = |file: PathBuf| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Item { path: format!("share/man/man1/{name}"), content: Content::File(file) }
    };
    Ok(files(folder)?.into_iter().map(page).collect())
}

/// The files in a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let error = |reason| Error::File { path: folder.to_owned(), reason };
    let entries = std::fs::read_dir(folder).map_err(error)?;
    let mut files =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(error)?;
    files.sort();
    Ok(files)
}
