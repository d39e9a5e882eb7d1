//! The natives of strings and their slices. Positions count bytes.

use super::hash::Hasher;
use std::ops::Range;

use super::{Call, Failure, Row, SEARCH_NEAR_BYTES};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("size", 1, |call| Ok(Ref::small(call.string(0)?.len() as i64))),
    ("rune-count", 1, rune_count),
    ("at", 2, at),
    ("byte-at", 2, byte_at),
    ("copy", 3, copy),
    ("hash", 1, hash),
    ("add", 2, add),
    ("repeat", 2, repeat),
    ("join", 2, join),
    ("equals", 2, equals),
    ("compare", 2, compare),
    ("matches", 3, matches),
    ("index-of", 5, index_of),
    ("trim-start", 1, trim_start),
    ("trim-end", 1, trim_end),
    ("ascii-case", 2, ascii_case),
    ("is-ascii", 1, is_ascii),
    ("from-rune", 1, from_rune),
    ("from-utf-16", 1, from_utf_16),
    ("to-utf-16", 1, to_utf_16),
];

pub(super) const ILLEGAL_UTF_8: Failure = Failure::Error("ILLEGAL_UTF_8");

fn rune_count<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    call.before_work(text.len());
    let (size, count) = (text.len(), text.chars().count());
    call.charge_bytes(size);
    Ok(Ref::small(count as i64))
}

/// Returns the byte at the index in argument 1, and that index.
fn byte(call: &Call<'_>) -> Result<(u8, usize), Failure> {
    let index = call.index(1)?;
    let byte = call.string(0)?.as_bytes().get(index).ok_or(Failure::OUT_OF_BOUNDS)?;
    Ok((*byte, index))
}

/// `text index` -> the rune that starts there, or null.
fn at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (byte, index) = byte(call)?;
    if byte < 0x80 {
        return Ok(Ref::small(byte.into()));
    }
    let rune = call.string(0)?.get(index..).and_then(|rest| rest.chars().next());
    Ok(rune.map_or(Ref::NULL, |rune| Ref::small(u32::from(rune).into())))
}

fn byte_at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    Ok(Ref::small(byte(call)?.0.into()))
}

/// `text from to`
fn copy<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    let range = call.range(1, 2, text.len())?;
    text.get(range.clone()).ok_or(ILLEGAL_UTF_8)?;
    call.new_string(range.len(), |arguments, new| {
        new.push(arguments.string(0).get(range).unwrap_or_default());
    })
}

pub(super) fn hash<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.string(0)?.as_bytes();
    call.before_work(bytes.len());
    let (size, hash) = (bytes.len(), Hasher::of(call.heap).bytes(bytes));
    call.charge_bytes(size);
    Ok(Ref::small(hash.into()))
}

fn add<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let length = call.string(0)?.len() + call.string(1)?.len();
    call.new_string(length, |arguments, new| {
        for part in 0..2 {
            new.push(arguments.string(part));
        }
    })
}

/// `text count`
fn repeat<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let count = call.index(1)?;
    let length = call.string(0)?.len().checked_mul(count).ok_or(Failure::OutOfMemory)?;
    call.new_string(length, |arguments, new| {
        if length == 0 {
            return;
        }
        for _ in 0..count {
            new.push(arguments.string(0));
        }
    })
}

/// `parts separator`: concatenates the strings in an array.
fn join<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let parts = call.array(0)?;
    let count = parts.len();
    let mut length = call.string(1)?.len() * count.saturating_sub(1);
    for part in parts {
        length += call.heap.string(*part).ok_or(Failure::WRONG_TYPE)?.len();
    }
    call.charge(count);
    call.new_string(length, |arguments, new| {
        let separator = arguments.string(1);
        for (index, part) in arguments.elements(0).iter().enumerate() {
            if index > 0 {
                new.push(separator);
            }
            new.push(arguments.heap.string(*part).unwrap_or_default());
        }
    })
}

fn equals<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let equal = call.heap.string(call.argument(1)).is_some_and(|other| call.string(0).ok() == Some(other));
    Ok(Ref::bool(equal))
}

fn compare<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    // The order of UTF-8 bytes is that of the runes.
    Ok(Ref::small(call.string(0)?.cmp(call.string(1)?) as i64))
}

/// `text needle at`
fn matches<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (text, needle) = (call.string(0)?.as_bytes(), call.string(1)?.as_bytes());
    let rest = usize::try_from(call.int(2)?).ok().and_then(|at| text.get(at..));
    Ok(Ref::bool(rest.is_some_and(|rest| rest.starts_with(needle))))
}

/// `text needle from to last` -> the position, or -1.
fn index_of<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    let needle = call.string(1)?;
    let range = call.range(2, 3, text.len())?;
    let last = call.bool(4)?;
    let (from, to) = (range.start, range.end);
    let found = if needle.is_empty() {
        Some(if last { to } else { from })
    } else {
        // The range may start or end within a rune; needles never do.
        let start = border_after(text, from);
        let part = start..border_before(text, to).max(start);
        let overlap = needle.len() - 1;
        match last {
            false => find_first(call, text, part, overlap, |part| part.find(needle)),
            true => find_last(call, text, part, overlap, |part| part.rfind(needle)),
        }
    };
    let read = match found {
        Some(at) if last => to.saturating_sub(at),
        Some(at) => at + needle.len() - from,
        None => to - from,
    };
    call.charge_bytes(read);
    Ok(Ref::small(found.map_or(-1, |at| at as i64)))
}

