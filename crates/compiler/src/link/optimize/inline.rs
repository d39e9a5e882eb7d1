//! Puts the code of functions and blocks in place of their calls.
//!
//! A routine may grow by about its own size and [`GROWTH_MIN`] expressions more. A function is put into itself once at
//! most, and not more than [`DEPTH_MAX`] functions are put into each other.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Optimizer;
use super::copy::{Binding, Copier, Fresh};
use super::facts::{Facts, LocalFacts, local_facts, size};
use super::place::Callee;
use super::simplify::simplify;
use super::types::{Known, Target, Types, parameter_types};
use crate::ir::{Body, ClassId, Expr, Function, FunctionId, LabelId, Local, LocalId, Node, Offset, Selector};
use crate::link::codegen::{Origin, operator_opcode};
use crate::link::hierarchy::Member;
use crate::link::tables::Tables;
use crate::link::{full_name, reach::Key};
use crate::steps;

/// The number of expressions by which each routine may grow in addition to its own size.
const GROWTH_MIN: usize = 200;
/// The largest block literal of which a copy is made, in expressions.
const COPIED_BLOCK_MAX: usize = 100;
/// The most functions that are put into each other.
const DEPTH_MAX: usize = 4;

/// Returns whether some code calls anything.
pub(super) fn has_calls(node: &Node) -> bool {
    node.any(&mut |expr| {
        matches!(
            expr,
            Expr::CallStatic(..)
                | Expr::CallDynamic { .. }
                | Expr::CallBlock(..)
                | Expr::New(..)
                | Expr::Lambda { .. }
        )
    })
}

/// Optimizes a body. Returns the origins of the code that was put in place of calls.
pub(super) fn run(
    optimizer: &mut Optimizer,
    tables: &mut Tables<'_>,
    origin: &Rc<Origin>,
    function: Option<FunctionId>,
    body: &mut Body,
) -> Vec<Rc<Origin>> {
    let mut origins =
        Origins { all: vec![origin.clone()], blocks: FxHashMap::default(), functions: FxHashMap::default() };
    let mut known = function.map_or(Vec::new(), |id| parameter_types(tables.reached.function(id)));
    known.resize(body.locals.len(), Known::Unassigned);
    let mut types = Types::new(optimizer, tables);
    Inliner::run(&mut types, &mut origins, 0, function, body, known, 0);
    origins.all
}

/// The origins of the code of a routine.
pub(super) struct Origins {
    all: Vec<Rc<Origin>>,
    /// The origins of the blocks in the code of each origin.
    blocks: FxHashMap<u32, u32>,
    /// The origins of the code of functions.
    functions: FxHashMap<FunctionId, u32>,
}

impl Origins {
    fn add(&mut self, origin: Origin) -> u32 {
        self.all.push(Rc::new(origin));
        self.all.len() as u32 - 1
    }

    pub(super) fn of_block(&mut self, origin: u32) -> u32 {
        if let Some(known) = self.blocks.get(&origin) {
            return *known;
        }
        let of_block = self.add(self.all[origin as usize].of_block());
        self.blocks.insert(origin, of_block);
        of_block
    }
}

/// Changes the code of a routine.
pub(super) struct Inliner<'i, 'o, 't, 'u> {
    pub(super) types: &'i mut Types<'o, 't, 'u>,
    pub(super) origins: &'i mut Origins,
    pub(super) names: Names,
    pub(super) known: Vec<Known>,
    /// The functions around the current place whose code was put there.
    pub(super) around: Vec<FunctionId>,
    /// The number of loops and blocks around the current place.
    loops: u32,
    /// The function that the code belongs to.
    routine: Option<FunctionId>,
    /// The number of expressions by which the routine may still grow.
    room: usize,
}

/// The locals and labels of a routine.
pub(super) struct Names {
    pub(super) locals: Vec<Local>,
    pub(super) facts: Vec<LocalFacts>,
    next_label: u32,
}

impl Fresh for Names {
    fn fresh_local(&mut self, like: LocalId) -> LocalId {
        let place = like.0 as usize;
        self.locals.push(self.locals[place].clone());
        self.facts.push(self.facts[place]);
        LocalId(self.locals.len() as u32 - 1)
    }

