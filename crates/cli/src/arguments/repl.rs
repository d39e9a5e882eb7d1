//! The command line of `lucarne repl`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{device, parse_memory};

/// The options of `lucarne repl`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each input is run when it is complete: expressions show their values, and variables, functions, classes and imports are kept.
Lines follow while a bracket, or the body after a ':', is open; an empty line ends a body. Tasks go on between inputs.
':help' lists the commands. Ctrl-C interrupts the input that runs, and Ctrl-D leaves. Lines are also read from a pipe.

Exit status: 0, or what the code passes to 'exit'; 1 if an input of a pipe fails; 2 if a file cannot be read.

Examples:
  lucarne repl
  lucarne repl morse.toit             with the declarations of a file
  echo 'print 6 * 7' | lucarne repl")]
pub(crate) struct Repl {
    /// Use the services of the system that listens at the socket PATH ('lucarne run --listen PATH'). The session is a
    /// container of that system; it ends when the system ends, and cannot spawn processes
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with_all = ["state", "device"])]
    pub(crate) connect: Option<PathBuf>,
    /// Use the services of the device with this name, as a container without permissions of its own
    #[arg(short, long, value_name = "DEVICE")]
    pub(crate) device: Option<String>,
    /// The state folder of the device [default: $LUCARNE_STATE, or else the user's own]
    #[arg(long, value_name = "DIR", requires = "device")]
    pub(crate) state: Option<PathBuf>,
    /// The memory limit of each process, such as 64M, and at least 64K [default: 512M]
    #[arg(long, value_name = "SIZE", value_parser = parse_memory)]
    pub(crate) memory_limit: Option<usize>,
    /// Print neither a greeting nor notes
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Files with declarations, to load first
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) files: Vec<PathBuf>,
}

impl Repl {
    /// Returns the options that choose a device.
    pub(crate) fn at(&self) -> device::At {
        device::At { state: self.state.clone(), device: self.device.clone() }
    }
}
