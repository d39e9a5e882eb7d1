//! Tests of indexes: once the index file exists, no change of the definition changes or reuses one.

mod common;

use std::collections::BTreeMap;

use common::{SERVICE, load_files};
use proptest::prelude::*;

/// Reads a definition with an index file. Returns the indexes by the names of the methods, and the next index file.
fn indexes(text: &str, lock: Option<&str>) -> (BTreeMap<String, u32>, String) {
    let files = [("app.toit", text)].into_iter().chain(lock.map(|lock| ("app.index", lock)));
    let definition = load_files(&files.collect::<Vec<_>>());
    let shown = definition.shown(Default::default());
    let Some(interface) = &definition.interface else { panic!("{shown}") };
    let mut indexes = BTreeMap::new();
    interface.each_method(|resource, method| {
        let name =
            lucarne_interface::model::qualified(resource.map(|resource| &*resource.name), &method.name);
        indexes.insert(name, method.index);
    });
    (indexes, definition.lock.print("app.toit"))
}

fn service(methods: &str) -> String {
    format!("{SERVICE}{methods}")
}

fn of(pairs: &[(&str, u32)]) -> BTreeMap<String, u32> {
    pairs.iter().map(|(name, index)| ((*name).to_owned(), *index)).collect()
}

#[test]
fn new_methods_get_the_lowest_free_indexes() {
    let text = service(
        "  a -> int\n  /** @index 1 */\n  b -> Feed\n  c -> int\n/** @resource */\ninterface Feed:\n  d -> int\n",
    );
    let (found, lock) = indexes(&text, None);
    assert_eq!(found, of(&[("a", 0), ("b", 1), ("c", 2), ("Feed.d", 3)]));
    let expected = "# The indexes of the methods in app.toit. Commit this file: an index never changes.\n\
        service 11111111-2222-3333-4444-555555555555\n0 a\n1 b\n2 c\n3 Feed.d\n";
    assert_eq!(lock, expected);
}

#[test]
fn order_does_not_matter_once_the_index_file_exists() {
    let (found, lock) = indexes(&service("  a -> int\n  b -> int\n"), None);
    assert_eq!(found, of(&[("a", 0), ("b", 1)]));
    let (found, after) = indexes(&service("  c -> int\n  b -> int\n  a -> int\n"), Some(&lock));
    assert_eq!(found, of(&[("a", 0), ("b", 1), ("c", 2)]));
    assert!(after.ends_with("0 a\n1 b\n2 c\n"), "{after}");
}

#[test]
fn removed_methods_keep_their_indexes() {
    let (_, lock) = indexes(&service("  a -> int\n  b -> int\n"), None);
    let (found, lock) = indexes(&service("  b -> int\n"), Some(&lock));
    assert_eq!(found, of(&[("b", 1)]));
    assert!(lock.contains("0 a removed\n"), "{lock}");
    let (found, lock) = indexes(&service("  a -> int\n  b -> int\n"), Some(&lock));
    assert_eq!(found, of(&[("a", 0), ("b", 1)]), "the method is back");
    assert!(lock.ends_with("0 a\n1 b\n"), "{lock}");
    let (found, _) = indexes(&service("  /** @index 0 */\n  a -> int\n"), Some("0 a removed\n1 a removed\n"));
    assert_eq!(found, of(&[("a", 0)]), "a directive chooses");
    let (found, lock) = indexes(&service("  c -> int\n  a -> int\n"), Some("0 a removed\n2 a removed\n"));
    assert_eq!(found, of(&[("a", 2), ("c", 1)]), "the newest clients know the last index");
    assert!(lock.ends_with("0 a removed\n1 c\n2 a\n"), "{lock}");
}

