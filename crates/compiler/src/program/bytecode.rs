//! The instruction set: the opcodes of the bytecode and their operands.
//!
//! An instruction is 64 bits, in one of two layouts that share the first half:
//!
//! ```text
//!   bits 0..8   8..16   16..32   32..48   48..64
//!       opcode    n        a        b        c
//!       opcode    n        a        -- imm ----      (a signed 32-bit number)
//! ```
//!
//! `a`, `b`, `c` name registers of the current frame unless the table says otherwise, `n` is a small count or a flag. In a
//! jump, bit 0 of `n` is [`Instruction::sense`], and bits 1..8 are the calls of [`Instruction::charge`]. Jumps are relative
//! to the following instruction.
//!
//! **Frames.** A call's outgoing arguments start two registers above its base register `a`; the callee's register 0 is
//! the caller's `a + 2`. The two registers between hold the return address and the caller's frame, and the result
//! replaces the first of them: it arrives in the caller's `a`.
//!
//! **Operators** have a fast path for numbers (`Index` and `IndexPut`: for lists, arrays and byte arrays). They are
//! followed by an [`Opcode::Slow`] word that says how to call the operator as a method when the fast path does not apply;
//! the method returns to that word, which moves the result where it belongs (or branches on it).

use std::fmt;

use serde::{Deserialize, Serialize};

/// One instruction.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instruction(#[serde(with = "postcard::fixint::le")] pub u64);

impl Instruction {
    /// Builds the layout with three registers.
    pub const fn abc(opcode: Opcode, n: u8, a: u16, b: u16, c: u16) -> Self {
        Instruction(opcode as u64 | (n as u64) << 8 | (a as u64) << 16 | (b as u64) << 32 | (c as u64) << 48)
    }

    /// Builds the layout with a number.
    pub const fn imm(opcode: Opcode, n: u8, a: u16, imm: i32) -> Self {
        Instruction(opcode as u64 | (n as u64) << 8 | (a as u64) << 16 | ((imm as u32) as u64) << 32)
    }

    /// Returns the opcode, if the instruction has a valid one.
    pub const fn opcode(self) -> Option<Opcode> {
        Opcode::from_byte(self.0 as u8)
    }

