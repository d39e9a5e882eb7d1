//! The settings of a container, which come with its installation.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Digest;

/// The settings of a container. A field that is missing when they are read has its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The arguments of its `main`.
    pub arguments: Vec<String>,
    /// The memory that its heaps may take together, in bytes, or none for the default.
    pub memory_bytes: Option<u64>,
    /// When it starts again after its end.
    pub restart: Restart,
    /// Whether it runs in the background: with less processor time than other containers.
    pub background: bool,
    /// The time from one start to the next, in microseconds, or none if it is not run at intervals.
    pub interval_us: Option<i64>,
    /// The definitions of `-D`. The container finds them among its assets, as `jag.defines`.
    pub defines: BTreeMap<String, serde_json::Value>,
    /// The files that come with it: names, and digests of the contents.
    pub assets: BTreeMap<String, Digest>,
    /// The services that it may open and provide.
    pub permissions: Permissions,
    /// The only files that an executable reaches besides those of the operating system, or none if all are allowed.
    pub files: Option<Vec<FileAccess>>,
}

/// A file or folder that an executable reaches, written `PATH`, or `PATH:rw` if it may be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileAccess {
    /// The path. A folder includes everything in it.
    pub path: PathBuf,
    /// Whether it may be changed.
    pub writable: bool,
}

/// The path does not begin at the root.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' is not an absolute path: write PATH, or PATH:rw for what may be changed")]
pub struct BadPath(String);

impl FromStr for FileAccess {
    type Err = BadPath;

    fn from_str(text: &str) -> Result<FileAccess, BadPath> {
        let (path, writable) = match text.strip_suffix(":rw") {
            Some(path) => (path, true),
            None => (text, false),
        };
        let path = PathBuf::from(path);
        if path.is_absolute() { Ok(FileAccess { path, writable }) } else { Err(BadPath(text.to_owned())) }
    }
}

impl fmt::Display for FileAccess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}{}", self.path.display(), if self.writable { ":rw" } else { "" })
    }
}

/// When a container starts again after its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// Never.
    #[default]
    Never,
    /// After an end with a code other than 0.
    OnFailure,
    /// After each end.
    Always,
}

/// The services that a container may open and provide. Each entry is a UUID, a name, a tag or the id of a C component.
/// Deny entries take precedence. If there is an allow entry, everything that no such entry matches is denied. To
/// provide an interface of the system, a container needs an entry for that interface. Unlike other allow entries, such
/// an entry does not deny anything else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Permissions {
    /// The services that it may open.
    pub allow_open: Vec<String>,
    /// The services that it must not open.
    pub deny_open: Vec<String>,
    /// The services that it may provide.
    pub allow_provide: Vec<String>,
    /// The services that it must not provide.
    pub deny_provide: Vec<String>,
    /// The services that no other container may provide while this one is installed: UUIDs, aliases of interfaces of the
    /// system, ids of components.
    pub provides: Vec<String>,
    /// The hosts that it may connect to, if they are limited: see [`Remote`](lucarne_providers::network::Remote).
    pub allow_connect: Vec<String>,
    /// The hosts that it must not connect to.
    pub deny_connect: Vec<String>,
    /// The ports that it may listen at, if they are limited.
    pub allow_listen: Vec<u16>,
    /// Whether it has no network.
    pub no_network: bool,
    /// The services of it that other machines may use, as `SERVICE` or `MACHINE:SERVICE`: see `docs/fabric.md`.
    pub exports: Vec<String>,
}

/// A `-D KEY[=VALUE]`. The value is read as JSON, or else as a string. It is `true` by default.
#[derive(Debug, Clone, PartialEq)]
pub struct Define {
    /// The key.
    pub key: String,
    /// The value.
    pub value: serde_json::Value,
}

/// The definition has no key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("'{0}' defines nothing: write KEY or KEY=VALUE")]
pub struct BadDefine(String);

impl FromStr for Define {
    type Err = BadDefine;

    fn from_str(text: &str) -> Result<Define, BadDefine> {
        let (key, value) = match text.split_once('=') {
            None => (text, true.into()),
            Some((key, value)) => (key, serde_json::from_str(value).unwrap_or_else(|_| value.into())),
        };
        match key.trim() {
            "" => Err(BadDefine(text.to_owned())),
            key => Ok(Define { key: key.to_owned(), value }),
        }
    }
}

