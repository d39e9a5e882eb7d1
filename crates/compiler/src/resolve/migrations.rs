//! Checks parameters whose type changes: they are declared without a type, and comments list the
//! types that calls may give.

use super::declare::Declare;
use super::lower::Lower;
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::ir::{Alternative, ModuleId, Parameter, Type};
use crate::source::{SourceId, Span};
use crate::types::{Fit, Ty};

impl Declare<'_, '_> {
    /// Adds alternative types to the parameters of a function: those that its type migrations list.
    pub(super) fn add_alternatives(
        &mut self,
        module: ModuleId,
        source: SourceId,
        function: &ast::Function,
        parameters: &mut [Parameter],
    ) {
        for migration in &function.migrations {
            let name = &migration.parameter;
            let Some(parameter) = parameters.iter_mut().find(|parameter| *parameter.name == *name.name)
            else {
                let title = format!("this function has no parameter `{}`", name.name);
                self.problems.push(Diagnostic::error(source, name.span, title));
                continue;
            };
            if parameter.is_block {
                let title = "a block parameter has no type that could migrate";
                self.problems.push(Diagnostic::error(source, name.span, title));
                continue;
            }
            let ty = self.resolve_type(module, source, &migration.ty);
            if parameter.ty != Type::Any {
                self.problems.extend(parameter_with_type(source, function, migration));
                continue;
            }
            parameter.alternatives.push(Alternative { ty, deprecated: migration.deprecated.clone() });
        }
    }
}

/// Returns an error about a type migration of a parameter that has a type of its own. Returns none if the function has
/// no such parameter.
fn parameter_with_type(
    source: SourceId,
    function: &ast::Function,
    migration: &ast::Migration,
) -> Option<Diagnostic> {
    let parameter =
        function.parameters.iter().find(|parameter| parameter.name.name == migration.parameter.name)?;
    let title = format!("`{}` has a type, and so no type migration", parameter.name.name);
    let problem = Diagnostic::error(source, parameter.name.span, title);
    let problem = problem.also(source, migration.parameter.span, "the type migration");
    Some(problem.hint("remove the type: the type migrations list the types that it takes"))
}

impl Lower<'_> {
    /// Checks an argument for a parameter whose type changes. A value of unknown type is not checked.
    pub(super) fn check_alternatives(&mut self, parameter: &Parameter, from: Ty, span: Span) {
        let is_absent = from == Ty::Null && parameter.is_optional;
        if from == Ty::Any || is_absent {
            return;
        }
        let world = self.world;
        let fits = |alternative: &&Alternative| world.fit(from, alternative.ty.into()) != Fit::No;
        let mut fitting = parameter.alternatives.iter().filter(fits).peekable();
        let Some(first) = fitting.peek().copied() else {
            let types =
                parameter.alternatives.iter().map(|alternative| world.describe(alternative.ty.into()));
            let title = format!(
                "the parameter `{}` takes `{}`, not `{}`",
                parameter.name,
                types.collect::<Vec<_>>().join("` or `"),
                world.describe(from)
            );
            let label = format!("this is `{}`", world.describe(from));
            self.report(Diagnostic::error(self.source, span, title).label(label));
            return;
        };
        if fitting.all(|alternative| alternative.deprecated.is_some()) {
            let ty = world.describe(first.ty.into());
            let what = || format!("the type `{ty}` for the parameter `{}`", parameter.name);
            self.warn_if_deprecated(what, first.deprecated.as_ref(), span);
        }
    }
}
