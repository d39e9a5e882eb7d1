//! Lowers the arguments of a call: evaluated as written, passed in canonical order.

use super::habits;
use super::lower::{Lower, Reference, Value};
use super::shape::ARGUMENTS_MAX;
use crate::ast::{self, Expression, ExpressionKind};
use crate::diagnostic::Diagnostic;
use crate::ir::{Expr, LabelId, Node, Selector};
use crate::names::Name;
use crate::source::Span;
use crate::types::Ty;

/// The arguments of a call, lowered, in canonical order.
#[derive(Default)]
pub(super) struct Arguments {
    /// The shape; its name is empty.
    pub(super) shape: Selector,
    pub(super) values: Vec<Value>,
    pub(super) spans: Vec<Span>,
    /// Nodes to evaluate before the call, if the arguments are not written in canonical order.
    pub(super) before: Vec<Node>,
    /// The target of `break.name` out of a block.
    pub(super) exit: Option<LabelId>,
    /// Whether there are too many arguments. This has been reported, and they are not lowered.
    pub(super) are_too_many: bool,
    /// Whether one of the arguments has an error that has been reported, so that their number means nothing.
    pub(super) are_broken: bool,
    /// The written names, if an index is requested.
    pub(super) names: Vec<(Name, Span)>,
    /// A hint for the case that no function takes the arguments: what was probably meant.
    pub(super) hint: Option<String>,
    /// A hint for the same case if an argument begins with a minus. It takes precedence over `hint`.
    pub(super) minus: Option<String>,
}

impl Arguments {
    pub(super) fn of(values: Vec<Value>, span: Span) -> Arguments {
        let spans = vec![span; values.len()];
        Arguments::at(values, spans)
    }

    /// Returns unnamed arguments, each with the place where it is written.
    pub(super) fn at(values: Vec<Value>, spans: Vec<Span>) -> Arguments {
        let unnamed = values.iter().map(|value| value.ty == Ty::Block).collect();
        Arguments {
            shape: Selector { unnamed, ..Selector::default() },
            values,
            spans,
            ..Arguments::default()
        }
    }

    pub(super) fn named(&self, name: &str) -> Selector {
        Selector { name: name.to_owned(), ..self.shape.clone() }
    }

    pub(super) fn nodes(self) -> Vec<Node> {
        self.values.into_iter().map(|value| value.node).collect()
    }
}

impl<'a> Lower<'a> {
    /// Lowers the arguments of a call of `callee`.
    pub(super) fn arguments(&mut self, trees: &'a [ast::Argument], callee: &str) -> Arguments {
        let mut arguments = Arguments::default();
        let mut lowered: Vec<(Option<Name>, Value, Span)> = Vec::new();
        if let Some(extra) = trees.get(ARGUMENTS_MAX) {
            let span = extra.name.as_ref().map(|name| name.span);
            let span = span.or(extra.value.as_ref().map(|value| value.span)).unwrap_or_default();
            let title = format!("a call has at most {ARGUMENTS_MAX} arguments");
            self.error_hint(span, title, "give it a list or a map");
            arguments.are_too_many = true;
            return arguments;
        }
        // The end of the last argument, if it is an unknown name: what stands right after it belongs to it.
        let mut unknown_end = None;
        for tree in trees {
            let value = tree.value.as_ref();
            if value.is_some_and(|value| Some(value.span.start) == unknown_end) {
                arguments.are_broken = true;
                break;
            }
            arguments.are_broken |= value.is_some_and(|value| matches!(value.kind, ExpressionKind::Error));
            let known = self.problems.len();
            let argument = self.argument(tree, callee, &mut arguments.exit);
            let is_unknown = |value: &&Expression| {
                matches!(value.kind, ExpressionKind::Name(_)) && self.problems.len() > known
            };
            unknown_end = value.filter(is_unknown).map(|value| value.span.end);
            self.look_at_argument(tree, known, trees, callee, &mut arguments);
            if let (Some(written), Some(name)) = (&tree.name, &argument.0)
                && self.world.notes.are_wanted()
            {
                let start = written.span.end.saturating_sub(name.len() as u32).max(written.span.start);
                arguments.names.push((name.clone(), Span { start, ..written.span }));
            }
            let duplicate = argument
                .0
                .as_ref()
                .is_some_and(|name| lowered.iter().any(|(known, _, _)| known.as_ref() == Some(name)));
            if duplicate {
                let name = argument.0.as_deref().unwrap_or("").to_owned();
                self.error(argument.2, format!("`--{name}` is given twice"));
                continue;
            }
            let has_block = lowered.iter().any(|(name, value, _)| name.is_none() && value.ty == Ty::Block);
            if has_block && !arguments.are_broken && argument.0.is_none() && argument.1.ty != Ty::Block {
                self.error(argument.2, "an unnamed argument after a block: blocks come last");
                arguments.are_broken = true;
            }
            lowered.push(argument);
        }
        self.is_like_statement = trees.len() > 1 && trees.last().is_some_and(is_like_statement);
        self.sort_arguments(lowered, &mut arguments);
        arguments
    }

