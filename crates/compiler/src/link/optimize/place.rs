//! Makes the code of a function ready to stand in place of a call: its parameters are bound to the arguments, and its locals
//! become locals of the routine around the call.

use rustc_hash::FxHashMap;

use super::copy::{Binding, Copier, Fresh, copy_block};
use super::facts::Facts;
use super::inline::{Call, Inliner};
use super::simplify::returns_to_value;
use super::types::Known;
use crate::ir::{Body, ClassId, Expr, Function, LocalId, Node, Offset, Selector, Type};

/// A function whose code is put in place of a call.
pub(super) struct Callee<'c> {
    pub(super) function: &'c Function,
    pub(super) body: &'c Body,
    pub(super) facts: &'c Facts,
}

/// The state of a copy of a function's code.
struct Copy {
    /// The first of the function's own locals, among those of the routine.
    first: u32,
    bindings: FxHashMap<LocalId, Binding>,
    /// The parameters that have an argument, in the order of the arguments.
    given: Vec<LocalId>,
}

impl Copy {
    /// Returns the function's own local in the routine.
    fn own(&self, local: LocalId) -> LocalId {
        LocalId(self.first + local.0)
    }
}

impl Inliner<'_, '_, '_, '_> {
    /// Returns the code of a function, to stand in place of a call.
    pub(super) fn put(
        &mut self,
        at: Offset,
        call: &Call<'_>,
        callee: &Callee<'_>,
        arguments: Vec<Node>,
        origin: u32,
    ) -> Node {
        self.sync();
        let first = self.names.locals.len() as u32;
        self.names.locals.extend(callee.body.locals.iter().cloned());
        self.names.facts.extend(&callee.facts.locals);
        // What is known about the function's own locals is found later; about others that are new nothing is known.
        self.known.resize(self.names.locals.len(), Known::Unassigned);
        let names = 0..callee.body.locals.len() as u32;
        let own = names.map(|local| (LocalId(local), Binding::Local(LocalId(first + local))));
        let mut copy = Copy { first, bindings: own.collect(), given: Vec::new() };

        // The arguments are evaluated outside of the function, all else inside of it.
        let mut nodes = self.give(at, call, callee, &mut copy, arguments, origin);
        let values = self.values_for_call(call, &copy);
        let frame = self.origin_of(call.function);
        let mut code = self.fill_in(callee, &mut copy, frame);
        self.check(callee, &copy, &mut code);
        if let (Some(class), Some(Binding::Local(receiver))) = (call.test, copy.bindings.get(&LocalId(0)))
            && receiver.0 >= first
        {
            let known = &mut self.known[receiver.0 as usize];
            *known = known.tested(class);
        }
        let mut root = self.copied_root(callee, &mut copy);

        // Calls in the code are replaced, too.
        self.around.push(call.function);
        code.iter_mut().for_each(|node| self.visit(node, frame));
        self.visit(&mut root, frame);
        self.around.pop();
        code.push(root);
        let body = match code.len() {
            1 => code.pop().unwrap_or_default(),
            _ => Node { at, expr: Expr::Sequence(code) },
        };
        let inlined = Node { at, expr: Expr::Inlined { frame, body: Box::new(body) } };
        nodes.push(match (call.test, call.selector) {
            (Some(class), Some(selector)) => tested(at, class, selector, values, inlined),
            _ => inlined,
        });
        Node { at, expr: Expr::Scope(nodes) }
    }

    /// Binds the parameters to the arguments. Returns the definitions of those that have to be evaluated.
    fn give(
        &mut self,
        at: Offset,
        call: &Call<'_>,
        callee: &Callee<'_>,
        copy: &mut Copy,
        arguments: Vec<Node>,
        origin: u32,
    ) -> Vec<Node> {
        let places = parameter_places(callee.function, call.selector);
        let mut nodes = Vec::new();
        for (argument, parameter) in arguments.into_iter().zip(places) {
            if matches!(argument.expr, Expr::Absent) {
                continue;
            }
            let local = LocalId(parameter as u32);
            let uses = callee.facts.locals[parameter].uses;
            let binding = self.bind(at, argument, copy.own(local), uses, origin, &mut nodes);
            copy.bindings.insert(local, binding);
            copy.given.push(local);
        }
        nodes
    }

    /// Returns the receiver and the arguments for a call of the method, where the test of the receiver's class fails.
    fn values_for_call(&mut self, call: &Call<'_>, copy: &Copy) -> Vec<Node> {
        if call.test.is_none() {
            return Vec::new();
        }
        let values = copy.given.iter().filter_map(|local| copy.bindings.get(local));
        values.map(|binding| self.value(binding)).collect()
    }

