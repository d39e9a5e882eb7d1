//! Packs the extension for VS Code, by its own script, which needs Node and npm.

use std::path::Path;
use std::process::Command;

use crate::Error;
use crate::build::{output, sources};

/// Writes the package into a folder, and returns its path.
pub(crate) fn pack(folder: &Path) -> Result<String, Error> {
    let mut node = Command::new("node");
    node.arg(sources().join("editors/vscode/pack.cjs")).arg(folder);
    Ok(output(&mut node)?.trim().to_owned())
}
