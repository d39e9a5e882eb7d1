//! Values, registers and blocks: the words in which the translation is written.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlags, Value, types};
use lucarne_heap::{Word, layout};

use super::{REGISTER_BYTES, TRUSTED, Translator, field};
use crate::facts::{COST_OF_LOSS, FACTS_MAX, Kind, State, VERSIONS_MAX, must_clear, must_write};
use crate::guess::Guess;

/// The maximum number of instructions that all versions of a function have together, as a multiple of the function's
/// own number. Beyond that only general versions are made.
const TRANSLATED_MAX: usize = 6;
/// The number of instructions by which this maximum is raised, so that small functions can have versions too.
const TRANSLATED_EXTRA: usize = 300;

/// The bit by which null and false differ.
const FALSY_BIT: i64 = layout::bits(Word::NULL) ^ layout::bits(Word::FALSE);
const _: () = assert!(FALSY_BIT.count_ones() == 1);

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

    /// Begins a block with the facts from before.
    pub(super) fn switch_back(&mut self, block: Block, state: &State) {
        self.switch(block);
        self.state.clone_from(state);
    }

    /// Begins a block with the facts from before, if something leads to it.
    pub(super) fn begin_if_reached(&mut self, block: Block, state: &State) -> bool {
        let is_reached = self.reached.contains(&block);
        if is_reached {
            self.switch_back(block, state);
        }
        is_reached
    }

    pub(super) fn jump(&mut self, block: Block) {
        self.reached.insert(block);
        self.builder.ins().jump(block, &[]);
        self.is_filled = true;
    }

    pub(super) fn branch(&mut self, condition: Value, then: Block, otherwise: Block) {
        self.reached.extend([then, otherwise]);
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

    // ------------------------------------------------------------------ versions

    /// Goes to a place: to the version of its code that expects most of what is known here.
    pub(super) fn go(&mut self, place: usize) {
        if place >= self.flow.code.len() {
            self.builder.ins().trap(cranelift_codegen::ir::TrapCode::unwrap_user(1));
            self.is_filled = true;
            return;
        }
        let live = self.flow.live[place];
        let is_join = self.flow.is_join[place];
        for register in 0..self.registers {
            if self.state.fact(register).is_pending() && (is_join || !live.contains(register)) {
                self.write(register);
            }
        }
        if self.state.is_rare {
            let block = self.entry(place);
            return self.go_to_unknown(place, block);
        }
        if !self.go_to_special(place) {
            self.go_to_general(place);
        }
    }

    /// Goes to a version of the code at a place other than the general one. Returns whether there is one.
    fn go_to_special(&mut self, place: usize) -> bool {
        let live = self.flow.live[place];
        let known = self.versions[place].iter().enumerate();
        let costs =
            known.filter_map(|(index, (version, _))| Some((self.state.cost_to(version, &live)?, index)));
        let best = costs.min();
        let is_good = best.is_some_and(|(cost, _)| cost < COST_OF_LOSS);
        let may_grow = self.translated < TRANSLATED_MAX * self.flow.code.len() + TRANSLATED_EXTRA
            && self.translated * usize::from(self.registers) < FACTS_MAX;
        if !is_good && may_grow && self.versions[place].len() < VERSIONS_MAX {
            let repeated = if self.flow.is_loop[place] { self.flow.loop_at(place) } else { None };
            let version = self.state.version(&live, repeated.as_ref());
            let block = self.block();
            self.versions[place].push((version.clone(), block));
            self.queue.push((place, version.clone(), block));
            self.go_to_version(place, &version, block);
            return true;
        }
        let Some((_, index)) = best else { return false };
        let (version, block) = self.versions[place][index].clone();
        self.go_to_version(place, &version, block);
        true
    }

    /// Enters a loop without facts about the registers: checks whether the registers hold the expected values. If they do, goes
    /// to the version of the loop for these values; otherwise, goes to the general version. So a loop that is entered in the
    /// middle, or that has left the usual path once, comes back to the fast version.
    pub(super) fn specialize(&mut self, place: usize) {
        let (general, before) = (self.cold_block(), self.state.clone());
        let live = self.flow.live[place];
        for register in live.iter() {
            let guess = self.guesses.at(place, register);
            if guess == Guess::Int {
                let value = self.get(register);
                let is_int = self.is_int(value);
                self.branch_unless(is_int, general);
                self.state.refine(register, Kind::Int);
            } else if guess == Guess::Float {
                let value = self.get(register);
                let is_float = self.is_float(value);
                self.branch_unless(is_float, general);
                self.refine_float(register);
            }
        }
        if !self.go_to_special(place) {
            self.jump(general);
        }
        if self.begin_if_reached(general, &before) {
            self.go_to_general(place);
        }
    }

    /// Goes to the general version of the code at a place.
    pub(super) fn go_to_general(&mut self, place: usize) {
        let block = self.general(place);
        self.go_to_unknown(place, block);
    }

    fn go_to_unknown(&mut self, place: usize, block: Block) {
        self.flush();
        let version = State::unknown(self.registers);
        self.go_to_version(place, &version, block);
    }

    /// Returns the block of the general version of the code at a place.
    fn general(&mut self, place: usize) -> Block {
        if let Some(block) = self.general[place] {
            return block;
        }
        let block = self.block();
        self.general[place] = Some(block);
        self.queue.push((place, State::unknown(self.registers), block));
        block
    }

    /// Returns the block by which a path that knows nothing enters the code at a place.
    pub(super) fn entry(&mut self, place: usize) -> Block {
        if !self.flow.is_loop[place] {
            return self.general(place);
        }
        if let Some(block) = self.guards[place] {
            return block;
        }
        let block = self.block();
        self.guards[place] = Some(block);
        self.queue.push((place, State::unknown(self.registers), block));
        block
    }

    fn go_to_version(&mut self, place: usize, version: &State, block: Block) {
        let live = self.flow.live[place];
        match (self.state.holds_budget, version.holds_budget) {
            (true, false) => self.put_budget(),
            (false, true) => self.take_budget(),
            _ => {}
        }
        for register in 0..self.registers {
            if live.contains(register) {
                self.convert(register, version);
            } else if must_clear(self.state.fact(register), version.fact(register)) {
                let null = self.word(Word::NULL);
                self.store_register(register, null);
            }
        }
        self.jump(block);
    }

    /// Brings a register into the form that a version expects.
    fn convert(&mut self, register: u16, version: &State) {
        let (from, to) = (self.state.fact(register), version.fact(register));
        if must_write(from, to) {
            self.write(register);
        }
        if !to.is_in_frame && (from.is_in_frame || to.kind != from.kind) {
            let value = self.get(register);
            self.builder.def_var(self.words[usize::from(register)], value);
        }
    }

    /// Goes on in a block that expects another state. The current state must be convertible to it: each register has the
    /// expected kind, or a word that is known to be of this kind.
    pub(super) fn join(&mut self, block: Block, state: &State) {
        for register in 0..self.registers {
            if !state.fact(register).is_in_frame && self.state.fact(register).is_in_frame {
                self.get(register);
            }
        }
        if state.holds_budget && !self.state.holds_budget {
            self.take_budget();
        }
        self.jump(block);
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

    pub(super) fn is_float(&mut self, value: Value) -> Value {
        self.has_tag(value, layout::FLOAT_MASK, layout::FLOAT_TAG)
    }

    pub(super) fn is_pointer(&mut self, value: Value) -> Value {
        self.has_tag(value, layout::POINTER_MASK, layout::POINTER_TAG)
    }

    pub(super) fn is_word(&mut self, value: Value, word: Word) -> Value {
        self.builder.ins().icmp_imm(IntCC::Equal, value, layout::bits(word))
    }

    pub(super) fn is_falsy(&mut self, value: Value, kind: Kind) -> Value {
        match kind {
            Kind::Bool => return self.is_word(value, Word::FALSE),
            Kind::Null => return self.flag(true),
            Kind::Int | Kind::Float | Kind::Object(_) | Kind::Words(_) | Kind::Mark => {
                return self.flag(false);
            }
            Kind::Any => {}
        }
        let bits = self.builder.ins().band_imm(value, !FALSY_BIT);
        self.builder.ins().icmp_imm(IntCC::Equal, bits, layout::bits(Word::NULL) & !FALSY_BIT)
    }

    pub(super) fn is_truthy(&mut self, value: Value, kind: Kind) -> Value {
        let is_falsy = self.is_falsy(value, kind);
        self.builder.ins().bxor_imm(is_falsy, 1)
    }

    pub(super) fn flag(&mut self, value: bool) -> Value {
        self.builder.ins().iconst(types::I8, i64::from(value))
    }

    // ------------------------------------------------------------------ registers

    /// Returns the word of a register.
    pub(super) fn get(&mut self, register: u16) -> Value {
        let fact = self.state.fact(register);
        let variable = self.words[usize::from(register)];
        match fact.kind {
            Kind::Null => self.word(Word::NULL),
            Kind::Float => {
                let float = self.get_float(register);
                self.pack_float(float)
            }
            _ if fact.is_in_frame => {
                let value = self.load_register(register);
                self.builder.def_var(variable, value);
                self.state.loaded(register);
                value
            }
            _ => self.builder.use_var(variable),
        }
    }

    /// Returns the number of a register that is known to have a float.
    pub(super) fn get_float(&mut self, register: u16) -> Value {
        debug_assert_eq!(self.state.kind(register), Kind::Float);
        self.builder.use_var(self.floats[usize::from(register)])
    }

    pub(super) fn set(&mut self, register: u16, value: Value) {
        self.set_kind(register, value, Kind::Any);
    }

    /// Sets a register to a value of a kind other than a float.
    pub(super) fn set_kind(&mut self, register: u16, value: Value, kind: Kind) {
        self.builder.def_var(self.words[usize::from(register)], value);
        self.state.define(register, kind);
    }

    pub(super) fn set_word(&mut self, register: u16, word: Word, kind: Kind) {
        let value = self.word(word);
        self.set_kind(register, value, kind);
    }

    pub(super) fn set_float(&mut self, register: u16, float: Value) {
        self.builder.def_var(self.floats[usize::from(register)], float);
        self.state.define(register, Kind::Float);
    }

    /// Sets a register to true or false.
    pub(super) fn set_flag(&mut self, register: u16, flag: Value) {
        let (yes, no) = (self.word(Word::TRUE), self.word(Word::FALSE));
        let value = self.builder.ins().select(flag, yes, no);
        self.set_kind(register, value, Kind::Bool);
    }

    pub(super) fn move_register(&mut self, to: u16, from: u16) {
        match self.state.kind(from) {
            Kind::Float => {
                let float = self.get_float(from);
                self.set_float(to, float);
            }
            kind => {
                let value = self.get(from);
                self.set_kind(to, value, kind);
            }
        }
    }

    pub(super) fn load_literal(&mut self, register: u16, bits: i64) {
        if let Some(number) = layout::float(bits) {
            let number = self.builder.ins().f64const(number);
            return self.set_float(register, number);
        }
        let kind = if bits & layout::INT_MASK == layout::INT_TAG { Kind::Int } else { Kind::Any };
        let value = self.number(bits);
        self.set_kind(register, value, kind);
    }

    /// Notes that the value of a register is a float.
    pub(super) fn refine_float(&mut self, register: u16) {
        if self.state.kind(register) != Kind::Float {
            let word = self.get(register);
            let float = self.unpack_float(word);
            self.builder.def_var(self.floats[usize::from(register)], float);
            self.state.refine(register, Kind::Float);
        }
    }

    pub(super) fn load_register(&mut self, register: u16) -> Value {
        self.builder.ins().load(types::I64, TRUSTED, self.frame, i32::from(register) * REGISTER_BYTES)
    }

    pub(super) fn store_register(&mut self, register: u16, value: Value) {
        self.builder.ins().store(TRUSTED, value, self.frame, i32::from(register) * REGISTER_BYTES);
    }

    /// Writes a register to the frame.
    pub(super) fn write(&mut self, register: u16) {
        let value = self.get(register);
        self.store_register(register, value);
        self.state.written(register);
    }

    /// Writes the registers that must not wait longer, since the frame ends.
    pub(super) fn flush(&mut self) {
        self.put_budget();
        for register in 0..self.registers {
            if self.state.fact(register).is_pending() {
                self.write(register);
            }
        }
    }

    /// Writes all registers that others may look at, or that the instruction at a place, or one after it, needs.
    pub(super) fn sync(&mut self, place: usize) {
        self.put_budget();
        let live = self.flow.live[place];
        for register in 0..self.registers {
            let fact = self.state.fact(register);
            if fact.is_dirty && (fact.is_pending() || live.contains(register)) {
                self.write(register);
            }
        }
    }

    /// Writes the budget to the context if it is in its variable.
    pub(super) fn put_budget(&mut self) {
        if std::mem::take(&mut self.state.holds_budget) {
            let budget = self.builder.use_var(self.budget);
            self.builder.ins().store(TRUSTED, budget, self.context, field::BUDGET);
        }
    }

    /// Reads the budget into its variable.
    pub(super) fn take_budget(&mut self) {
        let budget = self.context_field(field::BUDGET);
        self.builder.def_var(self.budget, budget);
        self.state.holds_budget = true;
    }

    pub(super) fn bits_of_float(&mut self, float: Value) -> Value {
        self.builder.ins().bitcast(types::I64, MemFlags::new(), float)
    }
}
