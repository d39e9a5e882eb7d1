//! The house of `examples/house` on machines with addresses of their own: network namespaces, which these tests make. They
//! need root and `ip`; without them, they say so and pass.
//!
//! The cable of the cellar is pulled and put back, its program is stopped, killed and started again. Each time the
//! others must notice it, and get temperatures again.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "skipped tests say why, and the times are of interest"
)]

mod common;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use common::Folder;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/house");

/// The time limit for everything. A busy computer needs a part of it.
const SOON: Duration = Duration::from_secs(60);

/// Machines at cables that lead to switches. All of it is in network namespaces with a common prefix.
struct Cables {
    prefix: String,
    namespaces: Vec<String>,
}

impl Cables {
    /// Returns none if this user may not make namespaces.
    fn new(test: &str) -> Option<Cables> {
        let mut cables =
            Cables { prefix: format!("lucarne-{}-{test}", std::process::id()), namespaces: Vec::new() };
        let can_make = cables.add("switch") && ip(&["-n", &cables.name("switch"), "link", "set", "lo", "up"]);
        if !can_make {
            eprintln!("skipped: network namespaces need root, and the command ip");
        }
        can_make.then_some(cables)
    }

    fn name(&self, machine: &str) -> String {
        format!("{}-{machine}", self.prefix)
    }

    fn add(&mut self, machine: &str) -> bool {
        let name = self.name(machine);
        let is_made = ip(&["netns", "add", &name]);
        if is_made {
            self.namespaces.push(name);
        }
        is_made
    }

    fn add_switch(&self, switch: &str) {
        let all = self.name("switch");
        assert!(ip(&["-n", &all, "link", "add", switch, "type", "bridge"]));
        assert!(ip(&["-n", &all, "link", "set", switch, "up"]));
    }

    fn add_machine(&mut self, machine: &str) {
        assert!(self.add(machine));
        assert!(ip(&["-n", &self.name(machine), "link", "set", "lo", "up"]));
    }

    /// Connects a machine to a switch. The address has the form 10.77.0.1/24.
    fn connect(&self, machine: &str, switch: &str, address: &str) {
        let (name, all, cable) = (self.name(machine), self.name("switch"), format!("{machine}-{switch}"));
        let peer = ["peer", "name", &cable, "netns", &all];
        let ends = ["link", "add", switch, "netns", &name, "type", "veth"];
        assert!(ip(&[&ends[..], &peer[..]].concat()));
        assert!(ip(&["-n", &all, "link", "set", &cable, "master", switch, "up"]));
        assert!(ip(&["-n", &name, "address", "add", address, "dev", switch]));
        assert!(ip(&["-n", &name, "link", "set", switch, "up"]));
    }

    fn set_cable(&self, machine: &str, switch: &str, is_up: bool) {
        let (all, cable) = (self.name("switch"), format!("{machine}-{switch}"));
        assert!(ip(&["-n", &all, "link", "set", &cable, if is_up { "up" } else { "down" }]));
    }

    /// Starts `lucarne` on a machine.
    fn start(&self, folder: &Folder, machine: &str, arguments: &[&str]) -> Machine {
        let lucarne = folder.command(arguments);
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.name(machine)])
            .arg(lucarne.get_program())
            .args(lucarne.get_args());
        command.current_dir(lucarne.get_current_dir().expect("the folder of the test"));
        for (name, value) in lucarne.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Machine::start(&mut command)
    }
}

impl Drop for Cables {
    fn drop(&mut self) {
        for name in &self.namespaces {
            ip(&["netns", "delete", name]);
        }
    }
}

fn ip(arguments: &[&str]) -> bool {
    let output = Command::new("ip").args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// A program on a machine, and what it prints. It is killed at the end.
struct Machine {
    child: Child,
    lines: Receiver<String>,
}

impl Machine {
    fn start(command: &mut Command) -> Machine {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("ip starts");
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok());
        });
        Machine { child, lines }
    }

    /// Waits for a line that contains a text. Returns it, and how long it took.
    fn wait_for(&self, text: &str) -> (String, Duration) {
        let begin = Instant::now();
        let mut others = Vec::new();
        while let Some(left) = SOON.checked_sub(begin.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return (line, begin.elapsed()),
                Ok(line) => others.push(line),
                Err(_) => break,
            }
        }
        panic!("no line with '{text}', only {others:?}");
    }

    /// Waits for a line that was not there before.
    fn wait_for_new(&self, text: &str) -> Duration {
        while self.lines.try_recv().is_ok() {}
        self.wait_for(text).1
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.expect("kill starts").success());
    }

    fn end(mut self) -> Option<i32> {
        self.child.wait().expect("it was started here").code()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets the hall and the attic join the fabric of the cellar, over the network.
fn make_identities(cables: &Cables, folder: &Folder) {
    assert_eq!(
        cables.start(folder, "cellar", &["fabric", "init", "cellar", "--folder", "cellar"]).end(),
        Some(0)
    );
    for name in ["hall", "attic"] {
        // Without a route to other networks, the cellar cannot know which of its addresses others use.
        let invite = ["fabric", "invite", name, "--folder", "cellar", "--address", "10.77.0.1:7448"];
        let inviting = cables.start(folder, "cellar", &invite);
        let (line, _) = inviting.wait_for("lucarne fabric join ");
        let token = line.rsplit(' ').next().expect("the token");
        let joining = cables.start(folder, name, &["fabric", "join", token, "--folder", name]);
        assert_eq!(joining.end(), Some(0));
        assert_eq!(inviting.end(), Some(0));
    }
}

/// The options that join the fabric: with an identity, or without.
fn options<'o>(name: &'o str, is_secure: bool) -> Vec<&'o str> {
    if is_secure { vec!["run", "--identity", name] } else { vec!["run", "--machine", name, "--insecure"] }
}

