//! Checks declarations against each other: no two accept the same call, and each class has the methods
//! that its interfaces and abstract superclasses declare (its promised methods).

use super::habits;
use super::shape::{accepts, mismatch, signature};
use super::world::{Member, OVERLOADS_MAX, World};
use crate::ast::{self, Declaration, File};
use crate::diagnostic::Diagnostic;
use crate::ir::{
    ClassId, ClassKind, Code, Function, FunctionId, FunctionKind, Global, ModuleId, Parameter, Selector,
};
use crate::source::{SourceId, Span};
use crate::steps;
use rustc_hash::FxHashSet;
use std::collections::{HashMap, HashSet};

/// The maximum number of missing methods that an error names.
const MISSING_MAX: usize = 10;

/// The maximum number of missing methods of a class that are noted in the index.
const MISSING_NOTED_MAX: usize = 1_000;

/// Checks the declarations of one module, and returns the errors. `with_body` holds the functions made from source that
/// have a body.
pub(super) fn check(
    world: &World,
    with_body: &HashSet<FunctionId>,
    module: ModuleId,
    source: SourceId,
    file: &File,
) -> Vec<Diagnostic> {
    let mut check = Check {
        world,
        with_body,
        source,
        functions: HashMap::new(),
        globals: HashMap::new(),
        problems: Vec::new(),
    };
    check.sort_by_class(module);
    check.top_level(module);
    let classes = file.declarations.iter().filter_map(|declaration| match declaration {
        Declaration::Class(class) => Some(class),
        _ => None,
    });
    for (index, tree) in classes.enumerate() {
        let class = ClassId { module, index: index as u32 };
        check.members(class);
        check.promises(class);
        check.repeated_promises(class, tree);
    }
    check.problems
}

struct Check<'a> {
    world: &'a World,
    with_body: &'a HashSet<FunctionId>,
    source: SourceId,
    /// For each class, the places of its functions in [`crate::ir::Module::functions`].
    functions: HashMap<ClassId, Vec<usize>>,
    /// The static fields of each class, by the name of the class, with their own names.
    globals: HashMap<&'a str, Vec<(&'a str, &'a Global)>>,
    problems: Vec<Diagnostic>,
}

/// A declaration with a name.
struct Named {
    /// Without the `=` of a setter.
    name: String,
    at: u32,
    /// Functions with the shapes of the calls that it accepts. Empty for a class: no other declaration can
    /// have its name.
    takes: Vec<Function>,
    has_code: bool,
}

impl Named {
    /// Returns a variable, which accepts a read and, unless it is final, an assignment.
    fn variable(name: &str, at: u32, is_final: bool) -> Named {
        let mut takes = vec![accessor(name, FunctionKind::Method)];
        if !is_final {
            takes.push(accessor(name, FunctionKind::Setter));
        }
        Named { name: name.to_owned(), at, takes, has_code: true }
    }

    fn span(&self) -> Span {
        Span { start: self.at, end: self.at + self.name.len() as u32 }
    }
}

impl<'a> Check<'a> {
    fn sort_by_class(&mut self, module: ModuleId) {
        let contents = self.world.module(module);
        for (index, function) in contents.functions.iter().enumerate() {
            if let Some(class) = function.holder {
                self.functions.entry(class).or_default().push(index);
            }
        }
        for global in &contents.globals {
            if let Some((class, name)) = global.name.split_once('.') {
                self.globals.entry(class).or_default().push((name, global));
            }
        }
    }

    // Duplicate declarations.

    fn top_level(&mut self, module: ModuleId) {
        let contents = self.world.module(module);
        let mut named = Vec::new();
        for class in &contents.classes {
            named.push(Named { name: class.name.clone(), at: class.at, takes: Vec::new(), has_code: true });
        }
        for global in contents.globals.iter().filter(|global| !global.name.contains('.')) {
            named.push(Named::variable(&global.name, global.at, global.is_final));
        }
        for function in contents.functions.iter().filter(|function| function.holder.is_none()) {
            let name = shared_name(&function.name).to_owned();
            let takes = vec![bare(function)];
            named.push(Named { name, at: function.at, takes, has_code: true });
        }
        self.clashes(named);
    }

