//! Reads the words after the name of a directive: numbers, versions, times, names and types.

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::names::{Suggestions, canonical};
use lucarne_compiler::source::{SourceId, Span};

use super::{Fault, Kind, Type, Version};
use crate::directives::{self, Directive};

/// The result of reading a part of a directive.
pub(super) type Read<T> = Result<T, Box<Diagnostic>>;

/// The maximum index. Indexes are integers with a sign in all languages.
pub(crate) const INDEX_MAX: u32 = i32::MAX as u32;

/// The maximum version number, and the maximum bound of a channel: more is a mistake.
const NUMBER_MAX: u32 = 1_000_000;

/// The maximum time limit, in milliseconds: a day.
const TIME_MAX: u64 = 86_400_000;

/// The maximum length of the text of an error, in bytes.
const TEXT_MAX: usize = 200;

/// The maximum nesting of a type.
const DEPTH_MAX: u32 = 16;

/// Returns an error about the words of a directive, with its form.
pub(super) fn wrong(
    source: SourceId,
    directive: &Directive,
    span: Span,
    title: impl Into<String>,
) -> Box<Diagnostic> {
    let place = if span.start == span.end { directive.name_span } else { span };
    Box::new(
        Diagnostic::error(source, place, title)
            .hint(format!("the form is {}", directives::form(&directive.name))),
    )
}

/// Returns the words of a directive. Fails unless there are `N` words.
fn words<const N: usize>(source: SourceId, directive: &Directive) -> Read<[&(String, Span); N]> {
    let words: Vec<_> = directive.words.iter().collect();
    let count = words.len();
    words.try_into().map_err(|_| {
        let title = match count {
            0 => format!("`@{}` is incomplete", directive.name),
            _ if count < N => format!("`@{}` needs {N} words", directive.name),
            _ => format!("`@{}` has too many words", directive.name),
        };
        wrong(source, directive, directive.rest_span, title)
    })
}

/// Reads `@service UUID MAJOR.MINOR`.
pub(super) fn service(source: SourceId, directive: &Directive) -> Read<(String, Version)> {
    let [uuid, version] = words::<2>(source, directive)?;
    let lengths: Vec<usize> = uuid.0.split('-').map(str::len).collect();
    let is_hex = uuid.0.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
    if lengths != [8, 4, 4, 4, 12] || !is_hex {
        let problem = Diagnostic::error(source, uuid.1, format!("`{}` is not a UUID", uuid.0));
        return Err(Box::new(problem.hint("`uuidgen` makes one")));
    }
    let numbers = version.0.split_once('.').and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    let Some((major, minor)) = numbers else {
        let problem = Diagnostic::error(source, version.1, format!("`{}` is not a version", version.0));
        return Err(Box::new(problem.hint("write the major and the minor version, such as 1.0")));
    };
    Ok((uuid.0.to_ascii_lowercase(), Version { major, minor }))
}

fn number(text: &str) -> Option<u32> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| is_plain && *number <= NUMBER_MAX)
}

/// Reads the number of `@since` or of `@next`.
pub(super) fn small_number(source: SourceId, directive: &Directive) -> Read<u32> {
    let [(text, span)] = words::<1>(source, directive)?;
    number(text).ok_or_else(|| {
        wrong(source, directive, *span, format!("`{text}` is not a number from 0 to {NUMBER_MAX}"))
    })
}

/// Reads the number of `@index`, and its place.
pub(super) fn index(source: SourceId, directive: &Directive) -> Read<(u32, Span)> {
    let [(text, span)] = words::<1>(source, directive)?;
    let number = text.parse::<u32>().ok().filter(|number| *number <= INDEX_MAX && !text.starts_with('+'));
    let title = || format!("`{text}` is not an index from 0 to {INDEX_MAX}");
    number.map(|number| (number, *span)).ok_or_else(|| wrong(source, directive, *span, title()))
}

