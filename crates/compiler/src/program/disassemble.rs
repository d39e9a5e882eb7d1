//! Prints a program as text.

use std::fmt::Write;

use super::bytecode::{Instruction, Opcode};
use super::{Function, Program};

impl Program {
    /// Returns all functions with their code, as text.
    pub fn disassemble(&self) -> String {
        let mut text = String::new();
        for (index, function) in self.functions.iter().enumerate() {
            let end = self.functions.get(index + 1).map_or(self.code.len(), |next| next.entry as usize);
            self.disassemble_function(&mut text, index, function, end);
        }
        text
    }

    fn disassemble_function(&self, text: &mut String, index: usize, function: &Function, end: usize) {
        let Function { name, arity, registers, entry, .. } = function;
        let _ = writeln!(text, "function {index} {name} arity={arity} registers={registers}");
        for address in *entry as usize..end {
            let instruction = self.code[address];
            let _ = write!(text, "  {address:6}  {instruction:?}");
            if let Some(comment) = self.comment(instruction) {
                let _ = write!(text, "  ; {comment}");
            }
            text.push('\n');
        }
        for handler in &self.handlers[function.handlers.0 as usize..function.handlers.1 as usize] {
            let _ = writeln!(
                text,
                "  try {}..{} finally {} in r{}",
                handler.from, handler.to, handler.target, handler.completion
            );
        }
        text.push('\n');
    }

    /// Returns a comment that explains the number in an instruction.
    fn comment(&self, instruction: Instruction) -> Option<String> {
        let number = instruction.number() as usize;
        let function = || self.functions.get(number).map(|function| function.name.clone());
        match instruction.opcode()? {
            Opcode::LoadLiteral | Opcode::LoadBytes => {
                self.literals.get(number).map(|literal| format!("{literal:?}"))
            }
            Opcode::CallStatic | Opcode::TailCall | Opcode::NewBlock | Opcode::NewLambda => function(),
            Opcode::CallVirtual | Opcode::Slow => {
                let place = self.selectors.binary_search_by_key(&(number as u32), |(offset, _)| *offset);
                place.ok().map(|place| self.selectors[place].1.clone())
            }
            Opcode::GetGlobal | Opcode::SetGlobal => {
                self.globals.get(number).map(|global| global.name.clone())
            }
            Opcode::NewObject => self.classes.get(number).map(|class| class.name.clone()),
            Opcode::As => self.checks.get(number).map(|check| check.name().to_string()),
            Opcode::Is => self.checks.get(instruction.c() as usize).map(|check| check.name().to_string()),
            Opcode::Native => self.natives.get(number).map(|(module, name)| format!("{module}.{name}")),
            _ => None,
        }
    }
}
