//! Lowers the bodies of functions: syntax trees of expressions become IR.
//!
//! This file has the state and the entry points; `control`, `call`, `assign`, `operator` and
//! `construct` have the expressions by kind, `look_up` the names.

use super::Natives;
use super::flow::{self, Followed, Mistake, Slot};
use super::globals::Globals;
use super::habits;
use super::job::{Job, Work};
use super::modules::Modules;
use super::routine::{Routines, Target, VariableId};
use super::syntax::{bare_return, collect_assigned, is_comparison, return_in_block, returns_value};
use super::type_name::resolve_type;
use super::world::{Member, World};
use crate::ast::{self, Body, Expression, ExpressionKind};
use crate::diagnostic::Diagnostic;
use crate::ir::{
    self, ClassId, Code, Expr, FunctionId, FunctionKind, GlobalId, Item, LocalId, ModuleId, Node, Selector,
    Type,
};
use crate::names::Name;
use crate::source::{SourceId, Span};
use crate::types::{Fit, Ty};
use rustc_hash::FxHashMap;
use std::collections::HashSet;

/// A lowered expression with its type.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) node: Node,
    pub(super) ty: Ty,
    /// Whether the type is certain. The result type of a dynamic call is only declared: an
    /// overriding method may return a value of another type.
    pub(super) is_sure: bool,
}

impl Value {
    pub(super) fn new(at: Span, expr: Expr, ty: Ty) -> Value {
        Value { node: Node { at: at.start, expr }, ty, is_sure: true }
    }

    pub(super) fn unsure(at: Span, expr: Expr, ty: Ty) -> Value {
        Value { node: Node { at: at.start, expr }, ty, is_sure: false }
    }

    /// Returns a placeholder for an expression with an error that has been reported.
    pub(super) fn error(at: Span) -> Value {
        Value::new(at, Expr::Null, Ty::Any)
    }
}

/// The meaning of `this` in a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Context {
    /// No `this`: functions, static functions, factories, globals.
    Static,
    /// An object.
    Instance,
    /// An object under construction; its fields are reached directly.
    Constructor,
    /// An object under construction, while its fields get their first values.
    FieldInitializer,
}

/// The meaning of a name.
#[derive(Debug)]
pub(super) enum Reference {
    Variable(VariableId),
    /// Members of the enclosing class, instance and static ones, nearest first.
    Members(Vec<Candidate>),
    Items(Vec<Item>),
    Prefix(Vec<ModuleId>),
    /// Different imports bring different items under this name.
    Ambiguous,
    Nothing,
}

/// A receiver that is not a value.
pub(super) enum StaticReceiver {
    Modules(Vec<ModuleId>),
    Class(ClassId),
}

/// A member of a class that a name may stand for.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Candidate {
    Instance(Member),
    Static(Item),
}

/// The state of lowering a body.
pub(super) struct Lower<'a> {
    pub(super) world: &'a World,
    pub(super) modules: &'a Modules,
    pub(super) natives: Option<Natives<'a>>,
    globals: &'a Globals<'a>,
    pub(super) module: ModuleId,
    pub(super) source: SourceId,
    pub(super) class: Option<ClassId>,
    pub(super) function: Option<FunctionId>,
    /// The global whose first value is being lowered, and its type once it is known.
    global: Option<GlobalId>,
    first_type: Ty,
    pub(super) context: Context,
    pub(super) return_type: Ty,
    pub(super) routines: Routines,
    /// The variable of `this`.
    pub(super) this: Option<VariableId>,
    /// Whether the current statement has used `this` as a whole.
    pub(super) this_used: bool,
    /// Whether the constructor has called its super constructor.
    pub(super) super_called: bool,
    /// Whether the current statement sets a final field of the object under construction.
    pub(super) final_field_set: bool,
    /// The number of enclosing blocks that are kept in variables. Such a block may run later, when the object is
    /// complete.
    pub(super) kept_blocks: u32,
    /// Names that are assigned but not declared, which has been reported.
    pub(super) undeclared: HashSet<Name>,
    /// Whether the last call had arguments that no function of its name takes.
    pub(super) is_mismatched: bool,
    /// Whether the last call that no function takes has too few arguments.
    pub(super) lacks_argument: bool,
    /// Whether the last argument of the last call looks like a statement of its own.
    pub(super) is_like_statement: bool,
    pub(super) problems: Vec<Diagnostic>,
    /// The natives that a package uses and that do not exist.
    pub(super) missing_natives: Vec<String>,
}

