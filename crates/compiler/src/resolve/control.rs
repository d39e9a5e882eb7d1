//! Lowers control flow: branches, loops, jumps, blocks and lambdas, `try`.

use super::habits;
use super::index::{Role, Symbol};
use super::lower::{Candidate, Context, Lower, Reference, Value, sequence};
use super::routine::{Routine, Target, VariableId};
use super::world::Member;
use crate::ast::{self, Body, Expression, ExpressionKind, Identifier, Initial};
use crate::diagnostic::Diagnostic;
use crate::ir::{Expr, Item, LabelId, Node};
use crate::names::Name;
use crate::source::Span;
use crate::types::{Fit, Ty};

/// The maximum number of parameters of `Lambda.call`.
const LAMBDA_PARAMETERS_MAX: usize = 4;

impl<'a> Lower<'a> {
    // Branches.

    /// Returns the common type of two alternative values. Null says nothing about other values: a variable that
    /// begins with `x ? null : 1` may later hold anything, as if it began with null.
    fn join(&self, a: &Value, b: &Value) -> (Ty, bool) {
        let widened = |ty: Ty| if ty.class().is_some() { self.world.widened(ty) } else { ty };
        let ty = match (a.ty, b.ty) {
            (Ty::Never, other) | (other, Ty::Never) => other,
            (a, b) if a == b => a,
            (a, b) if widened(a) == widened(b) => widened(a),
            (Ty::Class { class: a, .. }, Ty::Class { class: b, .. }) if a == b => {
                Ty::Class { class: a, nullable: true }
            }
            _ => Ty::Any,
        };
        (ty, a.is_sure && b.is_sure)
    }

    fn branch(&self, span: Span, condition: Node, then: Value, otherwise: Value) -> Value {
        let (ty, is_sure) = self.join(&then, &otherwise);
        let expr = Expr::If {
            condition: Box::new(condition),
            then: Box::new(then.node),
            otherwise: Box::new(otherwise.node),
        };
        Value { node: Node { at: span.start, expr }, ty, is_sure }
    }

    pub(super) fn conditional(
        &mut self,
        span: Span,
        condition: &'a Expression,
        then: &'a Expression,
        otherwise: &'a Expression,
    ) -> Value {
        let condition = self.condition(condition);
        let then = self.branch_value(then);
        let otherwise = self.branch_value(otherwise);
        self.branch(span, condition, then, otherwise)
    }

    fn branch_value(&mut self, branch: &'a Expression) -> Value {
        let value = self.any(branch);
        self.refuse_block(value, branch.span, "a branch")
    }

    fn refuse_block(&mut self, value: Value, span: Span, what: &str) -> Value {
        if value.ty != Ty::Block {
            return value;
        }
        self.error(span, format!("{what} cannot give a block"));
        Value::error(span)
    }

    /// Lowers a condition. A variable that it defines stays visible.
    fn condition(&mut self, condition: &'a Expression) -> Node {
        let span = condition.span;
        self.check_condition_variable(condition, "a condition");
        if let ExpressionKind::Not(operand) = &condition.kind {
            let value = self.operand(operand);
            self.warn_of_constant(&value, span, false);
            return Node { at: span.start, expr: Expr::Not(Box::new(value.node)) };
        }
        let value = self.any(condition);
        let is_hidden = value.ty == Ty::Block && self.report_block_variable(condition);
        let value =
            if is_hidden { Value { ty: Ty::Any, ..value } } else { self.require_operand(value, span) };
        self.warn_of_constant(&value, span, true);
        value.node
    }

    /// Lowers an operand that must have a value.
    pub(super) fn operand(&mut self, expression: &'a Expression) -> Value {
        let value = self.any(expression);
        self.require_operand(value, expression.span)
    }

