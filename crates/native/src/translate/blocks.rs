//! Values, registers and blocks: the words in which the translation is written.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, Value, types};
use lucarne_heap::{Word, layout};

use super::{REGISTER_BYTES, Registers, TRUSTED, Translator};

impl Translator<'_> {
    // ------------------------------------------------------------------ blocks

    pub(super) fn current(&self) -> Block {
        self.builder.current_block().unwrap_or(self.give_up)
    }

    pub(super) fn block(&mut self) -> Block {
        self.builder.create_block()
    }

    /// Returns a new block that is seldom reached.
    pub(super) fn cold_block(&mut self) -> Block {
        let block = self.builder.create_block();
        self.builder.set_cold_block(block);
        block
    }

    pub(super) fn switch(&mut self, block: Block) {
        self.builder.switch_to_block(block);
        self.is_filled = false;
    }

    pub(super) fn jump(&mut self, block: Block) {
        self.builder.ins().jump(block, &[]);
        self.is_filled = true;
    }

    pub(super) fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        self.builder.ins().brif(condition, then, &[], otherwise, &[]);
        self.is_filled = true;
    }

    /// Goes on in `block` if a condition holds, and in the current code's next block if not.
    pub(super) fn branch_away(&mut self, condition: Value, block: Block) {
        let next = self.block();
        self.branch(condition, block, next);
        self.switch(next);
    }

    /// Goes on in `block` unless a condition holds, and in the current code's next block if it does.
    pub(super) fn branch_unless(&mut self, condition: Value, block: Block) {
        let next = self.block();
        self.branch(condition, next, block);
        self.switch(next);
    }

    /// Jumps to the block that begins at a place.
    pub(super) fn go(&mut self, place: usize) {
        match self.blocks.get(place).copied().flatten() {
            Some(block) => self.jump(block),
            None => self.leave_for(place),
        }
    }

    // ------------------------------------------------------------------ values

    pub(super) fn number(&mut self, value: i64) -> Value {
        self.builder.ins().iconst(types::I64, value)
    }

    pub(super) fn word(&mut self, word: Word) -> Value {
        self.number(layout::bits(word))
    }

    pub(super) fn context_field(&mut self, offset: i32) -> Value {
        self.builder.ins().load(types::I64, TRUSTED, self.context, offset)
    }

    /// Returns whether some bits of a value are equal to a tag.
    pub(super) fn has_tag(&mut self, value: Value, mask: i64, tag: i64) -> Value {
        let bits = self.builder.ins().band_imm(value, mask);
        self.builder.ins().icmp_imm(IntCC::Equal, bits, tag)
    }

    pub(super) fn is_int(&mut self, value: Value) -> Value {
        self.has_tag(value, layout::INT_MASK, layout::INT_TAG)
    }

    pub(super) fn is_pointer(&mut self, value: Value) -> Value {
        self.has_tag(value, layout::POINTER_MASK, layout::POINTER_TAG)
    }

    pub(super) fn is_word(&mut self, value: Value, word: Word) -> Value {
        self.builder.ins().icmp_imm(IntCC::Equal, value, layout::bits(word))
    }

    pub(super) fn is_falsy(&mut self, value: Value) -> Value {
        let (is_null, is_false) = (self.is_word(value, Word::NULL), self.is_word(value, Word::FALSE));
        self.builder.ins().bor(is_null, is_false)
    }

    pub(super) fn is_truthy(&mut self, value: Value) -> Value {
        let is_falsy = self.is_falsy(value);
        self.builder.ins().bxor_imm(is_falsy, 1)
    }

    // ------------------------------------------------------------------ registers

    pub(super) fn get(&mut self, register: u16) -> Value {
        self.builder.use_var(self.variables[usize::from(register)])
    }

    pub(super) fn set(&mut self, register: u16, value: Value) {
        self.store_register(register, value);
        self.builder.def_var(self.variables[usize::from(register)], value);
    }

    pub(super) fn set_word(&mut self, register: u16, word: Word) {
        let value = self.word(word);
        self.set(register, value);
    }

    /// Sets a register to true or false.
    pub(super) fn set_flag(&mut self, register: u16, flag: Value) {
        let (yes, no) = (self.word(Word::TRUE), self.word(Word::FALSE));
        let value = self.builder.ins().select(flag, yes, no);
        self.set(register, value);
    }

    pub(super) fn load_register(&mut self, register: u16) -> Value {
        self.builder.ins().load(types::I64, TRUSTED, self.frame, i32::from(register) * REGISTER_BYTES)
    }

    pub(super) fn store_register(&mut self, register: u16, value: Value) {
        self.builder.ins().store(TRUSTED, value, self.frame, i32::from(register) * REGISTER_BYTES);
    }

    /// Reads registers from the frame again.
    pub(super) fn reload(&mut self, registers: &Registers) {
        for register in registers.iter() {
            let value = self.load_register(register);
            self.builder.def_var(self.variables[usize::from(register)], value);
        }
    }
}
