//! Lowers names and calls: the callee, its arguments, and the kind of call.

use super::arguments::Arguments;
use super::habits;
use super::index::{Role, Symbol};
use super::lower::{Candidate, Context, Lower, Reference, Value};
use super::misread;
use super::modules::Found;
use super::routine::VariableId;
use super::shape::{self, accepts, places};
use super::world::Member;
use crate::ast::{self, Expression, ExpressionKind, Identifier};
use crate::diagnostic::Diagnostic;
use crate::ir::{
    ClassId, ClassKind, Expr, FieldRef, Function, FunctionId, FunctionKind, GlobalId, Item, Node, Selector,
    Type,
};
use crate::names::Name;
use crate::source::Span;
use crate::types::{Fit, Ty};

impl<'a> Lower<'a> {
    /// Lowers a name on its own.
    pub(super) fn name(&mut self, name: &'a Name, span: Span) -> Value {
        match &**name {
            "this" => self.this_expression(span),
            "super" => self.super_call(span, Arguments::default()),
            "_" => {
                self.error_hint(span, "`_` has no value", "`_` is for unused values: give this one a name");
                Value::error(span)
            }
            _ => self.call_name(name, span, Arguments::default()),
        }
    }

    fn this_expression(&mut self, span: Span) -> Value {
        self.note_this(span);
        self.probe_name(span);
        if self.context == Context::FieldInitializer {
            self.error(span, "`this` cannot be used while the fields get their first values");
            return Value::error(span);
        }
        match self.this_value(span) {
            Some(this) => this,
            None => {
                self.error(span, "there is no `this` here: this code does not belong to an object");
                Value::error(span)
            }
        }
    }

    /// Lowers `x.name`, `f a b`, `x.name a b`.
    pub(super) fn call_expression(&mut self, expression: &'a Expression) -> Value {
        let span = expression.span;
        let (target, arguments): (&'a Expression, &'a [ast::Argument]) = match &expression.kind {
            ExpressionKind::Call(target, arguments) if arguments.is_empty() => {
                self.empty_parentheses(target, span);
                (target, &[])
            }
            ExpressionKind::Call(target, arguments) => (target, arguments),
            _ => (expression, &[]),
        };
        match &target.kind {
            ExpressionKind::Name(name) => {
                if let Some(error) = self.foreign_call(name, target.span, arguments) {
                    return error;
                }
                let arguments = self.arguments(arguments, name);
                self.finish_call(arguments, target.span, |lower, arguments| match &**name {
                    "super" => lower.super_call(target.span, arguments),
                    "this" => lower.not_callable(target.span),
                    _ => lower.call_name(name, target.span, arguments),
                })
            }
            ExpressionKind::Member(receiver, name) => self.call_member(receiver, name, arguments),
            ExpressionKind::Error => {
                self.arguments(arguments, "");
                Value::error(span)
            }
            _ => {
                let known = self.problems.len();
                self.any(target);
                if self.problems.len() > known {
                    return Value::error(span);
                }
                self.arguments(arguments, "");
                self.not_callable(target.span)
            }
        }
    }

    fn not_callable(&mut self, span: Span) -> Value {
        self.error_hint(span, "this cannot be called", "to call a block or lambda, write `.call` after it");
        Value::error(span)
    }

    /// Adds the nodes before a call, and gives the call's blocks a way to leave it.
    pub(super) fn finish_call(
        &mut self,
        mut arguments: Arguments,
        span: Span,
        call: impl FnOnce(&mut Self, Arguments) -> Value,
    ) -> Value {
        if arguments.are_too_many {
            return Value::error(span);
        }
        let mut before = std::mem::take(&mut arguments.before);
        let exit = arguments.exit;
        let last = arguments.spans.iter().max().copied();
        let are_broken = arguments.are_broken;
        let (hint, minus) = (arguments.hint.take(), arguments.minus.take());
        self.is_mismatched = false;
        let mut value = call(self, arguments);
        match (std::mem::take(&mut self.is_mismatched), last) {
            (true, _) if are_broken => drop(self.problems.pop()),
            (true, Some(last)) => self.explain_mismatch(span, last, hint, minus),
            _ => {}
        }
        if let Some(exit) = exit {
            let node = self.routines.labeled(exit, value.node);
            if matches!(node.expr, Expr::Labeled(..)) {
                value.ty = Ty::Any;
            }
            value.node = node;
        }
        if !before.is_empty() {
            before.push(value.node);
            value.node = Node { at: span.start, expr: Expr::Sequence(before) };
        }
        value
    }

