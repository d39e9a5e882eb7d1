//! Lowers constructors, `super`, and the locks of monitors.
//!
//! The code of a constructor sets the fields' first values, then the fields of `.field` parameters, then
//! runs the statements, which may call the super constructor. If they do not call it, it runs as late as
//! possible: before the first statement that uses `this` as a whole, or at the end. Until the super
//! constructor runs, fields are accessed directly.
//!
//! A class with mixins calls the constructor of its last mixin and gives it the rest as a block:
//! the call of the mixin before, and so on, and at last the super constructor.

use super::arguments::Arguments;
use super::index::{Role, Symbol};
use super::lower::{Context, Lower, Value, sequence};
use super::shape::accepts;
use super::world::Member;
use crate::ast::{self, Body, Declaration, Expression, ExpressionKind, Identifier, Initial};
use crate::diagnostic::Diagnostic;
use crate::ir::{self, ClassKind, Expr, FunctionId, FunctionKind, Node, Selector};
use crate::source::Span;
use crate::types::Ty;

impl<'a> Lower<'a> {
    // Constructors.

    pub(super) fn constructor(&mut self, tree: &'a ast::Function, body: &'a Body) -> ir::Body {
        self.enter_instance(Context::Constructor);
        self.routines.open_scope();
        let (defaults, fields) = match self.function {
            Some(function) => self.parameters(function, &tree.parameters),
            None => Default::default(),
        };
        let mut nodes = self.field_initializers();
        nodes.extend(fields);
        let root = self.constructor_statements(body, tree.name.span(), nodes);
        ir::Body { locals: self.routines.finish_function(), defaults, root }
    }

    pub(super) fn default_constructor(&mut self, id: FunctionId) -> ir::Body {
        self.function = Some(id);
        if self.world.function(id).kind == FunctionKind::MixinConstructor {
            return self.mixin_constructor(None);
        }
        let at = self.world.function(id).at;
        let name = self.class.map_or(0, |class| self.world.class(class).name.len() as u32);
        let span = Span { start: at, end: at + name };
        self.enter_instance(Context::Constructor);
        let mut nodes = self.field_initializers();
        nodes.extend(self.implicit_super(span));
        let root = sequence(span, nodes);
        self.check_fields(&root, FieldsBefore::Nowhere);
        self.follow(&root, &[]);
        ir::Body { locals: self.routines.finish_function(), defaults: Vec::new(), root }
    }

    /// Lowers a mixin's constructor, which takes the rest of the construction as a block.
    pub(super) fn mixin_constructor(&mut self, tree: Option<&'a ast::Function>) -> ir::Body {
        let span = tree.map_or(Span::default(), |tree| tree.name.span());
        self.enter_instance(Context::Constructor);
        self.routines.open_scope();
        self.routines.declare_parameter("<rest>".into(), Ty::Block, Span::default());
        if let Some(parameter) = tree.and_then(|tree| tree.parameters.first()) {
            self.error(parameter.name.span, "the constructor of a mixin cannot have parameters");
        }
        let mut nodes = self.field_initializers();
        self.routines.open_scope();
        let root = match tree.and_then(|tree| tree.body.as_ref()) {
            Some(body) => self.constructor_statements(body, span, nodes),
            None => {
                nodes.extend(self.implicit_super(span));
                let root = sequence(span, nodes);
                self.check_fields(&root, FieldsBefore::Nowhere);
                root
            }
        };
        ir::Body { locals: self.routines.finish_function(), defaults: Vec::new(), root }
    }

