//! Semantic tokens: the kinds of words, as the compiler understands them.

use lsp_types::{
    SemanticToken, SemanticTokenModifier, SemanticTokenType, SemanticTokens, SemanticTokensLegend,
    SemanticTokensParams, SemanticTokensRangeParams,
};
use lucarne_compiler::ir::{ClassKind, FunctionKind};
use lucarne_compiler::resolve::index::{Role, Symbol, Use};
use lucarne_compiler::scanner::Kind;
use lucarne_compiler::source::Span;

use crate::analyzed::Analyzed;
use crate::syntax;
use crate::text::{Encoding, Text};
use crate::wire::Fault;
use crate::workspace::{Snapshot, whole};

/// The kinds, in the order of their numbers.
const TYPES: &[SemanticTokenType] = &[
    SemanticTokenType::NAMESPACE,
    SemanticTokenType::CLASS,
    SemanticTokenType::INTERFACE,
    SemanticTokenType::FUNCTION,
    SemanticTokenType::METHOD,
    SemanticTokenType::PROPERTY,
    SemanticTokenType::VARIABLE,
    SemanticTokenType::PARAMETER,
    SemanticTokenType::KEYWORD,
    SemanticTokenType::STRING,
    SemanticTokenType::NUMBER,
];

/// The modifiers, in the order of their bits.
const MODIFIERS: &[SemanticTokenModifier] = &[
    SemanticTokenModifier::DEFINITION,
    SemanticTokenModifier::READONLY,
    SemanticTokenModifier::STATIC,
    SemanticTokenModifier::DEPRECATED,
    SemanticTokenModifier::DEFAULT_LIBRARY,
];

/// Returns the names of the kinds and modifiers.
pub fn legend() -> SemanticTokensLegend {
    SemanticTokensLegend { token_types: TYPES.to_vec(), token_modifiers: MODIFIERS.to_vec() }
}

/// Answers `textDocument/semanticTokens/full`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn full(snapshot: &Snapshot, params: SemanticTokensParams) -> Result<Option<SemanticTokens>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    let data = tokens(snapshot, &key, &text, whole(&text))?;
    Ok(Some(SemanticTokens { result_id: None, data }))
}

/// Answers `textDocument/semanticTokens/range`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn range(
    snapshot: &Snapshot,
    params: SemanticTokensRangeParams,
) -> Result<Option<SemanticTokens>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    let encoding = snapshot.settings.encoding;
    let (start, end) = (text.offset(params.range.start, encoding), text.offset(params.range.end, encoding));
    let data = tokens(snapshot, &key, &text, Span { start, end: end.max(start) })?;
    Ok(Some(SemanticTokens { result_id: None, data }))
}

fn tokens(snapshot: &Snapshot, key: &str, text: &Text, within: Span) -> Result<Vec<SemanticToken>, Fault> {
    let analyzed = snapshot.alone(key)?;
    let names = analyzed.source(key).map_or(&[][..], |source| analyzed.index.of_source(source));
    let mut kinds: Vec<(Span, SemanticTokenType, u32)> = Vec::new();
    for token in syntax::tokens(text.as_str()) {
        let kind = match token.kind {
            Kind::Int | Kind::Float => SemanticTokenType::NUMBER,
            Kind::Char | Kind::StringBegin | Kind::StringText | Kind::StringEnd => SemanticTokenType::STRING,
            Kind::Identifier => {
                let start = names.partition_point(|name| name.span < token.span);
                let here =
                    names.get(start..).unwrap_or_default().iter().take_while(|name| name.span == token.span);
                let meanings: Vec<&Use> = here.collect();
                match kind_of(&analyzed, &meanings) {
                    Some((kind, modifiers)) => {
                        kinds.push((token.span, kind, modifiers));
                        continue;
                    }
                    None if is_word(text.slice(token.span)) => SemanticTokenType::KEYWORD,
                    None => continue,
                }
            }
            kind if kind.is_keyword() => SemanticTokenType::KEYWORD,
            _ => continue,
        };
        kinds.push((token.span, kind, 0));
    }
    kinds.retain(|(span, _, _)| span.start < within.end && within.start < span.end);
    Ok(encoded(text, snapshot.settings.encoding, &kinds))
}

/// Returns whether a name is a word of the language where it has no other meaning.
fn is_word(name: &str) -> bool {
    let words = [
        "abstract",
        "constructor",
        "extends",
        "implements",
        "interface",
        "mixin",
        "monitor",
        "operator",
        "show",
        "super",
        "this",
        "with",
        "any",
        "none",
    ];
    words.contains(&name)
}

