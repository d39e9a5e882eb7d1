//! Turns the types of a definition, which the compiler has resolved, into types of the model.

use std::collections::BTreeMap;

use lucarne_compiler::ast::{self, TypeName};
use lucarne_compiler::diagnostic::Diagnostic;
use lucarne_compiler::ir::{self, ClassId};
use lucarne_compiler::source::{LIBRARY_PREFIX, SourceId};

use super::form::{Names, Read};
use super::{Kind, Type};

/// What a class or interface of the definition is in the interface of the service.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The service.
    Service,
    /// A resource.
    Resource,
    /// A record.
    Record,
    /// Any other interface.
    Interface,
    /// Any other class.
    Class,
}

/// The definition as the compiler sees it, with the role of each class.
pub(super) struct World<'a> {
    pub(super) source: SourceId,
    pub(super) unit: &'a ir::Unit,
    pub(super) entry: ir::ModuleId,
    pub(super) roles: BTreeMap<String, Role>,
    /// The functions of the definition, by the places of their names.
    pub(super) functions: BTreeMap<u32, &'a ir::Function>,
}

impl Names for World<'_> {
    fn find(&self, name: &str) -> Option<Kind> {
        match self.role(name)? {
            Role::Record => Some(Kind::Record(name.to_owned())),
            Role::Resource => Some(Kind::Resource(name.to_owned())),
            _ => None,
        }
    }

    fn records(&self) -> Vec<&str> {
        let records = self.roles.iter().filter(|(_, role)| **role == Role::Record);
        records.map(|(name, _)| name.as_str()).collect()
    }
}

impl<'a> World<'a> {
    /// Returns a definition whose classes have no roles yet.
    pub(super) fn new(source: SourceId, unit: &'a ir::Unit, entry: ir::ModuleId) -> Self {
        let mut world = World { source, unit, entry, roles: BTreeMap::new(), functions: BTreeMap::new() };
        if let Some(module) = unit.modules.get(entry.0 as usize) {
            world.functions = module.functions.iter().map(|function| (function.at, function)).collect();
        }
        world
    }

    /// Returns the role of a class of the definition.
    pub(super) fn role(&self, name: &str) -> Option<Role> {
        self.roles.get(name).copied()
    }

    /// Returns the module of the definition.
    pub(super) fn module(&self) -> Option<&ir::Module> {
        self.unit.modules.get(self.entry.0 as usize).map(|module| &**module)
    }

    /// Returns the function whose name is at a place.
    pub(super) fn function(&self, function: &ast::Function) -> Option<&ir::Function> {
        self.functions.get(&function.name.span().start).copied()
    }

    /// Returns the type of a value of the model, for a resolved type and its text.
    pub(super) fn value(&self, ty: ir::Type, written: &TypeName) -> Read<Type> {
        match ty {
            ir::Type::Any => Ok(Type::of(Kind::Any)),
            ir::Type::None => Ok(Type::of(Kind::None)),
            ir::Type::Block => {
                Err(self.cannot_be_sent(written, "blocks are part of the program that made them"))
            }
            ir::Type::Class { class, nullable } => {
                let kind = self.class(class, written)?;
                let is_nullable = nullable && kind != Kind::Any;
                Ok(Type { kind, is_nullable })
            }
        }
    }

    /// Returns whether a type is the library's `Lambda`.
    pub(super) fn is_lambda(&self, ty: ir::Type) -> bool {
        let ir::Type::Class { class, nullable: false } = ty else { return false };
        self.library_class(class) == Some("Lambda")
    }

    fn library_class(&self, id: ClassId) -> Option<&str> {
        let module = self.unit.modules.get(id.module.0 as usize)?;
        let class = module.classes.get(id.index as usize)?;
        module.path.starts_with(LIBRARY_PREFIX).then_some(class.name.as_str())
    }

    fn class(&self, id: ClassId, written: &TypeName) -> Read<Kind> {
        if let Some(name) = self.library_class(id) {
            return self.library_type(name, written);
        }
        let name = &*written.name.name;
        if id.module != self.entry {
            let hint = format!("declare `{name}` in this file");
            return Err(self.cannot_be_sent_with(written, "it is declared in another file", hint));
        }
        let class = self.module().and_then(|module| module.classes.get(id.index as usize));
        let name = class.map_or(name, |class| class.name.as_str());
        match self.role(name) {
            Some(Role::Record) => Ok(Kind::Record(name.to_owned())),
            Some(Role::Resource) => Ok(Kind::Resource(name.to_owned())),
            Some(Role::Interface) => {
                let hint = format!("write `@resource` above `{name}`, if a provider keeps it for a client");
                Err(self.cannot_be_sent_with(written, "it is a plain interface", hint))
            }
            Some(Role::Service) => {
                let hint = "other objects that a client uses are resources: interfaces with `@resource`";
                Err(self.cannot_be_sent_with(written, "it is the service itself", hint.to_owned()))
            }
            _ => {
                let hint = format!("write `@record` above `{name}`, if its fields are sent");
                Err(self.cannot_be_sent_with(written, "it is a plain class", hint))
            }
        }
    }

    fn library_type(&self, name: &str, written: &TypeName) -> Read<Kind> {
        let any = || Box::new(Type::of(Kind::Any));
        Ok(match name {
            "Object" => Kind::Any,
            "bool" => Kind::Bool,
            "int" => Kind::Int,
            "float" => Kind::Float,
            "string" => Kind::String,
            "ByteArray" => Kind::Bytes,
            "List" => Kind::List(any()),
            "Map" => Kind::Map(any(), any()),
            _ => {
                let hint = match name {
                    "num" => "write `int` or `float`",
                    "Duration" => {
                        "send an `int`, and say in the name which unit it has, such as `timeout-ms`"
                    }
                    "Time" => "send an `int`, such as the seconds since 1970",
                    "Set" | "Collection" | "Deque" => "write `List`",
                    "Lambda" => {
                        "`@notification` above a method of a resource makes its lambda one for notifications"
                    }
                    _ => "values are null, booleans, numbers, strings, byte arrays, lists, maps and records",
                };
                return Err(self.cannot_be_sent_with(
                    written,
                    "it is an object of the library",
                    hint.to_owned(),
                ));
            }
        })
    }

    fn cannot_be_sent(&self, written: &TypeName, reason: &str) -> Box<Diagnostic> {
        let title = format!("`{}` cannot be sent: {reason}", written.name.name);
        Box::new(Diagnostic::error(self.source, written.span, title))
    }

    fn cannot_be_sent_with(&self, written: &TypeName, reason: &str, hint: String) -> Box<Diagnostic> {
        Box::new(self.cannot_be_sent(written, reason).hint(hint))
    }
}
