//! Generates the client and the proxies, which implement the interfaces of the definition.

use crate::generate::text::Text;
use crate::model::{Delivery, Kind, Method, Notification, Parameter, Resource, Type};

use super::codec::Way;
use super::{Toit, doc, of_definition, packed, parameters, signature, type_name, unpacked};

impl Toit<'_> {
    pub(super) fn client(&self) -> String {
        let interface = self.interface;
        let mut text = self.begin();
        let has_proxies = !interface.resources.is_empty();
        let deliveries = || interface.resources.iter().filter_map(|resource| resource.notification.as_ref());
        if deliveries().any(|one| matches!(one.delivery, Delivery::Listener { .. })) {
            // A method could have the name `monitor`.
            text.line("import monitor as monitor_");
        }
        let has_queues = deliveries().any(|one| matches!(one.delivery, Delivery::Next { .. }));
        let queue = if has_queues { "NotificationQueue " } else { "" };
        let proxy = if has_proxies { " ServiceResourceProxy" } else { "" };
        text.line(format!("import system.services show {queue}ServiceClient{proxy} ServiceSelector"));
        text.gap();
        self.import_definition(&mut text);
        self.import_service(&mut text, &self.codec.used(interface, true));
        text.gap();
        doc(&mut text, &interface.doc);
        text.line(format!(
            "class {}Client extends ServiceClient implements {}:",
            interface.name,
            of_definition(&interface.name)
        ));
        text.indented(2, |text| {
            text.line(format!("static SELECTOR ::= {}.SELECTOR", interface.name));
            text.gap();
            text.line("constructor selector/ServiceSelector=SELECTOR:");
            text.line("  assert: selector.matches SELECTOR");
            text.line("  super selector");
            for method in &interface.methods {
                self.call(text, None, method);
            }
        });
        for resource in &interface.resources {
            text.gap();
            self.proxy(&mut text, resource);
        }
        text.finish()
    }

    fn call(&self, text: &mut Text, resource: Option<&Resource>, method: &Method) {
        let owner = resource.map(|resource| &*resource.name);
        let (invoke, client) = match resource {
            Some(_) => ("client_.invoke_", "client_"),
            None => ("invoke_", "this"),
        };
        let mut sent: Vec<String> = resource.map(|_| "open-handle_".to_owned()).into_iter().collect();
        let encoded =
            |parameter: &Parameter| self.codec.converted(Way::Encode, &parameter.ty, &parameter.name);
        sent.extend(method.parameters.iter().map(encoded));
        let mut invoked = format!("{invoke} {} {}", self.index(owner, method), packed(&sent));
        if let Some(milliseconds) = method.timeout {
            invoked = format!("with-timeout --ms={milliseconds}: {invoked}");
        }
        text.gap();
        doc(text, &method.doc);
        let result = type_name(&method.result, of_definition, |resource| resource.to_owned());
        signature(text, &method.name, &parameters(&method.parameters), &result, ":");
        text.indented(2, |text| match (&method.result.kind, method.result.resource()) {
            (_, Some(proxy)) if method.result.is_nullable => {
                text.line(format!("opened_ := {invoked}"));
                text.line(format!("return opened_ and ({proxy} {client} opened_)"));
            }
            (_, Some(proxy)) => text.line(format!("return {proxy} {client} ({invoked})")),
            (Kind::None, None) => text.line(invoked),
            (_, None) => text.line(format!("return {}", self.decoded(&method.result, &invoked))),
        });
    }

    fn decoded(&self, ty: &Type, value: &str) -> String {
        match self.codec.function(Way::Decode, ty) {
            Some(function) => format!("{function} ({value})"),
            None => value.to_owned(),
        }
    }

    fn proxy(&self, text: &mut Text, resource: &Resource) {
        doc(text, &resource.doc);
        let name = &resource.name;
        text.line(format!("class {name} extends ServiceResourceProxy implements {}:", of_definition(name)));
        text.indented(2, |text| {
            if let Some(notification) = &resource.notification {
                self.fields(text, notification);
                text.gap();
            }
            text.line("constructor client/ServiceClient handle/int:");
            text.line("  super client handle");
            for method in &resource.methods {
                self.call(text, Some(resource), method);
            }
            if let Some(notification) = &resource.notification {
                self.receiving(text, notification);
            }
            // The base class has `close`.
            if let Some(close) = resource.close.as_ref().filter(|close| close.name != "close") {
                text.gap();
                doc(text, &close.doc);
                text.line(format!("{} -> none:", close.name));
                text.line("  close");
            }
        });
    }

    fn fields(&self, text: &mut Text, notification: &Notification) {
        match &notification.delivery {
            Delivery::Next { bound, .. } => {
                text.line(format!("notifications_/NotificationQueue ::= NotificationQueue {bound}"));
            }
            Delivery::Listener { .. } => {
                text.line("listener_/Lambda? := null");
                text.line("on-end_/Lambda? := null");
                text.line("end_/string? := null");
                text.line("has-listener_/monitor_.Latch ::= monitor_.Latch");
            }
        }
    }

    fn receiving(&self, text: &mut Text, notification: &Notification) {
        text.gap();
        doc(text, &notification.doc);
        match &notification.delivery {
            Delivery::Next { value, .. } => {
                let result = type_name(value, of_definition, |resource| resource.to_owned());
                signature(text, &notification.name, &[], &result, ":");
                text.line(format!("  return {}", self.decoded(value, "notifications_.next")));
                text.gap();
                text.line("on-notified_ notification/any -> none:");
                text.line("  notifications_.add notification");
                text.gap();
                text.line("on-ended_ reason/string -> none:");
                text.line("  notifications_.end reason");
            }
            Delivery::Listener { lambda, is_named, values } => {
                let dashes = if *is_named { "--" } else { "" };
                let on_end = if lambda == "on-end" { "on-ended" } else { "on-end" };
                text.line(format!(
                    "{} {dashes}{lambda}/Lambda --{on_end}/Lambda?=null -> none:",
                    notification.name
                ));
                text.line(format!("  listener_ = {lambda}"));
                text.line(format!("  on-end_ = {on_end}"));
                text.line("  if not has-listener_.has-value: has-listener_.set true");
                text.line(format!("  if end_ and {on_end}: {on_end}.call end_"));
                text.gap();
                text.line("on-notified_ notification/any -> none:");
                text.indented(2, |text| {
                    // Until then, notifications wait in the mailbox of this process, which is bounded.
                    text.line("has-listener_.get");
                    text.line("if end_: return");
                    let sent = unpacked("notification", values.len());
                    let given: String = values
                        .iter()
                        .zip(sent)
                        .map(|(value, sent)| {
                            format!(" {}", self.codec.converted(Way::Decode, &value.ty, &sent))
                        })
                        .collect();
                    text.line(format!("listener_.call{given}"));
                });
                text.gap();
                text.line("on-ended_ reason/string -> none:");
                text.line("  end_ = reason");
                text.line("  if on-end_: on-end_.call reason");
            }
        }
    }
}
