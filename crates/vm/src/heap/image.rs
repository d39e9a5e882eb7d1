//! What all processes of a program share: the program and the objects of its literals.

use std::sync::Arc;

use lucarne_compiler::program::{Accessor, FunctionIndex, FunctionShape, Literal, Program};

use crate::native::{self, Entry};

use super::chunk::Chunk;
use super::object::PERMANENT;
use super::{Format, OutOfMemory, Word, initialize, size_words};

/// A program with its literals as objects, which are never moved, written or freed.
pub struct Image {
    program: Arc<Program>,
    literals: Vec<Word>,
    /// What calls must know of each function, close together.
    callees: Vec<Callee>,
    /// The natives that the program names; none for those that do not exist.
    natives: Vec<Option<Entry>>,
    /// Holds the objects; read through `literals` only.
    _objects: Chunk,
}

/// What a call must know of its target.
#[derive(Clone, Copy, Debug)]
pub struct Callee {
    /// The address of the first instruction.
    pub entry: u32,
    /// How many registers a frame has.
    pub registers: u16,
    /// How many arguments it takes, block or captures included.
    pub arity: u16,
    /// How many of these are captures.
    pub captures: u16,
    /// Whether it is a block.
    pub is_block: bool,
    /// Whether it only reads or stores a field.
    pub accessor: Accessor,
}

// SAFETY: the objects are written in `new` alone; afterwards threads only read them.
unsafe impl Sync for Image {}

impl Image {
    /// Makes the objects of a program's literals.
    ///
    /// # Errors
    /// If the system has no memory left.
    pub fn new(program: Arc<Program>) -> Result<Image, OutOfMemory> {
        let words = program.literals.iter().map(|literal| size_words(Format::Bytes, contents(literal).len()));
        let mut objects = Chunk::new(words.sum()).ok_or(OutOfMemory)?;
        let builtins = &program.builtins;
        let mut literals = Vec::with_capacity(program.literals.len());
        for literal in &program.literals {
            let class = match literal {
                Literal::String(_) => builtins.string,
                Literal::Bytes(_) => builtins.bytes,
                Literal::Int(value) => {
                    if let Some(word) = Word::int(*value) {
                        literals.push(word);
                        continue;
                    }
                    builtins.int
                }
                Literal::Float(value) => {
                    if let Some(word) = Word::float(*value) {
                        literals.push(word);
                        continue;
                    }
                    builtins.float
                }
            };
            let bytes = contents(literal);
            let address = objects.take(size_words(Format::Bytes, bytes.len())).ok_or(OutOfMemory)?;
            let word = initialize(address, class, Format::Bytes, bytes.len(), PERMANENT);
            // SAFETY: a fresh object with room for these bytes.
            unsafe {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), address.add(1).cast::<u8>(), bytes.len());
            }
            literals.push(word);
        }
        let callees = program.functions.iter().map(|function| Callee {
            entry: function.entry,
            registers: function.registers,
            arity: function.arity,
            captures: function.captures,
            is_block: function.shape == FunctionShape::Block,
            accessor: function.accessor,
        });
        let callees = callees.collect();
        let natives = program.natives.iter().map(|(module, name)| native::find(module, name)).collect();
        Ok(Image { program, literals, callees, natives, _objects: objects })
    }

    /// What calls must know of each function.
    #[inline(always)]
    pub(crate) fn callees(&self) -> &[Callee] {
        &self.callees
    }

    /// A native that the program names.
    #[inline(always)]
    pub(crate) fn native(&self, index: usize) -> Option<Entry> {
        self.natives[index]
    }

    /// The function whose code an address is in.
    pub(crate) fn function_at(&self, address: u32) -> FunctionIndex {
        let after = self.callees.partition_point(|callee| callee.entry <= address);
        FunctionIndex(after.saturating_sub(1) as u32)
    }

    /// The program.
    #[inline(always)]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// A literal's value.
    #[inline(always)]
    pub(crate) fn literal(&self, index: usize) -> Word {
        self.literals[index]
    }

    /// Which literal an object is. Looks at all of them.
    pub(crate) fn literal_index(&self, object: Word) -> Option<usize> {
        self.literals.iter().position(|literal| *literal == object)
    }

    /// The globals of a new process: null, or a mark for those with an initialiser.
    pub(super) fn initial_globals(&self) -> Vec<Word> {
        let initial = |global: &lucarne_compiler::program::Global| match global.initializer {
            Some(_) => Word::UNSET,
            None => Word::NULL,
        };
        self.program.globals.iter().map(initial).collect()
    }
}

fn contents(literal: &Literal) -> Vec<u8> {
    match literal {
        Literal::String(text) => text.as_bytes().to_vec(),
        Literal::Bytes(bytes) => bytes.clone(),
        Literal::Int(value) => value.to_le_bytes().to_vec(),
        Literal::Float(value) => value.to_le_bytes().to_vec(),
    }
}
