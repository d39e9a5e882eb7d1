//! Entering and leaving machine code, and the steps that machine code requests from the interpreter.

use std::cmp::Ordering;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use lucarne_compiler::program::FunctionIndex;
use lucarne_compiler::program::bytecode::Opcode;
use lucarne_heap::Word;
use lucarne_native::{Context, Entry, Helpers, Reason};

use super::{BASE, CLEAR_GROUP, FRAME_SHIFT, Interpreter, Next, Position, Stop};

/// The functions that machine code calls.
pub(crate) const HELPERS: Helpers =
    Helpers { step, native, compare, element, set_element, set_field, identical };

/// The maximum number of bytes of the thread's own stack that calls between compiled functions take.
const THREAD_BYTES: usize = 256 << 10;

impl Interpreter<'_> {
    /// Returns the entry of machine code at the current position, if there is one.
    #[inline(always)]
    pub(super) fn native_entry(&self) -> Option<Entry> {
        let native = self.native?;
        let pc = self.position.pc;
        native.entry(pc).or_else(|| {
            native.compile_on_call(|| self.program.function_at(pc as u32));
            native.entry(pc)
        })
    }

    /// Runs machine code from the position, and does what it cannot do.
    pub(super) fn run_native(&mut self, entry: Entry) -> Next {
        let position = self.position;
        let return_address = self.stack().get(position.frame - 2).as_small();
        let caller = (self.stack().get(position.frame - 1).as_small() >> FRAME_SHIFT) as usize;
        let stack = self.stack_mut();
        let base = stack.base();
        let limit = base.wrapping_add(stack.len().saturating_sub(CLEAR_GROUP));
        self.context.base = base;
        self.context.limit = limit;
        // SAFETY: machine code writes words as the interpreter does, and leaves globals in progress to it.
        self.context.globals = unsafe { self.heap.globals_address() };
        self.context.young = self.heap.young_address();
        let here = 0u8;
        self.context.thread_limit = (&raw const here as usize).saturating_sub(THREAD_BYTES);
        let this: *mut Self = self;
        // SAFETY: `this` is valid. From here to the return of the code, only the code and the helpers use it.
        unsafe { (*this).context.owner = this.cast() };
        // SAFETY: the frame is on this stack, and belongs to the function of the entry; the context was just filled.
        let has_returned =
            unsafe { entry.resume(&raw mut (*this).context, base.add(position.frame), position.pc) };
        if has_returned {
            if return_address == BASE {
                let value = self.stack().get(position.frame - 2);
                return self.finished(value);
            }
            self.save(caller, return_address as usize);
            if self.native_entry().is_none() {
                self.crossed(self.program.function_at(return_address as u32));
            }
            return Next::Continue;
        }
        match Reason::from_number(self.context.reason) {
            Reason::Stepped => {
                let stepped = std::mem::replace(&mut self.stepped, Ok(Next::Continue));
                stepped.unwrap_or_else(|panic| resume_unwind(panic))
            }
            Reason::Enter => self.enter_from_native(),
            Reason::Budget => {
                self.leave_native();
                Next::Stop(Stop::Budget)
            }
            Reason::Interpret => {
                self.leave_native();
                self.run_fast::<false>()
            }
        }
    }

    /// Notes that control has passed between machine code and a function that is interpreted.
    fn crossed(&self, function: FunctionIndex) {
        if let Some(native) = self.native {
            native.crossed(function);
        }
    }

    /// Takes over the position at which machine code has left.
    fn leave_native(&mut self) {
        let frame = self.offset(self.context.registers);
        self.save(frame, self.context.pc as usize);
    }

    /// Returns the offset of a register of the current stack.
    fn offset(&self, register: *mut Word) -> usize {
        (register as usize - self.context.base as usize) / size_of::<Word>()
    }

    /// Enters the function that machine code has called and that has no code, or whose frame needs a larger stack.
    fn enter_from_native(&mut self) -> Next {
        let new_frame = self.offset(self.context.registers);
        let caller = (self.context.caller >> 1) as usize >> FRAME_SHIFT;
        let return_address = self.stack().get(new_frame - 2).as_small() as usize;
        self.save(caller, return_address);
        let function = FunctionIndex(self.context.function as u32);
        self.crossed(function);
        let callee = self.program.callees()[function.0 as usize];
        self.enter_with_growth(new_frame - caller - 2, callee, return_address)
    }
}

/// Returns the interpreter that has entered the machine code.
///
/// # Safety
/// The context must be the one that the code was entered with.
unsafe fn owner<'a, 'h: 'a>(context: *mut Context) -> &'a mut Interpreter<'h> {
    // SAFETY: `run_native` has set the owner, and waits for the code to return.
    unsafe { &mut *(*context).owner.cast::<Interpreter<'h>>() }
}

