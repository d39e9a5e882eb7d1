//! Prints a draft as a Toit file.

use std::fmt::Write;

use crate::draft::{Draft, Enum, Field, Method, Record, Stream};

/// Returns the text of a definition.
pub(crate) fn print(draft: &Draft) -> String {
    let mut text = String::new();
    line(
        &mut text,
        0,
        &format!(
            "// Imported from {} by `lucarne interface import`. Change it as you need it.",
            draft.source
        ),
    );
    line(&mut text, 0, "");
    comment(&mut text, 0, &draft.doc, &[format!("@service {} 1.0", draft.uuid)]);
    line(&mut text, 0, &format!("interface {}:", draft.service));
    for (number, method) in draft.methods.iter().enumerate() {
        separate(&mut text, number);
        print_method(&mut text, method);
    }
    draft.streams.iter().for_each(|stream| print_stream(&mut text, stream));
    draft.records.iter().for_each(|record| print_record(&mut text, record));
    draft.enums.iter().for_each(|of| print_enum(&mut text, of));
    text
}

fn line(text: &mut String, indent: usize, content: &str) {
    if !content.is_empty() {
        text.push_str(&" ".repeat(indent));
        text.push_str(content);
    }
    text.push('\n');
}

/// Separates a member from the one before it.
fn separate(text: &mut String, number: usize) {
    if number > 0 {
        text.push('\n');
    }
}

/// Prints a doc comment with its directives, unless it is empty.
fn comment(text: &mut String, indent: usize, doc: &[String], directives: &[String]) {
    match (doc, directives) {
        ([], []) => {}
        ([only], []) | ([], [only]) => line(text, indent, &format!("/** {only} */")),
        _ => {
            line(text, indent, "/**");
            doc.iter().for_each(|content| line(text, indent, content));
            if !doc.is_empty() && !directives.is_empty() {
                text.push('\n');
            }
            directives.iter().for_each(|directive| line(text, indent, directive));
            line(text, indent, "*/");
        }
    }
}

fn print_method(text: &mut String, method: &Method) {
    comment(text, 2, &method.doc, &[]);
    let request = method.request.as_ref().map(|record| format!(" request/{record}")).unwrap_or_default();
    let result = method.result.as_deref().unwrap_or("none");
    line(text, 2, &format!("{}{request} -> {result}", method.name));
}

fn print_stream(text: &mut String, stream: &Stream) {
    text.push('\n');
    comment(text, 0, &[format!("The results of {}.", stream.method)], &["@resource".to_owned()]);
    line(text, 0, &format!("interface {}:", stream.name));
    let doc = "Waits for the next result, and returns it. Null is the end.".to_owned();
    comment(text, 2, &[doc], &["@next".to_owned()]);
    line(text, 2, &format!("next -> {}?", stream.value));
    text.push('\n');
    comment(text, 2, &["Asks for no more results.".to_owned()], &["@close".to_owned()]);
    line(text, 2, "close -> none");
}

fn print_record(text: &mut String, record: &Record) {
    text.push('\n');
    comment(text, 0, &record.doc, &["@record".to_owned()]);
    line(text, 0, &format!("class {}:", record.name));
    for field in &record.fields {
        let elements: Vec<String> = field.elements.iter().map(|ty| format!("@type {ty}")).collect();
        comment(text, 2, &field.doc, &elements);
        line(text, 2, &format!("{}/{}  // Field {}.", field.name, field.ty, field.number));
    }
    text.push('\n');
    print_constructor(text, &record.fields);
}

/// Prints the constructor: on one line, if there is room.
fn print_constructor(text: &mut String, fields: &[Field]) {
    let parameter = |field: &Field| {
        let default = field.default.map(|default| format!("={default}")).unwrap_or_default();
        format!("--.{}{default}", field.name)
    };
    let parameters: Vec<String> = fields.iter().map(parameter).collect();
    let short = format!("constructor {}:", parameters.join(" "));
    if short.len() <= 98 {
        return line(text, 2, &short);
    }
    line(text, 2, "constructor");
    let last = parameters.len().saturating_sub(1);
    for (number, parameter) in parameters.iter().enumerate() {
        let _ = writeln!(text, "      {parameter}{}", if number == last { ":" } else { "" });
    }
}

fn print_enum(text: &mut String, of: &Enum) {
    text.push('\n');
    line(text, 0, &format!("// The values of {}.", of.name));
    of.doc.iter().for_each(|content| line(text, 0, &format!("// {content}")));
    for value in &of.values {
        comment(text, 0, &value.doc, &[]);
        line(text, 0, &format!("{} ::= {}", value.name, value.number));
    }
}
