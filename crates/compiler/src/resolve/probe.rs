//! The possible names at the place that an editor asks about: see [`super::index::Site`].

use super::index::{Site, SiteKind, Symbol};
use super::lower::{Context, Lower, StaticReceiver};
use super::modules::{Found, Modules, SourceModule};
use super::routine::Target;
use super::world::{Member, World};
use crate::ast::{Identifier, TypeName};
use crate::ir::{ClassId, FunctionKind, Item, ModuleId};
use crate::source::{SourceId, Span};
use crate::types::Ty;
use rustc_hash::FxHashSet;

type Names = Vec<(Box<str>, Symbol)>;

impl Lower<'_> {
    /// Notes the possible names of an expression, if they are requested for this place.
    pub(super) fn probe_name(&self, span: Span) {
        let notes = &self.world.notes;
        if !notes.is_probed(self.source, span) {
            return;
        }
        let mut names = Names::new();
        for (name, definition) in self.routines.visible() {
            if definition.start < definition.end {
                names.push((name.as_ref().into(), Symbol::Local(self.source, definition)));
            }
        }
        if let Some(class) = self.class {
            if self.this.is_some() {
                add_members(self.world, class, &mut names);
            }
            add_statics(self.world, class, false, &mut names);
        }
        add_visible(self.world, self.modules, self.module, &mut names);
        notes.set_site(Site { kind: SiteKind::Expression, span, names, receiver: None });
    }

    /// Notes the possible members of a value.
    pub(super) fn probe_member(&self, receiver: Ty, name: &Identifier) {
        let notes = &self.world.notes;
        if !notes.is_probed(self.source, name.span) {
            return;
        }
        let mut names = Names::new();
        match receiver {
            Ty::Class { class, .. } => add_members(self.world, class, &mut names),
            Ty::Block => names.push(("call".into(), Symbol::Member("call".into()))),
            // Everything has the members of `Object`.
            Ty::Any | Ty::Null => {
                if let Some(object) = self.world.builtin.object {
                    add_members(self.world, object, &mut names);
                }
            }
            Ty::None | Ty::Never => {}
        }
        notes.set_site(Site { kind: SiteKind::Member, span: name.span, names, receiver: Some(receiver) });
    }

    /// Notes the possible names behind a class or prefix.
    pub(super) fn probe_static(&self, behind: &StaticReceiver, name: &Identifier) {
        let notes = &self.world.notes;
        if !notes.is_probed(self.source, name.span) {
            return;
        }
        let mut names = Names::new();
        let kind = match behind {
            StaticReceiver::Modules(modules) => {
                for module in modules {
                    add_exported(self.world, self.modules, *module, &mut names);
                }
                SiteKind::Prefixed
            }
            StaticReceiver::Class(class) => {
                add_statics(self.world, *class, true, &mut names);
                SiteKind::Static
            }
        };
        notes.set_site(Site { kind, span: name.span, names, receiver: None });
    }

    /// Notes the constructors of the superclass, or the members of the value of `super`.
    pub(super) fn probe_super(&self, name: &Identifier) {
        let notes = &self.world.notes;
        if !notes.is_probed(self.source, name.span) {
            return;
        }
        let Some(superclass) = self.class.and_then(|class| self.world.class(class).superclass) else {
            return;
        };
        let mut names = Names::new();
        if self.context == Context::Constructor {
            for (name, constructors) in &self.world.index(superclass).constructors {
                let makers = constructors
                    .iter()
                    .filter(|id| self.world.function(**id).kind == FunctionKind::Constructor);
                if !name.is_empty() {
                    names.extend(makers.map(|id| (name.as_ref().into(), Symbol::Function(*id))));
                }
            }
        }
        notes.set_site(Site { kind: SiteKind::Static, span: name.span, names, receiver: None });
    }

    /// Notes the blocks and lambdas that `break` and `continue` can name.
    pub(super) fn probe_label(&self, targets: &[Target], label: &Identifier) {
        let notes = &self.world.notes;
        if !notes.is_probed(self.source, label.span) {
            return;
        }
        let mut names = Names::new();
        for target in targets {
            if let Target::Code { name: Some(name), at, .. } = target {
                names.push((name.as_ref().into(), Symbol::Label(self.source, *at)));
            }
        }
        notes.set_site(Site { kind: SiteKind::Label, span: label.span, names, receiver: None });
    }
}

