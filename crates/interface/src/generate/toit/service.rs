//! Generates the service interface, as the documents write it: methods of resources take a handle.

use crate::model::{Method, Resource, flat};

use super::{Toit, doc, index_constant, literal, signature, type_name};
use crate::generate::text::Text;

impl Toit<'_> {
    pub(super) fn service(&self) -> String {
        let mut text = self.begin();
        let interface = self.interface;
        text.line("import system.services show ServiceSelector");
        if !interface.records.is_empty() {
            text.gap();
            self.import_definition(&mut text);
        }
        text.gap();
        doc(&mut text, &interface.doc);
        text.line(format!("interface {}:", interface.name));
        text.indented(2, |text| {
            text.line("static SELECTOR ::= ServiceSelector");
            text.indented(4, |text| {
                text.line(format!("--uuid=\"{}\"", interface.uuid));
                text.line(format!("--major={}", interface.version.major));
                text.line(format!("--minor={}", interface.version.minor));
            });
            for (number, error) in interface.errors().into_iter().enumerate() {
                if number == 0 {
                    text.gap();
                }
                text.line(format!(
                    "static {}-ERROR ::= {}",
                    error.name.replace('_', "-"),
                    literal(&error.text)
                ));
            }
            interface.each_method(|resource, method| method_of_service(text, resource, method));
        });
        self.codec.functions(interface, &mut text);
        text.finish()
    }
}

fn method_of_service(text: &mut Text, resource: Option<&Resource>, method: &Method) {
    let resource = resource.map(|resource| &*resource.name);
    let map = |_: &str| "Map".to_owned();
    let int = |_: &str| "int".to_owned();
    // The documents write `handle`, unless another parameter has that name.
    let is_taken = method.parameters.iter().any(|parameter| parameter.name == "handle");
    let handle = if is_taken { "handle_/int" } else { "handle/int" };
    let mut parameters: Vec<String> = resource.map(|_| handle.to_owned()).into_iter().collect();
    for parameter in &method.parameters {
        parameters.push(format!("{}/{}", parameter.name, type_name(&parameter.ty, map, int)));
    }
    text.gap();
    let mut prose = method.doc.clone();
    if method.result.resource().is_some() {
        add_paragraph(&mut prose, "Returns a handle.");
    }
    doc(text, &prose);
    signature(text, &flat(resource, &method.name), &parameters, &type_name(&method.result, map, int), "");
    text.line(format!("static {} ::= {}", index_constant(resource, method), method.index));
}

fn add_paragraph(prose: &mut String, paragraph: &str) {
    if !prose.is_empty() {
        prose.push_str("\n\n");
    }
    prose.push_str(paragraph);
}
