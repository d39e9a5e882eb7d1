//! Removal of unused imports.
//!
//! An import is unused if the text without it means the same: the file is analyzed again with spaces in its place, and
//! mistakes and names must be the same. So what an import brings is decided in one place.
//!
//! While a file has errors outside of its imports, every import counts as used: what stands behind an open string or comment, or a
//! name with a mistake, could be what needs it.

use std::collections::BTreeMap;

use lucarne_compiler::ast::{Import, Show};
use lucarne_compiler::resolve::index::{Role, Symbol};
use lucarne_compiler::source::Span;

use crate::analyzed::Analyzed;
use crate::syntax;
use crate::text::Text;
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// The maximum number of imports that are looked at for one request.
const IMPORTS_MAX: usize = 64;

/// Returns the lines of the unused imports that a span touches. Two imports that can each be removed, but not both, are one
/// that can.
///
/// # Errors
/// If the request is canceled.
pub(super) fn unused(
    snapshot: &Snapshot,
    key: &str,
    text: &Text,
    analyzed: &Analyzed,
    within: Span,
) -> Result<Vec<Unused>, Fault> {
    let file = syntax::parse(text.as_str());
    let touches = |import: &&Import| import.span.start <= within.end && within.start <= import.span.end;
    let touched: Vec<&Import> = file.imports.iter().filter(touches).take(IMPORTS_MAX).collect();
    // Most requests come from a cursor that moves elsewhere.
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let is_in_import = |span: Span| {
        file.imports.iter().any(|import| import.span.start <= span.start && span.end <= import.span.end)
    };
    let is_error = |(span, is_error, _): &(Span, bool, String)| *is_error && !is_in_import(*span);
    let mut known = Meaning::of(analyzed, key);
    if known.mistakes.iter().any(is_error) {
        return Ok(Vec::new());
    }
    // What `export *` exports is not in the index.
    let exports_all = file.exports.iter().any(|export| matches!(export.show, Show::Everything(_)));
    let mut unused = Vec::new();
    let mut current = text.as_str().to_owned();
    for import in touched {
        let is_exported = exports_all && import.prefix.is_none();
        if is_exported || is_obviously_used(analyzed, key, import) {
            continue;
        }
        let mut changed = current.clone();
        let blank: String =
            text.slice(import.span).bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }).collect();
        changed.replace_range(import.span.range(), &blank);
        let without = snapshot.changed_alone(key, changed.clone())?;
        let expected = known.without(import.span);
        if Meaning::of(&without, key) == expected {
            known = expected;
            current = changed;
            let title = text.slice(import.span).split_whitespace().collect::<Vec<_>>().join(" ");
            unused.push(Unused { title, lines: lines(text, import.span) });
        }
    }
    Ok(unused)
}

/// An unused import.
pub(super) struct Unused {
    /// The text of the import, in one line.
    pub(super) title: String,
    /// Its lines, with their ends.
    pub(super) lines: Span,
}

/// Returns whether a name refers to the prefix of an import, or to a name that it shows.
fn is_obviously_used(analyzed: &Analyzed, key: &str, import: &Import) -> bool {
    let Some(source) = analyzed.source(key) else { return false };
    let names = analyzed.index.of_source(source);
    names.iter().any(|name| match name.symbol {
        Symbol::Prefix(of, span) => {
            of == source
                && import.span.start <= span.start
                && span.end <= import.span.end
                && name.role != Role::Definition
        }
        _ => false,
    })
}

/// Returns the lines of an import, with their ends. What else stands there stays, so that only the import is removed then.
fn lines(text: &Text, import: Span) -> Span {
    let first = text.line(text.line_of(import.start));
    let last = text.line(text.line_of(import.end));
    let before = text.slice(Span { start: first.start, end: import.start });
    let after = text.slice(Span { start: import.end, end: last.end });
    if !before.trim().is_empty() || !after.trim().is_empty() {
        return import;
    }
    let next = text.line_of(import.end) + 1;
    let end = if next < text.line_count() { text.line(next).start } else { last.end };
    Span { start: first.start, end }
}

/// What a file means: its mistakes, and what its names refer to. These include the names that it exports.
#[derive(Clone, PartialEq)]
struct Meaning {
    mistakes: Vec<(Span, bool, String)>,
    names: BTreeMap<(Span, Role), Vec<String>>,
}

impl Meaning {
    fn of(analyzed: &Analyzed, key: &str) -> Meaning {
        let source = analyzed.source(key);
        let mistakes = analyzed.analysis.diagnostics.iter();
        let mistakes = mistakes
            .filter(|problem| Some(problem.source) == source)
            .map(|problem| (problem.span, problem.is_error(), problem.title.clone()));
        let mut names: BTreeMap<(Span, Role), Vec<String>> = BTreeMap::new();
        for name in source.map_or(&[][..], |source| analyzed.index.of_source(source)) {
            names.entry((name.span, name.role)).or_default().push(target(analyzed, &name.symbol));
        }
        names.values_mut().for_each(|targets| targets.sort());
        Meaning { mistakes: mistakes.collect(), names }
    }

    /// Returns the meaning of all that is not in a span.
    fn without(&self, removed: Span) -> Meaning {
        let is_outside = |span: &Span| span.end <= removed.start || removed.end <= span.start;
        let mut rest = self.clone();
        rest.names.retain(|(span, _), _| is_outside(span));
        // An import with an error stays: the user should see the error.
        rest.mistakes.retain(|(span, is_error, _)| *is_error || is_outside(span));
        rest
    }
}

/// Names a declaration by its place, which does not depend on the analysis.
fn target(analyzed: &Analyzed, symbol: &Symbol) -> String {
    if let Symbol::Parameter(function, index) = symbol {
        return format!("{} {index}", target(analyzed, &Symbol::Function(*function)));
    }
    match analyzed.definition(symbol) {
        Some(place) => format!("{} {} {}", place.key, place.span.start, analyzed.name(symbol)),
        None => format!("{symbol:?}"),
    }
}