    fn require_operand(&mut self, value: Value, span: Span) -> Value {
        let value = self.require_value(value, span);
        let value = self.require_something(value, span);
        if value.ty != Ty::Never {
            return value;
        }
        self.error(span, "this has no value: it never comes to its end");
        Value { ty: Ty::Any, ..value }
    }

    fn warn_of_constant(&mut self, value: &Value, span: Span, outcome: bool) {
        if self.world.is_always_true(value.ty) {
            let ty = self.world.describe(value.ty);
            let title = format!("this condition is always {outcome}");
            let note =
                format!("only `null` and `false` count as false, and a value of type `{ty}` is neither");
            self.report(Diagnostic::warning(self.source, span, title).note(note));
        }
    }

    fn check_condition_variable(&mut self, condition: &Expression, what: &str) {
        if let ExpressionKind::Define { value: Initial::Later(span), .. } = &condition.kind {
            self.error(*span, format!("a variable defined in {what} needs a value"));
        }
    }

    /// Reports a variable of a condition or loop that holds a block. Such a variable is tested or changed,
    /// so it cannot hold a block. Returns whether it has reported the variable.
    fn report_block_variable(&mut self, definition: &Expression) -> bool {
        let ExpressionKind::Define { name, value: Initial::Value(value), .. } = &definition.kind else {
            return false;
        };
        let Some(variable) = self.routines.find(&name.name) else { return false };
        if self.routines.variable(variable).ty != Ty::Block {
            return false;
        }
        self.error(value.span, "the variable of a condition or loop cannot hold a block");
        self.routines.variable_mut(variable).ty = Ty::Any;
        true
    }

    pub(super) fn if_expression(
        &mut self,
        span: Span,
        condition: &'a Expression,
        then: &'a Body,
        otherwise: Option<&'a Body>,
    ) -> Value {
        // A variable that the condition defines is visible in the branches.
        self.routines.open_scope();
        let condition = self.condition(condition);
        let then = self.branch_body(then);
        let otherwise = match otherwise {
            Some(body) => self.branch_body(body),
            None => Value::new(span, Expr::Null, Ty::Null),
        };
        self.routines.close_scope();
        let mut value = self.branch(span, condition, then, otherwise);
        if value.ty == Ty::None {
            value.ty = Ty::Any;
        }
        value
    }

    fn branch_body(&mut self, body: &'a Body) -> Value {
        let value = self.body(body);
        self.refuse_block(value, last_span(body), "a branch")
    }

    pub(super) fn logical(
        &mut self,
        span: Span,
        left: &'a Expression,
        right: &'a Expression,
        make: fn(Box<Node>, Box<Node>) -> Expr,
    ) -> Value {
        let (tree, known) = (left, self.problems.len());
        let left = self.operand(left);
        if let (ExpressionKind::Call(..), Some(problem)) = (&tree.kind, self.problems.get_mut(known)) {
            let hint = "`and` and `or` come after the arguments of a call: to give it all of this, write `foo (a and b)`";
            problem.hints = vec![hint.into()];
        }
        let right = self.operand(right);
        let ty = if left.ty == right.ty { left.ty } else { Ty::Any };
        let is_sure = left.is_sure && right.is_sure;
        Value { is_sure, ..Value::new(span, make(Box::new(left.node), Box::new(right.node)), ty) }
    }

    // Loops.

    pub(super) fn while_loop(&mut self, span: Span, condition: &'a Expression, body: &'a Body) -> Value {
        self.routines.open_scope();
        let condition = self.condition(condition);
        let node = self.loop_around(span, condition, body, None, Vec::new());
        self.routines.close_scope();
        Value::new(span, node.expr, Ty::Null)
    }

