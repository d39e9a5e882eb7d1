//! Makes names of Toit from names of protobuf.

use std::collections::BTreeMap;

use lucarne_compiler::scanner::is_keyword;
use lucarne_interface::model::{is_name_of_type_free, kebab};

/// Returns the name of the class for a type: `OuterInner` for `Outer.Inner`, `ChatLine` for `chat_line`.
pub(crate) fn class(name: &str) -> String {
    let words = name.split(['.', '_']).filter(|word| !word.is_empty());
    let class: String = words.map(capitalized).collect();
    let begins_with_letter = class.starts_with(|letter: char| letter.is_ascii_alphabetic());
    match (begins_with_letter, is_name_of_type_free(&class)) {
        (true, true) => class,
        (true, false) => format!("{class}Message"),
        (false, _) => format!("Message{class}"),
    }
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Words that are not keywords, but have a meaning of their own where a member is declared or used.
const SPECIAL: &[&str] = &["abstract", "constructor", "operator", "super", "this"];

/// Returns the name of a method or a field: `max-size` for `max_size`, `maxSize` and `MaxSize`.
///
/// `suffix` is added to words that the language or the generated code reserves.
pub(crate) fn small(name: &str, suffix: &str, is_free: impl Fn(&str) -> bool) -> String {
    let words = name.split('_').filter(|word| !word.is_empty());
    let small = words.map(kebab).collect::<Vec<_>>().join("-");
    let small = match small.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        true => small,
        false => format!("{suffix}-{small}"),
    };
    if is_keyword(&small) || SPECIAL.contains(&&*small) || !is_free(&small) {
        format!("{small}-{suffix}")
    } else {
        small
    }
}

/// Returns the name of a constant for a value of an enum: `COLOR-RED` for `RED` and `COLOR_RED` of `Color`.
pub(crate) fn constant(of: &str, value: &str) -> String {
    let prefix = kebab(of).to_ascii_uppercase();
    let words: Vec<String> = value
        .split('_')
        .filter(|word| !word.is_empty())
        .map(|word| match word.chars().any(|letter| letter.is_ascii_lowercase()) {
            true => kebab(word).to_ascii_uppercase(),
            false => word.to_owned(),
        })
        .collect();
    let name = words.join("-");
    match name.strip_prefix(&prefix) {
        Some(rest) if rest.starts_with('-') => name,
        _ => format!("{prefix}-{name}"),
    }
}

/// Finds two parts of a protobuf file that get the same name.
#[derive(Default)]
pub(crate) struct Taken(BTreeMap<String, String>);

impl Taken {
    /// Takes a name for a part. Returns the part that has it already, if there is one.
    pub(crate) fn take(&mut self, name: &str, part: &str) -> Option<&str> {
        match self.0.get(name).map(String::as_str) {
            Some(first) if first == part => None,
            Some(_) => self.0.get(name).map(String::as_str),
            None => {
                self.0.insert(name.to_owned(), part.to_owned());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_capitals() {
        for (name, expected) in [
            ("Line", "Line"),
            ("Outer.Inner", "OuterInner"),
            ("chat_line", "ChatLine"),
            ("_3D", "Message3D"),
            ("Duration", "DurationMessage"),
            ("List", "ListMessage"),
        ] {
            assert_eq!(class(name), expected);
        }
    }

    #[test]
    fn methods_and_fields_are_small() {
        for (name, expected) in [
            ("max_size", "max-size"),
            ("maxSize", "max-size"),
            ("ListUsers", "list-users"),
            ("_id_", "id"),
            ("if", "if-field"),
            ("throw", "throw-field"),
            ("operator", "operator-field"),
            ("This", "this-field"),
            ("_1st", "field-1st"),
            ("HTTPStatus", "http-status"),
        ] {
            assert_eq!(small(name, "field", |name| name != "throw"), expected);
        }
    }

    #[test]
    fn constants_begin_with_their_enum() {
        for (value, expected) in [
            ("RED", "COLOR-RED"),
            ("COLOR_RED", "COLOR-RED"),
            ("dark_red", "COLOR-DARK-RED"),
            ("COLORED", "COLOR-COLORED"),
        ] {
            assert_eq!(constant("Color", value), expected);
        }
    }
}
