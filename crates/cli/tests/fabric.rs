//! `lucarne run --fabric`: the programs of `examples/room`, unchanged, on three machines. And `lucarne fabric`, which gives
//! machines their identities.

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
        Machine::command(folder, &all)
    }

    fn command(folder: &Folder, arguments: &[&str]) -> Machine {
        let mut command = folder.command(arguments);
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

    /// Waits for its end. Returns its exit status, and the rest of its output.
    fn end(mut self) -> (Option<i32>, String, String) {
        let (mut out, mut error) = (String::new(), String::new());
        self.0.stdout.take().expect("it is a pipe").read_to_string(&mut out).expect("output is UTF-8");
        self.0.stderr.take().expect("it is a pipe").read_to_string(&mut error).expect("output is UTF-8");
        (self.0.wait().expect("it was started here").code(), out, error)
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

/// Makes a fabric on the machine `cellar`, in the folder with this name.
fn init(folder: &Folder, place: &str) {
    let answer = folder.lucarne(&["fabric", "init", "cellar", "--folder", place]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    assert!(answer.out.starts_with("This machine is 'cellar', and the authority of a new fabric.\n"));
}

/// Starts an invitation, and returns it with its token.
fn invite(folder: &Folder, name: &str) -> (Machine, String) {
    let line = ["fabric", "invite", name, "--listen", "127.0.0.1:0", "--folder", "cellar"];
    let mut inviting = Machine::command(folder, &line);
    let lines: Vec<String> = (0..5).map(|_| inviting.line()).collect();
    assert_eq!(lines[0], "On the new machine, within 10 minutes:");
    let token = lines[2].strip_prefix("  lucarne fabric join ").expect("the third line has the token");
    assert!(lines[4].starts_with("It will connect to 127.0.0.1:"), "{}", lines[4]);
    (inviting, token.to_owned())
}

#[test]
fn a_machine_that_was_invited_proves_its_name_and_another_one_gets_nothing() {
    let folder = Folder::new("fabric-identities");
    init(&folder, "cellar");
    for name in ["hall", "attic"] {
        let (inviting, token) = invite(&folder, name);
        let answer = folder.lucarne(&["fabric", "join", &token, "--folder", name]);
        assert_eq!(answer.status, Some(0), "{}", answer.error);
        assert!(
            answer.out.starts_with(&format!("This machine is '{name}' from now on.\n")),
            "{}",
            answer.out
        );
        let (status, out, _) = inviting.end();
        assert_eq!(status, Some(0));
        assert!(out.starts_with(&format!("'{name}' has joined. Its certificate is ")), "{out}");
    }

    let shown = folder.lucarne(&["fabric", "show", "--folder", "cellar", "--json"]).out;
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("it is JSON");
    assert_eq!((&shown["machine"], &shown["is_authority"]), (&"cellar".into(), &true.into()));
    let issued = shown["issued"].as_array().expect("a list");
    assert_eq!(issued.iter().map(|one| &one["machine"]).collect::<Vec<_>>(), ["attic", "cellar", "hall"]);

    // A stranger has made a fabric of his own, and calls himself as the machine that may use the service.
    let answer = folder.lucarne(&["fabric", "init", "hall", "--folder", "stranger"]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("tcp/127.0.0.1:{port}");
    let (hall, visitor) = (format!("{EXAMPLES}/hall.toit"), format!("{EXAMPLES}/visitor.toit"));
    let own = ["--identity", "cellar", "--fabric-listen", &endpoint, "--export", "hall:example/hall", &hall];
    let mut cellar = Machine::start(&folder, &own);
    let joins = |identity, name| {
        let own = ["--identity", identity, "--fabric", &endpoint, "--import", "cellar:all", &visitor];
        let mut all = own.to_vec();
        all.extend([name, "Hello", "Goodbye!"]);
        Machine::start(&folder, &all)
    };
    let mut accepted = joins("hall", "Bob");
    let said = accepted.line();
    assert!(said.ends_with("heard Bob say: Hello"), "{said}");
    drop(accepted);

    // The attic is of the same authority, but no rule names it.
    for identity in ["stranger", "attic"] {
        let mut refused = joins(identity, "Eve");
        let begin = Instant::now();
        while !refused.has_ended() && begin.elapsed() < Duration::from_secs(30) {
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = refused.0.kill();
        let (_, out, _) = refused.end();
        assert!(!out.contains("Hello"), "{identity}: {out}");
    }
    // The same program of the machine that was invited still gets the service.
    let said = joins("hall", "Bob").line();
    assert!(said.ends_with("heard Bob say: Hello"), "{said}");

    // The attic has come as far as its request, which the cellar has refused.
    let _ = cellar.0.kill();
    let (_, _, log) = cellar.end();
    assert!(log.contains("fabric: contact with attic\n"), "{log}");
    assert!(log.contains("fabric: attic asks for a service that is not exported to it\n"), "{log}");

    let line = ["--identity", "hall", "--machine", "hall", "--fabric", &endpoint, "-e", "print 1"];
    let (status, out, error) = Machine::start(&folder, &line).end();
    assert_eq!((status, &*out), (Some(0), "1\n"), "{error}");
    let line = ["--identity", "hall", "--machine", "attic", "--fabric", &endpoint, "-e", "print 1"];
    let (status, _, error) = Machine::start(&folder, &line).end();
    assert_eq!(status, Some(2));
    assert!(error.contains("--machine attic is not the name in the certificate of --identity"), "{error}");
}

#[test]
fn a_revoked_certificate_makes_room_for_a_new_one() {
    let folder = Folder::new("fabric-revoked");
    init(&folder, "cellar");
    let (inviting, token) = invite(&folder, "hall");
    assert_eq!(folder.lucarne(&["fabric", "join", &token, "--folder", "hall"]).status, Some(0));
    inviting.end();
    let answer = folder.lucarne(&["fabric", "invite", "hall", "--folder", "cellar"]);
    assert_eq!(answer.status, Some(1));
    assert_eq!(
        answer.error,
        "lucarne: 'hall' has a certificate already: 'lucarne fabric revoke hall' permits a new one\n"
    );
    let answer = folder.lucarne(&["fabric", "revoke", "hall", "--folder", "cellar"]);
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    assert!(answer.out.contains("is now in cellar/revoked."), "{}", answer.out);
    let answer = folder.lucarne(&["fabric", "revoke", "hall", "--folder", "cellar"]);
    assert!(answer.out.contains("was in cellar/revoked already."), "{}", answer.out);
    assert!(folder.read("cellar/revoked").ends_with("  # hall\n"));
    let answer = folder.lucarne(&["fabric", "show", "--folder", "cellar"]);
    let states: Vec<Vec<&str>> =
        answer.out.lines().skip(6).map(|line| line.split_whitespace().take(2).collect()).collect();
    assert_eq!(states, [["cellar", "issued"], ["hall", "revoked"]], "{}", answer.out);
    let (inviting, token) = invite(&folder, "hall");
    assert_eq!(folder.lucarne(&["fabric", "join", &token, "--folder", "hall-2"]).status, Some(0));
    assert_eq!(inviting.end().0, Some(0));
}

#[test]
fn mistakes_with_identities_are_explained() {
    let folder = Folder::new("fabric-mistakes");
    init(&folder, "cellar");
    for (line, status, expected) in [
        ("fabric init cellar --folder cellar", 2, "cellar is not empty: a new identity needs a new folder"),
        ("fabric init -- -x", 2, "'-x' cannot be in a certificate"),
        ("fabric init invitation --folder new", 2, "'invitation' cannot be the name of a machine"),
        ("fabric init Cellar", 2, "'Cellar' is not the name of a machine"),
        (
            "fabric join abc --folder new",
            2,
            "this is not a token of 'lucarne fabric invite', or not all of it",
        ),
        ("fabric revoke attic --folder cellar", 1, "no certificate for 'attic' was issued here"),
        ("fabric revoke A --folder cellar", 2, "neither the name of a machine nor the SHA-256 sum"),
        ("fabric show --folder missing", 2, "'lucarne fabric init' makes a fabric"),
        ("fabric revoke hall --folder missing", 2, "'lucarne fabric init' makes a fabric"),
        ("fabric invite hall --folder cellar --address nowhere", 2, "'nowhere' is not an address"),
        ("run --identity missing --fabric tcp/10.0.0.5:1 -e 1", 2, "cannot read missing/machine.key"),
    ] {
        let answer = folder.lucarne(&line.split(' ').collect::<Vec<_>>());
        assert_eq!(answer.status, Some(status), "{line}: {}", answer.error);
        assert!(answer.error.contains(expected), "{line}: {}", answer.error);
        assert!(!folder.path("new").exists(), "{line}");
    }
    // Only the machine with the key of the authority invites.
    std::fs::remove_file(folder.path("cellar/authority.key")).unwrap();
    let answer = folder.lucarne(&["fabric", "invite", "hall", "--folder", "cellar"]);
    assert_eq!(answer.status, Some(1));
    assert!(
        answer.error.contains("only the machine that has made the fabric can do this"),
        "{}",
        answer.error
    );
}

#[test]
fn the_default_folder_is_that_of_the_user() {
    let folder = Folder::new("fabric-folder");
    let mut command = folder.command(&["fabric", "init", "cellar"]);
    let answer = common::answer(command.env("XDG_CONFIG_HOME", folder.path("config")));
    assert_eq!(answer.status, Some(0), "{}", answer.error);
    assert!(folder.path("config/lucarne/fabric/authority.key").exists());
    let mut command = folder.command(&["fabric", "show"]);
    command.env_remove("XDG_CONFIG_HOME").env("HOME", folder.path("home"));
    let answer = common::answer(&mut command);
    assert!(answer.error.contains("home/.config/lucarne/fabric/machine.key"), "{}", answer.error);
}

#[test]
fn the_help_lists_the_steps() {
    let folder = Folder::new("fabric-help");
    let help = folder.lucarne(&["fabric", "--help"]).out;
    for step in ["init", "invite", "join", "revoke", "show", "status"] {
        assert!(help.contains(&format!("\n  {step} ")), "{step}: {help}");
    }
    assert!(help.contains("lucarne fabric join TOKEN"), "{help}");
}
