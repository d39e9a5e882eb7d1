//! The natives of byte arrays and their slices.

use lucarne_message::Buffer;

use super::hash::Hasher;
use super::{Call, Failure, Row, string};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("new", 2, new),
    ("new-external", 1, new_external),
    ("size", 1, |call| Ok(Ref::small(call.bytes(0)?.len() as i64))),
    ("at", 2, at),
    ("put", 3, put),
    ("has-bytes", 1, |call| Ok(Ref::bool(call.data(0).is_ok()))),
    ("equals", 2, equals),
    ("hash", 1, hash),
    ("copy", 3, copy),
    ("replace", 5, replace),
    ("fill", 4, fill),
    ("reverse", 2, reverse),
    ("index-of", 4, index_of),
    ("is-utf-8", 3, is_utf_8),
    ("to-string", 3, to_string),
    ("to-string-lossy", 3, to_string_lossy),
    ("read-int", 5, read_int),
    ("put-int", 5, put_int),
    ("swap", 2, swap),
];

/// `size filler`
fn new<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (size, filler) = (call.index(0)?, call.int(1)? as u8);
    call.charge_bytes(size);
    let mut new = call.heap.new_bytes(size)?;
    if filler != 0 {
        new.reborrow().bytes_mut().ok_or(Failure::WRONG_TYPE)?.fill(filler);
    }
    Ok(new.get())
}

fn new_external<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.index(0)?;
    call.charge_bytes(size);
    call.heap.reserve(size)?;
    let buffer = Buffer::zeroed(size).map_err(|_| Failure::OutOfMemory)?;
    Ok(call.heap.adopt(buffer)?.get())
}

fn at<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let index = call.index(1)?;
    let byte = call.bytes(0)?.get(index).ok_or(Failure::OUT_OF_BOUNDS)?;
    Ok(Ref::small((*byte).into()))
}

/// `bytes index value` -> the value as it was given.
fn put<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (index, value) = (call.index(1)?, call.int(2)?);
    *call.bytes_mut(0)?.get_mut(index).ok_or(Failure::OUT_OF_BOUNDS)? = value as u8;
    Ok(call.heap.new_int(value)?.get())
}

fn equals<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let (bytes, other) = (call.bytes(0)?, call.heap.bytes(call.argument(1)));
    // Only byte arrays of the same size are compared.
    let size = if other.is_some_and(|other| other.len() == bytes.len()) { bytes.len() } else { 0 };
    call.before_work(size);
    let equal = other == Some(bytes);
    call.charge_bytes(size);
    Ok(Ref::bool(equal))
}

fn hash<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.bytes(0)?;
    call.before_work(bytes.len());
    let (size, hash) = (bytes.len(), Hasher::of(call.heap).bytes(bytes));
    call.charge_bytes(size);
    Ok(Ref::small(hash.into()))
}

/// `bytes from to`
fn copy<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    // As in the existing system, an empty range is accepted even outside of the byte array.
    let is_empty = call.int(1)? == call.int(2)?;
    let range = if is_empty { 0..0 } else { call.range(1, 2, call.bytes(0)?.len())? };
    call.charge_bytes(range.len());
    let source = call.register(0);
    let mut new = call.heap.new_bytes(range.len())?;
    let mut chunks = Chunks::of(range.len());
    while let Some((offset, buffer)) = chunks.next() {
        let heap = new.heap();
        let source = &heap.bytes(heap.get(source)).ok_or(Failure::WRONG_TYPE)?[range.start + offset..];
        buffer.copy_from_slice(&source[..buffer.len()]);
        let target = new.reborrow().bytes_mut().ok_or(Failure::WRONG_TYPE)?;
        target[offset..offset + buffer.len()].copy_from_slice(buffer);
    }
    Ok(new.get())
}

/// A small buffer through which bytes are copied within the heap, a chunk at a time. A direct copy is not possible:
/// source and target can be the same object, and only one reference to it can be held at a time.
struct Chunks {
    buffer: [u8; Chunks::SIZE],
    done: usize,
    length: usize,
}

impl Chunks {
    const SIZE: usize = 1024;

    fn of(length: usize) -> Chunks {
        Chunks { buffer: [0; Chunks::SIZE], done: 0, length }
    }

    /// Returns the offset of the next chunk, and a buffer of its size.
    fn next(&mut self) -> Option<(usize, &mut [u8])> {
        let size = (self.length - self.done).min(Chunks::SIZE);
        let offset = self.done;
        self.done += size;
        (size > 0).then_some((offset, &mut self.buffer[..size]))
    }
}

