//! Finds the comments between two tokens again. The scanner skips comments, so that they cost a compilation
//! nothing.

use crate::source::Span;

/// A comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// The place in the text, including the marks. A line comment ends before the end of its line.
    pub span: Span,
    /// How it is written.
    pub kind: CommentKind,
}

/// How a comment is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommentKind {
    /// `// ...`, up to the end of the line.
    Line,
    /// `/* ... */`.
    Block,
}

/// Returns the comments between two places, in order. The text between them must hold only comments and white
/// space, as it does between two tokens.
///
/// ```
/// use lucarne_compiler::scanner::comments;
///
/// let text = "/* a */ // b\n";
/// let found = comments(text, 0, text.len()).map(|comment| &text[comment.span.range()]);
/// assert_eq!(found.collect::<Vec<_>>(), ["/* a */", "// b"]);
/// ```
pub fn comments(text: &str, start: usize, end: usize) -> Comments<'_> {
    let mut at = start;
    if at == 0 && text.trim_start_matches('\u{feff}').starts_with("#!") {
        at = text.find('\n').unwrap_or(text.len());
    }
    Comments { text, at, end }
}

/// The comments between two places.
#[derive(Clone, Debug)]
pub struct Comments<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl Iterator for Comments<'_> {
    type Item = Comment;

    fn next(&mut self) -> Option<Comment> {
        let rest = self.text.get(self.at..self.end)?;
        let skipped = rest.find('/')?;
        let rest = rest.get(skipped..)?;
        let start = self.at + skipped;
        let (length, kind) = if rest.starts_with("/*") {
            (block_length(rest), CommentKind::Block)
        } else {
            (rest.find('\n').unwrap_or(rest.len()), CommentKind::Line)
        };
        self.at = start + length.max(1);
        Some(Comment { span: Span::new(start, start + length), kind })
    }
}

/// Returns the length of a block comment; block comments nest, and `\` escapes the character after it.
fn block_length(text: &str) -> usize {
    let mut depth = 0u32;
    let mut at = 0;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\\', _) => at += 1,
            (b'/', Some(b'*')) => {
                depth += 1;
                at += 1;
            }
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    text.len()
}
