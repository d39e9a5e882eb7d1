//! Texts of documents: positions as editors count them, and edits.
//!
//! A position is a line and a number of code units, of UTF-16 or of UTF-8, as the client chose. The compiler counts
//! bytes. Line ends are `\n`, `\r\n` and `\r`.

use lsp_types::{Position, Range, TextDocumentContentChangeEvent};
use lucarne_compiler::source::Span;

/// The code units that positions count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of 16 bits: the default of the protocol.
    #[default]
    Utf16,
}

/// A text with the places of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    /// The byte at which each line begins.
    lines: Vec<u32>,
}

impl Text {
    /// Makes a text.
    pub fn new(text: String) -> Text {
        let bytes = text.as_bytes();
        let mut lines = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            let ends = *byte == b'\n' || *byte == b'\r' && bytes.get(at + 1) != Some(&b'\n');
            if ends {
                lines.push(at as u32 + 1);
            }
        }
        Text { text, lines }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the part of the text at a span; nothing if it is outside.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Returns the number of lines.
    pub fn line_count(&self) -> u32 {
        self.lines.len() as u32
    }

    /// Returns the line of a byte, counted from 0.
    pub fn line_of(&self, offset: u32) -> u32 {
        self.lines.partition_point(|start| *start <= offset).saturating_sub(1) as u32
    }

    /// Returns the span of a line, without its end.
    pub fn line(&self, line: u32) -> Span {
        let start = self.lines.get(line as usize).copied().unwrap_or(self.text.len() as u32);
        let end = self.lines.get(line as usize + 1).copied().unwrap_or(self.text.len() as u32);
        let whole = self.text.get(start as usize..end as usize).unwrap_or("");
        let length = whole.trim_end_matches(['\n', '\r']).len() as u32;
        Span { start, end: start + length }
    }

    /// Returns the byte at a position. A position behind the end of its line is that end, and one behind the last line
    /// is the end of the text.
    pub fn offset(&self, position: Position, encoding: Encoding) -> u32 {
        if position.line >= self.line_count() {
            return self.text.len() as u32;
        }
        let line = self.line(position.line);
        let text = self.slice(line);
        let mut units = 0;
        for (at, letter) in text.char_indices() {
            if units >= position.character {
                return line.start + at as u32;
            }
            units += width(letter, encoding);
        }
        line.end
    }

    /// Returns the beginning of the character that contains a byte; the end of the text if the byte is behind it.
    pub fn boundary(&self, offset: u32) -> u32 {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset as u32
    }

    /// Returns the position of a byte.
    pub fn position(&self, offset: u32, encoding: Encoding) -> Position {
        let offset = self.boundary(offset) as usize;
        let line = self.line_of(offset as u32);
        let start = self.lines.get(line as usize).copied().unwrap_or(0) as usize;
        let before = self.text.get(start..offset).unwrap_or("");
        Position { line, character: before.chars().map(|letter| width(letter, encoding)).sum() }
    }

    /// Returns the range of a span.
    pub fn range(&self, span: Span, encoding: Encoding) -> Range {
        Range { start: self.position(span.start, encoding), end: self.position(span.end, encoding) }
    }

    /// Returns the text after some changes.
    pub fn changed(&self, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) -> Text {
        let mut text = self.clone();
        for change in changes {
            text = match change.range {
                None => Text::new(change.text),
                Some(range) => {
                    let start = text.offset(range.start, encoding);
                    let end = text.offset(range.end, encoding).max(start);
                    let mut new = text.text;
                    new.replace_range(start as usize..end as usize, &change.text);
                    Text::new(new)
                }
            };
        }
        text
    }
}

fn width(letter: char, encoding: Encoding) -> u32 {
    match encoding {
        Encoding::Utf8 => letter.len_utf8() as u32,
        Encoding::Utf16 => letter.len_utf16() as u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn positions_count_the_units_of_the_encoding() {
        let text = Text::new("a😀ö\r\nb\rc\n".into());
        assert_eq!(text.line_count(), 4);
        assert_eq!(text.offset(at(0, 3), Encoding::Utf16), 5);
        assert_eq!(text.offset(at(0, 5), Encoding::Utf8), 5);
        assert_eq!(text.position(7, Encoding::Utf16), at(0, 4));
        assert_eq!(text.position(7, Encoding::Utf8), at(0, 7));
        // Behind the end of a line, and behind the last line.
        assert_eq!(text.offset(at(0, 99), Encoding::Utf16), 7);
        assert_eq!(text.offset(at(2, 0), Encoding::Utf16), 11);
        assert_eq!(text.offset(at(99, 0), Encoding::Utf16), 13);
        // Inside of a character.
        assert_eq!(text.offset(at(0, 2), Encoding::Utf16), 5);
    }

    #[test]
    fn edits_apply_in_order() {
        let text = Text::new("one\ntwo\n".into());
        let change = |start, end, text: &str| TextDocumentContentChangeEvent {
            range: Some(Range { start, end }),
            range_length: None,
            text: text.into(),
        };
        let changes = vec![change(at(0, 3), at(1, 0), " "), change(at(0, 0), at(0, 3), "1")];
        assert_eq!(text.changed(changes, Encoding::Utf16).as_str(), "1 two\n");
        let backward = vec![change(at(1, 0), at(0, 0), "x")];
        assert_eq!(text.changed(backward, Encoding::Utf16).as_str(), "one\nxtwo\n");
    }
}
