//! Completion of command lines. The script that `lucarne completions` prints makes the shell ask the binary for
//! candidates, so that they include the containers of the moment.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use lucarne_device::StateFolder;
use lucarne_device::control::Reached;

use crate::Stop;
use crate::output::print_out;

/// The environment variable that a shell sets to ask for candidates.
const VARIABLE: &str = "LUCARNE_COMPLETE";

/// The name of the binary for the shell.
const NAME: &str = "lucarne";

/// The longest time that a completion waits for a device that does not answer.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// Zsh runs a file in one of its folders for the first completion, and the function that the file defines for all
/// later completions.
const ZSH_FIRST: &str =
    "if [ \"$funcstack[1]\" = _lucarne ]; then _clap_dynamic_completer_lucarne \"$@\"; fi\n";

/// If a shell asks for candidates, answers it by this command line and ends. Otherwise does nothing.
pub(crate) fn complete(command_line: fn() -> Command) {
    CompleteEnv::with_factory(command_line).var(VARIABLE).complete();
}

/// Returns a completer for the names of installed containers.
pub(crate) fn containers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| names().unwrap_or_default())
}

/// Returns the names of the containers on the device that the command line selects, or none if the device does not
/// answer.
fn names() -> Option<Vec<CompletionCandidate>> {
    let reached = Reached::connect(&StateFolder::named_or_of_user(state().as_deref()).ok()?).ok()?;
    let listed = reached.device.list().within(ANSWER_MAX).wait().ok()?;
    Some(listed.iter().map(|container| CompletionCandidate::new(container.name.as_str())).collect())
}

/// Returns the state folder that the command line names. The line has not been parsed yet, and may have errors
/// elsewhere.
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
    print_out(&script)?;
    Ok(ExitCode::SUCCESS)
}
