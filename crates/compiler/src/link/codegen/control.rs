//! Compiles conditions, loops, exits and `try`.

use super::{Opcode, RoutineCompiler, Target, ends_by_itself};
use crate::ir::{Expr, LabelId, LocalId, Node, Offset, Selector};
use crate::link::LinkError;
use crate::link::fragment::{Label, LocalHandler, Register};
use crate::program::bytecode::Instruction;

impl<'t, 'u> RoutineCompiler<'t, 'u> {
    /// Jumps to a label if a condition evaluates to `sense`.
    fn branch(&mut self, node: &'t Node, sense: bool, label: Label) -> Result<(), LinkError> {
        let top = self.code().top();
        match &node.expr {
            Expr::Not(operand) => self.branch(operand, !sense, label)?,
            // In the next two cases one operand alone can cause the jump; in the third case both are needed.
            Expr::And(left, right) if !sense => {
                self.branch(left, false, label)?;
                self.branch(right, false, label)?;
            }
            Expr::Or(left, right) if sense => {
                self.branch(left, true, label)?;
                self.branch(right, true, label)?;
            }
            Expr::And(left, right) | Expr::Or(left, right) => {
                let skip = self.code().label();
                self.branch(left, !sense, skip)?;
                self.branch(right, sense, label)?;
                self.code().bind(skip);
            }
            Expr::Bool(value) if *value == sense => self.code().jump(Opcode::Jump, 0, label),
            Expr::Null if !sense => self.code().jump(Opcode::Jump, 0, label),
            Expr::Bool(_) | Expr::Null => {}
            Expr::CallDynamic { receiver, selector, arguments, .. }
                if !self.wide && compare_opcode(selector).is_some() =>
            {
                self.compare(node.at, receiver, selector, arguments, sense, label)?;
            }
            _ => {
                let register = self.operand(node)?;
                let opcode = if sense { Opcode::JumpIf } else { Opcode::JumpIfNot };
                self.code().jump(opcode, register, label);
            }
        }
        self.code().release_to(top);
        Ok(())
    }

    fn compare(
        &mut self,
        at: Offset,
        receiver: &'t Node,
        selector: &Selector,
        arguments: &'t [Node],
        sense: bool,
        label: Label,
    ) -> Result<(), LinkError> {
        let (Some(opcode), [argument]) = (compare_opcode(selector), arguments) else { return Ok(()) };
        let left = self.operand_before(receiver, &[argument])?;
        let right = self.operand(argument)?;
        let offset = self.tables.selector(selector);
        let here = self.code().here();
        self.code().jumps_to(here, label);
        let instruction = Instruction::abc(opcode, u8::from(sense), left, right, 0);
        self.code().operator(at, instruction, offset);
        Ok(())
    }

    /// Compiles `and`, `or` and `not` where the value is used. The value is that of an operand; for `not` it
    /// is a boolean.
    pub(super) fn condition_value(&mut self, node: &'t Node, target: Register) -> Result<(), LinkError> {
        let end = self.code().label();
        match &node.expr {
            Expr::And(left, right) | Expr::Or(left, right) => {
                let is_and = matches!(node.expr, Expr::And(..));
                self.value_to(left, target)?;
                self.code().jump(if is_and { Opcode::JumpIfNot } else { Opcode::JumpIf }, target, end);
                self.value_to(right, target)?;
            }
            _ => {
                let no = self.code().label();
                self.branch(node, false, no)?;
                self.code().abc(Opcode::LoadTrue, target, 0, 0);
                self.code().jump(Opcode::Jump, 0, end);
                self.code().bind(no);
                self.code().abc(Opcode::LoadFalse, target, 0, 0);
            }
        }
        self.code().bind(end);
        Ok(())
    }

    pub(super) fn if_value(
        &mut self,
        condition: &'t Node,
        then: &'t Node,
        otherwise: &'t Node,
        target: Register,
    ) -> Result<(), LinkError> {
        let (no, end) = (self.code().label(), self.code().label());
        self.branch(condition, false, no)?;
        self.value_to(then, target)?;
        self.code().jump(Opcode::Jump, 0, end);
        self.code().bind(no);
        self.value_to(otherwise, target)?;
        self.code().bind(end);
        Ok(())
    }

    pub(super) fn if_effect(
        &mut self,
        condition: &'t Node,
        then: &'t Node,
        otherwise: &'t Node,
    ) -> Result<(), LinkError> {
        let no = self.code().label();
        self.branch(condition, false, no)?;
        self.effect(then)?;
        if matches!(otherwise.expr, Expr::Null) {
            self.code().bind(no);
            return Ok(());
        }
        let end = self.code().label();
        if !ends_by_itself(then) {
            self.code().jump(Opcode::Jump, 0, end);
        }
        self.code().bind(no);
        self.effect(otherwise)?;
        self.code().bind(end);
        Ok(())
    }

    /// Compiles a loop. A short test stands at both ends, so that a round costs one jump.
    pub(super) fn loop_effect(
        &mut self,
        condition: &'t Node,
        body: &'t Node,
        update: Option<&'t Node>,
        fresh: &[LocalId],
    ) -> Result<(), LinkError> {
        let (again, end) = (self.code().label(), self.code().label());
        let replaced_calls = std::mem::take(&mut self.replaced_calls);
        let is_short = is_short_test(condition);
        if is_short {
            self.branch(condition, false, end)?;
        }
        self.code().bind(again);
        if !is_short {
            self.branch(condition, false, end)?;
        }
        self.effect(body)?;
        for local in fresh {
            self.renew(*local);
        }
        if let Some(update) = update {
            self.effect(update)?;
        }
        let charge = std::mem::replace(&mut self.replaced_calls, replaced_calls);
        if is_short && !self.wide && is_comparison(condition) {
            // Compares and jumps back in one instruction.
            self.branch(condition, true, again)?;
            // The jump is followed by its second word.
            let jump = self.code().here() - 2;
            self.code().charge_jump(jump, charge);
        } else {
            if is_short {
                self.branch(condition, false, end)?;
            }
            let jump = self.code().here();
            self.code().jump(Opcode::JumpBack, 0, again);
            self.code().charge_jump(jump, charge);
        }
        self.code().bind(end);
        Ok(())
    }

