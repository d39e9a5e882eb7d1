//! `lucarne run --fabric`: the programs of `examples/room`, unchanged, on three machines.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use common::Folder;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/room");

/// A machine. It is killed at the end.
struct Machine(Child);

impl Machine {
    fn start(folder: &Folder, arguments: &[&str]) -> Machine {
        let mut all = vec!["run"];
        all.extend(arguments);
        let mut command = folder.command(&all);
        Machine(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts"))
    }

    /// Waits for the next line of its output.
    fn line(&mut self) -> String {
        let output = self.0.stdout.as_mut().expect("it is a pipe");
        let mut bytes = Vec::new();
        let mut byte = [0];
        while output.read(&mut byte).is_ok_and(|count| count == 1) && byte[0] != b'\n' {
            bytes.push(byte[0]);
        }
        String::from_utf8(bytes).expect("output is UTF-8")
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it was started here").is_some()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_room_is_on_one_machine_and_its_visitors_are_on_two_others() {
    let folder = Folder::new("fabric-room");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("tcp/127.0.0.1:{port}");
    let (hall, visitor) = (format!("{EXAMPLES}/hall.toit"), format!("{EXAMPLES}/visitor.toit"));
    let _cellar = Machine::start(
        &folder,
        &["--fabric-listen", &endpoint, "--machine", "cellar", "--export", "example/hall", &hall],
    );
    let joins = |name: &'static str| ["--fabric", &endpoint, "--machine", name, "--import", "cellar:all"];
    let mut arguments = joins("attic").to_vec();
    arguments.extend([&*visitor, "Ada"]);
    let mut ada = Machine::start(&folder, &arguments);
    let begin = Instant::now();
    while !ada.has_ended() && begin.elapsed() < Duration::from_secs(60) {
        let mut arguments = joins("hall").to_vec();
        arguments.extend([&*visitor, "Bob", "Hello", "Goodbye!"]);
        // Killed when he has spoken: the room is told that he has left.
        let mut bob = Machine::start(&folder, &arguments);
        let said = bob.line();
        assert!(said.ends_with("heard Bob say: Hello"), "{said}");
        bob.line();
        std::thread::sleep(Duration::from_millis(500));
    }
    assert!(ada.has_ended(), "Ada has heard nothing");
    let heard: Vec<String> =
        BufReader::new(ada.0.stdout.take().unwrap()).lines().map(Result::unwrap).collect();
    // She may have entered in the middle of what one of them said.
    assert!(
        heard.iter().all(|line| line == "Ada hears Bob: Hello" || line == "Ada hears Bob: Goodbye!"),
        "{heard:?}"
    );
    assert_eq!(heard.last().map(String::as_str), Some("Ada hears Bob: Goodbye!"));
}

#[test]
fn a_network_of_others_needs_an_explicit_word() {
    let folder = Folder::new("fabric-insecure");
    folder.file("program.toit", "main: print 1\n");
    let options = ["run", "--fabric", "tcp/10.0.0.5:7447", "--machine", "hall", "program.toit"];
    let output = folder.command(&options).output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("leads out of this machine") && error.contains("--insecure"), "{error}");
    let output = folder.command(&["run", "--machine", "hall", "program.toit"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "no fabric to join");
}
