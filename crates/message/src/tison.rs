//! TISON, the format of stored values. The name is that of the Toit library.
//!
//! A stored value is a head that identifies the format, and then the encoding of a message that contains all its byte
//! arrays:
//!
//! ```text
//!   'T'   version   size of the message, 4 bytes, the lowest byte first   message
//! ```

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Buffer, DecodeError, Encode, EncodeError, Encoder, Payload, Sink, from_payload, to_payload};

const MARKER: u8 = b'T';
const VERSION: u8 = 1;

/// Returns the head for a message of `size` bytes; none if the size does not fit into four bytes.
pub fn head(size: usize) -> Option<[u8; 6]> {
    let [a, b, c, d] = u32::try_from(size).ok()?.to_le_bytes();
    Some([MARKER, VERSION, a, b, c, d])
}

/// Returns the message after a head; none if the data is not TISON.
pub fn message(data: &[u8]) -> Option<&[u8]> {
    let message = data.strip_prefix(&[MARKER, VERSION])?;
    let (size, message) = message.split_first_chunk::<4>()?;
    (u32::from_le_bytes(*size) as usize == message.len()).then_some(message)
}

/// Encodes a `serde` value.
///
/// ```
/// use lucarne_message::tison;
///
/// let bytes = tison::to_bytes(&("answer", 42)).unwrap();
/// assert_eq!(tison::from_bytes(&bytes), Ok(("answer".to_owned(), 42)));
/// ```
///
/// # Errors
/// See [`EncodeError`]. [`EncodeError::OutOfRange`] if the encoding is too large for a head.
pub fn to_bytes(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, EncodeError> {
    let mut whole = Whole(Encoder::new());
    let value = to_payload(value)?.into_value().map_err(|error| EncodeError::Custom(error.to_string()))?;
    value.encode(&mut whole)?;
    let payload = whole.0.finish()?;
    let head = head(payload.bytes().len()).ok_or(EncodeError::OutOfRange)?;
    Ok([&head, payload.bytes()].concat())
}

/// Decodes a `serde` value.
///
/// # Errors
/// If the bytes are not TISON, or encode a value of another type.
pub fn from_bytes<T: DeserializeOwned>(data: &[u8]) -> Result<T, DecodeError> {
    let message = message(data).ok_or_else(|| DecodeError::Unexpected("not TISON".to_owned()))?;
    from_payload(Payload::from_parts(message, Vec::new()))
}

/// Writes byte arrays of any size into the encoding.
struct Whole(Encoder);

impl Sink for Whole {
    fn null(&mut self) -> Result<(), EncodeError> {
        self.0.null()
    }

    fn bool(&mut self, value: bool) -> Result<(), EncodeError> {
        self.0.bool(value)
    }

    fn int(&mut self, value: i64) -> Result<(), EncodeError> {
        self.0.int(value)
    }

    fn float(&mut self, value: f64) -> Result<(), EncodeError> {
        self.0.float(value)
    }

    fn string(&mut self, value: &str) -> Result<(), EncodeError> {
        self.0.string(value)
    }

    fn bytes(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        self.0.bytes(value)
    }

    fn buffer(&mut self, value: Buffer) -> Result<(), EncodeError> {
        self.0.bytes(value.as_slice())
    }

    fn list(&mut self, len: usize) -> Result<(), EncodeError> {
        self.0.list(len)
    }

    fn map(&mut self, len: usize) -> Result<(), EncodeError> {
        self.0.map(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bytes, INLINE_BYTES_MAX};

    #[test]
    fn large_byte_arrays_are_included() {
        let large = Bytes::from(vec![7; INLINE_BYTES_MAX + 1]);
        let bytes = to_bytes(&large).expect("the value can be encoded");
        assert!(bytes.len() > INLINE_BYTES_MAX);
        assert_eq!(from_bytes::<Bytes>(&bytes), Ok(large));
    }

    #[test]
    fn damage_is_an_error() {
        let bytes = to_bytes(&[1, 2, 3]).expect("the value can be encoded");
        assert!(from_bytes::<Vec<i64>>(&bytes[..bytes.len() - 1]).is_err());
        assert!(from_bytes::<Vec<i64>>(b"U").is_err());
        assert!(from_bytes::<String>(&bytes).is_err());
    }
}
