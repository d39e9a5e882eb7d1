//! Checks documentation comments: what they refer to exists. A comment has the scope of its declaration: the
//! parameters, the members of the class, and the names of the module.

use super::index::{Role, Site, SiteKind, Symbol};
use super::modules::{Found, Modules, SourceModule};
use super::probe;
use super::shape::accepts;
use super::shown::span_of;
use super::world::{Member, World};
use crate::ast::{Class, Declaration, Doc, Function, FunctionName, Parameter};
use crate::diagnostic::Diagnostic;
use crate::ir::{self, ClassId, FunctionId, FunctionKind, Item, Selector};
use crate::names::Name;
use crate::parser::references::{Arguments, Reference, references};
use crate::source::{Source, SourceId, Sources, Span};

/// The maximum number of candidates that a warning shows.
const CANDIDATES_MAX: usize = 4;

/// Returns warnings about the comments of the user's modules. If an index is requested, looks at the comments of all
/// modules. Leaves out the sources for which `is_wanted` returns false.
pub(super) fn check(
    world: &World,
    modules: &Modules,
    sources: &Sources,
    is_wanted: &dyn Fn(SourceId) -> bool,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let is_meant = |source: &&SourceModule| world.notes.are_wanted() || modules.is_own(source.source);
    let meant = modules.sources.iter().filter(is_meant);
    for source in meant.filter(|source| is_wanted(source.source)) {
        if let Some(text) = sources.get(source.source) {
            let mut check = Check { world, modules, source, text, problems: Vec::new() };
            check.file();
            problems.append(&mut check.problems);
        }
    }
    problems.into_iter().map(Diagnostic::for_check).collect()
}

struct Check<'a> {
    world: &'a World,
    modules: &'a Modules,
    source: &'a SourceModule,
    text: &'a Source,
    problems: Vec<Diagnostic>,
}

/// The declaration that a comment belongs to.
#[derive(Clone, Copy, Default)]
struct Scope<'a> {
    class: Option<ClassId>,
    function: Option<&'a Function>,
}

/// The meaning of the name of a reference.
enum Target {
    /// A declaration that exists, but whose parameters are not checked.
    Something,
    Nothing,
    Prefix,
    Ambiguous(Vec<Item>),
    Class(ClassId),
    Known(Known),
}

/// The declarations that share a name.
#[derive(Default)]
struct Known {
    functions: Vec<FunctionId>,
    /// Whether there is a variable, a field or a class, which takes no arguments.
    has_value: bool,
    /// Whether there is a variable or a field that can be assigned.
    is_assignable: bool,
    /// All of them, for the index.
    symbols: Vec<Symbol>,
}

impl Known {
    fn is_empty(&self) -> bool {
        self.functions.is_empty() && !self.has_value
    }
}

impl<'a> Check<'a> {
    fn file(&mut self) {
        let file = &self.source.tree.file;
        self.doc(&file.doc, Scope::default());
        let mut index = 0;
        for declaration in &file.declarations {
            match declaration {
                Declaration::Class(class) => {
                    let id = ClassId { module: self.source.id, index };
                    index += 1;
                    self.class(class, id);
                }
                declaration => self.declaration(declaration, Scope::default()),
            }
        }
    }

    fn class(&mut self, class: &'a Class, id: ClassId) {
        let scope = Scope { class: Some(id), function: None };
        self.doc(&class.doc, scope);
        for member in &class.members {
            self.declaration(member, scope);
        }
    }

    fn declaration(&mut self, declaration: &'a Declaration, scope: Scope<'a>) {
        match declaration {
            Declaration::Class(_) => {}
            Declaration::Variable(variable) => self.doc(&variable.doc, scope),
            Declaration::Function(function) => {
                self.doc(&function.doc, Scope { function: Some(function), ..scope });
            }
        }
    }

    fn doc(&mut self, doc: &Option<Doc>, scope: Scope<'a>) {
        let Some(doc) = doc else { return };
        let (found, mistakes) = references(&self.text.text, doc.span);
        for mistake in mistakes {
            let problem = Diagnostic::warning(self.source_id(), mistake.span, mistake.title);
            self.problems.push(problem.hint(mistake.hint));
        }
        for reference in found {
            let problem = self.reference(&reference, scope);
            self.problems.extend(problem);
        }
    }

