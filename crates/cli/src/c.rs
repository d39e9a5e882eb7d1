//! `lucarne c`.

use std::process::ExitCode;

use crate::arguments::C;
use crate::{Stop, print_out};

pub(crate) fn c(command: &C) -> Result<ExitCode, Stop> {
    match command {
        C::IncludeDir => {
            let folder = lucarne_c::include_dir()
                .map_err(|error| Stop::failure(format!("there is no place for toit/toit.h: {error}")))?;
            print_out(format!("{}\n", folder.display()).as_bytes());
        }
    }
    Ok(ExitCode::SUCCESS)
}
