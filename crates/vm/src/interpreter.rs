//! The interpreter: runs a task's frames until it has to stop.
//!
//! Registers are addressed without bounds checks. This relies on two guarantees: the linker emits only instructions
//! whose registers are below the `registers` of their function, and a call makes sure that the stack has room for all
//! registers of the callee. The loop keeps two values in local variables: the address of the current frame's register
//! 0 (`registers`), and that of the next instruction (`pc`). It writes both back ([`Interpreter::save`]) before any step
//! that may collect, grow the stack, or use the position.
//!
//! **Words.** Every word that a function of this module takes or holds is *current*, in the sense of the heap's raw
//! interface: it was made, or read from a register, a global, a literal or an object, after the last allocation. A word
//! that must outlast an allocation is in a register or is kept ([`Interpreter::keep`]). Only functions of this module
//! grow and move the stack that the interpreter runs on, and the loop takes its address again after each of them.
//!
//! The word below a frame's register 0 holds the offset of the caller's frame, and the number of registers of the frame
//! itself, which marks the end of the topmost frame for the collector. The word below that holds the return address.

mod arithmetic;
mod native;
mod sampling;
mod steps;
mod unwind;

use std::any::Any;
use std::sync::Arc;

use lucarne_compiler::program::bytecode::{Instruction, Opcode};
use lucarne_compiler::program::{Accessor, ClassIndex, FunctionIndex};
use lucarne_heap::{
    FRAME_WORDS, Handle, Heap, Kept, OutOfMemory, Ref, RefMut, Register, Root, Stack, StackId, Word,
};
use lucarne_native::{Context, NativeCode};
use lucarne_natives::{BYTES_PER_UNIT, Call, Effect, Entry, Failure};
use lucarne_ports::Environment;

use crate::profile::Sampler;
use crate::program::{Callee, LoadedProgram};
use arithmetic::Operands;
pub(crate) use native::HELPERS;
pub(crate) use unwind::Completion;

/// The position of a task in its code while no interpreter runs the task. Only functions of this module create and
/// change it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    stack: StackId,
    frame: usize,
    pc: usize,
}

impl Position {
    /// Returns a register of the current frame.
    pub(crate) fn register(self, index: usize) -> Register {
        Register::new(self.stack, self.frame + index)
    }

    /// Returns the address of the next instruction.
    pub(crate) fn next_address(self) -> usize {
        self.pc
    }

    /// Skips the next instruction. Traces then show it as the current one.
    pub(crate) fn skip(&mut self) {
        self.pc += 1;
    }
}

/// Why the interpreter stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The budget is used up.
    Budget,
    /// The machine must perform an effect and then call [`Interpreter::complete`] with the result.
    Effect(Effect),
    /// The task's first function has returned this value. The machine must free the root.
    Finished(Root),
    /// An exception with this text has left the task's first function.
    Uncaught(String),
    /// The system had no memory left for a collection, so the heap is broken. The process must end.
    Broken,
}

/// The return address of a task's first frame.
const BASE: i64 = -1;
/// The shift of the caller's frame in a frame word. The bits below hold the number of registers.
const FRAME_SHIFT: u32 = 16;
/// The shift of the frame in a block. The bits below hold the block's function.
const BLOCK_SHIFT: u32 = 24;

/// The number of registers that a call clears at a time.
const CLEAR_GROUP: usize = 4;

pub(crate) struct Interpreter<'h> {
    pub(crate) heap: &'h mut Heap,
    program: &'h LoadedProgram,
    environment: &'h dyn Environment,
    position: Position,
    /// The program's machine code, if the program has any yet.
    native: Option<&'h Arc<NativeCode>>,
    /// The budget, and what machine code needs beside it.
    context: Context,
    /// The outcome of the last step that machine code has requested, if the code cannot go on after it: what to do
    /// next, or the panic.
    stepped: Result<Next, Box<dyn Any + Send>>,
    /// Takes the samples of the profile, if the program is profiled.
    sampler: Option<Sampler<'h>>,
}

/// The outcome of an instruction that is executed outside of the loop.
enum Next {
    /// The loop continues at the position.
    Continue,
    /// The interpreter stops.
    Stop(Stop),
}

impl<'h> Interpreter<'h> {
    /// Creates an interpreter that continues a task at its position. The stack of the task is in the heap. The task
    /// must run the given program.
    pub(crate) fn new(
        heap: &'h mut Heap,
        program: &'h LoadedProgram,
        environment: &'h dyn Environment,
        position: Position,
        budget: i64,
    ) -> Self {
        let native = program.machine_code();
        let context = Context { budget, ..Context::default() };
        let mut interpreter = Interpreter {
            heap,
            program,
            environment,
            position,
            native,
            context,
            stepped: Ok(Next::Continue),
            sampler: None,
        };
        interpreter.set_top();
        interpreter
    }

    /// Leaves the task and returns its position.
    pub(crate) fn leave(self) -> Position {
        self.heap.leave_current();
        self.position
    }