    fn fresh_label(&mut self) -> LabelId {
        self.next_label += 1;
        LabelId(self.next_label - 1)
    }
}

/// A call that can be replaced.
pub(super) struct Call<'c> {
    pub(super) function: FunctionId,
    /// The class that the receiver has to be tested for.
    pub(super) test: Option<ClassId>,
    pub(super) selector: Option<&'c Selector>,
}

impl Inliner<'_, '_, '_, '_> {
    /// Optimizes the code of a routine whose first locals are captured.
    fn run(
        types: &mut Types<'_, '_, '_>,
        origins: &mut Origins,
        origin: u32,
        routine: Option<FunctionId>,
        body: &mut Body,
        mut known: Vec<Known>,
        captures: usize,
    ) {
        if body.root.any(&mut |expr| matches!(expr, Expr::Primitive { .. })) {
            // A native gets the parameters as they are, so they must not change.
            return;
        }
        let mut facts = local_facts(body);
        // The routine around a lambda may share what the lambda captures.
        facts.iter_mut().take(captures).for_each(|local| local.is_assigned = true);
        let locals = std::mem::take(&mut body.locals);
        let code: Vec<&Node> = body.defaults.iter().map(|(_, node)| node).chain([&body.root]).collect();
        types.find(&code, &mut known, 0, &locals);
        let next_label = code.iter().map(|node| labels_end(node)).max().unwrap_or(0);
        let room = GROWTH_MIN + code.iter().map(|node| size(node, usize::MAX)).sum::<usize>();
        let mut inliner = Inliner {
            types,
            origins,
            names: Names { locals, facts, next_label },
            known,
            around: Vec::new(),
            loops: 0,
            routine,
            room,
        };
        for (_, default) in &mut body.defaults {
            inliner.visit(default, origin);
        }
        inliner.visit(&mut body.root, origin);
        body.locals = inliner.names.locals;
    }

    pub(super) fn visit(&mut self, node: &mut Node, origin: u32) {
        steps::count(1);
        match &mut node.expr {
            // This code has been visited where it came from.
            Expr::Inlined { .. } => return,
            Expr::Block { body, .. } => {
                if !matches!(body.expr, Expr::Inlined { .. }) {
                    let of_block = self.origins.of_block(origin);
                    self.loops += 1;
                    self.visit(body, of_block);
                    self.loops -= 1;
                }
                return;
            }
            Expr::Lambda { parameters, captures, body } => {
                let of_lambda = self.origins.all[origin as usize].of_lambda();
                let of_lambda = self.origins.add(of_lambda);
                let mut known = vec![Known::Unassigned; body.locals.len()];
                let given = captures.len() + *parameters as usize;
                known.iter_mut().take(given).for_each(|known| *known = Known::Any);
                Inliner::run(self.types, self.origins, of_lambda, None, body, known, captures.len());
                return;
            }
            Expr::Loop { .. } => {
                self.loops += 1;
                node.for_each_child_mut(|child| self.visit(child, origin));
                self.loops -= 1;
            }
            _ => node.for_each_child_mut(|child| self.visit(child, origin)),
        }
        simplify(node);
        self.replace_call(node, origin);
    }

    fn replace_call(&mut self, node: &mut Node, origin: u32) {
        let replacement = match &mut node.expr {
            Expr::CallBlock(block, arguments) => self.replace_block_call(node.at, block, arguments, origin),
            Expr::CallStatic(function, arguments) => {
                let call = Call { function: *function, test: None, selector: None };
                self.replace_function_call(node.at, &call, arguments, origin)
            }
            Expr::CallDynamic { .. } => self.replace_method_call(node, origin),
            Expr::New(constructor, arguments) => {
                let constructor = *constructor;
                let mut arguments = std::mem::take(arguments);
                let replacement = self.replace_construction(node.at, constructor, &mut arguments, origin);
                if replacement.is_none() {
                    node.expr = Expr::New(constructor, arguments);
                }
                replacement
            }
            _ => None,
        };
        if let Some(replacement) = replacement {
            *node = replacement;
        }
    }

