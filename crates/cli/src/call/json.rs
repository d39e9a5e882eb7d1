//! Values as JSON, by their types.
//!
//! | type | JSON |
//! |---|---|
//! | `bool`, `int`, `string`, `none` | the same; null is null |
//! | `float` | a number, or `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | `ByteArray` | its bytes in base64, as a string; an argument may also be a list of numbers |
//! | `List` | a list |
//! | `Map` | an object; keys that are integers are written as strings |
//! | a record | an object |
//! | `any` | the same, as far as JSON has it; otherwise `{"$bytes": BASE64}`, `{"$float": "NaN"}`, `{"$map": [[KEY, VALUE]...]}` |

use std::collections::BTreeSet;
use std::fmt;

use data_encoding::{BASE64, DecodeError, DecodeKind};
use lucarne_compiler::names::{Suggestions, canonical};
use lucarne_interface::model::{Interface, Kind, Record, Type};
use lucarne_services::{Bytes, Value};
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;

/// The keys of objects that stand for values of `any` that JSON does not have.
const BYTES: &str = "$bytes";
const FLOAT: &str = "$float";
const MAP: &str = "$map";

/// A value that is not of the expected type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mismatch {
    /// The way from the whole value to the part that is wrong, such as `.readings[2].celsius`.
    pub(crate) path: String,
    /// The mistake, without the path.
    pub(crate) text: String,
}

impl Mismatch {
    pub(crate) fn new(text: impl Into<String>) -> Mismatch {
        Mismatch { path: String::new(), text: text.into() }
    }

    /// Returns the mismatch of a value that has this one in a part.
    fn within(mut self, part: impl fmt::Display) -> Mismatch {
        self.path.insert_str(0, &part.to_string());
        self
    }
}

/// JSON in which no object has a key twice: it would be unknown which value is meant.
struct Unique(Json);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unique, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Unique)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut items = Vec::new();
        while let Some(Unique(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut entries = serde_json::Map::new();
        while let Some(key) = access.next_key::<String>()? {
            if entries.contains_key(&key) {
                return Err(A::Error::custom(format_args!("has the key `{}` twice", shortened(&key))));
            }
            let Unique(value) = access.next_value()?;
            entries.insert(key, value);
        }
        Ok(Json::Object(entries))
    }
}

/// The message of the JSON reader about numbers such as 1e400.
const OUT_OF_RANGE: &str = "number out of range";

/// Returns whether a text is a number that no float can hold.
pub(crate) fn is_out_of_range(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '-')
        && serde_json::from_str::<f64>(text).is_err_and(|error| error.to_string().starts_with(OUT_OF_RANGE))
}

/// Reads JSON.
///
/// # Errors
/// The end of a sentence about the text: the mistake, and its place.
pub(crate) fn parse(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map(|Unique(json)| json).map_err(|error| {
        if error.is_eof() {
            return "is not JSON: it ends too early".to_owned();
        }
        let (line, column) = (error.line(), error.column());
        let place =
            if line > 1 { format!("line {line}, column {column}") } else { format!("column {column}") };
        let written = error.to_string();
        match written.split(" at line ").next().unwrap_or(&written) {
            OUT_OF_RANGE => format!("has a number that is too large for a float at {place}"),
            "recursion limit exceeded" => format!("is nested too deeply at {place}"),
            // The error of the visitor above.
            reason if error.is_data() => format!("{reason} at {place}"),
            reason => format!("is not JSON: {reason} at {place}"),
        }
    })
}