    pub(super) fn for_loop(
        &mut self,
        span: Span,
        init: Option<&'a Expression>,
        condition: Option<&'a Expression>,
        update: Option<&'a Expression>,
        body: &'a Body,
    ) -> Value {
        self.routines.open_scope();
        let init_node = init.map(|init| self.effect(init));
        if let Some(init) = init {
            self.report_block_variable(init);
        }
        let fresh = match init.map(|init| &init.kind) {
            Some(ExpressionKind::Define { name, .. }) => self.routines.find(&name.name).into_iter().collect(),
            _ => Vec::new(),
        };
        let condition = match condition {
            Some(condition) => self.condition(condition),
            None => Node { at: span.start, expr: Expr::Bool(true) },
        };
        let node = self.loop_around(span, condition, body, update, fresh);
        self.routines.close_scope();
        let nodes = init_node.into_iter().chain([node]).collect();
        Value::new(span, sequence(span, nodes).expr, Ty::Null)
    }

    fn loop_around(
        &mut self,
        span: Span,
        condition: Node,
        body: &'a Body,
        update: Option<&'a Expression>,
        fresh: Vec<VariableId>,
    ) -> Node {
        let exit = self.routines.label();
        let next = self.routines.label();
        self.targets().push(Target::Loop { exit, next });
        let body = self.body(body).node;
        self.targets().pop();
        let body = self.routines.labeled(next, body);
        let update = update.map(|update| Box::new(self.effect(update)));
        let fresh = fresh.into_iter().map(|variable| self.routines.local(variable)).collect();
        let expr = Expr::Loop { condition: Box::new(condition), body: Box::new(body), update, fresh };
        self.routines.labeled(exit, Node { at: span.start, expr })
    }

    // Jumps.

    pub(super) fn return_expression(&mut self, span: Span, value: Option<&'a Expression>) -> Value {
        if self.routines.in_lambda() {
            let value = value.map(|value| self.value(value).node);
            let hint = self.hint_for_lambda_return(span, value.is_some());
            self.error_hint(span, "a lambda cannot return", hint);
            return Value {
                ty: Ty::Never,
                ..Value::new(span, value.map_or(Expr::Null, |value| value.expr), Ty::Any)
            };
        }
        if self.context == Context::FieldInitializer || self.function.is_none() {
            self.error(span, "there is no function here to return from");
            return Value::error(span);
        }
        let node = match value {
            Some(value) if self.return_type == Ty::None => {
                let lowered = self.any(value);
                if lowered.ty != Ty::None {
                    let problem = Diagnostic::warning(
                        self.source,
                        span,
                        "this function returns `none`: the value is lost",
                    );
                    let in_block = self.targets().iter().any(|target| matches!(target, Target::Code { .. }));
                    self.report(problem.hint(match in_block {
                        true => habits::RETURN_IN_BLOCK,
                        false => "if the function has a result, write its type in place of `none`",
                    }));
                }
                lowered.node
            }
            Some(expression) => {
                let value = self.any(expression);
                // A method may forward a call without a result; its caller then gets null.
                let is_passed_on = value.ty == Ty::None && self.return_type == Ty::Any;
                let value = if is_passed_on {
                    Value { ty: Ty::Any, ..value }
                } else {
                    self.require_value(value, expression.span)
                };
                self.convert(value, self.return_type, expression.span, "the result of this function")
            }
            None => {
                let null = Node { at: span.start, expr: Expr::Null };
                if let Ty::Class { .. } = self.return_type {
                    let title = "this `return` has no value";
                    let problem = Diagnostic::warning(self.source, span, title);
                    let ty = self.world.describe(self.return_type);
                    self.report(problem.note(format!("the result of this function is `{ty}`")));
                }
                match self.return_type {
                    Ty::Class { nullable: false, .. } => self.checked(null, self.return_type),
                    _ => null,
                }
            }
        };
        Value::new(span, Expr::Return(Box::new(node)), Ty::Never)
    }

    pub(super) fn break_expression(
        &mut self,
        span: Span,
        label: Option<&'a Identifier>,
        value: Option<&'a Expression>,
    ) -> Value {
        self.note_label(label);
        let target = match label {
            None => self.targets().iter().rev().find_map(|target| match target {
                Target::Loop { exit, .. } => Some(*exit),
                Target::Code { .. } => None,
            }),
            Some(label) => self.code_target(label).and_then(|(_, call)| call),
        };
        let Some(target) = target else { return self.no_target(span, "break", label) };
        self.exit(span, target, value)
    }