    /// Returns the small count, or the flags: see the head of this file.
    #[inline(always)]
    pub const fn n(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// Returns the first operand.
    #[inline(always)]
    pub const fn a(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// Returns the second operand.
    #[inline(always)]
    pub const fn b(self) -> u16 {
        (self.0 >> 32) as u16
    }

    /// Returns the third operand.
    #[inline(always)]
    pub const fn c(self) -> u16 {
        (self.0 >> 48) as u16
    }

    /// Returns the number.
    #[inline(always)]
    pub const fn number(self) -> i32 {
        (self.0 >> 32) as i32
    }

    /// Returns the same instruction with another number.
    pub const fn with_number(self, imm: i32) -> Self {
        Instruction((self.0 & 0xffff_ffff) | ((imm as u32) as u64) << 32)
    }

    /// Returns the units of the budget that a jump costs if it goes back: the loop edge, and the calls in the loop that were
    /// replaced by code.
    #[inline(always)]
    pub const fn charge(self) -> i64 {
        (self.n() >> 1) as i64 + 1
    }

    /// Returns the same jump with a charge for this number of calls, but not more than it can hold.
    pub const fn with_charge(self, calls: u32) -> Self {
        let calls = if calls > 0x7f { 0x7f } else { calls };
        Instruction(self.0 | (calls as u64) << 9)
    }

    /// Returns whether a jump that compares jumps if the comparison holds.
    #[inline(always)]
    pub const fn sense(self) -> bool {
        self.n() & 1 == 1
    }

    /// Returns the same instruction with another third operand.
    pub const fn with_c(self, c: u16) -> Self {
        Instruction((self.0 & 0x0000_ffff_ffff_ffff) | (c as u64) << 48)
    }
}

/// How an opcode uses its operands, for printing and checking.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operands {
    /// Registers `a`, `b`, `c`.
    Abc,
    /// Registers `a`, `b`.
    Ab,
    /// Register `a`.
    A,
    /// Register `a` and a number.
    AImm,
    /// Register `a` and a relative jump.
    AJump,
    /// Registers `a`, `b` and a relative jump in `c`.
    AbJump,
    /// A relative jump.
    Jump,
    /// A call: base `a`, `n` arguments, a number that names the target.
    Call,
}

macro_rules! opcodes {
    ($($(#[$doc:meta])* $name:ident $operands:ident,)*) => {
        /// The effect of an instruction.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Opcode {
            $($(#[$doc])* $name,)*
        }

        impl Opcode {
            /// All opcodes, by number.
            pub const ALL: &[Opcode] = &[$(Opcode::$name),*];

            /// Returns how the opcode uses its operands.
            pub const fn operands(self) -> Operands {
                match self { $(Opcode::$name => Operands::$operands,)* }
            }
        }
    };
}

opcodes! {
    /// `a` = `b`.
    Move Ab,
    /// `a` = the integer `imm`.
    LoadInt AImm,
    /// `a` = literal `imm`.
    LoadLiteral AImm,
    /// `a` = a fresh byte array with the bytes of literal `imm`.
    LoadBytes AImm,
    /// `a` = null.
    LoadNull A,
    /// `a` = true.
    LoadTrue A,
    /// `a` = false.
    LoadFalse A,
    /// `a` = the mark of an absent argument.
    LoadAbsent A,

    /// `a` = register `b` of the frame `n` blocks out.
    GetOuter Ab,
    /// Register `b` of the frame `n` blocks out = `a`.
    SetOuter Ab,
    /// `a` = a new cell that holds `b`.
    NewCell Ab,
    /// `a` = the content of cell `b`.
    GetCell Ab,
    /// Cell `a` holds `b`.
    SetCell Ab,
    /// `a` = global `imm`; runs its initializer the first time, with `a` as the call's base.
    GetGlobal AImm,
    /// Global `imm` = `a`. With `n` = 1, `a` is not used: marks the global as unset after its initializer failed, so that
    /// the next read runs the initializer again.
    SetGlobal AImm,
    /// `a` = field number `c` of object `b`.
    GetField Abc,
    /// Field number `b` of object `a` = `c`.
    SetField Abc,

    /// Calls function `imm` with `n` arguments.
    CallStatic Call,
    /// Calls the method that selector offset `imm` names on the class of the first argument.
    CallVirtual Call,
    /// Calls the block that is the first argument.
    CallBlock Call,
    /// Moves `n` registers from `a` to register 0 on and goes to function `imm` in this frame.
    TailCall Call,
    /// Runs the lambda in register 0 with the `n` arguments in the registers after it: puts the captures
    /// before the arguments, and goes to the lambda's code in this frame.
    EnterLambda A,
    /// Returns `a`.
    Return A,
    /// Returns null.
    ReturnNull A,
    /// Runs native `imm` on the function's arguments and returns its result. If it fails, throws,
    /// or with `n` = 1 puts the error into `a` and goes on.
    Native AImm,

    /// Jumps forward.
    Jump Jump,
    /// Jumps back: a loop edge, where the budget is counted: see [`Instruction::charge`].
    JumpBack Jump,
    /// Jumps unless `a` is null or false.
    JumpIf AJump,
    /// Jumps if `a` is null or false.
    JumpIfNot AJump,
    /// Jumps unless `a` is the mark of an absent argument.
    JumpIfPresent AJump,

    /// `a` = `b` + `c`.
    Add Abc,
    /// `a` = `b` - `c`.
    Sub Abc,
    /// `a` = `b` * `c`.
    Mul Abc,
    /// `a` = `b` / `c`.
    Div Abc,
    /// `a` = `b` % `c`.
    Mod Abc,
    /// `a` = `b` & `c`.
    BitAnd Abc,
    /// `a` = `b` | `c`.
    BitOr Abc,
    /// `a` = `b` ^ `c`.
    BitXor Abc,
    /// `a` = `b` << `c`.
    ShiftLeft Abc,
    /// `a` = `b` >> `c`.
    ShiftRight Abc,
    /// `a` = `b` >>> `c`.
    ShiftRightUnsigned Abc,
    /// `a` = `b` + the signed number `c`. `n` = 1: it was written as a subtraction of `-c`.
    AddNumber Abc,
    /// `a` = whether `b` == `c`.
    Equal Abc,
    /// `a` = whether `b` < `c`.
    Less Abc,
    /// `a` = whether `b` <= `c`.
    LessEqual Abc,
    /// `a` = whether `b` > `c`.
    Greater Abc,
    /// `a` = whether `b` >= `c`.
    GreaterEqual Abc,
    /// Jumps by `c` if (`a` == `b`) is what [`Instruction::sense`] says. Like all comparing jumps, it is a
    /// loop edge if it goes back: see [`Instruction::charge`].
    JumpEqual AbJump,
    /// Jumps by `c` if (`a` < `b`) is what the sense says.
    JumpLess AbJump,
    /// Jumps by `c` if (`a` <= `b`) is what the sense says.
    JumpLessEqual AbJump,
    /// Jumps by `c` if (`a` > `b`) is what the sense says.
    JumpGreater AbJump,
    /// Jumps by `c` if (`a` >= `b`) is what the sense says.
    JumpGreaterEqual AbJump,
    /// `a` = `b`\[`c`\], with a fast path for lists, arrays and byte arrays.
    Index Abc,
    /// `a`\[`b`\] = `c`, likewise.
    IndexPut Abc,
    /// Follows an operator: `a` is the base for its call, `imm` the selector offset. Reached only
    /// when that call returns: moves the result from `a` to the operator's own target. After a comparing
    /// jump, branches on the result instead; after [`Opcode::IndexPut`], drops it.
    Slow AImm,
    /// `a` = whether `b` and `c` are the same object.
    Identical Abc,
    /// `a` = whether `b` passes check `c`.
    Is Abc,
    /// Throws unless `a` passes check `imm`.
    As AImm,

    /// `a` = a new instance of class `imm`, its fields null.
    NewObject AImm,
    /// `a` = a new list with room for `imm` elements.
    NewList AImm,
    /// Appends `c` registers from `b` on to list `a`, which has room for them.
    AppendList Abc,
    /// `a` = a byte array made of the integers in list `a`.
    NewBytes A,
    /// `a` = the strings in the `c` registers from `b` on, joined.
    Concat Abc,
    /// `a` = a lambda of function `imm` with the `n` captures in `a` and on.
    NewLambda AImm,
    /// `a` = a block of function `imm` that belongs to this frame.
    NewBlock AImm,

    /// Goes to the frame `n` blocks out: puts `a` into its register `b` and goes on at the address
    /// in the [`Opcode::Target`] that follows. `finally` parts on the way run.
    Exit Ab,
    /// Returns `a` from the frame `n` blocks out; `finally` parts on the way run.
    ReturnOuter A,
    /// Follows an [`Opcode::Exit`]: an address.
    Target AImm,
    /// `a` = whether the completion stored from `b` on is an exception.
    IsException Ab,
    /// `a` = the exception of the completion stored from `b` on, or null.
    GetException Ab,
    /// Ends a `finally` part. Four registers from `a` on hold the completion that entered it: a kind
    /// (0 the normal end of the body, 1 an exception, 2 an exit, 3 a return), the value, the frame to
    /// go to, and for an exit its target address and register. Continues that completion; for kind 0,
    /// goes on with the next instruction.
    EndFinally A,
    /// Marks code that is never reached.
    Unreachable A,
}

impl Opcode {
    /// Returns the opcode with this number.
    pub const fn from_byte(byte: u8) -> Option<Opcode> {
        if (byte as usize) < Opcode::ALL.len() { Some(Opcode::ALL[byte as usize]) } else { None }
    }

    /// Returns whether an [`Opcode::Slow`] word follows.
    pub const fn is_operator(self) -> bool {
        (self as u8) >= (Opcode::Add as u8) && (self as u8) <= (Opcode::IndexPut as u8)
    }
}

impl fmt::Debug for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(opcode) = self.opcode() else { return write!(f, "invalid {:#x}", self.0) };
        write!(f, "{opcode:?}")?;
        if self.n() != 0 {
            write!(f, "/{}", self.n())?;
        }
        match opcode.operands() {
            Operands::Abc => write!(f, " r{} r{} r{}", self.a(), self.b(), self.c()),
            Operands::Ab => write!(f, " r{} r{}", self.a(), self.b()),
            Operands::A => write!(f, " r{}", self.a()),
            Operands::AImm | Operands::Call => write!(f, " r{} #{}", self.a(), self.number()),
            Operands::AJump => write!(f, " r{} {:+}", self.a(), self.number()),
            Operands::AbJump => write!(f, " r{} r{} {:+}", self.a(), self.b(), self.c() as i16),
            Operands::Jump => write!(f, " {:+}", self.number()),
        }
    }
}
