//! Generates bytecode for a routine: a function or lambda with its blocks.
//!
//! Each block becomes a function of its own (a *fragment* of the routine) that reaches the routine's
//! locals through its home frame. A fragment's locals have the lowest registers; temporaries are a
//! stack above them. The arguments of a call are evaluated right where the callee finds them, and a
//! result arrives where the next argument belongs, so most calls move nothing.

mod call;
mod collections;
mod control;
mod inlined;

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::LinkError;
use super::fragment::{Code, Fragment, Label, Register, Signature};
use super::hierarchy::{LinkClass, Member};
use super::tables::Tables;
use crate::ir::{Body, Expr, FieldRef, LabelId, LocalId, Node, Offset, Type};
use crate::program::bytecode::{Instruction, Opcode};
use crate::program::{FunctionIndex, FunctionShape, Literal};

pub(super) use call::{WINDOW as WINDOW_FOR_STUBS, operator_opcode};

/// The number of blocks around a place in a routine: 0 for the routine itself.
type FragmentId = usize;

/// Compiles routines.
pub(super) struct RoutineCompiler<'t, 'u> {
    tables: &'t mut Tables<'u>,
    body: &'t Body,
    /// The origins of the code around the current place, innermost last: the routine, its blocks, and what the optimizer has put
    /// in place of calls.
    origins: Vec<Rc<Origin>>,
    /// The origins that [`Expr::Inlined`] refers to.
    inlined: &'t [Rc<Origin>],
    /// The number of calls in the current loop, or in the routine around it, that were replaced by code.
    replaced_calls: u32,
    at: Offset,
    wide: bool,
    /// The fragments around the current place, innermost last.
    open: Vec<OpenFragment>,
    locals: FxHashMap<LocalId, Place>,
    labels: FxHashMap<LabelId, Target>,
    /// For each capture, whether it is a cell that the enclosing routine shares.
    shared_captures: Vec<bool>,
}

struct OpenFragment {
    function: FunctionIndex,
    code: Fragment,
    shape: FunctionShape,
}

/// The function, block or lambda that code was written in.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The name as stack traces show it.
    pub(crate) name: String,
    /// The module.
    pub(crate) source: u32,
    /// The class that fields and `super` in the code refer to.
    pub(super) holder: Option<LinkClass>,
}

impl Origin {
    /// Returns the origin of the code of a block in code of this origin.
    pub(super) fn of_block(&self) -> Origin {
        self.of_part("<block>")
    }

    /// Returns the origin of the code of a lambda in code of this origin.
    pub(super) fn of_lambda(&self) -> Origin {
        self.of_part("<lambda>")
    }

    fn of_part(&self, part: &str) -> Origin {
        Origin { name: format!("{}.{part}", self.name), ..*self }
    }
}

/// The location of a local.
#[derive(Clone, Copy)]
struct Place {
    fragment: FragmentId,
    register: Register,
}

/// The target of an exit.
#[derive(Clone, Copy)]
struct Target {
    fragment: FragmentId,
    label: Label,
    result: Register,
    /// Whether the value of the labeled expression is used.
    is_used: bool,
    tries: u32,
}

/// The kind of routine to compile.
pub(super) struct RoutineShape {
    pub(super) arity: u16,
    pub(super) captures: u16,
    pub(super) shape: FunctionShape,
}

/// A routine to compile.
pub(super) struct RoutineSource<'b> {
    pub(super) function: FunctionIndex,
    pub(super) origin: Rc<Origin>,
    /// The place of its name, or of the function around a lambda.
    pub(super) at: Offset,
    pub(super) body: &'b Body,
    /// The origins that [`Expr::Inlined`] in the body refers to.
    pub(super) inlined: &'b [Rc<Origin>],
    pub(super) shape: RoutineShape,
    /// The declared types of the parameters that are checked on entry, with their locals.
    pub(super) checks: Vec<(LocalId, Type, Offset)>,
    /// For each capture, whether it is a cell.
    pub(super) shared_captures: Vec<bool>,
    /// The global to store the result in, for an initializer.
    pub(super) initializes: Option<u32>,
}

