//! The back half: makes one closed program of everything that `main` reaches.
//!
//! 1. `hierarchy` applies mixins and indexes members.
//! 2. `reach` finds the functions, classes, selectors and globals that the program can use.
//! 3. Classes are numbered so that subclasses form ranges, and the dispatch table is laid out.
//! 4. `optimize` changes the code of each reached function.
//! 5. `codegen` compiles it, now that all numbers are final.
//! 6. The code of all functions is put one after the other.

mod codegen;
mod dispatch;
mod fragment;
mod hierarchy;
mod layout;
mod library;
mod optimize;
mod reach;
mod session;
mod tables;

use std::rc::Rc;

use thiserror::Error;

use crate::ir::{Body, FunctionId, FunctionKind, LocalId, ModuleId, Offset, Unit};
use crate::program::{Builtins, Entries, FunctionIndex, FunctionShape, Program, Source};
pub(crate) use codegen::Origin;
use codegen::{RoutineShape, RoutineSource};
use hierarchy::Hierarchy;
use library::Library;
use optimize::Optimizer;
use reach::{Key, Reached};
pub use session::Numbering;
use session::{Bodies, BodyOf};
use tables::{ClassNumbers, Tables};

/// Why a unit without errors could not be linked.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LinkError {
    /// The entry module has no `main`.
    #[error("the program has no 'main'")]
    NoMain,
    /// A function needs more registers, arguments or nested blocks than an instruction can name, or a class
    /// has more fields.
    #[error("'{name}' is too large to compile: split it up")]
    TooLarge {
        /// The name of the function, as stack traces show it, or of the class.
        name: String,
        /// The module that declares it.
        module: ModuleId,
        /// The place of its name in that module.
        at: Offset,
    },
    /// The dispatch table would be too large.
    #[error(
        "the program is too large: its classes have more than {TARGETS_MAX} methods that are called, inherited ones included"
    )]
    TooManyMethods,
    /// The prepared library is damaged.
    #[error("the prepared library is damaged: build it again")]
    Damaged,
    /// The library lacks something that the compiler relies on.
    #[error("the library lacks '{0}'")]
    MissingLibrary(String),
    /// An input of a session would change the address of code that may be running.
    #[error("this input would change code that is running: begin a new session")]
    Moved,
    /// A short jump does not reach its target. The function is compiled again with long jumps.
    #[error("a jump is too far")]
    TooFar,
}

impl LinkError {
    /// Returns the place of the error as `PATH:LINE:COLUMN`, if it has one.
    pub fn place(&self, unit: &Unit) -> Option<String> {
        let LinkError::TooLarge { module, at, .. } = self else { return None };
        let module = unit.modules.get(module.0 as usize)?;
        let source = Source { path: module.path.clone(), line_starts: module.line_starts.clone() };
        let (line, column) = source.position(*at);
        Some(format!("{}:{line}:{column}", source.path))
    }

    /// Returns the error about a function or class that is too large.
    fn too_large(name: &str, source: u32, at: Offset) -> LinkError {
        LinkError::TooLarge { name: name.to_owned(), module: ModuleId(source), at }
    }
}

/// How much a program is optimized.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Optimization {
    /// The code of each function is compiled as it is written.
    None,
    /// The code of small functions and blocks stands in place of calls.
    #[default]
    Full,
}

/// Links the program whose `main` is in the unit's entry module.
///
/// # Errors
/// See [`LinkError`]. If the library is complete and undamaged, a program that the front half accepted
/// fails only because it is too large.
pub fn link(unit: &Unit, optimization: Optimization) -> Result<Program, LinkError> {
    link_watched(unit, optimization, &mut |_, _| {})
}

/// Receives the code of each function and initializer before bytecode is generated from it.
pub(crate) type Watch<'w> = &'w mut dyn FnMut(&Origin, &Body);

/// Links like [`link`], and calls `watch` with the code of each function and initializer.
pub(crate) fn link_watched(
    unit: &Unit,
    optimization: Optimization,
    watch: Watch<'_>,
) -> Result<Program, LinkError> {
    let (main, takes_arguments) = find_main(unit)?;
    link_from(unit, &[main], takes_arguments, optimization, watch, None)
}

