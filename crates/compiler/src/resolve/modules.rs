//! Loads modules and finds names in them.
//!
//! A name in a module resolves to the first of these that exists: a declaration of the module, a name that an import
//! lists after `show`, the prefix of an import, an export of an import without prefix, an export of the core library.

use super::imports::{Files, Home, Missing, Packages, Target};
use super::index::{Role, Symbol};
use super::session::NewInput;
use super::syntax::deprecated;
use super::trees::{Tree, Trees};
use super::world::World;
use crate::ast::{self, Declaration, FunctionName, Identifier, Import, Show};
use crate::diagnostic::{Diagnostic, Label};
use crate::ir::{Item, Module, ModuleId};
use crate::names::{Name, library_name};
use crate::source::{LIBRARY_PREFIX, Loader, SourceId, Sources, Span};
use crate::steps;
use lucarne_package::lock::Package;
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The module whose exports are visible in every module.
const CORE: &str = "<lib>/core/core.toit";

/// The maximum number of imports of a file: each name that the file does not declare is looked for in
/// all of them.
const IMPORTS_MAX: usize = 2_000;

/// The maximum number of uses of lost names that an error of an import shows.
const LOST_USES_MAX: usize = 4;

/// A module that is made from source.
pub(super) struct SourceModule {
    pub(super) id: ModuleId,
    pub(super) source: SourceId,
    pub(super) tree: Arc<Tree>,
    /// The places of its classes among the declarations.
    pub(super) classes: Vec<usize>,
    /// The owner of the code.
    home: Home,
    pub(super) imports: Vec<ResolvedImport>,
    /// Names that `export` lists.
    pub(super) exports: Vec<Identifier>,
    /// The place of `export *`.
    pub(super) exports_all: Option<Span>,
    /// Whether the text could not be read, so that its declarations are unknown.
    is_unreadable: bool,
    /// The names of the functions and globals.
    values: HashSet<Name>,
    /// Names that imports would have brought if their files had been found, with the places of the imports.
    lost: HashMap<Name, Span>,
    /// Whether such an import would have brought all names of its file.
    has_lost_everything: bool,
}

/// An import whose module was found.
pub(super) struct ResolvedImport {
    pub(super) module: ModuleId,
    pub(super) span: Span,
    pub(super) prefix: Option<Identifier>,
    /// The names visible without a prefix.
    pub(super) shown: Shown,
}

impl ResolvedImport {
    /// Returns the names that `show` lists.
    pub(super) fn shown_names(&self) -> &[Identifier] {
        match &self.shown {
            Shown::Names(names) => names,
            Shown::Nothing | Shown::Everything => &[],
        }
    }
}

pub(super) enum Shown {
    Nothing,
    Everything,
    Names(Vec<Identifier>),
}

/// The meaning of a name at the top level of a module.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Found {
    Nothing,
    /// A class, a global, or functions.
    Items(Vec<Item>),
    /// An import's prefix: the modules behind it.
    Prefix(Vec<ModuleId>),
    /// Different imports bring different items.
    Ambiguous(Vec<Item>),
}

impl Found {
    /// Returns the items, if the name is not ambiguous.
    pub(super) fn items(self) -> Vec<Item> {
        match self {
            Found::Items(items) => items,
            Found::Nothing | Found::Prefix(_) | Found::Ambiguous(_) => Vec::new(),
        }
    }
}

/// All modules with their imports.
#[derive(Default)]
pub(super) struct Modules {
    /// Modules made from source; their ids follow those of the prepared ones.
    pub(super) sources: Vec<SourceModule>,
    first: usize,
    core: Option<ModuleId>,
    by_path: HashMap<String, ModuleId>,
    /// The folders that contain the files of modules.
    folders: HashSet<String>,
    /// The names of all libraries, as imports write them.
    libraries: Vec<String>,
    packages: Packages,
    /// Whether the user works on the libraries, so that warnings about them concern the user.
    pub(super) are_libraries_own: bool,
    /// The exports of prepared modules. Those of a module are collected when they are first needed.
    prepared: Vec<OnceCell<Exports>>,
    known: RefCell<Known>,
    /// The first use of each name that is unknown because an import failed: the source, the place of the
    /// import, and the use.
    lost_uses: RefCell<BTreeMap<(SourceId, Span, Name), Span>>,
}

