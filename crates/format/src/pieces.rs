//! The tokens of a text as the formatter sees them: a string is one piece, which is never changed inside.

use lucarne_compiler::scanner::{Kind, Token, comments};

/// The comment that begins lines which are left as they are.
const OFF: &str = "// format: off";
/// The comment that ends them.
const ON: &str = "// format: on";

/// A token, or a whole string.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether it is the first of its line.
    pub(crate) line_start: bool,
    /// The indentation of its line.
    pub(crate) indent: u32,
    /// Its line, counted from 0.
    pub(crate) line: u32,
    /// Its column, in characters.
    pub(crate) column: u32,
    /// The number of characters; in its last line, if it has several lines.
    pub(crate) width: u32,
    /// Whether it has several lines.
    pub(crate) has_lines: bool,
    /// Whether a comment stands between it and the piece before it.
    pub(crate) after_comment: bool,
    /// Whether it is in a line whose columns are aligned with those of another line.
    pub(crate) in_table: bool,
    /// The number of the region without formatting that it is in, plus one; else 0.
    pub(crate) region: usize,
}

impl Piece {
    /// Returns the column after it, if it has one line.
    fn column_end(&self) -> u32 {
        self.column + self.width
    }
}

/// Lines that are left as they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Region {
    /// The beginning of the first line.
    pub(crate) start: usize,
    /// The end of the last line: the beginning of the line that ends the region.
    pub(crate) end: usize,
}

/// A text cut into pieces.
pub(crate) struct Pieces {
    /// The pieces, with a [`Kind::Eof`] at the end.
    pub(crate) list: Vec<Piece>,
    pub(crate) regions: Vec<Region>,
}

/// Cuts a text into pieces.
pub(crate) fn pieces(text: &str, tokens: &[Token]) -> Pieces {
    let mut cutter = Cutter {
        text,
        is_ascii: text.is_ascii(),
        place: 0,
        line: 0,
        column: 0,
        list: Vec::with_capacity(tokens.len()),
    };
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let last = if token.kind == Kind::StringBegin { string_end(tokens, at) } else { at };
        let end = tokens.get(last).map_or(token.span.end, |token| token.span.end);
        cutter.add(token, end as usize);
        at = last + 1;
    }
    let mut list = cutter.list;
    find_tables(text, &mut list);
    let regions = if text.contains(OFF) { find_regions(text, &mut list) } else { Vec::new() };
    Pieces { list, regions }
}

/// Returns the index of the token that ends a string.
fn string_end(tokens: &[Token], begin: usize) -> usize {
    let mut depth = 0u32;
    for (at, token) in tokens.iter().enumerate().skip(begin) {
        match token.kind {
            Kind::StringBegin => depth += 1,
            Kind::StringEnd => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at;
        }
    }
    tokens.len()
}

struct Cutter<'a> {
    text: &'a str,
    is_ascii: bool,
    place: usize,
    line: u32,
    column: u32,
    list: Vec<Piece>,
}

impl Cutter<'_> {
    fn add(&mut self, token: &Token, end: usize) {
        let start = token.span.start as usize;
        let after_comment = self.move_to(start);
        let (line, column) = (self.line, self.column);
        self.move_to(end);
        let has_lines = self.line > line;
        self.list.push(Piece {
            kind: token.kind,
            start,
            end,
            line_start: token.line_start,
            indent: token.line_indent,
            line,
            column,
            width: if has_lines { self.column } else { self.column - column },
            has_lines,
            after_comment,
            in_table: false,
            region: 0,
        });
    }

    /// Counts lines and columns up to a place. Returns whether there is a `/` before it.
    fn move_to(&mut self, place: usize) -> bool {
        let between = self.text.get(self.place..place).unwrap_or("");
        self.place = place;
        if between.len() <= 2 && between.bytes().all(|byte| byte == b' ') {
            self.column += between.len() as u32;
            return false;
        }
        let newlines = between.bytes().filter(|byte| *byte == b'\n').count();
        let last = between.rfind('\n').map_or(between, |at| between.get(at + 1..).unwrap_or(""));
        let width = if self.is_ascii { last.len() } else { last.chars().count() };
        self.line += newlines as u32;
        self.column = if newlines > 0 { 0 } else { self.column } + width as u32;
        between.contains('/')
    }
}

