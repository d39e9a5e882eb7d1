//! Compiles calls of functions, methods, blocks and operators.

use std::rc::Rc;

use super::{FragmentId, Opcode, Place, RoutineCompiler};
use crate::ir::{Expr, FunctionId, LocalId, Node, Offset, Selector, Type};
use crate::link::LinkError;
use crate::link::fragment::{Register, Signature};
use crate::link::hierarchy::Member;
use crate::program::FunctionShape;
use crate::program::bytecode::Instruction;

/// The number of registers below a call's arguments. They hold the return address and the caller's
/// frame.
pub(in crate::link) const WINDOW: u32 = 2;

/// The maximum nesting of blocks: the number of frames from a block to the frame of its routine must fit into a byte.
const BLOCK_DEPTH_MAX: FragmentId = 250;

impl<'t, 'u> RoutineCompiler<'t, 'u> {
    /// Compiles a call of any kind. Puts the result into `target`.
    pub(super) fn call(&mut self, node: &'t Node, target: Register) -> Result<(), LinkError> {
        match &node.expr {
            Expr::CallStatic(function, arguments) => {
                if self.intrinsic(*function, arguments, target)? {
                    return Ok(());
                }
                let base = self.open_window();
                self.push_all(arguments)?;
                let function = self.tables.static_function(*function).0 as i32;
                self.finish_call(node.at, Opcode::CallStatic, base, arguments.len(), function)?;
                self.code().move_to(target, base);
            }
            Expr::New(constructor, arguments) => {
                let arguments: Vec<_> = arguments.iter().collect();
                self.new_object(node.at, *constructor, &arguments, target)?;
            }
            Expr::CallDynamic { receiver, selector, arguments, receiver_type } => {
                if self.operator(node.at, receiver, selector, arguments, target)? {
                    return Ok(());
                }
                if let Some(member) = self.only_target(*receiver_type, selector) {
                    return self.member_call(node.at, member, Some(receiver), selector, arguments, target);
                }
                let arguments: Vec<_> = arguments.iter().collect();
                let base = self.virtual_call(node.at, receiver, selector, &arguments, *receiver_type)?;
                self.code().move_to(target, base);
            }
            Expr::CallSuper(selector, arguments) => {
                let superclass =
                    self.origin().holder.and_then(|holder| self.tables.hierarchy.class(holder).superclass);
                match superclass.and_then(|class| self.tables.hierarchy.look_up(class, selector)) {
                    Some(member) => {
                        self.member_call(node.at, member, None, selector, arguments, target)?;
                    }
                    None => self.code().emit_at(node.at, Instruction::abc(Opcode::Unreachable, 0, 0, 0, 0)),
                }
            }
            Expr::CallBlock(block, arguments) => {
                let base = self.open_window();
                self.push(block)?;
                self.push_all(arguments)?;
                self.finish_call(node.at, Opcode::CallBlock, base, arguments.len() + 1, 0)?;
                self.code().move_to(target, base);
            }
            _ => unreachable!("only calls come here"),
        }
        Ok(())
    }

    /// Takes the registers for the return address and the caller's frame. The caller of this function pushes the
    /// arguments next.
    pub(super) fn open_window(&mut self) -> Register {
        self.code().take(WINDOW)
    }

    /// Emits the call instruction and frees the registers of the window, except the base register: it has the result.
    pub(super) fn close_call(&mut self, at: Offset, opcode: Opcode, base: Register, count: u8, number: i32) {
        self.code().emit_at(at, Instruction::imm(opcode, count, base, number));
        self.code().release_to(base);
        self.code().take(1);
    }

    fn finish_call(
        &mut self,
        at: Offset,
        opcode: Opcode,
        base: Register,
        count: usize,
        number: i32,
    ) -> Result<(), LinkError> {
        let count = u8::try_from(count).map_err(|_| self.too_large())?;
        self.close_call(at, opcode, base, count, number);
        Ok(())
    }

    fn push_all(&mut self, arguments: &'t [Node]) -> Result<(), LinkError> {
        arguments.iter().try_for_each(|argument| self.push(argument).map(|_| ()))
    }

