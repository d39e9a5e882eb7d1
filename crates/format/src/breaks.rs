//! Adds line breaks where lines are too long.

use crate::layout::{Layout, layout};
use crate::pieces::Pieces;
use lucarne_compiler::ast::File;

/// Places the pieces of a text. Returns before which pieces a line break is added, too.
pub(crate) fn break_lines(text: &str, pieces: &Pieces, file: &File, _length: usize) -> (Vec<bool>, Layout) {
    let breaks = vec![false; pieces.list.len()];
    let layout = layout(text, pieces, &breaks, file);
    (breaks, layout)
}
