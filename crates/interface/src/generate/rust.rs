//! Generates Rust: a module with a trait for the service and for each resource, records and errors, as a user of
//! `lucarne` writes them. The macros of `lucarne` make the provider and the client from it.

mod lints;

use std::collections::{BTreeMap, BTreeSet};

use super::text::Text;
use super::{File, Origin, bytes};
use crate::model::{
    Delivery, Interface, Kind, Method, Notification, Parameter, Record, Resource, Type, flat,
};

/// The words that cannot be names, in all editions.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// The words that cannot even be raw names.
const PATHS: &[&str] = &["crate", "self", "super"];

/// The constant with the compressed definition.
const DEFINITION: &str = "DEFINITION";

pub(super) fn file(interface: &Interface, origin: Origin<'_>) -> File {
    let mut text = Text::default();
    for line in origin.header("rust") {
        // Not `//!`, so that the file can be included, too.
        text.line(format!("// {line}"));
    }
    let rust =
        Rust { interface, circular: circular(interface), definition: crate::carried::bytes(interface) };
    rust.imports(&mut text);
    text.gap();
    rust.service(&mut text);
    for resource in &interface.resources {
        text.gap();
        rust.resource(&mut text, resource);
    }
    for record in &interface.records {
        text.gap();
        rust.record(&mut text, record);
    }
    rust.errors(&mut text);
    rust.timeouts(&mut text);
    if let Some(definition) = &rust.definition {
        text.gap();
        text.line("/// The definition, compressed: providers carry it for tools such as `lucarne call`.");
        text.line(format!("const {DEFINITION}: &[u8] = {};", bytes::string(definition)));
    }
    File { name: format!("{}.rs", origin.stem().replace('-', "_")), text: text.finish() }
}

struct Rust<'a> {
    interface: &'a Interface,
    /// The records that may contain themselves.
    circular: BTreeSet<&'a str>,
    /// The compressed definition, unless it is too long.
    definition: Option<Vec<u8>>,
}