    fn source_id(&self) -> SourceId {
        self.source.source
    }

    fn reference(&self, reference: &Reference, scope: Scope<'a>) -> Option<Diagnostic> {
        let Some(name) = reference.path.last() else { return self.operator(reference, scope) };
        let warning = |title: String| Diagnostic::warning(self.source_id(), reference.span, title);
        if reference.arguments.as_ref().is_some_and(|given| reference.is_setter && !is_one_value(given)) {
            return Some(warning(format!("the setter `{name}=` takes one argument")));
        }
        let is_this = matches!(reference.path.as_slice(), [only] if &**only == "this");
        let target = self.find(reference, scope);
        self.note(reference, scope, &target);
        let known = match target {
            Target::Something => return None,
            Target::Nothing => return Some(self.unknown(reference, name)),
            Target::Prefix => {
                return Some(warning(format!("`{name}` is the prefix of an import, not a declaration")));
            }
            Target::Ambiguous(items) => {
                let problem = warning(format!("several imports have a `{name}`"));
                return Some(self.show_candidates(problem, &items, name));
            }
            Target::Class(class) => {
                let makers = self.world.index(class).constructors.get("").into_iter().flatten();
                Known { functions: makers.copied().collect(), has_value: true, ..Known::default() }
            }
            Target::Known(known) => known,
        };
        let takes = self.takes(&known, reference) && !(is_this && reference.arguments.is_some());
        (!takes).then(|| warning(format!("no `{name}` takes what this reference gives")))
    }

    /// Returns the warning for a reference to something that is not there.
    fn unknown(&self, reference: &Reference, name: &str) -> Diagnostic {
        let title = format!("there is no `{name}` that this comment could refer to");
        Diagnostic::warning(self.source_id(), reference.span, title)
    }

    /// Checks and notes a reference to an operator, which is a member of the class.
    fn operator(&self, reference: &Reference, scope: Scope<'a>) -> Option<Diagnostic> {
        let name = self.text.text.get(reference.span.range())?;
        let known = match self.member_of(scope.class?, name) {
            Some(Target::Known(known)) => known,
            Some(_) => return None,
            None => return Some(self.unknown(reference, name)),
        };
        for symbol in known.symbols.iter().filter(|symbol| self.symbol_fits(symbol, reference)) {
            self.world.notes.note(self.source_id(), reference.span, symbol.clone(), Role::Mention);
        }
        let title = format!("no `{name}` takes what this reference gives");
        let is_wrong = !self.takes(&known, reference);
        is_wrong.then(|| Diagnostic::warning(self.source_id(), reference.span, title))
    }

    fn show_candidates(&self, mut problem: Diagnostic, items: &[Item], name: &str) -> Diagnostic {
        for item in items.iter().take(CANDIDATES_MAX) {
            if let Some(home) = self.modules.source_of(item.module()) {
                problem = problem.also(home.source, span_of(self.world, *item, name), "one of them");
            }
        }
        problem
    }

    /// Returns whether one of the declarations has the form that a reference gives.
    fn takes(&self, known: &Known, reference: &Reference) -> bool {
        let mut functions = known.functions.iter().map(|id| self.world.function(*id));
        match &reference.arguments {
            _ if reference.is_setter && known.is_assignable => true,
            None if reference.is_setter => functions.any(is_setter),
            None => !known.is_empty(),
            Some(given) if known.has_value && given.unnamed.is_empty() && given.named.is_empty() => true,
            Some(given) => functions.any(|function| fits(function, given, reference.is_setter)),
        }
    }

    // The index.

