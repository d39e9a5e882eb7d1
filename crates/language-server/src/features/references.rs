//! All places that refer to a declaration: in a file, for highlights, and in all files of a project.
//!
//! The files of a project that contain the name are analyzed together, for each program once: a program is a folder with
//! its own `package.lock` or `package.yaml`. Declarations have numbers that differ between analyses, so that they are
//! compared by their places, except for those of the library.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use lsp_types::{
    DocumentHighlight, DocumentHighlightKind, DocumentHighlightParams, Location, ReferenceParams,
};
use lucarne_compiler::ir::{ClassId, FunctionKind};
use lucarne_compiler::names::canonical;
use lucarne_compiler::resolve::index::{Role, Symbol, Use};
use lucarne_compiler::source::{FileLoader, Loader};
use lucarne_package::{LOCK_FILE, PACKAGES_FOLDER, SPEC_FILE};
use std::sync::Arc;
use walkdir::WalkDir;

use super::definition::meant;
use crate::analyzed::{Analyzed, Place};
use crate::wire::Fault;
use crate::workspace::{Snapshot, failed};

/// The maximum number of files of a project that are searched.
pub const PROJECT_FILES_MAX: usize = 20_000;

/// The maximum number of files that are analyzed for one request, because they contain a name.
const ANALYZED_FILES_MAX: usize = 2_000;

/// The maximum depth of the folders of a project.
const DEPTH_MAX: usize = 32;

