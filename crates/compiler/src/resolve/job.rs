//! Jobs: the bodies that declarations leave to be lowered later.

use super::world::World;
use crate::ast;
use crate::ir::{ClassId, FunctionId, GlobalId, ModuleId};
use crate::source::SourceId;

/// A body that is lowered after all declarations.
pub(super) struct Job<'a> {
    pub(super) module: ModuleId,
    pub(super) source: SourceId,
    pub(super) class: Option<ClassId>,
    pub(super) work: Work<'a>,
}

impl Job<'_> {
    /// Returns the place where the declaration begins, or its name.
    pub(super) fn start(&self, world: &World) -> u32 {
        match self.work {
            Work::Function(id, _) | Work::Signature(id, _) | Work::DefaultConstructor(id) => {
                world.function(id).at
            }
            Work::Global(id, _) => world.global(id).at,
        }
    }

    /// Returns the function of the body; none for an abstract one.
    pub(super) fn function(&self) -> Option<FunctionId> {
        match self.work {
            // An abstract function has no code of its own, even if it has a body by mistake.
            Work::Function(id, tree) => tree.abstract_at.is_none().then_some(id),
            Work::DefaultConstructor(id) => Some(id),
            Work::Signature(..) | Work::Global(..) => None,
        }
    }
}

/// The source and the destination of a body.
pub(super) enum Work<'a> {
    /// A function, method or constructor.
    Function(FunctionId, &'a ast::Function),
    /// A method without a body, whose default values are only checked.
    Signature(FunctionId, &'a ast::Function),
    /// The constructor of a class that declares none.
    DefaultConstructor(FunctionId),
    /// A global or static field.
    Global(GlobalId, &'a ast::Variable),
}
