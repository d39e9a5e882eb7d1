//! Definite assignment: checks that each variable has a value before it is read, that a final one
//! is assigned only once, and finds the fields that have no value at the end of a constructor.
//!
//! Works on the intermediate representation of a body. It tracks the locals that are defined without a value (with `?`,
//! or as `x/int`), and the fields of the object that a constructor makes. A block can run any number of times,
//! now or later, or not at all: its assignments do not count after the block. If the code jumps out
//! of a block, the assignments before the jump count at the label of the jump.

use crate::ir::{Expr, FieldRef, FunctionId, LabelId, LocalId, Node};
use crate::steps;
use std::collections::{BTreeSet, HashMap};

/// A tracked variable.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Slot {
    Local(u32),
    /// A field that the class itself declares, by its index in `Class::fields`.
    Field(u32),
}

/// A mistake, and its byte offset in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mistake {
    /// The variable is read before it has a value.
    Unassigned(Slot, u32),
    /// The variable is final, and may already have a value when it is assigned.
    AssignedTwice(Slot, u32),
}

/// The tracked variables, and the functions that do not return.
#[derive(Default)]
pub(super) struct Followed<'a> {
    /// Locals defined without a value, and whether they are final.
    pub(super) locals: HashMap<LocalId, bool>,
    /// The fields of the class that have no value before the analyzed code, by their indexes.
    pub(super) fields: Vec<u32>,
    /// The class of the object under construction.
    pub(super) class: Option<crate::ir::ClassId>,
    /// Functions that always throw.
    pub(super) never_return: &'a [Option<FunctionId>],
}

/// A set of variables: bit `n` tells whether the variable with number `n` is in it. Each branch has
/// its own copy of the sets, so they must be small.
#[derive(Clone, Default, Debug)]
struct Set(Vec<u64>);

impl Set {
    fn contains(&self, slot: usize) -> bool {
        self.0.get(slot / 64).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    /// Adds a variable; returns whether it was not in the set.
    fn insert(&mut self, slot: usize) -> bool {
        if self.0.len() <= slot / 64 {
            self.0.resize(slot / 64 + 1, 0);
        }
        let is_new = !self.contains(slot);
        self.0[slot / 64] |= 1 << (slot % 64);
        is_new
    }

    /// Takes a variable out; returns whether it was in the set.
    fn remove(&mut self, slot: usize) -> bool {
        let was_there = self.contains(slot);
        if was_there {
            self.0[slot / 64] &= !(1 << (slot % 64));
        }
        was_there
    }

    fn extend(&mut self, other: &Set) {
        steps::count(other.0.len());
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }
}

/// The variables that may have no value at a place, and those that may have one.
#[derive(Clone, Default, Debug)]
struct Slots {
    unassigned: Set,
    assigned: Set,
}

/// The state at a place; `None` if the place cannot be reached.
type State = Option<Slots>;

/// Analyzes a body. Returns the mistakes, and the variables that may have no value at its end.
pub(super) fn follow(root: &Node, followed: &Followed<'_>) -> (Vec<Mistake>, BTreeSet<Slot>) {
    let fields = followed.fields.iter().map(|field| Slot::Field(*field));
    let locals = followed.locals.keys().map(|local| Slot::Local(local.0));
    let slots: Vec<Slot> = fields.chain(locals).collect();
    let numbers = slots.iter().enumerate().map(|(number, slot)| (*slot, number)).collect();
    let mut flow = Flow {
        followed,
        numbers,
        labels: HashMap::new(),
        returns: None,
        repeated: Vec::new(),
        mistakes: Vec::new(),
    };
    let mut start = Slots::default();
    for field in 0..followed.fields.len() {
        start.unassigned.insert(field);
    }
    let mut state = Some(start);
    flow.visit(root, &mut state);
    let end = join(state, flow.returns.take()).unwrap_or_default().unassigned;
    let end = slots.iter().enumerate().filter(|(number, _)| end.contains(*number)).map(|(_, slot)| *slot);
    (flow.mistakes, end.collect())
}

struct Flow<'a> {
    followed: &'a Followed<'a>,
    numbers: HashMap<Slot, usize>,
    /// For each enclosing label, the joined state of the exits to it.
    labels: HashMap<LabelId, State>,
    returns: State,
    /// For each enclosing loop and block, the variables that had no value before it. Code inside
    /// can run more than once, so an assignment to one of these may be a second one.
    repeated: Vec<Set>,
    mistakes: Vec<Mistake>,
}

fn join(a: State, b: State) -> State {
    match (a, b) {
        (Some(mut a), Some(b)) => {
            a.unassigned.extend(&b.unassigned);
            a.assigned.extend(&b.assigned);
            Some(a)
        }
        (a, b) => a.or(b),
    }
}

