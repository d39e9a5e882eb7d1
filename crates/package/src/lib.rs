//! Packages of Toit code: what `package.lock` and `package.yaml` say, and writing both.
//!
//! A *program* is the folder with a `package.lock`; the file names the packages that its code may
//! import, and for each package those that the package may import ([`lock`]). `package.yaml` says
//! what is wanted ([`spec`]); installing makes the one from the other ([`install`]). Nothing here
//! reaches a network: packages come from other folders, or lie in `.packages` already.
//!
//! The formats are those of the existing Toit package manager.

pub mod install;
pub mod lock;
pub mod spec;
pub mod version;
mod yaml;

use std::ops::Range;

/// The file that names the packages of a program.
pub const LOCK_FILE: &str = "package.lock";

/// The file that says what a program or a package needs.
pub const SPEC_FILE: &str = "package.yaml";

/// The folder beside the lock file in which packages from registries lie.
pub const PACKAGES_FOLDER: &str = ".packages";

/// The folder of a package with the code that others may import.
pub const SOURCE_FOLDER: &str = "src";

/// Something that is wrong with one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes of the file's text.
    pub span: Range<usize>,
    /// What is wrong, in one line.
    pub title: String,
    /// Whether the file can be used nevertheless.
    pub is_warning: bool,
}

impl Problem {
    fn error(span: Range<usize>, title: impl Into<String>) -> Problem {
        Problem { span, title: title.into(), is_warning: false }
    }
}
