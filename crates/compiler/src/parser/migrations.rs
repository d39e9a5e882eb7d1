//! Type migrations: comments that say which types a parameter takes while its type changes.
//!
//! `// __TYPE-MIGRATION__ name: type` stands above a function whose parameter `name` has no type of
//! its own. There is one such comment for each type. `. Deprecated. Text` at its end says that the
//! type will go away.

use super::Parser;
use crate::ast::{Identifier, Migration, TypeName};
use crate::diagnostic::Diagnostic;
use crate::names::canonical;
use crate::scanner::MIGRATION_MARK;
use crate::source::Span;

const FORM: &str =
    "write `// __TYPE-MIGRATION__ name: type`, with `. Deprecated. Why` after a type that will go away";

/// A place in a comment.
struct Cursor<'a> {
    rest: &'a str,
    at: u32,
}

impl<'a> Cursor<'a> {
    fn skip(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        self.at += taken.len() as u32;
        taken
    }

    fn skip_space(&mut self) {
        self.skip(self.rest.len() - self.rest.trim_start().len());
    }

    /// Takes a character, if it comes next. Returns whether it did.
    fn take(&mut self, c: char) -> bool {
        let is_next = self.rest.starts_with(c);
        if is_next {
            self.skip(c.len_utf8());
        }
        is_next
    }

    fn identifier(&mut self) -> Option<Identifier> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let length = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let start = self.at;
        let text = self.skip(length);
        (!text.is_empty())
            .then(|| Identifier { name: canonical(text), span: Span { start, end: start + length as u32 } })
    }

    /// Returns the place of the text that is left; at its end, the place of one character after it.
    fn place(&self) -> Span {
        let length = self.rest.len().max(1) as u32;
        Span { start: self.at, end: self.at + length }
    }
}

impl Parser<'_> {
    /// Takes the type migrations among the comments right above a function.
    pub(super) fn migrations_in(&mut self, comments: Span) -> Vec<Migration> {
        let first = self.migrations.partition_point(|(span, _)| span.start < comments.start);
        let mut spans = Vec::new();
        for (span, is_taken) in self.migrations.iter_mut().skip(first) {
            if span.end > comments.end {
                break;
            }
            *is_taken = true;
            spans.push(*span);
        }
        let mut found = Vec::new();
        for span in spans {
            match self.migration(span) {
                Ok(migration) => found.push(migration),
                Err(problem) => self.problems.push((*problem).hint(FORM)),
            }
        }
        found
    }

    /// Reports the type migrations that do not stand above a function.
    pub(super) fn report_other_migrations(&mut self) {
        for (span, is_taken) in std::mem::take(&mut self.migrations) {
            if is_taken {
                continue;
            }
            let problem = Diagnostic::error(self.source, span, "this type migration belongs to no function");
            self.problems.push(problem.hint("write it right above the function, without a blank line"));
        }
    }

    fn migration(&self, span: Span) -> Result<Migration, Box<Diagnostic>> {
        let error = |span, title: &str| Err(Box::new(Diagnostic::error(self.source, span, title)));
        let mut cursor = Cursor { rest: self.written(span), at: span.start };
        let mark = cursor.rest.find(MIGRATION_MARK).unwrap_or(0);
        cursor.skip(mark + MIGRATION_MARK.len());
        cursor.skip_space();
        let Some(parameter) = cursor.identifier() else {
            return error(cursor.place(), "a type migration begins with the name of a parameter");
        };
        cursor.skip_space();
        if !cursor.take(':') {
            return error(cursor.place(), "a `:` stands after the name in a type migration");
        }
        cursor.skip_space();
        let Some(ty) = type_name(&mut cursor) else {
            return error(cursor.place(), "a type stands after the `:` of a type migration");
        };
        cursor.skip_space();
        let end = cursor.place();
        match explanation(cursor.rest) {
            Some(deprecated) => Ok(Migration { parameter, ty, deprecated }),
            None => error(end, "unexpected text after a type migration"),
        }
    }
}

/// Parses `name`, `prefix.name`, `name?`.
fn type_name(cursor: &mut Cursor<'_>) -> Option<TypeName> {
    let mut name = cursor.identifier()?;
    let start = name.span.start;
    let mut prefix = None;
    if cursor.rest.starts_with('.') && cursor.rest[1..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        cursor.take('.');
        prefix = cursor.identifier().map(|inner| std::mem::replace(&mut name, inner));
    }
    let nullable = cursor.take('?');
    Some(TypeName { prefix, name, nullable, span: Span { start, end: cursor.at } })
}

/// Parses what follows the type. Returns `Some(None)` for nothing, `Some(Some(why))` for
/// `. Deprecated. Why`, and `None` if the text has another form.
fn explanation(text: &str) -> Option<Option<String>> {
    if text.is_empty() {
        return Some(None);
    }
    let text = text.strip_prefix('.')?.trim();
    if text.is_empty() {
        return Some(None);
    }
    let why = text.strip_prefix("Deprecated.")?.trim();
    Some(Some(why.trim_end_matches('.').to_owned()))
}
