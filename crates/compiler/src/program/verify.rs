//! Checks that a program meets the conditions on which the interpreter's `unsafe` code rests.
//!
//! The interpreter trusts the linker: it does not check that a register is inside its frame, a jump
//! inside its function, or a number inside its table. This module checks these conditions: every
//! debug build checks every program that it links. The conditions, in the order of the code:
//!
//! - Functions follow each other without a gap, each has code, and none runs past its end.
//! - Registers are inside the frame, those of a call's arguments included. An outer frame exists, and
//!   its registers are inside it.
//! - Jumps go to instructions of the same function, exits to instructions of the outer one. The
//!   second word of an instruction is not a jump target, and it follows where it must.
//! - Numbers are inside their tables, and calls pass as many arguments as the function takes.

use std::collections::HashMap;

use thiserror::Error;

use super::bytecode::{Instruction, Opcode, Operands};
use super::{Accessor, ClassIndex, DispatchEntry, Function, FunctionIndex, FunctionShape, Literal, Program};

/// The distance from a call's base to its first argument.
const FRAME_WORDS: usize = 2;

/// The number of registers that hold a completion: see [`Opcode::EndFinally`].
const COMPLETION_WORDS: usize = 4;

/// A condition that a program does not meet.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{function} at {address}: {problem}")]
pub struct Fault {
    /// The function's name; empty for a fault outside of functions.
    pub function: String,
    /// The address of the instruction.
    pub address: usize,
    /// The problem.
    pub problem: &'static str,
}

impl Program {
    /// Checks the whole program.
    ///
    /// # Errors
    /// Returns the first condition that does not hold.
    pub fn verify(&self) -> Result<(), Fault> {
        let mut next = 0;
        for function in &self.functions {
            let address = next;
            let fault = |problem| Err(Fault { function: function.name.clone(), address, problem });
            if function.entry as usize != next {
                return fault("the function does not begin where the one before ends");
            }
            next = self.end(function);
            if next <= function.entry as usize || next > self.code.len() {
                return fault("the function has no code");
            }
        }
        let verifier = Verifier { program: self, parents: self.parents(), arities: self.arities() };
        verifier.tables()?;
        self.functions.iter().try_for_each(|function| verifier.function(function))
    }

    /// Returns the address after a function's last instruction.
    fn end(&self, function: &Function) -> usize {
        let next = self.functions.partition_point(|other| other.entry <= function.entry);
        self.functions.get(next).map_or(self.code.len(), |next| next.entry as usize)
    }

    /// Returns, for each function, the functions that make a block of it: its frames are within
    /// theirs.
    fn parents(&self) -> Vec<Vec<FunctionIndex>> {
        let mut parents = vec![Vec::new(); self.functions.len()];
        for (index, function) in self.functions.iter().enumerate() {
            for instruction in &self.code[function.entry as usize..self.end(function)] {
                if instruction.opcode() == Some(Opcode::NewBlock)
                    && let Some(of_block) = parents.get_mut(instruction.number() as usize)
                {
                    of_block.push(FunctionIndex(index as u32));
                }
            }
        }
        parents
    }

    /// Returns, for each selector's offset, the number of arguments of its methods; `MIXED` if they
    /// differ.
    fn arities(&self) -> HashMap<u32, u16> {
        let mut arities = HashMap::new();
        for entry in self.dispatch.iter().filter(|entry| entry.selector != DispatchEntry::EMPTY) {
            let arity =
                self.functions.get(entry.function.0 as usize).map_or(MIXED, |function| function.arity);
            let known = arities.entry(entry.selector).or_insert(arity);
            if *known != arity {
                *known = MIXED;
            }
        }
        arities
    }
}

/// Marks a selector whose methods take different numbers of arguments.
const MIXED: u16 = u16::MAX;

struct Verifier<'p> {
    program: &'p Program,
    parents: Vec<Vec<FunctionIndex>>,
    arities: HashMap<u32, u16>,
}

