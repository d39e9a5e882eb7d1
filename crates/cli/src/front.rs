//! The front half of the compiler on files, with what it finds printed.

use std::io::IsTerminal;
use std::path::Path;

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::ir::Unit;
use lucarne_compiler::resolve::{self, Analysis};
use lucarne_compiler::source::FileLoader;
use lucarne_vm::native;

use crate::{Stop, print_error};

/// Analyses a program and prints its diagnostics.
pub(crate) fn analyze_file(file: &Path) -> Result<Analysis, Stop> {
    let path = readable(file)?;
    let analysis = resolve::analyze(&FileLoader, Some(library()?), &native::exists, &path);
    print(&analysis);
    Ok(analysis)
}

/// Analyses a file that may be a program or a library of one.
pub(crate) fn check_file(file: &Path) -> Result<Analysis, Stop> {
    let path = readable(file)?;
    Ok(resolve::check(&FileLoader, Some(library()?), &native::exists, &path))
}

fn library() -> Result<Unit, Stop> {
    lucarne_library::unit().map_err(|error| Stop::failure(error.to_string()))
}

/// Prints all diagnostics.
pub(crate) fn print(analysis: &Analysis) {
    print_error(&analysis.shown(style()));
}

/// The path of a file as the compiler takes it, if it can be read.
pub(crate) fn readable(file: &Path) -> Result<String, Stop> {
    let shown = file.display();
    let path = file.to_str().ok_or_else(|| Stop::usage(format!("the path {shown} is not UTF-8")))?;
    match std::fs::File::open(file).and_then(|opened| opened.metadata()) {
        Ok(metadata) if metadata.is_dir() => Err(Stop::usage(format!("{shown} is a folder, not a program"))),
        Ok(_) => Ok(path.to_string()),
        Err(error) => Err(Stop::usage(format!("cannot read {shown}: {}", reason(&error)))),
    }
}

/// The reason without the number that the standard library adds.
pub(crate) fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

pub(crate) fn style() -> Style {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style { colour: std::io::stderr().is_terminal() && !no_colour, width: None }
}
