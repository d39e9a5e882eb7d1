//! Definitions, declarations, the definitions of types, and implementations.

use lsp_types::{GotoDefinitionParams, GotoDefinitionResponse, Location};
use lucarne_compiler::resolve::index::{Role, Symbol, Use};

use super::references::{Kin, family};
use crate::analyzed::{Analyzed, Place};
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// Answers `textDocument/definition` and `textDocument/declaration`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn definition(
    snapshot: &Snapshot,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, Fault> {
    found(snapshot, &params, |_, names| meant(names).iter().map(|name| name.symbol.clone()).collect())
}

/// Answers `textDocument/typeDefinition`.
///
/// # Errors
/// As for [`definition`].
pub fn type_definition(
    snapshot: &Snapshot,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, Fault> {
    found(snapshot, &params, |analyzed, names| {
        let classes = names.iter().filter_map(|name| analyzed.class_of_value(&name.symbol));
        classes.map(Symbol::Class).collect()
    })
}

/// Answers `textDocument/implementation`: the classes below a class, and the methods that override a method.
///
/// # Errors
/// As for [`definition`].
pub fn implementation(
    snapshot: &Snapshot,
    params: GotoDefinitionParams,
) -> Result<Option<GotoDefinitionResponse>, Fault> {
    found(snapshot, &params, |analyzed, names| {
        let mut symbols = Vec::new();
        for name in meant(names) {
            match &name.symbol {
                Symbol::Class(class) => {
                    symbols.extend(Kin::new(analyzed).below(*class).into_iter().map(Symbol::Class));
                }
                symbol if analyzed.is_member(symbol) => {
                    let is_concrete = |member: &Symbol| !is_abstract(analyzed, member);
                    symbols.extend(family(analyzed, symbol).into_iter().filter(is_concrete));
                }
                _ => {}
            }
        }
        symbols
    })
}

/// Returns whether a member is declared by an interface, or is abstract.
fn is_abstract(analyzed: &Analyzed, symbol: &Symbol) -> bool {
    let holder = analyzed.holder(symbol).and_then(|class| analyzed.class(class));
    if holder.is_some_and(|class| class.kind == lucarne_compiler::ir::ClassKind::Interface) {
        return true;
    }
    let place = analyzed.definition(symbol);
    let text = place.and_then(|place| Some((analyzed.text(&place.key)?, place.span)));
    text.is_some_and(|(text, span)| {
        let line = text.line(text.line_of(span.start));
        text.slice(lucarne_compiler::source::Span { end: span.start, ..line }).contains("abstract")
    })
}

fn found(
    snapshot: &Snapshot,
    params: &GotoDefinitionParams,
    symbols: impl FnOnce(&Analyzed, &[Use]) -> Vec<Symbol>,
) -> Result<Option<GotoDefinitionResponse>, Fault> {
    let at = &params.text_document_position_params;
    let (key, _, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let analyzed = snapshot.alone(&key)?;
    let names = analyzed.names_at(&key, offset);
    let mut locations: Vec<Location> = Vec::new();
    for symbol in symbols(&analyzed, names) {
        let place = analyzed.definition(&symbol).map(|place| whole_name(&analyzed, place));
        let location = place.and_then(|place| snapshot.location(&analyzed, &place));
        locations.extend(location.filter(|location| !locations.contains(location)));
    }
    Ok((!locations.is_empty()).then_some(GotoDefinitionResponse::Array(locations)))
}

/// Extends the place of a name over what belongs to it: the dashes and brackets of a parameter, the word before the name
/// of a constructor.
fn whole_name(analyzed: &Analyzed, mut place: Place) -> Place {
    let source = analyzed.source(&place.key).and_then(|source| analyzed.analysis.sources.get(source));
    let text = source.map(|source| source.text.as_str()).or_else(|| lucarne_library::text(&place.key));
    let before = text.and_then(|text| text.get(..place.span.start as usize)).unwrap_or("");
    let rest = match before.strip_suffix("constructor.") {
        Some(rest) => rest,
        None => {
            let rest = before.strip_suffix("--").unwrap_or(before);
            rest.strip_suffix('[').unwrap_or(rest)
        }
    };
    place.span.start = rest.len() as u32;
    place
}

/// Returns the meanings of a name that a reader has in mind: of a class and its constructor, which is called there, the
/// constructor; of a parameter that sets a field, the field.
pub fn meant(names: &[Use]) -> Vec<&Use> {
    let has_maker = names.iter().any(|name| {
        matches!(name.symbol, Symbol::Function(_)) && matches!(name.role, Role::Read | Role::Candidate)
    });
    let has_field =
        names.iter().any(|name| matches!(name.symbol, Symbol::Field(_)) && name.role != Role::Definition);
    let is_meant = |name: &&Use| match name.symbol {
        Symbol::Class(_) => !has_maker,
        Symbol::Parameter(..) | Symbol::Local(..) => !has_field,
        Symbol::Member(_) => false,
        _ => true,
    };
    names.iter().filter(is_meant).collect()
}