    /// Gives the next round of a `for` its own variable, if lambdas may have captured that of the last round.
    fn renew(&mut self, local: LocalId) {
        if !self.is_shared(local) {
            return;
        }
        let top = self.code().top();
        let value = self.code().take(1);
        self.load_local(local, value);
        let place = self.place(local);
        self.code().abc(Opcode::NewCell, place.register, value, 0);
        self.code().release_to(top);
    }

    // Exits.

    pub(super) fn labeled(&mut self, id: LabelId, body: &'t Node, target: Register) -> Result<(), LinkError> {
        let label = self.code().label();
        let fragment = self.current();
        let tries = self.code().tries;
        self.labels.insert(id, Target { fragment, label, result: target, is_used: true, tries });
        self.value_to(body, target)?;
        self.code().bind(label);
        Ok(())
    }

    /// As [`RoutineCompiler::labeled`], if the value is not used.
    pub(super) fn labeled_effect(&mut self, id: LabelId, body: &'t Node) -> Result<(), LinkError> {
        let label = self.code().label();
        let fragment = self.current();
        let tries = self.code().tries;
        // Exits out of blocks bring a value.
        let result = self.code().take(1);
        self.labels.insert(id, Target { fragment, label, result, is_used: false, tries });
        self.effect(body)?;
        self.code().bind(label);
        Ok(())
    }

    pub(super) fn exit(&mut self, id: LabelId, value: &'t Node) -> Result<(), LinkError> {
        let Some(target) = self.labels.get(&id).copied() else {
            self.code().abc(Opcode::Unreachable, 0, 0, 0);
            return Ok(());
        };
        let depth = self.current() - target.fragment;
        if depth == 0 && self.code().tries == target.tries {
            if target.is_used {
                self.value_to(value, target.result)?;
            } else {
                self.effect(value)?;
            }
            self.code().jump(Opcode::Jump, 0, target.label);
            return Ok(());
        }
        let value = self.operand(value)?;
        self.code().emit(Instruction::abc(Opcode::Exit, depth as u8, value, target.result, 0));
        let function = self.open[target.fragment].function;
        self.code().far_target(function, target.label);
        Ok(())
    }

    pub(super) fn return_value(&mut self, value: &'t Node) -> Result<(), LinkError> {
        let depth = self.current();
        let register = self.operand(value)?;
        if depth == 0 && self.code().tries == 0 {
            self.code().abc(Opcode::Return, register, 0, 0);
        } else {
            self.code().emit(Instruction::abc(Opcode::ReturnOuter, depth as u8, register, 0, 0));
        }
        Ok(())
    }

    pub(super) fn try_finally(
        &mut self,
        body: &'t Node,
        handler: &'t Node,
        is_exception: Option<LocalId>,
        exception: Option<LocalId>,
        target: Register,
    ) -> Result<(), LinkError> {
        let completion = self.code().take(4);
        let from = self.code().here();
        self.code().tries += 1;
        self.value_to(body, target)?;
        self.code().tries -= 1;
        // The handler's range also covers the instruction that records a normal exit. It cannot fail.
        self.code().imm(Opcode::LoadInt, completion, 0);
        let to = self.code().here();
        self.code().handler(LocalHandler { from, to, target: to, completion });
        for (local, opcode) in [(is_exception, Opcode::IsException), (exception, Opcode::GetException)] {
            let Some(local) = local else { continue };
            let register = self.place(local).register;
            self.code().abc(opcode, register, completion, 0);
            self.share_parameter(local);
        }
        self.effect(handler)?;
        self.code().abc(Opcode::EndFinally, completion, 0, 0);
        Ok(())
    }
}

/// Returns the opcode that compares and jumps.
fn compare_opcode(selector: &Selector) -> Option<Opcode> {
    if !selector.named.is_empty() || selector.unnamed != [false] || selector.is_setter {
        return None;
    }
    Some(match selector.name.as_str() {
        "==" => Opcode::JumpEqual,
        "<" => Opcode::JumpLess,
        "<=" => Opcode::JumpLessEqual,
        ">" => Opcode::JumpGreater,
        ">=" => Opcode::JumpGreaterEqual,
        _ => return None,
    })
}

fn is_comparison(node: &Node) -> bool {
    matches!(&node.expr, Expr::CallDynamic { selector, .. } if compare_opcode(selector).is_some())
}

/// Returns whether a loop's test is cheap enough to emit twice: a plain value, or a comparison of plain
/// values.
fn is_short_test(node: &Node) -> bool {
    let is_plain = |node: &Node| matches!(node.expr, Expr::Local(_) | Expr::Int(_) | Expr::Global(_));
    match &node.expr {
        Expr::CallDynamic { receiver, arguments, selector, .. } => {
            compare_opcode(selector).is_some() && is_plain(receiver) && arguments.iter().all(is_plain)
        }
        _ => is_plain(node),
    }
}
