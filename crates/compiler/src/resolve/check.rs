//! Checks the form of declarations, without looking up the names that they refer to.

use super::misread;
use super::shape::ARGUMENTS_MAX;
use crate::ast::{Class, ClassKind, Function, FunctionName, Identifier, Initial, Parameter, Variable};
use crate::diagnostic::Diagnostic;
use crate::ir::FunctionKind;
use crate::source::{SourceId, Span};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

const MODIFIER_OUTSIDE: &str = "only members of classes have such a modifier";

/// Checks a function's declaration.
pub(super) fn function(
    problems: &mut Vec<Diagnostic>,
    source: SourceId,
    class: Option<&Class>,
    function: &Function,
    kind: FunctionKind,
) {
    problems.extend(body(source, class, function, kind));
    problems.extend(modifiers(source, class, function, kind));
    problems.extend(function_name(source, function));
    problems.extend(signature(source, function, kind));
    if matches!(kind, FunctionKind::Method | FunctionKind::Setter | FunctionKind::Static) {
        problems.extend(field_parameters(source, &function.parameters));
    }
    parameters(problems, source, &function.parameters);
    operator_shape(problems, source, function);
}

fn body(
    source: SourceId,
    class: Option<&Class>,
    function: &Function,
    kind: FunctionKind,
) -> Option<Diagnostic> {
    let span = function.name.span();
    let is_instance = matches!(kind, FunctionKind::Method | FunctionKind::Setter);
    let in_interface = class.is_some_and(|class| class.kind == ClassKind::Interface) && is_instance;
    match (&function.body, function.abstract_at) {
        (Some(_), Some(at)) => {
            let problem = Diagnostic::error(source, span, "an abstract method cannot have a body");
            Some(
                problem
                    .also(source, at, "declared abstract here")
                    .hint("remove `abstract`, or the `:` and the body"),
            )
        }
        (Some(_), None) if in_interface => {
            let problem = Diagnostic::error(source, span, "a method of an interface cannot have a body");
            Some(problem.hint("remove the `:` and the body after it; a mixin can have methods with bodies"))
        }
        (None, None) if !in_interface && !is_nameless(function) => {
            let problem = Diagnostic::error(source, span, "this has no body");
            Some(problem.hint(match &function.name {
                FunctionName::Plain(name) if class.is_some() && function.parameters.is_empty() => {
                    format!(
                        "a method needs a `:`; a field needs a value, as in `{0} := 0`, or a type and a constructor that sets it",
                        name.name
                    )
                }
                _ if class.is_none() => {
                    "a `:` and the body follow the parameters; code that runs stands in the body of a function, such as `main:`"
                        .into()
                }
                _ => "a `:` and the body follow the parameters; the body may be empty".into(),
            }))
        }
        _ => None,
    }
}

/// Returns whether the name is missing, which has been reported.
fn is_nameless(function: &Function) -> bool {
    matches!(&function.name, FunctionName::Plain(name) | FunctionName::Operator(name) if name.name.is_empty())
}

fn modifiers(
    source: SourceId,
    class: Option<&Class>,
    function: &Function,
    kind: FunctionKind,
) -> Option<Diagnostic> {
    let is_constructor = !matches!(kind, FunctionKind::Method | FunctionKind::Setter | FunctionKind::Static);
    if let (FunctionName::Operator(name), None) = (&function.name, class) {
        let title = "an operator outside of a class: it belongs to its left operand";
        return Some(Diagnostic::error(source, name.span, title));
    }
    let at = function.static_at.or(function.abstract_at)?;
    if class.is_none() {
        return Some(Diagnostic::error(source, at, MODIFIER_OUTSIDE));
    }
    if let (FunctionName::Operator(_), Some(at)) = (&function.name, function.static_at) {
        return Some(Diagnostic::error(
            source,
            at,
            "an operator cannot be static: it belongs to its left operand",
        ));
    }
    if is_constructor {
        return Some(Diagnostic::error(source, at, "a constructor can be neither static nor abstract"));
    }
    let abstract_at = function.abstract_at?;
    if class.is_some_and(|class| class.kind == ClassKind::Interface) {
        let problem = Diagnostic::error(source, abstract_at, "`abstract` in an interface");
        return Some(problem.note("all methods of an interface are abstract"));
    }
    if function.static_at.is_some() {
        return Some(Diagnostic::error(source, abstract_at, "a static function cannot be abstract"));
    }
    let class = class?;
    let may_be = class.is_abstract || class.kind == ClassKind::Interface;
    (!may_be).then(|| {
        let title = match &*class.name.name {
            "" => "an abstract method in a class that is not abstract".to_owned(),
            name => format!("an abstract method in `{name}`, which is not abstract"),
        };
        Diagnostic::error(source, abstract_at, title).also(
            source,
            class.name.span,
            "write `abstract` before this class",
        )
    })
}

