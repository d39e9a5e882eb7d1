//! The scanner: splits a source text into tokens.
//!
//! Each token records whether it is the first of its line, and the indentation of that line; the
//! parser gives them a meaning. Strings become [`Kind::StringBegin`], pieces of text and
//! interpolated values between [`Kind::InterpolationBegin`] and [`Kind::InterpolationEnd`], and
//! [`Kind::StringEnd`]; these are balanced for any input. The scanner never fails: an invalid run
//! of characters becomes one error and one [`Kind::Illegal`] token.

mod abandon;
mod comments;
mod illegal;
mod literal;
mod token;

pub use comments::{Comment, CommentKind, Comments, comments};
pub use literal::{BadEscape, dedent, float, int, unescape};

pub use token::{Kind, Token, is_keyword};

use crate::diagnostic::Diagnostic;
use crate::source::{SourceId, Span};
use abandon::LineBreak;
use token::keyword;

/// The result of scanning a text.
pub struct Scanned {
    /// The tokens, with a [`Kind::Eof`] at the end.
    pub tokens: Vec<Token>,
    /// The errors.
    pub problems: Vec<Diagnostic>,
    /// The comments that begin with [`MIGRATION_MARK`], in the order of their places.
    pub migrations: Vec<Span>,
    /// Whether the text ends inside of a comment or of a string with three quotes.
    pub is_open: bool,
    /// Whether the text ends between the brackets of an interpolation, in a string that otherwise stands on one line.
    pub is_broken: bool,
    /// Whether a line of an interpolation that extends over several lines ends within a string that nothing closes.
    /// Further lines of text cannot correct that.
    pub is_lost: bool,
}

/// The beginning of a line comment that says how the type of a parameter changes.
pub const MIGRATION_MARK: &str = "__TYPE-MIGRATION__";

/// The hint about a word such as `2x`.
const NUMBERS_AND_NAMES: &str = "a name begins with a letter or `_`, and a number has no letters after it";

/// Scans a text.
pub fn scan(source: SourceId, text: &str) -> Scanned {
    let mut scanner = Scanner {
        source,
        text,
        at: 0,
        tokens: Vec::new(),
        problems: Vec::new(),
        migrations: Vec::new(),
        is_open: false,
        is_broken: false,
        lost: None,
        modes: Vec::new(),
        fresh: true,
        line_begin: 0,
        line_indent: 0,
        pending_indent: None,
        tab: None,
        line_breaks: Vec::new(),
        returns: 0,
    };
    scanner.run();
    let Scanner { tokens, problems, migrations, is_open, is_broken, lost, .. } = scanner;
    Scanned { tokens, problems, migrations, is_open, is_broken, is_lost: lost.is_some() }
}

/// The title of the error about a tab before a line.
pub(crate) const TAB: &str = "a tab in the indentation";

/// Returns a listing of tokens, one on each line: `--emit=tokens`.
pub fn print_tokens(text: &str, tokens: &[Token]) -> String {
    let mut out = String::new();
    for token in tokens {
        if token.line_start {
            out += &format!("{:>4}|", token.line_indent);
        } else {
            out += "     ";
        }
        let written = text.get(token.span.range()).unwrap_or("");
        out += &format!(" {:?} {written:?}\n", token.kind);
    }
    out
}

/// A construct around the current place, within a string. The scanner keeps a list of them, with the
/// innermost last; outside of strings the list is empty.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Mode {
    /// The text of a string.
    Text { triple: bool, start: usize },
    /// Between `$(` and `)`. `before` is the progress of the scanner before the `$(`.
    Parenthesized { depth: u32, start: usize, before: Progress },
    /// After `$name`: only `.name` and `[` may follow. It begins at `start`.
    Path { start: usize },
    /// Between `[` and `]` in a path after `$name`.
    Bracketed { depth: u32, start: usize },
}

/// The numbers of mistakes and type migrations that were found before an interpolation.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Progress {
    problems: usize,
    migrations: usize,
}

