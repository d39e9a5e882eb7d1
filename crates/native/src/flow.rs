//! The flow of control and of values in a function's bytecode.

use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_compiler::program::{FunctionIndex, Program};

/// The most instructions of a function that is compiled.
const INSTRUCTIONS_MAX: usize = 4_096;
/// The most registers of a function that is compiled.
const REGISTERS_MAX: usize = 256;
/// The number of words of a [`Registers`].
const WORDS: usize = REGISTERS_MAX / 64;

/// A set of registers.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Registers([u64; WORDS]);

impl Registers {
    fn insert(&mut self, register: u16) {
        self.0[usize::from(register) / 64] |= 1 << (register % 64);
    }

    fn remove(&mut self, register: u16) {
        self.0[usize::from(register) / 64] &= !(1 << (register % 64));
    }

    fn add_all(&mut self, other: &Registers) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Returns the registers in the set.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0..REGISTERS_MAX as u16)
            .filter(|register| self.0[usize::from(*register) / 64] >> (register % 64) & 1 == 1)
    }
}

/// What is known about a function before it is translated. Places are counted from its first instruction.
pub(crate) struct Flow {
    /// The address of the first instruction.
    pub(crate) entry: usize,
    pub(crate) code: Vec<Instruction>,
    /// Whether an instruction begins a block.
    pub(crate) is_leader: Vec<bool>,
    /// Whether a frame can go on at an instruction.
    pub(crate) is_resume: Vec<bool>,
    /// The registers whose values are needed at an instruction.
    pub(crate) live: Vec<Registers>,
}

impl Flow {
    /// Examines a function. Returns none if it is too large.
    pub(crate) fn new(program: &Program, function: FunctionIndex) -> Option<Flow> {
        let facts = &program.functions[function.0 as usize];
        let entry = facts.entry as usize;
        let end = program
            .functions
            .get(function.0 as usize + 1)
            .map_or(program.code.len(), |next| next.entry as usize);
        let code = program.code[entry..end].to_vec();
        if code.len() > INSTRUCTIONS_MAX || usize::from(facts.registers) > REGISTERS_MAX {
            return None;
        }
        let count = code.len();
        let mut flow = Flow {
            entry,
            code,
            is_leader: vec![false; count],
            is_resume: vec![false; count],
            live: vec![Registers::default(); count],
        };
        flow.mark(0);
        let (from, to) = facts.handlers;
        for handler in &program.handlers[from as usize..to as usize] {
            flow.mark(handler.target as usize - entry);
        }
        flow.find_leaders();
        flow.find_live();
        Some(flow)
    }

    /// Notes that a frame can go on at a place.
    fn mark(&mut self, place: usize) {
        if place < self.code.len() {
            self.is_leader[place] = true;
            self.is_resume[place] = true;
        }
    }

    fn find_leaders(&mut self) {
        for place in 0..self.code.len() {
            let instruction = self.code[place];
            let Some(opcode) = instruction.opcode() else { continue };
            if let Some(target) = jump_target(place, opcode, instruction) {
                self.is_leader[target] = true;
                if target <= place {
                    self.is_resume[target] = true;
                }
            }
            match opcode {
                Opcode::CallStatic
                | Opcode::CallVirtual
                | Opcode::CallBlock
                | Opcode::GetGlobal
                | Opcode::Native => {
                    self.mark(place + 1);
                }
                _ if opcode.is_operator() => {
                    self.mark(place + 1);
                    if place + 2 < self.code.len() {
                        self.is_leader[place + 2] = true;
                    }
                }
                _ => {}
            }
        }
    }

    /// Finds the live registers, from the end to the start until nothing changes.
    fn find_live(&mut self) {
        loop {
            let mut has_changed = false;
            for place in (0..self.code.len()).rev() {
                let mut live = Registers::default();
                for next in self.successors(place) {
                    if let Some(after) = self.live.get(next) {
                        live.add_all(after);
                    }
                }
                let (defined, used) = self.effect(place);
                if let Some(register) = defined {
                    live.remove(register);
                }
                used.into_iter().flatten().for_each(|register| live.insert(register));
                has_changed |= live != self.live[place];
                self.live[place] = live;
            }
            if !has_changed {
                return;
            }
        }
    }

