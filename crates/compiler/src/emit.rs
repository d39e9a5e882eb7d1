//! Prints the stages of the compiler: `--emit=tokens|tree|ir|optimized`.

mod ir;
mod tree;

use crate::ir::Unit;
use crate::link::{self, LinkError, Optimization};
use crate::source::SourceId;
use crate::{parser, resolve, scanner};

/// Returns a listing of the tokens of a text, one on each line. A token that begins a source line is shown
/// with the indentation of that line.
pub fn tokens(text: &str) -> String {
    scanner::print_tokens(text, &scanner::scan(SourceId(0), text).tokens)
}

/// Returns the tree of a text as text: each expression in parentheses, with its operator or kind first. Returns none if
/// [`resolve::with_large_stack`] does.
pub fn tree(text: &str) -> Option<String> {
    resolve::with_large_stack(|| tree::print(&parser::parse(SourceId(0), text).0))
}

/// Returns the IR of a program as text, without the modules of the library. Returns none if
/// [`resolve::with_large_stack`] does.
pub fn ir(unit: &Unit) -> Option<String> {
    resolve::with_large_stack(|| ir::print(unit))
}

/// Returns the code of a program's functions and initializers as the optimizer leaves it, without the modules of the library.
/// Returns none if [`resolve::with_large_stack`] does.
///
/// # Errors
/// As for [`link::link`].
pub fn optimized(unit: &Unit) -> Result<Option<String>, LinkError> {
    let mut lines = Some(String::new());
    let print = &mut |origin: &link::Origin, body: &_| {
        let line = resolve::with_large_stack(|| ir::print_body(unit, origin, body));
        lines = lines.take().zip(line).map(|(lines, line)| lines + &line);
    };
    link::link_watched(unit, Optimization::Full, print)?;
    Ok(lines)
}
