//! The content of a message.

use smallvec::SmallVec;

use crate::{Buffer, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Token, Value};

/// The number of encoded bytes that fit into a payload without an allocation. Most calls carry a
/// few small values.
pub(crate) const INLINE_PAYLOAD: usize = 48;

pub(crate) type EncodedBytes = SmallVec<[u8; INLINE_PAYLOAD]>;

/// One encoded value and the buffers that travel beside it.
#[derive(Debug, Default)]
pub struct Payload {
    pub(crate) bytes: EncodedBytes,
    pub(crate) buffers: Vec<Buffer>,
}

impl Payload {
    /// Returns the payload of `null`.
    pub fn null() -> Payload {
        let mut bytes = EncodedBytes::new();
        bytes.push(crate::format::NULL);
        Payload { bytes, buffers: Vec::new() }
    }

    /// Returns the payload of one string.
    pub fn string(text: &str) -> Payload {
        let mut encoder = Encoder::new();
        crate::Sink::string(&mut encoder, text).expect("a string alone is not nested");
        encoder.finish().expect("one string is one value")
    }

    /// Encodes a value of any type that implements [`Encode`].
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn of(value: &(impl Encode + ?Sized)) -> Result<Payload, EncodeError> {
        let mut encoder = Encoder::new();
        value.encode(&mut encoder)?;
        encoder.finish()
    }

    /// Encodes a [`Value`].
    ///
    /// # Errors
    /// [`EncodeError::NestingTooDeep`] or [`EncodeError::OutOfMemory`].
    pub fn from_value(value: &Value) -> Result<Payload, EncodeError> {
        Payload::of(value)
    }

    /// Decodes the whole payload.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode<T: Decode>(mut self) -> Result<T, DecodeError> {
        let mut decoder = self.decoder();
        let value = T::decode(&mut decoder)?;
        decoder.finish()?;
        Ok(value)
    }

    /// Decodes the payload as a [`Value`].
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn into_value(self) -> Result<Value, DecodeError> {
        self.decode()
    }

    /// Returns a reader for the payload. The reader takes the buffers out.
    pub fn decoder(&mut self) -> Decoder<'_> {
        Decoder::new(&self.bytes, &mut self.buffers)
    }

    /// Returns a reader for the last value of the payload, which begins at `start` (see [`Decoder::position`]). Only
    /// lists may enclose the value, and no buffer may come before it. The bytes before it are not read again.
    pub fn decoder_of_last(&mut self, start: usize) -> Decoder<'_> {
        let last = self.bytes.get(start..).unwrap_or_default();
        Decoder::new(last, &mut self.buffers)
    }

    /// Makes a payload of parts from another source, such as a file or a connection. The parts need not be valid.
    pub fn from_parts(bytes: &[u8], buffers: Vec<Buffer>) -> Payload {
        Payload { bytes: EncodedBytes::from_slice(bytes), buffers }
    }

    /// Returns the encoded part.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the buffers, in the order in which the encoded part refers to them.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// Returns the first integers of the payload, or, if the payload is a list, of the list. The integers end at the
    /// first other value. Takes no buffers out.
    pub fn leading_ints<const COUNT: usize>(&self) -> [Option<i64>; COUNT] {
        let mut ints = [None; COUNT];
        let mut decoder = Decoder::new(&self.bytes, &mut []);
        if !matches!(decoder.next(), Ok(Some(Token::List(_)))) {
            decoder = Decoder::new(&self.bytes, &mut []);
        }
        for int in &mut ints {
            let Ok(found @ Some(_)) = decoder.int() else { break };
            *int = found;
        }
        ints
    }

    /// Takes the buffers out, for example to return them to the sender of a refused message.
    pub fn take_buffers(&mut self) -> Vec<Buffer> {
        std::mem::take(&mut self.buffers)
    }

    /// Returns the number of encoded bytes and of bytes in buffers, which is charged to a mailbox.
    pub fn size(&self) -> usize {
        let beside: usize = self.buffers.iter().map(Buffer::len).sum();
        self.bytes.len() + beside
    }
}