    /// Notes mistakes that let a call have the wrong number of arguments. The problems of this argument
    /// begin at `known`.
    fn look_at_argument(
        &mut self,
        tree: &ast::Argument,
        known: usize,
        trees: &[ast::Argument],
        callee: &str,
        arguments: &mut Arguments,
    ) {
        let is_last = trees.last().is_some_and(|last| std::ptr::eq(last, tree));
        let Some(value) = &tree.value else {
            let name = tree.name.as_ref().map_or("", |name| &name.name);
            let hint =
                format!("`--{name}` alone means `--{name}=true`; for another value, write `--{name}=...`");
            arguments.hint.get_or_insert(hint);
            return;
        };
        let has_error = self.problems.iter().skip(known).any(Diagnostic::is_error);
        let is_code = matches!(value.kind, ExpressionKind::Block(..) | ExpressionKind::Lambda(..));
        arguments.are_broken |= has_error && !is_code;
        match &value.kind {
            ExpressionKind::Name(_) | ExpressionKind::Member(..) if has_error => {
                if let (true, false, Some(problem)) = (self.is_mismatched, is_last, self.problems.last_mut())
                    && problem.labels.is_empty()
                {
                    let name = habits::path_of(value).unwrap_or_else(|| "name".into());
                    let hint = format!("a call as an argument stands between parentheses: `({name} ...)`");
                    problem.hints.push(hint);
                }
            }
            _ if arguments.minus.is_none() => {
                let place = trees.iter().position(|other| std::ptr::eq(other, tree)).unwrap_or(0);
                let before = place.checked_sub(1).and_then(|place| trees.get(place)?.value.as_ref());
                let before = match before.map(|before| &before.kind) {
                    Some(ExpressionKind::Name(name)) => Some(name.to_string()),
                    Some(ExpressionKind::Int(number)) => Some(number.to_string()),
                    Some(_) => None,
                    None => Some(callee.to_owned())
                        .filter(|callee| !matches!(self.resolve(callee), Reference::Nothing)),
                };
                arguments.minus = self.hint_for_minus(value, before.as_deref());
            }
            _ => {}
        }
        self.is_mismatched = false;
    }

    /// Adds an explanation to the error of a call: that its last argument is on another line, or what was probably meant.
    pub(super) fn explain_mismatch(
        &mut self,
        call: Span,
        last_span: Span,
        hint: Option<String>,
        minus: Option<String>,
    ) {
        let starts = &self.world.module(self.module).line_starts;
        let line = |place: u32| starts.partition_point(|start| *start <= place);
        let (first, last) = (line(call.start), line(last_span.start));
        let Some(problem) = self.problems.last_mut() else { return };
        if !problem.labels.is_empty() {
            // The error is about the declaration.
            return;
        }
        if first < last && self.is_like_statement {
            self.continues(first, last_span);
        } else if first < last {
            let note = format!("line {last} continues line {first}, because it is indented more");
            problem.notes.push(note);
            problem.hints = vec![format!("to make it a statement of its own, indent it like line {first}")];
        } else if let Some(minus) = minus {
            problem.hints = vec![minus];
        } else {
            problem.hints.extend(hint);
        }
    }

    /// Changes the last error, about the arguments of a call, into one about a statement that is indented more than the
    /// call at `line`, and so is an argument of it.
    fn continues(&mut self, line: usize, statement: Span) {
        let Some(problem) = self.problems.pop() else { return };
        let title = format!("this line continues line {line}, because it is indented more");
        let moved = Diagnostic::error(self.source, statement, title);
        let moved = moved.also(self.source, problem.span, problem.title);
        self.problems
            .push(moved.hint(format!("to make it a statement of its own, indent it like line {line}")));
    }

