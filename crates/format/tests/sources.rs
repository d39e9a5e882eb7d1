//! The properties of the oracle, for all Toit sources of the project, and for these with other white space.
//!
//! `LUCARNE_FORMAT_SOURCES=FOLDER cargo test -p lucarne-format --test sources` checks all `.toit` files below a folder, too.

#![allow(clippy::print_stderr, reason = "a failed test names its text")]

mod oracle;

use lucarne_format::{Options, with_formatter};
use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "toit") {
            found.push(path);
        }
    }
}

/// Returns the texts of the project, and of the folder that `LUCARNE_FORMAT_SOURCES` names.
fn texts() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = Vec::new();
    for folder in ["lib", "tests", "examples"] {
        sources(&root.join(folder), &mut found);
    }
    assert!(found.len() > 300, "the sources of the project are at hand");
    if let Some(folder) = std::env::var_os("LUCARNE_FORMAT_SOURCES") {
        sources(Path::new(&folder), &mut found);
    }
    let read = |path: PathBuf| fs::read_to_string(&path).ok().map(|text| (path, text));
    found.into_iter().filter_map(read).collect()
}

/// Checks all texts after a change. Returns how many have no errors.
fn check_all(options: Options, change: impl Fn(&str) -> String + Sync) -> usize {
    let texts = texts();
    let checked = with_formatter(|formatter| {
        let is_checked = |(path, text): &&(PathBuf, String)| {
            let text = change(text);
            let result = std::panic::catch_unwind(|| oracle::check(formatter, &text, options));
            result
                .unwrap_or_else(|panic| {
                    eprintln!("of {}", path.display());
                    std::panic::resume_unwind(panic)
                })
                .is_some()
        };
        texts.iter().filter(is_checked).count()
    });
    checked.expect("there is enough memory")
}

#[test]
fn sources_keep_their_meaning() {
    assert!(check_all(Options::default(), str::to_owned) > 300);
}

#[test]
fn sources_keep_their_meaning_in_short_lines() {
    assert!(check_all(Options { line_length: 50 }, str::to_owned) > 300);
}

/// Lines that are indented three times as much have the same tree.
#[test]
fn sources_with_other_indentation_keep_their_meaning() {
    let indented = |text: &str| {
        let lines = text.lines().map(|line| {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            format!("{}{}\n", " ".repeat(spaces * 3), line.trim_start_matches(' '))
        });
        lines.collect()
    };
    assert!(check_all(Options::default(), indented) > 300);
}

/// Wide gaps have the same tree as narrow ones.
#[test]
fn sources_with_wide_gaps_keep_their_meaning() {
    let widened = |text: &str| {
        let lines = text.lines().map(|line| {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            format!("{}{}\n", " ".repeat(spaces), line.trim_start_matches(' ').replace(' ', "   "))
        });
        lines.collect()
    };
    assert!(check_all(Options::default(), widened) > 300);
}