impl Verifier<'_> {
    /// Checks the tables that do not belong to a function.
    fn tables(&self) -> Result<(), Fault> {
        let program = self.program;
        let check = |holds: bool, problem| {
            if holds { Ok(()) } else { Err(Fault { function: String::new(), address: 0, problem }) }
        };
        let is_function = |index: FunctionIndex| (index.0 as usize) < program.functions.len();
        let is_class = |class: &ClassIndex| (class.0 as usize) < program.classes.len();
        check(program.builtins.classes().iter().all(is_class), "a class that the machine needs is missing")?;
        for (number, class) in program.classes.iter().enumerate() {
            let range = number < class.subclasses_end as usize
                && class.subclasses_end as usize <= program.classes.len();
            check(range, "the range of a class's subclasses is wrong")?;
            if let Some(superclass) = class.superclass {
                let above = program.classes.get(superclass.0 as usize);
                let is_inside = above.is_some_and(|above| {
                    (superclass.0 as usize) < number
                        && class.subclasses_end <= above.subclasses_end
                        && above.fields <= class.fields
                });
                check(is_inside, "a class does not fit its superclass")?;
            }
        }
        let last_offset = program.selectors.last().map_or(0, |(offset, _)| *offset as usize);
        check(
            program.dispatch.len() >= last_offset + program.classes.len(),
            "the dispatch table is too short",
        )?;
        for (at, entry) in program.dispatch.iter().enumerate() {
            if entry.selector != DispatchEntry::EMPTY {
                let class = at.checked_sub(entry.selector as usize);
                check(
                    class.is_some_and(|class| class < program.classes.len()),
                    "a dispatch entry is displaced",
                )?;
                check(is_function(entry.function), "a dispatch entry names a function that does not exist")?;
            }
        }
        check(program.selectors.is_sorted_by(|one, other| one.0 <= other.0), "the selectors are not sorted")?;
        check(program.positions.is_sorted_by(|one, other| one.0 <= other.0), "the positions are not sorted")?;
        check(program.inlined.is_sorted_by_key(|range| range.from), "the inlined ranges are not sorted")?;
        for (place, range) in program.inlined.iter().enumerate() {
            let (earlier, _) = program.inlined.split_at(place);
            let around = match range.parent {
                Some(parent) => earlier.get(parent as usize).map(|parent| (parent.from, parent.to)),
                None => Some((0, program.code.len() as u32)),
            };
            let is_inside = around.is_some_and(|(from, to)| from <= range.from && range.to <= to);
            check(
                range.from <= range.to && is_inside,
                "an inlined range is not inside of what is around it",
            )?;
        }
        let initializers = program.globals.iter().filter_map(|global| global.initializer);
        for function in initializers {
            let function = program.functions.get(function.0 as usize);
            check(function.is_some_and(|function| function.arity == 0), "an initializer takes arguments")?;
        }
        let entries = &program.entries;
        for (function, arity) in [
            (entries.main, u16::from(entries.main_takes_arguments)),
            (entries.run_task, 1),
            (entries.handle_request, 5),
            (entries.handle_message, 4),
        ] {
            let function = program.functions.get(function.0 as usize);
            check(
                function.is_some_and(|function| function.arity == arity),
                "an entry function takes the wrong number of arguments",
            )?;
        }
        Ok(())
    }

    fn function(&self, function: &Function) -> Result<(), Fault> {
        let (start, end) = (function.entry as usize, self.program.end(function));
        let fault = |address, problem| Err(Fault { function: function.name.clone(), address, problem });
        if function.arity > function.registers || function.captures > function.arity {
            return fault(start, "the arguments do not fit into the frame");
        }
        if let Accessor::Setter(_) = function.accessor
            && function.arity != 2
        {
            return fault(start, "a setter takes an object and a value");
        }
        let mut address = start;
        let mut may_go_on = true;
        while address < end {
            let instruction = self.program.code[address];
            let Some(opcode) = instruction.opcode() else { return fault(address, "there is no such opcode") };
            if let Err(problem) = self.instruction(function, address, opcode, instruction) {
                return fault(address, problem);
            }
            may_go_on = !ends(opcode, instruction);
            address += words(opcode);
        }
        if address != end || may_go_on {
            return fault(address, "the function runs past its end");
        }
        self.handlers(function)
    }

    fn handlers(&self, function: &Function) -> Result<(), Fault> {
        let (start, end) = (function.entry, self.program.end(function) as u32);
        let (from, to) = (function.handlers.0 as usize, function.handlers.1 as usize);
        let fault =
            |problem| Err(Fault { function: function.name.clone(), address: start as usize, problem });
        let Some(handlers) = self.program.handlers.get(from..to) else {
            return fault("there are no such handlers");
        };
        for handler in handlers {
            if handler.from < start || handler.from >= handler.to || handler.to > end {
                return fault("a protected range is outside of the function");
            }
            if !self.is_place(function, i64::from(handler.target)) {
                return fault("a handler is outside of the function");
            }
            if usize::from(handler.completion) + COMPLETION_WORDS > usize::from(function.registers) {
                return fault("the registers of a handler's completion are outside of the frame");
            }
        }
        Ok(())
    }

    /// Returns whether an address is that of an instruction of a function, and not its second word.
    fn is_place(&self, function: &Function, address: i64) -> bool {
        let (start, end) = (i64::from(function.entry), self.program.end(function) as i64);
        if !(start..end).contains(&address) {
            return false;
        }
        // A second word is reached only from the word before; its opcode differs from those of
        // first words.
        let opcode = self.program.code[address as usize].opcode();
        !matches!(opcode, Some(Opcode::Slow | Opcode::Target))
    }

    fn instruction(
        &self,
        function: &Function,
        address: usize,
        opcode: Opcode,
        instruction: Instruction,
    ) -> Result<(), &'static str> {
        self.registers(function, opcode, instruction)?;
        self.numbers(function, opcode, instruction)?;
        let next = address as i64 + 1;
        let target = match opcode.operands() {
            Operands::Jump | Operands::AJump => Some(next + i64::from(instruction.number())),
            Operands::AbJump => Some(next + i64::from(instruction.c() as i16)),
            _ => None,
        };
        if target.is_some_and(|target| !self.is_place(function, target)) {
            return Err("a jump leaves the function");
        }
        let follower = self.program.code.get(address + 1).and_then(|word| word.opcode());
        match opcode {
            Opcode::Slow | Opcode::Target => Err("a second word stands alone"),
            _ if opcode.is_operator() && follower != Some(Opcode::Slow) => {
                Err("an operator lacks its second word")
            }
            _ if opcode.is_operator() => self.slow(function, opcode, self.program.code[address + 1]),
            Opcode::Exit if follower != Some(Opcode::Target) => Err("an exit lacks its second word"),
            Opcode::Exit => {
                let target = i64::from(self.program.code[address + 1].number());
                let is_place =
                    |outer: &Function| self.is_place(outer, target) && instruction.b() < outer.registers;
                self.outer(function, instruction.n(), &is_place)
            }
            Opcode::ReturnOuter => self.outer(function, instruction.n(), &|_| true),
            Opcode::GetOuter | Opcode::SetOuter => {
                self.outer(function, instruction.n(), &|outer| instruction.b() < outer.registers)
            }
            _ => Ok(()),
        }
    }

    /// Checks that a condition holds for each function whose frame may be `depth` blocks out of a frame of `function`.
    fn outer(
        &self,
        function: &Function,
        depth: u8,
        holds: &dyn Fn(&Function) -> bool,
    ) -> Result<(), &'static str> {
        if depth == 0 {
            return if holds(function) { Ok(()) } else { Err("an outer register or address is wrong") };
        }
        if function.shape != FunctionShape::Block {
            return Err("only a block has an outer frame");
        }
        let index = self.program.functions.partition_point(|other| other.entry < function.entry);
        self.parents[index].iter().try_for_each(|parent| {
            let parent = &self.program.functions[parent.0 as usize];
            self.outer(parent, depth - 1, holds)
        })
    }

    /// Checks the second word of an operator: the call of its method.
    fn slow(&self, function: &Function, opcode: Opcode, slow: Instruction) -> Result<(), &'static str> {
        let arguments = if opcode == Opcode::IndexPut { 3 } else { 2 };
        self.call(function, slow, arguments)?;
        self.selector(slow.number(), arguments)
    }

    /// Checks that a call's arguments are inside the frame.
    fn call(&self, function: &Function, call: Instruction, arguments: usize) -> Result<(), &'static str> {
        let end = usize::from(call.a()) + FRAME_WORDS + arguments;
        if end <= usize::from(function.registers) {
            Ok(())
        } else {
            Err("a call's arguments are outside of the frame")
        }
    }

    /// Checks that a number is a selector's offset, and that its methods take this number of
    /// arguments.
    fn selector(&self, offset: i32, arguments: usize) -> Result<(), &'static str> {
        let offset = u32::try_from(offset).map_err(|_| "there is no such selector")?;
        if self.program.selectors.binary_search_by_key(&offset, |(offset, _)| *offset).is_err() {
            return Err("there is no such selector");
        }
        // If a selector has no methods, a call of it fails and reaches no function.
        let arity = self.arities.get(&offset);
        if arity.is_none_or(|arity| usize::from(*arity) == arguments) {
            Ok(())
        } else {
            Err("a method takes the wrong number of arguments")
        }
    }

    /// Checks that all registers that an instruction names are inside the frame.
    fn registers(
        &self,
        function: &Function,
        opcode: Opcode,
        instruction: Instruction,
    ) -> Result<(), &'static str> {
        let (a, b, c) =
            (usize::from(instruction.a()), usize::from(instruction.b()), usize::from(instruction.c()));
        let n = usize::from(instruction.n());
        let highest = match opcode {
            Opcode::GetField | Opcode::AddNumber | Opcode::Is => a.max(b),
            Opcode::SetField => a.max(c),
            Opcode::AppendList | Opcode::Concat => a.max((b + c).saturating_sub(1)),
            Opcode::GetOuter | Opcode::SetOuter | Opcode::Exit => a,
            Opcode::IsException | Opcode::GetException => a.max(b + COMPLETION_WORDS - 1),
            Opcode::EndFinally => a + COMPLETION_WORDS - 1,
            Opcode::TailCall | Opcode::NewLambda => a.max((a + n).saturating_sub(1)),
            Opcode::EnterLambda => n,
            Opcode::GetGlobal => a + FRAME_WORDS - 1,
            Opcode::ReturnNull | Opcode::Unreachable => return Ok(()),
            Opcode::Native if n == 0 => return Ok(()),
            _ => match opcode.operands() {
                Operands::Abc => a.max(b).max(c),
                Operands::Ab | Operands::AbJump => a.max(b),
                Operands::A | Operands::AImm | Operands::AJump => a,
                Operands::Jump => return Ok(()),
                Operands::Call => return self.call(function, instruction, n),
            },
        };
        if highest < usize::from(function.registers) {
            Ok(())
        } else {
            Err("a register is outside of the frame")
        }
    }

    /// Checks that all numbers that an instruction names are inside their tables.
    fn numbers(
        &self,
        function: &Function,
        opcode: Opcode,
        instruction: Instruction,
    ) -> Result<(), &'static str> {
        let program = self.program;
        let number = instruction.number() as usize;
        let n = u16::from(instruction.n());
        let callee = || program.functions.get(number).ok_or("there is no such function");
        let holds = match opcode {
            Opcode::LoadLiteral => matches!(
                program.literals.get(number),
                Some(Literal::String(_) | Literal::Int(_) | Literal::Float(_))
            ),
            Opcode::LoadBytes => matches!(program.literals.get(number), Some(Literal::Bytes(_))),
            Opcode::GetGlobal | Opcode::SetGlobal => number < program.globals.len(),
            Opcode::NewObject => program.classes.get(number).is_some(),
            Opcode::Is => usize::from(instruction.c()) < program.checks.len(),
            Opcode::As => number < program.checks.len(),
            Opcode::Native => number < program.natives.len(),
            Opcode::CallVirtual => return self.selector(instruction.number(), usize::from(n)),
            Opcode::CallStatic | Opcode::TailCall if callee()?.arity != n => {
                return Err("a call passes the wrong number of arguments");
            }
            Opcode::NewBlock => callee()?.shape == FunctionShape::Block,
            Opcode::NewLambda => {
                let lambda = callee()?;
                lambda.shape == FunctionShape::Lambda && lambda.captures == n
            }
            Opcode::CallBlock => n > 0,
            Opcode::EnterLambda => function.arity > n,
            _ => true,
        };
        if holds { Ok(()) } else { Err("a number is outside of its table") }
    }
}

/// Returns the number of words of an instruction.
fn words(opcode: Opcode) -> usize {
    if opcode.is_operator() || opcode == Opcode::Exit { 2 } else { 1 }
}

/// Returns whether control never passes to the following instruction.
fn ends(opcode: Opcode, instruction: Instruction) -> bool {
    match opcode {
        Opcode::Return
        | Opcode::ReturnNull
        | Opcode::TailCall
        | Opcode::EnterLambda
        | Opcode::Jump
        | Opcode::JumpBack
        | Opcode::Exit
        | Opcode::ReturnOuter
        | Opcode::Unreachable => true,
        // With a register for the error, it goes on after a failure.
        Opcode::Native => instruction.n() == 0,
        _ => false,
    }
}
