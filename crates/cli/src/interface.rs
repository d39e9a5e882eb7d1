//! `lucarne interface`: works with the definitions of services.

mod check;
mod generate;
mod import;
mod revision;

use std::path::Path;
use std::process::ExitCode;

use lucarne_compiler::source::{FileLoader, Loader};
use lucarne_interface::Definition;

use crate::arguments::interface::{InterfaceCommand, Show};
use crate::output::{print_error, print_out};
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
    let definition = load(&FileLoader, readable(&options.file)?)?;
    let Some(interface) = &definition.interface else { return Ok(ExitCode::from(FAILURE)) };
    print_out(lucarne_interface::show::show(interface).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// Reads a definition and prints its diagnostics.
fn load(loader: &(dyn Loader + Sync), file: &str) -> Result<Definition, Stop> {
    let definition =
        lucarne_interface::load(loader, file).map_err(|error| Stop::failure(format!("{file}: {error}")))?;
    print_error(&definition.shown(front::style()));
    Ok(definition)
}

/// Returns a path as text, after checking that the file can be read.
fn readable(file: &Path) -> Result<&str, Stop> {
    front::require_readable(file)?;
    file.to_str().ok_or_else(|| Stop::usage(format!("the path {} is not UTF-8", file.display())))
}
