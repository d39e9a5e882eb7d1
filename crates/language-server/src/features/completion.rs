//! Completion: the names that could stand at a place.
//!
//! The text is analyzed once more, around the place, with a name there. If none stands there yet, one is put in, so that
//! the parser finds an expression where the user is about to write one.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionItemTag, CompletionParams, CompletionResponse,
    CompletionTextEdit, Documentation, InsertTextFormat, MarkupContent, MarkupKind, TextEdit,
};
use lucarne_compiler::ast::{Class, ClassKind, Declaration, File};
use lucarne_compiler::ir;
use lucarne_compiler::names::canonical;
use lucarne_compiler::resolve::index::{SiteKind, Symbol};
use lucarne_compiler::scanner::{self, Kind};
use lucarne_compiler::source::{LIBRARY_PREFIX, Span};
use serde_json::json;

use super::hover::section;
use crate::analyzed::Analyzed;
use crate::syntax::{self, Declared};
use crate::text::Text;
use crate::wire::Fault;
use crate::workspace::Snapshot;

/// The name that is put in where none stands.
const PLACEHOLDER: &str = "completion-place";

/// The maximum number of items of an answer. More do not fit any list, and the client asks again as the user types.
const ITEMS_MAX: usize = 2_000;

/// The words that can begin an expression or statement.
const EXPRESSION_WORDS: &[&str] = &[
    "assert", "break", "continue", "false", "for", "if", "not", "null", "return", "super", "this", "true",
    "try", "while",
];

/// The words that can begin a declaration.
const DECLARATION_WORDS: &[&str] = &[
    "abstract",
    "class",
    "constructor",
    "export",
    "import",
    "interface",
    "mixin",
    "monitor",
    "operator",
    "static",
];

/// The words that stand between other names.
const CLAUSE_WORDS: &[&str] =
    &["and", "as", "else", "extends", "finally", "implements", "is", "or", "show", "with"];

