//! The source of a library, with an id for each line.

use lucarne_compiler::scanner::{self, Kind, Token};
use lucarne_compiler::source::{SourceId, Span};

use super::frame::{self, Frame};
use crate::html::Html;
use crate::model::{Documentation, Named, SourcePage, Url};

pub(super) fn page(documentation: &Documentation, source: &SourcePage) -> String {
    let path = source.url.page.as_str();
    let title = format!("Source of {}", source.library.name);
    let above = if source.library.url.is_some() { vec![source.library.clone()] } else { Vec::new() };
    let frame = Frame { documentation, path, title: &title, above };
    let contents = |html: &mut Html| {
        let library: Vec<Named> = source.library.url.iter().map(|_| source.library.clone()).collect();
        frame::links(html, path, "Documentation", &library);
    };
    let main = |html: &mut Html| {
        html.element("h1", &[], |html| {
            html.leaf("span", &[("class", "kind")], "source");
            html.text(" ");
            html.text(&source.path);
        });
        let attributes = [("class", "lines"), ("tabindex", "0")];
        html.element("pre", &attributes, |html| {
            html.element("code", &[], |html| lines(html, path, &source.text, &source.names));
        });
    };
    frame.page(contents, main)
}

/// A part of a text that is more than letters.
#[derive(Clone, Copy)]
enum Part<'n> {
    Colored(&'static str),
    Name(&'n Url),
}

fn lines(html: &mut Html, path: &str, text: &str, names: &[(Span, Url)]) {
    let mut parts = colored(text);
    parts.extend(names.iter().map(|(span, url)| (*span, Part::Name(url))));
    parts.sort_by_key(|(span, _)| span.start);
    let mut parts = parts.as_slice();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let end = start + line.len();
        let content = start + line.trim_end_matches(['\n', '\r']).len();
        let name = format!("{}", number + 1);
        let id = format!("L{name}");
        // Links from declarations lead here, so that lines need not be reached one by one.
        let attributes = [("id", id.as_str()), ("href", &format!("#{id}")), ("tabindex", "-1")];
        html.element("span", &[("class", "line")], |html| {
            html.leaf("a", &attributes, &name);
            let mut at = start;
            while let Some(((span, part), rest)) = parts.split_first() {
                if span.start as usize >= content {
                    break;
                }
                let from = (span.start as usize).max(at);
                let to = (span.end as usize).min(content);
                html.text(text.get(at..from).unwrap_or(""));
                let inside = text.get(from..to).unwrap_or("");
                match part {
                    Part::Colored(class) => html.leaf("span", &[("class", class)], inside),
                    Part::Name(url) => html.leaf("a", &[("href", &url.from(path))], inside),
                }
                at = to.max(at);
                if span.end as usize > content {
                    break;
                }
                parts = rest;
            }
            html.text(text.get(at..content).unwrap_or(""));
        });
        html.line();
        start = end;
    }
}

/// Returns the parts of a text that have a color, in order.
fn colored<'n>(text: &str) -> Vec<(Span, Part<'n>)> {
    let mut parts = Vec::new();
    let mut last = 0;
    for token in scanner::scan(SourceId(0), text).tokens {
        let start = token.span.start.max(last);
        for comment in scanner::comments(text, last as usize, start as usize) {
            parts.push((comment.span, Part::Colored("comment")));
        }
        if let Some(class) = class_of(&token).filter(|_| token.span.start < token.span.end) {
            parts.push((Span { start, ..token.span }, Part::Colored(class)));
        }
        last = token.span.end.max(last);
    }
    parts
}

fn class_of(token: &Token) -> Option<&'static str> {
    match token.kind {
        Kind::Int | Kind::Float => Some("value"),
        Kind::Char | Kind::StringBegin | Kind::StringText | Kind::StringEnd => Some("string"),
        Kind::Primitive => Some("keyword"),
        kind if kind.is_keyword() => Some("keyword"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_ids_and_colors() {
        let mut html = Html::default();
        let names = [(Span::new(10, 11), Url::page("x.html"))];
        lines(&mut html, "a.html", "/* a\nb */ x := \"<\" // c\nreturn 1", &names);
        let text = html.finish();
        let expected = [
            "<span class=\"line\"><a id=\"L1\" href=\"#L1\" tabindex=\"-1\">1</a><span class=\"comment\">/* a</span></span>",
            "<span class=\"line\"><a id=\"L2\" href=\"#L2\" tabindex=\"-1\">2</a><span class=\"comment\">b */</span> <a href=\"x.html\">x</a> := \
             <span class=\"string\">&quot;</span><span class=\"string\">&lt;</span><span class=\"string\">&quot;</span> \
             <span class=\"comment\">// c</span></span>",
            "<span class=\"line\"><a id=\"L3\" href=\"#L3\" tabindex=\"-1\">3</a><span class=\"keyword\">return</span> \
             <span class=\"value\">1</span></span>",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }
}
