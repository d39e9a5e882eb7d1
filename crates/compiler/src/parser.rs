//! Tokens to tree: a recursive-descent parser that accepts any input.
//!
//! **Indentation.** A construct owns the lines that are indented more than it. The parser keeps one
//! number for this, `Parser::limit`: a token that begins a line and is not indented more than the
//! limit ends the current construct (`Parser::peek` shows it as the end of the file). Statements of
//! a sequence, and arguments on lines of their own, set the limit to their own indentation. A few
//! tokens may stand further left, since they belong to the construct itself: `else`, `finally`, the
//! `:` of a conditional expression (more than `Parser::outer`, the limit around the current
//! statement) and closing brackets (not left of the line that opened them).
//!
//! A `:` at the end of a line belongs to the innermost call that the following line is indented
//! more than. This way a call whose arguments stand on lines of their own can have a block after
//! the last argument.
//!
//! **Errors.** After an error the parser reports nothing until it has found the next statement or
//! declaration, so that one mistake gives one message. Parts that cannot be parsed become
//! [`ExpressionKind::Error`].
//!
//! **Bounds.** Nesting is bounded, and so is the height of the tree, so that later passes can use
//! recursion. Time is linear in the size of the text.

mod declarations;
mod docs;
mod expressions;
mod foreign;
mod habits;
mod heads;
mod imports;
mod input;
mod lack;
mod layout;
mod literals;
mod migrations;
mod nested;
pub(crate) mod references;
mod statements;

pub(crate) use docs::deprecation;
pub(crate) use habits::NULL_TYPE;
pub use input::{ENTRY, Head, Input, Reading, parse_file_as_input, parse_input};
pub use lack::{Lack, UnfinishedInput, lack_of};
pub(crate) use nested::{NESTED, hint_for_nested};
pub(crate) use statements::LOST_ELSE;

use crate::ast::{Expression, ExpressionKind, File, Identifier, Import};
use crate::diagnostic::Diagnostic;
use crate::names::canonical;
use crate::scanner::{self, Kind, Scanned, Token};
use crate::source::{SourceId, Span};
use std::cell::Cell;

/// The maximum nesting of constructs. Each level takes a few stack frames; the front half runs on a
/// stack with room for all of them (see `STACK_BYTES` in `resolve.rs`).
const DEPTH_MAX: u32 = 400;

/// The maximum height of a tree. A chain of operators is as high as it is long.
const HEIGHT_MAX: u32 = 1500;

/// A parsed text with its tokens.
#[derive(Debug)]
pub struct Parsed {
    /// The tree.
    pub file: File,
    /// The tokens, with a [`Kind::Eof`] at the end.
    pub tokens: Vec<Token>,
    /// The errors and warnings.
    pub problems: Vec<Diagnostic>,
}

/// Parses a text.
pub fn parse(source: SourceId, text: &str) -> (File, Vec<Diagnostic>) {
    let parsed = parse_with_tokens(source, text);
    (parsed.file, parsed.problems)
}

/// Parses a text, and returns its tokens too. [`scanner::comments`] finds the comments between them.
pub fn parse_with_tokens(source: SourceId, text: &str) -> Parsed {
    let mut parser = parser_of(source, text);
    let file = parser.file();
    Parsed { file, tokens: parser.tokens, problems: parser.problems }
}

/// Returns a parser at the beginning of a text.
fn parser_of(source: SourceId, text: &str) -> Parser<'_> {
    let Scanned { tokens, problems, migrations, .. } = scanner::scan(source, text);
    Parser {
        source,
        text,
        tokens,
        at: 0,
        problems,
        migrations: migrations.into_iter().map(|span| (span, false)).collect(),
        anchor: 0,
        limit: -1,
        outer: -1,
        statement: -1,
        level: 0,
        open: 0,
        depth: 0,
        recovering: false,
        aborted: false,
        braces: 0,
        has_braces: false,
        has_semicolons: false,
        is_session: false,
        foreign_import: None,
        returns: 0,
        known_line: Cell::new((0, 1)),
    }
}

