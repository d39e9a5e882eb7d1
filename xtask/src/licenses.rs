//! Collects the third-party crates in the binary and the libraries, with their licenses: most licenses require that
//! their text is passed on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::Error;
use crate::build::{FEATURES, cargo, failed, output, sources};
use crate::generated::files;

/// The built packages, whose dependencies are collected.
const ROOTS: [&str; 2] = ["lucarne-cli", "liblucarne"];

/// The prefixes of the names of license files.
const NAMES: [&str; 4] = ["LICENSE", "LICENCE", "COPYING", "NOTICE"];

/// The license of the built-in font.
const FONT_LICENSE: &str = "crates/natives/data/sans10.LICENSE";

/// Returns the third-party crates and the built-in font with their licenses. Each text appears once, after the names of
/// its crates.
pub(crate) fn third_party() -> Result<String, Error> {
    let mut command = cargo();
    command.args(["metadata", "--format-version=1", "--locked"]).args(FEATURES);
    command.arg("--filter-platform").arg(host()?);
    let metadata = output(&mut command)?;
    let metadata: Value =
        serde_json::from_str(&metadata).map_err(|reason| failed(&command, reason.to_string()))?;
    let mut all = String::from("Lucarne is built with these crates of others.\n\n");
    let mut texts = BTreeMap::<String, BTreeSet<&str>>::new();
    for package in others(&metadata) {
        let text = |key: &str| package[key].as_str().unwrap_or("unknown");
        let _ = writeln!(all, "{} {}: {}", text("name"), text("version"), text("license"));
        for terms in terms(Path::new(text("manifest_path")))? {
            texts.entry(terms).or_default().insert(text("name"));
        }
    }
    let font = sources().join(FONT_LICENSE);
    let terms = std::fs::read_to_string(&font).map_err(|reason| Error::File { path: font, reason })?;
    texts
        .entry(terms)
        .or_default()
        .insert("the font sans10 (Adobe Helvetica, from font-adobe-100dpi of X.Org)");
    for (text, names) in texts {
        let names: Vec<&str> = names.into_iter().collect();
        let _ = write!(all, "\n{}\n\n{}\n\n{text}\n", "-".repeat(80), names.join(", "));
    }
    Ok(all)
}

/// Returns the target platform.
fn host() -> Result<String, Error> {
    let mut command = Command::new("rustc");
    let version = output(command.arg("-vV"))?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| failed(&command, "-vV printed no host line".to_owned()))
}

/// Returns the third-party packages that the built packages need at run time, in the order of their names.
fn others(metadata: &Value) -> Vec<&Value> {
    let packages: BTreeMap<&str, &Value> =
        list(metadata, "packages").filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let needs: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let is_root = |package: &Value| package["name"].as_str().is_some_and(|name| ROOTS.contains(&name));
    let mut open: Vec<&str> =
        packages.iter().filter(|(_, package)| is_root(package)).map(|(id, _)| *id).collect();
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let needed = needs.get(id).into_iter().flat_map(|node| list(node, "deps"));
            open.extend(
                needed.filter(|needed| is_normal(needed)).filter_map(|needed| needed["pkg"].as_str()),
            );
        }
    }
    // The packages of this workspace have no source.
    let is_other = |package: &&Value| !package["source"].is_null();
    let mut others: Vec<&Value> =
        found.into_iter().filter_map(|id| packages.get(id).copied()).filter(is_other).collect();
    others.sort_by_key(|package| (package["name"].as_str(), package["version"].as_str()));
    others
}

/// Returns the elements of a list in an object.
fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    object[name].as_array().into_iter().flatten()
}

/// Returns whether a dependency is needed at run time, and not only to build or to test.
fn is_normal(needed: &Value) -> bool {
    list(needed, "dep_kinds").any(|kind| kind["kind"].is_null())
}

/// Returns the license texts in the folder of a package.
fn terms(manifest: &Path) -> Result<Vec<String>, Error> {
    let folder = manifest.parent().unwrap_or(sources());
    let is_terms = |file: &Path| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        NAMES.iter().any(|known| name.starts_with(known)) && file.is_file()
    };
    let read = |path| match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim_matches('\n').to_owned()),
        Err(reason) => Err(Error::File { path, reason }),
    };
    files(folder)?.into_iter().filter(|file| is_terms(file)).map(read).collect()
}
