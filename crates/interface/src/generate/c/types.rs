//! The types of C, and their declarations.
//!
//! Strings, byte arrays, lists and maps are structures of a pointer and a number, and null is a pointer that is NULL.
//! Records are pointers, except as elements of lists and as results, and so are other values that can be null.

use std::collections::BTreeSet;

use super::names::{comment, member};
use super::{C, Text};
use crate::model::{Kind, Record, Type};

impl C<'_> {
    /// Returns the type of a parameter or a member.
    pub(super) fn ty(&self, ty: &Type) -> String {
        let plain = match &ty.kind {
            Kind::Record(name) => return format!("const {}*", self.prefix.ty(name)),
            Kind::String => return "toit_string_t".to_owned(),
            Kind::Bytes => return "toit_bytes_t".to_owned(),
            Kind::Any => return "toit_value_t".to_owned(),
            Kind::List(element) if element.kind == Kind::Any => return "toit_list_t".to_owned(),
            Kind::Map(key, _) if key.kind == Kind::Any => return "toit_map_t".to_owned(),
            Kind::List(_) | Kind::Map(..) => return self.prefix.ty(&key(&Type::of(ty.kind.clone()))),
            // Resources are handled where they can be: as results.
            Kind::Bool | Kind::None | Kind::Resource(_) => "bool",
            Kind::Int => "int64_t",
            Kind::Float => "double",
        };
        if ty.is_nullable { format!("const {plain}*") } else { plain.to_owned() }
    }

    /// Returns the type of an element of a list, or of a result.
    pub(super) fn element(&self, ty: &Type) -> String {
        match &ty.kind {
            Kind::Record(name) if !ty.is_nullable => self.prefix.ty(name),
            _ => self.ty(ty),
        }
    }

    /// Adds the declarations of all types that are made for values.
    pub(super) fn types(&self, text: &mut Text) {
        let records = &self.interface.records;
        let mut collections = Vec::new();
        for record in records {
            record.fields.iter().for_each(|field| collect(&field.ty, &mut collections));
        }
        for ty in self.codec.sent() {
            collect(ty, &mut collections);
        }
        let mut known = BTreeSet::new();
        collections.retain(|ty| known.insert(key(ty)));
        if !records.is_empty() {
            text.gap();
            text.line("/* The records. */");
        }
        for record in records {
            let name = self.prefix.ty(&record.name);
            text.line(format!("typedef struct {name} {name};"));
        }
        if !collections.is_empty() {
            text.gap();
            text.line("/* The lists and maps. If `items` or `entries` is NULL, they are empty, or null where null is possible. */");
        }
        // Types that others contain come first.
        for ty in &collections {
            self.collection(text, ty);
        }
        for record in records {
            self.record(text, record);
        }
    }

    fn collection(&self, text: &mut Text, ty: &Type) {
        let name = self.prefix.ty(&key(ty));
        match &ty.kind {
            Kind::List(element) => {
                let element = self.element(element);
                text.line("typedef struct {");
                text.line(format!("  {} items;", pointer(&element)));
                text.line("  size_t count;");
                text.line(format!("}} {name};"));
            }
            Kind::Map(map_key, value) => {
                let entry = self.entry(ty);
                text.line("typedef struct {");
                text.line(format!("  {} key;", self.ty(map_key)));
                text.line(format!("  {} value;", self.ty(value)));
                text.line(format!("}} {entry};"));
                text.line("typedef struct {");
                text.line(format!("  const {entry}* entries;"));
                text.line("  size_t count;");
                text.line(format!("}} {name};"));
            }
            _ => {}
        }
        text.gap();
    }

    /// Returns the type of the entries of a map.
    pub(super) fn entry(&self, ty: &Type) -> String {
        self.prefix.ty(&format!("entry_of_{}", key(ty)))
    }

    fn record(&self, text: &mut Text, record: &Record) {
        text.gap();
        comment(text, &record.doc, &[]);
        text.line(format!("struct {} {{", self.prefix.ty(&record.name)));
        text.indented(2, |text| {
            for field in &record.fields {
                comment(text, &field.doc, &[]);
                text.line(format!("{} {};", self.ty(&field.ty), member(&field.name)));
            }
            if record.fields.is_empty() {
                text.line("char no_fields;");
            }
        });
        text.line("};");
    }
}

/// Returns the type of a pointer to constant objects of a type.
fn pointer(ty: &str) -> String {
    if ty.ends_with('*') { format!("{ty} const*") } else { format!("const {ty}*") }
}

/// Adds the lists and maps that need declarations, those inside others first.
fn collect(ty: &Type, found: &mut Vec<Type>) {
    match &ty.kind {
        Kind::List(element) if element.kind != Kind::Any => collect(element, found),
        Kind::Map(key, value) if key.kind != Kind::Any => collect(value, found),
        _ => return,
    }
    found.push(Type::of(ty.kind.clone()));
}

/// Returns the name of a type within names: `list_of_nullable_int`.
pub(super) fn key(ty: &Type) -> String {
    let nullable = if ty.is_nullable { "nullable_" } else { "" };
    let name = match &ty.kind {
        Kind::None => "none".to_owned(),
        Kind::Any => "any".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Int => "int".to_owned(),
        Kind::Float => "float".to_owned(),
        Kind::String => "string".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
        Kind::List(element) if element.kind == Kind::Any => "list".to_owned(),
        Kind::Map(map_key, _) if map_key.kind == Kind::Any => "map".to_owned(),
        Kind::List(element) => format!("list_of_{}", key(element)),
        Kind::Map(map_key, value) => format!("map_of_{}_to_{}", key(map_key), key(value)),
        Kind::Record(name) | Kind::Resource(name) => name.clone(),
    };
    format!("{nullable}{name}")
}
