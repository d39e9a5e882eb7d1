//! The declarations of all modules, libraries included, and queries about them.
//!
//! All queries use the interface part of the IR (classes, signatures, globals), so a prepared
//! library needs no source text.

use super::notes::Notes;
use crate::ir::{
    Class, ClassId, ClassKind, FieldRef, Function, FunctionId, FunctionKind, Global, GlobalId, Item, Module,
    ModuleId, Unit,
};
use crate::names::{Name, Suggestions, is_private};
use crate::steps;
use crate::types::{Fit, Ty, fit};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

/// The maximum number of declarations of a module, or of a class, that share a name: each call of the
/// name looks through them, and each is compared with the others.
pub(super) const OVERLOADS_MAX: usize = 200;

/// An instance member of a class.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Member {
    /// A method, getter or setter.
    Method(FunctionId),
    /// A field.
    Field(FieldRef),
}

/// The members of one class by name.
#[derive(Default, Debug)]
pub(super) struct ClassIndex {
    /// Methods and fields.
    pub(super) members: FxHashMap<Name, Vec<Member>>,
    /// Static functions and fields; the names of static setters end in `=`.
    pub(super) statics: FxHashMap<Name, Vec<Item>>,
    /// Constructors and factories; the unnamed ones have the empty name.
    pub(super) constructors: FxHashMap<Name, Vec<FunctionId>>,
}

/// The declarations of one module by name.
#[derive(Debug)]
struct ModuleIndex {
    /// Its own declarations.
    own: FxHashMap<Name, Vec<Item>>,
    /// The members of its classes, in the order of `Module::classes`.
    classes: Vec<ClassIndex>,
}

/// All modules.
#[derive(Default)]
pub(super) struct World {
    pub(super) unit: Unit,
    /// For each module, its declarations by name. Those of the prepared library are indexed when they are first asked for.
    indexes: Vec<OnceCell<ModuleIndex>>,
    /// The classes and functions of the core library that the compiler needs.
    pub(super) builtin: Builtin,
    /// The results of [`World::ancestors`]. They are kept only once the hierarchy is final.
    ancestors: RefCell<FxHashMap<ClassId, Rc<[ClassId]>>>,
    is_hierarchy_final: bool,
    /// How often the declarations of modules have been indexed.
    generation: u32,
    /// The classes that extend or implement something unknown, which has been reported: they may have
    /// any members.
    pub(super) incomplete: FxHashSet<ClassId>,
    /// The suggestions for misspelled names.
    pub(super) suggestions: Suggestions,
    /// The notes for the index, if one is requested.
    pub(super) notes: Notes,
}

/// The classes and functions of the core library that the compiler needs.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Builtin {
    pub(super) object: Option<ClassId>,
    pub(super) null: Option<ClassId>,
    pub(super) int: Option<ClassId>,
    pub(super) float: Option<ClassId>,
    pub(super) bool: Option<ClassId>,
    pub(super) true_: Option<ClassId>,
    pub(super) false_: Option<ClassId>,
    pub(super) string: Option<ClassId>,
    pub(super) list: Option<ClassId>,
    pub(super) map: Option<ClassId>,
    pub(super) set: Option<ClassId>,
    pub(super) byte_array: Option<ClassId>,
    pub(super) lambda: Option<ClassId>,
    pub(super) monitor: Option<ClassId>,
    /// Functions that always throw.
    pub(super) never_return: [Option<FunctionId>; 3],
    /// The function that `assert:` calls.
    pub(super) assert: Option<FunctionId>,
}

impl World {
    pub(super) fn module(&self, id: ModuleId) -> &Module {
        &self.unit.modules[id.0 as usize]
    }

    pub(super) fn class(&self, id: ClassId) -> &Class {
        &self.unit.modules[id.module.0 as usize].classes[id.index as usize]
    }

    pub(super) fn function(&self, id: FunctionId) -> &Function {
        &self.unit.modules[id.module.0 as usize].functions[id.index as usize]
    }

    pub(super) fn global(&self, id: GlobalId) -> &Global {
        &self.unit.modules[id.module.0 as usize].globals[id.index as usize]
    }

