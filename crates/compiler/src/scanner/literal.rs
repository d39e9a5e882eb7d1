//! The values of literals: numbers, characters, and the text of strings.

use std::ops::Range;

/// Returns the value of an integer literal, written in decimal, hexadecimal or binary. Hexadecimal
/// and binary literals may use all 64 bits; a decimal literal may reach 2^63 only after a minus.
pub fn int(text: &str, negative: bool) -> Option<i64> {
    let digits = text.replace('_', "");
    let lower = digits.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        return u64::from_str_radix(hex, 16).ok().map(|bits| signed(bits as i64, negative));
    }
    if let Some(binary) = lower.strip_prefix("0b") {
        return u64::from_str_radix(binary, 2).ok().map(|bits| signed(bits as i64, negative));
    }
    if negative { format!("-{digits}").parse().ok() } else { digits.parse().ok() }
}

fn signed(value: i64, negative: bool) -> i64 {
    if negative { value.wrapping_neg() } else { value }
}

/// Returns the value of a float literal, in decimal or hexadecimal notation.
pub fn float(text: &str) -> Option<f64> {
    let digits = text.replace('_', "").to_ascii_lowercase();
    match digits.strip_prefix("0x") {
        Some(hex) => hex_float(hex),
        None => digits.parse().ok(),
    }
}

fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut exponent: i64 = exponent.parse().ok()?;
    let mut bits: u64 = 0;
    for digit in whole.chars().chain(fraction.chars()) {
        let digit = u64::from(digit.to_digit(16)?);
        if bits >> 59 == 0 {
            bits = bits << 4 | digit;
        } else {
            // Too small to matter, except for the rounding of the last bit.
            bits |= u64::from(digit != 0);
            exponent += 4;
        }
    }
    exponent -= 4 * fraction.len() as i64;
    Some(scale(bits as f64, exponent.clamp(-5000, 5000)))
}

/// Returns `value * 2^exponent`, in steps that neither overflow nor underflow early.
fn scale(mut value: f64, mut exponent: i64) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-900, 900);
        value *= 2f64.powi(step as i32);
        exponent -= step;
    }
    value
}

/// An invalid escape sequence: its place within the text, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub struct BadEscape {
    /// The place, relative to the text.
    pub range: Range<usize>,
    /// The reason.
    pub reason: &'static str,
}

/// Returns the text of a literal. A `\` at the end of a line joins it with the next one. Any other line end
/// becomes `\n`, whatever the file has. Only multi-line strings have `\s`.
pub fn unescape(raw: &str, multi_line: bool) -> Result<String, BadEscape> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        let (before, after) = rest.split_at(at);
        push_lines(&mut text, before);
        let start = raw.len() - after.len();
        let (value, length) = escape(after, multi_line).map_err(|(length, reason)| BadEscape {
            range: start..(start + length).min(raw.len()),
            reason,
        })?;
        text.extend(value);
        rest = after.get(length..).unwrap_or("");
    }
    push_lines(&mut text, rest);
    Ok(text)
}

/// Adds a text with `\n` for each line end.
fn push_lines(text: &mut String, more: &str) {
    for (index, part) in more.split("\r\n").enumerate() {
        if index > 0 {
            text.push('\n');
        }
        text.push_str(part);
    }
}

