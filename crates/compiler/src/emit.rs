//! Prints the stages of the front half: `--emit=tokens|tree|ir`.

mod ir;
mod tree;

use crate::ir::Unit;
use crate::source::SourceId;
use crate::{parser, resolve, scanner};

/// Returns a listing of the tokens of a text, one on each line. A token that begins a source line is shown
/// with the indentation of that line.
pub fn tokens(text: &str) -> String {
    scanner::print_tokens(text, &scanner::scan(SourceId(0), text).tokens)
}

/// Returns the tree of a text as text: each expression in parentheses, with its operator or kind first.
pub fn tree(text: &str) -> String {
    resolve::with_large_stack(|| tree::print(&parser::parse(SourceId(0), text).0)).unwrap_or_default()
}

/// Returns the IR of a program as text, without the modules of the library.
pub fn ir(unit: &Unit) -> String {
    resolve::with_large_stack(|| ir::print(unit)).unwrap_or_default()
}
