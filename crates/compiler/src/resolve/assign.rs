//! Lowers assignments: to variables, members and elements, plain and with an operator.

use super::arguments::Arguments;
use super::index::{Role, Symbol};
use super::lower::{Candidate, Context, Lower, Reference, StaticReceiver, Value};
use super::routine::VariableId;
use super::shape::accepts;
use super::world::Member;
use crate::ast::{Expression, ExpressionKind, FOREIGN_ASSIGNMENT, Identifier};
use crate::diagnostic::{Diagnostic, Severity};
use crate::ir::{
    ClassId, Expr, FieldRef, FunctionId, FunctionKind, GlobalId, Item, ModuleId, Node, Selector, Type,
};
use crate::names::Name;
use crate::source::Span;
use crate::types::{Fit, Ty};

/// The target of an assignment, with everything on the left side computed.
enum Target {
    Variable(VariableId, Span),
    Global(GlobalId, Span),
    /// A field of the object under construction.
    OwnField(FieldRef, Span),
    /// A member, by its setter.
    Member(Value, Name, Span),
    /// A member of the superclass.
    Super(Name, Span),
    Element(Value, Value, Span),
    /// A setter that does not belong to an object, with the item that reads the same name, if there
    /// is one.
    Setter(FunctionId, Option<Item>, Span),
    /// A target with an error that has been reported.
    Error(Span),
}

