//! `lucarne check`: prints the errors and warnings of programs, without running them.

use std::collections::HashSet;
use std::path::Path;
use std::process::ExitCode;

use lucarne_compiler::diagnostic::{Diagnostic, Severity, order};
use lucarne_compiler::resolve::Analysis;
use lucarne_compiler::source::{SourceId, Sources, Span, normalized};
use serde_json::{Value, json};

use crate::arguments::Check;
use crate::output::{end_with_reader, print_error, print_out};
use crate::progress::Progress;
use crate::watch::again::{Again, ReadFiles};
use crate::watch::full;
use crate::{FAILURE, Stop, files, front};

/// Checks all files, and with `--watch` again after each change.
pub(crate) fn check(options: &Check) -> Result<ExitCode, Stop> {
    if !options.watch {
        return check_all(options, &mut ReadFiles::default());
    }
    end_with_reader();
    let mut again = Again::new()?;
    loop {
        let mut read = ReadFiles::default();
        read.add_folders(&options.paths);
        match check_all(options, &mut read) {
            Ok(_) => {}
            // A file may be missing for a moment while an editor replaces it.
            Err(stop) => {
                print_error(&format!("lucarne: {}\n", stop.message));
                options.paths.iter().for_each(|path| read.add_file(path));
            }
        }
        again.wait(&read)?;
    }
}

/// Checks all files; continues after a file with errors. Adds all files that were read.
fn check_all(options: &Check, read: &mut ReadFiles) -> Result<ExitCode, Stop> {
    let files = files::find(&options.paths, |_| true)?;
    if files.is_empty() {
        return Err(Stop::usage("these folders contain no .toit file"));
    }
    let mut checked = Checked { options, said: HashSet::new(), json: Vec::new(), failed: 0 };
    let progress = Progress::new(files.len(), options.quiet || options.json || files.len() == 1);
    for file in &files {
        progress.begin(file);
        let analysis = front::check(file)?;
        read.add(&analysis);
        progress.interrupted(|| checked.add(file, analysis));
        progress.end(file);
    }
    drop(progress);
    if options.json {
        print_out(format!("{:#}\n", Value::Array(checked.json)).as_bytes())?;
    } else if !options.quiet && (files.len() > 1 || options.watch) {
        print_error(&checked.summary(files.len()));
    }
    Ok(if checked.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FAILURE) })
}

struct Checked<'o> {
    options: &'o Check,
    /// The diagnostics that were printed, to print each only once: several files may import the file with the error.
    said: HashSet<(String, Span, String)>,
    json: Vec<Value>,
    failed: usize,
}

impl Checked<'_> {
    fn summary(&self, files: usize) -> String {
        let checked = if files == 1 { "1 file".to_owned() } else { format!("{files} files") };
        match self.failed {
            0 => format!("checked {checked}, no errors\n"),
            failed => {
                let has = if files == 1 { "has" } else { "have" };
                let or_warnings = if self.options.deny_warnings { " or warnings" } else { "" };
                format!("{failed} of {checked} {has} errors{or_warnings}\n")
            }
        }
    }

    fn add(&mut self, file: &Path, mut analysis: Analysis) {
        let sources = &analysis.sources;
        let entry = file.to_str().unwrap_or_default();
        let is_of_entry = |diagnostic: &Diagnostic| path_of(sources, diagnostic.source) == entry;
        let is_new = |diagnostic: &Diagnostic| {
            // Two files may lead to one by different paths, such as to their lock file.
            let path = full(Path::new(path_of(sources, diagnostic.source)));
            let path = normalized(&path.to_string_lossy());
            self.said.insert((path, diagnostic.span, diagnostic.title.clone()))
        };
        // A file found in a folder fails only for its own diagnostics. A named file fails for those of its imports,
        // too.
        let is_named = self.options.paths.iter().any(|path| path == file);
        let deny_warnings = self.options.deny_warnings;
        let is_wrong = |diagnostic: &Diagnostic| {
            (diagnostic.is_error() || deny_warnings) && (is_named || is_of_entry(diagnostic))
        };
        self.failed += usize::from(analysis.diagnostics.iter().any(is_wrong));
        let quiet = self.options.quiet;
        analysis.diagnostics.retain(|diagnostic| diagnostic.is_error() || !quiet);
        analysis.diagnostics.retain(is_new);
        analysis.diagnostics.sort_by_key(|diagnostic| order(&analysis.sources, diagnostic));
        if self.options.json {
            self.json
                .extend(analysis.diagnostics.iter().map(|diagnostic| as_json(&analysis.sources, diagnostic)));
        } else {
            front::print(&analysis);
        }
    }
}

fn path_of(sources: &Sources, id: SourceId) -> &str {
    sources.get(id).map_or("", |source| source.path.as_str())
}

/// Converts a diagnostic to JSON for an editor. Lines and columns are counted from 1; columns count characters.
pub(crate) fn as_json(sources: &Sources, diagnostic: &Diagnostic) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let related = diagnostic.labels.iter().map(|label| {
        let mut place = place(sources, label.source, label.span);
        place["message"] = json!(label.text);
        place
    });
    let mut object = place(sources, diagnostic.source, diagnostic.span);
    object["severity"] = json!(severity);
    object["message"] = json!(diagnostic.title);
    object["label"] = json!(Some(&diagnostic.label).filter(|label| !label.is_empty()));
    object["related"] = related.collect();
    object["notes"] = json!(diagnostic.notes);
    object["help"] = json!(diagnostic.hints);
    object
}

fn place(sources: &Sources, id: SourceId, span: Span) -> Value {
    let Some(source) = sources.get(id) else { return json!({}) };
    let ((line, column), (end_line, end_column)) = (source.position(span.start), source.position(span.end));
    json!({ "file": source.path, "line": line, "column": column, "endLine": end_line, "endColumn": end_column })
}
