//! Finds what a program reaches from `main`: functions, instantiated classes, called selectors and
//! used globals. Everything else is left out.
//!
//! A method counts as reached once its selector is called *and* a class that has it is instantiated
//! (rapid type analysis: Bacon and Sweeney, 1996).

use std::collections::BTreeMap;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::hierarchy::{Hierarchy, LinkClass, Member};
use super::library::Library;
use super::{LinkError, TARGETS_MAX};
use crate::ir::{Body, ClassId, Expr, Function, FunctionId, GlobalId, Node, Part, Selector, Unit};
use crate::steps;

/// A function to compile. A method of a mixin is compiled once for each application.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pub(super) function: FunctionId,
    /// The application, for a method of a mixin.
    pub(super) application: Option<LinkClass>,
}

/// A selector's place in [`Reached::selectors`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct SelectorId(pub(super) u32);

pub(super) struct Reached<'u> {
    unit: &'u Unit,
    hierarchy: &'u Hierarchy<'u>,
    library: &'u Library,
    /// In the order in which they were reached, so that equal sources give equal programs.
    pub(super) functions: Vec<Key>,
    known_functions: FxHashSet<Key>,
    pub(super) globals: Vec<GlobalId>,
    pub(super) global_places: FxHashMap<GlobalId, u32>,
    pub(super) instantiated: Vec<LinkClass>,
    /// The instantiated classes by their places: see [`Hierarchy::range`].
    by_place: BTreeMap<u32, LinkClass>,
    /// For each class, the selectors with the names of its own members.
    called: FxHashMap<LinkClass, Vec<SelectorId>>,
    known_classes: FxHashSet<LinkClass>,
    pub(super) selectors: Vec<Selector>,
    pub(super) selector_ids: FxHashMap<Selector, SelectorId>,
    /// The number of pairs of a class and a selector that have been compared.
    bound: usize,
    bodies: FxHashMap<FunctionId, Rc<Body>>,
    initializers: FxHashMap<GlobalId, Option<Rc<Body>>>,
    /// Classes whose members have not been compared with the selectors yet, and selectors that have not been
    /// compared with the members.
    new_classes: Vec<LinkClass>,
    new_selectors: Vec<SelectorId>,
    new_bodies: Vec<(Rc<Body>, Option<LinkClass>)>,
}

impl<'u> Reached<'u> {
    pub(super) fn new(unit: &'u Unit, hierarchy: &'u Hierarchy<'u>, library: &'u Library) -> Self {
        Reached {
            unit,
            hierarchy,
            library,
            functions: Vec::new(),
            known_functions: FxHashSet::default(),
            globals: Vec::new(),
            global_places: FxHashMap::default(),
            instantiated: Vec::new(),
            by_place: BTreeMap::new(),
            called: FxHashMap::default(),
            known_classes: FxHashSet::default(),
            selectors: Vec::new(),
            selector_ids: FxHashMap::default(),
            bound: 0,
            bodies: FxHashMap::default(),
            initializers: FxHashMap::default(),
            new_classes: Vec::new(),
            new_selectors: Vec::new(),
            new_bodies: Vec::new(),
        }
    }

    /// Follows everything that has been added until there is nothing new.
    pub(super) fn run(&mut self) -> Result<(), LinkError> {
        loop {
            if let Some((body, holder)) = self.new_bodies.pop() {
                self.walk_body(&body, holder)?;
            } else if let Some(selector) = self.new_selectors.pop() {
                for class in self.instances_with(selector) {
                    self.bind(class, selector)?;
                }
            } else if let Some(class) = self.new_classes.pop() {
                for selector in self.called_on(class) {
                    self.bind(class, selector)?;
                }
            } else {
                return Ok(());
            }
        }
    }

