//! Reads and writes `package.lock`, which lists the packages of a program and their prefixes.
//!
//! ```yaml
//! sdk: ^2.0.0
//! prefixes:
//!   morse: toit-morse
//! packages:
//!   toit-morse:
//!     url: github.com/toitware/toit-morse
//!     version: 1.0.6
//!     prefixes:
//!       cli: pkg-cli
//!   pkg-cli:
//!     path: ../cli
//! ```

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::Range;

use crate::version::{SDK_VERSION, at_least};
use crate::yaml::{self, Node, Value};
use crate::{PACKAGES_FOLDER, Problem, SOURCE_FOLDER};

/// The content of a lock file.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Lock {
    /// The SDK that the program needs, such as `^2.0.0`.
    pub sdk: Option<String>,
    /// The packages that the program itself may import: from prefix to id.
    pub prefixes: BTreeMap<String, String>,
    /// All packages by id.
    pub packages: BTreeMap<String, Package>,
}

/// A package of a lock file.
#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    /// The location of the package.
    pub place: Place,
    /// The package's own name: `import PREFIX` imports the file of this name.
    pub name: Option<String>,
    /// The packages that it may import: from prefix to id.
    pub prefixes: BTreeMap<String, String>,
    /// The byte range of the package's `path` or `url` in the text of the lock file.
    pub span: Range<usize>,
}

/// The location of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a folder: relative to the lock file, or absolute.
    Path(String),
    /// In the folder `.packages`, where packages from a registry are.
    Registry {
        /// The package's globally unique name.
        url: String,
        /// The version.
        version: String,
        /// The commit that the version had when it was installed.
        hash: Option<String>,
    },
}

impl Package {
    /// Returns the package's folder: relative to the lock file, or absolute.
    pub fn folder(&self) -> String {
        match &self.place {
            Place::Path(path) => path.trim_end_matches('/').to_owned(),
            Place::Registry { url, version, .. } => format!("{PACKAGES_FOLDER}/{url}/{version}"),
        }
    }

    /// Returns the folder with the code that other packages may import.
    pub fn source_folder(&self) -> String {
        format!("{}/{SOURCE_FOLDER}", self.folder())
    }

    /// Returns whether the package is in a folder of the user (a `path`), and not in `.packages`.
    pub fn is_local(&self) -> bool {
        matches!(self.place, Place::Path(_))
    }
}

/// Returns the form in which prefixes are compared: dashes and underscores are equivalent.
pub fn canonical(prefix: &str) -> String {
    prefix.replace('_', "-")
}

/// Reads a lock file. The valid parts can be used even if there are problems.
pub fn read(text: &str) -> (Lock, Vec<Problem>) {
    let mut reader = Reader::default();
    match yaml::parse(text) {
        Ok(Some(root)) => reader.lock(&root),
        Ok(None) => {}
        Err(problem) => reader.problems.push(problem),
    }
    (reader.lock, reader.problems)
}

#[derive(Default)]
struct Reader {
    lock: Lock,
    problems: Vec<Problem>,
    /// Prefixes, the ids that they name, and the ids' spans. The ids are checked after all packages are read.
    named: Vec<(String, String, Range<usize>)>,
}

impl Reader {
    fn lock(&mut self, root: &Node) {
        let Some(entries) = self.map(root) else { return };
        for (key, value) in entries {
            match key.text().unwrap_or_default() {
                "sdk" => self.sdk(key, value),
                "prefixes" => self.lock.prefixes = self.prefixes(value),
                "packages" => self.packages(value),
                // Unknown keys may come from a newer form of the file.
                _ => {}
            }
        }
        for (prefix, id, span) in std::mem::take(&mut self.named) {
            if !self.lock.packages.contains_key(&id) {
                let title =
                    format!("the prefix `{prefix}` names a package `{id}`, which this file does not list");
                self.problems.push(Problem::error(span, title));
            }
        }
        self.packages_in_one_folder();
    }

    fn sdk(&mut self, key: &Node, value: &Node) {
        let text = value.text().unwrap_or_default();
        let title = match at_least(text) {
            _ if text.is_empty() => {
                return self.problem(&key.span, "the SDK constraint is empty: it has the form ^1.2.3");
            }
            Some(asked) if asked <= SDK_VERSION => {
                self.lock.sdk = Some(text.to_owned());
                return;
            }
            Some(asked) => format!("this program needs SDK {asked} or newer; this is {SDK_VERSION}"),
            None => format!("`{text}` is not an SDK constraint: it has the form ^1.2.3"),
        };
        self.problem(&value.span, &title);
    }

