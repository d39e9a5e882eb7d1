//! Formatting of a document, or of the declarations in a range of it.
//!
//! The formatter changes only the space between tokens, so that the edits are those of the gaps that differ: cursors
//! and marks in the rest of the text stay where they are.

use lsp_types::{DocumentFormattingParams, DocumentRangeFormattingParams, TextEdit};
use lucarne_compiler::ast::flat;
use lucarne_compiler::scanner::{Kind, Token};
use lucarne_compiler::source::Span;
use lucarne_format::{Options, Refused};

use crate::syntax;
use crate::text::Text;
use crate::wire::Fault;
use crate::workspace::{Snapshot, failed, file_name, whole};

/// Answers `textDocument/formatting`. A document with errors is left as it is, and the user is told.
///
/// # Errors
/// If the document cannot be read, the formatted text would mean something else, or memory is exhausted.
pub fn document(
    snapshot: &Snapshot,
    params: DocumentFormattingParams,
) -> Result<Option<Vec<TextEdit>>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    formatted(snapshot, &key, &text, whole(&text))
}

/// Answers `textDocument/rangeFormatting`: formats the declarations that the range touches, as a whole, since the indentation
/// of a line is relative to the lines around it.
///
/// # Errors
/// As for [`document`].
pub fn range(
    snapshot: &Snapshot,
    params: DocumentRangeFormattingParams,
) -> Result<Option<Vec<TextEdit>>, Fault> {
    let (key, text) = snapshot.open(&params.text_document.uri)?;
    let encoding = snapshot.settings.encoding;
    let (start, end) = (text.offset(params.range.start, encoding), text.offset(params.range.end, encoding));
    formatted(snapshot, &key, &text, Span { start, end: end.max(start) })
}

fn formatted(
    snapshot: &Snapshot,
    key: &str,
    text: &Text,
    within: Span,
) -> Result<Option<Vec<TextEdit>>, Fault> {
    // The compiler takes a carriage return alone as a line feed.
    let old = lines_fed(text.as_str());
    let new = match lucarne_format::format(&old, Options::default()) {
        Ok(new) => new,
        Err(Refused::Errors(problems)) => {
            let name = file_name(key);
            let first = problems.first().map_or_else(String::new, |problem| {
                format!(": line {}: {}", text.line_of(problem.span.start) + 1, problem.title)
            });
            snapshot.reporter.warn(&format!("{name} is not formatted, since it has errors{first}"));
            return Ok(None);
        }
        Err(error) => return Err(failed(format!("{key}: {error}"))),
    };
    let encoding = snapshot.settings.encoding;
    let edit = |(span, new_text): (Span, String)| TextEdit { range: text.range(span, encoding), new_text };
    Ok(Some(changes(&old, &new, within).into_iter().map(edit).collect()))
}

fn lines_fed(text: &str) -> String {
    let is_alone = |at: usize| !text.get(at + 1..).is_some_and(|rest| rest.starts_with('\n'));
    let letters = text.char_indices();
    letters.map(|(at, letter)| if letter == '\r' && is_alone(at) { '\n' } else { letter }).collect()
}

/// Returns the changes that make the formatted text of the old one, of the declarations within a span.
fn changes(old: &str, new: &str, within: Span) -> Vec<(Span, String)> {
    let is_whole = within.start == 0 && within.end as usize == old.len();
    let Some(gaps) = gaps(old, new) else {
        return if is_whole { vec![(within, new.to_owned())] } else { Vec::new() };
    };
    if is_whole {
        return gaps;
    }
    let touched = declarations(old, within);
    let gaps: Vec<_> =
        gaps.into_iter().filter(|(gap, _)| touched.start <= gap.start && gap.end <= touched.end).collect();
    let mut changed = old.to_owned();
    for (gap, text) in gaps.iter().rev() {
        changed.replace_range(gap.range(), text);
    }
    // Declarations do not depend on each other's lines. If this text were the exception, nothing would be changed.
    if flat(&syntax::parse(&changed)) == flat(&syntax::parse(old)) { gaps } else { Vec::new() }
}

