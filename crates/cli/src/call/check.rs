//! Compares what a provider has sent with the types of the definition.
//!
//! A record may have more fields than the definition: a provider with a newer minor version sends them, and all clients
//! ignore them. For the same reason a method may return a value where a definition from elsewhere says `none`.

use std::fmt::{self, Write as _};
use std::io;

use lucarne_interface::model::{Delivery, Interface, Kind, Notification, Record, Type};
use lucarne_services::Value;
use serde_json::json;

use super::json::{Shown, shortened};

/// The maximum length of the value that a message shows, in bytes.
const SHOWN_MAX: usize = 300;

/// The maximum length of a path that a message shows, in characters.
const PATH_MAX: usize = 200;

/// A part of a value that does not have its declared type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mistyped {
    /// The way from the whole value to the part, such as `.readings[2].celsius`.
    path: String,
    /// The declared type.
    declared: String,
    /// The part that has arrived.
    found: String,
}

impl Mistyped {
    fn new(declared: impl fmt::Display, found: impl Into<String>) -> Mistyped {
        Mistyped { path: String::new(), declared: declared.to_string(), found: found.into() }
    }

    /// Returns the same for a value that has this one in a part.
    fn within(mut self, part: &str) -> Mistyped {
        self.path.insert_str(0, part);
        self
    }

    /// Returns a sentence about a message of this name, such as "the result of `measure`", with this value.
    pub(crate) fn text(&self, of: &str, whole: &Shown<'_>) -> String {
        let Mistyped { declared, found, .. } = self;
        let place = match self.path.is_empty() {
            true => "it".to_owned(),
            false => format!("`{}`", self.path()),
        };
        let mut text = format!(
            "{of} does not have the declared type: {place} is declared as `{declared}`, but is {found}"
        );
        if !matches!(whole.value, Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_)) {
            let _ = write!(text, "; all of it: {}", cut(whole));
        }
        text
    }

    /// Returns the same for programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        json!({ "path": self.path(), "declared": self.declared, "found": self.found })
    }

    fn path(&self) -> String {
        match self.path.char_indices().nth(PATH_MAX) {
            Some((end, _)) => format!("{}…", &self.path[..end]),
            None => self.path.clone(),
        }
    }
}

/// The types of a definition, for what a provider sends.
#[derive(Clone, Copy)]
pub(crate) struct Types<'i> {
    pub(crate) interface: &'i Interface,
    /// Whether the definition is the one that the provider carries. Any other can be older.
    pub(crate) is_carried: bool,
}