    fn prefixes(&mut self, node: &Node) -> BTreeMap<String, String> {
        let mut prefixes = BTreeMap::new();
        for (key, value) in self.map(node).unwrap_or_default() {
            let (prefix, id) = (key.text().unwrap_or_default(), value.text().unwrap_or_default());
            if !is_prefix(prefix) {
                self.problem(&key.span, &format!("`{prefix}` cannot be a prefix: it is not an identifier"));
            }
            if !is_id(id) {
                self.problem(&value.span, &format!("`{id}` cannot be the id of a package"));
            } else {
                self.named.push((prefix.to_owned(), id.to_owned(), value.span.clone()));
            }
            prefixes.insert(canonical(prefix), id.to_owned());
        }
        prefixes
    }

    fn packages(&mut self, node: &Node) {
        for (key, value) in self.map(node).unwrap_or_default() {
            let id = key.text().unwrap_or_default();
            if !is_id(id) {
                self.problem(&key.span, &format!("`{id}` cannot be the id of a package"));
            }
            if let Some(package) = self.package(id, key, value) {
                self.lock.packages.insert(id.to_owned(), package);
            }
        }
    }

    fn package(&mut self, id: &str, key: &Node, node: &Node) -> Option<Package> {
        self.map(node)?;
        for name in ["path", "url", "version"] {
            if let Some((key, _)) = entry(node, name).filter(|(_, value)| value.text() == Some("")) {
                self.problem(&key.span, &format!("the {name} of package `{id}` is empty"));
                return None;
            }
        }
        let text = |name| node.get(name).and_then(Node::text).map(str::to_owned);
        let (place, at) = match (node.get("path"), node.get("url")) {
            (Some(path), _) => {
                if text("version").is_some() {
                    let title = format!("package `{id}` has a path; its version is ignored");
                    self.problems
                        .push(Problem { is_warning: true, ..Problem::error(key.span.clone(), title) });
                }
                (Place::Path(text("path")?), path)
            }
            (None, Some(url)) => {
                let Some(version) = text("version") else {
                    self.problem(&key.span, &format!("package `{id}` has a url, but no version"));
                    return None;
                };
                (Place::Registry { url: text("url")?, version, hash: text("hash") }, url)
            }
            (None, None) => {
                self.problem(&key.span, &format!("package `{id}` has neither a url nor a path"));
                return None;
            }
        };
        let prefixes = node.get("prefixes").map_or_else(BTreeMap::new, |node| self.prefixes(node));
        Some(Package { place, name: text("name"), prefixes, span: at.span.clone() })
    }

    /// Reports packages that are in the same folder.
    fn packages_in_one_folder(&mut self) {
        let mut folders: Vec<(String, &String, &Package)> =
            self.lock.packages.iter().map(|(id, package)| (package.folder(), id, package)).collect();
        folders.sort_by_key(|(folder, _, package)| (folder.clone(), package.span.start));
        for pair in folders.windows(2) {
            let [(first, one, _), (second, other, package)] = pair else { continue };
            if first == second {
                let title = format!("the packages `{one}` and `{other}` are in the same folder");
                self.problems.push(Problem::error(package.span.clone(), title));
            }
        }
    }

    fn map<'n>(&mut self, node: &'n Node) -> Option<&'n [(Node, Node)]> {
        match &node.value {
            Value::Map(entries) => Some(entries),
            Value::Text(text) if text.is_empty() => Some(&[]),
            _ => {
                self.problem(&node.span, &format!("a map is expected here, not {}", node.kind()));
                None
            }
        }
    }

    fn problem(&mut self, span: &Range<usize>, title: &str) {
        self.problems.push(Problem::error(span.clone(), title));
    }
}

fn entry<'n>(node: &'n Node, name: &str) -> Option<&'n (Node, Node)> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.text() == Some(name))
}

/// Returns whether a text can be the prefix in an import.
pub fn is_prefix(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_./".contains(letter))
}

impl Lock {
    /// Returns the text of the lock file. Equal packages give equal texts, so that a diff of two lock files shows
    /// only real changes.
    pub fn write(&self) -> String {
        let mut text = String::new();
        if let Some(sdk) = &self.sdk {
            let _ = writeln!(text, "sdk: {}", yaml::scalar(sdk));
        }
        write_prefixes(&mut text, "", &self.prefixes);
        if !self.packages.is_empty() {
            text.push_str("packages:\n");
        }
        for (id, package) in &self.packages {
            let _ = writeln!(text, "  {}:", yaml::scalar(id));
            let (hash, path, registry) = match &package.place {
                Place::Path(path) => (None, Some(path), None),
                Place::Registry { url, version, hash } => (hash.as_ref(), None, Some((url, version))),
            };
            // The existing package manager writes the keys in this order.
            let before = [("hash", hash), ("name", package.name.as_ref()), ("path", path)];
            for (key, value) in before.into_iter().filter_map(|(key, value)| Some((key, value?))) {
                write_entry(&mut text, key, value);
            }
            write_prefixes(&mut text, "    ", &package.prefixes);
            if let Some((url, version)) = registry {
                write_entry(&mut text, "url", url);
                write_entry(&mut text, "version", version);
            }
        }
        text
    }
}

