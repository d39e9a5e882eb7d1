//! Reads and edits `package.yaml`, which describes a program or a package and lists the packages that it needs.
//!
//! ```yaml
//! name: weather
//! dependencies:
//!   morse:
//!     url: github.com/toitware/toit-morse
//!     version: ^1.0.6
//!   cli:
//!     path: ../cli
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Problem;
use crate::lock::{canonical, is_prefix};
use crate::yaml::{self, Node, Value};

/// The content of a `package.yaml`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Spec {
    /// The name of the package.
    pub name: Option<String>,
    /// The purpose of the package.
    pub description: Option<String>,
    /// The license of the package, such as `MIT`.
    pub license: Option<String>,
    /// The versions of the SDK that suit the package, such as `^2.0.0`.
    pub sdk: Option<String>,
    /// The required packages, by the prefix under which the package imports them.
    pub dependencies: BTreeMap<String, Dependency>,
}

/// A required package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dependency {
    /// A package in a folder, relative to the `package.yaml`.
    Path(String),
    /// A package from a registry.
    Registry {
        /// The package's globally unique name.
        url: String,
        /// The suitable versions, such as `^1.2.0`.
        version: String,
    },
}

/// Reads a `package.yaml`.
///
/// # Errors
/// If the text is invalid: the first problem in the text.
pub fn read(text: &str) -> Result<Spec, Problem> {
    let Some(root) = yaml::parse(text)? else { return Ok(Spec::default()) };
    let text =
        |name: &str| root.get(name).and_then(Node::text).filter(|text| !text.is_empty()).map(str::to_owned);
    let sdk = root.get("environment").and_then(|environment| environment.get("sdk")).and_then(Node::text);
    let mut spec = Spec {
        name: text("name"),
        description: text("description"),
        license: text("license"),
        sdk: sdk.map(str::to_owned),
        dependencies: BTreeMap::new(),
    };
    for (key, node) in dependencies(&root)? {
        let prefix = key.text().unwrap_or_default();
        if !is_prefix(prefix) {
            return Err(Problem::error(
                key.span.clone(),
                format!("`{prefix}` cannot be a prefix: it is not an identifier"),
            ));
        }
        spec.dependencies.insert(canonical(prefix), dependency(key, node)?);
    }
    Ok(spec)
}

/// Returns the entries below `dependencies`.
fn dependencies(root: &Node) -> Result<&[(Node, Node)], Problem> {
    if root.text().is_some() || matches!(root.value, Value::List(_)) {
        return Err(Problem::error(
            root.span.clone(),
            format!("a map is expected here, not {}", root.kind()),
        ));
    }
    match root.get("dependencies") {
        None => Ok(&[]),
        Some(node) => match &node.value {
            Value::Map(entries) => Ok(entries),
            Value::Text(text) if text.is_empty() => Ok(&[]),
            _ => {
                Err(Problem::error(node.span.clone(), format!("a map is expected here, not {}", node.kind())))
            }
        },
    }
}

fn dependency(key: &Node, node: &Node) -> Result<Dependency, Problem> {
    let text =
        |name| node.get(name).and_then(Node::text).filter(|text: &&str| !text.is_empty()).map(str::to_owned);
    match (text("path"), text("url"), text("version")) {
        (Some(path), _, _) => Ok(Dependency::Path(path)),
        (None, Some(url), Some(version)) => Ok(Dependency::Registry { url, version }),
        (None, Some(_), None) => {
            Err(Problem::error(key.span.clone(), "this package has a url, but no version"))
        }
        (None, None, _) => Err(Problem::error(key.span.clone(), "this package has neither a url nor a path")),
    }
}

/// Adds a dependency to the text of a `package.yaml`, and returns the new text. Replaces the entry with the same prefix,
/// if there is one. All other lines, comments included, stay as they are.
///
/// # Errors
/// If the text is invalid, or has a form in which lines cannot be added.
pub fn with_dependency(text: &str, prefix: &str, dependency: &Dependency) -> Result<String, Problem> {
    let edited = with_entry(text, prefix, dependency)?;
    let mut expected = read(text)?;
    expected.dependencies.insert(canonical(prefix), dependency.clone());
    checked(edited, &expected)
}