/// Compiles a routine and everything in it into the tables.
pub(super) fn compile(tables: &mut Tables<'_>, routine: &RoutineSource<'_>) -> Result<(), LinkError> {
    let functions = tables.mark();
    match RoutineCompiler::new(tables, routine, false).compile(routine) {
        Err(LinkError::TooFar) => {
            tables.forget_since(functions);
            RoutineCompiler::new(tables, routine, true).compile(routine)
        }
        result => result,
    }
}

impl<'t, 'u> RoutineCompiler<'t, 'u> {
    fn new(tables: &'t mut Tables<'u>, routine: &RoutineSource<'t>, wide: bool) -> Self {
        RoutineCompiler {
            tables,
            body: routine.body,
            origins: vec![routine.origin.clone()],
            inlined: routine.inlined,
            replaced_calls: 0,
            at: routine.at,
            wide,
            open: Vec::new(),
            locals: FxHashMap::default(),
            labels: FxHashMap::default(),
            shared_captures: routine.shared_captures.clone(),
        }
    }

    fn compile(mut self, routine: &RoutineSource<'_>) -> Result<(), LinkError> {
        self.open_fragment(routine.function, routine.shape.shape);
        let body = self.body;
        for local in 0..u32::from(routine.shape.arity) {
            let register = self.code().take(1);
            self.locals.insert(LocalId(local), Place { fragment: 0, register });
        }
        for (_, default) in &body.defaults {
            self.place_locals(default);
        }
        self.place_locals(&body.root);
        self.enter_parameters(routine)?;
        match routine.initializes {
            Some(global) => self.initializer(&body.root, global)?,
            None if routine.shape.shape == FunctionShape::Lambda => self.lambda_body(&body.root)?,
            None => self.function_body(&body.root)?,
        }
        let code = self.close_fragment(Signature {
            name: routine.origin.name.clone(),
            arity: routine.shape.arity,
            captures: routine.shape.captures,
            shape: routine.shape.shape,
            source: routine.origin.source,
            at: self.at,
        })?;
        self.tables.define(routine.function, code);
        Ok(())
    }

    /// Fills in defaults, checks types, and gives shared parameters their cells.
    fn enter_parameters(&mut self, routine: &RoutineSource<'_>) -> Result<(), LinkError> {
        let body = self.body;
        for (local, default) in &body.defaults {
            let register = self.locals[local].register;
            let present = self.code().label();
            self.code().jump(Opcode::JumpIfPresent, register, present);
            self.value_to(default, register)?;
            self.code().bind(present);
        }
        for (local, ty, at) in &routine.checks {
            let register = self.locals[local].register;
            self.check_type(register, *ty, *at);
        }
        for local in u32::from(routine.shape.captures)..u32::from(routine.shape.arity) {
            self.share_parameter(LocalId(local));
        }
        Ok(())
    }

    fn share_parameter(&mut self, local: LocalId) {
        if self.is_shared(local) {
            let register = self.locals[&local].register;
            self.code().abc(Opcode::NewCell, register, register, 0);
        }
    }

    /// Compiles a function body. A function that comes to its end returns null.
    fn function_body(&mut self, root: &'t Node) -> Result<(), LinkError> {
        self.effect(root)?;
        if !ends_by_itself(root) {
            self.code().abc(Opcode::ReturnNull, 0, 0, 0);
        }
        Ok(())
    }

    /// Compiles a lambda body. A lambda that comes to its end returns the value of its last
    /// expression.
    fn lambda_body(&mut self, root: &'t Node) -> Result<(), LinkError> {
        let register = self.operand(root)?;
        self.code().abc(Opcode::Return, register, 0, 0);
        Ok(())
    }

