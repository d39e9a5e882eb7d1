//! Hierarchies: who calls a function and whom it calls, and the classes above and below a class.

use std::collections::BTreeMap;

use lsp_types::{
    CallHierarchyIncomingCall, CallHierarchyIncomingCallsParams, CallHierarchyItem,
    CallHierarchyOutgoingCall, CallHierarchyOutgoingCallsParams, CallHierarchyPrepareParams, Range,
    SymbolKind, TypeHierarchyItem, TypeHierarchyPrepareParams, TypeHierarchySubtypesParams,
    TypeHierarchySupertypesParams, Uri,
};
use lucarne_compiler::ir::{ClassId, ClassKind, FunctionKind};
use lucarne_compiler::resolve::index::{Role, Symbol};
use lucarne_compiler::source::Span;
use std::sync::Arc;

use super::definition::meant;
use super::references::{Kin, directly_above, uses};
use crate::analyzed::{Analyzed, Place, module_of};
use crate::syntax::{self, Declared};
use crate::text::Text;
use crate::wire::Fault;
use crate::workspace::Snapshot;

// Calls.

/// Answers `textDocument/prepareCallHierarchy`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn prepare_calls(
    snapshot: &Snapshot,
    params: CallHierarchyPrepareParams,
) -> Result<Option<Vec<CallHierarchyItem>>, Fault> {
    let at = &params.text_document_position_params;
    let (key, _, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let analyzed = snapshot.analyzed(&key)?;
    let functions = meant(analyzed.names_at(&key, offset)).into_iter();
    let functions = functions.filter(|name| matches!(name.symbol, Symbol::Function(_)));
    let items: Vec<_> = functions.filter_map(|name| call_item(snapshot, &analyzed, &name.symbol)).collect();
    Ok((!items.is_empty()).then_some(items))
}

fn call_item(snapshot: &Snapshot, analyzed: &Analyzed, symbol: &Symbol) -> Option<CallHierarchyItem> {
    let Symbol::Function(id) = symbol else { return None };
    let place = analyzed.definition(symbol)?;
    let (_, text) = analyzed.module_text(module_of(symbol)?)?;
    let extent = syntax::extent(&syntax::tokens(text), place.span.start);
    let kind = match analyzed.function(*id)?.kind {
        FunctionKind::Static => SymbolKind::FUNCTION,
        FunctionKind::Method | FunctionKind::Setter => SymbolKind::METHOD,
        _ => SymbolKind::CONSTRUCTOR,
    };
    Some(CallHierarchyItem {
        name: analyzed.name(symbol),
        kind,
        tags: None,
        detail: analyzed.title(symbol),
        uri: snapshot.uri(&place.key)?,
        range: snapshot.range(analyzed, &Place { key: place.key.clone(), span: extent.to(place.span) })?,
        selection_range: snapshot.range(analyzed, &place)?,
        data: None,
    })
}

/// Answers `callHierarchy/incomingCalls`.
///
/// # Errors
/// If the document cannot be read, the project is too large, or the request is canceled.
pub fn incoming(
    snapshot: &Snapshot,
    params: CallHierarchyIncomingCallsParams,
) -> Result<Option<Vec<CallHierarchyIncomingCall>>, Fault> {
    let item = params.item;
    let (key, analyzed, symbols) = symbols_at(snapshot, &item.uri, item.selection_range)?;
    let mut callers: BTreeMap<(String, Span), CallHierarchyIncomingCall> = BTreeMap::new();
    for found in uses(snapshot, &key, &analyzed, &symbols, None)? {
        let mut parsed: BTreeMap<String, Vec<(Symbol, Span)>> = BTreeMap::new();
        for name in found.names().filter(|name| is_call(name.role)) {
            let place = found.analyzed.place_of(name);
            let functions =
                parsed.entry(place.key.clone()).or_insert_with(|| functions_of(&found.analyzed, &place.key));
            let holder = functions
                .iter()
                .rfind(|(_, extent)| extent.start <= place.span.start && place.span.end <= extent.end);
            let Some((function, extent)) = holder else { continue };
            let Some(range) = snapshot.range(&found.analyzed, &place) else { continue };
            match callers.get_mut(&(place.key.clone(), *extent)) {
                Some(known) => known.from_ranges.push(range),
                None => {
                    let Some(from) = call_item(snapshot, &found.analyzed, function) else { continue };
                    let call = CallHierarchyIncomingCall { from, from_ranges: vec![range] };
                    callers.insert((place.key, *extent), call);
                }
            }
        }
    }
    Ok(Some(callers.into_values().collect()))
}

/// Answers `callHierarchy/outgoingCalls`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn outgoing(
    snapshot: &Snapshot,
    params: CallHierarchyOutgoingCallsParams,
) -> Result<Option<Vec<CallHierarchyOutgoingCall>>, Fault> {
    let item = params.item;
    let (key, analyzed, symbols) = symbols_at(snapshot, &item.uri, item.selection_range)?;
    let functions = functions_of(&analyzed, &key);
    let Some((_, extent)) = functions.into_iter().find(|(function, _)| symbols.contains(function)) else {
        return Ok(None);
    };
    let Some(source) = analyzed.source(&key) else { return Ok(None) };
    let mut calls: Vec<(Symbol, CallHierarchyOutgoingCall)> = Vec::new();
    for name in analyzed.index.of_source(source) {
        let is_inside = extent.start <= name.span.start && name.span.end <= extent.end;
        if !is_inside || !is_call(name.role) || !matches!(name.symbol, Symbol::Function(_)) {
            continue;
        }
        let Some(range) = snapshot.range(&analyzed, &analyzed.place_of(name)) else { continue };
        match calls.iter_mut().find(|(symbol, _)| *symbol == name.symbol) {
            Some((_, known)) => known.from_ranges.push(range),
            None => {
                let Some(to) = call_item(snapshot, &analyzed, &name.symbol) else { continue };
                calls.push((name.symbol.clone(), CallHierarchyOutgoingCall { to, from_ranges: vec![range] }));
            }
        }
    }
    Ok(Some(calls.into_iter().map(|(_, call)| call).collect()))
}