    // Calls by name.

    fn call_name(&mut self, name: &Name, span: Span, arguments: Arguments) -> Value {
        self.probe_name(span);
        match self.resolve(name) {
            Reference::Variable(variable) => self.use_variable(variable, span, &arguments),
            Reference::Members(candidates) => self.call_candidates(name, span, candidates, arguments),
            Reference::Items(items) => self.call_items(name, span, &items, arguments),
            Reference::Prefix(_) => {
                self.modules.note_prefix(self.world, self.source, self.module, name, span);
                let hint = format!("write `{name}.` and a name of that library");
                self.error_hint(span, format!("`{name}` is the prefix of an import, not a value"), hint);
                Value::error(span)
            }
            Reference::Ambiguous => {
                let found = self.modules.look_up(self.world, self.module, name);
                if let Found::Ambiguous(items) = found {
                    self.note_items(span, &items, Role::Candidate);
                }
                self.ambiguous(name, span, None);
                Value::error(span)
            }
            Reference::Nothing => self.unresolved(name, span),
        }
    }

    fn use_variable(&mut self, id: VariableId, span: Span, arguments: &Arguments) -> Value {
        let variable = self.routines.variable(id);
        self.note(span, Symbol::Local(self.source, variable.span), Role::Read);
        let (ty, is_sure, is_later) = (variable.ty, variable.is_sure, variable.is_later);
        if !arguments.values.is_empty() {
            let name = variable.name.clone();
            let title = format!("`{name}` is a variable and takes no arguments");
            let may_be_code = match ty {
                Ty::Class { class, .. } => Some(class) == self.world.builtin.lambda,
                _ => true,
            };
            let is_foreign = arguments.spans.iter().any(|argument| argument.start == span.end);
            self.is_mismatched = !is_foreign;
            if may_be_code {
                self.error_hint(span, title, format!("to call a block or lambda, write `{name}.call`"));
            } else {
                self.error(span, title);
            }
            return Value::error(span);
        }
        if ty == Ty::Block && self.routines.is_outer(id) {
            let name = self.routines.variable(id).name.clone();
            let title = format!("a lambda cannot use `{name}`, a block from around it");
            let lambda = self.routines.current().span;
            let problem = Diagnostic::error(self.source, Span { end: lambda.start + 2, ..lambda }, title);
            let problem = problem.also(self.source, span, "used here");
            self.report(problem.note("the block may have ended when the lambda runs"));
            return Value::error(span);
        }
        let local = self.routines.local(id);
        Value { is_sure: is_sure && !is_later, ..Value::new(span, Expr::Local(local), ty) }
    }

    /// Calls the nearest of several members of the enclosing class that takes these arguments. If
    /// none does, tries the declarations of the module.
    fn call_candidates(
        &mut self,
        name: &Name,
        span: Span,
        candidates: Vec<Candidate>,
        arguments: Arguments,
    ) -> Value {
        let found =
            candidates.iter().copied().find(|candidate| self.candidate_accepts(*candidate, &arguments.shape));
        match found {
            Some(Candidate::Static(item)) => self.call_items(name, span, &[item], arguments),
            Some(Candidate::Instance(member)) => self.call_own_member(name, span, member, arguments),
            None => {
                if let Reference::Items(items) = self.resolve_in_module(name)
                    && items.iter().any(|item| self.item_accepts(*item, &arguments.shape))
                {
                    return self.call_items(name, span, &items, arguments);
                }
                if self.class.is_some_and(|class| self.world.is_incomplete(class)) {
                    return Value::error(span);
                }
                let functions: Vec<FunctionId> = candidates
                    .iter()
                    .filter_map(|candidate| match candidate {
                        Candidate::Instance(Member::Method(id)) | Candidate::Static(Item::Function(id)) => {
                            Some(*id)
                        }
                        _ => None,
                    })
                    .collect();
                self.note_candidates(span, &functions);
                self.no_overload(name, span, &functions, &arguments.shape)
            }
        }
    }

