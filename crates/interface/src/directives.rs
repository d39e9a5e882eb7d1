//! Directives: the lines of a doc comment that begin with `@` and say what types cannot.
//!
//! [`read`] separates them from the prose of a comment, with their places. [`TABLE`] lists all of them, with their form
//! and the declarations that they belong to; the messages about mistakes come from it.

use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::names::Suggestions;
use lucarne_compiler::source::{SourceId, Span};

/// A kind of declaration that can have directives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// An interface: a service or a resource.
    Interface,
    /// A method of a service.
    ServiceMethod,
    /// A method of a resource.
    ResourceMethod,
    /// A class: a record.
    Class,
    /// A field of a record.
    Field,
    /// All other declarations.
    Other,
}

impl Target {
    fn describe(self) -> &'static str {
        match self {
            Target::Interface => "an interface",
            Target::ServiceMethod => "a method of a service",
            Target::ResourceMethod => "a method of a resource",
            Target::Class => "a class",
            Target::Field => "a field of a record",
            Target::Other => "this declaration",
        }
    }
}

/// A directive as users know it.
pub(crate) struct Known {
    /// The name, without `@`.
    pub(crate) name: &'static str,
    /// The form, for messages.
    pub(crate) form: &'static str,
    /// The declarations that can have it.
    targets: &'static [Target],
    /// Whether a declaration can have several.
    is_repeated: bool,
}

const METHODS: &[Target] = &[Target::ServiceMethod, Target::ResourceMethod];

/// All directives.
pub(crate) const TABLE: &[Known] = &[
    once("service", "@service UUID MAJOR.MINOR", &[Target::Interface]),
    once("resource", "@resource", &[Target::Interface]),
    once("record", "@record", &[Target::Class]),
    once("index", "@index NUMBER", METHODS),
    once("since", "@since MINOR", &[Target::ServiceMethod, Target::ResourceMethod, Target::Field]),
    once("close", "@close", &[Target::ResourceMethod]),
    once("next", "@next, or @next BOUND", &[Target::ResourceMethod]),
    once("notification", "@notification NAME/TYPE...", &[Target::ResourceMethod]),
    Known {
        name: "throws",
        form: "@throws NAME, or @throws NAME \"TEXT\"",
        targets: METHODS,
        is_repeated: true,
    },
    once("timeout", "@timeout TIME, such as 500ms, 2s, 1m or 1h", METHODS),
    Known {
        name: "type",
        form: "@type NAME TYPE or @type -> TYPE above a method, @type TYPE above a field",
        targets: &[Target::ServiceMethod, Target::ResourceMethod, Target::Field],
        is_repeated: true,
    },
];

const fn once(name: &'static str, form: &'static str, targets: &'static [Target]) -> Known {
    Known { name, form, targets, is_repeated: false }
}

/// Returns the form of a directive, for messages.
pub(crate) fn form(name: &str) -> &'static str {
    TABLE.iter().find(|known| known.name == name).map_or("", |known| known.form)
}

/// A directive in a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Directive {
    /// The name, without `@`.
    pub(crate) name: String,
    /// The place of the name, with `@`.
    pub(crate) name_span: Span,
    /// The words after the name, with their places.
    pub(crate) words: Vec<(String, Span)>,
    /// The text after the name.
    pub(crate) rest: String,
    /// The place of that text.
    pub(crate) rest_span: Span,
}

impl Directive {
    /// Returns the place of the whole directive.
    pub(crate) fn span(&self) -> Span {
        if self.rest.is_empty() { self.name_span } else { self.name_span.to(self.rest_span) }
    }
}

/// A doc comment.
#[derive(Default, PartialEq, Eq, Debug)]
pub(crate) struct Comment {
    /// The text without directives. Lines after the first keep their indentation relative to each other.
    pub(crate) prose: String,
    /// The directives that belong here.
    pub(crate) directives: Vec<Directive>,
    /// The mistakes.
    pub(crate) problems: Vec<Diagnostic>,
}

impl Comment {
    /// Returns the directive with a name.
    pub(crate) fn find(&self, name: &str) -> Option<&Directive> {
        self.directives.iter().find(|directive| directive.name == name)
    }
}

