//! Service interfaces as data: definitions, indexes, generated code and versions.
//!
//! A *definition* is a Toit file with the interfaces of a service, as a program of one container would write them.
//! [`load`] reads it with the front half of the compiler, so that there is one parser and one meaning of each name.
//! What types do not say is in directives in the doc comments.
//!
//! | step | module | result |
//! |---|---|---|
//! | read | [`model`], `directives` | the checked [`model::Interface`], or diagnostics |
//! | number | [`lock`] | an index for each method, kept in a file beside the definition |
//! | use | [`generate`], [`build`], [`compare`], [`show`] | code, the changes between two versions, a description |
//! | carry | [`carried`] | the bytes by which a running provider describes itself |
//!
//! ```
//! use lucarne_compiler::source::MemoryLoader;
//!
//! let mut loader = MemoryLoader::default();
//! let text = "/** @service 5a1c4a2e-7a38-4f1b-9a5e-8a7a2b4d3c02 1.0 */\n\
//!     interface Echo:\n  say text/string -> string\n";
//! loader.add("echo.toit", text);
//! let definition = lucarne_interface::load(&loader, "echo.toit")?;
//! let interface = definition.interface.expect("the definition is correct");
//! assert_eq!((interface.name.as_str(), interface.methods[0].index), ("Echo", 0));
//! # Ok::<(), lucarne_interface::InterfaceError>(())
//! ```

pub mod build;
pub mod carried;
pub mod compare;
mod directives;
pub mod generate;
pub mod lock;
pub mod model;
pub mod show;

use std::fmt;

use lucarne_compiler::diagnostic::{self, Diagnostic, Style};
use lucarne_compiler::resolve;
use lucarne_compiler::source::{Loader, SourceId, Sources};
use thiserror::Error;

use lock::Lock;
use model::Interface;

/// The reason that a definition cannot be read. Mistakes in the definition are not among them: see
/// [`Definition::diagnostics`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum InterfaceError {
    /// The embedded library is damaged. Only a fault of the build can cause this.
    #[error("the embedded library is damaged: {0}")]
    Library(String),
    /// The system has no room for another thread.
    #[error("cannot start the thread that reads the definition")]
    Thread,
}

/// A definition that was read.
pub struct Definition {
    /// The path of the file.
    pub path: String,
    /// The interface. None if there are errors.
    pub interface: Option<Interface>,
    /// The indexes of its methods, to be written to [`Definition::lock_path`].
    pub lock: Lock,
    /// The text of the index file as it is, if there is one.
    pub lock_text: Option<String>,
    /// The errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
    /// The texts that were read. The definition comes first.
    pub sources: Sources,
}

impl Definition {
    /// Returns the path of the index file.
    pub fn lock_path(&self) -> String {
        lock::path(&self.path)
    }

    /// Returns whether methods have their indexes by their order alone, since the index file is missing
    /// or empty. Earlier versions may have had another order.
    pub fn is_numbered_by_order(&self) -> bool {
        let mut are_fixed = true;
        if let Some(interface) = &self.interface {
            interface.each_method(|_, method| are_fixed &= method.fixed.is_some());
        }
        self.lock_text.as_ref().is_none_or(|text| text.trim().is_empty()) && !are_fixed
    }

    /// Renders the diagnostics as text, as the compiler does.
    pub fn shown(&self, style: Style) -> String {
        diagnostic::render(&self.sources, &self.diagnostics, style)
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Definition")
            .field("path", &self.path)
            .field("interface", &self.interface)
            .finish()
    }
}

/// Reads a definition and its index file.
///
/// # Errors
/// See [`InterfaceError`].
pub fn load(loader: &(dyn Loader + Sync), path: &str) -> Result<Definition, InterfaceError> {
    let library = lucarne_library::unit().map_err(|error| InterfaceError::Library(error.to_string()))?;
    // A definition has no natives: those of the library have been checked.
    let analysis = resolve::check(loader, Some(library), &|_, _| None, path);
    let mut definition = Definition {
        path: path.to_owned(),
        interface: None,
        lock: Lock::default(),
        lock_text: None,
        diagnostics: Vec::new(),
        sources: Sources::default(),
    };
    if analysis.has_errors() {
        definition.diagnostics = analysis.diagnostics;
        definition.sources = analysis.sources;
        return Ok(definition);
    }
    let (interface, problems) =
        resolve::with_large_stack(|| model::read(&analysis)).ok_or(InterfaceError::Thread)?;
    definition.diagnostics = problems;
    definition.sources = analysis.sources;
    let lock = definition.read_lock(loader);
    let is_sound = !definition.diagnostics.iter().any(Diagnostic::is_error);
    if let Some(mut interface) = interface.filter(|_| is_sound) {
        let name = lock::path(file_name(path));
        let (lock, problems) = lock::assign(&mut interface, &lock, &name);
        definition.lock = lock;
        definition.diagnostics.extend(too_long(&interface));
        definition.interface = problems.is_empty().then_some(interface);
        definition.diagnostics.extend(problems);
    }
    Ok(definition)
}

impl Definition {
    fn read_lock(&mut self, loader: &dyn Loader) -> Lock {
        let path = self.lock_path();
        let Some(bytes) = loader.read(&path) else { return Lock::default() };
        let (source, problem) = self.sources.add(path, bytes);
        self.diagnostics.extend(problem);
        let text = self.sources.get(source).map(|source| source.text.clone()).unwrap_or_default();
        let (lock, problems) = lock::parse(source, &text);
        self.diagnostics.extend(problems);
        self.lock_text = Some(text);
        lock
    }
}

/// Reports an interface that providers cannot carry.
fn too_long(interface: &Interface) -> Option<Diagnostic> {
    let (length, most) = (carried::text(interface).len(), carried::TEXT_MAX);
    let title = format!(
        "providers do not carry the definition: it has {length} bytes, and at most {most} are possible"
    );
    let problem = || {
        Diagnostic::warning(SOURCE, interface.place, title)
            .hint("without it, `lucarne call` needs the file; comments count, so shorter ones may help")
    };
    (length > most).then(problem)
}

/// The definition is the first source that the compiler reads.
const SOURCE: SourceId = SourceId(0);

/// Returns the last part of a path.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
