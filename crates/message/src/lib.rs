//! Values, buffers and their encoding: the data that crosses a boundary between containers.
//!
//! A message carries a [`Payload`]: a short run of encoded bytes, and beside it the large byte
//! arrays ([`Buffer`]) that are handed over instead of copied. No other crate depends on the format
//! of the bytes: writers use the [`Encoder`] (a [`Sink`]), readers pull [`Token`]s out of the
//! [`Decoder`]. Neither builds a tree, so a virtual machine writes straight from its heap and reads
//! straight into it; [`Value`] and `serde` types are two more users of the same pair.
//!
//! Decoding is total. For any bytes it ends with a value or a [`DecodeError`]: it does not panic,
//! its depth is bounded by [`MAX_DEPTH`], and it never reserves more than a small multiple of the
//! size of its input.
//!
//! ```
//! use lucarne_message::{Payload, Value};
//!
//! let sent = Value::List(vec![Value::Int(42), Value::from("hello")]);
//! let payload = Payload::from_value(&sent).unwrap();
//! assert_eq!(payload.into_value().unwrap(), sent);
//! ```

mod buffer;
mod decoder;
mod encoder;
mod format;
mod nesting;
mod payload;
mod serde_from;
mod serde_to;
mod serde_value;
mod shared;
pub mod tison;
mod value;

pub use buffer::{Buffer, Filling, OutOfMemory, Sealed, WeakSealed, memory_file};
pub use decoder::{Decode, DecodeError, Decoder, Token};
pub use encoder::{Encode, EncodeError, Encoder, Sink};
pub use nesting::MAX_DEPTH;
pub use payload::Payload;
pub use serde_from::from_payload;
pub use serde_to::to_payload;
pub use shared::Bytes;
pub use value::Value;

/// The size of the largest byte array that is copied into the encoded part of a payload, in bytes.
///
/// A larger array travels as a [`Buffer`] and is emptied at the sender. The number is part of the
/// contract: programs can see whether they still have the content of their array after a call.
pub const INLINE_BYTES_MAX: usize = 32_656;
