//! The parts of instructions that are not in the interpreter's loop but in functions: rare ones, and those that work on
//! objects.

use lucarne_compiler::program::Literal;
use lucarne_compiler::program::bytecode::Instruction;

use super::{CLEAR_GROUP, FRAME_SHIFT, Interpreter, Next, Stop};
use lucarne_heap::{FRAME_WORDS, Immediate, OutOfMemory, Word};
use lucarne_natives::Failure;

use crate::program::Callee;

impl Interpreter<'_> {
    /// Enters a function after making room for its frame.
    #[cold]
    pub(super) fn enter_with_growth(
        &mut self,
        call_base: usize,
        callee: Callee,
        return_address: usize,
    ) -> Next {
        let frame = self.position.frame;
        let new_frame = frame + call_base + FRAME_WORDS;
        let stack = self.stack_mut();
        if stack.grow(new_frame + usize::from(callee.registers) + CLEAR_GROUP).is_err() {
            return self.fail(Failure::Error("STACK_OVERFLOW"));
        }
        let header = (frame as i64) << FRAME_SHIFT | i64::from(callee.registers);
        stack.set(frame + call_base, Word::small(return_address as i64));
        stack.set(frame + call_base + 1, Word::small(header));
        for index in usize::from(callee.arity)..usize::from(callee.registers) {
            stack.set(new_frame + index, Word::NULL);
        }
        self.position.frame = new_frame;
        self.position.pc = callee.entry as usize;
        self.set_top();
        self.context.budget -= 1;
        if self.context.budget <= 0 { Next::Stop(Stop::Budget) } else { Next::Continue }
    }

    /// Makes room for the frame of a tail call. The loop then executes the instruction again.
    #[cold]
    pub(super) fn grow_for_tail_call(&mut self, instruction: Instruction, callee: Callee) -> Next {
        let registers = usize::from(callee.registers).max(instruction.n() as usize);
        let words = self.position.frame + registers + CLEAR_GROUP;
        if self.stack_mut().grow(words).is_err() {
            return self.fail(Failure::Error("STACK_OVERFLOW"));
        }
        self.position.pc -= 1;
        Next::Continue
    }

    /// Turns the frame of `Lambda.call` into a frame of the lambda's function.
    pub(super) fn enter_lambda(&mut self, arguments: u8) -> Next {
        let lambda = self.register(0);
        let words = self.at(lambda).elements();
        let Some(function) = words.first().map(|word| word.word().as_small() as usize) else {
            return self.fail(Failure::WRONG_TYPE);
        };
        let captures = words.len() - 1;
        let callee = self.program.callees()[function];
        let given = usize::from(arguments);
        if usize::from(callee.arity) > captures + given {
            return self.code_invocation_failed(function, arguments);
        }
        let frame = self.position.frame;
        let room = usize::from(callee.registers).max(captures + given);
        if self.stack_mut().grow(frame + room).is_err() {
            return self.fail(Failure::Error("STACK_OVERFLOW"));
        }
        for index in 0..given {
            // Arguments that move up are moved from the last to the first, and arguments that move down from the first
            // to the last, so that none is overwritten before it has moved.
            let index = if captures > 0 { given - 1 - index } else { index };
            let argument = self.register(1 + index);
            self.set_register(captures + index, argument);
        }
        for index in 0..captures {
            let capture = self.at(lambda).elements()[1 + index].word();
            self.set_register(index, capture);
        }
        let words = self.stack_mut();
        let header = words.get(frame - 1).as_small() >> FRAME_SHIFT << FRAME_SHIFT;
        words.set(frame - 1, Word::small(header | i64::from(callee.registers)));
        for index in usize::from(callee.arity)..usize::from(callee.registers) {
            words.set(frame + index, Word::NULL);
        }
        self.position.pc = callee.entry as usize;
        self.set_top();
        Next::Continue
    }

    pub(super) fn copy_literal(&mut self, index: usize) -> Result<Word, OutOfMemory> {
        match &self.program.program().literals[index] {
            Literal::Bytes(bytes) => Ok(self.heap.new_bytes_from(bytes)?.word()),
            _ => Ok(self.program.objects().literal(index)),
        }
    }

    pub(super) fn new_list(&mut self, capacity: usize) -> Result<Word, OutOfMemory> {
        let scope = self.heap.scope();
        let array = self.heap.new_array(capacity)?.keep();
        let class = self.heap.builtins().list;
        let list = self.heap.new_instance(class).map(|mut list| {
            list.set(0, array);
            list.set(1, Immediate::small(0));
            list.word()
        });
        self.heap.end_scope(scope);
        list
    }

    /// Appends the values of registers to a list that a list literal creates. The list must have room for them.
    pub(super) fn append(&mut self, list: Word, first: usize, count: usize) {
        let (array, size) = match *self.at(list).elements() {
            [array, size, ..] => (array.word(), size.word().as_small()),
            _ => return,
        };
        for index in 0..count {
            let value = self.stack().get(first + index);
            self.store(array, size as usize + index, value);
        }
        self.store(list, 1, Word::small(size + count as i64));
    }

    pub(super) fn new_bytes_from_list(&mut self, register: u16) -> Next {
        let list = self.register(usize::from(register));
        let (array, size) = match *self.at(list).elements() {
            [array, size, ..] => (array, size.word().as_small() as usize),
            _ => return self.fail(Failure::WRONG_TYPE),
        };
        let elements = array.elements().iter().take(size);
        let bytes: Option<Vec<u8>> =
            elements.map(|element| self.heap.int(*element).map(|int| int as u8)).collect();
        let Some(bytes) = bytes else { return self.fail(Failure::WRONG_TYPE) };
        match self.heap.new_bytes_from(&bytes).map(|bytes| bytes.word()) {
            Ok(word) => {
                self.set_register(usize::from(register), word);
                Next::Continue
            }
            Err(OutOfMemory) => self.fail(Failure::OutOfMemory),
        }
    }

    pub(super) fn new_lambda(
        &mut self,
        function: i32,
        first: usize,
        captures: usize,
    ) -> Result<Word, OutOfMemory> {
        let lambda = self.heap.new_lambda(captures)?.word();
        self.store(lambda, 0, Word::small(i64::from(function)));
        for index in 0..captures {
            let capture = self.stack().get(first + index);
            self.store(lambda, 1 + index, capture);
        }
        Ok(lambda)
    }

    /// Returns whether a value passes a type check.
    #[inline(always)]
    pub(super) fn passes(&self, value: Word, check: usize) -> bool {
        let check = &self.program.program().checks[check];
        if value == Word::NULL { check.is_nullable() } else { check.admits(self.heap.class(self.at(value))) }
    }

    /// Returns an element of a list, of an array, or of a byte array that is in one piece. Returns none if the access
    /// fails or needs a method.
    #[inline(always)]
    pub(super) fn element(&self, object: Word, index: Word) -> Option<Word> {
        if !index.is_int() || !object.is_pointer() {
            return None;
        }
        let index = usize::try_from(index.as_small()).ok()?;
        let object = self.at(object);
        let class = self.heap.class(object);
        let builtins = self.heap.builtins();
        if class == builtins.list {
            return match *object.elements() {
                [array, size, ..] if (index as i64) < size.word().as_small() => {
                    array.elements().get(index).map(|element| element.word())
                }
                _ => None,
            };
        }
        if class == builtins.array {
            return object.elements().get(index).map(|element| element.word());
        }
        if class == builtins.bytes {
            return self.heap.whole_bytes(object)?.get(index).map(|byte| Word::small(i64::from(*byte)));
        }
        None
    }

    /// Stores an element of a list, of an array, or of a byte array that is in one piece. Returns false, and stores
    /// nothing, if the access fails or needs a method.
    #[inline(always)]
    pub(super) fn set_element(&mut self, object: Word, index: Word, value: Word) -> bool {
        if !index.is_int() || !object.is_pointer() {
            return false;
        }
        let Ok(index) = usize::try_from(index.as_small()) else { return false };
        let class = self.heap.class(self.at(object));
        let (list, array) = (self.heap.builtins().list, self.heap.builtins().array);
        let target = if class == list {
            match *self.at(object).elements() {
                [array, size, ..] if (index as i64) < size.word().as_small() => array.word(),
                _ => return false,
            }
        } else {
            object
        };
        if class == list || class == array {
            if index >= self.at(target).elements().len() {
                return false;
            }
            self.store(target, index, value);
            return true;
        }
        if class == self.heap.builtins().bytes
            && value.is_int()
            && let Some(byte) = self.at_mut(object).whole_bytes_mut().and_then(|bytes| bytes.get_mut(index))
        {
            *byte = value.as_small() as u8;
            return true;
        }
        false
    }
}
