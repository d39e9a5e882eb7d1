//! Signatures: declarations without their bodies, with links for types.

use lucarne_compiler::ast::{self, Function, FunctionName, Initial, Parameter, TypeName, Variable};
use lucarne_compiler::ir::Type;
use lucarne_compiler::resolve::index::Symbol;
use lucarne_compiler::source::{SourceId, Span};

use super::Gather;
use super::tables::File;
use crate::model::{Kind, Member, Token, TokenKind};

/// The maximum number of bytes of a default value or first value. Longer ones are left out.
const VALUE_BYTES_MAX: usize = 60;

/// The parts of a signature.
#[derive(Default)]
struct Tokens(Vec<Token>);

/// A declaration with its signature.
struct Declared<'d> {
    name: String,
    kind: Kind,
    tokens: Tokens,
    place: Span,
    doc: Option<&'d ast::Doc>,
}

impl Tokens {
    fn add(&mut self, kind: TokenKind, text: impl Into<String>) {
        self.0.push(Token { text: text.into(), kind, url: None });
    }

    fn plain(&mut self, text: &str) {
        self.add(TokenKind::Plain, text);
    }

    fn keyword(&mut self, text: &str) {
        self.add(TokenKind::Keyword, text);
    }
}

impl<'a> Gather<'a> {
    pub(super) fn class_signature(self, owner: &File, class: &ast::Class) -> Vec<Token> {
        let mut tokens = Tokens::default();
        if class.is_abstract {
            tokens.keyword("abstract ");
        }
        tokens.keyword(class.kind.keyword());
        tokens.plain(" ");
        tokens.add(TokenKind::Name, class.name.name.to_string());
        let mut clause = |word: &str, types: &mut dyn Iterator<Item = &TypeName>| {
            for (number, ty) in types.enumerate() {
                if number == 0 {
                    tokens.keyword(&format!(" {word}"));
                }
                tokens.plain(" ");
                self.written_type(&mut tokens, owner.source, ty);
            }
        };
        clause("extends", &mut class.superclass.iter());
        clause("with", &mut class.mixins.iter());
        clause("implements", &mut class.interfaces.iter());
        tokens.0
    }

    /// Returns the model of a function, if it is documented.
    pub(super) fn function(
        self,
        owner: &File,
        function: &Function,
        symbol: &Symbol,
        kind: Kind,
    ) -> Option<Member> {
        let mut tokens = Tokens::default();
        if function.static_at.is_some() {
            tokens.keyword("static ");
        }
        if function.abstract_at.is_some() {
            tokens.keyword("abstract ");
        }
        let (name, is_setter) = match &function.name {
            FunctionName::Plain(name) => (name.name.to_string(), false),
            FunctionName::Setter(name) => (format!("{}=", name.name), true),
            FunctionName::Operator(name) => {
                tokens.keyword("operator ");
                (name.name.to_string(), false)
            }
            FunctionName::Constructor(_) => ("constructor".to_owned(), false),
            FunctionName::NamedConstructor(name) => (format!("constructor.{}", name.name), false),
        };
        tokens.add(TokenKind::Name, name.clone());
        for parameter in &function.parameters {
            tokens.plain(" ");
            self.parameter(&mut tokens, owner.source, parameter, symbol);
        }
        if let Some(ty) = function.return_type.as_ref().filter(|_| !is_setter) {
            tokens.plain(" -> ");
            self.written_type(&mut tokens, owner.source, ty);
        }
        let doc = function.doc.as_ref();
        self.member(owner, symbol, Declared { name, kind, tokens, place: function.name.span(), doc })
    }

