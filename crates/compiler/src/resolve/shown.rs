//! Checks the names that imports show and exports list: they exist, are unambiguous, and do not
//! lead in a circle.

use super::modules::{Found, Modules, ResolvedImport, Shown, SourceModule, Visits};
use super::world::World;
use crate::ast::Identifier;
use crate::diagnostic::Diagnostic;
use crate::ir::{Item, ModuleId};
use crate::names::{Name, is_private};
use crate::source::{SourceId, Span};
use rustc_hash::FxHashSet;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

/// The place of an export.
type Place = (SourceId, Span);

impl Modules {
    /// Returns errors about all mistakes in the imports and exports of all modules.
    pub(super) fn check_imports(&self, world: &World) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        let circles = self.circles();
        for (source, span) in &circles {
            let problem = Diagnostic::error(*source, *span, "this export leads back to itself");
            problems.push(problem.note("modules must not export each other's names in a circle"));
        }
        for source in &self.sources {
            self.check_shown(world, source, &mut problems);
            self.check_exports(world, source, &circles, &mut problems);
            self.check_prefixes(world, source, &mut problems);
        }
        problems
    }

    fn check_shown(&self, world: &World, source: &SourceModule, problems: &mut Vec<Diagnostic>) {
        let mut earlier: HashMap<&Name, (&Identifier, Vec<Item>)> = HashMap::new();
        for import in &source.imports {
            let module = world.module(import.module);
            if let Some(why) = &module.deprecated {
                let title = format!("the library `{}` is deprecated", module.path);
                let problem = Diagnostic::warning(source.source, import.span, title);
                let problem = if why.is_empty() { problem } else { problem.note(why) };
                let is_own = self.source_of(import.module).is_some_and(|module| !self.is_package(module.id));
                problems.push(if is_own { problem } else { problem.for_check() });
            }
            for name in import.shown_names() {
                let items = self.visible(world, import.module, &name.name, &mut Visits::default());
                if items.is_empty() {
                    problems.push(self.missing_shown(world, source.source, import.module, name));
                } else if self.is_ambiguous_export(world, import.module, &name.name) {
                    let title = format!("`{}` exports several declarations of `{}`", module.path, name.name);
                    let problem = Diagnostic::error(source.source, name.span, title);
                    problems.push(problem.hint("import the file that declares the one that you need"));
                } else if let Some((first, known)) = earlier.get(&name.name) {
                    if *known != items {
                        let title = format!("two imports show different declarations as `{}`", name.name);
                        let problem = Diagnostic::error(source.source, name.span, title);
                        problems.push(problem.also(source.source, first.span, "the first one"));
                    }
                } else {
                    earlier.insert(&name.name, (name, items));
                }
                problems.extend(shown_and_declared(world, source, name));
                problems.extend(shown_and_prefix(source, name));
            }
        }
    }

    fn check_exports(
        &self,
        world: &World,
        source: &SourceModule,
        circles: &BTreeSet<Place>,
        problems: &mut Vec<Diagnostic>,
    ) {
        for name in source.exports.iter().filter(|name| !circles.contains(&(source.source, name.span))) {
            let shown = &name.name;
            let problem = |title: String| Diagnostic::error(source.source, name.span, title);
            problems.extend(match self.look_up(world, source.id, shown) {
                _ if !world.own(source.id, shown).is_empty() => {
                    let problem = problem(format!("`{shown}` is declared here and needs no export"));
                    Some(
                        problem.note(
                            "importers see all declarations of a module; `export` is for imported names",
                        ),
                    )
                }
                Found::Ambiguous(_) => {
                    let problem = problem(format!("several imports have a `{shown}`"));
                    Some(self.explain_ambiguous(world, source.id, None, shown, problem))
                }
                Found::Nothing | Found::Prefix(_) => {
                    Some(problem(format!("cannot export `{shown}`: there is no such declaration")))
                }
                Found::Items(_) => None,
            });
        }
        if let Some(star) = source.exports_all {
            problems.extend(self.ambiguous_export(world, source, star));
        }
    }

    /// Returns an error for the first name under which `export *` would export different declarations.
    fn ambiguous_export(&self, world: &World, source: &SourceModule, star: Span) -> Option<Diagnostic> {
        let mut seen = BTreeSet::new();
        let mut several = BTreeSet::new();
        let open = || source.imports.iter().filter(|import| matches!(import.shown, Shown::Everything));
        if open().count() < 2 {
            return None;
        }
        for import in open() {
            let mut names: Vec<Name> = world.own_names(import.module).cloned().collect();
            self.exported_names(world, import.module, &mut FxHashSet::default(), &mut names);
            let names: BTreeSet<Name> = names.into_iter().collect();
            several.extend(names.into_iter().filter(|name| !seen.insert(name.clone())));
        }
        let is_ambiguous = |name: &&Name| {
            // A name that an export lists is reported there.
            let is_listed = source.exports.iter().any(|export| export.name == **name);
            !is_listed
                && world.own(source.id, name).is_empty()
                && matches!(
                    self.imported(world, source.id, name, &mut Visits::default()),
                    Found::Ambiguous(_)
                )
        };
        let name = several.iter().find(is_ambiguous)?;
        let title = format!("several imports have a `{name}` that this exports");
        let problem = Diagnostic::error(source.source, star, title);
        Some(self.explain_ambiguous(world, source.id, None, name, problem))
    }

    /// Returns whether a module exports different declarations under a name, which is reported there.
    fn is_ambiguous_export(&self, world: &World, module: ModuleId, name: &str) -> bool {
        world.own(module, name).is_empty()
            && self.source_of(module).is_some_and(|source| export_of(source, Some(name)).is_some())
            && matches!(self.imported(world, module, name, &mut Visits::default()), Found::Ambiguous(_))
    }

    /// Points at the imports of a module that bring different declarations of a name: those without a
    /// prefix, or those of the given modules, which share a prefix.
    pub(super) fn explain_ambiguous(
        &self,
        world: &World,
        module: ModuleId,
        behind: Option<&[ModuleId]>,
        name: &str,
        mut problem: Diagnostic,
    ) -> Diagnostic {
        let Some(source) = self.source_of(module) else { return problem };
        for import in &source.imports {
            let may_bring = match behind {
                None => matches!(import.shown, Shown::Everything),
                Some(modules) => import.prefix.is_some() && modules.contains(&import.module),
            };
            let items = self.visible(world, import.module, name, &mut Visits::default());
            if !may_bring || items.is_empty() {
                continue;
            }
            let paths: BTreeSet<&str> =
                items.iter().map(|item| world.module(item.module()).path.as_str()).collect();
            let paths: Vec<&str> = paths.into_iter().collect();
            let label = format!("brings that of `{}`", paths.join("` and that of `"));
            problem = problem.also(source.source, import.span, label);
            for item in items {
                if let Some(home) = self.source_of(item.module()) {
                    problem = problem.also(home.source, span_of(world, item, name), "one of them");
                }
            }
        }
        problem.hint(match behind {
            None => "add `as` and a prefix to one of these imports, or `show` and the names that you need",
            Some(_) => "give one of these imports another prefix",
        })
    }

    // Circles.

    /// Returns the exports that lead back to themselves.
    fn circles(&self) -> BTreeSet<Place> {
        let mut circles = BTreeSet::new();
        for source in &self.sources {
            if source.exports_all.is_some() {
                self.follow_exports(source, None, &mut circles);
            }
            for name in &source.exports {
                self.follow_exports(source, Some(&name.name), &mut circles);
            }
        }
        circles
    }

    /// Follows the imports from which a module gets an exported name (any name, if none is given). If they
    /// lead back to the module, records the exports on the way.
    fn follow_exports(&self, start: &SourceModule, name: Option<&str>, circles: &mut BTreeSet<Place>) {
        let mut came_from: HashMap<ModuleId, ModuleId> = HashMap::new();
        let mut work = vec![start.id];
        while let Some(module) = work.pop() {
            let Some(source) = self.source_of(module) else { continue };
            for import in &source.imports {
                let is_open = match &import.shown {
                    Shown::Everything => true,
                    Shown::Names(names) => {
                        name.is_some_and(|name| names.iter().any(|shown| &*shown.name == name))
                    }
                    Shown::Nothing => false,
                };
                let exports = self.source_of(import.module).and_then(|source| export_of(source, name));
                if !is_open || exports.is_none() {
                    continue;
                }
                if import.module == start.id {
                    let way = std::iter::successors(Some(module), |module| came_from.get(module).copied());
                    let sources = way.filter_map(|module| self.source_of(module));
                    circles.extend(sources.filter_map(|source| export_of(source, name)));
                } else if let Entry::Vacant(entry) = came_from.entry(import.module) {
                    entry.insert(module);
                    work.push(import.module);
                }
            }
        }
    }

    // Names.

    fn check_prefixes(&self, world: &World, source: &SourceModule, problems: &mut Vec<Diagnostic>) {
        let prefixes = source.imports.iter().filter_map(|import| import.prefix.as_ref());
        problems.extend(prefixes.filter(|prefix| !world.own(source.id, &prefix.name).is_empty()).map(
            |prefix| {
                let title = format!("`{}` is both an import's prefix and a declaration", prefix.name);
                let problem = Diagnostic::error(source.source, prefix.span, title);
                point_to_own(world, source, &prefix.name, problem)
                    .hint("give the import another prefix with `as`")
            },
        ));
    }

    /// Returns the names to suggest at the top level of a module: the visible ones, except private ones of other
    /// modules that no import names.
    pub(super) fn suggested_names(&self, world: &World, module: ModuleId) -> Vec<Name> {
        let mut names = self.visible_names(world, module);
        let imports = self.source_of(module).map_or(&[][..], |source| &source.imports);
        let shown = imports.iter().flat_map(ResolvedImport::shown_names).map(|shown| &shown.name);
        let own: FxHashSet<&Name> = world.own_names(module).chain(shown).collect();
        names.retain(|name| !is_private(name) || own.contains(name));
        names
    }

    fn missing_shown(
        &self,
        world: &World,
        source: SourceId,
        module: ModuleId,
        name: &Identifier,
    ) -> Diagnostic {
        let title = format!("`{}` has no `{}`", world.module(module).path, name.name);
        let problem = Diagnostic::error(source, name.span, title);
        let mut names: Vec<Name> = Vec::new();
        if !world.suggestions.are_exhausted() {
            names.extend(world.own_names(module).cloned());
            self.exported_names(world, module, &mut FxHashSet::default(), &mut names);
        }
        let names = names.iter().filter(|name| !is_private(name));
        match world.suggestions.nearest(&name.name, names.map(|name| &**name)) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem,
        }
    }
}

