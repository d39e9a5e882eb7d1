//! Completion of command lines. The script that `lucarne completions` prints makes the shell run the binary for each
//! completion, so that the candidates include the containers that are installed at that time.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Command;
use clap_complete::Shell;
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use lucarne_device::control::Reached;
use lucarne_services::Entry;

use crate::Stop;
use crate::arguments::call::SystemAt;
use crate::arguments::device::At;
use crate::call::{Connection, Limit};
use crate::output::print_out;
use crate::reach::folder;

/// The environment variable that a shell sets to ask for candidates.
const VARIABLE: &str = "LUCARNE_COMPLETE";

/// The name of the binary for the shell.
const NAME: &str = "lucarne";

/// The longest time that a completion waits for a device that does not answer.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// The last line of the script for Zsh. Zsh runs the whole script for the first completion, and only the function
/// that the script defines for later ones. This line calls the function the first time.
const ZSH_FIRST: &str =
    "if [ \"$funcstack[1]\" = _lucarne ]; then _clap_dynamic_completer_lucarne \"$@\"; fi\n";

/// If a shell asks for candidates, prints those of this command line and exits. Otherwise does nothing.
pub(crate) fn complete(command_line: fn() -> Command) {
    CompleteEnv::with_factory(command_line).var(VARIABLE).complete();
}

/// Returns a completer for the names of installed containers.
pub(crate) fn containers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| names().unwrap_or_default())
}

/// Returns the names of the containers on the device of the selected state folder, or none if the device does not
/// answer.
fn names() -> Option<Vec<CompletionCandidate>> {
    // The command line has not been parsed yet, and may have errors elsewhere.
    let folder = folder(named_state(std::env::args_os()).as_deref()).ok()?;
    let reached = Reached::connect(&folder).ok()?;
    let listed = reached.device.list().within(ANSWER_MAX).wait().ok()?;
    Some(listed.iter().map(|container| CompletionCandidate::new(container.name.as_str())).collect())
}

/// Returns a completer for the names of providers.
pub(crate) fn providers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let entries = connect().and_then(|connection| connection.entries().ok()).unwrap_or_default();
        entries.iter().map(|entry| CompletionCandidate::new(&entry.provider.name)).collect()
    })
}

/// Returns a completer for the methods of providers: first `NAME.`, and then `NAME.METHOD`.
pub(crate) fn methods() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy();
        let candidates = methods_of(&current).unwrap_or_default();
        let meant = candidates.into_iter().filter(|candidate| candidate.starts_with(&*current));
        meant.map(CompletionCandidate::new).collect()
    })
}

fn methods_of(current: &str) -> Option<Vec<String>> {
    let connection = connect()?;
    let entries = connection.entries().ok()?;
    // The names of providers can have points themselves.
    let is_named =
        |entry: &&Entry| current.strip_prefix(&entry.provider.name).is_some_and(|rest| rest.starts_with('.'));
    let Some(entry) = entries.iter().find(is_named) else {
        return Some(entries.iter().map(|entry| format!("{}.", entry.provider.name)).collect());
    };
    let methods = connection.describe(entry.clone(), None).ok()?.interface.methods;
    Some(methods.iter().map(|method| format!("{}.{}", entry.provider.name, method.name)).collect())
}

/// Connects to the containers of the device of the selected state folder.
fn connect() -> Option<Connection> {
    let at = At { state: named_state(std::env::args_os()), device: None };
    Connection::open(&SystemAt { at, connect: None }, Limit::of(None)).ok()
}

/// Returns the folder of `--state DIR` or `--state=DIR`. Bash splits the second form into three words.
fn named_state(mut words: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    const OPTION: &str = "--state";
    let after = words.find_map(|word| word.to_str()?.strip_prefix(OPTION).map(str::to_owned))?;
    match after.strip_prefix('=') {
        Some(folder) => Some(PathBuf::from(folder)),
        None if after.is_empty() => words.find(|word| word != "=").map(PathBuf::from),
        None => None,
    }
}

/// Prints the completion script for a shell: `lucarne completions`.
pub(crate) fn print_script(shell: Shell) -> Result<ExitCode, Stop> {
    let shells = Shells::builtins();
    let completer = shells
        .completer(&shell.to_string())
        .ok_or_else(|| Stop::failure(format!("there is no completion script for {shell}")))?;
    let mut script = Vec::new();
    completer
        .write_registration(VARIABLE, NAME, NAME, NAME, &mut script)
        .map_err(|error| Stop::failure(format!("cannot make the completion script: {error}")))?;
    if shell == Shell::Zsh {
        script.extend_from_slice(ZSH_FIRST.as_bytes());
    }
    print_out(&script)?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_folder_is_found_in_each_form() {
        let found = |line: &str| named_state(line.split(' ').map(OsString::from));
        assert_eq!(found("lucarne container start --state DIR x"), Some("DIR".into()));
        assert_eq!(found("lucarne container start --state=DIR x"), Some("DIR".into()));
        assert_eq!(found("lucarne container start --state = DIR x"), Some("DIR".into()));
        assert_eq!(found("lucarne container start x"), None);
        assert_eq!(found("lucarne container start x --state"), None);
    }
}
