//! Natives: the functions that `#primitive.module.name` calls.
//!
//! A native gets the arguments of the Toit function that it is the body of, and never calls Toit
//! code. A native whose work grows with its input charges the work ([`Call::charge`]), so that it
//! cannot hold up other processes for long. Each file holds the natives of one
//! module, with the table of their names at its start. The comment on a native names its arguments and, after `->`, its
//! result if that is not null.
//!
//! Natives that reach further than the heap are *effects* ([`Effect`]), which the machine performs.

use std::any::Any;
use std::borrow::Cow;
use std::ops::Range;

use lucarne_compiler::program::ClassIndex;

use lucarne_heap::{Heap, LONG_WORK_BYTES, NewString, OutOfMemory, Ref, Register, StackId, Value};
use lucarne_ports::Environment;

pub use effect::Effect;
pub use int::order;
pub use storage::OpenedRegion;

mod aead;
mod array;
mod bignum;
mod bitmap;
mod bytes;
mod checksum;
mod cipher;
mod core;
mod crc;
mod ec;
mod effect;
mod encoding;
mod float;
mod font;
mod hash;
mod heap;
mod int;
mod json;
mod keys;
mod math;
mod object;
mod random;
mod rsa;
mod siphash;
mod storage;
mod string;
mod system;
mod task;
mod time;
mod tls;
pub mod transfer;
mod uuid;
mod x509;
mod yaml;
mod zlib;
mod zone;

#[cfg(test)]
mod tests;

/// A native function. Its result borrows the heap, so nothing can be allocated after it.
pub type Native = for<'c> fn(&'c mut Call<'_>) -> Result<Ref<'c>, Failure>;

/// The number of bytes that can be read in the time of a call: both take about ten nanoseconds.
pub const BYTES_PER_UNIT: usize = 64;

/// The number of bytes that a search reads before it announces long work.
const SEARCH_NEAR_BYTES: usize = LONG_WORK_BYTES / 2;

/// A row of a module's table: the native's name, the number of its parameters, and its code.
pub type Row = (&'static str, usize, Native);

/// The native that a program names.
#[derive(Clone, Copy)]
pub enum Entry {
    /// A function over the heap alone.
    Function(Native),
    /// An operation of the machine: it concerns tasks, other processes, or the outside.
    Effect(Effect),
}

/// Finds a native by module and name.
pub fn find(module: &str, name: &str) -> Option<Entry> {
    if let Some(effect) = Effect::find(module, name) {
        return Some(Entry::Effect(effect));
    }
    row(module, name).map(|(_, _, native)| Entry::Function(*native))
}

/// Returns the number of parameters of a native, or none if there is no such native. The analysis of programs
/// compares it with the number of parameters of the function that names the native.
///
/// ```
/// assert_eq!(lucarne_natives::parameters("math", "pow"), Some(2));
/// assert_eq!(lucarne_natives::parameters("math", "pwo"), None);
/// ```
pub fn parameters(module: &str, name: &str) -> Option<usize> {
    match Effect::find(module, name) {
        Some(effect) => Some(effect.parameters()),
        None => row(module, name).map(|(_, parameters, _)| *parameters),
    }
}

fn row(module: &str, name: &str) -> Option<&'static Row> {
    let (_, table) = TABLES.iter().find(|(table_module, _)| *table_module == module)?;
    table.iter().find(|(row_name, ..)| *row_name == name)
}

/// All modules with their tables.
const TABLES: &[(&str, &[Row])] = &[
    ("aead", aead::TABLE),
    ("array", array::TABLE),
    ("bignum", bignum::TABLE),
    ("bitmap", bitmap::TABLE),
    ("bytes", bytes::TABLE),
    ("checksum", checksum::TABLE),
    ("cipher", cipher::TABLE),
    ("core", core::TABLE),
    ("crc", crc::TABLE),
    ("encoding", encoding::TABLE),
    ("ec", ec::TABLE),
    ("float", float::TABLE),
    ("font", font::TABLE),
    ("hash", hash::TABLE),
    ("int", int::TABLE),
    ("json", json::TABLE),
    ("heap", heap::TABLE),
    ("task", task::TABLE),
    ("math", math::TABLE),
    ("object", object::TABLE),
    ("random", random::TABLE),
    ("rsa", rsa::TABLE),
    ("storage", storage::TABLE),
    ("string", string::TABLE),
    ("system", system::TABLE),
    ("time", time::TABLE),
    ("tls", tls::TABLE),
    ("uuid", uuid::TABLE),
    ("x509", x509::TABLE),
    ("yaml", yaml::TABLE),
    ("zlib", zlib::TABLE),
];

