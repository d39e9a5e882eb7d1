//! Lowers primitives: the natives that functions of the library have as their bodies, and the blocks for their failures.

use super::lower::{Context, Lower, Value};
use crate::ast::{self, Body, Identifier};
use crate::diagnostic::Diagnostic;
use crate::ir::{Expr, Function, Node};
use crate::source::Span;
use crate::types::Ty;

/// The only primitive that is not a native: the linker makes an instruction of it.
const CALL_LAMBDA: (&str, &str) = ("intrinsics", "call-lambda");

impl<'a> Lower<'a> {
    pub(super) fn primitive(
        &mut self,
        span: Span,
        module: &'a Identifier,
        name: &'a Identifier,
        failure: Option<&'a (Vec<ast::Parameter>, Body)>,
    ) -> Value {
        self.bind_native(module, name);
        let failure = failure.map(|(parameters, body)| {
            self.check_failure_parameters(parameters);
            self.routines.open_scope();
            let name = parameters.first().map_or("it".into(), |parameter| parameter.name.name.clone());
            let place = parameters.first().map_or(body.span, |parameter| parameter.name.span);
            let variable = self.routines.declare(name, Ty::Any, place);
            self.note_local(place, Ty::Any, false);
            let local = self.routines.local(variable);
            let code = self.statements(&body.statements, body.span).node;
            self.routines.close_scope();
            (local, Box::new(code))
        });
        let expr = Expr::Primitive { module: module.name.to_string(), name: name.name.to_string(), failure };
        let value = Node { at: span.start, expr };
        Value::new(span, Expr::Return(Box::new(value)), Ty::Never)
    }

    /// Checks that a native exists and takes as many arguments as the function has parameters. In the program, a
    /// mistake is reported where it is; in a package, it is reported later, at the import of the package.
    fn bind_native(&mut self, module: &Identifier, name: &Identifier) {
        let Some(natives) = self.natives else { return };
        let is_instruction = (&*module.name, &*name.name) == CALL_LAMBDA;
        if is_instruction && self.modules.is_library(self.module) {
            return;
        }
        let span = module.span.to(name.span);
        let native = format!("{}.{}", module.name, name.name);
        if self.routines.in_lambda() || self.context == Context::FieldInitializer {
            return self.error(span, "a primitive stands in the body of a function");
        }
        let function = self.function.map(|id| self.world.function(id));
        let given = function.map_or(0, native_arguments);
        let is_own = !self.modules.is_package(self.module) || self.modules.is_library(self.module);
        match natives(&module.name, &name.name) {
            Some(taken) if taken == given => {}
            Some(taken) if is_own => {
                let title = format!(
                    "the native `{native}` takes {}, but this function gives it {given}",
                    count_of(taken, "argument")
                );
                let at = function.map_or(span, |function| Span {
                    start: function.at,
                    end: function.at + function.name.len() as u32,
                });
                let problem = Diagnostic::error(self.source, at, title).also(self.source, span, "named here");
                let takes_object = function.is_some_and(Function::has_this);
                let note = "a native gets the parameters of its function";
                let object = if takes_object { ", and before them the object" } else { "" };
                self.report(problem.note(format!("{note}{object}")));
            }
            None if is_own => self.error(span, format!("there is no native `{native}`")),
            Some(_) => {
                let parameters = count_of(given, "parameter");
                self.missing_natives.push(format!("`{native}` with {parameters}"));
            }
            None => self.missing_natives.push(format!("`{native}`")),
        }
    }

    /// Checks the parameters of a failure block, which gets the plain error.
    fn check_failure_parameters(&mut self, parameters: &[ast::Parameter]) {
        if let Some(extra) = parameters.get(1) {
            self.error(extra.name.span, "the block of a primitive takes one argument, the error");
        }
        if let Some(parameter) = parameters.first()
            && !parameter.is_plain()
        {
            let title = "the parameter of a primitive's block cannot have a type or a default value";
            self.error(parameter.name.span, title);
        }
    }
}

/// Returns how many arguments the native in the body of a function gets.
fn native_arguments(function: &Function) -> usize {
    function.parameters.len() + usize::from(function.has_this())
}

/// Returns a number with the thing that is counted: `1 argument`, `2 arguments`.
fn count_of(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
