//! The declarations of a document, and of all documents of the workspace.

use std::collections::BTreeSet;

use lsp_types::{
    DocumentSymbol, DocumentSymbolParams, DocumentSymbolResponse, Location, OneOf, SymbolKind, SymbolTag,
    WorkspaceSymbol, WorkspaceSymbolParams, WorkspaceSymbolResponse,
};
use lucarne_compiler::ast::{ClassKind, Declaration, Doc, File, Function, FunctionName, Variable};
use lucarne_compiler::scanner::Token;
use lucarne_compiler::source::Span;

use super::references::add_files;
use crate::syntax;
use crate::text::{Encoding, Text};
use crate::wire::Fault;
use crate::workspace::{Snapshot, canceled};

/// The maximum number of symbols of the workspace in an answer.
const WORKSPACE_SYMBOLS_MAX: usize = 1_000;

/// Answers `textDocument/documentSymbol`.
///
/// # Errors
/// If the document cannot be read.
pub fn document_symbols(
    snapshot: &Snapshot,
    params: DocumentSymbolParams,
) -> Result<Option<DocumentSymbolResponse>, Fault> {
    let (_, text) = snapshot.open(&params.text_document.uri)?;
    Ok(Some(DocumentSymbolResponse::Nested(outline(&text, snapshot.settings.encoding))))
}

/// Returns the declarations of a text.
pub fn outline(text: &Text, encoding: Encoding) -> Vec<DocumentSymbol> {
    let file: File = syntax::parse(text.as_str());
    let outline = Outline { text, encoding, tokens: syntax::tokens(text.as_str()) };
    file.declarations.iter().map(|declaration| outline.symbol(declaration, false)).collect()
}

struct Outline<'t> {
    text: &'t Text,
    encoding: Encoding,
    tokens: Vec<Token>,
}

impl Outline<'_> {
    fn symbol(&self, declaration: &Declaration, is_member: bool) -> DocumentSymbol {
        match declaration {
            Declaration::Class(class) => {
                let kind = match class.kind {
                    ClassKind::Interface => SymbolKind::INTERFACE,
                    ClassKind::Class | ClassKind::Mixin | ClassKind::Monitor => SymbolKind::CLASS,
                };
                let detail = (class.kind != ClassKind::Class).then(|| class.kind.keyword().to_owned());
                let mut symbol = self.make(&class.name.name, detail, kind, class.name.span, &class.doc);
                symbol.children =
                    Some(class.members.iter().map(|member| self.symbol(member, true)).collect());
                symbol
            }
            Declaration::Function(function) => self.function(function, is_member),
            Declaration::Variable(variable) => self.variable(variable, is_member),
        }
    }

    fn function(&self, function: &Function, is_member: bool) -> DocumentSymbol {
        let (name, kind) = match &function.name {
            FunctionName::Plain(name) if is_member && function.static_at.is_none() => {
                (name.name.to_string(), SymbolKind::METHOD)
            }
            FunctionName::Plain(name) => (name.name.to_string(), SymbolKind::FUNCTION),
            FunctionName::Setter(name) => (format!("{}=", name.name), SymbolKind::PROPERTY),
            FunctionName::Operator(name) => (format!("operator {}", name.name), SymbolKind::OPERATOR),
            FunctionName::Constructor(_) => ("constructor".to_owned(), SymbolKind::CONSTRUCTOR),
            FunctionName::NamedConstructor(name) => {
                (format!("constructor.{}", name.name), SymbolKind::CONSTRUCTOR)
            }
        };
        // The parameters and the result as they are written, without the line ends.
        let head = syntax::extent(&self.tokens, function.name.span().start);
        let parameters = function.parameters.iter().map(|parameter| {
            let ty =
                parameter.ty.as_ref().map(|ty| format!("/{}", self.text.slice(ty.span))).unwrap_or_default();
            let dashes = if parameter.is_named { "--" } else { "" };
            let written = format!("{dashes}{}{ty}", parameter.name.name);
            if parameter.is_block { format!("[{written}]") } else { written }
        });
        let mut detail = parameters.collect::<Vec<_>>().join(" ");
        if let Some(ty) = &function.return_type {
            detail += &format!(" -> {}", self.text.slice(ty.span));
        }
        let detail = Some(detail.trim().to_owned()).filter(|detail| !detail.is_empty());
        let mut symbol = self.make(&name, detail, kind, function.name.span(), &function.doc);
        symbol.range = self.text.range(head, self.encoding);
        symbol
    }

    fn variable(&self, variable: &Variable, is_member: bool) -> DocumentSymbol {
        let kind = match (is_member && variable.static_at.is_none(), variable.is_final) {
            (true, _) => SymbolKind::FIELD,
            (false, true) => SymbolKind::CONSTANT,
            (false, false) => SymbolKind::VARIABLE,
        };
        let detail = variable.ty.as_ref().map(|ty| self.text.slice(ty.span).to_owned());
        self.make(&variable.name.name, detail, kind, variable.name.span, &variable.doc)
    }

    fn make(
        &self,
        name: &str,
        detail: Option<String>,
        kind: SymbolKind,
        span: Span,
        doc: &Option<Doc>,
    ) -> DocumentSymbol {
        let extent = syntax::extent(&self.tokens, span.start).to(span);
        let is_deprecated = doc.as_ref().is_some_and(|doc| doc.text.contains("Deprecated."));
        #[allow(deprecated, reason = "the structure has no default")]
        DocumentSymbol {
            // The protocol forbids empty names, which incomplete code has.
            name: if name.is_empty() { "?".to_owned() } else { name.to_owned() },
            detail,
            kind,
            tags: is_deprecated.then(|| vec![SymbolTag::DEPRECATED]),
            deprecated: None,
            range: self.text.range(extent, self.encoding),
            selection_range: self.text.range(span, self.encoding),
            children: None,
        }
    }
}

