//! The machine code of one program, and the tables by which it is found.

use std::sync::Arc;

use lucarne_compiler::program::{Accessor, FunctionIndex, FunctionShape, Program};
use lucarne_heap::{ProgramObjects, Word, layout};
use lucarne_kernel::sync::Mutex;
use lucarne_kernel::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use crate::context::{Context, Helpers};
use crate::memory::Memory;
use crate::{translate, worker};

/// The heat at which a function is compiled.
const HOT: u32 = 300;
/// The heat that a function gains when a slice of the budget ends in it: three slices make it hot.
const HEAT_OF_SLICE: u32 = 100;
/// The heat that a function gains when machine code calls it or returns to it. Loops may be in step with the slices, so
/// that these end in one of two functions only; the other becomes hot this way.
const HEAT_OF_CROSSING: u32 = 1;
/// The mark of a function that has been compiled, waits for it, or is too large.
const SETTLED: u32 = u32::MAX;

/// The most bytes of machine code of a program: 32 MiB. Functions that become hot later stay interpreted.
const CODE_BYTES_MAX: usize = 32 << 20;

/// What stands in the table of entries for a function that is to be compiled when it is called: see [`Mode::Always`].
const ON_CALL: usize = 1;

/// Which functions are compiled.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Mode {
    /// The functions that are hot.
    #[default]
    Hot,
    /// Each function, when it is called for the first time.
    Always,
    /// No function.
    Never,
}

/// The address of machine code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry(usize);

/// The type of compiled functions. It takes the context, register 0 of the frame, and how to begin: the bits of the
/// caller's frame in the header of the new frame for a call, or the complement of an address to go on there. It returns
/// 1 if the function has returned.
type Code = unsafe extern "C" fn(*mut Context, *mut Word, i64) -> u64;

impl Entry {
    /// Goes on in a frame at an instruction for which [`NativeCode::entry`] has given this entry. Returns whether the
    /// function has returned. If it has not, the context says why.
    ///
    /// # Safety
    /// The frame must be one of the function with this instruction, on the stack that the context describes. All of the
    /// context must be valid for the current task and heap, and its helpers' owner be the interpreter that they expect.
    #[allow(unsafe_code, reason = "the only place where machine code is entered")]
    pub unsafe fn resume(self, context: *mut Context, registers: *mut Word, pc: usize) -> bool {
        // SAFETY: the address was taken from the table of entries, which holds only addresses of compiled code.
        let code = unsafe { std::mem::transmute::<usize, Code>(self.0) };
        // SAFETY: promised by the caller.
        unsafe { code(context, registers, !(pc as i64)) != 0 }
    }
}

/// The machine code of a program.
pub struct NativeCode {
    pub(crate) program: Arc<Program>,
    /// The bits of the literals' words.
    pub(crate) literals: Vec<i64>,
    pub(crate) helpers: Helpers,
    mode: Mode,
    /// For each function, the address of its code; 0 or [`ON_CALL`] if it has none.
    pub(crate) entries: Box<[AtomicUsize]>,
    /// For each instruction at which a frame can go on, the address of its function's code.
    resumes: Box<[AtomicUsize]>,
    heat: Box<[AtomicU32]>,
    /// For each function, the number of its arguments if it is a block, or [`NO_BLOCK`].
    pub(crate) block_arities: Box<[u16]>,
    /// For each function, whether it is an accessor: see [`accessor_code`].
    pub(crate) accessors: Box<[u32]>,
    memory: Mutex<Memory>,
}

/// Stands for the arity of a function that is not a block: more than any call passes.
pub(crate) const NO_BLOCK: u16 = u16::MAX;

/// The lowest bits of the code of a getter. The place of the field is above.
pub(crate) const GETTER: u32 = 1;
/// The lowest bits of the code of a setter.
pub(crate) const SETTER: u32 = 2;
/// The position of the place of the field in the code of an accessor.
pub(crate) const PLACE_SHIFT: u32 = 2;