    fn members(&mut self, class: ClassId) {
        let contents = self.world.module(class.module);
        let declaration = self.world.class(class);
        let mut named = Vec::new();
        for field in &declaration.fields {
            named.push(Named::variable(&field.name, field.at, field.is_final));
        }
        for (name, global) in self.globals.get(&*declaration.name).into_iter().flatten() {
            named.push(Named::variable(name, global.at, global.is_final));
        }
        for index in self.functions.get(&class).into_iter().flatten().copied() {
            steps::count(1);
            let function = &contents.functions[index];
            // An implicit constructor has the place of its class.
            if function.at == declaration.at {
                continue;
            }
            let has_code = !self.is_abstract(FunctionId { module: class.module, index: index as u32 });
            // Named constructors share their names with static members.
            let name = function.name.strip_prefix("constructor.").unwrap_or(&function.name);
            let name = shared_name(name).to_owned();
            let takes = vec![bare(function)];
            named.push(Named { name, at: function.at, takes, has_code });
        }
        self.clashes(named);
    }

    fn clashes(&mut self, mut named: Vec<Named>) {
        named.sort_by_key(|named| named.at);
        let mut by_name: HashMap<&str, Vec<&Named>> = HashMap::new();
        for named in named.iter().filter(|named| !named.name.is_empty()) {
            by_name.entry(&named.name).or_default().push(named);
        }
        let mut found: Vec<(&Named, &Named, bool)> = Vec::new();
        for same in by_name.values() {
            if let Some(extra) = same.get(OVERLOADS_MAX) {
                let title = format!("more than {OVERLOADS_MAX} declarations are named `{}`", extra.name);
                let problem = Diagnostic::error(self.source, extra.span(), title);
                self.problems.push(problem.note("each call of the name looks through all of them"));
            }
            let same = same.get(..OVERLOADS_MAX.min(same.len())).unwrap_or_default();
            for (index, later) in same.iter().enumerate() {
                found.extend(same.iter().take(index).filter_map(|earlier| clash(earlier, later)));
            }
        }
        found.sort_by_key(|(at, other, _)| (at.at, other.at));
        for group in found.chunk_by(|a, b| a.0.at == b.0.at) {
            let Some((at, _, _)) = group.first() else { continue };
            let what = if group.iter().any(|(_, _, is_same)| *is_same) {
                format!("`{}` is declared already", at.name)
            } else {
                format!("`{}` is declared twice for some calls", at.name)
            };
            let mut problem = Diagnostic::error(self.source, at.span(), what);
            problem.hints.extend(habits::hint_for_keyword(&at.name));
            for (_, other, is_same) in group {
                let text = if *is_same { "the first declaration" } else { "this takes some of these calls" };
                problem = problem.also(self.source, other.span(), text);
            }
            self.problems.push(problem);
        }
    }

    // Promised methods.

    /// Checks that a class that can have objects has all methods that its abstract classes and
    /// interfaces declare; the same for a mixin that is not declared abstract. A method that the
    /// superclass lacks is reported there.
    fn promises(&mut self, class: ClassId) {
        let declaration = self.world.class(class);
        let is_never_instantiated = declaration.is_abstract || declaration.kind == ClassKind::Interface;
        if is_never_instantiated || self.world.is_incomplete(class) {
            return;
        }
        let span = Span { start: declaration.at, end: declaration.at + declaration.name.len() as u32 };
        let mut missing: Vec<String> = Vec::new();
        let mut almost: Vec<(Span, String)> = Vec::new();
        let missing_max = if self.world.notes.are_wanted() { MISSING_NOTED_MAX } else { MISSING_MAX };
        let superclass = declaration.superclass.filter(|above| !self.world.class(*above).is_abstract);
        let above = superclass.map(|superclass| self.world.ancestors(superclass));
        let seen: FxHashSet<ClassId> = above.iter().flat_map(|above| above.iter().copied()).collect();
        for ancestor in self.world.ancestors(class).iter().copied() {
            if ancestor == class || seen.contains(&ancestor) || missing.len() >= missing_max {
                continue;
            }
            let above = self.world.class(ancestor);
            for place in &above.methods {
                let id = FunctionId { module: ancestor.module, index: *place };
                let promised = self.world.function(id);
                steps::count(1);
                if self.is_abstract(id) && !self.is_kept(class, promised) {
                    self.world.notes.note_missing(class, id);
                    missing.push(format!(
                        "`{}`, declared in `{}`",
                        signature(self.world, promised),
                        above.name
                    ));
                    missing.dedup();
                    if missing.len() <= MISSING_MAX {
                        almost.extend(self.almost(class, promised));
                    }
                    if missing.len() >= missing_max {
                        break;
                    }
                }
            }
        }
        if missing.is_empty() {
            return;
        }
        let title = format!("`{}` lacks methods that it has to have", declaration.name);
        let mut problem = Diagnostic::error(self.source, span, title);
        almost.dedup();
        for (at, why) in almost {
            problem = problem.also(self.source, at, why);
        }
        for promised in missing.iter().take(MISSING_MAX) {
            problem = problem.note(format!("it lacks {promised}"));
        }
        if declaration.kind != ClassKind::Monitor {
            problem = problem
                .hint(format!("declare them, or write `abstract` before the {}", word(declaration.kind)));
        }
        self.problems.push(problem);
    }

