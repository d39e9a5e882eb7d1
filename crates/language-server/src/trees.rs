//! The trees of texts that were parsed, for the analyses that follow. Between two keys only one text of a program changes.

use std::collections::HashMap;
use std::sync::Arc;

use lucarne_compiler::resolve::trees::{Tree, Trees};
use lucarne_kernel::sync::Mutex;

/// The maximum number of bytes of text whose trees are kept. A tree takes some twenty times as much memory as its text.
const BYTES_MAX: usize = 4 << 20;

/// Keeps trees, each with its text.
#[derive(Default)]
pub struct KeptTrees(Mutex<Halves>);

type Half = HashMap<String, (String, Arc<Tree>)>;

/// Two halves: when the new one is full, it becomes the old one, and what was in the old one and has not been used since is dropped.
#[derive(Default)]
struct Halves {
    new: Half,
    old: Half,
    /// The number of bytes of text in the new half.
    bytes: usize,
}

/// What is kept no longer. Dropping trees takes time, so the caller drops them when others can use the halves again.
#[must_use]
struct Dropped {
    _earlier: [Option<(String, Arc<Tree>)>; 2],
    _half: Half,
}

impl Halves {
    /// Adds a text of at most `BYTES_MAX / 2` bytes.
    fn add(&mut self, path: String, text: String, tree: Arc<Tree>) -> Dropped {
        let earlier = [self.old.remove(&path), self.new.remove(&path)];
        if let [_, Some((text, _))] = &earlier {
            self.bytes -= text.len();
        }
        let mut half = Half::new();
        if self.bytes + text.len() > BYTES_MAX / 2 {
            half = std::mem::replace(&mut self.old, std::mem::take(&mut self.new));
            self.bytes = 0;
        }
        self.bytes += text.len();
        self.new.insert(path, (text, tree));
        Dropped { _earlier: earlier, _half: half }
    }
}

impl Trees for KeptTrees {
    fn get(&self, path: &str, text: &str) -> Option<Arc<Tree>> {
        let mut halves = self.0.lock();
        if let Some((known, tree)) = halves.new.get(path) {
            return (known == text).then(|| tree.clone());
        }
        let (path, (known, tree)) = halves.old.remove_entry(path)?;
        if known != text {
            // Before the tree is dropped.
            drop(halves);
            return None;
        }
        let dropped = halves.add(path, known, tree.clone());
        drop(halves);
        drop(dropped);
        Some(tree)
    }

    fn keep(&self, path: &str, text: &str, tree: &Arc<Tree>) {
        if text.len() > BYTES_MAX / 2 {
            return;
        }
        let (path, text) = (path.to_owned(), text.to_owned());
        let dropped = self.0.lock().add(path, text, tree.clone());
        drop(dropped);
    }
}

#[cfg(test)]
mod tests {
    use lucarne_compiler::diagnostic::Style;
    use lucarne_compiler::ir::Unit;
    use lucarne_compiler::resolve::{self, Request};
    use lucarne_compiler::source::MemoryLoader;

    use super::*;

    fn tree() -> Arc<Tree> {
        Arc::default()
    }

    #[test]
    fn only_an_equal_text_has_the_tree() {
        let trees = KeptTrees::default();
        let kept = tree();
        trees.keep("a.toit", "x := 1", &kept);
        assert!(trees.get("a.toit", "x := 1").is_some_and(|found| Arc::ptr_eq(&found, &kept)));
        assert!(trees.get("a.toit", "x := 2").is_none());
        assert!(trees.get("b.toit", "x := 1").is_none());
        trees.keep("a.toit", "x := 2", &tree());
        assert!(trees.get("a.toit", "x := 1").is_none());
        assert!(trees.get("a.toit", "x := 2").is_some());
    }

    #[test]
    fn the_texts_are_bounded_and_used_ones_stay() {
        let trees = KeptTrees::default();
        let text = "x".repeat(BYTES_MAX / 16);
        trees.keep("used", &text, &tree());
        for number in 0..100 {
            trees.keep(&number.to_string(), &text, &tree());
            assert!(trees.get("used", &text).is_some(), "{number}");
            let halves = trees.0.lock();
            let bytes = |half: &Half| -> usize { half.values().map(|(text, _)| text.len()).sum() };
            assert_eq!(bytes(&halves.new), halves.bytes);
            assert!(halves.bytes + bytes(&halves.old) <= BYTES_MAX);
        }
        assert!(trees.get("0", &text).is_none());
        assert!(trees.get("99", &text).is_some());
        trees.keep("large", &"x".repeat(BYTES_MAX), &tree());
        assert!(trees.get("large", &"x".repeat(BYTES_MAX)).is_none());
    }

    #[test]
    fn trees_of_other_analyses_change_nothing() {
        let wrong = "import .c\nf:\n  return [1\n\n";
        let analyzed = |first: &str, files: [&str; 2], trees: Option<&dyn Trees>| {
            let mut loader = MemoryLoader::default();
            loader.add("<lib>/core/core.toit", "class Object:\n");
            loader.add("a.toit", format!("import .b\nimport .c\nmain: {first}\n"));
            loader.add("b.toit", wrong);
            loader.add("c.toit", "g: return null\n");
            let request = Request { probe: None, is_first_only: false, is_canceled: &|| false, trees };
            let files = files.map(str::to_owned);
            let (analysis, index) =
                resolve::index(&loader, Unit::default(), &|_, _| None, &files, request).unwrap();
            (analysis.shown(Style::default()), index.uses)
        };
        let trees = KeptTrees::default();
        // The file with the mistake has a number that depends on the order.
        for (first, files) in [("f", ["a.toit", "b.toit"]), ("g", ["b.toit", "a.toit"])] {
            let found = analyzed(first, files, Some(&trees));
            assert_eq!(found, analyzed(first, files, None));
            assert!(found.0.contains("--> b.toit:3"), "{}", found.0);
            assert!(trees.get("b.toit", wrong).is_some());
        }
    }
}