impl Rust<'_> {
    fn imports(&self, text: &mut Text) {
        let mut types: Vec<&Type> = Vec::new();
        for record in &self.interface.records {
            types.extend(record.fields.iter().map(|field| &field.ty));
        }
        self.interface.each_method(|_, method| {
            types.extend(method.parameters.iter().map(|parameter| &parameter.ty));
            types.push(&method.result);
        });
        let notifications =
            self.interface.resources.iter().filter_map(|resource| resource.notification.as_ref());
        types.extend(notifications.flat_map(Notification::types));
        let uses = |is_kind: fn(&Type) -> bool| types.iter().any(|ty| contains(ty, is_kind));
        let mut names = Vec::new();
        if uses(|ty| ty.kind == Kind::Bytes) {
            names.push("Bytes");
        }
        if !self.interface.resources.is_empty() {
            names.push("Resource");
        }
        if uses(|ty| ty.kind == Kind::Any || is_any_map(ty)) {
            names.push("Value");
        }
        let mut lines = Vec::new();
        match names[..] {
            [] => {}
            [name] => lines.push(format!("use lucarne::{name};")),
            _ => lines.push(format!("use lucarne::{{{}}};", names.join(", "))),
        }
        if !self.interface.records.is_empty() {
            lines.push("use serde::{Deserialize, Serialize};".to_owned());
        }
        if uses(|ty| matches!(ty.kind, Kind::Map(..)) && !is_any_map(ty)) {
            lines.push("use std::collections::BTreeMap;".to_owned());
        }
        if !lines.is_empty() {
            text.gap();
        }
        lines.iter().for_each(|line| text.line(line));
    }

    fn service(&self, text: &mut Text) {
        let interface = self.interface;
        doc(text, &interface.doc);
        text.line("#[lucarne::service(");
        text.indented(4, |text| {
            text.line(format!("uuid = \"{}\",", interface.uuid));
            let comma = if self.definition.is_some() { "," } else { "" };
            text.line(format!("version = \"{}\"{comma}", interface.version));
            if self.definition.is_some() {
                text.line(format!("definition = {DEFINITION}"));
            }
        });
        text.line(")]");
        expect_lints(text, &interface.methods);
        text.line(format!("pub trait {} {{", interface.name));
        text.indented(4, |text| {
            for resource in &interface.resources {
                // The service answers the calls of all resources, so it says which of their types are the same.
                let same: Vec<String> =
                    returned(&resource.methods).iter().map(|name| format!("{name} = Self::{name}")).collect();
                let same = if same.is_empty() { String::new() } else { format!("<{}>", same.join(", ")) };
                doc(text, first_sentence(&resource.doc));
                text.line(format!("type {0}: {0}{same};", resource.name));
            }
            self.methods(text, &interface.methods, !interface.resources.is_empty());
        });
        text.line("}");
    }

    fn resource(&self, text: &mut Text, resource: &Resource) {
        doc(text, &resource.doc);
        text.line(match &resource.notification {
            None => "#[lucarne::resource]".to_owned(),
            Some(notification) => format!("#[lucarne::resource(notifies = {})]", notified(notification)),
        });
        if resource.methods.is_empty() {
            return text.line(format!("pub trait {} {{}}", resource.name));
        }
        expect_lints(text, &resource.methods);
        text.line(format!("pub trait {} {{", resource.name));
        text.indented(4, |text| {
            let types = returned(&resource.methods);
            for name in &types {
                doc(text, self.interface.resource(name).map_or("", |resource| first_sentence(&resource.doc)));
                text.line(format!("type {name}: {name};"));
            }
            self.methods(text, &resource.methods, !types.is_empty());
        });
        text.line("}");
    }

    fn methods(&self, text: &mut Text, methods: &[Method], mut has_line_before: bool) {
        for method in methods {
            if has_line_before {
                text.gap();
            }
            has_line_before = true;
            self.method(text, method);
        }
    }

    fn method(&self, text: &mut Text, method: &Method) {
        doc(text, &method.doc);
        text.line(format!("#[index({})]", method.index));
        if let Some(since) = method.since {
            text.line(format!("#[since({since})]"));
        }
        let mut result = rust_type(&method.result);
        if !method.errors.is_empty() {
            result = format!("Result<{result}, {}Error>", self.interface.name);
        }
        let types = method.parameters.iter().map(|parameter| rust_type(&parameter.ty));
        let types: Vec<String> = types.chain([result.clone()]).collect();
        if let Some(attribute) = lints::of_method(&method.name, &types, method.parameters.len()) {
            text.line(attribute);
        }
        let result = if result == "()" { String::new() } else { format!(" -> {result}") };
        let parameters: Vec<String> =
            [String::from("&self")].into_iter().chain(method.parameters.iter().map(parameter)).collect();
        let name = identifier(&method.name);
        let line = format!("async fn {name}({}){result};", parameters.join(", "));
        if line.len() <= text.room() {
            return text.line(line);
        }
        text.line(format!("async fn {name}("));
        text.indented(4, |text| parameters.iter().for_each(|parameter| text.line(format!("{parameter},"))));
        text.line(format!("){result};"));
    }

    fn record(&self, text: &mut Text, record: &Record) {
        doc(text, &record.doc);
        text.line("#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]");
        text.line(format!("pub struct {} {{", record.name));
        text.indented(4, |text| {
            for field in &record.fields {
                doc(text, &field.doc);
                let name = identifier(&field.name);
                if name.trim_start_matches("r#") != field.key() {
                    text.line(format!("#[serde(rename = \"{}\")]", field.key()));
                }
                if field.ty.kind == Kind::Any || (field.ty.is_nullable && is_any_map(&field.ty)) {
                    // A peer of an older version does not send newer fields.
                    text.line("#[serde(default)]");
                }
                let ty = self.field_type(record, &field.ty);
                if let Some(attribute) = lints::of_field(&ty) {
                    text.line(attribute);
                }
                text.line(format!("pub {name}: {ty},"));
            }
        });
        text.line("}");
    }

    /// Returns the type of a field. A record that contains itself needs a box.
    fn field_type(&self, record: &Record, ty: &Type) -> String {
        match &ty.kind {
            Kind::Record(name)
                if self.circular.contains(&**name) && self.circular.contains(&*record.name) =>
            {
                let boxed = format!("Box<{name}>");
                if ty.is_nullable { format!("Option<{boxed}>") } else { boxed }
            }
            _ => rust_type(ty),
        }
    }

    fn errors(&self, text: &mut Text) {
        let errors = self.interface.errors();
        if errors.is_empty() {
            return;
        }
        text.gap();
        text.line(format!("/// The errors of [`{}`].", self.interface.name));
        text.line("#[derive(Clone, Copy, Debug, PartialEq, Eq, lucarne::Fault)]");
        text.line(format!("pub enum {}Error {{", self.interface.name));
        text.indented(4, |text| {
            for error in errors {
                text.line(format!("/// The text `{}`.", error.text));
                let variant = match camel(&error.name) {
                    // The only word of Rust with a capital letter.
                    word if word == "Self" => "Self_".to_owned(),
                    word => word,
                };
                if error.text != error.name || variant == "Self_" {
                    text.line(format!("#[fault(\"{}\")]", error.text));
                }
                text.line(format!("{variant},"));
            }
        });
        text.line("}");
    }

    fn timeouts(&self, text: &mut Text) {
        self.interface.each_method(|resource, method| {
            let Some(milliseconds) = method.timeout else { return };
            let resource = resource.map(|resource| &*resource.name);
            let name = flat(resource, &method.name).to_ascii_uppercase().replace('-', "_");
            let shown = crate::model::qualified(resource, &identifier(&method.name)).replace('.', "::");
            text.gap();
            text.line(format!("/// The time limit of `{shown}`, for `within`."));
            text.line(format!("pub const {name}_TIMEOUT: std::time::Duration ="));
            text.line(format!("    std::time::Duration::from_millis({milliseconds});"));
        });
    }
}

