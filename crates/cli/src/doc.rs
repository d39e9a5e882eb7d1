//! `lucarne doc`: documentation as a site, in a folder or in a browser.

mod connections;
mod serve;

use std::path::Path;
use std::process::ExitCode;

use lucarne_documentation::{DocumentationError, Documented, SiteError, document};
use serde_json::Value;

use crate::arguments::doc::{Build, DocCommand};
use crate::output::{print_error, print_out};
use crate::{FAILURE, Stop, check, front};

/// Performs a command.
pub(crate) fn doc(command: &DocCommand) -> Result<ExitCode, Stop> {
    match command {
        DocCommand::Build(options) => build(options),
        DocCommand::Serve(options) => serve::serve(options),
    }
}

fn build(options: &Build) -> Result<ExitCode, Stop> {
    require_elsewhere(&options.output)?;
    let mut documented =
        document(&options.documented.subject(), &options.documented.options()).map_err(stop)?;
    let has_warnings = documented.analysis.diagnostics.iter().any(|problem| !problem.is_error());
    if options.json {
        let problems = documented.analysis.diagnostics.iter();
        let all = problems.map(|problem| check::as_json(&documented.analysis.sources, problem)).collect();
        print_out(format!("{:#}\n", Value::Array(all)).as_bytes())?;
    } else {
        // Warnings that are denied are the reason of the failure.
        print(&mut documented, options.documented.quiet && !(has_warnings && options.deny_warnings));
    }
    let is_quiet = options.documented.quiet || options.json;
    let Some(site) = documented.site.filter(|_| !(has_warnings && options.deny_warnings)) else {
        return Ok(ExitCode::from(FAILURE));
    };
    site.write(&options.output).map_err(|error| match error {
        SiteError::Foreign { .. } => {
            Stop::usage(format!("{error}; choose another folder, or remove the file yourself"))
        }
        error => Stop::failure(error.to_string()),
    })?;
    if !is_quiet {
        let pages = site.files().filter(|(path, _)| path.ends_with(".html")).count();
        let start = options.output.join("index.html");
        print_error(&format!("wrote {pages} pages: open {}\n", start.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Refuses to replace a folder that the shell of the user is in: the shell would stay in the earlier one, which is removed.
fn require_elsewhere(output: &Path) -> Result<(), Stop> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let is_above = output.canonicalize().is_ok_and(|folder| here.is_ok_and(|here| here.starts_with(folder)));
    if is_above {
        return Err(Stop::usage(format!(
            "the site cannot replace {}, which is or contains the current folder; choose another folder, such as site",
            output.display()
        )));
    }
    Ok(())
}

/// Prints errors, and warnings if the command is not quiet.
fn print(documented: &mut Documented, is_quiet: bool) {
    let problems = &mut documented.analysis.diagnostics;
    problems.retain(|problem| problem.is_error() || !is_quiet);
    front::print(&documented.analysis);
    for package in documented.faulty_packages.iter().filter(|_| !is_quiet) {
        print_error(&format!(
            "lucarne: the package {package} has errors, so the documentation may be incomplete\n"
        ));
    }
}

fn stop(error: DocumentationError) -> Stop {
    match error {
        DocumentationError::Read { .. } | DocumentationError::Empty(_) => Stop::usage(error.to_string()),
        error => Stop::failure(error.to_string()),
    }
}
