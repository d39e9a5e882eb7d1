//! The texts of files: UTF-8, with a line feed at the end of each line.

use crate::Problem;

/// A file that is not UTF-8.
#[derive(Debug)]
pub struct Undecodable {
    /// The text, with a replacement character for each bad byte, so that an error can show its line.
    pub text: String,
    /// The first bad byte.
    pub problem: Problem,
}

/// Returns the text of a file. A carriage return alone, as old systems end lines, becomes a line feed.
///
/// # Errors
/// If the bytes are not UTF-8.
pub fn decode(bytes: Vec<u8>) -> Result<String, Box<Undecodable>> {
    let error = match String::from_utf8(bytes) {
        Ok(text) => return Ok(with_line_ends(text)),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let byte = error.as_bytes().get(at).copied().unwrap_or(0);
    let text = with_line_ends(String::from_utf8_lossy(error.as_bytes()).into_owned());
    let span = at..at + char::REPLACEMENT_CHARACTER.len_utf8();
    let problem = Problem::error(span, format!("this is not UTF-8: invalid byte 0x{byte:02x}"));
    Err(Box::new(Undecodable { text, problem }))
}

fn with_line_ends(text: String) -> String {
    let mut bytes = text.into_bytes();
    for at in 0..bytes.len() {
        if bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) != Some(&b'\n') {
            bytes[at] = b'\n';
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_carriage_returns_end_lines() {
        assert_eq!(decode(b"a\rb\r\nc\r".to_vec()).expect("UTF-8"), "a\nb\r\nc\n");
    }

    #[test]
    fn bad_bytes_have_a_place() {
        let bad = decode(b"name: a\nb: \xff\xfe\n".to_vec()).expect_err("must be refused");
        assert_eq!(bad.problem.title, "this is not UTF-8: invalid byte 0xff");
        assert_eq!(bad.text[..bad.problem.span.start].matches('\n').count(), 1);
    }
}
