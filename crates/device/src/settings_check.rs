//! Checks the settings of a container before it is installed: each must have a meaning for its kind, and name what exists.

use std::fs;

use lucarne_compiler::names::Suggestions;
#[cfg(feature = "fabric")]
use lucarne_host::fabric::{BadRule, Rule};
use lucarne_providers::network::{BadRemote, Remote};
use lucarne_services::protocol::interface;
use thiserror::Error;

use crate::settings::FileAccess;
use crate::{Kind, Permissions, Settings};

/// The beginning of the names of the system's services.
const SYSTEM: &str = "system/";

/// The names of providers of the system that are not those of interfaces.
const PROVIDERS: &[&str] = &["system/console", "system/service-manager"];

/// The definition that sets the interval of a container of any kind.
const INTERVAL: &str = "jag.interval";

/// The reason why a container cannot have its settings.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum BadSettings {
    #[error("{option} means nothing for {kind}: {hint}")]
    Meaningless { option: &'static str, kind: &'static str, hint: &'static str },
    #[error("{option} has an empty value: give a UUID, a name, a tag or the id of a component")]
    EmptyService { option: &'static str },
    #[error("{option} {given}: the system has no service of this name; {hint}")]
    UnknownService { option: &'static str, given: String, hint: String },
    #[error("--files {given}: there is no such file or folder{hint}")]
    MissingFile { given: String, hint: &'static str },
    #[error("{option} {error}")]
    BadHost { option: &'static str, error: BadRemote },
    #[error("--allow-listen 0: 0 stands for any free port; give a number from 1 to 65535")]
    AnyPort,
    #[cfg(feature = "fabric")]
    #[error("--export {error}")]
    BadExport { error: BadRule },
    #[cfg(not(feature = "fabric"))]
    #[error(
        "--export: this device cannot reach other machines, since its lucarne was built without '--features fabric'"
    )]
    NoFabric,
    #[error("{option} means nothing with --no-network, which denies everything")]
    NoNetwork { option: &'static str },
}

/// Checks the settings of a container of this kind, which comes with this number of files.
///
/// # Errors
/// If one of the settings is not possible: the first one.
pub(crate) fn check(settings: &Settings, kind: Kind, assets: usize) -> Result<(), BadSettings> {
    check_kind(settings, kind, assets)?;
    check_services(&settings.permissions)?;
    check_network(&settings.permissions)?;
    check_exports(&settings.permissions.exports)?;
    settings.files.iter().flatten().try_for_each(check_file)
}

/// Fails if a setting would be ignored.
fn check_kind(settings: &Settings, kind: Kind, assets: usize) -> Result<(), BadSettings> {
    let has_defines = settings.defines.keys().any(|key| key != INTERVAL);
    let meaningless = |option, hint| {
        let kind = match kind {
            Kind::Toit => "a program in Toit",
            Kind::Executable => "an executable",
            Kind::Component => "a component",
        };
        Err(BadSettings::Meaningless { option, kind, hint })
    };
    if kind != Kind::Toit
        && let Some(option) = network_option(&settings.permissions)
        && !settings.permissions.no_network
    {
        let hint = "it can open sockets of its own, whose peers and ports a device cannot restrict; \
                    --no-network withholds the whole network";
        return meaningless(option, hint);
    }
    match kind {
        Kind::Toit if settings.files.is_some() => {
            meaningless("--files or --no-files", "it never reaches the files of this machine")
        }
        Kind::Executable | Kind::Component if assets > 0 => {
            meaningless("--assets", "only programs in Toit can read assets; --files permits files")
        }
        Kind::Executable if has_defines => {
            meaningless("--define", "only programs in Toit can read it; pass arguments after '--'")
        }
        Kind::Component if has_defines => meaningless("--define", "only programs in Toit can read it"),
        Kind::Component if !settings.arguments.is_empty() => {
            meaningless("an argument after '--'", "it has no 'main'")
        }
        Kind::Toit | Kind::Executable | Kind::Component => Ok(()),
    }
}

fn check_services(permissions: &Permissions) -> Result<(), BadSettings> {
    let Permissions { allow_open, deny_open, allow_provide, deny_provide, provides, .. } = permissions;
    let lists = [
        ("--allow-open", allow_open),
        ("--deny-open", deny_open),
        ("--allow-provide", allow_provide),
        ("--deny-provide", deny_provide),
        ("--provides", provides),
    ];
    lists.iter().try_for_each(|(option, list)| list.iter().try_for_each(|given| check_service(option, given)))
}

/// Returns the first option that is given for the network.
fn network_option(permissions: &Permissions) -> Option<&'static str> {
    let given = [
        ("--allow-connect", !permissions.allow_connect.is_empty()),
        ("--deny-connect", !permissions.deny_connect.is_empty()),
        ("--allow-listen", !permissions.allow_listen.is_empty()),
        ("--no-network", permissions.no_network),
    ];
    given.iter().find(|(_, is_given)| *is_given).map(|(option, _)| *option)
}

fn check_network(permissions: &Permissions) -> Result<(), BadSettings> {
    let lists =
        [("--allow-connect", &permissions.allow_connect), ("--deny-connect", &permissions.deny_connect)];
    for (option, list) in lists {
        for given in list {
            given.parse::<Remote>().map_err(|error| BadSettings::BadHost { option, error })?;
        }
    }
    if permissions.allow_listen.contains(&0) {
        return Err(BadSettings::AnyPort);
    }
    match network_option(permissions) {
        Some(option) if permissions.no_network && option != "--no-network" => {
            Err(BadSettings::NoNetwork { option })
        }
        _ => Ok(()),
    }
}

/// Checks the rules for services that go to other machines.
#[cfg(feature = "fabric")]
fn check_exports(exports: &[String]) -> Result<(), BadSettings> {
    let read = |given: &String| given.parse::<Rule>().map(drop);
    exports.iter().try_for_each(read).map_err(|error| BadSettings::BadExport { error })
}

/// Refuses rules that would have no effect.
#[cfg(not(feature = "fabric"))]
fn check_exports(exports: &[String]) -> Result<(), BadSettings> {
    if exports.is_empty() { Ok(()) } else { Err(BadSettings::NoFabric) }
}

fn check_service(option: &'static str, given: &str) -> Result<(), BadSettings> {
    if given.trim().is_empty() {
        return Err(BadSettings::EmptyService { option });
    }
    let known = || interface::ALL.iter().map(|interface| interface.alias).chain(PROVIDERS.iter().copied());
    if !given.to_lowercase().starts_with(SYSTEM) || known().any(|name| name == given) {
        return Ok(());
    }
    let hint = match Suggestions::default().nearest(given, known()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("its services are {}", known().collect::<Vec<_>>().join(", ")),
    };
    Err(BadSettings::UnknownService { option, given: given.to_owned(), hint })
}

fn check_file(access: &FileAccess) -> Result<(), BadSettings> {
    if fs::symlink_metadata(&access.path).is_ok() {
        return Ok(());
    }
    let name = access.path.file_name().unwrap_or_default().to_string_lossy();
    let hint = if name.contains(':') { "; the only suffix is ':rw'" } else { "" };
    Err(BadSettings::MissingFile { given: access.to_string(), hint })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(settings: &Settings, kind: Kind) -> String {
        check(settings, kind, 0).map_or_else(|error| error.to_string(), |()| "none".to_owned())
    }

    fn with_files(text: &str) -> Settings {
        Settings { files: Some(vec![text.parse().expect("a path")]), ..Settings::default() }
    }

    #[test]
    fn settings_that_a_kind_ignores_are_refused() {
        let files = Settings { files: Some(Vec::new()), ..Settings::default() };
        assert!(refusal(&files, Kind::Toit).starts_with("--files or --no-files means nothing"));
        assert_eq!(refusal(&files, Kind::Executable), "none");
        let arguments = Settings { arguments: vec!["a".to_owned()], ..Settings::default() };
        assert_eq!(refusal(&arguments, Kind::Executable), "none");
        assert!(refusal(&arguments, Kind::Component).starts_with("an argument after '--' means nothing"));
        for (key, is_refused) in [("speed", true), (INTERVAL, false)] {
            let defines = Settings { defines: [(key.to_owned(), 1.into())].into(), ..Settings::default() };
            assert_eq!(refusal(&defines, Kind::Toit), "none");
            for kind in [Kind::Executable, Kind::Component] {
                assert_eq!(refusal(&defines, kind).starts_with("--define means nothing"), is_refused);
                assert!(check(&Settings::default(), kind, 1).is_err());
            }
        }
        assert_eq!(check(&Settings::default(), Kind::Toit, 1), Ok(()));
    }

    #[test]
    fn services_that_cannot_be_meant_are_refused() {
        let with = |entry: &str| {
            let permissions = Permissions { allow_open: vec![entry.to_owned()], ..Permissions::default() };
            refusal(&Settings { permissions, ..Settings::default() }, Kind::Toit)
        };
        for good in ["system/storage", "system/console", "my/app", "lamp", &uuid::Uuid::nil().to_string()] {
            assert_eq!(with(good), "none");
        }
        for empty in ["", " "] {
            assert!(with(empty).starts_with("--allow-open has an empty value"));
        }
        assert!(with("system/storge").ends_with("did you mean 'system/storage'?"));
        assert!(with("System/Storage").ends_with("did you mean 'system/storage'?"));
        assert!(with("system/teleporter").ends_with("system/service-manager"));
    }

    #[test]
    fn rules_for_the_network_are_checked() {
        let with = |permissions| Settings { permissions, ..Settings::default() };
        let connect =
            |text: &str| with(Permissions { allow_connect: vec![text.to_owned()], ..Permissions::default() });
        assert_eq!(refusal(&connect("example.org:443"), Kind::Toit), "none");
        assert!(refusal(&connect("10.0.0.1/8"), Kind::Toit).starts_with("--allow-connect '10.0.0.1/8'"));
        let executable = refusal(&connect("example.org"), Kind::Executable);
        assert!(executable.starts_with("--allow-connect means nothing for an executable"), "{executable}");
        let closed = with(Permissions { no_network: true, ..Permissions::default() });
        assert!(
            [Kind::Toit, Kind::Executable, Kind::Component]
                .iter()
                .all(|kind| refusal(&closed, *kind) == "none")
        );
        let listen = with(Permissions { allow_listen: vec![0], ..Permissions::default() });
        assert!(refusal(&listen, Kind::Toit).starts_with("--allow-listen 0"));
        let mut closed = connect("example.org");
        closed.permissions.no_network = true;
        assert!(refusal(&closed, Kind::Toit).contains("means nothing with --no-network"));
    }

    #[test]
    fn rules_for_exports_are_checked() {
        let with = |rule: &str| {
            let permissions = Permissions { exports: vec![rule.to_owned()], ..Permissions::default() };
            refusal(&Settings { permissions, ..Settings::default() }, Kind::Executable)
        };
        if cfg!(feature = "fabric") {
            assert_eq!((&*with("hall:house/sensor"), &*with("all")), ("none", "none"));
            assert!(with("hall:").starts_with("--export 'hall:' names no service"), "{}", with("hall:"));
            assert!(with("Hall:all").starts_with("--export 'Hall' is not the name of a machine"));
        } else {
            assert!(with("all").starts_with("--export: this device cannot reach other machines"));
        }
    }

    #[test]
    fn files_that_do_not_exist_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display();
        assert_eq!(refusal(&with_files(&format!("{path}:rw")), Kind::Executable), "none");
        assert!(refusal(&with_files(&format!("{path}:rx")), Kind::Executable).ends_with("suffix is ':rw'"));
        let missing = refusal(&with_files(&format!("{path}/missing:rw")), Kind::Component);
        assert_eq!(missing, format!("--files {path}/missing:rw: there is no such file or folder"));
    }
}
