//! Checks that every message of the front half is in a snapshot.
//!
//! The titles are found in the sources: the literals that are passed to functions that make
//! diagnostics, or bound to `title`. A formatted value in them matches anything.

mod texts;

use std::path::{Path, PathBuf};

use texts::{is_shown, parts};

/// The calls that report, and the position of the title among their arguments.
const CALLS: &[(&str, usize)] = &[
    ("Diagnostic::error(", 2),
    ("Diagnostic::warning(", 2),
    ("Diagnostic::general(", 0),
    (".error(", 1),
    (".error_hint(", 1),
    (".error_and_go_on(", 1),
    (".warning(", 1),
    (".habit(", 1),
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the sources can be read") {
        let path = entry.expect("the sources can be read").path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

/// Returns the arguments of a call, given the text after its `(`.
fn arguments(text: &str) -> Vec<&str> {
    let mut arguments = Vec::new();
    let (mut depth, mut start, mut in_string, mut escaped) = (0, 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ if in_string => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' => {
                arguments.push(text[start..at].trim());
                break;
            }
            ',' if depth == 0 => {
                arguments.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    arguments
}

/// Returns the literal of an expression, also inside `format!`.
fn literal(expression: &str) -> Option<String> {
    let rest = expression.trim_start();
    let rest = rest.strip_prefix("format!(").unwrap_or(rest).trim_start().strip_prefix('"')?;
    let mut text = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

/// Returns the titles in a source file.
fn titles(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("the sources can be read");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    // The scanner passes two places instead of a span.
    let shift = usize::from(path.ends_with("scanner.rs"));
    let mut titles = Vec::new();
    for (call, place) in CALLS {
        let place = if call.starts_with('.') { place + shift } else { *place };
        for (at, _) in text.match_indices(call) {
            titles.extend(arguments(&text[at + call.len()..]).get(place).and_then(|title| literal(title)));
        }
    }
    for marker in ["let title = ", "let what = if", "let when = "] {
        titles.extend(text.match_indices(marker).filter_map(|(at, _)| literal(&text[at + marker.len()..])));
    }
    titles
}

#[test]
fn every_message_has_a_snapshot() {
    let mut snapshots = Vec::new();
    files(&folder("tests/snapshots"), "snap", &mut snapshots);
    let snapshots: Vec<String> =
        snapshots.iter().map(|path| std::fs::read_to_string(path).expect("snapshots can be read")).collect();
    let shown: Vec<&str> = snapshots
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| line.starts_with("error: ") || line.starts_with("warning: "))
        .collect();
    let mut sources = vec![
        folder("src/scanner.rs"),
        folder("src/parser.rs"),
        folder("src/resolve.rs"),
        folder("src/source.rs"),
    ];
    files(&folder("src/parser"), "rs", &mut sources);
    files(&folder("src/resolve"), "rs", &mut sources);
    let mut missing = Vec::new();
    let mut count = 0;
    for source in sources {
        for title in titles(&source) {
            count += 1;
            if !shown.iter().any(|line| is_shown(&parts(&title), line)) {
                missing.push(format!("{}: {title}", source.file_name().unwrap_or_default().display()));
            }
        }
    }
    assert!(count > 150, "only {count} messages were found: add new ways to make them to `CALLS`");
    assert!(missing.is_empty(), "messages without a snapshot:\n{}", missing.join("\n"));
}
