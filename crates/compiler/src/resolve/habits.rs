//! Names of other languages, with what Toit has in their place: hints for errors about unknown names.

use super::lower::{Lower, Reference, Value};
use super::routine::{Target, VariableId};
use super::world::World;
use crate::ast::{self, Expression, ExpressionKind, UnaryOperator};
use crate::diagnostic::Diagnostic;
use crate::ir::{ClassId, Item, Parameter};
use crate::names::Name;
use crate::parser::{NESTED, hint_for_nested};
use crate::source::Span;
use crate::types::Ty;

/// The help for `elif`.
pub(super) const ELSE_IF: &str = "write `else if`";

/// The help for `switch`.
pub(super) const IF_CHAIN: &str = "write `if` and `else if`";

/// How a block gives a value.
pub(super) const BLOCK_VALUE: &str =
    "a block gives the value of its last line: if that is meant, leave out the word `return`";

/// The hint about a `return` with a value in a block of a function without a result.
pub(super) const RETURN_IN_BLOCK: &str = "`return` leaves the function, not only the block: if the block gives a value, leave out the \
     word `return`; if the function has a result, write its type in place of `none`, and return a value at its end, too";

/// The maximum number of names of a path such as `a::b::c` that a message shows.
const PATH_MAX: usize = 5;

/// How a function is declared.
const FUNCTION: &str = "a function is declared as `name parameter:`, without a keyword";

/// How a program reads a line.
const READ_LINE: &str = "a package reads lines: run `lucarne pkg install host`, then write `import host.pipe` at the \
                         beginning of the file, and `pipe.stdin.in.read-line`, which gives a string";

/// Returns a parameter as it is declared, without its type, after a space.
fn shown_parameter(parameter: &Parameter) -> String {
    let dashes = if parameter.is_named { "--" } else { "" };
    match parameter.is_block {
        true => format!(" [{dashes}{}]", parameter.name),
        false => format!(" {dashes}{}", parameter.name),
    }
}

/// Returns whether a word declares a function in another language.
fn is_function_word(name: &str) -> bool {
    matches!(name, "def" | "fn" | "fun" | "func" | "function")
}

/// Returns a hint about a function whose name was probably meant as a keyword.
pub(super) fn hint_for_keyword(name: &str) -> Option<String> {
    is_function_word(name).then(|| FUNCTION.to_owned())
}

/// Returns whether a name stands for `null` in another language.
pub(super) fn is_null(name: &str) -> bool {
    matches!(name, "None" | "nil" | "Nil" | "NULL" | "Null" | "undefined" | "nullptr")
}

/// Returns what stands for a value, function or keyword of another language.
fn value(name: &str) -> Option<&'static str> {
    Some(match name {
        _ if is_null(name) => "write `null`",
        "TRUE" | "YES" => "write `true`",
        "FALSE" | "NO" => "write `false`",
        "self" | "Self" => "write `this`, or only the name of the member",
        "elif" | "elsif" | "elseif" => ELSE_IF,
        "std" => "libraries are imported by their names, such as `import monitor`; to print, write `print`",
        "println" | "printf" | "puts" | "echo" | "console" | "fmt" | "System" => "write `print`",
        "len" => "write `.size` after the value",
        "str" | "toString" | "to-string" => "write `\"$(value)\"`, or `.stringify` after the value",
        "parseInt" | "atoi" => "write `int.parse text`",
        "range" => "to count, write `10.repeat: | i |` or `for i := 0; i < 10; i++:`",
        "input" | "readline" | "read-line" | "gets" | "fgets" | "scanf" | "prompt" | "Scanner" => READ_LINE,
        "open" => {
            "a package opens files: run `lucarne pkg install host`, then write `import host.file` at the beginning of the \
             file, and `file.read-contents \"name\"`, which gives the bytes of a file"
        }
        "raise" => "write `throw`",
        "global" | "nonlocal" => "remove the line: a function can assign the variables around it",
        "del" => "to remove an element, write `map.remove key` or `list.remove value`",
        "setTimeout" | "setInterval" => {
            "to run code later, write `task::`, and in its body `sleep --ms=100` first"
        }
        "defer" => {
            "put the rest into the body of `try:`, and below it what must happen in any case into the body of `finally:`"
        }
        "go" => "to run code beside other code, write `task::` in place of it",
        "goto" => "write a loop, or a function of its own",
        "do" => "write `while true:`, and at the end of its body `if not condition: break`",
        "sizeof" => "types have no size; the size of a string, a list or a map is its `.size`",
        "make" => "a map is written `{:}`, a list `[]`, an array of bytes `ByteArray 10`",
        "malloc" | "calloc" => "an array of bytes is made by `ByteArray 10`",
        "free" | "delete" => "remove the line: memory that is no longer used is freed",
        "Some" | "Ok" => "write the value itself; `null` stands for no value",
        "Err" => "write `throw`",
        "with" => {
            "define the resource first; write what uses it after `try:`, and what closes it after `finally:`"
        }
        "pass" => "remove it, or leave a comment in its place",
        "new" => "write the name of the class, and the arguments of its constructor after spaces",
        _ if is_function_word(name) => FUNCTION,
        "lambda" => "a lambda is written `:: | x | x + 1`",
        "switch" | "match" | "case" => IF_CHAIN,
        "loop" | "forever" => "write `while true:`",
        "unless" => "write `if not`",
        "until" => "write `while not`",
        "foreach" | "forEach" => "write `list.do: | x |`",
        "await" | "async" => "a call waits for its result; to run code beside other code, write `task::`",
        "except" | "rescue" => "to handle exceptions, write `catch:` before the code that may throw them",
        "typeof" | "instanceof" | "isinstance" => "to test the type of a value, write `value is int`",
        "let" | "var" | "const" | "val" => "a variable is declared as `name := value`",
        "JSON" => "write `import encoding.json` at the beginning of the file, and `json` in place of `JSON`",
        "Math" => "write `import math` at the beginning of the file, and `math` in place of `Math`",
        "Error" | "Exception" => "any value can be thrown: `throw \"an explanation\"`",
        "require" | "include" => "write `import` at the beginning of the file",
        _ => return None,
    })
}

