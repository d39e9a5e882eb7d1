//! What declarations must be to each other: no two for one call, and nothing promised that is not
//! kept.

use super::shape::{accepts, signature};
use super::world::{Member, World};
use crate::ast::{Declaration, File};
use crate::diagnostic::Diagnostic;
use crate::ir::{
    ClassId, ClassKind, Code, Function, FunctionId, FunctionKind, Item, ModuleId, Parameter, Selector,
};
use crate::source::{SourceId, Span};
use std::collections::{HashMap, HashSet};

/// Checks the declarations of one module. `with_body` holds the functions made from source that
/// have a body.
pub(super) fn check(
    world: &World,
    with_body: &HashSet<FunctionId>,
    module: ModuleId,
    source: SourceId,
    file: &File,
) -> Vec<Diagnostic> {
    let mut check = Check { world, with_body, source, problems: Vec::new() };
    check.top_level(module);
    let count =
        file.declarations.iter().filter(|declaration| matches!(declaration, Declaration::Class(_))).count();
    for index in 0..count {
        let class = ClassId { module, index: index as u32 };
        check.members(class);
        check.promises(class);
    }
    check.problems
}

struct Check<'a> {
    world: &'a World,
    with_body: &'a HashSet<FunctionId>,
    source: SourceId,
    problems: Vec<Diagnostic>,
}

/// Something that has a name among others.
struct Named {
    name: String,
    at: u32,
    /// What it takes; none for a class, which takes the whole name.
    callable: Option<Function>,
    has_code: bool,
}

impl Named {
    fn span(&self) -> Span {
        Span { start: self.at, end: self.at + self.name.len() as u32 }
    }
}

