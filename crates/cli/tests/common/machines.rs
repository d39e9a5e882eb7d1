//! Machines with addresses of their own: network namespaces, and programs in them. They need root and `ip`.

#![allow(clippy::print_stderr, reason = "skipped tests say why")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::Folder;

/// The time limit for everything. A busy computer needs a part of it.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// Machines at cables that lead to switches. All of it is in network namespaces with a common prefix.
pub(crate) struct Cables {
    prefix: String,
    namespaces: Vec<String>,
}

impl Cables {
    /// Returns none if this user may not make namespaces.
    pub(crate) fn new(test: &str) -> Option<Cables> {
        let mut cables =
            Cables { prefix: format!("lucarne-{}-{test}", std::process::id()), namespaces: Vec::new() };
        let can_make = cables.add("switch") && ip(&["-n", &cables.name("switch"), "link", "set", "lo", "up"]);
        if !can_make {
            eprintln!("skipped: network namespaces need root, and the command ip");
        }
        can_make.then_some(cables)
    }

    pub(crate) fn name(&self, machine: &str) -> String {
        format!("{}-{machine}", self.prefix)
    }

    pub(crate) fn add(&mut self, machine: &str) -> bool {
        let name = self.name(machine);
        let is_made = ip(&["netns", "add", &name]);
        if is_made {
            self.namespaces.push(name);
        }
        is_made
    }

    pub(crate) fn add_switch(&self, switch: &str) {
        let all = self.name("switch");
        assert!(ip(&["-n", &all, "link", "add", switch, "type", "bridge"]));
        assert!(ip(&["-n", &all, "link", "set", switch, "up"]));
    }

    pub(crate) fn add_machine(&mut self, machine: &str) {
        assert!(self.add(machine));
        assert!(ip(&["-n", &self.name(machine), "link", "set", "lo", "up"]));
    }

    /// Connects a machine to a switch. The address has the form 10.77.0.1/24.
    pub(crate) fn connect(&self, machine: &str, switch: &str, address: &str) {
        let (name, all, cable) = (self.name(machine), self.name("switch"), format!("{machine}-{switch}"));
        let peer = ["peer", "name", &cable, "netns", &all];
        let ends = ["link", "add", switch, "netns", &name, "type", "veth"];
        assert!(ip(&[&ends[..], &peer[..]].concat()));
        assert!(ip(&["-n", &all, "link", "set", &cable, "master", switch, "up"]));
        assert!(ip(&["-n", &name, "address", "add", address, "dev", switch]));
        assert!(ip(&["-n", &name, "link", "set", switch, "up"]));
    }

    pub(crate) fn set_cable(&self, machine: &str, switch: &str, is_up: bool) {
        let (all, cable) = (self.name("switch"), format!("{machine}-{switch}"));
        assert!(ip(&["-n", &all, "link", "set", &cable, if is_up { "up" } else { "down" }]));
    }

    /// Starts `lucarne` on a machine.
    pub(crate) fn start(&self, folder: &Folder, machine: &str, arguments: &[&str]) -> Machine {
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

/// The time in which contact must come again after trouble, if the computer does nothing else.
pub(crate) const AGAIN: Duration = Duration::from_secs(3);

/// Returns how many times `LUCARNE_FABRIC_ROUNDS` wants each kind of trouble; none without this variable. Then contact must
/// come again within [`AGAIN`], which a busy computer cannot promise.
pub(crate) fn rounds() -> Option<u64> {
    number("LUCARNE_FABRIC_ROUNDS")
}

/// Returns a number that the environment has; none if the variable is not set.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is not a number")))
}

/// Asserts that contact has come again in time, if rounds are asked for.
pub(crate) fn assert_again(what: &str, again: Duration) {
    assert!(rounds().is_none() || again < AGAIN, "{what}: contact again after {again:?}");
}

pub(crate) fn ip(arguments: &[&str]) -> bool {
    let output = Command::new("ip").args(arguments).output();
    output.is_ok_and(|output| output.status.success())
}

/// A program on a machine, and what it prints. It is killed at the end.
pub(crate) struct Machine {
    child: Child,
    lines: Receiver<String>,
}

impl Machine {
    pub(crate) fn start(command: &mut Command) -> Machine {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("ip starts");
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            output.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok());
        });
        Machine { child, lines }
    }

    /// Waits for a line that contains a text. Returns it, and how long it took.
    pub(crate) fn wait_for(&self, text: &str) -> (String, Duration) {
        let begin = Instant::now();
        let mut others = Vec::new();
        while let Some(left) = SOON.checked_sub(begin.elapsed()) {
            match self.lines.recv_timeout(left) {
                Ok(line) if line.contains(text) => return (line, begin.elapsed()),
                Ok(line) => others.push(checked(line)),
                Err(_) => break,
            }
        }
        panic!("no line with '{text}', only {others:?}");
    }

    /// Waits for a line that was not there before.
    pub(crate) fn wait_for_new(&self, text: &str) -> Duration {
        self.take_lines();
        self.wait_for(text).1
    }

    /// Returns the lines that were not looked at.
    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.lines.try_iter().map(checked).collect()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.expect("kill starts").success());
    }

    pub(crate) fn end(mut self) -> Option<i32> {
        self.child.wait().expect("it was started here").code()
    }
}

/// Fails if a program reports a fault.
fn checked(line: String) -> String {
    assert!(!line.starts_with("wrong"), "{line}");
    line
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets the hall and the attic join the fabric of the cellar, which has this address.
pub(crate) fn make_identities(cables: &Cables, folder: &Folder, cellar: &str) {
    assert_eq!(
        cables.start(folder, "cellar", &["fabric", "init", "cellar", "--folder", "cellar"]).end(),
        Some(0)
    );
    for name in ["hall", "attic"] {
        // Without a route to other networks, the cellar cannot know which of its addresses others use.
        let address = format!("{cellar}:7448");
        let invite = ["fabric", "invite", name, "--folder", "cellar", "--address", &address];
        let inviting = cables.start(folder, "cellar", &invite);
        let (line, _) = inviting.wait_for("lucarne fabric join ");
        let token = line.rsplit(' ').next().expect("the token");
        let joining = cables.start(folder, name, &["fabric", "join", token, "--folder", name]);
        assert_eq!(joining.end(), Some(0));
        assert_eq!(inviting.end(), Some(0));
    }
}

/// The options that join the fabric: with an identity, or without.
pub(crate) fn options<'o>(name: &'o str, is_secure: bool) -> Vec<&'o str> {
    if is_secure { vec!["run", "--identity", name] } else { vec!["run", "--machine", name, "--insecure"] }
}
