//! The functions that convert records, lists and maps to values that are sent, and back. Each converts one type; other
//! types need no function of their own.

use std::collections::BTreeSet;

use super::names::{literal, member};
use super::types::key;
use super::{C, Text, function};
use crate::model::{Interface, Kind, Record, Type};

/// The types that are sent.
pub(super) struct Codec<'a> {
    sent: Vec<&'a Type>,
    /// The types with functions, without null. A type can come before the types that it contains.
    converted: Vec<Type>,
}

impl<'a> Codec<'a> {
    pub(super) fn new(interface: &'a Interface) -> Self {
        let mut sent = Vec::new();
        interface.each_method(|_, method| {
            sent.extend(method.parameters.iter().map(|parameter| &parameter.ty));
            sent.push(&method.result);
        });
        for notification in interface.resources.iter().filter_map(|resource| resource.notification.as_ref()) {
            sent.extend(notification.types());
        }
        let mut converted = Vec::new();
        let mut known = BTreeSet::new();
        let mut left: Vec<&Type> = sent.iter().rev().copied().collect();
        while let Some(ty) = left.pop() {
            if !needs_function(ty) || !known.insert(key(&Type::of(ty.kind.clone()))) {
                continue;
            }
            converted.push(Type::of(ty.kind.clone()));
            match &ty.kind {
                Kind::List(element) => left.push(element),
                Kind::Map(_, value) => left.push(value),
                Kind::Record(name) => {
                    let fields = interface.record(name).map(|record| &record.fields[..]).unwrap_or_default();
                    left.extend(fields.iter().rev().map(|field| &field.ty));
                }
                _ => {}
            }
        }
        Codec { sent, converted }
    }

    /// Returns the types that are sent.
    pub(super) fn sent(&self) -> &[&'a Type] {
        &self.sent
    }
}

/// Returns whether a type is converted by a function of its own, which needs memory.
pub(super) fn needs_function(ty: &Type) -> bool {
    match &ty.kind {
        Kind::Record(_) => true,
        Kind::List(element) => element.kind != Kind::Any,
        Kind::Map(key, _) => key.kind != Kind::Any,
        _ => false,
    }
}

/// Returns the C expression that makes a value of `expression`, whose type needs no function.
pub(super) fn plain_value(ty: &Type, expression: &str) -> String {
    let name = match &ty.kind {
        Kind::Bool => "bool",
        Kind::Int => "int",
        Kind::Float => "float",
        Kind::String => "string",
        Kind::Bytes => "bytes",
        Kind::List(_) => "list",
        Kind::Map(..) => "map",
        Kind::None | Kind::Resource(_) => return "toit_value_null()".to_owned(),
        Kind::Any | Kind::Record(_) => return expression.to_owned(),
    };
    format!("toit_value_{name}{}({expression})", if ty.is_nullable { "_or_null" } else { "" })
}