    pub(super) fn continue_expression(
        &mut self,
        span: Span,
        label: Option<&'a Identifier>,
        value: Option<&'a Expression>,
    ) -> Value {
        self.note_label(label);
        let target = match label {
            None => self.targets().iter().rev().find_map(|target| match target {
                Target::Loop { next, .. } => Some(*next),
                Target::Code { .. } => None,
            }),
            Some(label) => self.code_target(label).map(|(end, _)| end),
        };
        let Some(target) = target else { return self.no_target(span, "continue", label) };
        self.exit(span, target, value)
    }

    fn exit(&mut self, span: Span, target: LabelId, value: Option<&'a Expression>) -> Value {
        let node = value.map_or(Node { at: span.start, expr: Expr::Null }, |value| self.value(value).node);
        self.routines.use_label(target);
        Value::new(span, Expr::Exit(target, Box::new(node)), Ty::Never)
    }

    /// Notes the name after `break.` or `continue.`
    fn note_label(&mut self, label: Option<&Identifier>) {
        let Some(label) = label.filter(|_| self.world.notes.are_wanted()) else { return };
        let targets = self.targets().clone();
        self.probe_label(&targets, label);
        // A lambda cannot leave the code around it, but the author may have meant a label there.
        let routines = self.routines.stack.iter().rev();
        let found =
            routines.flat_map(|routine| routine.targets.iter().rev()).find_map(|target| match target {
                Target::Code { name: Some(name), at, .. } if *name == label.name => Some(*at),
                _ => None,
            });
        if let Some(at) = found {
            self.note(label.span, Symbol::Label(self.source, at), Role::Read);
        }
    }

    fn code_target(&mut self, label: &Identifier) -> Option<(LabelId, Option<LabelId>)> {
        self.targets().iter().rev().find_map(|target| match target {
            Target::Code { name: Some(name), end, call, .. } if *name == label.name => Some((*end, *call)),
            _ => None,
        })
    }

    fn no_target(&mut self, span: Span, word: &str, label: Option<&Identifier>) -> Value {
        match label {
            None => {
                let code = self.targets().iter().rev().find_map(|target| match target {
                    Target::Code { name, .. } => name.clone(),
                    Target::Loop { .. } => None,
                });
                let hint = match code {
                    Some(name) => format!("in the block of a call of `{name}`, write `{word}.{name}`"),
                    None => format!(
                        "`{word}` stands in a loop, or, as `{word}.name`, in the block of a call of `name`"
                    ),
                };
                self.error_hint(span, format!("`{word}` outside of a loop"), hint);
            }
            Some(label) => {
                let title = format!("no block around this is given to a call of `{}`", label.name);
                self.error(label.span, title);
            }
        }
        Value { ty: Ty::Never, ..Value::error(span) }
    }

    // Blocks and lambdas.

    /// Lowers a block. `name` and `call` are the name and the label of the call that the block is given to.
    pub(super) fn block(
        &mut self,
        parameters: &'a [ast::Parameter],
        body: &'a Body,
        span: Span,
        name: Option<Name>,
        call: Option<LabelId>,
    ) -> Value {
        self.routines.open_scope();
        let (variables, mut nodes) = self.code_parameters(parameters, body, false);
        let end = self.routines.label();
        self.targets().push(Target::Code { name, at: span, end, call });
        let result = self.statements(&body.statements, body.span);
        self.targets().pop();
        self.routines.close_scope();
        let result = self.refuse_block(result, last_span(body), "a block");
        nodes.push(result.node);
        let code = self.routines.labeled(end, sequence(body.span, nodes));
        let parameters = variables.into_iter().map(|variable| self.routines.local(variable)).collect();
        Value::new(span, Expr::Block { parameters, body: Box::new(code) }, Ty::Block)
    }

