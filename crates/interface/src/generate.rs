//! Makes code from an interface.
//!
//! Each generator is a function of the interface and of the name and place of its definition, so that the same
//! definition always gives the same bytes.

mod bytes;
mod c;
mod rust;
mod text;
mod toit;

use lucarne_compiler::source::Loader;
use thiserror::Error;

use crate::model::Interface;
use crate::{Definition, InterfaceError, file_name, load};

/// What generated code says about its definition.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The name of the definition without its folder, such as `thermometer.toit`.
    pub file: &'a str,
    /// The path by which a generated Toit file imports the definition, such as `.thermometer`: see
    /// [`import_path`].
    pub import: &'a str,
}

impl Origin<'_> {
    /// Returns the name of the definition without `.toit`, with `-` between its words.
    fn stem(&self) -> String {
        self.file.strip_suffix(".toit").unwrap_or(self.file).replace('_', "-")
    }

    /// Returns the text at the beginning of a generated file, without the marks of a comment.
    fn header(&self, language: &str) -> [String; 2] {
        [
            format!(
                "Made from {} by `lucarne interface generate --{language}`. Do not edit: change",
                self.file
            ),
            format!("{} instead, and make this file again.", self.file),
        ]
    }
}

/// A generated file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// The name, without a folder.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A language to generate code for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// Toit: the interface with its selector and indexes, a provider and a client, each in a file.
    Toit,
    /// Rust: a module with traits, records and errors.
    Rust,
    /// C: a header and a source, for providers and clients.
    C,
}

/// Generates code.
pub fn generate(interface: &Interface, origin: Origin<'_>, language: Language) -> Vec<File> {
    match language {
        Language::Toit => toit::files(interface, origin),
        Language::Rust => vec![rust::file(interface, origin)],
        Language::C => c::files(interface, origin),
    }
}

/// The reason that there is no code for a definition.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CodeError {
    /// The definition cannot be read.
    #[error("{0}")]
    Interface(#[from] InterfaceError),
    /// The definition has mistakes: the diagnostics, as the compiler prints them.
    #[error("{0}")]
    Definition(String),
    /// The index file does not have the indexes of all methods. Code from such a definition could get other indexes
    /// the next time.
    #[error("{lock} is missing or not up to date: run `lucarne interface generate {definition}`")]
    Indexes {
        /// The index file.
        lock: String,
        /// The definition.
        definition: String,
    },
}

/// Reads a definition whose index file is up to date, and generates Rust. Writes nothing: for macros and build scripts.
///
/// # Errors
/// See [`CodeError`].
pub fn rust_code(loader: &(dyn Loader + Sync), path: &str) -> Result<String, CodeError> {
    let definition = load(loader, path)?;
    let Some(interface) = &definition.interface else {
        return Err(CodeError::Definition(definition.shown(Default::default()).trim_end().to_owned()));
    };
    if !has_indexes(&definition) {
        return Err(CodeError::Indexes { lock: definition.lock_path(), definition: path.to_owned() });
    }
    Ok(rust::file(interface, Origin { file: file_name(path), import: "" }).text)
}

/// Returns whether the indexes of a definition are kept: in the lock file, or all of them in directives.
fn has_indexes(definition: &Definition) -> bool {
    match &definition.lock_text {
        Some(text) => *text == definition.lock.print(file_name(&definition.path)),
        None => !definition.is_numbered_by_order(),
    }
}

/// Returns the path by which a Toit file in the folder `from` imports `definition`, or `None` if no import can name it.
/// Both paths are absolute, without `.` and `..`.
///
/// ```
/// use lucarne_interface::generate::import_path;
///
/// assert_eq!(import_path("/a/b", "/a/b/thermometer.toit").as_deref(), Some(".thermometer"));
/// assert_eq!(import_path("/a/b/made", "/a/b/thermometer.toit").as_deref(), Some("..thermometer"));
/// assert_eq!(import_path("/a/made", "/a/b/thermometer.toit").as_deref(), Some("..b.thermometer"));
/// assert_eq!(import_path("/a/b", "/a/b/no name.toit"), None);
/// ```
pub fn import_path(from: &str, definition: &str) -> Option<String> {
    let parts =
        |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (parts(from), parts(definition.strip_suffix(".toit")?));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    // The last part of `to` is the file.
    let shared = shared.min(to.len().checked_sub(1)?);
    let below = to.get(shared..)?;
    let is_name = |part: &String| {
        part.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
            && part.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
    };
    below.iter().all(is_name).then(|| format!("{}{}", ".".repeat(1 + from.len() - shared), below.join(".")))
}