    fn candidate_accepts(&self, candidate: Candidate, shape: &Selector) -> bool {
        match candidate {
            Candidate::Instance(member) => self.member_accepts(member, shape),
            Candidate::Static(item) => self.item_accepts(item, shape),
        }
    }

    pub(super) fn member_accepts(&self, member: Member, shape: &Selector) -> bool {
        match member {
            Member::Method(id) => accepts(self.world.function(id), shape),
            Member::Field(_) => !shape.is_setter && shape.unnamed.is_empty() && shape.named.is_empty(),
        }
    }

    pub(super) fn item_accepts(&self, item: Item, shape: &Selector) -> bool {
        match item {
            Item::Function(id) => accepts(self.world.function(id), shape),
            Item::Global(_) => shape.unnamed.is_empty() && shape.named.is_empty(),
            Item::Class(_) => true,
        }
    }

    /// Lowers a call of a member of the object that the code belongs to.
    fn call_own_member(&mut self, name: &Name, span: Span, member: Member, arguments: Arguments) -> Value {
        match (self.context, member) {
            (Context::Static, _) => {
                self.note_member(span, member, Role::Candidate);
                let title = format!("`{name}` belongs to an object, and there is none here");
                self.error(span, title);
                Value::error(span)
            }
            (Context::FieldInitializer, _) => {
                let title = format!("`{name}` cannot be used while the fields get their first values");
                self.error(span, title);
                Value::error(span)
            }
            (Context::Constructor, Member::Field(field)) if self.is_direct(field) => {
                self.note_member(span, member, Role::Read);
                let ty = self.world.field_type(field);
                match self.direct_this(span) {
                    Some(this) => Value::unsure(span, Expr::Field(Box::new(this.node), field), ty),
                    None => Value::error(span),
                }
            }
            _ => match self.this_value(span) {
                Some(this) => self.call_method(this, name, span, arguments),
                None => Value::error(span),
            },
        }
    }

    // Calls of declarations of modules and classes.

    /// Calls one of several items that share a name.
    pub(super) fn call_items(
        &mut self,
        name: &str,
        span: Span,
        items: &[Item],
        arguments: Arguments,
    ) -> Value {
        match items.first() {
            Some(Item::Class(class)) => self.construct(*class, "", span, arguments),
            Some(Item::Global(global)) if items.len() == 1 => {
                self.read_global(*global, name, span, &arguments)
            }
            _ => {
                let functions: Vec<FunctionId> = items
                    .iter()
                    .filter_map(|item| match item {
                        Item::Function(id) => Some(*id),
                        _ => None,
                    })
                    .collect();
                let found = functions.iter().find(|id| accepts(self.world.function(**id), &arguments.shape));
                match found {
                    Some(function) => {
                        self.note_call(*function, span, &arguments, Role::Read);
                        self.call_function(*function, span, arguments)
                    }
                    None => {
                        self.note_candidates(span, &functions);
                        self.no_overload(name, span, &functions, &arguments.shape)
                    }
                }
            }
        }
    }

    fn read_global(&mut self, global: GlobalId, name: &str, span: Span, arguments: &Arguments) -> Value {
        self.note(span, Symbol::Global(global), Role::Read);
        if !arguments.values.is_empty() {
            self.is_mismatched = true;
            self.error(span, format!("`{name}` is a variable and takes no arguments"));
            return Value::error(span);
        }
        self.global_value(global, span)
    }