/// Links a program whose `main` is the last of `entries`. The other entries are those of earlier inputs of a session:
/// the code that they reach stays in the program.
fn link_from(
    unit: &Unit,
    entries: &[FunctionId],
    main_takes_arguments: bool,
    optimization: Optimization,
    watch: Watch<'_>,
    mut session: Option<&mut Numbering>,
) -> Result<Program, LinkError> {
    let library = Library::find(unit)?;
    let hierarchy = Hierarchy::new(unit);
    let main = *entries.last().ok_or(LinkError::NoMain)?;

    let mut reached = Reached::new(unit, &hierarchy, &library);
    for global in session.iter().flat_map(|session| &session.globals) {
        reached.add_global(*global)?;
    }
    let machine = [library.run_task, library.handle_request, library.handle_message];
    for function in entries.iter().copied().chain(machine) {
        reached.add_static(function)?;
    }
    // The machine itself makes instances of these.
    for name in Builtins::NAMES {
        let class = library::class(unit, name).ok_or_else(|| LinkError::MissingLibrary((*name).into()))?;
        reached.add_declared_class(class);
    }
    reached.add_selector(&library.stringify);
    reached.run()?;

    let numbers = match &mut session {
        Some(session) => session.number_classes(&hierarchy, &reached),
        None => number_classes(&hierarchy, &reached),
    };
    let object = library::class(unit, "Object");
    let mut tables = Tables::new(&hierarchy, &library, &reached, numbers, object, session.is_some());
    for literal in session.iter().flat_map(|session| &session.literals) {
        tables.literal(literal.clone());
    }
    check_size(&tables)?;
    let rows: Vec<dispatch::Row> = tables
        .rows
        .iter()
        .map(|row| row.iter().map(|(class, function, _)| (*class, *function)).collect())
        .collect();
    let mut dispatch = dispatch::build(&rows, tables.numbers.classes.len() as u32);
    tables.offsets.clone_from(&dispatch.offsets);

    let mut optimizer = (optimization == Optimization::Full).then(|| Optimizer::new(unit));
    let mut bodies = Vec::new();
    for key in &reached.functions {
        let from = tables.mark();
        compile_function(&mut tables, optimizer.as_mut(), watch, *key)?;
        bodies.push(Bodies { owner: BodyOf::Function(*key), from, to: tables.mark() });
    }
    let initializers = compile_initializers(&mut tables, optimizer.as_mut(), watch, &mut bodies)?;
    while let Some((stub, function)) = tables.new_stubs.pop() {
        let code = layout::stub(&mut tables, stub)?;
        tables.define(function, code);
    }

    let places = match &mut session {
        Some(session) => {
            session.globals.clone_from(&reached.globals);
            session.literals.clone_from(&tables.literals);
            Some(session.settle(&mut tables, &mut dispatch, &bodies)?)
        }
        None => None,
    };
    let place = |function: FunctionIndex| match &places {
        Some(places) => places[function.0 as usize],
        None => function,
    };
    let initializers: Vec<_> =
        initializers.into_iter().map(|initializer: Option<FunctionIndex>| initializer.map(place)).collect();
    let entries = Entries {
        main: place(tables.static_function(main)),
        main_takes_arguments,
        run_task: place(tables.static_function(library.run_task)),
        handle_request: place(tables.static_function(library.handle_request)),
        handle_message: place(tables.static_function(library.handle_message)),
        stringify: tables.selector(&library.stringify),
    };
    let builtins = Builtins::find(|name| {
        let class = hierarchy.find(library::class(unit, name)?)?;
        tables.numbers.by_class.get(&class).copied()
    })
    .map_err(|name| LinkError::MissingLibrary(name.to_string()))?;
    let program = layout::assemble(unit, tables, dispatch, &initializers, builtins, entries)?;
    debug_assert_eq!(program.verify(), Ok(()), "the linker has made an invalid program");
    Ok(program)
}

/// The maximum number of pairs of a class and a selector: each takes eight bytes in the dispatch table.
const TARGETS_MAX: usize = 1 << 24;

/// Checks that the number of fields of each class fits in 16 bits.
fn check_size(tables: &Tables<'_>) -> Result<(), LinkError> {
    for (class, _) in &tables.numbers.classes {
        let class = tables.hierarchy.class(*class);
        if u16::try_from(class.fields).is_err() {
            let declaration = tables.hierarchy.declaration(class.declaration);
            return Err(LinkError::too_large(&declaration.name, class.declaration.module.0, declaration.at));
        }
    }
    Ok(())
}

fn find_main(unit: &Unit) -> Result<(FunctionId, bool), LinkError> {
    let module = unit.entry.ok_or(LinkError::NoMain)?;
    let functions = &unit.modules[module.0 as usize].functions;
    let find = |arguments: usize| {
        functions.iter().position(|function| {
            let unnamed = function.parameters.iter().filter(|parameter| !parameter.is_named).count();
            function.name == "main"
                && function.kind == FunctionKind::Static
                && function.holder.is_none()
                && unnamed == arguments
                && function.parameters.len() == unnamed
                && function.parameters.iter().all(|parameter| !parameter.is_block)
        })
    };
    let id = |index: usize| FunctionId { module, index: index as u32 };
    if let Some(index) = find(0) {
        return Ok((id(index), false));
    }
    find(1).map(|index| (id(index), true)).ok_or(LinkError::NoMain)
}

