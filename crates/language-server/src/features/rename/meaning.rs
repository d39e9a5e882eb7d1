//! Whether a rename keeps the meaning of a program: the renamed texts are analyzed, and all names must refer to what they
//! referred to before.
//!
//! Numbers of declarations differ between analyses, and places move. So both analyses are described by [`Target`]s: places of
//! declarations, in the renamed texts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lucarne_compiler::ir::ModuleId;
use lucarne_compiler::names::canonical;
use lucarne_compiler::resolve::index::{Role, Symbol};
use lucarne_compiler::source::{SourceId, Span};

use crate::analyzed::{Analyzed, module_of};
use crate::features::references::{Found, family, mentions};
use crate::wire::Fault;
use crate::workspace::{Snapshot, file_name};

/// The places of a name that get another name.
pub(super) struct Renaming {
    /// The places by the keys of the documents, sorted.
    pub(super) places: BTreeMap<String, BTreeSet<Span>>,
    /// The new name.
    pub(super) new: String,
}

impl Renaming {
    /// Returns the place in the renamed text of a place in the old text.
    fn moved(&self, key: &str, span: Span) -> Span {
        let Some(places) = self.places.get(key) else { return span };
        let (mut start, mut end) = (i64::from(span.start), i64::from(span.end));
        for place in places {
            let growth = self.new.len() as i64 - i64::from(place.end - place.start);
            start += if place.end <= span.start { growth } else { 0 };
            end += if place.end <= span.end { growth } else { 0 };
        }
        let number = |at: i64| u32::try_from(at).unwrap_or(0);
        Span { start: number(start), end: number(end) }
    }

    /// Returns the renamed texts.
    fn texts(&self, analyzed: &Analyzed) -> HashMap<String, String> {
        let mut texts = HashMap::new();
        for (key, places) in &self.places {
            let Some(mut text) = analyzed.text(key).map(|text| text.as_str().to_owned()) else { continue };
            for place in places.iter().rev() {
                text.replace_range(place.range(), &self.new);
            }
            texts.insert(key.clone(), text);
        }
        texts
    }
}

/// Returns why a rename would change the meaning of a program; none if it would not.
///
/// # Errors
/// If the request is canceled.
pub(super) fn changed(
    snapshot: &Snapshot,
    program: &Found,
    renaming: &Renaming,
) -> Result<Option<String>, Fault> {
    let before = &program.analyzed;
    let after = snapshot.changed(&program.files, &renaming.texts(before))?;
    let old = Meaning::of(before, Some(renaming));
    let new = Meaning::of(&after, None);
    let new_name = &renaming.new;
    let place = |key: &str, span: Span| line_of(&after, key, span);
    if let Some(((key, span), title)) = new.errors.iter().find(|(at, _)| !old.errors.contains_key(*at)) {
        return Ok(Some(format!("as `{new_name}`, it would be an error in {}: {title}", place(key, *span))));
    }
    let differs = |at: &&At| old.names.get(*at) != new.names.get(*at);
    if let Some((key, span, _)) = new.names.keys().chain(old.names.keys()).find(differs) {
        let text = after.text(key).map(|text| text.slice(*span).to_owned()).unwrap_or_default();
        return Ok(Some(format!("`{text}` in {} would refer to another declaration", place(key, *span))));
    }
    let renamed: BTreeSet<(String, u32)> = renaming
        .places
        .iter()
        .flat_map(|(key, places)| places.iter().map(|span| (key.clone(), renaming.moved(key, *span).start)))
        .collect();
    let (old, new) = (old.families(before, &renamed), new.families(&after, &renamed));
    let differs = |(at, kin): &(&Target, &BTreeSet<Target>)| old.get(*at) != Some(*kin);
    if let Some((target, kin)) = new.iter().find(differs) {
        let other = kin.iter().find(|other| old.get(target).is_none_or(|known| !known.contains(*other)));
        let other = match other {
            Some(Target::Place(_, key, start)) => place(key, Span { start: *start, end: *start }),
            Some(Target::Library(path, ..)) => path.clone(),
            _ => "another file".to_owned(),
        };
        return Ok(Some(format!(
            "as `{new_name}`, it would override the declaration in {other}, or be overridden by it"
        )));
    }
    Ok(None)
}

