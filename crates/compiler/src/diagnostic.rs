//! Diagnostics: errors and warnings about a program, structured until they are printed.
//!
//! Each mistake gives one diagnostic. The diagnostic states what was expected, points at the place
//! and at related places (such as an earlier definition), and suggests a fix where possible.

use crate::source::{SourceId, Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet, renderer::DecorStyle};
use lucarne_package::LOCK_FILE;

/// The severity of a diagnostic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The program is valid, but probably not what was intended.
    Warning,
    /// The program cannot run.
    Error,
}

/// A related place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The file.
    pub source: SourceId,
    /// The place in it.
    pub span: Span,
    /// The text shown at that place.
    pub text: String,
}

/// One problem of a program.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// The problem, in one line.
    pub title: String,
    /// The file.
    pub source: SourceId,
    /// The place in it.
    pub span: Span,
    /// A few words shown at the place itself.
    pub label: String,
    /// Related places.
    pub labels: Vec<Label>,
    /// Facts that explain the problem.
    pub notes: Vec<String>,
    /// Suggested fixes.
    pub hints: Vec<String>,
    /// Whether the diagnostic is shown only when a file is checked, not when a program is run. Such a warning does not
    /// concern the program's own code.
    pub is_for_check: bool,
}

impl Diagnostic {
    /// Returns an error at a place.
    pub fn error(source: SourceId, span: Span, title: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            title: title.into(),
            source,
            span,
            label: String::new(),
            labels: Vec::new(),
            notes: Vec::new(),
            hints: Vec::new(),
            is_for_check: false,
        }
    }

    /// Returns an error without a place, for something that is missing.
    pub fn general(title: impl Into<String>) -> Self {
        Self::error(SourceId(u32::MAX), Span::default(), title)
    }

    /// Returns a warning at a place.
    pub fn warning(source: SourceId, span: Span, title: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Self::error(source, span, title) }
    }

    /// Adds a few words at the place itself.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Points at another place.
    pub fn also(mut self, source: SourceId, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { source, span, text: text.into() });
        self
    }

    /// Adds a fact that explains the problem.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a suggested fix.
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hints.push(text.into());
        self
    }

    /// Marks the diagnostic as shown only when a file is checked.
    pub fn for_check(mut self) -> Self {
        self.is_for_check = true;
        self
    }

    /// Returns whether the diagnostic is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// How to print diagnostics.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether to print in color.
    pub color: bool,
    /// The width of the terminal, if the output is a terminal.
    pub width: Option<usize>,
}

/// The maximum number of diagnostics that are printed. The first diagnostics matter most, and a longer
/// list would hide them.
const RENDERED_MAX: usize = 500;

/// The maximum number of diagnostics that are printed for one line. Each shows the line, which may be long.
const RENDERED_PER_LINE_MAX: usize = 20;

/// Returns what diagnostics are sorted by: file and place. The errors of a lock file come before all others, since imports
/// can fail because of them.
pub fn order(sources: &Sources, diagnostic: &Diagnostic) -> (bool, SourceId, Span) {
    let path = sources.get(diagnostic.source).map_or("", |source| &source.path);
    let is_of_lock = path.rsplit('/').next() == Some(LOCK_FILE);
    (!(is_of_lock && diagnostic.is_error()), diagnostic.source, diagnostic.span)
}

/// Renders diagnostics as text, in their [`order`], with an empty line after each. If the limits above leave some out,
/// the last line has their number.
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width.unwrap_or(140));
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| order(sources, diagnostic));
    let mut text = String::new();
    let mut rendered = 0;
    let mut line = (None, 0);
    for diagnostic in &sorted {
        let source = sources.get(diagnostic.source);
        let place = source.map(|source| (diagnostic.source, source.line(diagnostic.span.start)));
        line = if place.is_some() && line.0 == place { (place, line.1 + 1) } else { (place, 1) };
        if line.1 > RENDERED_PER_LINE_MAX {
            continue;
        }
        text += &renderer.render(&[group(sources, diagnostic)]);
        text += "\n\n";
        rendered += 1;
        if rendered == RENDERED_MAX {
            break;
        }
    }
    if sorted.len() > rendered {
        text += &format!("... and {} more\n\n", sorted.len() - rendered);
    }
    text
}

fn group<'a>(sources: &'a Sources, diagnostic: &'a Diagnostic) -> Group<'a> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = Group::with_title(level.primary_title(diagnostic.title.as_str()));
    for snippet in snippets(sources, diagnostic) {
        group = group.element(snippet);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note.as_str()));
    }
    for hint in &diagnostic.hints {
        group = group.element(Level::HELP.message(hint.as_str()));
    }
    group
}

/// Returns one excerpt for each file, the main one first.
fn snippets<'a>(
    sources: &'a Sources,
    diagnostic: &'a Diagnostic,
) -> Vec<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let mut files = vec![diagnostic.source];
    for label in &diagnostic.labels {
        if !files.contains(&label.source) {
            files.push(label.source);
        }
    }
    let mut snippets = Vec::new();
    for file in files {
        let Some(source) = sources.get(file) else { continue };
        let mut snippet = Snippet::source(source.text.as_str()).path(source.path.as_str());
        if file == diagnostic.source {
            let span = clamp(diagnostic.span, &source.text);
            let annotation = AnnotationKind::Primary.span(span);
            let text = diagnostic.label.as_str();
            snippet = snippet.annotation(if text.is_empty() { annotation } else { annotation.label(text) });
        }
        for label in diagnostic.labels.iter().filter(|label| label.source == file) {
            let span = clamp(label.span, &source.text);
            snippet = snippet.annotation(AnnotationKind::Context.span(span).label(label.text.as_str()));
        }
        snippets.push(snippet);
    }
    snippets
}

/// Returns the part of a span that is inside the text, extended to character boundaries and cut off at
/// the end of its first line.
fn clamp(span: Span, text: &str) -> std::ops::Range<usize> {
    let range = span.range();
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.clamp(start, text.len());
    while !text.is_char_boundary(end) {
        end += 1;
    }
    // A long construct is shown by its first line.
    if let Some(line_end) = text.get(start..end).and_then(|inside| inside.find('\n')) {
        end = start + line_end;
    }
    start..end
}