    // Blocks.

    /// Returns the code of a block literal, to stand in place of its call; none if the call has too few arguments.
    fn replace_block_call(
        &mut self,
        at: Offset,
        block: &mut Node,
        arguments: &mut Vec<Node>,
        origin: u32,
    ) -> Option<Node> {
        let Expr::Block { parameters, body } = &mut block.expr else { return None };
        if arguments.len() < parameters.len() {
            return None;
        }
        let mut nodes = Vec::new();
        let mut constants = FxHashMap::default();
        for (index, argument) in std::mem::take(arguments).into_iter().enumerate() {
            let Some(parameter) = parameters.get(index) else {
                nodes.push(argument);
                continue;
            };
            match self.constant(&argument, *parameter) {
                Some(binding) => {
                    constants.insert(*parameter, binding);
                }
                None => {
                    let define = Expr::Define(*parameter, Box::new(argument));
                    nodes.push(Node { at, expr: define });
                }
            }
        }
        let mut body = std::mem::take(&mut **body);
        if !constants.is_empty() {
            Copier::new(&mut self.names, &mut constants, None).rename(&mut body);
        }
        if !matches!(body.expr, Expr::Inlined { .. }) {
            let frame = self.origins.of_block(origin);
            body = Node { at, expr: Expr::Inlined { frame, body: Box::new(body) } };
        }
        body.at = at;
        nodes.push(body);
        Some(Node { at, expr: Expr::Scope(nodes) })
    }

    /// Returns what can stand for a parameter in place of a definition: a constant, or a local that does not change.
    pub(super) fn constant(&self, argument: &Node, parameter: LocalId) -> Option<Binding> {
        let place = parameter.0 as usize;
        if self.names.facts[place].is_assigned || self.names.locals[place].is_shared {
            return None;
        }
        match &argument.expr {
            Expr::Local(local) => {
                let place = local.0 as usize;
                let is_constant = !self.names.facts[place].is_assigned && !self.names.locals[place].is_shared;
                is_constant.then_some(Binding::Local(*local))
            }
            // A lambda captures locals only.
            Expr::Int(_) | Expr::Bool(_) | Expr::Null if !self.names.facts[place].is_captured => {
                Some(Binding::Constant(argument.expr.clone()))
            }
            _ => None,
        }
    }

    // Functions.

    fn replace_method_call(&mut self, node: &mut Node, origin: u32) -> Option<Node> {
        let Expr::CallDynamic { receiver, selector, arguments, receiver_type } = &mut node.expr else {
            return None;
        };
        let is_operator = match arguments.len() {
            1 => operator_opcode(&selector.name).is_some(),
            2 => selector.name == "[]=",
            _ => false,
        };
        if is_operator || selector.is_setter {
            return None;
        }
        let known = self.types.of(receiver, &self.known);
        let target = self.types.target(known, *receiver_type, selector)?;
        let Target { member: Member::Method(function, found_in), class } = target else { return None };
        if self.types.tables.reached.method_key(function, found_in) != (Key { function, application: None }) {
            return None;
        }
        let selector = selector.clone();
        let call = Call { function, test: class, selector: Some(&selector) };
        let mut all = Vec::with_capacity(arguments.len() + 1);
        all.push(std::mem::take(&mut **receiver));
        all.append(arguments);
        let receiver_type = *receiver_type;
        let replacement = self.replace_function_call(node.at, &call, &mut all, origin);
        if replacement.is_none() {
            let mut all = all.into_iter();
            let receiver = Box::new(all.next().unwrap_or_default());
            node.expr = Expr::CallDynamic { receiver, selector, arguments: all.collect(), receiver_type };
        }
        replacement
    }

