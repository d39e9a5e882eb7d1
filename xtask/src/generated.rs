//! Runs the built binary to generate some of the installed files: the manual, the shell completions, and a unit for
//! systemd.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::build::output;
use crate::layout::{Content, Item};

/// The path of the systemd unit, which each user can enable.
pub(crate) const UNIT: &str = "lib/systemd/user/lucarne.service";

/// The binary's name if its path is not known: it is then found through the system's search path.
pub(crate) const ANYWHERE: &str = "lucarne";

/// The paths of the completion scripts that the binary prints, and their shells.
const COMPLETIONS: [(&str, &str); 3] = [
    ("share/bash-completion/completions/lucarne", "bash"),
    ("share/zsh/site-functions/_lucarne", "zsh"),
    ("share/fish/vendor_completions.d/lucarne.fish", "fish"),
];

/// Returns all generated files. `installed` is the path where the binary will be, `work` a folder
/// for intermediate files.
pub(crate) fn items(binary: &Path, installed: &Path, work: &Path) -> Result<Vec<Item>, Error> {
    let mut items = manual(binary, &work.join("manual"))?;
    let text = |path: &str, text| Item { path: path.to_owned(), content: Content::Text(text) };
    for (path, shell) in COMPLETIONS {
        items.push(text(path, output(Command::new(binary).args(["completions", shell]))?));
    }
    let unit = output(Command::new(binary).args(["device", "unit", "--binary"]).arg(installed))?;
    items.push(text(UNIT, unit));
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

/// Returns the files in a folder, in the order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let error = |reason| Error::File { path: folder.to_owned(), reason };
    let entries = std::fs::read_dir(folder).map_err(error)?;
    let mut files =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>().map_err(error)?;
    files.sort();
    Ok(files)
}
