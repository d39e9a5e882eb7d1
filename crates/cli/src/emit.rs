//! `lucarne --emit=STAGE FILE`.

use std::path::Path;
use std::process::ExitCode;

use lucarne_compiler::program::Program;

use crate::arguments::Stage;
use crate::front::{analyze_file, readable};
use crate::run::compile;
use crate::{FAILURE, Stop, print_out};

/// Prints what a stage makes of a file.
pub(crate) fn emit(stage: Stage, file: &Path) -> Result<ExitCode, Stop> {
    let path = readable(file)?;
    let text = match stage {
        Stage::Tokens => lucarne_compiler::emit::tokens(&read(&path)?),
        Stage::Tree => lucarne_compiler::emit::tree(&read(&path)?),
        Stage::Ir => lucarne_compiler::emit::ir(&analyze_file(file)?.unit),
        Stage::Bytecode => match compile(file)? {
            Some(program) => bytecode(&program),
            None => return Ok(ExitCode::from(FAILURE)),
        },
    };
    print_out(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}

fn read(path: &str) -> Result<String, Stop> {
    let bytes = std::fs::read(path).map_err(|error| Stop::usage(format!("cannot read {path}: {error}")))?;
    String::from_utf8(bytes).map_err(|_| Stop::failure(format!("{path} is not UTF-8")))
}

fn bytecode(program: &Program) -> String {
    program.disassemble()
}
