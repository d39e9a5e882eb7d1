//! Compiles literals that are made of several expressions: interpolated strings, lists, sets and maps.

use super::{Opcode, RoutineCompiler};
use crate::ir::{Node, Offset, Part, Type};
use crate::link::LinkError;
use crate::link::fragment::Register;
use crate::program::Literal;
use crate::program::bytecode::Instruction;

impl<'t> RoutineCompiler<'t, '_> {
    pub(super) fn interpolate(
        &mut self,
        at: Offset,
        parts: &'t [Part],
        target: Register,
    ) -> Result<(), LinkError> {
        let first = self.code().top();
        for part in parts {
            match part {
                Part::Text(text) => {
                    let register = self.code().take(1);
                    self.literal(Literal::String(text.clone()), register);
                }
                Part::Value(value) => {
                    let stringify = self.tables.library.stringify.clone();
                    let register = self.code().take(1);
                    self.code().release_to(register);
                    self.virtual_call(value.at, value, &stringify, &[], Type::Any)?;
                    self.code().release_to(register);
                    self.code().take(1);
                }
                Part::Formatted(format, value) => {
                    let base = self.open_window();
                    let register = self.code().take(1);
                    self.literal(Literal::String(format.clone()), register);
                    self.push(value)?;
                    let function = self.tables.static_function(self.tables.library.format);
                    self.close_call(value.at, Opcode::CallStatic, base, 2, function.0 as i32);
                }
            }
        }
        let instruction = Instruction::abc(Opcode::Concat, 0, target, first, parts.len() as u16);
        self.code().emit_at(at, instruction);
        Ok(())
    }

    pub(super) fn list(
        &mut self,
        at: Offset,
        elements: &'t [Node],
        target: Register,
    ) -> Result<(), LinkError> {
        /// The number of elements that are in registers at a time.
        const GROUP: usize = 16;
        let list = self.code().take(1);
        let size = i32::try_from(elements.len()).map_err(|_| self.too_large())?;
        self.code().emit_at(at, Instruction::imm(Opcode::NewList, 0, list, size));
        for group in elements.chunks(GROUP) {
            let first = self.code().top();
            for element in group {
                self.push(element)?;
            }
            self.code().abc(Opcode::AppendList, list, first, group.len() as u16);
            self.code().release_to(first);
        }
        self.code().move_to(target, list);
        Ok(())
    }

    pub(super) fn set(
        &mut self,
        at: Offset,
        elements: &'t [Node],
        target: Register,
    ) -> Result<(), LinkError> {
        let set = self.code().take(1);
        self.new_object(at, self.tables.library.new_set, &[], set)?;
        let add = self.tables.library.add.clone();
        for element in elements {
            self.call_on(at, set, &add, &[element])?;
        }
        self.code().move_to(target, set);
        Ok(())
    }

    pub(super) fn map(
        &mut self,
        at: Offset,
        entries: &'t [(Node, Node)],
        target: Register,
    ) -> Result<(), LinkError> {
        let map = self.code().take(1);
        self.new_object(at, self.tables.library.new_map, &[], map)?;
        let put = self.tables.library.put.clone();
        for (key, value) in entries {
            self.call_on(key.at, map, &put, &[key, value])?;
        }
        self.code().move_to(target, map);
        Ok(())
    }
}
