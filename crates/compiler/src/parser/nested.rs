//! Recognizes functions of other languages where a statement or a value stands: a function within a function, and functions
//! without a name.

use super::habits::LOOK_AHEAD_MAX;
use super::{Blocks, Parser};
use crate::ast::{Expression, ExpressionKind, FOREIGN_ASSIGNMENT, Identifier};
use crate::scanner::{Kind, Token};

/// Words before the name of a function in other languages, except those that also begin other constructs.
const WORDS: &[&str] = &["def", "fn", "fun", "func", "function"];

/// The title of the error about a function within a function.
pub(crate) const NESTED: &str = "a function cannot be declared within another one";

/// Returns the hint about a function within a function.
pub(crate) fn hint_for_nested(name: &str, parameters: &[&str]) -> String {
    let shown = match parameters {
        [] => String::new(),
        _ => format!("| {} | ", parameters.join(" ")),
    };
    format!(
        "declare it outside of this function, or make a lambda: write `{name} := :: {shown}...`, and `{name}.call` to call it"
    )
}

impl Parser<'_> {
    /// Reports a function that is declared within a function, and skips it. Its name is known afterwards, so that its
    /// uses give no errors. Returns none if no such function begins here.
    pub(super) fn nested_function(&mut self) -> Option<Expression> {
        let token = self.token();
        // At the left margin this is a line of a session.
        if token.kind != Kind::Identifier || !token.line_start || token.line_indent == 0 {
            return None;
        }
        // Without parentheses it could be a call of a function that another file declares.
        let has_word = self.is_word(0, WORDS)
            && self.kind_on_line(1) == Kind::Identifier
            && self.kind_on_line(2) == Kind::LeftParen
            && !self.token_at(2).space_before
            && !self.is_declared_here(token);
        let at_name = usize::from(has_word);
        let end = self.end_of_nested_head(at_name + 1, has_word)?;
        let name = self.token_at(at_name);
        let parameters = self.names_between(at_name + 1, end);
        let shown: Vec<&str> = parameters.iter().map(|name| &**name).collect();
        let hint = hint_for_nested(self.written(name.span), &shown);
        self.error_and_go_on(token.span.to(name.span), NESTED, &hint);
        for _ in 0..at_name {
            self.advance();
        }
        let name = self.advance_name();
        Some(self.skip_nested(name))
    }

    /// Skips the rest of a function, whose name has been taken.
    fn skip_nested(&mut self, name: Identifier) -> Expression {
        let indent = self.token().line_indent;
        self.skip_rest();
        let closer = self.token();
        if closer.kind == Kind::RightBrace
            && closer.line_start
            && closer.line_indent == indent
            && self.open == 0
        {
            self.advance();
        }
        let span = name.span;
        let target = Box::new(self.expression_at(span, ExpressionKind::Name(name.name)));
        let value = Box::new(self.expression_at(span, ExpressionKind::Error));
        let operator = Some(FOREIGN_ASSIGNMENT);
        self.expression_at(span, ExpressionKind::Assign { target, operator, at: span, value })
    }

    /// Returns whether a word begins a line further to the left: then it may be a function of the program.
    fn is_declared_here(&self, word: Token) -> bool {
        let written = self.written(word.span);
        let mut lines =
            self.tokens.iter().filter(|token| token.line_start && token.line_indent < word.line_indent);
        lines.any(|token| self.written(token.span) == written)
    }

    /// Returns how far ahead the `:` or `{` is that ends the head of a function, if it is surely one: it has the word
    /// of another language, or a type.
    fn end_of_nested_head(&self, first: usize, has_word: bool) -> Option<usize> {
        let mut is_sure = has_word;
        let mut depth = 0u32;
        for ahead in first..first + LOOK_AHEAD_MAX {
            let kind = self.kind_on_line(ahead);
            match kind {
                Kind::LeftParen if ahead == first && has_word => depth += 1,
                Kind::RightParen if depth > 0 => depth -= 1,
                Kind::Colon | Kind::Comma | Kind::Less | Kind::Greater | Kind::Ampersand if depth > 0 => {}
                Kind::Colon | Kind::LeftBrace => return is_sure.then_some(ahead),
                Kind::Arrow => is_sure = true,
                Kind::Slash if self.kind_on_line(ahead + 1) == Kind::Identifier => {
                    let (slash, ty) = (self.token_at(ahead), self.token_at(ahead + 1));
                    let is_attached = !slash.space_before && !ty.space_before;
                    is_sure |=
                        is_attached && matches!(self.written(ty.span), "int" | "float" | "bool" | "string");
                }
                Kind::Identifier
                | Kind::Decrement
                | Kind::Question
                | Kind::Assign
                | Kind::Dot
                | Kind::Slash => {}
                Kind::LeftBracket | Kind::RightBracket | Kind::Int | Kind::Float | Kind::Null => {}
                Kind::True | Kind::False => {}
                _ => return None,
            }
        }
        None
    }

    /// Returns the names of parameters between two places ahead.
    fn names_between(&self, first: usize, end: usize) -> Vec<String> {
        let mut names = Vec::new();
        let mut is_type = false;
        let mut last = Kind::Eof;
        for ahead in first..end {
            let token = self.token_at(ahead);
            match token.kind {
                Kind::Arrow => break,
                Kind::Slash | Kind::Colon | Kind::Assign => is_type = true,
                Kind::Comma => is_type = false,
                // After a type, the next name follows a space, and no `:`.
                Kind::Identifier if !is_type || token.space_before && last != Kind::Colon => {
                    names.push(self.written(token.span).to_owned());
                    is_type = false;
                }
                _ => {}
            }
            last = token.kind;
        }
        names
    }

    /// Reports and skips a function without a name: `(x) => x + 1`, `x => x + 1`, `function(x) { ... }`. Returns none
    /// if no such function begins here.
    pub(super) fn anonymous_function(&mut self) -> Option<Expression> {
        let token = self.token();
        let may_be = match token.kind {
            Kind::Identifier => matches!(self.kind_on_line(1), Kind::LeftParen | Kind::Assign),
            Kind::LeftParen => matches!(self.kind_on_line(1), Kind::RightParen | Kind::Identifier),
            _ => false,
        };
        if !may_be || self.ended() {
            return None;
        }
        let has_word =
            self.is_word(0, WORDS) && !self.token_at(1).space_before && !self.is_declared_here(token);
        let first = usize::from(has_word);
        let end = match self.token_at(first).kind {
            Kind::LeftParen => self.closing_parenthesis(first)? + 1,
            Kind::Identifier => first + 1,
            _ => return None,
        };
        let body = self.token_at(end);
        let is_arrow = self.text.get(body.span.start as usize..).unwrap_or("").starts_with("=>");
        let is_function = !body.line_start && (is_arrow || has_word && body.kind == Kind::LeftBrace);
        if !is_function {
            return None;
        }
        let names = self.names_between(first, end);
        let shown = if names.is_empty() { String::new() } else { format!(" | {} |", names.join(" ")) };
        let hint = format!(
            "a lambda, which is a value, is written `::{shown} ...`; a block, which is an argument of a call, `:{shown} ...`"
        );
        self.habit(token.span, "a function without a name is a lambda or a block", &hint);
        for _ in 0..end {
            self.advance();
        }
        self.skip_anonymous_body(is_arrow);
        Some(self.expression_from(token.span.start, ExpressionKind::Error))
    }

    fn skip_anonymous_body(&mut self, is_arrow: bool) {
        if is_arrow {
            self.advance();
            self.advance();
        }
        if self.token().kind == Kind::LeftBrace && !self.token().line_start {
            let mut depth = 0u32;
            loop {
                let token = self.advance();
                match token.kind {
                    Kind::LeftBrace => depth += 1,
                    Kind::RightBrace => depth = depth.saturating_sub(1),
                    _ => {}
                }
                if depth == 0 || token.kind == Kind::Eof {
                    return;
                }
            }
        }
        if is_arrow {
            // Drops the errors in the value, since it may be correct in the other language.
            let known = self.problems.len();
            self.expression_or_indented(Blocks::Refused);
            self.problems.truncate(known);
        }
    }

    /// Returns how far ahead the `)` is that closes the `(` at a place ahead. Only names, types and commas may stand
    /// between them.
    fn closing_parenthesis(&self, opener: usize) -> Option<usize> {
        (opener + 1..opener + LOOK_AHEAD_MAX).find_map(|ahead| match self.kind_on_line(ahead) {
            Kind::RightParen => Some(Some(ahead)),
            Kind::Identifier | Kind::Comma | Kind::Colon | Kind::Question | Kind::Slash => None,
            _ => Some(None),
        })?
    }
}
