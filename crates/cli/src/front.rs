//! Analyzes or compiles the files of a command line, and prints the diagnostics.

use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::program;
use lucarne_compiler::source::{BYTES_MAX, FileLoader, Loader, ReadBy};
use lucarne_interface::generate::made_from;
use lucarne_toit::{Analysis, Optimization, ToitError};

use crate::output::{print_error, reason};
use crate::{Stop, input};

/// Analyzes a program and prints its diagnostics.
pub(crate) fn analyze(file: &Path) -> Result<Analysis, Stop> {
    analyze_by(&loader(file)?, file)
}

fn analyze_by(loader: &(dyn Loader + Sync), file: &Path) -> Result<Analysis, Stop> {
    let mut analysis = lucarne_toit::analyze(loader, file).map_err(|error| failure(file, &error))?;
    explain_generated(&mut analysis);
    print(&analysis);
    Ok(analysis)
}

/// Analyzes a file that may be a program or a library.
pub(crate) fn check(file: &Path) -> Result<Analysis, Stop> {
    let loader = loader(file)?;
    let mut analysis = lucarne_toit::check(&loader, file).map_err(|error| failure(file, &error))?;
    explain_generated(&mut analysis);
    Ok(analysis)
}

/// Adds to the first error in each generated file how it is made again: its definition may have changed.
fn explain_generated(analysis: &mut Analysis) {
    let mut files = BTreeSet::new();
    for diagnostic in analysis.diagnostics.iter_mut().filter(|diagnostic| diagnostic.is_error()) {
        let Some(source) = analysis.sources.get(diagnostic.source) else { continue };
        let Some(made) = made_from(&source.text) else { continue };
        if files.insert(&source.path) {
            diagnostic.hints.push(format!(
                "made from {}: `lucarne interface generate --{}` makes it again",
                made.definition, made.language
            ));
        }
    }
}

/// Compiles a program and prints its diagnostics. Returns none if the program has errors.
pub(crate) fn compile(file: &Path, optimization: Optimization) -> Result<Option<program::Program>, Stop> {
    link(file, analyze(file)?, optimization)
}

/// As [`compile`], with a loader of its own. Says also whether there was nothing to print.
pub(crate) fn compile_recorded(
    file: &Path,
    loader: &(dyn Loader + Sync),
    optimization: Optimization,
) -> Result<Option<(program::Program, bool)>, Stop> {
    require_readable(file)?;
    let analysis = analyze_by(loader, file)?;
    let is_silent = analysis.diagnostics.is_empty();
    Ok(link(file, analysis, optimization)?.map(|program| (program, is_silent)))
}

/// As [`compile`], for a program whose text is not in a file. Its imports are relative to the current folder.
pub(crate) fn compile_text(
    name: &Path,
    text: Vec<u8>,
    optimization: Optimization,
) -> Result<Option<program::Program>, Stop> {
    link(name, analyze_by(&with_text(name, Some(text)), name)?, optimization)
}

fn link(
    file: &Path,
    analysis: Analysis,
    optimization: Optimization,
) -> Result<Option<program::Program>, Stop> {
    match lucarne_toit::link_with(analysis, optimization) {
        Ok(compiled) => Ok(Some(compiled.program)),
        Err(ToitError::Program(_)) => Ok(None),
        Err(error) => Err(failure(file, &error)),
    }
}

/// Compiles a program, prints its diagnostics, and returns the code of its functions after the optimizer. Returns none if
/// the program has errors.
pub(crate) fn optimized(file: &Path) -> Result<Option<String>, Stop> {
    let analysis = analyze(file)?;
    if analysis.has_errors() {
        return Ok(None);
    }
    match lucarne_compiler::emit::optimized(&analysis.unit) {
        Ok(text) => text.map(Some).ok_or_else(without_thread),
        Err(error) => {
            let place = error.place(&analysis.unit);
            Err(failure(file, &ToitError::Link { error, place }))
        }
    }
}

/// Returns the error if the compiler cannot create a thread.
pub(crate) fn without_thread() -> Stop {
    Stop::failure("not enough memory for a thread of the compiler")
}

fn failure(file: &Path, error: &ToitError) -> Stop {
    match error {
        ToitError::Link { place: Some(_), .. } => Stop::failure(error.to_string()),
        _ => Stop::failure(format!("{}: {error}", file.display())),
    }
}

/// Prints all diagnostics.
pub(crate) fn print(analysis: &Analysis) {
    print_error(&analysis.shown(style()));
}

/// Returns a loader for the files of a program. A pipe can be read once, so its contents are kept.
fn loader(file: &Path) -> Result<impl Loader, Stop> {
    require_readable(file)?;
    let is_regular = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file());
    let contents = if is_regular { None } else { Some(input::read(file)?) };
    Ok(with_text(file, contents))
}

/// Returns a loader that reads files, but for one whose contents are given.
fn with_text(file: &Path, contents: Option<Vec<u8>>) -> impl Loader + use<> {
    let file = file.to_owned();
    ReadBy(move |path: &str| match &contents {
        Some(contents) if Path::new(path) == file => Some(contents.clone()),
        _ => FileLoader.read(path),
    })
}

/// Refuses a path that the compiler cannot read, before any work is done.
pub(crate) fn require_readable(file: &Path) -> Result<(), Stop> {
    let shown = file.display();
    if file.to_str().is_none() {
        return Err(Stop::usage(format!("the path {shown} is not UTF-8")));
    }
    let refuse = |error| Stop::usage(format!("cannot read {shown}: {}", reason(&error)));
    let metadata = std::fs::metadata(file).map_err(refuse)?;
    if metadata.is_dir() {
        return Err(Stop::usage(format!("{shown} is a folder, not a program")));
    }
    if metadata.len() > BYTES_MAX {
        return Err(Stop::usage(format!("cannot read {shown}: it has more than {} MiB", BYTES_MAX >> 20)));
    }
    // Opening a pipe could take its contents.
    if metadata.is_file() {
        std::fs::File::open(file).map_err(refuse)?;
    }
    Ok(())
}

pub(crate) fn style() -> Style {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Style { color: std::io::stderr().is_terminal() && !no_color, width: None }
}
