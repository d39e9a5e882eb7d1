//! Natives: what `#primitive.module.name` calls.
//!
//! A native gets the arguments of the Toit function that it is the body of, and never calls Toit
//! code. One that does work in proportion to its input charges it ([`Call::charge`]), so that it
//! cannot hold up other processes for long. Each file of this folder holds the natives of one
//! module, with the table of their names at its end.

use std::any::Any;
use std::ops::Range;

use lucarne_compiler::program::ClassIndex;

pub use crate::effect::Effect;
use crate::heap::{Heap, NewString, OutOfMemory, Ref, StackId, Word};

mod aead;
mod array;
mod bignum;
mod bytes;
mod checksum;
mod cipher;
mod crc;
mod ec;
mod encoding;
mod float;
pub(crate) mod hash;
mod heap;
pub(crate) mod int;
mod json;
mod keys;
mod math;
mod object;
mod random;
mod rsa;
mod siphash;
mod string;
mod system;
mod task;
mod time;
mod uuid;
mod yaml;
mod zlib;
mod zone;

#[cfg(test)]
mod tests;

/// A native function. What it returns borrows the heap, so nothing can be allocated after it.
pub type Native = for<'c> fn(&'c mut Call<'_>) -> Result<Ref<'c>, Failure>;

/// How many bytes may be looked at for the price of a call: both take about ten nanoseconds.
pub const BYTES_PER_UNIT: usize = 64;

