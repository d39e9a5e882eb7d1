//! Names of machines.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

/// The maximum number of characters in a name.
const LENGTH_MAX: usize = 63;

/// The name of a machine in a fabric: 1 to 63 characters, which are lower-case letters, digits, `-` and `_`. So it can
/// be part of tags, keys and paths without escapes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MachineName(Arc<str>);

/// The text is not the name of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "'{0}' is not the name of a machine: it must have 1 to 63 characters, which are a to z, 0 to 9, '-' and '_'"
)]
pub struct BadName(String);

impl MachineName {
    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineName {
    type Err = BadName;

    fn from_str(text: &str) -> Result<MachineName, BadName> {
        let is_valid = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        if (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_valid) {
            Ok(MachineName(text.into()))
        } else {
            let shown = text.chars().take(LENGTH_MAX).flat_map(char::escape_debug).collect();
            Err(BadName(shown))
        }
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_escapes() {
        for name in ["a", "panel-2", "cellar_pi", &"x".repeat(63)] {
            assert_eq!(name.parse::<MachineName>().unwrap().as_str(), name);
        }
        for text in ["", "A", "a/b", "a:b", "a*", "a b", "ä", "a\n", &"x".repeat(64)] {
            assert!(text.parse::<MachineName>().is_err(), "{text}");
        }
        let error = "a\u{1b}[2J".parse::<MachineName>().unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'));
    }
}