    /// Notes the names of a reference.
    fn note(&self, reference: &Reference, scope: Scope<'a>, target: &Target) {
        let notes = &self.world.notes;
        if !notes.are_wanted() {
            return;
        }
        let segments = self.segments(reference);
        let Some((last, before)) = segments.split_last() else { return };
        let note = |span: Span, symbol: Symbol| notes.note(self.source_id(), span, symbol, Role::Mention);
        self.probe(&segments, scope);
        let mut class = scope.class.filter(|_| before.is_empty());
        for (place, (name, span)) in before.iter().enumerate() {
            let path = before.iter().take(place + 1).map(|(name, _)| name.clone()).collect();
            let outer = Reference { span: *span, path, is_setter: false, arguments: None };
            match self.find(&outer, scope) {
                Target::Class(found) => {
                    class = Some(found);
                    note(*span, Symbol::Class(found));
                }
                Target::Prefix => {
                    self.modules.note_prefix(self.world, self.source_id(), self.source.id, name, *span);
                }
                _ => {}
            }
        }
        let (name, span) = last;
        match target {
            Target::Class(class) => note(*span, Symbol::Class(*class)),
            Target::Prefix => {
                self.modules.note_prefix(self.world, self.source_id(), self.source.id, name, *span);
            }
            Target::Ambiguous(items) => items.iter().for_each(|item| note(*span, (*item).into())),
            Target::Known(_) if &**name == "this" => {
                if let Some(class) = scope.class {
                    notes.note(self.source_id(), *span, Symbol::Class(class), Role::Keyword);
                }
            }
            Target::Known(known) => {
                let is_keyword = &**name == "super";
                let role = if is_keyword { Role::Keyword } else { Role::Mention };
                for symbol in known.symbols.iter().filter(|symbol| self.symbol_fits(symbol, reference)) {
                    notes.note(self.source_id(), *span, symbol.clone(), role);
                }
            }
            Target::Something => {
                let parameters = scope.function.map_or(&[][..], |function| &function.parameters);
                let parameter = parameters.iter().find(|parameter| parameter.name.name == *name);
                match (parameter, class) {
                    (Some(parameter), _) if before.is_empty() => {
                        note(*span, Symbol::Local(self.source_id(), parameter.name.span));
                    }
                    (_, Some(class)) if &**name == "constructor" => {
                        let symbol = self.constructor_symbol(class);
                        notes.note(self.source_id(), *span, symbol, Role::Keyword);
                    }
                    _ => {}
                }
            }
            Target::Nothing => {}
        }
    }

    /// Notes the names that could stand at a part of a reference, if an editor asks about this place.
    fn probe(&self, segments: &[(Name, Span)], scope: Scope<'a>) {
        let notes = &self.world.notes;
        let wanted = segments.iter().position(|(_, span)| notes.is_probed(self.source_id(), *span));
        let Some((place, (_, span))) = wanted.and_then(|place| Some((place, segments.get(place)?))) else {
            return;
        };
        let mut names = Vec::new();
        if place == 0 {
            self.add_scope(scope, &mut names);
        } else {
            let path: Vec<&str> = segments.iter().take(place).map(|(name, _)| &**name).collect();
            let outer = Reference {
                span: *span,
                path: path.iter().map(|name| (*name).into()).collect(),
                is_setter: false,
                arguments: None,
            };
            match (self.find(&outer, scope), path.as_slice()) {
                (Target::Class(class), _) => {
                    probe::add_members(self.world, class, &mut names);
                    probe::add_statics(self.world, class, true, &mut names);
                    names.push(("constructor".into(), self.constructor_symbol(class)));
                }
                (Target::Prefix, [prefix]) => {
                    if let Found::Prefix(behind) = self.modules.look_up(self.world, self.source.id, prefix) {
                        for module in behind {
                            probe::add_exported(self.world, self.modules, module, &mut names);
                        }
                    }
                }
                _ => {}
            }
        }
        notes.set_site(Site { kind: SiteKind::Mention, span: *span, names, receiver: None });
    }

    /// Adds the names of the scope of a comment.
    fn add_scope(&self, scope: Scope<'a>, names: &mut Vec<(Box<str>, Symbol)>) {
        for parameter in scope.function.iter().flat_map(|function| &function.parameters) {
            let name = &parameter.name;
            names.push((name.name.as_ref().into(), Symbol::Local(self.source_id(), name.span)));
        }
        if let Some(class) = scope.class {
            names.push(("this".into(), Symbol::Class(class)));
            let is_static = scope.function.is_some_and(|function| function.static_at.is_some());
            if let (false, Target::Known(known)) = (is_static, self.find_super(class, scope.function)) {
                names.extend(known.symbols.first().map(|symbol| ("super".into(), symbol.clone())));
            }
            probe::add_members(self.world, class, names);
            probe::add_statics(self.world, class, true, names);
        }
        probe::add_visible(self.world, self.modules, self.source.id, names);
    }