fn kind_of(analyzed: &Analyzed, meanings: &[&Use]) -> Option<(SemanticTokenType, u32)> {
    let bit = |modifier: &SemanticTokenModifier| {
        MODIFIERS.iter().position(|known| known == modifier).map_or(0, |place| 1 << place)
    };
    // A class rather than its constructor, a field rather than the parameter that sets it.
    let first = |wanted: fn(&Symbol) -> bool| meanings.iter().find(|name| wanted(&name.symbol));
    let name = first(|symbol| matches!(symbol, Symbol::Class(_)))
        .or_else(|| first(|symbol| matches!(symbol, Symbol::Field(_))))
        .or_else(|| meanings.first())?;
    if name.role == Role::Keyword
        || matches!(name.symbol, Symbol::Function(id) if is_plain_constructor(analyzed, id))
    {
        return Some((SemanticTokenType::KEYWORD, 0));
    }
    let (mut is_final, mut is_static) = (false, false);
    let kind = match &name.symbol {
        Symbol::Class(id) => match analyzed.class(*id).map(|class| class.kind) {
            Some(ClassKind::Interface) => SemanticTokenType::INTERFACE,
            _ => SemanticTokenType::CLASS,
        },
        Symbol::Function(id) => match analyzed.function(*id).map(|function| (function.kind, function.holder))
        {
            Some((FunctionKind::Static, None)) => SemanticTokenType::FUNCTION,
            Some((FunctionKind::Method | FunctionKind::Setter, _)) => SemanticTokenType::METHOD,
            _ => {
                is_static = true;
                SemanticTokenType::FUNCTION
            }
        },
        Symbol::Global(id) => {
            is_final = analyzed.global(*id).is_some_and(|global| global.is_final);
            is_static = analyzed.global(*id).is_some_and(|global| global.name.contains('.'));
            SemanticTokenType::VARIABLE
        }
        Symbol::Field(field) => {
            is_final = analyzed.field(*field).is_some_and(|field| field.is_final);
            SemanticTokenType::PROPERTY
        }
        Symbol::Parameter(..) => SemanticTokenType::PARAMETER,
        Symbol::Local(..) => SemanticTokenType::VARIABLE,
        Symbol::Prefix(..) | Symbol::Module(_) => SemanticTokenType::NAMESPACE,
        Symbol::Label(..) => SemanticTokenType::FUNCTION,
        Symbol::Member(_) => SemanticTokenType::METHOD,
    };
    let mut modifiers = 0;
    let mut add = |wanted: bool, modifier: &SemanticTokenModifier| {
        if wanted {
            modifiers |= bit(modifier);
        }
    };
    add(name.role == Role::Definition, &SemanticTokenModifier::DEFINITION);
    add(is_final, &SemanticTokenModifier::READONLY);
    add(is_static, &SemanticTokenModifier::STATIC);
    add(analyzed.deprecated(&name.symbol).is_some(), &SemanticTokenModifier::DEPRECATED);
    add(analyzed.is_of_library(&name.symbol), &SemanticTokenModifier::DEFAULT_LIBRARY);
    Some((kind, modifiers))
}

fn is_plain_constructor(analyzed: &Analyzed, id: lucarne_compiler::ir::FunctionId) -> bool {
    analyzed.function(id).is_some_and(|function| function.name == "constructor")
}

/// Encodes tokens as the protocol wants: each relative to the one before, none over the end of a line.
fn encoded(text: &Text, encoding: Encoding, kinds: &[(Span, SemanticTokenType, u32)]) -> Vec<SemanticToken> {
    let mut data = Vec::new();
    let (mut last_line, mut last_start) = (0, 0);
    for (span, kind, modifiers) in kinds {
        let token_type = TYPES.iter().position(|known| known == kind).unwrap_or(0) as u32;
        for line in text.line_of(span.start)..=text.line_of(span.end.max(span.start + 1) - 1) {
            let whole = text.line(line);
            let part = Span { start: span.start.max(whole.start), end: span.end.min(whole.end) };
            if part.start >= part.end {
                continue;
            }
            let (start, end) = (text.position(part.start, encoding), text.position(part.end, encoding));
            let delta_line = start.line - last_line;
            let delta_start = if delta_line == 0 { start.character - last_start } else { start.character };
            data.push(SemanticToken {
                delta_line,
                delta_start,
                length: end.character - start.character,
                token_type,
                token_modifiers_bitset: *modifiers,
            });
            (last_line, last_start) = (start.line, start.character);
        }
    }
    data
}
