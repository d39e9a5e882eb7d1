//! The client: functions that call, and the client's end of each resource.

use super::codec::{needs_function, unless};
use super::names::{comment, parameter, snake};
use super::provider::values;
use super::{C, Text, flat_name, function, out};
use crate::model::{Kind, Method, Notification, Resource, Type, kebab};

impl C<'_> {
    fn client_type(&self) -> String {
        self.prefix.ty("client")
    }

    pub(super) fn declare_client(&self, text: &mut Text) {
        let interface = self.interface;
        text.gap();
        text.line("/* ---- Clients ---- */");
        text.gap();
        comment(text, "A client, until it is closed. It may be copied, and used on any thread.", &[]);
        text.line(format!("typedef struct {{ toit_client_t* client; }} {};", self.client_type()));
        for resource in &interface.resources {
            text.gap();
            let note = "The client's end of this resource, until it is closed. It may be copied, and used on any thread.";
            comment(text, &resource.doc, &[note.to_owned()]);
            let name = self.prefix.ty(&resource.name);
            text.line(format!("typedef struct {{ toit_proxy_t* proxy; }} {name};"));
        }
        text.gap();
        comment(
            text,
            "Opens the service, as toit_client_open. The client must be closed. `options` may be NULL.",
            &[],
        );
        let (head, parameters) = self.open_head();
        function(text, &head, &parameters, ";");
        text.gap();
        text.line("/* Closes a client, as toit_client_close. */");
        text.line(format!("toit_status_t {}({} client);", self.prefix.name("close"), self.client_type()));
        interface.each_method(|resource, method| {
            text.gap();
            comment(text, &method.doc, &self.notes_of_call(method));
            let (head, parameters) = self.call_head(resource, method);
            function(text, &head, &parameters, ";");
        });
        for resource in &interface.resources {
            if let Some(notification) = &resource.notification {
                text.gap();
                let note = "Waits for a notification, as toit_proxy_receive. It is valid until the answer is used again.";
                comment(text, &notification.doc, &[note.to_owned()]);
                let (head, parameters) = self.receive_head(resource, notification);
                function(text, &head, &parameters, ";");
            }
            text.gap();
            let doc = resource.close.as_ref().map_or("", |close| &close.doc);
            comment(text, doc, &["Closes the resource, as toit_proxy_close.".to_owned()]);
            text.line(format!("{};", self.close_head(resource)));
        }
    }

    fn notes_of_call(&self, method: &Method) -> Vec<String> {
        let mut notes = self.notes(method);
        if let Some(timeout) = method.timeout {
            notes.push(format!("The time limit is {timeout} ms, unless the answer has another."));
        }
        match &method.result.kind {
            Kind::Resource(_) if method.result.is_nullable => {
                notes.push("The result must be closed, unless its proxy is NULL.".to_owned());
            }
            Kind::Resource(_) => notes.push("The result must be closed.".to_owned()),
            Kind::None | Kind::Bool | Kind::Int | Kind::Float if !method.result.is_nullable => {}
            _ => notes.push("The result is valid until the answer is used again.".to_owned()),
        }
        notes
    }

    fn open_head(&self) -> (String, Vec<String>) {
        let parameters = [
            "toit_container_t* container",
            "const toit_open_options_t* options",
            &format!("{}* result", self.client_type()),
            "toit_answer_t* answer",
        ];
        (format!("toit_status_t {}", self.prefix.name("open")), parameters.map(str::to_owned).to_vec())
    }

    fn call_head(&self, resource: Option<&Resource>, method: &Method) -> (String, Vec<String>) {
        let mut parameters = vec![match resource {
            Some(resource) => format!("{} proxy", self.prefix.ty(&resource.name)),
            None => format!("{} client", self.client_type()),
        }];
        parameters.extend(self.parameters(&method.parameters));
        match &method.result.kind {
            Kind::None => {}
            Kind::Resource(name) => parameters.push(format!("{}* result", self.prefix.ty(name))),
            _ => parameters.push(out(self, &method.result, "result")),
        }
        parameters.push("toit_answer_t* answer".to_owned());
        let name = self.prefix.name(&format!("{}_call", flat_name(resource, method)));
        (format!("toit_status_t {name}"), parameters)
    }

    fn receive_head(&self, resource: &Resource, notification: &Notification) -> (String, Vec<String>) {
        let mut parameters = vec![format!("{} proxy", self.prefix.ty(&resource.name))];
        parameters.extend(values(notification).iter().map(|one| out(self, &one.ty, &parameter(&one.name))));
        parameters.push("toit_answer_t* answer".to_owned());
        let name = self.prefix.name(&format!("{}_receive", snake(&kebab(&resource.name))));
        (format!("toit_status_t {name}"), parameters)
    }

    fn close_head(&self, resource: &Resource) -> String {
        let name = self.prefix.name(&format!("{}_close", snake(&kebab(&resource.name))));
        format!("toit_status_t {name}({} proxy)", self.prefix.ty(&resource.name))
    }

    pub(super) fn define_client(&self, text: &mut Text) {
        text.gap();
        let (head, parameters) = self.open_head();
        function(text, &head, &parameters, " {");
        text.indented(2, |text| {
            let mut given = vec!["container".to_owned()];
            given.extend(["UUID", "MAJOR", "MINOR"].map(|name| self.prefix.constant(name)));
            given.extend(["options", "&result->client", "answer"].map(str::to_owned));
            function(text, "return toit_client_open", &given, ";");
        });
        text.line("}");
        text.gap();
        text.line(format!("toit_status_t {}({} client) {{", self.prefix.name("close"), self.client_type()));
        text.line("  return toit_client_close(client.client);");
        text.line("}");
        self.interface.each_method(|resource, method| self.call(text, resource, method));
        for resource in &self.interface.resources {
            if let Some(notification) = &resource.notification {
                self.receive(text, resource, notification);
            }
            text.gap();
            text.line(format!("{} {{", self.close_head(resource)));
            text.line("  return toit_proxy_close(proxy.proxy);");
            text.line("}");
        }
    }

    fn call(&self, text: &mut Text, resource: Option<&Resource>, method: &Method) {
        text.gap();
        let (head, parameters) = self.call_head(resource, method);
        function(text, &head, &parameters, " {");
        text.indented(2, |text| {
            let sent = self.encode_all(text, &method.parameters);
            let needs_memory = method.parameters.iter().any(|one| needs_function(&one.ty));
            // Without values, the call is refused, and the answer says so.
            let sent =
                if needs_memory { sent.replace("values", "error == TOIT_OK ? values : NULL") } else { sent };
            let (called, target) = match resource {
                Some(_) => ("toit_proxy_call", "proxy.proxy"),
                None => ("toit_client_call", "client.client"),
            };
            let timeout = method.timeout.unwrap_or(0);
            let given = [
                target.to_owned(),
                self.index(resource, method),
                sent,
                timeout.to_string(),
                "answer".to_owned(),
            ];
            let is_last = method.result.kind == Kind::None && !needs_memory;
            let begin = if is_last { "return" } else { "toit_status_t status =" };
            function(text, &format!("{begin} {called}"), &given, ";");
            if needs_memory {
                text.line("toit_message_delete(message);");
            }
            match &method.result.kind {
                Kind::None if is_last => {}
                Kind::None => text.line("return status;"),
                Kind::Resource(name) => {
                    text.line("if (status != TOIT_STATUS_OK) return status;");
                    let flags = format!("{}, {}", method.result.is_nullable, self.notifies(name));
                    text.line(format!("return toit_answer_take_proxy(answer, {flags}, &result->proxy);"));
                }
                _ => {
                    text.line("if (status != TOIT_STATUS_OK) return status;");
                    self.take(text, &method.result, "answer->values", "\"the result\"", "result");
                    text.line("return TOIT_STATUS_OK;");
                }
            }
        });
        text.line("}");
    }

    /// Adds code that decodes a value of the answer into a place that a parameter points to.
    fn take(&self, text: &mut Text, ty: &Type, value: &str, name: &str, place: &str) {
        let is_record = matches!(ty.kind, Kind::Record(_)) && !ty.is_nullable;
        // No parameter has this name: a parameter ends in `_` only if its name is in a list.
        let decoded = format!("decoded_{place}_");
        let into = if is_record { decoded.clone() } else { format!("*{place}") };
        if is_record {
            text.line(format!("{} {decoded};", self.ty(ty)));
        }
        match self.decoding(ty, "answer->message", value, name, &into) {
            Some(decoding) => {
                let decoding = decoding.replace("&*", "");
                unless(text, &decoding, "return toit_answer_refuse(answer);");
            }
            None => text.line(format!("{into} = *{value};").replace("*&", "")),
        }
        if is_record {
            text.line(format!("*{place} = *{decoded};"));
        }
    }

    fn receive(&self, text: &mut Text, resource: &Resource, notification: &Notification) {
        text.gap();
        let (head, parameters) = self.receive_head(resource, notification);
        function(text, &head, &parameters, " {");
        text.indented(2, |text| {
            let values = values(notification);
            let received = format!("toit_proxy_receive(proxy.proxy, {}, answer)", values.len());
            if values.is_empty() {
                return text.line(format!("return {received};"));
            }
            text.line(format!("toit_status_t status = {received};"));
            text.line("if (status != TOIT_STATUS_OK) return status;");
            for (place, one) in values.iter().enumerate() {
                let name = super::literal(&one.name);
                self.take(text, &one.ty, &format!("&answer->values[{place}]"), &name, &parameter(&one.name));
            }
            text.line("return TOIT_STATUS_OK;");
        });
        text.line("}");
    }
}
