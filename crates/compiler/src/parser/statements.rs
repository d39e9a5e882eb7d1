//! Parses sequences of statements, and the constructs that have bodies.

use super::{Blocks, Parser, is_closer};
use crate::ast::{Argument, Body, Expression, ExpressionKind, FOREIGN_ASSIGNMENT, Initial, Parameter};
use crate::diagnostic::{Diagnostic, Label};
use crate::scanner::{Kind, Token};
use crate::source::Span;

/// The title of the error about an `else` without an `if`.
pub(crate) const LOST_ELSE: &str = "this `else` belongs to no `if`";

impl Parser<'_> {
    /// Parses the body of a function; its `:` has been taken.
    pub(super) fn function_body(&mut self, colon: Span) -> Body {
        let level = std::mem::replace(&mut self.level, 0);
        let body = self.body_after(colon);
        self.level = level;
        body
    }

    /// Parses the body of a construct within a function; its `:` has been taken.
    pub(super) fn inner_body(&mut self, colon: Span) -> Body {
        self.level += 1;
        let body = self.body_after(colon);
        self.level -= 1;
        body
    }

    fn body_after(&mut self, colon: Span) -> Body {
        let mut statements = Vec::new();
        if !self.enter() {
            self.leave();
            return Body { statements, span: colon };
        }
        if self.on_new_line() {
            self.sequence_on_lines(&mut statements);
        } else if !self.ended() {
            self.sequence_on_line(&mut statements);
        }
        self.leave();
        Body { statements, span: colon }
    }

    /// Parses statements on lines of their own, all with the same indentation.
    fn sequence_on_lines(&mut self, statements: &mut Vec<Expression>) {
        let frame = self.frame();
        let indent = self.token().line_indent;
        // Whether the next line has been reported, since it is indented too far.
        let mut is_continued = false;
        loop {
            self.skip_braces();
            if !self.on_new_line_of(frame.limit) || self.ends_sequence() {
                break;
            }
            if self.token().line_indent != indent && !std::mem::take(&mut is_continued) {
                let token = self.token();
                let title = "this line is not indented like the ones before it";
                let hint =
                    format!("statements of one sequence have the same indentation, here {indent} spaces");
                self.error_and_go_on(token.span, title, &hint);
            }
            self.outer = frame.limit;
            self.limit = i64::from(self.token().line_indent);
            self.statement = self.limit;
            self.anchor = self.at;
            if !self.statements_of_line(statements, &mut is_continued) {
                break;
            }
            self.limit = frame.limit;
        }
        self.restore(frame);
    }

    fn on_new_line_of(&self, limit: i64) -> bool {
        let token = self.token();
        !self.aborted && token.kind != Kind::Eof && token.line_start && i64::from(token.line_indent) > limit
    }

    /// Parses the statements of one line, separated by `;`. Returns whether the sequence may go on
    /// after it.
    pub(super) fn statements_of_line(
        &mut self,
        statements: &mut Vec<Expression>,
        is_continued: &mut bool,
    ) -> bool {
        let before = self.at;
        if self.named_argument_below(statements) {
            return self.token().line_start || self.token().kind == Kind::Eof;
        }
        self.sequence_separated(statements);
        self.skip_braces();
        if self.recovering {
            self.skip_rest();
            self.recovering = false;
            statements.last_mut().map(add_broken_argument);
        } else if self.ends_sequence() {
            return false;
        } else if !self.ended() {
            let is_next = self.token().line_start;
            let is_definition = self.token().kind == Kind::Identifier && self.is_definition();
            self.unexpected();
            statements.last_mut().map(add_broken_argument);
            self.recovering = false;
            if is_next {
                *is_continued = true;
            } else if is_definition {
                return self.statements_of_line(statements, is_continued);
            } else {
                self.skip_rest();
            }
        }
        if self.at == before && !self.ended() {
            self.advance();
        }
        // If this is false, the token is a bracket that closes something around this sequence.
        self.token().line_start || self.token().kind == Kind::Eof
    }

    /// Parses `a; b; c`, on one line.
    fn sequence_separated(&mut self, statements: &mut Vec<Expression>) {
        loop {
            match self.foreign_statements() {
                Some(mut found) => statements.append(&mut found),
                None => statements.push(self.expression(Blocks::Allowed)),
            }
            if self.recovering || self.token().line_start || self.take(Kind::Semicolon).is_none() {
                return;
            }
            if self.token().line_start {
                return;
            }
        }
    }

    /// Parses a body on the line of its `:`.
    fn sequence_on_line(&mut self, statements: &mut Vec<Expression>) {
        if self.ends_sequence() {
            return;
        }
        let frame = self.frame();
        self.outer = self.limit;
        self.sequence_separated(statements);
        self.restore(frame);
    }

    /// Returns whether the current token ends a sequence, since it may belong to an enclosing
    /// construct.
    pub(super) fn ends_sequence(&self) -> bool {
        let kind = self.token().kind;
        let closes = matches!(kind, Kind::Comma | Kind::DotDot) || is_closer(kind);
        (closes && self.open > 0)
            || (matches!(kind, Kind::Colon | Kind::Else | Kind::Finally) && self.level > 0)
    }

    /// Reports the current token, after a complete statement.
    pub(super) fn unexpected(&mut self) {
        self.unexpected_after("statement", "a statement ends with its line or with `;`");
    }

    /// Reports the current token, after something complete.
    pub(super) fn unexpected_after(&mut self, what: &str, hint: &str) {
        let token = self.token();
        match token.kind {
            Kind::Illegal => self.recovering = true,
            Kind::Colon | Kind::DoubleColon => {
                let next = self.token_at(1);
                if let Some(line) = self.body_not_indented(token, next) {
                    let title = format!("this block has no body: line {line} is not indented more");
                    let hint = "indent the lines of the body by 2 more spaces, or remove the `:`";
                    self.error_hint(token.span, title, hint);
                } else if next.line_start {
                    let hint = "remove the `:`, or indent the lines of its body more than this line";
                    self.error_hint(token.span, "this `:` begins a block without a body", hint);
                } else {
                    self.error(token.span, format!("unexpected {}", token.kind.describe()));
                }
            }
            Kind::Else => self.error(token.span, LOST_ELSE),
            Kind::Finally => self.error(token.span, "this `finally` belongs to no `try`"),
            kind if is_closer(kind) => {
                let title = format!("{} closes nothing", kind.describe());
                self.error_hint(token.span, title, "remove it, or open it before");
            }
            _ if token.line_start => self.continued_line(token),
            _ => {
                let found = self.describe(token);
                let found = found.strip_prefix("a ").unwrap_or(&found);
                let follows_string =
                    self.tokens[..self.at].last().is_some_and(|last| last.kind == Kind::StringEnd);
                let hint = match token.kind {
                    Kind::StringBegin if follows_string => "to join two strings, write `+` between them",
                    _ => self.hint_for(token).unwrap_or(hint),
                };
                self.error_hint(token.span, format!("unexpected {found} after the {what}"), hint);
            }
        }
    }

    /// Returns the line of `next`, if it is probably meant as the body after a `:`: it is indented like the line before it.
    fn body_not_indented(&self, colon: Token, next: Token) -> Option<usize> {
        let (line, colon_line) = (self.line_of(next.span.start), self.line_of(colon.span.start));
        let is_meant = next.line_start
            && next.line_indent == colon.line_indent
            && line == colon_line + 1
            && !matches!(next.kind, Kind::Eof | Kind::Else | Kind::Finally);
        is_meant.then_some(line)
    }

    /// Reports a block after the body of a construct, which is an argument of a call.
    pub(super) fn block_after_construct(&mut self, callee: Span) {
        let colon = self.token().span;
        self.report(|source| {
            let problem = Diagnostic::error(source, colon, "this `:` follows a body, and belongs to no call");
            let problem = problem.also(source, callee, "the call around it");
            problem.hint("to give this call a block, put parentheses around its argument")
        });
    }

    /// Reports a line that continues a statement which cannot go on.
    fn continued_line(&mut self, token: Token) {
        let before =
            self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |last| last.span.start);
        let line = self.line_of(before);
        let title = format!("this line is indented more than line {line}, and so continues it");
        let hint = format!("to make it a statement of its own, indent it like line {line}");
        self.error_hint(token.span, title, hint);
    }

    // Constructs.

    /// Parses `if a: b else if c: d else: e`. Long chains are common, so the parser loops over them
    /// instead of using recursion.
    pub(super) fn if_expression(&mut self) -> Expression {
        let outer = self.outer;
        let frame = self.frame();
        let first = self.token();
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let token = self.advance();
            let condition = self.condition("if", token);
            let then = self.colon_and_body("if", token);
            branches.push((token.span.start, condition, then));
            if self.token_at(1).kind == Kind::Else {
                self.skip_braces();
            }
            if !self.at_outer(Kind::Else, outer) {
                break;
            }
            let token = self.advance();
            if first.line_start && token.line_start && first.line_indent != token.line_indent {
                let hint = "indent both alike";
                self.warning(token.span, "this `else` does not stand below its `if`", hint);
            }
            if self.token().kind == Kind::If && !self.token().line_start {
                if token.line_start {
                    self.limit = self.limit.max(i64::from(token.line_indent));
                }
                continue;
            }
            self.restore(frame);
            otherwise = Some(self.colon_and_body("else", token));
            break;
        }
        self.restore(frame);
        while let Some((start, condition, then)) = branches.pop() {
            let span = then.span;
            let kind = ExpressionKind::If { condition: Box::new(condition), then, otherwise };
            let expression = self.expression_from(start, kind);
            if branches.is_empty() {
                return expression;
            }
            otherwise = Some(Body { statements: vec![expression], span });
        }
        self.expression_from(self.last_end(), ExpressionKind::Error)
    }

    fn condition(&mut self, construct: &str, keyword: Token) -> Expression {
        if self.token().kind == Kind::Colon {
            let span = self.token().span;
            self.error_and_go_on(
                span,
                format!("this `{construct}` has no condition"),
                "put it before the `:`",
            );
            return self.expression_at(span, ExpressionKind::Error);
        }
        if self.is_statement_after_condition() {
            return self.primary();
        }
        let condition = self.head_part(keyword, |parser| parser.expression_or_indented(Blocks::Refused));
        self.refuse_assignment(&condition, "a condition", "to compare, write `==`");
        self.resume_at_colon();
        condition
    }

    /// Parses `: body` of a construct that begins with a keyword. An empty body is suspicious.
    fn colon_and_body(&mut self, construct: &str, keyword: Token) -> Body {
        self.colon_and_body_or_none(construct, keyword, false)
    }

    /// Parses `: body` of a construct that begins with a keyword. The head of some loops holds all their work: then the
    /// body may be empty on purpose.
    fn colon_and_body_or_none(&mut self, construct: &str, keyword: Token, may_be_empty: bool) -> Body {
        if let Some(body) = self.foreign_braces() {
            return body;
        }
        match self.construct_colon(construct, keyword) {
            Some(colon) => {
                let body = self.inner_body(colon);
                if body.statements.is_empty() && !may_be_empty {
                    self.check_empty_body(construct, keyword.line_indent, colon);
                }
                body
            }
            None => Body { statements: Vec::new(), span: self.span_from(self.last_end()) },
        }
    }

    /// Warns about a construct without a body, if the next line was probably meant. A comment in its
    /// place says that the body is empty on purpose.
    pub(super) fn check_empty_body(&mut self, construct: &str, indent: u32, colon: Span) {
        let next = self.token();
        let between = self.written(Span { start: colon.end, end: next.span.start.max(colon.end) });
        let is_meant = next.line_start
            && next.line_indent == indent
            && !matches!(next.kind, Kind::Eof | Kind::Else | Kind::Finally)
            && !between.contains('/')
            && between.matches('\n').count() == 1;
        if is_meant && !self.recovering && !self.aborted {
            let line = self.line_of(next.span.start);
            let title = format!("this `{construct}` has no body: line {line} is not indented more");
            self.warning(colon, title, "indent the lines of the body by 2 more spaces");
        }
    }

    /// Parses the `:` of a construct, which may begin a line. If it is missing and an indented line
    /// follows, that line is taken as the body.
    pub(super) fn construct_colon(&mut self, construct: &str, keyword: Token) -> Option<Span> {
        if self.at_outer(Kind::Colon, i64::from(keyword.line_indent) - 1) {
            return Some(self.advance().span);
        }
        if let Some(brace) = self.foreign_brace() {
            return Some(brace);
        }
        let end = self.last_end();
        let span = Span { start: end, end: end + 1 };
        if let Some(hint) = self.statement_after_condition(construct, keyword) {
            self.habit(span, format!("this `{construct}` has no `:`"), &hint);
            return Some(span);
        }
        if self.on_new_line() {
            self.habit(span, format!("this `{construct}` has no `:`"), "a `:` stands before the body");
            self.recovering = false;
            return Some(span);
        }
        if self.token().line_start {
            self.error(span, format!("this `{construct}` has no `:`"));
        } else {
            let known = self.problems.len();
            self.expected(&format!("the `:` of this `{construct}`"));
            let is_far = !self.is_near(keyword.span.start, end);
            if let Some(problem) = self.problems.get_mut(known) {
                if problem.hints.is_empty() {
                    problem.hints.push(match construct {
                        "assert" => "write `assert: x == 1`".into(),
                        _ => "a `:` stands before the body".into(),
                    });
                }
                if is_far {
                    let text = format!("the `{construct}`");
                    problem.labels.push(Label { source: self.source, span: keyword.span, text });
                }
            }
        }
        None
    }

    pub(super) fn while_expression(&mut self) -> Expression {
        let token = self.advance();
        let condition = self.condition("while", token);
        let body = self.colon_and_body_or_none("while", token, may_do_work(&condition));
        self.expression_from(token.span.start, ExpressionKind::While(Box::new(condition), body))
    }

    pub(super) fn for_expression(&mut self) -> Expression {
        let token = self.advance();
        let in_parentheses = self.foreign_for_parenthesis();
        if let Some(init) = self.foreign_for() {
            let body = self.colon_and_body_or_none("for", token, true);
            let init = Some(Box::new(init));
            let kind = ExpressionKind::For { init, condition: None, update: None, body };
            return self.expression_from(token.span.start, kind);
        }
        let init = self.for_part(Kind::Semicolon, token);
        let init = init.map(|init| Box::new(if in_parentheses { assigned_somehow(init) } else { init }));
        self.for_semicolon(token.line_indent);
        let condition = self.for_part(Kind::Semicolon, token);
        let condition =
            condition.map(|part| Box::new(self.refuse_definition(part, "the condition of a loop")));
        self.for_semicolon(token.line_indent);
        let update = self.for_part(Kind::Colon, token);
        let update = update.map(|part| Box::new(self.refuse_definition(part, "the update of a loop")));
        if in_parentheses {
            self.take(Kind::RightParen);
        }
        let may_be_empty = may_work_in_head(condition.as_deref(), update.as_deref());
        let body = self.colon_and_body_or_none("for", token, may_be_empty);
        self.expression_from(token.span.start, ExpressionKind::For { init, condition, update, body })
    }

    fn for_part(&mut self, end: Kind, keyword: Token) -> Option<Expression> {
        if self.recovering || self.at_outer(end, i64::from(keyword.line_indent) - 1) {
            return None;
        }
        let parse = |parser: &mut Self| parser.expression_or_indented(Blocks::Refused);
        Some(if end == Kind::Colon { self.head_part(keyword, parse) } else { parse(self) })
    }

    fn for_semicolon(&mut self, indent: u32) {
        if self.at_outer(Kind::Semicolon, i64::from(indent) - 1) {
            self.advance();
        } else {
            self.expected("`;`");
        }
    }

    pub(super) fn try_expression(&mut self) -> Expression {
        let outer = self.outer;
        let token = self.advance();
        let body = self.colon_and_body_or_none("try", token, true);
        let body = self.try_body_below(token, body);
        if !self.at_outer(Kind::Finally, outer) {
            // A `:` that is missing has been reported.
            if !self.recovering && !self.foreign_handler(outer) && self.written(body.span) == ":" {
                self.missing_finally(token.span);
            }
            let handler = Body { statements: Vec::new(), span: body.span };
            return self.expression_from(
                token.span.start,
                ExpressionKind::Try { body, parameters: Vec::new(), handler },
            );
        }
        let finally = self.advance();
        let mut parameters = Vec::new();
        let handler = match self.construct_colon("finally", finally) {
            Some(colon) => {
                parameters = self.block_parameters();
                let body = self.inner_body(colon);
                if body.statements.is_empty() {
                    self.check_empty_body("finally", finally.line_indent, colon);
                }
                body
            }
            None => Body { statements: Vec::new(), span: finally.span },
        };
        self.expression_from(token.span.start, ExpressionKind::Try { body, parameters, handler })
    }

    fn missing_finally(&mut self, keyword: Span) {
        let end = self.last_end();
        let span = Span { start: end.saturating_sub(1), end };
        let title = "a `finally` must follow the body of a `try`";
        let problem = Diagnostic::error(self.source, span, title).also(self.source, keyword, "the `try`");
        self.problems.push(problem.hint("to handle exceptions, use `catch: ...`"));
    }

    pub(super) fn assert_expression(&mut self) -> Expression {
        let token = self.advance();
        let body = self.colon_and_body("assert", token);
        self.expression_from(token.span.start, ExpressionKind::Assert(body))
    }

    pub(super) fn return_expression(&mut self, blocks: Blocks) -> Expression {
        let token = self.advance();
        let value = self.optional_value(blocks);
        self.expression_from(token.span.start, ExpressionKind::Return(value))
    }

    /// Parses `return.label value`, the old form of `continue.label value`.
    pub(super) fn labeled_return(&mut self, blocks: Blocks) -> Expression {
        let token = self.token();
        self.warning(token.span, "`return.label` is deprecated", "write `continue.label`");
        self.jump_expression(blocks)
    }

    fn optional_value(&mut self, blocks: Blocks) -> Option<Box<Expression>> {
        if !self.starts_expression(true) {
            return None;
        }
        Some(Box::new(self.expression_or_indented(blocks)))
    }

    /// Parses `break`, `continue`, `continue.label value`.
    pub(super) fn jump_expression(&mut self, blocks: Blocks) -> Expression {
        let token = self.advance();
        let mut label = None;
        let mut value = None;
        if self.peek_on_line() == Kind::Dot && !self.token().space_before {
            self.advance();
            label = self.take_identifier();
            match label {
                Some(_) => value = self.optional_value(blocks),
                None => self.expected("the name of the call that this belongs to"),
            }
        }
        let kind = match token.kind {
            Kind::Break => ExpressionKind::Break(label, value),
            _ => ExpressionKind::Continue(label, value),
        };
        self.expression_from(token.span.start, kind)
    }

    /// Parses `#primitive.module.name: | error | ...`.
    pub(super) fn primitive(&mut self) -> Expression {
        let token = self.advance();
        let mut names = Vec::new();
        while self.peek_on_line() == Kind::Dot {
            self.advance();
            match self.take_identifier() {
                Some(name) => names.push(name),
                None => self.expected("a name"),
            }
        }
        let mut failure = None;
        if self.peek() == Kind::Colon {
            let colon = self.advance().span;
            let parameters: Vec<Parameter> = self.block_parameters();
            failure = Some((parameters, self.inner_body(colon)));
        }
        let mut names = names.into_iter();
        match (names.next(), names.next(), names.next()) {
            (Some(module), Some(name), None) => {
                self.expression_from(token.span.start, ExpressionKind::Primitive { module, name, failure })
            }
            _ => {
                let span = self.span_from(token.span.start);
                self.error(span, "a primitive is named `#primitive.module.name`");
                self.expression_at(span, ExpressionKind::Error)
            }
        }
    }
}