    fn successors(&self, place: usize) -> impl Iterator<Item = usize> + use<> {
        let instruction = self.code[place];
        let opcode = instruction.opcode().unwrap_or(Opcode::Unreachable);
        // The second word of an operator goes on like the operator itself.
        let (first, operator) = match opcode {
            Opcode::Slow if place > 0 => (place - 1, self.code[place - 1]),
            _ => (place, instruction),
        };
        let jump = operator.opcode().and_then(|opcode| jump_target(first, opcode, operator));
        let next = match opcode {
            Opcode::Return
            | Opcode::ReturnNull
            | Opcode::TailCall
            | Opcode::EnterLambda
            | Opcode::Exit
            | Opcode::ReturnOuter
            | Opcode::Unreachable
            | Opcode::Jump
            | Opcode::JumpBack => None,
            Opcode::Native if instruction.n() == 0 => None,
            _ if opcode.is_operator() => Some(place + 2),
            _ => Some(place + 1),
        };
        let slow = opcode.is_operator().then_some(place + 1);
        jump.into_iter().chain(next).chain(slow)
    }

    /// Returns the register that an instruction defines, and those whose values its machine code uses.
    fn effect(&self, place: usize) -> (Option<u16>, [Option<u16>; 3]) {
        use Opcode as O;
        let instruction = self.code[place];
        let (a, b, c) = (instruction.a(), instruction.b(), instruction.c());
        let opcode = instruction.opcode().unwrap_or(O::Unreachable);
        match opcode {
            O::Move | O::GetField | O::GetCell | O::Is | O::AddNumber => (Some(a), [Some(b), None, None]),
            O::GetOuter => (Some(a), [Some(0), None, None]),
            O::SetOuter => (None, [Some(a), Some(0), None]),
            O::SetField => (None, [Some(a), Some(c), None]),
            O::SetCell => (None, [Some(a), Some(b), None]),
            O::SetGlobal | O::As | O::JumpIf | O::JumpIfNot | O::JumpIfPresent | O::Return => {
                (None, [Some(a), None, None])
            }
            O::CallVirtual => (Some(a), [Some(a + 2), (instruction.n() >= 2).then_some(a + 3), None]),
            O::CallBlock => (Some(a), [Some(a + 2), None, None]),
            O::JumpEqual | O::JumpLess | O::JumpLessEqual | O::JumpGreater | O::JumpGreaterEqual => {
                (None, [Some(a), Some(b), None])
            }
            O::IndexPut => (None, [Some(a), Some(b), Some(c)]),
            O::Identical => (Some(a), [Some(b), Some(c), None]),
            O::Slow => {
                let operator = self.code[place.saturating_sub(1)];
                let defined = operator.opcode().filter(|opcode| defines(*opcode)).map(|_| operator.a());
                (defined, [Some(a), None, None])
            }
            _ if opcode.is_operator() => (Some(a), [Some(b), Some(c), None]),
            O::LoadInt
            | O::LoadLiteral
            | O::LoadBytes
            | O::LoadNull
            | O::LoadTrue
            | O::LoadFalse
            | O::LoadAbsent
            | O::NewCell
            | O::GetGlobal
            | O::CallStatic
            | O::NewObject
            | O::NewList
            | O::NewBytes
            | O::Concat
            | O::NewLambda
            | O::NewBlock
            | O::IsException
            | O::GetException => (Some(a), [None; 3]),
            _ => (None, [None; 3]),
        }
    }
}

/// Returns whether an operator puts its result into a register.
pub(crate) fn defines(opcode: Opcode) -> bool {
    !matches!(
        opcode,
        Opcode::JumpEqual
            | Opcode::JumpLess
            | Opcode::JumpLessEqual
            | Opcode::JumpGreater
            | Opcode::JumpGreaterEqual
            | Opcode::IndexPut
    )
}

/// Returns the place that an instruction may jump to.
pub(crate) fn jump_target(place: usize, opcode: Opcode, instruction: Instruction) -> Option<usize> {
    let distance = match opcode {
        Opcode::Jump | Opcode::JumpBack | Opcode::JumpIf | Opcode::JumpIfNot | Opcode::JumpIfPresent => {
            instruction.number() as isize
        }
        Opcode::JumpEqual
        | Opcode::JumpLess
        | Opcode::JumpLessEqual
        | Opcode::JumpGreater
        | Opcode::JumpGreaterEqual => isize::from(instruction.c() as i16),
        _ => return None,
    };
    (place + 1).checked_add_signed(distance)
}
