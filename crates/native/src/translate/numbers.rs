//! Operators: the fast paths for integers and floats in place. Other operands take the interpreter's way, or a call of
//! the operator as a method.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{Block, InstBuilder, MemFlags, Value, types};
use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_heap::{Word, layout};

use super::Translator;
use crate::flow::{defines, jump_target};

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

    // ------------------------------------------------------------------ arithmetic

    fn arithmetic(&mut self, place: usize, opcode: Opcode, instruction: Instruction) {
        let (left, right) = (self.get(instruction.b()), self.get(instruction.c()));
        let (ints, others, slow) = (self.block(), self.block(), self.cold_block());
        let are_ints = self.are_ints(left, right);
        self.branch(are_ints, ints, others);
        self.switch(ints);
        let (result, fails) = self.int_operation(opcode, left, right, slow);
        if let Some(fails) = fails {
            self.branch_away(fails, slow);
        }
        self.set(instruction.a(), result);
        self.go(place + 2);
        self.switch(others);
        if has_float_operation(opcode) {
            self.branch_unless_floats(left, right, slow);
            let (left, right) = (self.unpack_float(left), self.unpack_float(right));
            let result = match opcode {
                Opcode::Add => self.builder.ins().fadd(left, right),
                Opcode::Sub => self.builder.ins().fsub(left, right),
                Opcode::Mul => self.builder.ins().fmul(left, right),
                _ => self.builder.ins().fdiv(left, right),
            };
            let (word, fits) = self.pack_float(result);
            let boxed = self.builder.ins().bxor_imm(fits, 1);
            self.branch_away(boxed, slow);
            self.set(instruction.a(), word);
            self.go(place + 2);
        } else {
            self.jump(slow);
        }
        self.switch(slow);
        self.operate_slowly(place, &[left, right]);
    }

    /// Computes an operation on two integers. Returns the result and, if it can fail, whether it has.
    fn int_operation(
        &mut self,
        opcode: Opcode,
        left: Value,
        right: Value,
        slow: Block,
    ) -> (Value, Option<Value>) {
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

    /// Shifts an integer. Distances that are negative, or too large to keep a tagged integer, take the slow way.
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
        let left = self.get(instruction.b());
        let (int, slow) = (self.block(), self.cold_block());
        let is_int = self.is_int(left);
        self.branch(is_int, int, slow);
        self.switch(int);
        let number = self.word(Word::small(i64::from(instruction.c() as i16)));
        let (result, fails) = self.builder.ins().sadd_overflow(left, number);
        self.branch_away(fails, slow);
        self.set(instruction.a(), result);
        self.go(place + 2);
        self.switch(slow);
        self.step_to(place, place + 2);
        self.go(place + 2);
    }

    fn branch_if_zero(&mut self, value: Value, block: Block) {
        let is_zero = self.builder.ins().icmp_imm(IntCC::Equal, value, 0);
        self.branch_away(is_zero, block);
    }

    /// Executes an operator whose fast paths have failed. If its first operand is an object other than a boxed number, calls
    /// the method; everything else is left to the interpreter.
    pub(super) fn operate_slowly(&mut self, place: usize, operands: &[Value]) {
        let (object, call, step) = (self.cold_block(), self.cold_block(), self.cold_block());
        let is_object = self.is_pointer(operands[0]);
        self.branch(is_object, object, step);
        self.switch(object);
        let class = self.class_of_object(operands[0]);
        let builtins = self.code.program.builtins;
        let is_int = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(builtins.int.0));
        let is_float = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(builtins.float.0));
        let is_number = self.builder.ins().bor(is_int, is_float);
        self.branch(is_number, step, call);
        self.switch(call);
        self.call_operator(place, operands);
        self.switch(step);
        self.step_to(place, place + 2);
        self.go(place + 2);
    }

    // ------------------------------------------------------------------ comparisons

    fn compare(&mut self, place: usize, opcode: Opcode, instruction: Instruction, left: u16, right: u16) {
        let (left, right) = (self.get(left), self.get(right));
        let (ints, others, helped, call) = (self.block(), self.block(), self.cold_block(), self.cold_block());
        let are_ints = self.are_ints(left, right);
        self.branch(are_ints, ints, others);
        self.switch(ints);
        let (condition, float_condition) = conditions(opcode);
        let result = self.builder.ins().icmp(condition, left, right);
        self.compared(place, opcode, instruction, result);

        self.switch(others);
        if condition == IntCC::Equal {
            let (no_null, with_null) = (self.block(), self.block());
            let is_null = {
                let (left, right) = (self.is_word(left, Word::NULL), self.is_word(right, Word::NULL));
                self.builder.ins().bor(left, right)
            };
            self.branch(is_null, with_null, no_null);
            self.switch(with_null);
            let result = self.builder.ins().icmp(IntCC::Equal, left, right);
            self.compared(place, opcode, instruction, result);
            self.switch(no_null);
        }
        self.branch_unless_floats(left, right, helped);
        let (left_float, right_float) = (self.unpack_float(left), self.unpack_float(right));
        let result = self.builder.ins().fcmp(float_condition, left_float, right_float);
        self.compared(place, opcode, instruction, result);

        self.switch(helped);
        let number = self.number(opcode as i64);
        let helper = self.number(self.code.helpers.compare as usize as i64);
        let arguments = [self.context, left, right, number];
        let result = self.builder.ins().call_indirect(self.signatures.four, helper, &arguments);
        let result = self.builder.inst_results(result)[0];
        let is_unknown = self.builder.ins().icmp_imm(IntCC::Equal, result, 2);
        self.branch_away(is_unknown, call);
        self.compared(place, opcode, instruction, result);
        self.switch(call);
        self.call_operator(place, &[left, right]);
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

    /// Jumps if the result of a comparison is the wanted one.
    pub(super) fn jump_after_compare(&mut self, place: usize, instruction: Instruction, result: Value) {
        let opcode = instruction.opcode().unwrap_or(Opcode::Unreachable);
        let Some(target) = jump_target(place, opcode, instruction) else { return self.leave_for(place) };
        let (taken, next) = (self.block(), self.block());
        if instruction.sense() {
            self.branch(result, taken, next);
        } else {
            self.branch(result, next, taken);
        }
        self.switch(taken);
        if target <= place {
            self.spend(self.flow.entry + target, instruction.charge());
        }
        self.go(target);
        self.switch(next);
        self.go(place + 2);
    }

    fn are_ints(&mut self, left: Value, right: Value) -> Value {
        let both = self.builder.ins().bor(left, right);
        self.is_int(both)
    }

    // ------------------------------------------------------------------ floats

    /// Goes on in `block` unless both values are floats in place.
    fn branch_unless_floats(&mut self, left: Value, right: Value, block: Block) {
        let both = self.builder.ins().band(left, right);
        let are_floats = self.has_tag(both, layout::FLOAT_MASK, layout::FLOAT_TAG);
        let next = self.block();
        self.branch(are_floats, next, block);
        self.switch(next);
    }

    /// Returns the number of a float in place.
    fn unpack_float(&mut self, word: Value) -> Value {
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

    /// Returns the word of a float in place, and whether the number can be held in place.
    fn pack_float(&mut self, float: Value) -> (Value, Value) {
        let bits = self.builder.ins().bitcast(types::I64, MemFlags::new(), float);
        let exponent = self.builder.ins().ushr_imm(bits, i64::from(layout::FLOAT_EXPONENT_SHIFT));
        let exponent = self.builder.ins().band_imm(exponent, 7);
        let from_three = self.builder.ins().iadd_imm(exponent, -3);
        let is_near = self.builder.ins().icmp_imm(IntCC::UnsignedLessThan, from_three, 2);
        let is_kept = self.builder.ins().icmp_imm(IntCC::NotEqual, bits, layout::FLOAT_STOLEN_BITS);
        let is_zero = self.builder.ins().icmp_imm(IntCC::Equal, bits, 0);
        let fits = self.builder.ins().band(is_near, is_kept);
        let fits = self.builder.ins().bor(fits, is_zero);
        let turned = self.builder.ins().rotl_imm(bits, i64::from(layout::FLOAT_ROTATION));
        let word = self.builder.ins().bor_imm(turned, layout::FLOAT_TAG);
        let zero = self.number(layout::FLOAT_ZERO_WORD);
        let word = self.builder.ins().select(is_zero, zero, word);
        (word, fits)
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
