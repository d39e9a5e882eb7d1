//! Creates stubs, and lays out the code of the program.

use rustc_hash::FxHashMap;

use super::codegen::WINDOW_FOR_STUBS;
use super::dispatch::Table;
use super::fragment::{Code, Fragment, Signature};
use super::hierarchy::Member;
use super::tables::{Stub, Tables};
use super::{LinkError, full_name, module_of};
use crate::ir::Unit;
use crate::program::bytecode::{Instruction, Opcode};
use crate::program::{
    Accessor, Builtins, Class, ClassIndex, Entries, Function, FunctionIndex, FunctionShape, Global, Handler,
    Inlined, Program, Source,
};

/// Generates the code of a stub.
pub(super) fn stub(tables: &mut Tables<'_>, stub: Stub) -> Result<Code, LinkError> {
    match stub {
        Stub::Accessor(member) => accessor(tables, member),
        Stub::Adapter(key, selector) => {
            let function = tables.reached.function(key.function);
            let given = 1 + selector.unnamed.len() + selector.named.len();
            let mut code = Fragment::new();
            code.take(given as u32);
            let first = code.take(WINDOW_FOR_STUBS);
            let mut unnamed = 0;
            let this = code.take(1);
            code.move_to(this, 0);
            for parameter in &function.parameters {
                let register = code.take(1);
                let place = if parameter.is_named {
                    let named = selector.named.iter().position(|(name, _)| *name == parameter.name);
                    named.map(|place| 1 + selector.unnamed.len() + place)
                } else if selector.unnamed.get(unnamed) == Some(&parameter.is_block) {
                    unnamed += 1;
                    Some(unnamed)
                } else {
                    None
                };
                match place {
                    Some(place) => code.move_to(register, place as u16),
                    None => code.abc(Opcode::LoadAbsent, register, 0, 0),
                }
            }
            let target = tables.key_function(key).0 as i32;
            let count = u8::try_from(function.parameters.len() + 1)
                .map_err(|_| LinkError::too_large(&function.name, key.function.module.0, function.at))?;
            code.emit(Instruction::imm(Opcode::TailCall, count, first + WINDOW_FOR_STUBS as u16, target));
            code.finish(Signature {
                name: full_name(tables, key.function),
                arity: given as u16,
                captures: 0,
                shape: FunctionShape::Adapter,
                source: key.function.module.0,
                at: tables.reached.function(key.function).at,
            })
        }
    }
}

fn accessor(tables: &mut Tables<'_>, member: Member) -> Result<Code, LinkError> {
    let mut code = Fragment::new();
    let (class, place, accessor) = match member {
        Member::Getter(class, place) => {
            code.take(2);
            code.emit_at(0, Instruction::abc(Opcode::GetField, 0, 1, 0, place as u16));
            (class, place, Accessor::Getter(place as u16))
        }
        Member::Setter(class, place) => {
            code.take(2);
            let ty = tables.hierarchy.field_type(class, place);
            let check = tables.check(ty);
            if let Some(check) = check {
                code.emit_at(0, Instruction::imm(Opcode::As, 0, 1, check as i32));
            }
            code.emit_at(0, Instruction::abc(Opcode::SetField, 0, 0, place as u16, 1));
            let in_place = if check.is_none() { Accessor::Setter(place as u16) } else { Accessor::None };
            (class, place, in_place)
        }
        Member::Method(..) => unreachable!("methods have code of their own"),
    };
    code.abc(Opcode::Return, 1, 0, 0);
    let declaration = tables.hierarchy.declaration(tables.hierarchy.class(class).declaration);
    let index = place - tables.hierarchy.class(class).first_field;
    let field = declaration.fields.get(index as usize);
    let at = field.map_or(declaration.at, |field| field.at);
    let mut code = code.finish(Signature {
        name: format!("{}.{}", declaration.name, field.map_or("", |field| &field.name)),
        arity: if matches!(member, Member::Getter(..)) { 1 } else { 2 },
        captures: 0,
        shape: FunctionShape::Function,
        source: module_of(tables, class).0,
        at,
    })?;
    code.positions.iter_mut().for_each(|position| position.1 = at);
    code.accessor = accessor;
    Ok(code)
}