/// The result of lowering a body.
pub(super) struct Lowered {
    pub(super) place: Place,
    pub(super) code: Code,
    /// The type of a global's first value.
    pub(super) ty: Ty,
    pub(super) problems: Vec<Diagnostic>,
    pub(super) missing_natives: Vec<String>,
}

/// The destination of a finished body.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Function(FunctionId),
    Global(GlobalId),
    /// No destination: the body is only checked.
    Nowhere,
}

/// Lowers one body.
pub(super) fn lower(
    world: &World,
    modules: &Modules,
    natives: Option<Natives<'_>>,
    globals: &Globals<'_>,
    job: &Job<'_>,
) -> Lowered {
    let mut lower = Lower {
        world,
        modules,
        natives,
        globals,
        module: job.module,
        source: job.source,
        class: job.class,
        function: None,
        global: None,
        first_type: Ty::Any,
        context: Context::Static,
        return_type: Ty::Any,
        routines: Routines::default(),
        this: None,
        this_used: false,
        super_called: false,
        final_field_set: false,
        kept_blocks: 0,
        undeclared: HashSet::new(),
        is_mismatched: false,
        lacks_argument: false,
        is_like_statement: false,
        problems: Vec::new(),
        missing_natives: Vec::new(),
    };
    let (place, body) = match job.work {
        Work::Function(id, tree) => (Place::Function(id), lower.function(id, tree)),
        Work::Signature(id, tree) => (Place::Nowhere, lower.signature(id, tree)),
        Work::DefaultConstructor(id) => (Place::Function(id), lower.default_constructor(id)),
        Work::Global(id, tree) => (Place::Global(id), lower.global(id, tree)),
    };
    Lowered {
        place,
        code: Code::Tree(Box::new(body)),
        ty: lower.first_type,
        problems: lower.problems,
        missing_natives: lower.missing_natives,
    }
}

impl<'a> Lower<'a> {
    // Entry points.

    fn function(&mut self, id: FunctionId, tree: &'a ast::Function) -> ir::Body {
        let function = self.world.function(id);
        self.function = Some(id);
        self.return_type = function.return_type.into();
        let Some(body) = &tree.body else { return ir::Body::default() };
        collect_assigned(&body.statements, &mut self.routines.assigned_names);
        match function.kind {
            FunctionKind::Constructor => return self.constructor(tree, body),
            FunctionKind::MixinConstructor => return self.mixin_constructor(Some(tree)),
            FunctionKind::Method | FunctionKind::Setter => self.enter_instance(Context::Instance),
            FunctionKind::Factory => self.return_type = self.class.map_or(Ty::Any, Ty::of),
            FunctionKind::Static => {}
        }
        self.routines.open_scope();
        let (defaults, mut nodes) = self.parameters(id, &tree.parameters);
        let root = self.function_body(body, tree);
        nodes.push(root);
        let root = sequence(tree.name.span(), nodes);
        self.follow(&root, &[]);
        self.check_native_arguments(body, &tree.parameters);
        let root = self.monitor_lock(tree, root);
        ir::Body { locals: self.routines.finish_function(), defaults, root }
    }