/// Reads the time of `@timeout`, in milliseconds.
pub(super) fn time(source: SourceId, directive: &Directive) -> Read<u64> {
    let [(text, span)] = words::<1>(source, directive)?;
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("ms") => Some(1),
        Some("s") => Some(1_000),
        Some("m") => Some(60_000),
        Some("h") => Some(3_600_000),
        _ => None,
    };
    let time = digits.parse::<u64>().ok().zip(unit).and_then(|(number, unit)| number.checked_mul(unit));
    time.filter(|time| (1..=TIME_MAX).contains(time))
        .ok_or_else(|| wrong(source, directive, *span, format!("`{text}` is not a time from 1ms to a day")))
}

/// Reads `@throws NAME "TEXT"`.
pub(super) fn fault(source: SourceId, directive: &Directive) -> Read<Fault> {
    let mut cursor = Cursor::new(source, directive);
    let (written, span) = cursor.word();
    let name = written.replace('-', "_");
    let is_word = |word: &str| {
        word.starts_with(|letter: char| letter.is_ascii_uppercase())
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    let is_name = name.split('_').all(is_word);
    if written.is_empty() {
        return Err(wrong(source, directive, directive.rest_span, "`@throws` needs the name of an error"));
    }
    if !is_name {
        let title = format!("`{written}` is not the name of an error");
        let problem = Diagnostic::error(source, span, title);
        return Err(Box::new(
            problem.hint("write it in capitals, with `_` between words, such as NOT_FOUND"),
        ));
    }
    let place = directive.span();
    let (rest, rest_span) = cursor.rest();
    if rest.is_empty() {
        return Ok(Fault { text: name.clone(), name, place });
    }
    let text = rest.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    let is_hidden = |letter: char| letter.is_control() || directives::is_bidirectional(letter);
    let is_text = !text.is_empty() && !text.contains(['"', '\\']) && !text.contains(is_hidden);
    if !is_text || text.len() > TEXT_MAX {
        let title = format!(
            "the text of an error is in quotes, has at most {TEXT_MAX} bytes, and contains no quote, backslash or invisible character"
        );
        return Err(wrong(source, directive, rest_span, title));
    }
    Ok(Fault { name, text: text.to_owned(), place })
}

/// Finds the records and resources of a definition by their names.
pub(super) trait Names {
    /// Returns the type of a name: [`Kind::Record`] or [`Kind::Resource`].
    fn find(&self, name: &str) -> Option<Kind>;

    /// Returns the names of all records.
    fn records(&self) -> Vec<&str>;
}

/// Reads the text of a directive from left to right.
pub(super) struct Cursor<'d> {
    source: SourceId,
    directive: &'d Directive,
    at: usize,
}

impl<'d> Cursor<'d> {
    pub(super) fn new(source: SourceId, directive: &'d Directive) -> Self {
        Cursor { source, directive, at: 0 }
    }

