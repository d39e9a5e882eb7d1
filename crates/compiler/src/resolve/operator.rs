//! Lowers operators, indexes, literals with parts, and types in expressions.

use super::arguments::Arguments;
use super::habits;
use super::lower::{Lower, Reference, Value};
use crate::ast::{Expression, ExpressionKind, StringPart, TypeName, UnaryOperator};
use crate::diagnostic::Diagnostic;
use crate::ir::{Expr, Node, Part, Selector, Type};
use crate::source::Span;
use crate::types::{Fit, Ty};

/// Operators for which the kinds of two numbers decide the kind of the result.
const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%"];
/// Operators on integers that give integers.
const BITS: &[&str] = &["&", "|", "^", "<<", ">>", ">>>"];

impl<'a> Lower<'a> {
    // Operators.

    pub(super) fn binary(
        &mut self,
        operator: &'static str,
        at: Span,
        left: &'a Expression,
        right: &'a Expression,
    ) -> Value {
        let left = self.something(left);
        let span = right.span;
        let right = self.something(right);
        self.operate(left, operator, at, right, span)
    }

    /// Reports a right operand that a number or a string cannot have. Numbers throw when the program runs,
    /// so that is a warning. Returns whether there is an error.
    fn is_wrong_operand(&mut self, left: Ty, operator: &str, right: Ty, span: Span) -> bool {
        let (world, builtin) = (self.world, &self.world.builtin);
        let Some(class) = left.class() else { return false };
        let is_number = [builtin.int, builtin.float].contains(&Some(class));
        let number = || builtin.int.and_then(|int| world.class(int).superclass);
        let wanted = match operator {
            "==" | "[]" => None,
            _ if is_number => number(),
            "+" => builtin.string.filter(|string| *string == class),
            _ => None,
        };
        let Some(wanted) = wanted.filter(|wanted| world.fit(right, Ty::of(*wanted)) == Fit::No) else {
            return false;
        };
        let (left, found) = (world.describe(left), world.describe(right));
        let title = format!("`{operator}` of `{left}` takes `{}`, not `{found}`", world.class(wanted).name);
        let make = if is_number { Diagnostic::warning } else { Diagnostic::error };
        let problem = make(self.source, span, title).label(format!("this is `{found}`"));
        let is_about_text = !is_number || right.class() == builtin.string;
        self.report(match is_about_text && operator == "+" {
            true => problem.hint("a string can hold values: `\"the answer is $(x)\"`"),
            false => problem,
        });
        !is_number
    }

    /// Lowers an operator on two values.
    pub(super) fn operate(
        &mut self,
        left: Value,
        operator: &str,
        at: Span,
        right: Value,
        span: Span,
    ) -> Value {
        if operator == "!=" {
            let equal = self.operate(left, "==", at, right, span);
            let ty = self.builtin(self.world.builtin.bool);
            return Value::new(at, Expr::Not(Box::new(equal.node)), ty);
        }
        let numeric = self.numeric_result(left.ty, operator, right.ty);
        if numeric.is_none() && self.is_wrong_operand(left.ty, operator, right.ty, span) {
            return Value::error(at);
        }
        let arguments = Arguments::of(vec![right], span);
        if operator == "==" {
            // Null can be compared, too.
            let selector = Selector { name: "==".into(), ..arguments.shape.clone() };
            let ty = self.builtin(self.world.builtin.bool);
            return self.dynamic_call(left, selector, at, arguments, ty);
        }
        let certain = numeric.is_some() && left.is_sure;
        let mut value = self.call_method(left, operator, at, arguments);
        if let Some(ty) = numeric {
            value.ty = ty;
            value.is_sure = certain;
        }
        value
    }

    /// Returns the type of an operator's result on two numbers.
    fn numeric_result(&self, left: Ty, operator: &str, right: Ty) -> Option<Ty> {
        let builtin = &self.world.builtin;
        let (int, float) = (Ty::of(builtin.int?), Ty::of(builtin.float?));
        if BITS.contains(&operator) && left == int && right == int {
            return Some(int);
        }
        if !ARITHMETIC.contains(&operator) {
            return None;
        }
        match (left == int, left == float, right == int, right == float) {
            (true, _, true, _) => Some(int),
            (true, _, _, true) | (_, true, true, _) | (_, true, _, true) => Some(float),
            _ => None,
        }
    }

