//! Toit in this OS process and Rust in another are clients of each other.
#![cfg(all(feature = "link", feature = "toit"))]

#[path = "../../../examples/room/room.rs"]
mod room;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use lucarne::prelude::*;
use lucarne::{CapturedOutput, RunningProgram, Stream};
use room::{Hall, RoomClient, RoomHandler};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/room");

fn captured() -> (System, Arc<CapturedOutput>) {
    let output = Arc::new(CapturedOutput::default());
    (System::with_output(output.clone()), output)
}

/// Starts an ignored test of this file as a container in another OS process.
fn start(system: &System, role: &str) -> (Child, RunningProgram) {
    let mut command = Command::new(std::env::current_exe().expect("a test is a file"));
    command.args(["--exact", role, "--ignored"]).stdout(Stdio::null());
    system.spawn(role, command).expect("the child connects")
}

fn run(system: &System, file: &str, arguments: &[&str]) -> RunningProgram {
    system.run(format!("{FOLDER}/{file}"), arguments).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
#[ignore = "a role that another test starts"]
fn visitor() {
    let container = Container::connect_by_environment().wait().expect("the listener accepts the connection");
    let room = RoomClient::open(&container).within(Duration::from_secs(10)).wait().expect("opened");
    let seat = room.enter("Ada".into()).wait().expect("entered");
    let mut heard = seat.notifications();
    while let Some(Ok(text)) = heard.next().wait() {
        seat.say(format!("I heard: {text}")).wait().expect("said");
    }
}

#[test]
#[ignore = "a role that another test starts"]
fn hall() {
    let container = Container::connect_by_environment().wait().expect("the listener accepts the connection");
    let provider = container.provider("test/hall", "1.0").handle(RoomHandler::new(Hall::default()));
    let _provider = provider.install().wait().expect("installed");
    container.run(container.ended()).expect("the container does not fail");
}

#[test]
fn a_container_that_only_serves_ends_with_the_system() {
    let (system, _output) = captured();
    let (mut child, _hall) = start(&system, "hall");
    let guest = system.container("guest");
    RoomClient::open(&guest).within(Duration::from_secs(10)).wait().expect("opened");
    drop(system);
    assert!(child.wait().expect("a child of ours").success());
}

#[test]
fn a_rust_client_of_a_toit_provider() {
    let (system, _output) = captured();
    let hall = run(&system, "hall.toit", &[]);
    let (mut child, visitor) = start(&system, "visitor");
    let guest = system.container("guest");
    let room = RoomClient::open(&guest).within(Duration::from_secs(10)).wait().expect("opened");
    let seat = room.enter("Bob".into()).wait().expect("entered");
    let mut heard = seat.notifications();
    while seat.say("Hello!".into()).wait().expect("said") == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(heard.next().wait(), Some(Ok("Ada: I heard: Bob: Hello!".into())));
    // The provider ends, and the stream of the other OS process ends with it.
    hall.stop(0);
    assert!(child.wait().expect("a child of ours").success());
    visitor.wait();
    assert_eq!(heard.next().wait(), Some(Err(Broken::Gone)));
}

#[test]
fn a_rust_provider_of_a_toit_client() {
    let (system, output) = captured();
    let (mut child, _hall) = start(&system, "hall");
    let bob = run(&system, "visitor.toit", &["Bob"]);
    let guest = system.container("guest");
    let room = RoomClient::open(&guest).within(Duration::from_secs(10)).wait().expect("opened");
    let seat = room.enter("Ada".into()).wait().expect("entered");
    while seat.say("Goodbye!".into()).wait().expect("said") == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(bob.wait(), 0, "{}", output.text(Stream::Error));
    assert_eq!(output.text(Stream::Out), "Bob hears Ada: Goodbye!\n");

    let mut heard = seat.notifications();
    child.kill().expect("the child is running");
    child.wait().expect("the child has been killed");
    assert_eq!(heard.next().wait(), Some(Err(Broken::Gone)));
    assert_eq!(seat.say("Anyone?".into()).wait(), Err(CallError::Gone));
}