/// The names that have been resolved, since a name is used many times.
#[derive(Default)]
struct Known {
    /// The generation of the declarations: see [`World::generation`].
    generation: u32,
    by_module: FxHashMap<ModuleId, HashMap<Name, Found>>,
}

/// The exports of a prepared module by name.
type Exports = FxHashMap<Name, Vec<Item>>;

/// For each module that the look-up of a name has visited, the items that the name refers to there.
pub(super) type Visits = FxHashMap<ModuleId, Vec<Item>>;

impl Modules {
    /// Returns the table of the prepared modules.
    pub(super) fn new(world: &World) -> Modules {
        let mut modules = Modules { first: world.unit.modules.len(), ..Modules::default() };
        for (number, module) in world.unit.modules.iter().enumerate() {
            modules.add_path(&module.path, ModuleId(number as u32));
            modules.prepared.push(OnceCell::new());
        }
        modules
    }

    /// Returns the exports of a prepared module.
    fn prepared_exports(&self, world: &World, id: ModuleId) -> Option<&Exports> {
        let exports = self.prepared.get(id.0 as usize)?;
        Some(exports.get_or_init(|| {
            let mut exports = Exports::default();
            for (name, item) in world.module(id).exports.iter() {
                exports.entry(name.as_str().into()).or_default().push(*item);
            }
            exports
        }))
    }

    /// Returns the module made from source with an id.
    pub(super) fn source_of(&self, id: ModuleId) -> Option<&SourceModule> {
        (id.0 as usize).checked_sub(self.first).and_then(|index| self.sources.get(index))
    }

    /// Returns whether a module made from source declares a function or global of a name.
    pub(super) fn declares(&self, module: ModuleId, name: &str) -> bool {
        self.source_of(module).is_some_and(|source| source.values.contains(name))
    }

    /// Loads the given files, everything that they import, and the core library. Returns the module of each given file;
    /// none for a file that cannot be loaded.
    pub(super) fn load(
        &mut self,
        loader: &mut Load<'_>,
        world: &mut World,
        roots: &[String],
    ) -> Vec<Option<ModuleId>> {
        if let Some(input) = loader.input {
            // An earlier input may have the same path: a file that is loaded again.
            self.by_path.remove(input.path);
        }
        let ids: Vec<Option<ModuleId>> =
            roots.iter().map(|root| self.load_file(loader, world, root_target(root))).collect();
        if let Some(entry) = roots.first() {
            let (packages, problems) = Packages::find(loader.loader, loader.sources, entry);
            self.packages = packages;
            loader.problems.extend(problems);
            for (root, id) in roots.iter().zip(&ids) {
                // A file of a package may itself be the program. The other files may be of any package.
                let is_meant = |package: &Package| root != entry || package.is_local();
                let place = id.and_then(|id| (id.0 as usize).checked_sub(self.first));
                let source = place.and_then(|place| self.sources.get_mut(place));
                if let Some(source) = source.filter(|source| source.home == Home::Program) {
                    source.home = self.packages.home_of(loader.loader, root, is_meant);
                }
            }
        }
        if self.core.is_none() {
            self.core = self.load_file(loader, world, root_target(CORE));
        }
        let mut next = 0;
        while next < self.sources.len() && !(loader.is_canceled)() {
            self.load_imports(loader, world, next);
            next += 1;
        }
        loader.problems.extend(self.packages.missing_folders(loader.loader, &loader.missing_packages));
        ids
    }

