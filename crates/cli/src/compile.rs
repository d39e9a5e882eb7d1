//! `lucarne compile`: makes an executable or a snapshot of a program; `lucarne decode`: traces of stripped programs.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lucarne_toit::TraceDecoder;

use crate::arguments::compile::{Compile, Decode};
use crate::output::{print_out, reason};
use crate::signals::on_interrupt;
use crate::{FAILURE, Stop, bundle, files, front};

/// The size of the parts in which longer lines are read, in bytes.
const LINE_MAX: u64 = 1 << 20;

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
    if output.as_os_str() == "-" {
        return Err(Stop::usage("the program is written to a file, not to standard output: name it with -o"));
    }
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
    std::fs::metadata(&options.program)
        .map_err(|error| Stop::usage(format!("cannot read {shown}: {}", reason(&error))))?;
    let program = bundle::read(&options.program)?.ok_or_else(|| {
        Stop::usage(format!("{shown} is not a compiled program: make one with 'lucarne compile --snapshot'"))
    })?;
    if program.is_stripped() {
        return Err(Stop::usage(format!(
            "{shown} is stripped itself: compile the same source without --strip"
        )));
    }
    let mut input: Box<dyn BufRead> =
        match options.text.as_deref().filter(|file| file.as_os_str() != "-") {
            Some(file) => Box::new(BufReader::new(File::open(file).map_err(|error| {
                Stop::usage(format!("cannot read {}: {}", file.display(), reason(&error)))
            })?)),
            None => {
                // Ctrl-C ends the program before the pipe, whose last lines are still to be read.
                on_interrupt(|| {})
                    .map_err(|error| Stop::failure(format!("cannot handle Ctrl-C: {}", reason(&error))))?;
                Box::new(std::io::stdin().lock())
            }
        };
    let mut decoder = TraceDecoder::new(&program);
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = (&mut input).take(LINE_MAX).read_until(b'\n', &mut line);
        if count.map_err(|error| Stop::failure(format!("cannot read the text: {}", reason(&error))))? == 0 {
            break;
        }
        match line.strip_suffix(b"\n").map(std::str::from_utf8) {
            Some(Ok(text)) => print_lines(&decoder.line(text))?,
            _ => {
                print_lines(&decoder.finish())?;
                print_out(&line)?;
            }
        }
    }
    print_lines(&decoder.finish())?;
    if decoder.is_found() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Stop::failure(format!(
        "the text has no trace of this program: its lines would have `0: {:08x}+`; compile the same source with the same \
         options",
        program.code_id()
    )))
}

fn print_lines(lines: &[String]) -> Result<(), Stop> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    print_out(text.as_bytes())
}
