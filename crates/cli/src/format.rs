//! `lucarne format`: formats source files.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use lucarne_compiler::diagnostic;
use lucarne_compiler::source::{BYTES_MAX, Sources};
use lucarne_format::{Formatter, Options, Refused};
use similar::TextDiff;

use crate::arguments::Format;
use crate::output::{print_error, print_out, reason};
use crate::progress::Progress;
use crate::{FAILURE, Stop, USAGE, files, front, input};

/// The path that stands for standard input and output.
const STANDARD: &str = "-";

/// Formats files. Goes on after a file that cannot be formatted.
pub(crate) fn format(options: &Format) -> Result<ExitCode, Stop> {
    let is_standard = options.paths.iter().any(|path| path == Path::new(STANDARD));
    if is_standard && options.paths.len() > 1 {
        return Err(Stop::usage("`-` stands alone: standard input is formatted to standard output"));
    }
    let files = if is_standard { options.paths.clone() } else { files::find(&options.paths, |_| true)? };
    if files.is_empty() {
        return Err(Stop::usage("these folders contain no .toit file"));
    }
    let is_quiet = options.quiet || files.len() == 1;
    let progress = Progress::new(files.len(), is_quiet);
    let formatted = lucarne_format::with_formatter(|formatter| {
        let mut work = Work { options, formatter, changed: 0, refused: 0, unreadable: 0 };
        for file in &files {
            progress.begin(file);
            let result = work.file(file);
            progress.interrupted(|| work.report(result))?;
            progress.end(file);
        }
        Ok((work.changed, work.refused, work.unreadable))
    });
    drop(progress);
    let (changed, refused, unreadable) =
        formatted.unwrap_or_else(|| Err(Stop::failure("not enough memory")))?;
    if !is_quiet {
        print_error(&summary(options, files.len(), changed, refused + unreadable));
    }
    let is_different = options.check && changed > 0;
    Ok(match (unreadable, refused) {
        (1.., _) => ExitCode::from(USAGE),
        (0, 1..) => ExitCode::from(FAILURE),
        (0, 0) if is_different => ExitCode::from(FAILURE),
        (0, 0) => ExitCode::SUCCESS,
    })
}

fn summary(options: &Format, files: usize, changed: usize, refused: usize) -> String {
    let done = if options.is_dry() { "would be formatted" } else { "formatted" };
    let refused = match refused {
        0 => String::new(),
        refused => format!(", {refused} left as they are"),
    };
    format!("{changed} of {files} files {done}{refused}\n")
}

struct Work<'a> {
    options: &'a Format,
    formatter: &'a Formatter,
    changed: usize,
    refused: usize,
    unreadable: usize,
}

/// What became of a file.
enum Outcome {
    /// It is formatted already.
    Same,
    /// This must be printed to standard output.
    Changed(String),
    /// It has errors: this must be printed to standard error.
    Refused(String),
}

impl Work<'_> {
    fn report(&mut self, result: Result<Outcome, Stop>) -> Result<(), Stop> {
        match result {
            Ok(Outcome::Same) => {}
            Ok(Outcome::Changed(output)) => {
                self.changed += 1;
                print_out(output.as_bytes())?;
            }
            Ok(Outcome::Refused(message)) => {
                self.refused += 1;
                print_error(&message);
            }
            Err(stop) => {
                self.unreadable += 1;
                print_error(&format!("lucarne: {}\n", stop.message));
            }
        }
        Ok(())
    }

    fn file(&self, file: &Path) -> Result<Outcome, Stop> {
        let is_standard = file == Path::new(STANDARD);
        let shown = if is_standard { "standard input".into() } else { file.display().to_string() };
        let bytes = if is_standard { read_standard()? } else { input::read(file)? };
        let mut sources = Sources::default();
        let (id, problem) = sources.add(shown.clone(), bytes.clone());
        let text = sources.get(id).map_or("", |source| &*source.text);
        if let Some(problem) = problem {
            let message = diagnostic::render(&sources, &[problem], front::style());
            return Ok(Outcome::Refused(refused(&shown, &message)));
        }
        let options = Options { line_length: self.options.line_length.into() };
        let formatted = match self.formatter.format(text, options) {
            Ok(formatted) => formatted,
            Err(Refused::Errors(problems)) => {
                let message = diagnostic::render(&sources, &problems, front::style());
                return Ok(Outcome::Refused(refused(&shown, &message)));
            }
            Err(error) => return Ok(Outcome::Refused(format!("lucarne: {shown}: {error}\n"))),
        };
        let is_same = formatted.as_bytes() == bytes;
        let mut output = String::new();
        if self.options.check && !is_same && !self.options.diff {
            output = format!("{}\n", file.display());
        }
        if self.options.diff && !is_same {
            output = diff(&shown, text, &formatted);
        }
        if !self.options.is_dry() && is_standard {
            output = formatted;
            return Ok(Outcome::Changed(output));
        }
        if is_same {
            return Ok(Outcome::Same);
        }
        if !self.options.is_dry() {
            replace(file, &formatted)?;
        }
        Ok(Outcome::Changed(output))
    }
}

fn refused(shown: &str, message: &str) -> String {
    format!("{message}lucarne: {shown} has errors and is left as it is\n")
}

fn read_standard() -> Result<Vec<u8>, Stop> {
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(|error| Stop::usage(format!("cannot read standard input: {}", reason(&error))))?;
    match bytes.len() as u64 > BYTES_MAX {
        true => Err(Stop::usage(format!("standard input has more than {} MiB", BYTES_MAX >> 20))),
        false => Ok(bytes),
    }
}

fn diff(shown: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).header(shown, shown).to_string()
}

/// Replaces the text of a file. Other programs that read the file meanwhile see all of the old or all of the new text.
fn replace(file: &Path, text: &str) -> Result<(), Stop> {
    files::replace(file, text.as_bytes())
        .map_err(|error| Stop::usage(format!("cannot write {}: {}", file.display(), reason(&error))))
}