    fn load_file(&mut self, loader: &mut Load<'_>, world: &mut World, target: Target) -> Option<ModuleId> {
        let path = &target.path;
        if let Some(id) = self.by_path.get(path) {
            return Some(*id);
        }
        let bytes = loader.loader.read(path)?;
        let id = ModuleId(world.unit.modules.len() as u32);
        self.add_path(path, id);
        let (source, problem) = loader.sources.add(path.clone(), bytes);
        let mut module = Module { path: self.packages.shown(&target), ..Module::default() };
        let mut tree = Arc::<Tree>::default();
        let is_unreadable = problem.is_some();
        if let Some(text) = loader.sources.get(source) {
            module.line_starts.clone_from(&text.line_starts);
            match problem {
                // Invalid text is one problem, not thousands.
                Some(problem) => loader.problems.push(problem),
                None => {
                    let input = loader.input.filter(|input| input.path == path);
                    tree = match input {
                        Some(input) => input.tree.clone(),
                        None => Tree::of(loader.trees, path, &text.text),
                    };
                    loader.problems.extend(tree.problems_of(source));
                }
            }
        }
        let file = &tree.file;
        let values = file.declarations.iter().filter_map(|declaration| match declaration {
            Declaration::Variable(variable) => Some(variable.name.name.clone()),
            Declaration::Function(function) => match &function.name {
                FunctionName::Plain(name) => Some(name.name.clone()),
                _ => None,
            },
            Declaration::Class(_) => None,
        });
        let values = values.collect();
        let is_class = |declaration: &Declaration| matches!(declaration, Declaration::Class(_));
        let places = file.declarations.iter().enumerate();
        let classes = places.filter(|(_, declaration)| is_class(declaration)).map(|(place, _)| place);
        let classes = classes.collect();
        module.deprecated = deprecated(&file.doc);
        world.unit.modules.push(Arc::new(module));
        self.sources.push(SourceModule {
            id,
            source,
            tree,
            classes,
            home: target.home,
            imports: Vec::new(),
            exports: Vec::new(),
            exports_all: None,
            is_unreadable,
            values,
            lost: HashMap::new(),
            has_lost_everything: false,
        });
        Some(id)
    }

    fn load_imports(&mut self, loader: &mut Load<'_>, world: &mut World, index: usize) {
        let Some(module) = self.sources.get_mut(index) else { return };
        let source = module.source;
        let tree = module.tree.clone();
        for export in &tree.file.exports {
            match &export.show {
                Show::Everything(star) => module.exports_all = Some(*star),
                Show::Names(names) => module.exports.extend(names.iter().cloned()),
                Show::Nothing => {}
            }
        }
        let imports = &tree.file.imports;
        let importer = loader.sources.get(source).map_or(String::new(), |source| source.path.clone());
        let home = module.home.clone();
        let mut resolved = Vec::new();
        let mut lost = HashMap::new();
        let mut has_lost_everything = false;
        if let Some(extra) = imports.get(IMPORTS_MAX) {
            let title = format!("a file has at most {IMPORTS_MAX} imports");
            let problem = Diagnostic::error(source, extra.span, title);
            loader.problems.push(problem.hint("import some of them in another file that has `export *`"));
        }
        for import in imports.iter().take(IMPORTS_MAX) {
            let files = Available { loader: loader.loader, by_path: &self.by_path, folders: &self.folders };
            match self.packages.resolve(&files, &importer, &home, import) {
                Ok(target) => {
                    let path = target.path.clone();
                    match self.load_file(loader, world, target) {
                        Some(id) => {
                            for segment in &import.segments {
                                world.notes.note(source, segment.span, Symbol::Module(id), Role::Read);
                            }
                            resolved.push(resolve_import(import, id));
                        }
                        None => {
                            let title = format!("cannot read `{path}`");
                            loader.problems.push(Diagnostic::error(source, import.span, title));
                            has_lost_everything |= brings_everything(import);
                            lost.extend(brought_names(import).into_iter().map(|name| (name, import.span)));
                        }
                    }
                }
                Err(missing) => {
                    if let Missing::Package { id, .. } = &missing {
                        loader.missing_packages.insert(id.clone());
                    }
                    let libraries = self.libraries.iter().map(String::as_str);
                    let suggestions = &world.suggestions;
                    let problem = self.packages.explain(source, import, missing, libraries, suggestions);
                    loader.problems.extend(problem);
                    has_lost_everything |= brings_everything(import);
                    lost.extend(brought_names(import).into_iter().map(|name| (name, import.span)));
                }
            }
        }
        let input = loader.input.filter(|_| index == 0);
        resolved.extend(input.into_iter().flat_map(|input| input.imports()));
        if let Some(module) = self.sources.get_mut(index) {
            module.imports = resolved;
            module.lost = lost;
            module.has_lost_everything = has_lost_everything;
        }
    }

    /// Notes a module's path.
    fn add_path(&mut self, path: &str, id: ModuleId) {
        self.by_path.insert(path.to_owned(), id);
        if let Some(library) = path.strip_prefix(LIBRARY_PREFIX).and_then(|path| path.strip_suffix(".toit")) {
            self.libraries.push(library.replace('/', "."));
        }
        let cuts = path.char_indices().rev().filter(|(_, letter)| *letter == '/');
        for folder in cuts.filter_map(|(at, _)| path.get(..at)) {
            if !self.folders.insert(folder.to_owned()) {
                break;
            }
        }
    }

