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
            format!("{}{}{}{language}`. Do not edit: change", MADE.0, self.file, MADE.1),
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

impl Language {
    /// All languages.
    pub const ALL: [Language; 3] = [Language::Toit, Language::Rust, Language::C];

    /// Returns the names of the files that are made from a definition. `file` is its name, such as `thermometer.toit`.
    ///
    /// ```
    /// use lucarne_interface::generate::Language;
    ///
    /// assert_eq!(Language::C.file_names("two-words.toit"), ["two_words.h", "two_words.c"]);
    /// ```
    pub fn file_names(self, file: &str) -> Vec<String> {
        let stem = Origin { file, import: "" }.stem();
        let words = stem.replace('-', "_");
        match self {
            Language::Toit => {
                ["service", "provider", "client"].map(|part| format!("{stem}-{part}.toit")).into()
            }
            Language::Rust => vec![format!("{words}.rs")],
            Language::C => vec![format!("{words}.h"), format!("{words}.c")],
        }
    }
}

/// The beginning of each generated file, after the marks of a comment, and the end of its first line.
const MADE: (&str, &str) = ("Made from ", " by `lucarne interface generate --");

/// The maximum length of the name of a definition in a header, in bytes: that of a name in a file system.
const NAME_MAX: usize = 255;

/// The facts in the first line of a generated file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Made<'t> {
    /// The name of the definition, such as `thermometer.toit`.
    pub definition: &'t str,
    /// The language, as in the option of the command.
    pub language: &'t str,
}

/// Returns the facts in the first line of a file, if the file was generated.
///
/// ```
/// use lucarne_interface::generate::made_from;
///
/// let made = made_from("// Made from a.toit by `lucarne interface generate --toit`. Do not edit").unwrap();
/// assert_eq!((made.definition, made.language), ("a.toit", "toit"));
/// assert_eq!(made_from("// Made by hand."), None);
/// ```
pub fn made_from(text: &str) -> Option<Made<'_>> {
    let line = text.lines().next()?.trim_start_matches(['/', '*', '!', ' ']);
    let (definition, rest) = line.strip_prefix(MADE.0)?.split_once(MADE.1)?;
    let language = rest.split('`').next()?;
    let is_word = !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_name = definition.len() <= NAME_MAX && !definition.contains(char::is_control);
    (is_word && is_name).then_some(Made { definition, language })
}

/// Returns whether a file was generated, also by an earlier version, whose first line may say less than [`made_from`] returns.
///
/// ```
/// use lucarne_interface::generate::is_generated;
///
/// assert!(is_generated(b"/* Made from a.toit. */"));
/// assert!(!is_generated(b"// Made by hand."));
/// ```
pub fn is_generated(file: &[u8]) -> bool {
    let marks = file.iter().take_while(|byte| b"/*! ".contains(byte)).count();
    file.get(marks..).is_some_and(|text| text.starts_with(MADE.0.as_bytes()))
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

/// Returns whether the indexes of a definition are kept: in the index file, or all of them in directives.
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
