//! Trees that are kept between analyses: an editor asks about a program again and again, and nearly all of its files are the same
//! as a moment before.

use crate::ast::File;
use crate::diagnostic::Diagnostic;
use crate::parser;
use crate::source::SourceId;
use std::sync::Arc;

/// A parsed text.
#[derive(Default, Debug)]
pub struct Tree {
    /// The tree.
    pub file: File,
    /// The mistakes that the parser found. Their source is always the one with number 0; `problems_of` replaces it.
    problems: Vec<Diagnostic>,
}

impl Tree {
    /// Returns a tree, given the mistakes that the parser found.
    pub fn new(file: File, problems: Vec<Diagnostic>) -> Tree {
        Tree { file, problems }
    }

    /// Parses a text, unless its tree is kept.
    pub(super) fn of(kept: Option<&dyn Trees>, path: &str, text: &str) -> Arc<Tree> {
        if let Some(tree) = kept.and_then(|kept| kept.get(path, text)) {
            return tree;
        }
        let (file, problems) = parser::parse(SourceId(0), text);
        let tree = Arc::new(Tree { file, problems });
        if let Some(kept) = kept {
            kept.keep(path, text, &tree);
        }
        tree
    }

    /// Returns the mistakes that the parser found, as those of a source.
    pub(super) fn problems_of(&self, source: SourceId) -> impl Iterator<Item = Diagnostic> {
        self.problems.iter().cloned().map(move |mut problem| {
            problem.source = source;
            problem.labels.iter_mut().for_each(|label| label.source = source);
            problem
        })
    }
}

/// Keeps trees. Several analyses may use it at once.
pub trait Trees: Sync {
    /// Returns the tree of a text, if it is kept. The path tells where to look. A tree is returned only if its text is
    /// equal to this one.
    fn get(&self, path: &str, text: &str) -> Option<Arc<Tree>>;

    /// Keeps the tree of a text, or does not.
    fn keep(&self, path: &str, text: &str, tree: &Arc<Tree>);
}
