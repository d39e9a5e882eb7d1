//! Unwinding: leaves frames by an exception, an exit to an address, or a return out of a block.
//!
//! All three walk up the stack. If the current address of a frame is in a `try`, the completion is stored in the four
//! registers of the innermost such `try`, and its `finally` part runs. [`Opcode::EndFinally`] then continues the stored
//! completion.
//!
//! [`Opcode::EndFinally`]: lucarne_compiler::program::bytecode::Opcode::EndFinally

use lucarne_compiler::program::{Class, ClassIndex, Handler, Program};
use lucarne_compiler::source::LIBRARY_PREFIX;

use super::{BASE, FRAME_SHIFT, Interpreter, Next, Stop};
use crate::trace::{self, Trace};
use lucarne_heap::{Handle, Kept, OutOfMemory, Ref, Word};
use lucarne_natives::Failure;

/// The kinds of completions: the values of the first of the four registers. The kind is `NORMAL` if the `finally` part
/// was entered without a completion.
pub(super) const NORMAL: Word = Word::small(0);
pub(super) const EXCEPTION: Word = Word::small(1);
const EXIT: Word = Word::small(2);
const RETURN: Word = Word::small(3);

/// The number of bits of a register's number. For an exit, the fourth register holds
/// `address << TARGET_SHIFT | register`.
const TARGET_SHIFT: u32 = 16;

/// A completion that unwinding carries up the stack.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Completion {
    /// Unwinds with this `Exception_` until a `finally` part stops it.
    Exception(Word),
    /// Continues at an address in a frame, after storing a value in one of the frame's registers.
    Exit { frame: usize, value: Word, address: usize, register: u16 },
    /// Returns a value from a frame.
    Return { frame: usize, value: Word },
}

