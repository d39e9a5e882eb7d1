//! Documentation comments: `/** ... */`, or lines that begin with `///`.
//!
//! The scanner skips comments. The documentation of a declaration is found again in the text
//! between the token before it and its own first token: it is the last documentation comment there,
//! if no blank line follows.

use super::Parser;
use crate::ast::Doc;
use crate::scanner::{self, Kind};
use crate::source::Span;

/// A comment and its kind.
struct Comment {
    span: Span,
    kind: CommentKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CommentKind {
    /// `/** ... */`.
    Block,
    /// `/// ...`.
    Line,
    /// Not documentation.
    Plain,
}

impl Parser<'_> {
    /// Returns the documentation of the declaration that begins here.
    pub(super) fn doc(&self) -> Option<Doc> {
        let end = self.token().span.start;
        let comments = comments(self.text, self.last_end(), end);
        let mut lines = 0;
        let mut next = end;
        for (index, comment) in comments.iter().enumerate().rev() {
            lines += self.newlines(comment.span.end, next);
            next = comment.span.start;
            if lines > 1 {
                return None;
            }
            match comment.kind {
                CommentKind::Plain => lines = 0,
                CommentKind::Block => return Some(self.make_doc(comment.span)),
                CommentKind::Line => return Some(self.make_doc(self.run_of_lines(&comments, index))),
            }
        }
        None
    }

    /// Returns the place of the comments right above the declaration that begins here, without blank
    /// lines between them.
    pub(super) fn comments_above(&self) -> Span {
        let end = self.token().span.start;
        let mut start = end;
        for comment in comments(self.text, self.last_end(), end).iter().rev() {
            if self.newlines(comment.span.end, start) > 1 {
                break;
            }
            start = comment.span.start;
        }
        Span { start, end }
    }

    /// Returns the documentation of the file: the first documentation comment, unless it belongs to
    /// the first declaration.
    pub(super) fn file_doc(&self) -> Option<Doc> {
        let end = self.token().span.start;
        let comments = comments(self.text, 0, end);
        let index = comments.iter().position(|comment| comment.kind != CommentKind::Plain)?;
        let span = match comments.get(index)?.kind {
            CommentKind::Line => self.run_down_of_lines(&comments, index),
            _ => comments.get(index)?.span,
        };
        let has_declaration = self.token().kind != Kind::Eof && !self.at_import();
        let is_of_declaration = has_declaration && self.doc().is_some_and(|doc| doc.span == span);
        (!is_of_declaration).then(|| self.make_doc(span))
    }

    /// Returns the documentation of a file that follows its imports: the first documentation comment before the first
    /// declaration, unless it documents that declaration.
    pub(super) fn doc_after_imports(&self) -> Option<Doc> {
        let comments = comments(self.text, self.last_end(), self.token().span.start);
        let index = comments.iter().position(|comment| comment.kind != CommentKind::Plain)?;
        let span = match comments.get(index)?.kind {
            CommentKind::Line => self.run_down_of_lines(&comments, index),
            _ => comments.get(index)?.span,
        };
        self.doc().is_none_or(|doc| doc.span != span).then(|| self.make_doc(span))
    }

    fn newlines(&self, from: u32, to: u32) -> usize {
        self.written(Span { start: from, end: to.max(from) }).matches('\n').count()
    }

    /// Returns the span of the `///` lines that end with the line `last`.
    fn run_of_lines(&self, comments: &[Comment], last: usize) -> Span {
        let mut first = last;
        while first > 0 && self.is_one_run(comments, first - 1) {
            first -= 1;
        }
        self.span_of(comments, first, last)
    }

    /// Returns the span of the `///` lines that begin with the line `first`.
    fn run_down_of_lines(&self, comments: &[Comment], first: usize) -> Span {
        let mut last = first;
        while self.is_one_run(comments, last) {
            last += 1;
        }
        self.span_of(comments, first, last)
    }

    /// Returns whether a comment and the next one are `///` lines without a line between them.
    fn is_one_run(&self, comments: &[Comment], index: usize) -> bool {
        match (comments.get(index), comments.get(index + 1)) {
            (Some(a), Some(b)) => {
                a.kind == CommentKind::Line
                    && b.kind == CommentKind::Line
                    && self.newlines(a.span.end, b.span.start) == 1
            }
            _ => false,
        }
    }

    fn span_of(&self, comments: &[Comment], first: usize, last: usize) -> Span {
        match (comments.get(first), comments.get(last)) {
            (Some(first), Some(last)) => Span { start: first.span.start, end: last.span.end },
            _ => Span::default(),
        }
    }

    fn make_doc(&self, span: Span) -> Doc {
        Doc { span, text: content(self.written(span)) }
    }
}

/// Returns the comments between two places, each with its kind.
fn comments(text: &str, start: u32, end: u32) -> Vec<Comment> {
    let found = scanner::comments(text, start as usize, end as usize);
    found.map(|scanner::Comment { span, .. }| Comment { span, kind: kind(text, span) }).collect()
}

fn kind(text: &str, span: Span) -> CommentKind {
    let written = text.get(span.range()).unwrap_or("");
    if written.starts_with("/**") && !written.starts_with("/**/") {
        CommentKind::Block
    } else if written.starts_with("///") {
        CommentKind::Line
    } else {
        CommentKind::Plain
    }
}

/// Returns the text of a comment, without its marks.
fn content(written: &str) -> String {
    if let Some(inside) = written.strip_prefix("/**") {
        return inside.strip_suffix("*/").unwrap_or(inside).trim().to_owned();
    }
    let lines = written.lines().map(|line| line.trim_start().trim_start_matches('/'));
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Returns why the documented item is deprecated: the rest of the paragraph after the sentence
/// `Deprecated.`
pub(crate) fn deprecation(text: &str) -> Option<String> {
    const WORD: &str = "Deprecated.";
    let found = text.match_indices(WORD).find(|(at, _)| {
        let before = text.get(..*at).unwrap_or("");
        let line = before.rsplit('\n').next().unwrap_or("").trim();
        line.is_empty() || line.ends_with(['.', '!', '?'])
    });
    let rest = text.get(found?.0 + WORD.len()..)?;
    let mut lines = rest.split('\n').map(str::trim);
    let first = lines.next();
    let lines: Vec<&str> = first.into_iter().chain(lines.take_while(|line| !line.is_empty())).collect();
    // A reference such as `$foo` becomes the name `foo`.
    let sentence = lines.join(" ").trim().replace('$', "");
    Some(sentence.trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deprecations_are_sentences() {
        assert_eq!(deprecation("Deprecated. Use $foo\n  instead.").as_deref(), Some("Use foo instead"));
        assert_eq!(deprecation("A field.\nDeprecated.\n\nMore.").as_deref(), Some(""));
        assert_eq!(deprecation("It was Deprecated. Yes."), None);
        assert_eq!(deprecation("Not deprecated."), None);
    }

    #[test]
    fn comments_nest() {
        let text = "/** a /* b */ c */ /// d\n  // e\n";
        let found = comments(text, 0, text.len() as u32);
        let spans: Vec<&str> = found.iter().map(|comment| &text[comment.span.range()]).collect();
        assert_eq!(spans, ["/** a /* b */ c */", "/// d", "// e"]);
    }
}
