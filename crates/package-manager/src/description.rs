//! The description of a version of a package in a registry: a file `desc.yaml`.
//!
//! ```yaml
//! name: morse
//! description: Functions for Morse code.
//! license: MIT
//! url: github.com/toitware/toit-morse
//! version: 1.0.6
//! hash: 31def2a2d5b2cd2fd3a2ea0fce21a7b01b4a4a5b
//! environment:
//!   sdk: ^2.0.0
//! dependencies:
//!   - url: github.com/toitlang/pkg-cli
//!     version: ^1.2.0
//! ```

use std::fmt::Write;

use lucarne_package::version::{Version, at_least, constraint};
use lucarne_package::yaml::{self, Node, Value};

use crate::names::{is_hash, package_url, package_version};
use crate::ranges::Requirement;

/// The name of the file.
pub const FILE: &str = "desc.yaml";

/// The maximum size of the file, in bytes.
pub const SIZE_MAX: u64 = 64 << 10;

/// The maximum number of packages that a package depends on.
const DEPENDENCIES_MAX: usize = 256;

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// The name of the package, by which it is imported.
    pub name: String,
    /// Its purpose, or empty.
    pub description: String,
    /// Its license, or empty.
    pub license: String,
    /// Its globally unique name.
    pub url: String,
    /// The version.
    pub version: Version,
    /// The commit of the version.
    pub hash: String,
    /// The oldest SDK that suits it.
    pub sdk: Option<Version>,
    /// The packages that it needs.
    pub dependencies: Vec<Need>,
}

/// A package that another one needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The URL of the package.
    pub url: String,
    /// The versions that suit.
    pub versions: Requirement,
}

impl Need {
    /// Reads a URL with a constraint. Returns why that is impossible if it is.
    pub(crate) fn read(url: &str, versions: &str) -> Result<Need, String> {
        Ok(Need {
            url: package_url(url).ok_or_else(|| format!("the url of a dependency is invalid: '{url}'"))?,
            versions: Requirement::read(versions)
                .ok_or_else(|| format!("the version of the dependency {url} is invalid: '{versions}'"))?,
        })
    }
}

/// Reads a description.
///
/// # Errors
/// If it is invalid: the reason, in one line.
pub fn read(text: &str) -> Result<Description, String> {
    let root = yaml::parse(text).map_err(|problem| problem.title)?.ok_or("the file is empty")?;
    let optional = |name: &str| root.get(name).and_then(Node::text).map(str::trim).unwrap_or_default();
    let required = |name: &str| match optional(name) {
        "" => Err(format!("it has no {name}")),
        text => Ok(text.to_owned()),
    };
    let (url, name, version, hash) =
        (required("url")?, required("name")?, required("version")?, required("hash")?);
    Ok(Description {
        url: package_url(&url).ok_or_else(|| format!("its url is invalid: '{url}'"))?,
        version: package_version(&version).ok_or_else(|| format!("its version is invalid: '{version}'"))?,
        hash: Some(hash)
            .filter(|hash| is_hash(hash))
            .ok_or("its hash is not that of a commit")?
            .to_lowercase(),
        name,
        description: optional("description").to_owned(),
        license: optional("license").to_owned(),
        sdk: match root.get("environment").and_then(|environment| environment.get("sdk")).and_then(Node::text)
        {
            None | Some("") => None,
            Some(text) => {
                Some(oldest_sdk(text).ok_or_else(|| format!("its SDK constraint is invalid: '{text}'"))?)
            }
        },
        dependencies: root.get("dependencies").map_or(Ok(Vec::new()), dependencies)?,
    })
}

fn dependencies(node: &Node) -> Result<Vec<Need>, String> {
    let list = match &node.value {
        Value::List(list) if list.len() > DEPENDENCIES_MAX => {
            return Err("it has too many dependencies".to_owned());
        }
        Value::List(list) => list,
        Value::Text(text) if text.is_empty() => return Ok(Vec::new()),
        _ => return Err("its dependencies are not a list".to_owned()),
    };
    let text = |node: &Node, name: &str| node.get(name).and_then(Node::text).unwrap_or_default().to_owned();
    list.iter().map(|node| Need::read(&text(node, "url"), &text(node, "version"))).collect()
}