    /// Returns whether warnings about a source concern the user, who cannot change libraries or
    /// packages from elsewhere.
    pub(super) fn is_own(&self, source: SourceId) -> bool {
        let place = self.sources.binary_search_by_key(&source, |module| module.source).ok();
        let module = place.and_then(|place| self.sources.get(place));
        let is_own =
            |home: &Home| self.packages.is_own(home) || self.are_libraries_own && *home == Home::Library;
        module.is_none_or(|module| is_own(&module.home))
    }

    /// Returns whether a source belongs to a package other than the program's own. The program has a package of its own
    /// if its main file belongs to a local package.
    pub(super) fn is_in_package(&self, source: SourceId) -> bool {
        let home = |module: &SourceModule| module.home.clone();
        let place = self.sources.binary_search_by_key(&source, |module| module.source).ok();
        let found = place.and_then(|place| self.sources.get(place)).map(home);
        matches!(found, Some(Home::Package(_))) && found != self.sources.first().map(home)
    }

    // Names.

    /// Resolves a name in a module.
    pub(super) fn look_up(&self, world: &World, module: ModuleId, name: &str) -> Found {
        let mut known = self.known.borrow_mut();
        if known.generation != world.generation() {
            *known = Known { generation: world.generation(), ..Known::default() };
        }
        let known = known.by_module.entry(module).or_default();
        if let Some(found) = known.get(name) {
            steps::count(1);
            return found.clone();
        }
        let found = self.find(world, module, name);
        known.insert(name.into(), found.clone());
        found
    }

    fn find(&self, world: &World, module: ModuleId, name: &str) -> Found {
        let own = world.own(module, name);
        if !own.is_empty() {
            return Found::Items(own.to_vec());
        }
        self.look_up_outside(world, module, name)
    }

    /// Resolves a name in a module as if the module did not declare it.
    pub(super) fn look_up_outside(&self, world: &World, module: ModuleId, name: &str) -> Found {
        let imported = self.imported(world, module, name, &mut Visits::default());
        if imported != Found::Nothing {
            return imported;
        }
        match self.core.map(|core| self.visible(world, core, name, &mut Visits::default())) {
            Some(items) if !items.is_empty() => Found::Items(items),
            _ => Found::Nothing,
        }
    }

    /// Returns whether a name is unknown only because an import failed, which has been reported.
    pub(super) fn is_lost(&self, module: ModuleId, name: &str) -> bool {
        self.source_of(module).is_some_and(|source| {
            let is_unreadable = |module| self.source_of(module).is_some_and(|source| source.is_unreadable);
            // A name that an import shows and that is not found has been reported there.
            let is_lost_in = |import: &ResolvedImport| match &import.shown {
                Shown::Everything => is_unreadable(import.module) || self.has_lost_exports(import.module),
                Shown::Names(names) => names.iter().any(|shown| &*shown.name == name),
                Shown::Nothing => false,
            };
            source.has_lost_everything
                || source.lost.contains_key(name)
                || source.imports.iter().any(is_lost_in)
        })
    }

    /// Notes the use of a name that [`Modules::is_lost`]: the error of the import shows the first use.
    pub(super) fn note_lost_use(&self, module: ModuleId, name: &str, at: Span) {
        let Some(source) = self.source_of(module) else { return };
        let mut shown = source.imports.iter().flat_map(ResolvedImport::shown_names);
        let shown = shown.find(|shown| &*shown.name == name).map(|shown| shown.span);
        let Some(import) = source.lost.get(name).copied().or(shown) else { return };
        let mut uses = self.lost_uses.borrow_mut();
        let first = uses.entry((source.source, import, name.into())).or_insert(at);
        *first = at.min(*first);
    }

    /// Shows, in the errors of imports that failed, where the names are used that the imports would have brought.
    pub(super) fn show_lost_uses(&self, problems: &mut [Diagnostic]) {
        let uses = self.lost_uses.borrow();
        if uses.is_empty() {
            return;
        }
        let errors = problems.iter_mut().filter(|problem| problem.is_error());
        let mut errors: Vec<&mut Diagnostic> = errors.collect();
        errors.sort_by_key(|problem| (problem.source, problem.span));
        for ((source, import, name), at) in &*uses {
            let place = errors
                .partition_point(|problem| (problem.source, problem.span.start) < (*source, import.start));
            let Some(problem) = errors.get_mut(place) else { continue };
            let is_of_import = problem.source == *source && problem.span.end <= import.end;
            if is_of_import && problem.labels.len() < LOST_USES_MAX {
                let text = format!("so `{name}` is unknown here");
                problem.labels.push(Label { source: *source, span: *at, text });
            }
        }
    }