    /// Lowers the statements of a constructor after its fields. The fields must have their values
    /// when the super constructor is called.
    fn constructor_statements(&mut self, body: &'a Body, span: Span, mut before: Vec<Node>) -> Node {
        let mut after = Vec::new();
        let mut place = FieldsBefore::End(span);
        let mut nodes = &mut before;
        let is_explicit = body.statements.iter().any(|statement| super_constructor(statement).is_some());
        for (number, statement) in body.statements.iter().enumerate() {
            if let Some((name, word, arguments)) = super_constructor(statement) {
                if self.super_called {
                    self.error(statement.span, "the super constructor is called already");
                }
                after.push(self.explicit_super(statement.span, word, name, arguments));
                if !self.super_called {
                    place = FieldsBefore::Super(statement.span);
                }
                self.super_called = true;
                nodes = &mut after;
                continue;
            }
            self.this_used = false;
            self.final_field_set = false;
            let node = self.effect_before(statement, body.statements.get(number + 1));
            if self.this_used && !self.super_called && is_explicit {
                let title = "this uses the object before the super constructor has run";
                let hint = "fields of this class may be used; methods and `this` only after `super`";
                self.error_hint(statement.span, title, hint);
            }
            if self.this_used && !self.super_called && !is_explicit {
                if self.final_field_set {
                    let title = "this sets a final field and uses the object";
                    let hint = "set the field in a statement before it";
                    self.error_hint(statement.span, title, hint);
                    place = FieldsBefore::Unknown;
                } else {
                    place = FieldsBefore::Use(statement.span);
                }
                after.extend(self.implicit_super(span));
                self.super_called = true;
                nodes = &mut after;
            }
            nodes.push(node);
        }
        if !self.super_called {
            after.extend(self.implicit_super(span));
        }
        let before = sequence(span, before);
        let waiting = self.check_fields(&before, place);
        let root = sequence(span, std::iter::once(before).chain(after).collect());
        self.follow(&root, &waiting);
        root
    }

    fn explicit_super(
        &mut self,
        span: Span,
        word: Span,
        name: Option<&'a Identifier>,
        trees: &'a [ast::Argument],
    ) -> Node {
        match name {
            Some(name) => self.probe_super(name),
            None => self.probe_name(word),
        }
        let mut arguments = self.arguments(trees, "super");
        if arguments.are_too_many {
            return Value::error(span).node;
        }
        let mut before = std::mem::take(&mut arguments.before);
        if self.class.is_some_and(|class| !self.world.class(class).mixins.is_empty()) {
            // The mixins are built before the superclass, but after its arguments.
            for value in &mut arguments.values {
                self.compute_before(value, &mut before);
            }
        }
        let at = name.map_or(word, |name| name.span);
        before.push(self.super_constructor_call(
            span,
            Some(at),
            name.map_or("", |name| &name.name),
            arguments,
        ));
        sequence(span, before)
    }

    fn implicit_super(&mut self, span: Span) -> Option<Node> {
        let class = self.world.class(self.class?);
        // The constructor of `Object` is empty.
        let is_object = class.superclass == self.world.builtin.object || class.superclass.is_none();
        if is_object && class.mixins.is_empty() && class.kind != ClassKind::Mixin {
            return None;
        }
        Some(self.super_constructor_call(span, None, "", Arguments::default()))
    }

    /// Calls the super constructor, which is named at `at`, if it is called explicitly.
    fn super_constructor_call(
        &mut self,
        span: Span,
        at: Option<Span>,
        name: &str,
        arguments: Arguments,
    ) -> Node {
        let nothing = Node { at: span.start, expr: Expr::Null };
        let Some(class) = self.class else { return nothing };
        let declaration = self.world.class(class);
        if declaration.kind == ClassKind::Mixin {
            return self.rest_of_construction(span);
        }
        if self.world.incomplete.contains(&class) {
            return nothing;
        }
        let (superclass, mixins) = (declaration.superclass, declaration.mixins.clone());
        let mut node = match superclass {
            Some(superclass) if Some(superclass) != self.world.builtin.object || !name.is_empty() => {
                self.call_super_constructor(superclass, name, span, at, arguments)
            }
            _ => {
                if let Some(extra) = arguments.spans.first() {
                    self.error(*extra, "the constructor of `Object` takes no arguments");
                }
                nothing
            }
        };
        for mixin in mixins {
            let constructors = self.world.index(mixin).constructors.get("").cloned().unwrap_or_default();
            let Some(constructor) = constructors.first().copied() else { continue };
            let block = Expr::Block { parameters: Vec::new(), body: Box::new(node) };
            let block = Node { at: span.start, expr: block };
            let name = self.world.function(constructor).name.clone();
            let selector = Selector { name, unnamed: vec![true], ..Selector::default() };
            node = Node { at: span.start, expr: Expr::CallSuper(selector, vec![block]) };
        }
        node
    }