    /// Lowers the default values of a function without a body.
    fn signature(&mut self, id: FunctionId, tree: &'a ast::Function) -> ir::Body {
        self.function = Some(id);
        if matches!(self.world.function(id).kind, FunctionKind::Method | FunctionKind::Setter) {
            self.enter_instance(Context::Instance);
        }
        self.routines.open_scope();
        for parameter in &tree.parameters {
            if let Some(default) = &parameter.default {
                self.value(default);
            }
            self.routines.declare(parameter.name.name.clone(), Ty::Any, parameter.name.span);
            self.note_local(parameter.name.span, Ty::Any, false);
        }
        ir::Body::default()
    }

    /// Lowers the statements of a function that is not a constructor.
    fn function_body(&mut self, body: &'a Body, tree: &'a ast::Function) -> Node {
        let mut nodes = Vec::new();
        for (place, statement) in body.statements.iter().enumerate() {
            nodes.push(self.effect_before(statement, body.statements.get(place + 1)));
        }
        if tree.return_type.is_none()
            && returns_value(&body.statements)
            && let Some(bare) = bare_return(&body.statements)
        {
            let title = "this function returns with a value and without one";
            let problem = Diagnostic::error(self.source, tree.name.span(), title);
            let problem = problem.also(self.source, bare, "without a value");
            self.report(problem.hint("to return no particular value, write `return null`"));
        }
        let promises = match &tree.return_type {
            // A type that is unknown, which has been reported, became `any`. It may have been meant as `none`.
            Some(ty) => match self.return_type {
                Ty::Any => &*ty.name.name == "any",
                ty => ty != Ty::None,
            },
            None => is_comparison(&tree.name) || returns_value(&body.statements),
        };
        let falls_off = nodes.iter().all(|node| self.may_complete(node));
        let has_name = !tree.name.span().range().is_empty();
        if promises && falls_off && has_name && !self.has_primitive(body) && !self.is_setter() {
            self.report_lost_result(body, tree);
        }
        if falls_off {
            // A function's value is that of its `return`, not that of its last statement.
            nodes.push(Node { at: tree.name.span().start, expr: Expr::Null });
        }
        sequence(tree.name.span(), nodes)
    }

    /// Reports a function that returns a value in some cases only. Without a declared type, a `return` that ends a block is
    /// the mistake.
    fn report_lost_result(&mut self, body: &Body, tree: &ast::Function) {
        let title = "not every way through this function returns a value";
        let name = tree.name.span();
        let problem = match (return_in_block(&body.statements), &tree.return_type) {
            (Some(span), None) => Diagnostic::error(
                self.source,
                span,
                "this returns from the function, not only from the block",
            )
            .also(self.source, name, "its end gives no value")
            .hint(format!("{}; if not, return a value at the end of the function, too", habits::BLOCK_VALUE)),
            (Some(span), Some(_)) => Diagnostic::error(self.source, name, title)
                .also(self.source, span, "this returns from the function, not only from the block")
                .hint(habits::BLOCK_VALUE),
            (None, _) => Diagnostic::error(self.source, name, title)
                .hint("end it with a `return`, or with `unreachable` if its end cannot be reached"),
        };
        self.report(problem);
    }

    fn is_setter(&self) -> bool {
        self.function.is_some_and(|function| self.world.function(function).kind == FunctionKind::Setter)
    }

    /// Checks the arguments of a native, which gets the parameters as they are. A parameter that is
    /// assigned and shared with a lambda lives in a cell instead.
    pub(super) fn check_native_arguments(&mut self, body: &Body, parameters: &[ast::Parameter]) {
        if !self.has_primitive(body) {
            return;
        }
        for parameter in parameters {
            if self.routines.is_shared(parameter.name.span) {
                let title = format!("`{}` is assigned and used in a lambda", parameter.name.name);
                let hint = "copy it to a local variable";
                self.error_hint(parameter.name.span, format!("{title}, next to a primitive"), hint);
            }
        }
    }

    /// Returns whether a body has a primitive. A primitive returns the result of its native.
    fn has_primitive(&self, body: &Body) -> bool {
        body.statements.iter().any(|statement| matches!(statement.kind, ExpressionKind::Primitive { .. }))
    }