/// Reads a value of a type.
///
/// # Errors
/// If the JSON is not of the type.
pub(crate) fn read(json: &Json, ty: &Type, interface: &Interface) -> Result<Value, Mismatch> {
    if json.is_null() && ty.takes_null() {
        return Ok(Value::Null);
    }
    let value = match (&ty.kind, json) {
        (Kind::Any, json) => return read_any(json),
        (Kind::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
        (Kind::Int, Json::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (None, Some(float)) if float.fract() == 0.0 && float.abs() >= INT_END => {
                return Err(too_large(number));
            }
            (int, _) => int.map(Value::Int),
        },
        (Kind::Float, Json::Number(number)) => number.as_f64().map(Value::Float),
        (Kind::Float, Json::String(text)) => special_float(text).map(Value::Float),
        (Kind::String, Json::String(text)) => Some(Value::String(text.clone())),
        (Kind::Bytes, Json::String(text)) => return decoded(text),
        (Kind::Bytes, Json::Array(items)) => return numbers(items),
        (Kind::List(element), Json::Array(items)) => {
            let read = |(at, item): (usize, &Json)| {
                read(item, element, interface).map_err(|error| error.within(format_args!("[{at}]")))
            };
            return items.iter().enumerate().map(read).collect::<Result<_, _>>().map(Value::List);
        }
        (Kind::Map(key, value), Json::Object(entries)) if key.kind == Kind::Any => {
            return match special(entries) {
                Some((MAP, json)) => read_map(json),
                _ => read_entries(entries, |text| Ok(Value::String(text.to_owned())), value, interface),
            };
        }
        (Kind::Map(key, value), Json::Object(entries)) => {
            let read_key = |text: &str| match key.kind {
                Kind::Int => text
                    .parse()
                    .map(Value::Int)
                    .map_err(|_| Mismatch::new(format!("the key `{text}` is not an int, such as \"3\""))),
                _ => Ok(Value::String(text.to_owned())),
            };
            return read_entries(entries, read_key, value, interface);
        }
        (Kind::Record(name), Json::Object(entries)) => {
            let Some(record) = interface.record(name) else { return read_any(json) };
            return read_record(entries, record, interface);
        }
        _ => None,
    };
    value.ok_or_else(|| mismatch(ty, &shortened(&json.to_string())))
}

/// Returns the mismatch of a text and a type.
pub(crate) fn mismatch(ty: &Type, found: &str) -> Mismatch {
    Mismatch::new(format!("expected {}, found {found}", described(ty)))
}

/// The forms of a byte array.
const BYTES_FORMS: &str = "bytes (base64, a list of numbers from 0 to 255, or @FILE)";

/// Returns a type in words, with an example where its form is not obvious.
fn described(ty: &Type) -> String {
    let text = match &ty.kind {
        Kind::None => "null",
        Kind::Any => "a value in JSON",
        Kind::Bool => "true or false",
        Kind::Int => "an int of 64 bits, such as 3",
        Kind::Float => "a float, such as 1.5",
        Kind::String => "a string",
        Kind::Bytes => BYTES_FORMS,
        Kind::List(_) => "a list, such as [1, 2]",
        Kind::Map(..) => "a map, such as {\"key\": 1}",
        Kind::Record(name) => return with_null(&format!("the record `{name}`, an object"), ty),
        Kind::Resource(name) => return with_null(&format!("the resource `{name}`"), ty),
    };
    with_null(text, ty)
}

fn with_null(text: &str, ty: &Type) -> String {
    if ty.is_nullable { format!("{text}, or null") } else { text.to_owned() }
}

/// Returns the beginning of a text, for messages.
pub(crate) fn shortened(text: &str) -> String {
    const MAX: usize = 40;
    if text.chars().nth(MAX).is_none() {
        return text.to_owned();
    }
    text.chars().take(MAX - 1).chain(['…']).collect()
}

pub(crate) fn special_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// The first integer that does not fit in 64 bits.
const INT_END: f64 = 9_223_372_036_854_775_808.0;

/// Returns the mismatch of a number that does not fit into an int of 64 bits.
pub(crate) fn too_large(number: impl fmt::Display) -> Mismatch {
    Mismatch::new(format!("{number} does not fit in an int of 64 bits"))
}

/// Reads bytes in base64.
pub(crate) fn decoded(text: &str) -> Result<Value, Mismatch> {
    let wrong = |error: DecodeError| {
        let reason = match (error.kind, text.as_bytes().get(error.position).filter(|byte| byte.is_ascii())) {
            (DecodeKind::Symbol, Some(byte)) => {
                format!("{:?} is not one of its characters", char::from(*byte))
            }
            (DecodeKind::Symbol, None) => "it has characters that are not ASCII".to_owned(),
            (DecodeKind::Trailing, _) => "its last character has bits that no byte has".to_owned(),
            (DecodeKind::Length | DecodeKind::Padding, _) => {
                "its characters are in groups of 4, of which `=` fills the last".to_owned()
            }
        };
        Mismatch::new(format!("expected {BYTES_FORMS}; `{}` is not base64: {reason}", shortened(text)))
    };
    BASE64.decode(text.as_bytes()).map(|bytes| Value::Bytes(Bytes::from(bytes))).map_err(wrong)
}

fn numbers(items: &[Json]) -> Result<Value, Mismatch> {
    let byte = |(at, item): (usize, &Json)| {
        let byte = item.as_u64().and_then(|number| u8::try_from(number).ok());
        let wrong = || {
            let found = shortened(&item.to_string());
            Mismatch::new(format!("expected a number from 0 to 255, found {found}"))
                .within(format_args!("[{at}]"))
        };
        byte.ok_or_else(wrong)
    };
    let bytes = items.iter().enumerate().map(byte).collect::<Result<Vec<u8>, _>>()?;
    Ok(Value::Bytes(Bytes::from(bytes)))
}

fn read_entries(
    entries: &serde_json::Map<String, Json>,
    read_key: impl Fn(&str) -> Result<Value, Mismatch>,
    ty: &Type,
    interface: &Interface,
) -> Result<Value, Mismatch> {
    let entry = |(key, item): (&String, &Json)| {
        let value = read(item, ty, interface).map_err(|error| error.within(format_args!(".{key}")))?;
        Ok((read_key(key)?, value))
    };
    entries.iter().map(entry).collect::<Result<_, _>>().and_then(map_of)
}

/// Returns the map with these entries. Keys of different texts can be equal: `"1"` and `"01"` as integers.
fn map_of(entries: Vec<(Value, Value)>) -> Result<Value, Mismatch> {
    let mut seen = BTreeSet::new();
    for (key, _) in &entries {
        let shown = match key {
            Value::String(text) => format!("{text:?}"),
            Value::Int(number) => number.to_string(),
            other => format!("{other:?}"),
        };
        if let Some(again) = seen.replace(shown) {
            return Err(Mismatch::new(format!("the key {} is given twice", shortened(&again))));
        }
    }
    Ok(Value::Map(entries))
}

fn read_record(
    entries: &serde_json::Map<String, Json>,
    record: &Record,
    interface: &Interface,
) -> Result<Value, Mismatch> {
    let field_of = |key: &str| record.fields.iter().find(|field| *field.name == *canonical(key));
    if let Some(unknown) = entries.keys().find(|key| field_of(key).is_none()) {
        let names = record.fields.iter().map(|field| &*field.name);
        let hint = match Suggestions::default().nearest(&canonical(unknown), names.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its fields are {}", quoted(names)),
        };
        let text = format!("the record `{}` has no field `{}`: {hint}", record.name, shortened(unknown));
        return Err(Mismatch::new(text));
    }
    let canonical_keys = entries.keys().map(|key| Value::from(canonical(key).as_ref()));
    map_of(canonical_keys.map(|key| (key, Value::Null)).collect())?;
    let field = |field: &lucarne_interface::model::Field| {
        let item = entries.iter().find(|(key, _)| *canonical(key) == *field.name).map(|(_, item)| item);
        let value = match item {
            Some(item) => read(item, &field.ty, interface)
                .map_err(|error| error.within(format_args!(".{}", field.name)))?,
            None if field.ty.takes_null() => Value::Null,
            None => {
                let text =
                    format!("the record `{}` needs the field `{}/{}`", record.name, field.name, field.ty);
                return Err(Mismatch::new(text));
            }
        };
        Ok((Value::from(field.key()), value))
    };
    record.fields.iter().map(field).collect::<Result<_, _>>().map(Value::Map)
}

/// Returns names in a sentence.
pub(crate) fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Returns the entry of an object that stands for a value that JSON does not have.
fn special(entries: &serde_json::Map<String, Json>) -> Option<(&str, &Json)> {
    let mut all = entries.iter();
    match (all.next(), all.next()) {
        (Some((key, json)), None) if key.starts_with('$') => Some((key, json)),
        _ => None,
    }
}

/// Reads a value of any type.
fn read_any(json: &Json) -> Result<Value, Mismatch> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(int), _) => Value::Int(int),
            (None, Some(float)) => Value::Float(float),
            (None, None) => return Err(too_large(number)),
        },
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(read_any).collect::<Result<_, _>>()?),
        Json::Object(entries) => match special(entries) {
            None => {
                let entry = |(key, item): (&String, &Json)| Ok((Value::String(key.clone()), read_any(item)?));
                Value::Map(entries.iter().map(entry).collect::<Result<_, _>>()?)
            }
            Some((MAP, json)) => read_map(json)?,
            Some((key, json)) => {
                let value = match (key, json) {
                    (BYTES, Json::String(text)) => return decoded(text),
                    (BYTES, Json::Array(items)) => return numbers(items),
                    (FLOAT, Json::String(text)) => special_float(text).map(Value::Float),
                    _ => None,
                };
                value.ok_or_else(|| {
                    let forms = "the forms are {\"$bytes\": BASE64}, {\"$float\": \"NaN\"} and {\"$map\": [[KEY, VALUE]]}";
                    Mismatch::new(format!("`{}` is not a value: {forms}", shortened(key)))
                })?
            }
        },
    })
}

