//! The checked interface of a service: the content of a definition after its names are resolved.
//!
//! The generators, the comparison and the printer read only this. It does not depend on the language of generated code.
//! Its names are those of the definition, in Toit's canonical form (`-` inside, not `_`).

mod form;
mod members;
mod read;
mod reserved;
mod types;

pub(crate) use form::INDEX_MAX;
pub(crate) use read::read;
pub use reserved::{is_name_of_field_free, is_name_of_method_free, is_name_of_type_free};

use lucarne_compiler::source::Span;

/// The number of notifications that wait at a client for a method with `@next`, if the directive has no other number.
pub const BOUND_DEFAULT: u32 = 10;

/// The maximum number of values of a notification that is given to a lambda: Toit's lambdas take no more arguments.
pub const LAMBDA_VALUES_MAX: usize = 4;

/// The interface of a service.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// The name of the interface.
    pub name: String,
    /// The place of the name in the definition, as all places of this module.
    pub place: Span,
    /// The documentation, without directives.
    pub doc: String,
    /// The UUID, in small letters.
    pub uuid: String,
    /// The version.
    pub version: Version,
    /// The place of the directive with UUID and version.
    pub version_place: Span,
    /// The methods of the service itself, in the order of the definition.
    pub methods: Vec<Method>,
    /// The resources, in the order of the definition.
    pub resources: Vec<Resource>,
    /// The records, in the order of the definition.
    pub records: Vec<Record>,
}

/// The version of an interface.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Version {
    /// Different major versions do not understand each other.
    pub major: u32,
    /// A provider understands clients with the same or a lower minor version.
    pub minor: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

/// A method that clients call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Method {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub place: Span,
    /// The documentation, without directives.
    pub doc: String,
    /// The index that `@index` gives it, and its place.
    pub fixed: Option<(u32, Span)>,
    /// The index in messages. Reading a definition leaves it at 0; [`crate::lock`] assigns it.
    pub index: u32,
    /// The minor version that added it.
    pub since: Option<u32>,
    /// The parameters, in the order of the definition, which is that of messages.
    pub parameters: Vec<Parameter>,
    /// The type of the result.
    pub result: Type,
    /// The errors that it throws.
    pub errors: Vec<Fault>,
    /// The time after which clients give up, in milliseconds.
    pub timeout: Option<u64>,
}

/// A parameter of a method, or a value of a notification.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub place: Span,
    /// Whether Toit programs give it by name.
    pub is_named: bool,
    /// The type.
    pub ty: Type,
}

/// An error that a method throws.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The name, in capitals with `_`.
    pub name: String,
    /// The text that is thrown.
    pub text: String,
    /// The place of the directive.
    pub place: Span,
}

/// An object that a provider keeps for a client.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// The name of its interface.
    pub name: String,
    /// The place of the name.
    pub place: Span,
    /// The documentation, without directives.
    pub doc: String,
    /// The methods that clients call.
    pub methods: Vec<Method>,
    /// The method that closes it.
    pub close: Option<Closing>,
    /// The notifications that it sends.
    pub notification: Option<Notification>,
}

/// The method that closes a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Closing {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub place: Span,
    /// The documentation, without directives.
    pub doc: String,
}

/// The notifications of a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// The name of the method through which clients receive it.
    pub name: String,
    /// The place of the name.
    pub place: Span,
    /// The documentation, without directives.
    pub doc: String,
    /// How clients receive it.
    pub delivery: Delivery,
}

impl Notification {
    /// Returns the types of the values of a notification.
    pub fn types(&self) -> Vec<&Type> {
        match &self.delivery {
            Delivery::Next { value, .. } => vec![value],
            Delivery::Listener { values, .. } => values.iter().map(|value| &value.ty).collect(),
        }
    }
}

/// How clients receive notifications.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivery {
    /// By a method that waits for the next one (`@next`).
    Next {
        /// The type of a notification.
        value: Type,
        /// The number of notifications that wait at the client.
        bound: u32,
    },
    /// By a lambda that is called with each (`@notification`).
    Listener {
        /// The name of the parameter that takes the lambda.
        lambda: String,
        /// Whether Toit programs give the lambda by name.
        is_named: bool,
        /// The values of a notification.
        values: Vec<Parameter>,
    },
}

/// A class of fields that is sent as a map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The name of the class.
    pub name: String,
    /// The place of the name.
    pub place: Span,
    /// The documentation, without directives.
    pub doc: String,
    /// The fields, in the order of the definition.
    pub fields: Vec<Field>,
    /// The parameters of the constructor: for each the place in `fields`, and whether it is given by name.
    pub constructor: Vec<(usize, bool)>,
}