/// Returns the records that contain themselves, and those between two of them: a box does no harm there.
fn circular(interface: &Interface) -> BTreeSet<&str> {
    let edges = |record: &'_ Record| -> Vec<String> {
        let names = record.fields.iter().filter_map(|field| match &field.ty.kind {
            Kind::Record(name) => Some(name.clone()),
            _ => None,
        });
        names.collect()
    };
    let inner: BTreeMap<&str, Vec<String>> =
        interface.records.iter().map(|record| (record.name.as_str(), edges(record))).collect();
    let mut outer: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, fields) in &inner {
        for field in fields {
            if let Some((field, _)) = inner.get_key_value(&**field) {
                outer.entry(field).or_default().push((*name).to_owned());
            }
        }
    }
    // Removes the records at the ends, until there are none: first those that contain no others, then those that no
    // others contain.
    let mut left: BTreeSet<&str> = inner.keys().copied().collect();
    for (forward, backward) in [(&inner, &outer), (&outer, &inner)] {
        let degree = |name: &str, left: &BTreeSet<&str>| {
            forward
                .get(name)
                .map_or(0, |others| others.iter().filter(|other| left.contains(&***other)).count())
        };
        let mut degrees: BTreeMap<&str, usize> =
            left.iter().map(|name| (*name, degree(name, &left))).collect();
        let mut ends: Vec<&str> = left.iter().copied().filter(|name| degrees.get(name) == Some(&0)).collect();
        while let Some(end) = ends.pop() {
            left.remove(end);
            for other in backward.get(end).into_iter().flatten() {
                let Some((name, degree)) =
                    degrees.get_key_value(&**other).map(|(name, degree)| (*name, *degree))
                else {
                    continue;
                };
                degrees.insert(name, degree.saturating_sub(1));
                if degree == 1 {
                    ends.push(name);
                }
            }
        }
    }
    left
}

