//! Objects: classes, fields, elements, cells and globals.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, BlockArg, InstBuilder, Value, types};
use lucarne_compiler::program::bytecode::Instruction;
use lucarne_compiler::program::{ClassIndex, TypeCheck};
use lucarne_heap::{Word, layout};

use super::{REGISTER_BYTES, TRUSTED, Translator, field};
use crate::facts::Kind;

impl Translator<'_> {
    // ------------------------------------------------------------------ classes

    /// Returns the class of an object, which must be one.
    pub(super) fn class_of_object(&mut self, object: Value) -> Value {
        let header = self.builder.ins().load(types::I64, TRUSTED, object, layout::HEADER_OFFSET);
        let class = self.builder.ins().ushr_imm(header, i64::from(layout::CLASS_SHIFT));
        self.builder.ins().band_imm(class, layout::CLASS_MASK)
    }

    /// Returns the number of the class of a register's value, if it is known.
    pub(super) fn known_class(&self, register: u16) -> Option<u32> {
        let builtins = self.code.program.builtins;
        match self.state.kind(register) {
            Kind::Null => Some(builtins.null.0),
            Kind::Int => Some(builtins.int.0),
            Kind::Float => Some(builtins.float.0),
            Kind::Object(class) => Some(class),
            Kind::Any | Kind::Words(_) | Kind::Bool | Kind::Mark => None,
        }
    }

    /// Returns the class of a register's value.
    pub(super) fn class_of(&mut self, register: u16) -> Value {
        if let Some(class) = self.known_class(register) {
            return self.number(i64::from(class));
        }
        let value = self.get(register);
        if matches!(self.state.kind(register), Kind::Words(_)) {
            return self.class_of_object(value);
        }
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
        let is_float = self.is_float(value);
        let float = self.number(i64::from(builtins.float.0));
        of_immediate = self.builder.ins().select(is_float, float, of_immediate);
        let is_int = self.is_int(value);
        let int = self.number(i64::from(builtins.int.0));
        of_immediate = self.builder.ins().select(is_int, int, of_immediate);
        self.builder.ins().jump(done, &[BlockArg::from(of_immediate)]);
        self.switch(done);
        class
    }

    /// Returns whether the value of a register passes a type check.
    pub(super) fn passes(&mut self, register: u16, check: usize) -> Value {
        let check = &self.code.program.checks[check];
        if self.state.kind(register) == Kind::Null {
            return self.flag(check.is_nullable());
        }
        if let Some(class) = self.known_class(register) {
            return self.flag(check.admits(ClassIndex(class)));
        }
        let value = self.get(register);
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
        let class = self.class_of(register);
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
        let may_refer =
            [instruction.b(), instruction.c()].map(|register| self.state.kind(register).may_refer());
        let (left, right) = (self.get(instruction.b()), self.get(instruction.c()));
        if may_refer != [true, true] {
            let is_same = self.builder.ins().icmp(IntCC::Equal, left, right);
            return self.set_flag(instruction.a(), is_same);
        }
        let (simple, helped, done) = (self.block(), self.block(), self.block());
        let result = self.builder.append_block_param(done, types::I8);
        let is_same = self.builder.ins().icmp(IntCC::Equal, left, right);
        let is_clear = {
            // Words that differ can be identical only if both refer to objects.
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

    /// Returns the header of an object. If the value is not an object, goes on in `fails`.
    pub(super) fn header(&mut self, value: Value, fails: Block) -> Value {
        let is_object = self.is_pointer(value);
        self.branch_unless(is_object, fails);
        self.builder.ins().load(types::I64, TRUSTED, value, layout::HEADER_OFFSET)
    }

    /// Goes on in `other` unless the object with this header consists of words and has one at the index.
    pub(super) fn check_place(&mut self, header: Value, index: Value, other: Block) {
        let has_words = self.has_tag(header, layout::FORMAT_MASK, layout::WORDS_FORMAT);
        self.branch_unless(has_words, other);
        let length = self.builder.ins().ushr_imm(header, i64::from(layout::LENGTH_SHIFT));
        let is_inside = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, length);
        self.branch_unless(is_inside, other);
    }

    pub(super) fn get_field(&mut self, place: usize, instruction: Instruction) {
        let value = self.field(place, instruction.b(), instruction.c());
        self.set(instruction.a(), value);
    }

    /// Returns the word at an index of the object in a register. If it has none, the interpreter executes the instruction.
    pub(super) fn field(&mut self, place: usize, register: u16, index: u16) -> Value {
        let fails = self.interpret(place);
        let object = self.get(register);
        if !self.has_field(register, index) {
            let is_open = self.state.kind(register) == Kind::Any;
            if is_open {
                let is_object = self.is_pointer(object);
                self.branch_unless(is_object, fails);
            }
            let header = self.builder.ins().load(types::I64, TRUSTED, object, layout::HEADER_OFFSET);
            let place = self.number(i64::from(index));
            self.check_place(header, place, fails);
            if !matches!(self.state.kind(register), Kind::Object(_)) {
                self.state.refine(register, Kind::Words(index + 1));
            }
        }
        let offset = i32::from(index) * REGISTER_BYTES + layout::CONTENTS_OFFSET;
        self.builder.ins().load(types::I64, TRUSTED, object, offset)
    }

    /// Returns whether it is known that the value of a register is an object with a field. Objects of known classes are instances
    /// that were made here, or lists.
    fn has_field(&self, register: u16, index: u16) -> bool {
        match self.state.kind(register) {
            Kind::Words(count) => index < count,
            Kind::Object(class) => {
                self.code.program.classes.get(class as usize).is_some_and(|class| index < class.fields)
            }
            _ => false,
        }
    }

    /// Stores the value of a register into a field, if the object has it. The helper notes references from old objects
    /// to young ones.
    pub(super) fn set_field(&mut self, register: u16, index: u16, value_register: u16) {
        let is_noted = self.state.kind(value_register).may_refer();
        let has_field = self.has_field(register, index);
        let (object, value) = (self.get(register), self.get(value_register));
        let offset = i32::from(index) * REGISTER_BYTES + layout::CONTENTS_OFFSET;
        if has_field && !is_noted {
            self.builder.ins().store(TRUSTED, value, object, offset);
            return;
        }
        let (simple, store, helped, done) = (self.block(), self.block(), self.cold_block(), self.block());
        let place = self.number(i64::from(index));
        if !has_field {
            let is_object = self.is_pointer(object);
            self.branch_unless(is_object, done);
        }
        if is_noted {
            self.branch_if_unnoted(object, value, simple, helped);
        } else {
            self.jump(simple);
        }
        self.switch(simple);
        if has_field {
            self.jump(store);
        } else {
            let header = self.builder.ins().load(types::I64, TRUSTED, object, layout::HEADER_OFFSET);
            self.check_place(header, place, done);
            self.jump(store);
        }
        self.switch(store);
        self.builder.ins().store(TRUSTED, value, object, offset);
        self.jump(done);
        self.switch(helped);
        let helper = self.number(self.code.helpers.set_field as usize as i64);
        let arguments = [self.context, object, place, value];
        self.builder.ins().call_indirect(self.signatures.store, helper, &arguments);
        self.jump(done);
        self.switch(done);
    }

    /// Goes on in `simple` if the store of a value into an object need not be noted: if the value is not a reference,
    /// or the object is young. If not, goes on in `helped`.
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
        let Some((header, size)) = layout::young_object(class, fields) else { return self.step(place) };
        let (make, no_room, next) = (self.block(), self.cold_block(), self.block());
        let young = self.context_field(field::YOUNG);
        let used = self.builder.ins().load(types::I64, TRUSTED, young, layout::YOUNG_USED_OFFSET);
        let words = self.builder.ins().load(types::I64, TRUSTED, young, layout::YOUNG_WORDS_OFFSET);
        let used_then = self.builder.ins().iadd_imm(used, size);
        let has_room = self.builder.ins().icmp(IntCC::UnsignedLessThanOrEqual, used_then, words);
        self.branch(has_room, make, no_room);
        let before = self.state.clone();
        let mut after = before.clone();
        after.define(instruction.a(), Kind::Object(class));
        self.switch(no_room);
        self.step(place);
        self.join(next, &after);
        self.switch_back(make, &before);
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
        self.set_kind(instruction.a(), object, Kind::Object(class));
        self.jump(next);
        self.switch(next);
    }

    pub(super) fn get_cell(&mut self, place: usize, instruction: Instruction) {
        let value = self.field(place, instruction.b(), 0);
        self.set(instruction.a(), value);
    }

    // ------------------------------------------------------------------ globals

    pub(super) fn get_global(&mut self, place: usize, instruction: Instruction) {
        let value = self.global(instruction);
        let (set, unset) = (self.block(), self.cold_block());
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
        self.go(place + 1);
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
        let (object, index) = (instruction.b(), instruction.c());
        let (helped, slow) = (self.cold_block(), self.cold_block());
        let operands = [self.get(object), self.get(index)];
        let before = self.state.clone();
        self.elements(object, index, helped, |this, address| {
            let value = this.builder.ins().load(types::I64, TRUSTED, address, layout::CONTENTS_OFFSET);
            this.set(instruction.a(), value);
            this.go(place + 2);
        });

        if !self.begin_if_reached(helped, &before) {
            return;
        }
        if !matches!(self.state.kind(object), Kind::Any | Kind::Words(_)) && !self.is_general {
            return self.go_to_general(place);
        }
        let helper = self.number(self.code.helpers.element as usize as i64);
        let arguments = [self.context, operands[0], operands[1]];
        let call = self.builder.ins().call_indirect(self.signatures.three, helper, &arguments);
        let element = self.builder.inst_results(call)[0];
        let is_missing = self.is_word(element, Word::ABSENT);
        self.branch_away(is_missing, slow);
        self.state.refine(index, Kind::Int);
        self.set(instruction.a(), element);
        self.go(place + 2);
        self.switch_back(slow, &before);
        self.call_operator_or_general(place, &[object, index]);
    }

    /// Writes code for an element of a list, and for one of an array, if the index is inside of it. The code gets the
    /// address of the element, less the offset of contents. For other operands goes on in `other`.
    fn elements(
        &mut self,
        register: u16,
        index_register: u16,
        other: Block,
        mut access: impl FnMut(&mut Self, Value),
    ) {
        let kind = self.state.kind(register);
        let is_number = matches!(self.state.kind(index_register), Kind::Any | Kind::Int);
        if !is_number || !kind.may_refer() {
            return self.jump(other);
        }
        let (object, index) = (self.get(register), self.get(index_register));
        let (list, array) = (self.code.program.builtins.list.0, self.code.program.builtins.array.0);
        if kind == Kind::Any {
            let is_object = self.is_pointer(object);
            self.branch_unless(is_object, other);
        }
        if self.state.kind(index_register) != Kind::Int {
            let is_int = self.is_int(index);
            self.branch_unless(is_int, other);
            self.state.refine(index_register, Kind::Int);
        }
        let at = self.builder.ins().sshr_imm(index, i64::from(layout::INT_SHIFT));
        match kind {
            Kind::Object(class) if class == list => {}
            Kind::Object(class) if class == array => {
                let address = self.element_address(object, at, other);
                return access(self, address);
            }
            Kind::Any | Kind::Words(_) => {
                let class = self.class_of_object(object);
                let is_list = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(list));
                let (of_list, no_list) = (self.block(), self.block());
                self.branch(is_list, of_list, no_list);
                let before = self.state.clone();
                self.switch(no_list);
                let is_array = self.builder.ins().icmp_imm(IntCC::Equal, class, i64::from(array));
                self.branch_unless(is_array, other);
                let address = self.element_address(object, at, other);
                access(self, address);
                self.switch_back(of_list, &before);
                self.state.refine(register, Kind::Object(list));
            }
            _ => return self.jump(other),
        }
        // A list has two fields at least: the array and the size. Only a damaged program has others.
        if self.code.program.classes[list as usize].fields < 2 {
            return self.jump(other);
        }
        let size_offset = layout::CONTENTS_OFFSET + REGISTER_BYTES;
        let elements = self.builder.ins().load(types::I64, TRUSTED, object, layout::CONTENTS_OFFSET);
        let size = self.builder.ins().load(types::I64, TRUSTED, object, size_offset);
        // Both are integers with the same tag. Negative ones are large without their sign.
        let is_inside = self.builder.ins().icmp(IntCC::UnsignedLessThan, index, size);
        self.branch_unless(is_inside, other);
        let is_object = self.is_pointer(elements);
        self.branch_unless(is_object, other);
        let address = self.element_address(elements, at, other);
        access(self, address);
    }

    /// Returns the address of a word of an object, less the offset of contents, if the object has it. If not, goes on in `other`.
    fn element_address(&mut self, object: Value, at: Value, other: Block) -> Value {
        let header = self.builder.ins().load(types::I64, TRUSTED, object, layout::HEADER_OFFSET);
        self.check_place(header, at, other);
        let offset = self.builder.ins().ishl_imm(at, 3);
        self.builder.ins().iadd(object, offset)
    }

    pub(super) fn index_put(&mut self, place: usize, instruction: Instruction) {
        let registers = [instruction.a(), instruction.b(), instruction.c()];
        let [object, index, value] = registers;
        let operands = registers.map(|register| self.get(register));
        let helped = self.cold_block();
        let before = self.state.clone();
        self.elements(object, index, helped, |this, address| {
            if this.state.kind(value).may_refer() {
                let simple = this.block();
                // The address is inside of the object that holds the elements, which is young as a whole or not at all.
                this.branch_if_unnoted(address, operands[2], simple, helped);
                this.switch(simple);
            }
            this.builder.ins().store(TRUSTED, operands[2], address, layout::CONTENTS_OFFSET);
            this.go(place + 2);
        });
        if !self.begin_if_reached(helped, &before) {
            return;
        }
        if !matches!(self.state.kind(object), Kind::Any | Kind::Words(_)) && !self.is_general {
            return self.go_to_general(place);
        }
        let helper = self.number(self.code.helpers.set_element as usize as i64);
        let arguments = [self.context, operands[0], operands[1], operands[2]];
        let call = self.builder.ins().call_indirect(self.signatures.four, helper, &arguments);
        let is_done = self.builder.inst_results(call)[0];
        let slow = self.cold_block();
        self.branch_unless(is_done, slow);
        self.state.refine(index, Kind::Int);
        self.go(place + 2);
        self.switch_back(slow, &before);
        self.call_operator_or_general(place, &registers);
    }
}
