//! What must hold for every text. The fuzz target `format` calls it, too.

use lucarne_compiler::parser::parse_with_tokens;
use lucarne_compiler::scanner::Kind;
use lucarne_compiler::source::SourceId;
use lucarne_format::{Formatter, Options, Refused};

/// Formats a text and checks the result: it has the same tokens in the same order, the same comments, and formatting it
/// again changes nothing. That the tree is the same is checked by the formatter itself. Returns none if the text has errors.
///
/// # Panics
/// If one of these does not hold.
pub(crate) fn check(formatter: &Formatter, text: &str, options: Options) -> Option<String> {
    let formatted = match formatter.format(text, options) {
        Ok(formatted) => formatted,
        Err(Refused::Errors(_)) => return None,
        Err(Refused::Changed { formatted }) => {
            panic!("the text would mean something else:\n{text}\n----\n{formatted}")
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(words(text), words(&formatted), "tokens were changed:\n{text}\n----\n{formatted}");
    assert_eq!(comments(text), comments(&formatted), "comments were changed:\n{text}\n----\n{formatted}");
    match formatter.format(&formatted, options) {
        Ok(again) => assert_eq!(again, formatted, "the second time changes something, of the text:\n{text}"),
        Err(error) => panic!("the formatted text is refused: {error}\n{formatted}"),
    }
    Some(formatted)
}

/// Returns the tokens of a text as written.
fn words(text: &str) -> Vec<(Kind, &str)> {
    let tokens = parse_with_tokens(SourceId(0), text).tokens;
    tokens.iter().map(|token| (token.kind, text.get(token.span.range()).unwrap_or(""))).collect()
}

/// Returns the comments of a text, without white space, by the tokens after them.
fn comments(text: &str) -> Vec<(usize, String)> {
    let tokens = parse_with_tokens(SourceId(0), text).tokens;
    let mut found = Vec::new();
    let mut end = 0;
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate() {
        if depth == 0 {
            for comment in lucarne_compiler::scanner::comments(text, end, token.span.start as usize) {
                let written = text.get(comment.span.range()).unwrap_or("");
                found.push((index, written.split_whitespace().collect::<String>()));
            }
        }
        match token.kind {
            Kind::StringBegin => depth += 1,
            Kind::StringEnd => depth -= 1,
            _ => {}
        }
        end = token.span.end as usize;
    }
    found
}
