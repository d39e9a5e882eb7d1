//! Recognizes definitions and loops as other languages write them; `habits.rs` recognizes other syntax of these languages.

use super::Parser;
use super::habits::{BRACES, FUNCTION_WORDS, HANDLER_WORDS, LOOK_AHEAD_MAX, VARIABLE_WORDS, plain_parameter};
use crate::ast::{
    Argument, Body, Expression, ExpressionKind, FOREIGN_ASSIGNMENT, Identifier, Initial, Parameter,
};
use crate::scanner::{Kind, Token};
use crate::source::Span;

/// The maximum number of tokens of a body whose end is looked for.
const BODY_MAX: usize = 2000;

impl Parser<'_> {
    /// Parses a declaration of a variable as other languages write it: `let x = 1`, `int x := 1`.
    pub(super) fn foreign_definition(&mut self) -> Option<Expression> {
        let start = self.token().span.start;
        if let Some((name, value)) = self.definition_with_colon() {
            let kind = ExpressionKind::Define { name, ty: None, is_final: false, value };
            return Some(self.expression_from(start, kind));
        }
        let mut name_at = 0;
        while name_at < 2 && self.kind_on_line(name_at + 1) == Kind::Identifier {
            name_at += 1;
        }
        let assign = self.token_at(name_at + 1);
        let is_definition = match self.kind_on_line(name_at + 1) {
            Kind::Define | Kind::DefineFinal => true,
            Kind::Assign => assign.space_before,
            _ => false,
        };
        let is_type = self.is_type_word() || self.is_word(0, VARIABLE_WORDS);
        if name_at == 0 || !is_definition || !is_type {
            return None;
        }
        let first = self.token().span;
        let name = self.written(self.token_at(name_at).span).to_owned();
        let word = self.written(first).to_owned();
        if self.is_word(0, VARIABLE_WORDS) {
            let assign = if matches!(&*word, "const" | "val" | "final") { "::=" } else { ":=" };
            let hint = format!("write `{name} {assign} ...`");
            self.habit(first, format!("there is no `{word}` before a variable"), &hint);
        } else {
            let hint = format!("write `{name}/{word} := ...`");
            self.habit(first, "the type of a variable follows its name", &hint);
        }
        for _ in 0..name_at {
            self.advance();
        }
        let name = self.advance_name();
        self.advance();
        let value = self.initial_value(super::Blocks::Allowed);
        let kind = ExpressionKind::Define { name, ty: None, is_final: false, value };
        Some(self.expression_from(first.start, kind))
    }

    /// Parses `x: int = 5`, which looks like a call with a block, or like a function, that assigns something to a class.
    pub(super) fn definition_with_colon(&mut self) -> Option<(Identifier, Initial)> {
        let (colon, ty) = (self.token_at(1), self.token_at(2));
        let after_type = 3 + usize::from(self.kind_on_line(3) == Kind::Question);
        let is_definition = self.token().kind == Kind::Identifier
            && self.kind_on_line(1) == Kind::Colon
            && !colon.space_before
            && self.kind_on_line(2) == Kind::Identifier
            && names_type(self.written(ty.span))
            && self.kind_on_line(after_type) == Kind::Assign;
        if !is_definition {
            return None;
        }
        let name = self.advance_name();
        let ty = self
            .written(Span { start: ty.span.start, end: self.token_at(after_type - 2).span.end })
            .to_owned();
        for _ in 0..after_type {
            self.advance();
        }
        let rest = self.text_here().lines().next().unwrap_or("").trim_end();
        let shown = if rest.is_empty() || rest.len() > 40 { "..." } else { rest };
        let hint = format!("write `{}/{ty} := {shown}`", name.name);
        self.habit(colon.span, "the type of a variable follows a `/`", &hint);
        Some((name, self.initial_value(super::Blocks::Allowed)))
    }

    /// Parses `const x = 5` outside of functions.
    pub(super) fn foreign_global(&mut self) -> Option<(Identifier, Initial)> {
        if !self.is_word(0, VARIABLE_WORDS) || self.kind_on_line(1) != Kind::Identifier {
            return None;
        }
        let name_at =
            if self.is_word(1, &["mut"]) && self.kind_on_line(2) == Kind::Identifier { 2 } else { 1 };
        let mut assign = name_at + 1;
        if matches!(self.kind_on_line(assign), Kind::Colon | Kind::Slash) {
            assign += 2 + usize::from(self.kind_on_line(assign + 2) == Kind::Question);
        }
        let is_definition = match self.kind_on_line(assign) {
            Kind::Define | Kind::DefineFinal => true,
            // With a body, this is a function with a parameter that has a default value.
            Kind::Assign => !self.has_body_after(assign),
            _ => false,
        };
        if !is_definition {
            return None;
        }
        let first = self.token();
        let word = self.written(first.span).to_owned();
        let name = self.written(self.token_at(name_at).span).to_owned();
        let shown = if matches!(&*word, "const" | "val" | "final") { "::=" } else { ":=" };
        let title = format!("there is no `{word}` before a variable");
        self.habit(first.span, title, &format!("write `{name} {shown} ...`"));
        for _ in 0..name_at {
            self.advance();
        }
        let name = self.advance_name();
        for _ in name_at + 1..=assign {
            self.advance();
        }
        Some((name, self.initial_value(super::Blocks::Allowed)))
    }

    /// Returns whether a `:` follows on the line of a declaration after a place, or lines that are indented more.
    pub(super) fn has_body_after(&self, place: usize) -> bool {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let Some(first) = rest.first() else { return false };
        let length = rest.iter().skip(1).take_while(|token| !token.line_start).count() + 1;
        let has_colon = rest.iter().take(length).skip(place).any(|token| token.kind == Kind::Colon);
        let is_below = |next: &Token| next.kind != Kind::Eof && next.line_indent > first.line_indent;
        has_colon || rest.get(length).is_some_and(is_below)
    }

    /// Parses statements of other languages: several definitions in one, or a loop that ends with its condition.
    pub(super) fn foreign_statements(&mut self) -> Option<Vec<Expression>> {
        if let Some(definitions) = self.foreign_definitions() {
            return Some(definitions);
        }
        self.nested_function().or_else(|| self.foreign_do_while()).map(|found| vec![found])
    }

    /// Parses `a, b := 1, 2`. Returns a definition of each name.
    fn foreign_definitions(&mut self) -> Option<Vec<Expression>> {
        if let Some(definitions) = self.foreign_pattern() {
            return Some(definitions);
        }
        let mut ahead = 0;
        while ahead < 20
            && self.kind_on_line(ahead) == Kind::Identifier
            && self.kind_on_line(ahead + 1) == Kind::Comma
        {
            ahead += 2;
        }
        let is_definition = matches!(self.kind_on_line(ahead + 1), Kind::Define | Kind::DefineFinal);
        if ahead == 0 || self.kind_on_line(ahead) != Kind::Identifier || !is_definition {
            return None;
        }
        let hint = "define each in a statement of its own";
        let comma = self.token_at(1).span;
        self.habit(comma, "a definition has one variable", hint);
        let mut definitions = Vec::new();
        for _ in 0..=ahead / 2 {
            let name = self.advance_name();
            self.advance();
            definitions.push(self.defined_somehow(name));
        }
        self.skip_rest();
        Some(definitions)
    }

    /// Returns the definition of a variable whose value is not known.
    fn defined_somehow(&mut self, name: Identifier) -> Expression {
        let span = name.span;
        let value = Initial::Value(Box::new(self.expression_at(span, ExpressionKind::Error)));
        self.expression_at(span, ExpressionKind::Define { name, ty: None, is_final: false, value })
    }

    /// Parses `do: ...` or `do { ... }` with a `while` without a body after it.
    fn foreign_do_while(&mut self) -> Option<Expression> {
        let (word, opener) = (self.token(), self.token_at(1));
        let has_opener = !opener.line_start && matches!(opener.kind, Kind::Colon | Kind::LeftBrace);
        let first = self.token_at(1 + usize::from(has_opener));
        if !self.is_word(0, &["do"]) || !first.line_start || first.line_indent <= word.line_indent {
            return None;
        }
        let has_braces = has_opener && opener.kind == Kind::LeftBrace;
        let is_after = |ahead: &usize| {
            let token = self.token_at(*ahead);
            token.line_start && token.line_indent <= word.line_indent || token.kind == Kind::Eof
        };
        let end = (2..BODY_MAX).find(is_after)?;
        let at_while = end + usize::from(has_braces && self.token_at(end).kind == Kind::RightBrace);
        if self.token_at(at_while).kind != Kind::While || self.has_body_at(self.at + at_while) {
            return None;
        }
        let hint = "write `while true:`, and as its last line `if not condition: break`";
        self.habit(word.span, "a loop begins with its condition", hint);
        let mut colon = self.advance().span;
        if has_opener {
            colon = self.advance().span;
        }
        let body = self.inner_body(colon);
        if has_braces && self.token().kind == Kind::RightBrace {
            self.advance();
        }
        while self.token().kind == Kind::While || !self.token().line_start {
            if self.advance().kind == Kind::Eof {
                break;
            }
        }
        let condition = Box::new(self.expression_at(word.span, ExpressionKind::Bool(true)));
        Some(self.expression_from(word.span.start, ExpressionKind::While(condition, body)))
    }

    /// Returns whether the `while` at a place among the tokens has a body: a `:` that is not the last token of
    /// its line, or that a line with more indentation follows.
    fn has_body_at(&self, place: usize) -> bool {
        let rest = self.tokens.get(place..).unwrap_or_default();
        let Some(keyword) = rest.first() else { return false };
        let length = rest.iter().skip(1).take_while(|token| !token.line_start).count() + 1;
        let colon = rest.iter().take(length).position(|token| token.kind == Kind::Colon);
        let next = rest.get(length);
        let is_indented = next.is_some_and(|next| next.line_indent > keyword.line_indent);
        colon.is_some_and(|colon| colon + 1 < length || is_indented)
    }

    /// Returns whether a condition in parentheses comes next, with a statement right after it, as in
    /// `if (x) print y`.
    pub(super) fn is_statement_after_condition(&self) -> bool {
        let mut depth = 0u32;
        let mut kinds = self.line_kinds().take(LOOK_AHEAD_MAX);
        let is_end = |kind: Kind| {
            match kind {
                Kind::LeftParen => depth += 1,
                Kind::RightParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0
        };
        if self.token().kind != Kind::LeftParen || kinds.position(is_end).is_none() {
            return false;
        }
        let next = kinds.next();
        let begins_statement = matches!(
            next,
            Some(
                Kind::Identifier
                    | Kind::Return
                    | Kind::Break
                    | Kind::Continue
                    | Kind::If
                    | Kind::While
                    | Kind::For
                    | Kind::Increment
                    | Kind::LeftBrace
            )
        );
        let is_open = next == Some(Kind::LeftBrace) && kinds.next().is_none();
        begins_statement && !is_open && kinds.all(|kind| kind != Kind::Colon)
    }

    /// Parses a body between braces on the line of its construct: `{ print x }`.
    pub(super) fn foreign_braces(&mut self) -> Option<Body> {
        let brace = self.token();
        let is_body = brace.kind == Kind::LeftBrace && !brace.line_start && !self.token_at(1).line_start;
        if !is_body || self.ended() || self.recovering {
            return None;
        }
        let hint = "write `:` in place of `{`, and remove the `}`";
        self.habit(brace.span, BRACES, hint);
        self.advance();
        self.open += 1;
        let body = self.inner_body(brace.span);
        self.open -= 1;
        if self.token().kind == Kind::RightBrace {
            self.advance();
        }
        Some(body)
    }

    /// Returns what to write in place of a construct whose condition stands in parentheses, if its body
    /// comes next without a `:`.
    pub(super) fn statement_after_condition(&self, construct: &str, keyword: Token) -> Option<String> {
        let last = self.at.checked_sub(1).and_then(|at| self.tokens.get(at))?;
        let begins = self.starts_expression(true) && self.peek() != Kind::Colon && !self.token().line_start;
        if construct == "else" && begins {
            return Some("write `else: ...`".into());
        }
        let is_body = last.kind == Kind::RightParen && !self.ended();
        let first = self.tokens[..self.at].iter().rposition(|token| token.span == keyword.span)? + 1;
        let opener = self.tokens.get(first).filter(|token| token.kind == Kind::LeftParen)?;
        let inside = self.written(Span { start: opener.span.end, end: last.span.start });
        let shown = if inside.len() > 40 || inside.contains('\n') { "condition" } else { inside };
        (is_body && begins).then(|| format!("write `{construct} {shown}: ...`"))
    }

    /// Skips the `(` of `for (i = 0; i < 10; i++)`. Returns whether there is one.
    pub(super) fn foreign_for_parenthesis(&mut self) -> bool {
        let opener = self.token();
        let mut depth = 0u32;
        let inside = |kind: &Kind| {
            match kind {
                Kind::LeftParen => depth += 1,
                Kind::RightParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth > 0
        };
        if opener.kind == Kind::LeftParen && (2..4).any(|ahead| self.is_word(ahead, &["of", "in"])) {
            // The whole head is reported later.
            self.advance();
            return true;
        }
        let is_head =
            self.line_kinds().take(LOOK_AHEAD_MAX).take_while(inside).any(|kind| kind == Kind::Semicolon);
        if is_head {
            let hint = "write `for i := 0; i < 10; i++:`";
            self.habit(opener.span, "the parts of a `for` stand without parentheses", hint);
            self.advance();
        }
        is_head
    }

    /// Parses `[a, b] := list`. Returns a definition of each name.
    fn foreign_pattern(&mut self) -> Option<Vec<Expression>> {
        let mut end = 1;
        while self.kind_on_line(end) == Kind::Identifier && self.kind_on_line(end + 1) == Kind::Comma {
            end += 2;
        }
        let is_pattern = self.token().kind == Kind::LeftBracket
            && self.kind_on_line(end) == Kind::Identifier
            && self.kind_on_line(end + 1) == Kind::RightBracket
            && matches!(self.kind_on_line(end + 2), Kind::Define | Kind::DefineFinal);
        if !is_pattern {
            return None;
        }
        let first = self.written(self.token_at(1).span).to_owned();
        let hint = format!("define each in a statement of its own: `{first} := list[0]`");
        self.habit(self.token().span, "a definition has one variable", &hint);
        let mut definitions = Vec::new();
        for _ in 0..end.div_ceil(2) {
            self.advance();
            let name = self.advance_name();
            definitions.push(self.defined_somehow(name));
        }
        self.skip_rest();
        Some(definitions)
    }

    /// Reports `for key, value in map:` after the `for`, and skips it with its body. Returns none, and takes no token,
    /// if it does not come next.
    fn foreign_for_pair(&mut self) -> Option<Expression> {
        let [key, value] = [self.token(), self.token_at(2)];
        let is_pair = key.kind == Kind::Identifier
            && self.kind_on_line(1) == Kind::Comma
            && self.kind_on_line(2) == Kind::Identifier
            && (self.kind_on_line(3) == Kind::Define || self.is_word(3, &["in", "of"]));
        if !is_pair {
            return None;
        }
        let names = [key, value].map(|token| self.written(token.span).to_owned()).join(" ");
        let hint = format!(
            "for a map, write `map.do: | {names} |`; for a list, `list.size.repeat: | index |`, and `list[index]` in its body"
        );
        let title = "a `for` does not go through the elements of a list or map";
        self.error_hint(key.span.to(value.span), title, hint);
        self.skip_rest();
        Some(self.expression_at(key.span, ExpressionKind::Error))
    }

    /// Parses the head of `for x in list:`, which defines `x`.
    pub(super) fn foreign_for(&mut self) -> Option<Expression> {
        if let Some(pair) = self.foreign_for_pair() {
            return Some(pair);
        }
        let is_in = |ahead: usize| self.is_word(ahead, &["in", "of"]) || self.is_word(ahead + 1, &["range"]);
        let name_at =
            (0..2).find(|ahead| self.kind_on_line(*ahead) == Kind::Identifier && is_in(ahead + 1))?;
        let span = self.token_at(name_at).span.to(self.token_at(name_at + 1).span);
        let name = self.written(self.token_at(name_at).span).to_owned();
        let title = "a `for` does not go through the elements of a list";
        self.habit(span, title, &format!("write `list.do: | {name} |`, or `10.repeat: | {name} |` to count"));
        for _ in 0..name_at {
            self.advance();
        }
        let name = self.advance_name();
        while !matches!(self.peek_on_line(), Kind::Colon | Kind::LeftBrace | Kind::Eof) {
            self.advance();
        }
        Some(self.defined_somehow(name))
    }

    /// Reports `except:` or `catch (e):` after the body of a `try`, and skips it. Returns whether it is one.
    pub(super) fn foreign_handler(&mut self, outer: i64) -> bool {
        let token = self.token();
        let is_here = token.line_start && i64::from(token.line_indent) > outer;
        let is_after_brace = token.kind == Kind::RightBrace && self.is_word(1, HANDLER_WORDS);
        if !is_here || !is_after_brace && !self.is_word(0, HANDLER_WORDS) {
            return false;
        }
        if is_after_brace {
            // The brace of the body is a part of the same habit.
            if self.problems.last().is_some_and(|last| last.title == BRACES) {
                self.problems.pop();
                self.has_braces = false;
            }
            self.advance();
            self.braces = self.braces.saturating_sub(1);
        }
        let title = format!("a `try` has no `{}`", self.written(self.token().span));
        let hint =
            "write `exception := catch:` in place of `try:`, and `if exception:` in place of this line";
        self.error_hint(self.token().span, title, hint);
        self.indented(|parser| {
            parser.advance();
            parser.skip_rest();
        });
        let closer = self.token();
        if closer.kind == Kind::RightBrace && closer.line_start && closer.line_indent == token.line_indent {
            self.advance();
        }
        self.recovering = false;
        true
    }

    /// Returns whether `<- ` comes next, with a space only after it: `x <-1` compares.
    pub(super) fn is_arrow(&self) -> bool {
        let (minus, value) = (self.token_at(1), self.token_at(2));
        self.token().kind == Kind::Less
            && minus.kind == Kind::Minus
            && !minus.space_before
            && value.space_before
            && !value.line_start
    }

    /// Parses `<- value` after the target.
    pub(super) fn foreign_arrow(&mut self, target: Expression) -> Expression {
        let at = self.advance().span.to(self.advance().span);
        let name = self.written(target.span);
        let name = if name.len() > 40 || name.contains('\n') { "x" } else { name };
        let hint = format!(
            "to define a variable, write `{name} := ...`; to assign, `{name} = ...`; to send to a channel, `{name}.send ...`"
        );
        self.habit(at, "there is no operator `<-`", &hint);
        let value = Box::new(self.expression_or_indented(super::Blocks::Allowed));
        let start = target.span.start;
        let operator = Some(FOREIGN_ASSIGNMENT);
        self.expression_from(start, ExpressionKind::Assign { target: Box::new(target), operator, at, value })
    }

    /// Reports `<-` before a value, which receives from a channel in Go. Returns none if it does not come next.
    pub(super) fn foreign_receive(&mut self) -> Option<Expression> {
        let minus = self.token_at(1);
        if self.peek() != Kind::Less || minus.kind != Kind::Minus || minus.space_before {
            return None;
        }
        let at = self.advance().span.to(self.advance().span);
        let hint = "to receive from a channel, write `channel.receive`";
        self.error_hint(at, "there is no operator `<-`", hint);
        Some(self.expression_at(at, ExpressionKind::Error))
    }

    // Calls.

    /// Returns whether the `()` of `Name::name()` comes next. Whether the `::` are meant as dots is known
    /// later, when the names are.
    pub(super) fn is_after_path(&self) -> bool {
        let (opener, closer) = (self.token(), self.token_at(1));
        let is_empty = opener.kind == Kind::LeftParen && closer.kind == Kind::RightParen;
        let before = |back: usize| self.at.checked_sub(back).and_then(|at| self.tokens.get(at));
        let (Some(name), Some(colons)) = (before(1), before(2)) else { return false };
        let is_path = name.kind == Kind::Identifier && colons.kind == Kind::DoubleColon;
        is_empty && is_path && !opener.space_before && !name.space_before && !colons.space_before
    }

    /// Parses the `()` of `Name::name()`.
    pub(super) fn call_after_path(&mut self, callee: Expression) -> Expression {
        self.advance();
        self.advance();
        let start = callee.span.start;
        self.expression_from(start, ExpressionKind::Call(Box::new(callee), Vec::new()))
    }

    // Blocks and lambdas.

    /// Returns whether `| x |` begins here.
    fn at_parameters(&self) -> bool {
        let mut end = 1;
        while self.kind_on_line(end) == Kind::Identifier && self.kind_on_line(end + 1) == Kind::Comma {
            end += 2;
        }
        self.token().kind == Kind::Bar
            && self.kind_on_line(end) == Kind::Identifier
            && self.kind_on_line(end + 1) == Kind::Bar
    }

    /// Parses `| x, y |`.
    fn parameters_between_bars(&mut self) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        self.advance();
        while self.take(Kind::Bar).is_none() {
            parameters.push(plain_parameter(self.advance_name()));
            self.take(Kind::Comma);
        }
        parameters
    }

    /// Parses `|x| x + 1`.
    pub(super) fn foreign_lambda(&mut self) -> Option<Expression> {
        if !self.at_parameters() {
            return None;
        }
        let bar = self.token().span;
        let hint = "write `:: | x | x + 1`; a block, which only a call can take, `: | x | x + 1`";
        self.habit(bar, "a lambda begins with `::`", hint);
        let parameters = self.parameters_between_bars();
        let body = self.inner_body(bar);
        Some(self.expression_from(bar.start, ExpressionKind::Lambda(parameters, body)))
    }

    /// Returns how many tokens the parameters `|x, y|` here take, if a `:` follows them.
    fn parameters_before_colon(&self) -> Option<usize> {
        let is_part = |ahead: &usize| matches!(self.kind_on_line(*ahead), Kind::Identifier | Kind::Comma);
        let end = (1..20).find(|ahead| !is_part(ahead))?;
        let is_meant = self.peek_on_line() == Kind::Bar
            && end > 1
            && self.kind_on_line(end) == Kind::Bar
            && matches!(self.kind_on_line(end + 1), Kind::Colon | Kind::DoubleColon);
        is_meant.then_some(end + 1)
    }

    /// Parses `|x|: body` after a call, as its block.
    fn block_after_parameters(&mut self, callee: Expression, length: usize) -> Expression {
        let bar = self.token().span;
        let last = self.token_at(length - 1).span;
        let mut names: Vec<Identifier> = Vec::new();
        for _ in 0..length {
            match self.token().kind {
                Kind::Identifier => names.push(self.advance_name()),
                _ => drop(self.advance()),
            }
        }
        let colon = self.written(self.token().span).to_owned();
        let called = Some(self.written(callee.span)).filter(|text| text.len() <= 40 && !text.contains('\n'));
        let shown: Vec<&str> = names.iter().map(|name| &*name.name).collect();
        let hint = format!("write `{}{colon} | {} | ...`", called.unwrap_or("name"), shown.join(" "));
        self.habit(bar.to(last), format!("the parameters of a block stand after its `{colon}`"), &hint);
        let at = self.advance().span;
        let body = self.inner_body(at);
        let parameters = names.into_iter().map(plain_parameter).collect();
        let kind = match &*colon {
            "::" => ExpressionKind::Lambda(parameters, body),
            _ => ExpressionKind::Block(parameters, body),
        };
        let block = self.expression_from(at.start, kind);
        let start = callee.span.start;
        if !matches!(callee.kind, ExpressionKind::Name(_) | ExpressionKind::Member(..)) {
            // The last argument of the call that the block belongs to.
            return self.expression_from(start, ExpressionKind::Error);
        }
        let arguments = vec![Argument { name: None, value: Some(block) }];
        self.expression_from(start, ExpressionKind::Call(Box::new(callee), arguments))
    }

    /// Parses `x |` after the `:` of a block, if a statement follows: the first `|` is missing.
    pub(super) fn parameters_without_bar(&mut self) -> Option<Vec<Parameter>> {
        let mut bar = 1;
        while bar < 20
            && self.kind_on_line(bar) == Kind::Comma
            && self.kind_on_line(bar + 1) == Kind::Identifier
        {
            bar += 2;
        }
        let next = self.token_at(bar + 2);
        let begins_statement = matches!(next.kind, Kind::Define | Kind::DefineFinal)
            || next.space_before
                && !next.line_start
                && matches!(next.kind, Kind::Identifier | Kind::Int | Kind::Float | Kind::StringBegin);
        let is_meant = self.peek_on_line() == Kind::Identifier
            && self.kind_on_line(bar) == Kind::Bar
            && self.token_at(bar + 1).kind == Kind::Identifier
            && begins_statement;
        if !is_meant {
            return None;
        }
        let first = self.token().span;
        let mut parameters = Vec::new();
        while self.token().kind != Kind::Bar {
            parameters.push(plain_parameter(self.advance_name()));
            self.take(Kind::Comma);
        }
        self.advance();
        let names: Vec<&str> = parameters.iter().map(|parameter| &*parameter.name.name).collect();
        let hint = format!("write `: | {} | ...`", names.join(" "));
        self.habit(first, "a `|` stands before the parameters of a block, too", &hint);
        Some(parameters)
    }

    /// Returns whether a block without its `:` follows a call, as in `list.do | x | print x`. The call in the block
    /// shows that the bars are not operators.
    pub(super) fn is_block_without_colon(&self) -> bool {
        let argument = self.token_at(4);
        let is_call = self.token_at(3).kind == Kind::Identifier
            && argument.space_before
            && !argument.line_start
            && matches!(argument.kind, Kind::Identifier | Kind::Int | Kind::Float | Kind::StringBegin);
        self.at_parameters() && self.token_at(2).kind == Kind::Bar && is_call
            || self.parameters_before_colon().is_some()
    }

    /// Parses a block without its `:`, and returns the call of `callee` with it.
    pub(super) fn block_without_colon(&mut self, callee: Expression) -> Expression {
        if let Some(length) = self.parameters_before_colon() {
            return self.block_after_parameters(callee, length);
        }
        let bar = self.token().span;
        self.habit(bar, "a block begins with `:`", "write `:` before the `|`");
        let parameters = self.parameters_between_bars();
        let body = self.inner_body(bar);
        let block = self.expression_from(bar.start, ExpressionKind::Block(parameters, body));
        let start = callee.span.start;
        let arguments = vec![Argument { name: None, value: Some(block) }];
        self.expression_from(start, ExpressionKind::Call(Box::new(callee), arguments))
    }

    // Declarations.

    /// Skips the `export` of `export function foo:`. Returns whether there is one.
    pub(super) fn foreign_export(&mut self) -> bool {
        let is_declaration = self.kind_on_line(1) == Kind::Class
            || self.is_word(1, &["default", "const", "let", "var", "async"])
            || self.is_word(1, FUNCTION_WORDS);
        if self.token().kind != Kind::Export || !is_declaration || !self.has_colon_on_line() {
            return false;
        }
        let hint = "remove it: other files see all names that do not end in `_`";
        self.habit(self.token().span, "`export` does not stand before a declaration", hint);
        self.advance();
        while self.is_word(0, &["default", "const", "let", "var", "async"]) || self.is_word(0, FUNCTION_WORDS)
        {
            self.advance();
        }
        true
    }

    /// Skips the `;` after a declaration.
    pub(super) fn foreign_semicolon(&mut self) {
        let (token, next) = (self.token(), self.token_at(1));
        if self.peek() != Kind::Semicolon || !(next.line_start || next.kind == Kind::Eof) || self.recovering {
            return;
        }
        if !std::mem::replace(&mut self.has_semicolons, true) {
            self.habit(token.span, "unexpected `;`", "remove it: a declaration ends with its line");
        }
        self.advance();
    }
}

/// Returns whether a word looks like the name of a type, and not like that of a variable or constant.
fn names_type(word: &str) -> bool {
    matches!(word, "int" | "float" | "bool" | "string" | "any")
        || word.starts_with(|c: char| c.is_ascii_uppercase())
            && word.contains(|c: char| c.is_ascii_lowercase())
}