fn is_call(role: Role) -> bool {
    matches!(role, Role::Read | Role::Write | Role::Keyword)
}

/// Returns the functions of a document with their extents.
fn functions_of(analyzed: &Analyzed, key: &str) -> Vec<(Symbol, Span)> {
    let Some(text) = analyzed.text(key) else { return Vec::new() };
    let (file, tokens) = (syntax::parse(text.as_str()), syntax::tokens(text.as_str()));
    let mut functions = Vec::new();
    for declared in syntax::declarations(&file) {
        if let Declared::Function(..) = declared {
            let place = Place { key: key.to_owned(), span: declared.name() };
            let mut defined = analyzed.defined_at(&place).into_iter();
            let function = defined.rfind(|symbol| matches!(symbol, Symbol::Function(_)));
            functions.extend(function.map(|symbol| (symbol, syntax::extent(&tokens, declared.name().start))));
        }
    }
    functions
}

/// Returns the declarations that are defined at a place of an item.
fn symbols_at(
    snapshot: &Snapshot,
    uri: &Uri,
    range: Range,
) -> Result<(String, Arc<Analyzed>, Vec<Symbol>), Fault> {
    let (key, _, offset): (_, Arc<Text>, _) = snapshot.locate(uri, range.start)?;
    let analyzed = snapshot.analyzed(&key)?;
    let names = analyzed.names_at(&key, offset).iter().filter(|name| name.role == Role::Definition);
    let symbols = names.map(|name| name.symbol.clone()).collect();
    Ok((key, analyzed, symbols))
}

// Types.

/// Answers `textDocument/prepareTypeHierarchy`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn prepare_types(
    snapshot: &Snapshot,
    params: TypeHierarchyPrepareParams,
) -> Result<Option<Vec<TypeHierarchyItem>>, Fault> {
    let at = &params.text_document_position_params;
    let (key, _, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let analyzed = snapshot.analyzed(&key)?;
    let mut classes = analyzed.names_at(&key, offset).iter().filter_map(|name| match name.symbol {
        Symbol::Class(id) => Some(id),
        _ => None,
    });
    Ok(classes.next().and_then(|id| type_item(snapshot, &analyzed, id)).map(|item| vec![item]))
}

/// Answers `typeHierarchy/supertypes`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn supertypes(
    snapshot: &Snapshot,
    params: TypeHierarchySupertypesParams,
) -> Result<Option<Vec<TypeHierarchyItem>>, Fault> {
    let (_, analyzed, symbols) = symbols_at(snapshot, &params.item.uri, params.item.selection_range)?;
    let above = classes(&symbols).flat_map(|id| directly_above(&analyzed, id));
    Ok(Some(above.filter_map(|id| type_item(snapshot, &analyzed, id)).collect()))
}

/// Answers `typeHierarchy/subtypes`.
///
/// # Errors
/// If the document cannot be read, the project is too large, or the request is canceled.
pub fn subtypes(
    snapshot: &Snapshot,
    params: TypeHierarchySubtypesParams,
) -> Result<Option<Vec<TypeHierarchyItem>>, Fault> {
    let (key, analyzed, symbols) = symbols_at(snapshot, &params.item.uri, params.item.selection_range)?;
    let mut items: Vec<TypeHierarchyItem> = Vec::new();
    for found in uses(snapshot, &key, &analyzed, &symbols, None)? {
        let kin = Kin::new(&found.analyzed);
        let all: Vec<Symbol> = found.symbols.iter().cloned().collect();
        for below in classes(&all).flat_map(|id| kin.directly_below(id).to_vec()) {
            let item = type_item(snapshot, &found.analyzed, below);
            items.extend(item.filter(|item| !items.contains(item)));
        }
    }
    items.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(items))
}

fn classes(symbols: &[Symbol]) -> impl Iterator<Item = ClassId> {
    symbols.iter().filter_map(|symbol| match symbol {
        Symbol::Class(id) => Some(*id),
        _ => None,
    })
}

fn type_item(snapshot: &Snapshot, analyzed: &Analyzed, id: ClassId) -> Option<TypeHierarchyItem> {
    let symbol = Symbol::Class(id);
    let place = analyzed.definition(&symbol)?;
    let (_, text) = analyzed.module_text(id.module)?;
    let extent = syntax::extent(&syntax::tokens(text), place.span.start);
    let kind = match analyzed.class(id)?.kind {
        ClassKind::Interface => SymbolKind::INTERFACE,
        _ => SymbolKind::CLASS,
    };
    Some(TypeHierarchyItem {
        name: analyzed.name(&symbol),
        kind,
        tags: None,
        detail: analyzed.title(&symbol),
        uri: snapshot.uri(&place.key)?,
        range: snapshot.range(analyzed, &Place { key: place.key.clone(), span: extent.to(place.span) })?,
        selection_range: snapshot.range(analyzed, &place)?,
        data: None,
    })
}
