//! `lucarne interface import`: makes a definition of a service in a protobuf file.

use std::path::PathBuf;
use std::process::ExitCode;

use lucarne_proto::{ImportError, Options, import as import_proto};

use crate::arguments::interface::Import;
use crate::output::{print_error, print_out, reason};
use crate::{FAILURE, Stop, files, front};

pub(crate) fn import(options: &Import) -> Result<ExitCode, Stop> {
    front::require_readable(&options.file)?;
    let from = Options { includes: options.include.clone(), service: options.service.clone() };
    let definition = match import_proto(&options.file, &from) {
        Ok(definition) => definition,
        Err(error @ (ImportError::SeveralServices { .. } | ImportError::OtherService { .. })) => {
            return Err(Stop::usage(error.to_string()));
        }
        Err(error @ ImportError::Refused(_)) => {
            print_error(&format!("{error}\n"));
            return Ok(ExitCode::from(FAILURE));
        }
        Err(error) => return Err(Stop::failure(error.to_string())),
    };
    let mut path = PathBuf::from(&definition.file);
    if let Some(folder) = &options.output {
        std::fs::create_dir_all(folder).map_err(|error| {
            Stop::failure(format!("cannot make {}: {}", folder.display(), reason(&error)))
        })?;
        path = folder.join(path);
    }
    let shown = path.display();
    files::create(&path, definition.text.as_bytes()).map_err(|error| {
        // The definition is the user's from now on: changes to it would be lost.
        Stop::failure(match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                format!("{shown} exists already: move it, or choose another folder with -o")
            }
            _ => format!("cannot write {shown}: {}", reason(&error)),
        })
    })?;
    print_out(format!("{shown}\n").as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
