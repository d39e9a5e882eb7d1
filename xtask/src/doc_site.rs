//! Makes the documentation of the libraries: the site that `lucarne doc build --library` writes.

use std::path::Path;

use crate::Error;
use crate::build;

/// Builds the binary, and writes the site. Fails if a comment has a warning.
pub(crate) fn make(output: &Path) -> Result<(), Error> {
    // Cargo runs in the folder of the sources, which need not be the current one.
    let output = std::path::absolute(output).unwrap_or_else(|_| output.to_owned());
    let mut command = build::cargo();
    command.args(["run", "--quiet", "--locked", "-p", "lucarne-cli", "--bin", "lucarne", "--"]);
    command.args(["doc", "build", "--library", "--deny-warnings", "-o"]).arg(output);
    build::output(&mut command).map(drop)
}
