//! The trees of all files, and their declarations by symbols.

use std::collections::{HashMap, HashSet};

use lucarne_compiler::ast::{self, Declaration, Doc, Function, FunctionName, Variable};
use lucarne_compiler::ir::{self, ClassId, Item, ModuleId};
use lucarne_compiler::parser;
use lucarne_compiler::resolve::index::{Role, Symbol, Use};
use lucarne_compiler::source::{SourceId, Span};
use lucarne_toit::{Analysis, Index};

use crate::Options;
use crate::project::Project;

/// A file of a package.
pub(super) struct File {
    /// The place among the files.
    pub(super) place_in_list: usize,
    pub(super) module: ModuleId,
    pub(super) source: SourceId,
    pub(super) tree: ast::File,
    /// The package, if the file is documented.
    pub(super) package: Option<usize>,
    /// The name of the library.
    pub(super) name: String,
    /// The path inside of the package.
    pub(super) inside: String,
    /// Whether other files can import it.
    is_public: bool,
}

/// A declaration at the top level of a file.
#[derive(Clone)]
pub(super) enum Declared<'a> {
    Class(&'a ast::Class, ClassId),
    Function(&'a Function, Symbol),
    Variable(&'a Variable, Symbol),
}

impl<'a> Declared<'a> {
    pub(super) fn doc(&self) -> Option<&'a Doc> {
        match self {
            Declared::Class(class, _) => class.doc.as_ref(),
            Declared::Function(function, _) => function.doc.as_ref(),
            Declared::Variable(variable, _) => variable.doc.as_ref(),
        }
    }
}

pub(super) struct Tables<'a> {
    analysis: &'a Analysis,
    index: &'a Index,
    with_private: bool,
    files: Vec<File>,
    /// The symbols by the places of their names.
    definitions: HashMap<(SourceId, u32), Symbol>,
    /// The places of files and declarations by item.
    items: HashMap<Item, (usize, usize)>,
    /// The files in whose pages items are documented.
    homes: HashMap<Item, usize>,
    /// The items that are documented in the page of a file, in the order of files and declarations.
    by_home: HashMap<usize, Vec<Item>>,
    /// The libraries, in the order of packages and names.
    libraries: Vec<usize>,
    /// For each class, the classes that extend, implement or mix it in directly.
    subclasses: HashMap<ClassId, Vec<ClassId>>,
}