/// Puts all code together and fills in everything that depends on addresses.
pub(super) fn assemble(
    unit: &Unit,
    tables: Tables<'_>,
    dispatch: Table,
    initializers: &[Option<FunctionIndex>],
    builtins: Builtins,
    entries: Entries,
) -> Result<Program, LinkError> {
    let classes = classes(&tables);
    let final_fields = final_fields(&tables);
    let globals = tables.reached.globals.iter().zip(initializers);
    let globals = globals.map(|(global, initializer)| Global {
        name: tables.reached.global(*global).name.clone(),
        initializer: *initializer,
    });
    let globals = globals.collect();
    let mut selectors: Vec<_> = tables.reached.selectors.iter().zip(&tables.offsets).collect();
    selectors.sort_by_key(|(_, offset)| **offset);
    let selectors = selectors.into_iter().map(|(selector, offset)| (*offset, selector.name.clone()));
    let mut program = Program {
        code: Vec::new(),
        functions: Vec::new(),
        classes,
        dispatch: dispatch.entries,
        selectors: selectors.collect(),
        final_fields,
        literals: tables.literals,
        globals,
        checks: tables.checks,
        natives: tables.natives,
        handlers: Vec::new(),
        positions: Vec::new(),
        inlined: Vec::new(),
        sources: Vec::new(),
        builtins,
        entries,
    };
    // All function numbers have code by now. If one has none, it gets code that must never run.
    let codes: Vec<Code> = tables.codes.into_iter().map(|code| code.unwrap_or_else(empty)).collect();
    let mut bases = Vec::with_capacity(codes.len());
    let mut base = 0;
    for code in &codes {
        bases.push(base);
        base += code.instructions.len() as u32;
    }
    for (index, code) in codes.iter().enumerate() {
        append(&mut program, code, bases[index]);
        for target in &code.far_targets {
            let function = target.function.0 as usize;
            let address = bases[function] + codes[function].label(target.label);
            let place = (bases[index] + target.at) as usize;
            program.code[place] = program.code[place].with_number(address as i32);
        }
    }
    add_sources(&mut program, unit);
    Ok(program)
}

/// Adds the source files that the program uses: few of the library's.
fn add_sources(program: &mut Program, unit: &Unit) {
    let mut places = vec![None; unit.modules.len()];
    let functions = program.functions.iter_mut().map(|function| &mut function.source);
    let inlined = program.inlined.iter_mut().map(|range| &mut range.source);
    let classes = program.classes.iter_mut().map(|class| &mut class.source);
    for source in functions.chain(inlined).chain(classes) {
        *source = *places[*source as usize].get_or_insert_with(|| {
            let module = &unit.modules[*source as usize];
            let used = Source { path: module.path.clone(), line_starts: module.line_starts.clone() };
            program.sources.push(used);
            program.sources.len() as u32 - 1
        });
    }
}

fn append(program: &mut Program, code: &Code, base: u32) {
    let first_handler = program.handlers.len() as u32;
    program.handlers.extend(code.handlers.iter().map(|handler| Handler {
        from: base + handler.from,
        to: base + handler.to,
        target: base + handler.target,
        completion: handler.completion,
    }));
    program.positions.extend(code.positions.iter().map(|(address, at)| (base + address, *at)));
    let first_inlined = program.inlined.len() as u32;
    program.inlined.extend(code.inlined.iter().map(|range| Inlined {
        from: base + range.from,
        to: base + range.to,
        name: range.origin.name.clone(),
        source: range.origin.source,
        at: range.at,
        parent: range.parent.map(|parent| first_inlined + parent),
    }));
    program.code.extend(&code.instructions);
    program.functions.push(Function {
        entry: base,
        registers: code.registers,
        arity: code.arity,
        captures: code.captures,
        shape: code.shape,
        name: code.name.clone(),
        source: code.source,
        handlers: (first_handler, program.handlers.len() as u32),
        accessor: code.accessor,
    });
}

fn empty() -> Code {
    Code {
        instructions: vec![Instruction::abc(Opcode::Unreachable, 0, 0, 0, 0)],
        positions: Vec::new(),
        inlined: Vec::new(),
        handlers: Vec::new(),
        far_targets: Vec::new(),
        labels: Vec::new(),
        registers: 0,
        arity: 0,
        captures: 0,
        shape: FunctionShape::Adapter,
        name: String::new(),
        source: 0,
        accessor: Accessor::None,
    }
}

fn final_fields(tables: &Tables<'_>) -> Vec<(u32, ClassIndex)> {
    let selectors = tables.reached.selectors.iter().zip(&tables.offsets);
    let setters: FxHashMap<&str, u32> = selectors
        .filter(|(selector, _)| selector.is_setter)
        .map(|(selector, offset)| (selector.name.as_str(), *offset))
        .collect();
    let mut found = Vec::new();
    for (index, (id, _)) in tables.numbers.classes.iter().enumerate() {
        let declaration = tables.hierarchy.declaration(tables.hierarchy.class(*id).declaration);
        let finals = declaration.fields.iter().filter(|field| field.is_final);
        let assigned = finals.filter_map(|field| setters.get(field.name.as_str()));
        found.extend(assigned.map(|offset| (*offset, ClassIndex(index as u32))));
    }
    found
}

fn classes(tables: &Tables<'_>) -> Vec<Class> {
    let numbers = &tables.numbers;
    let classes = numbers.classes.iter().map(|(id, subclasses_end)| {
        let class = tables.hierarchy.class(*id);
        let declaration = tables.hierarchy.declaration(class.declaration);
        Class {
            name: declaration.name.clone(),
            superclass: class.superclass.and_then(|superclass| numbers.by_class.get(&superclass).copied()),
            subclasses_end: *subclasses_end,
            fields: class.fields as u16,
            source: class.declaration.module.0,
            at: declaration.at,
        }
    });
    classes.collect()
}
