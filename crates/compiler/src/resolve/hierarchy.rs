//! Checks the hierarchy of classes: no cycles, mixins in order.
//!
//! This is a step of `declare` and changes its state, so the two files refer to each other.

use super::declare::Declare;
use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::ir::{ClassId, ClassKind};
use crate::source::SourceId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Breaks cycles, with an error at each clause, and flattens the mixins of the classes made from source.
pub(super) fn check(declare: &mut Declare<'_, '_>) {
    let trees: HashMap<ClassId, _> =
        declare.source_classes().into_iter().map(|(id, source, tree)| (id, (source, tree))).collect();
    for (id, _, _) in declare.source_classes() {
        while let Some(cycle) = cycle(declare, id) {
            for (link, above) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
                if let Some((source, tree)) = trees.get(link) {
                    report(declare, *source, tree, *above);
                }
            }
            let object = declare.world.builtin.object;
            let declared = declare.class_mut(id);
            declared.superclass = object.filter(|_| declared.kind == ClassKind::Class);
            declared.interfaces.clear();
            declared.mixins.clear();
        }
    }
    let classes = declare.source_classes();
    let flat: Vec<Vec<ClassId>> = classes.iter().map(|(id, _, _)| flattened(declare, *id)).collect();
    for ((id, _, _), mixins) in classes.into_iter().zip(flat) {
        declare.class_mut(id).mixins = mixins;
    }
}

/// Reports one clause of a cycle.
fn report(declare: &mut Declare<'_, '_>, source: SourceId, tree: &ast::Class, above: ClassId) {
    let name = declare.world.class(above).name.clone();
    let clauses = tree.superclass.iter().chain(&tree.mixins).chain(&tree.interfaces);
    let clause = clauses.into_iter().find(|clause| *clause.name.name == *name);
    let span = clause.map_or(tree.name.span, |clause| clause.span);
    let title = format!("`{}` is above itself, by way of `{name}`", tree.name.name);
    declare.problems.push(Diagnostic::error(source, span, title));
}

/// Returns the superclasses of a class that lead back to it, if there is such a cycle.
fn cycle(declare: &Declare<'_, '_>, start: ClassId) -> Option<Vec<ClassId>> {
    let mut came_from = HashMap::new();
    let mut work = vec![start];
    while let Some(id) = work.pop() {
        let class = declare.world.class(id);
        for above in class.interfaces.iter().chain(&class.mixins).chain(&class.superclass) {
            if *above == start {
                let mut path = vec![id];
                while let Some(below) = path.last().and_then(|last| came_from.get(last)) {
                    path.push(*below);
                }
                path.reverse();
                return Some(path);
            }
            if let Entry::Vacant(entry) = came_from.entry(*above) {
                entry.insert(id);
                work.push(*above);
            }
        }
    }
    None
}

/// Returns a class's mixins, each after the mixins that it is built on, each once.
fn flattened(declare: &Declare<'_, '_>, id: ClassId) -> Vec<ClassId> {
    let mut result = Vec::new();
    for mixin in &declare.world.class(id).mixins {
        add_flattened(declare, *mixin, &mut result);
    }
    result
}

fn add_flattened(declare: &Declare<'_, '_>, mixin: ClassId, result: &mut Vec<ClassId>) {
    if result.contains(&mixin) {
        return;
    }
    let class = declare.world.class(mixin);
    for above in class.superclass.iter().chain(&class.mixins) {
        add_flattened(declare, *above, result);
    }
    if !result.contains(&mixin) {
        result.push(mixin);
    }
}
