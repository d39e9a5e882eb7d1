//! Sessions whose lines are written one after the other, while their provider is frozen or starts again.

use std::io::Write;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use lucarne::System;

use super::common::terminal::{CTRL_C, CTRL_D, Terminal};
use super::common::{Answer, Folder, freeze, signal};
use super::{HOUSE, House, SOCKET, call, session, thermometer::ThermometerHandler, types, write_guide};

/// A session whose lines are written one after the other.
struct Live {
    child: Child,
    input: Option<std::process::ChildStdin>,
    out: std::io::BufReader<std::process::ChildStdout>,
}

impl Live {
    fn begin(folder: &Folder, arguments: &[&str]) -> Live {
        let mut command = folder.command(&[&["call", "--connect", SOCKET, "-i"], arguments].concat());
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let input = child.stdin.take();
        let out = std::io::BufReader::new(child.stdout.take().expect("piped"));
        Live { child, input, out }
    }

    /// Writes bytes, without the end of a line.
    fn write(&mut self, bytes: &[u8]) {
        self.input.as_mut().expect("it is open").write_all(bytes).expect("it reads");
    }

    /// Writes a line, and returns the line that it prints.
    fn answer(&mut self, line: &str) -> String {
        self.write(format!("{line}\n").as_bytes());
        let mut answer = String::new();
        std::io::BufRead::read_line(&mut self.out, &mut answer).expect("it prints");
        answer
    }

    /// Ends the input.
    fn end(mut self) -> Answer {
        drop(self.input.take());
        let mut out = String::new();
        std::io::Read::read_to_string(&mut self.out, &mut out).expect("it prints text");
        let output = self.child.wait_with_output().expect("it ends with its input");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        Answer { status: output.status.code(), out, error }
    }
}

#[test]
fn a_session_with_a_frozen_provider_can_be_left() {
    let provider = types("call-leave");
    let pid = provider.child.id();
    for last in ["", ":exit\n"] {
        let mut session = Live::begin(&provider.folder, &["types"]);
        assert_eq!(session.answer("shelf one"), "$1 is a Shelf\n");
        for number in 2..=5 {
            assert_eq!(session.answer("$1.drawer"), format!("${number} is a Drawer\n"));
        }
        freeze(pid);
        let since = Instant::now();
        session.write(last.as_bytes());
        let answer = session.end();
        // Each of the six closes could take the 20 seconds of the protocol.
        assert!(since.elapsed() < Duration::from_secs(60), "{:?}", since.elapsed());
        assert_eq!((answer.status, &*answer.out, &*answer.error), (Some(0), "", ""));
        signal(pid, rustix::process::Signal::CONT);
    }
    // The provider has closed what they had.
    assert_eq!(call(&provider.folder, &["types.nothing"]).status, Some(0));
}

#[test]
fn a_session_opens_the_service_of_a_provider_that_has_started_again() {
    let folder = Folder::new("call-again");
    write_guide(&folder, HOUSE);
    let system = System::new();
    let _listener = system.listen(folder.path(SOCKET)).expect("a new folder");
    let start = || {
        let house = system.container("house");
        let provider = house.provider("thermometer", "7.9").handle(ThermometerHandler::new(House));
        (provider.install().wait().expect("the name is free"), house)
    };
    let first = start();
    let mut session = Live::begin(&folder, &["--json", "thermometer"]);
    assert_eq!(session.answer("measure kitchen"), "{\"result\":{\"celsius\":21.5,\"humidity\":null}}\n");
    first.0.uninstall().wait().expect("it is installed");
    drop(first);
    let ended = "{\"error\":\"the provider has ended\",\"name\":\"NO_SUCH_PROCESS\"}\n";
    assert_eq!(session.answer("measure kitchen"), ended);
    let absent = session.answer("measure kitchen");
    assert!(absent.contains("no provider 'thermometer'") && absent.contains("\"UNKNOWN_NAME\""), "{absent}");
    let _second = start();
    assert_eq!(session.answer("measure kitchen"), "{\"result\":{\"celsius\":21.5,\"humidity\":null}}\n");
    assert_eq!(session.end().status, Some(1));
}

#[test]
fn all_lines_of_a_session_with_json_are_objects() {
    let provider = types("call-objects");
    let mut session = Live::begin(&provider.folder, &["--json", "types"]);
    let mut name_of = |line: &str| {
        let answer = session.answer(line);
        let json: serde_json::Value = serde_json::from_str(&answer).expect("it is JSON");
        assert!(json.is_object(), "{answer}");
        json["name"].as_str().map(str::to_owned)
    };
    for (line, name) in [
        (":help", None),
        ("slow", Some("DEADLINE_EXCEEDED")),
        ("nothin", Some("UNKNOWN_NAME")),
        ("$1.put 1", Some("UNKNOWN_NAME")),
        ("nothing 1", Some("WRONG_ARGUMENT")),
        (":halp", Some("WRONG_FORM")),
        ("turn {\"name\": \"none\", \"corner_points\": []}", Some("NO_SHAPE")),
    ] {
        assert_eq!(name_of(line).as_deref(), name, "{line}");
    }
    assert_eq!(session.end().status, Some(1));
}