/// Returns the oldest SDK that a constraint allows: `^VERSION` or `>=VERSION`.
pub(crate) fn oldest_sdk(text: &str) -> Option<Version> {
    let text = text.trim();
    at_least(text).or_else(|| {
        let version = text.strip_prefix(">=")?.trim();
        constraint(text).and_then(|_| lucarne_package::version::version(version))
    })
}

impl Description {
    /// Returns the text of the file.
    pub fn write(&self, version: &str) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "{key}: {}", prose(value));
            }
        };
        line("description", &self.description);
        line("name", &self.name);
        line("version", version);
        line("url", &self.url);
        line("hash", &self.hash);
        line("license", &self.license);
        if let Some(sdk) = &self.sdk {
            let _ = writeln!(text, "environment:\n  sdk: ^{sdk}");
        }
        if !self.dependencies.is_empty() {
            text.push_str("dependencies:\n");
        }
        for need in &self.dependencies {
            let (url, versions) = (yaml::scalar(&need.url), yaml::scalar(&need.versions.text));
            let _ = writeln!(text, "  - url: {url}\n    version: {versions}");
        }
        text
    }
}

/// Returns a sentence as a YAML scalar: without quotes if it reads back as the same text.
fn prose(text: &str) -> String {
    let line = format!("key: {text}\n");
    let reads_back = yaml::parse(&line)
        .ok()
        .flatten()
        .and_then(|root| root.get("key").and_then(Node::text).map(str::to_owned));
    match reads_back {
        Some(read) if read == text && text.is_ascii() && !text.contains('\n') => text.to_owned(),
        _ => yaml::scalar(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = "name: morse\nurl: github.com/toitware/toit-morse\nversion: v1.0.6\nhash: 31DEF2\ndescription: \"A: b\"\n\
                        environment:\n  sdk: ^2.0.0-alpha.1\ndependencies:\n  - url: 'localhost:80/x'\n    version: 1.2.3\n";

    #[test]
    fn a_description_is_read_and_written() {
        let read_back = read(GOOD).expect("the description is valid");
        assert_eq!((read_back.version.to_string().as_str(), read_back.hash.as_str()), ("1.0.6", "31def2"));
        assert_eq!(read_back.dependencies[0].versions.text, "1.2.3");
        assert_eq!(read(&read_back.write("1.0.6")), Ok(read_back));
    }

    #[test]
    fn invalid_descriptions_are_explained() {
        let why =
            |from: &str, to: &str| read(&GOOD.replace(from, to)).expect_err("the description is invalid");
        assert_eq!(why("name: morse\n", ""), "it has no name");
        assert_eq!(why("hash: 31DEF2", "hash: --upload-pack=x"), "its hash is not that of a commit");
        assert_eq!(why("github.com/toitware/toit-morse", "../../etc"), "its url is invalid: '../../etc'");
        assert_eq!(why("v1.0.6", "1.0.bad.0.4"), "its version is invalid: '1.0.bad.0.4'");
        assert_eq!(why("v1.0.6", "../1.0.0"), "its version is invalid: '../1.0.0'");
        assert_eq!(why("^2.0.0-alpha.1", "soon"), "its SDK constraint is invalid: 'soon'");
        assert_eq!(why("localhost:80/x", "ext::x"), "the url of a dependency is invalid: 'ext::x'");
        assert_eq!(
            why("version: 1.2.3", "version: new"),
            "the version of the dependency localhost:80/x is invalid: 'new'"
        );
        assert_eq!(read("just text\n"), Err("it has no url".to_owned()));
        assert_eq!(read(""), Err("the file is empty".to_owned()));
    }

    proptest! {
        #[test]
        fn any_sentence_is_written_and_read(sentence in "[ -~\\u{80}-\\u{ff}\\n]{1,40}") {
            let sentence = sentence.trim().to_owned();
            let mut description = read(GOOD).expect("the description is valid");
            description.description = sentence;
            prop_assert_eq!(read(&description.write("1.0.6")), Ok(description));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "(\\PC|\n|: |- ){0,100}") {
            let _ = read(&text);
        }
    }
}
