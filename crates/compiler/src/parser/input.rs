//! Parses the inputs of a session: imports, declarations and statements, in any order.
//!
//! The statements become the body of one function, [`ENTRY`], which runs the input. A variable that a statement defines
//! becomes a global, whose first value the function computes at the place of the statement.
//!
//! `name parameters:` can be the head of a function, or a call with a block. It is a function if it has a type, a `[block]`
//! or a `->`. Otherwise it is a [`Head`], and [`Reading::has_definitions`] decides.

use super::{Parser, parser_of};
use crate::ast::{
    Argument, Body, Declaration, Expression, ExpressionKind, File, Function, FunctionName, Identifier,
    Initial, Variable,
};
use crate::diagnostic::Diagnostic;
use crate::names::{Name, canonical};
use crate::scanner::Kind;
use crate::source::{SourceId, Span};

/// The name of the function that runs the statements of an input. No program can declare it.
pub const ENTRY: &str = "<input>";

/// How to read an input.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'r> {
    /// Whether `name parameters:` begins a function where it could also be a call with a block.
    pub has_definitions: bool,
    /// The function that is called with the value of each statement that has one, if values are shown.
    pub show: Option<&'r str>,
    /// The places of statements whose values are not shown.
    pub hidden: &'r [Span],
}

/// A parsed input.
#[derive(Debug)]
pub struct Input {
    /// The imports and declarations, and the function that runs the statements.
    pub file: File,
    /// The heads of lines that could begin a function as well as a call with a block.
    pub heads: Vec<Head>,
    /// The places of the statements whose values are shown.
    pub shown: Vec<Span>,
    /// The errors and warnings.
    pub problems: Vec<Diagnostic>,
}

/// `name parameters`, before a `:`.
#[derive(Clone, Debug)]
pub struct Head {
    /// The name.
    pub name: Identifier,
    /// What stands between the name and the `:`.
    pub parameters: Span,
}

/// Parses an input.
pub fn parse_input(source: SourceId, text: &str, reading: Reading<'_>) -> Input {
    let mut parser = parser_of(source, text);
    parser.is_session = true;
    let mut input =
        Input { file: File::default(), heads: Vec::new(), shown: Vec::new(), problems: Vec::new() };
    let statements = parser.input(&mut input, reading);
    input.file.declarations.push(Declaration::Function(entry(statements)));
    input.problems = parser.problems;
    input
}

/// Parses a file as an input: it has no statements.
pub fn parse_file_as_input(source: SourceId, text: &str) -> Input {
    let mut parser = parser_of(source, text);
    let mut file = parser.file();
    file.declarations.push(Declaration::Function(entry(Vec::new())));
    Input { file, heads: Vec::new(), shown: Vec::new(), problems: parser.problems }
}

/// What a line can be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Statement,
    Function,
    /// A function, or a call with a block. The number tells how many tokens ahead the `:` is.
    Either(usize),
}

