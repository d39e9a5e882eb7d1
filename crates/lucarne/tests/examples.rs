//! The examples print the expected lines.
#![cfg(all(feature = "link", feature = "toit"))]

use std::path::PathBuf;
use std::process::Command;

/// Returns the lines that an example prints, sorted, since several processes print at once.
fn lines(example: &str) -> Vec<String> {
    let tests = std::env::current_exe().expect("a test is a file");
    // Cargo builds the examples into a folder beside that of the tests.
    let folder: PathBuf = tests.ancestors().nth(2).expect("the file is in a folder").join("examples");
    let output = Command::new(folder.join(example))
        .output()
        .expect("`cargo test` without `--test` builds the examples, too");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_room_in_rust() {
    assert_eq!(lines("room"), ["0 heard Ada", "1 heard Ada", "Bob hears Ada: Hello!"]);
}

#[test]
fn a_room_in_two_processes_and_languages() {
    assert_eq!(lines("room-both"), ["Bob hears Ada: Goodbye!", "Bob hears Ada: Hello?"]);
}

#[test]
fn dice_in_rust_and_toit() {
    let lines = lines("dice");
    let starts = [
        "a random number: ",
        "a six after ",
        "from Toit, a random number: ",
        "from Toit, a six after ",
        "from Toit, no die: BAD_SIDES",
        "no number: BadLimit",
    ];
    assert_eq!(lines.len(), starts.len(), "{lines:?}");
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn a_store_in_rust_watched_from_toit() {
    let expected = [
        "Rust sees lamp/hall: Int(75)",
        "Rust sees lamp/hall: Null",
        "Rust sees lamp/kitchen: String(\"off\")",
        "Toit sees lamp/hall: 75",
        "Toit sees lamp/hall: null",
        "Toit sees lamp/kitchen: off",
        "removed: true",
    ];
    assert_eq!(lines("store"), expected);
}