    pub(super) fn unary(&mut self, operator: UnaryOperator, at: Span, operand: &'a Expression) -> Value {
        let operand = self.something(operand);
        let name = match operator {
            UnaryOperator::Negate => "-",
            UnaryOperator::Complement => "~",
        };
        let ty = operand.ty;
        let builtin = &self.world.builtin;
        let is_number = ty.class().is_some() && (ty.class() == builtin.int || ty.class() == builtin.float);
        let mut value = self.call_method(operand, name, at, Arguments::default());
        if is_number {
            value.ty = ty;
        }
        value
    }

    /// Lowers `a < b <= c`. Each operand is evaluated at most once, and none after the first comparison that fails.
    pub(super) fn comparison(
        &mut self,
        first: &'a Expression,
        rest: &'a [(&'static str, Span, Expression)],
    ) -> Value {
        let mut left = self.something(first);
        let mut result: Option<Node> = None;
        for (index, (operator, at, operand)) in rest.iter().enumerate() {
            let mut right = self.something(operand);
            let mut next = Value { node: Node::default(), ty: right.ty, is_sure: right.is_sure };
            if index + 1 < rest.len() {
                let local = self.routines.temporary();
                let at = right.node.at;
                let value = std::mem::take(&mut right.node);
                right.node = Node { at, expr: Expr::Define(local, Box::new(value)) };
                next.node = Node { at, expr: Expr::Local(local) };
            }
            let test = self.operate(left, operator, *at, right, operand.span).node;
            result = Some(match result {
                None => test,
                Some(before) => Node { at: at.start, expr: Expr::And(Box::new(before), Box::new(test)) },
            });
            left = next;
        }
        let node = result.unwrap_or_default();
        Value { node, ty: self.builtin(self.world.builtin.bool), is_sure: true }
    }

    // Indexes.

    pub(super) fn index(
        &mut self,
        receiver: &'a Expression,
        arguments: &'a [Expression],
        span: Span,
    ) -> Value {
        let tree = receiver;
        let receiver = self.something(receiver);
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.any(argument));
            self.check_index(receiver.ty, tree, argument, false);
        }
        let at = arguments.first().map_or(span, |argument| argument.span);
        self.call_method(receiver, "[]", at, Arguments::of(values, at))
    }

    pub(super) fn slice(
        &mut self,
        receiver: &'a Expression,
        from: Option<&'a Expression>,
        to: Option<&'a Expression>,
        span: Span,
    ) -> Value {
        let tree = receiver;
        let receiver = self.something(receiver);
        let mut arguments = Arguments::default();
        for (name, bound) in [("from", from), ("to", to)] {
            let Some(bound) = bound else { continue };
            let value = self.value(bound);
            self.check_index(receiver.ty, tree, bound, true);
            arguments.shape.named.push((name.to_owned(), false));
            arguments.values.push(value);
            arguments.spans.push(bound.span);
        }
        self.call_method(receiver, "[..]", span, arguments)
    }

    // Types.

    pub(super) fn type_test(
        &mut self,
        span: Span,
        value: &'a Expression,
        ty: &'a TypeName,
        negated: bool,
    ) -> Value {
        let value = self.value(value);
        let name = &ty.name.name;
        let is_unknown = ty.prefix.is_none() && matches!(self.resolve(name), Reference::Nothing);
        if is_unknown && habits::is_null(name) {
            let title = format!("`{name}` is not a type");
            let operator = if negated { "!=" } else { "==" };
            self.error_hint(ty.span, title, format!("to compare with null, write `{operator} null`"));
            return Value::error(span);
        }
        let tested = self.resolve_type(ty);
        if tested == Type::None {
            self.error(ty.span, "no value is of the type `none`");
        }
        let at = value.node.at;
        let mut node = Node { at, expr: Expr::Is(Box::new(value.node), tested) };
        if negated {
            node = Node { at, expr: Expr::Not(Box::new(node)) };
        }
        Value::new(span, node.expr, self.builtin(self.world.builtin.bool))
    }

    pub(super) fn cast(&mut self, span: Span, value: &'a Expression, ty: &'a TypeName) -> Value {
        let value = self.value(value);
        let to = self.resolve_type(ty);
        match to {
            Type::Class { .. } => {}
            Type::None => {
                self.error(ty.span, "no value is of the type `none`");
                return value;
            }
            Type::Any | Type::Block => return Value { ty: Ty::Any, ..value },
        }
        Value::new(span, Expr::As(Box::new(value.node), to), to.into())
    }

    // Literals.

    pub(super) fn string(&mut self, span: Span, parts: &'a [StringPart]) -> Value {
        let ty = self.builtin(self.world.builtin.string);
        match parts {
            [] => return Value::new(span, Expr::String(String::new()), ty),
            [StringPart::Text(text)] => return Value::new(span, Expr::String(text.clone()), ty),
            _ => {}
        }
        let mut lowered = Vec::new();
        for part in parts {
            lowered.push(match part {
                StringPart::Text(text) => Part::Text(text.clone()),
                StringPart::Value(value, None) => Part::Value(self.value(value).node),
                StringPart::Value(value, Some(format)) => {
                    Part::Formatted(format.clone(), self.value(value).node)
                }
            });
        }
        Value::new(span, Expr::Interpolate(lowered), ty)
    }

    pub(super) fn elements(&mut self, elements: &'a [Expression]) -> Vec<Node> {
        elements.iter().map(|element| self.value(element).node).collect()
    }

    pub(super) fn map(&mut self, span: Span, entries: &'a [(Expression, Expression)]) -> Value {
        let mut lowered = Vec::new();
        let mut is_reported = false;
        for (key, value) in entries {
            let key = self.key(key, &mut is_reported);
            lowered.push((key, self.value(value).node));
        }
        Value::new(span, Expr::Map(lowered), self.builtin(self.world.builtin.map))
    }

    /// Lowers a key of a map, which is an expression like any other. Reports only the first unknown name:
    /// the other keys are probably meant alike.
    fn key(&mut self, key: &'a Expression, is_reported: &mut bool) -> Node {
        let known = self.problems.len();
        let node = self.value(key).node;
        if let (ExpressionKind::Name(name), Some(problem)) = (&key.kind, self.problems.get_mut(known)) {
            problem.hints = vec![format!("if the key is a string, write `\"{name}\"`")];
            if std::mem::replace(is_reported, true) {
                self.problems.truncate(known);
            }
        }
        node
    }

    pub(super) fn byte_array(&mut self, span: Span, elements: &'a [Expression]) -> Value {
        let nodes: Vec<Node> = elements.iter().map(|element| self.byte(element)).collect();
        let ty = self.builtin(self.world.builtin.byte_array);
        let constants: Option<Vec<u8>> = nodes.iter().map(constant_byte).collect();
        Value::new(span, constants.map_or(Expr::ByteArray(nodes), Expr::Bytes), ty)
    }

    fn byte(&mut self, element: &'a Expression) -> Node {
        let value = self.value(element);
        if let Expr::Int(constant) = value.node.expr
            && u8::try_from(constant).is_err()
        {
            let title = format!("{constant} is not a byte: it is cut to {}", constant as u8);
            self.report(Diagnostic::warning(self.source, element.span, title));
        }
        let int = self.builtin(self.world.builtin.int);
        if self.world.fit(value.ty, int) == Fit::No {
            self.mismatch(value.ty, int, element.span, "a byte array");
        }
        value.node
    }
}

/// Returns the lowest byte of a constant.
fn constant_byte(node: &Node) -> Option<u8> {
    match node.expr {
        Expr::Int(value) => Some(value as u8),
        _ => None,
    }
}
