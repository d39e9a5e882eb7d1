//! Encodes `serde` types as payloads.
//!
//! - Structs become maps with their field names as keys.
//! - Tuples and sequences become lists.
//! - Enum variants without content become strings, others maps of one entry: from the name to the content.
//! - `None` and `()` become null.
//!
//! A value that would be decoded as something else is refused with an error that names it.

use serde::ser::{self, Serialize};

use crate::encoder::LengthSlot;
use crate::{Buffer, EncodeError, Encoder, INLINE_BYTES_MAX, Payload, Sink, shared};

/// Encodes a `serde` type.
///
/// # Errors
/// See [`EncodeError`].
pub fn to_payload<T: Serialize + ?Sized>(value: &T) -> Result<Payload, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.serialize(value)?;
    encoder.finish()
}

impl Encoder {
    /// Writes a `serde` type as one value, possibly between other values.
    ///
    /// # Errors
    /// See [`EncodeError`].
    pub fn serialize<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Serializer::plain(self))
    }
}

impl ser::Error for EncodeError {
    fn custom<T: std::fmt::Display>(message: T) -> EncodeError {
        EncodeError::Custom(message.to_string())
    }
}

struct Serializer<'e> {
    encoder: &'e mut Encoder,
    place: Place,
}

/// The place of a value. In some places certain values would be ambiguous.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Plain,
    /// In a sequence. There a `u8` is most likely one of many bytes.
    Sequence,
    /// In a `Some`. There null would be decoded as `None`.
    Some,
}

/// The items of a list, map or struct that has begun.
struct Items<'e> {
    encoder: &'e mut Encoder,
    place: Place,
    count: usize,
    /// Present if the length was not known at the beginning.
    slot: Option<LengthSlot>,
}

impl Items<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Serializer { encoder: self.encoder, place: self.place })
    }

    fn finish(self) -> Result<(), EncodeError> {
        self.slot.map_or(Ok(()), |slot| self.encoder.end(&slot, self.count))
    }
}

impl<'e> Serializer<'e> {
    fn plain(encoder: &'e mut Encoder) -> Serializer<'e> {
        Serializer { encoder, place: Place::Plain }
    }

    fn in_sequence(items: Items<'e>) -> Items<'e> {
        Items { place: Place::Sequence, ..items }
    }

    /// Writes null, unless it would be decoded as something else.
    fn null(self, name: &str) -> Result<(), EncodeError> {
        if self.place == Place::Some {
            return Err(EncodeError::DoesNotFit(format!("Some({name})")));
        }
        self.encoder.null()
    }

    fn list(self, len: usize) -> Result<Items<'e>, EncodeError> {
        self.encoder.list(len)?;
        Ok(Items { encoder: self.encoder, place: Place::Plain, count: 0, slot: None })
    }

    fn map(self, len: usize) -> Result<Items<'e>, EncodeError> {
        self.encoder.map(len)?;
        Ok(Items { encoder: self.encoder, place: Place::Plain, count: 0, slot: None })
    }

    fn open_ended(self, is_map: bool) -> Result<Items<'e>, EncodeError> {
        let slot = self.encoder.begin_open_ended(is_map)?;
        Ok(Items { encoder: self.encoder, place: Place::Plain, count: 0, slot: Some(slot) })
    }

    /// Begins the map of one entry for an enum variant with content.
    fn variant(self, name: &str) -> Result<Serializer<'e>, EncodeError> {
        self.encoder.map(1)?;
        self.encoder.string(name)?;
        Ok(Serializer::plain(self.encoder))
    }
}

