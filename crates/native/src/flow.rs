//! The flow of control and of values in a function's bytecode.

use std::collections::HashSet;

use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_compiler::program::{FunctionIndex, Program};
use lucarne_heap::FRAME_WORDS;

use crate::facts::Loop;

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
    pub(crate) fn contains(&self, register: u16) -> bool {
        self.0.get(usize::from(register) / 64).is_some_and(|word| word >> (register % 64) & 1 == 1)
    }

    pub(crate) fn insert(&mut self, register: u16) {
        if let Some(word) = self.0.get_mut(usize::from(register) / 64) {
            *word |= 1 << (register % 64);
        }
    }

    fn remove(&mut self, register: u16) {
        if let Some(word) = self.0.get_mut(usize::from(register) / 64) {
            *word &= !(1 << (register % 64));
        }
    }

    fn add_all(&mut self, other: &Registers) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Returns the registers in the set.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        (0u16..).zip(self.0).flat_map(|(index, word)| {
            let next = |rest: &u64| Some(rest & (rest - 1)).filter(|rest| *rest != 0);
            let rests = std::iter::successors(Some(word).filter(|word| *word != 0), next);
            rests.map(move |rest| index * 64 + rest.trailing_zeros() as u16)
        })
    }
}

/// The facts about a function that are known before it is translated. Places are counted from its first instruction.
pub(crate) struct Flow {
    /// The address of the first instruction.
    pub(crate) entry: usize,
    pub(crate) code: Vec<Instruction>,
    /// Whether an instruction begins a block.
    pub(crate) is_leader: Vec<bool>,
    /// Whether different paths meet at an instruction.
    pub(crate) is_join: Vec<bool>,
    /// Whether an instruction begins a loop.
    pub(crate) is_loop: Vec<bool>,
    /// Whether a frame can go on at an instruction.
    pub(crate) is_resume: Vec<bool>,
    /// The registers whose values are needed at an instruction, or in a `finally` part, or after an exit to this function.
    pub(crate) live: Vec<Registers>,
    /// The registers that blocks of this function read or change.
    pub(crate) captured: Registers,
    /// The places at which a frame can go on without an instruction that leads there: `finally` parts, and targets of exits.
    landings: Vec<usize>,
    arity: u16,
}

impl Flow {
    /// Examines a function. Returns none if it is too large.
    pub(crate) fn new(program: &Program, function: FunctionIndex) -> Option<Flow> {
        let facts = &program.functions[function.0 as usize];
        let (entry, end) = range(program, function);
        let code = program.code[entry..end].to_vec();
        if code.len() > INSTRUCTIONS_MAX || usize::from(facts.registers) > REGISTERS_MAX {
            return None;
        }
        let mut flow = Flow::unexamined(entry, code, facts.arity);
        flow.mark(0);
        let (from, to) = facts.handlers;
        for handler in &program.handlers[from as usize..to as usize] {
            let place = handler.target as usize - entry;
            flow.mark(place);
            flow.landings.push(place);
        }
        flow.find_leaders();
        flow.find_captured(program, function, 0, &mut HashSet::new());
        flow.find_live();
        Some(flow)
    }

    fn unexamined(entry: usize, code: Vec<Instruction>, arity: u16) -> Flow {
        let count = code.len();
        Flow {
            entry,
            code,
            is_leader: vec![false; count],
            is_join: vec![false; count],
            is_loop: vec![false; count],
            is_resume: vec![false; count],
            live: vec![Registers::default(); count],
            captured: Registers::default(),
            landings: Vec::new(),
            arity,
        }
    }

    /// Examines the code of a function without blocks and `finally` parts, for tests.
    #[cfg(test)]
    pub(crate) fn of(code: &[Instruction], arity: u16) -> Flow {
        let mut flow = Flow::unexamined(0, code.to_vec(), arity);
        flow.mark(0);
        flow.find_leaders();
        flow.find_live();
        flow
    }

    /// Finds what blocks do with the frame: those that a function makes, which is `depth` blocks further in.
    fn find_captured(
        &mut self,
        program: &Program,
        function: FunctionIndex,
        depth: u8,
        seen: &mut HashSet<(FunctionIndex, u8)>,
    ) {
        if !seen.insert((function, depth)) {
            return;
        }
        let (from, to) = range(program, function);
        for (index, instruction) in program.code[from..to].iter().enumerate() {
            match instruction.opcode() {
                Some(Opcode::GetOuter | Opcode::SetOuter) if depth > 0 => {
                    if instruction.n() == depth {
                        self.captured.insert(instruction.b());
                    } else if instruction.n() > depth {
                        // Further frames are found by the block that this frame has in register 0.
                        self.captured.insert(0);
                    }
                }
                Some(Opcode::Exit | Opcode::ReturnOuter) if instruction.n() >= depth => {
                    if instruction.n() > depth {
                        self.captured.insert(0);
                    } else if instruction.opcode() == Some(Opcode::Exit) {
                        let target = program.code[from..to].get(index + 1).map(|target| target.number());
                        let target = target.and_then(|target| (target as usize).checked_sub(self.entry));
                        self.landings.extend(target.filter(|target| *target < self.code.len()));
                    }
                }
                Some(Opcode::NewBlock) if depth < u8::MAX => {
                    let block = FunctionIndex(instruction.number() as u32);
                    self.find_captured(program, block, depth + 1, seen);
                }
                _ => {}
            }
        }
    }