fn read_map(json: &Json) -> Result<Value, Mismatch> {
    let entry = |item: &Json| match item.as_array().map(Vec::as_slice) {
        Some([key, value]) => Ok((read_any(key)?, read_any(value)?)),
        _ => Err(Mismatch::new("an entry of `$map` is not [KEY, VALUE]")),
    };
    let items =
        json.as_array().ok_or_else(|| Mismatch::new("`$map` is not followed by a list of entries"))?;
    items.iter().map(entry).collect::<Result<_, _>>().and_then(map_of)
}

/// A value that is written as JSON. Where the value is not of the type, which a provider may do, it is written as a value
/// of `any`.
#[derive(Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) value: &'a Value,
    pub(crate) ty: Option<&'a Type>,
    pub(crate) interface: &'a Interface,
}

impl<'a> Shown<'a> {
    fn part(&self, value: &'a Value, ty: Option<&'a Type>) -> Shown<'a> {
        Shown { value, ty, interface: self.interface }
    }

    /// Writes a map. `key` returns the key in JSON and the type of the value. If the type of the keys is not known, a
    /// single key with `$` would be read as something else.
    fn entries<S: Serializer>(
        &self,
        serializer: S,
        entries: &'a [(Value, Value)],
        is_known: bool,
        key: impl Fn(&'a Value) -> Option<(String, Option<&'a Type>)>,
    ) -> Result<S::Ok, S::Error> {
        let keys: Option<Vec<_>> = entries.iter().map(|(name, _)| key(name)).collect();
        let keys = keys.filter(|keys| is_known || !matches!(&keys[..], [(key, _)] if key.starts_with('$')));
        let Some(keys) = keys else {
            let pairs: Vec<[Shown<'_>; 2]> =
                entries.iter().map(|(key, value)| [self.part(key, None), self.part(value, None)]).collect();
            let mut map = serializer.serialize_map(Some(1))?;
            map.serialize_entry(MAP, &pairs)?;
            return map.end();
        };
        let mut map = serializer.serialize_map(Some(entries.len()))?;
        for ((name, ty), (_, value)) in keys.iter().zip(entries) {
            map.serialize_entry(name, &self.part(value, *ty))?;
        }
        map.end()
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.ty.map_or(&Kind::Any, |ty| &ty.kind);
        match (self.value, kind) {
            (Value::Null, _) => serializer.serialize_unit(),
            (Value::Bool(value), _) => serializer.serialize_bool(*value),
            (Value::Int(value), _) => serializer.serialize_i64(*value),
            (Value::Float(value), _) if value.is_finite() => serializer.serialize_f64(*value),
            (Value::Float(value), kind) => {
                let text = if value.is_nan() {
                    "NaN"
                } else if *value > 0.0 {
                    "Infinity"
                } else {
                    "-Infinity"
                };
                written(serializer, *kind == Kind::Float, FLOAT, text)
            }
            (Value::String(text), _) => serializer.serialize_str(text),
            (Value::Bytes(bytes), kind) => {
                written(serializer, *kind == Kind::Bytes, BYTES, &BASE64.encode(bytes))
            }
            (Value::List(items), kind) => {
                let element = match kind {
                    Kind::List(element) => Some(&**element),
                    _ => None,
                };
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(&self.part(item, element)))?;
                list.end()
            }
            (Value::Map(entries), Kind::Record(name)) if self.interface.record(name).is_some() => {
                let fields = self.interface.record(name).map_or(&[][..], |record| &record.fields);
                self.entries(serializer, entries, true, |key| {
                    let key = key.as_str()?;
                    let field = fields.iter().find(|field| field.key() == key);
                    Some((key.to_owned(), field.map(|field| &field.ty)))
                })
            }
            (Value::Map(entries), Kind::Map(key, value)) if key.kind == Kind::Int => {
                self.entries(serializer, entries, true, |key| {
                    Some((key.as_int()?.to_string(), Some(&**value)))
                })
            }
            (Value::Map(entries), kind) => {
                let element = match kind {
                    Kind::Map(_, value) => Some(&**value),
                    _ => None,
                };
                let is_known = matches!(kind, Kind::Map(key, _) if key.kind == Kind::String);
                self.entries(serializer, entries, is_known, |key| Some((key.as_str()?.to_owned(), element)))
            }
        }
    }
}

/// Writes a text that stands for a value: alone if the type is known, and otherwise with a mark.
fn written<S: Serializer>(serializer: S, is_known: bool, mark: &str, text: &str) -> Result<S::Ok, S::Error> {
    if is_known {
        return serializer.serialize_str(text);
    }
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(mark, text)?;
    map.end()
}