    /// Compiles an initializer. It stores its result itself; if it fails, the next read runs it
    /// again.
    fn initializer(&mut self, root: &'t Node, global: u32) -> Result<(), LinkError> {
        let completion = self.code().take(4);
        let from = self.code().here();
        let value = self.push(root)?;
        let to = self.code().here();
        self.code().imm(Opcode::SetGlobal, value, global as i32);
        self.code().abc(Opcode::Return, value, 0, 0);
        let target = self.code().here();
        self.code().handler(super::fragment::LocalHandler { from, to, target, completion });
        self.code().emit(Instruction::imm(Opcode::SetGlobal, 1, 0, global as i32));
        self.code().abc(Opcode::EndFinally, completion, 0, 0);
        // Only an exception enters this block, so control never goes on after it.
        self.code().abc(Opcode::Unreachable, 0, 0, 0);
        Ok(())
    }

    fn too_large(&self) -> LinkError {
        LinkError::too_large(&self.origins[0].name, self.origins[0].source, self.at)
    }

    /// Returns the origin of the code at the current place.
    fn origin(&self) -> &Rc<Origin> {
        match self.origins.last() {
            Some(origin) => origin,
            None => unreachable!("all code has an origin"),
        }
    }

    // Fragments and locals.

    fn code(&mut self) -> &mut Fragment {
        match self.open.last_mut() {
            Some(fragment) => &mut fragment.code,
            None => unreachable!("code is emitted only while a fragment is open"),
        }
    }

    fn open_fragment(&mut self, function: FunctionIndex, shape: FunctionShape) {
        self.open.push(OpenFragment { function, code: Fragment::new(), shape });
    }

    fn close_fragment(&mut self, signature: Signature) -> Result<Code, LinkError> {
        match self.open.pop() {
            Some(fragment) => {
                debug_assert!(fragment.shape == signature.shape);
                fragment.code.finish(signature)
            }
            None => unreachable!("fragments are closed as often as opened"),
        }
    }

    fn current(&self) -> FragmentId {
        self.open.len() - 1
    }

    /// Gives registers to all locals that the current fragment itself defines.
    fn place_locals(&mut self, node: &Node) {
        match &node.expr {
            Expr::Define(local, _) => self.place_local(*local),
            Expr::Try { is_exception, exception, .. } => {
                is_exception.iter().chain(exception).for_each(|local| self.place_local(*local));
            }
            Expr::Primitive { failure: Some((local, _)), .. } => self.place_local(*local),
            Expr::Block { .. } => return, // A fragment of its own.
            Expr::Scope(_) => return,     // Places its locals itself.
            _ => {}
        }
        node.for_each_child(|child| self.place_locals(child));
    }

    fn place_local(&mut self, local: LocalId) {
        let fragment = self.current();
        if !self.locals.contains_key(&local) {
            let register = self.code().take(1);
            self.locals.insert(local, Place { fragment, register });
        }
    }

    fn is_shared(&self, local: LocalId) -> bool {
        match self.shared_captures.get(local.0 as usize) {
            // For a captured local, the routine that makes the lambda decides whether it is a cell.
            Some(is_shared) => *is_shared,
            None => self.body.locals.get(local.0 as usize).is_some_and(|local| local.is_shared),
        }
    }

    /// Returns where a local lives. A local without a definition gets a register here; the front
    /// half has reported it.
    fn place(&mut self, local: LocalId) -> Place {
        if !self.locals.contains_key(&local) {
            self.place_local(local);
        }
        self.locals[&local]
    }

    /// Loads the content of a local's register: for a shared local, its cell.
    fn load_raw(&mut self, local: LocalId, target: Register) {
        let place = self.place(local);
        let depth = self.current() - place.fragment;
        if depth == 0 {
            self.code().move_to(target, place.register);
        } else {
            self.code().emit(Instruction::abc(Opcode::GetOuter, depth as u8, target, place.register, 0));
        }
    }

    fn load_local(&mut self, local: LocalId, target: Register) {
        self.load_raw(local, target);
        if self.is_shared(local) {
            self.code().abc(Opcode::GetCell, target, target, 0);
        }
    }

