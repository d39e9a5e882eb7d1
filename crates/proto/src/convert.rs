//! Makes a draft of a service, from what `protox` has read. Collects all that cannot be expressed.

mod fields;

use std::collections::BTreeSet;

use lucarne_interface::model::is_name_of_method_free;
use protox::prost_reflect::{
    EnumDescriptor, FileDescriptor, MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};
use uuid::Uuid;

use crate::draft::{Draft, Enum, Method, Record, Stream, Value};
use crate::names::{self, Taken};
use crate::{Refusal, origin};

/// Returns the draft of a service, or the parts of it that a definition cannot express.
pub(crate) fn convert(service: &ServiceDescriptor) -> Result<Draft, Vec<Refusal>> {
    let file = service.parent_file();
    let mut converter = Converter::new(service);
    let mut draft = Draft {
        source: file.name().to_owned(),
        service: names::class(service.name()),
        doc: origin::comment(&file, service.path()),
        // The same service always gets the same UUID.
        uuid: Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("protobuf:{}", service.full_name()).as_bytes())
            .to_string(),
        methods: Vec::new(),
        streams: Vec::new(),
        records: Vec::new(),
        enums: Vec::new(),
    };
    for method in service.methods() {
        converter.method(&method, &mut draft);
    }
    // Messages mention others, which are found on the way.
    while let Some(message) = converter.next_message() {
        let record = converter.record(&message);
        draft.records.push(record);
    }
    for of in std::mem::take(&mut converter.enums) {
        let of = converter.constants(&of);
        draft.enums.push(of);
    }
    if converter.refusals.is_empty() { Ok(draft) } else { Err(converter.refusals) }
}

/// Collects the messages and enums that a service uses.
struct Converter {
    /// The package of the service, whose messages are named without it.
    package: String,
    /// The messages that are used, in the order in which they were found, and the number of those that are done.
    messages: Vec<MessageDescriptor>,
    done: usize,
    enums: Vec<EnumDescriptor>,
    /// The full names of the messages and enums that were found.
    known: BTreeSet<String>,
    classes: Taken,
    constants: Taken,
    refusals: Vec<Refusal>,
}

impl Converter {
    fn new(service: &ServiceDescriptor) -> Converter {
        let mut classes = Taken::default();
        let name = names::class(service.name());
        classes.take(&name, service.full_name());
        for made in ["Client", "Provider", "Handler", "Error"] {
            classes.take(&format!("{name}{made}"), &format!("the {made} of {}", service.full_name()));
        }
        Converter {
            package: service.package_name().to_owned(),
            messages: Vec::new(),
            done: 0,
            enums: Vec::new(),
            known: BTreeSet::new(),
            classes,
            constants: Taken::default(),
            refusals: Vec::new(),
        }
    }

    fn refuse(&mut self, file: &FileDescriptor, path: &[i32], title: String, hint: impl Into<String>) {
        self.refusals.push(Refusal { place: origin::place(file, path), title, hint: hint.into() });
    }

    fn next_message(&mut self) -> Option<MessageDescriptor> {
        let next = self.messages.get(self.done).cloned()?;
        self.done += 1;
        Some(next)
    }

    /// Returns the name of a message or enum without the package of the service.
    fn relative<'n>(&self, full: &'n str) -> &'n str {
        let inside = full.strip_prefix(&self.package).and_then(|rest| rest.strip_prefix('.'));
        inside.or_else(|| full.strip_prefix("google.protobuf.")).unwrap_or(full)
    }

    fn method(&mut self, method: &MethodDescriptor, draft: &mut Draft) {
        let file = method.parent_file();
        if method.is_client_streaming() {
            let title = format!("the method {} takes a stream, which a call cannot", method.name());
            let hint = match method.is_server_streaming() {
                true => "make it two methods: one that takes a message, and one that returns a stream",
                false => "let it take one message, and call it for each",
            };
            return self.refuse(&file, method.path(), title, hint);
        }
        let name = names::small(method.name(), "method", is_name_of_method_free);
        let doc = origin::comment(&file, method.path());
        let request = self.record_or_nothing(&method.input());
        let result = self.record_or_nothing(&method.output());
        let result = match (method.is_server_streaming(), result) {
            (false, result) => result,
            (true, Some(value)) => {
                let stream = format!("{}Stream", names::class(method.name()));
                for made in ["", "Proxy"] {
                    let part = format!("the Stream{made} of {}", method.full_name());
                    self.take_class(&file, method.path(), &format!("{stream}{made}"), &part);
                }
                draft.streams.push(Stream { name: stream.clone(), method: method.name().to_owned(), value });
                Some(stream)
            }
            (true, None) => {
                let title =
                    format!("the method {} returns a stream of messages without fields", method.name());
                return self.refuse(&file, method.path(), title, "give the message a field");
            }
        };
        draft.methods.push(Method { name, doc, request, result });
    }

    /// Returns the class of a message, or none for a message without fields, which stands for no value.
    fn record_or_nothing(&mut self, message: &MessageDescriptor) -> Option<String> {
        (message.fields().len() > 0).then(|| self.use_message(message))
    }

    /// Returns the class of a message, and lets it be converted.
    fn use_message(&mut self, message: &MessageDescriptor) -> String {
        let class = names::class(self.relative(message.full_name()));
        if self.known.insert(message.full_name().to_owned()) {
            self.take_class(&message.parent_file(), message.path(), &class, message.full_name());
            self.messages.push(message.clone());
        }
        class
    }

    /// Returns the name of an enum, and lets its values become constants.
    fn use_enum(&mut self, of: &EnumDescriptor) -> String {
        if self.known.insert(of.full_name().to_owned()) {
            self.enums.push(of.clone());
        }
        names::class(self.relative(of.full_name()))
    }

    fn take_class(&mut self, file: &FileDescriptor, path: &[i32], class: &str, part: &str) {
        if let Some(first) = self.classes.take(class, part) {
            let title = format!("{part} and {first} would both be the class {class}");
            self.refuse(file, path, title, "rename one of them");
        }
    }

    fn record(&mut self, message: &MessageDescriptor) -> Record {
        let file = message.parent_file();
        let mut taken = Taken::default();
        let mut fields = Vec::new();
        // In the order of the file.
        for descriptor in &message.descriptor_proto().field {
            let Some(field) = message.get_field_by_name(descriptor.name()) else { continue };
            let Some(converted) = self.field(&field) else { continue };
            if let Some(first) = taken.take(&converted.name, field.name()) {
                let title = format!(
                    "the fields {first} and {} of {} would both be {}",
                    field.name(),
                    message.name(),
                    converted.name
                );
                self.refuse(&file, field.path(), title, "rename one of them");
            }
            fields.push(converted);
        }
        Record {
            name: names::class(self.relative(message.full_name())),
            doc: origin::comment(&file, message.path()),
            fields,
        }
    }

    fn constants(&mut self, of: &EnumDescriptor) -> Enum {
        let file = of.parent_file();
        let name = names::class(self.relative(of.full_name()));
        let mut values = Vec::new();
        for value in of.values() {
            let constant = names::constant(&name, value.name());
            if let Some(first) = self.constants.take(&constant, value.full_name()) {
                let title =
                    format!("{} and {first} would both be the constant {constant}", value.full_name());
                self.refuse(&file, value.path(), title, "rename one of them");
            }
            values.push(Value {
                name: constant,
                doc: origin::comment(&file, value.path()),
                number: value.number(),
            });
        }
        Enum { name, doc: origin::comment(&file, of.path()), values }
    }
}