/// Finds lines whose author has aligned columns: a token after more space than it needs begins or ends in the same
/// column as a token of a line next to it, which has the same indentation.
fn find_tables(text: &str, list: &mut [Piece]) {
    let mut found: Vec<u32> = Vec::new();
    for at in 1..list.len() {
        let (Some(before), Some(piece)) = (list.get(at - 1), list.get(at)) else { continue };
        if piece.line_start || piece.after_comment || piece.has_lines || before.has_lines {
            continue;
        }
        let gap = piece.start - before.end;
        let is_opened = matches!(before.kind, Kind::LeftBracket | Kind::HashBracket | Kind::LeftParen);
        let is_wide = gap >= 2 || gap == 1 && is_opened && is_number(piece.kind);
        if !is_wide || text.get(before.end..piece.start).is_none_or(|gap| gap.contains(['\n', '\\', '\t'])) {
            continue;
        }
        for other in neighbors(list, at, piece) {
            found.push(piece.line);
            found.push(other);
        }
    }
    if found.is_empty() {
        return;
    }
    found.sort_unstable();
    for piece in list {
        piece.in_table = found.binary_search(&piece.line).is_ok();
    }
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Int | Kind::Float | Kind::Minus)
}

/// Returns the lines next to a piece that have a piece in the same column.
fn neighbors(list: &[Piece], at: usize, piece: &Piece) -> Vec<u32> {
    let is_aligned = |other: &Piece| {
        !other.line_start
            && !other.has_lines
            && other.indent == piece.indent
            && (other.column == piece.column
                || is_number(other.kind)
                    && is_number(piece.kind)
                    && other.column_end() == piece.column_end())
    };
    let on = |line: u32| move |other: &&Piece| other.line == line;
    let before = list.get(..at).unwrap_or(&[]).iter().rev();
    let before = before.skip_while(|other| other.line == piece.line);
    let after = list.get(at..).unwrap_or(&[]).iter().skip_while(|other| other.line == piece.line);
    let mut found = Vec::new();
    if piece.line > 0 && before.take_while(on(piece.line - 1)).any(is_aligned) {
        found.push(piece.line - 1);
    }
    if after.take_while(on(piece.line + 1)).any(is_aligned) {
        found.push(piece.line + 1);
    }
    found
}

/// Finds the regions without formatting, and marks the pieces in them.
fn find_regions(text: &str, list: &mut [Piece]) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    let mut begin = None;
    let mut before = 0;
    for piece in list.iter() {
        for comment in comments(text, before, piece.start) {
            let range = comment.span.range();
            let written = text.get(range.clone()).unwrap_or("").trim_end();
            let line_begin = text.get(..range.start).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1);
            let is_alone = text.get(line_begin..range.start).is_some_and(|space| space.trim().is_empty());
            if !is_alone {
                continue;
            }
            match begin {
                None if written == OFF => {
                    begin = text.get(range.end..).and_then(|rest| rest.find('\n')).map(|at| range.end + at + 1);
                }
                Some(start) if written == ON => {
                    regions.push(Region { start, end: line_begin });
                    begin = None;
                }
                _ => {}
            }
        }
        before = piece.end;
    }
    if let Some(start) = begin {
        regions.push(Region { start, end: text.len() });
    }
    let mut next = 0;
    for piece in list.iter_mut() {
        while regions.get(next).is_some_and(|region| piece.start >= region.end && region.end < text.len()) {
            next += 1;
        }
        let is_inside = regions.get(next).is_some_and(|region| piece.start >= region.start);
        if is_inside && piece.kind != Kind::Eof {
            piece.region = next + 1;
        }
    }
    regions
}
