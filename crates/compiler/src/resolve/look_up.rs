//! Resolves the names in bodies of functions, and reports those that are unknown.

use super::lower::{Candidate, Lower, Reference, Value};
use super::modules::Found;
use super::type_name::{old_type_name, resolve_type};
use super::world::suggested;
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::ir::{ClassId, Type};
use crate::names::Name;
use crate::source::Span;

/// Keywords that statements and expressions begin with, for suggestions.
const KEYWORDS: &[&str] = &[
    "while", "return", "break", "continue", "finally", "assert", "import", "null", "true", "false", "throw",
];

impl Lower<'_> {
    /// Resolves a name: a local, a member of the class, or an item of the module.
    pub(super) fn resolve(&self, name: &str) -> Reference {
        if let Some(variable) = self.routines.find(name) {
            return Reference::Variable(variable);
        }
        if let Some(class) = self.class {
            let candidates = self.candidates(class, name);
            if !candidates.is_empty() {
                return Reference::Members(candidates);
            }
        }
        self.resolve_in_module(name)
    }

    pub(super) fn resolve_in_module(&self, name: &str) -> Reference {
        match self.modules.look_up(self.world, self.module, name) {
            Found::Items(items) => Reference::Items(items),
            Found::Prefix(modules) => Reference::Prefix(modules),
            Found::Ambiguous(_) => Reference::Ambiguous,
            Found::Nothing => Reference::Nothing,
        }
    }

    fn candidates(&self, class: ClassId, name: &str) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for ancestor in self.world.ancestors(class).iter().copied() {
            let index = self.world.index(ancestor);
            candidates
                .extend(index.members.get(name).into_iter().flatten().copied().map(Candidate::Instance));
            candidates.extend(index.statics.get(name).into_iter().flatten().copied().map(Candidate::Static));
        }
        candidates
    }

    /// Reports an unknown name.
    pub(super) fn unresolved(&mut self, name: &str, span: Span) -> Value {
        if self.is_lost(name, span) {
            return Value::error(span);
        }
        if is_reserved(name) {
            return self.reserved(name, span);
        }
        if self.undeclared.contains(name) || self.class.is_some_and(|class| self.world.is_incomplete(class)) {
            return Value::error(span);
        }
        let title = format!("there is no `{name}` here");
        let problem = Diagnostic::error(self.source, span, title).label("not found");
        let problem = self.explain_declaration(name, problem);
        let private = || {
            let hint = "a name that ends in `_` is known only in the library that declares it";
            name.ends_with('_').then(|| hint.to_owned())
        };
        let import = || self.modules.import_of(self.world, self.module, name);
        let import = || import().map(|import| format!("write `{import}` at the beginning of the file"));
        let is_meant = |near: &Name| !name.ends_with('_') || near.ends_with('_');
        let near = || self.near(name).filter(is_meant).map(|near| format!("did you mean `{near}`?"));
        let hint = match problem.hints.is_empty() {
            true => self.hint_for_value(name).or_else(import).or_else(near).or_else(private),
            false => None,
        };
        self.report(match hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        });
        Value::error(span)
    }

    /// Reports an assignment to an unknown name. A plain assignment was probably meant as the declaration, so later
    /// uses of the name are not reported. A compound assignment needs an old value, so it cannot be the declaration.
    pub(super) fn undeclared(&mut self, name: &Name, span: Span, is_compound: bool) {
        if self.is_lost(name, span) || self.undeclared.contains(name) {
            return;
        }
        if is_reserved(name) {
            self.reserved(name, span);
            return;
        }
        let problem = Diagnostic::error(self.source, span, format!("there is no variable `{name}` here"));
        let mut problem = if is_compound {
            problem.hint(format!("to declare it, write `{name} := ...` on a line before this one"))
        } else {
            self.undeclared.insert(name.clone());
            problem.hint(format!("to declare it, write `{name} := ...`"))
        };
        if let Some(near) = self.near(name) {
            problem = problem.hint(format!("did you mean `{near}`?"));
        }
        self.report(problem);
    }

    /// Returns whether a name is unknown because an import failed, and notes its use.
    fn is_lost(&self, name: &str, span: Span) -> bool {
        let is_lost = self.modules.is_lost(self.module, name);
        if is_lost {
            self.modules.note_lost_use(self.module, name, span);
        }
        is_lost
    }

    /// Reports a name that only the library may use.
    fn reserved(&mut self, name: &str, span: Span) -> Value {
        let problem = Diagnostic::error(self.source, span, format!("there is no `{name}` here"));
        self.report(problem.label("not found").note("names that begin with `__` belong to the library"));
        Value::error(span)
    }

    /// Returns the visible name that is nearest to an unknown name.
    fn near(&self, name: &str) -> Option<Name> {
        if self.world.suggestions.are_exhausted() {
            return None;
        }
        let mut names = self.routines.names();
        if let Some(class) = self.class {
            names.extend(self.world.member_names(class, self.module).cloned());
            for ancestor in self.world.ancestors(class).iter().copied() {
                let statics = self.world.index(ancestor).statics.keys();
                names.extend(suggested(statics, ancestor.module, self.module).cloned());
            }
        }
        names.extend(self.modules.suggested_names(self.world, self.module));
        let near = self.world.suggestions.nearest(name, names.iter().map(|name| &**name));
        near.or_else(|| self.world.suggestions.nearest(name, KEYWORDS.iter().copied())).map(Name::from)
    }

    pub(super) fn resolve_type(&mut self, name: &ast::TypeName) -> Type {
        match resolve_type(self.world, self.modules, self.module, self.source, name) {
            Ok(ty) => {
                self.problems.extend(old_type_name(self.world, self.source, name, ty));
                ty
            }
            Err(problem) => {
                self.report(*problem);
                Type::Any
            }
        }
    }
}

/// Returns whether programs cannot declare or use a name: it belongs to the library.
fn is_reserved(name: &str) -> bool {
    name.starts_with("__")
}