    /// Calls a known function, with a check of each argument's type.
    pub(super) fn call_function(&mut self, id: FunctionId, span: Span, arguments: Arguments) -> Value {
        let function = self.world.function(id);
        self.check_arguments(id, &arguments);
        self.warn_of_function(id, span);
        let order = places(function, &arguments.shape);
        let mut nodes: Vec<Option<Node>> = arguments.nodes().into_iter().map(Some).collect();
        let mut ordered = Vec::with_capacity(order.len());
        for place in order {
            let node = place.and_then(|place| nodes.get_mut(place)).and_then(Option::take);
            ordered.push(node.unwrap_or(Node { at: span.start, expr: Expr::Absent }));
        }
        let holder = function.holder.map_or(Ty::Any, Ty::of);
        match function.kind {
            FunctionKind::Constructor => Value::new(span, Expr::New(id, ordered), holder),
            FunctionKind::Factory => {
                let ty = if function.return_type == Type::Any { holder } else { function.return_type.into() };
                Value::unsure(span, Expr::CallStatic(id, ordered), ty)
            }
            _ => Value::new(span, Expr::CallStatic(id, ordered), function.return_type.into()),
        }
    }

    /// Warns about a deprecated function, or about a constructor of a deprecated class.
    fn warn_of_function(&mut self, id: FunctionId, span: Span) {
        let world = self.world;
        let function = world.function(id);
        let class = function.holder.map(|class| world.class(class));
        let is_constructor = matches!(function.kind, FunctionKind::Constructor | FunctionKind::Factory);
        match class.filter(|class| is_constructor && class.deprecated.is_some()) {
            Some(class) => {
                let what = || format!("the class `{}`", class.name);
                self.warn_if_deprecated(what, class.deprecated.as_ref(), span);
            }
            None => {
                let what = || match class {
                    Some(class) => format!("`{}.{}`", class.name, function.name),
                    None => format!("`{}`", function.name),
                };
                self.warn_if_deprecated(what, function.deprecated.as_ref(), span);
            }
        }
    }

    /// Warns about a deprecated member.
    pub(super) fn warn_of_member(&mut self, member: Member, span: Span) {
        match member {
            Member::Method(id) => self.warn_of_function(id, span),
            Member::Field(field) => {
                let world = self.world;
                let class = world.class(field.class);
                let Some(field) = class.fields.get(field.index as usize) else { return };
                let what = || format!("`{}.{}`", class.name, field.name);
                self.warn_if_deprecated(what, field.deprecated.as_ref(), span);
            }
        }
    }

    /// Reports arguments that a function's parameters cannot take.
    pub(super) fn check_arguments(&mut self, id: FunctionId, arguments: &Arguments) {
        let function = self.world.function(id);
        let order = places(function, &arguments.shape);
        for (parameter, place) in function.parameters.iter().zip(order) {
            let Some(place) = place else { continue };
            let (Some(value), Some(span)) = (arguments.values.get(place), arguments.spans.get(place)) else {
                continue;
            };
            if parameter.is_block {
                continue;
            }
            if !parameter.alternatives.is_empty() {
                self.check_alternatives(parameter, value.ty, *span);
                continue;
            }
            let (from, to) = (value.ty, Ty::from(parameter.ty));
            // The type of an optional parameter includes null: see `Declare::parameter`.
            if self.world.fit(from, to) == Fit::No {
                let what = format!("the parameter `{}`", parameter.name);
                self.mismatch(from, to, *span, &what);
            }
        }
    }

