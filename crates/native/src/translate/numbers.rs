//! Operators: the fast paths for integers and floats in place. For other operands, the interpreter executes the
//! operator, or the operator is called as a method.
//!
//! A check is made only if the kind of an operand is not known, and adds to what is known. The result of an operation
//! on floats stays a number, and is not packed into a word. Its word could always hold it in place: the rare floats
//! that a word cannot hold are left to the interpreter, which boxes them in the same instruction.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlags, Value, types};
use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_heap::{Word, layout};

use super::Translator;
use crate::facts::Kind;
use crate::flow::{defines, jump_target};
use crate::guess::Guess;

/// The operands of an operator: registers, with the facts about them from before.
#[derive(Clone, Copy)]
struct Operands {
    left: u16,
    right: u16,
    kinds: (Kind, Kind),
}

impl Operands {
    fn both(self, is: impl Fn(Kind) -> bool) -> bool {
        is(self.kinds.0) && is(self.kinds.1)
    }
}

impl Translator<'_> {
    pub(super) fn operator(&mut self, place: usize, opcode: Opcode, instruction: Instruction) {
        use Opcode as O;
        match opcode {
            O::Index => self.index(place, instruction),
            O::IndexPut => self.index_put(place, instruction),
            O::AddNumber => self.add_number(place, instruction),
            O::Equal | O::Less | O::LessEqual | O::Greater | O::GreaterEqual => {
                self.compare(place, opcode, instruction, instruction.b(), instruction.c());
            }
            O::JumpEqual | O::JumpLess | O::JumpLessEqual | O::JumpGreater | O::JumpGreaterEqual => {
                self.compare(place, opcode, instruction, instruction.a(), instruction.b());
            }
            _ => self.arithmetic(place, opcode, instruction),
        }
    }

    fn operands(&self, left: u16, right: u16) -> Operands {
        Operands { left, right, kinds: (self.state.kind(left), self.state.kind(right)) }
    }

    /// Returns the expected kinds of the operands of an operator.
    fn guesses(&self, place: usize, operands: Operands) -> [Guess; 2] {
        [operands.left, operands.right].map(|register| self.guesses.at(place, register))
    }

    // ------------------------------------------------------------------ arithmetic

    fn arithmetic(&mut self, place: usize, opcode: Opcode, instruction: Instruction) {
        let operands = self.operands(instruction.b(), instruction.c());
        let slow = self.cold_block();
        let before = self.state.clone();
        let is_or = |wanted: Kind| move |kind: Kind| kind == Kind::Any || kind == wanted;
        let mut is_open = true;
        if operands.both(is_or(Kind::Int)) {
            let others = self.block();
            is_open = self.branch_unless_ints(operands, others);
            self.state.is_rare |=
                is_open && !self.guesses(place, operands).into_iter().all(Guess::may_be_int);
            let (result, fails) = self.int_operation(opcode, operands, slow);
            if let Some(fails) = fails {
                self.branch_away(fails, slow);
            }
            self.set_kind(instruction.a(), result, Kind::Int);
            self.go(place + 2);
            if is_open {
                self.switch_back(others, &before);
            }
        }
        if !is_open {
            // Integers only.
        } else if has_float_operation(opcode) {
            self.floats(place, operands, slow, |this| {
                let (left, right) = (this.float_of(operands.left), this.float_of(operands.right));
                let result = match opcode {
                    Opcode::Add => this.builder.ins().fadd(left, right),
                    Opcode::Sub => this.builder.ins().fsub(left, right),
                    Opcode::Mul => this.builder.ins().fmul(left, right),
                    _ => this.builder.ins().fdiv(left, right),
                };
                this.branch_unless_in_place(result, slow);
                this.set_float(instruction.a(), result);
                this.go(place + 2);
            });
        } else {
            self.jump(slow);
        }
        if self.begin_if_reached(slow, &before) {
            self.operate_slowly(place, &[operands.left, operands.right]);
        }
    }

    /// Goes on in `block` unless both operands are integers. Returns whether the branch to `block` can be taken.
    fn branch_unless_ints(&mut self, operands: Operands, block: Block) -> bool {
        let is_int = match operands.kinds {
            (Kind::Int, Kind::Int) => return false,
            (Kind::Int, _) => {
                let right = self.get(operands.right);
                self.is_int(right)
            }
            (_, Kind::Int) => {
                let left = self.get(operands.left);
                self.is_int(left)
            }
            _ => {
                let (left, right) = (self.get(operands.left), self.get(operands.right));
                let both = self.builder.ins().bor(left, right);
                self.is_int(both)
            }
        };
        self.branch_unless(is_int, block);
        self.state.refine(operands.left, Kind::Int);
        self.state.refine(operands.right, Kind::Int);
        true
    }

    /// Writes code for operands of which at least one is a float, and the other a number, and jumps to `slow` for all
    /// others. The operands are not two integers. If nothing is known about either operand, a float with an integer
    /// also goes to `slow`.
    fn floats(&mut self, place: usize, operands: Operands, slow: Block, mut operate: impl FnMut(&mut Self)) {
        let before = self.state.clone();
        let guesses = self.guesses(place, operands);
        let (left, right) = (operands.left, operands.right);
        match operands.kinds {
            (Kind::Float, Kind::Float | Kind::Int) | (Kind::Int, Kind::Float) => operate(self),
            (Kind::Any, Kind::Any) => {
                let (left_word, right_word) = (self.get(left), self.get(right));
                let both = self.builder.ins().band(left_word, right_word);
                let are_floats = self.is_float(both);
                self.branch_unless(are_floats, slow);
                self.refine_float(left);
                self.refine_float(right);
                self.state.is_rare |= !guesses.into_iter().all(Guess::may_be_float);
                operate(self);
            }
            (Kind::Any, known @ (Kind::Float | Kind::Int))
            | (known @ (Kind::Float | Kind::Int), Kind::Any) => {
                let is_left = operands.kinds.0 == Kind::Any;
                let (unknown, guess) = if is_left { (left, guesses[0]) } else { (right, guesses[1]) };
                let word = self.get(unknown);
                let is_float = self.is_float(word);
                let others = self.block();
                self.branch_unless(is_float, others);
                self.refine_float(unknown);
                self.state.is_rare |=
                    if known == Kind::Int { guess != Guess::Float } else { !guess.may_be_float() };
                operate(self);
                self.switch_back(others, &before);
                if known == Kind::Float {
                    let word = self.get(unknown);
                    let is_int = self.is_int(word);
                    self.branch_unless(is_int, slow);
                    self.state.refine(unknown, Kind::Int);
                    self.state.is_rare |= !guess.may_be_int();
                    operate(self);
                } else {
                    self.jump(slow);
                }
            }
            _ => self.jump(slow),
        }
    }

    /// Returns the number of a register that is known to have an integer or a float.
    fn float_of(&mut self, register: u16) -> Value {
        if self.state.kind(register) == Kind::Float {
            return self.get_float(register);
        }
        let word = self.get(register);
        let int = self.builder.ins().sshr_imm(word, i64::from(layout::INT_SHIFT));
        self.builder.ins().fcvt_from_sint(types::F64, int)
    }

    /// Computes an operation on two integers. Returns the result and, if it can fail, whether it has.
    fn int_operation(&mut self, opcode: Opcode, operands: Operands, slow: Block) -> (Value, Option<Value>) {
        let (left, right) = (self.get(operands.left), self.get(operands.right));
        match opcode {
            Opcode::Add => {
                let (result, fails) = self.builder.ins().sadd_overflow(left, right);
                (result, Some(fails))
            }
            Opcode::Sub => {
                let (result, fails) = self.builder.ins().ssub_overflow(left, right);
                (result, Some(fails))
            }
            Opcode::Mul => {
                let left = self.builder.ins().sshr_imm(left, i64::from(layout::INT_SHIFT));
                let (result, fails) = self.builder.ins().smul_overflow(left, right);
                (result, Some(fails))
            }
            Opcode::Div => {
                self.branch_if_zero(right, slow);
                // The quotient of the doubled numbers is the quotient itself.
                let quotient = self.builder.ins().sdiv(left, right);
                let (result, fails) = self.builder.ins().sadd_overflow(quotient, quotient);
                (result, Some(fails))
            }
            Opcode::Mod => {
                self.branch_if_zero(right, slow);
                (self.builder.ins().srem(left, right), None)
            }
            Opcode::BitAnd => (self.builder.ins().band(left, right), None),
            Opcode::BitOr => (self.builder.ins().bor(left, right), None),
            Opcode::BitXor => (self.builder.ins().bxor(left, right), None),
            _ => self.shift(opcode, left, right, slow),
        }
    }

    /// Shifts an integer. Returns the result and, if the shift can fail, whether it has. Goes on in `slow` if the
    /// distance is negative or more than 61.
    fn shift(&mut self, opcode: Opcode, left: Value, right: Value, slow: Block) -> (Value, Option<Value>) {
        let by = self.builder.ins().sshr_imm(right, i64::from(layout::INT_SHIFT));
        let is_far = self.builder.ins().icmp_imm(IntCC::UnsignedGreaterThanOrEqual, by, 62);
        self.branch_away(is_far, slow);
        match opcode {
            Opcode::ShiftLeft => {
                let shifted = self.builder.ins().ishl(left, by);
                let back = self.builder.ins().sshr(shifted, by);
                (shifted, Some(self.builder.ins().icmp(IntCC::NotEqual, back, left)))
            }
            _ => {
                if opcode == Opcode::ShiftRightUnsigned {
                    let is_negative = self.builder.ins().icmp_imm(IntCC::SignedLessThan, left, 0);
                    self.branch_away(is_negative, slow);
                }
                let shifted = self.builder.ins().sshr(left, by);
                (self.builder.ins().band_imm(shifted, !layout::INT_MASK), None)
            }
        }
    }

    fn add_number(&mut self, place: usize, instruction: Instruction) {
        let register = instruction.b();
        let number = i64::from(instruction.c() as i16);
        let kind = self.state.kind(register);
        let slow = self.cold_block();
        let before = self.state.clone();
        if matches!(kind, Kind::Int | Kind::Any) {
            let left = self.get(register);
            let others = self.block();
            if kind == Kind::Any {
                let is_int = self.is_int(left);
                self.branch_unless(is_int, others);
                self.state.refine(register, Kind::Int);
                self.state.is_rare |= !self.guesses.at(place, register).may_be_int();
            }
            let result = self.builder.ins().iadd_imm(left, layout::bits(Word::small(number)));
            // It has wrapped around if it is on the wrong side.
            let wrong = if number < 0 { IntCC::SignedGreaterThan } else { IntCC::SignedLessThan };
            let fails = self.builder.ins().icmp(wrong, result, left);
            self.branch_away(fails, slow);
            self.set_kind(instruction.a(), result, Kind::Int);
            self.go(place + 2);
            if kind == Kind::Any {
                self.switch_back(others, &before);
            }
        }
        if kind == Kind::Int {
            // Nothing else is possible.
        } else if matches!(kind, Kind::Float | Kind::Any) {
            if kind == Kind::Any {
                let word = self.get(register);
                let is_float = self.is_float(word);
                self.branch_unless(is_float, slow);
                self.refine_float(register);
                self.state.is_rare |=
                    !matches!(self.guesses.at(place, register), Guess::Float | Guess::Mixed);
            }
            let left = self.get_float(register);
            let result = if instruction.n() == 1 {
                let right = self.builder.ins().f64const(-number as f64);
                self.builder.ins().fsub(left, right)
            } else {
                let right = self.builder.ins().f64const(number as f64);
                self.builder.ins().fadd(left, right)
            };
            self.branch_unless_in_place(result, slow);
            self.set_float(instruction.a(), result);
            self.go(place + 2);
        } else {
            self.jump(slow);
        }
        if self.begin_if_reached(slow, &before) {
            self.operate_slowly(place, &[]);
        }
    }

    fn branch_if_zero(&mut self, value: Value, block: Block) {
        let is_zero = self.builder.ins().icmp_imm(IntCC::Equal, value, 0);
        self.branch_away(is_zero, block);
    }

    /// Executes an operator whose fast paths have failed. Only the general version has the code for this, so all others
    /// go on there. If its first operand is an object other than a boxed number, calls the method; everything else is
    /// left to the interpreter.
    pub(super) fn operate_slowly(&mut self, place: usize, operands: &[u16]) {
        self.state.is_rare = true;
        if !self.is_general {
            return self.go_to_general(place);
        }
        if operands.is_empty() {
            return self.step(place);
        }
        let (object, call, step) = (self.cold_block(), self.cold_block(), self.cold_block());
        let value = self.get(operands[0]);
        let before = self.state.clone();
        let is_object = self.is_pointer(value);
        self.branch(is_object, object, step);
        self.switch(object);
        let class = self.class_of_object(value);
        let builtins = self.code.program.builtins;
        let is_int = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(builtins.int.0));
        let is_float = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(builtins.float.0));
        let is_number = self.builder.ins().bor(is_int, is_float);
        self.branch(is_number, step, call);
        self.switch(call);
        self.call_operator(place, operands);
        self.switch_back(step, &before);
        self.step(place);
    }

    // ------------------------------------------------------------------ comparisons

    fn compare(&mut self, place: usize, opcode: Opcode, instruction: Instruction, left: u16, right: u16) {
        let operands = self.operands(left, right);
        let (condition, float_condition) = conditions(opcode);
        let before = self.state.clone();
        let is_equality = condition == IntCC::Equal;
        if is_equality && (operands.kinds.0 == Kind::Null || operands.kinds.1 == Kind::Null) {
            let (left, right) = (self.get(left), self.get(right));
            let result = self.builder.ins().icmp(IntCC::Equal, left, right);
            return self.compared(place, opcode, instruction, result);
        }
        let is_or = |wanted: Kind| move |kind: Kind| kind == Kind::Any || kind == wanted;
        if operands.both(is_or(Kind::Int)) {
            let others = self.block();
            let is_open = self.branch_unless_ints(operands, others);
            self.state.is_rare |=
                is_open && !self.guesses(place, operands).into_iter().all(Guess::may_be_int);
            let (left, right) = (self.get(left), self.get(right));
            let result = self.builder.ins().icmp(condition, left, right);
            self.compared(place, opcode, instruction, result);
            if !is_open {
                return;
            }
            self.switch_back(others, &before);
        }
        if is_equality && operands.kinds == (Kind::Any, Kind::Any) {
            let with_null = self.block();
            let (left, right) = (self.get(left), self.get(right));
            let left_is = self.is_word(left, Word::NULL);
            self.branch_away(left_is, with_null);
            let right_is = self.is_word(right, Word::NULL);
            let (rest, state) = (self.block(), self.state.clone());
            self.branch(right_is, with_null, rest);
            self.switch(with_null);
            let result = self.builder.ins().icmp(IntCC::Equal, left, right);
            self.compared(place, opcode, instruction, result);
            self.switch_back(rest, &state);
        }
        let (helped, call) = (self.cold_block(), self.cold_block());
        let state = self.state.clone();
        if operands.both(is_or(Kind::Float)) {
            if operands.kinds != (Kind::Float, Kind::Float) {
                let (left_word, right_word) = match operands.kinds {
                    (Kind::Float, _) => (self.get(right), self.get(right)),
                    (_, Kind::Float) => (self.get(left), self.get(left)),
                    _ => (self.get(left), self.get(right)),
                };
                let both = self.builder.ins().band(left_word, right_word);
                let are_floats = self.is_float(both);
                self.branch_unless(are_floats, helped);
                self.refine_float(left);
                self.refine_float(right);
                self.state.is_rare |= !self.guesses(place, operands).into_iter().all(Guess::may_be_float);
            }
            let (left, right) = (self.get_float(left), self.get_float(right));
            let result = self.builder.ins().fcmp(float_condition, left, right);
            self.compared(place, opcode, instruction, result);
        } else {
            self.jump(helped);
        }

        if !self.begin_if_reached(helped, &state) {
            return;
        }
        self.state.is_rare |= !is_equality;
        if self.state.is_rare && !self.is_general {
            return self.go_to_general(place);
        }
        let number = self.number(opcode as i64);
        let helper = self.number(self.code.helpers.compare as usize as i64);
        let arguments = [self.context, self.get(left), self.get(right), number];
        // The comparison of long strings is charged.
        let holds_budget = self.state.holds_budget;
        self.put_budget();
        let state = self.state.clone();
        let result = self.builder.ins().call_indirect(self.signatures.four, helper, &arguments);
        let result = self.builder.inst_results(result)[0];
        if holds_budget {
            self.take_budget();
        }
        let is_unknown = self.builder.ins().icmp_imm(IntCC::Equal, result, 2);
        self.branch_away(is_unknown, call);
        self.compared(place, opcode, instruction, result);
        self.switch_back(call, &state);
        self.call_operator_or_general(place, &[left, right]);
    }

    /// Calls the method of an operator. Only the general version has the code for this, so all others go on there.
    pub(super) fn call_operator_or_general(&mut self, place: usize, operands: &[u16]) {
        self.state.is_rare = true;
        if self.is_general { self.call_operator(place, operands) } else { self.go_to_general(place) }
    }

    /// Uses the result of a comparison.
    fn compared(&mut self, place: usize, opcode: Opcode, instruction: Instruction, result: Value) {
        if defines(opcode) {
            self.set_flag(instruction.a(), result);
            self.go(place + 2);
        } else {
            self.jump_after_compare(place, instruction, result);
        }
    }

    /// Jumps if the result of a comparison is the one that the instruction asks for.
    pub(super) fn jump_after_compare(&mut self, place: usize, instruction: Instruction, result: Value) {
        let opcode = instruction.opcode().unwrap_or(Opcode::Unreachable);
        let Some(target) = jump_target(place, opcode, instruction) else { return self.leave_for(place) };
        let (taken, next) = (self.block(), self.block());
        if instruction.sense() {
            self.branch(result, taken, next);
        } else {
            self.branch(result, next, taken);
        }
        let before = self.state.clone();
        self.switch(taken);
        if target <= place {
            self.spend(self.flow.entry + target, instruction.charge());
        }
        self.go(target);
        self.switch_back(next, &before);
        self.go(place + 2);
    }

    // ------------------------------------------------------------------ floats

    /// Returns the number of a float in place.
    pub(super) fn unpack_float(&mut self, word: Value) -> Value {
        let top = self.builder.ins().ushr_imm(word, 63);
        let two = self.number(2);
        let low = self.builder.ins().isub(two, top);
        let high = self.builder.ins().band_imm(word, !layout::FLOAT_MASK);
        let turned = self.builder.ins().bor(high, low);
        let bits = self.builder.ins().rotr_imm(turned, i64::from(layout::FLOAT_ROTATION));
        let is_zero = self.builder.ins().icmp_imm(IntCC::Equal, word, layout::FLOAT_ZERO_WORD);
        let zero = self.number(0);
        let bits = self.builder.ins().select(is_zero, zero, bits);
        self.builder.ins().bitcast(types::F64, MemFlags::new(), bits)
    }

    /// Returns the word of a number that can be held in place.
    pub(super) fn pack_float(&mut self, float: Value) -> Value {
        let bits = self.bits_of_float(float);
        let is_zero = self.builder.ins().icmp_imm(IntCC::Equal, bits, 0);
        let turned = self.builder.ins().rotl_imm(bits, i64::from(layout::FLOAT_ROTATION));
        let word = self.builder.ins().bor_imm(turned, layout::FLOAT_TAG);
        let zero = self.number(layout::FLOAT_ZERO_WORD);
        self.builder.ins().select(is_zero, zero, word)
    }

    /// Goes on in `block` if a number cannot be held in place.
    fn branch_unless_in_place(&mut self, float: Value, block: Block) {
        let (fits, other) = (self.block(), self.cold_block());
        let bits = self.bits_of_float(float);
        // Without the sign, the floats that a word can hold form a range, and zero is one more. The lower end of the
        // range is left out here: of its two floats, the positive one does not fit, since zero takes its word, and the
        // negative one is tested below.
        let unsigned = self.builder.ins().iadd(bits, bits);
        let first = (layout::FLOAT_STOLEN_BITS << 1) + 2;
        let from_first = self.builder.ins().iadd_imm(unsigned, first.wrapping_neg());
        // The range covers two of the eight values that the three topmost bits of the exponent can have.
        let is_inside = self.builder.ins().icmp_imm(IntCC::UnsignedLessThan, from_first, (1 << 62) - 2);
        self.branch(is_inside, fits, other);
        self.switch(other);
        let is_zero = self.builder.ins().icmp_imm(IntCC::Equal, bits, 0);
        let is_least_negative =
            self.builder.ins().icmp_imm(IntCC::Equal, bits, layout::FLOAT_STOLEN_BITS | i64::MIN);
        let fits_too = self.builder.ins().bor(is_zero, is_least_negative);
        self.branch(fits_too, fits, block);
        self.switch(fits);
    }
}

fn has_float_operation(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::Add | Opcode::Sub | Opcode::Mul | Opcode::Div)
}

/// Returns the conditions of a comparison, for integers and for floats.
fn conditions(opcode: Opcode) -> (IntCC, FloatCC) {
    match opcode {
        Opcode::Less | Opcode::JumpLess => (IntCC::SignedLessThan, FloatCC::LessThan),
        Opcode::LessEqual | Opcode::JumpLessEqual => (IntCC::SignedLessThanOrEqual, FloatCC::LessThanOrEqual),
        Opcode::Greater | Opcode::JumpGreater => (IntCC::SignedGreaterThan, FloatCC::GreaterThan),
        Opcode::GreaterEqual | Opcode::JumpGreaterEqual => {
            (IntCC::SignedGreaterThanOrEqual, FloatCC::GreaterThanOrEqual)
        }
        _ => (IntCC::Equal, FloatCC::Equal),
    }
}
