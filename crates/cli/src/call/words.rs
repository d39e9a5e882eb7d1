//! Splits a line of a session into words, and binds words to the parameters of a method.

use std::fs::File;
use std::io::Read;

use lucarne_compiler::names::{Suggestions, canonical};
use lucarne_interface::model::{Interface, Kind, Method, Parameter, Type};
use lucarne_interface::show::signature;
use lucarne_services::{Bytes, Value};
use serde_json::Value as Json;

use super::json::{self, Mismatch, mismatch, quoted, shortened};

/// The maximum size of a file that is sent as a byte array.
const FILE_MAX: u64 = 256 << 20;

/// The options of `lucarne call`, which stand before the method. The words after the method are arguments.
const OPTIONS: &[&str] = &["connect", "definition", "device", "json", "state", "timeout"];

/// Splits a line at blanks that are neither in a string nor in brackets, so JSON is one word.
///
/// # Errors
/// If a string or a bracket does not end.
pub(crate) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut depth, mut is_in_string, mut is_escaped) = (0_usize, false, false);
    for letter in line.chars() {
        if is_in_string {
            is_in_string = is_escaped || letter != '"';
            is_escaped = letter == '\\' && !is_escaped;
        } else {
            match letter {
                '"' => is_in_string = true,
                '[' | '{' => depth += 1,
                ']' | '}' => depth = depth.saturating_sub(1),
                letter if letter.is_whitespace() && depth == 0 => {
                    words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
                    continue;
                }
                _ => {}
            }
        }
        word.push(letter);
    }
    if is_in_string {
        return Err("a string has no end: write `\"` behind it".to_owned());
    }
    if depth > 0 {
        return Err("a bracket has no end: write `]` or `}` behind it".to_owned());
    }
    words.extend((!word.is_empty()).then_some(word));
    Ok(words)
}

/// Reads the arguments of a method, in order or by name.
///
/// # Errors
/// A message with the mistake and the form of the method.
pub(crate) fn bind(
    method: &Method,
    name: &str,
    words: &[String],
    interface: &Interface,
) -> Result<Vec<Value>, String> {
    bound(method, name, words, interface)
        .map_err(|problem| format!("{problem}\n  the method is: {}", signature(method)))
}

fn bound(method: &Method, name: &str, words: &[String], interface: &Interface) -> Result<Vec<Value>, String> {
    let parameters = &method.parameters;
    let mut values: Vec<Option<Value>> = vec![None; parameters.len()];
    let mut in_order = Vec::new();
    let mut are_names = true;
    for word in words {
        match word.strip_prefix("--").filter(|_| are_names) {
            Some("") => are_names = false,
            Some(named) => {
                let (at, value) = read_named(parameters, name, named, interface)?;
                let value = value.map_err(|error| wrong(&parameters[at], &error))?;
                if values[at].replace(value).is_some() {
                    return Err(format!("the parameter `{}` is given twice", parameters[at].name));
                }
            }
            None => in_order.push(word),
        }
    }
    let mut words = in_order.into_iter();
    for (parameter, value) in parameters.iter().zip(&mut values).filter(|(_, value)| value.is_none()) {
        let Some(word) = words.next() else { break };
        let read = read_text(word, &parameter.ty, interface);
        *value = Some(read.map_err(|error| wrong(parameter, &error))?);
    }
    let left = words.count();
    if left > 0 {
        let (most, given) = (parameters.len(), parameters.len() + left);
        let noun = if most == 1 { "argument" } else { "arguments" };
        let verb = if given == 1 { "is" } else { "are" };
        return Err(format!("`{name}` takes {most} {noun}, but {given} {verb} given"));
    }
    let value = |(parameter, value): (&Parameter, Option<Value>)| match value {
        Some(value) => Ok(value),
        None if parameter.ty.takes_null() => Ok(Value::Null),
        None => Err(format!("`{name}` needs the argument `{}/{}`", parameter.name, parameter.ty)),
    };
    parameters.iter().zip(values).map(value).collect()
}

fn wrong(parameter: &Parameter, error: &Mismatch) -> String {
    format!("{}{}: {}", parameter.name, error.path, error.text)
}

/// A parameter's place among the parameters, and its value.
type Named = (usize, Result<Value, Mismatch>);