/// Numbers the classes in a walk over the tree, so that a class comes right before its subclasses.
/// Classes that the program does not use get no number.
fn number_classes(hierarchy: &Hierarchy<'_>, reached: &Reached<'_>) -> ClassNumbers {
    let mut is_kept = vec![false; hierarchy.classes.len()];
    for class in &reached.instantiated {
        let mut current = Some(*class);
        while let Some(class) = current.filter(|class| !is_kept[class.0 as usize]) {
            is_kept[class.0 as usize] = true;
            current = hierarchy.class(class).superclass;
        }
    }
    let mut subclasses = vec![Vec::new(); hierarchy.classes.len()];
    let mut work = Vec::new();
    for index in (0..hierarchy.classes.len()).rev().filter(|index| is_kept[*index]) {
        let class = hierarchy::LinkClass(index as u32);
        match hierarchy.class(class).superclass {
            Some(superclass) => subclasses[superclass.0 as usize].push(class),
            None => work.push((class, false)),
        }
    }
    let mut numbers = ClassNumbers { by_class: Default::default(), classes: Vec::new() };
    while let Some((class, is_done)) = work.pop() {
        if is_done {
            let number = numbers.by_class[&class];
            numbers.classes[number.0 as usize].1 = numbers.classes.len() as u32;
            continue;
        }
        let number = crate::program::ClassIndex(numbers.classes.len() as u32);
        numbers.by_class.insert(class, number);
        numbers.classes.push((class, 0));
        work.push((class, true));
        work.extend(subclasses[class.0 as usize].iter().map(|subclass| (*subclass, false)));
    }
    numbers
}

fn compile_function(
    tables: &mut Tables<'_>,
    optimizer: Option<&mut Optimizer>,
    watch: Watch<'_>,
    key: Key,
) -> Result<(), LinkError> {
    let reached = tables.reached;
    let function = reached.function(key.function);
    let body = reached.body(key.function).unwrap_or_default();
    let first = u32::from(function.has_this());
    let checks = function
        .parameters
        .iter()
        .enumerate()
        .filter(|(_, parameter)| !parameter.is_block)
        .map(|(index, parameter)| (LocalId(first + index as u32), parameter.ty, function.at))
        .collect();
    let source = key.function.module.0;
    let arity = u16::try_from(first as usize + function.parameters.len())
        .map_err(|_| LinkError::too_large(&function.name, source, function.at))?;
    let origin = Origin { name: full_name(tables, key.function), source, holder: reached.holder(key) };
    let origin = Rc::new(origin);
    let optimized =
        optimizer.and_then(|optimizer| optimizer.optimize(tables, &origin, Some(key.function), &body));
    let (body, inlined) = match &optimized {
        Some(optimized) => (&optimized.body, &optimized.origins[..]),
        None => (&*body, &[][..]),
    };
    watch(&origin, body);
    let unit = RoutineSource {
        function: tables.key_function(key),
        origin,
        at: function.at,
        body,
        inlined,
        shape: RoutineShape { arity, captures: 0, shape: FunctionShape::Function },
        checks,
        shared_captures: Vec::new(),
        initializes: None,
    };
    codegen::compile(tables, &unit)
}

/// Returns the name as shown in stack traces.
fn full_name(tables: &Tables<'_>, id: FunctionId) -> String {
    let function = tables.reached.function(id);
    match function.holder.map(|class| &tables.hierarchy.declaration(class).name) {
        Some(class) if function.kind == FunctionKind::Setter => format!("{class}.{}=", function.name),
        Some(class) => format!("{class}.{}", function.name),
        None => function.name.clone(),
    }
}

fn compile_initializers(
    tables: &mut Tables<'_>,
    mut optimizer: Option<&mut Optimizer>,
    watch: Watch<'_>,
    bodies: &mut Vec<Bodies>,
) -> Result<Vec<Option<FunctionIndex>>, LinkError> {
    let reached = tables.reached;
    let mut initializers = Vec::new();
    for (place, global) in reached.globals.iter().enumerate() {
        let Some(body) = reached.initializer(*global) else {
            initializers.push(None);
            continue;
        };
        let from = tables.mark();
        let function = tables.reserve();
        let name = reached.global(*global).name.clone();
        let origin = Rc::new(Origin { name, source: global.module.0, holder: None });
        let optimized =
            optimizer.as_mut().and_then(|optimizer| optimizer.optimize(tables, &origin, None, &body));
        let (body, inlined) = match &optimized {
            Some(optimized) => (&optimized.body, &optimized.origins[..]),
            None => (&*body, &[][..]),
        };
        watch(&origin, body);
        let unit = RoutineSource {
            function,
            origin,
            at: reached.global(*global).at,
            body,
            inlined,
            shape: RoutineShape { arity: 0, captures: 0, shape: FunctionShape::Function },
            checks: Vec::new(),
            shared_captures: Vec::new(),
            initializes: Some(place as u32),
        };
        codegen::compile(tables, &unit)?;
        bodies.push(Bodies { owner: BodyOf::Global(*global), from, to: tables.mark() });
        initializers.push(Some(function));
    }
    Ok(initializers)
}

/// Returns the module that a class's declaration stands in.
fn module_of(tables: &Tables<'_>, class: hierarchy::LinkClass) -> ModuleId {
    tables.hierarchy.class(class).declaration.module
}