/// Answers `textDocument/completion`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn completion(
    snapshot: &Snapshot,
    params: CompletionParams,
) -> Result<Option<CompletionResponse>, Fault> {
    let at = &params.text_document_position;
    let (key, text, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    if key.starts_with(LIBRARY_PREFIX) {
        return Ok(None);
    }
    let place = Place::find(&text, offset);
    let mut items = Items::default();
    if !place.is_quoted {
        place.complete(snapshot, &key, &mut items)?;
    }
    let typed = canonical(text.slice(Span { start: place.name.start, end: offset }));
    let range = text.range(place.name, snapshot.settings.encoding);
    let fits = |label: &str| label.starts_with(&*typed) || canonical(label).starts_with(&*typed);
    let mut listed: Vec<CompletionItem> =
        items.by_label.into_values().filter(|item| fits(&item.label)).collect();
    let is_incomplete = listed.len() > ITEMS_MAX;
    listed.truncate(ITEMS_MAX);
    for item in &mut listed {
        let new_text = item.insert_text.take().unwrap_or_else(|| item.label.clone());
        item.filter_text = Some(item.label.clone());
        item.text_edit = Some(CompletionTextEdit::Edit(TextEdit { range, new_text }));
        item.data = Some(json!({ "key": key, "offset": offset }));
    }
    Ok(Some(CompletionResponse::List(lsp_types::CompletionList { is_incomplete, items: listed })))
}

/// Answers `completionItem/resolve`: adds the documentation of an item.
///
/// # Errors
/// If the request is canceled.
pub fn resolve(snapshot: &Snapshot, mut item: CompletionItem) -> Result<CompletionItem, Fault> {
    let data = item.data.take().unwrap_or_default();
    let (Some(key), Some(offset)) = (data.get("key").and_then(|key| key.as_str()), data.get("offset")) else {
        return Ok(item);
    };
    let offset = offset.as_u64().unwrap_or(0) as u32;
    let Some(text) = snapshot.text(key) else { return Ok(item) };
    // The client may send any number.
    let place = Place::find(&text, text.boundary(offset));
    let analyzed = place.probe(snapshot, key)?;
    let site = &analyzed.index.site;
    let names = site.as_ref().map_or(&[][..], |site| &site.names);
    let found = names.iter().find(|(name, _)| **name == *item.label).map(|(_, symbol)| symbol);
    if let Some(value) = found.and_then(|symbol| section(&analyzed, symbol)) {
        item.documentation =
            Some(Documentation::MarkupContent(MarkupContent { kind: MarkupKind::Markdown, value }));
    }
    Ok(item)
}

/// The place of a completion.
struct Place {
    /// The name that stands there; empty if there is none.
    name: Span,
    /// The text with a name there.
    text: String,
    /// The place in that text.
    offset: u32,
    /// Whether the place is in a comment, or in the text of a string.
    is_quoted: bool,
    /// Whether `--` stands before the name.
    is_argument: bool,
}

impl Place {
    fn find(text: &Text, offset: u32) -> Place {
        let name = syntax::identifier_around(text.as_str(), offset);
        let mut changed = text.as_str().to_owned();
        if scanner::is_keyword(text.slice(name)) && offset == name.end {
            // It may be the beginning of a longer name.
            changed.insert_str(offset as usize, "-x");
        } else if name.start == name.end || text.slice(name).ends_with('-') {
            let (before, after) = changed.split_at(offset as usize);
            // The text behind it is another name, not the rest of this one.
            let space = if after.starts_with(|letter: char| letter.is_alphanumeric()) { " " } else { "" };
            changed = format!("{before}{PLACEHOLDER}{space}{after}");
        }
        let tokens = syntax::tokens(&changed);
        let token =
            syntax::token_at(&tokens, offset.max(name.start)).filter(|token| token.span.start <= name.start);
        let is_name = token.is_some_and(|token| {
            (token.kind == Kind::Identifier || token.kind.is_keyword()) && token.span.start == name.start
        });
        let is_mention = token.is_none() && is_reference(text.slice(Span { start: 0, end: name.start }));
        let is_name = is_name || is_mention;
        let is_argument = text.slice(Span { start: name.start.saturating_sub(2), end: name.start }) == "--";
        Place { name, text: changed, offset, is_quoted: !is_name, is_argument }
    }

    /// Returns the analysis around the place, with the names that could stand there.
    fn probe(&self, snapshot: &Snapshot, key: &str) -> Result<Arc<Analyzed>, Fault> {
        let name = syntax::identifier_around(&self.text, self.offset);
        let parts = || Some([self.text.get(..name.start as usize)?, self.text.get(name.range())?]);
        let rest = self.text.get(name.end as usize..);
        match parts().zip(rest) {
            // A word of the language may begin a clause, and `--` a named argument, whose function depends on the name.
            Some(([before, name], after)) if !self.is_argument && !name.is_empty() && !self.is_word(name) => {
                snapshot.probed_name(key, [before, name, after])
            }
            _ => Ok(Arc::new(snapshot.probed(key, &self.text, self.offset)?)),
        }
    }

    /// Returns whether a name is a word that begins a declaration or clause, or the beginning of one.
    fn is_word(&self, name: &str) -> bool {
        let words = DECLARATION_WORDS.iter().chain(EXPRESSION_WORDS).chain(CLAUSE_WORDS);
        self.is_at_line_start() && words.clone().any(|word| word.starts_with(name))
            || words.clone().any(|word| *word == name)
    }

    fn complete(&self, snapshot: &Snapshot, key: &str, items: &mut Items) -> Result<(), Fault> {
        let file = syntax::parse(&self.text);
        if self.import_path(key, &file, items) {
            return Ok(());
        }
        if self.stored_fields(&file, items) {
            return Ok(());
        }
        let analyzed = self.probe(snapshot, key)?;
        if self.is_argument {
            self.named_arguments(&file, &analyzed, items);
            return Ok(());
        }
        let Some(site) = &analyzed.index.site else {
            if self.is_at_line_start() {
                items.add_words(DECLARATION_WORDS);
            }
            return Ok(());
        };
        let wanted = self.wanted_kind(&file);
        let is_type = matches!(site.kind, SiteKind::Type | SiteKind::PrefixedType);
        for (name, symbol) in &site.names {
            if site.kind == SiteKind::Mention && ["this", "super", "constructor"].contains(&&**name) {
                items.add_words(&[name]);
            }
            if is_type && !self.fits_clause(&analyzed, symbol, wanted) {
                continue;
            }
            if !is_hidden(&analyzed, name, symbol) {
                items.add_symbol(&analyzed, name, symbol);
            }
        }
        match site.kind {
            SiteKind::Expression => {
                let has_object = site.names.iter().any(|(_, symbol)| analyzed.is_member(symbol));
                let words =
                    EXPRESSION_WORDS.iter().filter(|word| has_object || !["this", "super"].contains(word));
                items.add_words(&words.copied().collect::<Vec<_>>());
                if self.is_at_line_start() {
                    items.add_words(DECLARATION_WORDS);
                }
            }
            SiteKind::Type if wanted.is_none() => {
                items.add_words(&["any"]);
                if self.is_result() {
                    items.add_words(&["none"]);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn is_at_line_start(&self) -> bool {
        let before = self.text.get(..self.name.start as usize).unwrap_or("");
        before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty())
    }

    /// Returns whether the place is that of a result type.
    fn is_result(&self) -> bool {
        self.text.get(..self.name.start as usize).is_some_and(|before| before.trim_end().ends_with("->"))
    }

    // Arguments.

    fn named_arguments(&self, file: &File, analyzed: &Analyzed, items: &mut Items) {
        let Some(call) = syntax::call_at(file, self.offset.max(self.name.start)) else { return };
        let source = lucarne_compiler::source::SourceId(0);
        let mut seen = HashSet::new();
        for name in analyzed.index.at(source, call.callee.start) {
            let Symbol::Function(id) = name.symbol else { continue };
            for id in analyzed.overloads(id) {
                let Some(function) = analyzed.function(id) else { continue };
                for (index, parameter) in function.parameters.iter().enumerate() {
                    if parameter.is_named && seen.insert(parameter.name.clone()) {
                        items.add(CompletionItem {
                            label: format!("{}=", parameter.name),
                            kind: Some(CompletionItemKind::PROPERTY),
                            detail: Some(analyzed.parameter_text(function, index)),
                            ..CompletionItem::default()
                        });
                    }
                }
            }
        }
    }

    /// Completes a parameter that sets a field: `.name`. Returns whether the place is in one.
    fn stored_fields(&self, file: &File, items: &mut Items) -> bool {
        for declared in syntax::declarations(file) {
            let Declared::Function(class, function) = declared else { continue };
            let mut parameters = function.parameters.iter().filter(|parameter| parameter.is_field);
            if !parameters.any(|parameter| self.is_in(parameter.name.span)) {
                continue;
            }
            let returns =
                function.body.as_ref().is_some_and(|body| body.statements.iter().any(returns_value));
            let is_maker = matches!(
                function.name,
                lucarne_compiler::ast::FunctionName::Constructor(_)
                    | lucarne_compiler::ast::FunctionName::NamedConstructor(_)
            );
            let has_object = function.static_at.is_none() && !(is_maker && returns);
            for member in class.filter(|_| has_object).iter().flat_map(|class| &class.members) {
                if let Declaration::Variable(field) = member
                    && field.static_at.is_none()
                {
                    items.add(CompletionItem {
                        label: field.name.name.to_string(),
                        kind: Some(CompletionItemKind::FIELD),
                        ..CompletionItem::default()
                    });
                }
            }
            return true;
        }
        false
    }

    fn is_in(&self, span: Span) -> bool {
        span.start <= self.offset && self.offset <= span.end
    }

    // Types.

    /// Returns the kind of class that stands at the place in the head of a class, and that class.
    fn wanted_kind<'f>(&self, file: &'f File) -> Option<(ClassKind, &'f Class)> {
        let classes = file.declarations.iter().filter_map(|declaration| match declaration {
            Declaration::Class(class) => Some(class),
            _ => None,
        });
        for class in classes {
            if class.superclass.as_ref().is_some_and(|name| self.is_in(name.span)) {
                return Some((class.kind, class));
            }
            if class.mixins.iter().any(|name| self.is_in(name.span)) {
                return Some((ClassKind::Mixin, class));
            }
            if class.interfaces.iter().any(|name| self.is_in(name.span)) {
                return Some((ClassKind::Interface, class));
            }
        }
        None
    }

    fn fits_clause(&self, analyzed: &Analyzed, symbol: &Symbol, wanted: Option<(ClassKind, &Class)>) -> bool {
        let Symbol::Class(id) = symbol else { return true };
        let (Some((kind, itself)), Some(class)) = (wanted, analyzed.class(*id)) else { return true };
        let fits = match kind {
            ClassKind::Class => class.kind == ir::ClassKind::Class,
            ClassKind::Interface => class.kind == ir::ClassKind::Interface,
            ClassKind::Mixin => class.kind == ir::ClassKind::Mixin,
            ClassKind::Monitor => false,
        };
        let is_itself = class.at == itself.name.span.start && class.name == *itself.name.name;
        fits && !is_itself
    }

    // Imports.

    /// Completes the path of an import. Returns whether the place is in one.
    fn import_path(&self, key: &str, file: &File, items: &mut Items) -> bool {
        for import in &file.imports {
            let Some(place) = import.segments.iter().position(|segment| self.is_in(segment.span)) else {
                continue;
            };
            let before: Vec<&str> =
                import.segments.iter().take(place).map(|segment| &*segment.name).collect();
            if import.dots > 0 {
                let mut folder = std::path::PathBuf::from(key);
                for _ in 0..import.dots {
                    folder.pop();
                }
                folder.extend(&before);
                add_files_of(&folder, items);
            } else {
                add_libraries(&before, items);
                super::actions::packages(key).into_iter().for_each(|(prefix, folder)| {
                    match before.split_first() {
                        None => items.add_module(&prefix),
                        Some((first, rest)) if **first == *prefix => {
                            let mut folder = folder.join("src");
                            folder.extend(rest);
                            add_files_of(&folder, items);
                        }
                        Some(_) => {}
                    }
                });
            }
            return true;
        }
        false
    }
}

/// Returns whether a text ends where the name of a reference begins: with `$`, `$(`, or `$name.`
fn is_reference(before: &str) -> bool {
    let path = before
        .trim_end_matches(|letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'));
    path.strip_suffix('(').unwrap_or(path).ends_with('$')
}

fn returns_value(expression: &lucarne_compiler::ast::Expression) -> bool {
    use lucarne_compiler::ast::ExpressionKind;
    let mut found = matches!(&expression.kind, ExpressionKind::Return(Some(_)));
    expression.kind.each_child(&mut |child| found = found || returns_value(child));
    found
}

/// Adds the modules and folders in a folder.
fn add_files_of(folder: &std::path::Path, items: &mut Items) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.take(10_000).filter_map(Result::ok) {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let module = match name.strip_suffix(".toit") {
            Some(module) => module,
            None if entry.path().is_dir() && !name.starts_with('.') => &name,
            None => continue,
        };
        items.add_module(module);
    }
}

/// Adds the libraries behind a part of a path.
fn add_libraries(before: &[&str], items: &mut Items) {
    let folder = before
        .iter()
        .fold(LIBRARY_PREFIX.to_owned(), |folder, segment| folder + &segment.replace('-', "_") + "/");
    let dashed = before.iter().fold(LIBRARY_PREFIX.to_owned(), |folder, segment| folder + segment + "/");
    for (path, _) in lucarne_library::texts() {
        let inside = path.strip_prefix(&folder).or_else(|| path.strip_prefix(&dashed));
        let Some(inside) = inside else { continue };
        let name = inside.split('/').next().unwrap_or(inside);
        let name = name.strip_suffix(".toit").unwrap_or(name);
        if !name.ends_with('_') {
            items.add_module(name);
        }
    }
}

/// Returns whether a name is private to another file.
fn is_hidden(analyzed: &Analyzed, name: &str, symbol: &Symbol) -> bool {
    let is_operator = !name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    let is_private = name.ends_with('_') && analyzed.is_of_library(symbol);
    is_operator || is_private || name.starts_with('<')
}

/// The items by their labels.
#[derive(Default)]
struct Items {
    by_label: BTreeMap<String, CompletionItem>,
}

impl Items {
    fn add(&mut self, item: CompletionItem) {
        self.by_label.entry(item.label.clone()).or_insert(item);
    }

    fn add_words(&mut self, words: &[&str]) {
        for word in words {
            self.add(CompletionItem {
                label: (*word).to_owned(),
                kind: Some(CompletionItemKind::KEYWORD),
                insert_text_format: Some(InsertTextFormat::PLAIN_TEXT),
                ..CompletionItem::default()
            });
        }
    }

    fn add_module(&mut self, name: &str) {
        self.add(CompletionItem {
            label: name.replace('_', "-"),
            kind: Some(CompletionItemKind::MODULE),
            ..CompletionItem::default()
        });
    }

    fn add_symbol(&mut self, analyzed: &Analyzed, name: &str, symbol: &Symbol) {
        if self.by_label.contains_key(name) {
            return;
        }
        let is_deprecated = analyzed.deprecated(symbol).is_some();
        self.add(CompletionItem {
            label: name.to_owned(),
            kind: Some(kind(analyzed, name, symbol)),
            detail: analyzed.title(symbol),
            tags: is_deprecated.then(|| vec![CompletionItemTag::DEPRECATED]),
            ..CompletionItem::default()
        });
    }
}

/// Returns the kind of a declaration.
fn kind(analyzed: &Analyzed, name: &str, symbol: &Symbol) -> CompletionItemKind {
    match symbol {
        Symbol::Class(id) => match analyzed.class(*id).map(|class| class.kind) {
            Some(ir::ClassKind::Interface) => CompletionItemKind::INTERFACE,
            _ => CompletionItemKind::CLASS,
        },
        Symbol::Function(id) => match analyzed.function(*id).map(|function| function.kind) {
            Some(ir::FunctionKind::Constructor | ir::FunctionKind::Factory) => {
                CompletionItemKind::CONSTRUCTOR
            }
            Some(ir::FunctionKind::Method | ir::FunctionKind::Setter) => CompletionItemKind::METHOD,
            _ => CompletionItemKind::FUNCTION,
        },
        Symbol::Global(id) => {
            let is_final = analyzed.global(*id).is_some_and(|global| global.is_final);
            let is_shouted = name.chars().any(|letter| letter.is_ascii_uppercase())
                && !name.chars().any(|letter| letter.is_ascii_lowercase());
            if is_final && is_shouted { CompletionItemKind::CONSTANT } else { CompletionItemKind::VARIABLE }
        }
        Symbol::Field(_) => CompletionItemKind::FIELD,
        Symbol::Parameter(..) | Symbol::Local(..) => CompletionItemKind::VARIABLE,
        Symbol::Prefix(..) | Symbol::Module(_) => CompletionItemKind::MODULE,
        Symbol::Label(..) => CompletionItemKind::REFERENCE,
        Symbol::Member(_) => CompletionItemKind::METHOD,
    }
}
