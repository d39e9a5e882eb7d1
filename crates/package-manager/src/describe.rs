//! Makes the description of a package, as registries list it: from its `package.yaml` and its license.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use lucarne_package::spec::{Dependency, Spec};
use lucarne_package::{SOURCE_FOLDER, SPEC_FILE};
use sha2::{Digest, Sha256};

use crate::cache::Cache;
use crate::description::{self, Description, Need, oldest_sdk};
use crate::download::fetch_tag;
use crate::error::Error;
use crate::files::read_spec;
use crate::git::write_whole;
use crate::names::{package_url, package_version};

/// The file with the license.
const LICENSE_FILE: &str = "LICENSE";

/// The maximum size of the file with the license, in bytes.
const LICENSE_MAX: u64 = 256 << 10;

/// Licenses by the digest of their words ([`words_of`]): a text with one word changed is another license.
const LICENSES: &[(&str, &str)] = &[
    ("0BSD", "25a274d52b3014d9bd64e0f3362fd279"),
    ("Apache-2.0", "3aa88fd36fd7dc55bdb5022559e9c790"),
    ("BSD-2-Clause", "a56fee4b2f66331ed54da4950ef9c939"),
    ("BSD-3-Clause", "9b83d3dee0616d07b82a272dd9bf5134"),
    ("BSL-1.0", "5fcf89bde8c0c2deb999f4cc626e1aeb"),
    ("ISC", "217da0747cec63a2e734185db11cbaa8"),
    ("MIT", "0cf21bdfd1964a97a8615e1285348458"),
    ("MPL-2.0", "c0f855aacb6ac1c86bcdd1334db61014"),
    ("Zlib", "1b8c5cd52eceb19ab0bc3cb40be110b1"),
];

/// Whether a package may need packages in folders, which other users do not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalDependencies {
    /// It may.
    Allowed,
    /// It may, with a warning.
    Warned,
    /// It must not.
    Refused,
}

/// A package as its own files describe it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// The description. The version, the URL and the hash of a package in a folder are not known.
    pub description: Description,
    /// What its author should know, each in one line.
    pub warnings: Vec<String>,
}

/// Describes the package in a folder.
///
/// # Errors
/// If something that a description needs is missing.
pub fn describe_folder(folder: &Path, local: LocalDependencies) -> Result<Described, Error> {
    describe(folder, &folder.display().to_string(), local)
}

/// Downloads a version of a package and describes it. `tag` is the version with a `v` before it.
///
/// # Errors
/// If the package cannot be downloaded, or something that a description needs is missing.
pub fn describe_version(
    cache: &Cache,
    url: &str,
    tag: &str,
    local: LocalDependencies,
) -> Result<Described, Error> {
    let bad = |what, name: &str, why| Error::BadName { what, name: name.to_owned(), why };
    let url = package_url(url).ok_or_else(|| bad("the url", url, "it has the form HOST/PATH"))?;
    let is_full =
        |version: &str| version.split(['-', '+']).next().is_some_and(|core| core.matches('.').count() == 2);
    let version = tag.strip_prefix('v').filter(|version| is_full(version)).and_then(package_version);
    let version = version.ok_or_else(|| bad("the version", tag, "it is a tag of the form v1.2.3"))?;
    let (hash, files) = fetch_tag(cache, &url, tag)?;
    let mut described = describe(files.path(), &format!("{url} {tag}"), local)?;
    described.description = Description { url, version, hash, ..described.description };
    Ok(described)
}

/// Writes a description to its place in a registry: `packages/URL/VERSION/desc.yaml` in `folder`.
///
/// # Errors
/// If the file cannot be written.
pub fn write(description: &Description, tag: &str, folder: &Path) -> Result<(), Error> {
    let version = tag.trim_start_matches('v');
    let place = folder.join("packages").join(&description.url).join(version);
    fs::create_dir_all(&place).map_err(Error::file(&place))?;
    write_whole(&place.join(description::FILE), description.write(tag).as_bytes())
}

fn describe(folder: &Path, package: &str, local: LocalDependencies) -> Result<Described, Error> {
    let missing = |why: &str| Error::Undescribed { package: package.to_owned(), why: why.to_owned() };
    if !folder.join(SOURCE_FOLDER).is_dir() {
        return Err(missing("it has no folder `src`"));
    }
    if !folder.join(SPEC_FILE).is_file() {
        return Err(missing("it has no package.yaml"));
    }
    let spec = read_spec(folder)?;
    let name = spec.name.clone().ok_or_else(|| missing("its package.yaml has no name"))?;
    if !lucarne_package::lock::is_prefix(&name) {
        return Err(missing(&format!("`{name}` cannot be imported: a name has letters, digits and dashes")));
    }
    let description =
        spec.description.clone().ok_or_else(|| missing("its package.yaml has no description"))?;
    let license = match &spec.license {
        Some(license) => license.clone(),
        None => license(folder).map_err(|why| missing(&why))?,
    };
    let mut warnings = Vec::new();
    if spec.dependencies.values().any(|dependency| matches!(dependency, Dependency::Path(_))) {
        let why = "it needs packages in folders, which others do not have";
        match local {
            LocalDependencies::Allowed => {}
            LocalDependencies::Warned => warnings.push(format!("{package}: {why}")),
            LocalDependencies::Refused => {
                return Err(missing(&format!("{why}; --allow-local-deps describes it all the same")));
            }
        }
    }
    let sdk = match spec.sdk.as_deref() {
        None => None,
        Some(text) => Some(
            oldest_sdk(text).ok_or_else(|| missing(&format!("its SDK constraint is invalid: '{text}'")))?,
        ),
    };
    let dependencies = needs(&spec).map_err(|why| missing(&why))?;
    let (url, version, hash) =
        (String::new(), lucarne_package::version::Version::new(0, 0, 0), String::new());
    Ok(Described {
        description: Description { name, description, license, url, version, hash, sdk, dependencies },
        warnings,
    })
}