/// The new value: a value, or the result of an operator on the old value and an operand.
enum Update<'a> {
    Plain(&'a Expression),
    Compound(&'static str, Span, &'a Expression),
    Step(&'static str, Span),
}

impl<'a> Lower<'a> {
    pub(super) fn assign(
        &mut self,
        target: &'a Expression,
        operator: Option<&'static str>,
        at: Span,
        value: &'a Expression,
        is_wanted: bool,
    ) -> Value {
        let update = match operator {
            Some(FOREIGN_ASSIGNMENT) => return self.foreign_assignment(target, value),
            None => Update::Plain(value),
            Some(operator) => Update::Compound(operator, at, value),
        };
        self.update(target, update, is_wanted)
    }

    /// Lowers `x++`, `x--`. The value is the old value of the target.
    pub(super) fn increment(
        &mut self,
        target: &'a Expression,
        operator: &'static str,
        at: Span,
        is_wanted: bool,
    ) -> Value {
        self.update(target, Update::Step(operator, at), is_wanted)
    }

    fn update(&mut self, target: &'a Expression, update: Update<'a>, is_wanted: bool) -> Value {
        let span = target.span;
        let mut before = Vec::new();
        let is_compound = !matches!(update, Update::Plain(_));
        let mut target = self.target(target, is_compound, &mut before);
        let mut old = None;
        let (value, value_span) = match update {
            Update::Plain(value) => (self.assigned_value(&target, value), value.span),
            Update::Compound(operator, at, value) => {
                let left = self.old_value(&mut target);
                let right = self.value(value);
                (self.operate(left, operator, at, right, value.span), value.span)
            }
            Update::Step(operator, at) => {
                let mut left = self.old_value(&mut target);
                if is_wanted {
                    self.compute_before(&mut left, &mut before);
                    old = Some(Value { node: left.node.clone(), ..left });
                }
                let one = Value::new(at, Expr::Int(1), self.builtin(self.world.builtin.int));
                (self.operate(left, operator, at, one, at), at)
            }
        };
        let mut result = self.write(target, value, value_span, is_wanted && old.is_none());
        if let Some(old) = old {
            before.push(result.node);
            result = old;
        }
        if !before.is_empty() {
            before.push(result.node);
            result.node = Node { at: span.start, expr: Expr::Sequence(before) };
        }
        result
    }

    fn assigned_value(&mut self, target: &Target, value: &'a Expression) -> Value {
        if let Target::Variable(variable, span) = target
            && self.routines.variable(*variable).ty == Ty::Block
        {
            self.error(*span, "a variable that holds a block cannot be assigned");
        }
        if let (Target::Variable(variable, span), ExpressionKind::Name(name)) = (target, &value.kind)
            && self.routines.find(name) == Some(*variable)
        {
            self.warn_of_self_assignment(name, *span);
        }
        self.value(value)
    }

    fn warn_of_self_assignment(&mut self, name: &Name, span: Span) {
        let problem = Diagnostic::warning(self.source, span, format!("`{name}` is assigned to itself"));
        let is_field = self.class.is_some_and(|class| {
            let members = self.world.members(class, name);
            members.iter().any(|member| matches!(member, Member::Field(_)))
        });
        self.report(match is_field && self.context != Context::Static {
            true => problem.hint(format!("to assign the field, write `this.{name}`")),
            false => problem,
        });
    }

    // Targets.

    /// Computes the left side of an assignment. Parts that are needed twice go into locals of their
    /// own.
    fn target(&mut self, target: &'a Expression, is_compound: bool, before: &mut Vec<Node>) -> Target {
        match &target.kind {
            ExpressionKind::Name(name) => self.name_target(name, target.span, is_compound),
            ExpressionKind::Member(receiver, name) => self.member_target(receiver, name, is_compound, before),
            ExpressionKind::Index(tree, arguments) => {
                let receiver = &**tree;
                let mut receiver = self.value(receiver);
                if is_compound {
                    self.compute_before(&mut receiver, before);
                }
                let [argument] = arguments.as_slice() else {
                    self.error(target.span, "an element is assigned by one index");
                    return Target::Error(target.span);
                };
                let mut index = self.value(argument);
                self.check_index(receiver.ty, tree, argument, false);
                if is_compound {
                    self.compute_before(&mut index, before);
                }
                Target::Element(receiver, index, argument.span)
            }
            ExpressionKind::Slice(..) => {
                self.error_hint(target.span, "a slice cannot be assigned", "use `replace`");
                Target::Error(target.span)
            }
            _ => Target::Error(target.span),
        }
    }

    fn name_target(&mut self, name: &'a Name, span: Span, is_compound: bool) -> Target {
        self.probe_name(span);
        match self.resolve(name) {
            Reference::Variable(_) if &**name == "this" => {
                self.error(span, "`this` cannot be assigned");
                Target::Error(span)
            }
            Reference::Variable(variable) => Target::Variable(variable, span),
            Reference::Members(candidates) => self.candidate_target(name, span, &candidates),
            Reference::Items(items) => self.item_target(name, span, &items, None),
            Reference::Nothing if &**name == "super" => self.super_target(span),
            Reference::Nothing | Reference::Prefix(_) | Reference::Ambiguous => {
                match self.setter_in_module(name) {
                    Some(setter) => Target::Setter(setter, None, span),
                    None => {
                        if !matches!(self.resolve(name), Reference::Nothing) {
                            self.error(span, format!("`{name}` cannot be assigned"));
                        } else {
                            self.undeclared(name, span, is_compound);
                        }
                        Target::Error(span)
                    }
                }
            }
        }
    }

    /// Lowers `super = value`, in a setter.
    fn super_target(&mut self, span: Span) -> Target {
        let function = self.function.map(|function| self.world.function(function));
        match function {
            Some(function) if function.kind == FunctionKind::Setter => {
                Target::Super(function.name.as_str().into(), span)
            }
            _ => {
                self.error(span, "`super` can be assigned only in a setter");
                Target::Error(span)
            }
        }
    }

    fn setter_in_module(&self, name: &str) -> Option<FunctionId> {
        match self.resolve_in_module(&format!("{name}=")) {
            Reference::Items(items) => items.iter().find_map(|item| match item {
                Item::Function(id) => Some(*id),
                _ => None,
            }),
            _ => None,
        }
    }

    fn candidate_target(&mut self, name: &'a Name, span: Span, candidates: &[Candidate]) -> Target {
        for candidate in candidates {
            match candidate {
                Candidate::Static(Item::Global(global)) => return Target::Global(*global, span),
                Candidate::Instance(member) => return self.own_member_target(name, span, *member),
                Candidate::Static(_) => {}
            }
        }
        let reader = candidates.iter().find_map(|candidate| match candidate {
            Candidate::Static(item) => Some(*item),
            Candidate::Instance(_) => None,
        });
        if let Some(class) = self.class
            && let Some(setter) = self.static_setter(class, name)
        {
            return Target::Setter(setter, reader, span);
        }
        self.error(span, format!("`{name}` cannot be assigned"));
        Target::Error(span)
    }

    fn own_member_target(&mut self, name: &'a Name, span: Span, member: Member) -> Target {
        match (self.context, member) {
            (Context::Static, _) => {
                self.error(span, format!("`{name}` belongs to an object, and there is none here"));
                Target::Error(span)
            }
            (Context::Constructor, Member::Field(field)) if self.is_direct(field) => {
                Target::OwnField(field, span)
            }
            (Context::Constructor, Member::Field(field)) if self.is_final_in_kept_code(field) => {
                let problem = Diagnostic::error(
                    self.source,
                    span,
                    format!("`{name}` is final and cannot be assigned by code that may run later"),
                );
                self.report(problem.note("a lambda or a block in a variable may outlive the constructor"));
                Target::Error(span)
            }
            (Context::FieldInitializer, _) => {
                let title = format!("`{name}` cannot be used while the fields get their first values");
                self.error(span, title);
                Target::Error(span)
            }
            _ => match self.this_value(span) {
                Some(this) => Target::Member(this, name.clone(), span),
                None => Target::Error(span),
            },
        }
    }

    fn item_target(&mut self, name: &str, span: Span, items: &[Item], within: Option<&[ModuleId]>) -> Target {
        match items.first() {
            Some(Item::Global(global)) => return Target::Global(*global, span),
            Some(Item::Class(_)) => {
                self.error(span, format!("`{name}` is a class and cannot be assigned"));
                return Target::Error(span);
            }
            _ => {}
        }
        let setter = match within {
            None => self.setter_in_module(name),
            Some(modules) => {
                let items = self.modules.look_up_in(self.world, modules, &format!("{name}=")).items();
                items.iter().find_map(|item| match item {
                    Item::Function(id) => Some(*id),
                    _ => None,
                })
            }
        };
        match setter {
            Some(setter) => Target::Setter(setter, items.first().copied(), span),
            None => {
                self.error(span, format!("`{name}` cannot be assigned: it has no setter `{name}=`"));
                Target::Error(span)
            }
        }
    }

    fn static_setter(&self, class: ClassId, name: &str) -> Option<FunctionId> {
        let name = format!("{name}=");
        self.world.ancestors(class).iter().find_map(|ancestor| {
            self.world.index(*ancestor).statics.get(&*name)?.iter().find_map(|item| match item {
                Item::Function(id) => Some(*id),
                _ => None,
            })
        })
    }

    fn member_target(
        &mut self,
        receiver: &'a Expression,
        name: &'a Identifier,
        is_compound: bool,
        before: &mut Vec<Node>,
    ) -> Target {
        if let ExpressionKind::Name(word) = &receiver.kind {
            let own = &**word == "this" && self.context == Context::Constructor;
            if let (true, Some(class)) = (own, self.class) {
                match self.world.members(class, &name.name).first().copied() {
                    Some(Member::Field(field)) if self.is_direct(field) => {
                        self.note_this(receiver.span);
                        self.probe_name(receiver.span);
                        self.probe_member(Ty::of(class), name);
                        return Target::OwnField(field, name.span);
                    }
                    _ => {}
                }
            }
        }
        if matches!(&receiver.kind, ExpressionKind::Name(word) if &**word == "super") {
            return Target::Super(name.name.clone(), name.span);
        }
        let behind = self.static_receiver(receiver);
        if let Some(behind) = &behind {
            self.note_static_receiver(receiver, behind);
            self.probe_static(behind, name);
        }
        match behind {
            Some(StaticReceiver::Modules(modules)) => {
                let Some(items) = self.items_in(&modules, name) else { return Target::Error(name.span) };
                let setter = self.modules.look_up_in(self.world, &modules, &format!("{}=", name.name));
                let has_setter = !setter.items().is_empty();
                if items.is_empty() && !has_setter {
                    self.missing_in_modules(&modules, name);
                    return Target::Error(name.span);
                }
                self.item_target(&name.name, name.span, &items, Some(&modules))
            }
            Some(StaticReceiver::Class(class)) if !self.is_member_of_new(class, receiver, name) => {
                self.static_target(class, name)
            }
            Some(StaticReceiver::Class(_)) | None => {
                let mut receiver = self.value(receiver);
                self.probe_member(receiver.ty, name);
                if is_compound {
                    self.compute_before(&mut receiver, before);
                }
                Target::Member(receiver, name.name.clone(), name.span)
            }
        }
    }

    /// Returns whether an assignment to `prefix.Class.name` assigns a member of a new object: the class has no
    /// static member with this name, but its objects have a member. To read `prefix.Class.name` is an error then.
    fn is_member_of_new(&self, class: ClassId, receiver: &Expression, name: &Identifier) -> bool {
        let setter = format!("{}=", name.name);
        let has_static = self.world.ancestors(class).iter().any(|ancestor| {
            let statics = &self.world.index(*ancestor).statics;
            statics.contains_key(&name.name) || statics.contains_key(&*setter)
        });
        matches!(receiver.kind, ExpressionKind::Member(..))
            && !has_static
            && !self.world.members(class, &name.name).is_empty()
    }

    fn static_target(&mut self, class: ClassId, name: &Identifier) -> Target {
        let mut reader = None;
        for ancestor in self.world.ancestors(class).iter().copied() {
            for item in self.world.index(ancestor).statics.get(&name.name).into_iter().flatten() {
                if let Item::Global(global) = item {
                    return Target::Global(*global, name.span);
                }
                reader.get_or_insert(*item);
            }
        }
        match self.static_setter(class, &name.name) {
            Some(setter) => Target::Setter(setter, reader, name.span),
            None if reader.is_some() => {
                let (class, member) = (&self.world.class(class).name, &name.name);
                let title = format!("`{class}.{member}` cannot be assigned: it has no setter `{member}=`");
                self.error(name.span, title);
                Target::Error(name.span)
            }
            None => {
                self.missing_static(class, name);
                Target::Error(name.span)
            }
        }
    }

    // Reading and writing.

    /// Reads a target that is written afterwards. Writing does not report the member or the index again.
    fn old_value(&mut self, target: &mut Target) -> Value {
        let known = self.problems.len();
        let value = self.read(target);
        let is_refused = self.problems.iter().skip(known).any(|new| new.severity == Severity::Error);
        match target {
            Target::Element(_, index, _) if is_refused => index.ty = Ty::Any,
            Target::Member(receiver, ..) if is_refused => receiver.ty = Ty::Any,
            _ => {}
        }
        value
    }

    fn read(&mut self, target: &Target) -> Value {
        match target {
            Target::Variable(variable, span) => {
                let defined = self.routines.variable(*variable).span;
                self.note(*span, Symbol::Local(self.source, defined), Role::Read);
                let local = self.routines.local(*variable);
                let (ty, is_sure) =
                    (self.routines.variable(*variable).ty, self.routines.variable(*variable).is_sure);
                Value { is_sure, ..Value::new(*span, Expr::Local(local), ty) }
            }
            Target::Global(global, span) => {
                self.note(*span, Symbol::Global(*global), Role::Read);
                self.global_value(*global, *span)
            }
            Target::OwnField(field, span) => match self.direct_this(*span) {
                Some(this) => {
                    let ty = self.world.field_type(*field);
                    Value::unsure(*span, Expr::Field(Box::new(this.node), *field), ty)
                }
                None => Value::error(*span),
            },
            Target::Member(receiver, name, span) => {
                let receiver = copy(receiver);
                self.call_method(receiver, name, *span, Arguments::default())
            }
            Target::Super(name, span) => self.super_method(name, *span, Arguments::default()),
            Target::Element(receiver, index, span) => {
                let (receiver, index) = (copy(receiver), copy(index));
                self.call_method(receiver, "[]", *span, Arguments::of(vec![index], *span))
            }
            Target::Setter(setter, reader, span) => match reader {
                Some(item) => self.call_items("", *span, &[*item], Arguments::default()),
                None => {
                    let name = self.world.function(*setter).name.clone();
                    self.error(*span, format!("`{}` can only be assigned", name.trim_end_matches('=')));
                    Value::error(*span)
                }
            },
            Target::Error(span) => Value::error(*span),
        }
    }

    fn write(&mut self, target: Target, value: Value, value_span: Span, is_wanted: bool) -> Value {
        let (ty, is_sure) = (value.ty, value.is_sure);
        match target {
            Target::Variable(variable, span) => self.write_variable(variable, span, value, value_span),
            Target::Global(global, span) => {
                self.note(span, Symbol::Global(global), Role::Write);
                let declared = self.world.global(global);
                if declared.is_final {
                    let title = format!("`{}` is final and cannot be assigned", declared.name);
                    self.error_hint(span, title, "define it with `:=` to make it assignable");
                }
                let known = self.global_type(global);
                let is_declared = self.world.global(global).ty != Type::Any;
                let node = if is_declared || self.world.fit(ty, known) == Fit::No {
                    self.convert(value, known, value_span, "this variable")
                } else {
                    value.node
                };
                Value { is_sure, ..Value::new(span, Expr::SetGlobal(global, Box::new(node)), ty) }
            }
            Target::OwnField(field, span) => {
                self.note(span, Symbol::Field(field), Role::Write);
                let node = self.set_own_field(field, span, value, value_span);
                Value { node, ty, is_sure }
            }
            Target::Member(receiver, name, span) => {
                let field = self.field_behind(&receiver, &name);
                let set = |lower: &mut Self, mut left: Vec<Value>, value| {
                    let receiver = left.pop().unwrap_or_else(|| Value::error(span));
                    lower.call_setter(receiver, &name, span, value, value_span)
                };
                let result = self.set_with_temporaries(vec![receiver], value, is_wanted, set);
                // A value of unknown type has passed the field's check.
                match field {
                    Some(ty) if is_wanted && result.ty == Ty::Any => Value { ty, is_sure: false, ..result },
                    _ => result,
                }
            }
            Target::Super(name, span) => {
                self.set_with_temporaries(Vec::new(), value, is_wanted, |lower, _, value| {
                    lower.super_setter(&name, span, value)
                })
            }
            Target::Element(receiver, index, span) => {
                self.set_with_temporaries(vec![receiver, index], value, is_wanted, |lower, left, value| {
                    let mut left = left.into_iter();
                    let receiver = left.next().unwrap_or_else(|| Value::error(span));
                    let values = left.chain([value]).collect();
                    let arguments = Arguments::at(values, vec![span, value_span]);
                    lower.call_method(receiver, "[]=", span, arguments)
                })
            }
            Target::Setter(setter, _, span) => {
                self.set_with_temporaries(Vec::new(), value, is_wanted, |lower, _, value| {
                    let arguments = Arguments::of(vec![value], value_span);
                    lower.note(span, Symbol::Function(setter), Role::Write);
                    if !accepts(lower.world.function(setter), &arguments.shape) {
                        let name = lower.world.function(setter).name.clone();
                        return lower.no_overload(&name, span, &[setter], &arguments.shape);
                    }
                    lower.call_function(setter, span, arguments)
                })
            }
            Target::Error(span) => Value { node: value.node, ..Value::error(span) },
        }
    }

    /// Returns the type of the field that an assignment to a member sets.
    fn field_behind(&self, receiver: &Value, name: &str) -> Option<Ty> {
        let members = self.world.members(receiver.ty.class()?, name);
        members.iter().find_map(|member| match member {
            Member::Field(field) => Some(self.world.field_type(*field)),
            Member::Method(_) => None,
        })
    }

    /// Calls a setter and drops its result. Returns the value of the assignment, which it keeps in a local if the value is used.
    fn set_with_temporaries(
        &mut self,
        mut left: Vec<Value>,
        mut value: Value,
        is_wanted: bool,
        set: impl FnOnce(&mut Self, Vec<Value>, Value) -> Value,
    ) -> Value {
        let at = value.node.at;
        if !is_wanted {
            let result = set(self, left, value);
            return Value { node: result.node, ty: Ty::Any, is_sure: false };
        }
        let mut nodes = Vec::new();
        for part in &mut left {
            self.compute_before(part, &mut nodes);
        }
        self.compute_before(&mut value, &mut nodes);
        let result = copy(&value);
        nodes.push(set(self, left, value).node);
        nodes.push(result.node);
        Value { node: Node { at, expr: Expr::Sequence(nodes) }, ty: result.ty, is_sure: result.is_sure }
    }

    fn write_variable(&mut self, id: VariableId, span: Span, value: Value, value_span: Span) -> Value {
        let (ty, is_sure) = (value.ty, value.is_sure);
        if self.routines.is_outer(id)
            && self.routines.variable(id).is_final
            && self.routines.variable(id).is_later
        {
            let title =
                format!("`{}` is final and cannot be assigned by a lambda", self.routines.variable(id).name);
            self.error_hint(span, title, "the lambda may run more than once, or never");
        }
        let variable = self.routines.variable(id);
        if variable.is_final && !variable.is_later {
            let title = format!("`{}` is final and cannot be assigned", variable.name);
            let defined = variable.span;
            let problem =
                Diagnostic::error(self.source, span, title).also(self.source, defined, "defined here");
            self.report(problem.hint("define it with `:=` to make it assignable"));
        }
        self.note(span, Symbol::Local(self.source, self.routines.variable(id).span), Role::Write);
        let (known, is_declared) = (self.routines.variable(id).ty, self.routines.variable(id).is_declared);
        let is_checked = is_declared || self.world.fit(ty, known) == Fit::No;
        let node = if known != Ty::Block && is_checked {
            self.convert(value, known, value_span, "this variable")
        } else {
            value.node
        };
        let local = self.routines.local(id);
        Value { is_sure, ..Value::new(span, Expr::SetLocal(local, Box::new(node)), ty) }
    }

    /// Stores into a field of the object under construction.
    pub(super) fn set_own_field(
        &mut self,
        field: FieldRef,
        span: Span,
        value: Value,
        value_span: Span,
    ) -> Node {
        let declared = &self.world.class(field.class).fields[field.index as usize];
        self.final_field_set |= declared.is_final;
        let ty = declared.ty.into();
        let node = self.convert(value, ty, value_span, "this field");
        match self.direct_this(span) {
            Some(this) => {
                Node { at: span.start, expr: Expr::SetField(Box::new(this.node), field, Box::new(node)) }
            }
            None => node,
        }
    }

    /// Lowers `receiver.name = value`.
    pub(super) fn call_setter(
        &mut self,
        receiver: Value,
        name: &str,
        span: Span,
        value: Value,
        value_span: Span,
    ) -> Value {
        let selector =
            Selector { name: name.to_owned(), is_setter: true, unnamed: vec![false], named: Vec::new() };
        if let Some(class) = receiver.ty.class() {
            let members = self.world.members(class, name);
            let setter = members.iter().copied().find(|member| match member {
                Member::Method(id) => self.world.function(*id).kind == FunctionKind::Setter,
                Member::Field(_) => true,
            });
            if let Some(member) = setter {
                self.note_member(span, member, Role::Write);
                self.warn_of_member(member, span);
            }
            match setter {
                Some(Member::Field(field)) => self.check_field_store(field, span, &value, value_span),
                Some(Member::Method(id)) => {
                    let arguments = Arguments::of(vec![copy(&value)], value_span);
                    self.check_arguments(id, &arguments);
                }
                None if members.is_empty() => {
                    return self.missing_member(class, name, span, &members, &selector);
                }
                None => {
                    self.note_member_candidates(span, &members);
                    let class = &self.world.class(class).name;
                    let title = format!("`{class}.{name}` cannot be assigned: it has no setter `{name}=`");
                    self.error(span, title);
                    return Value::error(span);
                }
            }
        }
        if receiver.ty.class().is_none() {
            self.note(span, Symbol::Member(name.into()), Role::Write);
        }
        self.dynamic_call(receiver, selector, span, Arguments::of(vec![value], value_span), Ty::Any)
    }

    fn check_field_store(&mut self, field: FieldRef, span: Span, value: &Value, value_span: Span) {
        let declared = &self.world.class(field.class).fields[field.index as usize];
        if declared.is_final {
            let title = format!("the field `{}` is final and cannot be assigned", declared.name);
            self.error_hint(span, title, "declare it with `:=` to make it assignable; only the constructor sets a final field, before it uses `this`");
        } else if self.world.fit(value.ty, declared.ty.into()) == Fit::No {
            self.mismatch(value.ty, declared.ty.into(), value_span, "this field");
        }
    }
}

/// Returns the same value once more. Computing it twice must be harmless.
fn copy(value: &Value) -> Value {
    Value { node: value.node.clone(), ty: value.ty, is_sure: value.is_sure }
}