    fn rest_of_construction(&mut self, span: Span) -> Node {
        let rest = self.routines.find("<rest>").map(|rest| self.routines.local(rest));
        match rest {
            Some(rest) => {
                let block = Node { at: span.start, expr: Expr::Local(rest) };
                Node { at: span.start, expr: Expr::CallBlock(Box::new(block), Vec::new()) }
            }
            None => Node { at: span.start, expr: Expr::Null },
        }
    }

    fn call_super_constructor(
        &mut self,
        superclass: ir::ClassId,
        name: &str,
        span: Span,
        at: Option<Span>,
        arguments: Arguments,
    ) -> Node {
        let nothing = Node { at: span.start, expr: Expr::Null };
        let index = self.world.index(superclass);
        let constructors: Vec<FunctionId> = index
            .constructors
            .get(name)
            .into_iter()
            .flatten()
            .copied()
            .filter(|id| self.world.function(*id).kind == FunctionKind::Constructor)
            .collect();
        let class_name = self.world.class(superclass).name.clone();
        let shown = if name.is_empty() { class_name.clone() } else { format!("{class_name}.{name}") };
        if constructors.is_empty() {
            let title =
                format!("the superclass `{class_name}` has no constructor `{shown}` that makes its objects");
            self.error_hint(span, title, "factories (constructors that return) cannot be used by subclasses");
            return nothing;
        }
        let found =
            constructors.iter().copied().find(|id| accepts(self.world.function(*id), &arguments.shape));
        if let Some(at) = at {
            match found {
                Some(found) if name.is_empty() => self.note_call(found, at, &arguments, Role::Keyword),
                Some(found) => self.note_call(found, at, &arguments, Role::Read),
                None => self.note_candidates(at, &constructors),
            }
        }
        let Some(found) = found else {
            self.no_overload(&shown, span, &constructors, &arguments.shape);
            if let Some(problem) = self.problems.last_mut() {
                problem
                    .notes
                    .push(format!("it is called as the constructor of the superclass `{class_name}`"));
                problem.hints.push("call it with `super` and its arguments".into());
            }
            return nothing;
        };
        let call = self.call_function(found, span, arguments);
        let Some(this) = self.direct_this(span) else { return nothing };
        match call.node.expr {
            Expr::New(id, nodes) => {
                let nodes = std::iter::once(this.node).chain(nodes).collect();
                Node { at: span.start, expr: Expr::CallStatic(id, nodes) }
            }
            _ => nothing,
        }
    }

    // Fields.

