//! What the loop leaves to functions: steps that are rare, or that work on objects.

use lucarne_compiler::program::Literal;
use lucarne_compiler::program::bytecode::Instruction;

use super::{CLEAR_GROUP, FRAME_SHIFT, Interpreter, Next};
use crate::heap::{Callee, FRAME_WORDS, Format, OutOfMemory, Ref, Word};
use crate::native::Failure;

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
        let stack = self.heap.stacks_mut().get_mut(self.position.stack);
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
        self.budget -= 1;
        Next::Continue
    }

    /// Makes room for a tail call and has the instruction done again.
    #[cold]
    pub(super) fn grow_for_tail_call(&mut self, instruction: Instruction, callee: Callee) -> Next {
        let registers = usize::from(callee.registers).max(instruction.n() as usize);
        let words = self.position.frame + registers + CLEAR_GROUP;
        if self.heap.stacks_mut().get_mut(self.position.stack).grow(words).is_err() {
            return self.fail(Failure::Error("STACK_OVERFLOW"));
        }
        self.position.pc -= 1;
        Next::Continue
    }

    /// Turns the frame of `Lambda.call` into one of the lambda's code.
    pub(super) fn enter_lambda(&mut self, arguments: u8) -> Next {
        let lambda = self.register(0);
        let words = self.heap.words(lambda);
        let Some(function) = words.first().map(|word| word.as_small() as usize) else {
            return self.fail(Failure::WRONG_TYPE);
        };
        let captures = words.len() - 1;
        let callee = self.image.callees()[function];
        let given = usize::from(arguments);
        if usize::from(callee.arity) > captures + given {
            return self.code_invocation_failed(function, arguments);
        }
        let frame = self.position.frame;
        let stack = self.position.stack;
        let room = usize::from(callee.registers).max(captures + given);
        if self.heap.stacks_mut().get_mut(stack).grow(frame + room).is_err() {
            return self.fail(Failure::Error("STACK_OVERFLOW"));
        }
        for index in 0..given {
            // From above when moving up, from below when moving down, so that none is lost.
            let index = if captures > 0 { given - 1 - index } else { index };
            let argument = self.register(1 + index);
            self.set_register(captures + index, argument);
        }
        for index in 0..captures {
            let capture = self.heap.words(lambda)[1 + index];
            self.set_register(index, capture);
        }
        let words = self.heap.stacks_mut().get_mut(stack);
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
        let image = self.image.clone();
        match &image.program().literals[index] {
            Literal::Bytes(bytes) => Ok(self.heap.new_bytes_from(bytes)?.word()),
            _ => Ok(image.literal(index)),
        }
    }

    pub(super) fn new_list(&mut self, capacity: usize) -> Result<Word, OutOfMemory> {
        let array = self.heap.new_array(capacity)?.word();
        let array = self.heap.keep(array);
        let class = self.heap.builtins().list;
        let list = self.heap.new_instance(class).map(Ref::word);
        let scope = self.heap.scope() - 1;
        let array = self.heap.kept(array).word();
        self.heap.end_scope(scope);
        let list = list?;
        self.heap.set_field(list, 0, array);
        self.heap.set_field(list, 1, Word::small(0));
        Ok(list)
    }

    /// Appends registers to a list that a literal makes, which has room for them.
    pub(super) fn append(&mut self, list: Word, first: usize, count: usize) {
        let (array, size) = match *self.heap.words(list) {
            [array, size, ..] => (array, size.as_small()),
            _ => return,
        };
        for index in 0..count {
            let value = self.heap.stacks().get(self.position.stack).get(first + index);
            self.heap.set_field(array, size as usize + index, value);
        }
        self.heap.set_field(list, 1, Word::small(size + count as i64));
    }

    pub(super) fn new_bytes_from_list(&mut self, register: u16) -> Next {
        let list = self.register(usize::from(register));
        let (array, size) = match *self.heap.words(list) {
            [array, size, ..] => (array, size.as_small() as usize),
            _ => return self.fail(Failure::WRONG_TYPE),
        };
        let elements = self.heap.words(array).iter().take(size);
        let bytes: Option<Vec<u8>> = elements.map(|word| word.to_int().map(|int| int as u8)).collect();
        let Some(bytes) = bytes else { return self.fail(Failure::WRONG_TYPE) };
        match self.heap.new_bytes_from(&bytes).map(Ref::word) {
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
        let class = self.heap.builtins().lambda;
        let lambda = self.heap.allocate(class, Format::Words, 1 + captures)?;
        self.heap.set_field(lambda, 0, Word::small(i64::from(function)));
        for index in 0..captures {
            let capture = self.heap.stacks().get(self.position.stack).get(first + index);
            self.heap.set_field(lambda, 1 + index, capture);
        }
        Ok(lambda)
    }

    /// Whether a value passes a type check.
    #[inline(always)]
    pub(super) fn passes(&self, value: Word, check: usize) -> bool {
        let check = &self.image.program().checks[check];
        if value == Word::NULL { check.is_nullable() } else { check.admits(self.heap.class_of(value)) }
    }

    /// An element of a list or array, if nothing is odd about the access.
    #[inline(always)]
    pub(super) fn element(&self, object: Word, index: Word) -> Option<Word> {
        if !index.is_int() || !object.is_pointer() {
            return None;
        }
        let index = usize::try_from(index.as_small()).ok()?;
        let class = self.heap.class_of(object);
        let builtins = self.heap.builtins();
        if class == builtins.list {
            return match *self.heap.words(object) {
                [array, size, ..] if (index as i64) < size.as_small() => {
                    self.heap.words(array).get(index).copied()
                }
                _ => None,
            };
        }
        if class == builtins.array {
            return self.heap.words(object).get(index).copied();
        }
        if class == builtins.bytes {
            return self.heap.raw_bytes(object)?.get(index).map(|byte| Word::small(i64::from(*byte)));
        }
        None
    }

    /// Stores an element of a list or array, if nothing is odd about the access.
    #[inline(always)]
    pub(super) fn set_element(&mut self, object: Word, index: Word, value: Word) -> bool {
        if !index.is_int() || !object.is_pointer() {
            return false;
        }
        let Ok(index) = usize::try_from(index.as_small()) else { return false };
        let class = self.heap.class_of(object);
        let (list, array) = (self.heap.builtins().list, self.heap.builtins().array);
        let target = if class == list {
            match *self.heap.words(object) {
                [array, size, ..] if (index as i64) < size.as_small() => array,
                _ => return false,
            }
        } else {
            object
        };
        if class == list || class == array {
            if index >= self.heap.words(target).len() {
                return false;
            }
            self.heap.set_field(target, index, value);
            return true;
        }
        if class == self.heap.builtins().bytes
            && value.is_int()
            && let Some(byte) = self.heap.raw_bytes_mut(object).and_then(|bytes| bytes.get_mut(index))
        {
            *byte = value.as_small() as u8;
            return true;
        }
        false
    }
}
