//! Compares values with those of the existing Toit system.
//!
//! `agreement/values` has cases with the values that the existing system gives. Set `LUCARNE_EXISTING_VM` to the path of its
//! `toit.run` to compare generated cases, and besides:
//!
//! - `LUCARNE_CASES=50000` for more of them;
//! - `LUCARNE_SEED=N` for the same cases again: a test that fails prints the seed;
//! - `LUCARNE_KIND=NAME` for one file of `agreement/grammar`;
//! - `LUCARNE_RECORD=700` to replace the tables in `agreement/values` by new ones of that many lines.

#[path = "agreement/grammar.rs"]
mod grammar;
#[path = "agreement/known.rs"]
mod known;
#[path = "agreement/machine.rs"]
mod machine;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use fastrand::Rng;
use grammar::{Grammar, Tree};
use machine::Machine;

/// The cases of one program.
const BATCH: usize = 250;

/// The maximum number of levels of rules in a case.
const LEVELS: usize = 5;

/// The differences that are made simpler and shown.
const SHOWN_MAX: usize = 8;

/// The candidates of a step.
const SIMPLER_MAX: usize = 60;

/// The steps by which a difference is made simpler.
const STEPS_MAX: usize = 12;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agreement").join(name)
}

/// Returns the texts in a folder by the names of their files.
fn texts(name: &str) -> BTreeMap<String, String> {
    let files = std::fs::read_dir(folder(name)).expect("the folder is there");
    let paths = files.map(|file| file.expect("the folder can be read").path());
    let stem = |path: &Path| path.file_stem().expect("a file").to_string_lossy().into_owned();
    paths.map(|path| (stem(&path), std::fs::read_to_string(&path).expect("a text"))).collect()
}

/// Returns this system. Tests run at the same time, so that each names a folder of its own.
fn ours(folder: &str) -> Machine {
    Machine::new(folder, &[env!("CARGO_BIN_EXE_lucarne"), "run"])
}

fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|value| value.parse().expect("the variable is a number"))
}

/// Returns the cases of a table with their values. A case ends with a line `= VALUE`.
fn read_table(text: &str) -> Vec<(String, String)> {
    let mut cases = Vec::new();
    for entry in text.split("\n\n").map(|entry| entry.trim_matches('\n')).filter(|entry| !entry.is_empty()) {
        let (case, value) = entry.rsplit_once("\n= ").expect("the case has a value");
        cases.push((case.to_string(), value.to_string()));
    }
    cases
}