impl Parser<'_> {
    fn input(&mut self, input: &mut Input, reading: Reading<'_>) -> Vec<Expression> {
        let mut statements = Vec::new();
        loop {
            self.skip_braces();
            if self.token().kind == Kind::Eof {
                return statements;
            }
            let before = self.at;
            self.begin_input_line();
            if self.token().kind == Kind::Import {
                let import = self.import();
                input.file.imports.push(import);
                self.end_declaration();
            } else if self.token().kind == Kind::Export {
                self.error_hint(self.token().span, "a session exports nothing", "remove this line");
                self.skip_rest();
            } else if self.is_declaration(input, reading) {
                input.file.declarations.extend(self.declaration(None));
                self.end_declaration();
            } else {
                self.input_statements(input, &mut statements, reading);
            }
            if self.at == before {
                self.advance();
            }
        }
    }

    fn begin_input_line(&mut self) {
        let token = self.token();
        self.begin_declaration(token.line_indent);
        if token.line_start && token.line_indent != 0 && token.kind != Kind::Illegal {
            let hint = "a line that continues no other one begins at the left margin";
            self.error_and_go_on(token.span, "this line is indented", hint);
        }
    }

    fn is_declaration(&self, input: &mut Input, reading: Reading<'_>) -> bool {
        let token = self.token();
        let is_abstract = token.kind == Kind::Identifier && self.written(token.span) == "abstract";
        if self.class_keyword().is_some() || is_abstract && self.token_at(1).kind == Kind::Class {
            return true;
        }
        match self.line() {
            Line::Statement => false,
            Line::Function => true,
            Line::Either(colon) => {
                input.heads.push(self.head(colon));
                reading.has_definitions
            }
        }
    }

    /// Parses the statements of a line. Those that define variables become declarations.
    fn input_statements(
        &mut self,
        input: &mut Input,
        statements: &mut Vec<Expression>,
        reading: Reading<'_>,
    ) {
        let mut found = Vec::new();
        self.statements_of_line(&mut found, &mut false);
        self.recovering = false;
        for statement in found {
            let span = statement.span;
            match statement.kind {
                ExpressionKind::Define { name, ty, is_final, value } => {
                    let has_value = matches!(value, Initial::Value(_));
                    let read = name.clone();
                    let variable =
                        Variable { doc: None, name, static_at: None, abstract_at: None, ty, is_final, value };
                    input.file.declarations.push(Declaration::Variable(variable));
                    statements.extend(has_value.then(|| named(&read.name, read.span)));
                }
                kind if has_value(&kind) && !reading.hidden.contains(&span) && reading.show.is_some() => {
                    input.shown.push(span);
                    let value = Expression { kind, span, height: statement.height };
                    statements.push(call(reading.show.unwrap_or_default(), value));
                }
                kind => statements.push(Expression { kind, span, height: statement.height }),
            }
        }
    }

    /// Returns the head of the line, whose `:` is `colon` tokens ahead.
    fn head(&self, colon: usize) -> Head {
        let span = self.token().span;
        let name = Identifier { name: canonical(self.written(span)), span };
        Head { name, parameters: Span { start: span.end, end: self.token_at(colon).span.start } }
    }

    /// Returns whether the line begins with the head of a function.
    fn line(&self) -> Line {
        if self.token().kind != Kind::Identifier || self.is_definition() {
            return Line::Statement;
        }
        let mut is_function = false;
        let mut ahead = 1;
        if self.token_at(ahead).kind == Kind::Assign && !self.token_at(ahead).space_before {
            // `name= value:`, a setter.
            ahead += 1;
        }
        loop {
            let token = self.token_at(ahead);
            if token.line_start && i64::from(token.line_indent) <= self.limit {
                return Line::Statement;
            }
            let kinds = [token.kind, self.token_at(ahead + 1).kind, self.token_at(ahead + 2).kind];
            match kinds {
                [Kind::Colon, ..] if is_function => return Line::Function,
                [Kind::Colon, ..] => return Line::Either(ahead),
                [Kind::LeftBracket, Kind::Identifier, Kind::RightBracket] => {
                    is_function = true;
                    ahead += 3;
                }
                [Kind::LeftBracket, Kind::Decrement, Kind::Identifier] => {
                    is_function = true;
                    ahead += 4;
                }
                [Kind::Arrow, Kind::Identifier, _] => {
                    is_function = true;
                    ahead = self.after_type(ahead + 1);
                }
                [Kind::Decrement, Kind::Identifier, _] => {
                    ahead = self.after_name(ahead + 2, &mut is_function);
                }
                [Kind::Identifier, ..] => ahead = self.after_name(ahead + 1, &mut is_function),
                _ => return Line::Statement,
            }
        }
    }

    /// Returns whether the line begins with something other than the head of a function, and has no `:` or `->`.
    pub(super) fn is_line_without_head(&self) -> bool {
        let is_part = |kind| matches!(kind, Kind::Colon | Kind::Arrow | Kind::LeftBrace);
        self.line() == Line::Statement && !self.line_kinds().any(is_part)
    }

    /// Returns the place after the type and the default value of a parameter, if it has them.
    fn after_name(&self, mut ahead: usize, is_function: &mut bool) -> usize {
        let is_attached =
            |ahead| !self.token_at(ahead).space_before && !self.token_at(ahead + 1).space_before;
        if self.token_at(ahead).kind == Kind::Slash && is_attached(ahead) {
            *is_function = true;
            ahead = self.after_type(ahead + 1);
        }
        if self.token_at(ahead).kind == Kind::Assign {
            ahead = self.after_value(ahead + 1);
        }
        ahead
    }

    fn after_type(&self, mut ahead: usize) -> usize {
        ahead += 1;
        if self.token_at(ahead).kind == Kind::Dot {
            ahead += 2;
        }
        ahead + usize::from(self.token_at(ahead).kind == Kind::Question)
    }

    /// Returns the place after a default value: a name with its members, a literal, or something in brackets.
    fn after_value(&self, mut ahead: usize) -> usize {
        if self.token_at(ahead).kind == Kind::Minus {
            ahead += 1;
        }
        let mut depth = 0u32;
        loop {
            let token = self.token_at(ahead);
            match token.kind {
                Kind::Eof => return ahead,
                Kind::LeftParen
                | Kind::LeftBracket
                | Kind::LeftBrace
                | Kind::HashBracket
                | Kind::StringBegin
                | Kind::InterpolationBegin => depth += 1,
                kind if super::is_closer(kind) => {
                    depth = depth.saturating_sub(1);
                }
                _ => {}
            }
            ahead += 1;
            let next = self.token_at(ahead);
            if depth > 0 {
                continue;
            }
            if next.kind != Kind::Dot || next.space_before {
                return ahead;
            }
            ahead += 1;
        }
    }
}

/// Returns whether a statement has a value that the user may want to see.
fn has_value(kind: &ExpressionKind) -> bool {
    use ExpressionKind as E;
    !matches!(
        kind,
        E::Error
            | E::If { .. }
            | E::While(..)
            | E::For { .. }
            | E::Assign { .. }
            | E::Postfix(..)
            | E::Define { .. }
            | E::Return(_)
            | E::Break(..)
            | E::Continue(..)
            | E::Try { .. }
            | E::Assert(_)
            | E::Primitive { .. }
            | E::Block(..)
    )
}

fn named(name: &str, span: Span) -> Expression {
    Expression { kind: ExpressionKind::Name(Name::from(name)), span, height: 1 }
}

/// Returns the call of a function with a value, at the place of the value.
fn call(function: &str, value: Expression) -> Expression {
    let (span, height) = (value.span, value.height + 1);
    let argument = Argument { name: None, value: Some(value) };
    let kind = ExpressionKind::Call(Box::new(named(function, span)), vec![argument]);
    Expression { kind, span, height }
}

fn entry(statements: Vec<Expression>) -> Function {
    let name = Identifier { name: ENTRY.into(), span: Span::default() };
    Function {
        doc: None,
        migrations: Vec::new(),
        name: FunctionName::Plain(name),
        static_at: None,
        abstract_at: None,
        parameters: Vec::new(),
        return_type: None,
        body: Some(Body { statements, span: Span::default() }),
    }
}
