//! Performs the effects that reach files, other programs and the environment.
//!
//! `lucarne_outside` performs the operations. This module converts values to arguments and answers to values, and parks
//! tasks. When the watch of a waiting task ends, its operation is repeated with the arguments that are still in its
//! frame.

use lucarne_kernel::Context;
use lucarne_outside::{Answer, Argument, Error, Operation, Outside, Wait};

use super::messages::cut_short;
use super::tasks::{State, TaskId};
use super::{Done, Machine};
use lucarne_heap::{Heap, Immediate, Kept, OutOfMemory, Ref};
use lucarne_natives::Failure;

/// The number of bytes whose handling takes as long as one system call, that is about a microsecond.
const BYTES_PER_SYSTEM_CALL: usize = 6 << 10;

/// The number of levels of lists in an argument. No operation takes a list that contains lists.
const NESTING_MAX: usize = 1;

impl Machine {
    pub(super) fn reach_outside(
        &mut self,
        operation: Operation,
        id: TaskId,
        context: &mut Context<'_>,
    ) -> Done {
        if self.outside.is_none() {
            let Some(surroundings) = self.grants.outside.clone() else {
                return Done::Fail(Failure::Error("PERMISSION_DENIED"));
            };
            let waker = context.waker();
            self.outside = Some(Box::new(Outside::new(surroundings, move || waker.wake())));
        }
        match self.perform_outside(operation, id) {
            Ok(Answer::Wait(wait)) => self.wait_outside(wait, operation, id, context),
            Ok(answer) => Done::from(self.answer(answer)),
            Err(error) => Done::Fail(failure(error)),
        }
    }

    fn perform_outside(&mut self, operation: Operation, id: TaskId) -> Result<Answer, Error> {
        let position = self.tasks.get(id).position;
        let Machine { heap, outside, .. } = self;
        let values = (0..operation.arity()).map(|index| heap.get(position.register(index)));
        let arguments: Vec<Argument<'_>> = values.map(|value| argument(heap, value, NESTING_MAX)).collect();
        let result = match outside {
            Some(outside) => outside.perform(operation, &arguments),
            None => unreachable!("it was made before"),
        };
        self.charge(BYTES_PER_SYSTEM_CALL + result.as_ref().map_or(0, bytes_moved));
        result
    }

    fn wait_outside(&mut self, wait: Wait, operation: Operation, id: TaskId, context: &Context<'_>) -> Done {
        let limits = self.limits(id);
        if let Some(failure) = cut_short(&limits, context) {
            return Done::Fail(failure);
        }
        let Some(outside) = &mut self.outside else { unreachable!("it has answered") };
        match outside.watch(wait) {
            Ok(watch) => {
                self.waiting_outside.insert(watch, id);
                self.park(id, State::WaitingOutside { watch, operation }, limits.deadline_us);
                Done::Parked
            }
            Err(error) => Done::Fail(failure(error)),
        }
    }

    /// Repeats the operations of the tasks whose watches have ended.
    pub(super) fn look_outside(&mut self, context: &mut Context<'_>) {
        let Some(outside) = &mut self.outside else { return };
        for watch in outside.take_rung() {
            // A task that has stopped waiting in the meantime is no longer in the table.
            let Some(id) = self.waiting_outside.remove(&watch) else { continue };
            let State::WaitingOutside { operation, .. } = self.tasks.get(id).state else { continue };
            match self.reach_outside(operation, id, context) {
                Done::Value(value) => self.resume(id, Ok(value)),
                Done::Fail(failure) => self.resume(id, Err(failure)),
                _ => {}
            }
        }
    }

    fn answer(&mut self, answer: Answer) -> Result<Kept, Failure> {
        let heap = &mut self.heap;
        Ok(match answer {
            Answer::Null | Answer::Wait(_) => heap.keep(Immediate::NULL),
            Answer::Bool(bool) => heap.keep(Immediate::bool(bool)),
            Answer::Int(int) => heap.new_int(int)?.keep(),
            Answer::Text(text) => heap.new_string(&text)?.keep(),
            Answer::Bytes(bytes) => heap.new_bytes_from(&bytes)?.keep(),
            Answer::Ints(ints) => array(heap, &ints)?,
        })
    }
}

fn array(heap: &mut Heap, ints: &[i64]) -> Result<Kept, OutOfMemory> {
    let array = heap.new_array(ints.len())?.keep();
    for (index, int) in ints.iter().enumerate() {
        heap.new_int(*int)?.store(array, index);
    }
    Ok(array)
}

/// Converts a value to an argument. A list must be an `Array_`, as the library passes it.
fn argument<'h>(heap: &'h Heap, value: Ref<'h>, nesting: usize) -> Argument<'h> {
    if value.is_null() {
        return Argument::Null;
    }
    if let Some(bool) = heap.bool(value) {
        return Argument::Bool(bool);
    }
    if let Some(int) = heap.int(value) {
        return Argument::Int(int);
    }
    if let Some(text) = heap.string(value) {
        return Argument::Text(text);
    }
    if let Some(bytes) = heap.bytes(value) {
        return Argument::Bytes(bytes);
    }
    if nesting > 0 && heap.class(value) == heap.builtins().array {
        let elements = value.elements().iter();
        return Argument::List(elements.map(|element| argument(heap, *element, nesting - 1)).collect());
    }
    Argument::Other
}

/// Returns the number of bytes that an operation has read or written.
fn bytes_moved(answer: &Answer) -> usize {
    match answer {
        Answer::Bytes(bytes) => bytes.len(),
        Answer::Text(text) => text.len(),
        // The number of bytes written, or another number, which is too small to matter.
        Answer::Int(count) => usize::try_from(*count).unwrap_or(0),
        Answer::Null | Answer::Bool(_) | Answer::Ints(_) | Answer::Wait(_) => 0,
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Known(text) => Failure::Error(text),
        Error::System(text) => Failure::Message(text),
    }
}
