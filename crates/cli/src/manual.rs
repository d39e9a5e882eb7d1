//! The pages of the manual, one for each command, as packages have them.

use std::path::Path;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::Stop;
use crate::arguments::CommandLine;

/// `lucarne manual`.
pub(crate) fn write(folder: &Path) -> Result<ExitCode, Stop> {
    // Nobody reads a page about how to get help.
    let command = CommandLine::command().disable_help_subcommand(true);
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(command, folder))
        .map_err(|error| Stop::failure(format!("{}: {error}", folder.display())))?;
    Ok(ExitCode::SUCCESS)
}
