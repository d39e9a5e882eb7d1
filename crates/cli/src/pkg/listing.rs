//! What `lucarne pkg` lists: packages of programs and registries, and the registries.

use std::path::Path;
use std::process::ExitCode;

use lucarne_package::lock::{Lock, Package, Place};
use lucarne_package_manager::cache::Cache;
use lucarne_package_manager::description::Description;
use lucarne_package_manager::read_lock;
use lucarne_package_manager::registry::{Index, Registries, Registry, RegistryPlace};
use serde_json::json;

use super::{root, stop, synced};
use crate::arguments::pkg::{PkgList, PkgOptions};
use crate::output::{print_error, print_out, visible};
use crate::{Stop, table};

/// Lists the packages of the program, or of a registry.
pub(super) fn list(options: &PkgOptions, list: &PkgList) -> Result<ExitCode, Stop> {
    if let Some(name) = &list.registry {
        return list_registry(options, name, list);
    }
    let root = root(options)?;
    let lock = read_lock(&root).map_err(stop)?;
    let rows: Vec<Row<'_>> =
        lock.packages.iter().map(|(id, package)| Row::new(&root, &lock, id, package)).collect();
    let text = if list.json { as_json(&rows) } else { as_table(&rows) };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn list_registry(options: &PkgOptions, name: &str, list: &PkgList) -> Result<ExitCode, Stop> {
    let registries = Registries::of_user().map_err(stop)?;
    let registry = match registries.named(name) {
        Ok(registry) => registry.clone(),
        Err(_) if Path::new(name).is_dir() => {
            Registry { name: name.to_owned(), place: RegistryPlace::Local(name.into()) }
        }
        Err(error) => return Err(stop(error)),
    };
    let cache = Cache::of_user().map_err(stop)?;
    let index = synced(options, &cache, &[registry]);
    let all: Vec<&Description> = index.packages.values().flat_map(|versions| versions.values()).collect();
    print_descriptions(all, options.verbose, list.json)
}

/// Lists the packages that contain a text.
pub(super) fn search(options: &PkgOptions, text: &str, json: bool) -> Result<ExitCode, Stop> {
    let cache = Cache::of_user().map_err(stop)?;
    let registries = Registries::of_user().map_err(stop)?;
    let index: Index = synced(options, &cache, registries.list());
    let found = index.search(text);
    if found.is_empty() && !json {
        print_error(&format!(
            "lucarne: no package has '{}' in its name, description or URL\n",
            visible(text)
        ));
        return Ok(ExitCode::SUCCESS);
    }
    print_descriptions(found, options.verbose, json)
}

fn print_descriptions(mut found: Vec<&Description>, verbose: bool, json: bool) -> Result<ExitCode, Stop> {
    found.sort_by_key(|description| (&description.name, &description.url, &description.version));
    let text = match (json, verbose) {
        (true, _) => {
            let list: Vec<_> = found.iter().map(|description| description_as_json(description)).collect();
            format!("{:#}\n", json!(list))
        }
        (false, true) => {
            found.iter().map(|description| long_form(description)).collect::<Vec<_>>().join("\n")
        }
        (false, false) => {
            let rows = found.iter().map(|description| {
                let first = description.description.lines().next().unwrap_or_default().to_owned();
                vec![
                    description.name.clone(),
                    description.version.to_string(),
                    description.url.clone(),
                    first,
                ]
            });
            table::table(&["NAME", "VERSION", "URL", "DESCRIPTION"], rows.collect(), table::terminal_width())
        }
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn long_form(description: &Description) -> String {
    let mut text = format!("{} {}\n", visible(&description.name), description.version);
    let sdk = description.sdk.as_ref().map_or_else(String::new, |sdk| format!("{sdk} or newer"));
    let needs = description.dependencies.iter().map(|need| format!("{} {}", need.url, need.versions.text));
    let needs = needs.collect::<Vec<_>>().join(", ");
    for (key, value) in [
        ("description", &description.description),
        ("url", &description.url),
        ("license", &description.license),
        ("hash", &description.hash),
        ("sdk", &sdk),
        ("needs", &needs),
    ] {
        for (number, line) in value.lines().enumerate() {
            let key = if number == 0 { format!("{key}:") } else { String::new() };
            text.push_str(&format!("  {key:<13}{}\n", visible(line)));
        }
    }
    text
}

fn description_as_json(description: &Description) -> serde_json::Value {
    let needs = description.dependencies.iter();
    let needs: Vec<_> = needs.map(|need| json!({"url": need.url, "version": need.versions.text})).collect();
    json!({
        "name": description.name,
        "version": description.version.to_string(),
        "url": description.url,
        "description": description.description,
        "license": description.license,
        "hash": description.hash,
        "sdk": description.sdk.as_ref().map(ToString::to_string),
        "dependencies": needs,
    })
}

/// Lists the registries.
pub(super) fn registries(json: bool) -> Result<ExitCode, Stop> {
    let registries = Registries::of_user().map_err(stop)?;
    let text = if json {
        let all = registries.list().iter();
        let list: Vec<_> = all
            .map(|registry| json!({"name": registry.name, "type": registry.place.kind(), "place": registry.place.shown()}))
            .collect();
        format!("{:#}\n", json!(list))
    } else {
        let all = registries.list().iter();
        let rows = all.map(|registry| {
            vec![registry.name.clone(), registry.place.kind().to_owned(), registry.place.shown()]
        });
        table::table(&["NAME", "TYPE", "PLACE"], rows.collect(), table::terminal_width())
    };
    print_out(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// A package, as `pkg list` shows it.
struct Row<'l> {
    /// The prefix that the program imports it with; empty if only other packages import it.
    prefix: &'l str,
    id: &'l str,
    version: &'l str,
    place: &'l str,
    is_there: bool,
}

impl<'l> Row<'l> {
    fn new(root: &Path, lock: &'l Lock, id: &'l str, package: &'l Package) -> Row<'l> {
        let prefix = lock.prefixes.iter().find(|(_, of)| *of == id).map_or("", |(prefix, _)| prefix);
        let (version, place) = match &package.place {
            Place::Path(path) => ("", path.as_str()),
            Place::Registry { url, version, .. } => (version.as_str(), url.as_str()),
        };
        Row { prefix, id, version, place, is_there: root.join(package.source_folder()).is_dir() }
    }
}

fn as_json(rows: &[Row<'_>]) -> String {
    let optional = |text: &str| if text.is_empty() { None } else { Some(text.to_owned()) };
    let list: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.id,
                "prefix": optional(row.prefix),
                "version": optional(row.version),
                "place": row.place,
                "present": row.is_there,
            })
        })
        .collect();
    format!("{:#}\n", json!(list))
}

fn as_table(rows: &[Row<'_>]) -> String {
    let titles = ["PREFIX", "PACKAGE", "VERSION", "PLACE"];
    let dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
    let rows = rows.iter().map(|row| {
        let missing = if row.is_there { "" } else { " (missing)" };
        vec![dash(row.prefix), row.id.to_owned(), dash(row.version), format!("{}{missing}", row.place)]
    });
    table::table(&titles, rows.collect(), table::terminal_width())
}