/// Returns the member that does what a member of another language does.
fn member(name: &str) -> Option<&'static str> {
    Some(match name {
        "append" | "push" | "push-back" | "pushBack" => "add",
        "extend" | "addAll" | "concat" => "add-all",
        "pop" | "removeLast" => "remove-last",
        "delete" | "erase" => "remove",
        "length" | "len" | "count" | "Count" | "Length" => "size",
        "forEach" | "foreach" | "for-each" | "each" => "do",
        "toString" | "ToString" | "to-str" | "to-s" | "str" => "stringify",
        "has" | "includes" | "contains-key" | "containsKey" => "contains",
        "indexOf" | "index" | "find" => "index-of",
        "toUpperCase" | "upper" | "upcase" | "to-upper" => "to-ascii-upper",
        "toLowerCase" | "lower" | "downcase" | "to-lower" => "to-ascii-lower",
        "strip" => "trim",
        "startswith" | "startsWith" | "has-prefix" => "starts-with",
        "endswith" | "endsWith" | "has-suffix" => "ends-with",
        _ => return None,
    })
}

/// Returns the type that stands for a type of another language.
pub(super) fn type_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "boolean" | "Boolean" | "Bool" => "bool",
        "str" | "Text" | "char" => "string",
        "double" | "Double" | "Float" | "f32" | "f64" | "float32" | "float64" => "float",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize" => "int",
        "int8" | "int16" | "int32" | "int64" | "uint8" | "uint16" | "uint32" | "uint64" => "int",
        "long" | "short" | "byte" | "Int" | "Integer" | "number" => "int",
        "list" | "array" | "Array" | "Vec" | "vector" | "tuple" => "List",
        "dict" | "Dict" | "map" | "HashMap" => "Map",
        "HashSet" => "Set",
        "bytes" | "Bytes" | "bytearray" | "Uint8Array" => "ByteArray",
        "function" | "Function" | "callable" => "Lambda",
        "void" | "unit" | "Unit" => "none",
        "dynamic" | "auto" | "object" | "Any" => "any",
        _ => return None,
    })
}

impl<'a> Lower<'a> {
    /// Returns a hint about a name that is unknown here.
    pub(super) fn hint_for_value(&self, name: &str) -> Option<String> {
        if let Some(hint) = value(name) {
            return Some(hint.into());
        }
        let (left, right) = name.rsplit_once('-')?;
        let is_known = |part: &str| {
            part.chars().all(|c| c.is_ascii_digit()) || !matches!(self.resolve(part), Reference::Nothing)
        };
        (is_known(left) && is_known(right))
            .then(|| format!("`{name}` is one name; to subtract, write `{left} - {right}`"))
    }

