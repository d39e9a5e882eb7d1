//! The command line of `lucarne interface`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use lucarne_interface::generate::Language;

use super::call::SystemAt;

/// The commands of `lucarne interface`.
#[derive(Debug, Subcommand)]
pub(crate) enum InterfaceCommand {
    /// Make providers and clients from the definition of a service
    Generate(Generate),
    /// Make a definition of a service in a protobuf file
    Import(Import),
    /// Say which version a changed definition needs
    Check(Check),
    /// Print the methods of a service, with their indexes, types and documentation
    Show(Show),
}

/// The options of `lucarne interface generate`.
#[derive(Debug, Args)]
#[command(after_help = "\
FILE is a Toit file with the interfaces of a service; docs/interfaces.md describes it. The
indexes of new methods are written to a file beside it, with .index in place of .toit.
Without --toit, --rust and --c, only this file is written. Each run makes code for one language.

Exit status: 1 if the definition has errors, or if a file is not up to date with --check.")]
pub(crate) struct Generate {
    /// Make the service interface, a provider and a client in Toit
    #[arg(long, group = "language")]
    toit: bool,
    /// Make a module with traits, records and errors in Rust
    #[arg(long, group = "language")]
    rust: bool,
    /// Make a header and a source in C, for providers and clients
    #[arg(long, group = "language")]
    c: bool,
    /// The folder for the files [default: the folder of FILE]
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    /// Write nothing; say which files are not up to date
    #[arg(long)]
    pub(crate) check: bool,
    /// The definition
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

impl Generate {
    /// Returns the language, and the option that chooses it.
    pub(crate) fn language(&self) -> Option<(Language, &'static str)> {
        let languages = [
            (self.toit, Language::Toit, "--toit"),
            (self.rust, Language::Rust, "--rust"),
            (self.c, Language::C, "--c"),
        ];
        languages
            .into_iter()
            .find(|(is_chosen, ..)| *is_chosen)
            .map(|(_, language, option)| (language, option))
    }
}

/// The options of `lucarne interface import`.
#[derive(Debug, Args)]
#[command(after_help = "\
The service becomes an interface, its messages become records, and a method that returns a stream
returns a resource. What cannot be expressed is printed with its place; then nothing is written.
The definition is yours: change it, and make code of it with 'lucarne interface generate'.

Exit status: 1 if the file has mistakes or parts that cannot be expressed.")]
pub(crate) struct Import {
    /// The service, if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// A folder with imported files, besides that of FILE
    #[arg(short = 'I', long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) include: Vec<PathBuf>,
    /// The folder for the definition [default: the current one]
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: Option<PathBuf>,
    /// The protobuf file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

/// The options of `lucarne interface check`.
#[derive(Debug, Args)]
#[command(after_help = "\
A change is 'compatible', or needs a new 'minor' or 'major' version; docs/interfaces.md lists all changes.

Exit status: 0 if the version of NEW is right for its changes, 1 if it is not, or if a definition has errors.

Examples:
  lucarne interface check HEAD thermometer.toit             compare with the last commit
  lucarne interface check HEAD:heat.toit thermometer.toit   the definition had another name
  lucarne interface check v1/thermometer.toit thermometer.toit")]
pub(crate) struct Check {
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The old definition: a file, a revision of git in which NEW has the same name, or REVISION:PATH
    #[arg(value_name = "OLD", value_hint = ValueHint::FilePath)]
    pub(crate) old: PathBuf,
    /// The new definition
    #[arg(value_name = "NEW", value_hint = ValueHint::FilePath)]
    pub(crate) new: PathBuf,
}

/// The options of `lucarne interface show`.
#[derive(Debug, Args)]
#[command(after_help = "\
A running provider is on the device, or on the system of --connect. Providers that generated code has made carry their
definition.")]
pub(crate) struct Show {
    #[command(flatten)]
    pub(crate) system: SystemAt,
    /// A definition, or a running provider: its name, or the UUID of its interface
    #[arg(value_name = "FILE|UUID|NAME", value_hint = ValueHint::FilePath)]
    pub(crate) target: PathBuf,
}
