//! The linked program: the result of the linker, which the virtual machine runs.
//!
//! A program is closed and immutable: class ids, selectors and code addresses are final, and all
//! processes that run it share it.

pub mod bytecode;
mod disassemble;
mod verify;

use bytecode::Instruction;
use serde::{Deserialize, Serialize};
pub use verify::Fault;

/// A function's place in [`Program::functions`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct FunctionIndex(pub u32);

/// A class id. Classes are numbered so that the subclasses of a class form a range, except in
/// programs that may be extended.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct ClassIndex(pub u32);

/// A closed program. The default program has no classes and no code.
#[derive(Default, Debug, Serialize, Deserialize)]
pub struct Program {
    /// The code of all functions, one after the other.
    pub code: Vec<Instruction>,
    /// All functions that the program can reach, blocks and lambdas included, ordered by entry.
    pub functions: Vec<Function>,
    /// All classes, by id.
    pub classes: Vec<Class>,
    /// The row-displaced dispatch table. The place of a target is a selector's offset plus the
    /// receiver's class id; the entry there is valid if it has that offset.
    pub dispatch: Vec<DispatchEntry>,
    /// The selectors, for error messages: (offset, name), ordered by offset.
    pub selectors: Vec<(u32, String)>,
    /// The offsets of setter selectors, with the classes that have a final field of that name. Used
    /// for error messages.
    pub final_fields: Vec<(u32, ClassIndex)>,
    /// Strings and other literals that do not fit into an instruction.
    pub literals: Vec<Literal>,
    /// Globals and static fields.
    pub globals: Vec<Global>,
    /// The type checks that `Is` and `As` refer to.
    pub checks: Vec<TypeCheck>,
    /// The names of the natives that `Native` refers to: (module, name).
    pub natives: Vec<(String, String)>,
    /// Protected code ranges, grouped by function.
    pub handlers: Vec<Handler>,
    /// Source positions: (address of an instruction that can fail or call, offset in the module's
    /// source), ordered by address.
    pub positions: Vec<(u32, u32)>,
    /// The code that stands in place of calls, for stack traces, ordered by its start; a range comes before those inside of it.
    pub inlined: Vec<Inlined>,
    /// The source files, for stack traces.
    pub sources: Vec<Source>,
    /// The classes that the virtual machine itself instantiates or inspects.
    pub builtins: Builtins,
    /// The functions that the virtual machine calls.
    pub entries: Entries,
}

impl Program {
    /// Returns whether a class is `of` or has it among its superclasses.
    pub fn is_subclass(&self, class: ClassIndex, of: ClassIndex) -> bool {
        let superclass = |class: &ClassIndex| self.classes.get(class.0 as usize)?.superclass;
        std::iter::successors(Some(class), superclass).any(|class| class == of)
    }

    /// Returns the ranges of [`Program::inlined`] that an address is in, innermost first.
    pub fn inlined_at(&self, address: u32) -> impl Iterator<Item = &Inlined> {
        let after = self.inlined.partition_point(|range| range.from <= address);
        let last = after.checked_sub(1).and_then(|place| self.inlined.get(place));
        let around = |range: &&Inlined| self.inlined.get(range.parent? as usize);
        std::iter::successors(last, around).filter(move |range| address < range.to)
    }

    /// Removes all that only stack traces need: the sources, the positions, and the names of functions. The names of
    /// classes, globals and methods stay, since programs can print them.
    pub fn strip(&mut self) {
        self.positions = Vec::new();
        self.inlined = Vec::new();
        self.sources = Vec::new();
        self.functions.iter_mut().for_each(|function| function.name = String::new());
        self.classes.iter_mut().for_each(|class| class.at = 0);
    }

    /// Returns whether the program was stripped.
    pub fn is_stripped(&self) -> bool {
        self.sources.is_empty() && !self.functions.is_empty()
    }

    /// Returns a number that the code determines, so that the traces of a stripped program can be matched with the
    /// program before it was stripped. It is the 32 bits of the hash FNV-1a.
    pub fn code_id(&self) -> u32 {
        let bytes = self.code.iter().flat_map(|instruction| instruction.0.to_le_bytes());
        bytes.fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    }
}

