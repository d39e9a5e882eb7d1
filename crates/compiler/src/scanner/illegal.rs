//! Scans what no token can be: invalid characters, and marks of other languages.

use super::token::PUNCTUATION;
use super::{Kind, Scanner, is_identifier_part};

impl Scanner<'_> {
    /// Scans a run of invalid characters, which is one mistake.
    pub(super) fn illegal(&mut self, space_before: bool) {
        let start = self.at;
        let first = self.peek().unwrap_or(' ');
        if first == '!' && self.macro_name() {
            return;
        }
        if self.foreign_mark(first, start) {
            return self.emit(Kind::Illegal, start, space_before);
        }
        if first.is_alphabetic() {
            return self.foreign_letters(start, space_before);
        }
        self.skip_while(|c| {
            !c.is_ascii_whitespace()
                && !is_identifier_part(c)
                && c != '"'
                && c != '\''
                && !PUNCTUATION.iter().any(|(text, _)| text.starts_with(c) && c != '#')
        });
        if self.at == start {
            self.at += first.len_utf8();
        }
        let shown =
            if first.is_control() { format!("U+{:04X}", u32::from(first)) } else { format!("`{first}`") };
        let title = format!("unexpected character {shown}");
        match hint_for(first, self.fresh) {
            Some(hint) => self.error_hint(start, self.at, title, hint),
            None => self.error(start, self.at, title),
        }
        self.emit(Kind::Illegal, start, space_before);
    }

    /// Scans a name with letters that names cannot have.
    pub(super) fn foreign_letters(&mut self, start: usize, space_before: bool) {
        self.skip_while(|c| c.is_alphanumeric() || c == '_');
        let title = format!("`{}` is not a name", self.slice(start, self.at));
        let hint = "names consist of the letters a to z and A to Z, digits, `_` and `-`";
        self.error_hint(start, self.at, title, hint);
        self.emit(Kind::Illegal, start, space_before);
    }

    /// Scans the `!` of `name!(`, together with the name. Returns whether it is one.
    fn macro_name(&mut self) -> bool {
        let start = self.at;
        let is_call = matches!(self.peek_at(1), Some('(' | '['));
        let Some(name) = self
            .tokens
            .last_mut()
            .filter(|last| is_call && last.kind == Kind::Identifier && last.span.end as usize == start)
        else {
            return false;
        };
        name.kind = Kind::Illegal;
        name.span.end += 1;
        let begin = name.span.start as usize;
        self.at += 1;
        let title = format!("`{}` is not a name", self.slice(begin, self.at));
        let hint = match self.slice(begin, start) {
            "vec" => "a list is written `[1, 2]`",
            "format" => "a string holds values: `\"hello $name\"`",
            "assert" | "assert_eq" | "debug_assert" => "write `assert: x == 1`",
            "panic" | "todo" | "unimplemented" => "write `throw \"an explanation\"`",
            _ => "a call has neither `!` nor parentheses: `print \"hello\"`",
        };
        self.error_hint(begin, self.at, title, hint);
        true
    }

    /// Skips a comment or string of another language, by its first characters. Returns whether it has found one.
    fn foreign_mark(&mut self, first: char, start: usize) -> bool {
        match first {
            '#' => {
                self.skip_while(|c| c != '\n');
                let is_include = self.slice(start, self.at).starts_with("#include");
                if is_include {
                    let hint = "remove the line: a library is imported with `import name`";
                    self.error_hint(start, self.at, "there is no `#include`", hint);
                } else {
                    self.error_hint(start, start + 1, "a comment does not begin with `#`", "write `//`");
                }
            }
            '`' => {
                self.at += 1;
                self.skip_while(|c| c != '`' && c != '\n');
                self.at += usize::from(self.peek() == Some('`'));
                let hint = "a string is written between `\"`; `$name` in it stands for the value";
                self.error_hint(start, self.at, "a backtick does not begin a string", hint);
            }
            _ => return self.foreign_quote(first, start),
        }
        true
    }

    /// Scans a string between `'''`, up to its end, or that of the line. Returns whether it is one.
    pub(super) fn foreign_triple(&mut self, start: usize) -> bool {
        const QUOTES: &str = "'''";
        let Some(rest) = self.rest().strip_prefix(QUOTES) else { return false };
        let line_end = rest.find('\n').unwrap_or(rest.len());
        let end = rest.find(QUOTES).map_or(line_end, |end| end + QUOTES.len());
        self.at += QUOTES.len() + end.min(line_end);
        let hint = "write `\"\"\"` on both sides of a string of several lines, or `\"` of one line";
        self.error_hint(start, self.at, "`'''` does not begin a string", hint);
        true
    }

    /// Scans a string between quotes that a word processor makes, up to the end of the string or line. Returns whether it is
    /// one.
    fn foreign_quote(&mut self, first: char, start: usize) -> bool {
        let closers: &[char] = match first {
            '\u{201c}' | '\u{201d}' | '\u{201e}' => &['\u{201c}', '\u{201d}', '"'],
            '\u{2018}' | '\u{2019}' => &['\u{2018}', '\u{2019}', '\''],
            '\u{ab}' => &['\u{bb}'],
            _ => return false,
        };
        self.at += first.len_utf8();
        self.skip_while(|c| !closers.contains(&c) && c != '\n');
        self.at += self.peek().filter(|c| *c != '\n').map_or(0, char::len_utf8);
        let title = format!("`{first}` does not begin a string");
        self.error_hint(start, self.at, title, "write a straight `\"` on both sides of the string");
        true
    }
}

/// Returns what to write in place of a character. `is_first` tells whether it begins a line.
fn hint_for(character: char, is_first: bool) -> Option<&'static str> {
    Some(match character {
        '!' => "negation is written `not`",
        '@' if is_first => "remove the line: a declaration has no decorators",
        '@' => "remove it: a field is written by its name, or as `this.name`",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "write `-`",
        '\u{d7}' => "write `*`",
        '\u{f7}' => "write `/`",
        '\u{2264}' => "write `<=`",
        '\u{2265}' => "write `>=`",
        '\u{2260}' => "write `!=`",
        '\u{a0}' | '\u{2002}'..='\u{200b}' | '\u{202f}' | '\u{3000}' => {
            "this looks like a space: write a space"
        }
        _ => return None,
    })
}