/// Answers `textDocument/references`.
///
/// # Errors
/// If the document cannot be read, the project is too large, or the request is canceled.
pub fn references(snapshot: &Snapshot, params: ReferenceParams) -> Result<Option<Vec<Location>>, Fault> {
    let at = &params.text_document_position;
    let (key, _, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let analyzed = snapshot.analyzed(&key)?;
    let names = analyzed.names_at(&key, offset);
    let symbols: Vec<Symbol> = meant(names).iter().map(|name| name.symbol.clone()).collect();
    if symbols.is_empty() {
        return Ok(None);
    }
    let mut locations = BTreeSet::new();
    for found in uses(snapshot, &key, &analyzed, &symbols, None)? {
        for name in found.names() {
            if name.role == Role::Definition && !params.context.include_declaration {
                continue;
            }
            let place = found.analyzed.place_of(name);
            if let Some(location) = snapshot.location(&found.analyzed, &place) {
                locations.insert((location.uri.to_string(), location.range.start, location.range.end));
            }
        }
    }
    let location = |(uri, start, end): (String, _, _)| {
        Some(Location { uri: uri.parse().ok()?, range: lsp_types::Range { start, end } })
    };
    Ok(Some(locations.into_iter().filter_map(location).collect()))
}

/// Answers `textDocument/documentHighlight`.
///
/// # Errors
/// If the document cannot be read, or the request is canceled.
pub fn highlights(
    snapshot: &Snapshot,
    params: DocumentHighlightParams,
) -> Result<Option<Vec<DocumentHighlight>>, Fault> {
    let at = &params.text_document_position_params;
    let (key, text, offset) = snapshot.locate(&at.text_document.uri, at.position)?;
    let analyzed = snapshot.alone(&key)?;
    let symbols: HashSet<Symbol> =
        meant(analyzed.names_at(&key, offset)).iter().map(|name| name.symbol.clone()).collect();
    let Some(source) = analyzed.source(&key) else { return Ok(None) };
    let mut highlights = BTreeMap::new();
    for name in analyzed.index.of_source(source).iter().filter(|name| symbols.contains(&name.symbol)) {
        let kind = match name.role {
            Role::Write | Role::Definition => DocumentHighlightKind::WRITE,
            _ => DocumentHighlightKind::READ,
        };
        highlights.insert(name.span, kind);
    }
    let encoding = snapshot.settings.encoding;
    let highlight = |(span, kind)| DocumentHighlight { range: text.range(span, encoding), kind: Some(kind) };
    Ok(Some(highlights.into_iter().map(highlight).collect()))
}

/// The names of an analysis that refer to some declarations.
pub struct Found {
    /// The analysis.
    pub analyzed: Arc<Analyzed>,
    /// The files that were analyzed together.
    pub files: Vec<String>,
    /// The declarations.
    pub symbols: HashSet<Symbol>,
    /// The names of members of objects of unknown class that may be meant.
    members: HashSet<Box<str>>,
}

impl Found {
    /// Returns the names.
    pub fn names(&self) -> impl Iterator<Item = &Use> {
        self.analyzed.index.uses.iter().filter(|name| match &name.symbol {
            Symbol::Member(member) => self.members.contains(member),
            symbol => self.symbols.contains(symbol),
        })
    }
}

/// Returns the names in the project that refer to some declarations, or to members that override them. The analyses include the
/// files that contain a name that the declarations may get.
///
/// # Errors
/// If the project is too large, or the request is canceled.
pub fn uses(
    snapshot: &Snapshot,
    key: &str,
    analyzed: &Arc<Analyzed>,
    symbols: &[Symbol],
    new_name: Option<&str>,
) -> Result<Vec<Found>, Fault> {
    let is_local =
        |symbol: &Symbol| matches!(symbol, Symbol::Local(..) | Symbol::Prefix(..) | Symbol::Label(..));
    if symbols.iter().all(is_local) {
        return Ok(vec![found(analyzed.clone(), vec![key.to_owned()], symbols)]);
    }
    let places: BTreeSet<Place> = symbols
        .iter()
        .flat_map(|symbol| related(analyzed, symbol))
        .filter(|symbol| !analyzed.is_of_library(symbol))
        .filter_map(|symbol| analyzed.definition(&symbol))
        .collect();
    let of_library: Vec<Symbol> =
        symbols.iter().filter(|symbol| analyzed.is_of_library(symbol)).cloned().collect();
    let name = symbols.first().map(|symbol| analyzed.name(symbol)).unwrap_or_default();
    let mut all = Vec::new();
    let title = format!("Searching for `{name}`");
    snapshot.reporter.progress(&title, 0, 1);
    let names: Vec<&str> = std::iter::once(name.as_str()).chain(new_name).collect();
    let programs = programs(snapshot, key, &places, &names)?;
    let count = programs.len();
    for (done, files) in programs.into_iter().enumerate() {
        snapshot.reporter.progress(&title, 1 + done, 1 + count);
        let together = if files.len() == 1 && files.first().is_some_and(|file| file == key) {
            analyzed.clone()
        } else {
            snapshot.analyzed_together(&files)?
        };
        let mut here = of_library.clone();
        here.extend(places.iter().flat_map(|place| together.defined_at(place)));
        all.push(found(together, files, &here));
    }
    Ok(all)
}

fn found(analyzed: Arc<Analyzed>, files: Vec<String>, symbols: &[Symbol]) -> Found {
    let mut all = HashSet::new();
    for symbol in symbols {
        all.extend(related(&analyzed, symbol));
    }
    let members = all.iter().filter(|symbol| analyzed.is_member(symbol));
    let members = members.map(|symbol| analyzed.name(symbol).into()).collect();
    Found { analyzed, files, symbols: all, members }
}

/// Returns a declaration with those that must have the same name: overriding members, named parameters of overriding
/// methods, and fields with the named parameters that set them.
pub fn related(analyzed: &Analyzed, symbol: &Symbol) -> HashSet<Symbol> {
    let mut all = HashSet::new();
    let mut work = vec![symbol.clone()];
    while let Some(next) = work.pop() {
        if !all.insert(next.clone()) {
            continue;
        }
        match &next {
            Symbol::Function(_) if analyzed.is_member(&next) => work.extend(family(analyzed, &next)),
            Symbol::Field(_) => {
                work.extend(family(analyzed, &next));
                work.extend(storing_parameters(analyzed, &next));
            }
            Symbol::Parameter(id, index) => {
                work.extend(stored_field(analyzed, &next));
                let parameter =
                    analyzed.function(*id).and_then(|function| function.parameters.get(*index as usize));
                let Some(parameter) = parameter.filter(|parameter| parameter.is_named) else { continue };
                if !analyzed.is_member(&Symbol::Function(*id)) {
                    continue;
                }
                for member in family(analyzed, &Symbol::Function(*id)) {
                    let Symbol::Function(other) = member else { continue };
                    let parameters =
                        analyzed.function(other).map_or(&[][..], |function| &function.parameters);
                    let same =
                        parameters.iter().position(|known| known.is_named && known.name == parameter.name);
                    work.extend(same.map(|place| Symbol::Parameter(other, place as u32)));
                }
            }
            _ => {}
        }
    }
    all
}

/// Returns the named parameters that set a field: callers write their names.
fn storing_parameters(analyzed: &Analyzed, field: &Symbol) -> Vec<Symbol> {
    let uses = &analyzed.index.uses;
    let places: HashSet<_> =
        uses.iter().filter(|name| name.symbol == *field).map(|name| (name.source, name.span)).collect();
    let is_named = |symbol: &Symbol| match symbol {
        Symbol::Parameter(id, index) => analyzed
            .function(*id)
            .and_then(|function| function.parameters.get(*index as usize))
            .is_some_and(|parameter| parameter.is_named),
        _ => false,
    };
    let parameters = uses.iter().filter(|name| {
        name.role == Role::Definition && places.contains(&(name.source, name.span)) && is_named(&name.symbol)
    });
    parameters.map(|name| name.symbol.clone()).collect()
}

/// Returns the field that a parameter sets.
fn stored_field(analyzed: &Analyzed, parameter: &Symbol) -> Option<Symbol> {
    let place = analyzed.definition(parameter)?;
    let source = analyzed.source(&place.key)?;
    let names = analyzed.index.at(source, place.span.start);
    let field = names.iter().find(|name| matches!(name.symbol, Symbol::Field(_)))?;
    Some(field.symbol.clone())
}

/// The classes of an analysis, with their superclasses and subclasses.
pub struct Kin<'a> {
    analyzed: &'a Analyzed,
    below: HashMap<ClassId, Vec<ClassId>>,
}

