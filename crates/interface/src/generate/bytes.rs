//! Writes bytes as literals, in lines.

use super::text::{Text, WIDTH};

/// Adds the numbers of a byte array in Toit, with commas.
pub(super) fn numbers(text: &mut Text, bytes: &[u8]) {
    let mut line = String::new();
    for byte in bytes {
        let number = format!("{byte},");
        if !line.is_empty() && line.len() + 1 + number.len() > text.room() {
            text.line(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += &number;
    }
    text.line(line);
}

/// Returns a byte string in Rust, in lines that `\` joins.
pub(super) fn string(bytes: &[u8]) -> String {
    let mut literal = String::from("b\"\\\n    ");
    let mut width = 4;
    for byte in bytes {
        // A blank at the beginning of a line would be lost.
        let shown = match byte {
            b'"' | b'\\' => format!("\\{}", char::from(*byte)),
            b'!'..=b'~' => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        };
        if width + shown.len() + 1 > WIDTH {
            literal += "\\\n    ";
            width = 4;
        }
        width += shown.len();
        literal += &shown;
    }
    literal + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_in_lines() {
        let bytes: Vec<u8> = (0..=255).collect();
        let mut text = Text::default();
        text.indented(4, |text| numbers(text, &bytes));
        let text = text.finish();
        assert!(text.lines().all(|line| line.len() <= WIDTH && line.ends_with(',')), "{text}");
        let read: Vec<u8> = text.split([',', '\n']).filter_map(|number| number.trim().parse().ok()).collect();
        assert_eq!(read, bytes);
        let literal = string(b"a \"\\\x80");
        assert_eq!(literal, "b\"\\\n    a\\x20\\\"\\\\\\x80\"");
        assert_eq!(
            b"\
    a\x20\"\\\x80",
            b"a \"\\\x80",
            "the language reads it so"
        );
        assert!(string(&bytes).lines().all(|line| line.len() <= WIDTH));
    }
}
