//! Translates a function's bytecode to machine code.
//!
//! Each register is a variable of Cranelift's for its word, and another for its number if that is a float. The
//! translator follows the paths through the code with what is known about each register ([`State`]). Registers are
//! written to the frame when something else may look at it, and most of them only then: `facts` has the rules. After a
//! call, or a step that may collect, references are read from the frame again: blocks may have changed them, and
//! objects may have moved.

mod blocks;
mod calls;
mod numbers;
mod objects;

use std::collections::{HashMap, HashSet};

use cranelift_codegen::binemit::Reloc;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{
    AbiParam, Block, BlockArg, ExtFuncData, ExternalName, FuncRef, Function, InstBuilder, JumpTableData,
    MemFlags, SigRef, Signature, TrapCode, Type, UserExternalName, Value, types,
};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa};
use cranelift_codegen::settings::Configurable;
use cranelift_codegen::{Context as Compilation, FinalizedMachReloc, settings};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Variable};
use lucarne_compiler::program::FunctionIndex;
use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_heap::{Word, layout};

use crate::code::NativeCode;
use crate::context::{Context, Reason};
use crate::facts::{Kind, State};
use crate::flow::{Flow, jump_target};
use crate::guess::Guesses;

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
    // Addresses are constants in the code, so only calls of the function itself are left to be filled in.
    let mut machine_code = compiled.code_buffer().to_vec();
    for relocation in compiled.buffer.relocs() {
        resolve(&mut machine_code, relocation)?;
    }
    Some(Translated { code: machine_code, resumes })
}

/// Fills in a call of the function itself. Returns none if the relocation has another kind or does not fit.
fn resolve(code: &mut [u8], call: &FinalizedMachReloc) -> Option<()> {
    if call.kind != Reloc::X86CallPCRel4 {
        return None;
    }
    resolve_at(code, call.offset as usize, call.addend)
}