    pub(super) fn index(&self, id: ClassId) -> &ClassIndex {
        let index = self.indexes[id.module.0 as usize]
            .get_or_init(|| index_module(id.module, self.module(id.module)));
        &index.classes[id.index as usize]
    }

    /// Returns a module's own declarations. Returns none before they have been indexed.
    fn declarations(&self, module: ModuleId) -> Option<&FxHashMap<Name, Vec<Item>>> {
        let index = self.indexes.get(module.0 as usize)?;
        Some(&index.get_or_init(|| index_module(module, self.module(module))).own)
    }

    /// Returns a module's own declarations with a name.
    pub(super) fn own(&self, module: ModuleId, name: &str) -> &[Item] {
        self.declarations(module).and_then(|names| names.get(name)).map_or(&[], Vec::as_slice)
    }

    /// Returns all names that a module itself declares.
    pub(super) fn own_names(&self, module: ModuleId) -> impl Iterator<Item = &Name> {
        self.declarations(module).into_iter().flat_map(FxHashMap::keys)
    }

    /// Returns how often the declarations have been indexed. The result of a look-up by name is valid for
    /// one generation.
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    /// Returns the type of a field.
    pub(super) fn field_type(&self, field: FieldRef) -> Ty {
        self.class(field.class).fields.get(field.index as usize).map_or(Ty::Any, |field| field.ty.into())
    }

    /// Makes the prepared modules known by name. They do not change.
    pub(super) fn index_prepared(&mut self) {
        self.generation += 1;
        self.indexes = self.unit.modules.iter().map(|_| OnceCell::new()).collect();
    }

    /// Indexes the modules from `first` on. Called again when their members are declared.
    pub(super) fn index_from(&mut self, first: usize) {
        self.generation += 1;
        self.indexes.truncate(first);
        for (number, module) in self.unit.modules.iter().enumerate().skip(first) {
            self.indexes.push(index_module(ModuleId(number as u32), module).into());
        }
    }

    /// Finds the classes and functions that the compiler needs in the modules of the core library.
    pub(super) fn find_builtins(&mut self) {
        let find = |name: &str| {
            let modules = self.unit.modules.iter().enumerate();
            modules.filter(|(_, module)| module.path.starts_with("<lib>/core/")).find_map(
                |(number, module)| {
                    let index = module.classes.iter().position(|class| class.name == name)?;
                    Some(ClassId { module: ModuleId(number as u32), index: index as u32 })
                },
            )
        };
        let find_function = |name: &str| {
            let modules = self.unit.modules.iter().enumerate();
            modules.filter(|(_, module)| module.path.starts_with("<lib>/core/")).find_map(
                |(number, module)| {
                    let is_it = |function: &Function| function.name == name && function.holder.is_none();
                    let index = module.functions.iter().position(is_it)?;
                    Some(FunctionId { module: ModuleId(number as u32), index: index as u32 })
                },
            )
        };
        self.builtin = Builtin {
            never_return: [find_function("throw"), find_function("rethrow"), find_function("unreachable")],
            assert: find_function("assert_"),
            object: find("Object"),
            null: find("Null_"),
            int: find("int"),
            float: find("float"),
            bool: find("bool"),
            true_: find("True"),
            false_: find("False"),
            string: find("string"),
            list: find("List"),
            map: find("Map"),
            set: find("Set"),
            byte_array: find("ByteArray"),
            lambda: find("Lambda"),
            monitor: find("__Monitor__"),
        };
    }

    // Types.

    /// Returns the type that a variable without a declared type gets from its first value. A
    /// boolean may change later, and null has no information about later values.
    pub(super) fn widened(&self, ty: Ty) -> Ty {
        let builtin = &self.builtin;
        match ty {
            Ty::Class { class, nullable } if [builtin.true_, builtin.false_].contains(&Some(class)) => {
                builtin.bool.map_or(Ty::Any, |class| Ty::Class { class, nullable })
            }
            Ty::Class { .. } | Ty::Block => ty,
            Ty::Any | Ty::None | Ty::Null | Ty::Never => Ty::Any,
        }
    }

