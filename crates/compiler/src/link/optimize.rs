//! The optimizer: changes the code of each function before bytecode is generated from it, now that the whole program is
//! known.
//!
//! - `types` finds what is known about the values of locals and expressions.
//! - `inline` puts the code of small functions, and of blocks, in place of their calls, so that `list.do: ...` and
//!   `10.repeat: ...` become loops. Where the class of a receiver is only likely, a test decides between the code and the call.
//! - `place` makes the code of a function ready for that.
//! - `simplify` folds constants and leaves out branches that are never taken.
//! - `copy` renames the locals and labels of code that is copied.
//!
//! What a program sees stays the same: values, the order of evaluation, exceptions, stack traces. A replaced call costs no
//! unit of the budget by itself; a loop edge charges the calls that were replaced in the loop. The work is bounded by the size of
//! each function: see [`inline`].

mod copy;
mod facts;
mod inline;
mod place;
mod simplify;
mod types;

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::codegen::Origin;
use super::library;
use super::tables::Tables;
use crate::ir::{Body, ClassId, FunctionId, Unit};
use facts::Facts;
use types::Known;

/// A body after the optimizer, with the origins that its [`crate::ir::Expr::Inlined`] refer to.
pub(super) struct Optimized {
    pub(super) body: Body,
    pub(super) origins: Vec<Rc<Origin>>,
}

/// What the optimizer remembers from function to function.
pub(super) struct Optimizer {
    literals: LiteralClasses,
    facts: FxHashMap<FunctionId, Option<Rc<Facts>>>,
    results: FxHashMap<FunctionId, Known>,
    origins: FxHashMap<FunctionId, Rc<Origin>>,
}

/// The classes whose instances literals make.
struct LiteralClasses {
    int: Option<ClassId>,
    float: Option<ClassId>,
    string: Option<ClassId>,
    list: Option<ClassId>,
    bytes: Option<ClassId>,
    map: Option<ClassId>,
    set: Option<ClassId>,
}

impl LiteralClasses {
    fn find(unit: &Unit) -> LiteralClasses {
        let find = |name| library::class(unit, name);
        LiteralClasses {
            int: find("int"),
            float: find("float"),
            string: find("String_"),
            list: find("List_"),
            bytes: find("ByteArray_"),
            map: find("Map"),
            set: find("Set"),
        }
    }

    fn all(&self) -> impl Iterator<Item = ClassId> {
        [self.int, self.float, self.string, self.list, self.bytes, self.map, self.set].into_iter().flatten()
    }
}

impl Optimizer {
    pub(super) fn new(unit: &Unit) -> Optimizer {
        Optimizer {
            literals: LiteralClasses::find(unit),
            facts: FxHashMap::default(),
            results: FxHashMap::default(),
            origins: FxHashMap::default(),
        }
    }

    /// Optimizes the body of a function or initializer. Returns none if there is nothing to do.
    pub(super) fn optimize(
        &mut self,
        tables: &mut Tables<'_>,
        origin: &Rc<Origin>,
        function: Option<FunctionId>,
        body: &Body,
    ) -> Option<Optimized> {
        if !inline::has_calls(&body.root) {
            return None;
        }
        let mut body = body.clone();
        let origins = inline::run(self, tables, origin, function, &mut body);
        Some(Optimized { body, origins })
    }
}
