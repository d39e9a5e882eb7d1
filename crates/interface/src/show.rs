//! Describes an interface as text: methods with their indexes, types and documentation.

use std::fmt::Write;

use crate::model::{Delivery, Field, Interface, Method, Notification, Parameter, Record, Resource};

/// The column at which the lines of a method begin, after the index.
const INDENT: usize = 6;

/// Returns the description of an interface.
pub fn show(interface: &Interface) -> String {
    let mut text = format!("service {} {} {}\n", interface.name, interface.version, interface.uuid);
    add_doc(&mut text, 2, &interface.doc);
    interface.methods.iter().for_each(|method| add_method(&mut text, method));
    for resource in &interface.resources {
        add_resource(&mut text, resource);
    }
    for record in &interface.records {
        add_record(&mut text, record);
    }
    text
}

fn add_doc(text: &mut String, indent: usize, doc: &str) {
    for line in doc.lines() {
        let line = if line.is_empty() { String::new() } else { format!("{}{line}", " ".repeat(indent)) };
        text.push_str(&line);
        text.push('\n');
    }
}

/// Adds the line of a member, with its index if it has one, and its documentation.
fn add_member(text: &mut String, index: Option<u32>, line: &str, doc: &str) {
    let index = index.map(|index| index.to_string()).unwrap_or_default();
    let _ = writeln!(text, "\n{index:>4}  {line}");
    add_doc(text, INDENT, doc);
}

/// Returns the line of a method: its name, its parameters and its result, such as `measure room/string -> Reading`.
pub fn signature(method: &Method) -> String {
    let parameters: String = method.parameters.iter().map(shown_parameter).collect();
    format!("{}{parameters} -> {}", method.name, method.result)
}

fn add_method(text: &mut String, method: &Method) {
    add_member(text, Some(method.index), &signature(method), &method.doc);
    let mut facts = Vec::new();
    if let Some(since) = method.since {
        facts.push(format!("since minor version {since}"));
    }
    if let Some(milliseconds) = method.timeout {
        facts.push(format!("clients give up after {milliseconds} ms"));
    }
    for error in &method.errors {
        let written = if error.text == error.name { String::new() } else { format!(" \"{}\"", error.text) };
        facts.push(format!("throws {}{written}", error.name));
    }
    add_facts(text, &facts);
}

fn add_facts(text: &mut String, facts: &[String]) {
    for fact in facts {
        let _ = writeln!(text, "{}{fact}", " ".repeat(INDENT));
    }
}

fn shown_parameter(parameter: &Parameter) -> String {
    format!(" {}{}/{}", if parameter.is_named { "--" } else { "" }, parameter.name, parameter.ty)
}

fn add_resource(text: &mut String, resource: &Resource) {
    let _ = writeln!(text, "\nresource {}", resource.name);
    add_doc(text, 2, &resource.doc);
    resource.methods.iter().for_each(|method| add_method(text, method));
    if let Some(notification) = &resource.notification {
        add_notification(text, notification);
    }
    if let Some(close) = &resource.close {
        add_member(text, None, &format!("{} -> none", close.name), &close.doc);
        add_facts(text, &["closes the resource".to_owned()]);
    }
}

fn add_notification(text: &mut String, notification: &Notification) {
    match &notification.delivery {
        Delivery::Next { value, bound } => {
            add_member(text, None, &format!("{} -> {value}", notification.name), &notification.doc);
            add_facts(
                text,
                &[format!("waits for the next notification; at most {bound} wait at the client")],
            );
        }
        Delivery::Listener { lambda, is_named, values } => {
            let dashes = if *is_named { "--" } else { "" };
            let line = format!("{} {dashes}{lambda}/Lambda -> none", notification.name);
            add_member(text, None, &line, &notification.doc);
            let values: String = values.iter().map(shown_parameter).collect();
            add_facts(text, &[format!("calls the lambda with each notification:{values}")]);
        }
    }
}

fn add_record(text: &mut String, record: &Record) {
    let _ = writeln!(text, "\nrecord {}", record.name);
    add_doc(text, 2, &record.doc);
    for Field { name, doc, ty, since, .. } in &record.fields {
        add_member(text, None, &format!("{name}/{ty}"), doc);
        if let Some(since) = since {
            add_facts(text, &[format!("since minor version {since}")]);
        }
    }
}
