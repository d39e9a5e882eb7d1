//! Writes the lines: comments go where they belong, and comments that were aligned stay aligned.

use crate::layout::{BODY, Layout};
use crate::pieces::{Piece, Pieces, Region, between_with_comments};
use lucarne_compiler::scanner::{CommentKind, Kind, comments};
use std::ops::Range;

/// The maximum number of blank lines in a row.
const BLANK_MAX: usize = 2;
/// The space between code and a comment.
const COMMENT_SPACE: usize = 2;
/// How many lines without a comment may stand between lines with aligned comments.
const UNALIGNED_MAX: usize = 2;

/// Returns the formatted text.
pub(crate) fn emit(text: &str, pieces: &Pieces, breaks: &[bool], layout: &Layout) -> String {
    let mut emitter = Emitter {
        text,
        pieces: &pieces.list,
        breaks,
        layout,
        code: String::with_capacity(text.len()),
        lines: Vec::new(),
        above: Vec::new(),
        is_fresh: false,
    };
    emitter.emit(&pieces.regions);
    emitter.finish()
}

/// A line of the result.
struct Line {
    /// How many blank lines stand before it.
    blank: usize,
    indent: u32,
    /// The code, in `Emitter::code`.
    code: Range<usize>,
    comment: Option<Trailing>,
    /// Whether `code` is a whole region: several lines with their indentation and line breaks.
    is_raw: bool,
}

/// A comment at the end of a line.
struct Trailing {
    /// Its place in the text.
    place: Range<usize>,
    /// The column that it has in the text.
    column: usize,
}

struct Emitter<'a> {
    text: &'a str,
    pieces: &'a [Piece],
    breaks: &'a [bool],
    layout: &'a Layout,
    code: String,
    lines: Vec<Line>,
    /// The indentation of the lines that enclose the current one, as written and as formatted, from the outermost
    /// one.
    above: Vec<(u32, u32)>,
    /// Whether a region has just been written. Its last line break is part of it, so the next gap counts one more.
    is_fresh: bool,
}

impl<'a> Emitter<'a> {
    fn emit(&mut self, regions: &[Region]) {
        let begin = self.head();
        let mut from = begin;
        let mut at = 0;
        let mut regions = regions.iter().peekable();
        while let Some(piece) = self.pieces.get(at).copied() {
            if let Some(region) = regions.next_if(|region| region.start <= piece.start) {
                self.gap(from, region.start, &piece, at);
                self.region(*region);
                from = region.end;
                self.is_fresh = true;
                at += self.pieces.get(at..).unwrap_or(&[]).partition_point(|piece| piece.start < region.end);
                at = at.min(self.pieces.len() - 1);
                if region.end == self.text.len() {
                    return;
                }
                continue;
            }
            self.piece(at, &piece, from);
            from = piece.end;
            at += 1;
        }
    }

    /// Writes the line that tells a shell how to run the file. Returns where the rest begins.
    fn head(&mut self) -> usize {
        let begin = if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        let rest = self.text.get(begin..).unwrap_or("");
        if !rest.starts_with("#!") {
            return begin;
        }
        let line = rest.split('\n').next().unwrap_or("");
        self.new_line(0, 0);
        self.code.push_str(line.trim_end());
        self.end_line();
        begin + line.len()
    }

    fn begins_line(&self, at: usize) -> bool {
        self.pieces.get(at).is_some_and(|piece| piece.line_start)
            || self.breaks.get(at).copied().unwrap_or(false)
    }

    fn piece(&mut self, at: usize, piece: &Piece, from: usize) {
        let column = self.layout.columns.get(at).copied().unwrap_or(0);
        if self.begins_line(at) {
            let begins = self.gap(from, piece.start, piece, at);
            if piece.kind == Kind::Eof {
                return;
            }
            match begins {
                Some(newlines) => self.new_line(newlines.saturating_sub(1), column),
                None => self.code.push(' '),
            }
            if piece.line_start {
                while self.above.last().is_some_and(|(old, _)| *old >= piece.indent) {
                    self.above.pop();
                }
                self.above.push((piece.indent, column));
            }
        } else if piece.after_backslash {
            let returned = self.text.get(from..piece.start).is_some_and(|between| between.contains('\r'));
            self.code.push_str(if returned { " \\\r\n" } else { " \\\n" });
            self.code.extend(std::iter::repeat_n(' ', column as usize));
        } else if piece.after_comment {
            self.code.push_str(&between_with_comments(self.text, from, piece.start));
        } else {
            let spaces = self.layout.spaces.get(at).copied().unwrap_or(0);
            self.code.extend(std::iter::repeat_n(' ', spaces as usize));
        }
        self.code.push_str(self.text.get(piece.start..piece.end).unwrap_or(""));
        self.end_line();
    }

    fn new_line(&mut self, blank: usize, indent: u32) {
        let blank = if self.lines.is_empty() { 0 } else { blank.min(BLANK_MAX) };
        let start = self.code.len();
        self.lines.push(Line { blank, indent, code: start..start, comment: None, is_raw: false });
    }

