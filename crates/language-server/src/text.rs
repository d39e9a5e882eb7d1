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

/// The number of bytes between two counts of UTF-16 units: a line can be as long as its text.
const BLOCK_BYTES: usize = 256;

/// A text with the places of its lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    text: String,
    /// The byte at which each line begins.
    lines: Vec<u32>,
    /// The number of UTF-16 units before each block of bytes.
    blocks: Vec<u32>,
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
        let mut units = 0;
        let blocks = bytes.chunks(BLOCK_BYTES).map(|block| {
            let before = units;
            units += utf16_units(block);
            before
        });
        let blocks = blocks.collect();
        Text { text, lines, blocks }
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
        let sought = self.units_before(line.start, encoding).saturating_add(position.character);
        // The last block with fewer units before it contains the place, or the line begins in it or after it.
        let block = match encoding {
            Encoding::Utf8 => sought as usize / BLOCK_BYTES,
            Encoding::Utf16 => self.blocks.partition_point(|units| *units < sought).saturating_sub(1),
        };
        let start = self.boundary((block * BLOCK_BYTES).min(line.end as usize) as u32).max(line.start);
        let mut units = self.units_before(start, encoding);
        for (at, letter) in self.slice(Span { start, end: line.end }).char_indices() {
            if units >= sought {
                return start + at as u32;
            }
            units += width(letter, encoding);
        }
        line.end
    }

    /// Returns the number of code units before a byte.
    fn units_before(&self, offset: u32, encoding: Encoding) -> u32 {
        match encoding {
            Encoding::Utf8 => offset,
            Encoding::Utf16 => {
                let (bytes, offset) = (self.text.as_bytes(), offset as usize);
                let block = (offset / BLOCK_BYTES).min(self.blocks.len().saturating_sub(1));
                let rest = bytes.get(block * BLOCK_BYTES..offset).unwrap_or_default();
                self.blocks.get(block).copied().unwrap_or(0) + utf16_units(rest)
            }
        }
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
        let offset = self.boundary(offset);
        let line = self.line_of(offset);
        let start = self.lines.get(line as usize).copied().unwrap_or(0);
        let character = self.units_before(offset, encoding) - self.units_before(start, encoding);
        Position { line, character }
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

/// Returns the number of UTF-16 units of the characters that begin in some bytes of UTF-8.
fn utf16_units(bytes: &[u8]) -> u32 {
    let units = |byte: &u8| match byte {
        0x80..=0xbf => 0,
        0xf0.. => 2,
        _ => 1,
    };
    bytes.iter().map(units).sum()
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
    fn positions_in_long_lines_are_those_of_a_count_from_their_start() {
        let mut line = String::new();
        for number in 0..300 {
            line += ["a", "ö", "€", "😀", "bc"].get(number * 7 % 5).copied().unwrap_or_default();
        }
        let text = Text::new(format!("first\n{line}\r\n{line}"));
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for number in [1, 2] {
                let start = text.line(number).start;
                let mut units = 0;
                for (at, letter) in line.char_indices() {
                    let offset = start + at as u32;
                    let position = Position { line: number, character: units };
                    assert_eq!(text.position(offset, encoding), position);
                    assert_eq!(text.offset(position, encoding), offset);
                    units += width(letter, encoding);
                }
                let behind = Position { line: number, character: u32::MAX };
                assert_eq!(text.offset(behind, encoding), text.line(number).end);
            }
        }
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
