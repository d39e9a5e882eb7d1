//! The provider: a table of functions that its author fills, replies from any thread, and notifications.

use super::super::bytes;
use super::codec::{needs_function, plain_value, unless};
use super::names::{comment, literal, member, parameter, snake};
use super::{C, Text, flat_name, function};
use crate::model::{Delivery, Kind, Method, Notification, Parameter, Resource, Type, kebab};

/// The error of a function that sends nothing if it cannot allocate memory.
const NO_MEMORY: &str = "toit_err_t error = message == NULL ? TOIT_ERR_OOM : TOIT_OK;";

impl C<'_> {
    fn request_type(&self, resource: Option<&Resource>, method: &Method) -> String {
        self.prefix.ty(&format!("{}_request", flat_name(resource, method)))
    }

    fn resource_type(&self, resource: &str) -> String {
        self.prefix.ty(&format!("{}_resource", snake(&kebab(resource))))
    }

    fn handlers_type(&self) -> String {
        self.prefix.ty("handlers")
    }

    /// Returns the member of the table for a method.
    fn handler(&self, resource: Option<&Resource>, method: &Method) -> String {
        let name = member(&flat_name(resource, method));
        let is_own = ["on_created", "on_removed"].contains(&&*name) || self.closed.contains(&name);
        if is_own { format!("{name}_") } else { name }
    }

    /// Returns the declarations of the parameters of a method.
    pub(super) fn parameters(&self, parameters: &[Parameter]) -> Vec<String> {
        let declared = |one: &Parameter| format!("{} {}", self.ty(&one.ty), parameter(&one.name));
        parameters.iter().map(declared).collect()
    }

    pub(super) fn declare_provider(&self, text: &mut Text) {
        let interface = self.interface;
        text.gap();
        text.line("/* ---- Providers ---- */");
        let mut has_methods = false;
        interface.each_method(|_, _| has_methods = true);
        if has_methods {
            text.gap();
            text.line(
                "/* Calls of the methods. Each must be answered once: here, later, or on another thread. */",
            );
        }
        interface.each_method(|resource, method| {
            text.line(format!(
                "typedef struct {{ toit_call_t* call; }} {};",
                self.request_type(resource, method)
            ));
        });
        if !interface.resources.is_empty() {
            text.gap();
            text.line("/* Resources of a provider. They may be copied, and used on any thread. */");
        }
        for resource in &interface.resources {
            let name = self.resource_type(&resource.name);
            text.line(format!("typedef struct {{ toit_resource_t* resource; }} {name};"));
        }
        self.handlers(text);
        self.installing(text);
        interface.each_method(|resource, method| {
            text.gap();
            comment(text, &self.doc_of_reply(method), &[]);
            let (head, parameters) = self.reply_head(resource, method);
            function(text, &head, &parameters, ";");
            if let Some((head, parameters)) = self.reply_resource_head(resource, method) {
                text.gap();
                let note =
                    "The same. Sets `resource`, by which the provider can end it; NULL if it need not.";
                comment(text, "", &[note.to_owned()]);
                function(text, &head, &parameters, ";");
            }
        });
        for resource in &interface.resources {
            let (end_head, end_parameters) = self.end_head(resource);
            let Some(notification) = &resource.notification else {
                text.gap();
                let note = "Ends the resource, as toit_resource_end: the next call of its client fails.";
                comment(text, "", &[note.to_owned()]);
                function(text, &end_head, &end_parameters, ";");
                continue;
            };
            text.gap();
            let mut notes = vec!["Sends a notification, as toit_resource_notify.".to_owned()];
            if has_last(notification) {
                notes.push("NULL is the last one: it is sent, and the resource ends.".to_owned());
            }
            comment(text, &notification.doc, &notes);
            let (head, parameters) = self.notify_head(resource, notification);
            function(text, &head, &parameters, ";");
            text.gap();
            comment(text, "", &["Ends the resource, as toit_resource_end: its client is told.".to_owned()]);
            function(text, &end_head, &end_parameters, ";");
        }
    }

    /// Adds the table of functions.
    fn handlers(&self, text: &mut Text) {
        let interface = self.interface;
        text.gap();
        let mut notes = vec![
            "The functions of a provider. They run on one thread, one at a time. A call whose function is NULL fails."
                .to_owned(),
            "Arguments are valid until the call is answered.".to_owned(),
        ];
        if !interface.resources.is_empty() {
            notes.push(
                "The object of a resource belongs to the provider, until on_..._closed is called with it."
                    .to_owned(),
            );
        }
        comment(text, &notes.join("\n"), &[]);
        text.line("typedef struct {");
        text.indented(2, |text| {
            text.line(
                "/* The first function, before clients can open the service. NULL if it is not needed. */",
            );
            text.line("void (*on_created)(void* user_data, toit_container_t* container);");
            text.line("/* The last function. NULL if it is not needed. */");
            text.line("void (*on_removed)(void* user_data);");
            interface.each_method(|resource, method| {
                text.gap();
                comment(text, &method.doc, &self.notes(method));
                let mut parameters = vec![
                    "void* user_data".to_owned(),
                    format!("{} request", self.request_type(resource, method)),
                ];
                parameters.extend(resource.map(|_| "void* object".to_owned()));
                parameters.extend(self.parameters(&method.parameters));
                let head = format!("toit_err_t (*{})", self.handler(resource, method));
                function(text, &head, &parameters, ";");
            });
            for resource in &interface.resources {
                text.gap();
                let doc = resource.close.as_ref().map_or("", |close| &close.doc);
                let note = "The resource has been closed: free its object. NULL if it is not needed.";
                comment(text, doc, &[note.to_owned()]);
                text.line(format!("void (*{})(void* user_data, void* object);", closed(resource)));
            }
        });
        text.line(format!("}} {};", self.handlers_type()));
    }

    fn installing(&self, text: &mut Text) {
        text.gap();
        comment(
            text,
            "Adds a provider that is installed when the system starts, as toit_provider_add. `options` may be NULL.",
            &[],
        );
        let (head, parameters) = self.add_head();
        function(text, &head, &parameters, ";");
        text.gap();
        comment(
            text,
            "Installs a provider in a container, as toit_provider_install. `options` and `provider` may be NULL.",
            &[],
        );
        let (head, parameters) = self.install_head();
        function(text, &head, &parameters, ";");
    }

    fn add_head(&self) -> (String, Vec<String>) {
        let parameters = [
            &format!("const {}* handlers", self.handlers_type()),
            "const toit_provider_options_t* options",
            "void* user_data",
        ];
        (format!("toit_err_t {}", self.prefix.name("add")), parameters.map(str::to_owned).to_vec())
    }

    fn install_head(&self) -> (String, Vec<String>) {
        let parameters = [
            "toit_container_t* container",
            &format!("const {}* handlers", self.handlers_type()),
            "const toit_provider_options_t* options",
            "void* user_data",
            "toit_provider_t** provider",
        ];
        (format!("toit_err_t {}", self.prefix.name("install")), parameters.map(str::to_owned).to_vec())
    }

    fn doc_of_reply(&self, method: &Method) -> String {
        let Some(resource) = method.result.resource() else {
            return "Answers a call, as toit_call_reply. It copies the result.".to_owned();
        };
        let null = if method.result.is_nullable { " An object that is NULL answers with null." } else { "" };
        let name = self.resources.get(resource).map_or(String::new(), |(_, resource)| closed(resource));
        format!(
            "Answers a call with a new resource, as toit_call_reply_resource.{null}\nThe object is passed to {name}."
        )
    }

    fn reply_head(&self, resource: Option<&Resource>, method: &Method) -> (String, Vec<String>) {
        let mut parameters = vec![format!("{} request", self.request_type(resource, method))];
        match &method.result.kind {
            Kind::None => {}
            Kind::Resource(name) => {
                parameters.push("void* object".to_owned());
                if self.notifies(name) {
                    parameters.push(format!("{}* resource", self.resource_type(name)));
                }
            }
            _ => parameters.push(format!("{} result", self.ty(&method.result))),
        }
        let name = self.prefix.name(&format!("{}_reply", flat_name(resource, method)));
        (format!("toit_err_t {name}"), parameters)
    }

    /// Returns the head of the reply function that also gives the provider control of the resource. For resources that
    /// notify, it is the only reply function.
    fn reply_resource_head(
        &self,
        resource: Option<&Resource>,
        method: &Method,
    ) -> Option<(String, Vec<String>)> {
        let name = method.result.resource().filter(|name| !self.notifies(name))?;
        let (head, mut parameters) = self.reply_head(resource, method);
        parameters.push(format!("{}* resource", self.resource_type(name)));
        Some((format!("{head}_resource"), parameters))
    }

    fn notify_head(&self, resource: &Resource, notification: &Notification) -> (String, Vec<String>) {
        let mut parameters = vec![format!("{} resource", self.resource_type(&resource.name))];
        parameters.extend(self.parameters(&values(notification)));
        let name = self.prefix.name(&format!("{}_notify", snake(&kebab(&resource.name))));
        (format!("toit_err_t {name}"), parameters)
    }

    fn end_head(&self, resource: &Resource) -> (String, Vec<String>) {
        let name = self.prefix.name(&format!("{}_end", snake(&kebab(&resource.name))));
        (format!("toit_err_t {name}"), vec![format!("{} resource", self.resource_type(&resource.name))])
    }

    /// Returns whether a resource sends notifications.
    pub(super) fn notifies(&self, resource: &str) -> bool {
        self.resources.get(resource).is_some_and(|(_, resource)| resource.notification.is_some())
    }

    /// Returns the number of a kind of resource, from 1.
    fn kind(&self, name: &str) -> usize {
        self.resources.get(name).map_or(0, |(kind, _)| *kind)
    }

    pub(super) fn define_provider(&self, text: &mut Text) {
        self.on_call(text);
        self.other_callbacks(text);
        self.description(text);
        self.interface.each_method(|resource, method| self.reply(text, resource, method));
        for resource in &self.interface.resources {
            if let Some(notification) = &resource.notification {
                self.notify(text, resource, notification);
            }
            self.end(text, resource);
        }
    }

    fn on_call(&self, text: &mut Text) {
        text.gap();
        let parameters = [
            "const void* handlers",
            "void* user_data",
            "toit_call_t* call",
            "int32_t index",
            "void* object",
            "toit_message_t* message",
            "const toit_value_t* arguments",
        ]
        .map(str::to_owned);
        let head = format!("static toit_err_t {}", self.prefix.name("on_call"));
        function(text, &head, &parameters, " {");
        text.indented(2, |text| {
            text.line(format!("const {}* own = handlers;", self.handlers_type()));
            for unused in ["own", "user_data", "object", "arguments"] {
                text.line(format!("(void){unused};"));
            }
            text.line("switch (index) {");
            text.indented(2, |text| {
                self.interface.each_method(|resource, method| self.case(text, resource, method));
                text.line("default:");
                text.line("  return TOIT_ERR_NOT_FOUND;");
            });
            text.line("}");
            text.line("return toit_call_fail(call, toit_message_reason(message));");
        });
        text.line("}");
    }

    /// Adds the code that passes the calls of a method to the author's function.
    fn case(&self, text: &mut Text, resource: Option<&Resource>, method: &Method) {
        let handler = self.handler(resource, method);
        text.line(format!("case {}: {{", self.index(resource, method)));
        text.indented(2, |text| {
            text.line(format!("if (own->{handler} == NULL) return TOIT_ERR_NOT_FOUND;"));
            let mut given = vec!["user_data".to_owned(), "request".to_owned()];
            given.extend(resource.map(|_| "object".to_owned()));
            for (place, one) in method.parameters.iter().enumerate() {
                let (value, argument) = (format!("arguments[{place}]"), format!("argument{place}"));
                let from = format!("&{value}");
                match self.decoding(&one.ty, "message", &from, &literal(&one.name), &argument) {
                    Some(decoding) => {
                        text.line(format!("{} {argument};", self.ty(&one.ty)));
                        unless(text, &decoding, "break;");
                    }
                    None => text.line(format!("toit_value_t {argument} = {value};")),
                }
                given.push(argument);
            }
            text.line(format!("{} request = {{ call }};", self.request_type(resource, method)));
            function(text, &format!("return own->{handler}"), &given, ";");
        });
        text.line("}");
    }

    fn other_callbacks(&self, text: &mut Text) {
        let handlers = self.handlers_type();
        let on = |name: &str| self.prefix.name(&format!("on_{name}"));
        text.gap();
        text.line(format!(
            "static void {}(const void* handlers, void* user_data, toit_container_t* container) {{",
            on("created")
        ));
        text.line(format!("  const {handlers}* own = handlers;"));
        text.line("  if (own->on_created != NULL) own->on_created(user_data, container);");
        text.line("}");
        text.gap();
        text.line(format!(
            "static void {}(const void* handlers, void* user_data, int32_t kind, void* object) {{",
            on("closed")
        ));
        text.indented(2, |text| {
            text.line(format!("const {handlers}* own = handlers;"));
            for unused in ["own", "user_data", "object"] {
                text.line(format!("(void){unused};"));
            }
            text.line("switch (kind) {");
            text.indented(2, |text| {
                for resource in &self.interface.resources {
                    let closed = closed(resource);
                    text.line(format!("case {}:", self.kind(&resource.name)));
                    text.line(format!("  if (own->{closed} != NULL) own->{closed}(user_data, object);"));
                    text.line("  break;");
                }
                text.line("default:");
                text.line("  break;");
            });
            text.line("}");
        });
        text.line("}");
        text.gap();
        text.line(format!("static void {}(const void* handlers, void* user_data) {{", on("removed")));
        text.line(format!("  const {handlers}* own = handlers;"));
        text.line("  if (own->on_removed != NULL) own->on_removed(user_data);");
        text.line("}");
    }

    /// Adds what a provider says about itself: its service with the methods, its name, and the functions that pass it
    /// to the system.
    fn description(&self, text: &mut Text) {
        let [methods, service, options] =
            ["methods", "service", "options"].map(|name| self.prefix.name(name));
        let mut rows = Vec::new();
        self.interface.each_method(|resource, method| {
            let kind = resource.map_or(0, |resource| self.kind(&resource.name));
            rows.push(format!("{{ {}, {kind}, {} }}", self.index(resource, method), method.parameters.len()));
        });
        text.gap();
        if !rows.is_empty() {
            text.line(format!("static const toit_method_t {methods}[] = {{"));
            for (number, row) in rows.iter().enumerate() {
                text.line(format!("  {row}{}", if number + 1 < rows.len() { "," } else { "" }));
            }
            text.line("};");
            text.gap();
        }
        let carried = self.carried(text);
        text.line(format!("static const toit_service_t {service} = {{"));
        text.indented(2, |text| {
            text.line("sizeof(toit_service_t),");
            let version = ["UUID", "MAJOR", "MINOR"].map(|name| self.prefix.constant(name));
            text.line(format!("{},", version.join(", ")));
            let listed = if rows.is_empty() { "NULL".to_owned() } else { methods };
            text.line(format!("{listed}, {},", rows.len()));
            let names = ["created", "call", "closed", "removed"];
            text.line(names.map(|name| self.prefix.name(&format!("on_{name}"))).join(", ") + ",");
            text.line(carried);
        });
        text.line("};");
        text.gap();
        text.line(format!("static const toit_provider_options_t {options} = {{"));
        text.line(format!(
            "  sizeof(toit_provider_options_t), {}, NULL, 0, NULL",
            literal(&self.origin.stem())
        ));
        text.line("};");
        let chosen = format!("options == NULL ? &{options} : options");
        text.gap();
        let (head, parameters) = self.add_head();
        function(text, &head, &parameters, " {");
        text.line(format!("  return toit_provider_add(&{service}, {chosen}, handlers, user_data);"));
        text.line("}");
        text.gap();
        let (head, parameters) = self.install_head();
        function(text, &head, &parameters, " {");
        text.indented(2, |text| {
            let given = ["container", &format!("&{service}"), &chosen, "handlers", "user_data", "provider"];
            function(text, "return toit_provider_install", &given.map(str::to_owned), ";");
        });
        text.line("}");
    }

    /// Adds the bytes of the definition that the provider carries. Returns the members of `toit_service_t` for them.
    fn carried(&self, text: &mut Text) -> String {
        let Some(definition) = crate::carried::bytes(self.interface) else { return "NULL, 0".to_owned() };
        let name = self.prefix.name("definition");
        text.line("/* The definition, compressed: providers carry it for tools such as `lucarne call`. */");
        text.line(format!("static const uint8_t {name}[] = {{"));
        text.indented(4, |text| bytes::numbers(text, &definition));
        text.line("};");
        text.gap();
        format!("{name}, sizeof({name})")
    }

    fn reply(&self, text: &mut Text, resource: Option<&Resource>, method: &Method) {
        if let Some((head, parameters)) = self.reply_resource_head(resource, method) {
            text.gap();
            function(text, &head, &parameters, " {");
            text.indented(2, |text| {
                self.reply_with_resource(text, method, "resource == NULL ? NULL : &resource->resource");
            });
            text.line("}");
        }
        text.gap();
        let (head, parameters) = self.reply_head(resource, method);
        function(text, &head, &parameters, " {");
        text.indented(2, |text| match &method.result.kind {
            Kind::Resource(name) => {
                let place = if self.notifies(name) { "&resource->resource" } else { "NULL" };
                self.reply_with_resource(text, method, place);
            }
            _ if needs_function(&method.result) => {
                text.line("toit_message_t* message = toit_message_new();");
                text.line(NO_MEMORY);
                text.line("toit_value_t value = toit_value_null();");
                let encoding = self.encoding(&method.result, "result", "0", "value");
                text.line(format!("if (error == TOIT_OK) error = {encoding};"));
                text.line("if (error == TOIT_OK) error = toit_call_reply(request.call, &value);");
                text.line("toit_message_delete(message);");
                text.line("return error;");
            }
            _ => {
                text.line(format!("toit_value_t value = {};", plain_value(&method.result, "result")));
                text.line("return toit_call_reply(request.call, &value);");
            }
        });
        text.line("}");
    }

    /// Adds code that answers with the resource of an object, and puts the provider's control of it into a place.
    fn reply_with_resource(&self, text: &mut Text, method: &Method, place: &str) {
        let Some(name) = method.result.resource() else { return };
        if method.result.is_nullable {
            text.line("if (object == NULL) {");
            text.line("  toit_value_t value = toit_value_null();");
            text.line("  return toit_call_reply(request.call, &value);");
            text.line("}");
        }
        let (kind, notifies) = (self.kind(name), self.notifies(name));
        let given = ["request.call", &kind.to_string(), "object", &notifies.to_string(), place];
        function(text, "return toit_call_reply_resource", &given.map(str::to_owned), ";");
    }

    fn notify(&self, text: &mut Text, resource: &Resource, notification: &Notification) {
        text.gap();
        let (head, parameters) = self.notify_head(resource, notification);
        function(text, &head, &parameters, " {");
        text.indented(2, |text| {
            let values = values(notification);
            let sent = self.encode_all(text, &values);
            let sending = format!("toit_resource_notify(resource.resource, {sent})");
            let has_message = values.iter().any(|value| needs_function(&value.ty));
            let has_last = has_last(notification);
            match (has_message, has_last) {
                (true, _) => text.line(format!("if (error == TOIT_OK) error = {sending};")),
                (false, true) => text.line(format!("toit_err_t error = {sending};")),
                (false, false) => return text.line(format!("return {sending};")),
            }
            if has_last {
                text.line("if (error == TOIT_OK && values[0].type == TOIT_VALUE_NULL) {");
                text.line("  error = toit_resource_end(resource.resource);");
                text.line("}");
            }
            if has_message {
                text.line("toit_message_delete(message);");
            }
            text.line("return error;");
        });
        text.line("}");
    }

    fn end(&self, text: &mut Text, resource: &Resource) {
        text.gap();
        let (head, parameters) = self.end_head(resource);
        function(text, &head, &parameters, " {");
        text.line("  return toit_resource_end(resource.resource);");
        text.line("}");
    }

    /// Adds code that encodes parameters into an array. Returns the array and its length, as arguments. If the types
    /// need memory, there is a `message`, and an `error`.
    pub(super) fn encode_all(&self, text: &mut Text, parameters: &[Parameter]) -> String {
        if parameters.is_empty() {
            return "NULL, 0".to_owned();
        }
        let count = parameters.len();
        text.line(format!("toit_value_t values[{count}];"));
        for (place, one) in parameters.iter().enumerate().filter(|(_, one)| !needs_function(&one.ty)) {
            text.line(format!("values[{place}] = {};", plain_value(&one.ty, &parameter(&one.name))));
        }
        if parameters.iter().any(|one| needs_function(&one.ty)) {
            text.line("toit_message_t* message = toit_message_new();");
            text.line(NO_MEMORY);
        }
        for (place, one) in parameters.iter().enumerate().filter(|(_, one)| needs_function(&one.ty)) {
            let encoding = self.encoding(&one.ty, &parameter(&one.name), "0", &format!("values[{place}]"));
            text.line(format!("if (error == TOIT_OK) error = {encoding};"));
        }
        format!("values, {count}")
    }
}

/// Returns whether null is the last notification of a resource.
fn has_last(notification: &Notification) -> bool {
    matches!(&notification.delivery, Delivery::Next { value, .. } if value.is_nullable)
}

/// Returns the member of the table for the end of a resource.
pub(super) fn closed(resource: &Resource) -> String {
    format!("on_{}_closed", snake(&kebab(&resource.name)))
}

/// Returns the values of a notification.
pub(super) fn values(notification: &Notification) -> Vec<Parameter> {
    match &notification.delivery {
        Delivery::Next { value, .. } => {
            let (name, place) = ("value".to_owned(), notification.place);
            vec![Parameter { name, place, is_named: false, ty: Type::clone(value) }]
        }
        Delivery::Listener { values, .. } => values.clone(),
    }
}
