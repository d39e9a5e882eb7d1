//! `Value`: the content of a payload as a tree.

use crate::{Bytes, Decode, DecodeError, Decoder, Encode, EncodeError, INLINE_BYTES_MAX, Sink, Token};

/// A value that can cross the boundary between two containers.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Null.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    String(String),
    /// Bytes. Above [`INLINE_BYTES_MAX`] they are handed over, not copied.
    Bytes(Bytes),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order in which its entries were written.
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// Returns the integer, if the value is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Value::Int(value) = self { Some(*value) } else { None }
    }

    /// Returns the string, if the value is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(value) = self { Some(value) } else { None }
    }

    /// Returns the items, if the value is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    /// Returns the boolean, if the value is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(value) = self { Some(*value) } else { None }
    }

    /// Returns the floating-point number, if the value is one.
    pub fn as_float(&self) -> Option<f64> {
        if let Value::Float(value) = self { Some(*value) } else { None }
    }

    /// Returns the bytes, if the value is a byte array.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        if let Value::Bytes(value) = self { Some(value) } else { None }
    }

    /// Returns the entries, if the value is a map.
    pub fn as_map(&self) -> Option<&[(Value, Value)]> {
        if let Value::Map(entries) = self { Some(entries) } else { None }
    }

    /// Returns the value for a string key, if the value is a map that has the key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let entry = self.as_map()?.iter().find(|(name, _)| name.as_str() == Some(key))?;
        Some(&entry.1)
    }

    /// Returns whether the value is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

macro_rules! value_from {
    ($($type:ty => $variant:ident),* $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Value {
                Value::$variant(value.into())
            }
        }
    )*};
}

value_from! {
    bool => Bool,
    i8 => Int,
    i16 => Int,
    i32 => Int,
    i64 => Int,
    u8 => Int,
    u16 => Int,
    u32 => Int,
    f32 => Float,
    f64 => Float,
    &str => String,
    String => String,
    Bytes => Bytes,
    Vec<Value> => List,
    Vec<(Value, Value)> => Map,
}

impl From<()> for Value {
    fn from((): ()) -> Value {
        Value::Null
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl Encode for Value {
    fn encode(&self, sink: &mut impl Sink) -> Result<(), EncodeError> {
        match self {
            Value::Null => sink.null(),
            Value::Bool(value) => sink.bool(*value),
            Value::Int(value) => sink.int(*value),
            Value::Float(value) => sink.float(*value),
            Value::String(value) => sink.string(value),
            Value::Bytes(value) if value.len() > INLINE_BYTES_MAX => sink.buffer(value.clone().into()),
            Value::Bytes(value) => sink.bytes(value),
            Value::List(items) => {
                sink.list(items.len())?;
                items.iter().try_for_each(|item| item.encode(sink))
            }
            Value::Map(entries) => {
                sink.map(entries.len())?;
                entries.iter().try_for_each(|(key, value)| {
                    key.encode(sink)?;
                    value.encode(sink)
                })
            }
        }
    }
}

impl Decode for Value {
    fn decode(decoder: &mut Decoder<'_>) -> Result<Value, DecodeError> {
        Ok(match decoder.expect_next()? {
            Token::Null => Value::Null,
            Token::Bool(value) => Value::Bool(value),
            Token::Int(value) => Value::Int(value),
            Token::Float(value) => Value::Float(value),
            Token::String(value) => Value::from(value),
            Token::Bytes(value) => Value::Bytes(Bytes::copy_from_slice(value)),
            Token::Buffer(value) => Value::Bytes(value.into_bytes()),
            Token::List(len) => {
                let mut items = Vec::new();
                for _ in 0..len {
                    items.push(Value::decode(decoder)?);
                }
                Value::List(items)
            }
            Token::Map(len) => {
                let mut entries = Vec::new();
                for _ in 0..len {
                    entries.push((Value::decode(decoder)?, Value::decode(decoder)?));
                }
                Value::Map(entries)
            }
        })
    }
}
