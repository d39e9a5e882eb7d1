//! `lucarne call`: calls the methods of a running provider by name.

mod check;
pub(crate) mod editor;
mod failure;
mod interrupts;
mod json;
mod listener;
mod provider;
mod session;
#[cfg(test)]
mod tests;
mod waiting;
mod words;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use lucarne_compiler::names::{Suggestions, canonical};
use lucarne_interface::model::{Interface, Kind, Method, Resource};
use lucarne_services::{CallError, Client, Pending, Value};

use crate::arguments::call::Call;
use crate::output::{json_line, print_error, print_out, visible};
use crate::{FAILURE, Stop};
use check::Types;
use failure::{Failure, UNKNOWN_NAME, WRONG_ARGUMENT};
use json::{Shown, quoted, shortened};
pub(crate) use provider::{Connection, Found, Limit};

/// Calls a method, or begins a session. With `--json`, a failure is an object, too.
pub(crate) fn call(options: &Call) -> Result<ExitCode, Stop> {
    call_or_refuse(options).or_else(|stop| {
        if !options.json {
            return Err(stop);
        }
        let status = stop.status;
        print_out(format!("{}\n", Failure::from(stop).json()).as_bytes())?;
        Ok(ExitCode::from(status))
    })
}

fn call_or_refuse(options: &Call) -> Result<ExitCode, Stop> {
    let (target, words) = options.words.split_first().ok_or_else(|| Stop::usage("name a provider"))?;
    if options.interactive {
        if let Some(word) = words.first() {
            return Err(Stop::usage(format!(
                "-i takes only the name of a provider, not '{}'",
                shortened(word)
            )));
        }
        // The time limit is that of the beginning, and of each call.
        let connection = Connection::open(&options.system, Limit::of(options.timeout))?;
        let entry = connection.find(target).map_err(|stop| match target.rsplit_once('.') {
            Some((name, _)) if connection.has(name) => Stop::usage(format!(
                "-i takes only the name of a provider: 'lucarne call -i {name}', then call its methods line by line"
            )),
            _ => stop,
        })?;
        let found = connection.describe(entry, options.definition.as_deref())?;
        return session::session(options, &connection, target, &found);
    }
    let limit = Limit::of(options.timeout);
    let connection = Connection::open(&options.system, limit)?;
    let Some((name, method)) = target.rsplit_once('.') else {
        let found = connection.describe(connection.find(target)?, options.definition.as_deref())?;
        let methods = found.interface.methods.iter().map(|method| &*method.name);
        return Err(Stop::usage(format!(
            "write {target}.METHOD, or 'lucarne call -i {target}' for a session: its methods are {}",
            quoted(methods)
        )));
    };
    let found = connection.describe(connection.find(name)?, options.definition.as_deref())?;
    let method = find_method(&found.interface, &found.interface.methods, None, method)
        .map_err(|text| Stop::usage(text).named(UNKNOWN_NAME))?;
    let shown = format!("{name}.{}", method.name);
    if let Some(resource) = method.result.resource() {
        let text = format!(
            "`{shown}` returns a resource, a `{resource}`, which ends with the command: use 'lucarne call -i {name}'"
        );
        return Err(Stop::usage(text));
    }
    let arguments = words::bind(method, &shown, words, &found.interface)
        .map_err(|text| Stop::usage(text).named(WRONG_ARGUMENT))?;
    let client = connection.client(&found)?;
    let types = Types { interface: &found.interface, is_carried: found.is_carried };
    let value = invoke(&client, method, None, arguments, limit.left()).wait();
    let value = value.map_err(|error| Failure::of(&error, method, options.timeout));
    match value.and_then(|value| result_line(&value, method, &types, options.json)) {
        Ok(line) => {
            print_out(line.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            if options.json {
                print_out(format!("{}\n", failure.json()).as_bytes())?;
            } else {
                print_error(&format!("lucarne: {shown}: {}\n", visible(&failure.text)));
            }
            Ok(ExitCode::from(FAILURE))
        }
    }
}

/// Calls a method of a service, or of the resource with this handle.
fn invoke(
    client: &Client,
    method: &Method,
    handle: Option<i64>,
    arguments: Vec<Value>,
    timeout: Option<Duration>,
) -> Pending<Value, CallError> {
    let pending = client.invoke(method.index, packed(handle, arguments));
    match timeout.or(method.timeout.map(Duration::from_millis)) {
        Some(time) => pending.within(time),
        None => pending,
    }
}

/// Returns the value that a message has for some arguments: null for none, the argument alone, or a list.
fn packed(handle: Option<i64>, mut arguments: Vec<Value>) -> Value {
    if let Some(handle) = handle {
        arguments.insert(0, Value::Int(handle));
    }
    match arguments.len() {
        0 => Value::Null,
        1 => arguments.remove(0),
        _ => Value::List(arguments),
    }
}

/// Returns the line that shows a result. A method without a result prints none, but for JSON.
///
/// # Errors
/// If the result does not have its type.
fn result_line(value: &Value, method: &Method, types: &Types<'_>, is_json: bool) -> Result<String, Failure> {
    let shown = Shown { value, ty: Some(&method.result), interface: types.interface };
    let of = || format!("the result of `{}`", method.name);
    types.check_result(value, &method.result).map_err(|error| Failure::mistyped(error, &of(), &shown))?;
    let line = line_of(&shown)?;
    Ok(match is_json {
        true => format!("{{\"result\":{line}}}\n"),
        false if value.is_null() && method.result.kind == Kind::None => String::new(),
        false => format!("{line}\n"),
    })
}

/// Returns a value as a line of JSON. On a terminal, characters that move the cursor or hide other text are escaped.
fn line_of(shown: &Shown<'_>) -> Result<String, Stop> {
    let line = json_line(shown)?;
    Ok(if std::io::stdout().is_terminal() { visible(&line).into_owned() } else { line })
}

/// Finds a method by its name.
///
/// # Errors
/// A message with the names that there are.
fn find_method<'i>(
    interface: &'i Interface,
    methods: &'i [Method],
    resource: Option<&Resource>,
    name: &str,
) -> Result<&'i Method, String> {
    let wanted = canonical(name);
    if let Some(method) = methods.iter().find(|method| *method.name == *wanted) {
        return Ok(method);
    }
    let owner = resource
        .map_or_else(|| format!("the service `{}`", interface.name), |one| format!("a `{}`", one.name));
    let close = resource.and_then(|resource| resource.close.as_ref());
    let names = || methods.iter().map(|method| &*method.name).chain(close.map(|close| &*close.name));
    let of_resource = interface
        .resources
        .iter()
        .find(|other| resource.is_none() && other.methods.iter().any(|method| *method.name == *wanted));
    let hint = match (Suggestions::default().nearest(&wanted, names()), of_resource) {
        (_, Some(other)) => format!("the resource `{}` has one: get it in a session, with -i", other.name),
        (Some(near), None) => format!("did you mean `{near}`?"),
        (None, None) if names().next().is_none() => "it has no methods".to_owned(),
        (None, None) => format!("its methods are {}", quoted(names())),
    };
    Err(format!("{owner} has no method `{}`: {hint}", shortened(name)))
}
