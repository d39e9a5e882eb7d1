//! Adds line breaks where lines are too long.
//!
//! A line is broken where the tree is loosest: arguments, parameters, elements and operands of one construct get a
//! line each, and a body on the line of its `:` moves to the next line. Then everything is placed again, until no
//! line can be broken any more. A line break that would not help is not added.

use crate::layout::{BODY, CONTINUATION, Layout, layout};
use crate::pieces::Pieces;
use crate::space::Role;
use lucarne_compiler::ast::{
    Argument, Body, Class, Declaration, Expression, ExpressionKind, File, Function, Import, Initial, Show,
};
use lucarne_compiler::scanner::Kind;
use lucarne_compiler::source::Span;
use std::ops::Range;

/// The maximum number of times that all pieces are placed. Each time breaks one level of nesting.
const ROUNDS_MAX: usize = 24;

/// By how many columns the only argument of a call must move to the left to get a line of its own.
const GAIN_MIN: usize = 6;
/// The same for a string, which often stands after a short name such as `throw`.
const TEXT_GAIN_MIN: usize = 16;

/// Places the pieces of a text. Also returns, for each piece, whether a line break is added before it.
pub(crate) fn break_lines(text: &str, pieces: &Pieces, file: &File, length: usize) -> (Vec<bool>, Layout) {
    let mut breaks = vec![false; pieces.list.len()];
    let mut placed = layout(text, pieces, &breaks, file);
    for _ in 0..ROUNDS_MAX {
        let lines = long_lines(pieces, &breaks, &placed, length);
        if lines.is_empty() {
            break;
        }
        let mut breaker = Breaker { text, pieces, placed: &placed, breaks, lines, length, has_added: false };
        breaker.file(file);
        let has_added = breaker.has_added;
        breaks = breaker.breaks;
        if !has_added {
            break;
        }
        placed = layout(text, pieces, &breaks, file);
    }
    (breaks, placed)
}

/// A line that is too long.
struct LongLine {
    /// Its pieces.
    pieces: Range<usize>,
    /// Its place in the text.
    place: Range<usize>,
    indent: usize,
    /// Whether line breaks have been added to it.
    is_broken: bool,
}

fn long_lines(pieces: &Pieces, breaks: &[bool], placed: &Layout, length: usize) -> Vec<LongLine> {
    let list = &pieces.list;
    let begins = |at: usize| {
        list.get(at).is_some_and(|piece| piece.line_start) || breaks.get(at).copied().unwrap_or(false)
    };
    let mut lines = Vec::new();
    let mut first = 0;
    let mut is_long = false;
    for at in 0..list.len() {
        let Some(piece) = list.get(at) else { break };
        let column = placed.columns.get(at).copied().unwrap_or(0);
        if begins(at) || piece.after_backslash {
            first = at;
            is_long = false;
        }
        is_long |= !piece.has_lines && (column + piece.width) as usize > length;
        let is_last = begins(at + 1) || at + 1 == list.len();
        if is_last && is_long && !piece.in_table && piece.region == 0 {
            lines.push(LongLine {
                pieces: first..at + 1,
                place: list.get(first).map_or(0, |piece| piece.start)..piece.end,
                indent: placed.columns.get(first).copied().unwrap_or(0) as usize,
                is_broken: false,
            });
        }
    }
    lines
}

struct Breaker<'a> {
    text: &'a str,
    pieces: &'a Pieces,
    placed: &'a Layout,
    breaks: Vec<bool>,
    lines: Vec<LongLine>,
    length: usize,
    has_added: bool,
}

