//! Tells whether the lines that are typed in a session are complete, or what they lack.

use crate::scanner::{Kind, scan};
use crate::source::SourceId;

/// The maximum number of bytes that are scanned for one input. A string or comment that is open is scanned again from its
/// beginning at each line that could close it; all else is scanned once.
const SCANNED_BYTES_MAX: usize = 64 << 20;

/// What an input lacks.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Lack {
    /// Nothing.
    #[default]
    Nothing,
    /// A line: the last one ends in an operator, or in a backslash.
    Line,
    /// The end of a body, which an empty line marks.
    EndOfBody,
    /// The end of something in brackets, of a string, or of a comment.
    Closing,
}

/// Returns what the lines of an input lack to be complete.
pub fn lack_of(text: &str) -> Lack {
    let mut input = UnfinishedInput::default();
    input.push(text);
    input.lack()
}

/// The lines of an input, of which more may follow.
#[derive(Default, Debug)]
pub struct UnfinishedInput {
    text: String,
    /// The number of bytes of the settled part: the beginning of the text, whose tokens are known, since further lines
    /// cannot change them.
    settled: usize,
    /// The number of brackets that are open after the settled part.
    depth: i64,
    has_body: bool,
    last: Option<Kind>,
    /// Whether a string with three quotes, a comment, or an interpolation is open after all lines.
    is_open: bool,
    /// Whether the open construct is an interpolation in a string that otherwise stands on one line.
    is_broken: bool,
    /// Whether the last line ends in a backslash.
    is_continued: bool,
    scanned_bytes: usize,
}

impl UnfinishedInput {
    /// Adds a line, or several.
    pub fn push(&mut self, lines: &str) {
        lines.split('\n').for_each(|line| self.push_line(line));
    }

    fn push_line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
        // Any line can close an open interpolation, but only one of these marks can close an open string or comment.
        // Other lines need no scan.
        let may_close = self.is_broken || line.contains("\"\"\"") || line.contains("*/");
        if !(self.is_open && !may_close || self.is_costly()) {
            self.settle();
        }
    }

    /// Returns what the lines lack to be complete.
    pub fn lack(&self) -> Lack {
        if self.depth > 0 || self.is_open {
            return Lack::Closing;
        }
        match (self.has_body, self.is_continued || self.last.is_some_and(continues)) {
            (true, _) => Lack::EndOfBody,
            (false, true) => Lack::Line,
            (false, false) => Lack::Nothing,
        }
    }

    /// Returns the lines.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the lines, and forgets them.
    pub fn take(&mut self) -> String {
        std::mem::take(self).text
    }

    /// Returns whether the lines have taken too much work: too many of them could have closed a string or comment, and have not.
    pub fn is_costly(&self) -> bool {
        self.scanned_bytes > SCANNED_BYTES_MAX
    }

    /// Scans the rest of the text, and counts it as settled if further lines cannot change its tokens.
    fn settle(&mut self) {
        let rest = self.text.get(self.settled..).unwrap_or("");
        self.scanned_bytes += rest.len();
        let scanned = scan(SourceId(0), rest);
        let end = scanned.tokens.iter().rev().find(|token| token.kind != Kind::Eof);
        let end = end.map_or(0, |token| token.span.end as usize);
        let space = rest.get(end..).unwrap_or("").trim_end_matches('\n');
        let is_lost = self.is_broken && scanned.is_lost && !scanned.is_broken;
        self.is_broken = scanned.is_broken;
        self.is_open = scanned.is_open || scanned.is_broken;
        // The backslash stands after the last token, or in a string that includes the end of the line.
        let is_after_backslash = space.trim_start().starts_with('\\') || end == rest.len();
        self.is_continued = !self.is_open && is_after_backslash && !rest.ends_with("\n\n");
        if self.is_open || self.is_continued {
            return;
        }
        // A bracket that is still open at the end of its interpolation is a mistake. It does not count as open after that.
        let mut depths = Vec::new();
        for token in &scanned.tokens {
            if token.line_start || token.kind == Kind::Eof {
                self.has_body |= self.last.is_some_and(begins_body);
            }
            match token.kind {
                Kind::LeftParen | Kind::LeftBracket | Kind::LeftBrace | Kind::HashBracket => self.depth += 1,
                Kind::RightParen | Kind::RightBracket | Kind::RightBrace => self.depth -= 1,
                Kind::InterpolationBegin => depths.push(self.depth),
                Kind::InterpolationEnd => self.depth = depths.pop().unwrap_or(self.depth),
                _ => {}
            }
            if token.kind != Kind::Eof {
                self.last = Some(token.kind);
            }
        }
        if is_lost {
            self.depth = 0;
        }
        self.settled = self.text.len();
    }
}

/// Returns whether the lines after one that ends in this token can be a body.
fn begins_body(kind: Kind) -> bool {
    matches!(kind, Kind::Colon | Kind::DoubleColon | Kind::Bar)
}

/// Returns whether the line after a token of this kind continues the construct that the token belongs to.
fn continues(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Define
            | Kind::DefineFinal
            | Kind::Assign
            | Kind::Comma
            | Kind::And
            | Kind::Or
            | Kind::Not
            | Kind::Plus
            | Kind::Minus
            | Kind::Star
            | Kind::Slash
            | Kind::Percent
            | Kind::Equal
            | Kind::NotEqual
            | Kind::Less
            | Kind::Greater
            | Kind::LessEqual
            | Kind::GreaterEqual
            | Kind::Arrow
    )
}
