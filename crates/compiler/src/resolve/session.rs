//! The inputs of a session: each is a module of its own, which sees the names that earlier ones have declared.
//!
//! The modules of earlier inputs are handed in as prepared ones, as those of the library are. So an input is analyzed
//! alone, and modules keep their numbers.

use super::modules::{Found, Modules, ResolvedImport, Shown};
use super::trees::Tree;
use super::world::World;
use super::{Analysis, Comments, Natives, analyze_with, with_large_stack, without_thread};
use crate::ast::{Declaration, FunctionName, Identifier};
use crate::diagnostic::Diagnostic;
use crate::ir::{ModuleId, Unit};
use crate::names::Name;
use crate::parser::ENTRY;
use crate::source::{LIBRARY_PREFIX, Loader, SourceId, Span};
use std::sync::Arc;

/// An input to analyze.
#[derive(Clone, Debug)]
pub struct NewInput<'i> {
    /// The name of the input, as messages show it. Local imports are relative to its folder.
    pub path: &'i str,
    /// The tree of the text that the loader has under this path.
    pub tree: Arc<Tree>,
    /// The names that the input sees of other modules, without imports of its own. Modules that show equal names must show
    /// the same declarations.
    pub seen: &'i [(ModuleId, Vec<Name>)],
    /// The names that earlier inputs have declared and that this one declares again.
    pub replaced: &'i [Name],
}

impl NewInput<'_> {
    /// Returns the imports that bring the names.
    pub(super) fn imports(&self) -> impl Iterator<Item = ResolvedImport> {
        let shown = |names: &Vec<Name>| {
            let identifier = |name: &Name| Identifier { name: name.clone(), span: Span::default() };
            Shown::Names(names.iter().map(identifier).collect())
        };
        self.seen.iter().map(move |(module, names)| ResolvedImport {
            module: *module,
            span: Span::default(),
            prefix: None,
            shown: shown(names),
        })
    }
}

/// A name that an input declares, and that it would know without the declaration.
pub(super) struct Hidden {
    pub(super) name: Identifier,
    /// Whether the library gives it, and not an import.
    is_of_library: bool,
}

impl Modules {
    /// Returns the names that the input declares, which is the first module from source, and that the library or its imports
    /// would give, if it did not. `replaced` has names that they have not given before, either.
    pub(super) fn hidden(&self, world: &World, replaced: &[Name]) -> Vec<Hidden> {
        let Some(input) = self.sources.first() else { return Vec::new() };
        let names = input.tree.file.declarations.iter().filter_map(|declaration| match declaration {
            Declaration::Class(class) => Some(&class.name),
            Declaration::Variable(variable) => Some(&variable.name),
            Declaration::Function(function) => match &function.name {
                FunctionName::Plain(name) => Some(name),
                _ => None,
            },
        });
        // A file that was loaded and is imported, too, has an entry.
        let names = names.filter(|name| !replaced.contains(&name.name) && &*name.name != ENTRY);
        let hidden = names.filter_map(|name| {
            let is_of_library = match self.look_up_outside(world, input.id, &name.name) {
                Found::Nothing => return None,
                Found::Prefix(_) => false,
                Found::Items(items) | Found::Ambiguous(items) => {
                    items.iter().all(|item| world.module(item.module()).path.starts_with(LIBRARY_PREFIX))
                }
            };
            Some(Hidden { name: name.clone(), is_of_library })
        });
        let mut hidden: Vec<Hidden> = hidden.collect();
        // Overloads are declared several times.
        let mut known = std::collections::HashSet::new();
        hidden.retain(|hidden| known.insert(hidden.name.name.clone()));
        hidden
    }
}

/// Returns the warning about a name.
pub(super) fn warning(hidden: &Hidden) -> Diagnostic {
    let name = &hidden.name.name;
    let owner = if hidden.is_of_library { "the library" } else { "an import" };
    let title = format!("this hides the `{name}` of {owner} from all later inputs");
    let problem = Diagnostic::warning(SourceId(0), hidden.name.span, title);
    problem.hint(format!("give it another name if you need the other `{name}`, too"))
}

/// Analyzes an input after the modules of `before`, which the result repeats with the same numbers. The result has the
/// modules of the input and of what it imports, and they have exports, so that the next input can follow.
pub fn extend(
    loader: &(dyn Loader + Sync),
    before: Unit,
    natives: Natives<'_>,
    input: &NewInput<'_>,
) -> Analysis {
    let analysis = with_large_stack(|| {
        let roots = [input.path.to_owned()];
        let analyzed =
            analyze_with(loader, before, Some(natives), &roots, Comments::Skipped, None, Some(input));
        let (mut analysis, _) = analyzed?;
        let is_shown = |problem: &Diagnostic| problem.is_error() || !problem.is_for_check;
        analysis.diagnostics.retain(is_shown);
        Some(analysis)
    });
    // An input is never canceled.
    analysis.map_or_else(without_thread, Option::unwrap_or_default)
}