impl Breaker<'_> {
    // Looking.

    /// Returns the index of the piece that begins at a place, or of the next one.
    fn piece_at(&self, place: u32) -> usize {
        self.pieces.list.partition_point(|piece| piece.start < place as usize)
    }

    fn kind(&self, at: usize) -> Kind {
        self.pieces.list.get(at).map_or(Kind::Eof, |piece| piece.kind)
    }

    fn begins_line(&self, at: usize) -> bool {
        self.pieces.list.get(at).is_none_or(|piece| piece.line_start)
            || self.breaks.get(at).copied().unwrap_or(false)
    }

    /// Returns the column after a piece.
    fn end_of(&self, at: usize) -> usize {
        let column = self.placed.columns.get(at).copied().unwrap_or(0);
        (column + self.pieces.list.get(at).map_or(0, |piece| piece.width)) as usize
    }

    fn column_of(&self, at: usize) -> usize {
        self.placed.columns.get(at).copied().unwrap_or(0) as usize
    }

    /// Returns the long line that a piece is on, unless it has been broken.
    fn long_line(&self, at: usize) -> Option<usize> {
        let index = self.lines.partition_point(|line| line.pieces.end <= at);
        self.lines.get(index).filter(|line| line.pieces.contains(&at) && !line.is_broken).map(|_| index)
    }

    /// Returns whether a part of the text has a long line that has not been broken.
    fn has_long_line(&self, span: Span) -> bool {
        let (start, end) = (span.start as usize, span.end as usize);
        let first = self.lines.partition_point(|line| line.place.end <= start);
        let rest = self.lines.get(first..).unwrap_or(&[]);
        rest.iter().take_while(|line| line.place.start < end).any(|line| !line.is_broken)
    }

    /// Returns those of the given pieces that are on a long line and do not begin it.
    fn on_line(&self, line: usize, pieces: impl Iterator<Item = usize>) -> Vec<usize> {
        let range = self.lines.get(line).map_or(0..0, |line| line.pieces.clone());
        pieces.filter(|at| range.contains(at) && !self.begins_line(*at)).collect()
    }

    fn add(&mut self, line: usize, pieces: &[usize]) -> bool {
        for at in pieces {
            if let Some(place) = self.breaks.get_mut(*at) {
                *place = true;
                self.has_added = true;
            }
        }
        if let Some(line) = self.lines.get_mut(line).filter(|_| !pieces.is_empty()) {
            line.is_broken = true;
        }
        !pieces.is_empty()
    }

    fn indent(&self, line: usize) -> usize {
        self.lines.get(line).map_or(0, |line| line.indent)
    }

    // Declarations.

    fn file(&mut self, file: &File) {
        for import in file.imports.iter().filter(|import| matches!(import.show, Show::Names(_))) {
            self.import(import);
        }
        for declaration in &file.declarations {
            self.declaration(declaration);
        }
    }

    /// Puts as many of the names after `show` on a line as there is room for.
    fn import(&mut self, import: &Import) {
        let Show::Names(names) = &import.show else { return };
        let Some(line) = self.long_line(self.piece_at(import.span.start)) else { return };
        let names = names.iter().map(|name| self.piece_at(name.span.start)).collect::<Vec<_>>();
        let ends: Vec<usize> = names.iter().map(|at| self.end_of(*at)).collect();
        let names = self.on_line(line, names.into_iter());
        self.fill(line, &names, &ends, CONTINUATION as usize);
    }

    /// Puts as many elements on each line as there is room for. `ends` are the columns after the elements. Returns
    /// whether a line break was added.
    fn fill(&mut self, line: usize, elements: &[usize], ends: &[usize], indent: usize) -> bool {
        let base = self.indent(line) + indent;
        let mut begin = None;
        let mut chosen = Vec::new();
        for (at, end) in elements.iter().zip(ends) {
            let is_full = begin.is_none_or(|begin| base + (end + 1).saturating_sub(begin) > self.length);
            if is_full {
                chosen.push(*at);
                begin = Some(self.column_of(*at));
            }
        }
        self.add(line, &chosen)
    }

    fn declaration(&mut self, declaration: &Declaration) {
        match declaration {
            Declaration::Class(class) => self.class(class),
            Declaration::Function(function) => self.function(function),
            Declaration::Variable(variable) => {
                if let Initial::Value(value) = &variable.value {
                    self.visit(value);
                }
            }
        }
    }

    fn class(&mut self, class: &Class) {
        if let Some(line) = self.long_line(self.piece_at(class.name.span.start)) {
            let range = self.lines.get(line).map_or(0..0, |line| line.pieces.clone());
            let is_clause = |at: &usize| {
                let piece = self.pieces.list.get(*at);
                let word = piece.and_then(|piece| self.text.get(piece.start..piece.end));
                matches!(word, Some("extends" | "with" | "implements"))
            };
            let clauses: Vec<usize> = range.filter(is_clause).collect();
            let clauses = self.on_line(line, clauses.into_iter());
            self.add(line, &clauses);
        }
        for member in &class.members {
            self.declaration(member);
        }
    }

    fn function(&mut self, function: &Function) {
        if let Some(line) = self.long_line(self.piece_at(function.name.span().start))
            && !self.body_of_line(line, function.body.as_ref())
        {
            let parameters = function.parameters.iter().map(|parameter| {
                let name = self.piece_at(parameter.name.span.start);
                let is_dashes = |at: usize| self.placed.roles.get(at) == Some(&Role::Dashes);
                let mark = |at: &usize| match self.kind(*at) {
                    Kind::Decrement => is_dashes(*at),
                    kind => matches!(kind, Kind::LeftBracket | Kind::Dot),
                };
                (0..name).rev().take_while(mark).last().unwrap_or(name)
            });
            let mut parameters = self.on_line(line, parameters.collect::<Vec<_>>().into_iter());
            let is_this = function.parameters.iter().any(|parameter| parameter.is_field)
                && parameters.iter().any(|at| self.is_after_this(*at));
            if !is_this {
                parameters.extend(self.inline_body(line, function.body.as_ref()));
                self.add(line, &parameters);
            }
        }
        for statement in function.body.iter().flat_map(|body| &body.statements) {
            self.visit(statement);
        }
    }

    fn is_after_this(&self, at: usize) -> bool {
        let before = at.checked_sub(1).and_then(|at| self.pieces.list.get(at));
        before.and_then(|piece| self.text.get(piece.start..piece.end)) == Some("this")
    }

    /// Returns the first piece of a body, if it is on the long line of its `:`.
    fn inline_body(&self, line: usize, body: Option<&Body>) -> Option<usize> {
        let first = self.piece_at(body?.statements.first()?.span.start);
        self.on_line(line, std::iter::once(first)).first().copied()
    }

    /// Puts a body that is on the line of its `:` on a line of its own, if the part before it fits. Returns whether it
    /// has.
    fn body_of_line(&mut self, line: usize, body: Option<&Body>) -> bool {
        let Some(first) = self.inline_body(line, body) else { return false };
        let fits = first.checked_sub(1).is_some_and(|before| self.end_of(before) <= self.length);
        fits && self.add(line, &[first])
    }

    // Expressions.

    fn visit(&mut self, expression: &Expression) {
        if !self.has_long_line(expression.span) || matches!(expression.kind, ExpressionKind::String(_)) {
            return;
        }
        self.before_parts(expression);
        expression.kind.each_child(&mut |child| self.visit(child));
        self.after_parts(expression);
    }

    /// Breaks an expression before its parts are looked at.
    fn before_parts(&mut self, expression: &Expression) {
        use ExpressionKind as E;
        let start = self.piece_at(expression.span.start);
        match &expression.kind {
            E::Call(target, arguments) => {
                let least = if self.fits_below(arguments) { 1 } else { 2 };
                self.call(expression, target, arguments, least);
            }
            E::And(..) | E::Or(..) | E::Binary(..) | E::Comparison(..) => self.operators(expression),
            E::Conditional(condition, then, _) => {
                let marks = [self.piece_at(condition.span.end), self.piece_at(then.span.end)];
                if let Some(line) = self.long_line(marks[0]) {
                    let marks = self.on_line(line, marks.into_iter());
                    self.add(line, &marks);
                }
            }
            E::If { condition, then, otherwise } => self.if_(start, condition, then, otherwise.as_ref()),
            E::While(condition, body) => {
                if self.begins_line(start)
                    && let Some(line) = self.long_line(self.piece_at(condition.span.end))
                {
                    self.body_of_line(line, Some(body));
                }
            }
            E::For { body, .. } => {
                if self.begins_line(start)
                    && let Some(line) = self.long_line(self.piece_at(body.span.start))
                {
                    self.body_of_line(line, Some(body));
                }
            }
            E::List(elements) | E::Set(elements) | E::ByteArray(elements) => {
                let starts: Vec<u32> = elements.iter().map(|element| element.span.start).collect();
                let is_plain = elements.iter().all(is_plain);
                self.elements(expression, &starts, is_plain);
            }
            E::Map(entries) => {
                let starts: Vec<u32> = entries.iter().map(|(key, _)| key.span.start).collect();
                self.elements(expression, &starts, false);
            }
            _ => {}
        }
    }

    /// Breaks an expression if none of its parts could be broken.
    fn after_parts(&mut self, expression: &Expression) {
        match &expression.kind {
            ExpressionKind::Call(target, arguments) => self.call(expression, target, arguments, 1),
            ExpressionKind::Block(_, body) | ExpressionKind::Lambda(_, body) => {
                if let Some(line) = self.long_line(self.piece_at(body.span.start))
                    && self.ends_frame(line, expression.span.end)
                {
                    self.body_of_line(line, Some(body));
                }
            }
            _ => {}
        }
    }

    /// Returns whether a parenthesis is closed at a place, or the frame that begins a line ends there: what continues the
    /// frame would belong to the body of a block that ends there.
    fn ends_frame(&self, line: usize, place: u32) -> bool {
        let next = self.piece_at(place);
        let is_outside = self.begins_line(next) && self.column_of(next) <= self.indent(line);
        matches!(self.kind(next), Kind::RightParen | Kind::Eof) || is_outside
    }

    /// Returns whether the only argument of a call fits on a line of its own, and nothing in it is better broken.
    fn fits_below(&self, arguments: &[Argument]) -> bool {
        use ExpressionKind as E;
        let [Argument { name, value: Some(value) }] = arguments else { return false };
        let inner = match &value.kind {
            E::Parenthesized(inner) => inner,
            _ => value,
        };
        let is_broken_inside = matches!(
            inner.kind,
            E::Block(..)
                | E::Lambda(..)
                | E::List(_)
                | E::Set(_)
                | E::Map(_)
                | E::ByteArray(_)
                | E::String(_)
        );
        let start = name.as_ref().map_or(value.span, |name| name.span).start;
        let Some(line) = self.long_line(self.piece_at(start)) else { return false };
        let indent = self.indent(line) + CONTINUATION as usize;
        !is_broken_inside && indent + 2 + self.width(Span { start, end: value.span.end }) <= self.length
    }

    /// Gives each argument of a call a line, if there are at least `least`, and nothing follows that would then belong to
    /// the last one.
    fn call(&mut self, call: &Expression, target: &Expression, arguments: &[Argument], least: usize) {
        let Some(line) = self.long_line(self.piece_at(target.span.end)) else { return };
        let body = trailing_body(arguments);
        if self.body_of_line(line, body) {
            return;
        }
        let count = arguments.len() - usize::from(body.is_some());
        let starts = arguments.iter().take(count).map(|argument| match (&argument.name, &argument.value) {
            (Some(name), _) => self.piece_at(name.span.start).saturating_sub(1),
            (None, Some(value)) => self.piece_at(value.span.start),
            (None, None) => usize::MAX,
        });
        // Includes arguments on later lines, since an argument on a line of its own must end with that line.
        let mut starts: Vec<usize> = starts.filter(|at| !self.begins_line(*at)).collect();
        if starts.len() < least || body.is_some_and(|body| body.statements.is_empty()) {
            return;
        }
        let indent = self.indent(line) + CONTINUATION as usize;
        let is_helpful = arguments.iter().take(count).all(|argument| {
            argument
                .value
                .as_ref()
                .is_none_or(|value| !is_atom(value) || indent + self.width(value.span) <= self.length)
        });
        let is_text = |argument: &Argument| {
            argument.value.as_ref().is_some_and(|value| matches!(value.kind, ExpressionKind::String(_)))
        };
        let gained = self.column_of(starts.first().copied().unwrap_or(0)).saturating_sub(indent);
        let gained_min = if arguments.iter().any(is_text) { TEXT_GAIN_MIN } else { GAIN_MIN };
        let is_worth = starts.len() > 1 || gained >= gained_min;
        if !is_helpful || !is_worth || !self.ends_line(call.span.end) {
            return;
        }
        // On the line of the last argument, the body would belong to that.
        let first = body.and_then(|body| body.statements.first());
        let first = first.map(|first| self.piece_at(first.span.start));
        starts.extend(first.filter(|at| !self.begins_line(*at)));
        self.add(line, &starts);
    }

    /// Returns the width of an expression on one line.
    fn width(&self, span: Span) -> usize {
        let first = self.piece_at(span.start);
        let last = self.piece_at(span.end).saturating_sub(1).max(first);
        self.end_of(last).saturating_sub(self.column_of(first))
    }

    /// Returns whether only brackets and commas follow a place on its line, or the `:` of a construct.
    fn ends_line(&self, place: u32) -> bool {
        let next = self.piece_at(place);
        let is_closer =
            matches!(self.kind(next), Kind::RightParen | Kind::RightBracket | Kind::RightBrace | Kind::Comma);
        is_closer
            || self.begins_line(next)
            || self.kind(next) == Kind::Eof
            || self.kind(next) == Kind::Colon && self.begins_line(next + 1)
    }

    /// Puts a line break before each operator of a chain.
    fn operators(&mut self, expression: &Expression) {
        let mut operators = Vec::new();
        chain(expression, &mut |place, is_exact| {
            operators.push(if is_exact { self.piece_at(place) } else { self.piece_at(place + 1) });
        });
        let Some(line) = operators.iter().find_map(|at| self.long_line(*at)) else { return };
        let operators = self.on_line(line, operators.into_iter());
        self.add(line, &operators);
    }

    fn if_(&mut self, start: usize, condition: &Expression, then: &Body, otherwise: Option<&Body>) {
        let is_else_if = start
            .checked_sub(1)
            .is_some_and(|before| self.kind(before) == Kind::Else && self.begins_line(before));
        let Some(line) = self.long_line(self.piece_at(condition.span.start)) else { return };
        if !self.begins_line(start) && !is_else_if {
            return;
        }
        let mut pieces: Vec<usize> = self.inline_body(line, Some(then)).into_iter().collect();
        let mut rest = otherwise;
        while let Some(body) = rest {
            rest = None;
            let Some(first) = body.statements.first() else { break };
            let at = self.piece_at(first.span.start);
            let before = at.saturating_sub(1);
            if self.kind(before) == Kind::Else {
                pieces.extend(self.on_line(line, std::iter::once(before)));
                if let ExpressionKind::If { then, otherwise, .. } = &first.kind {
                    pieces.extend(self.inline_body(line, Some(then)));
                    rest = otherwise.as_ref();
                }
            } else {
                let colon = self.piece_at(body.span.start);
                pieces.extend(self.on_line(line, std::iter::once(colon.saturating_sub(1))));
                pieces.extend(self.inline_body(line, Some(body)));
            }
        }
        self.add(line, &pieces);
    }

    /// Gives each element between brackets a line, or as many lines as plain elements need.
    fn elements(&mut self, brackets: &Expression, starts: &[u32], is_plain: bool) {
        let opener = self.piece_at(brackets.span.start);
        let closer = self.piece_at(brackets.span.end).saturating_sub(1);
        let Some(line) = self.long_line(opener).filter(|_| !starts.is_empty()) else { return };
        let pieces: Vec<usize> = starts.iter().map(|place| self.piece_at(*place)).collect();
        let range = self.lines.get(line).map_or(0..0, |line| line.pieces.clone());
        // Elements on several lines are where the author wants them.
        if !range.contains(&closer) {
            return;
        }
        let mut last = vec![closer];
        if is_plain {
            let next = pieces.iter().skip(1).chain(&last);
            let ends: Vec<usize> = next.map(|at| self.end_of(at.saturating_sub(1))).collect();
            self.fill(line, &pieces, &ends, BODY as usize);
        } else {
            self.add(line, &pieces);
        }
        last.retain(|at| !self.begins_line(*at));
        self.add(line, &last);
    }
}

