//! The tables of code generation: function numbers, literals, checks.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::fragment::Code;
use super::hierarchy::{Hierarchy, LinkClass, Member, is_exact};
use super::library::Library;
use super::reach::{Key, Reached, SelectorId};
use crate::ir::{ClassId, Expr, FunctionId, GlobalId, Node, Selector, Type};
use crate::program::{ClassIndex, FunctionIndex, Literal, TypeCheck};
use crate::steps;

/// The maximum number of classes whose methods are compared to find that a call has one target.
const INSTANCES_MAX: usize = 200;

/// The numbers that classes have in the program.
pub(super) struct ClassNumbers {
    pub(super) by_class: FxHashMap<LinkClass, ClassIndex>,
    /// The classes by number, with the end of their subclasses' range.
    pub(super) classes: Vec<(LinkClass, u32)>,
}

/// Stubs that the dispatch table and calls use besides compiled functions.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Stub {
    /// Reads or stores a field.
    Accessor(Member),
    /// Calls a function that has more parameters than the selector gives.
    Adapter(Key, Selector),
}

pub(super) struct Tables<'u> {
    pub(super) hierarchy: &'u Hierarchy<'u>,
    pub(super) library: &'u Library,
    pub(super) reached: &'u Reached<'u>,
    pub(super) numbers: ClassNumbers,
    functions: FxHashMap<Key, FunctionIndex>,
    stubs: FxHashMap<Stub, FunctionIndex>,
    pub(super) new_stubs: Vec<(Stub, FunctionIndex)>,
    pub(super) codes: Vec<Option<Code>>,
    /// For each selector, the numbers of the classes that have a member for it, with the function and member.
    pub(super) rows: Vec<Vec<(u32, FunctionIndex, Member)>>,
    pub(super) offsets: Vec<u32>,
    pub(super) literals: Vec<Literal>,
    literal_places: FxHashMap<LiteralKey, u32>,
    pub(super) natives: Vec<(String, String)>,
    pub(super) checks: Vec<TypeCheck>,
    check_places: FxHashMap<(ClassId, bool), u32>,
    only_targets: FxHashMap<(ClassId, SelectorId), Option<Member>>,
    single_targets: FxHashMap<SelectorId, Option<(Member, ClassId)>>,
    /// The numbers of the instantiated classes, sorted.
    instance_numbers: Vec<u32>,
    /// For each interface and mixin, the numbers of the classes whose instances are instances of it.
    subtypes: FxHashMap<ClassId, Vec<u32>>,
    /// The results of [`Tables::instances_of`].
    instances: FxHashMap<ClassId, Rc<[u32]>>,
    object: Option<ClassId>,
    /// Whether other programs will extend this one, so that nothing may be concluded from the classes that it has.
    is_open: bool,
}

/// Literals by value; floats by their bits, so that -0.0 and 0.0 differ.
#[derive(PartialEq, Eq, Hash)]
enum LiteralKey {
    String(String),
    Int(i64),
    Float(u64),
    Bytes(Vec<u8>),
}

impl<'u> Tables<'u> {
    pub(super) fn new(
        hierarchy: &'u Hierarchy<'u>,
        library: &'u Library,
        reached: &'u Reached<'u>,
        numbers: ClassNumbers,
        object: Option<ClassId>,
        is_open: bool,
    ) -> Self {
        let mut tables = Tables {
            hierarchy,
            library,
            reached,
            numbers,
            functions: FxHashMap::default(),
            stubs: FxHashMap::default(),
            new_stubs: Vec::new(),
            codes: Vec::new(),
            rows: Vec::new(),
            offsets: Vec::new(),
            literals: Vec::new(),
            literal_places: FxHashMap::default(),
            natives: Vec::new(),
            checks: Vec::new(),
            check_places: FxHashMap::default(),
            only_targets: FxHashMap::default(),
            single_targets: FxHashMap::default(),
            instance_numbers: Vec::new(),
            subtypes: FxHashMap::default(),
            instances: FxHashMap::default(),
            object,
            is_open,
        };
        for key in &reached.functions {
            let index = tables.reserve();
            tables.functions.insert(*key, index);
        }
        let instances = reached.instantiated.iter().map(|class| tables.numbers.by_class[class].0);
        tables.instance_numbers = instances.collect();
        tables.instance_numbers.sort_unstable();
        for (number, (class, _)) in tables.numbers.classes.iter().enumerate() {
            for above in hierarchy.supertypes(*class) {
                tables.subtypes.entry(above).or_default().push(number as u32);
            }
            if is_open {
                for above in superclasses(hierarchy, *class) {
                    tables.subtypes.entry(above).or_default().push(number as u32);
                }
            }
        }
        tables.fill_rows();
        tables
    }