    /// Returns an error about a function that declares an unknown name as its first parameter, in place of the one about
    /// the name, if the name of the function is probably meant as a keyword or as the type of its result.
    pub(super) fn explain_declaration(&self, name: &str, problem: Diagnostic) -> Diagnostic {
        let is_word = |function: &str| {
            is_function_word(function)
                || matches!(function, "int" | "float" | "bool" | "string")
                || type_name(function).is_some()
        };
        let module = self.world.module(self.module);
        let found = module.functions.iter().find(|function| {
            is_word(&function.name) && function.parameters.first().is_some_and(|first| *first.name == *name)
        });
        let Some(function) = found else { return problem };
        let span = Span { start: function.at, end: function.at + function.name.len() as u32 };
        let word = &function.name;
        let parameters = function.parameters.iter().skip(1).map(shown_parameter);
        let head = format!("{name}{}", parameters.collect::<String>());
        let ty = type_name(word).unwrap_or(word);
        let hint = match is_function_word(word) || ty == "none" {
            true => format!("write `{head}:`"),
            false => format!("the type of the result follows the parameters: write `{head} -> {ty}:`"),
        };
        let title = format!("this declares a function `{word}` with a parameter `{name}`");
        let unknown = problem.title;
        Diagnostic::error(self.source, span, title).also(self.source, problem.span, unknown).hint(hint)
    }

    /// Reports a call in the syntax of another language, or of a function that only other languages have. Its
    /// arguments are not checked, since they follow the rules of the other language. Returns none if the call is
    /// neither.
    pub(super) fn foreign_call(
        &mut self,
        name: &'a Name,
        span: Span,
        arguments: &'a [ast::Argument],
    ) -> Option<Value> {
        let [first, ..] = arguments else { return None };
        if let Some(error) = self.foreign_path(name, span, arguments) {
            return Some(error);
        }
        if let Some(error) = self.foreign_literal(name, span, arguments) {
            return Some(error);
        }
        match self.resolve(name) {
            Reference::Nothing => {}
            Reference::Variable(variable) => return self.missing_dot(variable, span, first),
            Reference::Items(items) => return self.call_of_type(&items, span),
            _ => return None,
        }
        if let [ast::Argument { name: None, value: Some(block) }] = arguments
            && let Some(ty) = type_after_colon(block)
        {
            if self.undeclared.insert(name.clone()) {
                let title = format!("there is no `{name}` here");
                let hint = format!("to declare a variable with a type, write `{name}/{ty} := ...`");
                self.error_hint(span, title, hint);
            }
            return Some(Value::error(span));
        }
        if let Some(error) = self.nested_function(name, span, arguments) {
            return Some(error);
        }
        value(name).map(|_| self.unresolved(name, span))
    }

    /// Reports `int(x)`: a call of a class whose objects are not made by calls. Returns none for other items.
    fn call_of_type(&mut self, items: &[Item], span: Span) -> Option<Value> {
        let [Item::Class(class)] = items else { return None };
        let builtin = &self.world.builtin;
        let is_literal = [builtin.int, builtin.float, builtin.string].contains(&Some(*class));
        let has_constructor = self.world.index(*class).constructors.contains_key("");
        (is_literal && !has_constructor).then(|| self.not_a_value(*class, span))
    }

    /// Reports `name parameter:`, if neither is known: a function within a function.
    fn nested_function(
        &mut self,
        name: &'a Name,
        span: Span,
        arguments: &'a [ast::Argument],
    ) -> Option<Value> {
        let (last, parameters) = arguments.split_last()?;
        let ast::Argument { name: None, value: Some(block) } = last else { return None };
        let is_body = matches!(&block.kind, ExpressionKind::Block(own, _) if own.is_empty());
        let mut names = Vec::new();
        for parameter in parameters {
            let ast::Argument { name: None, value: Some(value) } = parameter else { return None };
            let ExpressionKind::Name(name) = &value.kind else { return None };
            if !matches!(self.resolve(name), Reference::Nothing) {
                return None;
            }
            names.push(&**name);
        }
        let is_meant = is_body && value(name).is_none() && !self.undeclared.contains(name);
        if !is_meant {
            return None;
        }
        if names.is_empty() {
            return self.nested_without_parameters(name, span);
        }
        self.error_hint(span, NESTED, hint_for_nested(name, &names));
        self.undeclared.insert(name.clone());
        Some(Value::error(span))
    }

