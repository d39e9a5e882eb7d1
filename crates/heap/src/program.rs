//! The permanent objects of a program: its literals, which all processes of the program share.

use std::sync::Arc;

use lucarne_compiler::program::{Global, Literal, Program};

use super::chunk::Chunk;
use super::object::{Format, PERMANENT};
use super::{CLASS_LIMIT, OutOfMemory, Ref, Word, initialize, size_words};

/// A program with its literals as objects, which are never moved, written or freed.
pub struct ProgramObjects {
    program: Arc<Program>,
    literals: Vec<Word>,
    /// The chunks that hold the objects. The objects are read only through `literals`.
    chunks: Vec<Arc<Objects>>,
}

/// A chunk of literals.
struct Objects(#[allow(dead_code, reason = "holds the memory")] Chunk);

// SAFETY: the objects are written before the chunk is shared; afterwards threads only read them.
unsafe impl Sync for Objects {}

impl ProgramObjects {
    /// Makes the objects of a program's literals.
    ///
    /// # Errors
    /// If the system has no memory left.
    ///
    /// # Panics
    /// If the program has more classes than a header can number, or lacks one that the heap needs.
    pub fn new(program: Arc<Program>) -> Result<ProgramObjects, OutOfMemory> {
        ProgramObjects::make(program, None)
    }

    /// Makes the objects of a program that extends this one: it begins with the same classes, globals and literals. The
    /// literals that both have are the same objects.
    ///
    /// # Errors
    /// If the system has no memory left.
    ///
    /// # Panics
    /// As [`ProgramObjects::new`], and if the program does not begin with the same literals.
    pub fn extended(&self, program: Arc<Program>) -> Result<ProgramObjects, OutOfMemory> {
        assert!(program.literals.starts_with(&self.program.literals), "the literals stay the same");
        ProgramObjects::make(program, Some(self))
    }

    fn make(program: Arc<Program>, before: Option<&ProgramObjects>) -> Result<ProgramObjects, OutOfMemory> {
        let classes = program.classes.len();
        assert!(classes <= CLASS_LIMIT as usize, "a program has at most {CLASS_LIMIT} classes");
        let builtins = &program.builtins;
        assert!(
            builtins.classes().iter().all(|class| (class.0 as usize) < classes),
            "a program has all built-in classes"
        );
        let mut literals = before.map_or_else(Vec::new, |before| before.literals.clone());
        let mut chunks = before.map_or_else(Vec::new, |before| before.chunks.clone());
        let new = &program.literals[literals.len()..];
        if new.is_empty() {
            return Ok(ProgramObjects { program, literals, chunks });
        }
        let words = new.iter().map(|literal| size_words(Format::Bytes, contents(literal).len()));
        let mut objects = Chunk::new(words.sum()).ok_or(OutOfMemory)?;
        for literal in new {
            let (class, format) = match literal {
                Literal::String(_) => (builtins.string, Format::Text),
                Literal::Bytes(_) => (builtins.bytes, Format::Bytes),
                Literal::Int(value) => {
                    if let Some(word) = Word::int(*value) {
                        literals.push(word);
                        continue;
                    }
                    (builtins.int, Format::Bytes)
                }
                Literal::Float(value) => {
                    if let Some(word) = Word::float(*value) {
                        literals.push(word);
                        continue;
                    }
                    (builtins.float, Format::Bytes)
                }
            };
            let bytes = contents(literal);
            let address = objects.take(size_words(format, bytes.len())).ok_or(OutOfMemory)?;
            let word = initialize(address, class, format, bytes.len(), PERMANENT);
            // SAFETY: a new object with room for these bytes.
            unsafe {
                std::ptr::copy_nonoverlapping(bytes.as_ptr(), address.add(1).cast::<u8>(), bytes.len());
            }
            literals.push(word);
        }
        chunks.push(Arc::new(Objects(objects)));
        Ok(ProgramObjects { program, literals, chunks })
    }

    /// Returns the program.
    #[inline(always)]
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// Returns the word of a literal, which is current for each heap of this program.
    #[inline(always)]
    pub fn literal(&self, index: usize) -> Word {
        self.literals[index]
    }

    /// Returns the number of the literal that `object` refers to; none if it is not a literal. Searches all literals.
    pub fn literal_index(&self, object: Ref<'_>) -> Option<usize> {
        self.literals.iter().position(|literal| *literal == object.word())
    }

    /// Returns whether a program begins with the classes and globals of this one.
    pub(super) fn is_extended_by(&self, program: &Program) -> bool {
        let classes = self.program.classes.iter().zip(&program.classes);
        program.classes.len() >= self.program.classes.len()
            && program.globals.len() >= self.program.globals.len()
            && classes.into_iter().all(|(one, other)| one.name == other.name && one.fields == other.fields)
    }

    /// Returns the globals of a new process: [`Word::UNSET`] for each global with an initializer, null for the others.
    pub(super) fn initial_globals(&self) -> Vec<Word> {
        let initial = |global: &Global| match global.initializer {
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
