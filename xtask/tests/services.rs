//! Checks that every way to run a program gives it the same services in the same versions, except
//! those that policy withholds.

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{compile, empty, flags, host, run, xtask};
use lucarne::{CapturedOutput, Stream, System};

/// The services of a system, and their providers.
const SERVICES: [(&str, &str); 6] = [
    ("storage", "system/storage@0.3.0"),
    ("print", "system/console@0.2.0"),
    ("log", "system/console@0.2.0"),
    ("trace", "system/console@0.2.0"),
    ("containers", "system/containers@0.7.0"),
    ("network", "system/network@0.4.0"),
];

/// A way to run a program, and the services that policy withholds from it there.
struct Row {
    name: &'static str,
    run: fn(&Installed, &Path) -> String,
    withheld: &'static [&'static str],
}

const TABLE: [Row; 6] = [
    Row { name: "System::run", run: in_rust, withheld: &[] },
    Row { name: "liblucarne", run: in_c, withheld: &[] },
    Row { name: "lucarne run", run: on_threads, withheld: &[] },
    Row { name: "lucarne run --simulate", run: simulated, withheld: &[] },
    // Only an installer can allow a container to start others.
    Row {
        name: "a device",
        run: |installed, program| on_device(installed, program, &[]),
        withheld: &["containers"],
    },
    Row {
        name: "a device with --allow-open",
        run: |installed, program| on_device(installed, program, &ALLOW_ALL),
        withheld: &[],
    },
];

/// Once one service is allowed, all others are withheld, so each service is listed here.
const ALLOW_ALL: [&str; 8] = [
    "--allow-open",
    "system/storage",
    "--allow-open",
    "system/console",
    "--allow-open",
    "system/containers",
    "--allow-open",
    "system/network",
];

struct Installed {
    prefix: PathBuf,
    folder: PathBuf,
}

#[test]
fn every_host_offers_the_same_services() {
    let folder = empty("services");
    let prefix = folder.join("prefix");
    xtask(&["install", "--prefix", &prefix.to_string_lossy()]);
    let installed = Installed { prefix, folder };
    for row in TABLE {
        let printed = (row.run)(&installed, &host("services.toit"));
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines.len(), SERVICES.len(), "{}: {printed}", row.name);
        for (line, (service, provider)) in lines.iter().zip(SERVICES) {
            let is_withheld = row.withheld.contains(&service);
            let expected = if is_withheld { "Cannot find service" } else { provider };
            assert!(line.starts_with(service) && line.contains(expected), "{}: {line}", row.name);
        }
    }
}

fn in_rust(_: &Installed, program: &Path) -> String {
    let output = Arc::new(CapturedOutput::default());
    let system = System::with_output(output.clone());
    let code = system.run(program, &[]).expect("the program has no errors").wait();
    assert_eq!(code, 0, "{}", output.text(Stream::Error));
    output.text(Stream::Out)
}

fn in_c(installed: &Installed, program: &Path) -> String {
    let binary = installed.folder.join("usual");
    compile(&host("plain.c"), &binary, &flags(&installed.prefix, &[]));
    run(Command::new(binary).arg(program).env("LD_LIBRARY_PATH", installed.prefix.join("lib")))
}

fn on_threads(installed: &Installed, program: &Path) -> String {
    run(installed.lucarne().arg("run").arg(program))
}

fn simulated(installed: &Installed, program: &Path) -> String {
    run(installed.lucarne().args(["run", "--simulate", "1"]).arg(program))
}

fn on_device(installed: &Installed, program: &Path, permissions: &[&str]) -> String {
    // The path of a socket must be short.
    let state = tempfile::tempdir().expect("a temporary folder");
    let lucarne = || {
        let mut command = installed.lucarne();
        command.env("LUCARNE_STATE", state.path().join("state"));
        command
    };
    run(lucarne().args(["device", "start"]));
    run(lucarne().args(["container", "install", "--quiet"]).args(permissions).arg("services").arg(program));
    let until = Instant::now() + Duration::from_secs(30);
    let printed = loop {
        let log = run(lucarne().args(["container", "logs", "services"]));
        if log.lines().count() >= SERVICES.len() || Instant::now() > until {
            break log;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    run(lucarne().args(["device", "stop"]));
    printed
}

impl Installed {
    fn lucarne(&self) -> Command {
        Command::new(self.prefix.join("bin/lucarne"))
    }
}