    pub(super) fn function(&self, id: FunctionId) -> &'u Function {
        &self.unit.modules[id.module.0 as usize].functions[id.index as usize]
    }

    /// Returns the body of a function that has been reached.
    pub(super) fn body(&self, id: FunctionId) -> Option<Rc<Body>> {
        self.bodies.get(&id).cloned()
    }

    /// Returns the initializer of a global that has been reached.
    pub(super) fn initializer(&self, id: GlobalId) -> Option<Rc<Body>> {
        self.initializers.get(&id).cloned().flatten()
    }

    pub(super) fn add_function(&mut self, key: Key) -> Result<(), LinkError> {
        if !self.known_functions.insert(key) {
            return Ok(());
        }
        self.functions.push(key);
        let body = match self.bodies.get(&key.function) {
            Some(body) => body.clone(),
            None => {
                let body = self.function(key.function).code.body().map_err(|_| LinkError::Damaged)?;
                let body = Rc::new(body.map(|body| body.into_owned()).unwrap_or_default());
                self.bodies.insert(key.function, body.clone());
                body
            }
        };
        self.new_bodies.push((body, self.holder(key)));
        Ok(())
    }

    /// Returns the class that fields and `super` in a function's code refer to.
    pub(super) fn holder(&self, key: Key) -> Option<LinkClass> {
        key.application
            .or_else(|| self.function(key.function).holder.and_then(|class| self.hierarchy.find(class)))
    }

    pub(super) fn add_static(&mut self, function: FunctionId) -> Result<(), LinkError> {
        self.add_function(Key { function, application: None })
    }

    pub(super) fn add_class(&mut self, class: LinkClass) {
        if self.known_classes.insert(class) {
            self.instantiated.push(class);
            self.by_place.insert(self.hierarchy.range(class).0, class);
            self.new_classes.push(class);
        }
    }

    pub(super) fn add_declared_class(&mut self, class: ClassId) {
        if let Some(class) = self.hierarchy.find(class) {
            self.add_class(class);
        }
    }

    pub(super) fn add_selector(&mut self, selector: &Selector) {
        if self.selector_ids.contains_key(selector) {
            return;
        }
        let id = SelectorId(self.selectors.len() as u32);
        self.selectors.push(selector.clone());
        self.selector_ids.insert(selector.clone(), id);
        self.new_selectors.push(id);
        for class in self.hierarchy.holders(&selector.name) {
            self.called.entry(*class).or_default().push(id);
        }
    }

    /// Returns the instantiated classes that have or inherit a member with a selector's name, in the order of
    /// their places.
    pub(super) fn instances_with(&self, selector: SelectorId) -> Vec<LinkClass> {
        let holders = self.hierarchy.holders(&self.selectors[selector.0 as usize].name);
        let mut ranges: Vec<(u32, u32)> = holders.iter().map(|class| self.hierarchy.range(*class)).collect();
        ranges.sort_unstable();
        let mut found = Vec::new();
        let mut end = 0;
        for (from, to) in ranges {
            steps::count(1);
            // The range of a subclass is inside that of its superclass.
            if from >= end {
                found.extend(self.by_place.range(from..to).map(|(_, class)| *class));
                end = to;
            }
        }
        steps::count(found.len());
        found
    }

    /// Returns the selectors with the names of a class's members, inherited ones included.
    fn called_on(&self, class: LinkClass) -> Vec<SelectorId> {
        let mut found = Vec::new();
        let mut current = Some(class);
        while let Some(class) = current {
            found.extend(self.called.get(&class).into_iter().flatten().copied());
            current = self.hierarchy.class(class).superclass;
        }
        steps::count(found.len());
        found.sort_unstable_by_key(|id| id.0);
        found.dedup();
        found
    }

    pub(super) fn add_global(&mut self, id: GlobalId) -> Result<(), LinkError> {
        if self.global_places.contains_key(&id) {
            return Ok(());
        }
        self.global_places.insert(id, self.globals.len() as u32);
        self.globals.push(id);
        let global = self.global(id);
        let body = global.initializer.body().map_err(|_| LinkError::Damaged)?;
        let body = body.map(|body| Rc::new(body.into_owned()));
        if let Some(body) = &body {
            self.new_bodies.push((body.clone(), None));
        }
        self.initializers.insert(id, body);
        Ok(())
    }

    pub(super) fn global(&self, id: GlobalId) -> &'u crate::ir::Global {
        &self.unit.modules[id.module.0 as usize].globals[id.index as usize]
    }

    pub(super) fn is_final(&self, id: GlobalId) -> bool {
        self.global(id).is_final
    }

    fn bind(&mut self, class: LinkClass, selector: SelectorId) -> Result<(), LinkError> {
        self.bound += 1;
        // A pair is bound twice if its class and its selector are both new when one of them is handled.
        if self.bound > 2 * TARGETS_MAX {
            return Err(LinkError::TooManyMethods);
        }
        let member = self.hierarchy.look_up(class, &self.selectors[selector.0 as usize]);
        if let Some(Member::Method(function, found_in)) = member {
            self.add_function(self.method_key(function, found_in))?;
        }
        Ok(())
    }

    pub(super) fn method_key(&self, function: FunctionId, found_in: LinkClass) -> Key {
        let application = self.hierarchy.class(found_in).is_application.then_some(found_in);
        Key { function, application }
    }

    fn walk_body(&mut self, body: &Body, holder: Option<LinkClass>) -> Result<(), LinkError> {
        for (_, default) in &body.defaults {
            self.walk(default, holder)?;
        }
        self.walk(&body.root, holder)
    }

    fn walk(&mut self, node: &Node, holder: Option<LinkClass>) -> Result<(), LinkError> {
        match &node.expr {
            Expr::CallStatic(function, _) => self.add_static(*function)?,
            Expr::New(function, _) => {
                if let Some(class) = self.function(*function).holder {
                    self.add_declared_class(class);
                }
                self.add_static(*function)?;
            }
            Expr::CallDynamic { selector, .. } => self.add_selector(selector),
            Expr::CallSuper(selector, _) => {
                let superclass = holder.and_then(|holder| self.hierarchy.class(holder).superclass);
                let member = superclass.and_then(|class| self.hierarchy.look_up(class, selector));
                if let Some(Member::Method(function, found_in)) = member {
                    self.add_function(self.method_key(function, found_in))?;
                }
            }
            Expr::Global(global) | Expr::SetGlobal(global, _) => self.add_global(*global)?,
            Expr::Lambda { body, .. } => self.walk_body(body, holder)?,
            Expr::Map(_) => {
                self.walk_new(self.library.new_map)?;
                self.add_selector(&self.library.put);
            }
            Expr::Set(_) => {
                self.walk_new(self.library.new_set)?;
                self.add_selector(&self.library.add);
            }
            Expr::Interpolate(parts) => {
                self.add_selector(&self.library.stringify);
                if parts.iter().any(|part| matches!(part, Part::Formatted(..))) {
                    self.add_static(self.library.format)?;
                }
            }
            _ => {}
        }
        let mut result = Ok(());
        node.for_each_child(|child| {
            if result.is_ok() {
                result = self.walk(child, holder);
            }
        });
        result
    }

    fn walk_new(&mut self, constructor: FunctionId) -> Result<(), LinkError> {
        if let Some(class) = self.function(constructor).holder {
            self.add_declared_class(class);
        }
        self.add_static(constructor)
    }
}
