//! The command lines of `lucarne compile` and `lucarne decode`.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use lucarne_toit::Optimization;

/// The options of `lucarne compile`.
#[derive(Debug, Args)]
#[command(after_help = "\
The executable has the program and this version of lucarne in it, and needs nothing else. All its arguments are those of
the program. A snapshot is small, and only the same version of lucarne runs it, by 'lucarne run APP.snapshot'. Both start
without compiling. The same source, named by the same path, makes the same bytes.

Examples:
  lucarne compile app.toit -o app
  lucarne compile --strip app.toit && lucarne compile --snapshot app.toit
  ./app 2>&1 | lucarne decode app.snapshot")]
pub(crate) struct Compile {
    /// The file to write [default: the name of the program without .toit, or with .snapshot]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Make a snapshot, which 'lucarne run' starts
    #[arg(long)]
    pub(crate) snapshot: bool,
    /// Leave out the names of functions and the places in sources: traces then have numbers, for 'lucarne decode'
    #[arg(long)]
    pub(crate) strip: bool,
    /// How much the program is optimized: 0 (its functions stay as they are written) or 1
    #[arg(short = 'O', value_name = "LEVEL", default_value = "1", value_parser = clap::value_parser!(u8).range(0..=1))]
    optimization: u8,
    /// The program
    #[arg(value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

impl Compile {
    /// Returns how much the program is optimized.
    pub(crate) fn optimization(&self) -> Optimization {
        if self.optimization == 0 { Optimization::None } else { Optimization::Full }
    }
}

/// The options of `lucarne decode`.
#[derive(Debug, Args)]
pub(crate) struct Decode {
    /// A snapshot or executable of the same source that is not stripped
    #[arg(value_name = "PROGRAM", value_hint = ValueHint::FilePath)]
    pub(crate) program: PathBuf,
    /// The output of the stripped program [default: standard input]
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) text: Option<PathBuf>,
}