fn signature(source: SourceId, function: &Function, kind: FunctionKind) -> Option<Diagnostic> {
    let is_constructor = !matches!(kind, FunctionKind::Method | FunctionKind::Setter | FunctionKind::Static);
    if let (true, Some(ty)) = (is_constructor, &function.return_type) {
        let problem = Diagnostic::error(source, ty.span, "a constructor cannot have a return type");
        return Some(problem.note("its result is an object of its class"));
    }
    let field = function.parameters.iter().find(|parameter| parameter.is_field);
    if let (Some(field), None) = (field, &function.body) {
        let title = "a `.field` parameter needs a body that sets the field";
        return Some(Diagnostic::error(source, field.name.span, title));
    }
    let mut types = function.parameters.iter().filter_map(|parameter| parameter.ty.as_ref());
    let none = types.rfind(|ty| ty.prefix.is_none() && &*ty.name.name == "none")?;
    Some(Diagnostic::error(source, none.span, "a parameter cannot have the type `none`"))
}

/// Returns errors about `.field` parameters outside of constructors.
pub(super) fn field_parameters(
    source: SourceId,
    parameters: &[Parameter],
) -> impl Iterator<Item = Diagnostic> {
    parameters.iter().filter(|parameter| parameter.is_field).map(move |parameter| {
        let title = "a `.field` parameter outside of a constructor is deprecated";
        let problem = Diagnostic::warning(source, parameter.name.span, title);
        problem.hint("take a plain parameter and assign the field")
    })
}

fn function_name(source: SourceId, function: &Function) -> Option<Diagnostic> {
    match &function.name {
        FunctionName::Plain(plain) | FunctionName::Setter(plain) => name(source, plain, "a function"),
        FunctionName::NamedConstructor(named) => name(source, named, "a constructor"),
        FunctionName::Operator(_) | FunctionName::Constructor(_) => None,
    }
}

/// Checks a declared name. Returns an error if the name has another meaning, and a warning if it may become a keyword.
pub(super) fn name(source: SourceId, name: &Identifier, what: &str) -> Option<Diagnostic> {
    match &*name.name {
        "this" | "super" | "constructor" | "_" => {
            Some(Diagnostic::error(source, name.span, format!("`{}` cannot name {what}", name.name)))
        }
        "throw" | "rethrow" | "catch" | "switch" => {
            let title = format!("`{}` may become a keyword", name.name);
            Some(Diagnostic::warning(source, name.span, title).hint("choose another name"))
        }
        _ => None,
    }
}

/// Checks a field or global.
pub(super) fn variable(
    problems: &mut Vec<Diagnostic>,
    source: SourceId,
    class: Option<&Class>,
    variable: &Variable,
) {
    let is_field = class.is_some() && variable.static_at.is_none();
    problems.extend(name(source, &variable.name, if is_field { "a field" } else { "a variable" }));
    if let Some(span) = variable.abstract_at {
        problems.push(Diagnostic::error(source, span, "a variable cannot be abstract"));
    } else if let (Some(span), None) = (variable.static_at, class) {
        problems.push(Diagnostic::error(source, span, MODIFIER_OUTSIDE));
    }
    if let (Initial::Later(at), true, false) = (&variable.value, variable.is_final, is_field) {
        let title = format!("`{}` is final and never gets a value", variable.name.name);
        problems.push(Diagnostic::error(source, *at, title).hint("write a value, or define it with `:=`"));
    }
    let has_value = matches!(variable.value, Initial::Value(_));
    let is_constant_like = variable.name.name.starts_with(|c: char| c.is_ascii_uppercase())
        && !variable.name.name.contains(|c: char| c.is_ascii_lowercase());
    if is_field && variable.is_final && has_value && is_constant_like {
        let title = format!("`{}` looks like a constant, but each object has its own", variable.name.name);
        let problem = Diagnostic::warning(source, variable.name.span, title);
        problems.push(problem.hint("write `static` before it"));
    }
}