    /// Makes a stack on which the interpreter starts with a function and its arguments.
    pub(crate) fn prepare(
        heap: &mut Heap,
        program: &LoadedProgram,
        function: FunctionIndex,
        arguments: &[Handle],
    ) -> Result<Position, OutOfMemory> {
        let callee = program.callees()[function.0 as usize];
        let registers = usize::from(callee.registers);
        let id = heap.add_stack();
        let position = Position { stack: id, frame: FRAME_WORDS, pc: callee.entry as usize };
        // SAFETY: the stack is new. Only numbers and the words of handles are written to it, and each such word is
        // written before the next allocation.
        let stack = unsafe { heap.stack_mut(id) };
        if stack.grow(FRAME_WORDS + registers + 1).is_err() {
            Interpreter::free(heap, position);
            return Err(OutOfMemory);
        }
        stack.set(0, Word::small(BASE));
        stack.set(1, Word::small(i64::from(callee.registers)));
        stack.set_top(FRAME_WORDS + registers);
        stack.clear(FRAME_WORDS + arguments.len()..FRAME_WORDS + registers);
        for (index, argument) in arguments.iter().enumerate() {
            let word = heap.get(*argument).word();
            // SAFETY: as above.
            unsafe { heap.stack_mut(id) }.set(FRAME_WORDS + index, word);
        }
        Ok(position)
    }

    /// Frees the stack of a task that has ended.
    pub(crate) fn free(heap: &mut Heap, position: Position) {
        // SAFETY: no interpreter is entered, so no address of the stack is held; a task that has ended does not run.
        unsafe { heap.remove_stack(position.stack) }
    }