/// Reads a doc comment. `span` is its place in `text`, with its marks.
pub(crate) fn read(source: SourceId, text: &str, span: Span, target: Target) -> Comment {
    let mut comment = Comment::default();
    let mut prose: Vec<&str> = Vec::new();
    let mut is_code = false;
    for (start, line) in lines(text, span) {
        let trimmed = line.trim_start();
        let at = start + (line.len() - trimmed.len());
        is_code ^= trimmed.starts_with("```");
        if is_code || !trimmed.starts_with('@') {
            prose.push(line.trim_end());
            if !is_code {
                comment.problems.extend(misplaced(source, line, start));
            }
            continue;
        }
        let directive = parse(trimmed.trim_end(), at);
        match check(source, &directive, target, &comment.directives) {
            Ok(known) => {
                comment.problems.extend(not_alone(source, known, &directive));
                comment.directives.push(directive);
            }
            Err(problem) => comment.problems.push(*problem),
        }
    }
    comment.prose = dedented(&prose);
    // Compilers refuse these in comments.
    comment.prose.retain(|letter| {
        letter == '\n' || letter == '\t' || !(letter.is_control() || is_bidirectional(letter))
    });
    comment
}

/// Returns whether a character changes the order in which others are shown.
pub(crate) fn is_bidirectional(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns the lines of a comment without its marks, each with its place in the text.
fn lines(text: &str, span: Span) -> Vec<(usize, &str)> {
    let written = text.get(span.range()).unwrap_or_default();
    let mut lines = Vec::new();
    let mut at = span.start as usize;
    let is_block = written.starts_with("/**");
    let body = if is_block { written.strip_suffix("*/").unwrap_or(written) } else { written };
    for (number, line) in body.split('\n').enumerate() {
        let marks = if is_block {
            if number == 0 { "/**".len() } else { 0 }
        } else {
            let indent = line.len() - line.trim_start().len();
            indent + line.get(indent..).map_or(0, |rest| rest.len() - rest.trim_start_matches('/').len())
        };
        lines.push((at + marks, line.get(marks..).unwrap_or_default()));
        at += line.len() + 1;
    }
    lines
}

/// Reports a known directive in the middle of a line, where it would be prose.
fn misplaced(source: SourceId, line: &str, start: usize) -> Option<Diagnostic> {
    let known = TABLE.iter().find_map(|known| {
        let written = format!(" @{}", known.name);
        let at = line.find(&written)?;
        let after = line.get(at + written.len()..)?.chars().next();
        after
            .is_none_or(|letter| !letter.is_alphanumeric() && letter != '-')
            .then_some((at + 1, written.len() - 1))
    });
    let (at, length) = known?;
    let place = Span::new(start + at, start + at + length);
    let title = format!("`{}` is in the middle of a line", line.get(at..at + length)?);
    Some(Diagnostic::error(source, place, title).hint("a directive begins a line of the comment"))
}

fn parse(line: &str, at: usize) -> Directive {
    let name_end = line.find(char::is_whitespace).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_end);
    let blanks = rest.len() - rest.trim_start().len();
    let rest_start = at + name_end + blanks;
    let rest = rest.trim_start();
    let mut words = Vec::new();
    let mut from = 0;
    for word in rest.split_whitespace() {
        let found = rest.get(from..).and_then(|rest| rest.find(word)).unwrap_or(0) + from;
        words.push((word.to_owned(), Span::new(rest_start + found, rest_start + found + word.len())));
        from = found + word.len();
    }
    Directive {
        name: name.trim_start_matches('@').to_owned(),
        name_span: Span::new(at, at + name_end),
        words,
        rest: rest.to_owned(),
        rest_span: Span::new(rest_start, rest_start + rest.len()),
    }
}

/// Returns the entry of a directive, or the reason why it is wrong at this place.
fn check(
    source: SourceId,
    directive: &Directive,
    target: Target,
    before: &[Directive],
) -> Result<&'static Known, Box<Diagnostic>> {
    let name = &directive.name;
    let error = |title: String| Diagnostic::error(source, directive.name_span, title);
    let Some(known) = TABLE.iter().find(|known| known.name == name) else {
        let problem = error(format!("there is no directive `@{name}`"));
        let names = TABLE.iter().map(|known| known.name);
        return Err(Box::new(match Suggestions::default().nearest(name, names) {
            Some(near) => problem.hint(format!("did you mean `@{near}`?")),
            None => problem.hint(format!("the directives here are {}", of_target(target))),
        }));
    };
    if !known.targets.contains(&target) {
        let places: Vec<&str> = known.targets.iter().map(|target| target.describe()).collect();
        let problem = error(format!("`@{name}` does not apply to {}", target.describe()));
        return Err(Box::new(problem.hint(format!("it belongs above {}", joined(&places, "or")))));
    }
    if let Some(other) = before.iter().find(|other| other.name == *name).filter(|_| !known.is_repeated) {
        let problem = error(format!("there are two `@{name}`"));
        return Err(Box::new(problem.also(source, other.name_span, "the first")));
    }
    Ok(known)
}