/// The name of a container: at most 64 letters, digits, `-`, `_` and `.`, beginning with a letter or digit. So it can
/// be a file name, and is not mistaken for an option.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContainerName(String);

/// The longest name, in bytes: it fits into a file name together with a suffix.
const NAME_BYTES_MAX: usize = 64;

/// The reason why a text cannot be the name of a container.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BadName {
    /// It is empty.
    #[error("the name of a container cannot be empty")]
    Empty,
    /// It is too long.
    #[error("the name of a container has at most {NAME_BYTES_MAX} characters: '{0}' is too long")]
    Long(String),
    /// It has a character that is not allowed.
    #[error("'{0}' cannot be the name of a container: {1:?} is not a letter, digit, '-', '_' or '.'")]
    Character(String, char),
    /// It begins with a character that is not allowed there.
    #[error("'{0}' cannot be the name of a container: it must begin with a letter or digit")]
    Start(String),
}

impl ContainerName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ContainerName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<ContainerName, BadName> {
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
        let Some(first) = text.chars().next() else { return Err(BadName::Empty) };
        if let Some(other) = text.chars().find(|letter| !is_allowed(*letter)) {
            return Err(BadName::Character(text.to_owned(), other));
        }
        if !first.is_ascii_alphanumeric() {
            return Err(BadName::Start(text.to_owned()));
        }
        if text.len() > NAME_BYTES_MAX {
            return Err(BadName::Long(text.to_owned()));
        }
        Ok(ContainerName(text.to_owned()))
    }
}

impl TryFrom<String> for ContainerName {
    type Error = BadName;

    fn try_from(text: String) -> Result<ContainerName, BadName> {
        text.parse()
    }
}

impl From<ContainerName> for String {
    fn from(name: ContainerName) -> String {
        name.0
    }
}

impl fmt::Display for ContainerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for ContainerName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn define(text: &str) -> (String, serde_json::Value) {
        let Define { key, value } = text.parse().expect("the text is a definition");
        (key, value)
    }

    #[test]
    fn values_are_json_if_they_can_be() {
        assert_eq!(define("fast"), ("fast".into(), json!(true)));
        assert_eq!(define("n=42"), ("n".into(), json!(42)));
        assert_eq!(define("host=example.org"), ("host".into(), json!("example.org")));
        assert_eq!(define("all={\"a\":[1,null]}"), ("all".into(), json!({"a": [1, null]})));
        assert_eq!(define("text=\"42\""), ("text".into(), json!("42")));
        assert_eq!(define("rest=a=b"), ("rest".into(), json!("a=b")));
        assert_eq!(define(" key =1"), ("key".into(), json!(1)));
        assert_eq!(define("none="), ("none".into(), json!("")));
        assert!("=1".parse::<Define>().is_err());
        assert!("".parse::<Define>().is_err());
    }

    #[test]
    fn names_are_safe_as_file_names() {
        for good in ["a", "provider", "user-2", "my_app.v1", "9lives"] {
            assert_eq!(good.parse::<ContainerName>().map(String::from).as_deref(), Ok(good));
        }
        assert_eq!("".parse::<ContainerName>(), Err(BadName::Empty));
        for bad in ["a/b", "a b", "ä", "a\0", "..", ".hidden", "-o", "a\n"] {
            assert!(bad.parse::<ContainerName>().is_err(), "{bad:?}");
        }
        assert!("a".repeat(64).parse::<ContainerName>().is_ok());
        assert!(matches!("a".repeat(65).parse::<ContainerName>(), Err(BadName::Long(_))));
    }

    #[test]
    fn files_are_absolute() {
        let access: FileAccess = "/var/lib/app:rw".parse().expect("is valid");
        assert_eq!(access, FileAccess { path: "/var/lib/app".into(), writable: true });
        assert_eq!(access.to_string(), "/var/lib/app:rw");
        assert!(!"/etc".parse::<FileAccess>().expect("is valid").writable);
        assert!("etc".parse::<FileAccess>().is_err());
        assert!("".parse::<FileAccess>().is_err());
    }

    #[test]
    fn settings_are_read_with_defaults() {
        let settings: Settings = serde_json::from_value(json!({"restart": "on-failure"})).expect("is valid");
        assert_eq!(settings, Settings { restart: Restart::OnFailure, ..Settings::default() });
        assert!(serde_json::from_value::<ContainerName>(json!("../x")).is_err());
    }
}
