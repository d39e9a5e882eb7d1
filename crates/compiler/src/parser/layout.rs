//! Recognizes lines that are not indented, and therefore do not belong to the line above them: bodies, parameters and
//! named arguments. Reports the indentation, and goes on as if it were right.

use super::Parser;
use super::habits::LOOK_AHEAD_MAX;
use super::statements::add_broken_argument;
use crate::ast::{Body, ClassKind, Expression};
use crate::scanner::{Kind, Token};
use crate::source::Span;

impl Parser<'_> {
    /// Parses the lines after the `:` of a function as its body, if they are not indented but can only be statements.
    pub(super) fn body_below(&mut self, colon: Span, class: Option<ClassKind>) -> Option<Body> {
        let token = self.token();
        let (line, colon_line) = (self.line_of(token.span.start), self.line_of(colon.start));
        let is_below =
            token.line_start && i64::from(token.line_indent) == self.limit && line == colon_line + 1;
        if !is_below || self.is_session || !self.begins_statements() || class == Some(ClassKind::Interface) {
            return None;
        }
        let title = format!("this function has no body: line {line} is not indented more");
        self.habit(colon, title, "indent the lines of the body by 2 more spaces");
        let statements = self.lines_below(|parser| {
            parser.is_definition() || parser.is_surely_statement() && !parser.is_blank_line_before()
        });
        Some(Body { statements, span: colon })
    }

    /// Parses the lines after `try:` as its body, if they are not indented and a `finally` follows them.
    pub(super) fn try_body_below(&mut self, keyword: Token, body: Body) -> Body {
        if body.statements.is_empty() && self.written(body.span) == ":" {
            return self.lines_before_finally(keyword, body);
        }
        body
    }

    fn lines_before_finally(&mut self, keyword: Token, body: Body) -> Body {
        let keyword_indent = keyword.line_indent;
        let token = self.token();
        let is_below = token.line_start && token.line_indent == keyword_indent;
        if !is_below || token.kind == Kind::Finally || self.recovering {
            return body;
        }
        let mut rest = self.tokens.iter().skip(self.at).take(LOOK_AHEAD_MAX);
        let end = rest.find(|token| {
            token.line_start && (token.kind == Kind::Finally || token.line_indent < keyword_indent)
        });
        if end.is_none_or(|end| end.kind != Kind::Finally || end.line_indent != keyword_indent) {
            self.check_empty_body("try", keyword_indent, body.span);
            return body;
        }
        let line = self.line_of(token.span.start);
        let title = format!("this `try` has no body: line {line} is not indented more");
        self.habit(body.span, title, "indent the lines of the body by 2 more spaces");
        let statements = self.lines_below(|parser| parser.token().kind != Kind::Finally);
        Body { statements, span: body.span }
    }

    /// Parses lines with the indentation of the current one as statements, as long as they belong to the body.
    fn lines_below(&mut self, belongs: impl Fn(&Self) -> bool) -> Vec<Expression> {
        let frame = self.frame();
        let indent = self.token().line_indent;
        let mut statements = Vec::new();
        self.level += 1;
        loop {
            let before = self.at;
            self.outer = i64::from(indent) - 1;
            self.limit = i64::from(indent);
            self.statement = self.limit;
            self.anchor = self.at;
            let goes_on = self.statements_of_line(&mut statements, &mut false);
            let token = self.token();
            let is_next = token.line_start && token.line_indent == indent && token.kind != Kind::Eof;
            if self.at == before || self.aborted || !goes_on || !is_next || !belongs(self) {
                break;
            }
        }
        self.level -= 1;
        self.restore(frame);
        statements
    }

    /// Returns whether a line that can only be a statement begins here, or after definitions of variables.
    fn begins_statements(&mut self) -> bool {
        let (start, indent) = (self.at, self.token().line_indent);
        let end = start + LOOK_AHEAD_MAX;
        while self.at < end && self.is_definition() && !self.is_surely_statement() {
            self.at += 1;
            while self.at < end && !self.token().line_start {
                self.at += 1;
            }
            if self.token().line_indent != indent || self.is_blank_line_before() {
                break;
            }
        }
        let is_statement = self.token().line_indent == indent && self.is_surely_statement();
        let is_near = self.at == start || !self.is_blank_line_before();
        self.at = start;
        is_statement && is_near
    }

    /// Returns whether the line that begins here can be a statement, but not a declaration.
    fn is_surely_statement(&self) -> bool {
        match self.token().kind {
            Kind::Return | Kind::If | Kind::While | Kind::For | Kind::Try | Kind::Break | Kind::Continue => {
                true
            }
            Kind::Identifier => {
                let next = self.token_at(1);
                let is_word = self.is_word(0, &["abstract", "operator", "constructor", "extends"]);
                let is_variable = matches!(next.kind, Kind::Slash | Kind::Define | Kind::DefineFinal);
                let is_line = next.line_start || next.kind == Kind::Eof;
                !is_word
                    && !is_variable
                    && !is_line
                    && self.class_keyword().is_none()
                    && self.is_line_without_head()
                    && !self.has_body_after(0)
            }
            _ => false,
        }
    }

    /// Returns whether a blank line or a comment stands before the current line.
    fn is_blank_line_before(&self) -> bool {
        let between = Span { start: self.last_end(), end: self.token().span.start };
        self.written(between).matches('\n').count() > 1
    }

    /// Reports a parameter with dashes that begins a line and is not indented. Returns whether one comes next: then its
    /// dashes do not end the current construct.
    pub(super) fn is_parameter_below(&mut self, indent: u32) -> bool {
        let (token, name) = (self.token(), self.token_at(1));
        let is_below = token.kind == Kind::Decrement
            && token.line_start
            && token.line_indent == indent
            && name.kind == Kind::Identifier
            && !name.space_before
            && !self.recovering;
        if is_below {
            let line = self.line_of(self.last_end());
            let title = format!("this line does not continue line {line}, because it is not indented more");
            let place = token.span.to(name.span);
            if !self.problems.last().is_some_and(|last| last.title.starts_with("this line does not continue"))
            {
                let hint = "indent it by 4 spaces, and the body by 2: then it is a parameter";
                self.error_and_go_on(place, title, hint);
            }
            self.anchor = self.at;
        }
        is_below
    }

    /// Reports a line `--name=value` after a statement, and skips it: it is meant as an argument. Returns whether there
    /// is one.
    pub(super) fn named_argument_below(&mut self, statements: &mut [Expression]) -> bool {
        let (dashes, name, assign) = (self.token(), self.token_at(1), self.token_at(2));
        let is_argument = dashes.kind == Kind::Decrement
            && dashes.line_start
            && (name.kind == Kind::Identifier || name.kind.is_keyword())
            && !name.space_before
            && assign.kind == Kind::Assign
            && !assign.space_before;
        let Some(last) = statements.last_mut().filter(|_| is_argument && !self.recovering) else {
            return false;
        };
        let line = self.line_of(self.last_end());
        let title = format!("this line does not continue line {line}, because it is not indented more");
        let hint = "to make it an argument, indent it by 2 more spaces";
        self.error_and_go_on(dashes.span.to(name.span), title, hint);
        add_broken_argument(last);
        self.skip_rest();
        true
    }
}
