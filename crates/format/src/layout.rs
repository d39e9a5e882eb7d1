//! Finds the indentation of each line, and the space between the tokens of each line, by following the tree.
//!
//! A *frame* is what the parser calls a construct: a statement, or an argument, operand or element on a line of its
//! own. Its further lines are indented by four more than its first line, and the bodies of its blocks by two. Where a
//! frame is continued by an operator at the beginning of a line, or within brackets, the line takes the place of the
//! frame.

mod declarations;
mod expressions;

use crate::pieces::{Piece, Pieces, between_with_comments};
use crate::space::{Role, space};
use lucarne_compiler::ast::File;
use lucarne_compiler::scanner::Kind;

/// The indentation of a body.
pub(crate) const BODY: u32 = 2;
/// The indentation of a line that continues the one before it.
pub(crate) const CONTINUATION: u32 = 4;

/// Where the pieces of a text are placed.
#[derive(Debug)]
pub(crate) struct Layout {
    /// What each piece is.
    pub(crate) roles: Vec<Role>,
    /// The column of each piece.
    pub(crate) columns: Vec<u32>,
    /// The spaces before each piece that does not begin a line.
    pub(crate) spaces: Vec<u32>,
}

/// Places the pieces of a text. `breaks` tells before which pieces a line break is added.
pub(crate) fn layout(text: &str, pieces: &Pieces, breaks: &[bool], file: &File) -> Layout {
    let count = pieces.list.len();
    let mut walk = Walk {
        text,
        pieces: &pieces.list,
        breaks,
        at: 0,
        end: count.saturating_sub(1),
        layout: Layout { roles: vec![Role::Plain; count], columns: vec![0; count], spaces: vec![0; count] },
        column: 0,
        line: 0,
        pinned: None,
        shifts: vec![None; pieces.regions.len()],
        is_verbatim: false,
    };
    walk.file(file);
    walk.layout
}

/// What the indentation of further lines is relative to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Frame {
    at: u32,
    /// Whether it is in a body on the line of its `:`. An `else` at the left margin of the frame would belong to
    /// another `if`.
    is_inline: bool,
    /// The indentation of its first line in the text, if it begins a line there.
    old: Option<u32>,
}

impl Frame {
    fn new(at: u32) -> Self {
        Frame { at, is_inline: false, old: None }
    }

    /// Returns the indentation of a line that continues it.
    fn continued(self) -> u32 {
        self.at + CONTINUATION
    }
}

struct Walk<'a> {
    text: &'a str,
    pieces: &'a [Piece],
    breaks: &'a [bool],
    /// The piece that comes next.
    at: usize,
    /// The index of the end of the text.
    end: usize,
    layout: Layout,
    /// The column after the last piece.
    column: u32,
    /// The indentation of the current line.
    line: u32,
    /// The indentation of the next piece, if it begins a line.
    pinned: Option<u32>,
    /// By how much the lines of each region without formatting are moved, as soon as its first line is placed.
    shifts: Vec<Option<i64>>,
    /// Whether the space between pieces stays as it is.
    is_verbatim: bool,
}

impl Walk<'_> {
    fn kind(&self) -> Kind {
        self.pieces.get(self.at).map_or(Kind::Eof, |piece| piece.kind)
    }

    fn start(&self) -> usize {
        self.pieces.get(self.at).map_or(usize::MAX, |piece| piece.start)
    }

    /// Returns whether the next piece begins a line.
    fn begins_line(&self) -> bool {
        self.pieces.get(self.at).is_some_and(|piece| piece.line_start)
            || self.breaks.get(self.at).copied().unwrap_or(false)
    }

    /// Places the next piece. If it begins a line, that line is indented by `indent`.
    fn place(&mut self, indent: u32, role: Role) {
        let begins_line = self.begins_line();
        let Some(piece) = self.pieces.get(self.at).copied().filter(|_| self.at < self.end) else { return };
        if let Some(place) = self.layout.roles.get_mut(self.at) {
            *place = role;
        }
        if begins_line {
            let indent = self.pinned.take().unwrap_or(indent);
            self.line = self.moved(indent);
            self.column = self.line;
        } else if piece.after_backslash {
            self.column = indent;
        } else {
            let space = self.space_before(&piece, role);
            if let Some(place) = self.layout.spaces.get_mut(self.at) {
                *place = space;
            }
            self.column += space;
        }
        if let Some(place) = self.layout.columns.get_mut(self.at) {
            *place = self.column;
        }
        self.column = if piece.has_lines { piece.width } else { self.column + piece.width };
        self.at += 1;
    }

    fn space_before(&self, piece: &Piece, role: Role) -> u32 {
        let Some(before) = self.at.checked_sub(1).and_then(|at| self.pieces.get(at)) else { return 0 };
        let before_role = self.layout.roles.get(self.at - 1).copied().unwrap_or_default();
        let written = piece.start - before.end;
        if piece.after_comment {
            return between_with_comments(self.text, before.end, piece.start).chars().count() as u32;
        }
        if piece.in_table || piece.region > 0 || self.is_verbatim {
            return written as u32;
        }
        space(before, before_role, piece, role, written)
    }

    /// Returns the indentation of the line that begins with the next piece, if it should be `indent`: lines of a
    /// region without formatting are all moved alike.
    fn moved(&mut self, indent: u32) -> u32 {
        let Some(piece) = self.pieces.get(self.at) else { return indent };
        let Some(shift) = piece.region.checked_sub(1).and_then(|region| self.shifts.get_mut(region)) else {
            return indent;
        };
        let old = i64::from(piece.indent);
        let shift = *shift.get_or_insert(i64::from(indent) - old);
        (old + shift).max(0) as u32
    }

    /// Begins a frame at the next piece, which begins a line.
    fn begin(&mut self, indent: u32) -> Frame {
        let indent = self.moved(indent);
        self.pinned = Some(indent);
        let old = self.pieces.get(self.at).filter(|piece| piece.line_start).map(|piece| piece.indent);
        Frame { old, ..Frame::new(indent) }
    }

    /// Places all pieces before a place of the text.
    fn fill_to(&mut self, place: usize, indent: u32) {
        while self.start() < place && self.at < self.end {
            self.place(indent, Role::Plain);
        }
    }

    /// Returns the frame of what follows an operator that has just been placed: the operator's line, if the
    /// operator begins one.
    fn after_operator(&self, began_line: bool, frame: Frame) -> Frame {
        if began_line { Frame::new(self.line) } else { frame }
    }
}
