//! Calls, returns, and the frames of blocks.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Inst, InstBuilder, Value, types};
use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_compiler::program::{Accessor, DispatchEntry, FunctionIndex};
use lucarne_heap::{FRAME_WORDS, Word, layout};
use lucarne_kernel::sync::atomic::Ordering;

use super::{REGISTER_BYTES, TRUSTED, Translator, field};
use crate::code::{GETTER, NO_BLOCK, PLACE_SHIFT};
use crate::context::Reason;
use crate::flow::{defines, jump_target};

/// The shift from a frame's offset in bytes to its place in the word of a frame's header: the offset in words is shifted
/// by 16, and by one more as an integer.
pub(super) const HEADER_SHIFT_FROM_BYTES: i64 = 17 - 3;
/// The bits of the number of registers in the word of a frame's header.
const HEADER_REGISTERS_MASK: i64 = 0xffff << 1;
/// The shift of a frame's offset from its place in a header to its place in the word of a block: there it is shifted by
/// 24 and one.
pub(super) const BLOCK_SHIFT_FROM_HEADER: i64 = 25 - 17;
/// The shift from a block's word to the offset of its frame, in words.
const BLOCK_FRAME_SHIFT: i64 = 25;
/// The bits of the function in a block, once its word is shifted to the integer.
const BLOCK_FUNCTION_MASK: i64 = (1 << 24) - 1;

/// The methods that a selector can reach.
enum Targets {
    /// The same method for each class that has one.
    One(FunctionIndex),
    /// Several, and whether one of them is an accessor.
    Many { has_accessor: bool },
}