    fn global(&mut self, id: GlobalId, tree: &'a ast::Variable) -> ir::Body {
        let ast::Initial::Value(value) = &tree.value else { return self.missing_value(tree) };
        self.routines.open_scope();
        collect_assigned(std::slice::from_ref(value), &mut self.routines.assigned_names);
        self.global = Some(id);
        let (span, value) = (value.span, self.something(value));
        self.first_type = value.ty;
        let ty = self.world.global(id).ty.into();
        let root = self.convert(value, ty, span, "this variable");
        self.follow(&root, &[]);
        ir::Body { locals: self.routines.finish_function(), defaults: Vec::new(), root }
    }

    /// Returns code that throws when a global without a value is read.
    fn missing_value(&self, tree: &ast::Variable) -> ir::Body {
        let at = tree.name.span.start;
        let text = Expr::String(format!("UNINITIALIZED: {}", tree.name.name));
        let [throw, ..] = self.world.builtin.never_return;
        let root =
            throw.map(|throw| Node { at, expr: Expr::CallStatic(throw, vec![Node { at, expr: text }]) });
        ir::Body { root: root.unwrap_or_default(), ..ir::Body::default() }
    }

    /// Declares `this`.
    pub(super) fn enter_instance(&mut self, context: Context) {
        self.context = context;
        if let Some(class) = self.class {
            let this = self.routines.declare("this".into(), Ty::of(class), Span::default());
            self.routines.local(this);
            self.routines.variable_mut(this).is_final = true;
            self.this = Some(this);
        }
    }

    /// Declares the parameters, in canonical order. The second result is the code that comes before
    /// the body, in the order in which the parameters are written: optional parameters get their
    /// default values (also if null is given), and `.field` parameters set their fields.
    pub(super) fn parameters(
        &mut self,
        id: FunctionId,
        trees: &'a [ast::Parameter],
    ) -> (Vec<(LocalId, Node)>, Vec<Node>) {
        // The variables by the places of their names.
        let mut variables = FxHashMap::default();
        let mut order: Vec<&ast::Parameter> = trees.iter().collect();
        order.sort_by_key(|tree| (tree.is_named, tree.is_named.then(|| tree.name.name.clone())));
        for (parameter, tree) in self.world.function(id).parameters.iter().zip(order) {
            // Nothing can refer to `_`.
            let name = if &*tree.name.name == "_" { "" } else { &*tree.name.name };
            let variable = self.routines.declare_parameter(name.into(), parameter.ty.into(), tree.name.span);
            self.note_local(tree.name.span, parameter.ty.into(), tree.ty.is_some());
            // A default value can use only the parameters before its own.
            self.routines.forget(variable);
            variables.insert(tree.name.span.start, variable);
        }
        let mut absent = Vec::new();
        let mut nodes = Vec::new();
        let mut fields = Vec::new();
        for tree in trees {
            let Some(variable) = variables.get(&tree.name.span.start).copied() else { continue };
            // A default value of a block has been reported.
            if let Some(default) = tree.default.as_ref().filter(|_| !tree.is_block) {
                let local = self.routines.local(variable);
                absent.push((local, Node { at: tree.name.span.start, expr: Expr::Null }));
                nodes.extend(self.default_value(variable, tree, default));
            }
            self.routines.remember(variable);
            if tree.is_field {
                fields.push((tree, variable));
            }
        }
        for (tree, variable) in fields {
            let local = self.routines.local(variable);
            let (ty, is_sure) =
                (self.routines.variable(variable).ty, self.routines.variable(variable).is_sure);
            // In the body the name refers to the field.
            self.routines.forget(variable);
            let value = Value { is_sure, ..Value::new(tree.name.span, Expr::Local(local), ty) };
            nodes.push(self.field_parameter(&tree.name, value));
        }
        (absent, nodes)
    }