    fn left(&self) -> &'d str {
        self.directive.rest.get(self.at..).unwrap_or_default()
    }

    fn span_from(&self, from: usize) -> Span {
        let base = self.directive.rest_span.start as usize;
        Span::new(base + from, base + self.at)
    }

    fn skip_blanks(&mut self) {
        self.at += self.left().len() - self.left().trim_start().len();
    }

    /// Takes a text, if it comes next.
    pub(super) fn take(&mut self, text: &str) -> bool {
        self.skip_blanks();
        let is_next = self.left().starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    /// Takes a name, which is empty if none comes next.
    pub(super) fn word(&mut self) -> (&'d str, Span) {
        self.skip_blanks();
        let from = self.at;
        let left = self.left();
        let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
        let mut end = left.find(|letter| !is_part(letter)).unwrap_or(left.len());
        // `->` is no part of a name.
        if left.get(..end).is_some_and(|word| word.ends_with('-'))
            && left.get(end..).is_some_and(|rest| rest.starts_with('>'))
        {
            end -= 1;
        }
        self.at += end;
        (left.get(..end).unwrap_or_default(), self.span_from(from))
    }

    /// Returns the rest of the text.
    pub(super) fn rest(mut self) -> (&'d str, Span) {
        self.skip_blanks();
        let (from, left) = (self.at, self.left());
        self.at += left.len();
        (left, self.span_from(from))
    }

    /// Returns whether nothing is left.
    pub(super) fn is_done(&mut self) -> bool {
        self.skip_blanks();
        self.left().is_empty()
    }

    /// Returns an error about the place where the cursor stands.
    pub(super) fn unexpected(&mut self, expected: &str) -> Box<Diagnostic> {
        self.skip_blanks();
        let from = self.at;
        let left = self.left();
        let length = left.find(char::is_whitespace).unwrap_or(left.len());
        self.at += length;
        let span = self.span_from(from);
        let title = match left.get(..length) {
            Some(found) if !found.is_empty() => format!("expected {expected}, found `{found}`"),
            _ => format!("expected {expected} at the end of `@{}`", self.directive.name),
        };
        let whole = self.directive.span();
        wrong(self.source, self.directive, if span.start == span.end { whole } else { span }, title)
    }

    /// Takes a type, and returns it with its place.
    pub(super) fn ty(&mut self, names: &dyn Names) -> Read<(Type, Span)> {
        let from = {
            self.skip_blanks();
            self.at
        };
        let ty = self.ty_within(names, 0)?;
        Ok((ty, self.span_from(from)))
    }

    fn ty_within(&mut self, names: &dyn Names, depth: u32) -> Read<Type> {
        if depth > DEPTH_MAX {
            return Err(wrong(
                self.source,
                self.directive,
                self.directive.span(),
                "the type is nested too deep",
            ));
        }
        let (word, span) = self.word();
        if word.is_empty() {
            return Err(self.unexpected("a type"));
        }
        let kind = match word {
            "List" => {
                let [element] = self.inner(names, depth)?;
                Kind::List(Box::new(element))
            }
            "Map" => {
                let [key, value] = self.inner(names, depth)?;
                let is_key = matches!(key.kind, Kind::String | Kind::Int) && !key.is_nullable;
                let is_plain = (&key.kind, &value.kind) == (&Kind::Any, &Kind::Any);
                if !is_key && !is_plain {
                    let title = format!("`{key}` cannot be the type of keys");
                    let problem = Diagnostic::error(self.source, self.span_from_place(span), title);
                    return Err(Box::new(problem.hint("keys are strings or integers: `string` or `int`")));
                }
                Kind::Map(Box::new(key), Box::new(value))
            }
            _ => self.named(word, span, names)?,
        };
        let is_nullable = self.take("?") && kind != Kind::Any;
        Ok(Type { kind, is_nullable })
    }

    fn span_from_place(&self, from: Span) -> Span {
        from.to(self.span_from(self.at))
    }

    /// Takes the types in angle brackets. Without brackets, they are `any`.
    fn inner<const N: usize>(&mut self, names: &dyn Names, depth: u32) -> Read<[Type; N]> {
        let mut types = [const { Type { kind: Kind::Any, is_nullable: false } }; N];
        if !self.take("<") {
            return Ok(types);
        }
        for (number, ty) in types.iter_mut().enumerate() {
            if number > 0 && !self.take(",") {
                return Err(self.unexpected("`,`"));
            }
            *ty = self.ty_within(names, depth + 1)?;
        }
        if self.take(">") { Ok(types) } else { Err(self.unexpected("`>`")) }
    }

    fn named(&self, word: &str, span: Span, names: &dyn Names) -> Read<Kind> {
        let plain = plain_type(word);
        if let Some(kind) = plain.or_else(|| names.find(&canonical(word))) {
            if let Kind::Resource(name) = &kind {
                let problem = Diagnostic::error(
                    self.source,
                    span,
                    format!("the resource `{name}` cannot be a part of a value"),
                );
                return Err(Box::new(problem.hint("a resource is the whole result of a method")));
            }
            return Ok(kind);
        }
        let problem = Diagnostic::error(self.source, span, format!("there is no type `{word}`"));
        let known = ["any", "bool", "int", "float", "string", "ByteArray", "List", "Map"];
        let records = names.records();
        let near = Suggestions::default().nearest(word, known.into_iter().chain(records)).map(str::to_owned);
        Err(Box::new(match near {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint("types are `any`, `bool`, `int`, `float`, `string`, `ByteArray`, `List`, `Map` and the records of the file"),
        }))
    }
}

fn plain_type(word: &str) -> Option<Kind> {
    Some(match word {
        "any" => Kind::Any,
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "float" => Kind::Float,
        "string" => Kind::String,
        "ByteArray" => Kind::Bytes,
        _ => return None,
    })
}
