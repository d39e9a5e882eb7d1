//! Documentation comments as structure: sections, paragraphs, lists, code and references.
//!
//! The format is a kind of Markdown with one large difference: a line begins a paragraph of its own, unless it is indented
//! more than the line with which the paragraph began.
//!
//! ```text
//! Removes the element at $index.
//! Returns the element, or
//!   null if there is none.
//!
//! # Errors
//! The $index must be:
//! - not negative, and
//! - smaller than `size`.
//! ```
//!
//! The pieces of a line, such as code and references, are found by the reader that the compiler checks references with
//! (`parser::references`), so that both always agree.

mod inline;

use crate::parser::references::{self, Piece, PieceKind, Reference};
use crate::source::Span;

/// The maximum depth of lists in lists. Deeper items are text.
const DEPTH_MAX: usize = 8;

/// A documentation comment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Comment {
    /// The sections. The first one has no title, and may be empty.
    pub sections: Vec<Section>,
}

/// A part of a comment with a title.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Section {
    /// The number of `#` before the title; 0 if there is no title.
    pub level: usize,
    /// The title.
    pub title: Vec<Inline>,
    /// The content.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Block {
    /// Text.
    Paragraph(Vec<Inline>),
    /// Lines of code between three backticks.
    Code {
        /// The word after the first backticks.
        language: Option<String>,
        /// The code, without the indentation of the comment.
        text: String,
    },
    /// A list.
    List {
        /// The first number, if the items have numbers.
        first: Option<u64>,
        /// The items.
        items: Vec<Vec<Block>>,
    },
}

/// A part of a paragraph.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Inline {
    /// Text. Every run of white space is one space.
    Text(String),
    /// Text between stars.
    Emphasis(String),
    /// Text between backticks.
    Code(String),
    /// An address that begins with `http://` or `https://`.
    Link {
        /// The text that is shown.
        text: String,
        /// The address.
        url: String,
    },
    /// A reference to a declaration.
    Reference {
        /// The text that is shown: the name as it is written.
        text: String,
        /// The place of the name in the file.
        span: Span,
        /// The place of the last part of the name, which an index of names knows ([`crate::resolve::index()`]).
        last: Span,
    },
}

impl Comment {
    /// Returns the first paragraph, if the comment begins with one.
    pub fn summary(&self) -> Option<&[Inline]> {
        match self.sections.first()?.blocks.first()? {
            Block::Paragraph(parts) => Some(parts),
            _ => None,
        }
    }

    /// Returns whether there is nothing in the comment.
    pub fn is_empty(&self) -> bool {
        self.sections.iter().all(|section| section.level == 0 && section.blocks.is_empty())
    }
}

/// Returns the text of parts without their marks.
pub fn plain(parts: &[Inline]) -> String {
    let text = |part: &Inline| match part {
        Inline::Text(text) | Inline::Emphasis(text) | Inline::Code(text) => text.clone(),
        Inline::Link { text, .. } | Inline::Reference { text, .. } => text.clone(),
    };
    parts.iter().map(text).collect()
}

/// Reads the documentation comment at a place of the text of a file: see [`crate::ast::Doc::span`].
///
/// ```
/// use lucarne_compiler::source::Span;
/// use lucarne_compiler::toitdoc::{Block, Inline, plain, read};
///
/// let text = "/**\nCalls $block\n  for each element.\nIt is fast.\n*/";
/// let comment = read(text, Span::new(0, text.len()));
/// assert_eq!(comment.sections[0].blocks.len(), 2);
/// assert_eq!(plain(comment.summary().unwrap()), "Calls block for each element.");
/// ```
pub fn read(text: &str, comment: Span) -> Comment {
    let (pieces, references) = references::pieces(text, comment);
    let has_marks = references::has_marks(text, comment);
    let source = Source { text, references: &references, has_marks };
    let mut reader = Reader { lines: lines(&source, &pieces), at: 0, source };
    let mut sections = vec![Section { blocks: reader.blocks(None, 0), ..Section::default() }];
    while let Some(line) = reader.next() {
        let LineKind::Heading(level) = line.kind else { continue };
        let title = reader.source.inline(&[line.pieces]);
        sections.push(Section { level, title, blocks: reader.blocks(None, 0) });
    }
    Comment { sections }
}