/// Returns the body of the block or lambda at the end of a call.
fn trailing_body(arguments: &[Argument]) -> Option<&Body> {
    let Argument { name: None, value: Some(value) } = arguments.last()? else { return None };
    match &value.kind {
        ExpressionKind::Block(_, body) | ExpressionKind::Lambda(_, body) => Some(body),
        _ => None,
    }
}

/// Returns whether an expression cannot be broken.
fn is_atom(expression: &Expression) -> bool {
    use ExpressionKind as E;
    matches!(expression.kind, E::String(_) | E::Int(_) | E::Float(_) | E::Name(_) | E::Bool(_) | E::Null)
}

/// Returns whether an expression is a number or a short name: many of these stand on one line.
fn is_plain(expression: &Expression) -> bool {
    use ExpressionKind as E;
    let is_short = expression.span.end - expression.span.start <= 12;
    is_short
        && matches!(
            expression.kind,
            E::String(_) | E::Int(_) | E::Float(_) | E::Name(_) | E::Bool(_) | E::Null
        )
}

/// Calls a function for each operator of a chain of operators of one level: with its place, or with the end of the
/// operand before it.
fn chain(expression: &Expression, each: &mut dyn FnMut(u32, bool)) {
    use ExpressionKind as E;
    let mut next = expression;
    loop {
        let left = match &next.kind {
            E::And(left, _) | E::Or(left, _) => {
                each(left.span.end - 1, false);
                left
            }
            E::Binary(_, at, left, _) => {
                each(at.start, true);
                left
            }
            E::Comparison(_, rest) => {
                rest.iter().for_each(|(_, at, _)| each(at.start, true));
                return;
            }
            _ => return,
        };
        let is_same = match (&expression.kind, &left.kind) {
            (E::And(..), E::And(..)) | (E::Or(..), E::Or(..)) => true,
            (E::Binary(one, ..), E::Binary(other, ..)) => level(one) == level(other),
            _ => false,
        };
        if !is_same {
            return;
        }
        next = left;
    }
}

/// Returns a number for the level of an operator.
fn level(operator: &str) -> u8 {
    match operator {
        "+" | "-" => 1,
        "*" | "/" | "%" => 2,
        "<<" | ">>" | ">>>" => 3,
        "&" => 4,
        "|" => 5,
        "^" => 6,
        _ => 7,
    }
}