/// Returns the gaps between the tokens that differ, with their new texts. Returns none if the tokens differ.
fn gaps(old: &str, new: &str) -> Option<Vec<(Span, String)>> {
    let (before, after) = (syntax::tokens(old), syntax::tokens(new));
    if before.len() != after.len() {
        return None;
    }
    let mut gaps = Vec::new();
    let (mut old_end, mut new_end) = (0, 0);
    for (old_token, new_token) in before.iter().zip(&after) {
        let old_gap = Span { start: old_end, end: old_token.span.start.max(old_end) };
        let new_gap = Span { start: new_end, end: new_token.span.start.max(new_end) };
        let (old_text, new_text) = (old.get(old_gap.range())?, new.get(new_gap.range())?);
        if old_text != new_text {
            gaps.push((old_gap, new_text.to_owned()));
        }
        if old.get(old_token.span.range())? != new.get(new_token.span.range())? {
            return None;
        }
        (old_end, new_end) = (old_token.span.end.max(old_end), new_token.span.end.max(new_end));
    }
    if old.get(old_end as usize..)? != new.get(new_end as usize..)? {
        gaps.push((Span::new(old_end as usize, old.len()), new.get(new_end as usize..)?.to_owned()));
    }
    Some(gaps)
}

/// Extends a span over the declarations and imports that it touches, with their comments.
fn declarations(text: &str, within: Span) -> Span {
    let begins = |token: &&Token| {
        token.line_start
            && token.line_indent == 0
            && !matches!(token.kind, Kind::Eof)
            && !syntax::closes(token.kind)
    };
    let tokens = syntax::tokens(text);
    let mut touched = Span { start: 0, end: text.len() as u32 };
    // What stands before a declaration, such as a comment, belongs to it: a part ends with the last token before it.
    let mut last_end = 0;
    let mut before: Option<&Token> = None;
    for token in &tokens {
        if begins(&token) {
            let end = before.map_or(0, |before| before.span.end);
            if end <= within.start {
                touched.start = end;
            }
            if end >= within.end && end > last_end {
                touched.end = end;
                break;
            }
            last_end = end;
        }
        before = Some(token);
    }
    touched
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSY: &str =
        "import   math\n\n// First.\nfoo   x:\n    return  x\n\nbar   y:  // Last.\n    return  y+1\n";

    fn applied(text: &str, within: Span) -> String {
        let new = lucarne_format::format(text, Options::default()).expect("it has no errors");
        let mut changed = text.to_owned();
        for (span, replacement) in changes(text, &new, within).into_iter().rev() {
            changed.replace_range(span.range(), &replacement);
        }
        changed
    }

    #[test]
    fn all_changes_make_the_formatted_text() {
        for text in
            [MESSY, "main:\n  x := [\n    1,\n    2 ]\n  print \"a  $(x  )\"   \n\n\n", "\r\nmain  :\r\n", ""]
        {
            let new = lucarne_format::format(text, Options::default()).expect("it has no errors");
            assert_eq!(applied(text, Span::new(0, text.len())), new);
        }
    }

    #[test]
    fn changes_leave_equal_text_alone() {
        let new = lucarne_format::format(MESSY, Options::default()).expect("it has no errors");
        let changes = changes(MESSY, &new, Span::new(0, MESSY.len()));
        let has_code = |span: &Span| MESSY.get(span.range()).is_none_or(|gap| gap.contains(['f', 'y', '+']));
        assert!(!changes.iter().any(|(span, _)| has_code(span)), "{changes:?}");
        assert!(changes.len() >= 6, "{changes:?}");
    }

    #[test]
    fn a_range_changes_its_declarations() {
        let at = MESSY.find("return  x").expect("it is there");
        let expected =
            "import   math\n\n// First.\nfoo x:\n  return x\n\nbar   y:  // Last.\n    return  y+1\n";
        assert_eq!(applied(MESSY, Span::new(at, at + 1)), expected);
        let at = MESSY.find("y+1").expect("it is there");
        let expected =
            "import   math\n\n// First.\nfoo   x:\n    return  x\n\nbar y:  // Last.\n  return y + 1\n";
        assert_eq!(applied(MESSY, Span::new(at, at)), expected);
        let both = Span::new(MESSY.find("foo").expect("it is there"), MESSY.len());
        assert!(applied(MESSY, both).starts_with("import   math\n\n// First.\nfoo x:\n  return x\n\nbar y:"));
    }

    #[test]
    fn carriage_returns_alone_are_line_feeds() {
        assert_eq!(lines_fed("a\rb\r\nc\n"), "a\nb\r\nc\n");
    }
}