#[test]
fn a_new_name_is_asked_for_although_it_is_that_of_a_removed_method() {
    let lock = "0 a removed\n1 b\n";
    let definition = load_files(&[("app.toit", &service("  a -> int\n")), ("app.index", lock)]);
    let titles: Vec<&str> = definition.diagnostics.iter().map(|problem| problem.title.as_str()).collect();
    assert_eq!(titles, ["`a` is new, and `b` is missing: was a method renamed?"]);
    let (found, next) = indexes(&service("  /** @index 1 */\n  a -> int\n"), Some(lock));
    assert_eq!(found, of(&[("a", 1)]));
    assert!(next.ends_with("0 a removed\n1 a\n"), "{next}");
}

#[test]
fn renamed_methods_keep_their_indexes() {
    let (_, lock) = indexes(&service("  a -> int\n  b -> int\n"), None);
    let (found, lock) =
        indexes(&service("  /** @index 0 */\n  better -> int\n  b -> int\n  c -> int\n"), Some(&lock));
    assert_eq!(found, of(&[("better", 0), ("b", 1), ("c", 2)]));
    let (found, _) = indexes(&service("  better -> int\n  b -> int\n  c -> int\n"), Some(&lock));
    assert_eq!(found, of(&[("better", 0), ("b", 1), ("c", 2)]), "the directive is needed once");
}

#[test]
fn the_number_of_lines_is_bounded() {
    let lines: String = (0..100_001).map(|number| format!("{number} m{number} removed\n")).collect();
    let definition = load_files(&[("app.toit", &service("  a -> int\n")), ("app.index", &lines)]);
    let titles: Vec<&str> = definition.diagnostics.iter().map(|problem| problem.title.as_str()).collect();
    assert_eq!(titles, ["the file has more than 100000 lines"]);
    let lines: String = lines.lines().take(100_000).map(|line| format!("{line}\n")).collect();
    let (found, _) = indexes(&service("  a -> int\n"), Some(&lines));
    assert_eq!(found, of(&[("a", 100_000)]));
}

/// What happens to the methods of a service from one version to the next.
#[derive(Clone, Debug)]
enum Step {
    Add(u8),
    Remove(usize),
    Swap(usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..20).prop_map(Step::Add),
        (0usize..20).prop_map(Step::Remove),
        (0usize..20, 0usize..20).prop_map(|(a, b)| Step::Swap(a, b)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_index_ever_changes_or_is_used_again(steps in proptest::collection::vec(step(), 1..20)) {
        let mut methods: Vec<String> = vec!["first".to_owned()];
        let mut lock: Option<String> = None;
        let mut ever: BTreeMap<u32, String> = BTreeMap::new();
        let mut before: BTreeMap<String, u32> = BTreeMap::new();
        for step in &steps {
            match step {
                // A method with the name of a removed one is the same method.
                Step::Add(name) if methods.contains(&format!("m{name}")) => {}
                Step::Add(name) => methods.push(format!("m{name}")),
                Step::Remove(at) if methods.len() > 1 => drop(methods.remove(at % methods.len())),
                Step::Remove(_) => {}
                Step::Swap(a, b) => {
                    let (a, b) = (a % methods.len(), b % methods.len());
                    methods.swap(a, b);
                }
            }
            let text: String = methods.iter().map(|name| format!("  {name} -> int\n")).collect();
            let (found, next) = indexes(&service(&text), lock.as_deref());
            prop_assert_eq!(found.len(), methods.len());
            for (name, index) in &found {
                if let Some(known) = before.get(name) {
                    prop_assert_eq!(known, index);
                }
                let owner = ever.entry(*index).or_insert_with(|| name.clone());
                prop_assert_eq!(&*owner, name);
            }
            before.extend(found);
            lock = Some(next);
        }
    }

    #[test]
    fn index_files_of_any_text_are_read(text in "([0-9]{1,11}|service|[a-z.]{1,5}|removed|#| |\n|\\PC){0,60}") {
        let definition = load_files(&[("app.toit", &service("  a -> int\n")), ("app.index", &text)]);
        prop_assert_eq!(definition.interface.is_none(), !definition.diagnostics.is_empty());
    }
}
