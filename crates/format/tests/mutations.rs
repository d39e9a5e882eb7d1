//! The properties of the oracle, for texts that chance has made from those of the project.
//!
//! `LUCARNE_FORMAT_MUTATIONS=N cargo test -p lucarne-format --test mutations` tries N texts.

#![allow(clippy::print_stderr, reason = "a failed test names its text")]

mod oracle;

use lucarne_format::{Options, with_formatter};
use std::fs;
use std::path::Path;

/// How many texts are tried by default: so many take about two seconds.
const COUNT: u64 = 3_000;

/// Returns short pieces of sources: a few declarations each.
fn seeds(folder: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            seeds(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toit") {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let mut declarations: Vec<String> = Vec::new();
            for part in text.split("\n\n") {
                match declarations.last_mut().filter(|_| part.starts_with([' ', '\n'])) {
                    Some(last) => *last += &format!("\n\n{part}"),
                    None => declarations.push(part.to_owned()),
                }
            }
            found.extend(declarations.chunks(3).map(|chunk| chunk.join("\n\n") + "\n"));
        }
    }
}

/// Changes a text at some places, in ways that often leave it without errors.
fn mutate(text: &str, random: &mut fastrand::Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..random.usize(1..4) {
        if lines.is_empty() {
            break;
        }
        let at = random.usize(..lines.len());
        let gaps: Vec<usize> = lines[at].match_indices(' ').map(|(place, _)| place).collect();
        let gap = gaps.get(random.usize(..gaps.len().max(1))).copied();
        match (random.u8(..12), gap) {
            (0, Some(gap)) => lines[at].insert_str(gap, &" ".repeat(random.usize(1..5))),
            (1, Some(gap)) => drop(lines[at].remove(gap)),
            // A line break, with any indentation.
            (2..=4, Some(gap)) => {
                let rest = lines[at].split_off(gap);
                let spaces = " ".repeat(random.usize(..16));
                lines.insert(at + 1, spaces + rest.trim_start());
            }
            (5, _) => lines[at].insert_str(0, &" ".repeat(random.usize(1..5))),
            (6, _) => lines[at] = lines[at].trim_start().to_owned(),
            (7, _) => {
                lines[at].push_str(["  // A comment.", " /* a */", "\\", ":", " [", ")"][random.usize(..6)])
            }
            (8, Some(gap)) => {
                lines[at].insert_str(gap, [" /* a */", " -", " (", ") ", ": ", " --x="][random.usize(..6)])
            }
            (9, _) => {
                let spaces = " ".repeat(random.usize(..10));
                let comment = ["// A comment.", "/**\n  A doc.\n*/", "", "// format: off", "// format: on"];
                lines.insert(at, spaces + comment[random.usize(..5)]);
            }
            (10, _) if at + 1 < lines.len() => {
                let next = lines.remove(at + 1);
                lines[at] = format!("{} {}", lines[at], next.trim_start());
            }
            (11, _) => {
                let line = lines[random.usize(..lines.len())].clone();
                lines.insert(at, line);
            }
            _ => {}
        }
    }
    lines.join("\n")
}

#[test]
fn mutated_sources_keep_their_meaning() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    for folder in ["lib", "tests", "examples"] {
        seeds(&root.join(folder), &mut texts);
    }
    assert!(texts.len() > 300, "the sources of the project are at hand");
    let count = std::env::var("LUCARNE_FORMAT_MUTATIONS").ok().and_then(|count| count.parse().ok());
    let (count, first) = count.map_or((COUNT, 0), |count: u64| (count, 1_000_000));
    let checked = with_formatter(|formatter| {
        let seeds = first..first + count;
        let is_checked = |seed: &u64| {
            let mut random = fastrand::Rng::with_seed(*seed);
            let text = mutate(&texts[random.usize(..texts.len())], &mut random);
            let options = Options { line_length: random.usize(20..120) };
            let result = std::panic::catch_unwind(|| oracle::check(formatter, &text, options));
            result
                .unwrap_or_else(|panic| {
                    eprintln!("with seed {seed}");
                    std::panic::resume_unwind(panic)
                })
                .is_some()
        };
        seeds.filter(is_checked).count() as u64
    });
    assert!(checked.expect("there is enough memory") > count / 4, "many texts have no errors");
}
