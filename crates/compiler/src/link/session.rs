//! Links the programs of a session, each of which extends the one before, while that one runs.
//!
//! Objects, frames and completions of a running process hold numbers of classes and functions, and addresses of code. So a
//! program keeps all numbers that the one before it has given:
//!
//! * Everything that the program before has reached is reached again: the entries of earlier inputs stay roots.
//! * Classes, globals, literals and functions have names that do not depend on a program ([`ClassName`], [`Part`]). A known
//!   name keeps its number, and a new one gets the next number.
//! * The code of a function has the same length each time, so functions before it keep it at the same address.
//!   Therefore nothing is optimized, a call is direct only if the IR names its target, and a type is checked by a set
//!   of classes: only operands of instructions change.
//!
//! Offsets of selectors and places of checks are in code alone, and may change.

use rustc_hash::FxHashMap;

use super::dispatch::Table;
use super::hierarchy::{Hierarchy, LinkClass, Member};
use super::reach::{Key, Reached};
use super::tables::{ClassNumbers, Stub, Tables};
use super::{LinkError, Optimization, link_from};
use crate::ir::{ClassId, FunctionId, GlobalId, Selector, Unit};
use crate::program::bytecode::Opcode;
use crate::program::{ClassIndex, FunctionIndex, Literal, Program};

/// The numbers of classes, globals, literals and functions that the programs of a session share.
#[derive(Clone, Default, Debug)]
pub struct Numbering {
    /// The functions that run the inputs.
    entries: Vec<FunctionId>,
    classes: Vec<ClassName>,
    pub(super) globals: Vec<GlobalId>,
    pub(super) literals: Vec<Literal>,
    functions: FxHashMap<Part, FunctionIndex>,
    /// For each function, the number of its instructions.
    sizes: Vec<usize>,
}

/// A class, or the application of a mixin for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct ClassName {
    class: ClassId,
    /// The place among the applications for the class.
    application: Option<u32>,
}

/// A function that has a body. A method of a mixin also has the application that it is compiled for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Written {
    function: FunctionId,
    application: Option<ClassName>,
}

/// What a body with blocks and lambdas belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Owner {
    Function(Written),
    Global(GlobalId),
}

/// A function of a program.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Part {
    Written(Written),
    Getter(ClassName, u32),
    Setter(ClassName, u32),
    Adapter(Written, Selector),
    /// An initializer, a block or a lambda, by its place among those of a body.
    Within(Owner, u32),
}

impl Numbering {
    /// Links a program whose entry is a function of the unit. The unit must have all modules of the unit before it, with
    /// the same numbers. After an error the session is as it was.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn link(&mut self, unit: &Unit, entry: FunctionId) -> Result<Program, LinkError> {
        let mut next = self.clone();
        next.entries.push(entry);
        let entries = next.entries.clone();
        let program = link_from(unit, &entries, false, Optimization::None, &mut |_, _| {}, Some(&mut next))?;
        *self = next;
        Ok(program)
    }

    /// Numbers the classes: known ones as before, then new ones, each after its superclass.
    pub(super) fn number_classes(
        &mut self,
        hierarchy: &Hierarchy<'_>,
        reached: &Reached<'_>,
    ) -> ClassNumbers {
        let names = class_names(hierarchy);
        let by_name: FxHashMap<ClassName, LinkClass> =
            names.iter().enumerate().map(|(index, name)| (*name, LinkClass(index as u32))).collect();
        let mut order: Vec<LinkClass> =
            self.classes.iter().filter_map(|name| by_name.get(name).copied()).collect();
        let mut is_known = vec![false; names.len()];
        order.iter().for_each(|class| is_known[class.0 as usize] = true);
        for class in &reached.instantiated {
            let above = |class: &LinkClass| hierarchy.class(*class).superclass;
            let mut chain: Vec<LinkClass> = std::iter::successors(Some(*class), above).collect();
            chain.retain(|class| !std::mem::replace(&mut is_known[class.0 as usize], true));
            order.extend(chain.into_iter().rev());
        }
        self.classes = order.iter().map(|class| names[class.0 as usize]).collect();
        let end = order.len() as u32;
        let numbers = order.iter().enumerate().map(|(number, class)| (*class, ClassIndex(number as u32)));
        ClassNumbers {
            by_class: numbers.collect(),
            classes: order.iter().map(|class| (*class, end)).collect(),
        }
    }

    /// Gives functions their final numbers in all code and tables. `bodies` has, for each body, the range of the functions that
    /// were made for it. Returns the final number of each function.
    ///
    /// # Errors
    /// If the code of a known function is missing or has another length.
    pub(super) fn settle(
        &mut self,
        tables: &mut Tables<'_>,
        dispatch: &mut Table,
        bodies: &[Bodies],
    ) -> Result<Vec<FunctionIndex>, LinkError> {
        let parts = parts(tables, bodies);
        let mut places = Vec::with_capacity(parts.len());
        for part in parts {
            let next = FunctionIndex(self.functions.len() as u32);
            places.push(part.map(|part| *self.functions.entry(part).or_insert(next)));
        }
        let places: Vec<FunctionIndex> = places.into_iter().collect::<Option<_>>().ok_or(LinkError::Moved)?;
        let mut codes: Vec<_> = (0..self.functions.len()).map(|_| None).collect();
        for (code, place) in std::mem::take(&mut tables.codes).into_iter().zip(&places) {
            codes[place.0 as usize] = code;
        }
        for code in codes.iter_mut().flatten() {
            for instruction in &mut code.instructions {
                if instruction.opcode().is_some_and(names_function) {
                    let place = places[instruction.number() as usize];
                    *instruction = instruction.with_number(place.0 as i32);
                }
            }
            code.far_targets
                .iter_mut()
                .for_each(|target| target.function = places[target.function.0 as usize]);
        }
        let sizes: Vec<usize> =
            codes.iter().map(|code| code.as_ref().map_or(1, |code| code.instructions.len())).collect();
        if !sizes.starts_with(&self.sizes) {
            return Err(LinkError::Moved);
        }
        self.sizes = sizes;
        tables.codes = codes;
        let entries = dispatch.entries.iter_mut();
        for entry in entries.filter(|entry| entry.selector != crate::program::DispatchEntry::EMPTY) {
            entry.function = places[entry.function.0 as usize];
        }
        Ok(places)
    }
}