    /// Puts the code of a function in place of its call. Changes nothing if it returns none.
    fn replace_function_call(
        &mut self,
        at: Offset,
        call: &Call<'_>,
        arguments: &mut Vec<Node>,
        origin: u32,
    ) -> Option<Node> {
        if self.around.len() >= DEPTH_MAX || self.around.contains(&call.function) {
            return None;
        }
        let function = self.types.tables.reached.function(call.function);
        let body = self.types.tables.reached.body(call.function)?;
        let facts = self.facts(call.function, function, &body)?;
        let has_block = arguments.iter().any(|argument| matches!(argument.expr, Expr::Block { .. }));
        let is_repeated = self.loops > 0 || self.routine == Some(call.function);
        if !facts.is_small_enough(has_block, is_repeated) || !self.takes_room(&facts, call, arguments) {
            return None;
        }
        let callee = Callee { function, body: &body, facts: &facts };
        Some(self.put(at, call, &callee, std::mem::take(arguments), origin))
    }

    /// Puts the code of a constructor in place of its call: makes the object, and runs the code on it. Returns none if
    /// that is not possible.
    fn replace_construction(
        &mut self,
        at: Offset,
        constructor: FunctionId,
        arguments: &mut Vec<Node>,
        origin: u32,
    ) -> Option<Node> {
        let this = LocalId(self.names.locals.len() as u32);
        self.names.locals.push(Local { name: "this".into(), is_shared: false });
        self.names.facts.push(LocalFacts::default());
        self.sync();
        let make = Node { at, expr: Expr::Allocate(constructor) };
        self.known[this.0 as usize] = self.types.of(&make, &self.known);
        arguments.insert(0, Node { at, expr: Expr::Local(this) });
        let call = Call { function: constructor, test: None, selector: None };
        match self.replace_function_call(at, &call, arguments, origin) {
            Some(code) => {
                let define = Node { at, expr: Expr::Define(this, Box::new(make)) };
                let object = Node { at, expr: Expr::Local(this) };
                Some(Node { at, expr: Expr::Scope(vec![define, code, object]) })
            }
            None => {
                arguments.remove(0);
                None
            }
        }
    }

    fn facts(&mut self, id: FunctionId, function: &Function, body: &Body) -> Option<Rc<Facts>> {
        if let Some(known) = self.types.optimizer.facts.get(&id) {
            return known.clone();
        }
        let facts = Facts::of(function, body).map(Rc::new);
        self.types.optimizer.facts.insert(id, facts.clone());
        facts
    }

    /// Takes the room for the code of a function, if there is enough. Returns whether there was.
    fn takes_room(&mut self, facts: &Facts, call: &Call<'_>, arguments: &[Node]) -> bool {
        let mut needed = facts.size;
        for (local, argument) in facts.locals.iter().zip(arguments) {
            if matches!(argument.expr, Expr::Block { .. }) {
                let size = size(argument, COPIED_BLOCK_MAX + 1);
                let copies = (local.uses as usize + usize::from(call.test.is_some())).saturating_sub(1);
                if copies > 0 && size > COPIED_BLOCK_MAX {
                    return false;
                }
                needed += copies * size;
            }
        }
        let fits = needed <= self.room;
        if fits {
            self.room -= needed;
        }
        fits
    }

    /// Returns the origin of the code of a function.
    pub(super) fn origin_of(&mut self, function: FunctionId) -> u32 {
        if let Some(known) = self.origins.functions.get(&function) {
            return *known;
        }
        let tables = &*self.types.tables;
        let origin = self.types.optimizer.origins.entry(function).or_insert_with(|| {
            Rc::new(Origin {
                name: full_name(tables, function),
                source: function.module.0,
                holder: tables.reached.holder(Key { function, application: None }),
            })
        });
        self.origins.all.push(origin.clone());
        let place = self.origins.all.len() as u32 - 1;
        self.origins.functions.insert(function, place);
        place
    }

    /// Adds entries for new locals, about which nothing is known.
    pub(super) fn sync(&mut self) {
        self.known.resize(self.names.locals.len(), Known::Any);
    }
}

/// Returns a number above those of all labels in some code.
fn labels_end(node: &Node) -> u32 {
    let mut end = match &node.expr {
        Expr::Labeled(label, _) | Expr::Exit(label, _) => label.0 + 1,
        _ => 0,
    };
    node.for_each_child(|child| end = end.max(labels_end(child)));
    end
}