/// The text that a comment is in.
struct Source<'t> {
    text: &'t str,
    /// The references in the order of their pieces.
    references: &'t [Reference],
    has_marks: bool,
}

impl<'t> Source<'t> {
    fn written(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or("")
    }

    fn reference_in(&self, piece: Span) -> Option<&Reference> {
        let next = self.references.partition_point(|reference| reference.span.start < piece.start);
        self.references.get(next).filter(|reference| reference.span.end <= piece.end)
    }

    /// Returns the lines of a piece that may have several, without the marks.
    fn unmarked(&self, written: &'t str) -> impl Iterator<Item = &'t str> {
        let has_marks = self.has_marks;
        written.split('\n').enumerate().map(move |(number, line)| match number {
            0 => line,
            _ if has_marks => line.trim_start().trim_start_matches('/'),
            _ => line,
        })
    }
}

/// A line, with all lines to which its last piece extends.
#[derive(Clone, Copy)]
struct Line<'p> {
    indentation: u32,
    kind: LineKind,
    /// The pieces after the mark of a heading or item.
    pieces: Pieces<'p>,
}

/// The pieces of a line. `skipped` bytes at the beginning of the first piece are left out.
#[derive(Clone, Copy)]
struct Pieces<'p> {
    list: &'p [Piece],
    skipped: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum LineKind {
    Blank,
    Text,
    Code,
    /// The number of `#`.
    Heading(usize),
    /// The number of the item, if it has one.
    Item(Option<u64>),
}

fn lines<'p>(source: &Source<'_>, pieces: &'p [Piece]) -> Vec<Line<'p>> {
    let mut lines = Vec::new();
    let mut rest = pieces;
    while let Some((first, after)) = rest.split_first() {
        let length = after.iter().take_while(|piece| !matches!(piece.kind, PieceKind::Line(_))).count();
        let (list, later) = after.split_at(length);
        rest = later;
        let PieceKind::Line(indentation) = first.kind else { continue };
        let (kind, skipped) = match list.first() {
            None => (LineKind::Blank, 0),
            Some(Piece { kind: PieceKind::Text, span }) => kind_of(source.written(*span), list.len() == 1),
            Some(Piece { kind: PieceKind::Block, .. }) => (LineKind::Code, 0),
            Some(_) => (LineKind::Text, 0),
        };
        lines.push(Line { indentation, kind, pieces: Pieces { list, skipped } });
    }
    lines
}

