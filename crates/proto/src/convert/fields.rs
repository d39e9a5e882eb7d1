//! The fields of messages: types, null, defaults.

use lucarne_interface::model::is_name_of_field_free;
use protox::prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::Converter;
use crate::draft::Field;
use crate::{names, origin};

/// The hint for protobuf types that can hold messages of several types.
const OTHER_TYPE: &str = "use a type of your own in its place";

/// A type in Toit.
struct Ty {
    name: String,
    /// The value that protobuf gives to an absent field, as a Toit expression. None if a value must be given.
    zero: Option<&'static str>,
    /// A remark for the comment, if the type alone does not say all.
    remark: Option<String>,
}

impl Ty {
    fn plain(name: &str, zero: &'static str) -> Ty {
        Ty { name: name.to_owned(), zero: Some(zero), remark: None }
    }
}

impl Converter {
    /// Converts a field. Returns none after a refusal.
    pub(super) fn field(&mut self, field: &FieldDescriptor) -> Option<Field> {
        let file = field.parent_message().parent_file();
        let mut doc = origin::comment(&file, field.path());
        let name = names::small(field.name(), "field", is_name_of_field_free);
        let mut converted = Field {
            name,
            doc: Vec::new(),
            ty: String::new(),
            elements: None,
            default: None,
            number: field.number(),
        };
        let ty;
        if field.is_map() {
            let kind = field.kind();
            let (key, value) = self.map(field, kind.as_message()?)?;
            converted.elements = Some(format!("Map<{}, {}>", key.name, value.name));
            (converted.ty, converted.default) = ("Map".to_owned(), Some("{:}"));
            ty = value;
        } else {
            ty = self.ty(field, &field.kind())?;
            if field.is_list() {
                converted.elements = Some(format!("List<{}>", ty.name));
                (converted.ty, converted.default) = ("List".to_owned(), Some("[]"));
            } else if field.is_required() {
                converted.ty.clone_from(&ty.name);
            } else if field.supports_presence() || ty.zero.is_none() {
                converted.ty = if ty.name == "any" { ty.name.clone() } else { format!("{}?", ty.name) };
                converted.default = Some("null");
            } else {
                converted.ty.clone_from(&ty.name);
                converted.default = ty.zero;
            }
        }
        doc.extend(ty.remark);
        doc.extend(one_of(field));
        if let Some(default) = &field.field_descriptor_proto().default_value {
            let stands = if field.is_required() { "The default of protobuf is" } else { "Null stands for" };
            doc.push(format!("{stands} {}.", self.shown_default(field, default)));
        }
        converted.doc = doc;
        Some(converted)
    }

    /// Returns a default value for a comment: strings in quotes, other values as Toit writes them.
    fn shown_default(&self, field: &FieldDescriptor, default: &str) -> String {
        let shown = match field.kind() {
            // Protobuf may write all digits of a number.
            Kind::Float | Kind::Double => match default.parse::<f64>() {
                Ok(number) if number.is_nan() => "float.NAN".to_owned(),
                Ok(f64::INFINITY) => "float.INFINITY".to_owned(),
                Ok(f64::NEG_INFINITY) => "-float.INFINITY".to_owned(),
                Ok(number) => format!("{number:?}"),
                Err(_) => default.to_owned(),
            },
            Kind::Enum(of) => names::constant(&names::class(self.relative(of.full_name())), default),
            Kind::String | Kind::Bytes => format!("{default:?}"),
            _ => default.to_owned(),
        };
        // Unchanged, `$` would begin a reference to a name, and the others would end or begin a comment.
        shown.replace('$', "\\$").replace("*/", "* /").replace("/*", "/ *")
    }

    fn map(&mut self, field: &FieldDescriptor, entry: &MessageDescriptor) -> Option<(Ty, Ty)> {
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        if key.kind() == Kind::Bool {
            let title = format!("the keys of {} are booleans", field.full_name());
            let hint = "keys are strings or integers: take two fields for the two values";
            self.refuse(&field.parent_message().parent_file(), field.path(), title, hint);
            return None;
        }
        Some((self.ty(field, &key.kind())?, self.ty(field, &value.kind())?))
    }

    fn ty(&mut self, field: &FieldDescriptor, kind: &Kind) -> Option<Ty> {
        Some(match kind {
            Kind::Double | Kind::Float => Ty::plain("float", "0.0"),
            Kind::Bool => Ty::plain("bool", "false"),
            Kind::String => Ty::plain("string", "\"\""),
            Kind::Bytes => Ty::plain("ByteArray", "#[]"),
            Kind::Uint64 | Kind::Fixed64 => Ty {
                remark: Some("Without a sign: numbers from 2^63 are negative here.".to_owned()),
                ..Ty::plain("int", "0")
            },
            Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Fixed32
            | Kind::Sfixed32
            | Kind::Sfixed64 => Ty::plain("int", "0"),
            Kind::Enum(of) => {
                let name = self.use_enum(of);
                let values = match of.values().len() {
                    0 => return None,
                    _ => names::constant(&name, of.default_value().name()),
                };
                Ty { remark: Some(format!("A value of {name}, such as {values}.")), ..Ty::plain("int", "0") }
            }
            Kind::Message(message) => self.message(field, message)?,
        })
    }

    fn message(&mut self, field: &FieldDescriptor, message: &MessageDescriptor) -> Option<Ty> {
        let wrapped = match message.full_name() {
            "google.protobuf.DoubleValue" | "google.protobuf.FloatValue" => "float",
            "google.protobuf.Int64Value"
            | "google.protobuf.UInt64Value"
            | "google.protobuf.Int32Value"
            | "google.protobuf.UInt32Value" => "int",
            "google.protobuf.BoolValue" => "bool",
            "google.protobuf.StringValue" => "string",
            "google.protobuf.BytesValue" => "ByteArray",
            "google.protobuf.Struct" => "Map",
            "google.protobuf.ListValue" => "List",
            "google.protobuf.Value" => "any",
            _ => "",
        };
        if !wrapped.is_empty() {
            return Some(Ty { name: wrapped.to_owned(), zero: None, remark: None });
        }
        let file = field.parent_message().parent_file();
        if field.is_group() {
            let title = format!("the field {} is a group", field.full_name());
            self.refuse(&file, field.path(), title, "write a message, and a field of its type");
            return None;
        }
        if message.full_name() == "google.protobuf.Any" {
            let title =
                format!("the field {} takes messages of all types (google.protobuf.Any)", field.full_name());
            self.refuse(&file, field.path(), title, OTHER_TYPE);
            return None;
        }
        if message.fields().len() == 0 {
            let title = format!(
                "the field {} has the message {}, which has no fields",
                field.full_name(),
                message.name()
            );
            self.refuse(&file, field.path(), title, "write `bool`, or give the message a field");
            return None;
        }
        Some(Ty { name: self.use_message(message), zero: None, remark: None })
    }
}

/// Returns the remark about a field that excludes others.
fn one_of(field: &FieldDescriptor) -> Option<String> {
    let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic())?;
    let names: Vec<String> =
        oneof.fields().map(|field| names::small(field.name(), "field", is_name_of_field_free)).collect();
    Some(format!("One of {}: at most one of them is not null.", names.join(", ")))
}