    /// Reports that no function of a name takes these arguments. Returns a placeholder for the call.
    pub(super) fn no_overload(
        &mut self,
        name: &str,
        span: Span,
        functions: &[FunctionId],
        shape: &Selector,
    ) -> Value {
        let mut functions = functions.to_vec();
        functions.dedup();
        self.is_mismatched = true;
        let given = shape::describe(shape);
        let title = format!("`{name}` cannot be called with {given}");
        let mut problem = Diagnostic::error(self.source, span, title);
        problem.hints.extend(self.hint_for_lambda(&functions, shape).map(str::to_owned));
        match functions.as_slice() {
            [] => {}
            [only] => {
                let function = self.world.function(*only);
                if let Some(reason) = shape::mismatch(function, shape) {
                    problem = problem.label(reason);
                }
                problem =
                    problem.note(format!("it is declared as `{}`", shape::signature(self.world, function)));
                if let Some(near) = self.nearest_parameter(function, shape) {
                    problem = problem.hint(format!("did you mean `--{near}`?"));
                }
                self.lacks_argument = shape::lacks_argument(function, shape);
                problem = self.explain_declaration_of(*only, problem);
            }
            several => {
                if name == "print" && shape.named.is_empty() && shape.unnamed.len() > 1 {
                    problem =
                        problem.hint("to print several values, put them into one string: `print \"$a $b\"`");
                }
                for id in several.iter().take(8) {
                    problem = problem.note(format!(
                        "there is `{}`",
                        shape::signature(self.world, self.world.function(*id))
                    ));
                }
            }
        }
        self.report(problem);
        Value::error(span)
    }