    /// Lowers `if parameter is null: parameter = default`.
    fn default_value(
        &mut self,
        variable: VariableId,
        tree: &'a ast::Parameter,
        default: &'a Expression,
    ) -> Option<Node> {
        if matches!(default.kind, ExpressionKind::Null) {
            return None;
        }
        let span = tree.name.span;
        let declared: Ty = tree.ty.as_ref().map_or(self.routines.variable(variable).ty, |ty| {
            // An unknown type has been reported with the signature.
            resolve_type(self.world, self.modules, self.module, self.source, ty).map_or(Ty::Any, Ty::from)
        });
        let value = self.value(default);
        let value = self.convert(value, declared, default.span, "this parameter");
        self.routines.variable_mut(variable).ty = declared;
        let local = self.routines.local(variable);
        let node = |expr| Node { at: span.start, expr };
        let is_null = Expr::CallDynamic {
            receiver: Box::new(node(Expr::Local(local))),
            selector: Selector { name: "==".into(), unnamed: vec![false], ..Selector::default() },
            arguments: vec![node(Expr::Null)],
            receiver_type: Type::Any,
        };
        Some(node(Expr::If {
            condition: Box::new(node(is_null)),
            then: Box::new(node(Expr::SetLocal(local, Box::new(value)))),
            otherwise: Box::new(node(Expr::Null)),
        }))
    }