impl C<'_> {
    /// Adds all functions that convert.
    pub(super) fn codec(&self, text: &mut Text) {
        let converted = &self.codec.converted;
        if converted.is_empty() {
            return;
        }
        text.gap();
        for ty in converted {
            function(text, &self.encoder(ty), &self.encoder_parameters(ty), ";");
            function(text, &self.decoder(ty), &self.decoder_parameters(ty), ";");
        }
        for ty in converted {
            text.gap();
            function(text, &self.encoder(ty), &self.encoder_parameters(ty), " {");
            text.indented(2, |text| {
                // A record of C can contain itself.
                text.line("if (depth > TOIT_DEPTH_MAX) return TOIT_ERR_ERROR;");
                self.encode_body(text, ty);
            });
            text.line("}");
            text.gap();
            function(text, &self.decoder(ty), &self.decoder_parameters(ty), " {");
            text.indented(2, |text| self.decode_body(text, ty));
            text.line("}");
        }
    }

    fn encoder(&self, ty: &Type) -> String {
        format!("static toit_err_t {}", self.prefix.name(&format!("encode_{}", key(ty))))
    }

    fn encoder_parameters(&self, ty: &Type) -> Vec<String> {
        [
            "toit_message_t* message",
            &format!("{} value", self.ty(ty)),
            "bool or_null",
            "int depth",
            "toit_value_t* result",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn decoder(&self, ty: &Type) -> String {
        format!("static bool {}", self.prefix.name(&format!("decode_{}", key(ty))))
    }

    fn decoder_parameters(&self, ty: &Type) -> Vec<String> {
        [
            "toit_message_t* message",
            "const toit_value_t* value",
            "const char* name",
            "bool or_null",
            &format!("{}* result", self.ty(ty)),
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// Returns the expression that encodes an expression of a type with a function. It is a `toit_err_t`. `depth` is the
    /// number of values around it, as an expression.
    pub(super) fn encoding(&self, ty: &Type, expression: &str, depth: &str, place: &str) -> String {
        let name = self.prefix.name(&format!("encode_{}", key(&Type::of(ty.kind.clone()))));
        format!("{name}(message, {expression}, {}, {depth}, &{place})", ty.is_nullable)
    }

    /// Returns the expression that decodes a value, given by a pointer, into a place of the type for parameters. It
    /// is a `bool`. Returns none for types that take any value as it is.
    pub(super) fn decoding(
        &self,
        ty: &Type,
        message: &str,
        value: &str,
        name: &str,
        place: &str,
    ) -> Option<String> {
        let flag = format!(", {}", ty.is_nullable);
        let or_null = if ty.is_nullable { "_or_null" } else { "" };
        let (read, flag) = match &ty.kind {
            Kind::Any | Kind::None | Kind::Resource(_) => return None,
            Kind::Bool => (format!("toit_read_bool{or_null}"), ""),
            Kind::Int => (format!("toit_read_int{or_null}"), ""),
            Kind::Float => (format!("toit_read_float{or_null}"), ""),
            Kind::String => ("toit_read_string".to_owned(), &*flag),
            Kind::Bytes => ("toit_read_bytes".to_owned(), &*flag),
            _ if needs_function(ty) => {
                (self.prefix.name(&format!("decode_{}", key(&Type::of(ty.kind.clone())))), &*flag)
            }
            Kind::List(_) => ("toit_read_list".to_owned(), &*flag),
            Kind::Map(..) | Kind::Record(_) => ("toit_read_map".to_owned(), &*flag),
        };
        Some(format!("{read}({message}, {value}, {name}{flag}, &{place})"))
    }

    /// Adds a statement that encodes an expression into a place, in a function that returns errors.
    fn encode(&self, text: &mut Text, ty: &Type, expression: &str, place: &str) {
        if !needs_function(ty) {
            return text.line(format!("{place} = {};", plain_value(ty, expression)));
        }
        text.line(format!("error = {};", self.encoding(ty, expression, "depth + 1", place)));
        text.line("if (error != TOIT_OK) return error;");
    }

    fn encode_body(&self, text: &mut Text, ty: &Type) {
        if let Kind::Record(name) = &ty.kind {
            let Some(record) = self.interface.record(name) else { return };
            return self.encode_record(text, record);
        }
        let Some((field, inner)) = parts(ty) else { return };
        text.line(format!("if (value.{field} == NULL && or_null) {{"));
        text.line("  *result = toit_value_null();");
        text.line("  return TOIT_OK;");
        text.line("}");
        text.line(format!("if (value.{field} == NULL && value.count != 0) return TOIT_ERR_ERROR;"));
        let (made, made_type) =
            if field == "items" { ("list", "toit_value_t") } else { ("map", "toit_entry_t") };
        text.line(format!(
            "{made_type}* {field} = toit_message_allocate(message, value.count, sizeof({made_type}));"
        ));
        text.line(format!("if ({field} == NULL) return TOIT_ERR_OOM;"));
        if needs_function(inner) {
            text.line("toit_err_t error;");
        }
        text.line("for (size_t i = 0; i < value.count; i++) {");
        text.indented(2, |text| match &ty.kind {
            Kind::Map(map_key, _) => {
                self.encode(text, map_key, "value.entries[i].key", "entries[i].key");
                self.encode(text, inner, "value.entries[i].value", "entries[i].value");
            }
            _ if is_inside(inner) => self.encode(text, inner, "&value.items[i]", "items[i]"),
            _ => self.encode(text, inner, "value.items[i]", "items[i]"),
        });
        text.line("}");
        text.line(format!("toit_{made}_t {made} = {{ {field}, value.count }};"));
        text.line(format!("*result = toit_value_{made}({made});"));
        text.line("return TOIT_OK;");
    }

    fn encode_record(&self, text: &mut Text, record: &Record) {
        let count = record.fields.len();
        text.line("if (value == NULL) {");
        text.line("  *result = toit_value_null();");
        text.line("  return or_null ? TOIT_OK : TOIT_ERR_ERROR;");
        text.line("}");
        text.line(format!(
            "toit_entry_t* entries = toit_message_allocate(message, {count}, sizeof(toit_entry_t));"
        ));
        text.line("if (entries == NULL) return TOIT_ERR_OOM;");
        if record.fields.iter().any(|field| needs_function(&field.ty)) {
            text.line("toit_err_t error;");
        }
        for (place, field) in record.fields.iter().enumerate() {
            let key = literal(&field.key());
            text.line(format!("entries[{place}].key = toit_value_string(toit_string({key}));"));
            let member = format!("value->{}", member(&field.name));
            self.encode(text, &field.ty, &member, &format!("entries[{place}].value"));
        }
        text.line(format!("toit_map_t map = {{ entries, {count} }};"));
        text.line("*result = toit_value_map(map);");
        text.line("return TOIT_OK;");
    }

    fn decode_body(&self, text: &mut Text, ty: &Type) {
        if let Kind::Record(name) = &ty.kind {
            let Some(record) = self.interface.record(name) else { return };
            return self.decode_record(text, record);
        }
        let Some((field, inner)) = parts(ty) else { return };
        let (from, element) =
            if field == "items" { ("list", self.element(inner)) } else { ("map", self.entry(ty)) };
        text.line(format!("toit_{from}_t {from};"));
        text.line(format!("if (!toit_read_{from}(message, value, name, or_null, &{from})) return false;"));
        text.line(format!("result->{field} = NULL;"));
        text.line(format!("result->count = {from}.count;"));
        text.line(format!("if ({from}.{field} == NULL) return true;"));
        text.line(format!(
            "{element}* {field} = toit_message_allocate(message, {from}.count, sizeof({element}));"
        ));
        text.line(format!("if ({field} == NULL) return false;"));
        text.line(format!("for (size_t i = 0; i < {from}.count; i++) {{"));
        text.indented(2, |text| match &ty.kind {
            Kind::Map(map_key, _) => {
                self.decode(text, map_key, "&map.entries[i].key", "name", "entries[i].key");
                self.decode(text, inner, "&map.entries[i].value", "name", "entries[i].value");
            }
            _ if is_inside(inner) => {
                text.line(format!("{} item;", self.ty(inner)));
                self.decode(text, inner, "&list.items[i]", "name", "item");
                text.line("items[i] = *item;");
            }
            _ => self.decode(text, inner, "&list.items[i]", "name", "items[i]"),
        });
        text.line("}");
        text.line(format!("result->{field} = {field};"));
        text.line("return true;");
    }

    fn decode_record(&self, text: &mut Text, record: &Record) {
        let name = self.prefix.ty(&record.name);
        text.line("toit_map_t map;");
        text.line("if (!toit_read_map(message, value, name, or_null, &map)) return false;");
        text.line("*result = NULL;");
        text.line("if (map.entries == NULL) return true;");
        text.line(format!("{name}* record = toit_message_allocate(message, 1, sizeof({name}));"));
        text.line("if (record == NULL) return false;");
        for field in &record.fields {
            let key = literal(&field.key());
            let place = format!("record->{}", member(&field.name));
            self.decode(text, &field.ty, &format!("toit_map_find(map, {key})"), &key, &place);
        }
        text.line("*result = record;");
        text.line("return true;");
    }

    /// Adds a statement that decodes a value into a place, in a function that returns whether that was possible.
    fn decode(&self, text: &mut Text, ty: &Type, value: &str, name: &str, place: &str) {
        match self.decoding(ty, "message", value, name, place) {
            Some(decoding) => unless(text, &decoding, "return false;"),
            None => text.line(format!("{place} = *{value};").replace("*&", "")),
        }
    }
}

/// Adds a statement that runs if an expression is false.
pub(super) fn unless(text: &mut Text, expression: &str, statement: &str) {
    let line = format!("if (!{expression}) {statement}");
    if line.len() <= text.room() {
        return text.line(line);
    }
    text.line(format!("if (!{expression}) {{"));
    text.line(format!("  {statement}"));
    text.line("}");
}

/// Returns the member with the parts of a list or map, and the type of its elements or values.
fn parts(ty: &Type) -> Option<(&'static str, &Type)> {
    match &ty.kind {
        Kind::List(element) => Some(("items", element)),
        Kind::Map(_, value) => Some(("entries", value)),
        _ => None,
    }
}

/// Returns whether an element of a list is stored in it, while a parameter would be a pointer.
fn is_inside(ty: &Type) -> bool {
    matches!(ty.kind, Kind::Record(_)) && !ty.is_nullable
}
