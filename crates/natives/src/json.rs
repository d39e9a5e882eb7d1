//! The natives of JSON: the parts of reading and writing that handle every byte.

use super::{Call, Failure, Row, float, int, string};
use lucarne_heap::{NewString, Ref};

pub(super) const TABLE: &[Row] = &[
    ("skip-space", 2, |call| scan(call, |byte| !matches!(byte, b' ' | b'\n' | b'\t' | b'\r'))),
    ("plain-end", 2, |call| scan(call, |byte| matches!(byte, b'"' | b'\\'))),
    ("number-end", 2, |call| scan(call, |byte| !is_part_of_number(byte))),
    ("number", 3, number),
    ("plain-text", 2, plain_text),
    ("quote", 1, quote),
];

/// `bytes from` -> the index of the first byte that ends the part, or the size.
fn scan<'c>(call: &'c mut Call<'_>, is_end: fn(u8) -> bool) -> Result<Ref<'c>, Failure> {
    let (bytes, from) = (call.bytes(0)?, call.index(1)?);
    let rest = bytes.get(from..).ok_or(Failure::OUT_OF_BOUNDS)?;
    let length = call.position(rest, is_end).unwrap_or(rest.len());
    call.charge_bytes(length);
    Ok(Ref::small((from + length) as i64))
}

/// The set of the values that the lowest five bits of a character in a number can have. Such characters are `-`, `+`,
/// `.`, `e`, `E` and the digits.
const NUMBER_TABLE: u32 = 0x03ff_6820;

/// Returns whether a byte can be part of a number, or has the same lowest five bits as such a byte. In the second case
/// the text is not a number, and reading it fails. `\r` has the bits of `-`, but is a space, which may follow a number.
fn is_part_of_number(byte: u8) -> bool {
    byte != b'\r' && NUMBER_TABLE >> (byte & 0x1f) & 1 == 1
}

/// `bytes from to` -> an integer, or a float if the text has a point or an exponent.
fn number<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.bytes(0)?;
    let text = &bytes[call.range(1, 2, bytes.len())?];
    let size = text.len();
    call.charge_bytes(size);
    let text = &call.bytes(0)?[call.index(1)?..][..size];
    if text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        let value = float::read(text).ok_or(Failure::Error("FLOAT_PARSING_ERROR"))?;
        return Ok(call.heap.new_float(value)?.get());
    }
    let value = int::read(text, 10)?;
    Ok(call.heap.new_int(value)?.get())
}

/// `bytes from` -> the string that ends at the next quote, or null if there is a backslash before it,
/// or no quote at all.
fn plain_text<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (bytes, from) = (call.bytes(0)?, call.index(1)?);
    let rest = bytes.get(from..).ok_or(Failure::OUT_OF_BOUNDS)?;
    let length = match rest.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        Some(length) if rest[length] == b'"' => length,
        _ => return Ok(Ref::NULL),
    };
    std::str::from_utf8(&rest[..length]).map_err(|_| string::ILLEGAL_UTF_8)?;
    call.new_string(length, |arguments, new| {
        let text = arguments.bytes(0).get(from..from + length);
        new.push(text.and_then(|text| std::str::from_utf8(text).ok()).unwrap_or_default());
    })
}

/// `text` -> the text as a string of JSON: in quotes, and with escapes where JSON needs them.
fn quote<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size: usize = call.string(0)?.bytes().map(escaped_size).sum();
    call.new_string(size + 2, |arguments, new| {
        new.push("\"");
        let mut rest = arguments.string(0);
        while let Some(end) = rest.bytes().position(|byte| escaped_size(byte) > 1) {
            new.push(&rest[..end]);
            push_escape(new, rest.as_bytes()[end]);
            rest = &rest[end + 1..];
        }
        new.push(rest);
        new.push("\"");
    })
}

/// Returns the two-character escape of a character, such as `\n`; none if JSON has no such escape for it.
pub(super) fn short_escape(char: char) -> Option<&'static str> {
    Some(match char {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\u{8}' => "\\b",
        '\t' => "\\t",
        '\n' => "\\n",
        '\u{c}' => "\\f",
        '\r' => "\\r",
        _ => return None,
    })
}

fn escaped_size(byte: u8) -> usize {
    match (byte, short_escape(byte.into())) {
        (_, Some(escape)) => escape.len(),
        (0..0x20, None) => "\\u0000".len(),
        _ => 1,
    }
}

fn push_escape(new: &mut NewString<'_>, byte: u8) {
    let digit = |value: u8| b"0123456789abcdef"[usize::from(value)];
    let long = [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 0xf)];
    let escape = short_escape(byte.into()).or(std::str::from_utf8(&long).ok());
    new.push(escape.unwrap_or_default());
}
