//! Cuts documentation comments into pieces: text, code, and references, which are `$name` and `$(name argument)`.
//!
//! Code between backticks, strings, and blocks of code between lines with three backticks hold no references. A
//! backslash takes the meaning from the character after it. [`crate::toitdoc`] makes paragraphs and lists of the pieces.

use crate::names::{Name, canonical};
use crate::scanner;
use crate::source::Span;

/// A reference to a declaration.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The place of the name, without the `$`.
    pub(crate) span: Span,
    /// The parts of the name, which `.` separates. Empty for an operator.
    pub(crate) path: Vec<Name>,
    /// Whether a `=` follows the name: the reference is to a setter.
    pub(crate) is_setter: bool,
    /// The arguments, if the reference has parentheses.
    pub(crate) arguments: Option<Arguments>,
}

/// The arguments of a reference with parentheses.
#[derive(Default, Debug)]
pub(crate) struct Arguments {
    /// For each unnamed argument, whether it is a block.
    pub(crate) unnamed: Vec<bool>,
    /// The named arguments, and whether they are blocks.
    pub(crate) named: Vec<(Name, bool)>,
}

/// A mistake in a comment.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) span: Span,
    pub(crate) title: &'static str,
    pub(crate) hint: &'static str,
}

/// A piece of a comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Piece {
    /// The place, with the marks of the piece.
    pub(crate) span: Span,
    pub(crate) kind: PieceKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum PieceKind {
    /// The beginning of a line, with the number of spaces.
    Line(u32),
    /// Text.
    Text,
    /// A backslash and a character.
    Escaped,
    /// A string or a character, with its quotes.
    Quoted,
    /// Code between backticks.
    Code,
    /// A block of code between three backticks.
    Block,
    /// A reference.
    Reference,
}

/// Finds the references in the documentation comment at a place of a text.
pub(crate) fn references(text: &str, comment: Span) -> (Vec<Reference>, Vec<Mistake>) {
    let reader = Reader::read_all(text, comment);
    (reader.references, reader.mistakes)
}

/// Cuts the documentation comment at a place of a text into pieces. Returns them, and the references among them, in order.
pub(crate) fn pieces(text: &str, comment: Span) -> (Vec<Piece>, Vec<Reference>) {
    let reader = Reader::read_all(text, comment);
    (reader.pieces, reader.references)
}

/// Returns whether each line of the comment at a place of a text begins with `///`.
pub(crate) fn has_marks(text: &str, comment: Span) -> bool {
    !text.get(comment.range()).unwrap_or("").starts_with("/**")
}

struct Reader<'t> {
    /// The text of the file up to the end of the comment.
    text: &'t str,
    at: usize,
    /// Whether each line begins with `///`.
    has_marks: bool,
    references: Vec<Reference>,
    mistakes: Vec<Mistake>,
    pieces: Vec<Piece>,
    /// The beginning of the text that is not in a piece yet.
    text_start: usize,
}