    fn end_line(&mut self) {
        let end = self.code.len();
        if let Some(line) = self.lines.last_mut() {
            line.code.end = end;
        }
    }

    /// Writes the comments between two places, before the piece `at`. Returns the number of line breaks before the piece,
    /// at least 1; `None` if the piece stays on the line of a comment that begins a line.
    fn gap(&mut self, from: usize, to: usize, next: &Piece, at: usize) -> Option<usize> {
        let mut end = from;
        let mut is_alone = false;
        for comment in comments(self.text, from, to) {
            let place = comment.span.range();
            let newlines = self.newlines(end, place.start) + usize::from(std::mem::take(&mut self.is_fresh));
            end = place.end;
            is_alone = newlines > 0 || self.lines.is_empty();
            let written = self.text.get(place.clone()).unwrap_or("").trim_end();
            let place = place.start..place.start + written.len();
            let start = place.start;
            if !is_alone {
                let is_last = comment.kind == CommentKind::Line || self.ends_line(place.end, to, next);
                match is_last && !written.contains('\n') && !self.has_comment() {
                    true => self.trailing(place),
                    false => {
                        self.code.push(' ');
                        self.code.push_str(written);
                        self.end_line();
                    }
                }
                continue;
            }
            let column = self.column(start);
            if newlines == 1 && self.continues_comment(column) {
                self.new_line(0, 0);
                self.trailing(place);
                continue;
            }
            let indent = self.comment_indent(column as u32, next, at);
            self.new_line(newlines.saturating_sub(1), indent);
            self.comment(written, column, indent);
        }
        let newlines = self.newlines(end, to) + usize::from(std::mem::take(&mut self.is_fresh));
        if newlines == 0 && is_alone && end < to && next.line_start { None } else { Some(newlines.max(1)) }
    }

    fn newlines(&self, from: usize, to: usize) -> usize {
        self.text.get(from..to).unwrap_or("").bytes().filter(|byte| *byte == b'\n').count()
    }

    /// Returns the column of a place, in characters.
    fn column(&self, place: usize) -> usize {
        let before = self.text.get(..place).unwrap_or("");
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        before.get(line..).unwrap_or("").chars().filter(|c| *c != '\u{feff}').count()
    }

    fn trailing(&mut self, place: Range<usize>) {
        let column = self.column(place.start);
        if let Some(line) = self.lines.last_mut() {
            line.comment = Some(Trailing { place, column });
        }
    }

    /// Returns whether a comment that ends at `place` is the last on its line in the result: a line break or the end of the
    /// text follows, or the formatter begins a new line with the next piece.
    fn ends_line(&self, place: usize, to: usize, next: &Piece) -> bool {
        let rest = self.text.get(place..to).unwrap_or("");
        rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n')
            || rest.trim().is_empty() && (next.kind == Kind::Eof || !next.line_start)
    }

    fn has_comment(&self) -> bool {
        self.lines.last().is_some_and(|line| line.comment.is_some())
    }

    /// Returns whether a comment on a line of its own continues a comment at the end of the line above.
    fn continues_comment(&self, column: usize) -> bool {
        let above = self.lines.last().and_then(|line| line.comment.as_ref());
        above.is_some_and(|comment| comment.column == column)
    }

    /// Writes a comment on lines of its own.
    fn comment(&mut self, written: &str, column: usize, indent: u32) {
        let shift = i64::from(indent) - column as i64;
        let is_blank = |line: &&str| line.trim().is_empty();
        let spaces = |line: &str| (line.len() - line.trim_start_matches(' ').len()) as i64;
        let mut inside = written.split('\n').skip(1).filter(|line| !is_blank(line));
        if shift == 0 || inside.any(|line| spaces(line) + shift < 0) {
            self.code.push_str(written);
        } else {
            for (index, line) in written.split('\n').enumerate() {
                if index == 0 {
                    self.code.push_str(line);
                    continue;
                }
                self.code.push('\n');
                if is_blank(&line) {
                    self.code.push_str(line);
                } else {
                    let spaces = spaces(line);
                    self.code.extend(std::iter::repeat_n(' ', (spaces + shift) as usize));
                    self.code.push_str(line.get(spaces as usize..).unwrap_or(""));
                }
            }
        }
        self.end_line();
    }

    /// Returns the indentation of a comment on a line of its own: that of the line after it, or, if the comment is
    /// indented more, one relative to the nearest line above that encloses it.
    fn comment_indent(&self, column: u32, next: &Piece, at: usize) -> u32 {
        let next_new =
            if next.kind == Kind::Eof { 0 } else { self.layout.columns.get(at).copied().unwrap_or(0) };
        if column <= next.indent {
            return next_new;
        }
        let enclosing = self.above.iter().rev().find(|(old, _)| *old <= column);
        match enclosing {
            Some((old, new)) if *old == column => *new,
            Some((old, new)) if self.opens_body() && self.above.last() == enclosing => {
                if column - old >= BODY { new + BODY } else { new + (column - old) }
            }
            Some((old, new)) => new + (column - old),
            None => column,
        }
    }