fn write_entry(text: &mut String, key: &str, value: &str) {
    let _ = writeln!(text, "    {key}: {}", yaml::scalar(value));
}

fn write_prefixes(text: &mut String, indentation: &str, prefixes: &BTreeMap<String, String>) {
    if prefixes.is_empty() {
        return;
    }
    let _ = writeln!(text, "{indentation}prefixes:");
    for (prefix, id) in prefixes {
        let _ = writeln!(text, "{indentation}  {}: {}", yaml::scalar(prefix), yaml::scalar(id));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let (_, problems) = read(text);
        problems
            .iter()
            .map(|problem| {
                let line = text[..problem.span.start].matches('\n').count() + 1;
                let kind = if problem.is_warning { "warning" } else { "error" };
                format!("{line}: {kind}: {}", problem.title)
            })
            .collect()
    }

    const GOOD: &str = "sdk: ^1.0.0\nprefixes:\n  a: pkg-a\npackages:\n  pkg-a:\n    path: ../a\n    name: aa\n    \
                        prefixes:\n      b: pkg-b\n  pkg-b:\n    url: example.com/b\n    version: 1.10\n    hash: 0af\n";

    #[test]
    fn a_valid_file_reads_and_writes_back() {
        let (lock, problems) = read(GOOD);
        assert_eq!(problems, []);
        let a = &lock.packages["pkg-a"];
        assert_eq!((a.folder().as_str(), a.name.as_deref(), a.is_local()), ("../a", Some("aa"), true));
        assert_eq!(lock.packages["pkg-b"].source_folder(), ".packages/example.com/b/1.10/src");
        assert_eq!(a.prefixes["b"], "pkg-b");
        assert_eq!(read(&lock.write()).1, []);
        assert_eq!(read(&lock.write()).0.write(), lock.write());
    }

    #[test]
    fn an_empty_file_is_a_program_without_packages() {
        assert_eq!(read("# nothing\n"), (Lock::default(), Vec::new()));
        assert_eq!(read("prefixes:\npackages:\n"), (Lock::default(), Vec::new()));
    }

    #[test]
    fn dashes_and_underscores_are_equivalent_in_prefixes() {
        let (lock, _) = read("prefixes:\n  my_pkg: p\npackages:\n  p:\n    path: p\n");
        assert_eq!(lock.prefixes["my-pkg"], "p");
    }

    #[test]
    fn problems_are_reported_at_their_lines() {
        assert_eq!(
            problems("sdk: 1.0.9"),
            ["1: error: `1.0.9` is not an SDK constraint: it has the form ^1.2.3"]
        );
        assert_eq!(problems("sdk:\n"), ["1: error: the SDK constraint is empty: it has the form ^1.2.3"]);
        assert_eq!(
            problems("sdk: ^99"),
            [format!("1: error: this program needs SDK 99.0.0 or newer; this is {SDK_VERSION}")]
        );
        assert_eq!(problems("- a\n"), ["1: error: a map is expected here, not a list"]);
        let text = "prefixes:\n  \"<x>\": no id\n  a: gone\n  c: same\npackages:\n  same:\n    path: p\n  other:\n    path: p\n  e: text\n  \
                    f:\n    path:\n  g: {}\n  h:\n    url: u\n  i:\n    path: i\n    version: 1\n  \"<i>\":\n    path: j\n";
        assert_eq!(
            problems(text),
            [
                "2: error: `<x>` cannot be a prefix: it is not an identifier",
                "2: error: `no id` cannot be the id of a package",
                "10: error: a map is expected here, not text",
                "12: error: the path of package `f` is empty",
                "13: error: package `g` has neither a url nor a path",
                "14: error: package `h` has a url, but no version",
                "16: warning: package `i` has a path; its version is ignored",
                "19: error: `<i>` cannot be the id of a package",
                "3: error: the prefix `a` names a package `gone`, which this file does not list",
                "9: error: the packages `same` and `other` are in the same folder",
            ]
        );
    }
}
