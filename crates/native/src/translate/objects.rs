//! Objects: classes, fields, elements, cells and globals.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value, types};
use lucarne_compiler::program::TypeCheck;
use lucarne_compiler::program::bytecode::Instruction;
use lucarne_heap::{Word, layout};

use super::{REGISTER_BYTES, TRUSTED, Translator, field};

impl Translator<'_> {
    // ------------------------------------------------------------------ classes

    /// Returns the class of an object, which must be one.
    pub(super) fn class_of_object(&mut self, object: Value) -> Value {
        let header = self.builder.ins().load(types::I64, TRUSTED, object, layout::HEADER_OFFSET);
        let class = self.builder.ins().ushr_imm(header, i64::from(layout::CLASS_SHIFT));
        self.builder.ins().band_imm(class, layout::CLASS_MASK)
    }

    /// Returns the class of a value.
    pub(super) fn class_of(&mut self, value: Value) -> Value {
        let (object, immediate, done) = (self.block(), self.block(), self.block());
        let class = self.builder.append_block_param(done, types::I64);
        let is_object = self.is_pointer(value);
        self.branch(is_object, object, immediate);
        self.switch(object);
        let of_object = self.class_of_object(value);
        self.builder.ins().jump(done, &[BlockArg::from(of_object)]);
        self.switch(immediate);
        let builtins = self.code.program.builtins;
        let mut of_immediate = self.number(i64::from(builtins.null.0));
        for (word, class) in [(Word::FALSE, builtins.false_), (Word::TRUE, builtins.true_)] {
            let is_it = self.is_word(value, word);
            let class = self.number(i64::from(class.0));
            of_immediate = self.builder.ins().select(is_it, class, of_immediate);
        }
        let is_float = self.has_tag(value, layout::FLOAT_MASK, layout::FLOAT_TAG);
        let float = self.number(i64::from(builtins.float.0));
        of_immediate = self.builder.ins().select(is_float, float, of_immediate);
        let is_int = self.is_int(value);
        let int = self.number(i64::from(builtins.int.0));
        of_immediate = self.builder.ins().select(is_int, int, of_immediate);
        self.builder.ins().jump(done, &[BlockArg::from(of_immediate)]);
        self.switch(done);
        class
    }

    /// Returns whether a value passes a type check.
    pub(super) fn passes(&mut self, value: Value, check: usize) -> Value {
        let check = &self.code.program.checks[check];
        let (null, other, done) = (self.block(), self.block(), self.block());
        let passes = self.builder.append_block_param(done, types::I8);
        if check.admits(self.code.program.builtins.int) {
            let (int, no_int) = (self.block(), self.block());
            let is_int = self.is_int(value);
            self.branch(is_int, int, no_int);
            self.switch(int);
            let yes = self.builder.ins().iconst(types::I8, 1);
            self.builder.ins().jump(done, &[BlockArg::from(yes)]);
            self.switch(no_int);
        }
        let is_null = self.is_word(value, Word::NULL);
        self.branch(is_null, null, other);
        self.switch(null);
        let result = self.builder.ins().iconst(types::I8, i64::from(check.is_nullable()));
        self.builder.ins().jump(done, &[BlockArg::from(result)]);
        self.switch(other);
        let class = self.class_of(value);
        let result = match check {
            TypeCheck::Range { from, to, .. } => {
                let from_first = self.builder.ins().iadd_imm(class, -i64::from(*from));
                let count = i64::from(to.saturating_sub(*from));
                self.builder.ins().icmp_imm(IntCC::UnsignedLessThan, from_first, count)
            }
            TypeCheck::Set { bits, .. } => self.is_in_set(class, bits),
        };
        self.builder.ins().jump(done, &[BlockArg::from(result)]);
        self.switch(done);
        passes
    }

    /// Returns whether the bit of a class is set.
    fn is_in_set(&mut self, class: Value, bits: &[u64]) -> Value {
        let table = self.number(bits.as_ptr() as i64);
        let word = self.builder.ins().ushr_imm(class, 6);
        let last = self.number(bits.len().saturating_sub(1) as i64);
        let is_inside = self.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, word, last);
        let word = self.builder.ins().select(is_inside, word, last);
        let offset = self.builder.ins().ishl_imm(word, 3);
        let address = self.builder.ins().iadd(table, offset);
        let word = self.builder.ins().load(types::I64, TRUSTED, address, 0);
        let shifted = self.builder.ins().ushr(word, class);
        let bit = self.builder.ins().band_imm(shifted, 1);
        let bit = self.builder.ins().ireduce(types::I8, bit);
        self.builder.ins().band(bit, is_inside)
    }

    pub(super) fn identical(&mut self, instruction: Instruction) {
        let (left, right) = (self.get(instruction.b()), self.get(instruction.c()));
        let (simple, helped, done) = (self.block(), self.block(), self.block());
        let result = self.builder.append_block_param(done, types::I8);
        let is_same = self.builder.ins().icmp(IntCC::Equal, left, right);
        let is_clear = {
            // Only two objects can be identical without being the same.
            let (left, right) = (self.is_pointer(left), self.is_pointer(right));
            let are_objects = self.builder.ins().band(left, right);
            let differ = self.builder.ins().bxor_imm(are_objects, 1);
            self.builder.ins().bor(is_same, differ)
        };
        self.branch(is_clear, simple, helped);
        self.switch(simple);
        self.builder.ins().jump(done, &[BlockArg::from(is_same)]);
        self.switch(helped);
        let helper = self.number(self.code.helpers.identical as usize as i64);
        let call =
            self.builder.ins().call_indirect(self.signatures.three, helper, &[self.context, left, right]);
        let of_helper = self.builder.inst_results(call)[0];
        let of_helper = self.builder.ins().ireduce(types::I8, of_helper);
        self.builder.ins().jump(done, &[BlockArg::from(of_helper)]);
        self.switch(done);
        self.set_flag(instruction.a(), result);
    }

    // ------------------------------------------------------------------ fields and cells

    /// Returns the header of an object. If the value is none, the interpreter executes the instruction.
    pub(super) fn header(&mut self, place: usize, value: Value) -> Value {
        let (go_on, fails) = (self.block(), self.interpret(place));
        let is_object = self.is_pointer(value);
        self.branch(is_object, go_on, fails);
        self.switch(go_on);
        self.builder.ins().load(types::I64, TRUSTED, value, layout::HEADER_OFFSET)
    }

    /// Goes on if the object with a header has a word at an index. If not, the interpreter executes the instruction.
    pub(super) fn check_place(&mut self, place: usize, header: Value, index: Value) {
        let fails = self.interpret(place);
        let has_place = self.has_place(header, index);
        let next = self.block();
        self.branch(has_place, next, fails);
        self.switch(next);
    }

    /// Returns whether the object with a header has words, and one at an index.
    fn has_place(&mut self, header: Value, index: Value) -> Value {
        let has_words = self.has_tag(header, layout::FORMAT_MASK, layout::WORDS_FORMAT);
        let length = self.builder.ins().ushr_imm(header, i64::from(layout::LENGTH_SHIFT));
        let is_inside = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, length);
        self.builder.ins().band(has_words, is_inside)
    }

    pub(super) fn get_field(&mut self, place: usize, instruction: Instruction) {
        let object = self.get(instruction.b());
        let header = self.header(place, object);
        let index = self.number(i64::from(instruction.c()));
        self.check_place(place, header, index);
        let offset = i32::from(instruction.c()) * REGISTER_BYTES + layout::CONTENTS_OFFSET;
        let value = self.builder.ins().load(types::I64, TRUSTED, object, offset);
        self.set(instruction.a(), value);
    }

    /// Stores a field, if the object has it. The helper notes references from old objects to young ones.
    pub(super) fn set_field(&mut self, object: Value, index: u16, value: Value) {
        let (simple, store, helped, done) = (self.block(), self.block(), self.cold_block(), self.block());
        let place = self.number(i64::from(index));
        let is_object = self.is_pointer(object);
        self.branch_unless(is_object, done);
        self.branch_if_unnoted(object, value, simple, helped);
        self.switch(simple);
        let header = self.builder.ins().load(types::I64, TRUSTED, object, layout::HEADER_OFFSET);
        let has_place = self.has_place(header, place);
        self.branch(has_place, store, done);
        self.switch(store);
        let offset = i32::from(index) * REGISTER_BYTES + layout::CONTENTS_OFFSET;
        self.builder.ins().store(TRUSTED, value, object, offset);
        self.jump(done);
        self.switch(helped);
        let helper = self.number(self.code.helpers.set_field as usize as i64);
        let arguments = [self.context, object, place, value];
        self.builder.ins().call_indirect(self.signatures.store, helper, &arguments);
        self.jump(done);
        self.switch(done);
    }

    /// Goes on in `simple` if the store of a value into an object need not be noted: if the value is no reference, or the object is
    /// young. If not, goes on in `helped`.
    fn branch_if_unnoted(&mut self, object: Value, value: Value, simple: Block, helped: Block) {
        let reference = self.block();
        let is_reference = self.is_pointer(value);
        self.branch(is_reference, reference, simple);
        self.switch(reference);
        let young = self.context_field(field::YOUNG);
        let start = self.builder.ins().load(types::I64, TRUSTED, young, layout::YOUNG_START_OFFSET);
        let words = self.builder.ins().load(types::I64, TRUSTED, young, layout::YOUNG_WORDS_OFFSET);
        let bytes = self.builder.ins().ishl_imm(words, 3);
        let offset = self.builder.ins().isub(object, start);
        let is_young = self.builder.ins().icmp(IntCC::UnsignedLessThan, offset, bytes);
        self.branch(is_young, simple, helped);
    }

    /// Makes an object in the young chunk. If there is no room, the interpreter makes it.
    pub(super) fn new_object(&mut self, place: usize, instruction: Instruction) {
        let class = instruction.number() as u32;
        let fields = self.code.program.classes.get(class as usize).map_or(0, |class| class.fields);
        let (Some((header, size)), Some(next)) = (layout::young_object(class, fields), self.after(place + 1))
        else {
            return self.step(place);
        };
        let (make, no_room) = (self.block(), self.cold_block());
        let young = self.context_field(field::YOUNG);
        let used = self.builder.ins().load(types::I64, TRUSTED, young, layout::YOUNG_USED_OFFSET);
        let words = self.builder.ins().load(types::I64, TRUSTED, young, layout::YOUNG_WORDS_OFFSET);
        let used_then = self.builder.ins().iadd_imm(used, size);
        let has_room = self.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, used_then, words);
        self.branch(has_room, make, no_room);
        self.switch(no_room);
        self.step(place);
        self.jump(next);
        self.switch(make);
        self.builder.ins().store(TRUSTED, used_then, young, layout::YOUNG_USED_OFFSET);
        let start = self.builder.ins().load(types::I64, TRUSTED, young, layout::YOUNG_START_OFFSET);
        let offset = self.builder.ins().ishl_imm(used, 3);
        let address = self.builder.ins().iadd(start, offset);
        let object = self.builder.ins().bor_imm(address, layout::POINTER_TAG);
        let header = self.number(header);
        self.builder.ins().store(TRUSTED, header, object, layout::HEADER_OFFSET);
        let null = self.word(Word::NULL);
        for field in 0..i32::from(fields) {
            let offset = field * REGISTER_BYTES + layout::CONTENTS_OFFSET;
            self.builder.ins().store(TRUSTED, null, object, offset);
        }
        self.set(instruction.a(), object);
        self.jump(next);
        self.continue_in(place + 1, next);
    }

    pub(super) fn get_cell(&mut self, place: usize, instruction: Instruction) {
        let cell = self.get(instruction.b());
        let header = self.header(place, cell);
        let index = self.number(0);
        self.check_place(place, header, index);
        let value = self.builder.ins().load(types::I64, TRUSTED, cell, layout::CONTENTS_OFFSET);
        self.set(instruction.a(), value);
    }

    // ------------------------------------------------------------------ globals

    pub(super) fn get_global(&mut self, place: usize, instruction: Instruction) {
        let value = self.global(instruction);
        let (set, unset, next) = (self.block(), self.cold_block(), self.after(place + 1));
        let is_unset = {
            let (unset, in_progress) =
                (self.is_word(value, Word::UNSET), self.is_word(value, Word::IN_PROGRESS));
            self.builder.ins().bor(unset, in_progress)
        };
        self.branch(is_unset, unset, set);
        self.switch(unset);
        self.leave_for(place);
        self.switch(set);
        self.set(instruction.a(), value);
        if next.is_some() {
            self.go(place + 1);
        }
    }

    pub(super) fn set_global(&mut self, place: usize, instruction: Instruction) {
        let before = self.global(instruction);
        let fails = self.interpret(place);
        let is_in_progress = self.is_word(before, Word::IN_PROGRESS);
        self.branch_away(is_in_progress, fails);
        let value = self.get(instruction.a());
        let globals = self.context_field(field::GLOBALS);
        self.builder.ins().store(TRUSTED, value, globals, instruction.number() * REGISTER_BYTES);
    }

    fn global(&mut self, instruction: Instruction) -> Value {
        let globals = self.context_field(field::GLOBALS);
        self.builder.ins().load(types::I64, TRUSTED, globals, instruction.number() * REGISTER_BYTES)
    }

    // ------------------------------------------------------------------ elements

    pub(super) fn index(&mut self, place: usize, instruction: Instruction) {
        let (object, index) = (self.get(instruction.b()), self.get(instruction.c()));
        let (helped, slow) = (self.block(), self.cold_block());
        let (array, at) = self.array_at(object, index, helped);
        let offset = self.builder.ins().ishl_imm(at, 3);
        let address = self.builder.ins().iadd(array, offset);
        let element = self.builder.ins().load(types::I64, TRUSTED, address, layout::CONTENTS_OFFSET);
        self.set(instruction.a(), element);
        self.go(place + 2);

        self.switch(helped);
        let helper = self.number(self.code.helpers.element as usize as i64);
        let call =
            self.builder.ins().call_indirect(self.signatures.three, helper, &[self.context, object, index]);
        let element = self.builder.inst_results(call)[0];
        let is_missing = self.is_word(element, Word::ABSENT);
        self.branch_away(is_missing, slow);
        self.set(instruction.a(), element);
        self.go(place + 2);
        self.switch(slow);
        self.call_operator(place, &[object, index]);
    }

    /// Returns the array that holds the elements of a list or array, and the index as a number, which is inside of both.
    /// For other operands goes on in `other`.
    fn array_at(&mut self, object: Value, index: Value, other: Block) -> (Value, Value) {
        let is_object = self.is_pointer(object);
        self.branch_unless(is_object, other);
        let is_int = self.is_int(index);
        self.branch_unless(is_int, other);
        let at = self.builder.ins().sshr_imm(index, i64::from(layout::INT_SHIFT));
        let (list, no_list, found) = (self.block(), self.block(), self.block());
        let array = self.builder.append_block_param(found, types::I64);
        let builtins = self.code.program.builtins;
        let class = self.class_of_object(object);
        // A list has two fields at least: the array and the size. Only a damaged program has others.
        let has_fields = self.code.program.classes[builtins.list.0 as usize].fields >= 2;
        let is_list = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(builtins.list.0));
        self.branch(is_list, if has_fields { list } else { other }, no_list);
        if has_fields {
            self.switch(list);
            let of_list = self.builder.ins().load(types::I64, TRUSTED, object, layout::CONTENTS_OFFSET);
            let size = self.builder.ins().load(
                types::I64,
                TRUSTED,
                object,
                layout::CONTENTS_OFFSET + REGISTER_BYTES,
            );
            // Both are integers with the same tag. Negative ones are large without their sign.
            let is_inside = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, size);
            self.branch_unless(is_inside, other);
            let is_object = self.is_pointer(of_list);
            self.branch_unless(is_object, other);
            self.builder.ins().jump(found, &[BlockArg::from(of_list)]);
        }
        self.switch(no_list);
        let is_array = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(builtins.array.0));
        self.branch_unless(is_array, other);
        self.builder.ins().jump(found, &[BlockArg::from(object)]);
        self.switch(found);
        let header = self.builder.ins().load(types::I64, TRUSTED, array, layout::HEADER_OFFSET);
        let has_place = self.has_place(header, at);
        self.branch_unless(has_place, other);
        (array, at)
    }

    pub(super) fn index_put(&mut self, place: usize, instruction: Instruction) {
        let operands = [self.get(instruction.a()), self.get(instruction.b()), self.get(instruction.c())];
        let [object, index, value] = operands;
        let (helped, simple) = (self.block(), self.block());
        let (array, at) = self.array_at(object, index, helped);
        self.branch_if_unnoted(array, value, simple, helped);
        self.switch(simple);
        let offset = self.builder.ins().ishl_imm(at, 3);
        let address = self.builder.ins().iadd(array, offset);
        self.builder.ins().store(TRUSTED, value, address, layout::CONTENTS_OFFSET);
        self.go(place + 2);
        self.switch(helped);
        let helper = self.number(self.code.helpers.set_element as usize as i64);
        let arguments = [self.context, object, index, value];
        let call = self.builder.ins().call_indirect(self.signatures.four, helper, &arguments);
        let is_done = self.builder.inst_results(call)[0];
        let (done, slow) = (self.block(), self.cold_block());
        self.branch(is_done, done, slow);
        self.switch(done);
        self.go(place + 2);
        self.switch(slow);
        self.call_operator(place, &operands);
    }
}
