//! Functions that convert values that contain records: records are sent as maps.

use crate::generate::text::Text;
use crate::model::{Delivery, Interface, Kind, Type, kebab};

use super::{DEFINITION, literal};

/// The direction of a conversion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// To the value that is sent.
    Encode,
    /// From the value that was sent.
    Decode,
}

impl Way {
    fn verb(self) -> &'static str {
        match self {
            Way::Encode => "encode",
            Way::Decode => "decode",
        }
    }
}

/// The types that need a conversion, each with the name that its functions contain.
pub(super) struct Codec {
    types: Vec<(Shape, String)>,
}

/// A type that contains a record, without what conversions do not depend on: null, and the keys of maps.
#[derive(Clone, PartialEq, Eq)]
enum Shape {
    Record(String),
    List(Box<Shape>),
    Map(Box<Shape>),
}

impl Shape {
    fn of(ty: &Type) -> Option<Shape> {
        match &ty.kind {
            Kind::Record(name) => Some(Shape::Record(name.clone())),
            Kind::List(element) => Some(Shape::List(Box::new(Shape::of(element)?))),
            Kind::Map(_, value) => Some(Shape::Map(Box::new(Shape::of(value)?))),
            _ => None,
        }
    }
}

impl Codec {
    pub(super) fn new(interface: &Interface) -> Self {
        let mut codec = Codec { types: Vec::new() };
        for record in &interface.records {
            codec.name_of(&Shape::Record(record.name.clone()));
            record.fields.iter().for_each(|field| codec.add(&field.ty));
        }
        interface.each_method(|_, method| {
            method.parameters.iter().for_each(|parameter| codec.add(&parameter.ty));
            codec.add(&method.result);
        });
        for notification in interface.resources.iter().filter_map(|resource| resource.notification.as_ref()) {
            notification.types().into_iter().for_each(|ty| codec.add(ty));
        }
        codec
    }

    /// Adds a type and the types in it, if it contains a record.
    fn add(&mut self, ty: &Type) {
        if let Some(shape) = Shape::of(ty) {
            self.name_of(&shape);
        }
    }

    /// Returns the name of a type. Adds it, if it is new.
    fn name_of(&mut self, shape: &Shape) -> String {
        if let Some(name) = self.find(shape) {
            return name.to_owned();
        }
        let name = match shape {
            Shape::List(element) => format!("list-of-{}", self.name_of(element)),
            Shape::Map(value) => format!("map-of-{}", self.name_of(value)),
            Shape::Record(name) => kebab(name),
        };
        // A record could have the name `ListOfX`.
        let is_free = |name: &str| self.types.iter().all(|(_, taken)| taken != name);
        let numbered = (2..).map(|number| format!("{name}-n{number}"));
        let name = [name.clone()].into_iter().chain(numbered).find(|name| is_free(name)).unwrap_or(name);
        self.types.push((shape.clone(), name.clone()));
        name
    }

    fn find(&self, shape: &Shape) -> Option<&str> {
        self.types.iter().find(|(known, _)| known == shape).map(|(_, name)| name.as_str())
    }

    fn function_of(&self, way: Way, shape: &Shape) -> String {
        format!("{}-{}_", way.verb(), self.find(shape).unwrap_or_default())
    }

    /// Returns the function that converts a type, if it needs one.
    pub(super) fn function(&self, way: Way, ty: &Type) -> Option<String> {
        Shape::of(ty).map(|shape| self.function_of(way, &shape))
    }

    /// Returns the expression that converts a value.
    pub(super) fn converted(&self, way: Way, ty: &Type, value: &str) -> String {
        match self.function(way, ty) {
            Some(function) => format!("({function} {value})"),
            None => value.to_owned(),
        }
    }

    /// Adds all functions. They return null for null, so that callers need not check for null.
    pub(super) fn functions(&self, interface: &Interface, text: &mut Text) {
        for (shape, name) in &self.types {
            for way in [Way::Encode, Way::Decode] {
                self.add_function(interface, text, shape, way, name);
            }
        }
    }

    fn add_function(&self, interface: &Interface, text: &mut Text, shape: &Shape, way: Way, name: &str) {
        let (sent, plain) = match shape {
            Shape::Record(record) => ("Map?".to_owned(), format!("{DEFINITION}.{record}?")),
            Shape::List(_) => ("List?".to_owned(), "List?".to_owned()),
            Shape::Map(_) => ("Map?".to_owned(), "Map?".to_owned()),
        };
        let (from, to) = if way == Way::Encode { (plain, sent) } else { (sent, plain) };
        text.gap();
        text.line(format!("{}-{name}_ value/{from} -> {to}:", way.verb()));
        text.indented(2, |text| {
            text.line("if not value: return null");
            match shape {
                Shape::List(element) => {
                    text.line(format!(
                        "return value.map: | element | {} element",
                        self.function_of(way, element)
                    ));
                }
                Shape::Map(element) => {
                    text.line(format!(
                        "return value.map: | _ element | {} element",
                        self.function_of(way, element)
                    ));
                }
                Shape::Record(record) if way == Way::Encode => self.encode_record(interface, text, record),
                Shape::Record(record) => self.decode_record(interface, text, record),
            }
        });
    }

    fn encode_record(&self, interface: &Interface, text: &mut Text, name: &str) {
        let Some(record) = interface.record(name) else { return };
        text.line("return {");
        text.indented(2, |text| {
            for field in &record.fields {
                let value = self.converted(Way::Encode, &field.ty, &format!("value.{}", field.name));
                text.line(format!("{}: {value},", literal(&field.key())));
            }
        });
        text.line("}");
    }

    fn decode_record(&self, interface: &Interface, text: &mut Text, name: &str) {
        let Some(record) = interface.record(name) else { return };
        text.line(format!("return {DEFINITION}.{name}"));
        text.indented(4, |text| {
            for (field, is_named) in &record.constructor {
                let Some(field) = record.fields.get(*field) else { continue };
                // A provider of an older minor version does not send newer fields.
                let sent = format!("(value.get {})", literal(&field.key()));
                let value = self.converted(Way::Decode, &field.ty, &sent);
                text.line(if *is_named { format!("--{}={value}", field.name) } else { value });
            }
        });
    }

    /// Returns the functions that a client (or a provider) calls, sorted.
    pub(super) fn used(&self, interface: &Interface, is_client: bool) -> Vec<String> {
        let (arguments, results) =
            if is_client { (Way::Encode, Way::Decode) } else { (Way::Decode, Way::Encode) };
        let mut used = Vec::new();
        interface.each_method(|_, method| {
            used.extend(
                method.parameters.iter().filter_map(|parameter| self.function(arguments, &parameter.ty)),
            );
            used.extend(self.function(results, &method.result));
        });
        for resource in &interface.resources {
            match resource.notification.as_ref().map(|notification| &notification.delivery) {
                Some(Delivery::Next { value, .. }) => used.extend(self.function(results, value)),
                Some(Delivery::Listener { values, .. }) => {
                    used.extend(values.iter().filter_map(|value| self.function(results, &value.ty)));
                }
                None => {}
            }
        }
        used.sort();
        used.dedup();
        used
    }
}
