//! The parts of a paragraph: text, emphasis, code, addresses, references.

use super::{Inline, Pieces, Source};
use crate::parser::references::PieceKind;
use crate::source::Span;

/// The characters that a backslash can take the meaning from. Before others, a backslash is text.
const ESCAPED: &[char] = &['$', '`', '"', '\'', '\\', '*', '[', ']', '(', ')', '#', '-', '+', '_', '<', '>'];

/// The beginnings of addresses that become links. Others, such as `javascript:`, stay text.
const SCHEMES: &[&str] = &["https://", "http://"];

impl Source<'_> {
    /// Joins the pieces of lines. Text of consecutive lines is joined by spaces.
    pub(super) fn inline(&self, lines: &[Pieces<'_>]) -> Vec<Inline> {
        let mut parts = Parts::default();
        for (number, line) in lines.iter().enumerate() {
            if number > 0 {
                parts.open.push(' ');
            }
            for (place, piece) in line.list.iter().enumerate() {
                let mut written = self.written(piece.span);
                if place == 0 {
                    written = written.get(line.skipped..).unwrap_or("");
                }
                match piece.kind {
                    PieceKind::Text => parts.open.push_str(written),
                    PieceKind::Escaped => {
                        let letter = written.strip_prefix('\\').filter(|letter| letter.starts_with(ESCAPED));
                        parts.add(Inline::Text(letter.unwrap_or(written).to_owned()));
                    }
                    PieceKind::Quoted | PieceKind::Block => {
                        parts.add(Inline::Text(self.collapsed(written)));
                    }
                    PieceKind::Code => {
                        let inside = written.strip_prefix('`').and_then(|inside| inside.strip_suffix('`'));
                        parts.add(Inline::Code(self.collapsed(inside.unwrap_or(written)).trim().to_owned()));
                    }
                    PieceKind::Reference => match self.reference_in(piece.span) {
                        Some(reference) => {
                            let text = self.written(reference.span).to_owned();
                            let last = text.rfind('.').filter(|_| !reference.path.is_empty());
                            let start = last.map_or(0, |dot| dot as u32 + 1) + reference.span.start;
                            let end = reference.span.end - u32::from(reference.is_setter);
                            let last = Span { start, end };
                            parts.add(Inline::Reference { text, span: reference.span, last });
                        }
                        None => parts.open.push_str(written),
                    },
                    PieceKind::Line(_) => {}
                }
            }
        }
        parts.finish()
    }

    /// Returns a text in one line.
    fn collapsed(&self, written: &str) -> String {
        if !written.contains(|letter: char| letter.is_whitespace()) {
            return written.to_owned();
        }
        let lines: Vec<&str> = self.unmarked(written).collect();
        let mut text = String::new();
        push_collapsed(&mut text, &lines.join("\n"));
        text
    }
}

/// Appends a text in which every run of white space becomes one space.
fn push_collapsed(text: &mut String, more: &str) {
    for letter in more.chars() {
        match letter.is_whitespace() {
            true if text.ends_with(' ') => {}
            true => text.push(' '),
            false => text.push(letter),
        }
    }
}

/// The parts so far, and the text after them in which nothing was looked for yet.
#[derive(Default)]
struct Parts {
    done: Vec<Inline>,
    open: String,
}

impl Parts {
    fn add(&mut self, part: Inline) {
        self.close();
        self.push(part);
    }

    /// Adds a part. Texts next to each other become one.
    fn push(&mut self, part: Inline) {
        match (self.done.last_mut(), part) {
            (Some(Inline::Text(before)), Inline::Text(text)) => push_collapsed(before, &text),
            (None, Inline::Text(text)) => {
                let mut first = String::new();
                push_collapsed(&mut first, text.trim_start());
                if !first.is_empty() {
                    self.done.push(Inline::Text(first));
                }
            }
            (_, Inline::Text(text)) => {
                let mut next = String::new();
                push_collapsed(&mut next, &text);
                self.done.push(Inline::Text(next));
            }
            (_, part) => self.done.push(part),
        }
    }

