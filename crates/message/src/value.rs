//! The tree of values, for those who want one.

use bytes::Bytes;

use crate::{Buffer, Decode, DecodeError, Decoder, Encode, EncodeError, INLINE_BYTES_MAX, Sink, Token};

/// Everything that can cross the boundary between two containers.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    String(String),
    /// Bytes; above [`INLINE_BYTES_MAX`] they are handed over, not copied.
    Bytes(Bytes),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order in which its entries were written.
    Map(Vec<(Value, Value)>),
}

impl Value {
    /// The integer, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Value::Int(value) = self { Some(*value) } else { None }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Value::String(value) = self { Some(value) } else { None }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Value::List(items) = self { Some(items) } else { None }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::String(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Value {
        Value::List(items)
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
            Value::Bytes(value) if value.len() > INLINE_BYTES_MAX => {
                sink.buffer(Buffer::shared(value.clone()))
            }
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
