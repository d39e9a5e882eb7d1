//! Decodes payloads into `serde` types. The mapping is the one documented in `serde_to`.

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, IntoDeserializer, Visitor};

use crate::{DecodeError, Decoder, Payload, Token, shared};

/// Decodes a `serde` type.
///
/// # Errors
/// See [`DecodeError`].
pub fn from_payload<T: for<'de> Deserialize<'de>>(mut payload: Payload) -> Result<T, DecodeError> {
    let mut decoder = payload.decoder();
    let value = T::deserialize(Deserializer { decoder: &mut decoder, token: None })?;
    decoder.finish()?;
    Ok(value)
}

impl<'p> Decoder<'p> {
    /// Reads one value as a `serde` type, possibly between other values.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn deserialize<T: Deserialize<'p>>(&mut self) -> Result<T, DecodeError> {
        T::deserialize(Deserializer { decoder: self, token: None })
    }

    /// Reads one value as the arguments of a call: a tuple `T` of `count` items. A list contains the arguments, null
    /// means no arguments, and any other value is the only argument. Missing arguments at the end are null.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn deserialize_arguments<T: Deserialize<'p>>(&mut self, count: usize) -> Result<T, DecodeError> {
        let token = self.expect_next()?;
        let (token, left) = match token {
            Token::List(len) => (None, len),
            Token::Null => (None, 0),
            first => (Some(first), 1),
        };
        if left > count {
            return Err(DecodeError::Unexpected(format!("{left} arguments instead of {count}")));
        }
        T::deserialize(Arguments { decoder: self, token, left, wanted: count })
    }
}

/// The arguments of a call, as a tuple.
struct Arguments<'d, 'p> {
    decoder: &'d mut Decoder<'p>,
    /// The first argument, if it has been read already.
    token: Option<Token<'p>>,
    /// The number of arguments that have not been read. Arguments beyond them are null.
    left: usize,
    wanted: usize,
}

impl<'de> de::Deserializer<'de> for Arguments<'_, 'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf option unit_struct newtype_struct seq tuple tuple_struct map struct
        enum identifier ignored_any
    }
}

impl<'p> de::SeqAccess<'p> for Arguments<'_, 'p> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'p>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.wanted == 0 {
            return Ok(None);
        }
        self.wanted -= 1;
        if self.left == 0 {
            return seed.deserialize(().into_deserializer()).map(Some);
        }
        self.left -= 1;
        seed.deserialize(Deserializer { decoder: self.decoder, token: self.token.take() }).map(Some)
    }
}

impl de::Error for DecodeError {
    fn custom<T: std::fmt::Display>(message: T) -> DecodeError {
        DecodeError::Unexpected(message.to_string())
    }
}

struct Deserializer<'d, 'p> {
    decoder: &'d mut Decoder<'p>,
    /// A token that was read ahead.
    token: Option<Token<'p>>,
}

impl<'p> Deserializer<'_, 'p> {
    fn token(&mut self) -> Result<Token<'p>, DecodeError> {
        self.token.take().map_or_else(|| self.decoder.expect_next(), Ok)
    }
}

impl<'de> de::Deserializer<'de> for Deserializer<'_, 'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.token()? {
            Token::Null => visitor.visit_unit(),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::Int(value) => visitor.visit_i64(value),
            Token::Float(value) => visitor.visit_f64(value),
            Token::String(value) => visitor.visit_borrowed_str(value),
            Token::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Token::Buffer(value) => visitor.visit_byte_buf(value.as_slice().to_vec()),
            Token::List(len) => {
                in_full(Items { decoder: self.decoder, left: len }, |items| visitor.visit_seq(items))
            }
            Token::Map(len) => {
                in_full(Items { decoder: self.decoder, left: len }, |items| visitor.visit_map(items))
            }
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.token.is_none()
            && let Some(value) = self.decoder.int()?
        {
            return visitor.visit_i64(value);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.token()? {
            Token::Null => visitor.visit_none(),
            other => visitor.visit_some(Deserializer { decoder: self.decoder, token: Some(other) }),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        if !shared::takes_buffers(name) {
            return visitor.visit_newtype_struct(self);
        }
        match self.token()? {
            Token::Buffer(buffer) => shared::pass_to(buffer, visitor),
            other => Deserializer { decoder: self.decoder, token: Some(other) }.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match self.token()? {
            Token::String(name) => visitor.visit_enum(de::value::BorrowedStrDeserializer::new(name)),
            Token::Map(1) => visitor.visit_enum(Variant { decoder: self.decoder }),
            other => Err(DecodeError::unexpected(&other, "an enum variant")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// The items of a list, or the entries of a map.
struct Items<'d, 'p> {
    decoder: &'d mut Decoder<'p>,
    left: usize,
}

/// Lets a visitor read the items. Fails if it leaves some unread: the next value would be read at the wrong place.
fn in_full<'d, 'p, T>(
    mut items: Items<'d, 'p>,
    visit: impl FnOnce(&mut Items<'d, 'p>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    let value = visit(&mut items)?;
    if items.left > 0 {
        return Err(DecodeError::Unexpected(format!("{} items or entries too many", items.left)));
    }
    Ok(value)
}

impl<'p> de::SeqAccess<'p> for &mut Items<'_, 'p> {
    type Error = DecodeError;

    fn next_element_seed<T: DeserializeSeed<'p>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, DecodeError> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(Deserializer { decoder: self.decoder, token: None }).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'p> de::MapAccess<'p> for &mut Items<'_, 'p> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'p>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        de::SeqAccess::next_element_seed(self, seed)
    }

    fn next_value_seed<V: DeserializeSeed<'p>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        seed.deserialize(Deserializer { decoder: self.decoder, token: None })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// An enum variant with content: a map with one entry, whose header has been read.
struct Variant<'d, 'p> {
    decoder: &'d mut Decoder<'p>,
}

impl<'p> de::EnumAccess<'p> for Variant<'_, 'p> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'p>>(self, seed: V) -> Result<(V::Value, Self), DecodeError> {
        let name = seed.deserialize(Deserializer { decoder: self.decoder, token: None })?;
        Ok((name, self))
    }
}

impl<'p> de::VariantAccess<'p> for Variant<'_, 'p> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<(), DecodeError> {
        match self.decoder.expect_next()? {
            Token::Null => Ok(()),
            other => Err(DecodeError::unexpected(&other, "null")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'p>>(self, seed: T) -> Result<T::Value, DecodeError> {
        seed.deserialize(Deserializer { decoder: self.decoder, token: None })
    }

    fn tuple_variant<V: Visitor<'p>>(self, _len: usize, visitor: V) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(Deserializer { decoder: self.decoder, token: None }, visitor)
    }

    fn struct_variant<V: Visitor<'p>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        de::Deserializer::deserialize_any(Deserializer { decoder: self.decoder, token: None }, visitor)
    }
}