/// Returns the place where a module exports a name: in a list, or with `export *`. Without a name,
/// returns the place of `export *`.
fn export_of(source: &SourceModule, name: Option<&str>) -> Option<Place> {
    let named = name.and_then(|name| source.exports.iter().find(|export| &*export.name == name));
    let span = named.map(|export| export.span).or(source.exports_all)?;
    Some((source.source, span))
}

/// Returns an error about a name that an import shows and the module declares itself; none if the module does not declare it.
fn shown_and_declared(world: &World, source: &SourceModule, name: &Identifier) -> Option<Diagnostic> {
    if world.own(source.id, &name.name).is_empty() {
        return None;
    }
    let title = format!("`{}` is both imported and declared here", name.name);
    let problem = Diagnostic::error(source.source, name.span, title);
    Some(point_to_own(world, source, &name.name, problem))
}

/// Adds the place of a module's own declaration of a name to an error.
fn point_to_own(world: &World, source: &SourceModule, name: &str, problem: Diagnostic) -> Diagnostic {
    let Some(first) = world.own(source.id, name).first() else { return problem };
    problem.also(source.source, span_of(world, *first, name), "declared here")
}

/// Returns the place of an item's name.
pub(super) fn span_of(world: &World, item: Item, name: &str) -> Span {
    let at = match item {
        Item::Function(id) => world.function(id).at,
        Item::Class(id) => world.class(id).at,
        Item::Global(id) => world.global(id).at,
    };
    Span { start: at, end: at + name.len() as u32 }
}

/// Returns an error about a name that an import shows and that is also the prefix of an import; none if it is not.
fn shown_and_prefix(source: &SourceModule, name: &Identifier) -> Option<Diagnostic> {
    let mut prefixes = source.imports.iter().filter_map(|import| import.prefix.as_ref());
    let prefix = prefixes.find(|prefix| prefix.name == name.name)?;
    let title = format!("`{}` is both a name that is shown and an import's prefix", name.name);
    let problem = Diagnostic::error(source.source, name.span, title);
    let problem = problem.also(source.source, prefix.span, "the prefix");
    Some(problem.hint("give the import another prefix with `as`"))
}