    fn fill_rows(&mut self) {
        for (id, selector) in self.reached.selectors.iter().enumerate() {
            let mut row = Vec::new();
            for class in self.reached.instances_with(SelectorId(id as u32)) {
                if let Some(member) = self.hierarchy.look_up(class, selector) {
                    let function = self.member_function(member, selector);
                    row.push((self.numbers.by_class[&class].0, function, member));
                }
            }
            row.sort_by_key(|entry| entry.0);
            self.rows.push(row);
        }
    }

    // Functions.

    /// Returns a new number for a function that is defined later.
    pub(super) fn reserve(&mut self) -> FunctionIndex {
        self.codes.push(None);
        FunctionIndex(self.codes.len() as u32 - 1)
    }

    pub(super) fn define(&mut self, function: FunctionIndex, code: Code) {
        self.codes[function.0 as usize] = Some(code);
    }

    /// Returns the compiled functions with their numbers.
    pub(super) fn functions(&self) -> impl Iterator<Item = (&Key, &FunctionIndex)> {
        self.functions.iter()
    }

    /// Returns the stubs with their numbers.
    pub(super) fn stubs(&self) -> impl Iterator<Item = (&Stub, &FunctionIndex)> {
        self.stubs.iter()
    }

    /// Returns the number of functions, for [`Tables::forget_since`].
    pub(super) fn mark(&self) -> usize {
        self.codes.len()
    }

    /// Forgets the functions, and the stubs among them, that have been reserved since the mark.
    pub(super) fn forget_since(&mut self, mark: usize) {
        let is_kept = |function: FunctionIndex| (function.0 as usize) < mark;
        self.codes.truncate(mark);
        self.stubs.retain(|_, function| is_kept(*function));
        self.new_stubs.retain(|(_, function)| is_kept(*function));
    }

    pub(super) fn static_function(&self, function: FunctionId) -> FunctionIndex {
        self.key_function(Key { function, application: None })
    }

    pub(super) fn key_function(&self, key: Key) -> FunctionIndex {
        match self.functions.get(&key) {
            Some(function) => *function,
            None => unreachable!("everything that code calls has been reached: {key:?}"),
        }
    }

    /// Returns the function that a call of a member with a selector's shape goes to.
    pub(super) fn member_function(&mut self, member: Member, selector: &Selector) -> FunctionIndex {
        match member {
            Member::Method(function, found_in) => {
                let key = self.reached.method_key(function, found_in);
                if is_exact(self.reached.function(function), selector) {
                    self.key_function(key)
                } else {
                    self.stub(Stub::Adapter(key, selector.clone()))
                }
            }
            accessor => self.stub(Stub::Accessor(accessor)),
        }
    }

    fn stub(&mut self, stub: Stub) -> FunctionIndex {
        if let Some(function) = self.stubs.get(&stub) {
            return *function;
        }
        let function = self.reserve();
        self.stubs.insert(stub.clone(), function);
        self.new_stubs.push((stub, function));
        function
    }

    pub(super) fn class_of_constructor(&self, constructor: FunctionId) -> ClassIndex {
        let class = self.reached.function(constructor).holder.and_then(|class| self.hierarchy.find(class));
        match class.and_then(|class| self.numbers.by_class.get(&class)) {
            Some(number) => *number,
            None => unreachable!("the class of a constructor that is called is instantiated"),
        }
    }

