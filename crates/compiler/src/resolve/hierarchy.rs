//! The hierarchy of classes: no cycles, mixins in a row.

use super::declare::Declare;
use crate::diagnostic::Diagnostic;
use crate::ir::ClassId;

/// Breaks cycles, with an error, and flattens the mixins of the classes made from source.
pub(super) fn check(declare: &mut Declare<'_, '_>) {
    for (id, source, class) in declare.source_classes() {
        if reaches_itself(declare, id) {
            let title = format!("`{}` is above itself", class.name.name);
            declare.problems.push(Diagnostic::error(source, class.name.span, title));
            let object = declare.world.builtin.object;
            let declared = declare.class_mut(id);
            declared.superclass = object;
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

fn reaches_itself(declare: &Declare<'_, '_>, start: ClassId) -> bool {
    let mut seen = Vec::new();
    let mut work = vec![start];
    while let Some(id) = work.pop() {
        let class = declare.world.class(id);
        for above in class.interfaces.iter().chain(&class.mixins).chain(&class.superclass) {
            if *above == start {
                return true;
            }
            if !seen.contains(above) {
                seen.push(*above);
                work.push(*above);
            }
        }
    }
    false
}

/// A class's mixins, each after the mixins that it is built on, each once.
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
