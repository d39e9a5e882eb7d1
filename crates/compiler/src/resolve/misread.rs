//! Calls that lack an argument because of something at another place: a declaration that does not mean what its author
//! thinks, or a next line that is not indented. The error points there.

use std::collections::HashSet;

use super::habits::type_name;
use super::lower::{Lower, Reference};
use crate::ast::{self, Declaration, Expression, ExpressionKind};
use crate::diagnostic::Diagnostic;
use crate::ir::{FunctionId, Node};
use crate::source::{SourceId, Span};

/// A parameter that is probably not meant as one.
struct Misread {
    at: Span,
    title: &'static str,
    hint: String,
}

impl<'a> Lower<'a> {
    /// Returns the error for a call that the only function of its name cannot take. If a parameter of the function is
    /// probably not meant as one, the error points at it.
    pub(super) fn explain_declaration_of(&self, id: FunctionId, problem: Diagnostic) -> Diagnostic {
        let function = self.world.function(id);
        let source = self.modules.source_of(id.module);
        let tree = source.and_then(|source| function_at(&source.tree.file.declarations, function.at));
        let Some(Misread { at, title, hint }) = tree.and_then(misread) else {
            return problem;
        };
        if source.is_none_or(|source| source.source != self.source) {
            // An error belongs to the file that is compiled.
            return problem.hint(hint);
        }
        let reason = match problem.label.as_str() {
            "" => problem.title,
            _ => problem.label,
        };
        Diagnostic::error(self.source, at, title).also(self.source, problem.span, reason).hint(hint)
    }

    /// Lowers a statement, given the one after it. If the statement lacks an argument, and the next line is only a value,
    /// the error points at that line.
    pub(super) fn effect_before(&mut self, statement: &'a Expression, next: Option<&Expression>) -> Node {
        let known = self.problems.len();
        self.lacks_argument = false;
        let node = self.effect(statement);
        let Some(next) = next.filter(|_| self.lacks_argument && self.problems.len() == known + 1) else {
            return node;
        };
        let starts = &self.world.module(self.module).line_starts;
        let line = |place: u32| starts.partition_point(|start| *start <= place);
        let (before, after) = (line(statement.span.end), line(next.span.start));
        if after == before + 1
            && self.is_only_value(next)
            && let Some(problem) = self.problems.pop()
        {
            let title = format!("this line does not continue line {before}, because it is not indented more");
            let mut moved = Diagnostic::error(self.source, next.span, title);
            moved = moved.also(self.source, problem.span, problem.label);
            moved.notes = problem.notes;
            self.problems.push(moved.hint("to make it an argument, indent it by 2 more spaces"));
        }
        node
    }

    /// Returns whether an expression as a statement does nothing.
    fn is_only_value(&self, expression: &Expression) -> bool {
        use ExpressionKind as E;
        match &expression.kind {
            E::Null
            | E::Bool(_)
            | E::Int(_)
            | E::Float(_)
            | E::String(_)
            | E::List(_)
            | E::Map(_)
            | E::Set(_) => true,
            E::Parenthesized(inner) => self.is_only_value(inner),
            E::Name(name) => matches!(self.resolve(name), Reference::Variable(_)),
            _ => false,
        }
    }
}

/// Drops an error that is equal to an earlier one at the same place: several calls show the same mistake of a declaration.
pub(super) fn keep_first(problems: &mut Vec<Diagnostic>) {
    let mut seen = HashSet::new();
    problems.retain(|problem| seen.insert((problem.source, problem.span, problem.title.clone())));
}

/// Returns the function whose name is at a place.
fn function_at(declarations: &[Declaration], at: u32) -> Option<&ast::Function> {
    declarations.iter().find_map(|declaration| match declaration {
        Declaration::Function(function) => (function.name.span().start == at).then_some(function),
        Declaration::Class(class) => function_at(&class.members, at),
        Declaration::Variable(_) => None,
    })
}

/// Returns the error for parameters of which several have the name of a type: each is meant as the type of the next one.
/// Returns none if the name is not that of a type.
pub(super) fn repeated_type(
    source: SourceId,
    parameters: &[ast::Parameter],
    name: &str,
) -> Option<Diagnostic> {
    let Misread { at, title, hint } = is_type(name).then(|| misread_type(parameters, |_| false))??;
    Some(Diagnostic::error(source, at, title).hint(hint))
}

fn misread(function: &ast::Function) -> Option<Misread> {
    let parameters = &function.parameters;
    if let Some(first) = parameters.first().filter(|first| is_plain(first) && &*first.name.name == "self") {
        let title = "`self` is a parameter like any other";
        let hint = "remove it: a method reaches its object as `this`".to_owned();
        return Some(Misread { at: first.name.span, title, hint });
    }
    // A parameter that is used is one, whatever its name.
    misread_type(parameters, |name| {
        function.body.as_ref().is_some_and(|body| body.statements.iter().any(|part| mentions(part, name)))
    })
}

fn misread_type(parameters: &[ast::Parameter], is_used: impl Fn(&str) -> bool) -> Option<Misread> {
    let is_meant = |parameter: &ast::Parameter| {
        is_plain(parameter) && is_type(&parameter.name.name) && !is_used(&parameter.name.name)
    };
    let (ty, next) = parameters.iter().zip(parameters.iter().skip(1)).find(|(ty, _)| is_meant(ty))?;
    let (ty, written) = (&ty.name, &next.name.name);
    let shown = type_name(&ty.name).unwrap_or(&ty.name);
    let hint = format!("write `{written}/{shown}`: `{}` before it is a parameter of its own", ty.name);
    Some(Misread { at: ty.span, title: "the type of a parameter follows its name", hint })
}

fn is_plain(parameter: &ast::Parameter) -> bool {
    !parameter.is_named && !parameter.is_block && !parameter.is_field && parameter.ty.is_none()
}

fn is_type(name: &str) -> bool {
    matches!(name, "int" | "float" | "bool" | "string" | "any") || type_name(name).is_some()
}

/// Returns whether a name occurs in an expression.
fn mentions(expression: &Expression, name: &str) -> bool {
    if matches!(&expression.kind, ExpressionKind::Name(found) if **found == *name) {
        return true;
    }
    let mut is_found = false;
    expression.kind.each_child(&mut |child| is_found = is_found || mentions(child, name));
    is_found
}
