//! Definitions of services from protobuf files (`.proto`).
//!
//! A service of such a file becomes a definition as `lucarne-interface` reads it: a Toit file with an interface for the
//! service, records for the messages, and a resource for each method with a stream of results. `protox` reads the file
//! and the files that it imports.
//!
//! | step | module | result |
//! |---|---|---|
//! | convert | `convert`, `names`, `origin` | a `draft`, or all that cannot be expressed |
//! | print | `print` | the text |
//! | check | here | the text again, which `lucarne-interface` has read without a mistake |
//!
//! The bytes of messages are those of services, not those of protobuf: field numbers are only comments.

mod convert;
mod draft;
mod names;
mod origin;
mod print;

use std::fmt;
use std::path::{Path, PathBuf};

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::names::Suggestions;
use lucarne_compiler::source::MemoryLoader;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::{DescriptorPool, FileDescriptor, ServiceDescriptor};
use thiserror::Error;

/// The maximum size of a file, in bytes.
const SIZE_MAX: u64 = 4 << 20;

/// What to make a definition of.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The folders in which imported files are looked for, besides that of the file.
    pub includes: Vec<PathBuf>,
    /// The name of the service, which is needed if the file has several.
    pub service: Option<String>,
}

/// A definition that was made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Definition {
    /// The name of the Toit file, such as `chat-room.toit` for the service `ChatRoom`.
    pub file: String,
    /// The text of the Toit file.
    pub text: String,
}

/// The reason why no definition is made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file, or one that it imports, cannot be read or has mistakes.
    #[error("{0}")]
    File(String),
    /// The file has no service.
    #[error("{0} has no service")]
    NoService(String),
    /// The file has several services, and none was chosen.
    #[error("{file} has {} services: choose one with --service {}", .names.len(), .names.join(", --service "))]
    SeveralServices {
        /// The file.
        file: String,
        /// The names of its services.
        names: Vec<String>,
    },
    /// The file has services, but none with the requested name.
    #[error("{file} has no service {name}: {hint}")]
    OtherService {
        /// The file.
        file: String,
        /// The name that was asked for.
        name: String,
        /// The names that were probably meant: the nearest one, or all names of the file's services.
        hint: String,
    },
    /// Parts of the service cannot be expressed.
    #[error("{}", joined(.0))]
    Refused(Vec<Refusal>),
}

/// A part of a service that a definition cannot express.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The place, as `file:line:column`.
    pub place: String,
    /// The part and the reason.
    pub title: String,
    /// The advice.
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}\n  help: {}", self.place, self.title, self.hint)
    }
}

fn joined(refusals: &[Refusal]) -> String {
    refusals.iter().map(Refusal::to_string).collect::<Vec<_>>().join("\n")
}

/// Reads a protobuf file, and makes a definition of one of its services.
///
/// Imported files are looked for in the folder of the file and in those of the options. The files of Google that
/// protobuf brings along, such as `google/protobuf/empty.proto`, are always there.
///
/// # Errors
/// See [`ImportError`].
pub fn import(file: &Path, options: &Options) -> Result<Definition, ImportError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(""));
    let name = file.file_name().and_then(|name| name.to_str());
    let name =
        name.ok_or_else(|| ImportError::File(format!("{} is not the path of a file", file.display())))?;
    let folders = std::iter::once(folder.to_owned()).chain(options.includes.iter().cloned());
    let mut resolver = ChainFileResolver::new();
    folders.for_each(|folder| resolver.add(Folder(folder)));
    resolver.add(GoogleFileResolver::new());
    with_resolver(resolver, name, options.service.as_deref())
}

/// Makes a definition of the only service of a text, which imports no files but those of Google.
///
/// ```
/// let text = r#"
/// syntax = "proto3";
/// message Line { string text = 1; }
/// service Echo { rpc Say(Line) returns (Line); }
/// "#;
/// let definition = lucarne_proto::import_text("echo.proto", text)?;
/// assert_eq!(definition.file, "echo.toit");
/// assert!(definition.text.contains("say request/Line -> Line"));
/// # Ok::<(), lucarne_proto::ImportError>(())
/// ```
///
/// # Errors
/// See [`ImportError`].
pub fn import_text(name: &str, text: &str) -> Result<Definition, ImportError> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Text { name: name.to_owned(), text: text.to_owned() });
    resolver.add(GoogleFileResolver::new());
    with_resolver(resolver, name, None)
}

/// A folder with files.
struct Folder(PathBuf);

impl FileResolver for Folder {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        let path = self.0.join(name);
        match std::fs::metadata(&path) {
            Ok(metadata) if metadata.len() > SIZE_MAX => {
                Err(Unreadable(format!("{} has more than {SIZE_MAX} bytes", path.display())).into())
            }
            Ok(_) => {
                let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
                let text = String::from_utf8(bytes)
                    .map_err(|error| Unreadable(not_utf8(&path, error.as_bytes(), error.utf8_error())))?;
                parsed(name, &text)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(protox::Error::file_not_found(name))
            }
            Err(error) => Err(unreadable(&path, &error)),
        }
    }
}

