//! Mistakes that beginners make, and users of other languages, each with the one message that it gets.
//!
//! Each file in `tests/mistakes` is a list of programs. A line `=== LINE: TITLE` begins a program; LINE is
//! the line that the message must point at, or 0 if it has no place. The snapshots are documents: title,
//! program, message. Read them with the eyes of someone who has never seen Toit.
//!
//! To renew the snapshots: `INSTA_UPDATE=always cargo test -p lucarne-compiler`.

mod common;

use lucarne_compiler::diagnostic::Style;
use lucarne_compiler::resolve::Analysis;
use std::path::Path;

struct Mistake<'a> {
    /// The line that the message points at, from 1; 0 for none.
    line: usize,
    title: &'a str,
    program: &'a str,
}

/// Splits a list of programs.
fn mistakes(list: &str) -> Vec<Mistake<'_>> {
    let parts = list.strip_prefix("=== ").unwrap_or(list).split("\n=== ");
    parts.map(|part| mistake(part).expect("a head is `=== LINE: TITLE`")).collect()
}

fn mistake(part: &str) -> Option<Mistake<'_>> {
    let (head, program) = part.split_once('\n')?;
    let (line, title) = head.split_once(": ")?;
    Some(Mistake { line: line.parse().ok()?, title, program: program.trim_end() })
}

/// Returns the line that a program's only message points at; 0 for none.
fn line_of_only_message(analysis: &Analysis) -> Result<usize, String> {
    match analysis.diagnostics.as_slice() {
        [only] => Ok(analysis.sources.get(only.source).map_or(0, |source| source.line(only.span.start))),
        several => Err(format!("{} messages", several.len())),
    }
}

/// Snapshots the messages of all programs in a file. Each program must have one, at the expected line.
fn check(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes").join(format!("{name}.txt"));
    let list = std::fs::read_to_string(path).expect("the list can be read");
    let mut document = String::new();
    let mut wrong = Vec::new();
    for mistake in mistakes(&list) {
        let program = format!("{}\n", mistake.program);
        let analysis = common::analyze_files(&[("app.toit", &program)]);
        let shown = analysis.shown(Style::default());
        if line_of_only_message(&analysis) != Ok(mistake.line) {
            wrong.push(format!("{}: {:?}\n{shown}", mistake.title, line_of_only_message(&analysis)));
        }
        document += &format!("# {}\n\n{program}\n{}\n\n\n", mistake.title, shown.trim_end());
    }
    insta::with_settings!({ omit_expression => true }, {
        insta::assert_snapshot!(name, document);
    });
    assert!(wrong.is_empty(), "programs without exactly one message at its place:\n{}", wrong.join("\n"));
}

#[test]
fn habits_of_python() {
    check("python");
}

#[test]
fn habits_of_javascript() {
    check("javascript");
}

#[test]
fn habits_of_java_c_rust_and_go() {
    check("java-c-rust-go");
}

#[test]
fn wrong_indentation() {
    check("indentation");
}

#[test]
fn first_programs() {
    check("first-programs");
}

#[test]
fn missing_parts() {
    check("missing");
}

#[test]
fn names_and_types() {
    check("names-and-types");
}
