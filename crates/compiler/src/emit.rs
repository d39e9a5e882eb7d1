//! The stages of the front half in print: `--emit=tokens|tree|ir`.

use crate::ir::Unit;
use crate::source::SourceId;
use crate::{parser, scanner};

/// The tokens of a text.
pub fn tokens(text: &str) -> String {
    let (tokens, _) = scanner::scan(SourceId(0), text);
    scanner::print_tokens(text, &tokens)
}

/// The tree of a text.
pub fn tree(text: &str) -> String {
    let (file, _) = parser::parse(SourceId(0), text);
    format!("{file:#?}\n")
}

/// The modules of a program that are not of the library.
pub fn ir(unit: &Unit) -> String {
    let modules: Vec<_> = unit.modules.iter().filter(|module| !module.path.starts_with("<lib>/")).collect();
    format!("{modules:#?}\n")
}
