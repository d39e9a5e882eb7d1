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
use lucarne_package_manager::cache::Cache;
use lucarne_package_manager::registry::{Index, Registries, Registry, newest};
use lucarne_package_manager::{program_folder, read_lock};
use lucarne_services::Entry;

use crate::Stop;
use crate::arguments::call::SystemAt;
use crate::arguments::device::At;
use crate::call::{Connection, Limit};
use crate::output::{print_out, visible};
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

/// Returns a completer for packages in the registries: names and URLs, and after `@` the versions.
pub(crate) fn packages() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let current = current.to_string_lossy();
        let index = downloaded().unwrap_or_default();
        let candidates = match current.rsplit_once('@') {
            Some((name, _)) => {
                versions_of(&index, name).map(|version| (format!("{name}@{version}"), "")).collect()
            }
            None => names_of(&index),
        };
        offered(candidates, &current)
    })
}

/// Returns a completer for the tags of the package that the word before names.
pub(crate) fn package_versions() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let index = downloaded().unwrap_or_default();
        // Any word of the command line may be the package: options can stand between.
        let words = std::env::args().filter(|word| index.find(word).is_ok()).collect::<Vec<_>>();
        let tags = words
            .iter()
            .flat_map(|word| versions_of(&index, word).map(|version| (format!("v{version}"), "")));
        offered(tags.collect(), &current.to_string_lossy())
    })
}

/// Returns a completer for the names of registries.
pub(crate) fn registries() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let registries =
            Registries::of_user().map(|registries| registries.list().to_vec()).unwrap_or_default();
        let candidate = |registry: &Registry| {
            CompletionCandidate::new(&registry.name).help(Some(registry.place.shown().into()))
        };
        registries.iter().map(candidate).collect()
    })
}

/// Returns a completer for the prefixes of the packages of the program.
pub(crate) fn prefixes() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let root = named_folder("--project-root", std::env::args_os());
        let root = root.or_else(|| program_folder(&std::env::current_dir().ok()?));
        let lock = root.and_then(|root| read_lock(&root).ok()).unwrap_or_default();
        lock.prefixes.keys().map(CompletionCandidate::new).collect()
    })
}

/// Returns the packages of the registries, as far as they have been downloaded: a completion uses no network.
fn downloaded() -> Option<Index> {
    Some(Index::load(&Cache::of_user().ok()?, Registries::of_user().ok()?.list()))
}

fn names_of(index: &Index) -> Vec<(String, &str)> {
    let mut names = Vec::new();
    for description in index.packages.values().filter_map(newest) {
        names.push((description.name.clone(), description.description.as_str()));
        names.push((description.url.clone(), description.description.as_str()));
    }
    names
}

/// Returns the versions of a package, the newest first.
fn versions_of<'i>(index: &'i Index, name: &str) -> impl Iterator<Item = String> + 'i {
    let url = index.find(name).ok();
    let versions = url.and_then(|url| index.packages.get(&url));
    versions.into_iter().flat_map(|versions| versions.keys().rev().map(ToString::to_string))
}

fn offered(candidates: Vec<(String, &str)>, current: &str) -> Vec<CompletionCandidate> {
    let meant = candidates.into_iter().filter(|(candidate, _)| candidate.starts_with(current));
    let described = |(candidate, help): (String, &str)| {
        // A description comes from a registry, and its first line is enough.
        let help = help.lines().next().map(|line| visible(line).into_owned()).filter(|line| !line.is_empty());
        CompletionCandidate::new(candidate).help(help.map(Into::into))
    };
    meant.map(described).collect()
}

/// Returns the folder of `--state DIR` or `--state=DIR`.
fn named_state(words: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    named_folder("--state", words)
}

/// Returns the folder of an option. Bash splits the form `--option=DIR` into three words.
fn named_folder(option: &str, mut words: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let after = words.find_map(|word| word.to_str()?.strip_prefix(option).map(str::to_owned))?;
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
