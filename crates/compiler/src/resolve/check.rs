//! What a declaration must look like, whatever it names.

use crate::ast::{Class, ClassKind, Function, FunctionName, Parameter};
use crate::diagnostic::Diagnostic;
use crate::ir::FunctionKind;
use crate::source::{SourceId, Span};

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
    problems.extend(name(source, function));
    problems.extend(signature(source, function, kind));
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
            let problem = Diagnostic::error(source, span, "an abstract method has no body");
            Some(
                problem
                    .also(source, at, "declared abstract here")
                    .hint("remove `abstract`, or the `:` and the body"),
            )
        }
        (Some(_), None) if in_interface => {
            let problem = Diagnostic::error(source, span, "a method of an interface has no body");
            Some(problem.hint("remove the `:`; a mixin can have methods with bodies"))
        }
        (None, None) if !in_interface => {
            let problem = Diagnostic::error(source, span, "this has no body");
            Some(problem.hint("a `:` and the body follow the parameters; the body may be empty"))
        }
        _ => None,
    }
}

fn modifiers(
    source: SourceId,
    class: Option<&Class>,
    function: &Function,
    kind: FunctionKind,
) -> Option<Diagnostic> {
    let is_constructor = !matches!(kind, FunctionKind::Method | FunctionKind::Setter | FunctionKind::Static);
    let at = function.static_at.or(function.abstract_at)?;
    if class.is_none() {
        return Some(Diagnostic::error(source, at, "only members of classes have such a modifier"));
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
    if function.static_at.is_some() {
        return Some(Diagnostic::error(source, abstract_at, "a static function cannot be abstract"));
    }
    let class = class?;
    let may_be = class.is_abstract || class.kind == ClassKind::Interface;
    (!may_be).then(|| {
        let title = format!("an abstract method in `{}`, which is not abstract", class.name.name);
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
        let problem = Diagnostic::error(source, ty.span, "a constructor has no return type");
        return Some(problem.note("what it gives is an object of its class"));
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

fn name(source: SourceId, function: &Function) -> Option<Diagnostic> {
    let (FunctionName::Plain(name) | FunctionName::Setter(name)) = &function.name else { return None };
    let is_reserved = matches!(&*name.name, "this" | "super" | "constructor" | "_");
    is_reserved
        .then(|| Diagnostic::error(source, name.span, format!("`{}` cannot name a function", name.name)))
}

fn parameters(problems: &mut Vec<Diagnostic>, source: SourceId, parameters: &[Parameter]) {
    let mut optional: Option<&Parameter> = None;
    let mut block: Option<&Parameter> = None;
    for (index, parameter) in parameters.iter().enumerate() {
        let span = parameter.name.span;
        let earlier = parameters.iter().take(index).find(|earlier| earlier.name.name == parameter.name.name);
        if let Some(earlier) = earlier.filter(|earlier| &*earlier.name.name != "_") {
            let title = format!("two parameters are named `{}`", parameter.name.name);
            problems.push(Diagnostic::error(source, span, title).also(
                source,
                earlier.name.span,
                "the first one",
            ));
        }
        if matches!(&*parameter.name.name, "this" | "super") {
            let title = format!("`{}` cannot name a parameter", parameter.name.name);
            problems.push(Diagnostic::error(source, span, title));
        }
        if parameter.is_block && parameter.default.is_some() {
            problems.push(Diagnostic::error(source, span, "a block parameter has no default value"));
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

/// Operators and setters are called with what their notation has room for.
fn operator_shape(problems: &mut Vec<Diagnostic>, source: SourceId, function: &Function) {
    let (name, fits): (_, fn(usize) -> bool) = match &function.name {
        FunctionName::Setter(name) => (name, |count| count == 1),
        FunctionName::Operator(name) => match &*name.name {
            "~" => (name, |count| count == 0),
            "-" => (name, |count| count <= 1),
            // What has more than one dimension has more than one index.
            "[]" => (name, |count| count >= 1),
            "[]=" => (name, |count| count >= 2),
            "[..]" => return slice_shape(problems, source, name.span, function),
            _ => (name, |count| count == 1),
        },
        _ => return,
    };
    let unnamed =
        function.parameters.iter().filter(|parameter| !parameter.is_named && !parameter.is_block).count();
    if !fits(unnamed) || unnamed != function.parameters.len() {
        let shown = if matches!(function.name, FunctionName::Setter(_)) { "a setter" } else { &*name.name };
        let problem = Diagnostic::error(source, name.span, format!("`{shown}` cannot have these parameters"));
        problems.push(problem.note(match &*name.name {
            _ if shown == "a setter" => "it takes the value: `name= value:`",
            "~" => "it takes none: `operator ~:`",
            "-" => "it takes one, or none for the sign: `operator - other:`, `operator -:`",
            "[]" => "it takes the index: `operator [] index:`",
            "[]=" => "it takes the index and the value: `operator []= index value:`",
            _ => "it takes the other operand: `operator + other:`",
        }));
    }
}

/// `x[a..b]` gives `--from` and `--to`, each only if it is written.
fn slice_shape(problems: &mut Vec<Diagnostic>, source: SourceId, span: Span, function: &Function) {
    let has = |name: &str| {
        function.parameters.iter().any(|parameter| parameter.is_named && &*parameter.name.name == name)
    };
    if function.parameters.len() != 2 || !has("from") || !has("to") {
        let problem = Diagnostic::error(source, span, "`[..]` cannot have these parameters");
        problems.push(problem.note("it takes the bounds: `operator [..] --from --to:`"));
    }
}
