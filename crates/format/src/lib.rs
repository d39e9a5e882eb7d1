//! The formatter for Toit sources.
//!
//! It stands on the compiler's scanner and parser. A text is cut into pieces, its tokens; `layout` follows the
//! tree and finds where each piece goes; `breaks` adds line breaks where a line is too long; and `emit`
//! writes the result, with the comments. Tokens are never added, removed or reordered: only the space between them
//! changes. The result is parsed again and must have the same tree, else the text is refused.

mod breaks;
mod emit;
mod layout;
mod pieces;
mod space;

use lucarne_compiler::ast::flat;
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::parser::{Parsed, parse_with_tokens};
use lucarne_compiler::resolve::with_large_stack;
use lucarne_compiler::source::SourceId;
use std::fmt;

/// The line length that [`Options::default`] asks for. In the libraries and tests of the existing Toit system, one line
/// of 460 is longer; one of 106 is longer than 100 characters.
pub const LINE_LENGTH: usize = 120;

/// How a text is formatted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// The number of characters that a line should not exceed.
    pub line_length: usize,
}

impl Default for Options {
    fn default() -> Self {
        Options { line_length: LINE_LENGTH }
    }
}

/// Why a text is not formatted.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The text has errors, which are listed here. Warnings are left out.
    Errors(Vec<Diagnostic>),
    /// Its formatted text would mean something else, which is a mistake of the formatter.
    Changed {
        /// The formatted text, which is refused.
        formatted: String,
    },
    /// There is not enough memory for the stack of the parser.
    OutOfMemory,
}

impl fmt::Display for Refused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Errors(problems) => match problems.first() {
                Some(problem) => out.write_str(&problem.title),
                None => out.write_str("the file has errors"),
            },
            Refused::Changed { .. } => out.write_str(
                "the formatted text would mean something else; this is a mistake in lucarne: please report it, \
                 with the file",
            ),
            Refused::OutOfMemory => out.write_str("not enough memory for the parser"),
        }
    }
}

impl std::error::Error for Refused {}

/// Returns a formatted text.
///
/// # Errors
/// See [`Refused`]: above all if the text has errors.
///
/// ```
/// let formatted = lucarne_format::format("main :\n    print 1+2 //Three.\n", Default::default());
/// assert_eq!(formatted.unwrap(), "main:\n  print 1 + 2  //Three.\n");
/// ```
pub fn format(text: &str, options: Options) -> Result<String, Refused> {
    with_formatter(|formatter| formatter.format(text, options)).unwrap_or(Err(Refused::OutOfMemory))
}

/// Formats texts on a thread with a stack that is large enough for the parser.
#[derive(Debug)]
pub struct Formatter {
    _private: (),
}

/// Runs work that formats several texts. Returns none if there is not enough memory for its stack.
///
/// ```
/// let texts = ["x:=1\n", "y::=2\n"];
/// let formatted = lucarne_format::with_formatter(|formatter| {
///     texts.map(|text| formatter.format(text, Default::default()).unwrap())
/// });
/// assert_eq!(formatted.unwrap(), ["x := 1\n", "y ::= 2\n"]);
/// ```
pub fn with_formatter<T: Send>(work: impl FnOnce(&Formatter) -> T + Send) -> Option<T> {
    with_large_stack(|| work(&Formatter { _private: () }))
}

impl Formatter {
    /// Returns a formatted text. A carriage return alone must have been replaced by a line feed, as the
    /// compiler does.
    ///
    /// # Errors
    /// See [`Refused`]: above all if the text has errors.
    pub fn format(&self, text: &str, options: Options) -> Result<String, Refused> {
        format_here(text, options)
    }
}

/// How many times a text is formatted at most. The result of the first time is almost always final; where lines
/// with aligned columns move apart, it is not.
const ROUNDS_MAX: usize = 4;

fn format_here(text: &str, options: Options) -> Result<String, Refused> {
    let parsed = parse_without_errors(text)?;
    let mut formatted = format_once(text, &parsed, options);
    if formatted == text {
        return Ok(formatted);
    }
    let meaning = flat(&parsed.file);
    drop(parsed);
    for _ in 1..ROUNDS_MAX {
        let again = match parse_without_errors(&formatted) {
            Ok(again) if flat(&again.file) == meaning => format_once(&formatted, &again, options),
            _ => break,
        };
        if again == formatted {
            return Ok(formatted);
        }
        formatted = again;
    }
    match parse_without_errors(&formatted) {
        Ok(again) if flat(&again.file) == meaning => Ok(formatted),
        _ => Err(Refused::Changed { formatted }),
    }
}

fn format_once(text: &str, parsed: &Parsed, options: Options) -> String {
    let pieces = pieces::pieces(text, &parsed.tokens);
    let (breaks, layout) = breaks::break_lines(text, &pieces, &parsed.file, options.line_length);
    emit::emit(text, &pieces, &breaks, &layout)
}

fn parse_without_errors(text: &str) -> Result<Parsed, Refused> {
    let mut parsed = parse_with_tokens(SourceId(0), text);
    parsed.problems.retain(Diagnostic::is_error);
    if parsed.problems.is_empty() { Ok(parsed) } else { Err(Refused::Errors(parsed.problems)) }
}