    /// Reports `name:`, which may be a function or a call, if the name is unknown. Returns none, without a report, if
    /// another error or hint fits better, such as a similar name.
    fn nested_without_parameters(&mut self, name: &Name, span: Span) -> Option<Value> {
        let known = self.problems.len();
        self.unresolved(name, span);
        let problem = self.problems.get_mut(known)?;
        if !problem.hints.is_empty() {
            self.problems.truncate(known);
            return None;
        }
        problem.hints.push(format!("if `{name}` is meant as a function, {}", hint_for_nested(name, &[])));
        self.undeclared.insert(name.clone());
        Some(Value::error(span))
    }

    /// Reports `Name::member`: what follows `::` is a lambda here, which an import or a class does not take.
    fn foreign_path(&mut self, name: &'a Name, span: Span, arguments: &'a [ast::Argument]) -> Option<Value> {
        let mut path = vec![name.clone()];
        let [ast::Argument { name: None, value: Some(lambda) }] = arguments else { return None };
        let member = path_after(span.end, lambda, &mut path)?;
        match self.resolve(name) {
            Reference::Prefix(_) => {}
            Reference::Items(items) if matches!(items.first(), Some(Item::Class(_))) => {
                let is_unknown = matches!(self.resolve(member), Reference::Nothing);
                if !is_unknown {
                    return None;
                }
            }
            Reference::Nothing if matches!(self.resolve(member), Reference::Nothing) => {
                return Some(self.unresolved(name, span));
            }
            _ => return None,
        }
        path.retain(|name| &**name != "new");
        let path: Vec<&str> = path.iter().map(|name| &**name).collect();
        let colons = Span { start: span.end, end: span.end + 2 };
        let hint = format!("write `{}`; arguments follow after spaces", path.join("."));
        self.error_hint(colons, "a member follows a `.`, not `::`", hint);
        Some(Value::error(span))
    }

    /// Reports `Name{x: 1}`, which makes an object in other languages.
    fn foreign_literal(
        &mut self,
        name: &'a Name,
        span: Span,
        arguments: &'a [ast::Argument],
    ) -> Option<Value> {
        let [ast::Argument { name: None, value: Some(literal) }] = arguments else { return None };
        let first = match &literal.kind {
            ExpressionKind::Map(entries) => entries.first().map(|(key, _)| key),
            ExpressionKind::Set(elements) => elements.first(),
            _ => return None,
        };
        let Some(first) = first else { return self.empty_braces(name, span, literal.span) };
        let field = match &first.kind {
            ExpressionKind::Name(field) => field,
            ExpressionKind::Assign { target, operator: None, .. } => match &target.kind {
                ExpressionKind::Name(field) => field,
                _ => return None,
            },
            _ => return None,
        };
        let Reference::Items(items) = self.resolve(name) else { return None };
        let Some(Item::Class(class)) = items.first().copied() else { return None };
        if !matches!(self.resolve(field), Reference::Nothing) {
            return None;
        }
        let problem = Diagnostic::error(self.source, literal.span, "braces do not make an object");
        let constructors = self.world.index(class).constructors.get("").into_iter().flatten();
        let constructors = constructors.map(|id| self.world.function(*id));
        let taking = constructors.filter(|function| !function.parameters.is_empty());
        let mut arguments = Vec::new();
        for function in taking.take(1) {
            arguments.extend(function.parameters.iter().map(|parameter| match parameter.is_named {
                true => format!(" --{}=...", parameter.name),
                false => format!(" {}", parameter.name),
            }));
        }
        self.report(if arguments.is_empty() {
            let object = name.to_lowercase();
            problem.hint(format!("write `{object} := {name}`, and then `{object}.{field} = ...`"))
        } else {
            let call = format!("{name}{}", arguments.concat());
            problem.hint(format!("write `{call}`, with values for the parameters of its constructor"))
        });
        Some(Value::error(span))
    }

    /// Reports `Name{}`, if no constructor takes an argument.
    fn empty_braces(&mut self, name: &'a Name, span: Span, literal: Span) -> Option<Value> {
        let Reference::Items(items) = self.resolve(name) else { return None };
        let Some(Item::Class(class)) = items.first().copied() else { return None };
        let mut makers = self.world.index(class).constructors.get("").into_iter().flatten();
        let takes_one = makers.any(|id| !self.world.function(*id).parameters.is_empty());
        if takes_one || literal.start != span.end {
            return None;
        }
        self.error_hint(literal, "braces do not make an object", format!("write only `{name}`"));
        Some(Value::error(span))
    }