    pub(super) fn lambda(
        &mut self,
        parameters: &'a [ast::Parameter],
        body: &'a Body,
        span: Span,
        name: Option<Name>,
    ) -> Value {
        if let Some(parameter) = parameters.get(LAMBDA_PARAMETERS_MAX) {
            let title = format!("a lambda has at most {LAMBDA_PARAMETERS_MAX} parameters");
            self.error(parameter.name.span, title);
        }
        let last = body.statements.last().map(|last| last.span);
        self.routines.stack.push(Routine::at(span, last));
        self.routines.open_scope();
        let (_, mut nodes) = self.code_parameters(parameters, body, true);
        let end = self.routines.label();
        self.targets().push(Target::Code { name, at: span, end, call: None });
        self.routines.open_scope();
        let result = self.statements(&body.statements, body.span);
        let result = self.refuse_block(result, last_span(body), "a lambda");
        nodes.push(result.node);
        let root = self.routines.labeled(end, sequence(body.span, nodes));
        self.follow(&root, &[]);
        let (body, captures, parameters) = self.routines.finish_lambda(root, self.this);
        let expr = Expr::Lambda { parameters, captures, body: Box::new(body) };
        Value::new(span, expr, self.builtin(self.world.builtin.lambda))
    }

    /// Declares the parameters of a block or lambda. If none are written and the body uses `it`, declares `it`.
    /// Returns them, and the checks of their types.
    fn code_parameters(
        &mut self,
        parameters: &'a [ast::Parameter],
        body: &'a Body,
        is_lambda: bool,
    ) -> (Vec<VariableId>, Vec<Node>) {
        let mut variables = Vec::new();
        let mut checks = Vec::new();
        let mut declare = |lower: &mut Self, name: Name, ty: Ty, span: Span| {
            let variable = if is_lambda {
                lower.routines.declare_parameter(name, ty, span)
            } else {
                let variable = lower.routines.declare(name, ty, span);
                lower.routines.local(variable);
                variable
            };
            variables.push(variable);
            variable
        };
        // An editor asks about code that may be about to use `it`.
        if parameters.is_empty() && (uses_it(&body.statements) || self.world.notes.probe().is_some()) {
            declare(self, "it".into(), Ty::Any, body.span);
        }
        self.check_code_parameters(parameters);
        self.warn_of_types(parameters, body);
        for parameter in parameters {
            let ty = parameter.ty.as_ref().map_or(Ty::Any, |name| self.resolve_type(name).into());
            let variable = declare(self, code_parameter_name(parameter), ty, parameter.name.span);
            self.note_local(parameter.name.span, ty, parameter.ty.is_some());
            if let Ty::Class { .. } = ty {
                let local = self.routines.local(variable);
                let value = Node { at: parameter.name.span.start, expr: Expr::Local(local) };
                checks.push(self.checked(value, ty));
            }
        }
        (variables, checks)
    }

    fn check_code_parameters(&mut self, parameters: &[ast::Parameter]) {
        super::check::parameter_names(&mut self.problems, self.source, parameters);
        self.problems.extend(super::check::field_parameters(self.source, parameters));
        for parameter in parameters {
            self.check_code_parameter(parameter);
        }
    }

    fn check_code_parameter(&mut self, parameter: &ast::Parameter) {
        let span = parameter.name.span;
        if parameter.is_block {
            self.error(span, "a block or lambda cannot take a block");
        } else if parameter.is_named || parameter.is_field {
            self.error(span, "the parameters of a block or lambda must have plain names");
        } else if let Some(default) = &parameter.default {
            self.error(default.span, "the parameters of a block or lambda cannot have default values");
        }
    }