/// Returns the name of a file with the line of a place, for messages.
fn line_of(analyzed: &Analyzed, key: &str, span: Span) -> String {
    let line = analyzed.text(key).map_or(0, |text| text.line_of(span.start) + 1);
    format!("{}:{line}", file_name(key))
}

/// Returns a reason to refuse: the member is called on an object of unknown type, and another class has a member of that
/// name.
pub(super) fn ambiguity(found: &Found) -> Option<String> {
    let unknown = found.names().find(|name| matches!(name.symbol, Symbol::Member(_)))?;
    let analyzed = &found.analyzed;
    let Symbol::Member(name) = &unknown.symbol else { return None };
    let wanted = canonical(name);
    for module in reachable(analyzed, &wanted) {
        let Some(declared) = analyzed.module(module) else { continue };
        for (index, class) in declared.classes.iter().enumerate() {
            let id = lucarne_compiler::ir::ClassId { module, index: index as u32 };
            let methods = class
                .methods
                .iter()
                .map(|index| Symbol::Function(lucarne_compiler::ir::FunctionId { module, index: *index }));
            let fields = (0..class.fields.len()).map(|index| {
                Symbol::Field(lucarne_compiler::ir::FieldRef { class: id, index: index as u32 })
            });
            let mut members = methods.chain(fields);
            let other = members.find(|member| {
                !found.symbols.contains(member) && *canonical(&analyzed.name(member)) == *wanted
            });
            if other.is_some() {
                let place = analyzed.place_of(unknown);
                let place = line_of(analyzed, &place.key, place.span);
                return Some(format!(
                    "`{name}` in {place} belongs to an object of unknown type, and could also be `{}.{name}`; \
                     declare the type there first",
                    class.name
                ));
            }
        }
    }
    None
}

/// Returns the modules that contain a name, those that they import, directly or not, and those of the core library.
fn reachable(analyzed: &Analyzed, name: &str) -> BTreeSet<ModuleId> {
    let modules = &analyzed.analysis.unit.modules;
    let is_core = |module: &ModuleId| {
        analyzed.module(*module).is_some_and(|module| module.path.starts_with("<lib>/core/"))
    };
    let all = (0..modules.len() as u32).map(ModuleId);
    let mut work: Vec<ModuleId> = all.filter(is_core).collect();
    let has_name = |(_, source): &&(ModuleId, SourceId)| {
        analyzed.analysis.sources.get(*source).is_some_and(|source| mentions(&source.text, name))
    };
    work.extend(analyzed.index.modules.iter().filter(has_name).map(|(module, _)| *module));
    let mut seen = BTreeSet::new();
    while let Some(module) = work.pop() {
        if seen.insert(module) {
            work.extend(
                analyzed.module(module).into_iter().flat_map(|module| module.imports.iter().copied()),
            );
        }
    }
    seen
}

/// The declaration that a name refers to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Target {
    /// A declaration in a document: its kind, the key, and the place in the renamed text.
    Place(u8, String, u32),
    /// A declaration of the library: the module, its place, and the number of the parameter.
    Library(String, u32, u32),
    /// A member of an object of unknown class.
    Name(String),
}

/// A name in a document.
type At = (String, Span, Role);

/// The declarations that the names of an analysis refer to.
struct Meaning<'r> {
    renaming: Option<&'r Renaming>,
    /// The place of the name of each declaration.
    definitions: HashMap<Symbol, (SourceId, Span)>,
    names: BTreeMap<At, BTreeSet<Target>>,
    errors: BTreeMap<(String, Span), String>,
}

