//! What a message carries.

use smallvec::SmallVec;

use crate::{Buffer, Decode, DecodeError, Decoder, Encode, EncodeError, Encoder, Token, Value};

/// Most calls carry a few small values: these stay inside the message, without an allocation.
pub(crate) const INLINE_PAYLOAD: usize = 48;

pub(crate) type EncodedBytes = SmallVec<[u8; INLINE_PAYLOAD]>;

/// One encoded value and the buffers that travel beside it.
#[derive(Debug, Default)]
pub struct Payload {
    pub(crate) bytes: EncodedBytes,
    pub(crate) buffers: Vec<Buffer>,
}

impl Payload {
    /// The payload of `null`.
    pub fn null() -> Payload {
        let mut bytes = EncodedBytes::new();
        bytes.push(crate::format::NULL);
        Payload { bytes, buffers: Vec::new() }
    }

    /// The payload of one string.
    pub fn string(text: &str) -> Payload {
        let mut encoder = Encoder::new();
        crate::Sink::string(&mut encoder, text).expect("a string alone is not nested");
        encoder.finish().expect("one string is one value")
    }

    /// Encodes whatever knows how to encode itself.
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
    /// [`EncodeError::NestingTooDeep`].
    pub fn from_value(value: &Value) -> Result<Payload, EncodeError> {
        Payload::of(value)
    }

    /// Decodes the payload as a whole.
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

    /// A reader over the payload. It takes the buffers out as it meets them.
    pub fn decoder(&mut self) -> Decoder<'_> {
        Decoder::new(&self.bytes, &mut self.buffers)
    }

    /// A reader of the last value of the payload, which begins at `start`: as long as it is inside of lists alone,
    /// what comes before it need not be read twice. See [`Decoder::position`].
    pub fn decoder_of_last(&mut self, start: usize) -> Decoder<'_> {
        let last = self.bytes.get(start..).unwrap_or_default();
        Decoder::new(last, &mut self.buffers)
    }

    /// Puts a payload together from parts that came from elsewhere; they need not be valid.
    pub fn from_parts(bytes: &[u8], buffers: Vec<Buffer>) -> Payload {
        Payload { bytes: EncodedBytes::from_slice(bytes), buffers }
    }

    /// The encoded part.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The buffers beside it, in the order in which the encoded part mentions them.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The integers that the payload begins with, inside of a list if it is one: for those who only look, and leave
    /// everything as it is.
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

    /// Takes the buffers out, for instance to give them back to a sender whose message was refused.
    pub fn take_buffers(&mut self) -> Vec<Buffer> {
        std::mem::take(&mut self.buffers)
    }

    /// The memory that the payload stands for, in bytes: what a mailbox charges for it.
    pub fn size(&self) -> usize {
        let beside: usize = self.buffers.iter().map(Buffer::len).sum();
        self.bytes.len() + beside
    }
}