    fn followed(&self, fields: &[u32]) -> Followed<'a> {
        Followed {
            locals: self.routines.later_locals(),
            fields: fields.to_vec(),
            class: self.class,
            never_return: &self.world.builtin.never_return,
        }
    }

    /// Returns those of the given fields that may have no value after some code.
    pub(super) fn missing_at_end(&self, root: &Node, fields: &[u32]) -> Vec<u32> {
        let (_, end) = flow::follow(root, &self.followed(fields));
        let of_field = |slot| match slot {
            Slot::Field(field) => Some(field),
            Slot::Local(_) => None,
        };
        end.into_iter().filter_map(of_field).collect()
    }

    /// Reports variables that are read before they have a value, and final locals that are assigned
    /// more than once. `fields` are the fields that have no value before the code.
    pub(super) fn follow(&mut self, root: &Node, fields: &[u32]) {
        let (mistakes, _) = flow::follow(root, &self.followed(fields));
        for mistake in mistakes {
            let (slot, at, is_twice) = match mistake {
                Mistake::Unassigned(slot, at) => (slot, at, false),
                Mistake::AssignedTwice(slot, at) => (slot, at, true),
            };
            let name = self.slot_name(slot);
            let span = Span { start: at, end: at + name.len() as u32 };
            if is_twice {
                self.error(span, format!("`{name}` is final and may have a value already"));
            } else {
                self.error(span, format!("`{name}` may have no value yet"));
            }
        }
    }

    fn slot_name(&mut self, slot: Slot) -> Name {
        match (slot, self.class) {
            (Slot::Local(local), _) => self.routines.local_name(LocalId(local)),
            (Slot::Field(field), Some(class)) => {
                let field = self.world.class(class).fields.get(field as usize);
                field.map_or("".into(), |field| field.name.as_str().into())
            }
            (Slot::Field(_), None) => "".into(),
        }
    }

    /// Lowers a read of a global.
    pub(super) fn global_value(&mut self, id: GlobalId, span: Span) -> Value {
        let expr = Expr::Global(id);
        let declared: Ty = self.world.global(id).ty.into();
        if self.global == Some(id) && !self.routines.in_lambda() {
            let name = self.world.global(id).name.clone();
            self.error(span, format!("`{name}` is read while it gets its first value"));
            return Value::new(span, expr, declared);
        }
        let world = self.world;
        let global = world.global(id);
        self.warn_if_deprecated(|| format!("`{}`", global.name), global.deprecated.as_ref(), span);
        if declared != Ty::Any {
            return Value::new(span, expr, declared);
        }
        Value::unsure(span, expr, self.global_type(id))
    }

    /// Returns the type that values assigned to a global must have.
    pub(super) fn global_type(&mut self, id: GlobalId) -> Ty {
        match self.world.global(id).ty.into() {
            Ty::Any => self.globals.type_of(self.world, self.modules, self.natives, id),
            declared => declared,
        }
    }

    // Reporting.

    pub(super) fn report(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    pub(super) fn error(&mut self, span: Span, title: impl Into<String>) {
        self.report(Diagnostic::error(self.source, span, title));
    }

    pub(super) fn error_hint(&mut self, span: Span, title: impl Into<String>, hint: impl Into<String>) {
        self.report(Diagnostic::error(self.source, span, title).hint(hint));
    }

    /// Warns about a deprecated item, unless the code that uses it is deprecated, too.
    pub(super) fn warn_if_deprecated(
        &mut self,
        what: impl FnOnce() -> String,
        why: Option<&String>,
        span: Span,
    ) {
        let Some(why) = why else { return };
        let is_old_itself = self.function.is_some_and(|id| self.world.function(id).deprecated.is_some())
            || self.class.is_some_and(|class| self.world.class(class).deprecated.is_some());
        if is_old_itself {
            return;
        }
        let problem = Diagnostic::warning(self.source, span, format!("{} is deprecated", what()));
        self.report(if why.is_empty() { problem } else { problem.note(why) });
    }

    pub(super) fn builtin(&self, class: Option<ClassId>) -> Ty {
        class.map_or(Ty::Any, Ty::of)
    }

    // Expressions.

    /// Lowers an expression whose value is used. It must not be a block.
    pub(super) fn value(&mut self, expression: &'a Expression) -> Value {
        let value = self.any(expression);
        self.require_value(value, expression.span)
    }

    pub(super) fn require_value(&mut self, value: Value, span: Span) -> Value {
        match value.ty {
            Ty::Block => {
                let hint =
                    "blocks can be given to calls and defined as variables; a lambda (`::`) is a value";
                self.error_hint(span, "a block cannot be used as a value here", hint);
                Value::error(span)
            }
            _ => value,
        }
    }

    /// Lowers like [`Lower::value`], where a call without a result would be a mistake: conditions, receivers, operands
    /// and first values. Elsewhere a call without a result gives null.
    pub(super) fn something(&mut self, expression: &'a Expression) -> Value {
        let value = self.value(expression);
        self.require_something(value, expression.span)
    }

    pub(super) fn require_something(&mut self, value: Value, span: Span) -> Value {
        if value.ty == Ty::None {
            let hint = "a function has a value if it ends with `return` and the value";
            self.error_hint(span, "this has no value: the called function returns `none`", hint);
            return Value::error(span);
        }
        value
    }

    /// Lowers an expression whose value is not used.
    pub(super) fn effect(&mut self, expression: &'a Expression) -> Node {
        match &expression.kind {
            ExpressionKind::Postfix(target, operator, at) => {
                self.increment(target, operator, *at, false).node
            }
            ExpressionKind::Assign { target, operator, at, value } => {
                self.assign(target, *operator, *at, value, false).node
            }
            ExpressionKind::Block(..) => {
                self.error(expression.span, "this block is never called");
                Value::error(expression.span).node
            }
            _ => self.any(expression).node,
        }
    }

    /// Lowers any expression.
    pub(super) fn any(&mut self, expression: &'a Expression) -> Value {
        use ExpressionKind as E;
        let span = expression.span;
        match &expression.kind {
            E::Error => Value::error(span),
            E::Null => Value::new(span, Expr::Null, Ty::Null),
            E::Bool(value) => {
                let builtin = &self.world.builtin;
                let class = if *value { builtin.true_ } else { builtin.false_ };
                Value::new(span, Expr::Bool(*value), self.builtin(class))
            }
            E::Int(value) => Value::new(span, Expr::Int(*value), self.builtin(self.world.builtin.int)),
            E::Float(value) => Value::new(span, Expr::Float(*value), self.builtin(self.world.builtin.float)),
            E::String(parts) => self.string(span, parts),
            E::Name(name) => self.name(name, span),
            E::Parenthesized(inner) => self.any(inner),
            E::Member(..) | E::Call(..) => self.call_expression(expression),
            E::Index(receiver, arguments) => self.index(receiver, arguments, span),
            E::Slice(receiver, from, to) => self.slice(receiver, from.as_deref(), to.as_deref(), span),
            E::Unary(operator, at, operand) => self.unary(*operator, *at, operand),
            E::Binary(operator, at, left, right) => self.binary(operator, *at, left, right),
            E::Comparison(first, rest) => self.comparison(first, rest),
            E::And(left, right) => self.logical(span, left, right, Expr::And),
            E::Or(left, right) => self.logical(span, left, right, Expr::Or),
            E::Not(operand) => {
                let operand = self.operand(operand);
                Value::new(span, Expr::Not(Box::new(operand.node)), self.builtin(self.world.builtin.bool))
            }
            E::Is { value, ty, negated } => self.type_test(span, value, ty, *negated),
            E::As(value, ty) => self.cast(span, value, ty),
            E::Conditional(condition, then, otherwise) => self.conditional(span, condition, then, otherwise),
            E::If { condition, then, otherwise } => {
                self.if_expression(span, condition, then, otherwise.as_ref())
            }
            E::While(condition, body) => self.while_loop(span, condition, body),
            E::For { init, condition, update, body } => {
                self.for_loop(span, init.as_deref(), condition.as_deref(), update.as_deref(), body)
            }
            E::Assign { target, operator, at, value } => self.assign(target, *operator, *at, value, true),
            E::Postfix(target, operator, at) => self.increment(target, operator, *at, true),
            E::Define { name, ty, is_final, value } => self.define(name, ty.as_ref(), *is_final, value),
            E::Block(parameters, body) => self.block(parameters, body, span, None, None),
            E::Lambda(parameters, body) => self.lambda(parameters, body, span, None),
            E::List(elements) => {
                let elements = self.elements(elements);
                Value::new(span, Expr::List(elements), self.builtin(self.world.builtin.list))
            }
            E::Set(elements) => {
                let elements = self.elements(elements);
                Value::new(span, Expr::Set(elements), self.builtin(self.world.builtin.set))
            }
            E::Map(entries) => self.map(span, entries),
            E::ByteArray(elements) => self.byte_array(span, elements),
            E::Return(value) => self.return_expression(span, value.as_deref()),
            E::Break(label, value) => self.break_expression(span, label.as_ref(), value.as_deref()),
            E::Continue(label, value) => self.continue_expression(span, label.as_ref(), value.as_deref()),
            E::Try { body, parameters, handler } => self.try_expression(span, body, parameters, handler),
            E::Assert(body) => self.assert_expression(span, body),
            E::Primitive { module, name, failure } => self.primitive(span, module, name, failure.as_ref()),
        }
    }

    /// Lowers a sequence with a scope of its own. Its value is that of its last statement.
    pub(super) fn body(&mut self, body: &'a Body) -> Value {
        self.routines.open_scope();
        let value = self.statements(&body.statements, body.span);
        self.routines.close_scope();
        value
    }

    pub(super) fn statements(&mut self, statements: &'a [Expression], span: Span) -> Value {
        let Some((last, before)) = statements.split_last() else {
            return Value::new(span, Expr::Null, Ty::Null);
        };
        // The last statement may be meant as the value.
        let lower = |(place, statement)| self.effect_before(statement, before.get(place + 1));
        let mut nodes: Vec<Node> = before.iter().enumerate().map(lower).collect();
        let last = self.any(last);
        if nodes.is_empty() {
            return last;
        }
        let at = last.node.at;
        nodes.push(last.node);
        Value { node: Node { at, expr: Expr::Sequence(nodes) }, ty: last.ty, is_sure: last.is_sure }
    }

    /// Converts a value to a declared type. Reports an error if the value cannot have that type, and adds a
    /// check if it is not certain to have it.
    pub(super) fn convert(&mut self, value: Value, to: Ty, span: Span, what: &str) -> Node {
        match self.world.fit(value.ty, to) {
            Fit::Yes if value.is_sure || matches!(to, Ty::Any | Ty::None) => value.node,
            Fit::Yes | Fit::Check => self.checked(value.node, to),
            Fit::No => {
                self.mismatch(value.ty, to, span, what);
                value.node
            }
        }
    }

    pub(super) fn checked(&self, node: Node, to: Ty) -> Node {
        match to {
            Ty::Class { .. } => Node { at: node.at, expr: Expr::As(Box::new(node), to.declared()) },
            _ => node,
        }
    }

    pub(super) fn mismatch(&mut self, from: Ty, to: Ty, span: Span, what: &str) {
        let hint = match (from, to) {
            (Ty::Class { class: from, .. }, Ty::Class { class: to, .. })
                if Some(from) == self.world.builtin.int && self.world.class(to).name == "Duration" =>
            {
                Some("write a `Duration`, such as `(Duration --s=1)`; `sleep` takes milliseconds, too: `sleep --ms=1000`".into())
            }
            (Ty::Null, _) => Some(format!("to allow null, write the type as `{}?`", self.world.describe(to))),
            (Ty::Class { class: from, .. }, Ty::Class { class: to, .. })
                if self.world.is_subclass(to, from) =>
            {
                Some(format!("if it is one, say so with `as {}`", self.world.class(to).name))
            }
            _ => None,
        };
        let (from, to) = (self.world.describe(from), self.world.describe(to));
        let title = format!("{what} takes `{to}`, not `{from}`");
        let problem = Diagnostic::error(self.source, span, title).label(format!("this is `{from}`"));
        self.report(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
    }

    /// Lowers `this` as a whole. In a constructor, the object must be complete from here on.
    pub(super) fn this_value(&mut self, span: Span) -> Option<Value> {
        self.this_used = true;
        self.direct_this(span)
    }

    /// Lowers `this`, to reach a field of it.
    pub(super) fn direct_this(&mut self, span: Span) -> Option<Value> {
        let this = self.this?;
        let local = self.routines.local(this);
        let ty = self.routines.variable(this).ty;
        Some(Value::new(span, Expr::Local(local), ty))
    }

    /// Returns whether control may reach the end of a statement.
    pub(super) fn may_complete(&self, node: &Node) -> bool {
        match &node.expr {
            Expr::Return(_) | Expr::Exit(..) => false,
            Expr::CallStatic(function, _) => !self.world.builtin.never_return.contains(&Some(*function)),
            Expr::Sequence(nodes) => nodes.iter().all(|node| self.may_complete(node)),
            Expr::If { condition, then, otherwise } => {
                self.may_complete(condition) && (self.may_complete(then) || self.may_complete(otherwise))
            }
            Expr::Try { body, handler, .. } => self.may_complete(body) && self.may_complete(handler),
            Expr::Loop { condition, .. } => {
                !matches!(condition.expr, Expr::Bool(true)) && self.may_complete(condition)
            }
            Expr::Define(_, value)
            | Expr::SetLocal(_, value)
            | Expr::As(value, _)
            | Expr::Not(value)
            | Expr::And(value, _)
            | Expr::Or(value, _) => self.may_complete(value),
            // A labeled expression completes if something exits to its label.
            _ => true,
        }
    }

    /// Returns the targets that jumps of the current routine may have.
    pub(super) fn targets(&mut self) -> &mut Vec<Target> {
        &mut self.routines.current().targets
    }
}

/// Combines several nodes into one.
pub(super) fn sequence(at: Span, mut nodes: Vec<Node>) -> Node {
    if nodes.len() == 1
        && let Some(node) = nodes.pop()
    {
        return node;
    }
    Node { at: at.start, expr: Expr::Sequence(nodes) }
}
