//! The addresses of pages and of places in them. They follow from names alone, so that links from elsewhere stay valid.

use std::collections::HashSet;

/// An address in the site: the path of a page, and the id of an element in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Url {
    /// The path of the page from the root of the site.
    pub page: String,
    /// The id of the element.
    pub id: Option<String>,
}

impl Url {
    /// Returns the address of a page.
    pub fn page(path: impl Into<String>) -> Url {
        Url { page: path.into(), id: None }
    }

    /// Returns the address of an element of the same page.
    pub fn with_id(&self, id: impl Into<String>) -> Url {
        Url { page: self.page.clone(), id: Some(id.into()) }
    }

    /// Returns the address as a link from a page.
    pub fn from(&self, page: &str) -> String {
        let fragment = self.id.as_deref().map(|id| format!("#{}", encoded(id))).unwrap_or_default();
        if self.page == page && !fragment.is_empty() {
            return fragment;
        }
        format!("{}{}{fragment}", up_from(page), self.page)
    }
}

/// Returns the way from a page to the root of the site: empty, or `../` for each folder.
pub(crate) fn up_from(page: &str) -> String {
    "../".repeat(page.matches('/').count())
}

/// Returns a name that can be a part of a path on every system: letters, digits, `-`, `_` and `.` inside.
pub(crate) fn slug(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let plain: String = name.chars().map(|letter| if is_plain(letter) { letter } else { '-' }).collect();
    let plain = plain.trim_matches(['-', '.']);
    if plain.is_empty() { "x".to_owned() } else { plain.to_owned() }
}

/// Hands out names of which no two are equal.
#[derive(Default, Debug)]
pub(crate) struct Names(HashSet<String>);

impl Names {
    /// Returns the requested name of a file; if it is taken, with a number. Small and capital letters count as the
    /// same, as in some file systems.
    pub(crate) fn take(&mut self, wanted: &str) -> String {
        self.take_as(wanted, |name| name.to_lowercase())
    }

    /// Returns the requested id; if it is taken, with a number.
    pub(crate) fn take_id(&mut self, wanted: &str) -> String {
        self.take_as(wanted, str::to_owned)
    }

    fn take_as(&mut self, wanted: &str, compared: impl Fn(&str) -> String) -> String {
        let mut name = wanted.to_owned();
        let mut number = 1;
        while !self.0.insert(compared(&name)) {
            number += 1;
            name = format!("{wanted}-{number}");
        }
        name
    }
}

/// Encodes an id for the part of an address after `#`.
fn encoded(id: &str) -> String {
    let mut text = String::new();
    for byte in id.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'~'
            | b'/'
            | b':'
            | b'='
            | b'+'
            | b'*' => {
                text.push(byte.into());
            }
            _ => text += &format!("%{byte:02X}"),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative() {
        let page = Url::page("lib/core/class-List.html");
        assert_eq!(page.from("index.html"), "lib/core/class-List.html");
        assert_eq!(page.from("lib/net/index.html"), "../../lib/core/class-List.html");
        assert_eq!(page.with_id("[]/1").from("lib/core/class-List.html"), "#%5B%5D/1");
        assert_eq!(page.with_id("a b").from("x"), "lib/core/class-List.html#a%20b");
    }

    #[test]
    fn names_are_safe_and_distinct() {
        assert_eq!(
            [slug("../a b"), slug("é"), slug("toit-morse"), slug("..")],
            ["a-b", "x", "toit-morse", "x"]
        );
        let mut names = Names::default();
        assert_eq!([names.take("Foo"), names.take("foo"), names.take("FOO")], ["Foo", "foo-2", "FOO-3"]);
        let mut ids = Names::default();
        assert_eq!([ids.take_id("a"), ids.take_id("A"), ids.take_id("a")], ["a", "A", "a-2"]);
    }
}
