//! Generates Toit: the service interface as the documents about services write it, a provider and a client.
//!
//! | file | content |
//! |---|---|
//! | `NAME-service.toit` | the interface with `SELECTOR` and the indexes, and functions that convert records |
//! | `NAME-provider.toit` | an abstract provider, and a `ServiceResource` for each resource |
//! | `NAME-client.toit` | a client, and a proxy for each resource |
//!
//! Names that end in `_` cannot come from a definition, so generated code uses them freely.

mod client;
mod codec;
mod provider;
mod service;

use super::text::Text;
use super::{File, Origin};
use crate::model::{Interface, Kind, Method, Parameter, Type, flat};
use codec::Codec;

/// The prefix by which generated files import the definition.
const DEFINITION: &str = "definition_";

pub(super) fn files(interface: &Interface, origin: Origin<'_>) -> Vec<File> {
    let toit = Toit { interface, origin, codec: Codec::new(interface) };
    let file = |part: &str, text: String| File { name: format!("{}-{part}.toit", origin.stem()), text };
    vec![file("service", toit.service()), file("provider", toit.provider()), file("client", toit.client())]
}

/// The generator, with what all files share.
struct Toit<'a> {
    interface: &'a Interface,
    origin: Origin<'a>,
    codec: Codec,
}

impl Toit<'_> {
    /// Returns a text that begins with the header of generated files.
    fn begin(&self) -> Text {
        let mut text = Text::default();
        for line in self.origin.header("toit") {
            text.line(format!("// {line}"));
        }
        text.gap();
        text
    }

    fn import_definition(&self, text: &mut Text) {
        text.line(format!("import {} as {DEFINITION}", self.origin.import));
    }

    /// Adds the import of the service interface, and of functions that convert records.
    fn import_service(&self, text: &mut Text, codecs: &[String]) {
        let import = format!("import .{}-service show {}", self.origin.stem(), self.interface.name);
        call(text, &import, codecs);
    }

    /// Returns the constant with the index of a method, as other files name it.
    fn index(&self, resource: Option<&str>, method: &Method) -> String {
        format!("{}.{}", self.interface.name, index_constant(resource, method))
    }
}

fn index_constant(resource: Option<&str>, method: &Method) -> String {
    format!("{}-INDEX", flat(resource, &method.name).to_ascii_uppercase())
}

/// Returns a type. `record` and `resource` name those of the definition.
fn type_name(ty: &Type, record: impl Fn(&str) -> String, resource: impl Fn(&str) -> String) -> String {
    let name = match &ty.kind {
        Kind::Record(name) => record(name),
        Kind::Resource(name) => resource(name),
        kind => kind.toit().to_owned(),
    };
    format!("{name}{}", if ty.is_nullable { "?" } else { "" })
}

fn of_definition(name: &str) -> String {
    format!("{DEFINITION}.{name}")
}

/// Adds the head of a method. If it is too long, each parameter has a line.
fn signature(text: &mut Text, name: &str, parameters: &[String], result: &str, end: &str) {
    let line = [&[name.to_owned()], parameters, &[format!("-> {result}{end}")]].concat().join(" ");
    if line.len() <= text.room() {
        return text.line(line);
    }
    text.line(name);
    text.indented(4, |text| {
        parameters.iter().for_each(|parameter| text.line(parameter));
        text.line(format!("-> {result}{end}"));
    });
}

/// Adds a call with arguments. If it is too long, each argument has a line.
fn call(text: &mut Text, called: &str, arguments: &[String]) {
    let line = [&[called.to_owned()], arguments].concat().join(" ");
    if line.len() <= text.room() {
        return text.line(line);
    }
    text.line(called);
    text.indented(4, |text| arguments.iter().for_each(|argument| text.line(argument)));
}

/// Returns the parameters of a method, with the types of the definition.
fn parameters(parameters: &[Parameter]) -> Vec<String> {
    let shown = |parameter: &Parameter| {
        let dashes = if parameter.is_named { "--" } else { "" };
        format!("{dashes}{}/{}", parameter.name, type_name(&parameter.ty, of_definition, of_definition))
    };
    parameters.iter().map(shown).collect()
}

/// Adds a doc comment.
fn doc(text: &mut Text, prose: &str) {
    let ends_comment = prose.contains("*/") || prose.contains("/*") || prose.contains('\\');
    match prose {
        "" => {}
        prose if ends_comment => {
            prose.lines().for_each(|line| text.line(format!("/// {line}").trim_end()));
        }
        prose if !prose.contains('\n') && prose.len() + 7 <= text.room() => {
            text.line(format!("/** {prose} */"))
        }
        prose => {
            text.line("/**");
            prose.lines().for_each(|line| text.line(line));
            text.line("*/");
        }
    }
}

/// Returns the value that a message has for some values: null for none, the value alone, or a list.
fn packed(values: &[String]) -> String {
    match values {
        [] => "null".to_owned(),
        [value] => value.clone(),
        values => format!("[{}]", values.join(", ")),
    }
}

/// Returns the expressions for the values of a message that [`packed`] made.
fn unpacked(message: &str, count: usize) -> Vec<String> {
    match count {
        1 => vec![message.to_owned()],
        count => (0..count).map(|number| format!("{message}[{number}]")).collect(),
    }
}

/// Returns a string literal.
fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '$' => literal.extend(['\\', letter]),
            '\n' => literal += "\\n",
            letter => literal.push(letter),
        }
    }
    literal + "\""
}
