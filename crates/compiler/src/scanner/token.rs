//! Tokens: the parser's view of a text.

use crate::source::Span;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:expr,)*) => {
        /// The kind of a token.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Returns the name of the kind for error messages.
            pub fn describe(self) -> &'static str {
                match self {
                    $(Kind::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    /// The end of the file.
    Eof = "the end of the file",
    /// An unexpected character. It has been reported.
    Illegal = "an unexpected character",
    /// An identifier, pseudo-keywords included.
    Identifier = "a name",
    /// An integer literal.
    Int = "a number",
    /// A float literal.
    Float = "a number",
    /// A character literal, with its quotes.
    Char = "a character literal",
    /// The opening quotes of a string.
    StringBegin = "a string",
    /// A piece of a string's text, as written.
    StringText = "a string",
    /// `$` or `$(` in a string.
    InterpolationBegin = "`$`",
    /// `%5.2f` after `$(`.
    Format = "a format",
    /// The end of an interpolated value; empty unless it is `)`.
    InterpolationEnd = "the end of the interpolation",
    /// The closing quotes of a string.
    StringEnd = "the end of the string",
    /// `#primitive`.
    Primitive = "`#primitive`",

    /// `and`.
    And = "`and`",
    /// `as`.
    As = "`as`",
    /// `assert`.
    Assert = "`assert`",
    /// `break`.
    Break = "`break`",
    /// `class`.
    Class = "`class`",
    /// `continue`.
    Continue = "`continue`",
    /// `else`.
    Else = "`else`",
    /// `export`.
    Export = "`export`",
    /// `false`.
    False = "`false`",
    /// `finally`.
    Finally = "`finally`",
    /// `for`.
    For = "`for`",
    /// `if`.
    If = "`if`",
    /// `import`.
    Import = "`import`",
    /// `is`.
    Is = "`is`",
    /// `not`.
    Not = "`not`",
    /// `null`.
    Null = "`null`",
    /// `or`.
    Or = "`or`",
    /// `return`.
    Return = "`return`",
    /// `static`.
    Static = "`static`",
    /// `true`.
    True = "`true`",
    /// `try`.
    Try = "`try`",
    /// `while`.
    While = "`while`",

    /// `(`.
    LeftParen = "`(`",
    /// `)`.
    RightParen = "`)`",
    /// `[`.
    LeftBracket = "`[`",
    /// `]`.
    RightBracket = "`]`",
    /// `{`.
    LeftBrace = "`{`",
    /// `}`.
    RightBrace = "`}`",
    /// `#[`.
    HashBracket = "`#[`",
    /// `,`.
    Comma = "`,`",
    /// `;`.
    Semicolon = "`;`",
    /// `:`.
    Colon = "`:`",
    /// `::`.
    DoubleColon = "`::`",
    /// `?`.
    Question = "`?`",
    /// `.`.
    Dot = "`.`",
    /// `..`.
    DotDot = "`..`",
    /// `->`.
    Arrow = "`->`",
    /// `:=`.
    Define = "`:=`",
    /// `::=`.
    DefineFinal = "`::=`",
    /// `=`.
    Assign = "`=`",
    /// `+=`.
    AddAssign = "`+=`",
    /// `-=`.
    SubAssign = "`-=`",
    /// `*=`.
    MulAssign = "`*=`",
    /// `/=`.
    DivAssign = "`/=`",
    /// `%=`.
    ModAssign = "`%=`",
    /// `|=`.
    OrAssign = "`|=`",
    /// `^=`.
    XorAssign = "`^=`",
    /// `&=`.
    AndAssign = "`&=`",
    /// `<<=`.
    ShlAssign = "`<<=`",
    /// `>>=`.
    ShrAssign = "`>>=`",
    /// `>>>=`.
    UshrAssign = "`>>>=`",
    /// `++`.
    Increment = "`++`",
    /// `--`.
    Decrement = "`--`",
    /// `+`.
    Plus = "`+`",
    /// `-`.
    Minus = "`-`",
    /// `*`.
    Star = "`*`",
    /// `/`.
    Slash = "`/`",
    /// `%`.
    Percent = "`%`",
    /// `&`.
    Ampersand = "`&`",
    /// `|`.
    Bar = "`|`",
    /// `^`.
    Caret = "`^`",
    /// `~`.
    Tilde = "`~`",
    /// `<<`.
    ShiftLeft = "`<<`",
    /// `>>`.
    ShiftRight = "`>>`",
    /// `>>>`.
    UnsignedShiftRight = "`>>>`",
    /// `==`.
    Equal = "`==`",
    /// `!=`.
    NotEqual = "`!=`",
    /// `<`.
    Less = "`<`",
    /// `<=`.
    LessEqual = "`<=`",
    /// `>`.
    Greater = "`>`",
    /// `>=`.
    GreaterEqual = "`>=`",
}

/// The punctuation and its kinds. What begins with the same byte stands together, longest first, so that the first match is the
/// longest.
pub(super) const PUNCTUATION: &[(&str, Kind)] = &[
    (">>>=", Kind::UshrAssign),
    (">>=", Kind::ShrAssign),
    (">>>", Kind::UnsignedShiftRight),
    (">>", Kind::ShiftRight),
    (">=", Kind::GreaterEqual),
    (">", Kind::Greater),
    ("::=", Kind::DefineFinal),
    ("::", Kind::DoubleColon),
    (":=", Kind::Define),
    (":", Kind::Colon),
    ("<<=", Kind::ShlAssign),
    ("<<", Kind::ShiftLeft),
    ("<=", Kind::LessEqual),
    ("<", Kind::Less),
    ("..", Kind::DotDot),
    (".", Kind::Dot),
    ("->", Kind::Arrow),
    ("-=", Kind::SubAssign),
    ("--", Kind::Decrement),
    ("-", Kind::Minus),
    ("+=", Kind::AddAssign),
    ("++", Kind::Increment),
    ("+", Kind::Plus),
    ("*=", Kind::MulAssign),
    ("*", Kind::Star),
    ("/=", Kind::DivAssign),
    ("/", Kind::Slash),
    ("%=", Kind::ModAssign),
    ("%", Kind::Percent),
    ("|=", Kind::OrAssign),
    ("|", Kind::Bar),
    ("^=", Kind::XorAssign),
    ("^", Kind::Caret),
    ("&=", Kind::AndAssign),
    ("&", Kind::Ampersand),
    ("==", Kind::Equal),
    ("=", Kind::Assign),
    ("!=", Kind::NotEqual),
    ("#[", Kind::HashBracket),
    ("(", Kind::LeftParen),
    (")", Kind::RightParen),
    ("[", Kind::LeftBracket),
    ("]", Kind::RightBracket),
    ("{", Kind::LeftBrace),
    ("}", Kind::RightBrace),
    (",", Kind::Comma),
    (";", Kind::Semicolon),
    ("?", Kind::Question),
    ("~", Kind::Tilde),
];

/// For each first byte, where its punctuation begins and ends.
const BY_FIRST: [(u8, u8); 128] = {
    let mut all = [(0, 0); 128];
    let mut next = 0;
    while next < PUNCTUATION.len() {
        let first = PUNCTUATION[next].0.as_bytes()[0] as usize;
        if all[first].1 == 0 {
            all[first].0 = next as u8;
        }
        all[first].1 = next as u8 + 1;
        next += 1;
    }
    all
};

/// Returns the punctuation at the beginning of a text: its length in bytes, and its kind.
pub(super) fn punctuation(text: &str) -> Option<(usize, Kind)> {
    let first = text.as_bytes().first()?;
    let (begin, end) = BY_FIRST.get(usize::from(*first))?;
    let all = PUNCTUATION.get(usize::from(*begin)..usize::from(*end))?;
    let (found, kind) = all.iter().find(|(known, _)| text.starts_with(known))?;
    Some((found.len(), *kind))
}

/// Returns whether a word is a keyword.
pub fn is_keyword(word: &str) -> bool {
    keyword(word).is_some()
}

/// Returns the keyword with this text, if there is one.
pub(super) fn keyword(word: &str) -> Option<Kind> {
    Some(match word {
        "and" => Kind::And,
        "as" => Kind::As,
        "assert" => Kind::Assert,
        "break" => Kind::Break,
        "class" => Kind::Class,
        "continue" => Kind::Continue,
        "else" => Kind::Else,
        "export" => Kind::Export,
        "false" => Kind::False,
        "finally" => Kind::Finally,
        "for" => Kind::For,
        "if" => Kind::If,
        "import" => Kind::Import,
        "is" => Kind::Is,
        "not" => Kind::Not,
        "null" => Kind::Null,
        "or" => Kind::Or,
        "return" => Kind::Return,
        "static" => Kind::Static,
        "true" => Kind::True,
        "try" => Kind::Try,
        "while" => Kind::While,
        _ => return None,
    })
}

impl Kind {
    /// Returns whether the token is a reserved word.
    pub fn is_keyword(self) -> bool {
        self.describe().trim_matches('`').chars().all(|c| c.is_ascii_lowercase()) && self != Kind::Identifier
    }
}

/// A token, with the facts about the space around it that the parser needs.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// The kind of token.
    pub kind: Kind,
    /// The place in the text.
    pub span: Span,
    /// Whether it is the first of its line.
    pub line_start: bool,
    /// Whether white space (or a comment, or the start of a line) comes before it.
    pub space_before: bool,
    /// The indentation of the line that it stands on.
    pub line_indent: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_punctuation_is_found() {
        for (text, kind) in PUNCTUATION {
            assert_eq!(punctuation(text), Some((text.len(), *kind)));
            // A letter ends it, and the longest one of the whole list is taken.
            assert_eq!(punctuation(&format!("{text}a")), Some((text.len(), *kind)));
            let longer = PUNCTUATION.iter().filter(|(other, _)| format!("{text}=").starts_with(other));
            let longest = longer.map(|(other, kind)| (other.len(), *kind)).max_by_key(|(length, _)| *length);
            assert_eq!(punctuation(&format!("{text}=")), longest);
        }
        assert_eq!(punctuation("a+"), None);
        assert_eq!(punctuation("ö"), None);
        assert_eq!(punctuation(""), None);
    }
}
