//! The structure of a text: folding, selection, links of imports.

use lsp_types::{
    DocumentLink, DocumentLinkParams, FoldingRange, FoldingRangeKind, FoldingRangeParams, SelectionRange,
    SelectionRangeParams,
};
use lucarne_compiler::resolve::index::Symbol;
use lucarne_compiler::scanner::{Kind, Token};
use lucarne_compiler::source::Span;

use crate::syntax;
use crate::text::Text;
use crate::wire::Fault;
use crate::workspace::{Snapshot, whole};

/// Answers `textDocument/foldingRange`: lines with the more indented ones below them, comments, and imports.
///
/// # Errors
/// If the document cannot be read.
pub fn folding_ranges(
    snapshot: &Snapshot,
    params: FoldingRangeParams,
) -> Result<Option<Vec<FoldingRange>>, Fault> {
    let (_, text) = snapshot.open(&params.text_document.uri)?;
    let tokens = syntax::tokens(text.as_str());
    let mut ranges = Vec::new();
    // The lines that are open: their numbers and indentations.
    let mut open: Vec<(u32, u32)> = Vec::new();
    let mut last = 0;
    for token in &tokens {
        if token.line_start || token.kind == Kind::Eof {
            let indent = if token.kind == Kind::Eof { 0 } else { token.line_indent };
            while let Some((line, _)) = open.pop_if(|(_, known)| *known >= indent) {
                ranges.extend(fold(line, last, FoldingRangeKind::Region));
            }
            open.push((text.line_of(token.span.start), indent));
        }
        last = text.line_of(token.span.end.max(1) - 1);
    }
    ranges.extend(comment_folds(&text, &tokens));
    let file = syntax::parse(text.as_str());
    if let (Some(first), Some(end)) = (file.imports.first(), file.imports.last()) {
        let (first, end) = (text.line_of(first.span.start), text.line_of(end.span.end));
        ranges.extend(fold(first, end, FoldingRangeKind::Imports));
    }
    ranges.sort_by_key(|range| (range.start_line, range.end_line));
    ranges.dedup_by_key(|range| range.start_line);
    Ok(Some(ranges))
}

fn fold(start: u32, end: u32, kind: FoldingRangeKind) -> Option<FoldingRange> {
    (start < end).then(|| FoldingRange {
        start_line: start,
        end_line: end,
        kind: (kind != FoldingRangeKind::Region).then_some(kind),
        ..FoldingRange::default()
    })
}

/// Returns the comments between the tokens that take several lines.
fn comment_folds(text: &Text, tokens: &[Token]) -> Vec<FoldingRange> {
    let mut ranges = Vec::new();
    let mut end = 0;
    for token in tokens {
        let gap = text.slice(Span { start: end, end: token.span.start.max(end) });
        if let Some(start) = gap.find("/*").or_else(|| gap.find("//")) {
            let length = gap.trim_end().len();
            let (first, last) = (text.line_of(end + start as u32), text.line_of(end + length as u32));
            ranges.extend(fold(first, last, FoldingRangeKind::Comment));
        }
        end = token.span.end;
    }
    ranges
}

/// Answers `textDocument/selectionRange`: the word, the expressions around it, the declaration, its class, the file.
///
/// # Errors
/// If the document cannot be read.
pub fn selection_ranges(
    snapshot: &Snapshot,
    params: SelectionRangeParams,
) -> Result<Option<Vec<SelectionRange>>, Fault> {
    let (_, text) = snapshot.open(&params.text_document.uri)?;
    let tokens = syntax::tokens(text.as_str());
    let file = syntax::parse(text.as_str());
    let encoding = snapshot.settings.encoding;
    let mut answers = Vec::new();
    for position in params.positions {
        let at = text.offset(position, encoding);
        let holds = |span: Span| span.start <= at && at <= span.end;
        let mut spans: Vec<Span> = Vec::new();
        syntax::each_expression(&file, &mut |expression| {
            if holds(expression.span) {
                spans.push(expression.span);
            }
        });
        spans.extend(syntax::token_at(&tokens, at).map(|token| token.span));
        for declared in syntax::declarations(&file) {
            let extent = syntax::extent(&tokens, declared.name().start);
            if holds(extent) {
                spans.push(extent);
                spans.extend(declared.doc().map(|doc| doc.span.to(extent)));
            }
        }
        spans.extend(file.imports.iter().map(|import| import.span).filter(|span| holds(*span)));
        spans.push(whole(&text));
        spans.sort_by_key(|span| (span.end - span.start, span.start));
        // Each must hold the one before it.
        let mut nested: Vec<Span> = Vec::new();
        for span in spans {
            let fits = nested
                .last()
                .is_none_or(|inner| span.start <= inner.start && inner.end <= span.end && span != *inner);
            if fits {
                nested.push(span);
            }
        }
        let mut answer = None;
        for span in nested.into_iter().rev() {
            answer = Some(SelectionRange { range: text.range(span, encoding), parent: answer.map(Box::new) });
        }
        answers.extend(answer);
    }
    Ok(Some(answers))
}

/// Answers `textDocument/documentLink`: the files of imports.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn links(snapshot: &Snapshot, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    let analyzed = snapshot.alone(&key)?;
    let Some(source) = analyzed.source(&key) else { return Ok(None) };
    let mut links: Vec<(Span, Symbol)> = Vec::new();
    for name in analyzed.index.of_source(source) {
        if !matches!(name.symbol, Symbol::Module(_)) {
            continue;
        }
        match links.last_mut() {
            // The segments of one import are one link.
            Some((span, symbol))
                if *symbol == name.symbol && text.line_of(span.end) == text.line_of(name.span.start) =>
            {
                *span = span.to(name.span);
            }
            _ => links.push((name.span, name.symbol.clone())),
        }
    }
    let encoding = snapshot.settings.encoding;
    let links = links.into_iter().map(|(span, symbol)| DocumentLink {
        range: text.range(span, encoding),
        target: analyzed.definition(&symbol).and_then(|place| snapshot.uri(&place.key)),
        tooltip: None,
        data: None,
    });
    Ok(Some(links.collect()))
}