/// Does a step for machine code. Returns 1 if the step returns none: the code then goes on. Returns 0 if the code must
/// return to the interpreter first. A panic, which must not unwind through machine code, goes on in `run_native`.
///
/// # Safety
/// As for [`owner`].
unsafe fn make_step(context: *mut Context, step: impl FnOnce(&mut Interpreter<'_>) -> Option<Next>) -> u64 {
    // SAFETY: promised by the caller.
    let interpreter = unsafe { owner(context) };
    let outcome = match catch_unwind(AssertUnwindSafe(|| step(interpreter))) {
        Ok(None) => return 1,
        Ok(Some(next)) => Ok(next),
        Err(panic) => Err(panic),
    };
    // SAFETY: as above; the step has ended.
    let interpreter = unsafe { owner(context) };
    interpreter.context.reason = Reason::Stepped as u64;
    interpreter.stepped = outcome;
    0
}

/// See [`Helpers::step`].
unsafe extern "C" fn step(context: *mut Context, registers: *mut Word, pc: u64) -> u64 {
    let step = |interpreter: &mut Interpreter<'_>| {
        let (frame, pc) = (interpreter.offset(registers), pc as usize);
        interpreter.save(frame, pc);
        let next = interpreter.run_fast::<true>();
        let is_operator = interpreter.program.program().code[pc].opcode().is_some_and(Opcode::is_operator);
        let after = pc + if is_operator { 2 } else { 1 };
        let Position { frame: new_frame, pc: new_pc, .. } = interpreter.position;
        let goes_on = matches!(next, Next::Continue) && (new_frame, new_pc) == (frame, after);
        (!goes_on).then_some(next)
    };
    // SAFETY: called from machine code, with its context.
    unsafe { make_step(context, step) }
}

/// See [`Helpers::native`].
unsafe extern "C" fn native(context: *mut Context, registers: *mut Word, pc: u64) -> u64 {
    let step = |interpreter: &mut Interpreter<'_>| {
        let (frame, pc) = (interpreter.offset(registers), pc as usize);
        let instruction = interpreter.program.program().code[pc];
        interpreter.save(frame, pc + 1);
        match interpreter.call_native(instruction) {
            Ok(value) if interpreter.context.budget > 0 => {
                interpreter.stack_mut().set(frame - 2, value);
                None
            }
            Ok(value) => match interpreter.leave_frame(value) {
                Next::Continue => Some(Next::Stop(Stop::Budget)),
                finished => Some(finished),
            },
            Err(next) => Some(next),
        }
    };
    // SAFETY: called from machine code, with its context.
    unsafe { make_step(context, step) }
}

/// See [`Helpers::compare`].
unsafe extern "C" fn compare(context: *mut Context, left: Word, right: Word, opcode: u64) -> u64 {
    const UNKNOWN: u64 = 2;
    // SAFETY: called from machine code, with its context.
    let interpreter = unsafe { owner(context) };
    let opcode = Opcode::from_byte(opcode as u8);
    let is_ordered: fn(Ordering) -> bool = match opcode {
        Some(Opcode::Equal | Opcode::JumpEqual) => {
            return interpreter.equal(left, right).map_or(UNKNOWN, u64::from);
        }
        Some(Opcode::Less | Opcode::JumpLess) => Ordering::is_lt,
        Some(Opcode::LessEqual | Opcode::JumpLessEqual) => Ordering::is_le,
        Some(Opcode::Greater | Opcode::JumpGreater) => Ordering::is_gt,
        _ => Ordering::is_ge,
    };
    match (interpreter.number(left), interpreter.number(right)) {
        (Some(left), Some(right)) => u64::from(left.compare(right).is_some_and(is_ordered)),
        _ => UNKNOWN,
    }
}

/// See [`Helpers::element`].
unsafe extern "C" fn element(context: *mut Context, object: Word, index: Word) -> Word {
    // SAFETY: called from machine code, with its context.
    let interpreter = unsafe { owner(context) };
    interpreter.element(object, index).unwrap_or(Word::ABSENT)
}

/// See [`Helpers::set_element`].
unsafe extern "C" fn set_element(context: *mut Context, object: Word, index: Word, value: Word) -> u64 {
    // SAFETY: called from machine code, with its context.
    let interpreter = unsafe { owner(context) };
    u64::from(interpreter.set_element(object, index, value))
}

/// See [`Helpers::set_field`].
unsafe extern "C" fn set_field(context: *mut Context, object: Word, index: u64, value: Word) {
    // SAFETY: called from machine code, with its context.
    let interpreter = unsafe { owner(context) };
    interpreter.store(object, index as usize, value);
}

/// See [`Helpers::identical`].
unsafe extern "C" fn identical(context: *mut Context, left: Word, right: Word) -> u64 {
    // SAFETY: called from machine code, with its context.
    let interpreter = unsafe { owner(context) };
    u64::from(interpreter.identical(left, right))
}
