//! Notes for the index: the resolver notes each name that it resolves. Nothing is noted unless an index is requested.

use super::arguments::Arguments;
use super::index::{Index, LocalType, Role, Site, Symbol, Use};
use super::lower::{Lower, StaticReceiver};
use super::modules::{Found, Modules, Visits};
use super::world::{Member, World};
use crate::ast::{Expression, ExpressionKind, Identifier};
use crate::ir::{ClassId, FunctionId, FunctionKind, Item, ModuleId};
use crate::source::{SourceId, Span};
use crate::types::Ty;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;

/// The maximum number of notes. A file has at most as many names as bytes, so only very large programs reach this
/// limit. Further names are missing in the index.
const NOTES_MAX: usize = 4_000_000;

/// The notes of an analysis.
#[derive(Default)]
pub(super) struct Notes(Option<Box<RefCell<Kept>>>);

#[derive(Default)]
struct Kept {
    uses: FxHashSet<Use>,
    locals: FxHashMap<(SourceId, Span), LocalType>,
    missing: Vec<(ClassId, FunctionId)>,
    /// The place in the first file for which the possible names are requested.
    probe: Option<u32>,
    site: Option<Site>,
}

impl Notes {
    /// Returns empty notes. If `probe` is a place in the first file, the possible names there are noted, too.
    pub(super) fn wanted(probe: Option<u32>) -> Notes {
        Notes(Some(Box::new(RefCell::new(Kept { probe, ..Kept::default() }))))
    }

    pub(super) fn are_wanted(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn note(&self, source: SourceId, span: Span, symbol: impl Into<Symbol>, role: Role) {
        let Some(kept) = &self.0 else { return };
        let mut kept = kept.borrow_mut();
        if span.start < span.end && kept.uses.len() < NOTES_MAX {
            kept.uses.insert(Use { source, span, symbol: symbol.into(), role });
        }
    }

    pub(super) fn note_local(&self, source: SourceId, span: Span, ty: Ty, is_declared: bool) {
        let Some(kept) = &self.0 else { return };
        let local = LocalType { source, span, ty, is_declared };
        kept.borrow_mut().locals.insert((source, span), local);
        self.note(source, span, Symbol::Local(source, span), Role::Definition);
    }

    /// Notes that a class lacks a method that it has to have.
    pub(super) fn note_missing(&self, class: ClassId, method: FunctionId) {
        let Some(kept) = &self.0 else { return };
        let mut kept = kept.borrow_mut();
        if kept.missing.len() < NOTES_MAX {
            kept.missing.push((class, method));
        }
    }

    /// Returns the place for which the possible names are requested.
    pub(super) fn probe(&self) -> Option<u32> {
        self.0.as_ref().and_then(|kept| kept.borrow().probe)
    }

    /// Returns whether the possible names at a place of a source are requested and not known yet.
    pub(super) fn is_probed(&self, source: SourceId, span: Span) -> bool {
        let Some(kept) = &self.0 else { return false };
        let kept = kept.borrow();
        source == SourceId(0)
            && kept.site.is_none()
            && kept.probe.is_some_and(|at| span.start <= at && at <= span.end)
    }

    pub(super) fn set_site(&self, site: Site) {
        if let Some(kept) = &self.0 {
            kept.borrow_mut().site.get_or_insert(site);
        }
    }

    /// Ends the notes, and returns the index made of them.
    pub(super) fn finish(&self, modules: &Modules) -> Index {
        let Some(kept) = &self.0 else { return Index::default() };
        let kept = std::mem::take(&mut *kept.borrow_mut());
        // The body of a function knows its parameters as locals.
        let parameters: FxHashMap<(SourceId, Span), Symbol> = kept
            .uses
            .iter()
            .filter(|noted| noted.role == Role::Definition && matches!(noted.symbol, Symbol::Parameter(..)))
            .map(|noted| ((noted.source, noted.span), noted.symbol.clone()))
            .collect();
        let mut uses: Vec<Use> = kept.uses.into_iter().collect();
        for noted in &mut uses {
            if let Symbol::Local(source, span) = noted.symbol
                && let Some(parameter) = parameters.get(&(source, span))
            {
                noted.symbol = parameter.clone();
            }
        }
        uses.sort_unstable();
        uses.dedup();
        let mut locals: Vec<LocalType> = kept.locals.into_values().collect();
        locals.sort_by_key(|local| (local.source, local.span));
        let modules = modules.sources.iter().map(|module| (module.id, module.source)).collect();
        Index { uses, locals, modules, missing: kept.missing, site: kept.site }
    }
}

impl Modules {
    /// Notes the names that imports show and modules export, and the prefixes.
    pub(super) fn note_imports(&self, world: &World) {
        if !world.notes.are_wanted() {
            return;
        }
        for source in &self.sources {
            for import in &source.imports {
                if let Some(prefix) = &import.prefix {
                    let symbol = Symbol::Prefix(source.source, prefix.span);
                    world.notes.note(source.source, prefix.span, symbol, Role::Definition);
                }
                for name in import.shown_names() {
                    for item in self.visible(world, import.module, &name.name, &mut Visits::default()) {
                        world.notes.note(source.source, name.span, item, Role::Read);
                    }
                    self.probe_shown(world, source.source, import.module, name);
                }
            }
            for name in &source.exports {
                for item in self.look_up(world, source.id, &name.name).items() {
                    world.notes.note(source.source, name.span, item, Role::Read);
                }
                self.probe_exported(world, source, name);
            }
        }
    }

