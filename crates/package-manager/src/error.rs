//! The error of all operations with packages.

use std::io;
use std::path::{Path, PathBuf};

use lucarne_package::Problem;

/// Why an operation with packages failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// A file is invalid.
    #[error("{}:{line}: {title}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// The line of the problem, counted from 1.
        line: usize,
        /// The problem.
        title: String,
    },
    /// The lock file is invalid.
    #[error(
        "{}:{line}: {title}. Restore the file, or make it again: 'lucarne pkg install --recompute' keeps the versions that can \
         still be read, 'lucarne pkg update' takes the newest ones",
        path.display()
    )]
    BrokenLock {
        /// The file.
        path: PathBuf,
        /// The line of the problem, counted from 1.
        line: usize,
        /// The problem.
        title: String,
    },
    /// A folder is not a package.
    #[error("{} is not a package: {why}", folder.display())]
    NotAPackage {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        why: &'static str,
    },
    /// The folder has a `package.yaml` or a lock file already.
    #[error("{} already is a program with packages: it has a {file}", folder.display())]
    AlreadyThere {
        /// The folder.
        folder: PathBuf,
        /// The file.
        file: &'static str,
    },
    /// A name cannot be used in an import.
    #[error("`{0}` cannot be the prefix of an import: choose another prefix with --prefix")]
    BadPrefix(String),
    /// The program imports another package by this prefix.
    #[error(
        "the prefix `{prefix}` is that of {place} already: choose another with --prefix, or uninstall it first"
    )]
    PrefixTaken {
        /// The prefix.
        prefix: String,
        /// The other package.
        place: String,
    },
    /// The program has no package with this prefix.
    #[error("no package has the prefix `{prefix}`: {known}")]
    NoSuchPrefix {
        /// The prefix.
        prefix: String,
        /// The prefixes that exist, as text.
        known: String,
    },
    /// A word of a user that names a package is malformed.
    #[error("`{word}` does not name a package: {why}")]
    BadRequest {
        /// The word.
        word: String,
        /// The reason.
        why: String,
    },
    /// No registry lists a package with this name.
    #[error("no registry lists a package `{name}`: {hint}")]
    NotFound {
        /// The name.
        name: String,
        /// What may be the reason, and what to do.
        hint: String,
    },
    /// More than one package has this name.
    #[error("several packages are named `{name}`; install one of them by its URL:\n{}", list(urls))]
    Ambiguous {
        /// The name.
        name: String,
        /// The URLs of the packages.
        urls: Vec<String>,
    },
    /// Versions of a package exist, but none of the requested ones.
    #[error("no version {constraint} of {url} exists; there are {versions}")]
    NoSuchVersion {
        /// The package.
        url: String,
        /// The requested versions.
        constraint: String,
        /// The newest versions that exist, as text.
        versions: String,
    },
    /// The requirements contradict each other, or a package does not exist.
    #[error("no versions of the packages fit together:\n{0}")]
    Conflict(String),
    /// The search for versions takes too long.
    #[error("gave up after {0} steps: the requirements of the packages are too complicated")]
    TooComplicated(usize),
    /// The lock file and `package.yaml` do not agree.
    #[error(
        "package.yaml and package.lock do not agree ({0}): run 'lucarne pkg install' without a package first"
    )]
    OutOfSync(String),
    /// There is a lock file without a `package.yaml`.
    #[error("{} has a package.lock, but no package.yaml: restore it, or delete package.lock", .0.display())]
    NoSpec(PathBuf),
    /// A name in the lock file or a registry would be dangerous or meaningless.
    #[error("{what} `{name}` is invalid: {why}")]
    BadName {
        /// Its kind.
        what: &'static str,
        /// The name.
        name: String,
        /// The reason.
        why: &'static str,
    },
    /// `git` is not installed.
    #[error("cannot run git, which downloads packages: {0}; install it, for example with 'apt install git'")]
    NoGit(io::Error),
    /// `git` failed.
    #[error("git cannot {what}: {reason}")]
    Git {
        /// The action of git, as in "git cannot clone the repository".
        what: String,
        /// The error output.
        reason: String,
    },
    /// A version does not have the commit that the registry or the lock file says.
    #[error(
        "{package} has not the commit that was expected: {expected} is not in the repository{found}. The version may have \
         been changed after it was published; do not use it before its author has explained that"
    )]
    WrongHash {
        /// The package and its version.
        package: String,
        /// The expected commit.
        expected: String,
        /// The commit that the tag of the version names, as text, or empty.
        found: String,
    },
    /// A package, a registry or an answer is too large.
    #[error("{what} is too large: at most {limit} are allowed")]
    TooLarge {
        /// The package or registry.
        what: String,
        /// The limit, with its unit.
        limit: String,
    },
    /// A package contains something that it must not.
    #[error("{package} cannot be installed: {why}")]
    Hostile {
        /// The package.
        package: String,
        /// The reason.
        why: String,
    },
    /// The name of the registry is unknown.
    #[error("unknown registry `{0}`: 'lucarne pkg registry list' lists them")]
    NoSuchRegistry(String),
    /// Another registry has this name.
    #[error("the registry `{name}` exists already, at {place}: remove it first, or choose another name")]
    RegistryExists {
        /// The name.
        name: String,
        /// Its address or folder.
        place: String,
    },
    /// A registry has not been downloaded.
    #[error("the registry `{0}` has not been downloaded yet: 'lucarne pkg sync' downloads it")]
    NotSynced(String),
    /// A package lacks what its description needs.
    #[error("cannot describe {package}: {why}")]
    Undescribed {
        /// The package.
        package: String,
        /// The reason.
        why: String,
    },
    /// The environment does not say where the home folder is.
    #[error("cannot find the cache folder: set HOME, or {0}")]
    NoHome(&'static str),
}

impl Error {
    /// Returns whether the command line names something that does not exist or is malformed.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Error::BadPrefix(_)
                | Error::NotAPackage { .. }
                | Error::BadRequest { .. }
                | Error::NoSuchPrefix { .. }
                | Error::PrefixTaken { .. }
                | Error::NoSuchRegistry(_)
                | Error::RegistryExists { .. }
                | Error::AlreadyThere { .. }
        )
    }

    pub(crate) fn file(path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        |error| Error::File { path, error }
    }

    pub(crate) fn content(path: &Path, text: &str, problem: &Problem) -> Error {
        let line = text[..problem.span.start].matches('\n').count() + 1;
        Error::Content { path: path.to_owned(), line, title: problem.title.clone() }
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("  {name}")).collect::<Vec<_>>().join("\n")
}
