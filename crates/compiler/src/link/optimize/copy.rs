//! Renames what copied code refers to: its locals, its labels, and the place to which it returns.

use rustc_hash::FxHashMap;

use crate::ir::{Expr, LabelId, LocalId, Node};
use crate::steps;

/// What stands for a local of the code in its copy.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    /// Another local.
    Local(LocalId),
    /// A constant.
    Constant(Expr),
    /// A block literal. The last use takes it as it is; copies are made for the others.
    Block {
        /// The literal.
        literal: Box<Expr>,
        /// The number of uses that are left.
        uses: u32,
    },
}

/// Gives out new locals and labels.
pub(super) trait Fresh {
    /// Returns a new local with the properties of another one.
    fn fresh_local(&mut self, like: LocalId) -> LocalId;
    /// Returns a new label.
    fn fresh_label(&mut self) -> LabelId;
}

/// Renames the code of a copy.
pub(super) struct Copier<'f, F> {
    fresh: &'f mut F,
    locals: &'f mut FxHashMap<LocalId, Binding>,
    labels: FxHashMap<LabelId, LabelId>,
    /// The label that a return exits to.
    returns: Option<LabelId>,
}

impl<'f, F: Fresh> Copier<'f, F> {
    pub(super) fn new(
        fresh: &'f mut F,
        locals: &'f mut FxHashMap<LocalId, Binding>,
        returns: Option<LabelId>,
    ) -> Self {
        Copier { fresh, locals, labels: FxHashMap::default(), returns }
    }

    /// Renames everything in a copy.
    pub(super) fn rename(&mut self, node: &mut Node) {
        steps::count(1);
        if let Expr::Local(local) = node.expr {
            if let Some(expr) = self.value(local) {
                node.expr = expr;
            }
            return;
        }
        if let (Expr::Return(value), Some(label)) = (&mut node.expr, self.returns) {
            node.expr = Expr::Exit(label, std::mem::take(value));
            node.for_each_child_mut(|child| self.rename(child));
            return;
        }
        self.rename_names(&mut node.expr);
        node.for_each_child_mut(|child| self.rename(child));
    }

    fn value(&mut self, local: LocalId) -> Option<Expr> {
        match self.locals.get_mut(&local)? {
            Binding::Local(local) => Some(Expr::Local(*local)),
            Binding::Constant(constant) => Some(constant.clone()),
            Binding::Block { literal, uses: 1 } => Some(std::mem::replace(&mut **literal, Expr::Null)),
            Binding::Block { literal, uses } => {
                *uses -= 1;
                let mut copy = Node { at: 0, expr: (**literal).clone() };
                copy_block(self.fresh, &mut copy);
                Some(copy.expr)
            }
        }
    }

    fn rename_names(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Define(local, _) | Expr::SetLocal(local, _) => self.local(local),
            Expr::Loop { fresh, .. } => fresh.iter_mut().for_each(|local| self.local(local)),
            Expr::Try { is_exception, exception, .. } => {
                is_exception.iter_mut().chain(exception).for_each(|local| self.local(local));
            }
            Expr::Primitive { failure: Some((local, _)), .. } => self.local(local),
            Expr::Block { parameters, .. } => parameters.iter_mut().for_each(|local| self.local(local)),
            Expr::Lambda { captures, .. } => captures.iter_mut().for_each(|local| self.local(local)),
            Expr::Labeled(label, _) => {
                let renamed = self.fresh.fresh_label();
                self.labels.insert(*label, renamed);
                *label = renamed;
            }
            Expr::Exit(label, _) => *label = self.labels.get(label).copied().unwrap_or(*label),
            _ => {}
        }
    }

    fn local(&mut self, local: &mut LocalId) {
        if let Some(Binding::Local(renamed)) = self.locals.get(local) {
            *local = *renamed;
        }
    }
}

/// Gives a copied block literal its own locals and labels.
pub(super) fn copy_block<F: Fresh>(fresh: &mut F, block: &mut Node) {
    let mut defined = Vec::new();
    find_defined(block, &mut defined);
    let locals = defined.into_iter().map(|local| (local, Binding::Local(fresh.fresh_local(local))));
    let mut locals = locals.collect();
    Copier::new(fresh, &mut locals, None).rename(block);
}

/// Finds the locals that some code defines.
fn find_defined(node: &Node, defined: &mut Vec<LocalId>) {
    match &node.expr {
        Expr::Define(local, _) => defined.push(*local),
        Expr::Try { is_exception, exception, .. } => defined.extend(is_exception.iter().chain(exception)),
        Expr::Primitive { failure: Some((local, _)), .. } => defined.push(*local),
        Expr::Block { parameters, .. } => defined.extend(parameters),
        _ => {}
    }
    node.for_each_child(|child| find_defined(child, defined));
}
