//! The command line of `lucarne call`, and the options that choose a running system.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueHint};

use super::device::{At, parse_duration};
use crate::complete::methods;

/// The options that choose the system of a provider.
#[derive(Debug, Args)]
pub(crate) struct SystemAt {
    #[command(flatten)]
    pub(crate) at: At,
    /// Use the system that listens at the socket PATH ('lucarne run --listen PATH') instead of a device
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, conflicts_with_all = ["state", "device"])]
    pub(crate) connect: Option<PathBuf>,
}

/// The options of `lucarne call`.
#[derive(Debug, Args)]
#[command(after_help = "\
NAME is the name of a provider, or the UUID of its interface; 'lucarne services' lists both. Arguments are given in the
order of the parameters, or by name: '--city=Oslo', and '--loud' or '--no-loud' for a bool. A string is written as it is,
bytes in base64 or as @FILE, everything else as JSON. The result is printed as JSON.

With -i, each line is a call: 'METHOD ARG...'. A resource that a call returns becomes a variable: '$1.METHOD ARG...' calls
it, and its notifications are printed as they come. ':help' lists the methods and commands. Lines are also read from a
pipe.

The call is that of a container without permissions of its own: it cannot open services of the system that need one.

Exit status: 0; 1 if the call, or a line of a pipe, fails; 2 if a name or an argument is wrong: nothing is sent then.

Examples:
  lucarne call weather.forecast Oslo --days=3
  lucarne call -i weather")]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) system: SystemAt,
    /// Read calls line by line
    #[arg(short, long)]
    pub(crate) interactive: bool,
    /// Use the definition in FILE, for a provider that does not carry its own
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) definition: Option<PathBuf>,
    /// The time after which a call is canceled, such as 500ms or 10s; opening the service takes 5 s of it at most. With -i
    /// it limits the opening, each call, and each ':wait' for a resource
    /// [default: that of the definition]
    #[arg(long, value_name = "DURATION", value_parser = parse_limit)]
    pub(crate) timeout: Option<Duration>,
    /// Print a JSON object for each result, notification, and error of a call
    #[arg(long)]
    pub(crate) json: bool,
    /// The provider and the method, and the arguments of the method; only NAME with -i
    #[arg(
        required = true,
        num_args = 1..,
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_names = ["NAME.METHOD", "ARG"],
        add = methods()
    )]
    pub(crate) words: Vec<String>,
}

/// Parses the time limit of a call.
fn parse_limit(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("a time limit is longer than 0, such as 500ms or 10s".to_owned()),
        time => Ok(time),
    }
}
