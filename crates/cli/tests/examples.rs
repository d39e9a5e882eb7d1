//! The Toit examples print the documented output.

use std::process::Command;

/// Returns the output of an example, sorted by lines: several processes print at once.
fn lines(example: &str) -> Vec<String> {
    let file = format!("{}/../../examples/{example}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_lucarne"))
        .args(["run", &file])
        .output()
        .expect("the command starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<_> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn a_greeting() {
    let expected = [
        "guest: hello from the house, guest 1",
        "guest: hello from the house, guest 2",
        "house: both guests have left",
    ];
    assert_eq!(lines("greeting.toit"), expected);
}

#[test]
fn a_room() {
    let mut lines = lines("room/in_toit.toit");
    // The number of Eve's questions depends on the arrival of the others.
    lines.dedup();
    let expected = [
        "Ada hears Eve: Goodbye!",
        "Ada hears Eve: Hello?",
        "Bob hears Eve: Goodbye!",
        "Bob hears Eve: Hello?",
    ];
    assert_eq!(lines, expected);
}