impl Interpreter<'_> {
    /// Unwinds up to the next `finally` part, or to the target of the completion.
    pub(super) fn unwind(&mut self, completion: Completion) -> Next {
        loop {
            let place = self.position.pc as u32 - 1;
            if let Some(handler) = self.handler_at(place, completion) {
                self.note(handler, completion);
                self.position.pc = handler.target as usize;
                self.set_top();
                return Next::Continue;
            }
            match completion {
                Completion::Exit { frame, value, address, register } if frame == self.position.frame => {
                    self.set_register(usize::from(register), value);
                    self.position.pc = address;
                    self.set_top();
                    return Next::Continue;
                }
                Completion::Return { frame, value } if frame == self.position.frame => {
                    return self.leave_frame(value);
                }
                _ => {}
            }
            let frame = self.position.frame;
            let stack = self.stack();
            let return_address = stack.get(frame - 2).as_small();
            if return_address == BASE {
                return Next::Stop(Stop::Uncaught(self.describe(completion)));
            }
            self.position.frame = (stack.get(frame - 1).as_small() >> FRAME_SHIFT) as usize;
            self.position.pc = return_address as usize;
        }
    }

    /// Returns the innermost handler whose `try` part contains `place` and does not contain the target of the
    /// completion.
    fn handler_at(&self, place: u32, completion: Completion) -> Option<Handler> {
        let program = self.program.program();
        let function = &program.functions[self.program.function_at(place).0 as usize];
        let range = function.handlers.0 as usize..function.handlers.1 as usize;
        let covers = |handler: &&Handler, place: u32| handler.from <= place && place < handler.to;
        let leaves = |handler: &&Handler| match completion {
            Completion::Exit { frame, address, .. } if frame == self.position.frame => {
                !covers(handler, address as u32)
            }
            _ => true,
        };
        program.handlers[range].iter().find(|handler| covers(handler, place) && leaves(handler)).copied()
    }

    fn note(&mut self, handler: Handler, completion: Completion) {
        let first = usize::from(handler.completion);
        let small = |value: usize| Word::small(value as i64);
        let words = match completion {
            Completion::Exception(exception) => [EXCEPTION, exception, small(0), small(0)],
            Completion::Exit { frame, value, address, register } => {
                [EXIT, value, small(frame), small(address << TARGET_SHIFT | usize::from(register))]
            }
            Completion::Return { frame, value } => [RETURN, value, small(frame), small(0)],
        };
        for (index, word) in words.into_iter().enumerate() {
            self.set_register(first + index, word);
        }
    }

    /// Continues the completion that a `finally` part has interrupted. The kind must not be `NORMAL`.
    pub(super) fn end_finally(&mut self, first: u16) -> Next {
        let first = usize::from(first);
        let value = self.register(first + 1);
        let frame = self.register(first + 2).as_small() as usize;
        let target = self.register(first + 3).as_small() as usize;
        let completion = match self.register(first) {
            EXCEPTION => Completion::Exception(value),
            EXIT => Completion::Exit {
                frame,
                value,
                address: target >> TARGET_SHIFT,
                register: (target & ((1 << TARGET_SHIFT) - 1)) as u16,
            },
            _ => Completion::Return { frame, value },
        };
        self.unwind(completion)
    }

    // ------------------------------------------------------------------ throwing

    /// Throws the error of a failed native or instruction.
    pub(super) fn fail(&mut self, failure: Failure) -> Next {
        self.fail_with_detail(failure, String::new())
    }

    /// Throws an error. `detail` is printed at the start of its trace.
    fn fail_with_detail(&mut self, failure: Failure, detail: String) -> Next {
        let detail = match &failure {
            Failure::Detailed { detail, .. } => detail.clone(),
            _ => detail,
        };
        match self.failure_value(failure) {
            Ok(value) => self.throw(value, Word::NULL, &detail),
            Err(OutOfMemory) => self.out_of_memory(),
        }
    }

    /// Returns the value that a failure throws.
    pub(super) fn failure_value(&mut self, failure: Failure) -> Result<Word, OutOfMemory> {
        match failure {
            Failure::Error(text) => Ok(self.heap.new_string(text)?.word()),
            Failure::Detailed { error, .. } => Ok(self.heap.new_string(&error)?.word()),
            Failure::Message(text) => Ok(self.heap.new_string(&text)?.word()),
            // There is usually room for this short string, since it is mostly large objects that do not fit.
            Failure::OutOfMemory => Ok(self.heap.new_string("OUT_OF_MEMORY")?.word()),
        }
    }

    /// Throws a value. If the trace is null, captures a trace of the current stack.
    fn throw(&mut self, value: Word, trace: Word, detail: &str) -> Next {
        let scope = self.heap.scope();
        let value = self.keep(value);
        let trace = self.keep(trace);
        let thrown = self.new_exception(value, trace, detail);
        self.heap.end_scope(scope);
        match thrown {
            Ok(exception) => self.unwind(Completion::Exception(exception)),
            Err(OutOfMemory) => self.out_of_memory(),
        }
    }

    /// Throws a value in a task that is not running, such as one that waits for an effect.
    pub(crate) fn throw_value(&mut self, value: Handle, trace: Handle) -> Option<Stop> {
        let (value, trace) = (self.heap.get(value).word(), self.heap.get(trace).word());
        match self.throw(value, trace, "") {
            Next::Continue => None,
            Next::Stop(stop) => Some(stop),
        }
    }

    fn new_exception(&mut self, value: Kept, trace: Kept, detail: &str) -> Result<Word, OutOfMemory> {
        let trace = if self.heap.get(trace).is_null() {
            let bytes = self.capture(detail).encode();
            self.heap.new_bytes_from(&bytes)?.keep()
        } else {
            trace
        };
        let class = self.heap.builtins().exception;
        let mut exception = self.heap.new_instance(class)?;
        exception.set(0, value);
        exception.set(1, trace);
        Ok(exception.word())
    }

    /// Throws the preallocated exception, since memory is too short to create another one. Leaving frames of the task
    /// may free memory. Stops if the heap is broken and so has no such exception.
    fn out_of_memory(&mut self) -> Next {
        let exception = self.heap.out_of_memory_exception();
        if exception == Word::NULL {
            return Next::Stop(Stop::Broken);
        }
        self.unwind(Completion::Exception(exception))
    }

    /// Captures a trace: `detail` and the addresses of the innermost `FRAMES_MAX` calls.
    pub(crate) fn capture(&self, detail: &str) -> Trace {
        Trace { detail: detail.to_string(), addresses: self.addresses().take(trace::FRAMES_MAX).collect() }
    }

    /// Returns whether a function is in the current call stack.
    pub(crate) fn is_under_way(&self, function: lucarne_compiler::program::FunctionIndex) -> bool {
        self.places().any(|address| self.program.function_at(address) == function)
    }

    /// Makes the globals unset whose initializers are in the current call stack, which will not go on: the next read begins
    /// again.
    pub(crate) fn abandon_initializations(&mut self) {
        let globals = &self.program.program().globals;
        for (index, global) in globals.iter().enumerate() {
            let is_in_progress = self.heap.global(index) == Word::IN_PROGRESS;
            if is_in_progress && global.initializer.is_some_and(|function| self.is_under_way(function)) {
                // SAFETY: `UNSET` is a mark, not a reference to an object.
                unsafe { self.heap.set_global(index, Word::UNSET) };
            }
        }
    }

    /// Returns the addresses of the calls in the current stack, innermost first. That of the innermost one is where it goes
    /// on, which may be the first instruction of its function.
    pub(crate) fn places(&self) -> impl Iterator<Item = u32> {
        std::iter::once(self.position.pc as u32).chain(self.addresses().skip(1))
    }

    /// Returns the addresses of the calls in the current stack, innermost first.
    pub(super) fn addresses(&self) -> impl Iterator<Item = u32> {
        let stack = self.stack();
        let mut frame = self.position.frame;
        let callers = std::iter::from_fn(move || {
            let return_address = stack.get(frame - 2).as_small();
            if return_address == BASE {
                return None;
            }
            frame = (stack.get(frame - 1).as_small() >> FRAME_SHIFT) as usize;
            Some(return_address as u32 - 1)
        });
        std::iter::once(self.position.pc as u32 - 1).chain(callers)
    }

    fn describe(&self, completion: Completion) -> String {
        let Completion::Exception(exception) = completion else {
            return "return or exit to a frame that has ended".into();
        };
        let value = self.at(exception).elements().first().copied().unwrap_or(Ref::NULL);
        match self.heap.string(value) {
            Some(text) => text.to_string(),
            None => format!("{value:?}"),
        }
    }

    #[cold]
    pub(super) fn look_up_failed(&mut self, class: ClassIndex, selector: u32) -> Next {
        let program = self.program.program();
        let selectors = &program.selectors;
        let place = selectors.binary_search_by_key(&selector, |(offset, _)| *offset);
        let name = place.map_or("?", |place| selectors[place].1.as_str());
        let is_final = program
            .final_fields
            .iter()
            .any(|(offset, declaring)| *offset == selector && program.is_subclass(class, *declaring));
        let class = known_class(program, class);
        if is_final {
            let detail =
                format!("FINAL_FIELD_ASSIGNMENT_FAILED error.\nField '{name}' of class '{class}' is final");
            return self.fail_with_detail(Failure::Error("FINAL_FIELD_ASSIGNMENT_FAILED"), detail);
        }
        let detail = format!(
            "LOOKUP_FAILED error.\nClass '{class}' does not have any method '{name}' that takes these arguments"
        );
        self.fail_with_detail(Failure::Error("LOOKUP_FAILED"), detail)
    }

    #[cold]
    pub(super) fn as_check_failed(&mut self, value: Word, check: usize) -> Next {
        let program = self.program.program();
        let wanted = program.checks.get(check).map_or("?", |check| check.name());
        let class = self.heap.class(self.at(value));
        let found = known_class(program, class);
        let found = if value == Word::NULL { "null" } else { found };
        let detail =
            format!("AS_CHECK_FAILED error.\nExpected a value of type '{wanted}', got one of '{found}'");
        self.fail_with_detail(Failure::Error("AS_CHECK_FAILED"), detail)
    }

    #[cold]
    pub(super) fn code_invocation_failed(&mut self, function: usize, given: u8) -> Next {
        let callee = self.program.callees().get(function);
        let detail = callee.map_or_else(String::new, |callee| {
            let (kind, own) = if callee.is_block { ("block", 1) } else { ("lambda", callee.captures) };
            let given = if callee.is_block { given.saturating_sub(1) } else { given };
            let expected = callee.arity - own;
            format!(
                "CODE_INVOCATION_FAILED error.\nThe {kind} takes {expected} arguments and was called with {given}"
            )
        });
        self.fail_with_detail(Failure::Error("CODE_INVOCATION_FAILED"), detail)
    }

    #[cold]
    pub(super) fn no_such_native(&mut self, index: usize) -> Next {
        let (module, name) = &self.program.program().natives[index];
        let detail = format!("PRIMITIVE_LOOKUP_FAILED error.\nThere is no primitive {module}.{name}");
        self.fail_with_detail(Failure::Error("PRIMITIVE_LOOKUP_FAILED"), detail)
    }

    #[cold]
    pub(super) fn invalid_program(&mut self) -> Next {
        self.fail(Failure::Error("INVALID_PROGRAM"))
    }
}

/// Returns the name of a class as programs know it: for a private class of the library, such as `String_`, that of its public
/// superclass.
fn known_class(program: &Program, class: ClassIndex) -> &str {
    let class_at = |index: ClassIndex| program.classes.get(index.0 as usize);
    let Some(class) = class_at(class) else { return "?" };
    let is_private = |class: &Class| {
        let source = program.sources.get(class.source as usize);
        class.name.ends_with('_') && source.is_some_and(|source| source.path.starts_with(LIBRARY_PREFIX))
    };
    let superclass = |class: &&Class| class_at(class.superclass?);
    let known = std::iter::successors(Some(class), superclass).find(|class| !is_private(class));
    match known {
        Some(known) if known.superclass.is_some() => &known.name,
        // An interface, such as `ByteArray`.
        _ => {
            let public = class.name.trim_end_matches('_');
            let is_declared = is_private(class) && program.classes.iter().any(|class| class.name == public);
            if is_declared { public } else { &class.name }
        }
    }
}