type Escape = Result<(Option<char>, usize), (usize, &'static str)>;

/// Returns the value and length of the escape sequence at the start of a text.
fn escape(text: &str, multi_line: bool) -> Escape {
    let Some(letter) = text.chars().nth(1) else { return Err((1, "a `\\` needs a character after it")) };
    let simple = |c: char| Ok((Some(c), 2));
    match letter {
        '0' => simple('\0'),
        'a' => simple('\x07'),
        'b' => simple('\x08'),
        'f' => simple('\x0c'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\x0b'),
        '$' | '"' | '\'' | '\\' => simple(letter),
        's' if multi_line => simple(' '),
        '\n' => Ok((None, 2)),
        '\r' if text.get(2..).is_some_and(|rest| rest.starts_with('\n')) => Ok((None, 3)),
        'x' => code_point(text, 2),
        'u' => code_point(text, 4),
        _ => Err((1 + letter.len_utf8(), "a backslash before this character has no meaning")),
    }
}

/// Returns the value and length of `\x41`, `\u0041`, `\x{41}` or `\u{41}`.
fn code_point(text: &str, digits_plain: usize) -> Escape {
    let rest = text.get(2..).unwrap_or("");
    let (digits, length) = match rest.strip_prefix('{') {
        Some(inside) => match inside.find('}') {
            Some(end) if (1..=6).contains(&end) => (inside.get(..end).unwrap_or(""), 2 + end + 2),
            Some(end) => return Err((2 + end + 2, "one to six hexadecimal digits must stand in the braces")),
            None => return Err((3, "the closing `}` is missing")),
        },
        None => (rest.get(..digits_plain).unwrap_or(rest), 2 + digits_plain),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_ascii_hexdigit()) || length < 2 + digits.len() {
        return Err((2, "hexadecimal digits must follow"));
    }
    if !rest.starts_with('{') && digits.len() != digits_plain {
        return Err((2 + digits.len(), "more hexadecimal digits must follow"));
    }
    match u32::from_str_radix(digits, 16).ok().and_then(char::from_u32) {
        Some(c) => Ok((Some(c), length)),
        None => Err((length, "this is not a Unicode character")),
    }
}

/// Removes the common indentation from the lines of a multi-line string, and the line end right after the
/// opening quotes. `pieces` are the parts of the text between the interpolations.
///
/// The indentation of the closing quotes counts, too; that of empty lines does not. A string whose
/// text has no line end is left as it is.
pub fn dedent(pieces: &mut [String]) {
    let Some(first) = pieces.first_mut() else { return };
    let after_spaces = first.trim_start_matches(' ');
    let line_end =
        after_spaces.strip_prefix("\r\n").or_else(|| after_spaces.strip_prefix('\n')).map(str::to_owned);
    let opened = line_end.is_some();
    if let Some(rest) = line_end {
        *first = rest;
    }
    if !opened && !pieces.iter().any(|piece| piece.contains('\n')) {
        return;
    }
    let common = common_indentation(pieces);
    for (index, piece) in pieces.iter_mut().enumerate() {
        let mut result = String::with_capacity(piece.len());
        for (line, text) in piece.split('\n').enumerate() {
            if line > 0 {
                result.push('\n');
            }
            let begins_line = line > 0 || index == 0;
            result.push_str(if begins_line { without_indentation(text, common) } else { text });
        }
        *piece = result;
    }
}

fn without_indentation(line: &str, common: usize) -> &str {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    line.get(spaces.min(common)..).unwrap_or("")
}

fn common_indentation(pieces: &[String]) -> usize {
    let mut common = usize::MAX;
    for (index, piece) in pieces.iter().enumerate() {
        let last_line = piece.split('\n').count().saturating_sub(1);
        for (line, text) in piece.split('\n').enumerate() {
            if line == 0 && index > 0 {
                continue;
            }
            let content = text.trim_start_matches(' ');
            // A line of spaces counts only if an interpolation or the closing quotes follow.
            let is_empty = content.trim_end_matches('\r').is_empty() && line < last_line;
            if !is_empty {
                common = common.min(text.len() - content.len());
            }
        }
    }
    if common == usize::MAX { 0 } else { common }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ints() {
        assert_eq!(int("1_000", false), Some(1000));
        assert_eq!(int("0xFFFF_FFFF_FFFF_FFFF", false), Some(-1));
        assert_eq!(int("0B101", true), Some(-5));
        assert_eq!(int("9223372036854775808", true), Some(i64::MIN));
        assert_eq!(int("9223372036854775808", false), None);
        assert_eq!(int("010", false), Some(10));
    }

    #[test]
    fn floats() {
        assert_eq!(float("1_0.5e1"), Some(105.0));
        assert_eq!(float(".5"), Some(0.5));
        assert_eq!(float("0x1p-1074"), Some(5e-324));
        assert_eq!(float("0x1F_FFFF_FFFF_FFFFp971"), Some(f64::MAX));
        assert_eq!(float("0xf_f.8_0_0p0"), Some(255.5));
        assert_eq!(float("0x.8p1"), Some(1.0));
    }

    #[test]
    fn escapes() {
        assert_eq!(unescape(r#"a\n\x41\u{1f648}\$\"é"#, false).as_deref(), Ok("a\nA🙈$\"é"));
        assert!(unescape(r"\h", false).is_err());
        assert!(unescape(r"\s", false).is_err());
        assert_eq!(unescape("\\s\\\nx", true).as_deref(), Ok(" x"));
        assert!(unescape(r"\u{FFFFFFF}", false).is_err());
        assert!(unescape(r"\u12", false).is_err());
        assert!(unescape("\\", false).is_err());
        assert_eq!(unescape("a\\\n  b", false).as_deref(), Ok("a  b"));
        assert_eq!(unescape("a\\\r\nb\r\nc\rd", true).as_deref(), Ok("ab\nc\rd"));
    }

    #[test]
    fn indentation_is_taken_off() {
        let check = |text: &str, expected: &str| {
            let mut pieces: Vec<String> = text.split('$').map(str::to_owned).collect();
            dedent(&mut pieces);
            assert_eq!(pieces.join("$"), expected, "of {text:?}");
        };
        check("foo", "foo");
        check("  foo", "  foo");
        check("\n    foo", "foo");
        check("\n    foo\n  ", "  foo\n");
        check("\n    foo\n\n    bar\n    ", "foo\n\nbar\n");
        check("x\n$\n", "x\n$\n");
        check("  $\n  bar", "$\nbar");
        check("\n  $", "$");
        check("\n       ", "");
    }
}
