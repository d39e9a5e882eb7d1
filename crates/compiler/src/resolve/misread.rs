//! Calls that lack an argument because of something at another place: a declaration that does not mean what its author
//! thinks, or a next line that is not indented. The error points there.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::habits::{ELSE_IF, IF_CHAIN, type_name};
use super::lower::{Lower, Reference};
use super::shape::accepts;
use crate::ast::{self, Declaration, Expression, ExpressionKind};
use crate::diagnostic::Diagnostic;
use crate::ir::{ClassId, FunctionId, Node, Selector};
use crate::parser::{LOST_ELSE, NESTED};
use crate::scanner::TAB;
use crate::source::{SourceId, Sources, Span};
use crate::types::Ty;

/// The beginning of the hint about a field that is not declared.
pub(super) const FIELD: &str = "a field is declared in the class:";

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

    /// Returns a hint for a call with a block, if one of the functions takes a lambda in place of it.
    pub(super) fn hint_for_lambda(&self, functions: &[FunctionId], shape: &Selector) -> Option<&'static str> {
        let last = shape.unnamed.last().filter(|is_block| **is_block)?;
        let mut with_lambda = shape.clone();
        *with_lambda.unnamed.last_mut()? = !last;
        let takes = functions.iter().map(|id| self.world.function(*id)).any(|function| {
            let mut types = function.parameters.iter().map(|parameter| Ty::from(parameter.ty).class());
            accepts(function, &with_lambda) && types.any(|ty| ty.is_some() && ty == self.world.builtin.lambda)
        });
        takes.then_some(
            "write `::` in place of `:`: it makes a lambda, which can run later; a `:` makes a block",
        )
    }

    /// Adds to an error about the arguments of a constructor that a method of the class is probably meant as one.
    pub(super) fn hint_for_constructor(&mut self, class: ClassId) {
        let name = self.world.class(class).name.clone();
        let is_meant = |method: &&str| !self.world.members(class, method).is_empty();
        let Some(method) = ["__init__", "init", "initialize", &*name].into_iter().find(is_meant) else {
            return;
        };
        let hint = format!(
            "`{method}` is a method like any other: declare it as `constructor` to make objects with it"
        );
        if let Some(problem) = self.problems.last_mut() {
            problem.hints.push(hint);
        }
    }

    /// Reports a call of a member that takes only a block, and gets the lines below it as arguments: its `:` is
    /// missing. Returns whether it has reported one.
    pub(super) fn lacks_colon(
        &mut self,
        receiver: Ty,
        name: &ast::Identifier,
        trees: &[ast::Argument],
    ) -> bool {
        let (Some(class), Some(first)) =
            (receiver.class(), trees.first().and_then(|tree| tree.value.as_ref()))
        else {
            return false;
        };
        let starts = &self.world.module(self.module).line_starts;
        let line = |place: u32| starts.partition_point(|start| *start <= place);
        if line(name.span.start) >= line(first.span.start) {
            return false;
        }
        let is_code = |tree: &ast::Argument| {
            let value = tree.value.as_ref().map(|value| &value.kind);
            matches!(value, Some(ExpressionKind::Block(..) | ExpressionKind::Lambda(..)))
        };
        let shape = |unnamed| Selector { unnamed, ..Selector::default() };
        let (with_block, as_given) = (shape(vec![true]), shape(vec![false; trees.len()]));
        let members = self.world.members(class, &name.name);
        let takes = |shape: &Selector| members.iter().any(|member| self.member_accepts(*member, shape));
        if trees.iter().any(is_code) || !takes(&with_block) || takes(&as_given) {
            return false;
        }
        let end = Span { start: name.span.end, end: name.span.end + 1 };
        self.error_hint(
            end,
            format!("this `{}` has no `:`", name.name),
            "a `:` stands before the body of its block",
        );
        true
    }

    /// Warns about parameters of a block or lambda such as `| int x |`, where `int` is probably meant as the type of `x`.
    pub(super) fn warn_of_types(&mut self, parameters: &[ast::Parameter], body: &ast::Body) {
        // A name such as `list` is more likely that of a parameter.
        let is_type = |name: &str| matches!(name, "int" | "float" | "bool" | "string" | "any");
        let is_used = |name: &str| !is_type(name) || body.statements.iter().any(|part| mentions(part, name));
        if let Some(Misread { at, title, hint }) = misread_type(parameters, is_used) {
            self.report(Diagnostic::warning(self.source, at, title).hint(hint));
        }
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

/// Drops problems that another error explains. That error stays, so the program still has errors.
pub(super) fn drop_follow_ups(problems: &mut Vec<Diagnostic>, sources: &Sources) {
    drop_parentheses(problems, sources);
    drop_lost_else(problems);
    drop_nested(problems, sources);
    keep_first_tab(problems, sources);
    keep_first_use(problems);
}

/// Drops a problem about the parentheses of a call, as in `unknown()`, if an error ends right before them: both are one
/// mistake.
fn drop_parentheses(problems: &mut Vec<Diagnostic>, sources: &Sources) {
    let errors = problems.iter().filter(|problem| problem.is_error() && !problem.span.range().is_empty());
    let ends: HashSet<_> = errors.map(|problem| (problem.source, problem.span.end)).collect();
    problems.retain(|problem| {
        let text = sources.get(problem.source).and_then(|source| source.text.get(problem.span.range()));
        text != Some("(") || !ends.contains(&(problem.source, problem.span.start))
    });
}

/// Drops errors about an `else` without an `if`, after an `elif`.
fn drop_lost_else(problems: &mut Vec<Diagnostic>) {
    let is_elif = |problem: &&Diagnostic| problem.hints.iter().any(|hint| hint == ELSE_IF);
    let elifs: Vec<_> =
        problems.iter().filter(is_elif).map(|problem| (problem.source, problem.span)).collect();
    problems.retain(|problem| {
        let is_before = |elif: &(SourceId, Span)| elif.0 == problem.source && elif.1.end < problem.span.start;
        problem.title != LOST_ELSE || !elifs.iter().any(is_before)
    });
}

/// Drops errors in the body of a function within a function, which was analyzed as a block, and in that of a `switch`.
fn drop_nested(problems: &mut Vec<Diagnostic>, sources: &Sources) {
    let is_of_other_language =
        |problem: &&Diagnostic| problem.title == NESTED || problem.hints.iter().any(|hint| hint == IF_CHAIN);
    let nested = problems.iter().filter(is_of_other_language);
    let bodies: Vec<_> = nested.filter_map(|problem| lines_inside(problem, sources)).collect();
    problems.retain(|problem| {
        let place = problem.span.start as usize;
        !bodies.iter().any(|(source, body)| *source == problem.source && body.contains(&place))
    });
}

/// Returns the lines after that of a problem that are indented more.
fn lines_inside(problem: &Diagnostic, sources: &Sources) -> Option<(SourceId, Range<usize>)> {
    let source = sources.get(problem.source)?;
    let first = source.line(problem.span.start);
    let line_start = |line: usize| source.line_starts.get(line - 1).map(|start| *start as usize);
    let indent_of = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let text = &source.text;
    let indent = indent_of(text.get(line_start(first)?..)?);
    let begin = line_start(first + 1)?;
    let mut end = begin;
    for line in text.get(begin..)?.split_inclusive('\n') {
        if !line.trim().is_empty() && indent_of(line) <= indent {
            break;
        }
        end += line.len();
    }
    Some((problem.source, begin..end))
}

/// Keeps the first error about a field that is assigned but not declared.
fn keep_first_use(problems: &mut Vec<Diagnostic>) {
    let is_field = |problem: &&Diagnostic| problem.hints.iter().any(|hint| hint.starts_with(FIELD));
    let fields: Vec<_> = problems.iter().filter(is_field).cloned().collect();
    problems.retain(|problem| {
        let is_later = |field: &Diagnostic| {
            field.source == problem.source
                && field.title == problem.title
                && field.span.start < problem.span.start
        };
        !fields.iter().any(is_later)
    });
}

/// Keeps the first error about a tab of each file, with the number of those that follow.
fn keep_first_tab(problems: &mut Vec<Diagnostic>, sources: &Sources) {
    let mut more: HashMap<SourceId, Vec<usize>> = HashMap::new();
    for problem in problems.iter().filter(|problem| problem.title == TAB) {
        let line = sources.get(problem.source).map_or(0, |source| source.line(problem.span.start));
        more.entry(problem.source).or_default().push(line);
    }
    problems.retain_mut(|problem| {
        if problem.title != TAB {
            return true;
        }
        let Some(lines) = more.remove(&problem.source) else { return false };
        match lines.len() - 1 {
            0 => {}
            1 => problem.notes.push(format!("line {} begins with a tab, too", lines[1])),
            count => problem.notes.push(format!("{count} more lines begin with a tab")),
        }
        true
    });
}

/// Returns the function whose name is at a place.
fn function_at(declarations: &[Declaration], at: u32) -> Option<&ast::Function> {
    declarations.iter().find_map(|declaration| match declaration {
        Declaration::Function(function) => (function.name.span().start == at).then_some(function),
        Declaration::Class(class) => function_at(&class.members, at),
        Declaration::Variable(_) => None,
    })
}

/// Returns the error for several parameters with the name of one type, as in `int a int b`: each is meant as the type of the
/// next parameter. Returns none if the name is not that of a type.
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