    /// Returns the unnamed constructor of a class, or the class if none is written.
    fn constructor_symbol(&self, class: ClassId) -> Symbol {
        let makers = self.world.index(class).constructors.get("").into_iter().flatten();
        let mut written = makers.filter(|id| self.world.function(**id).at != self.world.class(class).at);
        written.next().map_or(Symbol::Class(class), |id| Symbol::Function(*id))
    }

    /// Returns whether a declaration has the form that a reference gives.
    fn symbol_fits(&self, symbol: &Symbol, reference: &Reference) -> bool {
        match (symbol, &reference.arguments) {
            (Symbol::Function(id), None) => !reference.is_setter || is_setter(self.world.function(*id)),
            (Symbol::Function(id), Some(given)) => fits(self.world.function(*id), given, reference.is_setter),
            _ => true,
        }
    }

    /// Returns the parts of a reference with their places.
    fn segments(&self, reference: &Reference) -> Vec<(Name, Span)> {
        let written = self.text.text.get(reference.span.range()).unwrap_or("");
        let mut start = reference.span.start;
        let mut segments = Vec::new();
        for (name, part) in reference.path.iter().zip(written.split('.')) {
            let length = part.trim_end_matches('=').len() as u32;
            segments.push((name.clone(), Span { start, end: start + length }));
            start += part.len() as u32 + 1;
        }
        segments
    }

    // Names.

    fn find(&self, reference: &Reference, scope: Scope<'a>) -> Target {
        let path: Vec<&str> = reference.path.iter().map(|name| &**name).collect();
        match path.as_slice() {
            [name] => self.find_name(name, scope),
            [first, rest @ ..] => match self.find_name(first, scope) {
                Target::Class(class) => self.find_in_class(class, rest),
                Target::Prefix => self.find_behind(first, rest),
                Target::Nothing => Target::Nothing,
                _ => Target::Something,
            },
            [] => Target::Something,
        }
    }

    fn find_name(&self, name: &str, scope: Scope<'a>) -> Target {
        let is_parameter = |parameter: &Parameter| &*parameter.name.name == name;
        if scope.function.is_some_and(|function| function.parameters.iter().any(is_parameter)) {
            return Target::Something;
        }
        match (name, scope.class) {
            ("this", Some(_)) => return Target::Known(Known { has_value: true, ..Known::default() }),
            ("super", Some(class)) => return self.find_super(class, scope.function),
            ("this" | "super", None) => return Target::Nothing,
            ("constructor", Some(_)) => return Target::Something,
            _ => {}
        }
        if let Some(class) = scope.class
            && let Some(found) = self.member_of(class, name)
        {
            return found;
        }
        let look_up = |name: &str| self.modules.look_up(self.world, self.source.id, name);
        let is_lost = self.modules.is_lost(self.source.id, name);
        self.found(look_up(name), &look_up(&format!("{name}=")).items(), is_lost)
    }

    /// Returns the target of a name of a module. `setters` are the setters with the name.
    fn found(&self, found: Found, setters: &[Item], is_lost: bool) -> Target {
        match found {
            Found::Items(items) => self.items_target(items.first().copied(), items.iter().chain(setters)),
            Found::Prefix(_) => Target::Prefix,
            Found::Ambiguous(items) => Target::Ambiguous(items),
            Found::Nothing if is_lost => Target::Something,
            Found::Nothing if setters.is_empty() => Target::Nothing,
            Found::Nothing => self.items_target(None, setters.iter()),
        }
    }

