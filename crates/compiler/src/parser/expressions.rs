//! Parses expressions: definitions and assignments, operators, calls.
//!
//! From loose to tight: assignment, `? :`, `or`, `and`, `not`, calls, `== !=`, `< <= > >=`, `is
//! as`, `|`, `^`, `&`, shifts, `+ -`, `* / %`, unary `- ~`, members and indexes. So `foo x + 1 y`
//! is a call with two arguments. A full expression can stand on a line of its own, as an argument
//! or after an operator.

use super::{Blocks, Parser};
use crate::ast::{Argument, Expression, ExpressionKind, Identifier, Initial, UnaryOperator};
use crate::scanner::{Kind, Token};
use crate::source::Span;

/// The level of `==`. An argument without parentheses can contain operators of this level or tighter ones.
const EQUALITY: u8 = 1;
pub(super) const RELATIONAL: u8 = 2;
pub(super) const TYPE: u8 = 3;

/// Returns the level and name of an operator with two operands.
pub(super) fn binary_level(kind: Kind) -> Option<(u8, &'static str)> {
    Some(match kind {
        Kind::Equal => (EQUALITY, "=="),
        Kind::NotEqual => (EQUALITY, "!="),
        Kind::Less => (RELATIONAL, "<"),
        Kind::LessEqual => (RELATIONAL, "<="),
        Kind::Greater => (RELATIONAL, ">"),
        Kind::GreaterEqual => (RELATIONAL, ">="),
        Kind::Is => (TYPE, "is"),
        Kind::As => (TYPE, "as"),
        Kind::Bar => (4, "|"),
        Kind::Caret => (5, "^"),
        Kind::Ampersand => (6, "&"),
        Kind::ShiftLeft => (7, "<<"),
        Kind::ShiftRight => (7, ">>"),
        Kind::UnsignedShiftRight => (7, ">>>"),
        Kind::Plus => (8, "+"),
        Kind::Minus => (8, "-"),
        Kind::Star => (9, "*"),
        Kind::Slash => (9, "/"),
        Kind::Percent => (9, "%"),
        _ => return None,
    })
}

/// Returns whether an expression ends with the body of a construct, which no block can follow.
fn is_construct(kind: &ExpressionKind) -> bool {
    use ExpressionKind as E;
    matches!(kind, E::If { .. } | E::While(..) | E::For { .. } | E::Try { .. } | E::Assert(_))
}

/// Returns the operand of a minus, or any other expression itself.
fn without_minus(expression: &Expression) -> &Expression {
    match &expression.kind {
        ExpressionKind::Unary(UnaryOperator::Negate, _, operand) => operand,
        _ => expression,
    }
}

/// Returns the operator of an assignment: `Some(None)` for `=`, none if the token is not an
/// assignment.
fn assignment_operator(kind: Kind) -> Option<Option<&'static str>> {
    Some(match kind {
        Kind::Assign => None,
        Kind::AddAssign => Some("+"),
        Kind::SubAssign => Some("-"),
        Kind::MulAssign => Some("*"),
        Kind::DivAssign => Some("/"),
        Kind::ModAssign => Some("%"),
        Kind::OrAssign => Some("|"),
        Kind::XorAssign => Some("^"),
        Kind::AndAssign => Some("&"),
        Kind::ShlAssign => Some("<<"),
        Kind::ShrAssign => Some(">>"),
        Kind::UshrAssign => Some(">>>"),
        _ => return None,
    })
}

