//! Which warnings concern the documentation: those about comments. `lucarne check` reports all.

use std::collections::HashMap;

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::scanner;
use lucarne_compiler::source::{SourceId, Sources, Span};
use lucarne_toit::Analysis;

/// Removes the warnings that are not about comments.
pub(crate) fn keep_those_of_comments(analysis: &mut Analysis) {
    let mut known: HashMap<SourceId, Vec<Span>> = HashMap::new();
    let sources = &analysis.sources;
    analysis.diagnostics.retain(|problem: &Diagnostic| {
        if problem.is_error() {
            return true;
        }
        let comments = known.entry(problem.source).or_insert_with(|| comments(sources, problem.source));
        let next = comments.partition_point(|comment| comment.end <= problem.span.start);
        comments.get(next).is_some_and(|comment| comment.start <= problem.span.start)
    });
}

/// Returns the comments of a source, in order.
fn comments(sources: &Sources, source: SourceId) -> Vec<Span> {
    let Some(text) = sources.get(source).map(|source| source.text.as_str()) else { return Vec::new() };
    let mut spans = Vec::new();
    let mut last = 0;
    for token in scanner::scan(source, text).tokens {
        let between = scanner::comments(text, last, token.span.start as usize);
        spans.extend(between.map(|comment| comment.span));
        last = last.max(token.span.end as usize);
    }
    spans
}
