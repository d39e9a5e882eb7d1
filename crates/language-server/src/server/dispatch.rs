//! From the method of a request to its answer.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::features::{
    actions, completion, definition, formatting, hierarchy, hints, hover, references, rename, signature,
    structure, symbols, tokens,
};
use crate::wire::{Fault, code};
use crate::workspace::{Snapshot, failed};

/// Answers the requests of one method.
pub type Handler = fn(&Snapshot, Value) -> Result<Value, Fault>;

/// Makes a handler of a function that takes the parameters as a structure.
macro_rules! handler {
    ($function:path) => {
        |snapshot, params| {
            let result = $function(snapshot, parameters(params)?)?;
            value(result)
        }
    };
}

/// The methods with their handlers.
pub const METHODS: &[(&str, Handler)] = &[
    ("callHierarchy/incomingCalls", handler!(hierarchy::incoming)),
    ("callHierarchy/outgoingCalls", handler!(hierarchy::outgoing)),
    ("completionItem/resolve", handler!(completion::resolve)),
    ("textDocument/codeAction", handler!(actions::actions)),
    ("textDocument/completion", handler!(completion::completion)),
    ("textDocument/declaration", handler!(definition::definition)),
    ("textDocument/definition", handler!(definition::definition)),
    ("textDocument/documentHighlight", handler!(references::highlights)),
    ("textDocument/documentLink", handler!(structure::links)),
    ("textDocument/documentSymbol", handler!(symbols::document_symbols)),
    ("textDocument/foldingRange", handler!(structure::folding_ranges)),
    ("textDocument/formatting", handler!(formatting::document)),
    ("textDocument/hover", handler!(hover::hover)),
    ("textDocument/implementation", handler!(definition::implementation)),
    ("textDocument/inlayHint", handler!(hints::inlay_hints)),
    ("textDocument/prepareCallHierarchy", handler!(hierarchy::prepare_calls)),
    ("textDocument/prepareRename", handler!(rename::prepare)),
    ("textDocument/prepareTypeHierarchy", handler!(hierarchy::prepare_types)),
    ("textDocument/rangeFormatting", handler!(formatting::range)),
    ("textDocument/references", handler!(references::references)),
    ("textDocument/rename", handler!(rename::rename)),
    ("textDocument/selectionRange", handler!(structure::selection_ranges)),
    ("textDocument/semanticTokens/full", handler!(tokens::full)),
    ("textDocument/semanticTokens/range", handler!(tokens::range)),
    ("textDocument/signatureHelp", handler!(signature::signature_help)),
    ("textDocument/typeDefinition", handler!(definition::type_definition)),
    ("typeHierarchy/subtypes", handler!(hierarchy::subtypes)),
    ("typeHierarchy/supertypes", handler!(hierarchy::supertypes)),
    ("workspace/symbol", handler!(symbols::workspace_symbols)),
];

fn find(method: &str) -> Option<Handler> {
    METHODS.iter().find(|(name, _)| *name == method).map(|(_, handler)| *handler)
}

/// Returns whether a method exists.
pub(super) fn exists(method: &str) -> bool {
    find(method).is_some()
}

/// Answers a request.
///
/// # Errors
/// If the method does not exist, the parameters do not fit it, or it fails.
pub fn answer(snapshot: &Snapshot, method: &str, params: Value) -> Result<Value, Fault> {
    match find(method) {
        Some(handler) => handler(snapshot, params),
        None => Err(Fault { code: code::METHOD_NOT_FOUND, ..failed(format!("unknown method `{method}`")) }),
    }
}

/// Converts the parameters of a request or notification.
pub(super) fn parameters<T: DeserializeOwned>(params: Value) -> Result<T, Fault> {
    serde_json::from_value(params)
        .map_err(|error| Fault { code: code::INVALID_PARAMS, ..failed(format!("wrong parameters: {error}")) })
}

fn value(result: impl Serialize) -> Result<Value, Fault> {
    serde_json::to_value(result).map_err(|error| Fault {
        code: code::INTERNAL_ERROR,
        ..failed(format!("the result is not JSON: {error}"))
    })
}
