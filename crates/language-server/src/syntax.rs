//! Questions about syntax trees and tokens: the declarations of a file, their extents, the call around a place.

use std::cmp::Ordering;

use lucarne_compiler::ast::{
    Argument, Class, Declaration, Doc, Expression, ExpressionKind, File, Function, Initial, Parameter,
    TypeName, Variable,
};
use lucarne_compiler::parser;
use lucarne_compiler::scanner::{self, Kind, Token};
use lucarne_compiler::source::{SourceId, Span};

/// Parses a text. Its errors are found by the analysis.
pub fn parse(text: &str) -> File {
    parser::parse(SourceId(0), text).0
}

/// Returns the tokens of a text.
pub fn tokens(text: &str) -> Vec<Token> {
    scanner::scan(SourceId(0), text).tokens
}

/// A declaration with the class that it belongs to.
#[derive(Clone, Copy)]
pub enum Declared<'f> {
    /// A class, interface, mixin or monitor.
    Class(&'f Class),
    /// A function, method or constructor.
    Function(Option<&'f Class>, &'f Function),
    /// A global or field.
    Variable(Option<&'f Class>, &'f Variable),
}

impl<'f> Declared<'f> {
    /// Returns the place of the name.
    pub fn name(self) -> Span {
        match self {
            Declared::Class(class) => class.name.span,
            Declared::Function(_, function) => function.name.span(),
            Declared::Variable(_, variable) => variable.name.span,
        }
    }

    /// Returns the documentation.
    pub fn doc(self) -> Option<&'f Doc> {
        match self {
            Declared::Class(class) => class.doc.as_ref(),
            Declared::Function(_, function) => function.doc.as_ref(),
            Declared::Variable(_, variable) => variable.doc.as_ref(),
        }
    }
}

/// Returns the declarations of a file, each class before its members.
pub fn declarations(file: &File) -> Vec<Declared<'_>> {
    let mut all = Vec::new();
    for declaration in &file.declarations {
        match declaration {
            Declaration::Class(class) => {
                all.push(Declared::Class(class));
                for member in &class.members {
                    match member {
                        Declaration::Class(_) => {}
                        Declaration::Function(function) => {
                            all.push(Declared::Function(Some(class), function))
                        }
                        Declaration::Variable(variable) => {
                            all.push(Declared::Variable(Some(class), variable))
                        }
                    }
                }
            }
            Declaration::Function(function) => all.push(Declared::Function(None, function)),
            Declaration::Variable(variable) => all.push(Declared::Variable(None, variable)),
        }
    }
    all
}

/// Returns the declaration whose name begins at a place.
pub fn declaration_at(file: &File, name: u32) -> Option<Declared<'_>> {
    declarations(file).into_iter().find(|declared| declared.name().start == name)
}

/// Returns the extent of the declaration, statement or import that begins on the line of a place: with all lines that are
/// indented more.
pub fn extent(tokens: &[Token], place: u32) -> Span {
    let named = tokens.partition_point(|token| token.span.end <= place);
    let before = tokens.get(..=named).unwrap_or(tokens);
    let first = before.iter().rposition(|token| token.line_start).unwrap_or(0);
    let Some(begin) = tokens.get(first) else { return Span { start: place, end: place } };
    let rest = tokens.get(first + 1..).unwrap_or_default();
    let ends = |token: &&Token| {
        token.kind == Kind::Eof
            || token.line_start && token.line_indent <= begin.line_indent && !closes(token.kind)
    };
    let length = rest.iter().position(|token| ends(&token)).unwrap_or(rest.len());
    let last = tokens.get(first + length).unwrap_or(begin);
    Span { start: begin.span.start, end: last.span.end }
}

/// Returns whether a token closes a bracket.
pub fn closes(kind: Kind) -> bool {
    matches!(kind, Kind::RightParen | Kind::RightBracket | Kind::RightBrace)
}

/// Returns the token that contains a place, or that ends there.
pub fn token_at(tokens: &[Token], place: u32) -> Option<Token> {
    let next = tokens.partition_point(|token| token.span.end <= place);
    let inside = tokens.get(next).filter(|token| token.span.start <= place && token.kind != Kind::Eof);
    let before = tokens[..next].iter().rev().find(|token| token.kind != Kind::Eof);
    match (inside, before.filter(|token| token.span.end == place)) {
        // Between two tokens, a name is meant.
        (Some(inside), Some(before))
            if inside.span.start == place && !is_word(inside.kind) && is_word(before.kind) =>
        {
            Some(*before)
        }
        (Some(inside), _) => Some(*inside),
        (None, before) => before.copied(),
    }
}

fn is_word(kind: Kind) -> bool {
    kind == Kind::Identifier || kind.is_keyword()
}

/// Calls a function for each expression of a file, the outer ones first.
pub fn each_expression<'f>(file: &'f File, visit: &mut dyn FnMut(&'f Expression)) {
    for declared in declarations(file) {
        each_expression_of(declared, visit);
    }
}

/// Calls a function for each expression of a declaration, the outer ones first.
pub fn each_expression_of<'f>(declared: Declared<'f>, visit: &mut dyn FnMut(&'f Expression)) {
    match declared {
        Declared::Class(_) => {}
        Declared::Function(_, function) => {
            for parameter in &function.parameters {
                if let Some(default) = &parameter.default {
                    descend(default, visit);
                }
            }
            for statement in function.body.iter().flat_map(|body| &body.statements) {
                descend(statement, visit);
            }
        }
        Declared::Variable(_, variable) => {
            if let Initial::Value(value) = &variable.value {
                descend(value, visit);
            }
        }
    }
}

