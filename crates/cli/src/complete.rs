//! Completion of command lines: the script that `lucarne completions` prints has a shell ask the binary itself what
//! comes next, so that it knows what is there at that time.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use lucarne_device::control::Reached;

use crate::arguments::CommandLine;
use crate::reach::folder;
use crate::{Stop, print_out};

/// What a shell sets when it asks.
const VARIABLE: &str = "LUCARNE_COMPLETE";

/// The name under which the shell finds the binary.
const NAME: &str = "lucarne";

/// How long somebody who has pressed a key waits for a device that does not answer.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// Zsh calls a file in one of its folders for the first completion, and what that has defined for all later ones.
const ZSH_FIRST: &str =
    "if [ \"$funcstack[1]\" = _lucarne ]; then _clap_dynamic_completer_lucarne \"$@\"; fi\n";

/// Answers a shell that asks, and ends. Otherwise does nothing.
pub(crate) fn complete() {
    CompleteEnv::with_factory(CommandLine::command).var(VARIABLE).complete();
}

/// For a container that is to be named: those that there are.
pub(crate) fn containers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| names().unwrap_or_default())
}

/// The names of the containers on the device that the command line means. None if it cannot be asked.
fn names() -> Option<Vec<CompletionCandidate>> {
    let reached = Reached::connect(&folder(state().as_deref()).ok()?).ok()?;
    let listed = reached.device.list().within(ANSWER_MAX).wait().ok()?;
    Some(listed.iter().map(|container| CompletionCandidate::new(container.name.as_str())).collect())
}

/// The state folder that a command line names: nothing has read it yet, and what is completed may be wrong elsewhere.
fn state() -> Option<PathBuf> {
    const OPTION: &str = "--state";
    let mut words = std::env::args_os().skip_while(|word| word != OPTION);
    let named = words.nth(1).map(PathBuf::from);
    named.or_else(|| std::env::var_os("LUCARNE_STATE").map(PathBuf::from))
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
