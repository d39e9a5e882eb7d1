//! Values as C sees them, and their conversion. All checks of what C passes are here.

use std::ffi::c_int;

use lucarne_message::MAX_DEPTH;
use lucarne_services::{Bytes, Value};

use super::message::Message;

/// `toit_value_type_t`.
pub(crate) mod kind {
    use std::ffi::c_int;

    pub(crate) const NULL: c_int = 0;
    pub(crate) const BOOL: c_int = 1;
    pub(crate) const INT: c_int = 2;
    pub(crate) const FLOAT: c_int = 3;
    pub(crate) const STRING: c_int = 4;
    pub(crate) const BYTES: c_int = 5;
    pub(crate) const LIST: c_int = 6;
    pub(crate) const MAP: c_int = 7;
}

/// `toit_string_t`, `toit_bytes_t`, `toit_list_t` and `toit_map_t`: a pointer and a number of elements.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Span<T> {
    pub(crate) data: *const T,
    pub(crate) count: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) union Content {
    pub(crate) boolean: bool,
    pub(crate) integer: i64,
    pub(crate) number: f64,
    pub(crate) bytes: Span<u8>,
    pub(crate) list: Span<CValue>,
    pub(crate) map: Span<CEntry>,
}

/// `toit_value_t`. The default is null.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct CValue {
    pub(crate) kind: c_int,
    pub(crate) content: Content,
}

/// `toit_entry_t`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct CEntry {
    key: CValue,
    pub(crate) value: CValue,
}

impl CValue {
    pub(crate) const NULL: CValue = CValue { kind: kind::NULL, content: Content { integer: 0 } };
}

impl CEntry {
    /// Returns whether the key is this string.
    ///
    /// # Safety
    /// The key is a valid value.
    pub(crate) unsafe fn has_key(&self, key: &[u8]) -> bool {
        // SAFETY: as the caller promises.
        self.key.kind == kind::STRING && unsafe { self.key.content.bytes.slice() }.is_ok_and(|own| own == key)
    }
}

/// A value of C that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Invalid {
    #[error("a string is not UTF-8")]
    NotUtf8,
    #[error("data is missing")]
    NoData,
    #[error("NESTING_TOO_DEEP")]
    TooDeep,
    #[error("a value has no valid type")]
    NoType,
}

impl<T> Span<T> {
    /// Returns the elements.
    ///
    /// # Safety
    /// If the pointer is not null, it points to `count` elements, and they live as long as the result.
    pub(crate) unsafe fn slice<'a>(self) -> Result<&'a [T], Invalid> {
        match (self.data.is_null(), self.count) {
            (true, 0) => Ok(&[]),
            (true, _) => Err(Invalid::NoData),
            // SAFETY: as the caller promises.
            (false, count) => Ok(unsafe { std::slice::from_raw_parts(self.data, count) }),
        }
    }
}

/// Copies values from C. Several become a list, none is null, as in all messages.
///
/// # Safety
/// There are `count` valid values, unless the pointer is null.
pub(crate) unsafe fn packed(values: *const CValue, count: usize) -> Result<Value, Invalid> {
    // SAFETY: as the caller promises.
    let values = unsafe { Span { data: values, count }.slice() }?;
    match values {
        [] => Ok(Value::Null),
        // SAFETY: as above.
        [value] => unsafe { from_c(value, 0) },
        // SAFETY: as above.
        values => unsafe { list_from_c(values, 0) },
    }
}

/// Copies values from C into a list that begins with a handle: the arguments of a method of a resource.
///
/// # Safety
/// As for [`packed`].
pub(crate) unsafe fn packed_after(
    handle: i64,
    values: *const CValue,
    count: usize,
) -> Result<Value, Invalid> {
    // SAFETY: as the caller promises.
    let values = unsafe { Span { data: values, count }.slice() }?;
    if values.is_empty() {
        return Ok(Value::Int(handle));
    }
    let mut items = vec![Value::Int(handle)];
    for value in values {
        // SAFETY: as above.
        items.push(unsafe { from_c(value, 1) }?);
    }
    Ok(Value::List(items))
}

/// Copies a value from C. `depth` lists and maps are around it.
///
/// # Safety
/// The pointers in the value are null or valid for their counts, and its content is that of its type.
pub(crate) unsafe fn from_c(value: &CValue, depth: usize) -> Result<Value, Invalid> {
    if depth >= MAX_DEPTH && matches!(value.kind, kind::LIST | kind::MAP) {
        return Err(Invalid::TooDeep);
    }
    let content = &value.content;
    // SAFETY: as the caller promises, for all parts of the value.
    unsafe {
        Ok(match value.kind {
            kind::NULL => Value::Null,
            kind::BOOL => Value::Bool(content.boolean),
            kind::INT => Value::Int(content.integer),
            kind::FLOAT => Value::Float(content.number),
            kind::STRING => {
                let text = std::str::from_utf8(content.bytes.slice()?).map_err(|_| Invalid::NotUtf8)?;
                Value::from(text)
            }
            kind::BYTES => Value::Bytes(Bytes::copy_from_slice(content.bytes.slice()?)),
            kind::LIST => list_from_c(content.list.slice()?, depth)?,
            kind::MAP => {
                let entry =
                    |entry: &CEntry| Ok((from_c(&entry.key, depth + 1)?, from_c(&entry.value, depth + 1)?));
                Value::Map(content.map.slice()?.iter().map(entry).collect::<Result<_, Invalid>>()?)
            }
            _ => return Err(Invalid::NoType),
        })
    }
}

