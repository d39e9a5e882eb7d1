//! Environment variables: shared by all processes of a program, and passed on to its children.

use std::process::Command;

use crate::Error;
use crate::outside::{Answer, Arguments, Outside};

/// `name` -> the value, or null.
pub(crate) fn get(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let name = arguments.text(0)?;
    if !is_name(name) {
        return Ok(Answer::Null);
    }
    if let Some(value) = outside.surroundings.environment.lock().get(name) {
        return Ok(value.clone().map_or(Answer::Null, Answer::Text));
    }
    match std::env::var_os(name) {
        Some(value) => value.into_string().map(Answer::Text).map_err(|_| Error::ILLEGAL_UTF_8),
        None => Ok(Answer::Null),
    }
}

/// `name value`.
pub(crate) fn set(outside: &Outside, arguments: &Arguments<'_>) -> Result<Answer, Error> {
    let (name, value) = (arguments.text(0)?, arguments.optional_text(1)?);
    require_valid(name, value)?;
    outside.surroundings.environment.lock().insert(name.to_string(), value.map(str::to_string));
    Ok(Answer::Null)
}

/// Gives a child the environment of the program, with changes: names and values alternate.
pub(crate) fn pass_on(
    outside: &Outside,
    command: &mut Command,
    changes: &Arguments<'_>,
) -> Result<(), Error> {
    for (name, value) in outside.surroundings.environment.lock().iter() {
        change(command, name, value.as_deref());
    }
    for index in (0..changes.len()).step_by(2) {
        let (name, value) = (changes.text(index)?, changes.optional_text(index + 1)?);
        require_valid(name, value)?;
        change(command, name, value);
    }
    Ok(())
}

fn change(command: &mut Command, name: &str, value: Option<&str>) {
    match value {
        Some(value) => command.env(name, value),
        None => command.env_remove(name),
    };
}

fn require_valid(name: &str, value: Option<&str>) -> Result<(), Error> {
    let is_value = value.is_none_or(|value| !value.contains('\0'));
    if is_name(name) && is_value { Ok(()) } else { Err(Error::INVALID_ARGUMENT) }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0'])
}
