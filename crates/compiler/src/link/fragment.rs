//! The code of one function under construction: instructions, labels, registers.

use std::rc::Rc;

use super::LinkError;
use super::codegen::Origin;
use crate::ir::Offset;
use crate::program::bytecode::{Instruction, Opcode};
use crate::program::{Accessor, FunctionIndex, FunctionShape};

/// A register of a frame.
pub(super) type Register = u16;

/// A jump target whose address may not be known yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Label(u32);

/// A `try` range with local addresses.
#[derive(Clone, Copy, Debug)]
pub(super) struct LocalHandler {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) target: u32,
    pub(super) completion: Register,
}

/// An [`Opcode::Target`] to fill in when all code has its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct FarTarget {
    /// The address of the instruction in this fragment.
    pub(super) at: u32,
    /// The function of the target.
    pub(super) function: FunctionIndex,
    pub(super) label: Label,
}

/// A range of local addresses whose code was put in place of a call.
#[derive(Clone, Debug)]
pub(super) struct LocalInlined {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) origin: Rc<Origin>,
    /// The place of the call.
    pub(super) at: Offset,
    /// The range around it, by its place among the fragment's ranges.
    pub(super) parent: Option<u32>,
}

/// Finished code.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) instructions: Vec<Instruction>,
    pub(super) positions: Vec<(u32, Offset)>,
    /// Ordered by their start, a range before those inside of it.
    pub(super) inlined: Vec<LocalInlined>,
    pub(super) handlers: Vec<LocalHandler>,
    pub(super) far_targets: Vec<FarTarget>,
    /// The addresses of all labels.
    pub(super) labels: Vec<u32>,
    pub(super) registers: u16,
    pub(super) arity: u16,
    pub(super) captures: u16,
    pub(super) shape: FunctionShape,
    pub(super) name: String,
    pub(super) source: u32,
    pub(super) accessor: Accessor,
}

/// The number of registers that a call of an operator takes from its base on: return address, frame and
/// two operands, and one more operand for `[]=`.
const SLOW_WINDOW: u32 = 5;

/// Code under construction.
pub(super) struct Fragment {
    instructions: Vec<Instruction>,
    positions: Vec<(u32, Offset)>,
    inlined: Vec<LocalInlined>,
    /// The range around the current place, by its place in `inlined`.
    current_inlined: Option<u32>,
    handlers: Vec<LocalHandler>,
    far_targets: Vec<FarTarget>,
    labels: Vec<Option<u32>>,
    /// Jumps to fill in: (address, target).
    jumps: Vec<(u32, Label)>,
    /// The next free register.
    top: u32,
    highest: u32,
    /// The number of `try` bodies of this fragment around the current place.
    pub(super) tries: u32,
}

impl Fragment {
    pub(super) fn new() -> Fragment {
        Fragment {
            instructions: Vec::new(),
            positions: Vec::new(),
            inlined: Vec::new(),
            current_inlined: None,
            handlers: Vec::new(),
            far_targets: Vec::new(),
            labels: Vec::new(),
            jumps: Vec::new(),
            top: 0,
            highest: 0,
            tries: 0,
        }
    }

    pub(super) fn here(&self) -> u32 {
        self.instructions.len() as u32
    }

    // Registers.

    /// Returns the next free register; the registers above it are free, too.
    pub(super) fn top(&self) -> Register {
        self.top as Register
    }

    /// Takes the next `count` registers. Returns the first of them.
    pub(super) fn take(&mut self, count: u32) -> Register {
        let first = self.top;
        self.top += count;
        self.highest = self.highest.max(self.top);
        first as Register
    }

    /// Frees this register and all above it.
    pub(super) fn release_to(&mut self, register: Register) {
        self.top = u32::from(register);
    }

    // Instructions.

    pub(super) fn emit(&mut self, instruction: Instruction) {
        self.instructions.push(instruction);
    }

    /// Emits an instruction that can fail or call.
    pub(super) fn emit_at(&mut self, at: Offset, instruction: Instruction) {
        self.positions.push((self.here(), at));
        self.emit(instruction);
    }

    pub(super) fn abc(&mut self, opcode: Opcode, a: Register, b: Register, c: Register) {
        self.emit(Instruction::abc(opcode, 0, a, b, c));
    }

    pub(super) fn imm(&mut self, opcode: Opcode, a: Register, number: i32) {
        self.emit(Instruction::imm(opcode, 0, a, number));
    }