/// Why a native did not return a value.
#[derive(Debug)]
pub enum Failure {
    /// An error that programs know by its text.
    Error(&'static str),
    /// An error whose text is made when it happens.
    Message(String),
    /// An error with more to say in its trace.
    Detailed {
        /// The text that programs know it by.
        error: Cow<'static, str>,
        /// The start of the trace.
        detail: String,
    },
    /// The process has reached its memory limit.
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
    /// An invalid argument.
    pub const INVALID_ARGUMENT: Failure = Failure::Error("INVALID_ARGUMENT");
    /// An operation on a closed state.
    pub const ALREADY_CLOSED: Failure = Failure::Error("ALREADY_CLOSED");
}

/// The call of a native: its arguments, and the heap and the environment that it can use.
pub struct Call<'p> {
    /// The heap of the process.
    pub heap: &'p mut Heap,
    /// The machine around the program, as far as natives read it.
    pub environment: &'p dyn Environment,
    stack: StackId,
    frame: usize,
    charged: i64,
}

/// The arguments of a call while its result is put together: see [`Call::new_string`].
pub struct Arguments<'h> {
    /// The heap of the process.
    pub heap: &'h Heap,
    stack: StackId,
    frame: usize,
}

impl<'h> Arguments<'h> {
    fn get(&self, index: usize) -> Ref<'h> {
        self.heap.get(Register::new(self.stack, self.frame + index))
    }

    /// Returns the text of an argument; an empty text if it is not a string.
    pub fn string(&self, index: usize) -> &'h str {
        self.heap.string(self.get(index)).unwrap_or_default()
    }

    /// Returns the contents of an argument; an empty slice if it is not a byte array.
    pub fn bytes(&self, index: usize) -> &'h [u8] {
        self.heap.bytes(self.get(index)).unwrap_or_default()
    }

    /// Returns the elements of an argument; an empty slice if it has none.
    pub fn elements(&self, index: usize) -> &'h [Ref<'h>] {
        self.get(index).elements()
    }
}

impl<'p> Call<'p> {
    /// Makes the call of a native whose arguments are in the registers of a stack from `frame` on.
    #[inline(always)]
    pub fn new(heap: &'p mut Heap, environment: &'p dyn Environment, stack: StackId, frame: usize) -> Self {
        Call { heap, environment, stack, frame, charged: 0 }
    }

    /// Charges work to the budget of the process. A unit is about the cost of a call of a Toit function, or of reading
    /// [`BYTES_PER_UNIT`] bytes. Must be called before long work, unless [`Call::before_work`] was.
    pub fn charge(&mut self, units: usize) {
        self.heap.before_work(units.saturating_mul(BYTES_PER_UNIT));
        self.charged = self.charged.saturating_add(i64::try_from(units).unwrap_or(i64::MAX));
    }

    /// Announces work on this number of bytes, which is charged after it. If the work is long, other processes run meanwhile.
    pub fn before_work(&self, bytes: usize) {
        self.heap.before_work(bytes);
    }

    /// Returns the position of the first byte that the function accepts. Announces long work only if that byte is far
    /// away, since a program that takes a long text apart makes many searches that end near their start.
    pub(crate) fn position(&self, bytes: &[u8], accepts: impl Fn(u8) -> bool) -> Option<usize> {
        let (near, far) = bytes.split_at(bytes.len().min(SEARCH_NEAR_BYTES));
        near.iter().position(|byte| accepts(*byte)).or_else(|| {
            self.before_work(far.len());
            far.iter().position(|byte| accepts(*byte)).map(|at| near.len() + at)
        })
    }

    /// Announces a wait for a disk, so that other processes can run meanwhile.
    pub fn before_waiting(&self) {
        self.heap.before_waiting();
    }

    /// Returns the units that have been charged.
    #[inline(always)]
    pub fn charged(&self) -> i64 {
        self.charged
    }

    /// Returns the register of an argument, to be stored or kept.
    #[inline(always)]
    pub fn register(&self, index: usize) -> Register {
        Register::new(self.stack, self.frame + index)
    }

