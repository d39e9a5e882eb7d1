//! The frame of every page. Its ids begin with `page:`, which no name of a program does.

use crate::address::{Url, up_from};
use crate::html::Html;
use crate::model::{Documentation, Named};

/// The maximum number of links to other pages in a list of the contents.
pub(super) const LINKS_MAX: usize = 200;

/// What differs between the frames of pages.
pub(super) struct Frame<'a> {
    pub(super) documentation: &'a Documentation,
    /// The path of the page.
    pub(super) path: &'a str,
    /// The title of the page, without that of the site.
    pub(super) title: &'a str,
    /// The pages above this one.
    pub(super) above: Vec<Named>,
}

impl Frame<'_> {
    /// Makes a page. `contents` adds the list of its parts, `main` adds the main part.
    pub(super) fn page(&self, contents: impl FnOnce(&mut Html), main: impl FnOnce(&mut Html)) -> String {
        let mut html = Html::document();
        html.element("html", &[("lang", "en")], |html| {
            html.line();
            self.head(html);
            html.line();
            html.element("body", &[], |html| {
                html.leaf("a", &[("class", "skip"), ("href", "#page:main")], "Skip to the text");
                html.line();
                self.header(html);
                html.line();
                html.element("div", &[("class", "columns")], |html| {
                    let attributes =
                        [("id", "page:contents"), ("class", "contents"), ("aria-label", "Contents")];
                    html.element("nav", &attributes, contents);
                    html.line();
                    let attributes = [("id", "page:main"), ("tabindex", "-1")];
                    html.element("main", &attributes, |html| {
                        self.crumbs(html);
                        main(html);
                    });
                });
                html.line();
                html.element("footer", &[], |html| html.leaf("p", &[], "Made by lucarne doc"));
            });
        });
        html.line();
        html.finish()
    }

    fn head(&self, html: &mut Html) {
        let up = up_from(self.path);
        html.element("head", &[], |html| {
            html.empty("meta", &[("charset", "utf-8")]);
            html.empty("meta", &[("name", "viewport"), ("content", "width=device-width, initial-scale=1")]);
            html.empty("meta", &[("name", "color-scheme"), ("content", "light dark")]);
            let site = &self.documentation.title;
            let title = if self.title == site { site.clone() } else { format!("{} - {site}", self.title) };
            html.leaf("title", &[], &title);
            html.empty("link", &[("rel", "icon"), ("href", "data:,")]);
            html.empty("link", &[("rel", "stylesheet"), ("href", &format!("{up}{}", super::STYLE_PATH))]);
            let script = format!("{up}{}", super::SEARCH_PATH);
            // A page at the root needs a value, too.
            let root = if up.is_empty() { "./" } else { &up };
            html.element("script", &[("src", &script), ("data-root", root), ("defer", "")], |_| {});
        });
    }

    fn header(&self, html: &mut Html) {
        html.element("header", &[("class", "top")], |html| {
            let home = Url::page("index.html").from(self.path);
            html.leaf("a", &[("class", "home"), ("href", &home)], &self.documentation.title);
            // The form is hidden until the script shows it.
            html.element("form", &[("id", "page:search"), ("role", "search"), ("hidden", "")], |html| {
                html.leaf("label", &[("for", "page:query"), ("class", "unseen")], "Search");
                html.empty(
                    "input",
                    &[
                        ("id", "page:query"),
                        ("type", "search"),
                        ("placeholder", "Search: press /"),
                        ("autocomplete", "off"),
                        ("autocapitalize", "off"),
                        ("spellcheck", "false"),
                    ],
                );
            });
            html.leaf("a", &[("class", "to-contents"), ("href", "#page:contents")], "Contents");
        });
        html.line();
        let attributes = [("id", "page:results"), ("aria-label", "Results of the search"), ("hidden", "")];
        html.element("section", &attributes, |html| {
            html.leaf("p", &[("id", "page:status"), ("role", "status")], "");
            html.element("ol", &[("id", "page:found")], |_| {});
        });
    }

    fn crumbs(&self, html: &mut Html) {
        if self.above.is_empty() {
            return;
        }
        html.element("nav", &[("class", "crumbs"), ("aria-label", "Place")], |html| {
            html.element("ol", &[], |html| {
                for named in &self.above {
                    html.element("li", &[], |html| link(html, self.path, named, ""));
                }
            });
        });
        html.line();
    }
}

/// Adds a name, which is a link if the declaration is documented.
pub(super) fn link(html: &mut Html, path: &str, named: &Named, class: &str) {
    let Some(url) = &named.url else { return html.text(&named.name) };
    let href = url.from(path);
    let attributes = [("href", href.as_str()), ("class", class)];
    html.leaf("a", attributes.get(..1 + usize::from(!class.is_empty())).unwrap_or_default(), &named.name);
}

/// Adds a title to the contents. Only the main part has headings, which follow each other.
pub(super) fn title(html: &mut Html, title: &str) {
    html.leaf("p", &[("class", "title")], title);
}

/// Adds a list of links with a title to the contents. Leaves out the last ones if there are many: another page has them all.
pub(super) fn links(html: &mut Html, path: &str, title: &str, names: &[Named]) {
    if names.is_empty() {
        return;
    }
    self::title(html, title);
    html.element("ul", &[], |html| {
        for named in names.iter().take(LINKS_MAX) {
            html.element("li", &[], |html| link(html, path, named, ""));
        }
    });
    html.line();
}

/// Adds the names beside that of a page, which are all in the page above, to the contents. Leaves out the last ones if there
/// are many: otherwise all pages together would have as many links as the square of their number.
pub(super) fn beside<'a>(
    html: &mut Html,
    path: &str,
    above: &Named,
    names: impl Iterator<Item = (&'a String, &'a Url)>,
) {
    let mut names = names.map(|(name, url)| Named { name: name.clone(), url: Some(url.clone()) }).peekable();
    if names.peek().is_none() {
        return;
    }
    title(html, &format!("In {}", above.name));
    html.element("ul", &[], |html| {
        for named in names.by_ref().take(LINKS_MAX) {
            html.element("li", &[], |html| link(html, path, &named, ""));
        }
        if names.peek().is_some() {
            let all = Named { name: "All".into(), url: above.url.clone() };
            html.element("li", &[], |html| link(html, path, &all, ""));
        }
    });
    html.line();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the contents of a page that has `count` pages beside it.
    fn beside(count: usize) -> String {
        let names: Vec<(String, Url)> =
            (0..count).map(|number| (format!("n{number}"), Url::page(format!("p/{number}.html")))).collect();
        let above = Named { name: "above".into(), url: Some(Url::page("p/index.html")) };
        let mut html = Html::default();
        super::beside(&mut html, "p/x.html", &above, names.iter().map(|(name, url)| (name, url)));
        html.finish()
    }

    #[test]
    fn the_number_of_links_to_pages_beside_is_bounded() {
        assert_eq!(beside(0), "");
        assert_eq!(beside(LINKS_MAX).matches("<li>").count(), LINKS_MAX);
        let many = beside(LINKS_MAX + 1);
        assert_eq!(many.matches("<li>").count(), LINKS_MAX + 1);
        assert!(many.ends_with("<li><a href=\"../p/index.html\">All</a></li></ul>\n"), "{many}");
    }
}