    /// Returns whether a value is never null or false, so that testing it makes no sense.
    pub(super) fn is_always_true(&self, ty: Ty) -> bool {
        match ty {
            Ty::Class { class, nullable: false } => self
                .builtin
                .bool
                .is_some_and(|bool| !self.is_subclass(class, bool) && !self.is_subclass(bool, class)),
            _ => false,
        }
    }

    // Classes.

    /// Notes that no superclass, mixin or interface changes any more.
    pub(super) fn finish_hierarchy(&mut self) {
        self.is_hierarchy_final = true;
    }

    /// Returns the classes whose members an instance has, nearest first: the class, its mixins, its
    /// superclasses with theirs. Interfaces come last.
    pub(super) fn ancestors(&self, class: ClassId) -> Rc<[ClassId]> {
        if let Some(known) = self.ancestors.borrow().get(&class) {
            return known.clone();
        }
        let found: Rc<[ClassId]> = self.find_ancestors(class, usize::MAX).into();
        if self.is_hierarchy_final {
            self.ancestors.borrow_mut().insert(class, found.clone());
        }
        found
    }

    /// Returns whether a class may have members that are not known, since a class above it is not known.
    pub(super) fn is_incomplete(&self, class: ClassId) -> bool {
        !self.incomplete.is_empty()
            && self.ancestors(class).iter().any(|above| self.incomplete.contains(above))
    }

    /// Returns whether a class has more than `max` ancestors.
    pub(super) fn has_more_ancestors(&self, class: ClassId, max: usize) -> bool {
        self.find_ancestors(class, max).len() > max
    }

    /// Finds the ancestors of a class; stops when there are more than `max`.
    fn find_ancestors(&self, class: ClassId, max: usize) -> Vec<ClassId> {
        let mut result = Vec::new();
        let mut seen = FxHashSet::default();
        let mut interfaces = Vec::new();
        let mut current = Some(class);
        while let Some(id) = current {
            if !seen.insert(id) || result.len() > max {
                break;
            }
            let declaration = self.class(id);
            steps::count(1 + declaration.interfaces.len() + declaration.mixins.len());
            result.push(id);
            interfaces.extend(&declaration.interfaces);
            for mixin in declaration.mixins.iter().rev() {
                if seen.insert(*mixin) {
                    result.push(*mixin);
                    interfaces.extend(&self.class(*mixin).interfaces);
                }
            }
            current = declaration.superclass;
        }
        let mut next = 0;
        while let Some(id) = interfaces.get(next).copied().filter(|_| result.len() <= max) {
            next += 1;
            if seen.insert(id) {
                result.push(id);
                let declaration = self.class(id);
                steps::count(1 + declaration.interfaces.len());
                interfaces.extend(declaration.interfaces.iter().chain(&declaration.superclass));
            }
        }
        result.extend(self.builtin.object.filter(|object| seen.insert(*object)));
        result
    }

    /// Returns whether instances of `class` are instances of `of`.
    pub(super) fn is_subclass(&self, class: ClassId, of: ClassId) -> bool {
        let ancestors = self.ancestors(class);
        steps::count(ancestors.len());
        ancestors.contains(&of)
    }

    pub(super) fn fit(&self, from: Ty, to: Ty) -> Fit {
        match fit(from, to, |class, of| self.is_subclass(class, of)) {
            Fit::No if self.may_be_literal(from, to) => Fit::Check,
            Fit::No
                if [from, to].into_iter().filter_map(Ty::class).any(|class| self.is_incomplete(class)) =>
            {
                Fit::Check
            }
            fit => fit,
        }
    }

    /// Returns whether a value of type `bool` is required to be of type `True` or `False`. A variable is widened to
    /// `bool` when it gets its first value, so its value may fit.
    fn may_be_literal(&self, from: Ty, to: Ty) -> bool {
        from.class() == self.builtin.bool && self.widened(to).class() == self.builtin.bool
    }

    /// Returns all members with a name, nearest first.
    pub(super) fn members(&self, class: ClassId, name: &str) -> Vec<Member> {
        let mut found = Vec::new();
        for class in self.ancestors(class).iter().copied() {
            steps::count(1);
            found.extend(self.index(class).members.get(name).into_iter().flatten());
        }
        found
    }

