//! `lucarne pkg`: the packages of a program, and the registries.

mod listing;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::OnceLock;

use lucarne_compiler::scanner;
use lucarne_package_manager::cache::Cache;
use lucarne_package_manager::describe::{self, Described, LocalDependencies};
use lucarne_package_manager::download::{Step, Wanted};
use lucarne_package_manager::project::{Added, Project, Raised, Request, Updated};
use lucarne_package_manager::registry::{self, Index, Registries, Registry, RegistryPlace};
use lucarne_package_manager::{Error, program_folder};

use crate::Stop;
use crate::arguments::pkg::{Pkg, PkgCommand, PkgDescribe, PkgInstall, PkgOptions, PkgSync, RegistryCommand};
use crate::output::{print_error, print_out, visible_lines};
use crate::progress::Progress;

/// Performs a command of `lucarne pkg`.
pub(crate) fn pkg(line: &Pkg) -> Result<ExitCode, Stop> {
    let options = &line.options;
    match &line.command {
        PkgCommand::Init => {
            let root = match &options.project_root {
                Some(_) => root(options)?,
                None => current_folder()?,
            };
            operate(options, &root, |project| project.init())?;
            say(options, "made package.yaml and package.lock");
        }
        PkgCommand::Install(install) => return self::install(options, install),
        PkgCommand::Uninstall { prefix } => {
            let root = root(options)?;
            operate(options, &root, |project| {
                with_index(options, !project.uses_registries()?, false, |index| {
                    project.uninstall(prefix, index)
                })
            })?;
            say(options, &format!("uninstalled {prefix}"));
        }
        PkgCommand::Update => {
            let root = root(options)?;
            let changed = operate(options, &root, |project| {
                with_index(options, !project.uses_registries()?, true, |index| project.update(index))
            })?;
            say(options, &updated(&changed));
        }
        PkgCommand::List(list) => return listing::list(options, list),
        PkgCommand::Search { text, json } => return listing::search(options, text, *json),
        PkgCommand::Sync(sync) => self::sync(options, sync)?,
        PkgCommand::Registry(RegistryCommand::Sync(sync)) => self::sync(options, sync)?,
        PkgCommand::Registry(RegistryCommand::List { json }) => return listing::registries(*json),
        PkgCommand::Registry(RegistryCommand::Add { local, name, place }) => {
            add(options, name, place, *local)?
        }
        PkgCommand::Registry(RegistryCommand::Remove { name }) => {
            Registries::of_user().and_then(|mut registries| registries.remove(name)).map_err(stop)?;
            say(options, &format!("removed the registry {name}"));
        }
        PkgCommand::Describe(describe) => return self::describe(describe),
        PkgCommand::Clean => {
            let root = root(options)?;
            let removed = operate(options, &root, |project| project.clean())?;
            say(options, &format!("removed {}", count(removed.len())));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn install(options: &PkgOptions, install: &PkgInstall) -> Result<ExitCode, Stop> {
    let root = root(options)?;
    if let Some(prefix) = install.prefix.as_deref().filter(|prefix| scanner::is_keyword(prefix)) {
        return Err(Stop::usage(format!("`{prefix}` cannot be a prefix: it is a keyword of Toit")));
    }
    match install.packages.as_slice() {
        [] => {
            let number = operate(options, &root, |project| {
                if !install.recompute && project.is_locked()? {
                    return project.restore();
                }
                with_index(options, !project.uses_registries()?, true, |index| project.recompute(index))
            })?;
            say(options, &format!("installed {}", count(number)));
        }
        [package] if install.local => {
            let added = operate(options, &root, |project| {
                with_index(options, !project.uses_registries()?, false, |index| {
                    project.install_local(Path::new(package), install.prefix.as_deref(), index)
                })
            })?;
            say(options, &format!("installed {package}: import {}", added.prefix));
        }
        [_, _, ..] if install.local => {
            return Err(Stop::usage(
                "--local installs one folder: install the others with commands of their own",
            ));
        }
        [_, _, ..] if install.prefix.is_some() => {
            return Err(Stop::usage(
                "--prefix is for one package: install the others with commands of their own",
            ));
        }
        packages => {
            let requests = packages.iter().map(|word| Request::read(word)).collect::<Result<Vec<_>, _>>();
            let requests = requests.map_err(stop)?;
            let added = operate(options, &root, |project| {
                with_index(options, false, true, |index| {
                    project.install(&requests, install.prefix.as_deref(), index)
                })
            })?;
            for Added { place, version, prefix } in added {
                let version = version.map_or_else(String::new, |version| format!("@{version}"));
                say(options, &format!("installed {place}{version}: import {prefix}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Calls `operation` with the program, and shows the progress of downloads.
fn operate<T>(
    options: &PkgOptions,
    root: &Path,
    operation: impl FnOnce(&Project<'_>) -> Result<T, Error>,
) -> Result<T, Stop> {
    let cache = Cache::of_user().map_err(stop)?;
    let progress: OnceLock<Progress> = OnceLock::new();
    let name = |wanted: &Wanted| PathBuf::from(format!("{}@{}", wanted.url, wanted.version));
    let watch = |step: Step<'_>| match (step, progress.get()) {
        (Step::Begin(number), _) => {
            progress.get_or_init(|| Progress::new(number, options.quiet));
        }
        (Step::Start(wanted), Some(progress)) => progress.begin(&name(wanted)),
        (Step::End(wanted), Some(progress)) => progress.end(&name(wanted)),
        (_, None) => {}
    };
    let project = Project::open(root, &cache, &watch).map_err(stop)?;
    let project = match &options.sdk_version {
        Some(sdk) => project.with_sdk(sdk.clone()),
        None => project,
    };
    operation(&project).map_err(stop)
}

/// Calls `operation` with the packages of the registries.
///
/// With `can_do_without`, the program seems to need no registry: it is tried without one first. `needs_newest` says
/// whether new versions are downloaded before.
fn with_index<T>(
    options: &PkgOptions,
    can_do_without: bool,
    needs_newest: bool,
    operation: impl Fn(&Index) -> Result<T, Error>,
) -> Result<T, Error> {
    if can_do_without {
        match operation(&Index::default()) {
            Err(Error::Conflict(_)) => {}
            result => return result,
        }
    }
    let cache = Cache::of_user()?;
    let registries = Registries::of_user()?;
    let newest = || operation(&synced(options, &cache, registries.list()));
    if can_do_without || needs_newest {
        return newest();
    }
    match operation(&Index::load(&cache, registries.list())) {
        Err(Error::Conflict(_)) => newest(),
        result => result,
    }
}

/// Returns the packages of registries, after downloading their newest state. If that fails, uses the state before, with
/// a warning.
fn synced(options: &PkgOptions, cache: &Cache, registries: &[Registry]) -> Index {
    let failed = if options.no_auto_sync { Vec::new() } else { registry::sync(cache, registries) };
    for (name, error) in &failed {
        warn(&format!("registry {name}: {error}"));
    }
    let index = Index::load(cache, registries);
    // Why the others are missing has been said.
    warn_of(&index, |name| failed.iter().all(|(other, _)| other != name));
    index
}

/// Warns of all that an index lacks, and of those registries among them that have never been downloaded and that are given.
fn warn_of(index: &Index, is_meant: impl Fn(&String) -> bool) {
    for name in index.missing.iter().filter(|name| is_meant(name)) {
        warn(&Error::NotSynced(name.clone()).to_string());
    }
    index.warnings.iter().for_each(|warning| warn(warning));
}

fn sync(options: &PkgOptions, sync: &PkgSync) -> Result<(), Stop> {
    let registries = Registries::of_user().map_err(stop)?;
    let chosen: Vec<Registry> = match sync.names.as_slice() {
        [] => registries.list().to_vec(),
        names => {
            let named = names.iter().map(|name| registries.named(name).cloned());
            named.collect::<Result<_, _>>().map_err(stop)?
        }
    };
    let cache = Cache::of_user().map_err(stop)?;
    if sync.clear_cache {
        chosen.iter().try_for_each(|registry| registry::forget(&cache, registry)).map_err(stop)?;
    }
    let failed = registry::sync(&cache, &chosen);
    for (name, error) in &failed {
        print_error(&format!("lucarne: registry {name}: {error}\n"));
    }
    if !failed.is_empty() {
        return Err(Stop::failure(format!(
            "{} of {} registries were not downloaded",
            failed.len(),
            chosen.len()
        )));
    }
    let index = Index::load(&cache, &chosen);
    warn_of(&index, |_| true);
    say(options, &format!("the registries have {}", count(index.packages.len())));
    Ok(())
}

fn add(options: &PkgOptions, name: &str, place: &str, is_local: bool) -> Result<(), Stop> {
    let cache = Cache::of_user().map_err(stop)?;
    let mut registries = Registries::of_user().map_err(stop)?;
    let place = if is_local {
        let path = std::path::absolute(place)
            .map_err(|error| Stop::usage(format!("{place} is not the path of a folder: {error}")))?;
        RegistryPlace::Local(path)
    } else {
        RegistryPlace::Git(place.to_owned())
    };
    let registry = Registry { name: name.to_owned(), place: place.clone() };
    let is_new = registries.named(name).is_err();
    if is_new && !options.no_auto_sync {
        // A registry that cannot be downloaded is probably a mistyped address.
        if let Some((_, error)) = registry::sync(&cache, std::slice::from_ref(&registry)).pop() {
            return Err(stop(error));
        }
    }
    registries.add(name, place).map_err(stop)?;
    warn_of(&Index::load(&cache, &[registry]), |_| true);
    say(options, &format!("added the registry {name}"));
    Ok(())
}

fn describe(options: &PkgDescribe) -> Result<ExitCode, Stop> {
    let local = match (options.allow_local_deps, options.no_allow_local_deps, &options.version) {
        (true, ..) => LocalDependencies::Allowed,
        (_, false, None) => LocalDependencies::Warned,
        _ => LocalDependencies::Refused,
    };
    let Some(tag) = &options.version else {
        let folder = Path::new(&options.package);
        if !folder.is_dir() {
            let hint = "a package that is published needs its version, such as v1.2.3";
            return Err(Stop::usage(format!("{} is not a folder; {hint}", options.package)));
        }
        let Described { description, warnings } = describe::describe_folder(folder, local).map_err(stop)?;
        warnings.iter().for_each(|warning| warn(warning));
        print_out(visible_lines(&description.write("")).as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    };
    let tag = &match tag.starts_with(|first: char| first.is_ascii_digit()) {
        true => format!("v{tag}"),
        false => tag.clone(),
    };
    let cache = Cache::of_user().map_err(stop)?;
    let Described { description, .. } =
        describe::describe_version(&cache, &options.package, tag, local).map_err(stop)?;
    match &options.out_dir {
        Some(folder) => describe::write(&description, tag, folder).map_err(stop)?,
        None => print_out(visible_lines(&description.write(tag)).as_bytes())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Returns what `lucarne pkg update` has changed.
fn updated(Updated { versions, constraints }: &Updated) -> String {
    let mut lines: Vec<String> =
        versions.iter().map(|wanted| format!("updated {} to {}", wanted.url, wanted.version)).collect();
    // The constraint of a new version follows it.
    let is_kept = |raised: &&Raised| !versions.iter().any(|wanted| wanted.url == raised.url);
    lines.extend(constraints.iter().filter(is_kept).map(|Raised { prefix, from, to, .. }| {
        format!("raised the constraint of {prefix} in package.yaml from {from} to {to}, the version in use")
    }));
    if lines.is_empty() {
        "all packages have their newest suitable versions".to_owned()
    } else {
        lines.join("\n")
    }
}

fn count(number: usize) -> String {
    if number == 1 { "1 package".to_owned() } else { format!("{number} packages") }
}

fn say(options: &PkgOptions, text: &str) {
    if !options.quiet {
        print_error(&format!("{text}\n"));
    }
}

fn warn(text: &str) {
    print_error(&format!("lucarne: warning: {}\n", visible_lines(text)));
}

/// Returns the folder of the program: the given folder; or else the current folder or its nearest parent
/// that has a `package.yaml` or a lock file; or else the current folder.
fn root(options: &PkgOptions) -> Result<PathBuf, Stop> {
    if let Some(folder) = &options.project_root {
        let shown = folder.display();
        return if folder.is_dir() {
            Ok(folder.to_owned())
        } else {
            Err(Stop::usage(format!("{shown} is not a folder")))
        };
    }
    let current = current_folder()?;
    Ok(program_folder(&current).unwrap_or(current))
}

fn current_folder() -> Result<PathBuf, Stop> {
    std::env::current_dir().map_err(|error| Stop::failure(format!("cannot find the current folder: {error}")))
}

fn stop(error: Error) -> Stop {
    // Names in errors can come from registries and packages.
    let message = visible_lines(&error.to_string());
    if error.is_usage() { Stop::usage(message) } else { Stop::failure(message) }
}
