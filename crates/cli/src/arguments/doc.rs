//! The command lines of `lucarne doc`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use lucarne_documentation::{Options, Subject};

/// The commands of `lucarne doc`.
#[derive(Debug, Subcommand)]
pub(crate) enum DocCommand {
    /// Make a site from the comments of a program or package, its packages and the libraries
    Build(Build),
    /// Serve the site to browsers of this machine, and make it again whenever a source changes
    Serve(Serve),
}

/// The parts that are documented.
#[derive(Debug, Args)]
pub(crate) struct Documented {
    /// The folder of a program or package; or a file, for it and the files that it imports [default: the current folder]
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath, conflicts_with = "library")]
    path: Option<PathBuf>,
    /// Document the libraries that come with Lucarne, and nothing else
    #[arg(long)]
    library: bool,
    /// Also document private files and declarations: those whose names end in _
    #[arg(long, alias = "include-private")]
    private: bool,
    /// Leave out the packages that the program uses
    #[arg(long, alias = "exclude-pkgs")]
    exclude_packages: bool,
    /// Leave out the libraries that come with Lucarne
    #[arg(long, alias = "exclude-sdk", conflicts_with = "library")]
    exclude_library: bool,
    /// Print neither a summary nor warnings, unless they are denied
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

impl Documented {
    /// Returns the program, the package or the libraries.
    pub(crate) fn subject(&self) -> Subject {
        match (self.library, &self.path) {
            (true, _) => Subject::Library,
            (false, Some(path)) => Subject::Path(path.clone()),
            (false, None) => Subject::Path(".".into()),
        }
    }

    /// Returns what is documented besides its public declarations.
    pub(crate) fn options(&self) -> Options {
        Options {
            with_private: self.private,
            with_packages: !self.exclude_packages,
            with_library: !self.exclude_library,
        }
    }
}

/// The options of `lucarne doc build`.
#[derive(Debug, Args)]
#[command(after_help = "\
References in comments ($name) that lead nowhere are warnings. The site needs no server: open index.html in a browser. An
earlier site in DIR is replaced as a whole; a folder with any other file is not touched.

Examples:
  lucarne doc build . -o site           the package of this folder, its packages, and the libraries
  lucarne doc build app.toit -o site    a program
  lucarne doc build --library -o site   the libraries alone

Exit status: 1 if the program has errors, or, with --deny-warnings, comments have warnings; 2 if a file cannot be read, or DIR
cannot be replaced. Then nothing is written.")]
pub(crate) struct Build {
    /// The folder for the site
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) output: PathBuf,
    /// Write nothing if there are warnings
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Print errors and warnings as JSON, as 'lucarne check --json' does
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) documented: Documented,
}

/// The options of `lucarne doc serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
The site is kept in memory, and only programs of this machine can read it. Ctrl-C ends the command.")]
pub(crate) struct Serve {
    /// The port; 0 chooses a free one
    #[arg(long, value_name = "N", default_value_t = 8080)]
    pub(crate) port: u16,
    #[command(flatten)]
    pub(crate) documented: Documented,
}
