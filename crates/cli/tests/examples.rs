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
fn a_slow_network() {
    let expected = [
        "client: 'Hello from /greeting!', 6 of 8 datagrams came back",
        "client: 'Hello from /greeting!', 8 of 8 datagrams came back",
        "slow network: connected to 127.0.0.1",
        "slow network: lost datagram 1",
        "slow network: lost datagram 5",
        "slow network: received 40 bytes",
        "slow network: sent 26 bytes",
    ];
    assert_eq!(lines("network/both.toit"), expected);
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