impl<'t> Reader<'t> {
    fn read_all(text: &'t str, comment: Span) -> Reader<'t> {
        let written = text.get(comment.range()).unwrap_or("");
        let has_marks = has_marks(text, comment);
        let marks = if has_marks { 0 } else { 3 };
        let end = written.strip_suffix("*/").filter(|_| marks > 0).map_or(written.len(), str::len);
        let start = comment.start as usize + marks;
        let mut reader = Reader {
            text: text.get(..comment.start as usize + end.max(marks)).unwrap_or(""),
            at: start,
            has_marks,
            references: Vec::new(),
            mistakes: Vec::new(),
            pieces: Vec::new(),
            text_start: start,
        };
        reader.read();
        reader
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip(&mut self) {
        self.at += self.peek().map_or(1, char::len_utf8);
    }

    fn skip_while(&mut self, accept: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accept) {
            self.skip();
        }
    }

    fn mistake(&mut self, at: usize, title: &'static str, hint: &'static str) {
        let length = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        self.mistakes.push(Mistake { span: Span::new(at, at + length), title, hint });
    }

    fn read(&mut self) {
        let mut is_line_start = true;
        while let Some(next) = self.peek() {
            if is_line_start {
                is_line_start = false;
                self.begin_line();
                continue;
            }
            let start = self.at;
            match next {
                '\n' => {
                    self.end_text(start);
                    self.skip();
                    self.text_start = self.at;
                    is_line_start = true;
                }
                '\\' => {
                    self.skip();
                    self.skip();
                    self.piece(start, PieceKind::Escaped);
                }
                '`' => {
                    if self.quoted('`', "this code is not closed", "write a backtick where it ends") {
                        self.piece(start, PieceKind::Code);
                    }
                }
                '"' => {
                    if self.quoted('"', "this string is not closed", "write `\"` where it ends") {
                        self.piece(start, PieceKind::Quoted);
                    }
                }
                '\'' => {
                    if self.character() {
                        self.piece(start, PieceKind::Quoted);
                    }
                }
                '$' => {
                    let known = self.references.len();
                    self.reference();
                    if self.references.len() > known {
                        self.piece(start, PieceKind::Reference);
                    }
                }
                _ => self.skip(),
            }
        }
        self.end_text(self.at);
    }

    /// Ends the text before a place.
    fn end_text(&mut self, end: usize) {
        if self.text_start < end {
            let span = Span::new(self.text_start, end);
            self.pieces.push(Piece { span, kind: PieceKind::Text });
        }
        self.text_start = end;
    }

    /// Adds the piece that began at a place and ends here.
    fn piece(&mut self, start: usize, kind: PieceKind) {
        self.end_text(start);
        self.at = self.at.min(self.text.len());
        self.pieces.push(Piece { span: Span::new(start, self.at), kind });
        self.text_start = self.at;
    }

    /// Skips the marks at the beginning of a line, or a block of code that begins there.
    fn begin_line(&mut self) {
        let mut begin = self.at;
        self.skip_while(|c| c == ' ');
        if self.has_marks {
            self.skip_while(|c| c == '/');
            begin = self.at;
            self.skip_while(|c| c == ' ');
        }
        // The text after `/**` is indented as much as the mark.
        let is_after_mark = !self.has_marks && self.pieces.is_empty();
        let indentation = if is_after_mark { self.column(begin - 3) } else { self.at - begin };
        self.text_start = self.at;
        let line = Span::new(begin, self.at);
        self.pieces.push(Piece { span: line, kind: PieceKind::Line(indentation as u32) });
        if !self.rest().starts_with("```") {
            return;
        }
        let start = self.at;
        self.at += 3;
        match self.rest().find("```") {
            Some(end) => self.at += end + 3,
            None => {
                let title = "this block of code is not closed";
                self.mistake(start, title, "write a line with three backticks where it ends");
                self.at = self.text.len();
            }
        }
        self.piece(start, PieceKind::Block);
    }

    /// Returns the number of bytes between the beginning of the line and a place.
    fn column(&self, at: usize) -> usize {
        let before = self.text.get(..at).unwrap_or("");
        at - before.rfind('\n').map_or(0, |line_end| line_end + 1)
    }

    /// Skips a quoted part, which ends in the same paragraph. Reports one that does not end, and returns false.
    fn quoted(&mut self, quote: char, title: &'static str, hint: &'static str) -> bool {
        let start = self.at;
        self.skip();
        let mut is_blank = false;
        let mut is_escaped = false;
        let mut end = None;
        for (place, c) in self.rest().char_indices() {
            match c {
                _ if is_escaped => is_escaped = false,
                '\n' if is_blank => break,
                '\\' => is_escaped = true,
                _ if c == quote => {
                    end = Some(place + 1);
                    break;
                }
                _ => {}
            }
            is_blank = c == '\n' || is_blank && matches!(c, ' ' | '/');
        }
        match end {
            Some(end) => self.at += end,
            None => self.mistake(start, title, hint),
        }
        end.is_some()
    }

    /// Skips `'x'`, or only the quote. Returns whether it is a character.
    fn character(&mut self) -> bool {
        self.skip();
        let mut rest = self.rest().chars();
        let first = rest.next();
        let inner = if first == Some('\\') { rest.next() } else { first };
        let is_character = rest.next() == Some('\'');
        if is_character {
            let escape = if first == Some('\\') { 1 } else { 0 };
            self.at += escape + inner.map_or(0, char::len_utf8) + 1;
        }
        is_character
    }

    fn reference(&mut self) {
        self.skip();
        match self.peek() {
            Some('(') => self.with_arguments(),
            Some(c) if is_start(c) => {
                let start = self.at;
                if let Some((path, is_setter)) = self.target() {
                    let span = Span::new(start, self.at);
                    self.references.push(Reference { span, path, is_setter, arguments: None });
                }
            }
            Some(c) if c.is_control() && c != '\n' => self.not_a_name(self.at),
            _ => {}
        }
    }

    fn not_a_name(&mut self, at: usize) {
        self.mistake(at, "a reference names a declaration or an operator", "a plain `$` is written `\\$`");
    }

    /// Reads a name with its parts and the `=` of a setter. Reports a keyword.
    fn target(&mut self) -> Option<(Vec<Name>, bool)> {
        let mut path = Vec::new();
        loop {
            let start = self.at;
            self.name();
            let word = self.text.get(start..self.at).unwrap_or("");
            if scanner::is_keyword(word) {
                self.not_a_name(start);
                return None;
            }
            path.push(canonical(word));
            let mut rest = self.rest().chars();
            if rest.next() != Some('.') || !rest.next().is_some_and(is_start) {
                break;
            }
            self.skip();
        }
        let is_setter = self.rest().starts_with('=') && !self.rest().starts_with("==");
        if is_setter {
            self.skip();
        }
        Some((path, is_setter))
    }

    /// Skips an identifier: a dash belongs to it if a letter or digit follows.
    fn name(&mut self) {
        while let Some(c) = self.peek() {
            let next = self.rest().chars().nth(1);
            let is_part = is_part(c) || c == '-' && next.is_some_and(is_part);
            if !is_part {
                return;
            }
            self.skip();
        }
    }

    // Arguments.

    fn with_arguments(&mut self) {
        let opener = self.at;
        self.skip();
        self.skip_space();
        let start = self.at;
        let (path, is_setter) = match self.peek() {
            Some(c) if is_start(c) => match self.target() {
                Some(target) => target,
                None => return,
            },
            Some(c) if is_operator(c) && !self.rest().starts_with("//") => {
                self.skip_while(is_operator);
                (Vec::new(), false)
            }
            Some(c) if c.is_ascii_digit() => return self.not_a_name(self.at),
            _ => return self.incomplete(opener),
        };
        let span = Span::new(start, self.at);
        let mut arguments = Arguments::default();
        loop {
            self.skip_space();
            match self.peek() {
                Some(')') => {
                    self.skip();
                    let arguments = Some(arguments);
                    return self.references.push(Reference { span, path, is_setter, arguments });
                }
                Some(_) if self.argument(&mut arguments) => {}
                _ => return self.incomplete(opener),
            }
        }
    }

    fn incomplete(&mut self, opener: usize) {
        let hint = "a reference has the form `$(name argument --named-argument [block])`";
        self.mistake(opener, "this reference is not complete", hint);
    }

    /// Reads `name`, `--name`, `[name]` or `[--name]`, with a type. Returns whether there is one.
    fn argument(&mut self, arguments: &mut Arguments) -> bool {
        let is_block = self.rest().starts_with('[');
        if is_block {
            self.skip();
        }
        let is_named = self.rest().starts_with("--");
        if is_named {
            self.at += 2;
        }
        if self.rest().starts_with('.') {
            self.skip();
        }
        let start = self.at;
        self.name();
        let name = canonical(self.text.get(start..self.at).unwrap_or(""));
        if name.is_empty() {
            return false;
        }
        if self.rest().starts_with('/') && !self.rest().starts_with("//") {
            self.skip_while(|c| is_part(c) || matches!(c, '/' | '.' | '?' | '-'));
        }
        if is_block {
            if !self.rest().starts_with(']') {
                return false;
            }
            self.skip();
        }
        match is_named {
            true => arguments.named.push((name, is_block)),
            false => arguments.unnamed.push(is_block),
        }
        true
    }

    /// Skips white space within a paragraph.
    fn skip_space(&mut self) {
        let mut has_line_end = false;
        while let Some(c) = self.peek().filter(|c| c.is_whitespace()) {
            if c == '\n' && std::mem::replace(&mut has_line_end, true) {
                return;
            }
            self.skip();
            if c == '\n' && self.has_marks {
                self.skip_while(|c| matches!(c, ' ' | '/'));
            }
        }
    }
}

fn is_start(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn is_operator(c: char) -> bool {
    matches!(c, '[' | ']' | '=' | '<' | '>' | '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '~' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the references of a comment as they are written, and the mistakes.
    fn found(text: &str) -> (Vec<&str>, Vec<&'static str>) {
        let (references, mistakes) = references(text, Span::new(0, text.len()));
        let written = references.iter().map(|found| &text[found.span.range()]).collect();
        (written, mistakes.iter().map(|mistake| mistake.title).collect())
    }

    #[test]
    fn names_end_before_punctuation() {
        let text = "/** $a. $b-c- $d.e.f, $(g x), $h= $i == $5 a$j 5 $ */";
        assert_eq!(found(text), (vec!["a", "b-c", "d.e.f", "g", "h=", "i", "j"], vec![]));
    }

    #[test]
    fn code_and_strings_hold_no_references() {
        let text = "/// `$a` \"$b\" '$' \\$c\n/// ```\n/// $d\n/// ```\n/// $e";
        assert_eq!(found(text), (vec!["e"], vec![]));
    }

    #[test]
    fn arguments_have_shapes() {
        let text = "/** $(a b/int --c [d] [--e]) $([] index) $(f= x) */";
        let (references, mistakes) = references(text, Span::new(0, text.len()));
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let arguments = references[0].arguments.as_ref().expect("it has arguments");
        assert_eq!(arguments.unnamed, [false, true]);
        assert_eq!(arguments.named, [("c".into(), false), ("e".into(), true)]);
        assert!(references[1].path.is_empty() && references[2].is_setter);
    }

    #[test]
    fn mistakes_are_found() {
        let one = |text| found(text).1;
        assert_eq!(one("/** `a\n\nb` */"), ["this code is not closed", "this code is not closed"]);
        assert_eq!(one("/** \"a */"), ["this string is not closed"]);
        assert_eq!(one("/**\n```\n*/"), ["this block of code is not closed"]);
        for text in ["/** $(a --) */", "/** $(a */", "/** $( */", "/** $(a [b */", "/** $(// a) */"] {
            assert_eq!(one(text), ["this reference is not complete"], "{text}");
        }
        for text in ["/** $for */", "/** $(for) */", "/** $(32) */"] {
            assert_eq!(one(text), ["a reference names a declaration or an operator"], "{text}");
        }
    }
}
