//! How a fabric grows: 3, 30 and 300 systems with a service each behind one router, all in one process.

use std::time::{Duration, Instant};

use lucarne_fabric::over_zenoh::ZenohOptions;

use crate::lucarne::{Joining, System};
use crate::place::Place;
use crate::stopped::{client_of, open_router};

const SIZES: [usize; 3] = [3, 30, 300];

/// What the systems import, with a text for each.
const IMPORTS: [(&str, &str); 2] =
    [("m0:all", "each imports from one other"), ("all", "each imports from all others")];

/// The time in which a change reaches all systems, and the traffic ends.
const SETTLE: Duration = Duration::from_secs(4);

/// The time in which traffic is measured.
const TIME: Duration = Duration::from_secs(5);

/// Measures fabrics of all sizes, each in a process of its own, and prints a row for each.
pub fn run() {
    println!(
        "\nsystems behind one router, in one process: what each of them costs, and how long it takes to find a service"
    );
    println!(
        "{:<30} {:>8} {:>14} {:>22} {:>18} {:>16}",
        "",
        "systems",
        "memory (KiB)",
        "joins and finds (ms)",
        "found by all (ms)",
        "idle (bytes/s)"
    );
    for (imports, text) in IMPORTS {
        for size in SIZES {
            let place = Place::new(&["all"]);
            print!("{text:<30} {size:>8}");
            place.start("all", &["grow", imports, &size.to_string()]).show();
        }
    }
}

/// Runs in the process with all systems. Prints what each of them costs:
/// - the memory,
/// - the time in which a new system joins and finds a service,
/// - the time in which all systems find a new service,
/// - the bytes that it sends when nothing happens.
pub fn grow(imports: &str, size: &str) {
    let size: usize = size.parse().expect("a number of systems");
    let _router = open_router();
    let folder = tempfile::tempdir().expect("a folder");
    let config = client_of("127.0.0.1", folder.path());
    let join = |number: usize| {
        let zenoh = ZenohOptions { config: Some(config.clone()), ..ZenohOptions::default() };
        let name = format!("m{number}");
        let system = System::join(&Joining { name: &name, zenoh, identity: None, imports, workers: 1 });
        let provider = system.provide(number as u128);
        (system, provider)
    };
    let before = resident_kib();
    let mut systems: Vec<_> = (0..size - 1).map(join).collect();
    // Each of them finds the service of the first system, and so has a stand-in for it.
    for (system, _) in &systems[1..] {
        system.find(0);
    }
    std::thread::sleep(SETTLE);
    let begin = Instant::now();
    systems.push(join(size - 1));
    systems[size - 1].0.find(0);
    let found = begin.elapsed();
    std::thread::sleep(SETTLE);
    let memory = (resident_kib() - before) / size as u64;

    let begin = Instant::now();
    let _new = systems[0].0.provide(u128::MAX);
    systems[1..].iter().for_each(|(system, _)| drop(system.find(u128::MAX)));
    let by_all = begin.elapsed();
    std::thread::sleep(SETTLE);
    let sent = sent_bytes();
    std::thread::sleep(TIME);
    let idle = (sent_bytes() - sent) as f64 / TIME.as_secs_f64() / size as f64;
    println!(
        " {memory:>14} {:>22.1} {:>18.1} {idle:>16.0}",
        found.as_secs_f64() * 1e3,
        by_all.as_secs_f64() * 1e3
    );
    // The systems need not leave the network in order.
    std::process::exit(0);
}

/// Returns the memory of this process, in KiB.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS")).expect("a line with the memory");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number of KiB")
}

/// Returns the number of bytes that were sent so far in this network namespace.
fn sent_bytes() -> u64 {
    let text = std::fs::read_to_string("/sys/class/net/lo/statistics/tx_bytes").expect("Linux");
    text.trim().parse().expect("a number of bytes")
}
