//! Completion of command lines: the script that `lucarne completions` prints has a shell ask the binary itself what
//! comes next, so that it knows what is there at that time.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete::env::{CompleteEnv, Shells};

use crate::arguments::CommandLine;
use crate::{Stop, print_out};

/// What a shell sets when it asks.
const VARIABLE: &str = "LUCARNE_COMPLETE";

/// The name under which the shell finds the binary.
const NAME: &str = "lucarne";

/// Zsh calls a file in one of its folders for the first completion, and what that has defined for all later ones.
const ZSH_FIRST: &str =
    "if [ \"$funcstack[1]\" = _lucarne ]; then _clap_dynamic_completer_lucarne \"$@\"; fi\n";

/// Answers a shell that asks, and ends. Otherwise does nothing.
pub(crate) fn complete() {
    CompleteEnv::with_factory(CommandLine::command).var(VARIABLE).complete();
}

/// `lucarne completions`.
pub(crate) fn print_script(shell: Shell) -> Result<ExitCode, Stop> {
    let failure = |error: &dyn std::fmt::Display| Stop::failure(format!("cannot complete: {error}"));
    let shells = Shells::builtins();
    let completer = shells.completer(&shell.to_string()).ok_or_else(|| failure(&shell))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, NAME, NAME, NAME, &mut script).map_err(|error| failure(&error))?;
    if shell == Shell::Zsh {
        script.extend_from_slice(ZSH_FIRST.as_bytes());
    }
    print_out(&script);
    Ok(ExitCode::SUCCESS)
}