    fn value(&mut self, binding: &Binding) -> Node {
        let expr = match binding {
            Binding::Local(local) => Expr::Local(*local),
            Binding::Constant(expr) => expr.clone(),
            Binding::Block { literal, .. } => {
                // The code of the function has the original.
                let mut block = Node { at: 0, expr: (**literal).clone() };
                copy_block(&mut self.names, &mut block);
                self.sync();
                block.expr
            }
        };
        Node { at: 0, expr }
    }

    /// Binds the parameters without an argument to their default values. Returns the definitions of those that have to be
    /// evaluated.
    fn fill_in(&mut self, callee: &Callee<'_>, copy: &mut Copy, frame: u32) -> Vec<Node> {
        let mut code = Vec::new();
        for (parameter, default) in &callee.body.defaults {
            if copy.given.contains(parameter) {
                continue;
            }
            let mut default = default.clone();
            Copier::new(&mut self.names, &mut copy.bindings, None).rename(&mut default);
            self.sync();
            let binding = self.bind(default.at, default, copy.own(*parameter), 0, frame, &mut code);
            copy.bindings.insert(*parameter, binding);
        }
        code
    }

    /// Adds the checks of the parameters' types that can fail.
    fn check(&mut self, callee: &Callee<'_>, copy: &Copy, code: &mut Vec<Node>) {
        let function = callee.function;
        let this = u32::from(function.has_this());
        for (index, parameter) in function.parameters.iter().enumerate().filter(|(_, it)| !it.is_block) {
            let local = LocalId(this + index as u32);
            let value = match copy.bindings.get(&local) {
                Some(Binding::Local(local)) => Expr::Local(*local),
                Some(Binding::Constant(constant)) => constant.clone(),
                _ => continue,
            };
            let value = Node { at: function.at, expr: value };
            let known = self.types.of(&value, &self.known);
            if !self.types.is_instance(known, parameter.ty) {
                code.push(Node { at: function.at, expr: Expr::As(Box::new(value), parameter.ty) });
                // From here on the check is what is known about the function's own local.
                self.known[copy.own(local).0 as usize] = Known::of(parameter.ty);
            }
        }
    }

    /// Returns the code of the function with its own locals and labels, as an expression whose value is what it returns.
    fn copied_root(&mut self, callee: &Callee<'_>, copy: &mut Copy) -> Node {
        let returns = self.names.fresh_label();
        let mut root = callee.body.root.clone();
        Copier::new(&mut self.names, &mut copy.bindings, Some(returns)).rename(&mut root);
        self.sync();
        if returns_to_value(&mut root, returns) {
            root = Node { at: root.at, expr: Expr::Labeled(returns, Box::new(root)) };
        }
        self.types.find(&[&root], &mut self.known, copy.first as usize, &self.names.locals);
        root
    }

    /// Finds what stands for a parameter. Evaluates the argument into the parameter's local if that is needed.
    fn bind(
        &mut self,
        at: Offset,
        argument: Node,
        parameter: LocalId,
        uses: u32,
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
                Binding::Block { literal: Box::new(Expr::Block { parameters, body }), uses }
            }
            expr => {
                let argument = Box::new(Node { at: argument.at, expr });
                nodes.push(Node { at, expr: Expr::Define(parameter, argument) });
                Binding::Local(parameter)
            }
        }
    }
}

/// Returns an expression that tests the receiver: if it is an instance of a class, the code is executed, if not, the
/// method is called.
fn tested(at: Offset, class: ClassId, selector: &Selector, mut values: Vec<Node>, code: Node) -> Node {
    values.iter_mut().for_each(|value| value.at = at);
    let receiver = if values.is_empty() { Node::default() } else { values.remove(0) };
    let condition = Expr::Is(Box::new(receiver.clone()), Type::Class { class, nullable: false });
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

/// Returns, for each argument of a call, the receiver included, the place of its parameter: for a call by selector, or for
/// one that gives all parameters in their order.
fn parameter_places(function: &Function, selector: Option<&Selector>) -> Vec<usize> {
    let this = usize::from(function.has_this());
    let Some(selector) = selector else {
        return (0..this + function.parameters.len()).collect();
    };
    let mut places: Vec<usize> = (0..this).collect();
    let mut parameters = function.parameters.iter().enumerate().filter(|(_, it)| !it.is_named);
    for is_block in &selector.unnamed {
        // Optional parameters that are not given stand before blocks.
        let place = parameters.find(|(_, parameter)| parameter.is_block == *is_block);
        places.extend(place.map(|(index, _)| this + index));
    }
    for (name, _) in &selector.named {
        let place = function.parameters.iter().position(|it| it.is_named && it.name == *name);
        places.extend(place.map(|index| this + index));
    }
    places
}
