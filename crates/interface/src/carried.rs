//! The definition that a provider carries, so that tools know the methods of a running provider by name.
//!
//! It is a definition file as users write it, in one form: each method has its index, and comments are lines. So it is
//! read as any other definition, and needs no index file. It travels as [`bytes`]: its text, compressed by zlib. The
//! protocol (`docs/protocol.md`) says how to ask for it.
//!
//! | who | has | is asked by |
//! |---|---|---|
//! | the generated handler in Toit | the bytes in a function | index -1 of `handle`, by the library |
//! | the generated trait in Rust | the constant `DEFINITION`, an option of `#[service]` | `Serve::definition` |
//! | a service in C | the bytes in its description | `Serve::definition` of the handler that stands for it |
//!
//! ```
//! use lucarne_compiler::source::MemoryLoader;
//! use lucarne_interface::carried;
//!
//! let mut loader = MemoryLoader::default();
//! let text = "/** @service 5a1c4a2e-7a38-4f1b-9a5e-8a7a2b4d3c02 1.0 */\n\
//!     interface Echo:\n  say text/string -> string\n";
//! loader.add("echo.toit", text);
//! let definition = lucarne_interface::load(&loader, "echo.toit")?;
//! let interface = definition.interface.expect("the definition is correct");
//! let bytes = carried::bytes(&interface).expect("it is small");
//! let read = carried::read(&bytes).expect("the bytes are those of a definition");
//! assert_eq!(read.methods[0].name, "say");
//! # Ok::<(), lucarne_interface::InterfaceError>(())
//! ```

use std::fmt::Write;

use lucarne_compiler::source::MemoryLoader;
use miniz_oxide::deflate::compress_to_vec_zlib;
use miniz_oxide::inflate::{TINFLStatus, decompress_to_vec_zlib_with_limit};
use thiserror::Error;

use crate::InterfaceError;
use crate::model::{
    Closing, Delivery, Field, Interface, Kind, Method, Notification, Parameter, Record, Type,
};

/// The maximum length of the text, in bytes. A provider does not carry a longer one.
pub const TEXT_MAX: usize = 1024 * 1024;

/// The level of the compression, from 1 to 10. The text is compressed once and sent seldom.
const LEVEL: u8 = 9;

/// The name under which the text is read, for messages.
const FILE: &str = "definition.toit";

/// The reason that bytes are not a definition.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CarriedError {
    /// The text is too long.
    #[error("the definition has more than {TEXT_MAX} bytes")]
    TooLong,
    /// The bytes are not compressed text.
    #[error("the definition is not compressed text")]
    Damaged,
    /// The text is not a definition: the diagnostics, as the compiler prints them.
    #[error("the definition has mistakes:\n{0}")]
    Definition(String),
    /// The definition cannot be read.
    #[error("{0}")]
    Interface(#[from] InterfaceError),
}

/// Returns the compressed definition of an interface. Returns none if its text is longer than [`TEXT_MAX`].
pub fn bytes(interface: &Interface) -> Option<Vec<u8>> {
    let text = text(interface);
    (text.len() <= TEXT_MAX).then(|| compress_to_vec_zlib(text.as_bytes(), LEVEL))
}

/// Reads a compressed definition. The bytes may come from any provider, so they may be anything.
///
/// # Errors
/// See [`CarriedError`].
pub fn read(bytes: &[u8]) -> Result<Interface, CarriedError> {
    let text =
        decompress_to_vec_zlib_with_limit(bytes, TEXT_MAX).map_err(|failure| match failure.status {
            TINFLStatus::HasMoreOutput => CarriedError::TooLong,
            _ => CarriedError::Damaged,
        })?;
    let text = String::from_utf8(text).map_err(|_| CarriedError::Damaged)?;
    let mut loader = MemoryLoader::default();
    loader.add(FILE, text);
    let definition = crate::load(&loader, FILE)?;
    let shown = || definition.shown(Default::default()).trim_end().to_owned();
    definition.interface.clone().ok_or_else(|| CarriedError::Definition(shown()))
}