/// Removes the dependency with a prefix from the text of a `package.yaml`, and returns the new text. All other lines,
/// comments included, stay as they are.
///
/// # Errors
/// If the text is invalid, or has a form in which lines cannot be removed.
pub fn without_dependency(text: &str, prefix: &str) -> Result<String, Problem> {
    let root = yaml::parse(text)?;
    let entries = root.as_ref().map_or(Ok(&[][..]), dependencies)?;
    let Some((key, node)) =
        entries.iter().find(|(key, _)| key.text().map(canonical) == Some(canonical(prefix)))
    else {
        return Ok(text.to_owned());
    };
    let lines = line_start(text, key.span.start)..after_line(text, text_end(node));
    let is_last = entries.len() == 1;
    let list = root.as_ref().and_then(|root| root.get("dependencies")).filter(|_| is_last);
    let edited = match list {
        // Without an entry, the map is written with braces.
        Some(list) => {
            let rest = replaced(text, lines, "");
            let key_end =
                text[..list.span.start].rfind("dependencies:").map_or(0, |at| at + "dependencies:".len());
            replaced(&rest, key_end..key_end, " {}")
        }
        None => replaced(text, lines, ""),
    };
    let mut expected = read(text)?;
    expected.dependencies.remove(&canonical(prefix));
    checked(edited, &expected)
}

/// Checks that a text reads as `expected`: YAML has forms that editing its lines does not know.
fn checked(edited: String, expected: &Spec) -> Result<String, Problem> {
    if read(&edited).as_ref() == Ok(expected) {
        return Ok(edited);
    }
    let title = "cannot change the dependencies of this file: write each entry under `dependencies` on a line of its own";
    Err(Problem::error(0..0, title))
}

fn with_entry(text: &str, prefix: &str, dependency: &Dependency) -> Result<String, Problem> {
    let root = yaml::parse(text)?;
    let entries = root.as_ref().map_or(Ok(&[][..]), dependencies)?;
    let same = entries.iter().find(|(key, _)| key.text().map(canonical) == Some(canonical(prefix)));
    let indentation = entries.first().map_or(2, |(key, _)| key.span.start - line_start(text, key.span.start));
    let margin = " ".repeat(indentation);
    let end = line_end(text);
    let prefix = same.and_then(|(key, _)| key.text()).unwrap_or(prefix);
    let values = match dependency {
        Dependency::Path(path) => vec![("path", path)],
        Dependency::Registry { url, version } => vec![("url", url), ("version", version)],
    };
    let lines = values.iter().map(|(key, value)| format!("{margin}  {key}: {}{end}", yaml::scalar(value)));
    let added = format!("{margin}{}:{end}{}", yaml::scalar(prefix), lines.collect::<String>());
    let list = root.as_ref().and_then(|root| root.get("dependencies"));
    if let Some(list) = list.filter(|list| text[list.span.clone()].starts_with('{')) {
        if !entries.is_empty() {
            return Err(Problem::error(
                list.span.clone(),
                "write each entry under `dependencies` on a line of its own, without braces",
            ));
        }
        let blanks = text[..list.span.start].len() - text[..list.span.start].trim_end_matches(' ').len();
        let braces = list.span.start - blanks..list.span.end;
        return Ok(replaced(text, braces, &format!("{end}{}", added.trim_end())));
    }
    Ok(match (same, entries.last(), list) {
        (Some((key, node)), ..) => {
            let lines = line_start(text, key.span.start)..after_line(text, text_end(node));
            replaced(text, lines, &added)
        }
        (None, Some((_, last)), _) => inserted(text, text_end(last), &added),
        (None, None, Some(list)) => inserted(text, list.span.start, &added),
        (None, None, None) => inserted(text, text.len(), &format!("dependencies:{end}{added}")),
    })
}

/// Returns what ends the lines of a text: that of the first line.
fn line_end(text: &str) -> &'static str {
    let first = text.split_inclusive('\n').next().unwrap_or_default();
    if first.ends_with("\r\n") { "\r\n" } else { "\n" }
}

