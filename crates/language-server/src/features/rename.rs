//! Renaming of a declaration and of all that refers to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use lsp_types::{
    PrepareRenameResponse, Range, RenameParams, TextDocumentPositionParams, TextEdit, Uri, WorkspaceEdit,
};
use lucarne_compiler::names::canonical;
use lucarne_compiler::resolve::index::{Role, Symbol};
use lucarne_compiler::scanner::is_keyword;
use lucarne_compiler::source::Span;

use self::meaning::Renaming;
use super::references::{Found, related, uses};
use crate::analyzed::Analyzed;
use crate::syntax;
use crate::wire::{Fault, code};
use crate::workspace::{Snapshot, failed};

mod meaning;

/// Answers `textDocument/prepareRename`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn prepare(
    snapshot: &Snapshot,
    params: TextDocumentPositionParams,
) -> Result<Option<PrepareRenameResponse>, Fault> {
    let (key, text, offset) = snapshot.locate(&params.text_document.uri, params.position)?;
    let analyzed = snapshot.analyzed(&key)?;
    let Some((span, _)) = target(&analyzed, &key, offset) else { return Ok(None) };
    let range = text.range(span, snapshot.settings.encoding);
    let placeholder = canonical(text.slice(span)).to_string();
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder }))
}

/// Answers `textDocument/rename`.
///
/// # Errors
/// If the new name is not a name, the rename would change what the program means, the document cannot be read, the project is
/// too large, or the request is canceled.
pub fn rename(snapshot: &Snapshot, params: RenameParams) -> Result<Option<WorkspaceEdit>, Fault> {
    let at = &params.text_document_position;
    let (key, _, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let new = params.new_name.trim();
    let is_name = new.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
        && syntax::identifier(new, 0).range().len() == new.len();
    if !is_name || is_keyword(new) || new == "_" {
        let message = format!("`{new}` is not a name");
        return Err(Fault { code: code::INVALID_PARAMS, ..failed(message) });
    }
    let analyzed = snapshot.analyzed(&key)?;
    let Some((_, symbols)) = target(&analyzed, &key, offset) else { return Ok(None) };
    let is_main = |symbol: &Symbol| {
        matches!(symbol, Symbol::Function(_))
            && analyzed.holder(symbol).is_none()
            && analyzed.name(symbol) == "main"
    };
    if symbols.iter().any(is_main) {
        return Err(failed("not renamed: a program begins with its `main`".to_owned()));
    }
    let mut edits: BTreeMap<String, BTreeMap<Span, Range>> = BTreeMap::new();
    let all = uses(snapshot, &key, &analyzed, &symbols, Some(new))?;
    for found in &all {
        if let Some(reason) = meaning::ambiguity(found) {
            return Err(failed(format!("not renamed: {reason}")));
        }
        if found.symbols.iter().any(|symbol| found.analyzed.is_of_library(symbol)) {
            return Ok(None);
        }
        for name in found.names().filter(|name| name.role != Role::Keyword) {
            let place = found.analyzed.place_of(name);
            if let Some(range) = snapshot.range(&found.analyzed, &place) {
                edits.entry(place.key).or_default().insert(place.span, range);
            }
        }
    }
    check(snapshot, &all, &edits, new)?;
    let edit = |range| TextEdit { range, new_text: new.to_owned() };
    let of_file = |(key, places): (String, BTreeMap<Span, Range>)| {
        Some((snapshot.uri(&key)?, places.into_values().map(edit).collect()))
    };
    Ok(Some(workspace_edit(edits.into_iter().filter_map(of_file))))
}

/// Checks that a rename keeps the meaning of all programs that contain the old or the new name.
///
/// # Errors
/// If it does not, or the request is canceled.
fn check(
    snapshot: &Snapshot,
    all: &[Found],
    edits: &BTreeMap<String, BTreeMap<Span, Range>>,
    new: &str,
) -> Result<(), Fault> {
    let places = edits.iter().map(|(key, places)| (key.clone(), places.keys().copied().collect()));
    let renaming = Renaming { places: places.collect(), new: new.to_owned() };
    for found in all {
        if let Some(reason) = meaning::changed(snapshot, found, &renaming)? {
            return Err(failed(format!("not renamed: {reason}")));
        }
    }
    Ok(())
}

/// Returns the change of some documents.
pub fn workspace_edit(edits: impl Iterator<Item = (Uri, Vec<TextEdit>)>) -> WorkspaceEdit {
    WorkspaceEdit { changes: Some(edits.collect()), ..WorkspaceEdit::default() }
}

/// Returns the name at a place and the declarations that it renames; none if they cannot be renamed.
fn target(analyzed: &Arc<Analyzed>, key: &str, offset: u32) -> Option<(Span, Vec<Symbol>)> {
    let names = analyzed.names_at(key, offset);
    let span = names.first()?.span;
    let written = analyzed.text(key)?.slice(span).to_owned();
    let mut symbols: Vec<Symbol> = Vec::new();
    for name in names.iter().filter(|name| !matches!(name.role, Role::Keyword)) {
        // The prefix of an import without `as` is the name of a file.
        let is_implicit = matches!(&name.symbol, Symbol::Prefix(source, place) if {
            let text = analyzed.analysis.sources.get(*source).map_or("", |source| &source.text);
            let before = text.get(..place.start as usize).unwrap_or("").trim_end();
            !before.ends_with(" as")
        });
        let is_fixed = is_implicit
            || matches!(name.symbol, Symbol::Module(_) | Symbol::Label(..) | Symbol::Member(_))
            // Operators, `constructor`, and the constructor that a class is called by.
            || *canonical(&analyzed.name(&name.symbol)) != *canonical(&written);
        if !is_fixed {
            symbols.push(name.symbol.clone());
        }
    }
    let is_of_library = |symbol: &Symbol| {
        related(analyzed, symbol).iter().any(|symbol| {
            analyzed.is_of_library(symbol)
                || analyzed.definition(symbol).is_some_and(|place| place.key.contains("/.packages/"))
        })
    };
    let is_word = syntax::identifier(&written, 0).range().len() == written.len() && !written.is_empty();
    if symbols.is_empty() || !is_word || is_keyword(&written) || symbols.iter().any(is_of_library) {
        return None;
    }
    Some((span, symbols))
}
