//! Compiles code that the optimizer has put in place of calls.

use std::rc::Rc;

use super::{Origin, RoutineCompiler};
use crate::ir::{Node, Offset};
use crate::link::LinkError;
use crate::link::fragment::Register;

impl<'t> RoutineCompiler<'t, '_> {
    /// Returns an origin by its place in the optimizer's list.
    pub(super) fn inlined_origin(&self, place: u32) -> Rc<Origin> {
        self.inlined.get(place as usize).unwrap_or_else(|| self.origin()).clone()
    }

    /// Compiles the code of a function or block in place of a call.
    pub(super) fn inlined(
        &mut self,
        at: Offset,
        place: u32,
        body: &'t Node,
        target: Register,
    ) -> Result<(), LinkError> {
        self.enter_inlined(at, place);
        self.value_to(body, target)?;
        self.leave_inlined();
        Ok(())
    }

    /// As [`RoutineCompiler::inlined`], if the value is not used.
    pub(super) fn inlined_effect(&mut self, at: Offset, place: u32, body: &'t Node) -> Result<(), LinkError> {
        self.enter_inlined(at, place);
        self.effect(body)?;
        self.leave_inlined();
        Ok(())
    }

    fn enter_inlined(&mut self, at: Offset, place: u32) {
        let origin = self.inlined_origin(place);
        self.origins.push(origin.clone());
        self.code().enter_inlined(origin, at);
        self.replaced_calls += 1;
    }

    fn leave_inlined(&mut self) {
        self.code().leave_inlined();
        self.origins.pop();
    }

    /// Compiles expressions whose locals have registers only here.
    pub(super) fn scope(&mut self, nodes: &'t [Node], target: Register) -> Result<(), LinkError> {
        let top = self.code().top();
        nodes.iter().for_each(|node| self.place_locals(node));
        self.sequence(nodes, target)?;
        self.code().release_to(top);
        Ok(())
    }

    /// As [`RoutineCompiler::scope`], if the value is not used.
    pub(super) fn scope_effect(&mut self, nodes: &'t [Node]) -> Result<(), LinkError> {
        let top = self.code().top();
        nodes.iter().for_each(|node| self.place_locals(node));
        nodes.iter().try_for_each(|node| self.effect(node))?;
        self.code().release_to(top);
        Ok(())
    }
}
