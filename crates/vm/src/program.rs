//! A program that is ready to run: linked code with the tables and objects that an interpreter needs.

use std::sync::Arc;

use lucarne_compiler::program::{Accessor, FunctionIndex, FunctionShape, Program};
use lucarne_heap::{OutOfMemory, ProgramObjects};
use lucarne_kernel::sync::OnceLock;
use lucarne_kernel::sync::atomic::{AtomicU32, Ordering};
use lucarne_native::{Mode, NativeCode};
use lucarne_natives::{self as natives, Entry};

use crate::interpreter::HELPERS;
use crate::profile::Profile;

/// A linked program with the objects of its literals, its natives, and the facts about each function that calls need.
/// All processes of the program share it.
pub struct LoadedProgram {
    objects: Arc<ProgramObjects>,
    /// The facts that calls need about each function, close together.
    callees: Vec<Callee>,
    /// The natives that the program names, with none for each name that does not exist.
    natives: Vec<Option<Entry>>,
    /// Which functions are compiled to machine code.
    mode: Mode,
    /// The number of slices of the budget that have ended in interpreted code, up to [`SLICES_OF_SHORT_PROGRAMS`].
    slices: AtomicU32,
    /// The machine code, once the program has run for a while.
    machine_code: OnceLock<Arc<NativeCode>>,
    /// The profile of the program, if it is profiled.
    profile: Option<Arc<Profile>>,
}

/// The number of slices after which hot functions are looked for. Most programs end before, and so need no tables for
/// that.
const SLICES_OF_SHORT_PROGRAMS: u32 = 16;

/// The facts that a call needs about its target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callee {
    /// The address of the first instruction.
    pub(crate) entry: u32,
    /// The number of registers of a frame.
    pub(crate) registers: u16,
    /// The number of arguments, block or captures included.
    pub(crate) arity: u16,
    /// The number of captures among the arguments.
    pub(crate) captures: u16,
    /// Whether the function is a block.
    pub(crate) is_block: bool,
    /// Whether the function only reads or stores a field, and which one.
    pub(crate) accessor: Accessor,
}

impl LoadedProgram {
    /// Makes a linked program ready to run.
    ///
    /// # Errors
    /// If the system has no memory left.
    pub fn new(program: Arc<Program>) -> Result<LoadedProgram, OutOfMemory> {
        let objects = ProgramObjects::new(program.clone())?;
        Ok(LoadedProgram::with_objects(program, objects))
    }

    /// Makes a program ready to run that extends this one, for a session.
    ///
    /// # Errors
    /// If the system has no memory left.
    pub fn extended(&self, program: Program) -> Result<LoadedProgram, OutOfMemory> {
        let program = Arc::new(program);
        let objects = self.objects.extended(program.clone())?;
        Ok(LoadedProgram::with_objects(program, objects).with_machine_code(self.mode))
    }

    fn with_objects(program: Arc<Program>, objects: ProgramObjects) -> LoadedProgram {
        let callees = program.functions.iter().map(|function| Callee {
            entry: function.entry,
            registers: function.registers,
            arity: function.arity,
            captures: function.captures,
            is_block: function.shape == FunctionShape::Block,
            accessor: function.accessor,
        });
        let callees = callees.collect();
        let natives = program.natives.iter().map(|(module, name)| natives::find(module, name)).collect();
        LoadedProgram {
            objects: Arc::new(objects),
            callees,
            natives,
            mode: Mode::Hot,
            slices: AtomicU32::new(0),
            machine_code: OnceLock::new(),
            profile: None,
        }
    }

    /// Sets which functions are compiled to machine code; the hot ones by default.
    #[must_use]
    pub fn with_machine_code(mut self, mode: Mode) -> LoadedProgram {
        self.mode = mode;
        if mode == Mode::Always {
            self.make_machine_code();
        }
        self
    }

    /// Profiles the program from now on.
    #[must_use]
    pub fn with_profile(mut self, profile: Arc<Profile>) -> LoadedProgram {
        self.profile = Some(profile);
        self
    }

    /// Returns the profile of the program, if there is one.
    #[inline(always)]
    pub(crate) fn profile(&self) -> Option<&Arc<Profile>> {
        self.profile.as_ref()
    }

    /// Returns the machine code of the program, if the program has run for a while.
    #[inline(always)]
    pub(crate) fn machine_code(&self) -> Option<&Arc<NativeCode>> {
        self.machine_code.get()
    }

    fn make_machine_code(&self) -> &Arc<NativeCode> {
        self.machine_code.get_or_init(|| Arc::new(NativeCode::new(&self.objects, HELPERS, self.mode)))
    }

    /// Notes that a slice of the budget has ended at an address that was interpreted.
    pub(crate) fn slice_ended(&self, address: usize) {
        if self.mode != Mode::Hot {
            return;
        }
        // If two threads count at the same time, one slice may not be counted, which does not matter.
        let slices = self.slices.load(Ordering::Relaxed);
        if slices < SLICES_OF_SHORT_PROGRAMS {
            self.slices.store(slices + 1, Ordering::Relaxed);
        } else {
            self.make_machine_code().slice_ended(self.function_at(address as u32));
        }
    }

    /// Returns the program.
    #[inline(always)]
    pub fn program(&self) -> &Arc<Program> {
        self.objects.program()
    }

    /// Returns the objects of the program's literals.
    #[inline(always)]
    pub(crate) fn objects(&self) -> &Arc<ProgramObjects> {
        &self.objects
    }

    /// Returns the facts that calls need about each function.
    #[inline(always)]
    pub(crate) fn callees(&self) -> &[Callee] {
        &self.callees
    }

    /// Returns the native with an index in the program's list, or none if it does not exist.
    #[inline(always)]
    pub(crate) fn native(&self, index: usize) -> Option<Entry> {
        self.natives[index]
    }

    /// Returns the function that an address is in.
    pub(crate) fn function_at(&self, address: u32) -> FunctionIndex {
        let after = self.callees.partition_point(|callee| callee.entry <= address);
        FunctionIndex(after.saturating_sub(1) as u32)
    }
}