/// Returns the code of an accessor, or 0 for other functions.
fn accessor_code(accessor: Accessor) -> u32 {
    match accessor {
        Accessor::None => 0,
        Accessor::Getter(place) => u32::from(place) << PLACE_SHIFT | GETTER,
        Accessor::Setter(place) => u32::from(place) << PLACE_SHIFT | SETTER,
    }
}

impl NativeCode {
    /// Makes the tables for a program, of which nothing is compiled yet. The mode must not be [`Mode::Never`].
    pub fn new(objects: &ProgramObjects, helpers: Helpers, mode: Mode) -> NativeCode {
        let program = objects.program().clone();
        let functions = &program.functions;
        let initial = if mode == Mode::Always { ON_CALL } else { 0 };
        NativeCode {
            literals: (0..program.literals.len()).map(|index| layout::bits(objects.literal(index))).collect(),
            helpers,
            mode,
            entries: functions.iter().map(|_| AtomicUsize::new(initial)).collect(),
            resumes: program.code.iter().map(|_| AtomicUsize::new(0)).collect(),
            heat: functions.iter().map(|_| AtomicU32::new(0)).collect(),
            block_arities: functions
                .iter()
                .map(
                    |function| if function.shape == FunctionShape::Block { function.arity } else { NO_BLOCK },
                )
                .collect(),
            accessors: functions.iter().map(|function| accessor_code(function.accessor)).collect(),
            memory: Mutex::default(),
            program,
        }
    }

    /// Returns the code to go on at an instruction, if there is any.
    #[inline(always)]
    pub fn entry(&self, pc: usize) -> Option<Entry> {
        match self.resumes[pc].load(Ordering::Acquire) {
            0 => None,
            address => Some(Entry(address)),
        }
    }

    /// Returns whether a call of a function should not be interpreted: it is compiled, or is to be.
    #[inline(always)]
    pub fn takes_call(&self, function: FunctionIndex) -> bool {
        self.entries[function.0 as usize].load(Ordering::Relaxed) != 0
    }

    /// Notes that a slice of the budget has ended in a function that is interpreted.
    pub fn slice_ended(self: &Arc<Self>, function: FunctionIndex) {
        self.warm(function, HEAT_OF_SLICE);
    }

    /// Notes that machine code has called a function that is interpreted, or has returned to one.
    pub fn crossed(self: &Arc<Self>, function: FunctionIndex) {
        self.warm(function, HEAT_OF_CROSSING);
    }

    /// Adds to the heat of a function. If it is hot now, asks for it to be compiled.
    fn warm(self: &Arc<Self>, function: FunctionIndex, by: u32) {
        let heat = &self.heat[function.0 as usize];
        let before = heat.load(Ordering::Relaxed);
        if before == SETTLED {
            return;
        }
        // If two threads add at once, one of the additions may get lost: that does not matter.
        let is_hot = before + by >= HOT;
        heat.store(if is_hot { SETTLED } else { before + by }, Ordering::Relaxed);
        if is_hot && !worker::request(Arc::downgrade(self), function) {
            heat.store(before, Ordering::Relaxed);
        }
    }

    /// Compiles the function that is about to run, if all functions are to be compiled and this one has not been.
    pub fn compile_on_call(&self, function: impl FnOnce() -> FunctionIndex) {
        if self.mode == Mode::Always {
            let function = function();
            if self.entries[function.0 as usize].load(Ordering::Relaxed) == ON_CALL {
                self.compile(function);
            }
        }
    }

    /// Compiles a function. If that is not possible, it stays interpreted.
    pub(crate) fn compile(&self, function: FunctionIndex) {
        let index = function.0 as usize;
        let mut memory = self.memory.lock();
        if self.entries[index].load(Ordering::Relaxed) > ON_CALL {
            return;
        }
        let translated =
            (memory.bytes() < CODE_BYTES_MAX).then(|| translate::translate(self, function)).flatten();
        let Some((translated, address)) = translated
            .and_then(|translated| memory.add(&translated.code).map(|address| (translated, address)))
        else {
            self.entries[index].store(0, Ordering::Relaxed);
            return;
        };
        for pc in translated.resumes {
            self.resumes[pc].store(address, Ordering::Release);
        }
        self.entries[index].store(address, Ordering::Release);
    }
}