impl Translator<'_> {
    /// Returns the offset of this frame, at its place in the word of a frame's header.
    pub(super) fn caller_bits(&mut self) -> Value {
        self.builder.use_var(self.frame_bits)
    }

    /// Returns register 0 of the frame `depth` blocks out.
    pub(super) fn outer(&mut self, depth: u8) -> Value {
        let base = self.context_field(field::BASE);
        let mut block = self.get(0);
        for further in (0..depth).rev() {
            let words = self.builder.ins().ushr_imm(block, BLOCK_FRAME_SHIFT);
            let bytes = self.builder.ins().ishl_imm(words, 3);
            let home = self.builder.ins().iadd(base, bytes);
            if further == 0 {
                return home;
            }
            block = self.builder.ins().load(types::I64, TRUSTED, home, 0);
        }
        self.frame
    }

    pub(super) fn return_value(&mut self, value: Value) {
        self.flush();
        self.builder.ins().store(TRUSTED, value, self.frame, -(FRAME_WORDS as i32) * REGISTER_BYTES);
        let one = self.number(1);
        self.builder.ins().return_(&[one]);
        self.is_filled = true;
    }

    /// Turns the frame into one of another function, whose arguments are in the registers from `a` on, and goes on in
    /// that function.
    pub(super) fn tail_call(&mut self, place: usize, instruction: Instruction) {
        let function = FunctionIndex(instruction.number() as u32);
        let facts = &self.code.program.functions[function.0 as usize];
        let (registers, entry_pc) = (facts.registers, facts.entry as usize);
        let count = u16::from(instruction.n());
        let fails = self.interpret(place);
        self.sync(place);
        let size = i64::from(registers.max(count)) * i64::from(REGISTER_BYTES);
        let end = self.builder.ins().iadd_imm(self.frame, size);
        let limit = self.context_field(field::LIMIT);
        let is_too_large = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        self.branch_away(is_too_large, fails);
        // All are read before one is written: the ranges may overlap.
        let arguments: Vec<Value> =
            (0..count).map(|index| self.load_register(instruction.a() + index)).collect();
        for (register, argument) in (0..).zip(arguments) {
            self.store_register(register, argument);
        }
        let null = self.word(Word::NULL);
        for register in count..registers {
            self.store_register(register, null);
        }
        let header = self.builder.ins().load(types::I64, TRUSTED, self.frame, -REGISTER_BYTES);
        let header = self.builder.ins().band_imm(header, !HEADER_REGISTERS_MASK);
        let header = self.builder.ins().bor_imm(header, layout::bits(Word::small(i64::from(registers))));
        self.builder.ins().store(TRUSTED, header, self.frame, -REGISTER_BYTES);
        let slot = self.number(&raw const self.code.entries[function.0 as usize] as i64);
        let entry = self.builder.ins().load(types::I64, TRUSTED, slot, 0);
        let (compiled, other) = (self.block(), self.cold_block());
        let has_code = self.builder.ins().icmp_imm(IntCC::UnsignedGreaterThan, entry, 1);
        self.branch(has_code, compiled, other);
        self.switch(other);
        self.leave_at(Reason::Interpret, entry_pc);
        self.switch(compiled);
        let how = self.number(!(entry_pc as i64));
        let arguments = [self.context, self.frame, how];
        let call = self.builder.ins().call_indirect(self.signatures.function, entry, &arguments);
        let status = self.builder.inst_results(call)[0];
        self.builder.ins().return_(&[status]);
        self.is_filled = true;
    }

    /// Runs the function's native. If that returns, the function has returned.
    pub(super) fn native(&mut self, place: usize) {
        self.sync(place);
        let status = self.call_step(self.code.helpers.native as usize, place);
        self.builder.ins().return_(&[status]);
        self.is_filled = true;
    }

    pub(super) fn call_static(&mut self, place: usize, instruction: Instruction) {
        let function = FunctionIndex(instruction.number() as u32);
        self.call_known(place, instruction.a(), function, place + 1);
    }

    /// Calls a function. Its arguments are in the registers after `call_base`; it returns to a place.
    fn call_known(&mut self, place: usize, call_base: u16, function: FunctionIndex, back: usize) {
        if function == self.function {
            let (new_frame, caller) = self.prepare_call(place, call_base, back);
            let call = self.builder.ins().call(self.itself, &[self.context, new_frame, caller]);
            return self.returned(call, call_base, back);
        }
        let slot = &self.code.entries[function.0 as usize];
        let entry = slot.load(Ordering::Relaxed);
        if entry > 1 {
            // Code stays where it is as long as the program runs.
            let entry = self.number(entry as i64);
            let (new_frame, caller) = self.prepare_call(place, call_base, back);
            return self.enter_code(entry, new_frame, caller, call_base, back);
        }
        let slot = self.number(&raw const *slot as i64);
        let entry = self.builder.ins().load(types::I64, TRUSTED, slot, 0);
        let function = self.number(i64::from(function.0));
        self.call(place, call_base, function, entry, back);
    }

    /// Calls a function by its number.
    fn call_computed(&mut self, place: usize, call_base: u16, function: Value, back: usize) {
        let table = self.number(self.code.entries.as_ptr() as i64);
        let offset = self.builder.ins().ishl_imm(function, 3);
        let slot = self.builder.ins().iadd(table, offset);
        let entry = self.builder.ins().load(types::I64, TRUSTED, slot, 0);
        self.call(place, call_base, function, entry, back);
    }

    /// Calls a function with the given entry, and goes on at the place to which it returns.
    fn call(&mut self, place: usize, call_base: u16, function: Value, entry: Value, back: usize) {
        let (new_frame, caller) = self.prepare_call(place, call_base, back);
        let (compiled, other) = (self.block(), self.cold_block());
        // The table has 0 or 1 for a function without code.
        let has_code = self.builder.ins().icmp_imm(IntCC::UnsignedGreaterThan, entry, 1);
        self.branch(has_code, compiled, other);
        self.switch(other);
        self.leave_to_enter(function, new_frame, caller);
        self.switch(compiled);
        self.enter_code(entry, new_frame, caller, call_base, back);
    }

    /// Writes the part of the frame that a callee reads. Returns the new frame, and the offset of this one at its place in a header.
    fn prepare_call(&mut self, place: usize, call_base: u16, back: usize) -> (Value, Value) {
        self.sync(place);
        let base = i32::from(call_base) * REGISTER_BYTES;
        let return_address = self.word(Word::small((self.flow.entry + back) as i64));
        self.builder.ins().store(TRUSTED, return_address, self.frame, base);
        let new_frame = i64::from(base) + FRAME_WORDS as i64 * i64::from(REGISTER_BYTES);
        (self.builder.ins().iadd_imm(self.frame, new_frame), self.caller_bits())
    }

    fn enter_code(&mut self, entry: Value, new_frame: Value, caller: Value, call_base: u16, back: usize) {
        let arguments = [self.context, new_frame, caller];
        let call = self.builder.ins().call_indirect(self.signatures.function, entry, &arguments);
        self.returned(call, call_base, back);
    }

    /// Goes on after the call of a compiled function.
    fn returned(&mut self, call: Inst, call_base: u16, back: usize) {
        let has_returned = self.builder.inst_results(call)[0];
        self.branch_unless(has_returned, self.give_up);
        self.state.called(call_base, &self.flow.captured);
        self.go(back);
    }

    pub(super) fn call_virtual(&mut self, place: usize, instruction: Instruction) {
        let receiver = instruction.a() + FRAME_WORDS as u16;
        self.dispatch(place, instruction.a(), instruction.number() as u32, receiver, place + 1);
    }

    /// Calls the method of a selector, whose receiver and arguments are in the registers after `call_base`. The
    /// receiver is also in the register `receiver`, of which more may be known. If the receiver has no such method, the
    /// interpreter executes the instruction at `place`.
    fn dispatch(&mut self, place: usize, call_base: u16, selector: u32, receiver: u16, back: usize) {
        if let Some(class) = self.known_class(receiver) {
            let entry = self.code.program.dispatch.get((selector + class) as usize);
            return match entry.filter(|entry| entry.selector == selector) {
                Some(entry) => self.call_method(place, call_base, receiver, entry.function, back),
                None => self.leave_for(place),
            };
        }
        let fails = self.interpret(place);
        let class = self.class_of(receiver);
        let offset = self.builder.ins().iadd_imm(class, i64::from(selector));
        let offset = self.builder.ins().imul_imm(offset, size_of::<DispatchEntry>() as i64);
        let table = self.number(self.code.program.dispatch.as_ptr() as i64);
        let entry = self.builder.ins().iadd(table, offset);
        let found = self.load_u32(entry, std::mem::offset_of!(DispatchEntry, selector));
        let is_found = self.builder.ins().icmp_imm(IntCC::Equal, found, i64::from(selector));
        self.branch_unless(is_found, fails);
        match self.targets(selector) {
            Targets::One(function) => self.call_method(place, call_base, receiver, function, back),
            Targets::Many { has_accessor } => {
                let function = self.load_u32(entry, std::mem::offset_of!(DispatchEntry, function));
                if has_accessor {
                    self.access(place, call_base, receiver, function, back);
                }
                self.call_computed(place, call_base, function, back);
            }
        }
    }

    /// Calls a method that is known, or does in place what it does if it is an accessor.
    fn call_method(
        &mut self,
        place: usize,
        call_base: u16,
        receiver: u16,
        function: FunctionIndex,
        back: usize,
    ) {
        let facts = &self.code.program.functions[function.0 as usize];
        match facts.accessor {
            Accessor::None => self.call_known(place, call_base, function, back),
            Accessor::Getter(field) => {
                let value = self.field(place, receiver, field);
                self.set(call_base, value);
                self.go(back);
            }
            Accessor::Setter(field) => {
                let argument = call_base + FRAME_WORDS as u16 + 1;
                self.set_field(receiver, field, argument);
                self.move_register(call_base, argument);
                self.go(back);
            }
        }
    }

    /// Goes to the place `back` with the result if a function is an accessor, and goes on here if it is not.
    fn access(&mut self, place: usize, call_base: u16, receiver: u16, function: Value, back: usize) {
        let fails = self.interpret(place);
        let before = self.state.clone();
        let table = self.number(self.code.accessors.as_ptr() as i64);
        let offset = self.builder.ins().ishl_imm(function, 2);
        let slot = self.builder.ins().iadd(table, offset);
        let accessor = self.load_u32(slot, 0);
        let (is_accessor, call) = (self.block(), self.block());
        self.branch(accessor, is_accessor, call);
        self.switch(is_accessor);
        let (getter, setter) = (self.block(), self.cold_block());
        let is_getter = self.builder.ins().band_imm(accessor, i64::from(GETTER));
        self.branch(is_getter, getter, setter);
        self.switch(setter);
        self.access_slowly(place, back);
        self.switch_back(getter, &before);
        let receiver = self.get(receiver);
        let header = self.header(receiver, fails);
        let index = self.builder.ins().ushr_imm(accessor, i64::from(PLACE_SHIFT));
        self.check_place(header, index, fails);
        let offset = self.builder.ins().ishl_imm(index, 3);
        let address = self.builder.ins().iadd(receiver, offset);
        let value = self.builder.ins().load(types::I64, TRUSTED, address, layout::CONTENTS_OFFSET);
        self.set(call_base, value);
        self.go(back);
        self.switch_back(call, &before);
    }

    /// Lets the interpreter execute an instruction that calls a setter.
    fn access_slowly(&mut self, place: usize, back: usize) {
        self.sync(place);
        let goes_on = self.call_step(self.code.helpers.step as usize, place);
        self.branch_unless(goes_on, self.give_up);
        let call_base = self.call_base(place);
        self.state.called(call_base, &self.flow.captured);
        self.state.is_rare = true;
        self.go(back);
    }

    /// Returns the base of the call that the instruction at a place makes.
    fn call_base(&self, place: usize) -> u16 {
        let instruction = self.flow.code[place];
        let is_operator = instruction.opcode().is_some_and(Opcode::is_operator);
        if is_operator { self.flow.code[place + 1].a() } else { instruction.a() }
    }

    /// Finds the methods of a selector.
    fn targets(&self, selector: u32) -> Targets {
        let program = &self.code.program;
        let row = program.dispatch[selector as usize..].iter().take(program.classes.len());
        let mut functions = row.filter(|entry| entry.selector == selector).map(|entry| entry.function);
        let Some(first) = functions.next() else { return Targets::Many { has_accessor: false } };
        let is_accessor = |function: FunctionIndex| self.code.accessors[function.0 as usize] != 0;
        let (mut is_one, mut has_accessor) = (true, is_accessor(first));
        for function in functions {
            is_one &= function == first;
            has_accessor |= is_accessor(function);
        }
        if is_one { Targets::One(first) } else { Targets::Many { has_accessor } }
    }

    pub(super) fn call_block(&mut self, place: usize, instruction: Instruction) {
        let fails = self.interpret(place);
        let block = self.get(instruction.a() + FRAME_WORDS as u16);
        let function = self.builder.ins().ushr_imm(block, i64::from(layout::INT_SHIFT));
        let function = self.builder.ins().band_imm(function, BLOCK_FUNCTION_MASK);
        let count = self.code.block_arities.len() as i64;
        let is_unknown = self.builder.ins().icmp_imm(IntCC::UnsignedGreaterThanOrEqual, function, count);
        self.branch_away(is_unknown, fails);
        let table = self.number(self.code.block_arities.as_ptr() as i64);
        let offset = self.builder.ins().ishl_imm(function, 1);
        let slot = self.builder.ins().iadd(table, offset);
        let arity = self.builder.ins().uload16(types::I64, TRUSTED, slot, 0);
        // The mark of a function that is not a block is larger than any number of arguments.
        debug_assert!(u16::from(instruction.n()) < NO_BLOCK);
        let takes_more =
            self.builder.ins().icmp_imm(IntCC::UnsignedGreaterThan, arity, i64::from(instruction.n()));
        self.branch_away(takes_more, fails);
        self.call_computed(place, instruction.a(), function, place + 1);
    }

    /// Calls the method of an operator whose operands are not numbers. It returns to the word after the operator.
    pub(super) fn call_operator(&mut self, place: usize, operands: &[u16]) {
        let slow = self.flow.code[place + 1];
        self.sync(place);
        self.state.is_rare = true;
        let first = slow.a() + FRAME_WORDS as u16;
        let values: Vec<Value> = operands.iter().map(|operand| self.get(*operand)).collect();
        for (register, value) in (first..).zip(values) {
            self.store_register(register, value);
            self.state.forget(register);
        }
        self.dispatch(place, slow.a(), slow.number() as u32, operands[0], place + 1);
    }

    /// The word after an operator, to which its method has returned.
    pub(super) fn slow(&mut self, place: usize, instruction: Instruction) {
        let operator = self.flow.code[place - 1];
        let opcode = operator.opcode().unwrap_or(Opcode::Unreachable);
        if defines(opcode) {
            self.move_register(operator.a(), instruction.a());
        } else if jump_target(place - 1, opcode, operator).is_some() {
            let kind = self.state.kind(instruction.a());
            let result = self.get(instruction.a());
            let is_truthy = self.is_truthy(result, kind);
            return self.jump_after_compare(place - 1, operator, is_truthy);
        }
        self.go(place + 1);
    }

    fn load_u32(&mut self, address: Value, offset: usize) -> Value {
        let value = self.builder.ins().load(types::I32, TRUSTED, address, offset as i32);
        self.builder.ins().uextend(types::I64, value)
    }
}