    /// Returns the place of a class's own method with the name of a promised method, and the reason why it
    /// does not implement that method.
    fn almost(&self, class: ClassId, promised: &Function) -> Option<(Span, String)> {
        let members = self.world.index(class).members.get(&*promised.name)?;
        let own = members.iter().find_map(|member| match member {
            Member::Method(id) => Some(self.world.function(*id)),
            Member::Field(_) => None,
        })?;
        let is_lacking = |wanted: &&Parameter| {
            wanted.is_named && !own.parameters.iter().any(|own| own.is_named && own.name == wanted.name)
        };
        let lacking = promised.parameters.iter().filter(is_lacking);
        let lacking: Vec<String> = lacking.map(|wanted| format!("`--{}`", wanted.name)).collect();
        let why = if lacking.is_empty() {
            shapes(promised).iter().find_map(|shape| mismatch(own, shape))?
        } else {
            format!("it lacks {}", lacking.join(" and "))
        };
        let span = Span { start: own.at, end: own.at + own.name.len() as u32 };
        Some((span, format!("this is `{}`: {why}", signature(self.world, own))))
    }

    /// Checks that an interface that implements another interface, and does not extend it, repeats the
    /// declarations of that interface.
    fn repeated_promises(&mut self, class: ClassId, tree: &ast::Class) {
        let interfaces = &self.world.class(class).interfaces;
        let extended = usize::from(tree.superclass.is_some());
        if tree.kind != ast::ClassKind::Interface || interfaces.len() != extended + tree.interfaces.len() {
            return;
        }
        let (extended, implemented) = interfaces.split_at(extended);
        let Some(first_implemented) = implemented.first() else { return };
        let mut own = vec![class];
        for interface in extended {
            own.extend(self.world.ancestors(*interface).iter());
        }
        let inherited: FxHashSet<ClassId> = own.iter().copied().collect();
        let is_declared = |promised: &Function| {
            let declared = own.iter().filter_map(|own| self.world.index(*own).members.get(&*promised.name));
            declared.flatten().any(|member| self.takes(*member, promised))
        };
        // The implemented interfaces and the interfaces above them, nearest first.
        let ancestors = self.world.ancestors(class);
        let first = self.world.ancestors(*first_implemented);
        let promised =
            first.iter().chain(ancestors.iter()).copied().filter(|above| !inherited.contains(above));
        let promised = promised.filter(|above| self.world.class_kind(*above) == ClassKind::Interface);
        let methods = promised.flat_map(|above| {
            let places = self.world.class(above).methods.iter();
            places.map(move |place| FunctionId { module: above.module, index: *place })
        });
        let mut missing = methods.map(|id| self.world.function(id)).filter(|promised| !is_declared(promised));
        if let Some(first) = missing.next() {
            let (name, first) = (&tree.name.name, signature(self.world, first));
            let title = format!("`{name}` implements an interface but does not declare `{first}`");
            let problem = Diagnostic::error(self.source, tree.name.span, title);
            self.problems.push(problem.hint("to inherit its declarations, write `extends`"));
        }
    }

    fn is_abstract(&self, id: FunctionId) -> bool {
        let function = self.world.function(id);
        let is_member = matches!(function.kind, FunctionKind::Method | FunctionKind::Setter);
        is_member && matches!(function.code, Code::None) && !self.with_body.contains(&id)
    }

    /// Returns whether a class has a method for each way in which the promised method can be
    /// called.
    fn is_kept(&self, class: ClassId, promised: &Function) -> bool {
        let members = self.world.members(class, &promised.name);
        shapes(promised).iter().all(|shape| {
            members.iter().any(|member| match member {
                Member::Method(id) if self.is_abstract(*id) => false,
                _ => self.member_takes(*member, shape),
            })
        })
    }

    /// Returns whether a member accepts all calls that a method accepts.
    fn takes(&self, member: Member, method: &Function) -> bool {
        shapes(method).iter().all(|shape| self.member_takes(member, shape))
    }

    fn member_takes(&self, member: Member, shape: &Selector) -> bool {
        match member {
            Member::Method(id) => accepts(self.world.function(id), shape),
            Member::Field(field) => {
                let is_final = self.world.class(field.class).fields[field.index as usize].is_final;
                let is_read = shape.unnamed.is_empty() && shape.named.is_empty();
                if shape.is_setter { !is_final } else { is_read }
            }
        }
    }
}

