//! `lucarne --emit=STAGE FILE`: prints the result of a stage of the compiler.

use std::path::Path;
use std::process::ExitCode;

use lucarne_compiler::program::Program;
use lucarne_toit::Optimization;

use crate::arguments::Stage;
use crate::output::print_out;
use crate::{FAILURE, Stop, front, input};

/// Prints the result of a stage of the compiler for a file. Fails if the file cannot be read.
pub(crate) fn emit(stage: Stage, file: &Path) -> Result<ExitCode, Stop> {
    front::require_readable(file)?;
    let text = match stage {
        Stage::Tokens => lucarne_compiler::emit::tokens(&read(file)?),
        Stage::Tree => lucarne_compiler::emit::tree(&read(file)?).ok_or_else(front::without_thread)?,
        Stage::Ir => {
            let analysis = front::analyze(file)?;
            lucarne_compiler::emit::ir(&analysis.unit).ok_or_else(front::without_thread)?
        }
        Stage::Optimized => match front::optimized(file)? {
            Some(text) => text,
            None => return Ok(ExitCode::from(FAILURE)),
        },
        Stage::Bytecode => match front::compile(file, Optimization::default())? {
            Some(program) => bytecode(&program),
            None => return Ok(ExitCode::from(FAILURE)),
        },
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn read(file: &Path) -> Result<String, Stop> {
    let shown = file.display();
    String::from_utf8(input::read(file)?).map_err(|_| Stop::failure(format!("{shown} is not UTF-8")))
}

fn bytecode(program: &Program) -> String {
    program.disassemble()
}
