//! Names: their canonical form, and suggestions for misspelled ones.

use crate::steps;
use std::cell::Cell;
use std::sync::Arc;

/// A canonical identifier.
pub type Name = Arc<str>;

/// Returns the canonical form of an identifier: `-` stands for both `-` and `_` inside it.
/// Underscores at the ends are kept, since they mean "private".
pub fn canonical(text: &str) -> Name {
    let head = text.len() - text.trim_start_matches('_').len();
    let tail = text.trim_end_matches('_').len().max(head);
    let (Some(inner), Some(before), Some(after)) = (text.get(head..tail), text.get(..head), text.get(tail..))
    else {
        return text.into();
    };
    if !inner.contains('_') {
        return text.into();
    }
    format!("{before}{}{after}", inner.replace('_', "-")).into()
}

/// Returns whether a name, or that of a setter, is private to its module, by the underscore at its end.
pub fn is_private(name: &str) -> bool {
    name.strip_suffix('=').unwrap_or(name).ends_with('_')
}

/// Returns the name of a library by its path without `.toit`, as imports write it: that of `a/b/b` is `a.b`.
pub fn library_name(path: &str) -> String {
    let short = match path.rsplit_once('/') {
        Some((folder, file)) if folder == file || folder.ends_with(&format!("/{file}")) => folder,
        _ => path,
    };
    short.replace('/', ".")
}

/// The number of comparisons of letters that all suggestions of a compilation together may take.
/// For each error, a name is compared with all names in scope. Without a limit, a long program with many
/// errors would take quadratic time. Users read only the first errors, and this is enough for them.
const COMPARISONS_MAX: usize = 20_000_000;

/// Finds names that were probably meant.
#[derive(Debug)]
pub struct Suggestions {
    /// The number of comparisons that are left.
    left: Cell<usize>,
}

impl Default for Suggestions {
    fn default() -> Self {
        Suggestions { left: Cell::new(COMPARISONS_MAX) }
    }
}

impl Suggestions {
    /// Returns the candidate nearest to a name, if one is near enough to be a likely misspelling.
    /// Returns none if the compilation has made too many comparisons.
    pub fn nearest<'a>(&self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        let affordable = candidates.into_iter().take_while(|candidate| {
            let near = candidate.len().abs_diff(name.len()) <= LENGTH_DIFFERENCE_MAX;
            let cost = if near { 1 + candidate.len() * name.len() } else { 1 };
            steps::count(cost);
            self.left.set(self.left.get().saturating_sub(cost));
            self.left.get() > 0
        });
        nearest(name, affordable)
    }

    /// Returns whether the comparisons are used up, so that no further suggestions come.
    pub fn are_exhausted(&self) -> bool {
        self.left.get() == 0
    }
}

/// The maximum difference, in bytes, between the lengths of two names that are compared.
const LENGTH_DIFFERENCE_MAX: usize = 3;

fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match name.chars().count() {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *distance < candidate.chars().count())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Returns the number of edits between two names; a swap of neighbors counts as one.
fn distance(a: &str, b: &str) -> usize {
    // Names of very different lengths are far apart.
    if a.len().abs_diff(b.len()) > LENGTH_DIFFERENCE_MAX {
        return usize::MAX;
    }
    let a: Vec<char> = a.to_lowercase().chars().collect();
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for (row, x) in a.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, y) in b.iter().enumerate() {
            let cost = usize::from(x != y);
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX / 2);
            let mut best = (at(&previous, column) + cost)
                .min(at(&previous, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swapped = row > 0 && column > 0 && a.get(row - 1) == Some(y) && b.get(column - 1) == Some(x);
            if swapped {
                best = best.min(at(&before, column - 1) + 1);
            }
            current.push(best);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dashes_and_underscores_are_one() {
        assert_eq!(&*canonical("foo_bar"), "foo-bar");
        assert_eq!(&*canonical("foo-bar_"), "foo-bar_");
        assert_eq!(&*canonical("__Monitor_x__"), "__Monitor-x__");
        assert_eq!(&*canonical("__"), "__");
    }

    #[test]
    fn near_names_are_found() {
        assert_eq!(nearest("pritn", ["print", "point", "x"]), Some("print"));
        assert_eq!(nearest("zzz", ["print", "x"]), None);
    }
}