/// Checks the number of the parameters and their names: each name can name a parameter, and no two are equal.
pub(super) fn parameter_names(problems: &mut Vec<Diagnostic>, source: SourceId, parameters: &[Parameter]) {
    if let Some(extra) = parameters.get(ARGUMENTS_MAX) {
        let title = format!("a function has at most {ARGUMENTS_MAX} parameters");
        problems.push(Diagnostic::error(source, extra.name.span, title).hint("take a list or a map"));
    }
    let mut known: HashMap<&str, &Parameter> = HashMap::new();
    for parameter in parameters.iter().filter(|parameter| &*parameter.name.name != "_") {
        let span = parameter.name.span;
        problems.extend(name(source, &parameter.name, "a parameter"));
        match known.entry(&parameter.name.name) {
            Entry::Vacant(entry) => {
                entry.insert(parameter);
            }
            Entry::Occupied(earlier) => {
                let name = &parameter.name.name;
                let problem = misread::repeated_type(source, parameters, name).unwrap_or_else(|| {
                    Diagnostic::error(source, span, format!("two parameters are named `{name}`")).also(
                        source,
                        earlier.get().name.span,
                        "the first one",
                    )
                });
                problems.push(problem);
            }
        }
        if let Some(rest) = parameter.name.name.strip_prefix("no-").filter(|_| parameter.is_named) {
            let title = format!("a parameter cannot be named `--no-{rest}`");
            let problem = Diagnostic::error(source, span, title);
            problems.push(problem.note(format!("in a call, `--no-{rest}` stands for `--{rest}=false`")));
        }
    }
}

fn parameters(problems: &mut Vec<Diagnostic>, source: SourceId, parameters: &[Parameter]) {
    let mut optional: Option<&Parameter> = None;
    let mut block: Option<&Parameter> = None;
    parameter_names(problems, source, parameters);
    for parameter in parameters {
        let span = parameter.name.span;
        if parameter.is_block && parameter.default.is_some() {
            problems.push(Diagnostic::error(source, span, "a block parameter cannot have a default value"));
        }
        if parameter.is_named {
            continue;
        }
        if let (Some(block), false) = (block, parameter.is_block) {
            let title = "an unnamed parameter after a block";
            problems.push(Diagnostic::error(source, span, title).also(
                source,
                block.name.span,
                "unnamed blocks come last",
            ));
        }
        if let (Some(optional), None, false) = (optional, &parameter.default, parameter.is_block) {
            let title = format!("`{}` must have a default value, too", parameter.name.name);
            let problem = Diagnostic::error(source, span, title);
            problems.push(problem.also(
                source,
                optional.name.span,
                "from here on, unnamed parameters are optional",
            ));
        }
        if parameter.is_block {
            block.get_or_insert(parameter);
        } else if parameter.default.is_some() {
            optional.get_or_insert(parameter);
        }
    }
}

/// Checks that operators and setters have the parameters that their notation allows.
fn operator_shape(problems: &mut Vec<Diagnostic>, source: SourceId, function: &Function) {
    let (name, fits): (_, fn(usize) -> bool) = match &function.name {
        FunctionName::Setter(name) => (name, |count| count == 1),
        FunctionName::Operator(name) => match &*name.name {
            "~" => (name, |count| count == 0),
            "-" => (name, |count| count <= 1),
            // An object with more than one dimension takes more than one index.
            "[]" => (name, |count| count >= 1),
            "[]=" => (name, |count| count >= 2),
            "[..]" => return slice_shape(problems, source, name.span, function),
            _ => (name, |count| count == 1),
        },
        _ => return,
    };
    let unnamed =
        function.parameters.iter().filter(|parameter| !parameter.is_named && parameter.default.is_none());
    let unnamed = unnamed.filter(|parameter| !parameter.is_block || takes_blocks(&name.name)).count();
    if !fits(unnamed) || unnamed != function.parameters.len() {
        let is_setter = matches!(function.name, FunctionName::Setter(_));
        let shown = if is_setter { "a setter".to_owned() } else { format!("`{}`", name.name) };
        let problem = Diagnostic::error(source, name.span, format!("{shown} cannot have these parameters"));
        problems.push(problem.note(match &*name.name {
            _ if is_setter => "it takes the value: `name= value:`",
            "~" => "it takes none: `operator ~:`",
            "-" => "it takes one, or none for the sign: `operator - other:`, `operator -:`",
            "[]" => "it takes the index: `operator [] index:`",
            "[]=" => "it takes the index and the value: `operator []= index value:`",
            _ => "it takes the other operand: `operator + other:`",
        }));
    }
}

/// Returns whether the arguments of an operator may be blocks: only those of `[]` and `[]=`.
fn takes_blocks(operator: &str) -> bool {
    matches!(operator, "[]" | "[]=")
}

/// Checks the parameters of a slice: `x[a..b]` passes `--from` and `--to`, each only if it is
/// written.
fn slice_shape(problems: &mut Vec<Diagnostic>, source: SourceId, span: Span, function: &Function) {
    let has = |name: &str| {
        function.parameters.iter().any(|parameter| parameter.is_named && &*parameter.name.name == name)
    };
    if function.parameters.len() != 2 || !has("from") || !has("to") {
        let problem = Diagnostic::error(source, span, "`[..]` cannot have these parameters");
        problems.push(problem.note("it takes the bounds: `operator [..] --from --to:`"));
    }
}
