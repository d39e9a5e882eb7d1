//! The classes of a program as the linker sees them: mixins applied, members indexed.
//!
//! A class with mixins gets an *application* for each of them between itself and its superclass: a
//! class of its own that has the mixin's fields and methods. All later stages know only single
//! inheritance.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::library;
use crate::ir::{ClassId, ClassKind, FieldRef, FunctionId, FunctionKind, ModuleId, Selector, Type, Unit};
use crate::steps;

/// A class by its place in [`Hierarchy::classes`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) struct LinkClass(pub(super) u32);

/// The name of members, by its place in [`Hierarchy::holders`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct NameId(u32);

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

/// All classes of the modules in the program.
pub(super) struct Hierarchy<'u> {
    unit: &'u Unit,
    pub(super) classes: Vec<Class>,
    by_declaration: FxHashMap<ClassId, LinkClass>,
    /// The names of members.
    names: FxHashMap<&'u str, NameId>,
    members: FxHashMap<(LinkClass, NameId), Vec<Member>>,
    /// For each name, the classes that have a member with it, in the order of their declaration.
    holders: Vec<Vec<LinkClass>>,
    /// For each class, its place in a walk over the tree of classes, and the place after its last
    /// subclass.
    ranges: Vec<(u32, u32)>,
    /// The results of [`Hierarchy::above`].
    above: RefCell<FxHashMap<ClassId, Rc<FxHashSet<ClassId>>>>,
}

impl<'u> Hierarchy<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        let mut hierarchy = Hierarchy {
            unit,
            classes: Vec::new(),
            by_declaration: FxHashMap::default(),
            names: FxHashMap::default(),
            members: FxHashMap::default(),
            holders: Vec::new(),
            ranges: Vec::new(),
            above: RefCell::default(),
        };
        let modules = unit.modules.iter().enumerate().zip(library::modules_in_program(unit));
        for ((module, contents), _) in modules.filter(|(_, is_in_program)| *is_in_program) {
            for index in 0..contents.classes.len() {
                hierarchy.add(ClassId { module: ModuleId(module as u32), index: index as u32 });
            }
        }
        hierarchy.ranges = hierarchy.find_ranges();
        hierarchy
    }

    fn find_ranges(&self) -> Vec<(u32, u32)> {
        // A superclass comes before its subclasses in the list.
        let mut sizes = vec![1u32; self.classes.len()];
        for (index, class) in self.classes.iter().enumerate().rev() {
            if let Some(superclass) = class.superclass {
                sizes[superclass.0 as usize] += sizes[index];
            }
        }
        let mut ranges = vec![(0, 0); self.classes.len()];
        // For each class, the place of its next subclass.
        let mut next = vec![0; self.classes.len()];
        let mut next_root = 0;
        for (index, class) in self.classes.iter().enumerate() {
            let place = match class.superclass {
                Some(superclass) => &mut next[superclass.0 as usize],
                None => &mut next_root,
            };
            let start = *place;
            *place += sizes[index];
            ranges[index] = (start, start + sizes[index]);
            next[index] = start + 1;
        }
        ranges
    }

    /// Returns the class's place in a walk over the tree, and the place after its last subclass.
    pub(super) fn range(&self, class: LinkClass) -> (u32, u32) {
        self.ranges[class.0 as usize]
    }

    /// Returns the classes that have a member with a name.
    pub(super) fn holders(&self, name: &str) -> &[LinkClass] {
        let name = self.names.get(name).and_then(|name| self.holders.get(name.0 as usize));
        name.map_or(&[], Vec::as_slice)
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
        let mut seen = FxHashSet::from_iter([class]);
        while let Some(superclass) = chain.last().and_then(|last| self.declaration(*last).superclass) {
            steps::count(1);
            if self.by_declaration.contains_key(&superclass) || !seen.insert(superclass) {
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
            self.add_member(id, &function.name, method);
        }
        for (index, field) in declared.fields.iter().enumerate() {
            let place = first_field + index as u32;
            self.add_member(id, &field.name, Member::Getter(id, place));
            if !field.is_final {
                self.add_member(id, &field.name, Member::Setter(id, place));
            }
        }
        id
    }

    fn add_member(&mut self, class: LinkClass, name: &'u str, member: Member) {
        let name = *self.names.entry(name).or_insert_with(|| {
            self.holders.push(Vec::new());
            NameId(self.holders.len() as u32 - 1)
        });
        let members = self.members.entry((class, name)).or_default();
        if members.is_empty() {
            self.holders[name.0 as usize].push(class);
        }
        members.push(member);
    }

    /// Finds the target of a selector in a class or its superclasses.
    pub(super) fn look_up(&self, class: LinkClass, selector: &Selector) -> Option<Member> {
        let name = *self.names.get(selector.name.as_str())?;
        let mut current = Some(class);
        while let Some(class) = current {
            steps::count(1);
            if let Some(members) = self.members.get(&(class, name)) {
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
                // An abstract method is not a target: the method to call is in a subclass.
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

    /// Returns the interfaces and mixins that instances of a class are instances of.
    pub(super) fn supertypes(&self, class: LinkClass) -> FxHashSet<ClassId> {
        let mut found = FxHashSet::default();
        let mut current = Some(class);
        while let Some(class) = current {
            let class = self.class(class);
            if class.is_application {
                found.insert(class.declaration);
            }
            found.extend(self.above(class.declaration).iter());
            current = class.superclass;
        }
        steps::count(found.len());
        found
    }

    /// Returns the interfaces and mixins of a declaration, with those above them. For a mixin or an
    /// interface, this includes the declaration that it extends.
    fn above(&self, class: ClassId) -> Rc<FxHashSet<ClassId>> {
        if let Some(known) = self.above.borrow().get(&class) {
            return known.clone();
        }
        let mut work = vec![class];
        let mut found = FxHashSet::default();
        while let Some(class) = work.pop() {
            let declaration = self.declaration(class);
            let is_mixin = declaration.kind == ClassKind::Mixin;
            let above =
                declaration.superclass.filter(|_| is_mixin || declaration.kind == ClassKind::Interface);
            for next in declaration.interfaces.iter().chain(&declaration.mixins).chain(&above) {
                steps::count(1);
                if found.insert(*next) {
                    work.push(*next);
                }
            }
        }
        let found = Rc::new(found);
        self.above.borrow_mut().insert(class, found.clone());
        found
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
