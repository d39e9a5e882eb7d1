//! Prints the stages of the front half: `--emit=tokens|tree|ir`.

mod ir;
mod tree;

use crate::ir::Unit;
use crate::source::SourceId;
use crate::{parser, resolve, scanner};

/// Prints the tokens of a text, one on each line, with the indentation of the lines that they
/// begin.
pub fn tokens(text: &str) -> String {
    let (tokens, _) = scanner::scan(SourceId(0), text);
    scanner::print_tokens(text, &tokens)
}

/// Prints the tree of a text: each expression in parentheses, with its operator or kind first.
pub fn tree(text: &str) -> String {
    resolve::with_large_stack(|| tree::print(&parser::parse(SourceId(0), text).0)).unwrap_or_default()
}

/// Prints the modules of a program, without those of the library.
pub fn ir(unit: &Unit) -> String {
    resolve::with_large_stack(|| ir::print(unit)).unwrap_or_default()
}
