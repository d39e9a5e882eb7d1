//! Places statements and expressions.

use super::{BODY, CONTINUATION, Frame, Walk};
use crate::pieces::Piece;
use crate::space::Role;
use lucarne_compiler::ast::{Argument, Body, Expression, ExpressionKind, Parameter};
use lucarne_compiler::scanner::Kind;

impl Walk<'_> {
    /// Places the statements after a `:`.
    pub(super) fn body(&mut self, body: &Body, frame: Frame) {
        let mut inline = Frame { is_inline: true, ..Frame::new(frame.at) };
        for statement in &body.statements {
            self.fill_to(statement.span.start as usize, frame.continued());
            if self.begins_line() {
                let own = self.begin(frame.at + BODY);
                // Code after a `;` belongs to the frame that begins the line.
                inline.at = own.at;
                self.expression(statement, own);
            } else {
                self.expression(statement, inline);
            }
        }
    }

    /// Places an expression that is a frame of its own if it begins a line.
    pub(super) fn inner(&mut self, expression: &Expression, frame: Frame, indent: u32) {
        self.fill_to(expression.span.start as usize, frame.at + indent);
        let frame = if self.begins_line() { self.begin(frame.at + indent) } else { frame };
        self.expression(expression, frame);
    }

    /// Places the right operand of an operator. On a line of its own, it may stand right below the beginning of the
    /// frame, if that is not a statement.
    fn operand(&mut self, expression: &Expression, frame: Frame) {
        let indent = self.pieces.get(self.at).map(|piece| piece.indent);
        let is_below = self.begins_line() && frame.old.is_some() && indent <= frame.old;
        self.inner(expression, frame, if is_below { 0 } else { CONTINUATION });
    }

    /// Places the next piece as an operator with two operands. Returns the frame of its right operand.
    fn operator(&mut self, role: Role, frame: Frame) -> Frame {
        let begins_line = self.begins_line();
        self.place(frame.continued(), role);
        self.after_operator(begins_line, frame)
    }

    pub(super) fn expression(&mut self, expression: &Expression, frame: Frame) {
        use ExpressionKind as E;
        let start = expression.span.start as usize;
        match &expression.kind {
            E::Error | E::Null | E::Bool(_) | E::Int(_) | E::Float(_) | E::String(_) | E::Name(_) => {
                if self.kind() == Kind::Minus {
                    self.place(frame.continued(), Role::Prefix);
                }
            }
            E::Parenthesized(inner) => self.enclosed(&[inner], frame),
            E::Member(receiver, _) => self.expression(receiver, frame),
            E::Index(receiver, arguments) => {
                self.expression(receiver, frame);
                self.enclosed(&arguments.iter().collect::<Vec<_>>(), frame);
            }
            E::Slice(receiver, from, to) => {
                self.expression(receiver, frame);
                let bounds: Vec<&Expression> = from.iter().chain(to).map(|bound| &**bound).collect();
                self.enclosed(&bounds, frame);
            }
            E::Call(target, arguments) => {
                self.expression(target, frame);
                for argument in arguments {
                    self.argument(argument, frame);
                }
            }
            E::Unary(_, _, operand) => {
                self.place(frame.continued(), Role::Prefix);
                self.inner(operand, frame, CONTINUATION);
            }
            E::Binary(_, _, left, right) => {
                self.expression(left, frame);
                let frame = self.operator(Role::Spaced, frame);
                self.operand(right, frame);
            }
            E::Comparison(first, rest) => {
                self.expression(first, frame);
                for (_, _, operand) in rest {
                    let frame = self.operator(Role::Spaced, frame);
                    self.operand(operand, frame);
                }
            }
            E::And(left, right) | E::Or(left, right) => {
                self.expression(left, frame);
                let frame = self.operator(Role::Plain, frame);
                self.operand(right, frame);
            }
            E::Not(operand) => {
                self.place(frame.continued(), Role::Plain);
                self.inner(operand, frame, CONTINUATION);
            }
            E::Is { value, .. } | E::As(value, _) => self.expression(value, frame),
            E::Conditional(condition, then, otherwise) => self.conditional(condition, then, otherwise, frame),
            E::If { condition, then, otherwise } => self.if_(condition, then, otherwise.as_ref(), frame),
            E::While(condition, body) => {
                self.place(frame.continued(), Role::Plain);
                self.inner(condition, frame, CONTINUATION);
                self.colon_and_body(body, frame);
            }
            E::For { init, condition, update, body } => {
                self.place(frame.continued(), Role::Plain);
                for part in init.iter().chain(condition).chain(update) {
                    self.inner(part, frame, CONTINUATION);
                }
                self.colon_and_body(body, frame);
            }
            // `++x`: the value has no place of its own.
            E::Assign { target, at, .. } if at.start as usize == start => {
                self.place(frame.continued(), Role::Prefix);
                self.expression(target, frame);
            }
            E::Assign { target, value, .. } => {
                self.expression(target, frame);
                self.place(frame.continued(), Role::Spaced);
                self.inner(value, frame, CONTINUATION);
            }
            E::Postfix(operand, _, _) => {
                self.expression(operand, frame);
                self.place(frame.continued(), Role::Postfix);
            }
            E::Define { name, value, .. } => {
                self.fill_to(name.span.end as usize, frame.continued());
                self.definition(value, frame, self.end);
            }
            E::Block(parameters, body) | E::Lambda(parameters, body) => {
                self.block(parameters, body, Role::Plain, frame);
            }
            E::List(elements) | E::Set(elements) | E::ByteArray(elements) => {
                let elements: Vec<(&Expression, Option<&Expression>)> =
                    elements.iter().map(|element| (element, None)).collect();
                self.elements(&elements, expression.span.end as usize, frame);
            }
            E::Map(entries) => {
                let entries: Vec<(&Expression, Option<&Expression>)> =
                    entries.iter().map(|(key, value)| (key, Some(value))).collect();
                self.elements(&entries, expression.span.end as usize, frame);
            }
            E::Return(value) | E::Break(_, value) | E::Continue(_, value) => {
                if let Some(value) = value {
                    self.inner(value, frame, CONTINUATION);
                }
            }
            E::Try { body, parameters, handler } => self.try_(body, parameters, handler, frame),
            E::Assert(body) => self.colon_and_body(body, frame),
            E::Primitive { failure, .. } => {
                if let Some((parameters, body)) = failure {
                    self.fill_to(body.span.start as usize, frame.continued());
                    self.block(parameters, body, Role::Colon, frame);
                }
            }
        }
        self.fill_to(expression.span.end as usize, frame.continued());
    }

    /// Places an argument of a call.
    fn argument(&mut self, argument: &Argument, frame: Frame) {
        let Some(name) = &argument.name else {
            let Some(value) = &argument.value else { return };
            match &value.kind {
                ExpressionKind::Block(parameters, body) | ExpressionKind::Lambda(parameters, body)
                    if !self.begins_line() =>
                {
                    self.block(parameters, body, Role::Colon, frame);
                    self.fill_to(value.span.end as usize, frame.continued());
                }
                _ => self.inner(value, frame, CONTINUATION),
            }
            return;
        };
        self.fill_to(name.span.start as usize - 2, frame.continued());
        let frame = if self.begins_line() { self.begin(frame.continued()) } else { frame };
        self.place(frame.continued(), Role::Dashes);
        self.fill_name(name.span.end as usize, frame);
        if let Some(value) = &argument.value {
            self.place(frame.continued(), Role::NamedEqual);
            self.inner(value, frame, CONTINUATION);
        }
    }

    fn fill_name(&mut self, end: usize, frame: Frame) {
        while self.start() < end && self.at < self.end {
            self.place(frame.continued(), Role::Name);
        }
    }

    /// Places `(a)`, `[a]` or `[a..b]`.
    fn enclosed(&mut self, parts: &[&Expression], frame: Frame) {
        let end = parts.last().map_or(0, |part| part.span.end as usize);
        self.place(frame.continued(), Role::Plain);
        let outer = self.line;
        let is_wide = self.begins_line() && self.closer_begins_line(end);
        let indent = if is_wide { BODY } else { CONTINUATION };
        for part in parts {
            self.inner(part, Frame::new(outer), indent);
        }
        if matches!(self.kind(), Kind::DotDot) {
            self.place(outer + CONTINUATION, Role::Plain);
        }
        if matches!(self.kind(), Kind::RightParen | Kind::RightBracket) {
            self.place(outer, Role::Plain);
        }
    }

    /// Returns whether the piece after a place of the text begins a line.
    fn closer_begins_line(&self, place: usize) -> bool {
        let rest = self.pieces.get(self.at..).unwrap_or(&[]);
        let next = rest.partition_point(|piece| piece.start < place);
        let is_added = self.breaks.get(self.at + next).copied().unwrap_or(false);
        is_added || rest.get(next).is_some_and(|piece| piece.line_start)
    }

    /// Places the elements of a list, set or map, and its brackets.
    fn elements(&mut self, elements: &[(&Expression, Option<&Expression>)], end: usize, frame: Frame) {
        self.place(frame.continued(), Role::Plain);
        let is_plain = |(element, value): &(&Expression, Option<&Expression>)| {
            is_plain(element) && value.is_none_or(is_plain)
        };
        if self.is_table(end) && elements.iter().all(is_plain) {
            return self.keep_table(end);
        }
        let outer = self.line;
        let is_hanging = !self.begins_line();
        let first_at = self.at;
        let first = self.pieces.get(first_at).map_or(0, |piece| piece.column);
        let least = self.least_indentation(elements);
        for (element, value) in elements {
            self.fill_to(element.span.start as usize, outer + BODY);
            let inner = if self.begins_line() {
                let column = self.pieces.get(self.at).map_or(0, |piece| piece.column);
                let indent = match is_hanging {
                    true if column == first => self.layout.columns.get(first_at).copied().unwrap_or(0),
                    true => outer + CONTINUATION,
                    false => outer + BODY + self.table_indentation(least),
                };
                self.begin(indent)
            } else {
                Frame::new(self.line)
            };
            self.expression(element, inner);
            if let Some(value) = value {
                self.place(inner.continued(), Role::Colon);
                self.inner(value, inner, CONTINUATION);
            }
        }
        while !matches!(self.kind(), Kind::RightBracket | Kind::RightBrace | Kind::Eof) {
            self.place(outer + BODY, Role::Plain);
        }
        self.place(outer, Role::Plain);
    }

    /// Returns whether the brackets up to a place hold a table by hand: the first element stands on the line of the opening
    /// one, there are further lines, and columns.
    fn is_table(&self, end: usize) -> bool {
        let rest = self.pieces.get(self.at..).unwrap_or(&[]).iter().take_while(|piece| piece.start < end);
        let mut has_lines = false;
        let mut has_columns = false;
        let mut before: Option<&Piece> = None;
        for piece in rest {
            let is_wide = before.is_some_and(|before| piece.start - before.end > 1);
            has_columns |= is_wide && !piece.line_start && !piece.after_comment;
            has_lines |= piece.line_start;
            before = Some(piece);
        }
        !self.begins_line() && has_lines && has_columns
    }

    /// Places the elements of a table, and the closing bracket, as they are in the text, moved as a whole.
    fn keep_table(&mut self, end: usize) {
        let first = self.pieces.get(self.at).map_or(0, |piece| i64::from(piece.column));
        let outer = self.line;
        self.is_verbatim = true;
        let mut shift = None;
        while self.start() < end && self.at < self.end {
            let column = self.pieces.get(self.at).map_or(0, |piece| i64::from(piece.column));
            let at = self.at;
            let is_closer = matches!(self.kind(), Kind::RightBracket | Kind::RightBrace);
            let least = if is_closer { outer } else { outer + BODY };
            let moved = (column + shift.unwrap_or(0)).max(i64::from(least));
            self.place(moved as u32, Role::Plain);
            shift = shift.or_else(|| self.layout.columns.get(at).map(|placed| i64::from(*placed) - first));
        }
        self.is_verbatim = false;
    }

    /// Returns the least indentation in the text of the elements that begin lines with aligned columns.
    fn least_indentation(&self, elements: &[(&Expression, Option<&Expression>)]) -> u32 {
        let has_table = self.pieces.get(self.at).is_some_and(|piece| piece.in_table);
        let pieces = elements.iter().filter(|_| has_table).filter_map(|(element, _)| {
            let place = element.span.start as usize;
            self.pieces.get(self.pieces.partition_point(|piece| piece.start < place))
        });
        let aligned = pieces.filter(|piece| piece.in_table && piece.line_start);
        aligned.map(|piece| piece.indent).min().unwrap_or(u32::MAX)
    }

    /// Returns by how much the line of a table that begins here is indented more than others: the first numbers of
    /// lines may be aligned at their ends.
    fn table_indentation(&self, least: u32) -> u32 {
        let piece = self.pieces.get(self.at).filter(|piece| piece.in_table);
        piece.map_or(0, |piece| piece.indent.saturating_sub(least))
    }

    fn conditional(
        &mut self,
        condition: &Expression,
        then: &Expression,
        otherwise: &Expression,
        frame: Frame,
    ) {
        self.expression(condition, frame);
        let inner = self.operator(Role::Spaced, frame);
        self.inner(then, inner, CONTINUATION);
        let inner = self.operator(Role::Spaced, frame);
        // The branches of a chain stand below each other.
        let is_chain = matches!(otherwise.kind, ExpressionKind::Conditional(..)) && !self.begins_line();
        self.inner(otherwise, if is_chain { frame } else { inner }, CONTINUATION);
    }

    /// Places `if`, and the `else if` and `else` after it.
    fn if_(&mut self, condition: &Expression, then: &Body, otherwise: Option<&Body>, frame: Frame) {
        let mut links = vec![(condition, then)];
        let mut last = otherwise;
        while let Some(body) = last
            && let [Expression { kind: ExpressionKind::If { condition, then, otherwise }, span, .. }] =
                body.statements.as_slice()
            && !self.has_colon_before(body, span.start as usize)
        {
            links.push((condition, then));
            last = otherwise.as_ref();
        }
        let place = match (last, links.as_slice()) {
            (Some(body), _) => Some(body.span.start),
            (None, [_, .., (condition, _)]) => Some(condition.span.start),
            _ => None,
        };
        let frame = place.map_or(frame, |place| self.construct_frame(Kind::Else, place, frame));
        for (condition, then) in links {
            let start = condition.span.start as usize;
            while self.start() < start && self.at < self.end {
                let indent = if self.kind() == Kind::Else { frame.at } else { frame.continued() };
                self.place(indent, Role::Plain);
            }
            self.inner(condition, frame, CONTINUATION);
            self.colon_and_body(then, frame);
        }
        if let Some(body) = last {
            self.colon_and_body(body, frame);
        }
    }

    /// Returns whether the `:` of an `else` stands before its only statement, so that it cannot be an `else if`. The
    /// parser gives an `else if` the `:` after its condition.
    fn has_colon_before(&self, body: &Body, statement: usize) -> bool {
        (body.span.start as usize) < statement
    }

    /// Returns the frame of a construct with several bodies. If a further part of it begins a line, and the construct
    /// is a body on the line of its `:`, all lines of it are indented more.
    fn construct_frame(&self, part: Kind, end: u32, frame: Frame) -> Frame {
        if !frame.is_inline {
            return frame;
        }
        let rest = self.pieces.get(self.at..).unwrap_or(&[]);
        let inside = rest.iter().zip(self.at..).take_while(|(piece, _)| piece.start <= end as usize);
        let begins_line =
            |piece: &Piece, at| piece.line_start || self.breaks.get(at).copied().unwrap_or(false);
        let is_on_lines = inside.clone().any(|(piece, at)| piece.kind == part && begins_line(piece, at));
        Frame::new(if is_on_lines { frame.at + BODY } else { frame.at })
    }

    fn try_(&mut self, body: &Body, parameters: &[Parameter], handler: &Body, frame: Frame) {
        let frame = self.construct_frame(Kind::Finally, handler.span.start, frame);
        self.place(frame.continued(), Role::Plain);
        self.colon_and_body(body, frame);
        while self.kind() != Kind::Finally && self.at < self.end {
            self.place(frame.continued(), Role::Plain);
        }
        self.place(frame.at, Role::Plain);
        self.block(parameters, handler, Role::Colon, frame);
    }

    /// Places everything up to the `:` of a construct, and its body.
    fn colon_and_body(&mut self, body: &Body, frame: Frame) {
        let colon = body.span.start as usize;
        while self.start() < colon && self.at < self.end {
            let indent = if self.kind() == Kind::Else { frame.at } else { frame.continued() };
            self.place(indent, Role::Plain);
        }
        if self.kind() == Kind::Colon {
            self.place(frame.at, Role::Colon);
        }
        self.body(body, frame);
    }

    /// Places `: | a b | body`.
    fn block(&mut self, parameters: &[Parameter], body: &Body, colon: Role, frame: Frame) {
        self.place(frame.continued(), colon);
        if self.kind() == Kind::Bar {
            self.place(frame.continued(), Role::BarOpen);
            for parameter in parameters {
                self.parameter(parameter, frame);
            }
            while self.kind() != Kind::Bar && self.at < self.end {
                self.place(frame.continued(), Role::Plain);
            }
            self.place(frame.continued(), Role::BarClose);
        }
        self.body(body, frame);
    }
}

/// Returns whether an expression is a literal or a name, with a sign or in brackets perhaps.
fn is_plain(expression: &Expression) -> bool {
    use ExpressionKind as E;
    match &expression.kind {
        E::Null | E::Bool(_) | E::Int(_) | E::Float(_) | E::String(_) | E::Name(_) => true,
        E::Unary(_, _, inner) | E::Member(inner, _) => is_plain(inner),
        E::List(elements) | E::Set(elements) | E::ByteArray(elements) => elements.iter().all(is_plain),
        _ => false,
    }
}