#[test]
fn a_line_that_is_no_text_does_not_end_a_session() {
    let provider = types("call-bytes");
    let mut session = Live::begin(&provider.folder, &["types"]);
    session.write(b"named 1 \xff\n");
    assert_eq!(session.answer("named 3 1"), "2\n");
    let answer = session.end();
    assert_eq!((answer.status, &*answer.error), (Some(1), "error: the line is not UTF-8\n"));
}

#[test]
fn a_wait_for_a_resource_has_a_time_limit() {
    let provider = types("call-wait");
    let lines = "\
shelf one
$1.drawer
$2.put a
:wait $2 1 1h
:wait $2 3 50ms
:wait $2 50ms
:wait $2 1 0s
:wait $2 3 0
:wait 20ms
:wait $2 0
:wait $2 8days
:wait $2 99999999999 1s
:wait $2 some 1s
";
    let answer = session(&provider.folder, &["types"], lines);
    let expected = "\
error: $2 has sent 1 of 3 notifications within 50ms
error: $2 has not ended within 50ms
error: $2 has sent 1 of 3 notifications within 0s
error: a wait takes at most 7 days
error: a wait takes at most 1000000000 notifications, not 99999999999
error: `some` is not a number of notifications
";
    assert_eq!((answer.status, &*answer.error), (Some(1), expected), "{answer:?}");
    // The time limit of the command is that of a wait without its own.
    let mut session = Live::begin(&provider.folder, &["--timeout", "3s", "--json", "types"]);
    session.answer("shelf one");
    session.answer("$1.drawer");
    let late = |text: &str| format!("{{\"error\":\"{text}\",\"name\":\"DEADLINE_EXCEEDED\"}}\n");
    assert_eq!(session.answer(":wait $2 1"), late("$2 has sent 0 of 1 notifications within 3s"));
    assert_eq!(session.answer(":wait $2 1 20ms"), late("$2 has sent 0 of 1 notifications within 20ms"));
    assert_eq!(session.end().status, Some(1));
}

#[test]
fn methods_that_only_resources_have_are_called_by_a_variable() {
    let provider = types("call-owner");
    let lines = "things\nshelf one\nthings\nshut\n";
    let answer = session(&provider.folder, &["types"], lines);
    let has = "error: the service `Types` has no method";
    let expected = format!(
        "{has} `things`, but the resource `Shelf` has: call a method that returns one, then write `$1.things`\n\
         {has} `things`, but the resource `Shelf` has: write `$1.things`\n\
         {has} `shut`, but the resource `Drawer` has: call a method that returns one, then write `$2.shut`\n"
    );
    assert_eq!((answer.status, &*answer.out, answer.error), (Some(1), "$1 is a Shelf\n", expected));
}

#[test]
fn in_a_terminal_ctrl_c_cancels_a_call_and_ctrl_d_leaves() {
    let provider = types("call-terminal");
    let pid = provider.child.id();
    let arguments = ["call", "--connect", SOCKET, "-i", "types"];
    let Some(mut terminal) = Terminal::open(&provider.folder, &arguments) else { return };
    terminal.expect("lists its methods\n");
    terminal.expect("types> ");
    freeze(pid);
    terminal.line("named 3 1");
    terminal.expect("named 3 1\n");
    terminal.press(CTRL_C);
    terminal.expect("error: the call is canceled\n");
    terminal.expect("types> ");
    signal(pid, rustix::process::Signal::CONT);
    terminal.line("named 3 1");
    terminal.expect("\n2\n");
    // At the prompt, it drops the line.
    terminal.expect("types> ");
    terminal.press("nam");
    terminal.expect("nam");
    terminal.press(CTRL_C);
    terminal.expect("types> ");
    terminal.line("shelf one");
    terminal.expect("$1 is a Shelf\n");
    terminal.expect("types> ");
    terminal.line("$1.drawer");
    terminal.expect("$2 is a Drawer\n");
    // Before the prompt, the terminal itself shows a line, and Ctrl-C drops it.
    terminal.expect("types> ");
    for wait in [":wait 1000s", ":wait $2", ":wait $2 3 1h"] {
        terminal.line(wait);
        terminal.expect(&format!("{wait}\n"));
        terminal.press(CTRL_C);
        terminal.expect("error: the wait is canceled\n");
        terminal.expect("types> ");
    }
    terminal.press(CTRL_D);
    assert_eq!(terminal.end(), Some(0));
}