    /// Returns an argument.
    #[inline(always)]
    pub fn argument(&self, index: usize) -> Ref<'_> {
        self.heap.get(self.register(index))
    }

    /// Returns an integer argument.
    ///
    /// # Errors
    /// `WRONG_OBJECT_TYPE` if the argument has another type. This applies to all methods that return an argument.
    pub fn int(&self, index: usize) -> Result<i64, Failure> {
        self.heap.int(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// Returns an integer argument that must not be negative: a size or an index.
    ///
    /// # Errors
    /// `OUT_OF_BOUNDS` if it is negative.
    pub fn index(&self, index: usize) -> Result<usize, Failure> {
        usize::try_from(self.int(index)?).map_err(|_| Failure::OUT_OF_BOUNDS)
    }

    /// Returns the error for an operator on numbers whose right operand is not a number. The error is the same as if
    /// the operand's class did not have the operation.
    pub fn not_a_number(&self, index: usize) -> Failure {
        let name = self.heap.class_name(self.argument(index));
        let detail = format!("LOOKUP_FAILED error.\nClass '{name}' is no operand for a number");
        Failure::Detailed { error: "LOOKUP_FAILED".into(), detail }
    }

    /// Returns a float argument; an integer is converted.
    pub fn number(&self, index: usize) -> Result<f64, Failure> {
        let argument = self.argument(index);
        if let Some(int) = self.heap.int(argument) {
            return Ok(int as f64);
        }
        self.heap.float(argument).ok_or(Failure::WRONG_TYPE)
    }

    /// Returns a float argument.
    pub fn float(&self, index: usize) -> Result<f64, Failure> {
        self.heap.float(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// Returns a boolean argument.
    pub fn bool(&self, index: usize) -> Result<bool, Failure> {
        self.heap.bool(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// Returns the text of a string argument, whole or a slice.
    pub fn string(&self, index: usize) -> Result<&str, Failure> {
        self.heap.string(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// Returns the contents of a byte array argument, whole or a slice.
    pub fn bytes(&self, index: usize) -> Result<&[u8], Failure> {
        self.heap.bytes(self.argument(index)).ok_or(Failure::WRONG_TYPE)
    }

    /// Returns the contents of a byte array argument, to be written.
    pub fn bytes_mut(&mut self, index: usize) -> Result<&mut [u8], Failure> {
        let register = self.register(index);
        self.heap.get_mut(register).bytes_mut().ok_or(Failure::WRONG_TYPE)
    }

    /// Returns the elements of an argument that must be an `Array_`.
    pub fn array(&self, index: usize) -> Result<&[Ref<'_>], Failure> {
        self.require_class(index, self.heap.builtins().array)?;
        Ok(self.argument(index).elements())
    }

    /// Stores into an element of an argument that must be an `Array_`.
    ///
    /// # Errors
    /// `OUT_OF_BOUNDS` if it has no such element.
    pub fn store(&mut self, array: usize, element: usize, value: Register) -> Result<(), Failure> {
        if element >= self.array(array)?.len() {
            return Err(Failure::OUT_OF_BOUNDS);
        }
        let object = self.register(array);
        self.heap.set_field(object, element, value);
        Ok(())
    }

    fn require_class(&self, index: usize, class: ClassIndex) -> Result<(), Failure> {
        if self.heap.class(self.argument(index)) == class { Ok(()) } else { Err(Failure::WRONG_TYPE) }
    }

    /// Returns the bytes of an argument that is a string or a byte array.
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

    /// Returns the range whose ends are two arguments, within a value of `length`.
    ///
    /// # Errors
    /// `OUT_OF_BOUNDS` if there is no such range in the value.
    pub fn range(&self, from: usize, to: usize, length: usize) -> Result<Range<usize>, Failure> {
        let (from, to) = (self.index(from)?, self.index(to)?);
        if from <= to && to <= length { Ok(from..to) } else { Err(Failure::OUT_OF_BOUNDS) }
    }

    /// Charges for reading `count` bytes.
    pub fn charge_bytes(&mut self, count: usize) {
        self.charge(count / BYTES_PER_UNIT);
    }

    /// Makes a string of `length` bytes, which `fill` puts together from pieces of the arguments.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new_string(
        &mut self,
        length: usize,
        fill: impl for<'h> FnOnce(&Arguments<'h>, &mut NewString<'h>),
    ) -> Result<Ref<'_>, Failure> {
        self.charge_bytes(length);
        let (stack, frame) = (self.stack, self.frame);
        let string = self.heap.build_string(length, |heap, new| {
            fill(&Arguments { heap, stack, frame }, new);
        })?;
        Ok(string.get())
    }

    /// Runs `work` on the state that an argument owns. Meanwhile the object can be read, but not its state.
    ///
    /// # Errors
    /// `ALREADY_CLOSED` if the state was taken or closed, `WRONG_OBJECT_TYPE` if the argument has no state of type `T`.
    pub fn with_state<T: Any + Send, R>(
        &mut self,
        index: usize,
        work: impl FnOnce(&mut Self, &mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let object = self.register(index);
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
        let object = self.register(index);
        self.heap.take_state(object).ok_or_else(|| self.no_state(object))
    }

    fn no_state(&self, object: impl Value) -> Failure {
        if self.heap.is_closed_state(self.heap.get(object)) {
            Failure::ALREADY_CLOSED
        } else {
            Failure::WRONG_TYPE
        }
    }

    /// Reserves room outside the heap for a result that is put together there, within the process's limit.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn scratch(&mut self, capacity: usize) -> Result<Vec<u8>, Failure> {
        self.heap.reserve(capacity)?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(capacity).map_err(|_| Failure::OutOfMemory)?;
        Ok(bytes)
    }

    /// Copies the bytes in a range of an argument out of the heap, to be worked on there. The ends
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