/// Returns the resources that methods return, each once.
fn returned(methods: &[Method]) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    for name in methods.iter().filter_map(|method| method.result.resource()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn parameter(parameter: &Parameter) -> String {
    format!("{}: {}", identifier(&parameter.name), rust_type(&parameter.ty))
}

/// Returns the type of the notifications of a resource: several values are a tuple, which is sent as a list.
fn notified(notification: &Notification) -> String {
    match (&notification.delivery, &notification.types()[..]) {
        (Delivery::Next { value, .. }, _) => rust_type(value),
        (Delivery::Listener { .. }, [only]) => rust_type(only),
        (Delivery::Listener { .. }, types) => {
            let types: Vec<String> = types.iter().map(|ty| rust_type(ty)).collect();
            format!("({})", types.join(", "))
        }
    }
}

fn rust_type(ty: &Type) -> String {
    let name = match &ty.kind {
        Kind::None => "()".to_owned(),
        Kind::Any => "Value".to_owned(),
        Kind::Bool => "bool".to_owned(),
        Kind::Int => "i64".to_owned(),
        Kind::Float => "f64".to_owned(),
        Kind::String => "String".to_owned(),
        Kind::Bytes => "Bytes".to_owned(),
        Kind::List(element) => format!("Vec<{}>", rust_type(element)),
        // A `Value` can be null itself.
        Kind::Map(..) if is_any_map(ty) => return "Value".to_owned(),
        Kind::Map(key, value) => format!("BTreeMap<{}, {}>", rust_type(key), rust_type(value)),
        Kind::Record(name) => name.clone(),
        Kind::Resource(name) => format!("Resource<Self::{name}>"),
    };
    if ty.is_nullable { format!("Option<{name}>") } else { name }
}

/// Returns whether a type is a map of any keys.
fn is_any_map(ty: &Type) -> bool {
    matches!(&ty.kind, Kind::Map(key, _) if key.kind == Kind::Any)
}

/// Returns whether a type, or the type of an element, satisfies a condition.
fn contains(ty: &Type, is_kind: fn(&Type) -> bool) -> bool {
    let inner = match &ty.kind {
        Kind::List(element) => contains(element, is_kind),
        Kind::Map(key, value) if !is_any_map(ty) => contains(key, is_kind) || contains(value, is_kind),
        _ => false,
    };
    inner || is_kind(ty)
}

/// Returns a name in the form of Rust's variables.
fn identifier(name: &str) -> String {
    let name = name.replace('-', "_");
    if PATHS.contains(&&*name) {
        format!("{name}_")
    } else if KEYWORDS.contains(&&*name) {
        format!("r#{name}")
    } else {
        name
    }
}

/// Returns a name in capitals in the form of Rust's variants: `UnknownRoom` for `UNKNOWN_ROOM`.
fn camel(name: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{first}{}", rest.to_ascii_lowercase())
    };
    name.split('_').map(word).collect()
}

/// Adds a doc comment. Code in it is not Rust: without a mark, it would be compiled as a test.
fn doc(text: &mut Text, prose: &str) {
    // The fence of the code that has begun, with its indentation.
    let mut open: Option<(Fence, usize)> = None;
    for line in prose.lines() {
        let inner = line.trim_start_matches([' ', '\t']);
        // Four blanks would begin code, too.
        let before = line.strip_suffix(inner).unwrap_or_default();
        let indent = if before.contains('\t') { 3 } else { before.len().min(3) };
        let fence = Fence::at(inner);
        let shown = match (open, fence) {
            (Some((begun, indent)), Some(fence)) if fence.closes(begun) => {
                open = None;
                // Fences with different indentation need not belong together.
                format!("{:indent$}{inner}", "")
            }
            (Some(_), _) => line.to_owned(),
            (None, Some(fence)) => {
                open = Some((fence, indent));
                format!("{:indent$}{}{}", "", inner.trim_end(), if fence.has_word { "" } else { "text" })
            }
            (None, None) => format!("{:indent$}{inner}", ""),
        };
        text.line(format!("/// {shown}").trim_end());
    }
}

/// A line that begins or ends code.
#[derive(Clone, Copy)]
struct Fence {
    mark: char,
    length: usize,
    /// Whether more than the marks is on the line, such as the name of a language.
    has_word: bool,
}

impl Fence {
    /// Returns the fence that a line without its indentation is.
    fn at(line: &str) -> Option<Fence> {
        let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let rest = line.trim_start_matches(mark);
        let length = line.len() - rest.len();
        // Backticks can also surround code within a line.
        let is_fence = length >= 3 && !(mark == '`' && rest.contains(mark));
        is_fence.then(|| Fence { mark, length, has_word: !rest.trim().is_empty() })
    }

    /// Returns whether this fence ends the code that another one has begun.
    fn closes(self, begun: Fence) -> bool {
        self.mark == begun.mark && self.length >= begun.length && !self.has_word
    }
}

/// Adds what clippy needs to know about a trait with these methods.
fn expect_lints(text: &mut Text, methods: &[Method]) {
    if let Some(attribute) = lints::of_trait(methods.iter().map(|method| &*method.name)) {
        text.line(attribute);
    }
}

/// Returns the first paragraph of a doc comment, up to the end of its first sentence.
fn first_sentence(prose: &str) -> &str {
    let end = prose.find(". ").map(|at| at + 1).or_else(|| prose.find("\n\n")).unwrap_or(prose.len());
    let sentence = prose.get(..end).unwrap_or(prose);
    sentence
        .split(".\n")
        .next()
        .map_or(sentence, |first| prose.get(..=first.len()).unwrap_or(sentence).trim_end())
}