    /// Returns whether a module would export more if its imports had been found.
    pub(super) fn has_lost_exports(&self, module: ModuleId) -> bool {
        self.source_of(module).is_some_and(|source| {
            source.exports_all.is_some() && (source.has_lost_everything || !source.lost.is_empty())
        })
    }

    /// Resolves a name behind a prefix.
    pub(super) fn look_up_in(&self, world: &World, modules: &[ModuleId], name: &str) -> Found {
        merged(modules.iter().map(|module| self.visible(world, *module, name, &mut Visits::default())))
    }

    /// Resolves a name in the imports of a module.
    pub(super) fn imported(&self, world: &World, module: ModuleId, name: &str, visits: &mut Visits) -> Found {
        let Some(source) = self.source_of(module) else { return Found::Nothing };
        let mut shown: Vec<Item> = Vec::new();
        let mut prefixed = Vec::new();
        steps::count(source.imports.len());
        for import in &source.imports {
            if let Shown::Names(names) = &import.shown
                && names.iter().any(|shown| &*shown.name == name)
            {
                add_new(&mut shown, self.visible(world, import.module, name, visits));
            }
            if import.prefix.as_ref().is_some_and(|prefix| &*prefix.name == name) {
                prefixed.push(import.module);
            }
        }
        if !shown.is_empty() {
            return Found::Items(shown);
        }
        if !prefixed.is_empty() {
            return Found::Prefix(prefixed);
        }
        let open = source.imports.iter().filter(|import| matches!(import.shown, Shown::Everything));
        merged(open.map(|import| self.visible(world, import.module, name, visits)))
    }

    /// Resolves a name in a module for the modules that import it.
    pub(super) fn visible(
        &self,
        world: &World,
        module: ModuleId,
        name: &str,
        visits: &mut Visits,
    ) -> Vec<Item> {
        let own = world.own(module, name);
        if !own.is_empty() {
            return own.to_vec();
        }
        if let Some(exports) = self.prepared_exports(world, module) {
            return exports.get(name).cloned().unwrap_or_default();
        }
        let Some(source) = self.source_of(module) else { return Vec::new() };
        let is_listed = source.exports.iter().any(|export| &*export.name == name);
        if !(is_listed || source.exports_all.is_some()) {
            return Vec::new();
        }
        if let Some(known) = visits.get(&module) {
            return known.clone();
        }
        // A module that exports its own exports gets nothing through itself. This has been reported.
        visits.insert(module, Vec::new());
        let found = match self.imported(world, module, name, visits) {
            Found::Items(items) | Found::Ambiguous(items) => items,
            // Exports of the core library can be exported again by name.
            Found::Nothing if is_listed => self.core_items(world, module, name),
            Found::Nothing | Found::Prefix(_) => Vec::new(),
        };
        visits.insert(module, found.clone());
        found
    }

    /// Returns the core library's exports with a name, for a module outside of the core.
    fn core_items(&self, world: &World, module: ModuleId, name: &str) -> Vec<Item> {
        match self.core.filter(|core| *core != module) {
            Some(core) => self.visible(world, core, name, &mut Visits::from_iter([(module, Vec::new())])),
            None => Vec::new(),
        }
    }

    /// Returns the items of other modules that a module exports, with their names.
    pub(super) fn exported(&self, world: &World, module: ModuleId) -> Vec<(String, Item)> {
        let mut names = Vec::new();
        self.exported_names(world, module, &mut FxHashSet::default(), &mut names);
        names.sort();
        names.dedup();
        let mut exports = Vec::new();
        for name in names {
            if world.own(module, &name).is_empty() {
                let items = self.visible(world, module, &name, &mut Visits::default());
                exports.extend(items.into_iter().map(|item| (name.to_string(), item)));
            }
        }
        exports
    }

