//! `lucarne c`: builds components, and prints the folder of `toit/toit.h`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::Stop;
use crate::arguments::CCommand;
use crate::output::{print_error, print_out};

pub(crate) fn c(command: &CCommand) -> Result<ExitCode, Stop> {
    match command {
        CCommand::IncludeDir => {
            let folder = lucarne_c::include_dir()
                .map_err(|error| Stop::failure(format!("cannot make a folder for toit/toit.h: {error}")))?;
            print_out(format!("{}\n", folder.display()).as_bytes())?;
        }
        CCommand::Build { folder, output } => build(folder, output.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

fn build(folder: &Path, output: Option<&Path>) -> Result<(), Stop> {
    let output = match output {
        Some(output) => output.to_owned(),
        None => default_output(folder)?,
    };
    let work = tempfile::tempdir()
        .map_err(|error| Stop::failure(format!("cannot create a folder to build in: {error}")))?;
    let remarks = lucarne_c::build(folder, &output, work.path()).map_err(|error| match error {
        lucarne_c::BuildError::NoComponent(_) => Stop::usage(error.to_string()),
        error => Stop::failure(error.to_string()),
    })?;
    for remark in remarks {
        print_error(&format!("{remark}\n"));
    }
    Ok(())
}

/// Returns the name of the folder with the extension `.so`, also for a path such as `.`.
fn default_output(folder: &Path) -> Result<PathBuf, Stop> {
    let full = folder.canonicalize().map_err(|error| {
        let shown = folder.display();
        Stop::usage(format!("cannot build {shown}: {error}: DIR is a folder with a CMakeLists.txt"))
    })?;
    let mut name = full.file_name().unwrap_or("component".as_ref()).to_owned();
    name.push(".so");
    Ok(name.into())
}