    /// Returns whether a function is the library's `identical`.
    pub(super) fn is_identical(&self, function: FunctionId) -> bool {
        let Some(body) = self.reached.body(function) else { return false };
        let mut node = &body.root;
        while let (Expr::Sequence(nodes), 1) = (&node.expr, node_count(node)) {
            node = &nodes[0];
        }
        matches!(&node.expr, Expr::Primitive { module, name, .. } if module == "object" && name == "identical")
    }

    // Selectors.

    pub(super) fn selector(&self, selector: &Selector) -> u32 {
        match self.reached.selector_ids.get(selector) {
            Some(id) => self.offsets[id.0 as usize],
            None => unreachable!("every selector that code calls has been reached: {selector:?}"),
        }
    }

    /// Returns the target of a selector, if it is the same for all instances of a type.
    pub(super) fn only_target(&mut self, receiver: Type, selector: &Selector) -> Option<Member> {
        let Type::Class { class, nullable: false } = receiver else { return None };
        if self.is_open {
            return None;
        }
        let id = *self.reached.selector_ids.get(selector)?;
        if let Some(known) = self.only_targets.get(&(class, id)) {
            return *known;
        }
        let target = self.find_only_target(class, id);
        self.only_targets.insert((class, id), target);
        target
    }

    fn find_only_target(&mut self, class: ClassId, selector: SelectorId) -> Option<Member> {
        let instances = self.instances_of(class);
        let row = &self.rows[selector.0 as usize];
        // Each class takes a look-up of its own: with many classes, the search would take too long.
        if instances.len() > INSTANCES_MAX {
            return None;
        }
        let mut found = None;
        for number in instances.iter() {
            steps::count(1);
            let place = row.binary_search_by_key(number, |entry| entry.0).ok()?;
            let member = row[place].2;
            if found.is_some_and(|found| found != member) {
                return None;
            }
            found = Some(member);
        }
        found
    }

    /// Returns the method of a selector and the class that has it, if the program has only this one.
    pub(super) fn single_target(&mut self, selector: &Selector) -> Option<(Member, ClassId)> {
        let id = *self.reached.selector_ids.get(selector)?;
        if let Some(known) = self.single_targets.get(&id) {
            return *known;
        }
        let target = self.find_single_target(id);
        self.single_targets.insert(id, target);
        target
    }

    fn find_single_target(&self, selector: SelectorId) -> Option<(Member, ClassId)> {
        let mut members = self.rows[selector.0 as usize].iter().map(|entry| entry.2);
        let member @ Member::Method(_, found_in) = members.next()? else { return None };
        let class = self.hierarchy.class(found_in);
        let is_single = !class.is_application && members.all(|other| other == member);
        is_single.then_some((member, class.declaration))
    }

    /// Returns whether instances of a class that the program uses are instances of a type.
    pub(super) fn is_subtype(&self, class: ClassId, of: ClassId) -> bool {
        if class == of {
            return true;
        }
        let number = self.hierarchy.find(class).and_then(|class| self.numbers.by_class.get(&class));
        let Some(ClassIndex(number)) = number else { return false };
        match self.range_of(of) {
            Some((from, to)) => (from..to).contains(number),
            None => self.subtypes.get(&of).is_some_and(|numbers| numbers.binary_search(number).is_ok()),
        }
    }

    /// Returns the numbers of the instantiated classes whose instances are instances of a type, but no more
    /// than `INSTANCES_MAX + 1` of them.
    fn instances_of(&mut self, class: ClassId) -> Rc<[u32]> {
        if let Some(known) = self.instances.get(&class) {
            return known.clone();
        }
        let found: Rc<[u32]> = match self.range_of(class) {
            Some((from, to)) => {
                let start = self.instance_numbers.partition_point(|number| *number < from);
                let end = self.instance_numbers.partition_point(|number| *number < to);
                let all = self.instance_numbers.get(start..end).unwrap_or_default();
                all.iter().take(INSTANCES_MAX + 1).copied().collect()
            }
            None => {
                let numbers = self.subtypes.get(&class).into_iter().flatten().copied();
                let is_instantiated = |number: &u32| self.instance_numbers.binary_search(number).is_ok();
                numbers.filter(is_instantiated).take(INSTANCES_MAX + 1).collect()
            }
        };
        self.instances.insert(class, found.clone());
        found
    }