    fn class_tree(&self) -> Option<&'a ast::Class> {
        let class = self.class?;
        let source = self.modules.source_of(class.module)?;
        let place = source.classes.get(class.index as usize)?;
        match source.tree.file.declarations.get(*place) {
            Some(Declaration::Class(tree)) => Some(tree),
            _ => None,
        }
    }

    fn fields(&self) -> Vec<&'a ast::Variable> {
        let Some(tree) = self.class_tree() else { return Vec::new() };
        let variables = tree.members.iter().filter_map(|member| match member {
            Declaration::Variable(variable) if variable.static_at.is_none() => Some(variable),
            _ => None,
        });
        variables.collect()
    }

    fn field_initializers(&mut self) -> Vec<Node> {
        let Some(class) = self.class else { return Vec::new() };
        let mut nodes = Vec::new();
        for (index, field) in self.fields().into_iter().enumerate() {
            let Initial::Value(expression) = &field.value else { continue };
            let scopes = self.routines.hide_scopes();
            let context = std::mem::replace(&mut self.context, Context::FieldInitializer);
            let value = self.value(expression);
            self.context = context;
            self.routines.restore_scopes(scopes);
            let place = ir::FieldRef { class, index: index as u32 };
            nodes.push(self.set_own_field(place, field.name.span, value, expression.span));
        }
        nodes
    }

    /// Lowers `.field` as a parameter.
    pub(super) fn field_parameter(&mut self, name: &Identifier, value: Value) -> Node {
        let node = Node { at: value.node.at, expr: Expr::Null };
        let own = self.class.and_then(|class| {
            let members = self.world.index(class).members.get(&name.name)?;
            members.iter().find_map(|member| match member {
                Member::Field(field) => Some(*field),
                Member::Method(_) => None,
            })
        });
        if let Some(field) = own {
            self.note(name.span, Symbol::Field(field), Role::Read);
        }
        match (own, self.context) {
            (Some(field), Context::Constructor) => self.set_own_field(field, name.span, value, name.span),
            (Some(_), Context::Instance) => match self.this_value(name.span) {
                Some(this) => self.call_setter(this, &name.name, name.span, value, name.span).node,
                None => node,
            },
            (None, Context::Constructor | Context::Instance) => {
                self.error(name.span, format!("this class has no field `{}` of its own", name.name));
                node
            }
            (_, Context::Static | Context::FieldInitializer) => {
                self.error(name.span, "a `.field` parameter outside of a constructor or method");
                node
            }
        }
    }

    /// Reports fields that may have no value after the part of the constructor in which they can get a
    /// value. Returns all fields that need a value.
    fn check_fields(&mut self, part: &Node, place: FieldsBefore) -> Vec<u32> {
        let fields = self.fields();
        let waiting =
            fields.iter().enumerate().filter(|(_, field)| !matches!(field.value, Initial::Value(_)));
        let waiting: Vec<u32> = waiting.map(|(index, _)| index as u32).collect();
        for index in self.missing_at_end(part, &waiting) {
            let Some(field) = fields.get(index as usize) else { continue };
            let name = &field.name.name;
            let hint = format!(
                "assign it in the constructor, take it as the parameter `.{name}`, or give it a first value"
            );
            let (at, when) = match place {
                FieldsBefore::End(at) => (at, "may have no value after this constructor"),
                FieldsBefore::Super(at) => (at, "may have no value when the super constructor is called"),
                FieldsBefore::Use(at) => (at, "may have no value here, where the object is used"),
                FieldsBefore::Nowhere => (field.name.span, "never gets a value"),
                FieldsBefore::Unknown => continue,
            };
            let mut problem = Diagnostic::error(self.source, at, format!("the field `{name}` {when}"));
            if at != field.name.span {
                problem = problem.also(self.source, field.name.span, "declared here");
            }
            self.report(problem.hint(hint));
        }
        waiting
    }

    // Super.

    /// Lowers `super arguments`, except as a constructor call.
    pub(super) fn super_call(&mut self, span: Span, arguments: Arguments) -> Value {
        match (self.context, self.function) {
            (Context::Instance, Some(function)) => {
                let name = self.world.function(function).name.clone();
                self.super_method(&name, span, arguments)
            }
            (Context::Constructor, _) => {
                let hint = "call it as a statement of its own, not within another one";
                self.error_hint(
                    span,
                    "the super constructor is called at the top level of a constructor",
                    hint,
                );
                Value::error(span)
            }
            _ => {
                self.error(span, "there is no `super` here: this code does not belong to an object");
                Value::error(span)
            }
        }
    }

    /// Lowers `super.name arguments`: a member of the overridden method's result.
    pub(super) fn super_member(&mut self, span: Span, name: &Identifier, arguments: Arguments) -> Value {
        if self.context == Context::Instance {
            let title = format!("`super.{0}` is `{0}` of the value of `super`", name.name);
            let problem = Diagnostic::warning(self.source, name.span, title);
            let hint = format!("write `(super).{}`, or `super` for the overridden method", name.name);
            self.report(problem.hint(hint));
        }
        let receiver = self.super_call(span, Arguments::default());
        let receiver = self.require_something(receiver, span);
        self.call_method(receiver, &name.name, name.span, arguments)
    }

    pub(super) fn super_method(&mut self, name: &str, span: Span, arguments: Arguments) -> Value {
        // The machine finds `this` as the first local, so a lambda must capture it.
        if self.this_value(span).is_none() || name.is_empty() {
            return Value::error(span);
        }
        let mut ty = Ty::Any;
        if let Some((members, class)) = self.super_members(name) {
            let found = members.iter().copied().find(|member| self.member_accepts(*member, &arguments.shape));
            match found {
                Some(member) => self.note_member_call(member, span, &arguments, Role::Keyword),
                None => self.note_member_candidates(span, &members),
            }
            match found {
                Some(Member::Method(id)) => {
                    self.check_arguments(id, &arguments);
                    ty = self.world.function(id).return_type.into();
                }
                Some(Member::Field(field)) => ty = self.world.field_type(field),
                None => return self.missing_member(class, name, span, &members, &arguments.shape),
            }
        }
        let selector = Selector { name: name.to_owned(), ..arguments.shape.clone() };
        let nodes = arguments.values.into_iter().map(|value| value.node).collect();
        Value::unsure(span, Expr::CallSuper(selector, nodes), ty)
    }

    pub(super) fn super_setter(&mut self, name: &str, span: Span, value: Value) -> Value {
        if self.this_value(span).is_none() {
            return Value::error(span);
        }
        let selector =
            Selector { name: name.to_owned(), is_setter: true, unnamed: vec![false], named: Vec::new() };
        if let Some((members, class)) = self.super_members(name) {
            let is_settable = |member: &Member| match member {
                Member::Method(id) => self.world.function(*id).kind == FunctionKind::Setter,
                Member::Field(field) => !self.world.class(field.class).fields[field.index as usize].is_final,
            };
            if let Some(member) = members.iter().find(|member| is_settable(member)) {
                self.note_member(span, *member, Role::Keyword);
            }
            if !members.iter().any(is_settable) && !self.world.is_incomplete(class) {
                let class = &self.world.class(class).name;
                self.error(span, format!("the superclass `{class}` has no setter `{name}=`"));
                return Value::error(span);
            }
        }
        Value::unsure(span, Expr::CallSuper(selector, vec![value.node]), Ty::Any)
    }

    /// Returns the members that `super` can mean; none in a mixin, which is checked where it is
    /// used.
    fn super_members(&self, name: &str) -> Option<(Vec<Member>, ir::ClassId)> {
        let class = self.class?;
        let declaration = self.world.class(class);
        if declaration.kind == ClassKind::Mixin || self.world.is_incomplete(class) {
            return None;
        }
        let superclass = declaration.superclass?;
        let ancestors = self.world.ancestors(class);
        let above = ancestors.iter().skip(1);
        let members =
            above.flat_map(|above| self.world.index(*above).members.get(name).into_iter().flatten().copied());
        Some((members.collect(), superclass))
    }

    // Monitors.

    /// Wraps a public method of a monitor, so that its methods run one at a time.
    pub(super) fn monitor_lock(&mut self, tree: &ast::Function, root: Node) -> Node {
        let is_monitor = self.class.is_some_and(|class| self.world.class_kind(class) == ClassKind::Monitor);
        let name = self.function.map_or("", |function| self.world.function(function).name.as_str());
        if !is_monitor || self.context != Context::Instance || name.ends_with('_') {
            return root;
        }
        let span = tree.name.span();
        let Some(this) = self.direct_this(span) else { return root };
        let block = Expr::Block { parameters: Vec::new(), body: Box::new(root) };
        let block = Value::new(span, block, Ty::Block);
        let arguments = Arguments::of(vec![block], span);
        let selector = Selector { name: "locked_".into(), ..arguments.shape.clone() };
        let call = self.dynamic_call(this, selector, span, arguments, Ty::Any);
        Node { at: span.start, expr: Expr::Return(Box::new(call.node)) }
    }
}

/// The places where the fields of a class must have their values.
#[derive(Clone, Copy)]
enum FieldsBefore {
    /// At the end of this constructor.
    End(Span),
    /// The call of the super constructor.
    Super(Span),
    /// The first use of the object.
    Use(Span),
    /// No constructor exists that could assign them.
    Nowhere,
    /// A mistake that has been reported hides the place.
    Unknown,
}

/// Returns the name, the place of `super`, and the arguments, if a statement calls the super constructor.
fn super_constructor(statement: &Expression) -> Option<(Option<&Identifier>, Span, &[ast::Argument])> {
    let is_super = |expression: &Expression| matches!(&expression.kind, ExpressionKind::Name(name) if &**name == "super");
    let (target, arguments): (&Expression, &[ast::Argument]) = match &statement.kind {
        ExpressionKind::Call(target, arguments) => (target, arguments),
        _ => (statement, &[]),
    };
    match &target.kind {
        ExpressionKind::Name(_) if is_super(target) => Some((None, target.span, arguments)),
        ExpressionKind::Member(receiver, name) if is_super(receiver) => {
            Some((Some(name), receiver.span, arguments))
        }
        _ => None,
    }
}