/// Reads an argument `name=value`, or for a bool `name` or `no-name`.
fn read_named(
    parameters: &[Parameter],
    method: &str,
    named: &str,
    interface: &Interface,
) -> Result<Named, String> {
    let (written, text) = named.split_once('=').map_or((named, None), |(name, text)| (name, Some(text)));
    let name = canonical(written);
    let find = |name: &str| parameters.iter().position(|parameter| parameter.name == name);
    let is_flag = |at: &usize| parameters[*at].ty.kind == Kind::Bool;
    if let (None, Some(at)) = (text, name.strip_prefix("no-").and_then(find).filter(is_flag)) {
        return Ok((at, Ok(Value::Bool(false))));
    }
    let Some(at) = find(&name) else {
        let names = parameters.iter().map(|parameter| &*parameter.name);
        if OPTIONS.contains(&&*name) {
            return Err(format!(
                "`{method}` has no parameter `{name}`: write the option `--{name}` before the name of the method"
            ));
        }
        let hint = match Suggestions::default().nearest(&name, names.clone()) {
            Some(near) => format!("did you mean `--{near}`?"),
            None if parameters.is_empty() => "it has none".to_owned(),
            None => format!("its parameters are {}", quoted(names)),
        };
        return Err(format!("`{method}` has no parameter `{}`: {hint}", shortened(written)));
    };
    match text {
        Some(text) => Ok((at, read_text(text, &parameters[at].ty, interface))),
        None if is_flag(&at) => Ok((at, Ok(Value::Bool(true)))),
        None => Err(format!("`--{name}` needs a value: write `--{name}=VALUE`")),
    }
}

/// Reads an argument. Strings and byte arrays need no quotes, the rest is JSON.
fn read_text(text: &str, ty: &Type, interface: &Interface) -> Result<Value, Mismatch> {
    let json = json::parse(text);
    match (&ty.kind, json) {
        (Kind::String, Ok(Json::String(text))) => Ok(Value::String(text)),
        (Kind::String, Ok(Json::Null)) if ty.is_nullable => Ok(Value::Null),
        (Kind::String, _) => Ok(Value::String(text.to_owned())),
        (Kind::Bytes, Err(_)) => match text.strip_prefix('@') {
            Some(path) => read_file(path),
            None => json::decoded(text),
        },
        // A text in base64 may be a number, too.
        (Kind::Bytes, Ok(Json::Number(_) | Json::Bool(_))) => json::decoded(text),
        (Kind::Float, Err(_)) if json::special_float(text).is_some() => {
            Ok(json::special_float(text).map_or(Value::Null, Value::Float))
        }
        (Kind::Int, Ok(Json::Number(number))) if number.as_i64().is_none() => {
            let is_whole = text.bytes().skip_while(|byte| *byte == b'-').all(|byte| byte.is_ascii_digit());
            let shown = shortened(text);
            Err(if is_whole { json::too_large(shown) } else { mismatch(ty, &format!("`{shown}`")) })
        }
        (Kind::Int, Err(_)) if json::is_out_of_range(text) => Err(json::too_large(shortened(text))),
        (Kind::Any | Kind::Float, Err(_)) if json::is_out_of_range(text) => {
            Err(Mismatch::new(format!("{} is too large for a float", shortened(text))))
        }
        (_, Ok(json)) => json::read(&json, ty, interface),
        (_, Err(error)) if text.starts_with(['{', '[', '"']) => {
            Err(Mismatch::new(format!("`{}` {error}", shortened(text))))
        }
        (Kind::Any, Err(_)) => {
            Err(Mismatch::new(format!("`{}` is not JSON: a string needs quotes", shortened(text))))
        }
        (_, Err(_)) => Err(mismatch(ty, &format!("`{}`", shortened(text)))),
    }
}

fn read_file(path: &str) -> Result<Value, Mismatch> {
    let failed = |error: std::io::Error| {
        Mismatch::new(format!("cannot read {path}: {}", crate::output::reason(&error)))
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > FILE_MAX {
        return Err(Mismatch::new(format!("cannot read {path}: it has more than {} MiB", FILE_MAX >> 20)));
    }
    Ok(Value::Bytes(Bytes::from(bytes)))
}
