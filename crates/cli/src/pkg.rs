//! `lucarne pkg`: installs packages from folders, and lists the packages of the lock file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lucarne_package::install::{self, InstallError};
use lucarne_package::lock::{Lock, Package, Place};
use serde_json::json;

use crate::arguments::{PkgCommand, PkgInstall, PkgList};
use crate::output::{print_error, print_out};
use crate::{Stop, table};

/// Installs or lists packages.
pub(crate) fn pkg(command: &PkgCommand) -> Result<ExitCode, Stop> {
    match command {
        PkgCommand::Install(options) => install(options),
        PkgCommand::List(options) => list(options),
    }
}

fn install(options: &PkgInstall) -> Result<ExitCode, Stop> {
    let root = program_folder(options.project_root.as_deref())?;
    let done = match (&options.package, options.local) {
        (Some(package), true) => {
            let prefix =
                install::install_local(&root, Path::new(package), options.prefix.as_deref()).map_err(stop)?;
            format!("installed {package}: import {prefix}\n")
        }
        (Some(package), false) => {
            let hint = "to install it from a folder, write 'lucarne pkg install --local PATH'";
            return Err(Stop::usage(format!(
                "cannot install {package}: Lucarne does not download packages; {hint}"
            )));
        }
        (None, _) => match install::install_all(&root).map_err(stop)? {
            1 => "installed 1 package\n".to_owned(),
            count => format!("installed {count} packages\n"),
        },
    };
    if !options.quiet {
        print_error(&done);
    }
    Ok(ExitCode::SUCCESS)
}

fn list(options: &PkgList) -> Result<ExitCode, Stop> {
    let root = program_folder(options.project_root.as_deref())?;
    let lock = install::installed(&root).map_err(stop)?;
    let rows: Vec<Row<'_>> =
        lock.packages.iter().map(|(id, package)| Row::new(&root, &lock, id, package)).collect();
    let text = if options.json { as_json(&rows) } else { as_table(&rows) };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// A package, as `pkg list` shows it.
struct Row<'l> {
    /// The prefix that the program imports it with; empty if only other packages import it.
    prefix: &'l str,
    id: &'l str,
    version: &'l str,
    place: &'l str,
    is_there: bool,
}

impl<'l> Row<'l> {
    fn new(root: &Path, lock: &'l Lock, id: &'l str, package: &'l Package) -> Row<'l> {
        let prefix = lock.prefixes.iter().find(|(_, of)| *of == id).map_or("", |(prefix, _)| prefix);
        let (version, place) = match &package.place {
            Place::Path(path) => ("", path.as_str()),
            Place::Registry { url, version, .. } => (version.as_str(), url.as_str()),
        };
        Row { prefix, id, version, place, is_there: root.join(package.source_folder()).is_dir() }
    }
}

fn as_json(rows: &[Row<'_>]) -> String {
    let optional = |text: &str| if text.is_empty() { None } else { Some(text.to_owned()) };
    let list: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.id,
                "prefix": optional(row.prefix),
                "version": optional(row.version),
                "place": row.place,
                "present": row.is_there,
            })
        })
        .collect();
    format!("{:#}\n", json!(list))
}

fn as_table(rows: &[Row<'_>]) -> String {
    let titles = ["PREFIX", "PACKAGE", "VERSION", "PLACE"];
    let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let rows = rows.iter().map(|row| {
        let missing = if row.is_there { "" } else { " (missing)" };
        vec![dash(row.prefix), row.id.to_owned(), dash(row.version), format!("{}{missing}", row.place)]
    });
    table::table(&titles, rows.collect(), table::terminal_width())
}

/// Returns the folder of the program: the given folder; or else the current folder or its nearest parent
/// that has a `package.yaml` or a lock file; or else the current folder.
fn program_folder(given: Option<&Path>) -> Result<PathBuf, Stop> {
    if let Some(folder) = given {
        let shown = folder.display();
        return if folder.is_dir() {
            Ok(folder.to_owned())
        } else {
            Err(Stop::usage(format!("{shown} is not a folder")))
        };
    }
    let current = std::env::current_dir()
        .map_err(|error| Stop::failure(format!("cannot find the current folder: {error}")))?;
    Ok(install::program_folder(&current).unwrap_or(current))
}

fn stop(error: InstallError) -> Stop {
    match error {
        InstallError::BadPrefix(_) | InstallError::NotAPackage { .. } => Stop::usage(error.to_string()),
        _ => Stop::failure(error.to_string()),
    }
}