impl<'a> Kin<'a> {
    /// Collects the classes.
    pub fn new(analyzed: &'a Analyzed) -> Kin<'a> {
        let mut below: HashMap<ClassId, Vec<ClassId>> = HashMap::new();
        for (number, module) in analyzed.analysis.unit.modules.iter().enumerate() {
            for index in 0..module.classes.len() {
                let id =
                    ClassId { module: lucarne_compiler::ir::ModuleId(number as u32), index: index as u32 };
                for above in directly_above(analyzed, id) {
                    below.entry(above).or_default().push(id);
                }
            }
        }
        Kin { analyzed, below }
    }

    /// Returns the classes directly below a class.
    pub fn directly_below(&self, class: ClassId) -> &[ClassId] {
        self.below.get(&class).map_or(&[], Vec::as_slice)
    }

    /// Returns all classes below a class.
    pub fn below(&self, class: ClassId) -> Vec<ClassId> {
        closure(class, |class| self.directly_below(class).to_vec())
    }

    /// Returns all classes above a class.
    pub fn above(&self, class: ClassId) -> Vec<ClassId> {
        closure(class, |class| directly_above(self.analyzed, class))
    }
}

/// Returns the superclass, the mixins and the interfaces of a class.
pub fn directly_above(analyzed: &Analyzed, id: ClassId) -> Vec<ClassId> {
    let Some(class) = analyzed.class(id) else { return Vec::new() };
    class.superclass.iter().chain(&class.mixins).chain(&class.interfaces).copied().collect()
}

fn closure(start: ClassId, next: impl Fn(ClassId) -> Vec<ClassId>) -> Vec<ClassId> {
    let mut seen = HashSet::from([start]);
    let mut all = Vec::new();
    let mut work = vec![start];
    while let Some(class) = work.pop() {
        for found in next(class) {
            if seen.insert(found) {
                all.push(found);
                work.push(found);
            }
        }
    }
    all
}

/// Returns the members that a member overrides or implements, and those that override or implement it, itself included.
pub fn family(analyzed: &Analyzed, symbol: &Symbol) -> Vec<Symbol> {
    let Some(holder) = analyzed.holder(symbol) else { return vec![symbol.clone()] };
    let kin = Kin::new(analyzed);
    let name = analyzed.name(symbol);
    let mut found = vec![symbol.clone()];
    let mut classes = HashSet::from([holder]);
    let mut work = vec![holder];
    while let Some(class) = work.pop() {
        let mut near: HashSet<ClassId> = kin.above(class).into_iter().collect();
        for below in kin.below(class) {
            near.insert(below);
            // What a class inherits from two sides meets in it.
            near.extend(kin.above(below));
        }
        for other in near {
            if classes.contains(&other) {
                continue;
            }
            let members = members_named(analyzed, other, &name);
            let same: Vec<Symbol> =
                members.into_iter().filter(|member| have_one_shape(analyzed, symbol, member)).collect();
            if !same.is_empty() && is_above_or_below(&kin, class, other) {
                classes.insert(other);
                work.push(other);
                found.extend(same);
            }
        }
    }
    found
}

/// Returns whether a class is above or below another one, or both are above the same.
fn is_above_or_below(kin: &Kin<'_>, a: ClassId, b: ClassId) -> bool {
    let below_a: HashSet<ClassId> = kin.below(a).into_iter().chain([a]).collect();
    below_a.contains(&b) || kin.below(b).into_iter().any(|below| below_a.contains(&below))
}

fn members_named(analyzed: &Analyzed, class: ClassId, name: &str) -> Vec<Symbol> {
    let Some((declared, module)) = analyzed.class(class).zip(analyzed.module(class.module)) else {
        return Vec::new();
    };
    let fields = declared.fields.iter().enumerate().filter(|(_, field)| field.name == name);
    let fields =
        fields.map(|(index, _)| Symbol::Field(lucarne_compiler::ir::FieldRef { class, index: index as u32 }));
    let methods = declared
        .methods
        .iter()
        .filter(|index| module.functions.get(**index as usize).is_some_and(|function| function.name == name));
    let methods = methods.map(|index| {
        Symbol::Function(lucarne_compiler::ir::FunctionId { module: class.module, index: *index })
    });
    fields.chain(methods).collect()
}

/// Returns whether some call may mean either of two members of the same name.
fn have_one_shape(analyzed: &Analyzed, a: &Symbol, b: &Symbol) -> bool {
    /// The least and the greatest number of unnamed arguments, and the names that must be given.
    struct Shape {
        least: usize,
        most: usize,
        required: Vec<String>,
        allowed: Vec<String>,
    }
    let shape = |symbol: &Symbol| match symbol {
        Symbol::Function(id) => {
            let function = analyzed.function(*id)?;
            if function.kind == FunctionKind::Setter {
                return None;
            }
            let unnamed = function.parameters.iter().filter(|parameter| !parameter.is_named);
            let named = function.parameters.iter().filter(|parameter| parameter.is_named);
            let needed = named.clone().filter(|parameter| !parameter.is_optional);
            Some(Shape {
                least: unnamed.clone().filter(|parameter| !parameter.is_optional).count(),
                most: unnamed.count(),
                required: needed.map(|parameter| parameter.name.clone()).collect(),
                allowed: named.map(|parameter| parameter.name.clone()).collect(),
            })
        }
        _ => Some(Shape { least: 0, most: 0, required: Vec::new(), allowed: Vec::new() }),
    };
    match (shape(a), shape(b)) {
        (Some(a), Some(b)) => {
            a.least <= b.most
                && b.least <= a.most
                && a.required.iter().all(|name| b.allowed.contains(name))
                && b.required.iter().all(|name| a.allowed.contains(name))
        }
        // A setter goes with a setter, and with a field.
        (None, None) => true,
        _ => matches!((a, b), (Symbol::Field(_), _) | (_, Symbol::Field(_))),
    }
}

/// Returns the files that contain one of some names, by the programs that they belong to.
///
/// # Errors
/// If the project is too large, or the request is canceled.
fn programs(
    snapshot: &Snapshot,
    key: &str,
    places: &BTreeSet<Place>,
    names: &[&str],
) -> Result<Vec<Vec<String>>, Fault> {
    let mut files = BTreeSet::from([key.to_owned()]);
    files.extend(places.iter().map(|place| place.key.clone()));
    let names: Vec<_> = names.iter().map(|name| canonical(name)).collect();
    for file in project_files(snapshot, key)? {
        if (snapshot.is_canceled)() {
            return Err(crate::workspace::canceled());
        }
        let has_name = |text: &str| names.iter().any(|name| mentions(text, name));
        let is_one = match snapshot.documents.open.get(&file) {
            Some(document) => has_name(document.text.as_str()),
            None => FileLoader.read(&file).is_some_and(|bytes| has_name(&String::from_utf8_lossy(&bytes))),
        };
        if is_one {
            files.insert(file);
        }
    }
    if files.len() > ANALYZED_FILES_MAX {
        let count = files.len();
        return Err(failed(format!(
            "{count} files contain `{}`, more than the maximum of {ANALYZED_FILES_MAX}",
            names.join("` or `")
        )));
    }
    let mut programs: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
    for file in files {
        programs.entry(program_folder(&file)).or_default().push(file);
    }
    Ok(programs.into_values().collect())
}

/// Returns whether a text contains a name, with dashes or underscores.
pub fn mentions(text: &str, name: &str) -> bool {
    if !name.contains('-') {
        return text.contains(name);
    }
    let first = name.split('-').next().unwrap_or(name);
    text.match_indices(first).any(|(at, _)| {
        let found = text.get(at..at + name.len());
        found.is_some_and(|found| found.replace('_', "-") == name)
    })
}

/// Returns the folder of the program that a file belongs to.
fn program_folder(file: &str) -> Option<String> {
    let mut folders = Path::new(file).ancestors().skip(1);
    let has = |folder: &&Path| folder.join(LOCK_FILE).is_file() || folder.join(SPEC_FILE).is_file();
    folders.find(has).and_then(Path::to_str).map(str::to_owned)
}

/// Returns the files of the project that a document belongs to: those below its program's folder, or below a folder of
/// the workspace, or beside it; and the open ones.
///
/// # Errors
/// If there are too many.
pub fn project_files(snapshot: &Snapshot, key: &str) -> Result<Vec<String>, Fault> {
    let mut files: BTreeSet<String> = snapshot
        .documents
        .open
        .keys()
        .filter(|key| key.ends_with(".toit") && key.starts_with('/'))
        .cloned()
        .collect();
    let of_workspace =
        snapshot.settings.folders.iter().filter(|folder| Path::new(key).starts_with(folder.as_str()));
    let folder = match of_workspace.min_by_key(|folder| folder.len()) {
        Some(folder) => Some(folder.clone()),
        None if key.starts_with('/') => {
            program_folder(key).or_else(|| Path::new(key).parent().and_then(Path::to_str).map(str::to_owned))
        }
        None => None,
    };
    if let Some(folder) = folder {
        add_files(&folder, &mut files)?;
    }
    Ok(files.into_iter().collect())
}

/// Adds the Toit files below a folder.
///
/// # Errors
/// If there are too many.
pub fn add_files(folder: &str, files: &mut BTreeSet<String>) -> Result<(), Fault> {
    let is_wanted = |entry: &walkdir::DirEntry| {
        let name = entry.file_name().to_str().unwrap_or(".");
        entry.depth() == 0 || !name.starts_with('.') && name != PACKAGES_FOLDER && name != "node_modules"
    };
    let walk = WalkDir::new(folder).max_depth(DEPTH_MAX).into_iter().filter_entry(is_wanted);
    let mut seen = 0;
    for entry in walk.filter_map(Result::ok) {
        seen += 1;
        if seen > PROJECT_FILES_MAX * 10 || files.len() > PROJECT_FILES_MAX {
            let title = format!("the folder {folder} has too many files to search all of them");
            return Err(failed(format!("{title}: the maximum is {PROJECT_FILES_MAX}")));
        }
        let is_source = entry.path().extension().is_some_and(|ending| ending == "toit");
        if is_source
            && entry.file_type().is_file()
            && let Some(path) = entry.path().to_str()
        {
            files.insert(path.to_owned());
        }
    }
    Ok(())
}
