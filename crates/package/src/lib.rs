//! Packages of Toit code: reads and writes `package.lock` and `package.yaml`.
//!
//! A *program* is the folder with a `package.lock`; the file lists the packages that its code may
//! import, and for each package those that the package may import ([`lock`]). `package.yaml` lists
//! the required packages ([`spec`]). This crate only knows texts: the crate `package-manager` makes a lock file from a
//! `package.yaml`, and downloads packages.
//!
//! The formats are those of the existing Toit package manager.

pub mod lock;
pub mod spec;
pub mod text;
pub mod version;
pub mod yaml;
pub mod yaml_source;

use std::ops::Range;

/// The file that lists the packages of a program.
pub const LOCK_FILE: &str = "package.lock";

/// The file that lists the requirements of a program or a package.
pub const SPEC_FILE: &str = "package.yaml";

/// The folder beside the lock file that contains packages from registries.
pub const PACKAGES_FOLDER: &str = ".packages";

/// The folder of a package with the code that other packages may import.
pub const SOURCE_FOLDER: &str = "src";

/// A problem in one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The byte range of the problem in the file's text.
    pub span: Range<usize>,
    /// The problem, in one line.
    pub title: String,
    /// Whether the file can still be used.
    pub is_warning: bool,
}

impl Problem {
    /// Returns a problem with which the file cannot be used.
    pub fn error(span: Range<usize>, title: impl Into<String>) -> Problem {
        Problem { span, title: title.into(), is_warning: false }
    }
}
