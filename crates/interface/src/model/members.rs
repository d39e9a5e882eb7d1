//! Reads the members of interfaces and records.

use std::collections::BTreeMap;

use lucarne_compiler::ast::{self, Class, Declaration, Function, FunctionName, Initial};
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::ir;
use lucarne_compiler::source::{SourceId, Span};

use super::form::{self, Cursor, Read};
use super::reserved;
use super::types::World;
use super::{
    BOUND_DEFAULT, Closing, Delivery, Field, Kind, LAMBDA_VALUES_MAX, Method, Notification, Parameter,
    Record, Type,
};
use crate::directives::{Comment, Directive, Target};

/// The maximum number of parameters. With the handle of a resource, they are a tuple of Rust, which has at most 16 values.
const PARAMETERS_MAX: usize = 15;

/// Reads a definition, and collects its mistakes.
pub(super) struct Reader<'a> {
    pub(super) world: World<'a>,
    pub(super) text: &'a str,
    pub(super) problems: Vec<Diagnostic>,
}

/// A method of an interface.
pub(super) enum Member {
    Method(Box<Method>),
    Close(Closing),
    Notification(Box<Notification>),
}

impl Reader<'_> {
    fn source(&self) -> SourceId {
        self.world.source
    }

    fn error(&mut self, place: Span, title: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Diagnostic::error(self.source(), place, title).hint(hint));
    }

    /// Returns a value that was read, or keeps the mistake.
    pub(super) fn keep<T>(&mut self, read: Read<T>) -> Option<T> {
        read.map_err(|problem| self.problems.push(*problem)).ok()
    }

    /// Reads the doc comments of the members of a class that is not a part of the service.
    pub(super) fn comments_of_members(&mut self, class: &Class) {
        for member in &class.members {
            let doc = match member {
                Declaration::Class(inner) => &inner.doc,
                Declaration::Function(function) => &function.doc,
                Declaration::Variable(variable) => &variable.doc,
            };
            self.comment(doc.as_ref(), Target::Other);
        }
    }

    /// Reads the methods of an interface. Static members and constructors are not part of it.
    pub(super) fn methods(&mut self, class: &Class, target: Target) -> Vec<Member> {
        let mut members = Vec::new();
        let mut names: BTreeMap<&str, Span> = BTreeMap::new();
        for declaration in &class.members {
            let Declaration::Function(function) = declaration else { continue };
            let is_constructor =
                matches!(function.name, FunctionName::Constructor(_) | FunctionName::NamedConstructor(_));
            if function.static_at.is_some() || is_constructor {
                self.comment(function.doc.as_ref(), Target::Other);
                continue;
            }
            let FunctionName::Plain(name) = &function.name else {
                let hint = "write a method with a name and arguments instead";
                self.error(
                    function.name.span(),
                    "operators and setters cannot be called from other containers",
                    hint,
                );
                continue;
            };
            if let Some(first) = names.get(&*name.name) {
                let title = format!("there are two methods `{}`", name.name);
                let problem = Diagnostic::error(self.source(), name.span, title).also(
                    self.source(),
                    *first,
                    "the first",
                );
                self.problems.push(
                    problem.hint("give each method a name of its own: not all languages have overloads"),
                );
                continue;
            }
            names.insert(&name.name, name.span);
            let comment = self.comment(function.doc.as_ref(), target);
            members.extend(self.member(function, name, &comment, target));
        }
        members
    }

    fn member(
        &mut self,
        function: &Function,
        name: &ast::Identifier,
        comment: &Comment,
        target: Target,
    ) -> Option<Member> {
        let special: Vec<&Directive> =
            ["close", "next", "notification"].iter().filter_map(|name| comment.find(name)).collect();
        if let [first, second, ..] = special[..] {
            let title = format!("`@{}` and `@{}` exclude each other", first.name, second.name);
            let problem = Diagnostic::error(self.source(), second.name_span, title);
            self.problems.push(problem.also(self.source(), first.name_span, "the other"));
            return None;
        }
        let special = special.first().copied();
        if let Some(directive) = special {
            for other in comment.directives.iter().filter(|other| *other != directive && other.name != "type")
            {
                let title = format!("`@{}` does not go with `@{}`", other.name, directive.name);
                let hint = format!("`@{}` is for methods that call the provider", other.name);
                self.error(other.name_span, title, hint);
            }
        }
        let is_close = special.is_some_and(|directive| directive.name == "close");
        if !(is_close && &*name.name == "close") {
            let problem = reserved::method(self.source(), name, target == Target::ResourceMethod);
            self.problems.extend(problem);
        }
        let (named, place, doc) = (name.name.to_string(), name.span, comment.prose.clone());
        match special {
            None => self
                .method(function, comment, (named, place, doc))
                .map(|method| Member::Method(Box::new(method))),
            Some(directive) if is_close => {
                self.require_form(function, directive, 0, "`close -> none`");
                Some(Member::Close(Closing { name: named, place, doc }))
            }
            Some(directive) => {
                let delivery = match &*directive.name {
                    "next" => self.next(function, directive, comment)?,
                    _ => self.listener(function, directive)?,
                };
                Some(Member::Notification(Box::new(Notification { name: named, place, doc, delivery })))
            }
        }
    }

    fn method(
        &mut self,
        function: &Function,
        comment: &Comment,
        (name, place, doc): (String, Span, String),
    ) -> Option<Method> {
        let parameters = self.parameters(function);
        let result = self.result(function)?;
        let mut method = Method {
            name,
            place,
            doc,
            fixed: None,
            index: 0,
            since: None,
            parameters: parameters?,
            result,
            errors: Vec::new(),
            timeout: None,
        };
        let source = self.source();
        for directive in &comment.directives {
            match &*directive.name {
                "index" => method.fixed = self.keep(form::index(source, directive)),
                "since" => method.since = self.keep(form::small_number(source, directive)),
                "timeout" => method.timeout = self.keep(form::time(source, directive)),
                "type" => self.type_of_part(directive, &mut method.parameters, &mut method.result),
                "throws" => {
                    let Some(error) = self.keep(form::fault(source, directive)) else { continue };
                    if let Some(first) = method.errors.iter().find(|first| first.name == error.name) {
                        let title = format!("there are two `@throws {}`", error.name);
                        let problem = Diagnostic::error(source, error.place, title);
                        self.problems.push(problem.also(source, first.place, "the first"));
                    } else {
                        method.errors.push(error);
                    }
                }
                _ => {}
            }
        }
        Some(method)
    }

    /// Reads the parameters of a method. Reports all mistakes.
    fn parameters(&mut self, function: &Function) -> Option<Vec<Parameter>> {
        let mut parameters = Vec::new();
        if let Some(first) = function.parameters.get(PARAMETERS_MAX) {
            let count = function.parameters.len();
            let title = format!("a method has at most {PARAMETERS_MAX} parameters, but this one has {count}");
            self.error(first.name.span, title, "take a record");
            return None;
        }
        for parameter in &function.parameters {
            parameters.push(self.parameter(function, parameter));
        }
        parameters.into_iter().collect()
    }

    fn parameter(&mut self, function: &Function, parameter: &ast::Parameter) -> Option<Parameter> {
        let (name, span) = (&parameter.name.name, parameter.name.span);
        if parameter.is_block {
            let hint = "send a value, or use a resource with `@notification`";
            self.error(span, format!("the block `{name}` cannot be sent"), hint);
            return None;
        }
        if parameter.default.is_some() {
            let title = format!("the parameter `{name}` has a default value");
            self.error(span, title, "leave it out, and let null stand for the default: `TYPE?`");
            return None;
        }
        let Some(written) = &parameter.ty else {
            self.error(
                span,
                format!("the parameter `{name}` has no type"),
                format!("write `{name}/TYPE`; `any` takes all values"),
            );
            return None;
        };
        let resolved = self.resolved_parameter(function, name)?;
        let value = self.world.value(resolved, written);
        let ty = self.keep(value)?;
        if ty.resource().is_some() {
            let hint = "a client uses a resource through its methods";
            self.error(
                written.span,
                format!("the resource `{}` cannot be an argument", written.name.name),
                hint,
            );
            return None;
        }
        let problem = reserved::small(self.source(), &parameter.name);
        self.problems.extend(problem);
        Some(Parameter { name: name.to_string(), place: span, is_named: parameter.is_named, ty })
    }

    fn resolved_parameter(&self, function: &Function, name: &str) -> Option<ir::Type> {
        let resolved = self.world.function(function)?;
        resolved.parameters.iter().find(|parameter| parameter.name == name).map(|parameter| parameter.ty)
    }

    fn result(&mut self, function: &Function) -> Option<Type> {
        let Some(written) = &function.return_type else {
            let name = self.text.get(function.name.span().range()).unwrap_or_default();
            self.error(
                function.name.span(),
                format!("`{name}` has no result type"),
                "write `-> none`, or the type of its result",
            );
            return None;
        };
        let value = self.world.value(self.world.function(function)?.return_type, written);
        self.keep(value)
    }

    /// Reads `@type NAME TYPE` or `@type -> TYPE`, and sets the type of that parameter or result.
    fn type_of_part(&mut self, directive: &Directive, parameters: &mut [Parameter], result: &mut Type) {
        let source = self.source();
        let mut cursor = Cursor::new(source, directive);
        let declared = if cursor.take("->") {
            result
        } else {
            let (name, span) = cursor.word();
            let Some(parameter) = parameters.iter_mut().find(|parameter| parameter.name == name) else {
                let title = match name {
                    "" => "`@type` needs the name of a parameter, or `->`".to_owned(),
                    name => format!("the method has no parameter `{name}`"),
                };
                return self.problems.push(*form::wrong(source, directive, span, title));
            };
            &mut parameter.ty
        };
        let read = cursor.ty(&self.world);
        let Some((given, span)) = self.keep(read) else { return };
        if !cursor.is_done() {
            return self.problems.push(*cursor.unexpected("nothing more"));
        }
        self.refine(declared, given, span);
    }

    /// Gives a declared list or map the types of its elements.
    fn refine(&mut self, declared: &mut Type, given: Type, place: Span) {
        let is_same_kind = matches!(
            (&declared.kind, &given.kind),
            (Kind::List(_), Kind::List(_)) | (Kind::Map(..), Kind::Map(..))
        );
        let title = format!("`{given}` is declared as `{}`", declared.declared());
        let hint = match declared.kind {
            Kind::List(_) | Kind::Map(..) if is_same_kind => {
                let written = Type { kind: given.kind.clone(), is_nullable: declared.is_nullable };
                format!("write `{written}`")
            }
            Kind::List(_) | Kind::Map(..) => "`@type` only adds the types of elements".to_owned(),
            _ => "`@type` adds the types of elements to a `List` or a `Map`".to_owned(),
        };
        if is_same_kind && declared.is_nullable == given.is_nullable {
            *declared = given;
        } else {
            self.error(place, title, hint);
        }
    }

    /// Reports a special method with a wrong number of parameters, or with a result.
    fn require_form(&mut self, function: &Function, directive: &Directive, parameters: usize, form: &str) {
        let returns = self.world.function(function).map(|function| function.return_type);
        let is_good = function.parameters.len() == parameters && returns == Some(ir::Type::None);
        if !is_good {
            let title = format!("the method of `@{}` has another form", directive.name);
            let problem = Diagnostic::error(self.source(), function.name.span(), title);
            let problem = problem.also(self.source(), directive.name_span, "the directive");
            self.problems.push(problem.hint(format!("the form is {form}")));
        }
    }

    fn next(&mut self, function: &Function, directive: &Directive, comment: &Comment) -> Option<Delivery> {
        let source = self.source();
        let bound = match directive.words.is_empty() {
            true => BOUND_DEFAULT,
            false => self.keep(form::small_number(source, directive))?,
        };
        if bound == 0 {
            let title = "at least one notification must be able to wait".to_owned();
            self.problems.push(*form::wrong(source, directive, directive.rest_span, title));
        }
        let mut value = self.result(function)?;
        let is_value = !matches!(value.kind, Kind::None | Kind::Resource(_));
        if !is_value || !function.parameters.is_empty() {
            let title = "the method of `@next` has another form";
            let hint = "it has no parameters, and returns a value: `receive -> string`";
            self.error(function.name.span(), title, hint);
            return None;
        }
        for directive in comment.directives.iter().filter(|directive| directive.name == "type") {
            self.type_of_part(directive, &mut [], &mut value);
        }
        Some(Delivery::Next { value, bound })
    }

    fn listener(&mut self, function: &Function, directive: &Directive) -> Option<Delivery> {
        let source = self.source();
        self.require_form(function, directive, 1, "`on-change callback/Lambda -> none`");
        let parameter = function.parameters.first()?;
        let is_lambda = self
            .resolved_parameter(function, &parameter.name.name)
            .is_some_and(|ty| self.world.is_lambda(ty));
        if !is_lambda || parameter.default.is_some() {
            let title = format!("`{}` must be a lambda", parameter.name.name);
            self.error(parameter.name.span, title, format!("write `{}/Lambda`", parameter.name.name));
            return None;
        }
        let problem = reserved::small(source, &parameter.name);
        self.problems.extend(problem);
        let mut cursor = Cursor::new(source, directive);
        let mut values: Vec<Parameter> = Vec::new();
        while !cursor.is_done() {
            let (name, place) = cursor.word();
            if name.is_empty() || !cursor.take("/") {
                self.problems.push(*cursor.unexpected("NAME/TYPE"));
                return None;
            }
            let read = cursor.ty(&self.world);
            let (ty, _) = self.keep(read)?;
            let name = lucarne_compiler::names::canonical(name);
            let problem = reserved::small(source, &ast::Identifier { name: name.clone(), span: place });
            self.problems.extend(problem);
            if values.iter().any(|value| value.name == *name) {
                self.problems.push(Diagnostic::error(
                    source,
                    place,
                    format!("there are two values `{name}`"),
                ));
            }
            values.push(Parameter { name: name.to_string(), place, is_named: false, ty });
        }
        if values.len() > LAMBDA_VALUES_MAX {
            let title = format!("a notification has at most {LAMBDA_VALUES_MAX} values");
            let problem = Diagnostic::error(source, directive.rest_span, title);
            self.problems.push(problem.hint("send a record"));
        }
        let (lambda, is_named) = (parameter.name.name.to_string(), parameter.is_named);
        Some(Delivery::Listener { lambda, is_named, values })
    }

    // Records.

    /// Reads a record.
    pub(super) fn record(&mut self, class: &Class, comment: &Comment) -> Record {
        let (source, name) = (self.source(), class.name.name.to_string());
        if class.is_abstract {
            let title = format!("the record `{name}` is abstract");
            self.error(
                class.name.span,
                title,
                "remove `abstract`: the receiver of a record makes an object of its class",
            );
        }
        if let Some(parent) = class.superclass.iter().chain(&class.mixins).next() {
            let title = format!("the record `{name}` has fields of `{}`", parent.name.name);
            self.error(parent.span, title, "write all fields of a record in its own class");
        }
        let mut fields = Vec::new();
        for member in &class.members {
            match member {
                Declaration::Variable(variable) if variable.static_at.is_none() => {
                    let comment = self.comment(variable.doc.as_ref(), Target::Field);
                    fields.extend(self.field(class, variable, &comment));
                }
                Declaration::Variable(variable) => drop(self.comment(variable.doc.as_ref(), Target::Other)),
                Declaration::Function(function) => drop(self.comment(function.doc.as_ref(), Target::Other)),
                Declaration::Class(_) => {}
            }
        }
        let mut record = Record {
            name,
            place: class.name.span,
            doc: comment.prose.clone(),
            fields,
            constructor: Vec::new(),
        };
        let is_field = |member: &&Declaration| matches!(member, Declaration::Variable(variable) if variable.static_at.is_none());
        let written = class.members.iter().filter(is_field).count();
        if written == 0 {
            let title = format!("the record `{}` has no fields", record.name);
            self.problems.push(Diagnostic::error(source, record.place, title));
        } else if let Some(constructor) = constructor(class, &record.fields) {
            record.constructor = constructor;
        } else if written == record.fields.len() {
            let title = format!("`{}` needs a constructor that sets each of its fields", record.name);
            let parameters: Vec<String> =
                record.fields.iter().map(|field| format!(".{}", field.name)).collect();
            self.error(record.place, title, format!("write `constructor {}:`", parameters.join(" ")));
        }
        record
    }

    fn field(&mut self, class: &Class, variable: &ast::Variable, comment: &Comment) -> Option<Field> {
        let name = &variable.name;
        let Some(written) = &variable.ty else {
            let (title, hint) =
                (format!("the field `{}` has no type", name.name), format!("write `{}/TYPE`", name.name));
            self.error(name.span, title, hint);
            return None;
        };
        if variable.is_final && matches!(variable.value, Initial::Value(_)) {
            let title = format!("the field `{}` always has the same value", name.name);
            self.error(name.span, title, "leave the value out, so that the constructor can set it");
            return None;
        }
        let problem = reserved::small(self.source(), name);
        self.problems.extend(problem);
        let value = self.world.value(self.resolved_field(class, &name.name)?, written);
        let mut ty = self.keep(value)?;
        if ty.resource().is_some() {
            let hint = "a resource is the whole result of a method";
            self.error(
                written.span,
                format!("the resource `{}` cannot be a part of a value", written.name.name),
                hint,
            );
            return None;
        }
        let source = self.source();
        let mut since = None;
        for directive in &comment.directives {
            match &*directive.name {
                "since" => since = self.keep(form::small_number(source, directive)),
                _ => self.type_of_field(directive, &mut ty),
            }
        }
        Some(Field { name: name.name.to_string(), place: name.span, doc: comment.prose.clone(), ty, since })
    }

    fn type_of_field(&mut self, directive: &Directive, declared: &mut Type) {
        let mut cursor = Cursor::new(self.source(), directive);
        let read = cursor.ty(&self.world);
        let Some((given, span)) = self.keep(read) else { return };
        if cursor.is_done() {
            self.refine(declared, given, span);
        } else {
            self.problems.push(*cursor.unexpected("nothing more"));
        }
    }

    fn resolved_field(&self, class: &Class, name: &str) -> Option<ir::Type> {
        let classes = &self.world.module()?.classes;
        let resolved = classes.iter().find(|resolved| resolved.at == class.name.span.start)?;
        resolved.fields.iter().find(|field| field.name == name).map(|field| field.ty)
    }
}

/// Returns the parameters of the constructor that sets each field of a record and nothing else.
fn constructor(class: &Class, fields: &[Field]) -> Option<Vec<(usize, bool)>> {
    let constructors = class.members.iter().filter_map(|member| match member {
        Declaration::Function(function) if matches!(function.name, FunctionName::Constructor(_)) => {
            Some(function)
        }
        _ => None,
    });
    constructors.into_iter().find_map(|constructor| {
        let places: Option<Vec<(usize, bool)>> = constructor
            .parameters
            .iter()
            .map(|parameter| {
                let name = &*parameter.name.name;
                let place = fields.iter().position(|field| field.name == name && parameter.is_field)?;
                Some((place, parameter.is_named))
            })
            .collect();
        places.filter(|places| places.len() == fields.len())
    })
}
