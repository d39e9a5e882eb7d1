//! Recognizes syntax of other languages (a *habit*). The parser reports how Toit writes the same, and goes on as if the
//! text were written that way, so that each habit gives one message.

use super::expressions::{RELATIONAL, TYPE, binary_level};
use super::{Parser, is_closer};
use crate::ast::{Argument, Expression, ExpressionKind, Identifier, Import, Parameter, Show};
use crate::diagnostic::Diagnostic;
use crate::names::Suggestions;
use crate::scanner::{Kind, Token};
use crate::source::Span;

/// How a type includes null.
pub(crate) const NULL_TYPE: &str =
    "a type that includes null ends with `?`, as in `int?`; a function without a result has the type `none`";

/// Words before the name of a declared variable.
pub(super) const VARIABLE_WORDS: &[&str] = &["let", "var", "const", "val", "auto", "final", "mut", "static"];

/// Words before the name of a declared function.
pub(super) const FUNCTION_WORDS: &[&str] = &["def", "fn", "fun", "func", "function", "void"];

/// Words before a declaration.
const MODIFIERS: &[&str] = &[
    "public",
    "private",
    "protected",
    "internal",
    "pub",
    "final",
    "override",
    "virtual",
    "readonly",
    "async",
];

/// Words that begin an import, or something like it.
const IMPORT_WORDS: &[&str] = &["from", "using", "use", "require", "include"];

/// Words that declare something like a class.
const CLASS_WORDS: &[&str] = &["struct", "record", "trait", "protocol", "enum", "object"];

/// The title of the error about braces around a body.
pub(super) const BRACES: &str = "braces do not enclose a body";

/// Words with which other languages begin an exception handler.
pub(super) const HANDLER_WORDS: &[&str] = &["except", "catch", "rescue"];

/// The hint about functions without a name.
const LAMBDA: &str = "a block, which is an argument of a call, is written `: | x | x + 1`; a lambda, which is a value, `:: | x | x + 1`";

/// How several values are printed.
const PRINT_VALUES: &str = "to print several values, put them into one string: `print \"$a $b\"`";

/// Operators that do not exist, with what to write.
const OPERATORS: &[(&str, &str)] = &[
    ("&&", "write `and`"),
    ("||", "write `or`"),
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    ("**", "write `(math.pow x y)`, with `import math` at the beginning of the file"),
    ("=>", LAMBDA),
    ("??", "write `or`: `x or y` is `y` if `x` is null or false"),
    ("?.", "write `x and x.y`, which is null if `x` is null"),
    ("->", "a member follows a `.`: `x.y`"),
    ("<>", "write `!=`"),
];

/// The title of the error about code outside of all functions.
const NO_FUNCTION: &str = "this code belongs to no function";

/// The maximum number of tokens that a search for the end of a construct examines.
pub(super) const LOOK_AHEAD_MAX: usize = 200;

/// The maximum number of tokens that the search for the `}` of a `{` at the end of a line examines. If the `}` is not among
/// them, the `{` begins a body.
const LITERAL_MAX: usize = 10_000;

