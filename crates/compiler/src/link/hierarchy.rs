//! The classes of a program as the linker sees them: mixins applied, members indexed.
//!
//! A class with mixins gets an *application* for each of them between itself and its superclass: a
//! class of its own that has the mixin's fields and methods. All later stages know only single
//! inheritance.

use std::collections::HashMap;

use crate::ir::{ClassId, ClassKind, FieldRef, FunctionId, FunctionKind, ModuleId, Selector, Type, Unit};

/// A class by its place in [`Hierarchy::classes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct LinkClass(pub(super) u32);

/// A class, or the application of a mixin.
#[derive(Debug)]
pub(super) struct Class {
    /// The declaration that the fields and methods come from.
    pub(super) declaration: ClassId,
    /// Whether this is an application of the mixin `declaration`.
    pub(super) is_application: bool,
    pub(super) superclass: Option<LinkClass>,
    /// The place of the first field that `declaration` declares.
    pub(super) first_field: u32,
    /// The number of fields of an instance.
    pub(super) fields: u32,
}

/// The target of a selector.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Member {
    /// A method, with the class that it was found in.
    Method(FunctionId, LinkClass),
    /// A field's getter.
    Getter(LinkClass, u32),
    /// A field's setter.
    Setter(LinkClass, u32),
}

/// All classes.
pub(super) struct Hierarchy<'u> {
    unit: &'u Unit,
    pub(super) classes: Vec<Class>,
    by_declaration: HashMap<ClassId, LinkClass>,
    members: HashMap<(LinkClass, &'u str), Vec<Member>>,
}