fn needs(spec: &Spec) -> Result<Vec<Need>, String> {
    let registry = spec.dependencies.values().filter_map(|dependency| match dependency {
        Dependency::Registry { url, version } => Some(Need::read(url, version)),
        Dependency::Path(_) => None,
    });
    registry.collect()
}

/// Returns the license of a package, from the text of its file.
fn license(folder: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    match File::open(folder.join(LICENSE_FILE))
        .and_then(|file| file.take(LICENSE_MAX).read_to_end(&mut bytes))
    {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err("it has neither a license in package.yaml nor a file LICENSE".to_owned());
        }
        Err(error) => return Err(format!("its file LICENSE cannot be read: {error}")),
        Ok(_) => {}
    }
    let words = words_of(&String::from_utf8_lossy(&bytes));
    if words.is_empty() {
        return Err("its file LICENSE is empty".to_owned());
    }
    let digest = data_encoding::HEXLOWER.encode(&Sha256::digest(words.as_bytes())[..16]);
    let known = LICENSES.iter().find(|(_, known)| *known == digest);
    known.map(|(license, _)| (*license).to_owned()).ok_or_else(|| {
        "the license in its file LICENSE is not known: name it in package.yaml, such as `license: MIT`"
            .to_owned()
    })
}

/// Returns the words of a license, without its title, the lines that name its owner, and what follows the terms.
fn words_of(text: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim().to_lowercase();
        let parts: Vec<&str> = line
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        // Only before the terms: there, lines can begin with the same words.
        let is_head = words.is_empty()
            && (parts.first() == Some(&"copyright")
                || line.starts_with("(c)")
                || parts.starts_with(&["all", "rights", "reserved"])
                || (parts.len() <= 7 && parts.contains(&"license")));
        if parts.starts_with(&["end", "of", "terms", "and", "conditions"]) {
            break;
        }
        if !is_head {
            words.extend(parts.iter().map(|word| if *word == "https" { "http" } else { word }.to_owned()));
        }
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Result<String, String> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        fs::write(folder.path().join(LICENSE_FILE), text).expect("a file can be written");
        license(folder.path())
    }

    #[test]
    fn licenses_are_known_by_their_words() {
        let mit = include_str!("../../../LICENSE-MIT");
        assert_eq!(known(mit).as_deref(), Ok("MIT"));
        assert_eq!(known(include_str!("../../../LICENSE-APACHE")).as_deref(), Ok("Apache-2.0"));
        let other_form =
            format!("The MIT License\r\n\r\nCopyright (c) 1999 x\r\n{}", mit.replace('\n', "\r\n"));
        assert_eq!(known(&other_form).as_deref(), Ok("MIT"));
        assert!(known(&mit.replace("without restriction", "with one restriction")).is_err());
        assert_eq!(known("\n"), Err("its file LICENSE is empty".to_owned()));
    }

    #[test]
    fn missing_facts_are_explained() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let describe = || match describe_folder(folder.path(), LocalDependencies::Refused) {
            Ok(described) => described.description.name,
            Err(error) => error.to_string().replace(&folder.path().display().to_string(), "P"),
        };
        let spec =
            |text: &str| fs::write(folder.path().join(SPEC_FILE), text).expect("a file can be written");
        assert_eq!(describe(), "cannot describe P: it has no folder `src`");
        fs::create_dir(folder.path().join(SOURCE_FOLDER)).expect("a folder can be made");
        assert_eq!(describe(), "cannot describe P: it has no package.yaml");
        spec("description: x\n");
        assert_eq!(describe(), "cannot describe P: its package.yaml has no name");
        spec("name: a & b\n");
        assert!(describe().contains("`a & b` cannot be imported"));
        spec("name: a\n");
        assert_eq!(describe(), "cannot describe P: its package.yaml has no description");
        spec("name: a\ndescription: x\n");
        assert!(describe().contains("nor a file LICENSE"));
        spec("name: a\ndescription: x\nlicense: MIT\ndependencies:\n  b:\n    path: ../b\n");
        assert!(describe().contains("--allow-local-deps"));
        spec("name: a\ndescription: x\nlicense: MIT\n");
        assert_eq!(describe(), "a");
    }
}