struct Parser<'a> {
    source: SourceId,
    text: &'a str,
    /// Never empty; the last one is the end of the file.
    tokens: Vec<Token>,
    at: usize,
    problems: Vec<Diagnostic>,
    /// The comments with type migrations, and whether a function has taken them.
    migrations: Vec<(Span, bool)>,
    /// The first token of the current construct. It does not end the construct.
    anchor: usize,
    /// A line with at most this indentation ends the current construct.
    limit: i64,
    /// The limit around the current statement or argument.
    outer: i64,
    /// The indentation of the current statement: an operand whose operator ends a line may stand
    /// right below the first operand, as long as it is indented more than this.
    statement: i64,
    /// The number of sequences of statements that enclose the current one within its function.
    level: u32,
    /// The number of open brackets.
    open: u32,
    depth: u32,
    recovering: bool,
    /// Whether to skip everything up to the next declaration.
    aborted: bool,
    /// The number of bodies that began with a `{`, which has been reported, and whose `}` follows.
    braces: u32,
    /// Whether a body with braces has been reported.
    has_braces: bool,
    /// Whether a `;` after a declaration has been reported.
    has_semicolons: bool,
    /// Whether the text is an input of a session, in which statements stand at the left margin.
    is_session: bool,
    /// An import of another language, which has been reported. It has no name, so it may bring any names.
    foreign_import: Option<Import>,
    /// How many heads have been read again.
    returns: u32,
    /// A place and its line.
    known_line: Cell<(u32, usize)>,
}

/// Whether a `:` may begin a block at the end of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Blocks {
    /// No: it ends a condition, or separates the branches of a conditional expression.
    Refused,
    /// Only if no space stands before it.
    Attached,
    /// At the end of any call.
    Allowed,
}

/// The limits of a construct, kept while an inner one is parsed.
#[derive(Clone, Copy)]
struct Frame {
    limit: i64,
    outer: i64,
    statement: i64,
}

const END: Token = Token {
    kind: Kind::Eof,
    span: Span { start: 0, end: 0 },
    line_start: true,
    space_before: true,
    line_indent: 0,
};