/// # Safety
/// As for [`from_c`].
unsafe fn list_from_c(items: &[CValue], depth: usize) -> Result<Value, Invalid> {
    // SAFETY: as the caller promises.
    let items = items.iter().map(|item| unsafe { from_c(item, depth + 1) });
    Ok(Value::List(items.collect::<Result<_, Invalid>>()?))
}

/// Makes a value for C in the memory of a message. Byte arrays stay where they are, and must live as long as the
/// message. Returns none if there is no memory.
pub(crate) fn to_c(value: &Value, message: &mut Message) -> Option<CValue> {
    let made = |kind, content| Some(CValue { kind, content });
    match value {
        Value::Null => Some(CValue::NULL),
        Value::Bool(boolean) => made(kind::BOOL, Content { boolean: *boolean }),
        Value::Int(integer) => made(kind::INT, Content { integer: *integer }),
        Value::Float(number) => made(kind::FLOAT, Content { number: *number }),
        Value::String(text) => {
            let data = message.text(text)?;
            made(kind::STRING, Content { bytes: Span { data, count: text.len() } })
        }
        Value::Bytes(bytes) => {
            made(kind::BYTES, Content { bytes: Span { data: bytes.as_ptr(), count: bytes.len() } })
        }
        Value::List(items) => {
            let list = message.fill(items, to_c)?;
            made(kind::LIST, Content { list })
        }
        Value::Map(entries) => {
            let map = message.fill(entries, |(key, value), message| {
                Some(CEntry { key: to_c(key, message)?, value: to_c(value, message)? })
            })?;
            made(kind::MAP, Content { map })
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn values() -> Vec<Value> {
        vec![
            Value::Null,
            Value::Bool(true),
            Value::Int(i64::MIN),
            Value::Float(-0.0),
            "".into(),
            "a zero \0 inside".into(),
            Bytes::new().into(),
            Bytes::from(vec![7; 100_000]).into(),
            Value::List(vec![]),
            Value::Map(vec![]),
            Value::Map(vec![
                (Value::Int(1), Value::List(vec!["x".into(), Value::Null])),
                (Value::Null, 2.into()),
            ]),
        ]
    }

    #[test]
    fn values_travel_to_c_and_back() {
        for value in values() {
            let mut message = Message::default();
            let made = to_c(&value, &mut message).expect("there is memory");
            // SAFETY: the message and the value are alive.
            assert_eq!(unsafe { from_c(&made, 0) }, Ok(value));
        }
        let all = Value::List(values());
        let mut message = Message::default();
        let made = to_c(&all, &mut message).expect("there is memory");
        // SAFETY: as above.
        assert_eq!(unsafe { from_c(&made, 0) }, Ok(all));
    }

    #[test]
    fn a_zero_follows_strings_and_empty_is_not_null() {
        let mut message = Message::default();
        for value in
            [Value::from(""), "text".into(), Value::List(vec![]), Value::Map(vec![]), Bytes::new().into()]
        {
            let made = to_c(&value, &mut message).expect("there is memory");
            // SAFETY: all of these have a span.
            let span = unsafe { made.content.bytes };
            assert!(!span.data.is_null());
            if made.kind == kind::STRING {
                // SAFETY: a zero follows the text.
                assert_eq!(unsafe { *span.data.add(span.count) }, 0);
            }
        }
    }

    #[test]
    fn invalid_values_are_refused() {
        let text =
            |bytes: &'static [u8]| Content { bytes: Span { data: bytes.as_ptr(), count: bytes.len() } };
        let missing = Content { bytes: Span { data: std::ptr::null(), count: 1 } };
        for (kind, content, expected) in [
            (kind::STRING, text(b"\xff"), Invalid::NotUtf8),
            (kind::STRING, missing, Invalid::NoData),
            (kind::BYTES, missing, Invalid::NoData),
            (kind::LIST, missing, Invalid::NoData),
            (kind::MAP, missing, Invalid::NoData),
            (8, text(b""), Invalid::NoType),
            (-1, text(b""), Invalid::NoType),
        ] {
            // SAFETY: fields that are missing are not read.
            assert_eq!(unsafe { from_c(&CValue { kind, content }, 0) }, Err(expected));
        }
        // A list that contains itself.
        let mut endless = CValue::NULL;
        let data = &raw const endless;
        endless = CValue { kind: kind::LIST, content: Content { list: Span { data, count: 1 } } };
        // SAFETY: the list has one item.
        assert_eq!(unsafe { from_c(&endless, 0) }, Err(Invalid::TooDeep));
    }

    #[test]
    fn one_value_is_sent_alone() {
        let two = [CValue::NULL, CValue { kind: kind::INT, content: Content { integer: 5 } }];
        // SAFETY: there are so many values.
        unsafe {
            assert_eq!(packed(two.as_ptr(), 0), Ok(Value::Null));
            assert_eq!(packed(two[1..].as_ptr(), 1), Ok(Value::Int(5)));
            assert_eq!(packed(two.as_ptr(), 2), Ok(Value::List(vec![Value::Null, 5.into()])));
            assert_eq!(packed_after(3, two.as_ptr(), 0), Ok(Value::Int(3)));
            assert_eq!(packed_after(3, two[1..].as_ptr(), 1), Ok(Value::List(vec![3.into(), 5.into()])));
            assert_eq!(packed(std::ptr::null(), 2), Err(Invalid::NoData));
        }
    }
}
