//! `lucarne compile`: makes an executable or a snapshot of a program; `lucarne decode`: traces of stripped programs.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::arguments::compile::{Compile, Decode};
use crate::output::{print_out, reason};
use crate::{FAILURE, Stop, bundle, files, front, input};

/// The maximum size of a text with traces, in bytes.
const TEXT_MAX: u64 = 256 << 20;

/// Compiles a program into a file.
pub(crate) fn compile(options: &Compile) -> Result<ExitCode, Stop> {
    front::require_readable(&options.file)?;
    let output = output_of(options)?;
    let Some(mut program) = front::compile(&options.file, options.optimization())? else {
        return Ok(ExitCode::from(FAILURE));
    };
    if options.strip {
        program.strip();
    }
    let written = if options.snapshot {
        files::replace(&output, &bundle::snapshot(&program))
    } else {
        files::replace_executable(&output, |file| bundle::write_executable(&program, file))
    };
    written
        .map_err(|error| Stop::failure(format!("cannot write {}: {}", output.display(), reason(&error))))?;
    Ok(ExitCode::SUCCESS)
}

/// Returns the file to write. Refuses to replace a source.
fn output_of(options: &Compile) -> Result<PathBuf, Stop> {
    let output = match &options.output {
        Some(output) => output.clone(),
        None => {
            let name = options.file.file_name().unwrap_or_default();
            let stem = Path::new(name).with_extension(if options.snapshot { "snapshot" } else { "" });
            if stem.as_os_str() == name {
                return Err(Stop::usage(
                    "name the file to write with -o: the program's name has no extension",
                ));
            }
            stem
        }
    };
    let shown = output.display();
    if output.extension().is_some_and(|extension| extension == "toit") {
        return Err(Stop::usage(format!("{shown} would be a source, by its name: choose another one")));
    }
    if output.is_dir() {
        return Err(Stop::usage(format!("{shown} is a folder: choose the name of a file in it")));
    }
    Ok(output)
}

/// Replaces the numbers in the traces of a stripped program by names and places.
pub(crate) fn decode(options: &Decode) -> Result<ExitCode, Stop> {
    let shown = options.program.display();
    front::require_readable(&options.program)?;
    let program = bundle::read(&options.program)?.ok_or_else(|| {
        Stop::usage(format!("{shown} is not a compiled program: make one with 'lucarne compile --snapshot'"))
    })?;
    if program.is_stripped() {
        return Err(Stop::usage(format!(
            "{shown} is stripped itself: compile the same source without --strip"
        )));
    }
    let text = match &options.text {
        Some(file) if file.as_os_str() != "-" => input::read(file)?,
        _ => {
            let mut text = Vec::new();
            std::io::stdin()
                .take(TEXT_MAX)
                .read_to_end(&mut text)
                .map_err(|error| Stop::failure(format!("cannot read standard input: {}", reason(&error))))?;
            text
        }
    };
    let text = String::from_utf8_lossy(&text);
    let Some(decoded) = lucarne_toit::decode_traces(&program, &text) else {
        print_out(text.as_bytes())?;
        return Err(Stop::failure(format!(
            "the text has no trace of this program: its lines would begin with `0: {:08x}+`",
            program.code_id()
        )));
    };
    print_out(decoded.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