/// Notes the possible types, if they are requested for this place.
pub(super) fn probe_type(
    world: &World,
    modules: &Modules,
    module: ModuleId,
    source: SourceId,
    name: &TypeName,
) {
    let notes = &world.notes;
    let in_prefix = name.prefix.as_ref().is_some_and(|prefix| notes.is_probed(source, prefix.span));
    if !in_prefix && !notes.is_probed(source, name.name.span) {
        return;
    }
    let mut names = Names::new();
    let (kind, span) = match &name.prefix {
        Some(prefix) if !in_prefix => {
            if let Found::Prefix(behind) = modules.look_up(world, module, &prefix.name) {
                for module in behind {
                    add_exported(world, modules, module, &mut names);
                }
            }
            (SiteKind::PrefixedType, name.name.span)
        }
        prefix => {
            add_visible(world, modules, module, &mut names);
            (SiteKind::Type, prefix.as_ref().map_or(name.name.span, |prefix| prefix.span))
        }
    };
    names.retain(|(_, symbol)| matches!(symbol, Symbol::Class(_) | Symbol::Prefix(..)));
    notes.set_site(Site { kind, span, names, receiver: None });
}

impl Modules {
    /// Notes the names that an import can show.
    pub(super) fn probe_shown(&self, world: &World, source: SourceId, module: ModuleId, name: &Identifier) {
        if world.notes.is_probed(source, name.span) {
            let mut names = Names::new();
            add_exported(world, self, module, &mut names);
            world.notes.set_site(Site { kind: SiteKind::Shown, span: name.span, names, receiver: None });
        }
    }

    /// Notes the names that a module can export.
    pub(super) fn probe_exported(&self, world: &World, source: &SourceModule, name: &Identifier) {
        if world.notes.is_probed(source.source, name.span) {
            let mut names = Names::new();
            add_visible(world, self, source.id, &mut names);
            names.retain(|(_, symbol)| !matches!(symbol, Symbol::Prefix(..)));
            world.notes.set_site(Site { kind: SiteKind::Exported, span: name.span, names, receiver: None });
        }
    }
}

/// Adds the instance members of a class.
pub(super) fn add_members(world: &World, class: ClassId, names: &mut Names) {
    for ancestor in world.ancestors(class).iter().copied() {
        for (name, members) in &world.index(ancestor).members {
            for member in members {
                let symbol = match member {
                    Member::Method(id) => Symbol::Function(*id),
                    Member::Field(field) => Symbol::Field(*field),
                };
                names.push((name.as_ref().into(), symbol));
            }
        }
    }
}

/// Adds the static members of a class, and its named constructors.
pub(super) fn add_statics(world: &World, class: ClassId, with_constructors: bool, names: &mut Names) {
    for ancestor in world.ancestors(class).iter().copied() {
        for (name, items) in &world.index(ancestor).statics {
            let name = name.strip_suffix('=').unwrap_or(name);
            names.extend(items.iter().map(|item| (name.into(), Symbol::from(*item))));
        }
    }
    if with_constructors {
        for (name, constructors) in &world.index(class).constructors {
            if !name.is_empty() {
                names.extend(constructors.iter().map(|id| (name.as_ref().into(), Symbol::Function(*id))));
            }
        }
    }
}

/// Adds the names that a module sees at its top level.
pub(super) fn add_visible(world: &World, modules: &Modules, module: ModuleId, names: &mut Names) {
    let all: FxHashSet<_> = modules.visible_names(world, module).into_iter().collect();
    for name in all {
        let shown =
            name.strip_suffix('=').filter(|rest| !rest.is_empty() && !rest.ends_with(['=', '<', '>', '!']));
        let shown = shown.unwrap_or(&name);
        match modules.look_up(world, module, &name) {
            Found::Items(items) | Found::Ambiguous(items) => {
                names.extend(items.into_iter().map(|item| (shown.into(), Symbol::from(item))));
            }
            Found::Prefix(_) => {
                let source = modules.source_of(module);
                let imports = source.map_or(&[][..], |source| &source.imports);
                let mut prefixes = imports.iter().filter_map(|import| import.prefix.as_ref());
                let prefix = prefixes.find(|prefix| prefix.name == name);
                if let (Some(source), Some(prefix)) = (source, prefix) {
                    names.push((shown.into(), Symbol::Prefix(source.source, prefix.span)));
                }
            }
            Found::Nothing => {}
        }
    }
}

/// Adds the names that importers of a module see.
pub(super) fn add_exported(world: &World, modules: &Modules, module: ModuleId, names: &mut Names) {
    let mut all: Vec<_> = world.own_names(module).cloned().collect();
    modules.exported_names(world, module, &mut FxHashSet::default(), &mut all);
    let all: FxHashSet<_> = all.into_iter().collect();
    for name in all {
        let items: Vec<Item> = modules.visible(world, module, &name, &mut Default::default());
        let shown = name.strip_suffix('=').unwrap_or(&name);
        names.extend(items.into_iter().map(|item| (shown.into(), Symbol::from(item))));
    }
}