/// Returns whether a comment is only a number, as in `x // 2`, where another language divides.
fn is_like_divisor(comment: &str) -> bool {
    let rest = comment.strip_prefix("//").unwrap_or("");
    let number = rest.strip_prefix(' ').unwrap_or(rest);
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

struct Scanner<'a> {
    source: SourceId,
    text: &'a str,
    at: usize,
    tokens: Vec<Token>,
    problems: Vec<Diagnostic>,
    migrations: Vec<Span>,
    /// As in [`Scanned`].
    is_open: bool,
    is_broken: bool,
    /// Where the outermost open string began, if a later line of an interpolation in it ended within a string that
    /// nothing closes.
    lost: Option<usize>,
    modes: Vec<Mode>,
    /// Whether the current line has no token yet.
    fresh: bool,
    line_begin: usize,
    line_indent: u32,
    /// The indentation of the comment that begins the current line.
    pending_indent: Option<u32>,
    /// A tab in the indentation of the current line.
    tab: Option<usize>,
    /// The first line break in each open string between single quotes, outermost first.
    line_breaks: Vec<LineBreak>,
    /// How many times a part of the text has been scanned again.
    returns: u32,
}

fn is_identifier_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_identifier_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl<'a> Scanner<'a> {
    fn run(&mut self) {
        self.scan_to_end();
        let lost = self.lost;
        self.is_broken = self.ends_in_broken_line() && (lost.is_none() || lost != self.outermost_string());
        while self.return_to_line_break() || self.return_to_unclosed() {
            self.scan_to_end();
        }
        self.close_all();
        self.lost = lost;
        let end = self.text.len();
        self.tokens.push(Token {
            kind: Kind::Eof,
            span: Span::new(end, end),
            line_start: true,
            space_before: true,
            line_indent: 0,
        });
    }

    fn scan_to_end(&mut self) {
        loop {
            match self.modes.last().copied() {
                Some(Mode::Text { triple, .. }) => self.string_text(triple),
                Some(Mode::Path { .. }) => self.path(),
                Some(Mode::Parenthesized { .. } | Mode::Bracketed { .. }) | None => {
                    let before = self.at;
                    let space = self.skip_space();
                    if matches!(self.modes.last(), Some(Mode::Text { .. })) {
                        continue;
                    }
                    match self.peek() {
                        None => break,
                        // The string was abandoned here.
                        Some('\n') => continue,
                        Some(_) => {}
                    }
                    self.code(space || before == 0);
                }
            }
            if self.peek().is_none() && matches!(self.modes.last(), None | Some(Mode::Text { .. })) {
                break;
            }
        }
    }

    // Looking and moving.

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_at(&self, ahead: usize) -> Option<char> {
        self.rest().chars().nth(ahead)
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or("")
    }

    /// Returns where the text begins, after a byte order mark.
    fn begin(&self) -> usize {
        if self.text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 }
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !accept(c)).unwrap_or(rest.len());
    }

    fn error(&mut self, start: usize, end: usize, title: impl Into<String>) {
        self.problems.push(Diagnostic::error(self.source, Span::new(start, end), title));
    }

    fn error_hint(&mut self, start: usize, end: usize, title: impl Into<String>, hint: &str) {
        self.problems.push(Diagnostic::error(self.source, Span::new(start, end), title).hint(hint));
    }

    fn emit(&mut self, kind: Kind, start: usize, space_before: bool) {
        let line_start = self.fresh;
        if line_start {
            self.begin_line_content();
            self.line_indent = self.pending_indent.take().unwrap_or((start - self.line_begin) as u32);
            self.fresh = false;
        }
        self.tokens.push(Token {
            kind,
            span: Span::new(start, self.at),
            line_start,
            space_before: space_before || line_start,
            line_indent: self.line_indent,
        });
    }

    /// Checks the indentation at the first token or comment of a line: it must consist of spaces.
    fn begin_line_content(&mut self) {
        if let Some(tab) = self.tab.take() {
            self.error_hint(tab, tab + 1, TAB, "indent with spaces");
        }
    }

    // White space and comments.

    /// Skips white space and comments; returns whether there was any.
    fn skip_space(&mut self) -> bool {
        let start = self.at;
        loop {
            match self.peek() {
                Some('\n') => {
                    if !self.may_break_line() {
                        self.abandon_string();
                        return true;
                    }
                    self.at += 1;
                    self.new_line();
                }
                Some('\t') => {
                    if self.fresh && self.pending_indent.is_none() {
                        self.tab.get_or_insert(self.at);
                    }
                    self.at += 1;
                }
                Some(' ' | '\r') => self.at += 1,
                Some('\u{feff}') if self.at == 0 => {
                    self.at += '\u{feff}'.len_utf8();
                    self.line_begin = self.at;
                }
                // The line that tells a shell how to run the file.
                Some('#') if self.at == self.begin() && self.rest().starts_with("#!") => {
                    self.skip_while(|c| c != '\n');
                }
                Some('\\') if self.rest().starts_with("\\\n") => self.at += 2,
                Some('\\') if self.rest().starts_with("\\\r\n") => self.at += 3,
                Some('/') if self.rest().starts_with("//") => {
                    self.comment_begins();
                    self.line_comment();
                }
                Some('/') if self.rest().starts_with("/*") => {
                    self.comment_begins();
                    self.block_comment();
                }
                _ => return self.at > start,
            }
        }
    }

    fn new_line(&mut self) {
        self.fresh = true;
        self.line_begin = self.at;
        self.pending_indent = None;
        self.tab = None;
    }

    fn comment_begins(&mut self) {
        if self.fresh {
            self.begin_line_content();
            self.pending_indent.get_or_insert((self.at - self.line_begin) as u32);
        }
    }

    /// Scans `// ...`.
    fn line_comment(&mut self) {
        let start = self.at;
        self.skip_while(|c| c != '\n');
        let comment = self.slice(start, self.at).trim_end();
        if !self.fresh && is_like_divisor(comment) && self.is_after_operand(start) {
            let hint = "to divide integers, write one `/`; two spaces before a comment say that it is one";
            let span = Span::new(start, start + 2);
            let problem = Diagnostic::warning(self.source, span, "`//` begins a comment: it does not divide");
            self.problems.push(problem.hint(hint));
            return;
        }
        if comment.trim_start_matches('/').trim_start().starts_with(MIGRATION_MARK) {
            self.migrations.push(Span::new(start, start + comment.len()));
        }
    }

    /// Returns whether an operand ends right before a place, or one space before it.
    fn is_after_operand(&self, place: usize) -> bool {
        let Some(last) = self.tokens.last() else { return false };
        let is_operand =
            matches!(last.kind, Kind::Int | Kind::Identifier | Kind::RightParen | Kind::RightBracket);
        is_operand && place - (last.span.end as usize).min(place) <= 1
    }

    /// Scans `/* ... */`, nested; `\` escapes the character after it.
    fn block_comment(&mut self) {
        let start = self.at;
        let mut depth = 0u32;
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                depth += 1;
                self.at += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                self.at += 2;
                if depth == 0 {
                    return;
                }
            } else if rest.starts_with('\\') {
                self.at += 1;
                self.at += self.peek().map_or(0, char::len_utf8);
            } else {
                match rest.find(['/', '*', '\\']) {
                    Some(0) => self.at += 1,
                    Some(next) => self.at += next,
                    None => break,
                }
            }
        }
        self.at = self.text.len();
        self.is_open = true;
        let hint = "close it with `*/`; comments nest, so that each `/*` needs its own";
        self.error_hint(start, start + 2, "this comment has no end", hint);
    }

    // Code.

    fn code(&mut self, space_before: bool) {
        let Some(c) = self.peek() else { return };
        let start = self.at;
        if is_identifier_start(c) {
            self.identifier();
            if self.peek().is_some_and(char::is_alphabetic) {
                return self.foreign_letters(start, space_before);
            }
            let kind = keyword(self.slice(start, self.at)).unwrap_or(Kind::Identifier);
            return self.emit(kind, start, space_before);
        }
        if c.is_ascii_digit() || (c == '.' && self.is_fraction(space_before)) {
            let kind = self.number();
            return self.emit(kind, start, space_before);
        }
        match c {
            '"' => self.string_begin(space_before),
            '\'' => self.character(space_before),
            '#' if self.rest().starts_with("#primitive") => {
                self.at += "#primitive".len();
                self.emit(Kind::Primitive, start, space_before);
            }
            _ => self.punctuation(space_before),
        }
    }

    /// Scans an identifier: letters, digits and underscores, and dashes between letters or digits.
    fn identifier(&mut self) {
        loop {
            self.skip_while(is_identifier_part);
            let enclosed = self.text.get(..self.at).and_then(|before| before.chars().next_back());
            let dash = self.peek() == Some('-')
                && enclosed.is_some_and(|c| c.is_ascii_alphanumeric())
                && self.peek_at(1).is_some_and(|c| c.is_ascii_alphanumeric());
            if !dash {
                return;
            }
            self.at += 1;
        }
    }

    /// Returns whether the `.` here begins a number, and is not part of the token before it.
    fn is_fraction(&self, space_before: bool) -> bool {
        let before = self.tokens.last().map(|token| token.kind);
        let attached = !space_before
            && matches!(
                before,
                Some(
                    Kind::Identifier
                        | Kind::RightParen
                        | Kind::RightBracket
                        | Kind::RightBrace
                        | Kind::StringEnd
                        | Kind::Dot
                )
            );
        !attached && self.peek_at(1).is_some_and(|c| c.is_ascii_digit())
    }

    fn number(&mut self) -> Kind {
        let start = self.at;
        let rest = self.rest();
        let radix_prefix = rest.get(..2).map(str::to_ascii_lowercase);
        let kind = match radix_prefix.as_deref() {
            Some("0x") => self.hexadecimal(),
            Some("0b") => {
                self.at += 2;
                self.skip_while(|c| matches!(c, '0' | '1' | '_'));
                Kind::Int
            }
            _ => self.decimal(),
        };
        let digits_end = self.at;
        self.identifier_tail();
        let text = self.slice(start, self.at);
        let is_decimal = !matches!(radix_prefix.as_deref(), Some("0x" | "0b"));
        let value_exists = match kind {
            // The parser checks whether it is too large, since that depends on the minus before it.
            Kind::Int => is_decimal || text.len() > 2,
            _ => literal::float(text).is_some(),
        };
        if digits_end != self.at || !value_exists || !underscores_are_between_digits(text) {
            let title = format!("`{text}` is not a number");
            match digits_end != self.at && is_decimal {
                true => self.error_hint(start, self.at, title, NUMBERS_AND_NAMES),
                false => self.error(start, self.at, title),
            }
        }
        // A name that begins with a digit has no value that could be used.
        if digits_end != self.at {
            return Kind::Illegal;
        }
        kind
    }

    /// Takes the letters right after a number: they are part of the same mistake.
    fn identifier_tail(&mut self) {
        if self.peek().is_some_and(is_identifier_part) {
            self.identifier();
        }
    }

    fn decimal(&mut self) -> Kind {
        let is_digit = |c: char| c.is_ascii_digit() || c == '_';
        let mut kind = Kind::Int;
        self.skip_while(is_digit);
        if self.peek() == Some('.') && self.peek_at(1).is_some_and(|c| c.is_ascii_digit()) {
            kind = Kind::Float;
            self.at += 1;
            self.skip_while(is_digit);
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            kind = Kind::Float;
            self.exponent();
        }
        kind
    }

    /// Scans `0xff`, or `0xf.8p3`. A hexadecimal float must have an exponent, since `0xf.a` could be a
    /// member. A `.` before a digit or an exponent begins a fraction.
    fn hexadecimal(&mut self) -> Kind {
        let is_digit = |c: char| c.is_ascii_hexdigit() || c == '_';
        self.at += 2;
        self.skip_while(is_digit);
        let after_whole = self.at;
        let has_point = self.peek() == Some('.');
        let mut is_float = false;
        if has_point {
            self.at += 1;
            is_float = self.peek().is_some_and(|c| c.is_ascii_digit());
            self.skip_while(is_digit);
        }
        if matches!(self.peek(), Some('p' | 'P')) && (is_float || !has_point || self.is_exponent()) {
            self.exponent();
            return Kind::Float;
        }
        if !is_float {
            self.at = after_whole;
            return Kind::Int;
        }
        Kind::Float
    }

    /// Returns whether digits follow the letter of an exponent.
    fn is_exponent(&self) -> bool {
        let sign = usize::from(matches!(self.peek_at(1), Some('+' | '-')));
        self.peek_at(1 + sign).is_some_and(|c| c.is_ascii_digit())
    }

    /// Scans `e10`, `p-3`: the letter, a sign, and the digits that should follow.
    fn exponent(&mut self) {
        self.at += 1 + usize::from(matches!(self.peek_at(1), Some('+' | '-')));
        self.skip_while(|c| c.is_ascii_digit() || c == '_');
    }

    fn character(&mut self, space_before: bool) {
        let start = self.at;
        if self.foreign_triple(start) {
            return self.emit(Kind::Illegal, start, space_before);
        }
        self.at += 1;
        loop {
            match self.peek() {
                None | Some('\n') => {
                    self.error(start, self.at, "this character literal has no closing `'`");
                    break;
                }
                Some('\'') => {
                    self.at += 1;
                    break;
                }
                Some('\\') => {
                    self.at += 1;
                    if !matches!(self.peek(), None | Some('\n')) {
                        self.at += self.peek().map_or(0, char::len_utf8);
                    }
                }
                Some(c) => self.at += c.len_utf8(),
            }
        }
        self.emit(Kind::Char, start, space_before);
    }

    fn punctuation(&mut self, space_before: bool) {
        let start = self.at;
        let Some((length, kind)) = token::punctuation(self.rest()) else {
            return self.illegal(space_before);
        };
        self.at += length;
        match self.track_depth(kind) {
            Closes::Interpolation => {
                self.emit(Kind::InterpolationEnd, start, space_before);
                self.modes.pop();
            }
            Closes::Index => {
                self.emit(kind, start, space_before);
                self.modes.pop();
            }
            Closes::Nothing => self.emit(kind, start, space_before),
        }
    }

    /// Counts brackets inside of an interpolation. Returns what the token closes.
    fn track_depth(&mut self, kind: Kind) -> Closes {
        match (self.modes.last_mut(), kind) {
            (Some(Mode::Parenthesized { depth, .. }), Kind::LeftParen) => *depth += 1,
            (Some(Mode::Parenthesized { depth: 0, .. }), Kind::RightParen) => return Closes::Interpolation,
            (Some(Mode::Parenthesized { depth, .. }), Kind::RightParen) => *depth -= 1,
            (Some(Mode::Bracketed { depth, .. }), Kind::LeftBracket | Kind::HashBracket) => *depth += 1,
            (Some(Mode::Bracketed { depth: 0, .. }), Kind::RightBracket) => return Closes::Index,
            (Some(Mode::Bracketed { depth, .. }), Kind::RightBracket) => *depth -= 1,
            _ => {}
        }
        Closes::Nothing
    }

    // Strings.

    fn string_begin(&mut self, space_before: bool) {
        let start = self.at;
        let triple = self.rest().starts_with("\"\"\"");
        self.at += if triple { 3 } else { 1 };
        self.emit(Kind::StringBegin, start, space_before);
        self.modes.push(Mode::Text { triple, start });
    }

    /// Scans text up to the closing quotes, an interpolation, or where the string must end.
    fn string_text(&mut self, triple: bool) {
        let start = self.at;
        loop {
            let rest = self.rest();
            let Some(next) = rest.find(['"', '\\', '$', '\n']) else {
                self.at = self.text.len();
                break;
            };
            self.at += next;
            match self.peek() {
                Some('\\') => {
                    self.at += 1;
                    if self.rest().starts_with("\r\n") {
                        self.at += 1;
                    }
                    self.at += self.peek().map_or(0, char::len_utf8);
                }
                Some('\n') if triple => self.at += 1,
                Some('\n') => break,
                Some('$') => break,
                Some('"') => {
                    if self.closing_quotes(triple, start) {
                        return;
                    }
                }
                _ => break,
            }
        }
        self.text_piece(start);
        match self.peek() {
            Some('$') => self.interpolation(),
            Some('\n') => self.abandon_string(),
            _ => {}
        }
    }

    fn text_piece(&mut self, start: usize) {
        if self.at > start {
            self.emit(Kind::StringText, start, false);
        }
    }

    /// Handles a quote: closes the string if these are its closing quotes, else takes the quotes as text. Returns
    /// whether it has closed the string. Up to two quotes right before the closing three belong to the text.
    fn closing_quotes(&mut self, triple: bool, text_start: usize) -> bool {
        let rest = self.rest();
        let run = rest.len() - rest.trim_start_matches('"').len();
        let needed = if triple { 3 } else { 1 };
        if run < needed {
            self.at += run;
            return false;
        }
        if triple {
            self.at += (run - needed).min(2);
        }
        self.text_piece(text_start);
        let start = self.at;
        self.at += needed;
        self.modes.pop();
        self.emit(Kind::StringEnd, start, false);
        true
    }

    /// Scans an interpolation, at a `$`.
    fn interpolation(&mut self) {
        let start = self.at;
        match self.peek_at(1) {
            Some('(') => {
                self.at += 2;
                self.emit(Kind::InterpolationBegin, start, false);
                self.format();
                let before = self.progress();
                self.modes.push(Mode::Parenthesized { depth: 0, start, before });
            }
            Some(c) if is_identifier_start(c) => {
                self.at += 1;
                self.emit(Kind::InterpolationBegin, start, false);
                self.name_in_string();
                self.modes.push(Mode::Path { start });
            }
            _ => {
                self.at += 1;
                let hint = match self.peek() {
                    Some('{') => "a value in a string is written `$name` or `$(expression)`",
                    _ => "write `\\$` for the character itself",
                };
                self.error_hint(start, start + 1, "a name or `(` must follow this `$`", hint);
            }
        }
    }

    fn name_in_string(&mut self) {
        let start = self.at;
        self.identifier();
        let kind = keyword(self.slice(start, self.at)).unwrap_or(Kind::Identifier);
        self.emit(kind, start, false);
    }

    /// Scans the rest of a path, after `$name`, `.name` or `]`.
    fn path(&mut self) {
        let start = self.at;
        match self.peek() {
            Some('.') if self.peek_at(1).is_some_and(is_identifier_start) => {
                self.at += 1;
                self.emit(Kind::Dot, start, false);
                self.name_in_string();
            }
            Some('[') => {
                self.at += 1;
                self.emit(Kind::LeftBracket, start, false);
                self.modes.push(Mode::Bracketed { depth: 0, start });
            }
            _ => {
                self.modes.pop();
                self.emit(Kind::InterpolationEnd, start, false);
            }
        }
    }

    /// Scans a format, such as `%5.2f` right after `$(`.
    fn format(&mut self) {
        let before = self.at;
        self.skip_while(|c| c == ' ');
        if self.peek() != Some('%') {
            self.at = before;
            return;
        }
        let start = self.at;
        self.at += 1;
        self.skip_while(|c| !c.is_whitespace() && !matches!(c, ')' | '"' | '\\' | '('));
        let text = self.slice(start + 1, self.at);
        if !is_format(text) {
            let hint = "write `%`, optionally `-`, `^` or `0`, a width, `.` with a precision, then a letter, as in `%5.2f`";
            self.error_hint(start, self.at, format!("`%{text}` is not a format"), hint);
        }
        self.emit(Kind::Format, start, false);
    }
}

/// The construct that a bracket closes.
enum Closes {
    Nothing,
    Interpolation,
    Index,
}

fn underscores_are_between_digits(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| {
        let is_digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_hexdigit);
        *byte != b'_' || (is_digit(at.checked_sub(1)) && is_digit(at.checked_add(1)))
    })
}

fn is_format(text: &str) -> bool {
    let rest = text.trim_start_matches(['-', '^', '+', '0', '>', '<']);
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = match rest.strip_prefix('.') {
        Some(precision) => precision.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    rest.len() == 1 && rest.chars().all(|c| c.is_ascii_alphabetic())
}