/// The functions that were made for a body, by their provisional numbers.
pub(super) struct Bodies {
    pub(super) owner: BodyOf,
    pub(super) from: usize,
    pub(super) to: usize,
}

/// The owner of a body.
pub(super) enum BodyOf {
    Function(Key),
    Global(GlobalId),
}

fn names_function(opcode: Opcode) -> bool {
    matches!(opcode, Opcode::CallStatic | Opcode::TailCall | Opcode::NewLambda | Opcode::NewBlock)
}

/// Returns the name of each class. The applications for a class come right before it.
fn class_names(hierarchy: &Hierarchy<'_>) -> Vec<ClassName> {
    let mut names = Vec::with_capacity(hierarchy.classes.len());
    let mut owner = None;
    let mut application = 0;
    for class in hierarchy.classes.iter().rev() {
        if class.is_application {
            application += 1;
            names.push(ClassName {
                class: owner.unwrap_or(class.declaration),
                application: Some(application),
            });
        } else {
            application = 0;
            owner = Some(class.declaration);
            names.push(ClassName { class: class.declaration, application: None });
        }
    }
    names.reverse();
    names
}

/// Returns the name of each function, by its provisional number.
fn parts(tables: &Tables<'_>, bodies: &[Bodies]) -> Vec<Option<Part>> {
    let classes = class_names(tables.hierarchy);
    let class = |class: LinkClass| classes[class.0 as usize];
    let written = |key: &Key| Written { function: key.function, application: key.application.map(class) };
    let mut parts = vec![None; tables.codes.len()];
    for (key, function) in tables.functions() {
        parts[function.0 as usize] = Some(Part::Written(written(key)));
    }
    for (stub, function) in tables.stubs() {
        parts[function.0 as usize] = match stub {
            Stub::Accessor(Member::Getter(of, place)) => Some(Part::Getter(class(*of), *place)),
            Stub::Accessor(Member::Setter(of, place)) => Some(Part::Setter(class(*of), *place)),
            Stub::Accessor(Member::Method(..)) => None,
            Stub::Adapter(key, selector) => Some(Part::Adapter(written(key), selector.clone())),
        };
    }
    for body in bodies {
        let owner = match &body.owner {
            BodyOf::Function(key) => Owner::Function(written(key)),
            BodyOf::Global(global) => Owner::Global(*global),
        };
        let unnamed = parts[body.from..body.to].iter_mut().filter(|part| part.is_none());
        unnamed.enumerate().for_each(|(place, part)| *part = Some(Part::Within(owner, place as u32)));
    }
    parts
}