/// A single file in memory.
struct Text {
    name: String,
    text: String,
}

impl FileResolver for Text {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name == self.name { parsed(name, &self.text) } else { Err(protox::Error::file_not_found(name)) }
    }
}

/// The reason why a file cannot be read. Errors of the parser are shown in its debug format, since only that has
/// places. So the debug format of this error is the plain text.
struct Unreadable(String);

impl fmt::Debug for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl From<Unreadable> for protox::Error {
    fn from(error: Unreadable) -> protox::Error {
        protox::Error::new(error)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> protox::Error {
    Unreadable(format!("cannot read {}: {error}", path.display())).into()
}

fn not_utf8(path: &Path, bytes: &[u8], error: std::str::Utf8Error) -> String {
    let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    format!("cannot read {}: line {line} is not UTF-8", path.display())
}

/// Parses a file. Each error has a place. If the text ends too early, that is the end of its last line.
fn parsed(name: &str, text: &str) -> Result<File, protox::Error> {
    let text = without_mark(text);
    File::from_source(name, text).map_err(|error| {
        let shown = format!("{error:?}");
        if shown.starts_with(&format!("{name}:")) {
            return error;
        }
        let line = text.lines().count().max(1);
        let column = 1 + text.lines().last().map_or(0, |last| last.chars().count());
        Unreadable(format!("{name}:{line}:{column}: {shown}")).into()
    })
}

/// Returns a text without the byte order mark that some editors put at its beginning.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// Returns an error of the parser, with advice.
fn explained(error: &protox::Error) -> String {
    // Only this form has the place of a mistake.
    let text = format!("{error:?}");
    let hint = if text.ends_with("found 'edition'") {
        "editions are not supported: write `syntax = \"proto3\";` in place of the edition"
    } else if text.contains(": import ") && text.ends_with("not found") {
        "pass the folder that the path begins in with --include"
    } else {
        return text;
    };
    format!("{text}\n  help: {hint}")
}

fn with_resolver(
    resolver: ChainFileResolver,
    name: &str,
    service: Option<&str>,
) -> Result<Definition, ImportError> {
    let pool = read(resolver, name).map_err(|error| ImportError::File(explained(&error)))?;
    let file = pool.get_file_by_name(name).ok_or_else(|| ImportError::NoService(name.to_owned()))?;
    let service = choose(&file, service)?;
    let draft = convert::convert(&service).map_err(ImportError::Refused)?;
    let definition = Definition { file: draft.file_name(), text: print::print(&draft) };
    check(&definition, &service)?;
    Ok(definition)
}

fn read(resolver: ChainFileResolver, name: &str) -> Result<DescriptorPool, protox::Error> {
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_source_info(true).include_imports(true).open_file(name)?;
    Ok(compiler.descriptor_pool())
}

/// Returns the service with a name, or the only one.
fn choose(file: &FileDescriptor, wanted: Option<&str>) -> Result<ServiceDescriptor, ImportError> {
    let services: Vec<ServiceDescriptor> = file.services().collect();
    let names: Vec<String> = services.iter().map(|service| service.name().to_owned()).collect();
    let path = file.name().to_owned();
    let found = match (wanted, &services[..]) {
        (_, []) => return Err(ImportError::NoService(path)),
        (None, [only]) => Some(only),
        (None, _) => return Err(ImportError::SeveralServices { file: path, names }),
        (Some(wanted), all) => {
            all.iter().find(|service| service.name() == wanted || service.full_name() == wanted)
        }
    };
    found.cloned().ok_or_else(|| {
        let name = wanted.unwrap_or_default().to_owned();
        let near = Suggestions::default().nearest(&name, names.iter().map(String::as_str)).map(str::to_owned);
        let hint = match near {
            Some(near) => format!("did you mean {near}?"),
            None => format!("it has {}", names.join(", ")),
        };
        ImportError::OtherService { file: path, name, hint }
    })
}

/// Reads the definition as a user of it does. The only mistakes that can be found here are clashes of names, which
/// depend on the rules of definitions.
fn check(definition: &Definition, service: &ServiceDescriptor) -> Result<(), ImportError> {
    let mut loader = MemoryLoader::default();
    loader.add(&definition.file, definition.text.as_str());
    let read = lucarne_interface::load(&loader, &definition.file)
        .map_err(|error| ImportError::File(error.to_string()))?;
    if read.interface.is_some() {
        return Ok(());
    }
    let title = format!(
        "the definition of {} would not be correct:\n{}",
        service.name(),
        read.shown(Style::default())
    );
    Err(ImportError::Refused(vec![Refusal {
        place: origin::place(&service.parent_file(), service.path()),
        title: title.trim_end().to_owned(),
        hint: "rename the parts that clash in the .proto file".to_owned(),
    }]))
}
