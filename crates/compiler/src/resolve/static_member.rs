//! Lowers what stands behind a prefix or a class: `prefix.name`, `Class.name`, `prefix.Class.name`.

use super::arguments::Arguments;
use super::index::Role;
use super::lower::{Lower, Reference, StaticReceiver, Value};
use super::modules::Found;
use super::world::suggested;
use crate::ast::{self, Expression, ExpressionKind, Identifier};
use crate::diagnostic::Diagnostic;
use crate::ir::{ClassId, Item, ModuleId};
use crate::source::Span;

impl<'a> Lower<'a> {
    /// Lowers `prefix.name`, `Class.name`, `prefix.Class.name`; none if the receiver is a value.
    pub(super) fn static_member(
        &mut self,
        receiver: &'a Expression,
        name: &'a Identifier,
        trees: &'a [ast::Argument],
    ) -> Option<Value> {
        let behind = self.static_receiver(receiver)?;
        self.note_static_receiver(receiver, &behind);
        self.probe_static(&behind, name);
        let arguments = self.arguments(trees, &name.name);
        Some(self.finish_call(arguments, name.span, |lower, arguments| match behind {
            StaticReceiver::Modules(modules) => lower.call_prefixed(&modules, name, arguments),
            StaticReceiver::Class(class) => lower.call_static(class, name, arguments),
        }))
    }

    /// Returns the import prefix or class before a `.`.
    pub(super) fn static_receiver(&self, receiver: &Expression) -> Option<StaticReceiver> {
        match &receiver.kind {
            ExpressionKind::Name(name) => match self.resolve(name) {
                Reference::Prefix(modules) => Some(StaticReceiver::Modules(modules)),
                Reference::Items(items) => match items.first() {
                    Some(Item::Class(class)) => Some(StaticReceiver::Class(*class)),
                    _ => None,
                },
                _ => None,
            },
            ExpressionKind::Member(outer, name) => {
                let ExpressionKind::Name(prefix) = &outer.kind else { return None };
                let Reference::Prefix(modules) = self.resolve(prefix) else { return None };
                match self.modules.look_up_in(self.world, &modules, &name.name).items().first() {
                    Some(Item::Class(class)) => Some(StaticReceiver::Class(*class)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn call_prefixed(&mut self, modules: &[ModuleId], name: &Identifier, arguments: Arguments) -> Value {
        let Some(items) = self.items_in(modules, name) else { return Value::error(name.span) };
        if items.is_empty() {
            return self.missing_in_modules(modules, name);
        }
        self.call_items(&name.name, name.span, &items, arguments)
    }

    /// Returns the items with a name in the modules behind a prefix. Returns none, after an error,
    /// if the name is ambiguous.
    pub(super) fn items_in(&mut self, modules: &[ModuleId], name: &Identifier) -> Option<Vec<Item>> {
        match self.modules.look_up_in(self.world, modules, &name.name) {
            Found::Ambiguous(items) => {
                self.note_items(name.span, &items, Role::Candidate);
                self.ambiguous(&name.name, name.span, Some(modules));
                None
            }
            found => Some(found.items()),
        }
    }

    pub(super) fn ambiguous(&mut self, name: &str, span: Span, behind: Option<&[ModuleId]>) {
        let problem = Diagnostic::error(self.source, span, format!("several imports have a `{name}`"));
        self.report(self.modules.explain_ambiguous(self.world, self.module, behind, name, problem));
    }

    pub(super) fn missing_in_modules(&mut self, modules: &[ModuleId], name: &Identifier) -> Value {
        if modules.iter().any(|module| self.modules.has_lost_exports(*module)) {
            return Value::error(name.span);
        }
        let paths: Vec<&str> =
            modules.iter().map(|module| self.world.module(*module).path.as_str()).collect();
        let have = if paths.len() == 1 { "has" } else { "have" };
        let title = format!("`{}` {have} no `{}`", paths.join("` and `"), name.name);
        let names =
            modules.iter().flat_map(|module| suggested(self.world.own_names(*module), *module, self.module));
        let problem = Diagnostic::error(self.source, name.span, title);
        let near = self.world.suggestions.nearest(&name.name, names.map(|name| &**name));
        self.report(match near {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem,
        });
        Value::error(name.span)
    }

    /// Calls a static member or named constructor of a class. Static members are inherited.
    fn call_static(&mut self, class: ClassId, name: &Identifier, arguments: Arguments) -> Value {
        if self.world.index(class).constructors.contains_key(&name.name) {
            return self.construct(class, &name.name, name.span, arguments);
        }
        let mut items = Vec::new();
        for ancestor in self.world.ancestors(class).iter().copied() {
            items.extend(self.world.index(ancestor).statics.get(&name.name).into_iter().flatten().copied());
            if items.iter().any(|item| self.item_accepts(*item, &arguments.shape)) {
                items.retain(|item| self.item_accepts(*item, &arguments.shape));
                return self.call_items(&name.name, name.span, &items, arguments);
            }
        }
        if !items.is_empty() {
            return self.call_items(&name.name, name.span, &items, arguments);
        }
        self.missing_static(class, name)
    }

    pub(super) fn missing_static(&mut self, class: ClassId, name: &Identifier) -> Value {
        self.note_member_candidates(name.span, &self.world.members(class, &name.name));
        if self.world.is_incomplete(class) {
            return Value::error(name.span);
        }
        let class_name = &self.world.class(class).name;
        let title = format!("`{class_name}` has no static member or constructor `{}`", name.name);
        let mut problem = Diagnostic::error(self.source, name.span, title);
        if !self.world.members(class, &name.name).is_empty() {
            problem = problem.hint(format!("its objects have one: `({class_name}).{}`", name.name));
        } else {
            let names = self.world.static_names(class, self.module).map(|name| &**name);
            if let Some(near) = self.world.suggestions.nearest(&name.name, names) {
                problem = problem.hint(format!("did you mean `{near}`?"));
            }
        }
        self.report(problem);
        Value::error(name.span)
    }
}