impl<'a> Tables<'a> {
    pub(super) fn new(
        analysis: &'a Analysis,
        index: &'a Index,
        project: &Project,
        options: &Options,
    ) -> Tables<'a> {
        let mut tables = Tables {
            analysis,
            index,
            with_private: options.with_private,
            files: Vec::new(),
            definitions: HashMap::new(),
            items: HashMap::new(),
            homes: HashMap::new(),
            by_home: HashMap::new(),
            libraries: Vec::new(),
            subclasses: HashMap::new(),
        };
        let defined = index.uses.iter().filter(|name| {
            name.role == Role::Definition
                && matches!(
                    name.symbol,
                    Symbol::Class(_) | Symbol::Function(_) | Symbol::Global(_) | Symbol::Field(_)
                )
        });
        for name in defined {
            tables.definitions.entry((name.source, name.span.start)).or_insert_with(|| name.symbol.clone());
        }
        tables.read_files(project);
        tables.find_libraries();
        tables.find_homes();
        tables.find_subclasses();
        tables
    }

    fn read_files(&mut self, project: &Project) {
        for (module, source) in &self.index.modules {
            let Some(text) = self.analysis.sources.get(*source) else { continue };
            let tree = parser::parse(*source, &text.text).0;
            let placed = project.place_of(&text.path);
            let (package, name, inside) = match placed {
                Some((package, library)) => (Some(package), library.name, library.inside),
                None => (None, text.path.clone(), text.path.clone()),
            };
            let place_in_list = self.files.len();
            let is_public = self.with_private || !name.split('.').any(is_private);
            let (module, source) = (*module, *source);
            let file = File { place_in_list, module, source, tree, package, name, inside, is_public };
            for (place, declaration) in file.tree.declarations.iter().enumerate() {
                let item = match self.symbol_of(source, declaration) {
                    Some(Symbol::Class(id)) => Item::Class(id),
                    Some(Symbol::Function(id)) => Item::Function(id),
                    Some(Symbol::Global(id)) => Item::Global(id),
                    _ => continue,
                };
                self.items.insert(item, (place_in_list, place));
            }
            self.files.push(file);
        }
    }

    /// Finds the libraries in whose pages the declarations are documented.
    fn find_homes(&mut self) {
        let mut homes = HashMap::new();
        for (item, (file, place)) in &self.items {
            let Some(file) = self.files.get(*file) else { continue };
            let declaration = file.tree.declarations.get(*place);
            let is_meant = declaration.is_some_and(|declaration| self.is_documented(&name_of(declaration)));
            if self.is_library(file) && is_meant {
                homes.insert(*item, file.place_in_list);
            }
        }
        // Declarations of private files, in the order of the libraries that export them.
        for file in self.ordered() {
            let Some(module) = self.module(file.module) else { continue };
            for (name, item) in module.exports.iter() {
                let owner = self.items.get(item).and_then(|(owner, _)| self.files.get(*owner));
                let is_of_package = owner.is_some_and(|owner| owner.package == file.package);
                if is_of_package && self.is_documented(name) {
                    homes.entry(*item).or_insert(file.place_in_list);
                }
            }
        }
        let mut by_home: HashMap<usize, Vec<Item>> = HashMap::new();
        for (item, home) in &homes {
            by_home.entry(*home).or_default().push(*item);
        }
        for items in by_home.values_mut() {
            items.sort_by_key(|item| self.items.get(item).copied());
        }
        (self.homes, self.by_home) = (homes, by_home);
    }

    fn find_libraries(&mut self) {
        let mut files: Vec<&File> = self.files.iter().filter(|file| self.is_library(file)).collect();
        files.sort_by(|a, b| {
            (a.package, &a.name, a.place_in_list).cmp(&(b.package, &b.name, b.place_in_list))
        });
        self.libraries = files.into_iter().map(|file| file.place_in_list).collect();
    }

    fn find_subclasses(&mut self) {
        let mut subclasses: HashMap<ClassId, Vec<ClassId>> = HashMap::new();
        for item in self.items.keys() {
            let Item::Class(id) = *item else { continue };
            let Some(class) = self.class(id) else { continue };
            let above = class.superclass.iter().chain(&class.mixins).chain(&class.interfaces);
            for above in above.copied().collect::<HashSet<ClassId>>() {
                subclasses.entry(above).or_default().push(id);
            }
        }
        self.subclasses = subclasses;
    }

    /// Returns the libraries in the order of packages and names.
    fn ordered(&self) -> impl Iterator<Item = &File> {
        self.libraries.iter().filter_map(|place| self.files.get(*place))
    }

    // Files.

    pub(super) fn files(&self) -> &[File] {
        &self.files
    }

    /// Returns whether a file has a page.
    pub(super) fn is_library(&self, file: &File) -> bool {
        file.package.is_some() && file.is_public
    }

    /// Returns the libraries of a package by name.
    pub(super) fn libraries_of(&self, package: usize) -> impl Iterator<Item = &File> {
        self.ordered().filter(move |file| file.package == Some(package))
    }

    /// Returns the files with a declaration that is documented, in the page of the file itself or of a library that exports it.
    pub(super) fn lenders(&self) -> HashSet<usize> {
        self.homes.keys().filter_map(|item| self.items.get(item)).map(|(file, _)| *file).collect()
    }

    pub(super) fn text(&self, source: SourceId) -> &'a str {
        self.analysis.sources.get(source).map_or("", |source| &source.text)
    }

    /// Returns the line of a place, counted from 1.
    pub(super) fn line(&self, source: SourceId, place: u32) -> usize {
        self.analysis.sources.get(source).map_or(1, |source| source.line(place))
    }

    // Declarations.

    pub(super) fn module(&self, id: ModuleId) -> Option<&ir::Module> {
        self.analysis.unit.modules.get(id.0 as usize).map(|module| &**module)
    }

    pub(super) fn class(&self, id: ClassId) -> Option<&ir::Class> {
        self.module(id.module)?.classes.get(id.index as usize)
    }

    /// Returns the library in whose page an item is documented, by its place in the list of files.
    pub(super) fn home(&self, item: Item) -> Option<usize> {
        self.homes.get(&item).copied()
    }

    /// Returns an item with the file that declares it.
    pub(super) fn declared(&self, item: Item) -> Option<(&File, Declared<'_>)> {
        let (file, place) = self.items.get(&item)?;
        let file = self.files.get(*file)?;
        let declared = match (file.tree.declarations.get(*place)?, item) {
            (Declaration::Class(class), Item::Class(id)) => Declared::Class(class, id),
            (Declaration::Function(function), item) => Declared::Function(function, item.into()),
            (Declaration::Variable(variable), item) => Declared::Variable(variable, item.into()),
            _ => return None,
        };
        Some((file, declared))
    }

    /// Returns the items that are documented in the page of a library, in the order of files and declarations.
    pub(super) fn declared_in(&self, home: &File) -> Vec<(&File, Declared<'_>)> {
        let here = self.by_home.get(&home.place_in_list).into_iter().flatten();
        here.filter_map(|item| self.declared(*item)).collect()
    }

    /// Returns whether a name is documented.
    pub(super) fn is_documented(&self, name: &str) -> bool {
        self.with_private || !is_private(name)
    }

    /// Returns the symbol of a declaration.
    pub(super) fn symbol_of(&self, source: SourceId, declaration: &Declaration) -> Option<Symbol> {
        self.definitions.get(&(source, place_of(declaration))).cloned()
    }

    /// Returns all names of a file, in order.
    pub(super) fn names_of(&self, source: SourceId) -> &[Use] {
        self.index.of_source(source)
    }

    /// Returns the names that begin at a place.
    pub(super) fn names_at(&self, source: SourceId, place: u32) -> &[Use] {
        let names = self.index.of_source(source);
        let start = names.partition_point(|name| name.span.start < place);
        let end = names.partition_point(|name| name.span.start <= place);
        names.get(start..end).unwrap_or_default()
    }

    /// Returns why a declaration is deprecated, if it is.
    pub(super) fn deprecated(&self, symbol: &Symbol) -> Option<String> {
        match symbol {
            Symbol::Class(id) => self.class(*id)?.deprecated.clone(),
            Symbol::Function(id) => self.function(*id)?.deprecated.clone(),
            Symbol::Global(id) => self.module(id.module)?.globals.get(id.index as usize)?.deprecated.clone(),
            Symbol::Field(field) => {
                self.class(field.class)?.fields.get(field.index as usize)?.deprecated.clone()
            }
            _ => None,
        }
    }

    fn function(&self, id: ir::FunctionId) -> Option<&ir::Function> {
        self.module(id.module)?.functions.get(id.index as usize)
    }

    /// Returns the resolved function of a symbol.
    pub(super) fn resolved(&self, symbol: &Symbol) -> Option<&ir::Function> {
        match symbol {
            Symbol::Function(id) => self.function(*id),
            _ => None,
        }
    }

    /// Returns the type of a variable: the declared one, or that of its first value.
    pub(super) fn type_of(&self, symbol: &Symbol) -> ir::Type {
        match symbol {
            Symbol::Global(id) => {
                let globals = self.module(id.module).map(|module| &module.globals);
                let global = globals.and_then(|globals| globals.get(id.index as usize));
                global.map_or(ir::Type::Any, |global| match global.ty {
                    ir::Type::Any => global.first_type,
                    ty => ty,
                })
            }
            Symbol::Field(field) => {
                let fields = self.class(field.class).map(|class| &class.fields);
                let field = fields.and_then(|fields| fields.get(field.index as usize));
                field.map_or(ir::Type::Any, |field| field.ty)
            }
            _ => ir::Type::Any,
        }
    }

    /// Returns the classes that extend, implement or mix in a class directly.
    pub(super) fn subclasses(&self, id: ClassId) -> &[ClassId] {
        self.subclasses.get(&id).map_or(&[], Vec::as_slice)
    }
}

/// Returns whether a name is private.
pub(super) fn is_private(name: &str) -> bool {
    name.ends_with('_')
}

/// Returns the place of the name of a declaration, as the index knows it.
fn place_of(declaration: &Declaration) -> u32 {
    match declaration {
        Declaration::Class(class) => class.name.span.start,
        Declaration::Variable(variable) => variable.name.span.start,
        Declaration::Function(function) => match &function.name {
            FunctionName::NamedConstructor(name) => {
                let Span { start, end } = name.span;
                end.saturating_sub(name.name.len() as u32).max(start)
            }
            name => name.span().start,
        },
    }
}

/// Returns the name of a declaration, without the `constructor.` of a named constructor.
pub(super) fn name_of(declaration: &Declaration) -> String {
    match declaration {
        Declaration::Class(class) => class.name.name.to_string(),
        Declaration::Variable(variable) => variable.name.name.to_string(),
        Declaration::Function(function) => match &function.name {
            FunctionName::Plain(name)
            | FunctionName::Setter(name)
            | FunctionName::Operator(name)
            | FunctionName::NamedConstructor(name) => name.name.to_string(),
            FunctionName::Constructor(_) => "constructor".to_owned(),
        },
    }
}
