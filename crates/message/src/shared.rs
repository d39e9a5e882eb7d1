//! Bytes for Rust code: shared, immutable, cheap to clone, and handed over without a copy.
//!
//! `serde` only supports slices of bytes. To avoid copying a [`Buffer`] on its way into or out of a
//! payload, a [`Bytes`] is serialized as a newtype whose name the serializers of this crate
//! recognize; the buffer itself passes through a thread-local variable during that one call.
//! Serializers of other crates see a newtype of bytes.

use std::cell::Cell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::io;
use std::ops::Deref;

use serde::de::{self, Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::{Buffer, INLINE_BYTES_MAX, Sealed};

/// Bytes that are sent as one byte array. Clones share the bytes.
///
/// More than 32,656 bytes are handed over, not copied, to containers in the same OS process. For
/// containers in other OS processes they are copied once, unless they were [sealed](Bytes::sealed).
#[derive(Clone)]
pub struct Bytes(Repr);

#[derive(Clone)]
enum Repr {
    Plain(bytes::Bytes),
    Sealed(Sealed),
}

impl Bytes {
    /// Returns empty bytes.
    pub const fn new() -> Bytes {
        Bytes(Repr::Plain(bytes::Bytes::new()))
    }

    /// Returns bytes with a static lifetime.
    pub const fn from_static(bytes: &'static [u8]) -> Bytes {
        Bytes(Repr::Plain(bytes::Bytes::from_static(bytes)))
    }

    /// Returns a copy of bytes.
    pub fn copy_from_slice(bytes: &[u8]) -> Bytes {
        bytes::Bytes::copy_from_slice(bytes).into()
    }

    /// Returns a copy of bytes that containers in other OS processes can read without another copy.
    /// Sealing costs some ten times as much as sending the bytes, so it pays only for bytes that are sent repeatedly.
    ///
    /// # Errors
    /// Errors of the operating system: no memory or no descriptor is left, or it does not support sealed files.
    pub fn sealed(bytes: &[u8]) -> io::Result<Bytes> {
        Ok(Bytes(Repr::Sealed(Sealed::copy_of(bytes)?)))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Repr::Plain(bytes) => bytes,
            Repr::Sealed(sealed) => sealed.as_slice(),
        }
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl Default for Bytes {
    fn default() -> Bytes {
        Bytes::new()
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.escape_ascii())
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Bytes) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<&T> for Bytes {
    fn eq(&self, other: &&T) -> bool {
        **self == *other.as_ref()
    }
}

impl Hash for Bytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl From<bytes::Bytes> for Bytes {
    fn from(bytes: bytes::Bytes) -> Bytes {
        Bytes(Repr::Plain(bytes))
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        bytes::Bytes::from(bytes).into()
    }
}

impl From<String> for Bytes {
    fn from(text: String) -> Bytes {
        text.into_bytes().into()
    }
}

impl From<&str> for Bytes {
    fn from(text: &str) -> Bytes {
        Bytes::copy_from_slice(text.as_bytes())
    }
}

impl From<&'static [u8]> for Bytes {
    fn from(bytes: &'static [u8]) -> Bytes {
        Bytes::from_static(bytes)
    }
}

impl FromIterator<u8> for Bytes {
    fn from_iter<I: IntoIterator<Item = u8>>(bytes: I) -> Bytes {
        bytes::Bytes::from_iter(bytes).into()
    }
}

impl From<Sealed> for Bytes {
    fn from(sealed: Sealed) -> Bytes {
        Bytes(Repr::Sealed(sealed))
    }
}

impl From<Bytes> for bytes::Bytes {
    fn from(bytes: Bytes) -> bytes::Bytes {
        match bytes.0 {
            Repr::Plain(bytes) => bytes,
            Repr::Sealed(sealed) => bytes::Bytes::from_owner(sealed),
        }
    }
}

impl From<Bytes> for Buffer {
    fn from(bytes: Bytes) -> Buffer {
        match bytes.0 {
            Repr::Plain(bytes) => Buffer::shared(bytes),
            Repr::Sealed(sealed) => Buffer::sealed(sealed),
        }
    }
}

/// The name of the newtype that stands for bytes.
const NAME: &str = "lucarne::Bytes";

thread_local! {
    /// The buffer on its way between a [`Bytes`] and a serializer or deserializer of this crate.
    static PASSED: Cell<Option<Buffer>> = const { Cell::new(None) };
}

/// Returns the buffer that a serializer must write in place of the content of a newtype with this
/// name.
pub(crate) fn passed_to_serializer(name: &str) -> Option<Buffer> {
    if name == NAME { PASSED.take() } else { None }
}

/// Returns whether a newtype of this name takes a buffer, by [`pass_to`].
pub(crate) fn takes_buffers(name: &str) -> bool {
    name == NAME
}

/// Passes a buffer to a visitor that takes buffers.
pub(crate) fn pass_to<'de, V: Visitor<'de>, E: de::Error>(buffer: Buffer, visitor: V) -> Result<V::Value, E> {
    PASSED.set(Some(buffer));
    let result = visitor.visit_unit();
    PASSED.take();
    result
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.len() <= INLINE_BYTES_MAX {
            return serializer.serialize_bytes(self);
        }
        PASSED.set(Some(self.clone().into()));
        let result = serializer.serialize_newtype_struct(NAME, &Slice(self));
        PASSED.take();
        result
    }
}

/// The bytes as serializers of other crates see them.
struct Slice<'b>(&'b [u8]);

impl Serialize for Slice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Bytes, D::Error> {
        deserializer.deserialize_byte_buf(self)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Bytes, E> {
        let nothing = || de::Error::invalid_type(de::Unexpected::Unit, &self);
        PASSED.take().map(Buffer::into_bytes).ok_or_else(nothing)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes::copy_from_slice(bytes))
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = items.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes.into())
    }
}