impl<'u> Hierarchy<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        let mut hierarchy =
            Hierarchy { unit, classes: Vec::new(), by_declaration: HashMap::new(), members: HashMap::new() };
        for (module, contents) in unit.modules.iter().enumerate() {
            for index in 0..contents.classes.len() {
                hierarchy.add(ClassId { module: ModuleId(module as u32), index: index as u32 });
            }
        }
        hierarchy
    }

    pub(super) fn declaration(&self, class: ClassId) -> &'u crate::ir::Class {
        &self.unit.modules[class.module.0 as usize].classes[class.index as usize]
    }

    pub(super) fn class(&self, class: LinkClass) -> &Class {
        &self.classes[class.0 as usize]
    }

    /// Returns the class of a declaration (for a mixin: the mixin itself, not its applications).
    pub(super) fn find(&self, class: ClassId) -> Option<LinkClass> {
        self.by_declaration.get(&class).copied()
    }

    fn add(&mut self, class: ClassId) -> LinkClass {
        // Superclasses first. The walk up uses a list, not recursion: chains can be long.
        let mut chain = vec![class];
        while let Some(superclass) = chain.last().and_then(|last| self.declaration(*last).superclass) {
            if self.by_declaration.contains_key(&superclass) || chain.contains(&superclass) {
                break;
            }
            chain.push(superclass);
        }
        for declared in chain.into_iter().rev() {
            if !self.by_declaration.contains_key(&declared) {
                self.add_with_mixins(declared);
            }
        }
        self.by_declaration[&class]
    }

    fn add_with_mixins(&mut self, class: ClassId) {
        let declaration = self.declaration(class);
        let mut superclass = declaration.superclass.and_then(|superclass| self.find(superclass));
        for mixin in &declaration.mixins {
            superclass = Some(self.push(*mixin, true, superclass));
        }
        let added = self.push(class, false, superclass);
        self.by_declaration.insert(class, added);
    }

    fn push(
        &mut self,
        declaration: ClassId,
        is_application: bool,
        superclass: Option<LinkClass>,
    ) -> LinkClass {
        let first_field = superclass.map_or(0, |superclass| self.class(superclass).fields);
        let declared = self.declaration(declaration);
        let id = LinkClass(self.classes.len() as u32);
        let fields = first_field + declared.fields.len() as u32;
        self.classes.push(Class { declaration, is_application, superclass, first_field, fields });
        let module = &self.unit.modules[declaration.module.0 as usize];
        for index in &declared.methods {
            let function = &module.functions[*index as usize];
            let method = Member::Method(FunctionId { module: declaration.module, index: *index }, id);
            self.members.entry((id, &function.name)).or_default().push(method);
        }
        for (index, field) in declared.fields.iter().enumerate() {
            let place = first_field + index as u32;
            let entry = self.members.entry((id, field.name.as_str())).or_default();
            entry.push(Member::Getter(id, place));
            if !field.is_final {
                entry.push(Member::Setter(id, place));
            }
        }
        id
    }

    /// Finds the target of a selector in a class or its superclasses.
    pub(super) fn look_up(&self, class: LinkClass, selector: &Selector) -> Option<Member> {
        let mut current = Some(class);
        while let Some(class) = current {
            if let Some(members) = self.members.get(&(class, selector.name.as_str())) {
                let found = members.iter().find(|member| self.matches(**member, selector));
                if let Some(member) = found {
                    return Some(*member);
                }
            }
            current = self.class(class).superclass;
        }
        None
    }

    fn matches(&self, member: Member, selector: &Selector) -> bool {
        match member {
            Member::Getter(..) => {
                !selector.is_setter && selector.unnamed.is_empty() && selector.named.is_empty()
            }
            Member::Setter(..) => selector.is_setter,
            Member::Method(function, _) => {
                let function =
                    &self.unit.modules[function.module.0 as usize].functions[function.index as usize];
                // An abstract method promises that subclasses have it; it is not a target itself.
                !matches!(function.code, crate::ir::Code::None) && accepts(function, selector)
            }
        }
    }

    /// Returns the place of a field in instances of the class that a method was found in. `holder`
    /// matters for mixins only, whose fields have a place in each application.
    pub(super) fn place(&self, field: FieldRef, holder: Option<LinkClass>) -> Option<u32> {
        let mut current = holder;
        while let Some(class) = current {
            let class = self.class(class);
            if class.declaration == field.class {
                return Some(class.first_field + field.index);
            }
            current = class.superclass;
        }
        Some(self.class(self.find(field.class)?).first_field + field.index)
    }

    /// Returns the declared type of a field, by its place in a class.
    pub(super) fn field_type(&self, class: LinkClass, place: u32) -> Type {
        let class = self.class(class);
        let index = place.saturating_sub(class.first_field) as usize;
        self.declaration(class.declaration).fields.get(index).map_or(Type::Any, |field| field.ty)
    }

    /// Returns whether instances of `class` are instances of `of`, which may be an interface or a
    /// mixin.
    pub(super) fn is_subtype(&self, class: LinkClass, of: ClassId) -> bool {
        let mut current = Some(class);
        while let Some(id) = current {
            let class = self.class(id);
            if class.declaration == of || self.implements(class.declaration, of) {
                return true;
            }
            current = class.superclass;
        }
        false
    }

    fn implements(&self, class: ClassId, of: ClassId) -> bool {
        let mut work = vec![class];
        let mut seen = Vec::new();
        while let Some(class) = work.pop() {
            let declaration = self.declaration(class);
            let is_mixin = declaration.kind == ClassKind::Mixin;
            let above =
                declaration.superclass.filter(|_| is_mixin || declaration.kind == ClassKind::Interface);
            for next in declaration.interfaces.iter().chain(&declaration.mixins).chain(&above) {
                if *next == of {
                    return true;
                }
                if !seen.contains(next) {
                    seen.push(*next);
                    work.push(*next);
                }
            }
        }
        false
    }
}

/// Returns whether a function can be called with a selector's shape.
pub(super) fn accepts(function: &crate::ir::Function, selector: &Selector) -> bool {
    if (function.kind == FunctionKind::Setter) != selector.is_setter {
        return false;
    }
    let mut unnamed = selector.unnamed.iter().peekable();
    for parameter in function.parameters.iter().filter(|parameter| !parameter.is_named) {
        match unnamed.peek() {
            Some(is_block) if **is_block == parameter.is_block => {
                unnamed.next();
            }
            // Optional parameters stand before blocks, which are never optional.
            Some(true) | None if parameter.is_optional => {}
            _ => return false,
        }
    }
    if unnamed.next().is_some() {
        return false;
    }
    let named: Vec<_> = function.parameters.iter().filter(|parameter| parameter.is_named).collect();
    let all_known = selector.named.iter().all(|(name, is_block)| {
        named.iter().any(|parameter| parameter.name == *name && parameter.is_block == *is_block)
    });
    all_known
        && named.iter().all(|parameter| {
            parameter.is_optional || selector.named.iter().any(|(name, _)| *name == parameter.name)
        })
}

/// Returns whether a call with this selector gives a function all its parameters, in their order.
pub(super) fn is_exact(function: &crate::ir::Function, selector: &Selector) -> bool {
    function.parameters.len() == selector.unnamed.len() + selector.named.len()
}