impl Flow<'_> {
    fn visit(&mut self, node: &Node, state: &mut State) {
        match &node.expr {
            Expr::Define(local, value) => {
                self.visit(value, state);
                let number = self.numbers.get(&Slot::Local(local.0));
                if let (Some(number), Some(slots)) = (number, state.as_mut()) {
                    slots.unassigned.insert(*number);
                    slots.assigned.remove(*number);
                }
            }
            Expr::Local(local) => self.read(Slot::Local(local.0), node.at, state),
            Expr::SetLocal(local, value) => {
                self.visit(value, state);
                if let Some(is_final) = self.followed.locals.get(local) {
                    self.assign(Slot::Local(local.0), *is_final, node.at, state);
                }
            }
            Expr::Field(object, field) => {
                self.visit(object, state);
                if let Some(slot) = self.own_field(object, *field) {
                    self.read(slot, node.at, state);
                }
            }
            Expr::SetField(object, field, value) => {
                self.visit(object, state);
                self.visit(value, state);
                if let Some(slot) = self.own_field(object, *field) {
                    self.assign(slot, false, node.at, state);
                }
            }
            Expr::If { condition, then, otherwise } => {
                self.visit(condition, state);
                let mut other = state.clone();
                self.visit(then, state);
                self.visit(otherwise, &mut other);
                *state = join(state.take(), other);
            }
            Expr::And(left, right) | Expr::Or(left, right) => {
                self.visit(left, state);
                let mut after = state.clone();
                self.visit(right, &mut after);
                *state = join(state.take(), after);
            }
            Expr::Loop { condition, body, update, fresh } => {
                // The variables that the `for` itself defines are new in each round.
                let mut before = state.clone().unwrap_or_default().unassigned;
                for local in fresh {
                    if let Some(number) = self.numbers.get(&Slot::Local(local.0)) {
                        before.remove(*number);
                    }
                }
                self.repeated.push(before);
                self.visit(condition, state);
                let mut round = state.clone();
                self.visit(body, &mut round);
                if let Some(update) = update {
                    self.visit(update, &mut round);
                }
                self.repeated.pop();
                if matches!(condition.expr, Expr::Bool(true)) {
                    *state = None;
                }
            }
            Expr::Labeled(label, body) => {
                let outer = self.labels.insert(*label, None);
                self.visit(body, state);
                let left = self.labels.remove(label).flatten();
                *state = join(state.take(), left);
                if let Some(outer) = outer {
                    self.labels.insert(*label, outer);
                }
            }
            Expr::Exit(label, value) => {
                self.visit(value, state);
                let left = state.take();
                if let Some(known) = self.labels.get_mut(label) {
                    *known = join(known.take(), left);
                }
            }
            Expr::Return(value) => {
                self.visit(value, state);
                self.returns = join(self.returns.take(), state.take());
            }
            Expr::CallStatic(function, arguments) => {
                arguments.iter().for_each(|argument| self.visit(argument, state));
                if self.followed.never_return.contains(&Some(*function)) {
                    *state = None;
                }
            }
            Expr::Try { body, handler, .. } => {
                // The body can be interrupted before or after each of its assignments, so from the handler
                // on, the variables that it assigns may have a value, and may have none.
                let mut interrupted = state.clone();
                self.visit(body, state);
                if let (Some(slots), Some(body)) = (&mut interrupted, &*state) {
                    slots.assigned.extend(&body.assigned);
                }
                self.visit(handler, &mut interrupted);
                if state.is_some() {
                    *state = interrupted;
                }
            }
            Expr::Block { body, .. } => {
                let mut within = state.clone();
                self.repeated.push(state.clone().unwrap_or_default().unassigned);
                self.visit(body, &mut within);
                self.repeated.pop();
            }
            _ => node.for_each_child(|child| self.visit(child, state)),
        }
    }

    fn own_field(&self, object: &Node, field: FieldRef) -> Option<Slot> {
        let is_own =
            matches!(object.expr, Expr::Local(LocalId(0))) && Some(field.class) == self.followed.class;
        let slot = Slot::Field(field.index);
        (is_own && self.numbers.contains_key(&slot)).then_some(slot)
    }

    fn read(&mut self, slot: Slot, at: u32, state: &mut State) {
        // After the report the variable counts as assigned, so that each variable is reported once.
        let Some(number) = self.numbers.get(&slot) else { return };
        if state.as_mut().is_some_and(|slots| slots.unassigned.remove(*number)) {
            self.mistakes.push(Mistake::Unassigned(slot, at));
        }
    }

    fn assign(&mut self, slot: Slot, is_final: bool, at: u32, state: &mut State) {
        let Some(slots) = state.as_mut() else { return };
        let Some(number) = self.numbers.get(&slot).copied() else { return };
        let may_repeat = self.repeated.iter().any(|before| before.contains(number));
        let was_unassigned = slots.unassigned.remove(number);
        let was_assigned = !slots.assigned.insert(number);
        if (!was_unassigned || was_assigned || may_repeat) && is_final {
            self.mistakes.push(Mistake::AssignedTwice(slot, at));
        }
    }
}
