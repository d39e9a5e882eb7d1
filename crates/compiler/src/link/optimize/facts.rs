//! The facts about a function that are known before its code is copied to a call.

use crate::ir::{Body, Expr, Function, FunctionKind, LocalId, Node};

/// The largest function, in expressions, that is put in place of a call with a block literal, if the call is repeated
/// or the function has a loop.
const SIZE_WITH_BLOCK_MAX: usize = 80;
/// The largest function, in expressions, that is put in place of a repeated call without a block literal.
const SIZE_MAX: usize = 16;
/// The largest function, in expressions, that is put in place of any other call: its code is about as large as that of the call.
const SIZE_ONCE_MAX: usize = 8;

/// The properties of a function that can be put in place of its calls.
#[derive(Debug)]
pub(super) struct Facts {
    /// The number of expressions of its code.
    pub(super) size: usize,
    /// Whether it has a loop.
    has_loop: bool,
    pub(super) locals: Vec<LocalFacts>,
}

/// The properties of a local.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct LocalFacts {
    /// Whether it is assigned after its definition.
    pub(super) is_assigned: bool,
    /// Whether a lambda captures it.
    pub(super) is_captured: bool,
    /// How often it is read.
    pub(super) uses: u32,
}

impl Facts {
    /// Examines a function. Returns none if its code cannot stand in place of a call: if the function is large or has
    /// no code, or its code depends on being a function of its own.
    pub(super) fn of(function: &Function, body: &Body) -> Option<Facts> {
        let has_code = !matches!(function.code, crate::ir::Code::None);
        if !has_code || function.kind == FunctionKind::MixinConstructor {
            return None;
        }
        let mut facts = Facts { size: 0, has_loop: false, locals: local_facts(body) };
        let defaults = body.defaults.iter().map(|(_, default)| default);
        for node in defaults.chain([&body.root]) {
            if !facts.count(node) {
                return None;
            }
        }
        Some(facts)
    }

    /// Returns whether the function is small enough for a call, which may have a block literal among its arguments, and may
    /// be repeated: by a loop, a block or recursion.
    pub(super) fn is_small_enough(&self, has_block: bool, is_repeated: bool) -> bool {
        self.size
            <= match (has_block, is_repeated || self.has_loop) {
                (true, true) => SIZE_WITH_BLOCK_MAX,
                (false, _) if is_repeated => SIZE_MAX,
                _ => SIZE_ONCE_MAX,
            }
    }

    /// Counts the expressions of some code. Returns false if the code cannot be moved.
    fn count(&mut self, node: &Node) -> bool {
        self.size += 1;
        self.has_loop |= matches!(node.expr, Expr::Loop { .. });
        let is_fixed =
            matches!(node.expr, Expr::Primitive { .. } | Expr::CallSuper(..) | Expr::Lambda { .. });
        if is_fixed || self.size > SIZE_WITH_BLOCK_MAX {
            return false;
        }
        let mut can_move = true;
        node.for_each_child(|child| can_move = can_move && self.count(child));
        can_move
    }
}

/// Examines the locals of a routine.
pub(super) fn local_facts(body: &Body) -> Vec<LocalFacts> {
    let mut facts = vec![LocalFacts::default(); body.locals.len()];
    for (_, default) in &body.defaults {
        examine(default, &mut facts);
    }
    examine(&body.root, &mut facts);
    facts
}

fn examine(node: &Node, facts: &mut [LocalFacts]) {
    let mut of = |local: &LocalId, change: fn(&mut LocalFacts)| {
        if let Some(local) = facts.get_mut(local.0 as usize) {
            change(local);
        }
    };
    match &node.expr {
        Expr::Local(local) => of(local, |local| local.uses += 1),
        Expr::SetLocal(local, _) => of(local, |local| local.is_assigned = true),
        Expr::Lambda { captures, .. } => {
            captures.iter().for_each(|captured| of(captured, |local| local.is_captured = true));
        }
        // The loop itself changes its variable's cell.
        Expr::Loop { fresh, .. } => {
            fresh.iter().for_each(|fresh| of(fresh, |local| local.is_assigned = true))
        }
        _ => {}
    }
    node.for_each_child(|child| examine(child, facts));
}

/// Returns the number of expressions of some code, but no more than a limit.
pub(super) fn size(node: &Node, limit: usize) -> usize {
    let mut size = 1;
    node.for_each_child(|child| {
        if size < limit {
            size += self::size(child, limit - size);
        }
    });
    size
}
