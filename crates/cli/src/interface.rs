//! `lucarne interface`: works with the definitions of services.

mod check;
mod generate;
mod import;
mod indexes;
mod renamed;
mod revision;

use std::path::Path;
use std::process::ExitCode;

use lucarne_compiler::source::{FileLoader, Loader};
use lucarne_interface::Definition;

use crate::arguments::interface::{InterfaceCommand, Show};
use crate::call::{Connection, Limit};
use crate::output::{print_error, print_out, visible_lines};
use crate::{FAILURE, Stop, front};

/// Performs a command.
pub(crate) fn interface(command: &InterfaceCommand) -> Result<ExitCode, Stop> {
    match command {
        InterfaceCommand::Generate(options) => generate::generate(options),
        InterfaceCommand::Import(options) => import::import(options),
        InterfaceCommand::Check(options) => check::check(options),
        InterfaceCommand::Show(options) => show(options),
    }
}

fn show(options: &Show) -> Result<ExitCode, Stop> {
    let target = &options.target;
    let is_file = target.extension().is_some_and(|extension| extension == "toit") || target.is_file();
    let text = match target.to_str().filter(|_| !is_file) {
        Some(name) => {
            let connection = Connection::open(&options.system, Limit::of(None)).map_err(|stop| {
                let message = format!("{name} is not a file, and no provider can be asked: {}", stop.message);
                Stop { message, ..stop }
            })?;
            let found = connection.describe(connection.find(name)?, None)?;
            // The provider has written the comments.
            visible_lines(&lucarne_interface::show::show(&found.interface))
        }
        None => {
            let definition = load(&FileLoader, readable(target)?)?;
            indexes::note_if_generated(&definition, None);
            let Some(interface) = definition.interface else { return Ok(ExitCode::from(FAILURE)) };
            lucarne_interface::show::show(&interface)
        }
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a definition and prints its diagnostics.
pub(crate) fn load(loader: &(dyn Loader + Sync), file: &str) -> Result<Definition, Stop> {
    indexes::require_file(file)?;
    let definition =
        lucarne_interface::load(loader, file).map_err(|error| Stop::failure(format!("{file}: {error}")))?;
    indexes::require_readable(&definition)?;
    print_error(&definition.shown(front::style()));
    Ok(definition)
}

/// Says that the indexes of a definition may be others than those of its providers and clients, if it has no index file.
pub(crate) fn note_missing_indexes(definition: &Definition) {
    indexes::note_missing(definition, None);
}

/// Returns a path as text, after checking that the file can be read.
pub(crate) fn readable(file: &Path) -> Result<&str, Stop> {
    front::require_readable(file)?;
    file.to_str().ok_or_else(|| Stop::usage(format!("the path {} is not UTF-8", file.display())))
}
