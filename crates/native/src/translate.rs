//! Translates a function's bytecode to machine code.
//!
//! Each register is a variable of Cranelift's, and is written to the frame as well whenever it changes. After a call, or
//! a step that may collect, the registers that are needed later are read from the frame again: blocks may have changed
//! them, and objects may have moved.

mod blocks;
mod calls;
mod numbers;
mod objects;

use std::collections::HashMap;

use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, Function, InstBuilder, JumpTableData, MemFlags, SigRef, Signature, TrapCode,
    Type, Value, types,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::Configurable;
use cranelift_codegen::{Context as Compilation, settings};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use lucarne_compiler::program::FunctionIndex;
use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_heap::{Word, layout};

use crate::code::NativeCode;
use crate::context::{Context, Reason};
use crate::flow::{Flow, Registers, jump_target};

/// The machine code of a function.
pub(crate) struct Translated {
    pub(crate) code: Vec<u8>,
    /// The addresses of the instructions at which a frame can go on.
    pub(crate) resumes: Vec<usize>,
}

/// Translates a function. Returns none if it is too large, or if there is no code for this machine.
pub(crate) fn translate(code: &NativeCode, function: FunctionIndex) -> Option<Translated> {
    let isa = target()?;
    let flow = Flow::new(&code.program, function)?;
    let resumes = (0..flow.code.len()).filter(|place| flow.is_resume[*place]).map(|place| flow.entry + place);
    let resumes = resumes.collect();
    let mut compilation = Compilation::for_function(Function::new());
    let mut frontend = FunctionBuilderContext::new();
    compilation.func.signature = signature(&[types::I64; 3], &[types::I64]);
    let builder = FunctionBuilder::new(&mut compilation.func, &mut frontend);
    Translator::new(code, function, flow, builder)?.run();
    let compiled = compilation.compile(&*isa, &mut ControlPlane::default()).ok()?;
    // Addresses are constants in the code, so nothing is left to be filled in.
    debug_assert!(compiled.buffer.relocs().is_empty(), "machine code refers to nothing by name");
    Some(Translated { code: compiled.code_buffer().to_vec(), resumes })
}

/// The settings of the code generator. A resume table holds only places of this function, so that nothing has to be hidden
/// from speculation; no unwinder walks through machine code; and debug builds check what is handed to Cranelift.
const SETTINGS: [(&str, &str); 4] = [
    ("opt_level", "speed"),
    ("enable_table_access_spectre_mitigation", "false"),
    ("unwind_info", "false"),
    ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
];

/// Returns the description of this machine, if it is one on which machine code has been tried: x86-64. Others also need their
/// instruction caches flushed (see `memory`).
fn target() -> Option<OwnedTargetIsa> {
    if !cfg!(target_arch = "x86_64") {
        return None;
    }
    let mut flags = settings::builder();
    for (name, value) in SETTINGS {
        flags.set(name, value).ok()?;
    }
    cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()
}

fn signature(parameters: &[Type], results: &[Type]) -> Signature {
    let mut signature = Signature::new(CallConv::SystemV);
    signature.params.extend(parameters.iter().map(|ty| AbiParam::new(*ty)));
    signature.returns.extend(results.iter().map(|ty| AbiParam::new(*ty)));
    signature
}

/// Loads and stores never fail: the frame, the context, tables and live objects are there.
const TRUSTED: MemFlags = MemFlags::trusted();

/// The offsets of the context's fields, in bytes.
mod field {
    use std::mem::offset_of;

    use super::Context;

    pub(super) const BUDGET: i32 = offset_of!(Context, budget) as i32;
    pub(super) const BASE: i32 = offset_of!(Context, base) as i32;
    pub(super) const LIMIT: i32 = offset_of!(Context, limit) as i32;
    pub(super) const THREAD_LIMIT: i32 = offset_of!(Context, thread_limit) as i32;
    pub(super) const GLOBALS: i32 = offset_of!(Context, globals) as i32;
    pub(super) const YOUNG: i32 = offset_of!(Context, young) as i32;
    pub(super) const REASON: i32 = offset_of!(Context, reason) as i32;
    pub(super) const REGISTERS: i32 = offset_of!(Context, registers) as i32;
    pub(super) const PC: i32 = offset_of!(Context, pc) as i32;
    pub(super) const FUNCTION: i32 = offset_of!(Context, function) as i32;
    pub(super) const CALLER: i32 = offset_of!(Context, caller) as i32;
}