    /// Stores a register into an existing local.
    fn store_local(&mut self, local: LocalId, source: Register) {
        let place = self.place(local);
        let depth = self.current() - place.fragment;
        if self.is_shared(local) {
            let top = self.code().top();
            let cell = self.code().take(1);
            self.load_raw(local, cell);
            self.code().abc(Opcode::SetCell, cell, source, 0);
            self.code().release_to(top);
        } else if depth == 0 {
            self.code().move_to(place.register, source);
        } else {
            self.code().emit(Instruction::abc(Opcode::SetOuter, depth as u8, source, place.register, 0));
        }
    }

    /// Returns the register of a local if it can be used in place: if it belongs to this frame and is
    /// not shared.
    fn direct(&mut self, local: LocalId) -> Option<Register> {
        if self.is_shared(local) {
            return None;
        }
        let place = self.place(local);
        (place.fragment == self.current()).then_some(place.register)
    }

    // Expressions.

    /// Evaluates an expression into a new temporary, which is the next free register. Returns it.
    fn push(&mut self, node: &'t Node) -> Result<Register, LinkError> {
        let register = self.code().top();
        if matches!(
            node.expr,
            Expr::CallStatic(..)
                | Expr::New(..)
                | Expr::CallDynamic { .. }
                | Expr::CallSuper(..)
                | Expr::CallBlock(..)
        ) {
            // A call writes its target last, so its window can begin right there, and the result
            // arrives without a move.
            self.call(node, register)?;
            self.code().release_to(register);
            self.code().take(1);
        } else {
            self.code().take(1);
            self.value_to(node, register)?;
        }
        Ok(register)
    }

    /// Evaluates an expression. Returns the register of its value: the register of a local, or a new temporary.
    fn operand(&mut self, node: &'t Node) -> Result<Register, LinkError> {
        if let Expr::Local(local) = node.expr
            && let Some(register) = self.direct(local)
        {
            return Ok(register);
        }
        self.push(node)
    }

