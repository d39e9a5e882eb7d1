//! Signature help: the parameters of the function that is being called.

use lsp_types::{
    Documentation, MarkupContent, MarkupKind, ParameterInformation, ParameterLabel, SignatureHelp,
    SignatureHelpParams, SignatureInformation,
};
use lucarne_compiler::resolve::index::Symbol;
use lucarne_compiler::source::SourceId;

use crate::analyzed::Analyzed;
use crate::syntax;
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// The name that is put in where the next argument will stand.
const PLACEHOLDER: &str = "signature-place";

/// Answers `textDocument/signatureHelp`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn signature_help(
    snapshot: &Snapshot,
    params: SignatureHelpParams,
) -> Result<Option<SignatureHelp>, Fault> {
    let at = &params.text_document_position_params;
    let (key, text, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let (before, after) = text.as_str().split_at(offset as usize);
    let is_between =
        before.ends_with([' ', '(', '=']) && !after.starts_with(|letter: char| letter.is_alphanumeric());
    let changed = if is_between { format!("{before}{PLACEHOLDER}{after}") } else { text.as_str().to_owned() };
    let file = syntax::parse(&changed);
    let Some(call) = syntax::call_at(&file, offset) else { return Ok(None) };
    let analyzed = snapshot.probed(&key, &changed, offset)?;
    let mut functions = Vec::new();
    for name in analyzed.index.at(SourceId(0), call.callee.start) {
        if let Symbol::Function(id) = name.symbol {
            for id in analyzed.overloads(id) {
                if !functions.contains(&id) {
                    functions.push(id);
                }
            }
        }
    }
    if functions.is_empty() {
        return Ok(None);
    }
    let argument = call.at.and_then(|place| call.arguments.get(place));
    let named = argument.and_then(|argument| argument.name.as_ref()).map(|name| name.name.to_string());
    let unnamed =
        call.arguments.iter().take(call.at.unwrap_or(0)).filter(|argument| argument.name.is_none()).count();
    let mut signatures: Vec<SignatureInformation> = Vec::new();
    for id in &functions {
        signatures.extend(signature(&analyzed, &Symbol::Function(*id), named.as_deref(), unnamed));
    }
    // The first function that has a parameter for this argument.
    let active = signatures.iter().position(|signature| signature.active_parameter.is_some()).unwrap_or(0);
    let active_parameter = signatures.get(active).and_then(|signature| signature.active_parameter);
    Ok(Some(SignatureHelp { signatures, active_signature: Some(active as u32), active_parameter }))
}

fn signature(
    analyzed: &Analyzed,
    symbol: &Symbol,
    named: Option<&str>,
    unnamed: usize,
) -> Option<SignatureInformation> {
    let Symbol::Function(id) = symbol else { return None };
    let function = analyzed.function(*id)?;
    let label = analyzed.title(symbol)?;
    let parameters = (0..function.parameters.len()).map(|index| ParameterInformation {
        label: ParameterLabel::Simple(analyzed.parameter_text(function, index)),
        documentation: None,
    });
    let active = match named {
        Some(name) => {
            function.parameters.iter().position(|parameter| parameter.is_named && parameter.name == name)
        }
        None => {
            let places = function.parameters.iter().enumerate().filter(|(_, parameter)| !parameter.is_named);
            places.map(|(place, _)| place).nth(unnamed)
        }
    };
    let documentation = analyzed
        .documentation(symbol)
        .map(|value| Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }));
    Some(SignatureInformation {
        label,
        documentation,
        parameters: Some(parameters.collect()),
        active_parameter: active.map(|place| place as u32),
    })
}
