//! Documentation comments as HTML.

use lucarne_compiler::toitdoc::{Block, Inline, Section, plain};

use crate::html::Html;
use crate::model::{Doc, Reference};

/// The sections that are closed until they are opened.
const CLOSED: &[&str] = &["advanced"];

/// The sections that other tools use, and that no page shows.
const UNSEEN: &[&str] = &["categories"];

/// The deepest heading of HTML.
const DEEPEST: usize = 6;

/// The place of a comment in a page.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    /// The path of the page.
    pub(super) path: &'a str,
    /// The level of the headings of its sections.
    pub(super) level: usize,
}

/// Adds a documentation comment.
pub(super) fn doc(html: &mut Html, place: Place<'_>, doc: &Doc) {
    if doc.comment.is_empty() {
        return;
    }
    html.element("div", &[("class", "doc")], |html| {
        let mut sections = doc.comment.sections.as_slice();
        let mut depth = 0;
        while let Some((section, rest)) = sections.split_first() {
            let inner = rest.iter().take_while(|next| next.level > section.level).count();
            if is_one_of(section, UNSEEN) {
                sections = rest.get(inner..).unwrap_or_default();
                continue;
            }
            // A heading is at most one level deeper than the one before.
            depth = section.level.min(depth + 1);
            if is_one_of(section, CLOSED) {
                html.element("details", &[], |html| {
                    html.element("summary", &[], |html| inline(html, place, doc, &section.title));
                    blocks(html, place, doc, &section.blocks);
                    for inner in seen(rest.get(..inner).unwrap_or_default()) {
                        self::section(html, place, doc, inner, depth);
                    }
                });
                sections = rest.get(inner..).unwrap_or_default();
                continue;
            }
            self::section(html, place, doc, section, depth);
            sections = rest;
        }
    });
    html.line();
}

/// Returns whether a section has one of these titles.
fn is_one_of(section: &Section, titles: &[&str]) -> bool {
    section.level > 0 && titles.contains(&plain(&section.title).to_lowercase().as_str())
}

/// Returns the sections without those that no page shows, and those in them.
fn seen(sections: &[Section]) -> impl Iterator<Item = &Section> {
    let mut unseen = None;
    sections.iter().filter(move |section| {
        if unseen.is_some_and(|level| section.level <= level) {
            unseen = None;
        }
        if unseen.is_none() && is_one_of(section, UNSEEN) {
            unseen = Some(section.level);
        }
        unseen.is_none()
    })
}

fn section(html: &mut Html, place: Place<'_>, doc: &Doc, section: &Section, depth: usize) {
    if depth > 0 {
        let level = (place.level + depth - 1).min(DEEPEST);
        html.element(&format!("h{level}"), &[], |html| inline(html, place, doc, &section.title));
    }
    blocks(html, place, doc, &section.blocks);
}

fn blocks(html: &mut Html, place: Place<'_>, doc: &Doc, list: &[Block]) {
    for block in list {
        match block {
            Block::Paragraph(parts) => {
                let attributes = [("class", "deprecated")];
                let marked = usize::from(begins_with_deprecation(parts));
                let attributes = attributes.get(..marked).unwrap_or_default();
                html.element("p", attributes, |html| inline(html, place, doc, parts));
            }
            Block::Code { text, .. } => {
                // Long lines can be scrolled by keys.
                let attributes = [("class", "code"), ("tabindex", "0")];
                html.element("pre", &attributes, |html| html.leaf("code", &[], text));
            }
            Block::List { first, items } => {
                let start = first.map(|first| first.to_string()).unwrap_or_default();
                let attributes = [("start", start.as_str())];
                let (name, attributes) = match first {
                    None => ("ul", &attributes[..0]),
                    Some(1) => ("ol", &attributes[..0]),
                    Some(_) => ("ol", &attributes[..]),
                };
                html.element(name, attributes, |html| {
                    for item in items {
                        html.element("li", &[], |html| self::item(html, place, doc, item));
                    }
                });
            }
        }
        html.line();
    }
}

/// Returns whether a documentation has a paragraph of its own that says that the declaration is deprecated.
pub(super) fn is_deprecation(doc: &Doc) -> bool {
    let blocks = doc.comment.sections.iter().flat_map(|section| &section.blocks);
    blocks.into_iter().any(|block| matches!(block, Block::Paragraph(parts) if begins_with_deprecation(parts)))
}