    /// Returns the value of a word.
    #[inline(always)]
    fn at(&self, word: Word) -> Ref<'_> {
        // SAFETY: words of this module are current.
        unsafe { self.heap.at(word) }
    }

    /// Returns the value of a word, for changing it.
    #[inline(always)]
    fn at_mut(&mut self, word: Word) -> RefMut<'_> {
        // SAFETY: words of this module are current.
        unsafe { self.heap.at_mut(word) }
    }

    /// Stores a word into a field or element. Does nothing if the object has no word with this index.
    #[inline(always)]
    fn store(&mut self, object: Word, index: usize, value: Word) {
        // SAFETY: words of this module are current.
        unsafe { self.heap.store(object, index, value) }
    }

    /// Keeps a word until the end of the scope.
    fn keep(&mut self, word: Word) -> Kept {
        // SAFETY: words of this module are current.
        unsafe { self.heap.keep_word(word) }
    }

    fn stack(&self) -> &Stack {
        self.heap.stack(self.position.stack)
    }

    fn stack_mut(&mut self) -> &mut Stack {
        // SAFETY: words of this module are current, and `set_top` is called before allocations. Only functions that are
        // called through `outside!` grow the stack, and the loop takes its address again after them.
        unsafe { self.heap.stack_mut(self.position.stack) }
    }

    /// Stops because the task's first function has returned a value.
    fn finished(&mut self, value: Word) -> Next {
        // SAFETY: words of this module are current.
        Next::Stop(Stop::Finished(unsafe { self.heap.root_word(value) }))
    }

    /// Returns the rest of the budget. It is below zero if a native has used more than the rest.
    pub(crate) fn budget(&self) -> i64 {
        self.context.budget
    }

    /// Charges work on the given number of bytes. Fewer than [`BYTES_PER_UNIT`] cost nothing.
    #[inline(always)]
    fn charge_bytes(&mut self, bytes: usize) {
        self.context.budget -= (bytes / BYTES_PER_UNIT) as i64;
    }

    fn register(&self, index: usize) -> Word {
        self.stack().get(self.position.frame + index)
    }

    fn set_register(&mut self, index: usize, word: Word) {
        let at = self.position.frame + index;
        self.stack_mut().set(at, word);
    }

    /// Tells the heap how many words of the stack are in use.
    fn set_top(&mut self) {
        let frame = self.position.frame;
        let header = self.stack().get(frame - 1);
        let registers = header.as_small() as usize & ((1 << FRAME_SHIFT) - 1);
        // SAFETY: the frame's header says how many registers it has; no word above them is needed.
        unsafe { self.heap.set_current(self.position.stack, frame + registers) };
    }

    fn save(&mut self, frame: usize, pc: usize) {
        self.position.frame = frame;
        self.position.pc = pc;
        self.set_top();
    }

    /// Completes a native that has requested an effect: it returns or fails with the result of the effect.
    pub(crate) fn complete(&mut self, result: Result<Handle, Failure>) -> Option<Stop> {
        let next = match result {
            Ok(value) => self.leave_frame(self.heap.get(value).word()),
            Err(failure) => {
                let instruction = self.program.program().code[self.position.pc - 1];
                self.native_failed(instruction, failure)
            }
        };
        match next {
            Next::Continue => None,
            Next::Stop(stop) => Some(stop),
        }
    }

    /// Returns a value from the current frame.
    fn leave_frame(&mut self, value: Word) -> Next {
        let frame = self.position.frame;
        let return_address = self.stack().get(frame - 2).as_small();
        if return_address == BASE {
            return self.finished(value);
        }
        self.position.frame = (self.stack().get(frame - 1).as_small() >> FRAME_SHIFT) as usize;
        self.position.pc = return_address as usize;
        self.stack_mut().set(frame - 2, value);
        self.set_top();
        Next::Continue
    }

    /// Runs the native of the current frame's function. Returns its value, or how to go on if it has none.
    #[inline(always)]
    fn call_native(&mut self, instruction: Instruction) -> Result<Word, Next> {
        match self.program.native(instruction.number() as usize) {
            Some(Entry::Function(native)) => {
                let scope = self.heap.scope();
                let Position { stack, frame, .. } = self.position;
                let began_us = self.sampler.as_ref().map(Sampler::now_us);
                let mut call = Call::new(self.heap, self.environment, stack, frame);
                let result = native(&mut call).map(Ref::word);
                let charged = call.charged();
                self.heap.end_scope(scope);
                self.context.budget -= charged;
                if let Some(began_us) = began_us {
                    self.sample_native(began_us);
                }
                result.map_err(|failure| self.native_failed(instruction, failure))
            }
            Some(Entry::Effect(effect)) => Err(Next::Stop(Stop::Effect(effect))),
            None => Err(self.no_such_native(instruction.number() as usize)),
        }
    }

    fn native_failed(&mut self, instruction: Instruction, failure: Failure) -> Next {
        if instruction.n() == 0 {
            return self.fail(failure);
        }
        match self.failure_value(failure) {
            Ok(value) => {
                self.set_register(usize::from(instruction.a()), value);
                Next::Continue
            }
            Err(OutOfMemory) => self.fail(Failure::OutOfMemory),
        }
    }

    /// Runs the task until there is a reason to stop, and returns the reason.
    pub(crate) fn run(&mut self) -> Stop {
        loop {
            let next = match self.native_entry() {
                Some(entry) => self.run_native(entry),
                None => self.run_fast::<false>(),
            };
            if let Next::Stop(stop) = next {
                if matches!(stop, Stop::Budget) && self.native_entry().is_none() {
                    self.program.slice_ended(self.position.pc);
                }
                return stop;
            }
        }
    }

    /// Runs the loop of the interpreter. Returns `Continue` after a step that has changed the stack or the frame
    /// outside of the loop, and where machine code can go on. The next call then continues at
    /// [`Interpreter::position`]. With `ONE`, executes one instruction.
    fn run_fast<const ONE: bool>(&mut self) -> Next {
        let native = if ONE { None } else { self.native.map(|native| &**native) };
        let mut is_done = false;
        let program = self.program;
        let code = program.program().code.as_ptr();
        let callees = program.callees();
        let dispatch = program.program().dispatch.as_slice();
        let stack = self.stack_mut();
        let base = stack.base();
        // The limit leaves room for the words that `clear` may overwrite above a frame.
        let limit = base.wrapping_add(stack.len().saturating_sub(CLEAR_GROUP));
        let mut pc = code.wrapping_add(self.position.pc);
        // SAFETY: the position of a task is a frame of its stack.
        let mut registers = unsafe { base.add(self.position.frame) };

        // The offset of the current frame. It is computed where it is needed, so that the loop keeps one value less.
        macro_rules! frame {
            () => {
                // SAFETY: the registers are on the stack, whose words are from `base` on.
                unsafe { registers.offset_from(base) as usize }
            };
        }

        // The index of an instruction. Positions and return addresses are indexes.
        macro_rules! index {
            ($address:expr) => {
                // SAFETY: both are addresses of instructions of the program.
                unsafe { $address.offset_from(code) as usize }
            };
        }
        macro_rules! get {
            ($register:expr) => {
                // SAFETY: see the module's documentation.
                unsafe { *registers.add($register as usize) }
            };
        }
        macro_rules! set {
            ($register:expr, $value:expr) => {{
                let value = $value;
                // SAFETY: see the module's documentation.
                unsafe { *registers.add($register as usize) = value }
            }};
        }
        // Writes the position back, and leaves the loop with the result of a call.
        macro_rules! outside {
            ($call:expr) => {{
                self.save(frame!(), index!(pc));
                return $call;
            }};
        }
        // Evaluates an expression that may allocate, and puts the result into a register. The stack does not move.
        macro_rules! allocate {
            ($register:expr, $value:expr) => {{
                self.save(frame!(), index!(pc));
                match $value {
                    Ok(value) => set!($register, value),
                    Err(OutOfMemory) => return self.fail(Failure::OutOfMemory),
                }
            }};
        }
        // Leaves the loop if machine code goes on at `pc`.
        macro_rules! leave_for_native {
            () => {
                if let Some(native) = native
                    && native.entry(index!(pc)).is_some()
                {
                    outside!(Next::Continue);
                }
            };
        }
        // Enters a function whose arguments are in the registers from `call_base` + 2 on.
        macro_rules! enter {
            ($call_base:expr, $function:expr, $return_address:expr) => {{
                let function = FunctionIndex($function);
                // By reference: a copy would go through memory.
                // SAFETY: the linker and the tables name functions that exist; for blocks it was checked.
                let callee: &Callee = unsafe { callees.get_unchecked(function.0 as usize) };
                let call_base = $call_base as usize;
                let new_registers = registers.wrapping_add(call_base + FRAME_WORDS);
                if new_registers.wrapping_add(callee.registers as usize) > limit {
                    outside!(self.enter_with_growth(call_base, *callee, index!($return_address)));
                }
                let header = (frame!() as i64) << FRAME_SHIFT | i64::from(callee.registers);
                set!(call_base, Word::small(index!($return_address) as i64));
                set!(call_base + 1, Word::small(header));
                registers = new_registers;
                // SAFETY: there is room for the frame, as was just checked. There are also `CLEAR_GROUP` more words: see `limit`.
                unsafe { clear(registers, callee.arity as usize, callee.registers as usize) };
                pc = code.wrapping_add(callee.entry as usize);
                self.context.budget -= 1;
                if self.context.budget <= 0 {
                    self.save(frame!(), index!(pc));
                    return Next::Stop(Stop::Budget);
                }
                if let Some(native) = native
                    && native.takes_call(function)
                {
                    outside!(Next::Continue);
                }
            }};
        }
        // Calls the method that a selector (an offset in the dispatch table) names, on the object in `call_base` + 2.
        macro_rules! dispatch {
            ($call_base:expr, $offset:expr, $return_address:expr) => {{
                let call_base = $call_base;
                let offset: u32 = $offset;
                let receiver = get!(call_base + 2);
                let class = self.heap.class(self.at(receiver));
                // SAFETY: the table is as long as the largest offset plus the number of classes.
                let entry = unsafe { *dispatch.get_unchecked((offset + class.0) as usize) };
                if entry.selector != offset {
                    outside!(self.look_up_failed(class, offset));
                }
                // SAFETY: the table holds numbers of functions of this program.
                let callee = unsafe { callees.get_unchecked(entry.function.0 as usize) };
                match callee.accessor {
                    Accessor::None => enter!(call_base, entry.function.0, $return_address),
                    Accessor::Getter(place) => {
                        let value = match self.at(receiver).elements().get(place as usize) {
                            Some(value) => value.word(),
                            None => outside!(self.fail(Failure::WRONG_TYPE)),
                        };
                        set!(call_base, value);
                        pc = $return_address;
                    }
                    Accessor::Setter(place) => {
                        let value = get!(call_base + 3);
                        self.store(receiver, place as usize, value);
                        set!(call_base, value);
                        pc = $return_address;
                    }
                }
            }};
        }
        // The slow path of an operator: calls it as a method, which returns to the `Slow` that follows.
        macro_rules! operator_call {
            ($left:expr, $right:expr) => {{
                let (left, right) = ($left, $right);
                // SAFETY: an operator is followed by a `Slow`.
                let slow = unsafe { *pc };
                let call_base = slow.a();
                set!(call_base + 2, left);
                set!(call_base + 3, right);
                dispatch!(call_base, slow.number() as u32, pc);
            }};
        }
        macro_rules! arithmetic {
            ($instruction:expr, $operation:ident, $ints:expr, $floats:expr) => {{
                let instruction: Instruction = $instruction;
                let (left, right) = (get!(instruction.b()), get!(instruction.c()));
                if Word::are_ints(left, right)
                    && let Some(result) = $ints(left.raw(), right.raw())
                {
                    set!(instruction.a(), Word::from_raw_int(result));
                    pc = pc.wrapping_add(1);
                    continue;
                }
                if let (Some(left), Some(right)) = (left.to_float(), right.to_float())
                    && let Some(result) = Word::float($floats(left, right))
                {
                    set!(instruction.a(), result);
                    pc = pc.wrapping_add(1);
                    continue;
                }
                self.save(frame!(), index!(pc));
                match self.$operation(left, right) {
                    Operands::Done(value) => {
                        set!(instruction.a(), value);
                        pc = pc.wrapping_add(1);
                    }
                    Operands::Failed(failure) => return self.fail(failure),
                    Operands::NotNumbers => operator_call!(left, right),
                }
            }};
        }
        macro_rules! bits {
            ($instruction:expr, $operator:tt) => {{
                let instruction: Instruction = $instruction;
                let (left, right) = (get!(instruction.b()), get!(instruction.c()));
                if Word::are_ints(left, right) {
                    set!(instruction.a(), Word::from_raw_int(left.raw() $operator right.raw()));
                    pc = pc.wrapping_add(1);
                    continue;
                }
                operator_call!(left, right)
            }};
        }
        // Continues after a jump that compares. `$after` is the address of the `Slow` that follows the jump.
        macro_rules! jump_after_compare {
            ($instruction:expr, $after:expr, $result:expr) => {{
                if $result == $instruction.sense() {
                    let distance = $instruction.c() as i16;
                    pc = $after.wrapping_offset(distance as isize);
                    if distance < 0 {
                        self.context.budget -= $instruction.charge();
                        if self.context.budget <= 0 {
                            self.save(frame!(), index!(pc));
                            return Next::Stop(Stop::Budget);
                        }
                        leave_for_native!();
                    }
                } else {
                    pc = $after.wrapping_add(1);
                }
            }};
        }
        // Compares two registers. `$done` is the code that uses the result, which it can name `$result`.
        macro_rules! compare {
            ($left:expr, $right:expr, $operator:tt, |$result:ident| $done:expr) => {{
                let (left, right) = (get!($left), get!($right));
                if Word::are_ints(left, right) {
                    let $result = left.raw() $operator right.raw();
                    $done;
                    continue;
                }
                match (self.number(left), self.number(right)) {
                    (Some(left), Some(right)) => {
                        let $result =
                            left.compare(right).is_some_and(|ordering| (ordering as i8) $operator 0);
                        $done;
                    }
                    _ => operator_call!(left, right),
                }
            }};
        }

        loop {
            if ONE && std::mem::replace(&mut is_done, true) {
                outside!(Next::Continue);
            }
            // SAFETY: `pc` is within the code: the linker ends each function with a return.
            let instruction = unsafe { *pc };
            pc = pc.wrapping_add(1);
            // SAFETY: the linker emits valid opcodes only.
            let opcode = unsafe { std::mem::transmute::<u8, Opcode>(instruction.0 as u8) };
            match opcode {
                Opcode::Move => set!(instruction.a(), get!(instruction.b())),
                Opcode::LoadInt => set!(instruction.a(), Word::small(i64::from(instruction.number()))),
                Opcode::LoadLiteral => {
                    set!(instruction.a(), program.objects().literal(instruction.number() as usize))
                }
                Opcode::LoadBytes => {
                    allocate!(instruction.a(), self.copy_literal(instruction.number() as usize))
                }
                Opcode::LoadNull => set!(instruction.a(), Word::NULL),
                Opcode::LoadTrue => set!(instruction.a(), Word::TRUE),
                Opcode::LoadFalse => set!(instruction.a(), Word::FALSE),
                Opcode::LoadAbsent => set!(instruction.a(), Word::ABSENT),

                Opcode::GetOuter => {
                    // SAFETY: register 0 of a block's frame is the block.
                    let home = unsafe { outer(base, registers, instruction.n()) };
                    // SAFETY: the linker names a register of that frame.
                    set!(instruction.a(), unsafe { *home.add(instruction.b() as usize) });
                }
                Opcode::SetOuter => {
                    // SAFETY: as above.
                    let home = unsafe { outer(base, registers, instruction.n()) };
                    let value = get!(instruction.a());
                    // SAFETY: as above.
                    unsafe { *home.add(instruction.b() as usize) = value };
                }
                Opcode::NewCell => allocate!(instruction.a(), {
                    self.heap.new_cell().map(|cell| cell.word()).inspect(|cell| {
                        // The operand may have moved: it is read after the allocation.
                        let value = get!(instruction.b());
                        self.store(*cell, 0, value);
                    })
                }),
                Opcode::GetCell => {
                    let value = self.at(get!(instruction.b())).elements().first().map(|value| value.word());
                    set!(instruction.a(), value.unwrap_or(Word::NULL));
                }
                Opcode::SetCell => self.store(get!(instruction.a()), 0, get!(instruction.b())),
                Opcode::GetGlobal => {
                    let index = instruction.number() as usize;
                    let value = self.heap.global(index);
                    if value == Word::UNSET {
                        // SAFETY: `IN_PROGRESS` is a mark, not a reference to an object.
                        unsafe { self.heap.set_global(index, Word::IN_PROGRESS) };
                        if let Some(function) = program.program().globals[index].initializer {
                            enter!(instruction.a(), function.0, pc);
                        }
                    } else if value == Word::IN_PROGRESS {
                        // The instruction is executed again once another task has finished the initialization.
                        pc = pc.wrapping_sub(1);
                        self.save(frame!(), index!(pc));
                        return Next::Stop(Stop::Effect(Effect::AwaitGlobal));
                    } else {
                        set!(instruction.a(), value);
                    }
                }
                Opcode::SetGlobal => {
                    let value = if instruction.n() == 1 { Word::UNSET } else { get!(instruction.a()) };
                    // SAFETY: words of this module are current.
                    unsafe { self.heap.set_global(instruction.number() as usize, value) };
                }
                Opcode::GetField => {
                    match self.at(get!(instruction.b())).elements().get(instruction.c() as usize) {
                        Some(value) => set!(instruction.a(), value.word()),
                        None => outside!(self.fail(Failure::WRONG_TYPE)),
                    }
                }
                Opcode::SetField => {
                    let (object, value) = (get!(instruction.a()), get!(instruction.c()));
                    self.store(object, instruction.b() as usize, value);
                }

                Opcode::CallStatic => {
                    enter!(instruction.a(), instruction.number() as u32, pc);
                }
                Opcode::CallVirtual => dispatch!(instruction.a(), instruction.number() as u32, pc),
                Opcode::CallBlock => {
                    let block = get!(instruction.a() + 2).as_small();
                    let function = block as usize & ((1 << BLOCK_SHIFT) - 1);
                    match callees.get(function) {
                        Some(callee) if callee.is_block && callee.arity <= u16::from(instruction.n()) => {
                            enter!(instruction.a(), function as u32, pc);
                        }
                        _ => outside!(self.code_invocation_failed(function, instruction.n())),
                    }
                }
                Opcode::TailCall => {
                    // SAFETY: the linker names functions that exist.
                    let callee = unsafe { callees.get_unchecked(instruction.number() as usize) };
                    let count = instruction.n() as usize;
                    if registers.wrapping_add(usize::from(callee.registers).max(count)) > limit {
                        outside!(self.grow_for_tail_call(instruction, *callee));
                    }
                    // SAFETY: the source consists of registers of this frame, and the stack has room for those of the
                    // callee and `CLEAR_GROUP` more words.
                    unsafe {
                        std::ptr::copy(registers.add(instruction.a() as usize), registers, count);
                        clear(registers, count, callee.registers as usize);
                    }
                    let header = get!(-1isize).as_small() >> FRAME_SHIFT << FRAME_SHIFT;
                    set!(-1isize, Word::small(header | i64::from(callee.registers)));
                    pc = code.wrapping_add(callee.entry as usize);
                    leave_for_native!();
                }
                Opcode::EnterLambda => outside!(self.enter_lambda(instruction.n())),
                Opcode::Return | Opcode::ReturnNull => {
                    let value = if opcode == Opcode::Return { get!(instruction.a()) } else { Word::NULL };
                    let return_address = get!(-2isize).as_small();
                    if return_address == BASE {
                        self.save(frame!(), index!(pc));
                        return self.finished(value);
                    }
                    let caller = (get!(-1isize).as_small() >> FRAME_SHIFT) as usize;
                    set!(-2isize, value);
                    // SAFETY: the caller's frame is below.
                    registers = unsafe { base.add(caller) };
                    pc = code.wrapping_add(return_address as usize);
                    leave_for_native!();
                }
                Opcode::Native => {
                    self.save(frame!(), index!(pc));
                    let value = match self.call_native(instruction) {
                        Ok(value) => value,
                        Err(next) => return next,
                    };
                    let return_address = get!(-2isize).as_small();
                    if return_address == BASE {
                        return self.finished(value);
                    }
                    let caller = (get!(-1isize).as_small() >> FRAME_SHIFT) as usize;
                    set!(-2isize, value);
                    // SAFETY: the caller's frame is below.
                    registers = unsafe { base.add(caller) };
                    pc = code.wrapping_add(return_address as usize);
                    if self.context.budget <= 0 {
                        self.save(frame!(), index!(pc));
                        return Next::Stop(Stop::Budget);
                    }
                    leave_for_native!();
                }

                Opcode::Jump => pc = pc.wrapping_offset(instruction.number() as isize),
                Opcode::JumpBack => {
                    pc = pc.wrapping_offset(instruction.number() as isize);
                    self.context.budget -= instruction.charge();
                    if self.context.budget <= 0 {
                        self.save(frame!(), index!(pc));
                        return Next::Stop(Stop::Budget);
                    }
                    leave_for_native!();
                }
                Opcode::JumpIf => {
                    if !get!(instruction.a()).is_falsy() {
                        pc = pc.wrapping_offset(instruction.number() as isize);
                    }
                }
                Opcode::JumpIfNot => {
                    if get!(instruction.a()).is_falsy() {
                        pc = pc.wrapping_offset(instruction.number() as isize);
                    }
                }
                Opcode::JumpIfPresent => {
                    if get!(instruction.a()) != Word::ABSENT {
                        pc = pc.wrapping_offset(instruction.number() as isize);
                    }
                }

                Opcode::Add => arithmetic!(instruction, add, i64::checked_add, |l: f64, r: f64| l + r),
                Opcode::Sub => arithmetic!(instruction, subtract, i64::checked_sub, |l: f64, r: f64| l - r),
                Opcode::Mul => arithmetic!(
                    instruction,
                    multiply,
                    |l: i64, r: i64| (l >> 1).checked_mul(r),
                    |l: f64, r: f64| l * r
                ),
                Opcode::Div => arithmetic!(
                    instruction,
                    divide,
                    // The quotient of the doubled numbers is the quotient itself.
                    |l: i64, r: i64| l.checked_div(r).and_then(|quotient| quotient.checked_mul(2)),
                    |l: f64, r: f64| l / r
                ),
                Opcode::Mod => arithmetic!(instruction, remainder, i64::checked_rem, |l: f64, r: f64| l % r),
                Opcode::BitAnd => bits!(instruction, &),
                Opcode::BitOr => bits!(instruction, |),
                Opcode::BitXor => bits!(instruction, ^),
                Opcode::ShiftLeft => {
                    let (left, right) = (get!(instruction.b()), get!(instruction.c()));
                    if Word::are_ints(left, right) {
                        let by = right.as_small();
                        let shifted = (0..62).contains(&by).then(|| left.raw() << by);
                        if let Some(shifted) = shifted
                            && shifted >> by == left.raw()
                        {
                            set!(instruction.a(), Word::from_raw_int(shifted));
                            pc = pc.wrapping_add(1);
                            continue;
                        }
                    }
                    operator_call!(left, right)
                }
                Opcode::ShiftRight => {
                    let (left, right) = (get!(instruction.b()), get!(instruction.c()));
                    if Word::are_ints(left, right) && right.raw() >= 0 {
                        let by = right.as_small().min(63);
                        set!(instruction.a(), Word::small(left.as_small() >> by));
                        pc = pc.wrapping_add(1);
                        continue;
                    }
                    operator_call!(left, right)
                }
                Opcode::ShiftRightUnsigned => {
                    let (left, right) = (get!(instruction.b()), get!(instruction.c()));
                    if Word::are_ints(left, right) && left.raw() >= 0 && right.raw() >= 0 {
                        let by = right.as_small().min(63);
                        set!(instruction.a(), Word::small(left.as_small() >> by));
                        pc = pc.wrapping_add(1);
                        continue;
                    }
                    operator_call!(left, right)
                }
                Opcode::AddNumber => {
                    let left = get!(instruction.b());
                    let number = i64::from(instruction.c() as i16);
                    if left.is_int()
                        && let Some(result) = left.raw().checked_add(number << 1)
                    {
                        set!(instruction.a(), Word::from_raw_int(result));
                        pc = pc.wrapping_add(1);
                        continue;
                    }
                    let is_subtraction = instruction.n() == 1;
                    let right = Word::small(if is_subtraction { -number } else { number });
                    self.save(frame!(), index!(pc));
                    let result =
                        if is_subtraction { self.subtract(left, right) } else { self.add(left, right) };
                    match result {
                        Operands::Done(value) => {
                            set!(instruction.a(), value);
                            pc = pc.wrapping_add(1);
                        }
                        Operands::Failed(failure) => return self.fail(failure),
                        Operands::NotNumbers => operator_call!(left, right),
                    }
                }
                Opcode::Equal => {
                    let (left, right) = (get!(instruction.b()), get!(instruction.c()));
                    match self.equal(left, right) {
                        Some(result) => {
                            set!(instruction.a(), Word::bool(result));
                            pc = pc.wrapping_add(1);
                        }
                        None => operator_call!(left, right),
                    }
                }
                Opcode::JumpEqual => {
                    let (left, right) = (get!(instruction.a()), get!(instruction.b()));
                    match self.equal(left, right) {
                        Some(result) => jump_after_compare!(instruction, pc, result),
                        None => operator_call!(left, right),
                    }
                }
                Opcode::Less => compare!(instruction.b(), instruction.c(), <, |result| {
                    set!(instruction.a(), Word::bool(result));
                    pc = pc.wrapping_add(1);
                }),
                Opcode::LessEqual => compare!(instruction.b(), instruction.c(), <=, |result| {
                    set!(instruction.a(), Word::bool(result));
                    pc = pc.wrapping_add(1);
                }),
                Opcode::Greater => compare!(instruction.b(), instruction.c(), >, |result| {
                    set!(instruction.a(), Word::bool(result));
                    pc = pc.wrapping_add(1);
                }),
                Opcode::GreaterEqual => {
                    compare!(instruction.b(), instruction.c(), >=, |result| {
                        set!(instruction.a(), Word::bool(result));
                        pc = pc.wrapping_add(1);
                    })
                }
                Opcode::JumpLess => compare!(instruction.a(), instruction.b(), <, |result| {
                    jump_after_compare!(instruction, pc, result)
                }),
                Opcode::JumpLessEqual => {
                    compare!(instruction.a(), instruction.b(), <=, |result| {
                        jump_after_compare!(instruction, pc, result)
                    })
                }
                Opcode::JumpGreater => compare!(instruction.a(), instruction.b(), >, |result| {
                    jump_after_compare!(instruction, pc, result)
                }),
                Opcode::JumpGreaterEqual => {
                    compare!(instruction.a(), instruction.b(), >=, |result| {
                        jump_after_compare!(instruction, pc, result)
                    })
                }
                Opcode::Index => {
                    let (object, index) = (get!(instruction.b()), get!(instruction.c()));
                    match self.element(object, index) {
                        Some(value) => {
                            set!(instruction.a(), value);
                            pc = pc.wrapping_add(1);
                        }
                        None => operator_call!(object, index),
                    }
                }
                Opcode::IndexPut => {
                    let (object, index) = (get!(instruction.a()), get!(instruction.b()));
                    let value = get!(instruction.c());
                    if self.set_element(object, index, value) {
                        pc = pc.wrapping_add(1);
                        continue;
                    }
                    // SAFETY: an operator is followed by a `Slow`.
                    let call_base = unsafe { *pc }.a();
                    set!(call_base + 4, value);
                    operator_call!(object, index)
                }
                Opcode::Slow => {
                    // SAFETY: this word follows the operator whose call has returned here.
                    let operator = unsafe { *pc.sub(2) };
                    let result = get!(instruction.a());
                    match operator.opcode() {
                        Some(
                            Opcode::JumpEqual
                            | Opcode::JumpLess
                            | Opcode::JumpLessEqual
                            | Opcode::JumpGreater
                            | Opcode::JumpGreaterEqual,
                        ) => jump_after_compare!(operator, pc.wrapping_sub(1), !result.is_falsy()),
                        Some(Opcode::IndexPut) => {}
                        _ => set!(operator.a(), result),
                    }
                }
                Opcode::Identical => {
                    let result = self.identical(get!(instruction.b()), get!(instruction.c()));
                    set!(instruction.a(), Word::bool(result));
                }
                Opcode::Is => {
                    let result = self.passes(get!(instruction.b()), instruction.c() as usize);
                    set!(instruction.a(), Word::bool(result));
                }
                Opcode::As => {
                    let value = get!(instruction.a());
                    if !self.passes(value, instruction.number() as usize) {
                        outside!(self.as_check_failed(value, instruction.number() as usize));
                    }
                }

                Opcode::NewObject => {
                    let class = ClassIndex(instruction.number() as u32);
                    allocate!(instruction.a(), self.heap.new_instance(class).map(|object| object.word()))
                }
                Opcode::NewList => {
                    allocate!(instruction.a(), self.new_list(instruction.number() as usize))
                }
                Opcode::AppendList => {
                    let first = frame!() + instruction.b() as usize;
                    self.append(get!(instruction.a()), first, instruction.c() as usize);
                }
                Opcode::NewBytes => outside!(self.new_bytes_from_list(instruction.a())),
                Opcode::Concat => {
                    self.save(frame!(), index!(pc));
                    let first = self.position.register(instruction.b() as usize);
                    match self.heap.concat(first, instruction.c() as usize) {
                        Ok(Some(text)) => {
                            let length = text.heap().whole_string(text.as_ref()).map_or(0, str::len);
                            let word = text.word();
                            set!(instruction.a(), word);
                            self.charge_bytes(length);
                        }
                        Ok(None) => return self.fail(Failure::WRONG_TYPE),
                        Err(OutOfMemory) => return self.fail(Failure::OutOfMemory),
                    }
                }
                Opcode::NewLambda => {
                    let captures = instruction.n() as usize;
                    let first = frame!() + instruction.a() as usize;
                    allocate!(instruction.a(), self.new_lambda(instruction.number(), first, captures))
                }
                Opcode::NewBlock => {
                    let block = (frame!() as i64) << BLOCK_SHIFT | i64::from(instruction.number());
                    set!(instruction.a(), Word::small(block));
                }

                Opcode::Exit => {
                    // SAFETY: as for `GetOuter`.
                    let home = unsafe { outer(base, registers, instruction.n()) };
                    // SAFETY: the frame is on this stack; a `Target` follows.
                    let (home, target) = unsafe { (home.offset_from(base) as usize, *pc) };
                    let completion = Completion::Exit {
                        frame: home,
                        value: get!(instruction.a()),
                        address: target.number() as usize,
                        register: instruction.b(),
                    };
                    outside!(self.unwind(completion))
                }
                Opcode::ReturnOuter => {
                    // SAFETY: as for `GetOuter`.
                    let home = unsafe { outer(base, registers, instruction.n()) };
                    // SAFETY: the frame is on this stack.
                    let home = unsafe { home.offset_from(base) } as usize;
                    let completion = Completion::Return { frame: home, value: get!(instruction.a()) };
                    outside!(self.unwind(completion))
                }
                Opcode::IsException => {
                    let is_exception = get!(instruction.b()) == unwind::EXCEPTION;
                    set!(instruction.a(), Word::bool(is_exception));
                }
                Opcode::GetException => {
                    let is_exception = get!(instruction.b()) == unwind::EXCEPTION;
                    let value = if is_exception { get!(instruction.b() + 1) } else { Word::NULL };
                    set!(instruction.a(), value);
                }
                Opcode::EndFinally => {
                    if get!(instruction.a()) != unwind::NORMAL {
                        outside!(self.end_finally(instruction.a()));
                    }
                }
                Opcode::Target | Opcode::Unreachable => outside!(self.invalid_program()),
            }
        }
    }
}

/// Clears the registers from `first` to `end`, so that the collector does not take old words in them for references.
/// May also clear up to `CLEAR_GROUP - 1` words from `end` on, which must not be in use.
///
/// # Safety
/// There must be `end` registers and [`CLEAR_GROUP`] more words.
#[inline(always)]
unsafe fn clear(registers: *mut Word, first: usize, end: usize) {
    let mut index = first;
    while index < end {
        // Frames are small: most take one or two rounds.
        // SAFETY: promised by the caller.
        unsafe { registers.add(index).cast::<[Word; CLEAR_GROUP]>().write([Word::NULL; CLEAR_GROUP]) };
        index += CLEAR_GROUP;
    }
}

/// Returns the address of register 0 of the frame that is `depth` blocks further out.
///
/// # Safety
/// Every frame on the way, except the last, must belong to a block and have the block in its register 0.
#[inline(always)]
unsafe fn outer(base: *mut Word, mut registers: *mut Word, depth: u8) -> *mut Word {
    for _ in 0..depth {
        // SAFETY: promised by the caller; a block holds the offset of a frame of this stack.
        registers = unsafe { base.add(((*registers).as_small() >> BLOCK_SHIFT) as usize) };
    }
    registers
}
