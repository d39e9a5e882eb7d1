//! The types of globals that declare none: such a global has the type of its first value.
//!
//! Code that uses such a global needs its type, so its initializer is lowered first, wherever it
//! stands. Each is lowered once. So this file and `lower` refer to each other.

use super::Natives;
use super::job::{Job, Work};
use super::lower::{Lowered, lower};
use super::modules::Modules;
use super::world::World;
use crate::ast::Initial;
use crate::diagnostic::Diagnostic;
use crate::ir::GlobalId;
use crate::types::Ty;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// The maximum length of a chain of globals in which the first value of each uses the next. Each global
/// takes some kilobytes of stack.
const CHAIN_MAX: usize = 500;

/// The globals whose type is that of their first value.
pub(super) struct Globals<'a> {
    jobs: HashMap<GlobalId, &'a Job<'a>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    types: HashMap<GlobalId, Ty>,
    finished: HashMap<GlobalId, Lowered>,
    /// The globals that are being lowered, each needed by the one before it.
    chain: Vec<GlobalId>,
    /// The globals whose first value depends on itself.
    circular: BTreeSet<GlobalId>,
}

impl<'a> Globals<'a> {
    pub(super) fn new(jobs: &'a [Job<'a>]) -> Globals<'a> {
        let untyped = jobs.iter().filter_map(|job| match &job.work {
            Work::Global(id, tree) if tree.ty.is_none() && matches!(tree.value, Initial::Value(_)) => {
                Some((*id, job))
            }
            _ => None,
        });
        Globals { jobs: untyped.collect(), state: RefCell::default() }
    }

    /// Returns the type that a global gets from its first value (see [`World::widened`]); `any` if it is not known.
    pub(super) fn type_of(
        &self,
        world: &World,
        modules: &Modules,
        natives: Option<Natives<'_>>,
        id: GlobalId,
    ) -> Ty {
        let Some(job) = self.jobs.get(&id) else { return world.global(id).first_type.into() };
        {
            let mut state = self.state.borrow_mut();
            if let Some(known) = state.types.get(&id) {
                return *known;
            }
            if let Some(start) = state.chain.iter().position(|waiting| *waiting == id) {
                let circle: Vec<GlobalId> = state.chain.iter().skip(start).copied().collect();
                state.circular.extend(circle);
                return Ty::Any;
            }
            if state.chain.len() == CHAIN_MAX {
                return Ty::Any;
            }
            state.chain.push(id);
        }
        let lowered = lower(world, modules, natives, self, job);
        let mut state = self.state.borrow_mut();
        state.chain.pop();
        let ty = if state.circular.contains(&id) { Ty::Any } else { world.widened(lowered.ty) };
        state.types.insert(id, ty);
        state.finished.insert(id, lowered);
        ty
    }

    /// Returns the code of a job. The code of a global whose type was computed earlier is reused.
    pub(super) fn lower(
        &self,
        world: &World,
        modules: &Modules,
        natives: Option<Natives<'_>>,
        job: &Job<'_>,
    ) -> Lowered {
        if let Work::Global(id, _) = job.work
            && self.jobs.contains_key(&id)
        {
            let ty = self.type_of(world, modules, natives, id);
            let finished = self.state.borrow_mut().finished.remove(&id);
            if let Some(lowered) = finished {
                return Lowered { ty, ..lowered };
            }
        }
        Lowered { ty: Ty::Any, ..lower(world, modules, natives, self, job) }
    }

    /// Returns errors about the globals whose types depend on themselves.
    pub(super) fn circular(&self) -> Vec<Diagnostic> {
        let state = self.state.borrow();
        let jobs = state.circular.iter().filter_map(|id| self.jobs.get(id));
        let problems = jobs.filter_map(|job| match job.work {
            Work::Global(_, tree) => {
                let title = format!("the type of `{}` depends on itself", tree.name.name);
                let problem = Diagnostic::error(job.source, tree.name.span, title);
                Some(problem.hint(format!("write its type: `{}/... :=`", tree.name.name)))
            }
            _ => None,
        });
        problems.collect()
    }
}