    /// Looks for emphasis and addresses in the open text.
    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        let mut start = 0;
        let mut at = 0;
        while let Some(letter) = open.get(at..).and_then(|rest| rest.chars().next()) {
            let before = open.get(..at).and_then(|before| before.chars().next_back());
            let rest = open.get(at..).unwrap_or("");
            match special(before, letter, rest) {
                Some((part, length)) => {
                    self.push(Inline::Text(open.get(start..at).unwrap_or("").to_owned()));
                    self.push(part);
                    at += length;
                    start = at;
                }
                None => at += letter.len_utf8(),
            }
        }
        let rest = open.get(start..).unwrap_or("");
        if !rest.is_empty() {
            self.push(Inline::Text(rest.to_owned()));
        }
    }

    fn finish(mut self) -> Vec<Inline> {
        self.close();
        if let Some(Inline::Text(text)) = self.done.last_mut() {
            text.truncate(text.trim_end().len());
            if text.is_empty() {
                self.done.pop();
            }
        }
        self.done.retain(|part| !matches!(part, Inline::Text(text) if text.is_empty()));
        self.done
    }
}

/// Returns the part that begins at a letter, and its length.
fn special(before: Option<char>, letter: char, rest: &str) -> Option<(Inline, usize)> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    match letter {
        '*' => emphasis(rest),
        '[' => named_link(rest),
        'h' => {
            let url = address(rest)?;
            Some((Inline::Link { text: url.to_owned(), url: url.to_owned() }, url.len()))
        }
        _ => None,
    }
}

/// Reads `*text*`.
fn emphasis(rest: &str) -> Option<(Inline, usize)> {
    /// The maximum number of bytes between the stars: a longer text has stars for another reason.
    const BYTES_MAX: usize = 500;
    let inside = rest.strip_prefix('*')?;
    let end = inside.bytes().take(BYTES_MAX).position(|byte| byte == b'*')?;
    let (text, after) = (inside.get(..end)?, inside.get(end + 1..)?);
    let is_word_end = !after.starts_with(|next: char| next.is_alphanumeric() || next == '*');
    let is_tight = !text.is_empty() && !text.starts_with(' ') && !text.ends_with(' ');
    (is_tight && is_word_end).then(|| (Inline::Emphasis(text.to_owned()), end + 2))
}

/// Reads `[text](address)`.
fn named_link(rest: &str) -> Option<(Inline, usize)> {
    /// The maximum number of bytes of the text.
    const BYTES_MAX: usize = 500;
    let inside = rest.strip_prefix('[')?;
    let end = inside.bytes().take(BYTES_MAX).position(|byte| matches!(byte, b']' | b'['))?;
    let after = inside.get(end..)?.strip_prefix("](")?;
    let url = address(after)?;
    let text = inside.get(..end).filter(|text| !text.trim().is_empty())?;
    after.get(url.len()..)?.strip_prefix(')')?;
    Some((Inline::Link { text: text.to_owned(), url: url.to_owned() }, end + 4 + url.len()))
}

/// Returns the address at the beginning of a text, without the punctuation of the sentence that it is in.
fn address(rest: &str) -> Option<&str> {
    /// The maximum number of bytes: a text with many beginnings of addresses is searched from each of them.
    const BYTES_MAX: usize = 2_000;
    let scheme = SCHEMES.iter().find(|scheme| rest.starts_with(**scheme))?;
    let mut open = 0u32;
    let mut ends = |letter: char| {
        open += u32::from(letter == '(');
        // A parenthesis that the address does not open closes one before it.
        let is_unopened = letter == ')' && open == 0;
        open -= u32::from(letter == ')' && open > 0);
        is_unopened || letter.is_whitespace() || letter.is_control() || "<>\"*`".contains(letter)
    };
    let mut letters = rest.char_indices().take_while(|(at, _)| *at <= BYTES_MAX);
    let end = letters.find(|(_, letter)| ends(*letter)).map(|(at, _)| at);
    let end = end.or((rest.len() <= BYTES_MAX).then_some(rest.len()))?;
    let url = rest.get(..end)?.trim_end_matches(|letter: char| ".,;:!?'[]{}".contains(letter));
    (url.len() > scheme.len()).then_some(url)
}
