//! Guesses of where numbers are integers and where they are floats, from constants and from what operators are used with.
//!
//! A guess decides which paths get code of their own. It need not be right: the code checks what it relies on.

use lucarne_compiler::program::bytecode::Opcode;
use lucarne_heap::layout;

use crate::flow::Flow;

/// The expected content of a register.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) enum Guess {
    /// Nothing is known.
    #[default]
    Unknown,
    Int,
    Float,
    /// Both have been seen.
    Mixed,
}

impl Guess {
    pub(crate) fn may_be_int(self) -> bool {
        self != Guess::Float
    }

    pub(crate) fn may_be_float(self) -> bool {
        self != Guess::Int
    }

    fn join(self, other: Guess) -> Guess {
        match (self, other) {
            (Guess::Unknown, guess) | (guess, Guess::Unknown) => guess,
            _ if self == other => self,
            _ => Guess::Mixed,
        }
    }

    /// Returns the guess for a value that is used together with another.
    fn beside(self, other: Guess) -> Guess {
        if self == Guess::Unknown { other } else { self }
    }

    /// Returns the guess for the result of an arithmetic operator.
    fn result(self, other: Guess) -> Guess {
        match (self, other) {
            (Guess::Float, _) | (_, Guess::Float) => Guess::Float,
            _ => self.join(other),
        }
    }
}

/// The guesses for all registers, for each place.
pub(crate) struct Guesses {
    registers: usize,
    guesses: Vec<Guess>,
}

impl Guesses {
    /// Makes guesses for a function. `literals` are the words of the program's literals.
    pub(crate) fn new(flow: &Flow, registers: u16, literals: &[i64]) -> Guesses {
        let registers = usize::from(registers);
        let mut found = Guesses { registers, guesses: vec![Guess::Unknown; registers * flow.code.len()] };
        let mut is_waiting = vec![true; flow.code.len()];
        // Each guess changes twice at most, so this ends.
        while is_waiting.iter().any(|is| *is) {
            for place in 0..flow.code.len() {
                if std::mem::take(&mut is_waiting[place]) {
                    let after = found.after(flow, place, literals);
                    for next in flow.successors(place) {
                        if next < flow.code.len() && found.join(next, &after) {
                            is_waiting[next] = true;
                        }
                    }
                }
            }
        }
        found
    }

    /// Returns the guess for a register at a place.
    pub(crate) fn at(&self, place: usize, register: u16) -> Guess {
        if usize::from(register) >= self.registers {
            return Guess::Unknown;
        }
        self.guesses.get(place * self.registers + usize::from(register)).copied().unwrap_or_default()
    }

    /// Adds guesses to those at a place. Returns whether one has changed.
    fn join(&mut self, place: usize, guesses: &[Guess]) -> bool {
        let at = &mut self.guesses[place * self.registers..][..self.registers];
        let mut has_changed = false;
        for (guess, other) in at.iter_mut().zip(guesses) {
            let joined = guess.join(*other);
            has_changed |= joined != *guess;
            *guess = joined;
        }
        has_changed
    }