    /// Reports the `()` of `Name::name()`, if the `::` begins a lambda.
    pub(super) fn empty_parentheses(&mut self, callee: &Expression, call: Span) {
        let span = Span { start: callee.span.end, end: call.end };
        self.error_hint(span, "a call without arguments has no parentheses", "remove them");
    }

    /// Lowers `x <- 1`, which has been reported. If the variable is unknown, this was meant as its definition.
    pub(super) fn foreign_assignment(&mut self, target: &'a Expression, value: &'a Expression) -> Value {
        match &target.kind {
            ExpressionKind::Name(name) if matches!(self.resolve(name), Reference::Nothing) => {
                self.undeclared.insert(name.clone());
            }
            _ => drop(self.any(target)),
        }
        self.any(value);
        Value::error(target.span)
    }

    /// Warns about a negative index, or bound of a slice, of a list, string or byte array. Does not warn in a
    /// block of a call that expects an exception.
    pub(super) fn check_index(
        &mut self,
        receiver: Ty,
        tree: &Expression,
        index: &Expression,
        is_bound: bool,
    ) {
        let ExpressionKind::Int(place @ ..=-1) = index.kind else { return };
        let builtin = &self.world.builtin;
        let known = [builtin.list, builtin.string, builtin.byte_array];
        if receiver.class().is_none() || !known.contains(&receiver.class()) || self.expects_exception() {
            return;
        }
        let what = if is_bound { "a bound of a slice" } else { "an index" };
        let name = match &tree.kind {
            ExpressionKind::Name(name) => &**name,
            _ if receiver.class() == builtin.string => "text",
            _ if receiver.class() == builtin.byte_array => "bytes",
            _ => "list",
        };
        let from_end = format!("{name}.size - {}", place.unsigned_abs());
        let hint = if is_bound {
            format!("to count from the end, write `{from_end}`")
        } else if place == -1 && receiver.class() == builtin.list {
            format!("for the last element, write `{name}.last`")
        } else {
            format!("to count from the end, write `{name}[{from_end}]`")
        };
        let title = format!("{what} cannot be negative: this throws OUT_OF_BOUNDS");
        self.report(Diagnostic::warning(self.source, index.span, title).hint(hint));
    }

    /// Returns whether the current code is in a block of a call of `catch`, or of a function like `expect-throw`.
    fn expects_exception(&self) -> bool {
        let mut targets = self.routines.stack.iter().flat_map(|routine| &routine.targets);
        targets.any(|target| match target {
            Target::Code { name: Some(name), .. } => &**name == "catch" || name.starts_with("expect"),
            _ => false,
        })
    }

    /// Reports `list add 2`, where a `.` is missing. Returns none if the variable has no member with this name.
    fn missing_dot(&mut self, variable: VariableId, span: Span, first: &ast::Argument) -> Option<Value> {
        let variable = self.routines.variable(variable);
        let class = variable.ty.class()?;
        let (known, Some(Expression { kind: ExpressionKind::Name(name), .. })) =
            (&variable.name, &first.value)
        else {
            return None;
        };
        let is_member = !self.world.members(class, name).is_empty();
        if !is_member || !matches!(self.resolve(name), Reference::Nothing) {
            return None;
        }
        let title = format!("`{known}` is a variable and takes no arguments");
        let hint = format!("to call its member, write `{known}.{name}`");
        self.error_hint(span, title, hint);
        Some(Value::error(span))
    }

    /// Returns what to write in place of a `return` in a lambda.
    pub(super) fn hint_for_lambda_return(&mut self, span: Span, has_value: bool) -> String {
        let lambda = self.routines.current();
        let name = match lambda.targets.first() {
            Some(Target::Code { name, .. }) => name.as_deref(),
            _ => None,
        };
        let value = if has_value { " value" } else { "" };
        match name {
            _ if lambda.last == Some(span) && has_value => {
                "a lambda gives the value of its last line: leave out the word `return`".into()
            }
            Some(name) => format!("to end the lambda here, write `continue.{name}{value}`"),
            None if lambda.targets.iter().any(|target| matches!(target, Target::Loop { .. })) => {
                "leave the loop with `break`; a lambda gives the value of its last line".into()
            }
            None => {
                "a lambda ends after its last line, and gives the value of that: use `if` and `else`".into()
            }
        }
    }