/// Answers `workspace/symbol`: the declarations whose names contain the letters of the query, in order.
///
/// # Errors
/// If the workspace has too many files, or the request is canceled.
pub fn workspace_symbols(
    snapshot: &Snapshot,
    params: WorkspaceSymbolParams,
) -> Result<Option<WorkspaceSymbolResponse>, Fault> {
    let mut files: BTreeSet<String> = snapshot.documents.open.keys().cloned().collect();
    for folder in &snapshot.settings.folders {
        add_files(folder, &mut files)?;
    }
    let query = params.query.to_lowercase().replace('_', "-");
    let mut symbols = Vec::new();
    for file in files {
        if (snapshot.is_canceled)() {
            return Err(canceled());
        }
        let (Some(text), Some(uri)) = (snapshot.text(&file), snapshot.uri(&file)) else { continue };
        let mut add = |symbol: &DocumentSymbol, container: Option<&str>| {
            if symbols.len() < WORKSPACE_SYMBOLS_MAX && fits(&symbol.name, &query) {
                symbols.push(WorkspaceSymbol {
                    name: symbol.name.clone(),
                    kind: symbol.kind,
                    tags: symbol.tags.clone(),
                    container_name: container.map(str::to_owned),
                    location: OneOf::Left(Location { uri: uri.clone(), range: symbol.selection_range }),
                    data: None,
                });
            }
        };
        for symbol in outline(&text, snapshot.settings.encoding) {
            add(&symbol, None);
            symbol.children.iter().flatten().for_each(|child| add(child, Some(&symbol.name)));
        }
    }
    Ok(Some(WorkspaceSymbolResponse::Nested(symbols)))
}

fn fits(name: &str, query: &str) -> bool {
    let name = name.to_lowercase();
    let mut letters = name.chars();
    query.chars().all(|wanted| letters.any(|letter| letter == wanted))
}