/// The bytes of a register.
const REGISTER_BYTES: i32 = 8;

/// Translates one function.
struct Translator<'a> {
    builder: FunctionBuilder<'a>,
    code: &'a NativeCode,
    flow: Flow,
    function: FunctionIndex,
    registers: u16,
    arity: u16,
    variables: Vec<Variable>,
    /// For each place that begins a block, the block.
    blocks: Vec<Option<Block>>,
    /// For each place at which a frame can go on, the block that reads its registers and then goes there.
    reloads: Vec<Option<Block>>,
    /// The blocks that leave the code, by reason and address.
    exits: HashMap<(Reason, usize), Block>,
    /// The block that returns 0, after a callee has.
    give_up: Block,
    context: Value,
    frame: Value,
    signatures: Signatures,
    /// Whether the current block has its end.
    is_filled: bool,
}

/// The signatures of compiled functions and of the helpers.
struct Signatures {
    function: SigRef,
    step: SigRef,
    four: SigRef,
    three: SigRef,
    store: SigRef,
}

impl<'a> Translator<'a> {
    fn new(
        code: &'a NativeCode,
        function: FunctionIndex,
        flow: Flow,
        mut builder: FunctionBuilder<'a>,
    ) -> Option<Translator<'a>> {
        let facts = code.program.functions.get(function.0 as usize)?;
        let variables = (0..facts.registers).map(|_| builder.declare_var(types::I64)).collect();
        let block_if = |builder: &mut FunctionBuilder<'_>, is: bool| is.then(|| builder.create_block());
        let blocks = flow.is_leader.iter().map(|is| block_if(&mut builder, *is)).collect();
        let reloads = flow.is_resume.iter().map(|is| block_if(&mut builder, *is)).collect();
        let first = builder.create_block();
        builder.append_block_params_for_function_params(first);
        builder.switch_to_block(first);
        let [context, frame] = [builder.block_params(first)[0], builder.block_params(first)[1]];
        let mut import = |count: usize, results: &[Type]| {
            builder.import_signature(signature(&[types::I64; 4][..count], results))
        };
        let result = [types::I64];
        let signatures = Signatures {
            function: import(3, &result),
            step: import(3, &result),
            four: import(4, &result),
            three: import(3, &result),
            store: import(4, &[]),
        };
        let give_up = builder.create_block();
        Some(Translator {
            builder,
            code,
            flow,
            function,
            registers: facts.registers,
            arity: facts.arity,
            variables,
            blocks,
            reloads,
            exits: HashMap::new(),
            give_up,
            context,
            frame,
            signatures,
            is_filled: false,
        })
    }

    fn run(mut self) {
        self.begin();
        for place in 0..self.flow.code.len() {
            if let Some(block) = self.blocks[place] {
                if !self.is_filled {
                    self.jump(block);
                }
                self.switch(block);
            }
            // What no jump leads to is left out.
            if !self.is_filled {
                self.instruction(place);
            }
        }
        if !self.is_filled {
            self.builder.ins().trap(TrapCode::unwrap_user(1));
        }
        self.end();
        self.builder.seal_all_blocks();
        self.builder.finalize();
    }

    /// Begins the function: enters its frame, or goes on in one.
    fn begin(&mut self) {
        let how = self.builder.block_params(self.current())[2];
        let (call, resume) = (self.block(), self.cold_block());
        let is_resume = self.builder.ins().icmp_imm(IntCC::SignedLessThan, how, 0);
        self.branch(is_resume, resume, call);
        self.switch(resume);
        self.resume(how);
        self.switch(call);
        self.enter(how);
    }

    /// Jumps to the place whose address is the complement of a number.
    fn resume(&mut self, how: Value) {
        let nowhere = self.cold_block();
        let address = self.builder.ins().bnot(how);
        let place = self.builder.ins().iadd_imm(address, -(self.flow.entry as i64));
        let place = self.builder.ins().ireduce(types::I32, place);
        let pool = &mut self.builder.func.dfg.value_lists;
        let no_arguments: [BlockArg; 0] = [];
        let mut call = |block| cranelift_codegen::ir::BlockCall::new(block, no_arguments, pool);
        let default = call(nowhere);
        let targets: Vec<_> = self.reloads.iter().map(|block| call(block.unwrap_or(nowhere))).collect();
        let table = self.builder.create_jump_table(JumpTableData::new(default, &targets));
        self.builder.ins().br_table(place, table);
        self.switch(nowhere);
        self.builder.ins().trap(TrapCode::unwrap_user(1));
    }

    /// Makes the frame of a call, as the interpreter does: checks the room on both stacks, writes the header, clears the registers that
    /// are no arguments, and counts the budget.
    fn enter(&mut self, how: Value) {
        let (fits, grow) = (self.block(), self.cold_block());
        let end =
            self.builder.ins().iadd_imm(self.frame, i64::from(self.registers) * i64::from(REGISTER_BYTES));
        let limit = self.context_field(field::LIMIT);
        let is_too_large = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        let thread_limit = self.context_field(field::THREAD_LIMIT);
        let thread_top = self.builder.ins().get_stack_pointer(types::I64);
        let is_too_deep = self.builder.ins().icmp(IntCC::UnsignedLessThan, thread_top, thread_limit);
        let has_no_room = self.builder.ins().bor(is_too_large, is_too_deep);
        self.branch(has_no_room, grow, fits);
        self.switch(grow);
        let function = self.number(i64::from(self.function.0));
        self.leave_to_enter(function, self.frame, how);
        self.switch(fits);
        let header = self.builder.ins().bor_imm(how, layout::bits(Word::small(i64::from(self.registers))));
        self.builder.ins().store(TRUSTED, header, self.frame, -REGISTER_BYTES);
        let null = self.word(Word::NULL);
        for register in 0..self.registers {
            let value = if register < self.arity { self.load_register(register) } else { null };
            if register >= self.arity {
                self.store_register(register, null);
            }
            self.builder.def_var(self.variables[usize::from(register)], value);
        }
        let entry = self.flow.entry;
        self.spend(entry, 1);
        self.go(0);
    }

    /// Counts units of the budget. If it is spent then, leaves the code; the frame goes on at the address later.
    fn spend(&mut self, pc: usize, units: i64) {
        let budget = self.context_field(field::BUDGET);
        let rest = self.builder.ins().iadd_imm(budget, -units);
        self.builder.ins().store(TRUSTED, rest, self.context, field::BUDGET);
        let is_spent = self.builder.ins().icmp_imm(IntCC::SignedLessThanOrEqual, rest, 0);
        let exit = self.exit(Reason::Budget, pc);
        let go_on = self.block();
        self.branch(is_spent, exit, go_on);
        self.switch(go_on);
    }

    /// Fills the blocks that have been asked for on the way.
    fn end(&mut self) {
        for place in 0..self.reloads.len() {
            let Some(block) = self.reloads[place] else { continue };
            self.switch(block);
            let live = self.flow.live[place];
            self.reload(&live);
            self.go(place);
        }
        let mut exits: Vec<_> = self.exits.drain().collect();
        exits.sort_unstable_by_key(|(_, block)| *block);
        for ((reason, pc), block) in exits {
            self.switch(block);
            self.leave_at(reason, pc);
        }
        self.switch(self.give_up);
        let zero = self.number(0);
        self.builder.ins().return_(&[zero]);
    }

    /// Leaves the code for a reason. The frame goes on at an address.
    fn leave_at(&mut self, reason: Reason, pc: usize) {
        let pc = self.number(pc as i64);
        self.builder.ins().store(TRUSTED, pc, self.context, field::PC);
        self.leave(reason, self.frame);
    }

    /// Leaves the code for a reason.
    fn leave(&mut self, reason: Reason, registers: Value) {
        let reason = self.number(reason as i64);
        self.builder.ins().store(TRUSTED, reason, self.context, field::REASON);
        self.builder.ins().store(TRUSTED, registers, self.context, field::REGISTERS);
        let zero = self.number(0);
        self.builder.ins().return_(&[zero]);
        self.is_filled = true;
    }

    /// Leaves the code, so that the interpreter enters a function.
    fn leave_to_enter(&mut self, function: Value, registers: Value, caller: Value) {
        self.builder.ins().store(TRUSTED, function, self.context, field::FUNCTION);
        self.builder.ins().store(TRUSTED, caller, self.context, field::CALLER);
        self.leave(Reason::Enter, registers);
    }

    /// Returns the block that leaves the code for a reason, at an address.
    fn exit(&mut self, reason: Reason, pc: usize) -> Block {
        if let Some(block) = self.exits.get(&(reason, pc)) {
            return *block;
        }
        let block = self.cold_block();
        self.exits.insert((reason, pc), block);
        block
    }

    /// Returns the block that lets the interpreter execute the instruction at a place.
    fn interpret(&mut self, place: usize) -> Block {
        let pc = self.flow.entry + place;
        self.exit(Reason::Interpret, pc)
    }

    // ------------------------------------------------------------------ instructions

    fn instruction(&mut self, place: usize) {
        use Opcode as O;
        let instruction = self.flow.code[place];
        let (a, b) = (instruction.a(), instruction.b());
        let opcode = instruction.opcode().unwrap_or(O::Unreachable);
        match opcode {
            O::Move => {
                let value = self.get(b);
                self.set(a, value);
            }
            O::LoadInt => self.set_word(a, Word::small(i64::from(instruction.number()))),
            O::LoadLiteral => {
                let literal = self.number(self.code.literals[instruction.number() as usize]);
                self.set(a, literal);
            }
            O::LoadNull => self.set_word(a, Word::NULL),
            O::LoadTrue => self.set_word(a, Word::TRUE),
            O::LoadFalse => self.set_word(a, Word::FALSE),
            O::LoadAbsent => self.set_word(a, Word::ABSENT),

            O::GetOuter if instruction.n() > 0 => {
                let home = self.outer(instruction.n());
                let value = self.builder.ins().load(types::I64, TRUSTED, home, i32::from(b) * REGISTER_BYTES);
                self.set(a, value);
            }
            O::SetOuter if instruction.n() > 0 => {
                let home = self.outer(instruction.n());
                let value = self.get(a);
                self.builder.ins().store(TRUSTED, value, home, i32::from(b) * REGISTER_BYTES);
            }
            O::GetCell => self.get_cell(place, instruction),
            O::SetCell => {
                let (cell, value) = (self.get(a), self.get(b));
                self.set_field(cell, 0, value);
            }
            O::GetGlobal => self.get_global(place, instruction),
            O::SetGlobal if instruction.n() == 0 => self.set_global(place, instruction),
            O::GetField => self.get_field(place, instruction),
            O::SetField => {
                let (object, value) = (self.get(a), self.get(instruction.c()));
                self.set_field(object, b, value);
            }

            O::CallStatic => self.call_static(place, instruction),
            O::CallVirtual => self.call_virtual(place, instruction),
            O::CallBlock => self.call_block(place, instruction),
            O::Return => {
                let value = self.get(a);
                self.return_value(value);
            }
            O::ReturnNull => {
                let null = self.word(Word::NULL);
                self.return_value(null);
            }
            O::Native => self.native(place),

            O::Jump => self.go_to_target(place, instruction),
            O::JumpBack => {
                if let Some(target) = jump_target(place, opcode, instruction) {
                    self.spend(self.flow.entry + target, instruction.charge());
                }
                self.go_to_target(place, instruction);
            }
            O::JumpIf | O::JumpIfNot | O::JumpIfPresent => self.conditional_jump(place, instruction),

            O::Slow => self.slow(place, instruction),
            O::Is => {
                let value = self.get(b);
                let passes = self.passes(value, usize::from(instruction.c()));
                self.set_flag(a, passes);
            }
            O::As => {
                let value = self.get(a);
                let passes = self.passes(value, instruction.number() as usize);
                let (go_on, fails) = (self.block(), self.interpret(place));
                self.branch(passes, go_on, fails);
                self.switch(go_on);
            }
            O::Identical => self.identical(instruction),
            O::NewBlock => {
                let offset = self.caller_bits();
                let offset = self.builder.ins().ishl_imm(offset, calls::BLOCK_SHIFT_FROM_HEADER);
                let block = self
                    .builder
                    .ins()
                    .bor_imm(offset, layout::bits(Word::small(i64::from(instruction.number()))));
                self.set(a, block);
            }
            O::NewObject => self.new_object(place, instruction),
            O::TailCall => self.tail_call(place, instruction),
            O::EnterLambda | O::Exit | O::ReturnOuter | O::Target | O::Unreachable => self.leave_for(place),
            _ if opcode.is_operator() => self.operator(place, opcode, instruction),
            _ => self.step(place),
        }
    }

    /// Lets the interpreter execute an instruction and what follows.
    fn leave_for(&mut self, place: usize) {
        let exit = self.interpret(place);
        self.jump(exit);
    }

    /// Executes an instruction by the interpreter, and goes on with the next one.
    fn step(&mut self, place: usize) {
        self.step_to(place, place + 1);
    }

    /// Executes an instruction by the interpreter, and goes on at the place after it.
    fn step_to(&mut self, place: usize, next: usize) {
        let goes_on = self.call_step(self.code.helpers.step as usize, place);
        let after = self.block();
        self.branch(goes_on, after, self.give_up);
        self.switch(after);
        if let Some(live) = self.flow.live.get(next).copied() {
            self.reload(&live);
        }
    }

    /// Calls a helper that executes an instruction. Returns whether the code goes on.
    fn call_step(&mut self, helper: usize, place: usize) -> Value {
        let pc = self.number((self.flow.entry + place) as i64);
        let (signature, helper) = (self.signatures.step, self.number(helper as i64));
        let call = self.builder.ins().call_indirect(signature, helper, &[self.context, self.frame, pc]);
        self.builder.inst_results(call)[0]
    }

    fn go_to_target(&mut self, place: usize, instruction: Instruction) {
        let opcode = instruction.opcode().unwrap_or(Opcode::Unreachable);
        match jump_target(place, opcode, instruction) {
            Some(target) => self.go(target),
            None => self.leave_for(place),
        }
    }

    fn conditional_jump(&mut self, place: usize, instruction: Instruction) {
        let value = self.get(instruction.a());
        let opcode = instruction.opcode().unwrap_or(Opcode::Unreachable);
        let condition = match opcode {
            Opcode::JumpIfPresent => {
                self.builder.ins().icmp_imm(IntCC::NotEqual, value, layout::bits(Word::ABSENT))
            }
            Opcode::JumpIf => self.is_truthy(value),
            _ => self.is_falsy(value),
        };
        let (Some(target), Some(next)) = (jump_target(place, opcode, instruction), self.after(place + 1))
        else {
            return self.leave_for(place);
        };
        let Some(target) = self.blocks[target] else { return self.leave_for(place) };
        self.branch(condition, target, next);
        self.continue_in(place + 1, next);
    }

    /// Returns the block that begins at a place, or a new one if none does; none behind the end of the function.
    fn after(&mut self, place: usize) -> Option<Block> {
        match self.blocks.get(place)? {
            Some(block) => Some(*block),
            None => Some(self.block()),
        }
    }

    /// Goes on with the instruction at a place in the block that [`Translator::after`] has returned for it.
    fn continue_in(&mut self, place: usize, block: Block) {
        if self.blocks[place].is_some() {
            self.is_filled = true;
        } else {
            self.switch(block);
        }
    }
}
