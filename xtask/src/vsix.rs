//! Packs the extension for VS Code, by its own script, which needs Node and npm.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::build::{output, sources};

/// Returns a program that the script needs and that is not installed.
pub(crate) fn missing_tool() -> Option<&'static str> {
    let is_missing = |tool: &&str| {
        let started = Command::new(tool).arg("--version").output();
        started.is_err_and(|error| error.kind() == ErrorKind::NotFound)
    };
    ["node", "npm"].into_iter().find(is_missing)
}

/// Writes the package into a folder, and returns its path.
pub(crate) fn pack(folder: &Path) -> Result<String, Error> {
    let mut node = Command::new("node");
    node.arg(sources().join("editors/vscode/pack.cjs")).arg(folder);
    Ok(output(&mut node)?.trim().to_owned())
}