fn begins_with_deprecation(parts: &[Inline]) -> bool {
    matches!(parts.first(), Some(Inline::Text(text)) if text.starts_with("Deprecated."))
}

/// Adds the content of an item. A single paragraph needs no element.
fn item(html: &mut Html, place: Place<'_>, doc: &Doc, item: &[Block]) {
    match item.split_first() {
        Some((Block::Paragraph(parts), rest)) => {
            inline(html, place, doc, parts);
            blocks(html, place, doc, rest);
        }
        _ => blocks(html, place, doc, item),
    }
}

/// Adds the parts of a paragraph.
pub(super) fn inline(html: &mut Html, place: Place<'_>, doc: &Doc, parts: &[Inline]) {
    for part in parts {
        match part {
            Inline::Text(text) => html.text(text),
            Inline::Emphasis(text) => html.leaf("em", &[], text),
            Inline::Code(text) => html.leaf("code", &[], text),
            Inline::Link { text, url } => external(html, text, url),
            Inline::Reference { text, span, .. } => match doc.references.get(&span.start) {
                Some(Reference::Declaration(url)) => {
                    let href = url.from(place.path);
                    html.element("a", &[("href", &href)], |html| html.leaf("code", &[], text));
                }
                Some(Reference::Parameter) => html.leaf("var", &[], text),
                None => html.leaf("code", &[], text),
            },
        }
    }
}

/// Adds a link to another site. The reader of comments makes no others, but a mistake there must not become a script
/// here.
fn external(html: &mut Html, text: &str, url: &str) {
    match url.starts_with("https://") || url.starts_with("http://") {
        true => html.leaf("a", &[("href", url), ("rel", "noreferrer")], text),
        false => html.text(text),
    }
}

/// Adds the first paragraph of a documentation, if there is one.
pub(super) fn summary(html: &mut Html, path: &str, doc: &Doc) {
    if let Some(parts) = doc.comment.summary() {
        inline(html, Place { path, level: DEEPEST }, doc, parts);
    }
}

#[cfg(test)]
mod tests {
    use lucarne_compiler::source::Span;
    use lucarne_compiler::toitdoc;

    use super::*;
    use crate::model::Url;

    fn shown(comment: &str, references: &[(&str, Reference)]) -> String {
        let place = |name: &str| comment.find(&format!("${name}")).expect("it is there") as u32 + 1;
        let references = references.iter().map(|(name, meaning)| (place(name), meaning.clone())).collect();
        let doc = Doc { comment: toitdoc::read(comment, Span::new(0, comment.len())), references };
        let mut html = Html::default();
        super::doc(&mut html, Place { path: "a/b.html", level: 4 }, &doc);
        let text = html.finish().replace('\n', "");
        text.strip_prefix("<div class=\"doc\">")
            .and_then(|text| text.strip_suffix("</div>"))
            .unwrap_or("")
            .to_owned()
    }

    #[test]
    fn references_are_links_where_they_lead_somewhere() {
        let meanings = [
            ("A.m", Reference::Declaration(Url::page("a/c.html").with_id("m/1"))),
            ("x", Reference::Parameter),
        ];
        assert_eq!(
            shown("/** $A.m of $x or $y. */", &meanings),
            "<p><a href=\"../a/c.html#m/1\"><code>A.m</code></a> of <var>x</var> or <code>y</code>.</p>"
        );
    }

    #[test]
    fn sections_are_closed_or_left_out() {
        let text = "/**\na\n# Advanced\nb\n## Categories\nx\n### Y\ny\n## Inner\nc\n# Categories\n- d\n# Errors\n### Deep\ne\n*/";
        assert_eq!(
            shown(text, &[]),
            "<p>a</p><details><summary>Advanced</summary><p>b</p><h4>Inner</h4><p>c</p></details>\
             <h4>Errors</h4><h5>Deep</h5><p>e</p>"
        );
    }

    #[test]
    fn lists_and_code_are_elements() {
        let text = "/**\n2. a\n3. b\n   - c\n\n```\nx < y\n```\nDeprecated. Use z.\n*/";
        assert_eq!(
            shown(text, &[]),
            "<ol start=\"2\"><li>a</li><li>b<ul><li>c</li></ul></li></ol>\
             <pre class=\"code\" tabindex=\"0\"><code>x &lt; y</code></pre><p class=\"deprecated\">Deprecated. Use z.</p>"
        );
    }
}
