//! The page of a library.

use super::frame::{self, Frame, link};
use super::members;
use super::prose::{self, Place};
use crate::html::Html;
use crate::model::{Class, Doc, Documentation, Export, Kind, Library, Named, Package, PackageKind};

/// The library that every file sees without an import.
const CORE: &str = "core";

/// The titles of the lists of classes, by kind.
const CLASSES: &[(Kind, &str)] = &[
    (Kind::Class, "Classes"),
    (Kind::Interface, "Interfaces"),
    (Kind::Mixin, "Mixins"),
    (Kind::Monitor, "Monitors"),
];

const GLOBALS: &str = "Globals";
const FUNCTIONS: &str = "Functions";
const EXPORTS: &str = "Exports";

pub(super) fn page(documentation: &Documentation, package: &Package, library: &Library) -> String {
    let path = library.url.page.as_str();
    let above = vec![Named { name: package.name.clone(), url: Some(package.url.clone()) }];
    let frame = Frame { documentation, path, title: &library.name, above };
    frame.page(|html| contents(html, path, package, library), |html| main(html, path, package, library))
}

fn main(html: &mut Html, path: &str, package: &Package, library: &Library) {
    html.element("div", &[("class", "declaration")], |html| {
        html.element("h1", &[], |html| {
            html.leaf("span", &[("class", "kind")], "library");
            html.text(" ");
            html.text(&library.name);
        });
        members::source(html, path, &library.source, &library.name);
    });
    if package.kind == PackageKind::Library {
        html.element("p", &[("class", "import")], |html| match library.name.as_str() {
            CORE => html.text("Every file sees this library without an import."),
            name => html.leaf("code", &[], &format!("import {name}")),
        });
    }
    members::deprecated(html, library.deprecated.as_deref(), &library.doc);
    prose::doc(html, Place { path, level: 2 }, &library.doc);
    for (kind, title) in CLASSES {
        let classes: Vec<&Class> = library.classes.iter().filter(|class| class.kind == *kind).collect();
        if !classes.is_empty() {
            html.element("section", &[], |html| {
                members::heading(html, title);
                html.element("dl", &[("class", "list")], |html| {
                    for class in classes {
                        let named = Named { name: class.name.clone(), url: Some(class.url.clone()) };
                        entry(html, path, &named, class.deprecated.as_deref(), &class.doc);
                    }
                });
            });
            html.line();
        }
    }
    members::section(html, path, GLOBALS, &library.globals);
    members::section(html, path, FUNCTIONS, &library.functions);
    exports(html, path, &library.exports);
}

/// Adds an entry of a list: a name, and the first paragraph of its documentation.
pub(super) fn entry(html: &mut Html, path: &str, named: &Named, deprecated: Option<&str>, doc: &Doc) {
    html.element("dt", &[], |html| {
        html.element("code", &[], |html| link(html, path, named, ""));
        members::deprecated_mark(html, deprecated);
    });
    html.element("dd", &[], |html| prose::summary(html, path, doc));
    html.line();
}

fn exports(html: &mut Html, path: &str, exports: &[Export]) {
    if exports.is_empty() {
        return;
    }
    html.element("section", &[], |html| {
        members::heading(html, EXPORTS);
        html.leaf("p", &[], "Declarations of other libraries:");
        html.element("dl", &[("class", "list")], |html| {
            for export in exports {
                html.element("dt", &[], |html| {
                    let named = Named { name: export.name.clone(), url: Some(export.url.clone()) };
                    html.leaf("span", &[("class", "kind")], export.kind.word());
                    html.text(" ");
                    html.element("code", &[], |html| link(html, path, &named, ""));
                });
                html.element("dd", &[], |html| prose::summary(html, path, &export.summary));
                html.line();
            }
        });
    });
}

fn contents(html: &mut Html, path: &str, package: &Package, library: &Library) {
    frame::title(html, &library.name);
    for (kind, title) in CLASSES {
        let classes: Vec<&Class> = library.classes.iter().filter(|class| class.kind == *kind).collect();
        if classes.is_empty() {
            continue;
        }
        html.element("p", &[], |html| {
            link(html, path, &members::section_link(&library.url, title), "section");
        });
        html.element("ul", &[], |html| {
            for class in classes {
                let named = Named { name: class.name.clone(), url: Some(class.url.clone()) };
                html.element("li", &[], |html| link(html, path, &named, ""));
            }
        });
        html.line();
    }
    members::contents(html, path, GLOBALS, &library.globals);
    members::contents(html, path, FUNCTIONS, &library.functions);
    if !library.exports.is_empty() {
        html.element("p", &[], |html| {
            link(html, path, &members::section_link(&library.url, EXPORTS), "section");
        });
    }
    let others = package.libraries.iter().filter(|other| other.url != library.url);
    let above = Named { name: package.name.clone(), url: Some(package.url.clone()) };
    frame::beside(html, path, &above, others.map(|other| (&other.name, &other.url)));
}
