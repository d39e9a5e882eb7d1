//! The page of a class, interface, mixin or monitor.

use super::frame::{self, Frame, link};
use super::members;
use super::prose::{self, Place};
use crate::html::Html;
use crate::model::{Class, Documentation, Kind, Library, Named, Package};

pub(super) fn page(
    documentation: &Documentation,
    package: &Package,
    library: &Library,
    class: &Class,
) -> String {
    let path = class.url.page.as_str();
    let frame = Frame {
        documentation,
        path,
        title: &format!("{} ({})", class.name, library.name),
        above: vec![
            Named { name: package.name.clone(), url: Some(package.url.clone()) },
            Named { name: library.name.clone(), url: Some(library.url.clone()) },
        ],
    };
    frame.page(|html| contents(html, path, library, class), |html| main(html, path, class))
}

const SUBCLASSES: &str = "Subclasses";
const IMPLEMENTATIONS: &str = "Implementations";
const INHERITED: &str = "Inherited";

fn subclasses_title(class: &Class) -> &'static str {
    if class.kind == Kind::Interface { IMPLEMENTATIONS } else { SUBCLASSES }
}

fn main(html: &mut Html, path: &str, class: &Class) {
    html.element("div", &[("class", "declaration")], |html| {
        html.element("h1", &[], |html| {
            html.leaf("span", &[("class", "kind")], class.kind.word());
            html.text(" ");
            html.text(&class.name);
        });
        members::source(html, path, &class.source, &class.name);
    });
    // The name alone is in the title already.
    html.element("pre", &[("class", "signature")], |html| {
        html.element("code", &[], |html| members::tokens(html, path, &class.signature, None));
    });
    html.line();
    members::deprecated(html, class.deprecated.as_deref(), &class.doc);
    prose::doc(html, Place { path, level: 2 }, &class.doc);
    members::section(html, path, "Constructors", &class.constructors);
    members::section(html, path, "Statics", &class.statics);
    members::section(html, path, "Fields", &class.fields);
    members::section(html, path, "Methods", &class.methods);
    if !class.inherited.is_empty() {
        html.element("section", &[], |html| {
            members::heading(html, INHERITED);
            html.element("dl", &[("class", "inherited")], |html| {
                for group in &class.inherited {
                    html.element("dt", &[], |html| {
                        html.text("From ");
                        link(html, path, &group.from, "type");
                    });
                    html.element("dd", &[], |html| names(html, path, &group.members));
                    html.line();
                }
            });
        });
    }
    if !class.subclasses.is_empty() {
        html.element("section", &[], |html| {
            members::heading(html, subclasses_title(class));
            html.element("p", &[("class", "names")], |html| names(html, path, &class.subclasses));
        });
    }
}

fn names(html: &mut Html, path: &str, names: &[Named]) {
    for (number, named) in names.iter().enumerate() {
        if number > 0 {
            html.text(", ");
        }
        html.element("code", &[], |html| link(html, path, named, ""));
    }
}

fn contents(html: &mut Html, path: &str, library: &Library, class: &Class) {
    frame::title(html, &class.name);
    members::contents(html, path, "Constructors", &class.constructors);
    members::contents(html, path, "Statics", &class.statics);
    members::contents(html, path, "Fields", &class.fields);
    members::contents(html, path, "Methods", &class.methods);
    if !class.inherited.is_empty() {
        html.element("p", &[], |html| {
            link(html, path, &members::section_link(&class.url, INHERITED), "section");
        });
    }
    if !class.subclasses.is_empty() {
        let section = members::section_link(&class.url, subclasses_title(class));
        html.element("p", &[], |html| link(html, path, &section, "section"));
    }
    let others = library.classes.iter().filter(|other| other.url != class.url);
    let above = Named { name: library.name.clone(), url: Some(library.url.clone()) };
    frame::beside(html, path, &above, others.map(|other| (&other.name, &other.url)));
}