    /// Evaluates an operand that must keep its value while `later` is evaluated. Returns the register of its value.
    fn operand_before(&mut self, node: &'t Node, later: &[&'t Node]) -> Result<Register, LinkError> {
        if let Expr::Local(local) = node.expr
            && later.iter().any(|later| may_assign(later, local))
        {
            return self.push(node);
        }
        self.operand(node)
    }

    /// Evaluates an expression only for its effect.
    fn effect(&mut self, node: &'t Node) -> Result<(), LinkError> {
        let top = self.code().top();
        match &node.expr {
            Expr::Sequence(nodes) => {
                for node in nodes {
                    self.effect(node)?;
                }
            }
            Expr::If { condition, then, otherwise } => self.if_effect(condition, then, otherwise)?,
            Expr::Loop { condition, body, update, fresh } => {
                self.loop_effect(condition, body, update.as_deref(), fresh)?;
            }
            Expr::Define(local, value) => self.define(*local, value)?,
            Expr::SetLocal(local, value) => self.set_local(*local, value)?,
            Expr::Scope(nodes) => self.scope_effect(nodes)?,
            Expr::Inlined { frame, body } => self.inlined_effect(node.at, *frame, body)?,
            Expr::Labeled(label, body) => self.labeled_effect(*label, body)?,
            Expr::As(value, ty) => {
                let register = self.operand(value)?;
                self.check_type(register, *ty, node.at);
            }
            Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::String(_)
            | Expr::Local(_)
            | Expr::Absent => {}
            _ => {
                self.push(node)?;
            }
        }
        self.code().release_to(top);
        Ok(())
    }

    /// Evaluates an expression into a register below the top. Registers from the top on may be overwritten.
    fn value_to(&mut self, node: &'t Node, target: Register) -> Result<(), LinkError> {
        let top = self.code().top();
        self.value_to_unreleased(node, target)?;
        self.code().release_to(top);
        Ok(())
    }

    fn value_to_unreleased(&mut self, node: &'t Node, target: Register) -> Result<(), LinkError> {
        match &node.expr {
            Expr::Null => self.code().abc(Opcode::LoadNull, target, 0, 0),
            Expr::Absent => self.code().abc(Opcode::LoadAbsent, target, 0, 0),
            Expr::Bool(value) => {
                let opcode = if *value { Opcode::LoadTrue } else { Opcode::LoadFalse };
                self.code().abc(opcode, target, 0, 0);
            }
            Expr::Int(value) => self.int(*value, target),
            Expr::Float(value) => self.literal(Literal::Float(*value), target),
            Expr::String(text) => self.literal(Literal::String(text.clone()), target),
            Expr::Bytes(bytes) => {
                let index = self.tables.literal(Literal::Bytes(bytes.clone()));
                let instruction = Instruction::imm(Opcode::LoadBytes, 0, target, index as i32);
                self.code().emit_at(node.at, instruction);
            }
            Expr::Local(local) => self.load_local(*local, target),
            Expr::Define(local, value) => {
                self.define(*local, value)?;
                self.load_local(*local, target);
            }
            Expr::SetLocal(local, value) => {
                self.value_to(value, target)?;
                self.store_local(*local, target);
            }
            Expr::Global(global) => self.global(node.at, *global, target)?,
            Expr::SetGlobal(global, value) => {
                self.value_to(value, target)?;
                let place = self.tables.global(*global);
                self.code().imm(Opcode::SetGlobal, target, place as i32);
            }
            Expr::Field(object, field) => self.field(node.at, object, *field, target)?,
            Expr::SetField(object, field, value) => self.set_field(node.at, object, *field, value, target)?,
            Expr::Sequence(nodes) => self.sequence(nodes, target)?,
            Expr::Scope(nodes) => self.scope(nodes, target)?,
            Expr::Inlined { frame, body } => self.inlined(node.at, *frame, body, target)?,
            Expr::If { condition, then, otherwise } => self.if_value(condition, then, otherwise, target)?,
            Expr::And(..) | Expr::Or(..) | Expr::Not(_) => self.condition_value(node, target)?,
            Expr::Loop { .. } => {
                self.effect(node)?;
                self.code().abc(Opcode::LoadNull, target, 0, 0);
            }
            Expr::Labeled(label, body) => self.labeled(*label, body, target)?,
            Expr::Exit(label, value) => self.exit(*label, value)?,
            Expr::Return(value) => self.return_value(value)?,
            Expr::Try { body, handler, is_exception, exception } => {
                self.try_finally(body, handler, *is_exception, *exception, target)?;
            }
            Expr::CallStatic(..)
            | Expr::New(..)
            | Expr::CallDynamic { .. }
            | Expr::CallSuper(..)
            | Expr::CallBlock(..) => self.call(node, target)?,
            Expr::Allocate(constructor) => {
                let class = self.tables.class_of_constructor(*constructor).0 as i32;
                self.code().emit_at(node.at, Instruction::imm(Opcode::NewObject, 0, target, class));
            }
            Expr::Block { parameters, body } => self.block(parameters, body, target)?,
            Expr::Lambda { parameters, captures, body } => {
                self.lambda(node.at, *parameters, captures, body, target)?;
            }
            Expr::Is(value, ty) => self.is_type(value, *ty, target)?,
            Expr::As(value, ty) => {
                self.value_to(value, target)?;
                self.check_type(target, *ty, node.at);
            }
            Expr::Interpolate(parts) => self.interpolate(node.at, parts, target)?,
            Expr::List(elements) => self.list(node.at, elements, target)?,
            Expr::Set(elements) => self.set(node.at, elements, target)?,
            Expr::Map(entries) => self.map(node.at, entries, target)?,
            Expr::ByteArray(elements) => {
                self.list(node.at, elements, target)?;
                self.code().emit_at(node.at, Instruction::abc(Opcode::NewBytes, 0, target, 0, 0));
            }
            Expr::Primitive { module, name, failure } => {
                self.primitive(node.at, module, name, failure.as_ref(), target)?;
            }
        }
        Ok(())
    }

    fn int(&mut self, value: i64, target: Register) {
        match i32::try_from(value) {
            Ok(value) => self.code().imm(Opcode::LoadInt, target, value),
            Err(_) => self.literal(Literal::Int(value), target),
        }
    }

    fn literal(&mut self, literal: Literal, target: Register) {
        let index = self.tables.literal(literal);
        self.code().imm(Opcode::LoadLiteral, target, index as i32);
    }

    fn define(&mut self, local: LocalId, value: &'t Node) -> Result<(), LinkError> {
        let place = self.place(local);
        if place.fragment != self.current() || self.is_shared(local) {
            let value = self.operand(value)?;
            if self.is_shared(local) {
                self.code().abc(Opcode::NewCell, place.register, value, 0);
            } else {
                self.store_local(local, value);
            }
            return Ok(());
        }
        self.value_to(value, place.register)
    }

    fn set_local(&mut self, local: LocalId, value: &'t Node) -> Result<(), LinkError> {
        match self.direct(local) {
            // An atomic value is computed in place. The code of any other value may read the local or be
            // interrupted, so the local is written only when the value is complete.
            Some(register) if is_atomic(value) => self.value_to(value, register),
            _ => {
                let value = self.operand(value)?;
                self.store_local(local, value);
                Ok(())
            }
        }
    }

    fn sequence(&mut self, nodes: &'t [Node], target: Register) -> Result<(), LinkError> {
        match nodes.split_last() {
            Some((last, nodes)) => {
                for node in nodes {
                    self.effect(node)?;
                }
                self.value_to(last, target)
            }
            None => {
                self.code().abc(Opcode::LoadNull, target, 0, 0);
                Ok(())
            }
        }
    }

    fn global(&mut self, at: Offset, global: crate::ir::GlobalId, target: Register) -> Result<(), LinkError> {
        if let Some(constant) = self.tables.constant(global) {
            match constant {
                Literal::Int(value) => self.int(value, target),
                literal => self.literal(literal, target),
            }
            return Ok(());
        }
        let place = self.tables.global(global);
        // The initializer is called with this register as its base.
        let base = self.code().take(call::WINDOW);
        self.code().emit_at(at, Instruction::imm(Opcode::GetGlobal, 0, base, place as i32));
        self.code().move_to(target, base);
        Ok(())
    }

    fn field_place(&self, field: FieldRef) -> u16 {
        self.tables.hierarchy.place(field, self.origin().holder).unwrap_or(u32::from(u16::MAX)) as u16
    }

    fn field(
        &mut self,
        at: Offset,
        object: &'t Node,
        field: FieldRef,
        target: Register,
    ) -> Result<(), LinkError> {
        let object = self.operand(object)?;
        let place = self.field_place(field);
        self.code().emit_at(at, Instruction::abc(Opcode::GetField, 0, target, object, place));
        Ok(())
    }

    fn set_field(
        &mut self,
        at: Offset,
        object: &'t Node,
        field: FieldRef,
        value: &'t Node,
        target: Register,
    ) -> Result<(), LinkError> {
        let object = self.operand_before(object, &[value])?;
        let value = self.operand(value)?;
        let place = self.field_place(field);
        self.code().emit_at(at, Instruction::abc(Opcode::SetField, 0, object, place, value));
        self.code().move_to(target, value);
        Ok(())
    }

    fn check_type(&mut self, register: Register, ty: Type, at: Offset) {
        if let Some(check) = self.tables.check(ty) {
            self.code().emit_at(at, Instruction::imm(Opcode::As, 0, register, check as i32));
        }
    }

    fn is_type(&mut self, value: &'t Node, ty: Type, target: Register) -> Result<(), LinkError> {
        let value = self.operand(value)?;
        match self.tables.check(ty) {
            Some(check) => {
                let check = u16::try_from(check).map_err(|_| self.too_large())?;
                self.code().abc(Opcode::Is, target, value, check);
            }
            None => self.code().abc(Opcode::LoadTrue, target, 0, 0),
        }
        Ok(())
    }

    fn lambda(
        &mut self,
        at: Offset,
        parameters: u32,
        captures: &[LocalId],
        body: &'t Body,
        target: Register,
    ) -> Result<(), LinkError> {
        let count = u8::try_from(captures.len()).map_err(|_| self.too_large())?;
        let arity = u16::try_from(captures.len() as u32 + parameters).map_err(|_| self.too_large())?;
        let first = self.code().top();
        for local in captures {
            let register = self.code().take(1);
            self.load_raw(*local, register);
        }
        let function = self.tables.reserve();
        let result = if count == 0 { self.code().take(1) } else { first };
        self.code().emit_at(at, Instruction::imm(Opcode::NewLambda, count, result, function.0 as i32));
        self.code().move_to(target, result);
        let routine = RoutineSource {
            function,
            origin: Rc::new(self.origin().of_lambda()),
            at: self.at,
            body,
            inlined: self.inlined,
            shape: RoutineShape { arity, captures: u16::from(count), shape: FunctionShape::Lambda },
            checks: Vec::new(),
            shared_captures: captures.iter().map(|local| self.is_shared(*local)).collect(),
            initializes: None,
        };
        RoutineCompiler::new(self.tables, &routine, self.wide).compile(&routine)
    }

    fn primitive(
        &mut self,
        at: Offset,
        module: &str,
        name: &str,
        failure: Option<&'t (LocalId, Box<Node>)>,
        target: Register,
    ) -> Result<(), LinkError> {
        if (module, name) == ("intrinsics", "call-lambda") {
            let arguments = self.body.locals.len().max(1) as u8 - 1;
            self.code().emit_at(at, Instruction::abc(Opcode::EnterLambda, arguments, 0, 0, 0));
            return Ok(());
        }
        let native = self.tables.native(module, name) as i32;
        match failure {
            None => self.code().emit_at(at, Instruction::imm(Opcode::Native, 0, 0, native)),
            Some((error, code)) => {
                let top = self.code().top();
                let value = self.code().take(1);
                self.code().emit_at(at, Instruction::imm(Opcode::Native, 1, value, native));
                let register = self.place(*error).register;
                if self.is_shared(*error) {
                    self.code().abc(Opcode::NewCell, register, value, 0);
                } else {
                    self.code().move_to(register, value);
                }
                self.code().release_to(top);
                self.value_to(code, target)?;
            }
        }
        Ok(())
    }

    /// Returns the only target of a selector on a receiver, if there is just one possibility.
    fn only_target(&mut self, receiver: Type, selector: &crate::ir::Selector) -> Option<Member> {
        self.tables.only_target(receiver, selector)
    }
}