/// The kind of a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FunctionShape {
    /// A function, method or constructor.
    Function,
    /// A block: register 0 is the block itself, which refers to its frame.
    Block,
    /// A lambda: its captures come before its parameters.
    Lambda,
    /// A stub that brings arguments into the order of another function.
    Adapter,
}

/// The properties of a function that the interpreter needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Function {
    /// The address of the first instruction.
    pub entry: u32,
    /// The number of registers of a frame, outgoing arguments included.
    pub registers: u16,
    /// The number of arguments: `this`, block or captures included.
    pub arity: u16,
    /// The number of arguments that are captures (lambdas only).
    pub captures: u16,
    /// The kind of function.
    pub shape: FunctionShape,
    /// The name as stack traces show it.
    pub name: String,
    /// The source file, in [`Program::sources`].
    pub source: u32,
    /// The protected ranges of the function: a range of [`Program::handlers`], inner ones first.
    pub handlers: (u32, u32),
    /// Whether the function only reads or stores a field, so that calls can do this in place.
    pub accessor: Accessor,
}

/// Whether a function only accesses a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Accessor {
    /// The function does more than access a field.
    None,
    /// Reads the field at this place.
    Getter(u16),
    /// Stores the field at this place, without a check.
    Setter(u16),
}

/// A class.
#[derive(Clone, Default, Debug, Serialize, Deserialize)]
pub struct Class {
    /// The name as declared.
    pub name: String,
    /// The superclass.
    pub superclass: Option<ClassIndex>,
    /// The end (exclusive) of the range of ids that this class and its subclasses take. In a program that may be extended, other
    /// classes can be in that range, and no check relies on it.
    pub subclasses_end: u32,
    /// The number of fields of an instance, inherited ones included.
    pub fields: u16,
    /// The source file, in [`Program::sources`].
    pub source: u32,
    /// The place of the name in that file.
    pub at: u32,
}

/// An entry of the dispatch table.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DispatchEntry {
    /// The offset of the selector that this entry belongs to, or [`DispatchEntry::EMPTY`].
    pub selector: u32,
    /// The target.
    pub function: FunctionIndex,
}

impl DispatchEntry {
    /// The selector of an empty entry.
    pub const EMPTY: u32 = u32::MAX;
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Literal {
    /// A string.
    String(String),
    /// An integer that is too large for an instruction.
    Int(i64),
    /// A float.
    Float(f64),
    /// The contents of a byte array literal.
    Bytes(Vec<u8>),
}

/// A global.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Global {
    /// The name, for error messages.
    pub name: String,
    /// Computes the first value; without one it is null.
    pub initializer: Option<FunctionIndex>,
}

/// A type check.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TypeCheck {
    /// A class: instances have an id in this range.
    Range {
        /// The first id.
        from: u32,
        /// The end (exclusive).
        to: u32,
        /// Whether null passes too.
        nullable: bool,
        /// The name of the type, for error messages.
        name: String,
    },
    /// An interface or mixin: a bit for each class id.
    Set {
        /// The bits, 64 ids a word.
        bits: Vec<u64>,
        /// Whether null passes too.
        nullable: bool,
        /// The name of the type, for error messages.
        name: String,
    },
}

impl TypeCheck {
    /// Returns whether an instance of `class`, which is not null, passes.
    pub fn admits(&self, class: ClassIndex) -> bool {
        match self {
            TypeCheck::Range { from, to, .. } => (*from..*to).contains(&class.0),
            TypeCheck::Set { bits, .. } => {
                bits.get(class.0 as usize / 64).is_some_and(|word| word >> (class.0 % 64) & 1 == 1)
            }
        }
    }

    /// Returns whether null passes.
    pub fn is_nullable(&self) -> bool {
        match self {
            TypeCheck::Range { nullable, .. } | TypeCheck::Set { nullable, .. } => *nullable,
        }
    }

    /// Returns the name of the type.
    pub fn name(&self) -> &str {
        match self {
            TypeCheck::Range { name, .. } | TypeCheck::Set { name, .. } => name,
        }
    }
}