/// Returns the definition of an interface as text. Its meaning is that of the definition that the interface was read
/// from, including the indexes.
pub fn text(interface: &Interface) -> String {
    let mut text = String::new();
    comment(&mut text, 0, &[format!("@service {} {}", interface.uuid, interface.version)], &interface.doc);
    let _ = writeln!(text, "interface {}:", interface.name);
    interface.methods.iter().for_each(|one| method(&mut text, one));
    for resource in &interface.resources {
        comment(&mut text, 0, &["@resource".to_owned()], &resource.doc);
        let _ = writeln!(text, "interface {}:", resource.name);
        resource.methods.iter().for_each(|one| method(&mut text, one));
        resource.notification.iter().for_each(|one| notification(&mut text, one));
        resource.close.iter().for_each(|one| close(&mut text, one));
    }
    interface.records.iter().for_each(|one| record(&mut text, one));
    text
}

/// Adds a comment. The directives come first: after a code block in the prose, they could be read as a part of the
/// block.
fn comment(text: &mut String, indent: usize, directives: &[String], prose: &str) {
    let blanks = " ".repeat(indent);
    for directive in directives {
        let _ = writeln!(text, "{blanks}/// {directive}");
    }
    if prose.is_empty() {
        return;
    }
    // The first line of a comment would lose its indentation.
    let _ = writeln!(text, "{blanks}///");
    for line in prose.lines() {
        text.push_str(format!("{blanks}/// {line}").trim_end());
        text.push('\n');
    }
}

fn method(text: &mut String, method: &Method) {
    let mut directives = vec![format!("@index {}", method.index)];
    directives.extend(method.since.map(|since| format!("@since {since}")));
    directives.extend(method.timeout.map(|milliseconds| format!("@timeout {milliseconds}ms")));
    for error in &method.errors {
        let written = if error.text == error.name { String::new() } else { format!(" \"{}\"", error.text) };
        directives.push(format!("@throws {}{written}", error.name));
    }
    for parameter in &method.parameters {
        directives.extend(element(&parameter.ty).map(|ty| format!("@type {} {ty}", parameter.name)));
    }
    directives.extend(element(&method.result).map(|ty| format!("@type -> {ty}")));
    comment(text, 2, &directives, &method.doc);
    let parameters: String = method.parameters.iter().map(parameter).collect();
    let _ = writeln!(text, "  {}{parameters} -> {}", method.name, method.result.declared());
}

fn parameter(parameter: &Parameter) -> String {
    let dashes = if parameter.is_named { "--" } else { "" };
    format!(" {dashes}{}/{}", parameter.name, parameter.ty.declared())
}

fn notification(text: &mut String, notification: &Notification) {
    match &notification.delivery {
        Delivery::Next { value, bound } => {
            let mut directives = vec![format!("@next {bound}")];
            directives.extend(element(value).map(|ty| format!("@type -> {ty}")));
            comment(text, 2, &directives, &notification.doc);
            let _ = writeln!(text, "  {} -> {}", notification.name, value.declared());
        }
        Delivery::Listener { lambda, is_named, values } => {
            let sent: String = values.iter().map(|value| format!(" {}/{}", value.name, value.ty)).collect();
            comment(text, 2, &[format!("@notification{sent}")], &notification.doc);
            let dashes = if *is_named { "--" } else { "" };
            let _ = writeln!(text, "  {} {dashes}{lambda}/Lambda -> none", notification.name);
        }
    }
}

fn close(text: &mut String, close: &Closing) {
    comment(text, 2, &["@close".to_owned()], &close.doc);
    let _ = writeln!(text, "  {} -> none", close.name);
}

fn record(text: &mut String, record: &Record) {
    comment(text, 0, &["@record".to_owned()], &record.doc);
    let _ = writeln!(text, "class {}:", record.name);
    for Field { name, doc, ty, since, .. } in &record.fields {
        let mut directives: Vec<String> = since.iter().map(|since| format!("@since {since}")).collect();
        directives.extend(element(ty).map(|ty| format!("@type {ty}")));
        comment(text, 2, &directives, doc);
        let _ = writeln!(text, "  {name}/{}", ty.declared());
    }
    let parameters: String = record
        .constructor
        .iter()
        .filter_map(|(place, is_named)| {
            let dashes = if *is_named { "--" } else { "" };
            record.fields.get(*place).map(|field| format!(" {dashes}.{}", field.name))
        })
        .collect();
    let _ = writeln!(text, "  constructor{parameters}:");
}

/// Returns a type for `@type`, if it has elements that the declaration does not show.
fn element(ty: &Type) -> Option<&Type> {
    match &ty.kind {
        Kind::List(element) if element.kind != Kind::Any => Some(ty),
        Kind::Map(key, value) if (&key.kind, &value.kind) != (&Kind::Any, &Kind::Any) => Some(ty),
        _ => None,
    }
}
