//! Programs that meet bad peers of TLS over the network of the operating system leave nothing behind.
#![cfg(feature = "toit")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use lucarne::prelude::*;
use lucarne::{CapturedOutput, Stream};
use lucarne_kernel::Held;
use lucarne_services::Oversight;

/// The programs, of `tests/tls`: expired, future, foreign, self-signed and wrong certificates, peers that send garbage or
/// one byte at a time, and peers that go away.
const PROGRAMS: &[&str] = &["peers", "loopback"];

/// The longest time that anything here may take. It only ends a test that hangs.
const HANGS: Duration = Duration::from_secs(60);

/// Waits until nothing waits and the network has no clients. Returns the numbers of descriptors and processes.
fn settled(system: &System, oversight: &Oversight) -> (usize, usize) {
    let until = Instant::now() + HANGS;
    while system.kernel().held() != Held::default() || has_clients(oversight) {
        assert!(Instant::now() < until, "{:?} is left", system.kernel().held());
    }
    (std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count), system.kernel().process_count())
}

/// Returns whether the network has clients.
fn has_clients(oversight: &Oversight) -> bool {
    let (tell, told) = std::sync::mpsc::channel();
    oversight.surveys.ask(move |survey| drop(tell.send(survey)));
    let survey = told.recv_timeout(HANGS).expect("the service manager answers");
    let network = survey.services.into_iter().find(|service| service.name == "system/network");
    network.expect("it is provided").clients.is_none_or(|clients| !clients.is_empty())
}

/// Runs a program to its end.
fn run(system: &System, output: &CapturedOutput, name: &str) {
    let file = format!("{}/../../tests/tls/{name}.toit", env!("CARGO_MANIFEST_DIR"));
    let program = system.run(&file, &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(program.wait(), 0, "{name}: {}", output.text(Stream::Error));
}

/// One test, since it counts the descriptors of the whole OS process.
#[test]
fn bad_peers_leave_nothing() {
    let (output, oversight) = (Arc::new(CapturedOutput::default()), Oversight::default());
    let system = System::builder().output(output.clone()).oversight(oversight.clone()).start();
    // Starts the thread of the network.
    run(&system, &output, "loopback");
    let before = settled(&system, &oversight);
    for name in PROGRAMS {
        run(&system, &output, name);
        assert_eq!(settled(&system, &oversight), before, "{name} leaves descriptors or processes");
    }
}