fn start_cellar(cables: &Cables, folder: &Folder, endpoint: &[&str], is_secure: bool) -> Machine {
    let program = format!("{EXAMPLE}/cellar.toit");
    let exports = ["--export", "hall:house/climate", "--export", "attic:house/climate", &program];
    cables.start(folder, "cellar", &[&options("cellar", is_secure)[..], endpoint, &exports].concat())
}

fn start_user(cables: &Cables, folder: &Folder, name: &str, endpoint: &[&str], is_secure: bool) -> Machine {
    let program = format!("{EXAMPLE}/{name}.toit");
    let imports = ["--import", "cellar:all", &program];
    cables.start(folder, name, &[&options(name, is_secure)[..], endpoint, &imports].concat())
}

fn three_machines(test: &str, is_secure: bool) {
    let Some(mut cables) = Cables::new(test) else { return };
    let folder = Folder::new(&format!("namespaces-{test}"));
    cables.add_switch("lan");
    for (machine, address) in
        [("cellar", "10.77.0.1/24"), ("hall", "10.77.0.2/24"), ("attic", "10.77.0.3/24")]
    {
        cables.add_machine(machine);
        cables.connect(machine, "lan", address);
    }
    if is_secure {
        make_identities(&cables, &folder);
    }
    let listen = ["--fabric-listen", "tcp/10.77.0.1:7447"];
    let connect = ["--fabric", "tcp/10.77.0.1:7447"];
    let cellar = start_cellar(&cables, &folder, &listen, is_secure);
    let mut cellar_again = None;
    let hall = start_user(&cables, &folder, "hall", &connect, is_secure);
    let attic = start_user(&cables, &folder, "attic", &connect, is_secure);
    hall.wait_for("°C");
    attic.wait_for("°C");
    let users = [&hall, &attic];
    let report = |what: &str, (lost, again): (Duration, Duration)| {
        println!("{test}: {what}: noticed after {lost:?}, temperatures again after {again:?}");
    };

    let set_cable = |is_up| cables.set_cable("cellar", "lan", is_up);
    report("the cable was pulled", interrupt(users, || set_cable(false), || set_cable(true)));
    let signal = |signal| cellar.signal(signal);
    report("the program was stopped", interrupt(users, || signal("-STOP"), || signal("-CONT")));
    let kill = || cellar.signal("-KILL");
    let again = || cellar_again = Some(start_cellar(&cables, &folder, &listen, is_secure));
    report("the program was killed", interrupt(users, kill, again));
}

/// Takes the temperatures away from the users, and gives them back. Returns how long both took to arrive.
fn interrupt(users: [&Machine; 2], take: impl FnOnce(), give: impl FnOnce()) -> (Duration, Duration) {
    let [hall, attic] = users;
    take();
    let lost = hall.wait_for("no temperature").1;
    attic.wait_for("no temperature");
    give();
    let again = hall.wait_for_new("°C");
    attic.wait_for_new("°C");
    (lost, again)
}

#[test]
fn three_machines_with_identities() {
    three_machines("secure", true);
}

#[test]
fn three_machines_that_trust_each_other() {
    three_machines("open", false);
}

/// The machines are in two networks, which only the router connects.
#[test]
fn two_networks_with_a_router_between_them() {
    let Some(mut cables) = Cables::new("routed") else { return };
    let folder = Folder::new("namespaces-routed");
    cables.add_switch("near");
    cables.add_switch("far");
    let places = [
        ("cellar", "near", "10.77.1.1/24"),
        ("hall", "far", "10.77.2.1/24"),
        ("attic", "far", "10.77.2.2/24"),
    ];
    for (machine, switch, address) in places {
        cables.add_machine(machine);
        cables.connect(machine, switch, address);
    }
    cables.add_machine("router");
    cables.connect("router", "near", "10.77.1.9/24");
    cables.connect("router", "far", "10.77.2.9/24");
    folder.file("router.json5", "{ mode: 'router', listen: { endpoints: ['tcp/0.0.0.0:7447'] } }\n");
    for (network, address) in [("near", "10.77.1.9"), ("far", "10.77.2.9")] {
        let text = format!("{{ mode: 'client', connect: {{ endpoints: ['tcp/{address}:7447'] }} }}\n");
        folder.file(&format!("{network}.json5"), &text);
    }
    let (near, far) = (["--fabric-config", "near.json5"], ["--fabric-config", "far.json5"]);
    folder.file("idle.toit", "main:\n  print \"routing\"\n  sleep --ms=3_600_000\n");
    let routing =
        ["run", "--machine", "router", "--insecure", "--fabric-config", "router.json5", "idle.toit"];
    let router = cables.start(&folder, "router", &routing);
    // A client of Zenoh waits for its router only if it starts after it.
    router.wait_for("routing");
    let cellar = start_cellar(&cables, &folder, &near, false);
    let hall = start_user(&cables, &folder, "hall", &far, false);
    let attic = start_user(&cables, &folder, "attic", &far, false);
    hall.wait_for("°C");
    attic.wait_for("°C");

    // One machine behind the router is stopped: the other one does not notice it.
    attic.signal("-STOP");
    for _ in 0..8 {
        hall.wait_for("°C");
    }
    attic.signal("-CONT");
    attic.wait_for_new("°C");

    let mut router_again = None;
    let again = || router_again = Some(cables.start(&folder, "router", &routing));
    let (lost, again) = interrupt([&hall, &attic], || router.signal("-KILL"), again);
    println!("routed: the router was killed: noticed after {lost:?}, temperatures again after {again:?}");
    drop(cellar);
}