    /// Returns the parameter that is probably meant by a named argument that a function does not have.
    fn nearest_parameter(&self, function: &'a Function, shape: &Selector) -> Option<&'a str> {
        let named = || function.parameters.iter().filter(|parameter| parameter.is_named);
        let is_known = |name: &str| named().any(|parameter| parameter.name == name);
        let (unknown, _) = shape.named.iter().find(|(name, _)| !is_known(name))?;
        // A parameter that is given under its own name cannot be the one that was meant.
        let is_given = |name: &str| shape.named.iter().any(|(given, _)| given == name);
        let free = named().map(|parameter| parameter.name.as_str()).filter(|name| !is_given(name));
        self.world.suggestions.nearest(unknown, free)
    }

    /// Makes an object, or calls a factory.
    pub(super) fn construct(
        &mut self,
        class: ClassId,
        name: &str,
        span: Span,
        arguments: Arguments,
    ) -> Value {
        let index = self.world.index(class);
        let constructors = index.constructors.get(name).cloned().unwrap_or_default();
        let class_name = self.world.class(class).name.clone();
        if name.is_empty() {
            self.note(span, Symbol::Class(class), Role::Read);
        }
        if constructors.is_empty() {
            let title = match self.world.class_kind(class) {
                ClassKind::Interface => {
                    format!("`{class_name}` is an interface: it has no objects of its own")
                }
                ClassKind::Mixin => format!("`{class_name}` is a mixin: it has no objects of its own"),
                _ => format!("`{class_name}` has only named constructors"),
            };
            let public = index.constructors.keys().filter(|name| !name.ends_with('_'));
            let mut names: Vec<&str> = public.map(|name| &**name).collect();
            names.sort_unstable();
            if names.is_empty() && !index.constructors.is_empty() {
                return self.not_a_value(class, span);
            }
            let mut problem = Diagnostic::error(self.source, span, title);
            if !names.is_empty() {
                problem = problem.note(format!("its constructors are {}", list_of(&class_name, &names)));
            }
            self.report(problem);
            return Value::error(span);
        }
        let found = constructors.iter().find(|id| accepts(self.world.function(**id), &arguments.shape));
        let Some(found) = found else {
            let shown = if name.is_empty() { class_name } else { format!("{class_name}.{name}") };
            self.note_candidates(span, &constructors);
            let error = self.no_overload(&shown, span, &constructors, &arguments.shape);
            self.hint_for_constructor(class);
            return error;
        };
        if self.world.function(*found).kind == FunctionKind::Constructor
            && self.world.class(class).is_abstract
        {
            let title = format!("`{class_name}` is abstract: it has no objects of its own");
            self.error_hint(span, title, "make an object of a class that extends it");
        }
        self.note_call(*found, span, &arguments, Role::Read);
        self.call_function(*found, span, arguments)
    }

    // Members.

    /// Lowers `receiver.name arguments`.
    fn call_member(
        &mut self,
        receiver: &'a Expression,
        name: &'a Identifier,
        trees: &'a [ast::Argument],
    ) -> Value {
        if let ExpressionKind::Name(word) = &receiver.kind {
            if &**word == "super" {
                self.probe_super(name);
                let arguments = self.arguments(trees, &name.name);
                return self.finish_call(arguments, name.span, |lower, arguments| {
                    lower.super_member(receiver.span, name, arguments)
                });
            }
            if let ("this", Context::Constructor, []) = (&**word, self.context, trees)
                && let Some(value) = self.own_field(name)
            {
                self.note_this(receiver.span);
                self.probe_name(receiver.span);
                if let Some(this) = self.this {
                    self.probe_member(self.routines.variable(this).ty, name);
                }
                return value;
            }
        }
        if let Some(value) = self.static_member(receiver, name, trees) {
            return value;
        }
        let mut receiver_value = self.any(receiver);
        self.probe_member(receiver_value.ty, name);
        if name.name.is_empty() {
            // The parser has reported the missing name.
            return Value::error(name.span);
        }
        if receiver_value.ty == Ty::Block {
            if is_block(receiver) {
                let hint = "define it as a variable first";
                self.error_hint(receiver.span, "a block cannot be called where it is written", hint);
            }
            return self.call_block(receiver_value, name, trees);
        }
        receiver_value = self.require_something(receiver_value, receiver.span);
        if self.lacks_colon(receiver_value.ty, name, trees) {
            return Value::error(name.span);
        }
        let mut arguments = self.arguments(trees, &name.name);
        if !arguments.before.is_empty() {
            let mut before = Vec::new();
            self.compute_before(&mut receiver_value, &mut before);
            before.append(&mut arguments.before);
            arguments.before = before;
        }
        self.finish_call(arguments, name.span, |lower, arguments| {
            lower.call_method(receiver_value, &name.name, name.span, arguments)
        })
    }

    /// Lowers `this.field` in a constructor.
    fn own_field(&mut self, name: &Identifier) -> Option<Value> {
        let members = self.world.members(self.class?, &name.name);
        let Some(Member::Field(field)) = members.first().copied() else { return None };
        if !self.is_direct(field) {
            return None;
        }
        let this = self.direct_this(name.span)?;
        self.note(name.span, Symbol::Field(field), Role::Read);
        Some(Value::unsure(name.span, Expr::Field(Box::new(this.node), field), self.world.field_type(field)))
    }

    /// Returns whether a constructor reaches a field directly: a field of its own class, while the
    /// object is not complete.
    pub(super) fn is_direct(&self, field: FieldRef) -> bool {
        !self.super_called && self.class == Some(field.class) && !self.is_kept_code()
    }

    /// Returns whether a field is a final field of the object under construction, and the current code may
    /// run after the construction.
    pub(super) fn is_final_in_kept_code(&self, field: FieldRef) -> bool {
        let is_final = self
            .world
            .class(field.class)
            .fields
            .get(field.index as usize)
            .is_some_and(|field| field.is_final);
        !self.super_called && self.class == Some(field.class) && self.is_kept_code() && is_final
    }

    /// Returns whether the current code may run after the constructor.
    fn is_kept_code(&self) -> bool {
        self.routines.in_lambda() || self.kept_blocks > 0
    }

    /// Lowers `block.call a b`.
    fn call_block(&mut self, block: Value, name: &'a Identifier, trees: &'a [ast::Argument]) -> Value {
        let span = name.span;
        let arguments = self.arguments(trees, &name.name);
        if &*name.name != "call" {
            self.error_hint(span, "a block has no members", "call it with `.call`");
            return Value::error(span);
        }
        if !arguments.shape.named.is_empty() || arguments.shape.unnamed.contains(&true) {
            self.error(span, "a block takes neither named arguments nor blocks");
            return Value::error(span);
        }
        self.finish_call(arguments, span, |_, arguments| {
            Value::unsure(span, Expr::CallBlock(Box::new(block.node), arguments.nodes()), Ty::Any)
        })
    }

    /// Lowers a call whose target depends on the receiver's class.
    pub(super) fn call_method(
        &mut self,
        receiver: Value,
        name: &str,
        span: Span,
        arguments: Arguments,
    ) -> Value {
        let mut ty = Ty::Any;
        if let Some(class) = receiver.ty.class() {
            let members = self.world.members(class, name);
            let found = members.iter().copied().find(|member| self.member_accepts(*member, &arguments.shape));
            if let Some(member) = found {
                self.note_member_call(member, span, &arguments, Role::Read);
                self.warn_of_member(member, span);
            }
            match found {
                Some(Member::Method(id)) => {
                    self.check_arguments(id, &arguments);
                    ty = self.world.function(id).return_type.into();
                }
                Some(Member::Field(field)) => ty = self.world.field_type(field),
                None => {
                    self.note_member_candidates(span, &members);
                    return self.missing_member(class, name, span, &members, &arguments.shape);
                }
            }
        } else {
            self.note(span, Symbol::Member(name.into()), Role::Read);
        }
        let selector = arguments.named(name);
        self.dynamic_call(receiver, selector, span, arguments, ty)
    }

    pub(super) fn dynamic_call(
        &mut self,
        receiver: Value,
        selector: Selector,
        span: Span,
        arguments: Arguments,
        ty: Ty,
    ) -> Value {
        let receiver_type = if receiver.is_sure { receiver.ty.declared() } else { Type::Any };
        let expr = Expr::CallDynamic {
            receiver: Box::new(receiver.node),
            selector,
            arguments: arguments.nodes(),
            receiver_type,
        };
        Value::unsure(span, expr, ty)
    }

    pub(super) fn missing_member(
        &mut self,
        class: ClassId,
        name: &str,
        span: Span,
        members: &[Member],
        shape: &Selector,
    ) -> Value {
        if self.world.is_incomplete(class) {
            return Value::error(span);
        }
        let class_name = self.world.class(class).name.clone();
        if !members.is_empty() {
            let functions: Vec<FunctionId> = members
                .iter()
                .filter_map(|member| match member {
                    Member::Method(id)
                        if !shape.is_setter || self.world.function(*id).kind == FunctionKind::Setter =>
                    {
                        Some(*id)
                    }
                    _ => None,
                })
                .collect();
            return self.no_overload(&format!("{class_name}.{name}"), span, &functions, shape);
        }
        let title = format!("`{class_name}` has no member `{name}`");
        let mut problem = Diagnostic::error(self.source, span, title);
        let names = self.world.member_names(class, self.module).map(|name| &**name);
        let near = habits::known_member(self.world, class, name);
        let hint = habits::hint_for_member(self.world, class, name);
        // A key is more likely than a member if the name has a capital letter.
        let is_meant_so = hint.is_some() && (&*class_name != "Map" || name.contains(char::is_uppercase));
        let near = near.or_else(|| self.world.suggestions.nearest(name, names).filter(|_| !is_meant_so));
        let is_static = self.world.index(class).statics.contains_key(name);
        if is_static {
            problem = problem.hint(format!("it is static: write `{class_name}.{name}`"));
        } else {
            problem.hints.extend(near.map(|near| format!("did you mean `{near}`?")));
            problem.hints.extend(hint);
            if shape.is_setter && self.class == Some(class) && near.is_none() {
                problem.hints.push(format!("{} `{name} := null`", misread::FIELD));
            }
        }
        self.report(problem);
        Value::error(span)
    }
}

/// Returns whether the expression is a block literal.
fn is_block(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Parenthesized(inner) => is_block(inner),
        kind => matches!(kind, ExpressionKind::Block(..)),
    }
}

fn list_of(class: &str, names: &[&str]) -> String {
    names.iter().map(|name| format!("`{class}.{name}`")).collect::<Vec<_>>().join(", ")
}