impl<'a> Parser<'a> {
    /// Returns the text of the source from the current token on.
    pub(super) fn text_here(&self) -> &'a str {
        self.text.get(self.token().span.start as usize..).unwrap_or("")
    }

    /// Returns whether the current token looks like the name of a type.
    pub(super) fn is_type_word(&self) -> bool {
        let word = self.written(self.token().span);
        let is_known = matches!(
            word,
            "int" | "float" | "bool" | "string" | "any" | "str" | "double" | "char" | "boolean"
        );
        is_known || word.starts_with(|c: char| c.is_ascii_uppercase())
    }

    pub(super) fn is_word(&self, ahead: usize, words: &[&str]) -> bool {
        let token = self.token_at(ahead);
        token.kind == Kind::Identifier && words.contains(&self.written(token.span))
    }

    /// Returns the kind of a token if it stands on the current line.
    pub(super) fn kind_on_line(&self, ahead: usize) -> Kind {
        let is_next_line = (1..=ahead).any(|ahead| self.token_at(ahead).line_start);
        if is_next_line { Kind::Eof } else { self.token_at(ahead).kind }
    }

    /// Reports a habit, unless another mistake on the same line has been reported: it is probably the same.
    pub(super) fn habit(&mut self, span: Span, title: impl Into<String>, hint: &str) {
        let last = self.problems.last().filter(|last| last.is_error()).map(|last| last.span.start);
        if last.is_none_or(|last| !self.is_near(last.min(span.start), last.max(span.start))) {
            self.error_and_go_on(span, title, hint);
        }
    }

    /// After a mistake in a condition, goes on with the `:` on the same line, if there is one.
    pub(super) fn resume_at_colon(&mut self) {
        if !self.recovering || self.token().line_start {
            return;
        }
        let colon = self.line_kinds().position(|kind| kind == Kind::Colon);
        if let Some(ahead) = colon {
            self.at += ahead;
            self.recovering = false;
        }
    }

    /// Returns the kinds of the tokens from the current one to the end of its line.
    pub(super) fn line_kinds(&self) -> impl Iterator<Item = Kind> {
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let line = rest.iter().enumerate().take_while(|(place, token)| *place == 0 || !token.line_start);
        line.map(|(_, token)| token.kind)
    }

    // Operators.

    /// Returns whether the `?` here belongs to `??` or `?.`.
    pub(super) fn is_foreign_question(&self) -> bool {
        let next = self.token_at(1);
        let is_double = next.kind == Kind::Question && !next.space_before;
        let is_member = next.kind == Kind::Dot && !next.space_before && !self.token().space_before;
        is_double || is_member
    }

    /// Skips the `?` of `foo?` at the end of a line. Returns whether there is one.
    pub(super) fn skip_question(&mut self) -> bool {
        let question = self.token();
        let is_last = !question.space_before && self.token_at(1).line_start;
        if is_last {
            let hint =
                "remove it: an exception reaches the caller by itself; a choice is written `x ? 1 : 2`";
            self.error_and_go_on(question.span, "nothing follows this `?`", hint);
            self.advance();
        }
        is_last
    }

    /// Returns whether the current operator, of the given level, may begin one of another language.
    pub(super) fn may_be_foreign(&self, level: u8) -> bool {
        let (operator, next) = (self.token(), self.token_at(1));
        match level {
            TYPE => false,
            RELATIONAL => operator.kind == Kind::Less && next.kind == Kind::Greater && !next.space_before,
            _ => true,
        }
    }

    /// Reports an operator of another language. Returns whether one stands here.
    pub(super) fn foreign_operator(&mut self) -> bool {
        let text = self.text_here();
        let Some((operator, hint)) = OPERATORS.iter().find(|(operator, _)| text.starts_with(operator)) else {
            return false;
        };
        let start = self.token().span.start;
        let span = Span { start, end: start + operator.len() as u32 };
        self.error_hint(span, format!("there is no operator `{operator}`"), *hint);
        true
    }

    /// Returns whether the current construct begins with a token of this kind.
    fn begins_with(&self, kind: Kind) -> bool {
        self.tokens.get(self.anchor).is_some_and(|first| first.kind == kind)
    }

    /// Returns whether the current construct begins with the word `print`.
    fn follows_print(&self) -> bool {
        self.is_print(self.anchor)
    }

    /// Returns whether the current token stands right after a `~`.
    fn follows_tilde(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.is_some_and(|before| before.kind == Kind::Tilde) && !self.token().space_before
    }

    fn is_print(&self, place: usize) -> bool {
        self.tokens.get(place).is_some_and(|token| self.written(token.span) == "print")
    }

    /// Returns what to write in place of a token that does not belong here.
    pub(super) fn hint_for(&self, token: Token) -> Option<&'static str> {
        let text = self.text.get(token.span.start as usize..).unwrap_or("");
        if let Some((_, hint)) = OPERATORS.iter().find(|(operator, _)| text.starts_with(operator)) {
            return Some(hint);
        }
        match (token.kind, self.written(token.span)) {
            (Kind::Identifier, "in") => Some("to ask whether a list has an element, write `list.contains x`"),
            (Kind::Identifier, "instanceof") => Some("write `is`"),
            (Kind::Identifier, "then" | "do" | "begin") => Some("a body begins with `:`"),
            (Kind::Comma, _) if self.begins_with(Kind::Return) => {
                Some("to return several values, return a list: `return [a, b]`")
            }
            (Kind::Semicolon, _) if self.begins_with(Kind::If) => {
                Some("write what stands before the condition on a line of its own, above the `if`")
            }
            (Kind::Not, _) if self.is_word(1, &["in"]) => {
                Some("to ask whether a list lacks an element, write `not list.contains x`")
            }
            (Kind::Assign, _) if self.follows_tilde() => Some("to ask whether two values differ, write `!=`"),
            (Kind::Ampersand, _) => Some("remove it: there are no references to variables"),
            (Kind::DotDot, _) => Some("to join lists, write `list + [2]`"),
            (Kind::If, _) => Some("a value that depends on a condition is written `condition ? 1 : 2`"),
            (Kind::Bar, _) => Some(LAMBDA),
            (Kind::Comma, _) if self.follows_print() => Some(PRINT_VALUES),
            (Kind::Comma, _) => Some("remove it: spaces separate arguments, and lines separate statements"),
            (Kind::LeftBrace, _) => Some("a body begins with `:`, and its lines are indented"),
            (Kind::For, _) => Some("to build a list from another one, write `list.map: | x | x * x`"),
            _ => None,
        }
    }

    // Calls.

    /// Parses the arguments of `foo()`, `foo(a, b)` and `foo(name=a)`. Returns none if the parentheses enclose one
    /// expression without a name, or are not closed within [`LOOK_AHEAD_MAX`] tokens.
    pub(super) fn foreign_arguments(&mut self) -> Option<Vec<Argument>> {
        let opener = self.token();
        let (mut depth, mut has_comma, mut end) = (0u32, false, None);
        // The search is limited, since each call makes one.
        for ahead in 0..LOOK_AHEAD_MAX {
            let token = self.token_at(ahead);
            match token.kind {
                Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace | Kind::HashBracket => depth += 1,
                Kind::StringBegin | Kind::InterpolationBegin => depth += 1,
                kind if is_closer(kind) => depth = depth.saturating_sub(1),
                Kind::Comma => has_comma |= depth == 1,
                Kind::Eof => return None,
                _ => {}
            }
            if depth == 0 {
                end = Some(ahead);
                break;
            }
        }
        let before = self.at.checked_sub(1).and_then(|before| self.tokens.get(before)).copied();
        let is_empty = end == Some(1);
        let assign = self.token_at(2);
        let is_named = self.token_at(1).kind == Kind::Identifier && assign.kind == Kind::Assign;
        let is_named = is_named && !assign.space_before && !self.token_at(3).space_before;
        if end.is_none() || !is_empty && !has_comma && !is_named {
            return None;
        }
        if is_named {
            let name = self.token_at(1).span;
            let hint = format!("write `--{}=` and the value, without parentheses", self.written(name));
            self.habit(
                name.to(assign.span),
                format!("a named argument is written `--{}=`", self.written(name)),
                &hint,
            );
        } else if is_empty {
            self.habit(opener.span, "a call without arguments has no parentheses", "remove them");
        } else {
            let is_print = self.at.checked_sub(1).is_some_and(|before| self.is_print(before));
            let hint = match self.called_as_argument() {
                _ if is_print => PRINT_VALUES.into(),
                Some(name) => format!("a call as an argument stands between parentheses: `({name} a b)`"),
                None => "arguments follow the name and are separated by spaces: `name a b`".into(),
            };
            self.habit(opener.span, "arguments are written without parentheses and commas", &hint);
        }
        let mut arguments = Vec::new();
        self.advance();
        self.open += 1;
        while !matches!(self.peek(), Kind::RightParen | Kind::Eof) && !self.recovering {
            let mut value = self.expression(super::Blocks::Allowed);
            if matches!(value.kind, ExpressionKind::Assign { .. }) {
                // A named argument of another language.
                value = self.expression_at(value.span, ExpressionKind::Error);
            }
            arguments.push(Argument { name: None, value: Some(value) });
            if self.take(Kind::Comma).is_none() {
                break;
            }
        }
        self.open -= 1;
        if self.take(Kind::RightParen).is_none() && !self.recovering {
            self.expected("`)`");
        }
        let is_super = before.is_some_and(|name| self.written(name.span) == "super");
        if has_comma || is_empty && !is_super || is_named {
            // Adds a broken argument, so that no error about the number of arguments follows: the author may have had a
            // function of the other language in mind.
            let broken = self.expression_at(opener.span, ExpressionKind::Error);
            arguments.push(Argument { name: None, value: Some(broken) });
        }
        Some(arguments)
    }

    /// Reports the parentheses of `1 + foo()`.
    pub(super) fn refuse_call_of_operand(&mut self, operation: Expression) -> Expression {
        let is_call = !self.recovering
            && matches!(operation.kind, ExpressionKind::Binary(..))
            && self.peek_on_line() == Kind::LeftParen
            && !self.token().space_before
            && self.foreign_arguments().is_some();
        if !is_call {
            return operation;
        }
        self.skip_operation();
        self.expression_from(operation.span.start, ExpressionKind::Error)
    }

    /// Skips the operators and members that follow the parentheses of a foreign call on its line, as in `foo() + 1`: the
    /// mistake has been reported.
    pub(super) fn skip_operation(&mut self) {
        let kind = self.peek_on_line();
        if kind != Kind::Dot && binary_level(kind).is_none() {
            return;
        }
        let mut depth = 0u32;
        loop {
            let token = self.token();
            match token.kind {
                Kind::Eof => return,
                Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace | Kind::HashBracket => depth += 1,
                Kind::StringBegin | Kind::InterpolationBegin => depth += 1,
                kind if is_closer(kind) && depth > 0 => depth -= 1,
                _ if depth > 0 => {}
                Kind::Comma | Kind::Semicolon | Kind::Colon | Kind::DoubleColon => return,
                Kind::And | Kind::Or | Kind::Question => return,
                kind if is_closer(kind) || token.line_start => return,
                _ => {}
            }
            self.advance();
        }
    }

    /// Returns the name before the current token, such as `map.get`, if it stands among the arguments of a call.
    fn called_as_argument(&self) -> Option<String> {
        let mut first = self.at.checked_sub(1)?;
        while first >= 2 && self.tokens[first - 1].kind == Kind::Dot {
            first -= 2;
        }
        let (before, name) = (self.tokens.get(first.checked_sub(1)?)?, self.tokens[first]);
        let is_argument = before.kind == Kind::Identifier && name.space_before && !name.line_start;
        let span = Span { start: name.span.start, end: self.tokens[self.at - 1].span.end };
        is_argument.then(|| self.written(span).to_owned())
    }

    /// Adds the arguments in parentheses after `name` in `foo name(a, b)`. If the last argument has a value, that value
    /// becomes a call with them. Otherwise they are arguments of the outer call. Operators and members that follow the parentheses are skipped.
    pub(super) fn add_foreign_arguments(&mut self, arguments: &mut Vec<Argument>, mut more: Vec<Argument>) {
        self.skip_operation();
        let last = arguments.last_mut().filter(|_| !more.is_empty());
        let Some((last, callee)) =
            last.and_then(|last| last.value.take().map(|callee| (&mut last.value, callee)))
        else {
            return arguments.append(&mut more);
        };
        let start = callee.span.start;
        *last = Some(self.expression_from(start, ExpressionKind::Call(Box::new(callee), more)));
    }

    /// Parses `new Name(arguments)`.
    pub(super) fn foreign_new(&mut self) -> Option<Expression> {
        let (token, name) = (self.token(), self.token_at(1));
        let is_class = self.kind_on_line(1) == Kind::Identifier
            && self.written(name.span).starts_with(|c: char| c.is_ascii_uppercase());
        if !self.is_word(0, &["new"]) || !is_class {
            return None;
        }
        let class = self.written(name.span);
        let hint = match class.ends_with("Error") || class.ends_with("Exception") {
            true => "any value can be thrown: `throw \"an explanation\"`".to_owned(),
            false if self.token_at(2).kind == Kind::LeftBrace => {
                let object = if class.chars().skip(1).any(char::is_uppercase) {
                    "x".into()
                } else {
                    class.to_lowercase()
                };
                format!("write `{object} := {class}`, and then `{object}.name = ...` for each field")
            }
            false => format!("write `{class}`, and the arguments of its constructor after spaces"),
        };
        self.habit(token.span, "there is no `new`", &hint);
        self.advance();
        self.advance();
        if self.peek_on_line() == Kind::LeftParen && self.foreign_arguments().is_none()
            || self.peek_on_line() == Kind::LeftBrace && !self.token().space_before
        {
            self.primary();
        }
        Some(self.expression_from(token.span.start, ExpressionKind::Error))
    }

    /// Skips the letter of `f"..."`.
    pub(super) fn string_prefix(&mut self) {
        let (token, next) = (self.token(), self.token_at(1));
        let is_letter = token.kind == Kind::Identifier && token.span.end - token.span.start == 1;
        if is_letter && next.kind == Kind::StringBegin && !next.space_before {
            let title = format!("a string needs no `{}` before it", self.written(token.span));
            self.habit(token.span, title, "every string can hold values: `\"hello $name\"`");
            self.advance();
        }
    }

    // Braces.

    /// Takes a `{` that stands for the `:` of a body. Its `}` is skipped later.
    pub(super) fn foreign_brace(&mut self) -> Option<Span> {
        let token = self.token();
        let is_body = token.kind == Kind::LeftBrace && !token.line_start && self.token_at(1).line_start;
        if !is_body || self.ended() {
            return None;
        }
        if !std::mem::replace(&mut self.has_braces, true) {
            let hint = "write `:` in place of `{`, and remove the `}`: a body ends where the lines are no longer \
                        indented";
            self.habit(token.span, BRACES, hint);
        }
        self.recovering = false;
        self.braces += 1;
        Some(self.advance().span)
    }

    /// Returns whether a `{` that ends its line begins a body of another language. It begins a literal instead if a `:`,
    /// `.` or `[` follows its `}` on the same line.
    pub(super) fn is_foreign_body(&self) -> bool {
        if !self.token_at(1).line_start {
            return false;
        }
        let mut depth = 0u32;
        let rest = self.tokens.get(self.at..).unwrap_or_default();
        let closer = rest.iter().take(LITERAL_MAX).position(|token| {
            match token.kind {
                Kind::LeftBrace => depth += 1,
                Kind::RightBrace => depth -= 1,
                _ => {}
            }
            depth == 0
        });
        let next = closer.and_then(|closer| rest.get(closer + 1));
        !next.is_some_and(|next| {
            !next.line_start && matches!(next.kind, Kind::Colon | Kind::Dot | Kind::LeftBracket)
        })
    }

    /// Skips the `}` of bodies that began with a `{`, except one before an exception handler.
    pub(super) fn skip_braces(&mut self) {
        while self.braces > 0 && self.token().kind == Kind::RightBrace && !self.is_word(1, HANDLER_WORDS) {
            self.braces -= 1;
            self.advance();
        }
    }

    // Declarations.

    /// Reports and skips a line that Toit does not allow at the top level: a statement, or an import, a second name of a
    /// type or a module name of another language. Returns whether the line was skipped.
    pub(super) fn foreign_line(&mut self) -> bool {
        let token = self.token();
        let next = self.kind_on_line(1);
        let word = self.written(token.span).to_owned();
        let is_code = match token.kind {
            Kind::If | Kind::While | Kind::For | Kind::Return | Kind::Try | Kind::Assert => true,
            Kind::StringBegin | Kind::LeftParen | Kind::LeftBracket => true,
            Kind::Identifier if next == Kind::LeftParen => self.is_call_alone(),
            Kind::Identifier => matches!(next, Kind::StringBegin | Kind::Int | Kind::Float),
            _ => false,
        };
        if is_code {
            let hint = if self.is_word(1, &["__name__"]) {
                "a program begins at `main:`: write `main:` in place of this line"
            } else if self.is_word(0, &["main"]) {
                "remove the line: `main` is called when the program starts"
            } else {
                "statements stand in the body of a function, such as `main:`, and are indented"
            };
            // All lines outside of functions count as one mistake.
            if self.problems.last().is_some_and(|last| last.title == NO_FUNCTION) {
                self.recovering = true;
            }
            self.error_hint(token.span, NO_FUNCTION, hint);
        } else if self.foreign_require() {
            let hint = "write `import monitor`, or `import monitor show Mutex` for some of its names";
            self.error_hint(token.span, format!("an import does not begin with `{word}`"), hint);
            self.foreign_import = Some(unknown_import(token.span));
        } else if token.kind == Kind::Identifier && next == Kind::Identifier && !self.has_colon_on_line() {
            if IMPORT_WORDS.contains(&&*word) || Suggestions::default().nearest(&word, ["import"]).is_some() {
                let hint = "write `import monitor`, or `import monitor show Mutex` for some of its names";
                self.error_hint(token.span, format!("an import does not begin with `{word}`"), hint);
                self.foreign_import = Some(unknown_import(token.span));
            } else if matches!(&*word, "type" | "typedef") && !self.has_body_after(0) {
                let hint =
                    "remove the line, and write the type itself; `class Name:` declares a type of your own";
                self.error_hint(token.span, "a type has no second name", hint);
                self.foreign_import = Some(unknown_import(token.span));
            } else if word == "package" || word == "module" {
                let hint = "remove the line: a file needs no name of its own";
                self.error_hint(token.span, format!("there is no `{word}`"), hint);
            }
        }
        if self.recovering {
            self.skip_rest();
        }
        self.recovering
    }

    /// Returns whether this line is `const name = require(...)`.
    fn foreign_require(&self) -> bool {
        self.is_word(0, VARIABLE_WORDS)
            && self.kind_on_line(1) == Kind::Identifier
            && self.kind_on_line(2) == Kind::Assign
            && self.is_word(3, &["require"])
            && self.kind_on_line(4) == Kind::LeftParen
    }

    /// Returns whether this line is only `name(...)`, without lines below it that are indented more.
    fn is_call_alone(&self) -> bool {
        let last = self.line_kinds().filter(|kind| *kind != Kind::Semicolon).last();
        let is_head = |kind| matches!(kind, Kind::Arrow | Kind::LeftBrace);
        let is_attached = !self.token_at(1).space_before;
        is_attached
            && last == Some(Kind::RightParen)
            && !self.line_kinds().any(is_head)
            && !self.has_body_after(0)
    }

    pub(super) fn has_colon_on_line(&self) -> bool {
        self.line_kinds().any(|kind| kind == Kind::Colon)
    }

    /// Skips words that other languages write before a declaration.
    pub(super) fn skip_foreign_modifiers(&mut self) {
        while self.is_word(0, MODIFIERS) {
            let is_modifier = match self.kind_on_line(1) {
                Kind::Class | Kind::Static => true,
                Kind::Identifier => {
                    self.is_word(1, MODIFIERS)
                        || self.is_word(1, FUNCTION_WORDS) && self.kind_on_line(2) == Kind::Identifier
                        || matches!(self.kind_on_line(2), Kind::Define | Kind::DefineFinal | Kind::Slash)
                        || self.kind_on_line(2) == Kind::LeftParen && !self.token_at(2).space_before
                }
                _ => false,
            };
            if !is_modifier {
                return;
            }
            let word = self.token().span;
            let name = self.written(word).to_owned();
            let hint = match &*name {
                "private" | "protected" | "internal" => "remove it; names that end in `_` are private",
                _ => "remove it",
            };
            self.habit(word, format!("there is no `{name}`"), hint);
            self.advance();
        }
    }

    /// Skips a word like `struct` before the name of a class. Returns whether one stands here.
    pub(super) fn foreign_class(&mut self) -> bool {
        let (token, next) = (self.token(), self.token_at(1));
        let is_named = self.kind_on_line(1) == Kind::Identifier
            && self.written(next.span).starts_with(|c: char| c.is_ascii_uppercase());
        if token.kind != Kind::Identifier || !is_named {
            return false;
        }
        let word = self.written(token.span).to_owned();
        let near = Suggestions::default().nearest(&word, ["class", "interface", "monitor", "mixin"]);
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None if word == "enum" => "declare a constant for each value: `RED ::= 0`".into(),
            None if CLASS_WORDS.contains(&&*word) => "declare a class, an interface or a mixin".into(),
            None => return false,
        };
        self.habit(token.span, format!("there is no `{word}`"), &hint);
        if word == "enum" {
            // The values of an `enum` are not members. Reports no errors about them.
            self.recovering = true;
        }
        true
    }

    /// Reports and skips a word before the name of a function, if parentheses follow the name: a word like `def`, or the
    /// type of the result. Returns whether there was such a word.
    pub(super) fn skip_function_word(&mut self) -> bool {
        let paren = self.token_at(2);
        let has_parentheses = self.kind_on_line(1) == Kind::Identifier
            && self.kind_on_line(2) == Kind::LeftParen
            && !paren.space_before;
        if !has_parentheses || self.token().kind != Kind::Identifier {
            return false;
        }
        let token = self.token();
        let name = self.written(self.token_at(1).span).to_owned();
        if self.is_word(0, FUNCTION_WORDS) {
            let title = format!("there is no `{}` before a function", self.written(token.span));
            let hint = match &*name {
                "__init__" => "the constructor of a class is declared as `constructor:`".to_owned(),
                _ => format!("write `{name}{}:`", self.parameters_ahead()),
            };
            self.habit(token.span, title, &hint);
        } else {
            let hint = match &*name {
                // In Toit `main` has no result, and its parameters differ from those in other languages.
                "main" => {
                    "write `main:`, or `main arguments:` to get the arguments of the program".to_owned()
                }
                _ => format!("write `{name}{} -> {}:`", self.parameters_ahead(), self.written(token.span)),
            };
            self.habit(token.span, "the type of the result follows the parameters", &hint);
        }
        self.advance();
        true
    }

    /// Returns the names in `word name(a, int b, c: int)`, each after a space.
    fn parameters_ahead(&self) -> String {
        let mut names = String::new();
        let mut last = None;
        let mut has_type = false;
        for ahead in 3..LOOK_AHEAD_MAX {
            let token = self.token_at(ahead);
            match token.kind {
                Kind::Identifier if !has_type => last = Some(self.written(token.span)),
                Kind::Colon | Kind::Assign => has_type = true,
                Kind::Comma | Kind::RightParen => {
                    let name = last.take().filter(|name| !matches!(*name, "self" | "this" | "void"));
                    name.into_iter().for_each(|name| names = format!("{names} {name}"));
                    has_type = false;
                    if token.kind == Kind::RightParen {
                        break;
                    }
                }
                Kind::Eof => break,
                _ => {}
            }
        }
        names
    }

    /// Parses `(a, b)` as parameters.
    pub(super) fn foreign_parameters(&mut self) -> Vec<Parameter> {
        let opener = self.advance();
        let mut names: Vec<Identifier> = Vec::new();
        let mut is_new = true;
        let mut has_type = false;
        while !matches!(self.peek(), Kind::RightParen | Kind::Eof) {
            match self.peek() {
                Kind::Identifier if is_new || !has_type => {
                    let name = self.advance_name();
                    if !is_new {
                        names.pop();
                    }
                    names.push(name);
                    is_new = false;
                }
                kind => {
                    is_new = kind == Kind::Comma;
                    has_type = !is_new;
                    self.advance();
                }
            }
        }
        if self.token().kind == Kind::RightParen {
            // It may begin a line, right below the name of the function.
            self.advance();
        }
        names.retain(|name| !matches!(&*name.name, "self" | "this" | "void"));
        let names_alone: Vec<&str> = names.iter().map(|name| &*name.name).collect();
        let hint = match names.is_empty() {
            true => "remove them".to_owned(),
            false => format!("write `{}` without them", names_alone.join(" ")),
        };
        self.habit(opener.span, "parameters stand without parentheses and commas", &hint);
        names.into_iter().map(plain_parameter).collect()
    }

    /// Skips `[]` or `<...>` after the name of a type. Returns whether there was one.
    pub(super) fn skip_type_parameters(&mut self) -> bool {
        let token = self.token();
        if token.space_before || self.recovering {
            return false;
        }
        let closer = match self.peek_on_line() {
            Kind::Less => Kind::Greater,
            Kind::LeftBracket if self.token_at(1).kind == Kind::RightBracket => Kind::RightBracket,
            _ => return false,
        };
        if (1..20).all(|ahead| self.kind_on_line(ahead) != closer) {
            return false;
        }
        let hint = "write only `List`, for example: the types of its elements are not declared";
        self.habit(token.span, "a type has no parameters", hint);
        while self.advance().kind != closer {}
        true
    }

    /// Reports the type in a head that ends with `x: int:`. The current token is the first `:`; skips to the second, which
    /// begins the body.
    pub(super) fn skip_type_after_colon(&mut self, parameters: &[Parameter]) {
        let ty = self.token_at(1);
        let word = self.written(ty.span);
        let is_type =
            matches!(word, "int" | "float" | "bool" | "string" | "any" | "str" | "List" | "Map" | "Set");
        let Some(last) = parameters.last().filter(|last| last.is_plain()) else { return };
        let is_head = self.kind_on_line(1) == Kind::Identifier && self.kind_on_line(2) == Kind::Colon;
        if self.peek() != Kind::Colon || !is_head || !is_type || self.kind_on_line(3) != Kind::Eof {
            return;
        }
        let hint = format!("write `{}/{word}`", last.name.name);
        self.habit(ty.span, "the type of a parameter follows a `/`", &hint);
        self.advance();
        self.advance();
    }

    /// Reports `class A(B):` or `class A : B`, and skips the `(` or `:`. Returns whether the name of the superclass comes
    /// next.
    pub(super) fn foreign_superclass(&mut self) -> bool {
        let token = self.token();
        let is_named = self.kind_on_line(1) == Kind::Identifier;
        let is_foreign = match self.peek_on_line() {
            Kind::LeftParen => is_named && self.kind_on_line(2) == Kind::RightParen,
            Kind::Colon => {
                is_named && matches!(self.kind_on_line(2), Kind::Colon | Kind::LeftBrace | Kind::Eof)
            }
            _ => false,
        };
        if is_foreign {
            let name = self.written(self.token_at(1).span).to_owned();
            let hint = format!("write `extends {name}`");
            self.habit(token.span, "the superclass follows the word `extends`", &hint);
            self.advance();
        }
        is_foreign
    }

    /// Returns an error if the current token is a keyword that is defined or assigned like a variable.
    pub(super) fn keyword_as_name(&self) -> Option<Diagnostic> {
        let token = self.token();
        let is_defined = matches!(self.kind_on_line(1), Kind::Define | Kind::DefineFinal | Kind::Assign);
        let word = self.written(token.span);
        (token.kind.is_keyword() && is_defined).then(|| {
            let title = format!("`{word}` is a keyword and cannot name a variable");
            Diagnostic::error(self.source, token.span, title).hint("choose another name")
        })
    }
}

/// Returns an import that may bring any names.
pub(super) fn unknown_import(span: Span) -> Import {
    Import { dots: 1, segments: Vec::new(), prefix: None, show: Show::Nothing, span }
}

/// Returns a parameter that has only a name.
pub(super) fn plain_parameter(name: Identifier) -> Parameter {
    Parameter { name, is_named: false, is_block: false, is_field: false, ty: None, default: None }
}