    pub(super) fn move_to(&mut self, target: Register, source: Register) {
        if target != source {
            self.abc(Opcode::Move, target, source, 0);
        }
    }

    /// Emits an operator and the word that tells how to call it as a method.
    pub(super) fn operator(&mut self, at: Offset, instruction: Instruction, selector: u32) {
        self.emit_at(at, instruction);
        let base = self.top();
        self.highest = self.highest.max(self.top + SLOW_WINDOW);
        // For stack traces, the call happens at this word.
        self.emit_at(at, Instruction::imm(Opcode::Slow, 0, base, selector as i32));
    }

    /// Begins code that was put in place of a call.
    pub(super) fn enter_inlined(&mut self, origin: Rc<Origin>, at: Offset) {
        let parent = self.current_inlined.replace(self.inlined.len() as u32);
        self.inlined.push(LocalInlined { from: self.here(), to: self.here(), origin, at, parent });
    }

    /// Ends the code that was begun last.
    pub(super) fn leave_inlined(&mut self) {
        let here = self.here();
        let range = self.current_inlined.and_then(|place| self.inlined.get_mut(place as usize));
        if let Some(range) = range {
            range.to = here;
            self.current_inlined = range.parent;
        }
    }

    // Labels.

    pub(super) fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    pub(super) fn bind(&mut self, label: Label) {
        let here = self.here();
        self.labels[label.0 as usize] = Some(here);
    }

    /// Notes that the instruction at an address jumps to a label.
    pub(super) fn jumps_to(&mut self, at: u32, label: Label) {
        self.jumps.push((at, label));
    }

    pub(super) fn jump(&mut self, opcode: Opcode, register: Register, label: Label) {
        self.jumps.push((self.here(), label));
        self.imm(opcode, register, 0);
    }

    /// Makes the backward jump at `at` also charge the budget for `calls` calls of the loop that were replaced by code.
    pub(super) fn charge_jump(&mut self, at: u32, calls: u32) {
        if let Some(jump) = self.instructions.get_mut(at as usize) {
            *jump = jump.with_charge(calls);
        }
    }

    pub(super) fn far_target(&mut self, function: FunctionIndex, label: Label) {
        self.far_targets.push(FarTarget { at: self.here(), function, label });
        self.imm(Opcode::Target, 0, 0);
    }

    pub(super) fn handler(&mut self, handler: LocalHandler) {
        if handler.from < handler.to {
            self.handlers.push(handler);
        }
    }

    /// Fills in the jumps.
    ///
    /// # Errors
    /// [`LinkError::TooFar`] if a fused jump does not reach its target, [`LinkError::TooLarge`] if
    /// a frame would have too many registers.
    pub(super) fn finish(mut self, signature: Signature) -> Result<Code, LinkError> {
        for (at, label) in std::mem::take(&mut self.jumps) {
            let target = self.labels[label.0 as usize].unwrap_or(0);
            let instruction = &mut self.instructions[at as usize];
            let distance = i64::from(target) - i64::from(at) - 1;
            let is_fused = instruction.opcode().is_some_and(Opcode::is_operator);
            *instruction = if is_fused {
                instruction.with_c(i16::try_from(distance).map_err(|_| LinkError::TooFar)? as u16)
            } else {
                instruction.with_number(distance as i32)
            };
        }
        let registers = self.highest.max(u32::from(signature.arity));
        let too_large = || LinkError::too_large(&signature.name, signature.source, signature.at);
        Ok(Code {
            registers: u16::try_from(registers).map_err(|_| too_large())?,
            instructions: self.instructions,
            positions: self.positions,
            inlined: self.inlined,
            handlers: self.handlers,
            far_targets: self.far_targets,
            labels: self.labels.iter().map(|label| label.unwrap_or(0)).collect(),
            arity: signature.arity,
            captures: signature.captures,
            shape: signature.shape,
            name: signature.name,
            source: signature.source,
            accessor: Accessor::None,
        })
    }
}

impl Code {
    pub(super) fn label(&self, label: Label) -> u32 {
        self.labels.get(label.0 as usize).copied().unwrap_or(0)
    }
}

/// The properties of a function apart from its code.
pub(super) struct Signature {
    pub(super) name: String,
    pub(super) arity: u16,
    pub(super) captures: u16,
    pub(super) shape: FunctionShape,
    pub(super) source: u32,
    /// The place that an error names.
    pub(super) at: Offset,
}
