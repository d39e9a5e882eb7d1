//! Prints syntax trees.

use crate::ast::{
    Argument, Body, Class, Declaration, Expression, ExpressionKind, File, Function, FunctionName, Import,
    Initial, Parameter, Show, StringPart, TypeName, UnaryOperator, Variable,
};

/// Prints a file's tree.
pub(super) fn print(file: &File) -> String {
    let mut lines = Vec::new();
    lines.extend(file.imports.iter().map(import));
    lines.extend(file.exports.iter().map(|export| format!("export{}", shown(&export.show))));
    for declaration in &file.declarations {
        declare(declaration, 0, &mut lines);
    }
    lines.join("\n") + "\n"
}

fn import(import: &Import) -> String {
    let path: Vec<&str> = import.segments.iter().map(|segment| &*segment.name).collect();
    let dots = ".".repeat(import.dots as usize);
    let prefix = import.prefix.as_ref().map_or(String::new(), |prefix| format!(" as {}", prefix.name));
    let show = match &import.show {
        Show::Nothing => String::new(),
        show => format!(" show{}", shown(show)),
    };
    format!("import {dots}{}{prefix}{show}", path.join("."))
}

fn shown(show: &Show) -> String {
    match show {
        Show::Nothing => String::new(),
        Show::Everything(_) => " *".into(),
        Show::Names(names) => names.iter().map(|name| format!(" {}", name.name)).collect(),
    }
}

fn declare(declaration: &Declaration, depth: usize, lines: &mut Vec<String>) {
    let pad = "  ".repeat(depth);
    match declaration {
        Declaration::Class(class) => {
            lines.push(format!("{pad}{}", class_header(class)));
            for member in &class.members {
                declare(member, depth + 1, lines);
            }
        }
        Declaration::Variable(variable) => lines.push(format!("{pad}{}", print_variable(variable))),
        Declaration::Function(function) => {
            lines.push(format!("{pad}{}", function_header(function)));
            for statement in function.body.iter().flat_map(|body| &body.statements) {
                lines.push(format!("{pad}  {}", expression(statement)));
            }
        }
    }
}

fn class_header(class: &Class) -> String {
    let list = |word: &str, names: &[TypeName]| match names {
        [] => String::new(),
        names => format!(" {word} {}", names.iter().map(print_type).collect::<Vec<_>>().join(" ")),
    };
    format!(
        "{}{} {}{}{}{}",
        if class.is_abstract { "abstract " } else { "" },
        class.kind.keyword(),
        class.name.name,
        list("extends", class.superclass.as_slice()),
        list("with", &class.mixins),
        list("implements", &class.interfaces),
    )
}

fn print_variable(variable: &Variable) -> String {
    let word = if variable.static_at.is_some() { "static variable" } else { "variable" };
    let operator = if variable.is_final { "::=" } else { ":=" };
    let ty = variable.ty.as_ref().map_or(String::new(), |ty| format!("/{}", print_type(ty)));
    format!("{word} {}{ty} {operator} {}", variable.name.name, initial(&variable.value))
}

fn function_header(function: &Function) -> String {
    let modifier = match (&function.static_at, &function.abstract_at) {
        (Some(_), _) => "static ",
        (None, Some(_)) => "abstract ",
        (None, None) => "",
    };
    let name = match &function.name {
        FunctionName::Plain(name) => name.name.to_string(),
        FunctionName::Setter(name) => format!("{}=", name.name),
        FunctionName::Operator(name) => format!("operator {}", name.name),
        FunctionName::Constructor(_) => "constructor".into(),
        FunctionName::NamedConstructor(name) => format!("constructor.{}", name.name),
    };
    let result = function.return_type.as_ref().map_or(String::new(), |ty| format!(" -> {}", print_type(ty)));
    let body = if function.body.is_some() { ":" } else { "" };
    format!("{modifier}function {name}{}{result}{body}", parameters(&function.parameters))
}

fn parameters(list: &[Parameter]) -> String {
    list.iter().map(|parameter| format!(" {}", print_parameter(parameter))).collect()
}

fn print_parameter(parameter: &Parameter) -> String {
    let dashes = if parameter.is_named { "--" } else { "" };
    let dot = if parameter.is_field { "." } else { "" };
    let ty = parameter.ty.as_ref().map_or(String::new(), |ty| format!("/{}", print_type(ty)));
    let default = parameter.default.as_ref().map_or(String::new(), |value| format!("={}", expression(value)));
    let text = format!("{dashes}{dot}{}{ty}{default}", parameter.name.name);
    if parameter.is_block { format!("[{text}]") } else { text }
}

fn print_type(ty: &TypeName) -> String {
    let prefix = ty.prefix.as_ref().map_or(String::new(), |prefix| format!("{}.", prefix.name));
    format!("{prefix}{}{}", ty.name.name, if ty.nullable { "?" } else { "" })
}

fn initial(value: &Initial) -> String {
    match value {
        Initial::None => "nothing".into(),
        Initial::Later(_) => "?".into(),
        Initial::Value(value) => expression(value),
    }
}

fn body(body: &Body) -> String {
    let statements: Vec<String> = body.statements.iter().map(expression).collect();
    format!("{{{}}}", statements.join("; "))
}

fn several(word: &str, expressions: &[Expression]) -> String {
    let inside: String = expressions.iter().map(|element| format!(" {}", expression(element))).collect();
    format!("({word}{inside})")
}

