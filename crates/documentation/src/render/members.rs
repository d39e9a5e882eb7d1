//! Functions, globals and members of classes: signatures with their documentation.

use super::frame::link;
use super::prose::{self, Place};
use crate::html::Html;
use crate::model::{Doc, Member, Named, Token, TokenKind, Url};

/// Adds the members of one kind with a title.
pub(super) fn section(html: &mut Html, path: &str, title: &str, members: &[Member]) {
    if members.is_empty() {
        return;
    }
    html.element("section", &[], |html| {
        heading(html, title);
        for member in members {
            self::member(html, path, member);
        }
    });
    html.line();
}

/// Adds a heading that [`section_link`] leads to.
pub(super) fn heading(html: &mut Html, title: &str) {
    html.leaf("h2", &[("id", &section_id(title))], title);
}

/// Returns a link to a section of a page.
pub(super) fn section_link(page: &Url, title: &str) -> Named {
    Named { name: title.to_owned(), url: Some(page.with_id(section_id(title))) }
}

/// Returns the id of a section. It begins with `section:`, as no name of a program does.
fn section_id(title: &str) -> String {
    format!("section:{}", title.to_lowercase().replace(' ', "-"))
}

fn member(html: &mut Html, path: &str, member: &Member) {
    let id = member.url.id.clone().unwrap_or_default();
    html.element("article", &[("id", &id), ("class", "member")], |html| {
        html.element("div", &[("class", "declaration")], |html| {
            html.element("h3", &[], |html| {
                html.element("code", &[], |html| tokens(html, path, &member.signature, Some(&member.url)));
            });
            source(html, path, &member.source, &member.name);
        });
        deprecated(html, member.deprecated.as_deref(), &member.doc);
        prose::doc(html, Place { path, level: 4 }, &member.doc);
        if let Some(from) = &member.doc_from {
            html.element("p", &[("class", "origin")], |html| {
                html.text("As ");
                link(html, path, from, "");
                html.text(", which it overrides.");
            });
        }
    });
    html.line();
}

/// Adds a signature. The name is a link to the declaration itself, if that has an address.
pub(super) fn tokens(html: &mut Html, path: &str, tokens: &[Token], own: Option<&Url>) {
    for token in tokens {
        let class = match token.kind {
            TokenKind::Plain => "",
            TokenKind::Keyword => "keyword",
            TokenKind::Name => "name",
            TokenKind::Parameter => "parameter",
            TokenKind::Type => "type",
            TokenKind::Value => "value",
        };
        let url = if token.kind == TokenKind::Name { own } else { token.url.as_ref() };
        match url {
            Some(url) => {
                let href = url.from(path);
                html.leaf("a", &[("class", class), ("href", &href)], &token.text);
            }
            None if class.is_empty() => html.text(&token.text),
            None => html.leaf("span", &[("class", class)], &token.text),
        }
    }
}

/// Adds a link to the source of a declaration.
pub(super) fn source(html: &mut Html, path: &str, url: &Url, name: &str) {
    let href = url.from(path);
    let label = format!("Source of {name}");
    html.leaf("a", &[("class", "source"), ("href", &href), ("aria-label", &label)], "Source");
}

/// Says that a declaration is deprecated, if it is and its documentation has no paragraph that begins with that.
pub(super) fn deprecated(html: &mut Html, why: Option<&str>, doc: &Doc) {
    let Some(why) = why.filter(|_| !prose::is_deprecation(doc)) else { return };
    html.element("p", &[("class", "deprecated")], |html| {
        html.leaf("strong", &[], "Deprecated.");
        if !why.is_empty() {
            html.text(&format!(" {why}."));
        }
    });
}

/// Adds a mark to the name of a declaration in a list, if the declaration is deprecated.
pub(super) fn deprecated_mark(html: &mut Html, why: Option<&str>) {
    if why.is_some() {
        html.text(" ");
        html.leaf("span", &[("class", "mark")], "deprecated");
    }
}

/// Adds the names of members to the contents of a page: one for all overloads.
pub(super) fn contents(html: &mut Html, path: &str, title: &str, members: &[Member]) {
    let Some(first) = members.first() else { return };
    let page = Url::page(first.url.page.clone());
    html.element("p", &[], |html| link(html, path, &section_link(&page, title), "section"));
    html.element("ul", &[], |html| {
        let mut last = None;
        for member in members {
            if last != Some(&member.name) {
                let named = Named { name: member.name.clone(), url: Some(member.url.clone()) };
                html.element("li", &[], |html| link(html, path, &named, ""));
            }
            last = Some(&member.name);
        }
    });
    html.line();
}