/// A field of a record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The place of the name.
    pub place: Span,
    /// The documentation, without directives.
    pub doc: String,
    /// The type.
    pub ty: Type,
    /// The minor version that added it.
    pub since: Option<u32>,
}

impl Field {
    /// Returns the key of the field in the map that is sent.
    pub fn key(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// The type of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Type {
    /// The type without null.
    pub kind: Kind,
    /// Whether it can be null. False for `any` and `none`, which include null.
    pub is_nullable: bool,
}

impl Type {
    /// Returns the type of values that are not null.
    pub fn of(kind: Kind) -> Type {
        Type { kind, is_nullable: false }
    }

    /// Returns whether null is one of the values.
    pub fn takes_null(&self) -> bool {
        self.is_nullable || matches!(self.kind, Kind::Any | Kind::None)
    }

    /// Returns the type as Toit declares it: without the types of elements.
    pub fn declared(&self) -> String {
        format!("{}{}", self.kind.toit(), if self.is_nullable { "?" } else { "" })
    }

    /// Returns the name of the resource, if it is one.
    pub fn resource(&self) -> Option<&str> {
        match &self.kind {
            Kind::Resource(name) => Some(name),
            _ => None,
        }
    }
}

/// A type without null.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    /// No value; only as a result.
    None,
    /// Any value that can be sent.
    Any,
    /// A boolean.
    Bool,
    /// An integer of 64 bits.
    Int,
    /// A float of 64 bits.
    Float,
    /// A string.
    String,
    /// A byte array.
    Bytes,
    /// A list, with the type of its elements.
    List(Box<Type>),
    /// A map, with the types of its keys and values.
    Map(Box<Type>, Box<Type>),
    /// A record, by its name.
    Record(String),
    /// A resource, by its name; only as a result.
    Resource(String),
}

impl std::fmt::Display for Type {
    /// Writes the type as directives write it.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.kind {
            Kind::List(element) if element.kind != Kind::Any => write!(formatter, "List<{element}>")?,
            Kind::Map(key, value) if (&key.kind, &value.kind) != (&Kind::Any, &Kind::Any) => {
                write!(formatter, "Map<{key}, {value}>")?;
            }
            kind => formatter.write_str(kind.toit())?,
        }
        formatter.write_str(if self.is_nullable { "?" } else { "" })
    }
}

impl Kind {
    /// Returns the name of the type in Toit.
    pub fn toit(&self) -> &str {
        match self {
            Kind::None => "none",
            Kind::Any => "any",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Float => "float",
            Kind::String => "string",
            Kind::Bytes => "ByteArray",
            Kind::List(_) => "List",
            Kind::Map(..) => "Map",
            Kind::Record(name) | Kind::Resource(name) => name,
        }
    }
}

impl Interface {
    /// Calls a function with each method that has an index, and the name of its resource.
    pub fn each_method<'a>(&'a self, mut visit: impl FnMut(Option<&'a Resource>, &'a Method)) {
        self.methods.iter().for_each(|method| visit(None, method));
        for resource in &self.resources {
            resource.methods.iter().for_each(|method| visit(Some(resource), method));
        }
    }

    /// Returns the record with a name.
    pub fn record(&self, name: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.name == name)
    }

    /// Returns the resource with a name.
    pub fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.name == name)
    }

    /// Returns the errors of all methods, each once.
    pub fn errors(&self) -> Vec<&Fault> {
        let mut errors: Vec<&Fault> = Vec::new();
        self.each_method(|_, method| {
            for error in &method.errors {
                if errors.iter().all(|known| known.name != error.name) {
                    errors.push(error);
                }
            }
        });
        errors
    }
}

/// Returns the name of a method as messages to users and index files write it: `Feed.mute`, or `measure` for a method of
/// the service itself.
pub fn qualified(resource: Option<&str>, method: &str) -> String {
    match resource {
        Some(resource) => format!("{resource}.{method}"),
        None => method.to_owned(),
    }
}

/// Returns the name of a method among all methods of a service: `feed-mute` for the method `mute` of the resource `Feed`.
pub(crate) fn flat(resource: Option<&str>, method: &str) -> String {
    match resource {
        Some(resource) => format!("{}-{method}", kebab(resource)),
        None => method.to_owned(),
    }
}

/// Returns the name of a type in small letters with `-` between its words: `tcp-socket` for `TcpSocket`.
pub fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut text = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(at + 1);
        let begins_word = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                !before.is_ascii_uppercase() || after.is_some_and(char::is_ascii_lowercase)
            });
        if begins_word {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_type_names_are_separated() {
        for (name, expected) in [
            ("Feed", "feed"),
            ("TcpSocket", "tcp-socket"),
            ("HTTPServer", "http-server"),
            ("Mode2D", "mode2-d"),
        ] {
            assert_eq!(kebab(name), expected);
        }
    }
}
