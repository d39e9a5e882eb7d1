//! Puts the code of functions and blocks in place of their calls.
//!
//! A routine may grow to about twice its size, and by [`GROWTH_MIN`] expressions. A function is not put into itself, and not more
//! than [`DEPTH_MAX`] functions into each other.

use std::collections::HashMap;
use std::rc::Rc;

use super::copy::{Binding, Copier, Fresh, copy_block};
use super::facts::{Facts, LocalFacts, local_facts, size};
use super::simplify::{returns_to_value, simplify};
use super::types::{Known, Target, Types, parameter_types};
use super::Optimizer;
use crate::ir::{
    Body, Expr, Function, FunctionId, LabelId, Local, LocalId, Node, Offset, Selector, Type,
};
use crate::link::codegen::{Origin, operator_opcode};
use crate::link::hierarchy::Member;
use crate::link::tables::Tables;
use crate::link::{full_name, reach::Key};
use crate::steps;

/// The number of expressions by which each routine may grow.
const GROWTH_MIN: usize = 200;
/// The largest block literal of which a copy is made, in expressions.
const COPIED_BLOCK_MAX: usize = 100;
/// The most functions that are put into each other.
const DEPTH_MAX: usize = 4;

/// Returns whether some code calls anything.
pub(super) fn has_calls(node: &Node) -> bool {
    node.any(&mut |expr| {
        matches!(expr, Expr::CallStatic(..) | Expr::CallDynamic { .. } | Expr::CallBlock(..) | Expr::Lambda { .. })
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
    let mut origins = Origins { all: vec![origin.clone()], blocks: HashMap::new() };
    let mut known = function.map_or(Vec::new(), |id| parameter_types(tables.reached.function(id)));
    known.resize(body.locals.len(), Known::Unassigned);
    let mut types = Types::new(optimizer, tables);
    Inliner::run(&mut types, &mut origins, 0, body, known, 0);
    origins.all
}

/// The origins of the code of a routine.
struct Origins {
    all: Vec<Rc<Origin>>,
    /// The origins of the blocks in the code of each origin.
    blocks: HashMap<u32, u32>,
}

impl Origins {
    fn add(&mut self, origin: Origin) -> u32 {
        self.all.push(Rc::new(origin));
        self.all.len() as u32 - 1
    }

    fn of_block(&mut self, origin: u32) -> u32 {
        if let Some(known) = self.blocks.get(&origin) {
            return *known;
        }
        let of_block = self.add(self.all[origin as usize].of_block());
        self.blocks.insert(origin, of_block);
        of_block
    }
}

/// Changes the code of a routine.
struct Inliner<'i, 'o, 't, 'u> {
    types: &'i mut Types<'o, 't, 'u>,
    origins: &'i mut Origins,
    names: Names,
    known: Vec<Known>,
    /// The functions around the current place whose code was put there.
    around: Vec<FunctionId>,
    /// The number of expressions by which the routine may still grow.
    room: usize,
}

/// The locals and labels of a routine.
struct Names {
    locals: Vec<Local>,
    facts: Vec<LocalFacts>,
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
struct Call<'c> {
    function: FunctionId,
    /// The class that the receiver has to be tested for.
    test: Option<crate::ir::ClassId>,
    selector: Option<&'c Selector>,
}

impl Inliner<'_, '_, '_, '_> {
    /// Optimizes the code of a routine whose first locals are captured.
    fn run(
        types: &mut Types<'_, '_, '_>,
        origins: &mut Origins,
        origin: u32,
        body: &mut Body,
        mut known: Vec<Known>,
        captures: usize,
    ) {
        if body.root.any(&mut |expr| matches!(expr, Expr::Primitive { .. })) {
            // Its parameters are those of the native.
            return;
        }
        let mut facts = local_facts(body);
        // The routine around a lambda may share what the lambda captures.
        facts.iter_mut().take(captures).for_each(|local| local.is_assigned = true);
        let locals = std::mem::take(&mut body.locals);
        let code: Vec<&Node> = body.defaults.iter().map(|(_, node)| node).chain([&body.root]).collect();
        types.find(&code, &mut known, 0, |local| locals.get(local.0 as usize).is_none_or(|local| local.is_shared));
        let next_label = code.iter().map(|node| labels_end(node)).max().unwrap_or(0);
        let room = GROWTH_MIN + code.iter().map(|node| size(node, usize::MAX)).sum::<usize>();
        let mut inliner = Inliner {
            types,
            origins,
            names: Names { locals, facts, next_label },
            known,
            around: Vec::new(),
            room,
        };
        for (_, default) in &mut body.defaults {
            inliner.visit(default, origin);
        }
        inliner.visit(&mut body.root, origin);
        body.locals = inliner.names.locals;
    }

    fn visit(&mut self, node: &mut Node, origin: u32) {
        steps::count(1);
        match &mut node.expr {
            // This code has been visited where it came from.
            Expr::Inlined { .. } => return,
            Expr::Block { body, .. } => {
                if !matches!(body.expr, Expr::Inlined { .. }) {
                    let of_block = self.origins.of_block(origin);
                    self.visit(body, of_block);
                }
                return;
            }
            Expr::Lambda { parameters, captures, body } => {
                let of_lambda = self.origins.all[origin as usize].of_lambda();
                let of_lambda = self.origins.add(of_lambda);
                let mut known = vec![Known::Unassigned; body.locals.len()];
                let given = captures.len() + *parameters as usize;
                known.iter_mut().take(given).for_each(|known| *known = Known::Any);
                Inliner::run(self.types, self.origins, of_lambda, body, known, captures.len());
                return;
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
            _ => None,
        };
        if let Some(replacement) = replacement {
            *node = replacement;
        }
    }

    // Blocks.

    /// Puts the code of a block literal in place of its call.
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
        let mut constants = HashMap::new();
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
            Copier::new(&mut self.names, constants, None).rename(&mut body);
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
    fn constant(&self, argument: &Node, parameter: LocalId) -> Option<Binding> {
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
            Expr::Int(_) | Expr::Bool(_) | Expr::Null => Some(Binding::Constant(argument.expr.clone())),
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
        if !facts.is_small_enough(has_block) || !self.takes_room(&facts, call, arguments) {
            return None;
        }
        Some(self.put(at, call, function, &body, &facts, std::mem::take(arguments), origin))
    }

    fn facts(&mut self, id: FunctionId, function: &Function, body: &Body) -> Option<Rc<Facts>> {
        if let Some(known) = self.types.optimizer.facts.get(&id) {
            return known.clone();
        }
        let facts = Facts::of(function, body).map(Rc::new);
        self.types.optimizer.facts.insert(id, facts.clone());
        facts
    }

    /// Takes the room for the code of a function, if there is enough.
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

    fn put(
        &mut self,
        at: Offset,
        call: &Call<'_>,
        function: &Function,
        body: &Body,
        facts: &Facts,
        arguments: Vec<Node>,
        origin: u32,
    ) -> Node {
        let first = self.names.locals.len() as u32;
        self.names.locals.extend(body.locals.iter().cloned());
        self.names.facts.extend(&facts.locals);
        self.known.resize(self.names.locals.len(), Known::Unassigned);
        let mut bindings: HashMap<LocalId, Binding> = (0..body.locals.len() as u32)
            .map(|local| (LocalId(local), Binding::Local(LocalId(first + local))))
            .collect();

        // The arguments, which are evaluated outside of the function.
        let places = parameter_places(function, call.selector);
        let mut nodes = Vec::new();
        let mut given = vec![false; places.count];
        let mut values = Vec::new();
        for (argument, parameter) in arguments.into_iter().zip(places.of_arguments) {
            let local = LocalId(parameter as u32);
            if matches!(argument.expr, Expr::Absent) {
                continue;
            }
            given[parameter] = true;
            let binding = self.bind(at, argument, LocalId(first + local.0), origin, &mut nodes);
            values.push(binding.clone());
            bindings.insert(local, binding);
        }
        let receiver_known = self.known_of(bindings.get(&LocalId(0)));

        // The code of the function.
        let key = Key { function: call.function, application: None };
        let callee = self.origins.add(Origin {
            name: full_name(self.types.tables, call.function),
            source: call.function.module.0,
            holder: self.types.tables.reached.holder(key),
        });
        let returns = self.names.fresh_label();
        let mut code = Vec::new();
        let mut copier_locals = bindings;
        let types_at = function.at;
        let defaults: HashMap<LocalId, &Node> = body.defaults.iter().map(|(local, node)| (*local, node)).collect();
        for parameter in (0..places.count).filter(|parameter| !given[*parameter]) {
            let Some(default) = defaults.get(&LocalId(parameter as u32)) else { continue };
            let mut default = (*default).clone();
            Copier::new(&mut self.names, copier_locals.clone(), None).rename(&mut default);
            let place = LocalId(first + parameter as u32);
            self.sync();
            let binding = self.bind(default.at, default, place, callee, &mut code);
            copier_locals.insert(LocalId(parameter as u32), binding);
        }
        let this = usize::from(function.has_this());
        for (index, parameter) in function.parameters.iter().enumerate().filter(|(_, it)| !it.is_block) {
            let place = first as usize + this + index;
            self.check(types_at, &copier_locals, LocalId((this + index) as u32), place, parameter.ty, &mut code);
        }
        if let (Some(class), Some(Binding::Local(receiver))) = (call.test, copier_locals.get(&LocalId(0))) {
            let place = receiver.0 as usize;
            if receiver.0 >= first {
                self.known[place] = receiver_known.tested(class);
            }
        }
        let mut root = body.root.clone();
        let else_arguments = call.test.map(|_| values.clone());
        Copier::new(&mut self.names, copier_locals, Some(returns)).rename(&mut root);
        self.sync();
        if returns_to_value(&mut root, returns) {
            root = Node { at: root.at, expr: Expr::Labeled(returns, Box::new(root)) };
        }
        let names = &self.names;
        let is_shared = |local: LocalId| names.locals.get(local.0 as usize).is_none_or(|local| local.is_shared);
        self.types.find(&[&root], &mut self.known, first as usize, is_shared);

        // Calls in the code are replaced, too.
        self.around.push(call.function);
        code.iter_mut().for_each(|node| self.visit(node, callee));
        self.visit(&mut root, callee);
        self.around.pop();
        code.push(root);
        let body = match code.len() {
            1 => code.pop().unwrap_or_default(),
            _ => Node { at, expr: Expr::Sequence(code) },
        };
        let inlined = Node { at, expr: Expr::Inlined { frame: callee, body: Box::new(body) } };
        let result = match (call.test, else_arguments, call.selector) {
            (Some(class), Some(values), Some(selector)) => {
                self.tested(at, class, selector, values, inlined)
            }
            _ => inlined,
        };
        nodes.push(result);
        Node { at, expr: Expr::Scope(nodes) }
    }

    /// Makes room for what is known about new locals.
    fn sync(&mut self) {
        self.known.resize(self.names.locals.len(), Known::Unassigned);
    }

    /// Finds what stands for a parameter. Evaluates the argument into the parameter's local if that is needed.
    fn bind(
        &mut self,
        at: Offset,
        argument: Node,
        parameter: LocalId,
        origin: u32,
        nodes: &mut Vec<Node>,
    ) -> Binding {
        if let Some(binding) = self.constant(&argument, parameter) {
            return binding;
        }
        let place = parameter.0 as usize;
        let is_assigned = self.names.facts[place].is_assigned;
        self.known[place] = if is_assigned { Known::Any } else { self.types.of(&argument, &self.known) };
        match argument.expr {
            Expr::Block { parameters, body } if !is_assigned => {
                let frame = self.origins.of_block(origin);
                let body = match body.expr {
                    Expr::Inlined { .. } => body,
                    _ => Box::new(Node { at: body.at, expr: Expr::Inlined { frame, body } }),
                };
                Binding::Block { literal: Box::new(Expr::Block { parameters, body }), is_used: false }
            }
            expr => {
                let argument = Box::new(Node { at: argument.at, expr });
                nodes.push(Node { at, expr: Expr::Define(parameter, argument) });
                Binding::Local(parameter)
            }
        }
    }

    fn known_of(&self, binding: Option<&Binding>) -> Known {
        match binding {
            Some(Binding::Local(local)) => self.known.get(local.0 as usize).copied().unwrap_or(Known::Any),
            _ => Known::Any,
        }
    }

    /// Adds the check of a parameter's type, if it can fail.
    fn check(
        &mut self,
        at: Offset,
        bindings: &HashMap<LocalId, Binding>,
        parameter: LocalId,
        place: usize,
        ty: Type,
        code: &mut Vec<Node>,
    ) {
        let value = match bindings.get(&parameter) {
            Some(Binding::Local(local)) => Expr::Local(*local),
            Some(Binding::Constant(constant)) => constant.clone(),
            _ => return,
        };
        let value = Node { at, expr: value };
        let known = self.types.of(&value, &self.known);
        if !self.types.is_instance(known, ty) {
            code.push(Node { at, expr: Expr::As(Box::new(value), ty) });
            // From here on the check is what is known about the function's own local.
            if matches!(ty, Type::Class { .. }) {
                self.known[place] = Known::of(ty);
            }
        }
    }

    /// Returns an expression that tests the receiver: if it is an instance of a class, the code is executed, if not, the
    /// method is called.
    fn tested(
        &mut self,
        at: Offset,
        class: crate::ir::ClassId,
        selector: &Selector,
        values: Vec<Binding>,
        code: Node,
    ) -> Node {
        let mut values: Vec<Node> = values.into_iter().map(|value| self.value(at, value)).collect();
        let receiver = if values.is_empty() { Node::default() } else { values.remove(0) };
        let ty = Type::Class { class, nullable: false };
        let condition = Expr::Is(Box::new(receiver.clone()), ty);
        let call = Expr::CallDynamic {
            receiver: Box::new(receiver),
            selector: selector.clone(),
            arguments: values,
            receiver_type: Type::Any,
        };
        let expr = Expr::If {
            condition: Box::new(Node { at, expr: condition }),
            then: Box::new(code),
            otherwise: Box::new(Node { at, expr: call }),
        };
        Node { at, expr }
    }

    fn value(&mut self, at: Offset, binding: Binding) -> Node {
        match binding {
            Binding::Local(local) => Node { at, expr: Expr::Local(local) },
            Binding::Constant(expr) => Node { at, expr },
            Binding::Block { literal, .. } => {
                // The code of the function has the original.
                let mut block = Node { at, expr: *literal };
                copy_block(&mut self.names, &mut block);
                self.sync();
                block
            }
        }
    }
}

/// Where the arguments of a call go.
struct Places {
    /// The number of parameters, `this` included.
    count: usize,
    /// For each argument, the receiver included, the place of its parameter.
    of_arguments: Vec<usize>,
}

/// Returns where the arguments of a call go: of a call by selector, or of one that gives all parameters in their order.
fn parameter_places(function: &Function, selector: Option<&Selector>) -> Places {
    let this = usize::from(function.has_this());
    let count = this + function.parameters.len();
    let Some(selector) = selector else {
        return Places { count, of_arguments: (0..count).collect() };
    };
    let mut of_arguments: Vec<usize> = (0..this).collect();
    let mut parameters = function.parameters.iter().enumerate().filter(|(_, it)| !it.is_named);
    for is_block in &selector.unnamed {
        // Optional parameters that are not given stand before blocks.
        let place = parameters.find(|(_, parameter)| parameter.is_block == *is_block);
        of_arguments.extend(place.map(|(index, _)| this + index));
    }
    for (name, _) in &selector.named {
        let place = function.parameters.iter().position(|it| it.is_named && it.name == *name);
        of_arguments.extend(place.map(|index| this + index));
    }
    Places { count, of_arguments }
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