/// Returns the kind of a line that begins with a text, and the length of the mark at its beginning.
fn kind_of(text: &str, is_whole: bool) -> (LineKind, usize) {
    if is_whole && text.trim().is_empty() {
        return (LineKind::Blank, 0);
    }
    let after = |length: usize| text.get(length..).unwrap_or("").starts_with(' ');
    let level = text.len() - text.trim_start_matches('#').len();
    if level > 0 && after(level) {
        return (LineKind::Heading(level), level + 1);
    }
    if text.starts_with(['-', '+', '*']) && after(1) {
        return (LineKind::Item(None), 2);
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number = text.get(..digits).and_then(|digits| digits.parse().ok());
    if number.is_some()
        && text.get(digits..).is_some_and(|rest| rest.starts_with(['.', ')']))
        && after(digits + 1)
    {
        return (LineKind::Item(number), digits + 2);
    }
    (LineKind::Text, 0)
}

struct Reader<'t, 'p> {
    source: Source<'t>,
    lines: Vec<Line<'p>>,
    at: usize,
}

impl<'p> Reader<'_, 'p> {
    fn peek(&self) -> Option<Line<'p>> {
        self.lines.get(self.at).copied()
    }

    fn next(&mut self) -> Option<Line<'p>> {
        let line = self.peek();
        self.at += 1;
        line
    }

    /// Reads the blocks up to the next heading. Within an item, reads only those that are indented more than its mark.
    fn blocks(&mut self, item: Option<u32>, depth: usize) -> Vec<Block> {
        let mut blocks = Vec::new();
        while let Some(line) = self.peek() {
            if line.kind == LineKind::Blank {
                self.at += 1;
                continue;
            }
            let is_outside = item.is_some_and(|mark| line.indentation <= mark);
            if is_outside || matches!(line.kind, LineKind::Heading(_)) {
                break;
            }
            match line.kind {
                LineKind::Item(first) if depth < DEPTH_MAX => blocks.push(self.list(line, first, depth)),
                LineKind::Code => {
                    self.at += 1;
                    blocks.extend(self.code(&line));
                }
                _ => blocks.extend(self.paragraph()),
            }
        }
        blocks
    }

    fn list(&mut self, begin: Line<'p>, first: Option<u64>, depth: usize) -> Block {
        let mut items = Vec::new();
        while let Some(line) = self.peek() {
            let is_next = line.indentation == begin.indentation
                && matches!(line.kind, LineKind::Item(number) if number.is_some() == first.is_some());
            match line.kind {
                LineKind::Blank => self.at += 1,
                _ if is_next => {
                    let mut blocks: Vec<Block> = self.paragraph().into_iter().collect();
                    blocks.append(&mut self.blocks(Some(line.indentation), depth + 1));
                    items.push(blocks);
                }
                _ => break,
            }
        }
        Block::List { first, items }
    }

    /// Reads a line, and the lines after it that are indented more.
    fn paragraph(&mut self) -> Option<Block> {
        let begin = self.next()?;
        let mut lines = vec![begin.pieces];
        while let Some(line) = self.peek()
            && line.kind == LineKind::Text
            && line.indentation > begin.indentation
        {
            lines.push(line.pieces);
            self.at += 1;
        }
        let parts = self.source.inline(&lines);
        (!parts.is_empty()).then_some(Block::Paragraph(parts))
    }

    /// Returns a block of code, and the text that stands behind it on its last line.
    fn code(&self, line: &Line<'p>) -> Vec<Block> {
        let Some((block, after)) = line.pieces.list.split_first() else { return Vec::new() };
        let written = self.source.written(block.span);
        let inside = written.strip_prefix("```").unwrap_or(written);
        let inside = inside.strip_suffix("```").unwrap_or(inside);
        let mut lines: Vec<&str> = self.source.unmarked(inside).map(str::trim_end).collect();
        let is_word = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let first = lines.first().map_or("", |line| line.trim());
        let language = (lines.len() > 1 && is_word(first)).then(|| first.to_owned());
        if language.is_some() || first.is_empty() {
            lines.drain(..1.min(lines.len()));
        }
        while lines.last().is_some_and(|line| line.is_empty()) {
            lines.pop();
        }
        let spaces = |line: &&str| line.len() - line.trim_start_matches(' ').len();
        let margin = lines.iter().filter(|line| !line.is_empty()).map(spaces).min().unwrap_or(0);
        // Code that is indented more than its marks keeps the difference.
        let margin = margin.min(line.indentation as usize);
        let text: Vec<&str> = lines.iter().map(|line| line.get(margin..).unwrap_or("")).collect();
        let mut blocks = vec![Block::Code { language, text: text.join("\n") }];
        let parts = self.source.inline(&[Pieces { list: after, skipped: 0 }]);
        blocks.extend((!parts.is_empty()).then_some(Block::Paragraph(parts)));
        blocks
    }
}

#[cfg(test)]
mod tests;