/// Finds the first place in a range of a text. Announces long work only if that place is far away, since a program that
/// splits a long text makes many searches that end near their start. `overlap` is the number of bytes of a match minus
/// one.
fn find_first(
    call: &Call<'_>,
    text: &str,
    range: Range<usize>,
    overlap: usize,
    find: impl Fn(&str) -> Option<usize>,
) -> Option<usize> {
    let near_end = border_before(text, range.end.min(range.start + SEARCH_NEAR_BYTES)).max(range.start);
    let near = find(&text[range.start..near_end]).map(|at| range.start + at);
    near.or_else(|| {
        let far = border_before(text, near_end.saturating_sub(overlap)).max(range.start)..range.end;
        call.before_work(far.len());
        find(&text[far.clone()]).map(|at| far.start + at)
    })
}

/// Finds the last place in a range of a text, as [`find_first`] finds the first one.
fn find_last(
    call: &Call<'_>,
    text: &str,
    range: Range<usize>,
    overlap: usize,
    find: impl Fn(&str) -> Option<usize>,
) -> Option<usize> {
    let near_start = border_before(text, range.end.saturating_sub(SEARCH_NEAR_BYTES)).max(range.start);
    let near = find(&text[near_start..range.end]).map(|at| near_start + at);
    near.or_else(|| {
        let far = range.start..border_after(text, near_start + overlap).min(range.end);
        call.before_work(far.len());
        find(&text[far.clone()]).map(|at| far.start + at)
    })
}

/// Returns the first border between runes at or after an index.
fn border_after(text: &str, index: usize) -> usize {
    (index..text.len()).find(|index| text.is_char_boundary(*index)).unwrap_or(text.len())
}

/// Returns whether a rune is whitespace in Unicode, or the byte order mark.
fn is_space(rune: char) -> bool {
    rune.is_whitespace() || rune == '\u{feff}'
}

fn trim_start<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    let is_kept = |rune| !is_space(rune);
    let first = find_first(call, text, 0..text.len(), 0, |part| part.find(is_kept));
    let start = first.unwrap_or(text.len());
    call.charge_bytes(start);
    Ok(Ref::small(start as i64))
}

fn trim_end<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    let is_kept = |rune| !is_space(rune);
    let last = find_last(call, text, 0..text.len(), 0, |part| part.rfind(is_kept));
    let end = last.map_or(0, |at| border_after(text, at + 1));
    let size = text.len();
    call.charge_bytes(size - end);
    Ok(Ref::small(end as i64))
}

/// `text upper`
fn ascii_case<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    /// The number of bytes that are converted at a time.
    const CHUNK: usize = 256;
    let (length, upper) = (call.string(0)?.len(), call.bool(1)?);
    call.new_string(length, |arguments, new| {
        let mut rest = arguments.string(0);
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(border_before(rest, CHUNK));
            rest = after;
            let converted = if upper { chunk.to_ascii_uppercase() } else { chunk.to_ascii_lowercase() };
            new.push(&converted);
        }
    })
}

/// Returns the last border between runes at or before an index.
fn border_before(text: &str, index: usize) -> usize {
    let index = index.min(text.len());
    (0..=index).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0)
}

fn is_ascii<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let text = call.string(0)?;
    call.before_work(text.len());
    let (size, is_ascii) = (text.len(), text.is_ascii());
    call.charge_bytes(size);
    Ok(Ref::bool(is_ascii))
}

fn from_rune<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let rune = u32::try_from(call.int(0)?).ok().and_then(char::from_u32).ok_or(Failure::INVALID_ARGUMENT)?;
    Ok(call.heap.new_string(rune.encode_utf8(&mut [0; 4]))?.get())
}

fn from_utf_16<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.bytes(0)?.len();
    call.charge_bytes(size);
    // A unit of two bytes becomes up to three.
    let mut scratch = call.scratch(size / 2 * 3 + 3)?;
    let bytes = call.bytes(0)?;
    let units = bytes.chunks(2).map(|pair| match *pair {
        [low, high] => u16::from_le_bytes([low, high]),
        // A single byte at the end is replaced, like a surrogate without its pair.
        _ => 0xd800,
    });
    for rune in char::decode_utf16(units) {
        let rune = rune.unwrap_or(char::REPLACEMENT_CHARACTER);
        scratch.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }
    new_from_scratch(call, &scratch)
}

/// Creates a string from bytes outside the heap. Fails if they are not UTF-8.
pub(super) fn new_from_scratch<'c>(call: &'c mut Call<'_>, scratch: &[u8]) -> Result<Ref<'c>, Failure> {
    let text = std::str::from_utf8(scratch).map_err(|_| ILLEGAL_UTF_8)?;
    Ok(call.heap.new_string(text)?.get())
}

fn to_utf_16<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.string(0)?.len();
    call.charge_bytes(size * 2);
    let mut scratch = call.scratch(size * 2)?;
    for unit in call.string(0)?.encode_utf16() {
        scratch.extend_from_slice(&unit.to_le_bytes());
    }
    Ok(call.heap.new_bytes_from(&scratch)?.get())
}
