//! Writes manual pages, one for each command, for software packages that contain lucarne.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::Stop;
use crate::arguments::CommandLine;

/// Writes the manual pages into a folder: `lucarne manual`.
pub(crate) fn write(folder: &Path) -> Result<ExitCode, Stop> {
    // The command `help` needs no page.
    let command = CommandLine::command().disable_help_subcommand(true);
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map_err(|error| Stop::failure(format!("{}: {error}", folder.display())))?;
    Ok(ExitCode::SUCCESS)
}
