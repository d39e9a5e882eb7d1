//! Reads the pages of a site as strictly as a validator would, and follows all of their links.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The elements without an end.
const EMPTY: &[&str] = &["meta", "link", "input"];

/// What a page refers to, and what can be referred to in it.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) links: Vec<String>,
    pub(crate) headings: Vec<usize>,
    /// The names of all elements.
    pub(crate) elements: BTreeMap<String, usize>,
}

/// Reads all pages of a site, by their paths.
pub(crate) fn read_all(root: &Path) -> BTreeMap<String, Page> {
    let entries = walkdir::WalkDir::new(root).into_iter().map(|entry| entry.expect("the site can be read"));
    let files = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "html"));
    let pages = files.map(|file| {
        let path = file.path().strip_prefix(root).expect("it is inside").display().to_string();
        let text = std::fs::read_to_string(file.path()).expect("pages are UTF-8");
        let page = read(&path, &text);
        (path, page)
    });
    pages.collect()
}

/// Checks every link of every page: it leads to a file of the site, and to an id in it. Returns the number of links.
pub(crate) fn follow_links(root: &Path, pages: &BTreeMap<String, Page>) -> usize {
    let mut count = 0;
    for (path, page) in pages {
        for link in &page.links {
            if link.starts_with("https://") || link.starts_with("http://") || link == "data:," {
                continue;
            }
            count += 1;
            assert!(!link.starts_with('/') && !link.contains(':') || link.starts_with('#'), "{path}: {link}");
            let (file, id) =
                link.split_once('#').map_or((link.as_str(), None), |(file, id)| (file, Some(id)));
            let target = if file.is_empty() { path.clone() } else { joined(path, file) };
            assert!(root.join(&target).is_file(), "{path}: {link} leads to no file");
            if let (Some(id), Some(page)) = (id, pages.get(&target)) {
                assert!(page.ids.contains(&decoded(id)), "{path}: {link} leads to no id");
            }
        }
    }
    count
}

fn joined(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => assert!(parts.pop().is_some(), "{page}: {link} leaves the site"),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn decoded(id: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = id.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().expect("two digits"), rest.next().expect("two digits")];
                let digits = std::str::from_utf8(&digits).expect("digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("digits"));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("ids are UTF-8")
}

/// Reads a page. Its elements must be closed in order, its ids must differ, and its headings must not skip a level.
fn read(path: &str, text: &str) -> Page {
    let mut page = Page::default();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text.strip_prefix("<!DOCTYPE html>").expect("it begins with its type");
    while let Some((before, after)) = rest.split_once('<') {
        assert!(!before.contains('>'), "{path}: a `>` in text: {before}");
        require_entities(path, before);
        let (tag, after) = end_of_tag(path, after);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{path}: </{name}>");
            continue;
        }
        let name = tag.split(' ').next().expect("a name");
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
            "{path}: <{tag}>"
        );
        *page.elements.entry(name.to_owned()).or_default() += 1;
        for (attribute, value) in attributes(path, tag) {
            assert!(!attribute.starts_with("on") && attribute != "style", "{path}: <{tag}>");
            match attribute {
                "id" => assert!(page.ids.insert(value.clone()), "{path}: two elements have the id {value}"),
                "href" | "src" => page.links.push(value),
                _ => {}
            }
        }
        if let Some(level) = name.strip_prefix('h').and_then(|level| level.parse::<usize>().ok()) {
            page.headings.push(level);
        }
        if !EMPTY.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{path}: {open:?} are not closed");
    for name in ["title", "h1", "main", "header"] {
        assert_eq!(page.elements.get(name), Some(&1), "{path}: <{name}>");
    }
    page
}

/// Returns a tag, and the text after it.
fn end_of_tag<'t>(path: &str, text: &'t str) -> (&'t str, &'t str) {
    let mut is_quoted = false;
    let end = text.find(|letter| {
        is_quoted ^= letter == '"';
        letter == '>' && !is_quoted
    });
    let end = end.unwrap_or_else(|| panic!("{path}: a tag does not end"));
    (&text[..end], &text[end + 1..])
}

fn attributes<'t>(path: &str, tag: &'t str) -> Vec<(&'t str, String)> {
    let mut found = Vec::new();
    let mut rest = tag.split_once(' ').map_or("", |(_, rest)| rest);
    while !rest.is_empty() {
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        match after.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').expect("quotes are closed");
                require_entities(path, value);
                assert!(!value.contains('<'), "{path}: <{tag}>");
                found.push((name, unescaped(value)));
                rest = after.trim_start();
            }
            None => {
                found.push((name, String::new()));
                rest = after.trim_start();
            }
        }
    }
    found
}

fn require_entities(path: &str, text: &str) {
    for (at, _) in text.match_indices('&') {
        let known = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        assert!(known.iter().any(|entity| text[at..].starts_with(entity)), "{path}: {text}");
    }
}

fn unescaped(text: &str) -> String {
    let plain = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    plain.replace("&#39;", "'").replace("&amp;", "&")
}