/// `bytes index source from to`: overwrites bytes with those of a string or byte array.
fn replace<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    // If the range is empty, nothing is copied, and neither the range nor `index` is checked.
    if call.int(3)? == call.int(4)? {
        return Ok(Ref::NULL);
    }
    let source = call.data(2)?;
    let range = call.range(3, 4, source.len())?;
    let (index, size) = (call.index(1)?, call.bytes(0)?.len());
    if index.checked_add(range.len()).is_none_or(|end| end > size) {
        return Err(Failure::OUT_OF_BOUNDS);
    }
    // If the target starts inside of the source, copy from the end to the start: so no byte is overwritten before it
    // is read.
    let start = source[range.clone()].as_ptr() as usize;
    let target_start = call.bytes(0)?[index..].as_ptr() as usize;
    let backwards = (start..start + range.len()).contains(&target_start);
    let length = range.len();
    call.charge_bytes(length);
    let mut chunks = Chunks::of(length);
    while let Some((offset, buffer)) = chunks.next() {
        let offset = if backwards { length - offset - buffer.len() } else { offset };
        buffer.copy_from_slice(&call.data(2)?[range.start + offset..][..buffer.len()]);
        call.bytes_mut(0)?[index + offset..][..buffer.len()].copy_from_slice(buffer);
    }
    Ok(Ref::NULL)
}

/// `bytes from to value`
fn fill<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let range = call.range(1, 2, call.bytes(0)?.len())?;
    let value = call.int(3)? as u8;
    call.charge_bytes(range.len());
    call.bytes_mut(0)?[range].fill(value);
    Ok(Ref::NULL)
}

fn reverse<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.bytes(0)?.len();
    call.charge_bytes(size);
    call.bytes_mut(0)?.reverse();
    Ok(Ref::NULL)
}

/// `bytes byte from to` -> the position, or -1.
fn index_of<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.bytes(0)?;
    let range = call.range(2, 3, bytes.len())?;
    let wanted = call.int(1)?;
    let (from, length) = (range.start, range.len());
    let found = call.position(&bytes[range], |byte| i64::from(byte) == wanted);
    call.charge_bytes(found.unwrap_or(length));
    Ok(Ref::small(found.map_or(-1, |at| (from + at) as i64)))
}

fn is_utf_8<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.bytes(0)?;
    let range = call.range(1, 2, bytes.len())?;
    call.before_work(range.len());
    let (length, valid) = (range.len(), std::str::from_utf8(&bytes[range]).is_ok());
    call.charge_bytes(length);
    Ok(Ref::bool(valid))
}

/// `bytes from to`
fn to_string<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let bytes = call.bytes(0)?;
    let range = call.range(1, 2, bytes.len())?;
    std::str::from_utf8(&bytes[range.clone()]).map_err(|_| Failure::Error("ILLEGAL_UTF_8"))?;
    call.new_string(range.len(), |arguments, new| {
        let part = arguments.bytes(0).get(range);
        let text = part.and_then(|part| std::str::from_utf8(part).ok());
        new.push(text.unwrap_or_default());
    })
}

/// `bytes from to`: a run of invalid bytes becomes one replacement character.
fn to_string_lossy<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    const REPLACEMENT: &str = "\u{fffd}";
    let range = call.range(1, 2, call.bytes(0)?.len())?;
    let capacity = range.len().checked_mul(REPLACEMENT.len()).ok_or(Failure::OutOfMemory)?;
    call.charge_bytes(capacity);
    let mut scratch = call.scratch(capacity)?;
    let mut in_invalid = false;
    for chunk in call.bytes(0)?[range].utf8_chunks() {
        in_invalid &= chunk.valid().is_empty();
        scratch.extend_from_slice(chunk.valid().as_bytes());
        if !chunk.invalid().is_empty() && !in_invalid {
            scratch.extend_from_slice(REPLACEMENT.as_bytes());
            in_invalid = true;
        }
    }
    string::new_from_scratch(call, &scratch)
}

/// Returns the range of a number: offset and size are the arguments 1 and 2.
fn number_range(call: &Call<'_>) -> Result<std::ops::Range<usize>, Failure> {
    let (offset, size) = (call.index(1)?, call.index(2)?);
    if !(1..=8).contains(&size) {
        return Err(Failure::OUT_OF_RANGE);
    }
    let end = offset.checked_add(size).filter(|end| *end <= call.bytes(0).map_or(0, <[u8]>::len));
    Ok(offset..end.ok_or(Failure::OUT_OF_BOUNDS)?)
}

/// `bytes offset size signed big-endian`
fn read_int<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let range = number_range(call)?;
    let (signed, big_endian) = (call.bool(3)?, call.bool(4)?);
    let bytes = &call.bytes(0)?[range];
    let unused = 64 - bytes.len() as u32 * 8;
    let push = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    let value = if big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) };
    let value = if signed { (value << unused) as i64 >> unused } else { value as i64 };
    Ok(call.heap.new_int(value)?.get())
}

/// `bytes offset size value big-endian`
fn put_int<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let range = number_range(call)?;
    let (value, big_endian) = (call.int(3)?.to_le_bytes(), call.bool(4)?);
    let target = &mut call.bytes_mut(0)?[range];
    let size = target.len();
    target.copy_from_slice(&value[..size]);
    if big_endian {
        target.reverse();
    }
    Ok(Ref::NULL)
}

/// `bytes size`: reverses the order of the bytes in each group of `size` bytes.
fn swap<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let size = call.index(1)?.max(1);
    let length = call.bytes(0)?.len();
    call.charge_bytes(length);
    call.bytes_mut(0)?.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    Ok(Ref::NULL)
}