/// A row of a module's table.
pub type Row = (&'static str, Native);

/// What a program's native is.
#[derive(Clone, Copy)]
pub enum Entry {
    /// A function over the heap alone.
    Function(Native),
    /// Something that the machine itself does: it concerns tasks, other processes, or the outside.
    Effect(Effect),
}

/// Finds a native by module and name.
pub fn find(module: &str, name: &str) -> Option<Entry> {
    if let Some(effect) = Effect::find(module, name) {
        return Some(Entry::Effect(effect));
    }
    let table = TABLES.iter().find(|(table_module, _)| *table_module == module)?.1;
    table.iter().find(|(row_name, _)| *row_name == name).map(|(_, native)| Entry::Function(*native))
}

/// Whether there is such a native, for those who analyse programs.
pub fn exists(module: &str, name: &str) -> bool {
    find(module, name).is_some()
}

/// All modules with their tables.
const TABLES: &[(&str, &[Row])] = &[
    ("aead", aead::TABLE),
    ("array", array::TABLE),
    ("bignum", bignum::TABLE),
    ("bytes", bytes::TABLE),
    ("checksum", checksum::TABLE),
    ("cipher", cipher::TABLE),
    ("crc", crc::TABLE),
    ("encoding", encoding::TABLE),
    ("ec", ec::TABLE),
    ("float", float::TABLE),
    ("hash", hash::TABLE),
    ("int", int::TABLE),
    ("json", json::TABLE),
    ("heap", heap::TABLE),
    ("task", task::TABLE),
    ("math", math::TABLE),
    ("object", object::TABLE),
    ("random", random::TABLE),
    ("rsa", rsa::TABLE),
    ("string", string::TABLE),
    ("system", system::TABLE),
    ("time", time::TABLE),
    ("uuid", uuid::TABLE),
    ("yaml", yaml::TABLE),
    ("zlib", zlib::TABLE),
];

/// Why a native did not return a value.
#[derive(Debug)]
pub enum Failure {
    /// An error that programs know by its text.
    Error(&'static str),
    /// An error whose text is made up on the spot.
    Message(String),
    /// An error with more to say in its trace.
    Detailed {
        /// The text that programs know it by.
        error: &'static str,
        /// What the trace starts with.
        detail: String,
    },
    /// The process may not use more memory.
    OutOfMemory,
}

impl From<OutOfMemory> for Failure {
    fn from(_: OutOfMemory) -> Self {
        Failure::OutOfMemory
    }
}

impl Failure {
    /// A value of the wrong type.
    pub const WRONG_TYPE: Failure = Failure::Error("WRONG_OBJECT_TYPE");
    /// A value that is out of range.
    pub const OUT_OF_RANGE: Failure = Failure::Error("OUT_OF_RANGE");
    /// An index outside of a collection.
    pub const OUT_OF_BOUNDS: Failure = Failure::Error("OUT_OF_BOUNDS");
    /// An argument that makes no sense.
    pub const INVALID_ARGUMENT: Failure = Failure::Error("INVALID_ARGUMENT");
    /// Something that was closed.
    pub const ALREADY_CLOSED: Failure = Failure::Error("ALREADY_CLOSED");
}

/// The call of a native: its arguments and what it may work on.
pub struct Call<'p> {
    /// The heap of the process.
    pub heap: &'p mut Heap,
    stack: StackId,
    frame: usize,
    charged: i64,
}

impl<'p> Call<'p> {
    pub(crate) fn new(heap: &'p mut Heap, stack: StackId, frame: usize) -> Self {
        Call { heap, stack, frame, charged: 0 }
    }

    /// Charges work to the budget of the process: about a unit for what a call of a Toit function
    /// would cost, or for [`BYTES_PER_UNIT`] looked at.
    pub fn charge(&mut self, units: usize) {
        self.charged = self.charged.saturating_add(i64::try_from(units).unwrap_or(i64::MAX));
    }

    /// What has been charged.
    pub(crate) fn charged(&self) -> i64 {
        self.charged
    }

    /// An argument as it is now, wherever the collector has moved it. For storing, not for reading.
    pub fn word(&self, index: usize) -> Word {
        self.heap.stacks().get(self.stack).get(self.frame + index)
    }

    /// An argument.
    pub fn argument(&self, index: usize) -> Ref<'_> {
        Ref::of(self.word(index))
    }

    /// An integer argument.
    ///
    /// # Errors
    /// As for all of these: `WRONG_OBJECT_TYPE` if it is of another type.
    pub fn int(&self, index: usize) -> Result<i64, Failure> {
        self.heap.int(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// An integer argument that must not be negative: a size or an index.
    ///
    /// # Errors
    /// `OUT_OF_BOUNDS` if it is negative.
    pub fn index(&self, index: usize) -> Result<usize, Failure> {
        usize::try_from(self.int(index)?).map_err(|_| Failure::OUT_OF_BOUNDS)
    }

    /// The error for an operand of a number's operator that is no number: as if the operation had
    /// been looked up in its class.
    pub fn not_a_number(&self, index: usize) -> Failure {
        let class = self.heap.class(self.argument(index)).0 as usize;
        let name = &self.heap.image().program().classes[class].name;
        let detail = format!("LOOKUP_FAILED error.\nClass '{name}' is no operand for a number");
        Failure::Detailed { error: "LOOKUP_FAILED", detail }
    }

    /// A float argument; an integer is converted.
    pub fn number(&self, index: usize) -> Result<f64, Failure> {
        let argument = self.argument(index);
        if let Some(int) = self.heap.int(argument) {
            return Ok(int as f64);
        }
        self.heap.float(argument).ok_or(Failure::WRONG_TYPE)
    }

    /// A float argument.
    pub fn float(&self, index: usize) -> Result<f64, Failure> {
        self.heap.float(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// A boolean argument.
    pub fn bool(&self, index: usize) -> Result<bool, Failure> {
        match self.word(index) {
            Word::TRUE => Ok(true),
            Word::FALSE => Ok(false),
            _ => Err(Failure::WRONG_TYPE),
        }
    }

    /// A string argument, be it whole or a slice.
    pub fn string(&self, index: usize) -> Result<&str, Failure> {
        self.heap.string(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// A byte array argument, be it whole or a slice.
    pub fn bytes(&self, index: usize) -> Result<&[u8], Failure> {
        self.heap.bytes(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// A byte array argument, to be written.
    pub fn bytes_mut(&mut self, index: usize) -> Result<&mut [u8], Failure> {
        let word = self.word(index);
        self.heap.bytes_mut(word).ok_or(Failure::WRONG_TYPE)
    }

    /// The elements of an argument that must be an `Array_`, as the words that they are.
    pub fn array(&self, index: usize) -> Result<&[Word], Failure> {
        self.expect_class(index, self.heap.builtins().array)?;
        Ok(self.heap.words(self.word(index)))
    }

    /// Stores into an element of an argument that must be an `Array_`.
    ///
    /// # Errors
    /// `OUT_OF_BOUNDS` if it has no such element.
    pub fn store(&mut self, array: usize, element: usize, value: Word) -> Result<(), Failure> {
        if element >= self.array(array)?.len() {
            return Err(Failure::OUT_OF_BOUNDS);
        }
        let object = self.word(array);
        self.heap.set_field(object, element, value);
        Ok(())
    }

    fn expect_class(&self, index: usize, class: ClassIndex) -> Result<(), Failure> {
        if self.heap.class(self.argument(index)) == class { Ok(()) } else { Err(Failure::WRONG_TYPE) }
    }

    /// The bytes of an argument that is a string or a byte array.
    ///
    /// # Errors
    /// `WRONG_BYTES_TYPE` if it is another kind of data, which only Toit code can read.
    pub fn data(&self, index: usize) -> Result<&[u8], Failure> {
        let argument = self.argument(index);
        match self.heap.string(argument) {
            Some(text) => Ok(text.as_bytes()),
            None => self.heap.bytes(argument).ok_or(Failure::Error("WRONG_BYTES_TYPE")),
        }
    }

    /// Two arguments that are the ends of a range within something of `length`.
    ///
    /// # Errors
    /// `OUT_OF_BOUNDS` if they are not.
    pub fn range(&self, from: usize, to: usize, length: usize) -> Result<Range<usize>, Failure> {
        let (from, to) = (self.index(from)?, self.index(to)?);
        if from <= to && to <= length { Ok(from..to) } else { Err(Failure::OUT_OF_BOUNDS) }
    }

    /// Charges for looking at bytes.
    pub fn charge_bytes(&mut self, count: usize) {
        self.charge(count / 64);
    }

    /// A new string of `length` bytes, which `fill` puts together from pieces of the arguments.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new_string(
        &mut self,
        length: usize,
        fill: impl FnOnce(&Call<'_>, &mut NewString),
    ) -> Result<Ref<'_>, Failure> {
        self.charge_bytes(length);
        let mut string = self.heap.start_string(length)?;
        fill(self, &mut string);
        Ok(self.heap.finish_string(string))
    }

    /// Works on the state that an argument owns. Its object can be looked at meanwhile, not its state.
    ///
    /// # Errors
    /// `ALREADY_CLOSED` if it was taken, `WRONG_OBJECT_TYPE` if it is another one.
    pub fn with_state<T: Any + Send, R>(
        &mut self,
        index: usize,
        work: impl FnOnce(&mut Self, &mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let object = self.word(index);
        let Some(mut lent) = self.heap.lend_state(object) else { return Err(self.no_state(object)) };
        let result = work(self, &mut lent.state);
        self.heap.give_back_state(lent);
        result
    }

    /// Takes the state that an argument owns, which is closed from then on.
    ///
    /// # Errors
    /// As for [`Call::with_state`].
    pub fn take_state<T: Any + Send>(&mut self, index: usize) -> Result<T, Failure> {
        let object = self.word(index);
        self.heap.take_state(object).ok_or_else(|| self.no_state(object))
    }

    fn no_state(&self, object: Word) -> Failure {
        if self.heap.is_closed_state(object) { Failure::ALREADY_CLOSED } else { Failure::WRONG_TYPE }
    }

    /// Room outside the heap for a result that is put together there, within the process's limit.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn scratch(&mut self, capacity: usize) -> Result<Vec<u8>, Failure> {
        self.heap.reserve(capacity)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(capacity).map_err(|_| Failure::OutOfMemory)?;
        Ok(bytes)
    }

    /// A copy outside the heap of the bytes in a range of an argument, to be worked on there. The ends
    /// of the range are the arguments after it.
    ///
    /// # Errors
    /// As for [`Call::data`] and [`Call::range`], and if there is no memory for it.
    pub fn scratch_of(&mut self, index: usize) -> Result<Vec<u8>, Failure> {
        let range = self.range(index + 1, index + 2, self.data(index)?.len())?;
        let mut bytes = self.scratch(range.len())?;
        bytes.extend_from_slice(&self.data(index)?[range]);
        Ok(bytes)
    }
}