    /// Lowers a block or lambda with a name of its own.
    fn code(&mut self, expression: &'a Expression, name: &Name) -> Value {
        match &expression.kind {
            ExpressionKind::Block(parameters, body) => {
                self.kept_blocks += 1;
                let block = self.block(parameters, body, expression.span, Some(name.clone()), None);
                self.kept_blocks -= 1;
                block
            }
            ExpressionKind::Lambda(parameters, body) => {
                self.lambda(parameters, body, expression.span, Some(name.clone()))
            }
            _ => self.any(expression),
        }
    }

    /// Reports a definition of a name that a local, a field or a global of the module already has.
    fn check_definition(&mut self, name: &Identifier) {
        if let Some(problem) = super::check::name(self.source, name, "a variable") {
            let is_error = problem.is_error();
            self.report(problem);
            if is_error {
                return;
            }
        }
        let title = format!("`{}` is defined already", name.name);
        let problem = Diagnostic::error(self.source, name.span, title);
        if let Some(known) = self.routines.find(&name.name) {
            let earlier = self.routines.variable(known).span;
            let problem = problem.also(self.source, earlier, "here");
            return self.report(problem.hint("assign it with `=`, or choose another name"));
        }
        let what = match self.resolve(&name.name) {
            Reference::Members(candidates)
                if self.context != Context::Static && candidates.iter().any(is_field) =>
            {
                "a field has this name"
            }
            Reference::Items(items) if items.iter().any(|item| self.is_own_global(*item)) => {
                "a global has this name"
            }
            _ => return,
        };
        self.report(problem.label(what).hint("assign it with `=`, or choose another name"));
    }

    fn is_own_global(&self, item: Item) -> bool {
        matches!(item, Item::Global(global) if global.module == self.module)
    }

    // Definitions.

    pub(super) fn define(
        &mut self,
        name: &'a Identifier,
        ty: Option<&'a ast::TypeName>,
        is_final: bool,
        value: &'a Initial,
    ) -> Value {
        let declared: Option<Ty> = ty.map(|name| self.resolve_type(name).into());
        if declared == Some(Ty::None) {
            self.error(name.span, "a variable cannot have the type `none`");
        }
        self.check_definition(name);
        match value {
            Initial::Value(expression) => self.define_with(name, declared, is_final, expression),
            Initial::Later(_) | Initial::None => {
                let ty = declared.unwrap_or(Ty::Any);
                let variable = self.routines.declare(name.name.clone(), ty, name.span);
                self.note_local(name.span, ty, declared.is_some());
                let local = self.routines.local(variable);
                let info = self.routines.variable_mut(variable);
                info.is_final = is_final;
                info.is_later = true;
                // The variable is null until it is assigned.
                info.is_sure = !matches!(ty, Ty::Class { nullable: false, .. });
                let null = Node { at: name.span.start, expr: Expr::Null };
                Value::new(name.span, Expr::Define(local, Box::new(null)), Ty::Null)
            }
        }
    }

    fn define_with(
        &mut self,
        name: &'a Identifier,
        declared: Option<Ty>,
        is_final: bool,
        expression: &'a Expression,
    ) -> Value {
        let value = match &expression.kind {
            // `continue.name` leaves a block or lambda that is defined as a variable.
            ExpressionKind::Parenthesized(inner) if is_code(inner) => self.code(inner, &name.name),
            _ if is_code(expression) => self.code(expression, &name.name),
            _ => self.any(expression),
        };
        let value = self.require_something(value, expression.span);
        let keeps_its_value = is_final || !self.routines.assigned_names.contains(&name.name);
        let inferred = self.world.widened(value.ty);
        let is_sure = declared.is_some() || (value.is_sure && keeps_its_value);
        let what = "this variable";
        let node = match declared {
            Some(ty) => self.convert(value, ty, expression.span, what),
            None => value.node,
        };
        let variable = self.routines.declare(name.name.clone(), declared.unwrap_or(inferred), name.span);
        self.note_local(name.span, declared.unwrap_or(inferred), declared.is_some());
        let info = self.routines.variable_mut(variable);
        info.is_final = is_final;
        info.is_sure = is_sure;
        info.is_declared = declared.is_some();
        let ty = declared.unwrap_or(inferred);
        let local = self.routines.local(variable);
        Value { is_sure, ..Value::new(name.span, Expr::Define(local, Box::new(node)), ty) }
    }