    /// Returns a hint about a call whose argument `-1` was probably meant as a subtraction. `before` is what
    /// stands before the argument.
    pub(super) fn hint_for_minus(&self, argument: &Expression, before: Option<&str>) -> Option<String> {
        let right = match &argument.kind {
            ExpressionKind::Int(number @ ..=-1) => number.unsigned_abs().to_string(),
            ExpressionKind::Unary(UnaryOperator::Negate, _, value) => match &value.kind {
                ExpressionKind::Name(name) => name.to_string(),
                _ => "...".into(),
            },
            _ => return None,
        };
        Some(format!(
            "to subtract, write a space on both sides of the minus: `{} - {right}`",
            before.unwrap_or("...")
        ))
    }

    /// Reports a class that stands where a value is required, and that has no constructor to call.
    pub(super) fn not_a_value(&mut self, class: ClassId, span: Span) -> Value {
        let name = &self.world.class(class).name;
        let problem = Diagnostic::error(self.source, span, format!("`{name}` is a type, not a value"));
        let builtin = &self.world.builtin;
        let literal = [(builtin.true_, "true"), (builtin.false_, "false")];
        let meant = literal.iter().find(|(known, _)| *known == Some(class));
        self.report(match (meant, &**name) {
            (Some((_, word)), _) => problem.hint(format!("write `{word}`")),
            (None, "int" | "float") => problem.hint(format!(
                "to convert a number, write `.to-{name}` after it; to read one from a string, `{name}.parse text`"
            )),
            (None, "string") => problem.hint("to convert a value, write `.stringify` after it"),
            (None, _) => problem,
        });
        Value::error(span)
    }
}

/// Returns a name such as `map.get` as it is written, if it is not too long to be shown.
pub(super) fn path_of(expression: &Expression) -> Option<String> {
    let mut names = Vec::new();
    let mut rest = expression;
    while let ExpressionKind::Member(object, name) = &rest.kind {
        names.push(&*name.name);
        rest = object;
        if names.len() == PATH_MAX {
            return None;
        }
    }
    let ExpressionKind::Name(first) = &rest.kind else { return None };
    names.push(first);
    names.reverse();
    Some(names.join("."))
}

/// Returns the member of a class that a name of another language stands for.
pub(super) fn known_member(world: &World, class: ClassId, name: &str) -> Option<&'static str> {
    member(name).filter(|known| !world.members(class, known).is_empty())
}

/// Returns what does the work of a member that a class does not have.
pub(super) fn hint_for_member(world: &World, class: ClassId, name: &str) -> Option<String> {
    let is = |builtin: Option<ClassId>| builtin == Some(class);
    match name {
        "[]=" | "[]" if is(world.builtin.set) => {
            Some("`{}` makes an empty set: an empty map is written `{:}`".into())
        }
        "size" | "length" if is(world.builtin.int) || is(world.builtin.float) => {
            Some("strings, lists and maps have a size".into())
        }
        "join" if is(world.builtin.string) => {
            Some("write `list.join` and the text between the elements".into())
        }
        _ if is(world.builtin.map) && name.chars().all(|c| c.is_ascii_alphanumeric()) => {
            Some(format!("to look up a key, write `map[\"{name}\"]`"))
        }
        _ => None,
    }
}

/// Returns the name right after the `::` at `place`, and adds it and the names after further `::` to a path.
fn path_after<'t>(place: u32, lambda: &'t Expression, path: &mut Vec<Name>) -> Option<&'t Name> {
    let ExpressionKind::Lambda(parameters, body) = &lambda.kind else { return None };
    let first = body.statements.first()?;
    if lambda.span.start != place || first.span.start != place + 2 || !parameters.is_empty() {
        return None;
    }
    let (member, rest) = match &first.kind {
        ExpressionKind::Call(callee, arguments) => (&**callee, arguments.as_slice()),
        _ => (first, [].as_slice()),
    };
    let ExpressionKind::Name(name) = &member.kind else { return None };
    path.push(name.clone());
    if let [ast::Argument { name: None, value: Some(inner) }] = rest
        && path.len() < PATH_MAX
    {
        path_after(member.span.end, inner, path);
    }
    Some(name)
}

/// Returns the type in `: int := ...`, which was parsed as a block with a definition.
fn type_after_colon(block: &Expression) -> Option<&Name> {
    let ExpressionKind::Block(parameters, body) = &block.kind else { return None };
    let [only] = body.statements.as_slice() else { return None };
    let ExpressionKind::Define { name, ty: None, .. } = &only.kind else { return None };
    let is_type = matches!(&*name.name, "int" | "float" | "bool" | "string" | "any" | "List" | "Map" | "Set");
    (parameters.is_empty() && (is_type || type_name(&name.name).is_some())).then_some(&name.name)
}