fn descend<'f>(expression: &'f Expression, visit: &mut dyn FnMut(&'f Expression)) {
    visit(expression);
    expression.kind.each_child(&mut |child| descend(child, visit));
}

/// A call around a place.
#[derive(Debug)]
pub struct Call<'f> {
    /// The place of the name of the called function.
    pub callee: Span,
    /// The arguments.
    pub arguments: &'f [Argument],
    /// The index of the argument that contains the place; none if it is before all of them.
    pub at: Option<usize>,
}

/// Returns the innermost call with a place among its arguments.
pub fn call_at(file: &File, place: u32) -> Option<Call<'_>> {
    let mut found: Option<(Span, Call<'_>)> = None;
    each_expression(file, &mut |expression| {
        let ExpressionKind::Call(target, arguments) = &expression.kind else { return };
        let at = arguments.iter().rposition(|argument| argument_span(argument).start <= place);
        let is_behind = target.span.end < place && at.is_some();
        let end = arguments.iter().map(argument_span).map(|span| span.end).max().unwrap_or(target.span.end);
        let is_nearer = found.as_ref().is_none_or(|(known, _)| known.start <= expression.span.start);
        if !is_behind || end < place || !is_nearer {
            return;
        }
        let callee = match &target.kind {
            ExpressionKind::Member(_, name) => name.span,
            _ => target.span,
        };
        found = Some((expression.span, Call { callee, arguments, at }));
    });
    found.map(|(_, call)| call)
}

/// Returns the extent of an argument.
pub fn argument_span(argument: &Argument) -> Span {
    match (&argument.name, &argument.value) {
        (Some(name), Some(value)) => name.span.to(value.span),
        (Some(name), None) => name.span,
        (None, Some(value)) => value.span,
        (None, None) => Span::default(),
    }
}

/// Calls a function for each type that a declaration writes, but for those in its body.
pub fn each_type<'f>(declared: Declared<'f>, visit: &mut dyn FnMut(&'f TypeName)) {
    match declared {
        Declared::Class(class) => {
            class.superclass.iter().chain(&class.mixins).chain(&class.interfaces).for_each(visit);
        }
        Declared::Function(_, function) => {
            function.parameters.iter().filter_map(|parameter| parameter.ty.as_ref()).for_each(&mut *visit);
            function.return_type.iter().for_each(visit);
        }
        Declared::Variable(_, variable) => variable.ty.iter().for_each(visit),
    }
}

/// Returns the parameters of a function in the canonical order: the unnamed ones as written, the named ones by name.
pub fn canonical_parameters(function: &Function) -> Vec<&Parameter> {
    let mut parameters: Vec<&Parameter> = function.parameters.iter().collect();
    parameters.sort_by_key(|parameter| {
        (parameter.is_named, parameter.is_named.then(|| parameter.name.name.clone()))
    });
    parameters
}

/// Returns the span of the identifier that begins at a place. A dash belongs to it if a letter or digit follows.
pub fn identifier(text: &str, start: u32) -> Span {
    let bytes = text.as_bytes();
    let is_part = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut end = start as usize;
    while is_part(end) || bytes.get(end) == Some(&b'-') && end > start as usize && is_part(end + 1) {
        end += 1;
    }
    Span::new(start as usize, end)
}

/// Returns the span of the identifier around a place; an empty one if there is none.
pub fn identifier_around(text: &str, place: u32) -> Span {
    let bytes = text.as_bytes();
    let is_part = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let mut start = place as usize;
    loop {
        match start.checked_sub(1) {
            Some(before) if is_part(before) => start = before,
            // The dash of `a-b` and of `a-`, where the rest is not written yet. Two dashes begin a named argument.
            Some(before)
                if bytes.get(before) == Some(&b'-')
                    && before > 0
                    && is_part(before - 1)
                    && (is_part(start) || start == place as usize) =>
            {
                start = before;
            }
            _ => break,
        }
    }
    let found = identifier(text, start as u32);
    match found.end.cmp(&place) {
        // Only the dash lies between: the rest of the name is not written yet.
        Ordering::Less
            if found.start < found.end && bytes.get(found.end as usize..place as usize) == Some(b"-") =>
        {
            Span { start: found.start, end: place }
        }
        Ordering::Less => Span { start: place, end: place },
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extents_hold_the_lines_that_are_indented_more() {
        let text = "// c\nstatic foo x\n    y:\n  bar [\n  ]\n\nbaz: 5\n";
        let tokens = tokens(text);
        let slice = |place| text.get(extent(&tokens, place).range());
        assert_eq!(slice(12), Some("static foo x\n    y:\n  bar [\n  ]"));
        assert_eq!(slice(text.len() as u32 - 7), Some("baz: 5"));
    }

    #[test]
    fn identifiers_have_dashes_inside() {
        let text = "foo-bar - --baz-1 x- y--";
        let around = |place| text.get(identifier_around(text, place).range()).unwrap_or("?");
        let found =
            [around(0), around(4), around(7), around(8), around(12), around(19), around(20), around(24)];
        assert_eq!(found, ["foo-bar", "foo-bar", "foo-bar", "", "baz-1", "x", "x-", ""]);
    }

    #[test]
    fn the_innermost_call_is_found() {
        let text = "main:\n  foo 1 (bar 2 --x=3) --y\n";
        let file = parse(text);
        let at =
            |place| call_at(&file, place).map(|call| (text.get(call.callee.range()).unwrap_or(""), call.at));
        assert_eq!(at(12), Some(("foo", Some(0))));
        assert_eq!(at(19), Some(("bar", Some(0))));
        assert_eq!(at(25), Some(("bar", Some(1))));
        assert_eq!(at(31), Some(("foo", Some(2))));
        assert_eq!(at(9), None);
    }
}
