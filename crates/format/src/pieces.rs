//! The tokens of a text as the formatter sees them: a string is one piece, which is never changed inside.

use lucarne_compiler::scanner::{Kind, Token, comments};

/// The comment that begins lines which are left as they are.
const OFF: &str = "// format: off";
/// The comment that ends lines which are left as they are.
const ON: &str = "// format: on";

/// The maximum distance, in pieces, at which an aligned piece is searched for, so that the search takes time in
/// proportion to the text.
const TABLE_WIDTH_MAX: usize = 256;

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
    /// The number of characters; if the piece has several lines, of its last line.
    pub(crate) width: u32,
    /// Whether it has several lines.
    pub(crate) has_lines: bool,
    /// Whether a comment stands between it and the piece before it.
    pub(crate) after_comment: bool,
    /// Whether a `\\` joins its line to the line before.
    pub(crate) after_backslash: bool,
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

/// Returns what stands between two pieces of one line, with comments between them: each run of spaces becomes one.
pub(crate) fn between_with_comments(text: &str, from: usize, to: usize) -> String {
    let mut out = String::new();
    let mut end = from;
    let add = |end: usize, start: usize, out: &mut String| {
        let space = text.get(end..start).unwrap_or("");
        if space.trim_matches(' ').is_empty() {
            out.push_str(if space.is_empty() { "" } else { " " });
        } else {
            out.push_str(space);
        }
    };
    for comment in comments(text, from, to) {
        let place = comment.span.range();
        add(end, place.start, &mut out);
        out.push_str(text.get(place.clone()).unwrap_or(""));
        end = place.end;
    }
    add(end, to, &mut out);
    out
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
        let between = self.text.get(self.place..start).unwrap_or("");
        let after_comment = self.move_to(start);
        let after_backslash =
            between.len() > 1 && !token.line_start && !after_comment && between.contains('\\');
        let (line, column) = (self.line, self.column);
        if self.is_ascii && token.kind != Kind::StringBegin {
            self.column += (end - start) as u32;
            self.place = end;
        } else {
            self.move_to(end);
        }
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
            after_backslash,
            in_table: false,
            region: 0,
        });
    }

    /// Counts lines and columns up to a place. Returns whether there is a `/` in between, which may begin a comment.
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
/// column as a token of the line of code above or below it, which has the same indentation.
fn find_tables(text: &str, list: &mut [Piece]) {
    let mut found: Vec<u32> = Vec::new();
    for at in 1..list.len() {
        let (Some(before), Some(piece)) = (list.get(at - 1), list.get(at)) else { continue };
        let gap = piece.start - before.end;
        let is_opened = matches!(before.kind, Kind::LeftBracket | Kind::HashBracket | Kind::LeftParen);
        let is_wide = gap >= 2 || gap == 1 && is_opened && is_number(piece.kind);
        if !is_wide || piece.line_start || piece.after_comment || piece.has_lines || before.has_lines {
            continue;
        }
        if text.get(before.end..piece.start).is_none_or(|gap| gap.contains(['\n', '\\', '\t'])) {
            continue;
        }
        for other in neighbors(list, at).into_iter().flatten() {
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

/// Returns the lines of code above and below a piece, if they have a piece in the same column.
fn neighbors(list: &[Piece], at: usize) -> [Option<u32>; 2] {
    let Some(piece) = list.get(at) else { return [None, None] };
    let above = list.get(..at).unwrap_or(&[]).iter().enumerate().rev();
    let above =
        above.take(TABLE_WIDTH_MAX).skip_while(|(_, other)| other.line == piece.line).map(|(at, _)| at);
    let below = list.iter().enumerate().skip(at);
    let below =
        below.take(TABLE_WIDTH_MAX).skip_while(|(_, other)| other.line == piece.line).map(|(at, _)| at);
    [aligned_line(list, at, above), aligned_line(list, at, below)]
}

/// Returns the line of the first of some pieces, if one of its pieces is aligned with the piece `at`.
fn aligned_line(list: &[Piece], at: usize, others: impl Iterator<Item = usize>) -> Option<u32> {
    let piece = list.get(at)?;
    let end = number_end(list, at);
    let mut line = None;
    for index in others {
        let other = list.get(index)?;
        let is_indented_alike = other.indent == piece.indent || begin_with_aligned_numbers(list, at, index);
        if !is_indented_alike || line.is_some_and(|line| line != other.line) {
            return None;
        }
        line = Some(other.line);
        let has_same_end = end.is_some() && number_end(list, index) == end;
        let is_aligned = other.column == piece.column || has_same_end;
        if is_aligned && is_similar(list, at, index) && !other.line_start && !other.has_lines {
            return line;
        }
    }
    None
}

/// Returns whether two pieces in one column may be aligned on purpose: they are the same operator, or stand after
/// pieces of one kind.
fn is_similar(list: &[Piece], one: usize, other: usize) -> bool {
    let kind =
        |at: usize| list.get(at).map(|piece| if is_number(piece.kind) { Kind::Int } else { piece.kind });
    let before = |at: usize| at.checked_sub(1).and_then(kind);
    let is_value = |kind| {
        use Kind::{Char, Decrement, Identifier, Int, LeftBrace, LeftBracket, LeftParen, StringBegin};
        matches!(
            kind,
            Some(Identifier | Int | Char | StringBegin | LeftParen | LeftBracket | LeftBrace | Decrement)
        )
    };
    let are_same = kind(one) == kind(other);
    match before(one) == before(other) {
        true => are_same || before(one) != Some(Kind::Identifier),
        false => are_same && !is_value(kind(one)),
    }
}

/// Returns whether the lines of two pieces begin with numbers that end in one column, as in a matrix.
fn begin_with_aligned_numbers(list: &[Piece], one: usize, other: usize) -> bool {
    let first = |at: usize| {
        let line = list.get(..=at)?.iter().rev().take(TABLE_WIDTH_MAX);
        let before = line.take_while(|piece| !piece.line_start).count();
        let first =
            at.checked_sub(before).filter(|first| list.get(*first).is_some_and(|piece| piece.line_start))?;
        number_end(list, first)
    };
    first(one).is_some_and(|end| first(other) == Some(end))
}

/// Returns the column after a number, with the minus before it.
fn number_end(list: &[Piece], at: usize) -> Option<u32> {
    let piece = list.get(at)?;
    let next = list.get(at + 1).filter(|next| piece.kind == Kind::Minus && next.start == piece.end);
    is_number(piece.kind).then(|| next.unwrap_or(piece).column_end())
}

/// Finds the regions without formatting, and marks the pieces in them. A region ends at the latest before a line that is
/// indented less than its first line, so that it can be moved as a whole.
fn find_regions(text: &str, list: &mut [Piece]) -> Vec<Region> {
    let mut regions: Vec<Region> = Vec::new();
    // The beginning of the current region, and the indentation of its first line of code.
    let mut open: Option<(usize, Option<u32>)> = None;
    let mut before = 0;
    for piece in list {
        for comment in comments(text, before, piece.start) {
            let range = comment.span.range();
            let written = text.get(range.clone()).unwrap_or("").trim_end();
            let line = line_begin(text, range.start);
            if !text.get(line..range.start).is_some_and(|space| space.trim().is_empty()) {
                continue;
            }
            match open {
                None if written == OFF => open = next_line(text, range.end).map(|start| (start, None)),
                Some((start, _)) if written == ON => {
                    regions.push(Region { start, end: line });
                    open = None;
                }
                _ => {}
            }
        }
        if let Some((start, Some(indent))) = open
            && piece.line_start
            && piece.indent < indent
        {
            regions.push(Region { start, end: end_of_line(text, before, piece.start) });
            open = None;
        }
        if let Some((start, indent)) = &mut open
            && piece.start >= *start
            && piece.kind != Kind::Eof
        {
            indent.get_or_insert(piece.indent);
            piece.region = regions.len() + 1;
        }
        before = piece.end;
    }
    if let Some((start, _)) = open {
        regions.push(Region { start, end: text.len() });
    }
    regions
}

fn line_begin(text: &str, place: usize) -> usize {
    text.get(..place).and_then(|text| text.rfind('\n')).map_or(0, |at| at + 1)
}

/// Returns the beginning of the next line, if there is one.
fn next_line(text: &str, place: usize) -> Option<usize> {
    text.get(place..)?.find('\n').map(|at| place + at + 1)
}

/// Returns the end of the line of a piece that ends at `place`, after the comments that begin on that line.
fn end_of_line(text: &str, place: usize, next: usize) -> usize {
    let mut end = place;
    for comment in comments(text, place, next) {
        if text.get(end..comment.span.start as usize).is_none_or(|between| between.contains('\n')) {
            break;
        }
        end = comment.span.end as usize;
    }
    next_line(text, end).unwrap_or(next)
}
