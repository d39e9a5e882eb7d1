//! Generates the abstract provider, whose author implements the interface of the definition, and the resources.
//!
//! The author's objects know nothing of services. A generated `ServiceResource` holds each object that a method has
//! returned, and forwards its notifications: it calls a method with `@next` again and again, and gives a method with
//! `@notification` a lambda.

use crate::generate::bytes;
use crate::generate::text::Text;
use crate::model::{Delivery, Kind, Method, Notification, Parameter, Resource, kebab};

use super::codec::Way;
use super::{Toit, call, doc, literal, of_definition, packed, unpacked};

/// The function that returns the compressed definition. It makes a new array each time, since sending may empty it.
const DEFINITION_BYTES: &str = "definition-bytes_";

impl Toit<'_> {
    pub(super) fn provider(&self) -> String {
        let (interface, stem) = (self.interface, self.origin.stem());
        let definition = crate::carried::bytes(interface);
        let mut text = self.begin();
        let resource = if interface.resources.is_empty() { "" } else { " ServiceResource" };
        text.line(format!("import system.services show ServiceHandler ServiceProvider{resource}"));
        text.gap();
        self.import_definition(&mut text);
        self.import_service(&mut text, &self.codec.used(interface, false));
        text.gap();
        doc(&mut text, &self.doc_of_provider());
        text.line(format!("abstract class {}Provider extends ServiceProvider", interface.name));
        text.line(format!("    implements ServiceHandler {}:", of_definition(&interface.name)));
        text.indented(2, |text| {
            doc(text, "Creates a provider with this $name and version. Both describe it, and clients can choose by them.");
            text.line("constructor");
            text.indented(4, |text| {
                text.line(format!("name/string={}", literal(&stem)));
                text.line(format!("--major/int={}", interface.version.major));
                text.line(format!("--minor/int={}", interface.version.minor));
                text.line("--patch/int=0");
                text.line("--tags/List?=null");
                text.line("--priority/int=ServiceProvider.PRIORITY-NORMAL:");
            });
            text.indented(2, |text| {
                text.line("super name --major=major --minor=minor --patch=patch --tags=tags");
                text.line(format!("provides {}.SELECTOR --handler=this --priority=priority", interface.name));
            });
            text.gap();
            text.line("handle index/int arguments/any --gid/int --client/int -> any:");
            text.indented(2, |text| {
                interface.each_method(|resource, method| self.branch(text, resource, method));
                if definition.is_some() {
                    text.line(format!("if index == -1: return {DEFINITION_BYTES}"));
                }
                text.line("throw \"no method $index in service:$name\"");
            });
            end_resource(text, &interface.resources);
            for resource in &interface.resources {
                self.helpers(text, resource);
            }
        });
        for resource in &interface.resources {
            text.gap();
            self.resource(&mut text, resource);
        }
        if let Some(definition) = definition {
            text.gap();
            doc(
                &mut text,
                "The definition, compressed: providers carry it for tools such as `lucarne call`.",
            );
            text.line(format!("{DEFINITION_BYTES} -> ByteArray:"));
            text.line("  return #[");
            text.indented(4, |text| bytes::numbers(text, &definition));
            text.line("  ]");
        }
        text.finish()
    }

    fn doc_of_provider(&self) -> String {
        let name = &self.interface.name;
        let mut prose = format!(
            "A provider of the service `{name}`.\n\nA subclass implements the methods of the interface `{name}` in \
             `{}`.",
            self.origin.file
        );
        if !self.interface.resources.is_empty() {
            prose += "\nEach resource that it returns must be a new object: it is closed when its client closes it or ends.";
        }
        prose
    }

    /// Adds the code that answers the calls of a method.
    fn branch(&self, text: &mut Text, resource: Option<&Resource>, method: &Method) {
        let is_of_resource = resource.is_some();
        let count = method.parameters.len() + usize::from(is_of_resource);
        let mut sent = unpacked("arguments", count).into_iter();
        let target = match (resource, sent.len()) {
            (Some(resource), _) => {
                let handle = sent.next().unwrap_or_default();
                format!("({}-of_ client {handle}).", kebab(&resource.name))
            }
            (None, _) => "this.".to_owned(),
        };
        let argument = |(parameter, sent): (&Parameter, String)| {
            let value = self.codec.converted(Way::Decode, &parameter.ty, &sent);
            if parameter.is_named { format!("--{}={value}", parameter.name) } else { value }
        };
        let arguments: Vec<String> = method.parameters.iter().zip(sent).map(argument).collect();
        let called = format!("{target}{}", method.name);
        // The call as an argument of another call.
        let inner = || match arguments.is_empty() {
            true => called.clone(),
            false => format!("({called} {})", arguments.join(" ")),
        };
        text.line(format!("if index == {}:", self.index(resource.map(|resource| &*resource.name), method)));
        text.indented(2, |text| {
            match (method.result.resource(), self.codec.function(Way::Encode, &method.result)) {
                (Some(resource), _) => {
                    call(text, &format!("return open-{}_", kebab(resource)), &["client".to_owned(), inner()]);
                }
                (None, Some(function)) => call(text, &format!("return {function}"), &[inner()]),
                (None, None) if method.result.kind == Kind::None => {
                    call(text, &called, &arguments);
                    text.line("return null");
                }
                (None, None) => call(text, &format!("return {called}"), &arguments),
            }
        });
    }

    /// Adds the methods that make and find the resources of a kind.
    fn helpers(&self, text: &mut Text, resource: &Resource) {
        let (name, short) = (&resource.name, kebab(&resource.name));
        text.gap();
        text.line(format!("open-{short}_ client/int object/{}? -> ServiceResource?:", of_definition(name)));
        text.indented(2, |text| {
            text.line("if not object: return null");
            let Some(close) = &resource.close else {
                return text.line(format!("return {name}Resource_ this client object"));
            };
            // The client may have ended meanwhile, or have too many resources.
            text.line("opened/ServiceResource? := null");
            text.line("try:");
            text.line(format!("  opened = {name}Resource_ this client object"));
            text.line("  return opened");
            text.line("finally:");
            text.line(format!("  if not opened: object.{}", close.name));
        });
        if resource.methods.is_empty() {
            return;
        }
        text.gap();
        text.line(format!("{short}-of_ client/int handle/any -> {}:", of_definition(name)));
        text.indented(2, |text| {
            // A client that has closed its proxy may send null, and one with a mistake the handle of a resource of another kind.
            text.line("found := handle is int ? (resource client handle) : null");
            text.line(format!("if found is not {name}Resource_: throw \"NO_SUCH_RESOURCE\""));
            text.line(format!("return (found as {name}Resource_).object_"));
        });
    }

    fn resource(&self, text: &mut Text, resource: &Resource) {
        let notification = resource.notification.as_ref();
        text.line(format!("class {}Resource_ extends ServiceResource:", resource.name));
        let is_next = notification.is_some_and(|one| matches!(one.delivery, Delivery::Next { .. }));
        text.indented(2, |text| {
            text.line(format!("object_/{}", of_definition(&resource.name)));
            if is_next {
                text.line("forwarding_/Task? := null");
            }
            text.gap();
            text.line("constructor provider/ServiceProvider client/int .object_:");
            let notifiable = if notification.is_some() { " --notifiable" } else { "" };
            text.indented(2, |text| {
                text.line(format!("super provider client{notifiable}"));
                if let Some(notification) = notification {
                    self.start_forwarding(text, notification);
                }
            });
            if let Some(notification) = notification {
                self.forward(text, notification);
            }
            text.gap();
            text.line("on-closed -> none:");
            text.indented(2, |text| {
                if is_next {
                    text.line("if forwarding_: forwarding_.cancel");
                }
                if let Some(close) = &resource.close {
                    text.line(format!("object_.{}", close.name));
                }
            });
        });
    }

    fn start_forwarding(&self, text: &mut Text, notification: &Notification) {
        match &notification.delivery {
            Delivery::Next { .. } => text.line("forwarding_ = task --background:: forward_"),
            Delivery::Listener { lambda, is_named, values } => {
                let names: Vec<&str> = values.iter().map(|value| &*value.name).collect();
                let sent: Vec<String> = values
                    .iter()
                    .map(|value| self.codec.converted(Way::Encode, &value.ty, &value.name))
                    .collect();
                let names =
                    if names.is_empty() { String::new() } else { format!(" | {} |", names.join(" ")) };
                let dashes = if *is_named { format!(" --{lambda}=(::") } else { "::".to_owned() };
                let end = if *is_named { ")" } else { "" };
                text.line(format!(
                    "object_.{}{dashes}{names} send_ {}{end}",
                    notification.name,
                    packed(&sent)
                ));
            }
        }
    }

    /// Adds the method that sends notifications: all of them, or one that a lambda was called with.
    fn forward(&self, text: &mut Text, notification: &Notification) {
        let Delivery::Next { value, .. } = &notification.delivery else {
            text.gap();
            text.line("send_ notification/any -> none:");
            return text.line("  if not is-closed: notify_ notification");
        };
        let next = format!("object_.{}", notification.name);
        let encoded = |called: &str| match self.codec.function(Way::Encode, value) {
            Some(function) => format!("({function} {called})"),
            None => called.to_owned(),
        };
        text.gap();
        text.line("forward_ -> none:");
        text.indented(2, |text| {
            text.line("try:");
            // An error here must not end the provider's process.
            if value.is_nullable {
                text.line("  catch --trace:");
                text.line("    while not is-closed:");
                text.line(format!("      notification_ := {next}"));
                text.line("      // Null is the last notification. This task must not be canceled before it is sent.");
                text.line("      if notification_ == null: forwarding_ = null");
                let encoded = encoded("notification_");
                text.line(format!("      if not is-closed: notify_ {encoded} --close=(notification_ == null)"));
            } else {
                text.line("  catch --trace:");
                text.line("    while not is-closed:");
                text.line(format!("      notification_ := {}", encoded(&next)));
                text.line("      if not is-closed: notify_ notification_");
            }
            text.line("finally:");
            text.line("  forwarding_ = null");
            text.line("  close");
        });
    }
}

/// Adds the method by which the author of a provider ends a resource.
fn end_resource(text: &mut Text, resources: &[Resource]) {
    if resources.is_empty() {
        return;
    }
    let notifies = |resource: &Resource| resource.notification.is_some();
    let told = match (resources.iter().all(notifies), resources.iter().any(notifies)) {
        (true, _) => {
            "The resource is closed, and its client is told, after the notifications that were sent before."
        }
        (false, true) => {
            "The resource is closed. If it sends notifications, its client is told, after those that were sent before. \
             The next call of one without notifications throws \"NO_SUCH_RESOURCE\"."
        }
        (false, false) => "The resource is closed. The next call of its client throws \"NO_SUCH_RESOURCE\".",
    };
    let prose = format!("Ends the resource of an $object that a method has returned.\n\n{told}");
    text.gap();
    doc(text, &prose);
    text.line("end-resource object/any -> none:");
    text.indented(2, |text| {
        text.line("resources-do: | resource_/ServiceResource |");
        for Resource { name, .. } in resources {
            text.line(format!("  if resource_ is {name}Resource_:"));
            text.line(format!(
                "    if identical (resource_ as {name}Resource_).object_ object: resource_.close"
            ));
        }
    });
}
