//! Writes a payload, value by value.

use crate::format;
use crate::nesting::{Nesting, TooDeep};
use crate::payload::EncodedBytes;
use crate::{Buffer, OutOfMemory, Payload};

/// A target to which values are written one after the other. A list or map begins with the number of its items or
/// entries, which follow.
///
/// The writer decides which byte arrays become a [`Buffer`]; see [`crate::INLINE_BYTES_MAX`].
///
/// # Errors
/// All methods fail with [`EncodeError::Unbalanced`] when the value is complete, and may fail with
/// [`EncodeError::OutOfMemory`]; [`Sink::list`] and [`Sink::map`] also fail with [`EncodeError::NestingTooDeep`].
pub trait Sink {
    /// Writes `null`.
    fn null(&mut self) -> Result<(), EncodeError>;
    /// Writes a boolean.
    fn bool(&mut self, value: bool) -> Result<(), EncodeError>;
    /// Writes an integer.
    fn int(&mut self, value: i64) -> Result<(), EncodeError>;
    /// Writes a floating-point number.
    fn float(&mut self, value: f64) -> Result<(), EncodeError>;
    /// Writes a string.
    fn string(&mut self, value: &str) -> Result<(), EncodeError>;
    /// Copies bytes.
    fn bytes(&mut self, value: &[u8]) -> Result<(), EncodeError>;
    /// Hands a buffer over.
    fn buffer(&mut self, value: Buffer) -> Result<(), EncodeError>;
    /// Begins a list; its `len` items follow.
    fn list(&mut self, len: usize) -> Result<(), EncodeError>;
    /// Begins a map; its `len` entries follow, each a key and a value.
    fn map(&mut self, len: usize) -> Result<(), EncodeError>;
}

/// A type that can write itself into a [`Sink`] as exactly one value.
pub trait Encode {
    /// Writes the value.
    ///
    /// # Errors
    /// Errors of the sink, or one for a value that cannot be encoded.
    fn encode(&self, sink: &mut impl Sink) -> Result<(), EncodeError>;
}

/// The reason why a value could not be encoded. Programs see the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Lists and maps are nested deeper than [`crate::MAX_DEPTH`].
    #[error("NESTING_TOO_DEEP")]
    NestingTooDeep,
    /// A value of this type cannot leave its process.
    #[error("cannot encode instance of class {0}")]
    Refused(String),
    /// A length that does not fit into its field.
    #[error("OUT_OF_RANGE")]
    OutOfRange,
    /// A `serde` value that has no encoding, such as a `u128`, or that would be decoded as a different value.
    #[error("{0} cannot travel")]
    DoesNotFit(String),
    /// The allocator had no memory.
    #[error(transparent)]
    OutOfMemory(#[from] OutOfMemory),
    /// The number of written values differs from the announced number: a mistake in the writer.
    #[error("the announced and the written number of values differ")]
    Unbalanced,
    /// An error of a `serde` type.
    #[error("{0}")]
    Custom(String),
}

impl From<TooDeep> for EncodeError {
    fn from(_: TooDeep) -> EncodeError {
        EncodeError::NestingTooDeep
    }
}

/// The [`Sink`] that makes a [`Payload`].
#[derive(Default)]
pub struct Encoder {
    bytes: EncodedBytes,
    buffers: Vec<Buffer>,
    /// The number of buffers that were announced and have not been handed over.
    announced: usize,
    nesting: Nesting,
}

/// The place in the encoding of a length that is filled in later.
#[derive(Debug)]
pub(crate) struct LengthSlot(usize);

impl Encoder {
    /// Returns an encoder for one value.
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// Returns the payload.
    ///
    /// # Errors
    /// [`EncodeError::Unbalanced`] unless exactly one value was written.
    pub fn finish(self) -> Result<Payload, EncodeError> {
        if !self.is_complete() || self.announced != 0 {
            return Err(EncodeError::Unbalanced);
        }
        Ok(Payload { bytes: self.bytes, buffers: self.buffers })
    }

    /// Returns whether exactly one value was written.
    pub fn is_complete(&self) -> bool {
        self.nesting.is_complete()
    }

    /// Writes a byte array whose buffer is handed over later, with [`Encoder::hand_over`], when all values have been
    /// written. Until then the buffer stays with the writer, as a later value may need its bytes.
    ///
    /// # Errors
    /// As for [`Sink::buffer`].
    pub fn announce_buffer(&mut self) -> Result<(), EncodeError> {
        self.scalar(format::BUFFER)?;
        self.announced += 1;
        Ok(())
    }

    /// Hands over the next of the announced buffers, in the order in which they were announced.
    ///
    /// # Errors
    /// [`EncodeError::Unbalanced`] if all have been handed over.
    pub fn hand_over(&mut self, buffer: Buffer) -> Result<(), EncodeError> {
        self.announced = self.announced.checked_sub(1).ok_or(EncodeError::Unbalanced)?;
        self.buffers.push(buffer);
        Ok(())
    }

    /// Returns the number of encoded bytes so far, without buffers, for writers that limit it.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns whether the encoding is empty.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Begins a list or map whose length is not known yet.
    pub(crate) fn begin_open_ended(&mut self, is_map: bool) -> Result<LengthSlot, EncodeError> {
        self.require_wanted()?;
        self.nesting.begin_open_ended()?;
        self.put_byte(if is_map { format::MAP } else { format::LIST })?;
        let slot = LengthSlot(self.bytes.len());
        self.put(&[0; format::LENGTH_RESERVED])?;
        Ok(slot)
    }

