//! Reads a definition: its interfaces and records, and the rules that hold between them.

use std::collections::BTreeMap;

use lucarne_compiler::ast::{Class, ClassKind, Declaration, Doc};
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::parser;
use lucarne_compiler::resolve::Analysis;
use lucarne_compiler::source::{SourceId, Span};

use super::form;
use super::members::{Member, Reader};
use super::reserved;
use super::types::{Role, World};
use super::{Fault, Interface, Resource};
use crate::directives::{self, Comment, Target};

/// The definition is the first source that the compiler reads.
const SOURCE: SourceId = SourceId(0);

/// The maximum number of methods, of resources and of records. Some checks compare all of them with each other.
const MEMBERS_MAX: usize = 10_000;

/// A class of the definition, with its comment.
struct Declared<'a> {
    class: &'a Class,
    comment: Comment,
}

/// Reads the interface of a definition that has no errors of the language. Returns no interface if it has others.
pub(crate) fn read(analysis: &Analysis) -> (Option<Interface>, Vec<Diagnostic>) {
    let Some((source, entry)) = analysis.sources.get(SOURCE).zip(analysis.unit.entry) else {
        return (None, Vec::new());
    };
    let text = source.text.as_str();
    // The compiler has reported the mistakes of the language.
    let (file, _) = parser::parse(SOURCE, text);
    let world = World::new(SOURCE, &analysis.unit, entry);
    let mut reader = Reader { world, text, problems: Vec::new() };
    reader.comment(file.doc.as_ref(), Target::Other);
    let mut declared = Vec::new();
    for declaration in &file.declarations {
        match declaration {
            Declaration::Class(class) => {
                let comment = reader.comment(class.doc.as_ref(), target_of(class));
                reader.world.roles.insert(class.name.name.to_string(), role(class, &comment));
                declared.push(Declared { class, comment });
            }
            Declaration::Function(function) => drop(reader.comment(function.doc.as_ref(), Target::Other)),
            Declaration::Variable(variable) => drop(reader.comment(variable.doc.as_ref(), Target::Other)),
        }
    }
    let interface = reader.interface(&declared);
    // Most rules between the parts would report the same mistakes a second time.
    if let Some(interface) = &interface
        && reader.problems.is_empty()
    {
        reader.check(interface);
    }
    let interface = interface.filter(|_| !reader.problems.iter().any(Diagnostic::is_error));
    (interface, reader.problems)
}

fn target_of(class: &Class) -> Target {
    match class.kind {
        ClassKind::Interface => Target::Interface,
        ClassKind::Class => Target::Class,
        ClassKind::Mixin | ClassKind::Monitor => Target::Other,
    }
}

fn role(class: &Class, comment: &Comment) -> Role {
    let has = |name: &str| comment.find(name).is_some();
    match class.kind {
        ClassKind::Interface if has("service") => Role::Service,
        ClassKind::Interface if has("resource") => Role::Resource,
        ClassKind::Interface => Role::Interface,
        _ if has("record") => Role::Record,
        _ => Role::Class,
    }
}

