//! Checks the hierarchy of classes: no cycles, bounded, mixins in order.
//!
//! This is a step of `declare` and changes its state, so the two files refer to each other.

use super::declare::Declare;
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::ir::{ClassId, ClassKind};
use crate::source::SourceId;
use crate::steps;
use rustc_hash::FxHashSet;
use std::collections::HashMap;

/// The maximum number of classes, interfaces and mixins above a class. The time for a call grows
/// with it, since the call's method is looked for in each of them.
const ABOVE_MAX: usize = 500;

/// The maximum number of cycles that are reported. Each clause of a cycle is an error of its own.
const CYCLES_MAX: usize = 100;

/// Breaks cycles, with an error at each clause, limits the number of classes above a class, and flattens
/// the mixins of the classes made from source.
pub(super) fn check(declare: &mut Declare<'_, '_>) {
    let classes = declare.source_classes();
    let trees: HashMap<ClassId, _> =
        classes.iter().map(|(id, source, tree)| (*id, (*source, *tree))).collect();
    let walk = walk(declare, classes.iter().map(|(id, _, _)| *id));
    let mut reported = FxHashSet::default();
    for cycle in &walk.cycles {
        for (link, above) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
            if reported.insert((*link, *above))
                && let Some((source, tree)) = trees.get(link)
            {
                report(declare, *source, tree, *above);
            }
        }
    }
    for id in walk.returned_to {
        detach(declare, id);
    }
    for id in &walk.order {
        let Some((source, tree)) = trees.get(id) else { continue };
        // The class itself and `Object` are among its ancestors, too.
        if declare.world.has_more_ancestors(*id, ABOVE_MAX + 1) {
            let title = format!("more than {ABOVE_MAX} classes are above `{}`", tree.name.name);
            let problem = Diagnostic::error(*source, tree.name.span, title);
            declare
                .problems
                .push(problem.note("superclasses, mixins and interfaces count, with those above them"));
            detach(declare, *id);
        }
        let mixins = flattened(declare, *id);
        declare.class_mut(*id).mixins = mixins;
    }
    declare.world.finish_hierarchy();
}

/// Removes everything above a class, except for `Object`.
fn detach(declare: &mut Declare<'_, '_>, id: ClassId) {
    let object = declare.world.builtin.object;
    let declared = declare.class_mut(id);
    declared.superclass = object.filter(|_| declared.kind == ClassKind::Class);
    declared.interfaces.clear();
    declared.mixins.clear();
}

/// Reports one clause of a cycle.
fn report(declare: &mut Declare<'_, '_>, source: SourceId, tree: &ast::Class, above: ClassId) {
    let name = declare.world.class(above).name.clone();
    let clauses = tree.superclass.iter().chain(&tree.mixins).chain(&tree.interfaces);
    let clause = clauses.into_iter().find(|clause| *clause.name.name == *name);
    let span = clause.map_or(tree.name.span, |clause| clause.span);
    let title = format!("`{}` inherits from itself, by way of `{name}`", tree.name.name);
    declare.problems.push(Diagnostic::error(source, span, title));
}

/// The result of a walk over the hierarchy.
#[derive(Default)]
struct Walk {
    /// The classes, each after those above it.
    order: Vec<ClassId>,
    /// Classes that are above themselves. Without their clauses, there are no cycles.
    returned_to: Vec<ClassId>,
    /// For each of the first `CYCLES_MAX` of these classes, a cycle that begins with it.
    cycles: Vec<Vec<ClassId>>,
}

/// Walks up from the given classes, over each clause once.
fn walk(declare: &Declare<'_, '_>, roots: impl Iterator<Item = ClassId>) -> Walk {
    let above = |id: ClassId| {
        let class = declare.world.class(id);
        let above: Vec<ClassId> =
            class.interfaces.iter().chain(&class.mixins).chain(&class.superclass).copied().collect();
        steps::count(1 + above.len());
        above.into_iter()
    };
    let mut walk = Walk::default();
    let mut done = FxHashSet::default();
    let mut open = FxHashSet::default();
    let mut returned_to = FxHashSet::default();
    for root in roots {
        if done.contains(&root) {
            continue;
        }
        open.insert(root);
        let mut path = vec![(root, above(root))];
        while let Some((id, rest)) = path.last_mut() {
            let id = *id;
            let Some(next) = rest.next() else {
                open.remove(&id);
                done.insert(id);
                walk.order.push(id);
                path.pop();
                continue;
            };
            if open.contains(&next) {
                if returned_to.insert(next) {
                    walk.returned_to.push(next);
                    if walk.cycles.len() < CYCLES_MAX {
                        let start = path.iter().position(|(id, _)| *id == next).unwrap_or(0);
                        walk.cycles.push(path.iter().skip(start).map(|(id, _)| *id).collect());
                    }
                }
            } else if !done.contains(&next) {
                open.insert(next);
                path.push((next, above(next)));
            }
        }
    }
    walk
}

/// Returns a class's mixins, each after the mixins that it is built on, each once. The mixins above
/// have been flattened.
fn flattened(declare: &Declare<'_, '_>, id: ClassId) -> Vec<ClassId> {
    let mut result = Vec::new();
    let mut seen = FxHashSet::default();
    for mixin in &declare.world.class(id).mixins {
        add_flattened(declare, *mixin, &mut result, &mut seen);
    }
    result
}

fn add_flattened(
    declare: &Declare<'_, '_>,
    mixin: ClassId,
    result: &mut Vec<ClassId>,
    seen: &mut FxHashSet<ClassId>,
) {
    if !seen.insert(mixin) {
        return;
    }
    let class = declare.world.class(mixin);
    steps::count(1 + class.mixins.len());
    for above in class.superclass.iter().chain(&class.mixins) {
        add_flattened(declare, *above, result, seen);
    }
    result.push(mixin);
}