fn expression(tree: &Expression) -> String {
    use ExpressionKind as E;
    match &tree.kind {
        E::Error => "<error>".into(),
        E::Null => "null".into(),
        E::Bool(value) => value.to_string(),
        E::Int(value) => value.to_string(),
        E::Float(value) => format!("{value:?}"),
        E::String(parts) => string(parts),
        E::Name(name) => name.to_string(),
        E::Parenthesized(inner) => expression(inner),
        E::Member(receiver, name) => format!("(. {} {})", expression(receiver), name.name),
        E::Index(receiver, arguments) => {
            let arguments: String =
                arguments.iter().map(|argument| format!(" {}", expression(argument))).collect();
            format!("([] {}{arguments})", expression(receiver))
        }
        E::Slice(receiver, from, to) => {
            let bound = |bound: &Option<Box<Expression>>| bound.as_deref().map_or("_".into(), expression);
            format!("([..] {} {} {})", expression(receiver), bound(from), bound(to))
        }
        E::Call(target, arguments) => {
            let arguments: String =
                arguments.iter().map(|argument| format!(" {}", print_argument(argument))).collect();
            format!("({}{arguments})", expression(target))
        }
        E::Unary(operator, _, operand) => {
            let operator = match operator {
                UnaryOperator::Negate => "-",
                UnaryOperator::Complement => "~",
            };
            format!("({operator} {})", expression(operand))
        }
        E::Binary(operator, _, left, right) => {
            format!("({operator} {} {})", expression(left), expression(right))
        }
        E::Comparison(first, rest) => {
            let rest: String = rest
                .iter()
                .map(|(operator, _, operand)| format!(" {operator} {}", expression(operand)))
                .collect();
            format!("(compare {}{rest})", expression(first))
        }
        E::And(left, right) => format!("(and {} {})", expression(left), expression(right)),
        E::Or(left, right) => format!("(or {} {})", expression(left), expression(right)),
        E::Not(operand) => format!("(not {})", expression(operand)),
        E::Is { value, ty, negated } => {
            format!("(is{} {} {})", if *negated { "-not" } else { "" }, expression(value), print_type(ty))
        }
        E::As(value, ty) => format!("(as {} {})", expression(value), print_type(ty)),
        E::Conditional(condition, then, otherwise) => {
            format!("(? {} {} {})", expression(condition), expression(then), expression(otherwise))
        }
        _ => construct(tree),
    }
}

fn construct(tree: &Expression) -> String {
    use ExpressionKind as E;
    let part = |part: &Option<Box<Expression>>| part.as_deref().map_or("_".into(), expression);
    match &tree.kind {
        E::If { condition, then, otherwise } => {
            let otherwise =
                otherwise.as_ref().map_or(String::new(), |otherwise| format!(" else {}", body(otherwise)));
            format!("(if {} {}{otherwise})", expression(condition), body(then))
        }
        E::While(condition, round) => format!("(while {} {})", expression(condition), body(round)),
        E::For { init, condition, update, body: round } => {
            format!("(for {} {} {} {})", part(init), part(condition), part(update), body(round))
        }
        E::Assign { target, operator, value, .. } => {
            format!("({}= {} {})", operator.unwrap_or(""), expression(target), expression(value))
        }
        E::Postfix(target, operator, _) => format!("({operator}{operator} {})", expression(target)),
        E::Define { name, ty, is_final, value } => {
            let ty = ty.as_ref().map_or(String::new(), |ty| format!("/{}", print_type(ty)));
            format!("({} {}{ty} {})", if *is_final { "::=" } else { ":=" }, name.name, initial(value))
        }
        E::Block(list, code) => format!("(block{} {})", parameters(list), body(code)),
        E::Lambda(list, code) => format!("(lambda{} {})", parameters(list), body(code)),
        E::List(elements) => several("list", elements),
        E::Set(elements) => several("set", elements),
        E::ByteArray(elements) => several("bytes", elements),
        E::Map(entries) => {
            let entries: String = entries
                .iter()
                .map(|(key, value)| format!(" {}: {}", expression(key), expression(value)))
                .collect();
            format!("(map{entries})")
        }
        E::Return(value) => format!("(return {})", part(value)),
        E::Break(label, value) => jump("break", label.as_ref(), value),
        E::Continue(label, value) => jump("continue", label.as_ref(), value),
        E::Try { body: code, parameters: list, handler } => {
            format!("(try {} finally{} {})", body(code), parameters(list), body(handler))
        }
        E::Assert(code) => format!("(assert {})", body(code)),
        E::Primitive { module, name, failure } => {
            let failure = failure
                .as_ref()
                .map_or(String::new(), |(list, code)| format!("{} {}", parameters(list), body(code)));
            format!("(primitive {}.{}{failure})", module.name, name.name)
        }
        _ => String::new(),
    }
}

fn jump(word: &str, label: Option<&crate::ast::Identifier>, value: &Option<Box<Expression>>) -> String {
    let label = label.map_or(String::new(), |label| format!(".{}", label.name));
    let value = value.as_deref().map_or(String::new(), |value| format!(" {}", expression(value)));
    format!("({word}{label}{value})")
}

fn print_argument(argument: &Argument) -> String {
    match (&argument.name, &argument.value) {
        (None, Some(value)) => expression(value),
        (Some(name), None) => format!("--{}", name.name),
        (Some(name), Some(value)) => format!("--{}={}", name.name, expression(value)),
        (None, None) => String::new(),
    }
}

fn string(parts: &[StringPart]) -> String {
    let mut text = String::new();
    for part in parts {
        match part {
            StringPart::Text(piece) => text += piece.escape_debug().to_string().as_str(),
            StringPart::Value(value, None) => text += &format!("$({})", expression(value)),
            StringPart::Value(value, Some(format)) => text += &format!("$(%{format} {})", expression(value)),
        }
    }
    format!("\"{text}\"")
}
