//! Checks the rules of this project that no lint of the compiler checks. Each is a row of [`RULES`].

use std::fs;
use std::path::{Path, PathBuf};

/// A rule over the lines of source files.
struct Rule {
    /// The instruction for the author of a line that breaks the rule.
    asks: &'static str,
    /// Whether it holds for a file, given its path from the root of the repository.
    covers: fn(&str) -> bool,
    /// Returns the part of a line of code that breaks the rule. Comments and the tests at the end of a file are not
    /// passed to it.
    breaks: fn(&str) -> Option<&str>,
    /// Paths, or beginnings of paths, for which the rule does not hold, with the reason.
    exceptions: &'static [(&'static str, &'static str)],
}

const RULES: &[Rule] = &[
    Rule {
        asks: "reach threads, locks, atomics and channels through lucarne_kernel::sync, and time through \
           lucarne_kernel::clock",
        covers: is_shipped_code,
        breaks: names_std_threads_or_time,
        exceptions: &[
            ("crates/kernel/src/sync.rs", "the facade itself"),
            ("crates/kernel/src/clock.rs", "the facade itself"),
            ("crates/cli/", "only has threads that read pipes, keys and requests of browsers"),
            (
                "crates/compiler/",
                "is pure: it has one thread, for the size of its stack, and does not depend on the kernel",
            ),
            ("crates/library/", "decodes the library once, and does not depend on the kernel"),
            ("crates/heap/", "does not depend on the kernel, and counts bytes"),
        ],
    },
    Rule {
        asks: "print through crates/cli/src/output.rs, which reports output that cannot be written",
        covers: |path| path.starts_with("crates/cli/src/"),
        breaks: writes_to_standard_streams,
        exceptions: &[("crates/cli/src/output.rs", "the one way to print")],
    },
];

#[test]
fn sources_keep_the_rules_of_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
    let mut broken = Vec::new();
    for file in rust_files(&root.join("crates")) {
        let path =
            file.strip_prefix(root).expect("the file is in the folder").to_str().expect("paths are UTF-8");
        let text = fs::read_to_string(&file).expect("sources can be read");
        broken.extend(RULES.iter().flat_map(|rule| rule.broken_by(path, &text)));
    }
    assert!(broken.is_empty(), "{} lines break a rule:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn exceptions_are_of_something() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the repository");
    for (path, _) in RULES.iter().flat_map(|rule| rule.exceptions) {
        assert!(root.join(path).exists(), "there is no {path} to make an exception of");
    }
}

#[test]
fn lines_that_break_the_facade_are_found() {
    let found = [
        "use std::sync::atomic::AtomicBool;",
        "use std::sync::{Arc, Mutex};",
        "    let lock = std::sync::RwLock::new(());",
        "use std::thread::{self, JoinHandle};",
        "use std::time::{Duration, Instant};",
        "    let start = std::time::Instant::now();",
        "    SystemTime::now()",
        "use std::{io, sync::Mutex};",
    ];
    for line in found {
        assert!(names_std_threads_or_time(line).is_some(), "{line}");
    }
    let allowed = [
        "use std::sync::Arc;",
        "use std::sync::{Arc, Weak};",
        "use std::time::Duration;",
        "use std::time::UNIX_EPOCH;",
        "use lucarne_kernel::sync::{Mutex, thread};",
        "    thread::sleep(LOOK);",
    ];
    for line in allowed {
        assert_eq!(names_std_threads_or_time(line), None, "{line}");
    }
    let text =
        "use std::thread; // why\n// std::thread\n#[cfg(test)]\nmod tests {\n    use std::thread;\n}\n";
    let broken: Vec<_> = RULES[0].broken_by("crates/x/src/lib.rs", text).collect();
    assert_eq!(broken.len(), 1);
    assert!(broken[0].starts_with("crates/x/src/lib.rs:1: `std::thread`: "), "{}", broken[0]);
    assert_eq!(RULES[0].broken_by("crates/cli/src/main.rs", text).count(), 0);
    let prints = "fn main() {\n    println!(\"x\");\n}\n";
    assert_eq!(RULES[1].broken_by("crates/cli/src/main.rs", prints).count(), 1);
    assert_eq!(RULES[1].broken_by("crates/cli/src/output.rs", prints).count(), 0);
}

impl Rule {
    /// Returns a line of report for each line of a file that breaks the rule.
    fn broken_by<'r>(&'r self, path: &'r str, text: &'r str) -> impl Iterator<Item = String> + 'r {
        let is_excepted = self.exceptions.iter().any(|(exception, _)| path.starts_with(exception));
        let lines = code_lines(text).filter(move |_| (self.covers)(path) && !is_excepted);
        lines.filter_map(move |(number, line)| {
            let part = (self.breaks)(line)?;
            Some(format!("{path}:{number}: `{part}`: {}", self.asks))
        })
    }
}

/// Returns whether a file under `crates` is code that ships, and no test, model or benchmark.
fn is_shipped_code(path: &str) -> bool {
    let is_source = path.split('/').nth(2) == Some("src");
    is_source && !["/tests.rs", "/tests/", "/models.rs"].iter().any(|part| path.contains(part))
}

fn names_std_threads_or_time(line: &str) -> Option<&str> {
    const NAMES: &[&str] = &["std::thread", "Instant", "SystemTime::now"];
    if let Some(name) = NAMES.iter().find(|name| has_word(line, name)) {
        return Some(name);
    }
    if line.trim_start().starts_with("use std::{") && (line.contains("sync::") || line.contains("thread")) {
        return Some(line.trim());
    }
    let (_, names) = line.split_once("std::sync::")?;
    let names = names.trim_end_matches(';').trim_start_matches('{').trim_end_matches('}');
    let is_counted = |name: &str| name.trim().starts_with("Arc") || name.trim().starts_with("Weak");
    (!names.split(',').all(is_counted)).then(|| line.trim())
}

fn writes_to_standard_streams(line: &str) -> Option<&str> {
    const NAMES: &[&str] =
        &["stdout().lock()", "stderr().lock()", "println!", "eprintln!", "StandardOutput::new())"];
    NAMES.iter().find(|name| line.contains(**name)).copied()
}

/// Returns whether a word is in a line, and not a part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

/// Returns the lines of code of a file, with their numbers: without comments, and without the tests at its end.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text
        .find("\n#[cfg(test)]\nmod tests {")
        .or_else(|| text.find("\n#[cfg(all(test, not(loom)))]\nmod tests {"));
    let code = &text[..tests.map_or(text.len(), |at| at + 1)];
    let lines =
        code.lines().enumerate().map(|(index, line)| (index + 1, line.split("//").next().unwrap_or("")));
    lines.filter(|(_, line)| !line.trim().is_empty())
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of sources can be read") {
        let path = entry.expect("the file can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}