    /// Notes the prefix of an import.
    pub(super) fn note_prefix(
        &self,
        world: &World,
        source: SourceId,
        module: ModuleId,
        name: &str,
        span: Span,
    ) {
        if !world.notes.are_wanted() {
            return;
        }
        let imports = self.source_of(module).map_or(&[][..], |source| &source.imports);
        let prefixes = imports.iter().filter_map(|import| import.prefix.as_ref());
        for prefix in prefixes.filter(|prefix| &*prefix.name == name) {
            world.notes.note(source, span, Symbol::Prefix(source, prefix.span), Role::Read);
        }
    }
}

impl Lower<'_> {
    pub(super) fn note(&self, span: Span, symbol: impl Into<Symbol>, role: Role) {
        self.world.notes.note(self.source, span, symbol, role);
    }

    /// Notes the definition of a local variable.
    pub(super) fn note_local(&self, span: Span, ty: Ty, is_declared: bool) {
        self.world.notes.note_local(self.source, span, ty, is_declared);
    }

    pub(super) fn note_member(&self, span: Span, member: Member, role: Role) {
        let symbol = match member {
            Member::Method(id) => Symbol::Function(id),
            Member::Field(field) => Symbol::Field(field),
        };
        self.note(span, symbol, role);
    }

    /// Notes `this`, which refers to the class.
    pub(super) fn note_this(&self, span: Span) {
        if let Some(class) = self.class {
            self.note(span, Symbol::Class(class), Role::Keyword);
        }
    }

    /// Notes the call of a function, with the names of its arguments.
    pub(super) fn note_call(&self, id: FunctionId, span: Span, arguments: &Arguments, role: Role) {
        if !self.world.notes.are_wanted() {
            return;
        }
        let function = self.world.function(id);
        let is_hidden = matches!(function.kind, FunctionKind::Constructor)
            && function.holder.is_some_and(|class| self.world.class(class).at == function.at);
        if !is_hidden {
            self.note(span, Symbol::Function(id), role);
        }
        for (name, span) in &arguments.names {
            let is_it = |parameter: &crate::ir::Parameter| parameter.is_named && *parameter.name == **name;
            if let Some(place) = function.parameters.iter().position(is_it) {
                self.note(*span, Symbol::Parameter(id, place as u32), Role::Read);
            }
        }
    }

    /// Notes the call of a member.
    pub(super) fn note_member_call(&self, member: Member, span: Span, arguments: &Arguments, role: Role) {
        match member {
            Member::Method(id) => self.note_call(id, span, arguments, role),
            Member::Field(field) => self.note(span, Symbol::Field(field), role),
        }
    }

    /// Notes functions none of which takes the arguments.
    pub(super) fn note_candidates(&self, span: Span, functions: &[FunctionId]) {
        for id in functions {
            self.note(span, Symbol::Function(*id), Role::Candidate);
        }
    }

    /// Notes members none of which takes the arguments, except those that another one overrides.
    pub(super) fn note_member_candidates(&self, span: Span, members: &[Member]) {
        if !self.world.notes.are_wanted() {
            return;
        }
        let mut shapes = Vec::new();
        for member in members {
            let shape = match member {
                Member::Method(id) => {
                    let function = self.world.function(*id);
                    let parameters = function.parameters.iter();
                    let parameters: Vec<_> = parameters
                        .map(|parameter| {
                            let name = parameter.is_named.then(|| parameter.name.clone());
                            (parameter.is_block, parameter.is_optional, name)
                        })
                        .collect();
                    (function.kind == FunctionKind::Setter, parameters)
                }
                Member::Field(_) => (false, Vec::new()),
            };
            if !shapes.contains(&shape) {
                shapes.push(shape);
                self.note_member(span, *member, Role::Candidate);
            }
        }
    }

    /// Notes the class or prefix before a `.`.
    pub(super) fn note_static_receiver(&self, receiver: &Expression, behind: &StaticReceiver) {
        if !self.world.notes.are_wanted() {
            return;
        }
        match (&receiver.kind, behind) {
            (ExpressionKind::Name(name), StaticReceiver::Modules(_)) => {
                self.modules.note_prefix(self.world, self.source, self.module, name, receiver.span);
            }
            (ExpressionKind::Name(_), StaticReceiver::Class(class)) => {
                self.note(receiver.span, Symbol::Class(*class), Role::Read);
            }
            (ExpressionKind::Member(outer, name), StaticReceiver::Class(class)) => {
                if let ExpressionKind::Name(prefix) = &outer.kind {
                    self.modules.note_prefix(self.world, self.source, self.module, prefix, outer.span);
                    self.probe_name(outer.span);
                }
                self.note(name.span, Symbol::Class(*class), Role::Read);
                self.probe_prefixed(outer, name);
            }
            _ => {}
        }
        if let ExpressionKind::Name(_) = &receiver.kind {
            self.probe_name(receiver.span);
        }
    }

    /// Looks at a name behind the prefix that an expression names.
    fn probe_prefixed(&self, outer: &Expression, name: &Identifier) {
        if let ExpressionKind::Name(prefix) = &outer.kind
            && let Found::Prefix(modules) = self.modules.look_up(self.world, self.module, prefix)
        {
            self.probe_static(&StaticReceiver::Modules(modules), name);
        }
    }

    pub(super) fn note_items(&self, span: Span, items: &[Item], role: Role) {
        for item in items {
            self.note(span, *item, role);
        }
    }
}
