//! Names and texts that are possible in C and C++.

use crate::generate::text::Text;
use crate::model::{Interface, kebab};

/// The words that cannot be names: keywords of C and C++, and macros of headers and compilers.
const KEYWORDS: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "assert",
    "atomic_cancel",
    "atomic_commit",
    "atomic_noexcept",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "contract_assert",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "fortran",
    "friend",
    "goto",
    "i386",
    "if",
    "inline",
    "int",
    "linux",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "offsetof",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "synchronized",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
];

/// The names that generated functions give to their own parameters and variables.
const PARAMETERS: &[&str] = &[
    "answer",
    "client",
    "error",
    "message",
    "object",
    "proxy",
    "request",
    "resource",
    "result",
    "status",
    "user_data",
    "values",
];

/// The beginning of the names of a service.
pub(super) struct Prefix(String);

impl Prefix {
    pub(super) fn of(interface: &Interface) -> Prefix {
        let name = snake(&kebab(&interface.name));
        // The names of the library begin with these.
        Prefix(if ["toit", "lucarne"].contains(&&*name) { format!("{name}_interface") } else { name })
    }

    /// Returns the name of a function, or of a type without its end.
    pub(super) fn name(&self, name: &str) -> String {
        format!("{}_{name}", self.0)
    }

    /// Returns the name of a type.
    pub(super) fn ty(&self, name: &str) -> String {
        format!("{}_{name}_t", self.0)
    }

    pub(super) fn constant(&self, name: &str) -> String {
        format!("{}_{name}", constant(&self.0))
    }
}

/// Returns a name of a definition with `_` between its words.
pub(super) fn snake(name: &str) -> String {
    name.replace('-', "_")
}

/// Returns a name in capitals.
pub(super) fn constant(name: &str) -> String {
    let word = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' };
    name.chars().map(word).collect()
}

/// Returns the name of a member.
pub(super) fn member(name: &str) -> String {
    let name = snake(name);
    if KEYWORDS.contains(&&*name) { format!("{name}_") } else { name }
}

/// Returns the name of a parameter. It differs from the names that generated functions use themselves.
pub(super) fn parameter(name: &str) -> String {
    let name = member(name);
    if PARAMETERS.contains(&&*name) { format!("{name}_") } else { name }
}

/// Returns a text that does not end a comment, and that compilers do not warn of.
pub(super) fn safe_in_comment(text: &str) -> String {
    let is_plain = |letter: &char| !matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut safe: String = text.chars().filter(is_plain).collect();
    for (mark, apart) in [("*/", "* /"), ("/*", "/ *"), ("??/", "?? /")] {
        while safe.contains(mark) {
            safe = safe.replace(mark, apart);
        }
    }
    safe
}

/// Adds a comment with documentation and notes. Adds nothing if there are none.
pub(super) fn comment(text: &mut Text, doc: &str, notes: &[String]) {
    let mut lines: Vec<String> = doc.lines().map(safe_in_comment).collect();
    if !lines.is_empty() && !notes.is_empty() {
        lines.push(String::new());
    }
    lines.extend(notes.iter().map(|note| safe_in_comment(note)));
    match &lines[..] {
        [] => {}
        [line] if line.len() + 6 <= text.room() => text.line(format!("/* {line} */")),
        lines => {
            text.line("/*");
            lines.iter().for_each(|line| text.line(format!(" * {line}").trim_end()));
            text.line(" */");
        }
    }
}

/// Returns a string literal.
pub(super) fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for letter in text.chars() {
        match letter {
            // Two question marks begin a trigraph.
            '"' | '\\' | '?' => literal.extend(['\\', letter]),
            letter => literal.push(letter),
        }
    }
    literal + "\""
}