fn replaced(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// Returns the text with `lines` inserted after the line that contains the byte `at`.
fn inserted(text: &str, at: usize, lines: &str) -> String {
    let after = after_line(text, at);
    let needs_break = after > 0 && !text[..after].ends_with('\n');
    format!("{}{}{lines}{}", &text[..after], if needs_break { line_end(text) } else { "" }, &text[after..])
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

fn after_line(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |end| at + end + 1)
}

/// Returns the end of a node's own text (exclusive). The span of a map or list is longer: the parser ends it only where
/// the next node begins.
fn text_end(node: &Node) -> usize {
    match &node.value {
        Value::Text(_) => node.span.end,
        Value::List(list) => list.last().map_or(node.span.end, text_end),
        Value::Map(entries) => entries.last().map_or(node.span.end, |(_, value)| text_end(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_path(text: &str, prefix: &str, path: &str) -> Result<String, Problem> {
        with_dependency(text, prefix, &Dependency::Path(path.to_owned()))
    }

    #[test]
    fn valid_files_are_read() {
        let spec = read(
            "name:\tx\nenvironment:\n  sdk:\t^2.0.0\ndependencies:\n  a_b:\n    path: ../a\n  c:\n    url: e.com/c\n    version: ^1.0\n",
        );
        let spec = spec.expect("the file is valid");
        assert_eq!((spec.name.as_deref(), spec.sdk.as_deref()), (Some("x"), Some("^2.0.0")));
        assert_eq!(spec.dependencies["a-b"], Dependency::Path("../a".into()));
        assert_eq!(
            spec.dependencies["c"],
            Dependency::Registry { url: "e.com/c".into(), version: "^1.0".into() }
        );
    }

    #[test]
    fn problems_are_reported() {
        let title = |text| read(text).expect_err("the file is invalid").title;
        assert_eq!(title("just text"), "a map is expected here, not text");
        assert_eq!(title("dependencies:\n  - a\n"), "a map is expected here, not a list");
        assert_eq!(
            title("dependencies:\n  a b:\n    path: x\n"),
            "`a b` cannot be a prefix: it is not an identifier"
        );
        assert_eq!(title("dependencies:\n  a:\n    url: x\n"), "this package has a url, but no version");
        assert_eq!(title("dependencies:\n  a:\n"), "this package has neither a url nor a path");
    }

    #[test]
    fn adding_does_not_change_the_rest() {
        let add = |text| with_path(text, "new", "../new").expect("the text is plain");
        let entry = "  new:\n    path: ../new\n";
        assert_eq!(add(""), format!("dependencies:\n{entry}"));
        assert_eq!(add("name: x"), format!("name: x\ndependencies:\n{entry}"));
        assert_eq!(add("dependencies: # none\nname: x\n"), format!("dependencies: # none\n{entry}name: x\n"));
        assert_eq!(add("dependencies: {}\nname: x\n"), format!("dependencies:\n{entry}name: x\n"));
        let old = "# mine\ndependencies:\n    a:\n        path: a # here\n\n# the end\nname: x\n";
        let new = "# mine\ndependencies:\n    a:\n        path: a # here\n    new:\n      path: ../new\n\n# the end\nname: x\n";
        assert_eq!(add(old), new);
        assert!(with_path("dependencies: {a: {path: b}}", "new", "x").is_err());
    }

    /// Files begin and end in many ways.
    #[test]
    fn other_line_ends_and_marks() {
        let lines = ["name: x", "dependencies:", "  a:", "    path: ../a"];
        for (begin, end, last) in [
            ("", "\n", "\n"),
            ("", "\r\n", "\r\n"),
            ("\u{feff}", "\r\n", ""),
            ("\u{feff}", "\n", ""),
            ("---\n", "\n", ""),
        ] {
            let text = format!("{begin}{}{last}", lines.join(end));
            let spec = read(&text).expect("the file is valid");
            assert_eq!(spec.name.as_deref(), Some("x"), "{text:?}");
            assert_eq!(spec.dependencies["a"], Dependency::Path("../a".into()), "{text:?}");
            let added = ["  new:", "    path: ../new"];
            let wanted = format!("{begin}{}{end}{}{end}", lines.join(end), added.join(end));
            assert_eq!(with_path(&text, "new", "../new").expect("can be added"), wanted, "{text:?}");
        }
        assert_eq!(read("\u{feff}").expect("an empty file is valid"), Spec::default());
        assert!(
            read("name: x\0\n").expect_err("must be refused").title.starts_with("this is not a text file")
        );
    }

    #[test]
    fn adding_the_same_prefix_replaces_it() {
        let old = "dependencies:\n  my_a:\n    url: x\n    version: ^1\n  b:\n    path: b\n";
        let new = "dependencies:\n  my_a:\n    path: ../a\n  b:\n    path: b\n";
        assert_eq!(with_path(old, "my-a", "../a").expect("can be replaced"), new);
    }

    #[test]
    fn removing_does_not_change_the_rest() {
        let text = "# mine\ndependencies:\n  a: # first\n    path: a\n  b_c:\n    url: e.com/b\n    version: =1.2.3\nname: x\n";
        let one = without_dependency(text, "a").expect("the entry can be removed");
        assert_eq!(one, "# mine\ndependencies:\n  b_c:\n    url: e.com/b\n    version: =1.2.3\nname: x\n");
        let none = without_dependency(&one, "b-c").expect("the entry can be removed");
        assert_eq!(none, "# mine\ndependencies: {}\nname: x\n");
        assert_eq!(without_dependency(&none, "a").as_ref(), Ok(&none));
        assert!(without_dependency("dependencies: {a: {path: b}, c: {path: d}}", "a").is_err());
    }

    #[test]
    fn packages_of_registries_are_added() {
        let far = Dependency::Registry { url: "localhost:80/far".to_owned(), version: "^1.2.3".to_owned() };
        let added = with_dependency("", "far", &far).expect("can be added");
        assert_eq!(added, "dependencies:\n  far:\n    url: localhost:80/far\n    version: ^1.2.3\n");
    }
}