impl Types<'_> {
    /// Checks the result of a method.
    ///
    /// # Errors
    /// The first part that does not have its type.
    pub(crate) fn check_result(&self, value: &Value, ty: &Type) -> Result<(), Mistyped> {
        if ty.kind == Kind::None && !self.is_carried { Ok(()) } else { self.check(value, ty) }
    }

    /// Checks a value, and the values in it.
    ///
    /// # Errors
    /// The first part that does not have its type.
    pub(crate) fn check(&self, value: &Value, ty: &Type) -> Result<(), Mistyped> {
        if value.is_null() && ty.takes_null() {
            return Ok(());
        }
        match (&ty.kind, value) {
            (Kind::Any, _)
            | (Kind::None, Value::Null)
            | (Kind::Bool, Value::Bool(_))
            // The result of a method that returns a resource is its handle.
            | (Kind::Int | Kind::Resource(_), Value::Int(_))
            | (Kind::Float, Value::Float(_))
            | (Kind::String, Value::String(_))
            | (Kind::Bytes, Value::Bytes(_)) => Ok(()),
            (Kind::List(element), Value::List(items)) => items.iter().enumerate().try_for_each(|(at, item)| {
                self.check(item, element).map_err(|error| error.within(&format!("[{at}]")))
            }),
            (Kind::Map(key, element), Value::Map(entries)) => entries.iter().try_for_each(|(name, item)| {
                let wrong = |_| Mistyped::new(ty, format!("a map with {} as a key", described(name)));
                self.check(name, key).map_err(wrong)?;
                self.check(item, element).map_err(|error| error.within(&step(name)))
            }),
            (Kind::Record(name), Value::Map(entries)) => match self.interface.record(name) {
                Some(record) => self.check_record(entries, record),
                None => Ok(()),
            },
            _ => Err(Mistyped::new(ty, described(value))),
        }
    }

    /// Checks what a notification has brought: the value, or a list of several.
    ///
    /// # Errors
    /// The first part that does not have its type.
    pub(crate) fn check_notification(
        &self,
        value: &Value,
        notification: &Notification,
    ) -> Result<(), Mistyped> {
        let values = match &notification.delivery {
            Delivery::Next { value: ty, .. } => return self.check(value, ty),
            Delivery::Listener { values, .. } => &values[..],
        };
        match (values, value) {
            ([], value) => self.check(value, &Type::of(Kind::None)),
            ([only], value) => self.check(value, &only.ty),
            (values, Value::List(items)) if items.len() == values.len() => {
                values.iter().zip(items).try_for_each(|(declared, item)| {
                    self.check(item, &declared.ty)
                        .map_err(|error| error.within(&format!(".{}", declared.name)))
                })
            }
            (values, value) => {
                let declared: Vec<String> =
                    values.iter().map(|one| format!("{}/{}", one.name, one.ty)).collect();
                Err(Mistyped::new(declared.join(" "), described(value)))
            }
        }
    }

    fn check_record(&self, entries: &[(Value, Value)], record: &Record) -> Result<(), Mistyped> {
        record.fields.iter().try_for_each(|field| {
            let key = field.key();
            let sent = entries.iter().find(|(name, _)| name.as_str() == Some(&*key)).map(|(_, value)| value);
            let outcome = match sent {
                Some(value) => self.check(value, &field.ty),
                // As for all clients, a field that is missing is null.
                None if field.ty.takes_null() => Ok(()),
                None => Err(Mistyped::new(&field.ty, "missing")),
            };
            outcome.map_err(|error| error.within(&format!(".{}", field.name)))
        })
    }
}

/// Returns the part of a path that leads to the value of a key.
fn step(key: &Value) -> String {
    match key {
        Value::String(text) if is_name(text) => format!(".{}", shortened(text)),
        Value::String(text) => format!("[{:?}]", shortened(text)),
        Value::Int(number) => format!("[{number}]"),
        other => format!("[{}]", described(other)),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
}

/// Returns a value in words, with the beginning of it if that is short.
fn described(value: &Value) -> String {
    let s = |count: usize| if count == 1 { "" } else { "s" };
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("the bool `{value}`"),
        Value::Int(number) => format!("the int `{number}`"),
        Value::Float(number) => format!("the float `{number:?}`"),
        Value::String(text) => format!("the string `{:?}`", shortened(text)),
        Value::Bytes(bytes) => format!("a byte array of {} byte{}", bytes.len(), s(bytes.len())),
        Value::List(items) => format!("a list of {} item{}", items.len(), s(items.len())),
        Value::Map(entries) => {
            let ies = if entries.len() == 1 { "y" } else { "ies" };
            format!("a map of {} entr{ies}", entries.len())
        }
    }
}

/// Returns the beginning of a value as JSON. The rest is not even written.
fn cut(shown: &Shown<'_>) -> String {
    let mut beginning = Beginning(Vec::new());
    let is_whole = serde_json::to_writer(&mut beginning, shown).is_ok();
    let mut text = String::new();
    for chunk in beginning.0.utf8_chunks() {
        text.push_str(chunk.valid());
    }
    if !is_whole {
        let _ = text.write_char('…');
    }
    text
}

/// Takes the first bytes, and fails at the next.
struct Beginning(Vec<u8>);

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match bytes.len().min(SHOWN_MAX - self.0.len()) {
            0 if !bytes.is_empty() => Err(io::ErrorKind::StorageFull.into()),
            room => {
                self.0.extend_from_slice(&bytes[..room]);
                Ok(room)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
