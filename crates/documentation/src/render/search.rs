//! The index of the search: a script, since a page that was opened from a file must not read other files.
//!
//! ```text
//! lucarneSearch({"kinds": [...], "pages": [...], "names": [[name, kind, holder, page, id, aliases], ...]})
//! ```
//!
//! Kinds and pages are named by their places in the lists, and empty values at the end of a name are left out. Aliases are
//! separated by ends of lines.

use std::collections::HashMap;

use lucarne_compiler::toitdoc::{Block, plain};
use serde_json::{Value, json};

use crate::model::{Class, Doc, Documentation, Library, Member, Package, Url};

/// The section with further names, such as those in other languages.
const ALIASES: &str = "aliases";

/// The word for libraries, which are not declarations.
const LIBRARY: &str = "library";

/// Makes the script.
pub(super) fn index(documentation: &Documentation) -> String {
    let mut index = Index::default();
    for package in &documentation.packages {
        for library in &package.libraries {
            index.library(package, library);
        }
    }
    let content = json!({ "kinds": index.kinds, "pages": index.pages, "names": index.names });
    format!("lucarneSearch({content});\n")
}

#[derive(Default)]
struct Index {
    kinds: Vec<&'static str>,
    pages: Vec<String>,
    places: HashMap<String, usize>,
    names: Vec<Value>,
}

impl Index {
    fn library(&mut self, package: &Package, library: &Library) {
        self.add(&library.name, LIBRARY, &package.name, &library.url, aliases(&library.doc));
        for class in &library.classes {
            self.class(library, class);
        }
        self.members(&library.name, &library.globals);
        self.members(&library.name, &library.functions);
    }

    fn class(&mut self, library: &Library, class: &Class) {
        self.add(&class.name, class.kind.word(), &library.name, &class.url, aliases(&class.doc));
        let holder = &class.name;
        for members in [&class.constructors, &class.statics, &class.fields, &class.methods] {
            self.members(holder, members);
        }
    }

    /// Adds members, one for all overloads that follow each other.
    fn members(&mut self, holder: &str, members: &[Member]) {
        let is_overload = |a: &Member, b: &Member| (&a.name, a.kind) == (&b.name, b.kind);
        for overloads in members.chunk_by(is_overload) {
            let Some(first) = overloads.first() else { continue };
            let aliases = overloads.iter().flat_map(|member| aliases(&member.doc)).collect();
            self.add(&first.name, first.kind.word(), holder, &first.url, aliases);
        }
    }

    fn add(&mut self, name: &str, kind: &'static str, holder: &str, url: &Url, aliases: Vec<String>) {
        let kind = self.kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        let page = *self.places.entry(url.page.clone()).or_insert_with(|| {
            self.pages.push(url.page.clone());
            self.pages.len() - 1
        });
        // The address with its encoded id, without the page.
        let id = url.from(&url.page);
        let id = url.id.as_ref().map(|_| id.trim_start_matches('#'));
        let aliases = aliases.join("\n");
        let mut entry = vec![json!(name), json!(kind), json!(holder), json!(page)];
        if id.is_some() || !aliases.is_empty() {
            entry.push(json!(id.unwrap_or_default()));
        }
        if !aliases.is_empty() {
            entry.push(json!(aliases));
        }
        self.names.push(Value::Array(entry));
    }
}

/// Returns the further names of a declaration.
fn aliases(doc: &Doc) -> Vec<String> {
    let named = doc.comment.sections.iter().filter(|section| plain(&section.title).to_lowercase() == ALIASES);
    let mut names = Vec::new();
    for block in named.flat_map(|section| &section.blocks) {
        let Block::List { items, .. } = block else { continue };
        for block in items.iter().flatten() {
            if let Block::Paragraph(parts) = block {
                names.push(plain(parts));
            }
        }
    }
    names
}