/// Reports words after a directive that has none.
fn not_alone(source: SourceId, known: &Known, directive: &Directive) -> Option<Diagnostic> {
    let is_plain = known.form.strip_prefix('@') == Some(known.name);
    let title = format!("`@{}` stands alone in its line", known.name);
    let error = || Diagnostic::error(source, directive.rest_span, title).hint("remove the words after it");
    (is_plain && !directive.rest.is_empty()).then(error)
}

/// Returns the directives of a kind of declaration, for messages.
fn of_target(target: Target) -> String {
    let names = TABLE.iter().filter(|known| known.targets.contains(&target));
    let names: Vec<String> = names.map(|known| format!("`@{}`", known.name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() {
        "those of interfaces, records and their members".to_owned()
    } else {
        joined(&names, "and")
    }
}

/// Joins names for a sentence.
pub(crate) fn joined(names: &[&str], word: &str) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// Joins the lines of a comment, without empty lines at the ends, and without the indentation that all lines but the
/// first share.
fn dedented(lines: &[&str]) -> String {
    let is_text = |line: &&str| !line.trim().is_empty();
    let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    // The first line follows the mark of the comment, so its indentation is another.
    let shared = lines.iter().skip(1).filter(|line| is_text(line)).map(indent).min().unwrap_or(0);
    let mut text: Vec<&str> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let line = if number == 0 { line.trim_start() } else { line.get(shared..).unwrap_or("").trim_end() };
        // Directives leave empty lines behind.
        if !(line.is_empty() && text.last().is_none_or(|last| last.is_empty())) {
            text.push(line);
        }
    }
    text.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str, target: Target) -> Comment {
        read(SourceId(0), text, Span::new(0, text.len()), target)
    }

    #[test]
    fn directives_are_separated_from_prose() {
        let text = "/**\n  Sends.\n\n  More,\n    and more.\n\n  @index 3\n  @throws FULL \"no room\"\n  */";
        let comment = read_text(text, Target::ServiceMethod);
        assert_eq!(comment.prose, "Sends.\n\nMore,\n  and more.");
        assert_eq!(comment.problems, []);
        let [index, throws] = &comment.directives[..] else { panic!("{:?}", comment.directives) };
        assert_eq!((index.name.as_str(), index.rest.as_str()), ("index", "3"));
        assert_eq!(&text[index.span().range()], "@index 3");
        assert_eq!(&text[throws.words[0].1.range()], "FULL");
        assert_eq!(throws.rest, "FULL \"no room\"");
    }

    #[test]
    fn comments_of_lines_and_of_one_line_have_directives() {
        let comment = read_text("/// Closes.\n  /// @close", Target::ResourceMethod);
        assert_eq!((comment.prose.as_str(), comment.directives.len()), ("Closes.", 1));
        let comment = read_text("/** @close */", Target::ResourceMethod);
        assert_eq!((comment.prose.as_str(), comment.directives.len()), ("", 1));
    }

    #[test]
    fn characters_that_compilers_refuse_are_left_out() {
        let text = "/**\n  a\rb\u{202e}c\u{0}\u{7}d\te\n  \u{3000}x\n*/";
        assert_eq!(read_text(text, Target::ServiceMethod).prose, "abcd\te\n\u{3000}x");
    }

    #[test]
    fn code_and_addresses_are_prose() {
        let text = "/**\nMail me@record.org.\n```\n@close\n```\n*/";
        let comment = read_text(text, Target::Other);
        assert_eq!((comment.directives.len(), comment.problems.len()), (0, 0), "{comment:?}");
        assert_eq!(comment.prose, "Mail me@record.org.\n```\n@close\n```");
    }
}