impl Check<'_> {
    // Two for one.

    fn top_level(&mut self, module: ModuleId) {
        let contents = self.world.module(module);
        let mut named = Vec::new();
        for class in &contents.classes {
            named.push(Named { name: class.name.clone(), at: class.at, callable: None, has_code: true });
        }
        for global in contents.globals.iter().filter(|global| !global.name.contains('.')) {
            named.push(Named { name: global.name.clone(), at: global.at, callable: None, has_code: true });
        }
        for function in contents.functions.iter().filter(|function| function.holder.is_none()) {
            let callable = Some(bare(function));
            named.push(Named { name: function.name.clone(), at: function.at, callable, has_code: true });
        }
        self.clashes(named);
    }

    fn members(&mut self, class: ClassId) {
        let contents = self.world.module(class.module);
        let declaration = self.world.class(class);
        let mut named = Vec::new();
        for field in &declaration.fields {
            let getter = accessor(&field.name, FunctionKind::Method);
            named.push(Named {
                name: field.name.clone(),
                at: field.at,
                callable: Some(getter),
                has_code: true,
            });
        }
        let prefix = format!("{}.", declaration.name);
        for global in &contents.globals {
            if let Some(name) = global.name.strip_prefix(&prefix) {
                named.push(Named { name: name.to_owned(), at: global.at, callable: None, has_code: true });
            }
        }
        for (index, function) in contents.functions.iter().enumerate() {
            // The constructor that nobody wrote stands where the class does.
            if function.holder != Some(class) || function.at == declaration.at {
                continue;
            }
            let has_code = !self.is_abstract(FunctionId { module: class.module, index: index as u32 });
            let callable = Some(bare(function));
            named.push(Named { name: function.name.clone(), at: function.at, callable, has_code });
        }
        self.clashes(named);
    }

    fn clashes(&mut self, mut named: Vec<Named>) {
        named.sort_by_key(|named| named.at);
        let mut earlier: HashMap<String, Vec<Named>> = HashMap::new();
        for new in named {
            // A constructor's name begins with the word.
            let shown = new.name.strip_prefix("constructor.").unwrap_or(&new.name).to_owned();
            let known = earlier.entry(new.name.clone()).or_default();
            let clash = known.iter().find(|known| match (&known.callable, &new.callable) {
                // An abstract one only promises; what is declared beside it may keep the promise.
                (Some(a), Some(b)) => known.has_code && new.has_code && overlap(a, b),
                _ => true,
            });
            if let Some(clash) = clash {
                let what = if clash.callable.is_some() && new.callable.is_some() {
                    format!("`{shown}` is declared already for such arguments")
                } else {
                    format!("`{shown}` is declared already")
                };
                let problem = Diagnostic::error(self.source, new.span(), what);
                self.problems.push(problem.also(self.source, clash.span(), "the first declaration"));
            }
            known.push(new);
        }
    }

    // Promises.

    /// A class that can have objects has all methods that its abstract classes and interfaces
    /// declare.
    fn promises(&mut self, class: ClassId) {
        let declaration = self.world.class(class);
        if declaration.is_abstract || !matches!(declaration.kind, ClassKind::Class | ClassKind::Monitor) {
            return;
        }
        let span = Span { start: declaration.at, end: declaration.at + declaration.name.len() as u32 };
        let mut missing: Vec<String> = Vec::new();
        for ancestor in self.world.ancestors(class) {
            let above = self.world.class(ancestor);
            for place in &above.methods {
                let id = FunctionId { module: ancestor.module, index: *place };
                let promised = self.world.function(id);
                if self.is_abstract(id) && !self.is_kept(class, promised) {
                    let from = if ancestor == class {
                        String::new()
                    } else {
                        format!(", declared in `{}`", above.name)
                    };
                    missing.push(format!("`{}`{from}", signature(promised)));
                }
            }
        }
        missing.dedup();
        if missing.is_empty() {
            return;
        }
        let title = format!("`{}` lacks methods that it has to have", declaration.name);
        let mut problem = Diagnostic::error(self.source, span, title);
        for promised in missing.iter().take(10) {
            problem = problem.note(format!("it lacks {promised}"));
        }
        if declaration.kind == ClassKind::Class {
            problem = problem.hint("declare them, or make the class abstract");
        }
        self.problems.push(problem);
    }

    fn is_abstract(&self, id: FunctionId) -> bool {
        let function = self.world.function(id);
        let is_member = matches!(function.kind, FunctionKind::Method | FunctionKind::Setter);
        is_member && matches!(function.code, Code::None) && !self.with_body.contains(&id)
    }

    /// Whether a class has a method for each way in which the promised one can be called.
    fn is_kept(&self, class: ClassId, promised: &Function) -> bool {
        let members = self.world.members(class, &promised.name);
        shapes(promised).iter().all(|shape| {
            members.iter().any(|member| match member {
                Member::Method(id) => !self.is_abstract(*id) && accepts(self.world.function(*id), shape),
                Member::Field(field) => {
                    let is_final = self.world.class(field.class).fields[field.index as usize].is_final;
                    let is_read = shape.unnamed.is_empty() && shape.named.is_empty();
                    if shape.is_setter { !is_final } else { is_read }
                }
            })
        })
    }
}

/// The narrowest and the widest call that a function takes.
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

/// Whether there is a call that both functions take.
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

/// A function without its code.
fn bare(function: &Function) -> Function {
    Function { code: Code::None, ..function.clone() }
}

fn accessor(name: &str, kind: FunctionKind) -> Function {
    Function {
        name: name.to_owned(),
        holder: None,
        kind,
        parameters: Vec::new(),
        return_type: crate::ir::Type::Any,
        code: Code::None,
        at: 0,
    }
}

/// Reports imports that show a name which the module declares itself.
pub(super) fn shown_and_declared(
    world: &World,
    module: ModuleId,
    source: SourceId,
    shown: &[(crate::names::Name, Span)],
) -> Vec<Diagnostic> {
    let own = shown.iter().filter(|(name, _)| !world.own(module, name).is_empty());
    own.map(|(name, span)| {
        let title = format!("`{name}` is both imported and declared here");
        let problem = Diagnostic::error(source, *span, title);
        match world.own(module, name).first() {
            Some(Item::Function(id)) => {
                let at = world.function(*id).at;
                problem.also(source, Span { start: at, end: at + name.len() as u32 }, "declared here")
            }
            _ => problem,
        }
    })
    .collect()
}