/// Returns whether an expression is complete before its target is written: a plain operation on
/// operands.
fn is_atomic(node: &Node) -> bool {
    matches!(
        node.expr,
        Expr::Null
            | Expr::Bool(_)
            | Expr::Int(_)
            | Expr::Float(_)
            | Expr::String(_)
            | Expr::Local(_)
            | Expr::CallStatic(..)
            | Expr::New(..)
            | Expr::CallDynamic { .. }
            | Expr::CallSuper(..)
            | Expr::CallBlock(..)
            | Expr::List(_)
            | Expr::Is(..)
            | Expr::Interpolate(_)
            | Expr::Field(..)
            | Expr::Global(_)
            | Expr::Lambda { .. }
    )
}

/// Returns whether control never comes to the end of an expression.
pub(super) fn ends_by_itself(node: &Node) -> bool {
    match &node.expr {
        Expr::Return(_) | Expr::Exit(..) => true,
        Expr::Sequence(nodes) | Expr::Scope(nodes) => nodes.last().is_some_and(ends_by_itself),
        Expr::Inlined { body, .. } => ends_by_itself(body),
        _ => false,
    }
}

/// Returns whether evaluating an expression may assign a local: by itself, or through a block that
/// it calls.
fn may_assign(node: &Node, local: LocalId) -> bool {
    node.any(&mut |expr| match expr {
        Expr::SetLocal(assigned, _) | Expr::Define(assigned, _) => *assigned == local,
        Expr::CallBlock(..) => true,
        _ => false,
    })
}
