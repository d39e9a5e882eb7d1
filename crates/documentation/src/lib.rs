//! Documentation of Toit code as a static site: the comments of a program, of its packages and of the libraries, with links.
//!
//! | stage | module | result |
//! |---|---|---|
//! | files | [`project`] | which files belong to which package |
//! | analysis | [`lucarne_toit`] | declarations, and an index of the names in texts and comments |
//! | model | [`gather`], [`model`] | packages, libraries, classes and members, with their addresses |
//! | pages | [`render`], [`html`] | HTML, a style, a script for the search and its index |
//! | site | [`site`], [`http`] | the files in a folder, or as answers to requests |
//!
//! Comments are read by [`lucarne_compiler::toitdoc`]. Wrong references are warnings of the analysis, as `lucarne check`
//! prints them.
//!
//! ```
//! use lucarne_documentation::{Options, Subject, document};
//!
//! # let folder = tempfile::tempdir()?;
//! # let file = folder.path().join("greet.toit");
//! # std::fs::write(&file, "/** Greets $name. */\ngreet name/string:\n")?;
//! let subject = Subject::Path(file);
//! let documented = document(&subject, &Options::default())?;
//! let page = documented.site.expect("it has no errors").get("greet/greet/index.html").map(<[u8]>::to_vec);
//! assert!(String::from_utf8_lossy(&page.unwrap_or_default()).contains("Greets"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
pub mod gather;
pub mod html;
pub mod http;
pub mod model;
pub mod project;
pub mod render;
pub mod site;
mod warnings;

use std::path::PathBuf;

use lucarne_compiler::resolve::with_large_stack;
use lucarne_toit::{Analysis, Request};
use thiserror::Error;

pub use project::{Project, Subject};
pub use site::{Site, SiteError};

/// Which declarations are documented besides the public ones of the subject.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Private declarations and files too: those whose names end in `_`.
    pub with_private: bool,
    /// The packages that the subject uses.
    pub with_packages: bool,
    /// The libraries.
    pub with_library: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options { with_private: false, with_packages: true, with_library: true }
    }
}

/// The reason that nothing was documented. Errors in the documented program are not among them: see [`Documented`].
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentationError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// The file or folder.
        path: String,
        /// The reason.
        reason: String,
    },
    /// A folder contains no source file.
    #[error("{0} contains no .toit file")]
    Empty(String),
    /// There are more files or bytes than a site may have.
    #[error("{0}")]
    TooLarge(String),
    /// The analysis could not be started.
    #[error("the analysis needs more memory than there is")]
    OutOfMemory,
}

/// The result of [`document`].
#[derive(Debug)]
pub struct Documented {
    /// The site; none if the subject has errors.
    pub site: Option<Site>,
    /// The analysis, with its errors, and with the warnings about comments.
    pub analysis: Analysis,
    /// The files by packages, as they were found.
    pub project: Project,
    /// The files to watch for changes of the subject, and for new files beside them. Some may not exist.
    pub inputs: Vec<PathBuf>,
    /// The packages whose files have errors, so that their documentation may be incomplete.
    pub faulty_packages: Vec<String>,
}

/// Analyzes a subject and makes its site.
///
/// # Errors
/// See [`DocumentationError`]. Errors in the program are a part of the result.
pub fn document(subject: &Subject, options: &Options) -> Result<Documented, DocumentationError> {
    let project = Project::find(subject, options)?;
    let request = Request { probe: None, is_first_only: false, is_canceled: &|| false, trees: None };
    let roots = project.roots();
    let analyzed = lucarne_toit::index_library(&project::Texts, &roots, request);
    let (mut analysis, index) = analyzed.ok_or(DocumentationError::OutOfMemory)?;
    warnings::keep_those_of_comments(&mut analysis);
    let faulty_packages = project.take_foreign_errors(&mut analysis);
    let inputs = project.inputs(&analysis);
    let mut site = None;
    if !analysis.has_errors() {
        let made = with_large_stack(|| {
            let documentation = gather::gather(&analysis, &index, &project, options);
            render::render(&documentation)
        });
        site = Some(made.ok_or(DocumentationError::OutOfMemory)??);
    }
    Ok(Documented { site, analysis, project, inputs, faulty_packages })
}