impl Parser<'_> {
    /// Parses a full expression or a statement.
    pub(super) fn expression(&mut self, blocks: Blocks) -> Expression {
        if !self.enter() {
            self.leave();
            let at = self.last_end();
            return self.expression_from(at, ExpressionKind::Error);
        }
        let expression = match self.peek() {
            Kind::If => self.if_expression(),
            Kind::While => self.while_expression(),
            Kind::For => self.for_expression(),
            Kind::Try => self.try_expression(),
            Kind::Assert => self.assert_expression(),
            Kind::Return if self.token_at(1).kind == Kind::Dot && !self.token_at(1).space_before => {
                self.labeled_return(blocks)
            }
            Kind::Return => self.return_expression(blocks),
            Kind::Break | Kind::Continue => self.jump_expression(blocks),
            Kind::Identifier if self.is_definition() => self.definition(blocks),
            Kind::Identifier => match self.foreign_definition() {
                Some(definition) => definition,
                None => self.assignment(blocks),
            },
            _ => self.assignment(blocks),
        };
        self.leave();
        expression
    }

    /// Parses a full expression. If it begins a line, its further lines are indented more, and calls in it can have blocks.
    pub(super) fn expression_or_indented(&mut self, blocks: Blocks) -> Expression {
        if self.on_new_line() {
            self.indented(|parser| parser.expression(Blocks::Allowed))
        } else {
            self.expression(blocks)
        }
    }

    // Definitions and assignments.

    /// Returns whether a definition comes next: `name :=`, `name ::=`, or one of them after a type,
    /// all in the same construct.
    pub(super) fn is_definition(&self) -> bool {
        let kind = |ahead| {
            let token = self.token_at(ahead);
            let is_outside = token.line_start && i64::from(token.line_indent) <= self.limit;
            if is_outside { Kind::Eof } else { token.kind }
        };
        let is_define = |kind| matches!(kind, Kind::Define | Kind::DefineFinal);
        if is_define(kind(1)) {
            return true;
        }
        if kind(1) != Kind::Slash || kind(2) != Kind::Identifier {
            return false;
        }
        let mut ahead = 3;
        if kind(ahead) == Kind::Dot && kind(ahead + 1) == Kind::Identifier {
            ahead += 2;
        }
        if kind(ahead) == Kind::Question {
            ahead += 1;
        }
        is_define(kind(ahead))
    }

    fn definition(&mut self, blocks: Blocks) -> Expression {
        let name = self.advance_name();
        let ty = self.take(Kind::Slash).map(|_| self.type_name());
        let is_final = self.advance().kind == Kind::DefineFinal;
        let value = self.initial_value(blocks);
        self.expression_from(name.span.start, ExpressionKind::Define { name, ty, is_final, value })
    }

    /// Parses the value after `:=`.
    pub(super) fn initial_value(&mut self, blocks: Blocks) -> Initial {
        if self.peek() == Kind::Question {
            return Initial::Later(self.advance().span);
        }
        let value = self.expression_or_indented(blocks);
        let place = "the first value of a variable";
        self.refuse_assignment(&value, place, "assign it in a statement of its own");
        Initial::Value(Box::new(self.refuse_definition(value, place)))
    }

    /// Reports an assignment where it is probably a mistake.
    pub(super) fn refuse_assignment(&mut self, expression: &Expression, place: &str, hint: &str) {
        if let ExpressionKind::Assign { at, operator: None, .. } = &expression.kind {
            self.error_and_go_on(*at, format!("an assignment as {place}"), hint);
        }
    }

    /// Reports a definition that is not a statement, and returns its value instead: the variable
    /// would not be visible anywhere.
    pub(super) fn refuse_definition(&mut self, expression: Expression, place: &str) -> Expression {
        let ExpressionKind::Define { name, value, .. } = expression.kind else { return expression };
        let hint = "define the variable in a statement of its own";
        self.error_and_go_on(name.span, format!("a definition as {place}"), hint);
        match value {
            Initial::Value(value) => *value,
            Initial::Later(_) | Initial::None => self.expression_at(expression.span, ExpressionKind::Error),
        }
    }

    fn assignment(&mut self, blocks: Blocks) -> Expression {
        let target = self.conditional(blocks);
        if self.is_arrow() && !self.ended() {
            return self.foreign_arrow(target);
        }
        let Some(operator) = assignment_operator(self.peek()) else {
            if matches!(self.peek(), Kind::Define | Kind::DefineFinal) {
                self.error(target.span, "only a name can be defined");
                return self.expression_at(target.span, ExpressionKind::Error);
            }
            return target;
        };
        if operator.is_none() && self.foreign_operator() {
            return self.expression_at(target.span, ExpressionKind::Error);
        }
        let token = self.advance();
        let at = token.span;
        if let (ExpressionKind::Call(_, arguments), None, false) =
            (&target.kind, operator, token.space_before)
            && let Some(Argument { name: None, value: Some(last) }) = arguments.last()
            && let ExpressionKind::Name(name) = &without_minus(last).kind
        {
            let title = format!("a named argument is written `--{name}=`");
            let span = last.span.to(at);
            self.error_hint(span, title, format!("write `--{name}=` and the value, without spaces"));
            return self.expression_at(target.span, ExpressionKind::Error);
        }
        let assignable = matches!(
            target.kind,
            ExpressionKind::Name(_)
                | ExpressionKind::Member(..)
                | ExpressionKind::Index(..)
                | ExpressionKind::Slice(..)
                | ExpressionKind::Error
        );
        if !assignable {
            let is_key =
                self.open > 0 && matches!(target.kind, ExpressionKind::String(_) | ExpressionKind::Int(_));
            let hint = match is_key {
                true => "between a key and its value stands a `:`",
                false => "variables, members (`x.y`) and elements (`x[y]`) can be assigned",
            };
            self.error_and_go_on(target.span, "this cannot be assigned", hint);
        }
        let value = Box::new(self.expression_or_indented(blocks));
        let start = target.span.start;
        self.expression_from(start, ExpressionKind::Assign { target: Box::new(target), operator, at, value })
    }

    /// Parses `a ? b : c`.
    fn conditional(&mut self, blocks: Blocks) -> Expression {
        let condition = self.logical_or(blocks);
        if self.peek() != Kind::Question || self.is_foreign_question() && self.foreign_operator() {
            return condition;
        }
        let outer = self.outer;
        let question = self.token();
        if self.skip_question() {
            return condition;
        }
        let then = if question.line_start {
            self.indented(|parser| {
                parser.advance();
                parser.branch(Blocks::Attached)
            })
        } else {
            self.advance();
            self.branch(Blocks::Refused)
        };
        let otherwise = if self.at_outer(Kind::Colon, outer) {
            self.advance();
            self.branch(blocks)
        } else {
            self.expected("the `:` of this conditional expression");
            let at = self.last_end();
            self.expression_from(at, ExpressionKind::Error)
        };
        let start = condition.span.start;
        let kind = ExpressionKind::Conditional(Box::new(condition), Box::new(then), Box::new(otherwise));
        self.expression_from(start, kind)
    }

    fn branch(&mut self, blocks: Blocks) -> Expression {
        self.level += 1;
        let branch = self.expression_or_indented(blocks);
        let place = "a branch of a conditional expression";
        self.refuse_assignment(&branch, place, "use `if` and `else`");
        self.level -= 1;
        self.refuse_definition(branch, place)
    }

    // Logic.

    fn logical_or(&mut self, blocks: Blocks) -> Expression {
        let mut left = self.logical_and(blocks);
        while self.peek() == Kind::Or {
            self.advance();
            let right = self.operand(|parser| parser.logical_and(blocks));
            let start = left.span.start;
            left = self.expression_from(start, ExpressionKind::Or(Box::new(left), Box::new(right)));
        }
        left
    }

    fn logical_and(&mut self, blocks: Blocks) -> Expression {
        let mut left = self.logical_not(blocks);
        while self.peek() == Kind::And {
            self.advance();
            let right = self.operand(|parser| parser.logical_not(blocks));
            let start = left.span.start;
            left = self.expression_from(start, ExpressionKind::And(Box::new(left), Box::new(right)));
        }
        left
    }

    fn logical_not(&mut self, blocks: Blocks) -> Expression {
        if self.peek() != Kind::Not {
            return self.call(blocks);
        }
        let token = self.advance();
        let operand = if self.enter() {
            self.operand(|parser| parser.logical_not(blocks))
        } else {
            self.expression_from(token.span.start, ExpressionKind::Error)
        };
        self.leave();
        self.expression_from(token.span.start, ExpressionKind::Not(Box::new(operand)))
    }

    /// Parses the right operand of an operator: a full expression if it stands on a line of its
    /// own.
    pub(super) fn operand(&mut self, parse: impl FnOnce(&mut Self) -> Expression) -> Expression {
        let token = self.token();
        let dangling =
            token.line_start && token.kind != Kind::Eof && i64::from(token.line_indent) > self.statement;
        if dangling && !self.aborted {
            self.indented(|parser| parser.expression(Blocks::Allowed))
        } else {
            parse(self)
        }
    }

    // Calls.

    fn call(&mut self, blocks: Blocks) -> Expression {
        let target = self.binary(EQUALITY);
        let callable = matches!(
            target.kind,
            ExpressionKind::Name(_)
                | ExpressionKind::Member(..)
                | ExpressionKind::Parenthesized(_)
                | ExpressionKind::Index(..)
                | ExpressionKind::Error
        );
        if !callable || self.recovering {
            return self.refuse_call_of_operand(target);
        }
        if self.is_after_path() {
            return self.call_after_path(target);
        }
        let mut arguments = Vec::new();
        if !self.arguments_on_line(blocks, &mut arguments) {
            self.arguments_on_lines(blocks, &mut arguments, target.span);
        }
        if arguments.is_empty() {
            return target;
        }
        let start = target.span.start;
        self.expression_from(start, ExpressionKind::Call(Box::new(target), arguments))
    }

    /// Parses arguments on the line of the call. Returns whether the arguments end there, so that the following
    /// lines hold no further ones.
    fn arguments_on_line(&mut self, blocks: Blocks, arguments: &mut Vec<Argument>) -> bool {
        loop {
            match self.peek_on_line() {
                Kind::Decrement if self.is_named_argument() => {
                    let argument = self.named_argument(false);
                    arguments.push(argument);
                }
                Kind::Colon | Kind::DoubleColon => {
                    if !self.block_belongs_here(blocks) {
                        return self.peek() == Kind::Colon;
                    }
                    let block = self.block_or_lambda();
                    arguments.push(Argument { name: None, value: Some(block) });
                    return true;
                }
                Kind::LeftParen if !self.token().space_before => {
                    if let Some(more) = self.foreign_arguments() {
                        self.add_foreign_arguments(arguments, more);
                        continue;
                    }
                    let span = self.token().span;
                    self.warning(
                        span,
                        "arguments are written without parentheses",
                        "write a space in place of the `(`, and remove the `)`; or write a space before the `(`",
                    );
                    arguments.push(self.positional());
                }
                Kind::Not => {
                    let span = self.token().span;
                    self.error_and_go_on(span, "`not` as an argument needs parentheses", "write `(not ...)`");
                    let value = self.logical_not(blocks);
                    arguments.push(Argument { name: None, value: Some(value) });
                }
                Kind::Increment if self.token().space_before && !self.space_after() => {
                    let span = self.token().span;
                    self.error_and_go_on(span, "`++` as an argument needs parentheses", "write `(++x)`");
                    arguments.push(self.positional());
                }
                Kind::LeftBrace if blocks == Blocks::Refused && self.is_foreign_body() => return false,
                Kind::Eof => return false,
                Kind::Minus if self.space_after() => return false,
                _ if self.starts_expression(false) => arguments.push(self.positional()),
                _ => return false,
            }
            if self.recovering {
                return true;
            }
        }
    }

    fn positional(&mut self) -> Argument {
        Argument { name: None, value: Some(self.binary(EQUALITY)) }
    }

    /// Parses arguments on lines of their own, each a full expression, all with the same
    /// indentation; then an optional block that begins at the end of the last line, if its body is on
    /// that line or is indented more than this call.
    fn arguments_on_lines(&mut self, blocks: Blocks, arguments: &mut Vec<Argument>, callee: Span) {
        let mut indent = None;
        while self.on_new_line() && self.starts_argument_line(blocks, indent.is_some()) {
            let token = self.token();
            let first = *indent.get_or_insert(token.line_indent);
            if first != token.line_indent {
                let title = "this argument is not indented like the one before it";
                self.error_and_go_on(
                    token.span,
                    title,
                    "arguments on lines of their own have the same indentation",
                );
            }
            let argument = self.indented(Self::argument_on_line_of_its_own);
            arguments.push(argument);
        }
        let at_block = matches!(self.peek_on_line(), Kind::Colon | Kind::DoubleColon);
        let last = arguments.last().and_then(|argument| argument.value.as_ref());
        if indent.is_some() && at_block && last.is_some_and(|last| is_construct(&last.kind)) {
            return self.block_after_construct(callee);
        }
        if indent.is_some() && at_block && self.block_belongs_here(blocks) {
            let block = self.block_or_lambda();
            arguments.push(Argument { name: None, value: Some(block) });
        }
    }

    fn starts_argument_line(&self, blocks: Blocks, has_lines: bool) -> bool {
        match self.peek() {
            Kind::Decrement => self.is_named_argument(),
            Kind::Colon => blocks == Blocks::Allowed || has_lines,
            Kind::Minus => !self.space_after(),
            _ => self.starts_expression(true),
        }
    }

    fn argument_on_line_of_its_own(&mut self) -> Argument {
        self.level += 1;
        let argument = if self.peek() == Kind::Decrement {
            self.named_argument(true)
        } else {
            let value = self.expression(Blocks::Allowed);
            let value =
                self.refuse_definition(value, "an argument, since it is indented more than the line above");
            Argument { name: None, value: Some(value) }
        };
        self.level -= 1;
        self.end_of_argument_line(argument)
    }

    /// Reports tokens that follow an argument on its line, and goes on with the next line.
    fn end_of_argument_line(&mut self, argument: Argument) -> Argument {
        let next = self.token();
        let is_of_call = matches!(next.kind, Kind::Colon | Kind::DoubleColon | Kind::Semicolon);
        if !self.recovering && !self.ended() && !next.line_start && !is_of_call && !self.ends_sequence() {
            self.unexpected_after("argument", "arguments on lines of their own stand one on each line");
        }
        if !self.recovering {
            return argument;
        }
        self.skip_rest();
        self.recovering = false;
        let end = self.last_end();
        Argument { name: None, value: Some(self.expression_from(end, ExpressionKind::Error)) }
    }

    /// Returns whether `--name` comes next.
    fn is_named_argument(&self) -> bool {
        let name = self.token_at(1);
        let is_name = name.kind == Kind::Identifier || name.kind.is_keyword();
        self.token().space_before && is_name && !name.space_before
    }

    /// Parses `--name`, `--name=value`, `--name=: block`.
    fn named_argument(&mut self, full_expression: bool) -> Argument {
        self.advance();
        let name = self.advance_name();
        if self.peek_on_line() != Kind::Assign {
            return Argument { name: Some(name), value: None };
        }
        self.advance();
        let value = match self.peek() {
            Kind::Colon | Kind::DoubleColon => self.block_or_lambda(),
            _ if full_expression => self.expression_or_indented(Blocks::Allowed),
            Kind::Not => {
                let span = self.token().span;
                self.error_and_go_on(span, "`not` as an argument needs parentheses", "write `(not ...)`");
                self.logical_not(Blocks::Allowed)
            }
            _ => self.operand(|parser| parser.binary(EQUALITY)),
        };
        Argument { name: Some(name), value: Some(value) }
    }

    /// Returns whether the block or lambda that begins here belongs to the current construct: its
    /// body is on the same line, or on lines that are indented more than the construct.
    fn block_belongs_here(&self, blocks: Blocks) -> bool {
        let token = self.token();
        if token.kind == Kind::Colon {
            match blocks {
                Blocks::Refused => return false,
                Blocks::Attached if token.space_before => return false,
                Blocks::Attached | Blocks::Allowed => {}
            }
        }
        let body = self.token_at(1 + self.block_parameter_tokens());
        !body.line_start || (body.kind != Kind::Eof && i64::from(body.line_indent) > self.limit)
    }

    /// Returns how many tokens the parameters `| a b |` after the current `:` take.
    fn block_parameter_tokens(&self) -> usize {
        if self.token_at(1).kind != Kind::Bar {
            return 0;
        }
        // Parameter lists are short, so the search is limited.
        (2..200).find(|ahead| matches!(self.token_at(*ahead).kind, Kind::Bar | Kind::Eof)).unwrap_or(0)
    }

    /// Parses `: body`, `:: body`, with parameters.
    pub(super) fn block_or_lambda(&mut self) -> Expression {
        let token = self.advance();
        let parameters = self.parameters_without_bar().unwrap_or_else(|| self.block_parameters());
        let body = self.inner_body(token.span);
        let kind = match token.kind {
            Kind::DoubleColon => ExpressionKind::Lambda(parameters, body),
            _ => ExpressionKind::Block(parameters, body),
        };
        self.expression_from(token.span.start, kind)
    }

    // Operators.

    fn binary(&mut self, min: u8) -> Expression {
        let mut left = self.unary();
        // The right operand of an operator takes all tighter operators. So a tighter operator can be left only after the
        // type in `x as int + 1`; it is not taken, and is reported later.
        let mut max = u8::MAX;
        while let Some((level, name)) = self.binary_operator() {
            if level < min || level > max {
                break;
            }
            left = match level {
                TYPE => self.type_operator(left),
                RELATIONAL => self.comparison(left),
                _ if self.is_block_without_colon() => self.block_without_colon(left),
                _ => {
                    let at = self.advance().span;
                    let right = self.right_operand(level + 1);
                    let start = left.span.start;
                    self.expression_from(
                        start,
                        ExpressionKind::Binary(name, at, Box::new(left), Box::new(right)),
                    )
                }
            };
            max = level;
        }
        left
    }

    fn right_operand(&mut self, level: u8) -> Expression {
        if matches!(self.peek_on_line(), Kind::Colon | Kind::DoubleColon) {
            // The token belongs to a construct around the operator.
            self.expected("an operand");
            let at = self.last_end();
            return self.expression_from(at, ExpressionKind::Error);
        }
        self.operand(|parser| parser.binary(level))
    }

    /// Returns the next token's operator, if it has two operands.
    fn binary_operator(&mut self) -> Option<(u8, &'static str)> {
        let token = self.token();
        let operator = binary_level(self.peek())?;
        if self.is_arrow() {
            return None;
        }
        if self.may_be_foreign(operator.0) && self.foreign_operator() {
            return None;
        }
        if token.kind == Kind::Minus {
            // `foo -1` is a call. If `foo` is a variable, that call is an error, which is reported later.
            let is_argument = token.space_before && !self.space_after();
            if is_argument {
                return None;
            }
            if !token.space_before {
                self.warning(
                    token.span,
                    "a minus between values needs spaces",
                    "`x-1` is a name, `x - 1` is not",
                );
            }
        }
        Some(operator)
    }

    /// Parses `a < b <= c`.
    fn comparison(&mut self, first: Expression) -> Expression {
        let start = first.span.start;
        let mut rest = Vec::new();
        while let Some((RELATIONAL, name)) = self.binary_operator() {
            let at = self.advance().span;
            let operand = self.right_operand(RELATIONAL + 1);
            rest.push((name, at, operand));
        }
        if rest.len() == 1
            && let Some((name, at, operand)) = rest.pop()
        {
            let kind = ExpressionKind::Binary(name, at, Box::new(first), Box::new(operand));
            return self.expression_from(start, kind);
        }
        self.expression_from(start, ExpressionKind::Comparison(Box::new(first), rest))
    }

    /// Parses `is type`, `is not type`, `as type`.
    fn type_operator(&mut self, value: Expression) -> Expression {
        let start = value.span.start;
        let value = Box::new(value);
        if self.advance().kind == Kind::As {
            let ty = self.type_name();
            return self.expression_from(start, ExpressionKind::As(value, ty));
        }
        let negated = self.peek_on_line() == Kind::Not;
        if negated {
            self.advance();
        }
        if self.peek_on_line() == Kind::Null {
            let hint = format!("to compare with null, write `{} null`", if negated { "!=" } else { "==" });
            self.error_and_go_on(self.token().span, "`null` is not a type", &hint);
            self.advance();
            return self.expression_from(start, ExpressionKind::Error);
        }
        let ty = self.type_name();
        self.expression_from(start, ExpressionKind::Is { value, ty, negated })
    }

    fn unary(&mut self) -> Expression {
        let token = self.token();
        match self.peek() {
            Kind::Minus => {
                self.advance();
                let next = self.token();
                if matches!(next.kind, Kind::Int | Kind::Float) && !next.space_before {
                    let literal = self.number(true, token.span.start);
                    return self.postfix(literal);
                }
                self.unary_operand(UnaryOperator::Negate, token)
            }
            Kind::Tilde => {
                self.advance();
                self.unary_operand(UnaryOperator::Complement, token)
            }
            Kind::Increment => {
                let at = self.advance().span;
                if self.token().space_before {
                    self.error_and_go_on(at, "a space after `++`", "write it right before the variable");
                }
                let primary = self.primary();
                let target = Box::new(self.postfix(primary));
                let value = Box::new(self.expression_at(at, ExpressionKind::Int(1)));
                self.expression_from(
                    at.start,
                    ExpressionKind::Assign { target, operator: Some("+"), at, value },
                )
            }
            Kind::Decrement => {
                self.error_hint(
                    token.span,
                    "`--` cannot stand before a variable",
                    "write `x -= 1`, or `x--`",
                );
                self.expression_from(token.span.start, ExpressionKind::Error)
            }
            Kind::Not => {
                self.error_and_go_on(token.span, "`not` needs parentheses here", "write `(not ...)`");
                self.logical_not(Blocks::Refused)
            }
            _ => {
                let primary = self.primary();
                self.postfix(primary)
            }
        }
    }

    /// Parses the default value of a parameter. It takes no arguments, since other parameters
    /// follow it.
    pub(super) fn default_value(&mut self) -> Expression {
        self.unary()
    }

    fn unary_operand(&mut self, operator: UnaryOperator, token: Token) -> Expression {
        let operand = if self.enter() {
            self.unary()
        } else {
            self.expression_from(token.span.start, ExpressionKind::Error)
        };
        self.leave();
        self.expression_from(token.span.start, ExpressionKind::Unary(operator, token.span, Box::new(operand)))
    }

    /// Parses `.name`, `[index]`, `++`, `--`, right after an expression.
    fn postfix(&mut self, mut expression: Expression) -> Expression {
        loop {
            let token = self.token();
            if token.line_start || token.space_before || self.recovering {
                return expression;
            }
            let start = expression.span.start;
            match self.peek() {
                Kind::Dot => {
                    self.advance();
                    let name = self
                        .member_name()
                        .unwrap_or_else(|| Identifier { name: "".into(), span: token.span });
                    expression =
                        self.expression_from(start, ExpressionKind::Member(Box::new(expression), name));
                }
                Kind::LeftBracket => expression = self.index(expression),
                Kind::Increment | Kind::Decrement => {
                    self.advance();
                    let operator = if token.kind == Kind::Increment { "+" } else { "-" };
                    let kind = ExpressionKind::Postfix(Box::new(expression), operator, token.span);
                    expression = self.expression_from(start, kind);
                }
                _ => return expression,
            }
        }
    }

    /// Parses the name after a `.`.
    fn member_name(&mut self) -> Option<Identifier> {
        let token = self.token();
        if token.space_before || token.kind != Kind::Identifier {
            if token.kind.is_keyword() && !token.space_before {
                let word = self.written(token.span).to_owned();
                self.error(token.span, format!("`{word}` is a keyword and cannot name a member"));
            } else {
                let end = self.last_end();
                let dot = Span { start: end - 1, end };
                match self.digits_before(dot) {
                    Some(digits) => {
                        let hint = format!("to write a float, write `{digits}.0`");
                        self.error_hint(dot, "a digit or a name must follow this `.`", hint);
                    }
                    None => self.error(dot, "a name must follow this `.`"),
                }
            }
            return None;
        }
        Some(self.advance_name())
    }

    /// Returns whether an expression begins here. With `statements`, also accepts blocks and constructs such as `if` and `not`,
    /// which stand only on a line of their own: on the line of a call, they need parentheses or are handled separately.
    pub(super) fn starts_expression(&self, statements: bool) -> bool {
        match self.peek() {
            Kind::Identifier
            | Kind::Int
            | Kind::Float
            | Kind::Char
            | Kind::StringBegin
            | Kind::True
            | Kind::False
            | Kind::Null
            | Kind::Primitive
            | Kind::LeftParen
            | Kind::LeftBracket
            | Kind::LeftBrace
            | Kind::HashBracket
            | Kind::Minus
            | Kind::Tilde => true,
            Kind::Increment => statements && !self.space_after(),
            Kind::Not
            | Kind::If
            | Kind::While
            | Kind::For
            | Kind::Try
            | Kind::Return
            | Kind::Break
            | Kind::Continue
            | Kind::Assert
            | Kind::Colon
            | Kind::DoubleColon => statements,
            _ => false,
        }
    }
}