    // The rest.

    pub(super) fn try_expression(
        &mut self,
        span: Span,
        body: &'a Body,
        parameters: &'a [ast::Parameter],
        handler: &'a Body,
    ) -> Value {
        let body = self.body(body);
        self.routines.open_scope();
        let mut locals = Vec::new();
        self.check_code_parameters(parameters);
        for parameter in parameters {
            let ty = parameter.ty.as_ref().map_or(Ty::Any, |name| self.resolve_type(name).into());
            let variable = self.routines.declare(code_parameter_name(parameter), ty, parameter.name.span);
            self.note_local(parameter.name.span, ty, parameter.ty.is_some());
            locals.push(self.routines.local(variable));
            let whether = self.builtin(self.world.builtin.bool);
            if locals.len() == 1 && self.world.fit(whether, ty) == Fit::No {
                self.mismatch(whether, ty, parameter.name.span, "the first parameter of `finally`");
            }
        }
        if let (Some(first), false) = (parameters.first(), parameters.len() == 2) {
            let hint = "write `finally: | is-exception exception |`";
            self.error_hint(first.name.span, "`finally` takes two parameters or none", hint);
        }
        let handler = self.statements(&handler.statements, handler.span).node;
        self.routines.close_scope();
        let expr = Expr::Try {
            body: Box::new(body.node),
            handler: Box::new(handler),
            is_exception: locals.first().copied(),
            exception: locals.get(1).copied(),
        };
        Value::unsure(span, expr, if body.ty == Ty::Never { Ty::Never } else { Ty::Any })
    }

    pub(super) fn assert_expression(&mut self, span: Span, body: &'a Body) -> Value {
        // An `it` in the condition is that of the code around the `assert`.
        self.routines.open_scope();
        let condition = self.statements(&body.statements, body.span);
        let condition = self.require_something(condition, body.span).node;
        self.routines.close_scope();
        let condition = Expr::Block { parameters: Vec::new(), body: Box::new(condition) };
        let condition = Node { at: span.start, expr: condition };
        match self.world.builtin.assert {
            Some(function) => Value::new(span, Expr::CallStatic(function, vec![condition]), Ty::Null),
            None => Value::error(span),
        }
    }
}

/// Returns the name of a parameter. A parameter `_` gets an empty name, since nothing can refer to it.
fn code_parameter_name(parameter: &ast::Parameter) -> Name {
    if &*parameter.name.name == "_" { "".into() } else { parameter.name.name.clone() }
}

/// Returns the place of a body's value.
fn last_span(body: &Body) -> Span {
    body.statements.last().map_or(body.span, |last| last.span)
}

fn is_code(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Block(..) | ExpressionKind::Lambda(..))
}

fn is_field(candidate: &Candidate) -> bool {
    matches!(candidate, Candidate::Instance(Member::Field(_)))
}

/// Returns whether these statements use the `it` of their block or lambda. Inner blocks and lambdas
/// without parameters have their own `it`.
fn uses_it(statements: &[Expression]) -> bool {
    fn uses(expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Name(name) => &**name == "it",
            ExpressionKind::Block(parameters, _) | ExpressionKind::Lambda(parameters, _)
                if parameters.is_empty()
                    || parameters.iter().any(|parameter| &*parameter.name.name == "it") =>
            {
                false
            }
            kind => {
                let mut found = false;
                kind.each_child(&mut |child| found = found || uses(child));
                found
            }
        }
    }
    statements.iter().any(uses)
}