#[test]
fn values_are_those_of_the_existing_system() {
    let machine = ours("table");
    let (mut wrong, mut count) = (String::new(), 0);
    for (kind, text) in texts("values") {
        for batch in read_table(&text).chunks(BATCH) {
            let cases: Vec<String> = batch.iter().map(|(case, _)| case.clone()).collect();
            for ((case, expected), value) in batch.iter().zip(machine.values(&cases)) {
                count += 1;
                if value != *expected {
                    let _ = write!(wrong, "{kind}:\n{case}\n  is {value}\n  instead of {expected}\n\n");
                }
            }
        }
    }
    assert!(count > 2_500, "there are {count} cases");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn generated_cases_agree() {
    let Ok(existing) = std::env::var("LUCARNE_EXISTING_VM") else { return };
    let comparison = Comparison {
        grammar: Grammar::read(texts("grammar").values().map(String::as_str)),
        machines: [ours("ours"), Machine::new("existing", &[&existing])],
    };
    let only = std::env::var("LUCARNE_KIND").ok();
    let mut kinds: Vec<String> = texts("grammar").into_keys().collect();
    kinds.retain(|kind| only.as_ref().is_none_or(|only| only == kind));
    let seed = number("LUCARNE_SEED").map_or_else(|| fastrand::u64(..1_000_000), |seed| seed as u64);
    if let Some(lines) = number("LUCARNE_RECORD") {
        kinds.iter().for_each(|kind| comparison.record(kind, lines, seed));
        return;
    }
    let count = number("LUCARNE_CASES").unwrap_or(2_500).div_ceil(kinds.len());
    let differences: String = kinds.iter().map(|kind| comparison.compare(kind, count, seed)).collect();
    assert!(differences.is_empty(), "seed {seed}\n\n{differences}");
}

/// Returns whether values differ. A case that the existing machine does not survive has no value.
fn differ([ours, existing]: &[String; 2]) -> bool {
    ours != existing && !machine::FAULTS.contains(&existing.as_str())
}

/// The machines whose values are compared, ours first.
struct Comparison {
    grammar: Grammar,
    machines: [Machine; 2],
}

impl Comparison {
    fn generate(&self, kind: &str, count: usize, seed: u64) -> Vec<Tree> {
        let mut rng = Rng::with_seed(seed);
        (0..count).map(|_| self.grammar.generate(kind, rng.usize(1..=LEVELS), &mut rng)).collect()
    }

    /// Returns the values that both machines give for each case.
    fn values(&self, trees: &[Tree]) -> Vec<[String; 2]> {
        let cases: Vec<String> = trees.iter().map(|tree| self.grammar.text(tree)).collect();
        let [ours, existing] = &self.machines;
        let (ours, existing) = std::thread::scope(|scope| {
            let ours = scope.spawn(|| ours.values(&cases));
            let existing = existing.values(&cases);
            (ours.join().expect("no panic"), existing)
        });
        ours.into_iter().zip(existing).map(|(ours, existing)| [ours, existing]).collect()
    }

    /// Returns whether the values of a case differ, and not only because of a difference that is known.
    fn is_wrong(&self, tree: &Tree, values: &[String; 2]) -> bool {
        let is_known = |case: String| {
            let [_, existing] = &self.machines;
            known::corrected(&case).is_some_and(|case| existing.values(&[case])[0] == values[0])
        };
        differ(values) && !is_known(self.grammar.text(tree))
    }

    /// Compares generated cases of a kind. Returns the differences as a text.
    fn compare(&self, kind: &str, count: usize, seed: u64) -> String {
        let mut shown = BTreeMap::new();
        for batch in self.generate(kind, count, seed).chunks(BATCH) {
            let values = self.values(batch);
            for (tree, _) in batch.iter().zip(values).filter(|(tree, values)| self.is_wrong(tree, values)) {
                if shown.len() < SHOWN_MAX {
                    let (case, values) = self.simplify(tree.clone());
                    shown.insert(case, values);
                }
            }
        }
        shown.into_iter().fold(String::new(), |mut text, (case, [ours, existing])| {
            let _ = write!(text, "{kind}:\n{case}\n  is {ours}\n  instead of {existing}\n\n");
            text
        })
    }

    /// Makes a case simpler as long as its values differ.
    fn simplify(&self, mut tree: Tree) -> (String, [String; 2]) {
        let mut values = self.values(std::slice::from_ref(&tree)).remove(0);
        for _ in 0..STEPS_MAX {
            let simpler: Vec<Tree> = self.grammar.simpler(&tree).into_iter().take(SIMPLER_MAX).collect();
            let values_of = self.values(&simpler);
            let found = simpler.iter().zip(&values_of).position(|(tree, values)| self.is_wrong(tree, values));
            let Some(found) = found else { break };
            tree = simpler[found].clone();
            values = self.values(std::slice::from_ref(&tree)).remove(0);
        }
        (self.grammar.text(&tree), values)
    }

    /// Writes a table of cases with the values that the existing machine gives. It has about that many lines.
    fn record(&self, kind: &str, lines: usize, seed: u64) {
        let (mut table, mut left) = (BTreeSet::new(), lines);
        let trees = self.generate(kind, BATCH, seed);
        for (tree, [_, existing]) in trees.iter().zip(self.values(&trees)) {
            let entry = format!("{}\n= {existing}\n", self.grammar.text(tree));
            let Some(rest) = left.checked_sub(entry.lines().count() + 1) else { continue };
            if table.insert(entry) {
                left = rest;
            }
        }
        let text: Vec<String> = table.into_iter().collect();
        std::fs::write(folder("values").join(kind).with_extension("txt"), text.join("\n"))
            .expect("the table is written");
    }
}