    fn parameter(self, tokens: &mut Tokens, source: SourceId, parameter: &Parameter, function: &Symbol) {
        if parameter.is_block {
            tokens.plain("[");
        }
        if parameter.is_named {
            tokens.plain("--");
        }
        tokens.add(TokenKind::Parameter, parameter.name.name.to_string());
        match &parameter.ty {
            Some(ty) => {
                tokens.plain("/");
                self.written_type(tokens, source, ty);
            }
            // The type of the field that the parameter sets.
            None => {
                let resolved = self.tables.resolved(function).into_iter().flat_map(|found| &found.parameters);
                let mut same = resolved.filter(|known| {
                    known.is_named == parameter.is_named && *known.name == *parameter.name.name
                });
                self.found_type(tokens, same.next().map_or(Type::Any, |known| known.ty));
            }
        }
        if let Some(default) = &parameter.default {
            tokens.plain("=");
            tokens.add(TokenKind::Value, self.value(source, default.span).unwrap_or("...").to_owned());
        }
        if parameter.is_block {
            tokens.plain("]");
        }
    }

    /// Returns the model of a variable, if it is documented.
    pub(super) fn variable(
        self,
        owner: &File,
        variable: &Variable,
        symbol: &Symbol,
        kind: Kind,
    ) -> Option<Member> {
        let mut tokens = Tokens::default();
        if variable.static_at.is_some() {
            tokens.keyword("static ");
        }
        if variable.abstract_at.is_some() {
            tokens.keyword("abstract ");
        }
        let name = variable.name.name.to_string();
        tokens.add(TokenKind::Name, name.clone());
        match &variable.ty {
            Some(ty) => {
                tokens.plain("/");
                self.written_type(&mut tokens, owner.source, ty);
            }
            None => self.found_type(&mut tokens, self.tables.type_of(symbol)),
        }
        let value = match &variable.value {
            Initial::Value(value) => self.value(owner.source, value.span),
            Initial::None | Initial::Later(_) => None,
        };
        match (variable.is_final, value) {
            (true, Some(value)) => {
                tokens.plain(" ::= ");
                tokens.add(TokenKind::Value, value);
            }
            (true, None) => tokens.plain(" ::="),
            (false, _) => tokens.plain(" :="),
        }
        let doc = variable.doc.as_ref();
        self.member(owner, symbol, Declared { name, kind, tokens, place: variable.name.span, doc })
    }

    fn member(self, owner: &File, symbol: &Symbol, declared: Declared<'_>) -> Option<Member> {
        Some(Member {
            name: declared.name,
            kind: declared.kind,
            signature: declared.tokens.0,
            url: self.addresses.of(symbol)?.clone(),
            source: self.addresses.source(owner, self.tables.line(owner.source, declared.place.start)),
            doc: self.doc(owner.source, declared.doc),
            doc_from: None,
            deprecated: self.tables.deprecated(symbol),
        })
    }

    /// Adds a type as it is written.
    fn written_type(self, tokens: &mut Tokens, source: SourceId, ty: &TypeName) {
        let names = self.tables.names_at(source, ty.name.span.start);
        let url = names.iter().find_map(|name| self.addresses.of(&name.symbol)).cloned();
        let text = ty.name.name.to_string();
        tokens.0.push(Token { text, kind: TokenKind::Type, url });
        if ty.nullable {
            tokens.plain("?");
        }
    }

    /// Adds a type that is not written.
    fn found_type(self, tokens: &mut Tokens, ty: Type) {
        let Type::Class { class, nullable } = ty else { return };
        let Some(found) = self.tables.class(class) else { return };
        if !self.tables.is_documented(&found.name) {
            return;
        }
        tokens.plain("/");
        let url = self.addresses.of(&Symbol::Class(class)).cloned();
        tokens.0.push(Token { text: found.name.clone(), kind: TokenKind::Type, url });
        if nullable {
            tokens.plain("?");
        }
    }

    /// Returns a value as it is written, if it is short.
    fn value(self, source: SourceId, span: Span) -> Option<&'a str> {
        let text = self.tables.text(source).get(span.range())?;
        (text.len() <= VALUE_BYTES_MAX && !text.contains('\n')).then_some(text)
    }
}