    /// Marks a place as one at which a frame can go on.
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
                self.is_join[target] = true;
                if target <= place {
                    self.is_loop[target] = true;
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
                    self.is_leader[place] = true;
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
            let mut elsewhere = self.captured;
            for landing in &self.landings {
                elsewhere.add_all(&self.live[*landing]);
            }
            for place in (0..self.code.len()).rev() {
                let mut live = Registers::default();
                for next in self.successors(place) {
                    if let Some(mut after) = self.live.get(next).copied() {
                        if next == place + 1 && self.is_slow(next) {
                            // The call of the operator puts its result there.
                            after.remove(self.code[next].a());
                        }
                        live.add_all(&after);
                    }
                }
                if let Some(register) = self.defined(place) {
                    live.remove(register);
                }
                self.used(place, |register| live.insert(register));
                live.add_all(&elsewhere);
                has_changed |= live != self.live[place];
                self.live[place] = live;
            }
            if !has_changed {
                return;
            }
        }
    }

    /// Returns the properties of the loop that begins at a place, if one begins there.
    pub(crate) fn loop_at(&self, place: usize) -> Option<Loop> {
        let goes_back = |from: &usize| {
            let instruction = self.code[*from];
            instruction.opcode().and_then(|opcode| jump_target(*from, opcode, instruction)) == Some(place)
        };
        let last = (place..self.code.len()).rev().find(goes_back)?;
        let mut found = Loop::default();
        for place in place..=last {
            let instruction = self.code[place];
            let opcode = instruction.opcode().unwrap_or(Opcode::Unreachable);
            if let Some(register) = self.defined(place) {
                found.assigned.insert(register);
                if may_refer(opcode) {
                    found.referring.insert(register);
                }
            }
            if is_call(opcode) {
                (instruction.a()..REGISTERS_MAX as u16).for_each(|register| found.referring.insert(register));
            }
            found.has_calls |= is_call(opcode) || is_step(opcode);
        }
        Some(found)
    }

    /// Returns whether the word at a place belongs to the operator before it.
    fn is_slow(&self, place: usize) -> bool {
        self.code[place].opcode() == Some(Opcode::Slow)
    }

    /// Returns the places to which control can go from a place.
    pub(crate) fn successors(&self, place: usize) -> impl Iterator<Item = usize> + use<> {
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

    /// Returns the register that an instruction defines.
    pub(crate) fn defined(&self, place: usize) -> Option<u16> {
        use Opcode as O;
        let instruction = self.code[place];
        let opcode = instruction.opcode().unwrap_or(O::Unreachable);
        let defines_a = match opcode {
            O::Slow => {
                let operator = self.code[place.saturating_sub(1)];
                return operator.opcode().filter(|opcode| defines(*opcode)).map(|_| operator.a());
            }
            O::SetOuter => return (instruction.n() == 0).then(|| instruction.b()),
            _ if opcode.is_operator() => defines(opcode),
            O::SetCell
            | O::SetGlobal
            | O::SetField
            | O::TailCall
            | O::EnterLambda
            | O::Return
            | O::ReturnNull
            | O::Native
            | O::Jump
            | O::JumpBack
            | O::JumpIf
            | O::JumpIfNot
            | O::JumpIfPresent
            | O::As
            | O::AppendList
            | O::Exit
            | O::ReturnOuter
            | O::Target
            | O::EndFinally
            | O::Unreachable => false,
            _ => true,
        };
        defines_a.then(|| instruction.a())
    }

    /// Names the registers whose values an instruction uses: here, in the interpreter, or as arguments in the frame.
    fn used(&self, place: usize, mut use_: impl FnMut(u16)) {
        use Opcode as O;
        let instruction = self.code[place];
        let (a, b, c, n) = (instruction.a(), instruction.b(), instruction.c(), u16::from(instruction.n()));
        let opcode = instruction.opcode().unwrap_or(O::Unreachable);
        match opcode {
            O::Move | O::GetField | O::GetCell | O::Is | O::AddNumber | O::NewCell | O::IsException => {
                use_(b)
            }
            O::GetException => [b, b + 1].into_iter().for_each(use_),
            O::GetOuter => use_(if n == 0 { b } else { 0 }),
            O::SetOuter | O::Exit | O::ReturnOuter => [a, 0].into_iter().for_each(use_),
            O::SetField => [a, c].into_iter().for_each(use_),
            O::SetCell => [a, b].into_iter().for_each(use_),
            O::SetGlobal
            | O::As
            | O::JumpIf
            | O::JumpIfNot
            | O::JumpIfPresent
            | O::Return
            | O::Slow
            | O::NewBytes => use_(a),
            O::CallStatic | O::CallVirtual | O::CallBlock => {
                (0..n).for_each(|index| use_(a + FRAME_WORDS as u16 + index));
            }
            O::TailCall | O::NewLambda => (a..a + n).for_each(use_),
            O::EnterLambda => (0..=n).for_each(use_),
            O::Native => (0..self.arity).for_each(use_),
            O::EndFinally => (a..a + 4).for_each(use_),
            O::AppendList => {
                use_(a);
                (b..b + c).for_each(use_);
            }
            O::Concat => (b..b + c).for_each(use_),
            O::JumpEqual | O::JumpLess | O::JumpLessEqual | O::JumpGreater | O::JumpGreaterEqual => {
                [a, b].into_iter().for_each(use_);
            }
            O::IndexPut => [a, b, c].into_iter().for_each(use_),
            O::Identical => [b, c].into_iter().for_each(use_),
            _ if opcode.is_operator() => [b, c].into_iter().for_each(use_),
            _ => {}
        }
    }
}

