//! `lucarne run --connect`: programs in Toit are containers of a host in Rust, in another OS process.

mod common;
#[path = "../../../examples/room/room.rs"]
mod room;

use std::process::{Child, Stdio};
use std::time::Duration;

use common::{Answer, Folder};
use lucarne::{Listener, System};
use room::{Hall, RoomClient, RoomHandler};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/room");

/// A host in Rust, which listens in a folder of its own.
struct Host {
    folder: Folder,
    system: System,
    listener: Listener,
}

impl Host {
    fn new(name: &str) -> Host {
        let folder = Folder::new(name);
        let system = System::new();
        let listener = system.listen(folder.path("own/socket")).expect("a new folder");
        Host { folder, system, listener }
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut all = vec!["run", "--connect", "own/socket"];
        all.extend(arguments);
        let mut command = self.folder.command(&all);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary starts")
    }

    fn run(&self, text: &str) -> Answer {
        self.folder.file("program.toit", text);
        answer(self.start(&["program.toit"]))
    }
}

fn answer(child: Child) -> Answer {
    let output = child.wait_with_output().expect("it was started here");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
    Answer { status: output.status.code(), out: text(output.stdout), error: text(output.stderr) }
}

#[test]
fn toit_clients_use_a_provider_in_rust() {
    let host = Host::new("connect-client");
    let house = host.system.container("house");
    let hall = RoomHandler::new(Hall::default());
    house.provider("example/hall", "1.0").handle(hall).install().wait().expect("the name is free");
    let visitor = host.start(&[&format!("{EXAMPLES}/visitor.toit"), "Bob"]);

    let room = RoomClient::open(&house).wait().expect("it is installed");
    let seat = room.enter("Ada".to_owned()).wait().expect("there is room");
    while seat.say("Goodbye!".to_owned()).wait().expect("the hall is open") == 0 {
        house.sleep(Duration::from_millis(1)).wait().expect("the container lives");
    }
    let answer = answer(visitor);
    assert_eq!(answer.error, "");
    assert_eq!((answer.status, &*answer.out), (Some(0), "Bob hears Ada: Goodbye!\n"));
}

#[test]
fn rust_clients_use_a_provider_in_toit_which_ends_with_its_host() {
    let host = Host::new("connect-provider");
    let hall = host.start(&[&format!("{EXAMPLES}/hall.toit")]);
    let guest = host.system.container("guest");
    let room = RoomClient::open(&guest).within(Duration::from_secs(60)).wait();
    let room = room.expect("the program installs it");
    let ada = room.enter("Ada".to_owned()).wait().expect("there is room");
    let bob = room.enter("Bob".to_owned()).wait().expect("there is room");
    let mut heard = bob.notifications();
    assert_eq!(ada.say("Hello!".to_owned()).wait(), Ok(1));
    assert_eq!(heard.next().wait(), Some(Ok("Ada: Hello!".to_owned())));

    let Host { folder: _folder, system, listener } = host;
    drop(system);
    let answer = answer(hall);
    assert_eq!((answer.status, &*answer.out), (Some(1), ""));
    assert!(answer.error.contains("has ended, or the connection to it is lost"), "{}", answer.error);
    assert!(listener.is_closed() && !listener.path().exists());
}

#[test]
fn exit_codes_and_output_are_those_of_the_program() {
    let host = Host::new("connect-exit");
    let answer = host.run("main:\n  print \"here\"\n  exit 7\n");
    assert_eq!((answer.status, &*answer.out, &*answer.error), (Some(7), "here\n", ""));
    let answer = host.run("main:\n  throw \"FAILED\"\n");
    assert_eq!((answer.status, &*answer.out), (Some(1), ""));
    assert!(answer.error.contains("FAILED"), "{}", answer.error);
}

#[test]
fn connected_programs_cannot_spawn() {
    let host = Host::new("connect-spawn");
    let answer = host.run("main:\n  print (catch: spawn:: print \"never\")\n");
    let refused = "PERMISSION_DENIED: a program that is connected to another system cannot spawn processes\n";
    assert_eq!((answer.status, &*answer.out), (Some(0), refused), "{}", answer.error);
}

#[test]
fn dropped_listeners_listen_and_closed_ones_do_not() {
    let host = Host::new("connect-dropped");
    let listener = host.listener.clone();
    drop(host.listener.clone());
    assert_eq!(host.run("main: print 1\n").out, "1\n");
    listener.close();
    listener.wait();
    let answer = host.run("main: print 1\n");
    assert_eq!((answer.status, &*answer.out), (Some(1), ""));
    assert!(answer.error.contains("cannot connect to own/socket"), "{}", answer.error);
}
