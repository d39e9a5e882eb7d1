//! The parts of the library that the linker needs, found by name in the `core` modules.

use super::LinkError;
use super::hierarchy::accepts;
use crate::ir::{ClassId, FunctionId, FunctionKind, ModuleId, Selector, Unit};

/// The path prefix of the core library's modules.
const CORE: &str = "<lib>/core/";

/// Functions and selectors that generated code uses.
pub(super) struct Library {
    pub(super) new_map: FunctionId,
    pub(super) new_set: FunctionId,
    pub(super) format: FunctionId,
    pub(super) run_task: FunctionId,
    pub(super) handle_request: FunctionId,
    pub(super) handle_message: FunctionId,
    pub(super) put: Selector,
    pub(super) add: Selector,
    pub(super) stringify: Selector,
}

impl Library {
    pub(super) fn find(unit: &Unit) -> Result<Library, LinkError> {
        let plain = |count| Selector {
            name: String::new(),
            is_setter: false,
            unnamed: vec![false; count],
            named: Vec::new(),
        };
        let named = |name: &str, count| Selector { name: name.to_string(), ..plain(count) };
        Ok(Library {
            new_map: function(unit, Some("Map"), "constructor", &plain(0))?,
            new_set: function(unit, Some("Set"), "constructor", &plain(0))?,
            format: function(unit, Some("string"), "format", &plain(2))?,
            run_task: function(unit, None, "run-task_", &plain(1))?,
            handle_request: function(unit, None, "handle-request_", &plain(5))?,
            handle_message: function(unit, None, "handle-message_", &plain(4))?,
            put: named("[]=", 2),
            add: named("add", 1),
            stringify: named("stringify", 0),
        })
    }
}

/// Returns, for each module, whether it is in the program. These are the entry, the modules of the core library, and
/// all that they import, directly or indirectly.
pub(super) fn modules_in_program(unit: &Unit) -> Vec<bool> {
    let mut is_in = vec![false; unit.modules.len()];
    let mut work: Vec<ModuleId> = core_modules(unit).map(|(id, _)| id).chain(unit.entry).collect();
    while let Some(id) = work.pop() {
        let Some(module) = unit.modules.get(id.0 as usize) else { continue };
        if !std::mem::replace(&mut is_in[id.0 as usize], true) {
            work.extend(&module.imports);
        }
    }
    is_in
}

/// Finds a class of the core library.
pub(super) fn class(unit: &Unit, name: &str) -> Option<ClassId> {
    core_modules(unit).find_map(|(module, contents)| {
        let index = contents.classes.iter().position(|class| class.name == name)?;
        Some(ClassId { module, index: index as u32 })
    })
}

fn core_modules(unit: &Unit) -> impl Iterator<Item = (ModuleId, &crate::ir::Module)> {
    let modules = unit.modules.iter().enumerate();
    modules
        .filter(|(_, contents)| contents.path.starts_with(CORE))
        .map(|(module, contents)| (ModuleId(module as u32), &**contents))
}

fn function(
    unit: &Unit,
    holder: Option<&str>,
    name: &str,
    shape: &Selector,
) -> Result<FunctionId, LinkError> {
    let holder_class = holder.and_then(|holder| class(unit, holder));
    let found = core_modules(unit).find_map(|(module, contents)| {
        let index = contents.functions.iter().position(|function| {
            function.name == name
                && function.holder == holder_class
                && !matches!(function.kind, FunctionKind::Method | FunctionKind::Setter)
                && accepts(function, shape)
        })?;
        Some(FunctionId { module, index: index as u32 })
    });
    let full_name = || holder.map_or(name.to_string(), |holder| format!("{holder}.{name}"));
    found.ok_or_else(|| LinkError::MissingLibrary(full_name()))
}