    /// Ends the list or map that [`Encoder::begin_open_ended`] began.
    pub(crate) fn end(&mut self, slot: &LengthSlot, len: usize) -> Result<(), EncodeError> {
        if !self.nesting.end() {
            return Err(EncodeError::Unbalanced);
        }
        let length = format::padded_varint(len).ok_or(EncodeError::OutOfRange)?;
        self.bytes[slot.0..slot.0 + length.len()].copy_from_slice(&length);
        Ok(())
    }

    fn scalar(&mut self, tag: u8) -> Result<(), EncodeError> {
        self.require_wanted()?;
        self.nesting.value();
        self.put_byte(tag)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), EncodeError> {
        self.reserve(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn put_byte(&mut self, byte: u8) -> Result<(), EncodeError> {
        self.reserve(1)?;
        self.bytes.push(byte);
        Ok(())
    }

    /// Reserves memory. This may fail, since programs decide how large an encoding gets.
    fn reserve(&mut self, len: usize) -> Result<(), EncodeError> {
        if len > self.bytes.capacity() - self.bytes.len() {
            self.bytes.try_reserve(len).map_err(|_| OutOfMemory)?;
        }
        Ok(())
    }

    fn require_wanted(&self) -> Result<(), EncodeError> {
        if self.nesting.is_complete() { Err(EncodeError::Unbalanced) } else { Ok(()) }
    }

    /// Writes a tag and a number after it.
    fn tag_and_varint(&mut self, tag: u8, value: u64) -> Result<(), EncodeError> {
        let mut bytes = [tag; 1 + format::VARINT_MAX];
        let len = format::write_varint(&mut bytes[1..], value);
        self.put(&bytes[..1 + len])
    }

    fn begin(&mut self, len: usize, values: u64, small: u8, large: u8) -> Result<(), EncodeError> {
        self.require_wanted()?;
        self.nesting.begin(values)?;
        if len <= format::SMALL_ITEMS_MAX {
            return self.put_byte(small | len as u8);
        }
        self.tag_and_varint(large, len as u64)
    }
}

impl Sink for Encoder {
    fn null(&mut self) -> Result<(), EncodeError> {
        self.scalar(format::NULL)
    }

    fn bool(&mut self, value: bool) -> Result<(), EncodeError> {
        self.scalar(if value { format::TRUE } else { format::FALSE })
    }

    fn int(&mut self, value: i64) -> Result<(), EncodeError> {
        if let Ok(small) = u8::try_from(value)
            && small <= format::SMALL_INT_MAX
        {
            return self.scalar(small);
        }
        self.require_wanted()?;
        self.nesting.value();
        self.tag_and_varint(format::INT, format::zigzag(value))
    }

    fn float(&mut self, value: f64) -> Result<(), EncodeError> {
        self.scalar(format::FLOAT)?;
        self.put(&value.to_le_bytes())
    }

    fn string(&mut self, value: &str) -> Result<(), EncodeError> {
        if value.len() <= format::SMALL_STRING_MAX {
            self.scalar(format::SMALL_STRING | value.len() as u8)?;
        } else {
            self.require_wanted()?;
            self.nesting.value();
            self.tag_and_varint(format::STRING, value.len() as u64)?;
        }
        self.put(value.as_bytes())
    }

    fn bytes(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        self.require_wanted()?;
        self.nesting.value();
        self.tag_and_varint(format::BYTES, value.len() as u64)?;
        self.put(value)
    }

    fn buffer(&mut self, value: Buffer) -> Result<(), EncodeError> {
        self.scalar(format::BUFFER)?;
        self.buffers.push(value);
        Ok(())
    }

    fn list(&mut self, len: usize) -> Result<(), EncodeError> {
        self.begin(len, len as u64, format::SMALL_LIST, format::LIST)
    }

    fn map(&mut self, len: usize) -> Result<(), EncodeError> {
        let values = (len as u64).checked_mul(2).ok_or(EncodeError::OutOfRange)?;
        self.begin(len, values, format::SMALL_MAP, format::MAP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_DEPTH;

    #[test]
    fn more_or_fewer_values_than_announced_are_refused() {
        let mut encoder = Encoder::new();
        encoder.list(2).unwrap();
        encoder.int(1).unwrap();
        assert_eq!(encoder.finish().unwrap_err(), EncodeError::Unbalanced);

        let mut encoder = Encoder::new();
        encoder.list(1).unwrap();
        encoder.null().unwrap();
        assert_eq!(encoder.null(), Err(EncodeError::Unbalanced));
        assert_eq!(Encoder::new().finish().unwrap_err(), EncodeError::Unbalanced);
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        let mut encoder = Encoder::new();
        for _ in 0..MAX_DEPTH {
            encoder.list(1).unwrap();
        }
        assert_eq!(encoder.list(1), Err(EncodeError::NestingTooDeep));
        assert_eq!(EncodeError::NestingTooDeep.to_string(), "NESTING_TOO_DEEP");
        encoder.list(0).unwrap();
        assert!(encoder.finish().is_ok());
    }

    #[test]
    fn small_values_are_small() {
        let mut encoder = Encoder::new();
        encoder.list(3).unwrap();
        encoder.int(42).unwrap();
        encoder.int(-1).unwrap();
        encoder.string("hi").unwrap();
        assert_eq!(encoder.finish().unwrap().bytes(), [0xa3, 42, 0xc3, 1, 0x82, b'h', b'i']);
    }
}