    fn argument(
        &mut self,
        tree: &'a ast::Argument,
        callee: &str,
        exit: &mut Option<LabelId>,
    ) -> (Option<Name>, Value, Span) {
        let name = tree.name.as_ref().map(|name| name.name.clone());
        let Some(expression) = &tree.value else {
            // `--flag` and `--no-flag`.
            let span = tree.name.as_ref().map_or(Span::default(), |name| name.span);
            let written = name.unwrap_or_else(|| "".into());
            let (name, flag) = match written.strip_prefix("no-") {
                Some(rest) if !rest.is_empty() => (rest.into(), false),
                _ => (written, true),
            };
            let builtin = &self.world.builtin;
            let class = if flag { builtin.true_ } else { builtin.false_ };
            return (Some(name), Value::new(span, Expr::Bool(flag), self.builtin(class)), span);
        };
        let value = self.argument_value(expression, callee, exit);
        (name, value, expression.span)
    }

    /// Lowers the value of an argument. Blocks and lambdas get the name of the called function.
    fn argument_value(
        &mut self,
        expression: &'a Expression,
        callee: &str,
        exit: &mut Option<LabelId>,
    ) -> Value {
        match &expression.kind {
            ExpressionKind::Parenthesized(inner) => self.argument_value(inner, callee, exit),
            ExpressionKind::Block(parameters, body) => {
                let exit = match exit {
                    Some(exit) => *exit,
                    None => *exit.insert(self.routines.label()),
                };
                self.block(parameters, body, expression.span, Some(callee.into()), Some(exit))
            }
            ExpressionKind::Lambda(parameters, body) => {
                self.lambda(parameters, body, expression.span, Some(callee.into()))
            }
            _ => self.any(expression),
        }
    }

    /// Sorts arguments: unnamed ones as written, named ones by name. Values are still computed as
    /// written.
    fn sort_arguments(&mut self, mut lowered: Vec<(Option<Name>, Value, Span)>, arguments: &mut Arguments) {
        let key = |argument: &(Option<Name>, Value, Span)| (argument.0.is_some(), argument.0.clone());
        let is_sorted = lowered.windows(2).all(|pair| match pair {
            [a, b] => key(a) <= key(b) || (a.0.is_none() && b.0.is_none()),
            _ => true,
        });
        let effects = lowered.iter().filter(|(_, value, _)| !is_constant(&value.node)).count();
        if !is_sorted && effects > 1 {
            for (_, value, _) in &mut lowered {
                self.compute_before(value, &mut arguments.before);
            }
        }
        lowered.sort_by_key(key);
        for (name, value, span) in lowered {
            let is_block = value.ty == Ty::Block;
            match name {
                Some(name) => arguments.shape.named.push((name.to_string(), is_block)),
                None => arguments.shape.unnamed.push(is_block),
            }
            arguments.values.push(value);
            arguments.spans.push(span);
        }
    }

    /// Puts a value into a local of its own, unless it is a constant or a block.
    pub(super) fn compute_before(&mut self, value: &mut Value, before: &mut Vec<Node>) {
        if is_constant(&value.node) || value.ty == Ty::Block {
            return;
        }
        let local = self.routines.temporary();
        let at = value.node.at;
        let node = std::mem::replace(&mut value.node, Node { at, expr: Expr::Local(local) });
        before.push(Node { at, expr: Expr::Define(local, Box::new(node)) });
    }
}

/// Returns whether an argument on a line of its own is probably meant as a statement: a call with arguments.
fn is_like_statement(argument: &ast::Argument) -> bool {
    let value = argument.value.as_ref().map(|value| &value.kind);
    argument.name.is_none()
        && matches!(value, Some(ExpressionKind::Call(_, arguments)) if !arguments.is_empty())
}

/// Returns whether a node has no effects, and nothing evaluated later can change its value.
fn is_constant(node: &Node) -> bool {
    matches!(
        node.expr,
        Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::String(_)
            | Expr::Absent
            | Expr::Block { .. }
            | Expr::Lambda { .. }
    )
}