/// Returns the addresses of the first instruction of a function and of the one after its last.
fn range(program: &Program, function: FunctionIndex) -> (usize, usize) {
    let entry = |index: usize| program.functions.get(index).map(|function| function.entry as usize);
    let index = function.0 as usize;
    (entry(index).unwrap_or(0), entry(index + 1).unwrap_or(program.code.len()))
}

/// Returns whether an instruction calls a function, whose frame is above the register `a`.
fn is_call(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::CallStatic | Opcode::CallVirtual | Opcode::CallBlock | Opcode::GetGlobal)
}

/// Returns whether the interpreter executes an instruction, or the instruction allocates.
fn is_step(opcode: Opcode) -> bool {
    matches!(
        opcode,
        Opcode::NewObject
            | Opcode::NewList
            | Opcode::AppendList
            | Opcode::NewBytes
            | Opcode::LoadBytes
            | Opcode::Concat
            | Opcode::NewLambda
            | Opcode::NewCell
    )
}

/// Returns whether what an instruction defines is often a reference.
fn may_refer(opcode: Opcode) -> bool {
    match opcode {
        Opcode::Move | Opcode::Slow | Opcode::LoadInt | Opcode::LoadLiteral => false,
        Opcode::LoadNull | Opcode::LoadTrue | Opcode::LoadFalse => false,
        Opcode::LoadAbsent | Opcode::Is | Opcode::Identical | Opcode::NewBlock | Opcode::IsException => false,
        Opcode::Index => true,
        _ => !opcode.is_operator(),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A loop: `while r1 < r0: r2 = r1 + r3; r1 = f r2`.
    fn code() -> Vec<Instruction> {
        vec![
            Instruction::abc(Opcode::JumpLess, 0, 1, 0, 8),
            Instruction::imm(Opcode::Slow, 0, 5, 0),
            Instruction::abc(Opcode::Add, 0, 2, 1, 3),
            Instruction::imm(Opcode::Slow, 0, 6, 0),
            Instruction::abc(Opcode::Move, 0, 7, 2, 0),
            Instruction::imm(Opcode::CallStatic, 1, 5, 0),
            Instruction::abc(Opcode::Move, 0, 1, 5, 0),
            Instruction::imm(Opcode::JumpBack, 0, 0, -8),
            Instruction::imm(Opcode::Unreachable, 0, 0, 0),
            Instruction::imm(Opcode::Return, 0, 1, 0),
        ]
    }

    #[test]
    fn arguments_in_the_frame_are_live_and_results_of_operators_are_not() {
        let flow = Flow::of(&code(), 4);
        let live = |place: usize| flow.live[place].iter().collect::<Vec<_>>();
        assert_eq!(live(0), [0, 1, 3]);
        assert_eq!(live(5), [0, 3, 7], "the argument of the call");
        assert_eq!(live(6), [0, 3, 5], "the result of the call");
        assert_eq!(live(9), [1]);
    }

    #[test]
    fn loops_say_what_they_assign() {
        let flow = Flow::of(&code(), 4);
        assert!(flow.is_loop[0] && flow.is_join[9] && !flow.is_loop[9]);
        let found = flow.loop_at(0).expect("a loop");
        assert!(found.has_calls);
        assert!(found.assigned.contains(1) && found.assigned.contains(2) && !found.assigned.contains(0));
        assert!(found.referring.contains(5) && !found.referring.contains(2));
        assert!(flow.loop_at(9).is_none());
    }

    #[test]
    fn sets_of_registers_keep_large_numbers() {
        let mut set = Registers::default();
        [0, 63, 64, 255].iter().for_each(|register| set.insert(*register));
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 255]);
        set.remove(64);
        assert!(!set.contains(64) && set.contains(255) && !set.contains(300));
    }
}