impl Reader<'_> {
    /// Reads a doc comment, and keeps its mistakes.
    pub(super) fn comment(&mut self, doc: Option<&Doc>, target: Target) -> Comment {
        let Some(doc) = doc else { return Comment::default() };
        let mut comment = directives::read(SOURCE, self.text, doc.span, target);
        self.problems.append(&mut comment.problems);
        comment
    }

    fn interface(&mut self, declared: &[Declared<'_>]) -> Option<Interface> {
        let service = self.service(declared)?;
        let mut interface = Interface {
            name: service.class.name.name.to_string(),
            place: service.class.name.span,
            doc: service.comment.prose.clone(),
            uuid: String::new(),
            version: super::Version { major: 0, minor: 0 },
            version_place: Span::default(),
            methods: Vec::new(),
            resources: Vec::new(),
            records: Vec::new(),
        };
        if let Some(directive) = service.comment.find("service") {
            interface.version_place = directive.span();
            if let Some((uuid, version)) = self.keep(form::service(SOURCE, directive)) {
                interface.uuid = uuid;
                interface.version = version;
            }
        }
        for Declared { class, comment } in declared {
            let role = role(class, comment);
            match role {
                Role::Service | Role::Resource | Role::Record => {
                    self.problems.extend(reserved::large(SOURCE, &class.name));
                }
                Role::Interface | Role::Class => {}
            }
            match role {
                Role::Service => {
                    self.require_alone(class);
                    let members = self.methods(class, Target::ServiceMethod);
                    interface.methods.extend(members.into_iter().filter_map(|member| match member {
                        Member::Method(method) => Some(*method),
                        _ => None,
                    }));
                }
                Role::Resource => {
                    self.require_alone(class);
                    let resource = self.resource(class, comment);
                    interface.resources.push(resource);
                }
                Role::Record => {
                    let record = self.record(class, comment);
                    interface.records.push(record);
                }
                Role::Interface | Role::Class => self.comments_of_members(class),
            }
        }
        Some(interface)
    }

    fn service<'d, 'a>(&mut self, declared: &'d [Declared<'a>]) -> Option<&'d Declared<'a>> {
        let mut services = declared.iter().filter(|one| role(one.class, &one.comment) == Role::Service);
        let Some(service) = services.next() else {
            // A misspelt directive has been reported.
            if self.problems.is_empty() {
                let hint =
                    "write `@service UUID 1.0` in the doc comment of its interface; `uuidgen` makes a UUID";
                let place = declared.first().map_or(Span::default(), |first| first.class.name.span);
                let title = "this file defines no service";
                self.problems.push(Diagnostic::error(SOURCE, place, title).hint(hint));
            }
            return None;
        };
        for other in services {
            let title = "a file defines one service";
            let problem = Diagnostic::error(SOURCE, other.class.name.span, title);
            let problem = problem.also(SOURCE, service.class.name.span, "the first service");
            self.problems.push(problem.hint("move the other one to a file of its own"));
        }
        for Declared { class, comment } in declared {
            if let (Some(service), Some(resource)) = (comment.find("service"), comment.find("resource")) {
                let title = format!("`{}` is a service and a resource", class.name.name);
                let problem = Diagnostic::error(SOURCE, resource.name_span, title);
                self.problems.push(problem.also(SOURCE, service.name_span, "it is the service here"));
            }
        }
        Some(service)
    }

    /// Reports supertypes of an interface: its methods would not be seen.
    fn require_alone(&mut self, class: &Class) {
        if let Some(parent) = class.superclass.iter().chain(&class.interfaces).chain(&class.mixins).next() {
            let title = format!("`{}` has methods of `{}`", class.name.name, parent.name.name);
            let problem = Diagnostic::error(SOURCE, parent.span, title);
            self.problems
                .push(problem.hint("write all methods of a service or resource in its own interface"));
        }
    }

    fn resource(&mut self, class: &Class, comment: &Comment) -> Resource {
        let mut resource = Resource {
            name: class.name.name.to_string(),
            place: class.name.span,
            doc: comment.prose.clone(),
            methods: Vec::new(),
            close: None,
            notification: None,
        };
        let again = |name: &str, place: Span, first: Span, what: &str| {
            let title = format!("`{name}` is the second {what} this resource");
            Diagnostic::error(SOURCE, place, title).also(SOURCE, first, "the first")
        };
        for member in self.methods(class, Target::ResourceMethod) {
            match member {
                Member::Method(method) => resource.methods.push(*method),
                Member::Close(close) => match &resource.close {
                    None => resource.close = Some(close),
                    Some(first) => {
                        self.problems.push(again(
                            &close.name,
                            close.place,
                            first.place,
                            "method that closes",
                        ));
                    }
                },
                Member::Notification(notification) => match &resource.notification {
                    None => resource.notification = Some(*notification),
                    Some(first) => {
                        let (name, place) = (&notification.name, notification.place);
                        let problem = again(name, place, first.place, "notification of");
                        let hint =
                            "a resource has one kind of notification: send a record, or use another resource";
                        self.problems.push(problem.hint(hint));
                    }
                },
            }
        }
        resource
    }

    /// Checks the rules that hold between the parts of an interface.
    fn check(&mut self, interface: &Interface) {
        let mut methods = 0;
        interface.each_method(|_, _| methods += 1);
        for (count, what) in [
            (methods, "methods"),
            (interface.resources.len(), "resources"),
            (interface.records.len(), "records"),
        ] {
            if count > MEMBERS_MAX {
                let title = format!("the service has {count} {what}, but at most {MEMBERS_MAX} are possible");
                self.problems.push(Diagnostic::error(SOURCE, interface.place, title));
                return;
            }
        }
        self.check_types(interface);
        self.check_resources(interface);
        self.check_since(interface);
        self.check_errors(interface);
        let mut flat: BTreeMap<String, Span> = BTreeMap::new();
        interface.each_method(|resource, method| {
            let name = super::flat(resource.map(|resource| &*resource.name), &method.name);
            if let Some(first) = flat.insert(name.clone(), method.place) {
                let title = format!("generated code has two names `{name}`");
                let problem = Diagnostic::error(SOURCE, method.place, title).also(SOURCE, first, "the other");
                self.problems.push(problem.hint("choose another name for one of the methods"));
            }
        });
        let mut short: BTreeMap<String, Span> = BTreeMap::new();
        for resource in &interface.resources {
            let name = super::kebab(&resource.name);
            if let Some(first) = short.insert(name.clone(), resource.place) {
                let title = format!("generated code has two names `{name}`");
                let problem =
                    Diagnostic::error(SOURCE, resource.place, title).also(SOURCE, first, "the other");
                self.problems.push(problem.hint("choose another name"));
            }
        }
    }

    /// Checks that the types of the generated code have different names.
    fn check_types(&mut self, interface: &Interface) {
        let service = &interface.name;
        let mut names = vec![(service.clone(), interface.place)];
        for end in ["Client", "Provider", "Handler", "Error"] {
            names.push((format!("{service}{end}"), interface.place));
        }
        for resource in &interface.resources {
            names.push((resource.name.clone(), resource.place));
            names.push((format!("{}Proxy", resource.name), resource.place));
        }
        names.extend(interface.records.iter().map(|record| (record.name.clone(), record.place)));
        let mut known: BTreeMap<String, Span> = BTreeMap::new();
        for (name, place) in names {
            if let Some(first) = known.insert(name.clone(), place) {
                let title = format!("generated code has two types `{name}`");
                let problem = Diagnostic::error(SOURCE, place, title).also(SOURCE, first, "the other");
                self.problems.push(problem.hint("choose another name"));
            }
        }
    }

    fn check_resources(&mut self, interface: &Interface) {
        let mut returned: Vec<&str> = Vec::new();
        interface.each_method(|_, method| returned.extend(method.result.resource()));
        for resource in &interface.resources {
            if !returned.contains(&&*resource.name) {
                let title = format!("no method returns the resource `{}`", resource.name);
                let problem = Diagnostic::error(SOURCE, resource.place, title);
                self.problems.push(problem.hint("clients get a resource as the result of a method"));
            }
        }
    }

    fn check_since(&mut self, interface: &Interface) {
        let minor = interface.version.minor;
        let mut later = Vec::new();
        interface.each_method(|_, method| later.push((&method.name, method.since, method.place)));
        let fields = interface.records.iter().flat_map(|record| &record.fields);
        later.extend(fields.map(|field| (&field.name, field.since, field.place)));
        for (name, since, place) in later {
            if since.is_some_and(|since| since > minor) {
                let since = since.unwrap_or_default();
                let title = format!(
                    "`{name}` is there since minor version {since}, but the version is {}",
                    interface.version
                );
                let problem = Diagnostic::error(SOURCE, place, title);
                let hint = format!("write version {}.{since} in `@service`", interface.version.major);
                self.problems.push(problem.also(SOURCE, interface.version_place, "the version").hint(hint));
            }
        }
    }

    /// Checks that an error has the same text everywhere, and that no two have the same.
    fn check_errors(&mut self, interface: &Interface) {
        let mut known: Vec<&Fault> = Vec::new();
        interface.each_method(|_, method| {
            for error in &method.errors {
                let is_other = |first: &&&Fault| (first.name == error.name) != (first.text == error.text);
                let Some(first) = known.iter().find(is_other) else {
                    known.push(error);
                    continue;
                };
                let title = match first.name == error.name {
                    true => format!("the error `{}` has two texts", error.name),
                    false => format!("the errors `{}` and `{}` have the same text", first.name, error.name),
                };
                let problem =
                    Diagnostic::error(SOURCE, error.place, title).also(SOURCE, first.place, "the other");
                self.problems.push(problem);
            }
        });
    }
}
