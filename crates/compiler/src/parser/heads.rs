//! Parses the heads of constructs, and finds the end of one that lacks its `:`.
//!
//! The lines below a head may hold arguments of a call in the head. If the head lacks its `:`, the body is first parsed
//! as such arguments. The parser then goes back, and parses the head again up to the end of its line.

use super::Parser;
use crate::scanner::{Kind, Token};

/// How many heads of a text are read again. Each takes time in proportion to the text.
const RETURNS_MAX: u32 = 16;

/// The maximum number of tokens that the search for the end of a head examines.
const HEAD_MAX: usize = 1000;

impl Parser<'_> {
    /// Parses a part of a head that ends with a `:`. `keyword` begins the construct.
    pub(super) fn head_part<T>(&mut self, keyword: Token, parse: impl Fn(&mut Self) -> T) -> T {
        let Some(end) = self.end_of_head_line(keyword).filter(|_| self.returns < RETURNS_MAX) else {
            return parse(self);
        };
        let (start, anchor, known) = (self.at, self.anchor, self.problems.len());
        let (braces, has_braces) = (self.braces, self.has_braces);
        let (recovering, aborted) = (self.recovering, self.aborted);
        let part = parse(self);
        let has_colon = self.at_outer(Kind::Colon, i64::from(keyword.line_indent) - 1);
        if self.at <= end || has_colon || self.aborted || self.token().kind == Kind::LeftBrace {
            return part;
        }
        self.returns += 1;
        (self.at, self.anchor) = (start, anchor);
        self.problems.truncate(known);
        (self.braces, self.has_braces) = (braces, has_braces);
        (self.recovering, self.aborted) = (recovering, aborted);
        let next = self.tokens.get(end).map_or(0, |token| token.line_indent);
        let limit = std::mem::replace(&mut self.limit, i64::from(next));
        let part = parse(self);
        self.limit = limit;
        part
    }

    /// Returns the place of the first token below the line of a head, if the head could end with its line and the body
    /// begin below.
    fn end_of_head_line(&self, keyword: Token) -> Option<usize> {
        let rest = self.tokens.get(self.at..)?;
        let mut depth = 0u32;
        let mut last = keyword.kind;
        let mut end = None;
        for (place, token) in rest.iter().enumerate().take(HEAD_MAX) {
            if depth == 0 && place > 0 && token.line_start {
                end = Some(place);
                break;
            }
            match token.kind {
                Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace | Kind::HashBracket => depth += 1,
                Kind::StringBegin | Kind::InterpolationBegin => depth += 1,
                kind if super::is_closer(kind) => depth = depth.checked_sub(1)?,
                Kind::Eof => return None,
                _ => {}
            }
            last = token.kind;
        }
        let end = end?;
        let next = rest.get(end)?;
        let is_complete = super::is_closer(last)
            || matches!(last, Kind::Identifier | Kind::Int | Kind::Float | Kind::Char)
            || matches!(last, Kind::True | Kind::False | Kind::Null);
        let is_body = next.line_indent > keyword.line_indent && i64::from(next.line_indent) > self.limit;
        (is_complete && is_body && !self.has_colon_below(keyword, end)).then_some(self.at + end)
    }

    /// Returns whether a line below a head ends with a `:` whose body is indented less than the line: then the lines belong
    /// to the head.
    fn has_colon_below(&self, keyword: Token, end: usize) -> bool {
        let rest = self.tokens.get(self.at + end..).unwrap_or_default();
        let Some(first) = rest.first() else { return false };
        let is_inside = |token: &Token| token.line_indent > keyword.line_indent && token.kind != Kind::Eof;
        let lines = rest.windows(2).take(HEAD_MAX).take_while(|pair| pair.iter().all(is_inside));
        lines.map(|pair| (pair[0], pair[1])).any(|(colon, body)| {
            colon.kind == Kind::Colon && body.line_start && body.line_indent < first.line_indent
        })
    }
}