    pub(super) fn exported_names(
        &self,
        world: &World,
        module: ModuleId,
        visited: &mut FxHashSet<ModuleId>,
        names: &mut Vec<Name>,
    ) {
        let Some(source) = self.source_of(module) else {
            names.extend(self.prepared_exports(world, module).into_iter().flat_map(FxHashMap::keys).cloned());
            return;
        };
        if !visited.insert(module) {
            return;
        }
        steps::count(1 + source.imports.len() + source.exports.len());
        names.extend(source.exports.iter().map(|export| export.name.clone()));
        if source.exports_all.is_some() {
            for import in &source.imports {
                match &import.shown {
                    Shown::Nothing => {}
                    Shown::Names(shown) => names.extend(shown.iter().map(|shown| shown.name.clone())),
                    Shown::Everything => {
                        names.extend(world.own_names(import.module).cloned());
                        self.exported_names(world, import.module, visited, names);
                    }
                }
            }
        }
    }

    /// Returns the import that would bring a name: of a library or package with this name, or of a
    /// library that declares it.
    pub(super) fn import_of(&self, world: &World, module: ModuleId, name: &str) -> Option<String> {
        let home = self.source_of(module).map_or(&Home::Library, |source| &source.home);
        if self.packages.has_prefix(home, name) {
            return Some(format!("import {name}"));
        }
        let is_named = |library: &&String| {
            library.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                && !library.starts_with("core")
        };
        if let Some(library) = self.libraries.iter().filter(is_named).min_by_key(|library| library.len()) {
            return Some(format!("import {library}"));
        }
        let declares = |module: &ModuleId| {
            let exported = self.prepared_exports(world, *module).and_then(|exports| exports.get(name));
            world.own(*module, name).iter().chain(exported.into_iter().flatten()).any(|item| match item {
                Item::Class(_) => true,
                Item::Function(_) | Item::Global(_) => name.len() > 2,
            })
        };
        if name.ends_with('_') || name.starts_with('_') {
            return None;
        }
        let modules = (0..self.first).map(|number| ModuleId(number as u32));
        let libraries = modules.filter(declares).filter_map(|id| {
            let module = world.module(id);
            let path = module.path.strip_prefix(LIBRARY_PREFIX)?.strip_suffix(".toit")?;
            let is_old = module.deprecated.is_some();
            (!is_old && !path.starts_with("core/")).then(|| library_name(path))
        });
        let library = libraries.min_by_key(|library| (library.len(), library.clone()))?;
        Some(format!("import {library} show {name}"))
    }

    /// Returns all names that are visible at the top level of a module, for suggestions.
    pub(super) fn visible_names(&self, world: &World, module: ModuleId) -> Vec<Name> {
        let mut names: Vec<Name> = world.own_names(module).cloned().collect();
        let Some(source) = self.source_of(module) else { return names };
        for import in &source.imports {
            names.extend(import.prefix.iter().map(|prefix| prefix.name.clone()));
            match &import.shown {
                Shown::Nothing => {}
                Shown::Names(shown) => names.extend(shown.iter().map(|shown| shown.name.clone())),
                Shown::Everything => {
                    names.extend(world.own_names(import.module).cloned());
                    self.exported_names(world, import.module, &mut FxHashSet::default(), &mut names);
                }
            }
        }
        if let Some(core) = self.core {
            names.extend(world.own_names(core).cloned());
            self.exported_names(world, core, &mut FxHashSet::default(), &mut names);
        }
        names
    }

    // Natives.

    /// Returns whether a module made from source belongs to a library or to a package from elsewhere, and not
    /// to the program or to one of its local packages.
    pub(super) fn is_package(&self, module: ModuleId) -> bool {
        self.source_of(module).is_some_and(|source| !self.packages.is_own(&source.home))
    }

    /// Returns whether a module made from source belongs to the library.
    pub(super) fn is_library(&self, module: ModuleId) -> bool {
        self.source_of(module).is_some_and(|source| source.home == Home::Library)
    }

    /// Returns errors about the imports of the program that lead to modules whose natives do not exist.
    pub(super) fn imports_without_natives(
        &self,
        missing: &BTreeMap<ModuleId, BTreeSet<String>>,
    ) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        if missing.is_empty() {
            return problems;
        }
        for source in self.sources.iter().filter(|source| !self.is_package(source.id)) {
            for import in source.imports.iter().filter(|import| self.is_package(import.module)) {
                let reached = self.reached_from(import.module);
                let lacking: Vec<&str> = missing
                    .iter()
                    .filter(|(module, _)| reached.contains(module))
                    .flat_map(|(_, natives)| natives.iter().map(String::as_str))
                    .collect();
                if !lacking.is_empty() {
                    let title = "this import needs natives that do not exist";
                    let problem = Diagnostic::error(source.source, import.span, title);
                    problems.push(problem.note(format!("they are {}", lacking.join(", "))));
                }
            }
        }
        problems
    }

    /// Returns a module and everything that it imports, directly or indirectly.
    fn reached_from(&self, module: ModuleId) -> BTreeSet<ModuleId> {
        let mut reached = BTreeSet::from([module]);
        let mut work = vec![module];
        while let Some(next) = work.pop().and_then(|module| self.source_of(module)) {
            for import in &next.imports {
                if reached.insert(import.module) {
                    work.push(import.module);
                }
            }
        }
        reached
    }
}