impl Parser<'_> {
    // Looking ahead.

    /// Returns the current token, even if the current construct ends before it.
    fn token(&self) -> Token {
        self.token_at(0)
    }

    fn token_at(&self, ahead: usize) -> Token {
        self.tokens.get(self.at + ahead).or(self.tokens.last()).copied().unwrap_or(END)
    }

    /// Returns whether the current construct ends before the current token.
    fn ended(&self) -> bool {
        let token = self.token();
        let dedented =
            token.line_start && i64::from(token.line_indent) <= self.limit && self.at != self.anchor;
        self.aborted || token.kind == Kind::Eof || dedented
    }

    /// Returns the current token's kind; [`Kind::Eof`] at the end of the construct.
    fn peek(&self) -> Kind {
        if self.ended() { Kind::Eof } else { self.token().kind }
    }

    /// Like `Parser::peek`, but for tokens of the current line only.
    fn peek_on_line(&self) -> Kind {
        if self.token().line_start { Kind::Eof } else { self.peek() }
    }

    /// Returns whether the current construct goes on with a new line.
    fn on_new_line(&self) -> bool {
        self.token().line_start && !self.ended()
    }

    /// Returns whether white space follows the current token.
    fn space_after(&self) -> bool {
        self.token_at(1).space_before
    }

    /// Returns whether a token of this kind comes next and belongs to the construct whose statement
    /// has the limit `outer` around it. Such a token may stand left of the current limit.
    fn at_outer(&self, kind: Kind, outer: i64) -> bool {
        let token = self.token();
        !self.aborted && token.kind == kind && (!token.line_start || i64::from(token.line_indent) > outer)
    }

    // Moving.

    /// Takes the current token, even if the current construct ends before it. Does not move past the end of
    /// the file.
    fn advance(&mut self) -> Token {
        let token = self.token();
        if token.kind != Kind::Eof {
            self.at += 1;
        }
        token
    }

    fn take(&mut self, kind: Kind) -> Option<Token> {
        (self.peek() == kind).then(|| self.advance())
    }

    fn take_identifier(&mut self) -> Option<Identifier> {
        (self.peek() == Kind::Identifier).then(|| self.advance_name())
    }

    /// Parses the current token as a name.
    fn advance_name(&mut self) -> Identifier {
        let token = self.advance();
        Identifier { name: canonical(self.written(token.span)), span: token.span }
    }

    fn written(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Returns the line of a place, counted from 1. Counts from the last place that was asked for, so that
    /// the messages of a text together take time in proportion to its size.
    fn line_of(&self, place: u32) -> usize {
        let (known, line) = self.known_line.get();
        let (start, line) = if known <= place { (known, line) } else { (0, 1) };
        let line = line + self.written(Span { start, end: place }).matches('\n').count();
        self.known_line.set((place, line));
        line
    }

    /// Returns whether two places are on the same line, with fewer than 1,000 bytes between them. `first` is the earlier one.
    fn is_near(&self, first: u32, second: u32) -> bool {
        let between = self.written(Span { start: first, end: second.max(first) });
        between.len() < 1000 && !between.contains('\n')
    }

    /// Returns the end of the last token taken.
    fn last_end(&self) -> u32 {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |token| token.span.end)
    }

    /// Returns the span from `start` to the end of the last token taken.
    fn span_from(&self, start: u32) -> Span {
        Span { start, end: self.last_end().max(start) }
    }

    // Frames.

    fn frame(&self) -> Frame {
        Frame { limit: self.limit, outer: self.outer, statement: self.statement }
    }

    fn restore(&mut self, frame: Frame) {
        self.limit = frame.limit;
        self.outer = frame.outer;
        self.statement = frame.statement;
    }

    /// Parses something that begins at the current token, as a construct of its own: its further
    /// lines are indented more than its first.
    fn indented<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        let frame = self.frame();
        self.outer = self.limit;
        self.limit = i64::from(self.token().line_indent).max(self.limit);
        self.anchor = self.at;
        let result = parse(self);
        self.restore(frame);
        result
    }

    // Errors.

    /// Reports a mistake, unless the parser is still recovering from an earlier one.
    fn error(&mut self, span: Span, title: impl Into<String>) {
        self.report(|source| Diagnostic::error(source, span, title));
    }

    fn error_hint(&mut self, span: Span, title: impl Into<String>, hint: impl Into<String>) {
        self.report(|source| Diagnostic::error(source, span, title).hint(hint));
    }

    fn report(&mut self, make: impl FnOnce(SourceId) -> Diagnostic) {
        if !self.recovering && !self.aborted {
            self.problems.push(make(self.source));
        }
        self.recovering = true;
    }

    /// Reports a mistake that does not disturb parsing.
    fn error_and_go_on(&mut self, span: Span, title: impl Into<String>, hint: &str) {
        if !self.recovering {
            self.error_hint(span, title, hint);
            self.recovering = false;
        }
    }

    fn warning(&mut self, span: Span, title: impl Into<String>, hint: &str) {
        self.problems.push(Diagnostic::warning(self.source, span, title).hint(hint));
    }

    /// Reports that something else was expected here.
    fn expected(&mut self, what: &str) {
        let token = self.token();
        if token.kind == Kind::Illegal {
            // The mistake has been reported.
            self.recovering = true;
            return;
        }
        if self.ended() && self.at != self.anchor {
            let end = self.last_end();
            return self.error(Span { start: end, end: end + 1 }, format!("expected {what} after this"));
        }
        let title = format!("expected {what}, found {}", self.describe(token));
        match self.hint_for(token) {
            Some(hint) => self.error_hint(token.span, title, hint),
            None => self.error(token.span, title),
        }
    }

    fn describe(&self, token: Token) -> String {
        match token.kind {
            Kind::Identifier | Kind::Int | Kind::Float | Kind::Char => {
                format!("`{}`", self.written(token.span))
            }
            kind => kind.describe().to_owned(),
        }
    }

    /// Skips to the end of the current construct: to a line with at most the limit's indentation, or to a
    /// bracket that closes one that was opened before.
    fn skip_rest(&mut self) {
        let mut nesting = 0u32;
        while !self.ended() {
            match self.token().kind {
                Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace | Kind::HashBracket => nesting += 1,
                Kind::StringBegin | Kind::InterpolationBegin => nesting += 1,
                kind if is_closer(kind) => {
                    if nesting == 0 && self.open > 0 {
                        return;
                    }
                    nesting = nesting.saturating_sub(1);
                }
                _ => {}
            }
            self.advance();
        }
    }

    /// Counts a level of nesting. If there are too many levels, reports an error and returns false.
    fn enter(&mut self) -> bool {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            self.too_deep(self.token().span);
            return false;
        }
        true
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }

    fn too_deep(&mut self, span: Span) {
        let span = Span { start: span.start, end: span.start + 1 };
        self.error_hint(span, "this is nested too deeply", "give parts of it names of their own");
        self.aborted = true;
    }

    /// Makes an expression that extends from `start` to the last token taken.
    fn expression_from(&mut self, start: u32, kind: ExpressionKind) -> Expression {
        let span = self.span_from(start);
        self.expression_at(span, kind)
    }

    fn expression_at(&mut self, span: Span, kind: ExpressionKind) -> Expression {
        let height = kind.inner_height() + 1;
        if height > HEIGHT_MAX {
            self.too_deep(span);
            return Expression { kind: ExpressionKind::Error, span, height: 1 };
        }
        Expression { kind, span, height }
    }
}

/// Returns whether the token closes a bracket.
fn is_closer(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::RightParen | Kind::RightBracket | Kind::RightBrace | Kind::InterpolationEnd | Kind::StringEnd
    )
}

#[cfg(test)]
mod tests;
