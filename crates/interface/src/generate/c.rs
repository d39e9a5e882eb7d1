//! Generates C: a header and a source over `toit/service.h`, with types for records, a table of functions for a
//! provider, and functions for clients.
//!
//! | module | content |
//! |---|---|
//! | `names` | names that are possible in C and C++ |
//! | `types` | types, and their declarations |
//! | `codec` | functions that convert records, lists and maps |
//! | `provider` | the table of functions, replies and notifications |
//! | `client` | clients and proxies |
//!
//! Names have three forms that cannot collide: types end in `_t`, functions in a verb that only generated code adds, and
//! constants are in capitals. Records and resources keep their capital letters in the names of types.

mod client;
mod codec;
mod names;
mod provider;
mod types;

use std::collections::{BTreeMap, BTreeSet};

use super::text::Text;
use super::{File, Origin};
use crate::model::{Interface, Method, Resource, Type, flat};
use codec::Codec;
use names::{Prefix, comment, literal};

pub(super) fn files(interface: &Interface, origin: Origin<'_>) -> Vec<File> {
    let stem = origin.stem().replace('-', "_");
    let prefix = Prefix::of(interface);
    let codec = Codec::new(interface);
    let resources = interface.resources.iter().enumerate();
    let resources = resources.map(|(place, one)| (&*one.name, (place + 1, one))).collect();
    let closed = interface.resources.iter().map(provider::closed).collect();
    let c = C { interface, origin, prefix, codec, resources, closed };
    let header = format!("{stem}.h");
    vec![
        File { text: c.header(&stem), name: header.clone() },
        File { text: c.source(&header), name: format!("{stem}.c") },
    ]
}

/// The generator, with the data that both files need.
struct C<'a> {
    interface: &'a Interface,
    origin: Origin<'a>,
    prefix: Prefix,
    codec: Codec<'a>,
    /// The resources by their names, each with the number of its kind, from 1.
    resources: BTreeMap<&'a str, (usize, &'a Resource)>,
    /// The members of the table of functions for the ends of resources.
    closed: BTreeSet<String>,
}

impl C<'_> {
    fn begin(&self) -> Text {
        let mut text = Text::default();
        let [first, second] = self.origin.header("c").map(|line| names::safe_in_comment(&line));
        text.line(format!("/* {first}"));
        text.line(format!(" * {second} */"));
        text
    }

    fn header(&self, stem: &str) -> String {
        let mut text = self.begin();
        let guard = format!("{}_H", names::constant(stem));
        // Names that begin with other characters are not for programs.
        let is_name = guard.starts_with(|letter: char| letter.is_ascii_alphabetic());
        let guard = if is_name { guard } else { self.prefix.constant(&guard) };
        text.line(format!("#ifndef {guard}"));
        text.line(format!("#define {guard}"));
        text.gap();
        text.line("#include <toit/service.h>");
        text.gap();
        text.line("#ifdef __cplusplus");
        text.line("extern \"C\" {");
        text.line("#endif");
        text.gap();
        comment(&mut text, &self.interface.doc, &[]);
        self.constants(&mut text);
        self.types(&mut text);
        self.declare_provider(&mut text);
        self.declare_client(&mut text);
        text.gap();
        text.line("#ifdef __cplusplus");
        text.line("}");
        text.line("#endif");
        text.gap();
        text.line("#endif");
        text.finish()
    }

    fn constants(&self, text: &mut Text) {
        let interface = self.interface;
        let version = interface.version;
        text.line(format!("#define {} \"{}\"", self.prefix.constant("UUID"), interface.uuid));
        text.line(format!("#define {} {}", self.prefix.constant("MAJOR"), version.major));
        text.line(format!("#define {} {}", self.prefix.constant("MINOR"), version.minor));
        let mut indexes = Vec::new();
        interface.each_method(|resource, method| {
            indexes.push(format!("{} = {}", self.index(resource, method), method.index));
        });
        if !indexes.is_empty() {
            text.gap();
            text.line("/* The indexes of the methods. */");
            text.line("enum {");
            text.indented(2, |text| {
                for (number, index) in indexes.iter().enumerate() {
                    text.line(format!("{index}{}", if number + 1 < indexes.len() { "," } else { "" }));
                }
            });
            text.line("};");
        }
        let errors = interface.errors();
        if !errors.is_empty() {
            text.gap();
            text.line("/* The texts of the errors, for toit_call_fail and toit_answer_t. */");
        }
        for error in errors {
            text.line(format!("#define {} {}", self.error(&error.name), literal(&error.text)));
        }
    }

    fn source(&self, header: &str) -> String {
        let mut text = self.begin();
        text.line(format!("#include \"{header}\""));
        self.codec(&mut text);
        self.define_provider(&mut text);
        self.define_client(&mut text);
        text.finish()
    }

    /// Returns the constant with the index of a method.
    fn index(&self, resource: Option<&Resource>, method: &Method) -> String {
        self.prefix.constant(&format!("{}_INDEX", names::constant(&flat_name(resource, method))))
    }

    /// Returns the constant with the text of an error.
    fn error(&self, name: &str) -> String {
        self.prefix.constant(&format!("{name}_ERROR"))
    }

    /// Returns the notes about a method for its documentation.
    fn notes(&self, method: &Method) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(since) = method.since {
            notes.push(format!("Since version {}.{since}.", self.interface.version.major));
        }
        if !method.errors.is_empty() {
            let errors: Vec<String> = method.errors.iter().map(|error| self.error(&error.name)).collect();
            notes.push(format!("Errors: {}.", errors.join(", ")));
        }
        notes
    }
}

/// Returns the name of a method in functions, without the prefix.
fn flat_name(resource: Option<&Resource>, method: &Method) -> String {
    names::snake(&flat(resource.map(|resource| &*resource.name), &method.name))
}

/// Adds the head of a function. If it is too long, its parameters have lines of their own.
fn function(text: &mut Text, head: &str, parameters: &[String], end: &str) {
    let parameters = if parameters.is_empty() { &["void".to_owned()] } else { parameters };
    let line = format!("{head}({}){end}", parameters.join(", "));
    if line.len() <= text.room() {
        return text.line(line);
    }
    text.line(format!("{head}("));
    text.indented(4, |text| {
        for (number, parameter) in parameters.iter().enumerate() {
            let end = if number + 1 < parameters.len() { ",".to_owned() } else { format!("){end}") };
            text.line(format!("{parameter}{end}"));
        }
    });
}

/// Returns the declaration of a parameter that takes a result of this type.
fn out(c: &C<'_>, ty: &Type, name: &str) -> String {
    format!("{}* {name}", c.element(ty))
}