    /// Returns the guesses after the instruction at a place.
    fn after(&self, flow: &Flow, place: usize, literals: &[i64]) -> Vec<Guess> {
        use Opcode as O;
        let instruction = flow.code[place];
        let opcode = instruction.opcode().unwrap_or(O::Unreachable);
        let mut guesses = self.guesses[place * self.registers..][..self.registers].to_vec();
        let (a, b, c) = (instruction.a(), instruction.b(), instruction.c());
        let at = |register: u16| self.at(place, register);
        let mut set = |register: u16, guess: Guess| {
            if let Some(place) = guesses.get_mut(usize::from(register)) {
                *place = guess;
            }
        };
        match opcode {
            O::Move => set(a, at(b)),
            O::LoadInt | O::NewBlock => set(a, Guess::Int),
            O::LoadLiteral => {
                let bits = literals.get(instruction.number() as usize).copied().unwrap_or_default();
                let guess = if bits & layout::FLOAT_MASK == layout::FLOAT_TAG {
                    Guess::Float
                } else if bits & layout::INT_MASK == layout::INT_TAG {
                    Guess::Int
                } else {
                    Guess::Unknown
                };
                set(a, guess);
            }
            O::AddNumber => {
                set(b, at(b).beside(Guess::Int));
                set(a, at(b).beside(Guess::Int));
            }
            O::Add | O::Sub | O::Mul | O::Div | O::Mod => {
                let (left, right) = (at(b), at(c));
                if left != Guess::Float && right != Guess::Float {
                    set(b, left.beside(right));
                    set(c, right.beside(left));
                }
                set(a, left.result(right));
            }
            O::BitAnd | O::BitOr | O::BitXor | O::ShiftLeft | O::ShiftRight | O::ShiftRightUnsigned => {
                set(b, at(b).beside(Guess::Int));
                set(c, at(c).beside(Guess::Int));
                set(a, Guess::Int);
            }
            O::JumpLess | O::JumpLessEqual | O::JumpGreater | O::JumpGreaterEqual => {
                set(a, at(a).beside(at(b)));
                set(b, at(b).beside(at(a)));
            }
            O::Less | O::LessEqual | O::Greater | O::GreaterEqual => {
                set(b, at(b).beside(at(c)));
                set(c, at(c).beside(at(b)));
                set(a, Guess::Unknown);
            }
            O::Index => {
                set(c, at(c).beside(Guess::Int));
                set(a, Guess::Unknown);
            }
            O::IndexPut => set(b, at(b).beside(Guess::Int)),
            O::Slow => {}
            _ => {
                if let Some(register) = flow.defined(place) {
                    set(register, Guess::Unknown);
                }
            }
        }
        guesses
    }
}

#[cfg(test)]
mod tests {
    use lucarne_compiler::program::bytecode::Instruction;

    use super::*;

    #[test]
    fn floats_win_in_arithmetic_and_not_where_paths_meet() {
        assert_eq!(Guess::Int.result(Guess::Float), Guess::Float);
        assert_eq!(Guess::Int.result(Guess::Unknown), Guess::Int);
        assert_eq!(Guess::Int.join(Guess::Float), Guess::Mixed);
        assert_eq!(Guess::Unknown.join(Guess::Float), Guess::Float);
        assert_eq!(Guess::Unknown.beside(Guess::Int), Guess::Int);
        assert!(Guess::Unknown.may_be_float() && Guess::Mixed.may_be_int() && !Guess::Int.may_be_float());
    }

    #[test]
    fn constants_and_comparisons_tell_about_loops() {
        let half = layout::bits(lucarne_heap::Word::float(0.5).expect("a float in place"));
        let code = [
            Instruction::imm(Opcode::LoadInt, 0, 1, 0),
            Instruction::imm(Opcode::LoadLiteral, 0, 2, 0),
            Instruction::abc(Opcode::JumpLess, 0, 1, 0, 6),
            Instruction::imm(Opcode::Slow, 0, 5, 0),
            Instruction::abc(Opcode::Mul, 0, 2, 2, 1),
            Instruction::imm(Opcode::Slow, 0, 5, 0),
            Instruction::abc(Opcode::AddNumber, 0, 1, 1, 1),
            Instruction::imm(Opcode::Slow, 0, 5, 0),
            Instruction::imm(Opcode::JumpBack, 0, 0, -7),
            Instruction::imm(Opcode::Return, 0, 2, 0),
        ];
        let guesses = Guesses::new(&Flow::of(&code, 1), 6, &[half]);
        assert_eq!(guesses.at(2, 1), Guess::Int);
        assert_eq!(guesses.at(2, 2), Guess::Float);
        assert_eq!(guesses.at(4, 0), Guess::Int, "it is compared with an integer");
        assert_eq!(guesses.at(9, 2), Guess::Float);
        assert_eq!(guesses.at(0, 0), Guess::Unknown);
    }
}