    /// Returns whether the last line of code ends with a token that begins a body or list.
    fn opens_body(&self) -> bool {
        let line = self.lines.iter().rev().find(|line| !line.code.is_empty());
        let code = line.and_then(|line| self.code.get(line.code.clone())).unwrap_or("");
        !code.starts_with("//") && code.ends_with([':', '[', '{', '(', '|'])
    }

    /// Writes a region without formatting. Shifts its lines by the same number of columns, except blank lines and lines
    /// inside a string.
    fn region(&mut self, region: Region) {
        let written = self.text.get(region.start..region.end).unwrap_or("");
        if written.is_empty() {
            return;
        }
        let first = self.pieces.partition_point(|piece| piece.start < region.start);
        let first = Some(first).filter(|at| {
            self.pieces.get(*at).is_some_and(|piece| piece.region > 0 && piece.start < region.end)
        });
        let shift = first.map_or(0, |at| {
            let old = self.pieces.get(at).map_or(0, |piece| piece.indent);
            i64::from(self.layout.columns.get(at).copied().unwrap_or(0)) - i64::from(old)
        });
        self.new_line(0, 0);
        let mut at = region.start;
        for line in written.split_inclusive('\n') {
            let before = self.pieces.partition_point(|piece| piece.start < at).checked_sub(1);
            let before = before.and_then(|before| self.pieces.get(before));
            let is_in_string = before.is_some_and(|piece| piece.has_lines && piece.end > at);
            let spaces = line.len() - line.trim_start_matches(' ').len();
            let rest = line.get(spaces..).unwrap_or("");
            let is_moved = shift != 0 && !is_in_string && !rest.trim().is_empty();
            let indent = if is_moved { (spaces as i64 + shift).max(0) as usize } else { spaces };
            self.code.extend(std::iter::repeat_n(' ', indent));
            self.code.push_str(rest);
            at += line.len();
        }
        self.end_line();
        if let Some(line) = self.lines.last_mut() {
            line.is_raw = true;
        }
    }

    // The result.

    fn finish(self) -> String {
        let has_returns = self
            .text
            .find('\n')
            .is_some_and(|at| self.text.get(..at).is_some_and(|line| line.ends_with('\r')));
        let newline = if has_returns { "\r\n" } else { "\n" };
        let columns = self.aligned();
        let mut out = String::with_capacity(self.code.len() + self.lines.len() * 8);
        if self.text.starts_with('\u{feff}') {
            out.push('\u{feff}');
        }
        for (line, column) in self.lines.iter().zip(columns) {
            for _ in 0..line.blank {
                out.push_str(newline);
            }
            let code = self.code.get(line.code.clone()).unwrap_or("");
            if line.is_raw {
                out.push_str(code);
                continue;
            }
            if !code.is_empty() {
                out.extend(std::iter::repeat_n(' ', line.indent as usize));
                out.push_str(code);
            }
            if let Some(comment) = &line.comment {
                let width = if code.is_empty() { 0 } else { self.width(line) };
                out.extend(std::iter::repeat_n(' ', column.saturating_sub(width)));
                out.push_str(self.text.get(comment.place.clone()).unwrap_or(""));
            }
            out.push_str(newline);
        }
        out
    }

    /// Returns the column after the code of a line.
    fn width(&self, line: &Line) -> usize {
        let code = self.code.get(line.code.clone()).unwrap_or("");
        match code.rfind('\n') {
            Some(at) => code.get(at + 1..).unwrap_or("").chars().count(),
            None => line.indent as usize + code.chars().count(),
        }
    }

    /// Returns the column of the comment at the end of each line. Comments that start at the same column in the text also
    /// get one common column in the result, if at most `UNALIGNED_MAX` lines without a comment, and no blank line, stand
    /// between them.
    fn aligned(&self) -> Vec<usize> {
        let mut columns = vec![0; self.lines.len()];
        let mut group: Vec<usize> = Vec::new();
        let mut unaligned = 0;
        for (index, line) in self.lines.iter().enumerate() {
            let column_of = |index: &usize| {
                self.lines.get(*index).and_then(|line| line.comment.as_ref()).map(|comment| comment.column)
            };
            let belongs = line.comment.as_ref().is_some_and(|comment| {
                group.last().is_some_and(|last| column_of(last) == Some(comment.column))
            });
            if line.blank > 0 || unaligned > UNALIGNED_MAX || (line.comment.is_some() && !belongs) {
                self.align(&mut group, &mut columns);
            }
            if line.comment.is_some() {
                group.push(index);
                unaligned = 0;
            } else {
                unaligned += 1;
            }
        }
        self.align(&mut group, &mut columns);
        columns
    }

    fn align(&self, group: &mut Vec<usize>, columns: &mut [usize]) {
        let lines = group.iter().filter_map(|index| self.lines.get(*index));
        let widest =
            lines.filter(|line| !line.code.is_empty()).map(|line| self.width(line)).max().unwrap_or(0);
        for index in group.drain(..) {
            if let Some(column) = columns.get_mut(index) {
                *column = widest + COMMENT_SPACE;
            }
        }
    }
}
