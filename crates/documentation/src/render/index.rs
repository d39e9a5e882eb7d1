//! The front page of a site, and the pages of packages.

use super::frame::{self, Frame, link};
use super::library::entry;
use crate::html::Html;
use crate::model::{Documentation, Library, Named, Package, PackageKind};

/// Makes the front page: all packages with their libraries.
pub(super) fn site(documentation: &Documentation) -> String {
    let path = "index.html";
    let frame = Frame { documentation, path, title: &documentation.title, above: Vec::new() };
    let contents = |html: &mut Html| {
        let packages: Vec<Named> = documentation.packages.iter().map(named).collect();
        frame::links(html, path, "Packages", &packages);
        if let Some(first) = documentation.packages.first() {
            frame::links(html, path, &format!("In {}", first.name), &libraries(first));
        }
    };
    let main = |html: &mut Html| {
        html.leaf("h1", &[], &documentation.title);
        let own = documentation.packages.first().filter(|first| first.kind == PackageKind::Own);
        if let Some(description) = own.and_then(|own| own.description.as_ref()) {
            html.leaf("p", &[], description);
        }
        for package in &documentation.packages {
            html.element("section", &[], |html| {
                html.element("h2", &[], |html| match documentation.packages.len() {
                    1 => html.text("Libraries"),
                    _ => {
                        link(html, path, &named(package), "");
                        version(html, package);
                    }
                });
                if package.kind != PackageKind::Own {
                    description(html, package);
                }
                list(html, path, &package.libraries);
            });
            html.line();
        }
    };
    frame.page(contents, main)
}

/// Makes the page of a package.
pub(super) fn package(documentation: &Documentation, package: &Package) -> String {
    let path = package.url.page.as_str();
    let home = Named { name: documentation.title.clone(), url: Some(crate::model::Url::page("index.html")) };
    let frame = Frame { documentation, path, title: &package.name, above: vec![home] };
    let contents = |html: &mut Html| {
        frame::links(html, path, &package.name, &libraries(package));
        let others = documentation.packages.iter().filter(|other| other.url != package.url);
        frame::links(
            html,
            path,
            "Other packages",
            &others.take(frame::LINKS_MAX).map(named).collect::<Vec<_>>(),
        );
    };
    let main = |html: &mut Html| {
        html.element("h1", &[], |html| {
            html.leaf("span", &[("class", "kind")], "package");
            html.text(" ");
            html.text(&package.name);
            version(html, package);
        });
        description(html, package);
        html.leaf("h2", &[], "Libraries");
        list(html, path, &package.libraries);
    };
    frame.page(contents, main)
}

fn named(package: &Package) -> Named {
    Named { name: package.name.clone(), url: Some(package.url.clone()) }
}

fn libraries(package: &Package) -> Vec<Named> {
    let named = |library: &Library| Named { name: library.name.clone(), url: Some(library.url.clone()) };
    package.libraries.iter().map(named).collect()
}

fn version(html: &mut Html, package: &Package) {
    if let Some(version) = &package.version {
        html.text(" ");
        html.leaf("span", &[("class", "kind")], version);
    }
}

fn description(html: &mut Html, package: &Package) {
    if let Some(description) = &package.description {
        html.leaf("p", &[], description);
    }
}

fn list(html: &mut Html, path: &str, libraries: &[Library]) {
    if libraries.is_empty() {
        return html.leaf("p", &[], "This package has no public library.");
    }
    html.element("dl", &[("class", "list")], |html| {
        for library in libraries {
            let named = Named { name: library.name.clone(), url: Some(library.url.clone()) };
            entry(html, path, &named, library.deprecated.as_deref(), &library.doc);
        }
    });
    html.line();
}
