//! The inputs of a session: each is a module of its own, which sees the names that earlier ones have declared.
//!
//! The modules of earlier inputs are handed in as prepared ones, as those of the library are. So an input is analyzed
//! alone, and modules keep their numbers.

use super::modules::{ResolvedImport, Shown};
use super::trees::Tree;
use super::{Analysis, Comments, Natives, analyze_with, with_large_stack};
use crate::ast::Identifier;
use crate::diagnostic::Diagnostic;
use crate::ir::{ModuleId, Unit};
use crate::names::Name;
use crate::source::{Loader, Span};
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
    analysis.flatten().unwrap_or_default()
}