/// Notes that the arguments of a statement's call are not known, since a mistake among them has been
/// reported.
pub(super) fn add_broken_argument(statement: &mut Expression) {
    use ExpressionKind as E;
    let span = statement.span;
    let broken = Expression { kind: E::Error, span, height: 1 };
    match &mut statement.kind {
        E::Call(_, arguments) => arguments.push(Argument { name: None, value: Some(broken) }),
        E::Name(_) | E::Member(..) => {
            let height = statement.height + 1;
            let target = std::mem::replace(statement, broken);
            let broken = Expression { kind: E::Error, span, height: 1 };
            let arguments = vec![Argument { name: None, value: Some(broken) }];
            *statement = Expression { kind: E::Call(Box::new(target), arguments), span, height };
        }
        E::Define { value: Initial::Value(value), .. } | E::Assign { value, .. } | E::Return(Some(value)) => {
            add_broken_argument(value);
        }
        _ => {}
    }
}

/// Returns an assignment as one whose variable may lack a definition, which is a part of a mistake that has been reported.
fn assigned_somehow(mut expression: Expression) -> Expression {
    if let ExpressionKind::Assign { operator, .. } = &mut expression.kind {
        operator.get_or_insert(FOREIGN_ASSIGNMENT);
    }
    expression
}

/// Returns whether the condition of a loop may do its work, as in `while data := read:` and `while pin.get == 0:`. Its
/// body may then be empty on purpose. To ask for a size does no work.
fn may_do_work(condition: &Expression) -> bool {
    use ExpressionKind as E;
    let mut may = match &condition.kind {
        E::Define { .. } | E::Call(..) => true,
        E::Member(_, name) => &*name.name != "size",
        _ => false,
    };
    condition.kind.each_child(&mut |child| may = may || may_do_work(child));
    may
}

/// Returns whether the head of a `for` may do all its work, as in `for i := 0; text[i] == ' '; i++:`. To count, as in
/// `for i := 0; i < 10; i++:`, does none.
fn may_work_in_head(condition: Option<&Expression>, update: Option<&Expression>) -> bool {
    let is_index = |part: &Expression| matches!(part.kind, ExpressionKind::Index(..));
    let counts = condition.is_some_and(|condition| match &condition.kind {
        ExpressionKind::Binary(_, _, left, right) => !is_index(left) && !is_index(right),
        _ => false,
    });
    !counts || [condition, update].into_iter().flatten().any(may_do_work)
}