/// Returns how two declarations of a name conflict: where to report it, the other declaration, and
/// whether they accept the same calls. An overlap comes from optional parameters, so a declaration
/// that has them is reported.
fn clash<'n>(earlier: &'n Named, later: &'n Named) -> Option<(&'n Named, &'n Named, bool)> {
    if earlier.takes.is_empty() || later.takes.is_empty() {
        return Some((later, earlier, true));
    }
    // An abstract declaration has no code; a declaration beside it may implement it.
    if !earlier.has_code || !later.has_code {
        return None;
    }
    let pairs = earlier.takes.iter().flat_map(|a| later.takes.iter().map(move |b| (a, b)));
    let mut overlapping = pairs.filter(|(a, b)| overlap(a, b)).peekable();
    overlapping.peek()?;
    let has_optional =
        |function: &Function| function.parameters.iter().any(|parameter| parameter.is_optional);
    let is_same = overlapping.any(|(a, b)| shapes(a) == shapes(b));
    let is_earlier = !is_same && earlier.takes.iter().any(has_optional);
    Some(if is_earlier { (earlier, later, false) } else { (later, earlier, is_same) })
}

fn word(kind: ClassKind) -> &'static str {
    match kind {
        ClassKind::Class | ClassKind::Monitor => "class",
        ClassKind::Interface => "interface",
        ClassKind::Mixin => "mixin",
    }
}

/// Returns the narrowest and the widest call that a function accepts.
fn shapes(function: &Function) -> [Selector; 2] {
    let shape = |accept: &dyn Fn(&Parameter) -> bool| {
        let mut shape = Selector { is_setter: function.kind == FunctionKind::Setter, ..Selector::default() };
        for parameter in function.parameters.iter().filter(|parameter| accept(parameter)) {
            if parameter.is_named {
                shape.named.push((parameter.name.clone(), parameter.is_block));
            } else {
                shape.unnamed.push(parameter.is_block);
            }
        }
        shape
    };
    [shape(&|parameter| !parameter.is_optional), shape(&|_| true)]
}

/// Returns whether there is a call that both functions accept.
fn overlap(a: &Function, b: &Function) -> bool {
    if (a.kind == FunctionKind::Setter) != (b.kind == FunctionKind::Setter) {
        return false;
    }
    let unnamed = |function: &Function, is_block: bool| {
        let parameters = function.parameters.iter().filter(|parameter| !parameter.is_named);
        let of_kind: Vec<bool> = parameters
            .filter(|parameter| parameter.is_block == is_block)
            .map(|parameter| parameter.is_optional)
            .collect();
        (of_kind.iter().filter(|is_optional| !**is_optional).count(), of_kind.len())
    };
    let ranges_meet =
        |(min_a, max_a): (usize, usize), (min_b, max_b): (usize, usize)| min_a <= max_b && min_b <= max_a;
    if !ranges_meet(unnamed(a, false), unnamed(b, false)) || !ranges_meet(unnamed(a, true), unnamed(b, true))
    {
        return false;
    }
    let covers = |of: &Function, by: &Function| {
        of.parameters.iter().filter(|parameter| parameter.is_named && !parameter.is_optional).all(
            |required| {
                let mut named = by.parameters.iter().filter(|parameter| parameter.is_named);
                named.any(|parameter| {
                    parameter.name == required.name && parameter.is_block == required.is_block
                })
            },
        )
    };
    covers(a, b) && covers(b, a)
}

/// Returns the name that a setter shares with its field or getter.
fn shared_name(name: &str) -> &str {
    match name.strip_suffix('=') {
        Some(rest) if name.starts_with(|c: char| c.is_alphabetic() || c == '_') => rest,
        _ => name,
    }
}

/// Returns a function without its code. A static setter is recognized only by its name.
fn bare(function: &Function) -> Function {
    let is_setter = function.kind == FunctionKind::Static && shared_name(&function.name) != function.name;
    let kind = if is_setter { FunctionKind::Setter } else { function.kind };
    Function { code: Code::None, kind, ..function.clone() }
}

fn accessor(name: &str, kind: FunctionKind) -> Function {
    let value = Parameter {
        name: "value".into(),
        is_named: false,
        is_block: false,
        is_optional: false,
        ty: crate::ir::Type::Any,
        alternatives: Vec::new(),
    };
    Function {
        name: name.to_owned(),
        holder: None,
        kind,
        parameters: if kind == FunctionKind::Setter { vec![value] } else { Vec::new() },
        return_type: crate::ir::Type::Any,
        deprecated: None,
        code: Code::None,
        at: 0,
    }
}
