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
        if first == '!' {
            self.error_hint(start, self.at, title, "negation is written `not`");
        } else {
            self.error(start, self.at, title);
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

    /// Scans something that begins with a mark of another language, up to its end. Returns whether it is
    /// one.
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
            _ => return false,
        }
        true
    }
}
