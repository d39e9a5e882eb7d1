//! Ends strings and interpolations that are not closed.

use super::{Mode, Progress, Scanner};
use crate::diagnostic::Diagnostic;
use crate::scanner::{Kind, Token};
use crate::source::Span;

/// How many times a part of a text is scanned again. Each time takes time in proportion to the text.
const RETURNS_MAX: u32 = 8;

/// A line break between the brackets of an interpolation, in a string that otherwise stands on one line; and what the
/// scanner needs to go on from it.
#[derive(Clone, Debug)]
pub(super) struct LineBreak {
    at: usize,
    /// Where the string begins.
    string: usize,
    /// How many constructs are open around the string.
    around: usize,
    /// The string, and the interpolations and brackets that are open in it.
    modes: Vec<Mode>,
    tokens: usize,
    found: Progress,
    line_indent: u32,
}

impl Scanner<'_> {
    /// Returns whether the line may end at the current place: outside of strings, in a string with three quotes, and in
    /// the brackets of an interpolation that are closed on a later line. Whether they are closed shows later, so the
    /// place is kept: see [`Self::return_to_line_break`].
    pub(super) fn may_break_line(&mut self) -> bool {
        let around = self.modes.iter().rposition(|mode| matches!(mode, Mode::Text { .. }));
        let Some(around) = around else { return true };
        let Some(Mode::Text { triple: false, start: string }) = self.modes.get(around).copied() else {
            return true;
        };
        // The breaks in strings that have ended since.
        while self.line_breaks.last().is_some_and(|last| last.around >= around && last.string != string) {
            self.line_breaks.pop();
        }
        if self.line_breaks.last().is_some_and(|last| last.string == string) {
            return true;
        }
        if self.returns >= RETURNS_MAX {
            return false;
        }
        self.line_breaks.push(LineBreak {
            at: self.at,
            string,
            around,
            modes: self.modes.iter().skip(around).copied().collect(),
            tokens: self.tokens.len(),
            found: self.progress(),
            line_indent: self.line_indent,
        });
        true
    }

    /// Returns whether the text ends between the brackets of an interpolation, in a string that otherwise stands on one line.
    pub(super) fn ends_in_broken_line(&self) -> bool {
        let is_in_brackets =
            matches!(self.modes.last(), Some(Mode::Parenthesized { .. } | Mode::Bracketed { .. }));
        let text = self.modes.iter().rev().find(|mode| matches!(mode, Mode::Text { .. }));
        is_in_brackets && matches!(text, Some(Mode::Text { triple: false, .. }))
    }

    /// Goes back to the first line break in an interpolation that is not closed at the end of the text, and ends its
    /// string there. Returns whether there is one.
    pub(super) fn return_to_line_break(&mut self) -> bool {
        let is_open = |kept: &LineBreak| {
            let mut modes = self.modes.iter();
            modes.any(|mode| matches!(mode, Mode::Text { start, .. } if *start == kept.string))
        };
        let open = self.line_breaks.iter().position(is_open);
        let kept = open.map(|open| self.line_breaks.swap_remove(open));
        self.line_breaks.clear();
        let Some(kept) = kept else { return false };
        self.returns += 1;
        self.problems.truncate(kept.found.problems);
        self.migrations.truncate(kept.found.migrations);
        self.tokens.truncate(kept.tokens);
        self.modes.truncate(kept.around);
        self.modes.extend(kept.modes);
        (self.at, self.line_indent) = (kept.at, kept.line_indent);
        (self.fresh, self.pending_indent, self.tab) = (false, None, None);
        self.abandon_string();
        true
    }

    /// Returns where the outermost string begins that is open.
    pub(super) fn outermost_string(&self) -> Option<usize> {
        self.modes.iter().find_map(|mode| match mode {
            Mode::Text { start, .. } => Some(*start),
            _ => None,
        })
    }

    /// Returns how much has been found up to here.
    pub(super) fn progress(&self) -> Progress {
        Progress { problems: self.problems.len(), migrations: self.migrations.len() }
    }

    /// Ends the innermost string at the current place, with an error.
    pub(super) fn abandon_string(&mut self) {
        let is_open = |string: usize| {
            self.modes.iter().any(|mode| matches!(mode, Mode::Text { start, .. } if *start == string))
        };
        if self.line_breaks.iter().any(|kept| is_open(kept.string)) {
            self.lost = self.outermost_string();
        }
        if self.abandon_interpolation() {
            return;
        }
        let last_part = self.last_part_of_string();
        let mut open = None;
        while let Some(mode) = self.modes.pop() {
            match mode {
                Mode::Text { triple, start } => {
                    self.is_open |= triple;
                    let quotes = if triple { "\"\"\"" } else { "\"" };
                    let title = format!("this string has no closing `{quotes}`");
                    let hint = match triple {
                        true => "write `\"\"\"` where the string ends",
                        false => {
                            "write `\"` where it ends; a string over several lines is written between `\"\"\"`"
                        }
                    };
                    let quotes = Span::new(start, start + quotes.len());
                    let problem =
                        match last_part.filter(|part| self.slice(start, *part).contains('\n')) {
                            Some(part) => Diagnostic::error(self.source, self.one_character(part), title)
                                .also(self.source, quotes, "the string begins here"),
                            None => {
                                let problem = Diagnostic::error(self.source, quotes, title);
                                self.with_end(self.with_open(problem, open), start, open.is_some())
                            }
                        };
                    self.problems.push(problem.hint(hint));
                    return self.emit_empty(Kind::StringEnd);
                }
                Mode::Parenthesized { start, .. } => {
                    open = Some((start, "$("));
                    self.drop_interpolation(start);
                }
                Mode::Path { start } => self.drop_interpolation(start),
                // The end of its path follows.
                Mode::Bracketed { start, .. } => open = Some((start, "[")),
            }
        }
    }

    /// Adds the bracket in the string that is not closed either, if there is one, to an error.
    fn with_open(&self, problem: Diagnostic, open: Option<(usize, &str)>) -> Diagnostic {
        let Some((start, bracket)) = open else { return problem };
        let span = Span::new(start, start + bracket.len());
        problem.also(self.source, span, format!("this `{bracket}` is not closed either"))
    }

    /// Adds the end of the file to an error, if what begins at `start` could only have ended there: on other lines, or
    /// after a bracket that is open.
    fn with_end(&self, problem: Diagnostic, start: usize, is_open: bool) -> Diagnostic {
        let end = self.text.len();
        let is_over = self.at == end || is_open && self.slice(self.at, end).trim().is_empty();
        if !is_over || !self.slice(start, end).contains('\n') {
            return problem;
        }
        problem.also(self.source, Span::new(end, end), "the file ends here")
    }

    /// Returns where the text after the last interpolation of the innermost string begins. That string has the
    /// innermost mode, so that its own tokens come last.
    fn last_part_of_string(&self) -> Option<usize> {
        let Some(Mode::Text { .. }) = self.modes.last() else { return None };
        let end = self.tokens.iter().rev().find(|token| token.kind != Kind::StringText)?;
        (end.kind == Kind::InterpolationEnd).then_some(end.span.end as usize)
    }

    /// Returns the span of the character at a place; an empty span at the end of the text.
    fn one_character(&self, at: usize) -> Span {
        let length = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        Span::new(at, at + length)
    }

    /// Ends `"$(x"` or `"$x[0"`, where the closing quotes look like a new string: the missing bracket is the
    /// mistake. Returns false if the open constructs have another form.
    fn abandon_interpolation(&mut self) -> bool {
        let (outer, interpolation, bracket, quote, depth) = match self.modes[..] {
            [
                ..,
                Mode::Text { triple: false, start: outer },
                Mode::Parenthesized { start, .. },
                Mode::Text { triple: false, start: quote },
            ] => (outer, start, start, quote, 3),
            [
                ..,
                Mode::Text { triple: false, start: outer },
                Mode::Path { start },
                Mode::Bracketed { start: bracket, .. },
                Mode::Text { triple: false, start: quote },
            ] => (outer, start, bracket, quote, 4),
            _ => return false,
        };
        let rest = self.slice(quote + 1, self.at);
        if self.slice(outer, quote).contains('\n') || rest.contains('"') {
            return false;
        }
        if bracket == interpolation {
            self.unclosed_parenthesis(interpolation);
        } else {
            let hint = "write `]` after the index";
            self.error_hint(bracket, bracket + 1, "this `[` is not closed", hint);
        }
        self.modes.truncate(self.modes.len() - depth);
        self.drop_interpolation(interpolation);
        self.emit_empty(Kind::StringEnd);
        true
    }

    fn unclosed_parenthesis(&mut self, start: usize) {
        self.error_hint(start, start + 2, "this `$(` is not closed", "write `)` after the expression");
    }

    /// Ends an interpolation whose expression has no end. The parser gets `null` as its expression, which
    /// causes no further error.
    fn drop_interpolation(&mut self, start: usize) {
        let begin = self.tokens.iter().rposition(|token| token.span.start as usize == start);
        self.tokens.truncate(begin.map_or(self.tokens.len(), |begin| begin + 1));
        self.emit_empty(Kind::Null);
        self.emit_empty(Kind::InterpolationEnd);
    }

    /// Goes back to a `$(` in a string with three quotes that is not closed at the end of the text: the quotes after
    /// it, which looked like another string, are those that close this one. Reports the `$(`, and returns
    /// whether there is one.
    pub(super) fn return_to_unclosed(&mut self) -> bool {
        let unclosed = self
            .modes
            .windows(2)
            .position(|modes| matches!(modes, [Mode::Text { triple: true, .. }, Mode::Parenthesized { .. }]));
        let Some(text) = unclosed.filter(|_| self.returns < RETURNS_MAX) else { return false };
        let Some(Mode::Parenthesized { start, before, .. }) = self.modes.get(text + 1).copied() else {
            return false;
        };
        let inside = self.tokens.iter().rev().take_while(|token| token.span.start as usize > start);
        let quotes = inside.filter(|token| token.kind == Kind::StringBegin && token.span.range().len() == 3);
        let Some(quotes) = quotes.last().map(|token| token.span.start as usize) else { return false };
        self.returns += 1;
        self.problems.truncate(before.problems);
        self.migrations.truncate(before.migrations);
        self.modes.truncate(text + 1);
        self.unclosed_parenthesis(start);
        self.at = quotes;
        self.drop_interpolation(start);
        self.line_indent = self.tokens.last().map_or(0, |token| token.line_indent);
        (self.fresh, self.pending_indent, self.tab) = (false, None, None);
        true
    }

    fn emit_empty(&mut self, kind: Kind) {
        self.tokens.push(Token {
            kind,
            span: Span::new(self.at, self.at),
            line_start: false,
            space_before: false,
            line_indent: self.line_indent,
        });
    }

    pub(super) fn close_all(&mut self) {
        while !self.modes.is_empty() {
            self.abandon_string();
        }
    }
}