    fn items_target<'i>(&self, first: Option<Item>, items: impl Iterator<Item = &'i Item>) -> Target {
        if let Some(Item::Class(class)) = first {
            return Target::Class(class);
        }
        let mut known = Known::default();
        items.for_each(|item| self.add_item(&mut known, *item));
        Target::Known(known)
    }

    fn add_item(&self, known: &mut Known, item: Item) {
        known.symbols.push(item.into());
        match item {
            Item::Function(id) => known.functions.push(id),
            Item::Global(id) => {
                known.has_value = true;
                known.is_assignable |= !self.world.global(id).is_final;
            }
            Item::Class(_) => known.has_value = true,
        }
    }

    fn add_member(&self, known: &mut Known, member: Member) {
        match member {
            Member::Method(id) => {
                known.symbols.push(Symbol::Function(id));
                known.functions.push(id);
            }
            Member::Field(field) => {
                known.symbols.push(Symbol::Field(field));
                let fields = &self.world.class(field.class).fields;
                let is_final = fields.get(field.index as usize).is_some_and(|field| field.is_final);
                known.has_value = true;
                known.is_assignable |= !is_final;
            }
        }
    }

    /// Finds what stands behind the prefix of an import.
    fn find_behind(&self, prefix: &str, rest: &[&str]) -> Target {
        let Found::Prefix(behind) = self.modules.look_up(self.world, self.source.id, prefix) else {
            return Target::Something;
        };
        let Some((name, rest)) = rest.split_first() else { return Target::Prefix };
        let look_up = |name: &str| self.modules.look_up_in(self.world, &behind, name);
        let is_lost = behind.iter().any(|module| self.modules.has_lost_exports(*module));
        let target = self.found(look_up(name), &look_up(&format!("{name}=")).items(), is_lost);
        match (target, rest) {
            (target, []) => target,
            (Target::Class(class), rest) => self.find_in_class(class, rest),
            (Target::Nothing, _) => Target::Nothing,
            _ => Target::Something,
        }
    }

    fn find_in_class(&self, class: ClassId, rest: &[&str]) -> Target {
        match rest {
            ["constructor"] => Target::Something,
            [name] => self.member_of(class, name).unwrap_or(Target::Nothing),
            _ => Target::Something,
        }
    }

    /// Returns the members of a class with a name, static ones and constructors included.
    fn member_of(&self, class: ClassId, name: &str) -> Option<Target> {
        if self.world.is_incomplete(class) {
            return Some(Target::Something);
        }
        let mut known = Known::default();
        for member in self.world.members(class, name) {
            self.add_member(&mut known, member);
        }
        let setter = format!("{name}=");
        for ancestor in self.world.ancestors(class).iter().copied() {
            let statics = &self.world.index(ancestor).statics;
            for item in statics.get(name).into_iter().chain(statics.get(&*setter)).flatten() {
                self.add_item(&mut known, *item);
            }
        }
        let makers = self.world.index(class).constructors.get(name).into_iter().flatten();
        known.symbols.extend(makers.clone().copied().map(Symbol::Function));
        known.functions.extend(makers);
        (!known.is_empty()).then_some(Target::Known(known))
    }

    /// Returns the members that a method overrides.
    fn find_super(&self, class: ClassId, function: Option<&Function>) -> Target {
        let name = match function.map(|function| &function.name) {
            Some(FunctionName::Plain(name) | FunctionName::Setter(name)) => &*name.name,
            Some(FunctionName::Operator(_) | FunctionName::Constructor(_))
            | Some(FunctionName::NamedConstructor(_)) => return Target::Something,
            None => return Target::Nothing,
        };
        let mut known = Known::default();
        for ancestor in self.world.ancestors(class).iter().skip(1).copied() {
            for member in self.world.index(ancestor).members.get(name).into_iter().flatten() {
                self.add_member(&mut known, *member);
            }
        }
        if known.is_empty() { Target::Nothing } else { Target::Known(known) }
    }
}

fn is_one_value(given: &Arguments) -> bool {
    given.named.is_empty() && given.unnamed == [false]
}

/// Returns whether a function is a setter, of an object or not.
fn is_setter(function: &ir::Function) -> bool {
    function.kind == FunctionKind::Setter
        || function.kind == FunctionKind::Static
            && function.name.ends_with('=')
            && function.parameters.len() == 1
}

/// Returns whether a function can be called with these arguments. A setter fits if and only if the reference is to a
/// setter, whatever the arguments.
fn fits(function: &ir::Function, given: &Arguments, wants_setter: bool) -> bool {
    if is_setter(function) || wants_setter {
        return is_setter(function) && wants_setter;
    }
    // Unnamed blocks come last.
    let mut unnamed = given.unnamed.clone();
    unnamed.sort_unstable();
    let mut named: Vec<(String, bool)> =
        given.named.iter().map(|(name, is_block)| (name.to_string(), *is_block)).collect();
    named.sort();
    let shape = Selector { unnamed, named, ..Selector::default() };
    accepts(function, &shape)
}