/// A `try`: an unwinding that comes from an address in `from..to` goes on at `target`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Handler {
    /// The first protected address.
    pub from: u32,
    /// The end (exclusive) of the protected addresses.
    pub to: u32,
    /// The address of the `finally` part.
    pub target: u32,
    /// The first of the four registers that hold the interrupted completion: see
    /// [`bytecode::Opcode::EndFinally`].
    pub completion: u16,
}

/// A range of addresses whose code stands in place of a call of a function or block.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Inlined {
    /// The first address.
    pub from: u32,
    /// The end (exclusive).
    pub to: u32,
    /// The name of the function or block, as stack traces show it.
    pub name: String,
    /// The source file of the code, in [`Program::sources`].
    pub source: u32,
    /// The place of the call, in the source of the code around it.
    pub at: u32,
    /// The range around it, in [`Program::inlined`].
    pub parent: Option<u32>,
}

/// A source file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// The path as shown.
    pub path: String,
    /// The byte offset at which each line starts.
    pub line_starts: Vec<u32>,
}

impl Source {
    /// Returns the line and column (both from 1, the column in bytes) of a byte offset.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|start| *start <= offset).max(1);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        (line, (offset.saturating_sub(start)) as usize + 1)
    }
}

macro_rules! builtins {
    ($($(#[$doc:meta])* $field:ident = $name:literal,)*) => {
        /// The classes that the virtual machine refers to by name. All are declared in the module
        /// `core`.
        #[derive(Clone, Copy, Default, Debug, Serialize, Deserialize)]
        pub struct Builtins {
            $($(#[$doc])* pub $field: ClassIndex,)*
        }

        impl Builtins {
            /// The names to look up, in the order of the fields.
            pub const NAMES: &[&str] = &[$($name),*];

            /// Returns the classes, in the same order.
            pub fn classes(&self) -> [ClassIndex; Builtins::NAMES.len()] {
                [$(self.$field),*]
            }

            /// Builds the table from a look-up function.
            ///
            /// # Errors
            /// The first name that the look-up does not find.
            pub fn find(mut look_up: impl FnMut(&str) -> Option<ClassIndex>) -> Result<Self, &'static str> {
                Ok(Builtins { $($field: look_up($name).ok_or($name)?,)* })
            }
        }
    };
}

builtins! {
    /// The class of null.
    null = "Null_",
    /// The class of true.
    true_ = "True",
    /// The class of false.
    false_ = "False",
    /// Integers.
    int = "int",
    /// Floats.
    float = "float",
    /// Strings that are stored in one piece.
    string = "String_",
    /// Part of a string: (string, from, to).
    string_slice = "StringSlice_",
    /// Arrays of fixed length.
    array = "Array_",
    /// Growable lists: (array, size).
    list = "List_",
    /// Part of a list: (list, from, to).
    list_slice = "ListSlice_",
    /// Byte arrays that are stored in one piece.
    bytes = "ByteArray_",
    /// Part of a byte array: (byte array, from, to).
    bytes_slice = "ByteArraySlice_",
    /// Lambdas.
    lambda = "Lambda",
    /// The exception that `finally` gets: (value, trace).
    exception = "Exception_",
    /// Tasks.
    task = "Task_",
    /// Maps.
    map = "Map",
    /// Sets.
    set = "Set",
    /// Cells of shared captured locals.
    cell = "Cell_",
    /// States that natives keep between calls.
    state = "NativeState_",
}

/// The functions that the virtual machine calls by itself. All except `main` are declared in `core`.
#[derive(Default, Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Entries {
    /// The program's `main`.
    pub main: FunctionIndex,
    /// Whether `main` takes the list of arguments.
    pub main_takes_arguments: bool,
    /// Runs a lambda as a task: `run-task_ lambda`.
    pub run_task: FunctionIndex,
    /// Handles a request: see `lib/core/message_.toit`.
    pub handle_request: FunctionIndex,
    /// Handles every message that is not a request.
    pub handle_message: FunctionIndex,
    /// The selector offset of `stringify`, for uncaught exceptions.
    pub stringify: u32,
}
