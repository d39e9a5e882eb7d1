//! Gives pages and ids to everything that is documented.
//!
//! | what | address |
//! |---|---|
//! | package | `PACKAGE/index.html` |
//! | library `a.b` | `PACKAGE/a/b/index.html` |
//! | class `C` of it | `PACKAGE/a/b/class-C.html` |
//! | function `f` with two parameters | `...#f/2` |
//! | the same, with the named parameter `x` | `...#f/2--x` |
//! | getter, field, global, constant | `...#f` |
//! | line 12 of the source | `source/PACKAGE/a/b.html#L12` |

use std::collections::{HashMap, HashSet};

use lucarne_compiler::ast::{Declaration, Function, FunctionName};
use lucarne_compiler::resolve::index::Symbol;

use super::class;
use super::tables::{Declared, File, Tables, name_of};
use crate::address::{Names, Url, slug};
use crate::project::{PackageKind, Project};

/// The folders at the root of a site that are not packages.
pub(crate) const RESERVED: &[&str] = &["source", "assets"];

/// The folder of the libraries that come with Lucarne.
const LIBRARY_FOLDER: &str = "library";

pub(super) struct Addresses {
    packages: Vec<String>,
    /// The folders of libraries, by the places of their files.
    folders: HashMap<usize, String>,
    sources: HashMap<usize, Url>,
    symbols: HashMap<Symbol, Url>,
}

impl Addresses {
    pub(super) fn new(tables: &Tables<'_>, project: &Project) -> Addresses {
        let mut names = Names::default();
        for reserved in RESERVED {
            names.take(reserved);
        }
        // The libraries are last in the list, but have the same folder in all sites.
        let has_library = project.packages.iter().any(|package| package.kind == PackageKind::Library);
        let library = if has_library { names.take(LIBRARY_FOLDER) } else { String::new() };
        let packages = project.packages.iter().map(|package| match package.kind {
            PackageKind::Library => library.clone(),
            _ => names.take(&slug(&package.name)),
        });
        let mut addresses = Addresses {
            packages: packages.collect(),
            folders: HashMap::new(),
            sources: HashMap::new(),
            symbols: HashMap::new(),
        };
        for place in 0..project.packages.len() {
            addresses.add_package(tables, place);
        }
        addresses.add_sources(tables);
        addresses
    }

    fn add_package(&mut self, tables: &Tables<'_>, place: usize) {
        let Some(package) = self.packages.get(place).cloned() else { return };
        let mut folders = Names::default();
        for file in tables.libraries_of(place) {
            let path: Vec<String> = file.name.split('.').map(slug).collect();
            let folder = format!("{package}/{}", folders.take(&path.join("/")));
            self.folders.insert(file.place_in_list, folder.clone());
            let page = Url::page(format!("{folder}/index.html"));
            self.symbols.insert(Symbol::Module(file.module), page.clone());
            let mut pages = Names::default();
            let mut ids = Names::default();
            for (owner, declared) in tables.declared_in(file) {
                match declared {
                    Declared::Class(class, id) => {
                        let kind = class::kind(class.kind).word();
                        let name = pages.take(&format!("{kind}-{}", slug(&class.name.name)));
                        let url = Url::page(format!("{folder}/{name}.html"));
                        self.add_members(tables, owner, class, &url);
                        self.symbols.insert(Symbol::Class(id), url);
                    }
                    Declared::Function(function, symbol) => {
                        let id = ids.take_id(&id_of_function(function));
                        self.symbols.insert(symbol, page.with_id(id));
                    }
                    Declared::Variable(variable, symbol) => {
                        let id = ids.take_id(&variable.name.name);
                        self.symbols.insert(symbol, page.with_id(id));
                    }
                }
            }
        }
    }

    fn add_members(
        &mut self,
        tables: &Tables<'_>,
        owner: &File,
        class: &lucarne_compiler::ast::Class,
        page: &Url,
    ) {
        let mut ids = Names::default();
        for member in &class.members {
            let Some(symbol) = tables.symbol_of(owner.source, member) else { continue };
            if !tables.is_documented(&name_of(member)) {
                continue;
            }
            let id = match member {
                Declaration::Function(function) => id_of_function(function),
                member => name_of(member),
            };
            self.symbols.insert(symbol, page.with_id(ids.take_id(&id)));
        }
    }

    fn add_sources(&mut self, tables: &Tables<'_>) {
        let lenders: HashSet<usize> = tables.lenders();
        let mut names = Names::default();
        for file in tables.files() {
            let is_needed = tables.is_library(file) || lenders.contains(&file.place_in_list);
            let package = file.package.and_then(|package| self.packages.get(package));
            let (true, Some(package)) = (is_needed, package) else { continue };
            let inside = file.inside.strip_suffix(".toit").unwrap_or(&file.inside);
            let path: Vec<String> = inside.split('/').map(slug).collect();
            let page = names.take(&format!("source/{package}/{}", path.join("/")));
            self.sources.insert(file.place_in_list, Url::page(format!("{page}.html")));
        }
    }

    /// Returns the address of a declaration, if it is documented.
    pub(super) fn of(&self, symbol: &Symbol) -> Option<&Url> {
        self.symbols.get(symbol)
    }

    pub(super) fn package(&self, place: usize) -> Url {
        let folder = self.packages.get(place).map_or("x", String::as_str);
        Url::page(format!("{folder}/index.html"))
    }

    pub(super) fn library(&self, file: &File) -> Url {
        let folder = self.folders.get(&file.place_in_list).map_or("x", String::as_str);
        Url::page(format!("{folder}/index.html"))
    }

    pub(super) fn source_page(&self, file: &File) -> Option<Url> {
        self.sources.get(&file.place_in_list).cloned()
    }

    /// Returns the address of a line of a source; of all of it, if the line is 0.
    pub(super) fn source(&self, file: &File, line: usize) -> Url {
        let page = self.source_page(file).unwrap_or_else(|| Url::page("index.html"));
        if line == 0 { page } else { page.with_id(format!("L{line}")) }
    }
}

/// Returns the id of a function: its name, the number of its parameters, and those that are named. Names of parameters
/// that are not named do not matter, so that they can be changed.
fn id_of_function(function: &Function) -> String {
    let mut id = match &function.name {
        FunctionName::Plain(name) => name.name.to_string(),
        FunctionName::Setter(name) => format!("{}=", name.name),
        FunctionName::Operator(name) => format!("operator{}", name.name),
        FunctionName::Constructor(_) => "constructor".to_owned(),
        FunctionName::NamedConstructor(name) => format!("constructor.{}", name.name),
    };
    let is_setter = matches!(function.name, FunctionName::Setter(_));
    if function.parameters.is_empty() || is_setter {
        return id;
    }
    id += &format!("/{}", function.parameters.len());
    for parameter in function.parameters.iter().filter(|parameter| parameter.is_named) {
        id += &format!("--{}", parameter.name.name);
    }
    id
}
