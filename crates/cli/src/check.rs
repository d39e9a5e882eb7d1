//! `lucarne check`.

use std::process::ExitCode;

use lucarne_compiler::diagnostic::Diagnostic;

use crate::arguments::Check;
use crate::front::analyze_file;
use crate::{FAILURE, Stop, print_error};

/// Checks all files, going on after one that has errors.
pub(crate) fn check(options: &Check) -> Result<ExitCode, Stop> {
    let mut failed = 0;
    for file in &options.files {
        let analysis = analyze_file(file, !options.quiet)?;
        failed += usize::from(analysis.diagnostics.iter().any(Diagnostic::is_error));
    }
    if failed == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    if !options.quiet && options.files.len() > 1 {
        print_error(&format!("{failed} of {} files have errors\n", options.files.len()));
    }
    Ok(ExitCode::from(FAILURE))
}
