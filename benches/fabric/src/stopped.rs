//! Three machines behind a router of Zenoh: calls between two of them while the third one is absent, busy, and stopped.

use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Duration;

use lucarne_fabric::over_zenoh::ZenohOptions;
use zenoh::Wait;

use crate::lucarne::{Joining, System};
use crate::place::{Place, make_identities, ready};
use crate::table::{median, microseconds, quantile};

/// The time for which calls are measured, in seconds.
const TIME: &str = "4";

/// The time for which calls are measured after a machine was stopped, in seconds. Less than the 2 s after which the
/// machine is given up.
const TIME_STOPPED: &str = "1.6";

/// The time after which a stopped machine has been given up.
const GIVEN_UP: Duration = Duration::from_secs(2);

const MACHINES: [(&str, &str, &str); 3] = [
    ("cellar", "10.78.1.1", "10.78.1.9"),
    ("hall", "10.78.2.1", "10.78.2.9"),
    ("attic", "10.78.3.1", "10.78.3.9"),
];

/// Measures calls with and without identities, and prints a row for each state of the third machine.
pub fn run() {
    let folder = tempfile::tempdir().expect("a folder");
    make_identities(folder.path(), &["cellar", "hall", "attic"]);
    let path = folder.path().to_str().expect("a path in UTF-8");
    println!("\ncalls from the hall to the cellar through a router: median and 99th percentile");
    for kind in ["open", "secure"] {
        let place = Place::new(&["router", "cellar", "hall", "attic"]);
        for (machine, address, router) in MACHINES {
            place.connect([("router", router), (machine, address)]);
        }
        let mut router = place.start("router", &["router"]);
        router.expect("ready");
        let start = |(machine, _, router): (&str, &str, &str)| {
            let identities = if kind == "secure" { path } else { "" };
            let mut program = place.start(machine, &["behind", machine, identities, router]);
            program.expect("ready");
            program
        };
        let _cellar = start(MACHINES[0]);
        let mut hall = start(MACHINES[1]);
        let mut show = |what: &str, time: &str| println!("{kind:<8} {what:<44} {}", hall.ask(time));
        show("alone", TIME);
        let attic = start(MACHINES[2]);
        show("the attic takes all that it can from the cellar", TIME);
        attic.signal("-STOP");
        show("the attic is stopped, and not given up yet", TIME_STOPPED);
        std::thread::sleep(GIVEN_UP);
        show("the attic is lost", TIME);
        attic.signal("-CONT");
        show("the attic goes on", TIME);
    }
}

/// Runs on the machine of the router.
pub fn route() {
    let _session = open_router();
    ready()
}

pub fn open_router() -> zenoh::Session {
    let mut config = zenoh::Config::default();
    for (key, value) in [
        ("mode", "'router'"),
        ("scouting/multicast/enabled", "false"),
        ("listen/endpoints", "['tcp/0.0.0.0:7447']"),
    ] {
        config.insert_json5(key, value).expect("a setting of Zenoh");
    }
    zenoh::open(config).wait().expect("a session")
}

/// Writes the configuration of a client of a router, and returns its path.
pub fn client_of(router: &str, folder: &Path) -> PathBuf {
    let path = folder.join("zenoh.json5");
    let text = format!("{{ mode: 'client', connect: {{ endpoints: ['tcp/{router}:7447'] }} }}\n");
    std::fs::write(&path, text).expect("a file");
    path
}

/// Runs on a machine behind the router.
pub fn machine(name: &str, identities: &Path, router: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let config = client_of(router, folder.path());
    let zenoh = ZenohOptions { config: Some(config), ..ZenohOptions::default() };
    let identity = (!identities.as_os_str().is_empty()).then_some(identities);
    let system = System::join(&Joining { name, zenoh, identity, imports: "all", workers: 2 });
    match name {
        "cellar" => {
            let _provider = system.provide(0);
            ready()
        }
        "hall" => {
            let user = system.user("hall");
            println!("ready");
            for seconds in std::io::stdin().lock().lines().map_while(Result::ok) {
                let time = Duration::from_secs_f64(seconds.parse().expect("a number of seconds"));
                let mut times = microseconds(&user.calls_for(time));
                println!("{:>8.0} us {:>8.0} us", median(&mut times), quantile(&mut times, 0.99));
            }
        }
        _ => {
            let user = system.user("attic");
            user.consume();
            ready()
        }
    }
}