impl<'r> Meaning<'r> {
    /// Describes an analysis. The places of one from before the renaming are moved.
    fn of(analyzed: &Analyzed, renaming: Option<&'r Renaming>) -> Meaning<'r> {
        let mut meaning = Meaning {
            renaming,
            definitions: HashMap::new(),
            names: BTreeMap::new(),
            errors: BTreeMap::new(),
        };
        for name in analyzed.index.uses.iter().filter(|name| name.role == Role::Definition) {
            meaning.definitions.entry(name.symbol.clone()).or_insert((name.source, name.span));
        }
        // What is only a candidate stands beside an error, and errors are compared.
        for name in analyzed.index.uses.iter().filter(|name| name.role != Role::Candidate) {
            let key = analyzed.key(name.source);
            let mut target = meaning.target(analyzed, &name.symbol);
            if let (Target::Name(known), Some(renaming)) = (&mut target, renaming)
                && renaming.places.get(key).is_some_and(|places| places.contains(&name.span))
            {
                *known = canonical(&renaming.new).to_string();
            }
            let at = (key.to_owned(), meaning.moved(key, name.span), name.role);
            meaning.names.entry(at).or_default().insert(target);
        }
        for problem in analyzed.analysis.diagnostics.iter().filter(|problem| problem.is_error()) {
            let key = analyzed.key(problem.source);
            let at = (key.to_owned(), meaning.moved(key, problem.span));
            meaning.errors.insert(at, problem.title.clone());
        }
        meaning
    }

    fn moved(&self, key: &str, span: Span) -> Span {
        self.renaming.map_or(span, |renaming| renaming.moved(key, span))
    }

    fn target(&self, analyzed: &Analyzed, symbol: &Symbol) -> Target {
        let (kind, at) = match symbol {
            Symbol::Class(id) => (0, analyzed.class(*id).map(|class| class.at)),
            Symbol::Function(id) => (1, analyzed.function(*id).map(|function| function.at)),
            Symbol::Global(id) => (2, analyzed.global(*id).map(|global| global.at)),
            Symbol::Field(field) => (3, analyzed.field(*field).map(|field| field.at)),
            Symbol::Parameter(id, _) => (4, analyzed.function(*id).map(|function| function.at)),
            Symbol::Local(_, span) => (5, Some(span.start)),
            Symbol::Prefix(_, span) => (6, Some(span.start)),
            Symbol::Label(_, span) => (7, Some(span.start)),
            Symbol::Module(_) => (8, Some(0)),
            Symbol::Member(name) => return Target::Name(canonical(name).to_string()),
        };
        let at = at.unwrap_or(0);
        let own = self.definitions.get(symbol).copied().or_else(|| {
            let source = match symbol {
                Symbol::Local(source, _) | Symbol::Prefix(source, _) | Symbol::Label(source, _) => *source,
                symbol => analyzed.index.source_of(module_of(symbol)?)?,
            };
            Some((source, Span { start: at, end: at }))
        });
        match own {
            Some((source, span)) => {
                let key = analyzed.key(source);
                Target::Place(kind, key.to_owned(), self.moved(key, span).start)
            }
            None => {
                let module = module_of(symbol).and_then(|module| analyzed.module(module));
                let path = module.map(|module| module.path.clone()).unwrap_or_default();
                let number = if let Symbol::Parameter(_, number) = symbol { *number } else { 0 };
                Target::Library(path, at, number)
            }
        }
    }

    /// Returns the declarations that those at some places override or are overridden by.
    fn families(
        &self,
        analyzed: &Analyzed,
        places: &BTreeSet<(String, u32)>,
    ) -> BTreeMap<Target, BTreeSet<Target>> {
        let mut families = BTreeMap::new();
        for symbol in self.definitions.keys() {
            let target = self.target(analyzed, symbol);
            let Target::Place(_, key, start) = &target else { continue };
            if !places.contains(&(key.clone(), *start)) {
                continue;
            }
            let member = match symbol {
                Symbol::Parameter(id, _) => Symbol::Function(*id),
                symbol => symbol.clone(),
            };
            if analyzed.is_member(&member) {
                let kin = family(analyzed, &member);
                let kin = kin.iter().map(|member| self.target(analyzed, member)).collect();
                families.insert(target, kin);
            }
        }
        families
    }
}
