//! The text about the name under the pointer: its declaration and its documentation.

use lsp_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};
use lucarne_compiler::resolve::index::Symbol;

use super::definition::meant;
use crate::analyzed::Analyzed;
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// Answers `textDocument/hover`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn hover(snapshot: &Snapshot, params: HoverParams) -> Result<Option<Hover>, Fault> {
    let at = &params.text_document_position_params;
    let (key, text, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let analyzed = snapshot.alone(&key)?;
    let names = analyzed.names_at(&key, offset);
    let mut sections: Vec<String> = Vec::new();
    for name in meant(names) {
        let section = section(&analyzed, &name.symbol);
        sections.extend(section.filter(|section| !sections.contains(section)));
    }
    if sections.is_empty() {
        return Ok(None);
    }
    let value = sections.join("\n\n---\n\n");
    let range = names.first().map(|name| text.range(name.span, snapshot.settings.encoding));
    let contents = HoverContents::Markup(MarkupContent { kind: MarkupKind::Markdown, value });
    Ok(Some(Hover { contents, range }))
}

/// Returns the text about a declaration, in Markdown.
pub fn section(analyzed: &Analyzed, symbol: &Symbol) -> Option<String> {
    let mut documentation = analyzed.documentation(symbol);
    if let (Symbol::Function(id), None) = (symbol, &documentation)
        && let Some(function) = analyzed.function(*id)
        && function.name == "constructor"
    {
        documentation = function.holder.and_then(|class| analyzed.documentation(&Symbol::Class(class)));
    }
    // The text at an import names the file that it imports.
    if let (Symbol::Module(_), None) = (symbol, &documentation) {
        return None;
    }
    let title = analyzed.title(symbol)?;
    let mut text = format!("```toit\n{title}\n```");
    if let Some(documentation) = documentation {
        text += "\n\n";
        text += &documentation;
    }
    Some(text)
}
