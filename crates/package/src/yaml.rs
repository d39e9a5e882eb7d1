//! A subset of YAML for the files of packages: maps, lists and text, each with its place.
//!
//! Scalars stay text: `version: 1.10` is a version, not a number. Anchors, aliases and tags have no
//! meaning in these files; an alias reads as empty text.

use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::Problem;
use crate::yaml_source::YamlSource;

/// The maximum nesting of a file. Valid files are far below it.
const DEPTH_MAX: usize = 64;

/// A node with its place in the text, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// The byte range of the node in the text.
    pub span: Range<usize>,
}

/// The value of a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A scalar; empty if it is absent.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// The keys and values of a map, in the order of the text.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// Returns the text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// Returns the value of a key in a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, node)| node)
    }

    /// Returns the kind of the node, for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Parses a text. Returns `None` if it contains only comments.
///
/// # Errors
/// If the text is not YAML.
///
/// ```
/// let root = lucarne_package::yaml::parse("a: 1.10\n").unwrap().unwrap();
/// assert_eq!(root.get("a").and_then(|node| node.text()), Some("1.10"));
/// ```
pub fn parse(text: &str) -> Result<Option<Node>, Problem> {
    if let Some(at) = text.find('\0') {
        return Err(Problem::error(at..at + 1, "this is not a text file: it contains the byte 0x00"));
    }
    let places = Places::new(text);
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new(YamlSource::new(text)) {
        let (event, span) = event.map_err(|error| {
            let at = places.byte(error.marker().index());
            Problem::error(at..at, format!("this is not YAML: {}", error.info()))
        })?;
        let span = places.range(span);
        let finished = match event {
            Event::Scalar(scalar, style, ..) => {
                // The parser writes `~` for a missing value.
                let is_absent = style == ScalarStyle::Plain && scalar == "~";
                let value = if is_absent { String::new() } else { scalar.into_owned() };
                Node { value: Value::Text(value), span }
            }
            Event::Alias(_) => Node { value: Value::Text(String::new()), span },
            Event::MappingStart(..) | Event::SequenceStart(..) if open.len() == DEPTH_MAX => {
                return Err(Problem::error(span, "nested too deeply"));
            }
            Event::MappingStart(..) => {
                open.push(Open { value: Value::Map(Vec::new()), key: None, start: span.start });
                continue;
            }
            Event::SequenceStart(..) => {
                open.push(Open { value: Value::List(Vec::new()), key: None, start: span.start });
                continue;
            }
            Event::MappingEnd | Event::SequenceEnd => match open.pop() {
                Some(done) => Node { value: done.value, span: done.start..span.end },
                None => continue,
            },
            Event::DocumentEnd => break,
            _ => continue,
        };
        match open.last_mut() {
            Some(outer) => outer.add(finished),
            None => root = Some(finished),
        }
    }
    Ok(root)
}

/// A map or a list that has not ended yet.
struct Open {
    value: Value,
    /// The key whose value has not been parsed yet.
    key: Option<Node>,
    start: usize,
}

impl Open {
    fn add(&mut self, node: Node) {
        match &mut self.value {
            Value::List(list) => list.push(node),
            Value::Map(entries) => match self.key.take() {
                Some(key) => entries.push((key, node)),
                None => self.key = Some(node),
            },
            Value::Text(_) => {}
        }
    }
}

/// Converts positions in characters, as the parser counts them, to bytes.
struct Places {
    offsets: Vec<usize>,
    end: usize,
}

impl Places {
    fn new(text: &str) -> Places {
        Places { offsets: text.char_indices().map(|(at, _)| at).collect(), end: text.len() }
    }

    fn byte(&self, character: usize) -> usize {
        self.offsets.get(character).copied().unwrap_or(self.end)
    }

    fn range(&self, span: Span) -> Range<usize> {
        self.byte(span.start.index())..self.byte(span.end.index())
    }
}

/// Returns a text as a YAML scalar: unchanged if that reads back as the same text, or else in
/// quotes.
pub fn scalar(text: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./^~+@=:".contains(character);
    let starts_plain =
        text.starts_with(|first: char| first.is_ascii_alphanumeric() || "./^_~=".contains(first));
    // A colon at the end, or before a blank, ends a key.
    let is_key = text.ends_with(':');
    let is_word =
        ["true", "false", "null", "yes", "no", "on", "off", "~", "="].contains(&text.to_lowercase().as_str());
    if starts_plain && text.chars().all(is_plain) && !is_word && !is_key {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if character.is_control() => quoted.push_str(&format!("\\U{:08x}", character as u32)),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_bytes() {
        let text = "# æ\nå: {b: 1.10}\nc:\n";
        let root = parse(text).expect("valid YAML").expect("a map");
        let inner = root.get("å").and_then(|node| node.get("b")).expect("a value for b");
        assert_eq!(inner.text(), Some("1.10"));
        assert_eq!(&text[inner.span.clone()], "1.10");
        assert_eq!(root.get("c").and_then(Node::text), Some(""));
    }

    #[test]
    fn empty_and_invalid_texts() {
        assert_eq!(parse("# nothing\n").expect("a comment is fine"), None);
        assert!(parse("{ \"foo\" :\n").is_err());
        assert!(parse(&"[".repeat(1000)).is_err());
        let binary = parse("\u{7f}ELF\u{2}\0\0\n").expect_err("must be refused");
        assert_eq!(
            (binary.span, &*binary.title),
            (5..6, "this is not a text file: it contains the byte 0x00")
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn scalars_read_back(text in "\\PC*") {
            let line = format!("key: {}\n", scalar(&text));
            let root = parse(&line).expect("a scalar is valid YAML").expect("a map");
            prop_assert_eq!(root.get("key").and_then(Node::text), Some(text.as_str()));
        }
    }
}
