//! Machines: network namespaces, the cables between them, and this program on them.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Network namespaces with a common prefix. They are deleted at the end.
pub struct Place {
    prefix: String,
    machines: Vec<String>,
}

impl Place {
    /// Makes the machines.
    ///
    /// # Panics
    /// If this user may not make namespaces.
    pub fn new(machines: &[&str]) -> Place {
        let prefix = format!("lucarne-bench-{}", std::process::id());
        let mut place = Place { prefix, machines: Vec::new() };
        for machine in machines {
            let name = place.name(machine);
            ip(&["netns", "add", &name]);
            place.machines.push(name.clone());
            ip(&["-n", &name, "link", "set", "lo", "up"]);
        }
        place
    }

    fn name(&self, machine: &str) -> String {
        format!("{}-{machine}", self.prefix)
    }

    /// Connects two machines by a cable, whose ends have these addresses in a network of their own.
    pub fn connect(&self, ends: [(&str, &str); 2]) {
        let [(one, one_address), (other, other_address)] = ends;
        let (from, to) = (self.name(one), self.name(other));
        ip(&["link", "add", other, "netns", &from, "type", "veth", "peer", "name", one, "netns", &to]);
        for (machine, cable, address) in [(&from, other, one_address), (&to, one, other_address)] {
            ip(&["-n", machine, "address", "add", &format!("{address}/24"), "dev", cable]);
            ip(&["-n", machine, "link", "set", cable, "up"]);
        }
    }

    /// Starts this program on a machine.
    pub fn start(&self, machine: &str, role: &[&str]) -> Program {
        let program = std::env::current_exe().expect("the path of this program");
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name(machine)]).arg(program).arg("--role").args(role);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the command ip starts");
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let input = child.stdin.take().expect("it is a pipe");
        Program { child, output, input }
    }

    /// Returns the number of bytes that have left a machine by a cable.
    pub fn sent_bytes(&self, machine: &str, cable: &str) -> u64 {
        let path = format!("/sys/class/net/{cable}/statistics/tx_bytes");
        let output = Command::new("ip")
            .args(["netns", "exec", &self.name(machine), "cat", &path])
            .output()
            .expect("the command ip starts");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number of bytes")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for machine in &self.machines {
            let _ = Command::new("ip").args(["netns", "delete", machine]).status();
        }
    }
}

fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status();
    let is_done = status.is_ok_and(|status| status.success());
    assert!(is_done, "ip {}: network namespaces need root, and the command ip", arguments.join(" "));
}

/// This program on a machine. It is killed at the end.
pub struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
    input: ChildStdin,
}

impl Program {
    /// Returns the next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it prints lines");
        assert!(!line.is_empty(), "a program has ended");
        line.trim_end().to_owned()
    }

    /// Waits until it prints this line.
    pub fn expect(&mut self, expected: &str) {
        while self.line() != expected {}
    }

    /// Writes a line to the program's input, and returns the next line that it prints.
    pub fn ask(&mut self, question: &str) -> String {
        writeln!(self.input, "{question}").expect("it reads lines");
        self.line()
    }

    /// Prints the program's output, to its end.
    pub fn show(mut self) {
        let mut line = String::new();
        while self.output.read_line(&mut line).is_ok_and(|length| length > 0) {
            print!("{line}");
            line.clear();
        }
    }

    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status();
        assert!(status.is_ok_and(|status| status.success()), "kill {signal}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes the identities of machines: a folder for each.
pub fn make_identities(folder: &Path, names: &[&str]) {
    use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let key = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&key).expect("a certificate").pem();
    let issuer = Issuer::new(params, key);
    for name in names {
        let mut params = CertificateParams::new([format!("{name}.lucarne.internal")]).expect("a name");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &issuer).expect("a certificate").pem();
        let folder = folder.join(name);
        std::fs::create_dir(&folder).expect("a folder");
        for (file, text) in [
            ("machine.key", &key.serialize_pem()),
            ("machine.pem", &certificate),
            ("authority.pem", &authority),
        ] {
            std::fs::write(folder.join(file), text).expect("a file");
        }
    }
}

/// Says that the program is ready, and waits until it is killed.
pub fn ready() -> ! {
    println!("ready");
    loop {
        std::thread::park();
    }
}