/// Returns a file that is not reached through an import.
fn root_target(path: &str) -> Target {
    let home = if path.starts_with(LIBRARY_PREFIX) { Home::Library } else { Home::Program };
    Target { path: path.to_owned(), home }
}

/// The available files: prepared ones, and those that the loader finds.
struct Available<'a> {
    loader: &'a dyn Loader,
    by_path: &'a HashMap<String, ModuleId>,
    folders: &'a HashSet<String>,
}

impl Files for Available<'_> {
    fn is_file(&self, path: &str) -> bool {
        self.by_path.contains_key(path) || self.loader.is_file(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.folders.contains(path) || self.loader.is_folder(path)
    }

    fn full(&self, path: &str) -> String {
        self.loader.full(path)
    }
}

/// The inputs of loading.
pub(super) struct Load<'a> {
    pub(super) loader: &'a dyn Loader,
    pub(super) sources: &'a mut Sources,
    pub(super) problems: Vec<Diagnostic>,
    /// The packages that an import needs and that are not there, which has been reported.
    pub(super) missing_packages: BTreeSet<String>,
    /// Whether the analysis is canceled.
    pub(super) is_canceled: &'a dyn Fn() -> bool,
    /// The trees that are kept from earlier analyses.
    pub(super) trees: Option<&'a dyn Trees>,
    /// The input of a session that is the root.
    pub(super) input: Option<&'a NewInput<'a>>,
}

/// Returns the names that an import brings, as far as the import itself lists them.
fn brought_names(import: &Import) -> Vec<Name> {
    let mut names: Vec<Name> = import.prefix.iter().map(|prefix| prefix.name.clone()).collect();
    if let ast::Show::Names(shown) = &import.show {
        names.extend(shown.iter().map(|shown| shown.name.clone()));
    }
    names.extend(import.segments.last().map(|segment| crate::names::canonical(&segment.name)));
    names
}

/// Returns whether an import brings all names of its file.
fn brings_everything(import: &Import) -> bool {
    let is_open = import.dots > 0 && import.prefix.is_none();
    matches!(import.show, ast::Show::Everything(_)) || is_open && matches!(import.show, ast::Show::Nothing)
}

fn resolve_import(import: &Import, module: ModuleId) -> ResolvedImport {
    let is_local = import.dots > 0;
    let shown = match &import.show {
        ast::Show::Everything(_) => Shown::Everything,
        ast::Show::Names(names) => Shown::Names(names.clone()),
        ast::Show::Nothing if is_local && import.prefix.is_none() => Shown::Everything,
        ast::Show::Nothing => Shown::Nothing,
    };
    let mut prefix = import.prefix.clone();
    if prefix.is_none() && matches!(shown, Shown::Nothing) {
        prefix = import
            .segments
            .last()
            .map(|segment| Identifier { name: crate::names::canonical(&segment.name), span: segment.span });
    }
    ResolvedImport { module, span: import.span, prefix, shown }
}

/// Merges the items that several modules have under a name.
fn merged(found: impl Iterator<Item = Vec<Item>>) -> Found {
    let mut all: Vec<Item> = Vec::new();
    let mut is_ambiguous = false;
    for items in found.filter(|items| !items.is_empty()) {
        is_ambiguous |= !all.is_empty() && items.iter().any(|item| !all.contains(item));
        add_new(&mut all, items);
    }
    match (all.is_empty(), is_ambiguous) {
        (true, _) => Found::Nothing,
        (false, true) => Found::Ambiguous(all),
        (false, false) => Found::Items(all),
    }
}

fn add_new(items: &mut Vec<Item>, more: Vec<Item>) {
    for item in more {
        if !items.contains(&item) {
            items.push(item);
        }
    }
}