/// Writes the distance from the end of a call to the start of the code into the call. Returns none if there is not
/// enough room for it.
fn resolve_at(code: &mut [u8], offset: usize, addend: i64) -> Option<()> {
    let distance = i32::try_from(addend - offset as i64).ok()?;
    let place = code.get_mut(offset..)?.first_chunk_mut()?;
    *place = distance.to_le_bytes();
    Some(())
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
    /// The variables of the registers' words.
    words: Vec<Variable>,
    /// The variables of the registers' numbers, where they are known to be floats.
    floats: Vec<Variable>,
    /// The variable of the budget, in loops without calls.
    budget: Variable,
    /// The facts about the registers at the current place.
    state: State,
    /// For each place, the versions of its code: the expectations of each, and its block.
    versions: Vec<Vec<(State, Block)>>,
    /// For each place, the block of the version that expects nothing.
    general: Vec<Option<Block>>,
    /// For each place that begins a loop, the block that chooses between the general version and the others.
    guards: Vec<Option<Block>>,
    /// Whether a general version is being translated.
    is_general: bool,
    /// The blocks that something leads to.
    reached: HashSet<Block>,
    /// The versions that are not translated yet: the place, the expectations, and the block of each.
    queue: Vec<(usize, State, Block)>,
    /// The number of instructions that have been translated, in all versions.
    translated: usize,
    guesses: Guesses,
    /// The blocks that leave the code, with the address at which the frame goes on, and what is known there.
    exits: Vec<(Block, Reason, usize, State)>,
    /// The block that returns 0 after a callee has returned 0.
    give_up: Block,
    context: Value,
    frame: Value,
    /// The variable of the offset of this frame, at its place in the word of a frame's header.
    frame_bits: Variable,
    /// The function itself, for calls.
    itself: FuncRef,
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
        let words = (0..facts.registers).map(|_| builder.declare_var(types::I64)).collect();
        let floats = (0..facts.registers).map(|_| builder.declare_var(types::F64)).collect();
        let budget = builder.declare_var(types::I64);
        let count = flow.code.len();
        let guesses = Guesses::new(&flow, facts.registers, &code.literals);
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
        let frame_bits = builder.declare_var(types::I64);
        let name = builder.func.declare_imported_user_function(UserExternalName::default());
        let itself = builder.import_function(ExtFuncData {
            name: ExternalName::user(name),
            signature: signatures.function,
            colocated: true,
            patchable: false,
        });
        Some(Translator {
            builder,
            code,
            flow,
            function,
            registers: facts.registers,
            arity: facts.arity,
            words,
            floats,
            budget,
            state: State::unknown(facts.registers),
            versions: vec![Vec::new(); count],
            general: vec![None; count],
            guards: vec![None; count],
            is_general: false,
            reached: HashSet::new(),
            queue: Vec::new(),
            translated: 0,
            guesses,
            exits: Vec::new(),
            give_up,
            context,
            frame,
            frame_bits,
            itself,
            signatures,
            is_filled: false,
        })
    }

    fn run(mut self) {
        self.begin();
        while let Some((place, state, block)) = self.queue.pop() {
            self.state = state;
            self.switch(block);
            if self.guards[place] == Some(block) {
                self.specialize(place);
                continue;
            }
            self.is_general = self.general[place] == Some(block);
            self.state.is_rare = self.is_general;
            self.path(place);
        }
        self.end();
        self.builder.seal_all_blocks();
        self.builder.finalize();
    }

    /// Translates instructions from a place on, up to a place where other paths can join or where this path ends.
    fn path(&mut self, first: usize) {
        for place in first..self.flow.code.len() {
            if place > first && self.flow.is_leader[place] {
                return self.go(place);
            }
            self.translated += 1;
            self.instruction(place);
            if self.is_filled {
                return;
            }
        }
        self.builder.ins().trap(TrapCode::unwrap_user(1));
        self.is_filled = true;
    }

    /// Begins the function: enters its frame, or goes on in one.
    fn begin(&mut self) {
        let how = self.builder.block_params(self.current())[2];
        // The stack does not move while machine code is in it.
        let base = self.context_field(field::BASE);
        let bytes = self.builder.ins().isub(self.frame, base);
        let bits = self.builder.ins().ishl_imm(bytes, calls::HEADER_SHIFT_FROM_BYTES);
        self.builder.def_var(self.frame_bits, bits);
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
        let is_resume = self.flow.is_resume.clone();
        let targets: Vec<Option<Block>> =
            (0..).zip(is_resume).map(|(place, is_resume)| is_resume.then(|| self.entry(place))).collect();
        let address = self.builder.ins().bnot(how);
        let place = self.builder.ins().iadd_imm(address, -(self.flow.entry as i64));
        let place = self.builder.ins().ireduce(types::I32, place);
        let pool = &mut self.builder.func.dfg.value_lists;
        let no_arguments: [BlockArg; 0] = [];
        let mut call = |block| cranelift_codegen::ir::BlockCall::new(block, no_arguments, pool);
        let default = call(nowhere);
        let targets: Vec<_> = targets.iter().map(|block| call(block.unwrap_or(nowhere))).collect();
        let table = self.builder.create_jump_table(JumpTableData::new(default, &targets));
        self.builder.ins().br_table(place, table);
        self.switch(nowhere);
        self.builder.ins().trap(TrapCode::unwrap_user(1));
    }

    /// Makes the frame of a call, as the interpreter does: checks the room on both stacks, writes the header, clears
    /// the registers that are not arguments, and counts the budget.
    fn enter(&mut self, how: Value) {
        let (fits, grow) = (self.block(), self.cold_block());
        let end =
            self.builder.ins().iadd_imm(self.frame, i64::from(self.registers) * i64::from(REGISTER_BYTES));
        let limit = self.context_field(field::LIMIT);
        let is_too_large = self.builder.ins().icmp(IntCC::UnsignedGreaterThan, end, limit);
        self.branch_away(is_too_large, grow);
        let thread_limit = self.context_field(field::THREAD_LIMIT);
        let thread_top = self.builder.ins().get_stack_pointer(types::I64);
        let is_too_deep = self.builder.ins().icmp(IntCC::UnsignedLessThan, thread_top, thread_limit);
        self.branch(is_too_deep, grow, fits);
        self.switch(grow);
        let function = self.number(i64::from(self.function.0));
        self.leave_to_enter(function, self.frame, how);
        self.switch(fits);
        let header = self.builder.ins().bor_imm(how, layout::bits(Word::small(i64::from(self.registers))));
        self.builder.ins().store(TRUSTED, header, self.frame, -REGISTER_BYTES);
        self.clear_registers();
        self.state = State::at_call(self.registers, self.arity);
        let entry = self.flow.entry;
        self.spend(entry, 1);
        if self.flow.is_join[0] { self.go(0) } else { self.path(0) }
    }

    /// Sets all registers that are not arguments to null, two at a time.
    fn clear_registers(&mut self) {
        let null = self.word(Word::NULL);
        let two = self.builder.ins().splat(types::I64X2, null);
        // Frames are not aligned to two words.
        let flags = MemFlags::new().with_notrap();
        let mut register = self.arity;
        while register + 1 < self.registers {
            self.builder.ins().store(flags, two, self.frame, i32::from(register) * REGISTER_BYTES);
            register += 2;
        }
        if register < self.registers {
            self.store_register(register, null);
        }
    }

    /// Counts units of the budget. If it is spent then, leaves the code; the frame goes on at the address later.
    fn spend(&mut self, pc: usize, units: i64) {
        let budget = if self.state.holds_budget {
            self.builder.use_var(self.budget)
        } else {
            self.context_field(field::BUDGET)
        };
        let rest = self.builder.ins().iadd_imm(budget, -units);
        if self.state.holds_budget {
            self.builder.def_var(self.budget, rest);
        } else {
            self.builder.ins().store(TRUSTED, rest, self.context, field::BUDGET);
        }
        let is_spent = self.builder.ins().icmp_imm(IntCC::SignedLessThanOrEqual, rest, 0);
        let exit = self.exit(Reason::Budget, pc);
        let go_on = self.block();
        self.branch(is_spent, exit, go_on);
        self.switch(go_on);
    }

    /// Fills the blocks that leave the code, which the translation of instructions has requested.
    fn end(&mut self) {
        let mut leaving: Vec<((Reason, usize), Block)> = Vec::new();
        let mut known = HashMap::new();
        for (block, reason, pc, state) in std::mem::take(&mut self.exits) {
            if !self.begin_if_reached(block, &state) {
                continue;
            }
            self.sync(pc - self.flow.entry);
            let leave = *known.entry((reason, pc)).or_insert_with(|| {
                let leave = self.builder.create_block();
                self.builder.set_cold_block(leave);
                leaving.push(((reason, pc), leave));
                leave
            });
            self.jump(leave);
        }
        for ((reason, pc), block) in leaving {
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

    /// Returns a block that leaves the code for a reason, at an address, with what is known now.
    fn exit(&mut self, reason: Reason, pc: usize) -> Block {
        if let Some((block, last_reason, last_pc, state)) = self.exits.last()
            && (*last_reason, *last_pc, state) == (reason, pc, &self.state)
        {
            return *block;
        }
        let block = self.cold_block();
        self.exits.push((block, reason, pc, self.state.clone()));
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
            O::Move => self.move_register(a, b),
            O::LoadInt => self.set_word(a, Word::small(i64::from(instruction.number())), Kind::Int),
            O::LoadLiteral => self.load_literal(a, self.code.literals[instruction.number() as usize]),
            O::LoadNull => self.set_word(a, Word::NULL, Kind::Null),
            O::LoadTrue => self.set_word(a, Word::TRUE, Kind::Bool),
            O::LoadFalse => self.set_word(a, Word::FALSE, Kind::Bool),
            O::LoadAbsent => self.set_word(a, Word::ABSENT, Kind::Mark),

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
            O::SetCell => self.set_field(a, 0, b),
            O::GetGlobal => self.get_global(place, instruction),
            O::SetGlobal if instruction.n() == 0 => self.set_global(place, instruction),
            O::GetField => self.get_field(place, instruction),
            O::SetField => self.set_field(a, b, instruction.c()),

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
                let passes = self.passes(b, usize::from(instruction.c()));
                self.set_flag(a, passes);
            }
            O::As => {
                let fails = self.interpret(place);
                let passes = self.passes(a, instruction.number() as usize);
                self.branch_unless(passes, fails);
            }
            O::Identical => self.identical(instruction),
            O::NewBlock => {
                let offset = self.caller_bits();
                let offset = self.builder.ins().ishl_imm(offset, calls::BLOCK_SHIFT_FROM_HEADER);
                let block = self
                    .builder
                    .ins()
                    .bor_imm(offset, layout::bits(Word::small(i64::from(instruction.number()))));
                self.set_kind(a, block, Kind::Int);
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

    /// Executes an instruction by the interpreter, and goes on after it.
    fn step(&mut self, place: usize) {
        let instruction = self.flow.code[place];
        self.sync(place);
        let goes_on = self.call_step(self.code.helpers.step as usize, place);
        self.branch_unless(goes_on, self.give_up);
        self.state.objects_moved();
        if let Some(register) = self.flow.defined(place) {
            self.state.forget(register);
        }
        if instruction.opcode().is_some_and(Opcode::is_operator) {
            self.go(place + 2);
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
        let opcode = instruction.opcode().unwrap_or(Opcode::Unreachable);
        let Some(target) = jump_target(place, opcode, instruction) else { return self.leave_for(place) };
        let kind = self.state.kind(instruction.a());
        let value = self.get(instruction.a());
        let condition = match opcode {
            Opcode::JumpIfPresent => {
                self.builder.ins().icmp_imm(IntCC::NotEqual, value, layout::bits(Word::ABSENT))
            }
            Opcode::JumpIf => self.is_truthy(value, kind),
            _ => self.is_falsy(value, kind),
        };
        let (taken, next) = (self.block(), self.block());
        self.branch(condition, taken, next);
        let before = self.state.clone();
        self.switch(taken);
        self.go(target);
        self.state = before;
        self.switch(next);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_of_the_function_itself_lead_to_its_start() {
        let mut code = vec![0x90, 0xe8, 0, 0, 0, 0, 0xc3];
        resolve_at(&mut code, 2, -4).expect("there is room");
        // The processor counts from the end of the call, at 6.
        assert_eq!(code, [0x90, 0xe8, 0xfa, 0xff, 0xff, 0xff, 0xc3]);
        assert!(resolve_at(&mut code, 4, -4).is_none());
    }
}