    /// Compiles a call of a method that depends on the receiver's class. Returns the register of the result.
    pub(super) fn virtual_call(
        &mut self,
        at: Offset,
        receiver: &'t Node,
        selector: &Selector,
        arguments: &[&'t Node],
        receiver_type: Type,
    ) -> Result<Register, LinkError> {
        let base = self.open_window();
        self.push(receiver)?;
        for argument in arguments {
            self.push(argument)?;
        }
        let count = arguments.len() + 1;
        match self.only_target(receiver_type, selector) {
            Some(member @ Member::Method(..)) => {
                let function = self.tables.member_function(member, selector).0 as i32;
                self.finish_call(at, Opcode::CallStatic, base, count, function)?;
            }
            _ => {
                let offset = self.tables.selector(selector) as i32;
                self.finish_call(at, Opcode::CallVirtual, base, count, offset)?;
            }
        }
        Ok(base)
    }

    /// Compiles a call of a method on the value in a register. The result is not used.
    pub(super) fn call_on(
        &mut self,
        at: Offset,
        receiver: Register,
        selector: &Selector,
        arguments: &[&'t Node],
    ) -> Result<(), LinkError> {
        let top = self.code().top();
        let base = self.open_window();
        let this = self.code().take(1);
        self.code().move_to(this, receiver);
        for argument in arguments {
            self.push(argument)?;
        }
        let offset = self.tables.selector(selector) as i32;
        self.finish_call(at, Opcode::CallVirtual, base, arguments.len() + 1, offset)?;
        self.code().release_to(top);
        Ok(())
    }

    /// Compiles the creation of an object and the call of its constructor.
    pub(super) fn new_object(
        &mut self,
        at: Offset,
        constructor: FunctionId,
        arguments: &[&'t Node],
        target: Register,
    ) -> Result<(), LinkError> {
        let base = self.open_window();
        let this = self.code().take(1);
        let class = self.tables.class_of_constructor(constructor).0 as i32;
        self.code().emit_at(at, Instruction::imm(Opcode::NewObject, 0, this, class));
        for argument in arguments {
            self.push(argument)?;
        }
        let function = self.tables.static_function(constructor).0 as i32;
        self.finish_call(at, Opcode::CallStatic, base, arguments.len() + 1, function)?;
        // The callee's register 0 was this register, and no function changes its `this`.
        self.code().move_to(target, this);
        Ok(())
    }

    /// Compiles a call of a known member. A call without a receiver is a `super` call, on `this`.
    fn member_call(
        &mut self,
        at: Offset,
        member: Member,
        receiver: Option<&'t Node>,
        selector: &Selector,
        arguments: &'t [Node],
        target: Register,
    ) -> Result<(), LinkError> {
        match member {
            Member::Method(..) => {
                let base = self.open_window();
                self.push_receiver(receiver)?;
                self.push_all(arguments)?;
                let function = self.tables.member_function(member, selector).0 as i32;
                self.finish_call(at, Opcode::CallStatic, base, arguments.len() + 1, function)?;
                self.code().move_to(target, base);
            }
            Member::Getter(_, place) => {
                let object = self.receiver_operand(receiver, &[])?;
                let instruction = Instruction::abc(Opcode::GetField, 0, target, object, place as u16);
                self.code().emit_at(at, instruction);
            }
            Member::Setter(class, place) => {
                let Some(value) = arguments.first() else { return Ok(()) };
                let object = self.receiver_operand(receiver, &[value])?;
                let value = self.operand(value)?;
                let ty = self.tables.hierarchy.field_type(class, place);
                self.check_type(value, ty, at);
                let instruction = Instruction::abc(Opcode::SetField, 0, object, place as u16, value);
                self.code().emit_at(at, instruction);
                self.code().move_to(target, value);
            }
        }
        Ok(())
    }

    fn push_receiver(&mut self, receiver: Option<&'t Node>) -> Result<(), LinkError> {
        match receiver {
            Some(receiver) => self.push(receiver).map(|_| ()),
            None => {
                let register = self.code().take(1);
                self.load_local(LocalId(0), register);
                Ok(())
            }
        }
    }

    fn receiver_operand(
        &mut self,
        receiver: Option<&'t Node>,
        later: &[&'t Node],
    ) -> Result<Register, LinkError> {
        match receiver {
            Some(receiver) => self.operand_before(receiver, later),
            None => match self.direct(LocalId(0)) {
                Some(register) => Ok(register),
                None => {
                    let register = self.code().take(1);
                    self.load_local(LocalId(0), register);
                    Ok(register)
                }
            },
        }
    }

    /// Compiles a call of a function that has its own instruction. Returns false if the function has none.
    fn intrinsic(
        &mut self,
        function: FunctionId,
        arguments: &'t [Node],
        target: Register,
    ) -> Result<bool, LinkError> {
        if let ([left, right], true) = (arguments, self.tables.is_identical(function)) {
            let left = self.operand_before(left, &[right])?;
            let right = self.operand(right)?;
            self.code().abc(Opcode::Identical, target, left, right);
            return Ok(true);
        }
        Ok(false)
    }

    /// Compiles arithmetic, comparisons and indexing, which have instructions with a fast path. Returns false if the
    /// selector is none of these.
    fn operator(
        &mut self,
        at: Offset,
        receiver: &'t Node,
        selector: &Selector,
        arguments: &'t [Node],
        target: Register,
    ) -> Result<bool, LinkError> {
        if !selector.named.is_empty() || selector.unnamed.contains(&true) {
            return Ok(false);
        }
        match (selector.name.as_str(), arguments) {
            ("[]=", [index, value]) => {
                let object = self.operand_before(receiver, &[index, value])?;
                let index = self.operand_before(index, &[value])?;
                let value = self.operand(value)?;
                let offset = self.tables.selector(selector);
                let instruction = Instruction::abc(Opcode::IndexPut, 0, object, index, value);
                self.code().operator(at, instruction, offset);
                self.code().move_to(target, value);
                Ok(true)
            }
            (name, [argument]) => {
                let instruction = match (small_addend(name, argument), operator_opcode(name)) {
                    (Some(number), _) => {
                        let left = self.operand(receiver)?;
                        let is_subtraction = u8::from(name == "-");
                        Instruction::abc(Opcode::AddNumber, is_subtraction, target, left, number as u16)
                    }
                    (None, Some(opcode)) => {
                        let left = self.operand_before(receiver, &[argument])?;
                        let right = self.operand(argument)?;
                        Instruction::abc(opcode, 0, target, left, right)
                    }
                    (None, None) => return Ok(false),
                };
                let offset = self.tables.selector(selector);
                self.code().operator(at, instruction, offset);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Compiles a block: a fragment with the code of the block, and a value that refers to this fragment and to the
    /// current frame.
    pub(super) fn block(
        &mut self,
        parameters: &[LocalId],
        body: &'t Node,
        target: Register,
    ) -> Result<(), LinkError> {
        if self.open.len() > BLOCK_DEPTH_MAX {
            return Err(self.too_large());
        }
        let function = self.tables.reserve();
        self.code().imm(Opcode::NewBlock, target, function.0 as i32);
        // A block that was moved into the code of another function keeps its origin.
        let (origin, body) = match &body.expr {
            Expr::Inlined { frame, body } => (self.inlined_origin(*frame), &**body),
            _ => (Rc::new(self.origin().of_block()), body),
        };
        self.origins.push(origin.clone());
        let replaced_calls = std::mem::take(&mut self.replaced_calls);
        self.open_fragment(function, FunctionShape::Block);
        let fragment = self.current();
        self.code().take(1);
        for parameter in parameters {
            let register = self.code().take(1);
            self.locals.insert(*parameter, Place { fragment, register });
        }
        self.place_locals(body);
        for parameter in parameters {
            self.share_parameter(*parameter);
        }
        let value = self.operand(body)?;
        self.code().abc(Opcode::Return, value, 0, 0);
        let code = self.close_fragment(Signature {
            name: origin.name.clone(),
            arity: parameters.len() as u16 + 1,
            captures: 0,
            shape: FunctionShape::Block,
            source: origin.source,
            at: self.at,
        })?;
        self.replaced_calls = replaced_calls;
        self.origins.pop();
        self.tables.define(function, code);
        Ok(())
    }
}

/// Returns the opcode of an operator with one argument, including `[]`. Returns none if the operator has no opcode.
pub(in crate::link) fn operator_opcode(name: &str) -> Option<Opcode> {
    Some(match name {
        "+" => Opcode::Add,
        "-" => Opcode::Sub,
        "*" => Opcode::Mul,
        "/" => Opcode::Div,
        "%" => Opcode::Mod,
        "&" => Opcode::BitAnd,
        "|" => Opcode::BitOr,
        "^" => Opcode::BitXor,
        "<<" => Opcode::ShiftLeft,
        ">>" => Opcode::ShiftRight,
        ">>>" => Opcode::ShiftRightUnsigned,
        "==" => Opcode::Equal,
        "<" => Opcode::Less,
        "<=" => Opcode::LessEqual,
        ">" => Opcode::Greater,
        ">=" => Opcode::GreaterEqual,
        "[]" => Opcode::Index,
        _ => return None,
    })
}

/// Returns the number that an operator with a constant adds, such as 1 for `x + 1` and -1 for `x - 1`. Returns none if
/// the number does not fit into 16 bits.
fn small_addend(name: &str, argument: &Node) -> Option<i16> {
    match (name, &argument.expr) {
        ("+", Expr::Int(value)) => i16::try_from(*value).ok(),
        ("-", Expr::Int(value)) => i16::try_from(value.checked_neg()?).ok(),
        _ => None,
    }
}
