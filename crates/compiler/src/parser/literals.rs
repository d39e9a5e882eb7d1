//! Parses primary expressions: names, literals, brackets.

use super::{Blocks, Parser};
use crate::ast::{Expression, ExpressionKind, StringPart};
use crate::diagnostic::Diagnostic;
use crate::scanner::{self, Kind, Token};
use crate::source::Span;

/// The kind of a literal between braces.
enum Braces {
    Set(Vec<Expression>),
    Map(Vec<(Expression, Expression)>),
}

/// Returns whether a number is written in hexadecimal or binary: `0xff`, `0b11`.
fn has_radix(text: &str) -> bool {
    matches!(text.as_bytes().get(1), Some(b'x' | b'X' | b'b' | b'B'))
}

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Expression {
        self.string_prefix();
        if let Some(object) = self.foreign_new() {
            return object;
        }
        if let Some(lambda) = self.foreign_lambda() {
            return lambda;
        }
        if let Some(function) = self.anonymous_function() {
            return function;
        }
        if let Some(received) = self.foreign_receive() {
            return received;
        }
        let token = self.token();
        let start = token.span.start;
        let kind = match self.peek() {
            Kind::Identifier => ExpressionKind::Name(self.advance_name().name),
            Kind::Int | Kind::Float => return self.number(false, start),
            Kind::Char => self.character(),
            Kind::StringBegin => return self.string(),
            Kind::True | Kind::False => ExpressionKind::Bool(self.advance().kind == Kind::True),
            Kind::Null => {
                self.advance();
                ExpressionKind::Null
            }
            Kind::LeftParen => return self.parenthesized(),
            Kind::LeftBracket => {
                let mut elements = Vec::new();
                let mut is_foreign = false;
                self.bracketed(Kind::RightBracket, |parser| {
                    elements.push(parser.expression(Blocks::Allowed));
                    is_foreign |= parser.peek() == Kind::For;
                });
                // The names in `[x for x in list]` mean nothing here.
                if is_foreign { ExpressionKind::Error } else { ExpressionKind::List(elements) }
            }
            Kind::HashBracket => {
                let mut elements = Vec::new();
                self.bracketed(Kind::RightBracket, |parser| {
                    elements.push(parser.expression(Blocks::Allowed))
                });
                ExpressionKind::ByteArray(elements)
            }
            Kind::LeftBrace => self.braces(),
            Kind::Colon | Kind::DoubleColon => return self.block_or_lambda(),
            Kind::Primitive => return self.primitive(),
            Kind::Else | Kind::Finally => {
                self.unexpected();
                return self.expression_at(Span { start, end: start }, ExpressionKind::Error);
            }
            _ => {
                match self.keyword_as_name() {
                    Some(problem) => self.report(|_| problem),
                    None if self.ended() && self.at != self.anchor => {
                        let end = self.last_end();
                        let hint = "write a value, such as `1`, `\"text\"` or the name of a variable";
                        self.error_hint(
                            Span { start: end, end: end + 1 },
                            "expected an expression after this",
                            hint,
                        );
                    }
                    None => self.expected("an expression"),
                }
                return self.expression_at(Span { start, end: start }, ExpressionKind::Error);
            }
        };
        self.expression_from(start, kind)
    }

    /// Parses a number, whose minus, if any, is at `start`.
    pub(super) fn number(&mut self, negative: bool, start: u32) -> Expression {
        let token = self.advance();
        let text = self.written(token.span).to_owned();
        let kind = if token.kind == Kind::Float {
            let value = scanner::float(&text).unwrap_or(0.0);
            if value.is_infinite() {
                self.error_and_go_on(token.span, "this float is too large", "floats reach about 1.8e308");
            }
            ExpressionKind::Float(if negative { -value } else { value })
        } else {
            match scanner::int(&text, negative) {
                Some(_) if negative && has_radix(&text) => {
                    let hint = "write the bits that are meant, or a decimal number";
                    let span = self.span_from(start);
                    self.error_and_go_on(span, "a minus before a hexadecimal or binary number", hint);
                    ExpressionKind::Int(0)
                }
                Some(value) => ExpressionKind::Int(value),
                None => {
                    let well_formed =
                        text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, '_' | 'x' | 'X'));
                    if well_formed && text.len() > 2 {
                        let hint = "integers have 64 bits";
                        self.error_and_go_on(token.span, "this integer is too large", hint);
                    }
                    ExpressionKind::Int(0)
                }
            }
        };
        self.expression_from(start, kind)
    }

    /// Returns the integer, as written, that ends where a `.` begins.
    pub(super) fn digits_before(&self, dot: Span) -> Option<String> {
        let number = self.tokens.get(self.at.checked_sub(2)?)?;
        (number.kind == Kind::Int && number.span.end == dot.start)
            .then(|| self.written(number.span).to_owned())
    }

    fn character(&mut self) -> ExpressionKind {
        let token = self.advance();
        let written = self.written(token.span).to_owned();
        let Some(inside) = written.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) else {
            // The scanner has reported the missing quote.
            return ExpressionKind::Int(0);
        };
        match scanner::unescape(inside, false) {
            Ok(text) => {
                let mut chars = text.chars();
                if let (Some(c), None) = (chars.next(), chars.next()) {
                    return ExpressionKind::Int(i64::from(u32::from(c)));
                }
                let hint = "single quotes enclose one character; a string is written between `\"`";
                self.error_and_go_on(token.span, format!("{written} is not one character"), hint);
            }
            Err(bad) => self.bad_escape(token.span.start + 1, &bad),
        }
        ExpressionKind::Int(0)
    }

    fn bad_escape(&mut self, start: u32, bad: &scanner::BadEscape) {
        let span = Span::new(start as usize + bad.range.start, start as usize + bad.range.end);
        let hint = "a backslash itself is written `\\\\`; known are \\0 \\a \\b \\f \\n \\r \\t \\v \\$ \\\" \\' \\xXX \\uXXXX \\u{X...}";
        self.error_and_go_on(span, format!("a bad escape sequence: {}", bad.reason), hint);
    }

    fn parenthesized(&mut self) -> Expression {
        let start = self.token().span.start;
        let mut inside = None;
        self.enclosed(Kind::RightParen, |parser| {
            let value = parser.expression_or_indented(Blocks::Allowed);
            if matches!(&value.kind, ExpressionKind::Assign { target, .. } if matches!(target.kind, ExpressionKind::Name(_))) {
                let hint = "assign the variable in a statement of its own";
                parser.refuse_assignment(&value, "a part of an expression", hint);
            }
            inside = Some(parser.refuse_definition(value, "a part of an expression"));
        });
        match inside {
            Some(inside) if !matches!(inside.kind, ExpressionKind::Error) => {
                self.expression_from(start, ExpressionKind::Parenthesized(Box::new(inside)))
            }
            _ => self.expression_from(start, ExpressionKind::Error),
        }
    }

    /// Parses `x[y]`, `x[y..z]`.
    pub(super) fn index(&mut self, receiver: Expression) -> Expression {
        let start = receiver.span.start;
        let receiver = Box::new(receiver);
        let mut arguments = Vec::new();
        let mut slice = None;
        if self.token_at(1).kind == Kind::RightBracket {
            let span = self.token_at(1).span;
            self.error_and_go_on(span, "an index must stand between these brackets", "write `x[0]`");
            arguments.push(self.expression_at(span, ExpressionKind::Error));
        }
        self.enclosed(Kind::RightBracket, |parser| {
            if !arguments.is_empty() {
                return;
            }
            let from =
                (parser.peek() != Kind::DotDot).then(|| parser.expression_or_indented(Blocks::Allowed));
            if parser.take(Kind::DotDot).is_some() {
                let to = (parser.peek() != Kind::RightBracket)
                    .then(|| Box::new(parser.expression_or_indented(Blocks::Allowed)));
                slice = Some((from.map(Box::new), to));
                return;
            }
            arguments.extend(from);
            while parser.take(Kind::Comma).is_some() {
                arguments.push(parser.expression_or_indented(Blocks::Allowed));
            }
        });
        let kind = match slice {
            Some((from, to)) => ExpressionKind::Slice(receiver, from, to),
            None => ExpressionKind::Index(receiver, arguments),
        };
        self.expression_from(start, kind)
    }

    /// Parses something between brackets. The closing bracket may begin a line, but not left of the
    /// line of the opening one.
    fn enclosed(&mut self, closer: Kind, parse: impl FnOnce(&mut Self)) {
        let opener = self.advance();
        let outer = self.outer.min(i64::from(opener.line_indent) - 1);
        self.open += 1;
        if !self.at_outer(closer, outer) || closer == Kind::RightParen {
            parse(self);
        }
        self.close(opener, closer, outer);
        self.open -= 1;
    }

    fn close(&mut self, opener: Token, closer: Kind, outer: i64) {
        if self.at_outer(closer, outer) {
            self.advance();
            return;
        }
        let complete = !self.recovering;
        if complete {
            if self.peek() == Kind::Colon && opener.kind == Kind::LeftBracket {
                let hint = "write `list[1..2]` for the elements from one place up to another one";
                self.error_hint(self.token().span, "a `:` between brackets", hint);
            } else if !self.ended() && matches!(self.peek(), Kind::Colon | Kind::DoubleColon) {
                self.unexpected();
            } else if self.ended() || self.token().line_start || self.token().kind == Kind::InterpolationEnd {
                let title = format!("this {} is not closed", opener.kind.describe());
                self.error_hint(opener.span, title, format!("write {} where it ends", closer.describe()));
            } else {
                self.expected(closer.describe());
            }
        }
        self.skip_rest();
        if self.at_outer(closer, outer) {
            self.advance();
        }
    }

    /// Parses elements between brackets, separated by commas. An element that begins a line is a
    /// construct of its own.
    fn bracketed(&mut self, closer: Kind, mut element: impl FnMut(&mut Self)) {
        let opener = self.advance();
        let outer = self.outer.min(i64::from(opener.line_indent) - 1);
        self.open += 1;
        self.level += 1;
        while !self.at_outer(closer, outer) && !self.ended() && !self.recovering {
            let before = self.at;
            if self.on_new_line() {
                self.indented(&mut element);
            } else {
                element(self);
            }
            if self.at_outer(Kind::Comma, outer) {
                self.advance();
            } else if !self.at_outer(closer, outer) && !self.ended() {
                let known = self.problems.len();
                self.expected(&format!("`,` or {}", closer.describe()));
                let hint = match closer {
                    Kind::RightBrace => "elements are separated by `,`, a key and its value by `:`",
                    _ => "elements are separated by `,`",
                };
                if let Some(problem) = self.problems.get_mut(known).filter(|new| new.hints.is_empty()) {
                    problem.hints.push(hint.into());
                }
            }
            if self.at == before {
                break;
            }
        }
        self.close(opener, closer, outer);
        self.level -= 1;
        self.open -= 1;
    }

    /// Parses `{}`, `{a, b}`, `{:}`, `{a: b}`.
    fn braces(&mut self) -> ExpressionKind {
        if self.token_at(1).kind == Kind::Colon && self.token_at(2).kind == Kind::RightBrace {
            self.advance();
            self.advance();
            self.advance();
            return ExpressionKind::Map(Vec::new());
        }
        let mut braces: Option<Braces> = None;
        self.bracketed(Kind::RightBrace, |parser| {
            let key = parser.expression(Blocks::Refused);
            let colon = parser.take(Kind::Colon).is_some();
            match braces
                .get_or_insert_with(|| if colon { Braces::Map(Vec::new()) } else { Braces::Set(Vec::new()) })
            {
                Braces::Map(entries) => {
                    if !colon {
                        parser.expected("the `:` between this key and its value");
                    }
                    let value = parser.operand(|parser| parser.expression(Blocks::Allowed));
                    entries.push((key, value));
                }
                Braces::Set(elements) => elements.push(key),
            }
        });
        match braces {
            Some(Braces::Map(entries)) => ExpressionKind::Map(entries),
            Some(Braces::Set(elements)) => ExpressionKind::Set(elements),
            None => ExpressionKind::Set(Vec::new()),
        }
    }

    // Strings.

    fn string(&mut self) -> Expression {
        let begin = self.advance();
        let triple = begin.span.end - begin.span.start == 3;
        let mut texts = vec![String::new()];
        // The start of each text, for errors.
        let mut starts = vec![begin.span.end];
        let mut values = Vec::new();
        self.open += 1;
        loop {
            match self.token().kind {
                Kind::StringText => {
                    let token = self.advance();
                    let text = self.written(token.span).to_owned();
                    if let (Some(last), Some(start)) = (texts.last_mut(), starts.last_mut()) {
                        if last.is_empty() {
                            *start = token.span.start;
                        }
                        last.push_str(&text);
                    }
                }
                Kind::InterpolationBegin => {
                    values.push(self.interpolation());
                    texts.push(String::new());
                    starts.push(self.last_end());
                }
                _ => break,
            }
        }
        self.open -= 1;
        let mut is_complete = false;
        if self.token().kind == Kind::StringEnd {
            is_complete = self.advance().span != Span::default();
        }
        if triple {
            scanner::dedent(&mut texts);
        }
        let parts = self.string_parts(texts, &starts, values, triple, is_complete);
        self.expression_from(begin.span.start, ExpressionKind::String(parts))
    }

    fn string_parts(
        &mut self,
        texts: Vec<String>,
        starts: &[u32],
        values: Vec<(Expression, Option<String>)>,
        triple: bool,
        is_complete: bool,
    ) -> Vec<StringPart> {
        let mut parts = Vec::new();
        let mut values = values.into_iter();
        for (raw, start) in texts.into_iter().zip(starts) {
            match scanner::unescape(&raw, triple) {
                Ok(text) if text.is_empty() => {}
                Ok(text) => parts.push(StringPart::Text(text)),
                Err(bad) if is_complete => self.bad_escape(*start, &bad),
                Err(_) => {}
            }
            if let Some((value, format)) = values.next() {
                parts.push(StringPart::Value(value, format));
            }
        }
        parts
    }

    /// Parses `$name.member[index]` or `$(%5.2f expression)`.
    fn interpolation(&mut self) -> (Expression, Option<String>) {
        let begin = self.advance();
        let parenthesized = begin.span.end - begin.span.start == 2;
        let frame = self.frame();
        // The scanner has found the end, so line breaks do not matter in between.
        self.limit = -1;
        self.outer = -1;
        self.statement = -1;
        let mut format = None;
        if self.token().kind == Kind::Format {
            let span = self.advance().span;
            format = self.written(span).strip_prefix('%').map(str::to_owned);
        }
        let value = if parenthesized {
            if self.token().kind == Kind::InterpolationEnd {
                self.error_and_go_on(begin.span, "these parentheses are empty", "write an expression");
                self.expression_at(begin.span, ExpressionKind::Error)
            } else {
                self.expression_or_indented(Blocks::Allowed)
            }
        } else {
            let primary = self.primary();
            self.interpolated_path(primary)
        };
        if self.token().kind != Kind::InterpolationEnd && !self.aborted {
            let next = self.token();
            if parenthesized && next.line_start && next.kind != Kind::Illegal {
                self.report(|source| {
                    let problem = Diagnostic::error(source, begin.span, "this `$(` is not closed");
                    let problem = problem.also(source, next.span, "a `)` must stand before this");
                    problem.hint("write `)` after the expression")
                });
            } else if !self.recovering {
                self.expected("`)`");
            }
            self.skip_rest();
        }
        if self.token().kind == Kind::InterpolationEnd {
            self.advance();
        }
        self.restore(frame);
        (value, format)
    }

    /// Parses `.member` and `[index]` after a name in a string.
    fn interpolated_path(&mut self, mut value: Expression) -> Expression {
        while !self.recovering {
            let start = value.span.start;
            match self.token().kind {
                Kind::Dot => {
                    self.advance();
                    let token = self.token();
                    let word = self.written(token.span).to_owned();
                    if token.kind != Kind::Identifier || matches!(&*word, "this" | "super") {
                        self.error(token.span, format!("`{word}` cannot name a member"));
                        break;
                    }
                    let name = self.advance_name();
                    value = self.expression_from(start, ExpressionKind::Member(Box::new(value), name));
                }
                Kind::LeftBracket => value = self.index(value),
                _ => break,
            }
        }
        value
    }
}
