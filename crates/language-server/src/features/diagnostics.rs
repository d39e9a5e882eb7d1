//! Diagnostics as the protocol has them.

use std::collections::BTreeMap;

use lsp_types::{
    Diagnostic as Shown, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location,
};
use lucarne_compiler::diagnostic::{Diagnostic, Severity};

use crate::analyzed::{Analyzed, Place};
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// The maximum number of diagnostics that are shown for a document.
pub const DIAGNOSTICS_MAX: usize = 1_000;

/// Returns the diagnostics of a document and of all that it imports, by the keys of the documents.
///
/// # Errors
/// If the work is canceled.
pub fn of_document(snapshot: &Snapshot, key: &str) -> Result<BTreeMap<String, Vec<Shown>>, Fault> {
    Ok(listed(snapshot, &*snapshot.analyzed(key)?, key))
}

/// Returns the diagnostics of a document without those of its imports.
///
/// # Errors
/// If the work is canceled.
pub fn of_document_alone(snapshot: &Snapshot, key: &str) -> Result<Vec<Shown>, Fault> {
    Ok(listed(snapshot, &*snapshot.alone(key)?, key).remove(key).unwrap_or_default())
}

fn listed(snapshot: &Snapshot, analyzed: &Analyzed, key: &str) -> BTreeMap<String, Vec<Shown>> {
    let mut by_key: BTreeMap<String, Vec<Shown>> = BTreeMap::from([(key.to_owned(), Vec::new())]);
    for diagnostic in &analyzed.analysis.diagnostics {
        // A diagnostic without a place is about the document itself.
        let source = analyzed.analysis.sources.get(diagnostic.source);
        let own = source.map_or(key, |source| source.path.as_str());
        let shown = by_key.entry(own.to_owned()).or_default();
        if shown.len() < DIAGNOSTICS_MAX {
            shown.push(converted(snapshot, analyzed, own, diagnostic));
        }
    }
    for list in by_key.values_mut() {
        list.sort_by_key(|shown| (shown.range.start, shown.range.end));
    }
    by_key
}

fn converted(snapshot: &Snapshot, analyzed: &Analyzed, key: &str, diagnostic: &Diagnostic) -> Shown {
    let range = snapshot.range(analyzed, &Place { key: key.to_owned(), span: diagnostic.span });
    let mut message = diagnostic.title.clone();
    if !diagnostic.label.is_empty() {
        message += &format!(": {}", diagnostic.label);
    }
    for note in &diagnostic.notes {
        message += &format!("\nnote: {note}");
    }
    for hint in &diagnostic.hints {
        message += &format!("\nhelp: {hint}");
    }
    let related = diagnostic.labels.iter().filter_map(|label| {
        let place = Place { key: analyzed.key(label.source).to_owned(), span: label.span };
        let location: Location = snapshot.location(analyzed, &place)?;
        Some(DiagnosticRelatedInformation { location, message: label.text.clone() })
    });
    let related: Vec<_> = related.collect();
    let is_deprecation = diagnostic.title.ends_with(" is deprecated");
    Shown {
        range: range.unwrap_or_default(),
        severity: Some(match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        source: Some("lucarne".into()),
        message,
        related_information: (!related.is_empty()).then_some(related),
        tags: is_deprecation.then(|| vec![DiagnosticTag::DEPRECATED]),
        ..Shown::default()
    }
}