impl<'e> ser::Serializer for Serializer<'e> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Items<'e>;
    type SerializeTuple = Items<'e>;
    type SerializeTupleStruct = Items<'e>;
    type SerializeTupleVariant = Items<'e>;
    type SerializeMap = Items<'e>;
    type SerializeStruct = Items<'e>;
    type SerializeStructVariant = Items<'e>;

    fn serialize_bool(self, value: bool) -> Result<(), EncodeError> {
        self.encoder.bool(value)
    }

    fn serialize_i8(self, value: i8) -> Result<(), EncodeError> {
        self.encoder.int(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), EncodeError> {
        self.encoder.int(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), EncodeError> {
        self.encoder.int(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), EncodeError> {
        self.encoder.int(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), EncodeError> {
        if self.place == Place::Sequence {
            return Err(EncodeError::DoesNotFit("a Vec<u8> (use Bytes)".to_owned()));
        }
        self.encoder.int(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), EncodeError> {
        self.encoder.int(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), EncodeError> {
        self.encoder.int(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), EncodeError> {
        self.encoder
            .int(i64::try_from(value).map_err(|_| EncodeError::DoesNotFit(format!("the u64 {value}")))?)
    }

    fn serialize_i128(self, value: i128) -> Result<(), EncodeError> {
        Err(EncodeError::DoesNotFit(format!("the i128 {value}")))
    }

    fn serialize_u128(self, value: u128) -> Result<(), EncodeError> {
        Err(EncodeError::DoesNotFit(format!("the u128 {value}")))
    }

    fn serialize_f32(self, value: f32) -> Result<(), EncodeError> {
        self.encoder.float(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), EncodeError> {
        self.encoder.float(value)
    }

    fn serialize_char(self, value: char) -> Result<(), EncodeError> {
        self.encoder.string(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), EncodeError> {
        self.encoder.string(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), EncodeError> {
        if value.len() > INLINE_BYTES_MAX {
            return self.encoder.buffer(Buffer::copy_of(value)?);
        }
        self.encoder.bytes(value)
    }

    fn serialize_none(self) -> Result<(), EncodeError> {
        self.null("None")
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), EncodeError> {
        value.serialize(Serializer { encoder: self.encoder, place: Place::Some })
    }

    fn serialize_unit(self) -> Result<(), EncodeError> {
        self.null("()")
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<(), EncodeError> {
        self.null(name)
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), EncodeError> {
        self.encoder.string(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        match shared::passed_to_serializer(name) {
            Some(buffer) => self.encoder.buffer(buffer),
            None => value.serialize(self),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), EncodeError> {
        value.serialize(self.variant(variant)?)
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<'e>, EncodeError> {
        let items = match len {
            Some(len) => self.list(len),
            None => self.open_ended(false),
        };
        items.map(Serializer::in_sequence)
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<'e>, EncodeError> {
        self.list(len)
    }

    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Items<'e>, EncodeError> {
        self.list(len)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<'e>, EncodeError> {
        self.variant(variant)?.list(len)
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Items<'e>, EncodeError> {
        match len {
            Some(len) => self.map(len),
            None => self.open_ended(true),
        }
    }

    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Items<'e>, EncodeError> {
        // The fields are counted as they are written: an implementation may announce more than it writes.
        self.open_ended(true)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Items<'e>, EncodeError> {
        self.variant(variant)?.open_ended(true)
    }
}

macro_rules! items_of {
    ($($trait:ident :: $method:ident),*) => {$(
        impl ser::$trait for Items<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
                self.count += 1;
                self.item(value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish()
            }
        }
    )*};
}

items_of!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

impl ser::SerializeMap for Items<'_> {
    type Ok = ();
    type Error = EncodeError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), EncodeError> {
        self.count += 1;
        self.item(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        self.item(value)
    }

    fn end(self) -> Result<(), EncodeError> {
        self.finish()
    }
}

macro_rules! fields_of {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Items<'_> {
            type Ok = ();
            type Error = EncodeError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), EncodeError> {
                self.count += 1;
                self.item(name)?;
                self.item(value)
            }

            fn end(self) -> Result<(), EncodeError> {
                self.finish()
            }
        }
    )*};
}

fields_of!(SerializeStruct, SerializeStructVariant);