    /// Returns the names of all members, for suggestions in a module: without the private ones of classes of other modules.
    pub(super) fn member_names(&self, class: ClassId, module: ModuleId) -> impl Iterator<Item = &Name> {
        let ancestors = self.ancestors(class);
        (0..ancestors.len()).flat_map(move |place| {
            let names = self.index(ancestors[place]).members.keys();
            suggested(names, ancestors[place].module, module)
        })
    }

    /// Returns the names of the static members of a class itself, for suggestions as [`World::member_names`].
    pub(super) fn static_names(&self, class: ClassId, module: ModuleId) -> impl Iterator<Item = &Name> {
        let index = self.index(class);
        suggested(index.statics.keys().chain(index.constructors.keys()), class.module, module)
    }

    pub(super) fn class_kind(&self, class: ClassId) -> ClassKind {
        self.class(class).kind
    }

    /// Renders a type for messages.
    pub(super) fn describe(&self, ty: Ty) -> String {
        match ty {
            Ty::Any => "any".into(),
            Ty::None => "none".into(),
            Ty::Null => "null".into(),
            Ty::Never => "nothing".into(),
            Ty::Block => "a block".into(),
            Ty::Class { class, nullable } => {
                format!("{}{}", self.class(class).name, if nullable { "?" } else { "" })
            }
        }
    }
}

/// Returns those names of a module that can be suggested in a module.
pub(super) fn suggested<'n>(
    names: impl Iterator<Item = &'n Name>,
    of: ModuleId,
    module: ModuleId,
) -> impl Iterator<Item = &'n Name> {
    names.filter(move |name| of == module || !is_private(name))
}

fn index_module(id: ModuleId, module: &Module) -> ModuleIndex {
    let mut own: FxHashMap<Name, Vec<Item>> = FxHashMap::default();
    let mut classes: Vec<ClassIndex> = Vec::new();
    for (index, class) in module.classes.iter().enumerate() {
        let class_id = ClassId { module: id, index: index as u32 };
        add(own.entry(class.name.as_str().into()).or_default(), Item::Class(class_id));
        let mut members = ClassIndex::default();
        for (place, field) in class.fields.iter().enumerate() {
            let field_ref = FieldRef { class: class_id, index: place as u32 };
            add(members.members.entry(field.name.as_str().into()).or_default(), Member::Field(field_ref));
        }
        classes.push(members);
    }
    for (index, function) in module.functions.iter().enumerate() {
        let function_id = FunctionId { module: id, index: index as u32 };
        let name: Name = function.name.as_str().into();
        let Some(class) = function.holder.and_then(|holder| classes.get_mut(holder.index as usize)) else {
            if function.holder.is_none() {
                add(own.entry(name).or_default(), Item::Function(function_id));
            }
            continue;
        };
        match function.kind {
            FunctionKind::Static => add(class.statics.entry(name).or_default(), Item::Function(function_id)),
            FunctionKind::Method | FunctionKind::Setter => {
                add(class.members.entry(name).or_default(), Member::Method(function_id));
            }
            FunctionKind::MixinConstructor => {
                add(class.constructors.entry("".into()).or_default(), function_id);
            }
            FunctionKind::Constructor | FunctionKind::Factory => {
                let name = function.name.strip_prefix("constructor").unwrap_or("");
                let name = name.strip_prefix('.').unwrap_or(name);
                add(class.constructors.entry(name.into()).or_default(), function_id);
            }
        }
    }
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    for (place, class) in module.classes.iter().enumerate() {
        places.entry(&class.name).or_insert(place);
    }
    for (index, global) in module.globals.iter().enumerate() {
        let item = Item::Global(GlobalId { module: id, index: index as u32 });
        match global.name.split_once('.') {
            Some((class, name)) => {
                if let Some(class) = places.get(class).and_then(|place| classes.get_mut(*place)) {
                    add(class.statics.entry(name.into()).or_default(), item);
                }
            }
            None => add(own.entry(global.name.as_str().into()).or_default(), item),
        }
    }
    ModuleIndex { own, classes }
}

/// Adds a declaration to those of the same name. A name with too many has been reported.
fn add<T>(same: &mut Vec<T>, item: T) {
    if same.len() < OVERLOADS_MAX {
        same.push(item);
    }
}