    /// Returns the numbers of a class and its subclasses as a range; none for an interface or mixin, and in an open program.
    /// The range is empty if the program makes no instance of them.
    fn range_of(&self, class: ClassId) -> Option<(u32, u32)> {
        let kind = self.hierarchy.declaration(class).kind;
        if self.is_open || matches!(kind, crate::ir::ClassKind::Interface | crate::ir::ClassKind::Mixin) {
            return None;
        }
        let number = self.hierarchy.find(class).and_then(|class| self.numbers.by_class.get(&class));
        Some(number.map_or((0, 0), |number| (number.0, self.numbers.classes[number.0 as usize].1)))
    }

    // Globals, literals, checks.

    pub(super) fn global(&self, global: GlobalId) -> u32 {
        match self.reached.global_places.get(&global) {
            Some(place) => *place,
            None => unreachable!("every global that code uses has been reached"),
        }
    }

    /// Returns the value of a global that is a plain constant.
    pub(super) fn constant(&self, global: GlobalId) -> Option<Literal> {
        if !self.reached.is_final(global) {
            return None;
        }
        let body = self.reached.initializer(global)?;
        let mut node: &Node = &body.root;
        loop {
            match &node.expr {
                Expr::Return(value) => node = value,
                Expr::Sequence(nodes) if nodes.len() == 1 => node = &nodes[0],
                Expr::Int(value) => return Some(Literal::Int(*value)),
                Expr::Float(value) => return Some(Literal::Float(*value)),
                Expr::String(text) => return Some(Literal::String(text.clone())),
                _ => return None,
            }
        }
    }

    pub(super) fn literal(&mut self, literal: Literal) -> u32 {
        let key = match &literal {
            Literal::String(text) => LiteralKey::String(text.clone()),
            Literal::Int(value) => LiteralKey::Int(*value),
            Literal::Float(value) => LiteralKey::Float(value.to_bits()),
            Literal::Bytes(bytes) => LiteralKey::Bytes(bytes.clone()),
        };
        *self.literal_places.entry(key).or_insert_with(|| {
            self.literals.push(literal);
            self.literals.len() as u32 - 1
        })
    }

    pub(super) fn native(&mut self, module: &str, name: &str) -> u32 {
        let known = self.natives.iter().position(|native| native.0 == module && native.1 == name);
        known.unwrap_or_else(|| {
            self.natives.push((module.to_string(), name.to_string()));
            self.natives.len() - 1
        }) as u32
    }

    /// Returns the check that values of a type must pass; none if all values pass.
    pub(super) fn check(&mut self, ty: Type) -> Option<u32> {
        let Type::Class { class, nullable } = ty else { return None };
        if Some(class) == self.object && nullable {
            return None;
        }
        if let Some(place) = self.check_places.get(&(class, nullable)) {
            return Some(*place);
        }
        let check = self.make_check(class, nullable);
        self.checks.push(check);
        let place = self.checks.len() as u32 - 1;
        self.check_places.insert((class, nullable), place);
        Some(place)
    }

    fn make_check(&self, class: ClassId, nullable: bool) -> TypeCheck {
        let name = self.hierarchy.declaration(class).name.clone();
        if let Some((from, to)) = self.range_of(class) {
            return TypeCheck::Range { from, to, nullable, name };
        }
        let mut bits = vec![0u64; self.numbers.classes.len().div_ceil(64)];
        for number in self.subtypes.get(&class).into_iter().flatten() {
            bits[*number as usize / 64] |= 1 << (number % 64);
        }
        TypeCheck::Set { bits, nullable, name }
    }
}

/// Returns the declarations of a class and its superclasses.
fn superclasses<'h>(hierarchy: &'h Hierarchy<'_>, class: LinkClass) -> impl Iterator<Item = ClassId> + 'h {
    let above = |class: &LinkClass| hierarchy.class(*class).superclass;
    let classes = std::iter::successors(Some(class), above).map(|class| hierarchy.class(class));
    classes.filter(|class| !class.is_application).map(|class| class.declaration)
}

fn node_count(node: &Node) -> usize {
    if let Expr::Sequence(nodes) = &node.expr { nodes.len() } else { 0 }
}
