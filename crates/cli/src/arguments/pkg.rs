//! The commands of `lucarne pkg`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use lucarne_package_manager::names::package_version;

use crate::complete::{package_versions, packages, prefixes, registries};

/// The options and commands of `lucarne pkg`.
#[derive(Debug, Args)]
pub(crate) struct Pkg {
    #[command(flatten)]
    pub(crate) options: PkgOptions,
    #[command(subcommand)]
    pub(crate) command: PkgCommand,
}

/// The options of all commands of `lucarne pkg`.
#[derive(Debug, Args)]
pub(crate) struct PkgOptions {
    /// The folder of the program [default: the current folder or its nearest parent with a package.yaml or
    /// package.lock]
    #[arg(long, value_name = "DIR", global = true, value_hint = ValueHint::DirPath)]
    pub(crate) project_root: Option<PathBuf>,
    /// Do not look for new versions in the registries: use what was downloaded last
    #[arg(long, global = true)]
    pub(crate) no_auto_sync: bool,
    /// Choose versions of packages that suit this version of the Toit SDK [default: the one that lucarne stands for]
    #[arg(long, value_name = "VERSION", global = true, value_parser = parse_version)]
    pub(crate) sdk_version: Option<lucarne_package::version::Version>,
    /// Do not print the result and the progress
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Print more: of packages in registries also the description, the license and the packages that they need
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// The commands of `lucarne pkg`.
#[derive(Debug, Subcommand)]
pub(crate) enum PkgCommand {
    /// Make a program with packages of the folder: an empty package.yaml and package.lock
    Init,
    /// Add packages, or download those of the lock file
    Install(PkgInstall),
    /// Remove a package from the program
    Uninstall {
        /// The prefix of the package
        #[arg(add = prefixes())]
        prefix: String,
    },
    /// Take the newest versions that the constraints in package.yaml allow, and raise the constraints to them
    Update,
    /// List the packages of the lock file, or those of a registry
    List(PkgList),
    /// Search the names, descriptions and URLs of the packages in the registries
    Search {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
        /// The text to search for; empty for all packages
        text: String,
    },
    /// Download the newest state of the registries
    Sync(PkgSync),
    /// Add, remove and list registries
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Describe a package as a registry lists it, and check it
    Describe(PkgDescribe),
    /// Remove the packages in .packages that the lock file does not list
    Clean,
}

/// The options of `lucarne pkg install`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lucarne pkg install morse              the newest version of a package
  lucarne pkg install morse@1.0          the newest version 1.0.x
  lucarne pkg install github.com/toitlang/pkg-cli@^2.1
  lucarne pkg install --local ../tones   the package in a folder
  lucarne pkg install                    download what package.lock lists

Without PACKAGE, the lock file is made again from package.yaml if it does not list
the same packages. Nothing of a package is run when it is installed.")]
pub(crate) struct PkgInstall {
    /// Treat PACKAGE as the path of a folder
    #[arg(long, requires = "packages")]
    pub(crate) local: bool,
    /// The prefix that imports use [default: the package's name]
    #[arg(long, visible_alias = "name", requires = "packages", value_name = "NAME")]
    pub(crate) prefix: Option<String>,
    /// Make the lock file again from package.yaml, and keep its versions where they suit
    #[arg(long, conflicts_with = "packages")]
    pub(crate) recompute: bool,
    /// The packages: names or URLs, each with or without @CONSTRAINT
    #[arg(value_name = "PACKAGE", add = packages())]
    pub(crate) packages: Vec<String>,
}

/// The options of `lucarne pkg list`.
#[derive(Debug, Args)]
pub(crate) struct PkgList {
    /// Print a JSON array
    #[arg(long)]
    pub(crate) json: bool,
    /// A registry, or a folder with descriptions: list its packages instead of those of the program
    #[arg(add = registries())]
    pub(crate) registry: Option<String>,
}

/// The options of `lucarne pkg sync`.
#[derive(Debug, Args)]
pub(crate) struct PkgSync {
    /// Remove what was downloaded, and download it again
    #[arg(long)]
    pub(crate) clear_cache: bool,
    /// The registries [default: all]
    #[arg(value_name = "REGISTRY", add = registries())]
    pub(crate) names: Vec<String>,
}

/// The commands of `lucarne pkg registry`.
#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Add a registry, and download it
    Add {
        /// Treat PLACE as the path of a folder
        #[arg(long)]
        local: bool,
        /// The name by which commands refer to it
        name: String,
        /// The address of a git repository, such as github.com/toitware/registry
        #[arg(value_name = "PLACE")]
        place: String,
    },
    /// Remove a registry
    Remove {
        /// The registry
        #[arg(add = registries())]
        name: String,
    },
    /// List the registries
    List {
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Download the newest state of the registries; the same as 'lucarne pkg sync'
    Sync(PkgSync),
}

/// The options of `lucarne pkg describe`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lucarne pkg describe .                           check the package in this folder
  lucarne pkg describe github.com/me/tones v1.2.0  the description of a published version
  lucarne pkg describe github.com/me/tones v1.2.0 --out-dir registry")]
pub(crate) struct PkgDescribe {
    /// Accept a package that needs packages in folders [default: warn, but refuse a published version]
    #[arg(long, overrides_with = "no_allow_local_deps")]
    pub(crate) allow_local_deps: bool,
    /// Refuse a package that needs packages in folders
    #[arg(long)]
    pub(crate) no_allow_local_deps: bool,
    /// Write the description to its place in the registry in this folder
    #[arg(long, value_name = "DIR", requires = "version", value_hint = ValueHint::DirPath)]
    pub(crate) out_dir: Option<PathBuf>,
    /// The folder of a package, or its URL
    #[arg(default_value = ".", value_name = "PACKAGE")]
    pub(crate) package: String,
    /// The tag of a published version, such as v1.2.3; only with a URL
    #[arg(requires = "package", add = package_versions())]
    pub(crate) version: Option<String>,
}

/// Reads the version of an SDK.
fn parse_version(text: &str) -> Result<lucarne_package::version::Version, String> {
    package_version(text).ok_or_else(|| "not a version, such as 2.0.0".to_owned())
}
